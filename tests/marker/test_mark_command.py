"""The command line: tables, pages, stops, and what it refuses."""

import contextlib
import csv
import html.parser
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from submissions import DOUBLE, HIDDEN, TOTAL, as_notebook

from d2lmini_mark import notebook
from d2lmini_mark.__main__ import main
from d2lmini_mark.boxes import BoxError
from d2lmini_mark.marking import Marker
from d2lmini_mark.run import Run


def rows(path):
    """Read a table back, as a spreadsheet would."""
    text = path.read_bytes().decode('utf-8-sig')
    return list(csv.DictReader(io.StringIO(text, newline='')))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / 'in').mkdir()
    return tmp_path


def test_table_and_pages(run, hidden, folder):
    (folder / 'in' / 'ann.ipynb').write_text(as_notebook(DOUBLE, TOTAL))
    (folder / 'in' / 'bob.ipynb').write_text(as_notebook(DOUBLE))
    out = folder / 'marks.csv'
    code, printed = run(hidden, folder / 'in', '--out', out, '--seed', 5)
    assert code == 0 and '2 of 2 marked' in printed
    assert '2/2' in printed  # the progress bar
    ann, bob = rows(out)
    assert ann == {
        'file': 'ann.ipynb',
        'total': '5.0',
        'max': '5',
        'double (2)': '2',
        'total (3)': '3',
        'note': '',
    } or (float(ann['total']) == 5 and ann['note'] == '')
    assert float(bob['total']) == 2 and bob['note'] == 'total: not defined'
    (page,) = (folder / 'marks.feedback').glob('bob*.html')
    text = page.read_text('utf-8')
    assert 'bob.ipynb: 2 of 5 points' in text and 'the seed 5.' in text
    assert 'There is no function total' in text
    assert not list(folder.rglob('*.part'))


BAD = {
    'empty': ('', 'empty'),
    'text': ('no JSON', 'not a notebook'),
    'list': ('[]', 'no list of cells'),
    'old': ('{"nbformat": 3}', 'cells'),
    'deep': ('[' * 10**6, 'not a notebook'),
    'number': ('{"cells": [{"cell_type": "code", "source": 5}]}', 'no source'),
    'other': (as_notebook('x = 1'), 'the right notebook'),
    'large': (' ' * 3000 + as_notebook(DOUBLE, TOTAL), 'MB'),
}


def test_bad_submissions_do_not_stop_the_rest(
    run, hidden, folder, monkeypatch
):
    monkeypatch.setattr(notebook, 'LARGEST', 3000 + len(as_notebook(DOUBLE)))
    BAD['deep'] = ('[' * 3000, 'not a notebook')
    for name, (text, _) in BAD.items():
        (folder / 'in' / f'{name}.ipynb').write_text(text)
    (folder / 'in' / 'zoe.ipynb').write_text(as_notebook(DOUBLE, TOTAL))
    (folder / 'in' / 'link.ipynb').symlink_to(folder / 'in' / 'zoe.ipynb')
    os.mkfifo(folder / 'in' / 'pipe.ipynb')
    os.mkdir(folder / 'in' / 'folder.ipynb')
    words = {name: words for name, (_, words) in BAD.items()} | {
        'link': 'a link',
        'pipe': 'ordinary file',
        'folder': 'nothing is in it',
    }
    out = folder / 'marks.csv'
    assert run(hidden, folder / 'in', '--out', out)[0] == 0
    found = {row['file'].removesuffix('.ipynb'): row for row in rows(out)}
    assert float(found.pop('zoe')['total']) == 5
    assert set(found) == set(words)
    for name, row in found.items():
        assert float(row['total']) == 0 and words[name] in row['note'], row
    assert len(list((folder / 'marks.feedback').glob('*-*.html'))) == 12


def test_no_formula_and_no_tag_survives(run, hidden, folder, monkeypatch):
    evil = '<script>alert(1)</script>'
    cells = [
        f'def double(X):\n    return {evil!r}',
        f'def total(xs):\n    raise ValueError({evil!r})',
        f'raise ValueError({evil!r} + chr(27) + chr(0xdc80))',
    ]
    names = [
        '=1+2',
        '+1',
        '-1',
        '@SUM(1)',
        '\t=1',
        '\r=1',
        ' =1',
        '|cmd',
        '<b>bold',
        'x;=1+1',
        '"quoted",=1',
        os.fsdecode(b'\xff'),
    ]
    for name in names:
        (folder / 'in' / f'{name}.ipynb').write_text(as_notebook(*cells))
    out = folder / 'marks.csv'
    marked = {}

    def once(self, server, exam, name, content, bad, marked_by=Run.marked):
        if content not in marked:
            found = marked_by(self, server, exam, name, content, bad)
            marked[content] = found
        return marked[content]

    monkeypatch.setattr(Run, 'marked', once)
    command = [hidden, folder / 'in', '--out', out, '--jobs', 1]
    assert run(*command)[0] == 0
    found = rows(out)
    assert len(found) == len(names)
    for cell in (c for row in found for c in row.values()):
        assert not re.match(r'\s*[=+\-@|]', cell) and '\t' not in cell
    assert out.read_bytes().startswith(b'\xef\xbb\xbf"file",')
    for page in (folder / 'marks.feedback').glob('*-*.html'):
        text = page.read_text('utf-8')
        tags = Tags()
        tags.feed(text)
        assert tags.found <= {
            'html',
            'head',
            'meta',
            'title',
            'style',
            'body',
            'main',
            'h1',
            'h2',
            'pre',
            'p',
            'table',
            'caption',
            'thead',
            'tbody',
            'tr',
            'th',
            'td',
            'span',
            'ul',
            'li',
            'footer',
        }
        assert '&lt;script&gt;alert(1)' in text and '\x1b' not in text
        assert '<html lang="en">' in text and text.count('<h1>') == 1
        assert len(text) < 10000 and 'http' not in text.replace(
            'http-equiv', ''
        )


class Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = set()

    def handle_starttag(self, tag, attrs):
        self.found.add(tag)


def test_same_names_in_two_folders(quick, hidden, folder):
    for name, cells in [('a b', [DOUBLE]), ('a-b', [DOUBLE, TOTAL])]:
        (folder / 'in' / name).mkdir()
        (folder / 'in' / name / 'x.ipynb').write_text(as_notebook(*cells))
    out = folder / 'marks.csv'
    assert (
        quick(
            hidden,
            folder / 'in',
            folder / 'in' / 'a b' / 'x.ipynb',
            '--out',
            out,
        )[0]
        == 0
    )
    assert [(r['file'], float(r['total'])) for r in rows(out)] == [
        ('a b/x.ipynb', 2),
        ('a-b/x.ipynb', 5),
    ]
    assert len(list((folder / 'marks.feedback').glob('*-*.html'))) == 2


def test_nothing_of_others_is_overwritten(quick, hidden, folder):
    (folder / 'in' / 'ann.ipynb').write_text(as_notebook(DOUBLE, TOTAL))
    out = folder / 'marks.csv'
    out.write_text('mine')
    command = [hidden, folder / 'in', '--out', out]
    code, printed = quick(*command)
    assert code == 2 and '--force' in printed and out.read_text() == 'mine'
    assert not (folder / 'marks.feedback').exists()
    assert quick(*command, '--force')[0] == 0
    table = out.read_bytes()
    assert quick(*command)[0] == 0 and out.read_bytes() == table  # once more
    out.write_bytes(table + b'a remark\r\n')
    assert quick(*command)[0] == 2 and b'a remark' in out.read_bytes()
    out.write_bytes(table)
    code, printed = quick(*command, '--seed', 1)
    assert code == 2 and 'another seed' in printed
    handed_anew = as_notebook(DOUBLE)
    (folder / 'in' / 'ann.ipynb').write_text(handed_anew)
    assert quick(*command)[0] == 0 and float(rows(out)[0]['total']) == 2


@pytest.mark.parametrize(
    'argv, words',
    [
        (['no.py', 't.py'], "no file of hidden tests 'no.py'"),
        (['t.py', 'no.ipynb'], "there is no file 'no.ipynb'"),
        (['t.py', 'in'], "the folder 'in' holds no .ipynb file"),
        (['t.py', 't.py', '--out', 'no/x.csv'], "there is no folder '/"),
        (['t.py', 't.py', '--data', 'no'], "there is no folder 'no'"),
    ],
)
def test_wrong_use(quick, folder, monkeypatch, argv, words):
    monkeypatch.chdir(folder)
    Path('t.py').write_text(HIDDEN)
    code, printed = quick(*argv)
    assert code == 2 and words in printed and 'Traceback' not in printed
    assert sorted(p.name for p in folder.iterdir()) == ['in', 't.py']


def test_without_walls_nothing_is_run(hidden, folder, monkeypatch, capsys):
    (folder / 'in' / 'ann.ipynb').write_text(as_notebook(DOUBLE))
    command = [
        str(hidden),
        str(folder / 'in'),
        '--out',
        str(folder / 'marks.csv'),
    ]
    monkeypatch.setenv('PATH', str(folder))
    assert main(command) == 3
    told = capsys.readouterr().err
    assert 'bubblewrap is not installed' in told and '--unsafe' in told
    for words in ['apt install', 'dnf install', 'pacman -S']:
        assert f'{words} bubblewrap' in told
    assert [p.name for p in folder.iterdir()] == ['in']


def test_without_bubblewrap_unsafe_goes_on(hidden, folder, monkeypatch):
    (folder / 'in' / 'ann.ipynb').write_text(as_notebook(DOUBLE, TOTAL))
    monkeypatch.setenv('PATH', str(folder))
    out = folder / 'marks.csv'
    assert (
        main([str(hidden), str(folder / 'in'), '--out', str(out), '--unsafe'])
        == 0
    )
    assert float(rows(out)[0]['total']) == 5


@pytest.mark.skipif(sys.platform != 'linux', reason='the walls need Linux')
def test_what_bubblewrap_complains_is_told(
    hidden, folder, monkeypatch, capsys
):
    program = folder / 'bwrap'
    program.write_text('#!/bin/sh\necho "bwrap: Unknown option" >&2\nexit 1')
    program.chmod(0o755)
    monkeypatch.setenv('PATH', str(folder))
    (folder / 'in' / 'ann.ipynb').write_text(as_notebook(DOUBLE))
    assert (
        main(
            [
                str(hidden),
                str(folder / 'in'),
                '--out',
                str(folder / 'marks.csv'),
            ]
        )
        == 3
    )
    assert 'bwrap: Unknown option' in capsys.readouterr().err
    assert not (folder / 'marks.csv').exists()


def test_killed_and_started_again(boxes, run, hidden, folder):
    slow = TOTAL.replace(
        '    return', '    import time\n    time.sleep(0.3)\n    return'
    )
    for i in range(4):
        (folder / 'in' / f'{i}.ipynb').write_text(as_notebook(DOUBLE, slow))
    out, results = folder / 'marks.csv', folder / 'marks.feedback/results'
    command = [str(hidden), str(folder / 'in'), '--out', str(out)]
    command += ['--jobs', '1']
    with subprocess.Popen(
        [sys.executable, '-m', 'd2lmini_mark', *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        until = time.monotonic() + 120
        while len(list(results.glob('*.json'))) < 2 or not (
            boxed := within(process.pid)
        ):
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    done = {p: p.stat().st_mtime_ns for p in results.glob('*.json')}
    seed = json.loads((results.parent / 'run.json').read_text())['secret']
    assert 2 <= len(done) < 4 and not out.exists()
    while any(Path(f'/proc/{pid}').exists() for pid in boxed):
        assert time.monotonic() < until  # no box outlives the marker
        time.sleep(0.02)
    code, printed = run(*command)
    assert (
        code == 0
        and seed
        == json.loads((results.parent / 'run.json').read_text())['secret']
    )
    assert all(p.stat().st_mtime_ns == then for p, then in done.items())
    assert [float(row['total']) for row in rows(out)] == [5] * 4


def within(pid):
    """Return the processes that a process has started, and those they have,
    as soon as one of them is Python behind walls."""
    found, todo = [], [str(pid)]
    for parent in todo:
        with contextlib.suppress(OSError):
            for thread in Path(f'/proc/{parent}/task').iterdir():
                todo += (thread / 'children').read_text().split()
    for child in todo[1:]:
        with contextlib.suppress(OSError):
            found.append(Path(f'/proc/{child}/cmdline').read_bytes())
    inside = any(line.startswith(b'/python/bin') for line in found)
    return todo[1:] if inside else []


def test_the_markers_own_faults_are_not_the_students(
    run, hidden, folder, monkeypatch
):
    for name, cells in [('a', [DOUBLE]), ('b', [DOUBLE, 'x = 1'])]:
        (folder / 'in' / f'{name}.ipynb').write_text(as_notebook(*cells))

    def fail(self):
        raise [BoxError, KeyError][len(self.cells) - 1]('no memory')

    out = folder / 'marks.csv'
    command = [hidden, folder / 'in', '--out', out]
    with monkeypatch.context() as patch:
        patch.setattr(Marker, 'mark', fail)
        assert run(*command)[0] == 1
    assert [(r['total'], r['note']) for r in rows(out)] == [
        ('', 'NOT MARKED: no memory'),
        ('', "NOT MARKED: KeyError: 'no memory'"),
    ]
    assert run(*command)[0] == 0 and float(rows(out)[0]['total']) == 2


def test_force_leaves_no_page_of_before(quick, hidden, folder):
    """Nor a result: what is marked anew is marked, with a seed told too."""
    for name in ['ann', 'bob']:
        (folder / 'in' / f'{name}.ipynb').write_text(as_notebook(DOUBLE))
    command = [hidden, folder / 'in', '--out', folder / 'marks.csv']
    command += ['--seed', 1]
    assert quick(*command)[0] == 0
    kept = folder / 'marks.feedback'
    pages, results = set(kept.glob('*-*.html')), kept / 'results'
    assert len(pages) == len(list(results.iterdir())) == 2
    (kept / 'mine.html').write_text('a remark')
    before = {file: file.stat().st_mtime_ns for file in results.iterdir()}
    (folder / 'in' / 'bob.ipynb').unlink()
    assert quick(*command)[0] == 0  # without it nothing is thrown away
    assert set(kept.glob('*-*.html')) == pages
    assert quick(*command, '--force')[0] == 0
    (page,) = kept.glob('*-*.html')
    assert page.name.startswith('ann') and page in pages
    (result,) = results.iterdir()
    assert result.stat().st_mtime_ns != before[result]
    assert (kept / 'mine.html').read_text() == 'a remark'
