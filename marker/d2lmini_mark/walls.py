"""Walls around a student's process: namespaces, an empty file tree, limits.

Used on the student's side only, before any of the student's code runs. The
walls need Linux; raise_walls raises OSError, with the step that failed, where
the system does not allow them.
"""
import contextlib
import ctypes
import os
import resource
from pathlib import Path

NAMESPACES = {'mount': 0x20000, 'host name': 0x4000000, 'ipc': 0x8000000,
              'process': 0x20000000, 'network': 0x40000000}
NEW_USER = 0x10000000
NOSUID, NODEV, NOEXEC, READ_ONLY = 2, 4, 8, 1
REMOUNT, BIND, RECURSIVE, PRIVATE = 32, 4096, 16384, 1 << 18
DETACH, NO_NEW_PRIVILEGES = 2, 38
CAPABILITIES = 0x20080522  # version 3 of the structure
SYSTEM = ['/usr', '/lib', '/lib32', '/lib64', '/bin', '/sbin',
          '/etc/ld.so.cache', '/etc/fonts']
DEVICES = ['null', 'zero', 'random', 'urandom']
PROCESSES, FILES, MB = 64, 256, 2**20


def libc(name, *args):
    """Call a function of the C library; raise OSError if it fails."""
    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    args = [os.fsencode(a) if isinstance(a, str) else a for a in args]
    if function(*args) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f'{name}: {os.strerror(number)}')


def leave(user_namespace):
    """Leave the namespaces of this machine; the next fork is process 1.

    root needs no user namespace and gets none: as another user the process
    then counts for itself, so that the limit of processes holds.
    """
    user, group = os.geteuid(), os.getegid()
    libc('unshare', sum(NAMESPACES.values()) | NEW_USER * user_namespace)
    if user_namespace:
        for file, text in [('setgroups', 'deny'),
                           ('uid_map', f'{user} {user} 1'),
                           ('gid_map', f'{group} {group} 1')]:
            Path('/proc/self', file).write_text(text)


def mount(source, target, kind=None, flags=0, options=None):
    """Mount something, as mount(8) does."""
    libc('mount', source, target, kind, ctypes.c_ulong(flags), options)


def empty_tree(shown, hidden):
    """Make all files vanish but those shown, which cannot be written to.

    shown: {path in the new tree: path in the old one}. hidden: folders below
    them which are empty. /tmp can be written to, and vanishes at the end.
    """
    mount(None, '/', None, RECURSIVE | PRIVATE)
    mount('tmpfs', '/tmp', 'tmpfs', NOSUID | NODEV, 'size=256m,mode=755')
    os.mkdir('/tmp/.old')
    os.chdir('/tmp')
    libc('pivot_root', '.', '.old')
    os.chdir('/')
    os.umask(0)
    for folder, mode in [('tmp', 0o1777), ('dev', 0o755),
                         ('dev/shm', 0o1777)]:
        os.mkdir(folder, mode)
    os.umask(0o022)
    for path, source in sorted(shown.items()):
        show(path, source)
    for name in DEVICES:
        Path('/dev', name).touch()
        mount(f'/.old/dev/{name}', f'/dev/{name}', None, BIND)
    for path in filter(os.path.isdir, hidden):
        mount('tmpfs', path, 'tmpfs', READ_ONLY, 'size=4k,mode=755')
    libc('umount2', '/.old', DETACH)


def show(path, source):
    """Let a file or folder of the old tree be read in the new one."""
    old, new = Path(f'/.old{source}'), Path(path)
    if old.is_symlink():  # /lib to usr/lib, at the root only
        return new.symlink_to(os.readlink(old))
    if not old.exists():
        return None
    (new if old.is_dir() else new.parent).mkdir(parents=True, exist_ok=True)
    if not old.is_dir():
        new.touch()
    mount(str(old), path, None, BIND | RECURSIVE)
    kept = os.statvfs(path).f_flag & (NOSUID | NODEV | NOEXEC)
    mount(None, path, None, REMOUNT | BIND | READ_ONLY | NOSUID | kept)


def what_is_shown(packages):
    """Return {path: true path} of what Python needs, nothing else.

    packages: folders of Python packages. What lies within another entry is
    left out.
    """
    paths = {Path(p).absolute() for p in [*packages, *SYSTEM]}
    paths |= {p.resolve() for p in paths if str(p) not in SYSTEM}
    tops = [p for p in paths if p.exists() and not paths & set(p.parents)]
    return {str(p): str(p if str(p) in SYSTEM else p.resolve())
            for p in tops}


def limit(memory, seconds, count_processes):
    """Set the limits that each process has, and those that it starts.

    memory: bytes beyond what Python and PyTorch take at the start.
    """
    limits = {'FSIZE': 64 * MB, 'CORE': 0, 'NOFILE': FILES,
              'CPU': int(seconds) + 1}
    if os.path.exists('/proc/self/statm'):
        pages = int(Path('/proc/self/statm').read_text().split()[0])
        limits['AS'] = pages * os.sysconf('SC_PAGE_SIZE') + memory
        with contextlib.suppress(OSError):  # goes first if memory ends
            Path('/proc/self/oom_score_adj').write_text('1000')
    if count_processes:
        limits['NPROC'] = PROCESSES
    for name, value in limits.items():
        kind = getattr(resource, f'RLIMIT_{name}')
        most = resource.getrlimit(kind)[1]
        if most != resource.RLIM_INFINITY:
            value = min(value, most)
        resource.setrlimit(kind, (value, value))


def drop_rights(user):
    """Become another user if this is root, and give up all privileges."""
    if os.geteuid() == 0 and user:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    header = (ctypes.c_uint32 * 2)(CAPABILITIES, 0)
    libc('capset', header, (ctypes.c_uint32 * 6)())
    libc('prctl', NO_NEW_PRIVILEGES, 1, 0, 0, 0)


def environment():
    """Return the variables that a student's code sees: none of ours."""
    return {'HOME': '/tmp', 'TMPDIR': '/tmp', 'USER': 'student',
            'LOGNAME': 'student', 'LANG': 'C.UTF-8', 'MPLBACKEND': 'Agg',
            'PATH': '/usr/bin:/bin', 'OMP_NUM_THREADS': '1'}


def seen(paths):
    """Return those of the paths that can be seen from here."""
    return [p for p in paths if os.path.lexists(p)]
