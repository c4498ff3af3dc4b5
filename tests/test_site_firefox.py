"""A short round in Firefox: no error, nothing sticks out, widgets compute."""

import firefox
import pytest
from browsing import overflow

PAGES = [
    'index',
    'search',
    'chapters/03_pooling',
    'chapters/11_speed_and_scale',
    'chapters/12_clinic',
    'exercises/03_pooling',
]
ENTER = '\ue007'  # as WebDriver writes the key
PAPER = '() => getComputedStyle(document.body).backgroundColor'


@pytest.fixture(scope='module')
def start(tmp_path_factory):
    """Return a function that starts a Firefox for light or dark."""
    program, tabs = firefox.find_firefox(), []
    if program is None:
        pytest.skip('there is no Firefox on the PATH')

    def started(scheme):
        profile = tmp_path_factory.mktemp('profile')
        tabs.append(firefox.Firefox(program, profile, scheme))
        return tabs[-1]

    yield started
    for tab in tabs:
        tab.close()


@pytest.fixture(scope='module')
def tab(start):
    return start('light')


@pytest.mark.parametrize('name', PAGES)
def test_a_page_is_whole(site, tab, name):
    tab.open(f'{site}/{name}.html', 320)
    assert tab.evaluate('() => innerWidth') == 320
    assert overflow(tab) == []
    tab.open(f'{site}/{name}.html', 1280)
    assert overflow(tab) == []
    assert tab.evaluate(PAPER) == 'rgb(255, 255, 255)'
    assert tab.problems == []


def test_it_is_dark_where_all_is_dark(site, start):
    tab = start('dark')
    tab.open(f'{site}/{PAGES[3]}.html')
    assert tab.evaluate(PAPER) != 'rgb(255, 255, 255)'
    assert tab.problems == []


def test_the_cover_computes(site, tab):
    """By mouse, keyboard and touch."""
    tab.open(f'{site}/index.html', 375, 740)
    same = """() => {
        const { gray, values } = document.querySelector('cover-picture');
        return values.every((value, i) => Math.abs(value - gray[i]) < 1e-3);
    }"""
    assert not tab.evaluate(same)
    for i, number in enumerate('000010000'):
        tab.point(f'cover-picture .kernel :nth-child({i + 1} of input)')
        tab.evaluate('() => document.activeElement.select()')
        tab.press(number)
    assert tab.evaluate(same)
    shown = "() => document.querySelector('#install').checkVisibility()"
    assert not tab.evaluate(shown)
    tab.point('[popovertarget=install]', pointer='touch')
    assert tab.evaluate(shown)
    tab.press('\ue00c')  # Escape
    assert not tab.evaluate(shown)
    assert tab.problems == []


def test_a_guess_is_kept_and_compared(site, tab):
    tab.open(f'{site}/chapters/03_pooling.html', 375, 740)
    tab.point('.guess', pointer='touch')  # near it there is a field
    tab.point('.guess input', pointer='touch')
    tab.press('1', ENTER)
    told = tab.evaluate(
        "() => document.querySelector('.guess [role=status]').textContent"
    )
    assert told.startswith('Your answer: 1')
    assert tab.evaluate(
        "() => document.querySelector('.guess + .predicted').checkVisibility()"
    )
    tab.open(f'{site}/chapters/03_pooling.html')
    assert told == tab.evaluate(
        "() => document.querySelector('.guess [role=status]').textContent"
    )
    tab.evaluate('() => localStorage.clear()')
    assert tab.problems == []


def test_widgets_compute(site, tab):
    tab.open(f'{site}/chapters/03_pooling.html', 375, 740)
    size = """() => document.querySelector('d2l-pooling').size"""
    slider = 'd2l-pooling input[name=stride]'
    assert tab.evaluate(size) == 2
    tab.evaluate(f"() => document.querySelector('{slider}').focus()")
    tab.press('\ue012')  # one step to the left: a stride of 1
    assert tab.evaluate(size) == 4
    box = 'd2l-pooling input[name=ceil]'
    tab.evaluate(f"() => document.querySelector('{box}').focus()")
    tab.press('\ue00d')  # the space bar
    state = "() => document.activeElement.matches(':checked:focus-visible')"
    assert tab.evaluate(state)
    assert tab.problems == []


@pytest.mark.parametrize(
    ('bottom', 'whole'), [('', False), ('<mi>b</mi>', True)]
)
def test_half_a_formula_is_a_problem_if_it_stays_half(tab, bottom, whole):
    fraction = f'<math><mfrac><mi>a</mi>{bottom}</mfrac></math>'
    tab.open(f'data:text/html,{fraction}')
    complaint = f'{firefox.HALF} for <mfrac/> tag.'
    tab.heard += [complaint, 'another error']
    assert (complaint in tab.problems) == (not whole)
    assert 'another error' in tab.problems


def test_search_finds(site, tab):
    tab.open(f'{site}/search.html?q=max%20pooling')
    first = tab.evaluate(
        """async () => {
            for (let i = 0; i < 100; i++) {
                const link = document.querySelector('main li a');
                if (link) return link.textContent;
                await new Promise(call => setTimeout(call, 100));
            }
        }"""
    )
    assert 'pooling' in (first or '').lower()
    assert tab.problems == []
