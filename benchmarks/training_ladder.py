"""Add the tricks of chapter 7 one after another; record what each one gives.

    python benchmarks/training_ladder.py              all runs, then collect
    python benchmarks/training_ladder.py --collect    what is there so far

A narrow ResNet learns 1,000 images of CIFAR-10, and 5,000 validation images
judge it, once, at the end of a run; the test images are never seen. Each rung
keeps the tricks of those below it and is trained from three seeds. As long as
the way to step changes (the first four rungs), the rate is chosen by the
validation accuracy of the first seed; from then on it stays. Every run leaves
a JSON file in benchmarks/results/training_ladder/ and is not repeated if it is
there; about 10 minutes on one core. Repeated elsewhere, mean accuracies
should agree to 0.03. --images N: N to train and N to validate, to try out.
"""

import statistics
import time
import zlib
from dataclasses import asdict, dataclass, replace
from functools import partial

import torch
from common import (
    ROOT,
    drop_batch_norm,
    factor,
    options,
    read_all,
    recorded,
    write,
)
from torch import nn
from torchvision.transforms import v2
from tqdm import tqdm

from d2lmini import data
from d2lmini.nets import ResNet
from d2lmini.train import evaluate_accuracy_gpu, train_gpu
from d2lmini.utils import set_seed

RESULTS = ROOT / 'benchmarks' / 'results' / 'training_ladder'
PAGE = data.SAMPLES / 'training_ladder.json'
SEEDS = (0, 1, 2)
# The copy that the stored results come from: JPEG files, by their pixels.
COPIES = {485138889: 'JPEG copy of CIFAR-10'}


@dataclass(frozen=True)
class Settings:
    """All that a run depends on, its seed excepted."""

    batch_norm: bool = False
    momentum: float = 0.0
    one_cycle: bool = False
    flip_and_crop: bool = False
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    mixup: float = 0.0
    lr: float = 0.1
    images: int = 1000
    valid_images: int = 5000
    num_epochs: int = 25
    batch_size: int = 64


# What each rung adds to the one below it, and the rates to choose from.
RUNGS = {
    'plain SGD': ({}, (0.03, 0.1)),
    'batch norm': ({'batch_norm': True}, (0.03, 0.1)),
    'momentum': ({'momentum': 0.9}, (0.01, 0.03)),
    'one cycle': ({'one_cycle': True}, (0.03, 0.1)),
    'flip and crop': ({'flip_and_crop': True}, ()),
    'weight decay': ({'weight_decay': 5e-3}, ()),
    'label smoothing': ({'label_smoothing': 0.1}, ()),
    'mixup': ({'mixup': 0.2}, ()),
}


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


def make_net(settings, images):
    """Make a ResNet-10 of a quarter of the width: 310,746 parameters."""
    net = ResNet(10, 3, width=0.25, depth=(1, 1, 1, 1))
    if not settings.batch_norm:
        drop_batch_norm(net)
    return nn.Sequential(
        Standardize(images), net.to(memory_format=torch.channels_last)
    )


def load(settings, device, seed):
    """Return the training and the validation images, and what they are."""
    augment = v2.Compose([data.random_horizontal_flip, data.random_crop])
    train_iter, valid_iter, _ = data.load_data_cifar10(
        settings.batch_size,
        validation=0.1,
        device=device,
        seed=seed,
        augment=augment if settings.flip_and_crop else None,
        mix=v2.MixUp(alpha=settings.mixup, num_classes=10)
        if settings.mixup
        else None,
    )
    crc = zlib.crc32(train_iter.images[:1000].cpu().numpy().tobytes())
    return (
        train_iter.take(settings.images),
        valid_iter.take(settings.valid_images),
        COPIES.get(crc, 'CIFAR-10'),
    )


def measure(settings, seed, device):
    """Train once; return all there is to record.

    seconds: of the training, of the processor on a CPU (so that other work
    on the machine counts little), else of the clock.
    """
    train_iter, valid_iter, name = load(settings, device, seed)
    set_seed(seed)
    net = make_net(settings, train_iter.images)
    clock = time.process_time if device.type == 'cpu' else time.perf_counter
    n, started = settings.num_epochs, clock()
    scheduler = partial(
        torch.optim.lr_scheduler.LambdaLR,
        lr_lambda=partial(factor, num_epochs=n),
    )
    try:
        history = train_gpu(
            net,
            train_iter,
            None,
            n,
            settings.lr,
            device,
            seed=seed,
            plot=False,
            scheduler=scheduler if settings.one_cycle else None,
            loss=nn.CrossEntropyLoss(label_smoothing=settings.label_smoothing),
            optimizer=partial(
                torch.optim.SGD,
                momentum=settings.momentum,
                weight_decay=settings.weight_decay,
            ),
        )
    except FloatingPointError as error:
        return {'data': name, 'diverged': str(error), 'valid_acc': 0.0}
    if len(history) < n:
        raise KeyboardInterrupt  # stopped by hand: nothing to record
    return {
        'data': name,
        'seconds': round(clock() - started, 2),
        'loss': history.loss,
        'train_acc': history.train_acc,
        'valid_acc': evaluate_accuracy_gpu(net, valid_iter),
    }


def run(rung, settings, seed, folder):
    """Return a run's record from its file, or run it and write the file."""
    place = list(RUNGS).index(rung)
    path = folder / (
        f'{place}_{rung.replace(" ", "_")}_lr{settings.lr:g}_seed{seed}.json'
    )
    head = {'rung': rung, 'settings': asdict(settings), 'seed': seed}
    return recorded(path, head, lambda device: measure(settings, seed, device))


def climb(settings, folder):
    """Do the runs that are not done: first one seed of all, then the rest."""
    chosen = {}
    runs = sum(len(rates) or 1 for _, rates in RUNGS.values())
    with tqdm(total=runs + len(RUNGS) * (len(SEEDS) - 1), unit='run') as bar:

        def one(rung, settings, seed):
            record = run(rung, settings, seed, folder)
            bar.update()
            return record['valid_acc']

        for rung, (change, rates) in RUNGS.items():
            settings = replace(settings, **change)
            settings = max(
                (replace(settings, lr=lr) for lr in rates or [settings.lr]),
                key=lambda s: one(rung, s, SEEDS[0]),
            )
            chosen[rung] = settings
        for seed in SEEDS[1:]:
            for rung, settings in chosen.items():
                one(rung, settings, seed)


def condense(records):
    """Give what the page shows: for each rung the runs at its chosen rate."""
    rungs = {}
    for name in RUNGS:
        runs = [r for r in records if r['rung'] == name]
        first = [r for r in runs if r['seed'] == SEEDS[0]]
        best = max(first, key=lambda r: r['valid_acc'])
        runs = sorted(
            (r for r in runs if r['settings'] == best['settings']),
            key=lambda r: r['seed'],
        )
        rungs[name] = (
            {
                'adds': RUNGS[name][0],
                'lr': best['settings']['lr'],
                'rates': {
                    f'{r["settings"]["lr"]:g}': r['valid_acc'] for r in first
                },
            }
            | {
                key: [run.get(key) for run in runs]
                for key in ('valid_acc', 'seconds')
            }
            | {
                'train_acc': [
                    r['train_acc'][-1] if 'train_acc' in r else None
                    for r in runs
                ]
            }
        )
    first, kept = (
        records[0],
        ('images', 'valid_images', 'num_epochs', 'batch_size'),
    )
    return {
        'data': first['data'],
        'machine': first['machine'],
        'seeds': SEEDS,
        'rungs': rungs,
        **{key: first['settings'][key] for key in kept},
    }


def report(ladder):
    """Print the table of the rungs."""
    print(
        f'{ladder["data"]}, {ladder["machine"]}\n{"":18}{"rate":>6}'
        f'{"training":>10}{"validation":>16}{"seconds":>9}'
    )
    for name, rung in ladder['rungs'].items():
        accs, seconds = rung['valid_acc'], rung['seconds']
        if None in seconds:
            print(f'{name:18} diverged')
            continue
        spread = statistics.stdev(accs) if len(accs) > 1 else float('nan')
        print(
            f'{name:18}{rung["lr"]:6g}'
            f'{statistics.mean(rung["train_acc"]):10.3f}'
            f'{statistics.mean(accs):9.3f} ± {spread:.3f}'
            f'{min(seconds):9.1f}'
        )


def main():
    args, settings = options(Settings(), RESULTS, __doc__)
    if not args.collect:
        climb(settings, args.out)
    ladder = condense(read_all(args.out))
    report(ladder)
    if args.out == RESULTS:
        write(PAGE, ladder)


if __name__ == '__main__':
    main()
