"""EfficientNet-Lite0: inverted residual blocks, made for small devices."""
from torch import nn
from torch.nn import functional as F

from d2lmini.nets.arguments import check_sizes, init_he

# A row a stage: kernel size, stride, expansion, channels out, blocks.
STAGES = [(3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2),
          (3, 2, 6, 80, 3), (5, 1, 6, 112, 3), (5, 2, 6, 192, 4),
          (3, 1, 6, 320, 1)]


class SameConv2d(nn.Conv2d):
    """Convolution whose output is the input's size / stride, rounded up.

    Where the padding is odd, the odd row and column stand at the bottom and
    on the right, as in TensorFlow, where the published weights were trained.
    """

    def forward(self, X):
        needed = [max((-(-n // s) - 1) * s + k - n, 0) for n, s, k in zip(
            X.shape[2:], self.stride, self.kernel_size)]
        top, left = (n // 2 for n in needed)
        X = F.pad(X, (left, needed[1] - left, top, needed[0] - top))
        return super().forward(X)


def conv_bn(in_channels, out_channels, kernel_size, stride=1, groups=1):
    """Convolution without bias, then batch norm as the weights need it.

    PyTorch's momentum of 0.01 is the paper's 0.99.
    """
    return [SameConv2d(in_channels, out_channels, kernel_size, stride,
                       groups=groups, bias=False),
            nn.BatchNorm2d(out_channels, eps=1e-3, momentum=0.01)]


class InvertedResidual(nn.Sequential):
    """1x1 up, depthwise, 1x1 down without activation; plus X if it fits.

    Narrow between blocks and wide inside, the reverse of a Bottleneck. Takes
    (N, in_channels, H, W), gives (N, out_channels, H / stride, W / stride),
    sizes rounded up. Sandler and others, MobileNetV2, arXiv:1801.04381.
    """

    def __init__(self, in_channels, out_channels, kernel_size, stride,
                 expansion):
        middle = in_channels * expansion
        up = ([] if expansion == 1 else
              [*conv_bn(in_channels, middle, 1), nn.ReLU6()])
        super().__init__(
            *up, *conv_bn(middle, middle, kernel_size, stride, middle),
            nn.ReLU6(), *conv_bn(middle, out_channels, 1))
        self.adds = stride == 1 and in_channels == out_channels

    def forward(self, X):
        Y = super().forward(X)
        return X + Y if self.adds else Y


class EfficientNetLite0(nn.Sequential):
    """EfficientNet-Lite0: 4,652,008 parameters with 1000 classes.

    Tan and Le, EfficientNet, ICML 2019, arXiv:1905.11946, in the form that
    Liu, 2020, made for phones: no squeeze-and-excitation, ReLU6 for swish.
    num_classes, in_channels: of the answer, of the images. Takes (N,
    in_channels, H, W) from 32x32 up, gives scores (N, num_classes). Raises
    ValueError for arguments out of range. Departures: no dropout before the
    last layer and no dropping of whole blocks.
    """

    def __init__(self, num_classes=1000, in_channels=3):
        check_sizes(1.0, num_classes=num_classes, in_channels=in_channels)
        layers = [nn.Sequential(*conv_bn(in_channels, 32, 3, 2), nn.ReLU6())]
        channels = 32
        for kernel_size, stride, expansion, out_channels, count in STAGES:
            stage = nn.Sequential()
            for _ in range(count):
                stage.append(InvertedResidual(channels, out_channels,
                                              kernel_size, stride, expansion))
                channels, stride = out_channels, 1
            layers.append(stage)
        super().__init__(
            *layers, nn.Sequential(*conv_bn(channels, 1280, 1), nn.ReLU6()),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(),
            nn.Linear(1280, num_classes))
        init_he(self, 'fan_out')
