"""Nothing is gained by what was seen before, or by looking at who calls."""

import json
import subprocess
import sys
import threading
import time

import pytest
from submissions import DOUBLE, ROOT, TOTAL, as_notebook, marked, statuses

from d2lmini_mark import exam
from d2lmini_mark import run as running
from d2lmini_mark.boxes import Boxes
from d2lmini_mark.marking import Result, Verdict

LOOK_UP = """
TABLE = {table!r}
def double(X):
    return torch.tensor(TABLE[str(X.tolist())])
def total(xs):
    if not xs:
        raise ValueError
    return TABLE[str(xs)]"""


def results(folder):
    """Return the kept Results of a run, in the order of their files."""
    files = sorted((folder / 'marks.feedback' / 'results').glob('*.json'))
    return [Result.from_json(file.read_text()) for file in files]


def look_up(hidden, seeds):
    """Return a notebook with a table of all that was asked with seeds."""
    table = {}
    for seed in seeds:
        for test in exam.draw(hidden, seed).tests:
            for case, wanted, _ in test.ready:
                (given,) = case.args
                if test.name == 'double':
                    table[str(given.tolist())] = wanted.tolist()
                elif given:
                    table[str(given)] = wanted
    return as_notebook('import torch', LOOK_UP.format(table=table))


def test_a_growing_table_earns_nothing(run, hidden, tmp_path):
    """Handed in again and again, with all answers of the time before."""
    inside, seeds = tmp_path / 'in', []
    inside.mkdir()
    command = [hidden, inside, '--out', tmp_path / 'marks.csv']
    for _ in range(2):
        (inside / 'ann.ipynb').write_text(look_up(hidden, seeds))
        (inside / 'bob.ipynb').write_text(look_up(hidden, seeds))
        assert run(*command)[0] == 0
        assert max(r.points() for r in results(tmp_path)) == 0
        seeds = [r.seed for r in results(tmp_path)]
        assert len(set(seeds)) == len(seeds)  # each has inputs of its own
    assert run(*command, '--force')[0] == 0  # the same, marked anew
    again = {r.seed for r in results(tmp_path)}
    assert len(again - set(seeds)) == 2
    (inside / 'ann.ipynb').write_text(look_up(hidden, seeds[:1]))
    assert run(*command, '--force', '--seed', seeds[0])[0] == 0  # to repeat
    assert max(r.points() for r in results(tmp_path)) == 5


def sample(name):
    """Return the path of a sample of hidden tests."""
    (path,) = (ROOT / 'exercises' / 'sources').glob(f'{name}/hidden.py')
    return path


PATCHED = """
import torch
from torch.nn import functional as F
real = F.conv2d
def conv2d(X, K, *args, **options):
    return (X[..., 1:, :] - X[..., :-1, :])[..., :3, :4]
F.conv2d = torch.conv2d = torch.nn.functional.conv2d = conv2d
torch.Tensor.norm = lambda *args: torch.tensor(0.)
torch.as_tensor = lambda *args, **options: torch.ones(3, 3)
def edge_kernel():
    return torch.ones(3, 3)"""
RECOGNIZE = """
import gc
def commutes(f, X, down, right):
    seen = str([getattr(f, n, 0) for n in ('__name__', '__code__',
                '__closure__', '__qualname__', '__doc__', '__module__')])
    seen += str(vars(f)) + str(gc.get_referents(f)) + repr(f)
    return any(word in seen for word in ('relu', 'circular'))"""
COUNT = """
calls = []
def commutes(f, X, down, right):
    calls.append(1)
    return [True, False, True, False, False][len(calls) - 1]"""
INTO = """
import numpy as np
def numerical_gradient(f, x, h=1e-5):
    inside = [cell.cell_contents for cell in f.__closure__]
    while inside:
        thing = inside.pop()
        if isinstance(thing, np.ndarray) and thing is not x:
            return thing * (3 * x**2 + h**2)
        inside += list(getattr(thing, '__dict__', {}).values())
        inside += [c.cell_contents for c in
                   getattr(thing, '__closure__', None) or ()]
    return x"""


@pytest.mark.parametrize(
    'name, cell, of',
    [
        ('c01_convolution', PATCHED, 'edge_kernel'),
        ('c01_convolution', RECOGNIZE, 'commutes'),
        ('c06_by_hand', INTO, 'numerical_gradient'),
    ],
)
def test_who_calls_cannot_be_recognized(boxes, name, cell, of):
    drawn = exam.draw(sample(name), 3)
    drawn.tests = [test for test in drawn.tests if test.of == of]
    assert statuses(marked(boxes, drawn, cell)) == {of: 'wrong'}


def test_the_order_of_calls_tells_nothing():
    """A test of yes and no asks in another order each time."""
    orders = set()
    for seed in range(8):
        drawn = exam.draw(sample('c01_convolution'), seed)
        (test,) = (t for t in drawn.tests if t.name == 'commutes')
        orders.add(tuple(ready.wanted for ready in test.ready))
    assert len(orders) > 3


HANDED = """
from d2lmini_mark import call, marks

@marks(1)
def area(dice):
    scale = dice.number(2, 9)
    yield call(lambda x, y=0: scale * x + y, 3), scale * 3 + 1

@marks(1)
def power(dice):
    yield call(lambda x, y: x * y + 2 ** y, 3), 7.0

@marks(1)
def share(dice):
    xs = [dice.number(1, 9) for _ in range(3)]
    yield call(xs), 1.0, sum

@marks(1)
def hunt(dice):
    secret = f'plum-{dice.number(1000, 9999)}'
    inner = f'fig-{dice.number(1000, 9999)}'
    yield call('pear-4711', lambda: inner), secret, lambda got: got and secret
"""


@pytest.fixture
def handed(tmp_path):
    (tmp_path / 'secret').mkdir()
    (tmp_path / 'secret' / 'tests.py').write_text(HANDED)
    return tmp_path / 'secret' / 'tests.py'


ANSWERS = {
    'area': {
        'right': 'return f(x, y=1)',
        'wrong': 'return f(x)',
        'error': 'return f(x, z=1)',
        'late': 'while True: f(x)',
    },
    'share': {
        'right': 'return [x / sum(f) for x in f]',
        'wrong': 'return 5',
    },
}


@pytest.mark.parametrize(
    'name, status', [(n, s) for n, found in ANSWERS.items() for s in found]
)
def test_functions_stay_with_the_teacher(boxes, handed, name, status):
    drawn = exam.draw(handed, 1)
    drawn.tests = [test for test in drawn.tests if test.name == name]
    cell = f'def {name}(f, x=0):\n    {ANSWERS[name][status]}'
    result = marked(boxes, drawn, cell)
    assert statuses(result) == {name: status}, result


@pytest.mark.parametrize('forks', [True, False])
def test_functions_are_asked_without_walls_too(handed, forks):
    drawn = exam.draw(handed, 1)
    drawn.tests = [test for test in drawn.tests if test.name in ANSWERS]
    cells = [
        f'def {name}(f, x=0):\n    {found["right"]}'
        for name, found in ANSWERS.items()
    ]
    unsafe = Boxes(walled=False, forks=forks)
    assert marked(unsafe, drawn, *cells).points() == 2


@pytest.mark.parametrize(
    'sent',
    [
        'torch.zeros(0, 2**31 - 1)',
        'torch.ones(10**6)',
        'f',
        'object()',
        '[[[[]]]] * 10**5',
        '10**5000',
    ],
)
def test_what_is_handed_to_a_function_does_no_harm(boxes, handed, sent):
    drawn = exam.draw(handed, 1)
    drawn.tests = drawn.tests[:1]
    cell = (
        f'import torch\ndef area(f, x):\n    try:\n        f({sent})\n'
        '    except Exception:\n        pass\n    return f(x, 1)'
    )
    assert marked(boxes, drawn, cell).points() == 1


@pytest.mark.parametrize('sent', ['[0] * 9, 10**9', '2, 10**9', '"x", 10**9'])
def test_what_would_fill_or_stop_the_marker_is_refused(boxes, handed, sent):
    drawn = exam.draw(handed, 1)
    drawn.tests = drawn.tests[1:2]
    cell = (
        f'def power(f, x):\n    try:\n        f({sent})\n'
        '    except RuntimeError as error:\n        return f(x, 1) + 2.0'
    )
    start = time.monotonic()
    assert marked(boxes, drawn, cell).points() == 1
    assert time.monotonic() - start < 60


HUNT = r"""
import ctypes, gc, os, re, sys
def hunt(word, f):
    told = f()
    texts = [*os.environ.values(), *sys.argv, *sys.path]
    for name in ['/proc/self/cmdline', '/proc/self/environ', '/proc/1/environ',
                 '/proc/self/maps', '/proc/self/mem', '/proc/self/fd/0']:
        try:
            texts.append(open(name).read())
        except OSError:
            pass
    frame = sys._getframe()
    while frame:
        texts += map(repr, [frame.f_locals, frame.f_globals])
        frame = frame.f_back
    for thing in gc.get_objects():
        texts += [part for part in gc.get_referents(thing)
                  if type(part) in (str, bytes)]
    found = set()
    for text in texts:
        text = text if type(text) is str else text.decode('latin-1')
        found |= set(re.findall('(?:plum|fi[g]|pear)-[0-9]{4}', text))
    return sorted(found)
"""


def test_no_expected_value_and_no_function_of_a_test_is_within(boxes, handed):
    """What is asked of a function is told; what it is, and what is wanted,
    is not there."""
    drawn = exam.draw(handed, 1)
    drawn.tests = drawn.tests[-1:]
    found = []
    (ready,) = drawn.tests[0].ready
    drawn.tests[0].ready = [ready._replace(see=found.extend)]
    marked(boxes, drawn, HUNT)
    (fig,) = (word for word in found if word.startswith('fig'))
    assert found == [fig, 'pear-4711']  # what it was given, and nothing else


# Several at once, and none for ever.


class SlowMarker:
    """Takes longer for the first submissions, and counts those at once."""

    now, most, lock = 0, 0, threading.Lock()

    def __init__(self, exam, boxes, cells, *limits):
        self.tests, self.number = exam.tests, int(cells[0][1])

    def mark(self):
        with self.lock:
            SlowMarker.now += 1
            SlowMarker.most = max(SlowMarker.most, SlowMarker.now)
        time.sleep(0.05 * (8 - self.number))
        with self.lock:
            SlowMarker.now -= 1
        verdict = Verdict('right', points=self.number)
        return Result(dict.fromkeys([t.name for t in self.tests], verdict))


@pytest.mark.parametrize('jobs', [1, 3])
def test_several_at_once_in_their_order(
    quick, hidden, tmp_path, monkeypatch, jobs
):
    monkeypatch.setattr(running, 'Marker', SlowMarker)
    monkeypatch.setattr(SlowMarker, 'most', 0)
    (tmp_path / 'in').mkdir()
    for i in range(8):
        (tmp_path / 'in' / f'{i}.ipynb').write_text(as_notebook(f'{i}'))
    out = tmp_path / 'marks.csv'
    command = [hidden, tmp_path / 'in', '--out', out, '--jobs', jobs]
    assert quick(*command)[0] == 0 and SlowMarker.most == jobs
    lines = out.read_text('utf-8-sig').splitlines()[1:]
    totals = [tuple(line.split(',')[:2]) for line in lines]
    assert totals == [(f'"{i}.ipynb"', str(2 * i)) for i in range(8)]


def test_a_wrong_number_of_jobs(quick, hidden, tmp_path, capsys):
    (tmp_path / 'ann.ipynb').write_text(as_notebook(DOUBLE))
    command = [hidden, tmp_path / 'ann.ipynb', '--jobs']
    for jobs in ['0', '-1', 'x']:
        with pytest.raises(SystemExit) as caught:
            quick(*command, jobs)
        assert caught.value.code == 2
        assert '--jobs' in capsys.readouterr().err


HOSTILE = [
    'import time',
    *['time.sleep(99)', 'while True:\n    pass'] * 3,
    *[f'x{i} = time.sleep(99)' for i in range(20)],
    'while True:\n    try:\n        while True:\n            pass\n'
    '    except BaseException:\n        pass',
    'import os\nos.kill(os.getpid(), 19)',
    'def double(X):\n    time.sleep(99)',
    'def total(xs):\n    while True:\n        pass',
]


def test_one_notebook_cannot_hold_up_a_class(boxes, hidden):
    boxes.open().close()  # read from the disk by now
    start = time.monotonic()
    result = marked(boxes, hidden, *HOSTILE, seconds=20, limit=10)
    assert result.points() == 0
    assert time.monotonic() - start < 10 + 4 * 3 + 20


def test_what_was_right_when_the_time_is_up_stays(boxes, hidden):
    """Slow cells below cost no answer above, and none that is quick."""
    slow = ['import time\ntime.sleep(99)'] * 5
    result = marked(boxes, hidden, DOUBLE, *slow, TOTAL, limit=12)
    assert result.points() == 5


def test_a_stop_ends_at_once(boxes, hidden, tmp_path):
    (tmp_path / 'in').mkdir()
    sleepy = 'import time\ntime.sleep(99)\n' * 3
    for i in range(6):
        (tmp_path / 'in' / f'{i}.ipynb').write_text(as_notebook(sleepy))
    out = tmp_path / 'marks.csv'
    command = [sys.executable, '-m', 'd2lmini_mark', hidden, tmp_path / 'in']
    with subprocess.Popen(
        [*map(str, command), '--out', out, '--jobs', '2'],
        stderr=subprocess.PIPE,
    ) as process:
        notes = tmp_path / 'marks.feedback' / 'run.json'
        until = time.monotonic() + 120
        while not notes.exists():
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.05)
        assert json.loads(notes.read_text())['secret']
        time.sleep(1)
        process.send_signal(2)
        start = time.monotonic()
        said = process.stderr.read().decode()
        assert process.wait() == 130 and 'goes on where this was' in said
        assert time.monotonic() - start < 30
    assert not out.exists()
