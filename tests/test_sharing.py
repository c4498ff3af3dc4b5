"""What those see who find a page, link to it, or look for one in vain."""

import os
import re
import subprocess
from types import SimpleNamespace

import pytest
import sharing
from browsing import CHAPTERS, HTML, READING, ROOT, overflow, violations
from PIL import Image


def head(name, key):
    """Return what a page's <meta> of this name or property says."""
    html = (HTML / f'{name}.html').read_text(encoding='utf-8')
    return re.findall(
        rf'<meta (?:name|property)="{key}" content="(.*?)">', html
    )


def test_each_page_has_a_description_of_its_own(build):
    assert build.returncode == 0, build.stdout
    texts = {name: head(name, 'description') for name in READING}
    assert len({text for (text,) in texts.values()}) == len(READING)
    for name, (text,) in texts.items():
        assert 50 <= len(text) <= 260, (name, text)
        assert head(name, 'og:description') == [text]
    assert 'Pooling' in texts['chapters/03_pooling'][0]
    assert 'max and average pooling' in texts['chapters/03_pooling'][0]
    assert 'Questions:' in texts['exercises/03_pooling'][0]
    assert '★' not in texts['exercises/03_pooling'][0]


def test_each_page_has_a_picture_of_its_own(build):
    addresses = {name: head(name, 'og:image') for name in READING}
    assert len({address for (address,) in addresses.values()}) == len(READING)
    for (address,) in addresses.values():
        assert address.startswith('https://')
        file = HTML / '_images' / address.rsplit('/', 1)[1]
        with Image.open(file) as picture:
            assert picture.size == sharing.SIZE == (1200, 630)
            assert len(set(picture.convert('L').tobytes())) > 50
        assert file.stat().st_size < 300_000


def test_pages_name_their_own_address(build):
    for name in READING:
        html = (HTML / f'{name}.html').read_text(encoding='utf-8')
        (address,) = re.findall('<link rel="canonical" href="(.+?)">', html)
        assert address.endswith(f'/{name}.html')
        assert head(name, 'og:url') == [address]


def test_icons(build):
    html = (HTML / f'{CHAPTERS[0]}.html').read_text(encoding='utf-8')
    for size in [32, 180]:
        name = f'_static/icon-{size}.png'
        assert f'href="../{name}"' in html
        with Image.open(HTML / name) as picture:
            assert picture.size == (size, size)


def test_the_site_map_has_dates(tmp_path):
    def git(*command):
        subprocess.run(
            ['git', '-c', 'user.name=A', '-c', 'user.email=a@b', *command],
            cwd=tmp_path,
            check=True,
            capture_output=True,
            env={'GIT_COMMITTER_DATE': f'{day}T12:00:00Z', 'PATH': path},
        )

    path = os.environ['PATH']
    env = SimpleNamespace(
        found_docs=['a', 'b', 'new'], doc2path=lambda name, _: f'{name}.md'
    )
    app = SimpleNamespace(srcdir=tmp_path, env=env)
    assert sharing.dates_of(app) == {}
    for day, name in [('2024-01-02', 'a.md'), ('2024-03-04', 'b.md')]:
        (tmp_path / name).write_text(day)
        if not (tmp_path / '.git').exists():
            git('init')
        git('add', name)
        git('commit', '-m', name)
    (tmp_path / 'new.md').write_text('not committed')
    assert sharing.dates_of(app) == {'a': '2024-01-02', 'b': '2024-03-04'}


@pytest.mark.parametrize(
    ('text', 'shown'),
    [
        ('Short.', 'Short.'),
        ('two\n\nlines', 'two lines'),
        ('word ' * 40, ('word ' * 31).strip() + ' …'),
    ],
)
def test_shorten(text, shown):
    assert sharing.shorten(text) == shown
    assert len(sharing.shorten(text)) <= sharing.LONGEST


def test_pictures_are_written_in_letters_that_the_font_has():
    assert sharing.drawable('Inception: 1×1, naïve') == 'Inception: 1x1, naive'
    font = sharing.font(40)
    missing = bytes(font.getmask('\uffff'))
    for letter in map(chr, range(33, 127)):
        assert bytes(font.getmask(letter)) != missing, letter


def test_the_page_for_no_page_leads_on(site, visit):
    """Wherever a host shows it: its links are absolute."""
    html = (HTML / '404.html').read_text(encoding='utf-8')
    (home,) = set(re.findall(r'<form role="search" action="(.+?)search', html))
    assert home.startswith('/') and home.endswith('/')
    links = re.findall(
        r'\b(?:href|src|action)="(?!https?:|#|data:)(.+?)"', html
    )
    assert len(links) > 20
    for link in links:
        assert link.startswith(home), link
        file = link.removeprefix(home).split('?')[0]
        assert (HTML / file).is_file(), link
    page = visit(f'{site}/404.html')
    assert (
        page.locator('h1').inner_text() == 'There is no page at this address'
    )
    (HTML / 'elsewhere.html').write_text(html.replace(f'"{home}', '"/'))
    try:
        page = visit(f'{site}/elsewhere.html', width=375)
        assert page.locator('header.top').is_visible()
        assert page.locator('#chapters a').count() > 20
        assert overflow(page) == [] == violations(page)
        page.locator('main input[type=search]').fill('stride')
        page.locator('main input[type=search]').press('Enter')
        page.wait_for_selector('#search-results li')
        assert page.problems == []
    finally:
        (HTML / 'elsewhere.html').unlink()


def test_a_clone_knows_no_dates_that_it_has_not(tmp_path):
    """A shallow clone would date every page by its last commit."""
    target = tmp_path / 'clone'
    done = subprocess.run(
        ['git', 'clone', '-q', '--depth', '1', f'file://{ROOT}', target],
        capture_output=True,
    )
    if done.returncode:
        pytest.skip('no repository here')
    env = SimpleNamespace(
        found_docs=['index'], doc2path=lambda name, _: f'{name}.md'
    )
    assert sharing.dates_of(SimpleNamespace(srcdir=target, env=env)) == {}
