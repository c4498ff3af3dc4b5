"""Where the browser comes from, and what is said where there is none."""

import os
import subprocess
import sys
from pathlib import Path

import browsing
import pdf
import pytest
from playwright.sync_api import sync_playwright

TEST = 'test_widgets.py::test_nothing_moves_for_those_who_want_none'


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """No Chromium is on the PATH, and none can be downloaded."""
    (tmp_path / 'bin').mkdir()
    monkeypatch.setenv('PATH', str(tmp_path / 'bin'))
    monkeypatch.setenv('PLAYWRIGHT_BROWSERS_PATH', str(tmp_path / 'browsers'))
    monkeypatch.setenv('PLAYWRIGHT_DOWNLOAD_HOST', 'http://127.0.0.1:9')
    for name in ['CHROMIUM', 'D2LMINI_NO_SKIP']:
        monkeypatch.delenv(name, raising=False)


def program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\n{text}\n')
    path.chmod(0o755)
    return str(path)


def own():
    """Return the path at which Playwright has its Chromium."""
    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path)


def test_the_one_that_is_named_comes_first(nowhere, monkeypatch, tmp_path):
    on_path = program(tmp_path / 'bin' / 'google-chrome', 'true')
    assert pdf.find_chromium() == on_path
    named = program(tmp_path / 'mine', 'true')
    monkeypatch.setenv('CHROMIUM', named)
    assert pdf.find_chromium() == named
    monkeypatch.setenv('CHROMIUM', 'no-such-program')
    with pytest.raises(FileNotFoundError, match="'no-such-program'"):
        pdf.find_chromium()


def test_playwrights_own_is_taken(nowhere):
    assert pdf.find_chromium() is None
    path = program(own(), 'echo Chromium 1')
    assert browsing.get_chromium() == (path, None)


def test_why_playwrights_own_is_of_no_use(nowhere):
    found, why = browsing.get_chromium()
    assert found is None and 'could not get' in why and '127.0.0.1' in why
    program(own(), 'echo "error while loading libnss3.so" >&2; exit 127')
    found, why = browsing.get_chromium()
    assert found is None and f'{own()} does not start (error while' in why


@pytest.mark.parametrize('strict', [False, True])
def test_the_end_of_the_run_says_what_was_not_checked(
    nowhere, monkeypatch, strict
):
    if strict:
        monkeypatch.setenv('D2LMINI_NO_SKIP', '1')
    done = subprocess.run(
        [
            sys.executable,
            '-m',
            'pytest',
            '-q',
            '-p',
            'no:cacheprovider',
            Path(__file__).parent / TEST,
        ],
        env=os.environ,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == strict, done.stdout
    assert '127.0.0.1' in done.stdout
    assert (
        '1 tests: there is no Chromium on the PATH, and Playwright '
        'could not get its own' in done.stdout
    ) != strict
