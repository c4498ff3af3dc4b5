"""Sample hidden tests for exercises 7, training.

    python -m d2lmini_mark exercises/sources/c07_training/hidden.py submissions

exercises/sources/c03_pooling/hidden.py says how a test is written. The weights
after an epoch are computed here without autograd; dropout is random, so what
is compared is what it does on the average.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F

from d2lmini_mark import call, marks


def trained(train_epoch, W, b, batches, old, lr):
    """Runs beside the students' code: it holds no expected value."""
    modes = []

    class Noted(nn.Linear):
        def forward(self, X):
            modes.append(self.training)
            return super().forward(X)

    net = Noted(W.shape[1], len(W)).eval()
    net.load_state_dict({'weight': W, 'bias': b})
    for p in net.parameters():
        p.grad = torch.full_like(p, old)
    loss, accuracy = train_epoch(net, batches, torch.optim.SGD(
        net.parameters(), lr=lr))
    if any(getattr(value, 'requires_grad', False)
           for value in (loss, accuracy)):
        raise ValueError('loss and accuracy are numbers: .item() takes them '
                         'out of a tensor that carries its graph')
    return net.weight.detach(), net.bias.detach(), loss, accuracy, all(modes)


def by_hand(W, b, batches, lr):
    """Train a linear classifier for an epoch, with the known gradient."""
    total = right = n = 0
    for X, y in batches:
        Z = X @ W.T + b
        P = Z.softmax(1)
        total -= P[range(len(y)), y].log().sum().item()
        right += (Z.argmax(1) == y).sum().item()
        n += len(y)
        G = (P - F.one_hot(y, len(W))) / len(y)
        W, b = W - lr * G.T @ X, b - lr * G.sum(0)
    return W, b, total / n, right / n, True


@marks(3, use=trained, seconds=20)
def train_epoch(dice):
    for sizes in [(1,), (3, 1), (4, 4, 2)]:
        W, b, lr = dice.normal(3, 2), dice.normal(3), dice.number(2, 8) / 10
        batches = [(dice.normal(n, 2), torch.tensor(
            [dice.number(0, 2) for _ in range(n)])) for n in sizes]
        batches[0][1][0] = (W @ batches[0][0][0] + b).argmax()
        yield call(W, b, batches, 1., lr), by_hand(W, b, batches, lr)


@marks(2)
def rate(dice):
    for T, warm_up, *lr in [(6, 2, 1.), (5, 0, 0.3), (10, 3), (9, 1)]:
        for t in range(T):
            top = (*lr, 0.1)[0]
            wave = math.cos(math.pi * (t - warm_up) / (T - warm_up) / 2)**2
            yield (call(t, T, warm_up, *lr),
                   top * (t + 1) / warm_up if t < warm_up else top * wave)


def dropped(dropout, X, p, training):
    """Runs beside the students' code: it holds no expected value."""
    first, second = (torch.as_tensor(dropout(X.clone(), p, training))
                     for _ in range(2))
    if first.shape != X.shape:
        raise ValueError(f'the shape is {tuple(first.shape)}')
    gone, left = first == 0, (first / X)[first != 0]
    return (round(gone.float().mean().item(), 1), left.min().item(),
            left.max().item(),
            bool(gone.all(0).any() or gone.all(1).any()),
            bool((first != second).any()))


@marks(2, use=dropped)
def dropout(dice):
    X = dice.normal(100, 100).abs() + 1
    for p in [0.5, 0.3, 0.8, 0.]:
        factor, works = 1 / (1 - p), p > 0
        yield call(X, p, True), (p, factor, factor, False, works)
        yield call(X, p, False), (0., 1., 1., False, False)


@marks(2)
def mixup(dice):
    for n, order in [(2, [1, 0]), (3, [1, 2, 0]), (4, [2, 0, 3, 1])]:
        X, share = dice.normal(n, 2, 2, 3), dice.number(1, 9) / 10
        y = torch.arange(n) + dice.number(0, 1)
        y[1] = y[order[1] if n > 2 else 1]  # partners of one class
        order, hard = torch.tensor(order), torch.eye(6)[y]
        yield (call(X, y, share, order, 6),
               (torch.lerp(X[order], X, share),
                torch.lerp(hard[order], hard, share)))


@marks(1, secret=True)
def curves(dice):
    yield call(), ('rate too high', 'underfits', 'fine', 'overfits')
