"""Write exercises/live.json: the questions that the website can check.

    python tools/live_exercises.py

Of each question that takes and gives only numbers, texts and arrays it keeps
cases, the smallest first, with what PyTorch wants of each, what each known
mistake gives, and the hints: the website is built without PyTorch. Arrays
become lists, and gradients are not asked for.
"""

import functools
import importlib
import inspect
import json
import math
import re
import sys
from pathlib import Path

import numpy as np
import torch

import exercises

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / 'exercises' / 'live.json'
TENSORS = re.compile(
    r'torch|\bn[np]\.|\bF\.|\[\.\.\.'
    r'|\.(shape|new_|item|mean|float|sum|clamp)\b'
)
MOST = 8000  # characters of a question's cases
UNFIT = {  # their texts ask for what lists do not have
    '02.corr2d_channels',
    '02.conv1x1',
    '02.grouped',
    '04.batch_norm',
    '04.bn_backward',
    '06.affine_backward',
    '09.collate',
}
sys.path.append(str(ROOT / 'checker'))
judge = importlib.import_module('d2lmini_check.judge')
questions = importlib.import_module('d2lmini_check.questions')


def written(value):
    """Return a value as MicroPython reads it; ValueError if it cannot."""
    if isinstance(value, (torch.Tensor, np.ndarray)) and value.ndim:
        return written(value.tolist())
    if isinstance(value, ValueError):
        return f'Refused({str(value)!r})'
    if isinstance(value, float):
        return repr(float(f'{value:.7g}'))
    if isinstance(value, (bool, int, str)) or value is None:
        return repr(value)
    if type(value) is list:
        return f'[{", ".join(map(written, value))}]'
    if type(value) is tuple:
        return f'({"".join(written(v) + ", " for v in value)})'
    raise ValueError(f'{type(value).__name__} is nothing for the page')


def known(value, wanted):
    """As written(), short for what is wanted, and for what it cannot be."""
    try:
        text = written(value)
    except ValueError:
        return 'Unlike()'
    return 'Same()' if near(text, wanted) else text


def near(text, wanted):
    """Tell whether two texts differ at most in the last digits of numbers."""
    a, b = (re.split(r'(-?\d+\.\d+(?:e-?\d+)?)', t) for t in (text, wanted))
    return a[::2] == b[::2] and all(
        math.isclose(float(x), float(y), rel_tol=1e-5, abs_tol=1e-6)
        for x, y in zip(a[1::2], b[1::2])
    )


def cases_of(name, question):
    """Return the cases of a question: the call, what is wanted, mistakes."""
    names = list(inspect.signature(question.oracle).parameters)
    rows, room = [], MOST
    for case, wanted, wrong in judge.prepared(name):
        call = dict(zip(names, case.args, strict=False)) | case.kwargs
        arguments = ', '.join(
            f'{key!r}: {written(value)}' for key, value in call.items()
        )
        right = written(wanted)
        mistakes = ', '.join(known(value, right) for value in wrong.values())
        row = f'({{{arguments}}}, {right}, [{mistakes}])'
        if question.use or len(row) <= room:
            rows.append(row)
            room -= len(row)
    return f'[{",".join(rows)}]'


def pack(name, question):
    """Return a question for the page, or None if it needs tensors."""
    predicts = question.secret and question.use is not None
    if question.use and not predicts:
        return None
    try:
        cases = cases_of(name, question)
    except ValueError:
        return None
    return {
        'cases': cases,
        'mistakes': list(question.mistakes),
        'hints': list(question.hints),
        'secret': question.secret,
        'predicts': predicts,
    }


@functools.cache
def cells_of(chapter):
    """Return the cells of a chapter's exercises as readers get them."""
    folder = questions.chapters()[chapter].removeprefix('c')
    return exercises.student(folder).cells


def is_tensor_code(chapter, name):
    """Tell whether the reader starts from a program that needs tensors."""
    for cell in cells_of(chapter):
        if re.search(rf'^def {name}\(', cell.source, flags=re.M):
            return bool(TENSORS.search(cell.source))
    return True


def collect():
    """Return {name: question} of all questions for the page."""
    found = {
        f'{chapter}.{name}': pack(f'{chapter}.{name}', question)
        for chapter in questions.chapters()
        for name, question in questions.questions(chapter).items()
        if f'{chapter}.{name}' not in UNFIT
        and not is_tensor_code(chapter, name)
    }
    return {name: packed for name, packed in found.items() if packed}


def text():
    return json.dumps(collect(), indent=1, ensure_ascii=False) + '\n'


if __name__ == '__main__':
    FILE.write_text(text(), encoding='utf-8')
