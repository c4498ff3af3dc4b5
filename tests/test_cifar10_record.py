"""benchmarks/cifar10.py: its stored record, its networks, its training."""

import argparse
import json
import statistics
import threading

import cifar10
import cifar10_table
import common
import pytest
import torch
from cifar10_nets import C3, CLAIMS, LARGER, MAIN, NETS, lenet
from scipy import stats

from d2lmini.nets.resnet import Residual

RECORDS = {
    p.name: json.loads(p.read_text())
    for p in sorted(cifar10.FOLDER.glob('*.json'))
}
RUNS = {
    name: r for name, r in RECORDS.items() if r['stage'] in ('choose', 'full')
}
FULL = {name: r for name, r in RUNS.items() if r['stage'] == 'full'}


def by_name(records):
    return pytest.mark.parametrize('name', records)


@by_name(RECORDS)
def test_a_record_says_where_it_comes_from(name):
    record = RECORDS[name]
    machine = {
        'device',
        'threads',
        'torch',
        'numpy',
        'python',
        'system',
        'date',
    }
    assert machine <= record['machine'].keys()
    if record['stage'] != 'time':
        source = record['source']
        assert source['data'] in (*common.COPIES.values(), 'CIFAR-10')
        assert (source['training'], source['validation'], source['test']) == (
            45_000,
            5_000,
            10_000,
        )


@by_name(RUNS)
def test_a_run_is_of_the_contestant_that_its_name_says(name):
    record = RUNS[name]
    form, options = NETS[record['net']]
    assert [record['form'], record['options']] == json.loads(
        json.dumps([form, options])
    )
    assert record['budget'] == cifar10.BUDGET
    stage, lr, seed = record['stage'], record['lr'], record['seed']
    assert name == (
        f'{cifar10.slug(record["net"])}_{stage}_lr{lr:g}_seed{seed}.json'
    )
    assert (
        record['epochs']
        == cifar10.BUDGET['num_epochs' if stage == 'full' else 'choose_epochs']
    )


@by_name(RUNS)
def test_the_curves_are_whole_and_end_in_what_is_said(name):
    record = RUNS[name]
    curves = [record[key] for key in ('loss', 'train_acc', 'valid_accs')]
    if record['diverged']:
        assert record['valid_acc'] == 0 and 'test_acc' not in record
        return
    assert {len(curve) for curve in curves} == {record['epochs']}
    *_, before, last = record['valid_accs']
    assert record['valid_acc'] == last
    # 5,000 photographs: all accuracies are whole numbers of 1 / 5,000.
    assert all(
        acc * 5000 == pytest.approx(round(acc * 5000), abs=1e-6)
        for acc in record['valid_accs']
    )
    if record['stage'] == 'full':
        assert record['last_gain'] == pytest.approx(last - before, abs=1e-9)
        assert record['done'] == (last - before < 0.005 - 1e-9)
        assert abs(record['test_acc'] - last) < 0.04
    else:
        assert 'test_acc' not in record


@by_name(sorted({r['net'] for r in RUNS.values()}))
def test_costs_are_those_of_the_network(name):
    costs = cifar10.costs(name)
    for record in RUNS.values():
        if record['net'] == name:
            assert {key: record[key] for key in costs} == costs


@by_name(sorted({r['net'] for r in FULL.values()}))
def test_the_rate_is_the_best_of_those_tried_and_not_at_the_border(name):
    tried = {
        r['lr']: r['valid_acc']
        for r in RUNS.values()
        if r['net'] == name and r['stage'] == 'choose'
    }
    assert set(cifar10.RATES) <= tried.keys()
    best = max(tried, key=tried.get)
    assert min(tried) < best < max(tried)
    full = {r['lr'] for r in FULL.values() if r['net'] == name}
    assert full == {best} or (name in LARGER and best in full)


def test_every_network_learned_more_than_the_majority_class():
    for record in FULL.values():
        assert record['diverged'] or record['test_acc'] > 0.2


def test_times_are_of_a_whole_epoch_and_repeat():
    for record in RECORDS.values():
        if record['stage'] == 'time':
            times = record['seconds']
            assert len(times) == 5 and max(times) < 1.5 * min(times)
            assert statistics.median(times) <= 100


def test_the_nearest_neighbor_is_what_a_loop_finds(small):
    parts = cifar10.load()[0]
    T, t = parts['training']
    X, y = parts['validation']
    right = 0
    for x, label in zip(X.float(), y):
        distances = [(x - other).square().sum() for other in T.float()]
        right += bool(t[torch.stack(distances).argmin()] == label)
    assert cifar10.nearest_neighbor('validation') == right / len(y)


def test_the_majority_class_is_the_commonest_in_training(small):
    parts = cifar10.load()[0]
    commonest = parts['training'][1].mode().values
    wanted = (parts['test'][1] == commonest).double().mean()
    assert cifar10.majority('test') == pytest.approx(float(wanted))


@pytest.fixture
def small(monkeypatch):
    """Let the program train on a few photographs of noise."""
    torch.manual_seed(0)

    def part(n):
        return (
            torch.randint(256, (n, 3, 32, 32), dtype=torch.uint8),
            torch.randint(10, (n,)),
        )

    parts = {'training': part(300), 'validation': part(50), 'test': part(40)}
    monkeypatch.setattr(cifar10, 'load', lambda: (parts, {'data': 'noise'}))
    cifar10.mean_and_std.cache_clear()
    yield
    cifar10.mean_and_std.cache_clear()


@pytest.mark.parametrize('name', ['LeNet, 1998', 'ResNet-10'])
def test_a_run_repeats_and_goes_on_bit_for_bit(
    small, name, tmp_path, monkeypatch
):
    def train(file):
        return cifar10.train(name, 0.1, 1, 3, tmp_path / file, limit=2)

    net, curves = train('whole')
    again, same = train('again')
    save = cifar10.save

    def killed(*args):
        save(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(cifar10, 'save', killed)
    with pytest.raises(KeyboardInterrupt):
        train('part')
    monkeypatch.setattr(cifar10, 'save', save)
    resumed, rest = train('part')
    assert curves == same == rest and len(curves['loss']) == 3
    for a, b, c in zip(
        *(n.state_dict().values() for n in (net, again, resumed))
    ):
        assert torch.equal(a, b) and torch.equal(a, c)


def arguments(folder, **changed):
    return argparse.Namespace(
        **{'out': folder, 'limit': 1, 'only': None, 'seeds': (0,)}
        | {'rate': None}
        | changed
    )


def test_a_run_is_recorded_once_and_not_under_other_settings(
    small, tmp_path, monkeypatch
):
    args = arguments(tmp_path)
    monkeypatch.setitem(cifar10.BUDGET, 'num_epochs', 2)
    first = cifar10.run('LeNet, today', 'full', 0.1, 0, args)
    monkeypatch.setattr(cifar10, 'measure', None)  # no second training
    assert cifar10.run('LeNet, today', 'full', 0.1, 0, args) == first
    assert {'test_acc', 'done', 'machine', 'parameters'} <= first.keys()
    assert len(list(tmp_path.iterdir())) == 1  # no checkpoint is left
    monkeypatch.setitem(cifar10.BUDGET, 'clip', 2.0)
    with pytest.raises(SystemExit, match='of other settings'):
        cifar10.run('LeNet, today', 'full', 0.1, 0, args)


@pytest.mark.parametrize(
    'best, wanted',
    [
        (0.1, [0.03, 0.1, 0.3]),
        (1.0, [0.03, 0.1, 0.3, 1.0, 3.0]),
        (0.01, [0.03, 0.1, 0.3, 0.01, 0.003]),
        (3.0, [0.03, 0.1, 0.3, 1.0, 3.0]),
    ],
)
def test_rates_are_tried_until_the_best_is_inside(monkeypatch, best, wanted):
    tried = []

    def run(name, stage, lr, seed, args):
        tried.append(lr)
        assert (stage, seed) == ('choose', 0)
        return {'valid_acc': 1 / (1 + abs(lr - best))}

    monkeypatch.setattr(cifar10, 'run', run)
    assert cifar10.choose('AlexNet', None) == best
    assert tried == wanted


def test_the_cycle_rises_to_its_peak_and_falls_to_nothing():
    rates = [cifar10.one_cycle(i, 100, 0.3) for i in range(100)]
    top = rates.index(max(rates))
    assert top == 25 and rates[top] == pytest.approx(0.3)
    assert rates[:26] == sorted(rates[:26])
    assert rates[25:] == sorted(rates[25:], reverse=True)
    assert 0 < rates[-1] < 0.001 and 0 < rates[0] < 0.02


def test_lenet_of_1998_has_the_papers_numbers():
    net = lenet('tanh', 'sampling')
    c3 = next(layer for layer in net if isinstance(layer, C3))
    # Table I and section II.B: 1,516 weights in C3; 60,000 in all, with one
    # channel for three (300 fewer) and no trained output layer (850 fewer).
    assert c3.weight.numel() + 16 - c3.unused() == 1516
    assert cifar10.costs('LeNet, 1998')['parameters'] == 60_000 + 300 + 850
    X = torch.randn(1, 6, 14, 14)
    Y = c3(X)
    X[:, 3:] += 1  # its first map sees maps 0, 1 and 2
    assert torch.equal(c3(X)[:, 0], Y[:, 0])
    assert not torch.equal(c3(X)[:, 1], Y[:, 1])
    assert net[1](torch.ones(1)) == pytest.approx(1, abs=1e-4)


def test_a_plain_net_is_a_residual_one_without_the_sum():
    net, _ = cifar10.make('ResNet-10, no shortcut', 0.1)
    blocks = [m for m in net.modules() if isinstance(m, Residual)]
    assert len(blocks) == 4
    block = blocks[0].eval()
    X = torch.randn(2, block.branch[0][0].in_channels, 8, 8)
    assert torch.equal(block(X), block.branch(X).relu())


@pytest.mark.parametrize('name', NETS)
def test_every_contestant_gives_scores_and_gradients(name):
    net, _ = cifar10.make(name, 0.1)
    scores = net(torch.randn(2, 3, 32, 32))
    assert scores.shape == (2, 10)
    scores.square().sum().backward()
    assert all(p.grad is not None for p in net.parameters())


def test_welch_is_scipys():
    for a, b in [
        ([0.81, 0.82, 0.80], [0.79, 0.81, 0.80]),
        ([1.0, 2.0], [3.0, 9.0, 4.0]),
    ]:
        found = stats.ttest_ind(a, b, equal_var=False)
        interval = found.confidence_interval(0.95)
        assert common.welch(a, b) == pytest.approx(
            (statistics.mean(a) - statistics.mean(b), *interval)
        )
    assert common.welch([1, 1], [0, 0]) == (1, 1, 1)
    with pytest.raises(ValueError, match='two numbers or more, got 1 and 3'):
        common.welch([1], [1, 2, 3])


def test_the_tables_hold_every_run(capsys):
    cifar10_table.show(cifar10.FOLDER)
    text = capsys.readouterr().out
    nets = cifar10_table.condense(list(RECORDS.values()))
    assert nets.keys() == {r['net'] for r in FULL.values()}
    for name, net in nets.items():
        line = next(l for l in text.splitlines() if l.startswith(f'{name}  '))
        assert cifar10_table.spread(net['test_acc']) in line
        assert ('unfinished' in line) == (not all(net['done']))


def test_claims_are_of_contestants_and_judged_by_their_intervals():
    assert {name for _, *pair in CLAIMS for name in pair} <= NETS.keys()
    assert len(MAIN) == 10
    nets = {
        'a': {'test_acc': [0.81, 0.82, 0.80]},
        'b': {'test_acc': [0.7, 0.71]},
        'c': {'test_acc': [0.8]},
        'd': {'test_acc': [0.80, 0.83]},
    }
    found = cifar10_table.compared(nets, 'a', 'b')
    assert found[1] > 0 and cifar10_table.verdict(*found).endswith(' shown')
    assert cifar10_table.verdict(
        *cifar10_table.compared(nets, 'b', 'a')
    ).endswith('opposite')
    assert cifar10_table.verdict(
        *cifar10_table.compared(nets, 'a', 'd')
    ).endswith('not shown')
    assert cifar10_table.compared(nets, 'a', 'c') is None


def test_the_page_gets_all_records_in_one_file(tmp_path, monkeypatch):
    monkeypatch.setattr(cifar10, 'PAGE', tmp_path / 'page.json')
    cifar10.collect(arguments(cifar10.FOLDER))
    page = json.loads(cifar10.PAGE.read_text())
    assert page['main'] == list(MAIN) and page['budget'] == cifar10.BUDGET
    assert page['baselines'].keys() == {'majority class', 'nearest neighbor'}
    for name, net in page['nets'].items():
        mine = [r for r in FULL.values() if r['net'] == name]
        assert {f'{r["lr"]:g}' for r in mine} == net['in_full'].keys()
        kept = [r for r in mine if r['lr'] == net['lr']]
        assert len(kept) == len(net['seed']) == len(net['valid_accs'])
        assert max(net['in_full'], key=net['in_full'].get) == f'{net["lr"]:g}'
        assert max(net['rates'], key=net['rates'].get) in net['in_full']


def test_of_two_rates_in_full_the_better_on_validation_is_kept():
    first = next(iter(FULL.values()))
    runs = [
        first | {'lr': lr, 'seed': 0, 'valid_acc': acc, 'test_acc': other}
        for lr, acc, other in [(1.0, 0.6, 0.9), (0.3, 0.7, 0.5)]
    ]
    net = cifar10_table.together(runs)
    assert net['in_full'] == {'0.3': 0.7, '1': 0.6}
    assert (net['lr'], net['test_acc']) == (0.3, [0.5])


@pytest.mark.skipif(cifar10.fcntl is None, reason='Windows has no flock')
def test_two_processes_do_not_do_the_same_run(tmp_path):
    done = []

    def other():
        with cifar10.alone(tmp_path / 'run.lock'):
            done.append('other')

    thread = threading.Thread(target=other)
    with cifar10.alone(tmp_path / 'run.lock'):
        thread.start()
        thread.join(0.2)
        done.append('first')
    thread.join(10)
    assert done == ['first', 'other']


def test_times_are_scaled_to_an_epoch_and_need_a_quiet_machine(
    small, tmp_path, monkeypatch
):
    clock = iter(range(100))  # each look at the clock is a second later
    monkeypatch.setattr(cifar10.time, 'perf_counter', lambda: next(clock))
    times = cifar10.seconds('LeNet, today', batches=2)
    # 300 photographs are 2.34 minibatches of 128, and 2 take a second.
    assert times == [pytest.approx(300 / 128 / 2, abs=0.01)] * 5
    args = arguments(tmp_path, only=['LeNet, today'], threads=1)
    monkeypatch.setattr(cifar10.os, 'getloadavg', lambda: (3.2, 0, 0))
    with pytest.raises(SystemExit, match='the load is 3.20, but times are'):
        cifar10.time_all(args)
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(cifar10.os, 'getloadavg', lambda: (0.1, 0, 0))
    cifar10.time_all(args)
    (path,) = tmp_path.iterdir()
    assert len(json.loads(path.read_text())['seconds']) == 5


def test_the_page_gets_each_difference_that_is_measured():
    page = cifar10_table.everything(common.read_all(cifar10.FOLDER))
    nets = page['nets']
    measured = [n for n in page['main'] if len(nets[n]['test_acc']) > 1]
    assert len(page['pairs']) == len(measured) * (len(measured) - 1) / 2
    for *_, a, b, difference, low, high in page['pairs'] + page['claims']:
        means = [statistics.mean(nets[name]['test_acc']) for name in (a, b)]
        assert low <= difference <= high
        assert difference == pytest.approx(means[0] - means[1])
