"""AlexNet and VGG: what is special to these two."""

import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional as F
from torchvision.models import vgg

from d2lmini.nets import VGG, AlexNet, vgg_block
from d2lmini.nets.vgg import BLOCKS
from d2lmini.ops import receptive_field
from d2lmini.utils import set_seed


def outline(net, *shape):
    """Return the shapes that the parts of a net give, without the batch."""
    shapes, X = [], torch.rand(1, *shape)
    with torch.no_grad():
        for layer in net.eval():
            X = layer(X)
            shapes.append(tuple(X.shape[1:]))
    return shapes


def kinds(net, kind):
    return [m for m in net.modules() if isinstance(m, kind)]


def count(net):
    return sum(p.numel() for p in net.parameters())


def test_alexnet_shapes():
    shapes = outline(AlexNet(width=0.125), 3, 224, 224)
    assert shapes == (
        [(8, 55, 55)] * 2
        + [(8, 27, 27)]
        + [(24, 27, 27)] * 2
        + [(24, 13, 13)]
        + [(48, 13, 13)] * 2
        + [(32, 13, 13)] * 4
        + [(32, 6, 6)] * 2
        + [(32 * 36,)] * 2
        + [(512,)] * 5
        + [(1000,)]
    )


@pytest.mark.parametrize('side', [28, 29, 32, 47, 64])
def test_alexnet_small_shapes(side):
    shapes = outline(AlexNet(10, 1, width=0.25, small=True), 1, side, side)
    maps = [shape for shape in shapes if len(shape) == 3]
    halves = [side, -(-side // 2), -(-side // 4), -(-side // 8)]
    assert [maps[i][1] for i in (0, 2, 5, -2)] == halves
    assert maps[-1] == (64, 4, 4) and shapes[-3:] == [(256,)] * 2 + [(10,)]


def test_alexnet_parameters_layer_by_layer():
    with torch.device('meta'):
        net = AlexNet()
    assert [count(layer) for layer in net if count(layer)] == [
        23_296,
        307_392,
        663_936,
        884_992,
        590_080,
        37_752_832,
        16_781_312,
        4_097_000,
    ]
    assert count(net) == 61_100_840


def test_alexnet_activation_is_used_everywhere():
    net = AlexNet(10, width=0.1, activation=nn.Sigmoid)
    assert len(kinds(net, nn.Sigmoid)) == 7 and not kinds(net, nn.ReLU)
    assert len(kinds(AlexNet(10, width=0.1), nn.ReLU)) == 7


@pytest.mark.parametrize(
    'make',
    [
        lambda p: AlexNet(10, 1, width=0.1, small=True, dropout=p),
        lambda p: VGG(10, 1, width=0.1, small=True, dropout=p),
    ],
)
def test_dropout(make):
    """Two runs differ in training only, and only with dropout."""
    X = torch.rand(4, 1, 28, 28)
    for p, same in [(0.5, False), (0, True)]:
        set_seed(0)
        net = make(p)
        assert [m.p for m in kinds(net, nn.Dropout)] == [p, p]
        assert torch.equal(net(X), net(X)) == same
        net.eval()
        assert torch.equal(net(X), net(X))


@pytest.mark.parametrize(
    'depth, parameters',
    [
        (11, 132_863_336),
        (13, 133_047_848),
        (16, 138_357_544),
        (19, 143_667_240),
    ],
)
@pytest.mark.parametrize('batch_norm', [False, True])
def test_vgg_is_torchvisions(depth, parameters, batch_norm):
    name = f'vgg{depth}{"_bn" * batch_norm}'
    with torch.device('meta'):
        net = VGG(depth=depth, batch_norm=batch_norm)
        theirs = getattr(torchvision.models, name)(init_weights=False)
    shapes = [p.shape for p in net.parameters()]
    assert shapes == [p.shape for p in theirs.parameters()]
    channels = sum(norm.num_features for norm in kinds(net, nn.BatchNorm2d))
    assert count(net) == parameters + 2 * channels
    assert (channels > 0) == batch_norm
    layers = kinds(net, (nn.Conv2d, nn.Linear))
    assert len(layers) == depth == sum(BLOCKS[depth]) + 3


def test_vgg_shapes():
    shapes = outline(VGG(depth=16, width=0.125), 3, 224, 224)
    assert shapes == (
        [
            (8, 112, 112),
            (16, 56, 56),
            (32, 28, 28),
            (64, 14, 14),
            (64, 7, 7),
            (64, 7, 7),
            (64 * 49,),
        ]
        + [(512,)] * 6
        + [(1000,)]
    )


@pytest.mark.parametrize('side', [28, 32, 45, 64])
@pytest.mark.parametrize('depth', [11, (1, 2), [3, 1, 1, 1]])
def test_vgg_small(side, depth):
    net = VGG(10, 1, width=0.125, small=True, depth=depth)
    blocks = BLOCKS[11] if depth == 11 else depth
    assert len(kinds(net, nn.Conv2d)) == sum(blocks)
    shapes = outline(net, 1, side, side)
    sides = [-(-side // 2**i) for i in range(1, len(blocks) + 1)]
    assert [shape[1] for shape in shapes if len(shape) == 3] == sides + [1]
    assert shapes[-1] == (10,) and shapes[-2] == (64,)


def test_vgg_block_is_the_formula():
    block = vgg_block(2, 3, 5)
    w = list(block.parameters())
    X = torch.rand(2, 3, 7, 9)
    h = F.relu(F.conv2d(X, w[0], w[1], padding=1))
    h = F.relu(F.conv2d(h, w[2], w[3], padding=1))
    torch.testing.assert_close(block(X), F.max_pool2d(h, 2))
    block = vgg_block(2, 3, 5, ceil_mode=True)
    block.load_state_dict(dict(zip(block.state_dict(), w)))
    h = F.max_pool2d(F.pad(h, (0, 1, 0, 1)), 2)  # zeros: ReLU's least value
    assert h.shape == (2, 5, 4, 5)
    torch.testing.assert_close(block(X), h)


SIZES = [32, 33, 47, 63, 64, 65, 95, 97, 127, 129, 191, 193, 223, 225, 255]


@pytest.mark.parametrize('depth, letter', [(11, 'A'), (16, 'D')])
def test_vgg_equals_torchvisions_at_every_size(depth, letter):
    """Sides of 65, 193 and 225 pixels are odd before a pooling."""
    plan = [v if v == 'M' else v // 16 for v in vgg.cfgs[letter]]
    net = VGG(7, width=1 / 16, depth=depth).eval()
    theirs = vgg.VGG(vgg.make_layers(plan), num_classes=7).eval()
    theirs.classifier = net[len(BLOCKS[depth]) + 2 :]
    theirs.features.load_state_dict(
        dict(zip(theirs.features.state_dict(), net.state_dict().values()))
    )
    for height in SIZES:
        X = torch.rand(1, 3, height, 32 + height % 50)
        with torch.no_grad():
            torch.testing.assert_close(net(X), theirs(X))


@pytest.mark.parametrize('size', [31, 16, 1])
def test_vgg_refuses_images_that_torchvisions_refuses(size):
    with torch.device('meta'):
        net, X = VGG(width=1 / 16), torch.rand(1, 3, size, 64)
        theirs = torchvision.models.vgg11(init_weights=False)
    for model in (net, theirs):
        with pytest.raises(RuntimeError):
            model(X)


def test_vgg_block_sees_as_far_as_one_wide_kernel():
    for num_convs, size in [(1, 3), (2, 5), (3, 7)]:
        assert receptive_field([(3, 1)] * num_convs) == size
        convs = vgg_block(num_convs, 1, 1)[:-1]
        for layer in convs[::2]:
            nn.init.ones_(layer.weight)
        X = torch.ones(1, 1, 15, 15, requires_grad=True)
        convs(X)[0, 0, 7, 7].backward()
        assert (X.grad != 0).sum() == size**2


@pytest.mark.parametrize(
    'make', [lambda: AlexNet(10, 3, width=0.5), lambda: VGG(10, 3, width=0.25)]
)
def test_first_loss_and_layers_are_of_usual_size(make):
    """What He's weights are for: no layer's output fades or explodes."""
    set_seed(0)
    net, X = make().eval(), torch.randn(2, 3, 224, 224)
    for layer in net:
        X = layer(X)
        assert 0.1 < X.square().mean().sqrt() < 10
    assert F.cross_entropy(X, torch.tensor([1, 2])) < 5


@pytest.mark.parametrize(
    'make, message',
    [
        (lambda: AlexNet(width=0), 'width must be above 0, got 0'),
        (lambda: AlexNet(0), 'num_classes must be 1 or more, got 0'),
        (lambda: AlexNet(dropout=-1), 'between 0 and 1, but got -1'),
        (lambda: VGG(width=-1), 'width must be above 0, got -1'),
        (lambda: VGG(10, 0), 'in_channels must be 1 or more, got 0'),
        (lambda: VGG(dropout=50), 'between 0 and 1, but got 50'),
        (lambda: VGG(depth=12), 'one of 11, 13, 16, 19 .* got 12'),
        (lambda: VGG(depth=()), r'got \(\)'),
        (lambda: VGG(depth=(1, 0)), r'got \(1, 0\)'),
    ],
)
def test_arguments_out_of_range(make, message):
    with pytest.raises(ValueError, match=message):
        make()
