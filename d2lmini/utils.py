"""Small things that every chapter uses: sums, times, devices, seeds, files."""
import contextlib
import os
import random
import secrets
import time
import zipfile
from pathlib import Path

import numpy as np
import torch


class Accumulator:
    """Keep n running sums.

    Tensors are added where they are, so a sum on a GPU waits for nothing
    until it is read: `acc[i]` gives a Python float.
    """

    def __init__(self, n):
        self.data = [0] * n

    def add(self, *args):
        if len(args) != len(self.data):
            raise ValueError(f'this Accumulator keeps {len(self.data)} sums, '
                             f'got {len(args)} values')
        self.data = [a + (b.detach() if torch.is_tensor(b) else b)
                     for a, b in zip(self.data, args)]

    def reset(self):
        self.data = [0] * len(self.data)

    def __getitem__(self, index):
        return float(self.data[index])


class Timer:
    """Record times in seconds; started when made.

    On a GPU the clock is read after the device has done its work, since
    calls to it return before they are finished.
    """

    def __init__(self):
        self.times = []
        self.start()

    def start(self):
        synchronize()
        self.started = time.perf_counter()

    def stop(self):
        """Record and return the seconds since start()."""
        synchronize()
        self.times.append(time.perf_counter() - self.started)
        return self.times[-1]

    def avg(self):
        return sum(self.times) / len(self.times)

    def sum(self):
        return sum(self.times)

    def cumsum(self):
        return np.cumsum(self.times).tolist()


def synchronize():
    """Wait until the GPU, if one is in use, has finished what it was given."""
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()
    if torch.backends.mps.is_available():
        torch.mps.synchronize()


def try_gpu(i=0):
    """Return GPU number i, or Apple's mps for i = 0, or else the CPU."""
    if torch.cuda.device_count() > i:
        return torch.device(f'cuda:{i}')
    if i == 0 and torch.backends.mps.is_available():
        return torch.device('mps')
    return torch.device('cpu')


def set_seed(seed):
    """Seed the random numbers of Python, NumPy and PyTorch (all devices)."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def keep_freed_memory():
    """Let the C library keep freed memory for the next minibatch.

    On Linux it gives what is freed back to the system and takes it again,
    page by page, in every training step, until a block close to 32 MiB has
    been freed once (see M_MMAP_THRESHOLD in mallopt's manual).
    """
    torch.empty(31 << 20, dtype=torch.uint8)


def get_rng_state():
    """Return the state of all that set_seed seeds, as plain data."""
    name, keys, *rest = np.random.get_state()
    return {'python': random.getstate(), 'torch': torch.get_rng_state(),
            'numpy': [name, keys.tolist(), *rest],
            'cuda': torch.cuda.get_rng_state_all()
            if torch.cuda.is_initialized() else []}


def set_rng_state(state):
    """Go back to a state that get_rng_state gave."""
    random.setstate(state['python'])
    np.random.set_state(tuple(state['numpy']))
    torch.set_rng_state(state['torch'])
    # A run on two GPUs may go on with one.
    for i, gpu in enumerate(state['cuda'][:torch.cuda.device_count()]):
        torch.cuda.set_rng_state(gpu, i)


@contextlib.contextmanager
def written_whole(path):
    """Give a name to write a file under; rename it to path when all is well.

    So path is at no moment half a file, even if the process is killed.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f'{path.name}.{secrets.token_hex(4)}.part')
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def check_zip(file):
    """Raise BadZipFile if what an open zip file holds was cut or altered.

    A zip file stores a checksum (CRC-32) of each of its members; npz files
    and PyTorch's checkpoints are zip files.
    """
    with zipfile.ZipFile(file) as archive:
        damaged = archive.testzip()
    if damaged:
        raise zipfile.BadZipFile(f'the checksum of {damaged} differs')
    file.seek(0)
