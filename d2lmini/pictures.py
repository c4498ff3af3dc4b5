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
# Folders that macOS, network disks and Windows put beside one's own.
SYSTEM_FOLDERS = ('__macosx', '@eadir', 'system volume information')


def open_picture(path: str | os.PathLike,
                 max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Open a picture file as a PIL image of mode RGB, upright.

    Gray, CMYK and palette pictures are converted, transparent ones laid on
    white; more than eight bits are scaled, see to_eight_bits; the camera's
    note on rotation (EXIF) is followed; of an animation the first frame is
    taken.

    Args:
        path: Of the file.
        max_pixels: The most that are decoded, by the size in the header.

    Returns:
        The picture, 8 bits for each of its three colors.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is empty, no whole picture or too large. All name
            the file.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'{path}: there is no such file')
    if path.stat().st_size == 0:
        raise ValueError(f'{path} is empty: it has 0 bytes')
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings('ignore', module='PIL')
            with Image.open(path) as image:
                check_header(image, path, max_pixels)
                cut = ';16' in str(image.tile) and image.mode[0] != 'I'
                picture = ImageOps.exif_transpose(image)
            if cut and np.asarray(picture)[..., :3].max() < 64:
                warnings.warn(f'{path}: of its 16 bits a color only the upper '
                              '8 can be read, and they are nearly black')
            return to_rgb(picture, path)
    except Exception as error:  # a damaged file may lead to any
        why = ('it begins as none of the known formats does'
               if isinstance(error, UnidentifiedImageError) else error)
        raise ValueError(f'{path} cannot be read as a picture: {why}'
                         ) from error


def check_header(image, path, max_pixels):
    """Raise an error by what is known before memory is taken for pixels."""
    width, height = image.size
    if image.format == 'EPS':  # Pillow would run another program on it
        raise ValueError('EPS describes a page for printing, save it as PNG')
    if image.format == 'PNG' and b'IEND' not in path.read_bytes():
        raise ValueError('the file ends early')
    if width * height > max_pixels:
        raise ValueError(
            f'it has {width:,} x {height:,} pixels, more than max_pixels = '
            f'{max_pixels:,}: make it smaller, or raise max_pixels if you '
            'trust the file')


def to_rgb(image, name='picture'):
    """Convert a PIL image of any mode; transparent pixels become white."""
    if image.mode[0] in 'IF':  # more than 8 bits: convert() would cut them
        image = to_eight_bits(image, name)
    if image.has_transparency_data:
        image = image.convert('RGBA')
        white = Image.new('RGBA', image.size, 'white')
        image = Image.alpha_composite(white, image)
    return image.convert('RGB')


def to_eight_bits(image, name):
    """Scale a gray PIL image of whole numbers or floats to 0 to 255.

    Whole numbers fill 16 bits, or else 8, 10, 12, ..., 32, the fewest that
    hold the largest of them: cameras put 12 bits into files of 16. Floats
    reach to 1, or else to their largest. A warning tells of each "or else".

    Raises:
        ValueError: If a number is negative, infinite or not a number.
    """
    numbers = np.asarray(image).astype(float)
    low, high = numbers.min(), numbers.max()
    if not (low >= 0 and high < np.inf):
        raise ValueError(f'its numbers go from {low:g} to {high:g}, wanted '
                         'are finite ones from 0 up')
    if image.mode == 'F':
        top, usual = max(1.0, high), 1
    else:
        bits = max(8, 2 * -(-int(high).bit_length() // 2))
        top, usual = 2 ** bits - 1, 65535
    if high and top != usual:
        warnings.warn(f'{name}: its numbers go up to {high:,.5g}, so white is '
                      f'taken to be {top:,.5g}, not {usual:,}')
    return Image.fromarray((numbers / top * 255).round().astype(np.uint8))


def center_square(image: Image.Image, size: int = 224, share: float = 0.875):
    """Cut the middle out of a picture, as a tensor.

    Args:
        image: A PIL image of any mode.
        size: Height and width of what is returned, in pixels.
        share: Of the picture's shorter side, that the square takes.

    Returns:
        A uint8 tensor of shape (3, size, size).
    """
    import torch
    image = ImageOps.fit(to_rgb(image), (size, size), bleed=(1 - share) / 2)
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()


def load_folder(folder: str | os.PathLike, size: int = 224):
    """Read all pictures of a folder that holds a folder for each class.

    What is no picture is left out: list_pictures tells which files are read,
    and check_images why others are not.

    Args:
        folder: Of the folders of the classes.
        size: Height and width to which center_square cuts each, in pixels.

    Returns:
        The images, uint8 (N, 3, size, size), their labels (N,), the names of
        the classes in the order of the alphabet, and the paths of the files.

    Raises:
        ValueError: If a picture cannot be read, or a class has none. It
            names the file.
    """
    import torch
    classes, bad = list_pictures(folder)
    wrong = [f'{path}: {reason}' for path, reason in bad.items()
             if not reason.startswith('left out')]
    if wrong or not classes:
        raise ValueError('; '.join(wrong) or 'a folder for each class is '
                         f'wanted in {folder}, there is none')
    paths = [path for found in classes.values() for path in found]
    labels = [i for i, found in enumerate(classes.values()) for _ in found]
    return (torch.stack([center_square(open_picture(path), size)
                         for path in paths]),
            torch.tensor(labels), list(classes), paths)


def list_pictures(folder):
    """Find the pictures of each class, and say what else there is.

    Args:
        folder: With a folder for each class, which holds pictures in folders
            of any depth.

    Returns:
        A dictionary with the paths of each class's pictures, and one with a
        reason for all else, which begins with 'left out' where it is no fault.

    Raises:
        ValueError: If there is no such folder.
        PermissionError: If a folder in it may not be entered.
    """
    folder, classes, bad = Path(folder), {}, {}
    if not folder.is_dir():
        raise ValueError(f'a folder of pictures is wanted, got {folder}')
    for path, reason in walk(folder, [folder.resolve()]):
        parts = path.relative_to(folder).parts
        if reason:
            bad[path] = reason
        elif os.path.isdir(path):
            classes.setdefault(parts[0], [])
        elif len(parts) > 1:
            classes[parts[0]].append(path)
        else:
            bad[path] = 'left out: it lies in no folder of a class'
    bad |= {folder / name: 'a class without a picture'
            for name, found in classes.items() if not found}
    return classes, bad


def walk(folder, places):
    """Give each path in a folder, and why it is left out, None if it is not.

    places: real folders that are read, with all that is in them.
    """
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        reason = why_left_out(path, places)
        yield path, reason
        if not reason and os.path.isdir(path):
            yield from walk(path, places)


def why_left_out(path, places):
    """Say why a file or folder is not looked into, None if it is.

    A link to a folder is followed, and added to places, unless it leads into
    one of them or to a folder around one.
    """
    name, picture = path.name.lower(), path.suffix.lower() in IMG_EXTENSIONS
    if name[0] == '.' or name in SYSTEM_FOLDERS:
        return 'left out: it is hidden, or a system made it'
    if not os.path.isdir(path):
        return None if picture else (
            f'left out: no picture ends in {path.suffix or path.name!r}')
    if picture:
        return 'left out: a folder with the name of a picture'
    if os.path.islink(path):
        real = path.resolve()
        if any(real.is_relative_to(place) or place.is_relative_to(real)
               for place in places):
            return 'left out: a link to a folder that is read elsewhere'
        places.append(real)
    return None


def why_bad(path):
    """Return in words why a picture cannot be read, None if it can."""
    try:
        open_picture(path)  # decodes all of it
    except (OSError, ValueError) as error:
        return str(error).removeprefix(str(path)).lstrip(': ')
    return None


def check_images(folder):
    """Name the files of a folder that are no pictures, before training.

    load_folder reads all others, and ImageFolder too if they are left out
    by its is_valid_file. Each picture is decoded in full, even if
    ImageFile.LOAD_TRUNCATED_IMAGES is set. Wrong bytes in the middle of a
    JPEG file may go unnoticed: it has no checksum.

    Args:
        folder: With a folder of pictures for each class.

    Returns:
        A dictionary from the names, relative to folder, of what cannot be
        read or is left out, to the reasons; in order.

    Raises:
        ValueError: If there is no such folder, or nothing in it.
    """
    classes, bad = list_pictures(folder)
    if not classes and not bad:
        raise ValueError(f'there is no file in the folder {folder}')
    lenient = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        for pictures in classes.values():
            reasons = {path: why_bad(path) for path in pictures}
            bad |= {path: why for path, why in reasons.items() if why}
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = lenient
    return {path.relative_to(folder).as_posix(): reason
            for path, reason in sorted(bad.items())}
