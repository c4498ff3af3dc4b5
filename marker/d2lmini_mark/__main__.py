"""Mark notebooks by hidden tests.

    python -m d2lmini_mark HIDDEN.py NOTEBOOK ... --out marks.csv

writes a table of marks, and for each notebook a page with what was wrong into
a folder beside it (marks.feedback). HIDDEN.py holds functions as
d2lmini_mark/exam.py shows; a folder stands for all notebooks in it. If it
is stopped, the same command goes on where it was.

Students' code runs in another process, which knows neither tests nor expected
values, behind walls: no network, no files but Python's, limits on time and
memory. The walls need Linux. Without them (--unsafe) it may do all you may.
"""

import sys
from pathlib import Path

if (
    __name__ == '__main__'
    and not sys.flags.safe_path
    and Path(sys.path[0]) == Path.cwd() != Path(__file__).resolve().parents[1]
):
    sys.path.pop(0)  # a submission called random.py must not be imported

import argparse

from d2lmini_mark.exam import BadTest
from d2lmini_mark.run import Refused, Run
from d2lmini_mark.walls import BoxError

CODES = """\
Exit codes: 0 all marked (a notebook that cannot be read has 0 points), 1 some
could not be marked, 2 wrong use, 3 no walls, 130 stopped."""
NO_WALLS = """\
The walls around the students' code cannot be raised here:
    {error}
They are built by bubblewrap, 0.8 or later, on Linux:
    Debian, Ubuntu: sudo apt install bubblewrap
    Fedora:         sudo dnf install bubblewrap
    Arch:           sudo pacman -S bubblewrap
It needs user namespaces, or root (Ubuntu from 23.10: sudo sysctl
kernel.apparmor_restrict_unprivileged_userns=0; Docker: --privileged). With
--unsafe the code runs without walls and may do all that you may do: read and
delete your files, use the network. Do that only on a machine that holds
nothing of yours. Nothing has been marked."""


def main(argv=None):
    """Mark all; return the exit code (see --help)."""
    try:
        run = Run(options(argv))
        missed = run.mark_all()
    except (Refused, BadTest) as error:
        print(error, file=sys.stderr)
        return 2
    except BoxError as error:
        print(NO_WALLS.format(error=error), file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        print(
            '\nStopped. The same command goes on where this was.',
            file=sys.stderr,
        )
        return 130
    print(
        f'{len(run.paths) - len(missed)} of {len(run.paths)} marked: '
        f'{run.out}, and a page for each in {run.folder}; '
        f'seed {run.exam.seed}'
    )
    return 1 if missed else 0


def options(argv):
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog='python -m d2lmini_mark',
        description=__doc__,
        epilog=CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('hidden', help='a file of hidden tests')
    add('notebooks', nargs='+', help='submissions, or folders of them')
    add(
        '--out',
        default='marks.csv',
        metavar='FILE',
        help='where to write the table (default: %(default)s)',
    )
    add(
        '--seed',
        type=int,
        metavar='N',
        help='draw the inputs with this seed (default: a new one per table)',
    )
    add(
        '--force',
        action='store_true',
        help='begin anew, and replace the table and the pages',
    )
    add(
        '--unsafe',
        action='store_true',
        help="run students' code without walls",
    )
    add(
        '--memory',
        type=float,
        default=2,
        metavar='GIB',
        help='for each process, beyond PyTorch itself (default: 2)',
    )
    add(
        '--cell-seconds',
        type=float,
        default=20,
        metavar='S',
        help='of work for a cell; thrice as many for all (default: 20)',
    )
    add(
        '--data',
        type=Path,
        metavar='FOLDER',
        help="data sets that the students' code may read",
    )
    return parser.parse_args(argv)


if __name__ == '__main__':
    sys.exit(main())
