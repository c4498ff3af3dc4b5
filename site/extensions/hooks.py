"""The Sphinx extension that puts a picture under the title of a chapter.

It is a figure of the page itself, with words that make one want to read on:
site/hooks.yml names both. A figure before the first section moves up, with
its own caption where no words are named; of any other a copy is shown, with
a link to it. Cards and pictures for sharing show the same figure.
"""

import functools
import json
from html import escape
from pathlib import Path

import yaml
from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from PIL import Image
from reading import code_cells, number_of
from sphinx.errors import SphinxError
from website import DRAWN_DPI, SHOWN_DPI, SITE, is_drawing

HOOKS = SITE / 'hooks.yml'
WIDE, HIGH = 736, 272  # the room of the picture, in pixels of the page
ANCHOR = 'the-first-picture'
HOOK = """<figure class="hook"><img class="{kind}" src="{source}"
alt="{alt}" width="{width}" height="{height}" fetchpriority="high">
<figcaption>{words}</figcaption></figure>"""
WAY = ' <a href="#{anchor}">Explained below</a>'


def setup(app):
    app.connect('doctree-resolved', add_hook)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}


@functools.cache
def choices():
    """Return what hooks.yml says of pages: a figure, perhaps words."""
    return yaml.safe_load(HOOKS.read_text(encoding='utf-8'))


def cell_of(app, page, doctree):
    """Return the cell of a doctree whose figure is the page's hook, or None.

    Raises:
        SphinxError: If hooks.yml names a cell that is not there, or one
            that draws nothing.
    """
    chosen = choices().get(page)
    if chosen is None:
        return None
    source = Path(app.env.doc2path(page)).read_text(encoding='utf-8')
    ids = [cell['id'] for cell in json.loads(source)['cells']]
    for cell in code_cells(doctree):
        same = ids[cell['cell_index']] == chosen['figure']
        if same and any(cell.findall(nodes.image)):
            return cell
    raise SphinxError(
        f'site/hooks.yml wants the figure of the cell {chosen["figure"]!r} '
        f'under the title of {page}, but no cell with this id draws one'
    )


def figure_of(app, page):
    """Return the file and the alt text of a page's hook, or twice None."""
    cell = cell_of(app, page, app.env.get_doctree(page))
    if cell is None:
        return None, None
    picture = next(cell.findall(nodes.image))
    return Path(app.srcdir, picture['uri']), picture.get('alt', '')


def add_hook(app, doctree, docname):
    """Put the hook between a chapter's title and its first words."""
    if app.builder.name != 'html' or not number_of(docname):
        return
    cell = cell_of(app, docname, doctree)
    if cell is None:
        return
    section = next(doctree.findall(nodes.section))
    picture = next(cell.findall(nodes.image))
    words = choices()[docname].get('words', '')
    if cell.parent is section:
        words = take_out(cell, picture) or words
    else:
        cell['ids'].append(ANCHOR)
        words = escape(words) + WAY.format(anchor=ANCHOR)
    html = show(app, docname, picture, words)
    section.insert(1, nodes.raw('', html, format='html'))


def take_out(cell, picture):
    """Take a figure out of its cell; return its caption as HTML."""
    figure = picture.parent
    whole = figure if isinstance(figure, nodes.figure) else picture
    caption = next(whole.findall(nodes.caption), nodes.caption())
    whole.parent.remove(whole)
    for fold in cell.findall(HideCodeCellNode):
        fold['prompt_show'] = fold['prompt_hide'] = 'Code of the first picture'
    number, *rest = caption.children or [nodes.Text('')]
    text = escape(''.join(node.astext() for node in rest))
    return f'<strong>{escape(number.astext())}</strong>{text}'


def show(app, docname, picture, words):
    """Write a small file of a picture; return it and the words as HTML."""
    path = Path(app.srcdir, picture['uri'])
    name = f'hook_{Path(docname).name}.webp'
    target = Path(app.outdir, '_images', name)
    target.parent.mkdir(parents=True, exist_ok=True)
    drawn = is_drawing(path)
    image = Image.open(path).convert('RGB')
    image.save(target, lossless=drawn, quality=80, method=6)
    width, height = size_of(image)
    return HOOK.format(
        kind='drawn' if drawn else 'photograph',
        source=app.builder.get_relative_uri(docname, 'index').replace(
            'index.html', f'_images/{name}'
        ),
        alt=escape(picture.get('alt', '')),
        width=width,
        height=height,
        words=words,
    )


def size_of(image):
    """Return how wide and high a figure is shown: as the others, but low."""
    scale = min(SHOWN_DPI / DRAWN_DPI, WIDE / image.width, HIGH / image.height)
    return round(scale * image.width), round(scale * image.height)
