"""Sums, times, devices, seeds, and files that are whole or not there."""

import io
import os
import random
import time
import zipfile

import numpy as np
import pytest
import torch

from d2lmini.utils import (
    Accumulator,
    Timer,
    check_zip,
    get_rng_state,
    set_rng_state,
    set_seed,
    try_gpu,
    written_whole,
)
from d2lmini_compat.d2l import try_all_gpus


def draws():
    """Draw from every source of random numbers, the normal ones in pairs."""
    return (
        random.random(),
        random.gauss(0, 1),
        np.random.rand(),
        np.random.randn(),
        *torch.rand(3).tolist(),
    )


def test_accumulator_sums():
    acc = Accumulator(2)
    acc.add(1, torch.tensor(2.5))
    acc.add(torch.tensor(3), 4)
    assert (acc[0], acc[1]) == (4.0, 6.5) and type(acc[0]) is float
    acc.reset()
    assert (acc[0], acc[1]) == (0.0, 0.0)


def test_accumulator_counts_exactly():
    acc = Accumulator(1)
    acc.add(torch.tensor(2**24))
    acc.add(torch.tensor(1))  # lost if the sum were a float32
    assert acc[0] == 2**24 + 1


def test_accumulator_keeps_no_graph():
    weight = torch.ones((), requires_grad=True)
    acc = Accumulator(1)
    acc.add(weight * 2)
    assert not acc.data[0].requires_grad


def test_accumulator_refuses_another_number_of_values():
    with pytest.raises(ValueError, match='keeps 2 sums, got 3 values'):
        Accumulator(2).add(1, 2, 3)


def test_timer(monkeypatch):
    clock = iter([0.0, 1.5, 10.0, 12.5])
    monkeypatch.setattr(time, 'perf_counter', lambda: next(clock))
    timer = Timer()
    assert timer.stop() == 1.5
    timer.start()
    timer.stop()
    assert timer.times == [1.5, 2.5] and timer.cumsum() == [1.5, 4.0]
    assert timer.sum() == 4.0 and timer.avg() == 2.0


@pytest.mark.parametrize('device', ['cuda', 'mps'])
def test_timer_waits_for_the_device(monkeypatch, device):
    log = []
    monkeypatch.setattr(torch.cuda, 'is_initialized', lambda: device == 'cuda')
    monkeypatch.setattr(
        torch.backends.mps, 'is_available', lambda: device == 'mps'
    )
    for name in ['cuda', 'mps']:
        monkeypatch.setattr(
            getattr(torch, name),
            'synchronize',
            lambda name=name: log.append(name),
        )
    monkeypatch.setattr(time, 'perf_counter', lambda: log.append('clock') or 0)
    Timer().stop()
    assert log == [device, 'clock'] * 2


@pytest.mark.parametrize(
    'gpus, mps, one, second, all_of_them',
    [
        (0, False, 'cpu', 'cpu', ['cpu']),
        (2, False, 'cuda:0', 'cuda:1', ['cuda:0', 'cuda:1']),
        (0, True, 'mps', 'cpu', ['mps']),
        (1, False, 'cuda:0', 'cpu', ['cuda:0']),
    ],
)
def test_try_gpu(monkeypatch, gpus, mps, one, second, all_of_them):
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: gpus)
    monkeypatch.setattr(torch.backends.mps, 'is_available', lambda: mps)
    assert (str(try_gpu()), str(try_gpu(1))) == (one, second)
    assert [str(device) for device in try_all_gpus()] == all_of_them


def test_set_seed_seeds_all():
    set_seed(7)
    first = draws()
    set_seed(7)
    assert draws() == first
    set_seed(8)
    assert all(a != b for a, b in zip(draws(), first))


def test_rng_state_returns_through_a_file():
    set_seed(0)
    np.random.randn()  # one of a pair: the other half is state, too
    random.gauss(0, 1)
    file = io.BytesIO()
    torch.save(get_rng_state(), file)
    expected = draws()
    file.seek(0)
    set_rng_state(torch.load(file, weights_only=True))
    assert draws() == expected


def test_written_whole_makes_folders_and_leaves_one_file(tmp_path):
    path = tmp_path / 'a' / 'b' / 'file'
    for text in ['first', 'second']:
        with written_whole(path) as part:
            part.write_text(text)
            assert not path.exists() or path.read_text() == 'first'
        assert path.read_text() == text
    assert os.listdir(path.parent) == ['file']


def test_written_whole_leaves_the_old_file_after_an_error(tmp_path):
    path = tmp_path / 'file'
    path.write_text('old')
    with pytest.raises(KeyboardInterrupt):
        with written_whole(path) as part:
            part.write_text('ne')
            raise KeyboardInterrupt
    assert path.read_text() == 'old' and os.listdir(tmp_path) == ['file']


def test_written_whole_gives_every_writer_a_name_of_its_own(tmp_path):
    path = tmp_path / 'file'
    with written_whole(path) as one, written_whole(path) as two:
        assert one != two
        one.write_text('one')
        two.write_text('two')
    assert path.read_text() == 'one'  # the last to finish


def test_check_zip_finds_an_altered_byte():
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w') as archive:
        archive.writestr('name', b'hello')
    check_zip(file)
    assert file.tell() == 0
    contents = bytearray(file.getvalue())
    contents[contents.index(b'hello')] ^= 1
    with pytest.raises(zipfile.BadZipFile, match='checksum of name differs'):
        check_zip(io.BytesIO(contents))


@pytest.mark.parametrize('gpus', [0, 1, 2, 3])
def test_random_numbers_of_two_gpus_go_on_with_those_there_are(
    monkeypatch, gpus
):
    found = []
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: gpus)
    monkeypatch.setattr(
        torch.cuda, 'set_rng_state', lambda state, i: found.append((state, i))
    )
    set_rng_state(get_rng_state() | {'cuda': ['a', 'b']})
    assert found == [('a', 0), ('b', 1)][:gpus]
