"""Files from the net: downloaded once, checked, and unpacked."""
import functools
import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path
from urllib.request import urlopen

from d2lmini.utils import written_whole

HYMENOPTERA = (  # its address and its SHA-256
    'https://download.pytorch.org/tutorial/hymenoptera_data.zip',
    'fbc41b31d544714d18dd1230b1e2b455e1557766e13e67f9f5a7a23af7c02209')
TIMEOUT = 30  # seconds without a byte, after which a server is given up


class DataNotAvailable(Exception):
    """No source has the data set; the message says what was tried."""


class DataDamaged(Exception):
    """A file of data is truncated or altered; the message names it."""


def cache_folder() -> Path:
    """Return $D2LMINI_DATA, or ~/.cache/d2lmini if that is not set."""
    return Path(os.environ.get('D2LMINI_DATA')
                or '~/.cache/d2lmini').expanduser()


@functools.cache  # so each line is said once
def say(line):
    """Print a line to the error stream, once in a session."""
    print(line, file=sys.stderr)


def not_available(name, tried, path):
    """Return the DataNotAvailable that says what was tried, and what to do.

    tried: {source: the error that it led to}.
    """
    lines = [f'{source}: {" ".join((str(error) or repr(error)).split())}'
             for source, error in tried.items()]
    return DataNotAvailable('\n  '.join([
        f'{name} is not to be had. Tried:', *lines]) + '\nConnect to the net '
        f'and try again, or get the file in another way and put it at {path}')


def get_file(url: str, digest: str, folder=None) -> Path:
    """Return the path of a file from the net, which is downloaded once.

    Args:
        url: Its address.
        digest: Its SHA-1 or SHA-256.
        folder: Where it is kept, the cache folder if None.

    Raises:
        DataNotAvailable: If the file is not there, or has another checksum,
            and the net is out of reach or gives another file.
    """
    path = Path(folder or cache_folder()) / Path(url).name
    try:
        if not path.exists() or checksum(path, digest) != digest:
            fetch(url, path, digest)
    except Exception as error:  # a network may lead to any
        raise not_available(path.name, {url: error}, path) from error
    return path


def fetch(url, path, digest):
    """Download a file, whole or not at all; ValueError if it is another."""
    say(f'downloading {url}')
    with written_whole(path) as part:
        with urlopen(url, timeout=TIMEOUT) as response, open(
                part, 'wb') as file:
            shutil.copyfileobj(response, file)
        if (found := checksum(part, digest)) != digest:
            raise ValueError(f'its checksum is {found}, wanted is {digest}')


def checksum(path, like):
    """Return a file's SHA-1, or SHA-256 if `like` is as long as one."""
    kind = 'sha1' if len(like) == 40 else 'sha256'
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, kind).hexdigest()


def get_folder(url: str, digest: str, folder=None,
               inside: str | None = None) -> Path:
    """Return the path of the folder that a zip or tar file from the net holds.

    The folder lies beside the file, whole or not at all.

    Args:
        url: The file's address.
        digest: Its SHA-1 or SHA-256.
        folder: Where both are kept, the cache folder if None.
        inside: Which folder of the file; if None, the one that has the
            file's name without its ending, or all that is in the file.

    Raises:
        DataDamaged: If the file holds no such folder, or is none to unpack.
            Else as get_file.
    """
    name = inside or Path(url).stem.removesuffix('.tar')
    target = Path(folder or cache_folder()) / name
    if target.is_dir():
        return target
    path = get_file(url, digest, folder)
    with tempfile.TemporaryDirectory(dir=path.parent) as part:
        everything = Path(part, 'all')
        source = everything / name
        try:
            shutil.unpack_archive(  # a tar file might write elsewhere
                path, everything,
                filter=None if path.suffix == '.zip' else 'data')
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(source if inside or source.is_dir() else everything,
                       target)
        except Exception as error:  # a damaged file may lead to any
            if not target.is_dir():  # else another process was faster
                raise DataDamaged(f'{path} holds no folder {target.name} '
                                  f'({error})') from error
    return target


def hymenoptera(root=None) -> Path:
    """Return the folder of photographs `{train,val}/{ants,bees}/*.jpg`.

    244 photographs to train with, 153 to validate, of various sizes. From
    PyTorch's transfer-learning tutorial.

    Args:
        root: Where it is looked for and unpacked, the cache folder if None.

    Raises:
        DataNotAvailable: If they are not there and the net is out of reach.
    """
    return get_folder(*HYMENOPTERA, root)
