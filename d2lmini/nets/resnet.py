"""ResNet, whose blocks learn what to add to their input."""
from torch import nn
from torch.nn import functional as F

from d2lmini.nets.arguments import check_sizes, find_blocks, init_he


def conv_bn(in_channels, out_channels, kernel_size, stride=1):
    """Convolution that keeps the size (at stride 1), then batch norm."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel_size, stride,
                  padding=kernel_size // 2, bias=False),
        nn.BatchNorm2d(out_channels))


class Residual(nn.Module):
    """The basic block: relu(F(X) + X), where F is two 3x3 convolutions.

    If the block changes the number of channels or has a stride, X goes
    through a 1x1 convolution on its way round, the paper's option B. Takes
    (N, in_channels, H, W), gives (N, out_channels, H / strides, W /
    strides), sizes rounded up.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of both convolutions.
        use_1x1conv: Whether X is convolved even where its shape stays.
        strides: Stride of the first convolution, in pixels.
    """

    def __init__(self, in_channels, out_channels, use_1x1conv=False,
                 strides=1):
        super().__init__()
        self.branch = self.make_branch(in_channels, out_channels, strides)
        self.shortcut = nn.Identity()
        if use_1x1conv or strides > 1 or in_channels != out_channels:
            self.shortcut = conv_bn(in_channels, out_channels, 1, strides)

    def make_branch(self, in_channels, out_channels, strides):
        """Make F: what X goes through before it is added to itself."""
        return nn.Sequential(
            conv_bn(in_channels, out_channels, 3, strides), nn.ReLU(),
            conv_bn(out_channels, out_channels, 3))

    def forward(self, X):
        return F.relu(self.branch(X) + self.shortcut(X))


class Bottleneck(Residual):
    """The deep nets' block: its 3x3 works on a quarter of the channels.

    1x1 down, 3x3, 1x1 up; all else as in Residual. The stride is in the 3x3
    convolution; in the paper it is in the first 1x1.
    """

    def make_branch(self, in_channels, out_channels, strides):
        """Make F, with a quarter of out_channels inside."""
        channels = out_channels // 4
        return nn.Sequential(
            conv_bn(in_channels, channels, 1), nn.ReLU(),
            conv_bn(channels, channels, 3, strides), nn.ReLU(),
            conv_bn(channels, out_channels, 1))


# The paper's table 1: how many blocks each stage has; from 50 on Bottlenecks.
STAGES = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3),
          101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}


class ResNet(nn.Sequential):
    """ResNet-18, 34, 50, 101 or 152: 11,689,512 parameters for 18.

    He, Zhang, Ren and Sun, Deep residual learning for image recognition,
    CVPR 2016, arXiv:1512.03385.

    num_classes, in_channels: of the answer, of the images. width: multiplies
    all numbers of channels. small: for 28x28 to 64x64 images, a first
    convolution of 3x3 and stride 1 with no pooling after it. depth: of the
    paper's table 1, or the number of basic blocks in each stage: (3, 3, 3)
    with width=0.25, small=True is the paper's ResNet-20 for CIFAR-10. Takes
    (N, in_channels, H, W) from 28x28 up, gives scores (N, num_classes).
    Raises ValueError for arguments out of range.

    Departures from the paper: the stride of a Bottleneck, see there; option
    B for all shortcuts that change the shape, where the paper's nets for
    CIFAR-10 fill up with channels of zeros.
    """

    def __init__(self, num_classes=1000, in_channels=3, width=1.0,
                 small=False, depth=18):
        check_sizes(width, num_classes=num_classes, in_channels=in_channels)
        counts = find_blocks(depth, STAGES, 'basic blocks')
        block, wide = Residual, 1
        if depth in (50, 101, 152):
            block, wide = Bottleneck, 4
        channels = max(1, round(64 * width))
        layers = ([conv_bn(in_channels, channels, 3), nn.ReLU()] if small else
                  [conv_bn(in_channels, channels, 7, 2), nn.ReLU(),
                   nn.MaxPool2d(3, stride=2, padding=1)])
        for i, count in enumerate(counts):
            out_channels = wide * max(1, round(64 * 2 ** i * width))
            layers.append(stage(block, channels, out_channels, count,
                                stride=1 if i == 0 else 2))
            channels = out_channels
        super().__init__(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                         nn.Linear(channels, num_classes))
        init_he(self, 'fan_out')


def stage(block, in_channels, out_channels, count, stride):
    """Blocks in a row; the first of them strides and changes the channels."""
    return nn.Sequential(
        block(in_channels, out_channels, strides=stride),
        *(block(out_channels, out_channels) for _ in range(count - 1)))
