"""Data sets: where they are found, and iterators that keep them in memory."""
import contextlib
import gzip
import os
import socket
import sys
import tempfile
import warnings
import zipfile
import zlib
from http.client import HTTPException
from pathlib import Path

import numpy as np
import torch
import torchvision
from torch.nn import functional as F
from torchvision.datasets.utils import download_and_extract_archive

from d2lmini.pictures import check_images  # noqa: F401
from d2lmini.utils import check_zip, written_whole

KEYS = ['train_images', 'train_labels', 'test_images', 'test_labels']
DOWNLOADS = {'fashion_mnist': torchvision.datasets.FashionMNIST,
             'mnist': torchvision.datasets.MNIST,
             'cifar10': torchvision.datasets.CIFAR10}
SYSTEM = {'fashion_mnist': Path('/usr/share/datasets/fashion-mnist')}
SAMPLES = Path(__file__).parent / 'samples'
HYMENOPTERA_URL = 'https://download.pytorch.org/tutorial/hymenoptera_data.zip'
HYMENOPTERA_COUNTS = {'train/ants': 123, 'train/bees': 121,
                      'val/ants': 70, 'val/bees': 83}
FASHION_MNIST_LABELS = ['t-shirt', 'trouser', 'pullover', 'dress', 'coat',
                        'sandal', 'shirt', 'sneaker', 'bag', 'ankle boot']
CIFAR10_LABELS = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog',
                  'frog', 'horse', 'ship', 'truck']
# What a file that is missing or bad, a network or a full disk may raise.
FAILURES = (OSError, EOFError, LookupError, ValueError, RuntimeError,
            HTTPException, zipfile.BadZipFile, zlib.error)
told = set()  # the lines that have been said


class DataNotAvailable(Exception):
    """No source has the data set; the message says what was tried."""


class DataDamaged(Exception):
    """A file of data is truncated or altered; the message names it."""


class ImageIter:
    """Walk over images and labels in minibatches, without worker processes.

    images: uint8 (N, C, H, W); labels: whole numbers (N,). They are kept on
    `device`, and each minibatch is scaled to floats in [0, 1] there, then
    resized to `resize` (a side or (height, width), in pixels). Gives X (n,
    C, H, W), y (n,); the last minibatch may be short. shuffle draws a new
    order for every walk, from `seed`, or from PyTorch's own random numbers.
    augment: changes each minibatch X, after resizing (random_crop, or several
    in a v2.Compose); mix: changes X and y together (mixup, cutmix). Their
    random numbers are PyTorch's. split() gives neither to its second part.
    Raises ValueError if the data or the batch size are of another kind.
    """

    def __init__(self, images, labels, batch_size, *, shuffle=False,
                 resize=None, device='cpu', seed=None, source='memory',
                 augment=None, mix=None):
        self.images = torch.as_tensor(images, device=device)
        self.labels = torch.as_tensor(labels, device=device)
        self._check(batch_size)
        self.labels = self.labels.long()
        self.batch_size, self.shuffle = batch_size, shuffle
        self.resize = (resize, resize) if isinstance(resize, int) else resize
        self.source, self.seed, self.generator = source, seed, None
        self.augment, self.mix = augment, mix
        if seed is not None:
            self.generator = torch.Generator().manual_seed(seed)

    def _check(self, batch_size):
        images, labels = self.images, self.labels
        if images.dtype != torch.uint8 or images.ndim != 4:
            raise ValueError('images must be uint8 of shape (N, C, H, W), got '
                             f'{images.dtype} {tuple(images.shape)}')
        if labels.is_floating_point() or labels.shape != images.shape[:1]:
            raise ValueError(f'labels must be whole numbers ({len(images)},), '
                             f'got {labels.dtype} {tuple(labels.shape)}')
        if batch_size < 1:
            raise ValueError(f'batch_size must be 1 or more, got {batch_size}')

    def __len__(self):
        return -(-len(self.labels) // self.batch_size)

    def __iter__(self):
        n = len(self.labels)
        order = (torch.randperm(n, generator=self.generator) if self.shuffle
                 else torch.arange(n)).to(self.labels.device)
        for index in order.split(self.batch_size):
            X = self.images[index].float().div_(255)
            if self.resize is not None:
                X = F.interpolate(X, self.resize, mode='bilinear',
                                  antialias=True)
            if self.augment is not None:
                X = self.augment(X)
            y = self.labels[index]
            yield (X, y) if self.mix is None else self.mix(X, y)

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
            raise ValueError('fraction must leave images on both sides, got '
                             f'{fraction} of {len(self.labels)} images')
        valid = self._part(slice(-n, None), False)
        valid.augment = valid.mix = None
        return self._part(slice(-n), self.shuffle), valid

    def to(self, device):
        """Return this iterator, its seed fresh, with its data on a device."""
        return self._part(slice(None), self.shuffle, device)

    def _part(self, part, shuffle, device=None):
        return ImageIter(self.images[part], self.labels[part],
                         self.batch_size, shuffle=shuffle, resize=self.resize,
                         device=device or self.labels.device, seed=self.seed,
                         source=self.source, augment=self.augment,
                         mix=self.mix)


def random_horizontal_flip(X, p=0.5):
    """Mirror each image of a minibatch left to right with probability p.

    X: (N, C, H, W), on any device. Returns a new minibatch.
    """
    flip = torch.rand(len(X), 1, 1, 1, device=X.device) < p
    return torch.where(flip, X.flip(3), X)


def random_crop(X, padding=4):
    """Shift each image of a minibatch by up to `padding` pixels each way.

    X: (N, C, H, W), on any device. Each image gets a border of zeros and is
    cropped at a random place of its own: unfold shows all crops without a
    copy, indices take one of each image. Returns a new minibatch of X's
    shape.
    """
    n, _, h, w = X.shape
    crops = F.pad(X, (padding,) * 4).unfold(2, h, 1).unfold(3, w, 1)
    top, left = torch.randint(2 * padding + 1, (2, n), device=X.device)
    return crops[torch.arange(n, device=X.device), :, top, left]


def mixup(X, y, alpha=0.2, num_classes=10):
    """Blend each image of a minibatch, and its label, with its neighbor's.

    X: (N, C, H, W). y: classes (N,). The share that stays is drawn from
    Beta(alpha, alpha) for the whole minibatch. Returns X and the classes'
    probabilities (N, num_classes). Zhang, Cisse, Dauphin and Lopez-Paz,
    mixup, 2017, arXiv:1710.09412.
    """
    share = float(torch.distributions.Beta(alpha, alpha).sample())
    y = F.one_hot(y, num_classes).to(X.dtype)
    return (share * X + (1 - share) * X.roll(1, 0),
            share * y + (1 - share) * y.roll(1, 0))


def cutmix(X, y, alpha=1.0, num_classes=10):
    """Paste a box of its neighbor into each image of a minibatch.

    Labels are blended by area. X, y, alpha and what is returned: as in
    mixup; the box has the share 1 - Beta(alpha, alpha) of the image, less
    what lies outside. Yun and others, CutMix, 2019, arXiv:1905.04899.
    """
    h, w = X.shape[2:]
    share = float(torch.distributions.Beta(alpha, alpha).sample())
    half = 0.5 * (1 - share) ** 0.5
    col, row = int(torch.randint(w, ())), int(torch.randint(h, ()))
    rows = slice(max(0, row - int(half * h)), row + int(half * h))
    cols = slice(max(0, col - int(half * w)), col + int(half * w))
    mixed = X.clone()
    mixed[:, :, rows, cols] = X.roll(1, 0)[:, :, rows, cols]
    share = 1 - mixed[0, 0, rows, cols].numel() / (h * w)
    y = F.one_hot(y, num_classes).to(X.dtype)
    return mixed, share * y + (1 - share) * y.roll(1, 0)


def load_data_fashion_mnist(batch_size, resize=None, **options):
    """Return (train_iter, test_iter) over Fashion-MNIST, 1x28x28, 10 classes.

    resize: side in pixels. options: validation (a fraction of the training
    images; gives (train_iter, valid_iter, test_iter)), device, seed, augment
    and mix (of the training images, see ImageIter).
    Where nothing else is had, a sample of 5,000 and 1,000 images is used.
    Raises DataDamaged if the cache was altered. Xiao, Rasul and Vollgraf,
    2017, arXiv:1708.07747.
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


def _load(name, batch_size, resize, *, validation=0, device='cpu', seed=None,
          augment=None, mix=None):
    arrays, source = find_arrays(name)
    _say(f'{name}: {len(arrays["train_labels"]):,} training and '
         f'{len(arrays["test_labels"]):,} test images, source: {source}')
    train, test = (
        ImageIter(_to_nchw(arrays[f'{part}_images']),
                  arrays[f'{part}_labels'], batch_size, resize=resize,
                  shuffle=part == 'train', device=device, seed=seed,
                  source=source)
        for part in ['train', 'test'])
    train.augment, train.mix = augment, mix
    if validation:
        return *train.split(validation), test
    return train, test


def _say(line):
    """Print a line to the error stream, once in a session."""
    if line not in told:
        told.add(line)
        print(line, file=sys.stderr)


def _to_nchw(images):
    """Turn uint8 (N, H, W) or (N, H, W, C) into a tensor (N, C, H, W)."""
    images = torch.from_numpy(images)
    if images.ndim == 3:
        return images[:, None]
    return images.permute(0, 3, 1, 2).contiguous()


def find_arrays(name):
    """Return a data set's four arrays and the source that had them.

    The arrays are those of KEYS: images uint8 (N, H, W) or (N, H, W, C),
    labels (N,). SOURCES are looked through in their order, unless
    $D2LMINI_DATA_SOURCE names one. Raises DataNotAvailable with what was
    tried, DataDamaged with the file.
    """
    forced = os.environ.get('D2LMINI_DATA_SOURCE')
    if forced and forced not in SOURCES:
        raise ValueError('D2LMINI_DATA_SOURCE must be one of '
                         f'{", ".join(SOURCES)}, got {forced!r}')
    tried = []
    for source in [forced] if forced else SOURCES:
        try:
            return SOURCES[source](name), source
        except FAILURES as error:
            tried.append(f'{source}: {_one_line(error)}')
    if forced:
        tried.append('nothing else: D2LMINI_DATA_SOURCE is set; unset it')
    raise _not_available(name, tried, f'load_data_{name}(1)',
                         f'put {name}.npz into {cache_folder()}')


def _one_line(error):
    return ' '.join((str(error) or repr(error)).split())


def _not_available(name, tried, call, other_way):
    return DataNotAvailable('\n  '.join([
        f'{name} is not to be had. Tried:', *tried]) + '\nTo get it, connect '
        f'to the net and run\n  python -c "from d2lmini import data; '
        f'data.{call}"\nor {other_way}.')


def cache_folder():
    """Return $D2LMINI_DATA, or ~/.cache/d2lmini if that is not set."""
    return Path(os.environ.get('D2LMINI_DATA')
                or '~/.cache/d2lmini').expanduser()


def _from_cache(name):
    return _read_npz(cache_folder() / f'{name}.npz')


def _from_system(name):
    """Read the four idx files; gzip checks them."""
    if name not in SYSTEM:
        raise LookupError('no system is known to have it')
    data = {}
    for part, prefix in [('train', 'train'), ('test', 't10k')]:
        for kind, shape in [('images', (-1, 28, 28)), ('labels', (-1,))]:
            with gzip.open(SYSTEM[name] / (
                    f'{prefix}-{kind}-idx{len(shape)}-ubyte.gz')) as file:
                numbers = np.frombuffer(bytearray(file.read()), np.uint8,
                                        offset=4 + 4 * len(shape))
            data[f'{part}_{kind}'] = numbers.reshape(shape)
    _check_arrays(data)
    return data


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
        warnings.warn(f'{path} cannot be written ({error}): {name} is used '
                      'from memory and will be downloaded again next time')
    return data


def _from_sample(name):
    return _read_npz(SAMPLES / f'{name}.npz')


SOURCES = {'cache': _from_cache, 'system': _from_system,
           'download': _from_download, 'sample': _from_sample}


def write_npz(path, data):
    """Write arrays into an npz file, whole or not at all."""
    with written_whole(path) as part, open(part, 'wb') as file:
        np.savez(file, **data)


def _read_npz(path):
    """Read the four arrays; the checksums in the file find any change."""
    with open(path, 'rb') as file:
        try:
            check_zip(file)
            with np.load(file, allow_pickle=False) as arrays:
                data = {key: arrays[key] for key in KEYS}
            _check_arrays(data)
        except Exception as error:  # a damaged file may lead to any
            raise DataDamaged(f'{path} is truncated or altered ({error}): '
                              'delete or replace it, then try again'
                              ) from error
    return data


def _check_arrays(data):
    """Raise ValueError unless the images and labels are what they must be."""
    for part in ['train', 'test']:
        images, labels = data[f'{part}_images'], data[f'{part}_labels']
        if not (len(images) and images.dtype == np.uint8
                and images.ndim >= 3 and images.shape[3:] in ((), (1,), (3,))
                and images.shape[1:] == data['train_images'].shape[1:]
                and labels.dtype.kind in 'iu'
                and labels.shape == images.shape[:1]):
            raise ValueError(f'{part}ing: images {images.dtype} {images.shape}'
                             f', labels {labels.dtype} {labels.shape}')


def hymenoptera(root=None):
    """Return the folder of photographs `{train,val}/{ants,bees}/*.jpg`.

    root: where it is looked for and unpacked, the cache folder if None. 244
    photographs to train with, 153 to validate, of various sizes. Raises
    DataNotAvailable if they are not there and the net is out of reach,
    DataDamaged if some are missing. From PyTorch's transfer-learning
    tutorial.
    """
    root = cache_folder() if root is None else Path(root)
    folder = root / 'hymenoptera_data'
    if not folder.exists():
        _download_hymenoptera(folder)
    for part, n in HYMENOPTERA_COUNTS.items():
        found = len(list((folder / part).glob('*.jp*g')))
        if found < n:
            raise DataDamaged(f'{folder / part} has {found} of {n} '
                              f'photographs: delete {folder}, then try again')
    return folder


def _download_hymenoptera(folder):
    """Unpack beside the folder, then rename: all of it or nothing."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as part:
            with _patience(30):
                download_and_extract_archive(HYMENOPTERA_URL, part)
            os.replace(Path(part) / folder.name, folder)
    except FAILURES as error:
        if not folder.exists():  # else another process was faster
            raise _not_available(
                'hymenoptera',
                [f'no folder {folder}',
                 f'{HYMENOPTERA_URL}: {_one_line(error)}'],
                'hymenoptera()', f'unpack that file into {folder.parent}'
            ) from error


@contextlib.contextmanager
def _patience(seconds):
    """Give up on a server that is silent for some seconds."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
