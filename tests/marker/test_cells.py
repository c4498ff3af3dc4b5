"""Cells run statement by statement; what is slow or missing costs itself."""

import time

import pytest
from submissions import DOUBLE, TOTAL, marked, statuses

from d2lmini_mark import exam
from d2lmini_mark.boxes import Boxes

BUSY = 'while True:\n    pass\n'
STUBBORN = (
    'while True:\n    try:\n        while True:\n            pass\n'
    '    except BaseException:\n        pass\n'
)
# What stands above the right answers in their own cell, and words that the
# page must have.
ABOVE = {
    'Colab': (
        "from google.colab import drive, files\ndrive.mount('/content')\n"
        'for name in files.upload():\n    1 / 0\n'
        'import google.colab\ngoogle.colab.drive.flush_and_unmount()\n',
        'only Colab has',
    ),
    'what is not installed': (
        'import seaborn as sns, math\nsns.set_theme()\n',
        "No module named 'seaborn'",
    ),
    'input': ('n = int(input())\n', 'EOFError'),
    'folders': ("import os\nos.chdir('/content')\n", 'FileNotFoundError'),
    'get_ipython': (
        "get_ipython().run_line_magic('matplotlib', 'inline')\n"
        "get_ipython().system('ls')\n",
        '',
    ),
    'continued shell line': ('!pip install \\\n    nothing\n', ''),
    'a line that is timed': ('%time x = 1\nassert x == 1\n', ''),
    'await': (
        'import asyncio\nx = await asyncio.sleep(0, 5)\nassert x == 5\n',
        '',
    ),
    'a remainder': ('x = (7\n% 4)\nassert x == 3\n%matplotlib inline\n', ''),
    'future': (
        'from __future__ import annotations\ndef f(x: nothing): pass\n',
        '',
    ),
    'a slow demonstration': (BUSY, 'its time was up'),
    'a sleepy demonstration': ('import time\ntime.sleep(99)\n', 'time was up'),
    'one that cannot be interrupted': (STUBBORN, 'stopped in line'),
    'a fault': ('1 / 0\n', 'ZeroDivisionError'),
    'an end': ('import os\nos._exit(0)\n', 'stopped in line'),
}


@pytest.mark.parametrize('where', ['above', 'below'])
@pytest.mark.parametrize('name', ABOVE)
def test_it_costs_no_answer(boxes, hidden, name, where):
    odd, words = ABOVE[name]
    answers = f'import torch\n{DOUBLE}\n{TOTAL}\n'
    cell = odd + answers if where == 'above' else answers + odd
    result = marked(boxes, hidden, cell, seconds=1.0)
    assert result.points() == 5, result
    assert words in str(result.cells) and bool(words) == bool(result.cells)


def test_cells_that_need_too_long_in_all_lose_no_answer(boxes, hidden):
    slow = [f'x{i} = 0\nwhile x{i} < 10**12:\n    x{i} += 1' for i in range(5)]
    cells = [DOUBLE, *slow, TOTAL]
    assert marked(boxes, hidden, *cells, seconds=0.5).points() == 5


def test_a_time_magic_runs_the_cell(boxes, hidden):
    assert marked(boxes, hidden, f'%%time\n1 / 0\n{DOUBLE}').points() == 2


def test_what_is_missing_is_no_algorithms_fault(boxes, tmp_path):
    folder = tmp_path / 'c03_pooling'
    folder.mkdir()
    (folder / 'hidden.py').write_text(
        'from d2lmini_mark import call, marks\n\n@marks(1)\n'
        'def pool_size(dice):\n    yield call(5, 2, 1), 4\n'
    )
    cell = 'import seaborn as sns\ndef pool_size(*a):\n    return sns.x'
    verdict = marked(boxes, folder / 'hidden.py', cell).verdicts['pool_size']
    assert 'NameError' in verdict.text and 'Hint' not in verdict.text
    assert 'in a cell that failed' in verdict.text


def test_waiting_is_not_work(boxes, hidden):
    """A loaded machine makes nobody late: time is processor time."""
    drawn = exam.draw(hidden, 1)
    sleepy = DOUBLE.replace('    return', '    time.sleep(2.5)\n    return')
    result = marked(boxes, drawn, f'import time\n{sleepy}', TOTAL)
    assert result.points() == 5


def test_all_questions_have_an_end(hidden):
    """What was right before the time was up stays right."""
    drawn = exam.draw(hidden, 1)
    sleepy = TOTAL.replace('    if', '    import time; time.sleep(99)\n    if')
    start = time.monotonic()
    result = marked(Boxes(), drawn, DOUBLE, sleepy, limit=12)
    assert statuses(result) == {'double': 'right', 'total': 'late'}
    assert time.monotonic() - start < 30
