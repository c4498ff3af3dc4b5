"""The programs in benchmarks/: their command lines, and tiny runs."""

import importlib
import json
from functools import partial
from pathlib import Path

import common
import fine_tuning
import memory_format
import numpy_cnn
import pytest
import torch

PROGRAMS = [
    path.stem
    for path in sorted((common.ROOT / 'benchmarks').glob('*.py'))
    if 'def main()' in path.read_text()
]


def test_all_programs_are_found():
    assert {'cifar10', 'speed'} <= set(PROGRAMS)
    assert len(PROGRAMS) >= 8


@pytest.mark.parametrize('name', PROGRAMS)
def test_help_says_what_a_program_is(name, monkeypatch, capsys):
    program = importlib.import_module(name)
    monkeypatch.setattr('sys.argv', [name, '--help'])
    with pytest.raises(SystemExit) as end:
        program.main()
    assert end.value.code == 0
    assert program.__doc__.splitlines()[0] in capsys.readouterr().out


def test_a_record_is_measured_once_and_says_the_machine(tmp_path):
    path = tmp_path / 'a' / 'run.json'
    settings = {'rates': (0.1, 0.2)}
    record = common.recorded(
        path, settings, lambda device: {'on': device.type}, torch.device('cpu')
    )
    assert record['on'] == record['machine']['device'] == 'cpu'
    assert record['machine']['threads'] == torch.get_num_threads()
    assert common.recorded(path, settings, None) == record
    assert common.read_all(path.parent) == [record]
    with pytest.raises(SystemExit, match='run.json is of other settings'):
        common.recorded(path, {'rates': (0.1,)}, None)


def test_a_record_that_was_interrupted_leaves_no_file(tmp_path):
    def measure(device):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        common.recorded(tmp_path / 'run.json', {}, measure)
    assert not list(tmp_path.iterdir())


def test_the_rate_rises_for_a_quarter_and_then_falls():
    rates = [common.factor(i, 8) for i in range(8)]
    assert rates == [0.5, 1, 1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6]
    assert common.factor(0, 1) == 1


def test_numpy_cnn_times_all_three_ways(tmp_path, monkeypatch, capsys):
    conv = ((2, 3, 8, 8), (4, 3, 3, 3), 1, 1, 1)
    monkeypatch.setattr(numpy_cnn, 'CONVS', [conv])
    monkeypatch.setattr(numpy_cnn, 'POOLS', [((2, 3, 8, 8), (2, 2), 2, 1)])
    out = tmp_path / 'out.json'
    monkeypatch.setattr(
        'sys.argv', ['numpy_cnn', '--repeats', '1', '--out', str(out)]
    )
    numpy_cnn.main()
    record = json.loads(out.read_text())
    assert len(record['results']) == 4  # two layers, two types
    assert record['machine'].keys() >= {'torch', 'numpy', 'date'}
    for result in record['results']:
        assert result['seconds']['backward'].keys() == {
            'fast',
            'torch',
            'loops',
        }
    assert 'max pool' in capsys.readouterr().out


def test_fine_tuning_knows_its_stored_runs(monkeypatch, capsys):
    monkeypatch.setattr(fine_tuning, 'measure', None)  # nothing is trained
    monkeypatch.setattr('sys.argv', ['fine_tuning', 'run'])
    fine_tuning.main()
    monkeypatch.setattr('sys.argv', ['fine_tuning', 'show'])
    fine_tuning.main()
    assert 'clothes        frozen body ' in capsys.readouterr().out
    records = common.read_all(fine_tuning.FOLDER)
    page = json.loads(fine_tuning.PAGE.read_text())
    assert fine_tuning.condense(records) == page
    for task, parts in fine_tuning.TASKS.items():
        for method, runs in page['tasks'][task].items():
            assert [run['part'] for run in runs] == [*range(parts)], method


def test_fine_tuning_measures_every_kind_of_method(monkeypatch, tmp_path):
    X = torch.randint(256, (10, 3, 112, 112), dtype=torch.uint8)
    few = (X, torch.arange(10) % 2)
    monkeypatch.setenv('D2LMINI_DATA', str(tmp_path))
    monkeypatch.setattr(fine_tuning, 'pictures', lambda task, part: (few, few))
    monkeypatch.setattr('cifar10.mean_and_std', lambda: (0.5, 0.25))
    monkeypatch.setattr(fine_tuning, 'pretrained', fine_tuning.backbone)
    short = {
        'tuned': partial(fine_tuning.tune, epochs=(1, 1)),
        'small': partial(
            fine_tuning.train_new,
            make=fine_tuning.small_network,
            lr=0.001,
            num_epochs=1,
        ),
        'pixels': partial(
            fine_tuning.train_new,
            make=fine_tuning.linear,
            lr=0.1,
            num_epochs=1,
        ),
        'neighbor': fine_tuning.METHODS['nearest neighbor'],
    }
    monkeypatch.setattr(fine_tuning, 'METHODS', short)
    for method in short:
        record = fine_tuning.run(method, 'clothes', 0, tmp_path)
        assert len(record['right']) == 10
        assert record == fine_tuning.run(method, 'clothes', 0, tmp_path)
    assert all(record['right'])  # each one is its own nearest neighbor


def test_fine_tuning_judges_every_photograph_once(monkeypatch):
    X = torch.arange(397).reshape(-1, 1, 1, 1)
    halves = iter(
        [(X[:200], X[:200, 0, 0, 0]), (X[200:], X[200:, 0, 0, 0])] * 5
    )
    monkeypatch.setattr(fine_tuning, 'hymenoptera', Path)
    monkeypatch.setattr(fine_tuning, 'load_folder', lambda *_: next(halves))
    judged = []
    for part in range(5):
        train, judge = fine_tuning.pictures('ants and bees', part)
        assert not set(train[1].tolist()) & set(judge[1].tolist())
        assert len(train[1]) + len(judge[1]) == 397
        judged += judge[1].tolist()
    assert sorted(judged) == [*range(397)]


def test_channels_last_is_never_slower_than_097(tmp_path, monkeypatch):
    records = common.read_all(common.RESULTS / 'memory_format')
    assert {(r['net'], r['threads']) for r in records} == {
        (net, threads) for net in memory_format.NETS for threads in (1, 2)
    }
    for record in records:
        assert all(
            len(s) == record['turns'] for s in record['seconds'].values()
        )
        assert memory_format.ratio(record) >= 0.97, record['net']
    monkeypatch.setattr(
        'sys.argv', ['x', '--images', '256', '--out', str(tmp_path)]
    )
    monkeypatch.setattr(torch, 'set_num_threads', lambda n: None)
    memory_format.main()
    tiny = common.read_all(tmp_path)
    assert len(tiny) == 6 and all(memory_format.ratio(r) > 0 for r in tiny)
