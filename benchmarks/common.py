"""What the benchmarks share: records, machine, command line, intervals."""

import argparse
import json
import math
import os
import platform
import statistics
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from scipy import stats

from d2lmini.utils import try_gpu, written_whole

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / 'benchmarks' / 'results'
# Checksums (CRC-32) of all training photographs that are not the original.
COPIES = {0x10B4261F: 'JPEG copy of CIFAR-10'}


def machine(device):
    """Say what numbers were measured on, with what, and when.

    Args:
        device: The torch.device that computed.

    Returns:
        A dictionary of plain values, for a record.
    """
    cuda = device.type == 'cuda'
    return {
        'device': torch.cuda.get_device_name(device) if cuda else device.type,
        'threads': torch.get_num_threads(),
        'cores': os.cpu_count(),
        'torch': torch.__version__,
        'numpy': np.__version__,
        'python': platform.python_version(),
        'system': f'{platform.system()} {platform.machine()}',
        'date': datetime.now(UTC).strftime('%Y-%m-%d %H:%M'),
    }


def recorded(path, settings, measure, device=None):
    """Return a record from its file, or measure it and write the file.

    Args:
        path: The JSON file of this one run.
        settings: What the run was asked for; the record begins with it.
        measure: Called with the device; returns the rest of the record.
        device: Where to compute; try_gpu() if None.

    Returns:
        The record, a dictionary.

    Raises:
        SystemExit: If the file is a record of other settings.
    """
    settings = json.loads(json.dumps(settings))  # tuples become lists
    if path.exists():
        record = json.loads(path.read_text())
        if {key: record.get(key) for key in settings} != settings:
            raise SystemExit(
                f'{path} is of other settings: move it away, or '
                'give another folder with --out'
            )
        return record
    device = device or try_gpu()
    record = settings | measure(device) | {'machine': machine(device)}
    write(path, record)
    return record


def write(path, record):
    """Write a record as JSON, whole or not at all."""
    with written_whole(path) as part:
        part.write_text(json.dumps(record, indent=1) + '\n')


def read_all(folder):
    """Return all records of a folder, in the order of their names."""
    return [json.loads(p.read_text()) for p in sorted(folder.glob('*.json'))]


def parser(doc):
    """Make the reader of a command line; its --help shows all of doc."""
    return argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def options(settings, results, doc):
    """Read the command line of a program whose runs lie in one folder.

    Args:
        settings: A dataclass with images, valid_images and num_epochs.
        results: The folder of its stored records.
        doc: What the program is.

    Returns:
        The command line, and the settings that it asks for.
    """
    known = parser(doc)
    known.add_argument('--collect', action='store_true')
    known.add_argument('--images', type=int)
    known.add_argument('--epochs', type=int)
    known.add_argument('--out', type=Path, default=results)
    args = known.parse_args()
    if (args.images or args.epochs) and args.out == results:
        known.error('this is for trying out: give a folder with --out')
    if n := args.images:
        settings = replace(settings, images=n, valid_images=n)
    if args.epochs:
        settings = replace(settings, num_epochs=args.epochs)
    return args, settings


def drop_batch_norm(net):
    """Put what changes nothing in the place of each batch norm."""
    for module in list(net.modules()):
        for name, child in module.named_children():
            if isinstance(child, torch.nn.BatchNorm2d):
                setattr(module, name, torch.nn.Identity())


def factor(epoch, num_epochs):
    """Give the rate of an epoch, as a share: a quarter up, then down."""
    rise = num_epochs // 4
    up = (epoch + 1) / max(1, rise)
    return min(up, (num_epochs - epoch) / (num_epochs - rise))


def welch(a, b, level=0.95):
    """Compare the means of two groups of runs, of any variances.

    Args:
        a, b: Lists of numbers, two at least in each.
        level: Of the interval.

    Returns:
        The difference mean(a) - mean(b), and the two ends of its interval.
        Welch, The generalization of Student's problem when several different
        population variances are involved, Biometrika, 1947.

    Raises:
        ValueError: If there are fewer than two numbers in a group.
    """
    if min(len(a), len(b)) < 2:
        raise ValueError(
            f'both groups need two numbers or more, got {len(a)} and {len(b)}'
        )
    difference = statistics.mean(a) - statistics.mean(b)
    shares = [statistics.variance(group) / len(group) for group in (a, b)]
    if not any(shares):
        return difference, difference, difference
    freedom = sum(shares) ** 2 / sum(
        share**2 / (len(group) - 1) for share, group in zip(shares, (a, b))
    )
    half = float(stats.t.ppf((1 + level) / 2, freedom)) * math.sqrt(
        sum(shares)
    )
    return difference, difference - half, difference + half
