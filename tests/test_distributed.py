"""Several processes, really started: they must do what one does.

torchrun runs this very file, whose last lines do the work of one process:
they call the functions below and leave what came out for the tests.
"""

import collections
import contextlib
import faulthandler
import inspect
import io
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import distributed as dist
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torchvision.transforms import v2

from d2lmini import nets
from d2lmini.callbacks import Checkpoint, Compile, MixedPrecision
from d2lmini.data import ImageIter, random_crop
from d2lmini.nets import LeNet
from d2lmini.scale import distributed
from d2lmini.scale.processes import (
    Processes,
    Shares,
    choose_device,
    from_first,
    in_group,
    process_group,
)
from d2lmini.train import train_gpu
from d2lmini.utils import set_seed

pytestmark = [
    pytest.mark.skipif(sys.platform == 'win32', reason='other signals there'),
    pytest.mark.filterwarnings('ignore:Unable to enable fault handler'),
]
ROOT = Path(__file__).parent.parent
PATIENCE = 240  # seconds; far more than it takes on a busy machine
COLUMNS = ['loss', 'train_acc', 'valid_acc']


# What each process does


def make_iter(n, batch_size, size=28, **options):
    generator = torch.Generator().manual_seed(n)
    images = torch.randint(
        0, 256, (n, 1, size, size), dtype=torch.uint8, generator=generator
    )
    return ImageIter(images, torch.arange(n) % 10, batch_size, **options)


def double(X):
    """Make it so exact that only a mistake makes a difference."""
    return X.double()


def small_crop(X):
    return random_crop(X, 1).double()


def small_net(*layers):
    return nn.Sequential(
        nn.Conv2d(1, 4, 3),
        *layers,
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(144, 10),
    ).double()


def outcome(net, history):
    return {
        'state': net.state_dict(),
        'columns': [getattr(history, c) for c in COLUMNS],
    }


def train(
    net,
    train_iter,
    valid_iter=None,
    epochs=2,
    lr=0.05,
    callbacks=(),
    checkpoint=None,
    **options,
):
    callbacks = [Processes(), *callbacks]
    if checkpoint:
        callbacks.append(Checkpoint(checkpoint))
    history = train_gpu(
        net,
        train_iter,
        valid_iter,
        epochs,
        lr,
        'cpu',
        callbacks=callbacks,
        **{'plot': False} | options,
    )
    return outcome(net, history)


def momentum(parameters, lr):
    return torch.optim.SGD(parameters, lr=lr, momentum=0.9)


def train_lenet(folder):
    """101 = 10 x 10 + 1: the last minibatch has one row for all."""
    return train(
        LeNet(activation=nn.ReLU).double(),
        make_iter(101, 10, shuffle=True, augment=double),
        make_iter(23, 5, augment=double),
        3,
        optimizer=momentum,
        scheduler=partial(torch.optim.lr_scheduler.StepLR, step_size=1),
    )


def train_lenet_float(folder):
    return train(LeNet(activation=nn.ReLU), make_iter(64, 13, shuffle=True))


def train_augmented(folder):
    return train(
        small_net(),
        make_iter(
            22,
            5,
            8,
            shuffle=True,
            augment=small_crop,
            mix=v2.MixUp(alpha=0.2, num_classes=10),
        ),
    )


def train_loader(folder):
    """The same net twice, with a loader that has a generator."""
    X, y = next(iter(make_iter(17, 17, 8, augment=double)))
    loader = DataLoader(
        TensorDataset(X, y), 4, shuffle=True, generator=torch.Generator()
    )
    net = small_net()
    train(net, loader)
    return train(net, loader, loader)


class Unused(nn.Module):
    """A net with a layer that its forward does not use."""

    def __init__(self):
        super().__init__()
        self.used, self.unused = small_net(), nn.Linear(2, 2)

    def forward(self, X):
        return self.used(X)


def train_unused(folder):
    return train(Unused(), make_iter(11, 4, 8, augment=double))


def train_odd_batch_norm(folder):
    """Minibatches of 5 and a last one of 3: two processes, 2 rows and 1."""
    return train(
        small_net(nn.BatchNorm2d(4), nn.Flatten(), nn.BatchNorm1d(144)),
        make_iter(3, 5, 8, augment=double),
    )


def train_batch_norm(folder):
    return train(
        small_net(nn.BatchNorm2d(4)),
        make_iter(22, 6, 8, shuffle=True, augment=double),
    )


def train_on(folder):
    """Two epochs, then two more, with dropout: as if it were four."""

    def run(epochs, name, seed=0):
        set_seed(seed)
        return train(
            small_net(nn.Dropout()),
            make_iter(11, 4, 8, shuffle=True, augment=double),
            epochs=epochs,
            checkpoint=folder / name,
        )

    whole = run(4, 'whole.pt')
    run(2, 'part.pt')
    return {'whole': whole, 'part': run(4, 'part.pt', seed=os.getpid())}


def train_bf16_compiled(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            torch, 'compile', partial(torch.compile, backend='eager')
        )
        net = small_net().float()
        return train(
            net,
            make_iter(12, 5, 8),
            epochs=1,
            callbacks=[Compile(), MixedPrecision()],
            checkpoint=folder / 'compiled.pt',
        )


def walk(folder):
    """Note each walk's minibatches as labels, weights and own numbers."""
    walks, rank = {}, dist.get_rank() if in_group() else 0
    for n in range(9, 15):
        set_seed(rank)
        images = torch.zeros(n, 1, 2, 2, dtype=torch.uint8)
        data_iter = ImageIter(images, torch.arange(n), 5, shuffle=True)
        data_iter = Shares(data_iter) if in_group() else data_iter
        walks[n] = [
            [
                (
                    y.tolist(),
                    getattr(data_iter, 'weight', 1),
                    getattr(data_iter, 'counted', 1),
                    float(torch.rand(())),
                )
                for X, y in data_iter
            ]
            for _ in range(2)
        ]
    return walks


def errors(folder):
    """Return what is raised: the same in all processes."""
    (folder / 'damaged.pt').write_text('not a checkpoint')

    def fail():
        raise LookupError(f'process {os.getpid()}')

    def stop(X):
        raise KeyboardInterrupt

    found = []
    for call in [
        lambda: train(
            small_net(),
            make_iter(9, 4, 8, augment=double),
            checkpoint=folder / 'damaged.pt',
        ),
        lambda: train(
            small_net(), make_iter(9, 4, 8, augment=double), lr=1e200
        ),
        partial(from_first, fail),
        lambda: train(small_net(), make_iter(9, 4, 8, augment=stop)),
    ]:
        try:
            call()
        except (Exception, KeyboardInterrupt) as error:
            found.append((type(error).__name__, str(error)))
    return found


class Terminal(io.StringIO):
    def isatty(self):
        return True


def told(folder):
    """Return what is printed and how many files are written."""
    saved, replace = [], os.replace
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stderr(Terminal()) as shown,
    ):
        patch.setattr(
            os, 'replace', lambda *paths: saved.append(replace(*paths))
        )
        train(
            small_net(),
            make_iter(9, 4, 8, augment=double),
            plot=True,
            checkpoint=folder / 'told.pt',
        )
    return shown.getvalue(), len(saved)


WORK = [
    train_lenet,
    train_lenet_float,
    train_augmented,
    train_loader,
    train_batch_norm,
    train_unused,
    train_odd_batch_norm,
    train_on,
    train_bf16_compiled,
    walk,
    errors,
    told,
]


def work(folder):
    """Do all of it, each from numbers that differ between the processes."""
    results, rank = {}, dist.get_rank() if in_group() else 0
    for function in WORK:
        set_seed(rank)
        results[function.__name__] = function(folder)
    return results


def die(folder):
    """Train, but kill process 1 in epoch two, and later 0 in epoch three."""

    def factor(epoch):
        again = (folder / 'killed 1').exists()
        rank, when = ('0', 3) if again else ('1', 2)
        note = folder / f'killed {rank}'
        if (os.environ.get('RANK'), epoch) == (rank, when) and (
            not note.exists()
        ):
            note.write_text(str(time.time()))
            os.kill(os.getpid(), signal.SIGKILL)
        return 1.0

    set_seed(0)
    return train(
        small_net(),
        make_iter(11, 4, 8, shuffle=True, augment=double),
        epochs=5,
        scheduler=partial(torch.optim.lr_scheduler.LambdaLR, lr_lambda=factor),
        checkpoint=folder / 'died.pt',
    )


# Starting them


def torchrun(*words, number=2, check=True, **env):
    """Let torchrun start processes; leave none behind, come what may."""
    child = subprocess.Popen(
        [
            sys.executable,
            '-m',
            'torch.distributed.run',
            '--standalone',
            f'--nproc_per_node={number}',
            *map(str, words),
        ],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ
        | {
            'OMP_NUM_THREADS': '1',
            'PYTHONPATH': str(ROOT),
            'D2LMINI_DATA_SOURCE': 'sample',
        }
        | env,
    )
    try:
        out, err = child.communicate(timeout=PATIENCE)
    finally:
        child.terminate()  # then it ends its children, too
        child.wait()
    assert not check or child.returncode == 0, err
    return child.returncode, out, err


@pytest.fixture(scope='module')
def alone(tmp_path_factory):
    """What one process gives."""
    return work(tmp_path_factory.mktemp('alone'))


@pytest.fixture(scope='module', params=[2, 3])
def together(request, tmp_path_factory):
    """What each of several processes gives, and the folder they wrote in."""
    folder = tmp_path_factory.mktemp(f'{request.param} processes')
    torchrun(__file__, 'work', folder, number=request.param)
    return folder, [
        torch.load(folder / f'{rank}.pt', weights_only=False)
        for rank in range(request.param)
    ]


def assert_same(found, expected, **tolerance):
    assert list(found['state']) == list(expected['state'])
    torch.testing.assert_close(found['state'], expected['state'], **tolerance)
    for a, b in zip(found['columns'], expected['columns']):
        assert a == pytest.approx(b, nan_ok=True, abs=1e-6)


# The tests


@pytest.mark.parametrize(
    'name',
    [
        'train_lenet',
        'train_augmented',
        'train_loader',
        'train_unused',
        'train_odd_batch_norm',
    ],
)
def test_the_weights_are_those_of_one_process(alone, together, name):
    """In numbers of 64 bits only rounding is left, and that is tiny."""
    for result in together[1]:
        assert_same(result[name], alone[name], rtol=1e-9, atol=1e-11)


def test_the_weights_are_those_of_one_process_in_32_bits(alone, together):
    """Processors round differently: by 1.4e-5 on one that was tried."""
    for result in together[1]:
        assert_same(
            result['train_lenet_float'],
            alone['train_lenet_float'],
            rtol=1e-4,
            atol=1e-4,
        )


def test_batch_norm_and_buffers_end_alike_in_all_processes(alone, together):
    first, *others = [result['train_batch_norm'] for result in together[1]]
    for result in others:
        assert_same(result, first, rtol=0, atol=0)
    mean = first['state']['1.running_mean']
    torch.testing.assert_close(
        mean,
        alone['train_batch_norm']['state']['1.running_mean'],
        rtol=0,
        atol=0.1,
    )


def test_every_example_counts_once_in_each_epoch(alone, together):
    for n, expected in alone['walk'].items():
        walks = [result['walk'][n] for result in together[1]]
        for i in range(2):
            epoch = collections.Counter()
            for (labels, *_), *step in zip(
                expected[i], *(walk[i] for walk in walks)
            ):
                counts = collections.Counter()
                for own, _, counted, _ in step:
                    counts.update(dict.fromkeys(own, counted))
                epoch.update(counts)
                if i == 0:  # then one process draws other numbers
                    assert sorted(counts) == sorted(labels)
            assert dict(epoch) == pytest.approx(dict.fromkeys(range(n), 1))


def test_shares_are_weighted_by_their_rows(together):
    for n, walks in together[1][0]['walk'].items():
        for i in range(2):
            for step in zip(*[r['walk'][n][i] for r in together[1]]):
                counts = [
                    len(labels) * counted for labels, _, counted, _ in step
                ]
                weights = [weight for _, weight, *_ in step]
                assert weights == pytest.approx(
                    [c * len(step) / sum(counts) for c in counts]
                )
                assert max(counts) - min(counts) <= 1


def test_batch_norm_never_sees_a_single_row(together):
    """Nine images in minibatches of five leave four: too few for three."""
    for result in together[1]:
        sizes = [
            len(labels)
            for n in result['walk']
            if n % 5 != 1
            for walk in result['walk'][n]
            for labels, *_ in walk
        ]
        assert min(sizes) >= 2


def test_each_process_draws_numbers_of_its_own(together):
    for n in together[1][0]['walk']:
        drawn = [
            number
            for result in together[1]
            for walk in result['walk'][n]
            for *_, number in walk
        ]
        assert len(set(drawn)) == len(drawn)


def test_a_run_goes_on_as_if_it_had_not_stopped(together):
    for result in together[1]:
        assert_same(
            result['train_on']['part'],
            result['train_on']['whole'],
            rtol=0,
            atol=1e-12,
        )
        assert len(result['train_on']['part']['columns'][0]) == 4


def test_only_the_first_process_shows_and_writes(together):
    (shown, saved), *others = [result['told'] for result in together[1]]
    assert '2.0/2 epochs' in shown and saved == 3
    assert others == [('', 0)] * len(others)


def test_errors_are_told_in_all_processes(together):
    for result in together[1]:
        names, texts = zip(*result['errors'])
        assert names == (
            'ValueError',
            'FloatingPointError',
            'LookupError',
            'KeyboardInterrupt',
        )
        assert 'damaged.pt is damaged' in texts[0]
        assert 'became nan' in texts[1] or 'became inf' in texts[1]
        assert texts == tuple(t for _, t in together[1][0]['errors'])


def test_compiled_and_parallel_nets_have_their_own_names(alone, together):
    folder, results = together
    names = list(small_net().state_dict())
    saved = torch.load(folder / 'compiled.pt')
    assert list(saved['net']) == names
    for result in results:
        assert list(result['train_bf16_compiled']['state']) == names
        assert_same(
            result['train_bf16_compiled'],
            results[0]['train_bf16_compiled'],
            rtol=0,
            atol=0,
        )
        torch.testing.assert_close(
            result['train_bf16_compiled']['state'],
            alone['train_bf16_compiled']['state'],
            rtol=0,
            atol=0.02,
        )


def test_a_killed_process_ends_all_and_they_can_go_on(tmp_path):
    """Killed, then started by hand; killed again, then by torchrun."""
    code, out, err = torchrun(__file__, 'die', tmp_path, check=False)
    ended = time.time()
    assert code == 1 and 'SIGKILL' in err
    assert ended - float((tmp_path / 'killed 1').read_text()) < 60
    torchrun('--max-restarts=1', __file__, 'die', tmp_path)
    assert (tmp_path / 'killed 0').exists()
    (tmp_path / 'alone').mkdir()
    expected = die(tmp_path / 'alone')
    for rank in range(2):
        found = torch.load(tmp_path / f'{rank}.pt', weights_only=False)
        assert_same(found, expected, rtol=1e-9, atol=1e-11)


COMMAND = [
    '--net',
    'LeNet',
    'activation=ReLU',
    '--data',
    'fashion_mnist',
    '--batch-size',
    '500',
    '--lr',
    '0.1',
    '--epochs',
    '1',
]


def test_the_command_trains_in_two_processes_as_in_one(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv('D2LMINI_DATA_SOURCE', 'sample')
    _, out, err = torchrun(
        '-m',
        'd2lmini.scale.distributed',
        *COMMAND,
        '--device',
        'cpu',
        '--checkpoint',
        tmp_path / 'two.pt',
    )
    distributed.main(
        [*COMMAND, '--device', 'cpu', '--checkpoint', str(tmp_path / 'one.pt')]
    )
    shown = capsys.readouterr().out
    assert [line.rsplit(' ', 1)[0] for line in out.splitlines()] == [
        line.rsplit(' ', 1)[0] for line in shown.splitlines()
    ]
    assert len(out.splitlines()) == 2 and err.count('source: sample') == 1
    one, two = (torch.load(tmp_path / f'{n}.pt') for n in ('one', 'two'))
    torch.testing.assert_close(one['net'], two['net'], rtol=1e-3, atol=1e-4)
    assert len(two['history']['loss']) == 1


@pytest.mark.parametrize(
    'words, message',
    [
        (['--net', 'LeNot'], 'LeNot: the networks are AlexNet, .*VGG'),
        (['--net', 'Residual'], 'Residual: the networks are'),
        (['--net', 'ResNet', 'width=0'], 'ResNet width=0: width'),
        (['--net', 'ResNet', 'breadth=1'], 'breadth'),
        (['--net', 'ResNet', 'width'], 'KEY=VALUE'),
        (['--net', 'ResNet', 'width=wide'], 'KEY=VALUE'),
        (['--net', 'LeNet', '--sync-batch-norm'], 'GPUs only'),
    ],
)
def test_mistakes_are_told(words, message, monkeypatch):
    monkeypatch.setenv('D2LMINI_DATA_SOURCE', 'sample')
    with pytest.raises(SystemExit, match=message):
        distributed.main([*words, '--device', 'cpu'])


@pytest.mark.parametrize(
    'words',
    [
        [],
        ['--net', 'LeNet', '--data', 'imagenet'],
        ['--net', 'LeNet', '--epochs', 'many'],
    ],
)
def test_the_command_lines_mistakes_are_told(words, capsys):
    with pytest.raises(SystemExit):
        distributed.main(words)
    assert 'usage: d2lmini.scale.distributed' in capsys.readouterr().err


def test_every_network_can_be_named():
    assert distributed.NETS == sorted(
        name
        for name in nets.__all__
        if name[0].isupper()
        and 'num_classes' in inspect.signature(getattr(nets, name)).parameters
    )
    for name in distributed.NETS:
        with torch.device('meta'):
            net = distributed.make_net(name, in_channels=3)
        assert [*net.parameters()][-1].shape == (10,)


def test_gpus_are_given_out_one_each(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 2)
    for number in range(2):
        monkeypatch.setenv('LOCAL_RANK', str(number))
        assert choose_device() == torch.device('cuda', number)
        assert choose_device('cuda') == torch.device('cuda', number)
        assert choose_device('cpu') == torch.device('cpu')
    monkeypatch.setenv('LOCAL_RANK', '2')
    monkeypatch.setenv('LOCAL_WORLD_SIZE', '3')
    with pytest.raises(RuntimeError, match='3 processes.*a GPU each.*2 are'):
        choose_device()
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 0)
    with pytest.raises(RuntimeError, match='0 are here'):
        choose_device('cuda')
    assert choose_device() == torch.device('cpu')


if __name__ == '__main__':
    faulthandler.dump_traceback_later(PATIENCE, exit=True)
    torch.set_num_threads(1)
    task, folder = sys.argv[1], Path(sys.argv[2])
    with process_group('cpu', patience=200):
        torch.save(
            {'work': work, 'die': die}[task](folder),
            folder / f'{dist.get_rank()}.pt',
        )
