"""Pages on a phone: tables become cards, code can be wrapped."""

import re

import pytest
import tables
from browsing import overflow, violations

# Pages with a table that is wider than a phone.
CLINIC, D2L = 'chapters/12_clinic', 'appendix/coming_from_d2l'
READ_OUT = """boxes => boxes.map(box => box.scrollWidth - box.clientWidth)"""


def see_all(page):
    """Have all of a page laid out, as for one who read to its end."""
    page.evaluate("""() => {
        document.documentElement.classList.remove('fresh');
        dispatchEvent(new Event('resize'));
    }""")


@pytest.mark.parametrize('name', [CLINIC, D2L, 'exercises/index'])
@pytest.mark.parametrize('width', [320, 375])
def test_wide_tables_become_cards(site, visit, name, width):
    page = visit(f'{site}/{name}.html', width=width)
    see_all(page)
    boxes = page.locator('.scroll:has(> table.docutils)')
    assert page.locator('.scroll.as-cards').count() >= 1
    assert max(boxes.evaluate_all(READ_OUT)) <= 1
    assert overflow(page) == [] == violations(page)


def test_a_card_names_the_columns(site, visit):
    page = visit(f'{site}/{CLINIC}.html', width=375)
    see_all(page)
    table = page.locator('.as-cards table').first
    heads = table.locator('th').all_text_contents()
    row = table.get_by_role('row').nth(1)
    cells = row.get_by_role('cell')
    assert cells.count() == len(heads) == 4
    names = cells.evaluate_all('all => all.map(e => e.dataset.name)')
    assert names == heads
    shown = cells.evaluate_all(
        "all => all.map(e => getComputedStyle(e, '::before').display)"
    )
    assert shown == ['none', 'block', 'block', 'block']
    empty = table.locator('td').filter(has_text=re.compile(r'^\s*$'))
    assert empty.count() > 0
    assert not any(cell.is_visible() for cell in empty.all())
    boxes = [cell.bounding_box() for cell in cells.all()]
    for above, below in zip(boxes, boxes[1:]):
        assert above['y'] + above['height'] <= below['y'] + 1


def test_where_there_is_room_tables_stay(site, visit):
    page = visit(f'{site}/{CLINIC}.html', width=1280)
    cell = page.locator('.as-cards > table.docutils tbody td').first
    assert cell.evaluate('e => getComputedStyle(e).display') == 'table-cell'
    narrow = visit(f'{site}/chapters/13_project.html', width=375)
    see_all(narrow)
    boxes = narrow.locator('.scroll:has(> table.docutils)')
    assert boxes.count() > 0
    assert narrow.locator('.as-cards').count() == 0
    assert max(boxes.evaluate_all(READ_OUT)) <= 1


def test_without_scripts_tables_are_cards_too(site, visit):
    page = visit(f'{site}/{CLINIC}.html', width=375, java_script_enabled=False)
    row = page.locator('.as-cards tbody tr').first
    assert row.evaluate('e => getComputedStyle(e).display') == 'block'
    assert page.get_by_role('cell').count() > 100


def test_which_tables_become_cards():
    """By their longest words; names, formulas and roles are as they were."""
    long = [['name', 'what it says'], ['a' * 40, 'b']]
    assert tables.least_width(long) > tables.PHONE
    assert tables.least_width([['a b', 'c'], ['d e ' * 99, 'f']]) < 100
    html = (
        '<table class="docutils"><thead><tr><th><p></p></th><th><p>a &lt; b'
        '</p></th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody>'
        '</table>'
    )
    assert tables.read(html) == [['', 'a < b'], ['1', '2']]
    cards = tables.deal_cards(html)
    assert '<td role="cell" data-name="a &lt; b">2</td>' in cards
    assert '<th role="cell"><p></p></th>' in cards
    assert '<th role="columnheader"><p>a &lt; b</p></th>' in cards
    assert cards.count('role="row"') == cards.count('role="rowgroup"') == 2


def test_code_is_wrapped_on_request_and_that_is_remembered(site, visit):
    page = visit(f'{site}/chapters/05_3_vgg.html', width=375)
    see_all(page)
    code = page.locator('.cell_input pre')
    assert max(code.evaluate_all(READ_OUT)) > 0
    page.get_by_label('Wrap code').check()
    assert max(code.evaluate_all(READ_OUT)) <= 0
    page.goto(f'{site}/exercises/03_pooling.html')
    see_all(page)
    assert max(page.locator('pre').evaluate_all(READ_OUT)) <= 0
    page.set_viewport_size({'width': 1280, 'height': 900})
    space = page.locator('pre').first.evaluate(
        'e => getComputedStyle(e).whiteSpace'
    )
    assert space == 'pre'


@pytest.mark.parametrize('width', [320, 375])
def test_the_way_to_a_page_takes_one_line(site, visit, width):
    page = visit(f'{site}/chapters/05_1_lenet.html', width=width)
    tops = page.locator('.way li').evaluate_all(
        'all => all.map(e => e.getBoundingClientRect().top)'
    )
    assert len(tops) == 3 and max(tops) - min(tops) < 2
    assert overflow(page) == []
