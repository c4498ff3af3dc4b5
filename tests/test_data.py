"""Data sets: where they come from, and what is never taken for data."""

import errno
import functools
import gzip
import hashlib
import http.server
import importlib.util
import io
import itertools
import os
import pickle
import random
import shutil
import socket
import struct
import tarfile
import threading
import time
import zipfile
from pathlib import Path

import children
import numpy as np
import pytest
import torch
from torch.nn import functional as F

import d2lmini as d2l
from d2lmini import data, hub
from d2lmini.data import DataDamaged, DataNotAvailable, ImageIter
from d2lmini_compat.d2l import DATA_HUB

ROOT = Path(__file__).parent.parent


def make_arrays(seed=0, shape=(28, 28), n_train=30, n_test=20):
    rng = np.random.default_rng(seed)
    return {
        f'{part}_{kind}': rng.integers(0, high, (n, *size), np.uint8)
        for part, n in [('train', n_train), ('test', n_test)]
        for kind, high, size in [('images', 256, shape), ('labels', 10, ())]
    }


def same(one, two):
    return one.keys() == two.keys() and all(
        np.array_equal(one[key], two[key]) for key in one
    )


def idx_files(arrays):
    """Return {name: bytes} as MNIST and Fashion-MNIST are distributed."""
    files = {}
    for (part, prefix), kind in itertools.product(
        [('train', 'train'), ('test', 't10k')], ['images', 'labels']
    ):
        array = arrays[f'{part}_{kind}']
        header = struct.pack(
            f'>HBB{array.ndim}I', 0, 8, array.ndim, *array.shape
        )
        files[f'{prefix}-{kind}-idx{array.ndim}-ubyte.gz'] = gzip.compress(
            header + array.tobytes(), mtime=0
        )
    return files


def put_system(folder, arrays):
    folder.mkdir(parents=True)
    for name, contents in idx_files(arrays).items():
        (folder / name).write_bytes(contents)


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """An empty cache, no system, no net, no sample: give the cache folder."""
    monkeypatch.setenv('D2LMINI_DATA', str(tmp_path / 'cache'))
    monkeypatch.delenv('D2LMINI_DATA_SOURCE', raising=False)
    monkeypatch.setenv('no_proxy', '*')
    monkeypatch.setattr(data, 'SYSTEM', tmp_path / 'systems')
    monkeypatch.setattr(data, 'SAMPLES', tmp_path / 'samples')
    monkeypatch.setattr(
        hub,
        'HYMENOPTERA',
        ('http://127.0.0.1:1/hymenoptera_data.zip', '0' * 64),
    )
    for dataset in data.DOWNLOADS.values():
        monkeypatch.setattr(dataset, 'mirrors', ['http://127.0.0.1:1/'], False)
    monkeypatch.setattr(
        data.DOWNLOADS['cifar10'], 'url', 'http://127.0.0.1:1/cifar'
    )
    hub.say.cache_clear()
    return tmp_path / 'cache'


class Server(http.server.ThreadingHTTPServer):
    """Serve `files` on loopback. cut: names whose connection breaks in the
    middle. stall: names that are begun, then nothing for half a minute."""

    daemon_threads = True

    def __init__(self):
        super().__init__(('127.0.0.1', 0), Handler)
        self.files, self.cut, self.stall, self.asked = {}, set(), set(), []
        self.url = f'http://127.0.0.1:{self.server_port}/'

    def serve_set(self, monkeypatch, dataset, arrays):
        """Stand in for the mirrors of an MNIST-like set of torchvision."""
        self.files |= idx_files(arrays)
        monkeypatch.setattr(dataset, 'mirrors', [self.url])
        monkeypatch.setattr(
            dataset,
            'resources',
            [
                (name, hashlib.md5(contents).hexdigest())
                for name, contents in idx_files(arrays).items()
            ],
        )


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name, server = self.path[1:], self.server
        server.asked.append(name)
        if name not in server.files:
            return self.send_error(404)
        contents = server.files[name]
        self.send_response(200)
        self.send_header('Content-Length', len(contents))
        self.end_headers()
        if name in server.cut | server.stall:
            contents = contents[: len(contents) // 2]
        self.wfile.write(contents)
        end = time.monotonic() + 30
        while name in server.stall and time.monotonic() < end:
            time.sleep(0.01)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.stall.clear()
        server.shutdown()
        thread.join()


@pytest.fixture
def fashion(server, monkeypatch):
    """A server with a tiny Fashion-MNIST; give its arrays."""
    arrays = make_arrays(seed=3)
    server.serve_set(monkeypatch, data.DOWNLOADS['fashion_mnist'], arrays)
    return arrays


# Where data are found


def test_sources_in_their_order(nowhere, fashion, server, monkeypatch):
    cached, system, sample = (make_arrays(seed) for seed in [1, 2, 4])
    data.write_npz(data.SAMPLES / 'fashion_mnist.npz', sample)
    server.files.clear()
    arrays, source = data.find_arrays('fashion_mnist')
    assert source == 'sample' and same(arrays, sample)

    server.files |= idx_files(fashion)
    arrays, source = data.find_arrays('fashion_mnist')
    assert source == 'download' and same(arrays, fashion)

    (nowhere / 'fashion_mnist.npz').unlink()
    put_system(data.SYSTEM / 'fashion-mnist', system)
    server.asked.clear()
    arrays, source = data.find_arrays('fashion_mnist')
    assert source == 'system' and same(arrays, system)

    data.write_npz(nowhere / 'fashion_mnist.npz', cached)
    arrays, source = data.find_arrays('fashion_mnist')
    assert source == 'cache' and same(arrays, cached)
    assert server.asked == []

    for forced, expected in [
        ('cache', cached),
        ('system', system),
        ('download', fashion),
        ('sample', sample),
    ]:
        monkeypatch.setenv('D2LMINI_DATA_SOURCE', forced)
        arrays, source = data.find_arrays('fashion_mnist')
        assert source == forced and same(arrays, expected)


def test_cache_folder(monkeypatch, tmp_path):
    assert data.cache_folder() == tmp_path / 'cache'
    for value, folder in [('~/x', 'x'), ('', '.cache/d2lmini')]:
        monkeypatch.setenv('D2LMINI_DATA', value)
        assert data.cache_folder() == Path.home() / folder
    monkeypatch.delenv('D2LMINI_DATA')
    assert data.cache_folder() == Path.home() / '.cache/d2lmini'


def test_a_wrong_forced_source_is_an_error(monkeypatch):
    monkeypatch.setenv('D2LMINI_DATA_SOURCE', 'Sample')
    with pytest.raises(
        ValueError,
        match='DATA_SOURCE must be one of cache, '
        "system, download, sample, got 'Sample'",
    ):
        data.load_data_fashion_mnist(8)


@pytest.mark.parametrize('name', ['fashion_mnist', 'mnist', 'cifar10'])
def test_not_available_says_all(name, nowhere):
    with pytest.raises(DataNotAvailable) as error:
        getattr(data, f'load_data_{name}')(8)
    text = str(error.value)
    assert text.startswith(f'{name} is not to be had.')
    for tried in ['cache', 'system', 'download', 'sample']:
        assert f'\n  {tried}: ' in text
    assert str(nowhere / f'{name}.npz') in text and 'refused' in text
    assert text.endswith(
        'Connect to the net and try again, or get the file '
        f'in another way and put it at {nowhere / name}.npz'
    )
    assert 'unset' not in text


def test_not_available_when_the_source_is_forced(monkeypatch):
    monkeypatch.setenv('D2LMINI_DATA_SOURCE', 'sample')
    with pytest.raises(
        DataNotAvailable, match='D2LMINI_DATA_SOURCE is set; unset it'
    ) as error:
        data.load_data_mnist(8)
    assert 'download:' not in str(error.value)


def test_the_source_is_said_once_in_one_line(nowhere, capfd):
    data.write_npz(nowhere / 'mnist.npz', make_arrays(n_train=1200))
    for _ in range(2):
        train_iter, test_iter = data.load_data_mnist(8)
    out, err = capfd.readouterr()
    assert err == 'mnist: 1,200 training and 20 test images, source: cache\n'
    assert out == ''
    parts = [train_iter, test_iter, train_iter.take(3), *train_iter.split(0.5)]
    assert {part.source for part in parts} == {'cache'}


# What the loaders give


@pytest.mark.parametrize(
    'name, shape, channels',
    [
        ('fashion_mnist', (28, 28), 1),
        ('mnist', (28, 28), 1),
        ('cifar10', (32, 32, 3), 3),
    ],
)
def test_loaders(name, shape, channels, nowhere):
    arrays = make_arrays(shape=shape)
    data.write_npz(nowhere / f'{name}.npz', arrays)
    load = getattr(data, f'load_data_{name}')
    train_iter, test_iter = load(8)
    assert train_iter.shuffle and not test_iter.shuffle
    assert (len(train_iter), len(test_iter)) == (4, 3)
    X, y = next(iter(test_iter))
    expected = (
        torch.tensor(arrays['test_images'][:8])
        .reshape(8, *shape[:2], channels)
        .permute(0, 3, 1, 2)
        / 255
    )
    torch.testing.assert_close(X, expected)
    assert y.tolist() == arrays['test_labels'][:8].tolist()
    assert next(iter(load(8, resize=15)[0]))[0].shape == (8, channels, 15, 15)


def test_loader_options(nowhere):
    arrays = make_arrays()
    data.write_npz(nowhere / 'mnist.npz', arrays)
    train, valid, test = data.load_data_mnist(8, validation=0.1, seed=5)
    sizes = [len(part.labels) for part in (train, valid, test)]
    assert sizes == [27, 3, 20]
    assert valid.labels.tolist() == arrays['train_labels'][27:].tolist()
    assert [part.shuffle for part in (train, valid, test)] == [
        True,
        False,
        False,
    ]
    first = [y.tolist() for _, y in train]
    again = data.load_data_mnist(8, validation=0.1, seed=5)[0]
    assert [y.tolist() for _, y in again] == first
    with pytest.raises(TypeError, match='sede'):
        data.load_data_mnist(8, sede=5)


# Downloads


def test_a_download_fills_the_cache(nowhere, fashion, server):
    arrays, source = data.find_arrays('fashion_mnist')
    assert source == 'download' and same(arrays, fashion)
    assert os.listdir(nowhere) == ['fashion_mnist.npz']
    server.asked.clear()
    arrays, source = data.find_arrays('fashion_mnist')
    assert source == 'cache' and same(arrays, fashion) and not server.asked


def cifar_archive(arrays):
    """Return the tar.gz of CIFAR-10 and the checksums of its members."""
    members = {'batches.meta': {'label_names': data.CIFAR10_LABELS}}
    for i in range(6):
        part, where = (
            ('train', slice(5 * i, 5 * i + 5))
            if i < 5
            else ('test', slice(None))
        )
        images = arrays[f'{part}_images'][where].transpose(0, 3, 1, 2)
        members[f'data_batch_{i + 1}' if i < 5 else 'test_batch'] = {
            'data': images.reshape(len(images), -1),
            'labels': arrays[f'{part}_labels'][where].tolist(),
        }
    file, sums = io.BytesIO(), {}
    with tarfile.open(fileobj=file, mode='w:gz') as archive:
        for name, contents in members.items():
            contents = pickle.dumps(contents)
            info = tarfile.TarInfo(f'cifar-10-batches-py/{name}')
            info.size = len(contents)
            archive.addfile(info, io.BytesIO(contents))
            sums[name] = hashlib.md5(contents).hexdigest()
    return file.getvalue(), sums


def test_cifar10_download(nowhere, server, monkeypatch):
    arrays = make_arrays(shape=(32, 32, 3), n_train=25)
    server.files['c.tar.gz'], sums = cifar_archive(arrays)
    cifar = data.DOWNLOADS['cifar10']
    monkeypatch.setattr(cifar, 'url', server.url + 'c.tar.gz')
    monkeypatch.setattr(
        cifar, 'tgz_md5', hashlib.md5(server.files['c.tar.gz']).hexdigest()
    )
    monkeypatch.setattr(
        cifar, 'meta', cifar.meta | {'md5': sums.pop('batches.meta')}
    )
    monkeypatch.setattr(
        cifar, 'test_list', [['test_batch', sums.pop('test_batch')]]
    )
    monkeypatch.setattr(cifar, 'train_list', [list(i) for i in sums.items()])
    for expected in ['download', 'cache']:
        found, source = data.find_arrays('cifar10')
        assert source == expected and same(found, arrays)


def spoil(server, name, way):
    if way == 'not there':
        del server.files[name]
    elif way == 'altered':
        server.files[name] = idx_files(make_arrays(seed=9))[name]
    else:
        getattr(server, way).add(name)


@pytest.mark.parametrize(
    'name', ['train-images-idx3-ubyte.gz', 't10k-labels-idx1-ubyte.gz']
)
@pytest.mark.parametrize(
    'way, says',
    [
        ('not there', '404'),
        ('altered', 'corrupted'),
        ('cut', 'corrupted|read'),
        ('stall', 'timed out'),
    ],
)
def test_a_failed_download_leaves_nothing(
    nowhere, fashion, server, name, way, says, monkeypatch
):
    spoil(server, name, way)
    monkeypatch.setattr(data, 'TIMEOUT', 1 if way == 'stall' else 30)
    before = socket.getdefaulttimeout()
    with pytest.raises(DataNotAvailable, match=rf'download: .*({says})'):
        data.load_data_fashion_mnist(8)
    assert name in server.asked and not nowhere.exists()
    assert socket.getdefaulttimeout() == before
    server.files |= idx_files(fashion)
    for names in (server.cut, server.stall):
        names.clear()
    arrays, source = data.find_arrays('fashion_mnist')
    assert source == 'download' and same(arrays, fashion)


def load_from(url, sums, cache):
    """Child: load Fashion-MNIST from a server into a cache."""
    os.environ |= {
        'D2LMINI_DATA': cache,
        'D2LMINI_DATA_SOURCE': 'download',
        'no_proxy': '*',
    }
    data.DOWNLOADS['fashion_mnist'].mirrors = [url]
    data.DOWNLOADS['fashion_mnist'].resources = sums
    data.find_arrays('fashion_mnist')


def test_a_killed_download_leaves_nothing(nowhere, fashion, server):
    last = 't10k-labels-idx1-ubyte.gz'
    server.stall.add(last)
    child = children.start(
        load_from,
        server.url,
        data.DOWNLOADS['fashion_mnist'].resources,
        str(nowhere),
    )
    while last not in server.asked:
        assert child.is_alive()
        time.sleep(0.01)
    children.kill(child)
    assert not nowhere.exists()
    server.stall.clear()
    arrays, source = data.find_arrays('fashion_mnist')
    assert source == 'download' and same(arrays, fashion)


# A cache that cannot be written


def deny_by_file(cache, monkeypatch):
    cache.write_text('a file where the folder should be')


def deny_by_full_disk(cache, monkeypatch):
    def write(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(np, 'savez', write)


def deny_by_rename(cache, monkeypatch):
    def replace(*args):
        raise PermissionError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, 'replace', replace)


@pytest.mark.parametrize(
    'deny', [deny_by_file, deny_by_full_disk, deny_by_rename]
)
def test_data_are_used_from_memory_if_the_cache_is_denied(
    deny, nowhere, fashion, monkeypatch
):
    deny(nowhere, monkeypatch)
    with pytest.warns(
        UserWarning,
        match=r'fashion_mnist\.npz cannot be '
        r'written \(\[Errno .*used from memory',
    ):
        train_iter, _ = data.load_data_fashion_mnist(64)
    assert train_iter.source == 'download'
    ((X, y),) = train_iter
    assert len(X) == 30 and sorted(y) == sorted(fashion['train_labels'])
    assert not nowhere.is_dir() or os.listdir(nowhere) == []


def write_with_little_room(path, room):
    """Child: the kernel cuts every file that grows beyond `room` bytes."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    try:
        data.write_npz(path, make_arrays())
    except OSError as error:
        os._exit(error.errno)


@pytest.mark.parametrize('room', [0, 1, 4096, 20000, 40000])
def test_a_disk_that_fills_up_leaves_the_old_cache(nowhere, room):
    pytest.importorskip('resource')
    path, old = nowhere / 'mnist.npz', make_arrays(seed=8)
    data.write_npz(path, old)
    assert path.stat().st_size > 40000
    child = children.start(write_with_little_room, path, room)
    child.join()
    assert child.exitcode == errno.EFBIG
    assert os.listdir(nowhere) == ['mnist.npz']
    assert same(data.find_arrays('mnist')[0], old)


# Several processes, and processes that are killed


def write_on_and_on(path, seed):
    arrays = make_arrays(seed, n_train=3000)
    while True:
        data.write_npz(path, arrays)


def test_a_cache_whose_writer_is_killed_is_whole_or_not_there(nowhere):
    rng, written, cut = random.Random(0), 0, 0
    arrays = make_arrays(n_train=3000)
    for _ in range(25):
        child = children.start(write_on_and_on, nowhere / 'mnist.npz', 0)
        while not list(nowhere.glob('*.part')):
            assert child.is_alive()
        time.sleep(rng.uniform(0, 0.02))
        children.kill(child)
        cut += len(list(nowhere.glob('*.part')))
        try:
            found, source = data.find_arrays('mnist')
        except DataNotAvailable:
            assert not (nowhere / 'mnist.npz').exists()
        else:
            written += 1
            assert source == 'cache' and same(found, arrays)
        for path in nowhere.iterdir():
            path.unlink()
    assert written and cut, 'kill earlier and later'


def test_two_processes_write_at_once(nowhere):
    path = nowhere / 'mnist.npz'
    writers = [children.start(write_on_and_on, path, seed) for seed in (0, 1)]
    whole = [make_arrays(seed, n_train=3000) for seed in (0, 1)]
    seen = set()
    try:
        while not path.exists() or len(seen) < 2:
            assert all(writer.is_alive() for writer in writers)
            if path.exists():
                found, _ = data.find_arrays('mnist')
                seen |= {i for i in (0, 1) if same(found, whole[i])} or {'bad'}
        assert seen == {0, 1}
    finally:
        for writer in writers:
            children.kill(writer)


# Damaged caches


@functools.cache
def npz_bytes(save):
    file = io.BytesIO()
    save(file, **make_arrays(shape=(2, 3), n_train=4, n_test=3))
    return file.getvalue()


def load_bytes(folder, contents):
    """Load a cache with these contents: its arrays, None if damaged."""
    path = folder / 'mnist.npz'
    path.write_bytes(contents)
    try:
        arrays, source = data.find_arrays('mnist')
    except DataDamaged as error:
        assert str(path) in str(error) and 'delete' in str(error)
        return None
    assert source == 'cache'
    return arrays


@pytest.fixture
def folder(nowhere):
    nowhere.mkdir()
    return nowhere


@pytest.mark.parametrize('save', [np.savez, np.savez_compressed])
def test_a_truncated_cache_is_found(folder, save):
    contents = npz_bytes(save)
    assert load_bytes(folder, contents) is not None
    for length in range(len(contents)):
        assert load_bytes(folder, contents[:length]) is None, length


@pytest.mark.parametrize('save', [np.savez, np.savez_compressed])
def test_an_altered_byte_is_found_or_changes_nothing(folder, save):
    contents, rng = npz_bytes(save), random.Random(0)
    original, found = load_bytes(folder, contents), 0
    for i in range(len(contents)):
        altered = bytearray(contents)
        altered[i] ^= rng.choice([1 << rng.randrange(8), 255])
        arrays = load_bytes(folder, altered)
        found += arrays is None
        assert arrays is None or same(arrays, original), i
    assert found > len(contents) / 2


def test_an_altered_image_is_always_found(folder):
    contents = npz_bytes(np.savez)
    images = make_arrays(shape=(2, 3), n_train=4)['train_images'].tobytes()
    start = contents.index(images)
    for i, bit in itertools.product(
        range(start, start + len(images)), range(8)
    ):
        altered = bytearray(contents)
        altered[i] ^= 1 << bit
        assert load_bytes(folder, altered) is None


def test_a_damaged_cache_is_not_passed_over(folder, monkeypatch):
    """Not even when other sources have the data: the reader must know."""
    data.write_npz(data.SAMPLES / 'fashion_mnist.npz', make_arrays())
    path = folder / 'fashion_mnist.npz'
    path.write_bytes(npz_bytes(np.savez)[:-100])
    with pytest.raises(DataDamaged, match=r'fashion_mnist\.npz is truncated'):
        data.load_data_fashion_mnist(8)
    monkeypatch.setenv('D2LMINI_DATA_SOURCE', 'sample')
    assert data.load_data_fashion_mnist(8)[0].source == 'sample'


X, Y = make_arrays()['train_images'], make_arrays()['train_labels']


@pytest.mark.parametrize(
    'wrong',
    [
        {'train_images': X / 255},
        {'test_images': X.astype(np.int16)[:20]},
        {'train_images': X[:29]},
        {'train_labels': Y[:29]},
        {'train_labels': Y.astype(float)},
        {'test_labels': np.zeros((20, 1), int)},
        {'train_images': X[:0], 'train_labels': Y[:0]},
        {'test_images': np.zeros((20, 3, 3), np.uint8)},
        {'train_images': np.zeros(30, np.uint8)},
        {
            f'{part}_images': np.zeros(
                (n, 3, 32, 32), np.uint8
            )  # NCHW, not NHWC
            for part, n in [('train', 30), ('test', 20)]
        },
        {'train_labels': Y.astype(object)},
        {'train_images': None},
        {'train_labels': np.where(Y == 3, 10, Y)},
        {'test_labels': np.full(20, 255, np.uint8)},
        {'train_labels': Y.astype(int) - 1},
    ],
    ids=lambda wrong: '+'.join(wrong),
)
def test_an_npz_with_other_arrays_is_refused(folder, wrong):
    arrays = {
        key: value
        for key, value in (make_arrays() | wrong).items()
        if value is not None
    }
    np.savez(folder / 'mnist.npz', **arrays)
    with pytest.raises(DataDamaged, match=r'mnist\.npz'):
        data.load_data_mnist(8)


def test_files_that_are_no_npz_are_refused(folder):
    array = io.BytesIO()
    np.save(array, X)
    for contents in [b'', b'<html>', array.getvalue(), pickle.dumps(X)]:
        assert load_bytes(folder, contents) is None


# A damaged system copy is passed over


@pytest.mark.parametrize('name', idx_files(make_arrays()))
def test_a_damaged_system_copy_is_never_used(name):
    put_system(data.SYSTEM / 'mnist', make_arrays())
    assert data.find_arrays('mnist')[1] == 'system'
    path = data.SYSTEM / 'mnist' / name
    whole = path.read_bytes()
    other = idx_files(make_arrays(n_train=29, n_test=19))[name]
    cuts = [whole[:n] for n in range(0, len(whole), len(whole) // 40 + 1)]
    for contents in [*cuts, other, None]:
        path.unlink()
        if contents is not None:
            path.write_bytes(contents)
        else:
            path.mkdir()
        with pytest.raises(DataNotAvailable, match='system: '):
            data.find_arrays('mnist')


def test_an_altered_system_copy_is_never_used():
    arrays = make_arrays()
    put_system(data.SYSTEM / 'mnist', arrays)
    path = data.SYSTEM / 'mnist' / 'train-labels-idx1-ubyte.gz'
    whole = path.read_bytes()
    for i in range(len(whole)):
        path.write_bytes(whole[:i] + bytes([whole[i] ^ 16]) + whole[i + 1 :])
        try:
            assert same(data.find_arrays('mnist')[0], arrays), i
        except DataNotAvailable:
            pass


def test_labels_outside_of_the_classes_are_named(folder):
    arrays = make_arrays() | {'test_labels': np.arange(20)}
    data.write_npz(folder / 'cifar10.npz', arrays)
    with pytest.raises(
        DataDamaged,
        match=r'cifar10\.npz .*testing: .* from '
        '0 to 19, wanted are 0 to 9',
    ):
        data.load_data_cifar10(8)
    put_system(
        data.SYSTEM / 'mnist',
        arrays | {'test_labels': np.arange(20, dtype=np.uint8)},
    )
    with pytest.raises(DataNotAvailable, match='system: testing: .* from'):
        data.load_data_mnist(8)


# Files from the net: DATA_HUB


def zip_of(files):
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w') as archive:
        for name, contents in files.items():
            archive.writestr(name, contents)
    return file.getvalue()


def tar_of(files, mode='w:gz'):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:
        for name, contents in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(contents)
            archive.addfile(info, io.BytesIO(contents))
    return file.getvalue()


@pytest.fixture
def offer(server, monkeypatch):
    """Give a function that puts a file into DATA_HUB and on the server."""

    def put(name, file, contents, kind='sha1'):
        server.files[file] = contents
        digest = hashlib.new(kind, contents).hexdigest()
        monkeypatch.setitem(DATA_HUB, name, (server.url + file, digest))

    return put


def names_in(folder):
    return sorted(
        path.relative_to(folder).as_posix()
        for path in Path(folder).rglob('*')
        if path.is_file()
    )


@pytest.mark.parametrize('kind', ['sha1', 'sha256'])
def test_a_file_is_downloaded_once(nowhere, offer, server, kind, capfd):
    offer('prices', 'prices.csv', b'1,2', kind)
    for _ in range(2):
        path = d2l.download('prices')
        assert path == str(nowhere / 'prices.csv')
        assert Path(path).read_bytes() == b'1,2'
    assert server.asked == ['prices.csv'] and os.listdir(nowhere) == [
        'prices.csv'
    ]
    assert capfd.readouterr().err == f'downloading {server.url}prices.csv\n'
    assert d2l.download('prices', nowhere / 'other') == str(
        nowhere / 'other' / 'prices.csv'
    )


def test_a_file_with_another_checksum_is_downloaded_again(
    nowhere, offer, server
):
    offer('prices', 'prices.csv', b'1,2')
    nowhere.mkdir()
    (nowhere / 'prices.csv').write_bytes(b'older')
    assert Path(d2l.download('prices')).read_bytes() == b'1,2'
    assert server.asked == ['prices.csv']


@pytest.mark.parametrize(
    'way, says',
    [
        ('not there', '404'),
        ('cut', 'its checksum is|IncompleteRead'),
        ('stall', 'timed out'),
        ('altered', 'its checksum is [0-9a-f]{40}, wanted is [0-9a-f]{40}'),
    ],
)
def test_a_download_that_fails_leaves_what_there_was(
    nowhere, offer, server, way, says, monkeypatch
):
    offer('prices', 'prices.csv', b'1,2' * 99)
    nowhere.mkdir()
    (nowhere / 'prices.csv').write_bytes(b'older')
    if way == 'altered':
        server.files['prices.csv'] = b'1,3' * 99
    else:
        spoil(server, 'prices.csv', way)
        monkeypatch.setattr(hub, 'TIMEOUT', 1 if way == 'stall' else 30)
    with pytest.raises(DataNotAvailable, match=says) as error:
        d2l.download('prices')
    assert f'put it at {nowhere / "prices.csv"}' in str(error.value)
    assert (nowhere / 'prices.csv').read_bytes() == b'older'
    assert os.listdir(nowhere) == ['prices.csv']


def test_a_name_that_is_not_in_the_hub():
    for get in [d2l.download, d2l.download_extract]:
        with pytest.raises(
            ValueError, match="'cats' is none of DATA_HUB: hymenoptera; add"
        ):
            get('cats')


HOTDOG = {
    'train/hotdog/0.png': b'a',
    'train/not-hotdog/0.png': b'b',
    'test/hotdog/1.png': b'c',
}


@pytest.mark.parametrize(
    'file, pack',
    [
        ('hotdog.zip', zip_of),
        ('hotdog.tar', lambda f: tar_of(f, 'w')),
        ('hotdog.tar.gz', tar_of),
        ('hotdog.tgz', tar_of),
    ],
)
@pytest.mark.parametrize('top', ['hotdog/', ''])
def test_download_extract(nowhere, offer, server, file, pack, top):
    offer('hotdog', file, pack({top + k: v for k, v in HOTDOG.items()}))
    for _ in range(2):
        folder = d2l.download_extract('hotdog')
        assert folder == str(nowhere / 'hotdog')
        assert names_in(folder) == sorted(HOTDOG)
    (nowhere / file).unlink()  # what was unpacked is enough
    assert d2l.download_extract('hotdog') == folder
    assert server.asked == [file] and os.listdir(nowhere) == ['hotdog']


def test_as_d2l_writes_it(nowhere, server):
    """Its lines for the hot dogs, with another address."""
    server.files['hotdog.zip'] = zip_of(
        {'hotdog/' + name: content for name, content in HOTDOG.items()}
    )
    url, digest = (
        server.url,
        hashlib.sha1(server.files['hotdog.zip']).hexdigest(),
    )
    assert d2l.DATA_URL == 'http://d2l-data.s3-accelerate.amazonaws.com/'
    d2l.DATA_HUB['hotdog'] = (url + 'hotdog.zip', digest)
    try:
        data_dir = d2l.download_extract('hotdog')
        found = os.listdir(os.path.join(data_dir, 'train'))
        assert sorted(found) == ['hotdog', 'not-hotdog']
    finally:
        del DATA_HUB['hotdog']


def test_a_folder_inside_of_an_archive(nowhere, offer):
    offer(
        'voc2012',
        'VOCtrainval_11-May-2012.tar',
        tar_of(
            {'VOCdevkit/VOC2012/a.txt': b'a', 'VOCdevkit/other': b'b'}, 'w'
        ),
    )
    folder = d2l.download_extract('voc2012', 'VOCdevkit/VOC2012')
    assert folder == str(nowhere / 'VOCdevkit' / 'VOC2012')
    assert names_in(folder) == ['a.txt']
    with pytest.raises(DataDamaged, match='May-2012.tar holds no folder VOC7'):
        d2l.download_extract('voc2012', 'VOCdevkit/VOC7')


def link_out():
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode='w') as archive:
        info = tarfile.TarInfo('evil/link')
        info.type, info.linkname = tarfile.SYMTYPE, '../../..'
        archive.addfile(info)
    return file.getvalue()


@pytest.mark.parametrize(
    'file, contents',
    [
        ('evil.tar', tar_of({'evil/../../../out': b'x'})),
        ('evil.tar', tar_of({'../out': b'x'})),
        ('evil.tar', link_out()),
        (
            'evil.zip',
            zip_of({'../../out': b'x', '/out': b'y', 'evil/../../out': b'z'}),
        ),
        ('evil.csv', b'1,2'),
        ('evil.zip', zip_of({})),
    ],
    ids=['under', 'above', 'link', 'zip', 'no archive', 'empty'],
)
def test_nothing_gets_out_of_the_folder(nowhere, offer, file, contents):
    """zipfile leaves '..' out of names, tarfile refuses such an archive."""
    offer('evil', file, contents)
    try:
        folder = d2l.download_extract('evil')
    except DataDamaged as error:
        assert str(nowhere / file) in str(error)
        assert os.listdir(nowhere) == [file]
    else:
        assert file == 'evil.zip' and Path(folder) == nowhere / 'evil'
    assert sorted(os.listdir(nowhere.parent)) == ['cache']
    assert not Path('/out').exists()


def test_dataloader_workers(monkeypatch):
    for cores, workers in [(64, 4), (4, 4), (2, 2), (None, 1)]:
        monkeypatch.setattr(os, 'cpu_count', lambda n=cores: n)
        assert d2l.get_dataloader_workers() == workers


def test_fashion_mnist_labels():
    labels = torch.tensor([9, 0])
    assert d2l.get_fashion_mnist_labels(labels) == ['ankle boot', 't-shirt']
    with pytest.raises(IndexError):
        d2l.get_fashion_mnist_labels([10])


# Ants and bees


def photographs():
    return {
        f'hymenoptera_data/{part}/{i}.jpg': b'\xff\xd8' + bytes([i])
        for part in ['train/ants', 'train/bees', 'val/ants', 'val/bees']
        for i in range(7)
    }


@pytest.fixture
def insects(offer, monkeypatch):
    offer(
        'hymenoptera', 'hymenoptera_data.zip', zip_of(photographs()), 'sha256'
    )
    monkeypatch.setattr(hub, 'HYMENOPTERA', DATA_HUB['hymenoptera'])


def test_hymenoptera(nowhere, insects, server, tmp_path):
    for root, expected in [
        (None, nowhere),
        (str(tmp_path / 'x'), tmp_path / 'x'),
    ]:
        server.asked.clear()
        for _ in range(2):
            folder = data.hymenoptera(root)
            assert folder == expected / 'hymenoptera_data'
        assert server.asked == ['hymenoptera_data.zip']
        files = {
            str(path.relative_to(expected)): path.read_bytes()
            for path in folder.rglob('*.jpg')
        }
        assert files == photographs()
        assert sorted(os.listdir(expected)) == [
            'hymenoptera_data',
            'hymenoptera_data.zip',
        ]


def test_hymenoptera_has_a_checksum(monkeypatch):
    """Of the file at this address, as PyTorch's tutorials check it."""
    monkeypatch.undo()
    assert (
        hub.HYMENOPTERA
        == DATA_HUB['hymenoptera']
        == (
            'https://download.pytorch.org/tutorial/hymenoptera_data.zip',
            'fbc41b31d544714d18dd1230b1e2b455e1557766e13e67f9f5a7a23af7c02209',
        )
    )


@pytest.mark.parametrize('way', ['not there', 'cut', 'altered', 'other'])
def test_hymenoptera_not_available(nowhere, insects, server, way):
    name = 'hymenoptera_data.zip'
    if way == 'altered':  # a photograph, and the zip's own checksums
        other = photographs() | {
            'hymenoptera_data/val/bees/5.jpg': b'\xff\xd8\xff'
        }
        server.files[name] = zip_of(other)
    elif way == 'other':
        server.files[name] = zip_of({})
    else:
        spoil(server, name, way)
    with pytest.raises(DataNotAvailable) as error:
        data.hymenoptera()
    text = str(error.value)
    assert text.startswith('hymenoptera_data.zip is not to be had')
    assert server.url in text and str(nowhere / name) in text
    assert os.listdir(nowhere) == []


def test_hymenoptera_when_another_process_is_faster(
    nowhere, insects, monkeypatch
):
    really_unpack = shutil.unpack_archive

    def slow(path, folder, **options):
        really_unpack(path, folder)
        really_unpack(path, nowhere)

    monkeypatch.setattr(shutil, 'unpack_archive', slow)
    assert data.hymenoptera() == nowhere / 'hymenoptera_data'


# ImageIter


def make_iter(n=10, batch_size=4, **options):
    images = torch.randint(
        0,
        256,
        (n, 3, 5, 6),
        dtype=torch.uint8,
        generator=torch.Generator().manual_seed(0),
    )
    return ImageIter(images, torch.arange(n), batch_size, **options)


def walk(data_iter):
    """Return the labels of each minibatch."""
    return [y.tolist() for _, y in data_iter]


@pytest.mark.parametrize(
    'n, batch_size, sizes',
    [
        (10, 4, [4, 4, 2]),
        (8, 4, [4, 4]),
        (9, 4, [4, 4, 1]),
        (3, 4, [3]),
        (1, 1, [1]),
    ],
)
def test_image_iter_walks_over_all(n, batch_size, sizes):
    data_iter = make_iter(n, batch_size)
    assert len(data_iter) == len(sizes)
    for _ in range(3):
        batches = list(data_iter)
        assert [len(X) for X, _ in batches] == sizes
        assert torch.cat([y for _, y in batches]).equal(torch.arange(n))
        X = torch.cat([X for X, _ in batches])
        assert X.dtype == torch.float32
        torch.testing.assert_close(X, data_iter.images / 255, rtol=0, atol=0)


def test_image_iter_shuffles_images_with_their_labels():
    data_iter = make_iter(50, 7, shuffle=True)
    first, second = list(data_iter), list(data_iter)
    for batches in (first, second):
        y = torch.cat([y for _, y in batches])
        assert sorted(y.tolist()) == list(range(50))
        assert torch.cat([X for X, _ in batches]).equal(
            data_iter.images[y] / 255
        )
    assert walk(first) != walk(second)


def test_image_iter_repeats_with_its_seed():
    def two_walks(seed):
        data_iter = make_iter(50, 7, shuffle=True, seed=seed)
        return walk(data_iter), walk(data_iter)

    torch.manual_seed(0)
    first = two_walks(1)
    assert first == two_walks(1) and first[0] != first[1]
    orders = [*first, *two_walks(2)]  # a seed is not another seed's epoch
    assert len(set(map(str, orders))) == 4


def test_image_iter_without_a_seed_takes_pytorchs():
    data_iter = make_iter(50, 7, shuffle=True)
    torch.manual_seed(3)
    first = walk(data_iter)
    torch.manual_seed(3)
    assert walk(data_iter) == first


def test_walks_at_the_same_time_do_not_mix():
    data_iter = make_iter(20, 4, shuffle=True, seed=0)
    for (_, a), (_, b) in zip(data_iter, data_iter):
        assert not a.equal(b)
    one, two = iter(data_iter), iter(data_iter)
    labels = [next(walk)[1] for _ in range(5) for walk in (one, two)]
    assert torch.cat(labels[::2]).sort()[0].equal(torch.arange(20))


@pytest.mark.parametrize(
    'resize, size', [(9, (9, 9)), ((3, 11), (3, 11)), (4, (4, 4))]
)
def test_image_iter_resizes_as_interpolate_does(resize, size):
    data_iter = make_iter(resize=resize)
    X = torch.cat([X for X, _ in data_iter])
    torch.testing.assert_close(
        X,
        F.interpolate(
            data_iter.images / 255, size, mode='bilinear', antialias=True
        ),
    )


def test_image_iter_keeps_bytes_and_copies_nothing():
    images = np.zeros((6, 1, 4, 4), np.uint8)
    data_iter = ImageIter(images, np.zeros(6, int), 2, resize=8)
    list(data_iter)
    kept = [v for v in vars(data_iter).values() if torch.is_tensor(v)]
    assert {v.dtype for v in kept} == {torch.uint8, torch.int64}
    parts = [
        data_iter,
        data_iter.take(3),
        *data_iter.split(0.5),
        data_iter.to('cpu'),
    ]
    storages = {part.images.untyped_storage().data_ptr() for part in parts}
    assert storages == {images.ctypes.data}


def test_take():
    data_iter = make_iter(10, 4, shuffle=True, resize=7, seed=1)
    part = data_iter.take(6)
    assert sorted(sum(walk(part), [])) == list(range(6)) and len(part) == 2
    assert (part.shuffle, part.resize, part.seed) == (True, 7, 1)
    assert len(data_iter.take(10)) == len(data_iter)
    for n in [0, -1, 11]:
        with pytest.raises(ValueError, match=rf'from 1 to 10 .*got {n}'):
            data_iter.take(n)


def test_split():
    train, valid = make_iter(10, 4, shuffle=True).split(0.3)
    assert sorted(sum(walk(train), [])) == list(range(7)) and train.shuffle
    assert walk(valid) == [[7, 8, 9]]
    for fraction in [0, 1, 0.04, 1.5, -0.2, True]:
        with pytest.raises(ValueError, match=f'got {fraction} of 10 images'):
            make_iter(10).split(fraction)


def test_to_moves_the_data_once(monkeypatch):
    moved = make_iter(shuffle=True, seed=4).to('meta')
    split = torch.Tensor.split

    def split_order(order, size):
        assert order.device.type == 'meta'  # one copy for all minibatches
        return split(order, size)

    monkeypatch.setattr(torch.Tensor, 'split', split_order)
    assert moved.images.device.type == moved.labels.device.type == 'meta'
    assert (moved.shuffle, moved.seed, moved.source) == (True, 4, 'memory')
    X, y = next(iter(moved))
    assert X.device.type == y.device.type == 'meta'  # scaled there


def test_to_begins_with_a_fresh_seed():
    data_iter = make_iter(50, 7, shuffle=True, seed=4)
    first = walk(data_iter)
    assert walk(data_iter.to('cpu')) == first


BYTES = np.zeros((2, 1, 4, 4), np.uint8)


@pytest.mark.parametrize(
    'images, labels, batch_size, message',
    [
        (torch.zeros(2, 1, 4, 4), [0, 1], 1, 'uint8 .*got torch.float32'),
        (np.zeros((2, 1, 4, 4)), [0, 1], 1, 'uint8 .*got torch.float64'),
        (BYTES[:, 0], [0, 1], 1, r'got torch.uint8 \(2, 4, 4\)'),
        (BYTES[:0], [], 1, r'got torch.uint8 \(0, 1, 4, 4\)'),
        (BYTES[:, :, :0], [0, 1], 1, r'got torch.uint8 \(2, 1, 0, 4\)'),
        (
            np.zeros((2, 28, 28, 3), np.uint8),
            [0, 1],
            1,
            r'\(2, 28, 28, 3\) look like \(N, H, W, C\).*'
            r'permute\(0, 3, 1, 2\)',
        ),
        (BYTES, [0], 1, r'\(2,\), got .* \(1,\): \[0\]'),
        (BYTES, [[0], [1]], 1, r'got .* \(2, 1\)'),
        (BYTES, [0.0, 1.0], 1, 'got torch.float32'),
        (BYTES, [False, True], 1, 'got torch.bool'),
        (BYTES, [0, -1], 1, r'from 0 up .*\[0, -1\]'),
        (BYTES, np.array([0, 1j]), 1, 'got torch.complex'),
        *(
            (BYTES, [0, 1], size, f'batch_size must be 1 or more, got {size}')
            for size in [0, -1]
        ),
    ],
)
def test_image_iter_refuses(images, labels, batch_size, message):
    with pytest.raises(ValueError, match=message):
        ImageIter(images, labels, batch_size)


@pytest.mark.parametrize('size', [2.5, '4', None])
def test_a_minibatch_of_no_whole_number(size):
    with pytest.raises(TypeError):
        ImageIter(BYTES, [0, 1], size)


@pytest.mark.parametrize('dtype', [np.uint8, np.int8, np.uint16, np.uint64])
def test_numbers_of_numpy_are_numbers(dtype):
    data_iter = ImageIter(
        BYTES,
        np.array([0, 7], dtype),
        np.int64(2),
        resize=np.int32(5),
        seed=np.int64(3),
        shuffle=True,
    )
    ((X, y),) = data_iter
    assert X.shape == (2, 1, 5, 5) and sorted(y.tolist()) == [0, 7]
    assert len(data_iter.take(np.int64(1))) == 1
    halves = data_iter.split(np.float32(0.5))
    assert [len(part.labels) for part in halves] == [1, 1]


# The sample inside the package


SAMPLE = ROOT / 'd2lmini' / 'samples' / 'fashion_mnist.npz'


def load_tool():
    spec = importlib.util.spec_from_file_location(
        'make_sample', ROOT / 'tools' / 'make_sample.py'
    )
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


@pytest.fixture
def sample(monkeypatch):
    monkeypatch.setattr(data, 'SAMPLES', SAMPLE.parent)
    monkeypatch.setenv('D2LMINI_DATA_SOURCE', 'sample')
    return data.find_arrays('fashion_mnist')[0]


def test_sample_is_small_and_even(sample):
    assert SAMPLE.stat().st_size <= 3_000_000
    for part, n in [('train', 5000), ('test', 1000)]:
        images, labels = sample[f'{part}_images'], sample[f'{part}_labels']
        assert images.shape == (n, 28, 28) and images.dtype == np.uint8
        tens = np.sort(labels.reshape(-1, 10), axis=1)
        assert (tens == np.arange(10)).all()
        assert len(np.unique(images, axis=0)) > 0.99 * n
        assert not (labels.reshape(-1, 10) == labels[:10]).all()


def test_sample_has_its_license():
    text = (SAMPLE.parent / 'LICENSE-fashion-mnist').read_text()
    for words in [
        'MIT License',
        'Copyright (c) 2017 Zalando SE',
        'Permission is hereby granted, free of charge',
        'AS IS',
    ]:
        assert words in text


def test_sample_comes_from_the_full_set(sample, monkeypatch):
    monkeypatch.undo()  # the real sources
    monkeypatch.delenv('D2LMINI_DATA_SOURCE', raising=False)
    tool = load_tool()
    try:
        arrays = tool.full_arrays()
    except DataNotAvailable as error:
        pytest.skip(str(error))
    assert len(arrays['train_labels']) == 60000
    assert same(tool.make_sample(arrays), sample)


def test_sample_tool_does_not_sample_the_sample(sample):
    with pytest.raises(DataNotAvailable, match='only the sample'):
        load_tool().full_arrays()


def test_altered_sample_is_found(sample, tmp_path, monkeypatch):
    monkeypatch.setattr(data, 'SAMPLES', tmp_path)
    contents, rng = SAMPLE.read_bytes(), random.Random(0)
    for _ in range(10):
        i = rng.randrange(len(contents))
        (tmp_path / SAMPLE.name).write_bytes(
            contents[:i] + bytes([contents[i] ^ 1]) + contents[i + 1 :]
        )
        with pytest.raises(DataDamaged, match=r'fashion_mnist\.npz'):
            data.find_arrays('fashion_mnist')
