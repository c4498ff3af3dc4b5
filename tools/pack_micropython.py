"""Make the script that brings MicroPython to the widget "live code".

    python tools/pack_micropython.py FOLDER

FOLDER is the unpacked npm package
@micropython/micropython-webassembly-pyscript. Browsers load neither modules
nor .wasm files from file://, so both files go, compressed and as text, into
one classic script: site/static/micropython/micropython.js.
"""

import base64
import gzip
import json
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / 'site/static/micropython/micropython.js'
HEAD = """/* MicroPython {version}, WebAssembly, PyScript variant. MIT license:
   see LICENSE. Written by tools/pack_micropython.py from the npm package
   {name}. */
"""


def pack(path):
    """Return a file's content, compressed, as text."""
    return base64.b64encode(gzip.compress(path.read_bytes(), mtime=0)).decode()


def main(folder):
    about = json.loads((folder / 'package.json').read_text())
    content = {'version': about['version']} | {
        path.suffix[1:]: pack(path)
        for path in [folder / 'micropython.mjs', folder / 'micropython.wasm']
    }
    lines = ',\n'.join(
        f' "{key}": {json.dumps(value)}' for key, value in content.items()
    )
    SCRIPT.write_text(
        f'{HEAD.format(**about)}globalThis.d2l ??= {{}};\n'
        f'd2l.micropython = {{\n{lines}\n}};\n'
    )


if __name__ == '__main__':
    main(Path(sys.argv[1]))
