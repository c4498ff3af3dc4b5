"""Write a page for each student.

Names of files and what students wrote are not trusted: a cell of the table
never begins like a formula, and a page shows text as text.
"""

import hashlib
import html
import itertools
import os
import re

from d2lmini_mark.marking import SHORT

SIGNS = {'right': '\N{CHECK MARK}', 'blank': '\N{MIDDLE DOT}'}
PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 45rem;
 margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse }}
th, td {{ text-align: left; padding: .2rem 1.5rem .2rem 0;
 border-bottom: 1px solid #888 }}
pre {{ overflow-x: auto; padding: .5rem; border: 1px solid #888 }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
<footer><p>{foot}</p></footer>
</main>
</body>
</html>
"""


def number(points):
    """Write points without a needless .0."""
    return f'{points:.4g}'


def safe_cell(text):
    """Return a text that no spreadsheet takes for a formula."""
    text = re.sub(r'[\x00-\x1f\x7f]', ' ', shown(text))
    return f"'{text}" if text.lstrip()[:1] in tuple('=+-@＝＋－＠|%') else text


def shown(text):
    """Return a text that can be written as UTF-8, whatever it holds."""
    return text.encode('utf-8', 'backslashreplace').decode()


def page(exam, name, result):
    """Return the HTML page of a student."""
    most = sum(t.points for t in exam.tests)
    parts = [f'<p>{text(result.trouble)}</p>'] * bool(result.trouble)
    parts += [summary(exam, result)]
    parts += [
        f'<h2>{sign(v)} {text(title)}</h2>\n{paragraphs(v.text)}'
        for title, v in result.verdicts.items()
        if v.text and v.status != 'blank'
    ]
    if result.cells:
        parts += [cells(result)]
    points = f'{number(result.points())} of {number(most)} points'
    return PAGE.format(
        title=f'{text(name)}: {points}',
        body='\n'.join(parts),
        foot=f'Marked with the hidden tests of {text(exam.path.name)}, drawn '
        f'with the seed {result.seed}.',
    )


def cells(result):
    """Return the cells that did not run to their end as an HTML list."""
    items = sorted(result.cells.items(), key=lambda cell: int(cell[0]))
    lines = [f'<li>Code cell {text(n)} {text(why)}</li>' for n, why in items]
    head = '<h2>Cells that did not run to their end</h2>'
    return '\n'.join([head, '<ul>', *lines, '</ul>'])


def summary(exam, result):
    """Return the questions and their points as an HTML table."""
    rows = [
        f'<tr><th scope="row">{text(t.name)}</th><td>{sign(v)} '
        f'{SHORT[v.status]}</td><td>{number(v.points)} of '
        f'{number(t.points)}</td></tr>'
        for t, v in zip(exam.tests, result.verdicts.values())
    ]
    return (
        '<table>\n<caption>Your answers</caption>\n<thead><tr><th scope='
        '"col">question</th><th scope="col">answer</th><th scope="col">'
        'points</th></tr></thead>\n<tbody>\n'
        + '\n'.join(rows)
        + '\n</tbody>\n</table>'
    )


def paragraphs(told):
    """Return sentences as paragraphs, and indented lines as they stand."""
    parts = []
    for values, lines in itertools.groupby(
        told.split('\n'), lambda line: line.startswith('  ')
    ):
        lines = [text(line.removeprefix('  ')) for line in lines]
        parts += (
            ['<pre tabindex="0">' + '\n'.join(lines) + '</pre>']
            if values
            else [f'<p>{line}</p>' for line in lines if line]
        )
    return '\n'.join(parts)


def sign(verdict):
    """Return a tick, a dot or a cross that is not read aloud."""
    mark = SIGNS.get(verdict.status, '\N{BALLOT X}')
    return f'<span aria-hidden="true">{mark}</span>'


def text(value):
    """Escape what students or teachers wrote."""
    return html.escape(shown(str(value)))


PAGE_NAME = re.compile(r'-[0-9a-f]{8}\.html$')


def page_name(name):
    """Return the file name of a student's page, different for each name."""
    plain = re.sub(r'[^A-Za-z0-9]+', '-', name).strip('-')[-60:]
    return f'{plain}-{hashlib.sha256(os.fsencode(name)).hexdigest()[:8]}.html'
