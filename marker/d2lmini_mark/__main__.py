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

from d2lmini_mark import boxes
from d2lmini_mark.exam import BadTest
from d2lmini_mark.run import Run
from d2lmini_mark.submissions import Refused
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
        f'{len(run.submissions) - len(missed)} of {len(run.submissions)} '
        f'marked: '
        f'{run.out}, and a page for each in {run.folder}'
    )
    return 1 if missed else 0


def at_least_one(text):
    """Read a number of jobs."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f'must be 1 or more, got {number}')
    return number


OPTIONS = {
    'hidden': dict(help='a file of hidden tests'),
    'notebooks': dict(
        nargs='+',
        help='submissions (.ipynb, .py, .zip), folders of them, or a zip '
        'file of the whole class',
    ),
    '--out': dict(
        default='marks.csv',
        metavar='FILE',
        help='where to write the table (default: %(default)s)',
    ),
    '--format': dict(
        choices=['csv', 'moodle', 'canvas'],
        default='csv',
        help='of the table: for you, or to be imported (default: csv)',
    ),
    '--assignment': dict(
        metavar='TITLE',
        help='its title in Canvas (default: that of the hidden tests)',
    ),
    '--roster': dict(
        type=Path,
        metavar='FILE',
        help='the students of the class, a CSV file with a column `name`: '
        'each has a row',
    ),
    '--seed': dict(
        type=int,
        metavar='N',
        help='draw all inputs with the seed that a page tells, to repeat it '
        '(default: others for each submission)',
    ),
    '--force': dict(
        action='store_true',
        help='begin anew, and replace the table and the pages',
    ),
    '--unsafe': dict(
        action='store_true',
        help="run students' code without walls",
    ),
    '--memory': dict(
        type=float,
        default=2,
        metavar='GIB',
        help='for each process, beyond PyTorch itself (default: 2)',
    ),
    '--cell-seconds': dict(
        type=float,
        default=20,
        metavar='S',
        help='of work for a cell; thrice as many for all (default: 20)',
    ),
    '--notebook-seconds': dict(
        type=float,
        default=180,
        metavar='S',
        help='on the clock for a notebook as a whole (default: 180)',
    ),
    '--jobs': dict(
        type=at_least_one,
        default=boxes.cores(),
        metavar='N',
        help='submissions at once (default: as many as there are cores, '
        '%(default)s here)',
    ),
    '--data': dict(
        type=Path,
        metavar='FOLDER',
        help="data sets that the students' code may read",
    ),
}


def options(argv):
    """Read the command line, by OPTIONS."""
    parser = argparse.ArgumentParser(
        prog='python -m d2lmini_mark',
        description=__doc__,
        epilog=CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name, settings in OPTIONS.items():
        parser.add_argument(name, **settings)
    return parser.parse_args(argv)


if __name__ == '__main__':
    sys.exit(main())
