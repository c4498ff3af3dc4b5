"""Hidden tests, answers to them and notebooks, for the marker's tests."""

import json
from pathlib import Path

from d2lmini_mark import exam, notebook
from d2lmini_mark.marking import Marker

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / 'exercises' / 'sources').glob('*/hidden.py'))
HIDDEN = """
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
"""
DOUBLE = 'def double(X):\n    return 2 * X'
TOTAL = """def total(xs):
    if not xs:
        raise ValueError('empty')
    return sum(xs)"""


def as_notebook(*sources):
    """Return a notebook of code cells, as text."""
    return json.dumps(
        {
            'nbformat': 4,
            'nbformat_minor': 5,
            'metadata': {},
            'cells': [
                {
                    'cell_type': 'code',
                    'source': s,
                    'outputs': [],
                    'metadata': {},
                    'execution_count': None,
                }
                for s in sources
            ],
        }
    )


def marked(boxes, drawn, *cells, seconds=3.0, limit=180.0):
    """Mark a notebook of some cells; return the Result.

    Args:
        boxes: What starts boxes.
        drawn: An Exam, or the path of a file of hidden tests.
        cells: The sources of the code cells.
        seconds: The time limit of a cell.
        limit: Of the notebook as a whole, on the clock.
    """
    if isinstance(drawn, Path):
        drawn = exam.draw(drawn, 1)
    sources = notebook.code_cells(as_notebook(*cells))
    return Marker(drawn, boxes, sources, seconds, limit).mark()


def statuses(result):
    """Return {column: status} of a Result."""
    return {name: v.status for name, v in result.verdicts.items()}
