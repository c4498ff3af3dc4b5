"""Sample hidden tests for exercises 3, pooling.

    python -m d2lmini_mark exercises/sources/c03_pooling/hidden.py \\
        submissions/*.ipynb

A test is a generator with the name of the students' function: it draws inputs
with the dice, which fall differently for every submission, and yields a call
and what must come out of it. PyTorch knows the right result, so no
solution stands here. Keep your own tests in a private repository.
"""
import torch
from torch.nn import functional as F

from d2lmini_mark import call, marks


@marks(1, secret=True)
def pooled_row(dice):
    X = torch.tensor([[4., 1., 3., 2., 9.]])
    rows = [F.max_pool1d(X, 2), F.max_pool1d(X, 2, 1), F.avg_pool1d(X, 2),
            F.max_pool1d(X, 2, ceil_mode=True), F.max_pool1d(-X, 3, 2, 1)]
    yield call(), (*[tuple(Y[0].tolist()) for Y in rows], (8, 3, 10, 10), 0)


@marks(3)
def pool2d(dice):
    for k, stride, padding in [(2, None, 0), (2, 1, 1), (3, 2, 1), (2, 3, 0)]:
        X = dice.normal(dice.number(4, 7), dice.number(4, 7)) - 3
        options = dict(stride=stride, padding=padding)
        yield call(X, k, **options), F.max_pool2d(X[None], k, **options)[0]
        yield (call(X, k, 'avg', **options),
               F.avg_pool2d(X[None], k, **options)[0])
    X = 1e12 * (X - 1 - X.max())  # padding must not win, however low they are
    yield call(X, 3, padding=1), F.max_pool2d(X[None], 3, padding=1)[0]


@marks(3)
def pool_size(dice):
    for ceil_mode in [{}, {'ceil_mode': False}, {'ceil_mode': True}]:
        for _ in range(20):  # enough to meet the exceptions too
            k, stride, n = (dice.number(*r) for r in [(2, 5), (1, 5), (5, 30)])
            padding = dice.number(0, 1) * (k // 2)
            Y = F.max_pool1d(torch.zeros(1, n), k, stride, padding,
                             **ceil_mode)
            yield call(n, k, stride, padding, **ceil_mode), Y.shape[1]


@marks(2)
def average2d(dice):
    for k, padding in [(2, 0), (2, 1), (3, 1), (4, 2)]:
        X = dice.whole(dice.number(3, 6), dice.number(3, 6))
        for border in [(), (True,), (False,)]:
            yield (call(X.double(), k, padding, *border),
                   F.avg_pool2d(X[None].double(), k, 1, padding, False,
                                *border)[0])


@marks(2)
def blur_pool(dice):
    for C, dtype in [(1, torch.float32), (3, torch.float64)]:
        X = dice.normal(C, dice.number(2, 7), dice.number(2, 7)).to(dtype)
        K = torch.tensor([[1, 2, 1], [2, 4, 2], [1, 2, 1]], dtype=dtype) / 16
        P = F.pad(X[:, None], (1, 1, 1, 1), mode='replicate')
        yield call(X), F.conv2d(P, K[None, None], stride=2)[:, 0]


def slope(blur_pool, X):
    """Runs beside the students' code: it holds no expected value."""
    X.requires_grad_()
    return torch.autograd.grad(blur_pool(X).square().sum(), X)[0]


@marks(1, of='blur_pool', use=slope)
def blur_pool_gradient(dice):
    X, K = dice.normal(2, 5, 4), torch.tensor([1., 2, 1]) / 4
    rows, columns = (blurring(n, K) for n in X.shape[1:])
    yield call(X), 2 * rows.T @ (rows @ X @ columns.T) @ columns


def blurring(n, K):
    """Return the matrix that blurs n pixels and keeps every second."""
    B = torch.zeros(n, n)
    for i in range(n):
        for j, weight in zip((i - 1, i, i + 1), K):
            B[i, min(max(j, 0), n - 1)] += weight
    return B[::2]


@marks(1)
def channel_means(dice):
    for _ in range(3):
        photo = dice.whole(dice.number(1, 9), dice.number(1, 9), 3,
                           low=0, high=256).to(torch.uint8)
        yield call(photo), photo.double().mean((0, 1)).div(255).float()
