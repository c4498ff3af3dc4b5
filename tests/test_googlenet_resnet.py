"""What is special to GoogLeNet and ResNet; test_nets.py has the rest."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from d2lmini.nets.googlenet import GoogLeNet, Inception, scaled
from d2lmini.nets.resnet import Bottleneck, Residual, ResNet
from d2lmini.utils import set_seed
from d2lmini_compat.d2l import resnet18


def parameters(net):
    return sum(p.numel() for p in net.parameters())


def shapes(net, X):
    """Return the shape (C, H, W) or (C,) after each layer of a net."""
    found = []
    for layer in net:
        X = layer(X)
        found.append(tuple(X.shape[1:]))
    return found


@pytest.fixture
def meta():
    """Make nets without memory or arithmetic: only shapes."""
    with torch.device('meta'):
        yield


@pytest.mark.parametrize(
    'options, count',
    [
        (dict(), 6_624_904),
        (dict(kernel_size=5), 6_624_904 + 380_928),
        (dict(kernel_size=5, batch_norm=False), 6_998_552),
    ],
)
def test_googlenet_parameters(meta, options, count):
    assert parameters(GoogLeNet(**options)) == count


def test_googlenet_shapes_are_those_of_table_1(meta):
    found = shapes(GoogLeNet(), torch.rand(1, 3, 224, 224))
    assert found == [
        (64, 112, 112),
        (64, 56, 56),
        (64, 56, 56),
        (192, 56, 56),
        (192, 28, 28),
        (256, 28, 28),
        (480, 28, 28),
        (480, 14, 14),
        (512, 14, 14),
        (512, 14, 14),
        (512, 14, 14),
        (528, 14, 14),
        (832, 14, 14),
        (832, 7, 7),
        (832, 7, 7),
        (1024, 7, 7),
        (1024, 1, 1),
        (1024,),
        (1024,),
        (1000,),
    ]


def test_small_googlenet_shapes(meta):
    net = GoogLeNet(10, 1, width=0.5, small=True)
    found = shapes(net, torch.rand(1, 1, 28, 28))
    assert found[:4] == [
        (32, 28, 28),
        (32, 28, 28),
        (96, 28, 28),
        (96, 14, 14),
    ]
    assert found[6] == (240, 7, 7) and found[-5] == (512, 4, 4)
    assert found[-1] == (10,)


def test_googlenet_has_22_layers_with_weights(meta):
    """The paper counts them along one path: a module is two."""
    net = GoogLeNet()
    modules = sum(isinstance(layer, Inception) for layer in net)
    convs = sum(isinstance(m, nn.Conv2d) for m in net.modules())
    assert modules == 9 and convs == 3 + 9 * 6
    assert 3 + 2 * modules + 1 == 22


@pytest.mark.parametrize('kernel_size', [3, 5])
def test_inception_is_the_formula(kernel_size):
    set_seed(0)
    net = Inception(5, 2, (3, 4), (1, 3), 2, kernel_size, batch_norm=False)
    X, p = torch.randn(2, 5, 7, 6), iter(net.parameters())

    def conv(X):
        w, b = next(p), next(p)
        return F.conv2d(X, w, b, padding=w.shape[-1] // 2).relu()

    want = [
        conv(X),
        conv(conv(X)),
        conv(conv(X)),
        conv(F.max_pool2d(X, 3, 1, 1)),
    ]
    got = net(X)
    assert [w.shape[1] for w in want] == [2, 4, 3, 2]
    assert net.out_channels == got.shape[1] == 11
    torch.testing.assert_close(got, torch.cat(want, dim=1))


def test_inception_is_the_papers_unless_told_otherwise():
    module = Inception(4, 1, (1, 1), (1, 1), 1)
    assert not [m for m in module.modules() if isinstance(m, nn.BatchNorm2d)]
    assert module.branches[2][1][0].kernel_size == (5, 5)
    assert all(
        m.bias is not None
        for m in module.modules()
        if isinstance(m, nn.Conv2d)
    )


def test_inception_kernel_sizes_and_norms():
    convs = [
        m.kernel_size[0]
        for m in Inception(4, 1, (1, 1), (1, 1), 1, kernel_size=5).modules()
        if isinstance(m, nn.Conv2d)
    ]
    assert convs == [1, 1, 3, 1, 5, 1]
    kinds = [type(m) for m in GoogLeNet(batch_norm=False, width=0.1).modules()]
    assert nn.BatchNorm2d not in kinds and kinds.count(nn.ReLU) == 57


def test_scaled():
    assert scaled((64, (96, 3), 1), 0.5) == (32, (48, 2), 1)
    assert scaled((10, (4,)), 0.01) == (1, (1,))


def test_googlenet_dropout_is_before_the_classifier():
    net = GoogLeNet(dropout=0.4)
    assert isinstance(net[-2], nn.Dropout) and net[-2].p == 0.4
    assert net[-1].in_features == 1024


@pytest.mark.parametrize(
    'depth, count',
    [
        (18, 11_689_512),
        (34, 21_797_672),
        (50, 25_557_032),
        (101, 44_549_160),
        (152, 60_192_808),
    ],
)
def test_resnet_parameters_and_layers(meta, depth, count):
    net = ResNet(depth=depth)
    assert parameters(net) == count
    ways_round = [
        m
        for name, m in net.named_modules()
        if 'shortcut' in name and isinstance(m, nn.Conv2d)
    ]
    layers = sum(isinstance(m, (nn.Conv2d, nn.Linear)) for m in net.modules())
    assert layers - len(ways_round) == depth
    assert len(ways_round) == (3 if depth < 50 else 4)
    assert all(m.kernel_size == (1, 1) for m in ways_round)


@pytest.mark.parametrize('depth, wide', [(18, 1), (50, 4)])
def test_resnet_shapes_are_those_of_table_1(meta, depth, wide):
    found = shapes(ResNet(depth=depth), torch.rand(1, 3, 224, 224))
    assert found == [(64, 112, 112)] * 2 + [(64, 56, 56)] + [
        (c * wide, s, s) for c, s in [(64, 56), (128, 28), (256, 14), (512, 7)]
    ] + [(512 * wide, 1, 1), (512 * wide,), (1000,)]


def test_small_resnet_shapes(meta):
    found = shapes(
        ResNet(10, 1, width=0.25, small=True), torch.rand(1, 1, 28, 28)
    )
    assert found == [(16, 28, 28)] * 3 + [
        (32, 14, 14),
        (64, 7, 7),
        (128, 4, 4),
        (128, 1, 1),
        (128,),
        (10,),
    ]


def test_resnet_20_of_the_paper_for_cifar(meta):
    net = ResNet(10, width=0.25, small=True, depth=(3, 3, 3))
    option_b = 16 * 32 + 32 * 64 + 2 * 32 + 2 * 64
    assert parameters(net) == 269_722 + option_b  # 0.27 million in table 6
    assert shapes(net, torch.rand(1, 3, 32, 32))[2:6] == [
        (16, 32, 32),
        (32, 16, 16),
        (64, 8, 8),
        (64, 1, 1),
    ]


@pytest.mark.parametrize(
    'stride, channels', [(1, 8), (1, 12), (2, 8), (2, 16)]
)
@pytest.mark.parametrize('block', [Residual, Bottleneck])
def test_block_is_the_formula(block, stride, channels):
    set_seed(0)
    net = block(8, channels, strides=stride).eval()
    X = torch.randn(2, 8, 7, 6)
    kernels = {Residual: (3, 3), Bottleneck: (1, 3, 1)}[block]
    strides = {Residual: (stride, 1), Bottleneck: (1, stride, 1)}[block]
    p, norm = iter(net.parameters()), 1 / math.sqrt(1 + 1e-5)

    def conv(X, k, s):
        w, _, _ = next(p), next(p), next(p)
        assert w.shape[-1] == k
        return F.conv2d(X, w, stride=s, padding=k // 2) * norm

    H = X
    for i, (k, s) in enumerate(zip(kernels, strides)):
        H = conv(H.relu() if i else H, k, s)
    plain = stride == 1 and channels == 8
    want = (H + (X if plain else conv(X, 1, stride))).relu()
    torch.testing.assert_close(net(X), want)
    assert not list(p) and isinstance(net.shortcut, nn.Identity) == plain


@pytest.mark.parametrize('block', [Residual, Bottleneck])
def test_a_branch_of_zeros_leaves_the_input(block):
    net, X = block(8, 8), torch.randn(3, 8, 5, 5)
    nn.init.zeros_(net.branch[-1][1].weight)
    assert torch.equal(net(X), X.relu())


@pytest.mark.parametrize('block', [Residual, Bottleneck])
def test_a_block_convolves_its_input_where_it_is_told_to(block):
    net = block(8, 8, use_1x1conv=True).eval()
    conv, norm = net.shortcut
    assert conv.kernel_size == (1, 1) and net.branch[0][0].stride == (1, 1)
    X = torch.randn(3, 8, 5, 5)
    torch.testing.assert_close(net(X), (net.branch(X) + norm(conv(X))).relu())


@pytest.mark.parametrize('in_channels', [1, 3])
def test_resnet18_is_the_small_form(meta, in_channels):
    net = resnet18(10, in_channels)
    assert str(net) == str(ResNet(10, in_channels, small=True))
    assert resnet18(10)[0][0].in_channels == 1
    assert shapes(net, torch.rand(2, in_channels, 28, 28))[0] == (64, 28, 28)


def test_residual_leaves_its_input_alone():
    X = torch.randn(3, 4, 5, 5)
    before = X.clone()
    Residual(4, 4)(X)
    assert torch.equal(X, before)


def test_bottleneck_is_cheap():
    """The paper: similar cost for 64 channels in or 256 in."""
    basic = parameters(Residual(64, 64))
    deep = parameters(Bottleneck(256, 256))
    assert basic == 2 * 9 * 64**2 + 4 * 64
    assert deep == (9 + 4 + 4) * 64**2 + 4 * 64 + 2 * 256


@pytest.mark.parametrize('make', [GoogLeNet, ResNet])
def test_weights_start_as_he_and_others(make):
    """Each convolution's output or input is kept at its size by the gain."""
    set_seed(0)
    for m in make(width=0.5).modules():
        if isinstance(m, nn.Conv2d) and m.weight.numel() > 5000:
            channels = m.in_channels if make is GoogLeNet else m.out_channels
            want = math.sqrt(2 / (channels * m.kernel_size[0] ** 2))
            assert abs(m.weight.std().item() / want - 1) < 0.05


@pytest.mark.parametrize(
    'make, options, words',
    [
        (GoogLeNet, dict(width=0), 'width must be above 0, got 0'),
        (GoogLeNet, dict(num_classes=0), 'num_classes must be 1 .* got 0'),
        (ResNet, dict(depth=20), 'one of 18, 34, 50, 101, 152 or .* got 20'),
        (ResNet, dict(depth=(3, 0)), r'\(3, 3, 3\), got \(3, 0\)'),
        (ResNet, dict(width=-1), 'width must be above 0, got -1'),
        (ResNet, dict(in_channels=0), 'in_channels must be 1 or more, got 0'),
    ],
)
def test_bad_arguments(make, options, words):
    with pytest.raises(ValueError, match=words):
        make(**options)
