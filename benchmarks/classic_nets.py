"""Train the six classic networks under one budget; record what each costs.

    python benchmarks/classic_nets.py --quick            narrow, on two cores
    python benchmarks/classic_nets.py --full [--amp]     on a GPU
    python benchmarks/classic_nets.py --collect          for the book's page

Each network is trained at three rates, then with two more seeds at the rate
with the best validation accuracy: 30 runs a data set. The test images are
seen once a run, at its end, and choose nothing. Every run leaves a JSON file
in benchmarks/results/classic_nets/; what is there is not run again, and a
run that was killed goes on after its last whole epoch. --quick: 6,000 images
of Fashion-MNIST, 4 epochs, widths for about 3 million multiply-adds an image
(LeNet as it is); 23 minutes on two cores. --full: CIFAR-10 and Fashion-MNIST,
20 epochs, flips and crops on the device. Repeated elsewhere, mean accuracies
of --quick should agree to 0.03. --limit N: N training and N test images, to
try out.
"""

import copy
import json
import statistics
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import torch
from common import ROOT, factor, parser, recorded, write
from torch import nn
from torch.nn import functional as F
from tqdm import tqdm

from d2lmini import data
from d2lmini.callbacks import Checkpoint
from d2lmini.nets import VGG, AlexNet, DenseNet, GoogLeNet, LeNet, ResNet
from d2lmini.summary import PeakMemory, summary
from d2lmini.train import evaluate_accuracy_gpu, train_gpu
from d2lmini.utils import set_seed

RESULTS = ROOT / 'benchmarks' / 'results' / 'classic_nets'
SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Budget:
    """What is the same for all networks; images: None for all there are."""

    name: str
    data: str
    images: int | None
    valid_images: int | None
    test_images: int | None
    num_epochs: int
    batch_size: int
    optimizer: str
    rates: tuple
    augmented: bool


QUICK = Budget(
    'quick',
    'fashion_mnist',
    6000,
    2000,
    None,
    4,
    32,
    'Adam',
    (0.001, 0.003, 0.01),
    False,
)
FULL = [
    Budget(
        f'full_{name}',
        name,
        None,
        None,
        None,
        20,
        128,
        'SGD',
        (0.01, 0.03, 0.1),
        True,
    )
    for name in ('cifar10', 'fashion_mnist')
]
OPTIMIZERS = {
    'Adam': torch.optim.Adam,
    'SGD': partial(
        torch.optim.SGD, momentum=0.9, nesterov=True, weight_decay=5e-4
    ),
}
NETS = {
    'quick': {
        'LeNet': LeNet,
        'AlexNet': partial(AlexNet, width=0.13),
        'VGG-11': partial(VGG, width=0.15),
        'GoogLeNet': partial(GoogLeNet, width=0.09),
        'ResNet-18': partial(ResNet, width=0.08),
        'DenseNet': partial(DenseNet, growth_rate=4, depth=(3, 4, 6)),
    },
    'full': {
        'LeNet': LeNet,
        'AlexNet': AlexNet,
        'VGG-16, batch norm': partial(VGG, depth=16, batch_norm=True),
        'GoogLeNet': GoogLeNet,
        'ResNet-18': ResNet,
        'DenseNet-121': DenseNet,
    },
}


def make_net(budget, name, in_channels):
    """Make a network for ten classes and images of 28x28 or 32x32."""
    make = NETS[budget.name.split('_')[0]][name]
    if make is not LeNet:
        return make(10, in_channels, small=True)
    net = LeNet(10, in_channels, activation=nn.ReLU, pool=nn.MaxPool2d)
    if budget.data == 'cifar10':
        net[0].padding = (0, 0)  # as in the paper, which has 32x32 images
    return net


class Prepared(nn.Module):
    """A network, and what is done to its images on the device.

    They are centered and scaled by the training images' mean and standard
    deviation; in training they are flipped and cropped, if asked for. amp:
    the layers compute in bfloat16 where PyTorch finds that safe.
    """

    def __init__(self, net, images, augmented, amp):
        super().__init__()
        self.net, self.augmented, self.amp = net, augmented, amp
        images = images[:10_000].float() / 255
        for name, f in [('mean', torch.mean), ('std', torch.std)]:
            self.register_buffer(name, f(images, dim=(0, 2, 3), keepdim=True))

    def forward(self, X):
        X = (X - self.mean) / self.std
        if self.augmented and self.training:
            X = flip_and_crop(X)
        if not self.amp:
            return self.net(X)
        with torch.autocast(X.device.type, torch.bfloat16):
            return self.net(
                X.contiguous(memory_format=torch.channels_last)
            ).float()


def flip_and_crop(X, padding=4):
    """Flip half of the images and shift each by up to `padding` pixels."""
    n, c, h, w = X.shape

    def random(high, *shape):
        return torch.randint(high, shape, device=X.device)

    rows = torch.arange(h, device=X.device) + random(2 * padding + 1, n, 1)
    cols = torch.arange(w, device=X.device) + random(2 * padding + 1, n, 1)
    cols = torch.where(random(2, n, 1) == 1, cols.flip(1), cols)
    X = F.pad(X, (padding,) * 4)
    image = torch.arange(n, device=X.device)[:, None, None]
    return X[image, :, rows[:, :, None], cols[:, None, :]].permute(0, 3, 1, 2)


def load(budget, device, seed):
    """Return iterators over the training, validation and test images."""
    iters = getattr(data, f'load_data_{budget.data}')(
        budget.batch_size, validation=0.1, device=device, seed=seed
    )
    sizes = budget.images, budget.valid_images, budget.test_images
    return [it.take(n) if n else it for it, n in zip(iters, sizes)]


def measure_memory(net, budget, X, y):
    """Return the peak bytes of a training step, after a first one."""
    net = copy.deepcopy(net).train()
    with PeakMemory(net, X, y) as memory:
        optimizer = OPTIMIZERS[budget.optimizer](net.parameters(), lr=0.0)
        for _ in range(2):
            optimizer.zero_grad()
            F.cross_entropy(net(X), y).backward()
            optimizer.step()
    return memory.peak


def measure(budget, name, lr, seed, device, amp, checkpoint):
    """Train one network once; return all there is to record."""
    train_iter, valid_iter, test_iter = load(budget, device, seed)
    shape = train_iter.images.shape[1:]
    set_seed(seed)
    net = make_net(budget, name, shape[0])
    table = summary(net, (1, *shape))
    net = Prepared(net, train_iter.images.cpu(), budget.augmented, amp)
    net.to(device)
    X, y = next(iter(valid_iter))
    result = {
        'parameters': table.parameters,
        'multiply_adds': table.multiply_adds,
        'peak_memory': measure_memory(net, budget, X, y),
    }
    n = budget.num_epochs
    try:
        history = train_gpu(
            net,
            train_iter,
            valid_iter,
            n,
            lr,
            device,
            seed=seed,
            plot=False,
            optimizer=OPTIMIZERS[budget.optimizer],
            callbacks=[Checkpoint(checkpoint)],
            scheduler=partial(
                torch.optim.lr_scheduler.LambdaLR,
                lr_lambda=partial(factor, num_epochs=n),
            ),
        )
    except FloatingPointError as error:
        return result | {'diverged': str(error), 'valid_acc': 0.0}
    if len(history) < n:
        raise KeyboardInterrupt  # stopped by hand: nothing to record
    return result | {
        'loss': history.loss,
        'train_acc': history.train_acc,
        'valid_accs': history.valid_acc,
        'valid_acc': history.valid_acc[-1],
        'test_acc': evaluate_accuracy_gpu(net, test_iter),
        'seconds_per_epoch': statistics.median(history.seconds),
        'source': train_iter.source,
    }


def run(budget, name, lr, seed, args):
    """Return a run's record from its file, or run it and write the file."""
    path = args.out / budget.name / f'{name}_lr{lr:g}_seed{seed}.json'
    settings = {
        'budget': json.loads(json.dumps(asdict(budget))),
        'net': name,
        'lr': lr,
        'seed': seed,
        'amp': args.amp,
    }
    checkpoint = path.with_suffix('.checkpoint')
    record = recorded(
        path,
        settings,
        lambda device: measure(
            budget, name, lr, seed, device, args.amp, checkpoint
        ),
    )
    checkpoint.unlink(missing_ok=True)
    return record


def run_all(budget, args):
    """Do the runs of one budget that are not done; return all records."""
    nets = NETS[budget.name.split('_')[0]]
    records = []
    with tqdm(
        total=len(nets) * (len(budget.rates) + len(SEEDS) - 1),
        desc=budget.name,
        unit='run',
    ) as bar:
        for name in nets:

            def one(lr, seed, name=name):
                bar.set_postfix_str(f'{name}, rate {lr:g}, seed {seed}')
                records.append(run(budget, name, lr, seed, args))
                bar.update()
                return records[-1]['valid_acc']

            best = max(budget.rates, key=lambda lr: one(lr, SEEDS[0]))
            for seed in SEEDS[1:]:
                one(best, seed)
    return records


def condense(records):
    """Give what the page draws: for each network its costs and accuracies."""
    nets = {}
    for name in dict.fromkeys(r['net'] for r in records):
        runs = [r for r in records if r['net'] == name]
        lr = runs[-1]['lr']  # the last runs are at the chosen rate
        chosen = [r for r in runs if r['lr'] == lr]
        nets[name] = (
            {
                key: chosen[0][key]
                for key in ('lr', 'parameters', 'multiply_adds', 'peak_memory')
            }
            | {
                key: [r.get(key) for r in chosen]
                for key in ('seconds_per_epoch', 'valid_acc', 'test_acc')
            }
            | {
                'rates': {
                    f'{r["lr"]:g}': r['valid_acc']
                    for r in runs
                    if r['seed'] == SEEDS[0]
                }
            }
        )
    first = records[0]
    return {
        'budget': first['budget'],
        'amp': first['amp'],
        'machine': first['machine'],
        'seeds': SEEDS,
        'nets': nets,
    }


def report(condensed):
    """Print the table of one budget."""
    print(
        f'\n{condensed["budget"]["name"]}, {condensed["machine"]}\n'
        f'{"":20}{"parameters":>12}{"multiply-adds":>15}{"peak MB":>9}'
        f'{"s/epoch":>9}{"rate":>7}{"validation":>16}{"test":>16}'
    )
    for name, net in condensed['nets'].items():
        if None in net['test_acc']:
            print(f'{name:20} diverged at all rates')
            continue
        spread = [
            f'{statistics.mean(a):.3f} ± {statistics.stdev(a):.3f}'
            for a in (net['valid_acc'], net['test_acc'])
        ]
        print(
            f'{name:20}{net["parameters"]:12,}{net["multiply_adds"]:15,}'
            f'{net["peak_memory"] / 1e6:9.1f}'
            f'{statistics.median(net["seconds_per_epoch"]):9.1f}'
            f'{net["lr"]:7g}{spread[0]:>16}{spread[1]:>16}'
        )


def collect(folder):
    """Write what the page draws into the file that the package brings."""
    found = {}
    for budget in [QUICK, *FULL]:
        paths = sorted((folder / budget.name).glob('*.json'))
        done = condense(in_order(paths, budget)) if paths else {'nets': {}}
        complete = [
            len(net['test_acc']) == len(SEEDS) for net in done['nets'].values()
        ]
        if len(complete) == 6 and all(complete):
            found[budget.name] = done
        print(
            f'{budget.name}: {len(paths)} runs, {sum(complete)} of 6 '
            'networks complete'
        )
    write(data.SAMPLES / 'classic_nets.json', found)


def in_order(paths, budget):
    """Return the records, network by network, the chosen rate last."""
    records = [json.loads(path.read_text()) for path in paths]
    names = list(NETS[budget.name.split('_')[0]])
    return sorted(
        records, key=lambda r: (names.index(r['net']), r['seed'], r['lr'])
    )


def main():
    known = parser(__doc__)
    for flag in ('--quick', '--full', '--collect', '--amp'):
        known.add_argument(flag, action='store_true')
    known.add_argument('--limit', type=int)
    known.add_argument('--epochs', type=int)
    known.add_argument('--out', type=Path, default=RESULTS)
    args = known.parse_args()
    budgets = [QUICK] * args.quick + FULL * args.full
    if not budgets and not args.collect:
        known.error('say --quick, --full or --collect')
    if args.limit and args.out == RESULTS:
        known.error('--limit is for trying out: give a folder with --out')
    for budget in budgets:
        if args.limit:
            n = args.limit
            budget = replace(budget, images=n, valid_images=n, test_images=n)
        if args.epochs:
            budget = replace(budget, num_epochs=args.epochs)
        report(condense(run_all(budget, args)))
    if args.collect:
        collect(args.out)


if __name__ == '__main__':
    main()
