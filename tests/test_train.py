"""Training: what it learns, counts, says, and survives."""

import copy
import functools
import io
import itertools
import json
import os
import random
import shutil
import signal
import sys
import time

import children
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.data import DataLoader, TensorDataset

from d2lmini.callbacks import (
    Callback,
    Checkpoint,
    Compile,
    FixedStatistics,
    KeepBest,
    MemoryFormat,
    MixedPrecision,
    TensorBoard,
)
from d2lmini.data import ImageIter
from d2lmini.plot import Animator
from d2lmini.train import (
    History,
    accuracy,
    evaluate_accuracy_gpu,
    init_weights,
    train_gpu,
)
from d2lmini.utils import get_rng_state, set_seed

COLUMNS = ['loss', 'train_acc', 'valid_acc']


def make_data(n, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return (
        torch.randint(
            0, 256, (n, 1, 8, 8), generator=generator, dtype=torch.uint8
        ),
        torch.randint(0, 3, (n,), generator=generator),
    )


def make_iter(n=22, batch_size=4, shuffle=True, **options):
    return ImageIter(*make_data(n), batch_size, shuffle=shuffle, **options)


def make_loader(n=22, batch_size=4, **options):
    X, y = make_data(n)
    return DataLoader(
        TensorDataset(X / 255, y), batch_size, shuffle=True, **options
    )


def make_net(dropout=0.0, activation=nn.ReLU):
    return nn.Sequential(
        nn.Conv2d(1, 4, 3),
        activation(),
        nn.Dropout(dropout),
        nn.Flatten(),
        nn.Linear(144, 3),
    )


def weights(net):
    return torch.cat([p.detach().flatten() for p in net.parameters()]).clone()


def momentum(parameters, lr):
    return torch.optim.SGD(parameters, lr=lr, momentum=0.9)


def halve(optimizer):
    return torch.optim.lr_scheduler.StepLR(optimizer, 2, gamma=0.5)


@pytest.fixture(autouse=True)
def seed():
    set_seed(0)


# Learning and counting


def test_learns_eight_images_by_heart():
    data_iter, net = make_iter(8, 3), make_net()
    history = train_gpu(
        net, data_iter, data_iter, 60, 0.1, 'cpu', optimizer=momentum
    )
    assert history.valid_acc[-1] == 1 and history.loss[-1] < 0.05
    assert evaluate_accuracy_gpu(net, data_iter) == 1
    assert all(seconds > 0 for seconds in history.seconds)


@pytest.mark.parametrize(
    'n, batch_size',
    [(1, 1), (1, 4), (3, 1), (4, 4), (5, 4), (9, 4), (22, 4), (23, 2)],
)
def test_sums_are_exact_whatever_the_batches(n, batch_size):
    """With a rate of 0 the net stays, so all batches meet the same net."""
    net, (X, y) = make_net(), make_data(n)
    history = train_gpu(
        net,
        make_iter(n, batch_size),
        make_iter(n, batch_size, shuffle=False),
        2,
        0.0,
        'cpu',
    )
    y_hat = net(X / 255)
    loss = F.cross_entropy(y_hat, y).item()
    share = float((y_hat.argmax(1) == y).double().mean())
    assert history.loss == pytest.approx([loss] * 2)
    assert history.train_acc == history.valid_acc == [share] * 2
    assert len(history) == 2


def test_train_accuracy_is_counted_while_training():
    net, train_iter = make_net(), make_iter(8, 8)
    first = evaluate_accuracy_gpu(net, train_iter)
    history = train_gpu(net, train_iter, train_iter, 5, 0.3, 'cpu')
    assert history.train_acc == [first, *history.valid_acc[:-1]]


def test_test_iter_is_not_trained_on():
    nets = [make_net(), None]
    nets[1] = copy.deepcopy(nets[0])
    for net, test_iter in zip(nets, [make_iter(5), make_iter(9)]):
        train_gpu(net, make_iter(seed=1), test_iter, 2, 0.1, 'cpu', seed=0)
    assert weights(nets[0]).equal(weights(nets[1]))


@pytest.mark.parametrize(
    'make',
    [make_loader, lambda: list(make_loader()), lambda: make_iter(seed=3)],
)
def test_train_iter_may_be_any_collection_of_batches(make):
    net = make_net()
    before = weights(net)
    assert len(train_gpu(net, make(), make(), 2, 0.1, 'cpu')) == 2
    assert not weights(net).equal(before)


def test_without_test_iter_nothing_is_tested(tmp_path):
    spy = Spy()
    history = train_gpu(
        nn.Sequential(spy, make_net()),
        make_iter(),
        None,
        2,
        0.1,
        'cpu',
        callbacks=[Checkpoint(tmp_path / 'run.pt')],
    )
    assert all(training for training, _ in spy.log)
    assert [value != value for value in history.valid_acc] == [True] * 2
    assert 'nan' not in str(history) and 'valid' not in str(history)
    kept = json.dumps(vars(history))
    assert str(History(**json.loads(kept))) == str(history)


def test_optimizer_loss_and_scheduler_are_used():
    rates, seen = [], []

    def loss(y_hat, y):
        rates.append(seen[0].param_groups[0]['lr'])
        return F.cross_entropy(y_hat, y, label_smoothing=0.1)

    def optimizer(parameters, lr):
        seen.append(torch.optim.Adam(parameters, lr=lr))
        return seen[0]

    train_gpu(
        make_net(),
        make_iter(8, 8),
        make_iter(),
        5,
        0.08,
        'cpu',
        optimizer=optimizer,
        loss=loss,
        scheduler=halve,
    )
    assert rates == [0.08, 0.08, 0.04, 0.04, 0.02]


def test_seed_repeats_a_run():
    net = make_net(dropout=0.5)
    nets = [copy.deepcopy(net) for _ in range(3)]
    for net, seed in zip(nets, [1, 1, 2]):
        train_gpu(net, make_iter(), make_iter(), 2, 0.1, 'cpu', seed=seed)
    one, again, other = map(weights, nets)
    assert one.equal(again) and not one.equal(other)


def test_seeded_train_iter_gives_the_same_orders_in_every_run():
    nets, train_iter = [make_net(), None], make_iter(seed=3)
    nets[1] = copy.deepcopy(nets[0])
    for net in nets:
        train_gpu(net, train_iter, make_iter(), 2, 0.1, 'cpu')
    assert weights(nets[0]).equal(weights(nets[1]))


def conv_net(*between):
    return nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.ReLU(),
        *between,
        nn.Conv2d(4, 4, 3),
        nn.Flatten(),
        nn.Linear(64, 3),
    )


def test_channels_last_is_the_default_and_trains_alike():
    nets = [conv_net(), None]
    nets[1] = copy.deepcopy(nets[0])
    plain = MemoryFormat(torch.contiguous_format)
    a, b = (
        train_gpu(
            net,
            make_iter(),
            None,
            3,
            0.1,
            seed=0,
            plot=False,
            init=init_weights,
            callbacks=callbacks,
        )
        for net, callbacks in zip(nets, [[plain], []])
    )
    torch.testing.assert_close(weights(nets[0]), weights(nets[1]))
    assert b.loss == pytest.approx(a.loss, abs=1e-5)
    slow, fast = (net[2].weight for net in nets)
    assert slow.is_contiguous() and not fast.is_contiguous()
    assert fast.is_contiguous(memory_format=torch.channels_last)


class Viewed(nn.Module):
    """As older tutorials write it: view() wants the order (N, C, H, W)."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.3)
        )
        self.head = nn.Linear(144, 3)

    def forward(self, X):
        return self.head(self.body(X).view(len(X), -1))


def test_a_net_that_uses_view_trains_as_before():
    nets = [Viewed(), None]
    nets[1] = copy.deepcopy(nets[0])
    for net, callbacks in zip(
        nets, [[MemoryFormat(torch.contiguous_format)], []]
    ):
        train_gpu(
            net,
            make_iter(),
            make_iter(),
            2,
            0.1,
            'cpu',
            seed=0,
            callbacks=callbacks,
        )
    for a, b in zip(*(net.state_dict().values() for net in nets)):
        assert a.equal(b)
    assert 'forward' not in vars(nets[1])


def test_other_errors_in_the_first_minibatch_are_raised():
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Linear(7, 3))
    with pytest.raises(RuntimeError, match='mat1 and mat2'):
        train_gpu(net, make_iter(), None, 1, 0.1, 'cpu')
    assert 'forward' not in vars(net)


class Dtypes(nn.Module):
    """Note the kind of numbers that come by, and whether in training."""

    def __init__(self):
        super().__init__()
        self.log = set()

    def forward(self, X):
        self.log.add((X.dtype, self.training))
        return X


def test_bf16_computes_layers_not_weights():
    def loss(y_hat, y):
        value = F.cross_entropy(y_hat, y)
        seen.append((y_hat.dtype, value.dtype))
        return value

    seen, notes, net = [], Dtypes(), make_net()
    net = nn.Sequential(net[:4], notes, net[4])
    history = train_gpu(
        net,
        make_iter(8),
        make_iter(8),
        2,
        0.1,
        'cpu',
        loss=loss,
        callbacks=[MixedPrecision()],
    )
    assert notes.log == {(torch.bfloat16, True), (torch.bfloat16, False)}
    assert set(seen) == {(torch.bfloat16, torch.float32)}
    assert {p.dtype for p in net.parameters()} == {torch.float32}
    assert {p.grad.dtype for p in net.parameters()} == {torch.float32}
    assert not torch.is_autocast_enabled('cpu') and len(history) == 2


def test_bf16_learns_alike():
    nets = [make_net(), None, None]
    nets[1:] = [copy.deepcopy(nets[0]) for _ in nets[1:]]
    a, b, c = (
        train_gpu(
            net,
            make_iter(8, 3),
            make_iter(8),
            40,
            0.1,
            'cpu',
            optimizer=momentum,
            seed=0,
            callbacks=callbacks,
        )
        for net, callbacks in zip(nets, [[], [MixedPrecision()], []])
    )
    assert a.loss == c.loss != b.loss
    assert a.loss[:3] == pytest.approx(b.loss[:3], abs=0.02)
    assert b.valid_acc[-1] == 1


def test_compiled_trains_alike_and_leaves_the_net_alone(tmp_path):
    calls, eager = [], torch.compile

    def note(net):
        calls.append(net)
        return eager(net, backend='aot_eager')  # all but the C++ compiler

    nets, histories = [make_net(), None], []
    nets[1] = copy.deepcopy(nets[0])
    names, text = list(nets[0].state_dict()), str(nets[0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, 'compile', note)
        for net, compiles in zip(nets, [False, True]):
            histories.append(
                train_gpu(
                    net,
                    make_iter(),
                    make_iter(),
                    3,
                    0.1,
                    'cpu',
                    seed=0,
                    callbacks=[Checkpoint(tmp_path / f'{compiles}.pt')]
                    + [Compile()] * compiles,
                )
            )
    assert len(calls) == 1 and calls[0] is nets[1]
    torch.testing.assert_close(weights(nets[0]), weights(nets[1]))
    assert histories[0].loss == pytest.approx(histories[1].loss)
    assert list(nets[1].state_dict()) == names and str(nets[1]) == text
    for name in ('False', 'True'):  # and either goes on as the other
        state = torch.load(tmp_path / f'{name}.pt')
        assert list(state['net']) == names
        longer = train_gpu(
            make_net(),
            make_iter(),
            None,
            4,
            0.1,
            'cpu',
            seed=0,
            callbacks=[Checkpoint(tmp_path / f'{name}.pt')],
        )
        assert len(longer) == 4


def test_every_net_is_compiled_not_the_first_eight_only():
    """PyTorch's limit is per code, and all Sequentials share theirs."""
    made = []

    def note(graph, inputs):
        made.append(graph)
        return graph.forward

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            torch, 'compile', functools.partial(torch.compile, backend=note)
        )
        for channels in range(1, 11):
            net = nn.Sequential(
                nn.Conv2d(1, channels, 3),
                nn.Flatten(),
                nn.Linear(36 * channels, 3),
            )
            train_gpu(
                net, make_iter(8), None, 1, 0.1, 'cpu', callbacks=[Compile()]
            )
    assert len(made) >= 10


def test_compile_without_a_compiler_says_so(monkeypatch):
    monkeypatch.setenv('CXX', 'no-such-compiler')
    with pytest.raises(
        RuntimeError,
        match='C.. compiler .*no-such-compiler is not found.*without Compile',
    ):
        train_gpu(
            make_net(), make_iter(), None, 1, 0.1, 'cpu', callbacks=[Compile()]
        )


def test_compile_by_the_cpp_compiler():
    if not shutil.which(os.environ.get('CXX', 'g++')):
        pytest.skip('no C++ compiler')
    nets = [make_net(), None]
    nets[1] = copy.deepcopy(nets[0])
    for net, compiles in zip(nets, [False, True]):
        train_gpu(
            net,
            make_iter(8),
            make_iter(8),
            2,
            0.1,
            'cpu',
            seed=0,
            callbacks=[Compile()] * compiles,
        )
    torch.testing.assert_close(weights(nets[0]), weights(nets[1]))


def test_a_given_net_is_not_initialized_again():
    net = make_net()
    before = weights(net)
    train_gpu(net, make_iter(), make_iter(), 1, 0.0, 'cpu', seed=3)
    assert weights(net).equal(before)


def test_init_is_applied_after_the_seed():
    nets = [make_net(), make_net()]
    for net in nets:
        train_gpu(
            net,
            make_iter(),
            make_iter(),
            1,
            0.0,
            'cpu',
            seed=3,
            init=init_weights,
        )
    for i in (0, 4):
        assert nets[0][i].weight.equal(nets[1][i].weight)


def test_init_weights_is_xaviers():
    net = nn.Sequential(
        nn.Conv2d(3, 8, 5), nn.BatchNorm2d(8), nn.Linear(40, 60)
    )
    net.apply(init_weights)
    for layer, fans in [(net[0], (3 + 8) * 25), (net[2], 40 + 60)]:
        bound = (6 / fans) ** 0.5
        assert 0.9 * bound < layer.weight.abs().max() <= bound
    assert net[1].weight.eq(1).all()


# Evaluation and modes


def test_accuracy():
    scores = torch.tensor([[1.0, 3], [2, 0], [0, 1]])
    y = torch.tensor([1, 1, 1])
    count = accuracy(scores, y)
    assert torch.is_tensor(count) and count == 2
    assert accuracy(scores.argmax(1), y) == 2
    with pytest.raises(ValueError, match=r'shape \(3,\).*got \(3, 1\)'):
        accuracy(scores, y[:, None])


def test_evaluation_divides_once():
    """The mean of the batches' accuracies would be 0.5, not 0.8."""
    X = torch.eye(4)
    batches = [(X, torch.arange(4)), (X[:1], torch.tensor([1]))]
    net = nn.Linear(4, 4, bias=False)
    nn.init.eye_(net.weight)
    assert evaluate_accuracy_gpu(net, batches) == 0.8


class Spy(nn.Module):
    """Note how each minibatch is met."""

    def __init__(self):
        super().__init__()
        self.log = []

    def forward(self, X):
        self.log.append((self.training, torch.is_grad_enabled()))
        return X


def test_modes_and_gradients():
    spy = Spy()
    train_gpu(
        nn.Sequential(spy, make_net()),
        make_iter(8),
        make_iter(8),
        2,
        0.1,
        'cpu',
    )
    assert (
        spy.log
        == [(True, True)] * 2
        + [(False, False)] * 2
        + [(True, True)] * 2
        + [(False, False)] * 2
    )


def run_training(net, data_iter):
    train_gpu(net, data_iter, data_iter, 1, 0.1, 'cpu')


class Interrupt:
    """Batches that are interrupted, as by Ctrl-C, at the k-th of all."""

    def __init__(self, data_iter, k, error=KeyboardInterrupt):
        self.data_iter, self.left, self.error = data_iter, k, error

    def __len__(self):
        return len(self.data_iter)

    def __iter__(self):
        for batch in self.data_iter:
            self.left -= 1
            if self.left == 0:
                raise self.error
            yield batch


@pytest.mark.parametrize('k', [1, 2, 1000])
@pytest.mark.parametrize('function', [evaluate_accuracy_gpu, run_training])
def test_every_module_returns_to_its_mode(function, k):
    net = nn.Sequential(nn.BatchNorm2d(1), make_net()).train()
    net[0].eval()
    modes = [module.training for module in net.modules()]
    try:
        function(net, Interrupt(make_iter(), k, ZeroDivisionError))
    except ZeroDivisionError:
        assert k < 1000
    assert [module.training for module in net.modules()] == modes


# What it says


def test_history_prints_as_a_table():
    history = History()
    history.add(2.30258, 0.1, 0.09999, 12.345)
    history.add(1.5, 0.5, 1.0, 100.0)
    assert (
        str(history)
        == repr(history)
        == (
            'epoch    loss  train acc  valid acc  seconds\n'
            '    1   2.303      0.100      0.100     12.3\n'
            '    2   1.500      0.500      1.000    100.0'
        )
    )
    history.valid_acc = [float('nan')] * 2
    assert str(history) == (
        'epoch    loss  train acc  seconds\n'
        '    1   2.303      0.100     12.3\n'
        '    2   1.500      0.500    100.0'
    )


def test_history_is_plain_data():
    history = History([1.5], [0.5], [0.25], [2.0])
    assert History(**json.loads(json.dumps(vars(history)))) == history


@pytest.mark.parametrize('value', ['nan', 'inf'])
@pytest.mark.parametrize('batches, wrong', [(6, 4), (6, 6), (2, 1), (23, 17)])
def test_a_loss_that_is_not_finite_names_the_epoch(value, batches, wrong):
    steps, net = itertools.count(1), make_net().eval()

    def loss(y_hat, y):
        bad = next(steps) >= batches + wrong
        return F.cross_entropy(y_hat, y) * (float(value) if bad else 1)

    with pytest.raises(
        FloatingPointError,
        match=f'became (nan|{value}) in epoch 2, '
        '.*rate 0.05: .*smaller.* 0.005 for',
    ):
        train_gpu(
            net, make_iter(batches, 1), make_iter(), 3, 0.05, 'cpu', loss=loss
        )
    assert not net.training


def test_a_rate_that_is_too_large_is_found():
    with pytest.raises(FloatingPointError, match='epoch 1, .*1e.30'):
        train_gpu(make_net(), make_iter(), make_iter(), 3, 1e30, 'cpu')


@pytest.mark.parametrize(
    'where, k, epochs',
    [
        ('train', 1, 0),
        ('train', 6, 0),
        ('train', 8, 1),
        ('test', 1, 0),
        ('test', 9, 1),
    ],
)
def test_interrupt_gives_the_history_so_far(where, k, epochs, capsys):
    iters, net = {'train': make_iter(), 'test': make_iter()}, make_net().eval()
    iters[where] = Interrupt(iters[where], k)
    history = train_gpu(net, *iters.values(), 3, 0.1, 'cpu', scheduler=halve)
    assert {len(column) for column in vars(history).values()} == {epochs}
    assert f'stopped by hand in epoch {epochs + 1}' in capsys.readouterr().out
    assert not net.training and weights(net).isfinite().all()
    assert 0 <= evaluate_accuracy_gpu(net, make_iter()) <= 1


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_bar_in_a_terminal(monkeypatch):
    for plot in [True, False]:
        monkeypatch.setattr(sys, 'stderr', Terminal())
        train_gpu(
            make_net(), make_iter(), make_iter(), 3, 0.1, 'cpu', plot=plot
        )
        shown = sys.stderr.getvalue()
        assert ('3.0/3 epochs' in shown and 'loss=' in shown) == plot
        assert plot or shown == ''


def test_nothing_in_a_pipe(capfd):
    train_gpu(make_net(), make_iter(), make_iter(), 2, 0.1, 'cpu')
    assert capfd.readouterr() == ('', '')


@pytest.mark.parametrize('num_batches', [1, 2, 4, 5, 6, 11, 235])
def test_means_are_shown_at_most_five_times_an_epoch(num_batches, monkeypatch):
    added = []
    monkeypatch.setattr(
        Animator, 'add', lambda self, x, ys: added.append((x, *ys))
    )
    history = train_gpu(
        make_net(), make_iter(num_batches, 1), make_iter(), 1, 0.1, 'cpu'
    )
    *means, (x, _, _, valid_acc) = added
    assert len(means) == min(5, num_batches)
    assert means[-1] == (1, history.loss[0], history.train_acc[0], None)
    assert (x, valid_acc) == (1, history.valid_acc[0])


@pytest.mark.parametrize('validated', [True, False])
def test_the_legend_names_only_what_is_drawn(validated, monkeypatch):
    legends = []
    make = Animator.__init__

    def watched(self, *args, **kwargs):
        make(self, *args, **kwargs)
        legends.append(self.legend)

    monkeypatch.setattr(Animator, '__init__', watched)
    valid_iter = make_iter() if validated else None
    train_gpu(make_net(), make_iter(), valid_iter, 1, 0.1, 'cpu')
    names = ['training loss', 'training accuracy', 'validation accuracy']
    assert legends == [names if validated else names[:2]]


# No waiting for the device


class Waits(TorchDispatchMode):
    """Count the calls that wait for a GPU: those that read a value."""

    count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.count += function in (
            torch.ops.aten._local_scalar_dense.default,
            torch.ops.aten.nonzero.default,
            torch.ops.aten.equal.default,
        )
        return function(*args, **kwargs or {})


def count_waits(num_batches, plot, monkeypatch):
    """Train for an epoch; return how often values were read or copied."""
    waits = Waits()
    with monkeypatch.context() as patch:
        for name in ['cpu', 'numpy', 'tolist', '__array__']:
            of = getattr(torch.Tensor, name)

            def method(self, *args, name=name, of=of):
                waits.count += 1
                return of(self, *args)

            patch.setattr(torch.Tensor, name, method)
        patch.setattr(sys, 'stderr', Terminal())
        with waits:
            train_gpu(
                make_net(),
                make_iter(2 * num_batches, 2),
                make_iter(2 * num_batches, 2),
                1,
                0.1,
                'cpu',
                plot=plot,
            )
    return waits.count


@pytest.mark.parametrize('plot, most', [(False, 20), (True, 60)])
def test_no_wait_for_the_device_in_a_minibatch(plot, most, monkeypatch):
    few, many = (count_waits(n, plot, monkeypatch) for n in (10, 100))
    assert 0 < few == many < most


# Checkpoints


KINDS = {
    'images': make_iter,
    'seeded images': lambda: make_iter(seed=4),
    'loader': make_loader,
    'generator': lambda: make_loader(
        generator=torch.Generator().manual_seed(4)
    ),
}
OPTIMIZERS = {'momentum': momentum, 'adam': torch.optim.Adam}
NUM_EPOCHS = 6


def train_once(
    checkpoint,
    kind,
    seed=None,
    optimizer='momentum',
    lr=0.05,
    num_epochs=NUM_EPOCHS,
    first_seed=0,
    net=None,
):
    """Train a net of one's own; return it and its history."""
    set_seed(first_seed)
    net = net or make_net(dropout=0.3)
    history = train_gpu(
        net,
        KINDS[kind](),
        make_loader(),
        num_epochs,
        lr,
        'cpu',
        optimizer=OPTIMIZERS[optimizer],
        scheduler=halve,
        seed=seed,
        callbacks=[Checkpoint(checkpoint)] if checkpoint else [],
    )
    return net, history


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def set_bomb(where, k):
    """Have this process kill itself at the k-th call of something."""
    calls, save, replace = itertools.count(1), torch.save, os.replace

    def half_save(state, path):
        save(state, path)
        if next(calls) == k:
            os.truncate(path, os.path.getsize(path) // 2)
            die()

    def bomb_replace(one, two):
        i = next(calls)
        if i == k and where == 'before the renaming':
            die()
        replace(one, two)
        if i == k:
            die()

    if where == 'in a step':
        nn.Dropout.forward = lambda self, X: (
            F.dropout(X, self.p, self.training) if next(calls) != k else die()
        )
    elif where == 'in the file':
        torch.save = half_save
    else:
        os.replace = bomb_replace


def train_in_child(out, bomb, first_seed, arguments):
    """Child: train, perhaps die, and write down what came out."""
    torch.set_num_threads(1)
    if bomb:
        set_bomb(*bomb)
    began = time.perf_counter()
    net, history = train_once(first_seed=first_seed, **arguments)
    torch.save(
        [
            weights(net),
            [getattr(history, c) for c in COLUMNS],
            time.perf_counter() - began,
        ],
        out,
    )


def in_child(folder, bomb=None, first_seed=0, **arguments):
    """Train in a child: (weights, columns, seconds), or None if it died."""
    out = folder / 'out.pt'
    child = children.start(train_in_child, out, bomb, first_seed, arguments)
    child.join()
    assert child.exitcode == (-signal.SIGKILL if bomb else 0)
    return None if bomb else torch.load(out)


@pytest.mark.parametrize(
    'kind, seed, optimizer',
    [
        ('images', None, 'momentum'),
        ('images', 5, 'momentum'),
        ('seeded images', None, 'adam'),
        ('loader', None, 'momentum'),
        ('loader', 5, 'adam'),
        ('generator', None, 'momentum'),
    ],
)
def test_a_killed_run_gives_the_same_weights(tmp_path, kind, seed, optimizer):
    """The steps of an epoch are 6 of training and 6 of testing. Every start
    has other random numbers at first: only the checkpoint can help."""
    arguments = dict(kind=kind, seed=seed, optimizer=optimizer)
    expected = in_child(tmp_path, checkpoint=None, **arguments)
    path = tmp_path / 'run.pt'
    bombs = [
        ('in a step', 3),
        ('in the file', 1),
        ('in a step', 20),
        ('before the renaming', 2),
        ('after the renaming', 1),
        ('in a step', 10),
    ]
    for i, bomb in enumerate(bombs):
        in_child(tmp_path, bomb, first_seed=i, checkpoint=path, **arguments)
    found = in_child(tmp_path, first_seed=99, checkpoint=path, **arguments)
    assert found[0].equal(expected[0]) and found[1] == expected[1]


@pytest.mark.parametrize('kind', ['images', 'loader'])
def test_a_run_killed_at_random_moments_gives_the_same_weights(tmp_path, kind):
    expected = in_child(tmp_path, checkpoint=None, kind=kind, num_epochs=40)
    path, rng, killed = tmp_path / 'run.pt', random.Random(0), 0
    arguments = dict(checkpoint=path, kind=kind, num_epochs=40)
    for i in range(8):
        child = children.start(
            train_in_child, tmp_path / 'x', None, i, arguments
        )
        while not path.exists():
            assert child.is_alive()
        child.join(rng.uniform(0, expected[2] / 8))
        killed += child.is_alive()
        children.kill(child)
    found = in_child(tmp_path, first_seed=99, **arguments)
    assert found[0].equal(expected[0]) and found[1] == expected[1]
    assert killed > 1


def test_an_interrupted_run_goes_on(tmp_path):
    net, whole = train_once(None, 'images', seed=1)
    path, part = tmp_path / 'run.pt', make_net(dropout=0.3)
    set_seed(0)
    train_gpu(
        make_net(dropout=0.3),
        Interrupt(make_iter(), 15),
        make_loader(),
        NUM_EPOCHS,
        0.05,
        'cpu',
        optimizer=momentum,
        scheduler=halve,
        seed=1,
        callbacks=[Checkpoint(path)],
    )
    _, history = train_once(path, 'images', seed=1, net=part, first_seed=7)
    assert weights(part).equal(weights(net))
    assert len(history) == NUM_EPOCHS and history.loss == whole.loss


def test_a_finished_run_is_read_or_made_longer(tmp_path):
    expected, whole = train_once(None, 'loader', num_epochs=7)
    path = tmp_path / 'new folder' / 'run.pt'
    net, history = train_once(path, 'loader', num_epochs=4)
    again, read = train_once(path, 'loader', num_epochs=4, first_seed=9)
    assert read == history and weights(net).equal(weights(again))
    longer, history = train_once(path, 'loader', num_epochs=7, first_seed=9)
    assert weights(longer).equal(weights(expected))
    assert [getattr(history, c) for c in COLUMNS] == [
        getattr(whole, c) for c in COLUMNS
    ]


@pytest.fixture
def finished(tmp_path):
    path = tmp_path / 'run.pt'
    train_once(path, 'images', seed=1, num_epochs=3)
    return path


@pytest.mark.parametrize(
    'what, other',
    [
        ('another optimizer', {'lr': 0.06}),
        ('another optimizer', {'optimizer': 'adam'}),
        ('another seed', {'seed': None}),
        ('another seed', {'seed': 2}),
        ('it has 3 epochs, more than 2', {'num_epochs': 2}),
        ('another net', {'net': make_net(dropout=0.2)}),
        ('another net', {'net': make_net(0.3, nn.Tanh)}),
        ('another net, seed', {'net': make_net(0.4), 'seed': 9}),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(finished, what, other):
    contents, before = finished.read_bytes(), other.get('net')
    before = before and weights(before)
    with pytest.raises(ValueError, match=rf'run\.pt is .*\({what}\)'):
        train_once(finished, 'images', **{'seed': 1, 'num_epochs': 3} | other)
    assert finished.read_bytes() == contents
    assert before is None or weights(other['net']).equal(before)


def test_a_checkpoint_with_other_data_or_scheduler_is_refused(finished):
    for batch_size, scheduler, what in [
        (5, halve, 'number of minibatches'),
        (4, None, 'scheduler'),
    ]:
        with pytest.raises(ValueError, match=rf'another .*{what}\)'):
            train_gpu(
                make_net(0.3),
                make_iter(batch_size=batch_size),
                make_loader(),
                3,
                0.05,
                'cpu',
                optimizer=momentum,
                scheduler=scheduler,
                seed=1,
                callbacks=[Checkpoint(finished)],
            )


def restored(path):
    """Read a finished run's checkpoint: weights, history, random state."""
    net, history = train_once(path, 'images', seed=1, num_epochs=3)
    return str(
        [
            weights(net).tolist(),
            vars(history),
            get_rng_state()['torch'].tolist(),
            get_rng_state()['numpy'],
            random.getstate(),
        ]
    )


def test_a_damaged_checkpoint_is_refused(finished):
    contents, rng = finished.read_bytes(), random.Random(0)
    expected, found = restored(finished), 0
    for length in [
        0,
        1,
        len(contents) - 1,
        *(rng.randrange(len(contents)) for _ in range(30)),
    ]:
        finished.write_bytes(contents[:length])
        with pytest.raises(ValueError, match=r'run\.pt is damaged'):
            restored(finished)
        assert finished.read_bytes() == contents[:length]
    for _ in range(150):
        altered = bytearray(contents)
        altered[rng.randrange(len(contents))] ^= 1 << rng.randrange(8)
        finished.write_bytes(altered)
        try:
            assert restored(finished) == expected
        except ValueError as error:
            assert 'run.pt is damaged' in str(error)
            found += 1
        assert finished.read_bytes() == altered
    assert found > 75


def test_a_checkpoint_that_cannot_be_written_fails_at_once(tmp_path):
    (tmp_path / 'file').write_text('not a folder')
    net, spy = make_net(), Spy()
    with pytest.raises(OSError):
        train_gpu(
            nn.Sequential(spy, net),
            make_iter(),
            make_iter(),
            3,
            0.1,
            'cpu',
            callbacks=[Checkpoint(tmp_path / 'file' / 'run.pt')],
        )
    assert spy.log == []


def test_a_run_that_failed_leaves_its_last_good_checkpoint(tmp_path):
    path, calls = tmp_path / 'run.pt', itertools.count(1)

    def loss(y_hat, y):
        return F.cross_entropy(y_hat, y) / (next(calls) != 15)

    net = make_net()
    with pytest.raises(FloatingPointError):
        train_gpu(
            net,
            make_iter(),
            make_iter(),
            4,
            0.1,
            'cpu',
            loss=loss,
            callbacks=[Checkpoint(path)],
        )
    assert len(torch.load(path)['history']['loss']) == 2
    assert os.listdir(tmp_path) == ['run.pt']


# Other callbacks


class Bias(nn.Module):
    """A net that says the same of every image."""

    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, X):
        return self.bias.expand(len(X), 3)


class Mislead(Callback):
    """Let each epoch teach one class; only class 1 is right."""

    def begin(self, run):
        run.loss = lambda y_hat, y: F.cross_entropy(
            y_hat, torch.full_like(y, [0, 1, 2, 0][len(run.history)])
        )


def test_the_best_weights_are_kept_even_over_an_interruption(tmp_path):
    batches = [(torch.zeros(4, 1), torch.ones(4).long())]
    for num_epochs in (2, 4):  # the second call goes on from the file
        net = Bias()
        history = train_gpu(
            net,
            batches,
            batches,
            num_epochs,
            50.0,
            'cpu',
            callbacks=[KeepBest(), Mislead(), Checkpoint(tmp_path / 'run.pt')],
        )
        assert int(net.bias.argmax()) == 1
    assert history.valid_acc == [0, 1, 0, 0]
    train_gpu(net, batches, batches, 4, 50.0, 'cpu', callbacks=[Mislead()])
    assert int(net.bias.argmax()) == 0  # as it would have ended


def test_keep_best_needs_validation_data():
    with pytest.raises(ValueError, match='needs validation data, got'):
        train_gpu(
            make_net(),
            make_iter(),
            None,
            1,
            0.1,
            'cpu',
            callbacks=[KeepBest()],
        )


def test_tensorboard_reads_what_a_run_gave(tmp_path):
    event_accumulator = pytest.importorskip(
        'tensorboard.backend.event_processing.event_accumulator'
    )
    history = train_gpu(
        make_net(),
        make_iter(),
        make_iter(),
        3,
        0.1,
        'cpu',
        scheduler=halve,
        callbacks=[TensorBoard(tmp_path)],
    )
    events = event_accumulator.EventAccumulator(str(tmp_path)).Reload()
    for name, values in [
        ('loss/training', history.loss),
        ('accuracy/validation', history.valid_acc),
        ('learning rate', [0.1, 0.05, 0.05]),
    ]:
        found = events.Scalars(name)
        assert [event.step for event in found] == [1, 2, 3]
        assert [event.value for event in found] == pytest.approx(values)


def test_callbacks_are_told_in_their_order_whatever_order_they_are_given():
    class First(Callback):
        order = 1

        def begin(self, run):
            told.append('first')

    class Last(Callback):
        order = 99

        def begin(self, run):
            told.append('last')

        def after_step(self, run, i):
            told.append(i)

        def end(self, run):
            told.append('end')

    told = []
    train_gpu(
        make_net(),
        make_iter(8, 3),
        None,
        1,
        0.1,
        'cpu',
        callbacks=(make() for make in (Last, First)),
    )
    assert told == ['first', 'last', 1, 2, 3, 'end']


# Odd arguments


@pytest.mark.parametrize(
    'loss, message',
    [
        (nn.CrossEntropyLoss, r'the class CrossEntropyLoss: write .*Loss\(\)'),
        (nn.CrossEntropyLoss(reduction='sum'), "reduction='sum'"),
        (
            functools.partial(F.cross_entropy, reduction='sum'),
            "reduction='sum'",
        ),
    ],
)
def test_a_loss_that_would_train_something_else_is_refused(loss, message):
    net = make_net()
    before = weights(net)
    with pytest.raises(ValueError, match=message):
        train_gpu(net, make_iter(), None, 1, 0.1, 'cpu', loss=loss)
    assert weights(net).equal(before)


def test_a_class_of_callbacks_is_refused():
    with pytest.raises(
        ValueError, match=r'class KeepBest: write KeepBest\(\)'
    ):
        train_gpu(
            make_net(), make_iter(), None, 1, 0.1, 'cpu', callbacks=[KeepBest]
        )


def test_lazy_layers_find_their_sizes():
    net = nn.Sequential(nn.LazyConv2d(2, 3), nn.Flatten(), nn.LazyLinear(10))
    history = train_gpu(net, make_iter(), None, 1, 0.1, 'cpu')
    assert history.loss[0] > 0 and type(net[0]) is nn.Conv2d


@pytest.mark.parametrize(
    'loss',
    [
        nn.CrossEntropyLoss(reduction='none'),
        functools.partial(F.cross_entropy, reduction='none'),
        lambda y_hat, y: F.cross_entropy(y_hat, y, reduction='none'),
    ],
)
def test_a_loss_of_each_example_trains_as_their_mean(loss):
    nets = [make_net(), None]
    nets[1] = copy.deepcopy(nets[0])
    a, b = (
        train_gpu(net, make_iter(seed=1), None, 2, 0.1, 'cpu', loss=given)
        for net, given in zip(nets, [None, loss])
    )
    torch.testing.assert_close(weights(nets[0]), weights(nets[1]))
    assert a.loss == pytest.approx(b.loss)


@pytest.mark.parametrize(
    'mode, patience, kept', [('max', 0, 'valid_acc'), ('min', 0, 'loss')]
)
def test_reduce_on_plateau_sees_what_it_waits_for(mode, patience, kept):
    seen = []

    class Plateau(torch.optim.lr_scheduler.ReduceLROnPlateau):
        def step(self, metric):
            seen.append(metric)
            super().step(metric)

    history = train_gpu(
        make_net(),
        make_iter(),
        make_iter(),
        3,
        0.1,
        'cpu',
        scheduler=lambda optimizer: Plateau(
            optimizer, mode, patience=patience
        ),
    )
    assert seen == getattr(history, kept)


def test_reduce_on_plateau_that_waits_for_what_there_is_not():
    """Accuracy without validation data; the loss there always is."""
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau
    net = make_net()
    before = weights(net).clone()
    with pytest.raises(ValueError, match="'max' needs validation data, got"):
        train_gpu(
            net,
            make_iter(),
            None,
            1,
            0.1,
            'cpu',
            scheduler=lambda optimizer: plateau(optimizer, 'max'),
        )
    assert torch.equal(weights(net), before)
    for scheduler in [
        plateau,
        lambda optimizer: torch.optim.lr_scheduler.StepLR(optimizer, 1),
    ]:
        history = train_gpu(
            net, make_iter(), None, 1, 0.1, 'cpu', scheduler=scheduler
        )
        assert len(history) == 1


def test_empty_data_is_told():
    with pytest.raises(ValueError, match='train_iter is empty'):
        train_gpu(make_net(), [], make_iter(), 1, 0.1, 'cpu')
    with pytest.raises(ValueError, match='gave no minibatch'):
        evaluate_accuracy_gpu(make_net(), [])


def test_a_net_without_parameters_is_evaluated():
    batches = [(torch.eye(3), torch.tensor([0, 1, 1]))]
    assert evaluate_accuracy_gpu(nn.Identity(), batches) == pytest.approx(
        2 / 3
    )


@pytest.mark.parametrize('kind', [list, tuple])
def test_a_list_of_inputs_is_evaluated(kind):
    class Sum(nn.Module):
        def forward(self, Xs):
            return Xs[0] + Xs[1]

    Xs = kind([torch.eye(3), torch.zeros(3, 3)])
    batches = [(Xs, torch.arange(3))]
    assert evaluate_accuracy_gpu(Sum(), batches) == 1
    assert evaluate_accuracy_gpu(Sum(), batches, 'cpu') == 1


def test_precision_ends_with_the_run():
    """The casts are nested: one context for both would stay switched on."""
    train_gpu(
        make_net(),
        make_iter(),
        make_iter(),
        1,
        0.1,
        'cpu',
        callbacks=[MixedPrecision()],
    )
    assert not torch.is_autocast_enabled('cpu')
    assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32


@pytest.mark.parametrize('fixed', [True, False])
def test_fixed_statistics(fixed):
    """Batch norm learns its scale, and leaves its statistics alone."""
    set_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 2))
    before = {name: t.clone() for name, t in net.state_dict().items()}
    X, y = torch.randn(32, 4) + 3, torch.arange(32) % 2
    train_gpu(
        net,
        [(X[:16], y[:16]), (X[16:], y[16:])],
        None,
        2,
        0.1,
        plot=False,
        callbacks=[FixedStatistics()] if fixed else [],
    )
    after = net.state_dict()
    for name in ('1.running_mean', '1.running_var'):
        assert torch.equal(after[name], before[name]) == fixed
    assert not torch.equal(after['1.weight'], before['1.weight'])
    mean = after['1.running_mean'].clone()
    net.train()(X)  # from then on as any network
    assert not torch.equal(net[1].running_mean, mean)
