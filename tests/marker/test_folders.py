"""What students hand in, as it lies on a teacher's disk: each has a row."""

import csv
import io
import os
import zipfile

import pytest
from submissions import DOUBLE, TOTAL, as_notebook

from d2lmini_mark import notebook, roster
from d2lmini_mark.notebook import BadSubmission
from d2lmini_mark.submissions import Refused, submissions

RIGHT = as_notebook(DOUBLE, TOTAL)


def zipped(files):
    """Return the bytes of a zip file of {name: content}."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def write(folder, files):
    """Write {name: content} into a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = content.encode() if isinstance(content, str) else content
        path.write_bytes(content)
    return folder


def found(*names, ours=()):
    """Return {name: content or the reason} of what is there."""
    told = {}
    for s in submissions([str(n) for n in names], ours):
        try:
            told[s.name] = s.content().decode()
        except BadSubmission as error:
            told[s.name] = f'BAD {error}'
    return told


def test_what_browsers_and_systems_leave(tmp_path):
    write(
        tmp_path,
        {
            'ann.IPYNB': 'ann',
            'bob.ipynb.txt': 'bob',
            'cy (1).ipynb': 'cy',
            'dan.py': 'dan',
            'eve/Copy of 01.ipynb': 'eve',
            'eve/__MACOSX/._01.ipynb': 'no',
            'eve/.ipynb_checkpoints/01-checkpoint.ipynb': 'no',
            'eve/helper.py': 'no',
            'fay/deep/er/answers.py': 'fay',
            '__MACOSX/x.ipynb': 'no',
            '.DS_Store': 'no',
            '._ann.ipynb': 'no',
            'Thumbs.db': 'no',
        },
    )
    assert found(tmp_path) == {
        'ann.IPYNB': 'ann',
        'bob.ipynb.txt': 'bob',
        'cy (1).ipynb': 'cy',
        'dan.py': 'dan',
        'eve/Copy of 01.ipynb': 'eve',
        'fay/deep/er/answers.py': 'fay',
    }


def test_what_is_no_notebook_has_a_row_and_a_reason(tmp_path):
    write(
        tmp_path,
        {
            'ann.docx': '',
            'bob/essay.pdf': '',
            'bob/picture.png': '',
            'cy.rar': '',
            'dan/a.py': '',
            'dan/b.py': '',
        },
    )
    (tmp_path / 'eve').mkdir()
    assert found(tmp_path) == {
        'ann.docx': 'BAD no notebook, but ann.docx',
        'bob': 'BAD no notebook, but essay.pdf, picture.png',
        'cy.rar': 'BAD no notebook, but cy.rar',
        'dan': 'BAD no notebook, but a.py, b.py',
        'eve': 'BAD nothing is in it',
    }


def test_our_own_files_are_no_submissions(tmp_path):
    write(
        tmp_path,
        {'ann.ipynb': 'a', 'hidden.py': '', 'marks.csv': '', 'f/x.html': ''},
    )
    ours = [tmp_path / name for name in ('hidden.py', 'marks.csv', 'f')]
    assert found(tmp_path, ours=ours) == {'ann.ipynb': 'a'}


def test_linked_folders(tmp_path):
    """The teacher's own links are followed, a student's are not."""
    write(tmp_path / 'far', {'01.ipynb': 'ann'})
    inside = write(tmp_path / 'in', {'bob/02.ipynb': 'bob'})
    (inside / 'ann').symlink_to(tmp_path / 'far')
    (inside / 'bob' / 'ann').symlink_to(tmp_path / 'far')
    (inside / 'bob' / 'loop').symlink_to(inside)
    (inside / 'loop').symlink_to(inside)
    (inside / 'up').symlink_to(tmp_path)
    (tmp_path / 'all').symlink_to(inside)
    wanted = {
        'ann/01.ipynb': 'ann',
        'bob/02.ipynb': 'bob',
        'loop': 'BAD nothing is in it',
        'up': 'BAD nothing is in it',
    }
    assert found(inside) == wanted == found(tmp_path / 'all')


def test_zip_files(tmp_path):
    write(
        tmp_path,
        {
            'ann.zip': zipped(
                {
                    'hw/01.ipynb': 'ann',
                    '__MACOSX/hw/._01.ipynb': 'no',
                    'hw/.ipynb_checkpoints/01.ipynb': 'no',
                    'hw/helper.py': 'no',
                }
            ),
            'bob/work.ZIP': zipped({'C:\\hw\\01.ipynb': 'bob'}),
            'cy.zip': zipped({'answers.py': 'cy'}),
            'dan.zip': zipped({'essay.docx': ''}),
            'eve.zip': b'no zip file',
            'fay.zip': zipped({'01.ipynb': 'fay' * 500})[:-60],
            'gil.zip': zipped({f'{i}.ipynb': '' for i in range(11)}),
            'hal.zip': zipped({'a.py': '', 'b.py': ''}),
        },
    )
    rows = found(tmp_path)
    assert rows.pop('ann.zip/hw/01.ipynb') == 'ann'
    assert [v for k, v in rows.items() if k.startswith('bob')] == ['bob']
    rows = {k: v for k, v in rows.items() if not k.startswith('bob')}
    assert rows.pop('cy.zip/answers.py') == 'cy'
    assert rows.pop('dan.zip') == 'BAD no notebook, but essay.docx'
    assert 'no zip file' in rows.pop('eve.zip')
    assert 'no zip file' in rows.pop('fay.zip')
    assert rows == {
        'gil.zip': 'BAD holds 11 notebooks: hand in one',
        'hal.zip': 'BAD no notebook, but a.py, b.py',
    }


def test_a_zip_file_of_the_class(tmp_path):
    write(
        tmp_path,
        {
            'all.zip': zipped(
                {
                    'Ann Lee_1_assignsubmission_file_/01.ipynb': 'ann',
                    'Ann Lee_1_assignsubmission_file_/helper.py': 'no',
                    'Bob Poe_2_assignsubmission_file_/hw.zip': zipped(
                        {'01.ipynb': 'bob'}
                    ),
                    'Cy Roe_3_assignsubmission_file_/hw.zip': b'broken',
                    'Dan_4_assignsubmission_onlinetext_/o.html': '<p>',
                }
            )
        },
    )
    words = list(found(tmp_path / 'all.zip').values())
    assert words[:2] == ['ann', 'bob'] and 'no zip file' in words[2]
    assert words[3] == 'BAD no notebook, but o.html' and len(words) == 4
    write(tmp_path, {'ann.zip': zipped({'1.ipynb': 'ann', 'x.py': 'no'})})
    one = {'ann.zip/1.ipynb': 'ann'}
    assert found(tmp_path / 'ann.zip') == one  # no class
    assert found(tmp_path / 'ann.zip', tmp_path / 'ann.zip') == one


def test_zip_files_do_no_harm(tmp_path, monkeypatch):
    """Nothing is written, and no more is read than may be."""
    monkeypatch.setattr(notebook, 'LARGEST', 10**6)
    evil = ['../../up.ipynb', '/etc/abs.ipynb', 'a/../../../b.ipynb']
    link = zipfile.ZipInfo('link.ipynb')
    link.external_attr = 0o120777 << 16
    locked = bytearray(zipped({'x.ipynb': 'secret'}))
    for signature, flags in [(b'PK\3\4', 6), (b'PK\1\2', 8)]:
        locked[locked.index(signature) + flags] |= 1
    inside = write(
        tmp_path / 'in',
        {
            'bomb.zip': zipped({'x.ipynb': bytes(10**8)}),
            'evil.zip': zipped({name: name for name in evil}),
            'link.zip': zipped({link: '/etc/passwd'}),
            'locked.zip': bytes(locked),
            'nested.zip': zipped({'x.zip': zipped({'y.ipynb': ''})}),
            'large.zip': os.urandom(10**6 + 1),
        },
    )
    (inside / 'points.zip').symlink_to(inside / 'evil.zip')
    before = sorted(tmp_path.rglob('*'))
    rows = found(inside)
    assert sorted(tmp_path.rglob('*')) == before
    assert 'more than 1 MB' in rows['bomb.zip/x.ipynb']
    assert {rows[f'evil.zip/{name}'] for name in evil} == set(evil)
    assert rows['link.zip/link.ipynb'] == 'BAD this is a link, not a file'
    assert 'password' in rows['locked.zip/x.ipynb']
    assert 'no notebook, but x.zip' in rows['nested.zip']
    assert 'at most 1 MB' in rows['large.zip']
    assert rows['points.zip'] == 'BAD this is a link, not a file'


def test_names_that_lead_nowhere(tmp_path):
    for names, words in [
        ([tmp_path / 'no.ipynb'], 'there is no file'),
        ([tmp_path], 'holds no .ipynb file'),
    ]:
        with pytest.raises(Refused, match=words):
            found(*names)


SCRIPTS = {
    'plain': f'{DOUBLE}\n\n{TOTAL}\n',
    'nbconvert': '#!/usr/bin/env python\n# coding: utf-8\n\n# In[ ]:\n\n\n'
    f"get_ipython().system('ls')\n\n\n# In[2]:\n\n\n{DOUBLE}\n\n# In[3]:\n\n"
    f'{TOTAL}\n',
    'percent': f'# %% [markdown]\n# # Text\n\n# %%\n{DOUBLE}\n\n# %% two\n'
    f'1 / 0\n{TOTAL}\n',
    'a broken cell': f'# %%\n{DOUBLE}\n# %%\nno Python\n# %%\n{TOTAL}\n',
    'a mark': f'\ufeff{DOUBLE}\n{TOTAL}\n',
    'Colab': '"""Automatically generated by Colab."""\n!pip install nothing\n'
    f'# %matplotlib inline\n{DOUBLE}\n{TOTAL}',
}


@pytest.mark.parametrize('name', SCRIPTS)
def test_scripts(name):
    cells = notebook.code_cells(SCRIPTS[name].encode(), script=True)
    code = [source for _, source in cells]
    assert any(DOUBLE in source for source in code)
    count = {'nbconvert': 4, 'percent': 3, 'a broken cell': 3}
    assert len(code) == count.get(name, 1)


# Who it was.

CLASS = """\
Name,Student ID,Email
Ann Lee,1001,ann.lee@example.org
Ann Leeson,1002,aleeson@example.org
"Müller, Jürgen",1003,jm77@example.org
María José O'Neil,1004,mjo@example.org
Li Wei,1005,liwei1@example.org
Li Wei,1006,liwei2@example.org
Bo,1007,bo@example.org
"""


@pytest.fixture
def students(tmp_path):
    (tmp_path / 'class.csv').write_text(CLASS, 'utf-8')
    return roster.read(tmp_path / 'class.csv')


@pytest.mark.parametrize(
    'name, ids',
    [
        ('Ann Lee_1001_assignsubmission_file_/01.ipynb', '1001'),
        ('Ann Lee_55_assignsubmission_file_01.ipynb', '1001'),
        ('anonymous_1002_assignsubmission_file_/01.ipynb', '1002'),
        ('leeann_77_4567_01.ipynb', '1001'),
        ('leeann_LATE_77_4567_01-1.ipynb', '1001'),
        ('leesonann_77_4567_01.ipynb', '1002'),
        ('mullerjurgen_1_2_x.ipynb', '1003'),
        ('whoever_1003_4567_01.ipynb', '1003'),
        ('ann_lee_03_pooling.ipynb', '1001'),
        ('Lee, Ann/03_pooling.ipynb', '1001'),
        ('ann-leeson.ipynb', '1002'),
        ('annlee.ipynb', '1001'),
        ('Jürgen Müller.zip/x.ipynb', '1003'),
        ('MULLER_JURGEN.ipynb', '1003'),
        ('jm77/03.ipynb', '1003'),
        ('ann.lee/03.ipynb', '1001'),
        ('Maria Jose ONeil.ipynb', '1004'),
        ('Li Wei.ipynb', '1005 1006'),
        ('liwei2.ipynb', '1006'),
        ('hw_1006.ipynb', '1006'),
        ('bo_hw3.ipynb', '1007'),
        ('bob_hw3.ipynb', ''),
        ('03_pooling.ipynb', ''),
        ('ann.ipynb', ''),
    ],
)
def test_whose_it_is(students, name, ids):
    found = roster.matches(name, students)
    assert [s.id for s in found] == ids.split()


@pytest.mark.parametrize(
    'text, names, ids',
    [
        ('Ann Lee\nBob Poe\n', ['Ann Lee', 'Bob Poe'], ['', '']),
        ('First name;Surname;ID\nAnn;Lee;5\n', ['Ann Lee'], ['5']),
        (
            'Identifier,"Full name"\nParticipant 12,Ann Lee\n',
            ['Ann Lee'],
            ['12'],
        ),
        (
            'Student,ID,SIS Login ID,Section,Old (3)\n'
            '    Points Possible,,,,10\n"Lee, Ann",99,ann,A,7\n',
            ['Lee, Ann'],
            ['99'],
        ),
        ('name\tid\n\nJosé\t1\n', ['José'], ['1']),
    ],
)
@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig', 'latin-1'])
def test_lists_of_students(tmp_path, text, names, ids, encoding):
    path = tmp_path / 'class.csv'
    path.write_bytes(text.encode(encoding))
    students = roster.read(path)
    assert [s.name for s in students] == names
    assert [s.id for s in students] == ids


@pytest.mark.parametrize('text', ['', '\n', 'name,id\n', 'id\n,\n'])
def test_lists_that_name_nobody(tmp_path, text):
    (tmp_path / 'class.csv').write_text(text)
    with pytest.raises(Refused, match='names no student'):
        roster.read(tmp_path / 'class.csv')
    with pytest.raises(Refused, match='cannot be read'):
        roster.read(tmp_path / 'no.csv')


# The whole way.

FILES = {
    'Ann Lee_1001_assignsubmission_file_/01.ipynb': RIGHT,
    'leesonann_LATE_1002_9_01.ipynb': as_notebook(DOUBLE),
    'mullerjurgen_1003_9_x.zip': zipped({'01.ipynb': RIGHT}),
    'Li Wei.ipynb': as_notebook(TOTAL),
    'bo.docx': '',
    'bo_hw.py': f'{DOUBLE}\n',
    'nobody.ipynb': RIGHT,
}


def table(path):
    """Read a table back, as a program would."""
    text = path.read_bytes().decode('utf-8-sig')
    return list(csv.DictReader(io.StringIO(text, newline='')))


@pytest.fixture
def a_class(tmp_path):
    (tmp_path / 'class.csv').write_text(CLASS, 'utf-8')
    return write(tmp_path / 'in', FILES)


def test_with_a_roster_each_student_has_a_row(quick, hidden, a_class):
    out = a_class.parent / 'marks.csv'
    students = a_class.parent / 'class.csv'
    command = [hidden, a_class, '--out', out, '--roster', students]
    assert quick(*command)[0] == 0
    rows = table(out)
    told = {r['id']: (r['total'], r['file'], r['note']) for r in rows}
    assert [r['id'] for r in rows] == [*map(str, range(1001, 1008)), '', '']
    assert told['1001'][0] == '5.0' or float(told['1001'][0]) == 5
    assert float(told['1002'][0]) == 2
    assert float(told['1003'][0]) == 5 and told['1003'][1].endswith('ipynb')
    for missing in ['1004', '1005', '1006']:
        assert told[missing] == ('', '', 'nothing was handed in')
    assert float(told['1007'][0]) == 2
    assert told['1007'][1:] == (
        'bo_hw.py',
        'total: not defined; the best of 2 files',
    )
    unclear, nobody = rows[-2:]
    assert 'Li Wei 1005 or Li Wei 1006' in unclear['note']
    assert nobody['note'] == 'not in the roster'


def test_without_a_roster_each_submission_has_a_row(quick, hidden, a_class):
    out = a_class.parent / 'marks.csv'
    assert quick(hidden, a_class, '--out', out)[0] == 0
    rows = table(out)
    assert len(rows) == len(FILES) and rows[0]['student'] == 'Ann Lee'
    assert [r['id'] for r in rows if r['id']] == ['1001', '1002', '1003']


def test_what_moodle_imports(quick, hidden, a_class):
    """Identifier, Grade and Last modified (grade) are what it asks for."""
    out = a_class.parent / 'marks.csv'
    command = [hidden, a_class, '--out', out, '--format', 'moodle']
    assert quick(*command)[0] == 0
    assert out.read_bytes().startswith(b'"Identifier","Full name"')
    ann, *rows = table(out)
    assert ann['Identifier'] == 'Participant 1001'
    assert float(ann['Grade']) == 5 and ann['Maximum grade'] == '5'
    assert ann['Last modified (grade)'] == '-'
    worksheet = (
        'Identifier,Full name,Email address,Last modified (grade)\n'
        'Participant 1001,Ann Lee,ann@x,"Friday, 1 May 2026, 9:00 AM"\n'
        'Participant 7,Zoe,zoe@x,-\n'
    )
    (a_class.parent / 'sheet.csv').write_text(worksheet)
    command += ['--roster', a_class.parent / 'sheet.csv']
    assert quick(*command)[0] == 0  # nothing is marked again
    ann, zoe, *rest = table(out)
    assert ann['Email address'] == 'ann@x' and float(ann['Grade']) == 5
    assert ann['Last modified (grade)'].startswith('Friday')
    assert zoe['Identifier'] == 'Participant 7' and zoe['Grade'] == ''
    assert zoe['Feedback comments'] == 'nothing was handed in'


def test_what_canvas_imports(quick, hidden, a_class):
    out = a_class.parent / 'marks.csv'
    command = [hidden, a_class, '--out', out, '--format', 'canvas']
    assert quick(*command, '--assignment', 'Pooling (77)')[0] == 0
    points, ann, *rows = table(out)
    assert list(points) == [
        'Student',
        'ID',
        'SIS User ID',
        'SIS Login ID',
        'Section',
        'Pooling (77)',
    ]
    assert points['Student'] == '    Points Possible'
    assert points['Pooling (77)'] == '5'
    by_id = {row['ID']: row['Pooling (77)'] for row in [ann, *rows]}
    assert float(by_id['1002']) == 2 and float(by_id['1003']) == 5
    gradebook = (
        'Student,ID,SIS User ID,SIS Login ID,Section\n'
        '"Leeson, Ann",1002,S2,aleeson,"A, B"\n"Poe, Bob",5,S5,bob,A\n'
    )
    (a_class.parent / 'book.csv').write_text(gradebook)
    assert quick(*command, '--roster', a_class.parent / 'book.csv')[0] == 0
    _, ann, bob, *rest = table(out)
    assert ann['Section'] == 'A, B' and ann['SIS User ID'] == 'S2'
    assert float(ann['tests']) == 2 and bob['tests'] == ''


def test_a_summary_for_the_teacher(run, hidden, tmp_path):
    wrong = 'def double(X):\n    return 3 * X'
    inside = write(
        tmp_path / 'in',
        {
            'a.ipynb': RIGHT,
            'b.ipynb': as_notebook(wrong, TOTAL),
            'c.ipynb': as_notebook(wrong),
            'd.ipynb': as_notebook('def total(xs):\n    return 1 / 0'),
        },
    )
    out = tmp_path / 'marks.csv'
    assert run(hidden, inside, '--out', out)[0] == 0
    page = (tmp_path / 'marks.feedback' / 'summary.html').read_text('utf-8')
    assert '4 submissions: mean 2 of 5' in page
    assert '2 &times; wrong numbers' in page
    assert '1 &times; raises ZeroDivisionError' in page
    double = page.split('<th scope="row">double</th>')[1].split('</tr>')[0]
    assert double.startswith('<td>1</td><td>2</td><td>0</td><td>1</td>')


def test_names_and_outputs_that_cannot_be_written(run, hidden, tmp_path):
    """A surrogate, as in a name of bytes, leaves nobody unmarked."""
    cells = [
        DOUBLE,
        'def total(xs):\n    raise ValueError(chr(0xd800) + str(xs))',
        'raise ValueError(chr(0xdc80))',
    ]
    name = os.fsdecode(b'\xff\xfe.ipynb')
    inside = write(tmp_path / 'in', {'ok.ipynb': RIGHT})
    for path in [inside / name, inside / os.fsdecode(b'\x80') / name]:
        write(path.parent, {path.name: as_notebook(*cells)})
    lone = '{"cells": [{"cell_type": "code", "source": "x = \'\\ud800\'\\n'
    lone += DOUBLE.replace('\n', '\\n') + '"}]}'
    write(inside, {'lone.ipynb': lone})
    (tmp_path / 'class.csv').write_bytes(b'name\nAnn \xff\n')
    out = tmp_path / 'marks.csv'
    command = [hidden, inside, '--out', out, '--roster']
    for form in ['moodle', 'canvas', 'csv']:
        options = [tmp_path / 'class.csv', '--format', form]
        assert run(*command, *options)[0] == 0
        rows = table(out)
        assert 'NOT MARKED' not in str(rows) and len(rows) >= 5
    assert sorted(float(r['total'] or 0) for r in rows) == [0, 2, 2, 2, 5]
    pages = list((tmp_path / 'marks.feedback').glob('*.html'))
    assert len(pages) == 5
