"""The pages keep the book's form, and their code is the package's code."""

import ast
import base64
import inspect
import io
import re
from pathlib import Path

import nbformat
import notebooks
import numpy as np
import pytest
from PIL import Image

from d2lmini import (
    data,
    explain,
    fine_tune,
    numpy_cnn,
    ops,
    pictures,
    plot,
    train,
    utils,
)
from d2lmini.nets import (
    alexnet,
    densenet,
    efficientnet,
    googlenet,
    lenet,
    resnet,
    vgg,
)
from d2lmini.scale import export

ROOT = Path(__file__).parent.parent

MODULES = [
    ops,
    numpy_cnn,
    train,
    utils,
    data,
    plot,
    alexnet,
    densenet,
    googlenet,
    lenet,
    resnet,
    vgg,
]
# Modules that belong to one page; others may use their names.
BUILT_ON = {
    '08_fine_tuning': [fine_tune, pictures, efficientnet],
    '09_data': [pictures],
    '10_inside': [explain],
    '11_speed_and_scale': [export],
}
PAGES = notebooks.pages()


@pytest.fixture(params=PAGES, ids=[page.stem for page in PAGES])
def page(request):
    return request.param


@pytest.fixture
def nb(page):
    return nbformat.read(page, 4)


def code_cells(nb):
    return [cell for cell in nb.cells if cell.cell_type == 'code']


def tags(cell):
    return cell.metadata.get('tags', [])


def text(nb):
    """Return the Markdown of a page, without its fenced code."""
    prose = '\n\n'.join(
        c.source for c in nb.cells if c.cell_type == 'markdown'
    )
    return re.sub(r'```.*?```', '', prose, flags=re.S)


def headings(nb, level):
    return re.findall(rf'^{"#" * level} +(.+)$', text(nb), flags=re.M)


def test_pages_are_found():
    assert len(PAGES) >= 4


def test_opening(nb):
    first = nb.cells[0].source
    assert first.startswith('# ') and len(headings(nb, 1)) == 1
    aims = re.search(
        r'\*\*You will\*\*:?\s*\n((?:\s*[-*] .+\n(?:  .+\n)*)+)', first
    )
    assert aims, 'the first cell lists no aims under **You will**'
    assert 3 <= len(re.findall(r'^\s*[-*] ', aims[1], flags=re.M)) <= 5
    assert '**You need**' in first and '**Time**' in first


def test_sections(nb):
    sections = headings(nb, 2)
    assert sections[-1] == 'Summary'
    assert 3 <= len(sections) - 1 <= 6
    last = text(nb).split('\n## Summary')[1]
    for part in ['### What goes wrong', '### Exercises', '### Reading']:
        assert part in last


def test_setup_cell_is_the_generated_one(nb):
    cells = [c for c in nb.cells if notebooks.SETUP_TAG in tags(c)]
    assert [cells[0]] == cells and nb.cells.index(cells[0]) == 1
    assert cells[0].source == notebooks.SETUP_CELL.format(
        address=notebooks.repository()
    )


def test_run_from_top_to_bottom(nb):
    cells = code_cells(nb)
    assert [c.execution_count for c in cells] == list(range(1, len(cells) + 1))
    assert not [
        o for c in cells for o in c.outputs if o.output_type == 'error'
    ]


def test_code_cells_are_short(nb):
    lengths = [len(c.source.splitlines()) for c in code_cells(nb)]
    assert max(lengths) <= 25
    assert sorted(lengths)[len(lengths) // 2 - 1] <= 6
    for cell in code_cells(nb):
        assert max(map(len, cell.source.splitlines())) <= 79, cell.source
        assert not cell.source.rstrip().endswith(';'), cell.source


def test_pictures(nb):
    for cell in code_cells(nb):
        kinds = {kind for o in cell.outputs for kind in o.get('data', {})}
        assert 'image/svg+xml' not in kinds
        if kinds & {'image/png', 'image/jpeg'}:
            alt = cell.metadata.get('mystnb', {}).get('image', {}).get('alt')
            assert alt and len(alt) > 20, cell.source


def test_what_cannot_repeat_is_checked_by_the_next_cell(nb):
    cells = code_cells(nb)
    for cell, following in zip(cells, cells[1:] + [None]):
        if 'nbval-ignore-output' in tags(cell):
            assert following is not None and 'check' in tags(following), (
                cell.source
            )
            assert 'nbval-ignore-output' not in tags(following)


def test_check_cells_assert(nb):
    """And say what they have found: that is the title of their fold."""
    checks = [c for c in code_cells(nb) if 'check' in tags(c)]
    assert len(checks) >= 3
    for cell in checks:
        assert 'assert' in cell.source, cell.source
        assert cell.outputs, cell.source


def test_size(page):
    assert page.stat().st_size < 600 * 1024


def test_nothing_of_the_machine_that_ran_it(page):
    found = re.findall(
        r'(?<![\w.])/(?:work|tmp|root|home)\b[^"\\ ]*',
        page.read_text(encoding='utf-8'),
    )
    assert not found


def test_links_between_pages(page, nb):
    for link in re.findall(r'\]\(([^)#:]+\.(?:ipynb|md))[^)]*\)', text(nb)):
        assert (page.parent / link).exists(), link


def definitions(source):
    """Return {name: its syntax tree as text} of functions and classes.

    Without docstrings and decorators, which the package adds.
    """
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            node.decorator_list = []
            for inner in ast.walk(node):
                if (
                    isinstance(inner, (ast.FunctionDef, ast.ClassDef))
                    and ast.get_docstring(inner) is not None
                ):
                    inner.body = inner.body[1:]
            found[node.name] = ast.dump(node)
    return found


def test_page_code_is_package_code(page, nb):
    package = {}
    for module in MODULES + BUILT_ON.get(page.stem, []):
        package.update(definitions(inspect.getsource(module)))
    for cell in code_cells(nb):
        source = re.sub(r'^(\s*)[%!]', r'\1# ', cell.source, flags=re.M)
        if notebooks.SETUP_TAG in tags(cell):
            continue
        for name, tree in definitions(source).items():
            assert tree == package.get(name, tree), (
                f'{name} on the page and in the package are not the same'
            )


def test_every_teaching_function_is_built_on_a_page():
    built = set()
    for page in PAGES:
        for cell in code_cells(nbformat.read(page, 4)):
            if notebooks.SETUP_TAG not in tags(cell):
                built |= set(
                    re.findall(
                        r'^(?:def|class) (\w+)', cell.source, flags=re.M
                    )
                )
    wanted = {
        name
        for name, value in vars(ops).items()
        if getattr(value, '__module__', '') == ops.__name__
    }
    assert wanted - built <= {'check_window'}


# How notebooks are stored


def png_output(picture):
    file = io.BytesIO()
    picture.save(file, 'PNG')
    return nbformat.v4.new_output(
        'display_data',
        {'image/png': base64.b64encode(file.getvalue()).decode()},
    )


def stored(picture):
    """Return the media type and the picture that a notebook keeps of one."""
    nb = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(outputs=[png_output(picture)])]
    )
    notebooks.shrink_pictures(nb)
    ((kind, contents),) = nb.cells[0].outputs[0].data.items()
    return kind, Image.open(io.BytesIO(base64.b64decode(contents)))


def test_photographs_keep_their_colors():
    waves = np.sin(np.arange(300) / [[40], [23], [31]])  # smooth, in 3 colors
    X = 127 + 60 * (waves[:, :, None] + waves[:, None, :])
    photo = Image.fromarray(X.transpose(1, 2, 0).astype(np.uint8))
    assert photo.getcolors(notebooks.PHOTOGRAPH) is None
    kind, kept = stored(photo)
    assert kind == 'image/jpeg' and len(kept.getcolors(10**6)) > 10_000
    gap = np.abs(np.asarray(kept).astype(int) - np.asarray(photo))
    assert gap.mean() < 1.5 and gap.max() < 16


def test_drawings_are_stored_in_few_colors():
    """The half-tones of text and lines lose nothing that the eye sees."""
    ramp = Image.linear_gradient('L').convert('RGBA')
    X = np.asarray(ramp).copy()
    X[:40, :, 1] = X[:40, :, 1] // 2  # 512 colors
    drawing = Image.fromarray(X)
    kind, kept = stored(drawing)
    assert kind == 'image/png' and kept.mode == 'P'
    gap = np.abs(
        np.asarray(kept.convert('RGB')).astype(int)
        - np.asarray(drawing.convert('RGB'))
    )
    assert gap.max() < notebooks.GAP
    assert len(kept.getcolors()) <= 64, 'a ramp needs no more'
    # Colors that lie far apart are all kept.
    X = 51 * (np.arange(216)[:, None] // [36, 6, 1] % 6).astype(np.uint8)
    many = Image.fromarray(X.reshape(12, 18, 3)).resize((180, 120), 0)
    assert stored(many)[1].convert('RGB').tobytes() == many.tobytes()


def test_what_a_color_fills_keeps_it():
    """Light blue and light green lie closer together than two half-tones."""
    X = np.asarray(Image.linear_gradient('L').convert('RGB')).copy()
    X[:20, :20], X[:20, 20:40] = (207, 227, 240), (207, 236, 227)
    kept = stored(Image.fromarray(X))[1].convert('RGB')
    assert kept.getpixel((5, 5)) == (207, 227, 240)
    assert kept.getpixel((25, 5)) == (207, 236, 227)


def test_streams_are_joined():
    def said(name, text):
        return nbformat.v4.new_output('stream', name=name, text=text)

    picture = png_output(Image.new('RGB', (2, 2)))
    outputs = [
        said('stdout', 'a'),
        said('stdout', 'b\n'),
        said('stderr', 'c'),
        said('stdout', 'd'),
        picture,
        said('stdout', 'e'),
        said('stdout', 'f'),
        said('stdout', 'g'),
    ]
    joined = notebooks.join_streams(outputs)
    assert [o.get('text') for o in joined] == ['c', 'ab\nd', None, 'efg']
    assert [o.get('name') for o in joined] == [
        'stderr',
        'stdout',
        None,
        'stdout',
    ]
    assert notebooks.join_streams([]) == []


def test_run_stores_whole_lines_and_the_language(tmp_path):
    path = tmp_path / 'a.ipynb'
    source = (
        'import sys, time\nfor i in range(3):\n    print(i, end=" ")\n'
        '    sys.stdout.flush()\n    time.sleep(0.3)'
    )
    nb = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source)],
        metadata={
            'kernelspec': {
                'name': 'python3',
                'language': 'python',
                'display_name': 'Python 3',
            }
        },
    )
    nbformat.write(nb, path)
    notebooks.run(path)
    kept = nbformat.read(path, 4)
    assert [o.text for o in kept.cells[0].outputs] == ['0 1 2 ']
    assert kept.metadata['language_info'] == notebooks.LANGUAGE
    assert script_ending(kept) == '.py'


STORED = [
    *PAGES,
    *sorted(ROOT.glob('exercises/*.ipynb')),
    *sorted(ROOT.glob('exercises/solutions/*.ipynb')),
]


@pytest.mark.parametrize(
    'path', STORED, ids=[path.relative_to(ROOT).as_posix() for path in STORED]
)
def test_stored_in_one_form(path):
    """What a cell prints is whole; nbconvert makes a .py of the notebook."""
    nb = nbformat.read(path, 4)
    for cell in code_cells(nb):
        assert notebooks.join_streams(cell.outputs) == cell.outputs
    assert nb.metadata['language_info'] == notebooks.LANGUAGE
    assert script_ending(nb) == '.py'


def script_ending(nb):
    """Return how the file ends that `nbconvert --to script` makes."""
    nbconvert = pytest.importorskip('nbconvert')
    _, resources = nbconvert.ScriptExporter().from_notebook_node(nb)
    return resources['output_extension']
