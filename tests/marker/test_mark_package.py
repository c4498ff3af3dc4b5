"""The marker's wheel: it holds the marker and nothing else, and runs."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch
from submissions import DOUBLE, HIDDEN, ROOT, TOTAL, as_notebook


@pytest.fixture(scope='module')
def wheel(tmp_path_factory):
    """Build the wheel from a copy of its folder; return its path."""
    folder = tmp_path_factory.mktemp('wheel')
    shutil.copytree(
        ROOT / 'marker',
        folder / 'marker',
        ignore=shutil.ignore_patterns('*.egg-info', 'build'),
    )
    subprocess.run(
        [
            sys.executable,
            '-m',
            'pip',
            'wheel',
            '-q',
            '--no-deps',
            '--no-build-isolation',
            '-w',
            folder,
            folder / 'marker',
        ],
        check=True,
    )
    (path,) = folder.glob('*.whl')
    return path


def test_the_wheel_holds_the_marker_only(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split('/')[0] for name in names}
    package, about = sorted(tops)
    assert package == 'd2lmini_mark' and about.endswith('.dist-info')
    code = {name for name in names if name.startswith(f'{package}/')}
    assert code == {
        str(path.relative_to(ROOT / 'marker'))
        for path in (ROOT / 'marker' / 'd2lmini_mark').rglob('*.py')
    }
    about = zipfile.ZipFile(wheel).read(f'{about}/METADATA').decode()
    needs = [line for line in about.split('\n') if 'Requires-Dist' in line]
    assert needs == ['Requires-Dist: d2lmini', 'Requires-Dist: tqdm>=4.66']


def test_installed_it_marks(boxes, wheel, tmp_path):
    """d2lmini and the marker lie in a site-packages folder, as pip puts them,
    and are not found anywhere else."""
    site = tmp_path / 'site-packages'
    subprocess.run(
        [
            sys.executable,
            '-m',
            'pip',
            'install',
            '-q',
            '--no-deps',
            '--target',
            site,
            wheel,
        ],
        check=True,
    )
    shutil.copytree(ROOT / 'd2lmini', site / 'd2lmini')
    shutil.copytree(ROOT / 'checker' / 'd2lmini_check', site / 'd2lmini_check')
    for folder in (site, tmp_path):
        folder.chmod(0o755)
    script = site / 'bin' / 'd2lmini-mark'
    (tmp_path / 'tests.py').write_text(HIDDEN)
    (tmp_path / 'in').mkdir()
    (tmp_path / 'in' / 'ann.ipynb').write_text(as_notebook(DOUBLE, TOTAL))
    peek = (
        'import os\ndef double(X):\n    raise ValueError([os.listdir('
        'f"/packages/0/d2lmini_{name}") for name in ["check", "mark"]])'
    )
    (tmp_path / 'in' / 'bob.ipynb').write_text(as_notebook(peek, TOTAL))
    (tmp_path / 'random.py').write_text('1 / 0')  # must not be imported
    options = ['tests.py', 'in', '--out', 'marks.csv']
    paths = [str(site), str(Path(torch.__file__).parents[1])]
    for command in [[script], [sys.executable, '-m', 'd2lmini_mark']]:
        done = subprocess.run(
            [*command, *options],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env=os.environ | {'PYTHONPATH': os.pathsep.join(paths)},
        )
        assert done.returncode == 0, done.stderr
        assert '2 of 2 marked' in done.stdout
    ann, bob = (tmp_path / 'marks.csv').read_text('utf-8-sig').split('\n')[1:3]
    assert ann.startswith('"ann.ipynb",5') and bob.startswith('"bob.ipynb",3')
    (page,) = (tmp_path / 'marks.feedback').glob('bob*.html')
    assert 'ValueError: [[], []]' in page.read_text('utf-8')
