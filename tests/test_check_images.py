"""check_images names every file that load_folder cannot read or leaves out."""

import os
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image, ImageFile
from torchvision.datasets import ImageFolder
from torchvision.datasets.folder import IMG_EXTENSIONS

from d2lmini import pictures
from d2lmini.pictures import check_images, load_folder

PAGE = Path(__file__).parent.parent / 'chapters' / '09_data.ipynb'
NOISE = Image.fromarray(
    np.random.RandomState(0).randint(0, 256, (60, 80, 3), np.uint8)
)


@pytest.fixture
def folder(tmp_path):
    """A folder of two classes with one good picture each."""
    for name in ['cat/good.jpg', 'dog/deep/good.PNG']:
        (tmp_path / name).parent.mkdir(parents=True)
        NOISE.save(tmp_path / name)
    return tmp_path


def half(path):
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def test_good_folder(folder):
    for mode in ['L', 'RGBA', 'P', 'CMYK', '1']:
        ending = 'jpg' if mode == 'CMYK' else 'png'
        NOISE.convert(mode).save(folder / 'cat' / f'{mode[0]}.{ending}')
    Image.fromarray(np.arange(65536, dtype=np.uint16).reshape(256, 256)).save(
        folder / 'cat' / '16 bits.png'
    )
    assert check_images(folder) == check_images(str(folder)) == {}


@pytest.mark.parametrize(
    'ending', ['jpg', 'JPEG', 'png', 'bmp', 'tif', 'webp']
)
def test_truncated(folder, ending):
    path = folder / 'cat' / f'cut.{ending}'
    NOISE.save(path)
    half(path)
    bad = check_images(folder)
    assert list(bad) == [f'cat/cut.{ending}']
    assert bad[f'cat/cut.{ending}'].startswith('cannot be read as a picture: ')


@pytest.mark.parametrize(
    'name, content, reason',
    [
        ('empty.jpg', b'', 'is empty: it has 0 bytes'),
        (
            'page.jpg',
            b'<html>not found</html>',
            'cannot be read as a picture: it begins as none of the known '
            'formats',
        ),
        ('head.png', b'\x89PNG\r\n\x1a\n', 'cannot be read as a picture: '),
        ('notes.txt', b'', "left out: no picture ends in '.txt'"),
        ('Thumbs.db', b'', "left out: no picture ends in '.db'"),
        ('README', b'', "left out: no picture ends in 'README'"),
    ],
)
def test_what_is_wrong(folder, name, content, reason):
    (folder / 'dog' / 'deep' / name).write_bytes(content)
    bad = check_images(folder)
    assert list(bad) == [f'dog/deep/{name}']
    assert bad[f'dog/deep/{name}'].startswith(reason)


def test_all_are_named_in_order(folder):
    for name in ['dog/b.jpg', 'cat/10.jpg', 'cat/2.jpg']:
        (folder / name).write_bytes(b'')
    assert list(check_images(folder)) == [
        'cat/10.jpg',
        'cat/2.jpg',
        'dog/b.jpg',
    ]


def test_file_that_may_not_be_read(folder, monkeypatch):
    """Whoever runs this, and on whatever system."""
    really_open = Image.open

    def guarded(path, *args, **options):
        if Path(path).name == 'good.jpg':
            raise PermissionError(13, 'Permission denied', str(path))
        return really_open(path, *args, **options)

    monkeypatch.setattr(Image, 'open', guarded)
    (reason,) = check_images(folder).values()
    assert 'cannot be read as a picture' in reason
    assert 'Permission denied' in reason
    with pytest.raises(ValueError, match='good.jpg .*Permission denied'):
        load_folder(folder)


def test_folder_that_may_not_be_entered(folder, monkeypatch):
    really_list = Path.iterdir

    def guarded(path):
        if path.name == 'deep':
            raise PermissionError(13, 'Permission denied', str(path))
        return really_list(path)

    monkeypatch.setattr(Path, 'iterdir', guarded)
    for read in [check_images, load_folder]:
        with pytest.raises(PermissionError, match='deep'):
            read(folder)


def test_lenient_mode_hides_nothing_and_is_put_back(folder, monkeypatch):
    half(folder / 'cat' / 'good.jpg')
    monkeypatch.setattr(ImageFile, 'LOAD_TRUNCATED_IMAGES', True)
    ImageFolder(folder)[0]  # half a picture, and no error
    assert list(check_images(folder)) == ['cat/good.jpg']
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True


def test_huge_picture_is_reported(folder, monkeypatch):
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 1000)
    assert all(
        'exceeds limit' in reason for reason in check_images(folder).values()
    )
    assert len(check_images(folder)) == 2


def test_reported_is_what_image_folder_cannot_read(folder):
    rng = np.random.RandomState(1)
    whole = (folder / 'cat' / 'good.jpg').read_bytes()
    for i in range(40):  # cut anywhere, or with wrong bytes
        part = bytearray(whole[: rng.randint(1, len(whole) + 1)])
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


@pytest.mark.parametrize(
    'name, words',
    [
        ('nowhere', 'a folder of pictures is wanted, got .*nowhere'),
        ('cat/good.jpg', 'a folder of pictures is wanted, got .*good.jpg'),
        ('none', 'there is no file in the folder .*none'),
    ],
)
def test_nothing_to_look_at_is_an_error(folder, name, words):
    (folder / 'none').mkdir()
    with pytest.raises(ValueError, match=words):
        check_images(folder / name)
    with pytest.raises(ValueError, match='wanted'):
        load_folder(folder / name)


# What systems, programs and people leave beside the pictures


def test_endings_are_those_of_image_folder():
    assert pictures.IMG_EXTENSIONS == IMG_EXTENSIONS


def put(path, content=b'no picture'):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@pytest.mark.parametrize(
    'name, reported, reason',
    [
        (
            'cat/._good.jpg',
            'cat/._good.jpg',
            'left out: it is hidden, or a system made it',
        ),
        (
            '.DS_Store',
            '.DS_Store',
            'left out: it is hidden, or a system made it',
        ),
        (
            '.ipynb_checkpoints/a-checkpoint.jpg',
            '.ipynb_checkpoints',
            'left out: it is hidden, or a system made it',
        ),
        (
            'cat/.ipynb_checkpoints/good.jpg',
            'cat/.ipynb_checkpoints',
            'left out: it is hidden, or a system made it',
        ),
        (
            '__MACOSX/cat/._good.jpg',
            '__MACOSX',
            'left out: it is hidden, or a system made it',
        ),
        (
            'cat/@eaDir/good.jpg',
            'cat/@eaDir',
            'left out: it is hidden, or a system made it',
        ),
        (
            'stray.jpg',
            'stray.jpg',
            'left out: it lies in no folder of a class',
        ),
        (
            'cat/x.jpg/y.png',
            'cat/x.jpg',
            'left out: a folder with the name of a picture',
        ),
        (
            'cat/desktop.ini',
            'cat/desktop.ini',
            "left out: no picture ends in '.ini'",
        ),
        (
            'cat/photo.heic',
            'cat/photo.heic',
            "left out: no picture ends in '.heic'",
        ),
    ],
)
def test_left_out_by_checker_and_reader(folder, name, reported, reason):
    put(folder / name)
    assert check_images(folder) == {reported: reason}
    X, y, classes, paths = load_folder(folder, size=8)
    assert classes == ['cat', 'dog'] and y.tolist() == [0, 1]
    assert X.shape == (2, 3, 8, 8)
    assert [path.name for path in paths] == ['good.jpg', 'good.PNG']


@pytest.mark.parametrize('name', [None, 'phone.heic', '._a.jpg'])
def test_class_without_a_picture(folder, name):
    (folder / 'empty').mkdir()
    if name:
        put(folder / 'empty' / name)
    assert check_images(folder)['empty'] == 'a class without a picture'
    with pytest.raises(ValueError, match='empty: a class without a picture'):
        load_folder(folder)


def test_pictures_without_folders_of_classes(tmp_path):
    NOISE.save(tmp_path / 'a.jpg')
    assert check_images(tmp_path) == {
        'a.jpg': 'left out: it lies in no folder of a class'
    }
    with pytest.raises(ValueError, match='a folder for each class is wanted'):
        load_folder(tmp_path)


def link_to(target, path):
    """Make a link; skip where the system lets only administrators do so."""
    try:
        os.symlink(target, path)
    except OSError as error:
        pytest.skip(f'no links here: {error}')


@pytest.mark.parametrize(
    'link, target',
    [
        ('cat/loop', '.'),
        ('cat/loop', 'cat'),
        ('dog/deep/loop', 'dog'),
        ('cat/other', 'dog'),
        ('alias', 'dog'),
        ('cat/part', 'dog/deep'),
        ('cat/up', '..'),
    ],
)
def test_links_back_are_not_followed(folder, link, target):
    link_to(folder / target, folder / link)
    assert check_images(folder) == {
        link: 'left out: a link to a folder that is read elsewhere'
    }
    assert len(load_folder(folder, size=8)[1]) == 2


def test_two_folders_that_link_to_each_other(folder):
    for name, other in ['ab', 'ba']:
        (folder / 'cat' / name).mkdir()
        link_to(folder / 'cat' / other, folder / 'cat' / name / 'link')
    assert list(check_images(folder)) == ['cat/a/link', 'cat/b/link']


def test_links_to_other_places_are_followed(folder, tmp_path_factory):
    outside = tmp_path_factory.mktemp('outside')
    NOISE.save(outside / 'c.png')
    link_to(outside, folder / 'cat' / 'more')
    link_to(outside / 'c.png', folder / 'dog' / 'b.png')
    link_to(outside / 'nothing', folder / 'dog' / 'gone.png')
    bad = check_images(folder)
    assert bad == {'dog/gone.png': 'there is no such file'}
    with pytest.raises(FileNotFoundError, match='gone.png'):
        load_folder(folder)
    (folder / 'dog' / 'gone.png').unlink()
    assert load_folder(folder, size=8)[1].tolist() == [0, 0, 1, 1]


@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='no pipes here')
def test_a_pipe_is_no_picture(folder):
    """Reading it would wait for ever."""
    os.mkfifo(folder / 'cat' / 'pipe.jpg')
    assert check_images(folder) == {'cat/pipe.jpg': 'there is no such file'}


def test_checker_and_reader_see_the_same(folder):
    """What is not named is read, and the order is ImageFolder's."""
    for name in [
        'dog/10.jpg',
        'dog/2.jpg',
        'Bird/a.png',
        'cat/Z.JPG',
        'cat/.hidden.png',
        '.git/x/y.png',
    ]:
        put(folder / name)
        NOISE.save(folder / name)
    put(folder / 'cat' / 'cut.jpg', b'\xff\xd8')
    bad = check_images(folder)
    with pytest.raises(ValueError, match='cut.jpg'):
        load_folder(folder)
    (folder / 'cat' / 'cut.jpg').unlink()
    read = [
        path.relative_to(folder).as_posix()
        for path in load_folder(folder, size=8)[3]
    ]
    files = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob('*.*')
        if path.is_file()
    }
    assert files - set(read) == {'cat/.hidden.png', '.git/x/y.png'}
    assert set(bad) == {'cat/.hidden.png', '.git', 'cat/cut.jpg'}
    for path in [*folder.glob('.git/x/y.png'), folder / 'cat/.hidden.png']:
        path.unlink()
    (folder / '.git' / 'x').rmdir()
    (folder / '.git').rmdir()
    found = ImageFolder(folder)
    assert [str(folder / name) for name in read] == [
        path for path, _ in found.imgs
    ]
    assert load_folder(folder, size=8)[1].tolist() == found.targets


def test_the_page_builds_it():
    code = [
        c.source for c in nbformat.read(PAGE, 4).cells if c.cell_type == 'code'
    ]
    for name in ['why_bad', 'check_images']:
        assert sum(f'def {name}(' in source for source in code) == 1
