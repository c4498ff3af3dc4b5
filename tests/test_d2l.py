"""Programs as readers of Dive into Deep Learning write them, on d2lmini.

The names and the calls are d2l's; the programs are our own. They import
d2lmini as d2l and nothing else of the package.
"""

import ast
import inspect
import json
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import d2lmini as d2l
import d2lmini_compat

ROOT = Path(__file__).parent.parent
PAGE = ROOT / 'appendix' / 'coming_from_d2l.md'
MODULES = [
    p.stem for p in (ROOT / 'd2lmini').glob('[a-z]*.py') if p.stem != 'check'
] + ['nets', 'scale.export']
INSTEAD = d2lmini_compat.NAMES['instead']


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def loaded(code):
    """Return which of the slow modules a program has imported at its end."""
    slow = ['torch', 'torchvision', 'numpy', 'matplotlib', 'IPython', 'PIL']
    done = subprocess.run(
        [
            sys.executable,
            '-c',
            f'{code}\nimport sys, json\n'
            f'print(json.dumps([m for m in {slow} if m in sys.modules]))',
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    return json.loads(done.stdout)


# The namespace


@pytest.mark.parametrize(
    'code, wanted',
    [
        ('import d2lmini', []),
        ('import d2lmini as d2l; dir(d2l)', []),
        ('import d2lmini as d2l; d2l.conv_forward_naive', ['numpy']),
        ('import d2lmini as d2l; d2l.Image', ['PIL']),
        ('import d2lmini as d2l; d2l.batchnorm_forward', ['numpy']),
        ('import d2lmini_compat', []),
        ('import d2lmini_compat.cs231n', ['numpy']),
        ('from d2lmini.numpy_cnn import *; dropout_forward', ['numpy']),
    ],
)
def test_nothing_is_imported_that_is_not_used(code, wanted):
    assert loaded(code) == wanted


def test_an_operation_needs_no_data_sets_and_no_figures():
    assert not {'torchvision', 'matplotlib'} & set(
        loaded('import d2lmini as d2l; d2l.corr2d, d2l.try_gpu, d2l.Timer')
    )


def own_names(module):
    """Return the functions and classes that a module makes or exports."""
    return {
        key: value
        for key, value in vars(module).items()
        if key[0] != '_'
        and inspect.getmodule(value) is not None
        and (inspect.isfunction(value) or inspect.isclass(value))
        and (
            value.__module__ == module.__name__
            or key in vars(module).get('__all__', [])
        )
    }


@pytest.mark.parametrize('name', MODULES)
def test_every_public_name_of_a_module_is_there(name):
    """Unless a module has that name: d2l.summary is the module."""
    own = own_names(pkgutil.resolve_name(f'd2lmini.{name}'))
    assert own
    for key, value in own.items():
        assert key in dir(d2l)
        if not inspect.ismodule(getattr(d2l, key)):
            assert getattr(d2l, key) is value, key


def test_every_name_in_the_list_can_be_had():
    for name in dir(d2l):
        assert getattr(d2l, name) is not None, name
    assert {'d2lmini.train', 'd2lmini.nets'} <= {
        getattr(d2l, name).__name__ for name in ('train', 'nets')
    }


@pytest.mark.parametrize('name', ['d2l', 'cs231n'])
def test_every_public_name_for_other_courses_is_there(name):
    """Apart from what serves others of its module alone."""
    own = own_names(pkgutil.resolve_name(f'd2lmini_compat.{name}'))
    own |= {'d2l': {'DATA_URL': None, 'DATA_HUB': None}}.get(name, {})
    inner = {'told', 'offer', 'from_param', 'training'}
    assert inner.isdisjoint(dir(d2l)) and len(own) > 10
    for key in own.keys() - inner:
        value = pkgutil.resolve_name(f'd2lmini_compat.{name}:{key}')
        assert getattr(d2l, key) is value


def test_no_name_for_other_courses_hides_one_of_the_book():
    """They would be two things by one name; the book's is what is found."""
    for name, place in d2lmini_compat.NAMES['others'].items():
        assert d2lmini_compat.table()[name] == place


def test_the_book_needs_nothing_for_other_courses():
    """No page, no exercise and no other module of d2lmini names them, and a
    convolution that is not called as CS231n calls it never asks for them."""
    code = (
        'import sys, numpy as np\n'
        'from d2lmini import numpy_cnn\n'
        'numpy_cnn.conv_forward_naive(np.ones((1, 1, 3, 3)),'
        ' np.ones((1, 1, 2, 2)), np.ones(1), stride=1)\n'
        'print([m for m in sys.modules if m.startswith("d2lmini_compat.")])'
    )
    done = subprocess.run(
        [sys.executable, '-c', code], cwd=ROOT, text=True, capture_output=True
    )
    assert done.stdout == '[]\n', done.stderr
    naming = {
        path.name
        for folder in ('d2lmini', 'chapters', 'exercises')
        for path in (ROOT / folder).rglob('*')
        if path.suffix in ('.ipynb', '.py')
        and 'd2lmini_compat' in path.read_text('utf-8')
    }
    assert naming == {'__init__.py', 'numpy_cnn.py'}


def imports(page):
    """Give the names that a notebook imports from this package's modules."""
    for cell in json.loads(page.read_text('utf-8'))['cells']:
        code = re.sub(
            r'^(\s*)[%!].*', r'\1pass', ''.join(cell['source']), flags=re.M
        )
        if cell['cell_type'] != 'code' or 'd2lmini' not in code:
            continue
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom) and re.fullmatch(
                r'd2lmini\.(?!scale|check).+', node.module
            ):
                yield from (alias.name for alias in node.names)


def test_what_the_pages_import_is_there_by_its_name():
    """Apart from constants."""
    pages = [*ROOT.glob('chapters/*.ipynb'), *ROOT.glob('exercises/*.ipynb')]
    names = {
        name
        for page in pages
        for name in imports(page)
        if not name.isupper() or name in NETS
    }
    assert len(names) > 50
    assert not {
        name
        for name in names
        if not hasattr(d2l, name) and not hasattr(d2l.nets, name)
    }


def test_an_error_in_a_module_is_not_hidden():
    """ImportError of torch, say, must not become 'd2lmini has no ops'."""
    code = (
        'import sys; sys.modules["torch"] = None\n'
        'import d2lmini as d2l\n'
        'try: d2l.ops\nexcept ImportError as error: print(error)'
    )
    done = subprocess.run(
        [sys.executable, '-c', code], cwd=ROOT, text=True, capture_output=True
    )
    assert 'torch' in done.stdout, done.stderr


@pytest.mark.parametrize('name', sorted(INSTEAD))
def test_a_missing_name_says_what_to_use(name):
    with pytest.raises(AttributeError, match=f'no {name}; use ') as error:
        getattr(d2l, name)
    for part in re.findall(r'd2l\.([\w.]+)', str(error.value)):
        assert pkgutil.resolve_name(f'd2lmini:{part}') is not None
    for path in re.findall(r'torch\.[\w.]+', str(error.value)):
        assert pkgutil.resolve_name(path.rstrip('.')) is not None


def test_other_missing_names_are_attribute_errors():
    with pytest.raises(AttributeError, match='d2lmini has no MaskedSoftmax'):
        d2l.MaskedSoftmaxCELoss  # noqa: B018
    assert not hasattr(d2l, '__wrapped__')


# Convolution, channels, pooling


def test_edges_and_a_kernel_that_learns_to_find_them():
    X = d2l.ones((6, 8))
    X[:, 2:6] = 0
    Y = d2l.corr2d(X, d2l.tensor([[1.0, -1.0]]))
    assert Y[0].tolist() == [0, 1, 0, 0, 0, -1, 0]
    assert not d2l.corr2d(d2l.transpose(X), d2l.tensor([[1.0, -1.0]])).any()
    layer = d2l.Conv2D(kernel_size=(1, 2))
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.005)
    for _ in range(500):
        optimizer.zero_grad()
        loss = d2l.reduce_sum((layer(X) - Y) ** 2)
        loss.backward()
        optimizer.step()
    learned = d2l.reshape(layer.weight.data, (2,))
    torch.testing.assert_close(
        learned, torch.tensor([1.0, -1.0]), atol=1e-2, rtol=0
    )


@pytest.mark.parametrize(
    'options, shape',
    [
        (dict(kernel_size=3, padding=1), (8, 8)),
        (dict(kernel_size=(5, 3), padding=(2, 1)), (8, 8)),
        (dict(kernel_size=3, padding=1, stride=2), (4, 4)),
        (dict(kernel_size=(3, 5), padding=(0, 1), stride=(3, 4)), (2, 2)),
    ],
)
def test_shapes_by_comp_conv2d(options, shape):
    assert (
        d2l.comp_conv2d(nn.Conv2d(1, 1, **options), d2l.rand((8, 8))).shape
        == shape
    )


def test_channels():
    X = d2l.stack(
        [d2l.arange(9.0).reshape(3, 3), d2l.arange(9.0).reshape(3, 3) + 1]
    )
    K = d2l.tensor([[[0.0, 1], [2, 3]], [[1.0, 2], [3, 4]]])
    Y = d2l.corr2d_multi_in(X, K)
    assert Y.tolist() == [[56, 72], [104, 120]]
    K = d2l.stack((K, K + 1, K + 2), 0)
    assert d2l.corr2d_multi_in_out(X, K).shape == (3, 2, 2)
    K = d2l.normal(0, 1, (3, 2, 1, 1))
    torch.testing.assert_close(
        d2l.corr2d_multi_in_out_1x1(X, K), d2l.corr2d_multi_in_out(X, K)
    )


def test_pooling_moves_by_one_pixel():
    X = d2l.arange(9.0).reshape(3, 3)
    assert d2l.pool2d(X, (2, 2)).tolist() == [[4, 5], [7, 8]]
    assert d2l.pool2d(X, (2, 2), 'avg').tolist() == [[2, 3], [5, 6]]


# The networks


def small_vgg(arch, in_channels=1):
    blocks = []
    for num_convs, out_channels in arch:
        blocks.append(d2l.vgg_block(num_convs, in_channels, out_channels))
        in_channels = out_channels
    return nn.Sequential(
        *blocks, nn.Flatten(), nn.Linear(out_channels * 7 * 7, 10)
    )


def small_googlenet():
    return nn.Sequential(
        nn.Conv2d(1, 8, 5, stride=2),
        nn.ReLU(),
        d2l.Inception(8, 4, (3, 5), (2, 6), 3),
        nn.MaxPool2d(2),
        d2l.Inception(18, 4, (3, 4), (2, 2), 2),
        nn.AdaptiveAvgPool2d((1, 1)),
        nn.Flatten(),
        nn.Linear(12, 10),
    )


def small_lenet_with_batch_norm():
    return nn.Sequential(
        nn.Conv2d(1, 4, kernel_size=5),
        d2l.BatchNorm(4, num_dims=4),
        nn.Sigmoid(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(4 * 144, 20),
        d2l.BatchNorm(20, num_dims=2),
        nn.Sigmoid(),
        nn.Linear(20, 10),
    )


def small_resnet():
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, 2, 1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        d2l.Residual(8, 8),
        d2l.Residual(8, 16, use_1x1conv=True, strides=2),
        d2l.Residual(16, 16, True, 1),
        nn.AdaptiveAvgPool2d((1, 1)),
        nn.Flatten(),
        nn.Linear(16, 10),
    )


def small_densenet():
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, stride=2),
        d2l.DenseBlock(2, 8, 4),
        d2l.transition_block(16, 8),
        d2l.conv_block(8, 6),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d((1, 1)),
        nn.Flatten(),
        nn.Linear(6, 10),
    )


NETS = {
    'VGG': lambda: small_vgg([(1, 4), (2, 6)]),
    'GoogLeNet': small_googlenet,
    'ResNet': small_resnet,
    'batch norm': small_lenet_with_batch_norm,
    'DenseNet': small_densenet,
    'ResNet-18': lambda: d2l.resnet18(10),
}


@pytest.mark.parametrize('name', NETS)
def test_networks_of_our_blocks(name):
    net = NETS[name]()
    for layer in net:
        assert isinstance(layer, nn.Module)
    X = torch.randn(2, 1, 28, 28)
    F.cross_entropy(net(X), torch.tensor([3, 8])).backward()
    for key, p in net.named_parameters():
        assert p.grad is not None and p.grad.isfinite().all(), key
    assert net.eval()(X).shape == (2, 10)


def test_what_batch_norm_has_learned_can_be_read():
    net = small_lenet_with_batch_norm()
    assert (
        net[1].gamma.reshape((-1,)).shape
        == net[1].beta.reshape((-1,)).shape
        == (4,)
    )


# Data and figures


def test_an_image_in_a_grid(tmp_path):
    d2l.plt.switch_backend('Agg')
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), 'uint8')
    d2l.Image.fromarray(pixels).save(tmp_path / 'cat.png')
    d2l.set_figsize()
    assert list(d2l.plt.rcParams['figure.figsize']) == [3.5, 2.5]
    d2l.set_figsize((2, 1))
    assert list(d2l.plt.rcParams['figure.figsize']) == [2, 1]
    img = d2l.Image.open(tmp_path / 'cat.png')
    axes = d2l.show_images([img] * 6, 2, 3, scale=0.8)
    assert len(axes) == 6
    assert np.array_equal(axes[5].images[0].get_array(), pixels)
    axes = d2l.show_images(torch.rand(4, 28, 28), 1, 4, titles=list('abcd'))
    assert [ax.get_title() for ax in axes] == list('abcd')
    d2l.plt.close('all')


def test_small_things():
    timer, metric = d2l.Timer(), d2l.Accumulator(2)
    y_hat, y = torch.tensor([[0.1, 0.9], [0.8, 0.2]]), torch.tensor([1, 1])
    metric.add(d2l.accuracy(y_hat, y), d2l.size(y))
    assert metric[0] / metric[1] == 0.5
    assert timer.stop() >= 0 and timer.sum() == timer.avg() * 1
    assert d2l.try_all_gpus()[0] == d2l.try_gpu()
    assert d2l.argmax(y_hat, axis=1).tolist() == [1, 0]
    assert d2l.evaluate_accuracy(lambda X: X, [(y_hat, y)]) == 0.5


# Training


def train_and_test(num_batches, size=16):
    """Return two lists of minibatches of ten patterns with some noise."""
    patterns = F.interpolate(torch.randn(10, 1, 4, 4), (28, 28))
    found = []
    for _ in range(num_batches + 4):
        y = torch.randint(10, (size,))
        found.append((patterns[y] + 0.1 * torch.randn(size, 1, 28, 28), y))
    return found[4:], found[:4]


def test_train_ch6_initializes_and_trains():
    """Sigmoids need Xavier's weights, which train_ch6 draws."""
    train_iter, test_iter = train_and_test(20)
    net = nn.Sequential(
        nn.Conv2d(1, 6, kernel_size=5, padding=2),
        nn.Sigmoid(),
        nn.AvgPool2d(kernel_size=2, stride=2),
        nn.Flatten(),
        nn.Linear(6 * 14 * 14, 40),
        nn.Sigmoid(),
        nn.Linear(40, 10),
    )
    with torch.no_grad():
        for p in net.parameters():
            p.zero_()
    lr, num_epochs = 0.5, 12
    d2l.train_ch6(net, train_iter, test_iter, num_epochs, lr, d2l.try_gpu())
    assert d2l.evaluate_accuracy_gpu(net, test_iter) > 0.5
    assert d2l.evaluate_accuracy_gpu(net, test_iter, d2l.try_gpu()) > 0.5


def test_train_ch13_with_a_loss_of_each_example():
    train_iter, test_iter = train_and_test(12)
    net, devices = small_resnet(), d2l.try_all_gpus()
    loss = nn.CrossEntropyLoss(reduction='none')
    trainer = torch.optim.Adam(net.parameters(), lr=0.01)
    before = net[0].weight.detach().clone()
    d2l.train_ch13(net, train_iter, test_iter, loss, trainer, 6, devices)
    assert not torch.equal(net[0].weight, before.to(net[0].weight.device))
    assert d2l.evaluate_accuracy_gpu(net, test_iter) > 0.5


def test_accuracy_of_a_function_and_of_lists_of_inputs():
    y = torch.tensor([1, 0, 1])
    pairs = [([torch.eye(2)[y], torch.zeros(3, 2)], y)]
    net = nn.Sequential()
    net.forward = lambda X: X[0] + X[1]
    assert d2l.evaluate_accuracy_gpu(net, pairs, torch.device('cpu')) == 1


def test_animator_takes_d2l_s_arguments():
    animator = d2l.Animator(
        xlabel='epoch',
        xlim=[1, 3],
        ylim=[0, 1],
        legend=['loss', 'acc'],
        fmts=('-', 'm--'),
        nrows=1,
        ncols=2,
        figsize=(6, 2.5),
    )
    animator.add(1, (0.5, None))
    animator.add(2, (0.4, 0.9))
    assert animator.Y == [[0.5, 0.4], [0.9]]
    assert '`animator.figure().axes[0]`' in PAGE.read_text('utf-8')
    assert not hasattr(animator, 'axes')
    figure = animator.figure()
    assert [len(line.get_xdata()) for line in figure.axes[0].lines] == [2, 1]
    d2l.plt.close(figure)


# The page


def test_the_code_on_the_page_runs():
    """Every call that the appendix shows, in order, with its asserts."""
    blocks = re.findall(
        r'^```python\n(.*?)^```', PAGE.read_text('utf-8'), re.M | re.S
    )
    names = {}
    for block in blocks:
        exec(compile(block, PAGE.name, 'exec'), names)
    assert len(blocks) > 5 and sum(b.count('assert') for b in blocks) > 15


def rows(heading):
    """Return the rows of the table below a heading, cells as text."""
    text = PAGE.read_text('utf-8').split(f'## {heading}\n')[1]
    table = re.search(r'(?:^\|.*\n)+', text, re.M)[0].splitlines()[2:]
    return [
        [cell.strip() for cell in row.strip('|').split('|')] for row in table
    ]


def test_the_page_lists_the_missing_names_and_no_others():
    listed = {}
    for names, use in rows('Names that are missing'):
        for name in re.findall(r'`(\w+)`', names):
            listed[name] = use
    assert listed.keys() == INSTEAD.keys()
    for name, use in listed.items():
        assert INSTEAD[name].split(' ')[0].split('(')[0] in use, name


def test_what_the_page_says_of_names_is_about_names_that_exist():
    for names, *_ in rows('The same name, another behavior'):
        for name in re.findall(r'`(\w+)`', names):
            assert hasattr(d2l, name), name
