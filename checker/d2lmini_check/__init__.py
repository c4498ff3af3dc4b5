"""Check the exercises: what came out, what was wanted, and a hint.

    check('01.corr2d', corr2d)    say whether an answer is right
    hint('01.corr2d')             one more hint
    progress()                    which questions are done

check prints and never raises, so that a notebook runs on to its end. With
D2LMINI_STRICT=1 it raises AssertionError unless the answer is right. What is
done is kept in $D2LMINI_PROGRESS, or in ~/.cache/d2lmini/progress.json.

What is judged is announced. Values and shapes always are; dtype, device,
gradients and inputs left alone only where the checks of a chapter list them
in DEMANDS and the text of the question announces them. What is not
announced but worth a word becomes a remark below the tick. Lists, NumPy
arrays and tensors of another dtype are compared by their numbers. Library
calls that the text forbids are listed in `bans`, and watched for. Time is
processor time.
"""
import collections
import contextlib
import json
import os
import sys
from pathlib import Path

from d2lmini_check import questions
from d2lmini_check.judge import SIGNS, Report, find, judge
from d2lmini.utils import written_whole

_hints_given: collections.Counter[str] = collections.Counter()
_met: list[str] = []
_done: dict[str, str] = {}


def check(name, answer=None):
    """Print whether an answer is right, or what is wrong with it and a hint.

    name: chapter and question, such as '01.corr2d'. answer: the function or
    class itself, not what it returns. Raises nothing, except AssertionError
    if D2LMINI_STRICT=1 and the answer is not right.
    """
    try:
        report = judge(name, answer)
        if report.status == 'wrong':
            report = with_hints(report)
        _remember(report)
    except Exception as error:
        report = Report(name, 'wrong', f'{SIGNS["wrong"]} {name}: the check '
                        f'itself failed ({type(error).__name__}: {error}). '
                        'This is not your fault: please report it.')
    if os.environ.get('D2LMINI_STRICT') == '1':
        assert report.status == 'right', report.text
    _print(report.text)


def hint(name):
    """Print the next hint to a question, without a try."""
    question = find(name)
    if isinstance(question, str):
        return _print(question)
    _hints_given[name] = min(_hints_given[name] + 1, len(question.hints))
    _print('\n'.join(_hint_lines(name, question)))


def progress(*chapters):
    """Print which questions are done, of the chapters met or named."""
    kept = _kept()
    known = questions.chapters()
    for chapter in chapters or sorted(set(_met)) or sorted(known):
        if chapter not in known:
            _print(f'no exercises belong to chapter {chapter!r}')
            continue
        names = [f'{chapter}.{n}' for n in questions.questions(chapter)]
        states = [kept.get(name, 'blank') for name in names]
        _print(f'chapter {questions.chapters()[chapter][1:]}: '
               f'{states.count("right")} of {len(names)} done')
        for name, state in zip(names, states):
            _print(f'  {SIGNS[state]} {name}')


def with_hints(report):
    """Add one hint at the first try, and one more at each that follows."""
    question = find(report.name)
    if isinstance(question, str):
        return report
    count = _hints_given[report.name] + 1
    _hints_given[report.name] = min(count, len(question.hints))
    return report._replace(text='\n'.join(
        [report.text, *_hint_lines(report.name, question)]))


def _hint_lines(name, question):
    return [f'  Hint {i + 1} of {len(question.hints)}: {text}' for i, text in
            enumerate(question.hints[:_hints_given[name]])]


def _progress_file():
    return Path(os.environ.get('D2LMINI_PROGRESS')
                or '~/.cache/d2lmini/progress.json').expanduser()


def _kept():
    """Return {question: state}, of this session and of those before."""
    kept = {}
    if os.environ.get('D2LMINI_STRICT') != '1':
        with contextlib.suppress(Exception):  # whatever the file holds
            kept = {name: state for name, state in json.loads(
                _progress_file().read_text('utf-8')).items()
                if isinstance(state, str) and state in SIGNS}
    return kept | _done


def _remember(report):
    """Keep a state: once right, a question stays done."""
    if str(report.name)[:2] in questions.chapters():
        _met.append(report.name[:2])
    if report.status == 'blank' or _kept().get(report.name) == 'right':
        return
    _done[report.name] = report.status
    if os.environ.get('D2LMINI_STRICT') != '1':
        with contextlib.suppress(Exception):
            with written_whole(_progress_file()) as part:
                Path(part).write_text(json.dumps(_kept()), 'utf-8')


def _print(text):
    """Print, also where the signs cannot be written."""
    try:
        print(text)
    except UnicodeEncodeError:
        print(text.encode(sys.stdout.encoding, 'replace').decode(
            sys.stdout.encoding))
