"""Find what students have handed in: in folders and zip files, as browsers,
Moodle and Canvas leave it there.

Nothing is ever unpacked onto the disk, and each student's part of a folder
gives at least one submission: if it cannot be marked, with the reason.
"""

import io
import os
import re
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path

from d2lmini_mark import notebook
from d2lmini_mark.notebook import BadSubmission

NOTEBOOK = re.compile(r'\.ipynb\b[^/]*$', re.IGNORECASE)  # .ipynb.txt too
SCRIPT = re.compile(r'\.py(\.txt)?$', re.IGNORECASE)
ARCHIVE = re.compile(r'\.zip$', re.IGNORECASE)
SYSTEM = ('__macosx', 'thumbs.db', 'desktop.ini', 'ehthumbs.db')
MOST = 10  # notebooks of one archive
NOTHING = 'holds no .ipynb file'


class Refused(Exception):
    """Raised before anything is marked or written; says why."""


@dataclass(frozen=True)
class Submission:
    """What is marked as one, and how it is called in the table.

    path: of the file on the disk. inner: the names of a file in a zip file,
    perhaps in another one there. bad: why it cannot be marked.
    """

    name: str
    path: Path
    inner: tuple = ()
    bad: str = ''

    def content(self):
        """Return its bytes; raise BadSubmission."""
        if self.bad:
            raise BadSubmission(self.bad)
        if not self.inner:
            return notebook.read(self.path)
        content = self.path
        for name in self.inner:
            content = member(content, name)
        return content


def submissions(names, ours=()):
    """Return the Submissions that names of files and folders stand for.

    ours: paths that are no submissions wherever they lie.

    Raises:
        Refused: For a name that leads nowhere.
    """
    ours, found = {os.path.abspath(path) for path in ours}, []
    for name in names:
        path = Path(name)
        if os.path.isdir(path):
            inside = in_folder(path, ours)
            if not inside:
                raise Refused(f'the folder {name!r} {NOTHING}')
            found += inside
        elif not os.path.lexists(path):
            raise Refused(f'there is no file {name!r}')
        elif ARCHIVE.search(path.name):
            found += in_archive(path, alone=len(names) == 1)
        else:
            found.append(Submission('', path))
    return named(found)


def named(found):
    """Give each submission a name that tells it apart, without the folders
    above all of them; leave out what is named twice.
    """
    found = {
        (os.path.abspath(s.path), s.inner, s.bad and s.name): s for s in found
    }
    folders = [os.path.dirname(path) for path, _, _ in found]
    top = os.path.commonpath(folders) if folders else ''
    return [
        Submission(
            '/'.join([os.path.relpath(path, top), *s.inner]),
            s.path,
            s.inner,
            s.bad,
        )
        for (path, _, _), s in found.items()
    ]


def in_folder(folder, ours):
    """Return the submissions of a folder: each entry is a student's."""
    found = []
    for entry in sorted(folder.iterdir()):
        if hidden(entry.name) or os.path.abspath(entry) in ours:
            continue
        if os.path.isdir(entry):
            found += of_student(entry, walked(folder, entry, ours))
        elif ARCHIVE.search(entry.name):
            found += in_archive(entry)
        elif SCRIPT.search(entry.name) or NOTEBOOK.search(entry.name):
            found.append(Submission('', entry))
        else:
            found.append(Submission('', entry, bad=no_notebook([entry.name])))
    return found


def walked(folder, entry, ours):
    """Return all files below an entry of a folder. The entry itself may be a
    link to a folder; others are not followed.
    """
    if os.path.islink(entry) and folder.resolve().is_relative_to(
        entry.resolve()
    ):
        return []
    found = []
    for place, folders, files in os.walk(entry):
        folders[:] = sorted(n for n in folders if not hidden(n))
        inside = [Path(place, n) for n in sorted(files) if not hidden(n)]
        found += [p for p in inside if os.path.abspath(p) not in ours]
    return found


def of_student(entry, paths):
    """Return the submissions among the files of a student's folder."""
    found = chosen(paths)
    if not found:
        return [Submission(entry.name, entry, bad=no_notebook(paths))]
    return [
        inner
        for p in found
        for inner in (
            in_archive(p) if ARCHIVE.search(p.name) else [Submission('', p)]
        )
    ]


def chosen(names):
    """Return which of a student's files are marked: notebooks and archives,
    or the only script where there are none.
    """
    texts = {str(name): name for name in names}
    found = [t for t in texts if NOTEBOOK.search(t) or ARCHIVE.search(t)]
    scripts = [t for t in texts if SCRIPT.search(t)]
    found = found or (scripts if len(scripts) == 1 else [])
    return [texts[t] for t in found]


def in_archive(path, alone=False):
    """Return the submissions in a zip file of one student.

    alone: whether nothing else is to be marked; then it may be of all.
    """
    try:
        if alone and len(chosen(names_in(path))) > 1:
            found = of_class(path)
        else:
            notebook.read(path)  # neither too large nor a link
            found = of_archive(path, ())
    except BadSubmission as error:
        found = [((), str(error))]
    return [Submission('', path, inner, bad) for inner, bad in found]


def of_archive(archive, above):
    """Return (names, why it is bad) for the submissions in a student's zip
    file, which lies in another one, above.
    """
    names = names_in(archive)
    found = chosen([n for n in names if not ARCHIVE.search(n)])
    if not found:
        return [(above, no_notebook(names))]
    if len(found) > MOST:
        return [(above, f'holds {len(found)} notebooks: hand in one')]
    return [((*above, n), '') for n in found]


def of_class(archive):
    """Return the same for a zip file in which all have handed in, each in a
    folder or with a file.
    """
    found, folders = [], {}
    for name in names_in(archive):
        folders.setdefault(name.partition('/')[0], []).append(name)
    for names in folders.values():
        for name in chosen(names):
            if not ARCHIVE.search(name):
                found.append(((name,), ''))
                continue
            try:
                found += of_archive(member(archive, name), (name,))
            except BadSubmission as error:
                found.append(((name,), str(error)))
        if not chosen(names):
            found.append(((names[0],), no_notebook(names)))
    return found


def names_in(archive):
    """Return the names of the files in a zip file; raise BadSubmission.

    archive: its path, or its bytes.
    """
    with opened(archive) as archive:
        names = [i.filename for i in archive.infolist() if not i.is_dir()]
    parts = {n: n.replace('\\', '/').split('/') for n in names}
    return sorted(n for n in names if not any(map(hidden, parts[n])))


def member(archive, name):
    """Return the bytes of a file in a zip file; raise BadSubmission."""
    with opened(archive) as archive:
        try:
            about = archive.getinfo(name)
            if about.flag_bits & 1:
                raise BadSubmission('the archive has a password')
            if stat.S_ISLNK(about.external_attr >> 16):
                raise BadSubmission('this is a link, not a file')
            with archive.open(about) as file:  # it may lie about its size
                found = file.read(notebook.LARGEST + 1)
        except BadSubmission:
            raise
        except Exception as error:  # a damaged archive may lead to any
            raise BadSubmission(f'the archive is damaged: {error}') from None
    if len(found) > notebook.LARGEST:
        most = notebook.LARGEST / 1e6
        raise BadSubmission(f'more than {most:.0f} MB: they are not read')
    return found


def opened(archive):
    """Return an open zip file; raise BadSubmission."""
    if isinstance(archive, bytes):
        archive = io.BytesIO(archive)
    try:
        return zipfile.ZipFile(archive)
    except Exception as error:
        raise BadSubmission(f'this is no zip file: {error}') from None


def hidden(name):
    """Tell whether a system made a file or folder, and not a student."""
    begins = name.startswith('.') and name != '..'
    return begins or name.lower() in SYSTEM


def no_notebook(names):
    """Say that there is nothing to mark, and what there is."""
    shown = ', '.join(Path(name).name for name in names[:3])
    more = f' and {len(names) - 3} more' if len(names) > 3 else ''
    return f'no notebook, but {shown}{more}' if names else 'nothing is in it'
