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


@marks(1)
def recalls(dice):
    for n in [2, 3, 5]:
        M = dice.whole(n, n, low=0, high=9).long()
        M[0, 0] += 1
        rows, columns = M.sum(1).clamp(min=1), M.sum(0).clamp(min=1)
        yield call(M), (M.diagonal() / rows, M.diagonal() / columns)


@marks(2)
def same_class(dice):
    for n, k in [(5, 1), (8, 2), (10, 3)]:
        X = dice.normal(n, 2)
        labels = torch.tensor([dice.number(0, 1) for _ in range(n)])
        order = torch.cdist(X, X).fill_diagonal_(9e9).argsort(1)[:, :k]
        yield (call(X, labels, k),
               (labels[order] == labels[:, None]).float().mean(1))
