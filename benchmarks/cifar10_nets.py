"""The contestants of cifar10.py: how each is made, and what is compared.

All take (N, 3, 32, 32) and give scores (N, 10). Where a net is a paper's,
it has a quarter of its width, so that an epoch takes 30 to 50 seconds on one
thread; DenseNet and MobileNetV2 are cut to the same, and LARGER may take 100.
AlexNet and VGG halve the side of a photograph after their first convolution;
the stems of GoogLeNet, ResNet, DenseNet and MobileNetV2 do so with a stride
of 2. So all bodies begin at 16x16, but where a name says 32x32. There is no
dropout but where a name says so: on 128 and 256 hidden units the papers' 0.5
would starve a network.
"""

from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from d2lmini.nets import VGG, AlexNet, DenseNet, GoogLeNet, LeNet, ResNet
from d2lmini.nets.resnet import Residual


class ScaledTanh(nn.Module):
    """LeCun's squashing function, f(1) = 1 and f(-1) = -1."""

    def forward(self, X):
        return 1.7159 * torch.tanh(2 / 3 * X)


class Sampling(nn.AvgPool2d):
    """S2 and S4 of 1998: mean of 2x2, a weight and a bias for each map."""

    def __init__(self, channels):
        super().__init__(2)
        self.weight = nn.Parameter(torch.ones(channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, X):
        return super().forward(X) * self.weight + self.bias


class C3(nn.Conv2d):
    """LeNet's second convolution: each map sees some of S2's (table I)."""

    SEES = (
        '012 123 234 345 045 015 0123 1234 2345 0345 0145 0125 0134 1245 '
        '0235 012345'
    ).split()

    def __init__(self):
        super().__init__(6, 16, kernel_size=5)
        seen = [[str(i) in row for i in range(6)] for row in self.SEES]
        self.register_buffer('seen', torch.tensor(seen)[:, :, None, None])

    def forward(self, X):
        return F.conv2d(X, self.weight * self.seen, self.bias)

    def unused(self):
        """Return how many of the weights are for maps that are not seen."""
        return int((~self.seen).sum()) * 25


ACTIVATIONS = {'tanh': ScaledTanh, 'sigmoid': nn.Sigmoid, 'ReLU': nn.ReLU}


def lenet(activation='ReLU', pool='max'):
    """Make LeNet for photographs in color: of 1998, of today, or between.

    The form of 1998 departs from the paper in three things: three channels,
    a linear layer for the radial-basis output, and the start of its weights.

    Args:
        activation: 'tanh' (scaled, as published), 'sigmoid' or 'ReLU'.
        pool: 'sampling' (as published, with C3's table), 'average' or 'max'.

    Returns:
        The network. Its weights start with variance 1 / n for tanh and
        sigmoid, 2 / n for ReLU, where n numbers come in.
    """
    f = ACTIVATIONS[activation]
    pools = nn.MaxPool2d if pool == 'max' else nn.AvgPool2d
    net = LeNet(10, 3, activation=f, pool=pools)
    net[0].padding = (0, 0)  # as in the paper, whose images are 32x32
    if pool == 'sampling':  # what S2 and S4 give is squashed too
        layers = [net[0], f(), Sampling(6), f(), C3(), f(), Sampling(16), f()]
        net = nn.Sequential(*layers, *list(net)[6:])
    for layer in net.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            kind = activation.lower() if f is nn.ReLU else 'linear'
            nn.init.kaiming_normal_(layer.weight, nonlinearity=kind)
            nn.init.zeros_(layer.bias)
        if isinstance(layer, C3):  # fewer maps seen, larger weights
            layer.weight.data *= (6 / layer.seen.sum(1, True)).sqrt()
    return net


def halving_stem(net):
    """Give the first convolution of a net a stride of 2."""
    conv = next(m for m in net.modules() if isinstance(m, nn.Conv2d))
    conv.stride = (2, 2)
    return net


def googlenet(**options):
    """Make GoogLeNet with a stem of 3x3 and stride 2."""
    return halving_stem(GoogLeNet(10, small=True, **options))


def densenet(**options):
    """Make DenseNet with a stem of 3x3 and stride 2."""
    return halving_stem(DenseNet(10, small=True, **options))


def resnet(shortcut=True, halved=True, **options):
    """Make ResNet with a stem of 3x3 and stride 2; plain without shortcut."""
    net = ResNet(10, small=True, **options)
    if halved:
        halving_stem(net)
    for block in net.modules():
        if isinstance(block, Residual) and not shortcut:
            block.shortcut = Zero()
    return net


class Zero(nn.Module):
    """In place of a shortcut: nothing comes through."""

    def forward(self, X):
        return 0.0


def conv_bn(in_channels, out_channels, kernel_size, stride=1, groups=1):
    """Convolution that keeps the side (at stride 1), then batch norm."""
    conv = nn.Conv2d(
        in_channels,
        out_channels,
        kernel_size,
        stride,
        padding=kernel_size // 2,
        groups=groups,
        bias=False,
    )
    nn.init.kaiming_normal_(conv.weight, mode='fan_out')
    return [conv, nn.BatchNorm2d(out_channels)]


class InvertedResidual(nn.Sequential):
    """MobileNetV2's block: 1x1 up, depthwise 3x3, 1x1 down, plus X.

    Sandler and others, MobileNetV2, CVPR 2018, arXiv:1801.04381.
    """

    def __init__(
        self, in_channels, out_channels, stride, expansion, shortcut=True
    ):
        middle = in_channels * expansion
        super().__init__(
            *conv_bn(in_channels, middle, 1),
            nn.ReLU6(),
            *conv_bn(middle, middle, 3, stride, groups=middle),
            nn.ReLU6(),
            *conv_bn(middle, out_channels, 1),
        )
        same = stride == 1 and in_channels == out_channels
        self.adds = shortcut and same

    def forward(self, X):
        return X + super().forward(X) if self.adds else super().forward(X)


def mobilenet(stages, expansion=6, head=256, shortcut=True):
    """Make a net of inverted residuals with a stem of stride 2.

    Args:
        stages: For each stage its channels, blocks, and first stride.
        expansion: How many times wider a block is inside; 6 in the paper.
        head: Channels of the last 1x1 convolution.
        shortcut: Whether a block adds its input, where the shapes agree.

    Returns:
        The network.
    """
    channels = stages[0][0]
    layers = [*conv_bn(3, channels, 3, 2), nn.ReLU6()]
    for out_channels, count, first_stride in stages:
        for i in range(count):
            stride = first_stride if i == 0 else 1
            layers.append(
                InvertedResidual(
                    channels, out_channels, stride, expansion, shortcut
                )
            )
            channels = out_channels
    layers += [*conv_bn(channels, head, 1), nn.ReLU6()]
    return nn.Sequential(
        *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(head, 10)
    )


def pixels():
    """Make logistic regression on the pixels."""
    return nn.Sequential(nn.Flatten(), nn.Linear(3072, 10))


FORMS = {
    'pixels': pixels,
    'lenet': lenet,
    'alexnet': partial(AlexNet, 10, small=True),
    'vgg': partial(VGG, 10, small=True),
    'googlenet': googlenet,
    'resnet': resnet,
    'densenet': densenet,
    'mobilenet': mobilenet,
}
QUARTER = {'width': 0.25, 'dropout': 0.0}
RESNET = {'width': 0.25}
MOBILE = {
    'stages': ((16, 1, 1), (32, 2, 2), (64, 3, 2), (128, 3, 2)),
    'expansion': 4,
}
# Contestants: the form, and what it is given.
MAIN = {
    'logistic regression': ('pixels', {}),
    'LeNet, 1998': ('lenet', {'activation': 'tanh', 'pool': 'sampling'}),
    'LeNet, today': ('lenet', {'activation': 'ReLU', 'pool': 'max'}),
    'ResNet-18': ('resnet', RESNET),
    'VGG-11, batch norm': ('vgg', QUARTER | {'batch_norm': True}),
    'AlexNet': ('alexnet', QUARTER),
    'GoogLeNet': ('googlenet', QUARTER),
    'VGG-11': ('vgg', QUARTER),
    'DenseNet': ('densenet', {'growth_rate': 16, 'depth': (1, 3, 8)}),
    'MobileNetV2': ('mobilenet', MOBILE),
}
# What explains the gaps: the same with one thing changed.
ABLATIONS = {
    'LeNet, 1998 with ReLU': (
        'lenet',
        {'activation': 'ReLU', 'pool': 'sampling'},
    ),
    'LeNet, 1998 with max pooling': (
        'lenet',
        {'activation': 'tanh', 'pool': 'max'},
    ),
    'LeNet, sigmoid': ('lenet', {'activation': 'sigmoid', 'pool': 'average'}),
    'ResNet-18, no shortcut': ('resnet', RESNET | {'shortcut': False}),
    'GoogLeNet, no batch norm': (
        'googlenet',
        QUARTER | {'batch_norm': False},
    ),
    'ResNet-10': ('resnet', RESNET | {'depth': (1, 1, 1, 1)}),
    'ResNet-10, no shortcut': (
        'resnet',
        RESNET | {'depth': (1, 1, 1, 1), 'shortcut': False},
    ),
    'VGG-16, batch norm': ('vgg', QUARTER | {'depth': 16, 'batch_norm': True}),
    'VGG-16': ('vgg', QUARTER | {'depth': 16}),
    'AlexNet, dropout 0.5': ('alexnet', QUARTER | {'dropout': 0.5}),
    'AlexNet, dropout 0.2': ('alexnet', QUARTER | {'dropout': 0.2}),
    'VGG-11, batch norm, dropout 0.5': (
        'vgg',
        QUARTER | {'batch_norm': True, 'dropout': 0.5},
    ),
    'MobileNetV2, no shortcut': ('mobilenet', MOBILE | {'shortcut': False}),
}
# What more computing buys: about three times the seconds of the same form.
# The ResNet has the three stages that its paper takes for CIFAR-10.
LARGER = {
    'ResNet-14 at 32x32': (
        'resnet',
        RESNET | {'depth': (2, 2, 2), 'halved': False},
    ),
    'VGG-11, batch norm, width 0.4': (
        'vgg',
        QUARTER | {'batch_norm': True, 'width': 0.4},
    ),
    'GoogLeNet, width 0.4': ('googlenet', QUARTER | {'width': 0.4}),
    'DenseNet, deeper': ('densenet', {'growth_rate': 16, 'depth': (2, 4, 12)}),
}
NETS = MAIN | ABLATIONS | LARGER
# Written before the runs: a claim, who should win, and against whom. It is
# refuted, or not shown, where the interval of the difference is not above 0.
CLAIMS = [
    ('ReLU and max pooling lift LeNet', 'LeNet, today', 'LeNet, 1998'),
    ('... ReLU does alone', 'LeNet, 1998 with ReLU', 'LeNet, 1998'),
    (
        '... max pooling does alone',
        'LeNet, 1998 with max pooling',
        'LeNet, 1998',
    ),
    ('sigmoids are not what 1998 had', 'LeNet, 1998', 'LeNet, sigmoid'),
    ('batch norm lifts VGG-11', 'VGG-11, batch norm', 'VGG-11'),
    ('... and VGG-16', 'VGG-16, batch norm', 'VGG-16'),
    ('depth helps VGG', 'VGG-16, batch norm', 'VGG-11, batch norm'),
    ('... and harms it without batch norm', 'VGG-11', 'VGG-16'),
    (
        'batch norm lifts GoogLeNet',
        'GoogLeNet',
        'GoogLeNet, no batch norm',
    ),
    ('shortcuts lift ResNet-18', 'ResNet-18', 'ResNet-18, no shortcut'),
    ('... and ResNet-10', 'ResNet-10', 'ResNet-10, no shortcut'),
    ('depth helps ResNet', 'ResNet-18', 'ResNet-10'),
    (
        '... and harms the plain net',
        'ResNet-10, no shortcut',
        'ResNet-18, no shortcut',
    ),
    (
        'shortcuts lift MobileNetV2',
        'MobileNetV2',
        'MobileNetV2, no shortcut',
    ),
    ('dropout 0.5 starves AlexNet', 'AlexNet', 'AlexNet, dropout 0.5'),
    ('... 0.2 does too', 'AlexNet', 'AlexNet, dropout 0.2'),
    (
        '... 0.5 starves VGG-11',
        'VGG-11, batch norm',
        'VGG-11, batch norm, dropout 0.5',
    ),
]
