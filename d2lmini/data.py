"""Data sets: where they are found, and iterators that keep them in memory."""
import gzip
import operator
import os
import socket
import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch
import torchvision
from torch.nn import functional as F

from d2lmini.hub import (  # noqa: F401  (hymenoptera is for the pages)
    TIMEOUT, DataDamaged, DataNotAvailable, cache_folder, hymenoptera,
    not_available, say)
from d2lmini.utils import check_zip, written_whole

KEYS = ['train_images', 'train_labels', 'test_images', 'test_labels']
DOWNLOADS = {'fashion_mnist': torchvision.datasets.FashionMNIST,
             'mnist': torchvision.datasets.MNIST,
             'cifar10': torchvision.datasets.CIFAR10}
IDX_FILES = ['train-images-idx3', 'train-labels-idx1',  # in KEYS' order
             't10k-images-idx3', 't10k-labels-idx1']
SYSTEM = Path('/usr/share/datasets')
SAMPLES = Path(__file__).parent / 'samples'
FASHION_MNIST_LABELS = ['t-shirt', 'trouser', 'pullover', 'dress', 'coat',
                        'sandal', 'shirt', 'sneaker', 'bag', 'ankle boot']
CIFAR10_LABELS = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog',
                  'frog', 'horse', 'ship', 'truck']


class ImageIter:
    """Walk over images and labels in minibatches, without worker processes.

    They are kept on `device`, and each minibatch is scaled to floats in [0, 1]
    there. It gives X (n, C, H, W) and y (n,); the last one may be short.

    Args:
        images: uint8 (N, C, H, W), a tensor or an array.
        labels: Whole numbers from 0 up, (N,).
        batch_size: Images a minibatch.
        shuffle: Draw a new order for every walk, from `seed`, or from
            PyTorch's own random numbers.
        resize: Height and width in pixels, or one number for both.
        device: Where the data are kept.
        seed: Of the order.
        source: Where the data are from.
        augment: Changes each minibatch X, after resizing (random_crop, or
            several in a v2.Compose). Its random numbers are PyTorch's.
        mix: Changes X and y together (torchvision's v2.MixUp and v2.CutMix).
            split() gives neither to its second part.

    Raises:
        ValueError: If the data or the sizes are of another kind.
    """

    def __init__(self, images, labels, batch_size: int, *,
                 shuffle: bool = False,
                 resize: int | tuple[int, int] | None = None,
                 device: str | torch.device = 'cpu', seed: int | None = None,
                 source: str = 'memory', augment=None, mix=None):
        images, labels = as_images_and_labels(images, labels)
        if batch_size < 1:
            raise ValueError(f'batch_size must be 1 or more, got {batch_size}')
        self.images, self.labels = images.to(device), labels.to(device)
        self.batch_size, self.shuffle = operator.index(batch_size), shuffle
        self.resize, self.source = resize, source
        self.augment, self.mix = augment, mix
        self.seed, self.generator = seed, None
        if seed is not None:
            self.generator = torch.Generator().manual_seed(
                operator.index(seed))

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

    def take(self, n: int) -> 'ImageIter':
        """Return an iterator over the first n of the images."""
        if not 1 <= n <= len(self.labels):
            raise ValueError(f'n must be from 1 to {len(self.labels)} '
                             f'(the number of images), got {n}')
        return self._part(slice(n), self.shuffle)

    def split(self, fraction: float) -> tuple['ImageIter', 'ImageIter']:
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

    def to(self, device) -> 'ImageIter':
        """Return this iterator, its seed fresh, with its data on a device."""
        return self._part(slice(None), self.shuffle, device)

    def _part(self, part, shuffle, device=None):
        return ImageIter(self.images[part], self.labels[part], self.batch_size,
                         shuffle=shuffle, resize=self.resize, seed=self.seed,
                         device=device or self.labels.device, mix=self.mix,
                         source=self.source, augment=self.augment)


def as_images_and_labels(images, labels):
    """Return both as tensors; ValueError if ImageIter cannot use them."""
    images, labels = torch.as_tensor(images), torch.as_tensor(labels)
    shape = tuple(images.shape)
    if images.dtype != torch.uint8 or images.ndim != 4 or not images.numel():
        raise ValueError('images must be uint8 of shape (N, C, H, W), got '
                         f'{images.dtype} {shape}')
    if shape[3] in (1, 3) and shape[1] > 4:
        raise ValueError(f'images of shape {shape} look like (N, H, W, C), '
                         'wanted is (N, C, H, W): use permute(0, 3, 1, 2)')
    whole = str(labels.dtype).startswith(('torch.int', 'torch.uint'))
    if not whole or labels.shape != shape[:1] or labels.long().min() < 0:
        raise ValueError(f'labels must be whole numbers from 0 up ({shape[0]}'
                         f',), got {labels.dtype} {tuple(labels.shape)}: '
                         f'{labels.flatten()[:5].tolist()}')
    return images, labels.long()


def random_horizontal_flip(X, p=0.5):
    """Mirror each image of a minibatch left to right with probability p.

    Args:
        X: (N, C, H, W), on any device.
        p: For each image by itself.

    Returns:
        A new minibatch.
    """
    flip = torch.rand(len(X), 1, 1, 1, device=X.device) < p
    return torch.where(flip, X.flip(3), X)


def random_crop(X, padding=4):
    """Shift each image of a minibatch by up to `padding` pixels each way.

    Each image gets a border of zeros and is cropped at a random place of its
    own: unfold shows all crops without a copy, indices take one of each.

    Args:
        X: (N, C, H, W), on any device.
        padding: Width of the border, in pixels.

    Returns:
        A new minibatch of X's shape.
    """
    n, _, h, w = X.shape
    crops = F.pad(X, (padding,) * 4).unfold(2, h, 1).unfold(3, w, 1)
    top, left = torch.randint(2 * padding + 1, (2, n), device=X.device)
    return crops[torch.arange(n, device=X.device), :, top, left]


def load_data_fashion_mnist(batch_size: int, resize=None, **options):
    """Return iterators over Fashion-MNIST, 1x28x28, 10 classes.

    Where nothing else is had, a sample of 5,000 and 1,000 images is used.
    Xiao, Rasul and Vollgraf, 2017, arXiv:1708.07747.

    Args:
        batch_size: Images a minibatch.
        resize: Height and width in pixels, or one number for both.
        **options: validation (a fraction of the training images), device,
            seed, augment and mix (of the training images), see ImageIter.

    Returns:
        (train_iter, test_iter), or (train_iter, valid_iter, test_iter) if
        there is a validation.

    Raises:
        DataDamaged: If the cache was altered.
    """
    return _load('fashion_mnist', batch_size, resize, **options)


def load_data_mnist(batch_size: int, resize=None, **options):
    """Return iterators over MNIST, 1x28x28: see load_data_fashion_mnist.

    LeCun, Cortes and Burges, 1998. Raises DataNotAvailable if no source has
    the data.
    """
    return _load('mnist', batch_size, resize, **options)


def load_data_cifar10(batch_size: int, resize=None, **options):
    """Return iterators over CIFAR-10, 3x32x32: see load_data_fashion_mnist.

    Krizhevsky, 2009. Raises DataNotAvailable if no source has the data.
    """
    return _load('cifar10', batch_size, resize, **options)


def _load(name, batch_size, resize, *, validation=0, device='cpu', seed=None,
          augment=None, mix=None):
    arrays, source = find_arrays(name)
    say(f'{name}: {len(arrays["train_labels"]):,} training and '
        f'{len(arrays["test_labels"]):,} test images, source: {source}')
    train, test = (
        ImageIter(_to_nchw(arrays[f'{part}_images']), arrays[f'{part}_labels'],
                  batch_size, shuffle=part == 'train', resize=resize,
                  device=device, seed=seed, source=source)
        for part in ['train', 'test'])
    train.augment, train.mix = augment, mix
    if validation:
        return *train.split(validation), test
    return train, test


def _to_nchw(images):
    """Turn uint8 (N, H, W) or (N, H, W, C) into a tensor (N, C, H, W)."""
    images = torch.from_numpy(images)
    if images.ndim == 3:  # in plain order, which a channel of 1 would hide
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
    tried = {}
    for source in [forced] if forced else SOURCES:
        try:
            return SOURCES[source](name), source
        except DataDamaged:
            raise
        except Exception as error:  # a network or a file may lead to any
            tried[source] = error
    if forced:
        tried['nothing else'] = 'D2LMINI_DATA_SOURCE is set; unset it'
    raise not_available(name, tried, cache_folder() / f'{name}.npz')


def _from_cache(name):
    return _read_npz(cache_folder() / f'{name}.npz')


def _from_system(name):
    """Read the four idx files; gzip checks them."""
    data = {}
    for key, file in zip(KEYS, IDX_FILES):
        path = SYSTEM / name.replace('_', '-') / f'{file}-ubyte.gz'
        with gzip.open(path) as idx:
            numbers = np.frombuffer(bytearray(idx.read()), np.uint8)
        data[key] = (numbers[16:].reshape(-1, 28, 28) if 'images' in key
                     else numbers[8:])
    _check_arrays(data)
    return data


def _from_download(name):
    """Let torchvision download and check the files, then fill the cache."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT)  # torchvision would wait for ever
    try:
        with tempfile.TemporaryDirectory() as folder:
            train, test = (DOWNLOADS[name](folder, train=part, download=True)
                           for part in [True, False])
    finally:
        socket.setdefaulttimeout(before)
    arrays = [train.data, train.targets, test.data, test.targets]
    data = {key: np.asarray(array, np.uint8)
            for key, array in zip(KEYS, arrays)}
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
                              'delete or replace it, and retry') from error
    return data


def _check_arrays(data):
    """Raise ValueError unless the images and labels are what they must be."""
    for part in ['train', 'test']:
        shape = data[f'{part}_images'].shape
        _, labels = as_images_and_labels(_to_nchw(data[f'{part}_images']),
                                         data[f'{part}_labels'])
        if (shape[3:] not in ((), (1,), (3,)) or labels.max() > 9
                or shape[1:] != data['train_images'].shape[1:]):
            raise ValueError(f'{part}ing: images of shape {shape}, labels '
                             f'from {labels.min()} to {labels.max()}, wanted '
                             'are 0 to 9')
