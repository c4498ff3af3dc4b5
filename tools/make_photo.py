"""Write the photograph of the widgets: scikit-image's cat, under CC0.

    python tools/make_photo.py

The picture stands in a script, because a canvas that shows a file opened from
file:// cannot be read.
"""

import base64
import io
from pathlib import Path

from PIL import Image
from skimage import data

SCRIPT = Path(__file__).parents[1] / 'site' / 'widgets' / 'photo.js'
BOX = (75, 0, 375, 300)  # the face
SIDE = 160
TEXT = """/* Written by tools/make_photo.py. Cat: Stefan van der Walt, CC0 */
'use strict';
globalThis.d2l ??= {{}};
d2l.photo = 'data:image/jpeg;base64,{}';
"""


def main():
    cat = Image.fromarray(data.chelsea()).crop(BOX)
    file = io.BytesIO()
    cat.resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(
        file, 'JPEG', quality=82, optimize=True
    )
    text = TEXT.format(base64.b64encode(file.getvalue()).decode())
    SCRIPT.write_text(text, encoding='utf-8')


if __name__ == '__main__':
    main()
