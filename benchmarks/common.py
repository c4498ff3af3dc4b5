"""What the benchmarks share: records in files, the machine, command lines."""
import argparse
import json
import os
import platform
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import torch

from d2lmini.utils import try_gpu, written_whole

RESULTS = Path(__file__).parent / 'results'


def machine(device):
    """Say what numbers were measured on, with what, and when.

    Args:
        device: The torch.device that computed.

    Returns:
        A dictionary of plain values, for a record.
    """
    cuda = device.type == 'cuda'
    return {'device': torch.cuda.get_device_name(device) if cuda
            else device.type,
            'threads': torch.get_num_threads(), 'cores': os.cpu_count(),
            'torch': torch.__version__, 'numpy': np.__version__,
            'python': platform.python_version(),
            'system': f'{platform.system()} {platform.machine()}',
            'date': datetime.now(timezone.utc).strftime('%Y-%m-%d %H:%M')}


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
    settings = json.loads(json.dumps(settings))     # tuples become lists
    if path.exists():
        record = json.loads(path.read_text())
        if {key: record.get(key) for key in settings} != settings:
            raise SystemExit(f'{path} is of other settings: move it away, or '
                             'give another folder with --out')
        return record
    device = device or try_gpu()
    record = settings | measure(device) | {'machine': machine(device)}
    write(path, record)
    return record


def write(path, record):
    """Write a record as JSON, whole or not at all."""
    with written_whole(path) as part:
        part.write_text(json.dumps(record, indent=1) + '\n')
