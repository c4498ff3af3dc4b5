"""Sample hidden tests for exercises 10, inside a network.

    python -m d2lmini_mark exercises/sources/c10_inside/hidden.py \\
        submissions/*.ipynb

A test is a generator with the name of the students' function: it draws inputs
with the dice, which fall differently for every submission, and yields a call
and what must come out of it. Keep your own tests in a private repository.
"""
import torch
from torch.nn import functional as F

from d2lmini_mark import call, marks


@marks(1, secret=True)
def predict_inside(dice):
    yield call(), ((4, 7), 28, (20, 32), 1, (5, 8), 0.75)


def score_of(weights):
    """Make a score, which stays here: the students' code asks for it."""
    return lambda Z: (weights * Z + Z.square()).sum((1, 2, 3))


@marks(2)
def occlusion(dice):
    for c, h, w, window, stride, *fill in [
            (1, 2, 3, 2, 1), (3, 5, 4, 2, 2), (2, 6, 7, 3, 2, 0.5)]:
        X, score = dice.normal(c, h, w), score_of(dice.normal(c, h, w))
        falls = torch.zeros((h - window) // stride + 1,
                            (w - window) // stride + 1)
        for i, row in enumerate(falls):
            for j in range(len(row)):
                Z = X.clone()
                Z[:, i * stride:i * stride + window,
                  j * stride:j * stride + window] = (*fill, 0.)[0]
                falls[i, j] = score(X[None])[0] - score(Z[None])[0]
        yield call(score, X, window, stride, *fill), falls


@marks(2)
def grad_cam(dice):
    for shape in [(1, 2, 2, 3), (2, 3, 3, 2), (3, 4, 2, 2)]:
        A, G = dice.normal(*shape), dice.normal(*shape)
        weights = F.adaptive_avg_pool2d(G, 1)
        yield call(A, G), F.relu((weights * A).sum(1))


@marks(2)
def confusion_matrix(dice):
    for n, classes in [(5, 2), (9, 3), (20, 6)]:
        y, y_hat = (torch.tensor([dice.number(0, classes - 1)
                                  for _ in range(n)]) for _ in range(2))
        M = torch.zeros(classes, classes, dtype=torch.int64)
        for pair in zip(y.tolist(), y_hat.tolist()):
            M[pair] += 1
        yield call(y, y_hat, classes), M
        more = classes + dice.number(1, 3)  # some that do not occur
        yield call(y, y_hat, more), F.pad(M, (0, more - classes) * 2)


@marks(1)
def recalls(dice):
    for n in [2, 3, 5]:
        M = dice.whole(n, n, low=0, high=9).long()
        M[0, 0] += 1
        rows, columns = M.sum(1).clamp(min=1), M.sum(0).clamp(min=1)
        yield call(M), (M.diagonal() / rows, M.diagonal() / columns)
    M = torch.tensor([[dice.number(1, 9), 0, 2], [0, 0, 0], [3, 0, 4]])
    yield call(M), (M.diagonal() / M.sum(1).clamp(min=1),
                    M.diagonal() / M.sum(0).clamp(min=1))
    yield call(torch.eye(3).long()), (torch.ones(3), torch.ones(3))


@marks(2)
def same_class(dice):
    for n, k in [(5, 1), (8, 2), (10, 3)]:
        X = dice.normal(n, 2)
        labels = torch.tensor([dice.number(0, 1) for _ in range(n)])
        X[1], labels[1] = X[0], labels[0]  # at the same place
        order = torch.cdist(X, X).fill_diagonal_(9e9).argsort(1)[:, :k]
        yield (call(X, labels, k),
               (labels[order] == labels[:, None]).float().mean(1))
