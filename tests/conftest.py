"""Fixtures: the website, a server, a browser, and programs that judge it."""

import contextlib
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
    Tab,
    get_chromium,
    make_book,
    new_page,
    once,
    open_page,
)
from playwright.sync_api import sync_playwright

BROWSER = contextlib.ExitStack()  # closes the one that is open
FILES = set()  # that need it


def pytest_collection_modifyitems(items):
    """Mark the tests that need the website, or a browser."""
    for item in items:
        if {'build', 'browser'} & set(getattr(item, 'fixturenames', [])):
            item.add_marker(pytest.mark.browser)
            FILES.add(item.path)


def pytest_runtest_setup(item):
    """End the browser before others: Playwright's loop would disturb them."""
    if item.path not in FILES:
        close_browser()


def pytest_sessionfinish():
    close_browser()


@functools.cache
def open_browser(chromium):
    """Start a browser. Without a process for graphics a page costs less."""
    playwright = BROWSER.enter_context(sync_playwright())
    return playwright.chromium.launch(
        executable_path=chromium,
        args=[*FLAGS, '--in-process-gpu'],
        timeout=120_000,
    )


def close_browser():
    BROWSER.close()
    open_browser.cache_clear()


@pytest.fixture(scope='session')
def build(tmp_path_factory):
    """Build the book, once for all workers; return what make did.

    That is done where PyTorch and the package cannot be imported.
    """
    if not shutil.which('make'):
        pytest.skip('make is not here')

    def measure():
        hidden = tmp_path_factory.mktemp('hidden')
        for name in ['torch', 'd2lmini']:
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
        threading.Thread(
            target=server.serve_forever, args=[0.05], daemon=True
        ).start()
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
    """Return a browser; what a file opened in it is closed with the file."""
    browser = open_browser(chromium)
    yield browser
    for context in browser.contexts:
        context.close()


@pytest.fixture(scope='module')
def shared(browser):
    return Tab(browser)


@pytest.fixture
def visit(browser, shared):
    """Return open_page. What it opened is closed when the test ends.

    The first page stands in a tab that the tests of a file share, unless it
    is to be fresh or has options of its own.
    """
    pages = []

    def opened(url, width=1280, mode='light', fresh=False, **options):
        if fresh or options or shared.page in pages:
            page = open_page(browser, url, width, mode, **options)
        else:
            page = shared.open(url, width, mode)
        pages.append(page)
        return page

    yield opened
    for page in pages:
        if page is not shared.page:
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
def show(browser, shared):
    """Return a function that shows widgets; `page.problems` stays empty.

    On the tab that the tests of a file share, unless it is to be fresh.
    """
    import shoot

    pages = []

    def shown(*names, fresh=False, more=''):
        page = new_page(browser) if fresh else shared.clear()
        page.set_viewport_size({'width': 1280, 'height': 900})
        pages.append(page)
        return shoot.show(page, *names, more=more)

    yield shown
    for page in pages:
        assert page.problems == []
        if page is not shared.page:
            page.context.close()
