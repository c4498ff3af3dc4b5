"""The classic networks: shapes, parameters, and that they can learn."""

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from d2lmini.nets import (
    VGG,
    AlexNet,
    DenseLayer,
    DenseNet,
    GoogLeNet,
    LeNet,
    ResNet,
    dense_block,
)
from d2lmini.summary import summary
from d2lmini.train import accuracy
from d2lmini.utils import set_seed
from d2lmini_compat.d2l import DenseBlock, conv_block

FORMS = {
    '1998': dict(),
    'today': dict(activation=nn.ReLU, pool=nn.MaxPool2d),
    'tanh': dict(activation=nn.Tanh),
}


@pytest.fixture(params=FORMS)
def lenet(request):
    set_seed(0)
    return LeNet(**FORMS[request.param])


def test_lenet_shapes(lenet):
    X, shapes = torch.rand(3, 1, 28, 28), []
    for layer in lenet:
        X = layer(X)
        shapes.append(tuple(X.shape))
    conv1, conv2 = [(3, 6, 28, 28)] * 2, [(3, 16, 10, 10)] * 2
    assert shapes == (
        conv1
        + [(3, 6, 14, 14)]
        + conv2
        + [(3, 16, 5, 5), (3, 400)]
        + [(3, 120)] * 2
        + [(3, 84)] * 2
        + [(3, 10)]
    )


def test_lenet_parameters(lenet):
    counts = {name: p.numel() for name, p in lenet.named_parameters()}
    assert counts == {
        '0.weight': 6 * 25,
        '0.bias': 6,
        '3.weight': 16 * 6 * 25,
        '3.bias': 16,
        '7.weight': 400 * 120,
        '7.bias': 120,
        '9.weight': 120 * 84,
        '9.bias': 84,
        '11.weight': 840,
        '11.bias': 10,
    }
    assert sum(counts.values()) == 61_706


def test_lenet_is_the_formula_layer_by_layer(lenet):
    """The whole net against the same steps, written as functions."""
    X = torch.rand(2, 1, 28, 28)
    act = {
        nn.Sigmoid: torch.sigmoid,
        nn.ReLU: torch.relu,
        nn.Tanh: torch.tanh,
    }[type(lenet[1])]
    pool = {nn.AvgPool2d: F.avg_pool2d, nn.MaxPool2d: F.max_pool2d}[
        type(lenet[2])
    ]
    w = list(lenet.parameters())
    h = pool(act(F.conv2d(X, w[0], w[1], padding=2)), 2)
    h = pool(act(F.conv2d(h, w[2], w[3])), 2).reshape(2, 400)
    h = act(h @ w[4].T + w[5])
    h = act(h @ w[6].T + w[7]) @ w[8].T + w[9]
    torch.testing.assert_close(lenet(X), h)


def test_lenet_activation_and_pool_are_used_everywhere():
    kinds = [
        type(layer) for layer in LeNet(activation=nn.ReLU, pool=nn.MaxPool2d)
    ]
    assert kinds.count(nn.ReLU) == 4 and kinds.count(nn.MaxPool2d) == 2
    kinds = [type(layer) for layer in LeNet()]
    assert kinds.count(nn.Sigmoid) == 4 and kinds.count(nn.AvgPool2d) == 2
    assert kinds[-1] is nn.Linear  # scores: no activation, no softmax


def test_lenet_channels_and_classes():
    net = LeNet(num_classes=3, in_channels=2)
    assert net(torch.rand(1, 2, 28, 28)).shape == (1, 3)
    more, fewer = 6 * 25, 7 * 85  # of the second channel, of seven classes
    assert sum(p.numel() for p in net.parameters()) == 61_706 + more - fewer


@pytest.mark.parametrize(
    'shape', [(2, 1, 32, 32), (2, 3, 28, 28), (1, 28, 28)]
)
def test_lenet_refuses_other_images(shape):
    with pytest.raises(RuntimeError):
        LeNet()(torch.rand(shape))


def test_lenet_gradients_reach_all_parameters(lenet):
    F.cross_entropy(
        lenet(torch.rand(4, 1, 28, 28)), torch.tensor([1, 2, 3, 4])
    ).backward()
    for name, p in lenet.named_parameters():
        assert p.grad.isfinite().all() and p.grad.abs().max() > 0, name


def test_lenet_treats_each_image_on_its_own(lenet):
    X = torch.rand(5, 1, 28, 28)
    torch.testing.assert_close(lenet(X)[3:4], lenet(X[3:4]))


@pytest.mark.parametrize('form, lr', [('1998', 0.01), ('today', 0.003)])
def test_lenet_learns_16_images_by_heart(form, lr):
    set_seed(0)
    net, X = LeNet(**FORMS[form]), torch.rand(16, 1, 28, 28)
    y = torch.randint(10, (16,))
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    for _ in range(600):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(X), y)
        loss.backward()
        optimizer.step()
        if loss < 0.05:
            break
    assert loss < 0.05 and accuracy(net(X), y) == 16


# All six networks, by the same tests.


class Spec(NamedTuple):
    full: Callable  # the paper's form, with this many parameters
    parameters: int
    least: int  # the least side that it takes; 1: any
    small: Callable  # the form for 28x28, narrow, for the CPU


NETS = {
    'LeNet': Spec(LeNet, 61_706, 28, partial(LeNet, activation=nn.ReLU)),
    'AlexNet': Spec(
        AlexNet, 61_100_840, 63, partial(AlexNet, width=1 / 8, small=True)
    ),
    'VGG': Spec(VGG, 132_863_336, 32, partial(VGG, width=1 / 8, small=True)),
    'GoogLeNet': Spec(
        GoogLeNet, 6_624_904, 1, partial(GoogLeNet, width=1 / 8, small=True)
    ),
    'ResNet': Spec(
        ResNet, 11_689_512, 1, partial(ResNet, width=1 / 8, small=True)
    ),
    'DenseNet': Spec(
        DenseNet,
        7_978_856,
        29,
        partial(DenseNet, growth_rate=8, depth=(1, 2, 2), small=True),
    ),
}
SMALL = {'num_classes': 10, 'in_channels': 1}
SIZES = [28, 32, 64, 96, 224]
five = pytest.mark.parametrize('name', list(NETS)[1:])


@pytest.fixture(params=NETS)
def name(request):
    return request.param


@pytest.fixture
def small(name):
    """Return a narrow net for 1x28x28 images, its weights from a seed."""
    set_seed(0)
    return NETS[name].small(**SMALL)


def on_meta(make, **options):
    """Make a net without numbers in it, for shapes and counts."""
    with torch.device('meta'):
        return make(**options)


def count(net):
    return sum(p.numel() for p in net.parameters())


def layers(net, kind):
    return [m for m in net.modules() if isinstance(m, kind)]


def sides(name):
    """Return the sides of a full form's images: LeNet takes one alone."""
    return (
        {28}
        if name == 'LeNet'
        else {n for n in SIZES if n >= NETS[name].least}
    )


@pytest.mark.parametrize('size', SIZES)
def test_shapes_of_the_full_form(name, size):
    net = on_meta(NETS[name].full)
    channels, classes = (1, 10) if name == 'LeNet' else (3, 1000)
    X = torch.empty(2, channels, size, size, device='meta')
    if size in sides(name):
        assert net(X).shape == (2, classes)
    else:
        with pytest.raises((RuntimeError, ValueError)):
            net(X)


@pytest.mark.parametrize('name', ['LeNet', 'AlexNet', 'VGG', 'DenseNet'])
def test_least_side_of_the_full_form(name):
    net, n = on_meta(NETS[name].full, in_channels=1), NETS[name].least
    assert len(net(torch.empty(2, 1, n, n, device='meta'))) == 2
    with pytest.raises((RuntimeError, ValueError)):
        net(torch.empty(2, 1, n - 1, n - 1, device='meta'))


@pytest.mark.parametrize('size', SIZES)
@five
def test_shapes_of_the_small_form(name, size):
    net = on_meta(NETS[name].full, small=True, in_channels=2, num_classes=7)
    assert net(torch.empty(2, 2, size, size, device='meta')).shape == (2, 7)


@five
def test_images_need_not_be_square(name):
    net = on_meta(NETS[name].full)
    assert net(torch.empty(2, 3, 96, 130, device='meta')).shape == (2, 1000)


def test_parameters(name):
    assert count(on_meta(NETS[name].full)) == NETS[name].parameters


@pytest.mark.parametrize(
    'make, depth, parameters',
    [
        (VGG, 13, 133_047_848),
        (VGG, 16, 138_357_544),
        (VGG, 19, 143_667_240),
        (ResNet, 34, 21_797_672),
        (ResNet, 50, 25_557_032),
        (ResNet, 101, 44_549_160),
        (ResNet, 152, 60_192_808),
        (DenseNet, 169, 14_149_480),
        (DenseNet, 201, 20_013_928),
    ],
)
def test_parameters_of_other_depths(make, depth, parameters):
    assert count(on_meta(make, depth=depth)) == parameters


@five
def test_channels_and_classes(name):
    """Two channels fewer in the first layer, 990 classes fewer in the last."""
    net = on_meta(NETS[name].full)
    less = on_meta(NETS[name].full, **SMALL)
    first, last = layers(net, nn.Conv2d)[0], layers(net, nn.Linear)[-1]
    assert count(net) - count(less) == (
        2 * first.weight[:, 0].numel() + 990 * (last.in_features + 1)
    )


@five
def test_width(name):
    """Half of all channels and hidden units; at least one of each."""
    full, half, thin = (
        on_meta(NETS[name].full, width=w) for w in (1, 0.5, 1e-6)
    )
    for kind, size in [
        (nn.Conv2d, 'out_channels'),
        (nn.Linear, 'out_features'),
    ]:
        sizes = [
            [getattr(layer, size) for layer in layers(net, kind)]
            for net in (full, half, thin)
        ]
        if kind is nn.Linear:
            assert [row.pop() for row in sizes] == [1000] * 3
        assert [2 * n for n in sizes[1]] == sizes[0]
        assert len(sizes[2]) == len(sizes[0]) and min([1, *sizes[2]]) == 1
    assert thin(torch.empty(2, 3, 64, 64, device='meta')).shape == (2, 1000)


@pytest.mark.parametrize(
    'wrong',
    [{'num_classes': 0}, {'in_channels': 0}, {'width': 0}, {'width': -1}],
)
@five
def test_refuses_bad_arguments(name, wrong):
    ((argument, value),) = wrong.items()
    with pytest.raises(ValueError, match=f'{argument}.* {value}'):
        NETS[name].full(**wrong)


@pytest.mark.parametrize('depth', [12, (), (2, 0), [2, 0]])
@pytest.mark.parametrize('make', [VGG, ResNet, DenseNet])
def test_refuses_other_depths(make, depth):
    with pytest.raises(ValueError, match='depth'):
        make(depth=depth)


def test_multiply_adds_are_those_that_pytorch_counts(name):
    net = on_meta(NETS[name].full).eval()
    shape = (1, 1, 28, 28) if name == 'LeNet' else (1, 3, 224, 224)
    with FlopCounterMode(display=False) as counter:
        net(torch.empty(shape, device='meta'))
    table = summary(net, shape)
    assert 2 * table.multiply_adds == counter.get_total_flops() > 0
    assert table.parameters == count(net)


REFERENCES = {
    'alexnet': (AlexNet, {}),
    'vgg11': (VGG, {'depth': 11}),
    'vgg16': (VGG, {'depth': 16}),
    'googlenet': (GoogLeNet, {}),
    'resnet18': (ResNet, {'depth': 18}),
    'resnet50': (ResNet, {'depth': 50}),
    'densenet121': (DenseNet, {'depth': 121}),
}


def random_numbers(net):
    """Fill a net from the meta device with seeded, well-scaled numbers."""
    net.to_empty(device='cpu')
    set_seed(0)
    for key, value in net.state_dict().items():
        if value.ndim > 1:
            value.normal_(0, (2 / value[0].numel()) ** 0.5)
        elif key.endswith(('running_var', 'weight')):
            value.uniform_(0.5, 1.5)
        elif value.is_floating_point():
            value.normal_(0, 0.1)
        else:
            value.zero_()
    return net.eval()


@pytest.mark.parametrize('reference', REFERENCES)
def test_same_outputs_as_torchvision(reference):
    """The key map: both hold the same tensors in the same order."""
    options = {}
    if reference == 'googlenet':
        options = dict(
            aux_logits=False, transform_input=False, init_weights=False
        )
    theirs = random_numbers(
        on_meta(
            getattr(torchvision.models, reference), weights=None, **options
        )
    )
    make, options = REFERENCES[reference]
    ours = on_meta(make, **options).eval()
    keys, values = ours.state_dict(), theirs.state_dict().values()
    assert [v.shape for v in keys.values()] == [v.shape for v in values]
    ours.load_state_dict(dict(zip(keys, values)), assign=True)
    X = torch.rand(1, 3, 65, 97, generator=torch.manual_seed(1))
    with torch.no_grad():
        y, y_hat = theirs(X), ours(X)
    assert y.std() > 0.01
    assert (y - y_hat).abs().max() < 1e-5 * max(1, y.abs().max())


def test_train_and_eval_mode(small, name):
    """What dropout and batch norm do in training, and do not in eval mode."""
    X = torch.rand(4, 1, 28, 28)
    before = {k: v.clone() for k, v in small.named_buffers()}
    small.eval()
    with torch.no_grad():
        y = small(X)
        assert torch.equal(small(X), y)
        torch.testing.assert_close(small(X[2:3]), y[2:3])
        assert all(torch.equal(v, before[k]) for k, v in small.named_buffers())
        small.train()
        first, second = small(X), small(X)
    dropout = [m for m in layers(small, nn.Dropout) if m.p > 0]
    assert torch.equal(first, second) == (not dropout)
    changed = [
        k for k, v in small.named_buffers() if not torch.equal(v, before[k])
    ]
    norms = layers(small, nn.BatchNorm2d)
    assert len(changed) == len(before) == 3 * len(norms)
    assert bool(dropout) == (name in ['AlexNet', 'VGG', 'GoogLeNet'])
    assert bool(norms) == (name in ['GoogLeNet', 'ResNet', 'DenseNet'])


def test_gradients_reach_all_parameters(small):
    F.cross_entropy(
        small(torch.rand(4, 1, 28, 28)), torch.tensor([1, 2, 3, 4])
    ).backward()
    for key, p in small.named_parameters():
        assert p.grad.isfinite().all() and p.grad.abs().max() > 0, key


def test_first_loss_is_that_of_guessing(small):
    """Scores that start far apart would have to be unlearned first."""
    X, y = torch.rand(64, 1, 28, 28), torch.arange(64) % 10
    with torch.no_grad():
        loss = F.cross_entropy(small(X), y)
    assert math.log(10) - 0.3 < loss < math.log(10) + 1


def test_learns_16_images_by_heart(small):
    """Patches of 4x4, since averages over noise are all alike."""
    X = F.interpolate(torch.rand(16, 1, 4, 4), 28)
    y = torch.randint(10, (16,))
    optimizer = torch.optim.Adam(small.parameters(), lr=0.003)
    for step in range(300):
        small.train()
        optimizer.zero_grad()
        F.cross_entropy(small(X), y).backward()
        optimizer.step()
        if step % 10 == 9:
            with torch.no_grad():
                y_hat = small.eval()(X)
            if F.cross_entropy(y_hat, y) < 0.05:
                break
    assert F.cross_entropy(y_hat, y) < 0.05 and accuracy(y_hat, y) == 16


def test_export(small):
    """torch.export's graph gives the same numbers, for any batch size."""
    small.eval()
    X = torch.rand(2, 1, 28, 28)
    exported = torch.export.export(
        small, (X,), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},)
    )
    with torch.no_grad():
        for images in (X, torch.rand(5, 1, 28, 28)):
            torch.testing.assert_close(
                exported.module()(images), small(images)
            )


def test_dense_layer_appends_to_its_input():
    layer, X = DenseLayer(5, growth_rate=3).eval(), torch.rand(2, 5, 8, 7)
    Y = layer(X)
    assert Y.shape == (2, 8, 8, 7) and torch.equal(Y[:, :5], X)
    assert layer[2].weight.shape == (12, 5, 1, 1)
    assert layer[5].weight.shape == (3, 12, 3, 3)


def test_dense_block_grows_with_each_layer():
    block = dense_block(4, 10, growth_rate=3)
    assert [layer[0].num_features for layer in block] == [10, 13, 16, 19]
    assert block(torch.rand(2, 10, 4, 4)).shape == (2, 22, 4, 4)


def test_the_block_without_bottleneck_is_the_formula():
    block, X = DenseBlock(3, 5, growth_rate=2), torch.rand(2, 5, 7, 6)
    maps = [X]
    for layer in block:
        maps.append(layer(torch.cat(maps, dim=1)))
    torch.testing.assert_close(block(X), torch.cat(maps, dim=1))
    assert [layer[0].num_features for layer in block] == [5, 7, 9]
    layer, eps = conv_block(3, 4).eval(), 1 + 1e-5
    X = torch.rand(2, 3, 6, 5) - 0.5
    torch.testing.assert_close(
        layer(X),
        F.conv2d(
            X.relu() / eps**0.5, layer[2].weight, layer[2].bias, padding=1
        ),
    )


def test_densenet_has_no_transition_after_its_last_block():
    net = DenseNet(growth_rate=4, depth=(1, 2, 3), small=True)
    assert len(layers(net, nn.AvgPool2d)) == 2
    assert [len(part) for part in net if isinstance(part, nn.Sequential)] == [
        1,
        4,
        2,
        4,
        3,
    ]
    # 8, one layer 12, halved 6, two layers 14, halved 7, three layers 19
    assert net[-1].in_features == 19
