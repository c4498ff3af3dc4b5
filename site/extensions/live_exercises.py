"""The Sphinx extension that has questions of the exercises run in the page.

exercises/live.json says which, and holds their cases: see
tools/live_exercises.py. The text and the blank are those of the notebook.
"""

import json
import re
from html import escape
from pathlib import Path

from docutils import nodes

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS = ROOT / 'exercises' / 'live.json'
PROGRAM = ROOT / 'site' / 'widgets' / 'exercise_check.py'
CHECK = re.compile(r"check\('(\d\d\.\w+)', \w+\)")


def setup(app):
    app.connect('doctree-read', add_exercises)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}


def add_exercises(app, doctree):
    """Put behind each check cell the question, to be answered there."""
    if not re.match(r'exercises/\d', app.env.docname):
        return
    app.env.note_dependency(str(QUESTIONS))
    questions = json.loads(QUESTIONS.read_text(encoding='utf-8'))
    cells = [
        node
        for node in doctree.findall(nodes.container)
        if node.get('nb_element') == 'cell_code'
    ]
    first = True
    for blank, cell in zip(cells, cells[1:], strict=False):
        asked = CHECK.match(cell.astext().strip())
        if asked and asked[1] in questions:
            name = asked[1]
            html = widget(name, questions[name], blank.astext().strip())
            raw = (script() if first else '') + html
            at = cell.parent.index(cell) + 1
            cell.parent.insert(at, nodes.raw('', raw, format='html'))
            first = False


def widget(name, question, program):
    """Return the HTML of a question; without scripts its sentence shows."""
    data = json.dumps({'name': name} | question).replace('<', '\\u003c')
    return (
        f'<d2l-exercise name="{name}">\n<p>With JavaScript this question '
        'can be answered here, and is checked.</p>\n'
        f'<pre hidden>{escape(program)}</pre>\n'
        f'<script type="application/json">{data}</script>\n</d2l-exercise>\n'
    )


def script():
    """Return the check, which all questions of a page share."""
    check = json.dumps(PROGRAM.read_text(encoding='utf-8'))
    check = check.replace('<', '\\u003c')
    return (
        '<script>globalThis.d2l ??= {}; '
        f'd2l.exerciseCheck = {check};</script>\n'
    )
