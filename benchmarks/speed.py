"""Time train_gpu beside d2l, Lightning, fastai and a bare loop.

    python benchmarks/speed.py --peers FOLDER ...                 LeNet
    python benchmarks/speed.py --peers FOLDER ... --device cuda   and ResNet
    python benchmarks/speed.py --peers FOLDER ... --quick         to try out

Same network, images, batches of 256, rate, number of epochs and machine;
each way reports training loss and, after every epoch, test accuracy. Each
call runs in a fresh Jupyter kernel, as a reader runs it, and is timed whole:
loading the data, training, testing, drawing; imports are not timed. The ways
take turns; the table gives medians, and the JSON files in
benchmarks/results/speed all numbers (chapter 11 shows the medians). A file
that is there is not measured again. Lightning, fastai and d2l get their data
as their manuals show it: a DataLoader with worker processes over
torchvision's data set with ToTensor (d2l on Fashion-MNIST: its own function
for that). In the rows "our tensors" they get the iterators that train_gpu
gets, so nothing but the loop differs. The bare loop runs in both memory
formats, train_gpu in channels-last, its default. On the CPU: Fashion-MNIST, 2
epochs, 3 repeats, about 12 minutes on two cores. On a GPU: LeNet and
ResNet-18, Fashion-MNIST and CIFAR-10, 10 epochs.

The peers are optional. Install them into a copy of this environment, or, to
leave it as it is, into a FOLDER (with --target and --no-deps, also what pip
--dry-run says that they need):
    pip install lightning==2.6.6 fastai==2.8.12
    pip install --no-deps d2l==1.0.3
"""

import argparse
import functools
import importlib
import importlib.metadata
import json
import os
import statistics
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import nbformat
import numpy as np
import torch
from common import recorded
from nbclient import NotebookClient
from torch import nn
from torch.utils.data import DataLoader
from torchvision.transforms import ToTensor
from tqdm import tqdm

from d2lmini import data, train, utils
from d2lmini.nets import LeNet, ResNet

RESULTS = Path(__file__).parent / 'results' / 'speed'
PAGE = data.SAMPLES / 'speed.json'  # what chapter 11 shows
BATCH_SIZE = 256
RATES = {'LeNet': 0.9, 'ResNet-18': 0.05}
CPU_ROWS = [('LeNet', 'fashion_mnist')]
GPU_ROWS = [
    (net, name) for net in RATES for name in ('fashion_mnist', 'cifar10')
]
CELL = """\
%matplotlib inline
import json, sys
sys.path[:] = {path}
import speed
result = speed.timed(speed.Job(**{job}))
print('\\nRESULT', json.dumps(result))"""


@dataclass(frozen=True)
class Job:
    """One call to be timed."""

    way: str
    net: str
    data: str
    num_epochs: int
    seed: int
    device: str

    @property
    def lr(self):
        return RATES[self.net]


def make_net(job):
    """Make a network for ten classes of 1x28x28 or 3x32x32 images."""
    in_channels = 1 if job.data == 'fashion_mnist' else 3
    if job.net == 'ResNet-18':
        return ResNet(10, in_channels, small=True)
    net = LeNet(10, in_channels)
    if job.data == 'cifar10':
        net[0].padding = (0, 0)  # as in the paper, which has 32x32 images
    return net


def our_iters(job):
    """Our iterators: bytes in memory, on the device if it is a GPU."""
    load = getattr(data, f'load_data_{job.data}')
    return load(BATCH_SIZE, device=job.device)


def dataset(job, part):
    """torchvision's data set, without the wait for its download.

    Its own __getitem__ makes a PIL image of each array, and a tensor of
    that, as it does for the files that it would have read.
    """
    arrays, _ = data.find_arrays(job.data)
    filled = object.__new__(data.DOWNLOADS[job.data])
    filled.data, filled.targets = (
        arrays[f'{part}_{key}'] for key in ('images', 'labels')
    )
    if job.data == 'cifar10':
        filled.targets = filled.targets.tolist()
    else:
        filled.data, filled.targets = map(
            torch.from_numpy, (filled.data, filled.targets.astype(np.int64))
        )
    filled.transform, filled.target_transform = ToTensor(), None
    return filled


def loaders(job):
    """Data loaders as in the manuals, with as many workers as d2l takes."""
    options = dict(
        batch_size=BATCH_SIZE,
        persistent_workers=True,
        num_workers=min(4, os.cpu_count()),
        pin_memory=job.device == 'cuda',
    )
    return (
        DataLoader(dataset(job, 'train'), shuffle=True, **options),
        DataLoader(dataset(job, 'test'), **options),
    )


# The ways: functions of a job and a network


def ours(job, net):
    """d2lmini: its loader and train_gpu, which draws its curves."""
    train.train_gpu(
        net,
        *our_iters(job),
        job.num_epochs,
        job.lr,
        job.device,
        init=train.init_weights,
    )


def bare(job, net, memory_format=torch.contiguous_format):
    """The shortest loop over tensors in memory: no helpers, no curves."""
    arrays, _ = data.find_arrays(job.data)
    X, y, X_test, y_test = (
        torch.from_numpy(arrays[key]).to(job.device) for key in data.KEYS
    )
    X, X_test = (
        X[:, None] if X.ndim == 3 else X.permute(0, 3, 1, 2)
        for X in (X, X_test)
    )
    X, X_test = X.float() / 255, X_test.float() / 255
    y, y_test = y.long(), y_test.long()
    net.to(job.device, memory_format=memory_format)
    net.apply(train.init_weights)
    optimizer = torch.optim.SGD(net.parameters(), lr=job.lr)
    loss = nn.CrossEntropyLoss()
    for _ in range(job.num_epochs):
        net.train()
        total = 0
        order = torch.randperm(len(y), device=job.device)
        for index in order.split(BATCH_SIZE):
            optimizer.zero_grad()
            l = loss(net(X[index]), y[index])
            l.backward()
            optimizer.step()
            total += l.detach() * len(index)
        print(float(total / len(y)), bare_accuracy(net, X_test, y_test))


def bare_accuracy(net, X, y):
    """Return the share of right predictions."""
    net.eval()
    with torch.no_grad():
        return float(
            sum(
                (net(a).argmax(1) == b).sum()
                for a, b in zip(X.split(BATCH_SIZE), y.split(BATCH_SIZE))
            )
        ) / len(y)


def d2l(job, net, make_iters=None):
    """d2l 1.0.3: train_ch6, which draws its curves and sets the weights."""
    from d2l import torch as d2l

    if make_iters is None and job.data == 'fashion_mnist':
        iters = d2l.load_data_fashion_mnist(BATCH_SIZE)
    else:
        iters = (make_iters or loaders)(job)
    d2l.train_ch6(net, *iters, job.num_epochs, job.lr, job.device)


def lightning(job, net, make_iters=loaders):
    """Lightning: a Trainer as it comes, metrics by torchmetrics."""
    import lightning

    net.apply(train.init_weights)
    trainer = lightning.Trainer(
        max_epochs=job.num_epochs,
        devices=1,
        accelerator='gpu' if job.device == 'cuda' else 'cpu',
    )
    trainer.fit(lightning_module(net, job.lr), *make_iters(job))
    net.to(job.device)


def lightning_module(net, lr):
    """Wrap a network as the manual's first example does."""
    import lightning
    import torchmetrics

    class Classifier(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.net, self.loss = net, nn.CrossEntropyLoss()
            self.accuracy = torchmetrics.Accuracy('multiclass', num_classes=10)

        def training_step(self, batch, _):
            X, y = batch
            loss = self.loss(self.net(X), y)
            self.log('train_loss', loss, prog_bar=True)
            return loss

        def validation_step(self, batch, _):
            X, y = batch
            self.accuracy(self.net(X), y)
            self.log('test_acc', self.accuracy, prog_bar=True)

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=lr)

    return Classifier()


def fastai(job, net, make_iters=None):
    """fastai: a Learner as it comes, with plain SGD."""
    from fastai.vision.all import SGD, DataLoaders, Learner, accuracy

    net.apply(train.init_weights)
    if make_iters:
        dls = DataLoaders(*make_iters(job), device=job.device)
    else:
        dls = DataLoaders.from_dsets(
            dataset(job, 'train'),
            dataset(job, 'test'),
            bs=BATCH_SIZE,
            device=torch.device(job.device),
        )
    learner = Learner(
        dls,
        net.to(job.device),
        opt_func=SGD,
        loss_func=nn.CrossEntropyLoss(),
        metrics=accuracy,
    )
    learner.fit(job.num_epochs, lr=job.lr)


WAYS = {
    'train_gpu': ours,
    'bare loop, channels last': functools.partial(
        bare, memory_format=torch.channels_last
    ),
    'bare loop': bare,
    'd2l': d2l,
    'lightning': lightning,
    'fastai': fastai,
} | {
    f'{peer.__name__}, our tensors': functools.partial(
        peer, make_iters=our_iters
    )
    for peer in (d2l, lightning, fastai)
}
IMPORTS = {
    'd2l': 'd2l.torch',
    'lightning': 'lightning',
    'fastai': 'fastai.vision.all',
}


def timed(job):
    """Do one job; return its seconds and the net's test accuracy."""
    peer = job.way.split(',')[0]
    if peer in IMPORTS:
        importlib.import_module(IMPORTS[peer])
    torch.zeros(1, device=job.device)  # it wakes up before the clock runs
    utils.set_seed(job.seed)
    net = make_net(job)
    timer = utils.Timer()
    WAYS[job.way](job, net)
    seconds = timer.stop()
    return seconds, train.evaluate_accuracy_gpu(net, our_iters(job)[1])


def in_kernel(job, folder):
    """Run timed() in a Jupyter kernel of its own, in a folder."""
    path = [str(Path(__file__).resolve().parent), *sys.path[1:]]
    cell = nbformat.v4.new_code_cell(CELL.format(path=path, job=asdict(job)))
    NotebookClient(
        nbformat.v4.new_notebook(cells=[cell]),
        timeout=None,
        resources={'metadata': {'path': folder}},
    ).execute()
    text = ''.join(o.get('text', '') for o in cell.outputs)
    return json.loads(text.split('RESULT')[1].splitlines()[0])


def put_data_for_d2l(folder):
    """Put Fashion-MNIST where d2l looks for it: ../data, unpacked."""
    raw = Path(folder) / 'data' / 'FashionMNIST' / 'raw'
    raw.mkdir(parents=True)
    arrays, _ = data.find_arrays('fashion_mnist')
    for key, array in arrays.items():
        part, kind = key.replace('test', 't10k').split('_')
        head = np.array([0x800 + array.ndim, *array.shape], '>i4')
        (raw / f'{part}-{kind}-idx{array.ndim}-ubyte').write_bytes(
            head.tobytes() + array.tobytes()
        )


def measure(settings, device):
    """Run all ways in turns; return what there is to record."""
    runs = {way: [] for way in settings['ways']}
    jobs = [
        Job(
            way,
            settings['net'],
            settings['data'],
            settings['epochs'],
            seed,
            device.type,
        )
        for seed in range(settings['repeats'])
        for way in runs
    ]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / 'work').mkdir()
        put_data_for_d2l(folder)
        for job in (bar := tqdm(jobs, unit='run')):
            bar.set_postfix_str(job.way)
            runs[job.way].append(in_kernel(job, str(Path(folder) / 'work')))
    packages = [
        'torchvision',
        *(set(IMPORTS) & {w.split(',')[0] for w in runs}),
    ]
    return {
        'seeds': list(range(settings['repeats'])),
        'versions': {
            name: importlib.metadata.version(name) for name in sorted(packages)
        },
        'seconds_and_accuracy': runs,
    }


def medians_of(record):
    """Return {way: [seconds, test accuracy]} of one record."""
    return {
        way: [statistics.median(v) for v in zip(*runs)]
        for way, runs in record['seconds_and_accuracy'].items()
    }


def write_page(records):
    """Write the medians of records for chapter 11."""
    rows = [
        {
            key: record[key]
            for key in ('net', 'data', 'epochs', 'machine', 'versions')
        }
        | {'medians': medians_of(record)}
        for record in records
    ]
    with utils.written_whole(PAGE) as part:
        part.write_text(json.dumps(rows, indent=1) + '\n')


def report(record):
    """Print the table of one network and data set."""
    medians = medians_of(record)
    print(
        f'\n{record["epochs"]} epochs of {record["net"]} on '
        f'{record["data"]}, {record["machine"]["device"]}, median of '
        f'{record["repeats"]}\n{"":26}seconds  an epoch  times train_gpu'
        '  test accuracy'
    )
    for way, (seconds, accuracy) in medians.items():
        print(
            f'{way:24}{seconds:9.1f}{seconds / record["epochs"]:10.2f}'
            f'{seconds / medians["train_gpu"][0]:17.2f}{accuracy:15.3f}'
        )


def missing_peers():
    """Return the peers that cannot be imported, and say why."""
    missing = []
    for peer, module in IMPORTS.items():
        try:
            importlib.import_module(module)
        except ImportError as error:
            print(f'measured without {peer}: {error}', flush=True)
            missing.append(peer)
    return missing


def main():
    args = options()
    sys.path += [str(Path(folder).resolve()) for folder in args.peers]
    missing = missing_peers()
    ways = [way for way in WAYS if way.split(',')[0] not in missing]
    device = torch.device(args.device)
    for net, name in args.rows:
        settings = {
            'net': net,
            'data': name,
            'batch_size': BATCH_SIZE,
            'lr': RATES[net],
            'epochs': args.epochs,
            'repeats': args.repeats,
            'ways': ways,
        }
        path = args.out / f'{device.type}_{net}_{name}.json'
        report(
            recorded(
                path, settings, functools.partial(measure, settings), device
            )
        )
    if args.out == RESULTS:
        write_page(
            [
                json.loads(path.read_text())
                for path in sorted(RESULTS.glob('*.json'))
            ]
        )


def options():
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('--peers', nargs='*', default=[], metavar='FOLDER')
    add('--device', choices=['cpu', 'cuda'], default='cpu')
    add('--epochs', type=int)
    add('--repeats', type=int, default=3)
    add('--out', type=Path, default=RESULTS)
    add(
        '--quick',
        action='store_true',
        help='5,000 images, 1 epoch, once, to try the program: keeps nothing',
    )
    args = parser.parse_args()
    if args.device == 'cuda' and not torch.cuda.is_available():
        parser.error('--device cuda: PyTorch finds no GPU here')
    args.epochs = args.epochs or (10 if args.device == 'cuda' else 2)
    args.rows = GPU_ROWS if args.device == 'cuda' else CPU_ROWS
    if args.quick:
        os.environ['D2LMINI_DATA_SOURCE'] = 'sample'
        args.rows = [row for row in args.rows if 'fashion_mnist' in row]
        args.epochs, args.repeats = 1, 1
        args.out = Path(tempfile.mkdtemp())
    return args


if __name__ == '__main__':
    main()
