"""Make d2lmini/samples/fashion_mnist.npz, the sample inside the package.

    python tools/make_sample.py

It holds 5,000 training images and 1,000 test images of Fashion-MNIST, each
from that set's own half and even over the ten classes. The order is drawn
ten by ten, every ten with one image of each class, so that any first n of
them are nearly even too. A seed chooses: the same file comes out every time.
"""

import numpy as np

from d2lmini import data

SIZES = {'train': 5000, 'test': 1000}
PATH = data.SAMPLES / 'fashion_mnist.npz'


def choose(labels, n, rng):
    """Return n indices into labels, every ten with one of each class."""
    per_class = [
        rng.permutation(np.flatnonzero(labels == c))[: n // 10]
        for c in range(10)
    ]
    return np.concatenate([rng.permutation(ten) for ten in zip(*per_class)])


def make_sample(arrays, seed=0):
    """Return the sample's four arrays, chosen from the full set's."""
    rng = np.random.RandomState(seed)  # its numbers are frozen for good
    sample = {}
    for part, n in SIZES.items():
        index = choose(arrays[f'{part}_labels'], n, rng)
        for kind in ['images', 'labels']:
            sample[f'{part}_{kind}'] = arrays[f'{part}_{kind}'][index]
    return sample


def full_arrays():
    """Return the full set's arrays: this must not sample the sample."""
    arrays, source = data.find_arrays('fashion_mnist')
    if source == 'sample':
        raise data.DataNotAvailable('only the sample itself is to be had')
    return arrays


if __name__ == '__main__':
    PATH.parent.mkdir(exist_ok=True)
    with open(PATH, 'wb') as file:
        np.savez_compressed(file, **make_sample(full_arrays()))
    print(f'{PATH}: {PATH.stat().st_size:,} bytes')
