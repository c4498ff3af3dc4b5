"""Answers below a chapter's exercises wait, folded, until they are opened."""

import re

import nbformat
import pytest
from browsing import CHAPTERS, HTML, ROOT

ALEXNET = 'chapters/05_2_alexnet'
BOX = 'details.admonition.dropdown'
OPEN = """e => [...e.children].at(-1).checkVisibility(
    { contentVisibilityAuto: true })"""


@pytest.mark.parametrize('name', CHAPTERS)
def test_what_pages_call_a_dropdown_is_folded(build, name):
    assert build.returncode == 0, build.stdout
    cells = nbformat.read(ROOT / f'{name}.ipynb', 4).cells
    asked = sum(cell.source.count(':class: dropdown') for cell in cells)
    html = (HTML / f'{name}.html').read_text(encoding='utf-8')
    boxes = re.findall(
        r'<details class="[^"]*dropdown[^"]*">\s*<summary', html
    )
    assert len(boxes) == asked
    assert not re.search(r'<div class="[^"]*dropdown', html)
    assert html.count('<details') == html.count('</details>')


def test_answers_open_by_mouse_and_keyboard(site, visit):
    page = visit(f'{site}/{ALEXNET}.html')
    box = page.locator(BOX)
    box.scroll_into_view_if_needed()
    assert not box.evaluate(OPEN)
    box.locator('summary').click()
    assert box.evaluate(OPEN)
    page.keyboard.press('Enter')
    assert not box.evaluate(OPEN)
    assert page.problems == []


def test_answers_are_on_paper_but_not_in_teaching(site, visit):
    page = visit(f'{site}/{ALEXNET}.html')
    box = page.locator(BOX)
    page.emulate_media(media='print')
    assert box.evaluate(OPEN)
    page.emulate_media(media='screen')
    page.evaluate("document.documentElement.dataset.teach = 'on'")
    assert not box.is_visible()
    bare = visit(f'{site}/{ALEXNET}.html', java_script_enabled=False)
    assert bare.locator(f'{BOX} summary').is_visible()
    assert not bare.locator(f'{BOX} li').first.is_visible()
