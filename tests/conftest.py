"""Fixtures: the website, a server, a browser, and programs that judge it."""

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from browsing import (
    FLAGS,
    HTML,
    ROOT,
    Server,
    get_chromium,
    make_book,
    once,
    open_page,
)
from playwright.sync_api import sync_playwright


def pytest_collection_modifyitems(items):
    """Mark the tests that need the website, or a browser."""
    for item in items:
        if {'build', 'browser'} & set(getattr(item, 'fixturenames', [])):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope='session')
def build(tmp_path_factory):
    """Build the book, once for all workers; return what make did.

    That is done where PyTorch, NumPy and the package cannot be imported.
    """
    if not shutil.which('make'):
        pytest.skip('make is not here')

    def measure():
        hidden = tmp_path_factory.mktemp('hidden')
        for name in ['torch', 'numpy', 'd2lmini']:
            (hidden / f'{name}.py').write_text(
                f'raise ImportError("the website does without {name}")'
            )
        before, began = os.times(), time.monotonic()
        done = make_book(ROOT, PYTHONPATH=str(hidden))
        after = os.times()
        return {
            'returncode': done.returncode,
            'stdout': done.stdout,
            'seconds': time.monotonic() - began,
            'computing': after.children_user
            - before.children_user
            + after.children_system
            - before.children_system,
        }

    return SimpleNamespace(
        **once(tmp_path_factory.getbasetemp(), 'build', measure)
    )


@pytest.fixture(scope='module')
def serve():
    """Return a function that serves a folder and gives its address."""
    servers = []

    def start(folder):
        server = http.server.ThreadingHTTPServer(
            ('127.0.0.1', 0), functools.partial(Server, directory=folder)
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f'http://127.0.0.1:{server.server_port}'

    yield start
    for server in servers:
        server.shutdown()


@pytest.fixture(scope='module')
def site(build, serve):
    """Return the address at which the book is served."""
    assert build.returncode == 0, build.stdout
    return serve(HTML)


@pytest.fixture(scope='session')
def chromium(tmp_path_factory):
    """Return the path of a Chromium, asked for once for all workers."""
    program, why = once(
        tmp_path_factory.getbasetemp(), 'chromium', get_chromium
    )
    if program is None:
        pytest.skip(why)
    return program


@pytest.fixture(scope='module')
def browser(chromium):
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=chromium, args=FLAGS, timeout=120_000
        )


@pytest.fixture
def visit(browser):
    """Return open_page, which closes what it opened when the test ends."""
    pages = []

    def opened(*args, **options):
        pages.append(open_page(browser, *args, **options))
        return pages[-1]

    yield opened
    for page in pages:
        page.context.close()


@pytest.fixture(scope='session')
def run_checker():
    """Return a function that runs a program that `make checkers` brings."""
    from website import find_node  # Sphinx: a second that few tests need

    node, folder = find_node(), Path(sys.prefix) / 'node_modules'

    def run(program, *args, **environment):
        if node is None or not (folder / program).exists():
            pytest.skip(f'{program} is not here: make checkers')
        return subprocess.run(
            [node, folder / program, *args],
            capture_output=True,
            encoding='utf-8',
            env=os.environ | environment,
        )

    return run


@pytest.fixture
def show(browser):
    """Return a function that shows a widget; `page.problems` stays empty."""
    import shoot

    page = browser.new_page(viewport={'width': 1280, 'height': 900})
    page.set_default_timeout(30_000)
    page.problems = []
    page.on('pageerror', lambda e: page.problems.append(str(e)))
    page.on(
        'console', lambda m: m.type == 'error' and page.problems.append(m.text)
    )
    yield lambda *names, **more: shoot.show(page, *names, **more)
    assert page.problems == []
    page.close()
