"""GoogLeNet, which looks at each map through four windows at once."""
import torch
from torch import nn

from d2lmini.nets.arguments import check_sizes, init_he

# The paper's table 1: the channels of each module's four branches, which are
# 1x1; 1x1 and 3x3; 1x1 and 5x5; 1x1 after pooling. A row is a stage.
MODULES = [
    [(64, (96, 128), (16, 32), 32), (128, (128, 192), (32, 96), 64)],
    [(192, (96, 208), (16, 48), 64), (160, (112, 224), (24, 64), 64),
     (128, (128, 256), (24, 64), 64), (112, (144, 288), (32, 64), 64),
     (256, (160, 320), (32, 128), 128)],
    [(256, (160, 320), (32, 128), 128), (384, (192, 384), (48, 128), 128)]]


def conv_relu(in_channels, out_channels, kernel_size, stride=1,
              batch_norm=True):
    """Convolution that keeps the size (at stride 1), batch norm, ReLU."""
    layers = [nn.Conv2d(in_channels, out_channels, kernel_size, stride,
                        padding=kernel_size // 2, bias=not batch_norm)]
    if batch_norm:
        layers.append(nn.BatchNorm2d(out_channels, eps=0.001))
    return nn.Sequential(*layers, nn.ReLU())


class Inception(nn.Module):
    """Four branches over one map, their answers side by side as channels.

    The paper's form, unless told otherwise. Takes (N, in_channels, H, W),
    gives (N, c1 + c2[1] + c3[1] + c4, H, W).

    Args:
        in_channels: Channels of the input.
        c1: Channels of the 1x1 branch; #1x1 in the paper's table.
        c2: Channels of the 1x1 reduction and of the 3x3 convolution after
            it; #3x3 reduce and #3x3.
        c3: Likewise for the wide convolution; #5x5 reduce and #5x5.
        c4: Channels of the 1x1 after max-pooling; pool proj.
        kernel_size: Of the wide convolution.
        batch_norm: Whether to put batch norm after each convolution, in
            place of its bias.
    """

    def __init__(self, in_channels, c1, c2, c3, c4, kernel_size=5,
                 batch_norm=False):
        super().__init__()
        bn = dict(batch_norm=batch_norm)
        self.branches = nn.ModuleList([
            conv_relu(in_channels, c1, 1, **bn),
            nn.Sequential(conv_relu(in_channels, c2[0], 1, **bn),
                          conv_relu(c2[0], c2[1], 3, **bn)),
            nn.Sequential(conv_relu(in_channels, c3[0], 1, **bn),
                          conv_relu(c3[0], c3[1], kernel_size, **bn)),
            nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1),
                          conv_relu(in_channels, c4, 1, **bn))])
        self.out_channels = c1 + c2[1] + c3[1] + c4

    def forward(self, X):
        return torch.cat([branch(X) for branch in self.branches], dim=1)


class GoogLeNet(nn.Sequential):
    """GoogLeNet without auxiliary classifiers: 6,624,904 parameters.

    Szegedy, Liu, Jia, Sermanet, Reed, Anguelov, Erhan, Vanhoucke and
    Rabinovich, Going deeper with convolutions, CVPR 2015, arXiv:1409.4842.

    num_classes, in_channels: of the answer, of the images. width: multiplies
    all numbers of channels. small: for 28x28 to 64x64 images, a first
    convolution of 3x3 and stride 1 with no pooling after it. kernel_size: of
    each module's wide branch, odd, 5 in the paper and 3 in torchvision.
    batch_norm: after each convolution, in place of its bias. dropout: share
    of the last 1,024 features that training sets to 0. Takes (N,
    in_channels, H, W) from 28x28 up, gives scores (N, num_classes). Raises
    ValueError for arguments out of range.

    The default is torchvision's form, which departs from the paper: batch
    norm, which came later, for local response normalization; 3x3 for 5x5 in
    the wide branch; 2x2 for 3x3 in the last max-pooling; dropout 0.2 for
    0.4; no auxiliary classifiers, which helped the gradient before batch
    norm. kernel_size=5, batch_norm=False, dropout=0.4 come near the paper:
    6,998,552 parameters. Weights start as in He and others, 2015.
    """

    def __init__(self, num_classes=1000, in_channels=3, width=1.0,
                 small=False, kernel_size=3, batch_norm=True, dropout=0.2):
        check_sizes(width, num_classes=num_classes, in_channels=in_channels)
        first, second, channels = scaled((64, 64, 192), width)
        layers = ([conv_relu(in_channels, first, 3, 1, batch_norm)] if small
                  else [conv_relu(in_channels, first, 7, 2, batch_norm),
                        nn.MaxPool2d(3, stride=2, ceil_mode=True)])
        layers += [conv_relu(first, second, 1, 1, batch_norm),
                   conv_relu(second, channels, 3, 1, batch_norm)]
        for stage, window in zip(MODULES, (3, 3, 2)):
            layers.append(nn.MaxPool2d(window, stride=2, ceil_mode=True))
            for module in stage:
                layers.append(Inception(channels, *scaled(module, width),
                                        kernel_size, batch_norm))
                channels = layers[-1].out_channels
        super().__init__(
            *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(),
            nn.Dropout(dropout), nn.Linear(channels, num_classes))
        init_he(self)


def scaled(channels, width):
    """Multiply a number, or all in nested tuples, by width; at least 1."""
    if isinstance(channels, tuple):
        return tuple(scaled(c, width) for c in channels)
    return max(1, round(channels * width))
