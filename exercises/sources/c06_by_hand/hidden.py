"""Sample hidden tests for exercises 6, the backward pass by hand.

    python -m d2lmini_mark exercises/sources/c06_by_hand/hidden.py submissions

exercises/sources/c03_pooling/hidden.py says how a test is written. The arrays
are NumPy's, and autograd, which the students do without, knows what is right.
"""
import numpy as np
import torch
from torch.nn import functional as F

from d2lmini_mark import call, marks


def array(dice, *shape):
    """Draw an array of float64."""
    return dice.normal(*shape).double().numpy()


def gradients(function, dout, *inputs):
    """Return the gradients of function(*inputs), as arrays."""
    tensors = [torch.from_numpy(x.copy()).requires_grad_() for x in inputs]
    found = torch.autograd.grad(function(*tensors), tensors,
                                torch.from_numpy(dout))
    return tuple(g.numpy() for g in found)


@marks(2)
def affine_backward(dice):
    for shape in [(1, 3), (4, 2), (3, 2, 2, 2)]:
        K, D = dice.number(1, 4), int(np.prod(shape[1:]))
        dout, X, w = (array(dice, *s) for s in [(shape[0], K), shape, (K, D)])
        wanted = gradients(lambda X, w, b: X.flatten(1) @ w.T + b,
                           dout, X, w, np.zeros(K))
        yield call(dout, X, w), wanted


def of_a_function(numerical_gradient, g, x, h):
    """Hand over a function of no arguments, which reads x. g is a function
    that stays on the marker's side."""
    def f():
        return g(x)

    return numerical_gradient(f, x, h), x  # and x must be as it was


def polynomial(c):
    return lambda x: float((c * x**3).sum())


@marks(2, use=of_a_function)
def numerical_gradient(dice):
    for shape, h in [((1,), 0.5), ((2, 3), 0.1), ((2, 1, 2), 1e-4)]:
        c, x = array(dice, *shape), array(dice, *shape)
        yield call(polynomial(c), x, h), (c * (3 * x**2 + h**2), x)


@marks(3)
def conv_backward(dice):
    for stride in [1, 2, 1, 2, 3]:
        h, w, rows, columns = (dice.number(1, 3) for _ in range(4))
        X = array(dice, rows * stride + h - 1,  # some rows are left over
                  (columns - 1) * stride + w + dice.number(0, stride - 1))
        dY, K = array(dice, rows, columns), array(dice, h, w)
        yield call(dY, X, K, stride), gradients(
            lambda X, K: F.conv2d(X[None, None], K[None, None],
                                  stride=stride)[0, 0], dY, X, K)


@marks(1)
def crop(dice):
    for p in [0, 1, 2]:
        G = array(dice, 2, dice.number(5, 7), dice.number(5, 7))
        yield call(G, p), np.delete(np.delete(
            G, [*range(p), *range(-p, 0)], 1), [*range(p), *range(-p, 0)], 2)


@marks(2)
def pool_backward(dice):
    for k in [1, 2, 2, 3]:
        rows, columns = dice.number(1, 3), dice.number(1, 3)
        X = dice.whole(rows * k + dice.number(0, k - 1), columns * k,
                       low=0, high=3).double().numpy()  # with equal maxima
        dY = array(dice, rows, columns)
        yield call(dY, X, k), gradients(
            lambda X: F.max_pool2d(X[None], k)[0], dY, X)[0]


@marks(2)
def softmax_loss(dice):
    for N, K, height in [(1, 2, 0), (3, 4, 0), (4, 3, 1000), (2, 2, -1000)]:
        scores = array(dice, N, K) + height
        y = np.array([dice.number(0, K - 1) for _ in range(N)])
        loss = F.cross_entropy(torch.from_numpy(scores), torch.from_numpy(y))
        yield call(scores, y), (loss.item(), gradients(
            lambda s: F.cross_entropy(s, torch.from_numpy(y)),
            np.array(1.), scores)[0])
    scores = scores.copy()
    scores[0, y[0]] -= 1000  # its probability is 0 in floating point
    loss = F.cross_entropy(torch.from_numpy(scores), torch.from_numpy(y))
    yield call(scores, y), (loss.item(), gradients(
        lambda s: F.cross_entropy(s, torch.from_numpy(y)),
        np.array(1.), scores)[0])
