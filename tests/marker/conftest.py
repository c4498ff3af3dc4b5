"""Fixtures of the marker's tests: hidden tests, and what runs answers."""

import os
import sys

import pytest
from submissions import HIDDEN, SAMPLES

from d2lmini_mark.boxes import BoxError, Boxes

if sys.platform == 'win32':  # there the marker refuses to run
    collect_ignore = [
        'test_attacks.py',
        'test_mark_command.py',
        'test_mark_package.py',
        'test_marking.py',
    ]


@pytest.fixture(scope='session')
def hidden(tmp_path_factory):
    """Return the path of a file of hidden tests."""
    path = tmp_path_factory.mktemp('secret') / 'tests.py'
    path.write_text(HIDDEN)
    return path


@pytest.fixture(scope='session')
def boxes(hidden):
    """Return what starts boxes; skip where there are no walls."""
    os.environ['D2LMINI_TEST_PASSWORD'] = 'secret'
    try:
        boxes = Boxes(secret=[hidden, *SAMPLES], memory=2**29)
        boxes.variables['STARTED_BY'] = f'{os.getpid()}'
        boxes.open().close()
    except BoxError as error:
        pytest.skip(f'no walls can be raised here: {error}')
    yield boxes
    del os.environ['D2LMINI_TEST_PASSWORD']
