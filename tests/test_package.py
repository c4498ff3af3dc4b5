"""What one file declares is what the others say; what is installed; sizes."""

import ast
import importlib.util
import io
import os
import re
import subprocess
import sys
import tokenize
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / 'pyproject.toml').read_text())
PROJECT = PYPROJECT['project']
ADDRESS = PROJECT['urls']['Repository']
GROUPS = PYPROJECT['dependency-groups']
MODULES = sorted(
    path
    for room in ['d2lmini', 'd2lmini_compat', 'checker', 'marker']
    for path in (ROOT / room).rglob('*.py')
)


def tracked():
    """Return the files that git tracks, and new ones it does not ignore."""
    out = subprocess.run(
        ['git', 'ls-files', '-co', '--exclude-standard'],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [
        ROOT / name
        for name in out.stdout.splitlines()
        if (ROOT / name).is_file()
    ]


def names(requirements):
    """Return what requirements are called, without versions."""
    return {re.match(r'[\w-]+', line)[0].lower() for line in requirements}


# What is declared


def test_conda_installs_extras_that_there_are():
    conda = yaml.safe_load((ROOT / 'environment.yml').read_text())
    *others, pip = conda['dependencies']
    assert f'python{PROJECT["requires-python"]}' in others
    found = [
        re.fullmatch(r'-e (\S+?)(?:\[(.+)\])?', line) for line in pip['pip']
    ]
    for folder, extras in [match.groups(default='') for match in found]:
        project = tomllib.loads(
            (ROOT / folder / 'pyproject.toml').read_text()
        )['project']
        assert set(extras.split(',')) <= {
            '',
            *project.get('optional-dependencies', {}),
        }


def test_constraints_pin_all_that_is_wanted():
    lines = (ROOT / 'constraints.txt').read_text().split()
    assert all(re.fullmatch(r'[\w.-]+==[\w.+!-]+', line) for line in lines)
    wanted = names(PROJECT['dependencies'])
    for some in [PROJECT['optional-dependencies'], GROUPS]:
        for name in set(some) - {'peers'}:  # which have old pins of their own
            wanted |= names(some[name])
    assert wanted <= names(lines)


def test_hooks_have_the_versions_of_make_lint():
    hooks = yaml.safe_load((ROOT / '.pre-commit-config.yaml').read_text())
    versions = [
        line
        for repo in hooks['repos']
        for hook in repo['hooks']
        for line in hook.get('additional_dependencies', [])
    ]
    assert names(versions) >= {'ruff', 'mypy'}
    assert set(versions) <= set((ROOT / 'constraints.txt').read_text().split())


def test_the_address_stands_in_one_place():
    keepers = {'pyproject.toml', 'README.md'}
    for path in tracked():
        if path.suffix in {'.py', '.yml', '.toml', '.md', '.txt'}:
            assert (ADDRESS in path.read_text(encoding='utf-8')) <= (
                path.name in keepers
            ), path


def test_citation_agrees_with_the_package():
    citation = yaml.safe_load((ROOT / 'CITATION.cff').read_text())
    assert citation['repository-code'] == ADDRESS
    assert citation['version'] == PROJECT['version']
    assert citation['license'] == PROJECT['license']


# What guides and workflows say to type

GUIDES = [
    'README.md',
    'CONTRIBUTING.md',
    '.github/workflows/test.yml',
    '.github/workflows/pages.yml',
    '.devcontainer/devcontainer.json',
    '.ci/run',
]


def tasks():
    makefile = (ROOT / 'Makefile').read_text()
    return set(re.search(r'\.PHONY: (.+)', makefile)[1].split())


def test_make_help_lists_every_task():
    out = subprocess.run(
        ['make', 'help'], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    assert set(re.findall(r'^  make (\w+)', out, flags=re.M)) == tasks()


@pytest.mark.parametrize('guide', GUIDES)
def test_what_a_guide_names_is_there(guide):
    """Tasks of make, extras, groups of requirements, modules and paths."""
    text = (ROOT / guide).read_text(encoding='utf-8')
    lines = re.findall(
        r'(?:^ *|`|[&"] ?|=\S+ |run: )make ([a-z ]+)', text, flags=re.M
    )
    assert {task for line in lines for task in line.split()} <= tasks()
    for extras in re.findall(r'\.\[([\w,]+)\]', text):
        assert set(extras.split(',')) <= set(PROJECT['optional-dependencies'])
    for group in re.findall(r'--group (\w+)', text):
        assert group in GROUPS
    for module in re.findall(r'-m (d2lmini[\w.]*)', text):
        assert importlib.util.find_spec(module), module
    tops = {path.relative_to(ROOT).parts[0] for path in tracked()}
    for path in re.findall(r'[\w./-]+', text):
        if path.split('/')[0] in tops and '/' in path:
            assert (ROOT / path).exists() or re.search('NN|NAME', path), path


# What is small


def lines_of_code(paths):
    """Count lines without blank ones, comments and docstrings."""
    total = 0
    for path in paths:
        source = path.read_text(encoding='utf-8')
        lines = {
            number
            for token in tokenize.generate_tokens(io.StringIO(source).readline)
            if token.type not in BLANK
            for number in range(token.start[0], token.end[0] + 1)
        }
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, DOCUMENTED) and ast.get_docstring(node):
                lines -= set(
                    range(node.body[0].lineno, node.body[0].end_lineno + 1)
                )
        total += len(lines)
    return total


BLANK = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}
DOCUMENTED = ast.Module, ast.ClassDef, ast.FunctionDef


def test_lines_of_code_are_counted(tmp_path):
    path = tmp_path / 'some.py'
    path.write_text(
        '"""Text\n\nmore."""\n\nx = [1,  # one\n     2]\n\n\n'
        'def f():\n    """Text."""\n    # nothing\n'
        '    return """two\nlines"""\n'
    )
    assert lines_of_code([path]) == 5


def test_the_package_is_small():
    """The helpers of every chapter are read in an evening."""
    package = ROOT / 'd2lmini'
    assert (
        lines_of_code(
            package / f'{name}.py'
            for name in ['utils', 'plot', 'data', 'train', 'ops']
        )
        <= 900
    )
    assert lines_of_code(package.rglob('*.py')) <= 2600


@pytest.mark.parametrize('path', MODULES, ids=[p.stem for p in MODULES])
def test_functions_are_short(path):
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.FunctionDef):
            doc = ast.get_docstring(node, clean=False)
            lines = node.end_lineno - node.body[0].lineno + 2  # one for def
            lines -= len(doc.splitlines()) if doc else 0
            assert lines <= 25, f'{node.name} has {lines} lines'


# What is installed


@pytest.fixture(scope='module')
def copy(tmp_path_factory):
    """Return a copy of this tree, as a repository of its own."""
    copy = tmp_path_factory.mktemp('copy')
    for path in tracked():
        target = copy / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    git = ['git', '-c', 'user.name=t', '-c', 'user.email=t@example.org']
    for command in [['init', '-q'], ['add', '-A'], ['commit', '-qm', 'all']]:
        subprocess.run(git + command, cwd=copy, check=True)
    return copy


def test_the_wheel_holds_checks_but_no_answers(copy, tmp_path):
    """Also where it is made from the source distribution."""
    command = ['build', '--no-isolation', '--outdir', tmp_path, copy]
    subprocess.run(
        [sys.executable, '-m', *command], check=True, capture_output=True
    )
    (wheel,) = tmp_path.glob('*.whl')
    found = set(zipfile.ZipFile(wheel).namelist())
    found = {name for name in found if '.dist-info/' not in name}
    package = {
        path.relative_to(ROOT).as_posix()
        for path in tracked()
        if path.relative_to(ROOT).parts[0] in ('d2lmini', 'd2lmini_compat')
    }
    checker = {
        path.relative_to(ROOT / 'checker').as_posix()
        for path in tracked()
        if path.is_relative_to(ROOT / 'checker')
    }
    checks = {
        f'd2lmini_check/exercises/{path.parent.name}/checks.py'
        for path in (ROOT / 'exercises/sources').glob('*/checks.py')
    }
    assert len(checks) >= 10 and found == package | checker | checks
    assert 'd2lmini_compat/d2l_names.toml' in found


def test_colab_in_small(copy, tmp_path):
    """A page alone, where torch is but not this repository, installs the
    package by its set-up cell, word for word, and runs to its end. Git is
    told to take the address from a copy of this tree."""
    home = tmp_path / 'alone'
    home.mkdir()
    page = home / '02_padding_stride_channels.ipynb'
    page.write_bytes((ROOT / 'chapters' / page.name).read_bytes())

    venv.create(tmp_path / 'venv', with_pip=True, symlinks=os.name != 'nt')
    (python,) = (tmp_path / 'venv').glob(
        '*/python.exe' if os.name == 'nt' else '*/python'
    )
    ask = 'import sysconfig; print(sysconfig.get_path("purelib"))'
    here, there = (
        subprocess.check_output([p, '-c', ask], text=True).strip()
        for p in [sys.executable, python]
    )
    (Path(there) / 'libraries.pth').write_text(here)  # not d2lmini: its own
    env = os.environ | {  # .pth is not read
        'GIT_CONFIG_COUNT': '1',
        'GIT_CONFIG_VALUE_0': ADDRESS,
        'GIT_CONFIG_KEY_0': f'url.{copy.as_uri()}.insteadOf',
        'PATH': f'{python.parent}{os.pathsep}{os.environ["PATH"]}',
    }
    env.pop('PYTHONPATH', None)
    check = [python, '-c', 'import torch, d2lmini']
    alone = subprocess.run(
        check, cwd=home, env=env, capture_output=True, text=True
    )
    assert "No module named 'd2lmini'" in alone.stderr
    run = subprocess.run(
        [python, '-c', 'from nbclient.cli import main; main()', page.name],
        cwd=home,
        env=env,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    where = subprocess.check_output(
        [
            python,
            '-c',
            'import torch, d2lmini; from d2lmini import data;'
            'print(d2lmini.__file__, torch.__file__, d2lmini.train_ch6);'
            'print(len(data._from_sample("fashion_mnist")["test_labels"]))',
        ],
        cwd=home,
        env=env,
        text=True,
    )
    assert there in where and f'{here}/torch' in where and '1000' in where
