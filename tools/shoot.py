"""Take the pictures that stand for the widgets where no script runs.

    python tools/shoot.py [NAME ...]    all if none is named

Needs Playwright and Chromium, like the tests.
"""

import html
import io
import sys
from pathlib import Path

import nbformat
from markdown_it import MarkdownIt
from pdf import find_chromium
from PIL import Image
from playwright.sync_api import sync_playwright

SITE = Path(__file__).resolve().parents[1] / 'site'
sys.path.append(str(SITE / 'extensions'))
from embed import FOLDER, scripts  # noqa: E402

NAMES = [
    'convolution',
    'pooling',
    'receptive-field',
    'calculator',
    'draw',
    'transposed',
    'channels',
    'playground',
    'backward',
    'batch-norm',
    'shortcut',
    'line',
    'dense',
    'inception',
    'symptom',
    'roofline',
    'augment',
    'grad-cam',
    'sampler',
    'validation-noise',
    'blocks',
    'dropout',
    'small-kernels',
    'compare',
    'threshold',
]
POSES = {
    'sampler': 'widget => widget.change({ times: 9 })',
    'augment': 'widget => widget.ready',
    'convolution': 'widget => widget.choose(0, 2)',
    'draw': 'widget => widget.fetchStored(7)',
    'transposed': 'widget => widget.choose(1, 1)',
    'symptom': """widget => widget.change({ text: 'RuntimeError: mat1 and mat2'
        + ' shapes cannot be multiplied (64x784 and 400x120)' })""",
}
PHOTOGRAPHS = 'augment', 'grad-cam'
SCALE = 150 / 105  # of the book's figures: in their files, on a page
BARE = """<!DOCTYPE html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Widgets</title><div class="columns"><main><h1>Widgets</h1>
{}</main></div>"""
STILL = """
    .lead, .head, .task, .controls, .player, .buttons, .honest, .facts,
    :not(.field) > textarea { display: none !important }
    .scroll { height: auto !important }
    main > *, .stage, .verdict, .outcome {
        min-height: 0 !important; border: 0 !important }"""


def clinic():
    """Return the clinic as HTML: what <d2l-symptom> knows stands there."""
    path = SITE.parent / 'chapters' / '12_clinic.ipynb'
    parts, markdown = [], MarkdownIt().enable('table')
    for cell in nbformat.read(path, 4).cells:
        if cell.cell_type == 'markdown' and '<d2l-' not in cell.source:
            parts.append(markdown.render(cell.source))
        for output in cell.get('outputs', []):
            parts.append(f'<pre>{html.escape(output.get("text", ""))}</pre>')
    return ''.join(parts)


def show(page, *names, more=''):
    """Fill a browser's page with widgets; return the first of them."""
    page.set_content(
        BARE.format(
            ''.join(
                f'<d2l-{name}><p>A picture.</p></d2l-{name}>' for name in names
            )
            + more
        )
    )
    sheets = [FOLDER / name for name in ('widgets.css', 'heights.css')]
    for path in [SITE / 'static/book.css', *sheets]:
        page.add_style_tag(path=path)
    for script in dict.fromkeys(s for name in names for s in scripts(name)):
        page.add_script_tag(path=FOLDER / script)
    return page.locator(f'd2l-{names[0]}')


def save(picture, path):
    """Write a picture: photographs keep their colors, others get 64."""
    if path.name in PHOTOGRAPHS:
        picture.save(path.with_suffix('.jpg'), quality=55, optimize=True)
    else:
        method = Image.Quantize.MEDIANCUT
        if path.name == 'convolution':  # half a photograph: far smaller so
            method = Image.Quantize.FASTOCTREE
        drawing = picture.quantize(64, method, dither=Image.Dither.NONE)
        drawing.save(path.with_suffix('.png'), optimize=True)


def main(names):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(),
            args=['--no-sandbox', '--disable-gpu'],
        )
        page = browser.new_page(
            viewport={'width': 1280, 'height': 900},
            color_scheme='light',
            device_scale_factor=SCALE,
        )
        for name in names:
            more = clinic() if name == 'symptom' else ''
            widget = show(page, name, more=more)
            page.add_style_tag(content=STILL)
            if name == 'draw':
                page.add_script_tag(path=FOLDER / 'lenet-digits.js')
            if name in POSES:
                widget.evaluate(POSES[name])
            page.wait_for_timeout(300)  # photographs are decoded
            picture = Image.open(io.BytesIO(widget.screenshot()))
            save(picture.convert('RGB'), SITE / 'pictures' / name)
        browser.close()


if __name__ == '__main__':
    main(sys.argv[1:] or NAMES)
