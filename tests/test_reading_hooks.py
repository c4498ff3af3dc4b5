"""The picture under each chapter's title, which makes one want to read on."""

import re
from types import SimpleNamespace

import hooks
import nbformat
import pytest
from browsing import CHAPTERS, HTML, ROOT, overflow
from docutils import nodes
from PIL import Image
from sphinx.errors import SphinxError

MOVED, COPIED = 'chapters/03_pooling', 'chapters/10_inside'


def html_of(name):
    return (HTML / f'{name}.html').read_text(encoding='utf-8')


@pytest.mark.parametrize('name', CHAPTERS)
def test_a_chapter_begins_with_a_picture(build, name):
    assert build.returncode == 0, build.stdout
    head, tail = html_of(name).split('</h1>', 1)
    assert tail.split('<p>')[0].count('<figure class="hook">') == 1
    (alt,) = re.findall(r'<figure class="hook"><img[^>]*?alt="([^"]*)"', tail)
    assert len(alt) > 40
    file = HTML / '_images' / f'hook_{name.split("/")[1]}.webp'
    assert file.stat().st_size < 60 * 1024
    card = f'card_{name.split("/")[1]}.jpg" alt="{alt}"'
    assert card in html_of('index'), 'the card shows another picture'


@pytest.mark.parametrize('name', CHAPTERS)
def test_the_words_under_it_ask_and_hold_no_number(name):
    chosen = hooks.choices()[name]
    words = chosen.get('words', '')
    assert not re.search(r'\d', words)
    if words:
        assert words.endswith('?') and 60 < len(words) < 200
    else:
        assert chosen['figure'].startswith(('hook-', 'c00'))


@pytest.mark.parametrize(('width', 'height'), [(1280, 800), (375, 740)])
@pytest.mark.parametrize('name', [MOVED, COPIED, 'chapters/05_1_lenet'])
def test_it_stands_in_the_first_screen(site, visit, name, width, height):
    page = visit(f'{site}/{name}.html', width=width, mode='dark')
    page.set_viewport_size({'width': width, 'height': height})
    box = page.locator('.hook img').bounding_box()
    assert box['y'] + box['height'] <= height
    assert box['x'] + box['width'] <= width
    shown = page.locator('.hook img').evaluate(
        """async e => [await e.decode(), e.naturalWidth / e.naturalHeight,
            e.clientWidth / e.clientHeight]"""
    )
    assert shown[1] == pytest.approx(shown[2], rel=0.03)
    assert page.evaluate('window.shift') < 0.02
    assert overflow(page) == []


def test_a_figure_before_the_first_section_moves_up(build):
    """It is there once, with its number, and its code stays where it was."""
    html = html_of(MOVED)
    nb = nbformat.read(ROOT / f'{MOVED}.ipynb', 4)
    assert hooks.choices()[MOVED]['figure'] in [c.id for c in nb.cells]
    hook = re.search('<figure class="hook">.*?</figure>', html, re.S)[0]
    assert '<strong>Figure 3.1. </strong>' in hook and 'href' not in hook
    assert html.count('Figure 3.1. ') == 1
    assert html.count('<span class="collapsed">Code of the first picture') == 1


def test_any_other_is_a_copy_that_leads_to_it(site, visit):
    page = visit(f'{site}/{COPIED}.html')
    page.get_by_role('link', name='Explained below').click()
    there = page.locator(f'#{hooks.ANCHOR}')
    assert there.locator('img').count() == 1
    page.wait_for_function(
        """id => {
            const { top, bottom } =
                document.getElementById(id).getBoundingClientRect();
            return top < innerHeight && bottom > 0;
        }""",
        arg=hooks.ANCHOR,
    )
    with Image.open(HTML / '_images/hook_10_inside.webp') as copy:
        size = copy.size
    assert size == tuple(
        there.locator('img').evaluate(
            """async e => { e.loading = 'eager'; await e.decode();
                return [e.naturalWidth, e.naturalHeight]; }"""
        )
    )


@pytest.mark.parametrize(
    ('size', 'shown'),
    [
        ((1050, 375), (735, 262)),
        ((400, 400), (272, 272)),
        ((90, 50), (63, 35)),
    ],
)
def test_it_is_as_large_as_other_figures_but_never_high(size, shown):
    assert hooks.size_of(Image.new('L', size)) == shown


def test_a_cell_that_is_not_there_or_draws_nothing_is_named(
    monkeypatch, tmp_path
):
    path = tmp_path / 'page.ipynb'
    cells = [nbformat.v4.new_code_cell('1', id=name) for name in 'ab']
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    app = SimpleNamespace(env=SimpleNamespace(doc2path=lambda page: path))
    doctree = nodes.section()
    for i in range(2):
        doctree += nodes.container(nb_element='cell_code', cell_index=i)
    doctree.children[0] += nodes.image(uri='a.png')
    chosen = {'p': {'figure': 'a'}, 'q': {'figure': 'b'}, 'r': {'figure': 'c'}}
    monkeypatch.setattr(hooks, 'choices', lambda: chosen)
    assert hooks.cell_of(app, 'p', doctree) is doctree.children[0]
    assert hooks.cell_of(app, 'none', doctree) is None
    for page, name in [('q', 'b'), ('r', 'c')]:
        with pytest.raises(SphinxError, match=f"'{name}' under the .* {page}"):
            hooks.cell_of(app, page, doctree)
