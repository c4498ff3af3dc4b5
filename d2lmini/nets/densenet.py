"""DenseNet: every layer of a block sees the outputs of all before it."""
import torch
from torch import nn

from d2lmini.nets.arguments import check_sizes, find_blocks, init_he

# The paper's table 1: the number of layers in each block.
BLOCKS = {121: (6, 12, 24, 16), 169: (6, 12, 32, 32), 201: (6, 12, 48, 32)}


class DenseLayer(nn.Sequential):
    """Append growth_rate new channels to those that come in.

    A 1x1 convolution to bottleneck * growth_rate channels, then a 3x3 one to
    growth_rate, each after batch norm and ReLU (H_l of the paper, form B).
    forward: (N, C, H, W) to (N, C + growth_rate, H, W).
    """

    def __init__(self, in_channels, growth_rate, bottleneck=4):
        middle = bottleneck * growth_rate
        super().__init__(
            nn.BatchNorm2d(in_channels), nn.ReLU(),
            nn.Conv2d(in_channels, middle, kernel_size=1, bias=False),
            nn.BatchNorm2d(middle), nn.ReLU(),
            nn.Conv2d(middle, growth_rate, kernel_size=3, padding=1,
                      bias=False))

    def forward(self, X):
        return torch.cat([X, super().forward(X)], dim=1)


def dense_block(num_layers, in_channels, growth_rate):
    """Make num_layers dense layers; each adds growth_rate channels.

    Gives in_channels + num_layers * growth_rate channels.
    """
    return nn.Sequential(*(
        DenseLayer(in_channels + i * growth_rate, growth_rate)
        for i in range(num_layers)))


def transition(in_channels, out_channels):
    """Make what stands between two blocks: fewer channels, half the side."""
    return nn.Sequential(
        nn.BatchNorm2d(in_channels), nn.ReLU(),
        nn.Conv2d(in_channels, out_channels, kernel_size=1, bias=False),
        nn.AvgPool2d(kernel_size=2, stride=2))


class DenseNet(nn.Sequential):
    """DenseNet-121 with 7,978,856 parameters, or another of its family.

    Huang, Liu, van der Maaten and Weinberger, Densely connected
    convolutional networks, CVPR 2017, arXiv:1608.06993.

    num_classes, in_channels: of the answer, of the images. depth: 121, 169
    or 201, or the number of layers in each block, as (6, 6, 6). growth_rate:
    k of the paper. width: multiplies it, and with it all numbers of
    channels. small: the paper's form for CIFAR, where the stem is one 3x3
    convolution. Takes (N, in_channels, H, W), gives scores (N, num_classes).
    H and W from 29 up; small from 2 ** (blocks - 1) up, so 8 for 121. Raises
    ValueError for arguments out of range.

    The paper's other numbers stand: bottlenecks of 4 k channels, half of the
    channels kept between blocks (DenseNet-BC), 2 k out of the stem, weights
    drawn after He and others, 2015. One departure: no dropout, which the
    paper has where it does not augment the images.
    """

    def __init__(self, num_classes=1000, in_channels=3, width=1.0,
                 small=False, depth=121, growth_rate=32):
        check_sizes(width, num_classes=num_classes, in_channels=in_channels,
                    growth_rate=growth_rate)
        blocks = find_blocks(depth, BLOCKS, 'layers')
        growth_rate = max(1, round(growth_rate * width))
        channels = 2 * growth_rate
        layers = stem(in_channels, channels, small)
        for i, num_layers in enumerate(blocks):
            if i > 0:
                layers.append(transition(channels, channels // 2))
                channels //= 2
            layers.append(dense_block(num_layers, channels, growth_rate))
            channels += num_layers * growth_rate
        super().__init__(
            *layers, nn.BatchNorm2d(channels), nn.ReLU(),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(),
            nn.Linear(channels, num_classes))
        init_he(self)
        nn.init.zeros_(self[-1].bias)


def stem(in_channels, channels, small):
    """Make what comes before the first block; small keeps the side."""
    if small:
        return [nn.Conv2d(in_channels, channels, 3, padding=1, bias=False)]
    return [nn.Conv2d(in_channels, channels, 7, 2, padding=3, bias=False),
            nn.BatchNorm2d(channels), nn.ReLU(),
            nn.MaxPool2d(3, stride=2, padding=1)]
