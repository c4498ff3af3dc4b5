"""Train a grid of small networks; record their curves for chapter 7's widget.

    python benchmarks/playground.py              all runs, then collect
    python benchmarks/playground.py --collect    what is there so far

Plain stacks of 3x3 convolutions learn 1,000 images of CIFAR-10 for 20 epochs:
6 rates, with and without batch norm, with and without flips and crops, 2, 4
and 8 convolutions; 3 seeds each, 2 for the deepest. 1,000 validation images
judge them after every epoch; the test images are never seen. All use SGD with
momentum, and a rate that falls in a straight line from its first value to
almost nothing. Every setting leaves a JSON file in
benchmarks/results/playground/ and is not repeated if it is there; about 15
minutes on one core. Repeated elsewhere, mean accuracies should agree to 0.05.
What is collected goes, condensed, into site/widgets/runs.js. --images N: N to
train and N to validate, to try out.
"""

import itertools
import json
import statistics
import zlib
from dataclasses import asdict, dataclass, replace
from functools import partial

import torch
from common import ROOT, options, read_all, recorded
from torch import nn
from torchvision.transforms import v2
from tqdm import tqdm

from d2lmini import data
from d2lmini.train import train_gpu
from d2lmini.utils import set_seed, written_whole

RESULTS = ROOT / 'benchmarks' / 'results' / 'playground'
SCRIPT = ROOT / 'site' / 'widgets' / 'runs.js'
SEEDS = {2: (0, 1, 2), 4: (0, 1, 2), 8: (0, 1)}  # of each depth
AXES = {
    'depth': (2, 4, 8),
    'batch_norm': (False, True),
    'flip_and_crop': (False, True),
    'lr': (0.003, 0.01, 0.03, 0.1, 0.3, 1.0),
}
# Convolutions on maps of 16, 8 and 4 pixels, and their channels.
STAGES = {2: (1, 1, 0), 4: (1, 2, 1), 8: (1, 3, 4)}
WIDTHS = (12, 24, 48)
# The copy that the stored results come from: JPEG files, by their pixels.
COPIES = {485138889: 'JPEG copy of CIFAR-10'}
LARGEST = 36**2 - 1  # of two digits of base 36


@dataclass(frozen=True)
class Settings:
    """All that a run depends on, its seed excepted."""

    depth: int = 2
    batch_norm: bool = False
    flip_and_crop: bool = False
    lr: float = 0.1
    momentum: float = 0.9
    images: int = 1000
    valid_images: int = 1000
    num_epochs: int = 20
    batch_size: int = 64


class Standardize(nn.Module):
    """Center and scale each channel by the training images' statistics."""

    def __init__(self, images):
        super().__init__()
        X = images.cpu().float() / 255
        for name, f in [('mean', torch.mean), ('std', torch.std)]:
            self.register_buffer(name, f(X, dim=(0, 2, 3), keepdim=True))

    def forward(self, X):
        X = (X - self.mean) / self.std
        return X.contiguous(memory_format=torch.channels_last)


def load(settings, device, seed):
    """Return the training and the validation images, and what they are."""
    augment = v2.Compose([data.random_horizontal_flip, data.random_crop])
    train_iter, valid_iter, _ = data.load_data_cifar10(
        settings.batch_size,
        validation=0.1,
        device=device,
        seed=seed,
        augment=augment if settings.flip_and_crop else None,
    )
    crc = zlib.crc32(train_iter.images[:1000].cpu().numpy().tobytes())
    return (
        train_iter.take(settings.images),
        valid_iter.take(settings.valid_images),
        COPIES.get(crc, 'CIFAR-10'),
    )


def make_net(settings, images):
    """Make a stack of convolutions, the first of each stage of stride 2."""
    layers, channels = [Standardize(images)], images.shape[1]
    for count, width in zip(STAGES[settings.depth], WIDTHS):
        for i in range(count):
            layers += [
                nn.Conv2d(channels, width, 3, padding=1, stride=1 if i else 2),
                nn.BatchNorm2d(width)
                if settings.batch_norm
                else nn.Identity(),
                nn.ReLU(),
            ]
            channels = width
    return nn.Sequential(
        *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)
    ).to(memory_format=torch.channels_last)


def measure(settings, device):
    """Train from each seed; return all there is to record."""
    train_iter, valid_iter, name = load(settings, device, seed=None)
    runs = [
        train(settings, seed, train_iter, valid_iter, device)
        for seed in SEEDS[settings.depth]
    ]
    return {'data': name, 'runs': runs}


def train(settings, seed, train_iter, valid_iter, device):
    """Return a run's curves, or why and where its loss was not finite."""
    set_seed(seed)
    net, n = make_net(settings, train_iter.images), settings.num_epochs
    train_iter.seed = seed
    try:
        history = train_gpu(
            net,
            train_iter,
            valid_iter,
            n,
            settings.lr,
            device,
            seed=seed,
            plot=False,
            optimizer=partial(torch.optim.SGD, momentum=settings.momentum),
            scheduler=partial(
                torch.optim.lr_scheduler.LambdaLR,
                lr_lambda=lambda epoch: 1 - epoch / n,
            ),
        )
    except FloatingPointError as error:
        return {'seed': seed, 'diverged': str(error)}
    if len(history) < n:
        raise KeyboardInterrupt  # stopped by hand: nothing to record
    curves = {
        'loss': history.loss,
        'train_acc': history.train_acc,
        'valid_acc': history.valid_acc,
    }
    return {'seed': seed} | {
        key: [round(value, 4) for value in curve]
        for key, curve in curves.items()
    }


def grid(settings):
    """Give the settings of all runs, the rates innermost."""
    for values in itertools.product(*AXES.values()):
        yield replace(settings, **dict(zip(AXES, values)))


def run_all(settings, folder):
    """Do the runs that are not done."""
    for one in tqdm(list(grid(settings)), unit='setting'):
        name = '_'.join(
            [
                f'depth{one.depth}',
                'norm' if one.batch_norm else 'plain',
                'crop' if one.flip_and_crop else 'same',
                f'lr{one.lr:g}',
            ]
        )
        recorded(
            folder / f'{name}.json',
            {'settings': asdict(one), 'seeds': list(SEEDS[one.depth])},
            partial(measure, one),
        )


def pack(run):
    """Write a run as text: loss, training and validation accuracy.

    Two digits of base 36 a number, hundredths of the loss and thousandths
    of the accuracies. A run that diverged is the number of its epoch.
    """
    if 'diverged' in run:
        words = run['diverged'].split()
        return int(words[words.index('epoch') + 1].rstrip(','))
    parts = [('loss', 100), ('train_acc', 1000), ('valid_acc', 1000)]
    return ''.join(
        digits(round(value * scale))
        for key, scale in parts
        for value in run[key]
    )


def digits(number):
    """Give two digits of base 36, the largest two for what is larger."""
    number = min(number, LARGEST)
    return ''.join(
        '0123456789abcdefghijklmnopqrstuvwxyz'[d] for d in divmod(number, 36)
    )


def condense(records):
    """Give what the widget shows: the axes, the facts, and all runs."""

    def place(record):
        return [AXES[key].index(record['settings'][key]) for key in AXES]

    records, first = sorted(records, key=place), records[0]
    kept = ('images', 'valid_images', 'num_epochs', 'batch_size', 'momentum')
    return {
        'axes': {key: list(values) for key, values in AXES.items()},
        'data': first['data'],
        'machine': first['machine'],
        'seeds': {
            record['settings']['depth']: record['seeds'] for record in records
        },
        'widths': WIDTHS,
        **{key: first['settings'][key] for key in kept},
        'runs': [[pack(run) for run in record['runs']] for record in records],
    }


def script(condensed):
    """Return the widget's file of runs: a line a setting."""
    head = json.dumps({k: v for k, v in condensed.items() if k != 'runs'})
    runs = ',\n'.join(
        json.dumps(runs, separators=(',', ':')) for runs in condensed['runs']
    )
    return (
        '/* Written by benchmarks/playground.py, which says what it is. '
        "*/\n'use strict';\nglobalThis.d2l ??= {};\n"
        f'd2l.runs = {{ ...{head}, runs: [\n{runs},\n] }};\n'
    )


def report(records):
    """Print the mean validation accuracies, a row for all rates."""
    rows = {}
    for record in records:
        settings, runs = record['settings'], record['runs']
        key = tuple(settings[name] for name in list(AXES)[:-1])
        accs = [run['valid_acc'][-1] for run in runs if 'loss' in run]
        rows.setdefault(key, {})[settings['lr']] = (
            f'{statistics.mean(accs):.3f}'
            if len(accs) == len(runs)
            else f'{len(runs) - len(accs)} div.'
        )
    print('depth  norm  crop ', *(f'{lr:>7g}' for lr in AXES['lr']))
    for (depth, norm, crop), accs in sorted(rows.items()):
        print(
            f'{depth:5}{norm:6}{crop:6} ',
            *(f'{accs.get(lr, "-"):>7}' for lr in AXES['lr']),
        )


def main():
    args, settings = options(Settings(), RESULTS, __doc__)
    if not args.collect:
        run_all(settings, args.out)
    records = read_all(args.out)
    report(records)
    if args.out == RESULTS and len(records) == len(list(grid(settings))):
        with written_whole(SCRIPT) as part:
            part.write_text(script(condense(records)))


if __name__ == '__main__':
    main()
