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

    It is floor((n + 2 padding - kernel_size) / stride) + 1. With ceil_mode
    it is one more if pixels are left over, but only if that last window
    starts on the input or on the padding before it, never on the padding
    after it.

    Args:
        n: Size of the input, in pixels.
        kernel_size: Size of the window, in pixels.
        stride: Pixels from one window to the next; kernel_size if None.
        padding: Pixels on each side.
        ceil_mode: Whether a window may hang over the edge.

    Returns:
        The number of windows.

    Raises:
        ValueError: If the window does not fit, the padding is more than half
            of it, or the window or the stride is below 1.
    """
    stride = kernel_size if stride is None else stride
    if min(kernel_size, stride) < 1:
        raise ValueError('the window and its stride must be 1 or more, got '
                         f'{kernel_size} and {stride}')
    if padding > kernel_size // 2:
        raise ValueError(f'padding {padding} is more than half of a window '
                         f'of {kernel_size}')
    steps, left_over = divmod(n + 2 * padding - kernel_size, stride)
    size = steps + 1
    if ceil_mode and left_over and size * stride < n + padding:
        size += 1
    if size < 1:
        raise ValueError(f'a window of {kernel_size} does not fit into '
                         f'{n + 2 * padding} pixels (padding included)')
    return size


def pair(n):
    """Give (n, n) for one number; two numbers come back as a tuple."""
    n = (n, n) if isinstance(n, int) else tuple(n)
    if len(n) != 2:
        raise ValueError(f'wanted one number or two, got {n}')
    return n


def pool2d(X, pool_size, mode='max', stride=1, padding=0, ceil_mode=False):
    """Pool one image: the maximum or the mean of each window.

    The gradient of a maximum goes to one pixel, the first of equals, as in
    PyTorch. A teaching loop: use torch.nn.functional.max_pool2d for real
    work, whose windows move by their own size unless told otherwise.

    Args:
        X: Image of shape (H, W), of floats.
        pool_size: Size of the window, in pixels: (h, w), or one number.
        mode: 'max' or 'avg'.
        stride: Pixels from one window to the next: (down, right), or one
            number; None is the window's size.
        padding: Rows above and below, columns left and right, or one number
            for both; -inf for 'max' and zeros, which count, for 'avg'.
        ceil_mode: See pool_output_size, which gives the output's size. A
            window cut off at the edge counts only the pixels it has.

    Returns:
        The pooled image; its maximum is nan where the window has one.

    Raises:
        ValueError: If X is not 2-D, the mode is unknown, the window does not
            fit or the padding is more than half of it.
    """
    if X.ndim != 2 or mode not in ('max', 'avg'):
        raise ValueError("pool2d wants an image (H, W) and 'max' or 'avg', "
                         f'got shape {tuple(X.shape)} and {mode!r}')
    (h, w), (rows, cols) = pair(pool_size), pair(padding)
    down, right = pair(pool_size if stride is None else stride)
    height = pool_output_size(X.shape[0], h, down, rows, ceil_mode)
    width = pool_output_size(X.shape[1], w, right, cols, ceil_mode)
    fill = float('-inf') if mode == 'max' else 0.0
    X = nn.functional.pad(X, (cols, cols, rows, rows), value=fill)
    Y = X.new_zeros(height, width)
    for i in range(height):
        for j in range(width):
            window = X[i * down:i * down + h, j * right:j * right + w]
            first = window.flatten()[window.argmax()]
            Y[i, j] = first if mode == 'max' else window.mean()
    return Y


def batch_norm(X, gamma, beta, moving_mean, moving_var, eps, momentum,
               training=None):
    """Normalize each channel of a minibatch, then scale and shift it.

    Source: Ioffe and Szegedy, Batch Normalization, 2015, arXiv:1502.03167.

    Args:
        X: Minibatch of floats, of shape (N, C) or (N, C, H, W).
        gamma: Scale, C numbers in any shape.
        beta: Shift, likewise.
        moving_mean: Running mean, likewise.
        moving_var: Running variance, likewise.
        eps: Added to the variance.
        momentum: Share of the newest minibatch in the running statistics, as
            in PyTorch: 0.1 is what d2l calls 0.9.
        training: Whether to use the mean and the biased variance of X, and
            to move the running statistics towards them (towards the unbiased
            variance); else the running ones are used. Must be given.

    Returns:
        Y, shaped like X, and the new moving_mean and moving_var.

    Raises:
        ValueError: In training, if a channel has a single value; or if
            training is not given.
    """
    if training is None:
        raise ValueError('batch_norm wants training=True or False, got None; '
                         'momentum is the share of the newest minibatch: '
                         "write 1 - momentum for d2l's")
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
        new_mean = mean.detach().reshape(moving_mean.shape)
        new_var = var.detach().reshape(moving_var.shape) * n / (n - 1)
        moving_mean = (1 - momentum) * moving_mean + momentum * new_mean
        moving_var = (1 - momentum) * moving_var + momentum * new_var
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
