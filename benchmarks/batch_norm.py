"""Measure what batch norm gives, and max against average pooling.

    python benchmarks/batch_norm.py               all experiments, then collect
    python benchmarks/batch_norm.py lenet noise   only these
    python benchmarks/batch_norm.py --collect     what is there so far

Small networks learn 2,048 pictures of Fashion-MNIST by plain SGD; 2,048
others, held out of the training pictures, judge them after each epoch. Each
experiment is a grid of arms, learning rates and seeds, all of them recorded:

lenet    LeNet without and with batch norm, from He's and Xavier's weights,
         and with batch norm behind the activation function
depth    an MLP of 5, 20 and 40 layers, without and with batch norm
noise    an MLP with minibatches of 256, whose batch norm takes its statistics
         from parts of 4, 16 or 256 pictures: only the noise differs
small    an MLP with batch or layer norm, with minibatches of 2
large    the same with minibatches of 32
pooling  LeNet with max or average pooling, judged on shifted pictures, too

Runs of a seed share their starting weights, as far as their layers agree, and
the order of their pictures, so they can be compared in pairs.

A run is not repeated if it is in benchmarks/results/batch_norm/; about 40
minutes on one core. Repeated elsewhere, means should agree to 0.02.
"""

import json
from functools import cache, partial

import torch
from common import ROOT, machine, parser, write
from torch import nn
from tqdm import tqdm

from d2lmini import data
from d2lmini.nets import LeNet
from d2lmini.train import evaluate_accuracy_gpu, train_gpu
from d2lmini.utils import set_seed

RESULTS = ROOT / 'benchmarks' / 'results' / 'batch_norm'
PAGE = data.SAMPLES / 'batch_norm.json'
IMAGES, VALID_IMAGES = 2048, 2048


def initialize(module, how='he'):
    """Give one layer He's or Xavier's weights, and a bias of zero."""
    if isinstance(module, nn.Linear | nn.Conv2d):
        if how == 'he':
            nn.init.kaiming_normal_(module.weight, nonlinearity='relu')
        else:
            nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)


def norm_of(layer):
    """Return the batch norm that fits behind a layer, or behind its ReLU."""
    if isinstance(layer, nn.Conv2d):
        return nn.BatchNorm2d(layer.out_channels)
    return nn.BatchNorm1d(layer.out_features)


def lenet(arm):
    """Make LeNet: 'plain', 'before' or 'after' for batch norm's place."""
    layers, norm = [], None
    *body, head = LeNet(activation=nn.ReLU, pool=nn.MaxPool2d)
    for layer in body:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            norm = norm_of(layer)
        before = isinstance(layer, nn.ReLU) and 'before' in arm
        after = isinstance(layer, nn.ReLU) and 'after' in arm
        layers += [norm] if before else []
        layers.append(layer)
        layers += [norm] if after else []
    return nn.Sequential(*layers, head)


class GhostNorm(nn.BatchNorm1d):
    """Batch norm over parts of the minibatch: in training only."""

    def __init__(self, num_features, size):
        super().__init__(num_features)
        self.size = size

    def forward(self, X):
        if not self.training:
            return super().forward(X)
        parts = [super(GhostNorm, self).forward(x) for x in X.split(self.size)]
        return torch.cat(parts)


def mlp(depth=3, norm=None, width=128):
    """Make an MLP of `depth` hidden layers, `norm` before each ReLU."""
    layers, inputs = [nn.Flatten()], 784
    for _ in range(depth):
        layers.append(nn.Linear(inputs, width))
        layers += [norm(width)] if norm else []
        layers.append(nn.ReLU())
        inputs = width
    return nn.Sequential(*layers, nn.Linear(width, 10))


def deep(arm):
    depth, norm = arm.split()
    return mlp(int(depth), nn.BatchNorm1d if norm == 'batch' else None)


def pooled(arm):
    pool = {'max': nn.MaxPool2d, 'average': nn.AvgPool2d}[arm]
    return LeNet(activation=nn.ReLU, pool=pool)


def noisy(arm):
    return mlp(norm=partial(GhostNorm, size=int(arm)))


def sized(arm):
    norm = {'batch': nn.BatchNorm1d, 'layer': nn.LayerNorm}[arm.split()[1]]
    return mlp(norm=norm)


# Name: (how to make an arm's net, arms, rates, seeds, epochs)
EXPERIMENTS = {
    'lenet': (
        lenet,
        ('plain he', 'before he', 'after he', 'plain xavier', 'before xavier'),
        (0.03, 0.1, 0.3, 1),
        5,
        10,
    ),
    'depth': (
        deep,
        tuple(f'{d} {n}' for d in (5, 20, 40) for n in ('plain', 'batch')),
        (0.001, 0.003, 0.01, 0.03, 0.1, 0.3),
        5,
        8,
    ),
    'noise': (noisy, ('4', '16', '256'), (0.03, 0.1, 0.3), 5, 20),
    'small': (sized, ('2 batch', '2 layer'), (0.003, 0.01, 0.03), 5, 3),
    'large': (sized, ('32 batch', '32 layer'), (0.03, 0.1, 0.3), 5, 3),
    'pooling': (pooled, ('max', 'average'), (0.03, 0.1, 0.3, 1), 5, 10),
}


def batch_size(name, arm):
    """Return the minibatch of an arm: 64 where it is not what differs."""
    if name in ('small', 'large'):
        return int(arm.split()[0])
    return 256 if name == 'noise' else 64


def shifted(valid_iter, pixels=2):
    """Return the validation pictures, moved right by some pixels."""
    X = valid_iter.images.roll(pixels, dims=3)
    X[..., :pixels] = 0
    return data.ImageIter(X, valid_iter.labels, 256)


@cache
def load(size, seed):
    """Return minibatches to train, and validation pictures."""
    train_iter, valid_iter, _ = data.load_data_fashion_mnist(
        size, validation=0.25, seed=seed
    )
    return train_iter.take(IMAGES), valid_iter.take(VALID_IMAGES)


def measure(name, arm, lr, seed):
    """Train once; return the accuracies, one an epoch, or what went wrong."""
    make, _, _, _, num_epochs = EXPERIMENTS[name]
    train_iter, valid_iter = load(batch_size(name, arm), seed)
    set_seed(seed)
    net = make(arm)
    how = 'xavier' if 'xavier' in arm else 'he'
    net.apply(partial(initialize, how=how))
    try:
        history = train_gpu(
            net,
            train_iter,
            valid_iter,
            num_epochs,
            lr,
            'cpu',
            seed=seed,
            plot=False,
        )
    except FloatingPointError:
        return {'diverged': True}
    learned = evaluate_accuracy_gpu(net, train_iter)  # in eval mode
    moved = evaluate_accuracy_gpu(net, shifted(valid_iter))
    return {
        'train_acc': [round(a, 4) for a in history.train_acc],
        'valid_acc': [round(a, 4) for a in history.valid_acc],
        'learned_acc': round(learned, 4),
        'shifted_acc': round(moved, 4),
    }


def run(name, folder):
    """Do the runs of one experiment that its file does not hold yet."""
    _, arms, rates, seeds, num_epochs = EXPERIMENTS[name]
    path = folder / f'{name}.json'
    record = {'num_epochs': num_epochs, 'runs': {}}
    if path.exists():
        record = json.loads(path.read_text())
    todo = [(s, a, lr) for s in range(seeds) for a in arms for lr in rates]
    for seed, arm, lr in tqdm(todo, desc=name):
        key = f'{arm}, lr {lr:g}, seed {seed}'
        if key not in record['runs']:
            record['runs'][key] = measure(name, arm, lr, seed)
            record['machine'] = machine(torch.device('cpu'))
            write(path, record)


def shorten(run):
    """Keep of a run what pages show: less than half of the numbers."""
    if 'train_acc' not in run:
        return run
    return run | {'train_acc': run['train_acc'][-1]}


def collect(folder):
    """Write the file of the pages: all runs of all experiments."""
    found = {'images': IMAGES, 'valid_images': VALID_IMAGES}
    for name in EXPERIMENTS:
        path = folder / f'{name}.json'
        if path.exists():
            record = json.loads(path.read_text())
            runs = {key: shorten(run) for key, run in record['runs'].items()}
            found[name] = record | {'runs': runs}
    PAGE.write_text(json.dumps(found) + '\n')


def main():
    known = parser(__doc__)
    known.add_argument('names', nargs='*')
    known.add_argument('--collect', action='store_true')
    args = known.parse_args()
    for name in args.names or EXPERIMENTS:
        if name not in EXPERIMENTS:
            known.error(f'got {name!r}, wanted one of {list(EXPERIMENTS)}')
        if not args.collect:
            run(name, RESULTS)
    collect(RESULTS)


if __name__ == '__main__':
    main()
