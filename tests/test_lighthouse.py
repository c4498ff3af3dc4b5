"""What Lighthouse says of two pages, on the phone that it simulates.

`python tools/lighthouse.py` measures all of them.
"""

import lighthouse
import pytest

PAGES = ['index', 'chapters/07_training']  # the first, and the heaviest


@pytest.mark.parametrize('name', PAGES)
def test_scores(site, chromium, name):
    """Other programs only slow a page down: the best of three runs counts."""
    if not lighthouse.PROGRAM.exists():
        pytest.skip('Lighthouse is not here: make checkers')
    found = lighthouse.best_of(3, f'{site}/{name}.html', chromium, 90)
    print(name, found)
    performance = found['scores'].pop('performance')
    assert set(found['scores'].values()) == {100}, found
    assert performance >= 90
