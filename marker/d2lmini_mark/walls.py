"""The walls around students' code: what bubblewrap is asked to build.

Within them there is no network, no other process, and no file but those that
Python needs, under names that tell nothing of this machine. All of this stays
on the teacher's side: nothing here is known within.
"""

import contextlib
import json
import os
import shutil
import sys
import sysconfig
from pathlib import Path

import numpy as np
import torch

import d2lmini
import d2lmini_check
from d2lmini_check import exercises

SYSTEM = """
/bin /lib /lib32 /lib64 /nix/store /etc/ld.so.cache
/usr/bin /usr/include /usr/lib /usr/lib32 /usr/lib64 /usr/libexec
/usr/local/lib /proc/cpuinfo /sys/devices/system/cpu
""".split()  # without the last two PyTorch does not know its processor
ALONE = """
--die-with-parent --new-session --hostname box --cap-drop ALL --unshare-ipc
--unshare-net --unshare-pid --unshare-uts --unshare-cgroup-try
""".split()
AS_ROOT = '--cap-add CAP_SETUID --cap-add CAP_SETGID'.split()
AS_USER = '--unshare-user --disable-userns --uid 1000 --gid 1000'.split()
DEVICES = ('null', 'zero', 'random', 'urandom')
INSIDE = Path(__file__).resolve().parent / 'inside'
BOOK = ('d2lmini', 'd2lmini_compat')
START = """\
echo 1000 >/proc/self/oom_score_adj  # these go first if memory ends
exec "$@" 3>&1 >/dev/null"""
LARGEST = 2**28  # bytes in /tmp, and in /dev/shm


class BoxError(Exception):
    """The marker cannot run code here: not the student's fault."""


def command(secret=(), data=None):
    """Return the command that starts Python behind walls, with child.py.

    Args:
        secret: Paths that students' code must not see. A link counts where
            it lies, not where it leads: submissions may be links to anywhere.
        data: A folder that it may read as /data, or None.

    Raises:
        BoxError: If bubblewrap is missing, or something secret lies in a
            folder that must be shown.
    """
    program = shutil.which('bwrap')
    if program is None:
        raise BoxError('there is no bwrap: bubblewrap is not installed')
    seen = shown(data)
    for path in map(Path, secret):
        if names_within(path.parent.resolve() / path.name, seen):
            raise BoxError(
                f"{path} lies where the students' code must "
                'read: move it into a folder of its own'
            )
    user = AS_ROOT if may_change_user() else AS_USER
    python = f'/python/bin/{Path(sys.executable).resolve().name}'
    start = ['/bin/sh', '-c', START, 'sh', program, '--info-fd', '3']
    return [*start, *ALONE, *user, *tree(seen), python, '/box/child.py']


def first_process(info):
    """Return a file descriptor of the first process within, None if there is
    none: when it is killed, the system ends all others.

    Args:
        info: What the command prints, a binary file, closed here.
    """
    with info, contextlib.suppress(ValueError):
        return os.pidfd_open(json.load(info)['child-pid'])


def may_change_user():
    """Tell whether this is root, with other users to become.

    Then the code gets no namespace of users, but child.py makes it another
    user, which counts for itself, so that the limit of processes holds.
    """
    return (
        os.geteuid() == 0
        and int(Path('/proc/self/uid_map').read_text().split()[2]) > 60000
    )


def tree(seen):
    """Return bubblewrap's options for the files: what is seen, read-only."""
    options = []
    for parent in sorted(
        {str(p) for name in [*seen, '/dev/null'] for p in Path(name).parents}
    ):
        options += ['--dir', parent]
    for name, path in seen.items():
        options += ['--ro-bind', str(path), name]
    for path in judges():
        for name in names_within(path, seen):
            options += ['--tmpfs', name, '--remount-ro', name]
    for name in DEVICES:
        options += ['--dev-bind', f'/dev/{name}', f'/dev/{name}']
    for name in ('/tmp', '/dev/shm'):
        options += ['--perms', '1777', '--size', str(LARGEST), '--tmpfs', name]
    return [*options, '--remount-ro', '/', '--chdir', '/tmp']


def shown(data):
    """Return {name within: path here} of all that students' code can read."""
    base = Path(sys.base_prefix)
    seen = {name: name for name in SYSTEM}
    seen |= {
        f'/python/{name}': base / name for name in ('bin', 'lib', 'lib64')
    }
    seen |= {f'/packages/{i}': path for i, path in enumerate(packages())}
    book = Path(d2lmini.__file__).parents[1]
    seen |= {f'/book/{name}': book / name for name in BOOK} | {'/box': INSIDE}
    if data:
        seen['/data'] = data
    return {
        name: Path(path).resolve()
        for name, path in seen.items()
        if os.path.exists(path)
    }


def packages():
    """Return the folders of this Python's packages, in their order."""
    paths = [
        p for p in sys.path if p.endswith(('site-packages', 'dist-packages'))
    ]
    paths += [Path(m.__file__).parents[1] for m in (torch, np)]
    return list(dict.fromkeys(Path(p).resolve() for p in paths))


def judges():
    """Return the folders that hold oracles, verdicts and solutions.

    These are the packages that run here, all other copies of them, and, if
    this is the repository, its exercises.
    """
    base = sysconfig.get_path('purelib', vars={'base': sys.base_prefix})
    here = [
        Path(d2lmini_check.__file__).parent,
        INSIDE.parent,
        *(Path(path).parent for path in exercises.__path__),
    ]
    copies = [
        Path(folder, name)
        for folder in [base, *packages()]
        for name in ('d2lmini_check', 'd2lmini_mark')
    ]
    return {path.resolve() for path in [*here, *copies] if path.is_dir()}


def names_within(path, seen):
    """Return the names by which a path here, resolved, is read within."""
    return [
        str(Path(name) / path.relative_to(shown))
        for name, shown in seen.items()
        if path.is_relative_to(shown)
    ]


def variables(data=None):
    """Return the variables with which Python starts within."""
    path = ['/book', *(f'/packages/{i}' for i in range(len(packages())))]
    found = {
        'PYTHONHOME': '/python',
        'PYTHONPATH': ':'.join(path),
        'LD_LIBRARY_PATH': '/python/lib',
    }
    return found | ({'D2LMINI_DATA': '/data'} if data else {})
