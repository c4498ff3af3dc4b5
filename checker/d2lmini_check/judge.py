"""Judge an answer: run it on all cases, and name what is wrong with it."""
import collections
import contextlib
import copy
import difflib
import functools
import inspect
import io
import linecache
import os
import textwrap
import warnings

import torch

from d2lmini_check import questions
from d2lmini_check import compare, device, limit, watch

Report = collections.namedtuple('Report', 'name status text')
Outcome = collections.namedtuple('Outcome', 'value args printed')
SIGNS = {'right': '\N{CHECK MARK}', 'wrong': '\N{BALLOT X}',
         'blank': '\N{MIDDLE DOT}'}


def judge(name, answer, seconds=None):
    """Return a Report: name, status (right, wrong or blank) and text."""
    question = find(name)
    if isinstance(question, str):
        return Report(name, 'wrong', question)
    if answer is None or not callable(answer):
        inner = name.split('.')[1]
        return _wrong(name, 'check wants the function or class itself, got '
                      f'{compare.kind(answer)}: write its name without '
                      f"parentheses, as in check('{name}', {inner})")
    prepared(name)
    questions.said.clear()
    questions.suspicions.clear()
    outcomes = run_all(name, answer, seconds or question.seconds)
    if outcomes and _is_blank(outcomes[0].value):
        return Report(name, 'blank',
                      f'{SIGNS["blank"]} {name} is not answered yet.')
    remarks = []
    trouble = within_time(
        lambda: find_trouble(name, question, answer, outcomes, remarks),
        seconds or question.seconds)
    if trouble:
        return _wrong(name, trouble)
    return Report(name, 'right', '\n'.join(
        [f'{SIGNS["right"]} {name} is right.']
        + [f'  A remark: {remark}.' for remark in remarks + questions.said]))


def find(name):
    """Return the question of this name, or a sentence if there is none.

    Only the chapter's own checks are imported, others only to find a name
    that is near.
    """
    chapter, _, question = str(name).partition('.')
    if chapter in questions.chapters():
        found = questions.questions(chapter).get(question)
        if found:
            return found
    known = [f'{c}.{q}' for c in questions.chapters()
             for q in questions.questions(c)]
    near = difflib.get_close_matches(str(name), known, n=1)
    return f'there is no question {name!r}' + (
        f': did you mean {near[0]!r}?' if near else '')


@functools.cache
def prepared(name):
    """Return the cases of a question, smallest first, each with what is
    wanted and what each mistake would give.
    """
    question = find(name)
    cases = sorted(question.cases(questions.Dice()), key=questions.Case.size)
    ready = []
    for case in cases:
        case = as_demanded(case, questions.demands(name))
        wanted, *wrong = [
            run_one(f, case).value
            for f in [question.oracle, *question.mistakes.values()]]
        ready.append((case, wanted, dict(zip(question.mistakes, wrong))))
    return ready


def as_demanded(case, demands):
    """Give a case with float32 for float64, where no dtype is announced."""
    if 'dtype' in demands:
        return case
    return questions.Case(*map(_single, case.args), **{
        key: _single(value) for key, value in case.kwargs.items()})


def _single(value):
    if isinstance(value, torch.Tensor) and value.dtype == torch.float64:
        return value.float()
    return value


def within_time(find, seconds):
    """Look closer, without prints; the answer may not take for ever."""
    mode = torch.is_grad_enabled()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return limit.call(find, seconds)
    except limit.TimeIsUp:
        return _late(seconds)
    finally:
        torch.set_grad_enabled(mode)


def run_all(name, answer, seconds):
    """Run an answer on all cases; stop early if blank or out of time."""
    function, outcomes = in_use(find(name), answer), []

    def work():
        for case, _, _ in prepared(name):
            outcomes.append(run_one(function, case))
            if _is_blank(outcomes[0].value):
                return

    prepared(name)
    mode = torch.is_grad_enabled()
    try:
        limit.call(work, seconds)
    except limit.TimeIsUp:
        late = TimeoutError(_late(seconds))
        case = prepared(name)[len(outcomes) % len(prepared(name))][0]
        outcomes.append(Outcome(late, (case.args, case.kwargs), ''))
    finally:  # an alarm inside no_grad() may have left it on
        torch.set_grad_enabled(mode)
    return outcomes


def _late(seconds):
    return (f'too slow: not done after {seconds:g} seconds of work; does a '
            'loop do more than it needs to, or never end?')


def in_use(question, answer):
    """Return the function that is called on the cases."""
    return functools.partial(question.use, answer) if question.use else answer


def run_one(function, case):
    """Call a function on a copy of a case; keep value, inputs and prints."""
    args, kwargs = copy.deepcopy((case.args, case.kwargs))
    printed, dtype = io.StringIO(), torch.get_default_dtype()
    with (contextlib.redirect_stdout(printed), torch.enable_grad(),
          warnings.catch_warnings()):
        warnings.simplefilter('ignore')
        try:
            value = function(*args, **kwargs)
            switched_back(dtype)
        except (Exception, SystemExit) as error:
            error.student_line, error.students = _student_line(error)
            value = error.with_traceback(None)
    return Outcome(value, (args, kwargs), printed.getvalue()[:2000])


def switched_back(dtype):
    """Raise Wrong if an answer has left PyTorch in another mode."""
    if torch.get_default_dtype() != dtype:
        torch.set_default_dtype(dtype)
        raise questions.Wrong('your code leaves PyTorch with another default '
                              'dtype: all that comes later computes in it')
    if not torch.is_grad_enabled():
        raise questions.Wrong('your code leaves gradients switched off: '
                              'nothing that comes later can learn; `with '
                              'torch.no_grad():` switches them on again')


def find_trouble(name, question, answer, outcomes, remarks):
    """Return what is wrong as text, None if all is well.

    What is worth a word but not announced goes to the list of remarks.
    """
    ready, demands = prepared(name), questions.demands(name)
    texts = [trouble_of(outcome.value, wanted, demands)
             for outcome, (_, wanted, _) in zip(outcomes, ready)]
    first = next((i for i, text in enumerate(texts) if text), None)
    if first is not None:
        what = diagnose(question, answer, outcomes, ready, texts, first)
        return _tell(question, ready[first], outcomes[first], what)
    first, changed = _changed_input(outcomes, ready)
    if changed and 'inputs' in demands:
        return _tell(question, ready[first], outcomes[first], changed)
    if changed:
        remarks.append(changed.removeprefix('the result is right, but '))
    if banned := _banned(question, answer, ready):
        return banned
    for demand, text in _other_trouble(question, answer, ready):
        if demand in demands:
            return text
        remarks.append(text)
    return None


def trouble_of(value, wanted, demands):
    """Say what is wrong with a value; None if nothing is.

    This is the rule of check in the notebooks, and of the marker too.
    """
    if isinstance(value, questions.Wrong):
        return str(value)
    compared = (compare.difference if 'dtype' in demands
                else compare.plainly)
    return compared(value, wanted)


def _banned(question, answer, ready):
    """Say which call the text forbids; the answer is watched for it."""
    if not question.bans:
        return None
    watched = watch.Watch(answer, question.bans)
    function = in_use(question, watched)
    for case, _, _ in ready:
        run_one(function, case)
        if watched.met:
            return ('the values are right, but the question asks you to do '
                    f'without `{min(watched.met)}`: write it yourself')
    return None


def diagnose(question, answer, outcomes, ready, texts, first):
    """Name the mistake: one of the known ones, or what the numbers show."""
    if isinstance(outcomes[first].value, BaseException):
        return texts[first]
    for sentence in question.mistakes:
        found = [wrong[sentence] for _, _, wrong in ready]
        if all(isinstance(o.value, questions.Wrong) or _alike(o.value, f)
               for o, f in zip(outcomes, found)):
            return sentence
    if default := _wrong_default(question, answer, ready, texts):
        return default
    if questions.suspicions:
        return '; '.join(questions.suspicions)
    likely = {sentence: sum(_alike(o.value, wrong[sentence]) for o, text, (
        _, _, wrong) in zip(outcomes, texts, ready) if text)
        for sentence, value in ready[first][2].items()
        if _alike(outcomes[first].value, value)
        and compare.plainly(value, ready[first][1])}
    if likely:
        sentence = max(likely, key=likely.get)
        return f'{"" if question.secret else "It looks as if: "}{sentence}'
    if question.secret and not isinstance(outcomes[first].value, Exception):
        return 'this prediction is not right'
    return compare.guess(outcomes[first].value,
                         ready[first][1]) or texts[first]


def _alike(got, wrong):
    """Tell whether an outcome is what a known mistake gives."""
    if isinstance(wrong, questions.Wrong) or isinstance(got, questions.Wrong):
        return False
    return compare.plainly(got, wrong) is None


def _wrong_default(question, answer, ready, texts):
    """Name an argument that is right when given and wrong by default."""
    if question.use:
        return None
    signature = inspect.signature(question.oracle)
    for (case, wanted, _), text in zip(ready, texts):
        given = signature.bind(*case.args, **case.kwargs).arguments
        for name, parameter in signature.parameters.items():
            default = parameter.default
            if not text or name in given or default is parameter.empty:
                continue
            fuller = questions.Case(*case.args, **case.kwargs,
                                    **{name: default})
            if compare.difference(run_one(answer, fuller).value,
                                  wanted) is None:
                return (f'the default of `{name}` is wrong: right with '
                        f'{name}={default!r}, wrong when it is left out')
    return None


def _changed_input(outcomes, ready):
    """Return the first case whose input an answer changed, and a sentence."""
    for i, (outcome, (case, _, _)) in enumerate(zip(outcomes, ready)):
        before = [*case.args, *case.kwargs.values()]
        after = [*outcome.args[0], *outcome.args[1].values()]
        for name, old, new in zip(_names(case, None), before, after):
            old, new = compare.tensor(old), compare.tensor(new)
            if isinstance(old, torch.Tensor) and not torch.equal(
                    old.nan_to_num(), new.nan_to_num()):
                return i, ('the result is right, but your function changed '
                           'its input in place: work on a new tensor '
                           '(`X.clone()`, or `a = a + b` for `a += b`)')
    return None, None


def _other_trouble(question, answer, ready):
    """Yield what is wrong with gradients and devices, with its name."""
    function = in_use(question, answer)
    for case, wanted, _ in ready:
        if question.grad and _without_ties(case):
            if text := _gradient_trouble(question, function, case, wanted):
                yield 'gradient', text
                break
    if not question.device:
        return
    with device.OtherDevice() as watch:
        values = [run_one(function, case).value for case, _, _ in ready]
    if watch.mixed or any(map(device.is_marked, values)):
        yield 'device', (
            'right on the CPU, but on a GPU it would fail: a new tensor '
            'is made on the default device and not on that of the input; '
            'use X.new_zeros(...), or device=X.device')


def _without_ties(case):
    """Tell whether a case is made of random floats: a maximum then has one
    winner, and one gradient.
    """
    return any(isinstance(a, torch.Tensor) and a.is_floating_point()
               and (a % 1 != 0).any() for a in case.args)


def _gradient_trouble(question, function, case, wanted):
    """Compare the gradients of a weighted sum of the outputs."""
    weights = torch.arange(1., wanted.numel() + 1).reshape(wanted.shape)
    signature, found = inspect.signature(question.oracle), []
    for f in [question.oracle, function]:
        bound = signature.bind(*copy.deepcopy(case.args),
                               **copy.deepcopy(case.kwargs))
        inputs = [bound.arguments[n].requires_grad_() for n in question.grad]
        try:
            loss = (f(*bound.args, **bound.kwargs) * weights).sum()
            found.append(torch.autograd.grad(loss, inputs))
        except Exception as error:
            return ('the values are right, but no gradient flows through '
                    f'your code ({type(error).__name__}: {error}); .item(), '
                    '.detach(), .data, torch.tensor(...) and NumPy cut it')
    for name, mine, yours in zip(question.grad, *found):
        if text := compare.difference(yours, mine):
            return f'the values are right, the gradient of {name} is not: ' \
                   + text
    return None


def _tell(question, prepared_case, outcome, what):
    """Put together what is wrong, the input, got, wanted and the prints."""
    case, wanted, _ = prepared_case
    lines = [f'{what}.' if what[-1] not in '.?!' else what]
    values = [*case.args, *case.kwargs.values()]
    rows = list(zip(_names(case, question.oracle), values))
    if not isinstance(outcome.value, questions.Wrong):
        if not isinstance(outcome.value, BaseException):
            rows.append(('got', outcome.value))
        if not question.secret and (
                type(outcome.value) is dict or not isinstance(wanted, dict)):
            rows.append(('wanted', wanted))
    if isinstance(wanted, dict) and isinstance(outcome.value, dict):
        rows = rows[:-2] + _first_difference(outcome.value, wanted)
    width = max((len(name) for name, _ in rows), default=0)
    lines += [f'  {name:{width}} = {compare.show(value, width + 5)}'
              for name, value in rows]
    if outcome.printed.strip():
        lines += ['  it printed:'] + textwrap.indent(
            outcome.printed, '    ').splitlines()[:6]
    return '\n'.join(lines)


def _first_difference(got, wanted):
    """Return rows for the first of several named results that differs."""
    for key, value in wanted.items():
        if key not in got or compare.difference(got[key], value):
            return [('for', key), ('got', got.get(key)), ('wanted', value)]
    return [('got', got), ('wanted', wanted)]


def _names(case, oracle):
    """Return the names of a case's arguments."""
    if oracle is None:
        return [f'{i}' for i in range(len(case.args) + len(case.kwargs))]
    names = []
    for p in inspect.signature(oracle).parameters.values():
        if p.kind is p.VAR_POSITIONAL:
            names += [p.name] * len(case.args)
        names.append(p.name)
    return names[:len(case.args)] + list(case.kwargs)


def _wrong(name, what):
    return Report(name, 'wrong',
                  f'{SIGNS["wrong"]} {name} is not right yet: {what}')


def _is_blank(value):
    """Tell a blank from PyTorch's NotImplementedErrors, which say more."""
    return isinstance(value, NotImplementedError) and not str(value)


def _student_line(error):
    """Return the last line outside of libraries in which an error arose,
    and whether it is the student's: else it arose in the check itself.
    """
    found, trace, depth, students = None, error.__traceback__, 0, False
    here = (os.path.dirname(__file__), os.path.dirname(torch.__file__),
            *questions.exercises.__path__)
    while trace:
        name = trace.tb_frame.f_code.co_filename
        if not name.startswith(here) and 'site-packages' not in name:
            found = linecache.getline(name, trace.tb_lineno).strip() or found
            students = True
        trace, depth = trace.tb_next, depth + 1
    called = 'argument' in str(error) or depth <= 1  # it did not even begin
    return found, students or called or isinstance(error, SystemExit)
