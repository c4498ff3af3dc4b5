"""Add the tricks of chapter 7 one after another; keep those that help.

    python benchmarks/tricks.py run        all runs that are not done yet
    python benchmarks/tricks.py show       what is done so far
    python benchmarks/tricks.py collect    all in one file, for the page

A narrow ResNet learns 10,000 photographs of CIFAR-10 for 20 epochs; 5,000
others, the validation data, judge it at the end of each run. The test
photographs are never seen. Every trick gets the same care: each of its
settings in TRICKS is tried once, from a seed of its own, and the best one is
trained from five seeds. It is kept if the 95 % interval of its gain over the
best recipe so far (Welch) lies above 0; else it is taken out again. Beside the
ladder stand batch norm as the first trick, and TrivialAugment and CutMix with
no crops below them. Then the recipe that is left learns for 30 epochs with
four schedules, and without any augmentation, from three seeds each.

A run leaves one JSON file in benchmarks/results/tricks/ and is not repeated
if it is there: about three hours on one core. Repeated elsewhere, mean
accuracies should agree to 0.02.
"""

import statistics
import time
from dataclasses import asdict, dataclass, replace
from functools import partial

import cifar10
import torch
from common import (
    RESULTS,
    drop_batch_norm,
    factor,
    parser,
    read_all,
    recorded,
    welch,
    write,
)
from torch import nn
from torch.optim.lr_scheduler import LambdaLR, MultiStepLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torchvision.transforms import v2

from d2lmini import data
from d2lmini.callbacks import Callback
from d2lmini.nets import ResNet
from d2lmini.train import evaluate_accuracy_gpu, train_gpu
from d2lmini.utils import set_seed

FOLDER = RESULTS / 'tricks'
PAGE = data.SAMPLES / 'tricks.json'
SEEDS, CHOOSING_SEED = (0, 1, 2, 3, 4), 100


@dataclass(frozen=True)
class Recipe:
    """All that a run depends on, its seed excepted."""

    batch_norm: bool = False
    momentum: float = 0.0
    schedule: str = 'constant'
    crop: int = 0  # pixels of padding; then also flips
    trivial_augment: bool = False
    weight_decay: float = 0.0
    dropout: float = 0.0
    label_smoothing: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0
    average: float = 0.0
    lr: float = 0.1
    images: int = 10_000
    num_epochs: int = 20


def grid(name, *values, **fixed):
    """Give the settings of a trick that are to be tried."""
    return [{name: value, **fixed} for value in values]


TRICKS = {
    'plain SGD': grid('lr', 0.03, 0.1, 0.3),
    'momentum': grid('lr', 0.01, 0.03, 0.1, momentum=0.9),
    'one cycle': grid('lr', 0.03, 0.1, 0.3, schedule='one cycle'),
    'batch norm': grid('lr', 0.03, 0.1, 0.3, 1.0, batch_norm=True),
    'flip and crop': grid('crop', 2, 4),
    'TrivialAugment': grid('trivial_augment', True),
    'weight decay': grid('weight_decay', 5e-4, 5e-3),
    'dropout': grid('dropout', 0.2, 0.5),
    'label smoothing': grid('label_smoothing', 0.05, 0.1),
    'mixup': grid('mixup', 0.2, 1.0),
    'CutMix': grid('cutmix', 0.2, 1.0),
    'averaged weights': grid('average', 0.98, 0.995),
}
CROPLESS = ' without crops'
EARLY = grid('lr', 0.1, 0.3, 1.0, batch_norm=True)  # before the others
SCHEDULES = {
    'constant': lambda n: partial(LambdaLR, lr_lambda=lambda epoch: 1.0),
    'step': lambda n: partial(
        MultiStepLR, milestones=[n * 6 // 10, n * 9 // 10]
    ),
    'straight': lambda n: partial(
        LambdaLR, lr_lambda=lambda epoch: 1 - epoch / n
    ),
    'one cycle': lambda n: partial(
        LambdaLR, lr_lambda=partial(factor, num_epochs=n)
    ),
}


class Average(Callback):
    """Keep a moving average of the weights, of batch norm's numbers too.

    Polyak and Juditsky, Acceleration of stochastic approximation by
    averaging, 1992; here older weights count less and less.

    Args:
        share: What is kept of the old average at each step.
    """

    def __init__(self, share):
        self.share, self.model = share, None

    def begin(self, run):
        average = get_ema_multi_avg_fn(self.share)
        self.model = AveragedModel(
            run.model, multi_avg_fn=average, use_buffers=True
        )

    def after_step(self, run, i):
        self.model.update_parameters(run.model)


class Scale(nn.Module):
    """Turn pixels from 0 to 1 into what the record's networks get."""

    def forward(self, X):
        mean, std = cifar10.mean_and_std()
        return (X - mean) / std


def make_net(recipe):
    """Make a ResNet-10 of a quarter of the width: 310,746 parameters."""
    net = ResNet(10, 3, width=0.25, depth=(1, 1, 1, 1))
    if not recipe.batch_norm:
        drop_batch_norm(net)
    net.insert(len(net) - 1, nn.Dropout(recipe.dropout))
    return nn.Sequential(Scale(), net)


def trivial_augment(X):
    """Change pixels at random, eight photographs alike (Müller, 2021)."""
    change = v2.TrivialAugmentWide()
    whole = (X * 255).round().to(torch.uint8)
    return torch.cat([change(x) for x in whole.split(8)]).float() / 255


def photographs(recipe, part, seed=None):
    """Return 'training' or 'validation' photographs, in minibatches of 128."""
    X, y = cifar10.load()[0][part]
    if part == 'validation':
        return data.ImageIter(X, y, 500)
    steps = []
    if recipe.crop:
        steps += [
            data.random_horizontal_flip,
            partial(data.random_crop, padding=recipe.crop),
        ]
    if recipe.trivial_augment:
        steps.append(trivial_augment)
    mixes = [
        kind(alpha=alpha, num_classes=10)
        for kind, alpha in [
            (v2.MixUp, recipe.mixup),
            (v2.CutMix, recipe.cutmix),
        ]
        if alpha
    ]
    return data.ImageIter(
        X[: recipe.images],
        y[: recipe.images],
        128,
        shuffle=True,
        seed=seed,
        augment=v2.Compose(steps) if steps else None,
        mix=v2.RandomChoice(mixes) if mixes else None,
    )


def train(recipe, seed, curves, device):
    """Train once; return all there is to record.

    Args:
        recipe: What is done.
        seed: Of weights, order and all else that is drawn.
        curves: Whether the network is also judged after every epoch.
        device: Where it is trained.
    """
    set_seed(seed)
    net, valid_iter = make_net(recipe), photographs(recipe, 'validation')
    averaged = Average(recipe.average)
    clock = time.process_time if device.type == 'cpu' else time.perf_counter
    started = clock()
    try:
        history = train_gpu(
            net,
            photographs(recipe, 'training', seed),
            valid_iter if curves else None,
            recipe.num_epochs,
            recipe.lr,
            device,
            seed=seed,
            plot=False,
            scheduler=SCHEDULES[recipe.schedule](recipe.num_epochs),
            loss=nn.CrossEntropyLoss(label_smoothing=recipe.label_smoothing),
            optimizer=partial(
                torch.optim.SGD,
                momentum=recipe.momentum,
                weight_decay=recipe.weight_decay,
            ),
            callbacks=[averaged] if recipe.average else [],
        )
    except FloatingPointError as error:
        return {'diverged': str(error), 'valid_acc': 0.0}
    if len(history) < recipe.num_epochs:
        raise KeyboardInterrupt  # stopped by hand: nothing to record
    seconds = clock() - started
    judged = averaged.model if recipe.average else net
    return {
        'seconds': round(seconds, 2),
        'loss': [round(number, 5) for number in history.loss],
        'train_acc': [round(number, 5) for number in history.train_acc],
        'valid_accs': [
            round(number, 5) for number in history.valid_acc if curves
        ],
        'valid_acc': round(evaluate_accuracy_gpu(judged, valid_iter), 5),
    }


def run(name, recipe, seed, curves=False, folder=FOLDER):
    """Return the validation accuracy of a run, done if it has no file yet."""
    settings = {'name': name, 'recipe': asdict(recipe), 'seed': seed}
    trick = name.removesuffix(CROPLESS)
    values = [
        key + (value if isinstance(value, str) else f'{value:g}')
        for key, value in asdict(recipe).items()
        if key in ('lr', *(TRICKS.get(trick) or [{}])[0])
    ]
    slug = '_'.join([name, *values, f'seed{seed}']).replace(' ', '-')
    record = recorded(
        folder / f'{slug}.json',
        settings,
        lambda device: (
            {'source': cifar10.load()[1]} | train(recipe, seed, curves, device)
        ),
    )
    print(f'{slug}: {record["valid_acc"]:.4f}', flush=True)
    return record['valid_acc']


def chosen(name, recipe, changes, seeds=SEEDS, folder=FOLDER):
    """Try each change once; return the best recipe, and its accuracies."""
    tried = [replace(recipe, **change) for change in changes]
    firsts = [run(name, r, CHOOSING_SEED, folder=folder) for r in tried]
    best = tried[firsts.index(max(firsts))]
    return best, [run(name, best, seed, folder=folder) for seed in seeds]


def climb(seeds=SEEDS, folder=FOLDER):
    """Try all tricks, one after another; return the recipe that is left."""
    recipe, best = Recipe(), []
    for name, changes in TRICKS.items():
        new, accs = chosen(name, recipe, changes, seeds, folder)
        if not best or welch(accs, best)[1] > 0:
            recipe, best = new, accs
    return recipe


def run_all(args):
    recipe = climb()
    chosen('batch norm at once', Recipe(), EARLY)
    longer = replace(recipe, num_epochs=30)
    unchanged = replace(
        longer, crop=0, trivial_augment=False, mixup=0.0, cutmix=0.0
    )
    before = replace(
        recipe, crop=0, weight_decay=0.0, mixup=0.0, cutmix=0.0, average=0.0
    )
    for name in ('TrivialAugment', 'CutMix'):
        chosen(name + CROPLESS, before, TRICKS[name])
    for seed in SEEDS[:3]:
        for schedule in SCHEDULES:
            other = replace(longer, schedule=schedule)
            run(f'schedule {schedule}', other, seed, True)
        run('no augmentation', unchanged, seed, True)


def condense(records):
    """Give what the page shows, from the records of a folder.

    Returns:
        A dictionary: 'tricks', a list in the order of trying, and 'longer',
        the other runs by name; the machine, the source, and what all
        runs have in common.
    """
    tricks, best = [], []
    for name in TRICKS:
        mine = [r for r in records if r['name'] == name]
        tried = [r for r in mine if r['seed'] == CHOOSING_SEED]
        runs = [r for r in mine if r['seed'] != CHOOSING_SEED]
        if len(runs) < 2:
            break
        accs = [r['valid_acc'] for r in runs]
        gain = welch(accs, best) if best else None
        kept = not best or gain[1] > 0
        tricks.append(
            {
                'name': name,
                'recipe': runs[0]['recipe'],
                'tried': [[r['recipe'], r['valid_acc']] for r in tried],
                'valid_acc': accs,
                'train_acc': [r['train_acc'][-1] for r in runs],
                'gain': gain,
                'kept': kept,
            }
        )
        best = accs if kept else best
    curves = ('valid_accs', 'valid_acc', 'train_acc', 'seed', 'recipe')
    longer = {}
    for r in records:
        if r['name'] not in TRICKS and r['seed'] != CHOOSING_SEED:
            run = {key: r[key] for key in curves}
            longer.setdefault(r['name'], []).append(run)
    return {
        'source': records[0]['source'],
        'machine': records[0]['machine'],
        'seeds': SEEDS,
        'tricks': tricks,
        'longer': longer,
    }


def show(args):
    """Print the table of what is done."""
    record = condense(read_all(FOLDER))
    for trick in record['tricks']:
        mean = statistics.mean(trick['valid_acc'])
        gain = trick['gain'] or (0, 0, 0)
        print(
            f'{trick["name"]:17}{statistics.mean(trick["train_acc"]):7.3f}'
            f'{mean:7.3f} {gain[0]:+.3f} [{gain[1]:+.3f}, {gain[2]:+.3f}]'
            f'{"  kept" if trick["kept"] else ""}'
        )
    for name, runs in record['longer'].items():
        accs = [run['valid_acc'] for run in runs]
        print(f'{name:20}', *(f'{acc:.4f}' for acc in accs))


def collect(args):
    """Put what the page shows into the file that the package carries."""
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
