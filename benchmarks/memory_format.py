"""Time training in both memory formats: (N, C, H, W) and channels-last.

    python benchmarks/memory_format.py             with one and two threads

train_gpu keeps feature maps channels-last wherever a network has
convolutions. Is that never slower? For LeNet, a ResNet and a DenseNet the two
formats take turns, one epoch of 1,000 images each, on a quiet machine; the
first turn warms up and does not count. Stored in
benchmarks/results/memory_format: each epoch's seconds.
"""

import copy
import functools
import statistics
import sys

import torch
from common import RESULTS, parser, recorded
from torch import nn

from d2lmini.callbacks import MemoryFormat
from d2lmini.data import ImageIter
from d2lmini.nets import DenseNet, LeNet, ResNet
from d2lmini.train import train_gpu

FORMATS = {
    'contiguous': torch.contiguous_format,
    'channels-last': torch.channels_last,
}
NETS = {
    'LeNet': lambda: LeNet(activation=nn.ReLU, pool=nn.MaxPool2d),
    'ResNet': lambda: ResNet(10, 1, width=0.25, small=True),
    'DenseNet': lambda: DenseNet(
        10, 1, small=True, depth=(4, 4, 4), growth_rate=8
    ),
}


def epoch_seconds(net, data_iter, memory_format):
    """Train a copy of a network for one epoch; return its seconds."""
    history = train_gpu(
        copy.deepcopy(net),
        data_iter,
        None,
        1,
        0.01,
        'cpu',
        plot=False,
        callbacks=[MemoryFormat(memory_format)],
    )
    return history.seconds[0]


def measure(settings, device):
    """Let the formats take turns; return every epoch's seconds."""
    torch.set_num_threads(settings['threads'])
    torch.manual_seed(0)
    images = torch.randint(0, 256, (settings['images'], 1, 28, 28))
    data_iter = ImageIter(
        images.byte(), torch.arange(len(images)) % 10, settings['batch_size']
    )
    net = NETS[settings['net']]()
    seconds = {name: [] for name in FORMATS}
    for turn in range(settings['turns'] + 1):
        for name, memory_format in FORMATS.items():
            taken = epoch_seconds(net, data_iter, memory_format)
            seconds[name] += [taken] if turn else []
    return {'seconds': seconds}


def ratio(record):
    """Return how many times as fast channels-last is, by the medians."""
    slow, fast = (
        statistics.median(record['seconds'][name]) for name in FORMATS
    )
    return slow / fast


def main():
    """Measure what is not stored yet, and print the table."""
    args = parser(__doc__)
    args.add_argument('--images', type=int, default=1000)
    args.add_argument('--out', type=type(RESULTS))
    args = args.parse_args()
    folder = args.out or RESULTS / 'memory_format'
    if args.images != 1000 and not args.out:
        sys.exit('--images is for trying out: give a folder with --out')
    for threads in (1, 2):
        for name in NETS:
            settings = {
                'net': name,
                'threads': threads,
                'images': args.images,
                'batch_size': 128,
                'turns': 5,
            }
            record = recorded(
                folder / f'{name}_{threads}.json',
                settings,
                functools.partial(measure, settings),
                torch.device('cpu'),
            )
            print(
                f'{name:9} {threads} threads: channels-last is '
                f'{ratio(record):.2f} times as fast'
            )


if __name__ == '__main__':
    main()
