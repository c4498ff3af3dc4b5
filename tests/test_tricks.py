"""The program behind chapter 7's ladder of tricks."""

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

BENCHMARKS = Path(__file__).parent.parent / 'benchmarks'
sys.path.insert(0, str(BENCHMARKS))

import cifar10  # noqa: E402
import tricks  # noqa: E402

TINY = tricks.Recipe(images=40, num_epochs=1)


@pytest.fixture
def few_photographs(monkeypatch):
    generator = torch.Generator().manual_seed(0)
    X = torch.randint(
        256, (60, 3, 32, 32), dtype=torch.uint8, generator=generator
    )
    y = torch.arange(60) % 10
    parts = {'training': (X[:40], y[:40]), 'validation': (X[40:], y[40:])}
    monkeypatch.setattr(cifar10, 'load', lambda: (parts, {'data': 'noise'}))
    cifar10.mean_and_std.cache_clear()
    yield
    cifar10.mean_and_std.cache_clear()


@pytest.mark.parametrize(
    'change',
    [
        {},
        {'batch_norm': True, 'momentum': 0.9, 'schedule': 'one cycle'},
        {'crop': 4, 'trivial_augment': True, 'weight_decay': 5e-4},
        {'dropout': 0.5, 'label_smoothing': 0.1, 'schedule': 'step'},
        {'mixup': 0.2, 'cutmix': 1.0, 'schedule': 'straight'},
        {'batch_norm': True, 'average': 0.9},
    ],
)
def test_every_trick_runs_and_is_not_repeated(
    few_photographs, tmp_path, change
):
    recipe = replace(TINY, **change)
    first = tricks.run('momentum', recipe, 0, folder=tmp_path)
    assert 0 <= first <= 1
    (path,) = tmp_path.glob('*.json')
    written = path.stat().st_mtime_ns
    assert tricks.run('momentum', recipe, 0, folder=tmp_path) == first
    assert path.stat().st_mtime_ns == written


def test_a_setting_that_is_a_word_has_its_place_in_the_name(
    few_photographs, tmp_path
):
    tricks.run(
        'one cycle', replace(TINY, schedule='one cycle'), 0, folder=tmp_path
    )
    (path,) = tmp_path.glob('*.json')
    assert path.name == 'one-cycle_scheduleone-cycle_lr0.1_seed0.json'


def test_the_average_is_not_the_last_network():
    torch.manual_seed(0)
    net = torch.nn.Linear(1, 1)
    average = tricks.Average(0.5)
    average.begin(type('Run', (), {'model': net}))
    seen = []
    for i in range(3):
        with torch.no_grad():
            net.weight.fill_(float(i))
        average.after_step(type('Run', (), {'model': net}), i)
        seen.append(average.model.module.weight.item())
    assert seen == [0, 0.5, 1.25]


def record(name, seed, acc):
    return {
        'name': name,
        'seed': seed,
        'recipe': asdict(TINY),
        'valid_acc': acc,
        'train_acc': [acc],
        'seconds': 1.0,
        'source': {},
        'machine': {},
    }


def test_a_trick_is_kept_only_if_its_gain_is_shown():
    accs = {
        'plain SGD': [0.40, 0.41, 0.39],
        'momentum': [0.50, 0.51, 0.49],
        'one cycle': [0.52, 0.40, 0.60],  # higher by 0.007, spread 0.1
        'batch norm': [0.60, 0.61, 0.59],
    }
    records = [
        record(name, seed, acc)
        for name, three in accs.items()
        for seed, acc in zip((0, 1, 100), three)
    ] + [record(name, 2, three[2]) for name, three in accs.items()]
    found = json.loads(json.dumps(tricks.condense(records)))['tricks']
    assert [trick['kept'] for trick in found] == [True, True, False, True]
    assert found[3]['gain'][0] == pytest.approx(0.1)  # over momentum
    assert all(len(trick['tried']) == 1 for trick in found)
