"""What users did to the cover and to widgets, and what must not happen."""

import io

import pytest
from browsing import ROOT
from PIL import Image

SLOW_FIRST = """() => {
    const { decode } = HTMLImageElement.prototype;
    let wait = 400;
    HTMLImageElement.prototype.decode = async function() {
        const more = wait;
        wait = 0;
        await decode.call(this);
        await new Promise(done => setTimeout(done, more));
    };
}"""


@pytest.fixture
def cover(browser):
    """Return a page that holds nothing but the cover's convolution."""
    page = browser.new_page()
    page.problems = []
    page.on('pageerror', lambda error: page.problems.append(str(error)))
    page.set_content('<cover-picture></cover-picture>')
    page.evaluate(SLOW_FIRST)
    page.add_script_tag(path=ROOT / 'site/static/cover.js')
    yield page
    assert page.problems == []
    page.close()


def take(page, name, size):
    file = io.BytesIO()
    Image.new('RGB', size, 'red').save(file, 'PNG')
    page.locator('cover-picture input[type=file]').set_input_files(
        {'name': name, 'mimeType': 'image/png', 'buffer': file.getvalue()}
    )


def read_size(page):
    return page.evaluate(
        '(({ width, height }) => [width, height])(document.querySelector('
        "'cover-picture'))"
    )


def test_of_two_pictures_the_last_counts(cover):
    """A large one that takes long does not come back over a small one."""
    cover.wait_for_function("document.querySelector('cover-picture').values")
    cover.evaluate(SLOW_FIRST)
    take(cover, 'slow.png', (40, 20))
    take(cover, 'quick.png', (20, 20))
    cover.wait_for_function(
        "document.querySelector('cover-picture').height === 320"
    )
    cover.wait_for_timeout(900)
    assert read_size(cover) == [320, 320]


def test_a_picture_may_come_before_the_photograph(cover):
    take(cover, 'early.png', (20, 20))
    cover.wait_for_function(
        "document.querySelector('cover-picture').height === 320"
    )
    cover.wait_for_timeout(900)
    assert read_size(cover) == [320, 320]


def test_wrong_fields_are_told_to_screen_readers(cover, show):
    """The attribute with no value would mean that nothing is wrong."""
    cover.wait_for_function("document.querySelector('cover-picture').values")
    fields = [
        cover.locator('cover-picture .kernel input').first,
        show('convolution').locator('td input').first,
    ]
    for field in fields:
        field.fill('1e9')
        assert field.get_attribute('aria-invalid') == 'true'
        field.fill('1')
        assert field.get_attribute('aria-invalid') is None


def test_signs_of_the_legend_look_like_the_dots(show):
    widget = show('compare')
    shown = widget.evaluate("""w => {
        const look = (element, color) => {
            const { opacity, [color]: shade } = getComputedStyle(element);
            return `${shade} ${opacity}`;
        };
        w.change({ budget: 50 });
        const signs = [...w.querySelectorAll('.keys .swatch')];
        const dots = ['.dot:not(.faint, .pinned)', '.pinned', '.faint'];
        return [signs.map(e => look(e, 'backgroundColor')),
            dots.map(kind => look(w.querySelector(`path.dot${kind}`
                .replace('.dot.dot', '.dot')), 'stroke'))];
    }""")
    assert shown[0] == shown[1]


EXERCISE = 'exercises/01_convolution.html'


def test_an_error_names_no_line_that_the_reader_does_not_see(site, visit):
    """The check stands behind the answer: its lines are not the reader's."""
    page = visit(f'{site}/{EXERCISE}')
    question = page.locator('d2l-exercise').first
    question.locator('textarea').fill('')
    question.get_by_role('button', name='Run and check').click()
    fault = question.locator('.fault')
    fault.filter(has_text='NameError').wait_for()
    assert 'ine ' not in fault.inner_text()
    assert fault.get_by_role('button').count() == 0


def test_pages_are_whole_where_nothing_may_be_kept(site, visit):
    page = visit(f'{site}/{EXERCISE}', fresh=True)
    page.add_init_script("""Object.defineProperty(window, 'localStorage',
        { configurable: true, get() { throw new Error('not allowed'); } });""")
    page.reload()
    page.locator('d2l-exercise textarea').first.wait_for()
    assert page.evaluate("localStorage.getItem('x')") is None
    assert page.problems == []


def test_what_is_kept_may_be_spoiled(site, visit):
    """What is no name and no guess is passed over, the rest still counts."""
    page = visit(f'{site}/{EXERCISE}')
    page.evaluate("""localStorage.setItem('exercises done',
        '[1, null, ["a"], "01.corr2d"]')""")
    page.reload()
    page.get_by_text('Done on this page: 1 of').first.wait_for()
    page.goto(f'{site}/chapters/03_pooling.html')
    page.evaluate("""localStorage.setItem('guesses chapters/03_pooling',
        JSON.stringify({ [document.querySelector('.guess').dataset.key]: 1 }))
    """)
    page.reload()
    told = page.locator('.guess [role=status]').first
    assert told.inner_text().startswith('Your answer: 1')
    assert page.problems == []
