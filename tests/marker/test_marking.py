"""The marker: honest work has its marks, and mistakes are named."""

import dataclasses
import re

import pytest
from submissions import DOUBLE, ROOT, SAMPLES, TOTAL, marked, statuses

from d2lmini_mark import exam, notebook
from d2lmini_mark.boxes import Boxes
from d2lmini_mark.marking import Marker, Result, Verdict


def test_right_answers_have_all_points(boxes, hidden):
    result = marked(boxes, hidden, 'import torch', DOUBLE, TOTAL)
    assert result.points() == 5 and result.note() == ''
    assert Result.from_json(result.to_json()) == result


def given(path, name):
    """Is it a program to be repaired, so that it is never blank?"""
    chapter = path.parent.name
    return chapter == 'c12_clinic' or name == 'googlenet'


@pytest.mark.parametrize('path', SAMPLES, ids=lambda p: p.parent.name)
def test_samples_of_hidden_tests(boxes, path):
    drawn = exam.draw(path, 7)
    for folder, share in [('solutions', 1), ('.', 0)]:
        file = ROOT / 'exercises' / folder / f'{path.parent.name[1:]}.ipynb'
        cells = notebook.code_cells(notebook.read(file))
        result = Marker(drawn, boxes, cells).mark()
        assert result.points() == share * sum(t.points for t in drawn.tests)
        for name, status in statuses(result).items():
            if share:
                assert status == 'right', (name, result.note())
            elif given(path, name):
                assert status in ('wrong', 'error'), name
            else:
                assert status == 'blank', name


def test_wrong_answers_are_told_what_is_wrong(boxes):
    (path,) = (p for p in SAMPLES if p.parent.name == 'c03_pooling')
    result = marked(
        boxes,
        path,
        'from torch.nn import functional as F',
        'def average2d(X, k, padding, count_border=True):\n'
        '    return k * k * F.avg_pool2d(X[None], k, 1, padding)[0]',
        'def pool_size(n, k, stride, padding=0, ceil_mode=False):\n'
        '    size = 1 / 0',
        'def pooled_row():\n    return ((4., 3.), 1, 2, 3, 4, 5, 6)',
    )
    text = result.verdicts['average2d'].text
    assert text.startswith('the windows are summed, not averaged.')
    assert all(
        word in text
        for word in [
            '  padding ',
            '  got ',
            '  wanted ',
            'Hint: The sum of a window',
        ]
    )
    assert (
        'ZeroDivisionError: division by zero (in the line `size = 1 / 0`'
        in result.verdicts['pool_size'].text
    )
    assert result.verdicts['pooled_row'].text == 'This is not right.'
    assert statuses(result)['blur_pool'] == 'missing'


def marked_together(boxes, hidden, cells):
    """Mark several answers to `double`, as double0, double1 and so on."""
    drawn = exam.draw(hidden, 1)
    double, total = drawn.tests
    names = [f'double{i}' for i in range(len(cells))]
    drawn.tests = [
        *(dataclasses.replace(double, name=name, of=name) for name in names),
        total,
    ]
    result = marked(
        boxes,
        drawn,
        *(
            re.sub(r'(?<![.])\bdouble\b', name, cell)
            for name, cell in zip(names, cells)
        ),
        TOTAL,
    )
    assert statuses(result)['total'] == 'right'
    return [result.verdicts[name] for name in names]


WRONG = [
    (DOUBLE.replace('2', '3'), 'wrong', 'numbers are wrong'),
    ('def double(X):\n    return 2 * X[None]', 'wrong', 'the shape is'),
    ('def double(X):\n    return 2 * X.tolist()', 'wrong', 'the shape is'),
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
]


@pytest.fixture(scope='module')
def verdicts(boxes, hidden):
    return marked_together(boxes, hidden, [cell for cell, _, _ in WRONG])


@pytest.mark.parametrize(
    'number', range(len(WRONG)), ids=[cell for cell, _, _ in WRONG]
)
def test_a_wrong_answer_costs_its_marks(verdicts, number):
    _, status, words = WRONG[number]
    assert verdicts[number].status == status
    assert words in verdicts[number].text and verdicts[number].points == 0


ODD = [
    '%matplotlib inline\n' + DOUBLE,
    '%%time\n' + DOUBLE,
    '!ls -l\nfiles = !ls\ndouble?\n' + DOUBLE,
    'if True:\n    %pip install nothing\n' + DOUBLE,
    'from d2lmini.check import check, hint, progress\n'
    + DOUBLE
    + "\ncheck('01.corr2d', double)\nprogress('01')",
    'import torch\ntorch.ones(2, requires_grad=True).sum().backward()\n'
    'def double(X):\n    X = X.clone().requires_grad_()\n'
    '    return torch.autograd.grad((X * X).sum(), X)[0]',
    'display(5)\n' + DOUBLE,
    'def double(X):\n    X *= 2\n    return X',
    'def double(X):\n    return (2 * X).numpy()',
    'def double(X):\n    return (2 * X).double()',
    'def double(X):\n    return (2 * X).tolist()',
]


def test_what_notebooks_do(boxes, hidden):
    verdicts = marked_together(boxes, hidden, ODD)
    assert dict(zip(ODD, verdicts)) == dict.fromkeys(
        ODD, Verdict('right', points=2)
    )


@pytest.mark.parametrize('path', SAMPLES, ids=lambda p: p.parent.name)
def test_functions_that_raise_are_marked(boxes, path):
    """One without arguments has neither an input nor a result to show."""
    drawn = exam.draw(path, 1)
    names = {test.of for test in drawn.tests}
    cells = [f'def {n}(*args, **options):\n    raise KeyError' for n in names]
    result = marked(boxes, drawn, *cells)
    assert set(statuses(result).values()) == {'error'}, result.note()


def test_what_is_slow_to_import_is_not_the_students_time(boxes, hidden):
    cell = 'import matplotlib.pyplot as plt\nimport torchvision\n'
    assert (
        marked(boxes, hidden, cell + DOUBLE, TOTAL, seconds=0.5).points() == 5
    )


# Without walls.


@pytest.mark.parametrize(
    'cell, status',
    [
        (DOUBLE, 'right'),
        ('import os\ndef double(X):\n    os._exit(0)', 'died'),
        ('import os\nos._exit(0)', 'missing'),
        ('def double(X):\n    while True:\n        pass', 'late'),
    ],
)
def test_unsafe_marks_too(hidden, cell, status):
    assert statuses(marked(Boxes(walled=False), hidden, TOTAL, cell)) == {
        'double': status,
        'total': 'right',
    }


def test_unsafe_without_a_fork(hidden):
    cell = 'import os\ndef total(xs):\n    os._exit(0)'
    unsafe = Boxes(walled=False, forks=False)
    assert statuses(marked(unsafe, hidden, DOUBLE, cell)) == {
        'double': 'right',
        'total': 'died',
    }
