"""Fine-tune EfficientNet-Lite0 on ants and bees, and train it from scratch.

    python benchmarks/fine_tuning.py [RUN ...]    all that are not there yet
    python benchmarks/fine_tuning.py --collect    for the book's page

Each run leaves a JSON file in benchmarks/results/fine_tuning/; what is there
is not run again, and a run that was killed goes on after its last whole
epoch. The runs `choose_*` train on four fifths of the 244 photographs and
judge by the rest: the body's rate is that with the best mean validation
accuracy over the epochs. `tuned` and `scratch` train on all 244, and see the
153 test photographs. `fashion_*` are the same for 20 images of each
class of Fashion-MNIST. About 20 minutes on one core in all. Repeated
elsewhere, the accuracies should agree to 0.03.
"""

import json
from dataclasses import asdict

import torch
from common import ROOT, parser, recorded, write
from torch import nn
from torch.nn import functional as F

from d2lmini.callbacks import Checkpoint
from d2lmini.data import SAMPLES, hymenoptera, load_data_fashion_mnist
from d2lmini.fine_tune import backbone, fine_tune, pretrained
from d2lmini.pictures import load_folder
from d2lmini.utils import set_seed

RESULTS = ROOT / 'benchmarks' / 'results' / 'fine_tuning'
NET = 'efficientnet_lite0'
# start: pretrained or not; size: side of the photographs in pixels; lr,
# body_lr: Adam's rates for the head and for the body; epochs: with the body
# frozen and with all layers.
RUNS = {
    f'choose_{rate:g}': dict(
        start='pretrained',
        split='choose',
        size=128,
        lr=1e-3,
        body_lr=rate,
        epochs=(20, 3),
    )
    for rate in (1e-5, 1e-4, 1e-3)
} | {
    'tuned': dict(
        start='pretrained',
        split='test',
        size=224,
        lr=1e-3,
        body_lr=1e-5,
        epochs=(20, 6),
    ),
    'scratch': dict(
        start='scratch',
        split='test',
        size=128,
        lr=1e-3,
        body_lr=1e-3,
        epochs=(0, 12),
    ),
    'fashion_tuned': dict(
        start='pretrained',
        split='fashion',
        size=112,
        lr=1e-3,
        body_lr=1e-4,
        epochs=(20, 5),
    ),
    'fashion_scratch': dict(
        start='scratch',
        split='fashion',
        size=112,
        lr=1e-3,
        body_lr=1e-3,
        epochs=(0, 10),
    ),
}


class Flip(nn.Module):
    """Mirror about half of the pictures of a minibatch, in training only."""

    def forward(self, X):
        if not self.training:
            return X
        mirrored = torch.rand(len(X), 1, 1, 1, device=X.device) < 0.5
        return torch.where(mirrored, X.flip(-1), X)


def pictures(split, size):
    """Return training and judging (X, y), as the split says.

    choose: 195 and 49 of the 244 photographs; test: 244 and 153; fashion:
    20 and 50 images of each class of Fashion-MNIST, enlarged.
    """
    if split == 'fashion':
        train, test = load_data_fashion_mnist(64)
        return few(train, 20, size), few(test, 50, size)
    X, y, _, _ = load_folder(hymenoptera() / 'train', size)
    if split == 'test':
        return (X, y), load_folder(hymenoptera() / 'val', size)[:2]
    judging = torch.arange(len(y)) % 5 == 0
    return (X[~judging], y[~judging]), (X[judging], y[judging])


def few(part, n, size):
    """Return the first n images of each class, as the page does."""
    index = torch.cat([(part.labels == c).nonzero()[:n, 0] for c in range(10)])
    X = F.interpolate(
        part.images[index].float(), (size, size), mode='bilinear'
    )
    return X.round().to(torch.uint8).expand(-1, 3, -1, -1), part.labels[index]


def untrained():
    """Return the network with random weights, ready for a short training.

    Its batch norms' momentum is that of long trainings, 0.01; after a few
    hundred steps their statistics would still be half of the start.
    """
    net = backbone(NET)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 0.1
    return net


def do(name, seed=0):
    """Do a run that has no file yet, and write its file."""
    path = RESULTS / f'{name}.json'
    checkpoint = path.with_suffix('.checkpoint')
    recorded(
        path,
        RUNS[name] | {'net': NET, 'seed': seed},
        lambda device: measure(RUNS[name], seed, checkpoint),
    )
    checkpoint.unlink(missing_ok=True)


def measure(run, seed, checkpoint):
    """Return both parts' curves of one of RUNS."""
    set_seed(seed)
    net = pretrained(NET) if run['start'] == 'pretrained' else untrained()
    frozen, tuned = fine_tune(
        nn.Sequential(Flip(), *net),
        10 if run['split'] == 'fashion' else 2,
        *pictures(run['split'], run['size']),
        run['lr'],
        run['body_lr'],
        epochs=run['epochs'],
        seed=seed,
        plot=True,
        callbacks=[Checkpoint(checkpoint)],
    )
    print(tuned)
    return {'frozen': asdict(frozen), 'all layers': asdict(tuned)}


def collect():
    """Put all runs into one file, which the package carries."""
    runs = {
        name: json.loads((RESULTS / f'{name}.json').read_text())
        for name in RUNS
    }
    mean = {
        run['body_lr']: sum(run['all layers']['valid_acc'])
        for name, run in runs.items()
        if name.startswith('choose')
    }
    assert max(mean, key=mean.get) == runs['tuned']['body_lr'], mean
    write(SAMPLES / 'fine_tuning.json', runs)


def main():
    known = parser(__doc__)
    known.add_argument('runs', nargs='*', metavar='RUN')
    known.add_argument('--collect', action='store_true')
    args = known.parse_args()
    if other := set(args.runs) - set(RUNS):
        known.error(f'RUN must be of {", ".join(RUNS)}, got {other.pop()}')
    if args.collect:
        return collect()
    for name in args.runs or RUNS:
        do(name)


if __name__ == '__main__':
    main()
