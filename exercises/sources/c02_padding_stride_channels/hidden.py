"""Sample hidden tests for exercises 2, padding, stride and channels.

    python -m d2lmini_mark \\
        exercises/sources/c02_padding_stride_channels/hidden.py submissions

exercises/sources/c03_pooling/hidden.py says how a test is written. PyTorch's
layers know what is right.
"""
import torch
from torch import nn
from torch.nn import functional as F

from d2lmini_mark import call, marks


@marks(1, secret=True)
def shapes(dice):
    X = torch.zeros(1, 3, 32, 20)
    layers = [nn.Conv2d(3, 8, 5), nn.Conv2d(3, 8, 3, padding=1),
              nn.Conv2d(3, 16, 3, stride=2), nn.Conv2d(3, 4, 3, dilation=2),
              nn.Conv2d(3, 6, 1, groups=3), nn.ConvTranspose2d(3, 2, 4, 2)]
    yield call(), tuple(tuple(layer(X).shape) for layer in layers)


@marks(2)
def output_size(dice):
    yield call(n=5, kernel_size=3), 3  # the defaults
    for _ in range(30):
        n, k = dice.number(1, 30), dice.number(1, 5)
        stride, padding = dice.number(1, 4), dice.number(0, 3)
        dilation = dice.number(1, 3)
        try:
            wanted = F.conv1d(
                torch.zeros(1, 1, n), torch.zeros(1, 1, k), None, stride,
                padding, dilation).shape[-1]
        except RuntimeError:
            wanted = ValueError('the kernel does not fit')
        yield call(n, k, stride, padding, dilation), wanted
    yield call(4, 3, dilation=2), ValueError('the kernel does not fit')


MODES = {'zeros': 'constant', 'reflect': 'reflect', 'replicate': 'replicate',
         'circular': 'circular'}


@marks(3)
def pad2d(dice):
    for name, mode in MODES.items():
        for p in [0, 1, 1, 2]:
            h, w = dice.number(p + 1, 5), dice.number(p + 1, 6)
            X = dice.whole(h, w, low=1, high=99)
            yield (call(X, p, name),
                   F.pad(X[None, None], (p,) * 4, mode)[0, 0])
    yield call(X, 1), F.pad(X, (1,) * 4)


@marks(2)
def strided_corr2d(dice):
    for stride in [(1, 1), (1, 2), (2, 1), (3, 2), (2, 3), (2, 2)]:
        h, w = dice.number(1, 3), dice.number(1, 3)
        X = dice.whole(h + dice.number(1, 6), w + dice.number(1, 6))
        K = dice.whole(h, w, low=1, high=9)
        yield (call(X, K, stride), F.conv2d(
            X[None, None], K[None, None], stride=stride)[0, 0])


@marks(1)
def dilate(dice):
    for d in [1, 2, 2, 3]:
        K = dice.whole(dice.number(1, 3), dice.number(1, 4), low=1, high=99)
        D = torch.zeros(d * (len(K) - 1) + 1, d * (K.shape[1] - 1) + 1)
        for i, row in enumerate(K):
            for j, weight in enumerate(row):
                D[d * i, d * j] = weight
        yield call(K, d), D


@marks(2)
def corr2d_channels(dice):
    for c, o in [(1, 1), (2, 1), (1, 3), (3, 2), (3, 3)]:
        h, w = dice.number(1, 3), dice.number(1, 3)
        X = dice.normal(c, h + dice.number(0, 3), w + dice.number(1, 3))
        K, bias = dice.normal(o, c, h, w), dice.normal(o)
        yield call(X, K), F.conv2d(X[None], K)[0]
        yield call(X, K, bias), F.conv2d(X[None], K, bias)[0]


@marks(2)
def conv1x1(dice):
    for n, c, o in [(1, 1, 1), (1, 2, 3), (2, 2, 2), (2, 3, 3), (3, 4, 2)]:
        X = dice.normal(n, c, dice.number(1, 4), dice.number(1, 4))
        K = dice.normal(o, c)
        yield call(X, K), F.conv2d(X, K[:, :, None, None])


def without_groups(grouped, X, K, groups):
    """Refuse what the question forbids, the layer's own argument."""
    class NoGroups(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            kwargs = kwargs or {}
            given = kwargs.get('groups', args[6] if len(args) > 6 else 1)
            if getattr(func, '__name__', '') == 'conv2d' and given != 1:
                raise ValueError('the question asks you to do without the '
                                 'argument `groups` of the convolution')
            return func(*args, **kwargs)

    with NoGroups():
        return grouped(X, K, groups)


@marks(2, use=without_groups)
def grouped(dice):
    for groups, c, o in [(1, 2, 2), (2, 1, 1), (2, 1, 2), (2, 2, 1),
                         (3, 2, 2)]:
        h, w = dice.number(1, 3), dice.number(1, 3)
        X = dice.normal(groups * c, h + 2, w + 1)
        K = dice.normal(groups * o, c, h, w)
        yield call(X, K, groups), F.conv2d(X[None], K, groups=groups)[0]


@marks(2)
def receptive_field(dice):
    yield call([]), 1
    for count in [1, 2, 2, 3, 4]:
        layers = [(dice.number(2, 5), dice.number(1, 3), dice.number(1, 3))
                  for _ in range(count)]
        seen = {0}  # the pixels of a row that one unit sees, layer by layer
        for k, stride, dilation in layers[::-1]:
            seen = {i * stride + j * dilation for i in seen
                    for j in range(k)}
        yield call(layers), max(seen) + 1


@marks(3)
def transposed_conv(dice):
    for more in [{}, {}, {'stride': 2}, {'stride': 2}, {'stride': 3}]:
        X = dice.whole(dice.number(1, 3), dice.number(2, 4), low=1, high=9)
        K = dice.whole(dice.number(2, 3), dice.number(1, 4), low=1, high=9)
        yield call(X, K, **more), F.conv_transpose2d(
            X[None, None], K[None, None], **more)[0, 0]
