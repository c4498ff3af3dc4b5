"""Write the table of marks and a page for each student.

Names of files and what students wrote are not trusted: a cell of the table
never begins like a formula, and a page shows text as text.
"""

import csv
import hashlib
import html
import io
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
<title>{title}: {points} of {most} points</title>
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
<h1>{title}: {points} of {most} points</h1>
{body}
<footer><p>Marked with the hidden tests of {exam}, drawn with the seed
{seed}.</p></footer>
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


def table(exam, rows):
    """Return the CSV of all (name, Result) as text.

    Args:
        exam: The Exam.
        rows: Pairs of a name and a Result, or a text that says why the
            submission could not be marked.
    """
    file = io.StringIO(newline='')
    writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
    columns = [f'{t.name} ({number(t.points)})' for t in exam.tests]
    writer.writerow(['file', 'total', 'max', *columns, 'note'])
    most = sum(t.points for t in exam.tests)
    for name, result in rows:
        if isinstance(result, str):
            total, points = '', [''] * len(columns)
            note = f'NOT MARKED: {result}'
        else:
            total, note = result.points(), result.note()
            points = [v.points for v in result.verdicts.values()]
        writer.writerow(
            [safe_cell(name), total, most, *points, safe_cell(note)]
        )
    return file.getvalue()


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
    return PAGE.format(
        title=text(name),
        body='\n'.join(parts),
        points=number(result.points()),
        most=number(most),
        exam=text(exam.path.name),
        seed=exam.seed,
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


def names_for(paths):
    """Return {path: name}: what tells submissions apart, without our disk's
    folders above.
    """
    folders = [os.path.dirname(os.path.abspath(p)) for p in paths]
    top = os.path.commonpath(folders)
    return {
        p: os.path.relpath(os.path.join(folder, os.path.basename(p)), top)
        for p, folder in zip(paths, folders)
    }


def page_name(name):
    """Return the file name of a student's page, different for each name."""
    plain = re.sub(r'[^A-Za-z0-9]+', '-', name).strip('-')[-60:]
    return f'{plain}-{hashlib.sha256(os.fsencode(name)).hexdigest()[:8]}.html'
