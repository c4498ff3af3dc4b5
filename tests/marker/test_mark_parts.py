"""The marker's parts: plain data, hidden tests, names."""

import json
import os
import re

import numpy as np
import pytest
import torch
from submissions import SAMPLES

import exercises
from d2lmini_mark import exam, report
from d2lmini_mark.inside import plain
from d2lmini_mark.marking import difference


@pytest.mark.parametrize(
    'value',
    [
        None,
        True,
        3,
        2.5,
        'text',
        float('inf'),
        [1, (2.0, 'x')],
        {'a': [1]},
        {3},
        torch.ones(2, 3),
        torch.tensor(5),
        torch.zeros(0, 2),
        np.arange(4.0),
        torch.tensor([True]),
        torch.ones(2, dtype=torch.bfloat16),
        np.float32([[1, -np.inf]]),
        (torch.ones(1), {1: np.eye(2)}),
    ],
)
def test_plain_data_comes_back(value):
    back = plain.decode(json.loads(json.dumps(plain.encode(value))))
    assert type(back) is type(value) and repr(back) == repr(value)
    assert getattr(back, 'dtype', None) == getattr(value, 'dtype', None)


ARRAY = {'kind': 'tensor', 'dtype': 'float32', 'shape': [2], 'data': [1, 2]}


@pytest.mark.parametrize(
    'data',
    [
        {},
        {'kind': 'pickle'},
        {'kind': 'tuple'},
        {'kind': 'set', 'data': 5},
        {'kind': 'function', 'number': 0},
        {'kind': 'dict', 'data': [1]},
        {'kind': 'dict', 'data': [[[], 1]]},
        {'kind': ['tensor']},
        ARRAY | {'dtype': 'object'},
        ARRAY | {'dtype': 'O'},
        ARRAY | {'dtype': ['float32']},
        ARRAY | {'shape': [3]},
        ARRAY | {'shape': [-1, -2]},
        ARRAY | {'shape': [True, 2]},
        ARRAY | {'shape': '2'},
        ARRAY | {'shape': [2.0]},
        ARRAY | {'shape': [1] * 40 + [2]},
        ARRAY | {'data': ['1', '2']},
        ARRAY | {'data': [1, None]},
        ARRAY | {'data': [True, False]},
        ARRAY | {'dtype': 'uint8', 'data': [1, 300]},
        ARRAY | {'dtype': 'int64', 'data': [1, 10**30]},
        ARRAY | {'dtype': 'int64', 'data': [1, 2.0]},
        ARRAY | {'dtype': 'bool', 'data': [0, 1]},
        json.loads('[' * 50 + ']' * 50),
    ],
)
def test_plain_data_is_not_believed(data):
    with pytest.raises(plain.Unreadable):
        plain.decode(data)


@pytest.mark.parametrize(
    'test, words',
    [
        ('', 'holds no hidden tests'),
        ('1 / 0', 'ZeroDivisionError'),
        ('@marks(1)\ndef f(dice):\n    yield 1 / 0, 2', 'division by zero'),
        ('@marks(1)\ndef f(dice):\n    return []', 'it yields no call'),
        ('@marks(0)\ndef f(dice):\n    yield call(), 1', 'must be above 0'),
        ('@marks(1)\ndef f(dice):\n    yield call(dice), 1', 'with `use`'),
        ('@marks(1)\ndef f(dice):\n    yield call(int), 1', 'with `use`'),
        ('@marks(1)\ndef f(dice):\n    yield call(), print', 'no plain data'),
        ('@marks(1)\ndef f(dice):\n    yield call(), 1, 2', 'a function'),
        (
            '@marks(1, demands=("speed",))\ndef f(dice):\n    yield call(), 1',
            'got speed',
        ),
        (
            '@marks(1)\ndef f(dice):\n    yield call(), dice',
            'Dice is no plain',
        ),
        (
            'x = 5\ndef g(f):\n    return x\n\n@marks(1, use=g)\n'
            'def f(dice):\n    yield call(), 1',
            'g reads x',
        ),
        (
            '@marks(1, use=lambda f: f())\ndef f(dice):\n    yield call(), 1',
            'made by def',
        ),
    ],
)
def test_hidden_tests_that_cannot_be_used(tmp_path, test, words):
    path = tmp_path / 'tests.py'
    path.write_text(f'from d2lmini_mark import call, marks\n\n{test}\n')
    with pytest.raises(exam.BadTest, match=re.escape(words)):
        exam.draw(path, 0)


def test_what_cannot_be_compared_is_wrong(hidden):
    test = exam.draw(hidden, 0).tests[0]
    ready = exam.Ready(exam.call(), 2.5)
    assert 'cannot be compared' in difference(test, ready, 10**400, 2.5)
    assert difference(test, ready, 2.5, 2.5) is None


def test_inputs_follow_the_seed(hidden):
    drawn = [exam.draw(hidden, seed) for seed in [1, 1, 2]]
    inputs = [str([r.wanted for r in d.tests[0].ready]) for d in drawn]
    assert inputs[0] == inputs[1] != inputs[2]
    assert len({d.digest() for d in drawn}) == 1
    network = hidden.parent / 'network.py'  # it draws with PyTorch's own dice
    network.write_text(
        'import torch\nfrom d2lmini_mark import call, marks\n\n@marks(1)\n'
        'def f(dice):\n    yield call(), torch.nn.Linear(2, 2).weight.detach()'
    )
    assert len({exam.draw(network, 5).digest() for _ in range(2)}) == 1
    changed = hidden.parent / 'changed.py'
    changed.write_text(hidden.read_text().replace('2 * X', '3 * X'))
    assert exam.draw(changed, 1).digest() != drawn[0].digest()


def test_the_page_for_teachers_lists_the_samples():
    """`make exercises` writes the list."""
    text = exercises.TEACHERS.read_text(encoding='utf-8')
    assert text == exercises.teachers()
    numbers = sorted({int(path.parent.name[1:3]) for path in SAMPLES})
    listed = exercises.SAMPLES.search(text)[0]
    assert [int(n) for n in re.findall(r'\d+', listed)] == numbers


def test_pages_have_names_of_their_own():
    names = ['a/x.ipynb', 'a-x.ipynb', 'a x.ipynb', os.fsdecode(b'\xff')]
    pages = {report.page_name(name) for name in names}
    assert len(pages) == 4
    assert all(re.fullmatch(r'[\w-]+\.html', page) for page in pages)
