"""The layers' arithmetic, written out as loops: slow, and easy to read.

Chapters 1 to 4 build each of these in view. PyTorch is their referee in the
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
    check_window(X, K)
    h, w = K.shape
    Y = X.new_zeros(X.shape[0] - h + 1, X.shape[1] - w + 1,
                    dtype=torch.result_type(X, K))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i + h, j:j + w] * K).sum()
    return Y


def check_window(X, K):
    """Raise ValueError unless the kernel fits into the image, both 2-D."""
    if X.ndim != 2 or K.ndim != 2:
        raise ValueError('the image and the kernel must be 2-D, got shapes '
                         f'{tuple(X.shape)} and {tuple(K.shape)}')
    if K.shape[0] > X.shape[0] or K.shape[1] > X.shape[1]:
        raise ValueError(f'a kernel of shape {tuple(K.shape)} does not fit '
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


def pool_output_size(n, kernel_size, stride=None, padding=0, ceil_mode=False):
    """Give the output size of a pooling along one axis.

    n, kernel_size, stride (kernel_size if None), padding (on each side): in
    pixels. Returns floor((n + 2 padding - kernel_size) / stride) + 1; with
    ceil_mode one more if pixels are left over, but only if that last window
    starts on the input or on the padding before it, never on the padding
    after it. Raises ValueError if the padding exceeds half the window or
    the window does not fit.
    """
    if padding > kernel_size // 2:
        raise ValueError(f'padding {padding} is more than half of a window '
                         f'of {kernel_size}')
    stride = stride or kernel_size
    steps, left_over = divmod(n + 2 * padding - kernel_size, stride)
    size = steps + 1
    if ceil_mode and left_over and size * stride < n + padding:
        size += 1
    if size < 1:
        raise ValueError(f'a window of {kernel_size} does not fit into '
                         f'{n + 2 * padding} pixels (padding included)')
    return size


def pool2d(X, pool_size, mode='max', stride=None, padding=0, ceil_mode=False):
    """Pool one image: the maximum or the mean of each window.

    X: (H, W) floats. pool_size: (h, w). stride: (down, right), pool_size if
    None. padding: rows and columns on each side, -inf for 'max' and counted
    zeros for 'avg'. ceil_mode: see pool_output_size, which gives the size;
    a window cut off at the edge counts only the pixels it has.
    Raises ValueError if X is not 2-D, the mode is unknown, the window does
    not fit or the padding is more than half of it.
    A teaching loop: use torch.nn.functional.max_pool2d for real work.
    """
    if X.ndim != 2 or mode not in ('max', 'avg'):
        raise ValueError("pool2d wants an image (H, W) and 'max' or 'avg', "
                         f'got shape {tuple(X.shape)} and {mode!r}')
    (h, w), (down, right) = pool_size, stride or pool_size
    height = pool_output_size(X.shape[0], h, down, padding, ceil_mode)
    width = pool_output_size(X.shape[1], w, right, padding, ceil_mode)
    fill = float('-inf') if mode == 'max' else 0.0
    X = nn.functional.pad(X, (padding,) * 4, value=fill)
    Y = X.new_zeros(height, width)
    for i in range(height):
        for j in range(width):
            window = X[i * down:i * down + h, j * right:j * right + w]
            Y[i, j] = window.max() if mode == 'max' else window.mean()
    return Y


def batch_norm(X, gamma, beta, moving_mean, moving_var, eps, momentum,
               training):
    """Normalize each channel of a minibatch, then scale and shift it.

    X: floats (N, C) or (N, C, H, W). gamma, beta, moving_mean, moving_var:
    (C,). In training the mean and the biased variance of X are used, and the
    moving ones go the share momentum of the way to them (to the unbiased
    variance); else the moving ones are used. Returns Y, shaped like X, and
    the new moving_mean and moving_var. Raises ValueError in training if a
    channel has a single value. Source: Ioffe and Szegedy, Batch
    Normalization, 2015, arXiv:1502.03167.
    """
    n = len(X) * X.shape[2:].numel()        # values in a channel
    if training and n == 1:
        raise ValueError(
            'in training batch norm needs more than one value per channel, '
            f'got shape {tuple(X.shape)}: a value minus itself is 0')
    shape = (1, -1) + (1,) * (X.ndim - 2)   # (C,) becomes (1, C, 1, 1)
    mean, var = moving_mean, moving_var
    if training and n > 1:
        axes = [0, *range(2, X.ndim)]       # all but the channels
        mean = X.mean(axes)
        var = ((X - mean.reshape(shape)) ** 2).mean(axes)
        keep, unbiased = 1 - momentum, var * n / (n - 1)
        moving_mean = keep * moving_mean + momentum * mean.detach()
        moving_var = keep * moving_var + momentum * unbiased.detach()
    X_hat = (X - mean.reshape(shape)) / (var + eps).sqrt().reshape(shape)
    Y = gamma.reshape(shape) * X_hat + beta.reshape(shape)
    return Y, moving_mean, moving_var


class BatchNorm(nn.Module):
    """A layer of batch norm with running statistics for eval mode.

    num_features: channels C. num_dims: 2 for inputs (N, C), 4 for
    (N, C, H, W). eps, momentum: as in torch.nn.BatchNorm1d and BatchNorm2d;
    momentum is the share of the newest minibatch. Raises ValueError if
    num_dims or an input is of another shape.
    """

    def __init__(self, num_features, num_dims, eps=1e-5, momentum=0.1):
        super().__init__()
        if num_dims not in (2, 4):
            raise ValueError(f'num_dims must be 2 or 4, got {num_dims}')
        self.num_dims, self.eps, self.momentum = num_dims, eps, momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer('moving_mean', torch.zeros(num_features))
        self.register_buffer('moving_var', torch.ones(num_features))

    def forward(self, X):
        if X.ndim != self.num_dims or X.shape[1] != len(self.gamma):
            raise ValueError(f'X must have {self.num_dims} dimensions and '
                             f'{len(self.gamma)} channels, got shape '
                             f'{tuple(X.shape)}')
        Y, self.moving_mean, self.moving_var = batch_norm(
            X, self.gamma, self.beta, self.moving_mean, self.moving_var,
            self.eps, self.momentum, self.training)
        return Y


def dropout(X, p, training):
    """Set each number of X to 0 with probability p, scale up the others.

    p: from 0 to 1. In training the others are divided by 1 - p, so the mean
    is kept; else X comes back as it is. Raises ValueError for another p.
    Source: Srivastava and others, Dropout, JMLR, 2014.
    """
    if not 0 <= p <= 1:
        raise ValueError(f'p must be from 0 to 1, got {p}')
    if not training or p == 0:
        return X
    if p == 1:
        return X * 0
    keep = torch.rand_like(X) >= p
    return X * keep / (1 - p)


def smooth_labels(y, num_classes, eps):
    """Turn classes into probabilities that are never quite sure.

    y: classes (N,). Returns (N, num_classes): the share 1 - eps is y's, eps
    is spread evenly over all classes, y's too. Source: Szegedy and others,
    Rethinking the Inception architecture, 2015, arXiv:1512.00567.
    """
    one_hot = nn.functional.one_hot(y, num_classes).float()
    return (1 - eps) * one_hot + eps / num_classes
