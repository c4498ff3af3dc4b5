"""Data sets: where they are found, and iterators that keep them in memory."""
import gzip
import os
import socket
import sys
import tempfile
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np
import torch
import torchvision
from torch.nn import functional as F
from torchvision.datasets.utils import download_and_extract_archive

KEYS = ['train_images', 'train_labels', 'test_images', 'test_labels']
SOURCES = ['cache', 'system', 'download', 'sample']
DOWNLOADS = {'fashion_mnist': torchvision.datasets.FashionMNIST,
             'mnist': torchvision.datasets.MNIST,
             'cifar10': torchvision.datasets.CIFAR10}
SYSTEM = {'fashion_mnist': Path('/usr/share/datasets/fashion-mnist')}
SAMPLES = Path(__file__).parent / 'samples'
HYMENOPTERA_URL = 'https://download.pytorch.org/tutorial/hymenoptera_data.zip'
FASHION_MNIST_LABELS = ['t-shirt', 'trouser', 'pullover', 'dress', 'coat',
                        'sandal', 'shirt', 'sneaker', 'bag', 'ankle boot']
CIFAR10_LABELS = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog',
                  'frog', 'horse', 'ship', 'truck']
told = set()  # the lines that have been said


class DataNotAvailable(RuntimeError):
    """No source has the data set; the message says what was tried."""


class DataDamaged(RuntimeError):
    """A file of data is truncated or altered; the message names it."""


class ImageIter:
    """Walk over images and labels in minibatches, without worker processes.

    images: uint8 (N, C, H, W); labels: (N,). Both are kept on `device`, and
    each minibatch is scaled to floats in [0, 1] there, then resized to
    `resize` (a side or (height, width), in pixels). Gives X (n, C, H, W),
    y (n,); the last minibatch is short when batch_size does not divide N.
    shuffle draws a new order every epoch, from `seed` and the number of the
    epoch, or with seed=None from PyTorch's own random numbers.
    """

    def __init__(self, images, labels, batch_size, *, shuffle=False,
                 resize=None, device='cpu', seed=None, source='memory'):
        if len(images) != len(labels):
            raise ValueError(f'{len(images)} images but {len(labels)} labels')
        if batch_size < 1:
            raise ValueError(f'batch_size must be 1 or more, got {batch_size}')
        self.images = torch.as_tensor(images, device=device)
        self.labels = torch.as_tensor(labels, device=device).long()
        self.batch_size, self.shuffle, self.seed = batch_size, shuffle, seed
        self.resize = (resize, resize) if isinstance(resize, int) else resize
        self.source, self.epoch = source, 0

    def __len__(self):
        return -(-len(self.labels) // self.batch_size)

    def __iter__(self):
        order = self._order().to(self.labels.device)
        self.epoch += 1
        for index in order.split(self.batch_size):
            X = self.images[index].float().div_(255)
            if self.resize is not None:
                X = F.interpolate(X, self.resize, mode='bilinear',
                                  antialias=True)
            yield X, self.labels[index]

    def _order(self):
        n = len(self.labels)
        if not self.shuffle:
            return torch.arange(n)
        if self.seed is None:
            return torch.randperm(n)
        generator = torch.Generator().manual_seed(self.seed + self.epoch)
        return torch.randperm(n, generator=generator)

    def take(self, n):
        """Return an iterator over the first n of the images."""
        if not 1 <= n <= len(self.labels):
            raise ValueError(f'n must be from 1 to {len(self.labels)} '
                             f'(the number of images), got {n}')
        return self._part(slice(n), self.shuffle)

    def split(self, fraction):
        """Return two iterators: the rest, and the last `fraction` of all.

        The second is for validation: it keeps the order of the data. Both
        are the same in every run, so what was held out stays held out.
        """
        n = round(len(self.labels) * fraction)
        if not 0 < n < len(self.labels):
            raise ValueError(f'fraction must leave images on both sides, got '
                             f'{fraction} of {len(self.labels)} images')
        return (self._part(slice(-n), self.shuffle),
                self._part(slice(-n, None), False))

    def to(self, device):
        """Return this iterator with its data on a device, copied once."""
        return self._part(slice(None), self.shuffle, device)

    def _part(self, part, shuffle, device=None):
        return ImageIter(self.images[part], self.labels[part],
                         self.batch_size, shuffle=shuffle, resize=self.resize,
                         device=device or self.labels.device, seed=self.seed,
                         source=self.source)


def load_data_fashion_mnist(batch_size, resize=None, **options):
    """Return (train_iter, test_iter) over Fashion-MNIST, 1x28x28, 10 classes.

    resize: side in pixels. options: validation (a fraction of the training
    images; gives (train_iter, valid_iter, test_iter)), device, seed.
    Where nothing else is had, a sample of 5,000 and 1,000 images is used.
    Raises DataDamaged if a cache is altered. Xiao, Rasul and Vollgraf, 2017,
    arXiv:1708.07747.
    """
    return _load('fashion_mnist', batch_size, resize, **options)


def load_data_mnist(batch_size, resize=None, **options):
    """Return (train_iter, test_iter) over MNIST, 1x28x28, 10 classes.

    Options as for load_data_fashion_mnist. Raises DataNotAvailable if no
    source has the data. LeCun, Cortes and Burges, 1998.
    """
    return _load('mnist', batch_size, resize, **options)


def load_data_cifar10(batch_size, resize=None, **options):
    """Return (train_iter, test_iter) over CIFAR-10, 3x32x32, 10 classes.

    Options as for load_data_fashion_mnist. Raises DataNotAvailable if no
    source has the data. Krizhevsky, 2009.
    """
    return _load('cifar10', batch_size, resize, **options)


def _load(name, batch_size, resize, *, validation=0, device='cpu', seed=None):
    arrays, source = find_arrays(name)
    say(f'{name}: {len(arrays["train_labels"]):,} training and '
        f'{len(arrays["test_labels"]):,} test images from {source}')
    options = dict(resize=resize, device=device, seed=seed,
                   source=source.split()[0])
    train, test = (
        ImageIter(_to_nchw(arrays[f'{part}_images']),
                  arrays[f'{part}_labels'], batch_size,
                  shuffle=part == 'train', **options)
        for part in ['train', 'test'])
    if validation:
        return (*train.split(validation), test)
    return train, test


def _to_nchw(images):
    """Turn uint8 (N, H, W) or (N, H, W, C) into a tensor (N, C, H, W)."""
    images = torch.from_numpy(images)
    if images.ndim == 3:
        return images[:, None]
    return images.permute(0, 3, 1, 2).contiguous()


def say(line):
    """Print a line to the error stream, once in a session."""
    if line not in told:
        told.add(line)
        print(line, file=sys.stderr)


def cache_folder():
    """Return $D2LMINI_DATA, or ~/.cache/d2lmini if that is not set."""
    return Path(os.environ.get('D2LMINI_DATA')
                or '~/.cache/d2lmini').expanduser()


def find_arrays(name):
    """Return a data set's four uint8 arrays and where they came from.

    Looks into the cache, a copy that the system has, the net, the package's
    sample, in this order; $D2LMINI_DATA_SOURCE names one to force it.
    Raises DataNotAvailable with what was tried, DataDamaged with the file.
    """
    forced = os.environ.get('D2LMINI_DATA_SOURCE')
    if forced and forced not in SOURCES:
        raise ValueError(f'D2LMINI_DATA_SOURCE must be one of '
                         f'{", ".join(SOURCES)}, got {forced!r}')
    finders = {'cache': _from_cache, 'system': _from_system,
               'download': _from_download, 'sample': _from_sample}
    tried = []
    for source in [forced] if forced else SOURCES:
        try:
            arrays, where = finders[source](name)
            return arrays, f'{source} ({where})'
        except DataDamaged:
            raise
        except (LookupError, OSError, EOFError, zlib.error,
                RuntimeError) as error:
            tried.append(f'  {source}: {error}')
    raise DataNotAvailable(
        f'{name} is not to be had. Tried:\n' + '\n'.join(tried) + '\nTo get '
        'it, connect to the net and run\n  python -c "from d2lmini import '
        f"data; data.load_data_{name}(1)\"\nor put {name}.npz into "
        f'{cache_folder()}')


def _from_cache(name):
    path = cache_folder() / f'{name}.npz'
    if not path.exists():
        raise LookupError(f'no file {path}')
    return _read_npz(path), path


def _read_npz(path):
    """Read the four arrays; the checksums in the npz find any change."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            data = {key: arrays[key] for key in KEYS}
        for part in ['train', 'test']:
            images, labels = data[f'{part}_images'], data[f'{part}_labels']
            if images.dtype != np.uint8 or images.ndim not in (3, 4) or (
                    labels.shape != images.shape[:1]):
                raise ValueError(f'{part}: images {images.dtype} '
                                 f'{images.shape}, labels {labels.shape}')
    except (zipfile.BadZipFile, ValueError, KeyError, EOFError,
            NotImplementedError, zlib.error, RuntimeError) as error:
        raise DataDamaged(f'{path} is truncated or altered ({error}): '
                          'delete or replace it, then try again') from error
    return data


def _from_system(name):
    if name not in SYSTEM or not SYSTEM[name].exists():
        raise LookupError('no copy where the system keeps data sets')
    folder, data = SYSTEM[name], {}
    for part, prefix in [('train', 'train'), ('test', 't10k')]:
        data[f'{part}_images'] = _read_idx(
            folder / f'{prefix}-images-idx3-ubyte.gz', 16).reshape(-1, 28, 28)
        data[f'{part}_labels'] = _read_idx(
            folder / f'{prefix}-labels-idx1-ubyte.gz', 8)
    return data, folder


def _read_idx(path, header):
    """Read the bytes behind the header; gzip checks them."""
    with gzip.open(path) as file:
        return np.frombuffer(bytearray(file.read()), np.uint8, offset=header)


def _from_download(name):
    """Let torchvision download and check the files, then fill the cache."""
    with tempfile.TemporaryDirectory() as folder, _patience(30):
        data = {}
        for part in ['train', 'test']:
            dataset = DOWNLOADS[name](folder, train=part == 'train',
                                      download=True)
            data[f'{part}_images'] = np.asarray(dataset.data)
            data[f'{part}_labels'] = np.asarray(dataset.targets, np.uint8)
    path = cache_folder() / f'{name}.npz'
    try:
        write_npz(path, data)
    except OSError as error:
        warnings.warn(f'{path} cannot be written ({error}): the data are used '
                      'from memory and will be downloaded again next time')
    return data, f'torchvision, kept in {path}'


def write_npz(path, data):
    """Write arrays under a temporary name, then rename: all or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f'.{os.getpid()}.part')
    try:
        with open(part, 'wb') as file:
            np.savez(file, **data)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _from_sample(name):
    path = SAMPLES / f'{name}.npz'
    if not path.exists():
        raise LookupError('the package has no sample of it')
    return _read_npz(path), path


class _patience:
    """Give up on a silent server after some seconds."""

    def __init__(self, seconds):
        self.seconds = seconds

    def __enter__(self):
        self.before = socket.getdefaulttimeout()
        socket.setdefaulttimeout(self.seconds)

    def __exit__(self, *error):
        socket.setdefaulttimeout(self.before)


def hymenoptera(root=None):
    """Return the folder of photographs of ants and bees, {train,val}/{ants,bees}.

    root: where to look and to unpack, the cache folder if None. 245 and 153
    files. Raises DataNotAvailable if it is not there and the net is out of
    reach. From PyTorch's transfer-learning tutorial.
    """
    root = Path(root) if root is not None else cache_folder()
    folder = root / 'hymenoptera_data'
    if folder.exists():
        return folder
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root) as part, _patience(30):
            download_and_extract_archive(HYMENOPTERA_URL, part)
            os.replace(Path(part) / folder.name, folder)
    except (OSError, RuntimeError, zipfile.BadZipFile) as error:
        if folder.exists():  # another process was faster
            return folder
        raise DataNotAvailable(
            f'the ants and bees are not in {folder} and {HYMENOPTERA_URL} '
            f'cannot be had ({error}): unpack that file into {root}'
        ) from error
    return folder
