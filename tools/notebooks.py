"""Run the book's notebooks and keep them in order.

    python tools/notebooks.py run [NOTEBOOK ...]    all if none is named
    python tools/notebooks.py setup [NOTEBOOK ...]  rewrite the set-up cells
    python tools/notebooks.py tidy [NOTEBOOK ...]   form of what is stored

`run` executes in clean kernels and stores the outputs, whole or not at all.
`setup` writes the repository's address from pyproject.toml into each page.
`tidy` joins what a cell printed and says which language the notebook is in.
"""

import argparse
import base64
import io
import itertools
import os
import sys
import tomllib
from pathlib import Path

import nbformat
import numpy as np
from nbclient import NotebookClient
from PIL import Image
from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
SETUP_TAG = 'setup'
# What nbconvert asks for; no version, which differs from machine to machine.
LANGUAGE = {
    'codemirror_mode': {'name': 'ipython', 'version': 3},
    'file_extension': '.py',
    'mimetype': 'text/x-python',
    'name': 'python',
    'nbconvert_exporter': 'python',
    'pygments_lexer': 'ipython3',
}
PHOTOGRAPH = 10_000  # colors: drawings have fewer, with all their half-tones
GAP = 24  # of 255: how far a drawing's color may move without being noticed
PART, MOST = 0.003, 16  # of a drawing: what a color fills; how many may
SETUP_CELL = """\
try:
    import d2lmini
except ImportError:  # on Colab, or where this notebook lies alone
    %pip install -q --no-deps git+{address}"""


def repository():
    """Return the address that pyproject.toml gives."""
    text = (ROOT / 'pyproject.toml').read_text()
    return tomllib.loads(text)['project']['urls']['Repository']


def pages():
    """Return the paths of all notebooks that are kept with outputs."""
    return sorted((ROOT / 'chapters').glob('*.ipynb'))


def setup(path):
    """Give a notebook its set-up cell, with today's address."""
    nb = nbformat.read(path, 4)
    cells = [c for c in nb.cells if SETUP_TAG in c.metadata.get('tags', [])]
    if len(cells) != 1:
        raise ValueError(
            f'{path} has {len(cells)} cells with the tag '
            f'{SETUP_TAG!r}, one is wanted'
        )
    cells[0].source = SETUP_CELL.format(address=repository())
    write(nb, path)


def run(path):
    """Execute a notebook from top to bottom and store its outputs."""
    nb = nbformat.read(path, 4)
    code = [c for c in nb.cells if c.cell_type == 'code']
    with tqdm(total=len(code), desc=Path(path).name, unit='cell') as bar:
        NotebookClient(
            nb,
            timeout=None,
            record_timing=False,
            resources={'metadata': {'path': str(Path(path).parent)}},
            on_cell_executed=lambda **_: bar.update(),
        ).execute()
    nb.metadata = {
        key: nb.metadata[key]
        for key in ('kernelspec', 'language_info', 'd2lmini')
        if key in nb.metadata
    }
    shrink_pictures(nb)
    write(nb, path)


def tidy(path):
    """Write a notebook in the form in which `run` stores it."""
    write(nbformat.read(path, 4), path)


def shrink_pictures(nb):
    """Store drawings in few colors, photographs as JPEG."""
    for output in (o for c in nb.cells for o in c.get('outputs', [])):
        if png := output.get('data', {}).pop('image/png', None):
            picture = Image.open(io.BytesIO(base64.b64decode(png)))
            kind, contents = shrunk(picture.convert('RGB'))
            output.data[kind] = base64.b64encode(contents).decode()


def shrunk(picture):
    """Return a picture's media type and its bytes, a third of a PNG's."""
    file = io.BytesIO()
    if picture.getcolors(PHOTOGRAPH) is None:  # there are more
        picture.save(file, 'JPEG', quality=75, optimize=True)
        return 'image/jpeg', file.getvalue()
    few_colors(picture).save(file, 'PNG', optimize=True)
    return 'image/png', file.getvalue()


def few_colors(picture):
    """Return a drawing in the fewest colors that move no pixel beyond GAP.

    A color that fills a part of the drawing is kept as it is.
    """
    numbers = np.asarray(picture).reshape(-1, 3) @ (65536, 256, 1)
    numbers, places, counts = np.unique(
        numbers, return_inverse=True, return_counts=True
    )
    colors = np.stack([numbers >> 16, numbers >> 8 & 255, numbers & 255], 1)
    order = np.argsort(-counts)[:MOST]
    filled = colors[order][counts[order] >= PART * counts.sum()]
    for number in (32, 64, 128, 256):
        rest = picture.quantize(
            number - len(filled), Image.Quantize.MAXCOVERAGE
        )
        palette = np.array([*filled, *np.reshape(rest.getpalette(), (-1, 3))])
        distances = abs(colors[:, None] - palette).max(axis=2)
        if distances.min(axis=1).max() < GAP:
            break
    drawing = Image.new('P', picture.size)
    drawing.putpalette(palette[:number].astype(np.uint8).tobytes())
    drawing.putdata(distances.argmin(axis=1)[places.ravel()].tolist())
    return drawing


def join_streams(outputs):
    """Join what was printed in several parts, with nothing in between.

    Errors stand first: which of the two comes first differs from run to run.
    """
    joined = []
    for printed, group in itertools.groupby(
        outputs, lambda output: output.output_type == 'stream'
    ):
        group = list(group)
        for name in ['stderr', 'stdout'] if printed else []:
            parts = [output for output in group if output.name == name]
            for output in parts[:1]:
                output.text = ''.join(part.text for part in parts)
                joined.append(output)
        joined += [] if printed else group
    return joined


def write(nb, path):
    """Write a notebook, tidied, under another name, then rename it."""
    nb.metadata['language_info'] = LANGUAGE
    for cell in nb.cells:
        if cell.cell_type == 'code':
            cell.outputs = join_streams(cell.outputs)
    nbformat.validate(nb)
    part = Path(path).with_suffix(f'.{os.getpid()}.part')
    nbformat.write(nb, part)
    os.replace(part, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('task', choices=['run', 'setup', 'tidy'])
    parser.add_argument('notebooks', nargs='*')
    args = parser.parse_args()
    task = {'run': run, 'setup': setup, 'tidy': tidy}[args.task]
    for path in args.notebooks or pages():
        task(path)


if __name__ == '__main__':
    sys.exit(main())
