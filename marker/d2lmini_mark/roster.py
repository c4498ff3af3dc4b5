"""Who has handed in what: names of files, and a list of students.

Moodle names a download `Ann Lee_12345_assignsubmission_file_/01.ipynb`, and
Canvas `leeann_123_4567_01.ipynb`: name and number tell who it was.
"""

import csv
import io
import itertools
import re
import unicodedata
from pathlib import Path
from typing import NamedTuple

from d2lmini_mark.submissions import Refused

MOODLE = re.compile(r'(?P<name>.*?)_(?P<id>\d+)_assignsubmission_')
CANVAS = re.compile(r'(?P<name>[^_/]+)_(?:LATE_)?(?P<id>\d+)_\d+_[^/]+$')
NAMES = ('name', 'fullname', 'student', 'studentname', 'participant')
FIRST = ('firstname', 'givenname', 'forename', 'first')
LAST = ('lastname', 'surname', 'familyname', 'last')
LOGINS = ('email', 'emailaddress', 'sisloginid', 'login', 'username')
IDS = ('identifier', 'id', 'idnumber', 'studentid', 'sisuserid', 'number')


class Student(NamedTuple):
    """Somebody of a class: name, number, and all columns of the roster."""

    name: str
    id: str = ''
    logins: tuple = ()
    ids: tuple = ()
    columns: dict = {}


def read(path):
    """Return the Students of a CSV file, such as Moodle and Canvas export.

    Raises:
        Refused: If there are none in it.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise Refused(f'{path} cannot be read: {error.strerror}') from None
    try:
        text = content.decode('utf-8-sig')
    except UnicodeDecodeError:
        text = content.decode('latin-1')
    line = text.split('\n')[0]
    comma = max(',;\t', key=line.count)
    rows = [
        [cell.strip() for cell in row]
        for row in csv.reader(io.StringIO(text, newline=''), delimiter=comma)
        if any(cell.strip() for cell in row)
    ]
    students = [s for s in map(student, titled(rows)) if s]
    if not students:
        raise Refused(f'{path} names no student: a column `name` is wanted')
    return students


def titled(rows):
    """Return a dictionary for each row: by the titles in the first one, or,
    if it has none, with the first column as names.
    """
    known = {*NAMES, *FIRST, *LAST, *LOGINS, *IDS}
    if rows and known & {letters(cell) for cell in rows[0]}:
        return [dict(zip(rows[0], row)) for row in rows[1:]]
    return [{'name': row[0]} for row in rows]


def student(columns):
    """Return the Student of a row, None if it names nobody."""
    by = {letters(title): value for title, value in columns.items()}

    def found(titles):
        return tuple(by[t] for t in titles if by.get(t))

    whole = ' '.join(found(FIRST)[:1] + found(LAST)[:1])
    name = (found(NAMES) or (whole,))[0]
    ids = tuple(re.sub(r'^\D+(?=\d+$)', '', i) for i in found(IDS))
    if not letters(name) or letters(name) in ('pointspossible',):
        return None
    return Student(name, (*ids, '')[0], found(LOGINS), ids, columns)


def told(name):
    """Return the Student whom the name of a submission tells, or None."""
    for part in name.split('/'):
        if match := MOODLE.match(part):
            return Student(match['name'].strip(), match['id'])
        if match := CANVAS.match(part):
            return Student(match['name'], match['id'])
    return None


def matches(name, students):
    """Return the Students to whom a submission of this name may belong."""
    by_tool = told(name)
    if by_tool:
        found = [s for s in students if by_tool.id in s.ids]
        if found:
            return found
        name = by_tool.name
    scores = {i: score(name, s) for i, s in enumerate(students)}
    best = max(scores.values(), default=0)
    return [students[i] for i, n in scores.items() if n == best > 0]


def score(name, student):
    """Return how many letters of a name belong to a student's name, number
    or login, if one of them stands there as a whole; else 0.
    """
    words = tokens(re.sub(r'\.\w+$', '', name))
    own = tokens(student.name)
    found = [0]
    if set(own) <= set(words):
        found.append(sum(map(len, own)))
    together = {''.join(p) for p in itertools.permutations(own[:4])}
    if len(own) <= 4 and together & set(words):
        found.append(sum(map(len, own)))
    for login in [*student.logins, *student.ids]:
        parts = tokens(login.split('@')[0])
        if len(''.join(parts)) > 2 and ''.join(parts) in {
            *words,
            *map(''.join, itertools.pairwise(words)),
        }:
            found.append(len(''.join(parts)))
    return max(found)


def tokens(text):
    """Return the words of a text without accents, in small letters."""
    text = unicodedata.normalize('NFKD', text).casefold()
    text = ''.join(c for c in text if not unicodedata.combining(c))
    text = re.sub(r"(?<=\w)['’](?=\w)", '', text)
    return re.findall(r'[^\W_]+', text)


def letters(text):
    """Return a text without accents, spaces and signs, in small letters."""
    return ''.join(tokens(text))
