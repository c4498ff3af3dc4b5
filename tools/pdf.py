"""Print the whole book, built as one page, into one PDF file.

    python tools/pdf.py _build/singlehtml/index.html _build/book.pdf
"""
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

LOAD_PICTURES = """() => Promise.all([...document.images].map(picture => {
  picture.loading = 'eager'; return picture.decode(); }))"""


def find_chromium():
    """Return the path of a Chromium or Chrome on the PATH, or None."""
    return next(filter(None, map(shutil.which, [
        'chromium', 'chromium-browser', 'google-chrome', 'chrome'])), None)


def print_page(source, target):
    """Write target, a tagged PDF with an outline, by a Chromium on the PATH.

    Raises FileNotFoundError if there is none.
    """
    program = find_chromium()
    if program is None:
        raise FileNotFoundError('a PDF needs chromium or chrome on the PATH')
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=['--headless', '--no-sandbox', '--disable-gpu'])
        page = browser.new_page()
        page.goto(Path(source).resolve().as_uri(), timeout=300_000)
        page.evaluate(LOAD_PICTURES)
        page.pdf(path=target, format='A4', tagged=True, outline=True,
                 margin={side: '18mm' for side in
                         ['top', 'bottom', 'left', 'right']})
        browser.close()


if __name__ == '__main__':
    print_page(*sys.argv[1:])
