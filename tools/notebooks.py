"""Run the book's notebooks and keep them in order.

    python tools/notebooks.py run [NOTEBOOK ...]    all if none is named
    python tools/notebooks.py setup [NOTEBOOK ...]  rewrite the set-up cells

`run` executes in clean kernels and stores the outputs, whole or not at all.
`setup` writes the repository's address from pyproject.toml into each page.
"""
import argparse
import base64
import io
import os
import sys
import tomllib
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image
from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
SETUP_TAG = 'setup'
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
        raise ValueError(f'{path} has {len(cells)} cells with the tag '
                         f'{SETUP_TAG!r}, one is wanted')
    cells[0].source = SETUP_CELL.format(address=repository())
    write(nb, path)


def run(path):
    """Execute a notebook from top to bottom and store its outputs."""
    nb = nbformat.read(path, 4)
    code = [c for c in nb.cells if c.cell_type == 'code']
    with tqdm(total=len(code), desc=Path(path).name, unit='cell') as bar:
        NotebookClient(
            nb, timeout=None, record_timing=False,
            resources={'metadata': {'path': str(Path(path).parent)}},
            on_cell_executed=lambda **_: bar.update()).execute()
    nb.metadata = {key: nb.metadata[key] for key in (
        'kernelspec', 'language_info', 'd2lmini') if key in nb.metadata}
    nb.metadata['language_info'] = {'name': 'python'}
    shrink_pictures(nb)
    write(nb, path)


def shrink_pictures(nb):
    """Store each picture with at most 256 colors: a third of the bytes."""
    for output in (o for c in nb.cells for o in c.get('outputs', [])):
        if png := output.get('data', {}).get('image/png'):
            picture = Image.open(io.BytesIO(base64.b64decode(png)))
            small = io.BytesIO()
            picture.convert('RGB').quantize(
                256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
            ).save(small, 'PNG', optimize=True)
            output.data['image/png'] = base64.b64encode(
                small.getvalue()).decode()


def write(nb, path):
    """Write a notebook under another name, then rename it."""
    nbformat.validate(nb)
    part = Path(path).with_suffix(f'.{os.getpid()}.part')
    nbformat.write(nb, part)
    os.replace(part, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('task', choices=['run', 'setup'])
    parser.add_argument('notebooks', nargs='*')
    args = parser.parse_args()
    task = {'run': run, 'setup': setup}[args.task]
    for path in args.notebooks or pages():
        task(path)


if __name__ == '__main__':
    sys.exit(main())
