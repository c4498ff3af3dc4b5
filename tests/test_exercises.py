"""The exercises: right answers pass, wrong ones are told what is wrong."""

import ast
import contextlib
import copy
import functools
import importlib.util
import io
import json
import re
import subprocess
import sys
import threading
from pathlib import Path

import nbformat
import notebooks
import pytest
import torch
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient

import d2lmini_check as checking
import exercises
from d2lmini_check import limit, questions

ROOT = Path(__file__).parent.parent
HOME = ROOT / 'exercises'
NAMES = exercises.masters()
QUESTIONS = [
    f'{name[:2]}.{question}'
    for name in NAMES
    for question in questions.questions(name[:2])
]
pytestmark = pytest.mark.filterwarnings('ignore')  # of wrong answers
SECONDS = 5  # for an answer, on a busy machine


@functools.cache
def sources(chapter):
    """Return {question: source of its solution}, and all code in order."""
    (name,) = [n for n in NAMES if n.startswith(chapter)]
    found, code = {}, []
    for cell in exercises.read(name).cells:
        if cell.cell_type != 'code' or 'setup' in cell.metadata.get(
            'tags', []
        ):
            continue
        asked = re.search(r"^check\('\d\d\.(\w+)'", cell.source, flags=re.M)
        if asked:
            found[asked[1]] = code[-1]
        elif not cell.source.startswith('progress'):
            code.append(exercises.solved(cell.source))
    return found, code


@functools.cache
def namespace(chapter):
    """Run the set-up and all solutions of a notebook, once."""
    space = {'__name__': 'answers'}
    for code in sources(chapter)[1]:
        exec(code, space)
    return space


@functools.cache
def broken(chapter):
    """Return {question: source} of the programs to repair, untouched."""
    (name,) = [n for n in NAMES if n.startswith(chapter)]
    cells = [c.source for c in exercises.read(name).cells]
    return {
        re.search(r"^check\('\d\d\.(\w+)'", check, flags=re.M)[
            1
        ]: exercises.blank(cell)
        for cell, check in zip(cells, cells[1:])
        if exercises.is_broken(cell)
    }


def judge(question, source, seconds=None):
    """Judge the answer that a source defines, as the last thing in it."""
    chapter, name = question.split('.')
    space = dict(namespace(chapter))
    with contextlib.redirect_stdout(io.StringIO()):
        exec(source, space)
    return checking.judge(question, space[name], seconds)


@functools.cache
def answers(chapter):
    """Import the file with right and wrong answers."""
    (path,) = (HOME / 'sources').glob(f'c{chapter}_*/answers.py')
    spec = importlib.util.spec_from_file_location(f'answers_{chapter}', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def is_design(question):
    """Tell whether a question has many right solutions, as answers.py says."""
    chapter, name = question.split('.')
    return name in getattr(answers(chapter), 'DESIGNS', ())


def wrong_answers(question):
    """Return (words expected, source) of each wrong answer. Words alone
    are expected of the program as the student finds it."""
    return edited_answers(question, answers(question[:2]).WRONG)


def edited_answers(question, table):
    """Return (words expected, source) of each answer of a table."""
    chapter, name = question.split('.')
    solution, found = sources(chapter)[0][name], []
    for words, *edit in table.get(name, ()):
        edit = edit or [broken(chapter)[name]]
        edited = solution
        for old, new in zip(edit[::2], edit[1::2]):
            assert old in solution, f'{old!r} is not in the solution'
            edited = edited.replace(old, new)
        edit = [edited] if len(edit) > 1 else edit
        found.append((words, edit[0]))
    return found


# 1. Generated files are what the generator makes now.


@pytest.mark.parametrize('name', NAMES)
def test_generated_files_are_current(name):
    text = nbformat.writes(exercises.student(name))
    made = (HOME / f'{name}.ipynb').read_text(encoding='utf-8')
    assert made.strip() == text.strip()
    kept = nbformat.read(HOME / 'solutions' / f'{name}.ipynb', 4)
    assert exercises.same_code(kept, exercises.solution(name))
    cells = [c for c in kept.cells if c.cell_type == 'code']
    assert [c.execution_count for c in cells] == list(range(1, len(cells) + 1))
    outputs = [
        o for c in cells for o in c.outputs if o.output_type != 'display_data'
    ]  # a picture
    assert {o.get('name') for o in outputs} == {'stdout'}  # no warnings
    assert '/' not in ''.join(o.text for o in outputs)  # and no paths


def test_index_is_current():
    assert (HOME / 'index.md').read_text(encoding='utf-8') == exercises.index()


def test_nothing_is_left_over():
    for folder in [HOME, HOME / 'solutions']:
        assert [p.stem for p in sorted(folder.glob('*.ipynb'))] == NAMES
    assert (
        sorted(
            p.parent.name[1:] for p in (HOME / 'sources').glob('*/answers.py')
        )
        == NAMES
    )


# The form of a notebook.


@pytest.mark.parametrize('name', NAMES)
def test_every_question_has_its_parts(name):
    rows = exercises.questions(name)
    assert [int(row[0]) for row in rows] == list(range(1, len(rows) + 1))
    asked = [row[-1].split('.')[1] for row in rows if row[-1]]
    assert asked == list(questions.questions(name[:2]))
    for number, title, stars, minutes, section, link, _ in rows:
        assert re.fullmatch('★+☆*', stars) and 1 <= int(minutes) <= 60
        chapter = nbformat.read(HOME / link, 4)
        headings = [
            line.lstrip('# ')
            for c in chapter.cells
            for line in c.source.splitlines()
            if c.cell_type == 'markdown' and line.startswith('##')
        ]
        assert section in headings, section
    for cell in exercises.student(name).cells:
        if exercises.HEADING.search(cell.source):
            assert (
                'By hand' in cell.source
                or 'In words' in cell.source
                or 'in words' in cell.source
            ), cell.source
        if cell.cell_type == 'code':
            assert max(map(len, cell.source.splitlines())) <= 79


@pytest.mark.parametrize('name', NAMES)
def test_setup_cell_is_that_of_the_chapters(name):
    for nb in [exercises.student(name), exercises.solution(name)]:
        assert nb.cells[1].metadata.tags == [notebooks.SETUP_TAG]
        assert nb.cells[1].source == notebooks.SETUP_CELL.format(
            address=notebooks.repository()
        )


@pytest.mark.parametrize('name', NAMES)
def test_links_lead_somewhere(name):
    for path in [HOME / f'{name}.ipynb', HOME / 'solutions' / f'{name}.ipynb']:
        text = path.read_text(encoding='utf-8')
        links = re.findall(r'\]\(([^)#: ]+\.(?:ipynb|md))', text)
        assert links
        for link in links:
            assert (path.parent / link).exists(), link


@pytest.mark.parametrize('question', QUESTIONS)
def test_hints_are_two_and_do_not_repeat(question):
    asked = checking.find(question)
    first, second = asked.hints
    assert len(first) > 20 and len(second) > 20 and first != second
    assert len(asked.mistakes) >= 3 or asked.use


# 2. Solutions pass. (nbval runs and compares solutions/ in real kernels.)


@pytest.mark.parametrize('question', QUESTIONS)
def test_solution_is_right(question):
    chapter, name = question.split('.')
    report = judge(question, sources(chapter)[0][name])
    assert report.status == 'right', report.text


# 3. Untouched notebooks run to their end, in one real kernel after another.


def test_untouched_notebooks_run_to_their_end(tmp_path, monkeypatch):
    monkeypatch.delenv('D2LMINI_STRICT', raising=False)
    monkeypatch.setenv('D2LMINI_PROGRESS', str(tmp_path / 'progress.json'))
    manager, client = start_new_kernel()
    try:
        for name in NAMES:
            nb = nbformat.read(HOME / f'{name}.ipynb', 4)
            nb.cells.insert(
                0,
                nbformat.v4.new_code_cell(
                    '%reset -f\nimport sys\n'
                    '[sys.modules.pop(n) for n in [*sys.'
                    'modules] if n.startswith("d2lmini")]\nNone'
                ),
            )
            runner = NotebookClient(nb, km=manager, timeout=120)
            runner.kc = client
            runner.execute(cleanup_kc=False)
            printed = ''.join(
                o.get('text', '')
                for c in nb.cells
                for o in c.get('outputs', [])
            )
            kinds = {
                o.output_type for c in nb.cells for o in c.get('outputs', [])
            }
            assert kinds <= {'stream', 'display_data'}
            assert 'Traceback' not in printed
            for question in questions.questions(name[:2]):
                state = (
                    '✗ {} is not right yet: '
                    if question in broken(name[:2])
                    else '· {} is not answered yet.'
                )
                assert state.format(f'{name[:2]}.{question}') in printed
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    kept = json.loads((tmp_path / 'progress.json').read_text())
    assert kept == {
        f'{name[:2]}.{question}': 'wrong'
        for name in NAMES
        for question in broken(name[:2])
    }


# 4. Wrong answers are refused, and told why.


@pytest.mark.parametrize('question', QUESTIONS)
def test_wrong_answers_are_told_what_is_wrong(question):
    wrong, trouble = wrong_answers(question), []
    chapter, name = question.split('.')
    assert len(wrong) >= 6
    if name in broken(chapter):
        assert broken(chapter)[name] in [source for _, source in wrong]
    for words, source in wrong:
        report = judge(
            question, source, None if is_design(question) else SECONDS
        )
        if report.status != 'wrong' or words not in report.text:
            trouble.append(f'expected {words!r} of\n{source}\n{report.text}')
    assert not trouble, '\n\n'.join(trouble)


# 5. Right answers are accepted, however they are written.


@pytest.mark.parametrize('question', QUESTIONS)
def test_right_answers_are_accepted(question):
    chapter, name = question.split('.')
    assert len(answers(chapter).RIGHT[name]) >= 2
    for source in answers(chapter).RIGHT[name]:
        if isinstance(source, tuple):
            assert source[0] in sources(chapter)[0][name]
            source = sources(chapter)[0][name].replace(*source)
        report = judge(question, source)
        assert report.status == 'right', f'{source}\n{report.text}'


# Mutants: the solutions with one operator, constant or call changed.

SWAPS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
CALLS = {
    'max': 'min',
    'min': 'max',
    'sum': 'mean',
    'mean': 'sum',
    'amax': 'amin',
    'amin': 'amax',
    'zeros': 'ones',
    'ones': 'zeros',
    'new_zeros': 'new_ones',
    'zeros_like': 'ones_like',
    'rows': 'cols',
    'stack': 'cat',
    'argmax': 'argmin',
    'exp': 'log',
    'log': 'exp',
    'floor': 'ceil',
    'ceil': 'floor',
    'train': 'eval',
    'eval': 'train',
}


def changes(node):
    """Return functions that change a copy of this node, with their names."""
    found = []

    def replace(name, **fields):
        found.append(
            (name, lambda n: [setattr(n, k, v) for k, v in fields.items()])
        )

    if isinstance(node, (ast.BinOp, ast.AugAssign, ast.BoolOp)):
        if swap := SWAPS.get(type(node.op)):
            replace(f'{type(node.op).__name__} to {swap.__name__}', op=swap())
    if isinstance(node, ast.Compare):
        if swap := SWAPS.get(type(node.ops[0])):
            replace(
                f'{type(node.ops[0]).__name__} to {swap.__name__}',
                ops=[swap(), *node.ops[1:]],
            )
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            replace(f'{node.value} flipped', value=not node.value)
        elif isinstance(node.value, (int, float)):
            replace(f'{node.value} plus 1', value=node.value + 1)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        replace('minus to plus', op=ast.UAdd())
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        found.append(
            (
                'not removed',
                lambda n: [
                    setattr(n, 'operand', ast.UnaryOp(ast.Not(), n.operand))
                ],
            )
        )
    if isinstance(node, ast.Attribute) and node.attr in CALLS:
        replace(f'{node.attr} to {CALLS[node.attr]}', attr=CALLS[node.attr])
    if isinstance(node, ast.Call):
        for i, keyword in enumerate(node.keywords):
            replace(
                f'{keyword.arg}= dropped',
                keywords=node.keywords[:i] + node.keywords[i + 1 :],
            )
    return found + swapped_arguments(node) + dropped_lines(node)


def swapped_arguments(node):
    """Return a function for each two neighbors among a call's arguments."""
    found, given = [], getattr(node, 'args', ())
    if not isinstance(node, ast.Call):
        return found
    for i, (a, b) in enumerate(zip(given, given[1:])):
        if ast.dump(a) != ast.dump(b) and not (
            {ast.Starred} & {type(a), type(b)}
        ):
            name = f'arguments {i + 1} and {i + 2} swapped'
            found.append(
                (name, lambda n, i=i: n.args.insert(i, n.args.pop(i + 1)))
            )
    return found


def dropped_lines(node):
    """Return a function for each statement inside that can be left out."""
    found, kept = [], (ast.Return, ast.FunctionDef, ast.ClassDef)
    body = getattr(node, 'body', ())
    if isinstance(node, ast.Module) or not isinstance(body, list):
        return found
    for i, line in enumerate(body):
        is_text = isinstance(getattr(line, 'value', None), ast.Constant)
        if isinstance(line, kept) or (is_text and isinstance(line, ast.Expr)):
            continue
        text = ast.unparse(line).splitlines()[0]
        drop = lambda n, i=i: n.body.__setitem__(i, ast.Pass())  # noqa: E731
        found.append((f'{text} dropped', drop))
    return found


def mutants(source):
    """Yield (line and change, source) of each mutant."""
    tree = ast.parse(source)
    for at, node in enumerate(ast.walk(tree)):
        for which, (name, _) in enumerate(changes(node)):
            mutant = copy.deepcopy(tree)
            target = list(ast.walk(mutant))[at]
            changes(target)[which][1](target)
            line = source.splitlines()[node.lineno - 1].strip()
            yield (
                f'{line} [{name}]',
                ast.unparse(ast.fix_missing_locations(mutant)),
            )


@pytest.fixture(scope='module')
def tally(request):
    """Count the mutants, and print the count at the end."""
    count = {'refused': 0, 'equivalent': 0, 'total': 0}
    yield count
    if capture := request.config.pluginmanager.getplugin('capturemanager'):
        with capture.global_and_fixture_disabled():
            print(
                '\nmutants refused: {refused}/{total}, and {equivalent} '
                'are listed as equivalent'.format(**count)
            )


@pytest.mark.parametrize('question', QUESTIONS)
def test_mutants_are_refused(question, tally):
    chapter, name = question.split('.')
    known = getattr(answers(chapter), 'EQUIVALENT', {}).get(name, {})
    met, survivors = set(), []
    if is_design(question):
        return
    for what, source in mutants(sources(chapter)[0][name]):
        tally['total'] += 1
        try:
            status = judge(question, source, SECONDS).status
        except Exception:  # the cell itself fails
            status = 'wrong'
        if status == 'wrong':
            tally['refused'] += 1
        elif what in known:
            tally['equivalent'] += 1
            met.add(what)
        else:
            survivors.append(what)
    assert not survivors, '\n'.join(survivors)
    assert met == set(known), 'listed, but it does not survive'


# The check itself.


@pytest.fixture
def session(tmp_path, monkeypatch):
    """Let checks begin anew, with a progress file of their own."""
    file = tmp_path / 'home' / 'progress.json'
    monkeypatch.setenv('D2LMINI_PROGRESS', str(file))
    monkeypatch.delenv('D2LMINI_STRICT', raising=False)
    for kept in [checking._done, checking._met, checking._hints_given]:
        monkeypatch.setattr(
            checking,
            next(n for n in vars(checking) if vars(checking)[n] is kept),
            type(kept)(),
        )
    return file


def corr2d(X, K):
    return torch.nn.functional.conv2d(X[None, None], K[None, None])[0, 0]


def printed(capsys, function, *args):
    assert function(*args) is None
    return capsys.readouterr().out


def test_hints_come_one_by_one(session, capsys):
    def flipped(X, K):
        return corr2d(X, K.flip(0, 1))

    first, second = checking.find('01.corr2d').hints
    out = printed(capsys, checking.check, '01.corr2d', flipped)
    assert first in out and second not in out and 'the kernel is fl' in out
    out = printed(capsys, checking.check, '01.corr2d', flipped)
    assert first in out and second in out
    assert printed(capsys, checking.hint, '02.pad2d').count('Hint') == 1
    assert printed(capsys, checking.hint, '02.pad2d').count('Hint') == 2
    assert printed(capsys, checking.hint, '02.pad2d').count('Hint') == 2
    assert "mean '02.pad2d'?" in printed(capsys, checking.hint, '02.pad')


def test_progress_is_kept(session, capsys):
    checking.check('01.corr2d', corr2d)
    checking.check('01.convolve2d', corr2d)
    out = printed(capsys, checking.progress)
    assert '1 of 7 done' in out and '✓ 01.corr2d' in out
    assert '✗ 01.convolve2d' in out and '· 01.commutes' in out
    assert json.loads(session.read_text()) == {
        '01.corr2d': 'right',
        '01.convolve2d': 'wrong',
    }
    checking._done.clear()  # another session
    checking.check('01.corr2d', lambda X, K: X)
    assert '✓ 01.corr2d' in printed(capsys, checking.progress, '01')
    session.write_text('no JSON')
    assert '0 of 7' in printed(capsys, checking.progress, '01')
    assert 'no exercises' in printed(capsys, checking.progress, '99')


def test_strict_raises_and_keeps_nothing(session, monkeypatch, capsys):
    monkeypatch.setenv('D2LMINI_STRICT', '1')

    def blank(X, K):
        raise NotImplementedError

    for answer, words in [
        (blank, 'not answered'),
        (lambda X, K: X, 'not right'),
    ]:
        with pytest.raises(AssertionError, match=words):
            checking.check('01.corr2d', answer)
    checking.check('01.corr2d', corr2d)
    assert '✓ 01.corr2d is right.' in capsys.readouterr().out
    assert not session.exists()


class Spiteful:
    def __call__(self, *args):
        return self

    def __getattr__(self, name):
        raise RuntimeError(f'no {name}')

    __eq__ = __bool__ = __repr__ = __len__ = lambda self, *a: 1 / 0


@pytest.mark.parametrize(
    'name, answer, words',
    [
        ('01.cor2d', corr2d, "did you mean '01.corr2d'?"),
        ('corr2d', corr2d, 'there is no question'),
        (5, corr2d, 'there is no question 5'),
        ('01.corr2d', None, 'without parentheses'),
        ('01.corr2d', torch.ones(2), 'without parentheses'),
        ('01.corr2d', lambda: 1, 'TypeError'),
        ('01.corr2d', lambda X, K: sys.exit(3), 'SystemExit'),
        ('01.corr2d', lambda X, K: corr2d(X, K).numpy(), 'a NumPy array'),
        ('01.corr2d', lambda X, K: 1 / 0, 'ZeroDivisionError'),
        ('01.corr2d', Spiteful, 'wanted'),
        ('01.corr2d', type, 'TypeError'),
        ('01.corr2d', lambda X, K: print('look', X.shape), '    look'),
        ('01.corr2d', lambda X, K: corr2d(X, K).to('meta'), 'device is meta'),
        ('01.corr2d', lambda X, K: corr2d(X, K).to_sparse(), 'layout'),
    ],
)
def test_check_never_raises(session, capsys, name, answer, words):
    answer = Spiteful() if answer is Spiteful else answer
    out = printed(capsys, checking.check, name, answer)
    assert out.startswith('✗') or 'there is no question' in out
    assert words in out and 'Traceback' not in out


def test_signs_that_cannot_be_written(session, monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding='ascii')
    monkeypatch.setattr(sys, 'stdout', stream)
    checking.check('01.corr2d', corr2d)
    stream.flush()
    assert stream.buffer.getvalue().startswith(b'? 01.corr2d is right.')


def endless(X, K):
    while True:
        try:
            while True:
                pass
        except Exception:
            pass


def deaf(X, K):  # swallows the alarm once
    try:
        endless(X, K)
    except BaseException:
        endless(X, K)


@pytest.mark.parametrize('answer', [endless, deaf])
@pytest.mark.parametrize('on_main', [True, False])
def test_time_limit(answer, on_main):
    found = []

    def work():
        found.append(checking.judge('01.corr2d', answer, seconds=0.3))

    if on_main:
        work()
    else:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert 'not done after 0.3 seconds' in found[0].text
    assert torch.is_grad_enabled()


def test_time_limit_where_there_is_no_alarm(monkeypatch):
    monkeypatch.delattr(limit.signal, 'setitimer')
    report = checking.judge('01.corr2d', endless, seconds=0.3)
    assert 'not done after 0.3 seconds' in report.text
    assert checking.judge('01.corr2d', corr2d).status == 'right'


def test_alarm_of_others_is_put_back():
    before = limit.signal.getsignal(limit.signal.SIGALRM)
    assert limit.call(lambda: 5, 1) == 5
    assert limit.signal.getsignal(limit.signal.SIGALRM) is before
    assert limit.signal.getitimer(limit.signal.ITIMER_REAL) == (0, 0)


def test_questions_in_the_page_are_those_of_the_sources():
    """exercises/live.json is what tools/live_exercises.py makes of them."""
    done = subprocess.run(
        [
            sys.executable,
            '-c',
            'import live_exercises as l\n'
            'print(l.near(l.text(), l.FILE.read_text("utf-8")))',
        ],
        capture_output=True,
        text=True,
        encoding='utf-8',
        cwd=ROOT / 'tools',
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == 'True\n', (
        'exercises/live.json is not what the sources give: '
        'run .venv/bin/python tools/live_exercises.py'
    )
