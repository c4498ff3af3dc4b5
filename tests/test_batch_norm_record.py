"""benchmarks/batch_norm.py: its stored record, its networks, its runs."""

import json
from functools import partial

import batch_norm
import pytest
import torch
from torch import nn

NAMES = sorted(batch_norm.EXPERIMENTS)
RECORDS = {
    name: json.loads((batch_norm.RESULTS / f'{name}.json').read_text())
    for name in NAMES
}


def keys(name):
    _, arms, rates, seeds, _ = batch_norm.EXPERIMENTS[name]
    return {
        f'{arm}, lr {lr:g}, seed {seed}'
        for arm in arms
        for lr in rates
        for seed in range(seeds)
    }


@pytest.mark.parametrize('name', NAMES)
def test_all_runs_are_recorded(name):
    record, num_epochs = RECORDS[name], batch_norm.EXPERIMENTS[name][4]
    assert record['num_epochs'] == num_epochs
    assert set(record['runs']) == keys(name)
    assert {'device', 'threads', 'torch', 'date'} <= set(record['machine'])
    for run in record['runs'].values():
        if run != {'diverged': True}:
            assert len(run['train_acc']) == len(run['valid_acc']) == num_epochs
            assert all(0 <= a <= 1 for a in run['valid_acc'])


def test_pages_read_what_was_recorded(tmp_path, monkeypatch):
    page = tmp_path / 'page.json'
    monkeypatch.setattr(batch_norm, 'PAGE', page)
    stored = json.loads(
        (batch_norm.data.SAMPLES / 'batch_norm.json').read_text()
    )
    batch_norm.collect(batch_norm.RESULTS)
    assert json.loads(page.read_text()) == stored
    assert set(NAMES) <= set(stored)


def test_best_rates_lie_inside_the_grid():
    """So that neither side is judged at the edge of what it was offered."""
    for name, arms in {
        'lenet': ('plain he', 'before he'),
        'pooling': ('max', 'average'),
        'depth': ('20 plain', '20 batch', '40 plain', '40 batch'),
    }.items():
        _, _, rates, seeds, _ = batch_norm.EXPERIMENTS[name]
        for arm in arms:
            means = {}
            for lr in rates:
                runs = [
                    RECORDS[name]['runs'][f'{arm}, lr {lr:g}, seed {seed}']
                    for seed in range(seeds)
                ]
                if not any('diverged' in run for run in runs):
                    means[lr] = sum(sum(r['valid_acc'][-3:]) for r in runs)
            assert rates[0] < max(means, key=means.get) < rates[-1], arm


@pytest.mark.parametrize(
    'arm, after', [('before he', (nn.Conv2d, nn.Linear)), ('after', nn.ReLU)]
)
def test_place_of_the_norm(arm, after):
    net = batch_norm.lenet(arm)
    norms = [
        i
        for i, layer in enumerate(net)
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d)
    ]
    assert len(norms) == 4
    assert all(isinstance(net[i - 1], after) for i in norms)
    assert net(torch.rand(2, 1, 28, 28)).shape == (2, 10)
    assert len(batch_norm.lenet('plain he')) == len(net) - 4


def test_arms_of_a_seed_share_their_weights():
    nets = []
    for arm in ('plain he', 'before he'):
        torch.manual_seed(0)
        net = batch_norm.lenet(arm)
        net.apply(partial(batch_norm.initialize, how='he'))
        nets.append([p for p in net.parameters() if p.ndim > 1])
    assert len(nets[0]) == 5
    assert all(torch.equal(p, q) for p, q in zip(*nets))


def test_ghost_norm_is_batch_norm_of_the_parts():
    X, ghost = torch.randn(12, 5), batch_norm.GhostNorm(5, size=4)
    wanted = [nn.BatchNorm1d(5)(part) for part in X.split(4)]
    assert torch.allclose(ghost(X), torch.cat(wanted))
    whole = nn.BatchNorm1d(5)
    whole.load_state_dict(ghost.state_dict())
    assert torch.equal(ghost.eval()(X), whole.eval()(X))


def test_initialization_fits_its_name():
    layer = nn.Linear(1000, 500)
    for how, variance in [('he', 2 / 1000), ('xavier', 2 / 1500)]:
        batch_norm.initialize(layer, how)
        assert abs(layer.weight.var().item() / variance - 1) < 0.05
        assert not layer.bias.any()


def test_shifted_pictures_enter_from_the_left():
    X = torch.arange(1, 9, dtype=torch.uint8).reshape(1, 1, 1, 8)
    pictures = batch_norm.data.ImageIter(X, torch.zeros(1).long(), 1)
    moved = batch_norm.shifted(pictures, pixels=2).images
    assert moved.flatten().tolist() == [0, 0, 1, 2, 3, 4, 5, 6]


def test_runs_are_not_repeated_and_divergence_is_no_accuracy(
    tmp_path, monkeypatch
):
    calls = []

    def train(net, *args, **options):
        calls.append(args[3])
        raise FloatingPointError('the loss is no longer finite')

    small = (batch_norm.noisy, ('4',), (0.1, 0.3), 1, 2)
    monkeypatch.setattr(batch_norm, 'EXPERIMENTS', {'noise': small})
    monkeypatch.setattr(batch_norm, 'train_gpu', train)
    monkeypatch.setattr(batch_norm, 'load', lambda size, seed: (None, None))
    batch_norm.run('noise', tmp_path)
    batch_norm.run('noise', tmp_path)
    assert calls == [0.1, 0.3]
    record = json.loads((tmp_path / 'noise.json').read_text())
    assert list(record['runs'].values()) == 2 * [{'diverged': True}]
