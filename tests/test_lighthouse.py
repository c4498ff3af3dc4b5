"""What Lighthouse says of two pages, on the phone that it simulates.

`python tools/lighthouse.py` measures all of them, on a quiet machine, where
95 is wanted. Here other tests compute meanwhile: a page that has 96 then was
seen with 85.
"""

import lighthouse
import pytest

PAGES = ['index', 'chapters/07_training']  # the first, and the heaviest
ENOUGH = 75


@pytest.mark.parametrize('name', PAGES)
def test_scores(site, chromium, name):
    """Other programs only slow a page down: the best of three runs counts."""
    if not lighthouse.PROGRAM.exists():
        pytest.skip('Lighthouse is not here: make checkers')
    found = lighthouse.best_of(3, f'{site}/{name}.html', chromium, ENOUGH)
    print(name, found)
    performance = found['scores'].pop('performance')
    assert set(found['scores'].values()) == {100}, found
    assert performance >= ENOUGH
