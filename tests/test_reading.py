"""How pages lead: numbers, the sidebar, folds, results that wait."""

import re

import nbformat
import pytest
from browsing import CHAPTERS, PARTS, READING, ROOT, overflow
from reading import asks, number_of

VGG, POOLING = 'chapters/05_3_vgg', 'chapters/03_pooling'
SOLUTIONS = 'exercises/solutions/03_pooling'
SHOWN = 'boxes => boxes.filter(box => box.checkVisibility()).length'


def switch(page, name):
    page.locator(f'.views input[name={name}]').click()


def count_shown(page, selector):
    return page.locator(selector).evaluate_all(SHOWN)


# Where a reader is


@pytest.mark.parametrize(
    ('page', 'number'),
    [
        ('chapters/00_preliminaries', '0'),
        (VGG, '5.3'),
        ('chapters/12_clinic', '12'),
        ('exercises/03_pooling', ''),
        ('appendix/notation', ''),
        ('index', ''),
    ],
)
def test_number_of(page, number):
    assert number_of(page) == number


def test_numbers_stand_wherever_a_chapter_is_named(site, visit):
    page = visit(f'{site}/{VGG}.html')
    assert page.locator('h1').inner_text().startswith('5.3. VGG')
    assert page.title().startswith('5.3. VGG')
    for place, number in {
        '#chapters a[aria-current]': '5.3. VGG',
        '.prev-next [rel=prev]': '5.2. AlexNet',
        '.prev-next [rel=next]': '5.4. GoogLeNet',
        '.way li:last-child': '5. The classic networks',
    }.items():
        assert number in page.locator(place).inner_text()
    assert page.locator('.way li').nth(1).inner_text() == 'II. The networks'


def test_figures_are_numbered(build):
    assert build.returncode == 0, build.stdout
    html = (ROOT / f'_build/html/{POOLING}.html').read_text(encoding='utf-8')
    numbers = re.findall(r'<figcaption>.*?Figure (3\.\d+)\.', html, re.S)
    assert numbers == [f'3.{i + 1}' for i in range(html.count('<figcaption'))]
    assert len(numbers) > 3


def test_exercises_stand_with_their_chapter(site, visit):
    page = visit(f'{site}/{POOLING}.html')
    links = page.locator('#chapters .near ul a')
    assert links.all_inner_texts() == ['Exercises', 'Solutions']
    links.last.click()
    page.wait_for_url(f'{site}/{SOLUTIONS}.html')
    assert page.locator('#chapters .near > a').inner_text() == '3. Pooling'
    here = page.locator('#chapters a[aria-current]')
    assert here.inner_text() == 'Solutions'
    assert page.locator('.way li').last.inner_text() == '3. Pooling'


@pytest.mark.parametrize('name', [READING[0], CHAPTERS[-1], PARTS[-1]])
@pytest.mark.parametrize('width', [1280, 375])
def test_sidebar_shows_the_page_that_is_open(site, visit, name, width):
    page = visit(f'{site}/{name}.html', width=width)
    if width < 1000:
        page.get_by_role('button', name='Chapters').click()
    here = page.locator('#chapters a[aria-current=page]').bounding_box()
    menu = page.locator('#chapters').bounding_box()
    assert menu['y'] <= here['y']
    assert here['y'] + here['height'] <= menu['y'] + menu['height'] <= 900


def test_on_this_page_is_right_after_a_jump_up(site, visit):
    page = visit(f'{site}/{VGG}.html')
    marked = page.locator('#on-this-page a[aria-current]')
    for place in ['#reading', '#summary', '#the-vgg-block']:
        page.evaluate(
            'id => document.querySelector(id).scrollIntoView()', place
        )
        page.wait_for_function(
            """id => document.querySelector('#on-this-page [aria-current]')
                ?.hash === id""",
            arg=place,
        )
    page.evaluate('scrollTo(0, 0)')
    marked.wait_for(state='detached')


# Cells that fold


def test_set_up_code_folds_and_unfolding_is_remembered(site, visit):
    page = visit(f'{site}/{VGG}.html')
    folds = page.locator('details.hide')
    titles = folds.locator('.collapsed').all_text_contents()
    assert 'Imports' in titles
    assert sum(title.startswith('Check') for title in titles) > 5
    assert count_shown(page, 'details.hide pre') == 0
    switch(page, 'code')
    assert count_shown(page, 'details.hide:not([open])') == 0
    assert count_shown(page, 'details.hide pre') > 3
    page.locator('.prev-next [rel=next]').click()
    page.wait_for_url('**/05_4_googlenet.html')
    page.wait_for_selector('html[data-ready]')
    assert count_shown(page, 'details.hide:not([open])') == 0
    assert page.evaluate('window.shift') < 0.02
    imports = page.locator('details.hide').nth(1)
    imports.locator('summary').click()
    assert imports.locator('pre').first.is_hidden()


@pytest.mark.parametrize('name', CHAPTERS)
def test_imports_of_chapters_fold(build, name):
    assert build.returncode == 0, build.stdout
    html = (ROOT / f'_build/html/{name}.html').read_text(encoding='utf-8')
    assert html.count('<span class="collapsed">Imports</span>') >= 1


# Results that wait for an answer


def predicted(name):
    """Return the sources of the cells that the notebook says wait."""
    nb = nbformat.read(ROOT / f'{name}.ipynb', 4)
    return [
        cell.source
        for cell in nb.cells
        if 'predict' in cell.metadata.get('tags', []) and cell.outputs
    ]


@pytest.mark.parametrize('name', CHAPTERS)
def test_results_that_are_asked_for_wait(build, name):
    assert build.returncode == 0, build.stdout
    html = (ROOT / f'_build/html/{name}.html').read_text(encoding='utf-8')
    waiting = len(re.findall('<div class="guess"', html))
    wanted = predicted(name)
    assert waiting == len(wanted) if wanted else waiting >= 3
    assert html.count('predicted docutils') == waiting


def test_an_answer_is_kept_and_shown_with_the_result(site, visit):
    page = visit(f'{site}/{VGG}.html')
    waiting = page.locator('.cell:has(> .guess)')
    first, second = waiting.first, waiting.nth(1)
    assert count_shown(page, '.predicted') == 0
    first.scroll_into_view_if_needed()
    first.get_by_label('Your answer').fill('28 <b>pixels</b>')
    first.get_by_label('Your answer').press('Enter')
    second.get_by_role('button', name='Show').click()
    for again in range(2):
        if again:
            page.reload()
            page.wait_for_selector('html[data-ready]')
        assert count_shown(page, '.predicted') == 2
        told = first.get_by_role('status').inner_text()
        assert told == 'Your answer: 28 <b>pixels</b>'
        assert first.locator('.predicted').is_visible()
        assert second.locator('.guess').is_hidden()
    assert page.evaluate('window.shift') < 0.02
    assert page.problems == []


def test_far_fields_are_not_made_at_once(site, visit):
    """Browsers would lay out the page around each of them."""
    page = visit('about:blank', width=375, fresh=True)
    page.add_init_script("""requestIdleCallback = () => {};
        addEventListener('DOMContentLoaded', () => {
            window.fields = document.querySelectorAll('form, .guess input');
        });""")
    page.goto(f'{site}/{VGG}.html')
    waiting = page.locator('.cell:has(> .guess)')
    assert page.evaluate('fields.length') == 1  # the search
    last = waiting.last
    assert last.locator('input').count() == 0
    room = last.locator('.guess').evaluate('box => box.offsetHeight')
    last.scroll_into_view_if_needed()
    last.get_by_label('Your answer').wait_for()
    assert last.locator('.guess').evaluate('box => box.offsetHeight') == room
    assert page.problems == []


def test_all_fields_are_made_at_leisure(site, visit):
    """So that those who search the page by its fields find all."""
    page = visit(f'{site}/{VGG}.html')
    page.wait_for_function("!document.querySelector('.guess .field')")
    fields = page.locator('.guess input').count()
    assert fields == page.locator('.guess').count() > 5


def test_a_check_tells_nothing_before_the_result(site, visit):
    page = visit(f'{site}/{VGG}.html')
    cell = page.locator('.cell:has(> .guess):has(+ .tag_check)').first
    check = page.locator('.cell:has(> .guess) + .tag_check').first
    assert check.is_hidden()
    cell.get_by_role('button', name='Show').click()
    assert check.is_visible()


def test_one_switch_shows_all_results(site, visit):
    page = visit(f'{site}/{VGG}.html')
    results = page.locator('.predicted').count()
    switch(page, 'predict')
    assert count_shown(page, '.predicted') == results > 5
    assert count_shown(page, '.guess') == 0
    page.goto(f'{site}/chapters/05_2_alexnet.html')
    assert count_shown(page, '.guess') == 0
    switch(page, 'predict')
    assert count_shown(page, '.predicted') == 0


def test_all_results_are_there_without_scripts_and_on_paper(site, visit):
    page = visit(f'{site}/{VGG}.html', java_script_enabled=False)
    results = page.locator('.predicted')
    assert all(result.is_visible() for result in results.all())
    assert page.locator('.guess').first.is_hidden()
    assert page.locator('.views').is_hidden()
    page = visit(f'{site}/{VGG}.html')
    assert count_shown(page, '.predicted') == 0
    page.emulate_media(media='print')
    assert count_shown(page, '.predicted') == results.count() > 5
    assert count_shown(page, '.guess, .views') == 0


def test_teaching_view_has_no_answers(site, visit):
    page = visit(f'{site}/{VGG}.html')
    waiting = page.locator('.cell:has(> .guess)')
    waiting.first.get_by_role('button', name='Show').click()
    size = 'parseFloat(getComputedStyle(document.body).fontSize)'
    plain = page.evaluate(size)
    page.locator('.quiz label').first.click()
    switch(page, 'teach')
    assert page.evaluate(size) > 1.2 * plain
    answers = '.predicted, .quiz details, .quiz .verdict, #chapters'
    assert count_shown(page, answers) == 0
    waiting.nth(1).get_by_role('button', name='Show').click()
    assert count_shown(page, '.predicted') == 1
    assert overflow(page) == []
    page.emulate_media(media='print')
    assert count_shown(page, '.predicted') == 1
    assert count_shown(page, '.guess, .quiz details, .quiz .verdict') == 0
    page.emulate_media(media='screen')
    switch(page, 'teach')
    assert count_shown(page, '.predicted') == 1
    assert waiting.first.locator('.predicted').is_visible()


@pytest.mark.parametrize(
    ('text', 'asked'),
    [
        ('How many are there?', True),
        ('*Predict the shape.*', True),
        ('Guess a factor first. The table has it.', True),
        ('Before you look: will it rise? We have three of them.', True),
        ('What is pooling? It halves a map. It is cheap. Here it is.', False),
        ('The network predicts a shoe.', False),
        ('', False),
    ],
)
def test_asks(text, asked):
    assert asks(text) == asked


# On paper, and on a phone


def test_printed_solutions_hold_the_solutions(site, visit):
    page = visit(f'{site}/{SOLUTIONS}.html')
    folds = page.locator('.tag_hide-input details.hide')
    assert folds.count() > 4
    assert set(folds.locator('.collapsed').all_text_contents()) == {
        'The solution'
    }
    code = '.tag_hide-input pre'
    assert count_shown(page, code) == 0
    page.emulate_media(media='print')
    assert count_shown(page, code) == page.locator(code).count() > 4
    heights = page.locator(code).evaluate_all(
        'boxes => boxes.map(box => box.getBoundingClientRect().height)'
    )
    assert min(heights) > 20


def test_printed_quizzes_hide_the_answers(site, visit):
    page = visit(f'{site}/{POOLING}.html')
    page.locator('.quiz label').first.click()
    page.emulate_media(media='print')
    assert count_shown(page, '.quiz legend') > 3
    assert count_shown(page, '.quiz :is(details, .verdict, .foot)') == 0
    borders = page.locator('.quiz label').evaluate_all(
        'all => all.map(e => getComputedStyle(e).borderLeftColor)'
    )
    assert len(set(borders)) == 1


@pytest.mark.parametrize('name', [VGG, 'search', 'index'])
def test_fields_on_a_phone_do_not_zoom(site, visit, name):
    page = visit(f'{site}/{name}.html', width=375)
    small = page.evaluate("""() => [...document.querySelectorAll(
        'input:not([type=radio], [type=checkbox], [type=range]), select,'
        + 'textarea')].filter(e => e.checkVisibility()
            && parseFloat(getComputedStyle(e).fontSize) < 16)
        .map(e => e.outerHTML.slice(0, 100))""")
    assert small == []


def test_a_box_that_goes_on_says_so(site, visit):
    page = visit(f'{site}/{VGG}.html', width=375)
    shades = page.locator('.cell_input pre').first.evaluate(
        'e => getComputedStyle(e).backgroundAttachment'
    )
    assert shades == 'local, scroll'


@pytest.mark.parametrize('width', [1280, 375])
def test_pages_do_not_scroll_sideways_from_right_to_left(site, visit, width):
    page = visit(f'{site}/{VGG}.html', width=width)
    page.evaluate("document.documentElement.dir = 'rtl'")
    assert page.evaluate('document.documentElement.scrollWidth <= innerWidth')


# In the dark, and for keyboards

TURNED = """pictures => pictures.map(
    picture => getComputedStyle(picture).filter !== 'none')"""


def test_lines_on_white_are_turned_in_the_dark(site, visit):
    """And nothing else: a photograph must keep its colors."""
    page = visit(f'{site}/{VGG}.html', mode='dark')
    drawn = page.locator('article img.drawn')
    assert set(drawn.evaluate_all(TURNED)) == {True}
    page.click('#theme')  # from auto to light
    assert set(drawn.evaluate_all(TURNED)) == {False}
    page.click('#theme')  # to dark
    page.emulate_media(media='print', color_scheme='light')
    assert set(drawn.evaluate_all(TURNED)) == {False}
    page = visit(f'{site}/{POOLING}.html', mode='dark')
    others = page.locator('article .cell_output img:not(.drawn)')
    assert set(others.evaluate_all(TURNED)) == {False}


def test_the_map_is_dark_in_the_dark(site, visit):
    page = visit(f'{site}/index.html', mode='dark')
    paper = page.evaluate('getComputedStyle(document.body).backgroundColor')
    ground = page.locator('.map > rect')
    assert ground.evaluate('e => getComputedStyle(e).fill') == paper


def test_all_boxes_that_scroll_become_tab_stops(site, visit):
    """Those far below too, soon, without being scrolled to."""
    page = visit(f'{site}/{VGG}.html', width=375)
    page.wait_for_function("""() => [...document.querySelectorAll('pre')]
        .filter(box => box.checkVisibility())
        .every(box => box.scrollWidth <= box.clientWidth
            || box.tabIndex === 0)""")
    assert page.evaluate('scrollY') == 0
    assert page.locator('pre[tabindex]').count() > 5
