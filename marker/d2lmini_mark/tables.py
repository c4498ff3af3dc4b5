"""The table of marks, in the forms that people and their systems read, and
what a class found hard.
"""

import collections
import csv
import io
import re
from typing import NamedTuple

from d2lmini_mark import report, roster
from d2lmini_mark.marking import SHORT, Result
from d2lmini_mark.report import number, safe_cell
from d2lmini_mark.submissions import Refused

NOTHING = 'nothing was handed in'
MOODLE = [
    'Identifier',
    'Full name',
    'Email address',
    'Grade',
    'Maximum grade',
    'Last modified (grade)',
    'Feedback comments',
]
CANVAS = ['Student', 'ID', 'SIS User ID', 'SIS Login ID', 'Section']
# A title with one of these in it is no assignment for Canvas.
TOTALS = re.compile(
    '(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)'
)
MOST = 6  # mistakes of a question that are listed


class Row(NamedTuple):
    """A row of the table: of a submission, or of a student.

    result: a Result, a text that says why there is none, or None if nothing
    was handed in. student: None if nobody knows. more: a note.
    """

    name: str
    result: object
    student: roster.Student | None
    more: str = ''

    def points(self):
        """Return the points, '' if there are none."""
        marked = isinstance(self.result, Result)
        return self.result.points() if marked else ''

    def note(self):
        """Say why points are missing, and what else there is to say."""
        if isinstance(self.result, Result):
            text = self.result.note()
        else:
            text = f'NOT MARKED: {self.result}' if self.result else NOTHING
        return '; '.join(filter(None, [text, self.more]))


def rows(results, students=None):
    """Return the Rows for (name, result) pairs.

    Args:
        results: In the order of the submissions.
        students: Of the roster, each of whom has a row; None if there is
            none: then each submission has one.
    """
    if students is None:
        return [Row(name, found, roster.told(name)) for name, found in results]
    of, rest = [[] for _ in students], []
    for name, found in results:
        who = roster.matches(name, students)
        if len(who) == 1:
            of[students.index(who[0])].append((name, found))
        else:
            names = ' or '.join(f'{s.name} {s.id}'.strip() for s in who)
            more = f'this may be of {names}' if who else 'not in the roster'
            rest.append(Row(name, found, None, more))
    return [*(best(s, found) for s, found in zip(students, of)), *rest]


def one_each(found):
    """Join the Rows of a student who handed in more than once."""
    by_id: dict = {}
    for row in found:
        key = row.student.id if row.student else row.name
        by_id.setdefault(key, []).append(row)
    return [
        many[0]
        if len(many) == 1
        else best(many[0].student, [(r.name, r.result) for r in many])
        for many in by_id.values()
    ]


def best(student, found):
    """Return the Row of a student: of all that was handed in, the best."""
    if not found:
        return Row('', None, student)
    rank = [r.points() if isinstance(r, Result) else -1 for _, r in found]
    name, result = found[rank.index(max(rank))]
    more = f'the best of {len(found)} files' if len(found) > 1 else ''
    return Row(name, result, student, more)


def for_people(exam, found):
    """Return the table as it opens in a spreadsheet."""
    known = any(row.student for row in found)
    most = sum(t.points for t in exam.tests)
    columns = [f'{t.name} ({number(t.points)})' for t in exam.tests]
    who = ['student', 'id'] if known else []
    lines = [[*who, 'file', 'total', 'max', *columns, 'note']]
    for row in found:
        who = [row.student.name, row.student.id] if row.student else ['', '']
        points = [''] * len(columns)
        if isinstance(row.result, Result):
            points = [v.points for v in row.result.verdicts.values()]
        lines.append(
            [
                *map(safe_cell, who if known else []),
                safe_cell(row.name),
                row.points(),
                most,
                *points,
                safe_cell(row.note()),
            ]
        )
    return written(lines)


def for_moodle(exam, found, assignment):
    """Return what Moodle reads under Grading, Upload grading worksheet.

    Its importer (mod/assign/feedback/offline/importgradeslib.php, read in
    November 2026) wants UTF-8 and commas, looks for the columns Identifier,
    Grade and Last modified (grade) and, if there is feedback, Feedback
    comments, each by its name in the language that the teacher has chosen,
    so English here; cuts the length of "Participant " off the identifier,
    where the number is the one in the names of downloaded files; and leaves
    out whoever was graded after the time in the last column, "-" for never,
    unless told to overwrite.
    """
    most = sum(t.points for t in exam.tests)
    lines = [MOODLE]
    for row in one_each(found):
        student = row.student or roster.Student(row.name)
        line = {
            'Identifier': student.id and f'Participant {student.id}',
            'Full name': student.name,
            'Last modified (grade)': '-',
        }
        line |= student.columns | {
            'Grade': row.points(),
            'Maximum grade': most,
            'Feedback comments': row.note(),
        }
        lines.append([cell(line.get(title, '')) for title in MOODLE])
    return written(lines)


def for_canvas(exam, found, assignment):
    """Return what Canvas reads under Grades, Import.

    Its importer (lib/gradebook_importer.rb of canvas-lms, read in November
    2026) takes the first columns by their place: Student, ID, SIS User ID and
    SIS Login ID together, Section; what follows is an assignment, by the
    number in brackets at its end, else by its title, else a new one. A row
    with "Points Possible" in its first cell tells the most. A student is
    found by the ID, else by SIS User ID or login, else by the name. An empty
    cell takes away a grade that was there: Canvas shows it before it does.
    """
    most = sum(t.points for t in exam.tests)
    lines = [
        [*CANVAS, safe_cell(assignment)],
        ['    Points Possible', '', '', '', '', most],
    ]
    for row in one_each(found):
        student = row.student or roster.Student(row.name)
        line = {'Student': student.name, 'ID': student.id} | student.columns
        lines.append(
            [*(cell(line.get(title, '')) for title in CANVAS), row.points()]
        )
    return written(lines)


def refuse_title(assignment):
    """Raise Refused if Canvas would not take a title for an assignment's."""
    if found := TOTALS.search(assignment):
        raise Refused(
            f'Canvas leaves out a column with {found[0]!r} in its title, got '
            f'{assignment!r}: give another --assignment'
        )


def cell(value):
    """Return what may stand in a cell: a number as it is, a text safe."""
    alone = value == '-'  # which is what Moodle writes for "never"
    return safe_cell(value) if isinstance(value, str) and not alone else value


def written(lines):
    """Return rows as CSV."""
    file = io.StringIO(newline='')
    csv.writer(file, quoting=csv.QUOTE_NONNUMERIC).writerows(lines)
    return file.getvalue()


def summary(exam, results):
    """Return a page for the teacher: what a class found hard."""
    marked = [r for _, r in results if isinstance(r, Result)]
    columns = ['question', 'right', *list(SHORT.values())[1:]]
    parts = [
        '<table>\n<caption>Submissions by question</caption>\n<thead><tr>'
    ]
    parts += [f'<th scope="col">{c}</th>' for c in columns]
    parts += ['</tr></thead>\n<tbody>']
    for test in exam.tests:
        found = [r.verdicts[test.name] for r in marked]
        count = collections.Counter(v.status for v in found)
        cells = ''.join(f'<td>{count[status]}</td>' for status in SHORT)
        name = report.text(test.name)
        parts.append(f'<tr><th scope="row">{name}</th>{cells}</tr>')
    parts.append('</tbody>\n</table>')
    for test in exam.tests:
        parts += mistakes(test, [r.verdicts[test.name] for r in marked])
    total = sum(r.points() for r in marked) / max(len(marked), 1)
    return report.PAGE.format(
        title=f'{len(marked)} submissions: mean {number(total)} of '
        f'{number(sum(t.points for t in exam.tests))}',
        body='\n'.join(parts),
        foot=f'Marked with the hidden tests of {report.text(exam.path.name)}.',
    )


def mistakes(test, verdicts):
    """Return the common mistakes in a question as HTML."""
    count = collections.Counter(v.mistake for v in verdicts if v.mistake)
    if not count:
        return []
    items = [
        f'<li>{n} &times; {report.text(mistake)}</li>'
        for mistake, n in count.most_common(MOST)
    ]
    return [f'<h2>{report.text(test.name)}</h2>', '<ul>', *items, '</ul>']
