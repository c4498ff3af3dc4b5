"""Chapter 7's tricks: augmentation, mixing, rates, dropout, the ladder."""

import json
import statistics
import sys
from dataclasses import asdict
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from from_page import from_page
from torch import nn
from torch.nn import functional as F
from torchvision.transforms import v2

from d2lmini import data
from d2lmini.callbacks import Checkpoint
from d2lmini.data import ImageIter, random_crop, random_horizontal_flip
from d2lmini.train import accuracy, train_gpu
from d2lmini.utils import set_seed

ROOT = Path(__file__).parent.parent
PAGE = from_page('07_training')
dropout, smooth_labels = PAGE['dropout'], PAGE['smooth_labels']
MIXUP = v2.MixUp(alpha=0.2, num_classes=10)
sys.path.insert(0, str(ROOT / 'benchmarks'))
import tricks  # noqa: E402


@pytest.fixture(autouse=True)
def seed():
    set_seed(0)


def make_iter(n=20, batch_size=6, **options):
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(
        0, 256, (n, 3, 8, 7), dtype=torch.uint8, generator=generator
    )
    return ImageIter(images, torch.arange(n) % 10, batch_size, **options)


def images_of(data_iter):
    return torch.cat([X for X, _ in data_iter])


# Augmentation in the iterator


def negative(X):
    assert X.dtype == torch.float32 and 0 <= X.min() <= X.max() <= 1
    return -X


def test_augment_changes_every_minibatch_of_floats():
    plain, augmented = make_iter(), make_iter(augment=negative)
    assert torch.equal(images_of(augmented), -images_of(plain))
    assert [y.tolist() for _, y in augmented] == [y.tolist() for _, y in plain]


def test_augment_comes_after_resize():
    sizes = []

    def note(X):
        sizes.append(tuple(X.shape[2:]))
        return X

    list(make_iter(augment=note, resize=12))
    assert set(sizes) == {(12, 12)}


def test_parts_keep_augment_but_validation_has_none():
    whole = make_iter(augment=negative, mix=MIXUP)
    train, valid = whole.split(0.25)
    for part in (whole.take(7), whole.to('cpu'), train):
        assert part.augment is negative and part.mix is MIXUP
    assert valid.augment is None and valid.mix is None
    assert torch.equal(images_of(valid), whole.images[15:] / 255)


def test_loaders_augment_the_training_images_only(tmp_path, monkeypatch):
    monkeypatch.setenv('D2LMINI_DATA', str(tmp_path))
    monkeypatch.setenv('D2LMINI_DATA_SOURCE', 'cache')
    data.write_npz(tmp_path / 'cifar10.npz', cifar(30, 20))
    train, valid, test = data.load_data_cifar10(
        8, validation=0.2, augment=negative, mix=MIXUP
    )
    assert train.augment is negative and train.mix is MIXUP
    for part in (valid, test, data.load_data_cifar10(8)[0]):
        assert part.augment is None and part.mix is None


def cifar(n_train, n_test):
    rng = np.random.default_rng(0)
    return {
        f'{part}_{kind}': rng.integers(0, high, (n, *size), np.uint8)
        for part, n in [('train', n_train), ('test', n_test)]
        for kind, high, size in [
            ('images', 256, (32, 32, 3)),
            ('labels', 10, ()),
        ]
    }


# Flip and crop


def test_flip_draws_for_each_image():
    X = torch.rand(200, 3, 5, 6)
    before = X.clone()
    Y = random_horizontal_flip(X)
    flipped = (Y == X.flip(3)).flatten(1).all(1)
    kept = (Y == X).flatten(1).all(1)
    assert torch.equal(flipped, ~kept) and 60 < flipped.sum() < 140
    assert torch.equal(X, before)
    assert torch.equal(random_horizontal_flip(X, p=0), X)
    assert torch.equal(random_horizontal_flip(X, p=1), X.flip(3))


@pytest.mark.parametrize('padding', [0, 1, 2])
def test_crops_are_all_places_and_no_others(padding):
    X = torch.rand(1, 3, 5, 6).expand(600, -1, -1, -1)
    padded = F.pad(X[0], (padding,) * 4)
    places = [
        padded[:, t : t + 5, l : l + 6]
        for t in range(2 * padding + 1)
        for l in range(2 * padding + 1)
    ]
    crops = random_crop(X, padding)
    assert crops.shape == X.shape and crops.is_contiguous()
    found = torch.stack(
        [(crops == place).flatten(1).all(1) for place in places]
    )
    assert (found.sum(0) == 1).all()  # each is one of the places
    assert (found.sum(1) > 0).all()  # each place is taken


def test_a_seed_repeats_flip_and_crop():
    augment = v2.Compose([random_horizontal_flip, random_crop])
    X = torch.rand(50, 1, 9, 9)
    runs = []
    for number in (1, 1, 2):
        set_seed(number)
        runs.append(augment(X))
    assert torch.equal(runs[0], runs[1]) and not torch.equal(runs[0], runs[2])


def test_a_run_with_augmentation_goes_on_from_its_checkpoint(tmp_path):
    def train(epochs, checkpoint):
        set_seed(0)
        net = nn.Sequential(nn.Flatten(), nn.Linear(168, 10))
        augmented = make_iter(
            shuffle=True, seed=1, mix=MIXUP, augment=partial_crop
        )
        train_gpu(
            net,
            augmented,
            None,
            epochs,
            0.1,
            'cpu',
            seed=0,
            plot=False,
            callbacks=[Checkpoint(checkpoint)] if checkpoint else [],
        )
        return net[1].weight.detach()

    whole = train(3, None)
    train(1, tmp_path / 'checkpoint')
    assert torch.equal(train(3, tmp_path / 'checkpoint'), whole)


def partial_crop(X):
    return random_crop(X, 1)


# Mixing, and labels that are probabilities


@pytest.mark.parametrize(
    'mix', [MIXUP, v2.CutMix(num_classes=10)], ids=['mixup', 'cutmix']
)
def test_train_gpu_learns_from_mixed_minibatches(mix):
    mixed = make_iter(mix=mix, shuffle=True)
    X, y = next(iter(mixed))
    assert y.shape == (6, 10) and torch.allclose(y.sum(1), torch.ones(6))
    net = nn.Sequential(nn.Flatten(), nn.Linear(168, 10))
    history = train_gpu(net, mixed, make_iter(), 30, 0.5, 'cpu', plot=False)
    assert history.loss[-1] < history.loss[0]
    assert history.valid_acc[-1] > 0.8


def test_accuracy_takes_the_likeliest_class():
    scores = torch.tensor([[1.0, 3], [2, 0], [0, 1]])
    soft = torch.tensor([[0.4, 0.6], [0.3, 0.7], [0.0, 1.0]])
    assert accuracy(scores, soft) == 2
    assert accuracy(scores, soft) == accuracy(scores, soft.argmax(1))
    for wrong in (soft[:, :1], soft.T):
        with pytest.raises(ValueError, match='y must be of shape'):
            accuracy(scores, wrong)


@pytest.mark.parametrize('eps', [0.0, 0.1, 1.0])
def test_smooth_labels_are_those_of_cross_entropy(eps):
    scores = torch.randn(20, 7, requires_grad=True)
    y = torch.randint(7, (20,))
    losses = [
        F.cross_entropy(scores, smooth_labels(y, 7, eps)),
        F.cross_entropy(scores, y, label_smoothing=eps),
    ]
    torch.testing.assert_close(*losses)
    torch.testing.assert_close(
        *[torch.autograd.grad(l, scores)[0] for l in losses]
    )


# The rate and dropout


def test_set_learning_rate_reaches_all_groups():
    groups = [
        {'params': [nn.Parameter(torch.ones(1))], 'lr': lr}
        for lr in (0.1, 0.2)
    ]
    optimizer = torch.optim.SGD(groups, lr=1.0)
    PAGE['set_learning_rate'](optimizer, 0.5)
    for group in optimizer.param_groups:
        group['params'][0].grad = torch.ones(1)
    optimizer.step()
    assert [g['params'][0].item() for g in groups] == [0.5, 0.5]


def test_dropout():
    X = torch.full((200_000,), 3.0, requires_grad=True)
    Y = dropout(X, 0.2, training=True)
    assert set(Y.detach().unique().tolist()) == {0, 3.75}
    assert abs(Y.mean() - 3) < 0.02
    Y.sum().backward()
    torch.testing.assert_close(X.grad, Y.detach() / 3)
    for p, training in [(0.2, False), (0, True), (1, False)]:
        assert torch.equal(dropout(X, p, training), X)
    assert not dropout(X, 1, training=True).any()
    for p in (-0.1, 1.1):
        with pytest.raises(ValueError, match=f'from 0 to 1, got {p}'):
            dropout(X, p, training=True)


# The ladder


def stored():
    return json.loads(tricks.PAGE.read_text())


def test_the_page_has_the_stored_runs():
    condensed = tricks.condense(tricks.read_all(tricks.FOLDER))
    assert json.loads(json.dumps(condensed)) == stored()


def test_the_stored_ladder_is_whole_and_says_its_data():
    record = stored()
    assert [t['name'] for t in record['tricks']] == list(tricks.TRICKS)
    assert record['source']['data'] == 'JPEG copy of CIFAR-10'
    assert record['machine']['threads'] == 1
    longer = {
        'batch norm at once',
        'CutMix without crops',
        'TrivialAugment without crops',
        'no augmentation',
        *(f'schedule {s}' for s in tricks.SCHEDULES),
    }
    assert set(record['longer']) == longer
    counts = {name: len(runs) for name, runs in record['longer'].items()}
    for name, number in counts.items():
        three = name.startswith(('schedule', 'no augmentation'))
        assert number == (3 if three else 5), name


def test_every_trick_builds_on_those_that_were_kept():
    recipe = asdict(tricks.Recipe())
    for trick in stored()['tricks']:
        name, (best, _) = (
            trick['name'],
            max(trick['tried'], key=lambda pair: pair[1]),
        )
        assert trick['recipe'] == best, name
        assert len(trick['valid_acc']) == len(tricks.SEEDS), name
        changed = {key for key in recipe if recipe[key] != best[key]}
        settings = tricks.TRICKS[name]
        assert changed <= settings[0].keys(), name
        tried = [pair[0] for pair in trick['tried']]
        expected = [recipe | setting for setting in settings]
        assert sorted(tried, key=str) == sorted(expected, key=str), name
        recipe = best if trick['kept'] else recipe


def test_the_pages_table_is_the_stored_one():
    nb = nbformat.read(ROOT / 'chapters' / '07_training.ipynb', 4)
    tables = [
        o.data.get('text/markdown', '')
        for c in nb.cells
        for o in c.get('outputs', [])
        if 'data' in o
    ]
    (table,) = [text for text in tables if '| label smoothing |' in text]
    rows = [row.strip('| ').split(' | ') for row in table.splitlines()[2:]]
    for row, trick in zip(rows, stored()['tricks'], strict=True):
        assert row[0] == trick['name']
        mean, spread = (
            f(trick['valid_acc']) for f in (statistics.mean, statistics.stdev)
        )
        assert row[2:4] == [f'{mean:.3f}', f'{spread:.3f}']
        assert ('kept' in row) == trick['kept']
