"""check_images finds every file that ImageFolder cannot read, by name."""
import builtins
import os
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image, ImageFile
from torchvision.datasets import ImageFolder

from d2lmini.data import check_images

PAGE = Path(__file__).parent.parent / 'chapters' / '09_data.ipynb'
NOISE = Image.fromarray(np.random.RandomState(0).randint(
    0, 256, (60, 80, 3), np.uint8))


@pytest.fixture
def folder(tmp_path):
    """A folder of two classes with one good picture each."""
    for name in ['cat/good.jpg', 'dog/deep/good.PNG']:
        (tmp_path / name).parent.mkdir(parents=True)
        NOISE.save(tmp_path / name)
    return tmp_path


def half(path):
    whole = path.read_bytes()
    path.write_bytes(whole[:len(whole) // 2])


def test_good_folder(folder):
    for mode in ['L', 'RGBA', 'P', 'CMYK', '1', 'I;16']:
        ending = 'jpg' if mode == 'CMYK' else 'png'
        NOISE.convert('L' if mode == 'I;16' else mode).save(
            folder / 'cat' / f'{mode[0]}.{ending}')
    (folder / 'cat' / '.hidden').write_text('left alone')
    assert check_images(folder) == check_images(str(folder)) == {}


@pytest.mark.parametrize('ending', ['jpg', 'JPEG', 'png', 'bmp', 'tif',
                                    'webp'])
def test_truncated(folder, ending):
    path = folder / 'cat' / f'cut.{ending}'
    NOISE.save(path)
    half(path)
    bad = check_images(folder)
    assert list(bad) == [f'cat/cut.{ending}']
    assert bad[f'cat/cut.{ending}'].startswith('cannot be decoded: ')


@pytest.mark.parametrize('name, content, reason', [
    ('empty.jpg', b'', 'empty'),
    ('page.jpg', b'<html>not found</html>',
     "not recognized: begins with b'<html>not fo'"),
    ('notes.txt', b'', "left out: no picture ends in '.txt'"),
    ('README', b'', "left out: no picture ends in 'README'"),
    ('head.png', b'\x89PNG\r\n\x1a\n', 'not recognized: begins with '),
])
def test_what_is_wrong(folder, name, content, reason):
    (folder / 'dog' / 'deep' / name).write_bytes(content)
    bad = check_images(folder)
    assert list(bad) == [f'dog/deep/{name}']
    assert bad[f'dog/deep/{name}'].startswith(reason)


def test_all_are_named_in_order(folder):
    for name in ['dog/b.jpg', 'cat/10.jpg', 'cat/2.jpg']:
        (folder / name).write_bytes(b'')
    assert list(check_images(folder)) == ['cat/10.jpg', 'cat/2.jpg',
                                          'dog/b.jpg']


def test_folder_with_the_name_of_a_picture(folder):
    (folder / 'cat' / 'x.jpg').mkdir()
    assert check_images(folder) == {
        'cat/x.jpg': 'a folder with the name of a picture'}


def test_file_that_may_not_be_read(folder, monkeypatch):
    """Whoever runs this, and on whatever system."""
    really_open = builtins.open

    def guarded(path, *args, **options):
        if Path(path).name == 'good.jpg':
            raise PermissionError(13, 'Permission denied', str(path))
        return really_open(path, *args, **options)

    monkeypatch.setattr(builtins, 'open', guarded)
    assert check_images(folder) == {
        'cat/good.jpg': 'unreadable: Permission denied'}


def test_folder_that_may_not_be_entered(folder, monkeypatch):
    def walk(top, onerror=None, followlinks=False):
        yield str(top), ['cat'], []
        onerror(PermissionError(13, 'Permission denied',
                                os.path.join(top, 'cat')))

    monkeypatch.setattr(os, 'walk', walk)
    assert check_images(folder) == {'cat': 'unreadable: Permission denied'}


def test_lenient_mode_hides_nothing_and_is_put_back(folder, monkeypatch):
    half(folder / 'cat' / 'good.jpg')
    monkeypatch.setattr(ImageFile, 'LOAD_TRUNCATED_IMAGES', True)
    ImageFolder(folder)[0]  # half a picture, and no error
    assert list(check_images(folder)) == ['cat/good.jpg']
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True


def test_huge_picture_is_reported(folder, monkeypatch):
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 1000)
    assert all('exceeds limit' in reason
               for reason in check_images(folder).values())
    assert len(check_images(folder)) == 2


def test_reported_is_what_image_folder_cannot_read(folder):
    rng = np.random.RandomState(1)
    whole = (folder / 'cat' / 'good.jpg').read_bytes()
    for i in range(40):  # cut anywhere, or with wrong bytes
        part = bytearray(whole[:rng.randint(1, len(whole) + 1)])
        for _ in range(i % 3):
            part[rng.randint(len(part))] ^= 255
        (folder / 'cat' / f'{i}.jpg').write_bytes(part)
    bad, found = check_images(folder), ImageFolder(folder)
    for i, (path, _) in enumerate(found.imgs):
        name = Path(path).relative_to(folder).as_posix()
        try:
            found[i]
            assert name not in bad
        except Exception:
            assert name in bad
    assert 10 < len(bad) < 41


@pytest.mark.parametrize('name, words', [
    ('nowhere', 'a folder of pictures is wanted, got .*nowhere'),
    ('cat/good.jpg', 'a folder of pictures is wanted, got .*good.jpg'),
    ('none', 'there is no file in the folder .*none')])
def test_nothing_to_look_at_is_an_error(folder, name, words):
    (folder / 'none' / 'inner').mkdir(parents=True)
    with pytest.raises(ValueError, match=words):
        check_images(folder / name)


def test_the_page_builds_it():
    code = [c.source for c in nbformat.read(PAGE, 4).cells
            if c.cell_type == 'code']
    for name in ['why_bad', 'check_images']:
        assert sum(f'def {name}(' in source for source in code) == 1
