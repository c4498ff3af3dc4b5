"""The cover: a live convolution, three ways in, and a card a chapter."""

import base64
import io
import re

import numpy as np
import pytest
import torch
from browsing import (
    ADDRESS,
    CHAPTERS,
    HTML,
    ROOT,
    overflow,
    violations,
)
from PIL import Image
from reading import number_of
from torch.nn import functional as F

FIELDS = 'cover-picture .kernel input'
READ = """() => {
  const cover = document.querySelector('cover-picture');
  return [cover.height, cover.width, [...cover.gray], [...cover.values]];
}"""


@pytest.fixture
def cover(site, visit):
    def opened(width=1280, height=900, **options):
        page = visit(f'{site}/index.html', width=width, **options)
        page.set_viewport_size({'width': width, 'height': height})
        page.wait_for_function(
            "document.querySelector('cover-picture')?.values"
        )
        return page

    return opened


def compute(page, kernel):
    """Type a kernel; return what the page computes, and what PyTorch does."""
    for field, number in zip(page.locator(FIELDS).all(), kernel):
        field.fill(number)
    height, width, gray, values = page.evaluate(READ)
    photo = torch.tensor(gray, dtype=torch.float64).reshape(1, 1, height, -1)
    weights = torch.tensor([eval(n.replace('−', '-')) for n in kernel])
    padded = F.pad(photo, (1, 1, 1, 1), mode='replicate')
    wanted = F.conv2d(padded, weights.double().reshape(1, 1, 3, 3))
    return np.array(values), wanted.flatten().numpy()


@pytest.mark.parametrize(
    'kernel',
    [
        ['−1', '0', '1', '−2', '0', '2', '−1', '0', '1'],
        ['1/9'] * 9,
        ['0.5', '-3', '2', '0', '7', '0', '1', '1/3', '-0.25'],
    ],
)
def test_the_cover_computes_what_pytorch_does(cover, kernel):
    seen, wanted = compute(cover(), kernel)
    assert len(seen) == len(wanted) > 50_000
    assert np.abs(seen - wanted).max() < 1e-3
    assert wanted.std() > 1


@pytest.mark.parametrize(('width', 'height'), [(1280, 900), (375, 667)])
def test_the_first_screen_shows_and_leads(cover, width, height):
    """Pictures, the kernel and the three ways in; nothing sticks out."""
    page = cover(width, height)
    for part in ['canvas', FIELDS, '.start :is(a, button)', '.lead']:
        boxes = [item.bounding_box() for item in page.locator(part).all()]
        assert boxes
        for box in boxes:
            assert box['y'] + box['height'] <= height, part
            assert box['x'] + box['width'] <= width, part
    assert overflow(page) == []
    assert page.evaluate('window.shift') < 0.02


def test_kernels_are_chosen_and_changed(cover):
    page = cover()
    page.get_by_label('Choose a kernel').select_option(label='Copy')
    _, _, gray, values = page.evaluate(READ)
    assert values == pytest.approx(gray)
    told = page.locator('cover-picture [role=status]')
    assert 'sum to 1:' in told.inner_text()
    page.get_by_label('row 1, column 1').fill('two')
    assert 'two is not a number from −99 to 99' in told.inner_text()
    assert page.locator(FIELDS).nth(4).get_attribute('aria-invalid') == 'true'
    page.get_by_label('row 1, column 1').fill('−2')
    assert 'sum to −2:' in told.inner_text()
    _, _, gray, values = page.evaluate(READ)
    assert values == pytest.approx([-2 * value for value in gray])
    assert page.get_by_label('Choose a kernel').input_value() == 'own'


def picture(color, size=(40, 20)):
    file = io.BytesIO()
    Image.new('RGB', size, color).save(file, 'PNG')
    return file.getvalue()


def test_an_own_picture_is_dropped_in_and_stays_here(cover):
    page = cover()
    file = {'name': 'red.png', 'mimeType': 'image/png'}
    field = page.locator('cover-picture input[type=file]')
    field.set_input_files({**file, 'buffer': picture('red')})
    page.wait_for_function(
        "document.querySelector('cover-picture').height === 160"
    )
    _, width, gray, _ = page.evaluate(READ)
    assert width == 320 and gray == pytest.approx([0.299 * 255] * 320 * 160)
    page.evaluate(
        """async data => {
            const file = new File([await (await fetch(data)).blob()], 'b.png',
                { type: 'image/png' });
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(file);
            document.querySelector('cover-picture').dispatchEvent(
                new DragEvent('drop', { dataTransfer, bubbles: true }));
        }""",
        'data:image/png;base64,'
        + base64.b64encode(picture('blue', (20, 20))).decode(),
    )
    page.wait_for_function(
        "document.querySelector('cover-picture').height === 320"
    )
    assert page.evaluate(READ)[2][0] == pytest.approx(0.114 * 255)
    field.set_input_files({**file, 'name': 'no.png', 'buffer': b'no picture'})
    told = page.locator('cover-picture [role=status]')
    page.wait_for_function(
        """document.querySelector('cover-picture [role=status]')
            .textContent.includes('no.png is not a picture')"""
    )
    assert 'PNG or JPEG' in told.inner_text()
    assert page.problems == []


def test_the_cover_works_from_a_file(build, visit):
    page = visit((HTML / 'index.html').as_uri())
    page.wait_for_function("document.querySelector('cover-picture')?.values")
    assert page.problems == []


def test_without_scripts_a_picture_stands_there(site, visit):
    page = visit(f'{site}/index.html', java_script_enabled=False)
    assert page.locator('cover-picture img').is_visible()
    assert page.get_by_role('button', name='Install').is_visible()


def test_three_ways_in(cover):
    page = cover(375)
    links = page.locator('.start a')
    start, colab = (link.get_attribute('href') for link in links.all())
    assert start == f'{CHAPTERS[0]}.html' and (HTML / start).exists()
    path = ADDRESS.removeprefix('https://github.com/')
    assert colab.endswith(f'/github/{path}/blob/main/{CHAPTERS[0]}.ipynb')
    page.get_by_role('button', name='Install').click()
    told = page.locator('#install').inner_text()
    for way in ['make book', 'pip install', 'conda env', r'Scripts\jupyter']:
        assert way in told
    assert overflow(page) == [] == violations(page)
    page.keyboard.press('Escape')
    assert page.locator('#install').is_hidden()


def test_each_chapter_has_a_card(cover):
    page = cover()
    cards = page.locator('.card')
    pages = cards.evaluate_all('all => all.map(card => card.dataset.page)')
    assert pages == CHAPTERS
    for name, card in zip(CHAPTERS, cards.all()):
        assert card.locator('a').get_attribute('href') == f'{name}.html'
        assert card.locator('b').inner_text() == number_of(name)
        assert 'minutes' in card.locator('.facts').inner_text()
        assert card.locator('img').count() == 1
    assert page.locator('article h3').all_inner_texts() == [
        'I. The layers',
        'II. The networks',
        'III. The practice',
    ]


def test_a_phone_shows_the_map_whole(cover):
    drawing = cover(375).locator('.map')
    box = drawing.bounding_box()
    assert box['x'] + box['width'] <= 375
    text = 15 * drawing.evaluate('e => e.getScreenCTM().a')
    assert text >= 11.9  # pixels


def test_the_readme_lists_each_chapter_with_its_colab_link():
    text = (ROOT / 'README.md').read_text(encoding='utf-8')
    path = ADDRESS.removeprefix('https://github.com/')
    for name in CHAPTERS:
        (row,) = [
            line
            for line in text.splitlines()
            if line.startswith('| ') and f']({name}.ipynb)' in line
        ]
        assert row.startswith(f'| {number_of(name)} |')
        assert f'/github/{path}/blob/main/{name}.ipynb)' in row
    for picture in re.findall('src="(site/.+?)"', text):
        assert (ROOT / picture).is_file()
    assert f'{ADDRESS}/actions/workflows/test.yml/badge.svg' in text


def test_cards_show_how_far_a_reader_has_come(site, cover):
    """What no page has kept there does no harm."""
    page = cover()
    card = page.locator(f'.card[data-page="{CHAPTERS[0]}"]')
    assert card.locator('progress').count() == 0
    name = f'read {CHAPTERS[0]}'
    keep = '([name, text]) => localStorage.setItem(name, text)'
    page.evaluate(keep, [name, '-5'])
    page.reload()
    assert card.locator('progress').count() == 0
    page.evaluate(keep, [name, '999'])
    page.goto(f'{site}/{CHAPTERS[0]}.html')
    page.evaluate('scrollTo(0, document.body.scrollHeight / 3)')
    page.wait_for_function(
        """name => {
            const share = Number(localStorage.getItem(name));
            return share > 0.1 && share < 1;
        }""",
        arg=name,
    )
    page.goto(f'{site}/index.html')
    share = card.locator('progress').evaluate('bar => bar.value')
    assert 0.1 < share < 0.7
    assert f'{share:.0%}'[:-1] in card.locator('.progress').inner_text()
