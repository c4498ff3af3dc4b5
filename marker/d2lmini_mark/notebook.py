"""Read a submission: the code cells of a notebook, without trusting it."""

import json
import os
import re
import stat

LARGEST = 20 * 2**20  # bytes
# Where a script has cells: as nbconvert, Colab, VS Code or jupytext write it.
MARKS = re.compile(r'^# (?:In\[[\d ]*\]:|%%.*)$', re.MULTILINE)


class BadSubmission(ValueError):
    """Raised for a file that cannot be marked; says why."""


def read(path):
    """Return the bytes of a submission; raise BadSubmission."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if os.path.islink(path):
            raise BadSubmission('this is a link, not a file') from None
        raise BadSubmission(f'cannot be read: {error.strerror}') from None
    try:
        about = os.fstat(number)
        if not stat.S_ISREG(about.st_mode):
            raise BadSubmission('this is not an ordinary file')
        if about.st_size > LARGEST:
            raise BadSubmission(
                f'the file has {about.st_size / 1e6:.0f} MB, '
                f'at most {LARGEST / 1e6:.0f} MB are read'
            )
        with open(number, 'rb', closefd=False) as file:
            return file.read(LARGEST)
    finally:
        os.close(number)


def code_cells(content, script=False):
    """Return (number, source) of each code cell, the first is number 1.

    script: whether it is a Python file.
    """
    if not content.strip():
        raise BadSubmission('the file is empty')
    if script:
        text = content.decode('utf-8-sig', 'replace')
        return numbered(MARKS.split(text))
    try:
        notebook = json.loads(content)
    except (ValueError, RecursionError):
        raise BadSubmission('this is not a notebook (not JSON)') from None
    cells = notebook.get('cells') if type(notebook) is dict else None
    if type(cells) is not list:
        raise BadSubmission(
            'this is not a notebook of version 4: it has no list of cells'
        )
    code = [
        c for c in cells if type(c) is dict and c.get('cell_type') == 'code'
    ]
    return numbered([text_of(c.get('source')) for c in code])


def numbered(sources):
    """Return (number, source) of those that are not empty."""
    return [(i + 1, s) for i, s in enumerate(sources) if s.strip()]


def text_of(source):
    """Join the lines of a cell."""
    if type(source) is list and all(type(line) is str for line in source):
        source = ''.join(source)
    if type(source) is not str:
        raise BadSubmission('this is not a notebook: a cell has no source')
    return source.encode('utf-8', 'replace').decode()
