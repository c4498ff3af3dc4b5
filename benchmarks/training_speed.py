"""Time train_gpu against d2l's train_ch6 and a bare loop, side by side.

    python benchmarks/training_speed.py [--epochs 3] [--repeats 3]

Same LeNet, 60,000 images of Fashion-MNIST, batches of 256, rate, epochs and
machine. Each call runs in a fresh Jupyter kernel, as a reader runs it, and is
timed whole: loading the data, training, testing after every epoch, drawing
the curves. The ways take turns; the table gives medians. d2l is optional:
pip install --no-deps d2l==1.0.3 pandas requests
"""
import argparse
import functools
import gzip
import importlib.util
import json
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import torch
import torchvision
from nbclient import NotebookClient
from torch import nn
from tqdm import tqdm

from d2lmini import data, train, utils
from d2lmini.nets import LeNet

BATCH_SIZE, LR = 256, 0.9
CELL = """\
%matplotlib inline
import json, sys
sys.path[:0] = {path}
import training_speed
seconds, accuracy = training_speed.timed({way!r}, {epochs}, {seed})
print('\\nRESULT', json.dumps([seconds, accuracy]))"""


def ours(net, num_epochs, device, **options):
    """d2lmini: its loader and train_gpu, which draws its curves."""
    train_iter, test_iter = data.load_data_fashion_mnist(BATCH_SIZE)
    train.train_gpu(net, train_iter, test_iter, num_epochs, LR, device,
                    init=train.init_weights, **options)


def bare(net, num_epochs, device):
    """The shortest loop over tensors in memory: no helpers, no curves."""
    arrays, _ = data.find_arrays('fashion_mnist')
    X, y, X_test, y_test = (torch.from_numpy(arrays[key]).to(device)
                            for key in data.KEYS)
    X, X_test = X[:, None].float() / 255, X_test[:, None].float() / 255
    y, y_test = y.long(), y_test.long()
    net.to(device).apply(train.init_weights)
    optimizer = torch.optim.SGD(net.parameters(), lr=LR)
    loss = nn.CrossEntropyLoss()
    for _ in range(num_epochs):
        for index in torch.randperm(len(y), device=device).split(BATCH_SIZE):
            optimizer.zero_grad()
            loss(net(X[index]), y[index]).backward()
            optimizer.step()
        with torch.no_grad():
            float(sum((net(a).argmax(1) == b).sum() for a, b in zip(
                X_test.split(BATCH_SIZE), y_test.split(BATCH_SIZE))))


def peer(net, num_epochs, device):
    """d2l 1.0.3: its loader with four workers and train_ch6."""
    from d2l import torch as d2l
    loaders = d2l.load_data_fashion_mnist(BATCH_SIZE)
    d2l.train_ch6(net, *loaders, num_epochs, LR, device)


WAYS = {'ours': ours, 'ours, channels last': functools.partial(
    ours, channels_last=True), 'bare': bare, 'd2l': peer}


def timed(way, num_epochs, seed):
    """Run one way; return its seconds and the net's test accuracy."""
    device = utils.try_gpu()
    torch.zeros(1, device=device)  # the device wakes up before the clock runs
    utils.set_seed(seed)
    net = LeNet()
    timer = utils.Timer()
    WAYS[way](net, num_epochs, device)
    seconds = timer.stop()
    test_iter = data.load_data_fashion_mnist(BATCH_SIZE)[1]
    return seconds, train.evaluate_accuracy_gpu(net, test_iter, device)


def in_kernel(way, num_epochs, seed, folder):
    """Run timed() in a Jupyter kernel of its own, in a folder."""
    path = [str(Path(__file__).resolve().parent), *sys.path]
    cell = nbformat.v4.new_code_cell(CELL.format(
        path=path, way=way, epochs=num_epochs, seed=seed))
    NotebookClient(nbformat.v4.new_notebook(cells=[cell]), timeout=None,
                   resources={'metadata': {'path': folder}}).execute()
    text = ''.join(o.get('text', '') for o in cell.outputs)
    return json.loads(text.split('RESULT')[1])


def put_data_for_peer(folder):
    """Put Fashion-MNIST where d2l looks for it: ../data, unpacked."""
    raw = Path(folder) / 'data' / 'FashionMNIST' / 'raw'
    raw.mkdir(parents=True)
    system = data.SYSTEM['fashion_mnist']
    for path in system.glob('*.gz') if system.exists() else []:
        (raw / path.stem).write_bytes(gzip.open(path).read())
    torchvision.datasets.FashionMNIST(Path(folder) / 'data', download=True)


def measure(ways, num_epochs, repeats):
    """Run all ways in turns; return {way: [[seconds, accuracy], ...]}."""
    results = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / 'work'
        work.mkdir()
        if 'd2l' in ways:
            put_data_for_peer(folder)
        for seed in tqdm(range(repeats), unit='round'):
            for way in ways:
                results[way].append(
                    in_kernel(way, num_epochs, seed, str(work)))
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--epochs', type=int, default=3)
    parser.add_argument('--repeats', type=int, default=3)
    parser.add_argument('--out', help='a JSON file to write the results to')
    args = parser.parse_args()
    ways = list(WAYS)
    if importlib.util.find_spec('d2l') is None:
        print('d2l is not installed: measuring without it')
        ways.remove('d2l')
    results = measure(ways, args.epochs, args.repeats)
    medians = {way: [statistics.median(v) for v in zip(*runs)]
               for way, runs in results.items()}
    print(f'{args.epochs} epochs of LeNet on {utils.try_gpu()}, '
          f'{torch.get_num_threads()} threads, median of {args.repeats}')
    print('way                  seconds  an epoch  ratio  test accuracy')
    for way, (seconds, accuracy) in medians.items():
        print(f'{way:19s} {seconds:8.1f} {seconds / args.epochs:9.2f} '
              f'{seconds / medians["ours"][0]:6.2f} {accuracy:14.3f}')
    if args.out:
        Path(args.out).write_text(json.dumps({
            'date': time.strftime('%Y-%m-%d'), 'epochs': args.epochs,
            'device': str(utils.try_gpu()), 'processor': platform.machine(),
            'threads': torch.get_num_threads(), 'batch_size': BATCH_SIZE,
            'versions': {'python': platform.python_version(),
                         'torch': torch.__version__,
                         'torchvision': torchvision.__version__},
            'lr': LR, 'seeds': list(range(args.repeats)),
            'seconds_and_accuracy': results}, indent=1) + '\n')


if __name__ == '__main__':
    main()
