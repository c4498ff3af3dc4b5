"""Pictures from files, whatever kind they are of, as RGB tensors.

PyTorch is imported where it is used: d2lmini.scale.predict starts without it.
"""
import os
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

MAX_PIXELS = 50_000_000  # 150 MB as RGB
# As torchvision.datasets.folder has them, where ImageFolder looks.
IMG_EXTENSIONS = ('.jpg', '.jpeg', '.png', '.ppm', '.bmp', '.pgm', '.tif',
                  '.tiff', '.webp')


def open_picture(path, max_pixels=MAX_PIXELS):
    """Open a picture file as a PIL image of mode RGB, upright.

    Gray, CMYK and palette pictures are converted, transparent ones laid on
    white; the camera's note on rotation (EXIF) is followed; of an animation
    the first frame is taken. Raises FileNotFoundError if there is no such
    file, ValueError if it is empty, no whole picture or has more than
    max_pixels, which is found out before it is decoded. All name the file.
    """
    path = Path(path)
    check_file(path)
    try:
        with warnings.catch_warnings(action='ignore'), Image.open(path) as im:
            check_pixels(im, max_pixels)
            return to_rgb(ImageOps.exif_transpose(im))
    except (TooLarge, Image.DecompressionBombError) as error:
        raise ValueError(f'{path} is too large: {error}') from None
    except UnidentifiedImageError:
        raise ValueError(f'{path} cannot be read as a picture: it begins as '
                         'none of the known formats does') from None
    except Exception as error:  # a damaged file may lead to any
        raise ValueError(f'{path} cannot be read as a picture: {error}'
                         ) from error


def check_file(path):
    """Raise an error that says what is wrong, if there is no full file."""
    if not path.is_file():
        raise FileNotFoundError(f'{path}: ' + (
            'this is a folder, a picture file is wanted' if path.is_dir()
            else 'there is no such file'))
    if path.stat().st_size == 0:
        raise ValueError(f'{path} is empty: it has 0 bytes')


class TooLarge(Exception):
    """The header of a picture announces too many pixels."""


def check_pixels(image, max_pixels):
    """Raise TooLarge by the size in the header, before memory is taken."""
    width, height = image.size
    if width * height > max_pixels:
        raise TooLarge(
            f'it has {width:,} x {height:,} pixels, more than max_pixels = '
            f'{max_pixels:,}: make it smaller, or raise max_pixels if you '
            'trust the file')


def to_rgb(image):
    """Convert a PIL image of any mode; transparent pixels become white."""
    if image.mode[0] in 'IF':  # more than 8 bits: convert() would cut them
        numbers = np.asarray(image).astype(float)
        top = 65535 if image.mode[0] == 'I' else max(1.0, numbers.max())
        image = Image.fromarray((numbers / top * 255).clip(0, 255).astype(
            np.uint8))
    if image.has_transparency_data:
        image = image.convert('RGBA')
        white = Image.new('RGBA', image.size, 'white')
        image = Image.alpha_composite(white, image)
    return image.convert('RGB')


def crop_center(image, size, share):
    """Cut a square out of the middle of a PIL image, scaled to size pixels.

    share: of the shorter side, that the square takes.
    """
    side = share * min(image.size)
    left, top = ((n - side) / 2 for n in image.size)
    return image.resize((size, size), Image.Resampling.BICUBIC,
                        box=(left, top, left + side, top + side))


def center_square(image, size=224, share=0.875):
    """Cut the middle out of a PIL image; return it as (3, size, size).

    share: of the shorter side, that the square takes. The tensor is uint8.
    """
    import torch
    image = crop_center(image, size, share)
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()


def load_folder(folder, size=224):
    """Return images (N, 3, size, size), labels (N,), class names, paths.

    folder: with a folder of pictures for each class, as ImageFolder wants
    them. Files that are not named as pictures are left out. Raises as
    open_picture does if one cannot be read.
    """
    import torch
    from torchvision.datasets import ImageFolder
    found = ImageFolder(folder, loader=open_picture,
                        transform=lambda image: center_square(image, size))
    return (torch.stack([X for X, _ in found]), torch.tensor(found.targets),
            found.classes, [Path(path) for path, _ in found.imgs])


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
