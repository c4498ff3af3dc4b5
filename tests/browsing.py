"""What the tests of the website share: the site, a server, and a browser."""
import functools
import gzip
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import tomllib
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from filelock import FileLock
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / 'tools'), str(ROOT / 'site/extensions')]
from pdf import find_chromium  # noqa: E402
from website import find_node  # noqa: E402

HTML = ROOT / '_build' / 'html'
ADDRESS = tomllib.loads((ROOT / 'pyproject.toml').read_text())[
    'project']['urls']['Repository']
TOC = yaml.safe_load((ROOT / '_toc.yml').read_text())
PARTS = [entry['file'] for part in TOC['parts'] for top in part['chapters']
         for entry in [top, *top.get('sections', [])]]
READING = [TOC['root']] + PARTS  # in the order of the book
CHAPTERS = [name for name in PARTS if name.startswith('chapters/')]
PAGES = READING + ['search']
FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run
    --disable-background-networking --disable-component-update
    --disable-sync""".split()


def make_book(folder, **environment):
    """Build the book in a folder as `make book` does."""
    return subprocess.run(
        ['make', '-C', folder, '-f', ROOT / 'Makefile', '-o', '.venv/site.ready',
         f'BIN={Path(sys.executable).parent}', 'book'],
        env=os.environ | environment, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)


@pytest.fixture(scope='session')
def build(tmp_path_factory):
    """Build the book, once for all workers; return what make did."""
    if not shutil.which('make'):
        pytest.skip('make is not here')
    folder = tmp_path_factory.getbasetemp()
    if 'PYTEST_XDIST_WORKER' in os.environ:
        folder = folder.parent
    record = folder / 'build.json'
    with FileLock(folder / 'build.lock'):
        if not record.exists():
            before, began = os.times(), time.monotonic()
            done = make_book(ROOT)
            after = os.times()
            record.write_text(json.dumps({
                'returncode': done.returncode, 'stdout': done.stdout,
                'seconds': time.monotonic() - began, 'computing':
                after.children_user - before.children_user
                + after.children_system - before.children_system}))
    return SimpleNamespace(**json.loads(record.read_text()))


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
    if find_chromium() is None:
        pytest.skip('no Chromium on the PATH')
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=find_chromium(), args=FLAGS, timeout=120_000)


COUNT_SHIFTS = """
    window.shift = 0;
    new PerformanceObserver(list => list.getEntries().forEach(
        entry => { if (!entry.hadRecentInput) window.shift += entry.value; }
    )).observe({type: 'layout-shift', buffered: true});"""


def open_page(browser, url, width=1280, mode='light', **options):
    """Open a page in a fresh profile.

    The page's list `problems` fills with errors and with requests that
    leave the machine.
    """
    context = browser.new_context(
        viewport={'width': width, 'height': 900}, color_scheme=mode,
        **options)
    context.set_default_timeout(120_000)
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


def is_outside(url):
    parts = urlsplit(url)
    return not (parts.scheme in ('file', 'data', 'blob')
                or parts.hostname == '127.0.0.1')


@pytest.fixture
def visit(browser):
    """Return open_page, which closes what it opened when the test ends."""
    pages = []

    def opened(*args, **options):
        pages.append(open_page(browser, *args, **options))
        return pages[-1]
    yield opened
    for page in pages:
        page.context.close()


# With all spans of code and formulas, axe would take half a minute a page. So
# one of each kind stays, the others become plain text; and colors, which are
# slow, are looked at in one text of each kind that is not known yet.
SAMPLE = """known => {
  known ??= [];
  const kinds = new Set(known), classes = new Set();
  const isNew = (e, kind, all) => e.checkVisibility() && !all.has(kind)
    && all.add(kind);
  for (const e of document.querySelectorAll('.katex, .highlight span'))
    if (!isNew(e, e.className, classes)) e.replaceWith(e.textContent);
  const paper = e => {
    const color = e ? getComputedStyle(e).backgroundColor : '';
    return color === 'rgba(0, 0, 0, 0)' ? paper(e.parentElement) : color;
  };
  for (const e of document.querySelectorAll('body *')) {
    delete e.dataset.sample;
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
      continue;
    const { color, fontSize, fontWeight } = getComputedStyle(e);
    const kind = [e.tagName, e.className, color, fontSize, fontWeight,
      paper(e)].join();
    if (isNew(e, kind, kinds)) e.dataset.sample = '';
  }
  dispatchEvent(new Event('resize'));  // boxes may scroll that did not
  return [...kinds].slice(known.length);
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
            && !e.closest('pre, .scroll, .output, div.math, .katex-mathml, '
                + '.skip, .editor, svg'))
        .map(e => e.outerHTML.slice(0, 200))
        .concat(document.documentElement.scrollWidth > innerWidth
            ? ['the page scrolls sideways'] : [])""")


@pytest.fixture(scope='session')
def run_checker():
    """Return a function that runs a program that `make checkers` brings."""
    node, folder = find_node(), Path(sys.prefix) / 'node_modules'

    def run(program, *args):
        if node is None or not (folder / program).exists():
            pytest.skip(f'{program} is not here: make checkers')
        return subprocess.run(
            [node, folder / program, *args], capture_output=True,
            encoding='utf-8', env=os.environ | {
                'CHROME_PATH': find_chromium() or ''})
    return run
