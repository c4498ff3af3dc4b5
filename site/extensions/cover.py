"""The Sphinx extension that makes the cover.

It fills the addresses into site/cover.html, brings the script of its live
convolution, and turns the table of chapters of index.md into cards, each with
a picture from its chapter. In the repository the table stays a table.
"""

from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from docutils import nodes
from PIL import Image
from reading import number_of
from sharing import best_figure, fit
from website import BRANCH, COLAB, SITE, is_drawing, repository

FIRST = 'chapters/00_preliminaries'
PICTURE = SITE / 'static/cover.jpg'
WIDE, HIGH = 360, 200  # pixels of a card's picture
CARD = """<li class="card" data-page="{page}"><a href="{uri}">{picture}
<span class="name"><b>{number}</b> {title}</span></a>
<p>{text}</p>
<p class="needs">After: {needs}</p>
<p class="facts">{minutes} minutes<span class="progress"></span></p></li>"""


def setup(app):
    app.connect('doctree-read', fill_cover)
    app.connect('doctree-resolved', make_cards)
    app.connect('html-page-context', add_script)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}


def is_cover(app, docname):
    return docname == app.config.root_doc and app.builder.format == 'html'


def fill_cover(app, doctree):
    """Fill in what site/cover.html leaves open."""
    for raw in doctree.findall(nodes.raw):
        if '<cover-picture>' not in raw.astext():
            continue
        address, (width, height) = repository(), Image.open(PICTURE).size
        owner_and_name = urlsplit(address).path.strip('/')
        text = raw.astext()
        for name, value in {
            'start': f'{FIRST}.html',
            'colab': f'{COLAB}/{owner_and_name}/blob/{BRANCH}/{FIRST}.ipynb',
            'repository': address,
            'name': owner_and_name.split('/')[1],
            'picture': f'_static/{PICTURE.name}',
            'width': str(width),
            'height': str(height),
        }.items():
            text = text.replace(f'{{{name}}}', value)
        raw.children = [nodes.Text(text)]


def make_cards(app, doctree, docname):
    """Turn the table that links to the chapters into cards."""
    if not is_cover(app, docname):
        return
    for table in list(doctree.findall(nodes.table)):
        (body,) = table.findall(nodes.tbody)
        rows = [read_row(row) for row in body.findall(nodes.row)]
        if not any(number_of(row['page']) for row in rows):
            continue
        cards = ''.join(
            make_card(app, row)
            if row['page']
            else f'</ol><h3>{escape(row["title"])}</h3><ol class="cards">'
            for row in rows
        )
        html = f'<ol class="cards">{cards}</ol>'.replace(
            '<ol class="cards"></ol>', ''
        )
        table.replace_self(nodes.raw('', html, format='html'))


def read_row(row):
    """Return what a row of the table says of a page, or of a part."""
    first, needs, minutes = (
        entry.astext() for entry in row.findall(nodes.entry)
    )
    link = next(row.findall(nodes.reference), None)
    title, _, text = first.partition(': ')
    page = link.get('refuri', '').removesuffix('.html') if link else ''
    return {
        'page': page,
        'title': title,
        'text': text[:1].upper() + text[1:] + '.',
        'needs': needs,
        'minutes': minutes,
    }


def make_card(app, row):
    return CARD.format(
        page=row['page'],
        uri=app.builder.get_relative_uri(app.config.root_doc, row['page']),
        number=number_of(row['page']),
        title=escape(row['title']),
        text=escape(row['text']),
        needs=escape(row['needs']),
        minutes=row['minutes'],
        picture=draw_thumbnail(app, row['page']),
    )


def draw_thumbnail(app, page):
    """Write a small picture of a chapter; return its <img>, or nothing."""
    path, alt = best_figure(app, page)
    if path is None:
        return ''
    target = Path(app.outdir, '_images', f'card_{Path(page).name}.jpg')
    target.parent.mkdir(parents=True, exist_ok=True)
    sheet = fit(path, WIDE, HIGH)
    sheet.save(target, quality=75, optimize=True)
    kind = 'drawn' if is_drawing(path) else 'photograph'
    return (
        f'<img class="{kind}" src="_images/{target.name}" '
        f'alt="{escape(alt)}" width="{WIDE}" height="{HIGH}" loading="lazy">'
    )


def add_script(app, pagename, templatename, context, doctree):
    if is_cover(app, pagename) and '<cover-picture>' in context['body']:
        app.add_js_file('cover.js', loading_method='defer')
        app.add_css_file('cover.css')
