"""What Moodle's and Canvas's importers find in our tables, by their rules.

The rules are those of importgradeslib.php and gradebook_importer.rb, told in
d2lmini_mark.tables; the code here is our own.
"""

import csv

import pytest
from submissions import DOUBLE, TOTAL, as_notebook

RIGHT = as_notebook(DOUBLE, TOTAL)
FILES = {
    'Ann Lee_1001_assignsubmission_file_/01.ipynb': RIGHT,
    'Äda Öz, B._1002_assignsubmission_file_/01.ipynb': as_notebook(DOUBLE),
    'lee_77_4567_01.ipynb': RIGHT,
    'nobody.ipynb': RIGHT,
}


@pytest.fixture
def read(quick, hidden, tmp_path):
    """Return a function that marks a class and gives the table's rows."""
    for name, text in FILES.items():
        (tmp_path / 'in' / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / 'in' / name).write_text(text)
    out = tmp_path / 'marks.csv'

    def read(form, *options):
        command = [hidden, tmp_path / 'in', '--out', out, '--format', form]
        code, printed = quick(*command, *options)
        if code:
            return printed
        return list(csv.reader(out.read_text('utf-8').splitlines()))

    return read


def moodle_imports(rows):
    """Return {number of a participant: (grade, time, feedback)}."""
    titles, *rows = rows
    wanted = ['Identifier', 'Grade', 'Last modified (grade)']
    number, grade, time = map(titles.index, wanted)
    feedback = titles.index('Feedback comments')
    assert feedback > 0  # the first column is not looked at
    return {
        row[number][len('Participant ') :]: (
            row[grade],
            row[time],
            row[feedback],
        )
        for row in rows
    }


def canvas_imports(rows):
    """Return the assignment's title and most, and {ID: (name, score)}."""
    titles, points, *rows = rows
    assert 'Student' in titles[0] and 'ID' in titles[1] and len(titles) > 3
    columns = 3  # of a student: the name, the ID and the section
    if 'SIS Login ID' in titles[2]:
        columns = 4
    elif 'SIS User ID' in titles[2] and 'SIS Login ID' in titles[3]:
        columns = 5
    assert 'Section' in titles[columns - 1]
    (title,) = titles[columns:]
    assert 'Points Possible' in points[0]
    return (
        title,
        points[columns],
        {row[1] or row[0]: (row[0], row[columns]) for row in rows},
    )


def test_moodle_finds_each_student_and_the_grade(read):
    rows = read('moodle')
    assert not rows[0][0].startswith('\ufeff')
    found = moodle_imports(rows)
    assert float(found['1001'][0]) == 5 and found['1001'][1:] == ('-', '')
    grade, time, feedback = found['1002']
    assert (float(grade), time) == (2, '-') and 'total' in feedback
    assert 'Äda Öz, B.' in [row[1] for row in rows]
    assert found.keys() == {'1001', '1002', '77', ''}  # '' is skipped


def test_canvas_finds_each_student_and_the_score(read):
    title, most, found = canvas_imports(read('canvas'))
    assert (title, float(most)) == ('tests', 5)
    assert {k: float(score) for k, (_, score) in found.items()} == {
        '1001': 5,
        '1002': 2,
        '77': 5,
        'nobody.ipynb': 5,
    }


@pytest.mark.parametrize('title', ['Final Grade', 'My Current Score (3)'])
def test_titles_that_canvas_leaves_out_are_refused_before_marking(
    read, title, tmp_path
):
    printed = read('canvas', '--assignment', title)
    assert repr(title) in printed and '--assignment' in printed
    assert not (tmp_path / 'marks.feedback').exists()
    assert canvas_imports(read('canvas', '--assignment', 'Finale'))
