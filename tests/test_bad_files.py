"""Files that are cut, altered or made to do harm: one clear error each."""

import io
import random
import zipfile

import numpy as np
import pytest
import torch
from torch import nn

from d2lmini import callbacks, data, hub, train
from d2lmini_compat.d2l import DATA_HUB

NUMBERS = [0, 1, 5, -1, 2**40, float('nan'), None, True, '', 'text', '\x1b[2J']
ODD = [*NUMBERS, [], [[]], ['a'], {}, {'a': []}, torch.ones(2), b'']


def changes(raw, count):
    """Give bytes that are cut short, and bytes with one bit turned."""
    dice = random.Random(0)
    yield from (raw[:i] for i in range(0, len(raw), len(raw) // count))
    for _ in range(count):
        changed = bytearray(raw)
        changed[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
        yield bytes(changed)


# Data sets in the cache.


def arrays(**other):
    """Return the four arrays of a small data set, some of them others."""
    images, labels = np.zeros((4, 28, 28), np.uint8), np.zeros(4, np.int64)
    return dict(zip(data.KEYS, [images, labels] * 2)) | other


def as_npz(contents):
    """Return the bytes of an npz file."""
    file = io.BytesIO()
    np.savez(file, **contents)
    return file.getvalue()


def declaring(shape):
    """Return an npz file whose first array says that it is very large."""
    file = io.BytesIO()
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"
    header = header.ljust(117) + '\n'
    with zipfile.ZipFile(file, 'w') as archive:
        for name, array in arrays().items():
            part = io.BytesIO()
            np.save(part, array)
            head = b'\x93NUMPY\x01\x00' + len(header).to_bytes(2, 'little')
            large = name == 'train_images'
            archive.writestr(
                f'{name}.npy',
                head + header.encode() if large else part.getvalue(),
            )
    return file.getvalue()


@pytest.mark.parametrize(
    'content',
    [
        as_npz(arrays(train_labels=np.array(['a'] * 4))),
        as_npz(arrays(train_labels=np.zeros((4, 1), np.int64))),
        as_npz(arrays(train_labels=np.full(4, np.nan))),
        as_npz(arrays(train_labels=np.array([0, 1, 2, 10]))),
        as_npz(arrays(test_labels=np.array([[1], 2, 3, 4], object))),
        as_npz(arrays(train_images=np.uint8(5))),
        as_npz({'train_images': np.zeros(3)}),
        declaring((100_000, 100_000, 28)),
        declaring((-1, 28, 28)),
        declaring('"x" * 10**9'),
        b'',
        b'PK\5\6' + bytes(18),
    ],
)
def test_a_data_set_that_is_none(tmp_path, content):
    (tmp_path / 'a.npz').write_bytes(content)
    with pytest.raises(data.DataDamaged, match=r'a\.npz is truncated or alt'):
        data._read_npz(tmp_path / 'a.npz')


def test_a_data_set_that_was_altered(tmp_path):
    refused = 0
    for content in changes(as_npz(arrays()), 60):
        (tmp_path / 'a.npz').write_bytes(content)
        try:
            found = data._read_npz(tmp_path / 'a.npz')
        except data.DataDamaged:
            refused += 1
        else:  # what was turned holds no data
            assert all((found[k] == v).all() for k, v in arrays().items())
    assert refused > 100


# Checkpoints.


def trained(path):
    """Train for an epoch with a checkpoint; return the history."""
    torch.manual_seed(0)
    images = torch.zeros(8, 1, 6, 6, dtype=torch.uint8)
    train_iter = data.ImageIter(images, torch.arange(8) % 2, 4)
    net = nn.Sequential(nn.Flatten(), nn.Linear(36, 2))
    return train.train_gpu(
        net,
        train_iter,
        None,
        num_epochs=1,
        lr=0.1,
        device='cpu',
        callbacks=[callbacks.Checkpoint(path)],
    )


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory):
    """Return the path and the bytes of a checkpoint."""
    path = tmp_path_factory.mktemp('checkpoint') / 'run.pt'
    trained(path)
    return path, path.read_bytes()


def refuses(path, content):
    """Tell whether a checkpoint is refused, in the words for that."""
    path.write_bytes(content)
    try:
        trained(path)
    except ValueError as error:
        assert 'run.pt is damaged or of another run' in str(error)
        return True
    return False


def test_a_checkpoint_that_was_altered(checkpoint):
    path, raw = checkpoint
    assert not refuses(path, raw)
    assert sum(refuses(path, content) for content in changes(raw, 15)) >= 15


@pytest.mark.parametrize('part', ['history', 'net', 'optimizer', 'rng', 'run'])
def test_a_checkpoint_that_was_made_up(checkpoint, part):
    path, raw = checkpoint
    state = torch.load(io.BytesIO(raw), weights_only=True)
    columns = list(state['history'])
    made_up = [state | {part: odd} for odd in ODD]
    if part == 'history':
        made_up = [
            state | {part: state[part] | {name: odd}}
            for name in columns
            for odd in ODD
        ]
    for content in made_up:
        file = io.BytesIO()
        torch.save(content, file)
        assert refuses(path, file.getvalue()), content[part]


# Archives.


def test_downloads_have_a_checksum():
    """Ants and bees too, by SHA-256."""
    for _, digest in DATA_HUB.values():
        assert len(digest) in (40, 64) and int(digest, 16)
    assert len(hub.HYMENOPTERA[1]) == 64
