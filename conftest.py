"""How pytest treats the book's pages: what is compared, what is skipped."""

import collections
import functools
import json
import os
from pathlib import Path

import pytest

os.environ.setdefault('D2LMINI_STRICT', '1')  # a wrong solution fails
os.environ.setdefault('OMP_NUM_THREADS', '1')  # the files share the cores

from d2lmini import data  # after the threads are set


def pytest_collectstart(collector):
    """Leave the error stream out of nbval's comparison: it tells of sources,
    which differ from machine to machine."""
    if getattr(collector, 'skip_compare', None):
        collector.skip_compare += ('stderr',)


def pytest_collection_modifyitems(items):
    """Skip the pages whose data cannot be had here."""
    for item in items:
        if item.path.suffix == '.ipynb' and (why := missing(item.path)):
            item.add_marker(pytest.mark.skip(reason=why))


@functools.cache
def missing(page: Path):
    """Say which data set of those that a page needs is not here in full."""
    metadata = json.loads(page.read_text(encoding='utf-8'))['metadata']
    for name in metadata.get('d2lmini', {}).get('needs', []):
        try:
            source = data.find_arrays(name)[1]
        except data.DataNotAvailable as error:
            return str(error)
        if source.startswith('sample'):
            return f'{page.name} needs all of {name}, here is only a sample'


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """With D2LMINI_NO_SKIP=1 a test that would be skipped fails."""
    report = yield
    if report.skipped and os.environ.get('D2LMINI_NO_SKIP'):
        report.outcome = 'failed'
        report.longrepr = f'skipped, which is not allowed: {report.longrepr}'
    return report


def pytest_terminal_summary(terminalreporter):
    """Say at the end what was not checked, and why."""
    reasons = collections.Counter(
        report.longrepr[-1].removeprefix('Skipped: ')
        for report in terminalreporter.stats.get('skipped', [])
    )
    if reasons:
        terminalreporter.section('not checked on this machine')
    for reason, count in reasons.most_common():
        terminalreporter.line(f'{count} tests: {reason}')
