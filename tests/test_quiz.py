"""The quizzes: each states what is true, and behaves in a real browser.

A question's `assert` is a Python expression that knows the text of the right
option as `right`. It must hold, and, where it uses `right`, must fail for
each of the other options.
"""

import copy
import math
import re
import shutil
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from browsing import CHAPTERS, COLOR_RULES, overflow, run_axe
from from_page import from_page
from scipy import signal
from sphinx.application import Sphinx
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader
from torchvision.transforms import v2

from d2lmini import nets, numpy_cnn, ops, summary

ROOT = Path(__file__).parent.parent
QUIZZES = {
    path.stem: yaml.safe_load(path.read_text(encoding='utf-8'))
    for path in sorted((ROOT / 'quiz').glob('*.yml'))
}
QUESTIONS = [
    pytest.param(question, id=f'{name}-{number}')
    for name, quiz in QUIZZES.items()
    for number, question in enumerate(quiz, 1)
]


# What the questions say


def error(f):
    """Return the message of the error that f() ends in, or ''."""
    try:
        f()
    except Exception as error:
        return str(error) or type(error).__name__
    return ''


def on_meta(make):
    """Make a network that has shapes and no numbers."""
    with torch.device('meta'):
        return make()


NAMES = {
    'torch': torch,
    'nn': nn,
    'F': F,
    'np': np,
    'math': math,
    're': re,
    'copy': copy,
    'signal': signal,
    'v2': v2,
    'checkpoint': checkpoint,
    'DataLoader': DataLoader,
    'summary': summary.summary,
    'error': error,
    'on_meta': on_meta,
    'smooth_labels': from_page('07_training')['smooth_labels'],
}
for module in (ops, nets, numpy_cnn):
    NAMES |= {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, (types.FunctionType, type))
    }


def holds(question, right):
    torch.manual_seed(0)
    return bool(eval(question['assert'].strip(), NAMES | {'right': right}))


def is_refused(question, wrong):
    """Tell whether a wrong option fails the assertion, or cannot be tried."""
    try:
        return not holds(question, wrong)
    except Exception:
        return True


def right_place(question):
    (place,) = [
        i
        for i, option in enumerate(question['options'])
        if option.get('right')
    ]
    return place


def test_every_chapter_has_a_quiz():
    assert {Path(name).name for name in CHAPTERS} == set(QUIZZES)


@pytest.mark.parametrize('name', QUIZZES)
def test_quiz_is_complete(name):
    quiz = QUIZZES[name]
    assert 3 <= len(quiz) <= 5
    assert len({right_place(question) for question in quiz}) > 1
    assert 2 * sum('assert' in question for question in quiz) >= len(quiz)


@pytest.mark.parametrize('question', QUESTIONS)
def test_question_is_complete(question):
    assert question.keys() <= {'question', 'code', 'options', 'assert'}
    options = question['options']
    assert 3 <= len(options) <= 4 and right_place(question) < len(options)
    for option in options:
        assert option.keys() <= {'text', 'why', 'right'}
        assert isinstance(option['text'], str) and option['text'].strip()
        assert len(option['why'].strip()) >= 40, option
    for key in ('text', 'why'):
        assert len({option[key] for option in options}) == len(options)
    for text in [
        question['question'],
        *(o[k] for o in options for k in ('text', 'why')),
    ]:
        assert text.count('`') % 2 == 0 and '$' not in text, text


@pytest.mark.parametrize(
    'question', [q for q in QUESTIONS if 'assert' in q.values[0]]
)
def test_right_option_is_right(question):
    options = [option['text'] for option in question['options']]
    right = options.pop(right_place(question))
    assert holds(question, right)
    if re.search(r'\bright\b', question['assert']):
        for wrong in options:
            assert is_refused(question, wrong), wrong


def test_place_of_the_right_option_tells_nothing():
    places = [right_place(q.values[0]) for q in QUESTIONS]
    for place in range(4):
        assert 0.15 < places.count(place) / len(places) < 0.4


# How a quiz behaves, on one small page

PAGE = '05_5_resnet'  # its quiz has a question with code
TEXT = """# Title

## Summary

All in all.

### What goes wrong

Much.

### Exercises

Some.

### Reading

Books.
"""


@pytest.fixture(scope='module')
def page_url(tmp_path_factory):
    """Build a book of one chapter; return the page's address, a file."""
    folder, html, trees = (
        tmp_path_factory.mktemp(name) for name in ['book', 'html', 'trees']
    )
    shutil.copytree(ROOT / 'quiz', folder / 'quiz')
    (folder / 'chapters').mkdir()
    for name in [f'chapters/{PAGE}.md', 'index.md']:
        (folder / name).write_text(TEXT)
    Sphinx(
        folder,
        None,
        html,
        trees,
        'html',
        status=None,
        warning=sys.stdout,
        confoverrides={
            'extensions': ['myst_parser', 'quiz'],
            'html_theme': 'theme',
            'html_theme_path': [str(ROOT / 'site')],
            'html_static_path': [str(ROOT / 'site/static')],
            'html_js_files': ['book.js'],
            'suppress_warnings': ['toc.not_included'],
        },
    ).build()
    assert 'quiz' not in (html / 'index.html').read_text()
    return (html / 'chapters' / f'{PAGE}.html').as_uri()


@pytest.fixture
def quiz(visit, page_url):
    return visit(page_url)


def choose(page, question, option):
    page.locator('.quiz fieldset').nth(question).locator('label').nth(
        option
    ).click()


def verdicts(page):
    return page.locator('.quiz .verdict').all_inner_texts()


def chosen(page):
    return page.locator('.quiz input').evaluate_all(
        'inputs => inputs.flatMap((e, i) => e.checked ? [i] : [])'
    )


def a_wrong_place(question):
    return 0 if right_place(question) else 1


def plain(text):
    return ' '.join(re.sub('[`*]', '', text).split())


def test_quiz_stands_between_summary_and_exercises(quiz):
    assert quiz.locator('article :is(h2, h3)').evaluate_all(
        'all => all.map(e => [e.localName, e.firstChild.data])'
    ) == [
        ['h2', 'Summary'],
        ['h3', 'What goes wrong'],
        ['h2', 'Check yourself'],
        ['h2', 'Exercises'],
        ['h2', 'Reading'],
    ]
    quiz.locator('#on-this-page').get_by_role(
        'link', name='Check yourself'
    ).click()
    assert quiz.url.endswith('#check-yourself')
    assert quiz.locator('.quiz fieldset').count() == len(QUIZZES[PAGE])
    assert quiz.problems == []


def test_choice_is_explained_remembered_and_cleared(quiz):
    question = QUIZZES[PAGE][0]
    wrong, right = a_wrong_place(question), right_place(question)
    assert chosen(quiz) == [] and not any(verdicts(quiz))
    for place, words in [(wrong, '✗ Not right. '), (right, '✓ Right. ')]:
        choose(quiz, 0, place)
        assert verdicts(quiz)[0].strip() == (
            words + plain(question['options'][place]['why'])
        )
        assert not any(verdicts(quiz)[1:])
    choose(quiz, 1, a_wrong_place(QUIZZES[PAGE][1]))
    seen = chosen(quiz), verdicts(quiz)
    assert quiz.locator('.score').inner_text() == '2 of 5 answered, 1 right'
    quiz.reload()
    assert (chosen(quiz), verdicts(quiz)) == seen
    assert quiz.locator('.score').inner_text() == '2 of 5 answered, 1 right'
    assert quiz.evaluate('window.shift') < 0.02
    quiz.get_by_role('button', name='Clear my answers').click()
    assert chosen(quiz) == [] and not any(verdicts(quiz))
    quiz.reload()
    assert chosen(quiz) == [] and quiz.evaluate('localStorage.length') == 0
    assert quiz.problems == []


def test_answers_to_questions_that_changed_are_forgotten(quiz):
    choose(quiz, 0, 1)
    choose(quiz, 1, 1)
    quiz.evaluate(
        """name => localStorage.setItem(name,
        localStorage.getItem(name).replace(/"[^"]*":/, '"another":'))""",
        f'quiz {PAGE}',
    )
    quiz.reload()
    assert len(chosen(quiz)) == 1


def test_quiz_works_where_nothing_can_be_kept(visit, page_url):
    quiz = visit(page_url, fresh=True)
    quiz.add_init_script("""Object.defineProperty(window, 'localStorage',
        { get() { throw new Error('not allowed'); } });""")
    quiz.reload()
    choose(quiz, 0, 1)
    assert verdicts(quiz)[0]
    quiz.get_by_role('button', name='Clear my answers').click()
    assert not any(verdicts(quiz))


def test_quiz_by_keyboard(quiz):
    quiz.locator('#check-yourself').evaluate(
        'section => { section.tabIndex = -1; section.focus(); }'
    )
    keys = quiz.keyboard
    keys.press('Tab')
    keys.press('Space')
    assert chosen(quiz) == [0] and verdicts(quiz)[0]
    keys.press('ArrowDown')
    assert chosen(quiz) == [1]
    keys.press('Tab')
    keys.press('Enter')
    assert quiz.locator('.quiz details').first.get_attribute('open') == ''
    keys.press('Enter')
    keys.press('Tab')
    keys.press('Space')
    assert len(chosen(quiz)) == 2
    quiz.keyboard.press('Shift+Tab')
    assert quiz.evaluate('document.activeElement.localName') == 'summary'


def test_quiz_without_scripts(visit, page_url):
    page = visit(page_url, java_script_enabled=False)
    assert not page.locator('.quiz button').is_visible()
    for number, question in enumerate(QUIZZES[PAGE]):
        box = page.locator('.quiz fieldset').nth(number)
        assert plain(question['question']) in plain(box.inner_text())
        box.locator('summary').click()
        reasons = box.locator('li').all_inner_texts()
        for option, reason in zip(question['options'], reasons, strict=True):
            sign = '✓ Right.' if option.get('right') else '✗ Not right.'
            assert plain(reason) == (
                f'{plain(option["text"])} {sign} {plain(option["why"])}'
            )


QUIZ_ONLY = {'include': [['.quiz']]}


def test_quiz_is_for_everyone(quiz):
    for number, question in enumerate(QUIZZES[PAGE]):
        choose(
            quiz, number, (a_wrong_place, right_place)[number % 2](question)
        )
    quiz.locator('summary').first.click()
    assert quiz.problems == []
    for width in [1280, 320]:
        quiz.set_viewport_size({'width': width, 'height': 900})
        assert overflow(quiz) == []
        sizes = quiz.locator('.quiz :is(label, summary, button)').evaluate_all(
            'all => all.map(e => e.getBoundingClientRect().height)'
        )
        assert min(sizes) >= 24
        assert run_axe(quiz, QUIZ_ONLY) == []
    quiz.emulate_media(color_scheme='dark')
    assert run_axe(quiz, QUIZ_ONLY, runOnly=list(COLOR_RULES)) == []
