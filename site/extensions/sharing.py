"""The Sphinx extension by which pages are found and shared.

Each page gets a description of its own and a picture for those who link to
it. Web hosts get a list of pages with dates, and a page for no page.
"""

import functools
import re
import subprocess
import unicodedata
from pathlib import Path
from urllib.parse import urlsplit

from docutils import nodes
from hooks import figure_of
from PIL import Image, ImageDraw, ImageFont
from reading import number_of
from website import WHITE

SIZE = 1200, 630  # pixels of a picture for sharing
CARD = 1.8  # width of a card's picture by its height
EDGE, INK, FAINT = 70, '#1f2430', '#5a6373'
ACCENT, PANEL = '#005a94', '#e8f1f8'
KERNEL = '-1', '0', '1', '-2', '0', '2', '-1', '0', '1'
LONGEST = 160  # characters of a description
QUESTION = re.compile(r'^\d+\. | ?[★☆]+.*$')  # round an exercise's title


def setup(app):
    app.connect('config-inited', add_no_page)
    app.connect('html-page-context', describe)
    app.connect('build-finished', write_for_hosts)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}


def add_no_page(app, config):
    config.html_additional_pages['404'] = '404.html'


# Descriptions


def describe(app, pagename, templatename, context, doctree):
    """Tell the layout what the page is about, and where its picture lies."""
    if doctree is None:
        return
    if pagename != app.config.root_doc:
        context['description'] = description_of(doctree, pagename)
    address = app.config.html_baseurl
    if address and app.builder.name == 'html':
        name = f'share_{pagename.replace("/", "_")}.jpg'
        target = Path(app.outdir, '_images', name)
        target.parent.mkdir(parents=True, exist_ok=True)
        draw_share(app, pagename).save(target, quality=80, optimize=True)
        context['share_url'] = f'{address.rstrip("/")}/_images/{name}'


def description_of(doctree, pagename):
    """Return a page's title and the first that it says, in one line.

    That is a list of what readers will learn, or a paragraph; of exercises
    the names of the questions, as all begin with the same words.
    """
    title, *heads = (t.astext() for t in doctree.findall(nodes.title))
    if pagename.startswith('exercises/') and number_of(
        pagename.replace('exercises', 'chapters').replace('/solutions', '')
    ):
        questions = [QUESTION.sub('', head) for head in heads if '★' in head]
        return shorten(f'{title}. Questions: {", ".join(questions)}.')
    texts = (
        node.astext()
        for node in doctree.findall(
            lambda n: isinstance(n, nodes.paragraph | nodes.bullet_list)
        )
    )
    long = next((text for text in texts if len(text) > 60), '')
    parts = [part.strip(' ;.') for part in long.split('\n\n')]
    return shorten(f'{title}. {"; ".join(parts)}.')


def shorten(text):
    """Return a text in one line, cut after a word where it is too long."""
    text = ' '.join(text.split())
    if len(text) <= LONGEST:
        return text
    return text[: LONGEST - 1].rsplit(' ', 1)[0].rstrip(' ,;:.') + ' …'


# Pictures


def best_figure(app, page):
    """Return the file and the alt text of a page's hook, or fullest figure.

    Or None and nothing.
    """
    path, alt = figure_of(app, page)
    if path is not None:
        return path, alt
    figures = [
        (Path(app.srcdir, node['uri']), node.get('alt', ''))
        for node in app.env.get_doctree(page).findall(nodes.image)
        if node['uri'].endswith(('.png', '.jpg', '.jpeg'))
    ]
    return max(
        figures, key=lambda figure: worth(figure[0]), default=(None, '')
    )


def worth(path):
    """Return how much of a card a figure fills with what is not white."""
    picture = Image.open(path).convert('L')
    shades = picture.histogram()
    ink = 1 - sum(shades[WHITE:]) / sum(shades)
    shape = picture.width / picture.height / CARD
    return ink * min(shape, 1 / shape)


def fit(path, width, height):
    """Return a picture shrunk into the middle of a white sheet."""
    picture = Image.open(path).convert('RGB')
    picture.thumbnail((width, height))
    sheet = Image.new('RGB', (width, height), 'white')
    place = (width - picture.width) // 2, (height - picture.height) // 2
    sheet.paste(picture, place)
    return sheet


def draw_share(app, pagename):
    """Return the picture of a page: its number, its title, a figure."""
    sheet = Image.new('RGB', SIZE, 'white')
    pen = ImageDraw.Draw(sheet)
    pen.rectangle([0, 0, 24, SIZE[1]], fill=ACCENT)
    path, _ = best_figure(app, pagename)
    if path is None:
        draw_kernel(pen, 760, 150)
    else:
        sheet.paste(fit(path, 500, 430), (640, 80))
    number = number_of(pagename)
    title = app.env.titles[pagename].astext().removeprefix(f'{number}. ')
    if pagename == app.config.root_doc:
        title = app.config.project
    top = 90
    if number:
        pen.text((EDGE, top), number, font=font(90), fill=ACCENT)
        top += 120
    write(pen, drawable(title), top)
    book = app.config.project if title != app.config.project else ''
    pen.text((EDGE, 545), book, font=font(32), fill=FAINT)
    return sheet


@functools.cache
def font(size):
    return ImageFont.load_default(size)


def drawable(text):
    """Return a text in the letters that Pillow's own font has: ASCII."""
    text = unicodedata.normalize('NFKD', text.replace('×', 'x'))
    return text.encode('ascii', 'ignore').decode()


def write(pen, text, top, width=540, size=60):
    """Write a text in lines that are not too wide."""
    lines = ['']
    for word in text.split():
        longer = f'{lines[-1]} {word}'.strip()
        if pen.textlength(longer, font=font(size)) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > 5 and size > 30:
        return write(pen, text, top, width, size - 8)
    block = '\n'.join(line for line in lines if line)
    pen.multiline_text((EDGE, top), block, font=font(size), fill=INK)


def draw_kernel(pen, left, top, side=100):
    """Draw nine numbers: where a page has no figure."""
    for i, number in enumerate(KERNEL):
        x, y = left + i % 3 * (side + 12), top + i // 3 * (side + 12)
        pen.rounded_rectangle(
            [x, y, x + side, y + side], 12, fill=PANEL, outline=ACCENT, width=3
        )
        middle = x + side / 2, y + side / 2
        pen.text(middle, number, font=font(44), fill=INK, anchor='mm')


# For web hosts


def write_for_hosts(app, error):
    """Write what only a web host needs: a list of pages, one for no page."""
    if error or app.builder.name != 'html':
        return
    folder, address = Path(app.outdir), app.config.html_baseurl
    dates = dates_of(app)
    urls = [
        f'<url><loc>{address}{app.builder.get_target_uri(name)}</loc>'
        + (f'<lastmod>{dates[name]}</lastmod>' if name in dates else '')
        + '</url>'
        for name in sorted(app.env.found_docs)
    ]
    head = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    )
    site_map = head + '\n'.join(urls) + '\n</urlset>\n'
    (folder / 'sitemap.xml').write_text(site_map, encoding='utf-8')
    (folder / 'robots.txt').write_text(
        f'User-agent: *\nSitemap: {address}sitemap.xml\n'
    )
    make_absolute(folder / '404.html', urlsplit(address).path)


def dates_of(app):
    """Return when each page was last changed, as far as Git knows it all."""
    shallow = git(app, 'rev-parse', '--is-shallow-repository')
    if shallow.strip() != 'false':
        return {}
    dates, date = {}, ''
    names = {
        str(app.env.doc2path(name, False)): name for name in app.env.found_docs
    }
    log = git(app, 'log', '--format=:%cs', '--name-only', '--relative')
    for line in log.splitlines():
        if line.startswith(':'):
            date = line[1:]
        elif line in names:
            dates.setdefault(names[line], date)
    return dates


def git(app, *command):
    """Return what Git prints, or nothing where there is no repository."""
    try:
        done = subprocess.run(
            ['git', *command],
            cwd=app.srcdir,
            capture_output=True,
            encoding='utf-8',
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ''
    return done.stdout


def make_absolute(path, home):
    """Have a page's links work wherever below home a host shows it."""
    html = re.sub(
        r'\b(href|src|action|data-content_root)="(?!https?:|#|data:|/)'
        r'(?:\./)?([^"]*)"',
        rf'\1="{home}\2"',
        path.read_text(encoding='utf-8'),
    )
    path.write_text(html, encoding='utf-8')
