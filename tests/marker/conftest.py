"""Fixtures of the marker's tests: hidden tests, and what runs answers."""

import os
import sys

import pytest
from submissions import HIDDEN, SAMPLES

from d2lmini_mark import boxes as outside
from d2lmini_mark import run as running
from d2lmini_mark.__main__ import main
from d2lmini_mark.boxes import BoxError, Boxes
from d2lmini_mark.marking import Result, Verdict
from d2lmini_mark.run import Run

if sys.platform == 'win32':  # there the marker refuses to run
    collect_ignore = [
        'test_afresh.py',
        'test_attacks.py',
        'test_folders.py',
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


@pytest.fixture
def run(boxes, monkeypatch, capsys):
    """Return a function that runs the command line in this process."""

    def run(*argv):
        code = main(list(map(str, argv)))
        return code, ''.join(capsys.readouterr())

    monkeypatch.setattr(outside, 'Boxes', lambda *args, **options: boxes)
    return run


class QuickMarker:
    """Runs nothing: a function that is defined is right."""

    def __init__(self, exam, boxes, cells, *limits):
        self.tests, self.code = exam.tests, str(cells)

    def mark(self):
        return Result(
            {
                t.name: Verdict('right', points=t.points)
                if f'def {t.of}(' in self.code
                else Verdict('missing')
                for t in self.tests
            }
        )


class NoBoxes:
    """Stands for boxes where none is needed."""

    def __init__(self):
        self.spare = []

    def open(self):
        return self

    def close(self):
        pass


@pytest.fixture
def quick(monkeypatch, capsys):
    """Return a function that runs the command line and no student's code."""

    def quick(*argv):
        code = main(list(map(str, argv)))
        return code, ''.join(capsys.readouterr())

    monkeypatch.setattr(running, 'Marker', QuickMarker)
    monkeypatch.setattr(Run, 'boxes', lambda self: NoBoxes())
    return quick
