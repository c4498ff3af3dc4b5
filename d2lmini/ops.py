"""The layers' arithmetic, written out as loops: slow, and easy to read.

Chapters 1 to 3 build each of these in view. PyTorch is their referee in the
tests, forward and gradient.
"""
import torch
from torch import nn


def corr2d(X, K):
    """Cross-correlate one image with one kernel.

    X: (H, W). K: (h, w), no larger than X. Returns (H - h + 1, W - w + 1).
    Raises ValueError if either is not 2-D or K exceeds X.
    A teaching loop: use torch.nn.functional.conv2d for real work.
    """
    check_window(X, K.shape, 'kernel')
    h, w = K.shape
    Y = X.new_zeros(X.shape[0] - h + 1, X.shape[1] - w + 1)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i + h, j:j + w] * K).sum()
    return Y


def check_window(X, window, name):
    """Raise ValueError unless a 2-D window fits into the 2-D image X."""
    if X.ndim != 2 or len(window) != 2:
        raise ValueError(f'the image and the {name} must be 2-D, got shapes '
                         f'{tuple(X.shape)} and {tuple(window)}')
    if window[0] > X.shape[0] or window[1] > X.shape[1]:
        raise ValueError(f'a {name} of shape {tuple(window)} does not fit '
                         f'into an image of shape {tuple(X.shape)}')


class Conv2D(nn.Module):
    """A layer that cross-correlates one image with its kernel, adds a bias.

    kernel_size: (h, w). The weight starts uniform in [0, 1), the bias at 0.
    forward: X (H, W) to (H - h + 1, W - w + 1).
    """

    def __init__(self, kernel_size):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(kernel_size))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, X):
        return corr2d(X, self.weight) + self.bias


def conv_output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    """Give the output size of a convolution along one axis.

    n, kernel_size, stride, padding (on each side), dilation: in pixels.
    Returns floor((n + 2 padding - dilation (kernel_size - 1) - 1) / stride)
    + 1. Raises ValueError if the dilated kernel exceeds the padded input.
    """
    span = dilation * (kernel_size - 1) + 1
    if span > n + 2 * padding:
        raise ValueError(f'a kernel that spans {span} pixels does not fit '
                         f'into {n + 2 * padding} (the input with padding)')
    return (n + 2 * padding - span) // stride + 1


def corr2d_multi_in(X, K):
    """Cross-correlate channel by channel and add the results up.

    X: (C, H, W). K: (C, h, w). Returns (H - h + 1, W - w + 1).
    Raises ValueError if the numbers of channels differ.
    """
    if len(X) != len(K):
        raise ValueError(f'the image has {len(X)} channels, '
                         f'the kernel has {len(K)}: they must agree')
    return sum(corr2d(x, k) for x, k in zip(X, K))


def corr2d_multi_in_out(X, K):
    """Cross-correlate with one kernel per output channel.

    X: (C_in, H, W). K: (C_out, C_in, h, w).
    Returns (C_out, H - h + 1, W - w + 1).
    """
    return torch.stack([corr2d_multi_in(X, k) for k in K])


def corr2d_multi_in_out_1x1(X, K):
    """Do a 1x1 convolution as one matrix product over the pixels.

    X: (C_in, H, W). K: (C_out, C_in, 1, 1). Returns (C_out, H, W).
    Source: Lin, Chen and Yan, Network In Network, 2013, arXiv:1312.4400.
    """
    c_in, height, width = X.shape
    Y = K.reshape(len(K), c_in) @ X.reshape(c_in, height * width)
    return Y.reshape(len(K), height, width)


def receptive_field(layers):
    """Give the side, in input pixels, of what one output unit sees.

    layers: (kernel_size, stride) pairs from first to last; a dilated kernel
    counts with its span, dilation (kernel_size - 1) + 1. Goes from the last
    layer back: RF = (RF - 1) * stride + kernel_size.
    """
    size = 1
    for kernel_size, stride in reversed(layers):
        size = (size - 1) * stride + kernel_size
    return size


def pool2d(X, pool_size, mode='max', stride=None, padding=0):
    """Pool one image: the maximum or the mean of each window.

    X: (H, W) floats. pool_size: (h, w). stride: (down, right), pool_size if
    None. padding: rows and columns on each side, -inf for 'max' and counted
    zeros for 'avg', at most half a window. Returns ((H + 2 padding - h) //
    down + 1, (W + 2 padding - w) // right + 1). Raises ValueError if the
    mode is unknown, the window does not fit or the padding is too large.
    """
    if mode not in ('max', 'avg'):
        raise ValueError(f"mode must be 'max' or 'avg', got {mode!r}")
    if padding > min(pool_size) // 2:
        raise ValueError(f'padding {padding} is more than half of the '
                         f'window {tuple(pool_size)}')
    fill = float('-inf') if mode == 'max' else 0.0
    X = nn.functional.pad(X, (padding,) * 4, value=fill)
    check_window(X, pool_size, 'window')
    (h, w), (down, right) = pool_size, stride or pool_size
    Y = X.new_zeros((X.shape[0] - h) // down + 1,
                    (X.shape[1] - w) // right + 1)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            window = X[i * down:i * down + h, j * right:j * right + w]
            Y[i, j] = window.max() if mode == 'max' else window.mean()
    return Y
