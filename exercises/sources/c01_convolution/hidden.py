"""Sample hidden tests for exercises 1, convolution.

    python -m d2lmini_mark exercises/sources/c01_convolution/hidden.py \\
        submissions

03_pooling.py says how a test is written. Here, where an argument or a result
is no plain data (a function, a kernel of which many are right), a driver
calls the students' function, in their process: it holds no expected value.
"""
import torch
from torch.nn import functional as F

from d2lmini_mark import call, marks


def conv(X, K, **options):
    """Cross-correlate (H, W) with (h, w) by PyTorch."""
    return F.conv2d(X[None, None], K[None, None], **options)[0, 0]


def image_and_kernel(dice):
    """Draw an image, and a kernel that fits into it."""
    h, w = dice.number(1, 3), dice.number(1, 3)
    return (dice.normal(h + dice.number(0, 4), w + dice.number(0, 4)),
            dice.normal(h, w))


@marks(2)
def corr2d(dice):
    for _ in range(6):
        X, K = image_and_kernel(dice)
        yield call(X, K), conv(X, K)
    yield call(X.double(), K.double()), conv(X.double(), K.double())


@marks(2)
def convolve2d(dice):
    for _ in range(6):
        X, K = image_and_kernel(dice)
        yield call(X, K), F.conv_transpose2d(
            X[None, None], K[None, None])[0, 0]  # scatters: no flip needed


def on_a_slope(edge_kernel, X):
    K = edge_kernel()
    response = F.conv2d(X[None, None], K[None, None])[0, 0]
    return response, max(K.norm().item(), 0.5)


@marks(2, use=on_a_slope)
def edge_kernel(dice):
    for _ in range(3):
        down, right, level = dice.normal(3)
        rows, columns = torch.arange(5.)[:, None], torch.arange(6.)
        yield (call(level + down * rows + right * columns),
               (down.expand(3, 4), 0.5))  # the noise may be 0.5 at most


def to_one_decimal(learn_kernel, X, Y, shape):
    return (learn_kernel(X, Y, shape).detach() * 10).round() / 10


@marks(2, use=to_one_decimal, seconds=20)
def learn_kernel(dice):
    for shape in [(1, 2), (2, 2)]:
        X, K = dice.normal(8, 8), dice.whole(*shape) / 2
        yield call(X, conv(X, K), shape), K


@marks(1)
def count_weights(dice):
    for _ in range(5):
        h, w = dice.number(1, 5), dice.number(1, 5)
        H, W = dice.number(h, 40), dice.number(w, 40)
        places = conv(torch.zeros(H, W), torch.zeros(h, w)).numel()
        yield (call(H, W, h, w),
               (places * (H * W + 1), places * (h * w + 1), h * w + 1))


def with_a_layer(commutes, layer, X, K, down, right):
    def circular(X):
        P = F.pad(X[None, None], (1, 1, 1, 1), mode='circular')
        return F.conv2d(P, K[None, None])[0, 0]

    layers = {'circular': circular, 'relu': torch.relu,
              'zeros': lambda X: F.conv2d(X[None, None], K[None, None],
                                          padding=1)[0, 0],
              'ramp': lambda X: X + torch.arange(X.shape[1]),
              'flip': lambda X: X.flip(0)}
    return commutes(layers[layer], X, down, right)


@marks(2, use=with_a_layer)
def commutes(dice):
    right = dict(circular=True, relu=True, zeros=False, ramp=False, flip=False)
    for layer, wanted in right.items():
        yield call(layer, dice.normal(5, 6), dice.normal(3, 3),
                   dice.number(1, 3), dice.number(1, 4)), wanted


@marks(3)
def conv_matrix(dice):
    for _ in range(4):
        X, K = (x.double() for x in image_and_kernel(dice))
        H, W = X.shape
        pixels = torch.eye(H * W).double().reshape(-1, 1, H, W)
        yield (call((H, W), K),
               F.conv2d(pixels, K[None, None]).flatten(1).T.contiguous())
