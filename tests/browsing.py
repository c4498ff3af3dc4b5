"""What the tests of the website share: how it is built, seen and judged."""

import functools
import gzip
import http.server
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from axe_playwright_python.sync_playwright import Axe
from filelock import FileLock
from pdf import find_chromium

ROOT = Path(__file__).parent.parent
HTML = ROOT / '_build' / 'html'
ADDRESS = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project'][
    'urls'
]['Repository']
TOC = yaml.safe_load((ROOT / '_toc.yml').read_text())
PARTS = [
    entry['file']
    for part in TOC['parts']
    for top in part['chapters']
    for entry in [top, *top.get('sections', [])]
]
READING = [TOC['root']] + PARTS  # in the order of the book
CHAPTERS = [name for name in PARTS if name.startswith('chapters/')]
PAGES = READING + ['search']
FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run
    --disable-background-networking --disable-component-update
    --disable-sync""".split()


def make_book(folder, **environment):
    """Build the book in a folder as `make book` does."""
    return subprocess.run(
        [
            'make',
            '-C',
            folder,
            '-f',
            ROOT / 'Makefile',
            '-o',
            '.venv/site.ready',
            f'BIN={Path(sys.executable).parent}',
            'book',
        ],
        env=os.environ | environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def once(folder, name, compute):
    """Return what compute() gives, as JSON; one worker computes for all."""
    if 'PYTEST_XDIST_WORKER' in os.environ:
        folder = folder.parent
    record = folder / f'{name}.json'
    with FileLock(folder / f'{name}.lock'):
        if not record.exists():
            record.write_text(json.dumps(compute()))
    return json.loads(record.read_text())


def get_chromium():
    """Return a Chromium's path, and None; or None, and why there is none.

    Where none is found, Playwright is asked for its own.
    """
    program = find_chromium()
    if program is None:
        done = run([sys.executable, '-m', 'playwright', 'install', 'chromium'])
        program = find_chromium()
    if program is None:
        return None, (
            'there is no Chromium on the PATH, and Playwright could '
            f'not get its own ({reason(done)})'
        )
    done = run([program, '--version'])
    if done.returncode:
        return None, f'{program} does not start ({reason(done)})'
    return program, None


def run(command):
    return subprocess.run(
        command,
        text=True,
        errors='replace',
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def reason(done):
    """Return the line of an output that names an error, or its last."""
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    lines = lines or [f'it ended with {done.returncode}']
    return next((line for line in lines if 'rror' in line), lines[-1])


@functools.lru_cache(256)
def compress(body):
    return gzip.compress(body)


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
        self.send_header('Cache-Control', 'no-cache')  # each page asks anew
        if re.search('text|javascript|svg', kind):
            body = compress(body)
            self.send_header('Content-Encoding', 'gzip')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.sent[path.name] = len(body)
        self.wfile.write(body)

    def log_message(self, *args):
        pass


COUNT_SHIFTS = """
    window.shift = 0;
    new PerformanceObserver(list => list.getEntries().forEach(
        entry => { if (!entry.hadRecentInput) window.shift += entry.value; }
    )).observe({type: 'layout-shift', buffered: true});"""


def open_page(browser, url, width=1280, mode='light', **options):
    """Open a page in a fresh profile; see new_page."""
    options['viewport'] = {'width': width, 'height': 900}
    return load(new_page(browser, color_scheme=mode, **options), url)


def load(page, url):
    page.goto(url)
    page.evaluate('document.fonts.ready.then(() => 0)')
    return page


def new_page(browser, **options):
    """Return an empty page in a fresh profile.

    Its list `problems` fills with errors and with requests that leave the
    machine.
    """
    context = browser.new_context(**options)
    context.set_default_timeout(120_000)
    page = context.new_page()
    page.problems = []
    page.add_init_script(COUNT_SHIFTS)
    page.on('pageerror', lambda e: page.problems.append(str(e)))
    page.on(
        'console', lambda m: m.type == 'error' and page.problems.append(m.text)
    )
    page.on(
        'request',
        lambda r: is_outside(r.url) and page.problems.append(f'asks {r.url}'),
    )
    page.on('requestfailed', lambda r: add_failure(page.problems, r))
    return page


class Tab:
    """A tab for many pages, each of which finds it as if it were new.

    A profile and a window for each page would cost as much as the page.
    """

    def __init__(self, browser, **options):
        self.page = new_page(browser, **options)
        self.tools = self.page.context.new_cdp_session(self.page)
        self.origins = set()
        self.page.add_init_script = self.page.clock.install = refuse

    def clear(self, width=1280, mode='light'):
        """Return the page, empty: nothing is kept, chosen or pointed at."""
        page = self.page
        page.goto('about:blank')
        for origin in self.origins:
            self.tools.send(
                'Storage.clearDataForOrigin',
                {'origin': origin, 'storageTypes': 'all'},
            )
        page.unroute_all()
        page.context.clear_permissions()
        page.mouse.move(0, 0)
        page.emulate_media(
            media='null', color_scheme=mode, reduced_motion='null'
        )
        page.set_viewport_size({'width': width, 'height': 900})
        page.problems = []
        return page

    def open(self, url, width=1280, mode='light'):
        """Open a page, as open_page does."""
        parts = urlsplit(url)
        page = self.clear(width, mode)
        self.origins.add(f'{parts.scheme}://{parts.netloc}')
        return load(page, url)


def refuse(*args):
    raise TypeError('what stays for later pages wants a page that is fresh')


def add_failure(problems, request):
    # A page that is left or loaded again drops what it still waits for.
    if request.failure != 'net::ERR_ABORTED':
        problems.append(f'failed: {request.url} ({request.failure})')


def is_outside(url):
    parts = urlsplit(url)
    return not (
        parts.scheme in ('file', 'data', 'blob')
        or parts.hostname == '127.0.0.1'
    )


# With all spans of code and formulas, axe would take half a minute a page. So
# one of each kind stays, the others become plain text; and colors, which are
# slow, are looked at in one text of each kind that is not known yet.
SAMPLE = """known => {
  known ??= [];
  const kinds = new Set(known), classes = new Set();
  const isNew = (e, kind, all) => e.checkVisibility() && !all.has(kind)
    && all.add(kind);
  const many = '.katex, .highlight span', gone = new Set();
  for (const e of document.querySelectorAll(many))
    if (gone.has(e.parentElement.closest(many))
      || !isNew(e, e.className, classes)) gone.add(e);
  for (const e of gone) e.replaceWith(e.textContent);  // all in one layout
  const papers = new Map([[null, ['', 1]]]);  // what is behind, how opaque
  const behind = e => {
    if (!papers.has(e)) {
      const own = getComputedStyle(e);
      const mine = own.backgroundColor + own.backgroundImage;
      const [paper, opacity] = behind(e.parentElement);
      papers.set(e, [mine === 'rgba(0, 0, 0, 0)none' ? paper : mine,
        opacity * own.opacity]);
    }
    return papers.get(e);
  };
  for (const e of document.querySelectorAll('body *')) {
    delete e.dataset.sample;
    if (e.closest('.katex-mathml')  // is heard, not seen
      || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
      continue;
    const { color, fontSize, fontWeight, textDecorationLine: line }
      = getComputedStyle(e);  // a link may be known by its line alone
    const size = parseFloat(fontSize);  // large text needs less contrast
    const large = size >= 24 || (size > 18.6 && fontWeight >= 700);
    const around = getComputedStyle(e.parentElement).color;
    const kind = [e.tagName, color, line, around, large, ...behind(e)].join();
    if (isNew(e, kind, kinds)) e.dataset.sample = '';
  }
  dispatchEvent(new Event('resize'));  // boxes may scroll that did not
  return [...kinds].slice(known.length);
}"""


AXE = Axe().axe_script
JUDGE = """async ([context, options, colors]) => {
  await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  for (const [id, selector] of Object.entries(colors))
    axe.configure({ rules: [{ id, selector }] });
  const { violations } = await axe.run(context ?? document, options);
  return violations.map(({ id, impact, nodes }) =>
    [id, impact, nodes.map(node => node.html.slice(0, 200))]);
}"""
COLOR_RULES = {
    'color-contrast': '[data-sample]',
    'link-in-text-block': 'a[href][data-sample]',
}


def violations(page, known=None):
    """Return what axe-core finds, best practices included.

    Colors are judged in one text of each kind that is not known yet.
    """
    add_kinds(page, known)
    return run_axe(page, colors=COLOR_RULES)


def color_violations(page, known=None):
    """Return what axe-core finds in the colors of what is not known yet."""
    if not add_kinds(page, known):
        return []
    return run_axe(page, colors=COLOR_RULES, runOnly=list(COLOR_RULES))


def add_kinds(page, known):
    """Mark a text of each kind that is not known yet, and add the kinds."""
    known = [] if known is None else known
    new = page.evaluate(SAMPLE, known)
    known += new
    return new


def by_light_and_dark(page):
    """Return what axe-core finds, in all colors of both modes."""
    page.emulate_media(color_scheme='light')
    found = run_axe(page)
    page.emulate_media(color_scheme='dark')
    return found + run_axe(page, runOnly=list(COLOR_RULES))


def run_axe(page, context=None, colors=None, **options):
    """Return what axe-core finds when the page has drawn what is new."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    options = {'resultTypes': ['violations'], 'preload': False} | options
    return page.evaluate(JUDGE, [context, options, colors or {}])


def overflow(page):
    """Return what sticks out to the right, other than in a scrolling box."""
    return page.evaluate("""() => [...document.querySelectorAll('body *')]
        .filter(e => e.getBoundingClientRect().right > innerWidth + 1
            && !e.closest('pre, .scroll, .output, div.math, .katex-mathml, '
                + '.skip, .editor, svg'))
        .map(e => e.outerHTML.slice(0, 200))
        .concat(document.documentElement.scrollWidth > innerWidth
            ? ['the page scrolls sideways'] : [])""")
