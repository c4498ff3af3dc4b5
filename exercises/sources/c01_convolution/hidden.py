"""Sample hidden tests for exercises 1, convolution.

    python -m d2lmini_mark exercises/sources/c01_convolution/hidden.py \\
        submissions

exercises/sources/c03_pooling/hidden.py says how a test is written. Here many
kernels are right, so a test yields what to make of one as well; and functions
are handed over, which stay on this side: nobody can look into them.
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


def on(X):
    """Return what tells a kernel's response on X, and whether it is large."""
    def response(K):
        K = torch.as_tensor(K, dtype=X.dtype)
        return conv(X, K), max(K.norm().item(), 0.5)

    return response


@marks(2)
def edge_kernel(dice):
    for _ in range(3):
        down, right, level = dice.normal(3)
        rows, columns = torch.arange(5.)[:, None], torch.arange(6.)
        slope = level + down * rows + right * columns
        wanted = down.expand(3, 4), 0.5  # the noise may be 0.5 at most
        yield call(), wanted, on(slope)


def to_one_decimal(K):
    return (torch.as_tensor(K) * 10).round() / 10


def learned(learn_kernel, X, Y, shape):
    """Runs beside the students' code: it holds no expected value."""
    K = learn_kernel(X, Y, shape)
    if getattr(K, 'requires_grad', False):
        raise ValueError('the kernel still requires a gradient: .detach()')
    return K


@marks(2, use=learned, seconds=20)
def learn_kernel(dice):
    for shape in [(1, 2), (2, 2)]:
        X, K = dice.normal(8, 8), dice.whole(*shape) / 2
        yield call(X, conv(X, K), shape), K, to_one_decimal


@marks(1)
def count_weights(dice):
    for _ in range(5):
        h, w = dice.number(1, 5), dice.number(1, 5)
        H, W = dice.number(h, 40), dice.number(w, 40)
        places = conv(torch.zeros(H, W), torch.zeros(h, w)).numel()
        yield (call(H, W, h, w),
               (places * (H * W + 1), places * (h * w + 1), h * w + 1))


def layers(dice):
    """Return (function, whether it commutes with a shift), in any order."""
    K = dice.normal(3, 3)

    def padded(mode):
        return lambda X: conv(F.pad(X[None], (1, 1, 1, 1), mode=mode)[0], K)

    found = [(padded('circular'), True), (padded('constant'), False),
             (torch.relu, True), (lambda X: X.flip(0), False),
             (lambda X: X + torch.arange(X.shape[1]), False),
             (lambda X: X + 1e-5 * torch.arange(X.shape[1]), True),
             (lambda X: torch.full_like(X, X[0, 0]), False),
             (lambda X: torch.full_like(X, -X[0, 0]), False)]
    return sorted(found, key=lambda pair: dice.number(0, 10**6))


@marks(2)
def commutes(dice):
    for rows in (5, 7):  # one X for all: differences of both signs
        X = dice.normal(rows, 6)
        down, right = dice.number(1, 3), dice.number(1, 4)
        for layer, wanted in layers(dice):
            yield call(layer, X, down, right), wanted


@marks(3)
def conv_matrix(dice):
    for _ in range(4):
        X, K = (x.double() for x in image_and_kernel(dice))
        H, W = X.shape
        pixels = torch.eye(H * W).double().reshape(-1, 1, H, W)
        yield (call((H, W), K),
               F.conv2d(pixels, K[None, None]).flatten(1).T.contiguous())
