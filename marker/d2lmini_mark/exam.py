"""Hidden tests: how a teacher writes one, and how its inputs are drawn.

A hidden test is a generator with the name of a question. It draws inputs
with the dice and yields a call and what must come out:

    import torch
    from d2lmini_mark import call, marks

    @marks(2)
    def double(dice):
        for size in [(1, 1), (2, 3)]:
            X = dice.whole(*size)
            yield call(X), 2 * X

The students' `double` must be right in every call to have its 2 marks. An
exception is wanted if one is yielded: `yield call(-1), ValueError('size')`.

Where many answers are right, yield a function too: what it makes of a value
is compared. `yield call(X), 1.0, lambda p: sum(p)` wants numbers that add up
to 1. A function among the inputs stays here: the students' code asks for what
it returns, and cannot look into it.
"""

import ast
import dis
import hashlib
import importlib.util
import inspect
import json
import re
import sys
import textwrap
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch

from d2lmini_check import questions
from d2lmini_check.judge import as_demanded
from d2lmini_check.questions import Case as call
from d2lmini_mark.inside import plain

# The names that the code of `use` finds in the student's process.
KNOWN = ('torch', 'nn', 'F', 'np', 'math')
HERE = threading.RLock()  # for teachers' code: one thread at a time runs it


class BadTest(ValueError):
    """Raised for a hidden test that cannot be used; says why."""


class Ready(NamedTuple):
    """A call, what is wanted, and what makes of a value what is compared."""

    case: call
    wanted: object
    see: object = None

    def seen(self, value):
        """Return what is compared with what is wanted; raise Wrong."""
        if self.see is None or isinstance(value, BaseException):
            return value
        refuse_large(value)
        try:
            return self.see(value)
        except Exception as error:
            raise questions.Wrong(
                'the test could not go on with what your function returns '
                f'({type(error).__name__}: {error})'
            ) from None


@dataclass
class Test:
    """A hidden test whose inputs are drawn: what is called, what is wanted.

    name: of the column. of: the student's function. drive: source of the
    code that calls it, or None. ready: a list of Ready. demands: what is
    judged besides values and shapes. bans: what an answer may not call.
    """

    name: str
    of: str
    points: float
    seconds: float
    secret: bool
    drive: str | None
    names: list
    ready: list
    demands: tuple
    bans: tuple


@dataclass
class Exam:
    """All tests of a file, with the seed that they were drawn with."""

    path: Path
    chapter: str
    functions: dict
    seed: int = 0

    def __post_init__(self):
        with HERE, torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)  # for tests that make a network
            self.tests = [
                draw_test(name, function, self)
                for name, function in self.functions.items()
            ]

    def again(self, seed):
        """Return the same tests with other inputs."""
        return Exam(self.path, self.chapter, self.functions, seed)

    def digest(self):
        """Return a checksum of all that a mark depends on but the seed."""
        drawn = [
            [
                t.name,
                t.of,
                t.points,
                t.seconds,
                t.secret,
                t.drive,
                t.demands,
                t.bans,
                [[packed(r.case), written(r.wanted)] for r in t.ready],
            ]
            for t in self.again(0).tests
        ]
        about = [self.path.read_text('utf-8'), drawn]
        return hashlib.sha256(json.dumps(about).encode()).hexdigest()

    def question(self, name):
        """Return the public question of this name; None if there is none."""
        if self.chapter in questions.chapters():
            return questions.questions(self.chapter).get(name)
        return None

    def named(self, test, case):
        """Return (name, value) of the arguments of a call."""
        question = self.question(test.of)
        names = (
            test.names
            or (
                question
                and list(inspect.signature(question.oracle).parameters)
            )
            or []
        )
        more = [f'input {i + 1}' for i in range(len(names), len(case.args))]
        rows = [*zip([*names, *more], case.args), *case.kwargs.items()]
        return [(n, Told() if plain.is_function(v) else v) for n, v in rows]


class Told:
    """Stands for a function where inputs are shown."""

    def __repr__(self):
        return 'a function that the test hands over'


def marks(
    points,
    *,
    of=None,
    use=None,
    seconds=5.0,
    secret=False,
    demands=None,
    bans=None,
):
    """Make a generator of calls a hidden test that is worth some points.

    of: the student's function; by default it has the name of the generator.
    use: a function that calls the student's, where arguments and results
    are no plain data: use(answer, *args). It runs in the student's process
    and is readable there, so it must hold no expected value, and it finds
    only torch, nn, F, np and math. seconds: for each call.
    secret: do not show the student what was wanted.
    demands: what is judged besides values and shapes, of 'dtype' and
    'inputs' (which must be left alone); by default what the public question
    announces. bans: names of library functions that honest answers do
    without; by default those of the public question.
    """

    def decorate(function):
        function.hidden_test = dict(
            points=points,
            of=of or function.__name__,
            use=use,
            seconds=seconds,
            secret=secret,
            demands=demands,
            bans=bans,
        )
        return function

    return decorate


def load(path):
    """Import a file of hidden tests; return {name: generator function}."""
    spec = importlib.util.spec_from_file_location('hidden_tests', path)
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(Path(path).parent))  # for helpers beside it
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise BadTest(
            f'{path} cannot be imported: {type(error).__name__}: {error}'
        ) from error
    finally:
        sys.path.pop(0)
    found = {
        name: f
        for name, f in vars(module).items()
        if hasattr(f, 'hidden_test')
    }
    if not found:
        raise BadTest(
            f'{path} holds no hidden tests: put @marks(...) above '
            'the functions'
        )
    return found


def draw(path, seed):
    """Draw the inputs of all tests in a file; raise BadTest."""
    places = '/'.join(Path(path).absolute().parts[-2:])
    chapter = re.search(r'(?:^|/)c?(\d\d)_', places)
    with HERE:
        functions = load(path)
    return Exam(Path(path), chapter[1] if chapter else '', functions, seed)


def draw_test(name, function, exam):
    """Draw the inputs of one test: its dice depend on its name and seed."""
    options = dict(function.hidden_test)
    number = hashlib.sha256(f'{exam.seed} {name}'.encode()).digest()
    dice = questions.Dice(int.from_bytes(number[:7], 'big'))
    use = options.pop('use')
    try:
        settle(options, exam)
        ready = [
            Ready(as_demanded(case, options['demands']), *rest)
            for case, *rest in function(dice)
        ]
        ready.sort(key=lambda r: call.size(r.case))
        refuse_unfit(options, ready)
        return Test(
            name,
            drive=use and source_of(use),
            ready=ready,
            names=names_of(use),
            **options,
        )
    except Exception as error:
        raise BadTest(
            f'the hidden test {name!r} fails: {type(error).__name__}: {error}'
        ) from error


def settle(options, exam):
    """Fill in what a test leaves to the public question of its function."""
    question = exam.question(options['of'])
    if options['demands'] is None:
        options['demands'] = (
            questions.demands(f'{exam.chapter}.{options["of"]}')
            if question
            else ()
        )
    if options['bans'] is None:
        options['bans'] = question.bans if question else ()
    unknown = set(options['demands']) - set(questions.DEMANDS)
    if unknown:
        raise ValueError(
            f'demands may be {", ".join(questions.DEMANDS)}, got '
            f'{", ".join(sorted(unknown))}'
        )


def refuse_unfit(options, ready):
    """Raise ValueError for a test that cannot be asked or judged."""
    for case, wanted, see in ready:
        for data in (packed(case), written(wanted)):
            plain.decode(data, asked=lambda number: None)
            refuse_others(data)
        if see is not None and not callable(see):
            raise ValueError(f'the third of a call must be a function: {see}')
    if not ready:
        raise ValueError('it yields no call')
    if not options['points'] > 0 or not options['seconds'] > 0:
        raise ValueError('points and seconds must be above 0')


LONGEST = 10**4  # of an axis
HOLDERS = ('tuple', 'dict', 'set')


def refuse_large(value):
    """Raise Wrong for a tensor of which little could become much."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for inner in value:
            refuse_large(inner)
    shape = tuple(getattr(value, 'shape', ()))
    if max(shape, default=0) > LONGEST:
        raise questions.Wrong(f'the shape is {shape}, far larger than wanted')


def small(value):
    """Return a value with which a function of a test may be called.

    Neither [0] * 10**9 nor 2 ** 10**9 shall be computed here: a large whole
    number becomes a float. Raises Wrong for a large tensor.
    """
    refuse_large(value)
    if isinstance(value, (list, tuple)):
        return type(value)(map(small, value))
    large = type(value) is int and abs(value) > LONGEST
    return float(value) if large else value


def packed(case, functions=None):
    """Return the arguments of a call as plain data.

    Functions among them are appended to a list, if there is one.
    """
    functions = [] if functions is None else functions
    return [
        plain.encode(list(case.args), functions),
        [[k, plain.encode(v, functions)] for k, v in case.kwargs.items()],
    ]


def written(wanted):
    """Return what is wanted as plain data, also if it is an exception."""
    if isinstance(wanted, BaseException):
        return [type(wanted).__name__, str(wanted)]
    return plain.encode(wanted)


def refuse_others(data):
    """Raise if something in plain data has lost all but its type."""
    if isinstance(data, dict) and data.get('kind') == 'other':
        raise ValueError(
            f'{data["type"]} is no plain data: make it in the '
            "student's process, with `use`"
        )
    if isinstance(data, dict):
        data = data.get('data', []) if data['kind'] in HOLDERS else []
    if isinstance(data, list):
        for inner in data:
            refuse_others(inner)


def source_of(use):
    """Return the source of `use`, which must stand on its own."""
    source = textwrap.dedent(inspect.getsource(use))
    tree = ast.parse(source)
    if use.__name__ != getattr(tree.body[0], 'name', None):
        raise ValueError('use must be a function made by def')
    tree.body[0].decorator_list = []
    for name in globals_read(use.__code__):
        if name in use.__globals__ and name not in KNOWN:
            raise ValueError(
                f'{use.__name__} reads {name}, but it is sent alone to the '
                f"student's process: it finds only {', '.join(KNOWN)}"
            )
    return ast.unparse(tree)


def globals_read(code):
    """Yield the global names that a function and those inside it read."""
    yield from (
        i.argval
        for i in dis.get_instructions(code)
        if i.opname == 'LOAD_GLOBAL'
    )
    for constant in code.co_consts:
        if inspect.iscode(constant):
            yield from globals_read(constant)


def names_of(use):
    """Return the names of the arguments of `use`, without the answer."""
    return list(inspect.signature(use).parameters)[1:] if use else []
