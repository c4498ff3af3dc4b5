"""Sample hidden tests for exercises 0, preliminaries.

    python -m d2lmini_mark exercises/sources/c00_preliminaries/hidden.py \\
        submissions

exercises/sources/c03_pooling/hidden.py says how a test is written.
"""
import torch
from torch.nn import functional as F

from d2lmini_mark import call, marks


@marks(1)
def cosine(dice):
    for d in [1, 2, 5, 9]:
        x, w = dice.normal(d), 3 * dice.normal(d)
        for v in (w, -w):
            yield call(x, v), F.cosine_similarity(x, v, dim=0).item()


@marks(2)
def line_gradient(dice):
    for n in [1, 2, 7]:
        x, y, at = dice.normal(n), dice.normal(n), dice.normal(2)
        at.requires_grad_()
        F.mse_loss(at[0] * x + at[1], y).backward()
        yield call(x, y, *at.tolist()), tuple(at.grad.tolist())


@marks(2)
def softmax(dice):
    for shift in [0, 1000, -1000]:
        o = dice.normal(dice.number(1, 5), dice.number(2, 5)) + shift
        yield call(o), F.softmax(o, dim=1)
    o = torch.tensor([[0., 2000.], [-2000., -2001.]])
    yield call(o), F.softmax(o, dim=1)


@marks(3)
def cross_entropy(dice):
    for scale in [1, 1, 1000]:
        n, k = dice.number(1, 5), dice.number(2, 5)
        o = scale * dice.normal(n, k)
        y = torch.tensor([dice.number(0, k - 1) for _ in range(n)])
        yield call(o, y), F.cross_entropy(o, y)


def slope(cross_entropy, o, y):
    """Runs beside the students' code: it holds no expected value."""
    o.requires_grad_()
    return torch.autograd.grad(cross_entropy(o, y), o)[0]


@marks(1, of='cross_entropy', use=slope)
def cross_entropy_gradient(dice):
    for n, k in [(1, 2), (3, 4)]:
        o, y = dice.normal(n, k), torch.arange(n) % k
        yield call(o, y), (o.softmax(1) - F.one_hot(y, k)) / n


@marks(1)
def accuracy(dice):
    for sizes in [(4,), (5, 2), (6, 6, 1)]:
        batches = [(dice.normal(n, 3), torch.arange(n) % 3) for n in sizes]
        o, y = (torch.cat(parts) for parts in zip(*batches))
        yield call(batches), (o.argmax(1) == y).double().mean().item()


@marks(2)
def collapse(dice):
    for d, h, k in [(1, 1, 1), (2, 2, 2), (4, 3, 2), (2, 5, 3)]:
        W1, b1 = dice.normal(h, d), dice.normal(h)
        W2, b2 = dice.normal(k, h), dice.normal(k)
        yield call(W1, b1, W2, b2), (W2 @ W1, F.linear(b1, W2, b2))


def after_training(train_epoch, weight, bias, batches, lr):
    """Runs beside the students' code: it holds no expected value."""
    net = torch.nn.Linear(weight.shape[1], len(weight))
    net.load_state_dict({'weight': weight, 'bias': bias})
    loss = float(train_epoch(net, batches, lr))
    return net.weight.detach(), net.bias.detach(), loss


@marks(2, use=after_training)
def train_epoch(dice):
    for sizes in [(2, 2), (5, 1)]:
        weight, bias = dice.normal(3, 2), dice.normal(3)
        batches = [(dice.normal(n, 2), torch.arange(n) % 3) for n in sizes]
        W, b, total = weight, bias, 0.0
        for X, y in batches:
            p = F.softmax(F.linear(X, W, b), dim=1)
            total += F.nll_loss(p.log(), y, reduction='sum').item()
            slope = (p - F.one_hot(y, 3)) / len(y)
            W, b = W - 0.3 * slope.T @ X, b - 0.3 * slope.sum(0)
        yield call(weight, bias, batches, 0.3), (W, b, total / sum(sizes))


@marks(1, secret=True)
def curves(dice):
    yield call(), ('overfitting', 'underfitting', 'learning rate too large',
                   'going well', 10, 782, 16)
