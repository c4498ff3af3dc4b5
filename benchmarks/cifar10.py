"""Train the classic networks on all of CIFAR-10: the record of section 5.8.

    python benchmarks/cifar10.py run         all runs that are not done yet
    python benchmarks/cifar10.py baselines   the trivial ones
    python benchmarks/cifar10.py time        seconds an epoch, machine quiet
    python benchmarks/cifar10.py show        the table of what is done

Every contestant gets the same: 45,000 training photographs with flips and
crops, 5,000 for validation, SGD with Nesterov momentum, weight decay and
gradient clipping, a one-cycle schedule over 15 epochs, three seeds. Its rate
is the best of three on validation, after 2 epochs; while the best is at the
border of those tried, one more is tried beyond it. Only then the full runs
begin. The test photographs are seen once a run, at its end, and choose
nothing. Widths are such that an epoch takes 40 to 75 seconds on one thread
(the small LeNets 12). AlexNet and VGG halve the side of a photograph after
their first convolution; the stems of GoogLeNet, ResNet, DenseNet and
MobileNetV2 do so with a stride of 2, so that all bodies begin at 16x16.

A run leaves one JSON file in benchmarks/results/cifar10/ and is not repeated
if it is there. A run that was killed goes on after its last whole epoch,
from a checkpoint in the cache folder. --only NAME ...: these contestants.
"""
import argparse
import functools
import time
import zlib
from pathlib import Path

import numpy as np
import torch
from common import RESULTS, machine, recorded, write
from torch import nn
from torch.nn import functional as F

from d2lmini import data
from d2lmini.nets import VGG, AlexNet, DenseNet, GoogLeNet, LeNet, ResNet
from d2lmini.nets.resnet import Residual
from d2lmini.summary import PeakMemory, summary
from d2lmini.utils import keep_freed_memory, set_seed, written_whole

BUDGET = {'training': 45_000, 'validation': 5_000, 'split_seed': 0,
          'batch_size': 128, 'momentum': 0.9, 'weight_decay': 5e-4,
          'clip': 1.0, 'rise': 0.25, 'num_epochs': 15, 'choose_epochs': 2}
RATES = (0.03, 0.1, 0.3)
LADDER = (0.001, 0.003, 0.01, *RATES, 1.0, 3.0)
SEEDS = (0, 1, 2)
# Checksums of training photographs that are not the original ones.
COPIES = {0x10b4261f: 'JPEG copy of CIFAR-10'}


class ScaledTanh(nn.Module):
    """LeCun's squashing function, f(1) = 1 and f(-1) = -1."""

    def forward(self, X):
        return 1.7159 * torch.tanh(2 / 3 * X)


class Sampling(nn.AvgPool2d):
    """S2 and S4 of 1998: mean of 2x2, a weight and a bias for each map."""

    def __init__(self, channels):
        super().__init__(2)
        self.weight = nn.Parameter(torch.ones(channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, X):
        return super().forward(X) * self.weight + self.bias


class C3(nn.Conv2d):
    """LeNet's second convolution: each map sees some of S2 (table I)."""

    SEES = ('012', '123', '234', '345', '045', '015', '0123', '1234', '2345',
            '0345', '0145', '0125', '0134', '1245', '0235', '012345')

    def __init__(self):
        super().__init__(6, 16, kernel_size=5)
        seen = [[str(i) in row for i in range(6)] for row in self.SEES]
        self.register_buffer('seen', torch.tensor(seen)[:, :, None, None])

    def forward(self, X):
        return F.conv2d(X, self.weight * self.seen, self.bias)


def lenet(activation='ReLU', pool='max'):
    """LeNet for 32x32 photographs in color, of 1998, of today, or between.

    Args:
        activation: 'tanh' (scaled, as published), 'sigmoid' or 'ReLU'.
        pool: 'sampling' (as published, with C3's table), 'average', 'max'.

    Returns:
        The network. Its weights start with variance 1 / n for tanh and
        sigmoid, 2 / n for ReLU, where n numbers come in.
    """
    act = {'tanh': ScaledTanh, 'sigmoid': nn.Sigmoid, 'ReLU': nn.ReLU}
    net = LeNet(10, 3, act[activation],
                nn.MaxPool2d if pool == 'max' else nn.AvgPool2d)
    net[0].padding = (0, 0)     # as in the paper, whose images are 32x32
    if pool == 'sampling':      # units of S2 and S4 are squashed too
        f = act[activation]
        net = nn.Sequential(net[0], f(), Sampling(6), f(), C3(), f(),
                            Sampling(16), f(), *net[6:])
    fits = 'relu' if activation == 'ReLU' else 'linear'
    for layer in net.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(layer.weight, nonlinearity=fits)
            nn.init.zeros_(layer.bias)
        if isinstance(layer, C3):       # fewer maps seen, larger weights
            layer.weight.data *= (6 / layer.seen.sum(1, True)).sqrt()
    return net


def halving_stem(net):
    """Give the first convolution of a net a stride of 2."""
    conv = next(m for m in net.modules() if isinstance(m, nn.Conv2d))
    conv.stride = (2, 2)
    return net


def googlenet(**options):
    return halving_stem(GoogLeNet(10, small=True, **options))


def densenet(**options):
    return halving_stem(DenseNet(10, small=True, **options))


def resnet(shortcut=True, **options):
    """ResNet with a stem of stride 2; without shortcuts it is a plain net."""
    net = halving_stem(ResNet(10, small=True, **options))
    for block in net.modules():
        if isinstance(block, Residual) and not shortcut:
            block.shortcut = Zero()
    return net


class Zero(nn.Module):
    """In place of a shortcut: nothing comes through."""

    def forward(self, X):
        return 0.0


def conv_bn(in_channels, out_channels, kernel_size, stride=1, groups=1):
    """Convolution that keeps the size (at stride 1), then batch norm."""
    conv = nn.Conv2d(in_channels, out_channels, kernel_size, stride,
                     kernel_size // 2, groups=groups, bias=False)
    nn.init.kaiming_normal_(conv.weight, mode='fan_out')
    return [conv, nn.BatchNorm2d(out_channels)]


class InvertedResidual(nn.Sequential):
    """MobileNetV2's block: 1x1 up, depthwise 3x3, 1x1 down, plus X."""

    def __init__(self, in_channels, out_channels, stride, expansion,
                 shortcut=True):
        middle = in_channels * expansion
        super().__init__(
            *conv_bn(in_channels, middle, 1), nn.ReLU6(),
            *conv_bn(middle, middle, 3, stride, middle), nn.ReLU6(),
            *conv_bn(middle, out_channels, 1))
        self.adds = shortcut and stride == 1 and in_channels == out_channels

    def forward(self, X):
        return X + super().forward(X) if self.adds else super().forward(X)


def mobilenet(stages, expansion=6, head=256, shortcut=True):
    """A net of MobileNetV2's inverted residuals; a stem of stride 2.

    Args:
        stages: For each stage its channels, blocks, and first stride.
        expansion: How many times wider a block is inside.
        head: Channels of the last 1x1 convolution.
        shortcut: Whether a block adds its input, where the shapes agree.

    Returns:
        The network.
    """
    channels = stages[0][0]
    layers = [*conv_bn(3, channels, 3, 2), nn.ReLU6()]
    for out_channels, count, stride in stages:
        for i in range(count):
            layers.append(InvertedResidual(
                channels, out_channels, stride if i == 0 else 1, expansion,
                shortcut))
            channels = out_channels
    return nn.Sequential(
        *layers, *conv_bn(channels, head, 1), nn.ReLU6(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(head, 10))


FORMS = {'lenet': lenet, 'googlenet': googlenet, 'densenet': densenet,
         'resnet': resnet, 'mobilenet': mobilenet,
         'alexnet': functools.partial(AlexNet, 10, small=True),
         'vgg': functools.partial(VGG, 10, small=True),
         'pixels': lambda: nn.Sequential(nn.Flatten(), nn.Linear(3072, 10))}

# Contestants: the form, and what it is given. No dropout anywhere but where
# it says so: on 150 and fewer units the papers' 0.5 starves a network.
MAIN = {
    'LeNet, 1998': ('lenet', {'activation': 'tanh', 'pool': 'sampling'}),
    'LeNet, today': ('lenet', {'activation': 'ReLU', 'pool': 'max'}),
    'ResNet-18': ('resnet', {'width': 0.3125}),
    'VGG-11, batch norm': ('vgg', {'width': 0.375, 'batch_norm': True,
                                   'dropout': 0.0}),
    'AlexNet': ('alexnet', {'width': 0.3, 'dropout': 0.0}),
    'GoogLeNet': ('googlenet', {'width': 0.3, 'dropout': 0.0}),
    'DenseNet': ('densenet', {'growth_rate': 16, 'depth': (2, 4, 8)}),
    'VGG-11': ('vgg', {'width': 0.375, 'dropout': 0.0}),
    'MobileNetV2': ('mobilenet', {'stages': ((16, 2, 1), (32, 3, 2),
                                             (64, 3, 2), (128, 2, 2)),
                                  'expansion': 4})}
# What explains the gaps: the same with one thing changed.
ABLATIONS = {
    'LeNet, 1998 with ReLU': ('lenet', {'activation': 'ReLU',
                                        'pool': 'sampling'}),
    'LeNet, 1998 with max pooling': ('lenet', {'activation': 'tanh',
                                               'pool': 'max'}),
    'LeNet, sigmoid': ('lenet', {'activation': 'sigmoid',
                                 'pool': 'average'}),
    'ResNet-18, no shortcut': ('resnet', {'width': 0.3125,
                                          'shortcut': False}),
    'GoogLeNet, no batch norm': ('googlenet', {
        'width': 0.3, 'dropout': 0.0, 'batch_norm': False}),
    'ResNet-10': ('resnet', {'width': 0.3125, 'depth': (1, 1, 1, 1)}),
    'ResNet-10, no shortcut': ('resnet', {
        'width': 0.3125, 'depth': (1, 1, 1, 1), 'shortcut': False}),
    'VGG-16, batch norm': ('vgg', {'width': 0.375, 'batch_norm': True,
                                   'dropout': 0.0, 'depth': 16}),
    'VGG-16': ('vgg', {'width': 0.375, 'dropout': 0.0, 'depth': 16}),
    'AlexNet, dropout 0.5': ('alexnet', {'width': 0.3, 'dropout': 0.5}),
    'AlexNet, dropout 0.2': ('alexnet', {'width': 0.3, 'dropout': 0.2}),
    'VGG-11, batch norm, dropout 0.5': ('vgg', {
        'width': 0.375, 'batch_norm': True, 'dropout': 0.5}),
    'MobileNetV2, no shortcut': ('mobilenet', {
        **MAIN['MobileNetV2'][1], 'shortcut': False})}
LINEAR = {'logistic regression': ('pixels', {})}
NETS = LINEAR | MAIN | ABLATIONS


@functools.cache
def load():
    """Return the photographs and where they came from.

    Returns:
        A dictionary of pairs (uint8 (N, 3, 32, 32), classes (N,)) named
        'training', 'validation', 'test', and a sentence on the source.
    """
    arrays, source = data.find_arrays('cifar10')
    pairs = {part: (torch.from_numpy(arrays[f'{part}_images']).permute(
        0, 3, 1, 2).contiguous(), torch.from_numpy(
        arrays[f'{part}_labels']).long()) for part in ('train', 'test')}
    checksum = zlib.crc32(np.ascontiguousarray(arrays['train_images']))
    X, y = pairs['train']
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(
        BUDGET['split_seed']))
    n = BUDGET['validation']
    return {'training': (X[order[n:]], y[order[n:]]),
            'validation': (X[order[:n]], y[order[:n]]),
            'test': pairs['test']}, {
        'data': COPIES.get(checksum, 'CIFAR-10'), 'found in': source,
        'checksum': f'{checksum:08x}', 'training': len(y) - n,
        'validation': n, 'test': len(pairs['test'][1])}


@functools.cache
def mean_and_std():
    """Return those of the training photographs, each (1, 3, 1, 1)."""
    X = load()[0]['training'][0][:10_000].float() / 255
    return X.mean((0, 2, 3), keepdim=True), X.std((0, 2, 3), keepdim=True)


def prepared(X):
    """Scale uint8 photographs and put them into channels-last order."""
    mean, std = mean_and_std()
    return ((X.float() / 255 - mean) / std).contiguous(
        memory_format=torch.channels_last)


def accuracy_on(net, part):
    """Return the share of 'validation' or 'test' that net gets right."""
    X, y = load()[0][part]
    net.eval()
    with torch.no_grad():
        right = [(net(prepared(x)).argmax(1) == t).sum()
                 for x, t in zip(X.split(500), y.split(500))]
    return int(sum(right)) / len(y)


def one_cycle(step, steps, peak):
    """Give a step's rate: a line up, then half a cosine down to 0."""
    rise = BUDGET['rise'] * steps
    if step < rise:
        return peak * (step + 1) / (rise + 1)
    down = torch.tensor((step - rise) / (steps - rise))
    return float(peak * (1 + torch.cos(torch.pi * down)) / 2)


def train_epoch(net, optimizer, epoch, steps, peak, limit=None):
    """Train for one epoch.

    Args:
        net, optimizer: What is trained, and by what.
        epoch: Its number, from 0.
        steps: All steps of the run, which the rate depends on.
        peak: The largest rate.
        limit: Stop after so many minibatches, to try out.

    Returns:
        Mean loss and share of right answers while training, and the number
        of steps done.
    """
    X, y = load()[0]['training']
    order = torch.randperm(len(y)).split(BUDGET['batch_size'])[:limit]
    net.train()
    loss_sum = right = rows = 0
    for i, index in enumerate(order):
        for group in optimizer.param_groups:
            group['lr'] = one_cycle(epoch * len(order) + i, steps, peak)
        x = data.random_horizontal_flip(data.random_crop(X[index]))
        scores = net(prepared(x))
        loss = F.cross_entropy(scores, y[index])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), BUDGET['clip'])
        optimizer.step()
        loss_sum += float(loss.detach()) * len(index)
        right += int((scores.argmax(1) == y[index]).sum())
        rows += len(index)
    return loss_sum / rows, right / rows


def make(name, lr):
    """Return a contestant's network and its optimizer."""
    form, options = NETS[name]
    net = FORMS[form](**options).to(memory_format=torch.channels_last)
    return net, torch.optim.SGD(
        net.parameters(), lr, BUDGET['momentum'], nesterov=True,
        weight_decay=BUDGET['weight_decay'])


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
        The network, and the curves: a dictionary of lists.
    """
    set_seed(seed)
    net, optimizer = make(name, lr)
    curves = {'loss': [], 'train_acc': [], 'valid_accs': []}
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        net.load_state_dict(state['net'])
        optimizer.load_state_dict(state['optimizer'])
        torch.set_rng_state(state['random'])
        curves = state['curves']
    batches = -(-BUDGET['training'] // BUDGET['batch_size'])
    steps = num_epochs * min(batches, limit or batches)
    for epoch in range(len(curves['loss']), num_epochs):
        means = train_epoch(net, optimizer, epoch, steps, lr, limit)
        if not np.isfinite(means[0]):
            break
        means = *means, accuracy_on(net, 'validation')
        for column, number in zip(curves.values(), means):
            column.append(round(number, 5))
        print(f'{time.strftime("%H:%M:%S")} {name}, rate {lr:g}, seed {seed},'
              f' epoch {epoch + 1}: loss {means[0]:.3f}, training '
              f'{means[1]:.3f}, validation {means[2]:.4f}', flush=True)
        with written_whole(checkpoint) as part:
            torch.save({'net': net.state_dict(), 'random':
                        torch.get_rng_state(), 'curves': curves,
                        'optimizer': optimizer.state_dict()}, part)
    return net, curves


def costs(name):
    """Return what a contestant costs: all but seconds.

    peak_memory: bytes alive at the most in a training step of one minibatch.
    """
    set_seed(0)
    net, optimizer = make(name, 0.0)
    table = summary(net, (1, 3, 32, 32))
    X = torch.zeros(BUDGET['batch_size'], 3, 32, 32)
    y = torch.zeros(len(X), dtype=torch.long)
    net.train()
    with PeakMemory(net, X, y) as memory:
        for _ in range(2):
            optimizer.zero_grad()
            F.cross_entropy(net(X), y).backward()
            optimizer.step()
    return {'parameters': table.parameters,
            'multiply_adds': table.multiply_adds, 'peak_memory': memory.peak}


def run(name, stage, lr, seed, args):
    """Return the record of one run, which is done if it has no file yet.

    stage: 'choose' (short, no test) or 'full'.
    """
    form, options = NETS[name]
    n = BUDGET['num_epochs' if stage == 'full' else 'choose_epochs']
    settings = {'net': name, 'form': form, 'options': options,
                'stage': stage, 'lr': lr, 'seed': seed, 'epochs': n,
                'budget': BUDGET}
    file = f'{slug(name)}_{stage}_lr{lr:g}_seed{seed}.json'
    folder = args.out if args.limit else data.cache_folder() / 'cifar10_runs'
    checkpoint = folder / f'{file}.pt'

    def measure(device):
        record = costs(name) | {'source': load()[1]}
        net, curves = train(name, lr, seed, n, checkpoint, args.limit)
        record |= curves | {'diverged': len(curves['loss']) < n}
        record['valid_acc'] = (0.0 if record['diverged'] else
                               curves['valid_accs'][-1])
        if stage == 'full' and not record['diverged']:
            gain = curves['valid_accs'][-1] - curves['valid_accs'][-2]
            record |= {'last_gain': round(gain, 5), 'done': gain < 0.005,
                       'test_acc': accuracy_on(net, 'test')}
        return record
    record = recorded(args.out / file, settings, measure,
                      torch.device('cpu'))
    checkpoint.unlink(missing_ok=True)
    return record


def slug(name):
    """Turn a contestant's name into a part of a file name."""
    return name.replace(', ', '_').replace(' ', '-')


def choose(name, args):
    """Return the rate that is best on validation after a short run.

    RATES are tried; while the best of all tried is the least or the largest
    of them, the next one of LADDER too.
    """
    tried = {lr: run(name, 'choose', lr, 0, args)['valid_acc']
             for lr in RATES}
    while True:
        best = max(tried, key=tried.get)
        step = (best == max(tried)) - (best == min(tried))
        if not step:
            return best
        beyond = LADDER[LADDER.index(best) + step]
        tried[beyond] = run(name, 'choose', beyond, 0, args)['valid_acc']


def run_all(args):
    """Do what is not done: the main contestants first, one seed after another.
    """
    for group in (LINEAR | MAIN, ABLATIONS):
        for seed in args.seeds:
            for name in args.only or group:
                if name in group:
                    run(name, 'full', choose(name, args), seed, args)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('what', choices=['run'])
    parser.add_argument('--only', nargs='+', choices=NETS, metavar='NAME')
    parser.add_argument('--seeds', nargs='+', type=int, default=SEEDS)
    parser.add_argument('--limit', type=int,
                        help='minibatches an epoch, to try out')
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--out', type=Path, default=RESULTS / 'cifar10')
    args = parser.parse_args()
    if args.limit and args.out == RESULTS / 'cifar10':
        parser.error('--limit is for trying out: give a folder with --out')
    torch.set_num_threads(args.threads)
    keep_freed_memory()
    run_all(args)


if __name__ == '__main__':
    main()
