"""Make the exercise notebooks from their masters.

    python tools/exercises.py [NAME ...]    such as 01_convolution; else all

One folder is one exercise: exercises/sources/cNAME holds the questions with
their solutions (master.py, jupytext's py:percent), the checks, answers that
prove the checks, and perhaps hidden tests. Of master.py are made
exercises/NAME.ipynb, where each solution is blank, the notebook
exercises/solutions/NAME.ipynb, run, the table in exercises/index.md, and the
list of samples in appendix/teachers.md.
Lines from # BEGIN BROKEN to # END BROKEN, as comments and right before the
solution, are a mistake to repair: the student finds them in place of a blank.
A notebook of solutions whose code did not change is not run again.
"""

import argparse
import os
import re
import sys
from pathlib import Path

import jupytext
import nbformat
import notebooks

HOME = notebooks.ROOT / 'exercises'
SOLUTION = re.compile(
    r'^( *)# BEGIN SOLUTION\n(.*?)^ *# END SOLUTION\n?', flags=re.M | re.S
)
BROKEN = re.compile(
    r'^( *)# BEGIN BROKEN\n(.*?)^ *# END BROKEN\n'
    r'(?= *# BEGIN SOLUTION\n)',
    flags=re.M | re.S,
)
HEADING = re.compile(
    r'^## (\d+)\. (.+?) ((?:★|☆){3}), (\d+) minutes\n\n'
    r'Section: \[(.+?)\]\((\.\./chapters/\w+\.ipynb)\)',
    flags=re.M,
)
WORDS = '*Your answer: double-click here and write.*'
TEACHERS = notebooks.ROOT / 'appendix' / 'teachers.md'
SAMPLES = re.compile(r'(samples \(`hidden\.py`\) for chapters )[^.]+(\.)')
TABLE = re.compile(r'(<!-- questions -->\n).*(<!-- end -->\n)', flags=re.S)


def masters():
    """Return the names of all exercise notebooks."""
    return sorted(
        p.parent.name[1:] for p in (HOME / 'sources').glob('*/master.py')
    )


def read(name):
    """Return a master as a notebook, with its set-up cell and fixed ids."""
    path = HOME / 'sources' / f'c{name}' / 'master.py'
    nb = jupytext.reads(path.read_text(encoding='utf-8'), fmt='py:percent')
    for i, cell in enumerate(nb.cells):
        cell.id = f'cell-{i}'
        if notebooks.SETUP_TAG in cell.metadata.get('tags', []):
            cell.source = notebooks.SETUP_CELL.format(
                address=notebooks.repository()
            )
    nb.metadata = {
        'kernelspec': {
            'display_name': 'Python 3',
            'language': 'python',
            'name': 'python3',
        },
        'language_info': notebooks.LANGUAGE,
    }
    return nbformat.from_dict(nb)


def student(name):
    """Return the notebook with blanks."""
    nb = read(name)
    for cell in nb.cells:
        if is_solution_in_words(cell):
            cell.source, cell.metadata = WORDS, {}
        cell.source = blank(cell.source)
    return nb


def blank(source):
    """Return a cell as a student gets it: with a blank or a mistake."""
    if not is_broken(source):
        return SOLUTION.sub(
            r'\1raise NotImplementedError  # your code here\n', source + '\n'
        )[:-1]
    mistakes = BROKEN.sub(
        lambda m: re.sub('^( *)# ?', r'\1', m[2], flags=re.M), source + '\n'
    )
    return SOLUTION.sub('', mistakes)[:-1]


def is_broken(source):
    """Tell whether a cell of a master holds a mistake to repair."""
    return BROKEN.search(source + '\n') is not None


def solved(source):
    """Return a cell with its solution and without marks."""
    return SOLUTION.sub(r'\2', BROKEN.sub('', source + '\n'))


def solution(name):
    """Return the notebook with solutions, folded on the site, not yet run."""
    nb = read(name)
    for cell in nb.cells:
        if SOLUTION.search(cell.source + '\n'):
            cell.metadata['tags'] = ['hide-input']
        if is_solution_in_words(cell):
            cell.metadata = {}
            cell.source = f'**One answer.** {cell.source}'
        cell.source = solved(cell.source).rstrip('\n')
        cell.source = cell.source.replace('](../', '](../../')
    nb.cells[0].source = re.sub(
        '^# (.+)', r'# Solutions: \1', nb.cells[0].source
    )
    return nb


def is_solution_in_words(cell):
    """Tell whether a cell is the model answer to a question in words."""
    return 'words' in cell.metadata.get('tags', [])


def questions(name):
    """Return (number, title, stars, minutes, section, link, check's name) of
    each question; the last is None where no machine checks."""
    found = []
    for cell in read(name).cells:
        if cell.cell_type == 'markdown':
            found += [[*match, None] for match in HEADING.findall(cell.source)]
        for check in re.findall(
            r"^check\('([\w.]+)', ", cell.source, flags=re.M
        ):
            found[-1][-1] = check
    return [tuple(row) for row in found]


def index():
    """Return the text of index.md with the table of today's questions."""
    lines = []
    for name in masters():
        rows = questions(name)
        title = read(name).cells[0].source.split('\n')[0].lstrip('# ')
        lines += [
            f'### {title}',
            '',
            f'[Notebook]({name}.ipynb), {len(rows)} questions, about '
            f'{sum(int(row[3]) for row in rows)} minutes; '
            f'[solutions](solutions/{name}.ipynb).',
            '',
            '| question | stars | minutes | checked as |',
            '|---|---|---|---|',
        ]
        lines += [
            f'| {n}. {title} | {stars} | {minutes} | '
            + (f'`{check}` |' if check else 'in words |')
            for n, title, stars, minutes, _, _, check in rows
        ] + ['']
    text = (HOME / 'index.md').read_text(encoding='utf-8')
    return TABLE.sub(
        lambda m: m[1] + '\n' + '\n'.join(lines) + '\n' + m[2], text
    )


def teachers():
    """Return the text of teachers.md with the chapters of today's samples."""
    found = sorted((HOME / 'sources').glob('c*/hidden.py'))
    *most, last = dict.fromkeys(str(int(p.parent.name[1:3])) for p in found)
    text = TEACHERS.read_text(encoding='utf-8')
    listed = f'{", ".join(most)} and {last}'
    return SAMPLES.sub(lambda m: m[1] + listed + m[2], text)


def same_code(a, b):
    """Tell whether two notebooks hold the same cells, outputs aside."""
    return [(c.cell_type, c.source, c.metadata) for c in a.cells] == [
        (c.cell_type, c.source, c.metadata) for c in b.cells
    ]


def make(name, again):
    """Write both notebooks of a master; run the solutions if they changed."""
    notebooks.write(student(name), HOME / f'{name}.ipynb')
    path, nb = HOME / 'solutions' / f'{name}.ipynb', solution(name)
    if again or not path.exists() or not same_code(nb, nbformat.read(path, 4)):
        draft = path.with_suffix('.draft.ipynb')
        notebooks.write(nb, draft)
        try:
            notebooks.run(draft)
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('names', nargs='*')
    names = parser.parse_args().names
    os.environ['D2LMINI_STRICT'] = '1'  # a wrong solution stops the run
    (HOME / 'solutions').mkdir(exist_ok=True)
    for name in names or masters():
        make(Path(name).stem, again=bool(names))
    (HOME / 'index.md').write_text(index(), encoding='utf-8')
    TEACHERS.write_text(teachers(), encoding='utf-8')


if __name__ == '__main__':
    sys.exit(main())
