"""What students' code may try: it cannot cheat, harm others or look around.

All that is tried here runs behind the walls, as root or not.
"""

import os
import socket
import time
from pathlib import Path

import pytest
from submissions import DOUBLE, ROOT, SAMPLES, TOTAL, marked, statuses

from d2lmini_mark import boxes as outside
from d2lmini_mark import walls
from d2lmini_mark.boxes import BoxError, Boxes
from d2lmini_mark.inside import plain

pytestmark = pytest.mark.usefixtures('boxes')  # or skipped without walls
ATTACKS = {
    'patch the checker': (
        """
import torch, numpy, math, builtins
from d2lmini import check
from d2lmini.check import check
from d2lmini_check import compare
from d2lmini_mark import boxes, exam, marking, plain
torch.isclose = lambda a, *args, **options: torch.ones_like(a).bool()
torch.equal = torch.allclose = numpy.allclose = lambda *args: True
plain.decode = lambda *args: args
marking.Marker.verdict = lambda *args: marking.Verdict('right', points=9)
def double(X):
    return X""",
        'wrong',
    ),
    'patch PyTorch': (
        """
import torch
torch.isclose = lambda a, *args, **options: torch.ones_like(a).bool()
torch.equal = torch.allclose = lambda *args, **options: True
torch.Tensor.__eq__ = torch.Tensor.__bool__ = lambda *args: True
def double(X):
    return X""",
        'wrong',
    ),
    'equal to all': (
        """
class Same:
    shape, dtype, ndim, device = (2, 3), None, 2, 'cpu'
    def __eq__(self, other):
        return True
    __ne__ = __gt__ = __bool__ = lambda *args: False
def double(X):
    return Same()""",
        'wrong',
    ),
    'a tensor that is equal to all': (
        """
import torch
class Same(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if func in (torch.isclose, torch.Tensor.eq, torch.Tensor.__eq__):
            return torch.ones(2, 3, dtype=torch.bool)
        return super().__torch_function__(func, types, args, kwargs or {})
def double(X):
    return X.as_subclass(Same)""",
        'wrong',
    ),
    'forged output': (
        """
import json, sys
def double(X):
    frame = sys._getframe()
    while 'conn' not in frame.f_locals or 'request' not in frame.f_locals:
        frame = frame.f_back
    conn, request = frame.f_locals['conn'], frame.f_locals['request']
    assert sorted(request) == ['bans', 'calls', 'drive', 'largest', 'of',
                               'seconds', 'token', 'wall'], 'too much is told'
    for number in range(3):
        conn.sendall(json.dumps({
            'token': request['token'], 'number': number, 'value': True,
            'status': 'right', 'points': 99, 'right': True,
            'after': request['calls'][number]}).encode() + b'\\n')
    conn.sendall(json.dumps({'token': request['token'], 'ended': 'right',
                             'points': 99}).encode() + b'\\n')
    return X""",
        'wrong',
    ),
    'forged lines for all that follows': (
        """
import json, os
for fd in range(3, 64):
    for number in range(9):
        line = {'token': None, 'number': number, 'value': 7, 'ended': 'done'}
        try:
            os.write(fd, json.dumps(line).encode() + b'\\n')
        except OSError:
            pass
def double(X):
    return X""",
        'wrong',
    ),
    'patch the reporter': (
        """
import sys
frame = sys._getframe()
while 'serve' not in frame.f_globals:
    frame = frame.f_back
child = frame.f_globals
child['answer'] = lambda *args: {'value': 'right', 'after': [[], []]}
child['described'] = child['plain'].encode = lambda *args: True
def total(xs):
    return 0""",
        'wrong',
    ),
    'os._exit': ('import os\ndef double(X):\n    os._exit(0)', 'died'),
    'os._exit in a cell': ('import os\nos._exit(0)', 'missing'),
    'SystemExit': ('import sys\ndef double(X):\n    sys.exit(0)', 'error'),
    'SystemExit in a cell': (
        'def double(X):\n    return 2 * X\nexit()\n',
        'right',
    ),
    'KeyboardInterrupt': (
        'def double(X):\n    raise KeyboardInterrupt',
        'error',
    ),
    'abort': ('import os\ndef double(X):\n    os.abort()', 'died'),
    'a crash in C': (
        'import ctypes\ndef double(X):\n    ctypes.string_at(0)',
        'died',
    ),
    'kill all': (
        """
import os
def double(X):
    for pid in [-1, 1, os.getppid(), 0]:
        try:
            os.kill(pid, 9)
        except OSError:
            pass""",
        'died',
    ),
    'an endless loop': (
        """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
def double(X):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass""",
        'late',
    ),
    'an endless loop in a cell': ('while True:\n    pass', 'missing'),
    'a fork bomb': (
        """
import os
def double(X):
    while True:
        try:
            os.fork()
        except OSError:
            pass""",
        'late',
    ),
    'a fork in a cell': ('import os\nos.fork()\n' + DOUBLE, 'right'),
    'a huge allocation': (
        'import torch\ndef double(X):\n    return torch.zeros(10**12)',
        'error',
    ),
    'memory without an end': (
        'import torch\ndef double(X):\n'
        '    kept = []\n    while True:\n'
        '        kept.append(torch.empty(2**24))',
        'error',
    ),
    '100 MB of prints': (
        'import os\ndef double(X):\n'
        '    for _ in range(50):\n'
        '        print("x" * 10**6)\n'
        '        os.write(2, b"x" * 10**6)\n'
        '    return 2 * X',
        'right',
    ),
    'a thread that prints': (
        """
import threading, time
def work():
    while True:
        print('still here')
        time.sleep(0.01)
threading.Thread(target=work).start()
def double(X):
    threading.Thread(target=work).start()
    return 2 * X""",
        'right',
    ),
    'a process left behind': (
        """
import os
def double(X):
    if os.fork() == 0:
        os.setsid()
        while True:
            pass
    return 2 * X""",
        'right',
    ),
    'lists in lists': (
        """
def double(X):
    inner = []
    for _ in range(900):
        inner = [inner]
    return inner""",
        'error',
    ),
    'more answers than calls': (
        """
import json, sys
def double(X):
    frame = sys._getframe()
    while 'conn' not in frame.f_locals or 'request' not in frame.f_locals:
        frame = frame.f_back
    for number in range(1000):
        frame.f_locals['conn'].sendall(json.dumps({
            'token': frame.f_locals['request']['token'], 'number': number,
            'value': number}).encode() + b'\\n')
    return 2 * X""",
        'wrong',
    ),
    'nonsense on the line': (
        """
import sys
def double(X):
    frame = sys._getframe()
    while 'conn' not in frame.f_locals:
        frame = frame.f_back
    frame.f_locals['conn'].sendall(b'[' * 50000 + b'\\n')""",
        'died',
    ),
    'memory that is shared': (
        """
import mmap
def double(X):
    mmap.mmap(-1, 2**32)
    return 2 * X""",
        'error',
    ),
    'a program left behind': (
        """
import os
def double(X):
    if os.fork() == 0:
        os.setsid()
        os.execv('/usr/bin/sleep', ['sleep', '1000'])
    return 2 * X""",
        'right',
    ),
    'a program left behind by a cell': (
        """
import subprocess
subprocess.Popen(['sleep', '1000'], start_new_session=True)
"""
        + DOUBLE,
        'right',
    ),
}
HARD = [
    'a fork bomb',
    'a process left behind',
    'forged lines for all that follows',
]


@pytest.mark.parametrize('name', ATTACKS)
def test_attacks_fail_and_cost_one_question(boxes, hidden, name):
    cell, status = ATTACKS[name]
    before = [DOUBLE] if name == 'patch the reporter' else []
    result = marked(boxes, hidden, TOTAL, *before, cell)
    nothing_is_left(boxes)
    if name == 'patch the reporter':  # harms its own notebook only
        assert result.points() == 0
        return
    assert statuses(result) == {'double': status, 'total': 'right'}
    assert result.points() == 3 + 2 * (status == 'right')


@pytest.mark.parametrize('name', HARD)
def test_the_next_submission_is_not_disturbed(boxes, hidden, name):
    marked(boxes, hidden, ATTACKS[name][0])
    assert marked(boxes, hidden, DOUBLE, TOTAL).points() == 5


def nothing_is_left(boxes):
    """Wait until the processes of all boxes are gone."""
    until = time.monotonic() + 10
    while (left := processes(boxes)) and time.monotonic() < until:
        time.sleep(0.01)
    assert not left


def processes(boxes):
    """Return the processes that were started by these boxes: a program keeps
    the variables that it began with."""
    word, found = f'STARTED_BY={boxes.variables["STARTED_BY"]}', []
    for file in Path('/proc').glob('[0-9]*/environ'):
        try:
            if word.encode() in file.read_bytes().split(b'\0'):
                found.append(file.parent.name)
        except OSError:
            pass
    return found


def test_a_box_ends_even_if_its_keeper_does_not_end_it(boxes, monkeypatch):
    """Who is not root may trace bubblewrap's own process within, and make it
    forget to die with its parent."""
    monkeypatch.setattr(
        boxes,
        'command',
        [word for word in boxes.command if word != '--die-with-parent'],
    )
    box = boxes.open()
    with pytest.raises(outside.Late):
        box.ask(cell('while True:\n    pass'), 1)
    assert len(processes(boxes)) >= 2
    box.close()
    nothing_is_left(boxes)


# What can be seen from within.

LOOK = '''
import ctypes, gc, os, resource, signal, socket, sys

def files(paths):
    return [path for path in paths if os.path.lexists(path)]

def listed(folder):
    return sorted(os.listdir(folder))

def search(names):
    return [os.path.join(folder, name) for folder, inner, found in os.walk('/')
            for name in [*inner, *found] if name in names]

def strings(words):
    """Return which words stand in any text that Python holds."""
    texts = [*os.environ.values(), *sys.argv, *sys.path]
    frame = sys._getframe()
    while frame := frame.f_back:
        texts += map(repr, frame.f_locals.values())
    for thing in gc.get_objects():
        texts += [part for part in gc.get_referents(thing)
                  if type(part) in (str, bytes)]
    texts = {text if type(text) is str else text.decode('latin-1')
             for text in texts}
    words = [word[::-1] for word in words]  # they come backwards
    return len(texts), [word for word in words
                        if any(word in text for text in texts)]

def variables():
    return dict(os.environ)

def descriptors():
    found = []
    for fd in range(3, 256):
        try:
            os.fstat(fd)
            found.append(fd)
        except OSError:
            pass
    return found

def checks():
    import d2lmini_check.exercises.c03_pooling.checks

def judges():
    import d2lmini_mark.marking

def write(folder):
    open(os.path.join(folder, 'new.py'), 'w')

def fill(folder):
    count = 0
    try:
        for i in range(20):
            with open(os.path.join(folder, str(i)), 'wb') as file:
                for _ in range(32):
                    file.write(bytes(2**20))
                    count += 1
    except OSError:
        pass
    for name in os.listdir(folder):
        os.remove(os.path.join(folder, name))
    return count

def connect(port):
    socket.create_connection(('127.0.0.1', port), 2)

def go_out():
    socket.create_connection(('192.0.2.1', 80), 2)

def speak(name):
    socket.socket(socket.AF_UNIX).connect(name)

def break_out(hidden):
    libc = ctypes.CDLL(None)
    before, alone = os.listdir(hidden), libc.unshare(0x10020000)
    return [alone, libc.umount2(hidden.encode(), 2),
            libc.umount2(b'/packages/0', 2), libc.umount2(b'/', 2),
            libc.mount(None, hidden.encode(), None, 4096 | 32, None),
            libc.mount(None, b'/packages/0', None, 4096 | 32, None),
            libc.setuid(0), libc.sethostname(b'x', 1),
            os.listdir(hidden) == before, write_anywhere()]

def write_anywhere():
    for folder in ['/', '/box', '/packages/0', '/usr/lib']:
        try:
            write(folder)
            return folder
        except OSError:
            pass

def limits():
    return [resource.getrlimit(kind)[1] for kind in (
        resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE)]

def others():
    found = []
    for pid in range(1, 5000):
        try:
            os.kill(pid, 0)
            found.append(pid)
        except PermissionError:
            found.append(pid)
        except ProcessLookupError:
            pass
    return found, os.getppid(), os.uname().nodename
'''


def cell(source):
    return {'cell': '1', 'source': source, 'seconds': 60, 'skip': []}


class Window:
    """A box, and what its code tells of what it sees."""

    def __init__(self, boxes):
        self.box = boxes.open()
        done = self.box.ask(cell(LOOK), 10)
        assert done['ended'][1] == [], done

    def __call__(self, function, *args):
        answers = self.box.ask(
            {
                'of': function,
                'drive': None,
                'bans': [],
                'seconds': 60,
                'wall': 60,
                'calls': [[[*args], []]],
            },
            60,
            10**5,
        )
        answer = answers['answers'][0]
        return answer.get('error') or plain.decode(answer['value'])


@pytest.fixture(scope='module')
def look(boxes):
    """Return a function that looks around behind the walls."""
    window = Window(boxes)
    yield window
    window.box.close()


SOLUTIONS = sorted((ROOT / 'exercises' / 'solutions').glob('*.ipynb'))


def test_secret_files_are_not_there(look, hidden):
    sources = sorted((ROOT / 'exercises' / 'sources').glob('*/*.py'))
    assert {p.name for p in sources} >= {
        'answers.py',
        'checks.py',
        'hidden.py',
        'master.py',
    }
    parts = sorted((ROOT / 'marker' / 'd2lmini_mark').glob('*.py'))
    judge = sorted((ROOT / 'checker' / 'd2lmini_check').glob('*.py'))
    secret = [
        hidden,
        *SAMPLES,
        *sources,
        *SOLUTIONS,
        *parts,
        *judge,
        ROOT,
        Path(outside.__file__),
        ROOT / 'tests',
        Path.home(),
        Path('/etc/passwd'),
        Path('/etc/hostname'),
        Path('/proc/1'),
        Path('/proc/self'),
        Path('/var'),
        Path('/run'),
        Path('/mnt'),
        Path('/usr/src'),
        Path('/dev/sda'),
        Path('/dev/pts'),
    ]
    assert len(secret) > 60 and look('files', list(map(str, secret))) == []
    assert look('files', ['/box/child.py']) == ['/box/child.py']


def test_no_folder_holds_what_judges(look):
    """However a folder is shown, nothing in it has the name of a secret."""
    names = {p.name for p in (ROOT / 'exercises' / 'sources').glob('*')}
    names |= {p.name for p in SOLUTIONS} | {'d2lmini_check', 'd2lmini_mark'}
    assert look('search', sorted(names)) == []
    assert look('search', ['child.py', 'utils.py'])[0] == '/box/child.py'


def test_the_tree_is_small(look):
    assert set(look('listed', '/')) <= {
        'bin',
        'book',
        'box',
        'dev',
        'etc',
        'lib',
        'lib32',
        'lib64',
        'nix',
        'packages',
        'proc',
        'python',
        'sys',
        'tmp',
        'usr',
    }
    assert set(look('listed', '/box')) - {'__pycache__'} == {
        '__init__.py',
        'cells.py',
        'child.py',
        'plain.py',
    }
    assert look('listed', '/book') == ['d2lmini', 'd2lmini_compat']
    assert look('listed', '/proc') == ['cpuinfo']
    assert look('listed', '/dev') == [
        'null',
        'random',
        'shm',
        'urandom',
        'zero',
    ]
    assert look('listed', '/tmp') == []


def test_installed_copies_of_what_judges_are_empty(tmp_path, monkeypatch):
    tmp_path.chmod(0o755)
    names = ['d2lmini_check', 'd2lmini_mark']
    for name in [*names, 'other']:
        path = tmp_path / 'site-packages' / name / 'secret.py'
        path.parent.mkdir(parents=True)
        path.touch()
    monkeypatch.syspath_prepend(tmp_path / 'site-packages')
    window = Window(Boxes())
    assert window('listed', '/packages/0/other') == ['secret.py']
    for name in names:
        assert window('listed', f'/packages/0/{name}') == []
        walls_hold(window, f'/packages/0/{name}')
        assert window('write', f'/packages/0/{name}')[0] in (
            'OSError',
            'PermissionError',
        )
    window.box.close()


def test_nothing_secret_is_in_memory(boxes, hidden, tmp_path):
    """No text that Python holds, no frame and no argument names a file."""
    paths = [tmp_path / 'ann.ipynb', tmp_path / 'bob.ipynb']
    window = Window(Boxes(secret=[hidden, *paths, *SAMPLES]))
    words = [
        'ann.ipynb',
        'bob.ipynb',
        str(tmp_path),
        str(hidden.parent),
        'c06_by_hand',
        str(ROOT),
    ]
    count, found = window('strings', [word[::-1] for word in words])
    assert count > 10000 and found == []
    assert window('strings', ['lludom_dliub_fo_eman', 'yp.dlihc/xob/'])[1] == [
        '/box/child.py'
    ]  # what is there is found
    window.box.close()


def test_no_variable_and_no_file_is_inherited(look):
    variables = look('variables')
    assert set(variables) == {
        'CUDA_VISIBLE_DEVICES',
        'HOME',
        'LANG',
        'LD_LIBRARY_PATH',
        'LOGNAME',
        'MPLBACKEND',
        'OMP_NUM_THREADS',
        'PATH',
        'PWD',
        'PYTHONHOME',
        'PYTHONPATH',
        'STARTED_BY',
        'TMPDIR',
        'USER',
    }
    assert 'secret' not in str(variables).lower()
    assert look('descriptors') == [3, 4, 5]  # the line, and a pipe of its own


def test_what_judges_cannot_be_imported(look):
    assert look('checks')[0] == 'ModuleNotFoundError'
    assert look('judges')[0] == 'ModuleNotFoundError'


@pytest.mark.parametrize(
    'folder',
    [
        '/',
        '/dev',
        '/book',
        '/box',
        '/usr/lib',
        '/packages/0',
        '/book/d2lmini',
        '/book/d2lmini_compat',
        '/etc',
    ],
)
def test_nothing_can_be_written(look, folder):
    kind, _, text, _ = look('write', folder)
    assert kind in ('OSError', 'PermissionError') and (
        'Read-only' in text or 'denied' in text
    )


@pytest.mark.parametrize('folder', ['/tmp', '/dev/shm'])
def test_files_for_a_while_are_small(look, folder):
    assert 200 <= look('fill', folder) <= 256


def test_there_is_no_network(look):
    with (
        socket.create_server(('127.0.0.1', 0)) as server,
        socket.socket(socket.AF_UNIX) as local,
    ):
        local.bind('\0d2lmini-test')
        local.listen()
        assert look('connect', server.getsockname()[1])[0] in (
            'ConnectionRefusedError',
            'OSError',
        )
        assert 'unreachable' in look('go_out')[2]
        assert look('speak', '\0d2lmini-test')[0] == 'ConnectionRefusedError'


def test_the_walls_cannot_be_taken_down(look):
    walls_hold(look, '/usr/lib')
    assert look('limits') == [64, 64 * 2**20, 256]
    found, parent, host = look('others')
    assert found == [1, 2, found[-1]] and parent == 2 and host == 'box'


def walls_hold(look, folder):
    """Try to uncover a folder, and to write where nothing may be written."""
    alone, *tried, as_before, written = look('break_out', folder)
    assert tried == [-1] * 7 and as_before and written is None


def test_in_a_user_namespace_too(boxes, hidden, monkeypatch):
    """root does not need one, all others do."""
    monkeypatch.setattr(walls, 'may_change_user', lambda: False)
    inner = Boxes(secret=[hidden, *SAMPLES], memory=2**29)
    assert '--unshare-user' in inner.command
    assert marked(inner, hidden, DOUBLE, TOTAL).points() == 5
    window = Window(inner)
    assert window('files', [str(ROOT), str(hidden), '/proc/self']) == []
    walls_hold(window, '/usr/lib')
    assert window('break_out', '/usr/lib')[0] == -1  # none within it
    window.box.close()


# Where the walls would have a hole.


def test_secret_files_may_not_lie_among_pythons(tmp_path):
    place = Path(os.__file__).parent / 'hidden.py'
    with pytest.raises(BoxError, match='move it'):
        Boxes(secret=[place])
    with pytest.raises(BoxError, match='move it'):
        Boxes(secret=[tmp_path / 'ann.ipynb'], data=tmp_path)


def test_a_submission_that_is_a_link_stops_nobody(tmp_path):
    (tmp_path / 'ann.ipynb').symlink_to(os.__file__)
    assert Boxes(secret=[tmp_path / 'ann.ipynb'])


def test_data_may_be_read(tmp_path):
    tmp_path.chmod(0o755)
    (tmp_path / 'numbers.txt').write_text('5')
    window = Window(Boxes(data=tmp_path))
    assert window('listed', '/data') == ['numbers.txt']
    assert window('variables')['D2LMINI_DATA'] == '/data'
    assert 'Read-only' in window('write', '/data')[2]
    window.box.close()


def test_a_repository_as_data_hides_its_exercises():
    window = Window(Boxes(data=ROOT))
    for folder in [
        'exercises',
        'checker/d2lmini_check',
        'marker/d2lmini_mark',
    ]:
        assert window('listed', f'/data/{folder}') == []
    window.box.close()
