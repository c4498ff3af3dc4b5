"""VGG, deep by repeating one block of 3x3 convolutions."""
from torch import nn

from d2lmini.nets.arguments import check_sizes, find_blocks, init_he

# The paper's table 1, columns A, B, D and E: convolutions in each block.
BLOCKS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3),
          19: (2, 2, 4, 4, 4)}


def vgg_block(num_convs, in_channels, out_channels, batch_norm=False,
              ceil_mode=False):
    """Make 3x3 convolutions that keep the size, then a pooling that halves it.

    Args:
        num_convs: Number of convolutions.
        in_channels: Channels of the input.
        out_channels: Channels of each convolution.
        batch_norm: Whether to put batch norm after each convolution.
        ceil_mode: Whether to round an odd size up, not down.

    Returns:
        A network that takes (N, in_channels, H, W) and gives (N,
        out_channels, H / 2, W / 2).
    """
    layers = []
    for _ in range(num_convs):
        layers.append(nn.Conv2d(in_channels, out_channels, kernel_size=3,
                                padding=1))
        if batch_norm:
            layers.append(nn.BatchNorm2d(out_channels))
        layers.append(nn.ReLU())
        in_channels = out_channels
    layers.append(nn.MaxPool2d(kernel_size=2, stride=2, ceil_mode=ceil_mode))
    return nn.Sequential(*layers)


class VGG(nn.Sequential):
    """VGG-11 with 132,863,336 parameters, VGG-16 with 138,357,544, and more.

    Simonyan and Zisserman, Very deep convolutional networks for large-scale
    image recognition, ICLR 2015, arXiv:1409.1556.

    num_classes, in_channels: of the answer, of the images. width: multiplies
    all numbers of channels and of hidden units. small: for 28x28 to 64x64
    images, maps of 1x1 for 7x7 and 512 hidden units for 4,096 at the end,
    and poolings that round odd sizes up, so that five of them fit.
    depth: 11, 13, 16 or 19 layers with weights (the paper's A, B, D and E),
    or the number of convolutions in each block, as (1, 1, 2). batch_norm:
    after each convolution. dropout: share of the hidden units that training
    sets to 0. Takes (N, in_channels, H, W) from 32x32 up, small of any size,
    gives scores (N, num_classes). Raises ValueError for arguments out of
    range.

    Departures from the paper: weights drawn after He and others, 2015, not
    taken from a shallower net that was trained before; average pooling to
    7x7 (small: 1x1) before the classifier, for images of other sizes;
    batch_norm, which came a year later.
    """

    def __init__(self, num_classes=1000, in_channels=3, width=1.0,
                 small=False, depth=11, batch_norm=False, dropout=0.5):
        check_sizes(width, num_classes=num_classes, in_channels=in_channels)
        side, hidden = (1, 512) if small else (7, 4096)
        hidden = max(1, round(width * hidden))
        layers, channels = [], in_channels
        blocks = find_blocks(depth, BLOCKS, 'convolutions')
        for i, num_convs in enumerate(blocks):
            out_channels = max(1, round(width * min(64 * 2 ** i, 512)))
            layers.append(vgg_block(num_convs, channels, out_channels,
                                    batch_norm, ceil_mode=small))
            channels = out_channels
        super().__init__(
            *layers, nn.AdaptiveAvgPool2d(side), nn.Flatten(),
            nn.Linear(channels * side ** 2, hidden), nn.ReLU(),
            nn.Dropout(dropout), nn.Linear(hidden, hidden), nn.ReLU(),
            nn.Dropout(dropout), nn.Linear(hidden, num_classes))
        init_he(self)
