"""What is declared in one file is what the others say; the code is small."""
import ast
import os
import re
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / 'pyproject.toml').read_text())
PROJECT = PYPROJECT['project']
ADDRESS = PROJECT['urls']['Repository']
MODULES = sorted((ROOT / 'd2lmini').rglob('*.py'))


def tracked():
    """Return the files that git tracks, and new ones it does not ignore."""
    out = subprocess.run(['git', 'ls-files', '-co', '--exclude-standard'],
                         cwd=ROOT, check=True, capture_output=True, text=True)
    return [ROOT / name for name in out.stdout.splitlines()
            if (ROOT / name).is_file()]


def test_conda_asks_for_the_same():
    conda = yaml.safe_load((ROOT / 'environment.yml').read_text())
    python, pip, extra = conda['dependencies']
    assert python == f'python{PROJECT["requires-python"]}' and pip == 'pip'
    extras = PROJECT['optional-dependencies']
    assert sorted(extra['pip']) == sorted(
        PROJECT['dependencies'] + extras['book'] + extras['test']
        + ['-e .'])


def test_constraints_hold_names_and_versions_only():
    lines = (ROOT / 'constraints.txt').read_text().split()
    assert all(re.fullmatch(r'[\w.-]+==[\w.+!-]+', line) for line in lines)
    pinned = {line.split('==')[0] for line in lines}
    wanted = PROJECT['dependencies'] + sum(
        [PROJECT['optional-dependencies'][e] for e in ['book', 'test']], [])
    for requirement in wanted:
        assert re.split('[<>=]', requirement)[0] in pinned


def test_the_address_stands_in_one_place():
    keepers = {'pyproject.toml', 'README.md'}
    for path in tracked():
        if path.suffix in {'.py', '.yml', '.toml', '.md', '.txt'}:
            assert (ADDRESS in path.read_text(encoding='utf-8')
                    ) <= (path.name in keepers), path


def test_citation_agrees_with_the_package():
    citation = yaml.safe_load((ROOT / 'CITATION.cff').read_text())
    assert citation['repository-code'] == ADDRESS
    assert citation['version'] == PROJECT['version']
    assert citation['license'] == PROJECT['license']


def test_readme_gives_the_steps():
    readme = (ROOT / 'README.md').read_text()
    assert f'git clone {ADDRESS}' in readme
    for words in ['make book', 'make test', 'GB', 'Windows',
                  "-c constraints.txt -e '.[book,test]'".replace("'", '"')]:
        assert words in readme, words


def test_make_help_lists_every_task():
    makefile = (ROOT / 'Makefile').read_text()
    phony = set(re.search(r'\.PHONY: (.+)', makefile)[1].split())
    out = subprocess.run(['make', 'help'], cwd=ROOT, check=True,
                         capture_output=True, text=True).stdout
    assert set(re.findall(r'make (\w+)', out)) == phony


@pytest.mark.parametrize('path', MODULES, ids=[p.stem for p in MODULES])
def test_modules_are_small(path):
    source = path.read_text()
    assert max(map(len, source.splitlines()), default=0) <= 79
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            doc = ast.get_docstring(node, clean=False)
            lines = node.end_lineno - node.lineno + 1
            lines -= len(doc.splitlines()) if doc else 0
            limit = 40 if node.name == 'train_gpu' else 25
            assert lines <= limit, f'{node.name} has {lines} lines'


@pytest.mark.parametrize('path', MODULES, ids=[p.stem for p in MODULES])
def test_public_names_have_docstrings(path):
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            assert ast.get_docstring(node) or node.name[0] == '_', node.name


def test_colab_in_small(tmp_path):
    """A page alone, where torch is but not this repository, installs the
    package by its set-up cell, word for word, and runs to its end. Git is
    told to take the address from a copy of this tree."""
    copy, home = tmp_path / 'copy', tmp_path / 'alone'
    for path in tracked():
        target = copy / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    git = ['git', '-c', 'user.name=t', '-c', 'user.email=t@example.org']
    for command in [['init', '-q'], ['add', '-A'], ['commit', '-qm', 'all']]:
        subprocess.run(git + command, cwd=copy, check=True)
    home.mkdir()
    page = home / '02_padding_stride_channels.ipynb'
    page.write_bytes((ROOT / 'chapters' / page.name).read_bytes())

    venv.create(tmp_path / 'venv', with_pip=True, symlinks=os.name != 'nt')
    python, = (tmp_path / 'venv').glob('*/python.exe'
                                       if os.name == 'nt' else '*/python')
    ask = 'import sysconfig; print(sysconfig.get_path("purelib"))'
    here, there = (subprocess.check_output([p, '-c', ask], text=True).strip()
                   for p in [sys.executable, python])
    (Path(there) / 'libraries.pth').write_text(here)  # not d2lmini: its own
    env = os.environ | {                              # .pth is not read
        'GIT_CONFIG_COUNT': '1', 'GIT_CONFIG_VALUE_0': ADDRESS,
        'GIT_CONFIG_KEY_0': f'url.{copy.as_uri()}.insteadOf',
        'PATH': f'{python.parent}{os.pathsep}{os.environ["PATH"]}'}
    env.pop('PYTHONPATH', None)
    check = [python, '-c', 'import torch, d2lmini']
    alone = subprocess.run(check, cwd=home, env=env, capture_output=True,
                           text=True)
    assert "No module named 'd2lmini'" in alone.stderr
    run = subprocess.run(
        [python, '-c', 'from nbclient.cli import main; main()', page.name],
        cwd=home, env=env, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-3000:]
    where = subprocess.check_output(
        [python, '-c', 'import torch, d2lmini; from d2lmini import data;'
         'print(d2lmini.__file__, torch.__file__);'
         'print(len(data._from_sample("fashion_mnist")["test_labels"]))'],
        cwd=home, env=env, text=True)
    assert there in where and f'{here}/torch' in where and '1000' in where
