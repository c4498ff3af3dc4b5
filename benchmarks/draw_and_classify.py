"""Train the networks of the widget "draw and classify"; write its files.

    python benchmarks/draw_and_classify.py [--digits FOLDER]

LeNet in its modern form is trained twice, by the recipe of chapter 5.1: on
Fashion-MNIST and on MNIST. FOLDER has MNIST's four idx files, packed by gzip
or not; without it d2lmini.data looks for them. Each network becomes a script
site/widgets/lenet-NAME.js: weights of 16 bits, the first test image of each
class, and what the network does wrong. The record, which also says what 8
bits would cost, is benchmarks/results/draw_and_classify.json. About five
minutes on one core. Repeated elsewhere, accuracies should agree to 0.01.
"""

import base64
import gzip
import json
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import torch
from common import ROOT, machine, parser, write
from torch import nn

from d2lmini import data
from d2lmini.nets import LeNet
from d2lmini.train import evaluate_accuracy_gpu, train_gpu
from d2lmini.utils import keep_freed_memory

RECORD = ROOT / 'benchmarks/results/draw_and_classify.json'
SCRIPTS = ROOT / 'site/widgets'
RECIPE = {'batch_size': 64, 'num_epochs': 10, 'lr': 0.003, 'seed': 0}
SOURCES = {
    'fashion': 'Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017), MIT license',
    'digits': 'MNIST (LeCun, Cortes and Burges, 1998), from scans by the US '
    'National Institute of Standards and Technology, license '
    'CC BY-SA 3.0',
}
# A drawing has one gray only: so have test images above the first of these
# numbers (0 to 255) that are filled with the second.
FLAT = {'fashion': (15, 204), 'digits': (127, 255)}
CLASSES = {'fashion': data.FASHION_MNIST_LABELS, 'digits': list('0123456789')}


def read_idx(folder, name):
    """Return the numbers of one of MNIST's files, which may be packed."""
    (path,) = Path(folder).glob(f'{name}-ubyte*')
    content = path.read_bytes()
    if path.suffix == '.gz':
        content = gzip.decompress(content)
    shape = np.frombuffer(content, '>i4', count=content[3], offset=4)
    numbers = np.frombuffer(
        bytearray(content), np.uint8, offset=4 + 4 * content[3]
    )
    return torch.from_numpy(numbers.reshape(shape.tolist()))


def load(name, folder=None):
    """Return iterators over the training and the test images."""
    size, seed = RECIPE['batch_size'], RECIPE['seed']
    if name == 'fashion':
        return data.load_data_fashion_mnist(size, seed=seed)
    if folder is None:
        return data.load_data_mnist(size, seed=seed)
    return [
        data.ImageIter(
            read_idx(folder, f'{part}-images-idx3')[:, None],
            read_idx(folder, f'{part}-labels-idx1'),
            size,
            shuffle=part == 'train',
            seed=seed,
            source='idx files',
        )
        for part in ('train', 't10k')
    ]


def he_weights(module):
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        nn.init.kaiming_uniform_(module.weight, nonlinearity='relu')


def modern_lenet():
    return LeNet(activation=nn.ReLU, pool=nn.MaxPool2d)


def train(train_iter):
    """Return a network trained as on the page, and its history."""
    net, epochs = modern_lenet(), RECIPE['num_epochs']
    falling = partial(
        torch.optim.lr_scheduler.LinearLR,
        start_factor=1.0,
        end_factor=0.0,
        total_iters=epochs,
    )
    history = train_gpu(
        net,
        train_iter,
        None,
        epochs,
        RECIPE['lr'],
        'cpu',
        optimizer=torch.optim.Adam,
        scheduler=falling,
        init=he_weights,
        seed=RECIPE['seed'],
        plot=False,
    )
    return net, history


def rounded(net, change):
    """Return a copy of net whose parameters went through change."""
    copy = modern_lenet()
    copy.load_state_dict({k: change(w) for k, w in net.state_dict().items()})
    return copy


def to_half(w):
    return w.half().float()


def to_int8(w):
    """Round to 255 levels, as many for each output; biases stay."""
    if w.ndim == 1:
        return w
    scale = w.flatten(1).abs().amax(1).view(-1, *[1] * (w.ndim - 1)) / 127
    return (w / scale).round() * scale


def as_text(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def scores_of(net, images):
    with torch.no_grad():
        return torch.cat([net(X.float() / 255) for X in images.split(1000)])


def mistakes(net, test_iter, most=6):
    """Return what is confused most often, and the surest wrong answers."""
    images, labels = test_iter.images, test_iter.labels
    sure, said = scores_of(net, images).softmax(1).max(1)
    wrong = said != labels
    pairs = torch.bincount((10 * labels + said)[wrong], minlength=100)
    often = pairs.argsort(descending=True, stable=True)[:most].tolist()
    worst = (sure * wrong).argsort(descending=True, stable=True)[:most]
    return {
        'tested': len(labels),
        'wrong': int(wrong.sum()),
        'confused': [[k // 10, k % 10, int(pairs[k])] for k in often],
        'mistakes': [
            {
                'index': int(i),
                'label': int(labels[i]),
                'said': int(said[i]),
                'share': round(float(sure[i]), 4),
                'image': as_text(images[i].numpy()),
            }
            for i in worst
        ],
    }


def flat_accuracy(name, net, test_iter):
    """Return the accuracy on test images in one gray, as drawings are."""
    least, gray = FLAT[name]
    flat = data.ImageIter(
        (test_iter.images > least).byte() * gray, test_iter.labels, 1000
    )
    return evaluate_accuracy_gpu(net, flat)


def write_script(name, net, test_iter):
    """Write the file that the widget loads."""
    firsts = [int((test_iter.labels == k).nonzero()[0]) for k in range(10)]
    weights = np.concatenate(
        [w.detach().numpy().ravel() for w in net.parameters()]
    ).astype('<f2')
    content = {
        'classes': CLASSES[name],
        'accuracy': evaluate_accuracy_gpu(net, test_iter),
        'flat': flat_accuracy(name, net, test_iter),
        **mistakes(net, test_iter),
        'samples': [
            {
                'index': i,
                'label': k,
                'image': as_text(test_iter.images[i].numpy()),
            }
            for k, i in enumerate(firsts)
        ],
        'weights': as_text(weights),
    }
    lines = ',\n'.join(
        f' "{key}": {json.dumps(value)}' for key, value in content.items()
    )
    path = SCRIPTS / f'lenet-{name}.js'
    path.write_text(
        f'/* Written by benchmarks/draw_and_classify.py. Images and training '
        f'data: {SOURCES[name]}. */\nglobalThis.d2l ??= {{}};\n(d2l.nets ??= '
        f'{{}}).{name} = {{\n{lines}\n}};\n',
        encoding='utf-8',
    )
    return path.stat().st_size


def run(name, folder):
    """Train one network and write its script; return what to record."""
    train_iter, test_iter = load(name, folder)
    net, history = train(train_iter)
    wanted = scores_of(net, test_iter.images)
    forms = {
        'float32': net,
        'float16': rounded(net, to_half),
        'int8': rounded(net, to_int8),
    }
    return {
        'source': train_iter.source,
        'images': len(train_iter.labels),
        'history': {
            key: column
            for key, column in asdict(history).items()
            if key != 'valid_acc'
        },  # which are all nan
        'test_accuracy': {
            form: evaluate_accuracy_gpu(other, test_iter)
            for form, other in forms.items()
        },
        'largest_change_of_a_score': {
            form: round(
                float(
                    (scores_of(other, test_iter.images) - wanted).abs().max()
                ),
                4,
            )
            for form, other in forms.items()
        },
        'flat_accuracy': flat_accuracy(name, forms['float16'], test_iter),
        'script_bytes': write_script(name, forms['float16'], test_iter),
    }


def main():
    known = parser(__doc__)
    known.add_argument('--digits', metavar='FOLDER')
    folder = known.parse_args().digits
    keep_freed_memory()
    record = {'recipe': RECIPE, 'machine': machine(torch.device('cpu'))}
    for name in CLASSES:
        record[name] = run(name, folder)
        print(name, record[name]['test_accuracy'])
    write(RECORD, record)


if __name__ == '__main__':
    main()
