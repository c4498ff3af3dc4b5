"""Print the whole book, built as one page, into one PDF file.

python tools/pdf.py _build/singlehtml/index.html _build/book.pdf
"""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

LOAD_PICTURES = """() => Promise.all([...document.images].map(picture => {
  picture.loading = 'eager'; return picture.decode(); }))"""


def find_chromium():
    """Return the path of a Chromium or Chrome, or None.

    That is $CHROMIUM, or one on the PATH, or Playwright's own, which
    `playwright install chromium` brings. Raises FileNotFoundError if $CHROMIUM
    names no program.
    """
    named = os.environ.get('CHROMIUM')
    if named and not shutil.which(named):
        raise FileNotFoundError(f'$CHROMIUM is {named!r}, which is no program')
    names = ['chromium', 'chromium-browser', 'google-chrome', 'chrome']
    found = next(filter(None, map(shutil.which, [named or '', *names])), None)
    if found is None:
        with sync_playwright() as playwright:
            own = Path(playwright.chromium.executable_path)
        found = str(own) if own.exists() else None
    return found


def print_page(source, target):
    """Write target, a tagged PDF with an outline, by a Chromium.

    Raises FileNotFoundError if there is none.
    """
    program = find_chromium()
    if program is None:
        raise FileNotFoundError(
            'a PDF needs a Chromium: put one on the PATH, '
            'or run playwright install chromium'
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=['--headless', '--no-sandbox', '--disable-gpu'],
        )
        page = browser.new_page()
        page.goto(Path(source).resolve().as_uri(), timeout=300_000)
        page.evaluate(LOAD_PICTURES)
        page.pdf(
            path=target,
            format='A4',
            tagged=True,
            outline=True,
            margin=dict.fromkeys(['top', 'bottom', 'left', 'right'], '18mm'),
        )
        browser.close()


if __name__ == '__main__':
    print_page(*sys.argv[1:])
