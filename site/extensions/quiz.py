"""The Sphinx extension that ends chapters with a quiz: quiz/NAME.yml.

Such a file is a list of questions: `question`, perhaps `code`, and `options`,
each with `text` and `why`, one of them with `right: true`. In texts, `...` is
code and *...* stress. An `assert` is for the tests. The notebook itself stays
as it is.
"""

import re
import zlib
from html import escape
from pathlib import Path

import yaml
from docutils import nodes

FOLDER = 'chapters/'
SCRIPT = Path(__file__).with_suffix('.js').read_text(encoding='utf-8')
TITLE, ANCHOR = 'Check yourself', 'check-yourself'
TEXTS = {
    'fold': 'Why each option is right or wrong',
    'clear': 'Clear my answers',
    'score': '{answered} of {questions} answered, {right} right',
    'kept': 'Answers stay in this browser.',
}
NO_BREAK = '\N{NO-BREAK SPACE}'
VERDICTS = {True: ('✓', 'Right.'), False: ('✗', 'Not right.')}


class quiz(nodes.General, nodes.Element):
    """The questions of a page, in its attribute `questions`."""


def setup(app):
    app.add_node(
        quiz,
        html=(open_quiz, close_quiz),
        **dict.fromkeys(['latex', 'text'], (leave_out, None)),
    )
    # Before Sphinx collects the sections of the page (priority 500).
    app.connect('doctree-read', add_quiz, priority=400)
    app.connect('html-page-context', add_files)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}


def add_quiz(app, doctree):
    """Put a page's quiz behind its summary, before exercises and reading."""
    page = app.env.docname.removeprefix(FOLDER)
    path = Path(app.srcdir, 'quiz', f'{page}.yml')
    if page == app.env.docname or not path.exists():
        return
    app.env.note_dependency(str(path))
    questions = yaml.safe_load(path.read_text(encoding='utf-8'))
    summary = next(
        section
        for section in doctree.findall(nodes.section)
        if 'summary' in section['ids']
    )
    section = nodes.section(
        '',
        nodes.title('', TITLE),
        quiz(page=page, questions=questions),
        ids=[ANCHOR],
        names=[TITLE.lower()],
    )
    after = [
        part
        for part in summary.children
        if isinstance(part, nodes.section)
        and part['ids'][0] in ('exercises', 'reading')
    ]
    for part in after:
        summary.remove(part)
    place = summary.parent.index(summary) + 1
    summary.parent[place:place] = [section, *after]


def add_files(app, pagename, templatename, context, doctree):
    if doctree and any(doctree.findall(quiz)):
        app.add_css_file('quiz.css')


def open_quiz(self, node):
    total = len(node['questions'])
    score = TEXTS['score'].format(answered=0, questions=total, right=0)
    self.body.append(f'<div class="quiz" data-page="{node["page"]}">\n')
    for number, question in enumerate(node['questions'], 1):
        self.body.append(write_question(self, node['page'], number, question))
    self.body.append(
        f'<div class="foot"><p><span role="status" class="score" '
        f'data-text="{TEXTS["score"]}">{score}</span>. {TEXTS["kept"]}</p>'
        f'<button type="button">{TEXTS["clear"]}</button></div>\n'
    )


def close_quiz(self, node):
    # Right here: explanations that came later would move the text.
    self.body.append(f'</div>\n<script>\n{SCRIPT}</script>\n')


def leave_out(self, node):
    raise nodes.SkipNode


def write_question(self, page, number, question):
    """Return a fieldset. Its key changes when the question does."""
    options = question['options']
    words = question['question'] + ''.join(o['text'] for o in options)
    code = question.get('code', '')
    if code:
        code = self.highlighter.highlight_block(code, 'python')
    choices = '\n'.join(
        f'<label><input type="radio" name="{page}-{number}" value="{i}">'
        f'<span>{inline(option["text"])}</span></label>'
        for i, option in enumerate(options)
    )
    reasons = '\n'.join(map(write_reason, options))
    return (
        f'<fieldset data-key="{zlib.crc32(words.encode()):08x}">\n'
        f'<legend><span class="number">{number}</span> '
        f'{inline(question["question"])}</legend>\n{code}'
        f'{choices}\n<div class="verdict" role="status"></div>\n'
        f'<details><summary>{TEXTS["fold"]}</summary><ul>\n{reasons}\n'
        '</ul></details>\n</fieldset>\n'
    )


def write_reason(option):
    """Return a list item that repeats the option and judges it."""
    right = option.get('right', False)
    sign, verdict = VERDICTS[right]
    return (
        f'<li class="{"right" if right else "wrong"}">'
        f'<div class="option">{inline(option["text"])}</div>'
        f'<p><strong><span aria-hidden="true">{sign}</span> {verdict}'
        f'</strong> {inline(option["why"])}</p></li>'
    )


def inline(text):
    """Return HTML for `code` and *stress*; what belongs together stays so."""
    parts = re.split('`([^`]+)`', escape(' '.join(text.split())))
    for i, part in enumerate(parts):
        if i % 2:
            code = part.replace(' ', NO_BREAK) if len(part) < 20 else part
            parts[i] = f'<code>{code}</code>'
        else:
            part = re.sub(
                r'\(\w+(, \w+)+\)', lambda m: m[0].replace(' ', NO_BREAK), part
            )
            parts[i] = re.sub(r'\*([^*]+)\*', r'<em>\1</em>', part)
    return ''.join(parts)
