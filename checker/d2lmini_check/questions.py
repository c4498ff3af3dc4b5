"""What a check consists of, and where the checks of each chapter are.

A question names an oracle that gives the right result by other means (mostly
PyTorch's own), inputs to try, the mistakes people make, and two hints.
"""
import functools
import importlib
import math
from dataclasses import dataclass, field
from pathlib import Path

import torch

from d2lmini_check import exercises


class Wrong(Exception):
    """Raised by a question that sees for itself what is wrong."""


said: list[str] = []  # remarks on the answer that is judged now


def remark(text):
    """Let a question that looks for itself say a word on a right answer."""
    if text not in said:
        said.append(text)


suspicions: list[str] = []  # what may be wrong with it, if it is wrong


def suspect(text):
    """Let a question name a likely cause, told only of a wrong answer."""
    if text not in suspicions:
        suspicions.append(text)


class Case:
    """One input of a question: the arguments of a call."""

    def __init__(self, *args, **kwargs):
        self.args, self.kwargs = args, kwargs

    def size(self):
        """Give the number of entries: the smallest case is shown."""
        return sum(math.prod(getattr(a, 'shape', (0,)))
                   for a in [*self.args, *self.kwargs.values()])


@dataclass
class Question:
    """What is needed to judge the answers to one question.

    oracle: a function that gives what is wanted; its argument names are
    shown, and where it raises ValueError an answer must do so too.
    cases: takes Dice, gives a list of Case. hints: two, the second says more.
    mistakes: {what is wrong, in a sentence: a function that does it wrong}.
    use: use(answer, *args) gives what is compared with oracle(*args).
    grad: names of the arguments whose gradient is compared too.
    device: whether new tensors must follow the device of the input.
    bans: names of library functions that the text forbids, such as 'pad'.
    secret: do not tell what was wanted (for predictions).
    seconds: processor time for all cases together.
    """
    oracle: object
    cases: object
    hints: tuple
    mistakes: dict = field(default_factory=dict)
    use: object = None
    grad: tuple = ()
    device: bool = False
    bans: tuple = ()
    secret: bool = False
    seconds: float = 10.0


class Dice:
    """Random inputs, the same in each run."""

    def __init__(self, seed=0):
        self.generator = torch.Generator().manual_seed(seed)

    def whole(self, *shape, low=-4, high=5):
        """Give whole numbers as floats: easy to follow by hand."""
        return torch.randint(low, high, shape,
                             generator=self.generator).float()

    def normal(self, *shape):
        """Give numbers of the normal distribution."""
        return torch.randn(*shape, generator=self.generator)

    def number(self, low, high):
        """Give one whole number, low and high included."""
        return int(torch.randint(low, high + 1, (), generator=self.generator))


def predictions(truth, mistakes, hints):
    """Make a question whose answer is a function that returns predictions.

    truth: {what is predicted: the right value}. mistakes: {sentence: the list
    of values that one who makes the mistake writes down}.
    """
    names = list(truth)

    def oracle(item):
        return truth[item]

    def use(answer, item):
        given = answer()
        if not isinstance(given, (tuple, list)) or len(given) != len(names):
            raise Wrong(f'{len(names)} predictions are wanted, in a tuple, '
                        f'got {given!r}')
        return given[names.index(item)]

    return Question(oracle, lambda dice: [Case(item) for item in names],
                    hints, {sentence: lambda item, values=values:
                            values[names.index(item)]
                            for sentence, values in mistakes.items()},
                    use, secret=True)


@functools.cache
def chapters():
    """Return {number of a chapter: the name of its exercise's folder}."""
    found = (path.parent.name for folder in exercises.__path__
             for path in Path(folder).glob('c*/checks.py'))
    return {name[1:3]: name for name in sorted(found)}


def questions(chapter):
    """Return {name: question} of a chapter such as '01'."""
    return checks(chapter).QUESTIONS


def checks(chapter):
    """Return the module with the checks of a chapter such as '03'."""
    return importlib.import_module(
        f'{exercises.__name__}.{chapters()[chapter]}.checks')


DEMANDS = ('dtype', 'device', 'gradient', 'inputs')


def demands(name):
    """Return what is judged of an answer besides its values and shapes.

    The checks of a chapter say so in DEMANDS = {question: (words)}, and the
    text of the question announces it. A chapter without this table demands
    whatever its questions look at.
    """
    chapter, _, question = name.partition('.')
    table = getattr(checks(chapter), 'DEMANDS', None)
    return DEMANDS if table is None else table.get(question, ())


@functools.cache
def warm_up():
    """Make the first optimizer, which imports much, before time is taken.

    The cases of a question whose answers make one call this.
    """
    torch.optim.SGD([torch.ones(1, requires_grad=True)])
