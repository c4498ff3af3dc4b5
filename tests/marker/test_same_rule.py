"""What has a tick in the notebook has its marks: one rule for both.

The answers of each exercise's answers.py are marked by its sample of hidden
tests, in this process: what passes between the two sides is as it is behind
walls.
"""

import contextlib
import inspect
import json
import sys

import pytest
import test_exercises as proof
import torch
from submissions import SAMPLES, marked, statuses

from d2lmini_check import limit, questions, watch
from d2lmini_mark import exam
from d2lmini_mark.marking import Marker
from d2lmini_mark.walls import INSIDE

sys.path.insert(0, str(INSIDE))
import child

exec(inspect.getsource(watch), vars(child.WATCH))
CHAPTERS = [path.parent.name[1:3] for path in SAMPLES]
pytestmark = pytest.mark.filterwarnings('ignore')


class Here:
    """Stands for the boxes, and for a box: it answers in this process."""

    def __init__(self, space):
        self.space = space

    def open(self, modules=()):
        return self

    def close(self):
        pass

    def ask(self, request, seconds, largest, end, serve):
        request = json.loads(json.dumps(request))
        request |= {'token': 'x', 'largest': largest}
        answers = {}
        for number, (args, kwargs) in enumerate(request['calls']):
            line = Line(lambda message, i=number: serve(i, message))
            found = child.answer(line, request, self.space, args, kwargs)
            answers[number] = json.loads(json.dumps(found))
        return {'ended': 'done', 'answers': answers}


class Line:
    """Stands for the line on which a function of the test is called."""

    def __init__(self, serve):
        self.serve = serve

    def sendall(self, line):
        self.reply = json.dumps(self.serve(json.loads(line))).encode()

    def recv(self, size):
        return self.reply + b'\n'


def verdicts(drawn, question, source):
    """Return the verdicts on one answer to a question."""
    chapter, name = question.split('.')
    space = dict(proof.namespace(chapter))
    exec(source, space)
    marker = Marker(drawn, Here(space), [])
    return [marker.verdict(t) for t in drawn.tests if t.of == name]


def right_answers(question):
    """Return the sources of all answers that check accepts."""
    chapter, name = question.split('.')
    table = proof.answers(chapter)
    remarked = getattr(table, 'REMARK', {})
    solution = proof.sources(chapter)[0][name]
    return [
        solution,
        *(
            solution.replace(*source) if type(source) is tuple else source
            for source in table.RIGHT.get(name, ())
        ),
        *(source for _, source in proof.edited_answers(question, remarked)),
    ]


def questions_of(drawn):
    """Return the names of the public questions that a file tests."""
    of = dict.fromkeys(test.of for test in drawn.tests)
    return [f'{drawn.chapter}.{name}' for name in of if drawn.question(name)]


@pytest.mark.parametrize('path', SAMPLES, ids=CHAPTERS)
def test_what_is_right_in_the_notebook_has_its_marks(path):
    drawn = exam.draw(path, 11)
    asked = questions_of(drawn)
    assert asked
    for question in asked:
        for source in right_answers(question):
            for verdict in verdicts(drawn, question, source):
                assert verdict.status == 'right', f'{source}\n{verdict.text}'


@contextlib.contextmanager
def modes_kept():
    """Put back what an answer may have switched for the whole process."""
    dtype, mode = torch.get_default_dtype(), torch.is_grad_enabled()
    try:
        yield
    finally:
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(mode)


@pytest.mark.parametrize('path', SAMPLES, ids=CHAPTERS)
def test_what_is_wrong_in_the_notebook_loses_marks(path):
    drawn, accepted = exam.draw(path, 11), []
    for question in questions_of(drawn):
        for words, source in proof.wrong_answers(question):
            with modes_kept(), contextlib.suppress(limit.TimeIsUp):
                found = limit.call(
                    lambda a=(drawn, question, source): verdicts(*a),
                    proof.SECONDS,
                )
                if all(verdict.status == 'right' for verdict in found):
                    accepted.append(f'{question}: {words}\n{source}')
    assert not accepted, '\n\n'.join(accepted)


HIDDEN = """
import torch
from d2lmini_mark import call, marks

@marks(1, {})
def {}(dice):
    X = dice.normal(3, 4).double()
    yield call(X), X
"""


@pytest.mark.parametrize(
    'chapter, name, of, demands, right',
    [
        ('03', 'blur_pool', '', '', True),  # announces nothing
        ('03', 'channel_means', '', '', False),  # announces a dtype
        ('03', 'blur_pool', '', 'demands=("dtype",)', False),
        ('03', 'channel_means', '', 'demands=()', True),
        ('99', 'mine', '', '', True),  # a teacher's own
        ('99', 'mine', '', 'demands=("dtype",)', False),
        ('04', 'running', '', '', True),
    ],
)
def test_what_is_demanded_is_announced(
    tmp_path, chapter, name, of, demands, right
):
    folder = tmp_path / f'c{chapter}_x'
    folder.mkdir()
    path = folder / 'hidden.py'
    path.write_text(HIDDEN.format(demands or f'of={name!r}', name))
    drawn = exam.draw(path, 1)
    space = {name: lambda X: X.float().tolist()}
    verdict = Marker(drawn, Here(space), []).verdict(drawn.tests[0])
    assert (verdict.status == 'right') == right, verdict.text


@pytest.mark.parametrize('demands', ['', 'demands=("inputs",)'])
def test_inputs_may_change_unless_the_text_says_no(tmp_path, demands):
    path = tmp_path / 'hidden.py'
    path.write_text(HIDDEN.format(demands or 'of="f"', 'f'))
    drawn = exam.draw(path, 1)

    def changing(X):
        kept = X.clone()
        X.zero_()
        return kept

    marker = Marker(drawn, Here({'f': changing}), [])
    verdict = marker.verdict(drawn.tests[0])
    assert (verdict.status == 'right') == (not demands)
    assert ('in place' in verdict.text) == bool(demands)


def test_bans_hold_in_the_marker_too(boxes, tmp_path):
    (name,) = [n for c, n in questions.chapters().items() if c == '02']
    question, bans = next(
        (q, found.bans)
        for q, found in questions.questions('02').items()
        if found.bans
    )
    folder = tmp_path / name
    folder.mkdir()
    (folder / 'hidden.py').write_text(HIDDEN.format(f'of={question!r}', 'f'))
    answer = (
        'import torch\nimport numpy as np\nfrom torch.nn import functional\n'
        'def {}(X):\n    for module in (torch, np, functional):\n'
        '        if hasattr(module, {!r}):\n            try:\n'
        '                getattr(module, {!r})(X, (0, 0))\n'
        '            except Exception:\n                pass\n    return X'
    )
    banned = answer.format(question, bans[0], bans[0])
    result = marked(boxes, folder / 'hidden.py', banned)
    assert statuses(result) == {'f': 'wrong'}
    assert f'do without `{bans[0]}`' in result.verdicts['f'].text
    allowed = f'def {question}(X):\n    return X'
    assert marked(boxes, folder / 'hidden.py', allowed).points() == 1
