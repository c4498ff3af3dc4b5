"""One table of marks: which submissions, what is kept, what is written."""

import hashlib
import json
import os
import secrets
import sys
from pathlib import Path

from tqdm import tqdm

from d2lmini.utils import written_whole
from d2lmini_mark import boxes, report
from d2lmini_mark.exam import draw
from d2lmini_mark.marking import Marker, Result, Verdict
from d2lmini_mark.notebook import BadSubmission, code_cells, read

FORM = 2  # of the results that are kept: raise it when marks would change
OTHER = 'choose another --out, or replace it with --force'


class Refused(Exception):
    """Raised before anything is marked or written; says why."""


def submissions(names):
    """Return the paths of all notebooks; raise Refused for a wrong name."""
    found = []
    for name in names:
        if os.path.isdir(name):
            inside = [
                p
                for p in sorted(Path(name).rglob('*.ipynb'))
                if '.ipynb_checkpoints' not in p.parts
            ]
            if not inside:
                raise Refused(f'the folder {name!r} holds no .ipynb file')
            found += inside
        elif os.path.lexists(name):
            found.append(Path(name))
        else:
            raise Refused(f'there is no file {name!r}')
    return list({os.path.abspath(p): p for p in found}.values())


class Run:
    """What the command line asks for, with the options of __main__.py.

    Beside the table lies a folder with a page for each student, a result for
    each submission (results), and the seed (run.json), to go on after a stop.
    """

    def __init__(self, options):
        self.options, self.out = options, Path(options.out)
        self.folder = self.out.with_suffix('.feedback')
        self.refuse_wrong_names()
        self.paths = submissions(options.notebooks)
        self.names = report.names_for(self.paths)
        kept = {} if options.force else self.kept()
        seed = kept.get('seed', secrets.randbelow(2**32))
        self.exam = draw(
            options.hidden, seed if options.seed is None else options.seed
        )
        self.digest = self.exam.digest()
        if not options.force:
            self.refuse_to_overwrite(kept)

    def refuse_wrong_names(self):
        """Raise Refused if a file or folder that is named is not there."""
        options, into = self.options, self.out.absolute().parent
        if not Path(options.hidden).is_file():
            raise Refused(
                f'there is no file of hidden tests {options.hidden!r}'
            )
        for folder in [into] + [options.data] * bool(options.data):
            if not folder.is_dir():
                raise Refused(f'there is no folder {str(folder)!r}')
        if sys.platform == 'win32':
            raise Refused('Windows cannot mark: use Linux, or WSL')

    def kept(self):
        """Return what an earlier run has noted, {} if there was none."""
        try:
            found = json.loads((self.folder / 'run.json').read_text('utf-8'))
            return found if isinstance(found, dict) else {}
        except (OSError, ValueError):
            return {}

    def refuse_to_overwrite(self, kept):
        """Go on only where nothing but our own work is replaced."""
        if kept and kept.get('exam') != self.digest:
            raise Refused(
                f'{self.folder} holds marks of other hidden tests '
                f'or another seed: {OTHER}'
            )
        if not kept and self.folder.exists():
            raise Refused(f'{self.folder} exists already: {OTHER}')
        if self.out.exists() and checksum(self.out.read_bytes()) != kept.get(
            'table'
        ):
            raise Refused(
                f'{self.out} exists already, and is not as the '
                f'marker left it: {OTHER}'
            )

    def mark_all(self):
        """Mark what is not yet marked and write the table.

        Returns:
            The names of those that could not be marked.

        Raises:
            BoxError: If no student's code can be run here.
        """
        server = self.boxes()
        server.open().close()  # before anything is written
        (self.folder / 'results').mkdir(parents=True, exist_ok=True)
        self.note(
            checksum(self.out.read_bytes()) if self.out.exists() else None
        )
        bar = tqdm(self.paths, unit='notebook', file=sys.stderr)
        rows = [(self.names[p], self.result(server, p)) for p in bar]
        table = report.table(self.exam, rows).encode('utf-8-sig')
        self.note(checksum(table))
        with written_whole(self.out) as part:
            Path(part).write_bytes(table)
        return [name for name, result in rows if isinstance(result, str)]

    def boxes(self):
        """Return what starts boxes, with walls unless they are unwanted."""
        return boxes.Boxes(
            not self.options.unsafe,
            forks=sys.platform == 'linux',
            memory=int(self.options.memory * 2**30),
            data=self.options.data,
            secret=[
                Path(self.options.hidden).resolve(),
                self.out,
                *self.paths,
            ],
        )

    def note(self, table):
        """Keep what is needed to go on, and the checksum of the table."""
        with written_whole(self.folder / 'run.json') as part:
            Path(part).write_text(
                json.dumps(
                    {
                        'seed': self.exam.seed,
                        'exam': self.digest,
                        'table': table,
                    }
                ),
                'utf-8',
            )

    def result(self, server, path):
        """Return the Result of a submission, perhaps of an earlier run, or a
        text if the marker itself failed: that is kept nowhere.
        """
        content, bad = b'', ''
        try:
            content = read(path)
        except BadSubmission as error:
            bad = str(error)
        name = self.names[path]
        about = [FORM, self.digest, checksum(content), bad, name]
        key = checksum(json.dumps(about).encode())
        file = self.folder / 'results' / f'{key}.json'
        page = self.folder / report.page_name(name)
        result = kept_result(file)
        if result and page.exists():
            return result
        try:
            result = result or self.marked(server, content, bad)
        except boxes.BoxError as error:
            return str(error)
        except Exception as error:  # the rest shall be marked all the same
            return f'{type(error).__name__}: {error}'
        texts = {
            page: report.page(self.exam, name, result),
            file: result.to_json(),
        }
        for target, text in texts.items():
            with written_whole(target) as part:
                Path(part).write_text(text, 'utf-8')
        return result

    def marked(self, server, content, bad):
        """Mark the content of a submission; a bad one has no points."""
        try:
            cells = code_cells(content) if not bad else []
        except BadSubmission as error:
            bad = str(error)
        if bad:
            return Result(
                {t.name: Verdict('unread') for t in self.exam.tests},
                trouble=bad,
            )
        return Marker(
            self.exam, server, cells, self.options.cell_seconds
        ).mark()


def kept_result(file):
    """Return the result in a file, None if there is none."""
    try:
        return Result.from_json(file.read_text('utf-8'))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def checksum(content):
    """Return the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
