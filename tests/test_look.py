"""Pages on a phone: nothing that is read has to be pushed sideways.

One browser, one load a page; what is folded is opened first. Code may be
wider than the screen (it can be wrapped, and shows that it goes on), and so
may what a cell prints.
"""

import pytest

# Where most figures are wide: rows of photographs, drawings, charts.
WIDE = [
    f'chapters/{name}'
    for name in [
        '01_convolution',
        '03_pooling',
        '05_4_googlenet',
        '05_6_densenet',
        '05_7_modern_blocks',
        '06_by_hand',
        '13_project',
    ]
]
READABLE = 7.5  # pixels of the page: text of 8 points in a figure
MEASURE = """() => {
    document.documentElement.classList.remove('fresh');
    for (const box of document.querySelectorAll('details')) box.open = true;
    for (const e of document.querySelectorAll('.predicted'))
        e.style.display = 'block';
    dispatchEvent(new Event('resize'));
    const all = name => [...document.querySelectorAll(name)];
    const seen = all('article .cell_output img')
        .filter(e => e.checkVisibility());
    // A source's width for a narrow picture, else the picture's own.
    const drawn = e => +(e.parentElement.querySelector('source') ?? e)
        .getAttribute('width');
    const words = e => (e.alt || e.textContent).trim().slice(0, 60);
    const small = seen.map(e =>
        [8 * 105 / 72 * e.getBoundingClientRect().width / drawn(e), words(e)]);
    const wide = [...all('article .cell_output span.wide'),
            ...all('article div.math')]
        .filter(e => e.scrollWidth > e.clientWidth + 1)
        .map(e => [e.scrollWidth - e.clientWidth, words(e)
            || words(e.querySelector('img') ?? e)]);
    const off = seen.filter(e => {
        const { left, right } = e.getBoundingClientRect();
        return left < -1 || right > innerWidth + 1;
    }).map(words);
    return { small, wide, off };
}"""


@pytest.fixture(scope='module')
def phone(site, browser):
    """Return a function that measures a page at 375 pixels."""
    context = browser.new_context(viewport={'width': 375, 'height': 900})
    context.set_default_timeout(120_000)
    page = context.new_page()

    def measure(name):
        page.goto(f'{site}/{name}.html')
        return page.evaluate(MEASURE)

    yield measure
    context.close()


@pytest.mark.parametrize('name', WIDE)
def test_a_phone_shows_figures_and_formulas_whole(phone, name):
    found = phone(name)
    assert found['wide'] == [] == found['off']
    assert [pair for pair in found['small'] if pair[0] < READABLE] == []
    assert len(found['small']) > 5
