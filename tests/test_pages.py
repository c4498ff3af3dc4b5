"""Every page of the website in a browser: whole, quick, alone, for everyone.

Each page is looked at once, from a server on a wide screen and from a file on
a phone; the tests judge what was seen. With D2LMINI_SHOTS=1 screenshots of
every page go to _build/shots/: look at them.
"""

import functools
import importlib
import os
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
from browsing import (
    ADDRESS,
    CHAPTERS,
    HTML,
    PAGES,
    READING,
    ROOT,
    Server,
    Tab,
    color_violations,
    overflow,
    violations,
)
from pdf import LOAD_PICTURES

import d2lmini.check
import d2lmini_compat

SHOTS = ROOT / '_build' / 'shots'

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
    formulas: all('.math').length, rendered: all('.math:has(.katex)').length,
    errors: all('.katex-error').map(e => e.title),
    links: all('a[href]').map(e => e.getAttribute('href')),
    pictures: all('main img').map(e => [e.src, e.alt, e.getAttribute('width'),
      e.getAttribute('height'), e.naturalWidth, e.naturalHeight]),
    actions: Object.fromEntries(all('.actions a').map(
      e => [e.textContent, e.getAttribute('href')])),
    setUp: all('.tag_setup pre').map(
      e => [e.textContent, e.checkVisibility()]),
    next: document.querySelector('a[rel=next]')?.getAttribute('href'),
    previous: document.querySelector('a[rel=prev]')?.getAttribute('href'),
  };
}"""


@pytest.fixture(scope='module')
def seen(site, browser):
    """Return a function that tells what is seen on a page; it looks once."""
    known = []  # kinds of text whose colors were judged
    screen, phone = (Tab(browser, device_scale_factor=0.7) for _ in range(2))

    @functools.cache
    def look(name):
        Server.sent.clear()
        page = open_whole(screen, f'{site}/{name}.html', 1280)
        facts = page.evaluate(LOOK) | {'sent': dict(Server.sent)}
        served = judge(page, name, [1280], known)
        page = open_whole(phone, (HTML / f'{name}.html').as_uri(), 375)
        on_phone = judge(page, name, [320, 375], known)
        return SimpleNamespace(facts=facts, served=served, on_phone=on_phone)

    return look


def open_whole(tab, url, width):
    """Open a page and load all of it; note what moved meanwhile."""
    page = tab.open(url, width)
    page.evaluate(LOAD_PICTURES)
    page.shift = page.evaluate('window.shift')
    page.evaluate("""() => {  // lay all of it out, as for one who read it all
        document.documentElement.classList.remove('fresh');
        dispatchEvent(new Event('resize'));
    }""")
    return page


def judge(page, name, widths, known):
    """Return all that is wrong with a page at these widths; spoil it."""
    if os.environ.get('D2LMINI_SHOTS'):
        take_shots(page, f'{name.replace("/", "_")}-{widths[-1]}')
    found = {
        'problems': page.problems,
        'jumps': page.shift >= 0.02 and page.shift,
        'has no scripts': page.locator('#theme').is_hidden(),
    }
    for width in widths:
        page.set_viewport_size({'width': width, 'height': 900})
        found[f'sticks out at {width}'] = overflow(page)
    found['shuts out'] = violations(page, known)
    page.emulate_media(color_scheme='dark')
    found['shuts out in the dark'] = color_violations(page, known)
    return {what: finding for what, finding in found.items() if finding}


def take_shots(page, name):
    for mode in ['dark', 'light']:
        page.emulate_media(color_scheme=mode)
        page.screenshot(path=SHOTS / f'{name}-{mode}.png', full_page=True)


@pytest.mark.parametrize('name', PAGES)
def test_page(seen, name):
    """No error, no request abroad; nothing jumps, sticks out or shuts out."""
    assert seen(name).served == {}


@pytest.mark.parametrize('name', PAGES)
def test_page_from_a_file_on_a_phone(seen, name):
    assert seen(name).on_phone == {}


@pytest.fixture(scope='module')
def facts(seen):
    """Return what LOOK finds, page by page."""
    return {name: seen(name).facts for name in PAGES}


@pytest.mark.parametrize('name', READING)
def test_page_is_light(seen, name):
    sizes = seen(name).facts['sent']
    pictures = sum(
        sizes[file]
        for file in sizes
        if file.endswith(('.png', '.jpeg', '.jpg', '.webp'))
    )
    whole = sum(sizes.values())
    print(
        f'{name}: {(whole - pictures) / 1024:.0f} KiB and '
        f'{pictures / 1024:.0f} KiB of pictures'
    )
    assert f'{Path(name).name}.html' in sizes and 'book.css' in sizes
    assert whole - pictures <= 300 * 1024 and whole <= 1024 * 1024


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
                assert (
                    unquote(anchor)
                    in facts[target.removesuffix('.html')]['ids']
                ), (name, link)


def test_formulas_are_rendered(facts):
    assert sum(page['formulas'] for page in facts.values()) > 30
    for name, page in facts.items():
        assert page['raw'] == [] and page['errors'] == [], name
        assert page['rendered'] == page['formulas'], name


def test_pictures_have_words_and_keep_their_place(facts):
    assert sum(len(page['pictures']) for page in facts.values()) > 10
    for name, page in facts.items():
        for source, alt, width, height, true_width, true_height in page[
            'pictures'
        ]:
            assert len(alt) > 20, (name, source, alt)
            assert int(width) / int(height) == pytest.approx(
                true_width / true_height, rel=0.03
            ), (name, alt)


def test_titles(facts):
    assert all(page['headings'] == 1 for page in facts.values())
    for key in ['title', 'description']:
        assert len({page[key] for page in facts.values()}) == len(facts)


def test_next_and_previous_walk_the_book(facts):
    for here, there in zip(READING, READING[1:]):
        assert urljoin(here, facts[here]['next']) == f'{there}.html'
        assert urljoin(there, facts[there]['previous']) == f'{here}.html'


@pytest.mark.parametrize('name', CHAPTERS)
def test_notebook_is_opened_and_downloaded_as_it_is(seen, name):
    """With the set-up cell folded."""
    facts = seen(name).facts
    notebook = (ROOT / f'{name}.ipynb').read_bytes()
    owner_and_name = urlsplit(ADDRESS).path.strip('/')
    assert facts['actions']['Open in Colab'] == (
        'https://colab.research.google.com/github/'
        f'{owner_and_name}/blob/main/{name}.ipynb'
    )
    download = urljoin(f'{name}.html', facts['actions']['Download notebook'])
    assert (HTML / download).read_bytes() == notebook
    ((setup, shown),) = facts['setUp']
    assert '%pip' in setup and not shown


def test_first_uses_of_terms_lead_to_the_glossary(facts):
    linked = set()
    for name in CHAPTERS:
        links = [
            link.split('#term-')[1]
            for link in facts[name]['links']
            if 'glossary.html#term-' in link
        ]
        assert len(links) == len(set(links)) > 3, name
        linked.update(links)
    assert linked == {
        name.removeprefix('term-')
        for name in facts['appendix/glossary']['ids']
        if name.startswith('term-')
    }


@pytest.mark.parametrize(
    'module',
    [
        'utils',
        'data',
        'hub',
        'ops',
        'numpy_cnn',
        'nets',
        'train',
        'callbacks',
        'plot',
        'summary',
        'pictures',
        'fine_tune',
        'explain',
        'scale.processes',
        'scale.distributed',
        'scale.export',
        'scale.predict',
    ],
)
def test_the_package_is_documented(facts, module):
    module = importlib.import_module(f'd2lmini.{module}')
    own = vars(module).get('__all__') or [
        name
        for name, thing in vars(module).items()
        if name[0] != '_'
        and getattr(thing, '__module__', '') == module.__name__
    ]
    page = facts['appendix/api']
    assert own and {f'{module.__name__}.{name}' for name in own} <= set(
        page['ids']
    )
    assert sum('#L' in link for link in page['links']) >= len(own)


def test_what_other_courses_have_is_documented(facts):
    places = set(d2lmini_compat.NAMES['others'].values())
    own = {
        place.replace(':', '.')
        for place in places
        if place.startswith('d2lmini_compat')
    }
    assert len(own) > 15 and own - set(facts['appendix/api']['ids']) == {
        'd2lmini_compat.d2l.DATA_HUB',
        'd2lmini_compat.d2l.DATA_URL',
    }


def test_the_checks_are_documented(facts):
    names = {f'd2lmini_check.{name}' for name in d2lmini.check.__all__}
    assert names <= set(facts['appendix/api']['ids'])
