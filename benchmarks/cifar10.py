"""Train the classic networks on all of CIFAR-10: the record of section 5.8.

    python benchmarks/cifar10.py run         all runs that are not done yet
    python benchmarks/cifar10.py baselines   majority and nearest neighbor
    python benchmarks/cifar10.py time        seconds an epoch, machine quiet
    python benchmarks/cifar10.py show        the tables of what is done
    python benchmarks/cifar10.py collect     all in one file, for the page

Every contestant gets the same: 45,000 training photographs with flips and
crops, 5,000 for validation, SGD with Nesterov momentum, weight decay and
gradient clipping, a one-cycle schedule over 15 epochs, three seeds. Its rate
is the best of three on validation, after 2 epochs; while the best is at the
border of those tried, one more is tried beyond it. Only then the full runs
begin. Two epochs may favor a rate that is too large for 15, so --rate trains
in full at another one; the record keeps the rate that is then the better one
on validation, and names the others. The test photographs are seen once a
run, at its end, and choose nothing. cifar10_nets.py has the contestants and
the claims.

A run leaves one JSON file in benchmarks/results/cifar10/ and is not repeated
if it is there. A run that was killed goes on after its last whole epoch,
from a checkpoint in the cache folder, bit for bit. Two processes may share
the work; give them --only NAME ... in different orders. The first seed of all
main contestants comes first, then the ablations, then the larger nets: about
a day on one core. Repeated elsewhere, mean accuracies should agree to 0.01.
"""

import contextlib
import functools
import os
import time
import zlib
from pathlib import Path

import cifar10_table
import numpy as np
import torch
from cifar10_nets import ABLATIONS, C3, FORMS, LARGER, MAIN, NETS
from common import COPIES, RESULTS, parser, read_all, recorded, write
from torch import nn
from torch.nn import functional as F

from d2lmini import data
from d2lmini.summary import PeakMemory, summary
from d2lmini.utils import keep_freed_memory, set_seed, written_whole

try:
    import fcntl
except ImportError:  # on Windows
    fcntl = None

FOLDER = RESULTS / 'cifar10'
PAGE = data.SAMPLES / 'cifar10_record.json'
BUDGET = {
    'training': 45_000,
    'validation': 5_000,
    'split_seed': 0,
    'batch_size': 128,
    'momentum': 0.9,
    'weight_decay': 5e-4,
    'clip': 1.0,
    'rise': 0.25,
    'num_epochs': 15,
    'choose_epochs': 2,
}
RATES = (0.03, 0.1, 0.3)
LADDER = (0.001, 0.003, 0.01, *RATES, 1.0, 3.0)
SEEDS = (0, 1, 2)


@functools.cache
def load():
    """Return the photographs, and where they came from.

    Returns:
        A dictionary of pairs (uint8 (N, 3, 32, 32), classes (N,)) named
        'training', 'validation' and 'test', and one that says the source.
    """
    arrays, source = data.find_arrays('cifar10')
    (X, y), test = (pair(arrays, part) for part in ('train', 'test'))
    generator = torch.Generator().manual_seed(BUDGET['split_seed'])
    order = torch.randperm(len(y), generator=generator)
    valid, train = order.tensor_split([BUDGET['validation']])
    parts = {
        'training': (X[train], y[train]),
        'validation': (X[valid], y[valid]),
        'test': test,
    }
    checksum = zlib.crc32(np.ascontiguousarray(arrays['train_images']))
    return parts, {
        'data': COPIES.get(checksum, 'CIFAR-10'),
        'found in': source,
        'checksum': f'{checksum:08x}',
    } | {name: len(part[1]) for name, part in parts.items()}


def pair(arrays, part):
    """Return the photographs and classes of 'train' or 'test' as tensors."""
    X = torch.from_numpy(arrays[f'{part}_images'])
    y = torch.from_numpy(arrays[f'{part}_labels'])
    return X.permute(0, 3, 1, 2).contiguous(), y.long()


@functools.cache
def mean_and_std():
    """Return those of 10,000 training photographs, each (1, 3, 1, 1)."""
    X = load()[0]['training'][0][:10_000].float() / 255
    return X.mean((0, 2, 3), keepdim=True), X.std((0, 2, 3), keepdim=True)


def prepared(X):
    """Scale uint8 photographs and put them into channels-last order."""
    mean, std = mean_and_std()
    X = (X.float() / 255 - mean) / std
    return X.contiguous(memory_format=torch.channels_last)


def accuracy_on(net, part):
    """Return the share of 'validation' or 'test' that net gets right."""
    X, y = load()[0][part]
    net.eval()
    with torch.no_grad():
        right = [
            (net(prepared(x)).argmax(1) == t).sum()
            for x, t in zip(X.split(500), y.split(500))
        ]
    return int(sum(right)) / len(y)


def one_cycle(step, steps, peak):
    """Give a step's rate: a line up, then half a cosine down to 0."""
    rise = BUDGET['rise'] * steps
    if step < rise:
        return peak * (step + 1) / (rise + 1)
    down = torch.tensor((step - rise) / (steps - rise))
    return float(peak * (1 + torch.cos(torch.pi * down)) / 2)


def step(net, optimizer, x, y):
    """Do one training step; return the loss and the number of right ones."""
    scores = net(prepared(x))
    loss = F.cross_entropy(scores, y)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), BUDGET['clip'])
    optimizer.step()
    return float(loss.detach()), int((scores.argmax(1) == y).sum())


def train_epoch(net, optimizer, epoch, num_epochs, peak, limit=None):
    """Train for one epoch.

    Args:
        net, optimizer: What is trained, and by what.
        epoch, num_epochs: Its number, from 0, and how many the run has.
        peak: The largest rate of the cycle.
        limit: Stop after so many minibatches, to try out.

    Returns:
        Mean loss and share of right answers, both while training.
    """
    X, y = load()[0]['training']
    order = torch.randperm(len(y)).split(BUDGET['batch_size'])[:limit]
    net.train()
    loss_sum = right_sum = rows = 0
    for i, index in enumerate(order):
        for group in optimizer.param_groups:
            group['lr'] = one_cycle(
                epoch * len(order) + i, num_epochs * len(order), peak
            )
        x = data.random_horizontal_flip(data.random_crop(X[index]))
        loss, right = step(net, optimizer, x, y[index])
        loss_sum += loss * len(index)
        right_sum += right
        rows += len(index)
    return loss_sum / rows, right_sum / rows


def make(name, lr):
    """Return a contestant's network and its optimizer."""
    form, options = NETS[name]
    net = FORMS[form](**options).to(memory_format=torch.channels_last)
    return net, torch.optim.SGD(
        net.parameters(),
        lr,
        BUDGET['momentum'],
        nesterov=True,
        weight_decay=BUDGET['weight_decay'],
    )


def train(name, lr, seed, num_epochs, checkpoint, limit=None):
    """Train a contestant, from its checkpoint if there is one.

    Args:
        name: One of NETS.
        lr: The largest rate of the cycle.
        seed: Of weights, order, flips and crops.
        num_epochs: How many in all.
        checkpoint: A file, written after each epoch.
        limit: Minibatches an epoch, to try out; None for all.

    Returns:
        The network, and the curves: a dictionary of lists, a number an
        epoch. They are shorter than num_epochs if the loss was not finite.
    """
    set_seed(seed)
    net, optimizer = make(name, lr)
    curves = restored(checkpoint, net, optimizer)
    for epoch in range(len(curves['loss']), num_epochs):
        loss, acc = train_epoch(net, optimizer, epoch, num_epochs, lr, limit)
        if not np.isfinite(loss):
            break
        numbers = loss, acc, accuracy_on(net, 'validation')
        for column, number in zip(curves.values(), numbers):
            column.append(round(number, 5))
        numbers = ' '.join(f'{key} {c[-1]:.4f}' for key, c in curves.items())
        print(
            f'{time.strftime("%H:%M:%S")} {name}, rate {lr:g}, seed {seed}, '
            f'epoch {epoch + 1}: {numbers}',
            flush=True,
        )
        save(checkpoint, net, optimizer, curves)
    return net, curves


def save(checkpoint, net, optimizer, curves):
    """Write all that a run needs to go on, whole or not at all."""
    state = {
        'net': net.state_dict(),
        'optimizer': optimizer.state_dict(),
        'random': torch.get_rng_state(),
        'curves': curves,
    }
    with written_whole(checkpoint) as part:
        torch.save(state, part)


def restored(checkpoint, net, optimizer):
    """Put a checkpoint's state in place, if there is one; return curves."""
    if not checkpoint.exists():
        return {'loss': [], 'train_acc': [], 'valid_accs': []}
    state = torch.load(checkpoint, weights_only=True)
    net.load_state_dict(state['net'])
    optimizer.load_state_dict(state['optimizer'])
    torch.set_rng_state(state['random'])
    return state['curves']


def costs(name):
    """Return what a contestant costs: all but seconds.

    The weights of LeNet's C3 for maps that it does not see do not count.
    peak_memory: bytes alive at the most in a training step of a minibatch.
    """
    set_seed(0)
    net, optimizer = make(name, 0.0)
    table = summary(net, (1, 3, 32, 32))
    unused = sum(m.unused() for m in net.modules() if isinstance(m, C3))
    X = torch.zeros(BUDGET['batch_size'], 3, 32, 32)
    y = torch.zeros(len(X), dtype=torch.long)
    net.train()
    with PeakMemory(net, X, y) as memory:
        for _ in range(2):
            optimizer.zero_grad()
            F.cross_entropy(net(X), y).backward()
            optimizer.step()
    return {
        'parameters': table.parameters - unused,
        'multiply_adds': table.multiply_adds - 100 * unused,  # maps of 10x10
        'peak_memory': memory.peak,
    }


def measure(name, stage, lr, seed, num_epochs, checkpoint, limit=None):
    """Do one run; return all there is to record.

    Args:
        name, lr, seed, num_epochs, checkpoint, limit: As in train.
        stage: 'choose', which sees no test photographs, or 'full'.

    Returns:
        A dictionary; last_gain is what the last epoch added to the
        validation accuracy, done says whether that is below 0.005.
    """
    record = costs(name) | {'source': load()[1]}
    net, curves = train(name, lr, seed, num_epochs, checkpoint, limit)
    record |= curves | {'diverged': len(curves['loss']) < num_epochs}
    if record['diverged']:
        return record | {'valid_acc': 0.0}
    accs = curves['valid_accs']
    record['valid_acc'] = accs[-1]
    if stage == 'full':
        gain = accs[-1] - accs[-2]
        record['last_gain'] = round(gain, 5)
        record['done'] = gain < 0.005
        record['test_acc'] = accuracy_on(net, 'test')
    return record


def run(name, stage, lr, seed, args):
    """Return the record of one run, which is done if it has no file yet."""
    form, options = NETS[name]
    n = BUDGET['num_epochs' if stage == 'full' else 'choose_epochs']
    settings = {
        'net': name,
        'form': form,
        'options': options,
        'stage': stage,
        'lr': lr,
        'seed': seed,
        'epochs': n,
        'budget': BUDGET,
    }
    file = f'{slug(name)}_{stage}_lr{lr:g}_seed{seed}.json'
    folder = args.out if args.limit else data.cache_folder() / 'cifar10_runs'
    checkpoint = folder / f'{file}.pt'
    with alone(checkpoint.with_suffix('.lock')):
        record = recorded(
            args.out / file,
            settings,
            lambda _: measure(
                name, stage, lr, seed, n, checkpoint, args.limit
            ),
            torch.device('cpu'),
        )
        checkpoint.unlink(missing_ok=True)
    return record


@contextlib.contextmanager
def alone(lock):
    """Wait until no other process does the same run (not on Windows).

    So several may be started, best with --only in different orders.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with open(lock, 'w') as file:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
    lock.unlink(missing_ok=True)


def slug(name):
    """Turn a contestant's name into a part of a file name."""
    return name.replace(', ', '_').replace(' ', '-')


def choose(name, args):
    """Return the rate that is best on validation after a short run.

    RATES are tried; while the best of all tried is the least or the largest
    of them, the next one of LADDER too.
    """
    tried = {}
    rates = list(RATES)
    while rates:
        for lr in rates:
            tried[lr] = run(name, 'choose', lr, 0, args)['valid_acc']
        best = max(tried, key=tried.get)
        place = LADDER.index(best)
        place += (best == max(tried)) - (best == min(tried))
        rates = [lr for lr in LADDER[place : place + 1] if lr not in tried]
    return best


def run_all(args):
    """Do what is not done: the main contestants first, seed after seed."""
    for group in (MAIN, ABLATIONS, LARGER):
        for seed in args.seeds:
            for name in args.only or group:
                if name in group:
                    lr = args.rate or choose(name, args)
                    run(name, 'full', lr, seed, args)


def baselines(args):
    """Record what needs no training: the majority, the nearest neighbor."""
    for name, f in [
        ('majority class', majority),
        ('nearest neighbor', nearest_neighbor),
    ]:
        recorded(
            args.out / f'baseline_{slug(name)}.json',
            {'net': name, 'stage': 'baseline'},
            lambda _, f=f: {
                'source': load()[1],
                'valid_acc': f('validation'),
                'test_acc': f('test'),
            },
            torch.device('cpu'),
        )


def majority(part):
    """Return how often the commonest training class is right."""
    commonest = load()[0]['training'][1].bincount().argmax()
    y = load()[0][part][1]
    return int((y == commonest).sum()) / len(y)


def nearest_neighbor(part):
    """Return how often the class of the nearest training photograph is right.

    Nearest by the squared distance of the pixels: that of x and t is least
    where |t|^2 / 2 - x t is.
    """
    T, t = load()[0]['training']
    T = T.flatten(1).float() / 255
    half = T.square().sum(1) / 2
    X, y = load()[0][part]
    right = 0
    for x, labels in zip(X.split(500), y.split(500)):
        nearest = (half - x.flatten(1).float() / 255 @ T.T).argmin(1)
        right += int((t[nearest] == labels).sum())
    return right / len(y)


def time_all(args):
    """Record the seconds an epoch of all contestants, on a quiet machine."""
    check_quiet(0.5)
    for name in args.only or NETS:
        check_quiet(args.threads + 0.5)
        recorded(
            args.out / f'time_{slug(name)}.json',
            {'net': name, 'stage': 'time', 'batches': 20},
            lambda _, name=name: {'seconds': seconds(name)},
            torch.device('cpu'),
        )
        print(name, 'timed')


def check_quiet(allowed):
    """Raise SystemExit if more threads than allowed were at work lately."""
    if hasattr(os, 'getloadavg') and os.getloadavg()[0] > allowed:
        raise SystemExit(
            f'the load is {os.getloadavg()[0]:.2f}, but times are taken '
            'alone on the machine: try again when it does nothing else'
        )


def seconds(name, batches=20, repeats=5):
    """Return how many seconds a training epoch takes, measured five times.

    Each time a few minibatches are trained, after some that do not count.
    """
    net, optimizer = make(name, 1e-4)
    whole = len(load()[0]['training'][1]) / BUDGET['batch_size'] / batches
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        train_epoch(net, optimizer, 0, 1, 1e-4, batches)
        times.append(round((time.perf_counter() - start) * whole, 2))
    return times[1:]


def show(args):
    """Print the tables of what is done."""
    cifar10_table.show(args.out)


def collect(args):
    """Put all records into the file that the package carries."""
    write(PAGE, cifar10_table.everything(read_all(args.out)))


WORK = {
    'run': run_all,
    'baselines': baselines,
    'time': time_all,
    'show': show,
    'collect': collect,
}


def options():
    """Read the command line."""
    known = parser(__doc__)
    known.add_argument('what', choices=list(WORK))
    known.add_argument('--only', nargs='+', choices=NETS, metavar='NAME')
    known.add_argument('--seeds', nargs='+', type=int, default=SEEDS)
    known.add_argument(
        '--limit', type=int, help='minibatches an epoch, to try out'
    )
    known.add_argument(
        '--rate', type=float, choices=LADDER, help='in place of the chosen'
    )
    known.add_argument('--threads', type=int, default=1)
    known.add_argument('--out', type=Path, default=FOLDER)
    args = known.parse_args()
    if args.limit and args.out == FOLDER:
        known.error('--limit is for trying out: give a folder with --out')
    return args


def main():
    args = options()
    torch.set_num_threads(args.threads)
    keep_freed_memory()
    WORK[args.what](args)


if __name__ == '__main__':
    main()
