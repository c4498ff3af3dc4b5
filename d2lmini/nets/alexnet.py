"""AlexNet, the network that made the world look at deep learning."""
from functools import partial

from torch import nn

from d2lmini.nets.arguments import check_sizes, init_he


class AlexNet(nn.Sequential):
    """AlexNet as torchvision has it: 61,100,840 parameters.

    Krizhevsky, Sutskever and Hinton, ImageNet classification with deep
    convolutional neural networks, NeurIPS 2012. This form: Krizhevsky, One
    weird trick for parallelizing convolutional neural networks, 2014,
    arXiv:1404.5997.

    num_classes, in_channels: of the answer, of the images. width: multiplies
    all numbers of channels and of hidden units. small: for 28x28 to 64x64
    images, see below. dropout: share of the numbers that go into the first
    and the second linear layer that training sets to 0. activation: module
    class. Takes (N, in_channels, H, W) from 63x63 up, small from 28x28 up;
    gives scores (N, num_classes). Raises ValueError for arguments out of
    range.

    Departures from the paper of 2012: 64, 192, 384, 256 and 256 channels for
    its 96, 256, 384, 384 and 256; one tower, where it has two on two GPUs
    that see each other's maps in one layer only; no local response
    normalization; a padding of 2 in front; dropout before the first two
    linear layers, not after them; weights as in He and others, 2015. From
    the paper of 2014: 256 channels for its 384 in the fourth convolution.
    small: 5x5 with stride 1 in front, poolings padded so that they halve the
    side, maps of 4x4 for 6x6 and 1,024 hidden units for 4,096 at the end.
    """

    def __init__(self, num_classes=1000, in_channels=3, width=1.0,
                 small=False, dropout=0.5, activation=nn.ReLU):
        check_sizes(width, num_classes=num_classes, in_channels=in_channels)
        c1, c2, c3, c4, hidden = (max(1, round(width * n)) for n in (
            64, 192, 384, 256, 1024 if small else 4096))
        size, stride, side = (5, 1, 4) if small else (11, 4, 6)
        pool = partial(nn.MaxPool2d, 3, stride=2, padding=int(small))
        super().__init__(
            nn.Conv2d(in_channels, c1, size, stride, padding=2),
            activation(), pool(),                   # (N, 64, 27, 27)
            nn.Conv2d(c1, c2, kernel_size=5, padding=2),
            activation(), pool(),                   # (N, 192, 13, 13)
            nn.Conv2d(c2, c3, kernel_size=3, padding=1), activation(),
            nn.Conv2d(c3, c4, kernel_size=3, padding=1), activation(),
            nn.Conv2d(c4, c4, kernel_size=3, padding=1),
            activation(), pool(),                   # (N, 256, 6, 6)
            nn.AdaptiveAvgPool2d(side), nn.Flatten(),
            nn.Dropout(dropout), nn.Linear(c4 * side ** 2, hidden),
            activation(), nn.Dropout(dropout), nn.Linear(hidden, hidden),
            activation(), nn.Linear(hidden, num_classes))
        init_he(self)
