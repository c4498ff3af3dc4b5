"""Search: 40 queries as readers write them, the box, and odd words."""

import json
import subprocess

import pytest
import search_sections
import website
from browsing import HTML, ROOT, violations

FOLDER = ROOT / 'site' / 'static' / 'search'
WANTED = 36
C = 'chapters/'
# A query, and the page and a part of the title of the section wanted first.
QUERIES = {
    # students' words
    'skip connection': ('05_5_resnet', 'residual block'),
    'what is a receptive field': ('02_', 'receptive field'),
    'output size of a convolution': ('02_', 'output size'),
    'why odd kernel size': ('05_classic', 'Kernel size'),
    '3×3 vs 5×5': ('05_3_vgg', 'Two 3×3'),
    '1x1 convolution': ('02_', '1x1 convolution'),
    'learning rate too large': ('12_', 'learning rate'),
    'train vs eval mode': ('', 'eval'),
    'depthwise separable': ('02_', 'depthwise-separable'),
    'deconvolution': ('02_', 'Transposed convolution'),
    'checkerboard': ('02_', 'Checkerboard'),
    'global average pooling': ('03_', 'global average pooling'),
    'backprop through max pooling': ('06_', 'max pooling'),
    'transfer learning': ('08_', ''),
    'heatmap where does the network look': ('10_', 'Grad-CAM'),
    'data augmentation': ('07_', 'Augmentation'),
    'overfitting': ('07_', 'overfitting'),
    'unequal label lengths': ('09_', 'unequal lengths'),
    'corrupt images': ('09_', 'bad'),
    'multi gpu': ('11_', 'processes'),
    'int8': ('11_', 'Eight bits'),
    # misspelt, or written otherwise
    'batchnorm': ('04_', 'Batch norm'),
    'convolutoin': ('01_', 'onvolution'),
    'dillation': ('02_', 'dilation'),
    'resudual block': ('05_5', 'residual block'),
    'upsampling': ('03_', 'upsampling'),
    'Grad CAM': ('10_', 'Grad-CAM'),
    'DataLoder shuffling': ('09_', 'DataLoader'),
    # error messages, pasted
    "NameError: name 'bias' is not defined": ('12_', 'NameError'),
    'RuntimeError: mat1 and mat2 shapes cannot be multiplied (2x784 and '
    '400x120)': ('12_', 'mat1 and mat2'),
    'RuntimeError: Input type (double) and bias type (float) should be the '
    'same': ('12_', 'Input type'),
    'TypeError: Affine.__init__() takes 1 positional argument but 3 were '
    'given': ('12_', 'takes 1 positional'),
    'AttributeError: cannot assign module before Module.__init__() call': (
        '12_',
        'cannot assign module',
    ),
    "AttributeError: '_SingleProcessDataLoaderIter' object has no attribute "
    "'next'": ('12_', "'next'"),
    'RuntimeError: Given groups=1, weight of size [8, 2, 3, 3], expected '
    'input[1, 1, 6, 6] to have 2 channels, but got 1 channels instead': (
        '12_',
        'expected input',
    ),
    # Chinese
    '感受野': ('02_', 'receptive field'),
    '批量归一化': ('04_', 'Batch norm'),
    '残差块': ('05_5', 'residual block'),
    '转置卷积': ('02_', 'Transposed'),
    '数据增广': ('07_', 'Augmentation'),
}
ODD = ['constructor', '__proto__', 'toString', 'hasOwnProperty', '(', '\\']
ODD += ['"', '<b>x</b>', '.*', '龘', ' ', 'x' * 5000, '×', 'a b c' * 300]


def find(queries):
    """Return for each query the (address, anchor, title) that are found."""
    sections = HTML / '_static' / 'search' / 'sections.js'
    load = [f'require({json.dumps(str(sections))});']
    load += [
        f"require('{FOLDER}/words.js');",
        f"const {{ makeIndex, find }} = require('{FOLDER}/search.js');",
        'const index = makeIndex(d2lSections);',
        "const queries = JSON.parse(require('fs').readFileSync(0));",
        'const name = ([page, anchor, title]) =>'
        ' [d2lSections.pages[page][0], anchor, title];',
        'console.log(JSON.stringify(queries.map(q => find(index, q)'
        '.slice(0, 5).map(one => name(d2lSections.sections[one.id])))));',
    ]
    return run(load, queries)


def run(lines, queries=()):
    """Return what a program of Node.js prints of the queries, as JSON."""
    program = website.find_node()
    if program is None:
        pytest.skip('Node.js is not here')
    done = subprocess.run(
        [program, '-e', '\n'.join(lines)],
        input=json.dumps(queries),
        capture_output=True,
        encoding='utf-8',
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def read_index():
    text = (HTML / '_static/search/sections.js').read_text(encoding='utf-8')
    return json.loads(text[text.index('{') : text.rindex('}') + 1])


def fits(wanted, found):
    (page, words), (address, _, title) = wanted, found
    start = page if '/' in page else C + page
    return address.startswith(start) and words.lower() in title.lower()


def test_forty_queries_find_the_section_wanted(build):
    assert len(QUERIES) == 40
    missed = {
        query: found[:3]
        for (query, wanted), found in zip(
            QUERIES.items(), find(list(QUERIES)), strict=True
        )
        if not found or not fits(wanted, found[0])
    }
    assert len(QUERIES) - len(missed) >= WANTED, missed


def test_error_messages_all_lead_to_the_clinic(build):
    messages = [query for query in QUERIES if 'Error: ' in query]
    assert len(messages) >= 6
    for found in find(messages):
        assert found[0][0] == 'chapters/12_clinic.html'
        assert found[0][1].startswith(('case-', 'symptom-'))


def test_odd_words_do_no_harm(build):
    for query, found in zip(ODD, find(ODD), strict=True):
        assert isinstance(found, list), query
    assert find(['']) == find(['?!']) == [[]]


def test_times_and_x_find_the_same(build):
    cross, letter, spaced = find(['3×3 kernel', '3x3 kernel', '3 x 3 kernel'])
    assert cross == letter == spaced != []


@pytest.mark.parametrize(
    ('formula', 'seen'),
    [
        (r'(3-1)\cdot2 + 2 = 6', '(3-1)·2 + 2 = 6'),
        (r's\,\text{RF}_\text{next}', 's RF_next'),
        (r'R \leftarrow (R - 1) \cdot s + k', 'R ← (R - 1) · s + k'),
        (r'\frac{a}{b + \epsilon}', 'a/(b + ε)'),
        (r'\left\lfloor\frac{n}{2}\right\rfloor', '⌊n/2⌋'),
        (r'\begin{aligned}a &= b\\ c &= d\end{aligned}', 'a = b c = d'),
        (r'\log x \leq \mathbf{w}^\top x', 'log x ≤ w^top x'),
    ],
)
def test_formulas_are_found_as_they_are_seen(formula, seen):
    assert ' '.join(search_sections.plain(formula).split()) == seen


def test_results_show_no_commands_of_formulas(build):
    index = read_index()
    words = ' '.join(section[3] for section in index['sections'])
    assert '·' in words and '≤' in words
    for command in ['cdot', 'text{', 'frac{', 'left', 'leq', 'sum_', 'begin{']:
        assert f'\\{command}' not in words


def test_each_address_that_search_gives_exists(build):
    index = read_index()
    pages = [(HTML / address).read_text() for address, _ in index['pages']]
    lost = [
        (index['pages'][page][0], anchor)
        for page, anchor, *_ in index['sections']
        if anchor and f'id="{anchor}"' not in pages[page]
    ]
    assert not lost
    anchors = [anchor for _, anchor, *_ in index['sections']]
    assert {f'case-{n}' for n in range(1, 12)} <= set(anchors)


@pytest.mark.parametrize('width', [1280, 375])
def test_search_by_keyboard_alone(build, site, visit, width):
    page = visit(f'{site}/search.html', width=width)
    page.keyboard.type('mat1 and mat2 shapes cannot be multiplied')
    # A slow machine shows results of the first letters before all are typed.
    page.wait_for_function("location.search.endsWith('multiplied')")
    page.keyboard.press('ArrowDown')
    href = page.evaluate('document.activeElement.href')
    assert '12_clinic.html' in href and '#' in href
    page.keyboard.press('ArrowDown')
    page.keyboard.press('ArrowUp')
    page.keyboard.press('ArrowUp')
    assert page.evaluate('document.activeElement.name') == 'q'
    page.keyboard.press('ArrowDown')
    assert violations(page) == []
    page.keyboard.press('Enter')
    page.wait_for_url('**/12_clinic.html*')
    top = 'document.querySelector(location.hash).getBoundingClientRect().top'
    assert -5 <= page.evaluate(top) < 150
    page.wait_for_timeout(2500)  # all that scripts do later is done
    assert -5 <= page.evaluate(top) < 150
    assert page.problems == []


def test_search_keeps_what_was_typed_in_the_address(build, visit):
    page = visit((HTML / 'search.html').as_uri())
    for word in ['constructor', '__proto__', '感受野']:
        page.fill('.search-form input', word)
        page.wait_for_function(
            'w => new URLSearchParams(location.search).get("q") === w',
            arg=word,
        )
    assert 'receptive field' in page.inner_text('#search-results li a')
    page.reload()
    assert page.input_value('.search-form input') == word
    page.wait_for_selector('#search-results li')
    assert page.problems == []


@pytest.mark.parametrize('width', [1280, 375])
def test_the_slash_leads_to_what_is_found(build, site, visit, width):
    """Also where the heading has no room for a field."""
    page = visit(f'{site}/chapters/03_pooling.html', width=width)
    page.keyboard.press('/')
    if width == 375:
        page.wait_for_url('**/search.html*')
        page.wait_for_function("document.activeElement.name === 'q'")
    page.keyboard.type('recptive feild')
    page.keyboard.press('Enter')
    page.wait_for_selector('#search-results li')
    page.evaluate('document.activeElement.blur()')
    page.keyboard.press('/')
    assert page.evaluate('document.activeElement.value') == 'recptive feild'
    page.keyboard.press('ArrowDown')
    assert '#' in page.evaluate('document.activeElement.href')
    page.keyboard.press('/')  # also from a link
    page.keyboard.type('1/x')  # over what was there; a slash is a sign again
    page.wait_for_function("location.search === '?q=1%2Fx'")
    assert page.problems == []


def test_the_field_is_filled_when_one_comes_back(build, site, visit):
    """WebKit keeps the page as it was, but empties the field."""
    page = visit(f'{site}/search.html?q=stride')
    page.evaluate(
        """() => {
            document.querySelector('.search-form').q.value = '';
            dispatchEvent(
                new PageTransitionEvent('pageshow', { persisted: true }));
        }"""
    )
    page.wait_for_function(
        "document.querySelector('.search-form').q.value === 'stride'"
    )


def test_only_the_search_page_loads_the_sections(build):
    for path in HTML.rglob('*.html'):
        holds = 'sections.js' in path.read_text(encoding='utf-8')
        assert holds == (path == HTML / 'search.html'), path
    assert not (HTML / 'searchindex.js').exists()
