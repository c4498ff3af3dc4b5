"""Draw and classify; live code: right, for everyone, and on this machine only.

Both widgets stand on a bare page, in a folder like the site's: from file://,
where browsers forbid most, and from a server.
"""

import ast
import base64
import gzip
import hashlib
import io
import json
import re
import shutil
import statistics
from pathlib import Path

import draw_and_classify as bench
import embed
import nbformat
import numpy as np
import pytest
import shoot
import torch
from browsing import Tab, by_light_and_dark, new_page
from PIL import Image
from test_widgets import SMALL, node
from torch.nn import functional as F

from d2lmini import data

ROOT = Path(__file__).parent.parent

NETS = ['digits', 'fashion']
PROGRAMS = {
    'corr2d': '01_convolution',
    'conv2d': '02_padding_stride_channels',
    'pool2d': '03_pooling',
}
# What a reader has to change, and what the check says before each change.
CURES = {
    'corr2d': [
        ('the kernel is not turned yet', 'K[a][b] *', 'K[h - 1 - a][b] *'),
        (
            'only the rows of the kernel are turned',
            '[h - 1 - a][b] *',
            '[h - 1 - a][w - 1 - b] *',
        ),
    ],
    'conv2d': [
        (
            'size (3, 3), wanted (2, 2)',
            'H = len(X) - h + 1',
            'H = (len(X) + 2 * padding - h) // stride + 1',
        ),
        (
            'size (2, 3), wanted (2, 2)',
            'W = len(X[0]) - w + 1',
            'W = (len(X[0]) + 2 * padding - w) // stride + 1',
        ),
        (
            'mend the start',
            'top, left = i, j',
            'top, left = i * stride - padding, j * stride - padding',
        ),
    ],
    'pool2d': [
        (
            'the zeros of the padding win everywhere',
            'window.append(X[a][b] if inside else 0)',
            'window += [X[a][b]] if inside else []',
        )
    ],
}


def cell_of(name, tag):
    """Return the Markdown cell of a page that has a widget."""
    nb = nbformat.read(ROOT / 'chapters' / f'{name}.ipynb', 4)
    (cell,) = [c for c in nb.cells if f'<d2l-{tag}' in c.source]
    return cell.source


def program(name):
    """Return the program that stands in the notebook."""
    return re.search(
        rf'^<d2l-live-code name="{name}">\n\n```python\n(.+)\n```\n\n'
        r'</d2l-live-code>$',
        cell_of(PROGRAMS[name], 'live-code'),
        flags=re.S | re.M,
    )[1]


def stored(name):
    """Return what the script of a network holds."""
    text = (embed.FOLDER / f'lenet-{name}.js').read_text(encoding='utf-8')
    return json.loads(text[text.index('= {\n') + 2 :].strip().rstrip(';'))


def network(name):
    """Return PyTorch's LeNet with the stored weights."""
    halves = np.frombuffer(base64.b64decode(stored(name)['weights']), '<f2')
    net = bench.modern_lenet()
    torch.nn.utils.vector_to_parameters(
        torch.from_numpy(halves.astype('f4')), net.parameters()
    )
    return net


def pixels(text):
    numbers = np.frombuffer(base64.b64decode(text), np.uint8)
    return torch.from_numpy(numbers.copy()).reshape(1, 28, 28)


def in_node(expression, cases):
    """As node(), with LeNet's arithmetic and both networks."""
    files = ['lenet.js', *(f'lenet-{name}.js' for name in NETS)]
    load = ', '.join(
        f'require({json.dumps(str(embed.FOLDER / name))})' for name in files
    )
    return node(f'({load}, {expression})', cases)


# LeNet's arithmetic against PyTorch's


@pytest.fixture(scope='module')
def garments():
    """Return an iterator over Fashion-MNIST's test images."""
    return data.load_data_fashion_mnist(1000)[1]


@pytest.mark.parametrize('name', NETS)
def test_scores_are_those_of_pytorch(name, garments):
    """On 200 garments and the 16 stored images: scores, shares, all maps."""
    file, net = stored(name), network(name)
    images = torch.cat(
        [
            garments.images[:200],
            *(
                pixels(item['image'])[None]
                for item in file['samples'] + file['mistakes']
            ),
        ]
    )
    found = in_node(
        f"""(() => {{
        const file = d2l.nets.{name}, start = performance.now();
        file.layers ??= d2l.lenet(d2l.halves(file.weights));
        const {{ scores, shares, maps }} = d2l.classify(
            file.layers, Float32Array.from(c, value => value / 255));
        return {{ scores: [...scores], shares: [...shares],
            time: performance.now() - start, sums: Object.values(maps).map(
                map => map.reduce((a, b) => a + b)) }};
        }})()""",
        images.flatten(1).tolist(),
    )
    with torch.no_grad():
        scores, X, sums = net(images / 255), images / 255, []
        for i, layer in enumerate(net):
            X = layer(X)
            if i in (1, 2, 4, 5, 8, 10):  # after ReLU, after pooling
                sums.append(X.flatten(1).sum(1))
    for key, wanted, off in [
        ('scores', scores, 3e-3),
        ('sums', torch.stack(sums, 1), 3e-2),
        ('shares', scores.softmax(1), 1e-4),
    ]:
        mine = torch.tensor([f[key] for f in found])
        assert (mine - wanted).abs().max() < off, key
    milliseconds = statistics.median(f['time'] for f in found)
    print(f'{name}: {milliseconds:.1f} ms a picture')
    assert milliseconds < 40


def test_numbers_of_16_bits():
    bits = np.array([*range(0, 2**16, 7)], '<u2')
    bits = bits[(bits >> 10 & 31) < 31]  # neither infinite nor nan
    (found,) = in_node(
        '[...d2l.halves(c)]', [base64.b64encode(bits.tobytes()).decode()]
    )
    assert np.array_equal(bits.view('<f2').astype('f4'), found)


def test_resize_is_interpolate():
    """With antialiasing, larger and smaller, 200 random sizes.

    From 2 on: to a width of 1 PyTorch 2.15 gives every row the first's value.
    """
    generator = torch.Generator().manual_seed(0)
    sizes = torch.randint(2, 40, (200, 2, 2), generator=generator).tolist()
    cases = [
        dict(
            X=torch.rand(a * b, generator=generator).tolist(), of=[a, b], to=to
        )
        for (a, b), to in sizes
    ]
    found = in_node('[...d2l.resize(c.X, c.of, c.to)]', cases)
    for case, mine in zip(cases, found):
        X = torch.tensor(case['X']).reshape(1, 1, *case['of'])
        wanted = F.interpolate(X, case['to'], mode='bilinear', antialias=True)
        torch.testing.assert_close(
            torch.tensor(mine), wanted.flatten(), atol=1e-5, rtol=1e-4
        )


def extent(picture):
    """Return height and width of what is there, and its center of mass."""
    rows, cols = (picture > 0.01).nonzero(as_tuple=True)
    i = torch.arange(28.0) + 0.5
    center = [
        float((picture.sum(axis) @ i) / picture.sum()) for axis in (1, 0)
    ]
    return (
        int(rows.max() - rows.min()) + 1,
        int(cols.max() - cols.min()) + 1,
        *center,
    )


def test_drawings_are_framed_as_the_training_data():
    """Wherever and however large: MNIST's box and center, Fashion-MNIST's."""
    lines = [
        [[[3, 4], [9, 20]]],
        [[[20, 2], [26, 5], [14, 12]]],
        [[[5, 5], [5, 6]]],
        [[[2, 2], [26, 26]], [[26, 2], [2, 26]]],
    ]
    cases = [
        dict(lines=some, frame=dict(box=box, byMass=mass))
        for some in lines
        for box, mass in [(20, True), (28, False)]
    ]
    found = in_node(
        """(() => {
        const ink = new Float32Array(112 * 112);
        for (const line of c.lines) line.slice(1).forEach((point, k) =>
            d2l.stroke(ink, line[k], point, 1.2));
        return [...d2l.normalize(ink, c.frame)]; })()""",
        cases,
    )
    for case, mine in zip(cases, found):
        height, width, *center = extent(torch.tensor(mine).reshape(28, 28))
        assert max(height, width) == case['frame']['box']
        if case['frame']['byMass']:
            assert all(abs(k - 14) <= 0.5 for k in center)
    assert in_node(
        'd2l.normalize(new Float32Array(64), {box: 20})[0]', [0]
    ) == [0]


def test_lines_that_close_are_filled():
    found = in_node(
        """(() => {
        const ink = new Float32Array(112 * 112);
        c.slice(1).forEach((point, k) => d2l.stroke(ink, c[k], point, 1));
        const full = d2l.fillClosed(ink);
        return [full[56 * 112 + 56], full[0]]; })()""",
        [
            [[8, 8], [20, 8], [20, 20], [8, 20], [8, 8]],
            [[8, 8], [20, 8], [20, 20], [8, 20]],
        ],
    )
    assert found == [[1, 0], [0, 0]]


@pytest.mark.parametrize('name', NETS)
def test_what_is_said_of_mistakes_is_true(name, garments):
    """The widget's figures, from its own weights; and the record's."""
    file, record = stored(name), json.loads(bench.RECORD.read_text())[name]
    assert file['accuracy'] == record['test_accuracy']['float16']
    assert file['flat'] == record['flat_accuracy']
    assert file['wrong'] == round(file['tested'] * (1 - file['accuracy']))
    assert file['accuracy'] > {'digits': 0.985, 'fashion': 0.9}[name]
    assert file['classes'] == bench.CLASSES[name]
    net = network(name)
    for item in file['mistakes']:
        shares = bench.scores_of(net, pixels(item['image'])[None]).softmax(1)
        assert int(shares.argmax()) == item['said'] != item['label']
        assert float(shares.max()) == pytest.approx(item['share'], abs=1e-3)
    if name == 'fashion' and len(garments.labels) == 10_000:
        assert file['wrong'] == bench.mistakes(net, garments)['wrong']
        assert file['flat'] == pytest.approx(
            bench.flat_accuracy(name, net, garments), abs=5e-4
        )


def test_the_benchmark_reads_idx_files(tmp_path):
    X = np.arange(2 * 28 * 28, dtype=np.uint8).reshape(2, 28, 28)
    for part, pack in [('train', gzip.compress), ('t10k', bytes)]:
        for kind, array in [('images-idx3', X), ('labels-idx1', X[:, 0, 1])]:
            head = (
                bytes([0, 0, 8, array.ndim])
                + np.array(array.shape, '>i4').tobytes()
            )
            ending = '.gz' if pack is gzip.compress else ''
            (tmp_path / f'{part}-{kind}-ubyte{ending}').write_bytes(
                pack(head + array.tobytes())
            )
    for images in bench.load('digits', tmp_path):
        assert np.array_equal(images.images[:, 0], X)
        assert images.labels.tolist() == X[:, 0, 1].tolist()


# The pages


def test_pages_have_what_stands_for_the_widgets():
    """A picture and a sentence; the program itself, with the task before."""
    cell = cell_of('05_1_lenet', 'draw')
    alt, path, words = re.search(
        r'<d2l-draw>\n\n!\[(.+)\]\((.+)\)\n\n(.+)\n\n</d2l-draw>$', cell
    ).groups()
    assert len(alt) > 60 and len(words) > 60
    assert (ROOT / 'chapters' / path).stat().st_size < 60 * 1024
    for name, page in PROGRAMS.items():
        assert max(map(len, program(name).splitlines())) <= 79
        task = cell_of(page, 'live-code').split('<d2l')[0]
        assert 'elsewhere, copy' in task and '?' in task


def run_here(text):
    """Return the names that a program defines, and its check's message."""
    names = {}
    try:
        exec(text, names)
    except AssertionError as error:
        return names, str(error)
    return names, None


@pytest.mark.parametrize('name', PROGRAMS)
def test_checks_of_programs_tell_what_is_missing(name):
    """They run in Python too, and end with the reader's last change."""
    text = program(name)
    for message, old, new in CURES[name]:
        assert message in run_here(text)[1]
        assert text.count(old) == 1
        text = text.replace(old, new)
    names, message = run_here(text)
    assert message is None
    X = torch.tensor(names['X']).double()[None, None]
    if name == 'pool2d':
        assert names['maxima'] == F.max_pool2d(X, 3, 2, 1)[0, 0].tolist()
        assert (
            names['means']
            == F.avg_pool2d(X, 3, 2, 1, count_include_pad=False)[0, 0].tolist()
        )
        return
    K = torch.tensor(names['K']).double()[None, None]
    if name == 'corr2d':
        wanted = F.conv2d(X, K.flip(2, 3))[0, 0].tolist()
        assert names['Y'] == wanted and names['corr2d'] is not None
        hints = {
            str(F.conv2d(X, K.flip(axes))[0, 0].long().tolist())
            for axes in [(), (2,), (3,)]
        }
        assert hints == {
            ast.unparse(node.test.comparators[0])
            for node in ast.parse(text).body
            if isinstance(node, ast.Assert)
            and isinstance(node.test.ops[0], ast.NotEq)
        }
        return
    for stride, padding, right in names['wanted']:
        assert right == F.conv2d(X, K, None, stride, padding)[0, 0].tolist()


def test_micropython_is_the_published_one():
    """Unpacked, its two files are those of the npm package, 1.27.0."""
    folder = ROOT / 'site/static/micropython'
    assert 'MIT License' in (folder / 'LICENSE').read_text()
    script = (folder / 'micropython.js').read_text()
    assert len(script) < 300_000 and 'MicroPython 1.27.0' in script
    for key, wanted in {
        'mjs': 'c2be87e7ba24e3b47d133022b009a66b'
        'ff07f4720aa23d816d216ef8cc47014c',
        'wasm': '06338c955b03c5700aa0069015d3e392'
        'd76836ef8e2ce25bedbe59b88ccd373c',
    }.items():
        packed = re.search(f'"{key}": "(.+)"', script)[1]
        content = gzip.decompress(base64.b64decode(packed))
        assert hashlib.sha256(content).hexdigest() == wanted


# In a browser: a folder as the site's, from file:// and from a server

HEAD = """<link rel="icon" href="data:,">
<link rel="stylesheet" href="_static/book.css">
<link rel="stylesheet" href="_static/widgets.css">
<link rel="stylesheet" href="_static/heights.css">"""


@pytest.fixture(scope='module')
def site(tmp_path_factory):
    """Return a folder with a page of both widgets and all their files."""
    folder = tmp_path_factory.mktemp('site')
    static = folder / '_static'
    shutil.copytree(embed.FOLDER, static)
    shutil.copytree(ROOT / 'site/static/micropython', static / 'micropython')
    shutil.copy(ROOT / 'site/static/book.css', static)
    scripts = dict.fromkeys(embed.scripts('draw') + embed.scripts('live-code'))
    body = (
        '<d2l-draw><p>A picture.</p></d2l-draw><d2l-live-code name="'
        'corr2d"><div class="highlight"><pre>'
        + program('corr2d').replace('<', '&lt;')
        + '\n</pre></div></d2l-live-code><p id="after">After.</p>'
    )
    (folder / 'index.html').write_text(
        shoot.BARE.format(body).replace('<title>', HEAD + '<title>')
        + ''.join(
            f'<script defer src="_static/{name}"></script>' for name in scripts
        ),
        encoding='utf-8',
    )
    return folder


def near_nothing(page):
    """Have nothing come near, so that the pad stays empty."""
    page.context.add_init_script(
        'window.IntersectionObserver = class { observe() {} disconnect() {} }'
    )
    return note_requests(page)


def note_requests(page):
    page.asked = []
    page.on('request', lambda r: page.asked.append(r.url))
    return page


@pytest.fixture(scope='module')
def pad(browser):
    """Return the tab that all tests share who want nothing else."""
    tab = Tab(browser)
    near_nothing(tab.page)
    return tab


@pytest.fixture(scope='module')
def address(serve, site):
    return serve(site)


@pytest.fixture
def visit(browser, site, address, pad):
    """Return a function that opens the page as if for the first time."""
    pages = []

    def opened(served=False, opening=False, **options):
        if opening:
            page = note_requests(new_page(browser, **options))
        elif options or pad.page in pages:
            page = near_nothing(new_page(browser, **options))
        else:
            page = pad.clear()
            pad.origins |= {address, 'file://'}
        page.asked.clear()
        pages.append(page)
        page.goto(
            f'{address}/index.html'
            if served
            else (site / 'index.html').as_uri()
        )
        page.draw = page.locator('d2l-draw')
        page.code = page.locator('d2l-live-code')
        return page

    yield opened
    for page in pages:
        assert page.problems == []
        if page is not pad.page:
            page.context.close()


def says(page, words):
    """Wait until the widget says so; return all of what it says."""
    status = page.draw.locator('.outcome p:not(.place)').first
    status.filter(has_text=words).wait_for()
    return status.inner_text()


def shares(page):
    return page.draw.locator('.shares li').all_inner_texts()


def stroke(page, *points):
    """Draw a line by mouse; points on the grid of 28×28: column, row."""
    page.draw.locator('.pad').scroll_into_view_if_needed()
    box = page.draw.locator('.pad').bounding_box()
    places = [
        [box[k] + point[i] * box['width'] / 28 for i, k in enumerate('xy')]
        for point in points
    ]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()


ZERO = [(14, 5), (19, 9), (19, 19), (14, 23), (9, 19), (9, 9), (14, 5)]


@pytest.mark.parametrize('served', [False, True])
def test_draw_by_mouse(visit, served):
    """Off centre too; undone, cleared; the network comes when needed."""
    page = visit(served)
    assert not [url for url in page.asked if 'lenet-' in url]
    assert 'Nothing is drawn yet' in page.draw.inner_text()
    stroke(page, *ZERO)
    says(page, 'LeNet says 0 (')
    assert len([url for url in page.asked if 'lenet-' in url]) == 1
    page.get_by_role('button', name='Undo').first.click()
    says(page, 'Nothing is drawn yet')
    stroke(page, (5, 3), (6, 12))
    says(page, 'LeNet says 1 (')
    stroke(page, (20, 20), (22, 20))
    page.draw.get_by_role('button', name='Undo').click()
    says(page, 'LeNet says 1 (')
    page.draw.get_by_role('button', name='Clear').click()
    assert shares(page)[0].split() == ['0', '–']
    page.draw.get_by_role('button', name='Undo').click()
    says(page, 'LeNet says 1 (')


def test_draw_by_touch(visit):
    """A finger draws; it does not scroll the page."""
    page = visit(
        viewport={'width': 375, 'height': 900}, has_touch=True, is_mobile=True
    )
    page.draw.locator('.pad').scroll_into_view_if_needed()
    box, finger = (
        page.draw.locator('.pad').bounding_box(),
        page.context.new_cdp_session(page),
    )
    top = page.evaluate('scrollY')
    for kind, row in [
        ('Start', 4),
        *(('Move', r) for r in range(5, 25)),
        ('End', None),
    ]:
        finger.send(
            'Input.dispatchTouchEvent',
            {
                'type': f'touch{kind}',
                'touchPoints': []
                if row is None
                else [
                    {
                        'x': box['x'] + box['width'] / 2,
                        'y': box['y'] + row * box['height'] / 28,
                    }
                ],
            },
        )
    says(page, 'LeNet says 1 (')
    assert page.evaluate('scrollY') == top


def test_draw_by_keyboard(visit):
    page = visit()
    press = page.keyboard.press
    page.draw.get_by_role('button', name='Choose a picture').focus()
    press('Tab')
    assert page.evaluate("document.activeElement.matches('.pad')")
    for key in ['Shift+ArrowUp', 'Shift+ArrowUp', 'ArrowUp', 'Space']:
        press(key)
    place = page.draw.locator('.place')
    assert place.inner_text() == 'Pen down, row 5, column 14.'
    for _ in range(18):
        press('ArrowDown')
    assert place.inner_text() == 'Pen down, row 23, column 14.'
    assert 'LeNet says' not in page.draw.locator('.outcome').inner_text()
    press('Space')
    says(page, 'LeNet says 1 (')
    assert place.inner_text() == 'Pen up, row 23, column 14.'
    press('Shift+ArrowRight'), press('Control+z')
    says(page, 'Nothing is drawn yet')
    press('Space'), press('Tab')
    assert place.inner_text() == ''


def test_stored_pictures_and_mistakes(visit):
    page = visit()
    page.draw.get_by_label('Picture', exact=True).select_option('7')
    says(page, 'LeNet says 7 (')
    assert 'is labeled 7.' in says(page, 'Test image 0')
    label = page.draw.locator('.tiles').first.get_attribute('aria-label')
    assert re.fullmatch(
        r'C1, 6 maps of 28×28: the largest number is '
        r'\d\.\d, in map \d',
        label,
    )
    page.draw.locator('summary').press('Enter')
    wrong = stored('digits')['mistakes'][0]
    page.draw.get_by_role('button', name='not').first.click()
    found = says(page, f'LeNet says {wrong["said"]} (')
    assert f'is labeled {wrong["label"]}.' in found
    choice = page.draw.get_by_label('Picture', exact=True)
    assert choice.input_value() == 'own'
    assert 'wrong on 83 of 10,000' in page.draw.inner_text()
    stroke(page, (2, 2), (3, 2))  # now it is no longer that test image
    assert 'labeled' not in says(page, 'LeNet says')


def test_garments_are_filled(visit):
    page = visit()
    page.draw.get_by_label('LeNet, trained on').select_option('fashion')
    assert page.draw.get_by_label('Fill what a line encloses').is_checked()
    stroke(page, (4, 12), (24, 12), (24, 24), (4, 24), (4, 12))
    stroke(page, (8, 12), (10, 7), (18, 7), (20, 12))
    says(page, 'LeNet says bag (')
    page.draw.locator('summary').click()
    page.draw.get_by_text('Wrong and surest').wait_for()
    assert 'wrong in 14.7\xa0%' in page.draw.inner_text()
    page.draw.get_by_label('LeNet, trained on').select_option('digits')
    says(page, 'LeNet says')
    assert not page.draw.get_by_label('Fill what').is_checked()


def test_it_opens_with_a_picture_that_is_read_rightly(visit):
    """And of a mistake it says what it is, and how often that happens."""
    page = visit(opening=True)
    assert 'is labeled 7.' in says(page, 'LeNet says 7 (')
    assert page.draw.get_by_role('button', name='Undo').is_disabled()
    page.draw.locator('summary').click()
    wrong = stored('digits')['mistakes'][0]
    page.draw.get_by_role('button', name='not').first.click()
    found = says(page, 'That is a mistake.')
    assert re.search(
        rf'The right answer, {wrong["label"]}, got \d[\d.]*\xa0% and is '
        r'number \d on its list\.',
        found,
    )
    for label, said, count in stored('digits')['confused']:
        named = f'takes {label} for {said} {count} times' in found
        assert named == ([label, said] == [wrong['label'], wrong['said']])


def test_two_strokes_change_its_mind(visit):
    page = visit()
    page.draw.get_by_label('Picture', exact=True).select_option('1')
    says(page, 'labeled 1')
    assert page.draw.locator('.task.done').count() == 0
    stroke(page, (4, 8), (4, 20))
    stroke(page, (24, 8), (24, 20), (14, 20))
    says(page, 'LeNet says')
    changed = 'LeNet says 1 (' not in page.draw.inner_text()
    assert changed and page.draw.locator('.task.done').count() == 1


DROP = """(widget, [name, type, text]) => {
    const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], name, { type }));
    for (const kind of ['dragover', 'drop'])
        widget.querySelector('.pad').dispatchEvent(new DragEvent(
            kind, { dataTransfer, bubbles: true, cancelable: true })); }"""


def png(array):
    file = io.BytesIO()
    Image.fromarray(array).save(file, 'png')
    return file.getvalue()


def test_picture_files(visit):
    """One of 28×28 as it is; a photograph of ink is framed; others refused."""
    page = visit()
    seven = pixels(stored('digits')['samples'][7]['image'])[0].numpy()
    page.draw.get_by_label('Picture', exact=True).select_option('7')
    says(page, 'labeled 7')
    wanted = shares(page)
    page.draw.get_by_role('button', name='Clear').click()
    page.draw.locator('[type=file]').set_input_files(
        {'name': 'a.png', 'mimeType': 'image/png', 'buffer': png(seven)}
    )
    says(page, 'LeNet says 7')
    assert shares(page) == wanted
    page.draw.get_by_role('button', name='Clear').click()
    paper = np.full((300, 500), 230, np.uint8)
    paper[20:160, 40:180] -= (np.kron(seven, np.ones((5, 5))) * 0.7).astype(
        np.uint8
    )
    drop = base64.b64encode(png(paper)).decode()
    page.draw.evaluate(DROP, ['b.png', 'image/png', drop])
    says(page, 'LeNet says 7')
    page.draw.evaluate(DROP, ['c.txt', 'text/plain', 'YQ=='])
    assert (
        'c.txt is no picture'
        in page.draw.get_by_role('alert').filter(has_text='c.txt').inner_text()
    )


def test_a_network_that_does_not_come(visit):
    """It says so; with the next stroke it tries again."""
    page = visit(served=True)
    page.route('**/lenet-digits.js', lambda route: route.abort())
    stroke(page, *ZERO)
    page.draw.get_by_text('could not be loaded').wait_for()
    page.unroute('**/lenet-digits.js')
    stroke(page, (14, 13), (14, 14))
    says(page, 'LeNet says')
    page.problems.clear()  # the browser's own line on the request


# Live code


def output(page, words):
    """Wait until the output has these words; return all of it."""
    screen = page.code.locator('.screen')
    screen.filter(has_text=words).wait_for()
    return screen.inner_text()


def write(page, text):
    """Write a program and run it, when the last one is over."""
    page.code.get_by_role('button', name='Run').wait_for()
    page.code.locator('textarea').fill(text)
    page.code.locator('textarea').press('Control+Enter')


@pytest.mark.parametrize('served', [False, True])
def test_change_and_run(visit, served):
    """From file:// too; MicroPython comes with the first run."""
    page = visit(served)
    area, text = page.code.locator('textarea'), program('corr2d')
    assert area.input_value() == text
    assert not [url for url in page.asked if 'micropython' in url]
    page.code.get_by_role('button', name='Run').click()
    found = output(page, 'The check in line 24 says')
    assert '[[-1, 4], [3, 0]]' in found and 'not turned yet' in found
    for message, old, new in CURES['corr2d']:
        text = text.replace(old, new)
    write(page, text)
    assert 'right: both axes are turned' in output(page, 'right')
    assert 'check' not in output(page, 'right')
    status = page.code.get_by_role('status').inner_text()
    assert re.fullmatch(r'Finished in \d\.\d{3} s\.', status)
    assert len([url for url in page.asked if 'micropython' in url]) == 1


def test_python_that_does_not_come(visit):
    """It says so; with the next run it tries again."""
    page = visit(served=True)
    page.route('**/micropython.js', lambda route: route.abort())
    write(page, 'print(6 * 7)')
    output(page, 'could not be loaded')
    page.unroute('**/micropython.js')
    write(page, 'print(6 * 7)')
    assert output(page, '42').strip() == '42'
    page.problems.clear()  # the browser's own line on the request


def test_programs_of_all_pages_run_in_micropython(visit):
    page = visit()
    for name in PROGRAMS:
        text = program(name)
        write(page, text)
        output(page, CURES[name][0][0])
        for message, old, new in CURES[name]:
            text = text.replace(old, new)
        write(page, text)
        output(page, 'right: ')


def test_what_never_ends_is_stopped(visit):
    page = visit()
    page.evaluate("customElements.get('d2l-live-code').seconds = 0.5")
    write(page, 'print("begin")\nwhile True:\n    pass')
    found = output(page, 'Stopped after 0.5 seconds')
    assert (
        'begin' in found
        and page.code.get_by_role('button', name='Run').is_visible()
    )
    page.evaluate("customElements.get('d2l-live-code').seconds = 20")
    write(page, 'while True:\n    print("again and again")')
    assert 20_000 < len(output(page, '20,000 characters of output')) < 30_000
    write(page, 'while True:\n    pass')
    page.code.get_by_text('Running.').wait_for()
    page.code.get_by_role('button', name='Stop').click()
    page.code.get_by_text('Stopped.', exact=True).wait_for()
    write(page, 'print(2 + 3)')
    assert output(page, '5').strip() == '5'


@pytest.mark.parametrize(
    'text, words',
    [
        ('x = 1\ny = x + z', "Line 2: NameError: name 'z' isn't defined"),
        ('x = (1,\ny = 2', 'Line 2: SyntaxError: invalid syntax'),
        (
            'def f(a):\n    return a[3]\n\nf([1])',
            'Line 2: IndexError: list index out of range',
        ),
        ('assert 1 > 2', 'Line 1: AssertionError'),
        ('assert 1 > 2, "one\\ntwo"', 'The check in line 1 says: one\ntwo'),
        (
            'def f(n):\n    return f(n + 1)\nf(0)',
            'Line 2: RuntimeError: maximum recursion depth exceeded',
        ),
        (
            'print("é", end=""); print(1 / 4)\nx = input()',
            'Line 2: EOFError: there is no keyboard here',
        ),
    ],
)
def test_errors_name_the_line(visit, text, words):
    page = visit()
    write(page, text)
    assert words in output(page, words.split('\n')[0].split(': ')[-1])
    if 'é' in text:
        assert 'é0.25' in output(page, 'no keyboard')
    line = int(re.search(r'[Ll]ine (\d+)', output(page, 'ine '))[1])
    assert page.code.locator('.numbers .wrong').inner_text() == str(line)
    page.code.get_by_role('button', name=f'Go to line {line}').click()
    assert (
        page.code.locator('textarea').evaluate(
            'a => a.value.slice(a.selectionStart, a.selectionEnd)'
        )
        == text.split('\n')[line - 1]
    )


def test_undo_reset_and_memory(visit):
    """What was written is there after a reload, until it is given back."""
    page = visit()
    area, first = page.code.locator('textarea'), program('corr2d')
    undo, redo, reset = (
        page.code.get_by_role('button', name=name)
        for name in ['Undo', 'Redo', 'Reset']
    )
    assert undo.is_disabled() and redo.is_disabled() and reset.is_disabled()
    area.press('Control+Home')
    page.keyboard.type('a = 1')
    page.keyboard.press('Enter')
    page.keyboard.type('b')
    mine = f'a = 1\nb{first}'
    assert area.input_value() == mine
    page.keyboard.press('Control+z')
    assert area.input_value() == f'a = 1\n{first}'
    page.keyboard.press('Control+Shift+z')
    assert area.input_value() == mine
    page.reload()
    assert area.input_value() == mine
    assert 'Your text from last time' in page.code.inner_text()
    reset.click()
    assert area.input_value() == first and reset.is_disabled()
    undo.click()
    assert area.input_value() == mine
    redo.click()
    assert area.input_value() == first
    page.reload()
    assert area.input_value() == first
    assert page.evaluate('localStorage.length') == 0


def test_tab_indents_but_does_not_trap(visit):
    page = visit()
    area, press = page.code.locator('textarea'), page.keyboard.press
    hint = page.locator(f'#{area.get_attribute("aria-describedby")}')
    assert 'press Escape, then Tab' in hint.inner_text()
    area.fill('if x:')
    press('End'), press('Enter')
    page.keyboard.type('y')
    press('Tab')
    assert area.input_value() == 'if x:\n    y    '
    press('Control+a'), press('Tab')
    assert area.input_value() == '    if x:\n        y    '
    press('Shift+Tab'), press('Shift+Tab')
    assert area.input_value() == 'if x:\ny    '
    press('Escape'), press('Tab')
    assert page.evaluate('document.activeElement.textContent') == 'Run'
    area.focus()
    press('Escape'), press('Shift+Tab')
    assert page.evaluate("document.activeElement.closest('d2l-draw')")


# Both, for everyone


def test_for_everyone(visit):
    """Light and dark, in use: axe, targets, no overflow on phones."""
    page = visit(served=True)
    page.draw.get_by_label('Picture', exact=True).select_option('5')
    says(page, 'labeled 5')
    page.draw.locator('summary').click()
    page.code.get_by_role('button', name='Run').click()
    output(page, 'Go to line')
    assert by_light_and_dark(page) == []
    for width in [375, 320]:
        page.set_viewport_size({'width': width, 'height': 900})
        assert page.evaluate('document.documentElement.scrollWidth') == width
        for widget in [page.draw, page.code]:
            assert widget.evaluate(SMALL) == []


@pytest.mark.parametrize('width', [1280, 375])
def test_the_height_is_kept(visit, width):
    """What follows the widgets hardly moves when their scripts run."""
    size = {'viewport': {'width': width, 'height': 900}}
    tops = """() => ['d2l-live-code', '#after'].map(selector => document
        .querySelector(selector).getBoundingClientRect().top)"""
    page, bare = visit(**size), visit(**size)
    bare.route('**/widget.js', lambda route: route.abort())
    bare.reload()
    bare.problems.clear()
    for before, after in zip(bare.evaluate(tops), page.evaluate(tops)):
        assert abs(before - after) < 64, (before, after)


def test_without_scripts_the_program_is_there(visit):
    page = visit(java_script_enabled=False)
    assert 'def corr2d' in page.locator('pre').inner_text()
    gap = (
        page.locator('#after').bounding_box()['y']
        - page.locator('pre').bounding_box()['y']
        - page.locator('pre').bounding_box()['height']
    )
    assert gap < 100
