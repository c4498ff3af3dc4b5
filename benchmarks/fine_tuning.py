"""Fine-tune EfficientNet-Lite0, with its controls and its baselines.

    python benchmarks/fine_tuning.py run        all runs not done yet
    python benchmarks/fine_tuning.py show       the table of what is done
    python benchmarks/fine_tuning.py collect    all in one file, for the page

Ants and bees: all 397 photographs at 112x112 pixels, cut into five parts;
each part judges a network that was trained on the other four, so that every
photograph is judged once. Clothes: 20 images of each class of Fashion-MNIST
at the same size, drawn three times, judged by 500 others of the training
images. Every method gets the same photographs; networks that are trained
as a whole see them mirrored at random. A run leaves one JSON file in
benchmarks/results/fine_tuning/ and is not repeated if it is there: an hour
on one core. Repeated elsewhere, accuracies should agree to 0.02.
"""

import statistics
import time
from functools import partial

import torch
from common import RESULTS, parser, read_all, recorded, write
from torch import nn
from torch.nn import functional as F
from tricks import SCHEDULES, Recipe
from tricks import make_net as make_small_net

from d2lmini.data import SAMPLES, hymenoptera, load_data_fashion_mnist
from d2lmini.fine_tune import backbone, batches, fine_tune, pretrained
from d2lmini.pictures import load_folder
from d2lmini.train import train_gpu
from d2lmini.utils import set_seed

FOLDER = RESULTS / 'fine_tuning'
PAGE = SAMPLES / 'fine_tuning.json'
NET, SIZE = 'efficientnet_lite0', 112
TASKS = {'ants and bees': 5, 'clothes': 3}  # and how many parts
RATES = (1e-4, 1e-5, 1e-3)


class Flip(nn.Module):
    """Mirror about half of the pictures of a minibatch, in training only."""

    def forward(self, X):
        if not self.training:
            return X
        mirrored = torch.rand(len(X), 1, 1, 1, device=X.device) < 0.5
        return torch.where(mirrored, X.flip(-1), X)


def pictures(task, part):
    """Return training and judging (X, y): uint8 (n, 3, SIZE, SIZE), (n,)."""
    if task == 'clothes':
        return clothes(part)
    halves = [
        load_folder(hymenoptera() / half, SIZE)[:2]
        for half in ('train', 'val')
    ]
    X, y = (torch.cat(pair) for pair in zip(*halves))
    order = torch.randperm(len(y), generator=torch.manual_seed(0))
    judging = torch.zeros(len(y), dtype=torch.bool)
    judging[order[part :: TASKS[task]]] = True
    return (X[~judging], y[~judging]), (X[judging], y[judging])


def clothes(part):
    """Return 20 and 50 images of each class, others for each part."""
    data = load_data_fashion_mnist(64)[0]
    order = torch.randperm(len(data.labels), generator=torch.manual_seed(part))
    by_class = [order[data.labels[order] == c] for c in range(10)]
    pairs = []
    for few in (slice(20), slice(20, 70)):
        index = torch.cat([places[few] for places in by_class])
        X = F.interpolate(
            data.images[index].float(), (SIZE, SIZE), mode='bilinear'
        )
        X = X.round().to(torch.uint8).expand(-1, 3, -1, -1)
        pairs.append((X, data.labels[index]))
    return pairs


def tune(train, judge, seed, start=None, **options):
    """Fine-tune; return which are right, and the curves of both parts."""
    set_seed(seed)
    net = start() if start else pretrained(NET)
    net = nn.Sequential(Flip(), *net)
    curves = fine_tune(
        net,
        int(train[1].max()) + 1,
        train,
        judge,
        seed=seed,
        plot=False,
        **options,
    )
    return net, [curves_of(part) for part in curves]


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


def curves_of(history):
    """Return what a record keeps of a training."""
    kept = ('loss', 'train_acc', 'valid_acc')
    return {name: getattr(history, name) for name in kept}


def train_new(train, judge, seed, make, lr, num_epochs):
    """Train a network that make() gives, from scratch."""
    set_seed(seed)
    net = make(int(train[1].max()) + 1)
    history = train_gpu(
        net,
        *batches(train, judge, seed=seed),
        num_epochs,
        lr,
        seed=seed,
        plot=False,
        optimizer=torch.optim.Adam,
        scheduler=SCHEDULES['one cycle'](num_epochs),
    )
    return net, [curves_of(history)]


class Bytes(nn.Module):
    """Turn bytes into floats from 0 to 1."""

    def forward(self, X):
        return X.float() / 255


def small_network(num_classes):
    """Make the ResNet-10 of chapter 7."""
    net = make_small_net(Recipe(batch_norm=True))
    net[-1][-1] = nn.Linear(net[-1][-1].in_features, num_classes)
    return nn.Sequential(Flip(), Bytes(), *net)


def linear(num_classes):
    """Make logistic regression on 28x28 pixels of three colors."""
    return nn.Sequential(
        Flip(),
        Bytes(),
        nn.AvgPool2d(4),
        nn.Flatten(),
        nn.Linear(3 * 28 * 28, num_classes),
    )


class Nearest(nn.Module):
    """Give each picture the class of the nearest one, on 28x28 pixels."""

    def __init__(self, X, y):
        super().__init__()
        self.small = nn.Sequential(Bytes(), nn.AvgPool2d(4), nn.Flatten())
        self.X, self.y = self.small(X), y

    def forward(self, X):
        near = torch.cdist(self.small(X), self.X).argmin(1)
        return F.one_hot(self.y[near], int(self.y.max()) + 1)


METHODS = (
    {
        f'all layers, rate {rate:g}': partial(
            tune, body_lr=rate, epochs=(20, 5)
        )
        for rate in RATES
    }
    | {
        'batch statistics': partial(
            tune, body_lr=1e-4, epochs=(20, 5), keep_statistics=False
        ),
        'frozen body': partial(tune, epochs=(20, 0)),
        'nearest neighbor': lambda train, judge, seed: (Nearest(*train), []),
    }
    | {
        f'pixels, rate {rate:g}': partial(
            train_new, make=linear, lr=rate, num_epochs=40
        )
        for rate in (1e-4, 1e-3, 1e-2)
    }
    | {
        f'small network, rate {rate:g}': partial(
            train_new, make=small_network, lr=rate, num_epochs=40
        )
        for rate in (1e-3, 1e-2)
    }
    | {
        'from scratch': partial(
            tune,
            start=untrained,
            lr=1e-3,
            body_lr=1e-3,
            epochs=(0, 25),
            keep_statistics=False,
            scheduler=SCHEDULES['one cycle'](25),
        ),
    }
)


def measure(method, task, part):
    """Do one run; return which of the judging pictures are right."""
    train, judge = pictures(task, part)
    started = time.process_time()
    net, curves = METHODS[method](train, judge, part)
    seconds = time.process_time() - started
    net.cpu().eval()
    with torch.no_grad():
        answers = torch.cat([net(X).argmax(1) for X in judge[0].split(50)])
    right = (answers == judge[1]).int().tolist()
    print(
        f'{task}, {method}, part {part}: {statistics.mean(right):.3f}, '
        f'{seconds:.0f} s',
        flush=True,
    )
    return {
        'right': right,
        'classes': judge[1].tolist(),
        'curves': curves,
        'seconds': round(seconds, 1),
    }


def run(method, task, part, folder=FOLDER):
    """Return a run's record, measured if it has no file yet."""
    slug = f'{task} {method} part{part}'.replace(', ', '_').replace(' ', '-')
    settings = {'task': task, 'method': method, 'part': part}
    return recorded(
        folder / f'{slug}.json',
        settings | {'net': NET, 'size': SIZE},
        lambda device: measure(method, task, part),
    )


def run_all(args):
    for method in METHODS:
        for task, parts in TASKS.items():
            if (method, task) != ('from scratch', 'clothes'):
                for part in range(parts):
                    run(method, task, part)


def condense(records):
    """Give what the page shows: for each task and method its runs.

    A run's 'right' is a text, 1 for each picture that was named rightly and 0
    for each other; its 'loss' that of each epoch, the last part's.
    """
    tasks = {task: {} for task in TASKS}
    for r in records:
        loss = r['curves'][-1]['loss'] if r['curves'] else []
        run = {
            'part': r['part'],
            'right': ''.join(map(str, r['right'])),
            'loss': [round(number, 4) for number in loss],
        }
        tasks[r['task']].setdefault(r['method'], []).append(run)
    return {
        'net': NET,
        'size': SIZE,
        'machine': records[0]['machine'],
        'tasks': tasks,
    }


def show(args):
    """Print the accuracy of all that is done."""
    for task, methods in condense(read_all(FOLDER))['tasks'].items():
        for method, runs in methods.items():
            right = [int(r) for run in runs for r in run['right']]
            print(
                f'{task:14} {method:28} {statistics.mean(right):.3f} of '
                f'{len(right)}'
            )


def collect(args):
    """Put all runs into one file, which the package carries."""
    write(PAGE, condense(read_all(FOLDER)))


def main():
    known = parser(__doc__)
    work = {'run': run_all, 'show': show, 'collect': collect}
    known.add_argument('what', choices=list(work))
    args = known.parse_args()
    torch.set_num_threads(1)
    work[args.what](args)


if __name__ == '__main__':
    main()
