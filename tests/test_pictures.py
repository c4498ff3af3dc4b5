"""Pictures of more than eight bits a color: scaled, or named as too dark."""

import struct
import warnings
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from d2lmini.pictures import center_square, open_picture

RAMP = np.linspace(0, 1, 64)[None].repeat(4, axis=0)


def save_png(path, numbers, kind, *chunks):
    """Write 16-bit numbers (H, W, channels) as a PNG, which Pillow cannot."""

    def chunk(name, data):
        return (
            struct.pack('>I', len(data))
            + name
            + data
            + struct.pack('>I', zlib.crc32(name + data))
        )

    height, width = numbers.shape[:2]
    rows = b''.join(b'\0' + row.astype('>u2').tobytes() for row in numbers)
    head = struct.pack('>IIBBBBB', width, height, 16, kind, 0, 0, 0)
    path.write_bytes(
        b'\x89PNG\r\n\x1a\n'
        + chunk(b'IHDR', head)
        + b''.join(chunk(*pair) for pair in chunks)
        + chunk(b'IDAT', zlib.compress(rows))
        + chunk(b'IEND', b'')
    )


def save(path, top, dtype):
    Image.fromarray((RAMP * top).astype(dtype)).save(path)


@pytest.fixture
def silent():
    """Let every warning fail the test."""
    with warnings.catch_warnings(action='error'):
        yield


@pytest.mark.parametrize(
    'name, dtype, top',
    [
        ('a.png', np.uint16, 65535),
        ('a.tif', np.uint16, 65535),
        ('a.tif', np.int32, 65535),
        ('a.tif', np.float32, 1),
    ],
)
def test_full_range_is_read_in_silence(silent, tmp_path, name, dtype, top):
    save(tmp_path / name, top, dtype)
    found = np.asarray(open_picture(tmp_path / name))
    assert abs(found - 255 * RAMP[..., None]).max() <= 1


@pytest.mark.parametrize('bits', [8, 10, 12, 14])
@pytest.mark.parametrize(
    'name, dtype',
    [
        ('a.png', np.uint16),
        ('a.tif', np.uint16),
        ('a.tif', np.int32),
        ('big.tif', '>u2'),
    ],
)
def test_fewer_bits_are_scaled_and_said(tmp_path, name, dtype, bits):
    top = 2**bits - 1
    save(tmp_path / name, top, dtype)
    with pytest.warns(
        UserWarning,
        match=rf'{name}: its numbers go up to '
        rf'{top:,}, so white is taken to be {top:,}, not 65,',
    ):
        found = np.asarray(open_picture(tmp_path / name))
    assert abs(found - 255 * RAMP[..., None]).max() <= 1


@pytest.mark.parametrize('top', [70_000, 2**24, 2**31 - 2**8])
def test_more_bits_are_not_cut_to_white(tmp_path, top):
    save(tmp_path / 'a.tif', top, np.int32)
    with pytest.warns(UserWarning, match='white is taken to be'):
        found = np.asarray(open_picture(tmp_path / 'a.tif'))[0, :, 0]
    assert 60 < found[-1] and (np.diff(found.astype(int)) >= 0).all()
    assert abs(found / found[-1] - RAMP[0]).max() < 0.02


def test_one_scale_for_the_pictures_of_a_camera(tmp_path):
    """Not each its own largest number: brightness would mean nothing."""
    found = []
    for top in [1100, 2200, 4000]:
        save(tmp_path / 'a.png', top, np.uint16)
        with pytest.warns(UserWarning, match='white is taken to be 4,095'):
            found.append(np.asarray(open_picture(tmp_path / 'a.png')).max())
    assert found == [round(top / 4095 * 255) for top in (1100, 2200, 4000)]


def test_floats_beyond_one(tmp_path):
    save(tmp_path / 'a.tif', 300, np.float32)
    with pytest.warns(
        UserWarning, match='go up to 300, so white is taken to be 300, not 1'
    ):
        found = open_picture(tmp_path / 'a.tif')
    assert found.getpixel((63, 0)) == (255,) * 3


@pytest.mark.parametrize(
    'odd, dtype, words',
    [
        (np.nan, np.float32, 'go from nan'),
        (np.inf, np.float32, 'to inf'),
        (-0.5, np.float32, 'go from -0.5 to 1'),
        (-7, np.int32, 'go from -7'),
    ],
)
def test_numbers_that_are_no_brightness(tmp_path, odd, dtype, words):
    numbers = RAMP.astype(dtype)
    numbers[1, 1] = odd
    Image.fromarray(numbers).save(tmp_path / 'a.tif')
    with pytest.raises(ValueError, match=f'a.tif cannot .*{words}.* wanted'):
        open_picture(tmp_path / 'a.tif')


def test_a_black_picture_needs_no_word(silent, tmp_path):
    save(tmp_path / 'a.png', 0, np.uint16)
    assert open_picture(tmp_path / 'a.png').getextrema() == ((0, 0),) * 3


@pytest.mark.parametrize('channels, kind', [(3, 2), (4, 6), (2, 4)])
@pytest.mark.parametrize('bits, dark', [(16, False), (12, True), (8, True)])
def test_sixteen_bits_a_color(tmp_path, channels, kind, bits, dark):
    """Pillow gives their upper eight; that 12 bits look black is said."""
    numbers = (RAMP[..., None] * (2**bits - 1)).repeat(channels, axis=2)
    if channels % 2 == 0:
        numbers[..., -1] = 65535
    save_png(tmp_path / 'a.png', numbers, kind)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter('always')
        found = open_picture(tmp_path / 'a.png')
    assert found.getpixel((63, 0)) == ((2**bits - 1) // 256,) * 3
    assert [str(w.message).split(': ')[1] for w in said] == dark * [
        'of its 16 bits a color only the upper 8 can be read, and they are '
        'nearly black'
    ]


def test_eps_starts_no_other_program(tmp_path, monkeypatch):
    Image.new('RGB', (8, 8)).save(tmp_path / 'a.eps')

    def start(*args, **options):
        raise AssertionError('a program was started')

    monkeypatch.setattr('subprocess.check_call', start)
    monkeypatch.setattr('subprocess.Popen', start)
    with pytest.raises(ValueError, match='a.eps cannot be .* save it as PNG'):
        open_picture(tmp_path / 'a.eps')


@pytest.mark.parametrize('mode', ['1', 'L', 'LA', 'P', 'CMYK', 'HSV', 'RGBA'])
def test_center_square_takes_any_mode(mode):
    X = center_square(Image.new(mode, (30, 20)), 8)
    assert X.shape == (3, 8, 8) and X.dtype == torch.uint8
