"""One table of marks: which submissions, what is kept, what is written."""

import hashlib
import json
import secrets
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tqdm import tqdm

from d2lmini.utils import written_whole
from d2lmini_mark import boxes, report, roster, tables
from d2lmini_mark.exam import draw
from d2lmini_mark.marking import Marker, Result, Verdict
from d2lmini_mark.notebook import BadSubmission, code_cells
from d2lmini_mark.submissions import SCRIPT, Refused, submissions

FORM = 3  # of the results that are kept: raise it when marks would change
OTHER = 'choose another --out, or replace it with --force'


class Run:
    """What the command line asks for, with the options of __main__.py.

    Beside the table lies a folder with a page for each student, a result for
    each submission (results), and the seed (run.json), to go on after a stop.
    """

    def __init__(self, options):
        self.options, self.out = options, Path(options.out)
        self.folder = self.out.with_suffix('.feedback')
        self.refuse_wrong_names()
        hidden = Path(options.hidden)
        self.ours = [hidden, hidden.resolve(), self.out, self.folder]
        self.ours += [options.roster] * bool(options.roster)
        self.submissions = submissions(options.notebooks, self.ours)
        self.students = options.roster and roster.read(options.roster)
        kept = {} if options.force else self.kept()
        self.secret = options.seed
        if self.secret is None:
            self.secret = kept.get('secret', secrets.token_hex(16))
        self.exam = draw(options.hidden, 0)
        self.digest = checksum(f'{self.exam.digest()} {self.secret}'.encode())
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
        if options.format == 'canvas':
            tables.refuse_title(self.assignment())

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
        server.spare.append(server.open())  # before anything is written
        (self.folder / 'results').mkdir(parents=True, exist_ok=True)
        if self.options.force:
            self.forget()
        self.note(
            checksum(self.out.read_bytes()) if self.out.exists() else None
        )
        try:
            rows = self.rows(server)
        finally:
            server.close()
        table = self.table(rows)
        self.note(checksum(table))
        with written_whole(self.out) as part:
            Path(part).write_bytes(table)
        write(self.folder / 'summary.html', tables.summary(self.exam, rows))
        return [name for name, result in rows if isinstance(result, str)]

    def forget(self):
        """Delete the pages and the results of an earlier run, nothing else."""
        pages = [
            page
            for page in self.folder.glob('*.html')
            if report.PAGE_NAME.search(page.name)
        ]
        for file in [*pages, *(self.folder / 'results').glob('*.json')]:
            file.unlink()

    def table(self, results):
        """Return the bytes of the table, in the form that is asked for."""
        rows = tables.rows(results, self.students)
        if self.options.format == 'csv':
            return tables.for_people(self.exam, rows).encode('utf-8-sig')
        write = getattr(tables, f'for_{self.options.format}')
        return write(self.exam, rows, self.assignment()).encode()

    def assignment(self):
        """Return the title of what is marked, of a test's folder or file."""
        path = Path(self.options.hidden).absolute()
        name = path.parent.name if path.stem == 'hidden' else path.stem
        return self.options.assignment or name

    def rows(self, server):
        """Mark several submissions at once; return pairs of name and Result
        in their order.
        """
        jobs = ThreadPoolExecutor(self.options.jobs)
        try:
            results = jobs.map(partial(self.result, server), self.submissions)
            bar = tqdm(
                zip(self.submissions, results),
                total=len(self.submissions),
                unit='notebook',
                file=sys.stderr,
            )
            return [(s.name, result) for s, result in bar]
        except BaseException:
            server.end()
            raise
        finally:
            jobs.shutdown(cancel_futures=True)

    def boxes(self):
        """Return what starts boxes, with walls unless they are unwanted."""
        return boxes.Boxes(
            not self.options.unsafe,
            forks=sys.platform == 'linux',
            memory=int(self.options.memory * 2**30),
            data=self.options.data,
            secret=[*self.ours, *(s.path for s in self.submissions)],
        )

    def note(self, table):
        """Keep what is needed to go on, and the checksum of the table."""
        about = {'secret': self.secret, 'exam': self.digest, 'table': table}
        write(self.folder / 'run.json', json.dumps(about))

    def result(self, server, submission):
        """Return the Result of a submission, perhaps of an earlier run, or a
        text if the marker itself failed: that is kept nowhere.
        """
        content, bad = b'', ''
        try:
            content = submission.content()
        except BadSubmission as error:
            bad = str(error)
        name = submission.name
        about = [FORM, self.digest, checksum(content), bad, name]
        key = checksum(json.dumps(about).encode())
        file = self.folder / 'results' / f'{key}.json'
        page = self.folder / report.page_name(name)
        result = kept_result(file)
        if result and page.exists():
            return result
        try:
            if not result:
                exam = self.exam.again(self.seed(about))
                result = self.marked(server, exam, name, content, bad)
        except boxes.BoxError as error:
            return str(error)
        except Exception as error:  # the rest shall be marked all the same
            return f'{type(error).__name__}: {error}'
        write(page, report.page(self.exam, name, result))
        write(file, result.to_json())
        return result

    def seed(self, about):
        """Return the seed of a submission: nobody else has these inputs, and
        nor has it if it is handed in or marked anew.
        """
        if self.options.seed is not None:
            return self.options.seed
        number = checksum(json.dumps([self.secret, about]).encode())
        return int(number[:12], 16)

    def marked(self, server, exam, name, content, bad):
        """Mark the content of a submission; a bad one has no points."""
        try:
            script = bool(SCRIPT.search(name))
            cells = code_cells(content, script) if not bad else []
        except BadSubmission as error:
            bad = str(error)
        if bad:
            return Result(
                {t.name: Verdict('unread') for t in exam.tests},
                trouble=bad,
            )
        limits = self.options.cell_seconds, self.options.notebook_seconds
        return Marker(exam, server, cells, *limits).mark()


def write(path, text):
    """Write a text into a file, whole or not at all."""
    with written_whole(path) as part:
        Path(part).write_text(text, 'utf-8')


def kept_result(file):
    """Return the result in a file, None if there is none."""
    try:
        return Result.from_json(file.read_text('utf-8'))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def checksum(content):
    """Return the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
