"""Write the probabilities of <d2l-threshold>: those of chapter 13's network.

    python tools/make_ants_bees.py

The chapter's own cells are run, up to its test. Of each class the script gets
the probabilities of "bees", for validation and for test photographs.
"""

import os
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]
PAGE = ROOT / 'chapters' / '13_project.ipynb'
SCRIPT = ROOT / 'site' / 'widgets' / 'ants-bees.js'
LAST = 'test_iter = loader'  # the cell that tests
TEXT = """/* Written by tools/make_ants_bees.py: the probability of "bees" that
   chapter 13's network gives to photographs of ants, and of bees. */
'use strict';
globalThis.d2l ??= {{}};
d2l.antsBees = {{
  validation: {validation},
  test: {test},
}};
"""


def run_page():
    """Return the page's names, after its cells up to the test."""
    names = {'__name__': 'page'}
    for cell in nbformat.read(PAGE, 4).cells:
        code = cell.cell_type == 'code'
        if code and 'setup' not in cell.metadata.get('tags', []):
            exec(compile(cell.source, cell.id, 'exec'), names)
            if cell.source.startswith(LAST):
                return names
    raise LookupError(f'{PAGE.name} has no cell that begins with {LAST!r}')


def sorted_probabilities(names, places, data_iter):
    """Return the probabilities of bees, of ants and of bees, sorted."""
    labels = names['labels'][places]
    bees = names['predict'](data_iter).softmax(1)[:, 1]
    return [
        [round(p, 4) for p in bees[labels == k].sort().values.tolist()]
        for k in range(2)
    ]


def main():
    os.environ['MPLBACKEND'] = 'agg'
    names = run_page()
    assert names['every'].classes == ['ants', 'bees']
    parts = {
        part: sorted_probabilities(
            names, names[f'{short}_places'], names[f'{short}_iter']
        )
        for part, short in [('validation', 'valid'), ('test', 'test')]
    }
    SCRIPT.write_text(TEXT.format(**parts), encoding='utf-8')


if __name__ == '__main__':
    main()
