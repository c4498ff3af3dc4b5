"""Find the files of a folder that are no whole pictures, before training."""
import os
from pathlib import Path

from PIL import Image, ImageFile
from torchvision.datasets.folder import IMG_EXTENSIONS


def why_bad(path):
    """Return in words why a file is no whole picture, None if it is one."""
    if path.suffix.lower() not in IMG_EXTENSIONS:
        return f'left out: no picture ends in {path.suffix or path.name!r}'
    try:
        with open(path, 'rb') as file:
            start = file.read(12)
            Image.open(file).convert('RGB')  # decodes all of it
    except Image.UnidentifiedImageError:
        return f'not recognized: begins with {start}' if start else 'empty'
    except Exception as error:  # a decoder may raise any
        if path.is_dir():
            return 'a folder with the name of a picture'
        if isinstance(error, OSError) and error.errno:
            return f'unreadable: {error.strerror}'
        return f'cannot be decoded: {error or type(error).__name__}'


def check_images(folder):
    """Return {name: reason} of what ImageFolder cannot read, or leaves out.

    folder: of pictures, in folders of any depth. Names are relative to it,
    in order; hidden files (.name) are left alone. Each picture is decoded in
    full, even if ImageFile.LOAD_TRUNCATED_IMAGES is set. Wrong bytes in the
    middle of a JPEG file may go unnoticed: it has no checksum. Raises
    ValueError if there is no such folder, or no file in it.
    """
    folder, bad = Path(folder), {}
    if not folder.is_dir():
        raise ValueError(f'a folder of pictures is wanted, got {folder}')
    lenient = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        for where, folders, files in os.walk(
                folder, followlinks=True, onerror=lambda error: bad.update(
                    {Path(error.filename): f'unreadable: {error.strerror}'})):
            names = files + [name for name in folders if name.lower().endswith(
                IMG_EXTENSIONS)]
            bad.update((path, why_bad(path)) for path in (
                Path(where, name) for name in names if name[0] != '.'))
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = lenient
    if not bad:
        raise ValueError(f'there is no file in the folder {folder}')
    return {path.relative_to(folder).as_posix(): reason
            for path, reason in sorted(bad.items()) if reason}
