"""The marker: it marks, goes on after a stop, and cannot be cheated."""
import csv
import html.parser
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from d2lmini_mark import __main__ as mark
from d2lmini_mark import boxes as server
from d2lmini_mark import exam, notebook, plain, report
from d2lmini_mark.boxes import Boxes, BoxError
from d2lmini_mark.marking import Marker, Result, difference

ROOT = Path(__file__).parent.parent
SAMPLES = sorted((ROOT / 'exercises' / 'sources').glob('*/hidden.py'))
HIDDEN = '''
from d2lmini_mark import call, marks

@marks(2, seconds=2)
def double(dice):
    for _ in range(3):
        X = dice.normal(2, 3)
        yield call(X), 2 * X

@marks(3, seconds=10)
def total(dice):
    xs = [dice.number(1, 99) for _ in range(4)]
    yield call(xs), sum(xs)
    yield call([]), ValueError('nothing to sum')
'''
DOUBLE = 'def double(X):\n    return 2 * X'
TOTAL = '''def total(xs):
    if not xs:
        raise ValueError('empty')
    return sum(xs)'''


def as_notebook(*sources):
    """Return a notebook of code cells, as text."""
    return json.dumps({'nbformat': 4, 'nbformat_minor': 5, 'metadata': {},
                       'cells': [{'cell_type': 'code', 'source': s,
                                  'outputs': [], 'metadata': {},
                                  'execution_count': None}
                                 for s in sources]})


@pytest.fixture(scope='module')
def hidden(tmp_path_factory):
    path = tmp_path_factory.mktemp('secret') / 'tests.py'
    path.write_text(HIDDEN)
    return path


@pytest.fixture(scope='module')
def boxes(hidden):
    """One server of boxes for all tests; skip where there are no walls."""
    os.environ['D2LMINI_TEST_PASSWORD'] = 'secret'
    try:
        with Boxes(secret=[hidden, *SAMPLES], memory=2**29) as boxes:
            boxes.open().close()
            yield boxes
    except BoxError as error:
        pytest.skip(f'no walls can be raised here: {error}')
    finally:
        del os.environ['D2LMINI_TEST_PASSWORD']


@pytest.fixture
def run(boxes, monkeypatch, capsys):
    """Return a function that runs the command line in this process."""
    class Shared:
        def __init__(self, *args, **options):
            pass

        def __enter__(self):
            return boxes

        def __exit__(self, *_):
            pass

    def run(*argv):
        code = mark.main(list(map(str, argv)))
        return code, ''.join(capsys.readouterr())

    monkeypatch.setattr(server, 'Boxes', Shared)
    return run


def marked(boxes, path, *cells, seconds=3.0):
    """Mark a notebook of some cells by a file of hidden tests."""
    return Marker(exam.draw(path, 1), boxes, notebook.code_cells(
        as_notebook(*cells)), seconds).mark()


def statuses(result):
    return {name: v.status for name, v in result.verdicts.items()}


def rows(path):
    """Read a table back, as a spreadsheet would."""
    text = path.read_bytes().decode('utf-8-sig')
    return list(csv.DictReader(io.StringIO(text, newline='')))


# Honest work.

def test_right_answers_have_all_points(boxes, hidden):
    result = marked(boxes, hidden, 'import torch', DOUBLE, TOTAL)
    assert result.points() == 5 and result.note() == ''
    assert Result.from_json(result.to_json()) == result


@pytest.mark.parametrize('path', SAMPLES, ids=lambda p: p.parent.name)
def test_samples_of_hidden_tests(boxes, path):
    drawn = exam.draw(path, 7)
    for folder, share in [('solutions', 1), ('.', 0)]:
        file = ROOT / 'exercises' / folder / f'{path.parent.name[1:]}.ipynb'
        cells = notebook.code_cells(notebook.read(file))
        result = Marker(drawn, boxes, cells).mark()
        assert result.points() == share * sum(t.points for t in drawn.tests)
        assert set(statuses(result).values()) == {
            'right' if share else 'blank'}, result.note()


def test_wrong_answers_are_told_what_is_wrong(boxes):
    path, = (p for p in SAMPLES if p.parent.name == 'c03_pooling')
    result = marked(
        boxes, path, 'from torch.nn import functional as F',
        'def average2d(X, k, padding, count_border=True):\n'
        '    return k * k * F.avg_pool2d(X[None], k, 1, padding)[0]',
        'def pool_size(n, k, stride, padding=0, ceil_mode=False):\n'
        '    size = 1 / 0',
        'def pooled_row():\n    return ((4., 3.), 1, 2, 3, 4, 5, 6)')
    text = result.verdicts['average2d'].text
    assert text.startswith('the windows are summed, not averaged.')
    assert all(word in text for word in ['  padding ', '  got ', '  wanted ',
                                         'Hint: The sum of a window'])
    assert 'ZeroDivisionError: division by zero (in the line `size = 1 / 0`' \
        in result.verdicts['pool_size'].text
    assert result.verdicts['pooled_row'].text == 'This is not right.'
    assert statuses(result)['blur_pool'] == 'missing'


@pytest.mark.parametrize('cell, status, words', [
    (DOUBLE.replace('2', '3'), 'wrong', 'numbers are wrong'),
    ('def double(X):\n    X *= 2\n    return X', 'wrong', 'in place'),
    ('def double(X):\n    return (2 * X).numpy()', 'wrong', 'a NumPy array'),
    ('def double(X):\n    return (2 * X).double()', 'wrong', 'float64'),
    ('def double(X):\n    return 2 * X[None]', 'wrong', 'the shape is'),
    ('def double(X):\n    return 2 * X.tolist()', 'wrong', 'a tensor is'),
    ('def double(X):\n    return X * float("nan")', 'wrong', 'got nan'),
    ('def double(X):\n    pass', 'wrong', 'returns None'),
    ('def double(X):\n    return object()', 'wrong', 'got a object'),
    ('def double(X):\n    return 10**5000', 'error', 'ValueError'),
    ('def double(X):\n    return [0] * 10**6', 'wrong', 'far larger'),
    ('def double(X):\n    raise NotImplementedError', 'blank', ''),
    ('def double(X):\n    return double(X)', 'error', 'RecursionError'),
    ('double = 5', 'error', "'int' object is not callable"),
    ('def double(X)\n    return X', 'missing', 'no function double'),
    ('1 / 0', 'missing', 'no function double'),
])
def test_a_wrong_answer_costs_its_marks(boxes, hidden, cell, status, words):
    result = marked(boxes, hidden, cell, TOTAL)
    assert statuses(result) == {'double': status, 'total': 'right'}
    assert words in result.verdicts['double'].text
    assert result.points() == 3


@pytest.mark.parametrize('cell', [
    '%matplotlib inline\n' + DOUBLE, '%%time\n' + DOUBLE,
    '!ls -l\nfiles = !ls\ndouble?\n' + DOUBLE,
    'if True:\n    %pip install nothing\n' + DOUBLE,
    'from d2lmini.check import check, hint, progress\n' + DOUBLE
    + "\ncheck('01.corr2d', double)\nprogress('01')",
    'import torch\ntorch.ones(2, requires_grad=True).sum().backward()\n'
    'def double(X):\n    X = X.clone().requires_grad_()\n'
    '    return torch.autograd.grad((X * X).sum(), X)[0]',
    'display(5)\n' + DOUBLE,
])
def test_what_notebooks_do(boxes, hidden, cell):
    assert statuses(marked(boxes, hidden, cell, TOTAL)) == {
        'double': 'right', 'total': 'right'}


# Attacks, and honest accidents that look like them.

ATTACKS = {
    'patch the checker': ('''
import torch, numpy, math, builtins
from d2lmini import check
from d2lmini_mark import boxes, exam, marking, plain
from d2lmini.check import check
torch.isclose = lambda a, *args, **options: torch.ones_like(a).bool()
torch.equal = torch.allclose = numpy.allclose = lambda *args: True
plain.decode = lambda *args: args
marking.Marker.verdict = lambda *args: marking.Verdict('right', points=9)
def double(X):
    return X''', 'missing'),
    'patch PyTorch': ('''
import torch
torch.isclose = lambda a, *args, **options: torch.ones_like(a).bool()
torch.equal = torch.allclose = lambda *args, **options: True
torch.Tensor.__eq__ = torch.Tensor.__bool__ = lambda *args: True
def double(X):
    return X''', 'wrong'),
    'equal to all': ('''
class Same:
    shape, dtype, ndim, device = (2, 3), None, 2, 'cpu'
    def __eq__(self, other):
        return True
    __ne__ = __gt__ = __bool__ = lambda *args: False
def double(X):
    return Same()''', 'wrong'),
    'a tensor that is equal to all': ('''
import torch
class Same(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if func in (torch.isclose, torch.Tensor.eq, torch.Tensor.__eq__):
            return torch.ones(2, 3, dtype=torch.bool)
        return super().__torch_function__(func, types, args, kwargs or {})
def double(X):
    return X.as_subclass(Same)''', 'wrong'),
    'forged output': ('''
import json, sys
def double(X):
    frame = sys._getframe()
    while 'conn' not in frame.f_locals or 'request' not in frame.f_locals:
        frame = frame.f_back
    conn, request = frame.f_locals['conn'], frame.f_locals['request']
    assert sorted(request) == ['calls', 'drive', 'largest', 'of', 'seconds',
                               'token'], 'more is told than the inputs'
    for number in range(3):
        conn.sendall(json.dumps({
            'token': request['token'], 'number': number, 'value': True,
            'status': 'right', 'points': 99, 'right': True,
            'after': request['calls'][number]}).encode() + b'\\n')
    conn.sendall(json.dumps({'token': request['token'], 'ended': 'right',
                             'points': 99}).encode() + b'\\n')
    return X''', 'wrong'),
    'forged lines for all that follows': ('''
import json, os
for fd in range(3, 64):
    for number in range(9):
        line = {'token': None, 'number': number, 'value': 7, 'ended': 'done'}
        try:
            os.write(fd, json.dumps(line).encode() + b'\\n')
        except OSError:
            pass
def double(X):
    return X''', 'wrong'),
    'patch the reporter': ('''
import sys
child = sys.modules['d2lmini_mark.child']
child.answer = lambda *args: {'value': 'right', 'after': [[], []]}
child.described = child.plain.encode = lambda *args: True
def total(xs):
    return 0''', 'wrong'),
    'os._exit': ('import os\ndef double(X):\n    os._exit(0)', 'died'),
    'os._exit in a cell': ('import os\nos._exit(0)', 'missing'),
    'SystemExit': ('import sys\ndef double(X):\n    sys.exit(0)', 'error'),
    'SystemExit in a cell': ('def double(X):\n    return 2 * X\nexit()\n',
                             'right'),
    'KeyboardInterrupt': ('def double(X):\n    raise KeyboardInterrupt',
                          'error'),
    'abort': ('import os\ndef double(X):\n    os.abort()', 'died'),
    'a crash in C': ('import ctypes\ndef double(X):\n'
                     '    ctypes.string_at(0)', 'died'),
    'kill all': ('''
import os
def double(X):
    for pid in [-1, 1, os.getppid(), 0]:
        try:
            os.kill(pid, 9)
        except OSError:
            pass''', 'died'),
    'an endless loop': ('''
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
def double(X):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass''', 'late'),
    'an endless loop in a cell': ('while True:\n    pass', 'missing'),
    'a fork bomb': ('''
import os
def double(X):
    while True:
        try:
            os.fork()
        except OSError:
            pass''', 'late'),
    'a fork in a cell': ('import os\nos.fork()\n' + DOUBLE, 'right'),
    'a huge allocation': ('import torch\ndef double(X):\n'
                          '    return torch.zeros(10**12)', 'error'),
    'memory without an end': ('import torch\ndef double(X):\n'
                              '    kept = []\n    while True:\n'
                              '        kept.append(torch.empty(2**24))',
                              'error'),
    '100 MB of prints': ('import os\ndef double(X):\n'
                         '    for _ in range(50):\n'
                         '        print("x" * 10**6)\n'
                         '        os.write(2, b"x" * 10**6)\n'
                         '    return 2 * X', 'right'),
    'a thread that prints': ('''
import threading, time
def work():
    while True:
        print('still here')
        time.sleep(0.01)
threading.Thread(target=work).start()
def double(X):
    threading.Thread(target=work).start()
    return 2 * X''', 'right'),
    'a process left behind': ('''
import os
def double(X):
    if os.fork() == 0:
        os.setsid()
        while True:
            pass
    return 2 * X''', 'right'),
    'lists in lists': ('''
def double(X):
    inner = []
    for _ in range(900):
        inner = [inner]
    return inner''', 'error'),
    'more answers than calls': ('''
import json, sys
def double(X):
    frame = sys._getframe()
    while 'conn' not in frame.f_locals or 'request' not in frame.f_locals:
        frame = frame.f_back
    for number in range(1000):
        frame.f_locals['conn'].sendall(json.dumps({
            'token': frame.f_locals['request']['token'], 'number': number,
            'value': number}).encode() + b'\\n')
    return 2 * X''', 'wrong'),
    'nonsense on the line': ('''
import sys
def double(X):
    frame = sys._getframe()
    while 'conn' not in frame.f_locals:
        frame = frame.f_back
    frame.f_locals['conn'].sendall(b'[' * 50000 + b'\\n')''', 'died'),
}


@pytest.mark.parametrize('name', ATTACKS)
def test_attacks_fail_and_cost_one_question(boxes, hidden, name):
    cell, status = ATTACKS[name]
    before = [DOUBLE] if name == 'patch the reporter' else []
    result = marked(boxes, hidden, TOTAL, *before, cell)
    if name == 'patch the reporter':  # harms its own notebook only
        assert result.points() == 0
        return
    assert statuses(result) == {'double': status, 'total': 'right'}
    assert result.points() == 3 + 2 * (status == 'right')
    nothing_is_left(boxes)
    assert marked(boxes, hidden, DOUBLE, TOTAL).points() == 5


def children(pid):
    return Path(f'/proc/{pid}/task/{pid}/children').read_text().split()


def nothing_is_left(boxes):
    until = time.monotonic() + 10
    while children(boxes.process.pid) and time.monotonic() < until:
        time.sleep(0.01)
    assert not children(boxes.process.pid)


LOOK = f'''
import ctypes, os, resource, socket
def look(what):
    if what == 'files':
        return [os.path.exists(p) for p in (
            HIDDEN, SAMPLE, {str(ROOT / 'exercises')!r}, {str(ROOT)!r}
            + '/tests', '/etc/passwd', '/proc', '/var', '/run')]
    if what == 'environment':
        return ' '.join([*os.environ, *os.environ.values()])
    if what == 'checks':
        import d2lmini_check.exercises.c03_pooling.checks
    if what == 'write':
        open(os.path.join(os.path.dirname(ctypes.__file__), 'new.py'), 'w')
    if what == 'network':
        socket.create_connection(('127.0.0.1', PORT), 2)
    if what == 'unix socket':
        socket.socket(socket.AF_UNIX).connect(NAME)
    if what == 'walls':
        libc = ctypes.CDLL(None)
        libc.unshare(0x10020000)
        return [libc.umount2(CHECKS, 2),
                libc.mount(None, PACKAGE, None, 4096 | 32, None),
                libc.mount(b'tmpfs', b'/usr', b'tmpfs', 0, None) and -1]
    if what == 'limits':
        return [resource.getrlimit(kind)[1] for kind in (
            resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE)]
    if what == 'others':
        return [os.getppid(), sum(os.path.exists(f'/proc/{{n}}')
                                  for n in range(99999))]
'''


@pytest.fixture(scope='module')
def look(boxes, hidden):
    """Return a function that looks around behind the walls."""
    import socket
    with socket.create_server(('127.0.0.1', 0)) as server, socket.socket(
            socket.AF_UNIX) as local:
        local.bind('\0d2lmini-test')
        local.listen()
        names = {'HIDDEN': str(hidden), 'SAMPLE': str(SAMPLES[0]),
                 'PORT': server.getsockname()[1], 'NAME': '\0d2lmini-test',
                 'PACKAGE': os.fsencode(ROOT / 'd2lmini'),
                 'CHECKS': os.fsencode(ROOT / 'd2lmini' / 'checks')}
        box = boxes.open()
        for source in [f'{k} = {v!r}' for k, v in names.items()] + [LOOK]:
            assert box.ask({'cell': '1', 'source': source}, 10)[
                'ended'] is None

        def look(what):
            answer = box.ask({'of': 'look', 'drive': None, 'seconds': 10,
                              'calls': [[[what], []]]}, 10)['answers'][0]
            return answer.get('error') or plain.decode(answer['value'])

        yield look
        box.close()


def test_what_can_be_seen_behind_the_walls(look):
    assert not any(look('files'))
    assert 'secret' not in look('environment').lower()
    assert 'PASSWORD' not in look('environment')
    assert look('checks')[0] == 'ModuleNotFoundError'
    assert look('write')[0] in ('PermissionError', 'OSError')
    assert 'unreachable' in look('network')[2]
    assert look('unix socket')[0] == 'ConnectionRefusedError'
    assert look('walls')[:2] == [-1, -1]
    assert look('limits') == [64, 64 * 2**20]
    assert look('others') == [1, 0]


# The command line.

@pytest.fixture
def folder(tmp_path):
    (tmp_path / 'in').mkdir()
    return tmp_path


def test_table_and_pages(run, hidden, folder):
    (folder / 'in' / 'ann.ipynb').write_text(as_notebook(DOUBLE, TOTAL))
    (folder / 'in' / 'bob.ipynb').write_text(as_notebook(DOUBLE))
    out = folder / 'marks.csv'
    code, printed = run(hidden, folder / 'in', '--out', out, '--seed', 5)
    assert code == 0 and '2 of 2 marked' in printed and 'seed 5' in printed
    assert '2/2' in printed  # the progress bar
    ann, bob = rows(out)
    assert ann == {'file': 'ann.ipynb', 'total': '5.0', 'max': '5',
                   'double (2)': '2', 'total (3)': '3', 'note': ''} or (
        float(ann['total']) == 5 and ann['note'] == '')
    assert float(bob['total']) == 2 and bob['note'] == 'total: not defined'
    page, = (folder / 'marks.feedback').glob('bob*.html')
    text = page.read_text('utf-8')
    assert 'bob.ipynb: 2 of 5 points' in text and 'seed\n5.' in text
    assert 'There is no function total' in text
    assert not list(folder.rglob('*.part'))


BAD = {'empty': ('', 'empty'), 'text': ('no JSON', 'not a notebook'),
       'list': ('[]', 'no list of cells'), 'old': ('{"nbformat": 3}', 'cells'),
       'deep': ('[' * 10**6, 'not a notebook'),
       'number': ('{"cells": [{"cell_type": "code", "source": 5}]}',
                  'no source'),
       'other': (as_notebook('x = 1'), 'the right notebook'),
       'large': (' ' * 3000 + as_notebook(DOUBLE, TOTAL), 'MB')}


def test_bad_submissions_do_not_stop_the_rest(run, hidden, folder,
                                              monkeypatch):
    monkeypatch.setattr(notebook, 'LARGEST', 3000 + len(
        as_notebook(DOUBLE)))
    BAD['deep'] = ('[' * 3000, 'not a notebook')
    for name, (text, _) in BAD.items():
        (folder / 'in' / f'{name}.ipynb').write_text(text)
    (folder / 'in' / 'zoe.ipynb').write_text(as_notebook(DOUBLE, TOTAL))
    (folder / 'in' / 'link.ipynb').symlink_to(folder / 'in' / 'zoe.ipynb')
    os.mkfifo(folder / 'in' / 'pipe.ipynb')
    os.mkdir(folder / 'in' / 'folder.ipynb')
    words = {name: words for name, (_, words) in BAD.items()} | {
        'link': 'a link', 'pipe': 'ordinary file', 'folder': 'ordinary file'}
    out = folder / 'marks.csv'
    assert run(hidden, folder / 'in', '--out', out)[0] == 0
    found = {row['file'].removesuffix('.ipynb'): row for row in rows(out)}
    assert float(found.pop('zoe')['total']) == 5
    assert set(found) == set(words)
    for name, row in found.items():
        assert float(row['total']) == 0 and words[name] in row['note'], row
    assert len(list((folder / 'marks.feedback').glob('*.html'))) == 12


def test_no_formula_and_no_tag_survives(run, hidden, folder):
    evil = '<script>alert(1)</script>'
    cells = [f'def double(X):\n    return {evil!r}',
             f'def total(xs):\n    raise ValueError({evil!r})',
             f'raise ValueError({evil!r} + chr(27) + chr(0xdc80))']
    names = ['=1+2', '+1', '-1', '@SUM(1)', '\t=1', '\r=1', ' =1', '|cmd',
             '<b>bold', 'x;=1+1', '"quoted",=1', os.fsdecode(b'\xff')]
    for name in names:
        (folder / 'in' / f'{name}.ipynb').write_text(as_notebook(*cells))
    out = folder / 'marks.csv'
    assert run(hidden, folder / 'in', '--out', out)[0] == 0
    found = rows(out)
    assert len(found) == len(names)
    for cell in (c for row in found for c in row.values()):
        assert not re.match(r'\s*[=+\-@|]', cell) and '\t' not in cell
    assert out.read_bytes().startswith(b'\xef\xbb\xbf"file",')
    for page in (folder / 'marks.feedback').glob('*.html'):
        text = page.read_text('utf-8')
        tags = Tags()
        tags.feed(text)
        assert tags.found <= {
            'html', 'head', 'meta', 'title', 'style', 'body', 'main', 'h1',
            'h2', 'pre', 'p', 'table', 'caption', 'thead', 'tbody', 'tr',
            'th', 'td', 'span', 'ul', 'li', 'footer'}
        assert '&lt;script&gt;alert(1)' in text and '\x1b' not in text
        assert '<html lang="en">' in text and text.count('<h1>') == 1
        assert len(text) < 10000 and 'http' not in text.replace(
            'http-equiv', '')


class Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = set()

    def handle_starttag(self, tag, attrs):
        self.found.add(tag)


def test_same_names_in_two_folders(run, hidden, folder):
    for name, cells in [('a b', [DOUBLE]), ('a-b', [DOUBLE, TOTAL])]:
        (folder / 'in' / name).mkdir()
        (folder / 'in' / name / 'x.ipynb').write_text(as_notebook(*cells))
    out = folder / 'marks.csv'
    assert run(hidden, folder / 'in', folder / 'in' / 'a b' / 'x.ipynb',
               '--out', out)[0] == 0
    assert [(r['file'], float(r['total'])) for r in rows(out)] == [
        ('a b/x.ipynb', 2), ('a-b/x.ipynb', 5)]
    assert len(list((folder / 'marks.feedback').glob('*.html'))) == 2


def test_nothing_of_others_is_overwritten(run, hidden, folder):
    (folder / 'in' / 'ann.ipynb').write_text(as_notebook(DOUBLE, TOTAL))
    out = folder / 'marks.csv'
    out.write_text('mine')
    command = [hidden, folder / 'in', '--out', out]
    code, printed = run(*command)
    assert code == 2 and '--force' in printed and out.read_text() == 'mine'
    assert not (folder / 'marks.feedback').exists()
    assert run(*command, '--force')[0] == 0
    table = out.read_bytes()
    assert run(*command)[0] == 0 and out.read_bytes() == table  # once more
    out.write_bytes(table + b'a remark\r\n')
    assert run(*command)[0] == 2 and b'a remark' in out.read_bytes()
    out.write_bytes(table)
    code, printed = run(*command, '--seed', 1)
    assert code == 2 and 'another seed' in printed
    (folder / 'in' / 'ann.ipynb').write_text(as_notebook(DOUBLE))  # handed
    assert run(*command)[0] == 0 and float(rows(out)[0]['total']) == 2  # anew


@pytest.mark.parametrize('argv, words', [
    (['no.py', 't.py'], "no file of hidden tests 'no.py'"),
    (['t.py', 'no.ipynb'], "there is no file 'no.ipynb'"),
    (['t.py', 'in'], "the folder 'in' holds no .ipynb file"),
    (['t.py', 't.py', '--out', 'no/x.csv'], "there is no folder '/"),
    (['t.py', 't.py', '--data', 'no'], "there is no folder 'no'"),
])
def test_wrong_use(run, folder, monkeypatch, argv, words):
    monkeypatch.chdir(folder)
    Path('t.py').write_text(HIDDEN)
    code, printed = run(*argv)
    assert code == 2 and words in printed and 'Traceback' not in printed
    assert sorted(p.name for p in folder.iterdir()) == ['in', 't.py']


def test_without_walls_nothing_is_run(hidden, folder, monkeypatch, capsys):
    class NoWalls(Boxes):
        __enter__ = lambda self: self
        __exit__ = lambda *_: None

        def open(self):
            raise BoxError('unshare: Operation not permitted')

    (folder / 'in' / 'ann.ipynb').write_text(as_notebook(DOUBLE))
    monkeypatch.setattr(server, 'Boxes', NoWalls)
    assert mark.main([str(hidden), str(folder / 'in'), '--out',
                      str(folder / 'marks.csv')]) == 3
    told = capsys.readouterr().err
    assert 'unshare: Operation not permitted' in told and '--unsafe' in told
    assert [p.name for p in folder.iterdir()] == ['in']


def test_unsafe_marks_too(hidden):
    with Boxes(walls=False) as unsafe:
        for cell, status in [(DOUBLE, 'right'), ATTACKS['os._exit'],
                             ATTACKS['an endless loop'],
                             ATTACKS['os._exit in a cell']]:
            assert statuses(marked(unsafe, hidden, TOTAL, cell)) == {
                'double': status, 'total': 'right'}


def test_unsafe_without_a_fork(hidden):
    with Boxes(walls=False, forks=False) as unsafe:
        cell = 'import os\ndef total(xs):\n    os._exit(0)'
        assert statuses(marked(unsafe, hidden, DOUBLE, cell)) == {
            'double': 'right', 'total': 'died'}


def test_killed_and_started_again(run, hidden, folder):
    slow = TOTAL.replace('    return', '    import time\n'
                         '    time.sleep(0.3)\n    return')
    for i in range(6):
        (folder / 'in' / f'{i}.ipynb').write_text(as_notebook(DOUBLE, slow))
    out, results = folder / 'marks.csv', folder / 'marks.feedback/results'
    command = [str(hidden), str(folder / 'in'), '--out', str(out)]
    with subprocess.Popen([sys.executable, '-m', 'd2lmini_mark', *command],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          cwd=ROOT) as process:
        until = time.monotonic() + 120
        while len(list(results.glob('*.json'))) < 2:
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.02)
        server, = children(process.pid)
        process.send_signal(signal.SIGKILL)
    done = {p: p.stat().st_mtime_ns for p in results.glob('*.json')}
    seed = json.loads((results.parent / 'run.json').read_text())['seed']
    assert 2 <= len(done) < 6 and not out.exists()
    while Path(f'/proc/{server}').exists():  # it does not outlive the marker
        assert time.monotonic() < until
        time.sleep(0.02)
    code, printed = run(*command)
    assert code == 0 and f'seed {seed}' in printed
    assert all(p.stat().st_mtime_ns == then for p, then in done.items())
    assert [float(row['total']) for row in rows(out)] == [5] * 6


def test_the_markers_own_faults_are_not_the_students(run, hidden, folder,
                                                     monkeypatch):
    for name, cells in [('a', [DOUBLE]), ('b', [DOUBLE, 'x = 1'])]:
        (folder / 'in' / f'{name}.ipynb').write_text(as_notebook(*cells))

    def fail(self):
        raise [BoxError, KeyError][len(self.cells) - 1]('no memory')

    out = folder / 'marks.csv'
    command = [hidden, folder / 'in', '--out', out]
    with monkeypatch.context() as patch:
        patch.setattr(Marker, 'mark', fail)
        assert run(*command)[0] == 1
    assert [(r['total'], r['note']) for r in rows(out)] == [
        ('', 'NOT MARKED: no memory'),
        ('', "NOT MARKED: KeyError: 'no memory'")]
    assert run(*command)[0] == 0 and float(rows(out)[0]['total']) == 2


# The parts.

@pytest.mark.parametrize('value', [
    None, True, 3, 2.5, 'text', float('inf'), [1, (2., 'x')], {'a': [1]},
    torch.ones(2, 3), torch.tensor(5), torch.zeros(0, 2), np.arange(4.),
    torch.tensor([True]), torch.ones(2, dtype=torch.bfloat16),
    np.float32([[1, -np.inf]]), (torch.ones(1), {1: np.eye(2)})])
def test_plain_data_comes_back(value):
    back = plain.decode(json.loads(json.dumps(plain.encode(value))))
    assert type(back) is type(value) and repr(back) == repr(value)
    assert getattr(back, 'dtype', None) == getattr(value, 'dtype', None)


ARRAY = {'kind': 'tensor', 'dtype': 'float32', 'shape': [2], 'data': [1, 2]}


@pytest.mark.parametrize('data', [
    {}, {'kind': 'pickle'}, {'kind': 'tuple'}, {'kind': 'dict', 'data': [1]},
    {'kind': 'dict', 'data': [[[], 1]]}, {'kind': ['tensor']},
    ARRAY | {'dtype': 'object'}, ARRAY | {'dtype': 'O'},
    ARRAY | {'dtype': ['float32']}, ARRAY | {'shape': [3]},
    ARRAY | {'shape': [-1, -2]}, ARRAY | {'shape': [True, 2]},
    ARRAY | {'shape': '2'}, ARRAY | {'shape': [2.0]},
    ARRAY | {'shape': [1] * 40 + [2]}, ARRAY | {'data': ['1', '2']},
    ARRAY | {'data': [1, None]}, ARRAY | {'data': [True, False]},
    ARRAY | {'dtype': 'uint8', 'data': [1, 300]},
    ARRAY | {'dtype': 'int64', 'data': [1, 10**30]},
    ARRAY | {'dtype': 'int64', 'data': [1, 2.0]},
    ARRAY | {'dtype': 'bool', 'data': [0, 1]},
    json.loads('[' * 50 + ']' * 50)])
def test_plain_data_is_not_believed(data):
    with pytest.raises(plain.Unreadable):
        plain.decode(data)


@pytest.mark.parametrize('test, words', [
    ('', 'holds no hidden tests'),
    ('1 / 0', 'ZeroDivisionError'),
    ('@marks(1)\ndef f(dice):\n    yield 1 / 0, 2', 'division by zero'),
    ('@marks(1)\ndef f(dice):\n    return []', 'it yields no call'),
    ('@marks(0)\ndef f(dice):\n    yield call(), 1', 'must be above 0'),
    ('@marks(1)\ndef f(dice):\n    yield call(print), 1', 'with `use`'),
    ('@marks(1)\ndef f(dice):\n    yield call(), {3}', 'set is no plain'),
    ('x = 5\ndef g(f):\n    return x\n\n@marks(1, use=g)\ndef f(dice):\n'
     '    yield call(), 1', 'g reads x'),
    ('@marks(1, use=lambda f: f())\ndef f(dice):\n    yield call(), 1',
     'made by def'),
])
def test_hidden_tests_that_cannot_be_used(tmp_path, test, words):
    path = tmp_path / 'tests.py'
    path.write_text(f'from d2lmini_mark import call, marks\n\n{test}\n')
    with pytest.raises(exam.BadTest, match=re.escape(words)):
        exam.draw(path, 0)


def test_what_cannot_be_compared_is_wrong():
    assert 'cannot be compared' in difference(10**400, 2.5)
    assert difference(2.5, 2.5) is None


def test_inputs_follow_the_seed(hidden):
    digests = [exam.draw(hidden, seed).digest() for seed in [1, 1, 2]]
    assert digests[0] == digests[1] != digests[2]


def test_pages_have_names_of_their_own():
    names = ['a/x.ipynb', 'a-x.ipynb', 'a x.ipynb', os.fsdecode(b'\xff')]
    pages = {report.page_name(name) for name in names}
    assert len(pages) == 4
    assert all(re.fullmatch(r'[\w-]+\.html', page) for page in pages)


def test_secret_files_may_not_lie_among_pythons(tmp_path):
    place = Path(torch.__file__).parent.parent / 'hidden.py'
    with pytest.raises(BoxError, match='move it'):
        Boxes(secret=[place])
