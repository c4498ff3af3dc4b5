"""Judge a submission: the verdicts are reached here, outside of the box."""

import builtins
import functools
import json
import math
import re
import time
from dataclasses import asdict, dataclass, field
from typing import NamedTuple

import torch

from d2lmini_check import compare
from d2lmini_check.judge import run_one, trouble_of
from d2lmini_check.questions import Wrong
from d2lmini_mark import exam as exams
from d2lmini_mark.boxes import GRACE, Died, Late
from d2lmini_mark.inside import plain
from d2lmini_mark.inside.cells import WALL

SHORT = {
    'right': 'right',
    'wrong': 'wrong',
    'blank': 'not answered',
    'missing': 'not defined',
    'error': 'raises an error',
    'late': 'out of time',
    'died': 'ends the process',
    'unread': 'not marked',
}
RETURNED = 'What your function returns'
OR_NOT = 'was its cell left out, or did it raise an error?'
LATE = (
    'Your code was not done after {:g} seconds of work: it is too slow, or '
    'has a loop without an end.'
)
UP = 'The time for all questions was up before this one was done.'
COLAB = 'uses google.colab, which only Colab has: it did nothing here'
ABSENT = 'What is missing may stand in a cell that failed: see the list below.'
LOSSES = 3  # boxes that a submission's cells may break
DIED = (
    'Your code ended its process ({}): no exit(), please, and not too much '
    'memory.'
)
SLOW = (
    'matplotlib.pyplot',
    'torchvision',
    'd2lmini.plot',
    'd2lmini.data',
    'd2lmini.train',
    'd2lmini.nets',
)  # to import: not the student's time


@dataclass
class Verdict:
    """What a test gave: a key of SHORT, points, and a text for the student.

    mistake: the kind of mistake, to be counted over a class.
    """

    status: str
    text: str = ''
    points: float = 0
    mistake: str = ''


@dataclass
class Result:
    """The marks of one submission."""

    verdicts: dict
    cells: dict = field(default_factory=dict)
    trouble: str = ''
    seed: int = 0

    def points(self):
        """Return the sum of all points."""
        return sum(v.points for v in self.verdicts.values())

    def note(self):
        """Say in a line why marks are missing."""
        short = [
            f'{name}: {SHORT[v.status]}'
            for name, v in self.verdicts.items()
            if v.status != 'right'
        ]
        return self.trouble or '; '.join(short)

    def to_json(self):
        """Return all of it as text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text):
        """Return the Result that to_json wrote."""
        found = json.loads(text)
        verdicts = {
            name: Verdict(**v) for name, v in found.pop('verdicts').items()
        }
        return cls(verdicts, **found)


class Lost(Exception):
    """Raised when no value comes back, with status and text of a Verdict."""


class Marker:
    """Marks one submission, in as many boxes as it breaks.

    The cells run first. A statement that ends or stops the box is left out
    in the next. cell_seconds is processor time for one cell, three times as
    much for all of them: after that only what is quick still runs. seconds
    are on the wall, for all together: after half of them only quick
    statements run, after three quarters no more cells, and then no question
    is asked.
    """

    def __init__(self, exam, boxes, cells, cell_seconds=20.0, seconds=180.0):
        self.exam, self.boxes, self.cells = exam, boxes, cells
        self.cell_seconds, self.left = cell_seconds, 3 * cell_seconds
        self.seconds, self.start = seconds, None  # when a box was ready
        self.box, self.stopped, self.raised = None, {}, {}
        self.ran = set()  # the cells that had their turn
        self.skip = {number: [] for number, _ in cells}
        code = '\n'.join(source for _, source in cells)
        self.modules = [name for name in SLOW if name in code]
        if 'google.colab' in code:
            self.raised['0'] = COLAB

    def until(self, part=1.0):
        """Return when a part of the time is up, as time.monotonic tells."""
        return (self.start or math.inf) + part * self.seconds

    def mark(self):
        """Return the Result."""
        try:
            verdicts = {t.name: self.verdict(t) for t in self.exam.tests}
        finally:
            self.close()
        result = Result(
            verdicts, self.raised | self.stopped, seed=self.exam.seed
        )
        if all(v.status == 'missing' for v in verdicts.values()):
            result.trouble = (
                'none of the functions asked for is defined: '
                'is this the right notebook?'
            )
        return result

    def verdict(self, test):
        """Judge one test; all its calls must be right."""
        functions = [[] for _ in test.ready]
        sent = [
            exams.packed(ready.case, found)
            for ready, found in zip(test.ready, functions)
        ]
        values, lost = [], None
        try:
            reply = self.ask(test, sent, functions)
            for i, data in enumerate(sent):
                values.append(read(test, reply, i, data))
        except Lost as error:
            lost = Verdict(*error.args)
        for value, ready in zip(values, test.ready):
            if what := trouble(test, value, ready):
                return self.wrong(test, values, value, ready, what)
        return lost or Verdict('right', points=test.points)

    def wrong(self, test, values, value, ready, what):
        """Return the Verdict on the first call that is not right."""
        known = self.mistake(test, values)
        raised = isinstance(value.what, Exception)
        text = describe(self.exam, test, ready, value.what, known or what)
        kind = known or kind_of(value.what, what)
        return Verdict('error' if raised else 'wrong', text, mistake=kind)

    def ask(self, test, sent, functions):
        """Have all calls of a test made; raise Lost if the box is lost.

        Raises BoxError if there is no box: then nothing is judged.
        """
        if self.until() < time.monotonic():
            raise Lost('late', UP)
        wanted = [exams.written(ready.wanted) for ready in test.ready]
        size = len(json.dumps([sent, wanted]))
        try:
            return self.ready().ask(
                request_of(test, sent),
                WALL * test.seconds + GRACE,
                10**5 * (1 + size // 10**4),  # tells no length
                self.until() + GRACE,
                functools.partial(serve, functions),
            )
        except Late:
            self.close()
            up = self.until() < time.monotonic()
            text = UP if up else LATE.format(test.seconds)
            raise Lost('late', text) from None
        except Died as error:
            self.close()
            raise Lost('died', f'{error}.') from None

    def ready(self):
        """Return a box in which all has run that can be run."""
        while self.box is None:
            self.box = self.boxes.open(self.modules)
            self.start = self.start or time.monotonic()
            for number, source in self.cells:
                if self.box and str(number) not in self.stopped:
                    self.run(number, source)
        return self.box

    def run(self, number, source):
        """Run a cell; close the box if it stops or ends it."""
        start, late = time.monotonic(), self.left < -self.cell_seconds
        rest = (self.until(0.5) - start) / WALL
        seconds = max(0, min(self.left, self.cell_seconds, rest))
        if (late and number not in self.ran) or self.until(0.75) < start:
            self.stopped[str(number)] = 'left out: the time for all is up'
            return
        self.ran.add(number)
        cell = {'cell': str(number), 'source': source, 'seconds': seconds}
        try:
            reply = self.box.ask(
                cell | {'skip': self.skip[number]},
                WALL * (seconds + 1) + GRACE,
                10**5,
                self.until(0.75) + GRACE,
            )
            used, errors = told_of_cell(reply['ended'])
            if errors:
                self.raised[str(number)] = errors
        except (Late, Died) as error:
            used = 0
            self.lose(number, error)
        self.left -= max(used, (time.monotonic() - start) / WALL)

    def lose(self, number, error):
        """Leave out, from now on, the statement with which a box was lost;
        the whole cell if there are too many.
        """
        why = f'{error}' or 'not done when its time was up'
        self.raised[str(number)] = f'stopped in line {self.box.at}: {why}'
        self.skip[number].append(self.box.at)
        losses = sum(map(len, self.skip.values()))
        if losses >= LOSSES:
            self.stopped[str(number)] = f'left out: {why}'
        if losses >= 2 * LOSSES:
            self.left = -2 * self.cell_seconds  # no more of the later cells
        self.close()

    def close(self):
        """End the box, if there is one."""
        if self.box:
            self.box.close()
        self.box = None

    def mistake(self, test, values):
        """Name the mistake, if the public checks know one that fits."""
        question = self.exam.question(test.of)
        if (
            question is None
            or test.drive
            or test.secret
            or any(isinstance(value.what, Exception) for value in values)
            or len(values) < len(test.ready)
        ):
            return None
        for sentence, wrong in question.mistakes.items():
            if all(
                fits(test, value.what, wrong, ready)
                for value, ready in zip(values, test.ready)
            ):
                return sentence
        return None


def request_of(test, sent):
    """Return what a box is told of a test: all that it may know."""
    return {
        'of': test.of,
        'drive': test.drive,
        'bans': list(test.bans),
        'calls': sent,
        'seconds': test.seconds,
        'wall': WALL * test.seconds,
    }


class Value(NamedTuple):
    """What a call gave: a value or an error, whether it changed its inputs,
    and the banned functions that it called.
    """

    what: object
    changed: bool = False
    met: tuple = ()


def fits(test, value, wrong, ready):
    """Tell whether a known mistake gives the same as an answer did."""
    with exams.HERE:
        given = run_one(wrong, ready.case).value
        return difference(test, ready, value, ready.seen(given)) is None


def trouble(test, value, ready):
    """Say what is wrong with a value; None if nothing is."""
    what = difference(test, ready, value.what, ready.wanted)
    if what:
        return what
    if value.changed and 'inputs' in test.demands:
        return (
            'the result is right, but your function changed its '
            'input in place: work on a copy'
        )
    if value.met:
        return (
            'the values are right, but the question asks you to do without '
            f'`{min(value.met)}`: write it yourself'
        )
    return None


def difference(test, ready, value, wanted):
    """Say how a value differs from what is wanted; None if it does not.

    The rule is that of check in the notebooks.
    """
    try:
        with exams.HERE:
            return trouble_of(ready.seen(value), wanted, test.demands)
    except Wrong as error:
        return str(error)
    except Exception:  # such as an int that is too large for a float
        return 'this cannot be compared with what is wanted'


def kind_of(value, what):
    """Return a short name of a mistake that no public check knows."""
    if isinstance(value, Exception):
        return f'raises {type(value).__name__}'
    if ' numbers are wrong' in what:
        return 'wrong numbers'
    if 'the shape is ' in what:
        return 'a wrong shape'
    return re.sub(r'\d[\d.e+-]*', '…', what)[:80]


def serve(functions, number, message):
    """Call a function of a test for a student's code; return the reply.

    functions: a list for each call. number: of the call that is made.
    """
    try:
        args, kwargs = map(plain.decode, message['args'])
        args = [exams.small(value) for value in args]
        kwargs = {name: exams.small(value) for name, value in kwargs.items()}
        with exams.HERE, torch.no_grad():
            value = functions[number][message['ask']](*args, **kwargs)
        return {'value': plain.encode(value)}
    except Exception as error:  # what the code sends may lead to any
        return {'error': f'{type(error).__name__}: {error}'[:500]}


def read(test, reply, i, sent):
    """Return the Value of call number i.

    An error that was raised is a value too. Raises Lost for all else.
    """
    answer = reply['answers'].get(i)
    if answer is None:
        raise ended(test, reply['ended'])
    if 'missing' in answer:
        raise Lost('missing', f'There is no function {test.of}: {OR_NOT}')
    if 'large' in answer:
        raise Lost('wrong', f'{RETURNED} is far larger than what is wanted.')
    if 'error' in answer:
        return Value(error_of(answer['error']))
    try:
        value = plain.decode(answer.get('value'))
    except (plain.Unreadable, RecursionError) as error:
        raise Lost('wrong', f'{RETURNED} cannot be read: {error}.') from None
    changed = json.dumps(answer.get('after')) != json.dumps(sent)
    met = answer.get('met')
    met = [name for name in test.bans if type(met) is list and name in met]
    return Value(value, changed, tuple(met))


def ended(test, how):
    """Return the Lost for a process that ended before its answer."""
    if how == 'late':
        return Lost('late', LATE.format(test.seconds))
    return Lost('died', DIED.format(printable(how)))


def error_of(error):
    """Return an exception like the one that a student's code raised."""
    if (
        type(error) is not list
        or len(error) != 4
        or not all(type(part) is str for part in error)
    ):
        raise Lost('died', 'Your code sent something unreadable.')
    kind, name, text, line = map(printable, error)
    if kind == 'NotImplementedError' and not text:
        raise Lost('blank', 'Not answered yet.')
    kind = getattr(builtins, kind, None)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        kind = Exception
    found = type(
        name,
        (kind,),
        {'__init__': lambda *args: None, '__str__': lambda self: text},
    )()
    found.student_line = line
    return found


def told_of_cell(ended):
    """Return what a box tells of a cell: the seconds used, and the errors."""
    used, errors = ended if type(ended) is list and len(ended) == 2 else (0, 0)
    used = used if type(used) is float and used >= 0 else 0
    errors = errors if type(errors) is list else []
    texts = list(dict.fromkeys(map(error_text, errors)))
    return used, 'raised ' + '; '.join(texts[:5]) if texts else ''


def error_text(error):
    """Write what a cell raised in a line."""
    if type(error) is not list or len(error) != 4:
        return 'something unreadable'
    _, name, text, line = map(printable, error)
    return f'{name}: {text}' + (f' (in the line `{line}`)' if line else '')


def printable(text, most=500):
    """Leave out what does not show, and what is too long."""
    text = ''.join(
        c if c.isprintable() or c == '\n' else '\ufffd'
        for c in str(text)[:most]
    )
    return text.strip()


def describe(exam, test, ready, value, what):
    """Put together what is wrong, the input, what came out and what should.

    Of a secret test only the first is told, and not in numbers.
    """
    if test.secret:
        return (
            'This is not right.'
            if not isinstance(value, Exception)
            else printable(what)
        )
    rows = exam.named(test, ready.case)
    if not isinstance(value, Exception):
        rows.append(('got', value))
    if ready.see is None:
        rows.append(('wanted', ready.wanted))
    width = max((len(name) for name, _ in rows), default=0)
    lines = [what if what[-1] in '.?!' else f'{what}.'] + [
        f'  {name:{width}} = {compare.show(value, width + 5)}'
        for name, value in rows
    ]
    if isinstance(value, (NameError, ImportError)):
        lines += ['', ABSENT]
    elif question := exam.question(test.of):
        lines += ['', f'Hint: {question.hints[0]}']
    return printable('\n'.join(lines), 5000)
