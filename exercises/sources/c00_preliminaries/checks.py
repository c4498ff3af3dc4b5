"""Checks for the exercises of the preliminaries."""
import math

import torch
from torch import nn
from torch.nn import functional as F

from d2lmini_check.questions import Case, Question, predictions, warm_up


def cosine_by_torch(x, w):
    """Return the cosine similarity of two arrays (d,)."""
    return F.cosine_similarity(x, w, dim=0).item()


cosine = Question(
    cosine_by_torch,
    lambda dice: [Case(torch.tensor([3., 4.]), torch.tensor([1., 0.])),
                  Case(torch.tensor([2.]), torch.tensor([-3.])),
                  Case(torch.tensor([1., 2., 2.]), torch.tensor([2., 4., 4.])),
                  Case(dice.normal(5), dice.normal(5)),
                  Case(3 * dice.normal(8), dice.normal(8) / 2)],
    ('Three numbers are needed: one dot product and two lengths. The length '
     'of an array is the square root of its dot product with itself.',
     'x @ w is the dot product, and x.norm() is the length of x. Divide by '
     'the product of both lengths.'),
    {'that is the dot product: divide it by both lengths':
         lambda x, w: (x @ w).item(),
     'the root is missing: the length is the square root of x @ x':
         lambda x, w: (x @ w / ((x @ x) * (w @ w))).item(),
     'only one of the two lengths is divided by (that of w is missing)':
         lambda x, w: (x @ w / x.norm()).item(),
     'only one of the two lengths is divided by (that of x is missing)':
         lambda x, w: (x @ w / w.norm()).item(),
     'the sign is lost: opposite arrays have the similarity -1':
         lambda x, w: abs(cosine_by_torch(x, w)),
     'the lengths are added: divide by their product':
         lambda x, w: (x @ w / (x.norm() + w.norm())).item(),
     'the products are averaged: the dot product adds them up':
         lambda x, w: cosine_by_torch(x, w) / len(x),
     'the dot product is multiplied by the lengths: divide by them':
         lambda x, w: (x @ w * x.norm() * w.norm()).item()})


def slopes(x, y, w, b):
    """Let autograd find the slopes, in float64."""
    w, b = (torch.tensor(float(p), dtype=torch.float64, requires_grad=True)
            for p in (w, b))
    F.mse_loss(w * x.double() + b, y.double()).backward()
    return w.grad.item(), b.grad.item()


def line_cases(dice):
    """Give the points of the text, one point alone, and random ones."""
    return [Case(torch.tensor([1., 2.]), torch.tensor([3., 5.]), 1., 1.),
            Case(torch.tensor([3.]), torch.tensor([1.]), 2., 0.),
            Case(torch.tensor([0., -1., 2.]), torch.tensor([1., 4., 1.]),
                 -1., .5),
            Case(dice.normal(6), dice.normal(6), 2., -3.)]


line_gradient = Question(
    slopes, line_cases,
    ('Write down the error w * x + b - y of each point first. How does its '
     'square grow when w grows a little? And when b does?',
     'The slope for b is twice the mean of the errors. For w each error is '
     'multiplied by its x before the mean is taken.'),
    {'the factor 2 is missing: the slope of a square is twice the error':
         lambda x, y, w, b: tuple(s / 2 for s in slopes(x, y, w, b)),
     'the errors are summed: the loss is a mean, so divide by n':
         lambda x, y, w, b: tuple(s * len(x) for s in slopes(x, y, w, b)),
     'the sign is wrong: the error is the answer minus y':
         lambda x, y, w, b: tuple(-s for s in slopes(x, y, w, b)),
     'the factor x is missing in the slope for w':
         lambda x, y, w, b: (slopes(x, y, w, b)[1],) * 2,
     'the two slopes are swapped: w comes first':
         lambda x, y, w, b: slopes(x, y, w, b)[::-1],
     'the bias is forgotten in the error':
         lambda x, y, w, b: slopes(x, y, w, 0.)})


def logit_cases(dice):
    """Give small, large and negative logits; a row alone, one class."""
    return [Case(torch.tensor(rows)) for rows in [
        [[0.]], [[2., 1., 0.]], [[1002., 1001., 1000.]],
        [[0., 1000.], [-1000., -1001.]], [[-1000., -1001., -1002.]]]] + [
        Case(dice.normal(3, 3)), Case(dice.normal(4, 2)),
        Case(dice.normal(2, 5).double())]


softmax = Question(
    lambda o: F.softmax(o, dim=1), logit_cases,
    ('Adding the same number to all logits of a row changes no probability. '
     'Which number would you subtract, so that the largest exponential '
     'is 1?',
     'Subtract o.max(dim=1, keepdim=True).values, take torch.exp, and '
     'divide by the sum with dim=1 and keepdim=True.'),
    {'large logits overflow: subtract the largest logit of each row first':
         lambda o: o.exp() / o.exp().sum(1, keepdim=True),
     'the columns add up to 1: each row must, so sum along dim=1':
         lambda o: F.softmax(o, dim=0),
     'all numbers together add up to 1: each row must':
         lambda o: F.softmax(o.flatten(), dim=0).reshape(o.shape),
     'the largest logit of all rows is subtracted: a row of much smaller '
     'logits becomes 0 / 0; take the largest of each row':
         lambda o: (o - o.max()).exp() / (o - o.max()).exp().sum(
             1, keepdim=True),
     'these are logarithms of the probabilities':
         lambda o: F.log_softmax(o, dim=1),
     'these are sigmoids, which do not add up to 1':
         torch.sigmoid,
     'the exponentials are not divided by their sum':
         lambda o: (o - o.amax(1, keepdim=True)).exp(),
     'the logits are divided by their sum: the exponential is missing':
         lambda o: o / o.sum(1, keepdim=True)})


def entropy_cases(dice):
    """Give right and wrong classes with small and with huge margins."""
    rows = [([[2., 1., 0.]], [0]), ([[2., 1., 0.]], [2]),
            ([[2., 1., 0.], [2., 1., 0.]], [0, 2]),
            ([[0., 1000.]], [0]), ([[0., 1000.]], [1]),
            ([[-1000., -1001.], [3., 1.]], [1, 0])]
    return [Case(torch.tensor(o), torch.tensor(y)) for o, y in rows] + [
        Case(dice.normal(4, 3), torch.tensor([0, 2, 1, 2])),
        Case(dice.normal(3, 3), torch.tensor([2, 0, 0])),
        Case(dice.normal(5, 2).double(), torch.tensor([1, 1, 0, 1, 0]))]


def picked(p, y):
    """Return the entries of the right classes."""
    return p[torch.arange(len(y)), y]


cross_entropy = Question(
    lambda o, y: F.cross_entropy(o, y), entropy_cases,
    ('The logarithm of e^a / (e^a + e^b) is a - ln(e^a + e^b). So which '
     'two numbers does each row need, and how do you keep the exponentials '
     'from overflowing?',
     'Subtract the largest logit of each row. Then the loss of a row is '
     'o.exp().sum(dim=1).log() minus the logit of the right class, which is '
     'o[torch.arange(len(y)), y].'),
    {'the probability becomes 0 and its logarithm infinite: compute the '
     'logarithm of the sum of exponentials, and subtract the logit':
         lambda o, y: -picked(F.softmax(o, 1), y).log().mean(),
     'large logits overflow: subtract the largest logit of each row first':
         lambda o, y: (o.exp().sum(1).log() - picked(o, y)).mean(),
     'the losses are summed: the mean over the pictures is wanted':
         lambda o, y: F.cross_entropy(o, y, reduction='sum'),
     'one loss for each picture comes out: their mean is wanted':
         lambda o, y: F.cross_entropy(o, y, reduction='none'),
     'the minus sign is missing':
         lambda o, y: -F.cross_entropy(o, y),
     'the logits are taken for probabilities: a softmax is missing':
         lambda o, y: -picked(o, y).log().mean(),
     'the softmax is applied twice':
         lambda o, y: F.cross_entropy(F.softmax(o, 1), y),
     'the logarithm is not the natural one (base 2)':
         lambda o, y: F.cross_entropy(o, y) / math.log(2),
     'the logarithm is not the natural one (base 10)':
         lambda o, y: F.cross_entropy(o, y) / math.log(10),
     'o[:, y] takes a column of every row: each row needs its own class':
         lambda o, y: -F.log_softmax(o, 1)[:, y].mean(),
     'the logarithm is missing: this is minus the mean probability':
         lambda o, y: -picked(F.softmax(o, 1), y).mean()},
    grad=('o',))


def right_share(batches):
    """Put all minibatches into one, and take the mean of the hits."""
    o, y = (torch.cat(parts) for parts in zip(*batches))
    return o.max(dim=1).indices.eq(y).float().mean().item()


def batch_cases(dice):
    """Give unequal minibatches, one of a single picture, square ones."""
    def batches(*sizes, k=4, right=0.5):
        found = []
        for n in sizes:
            o = dice.normal(n, k)
            y = o.argmax(1)
            wrong = torch.arange(n) >= round(right * n)
            found.append((o, torch.where(wrong, (y + 1) % k, y)))
        return found

    return [Case([(torch.tensor([[1., 2.]]), torch.tensor([1])),
                  (torch.tensor([[1., 2.], [0., 3.]]), torch.tensor([0, 0]))]),
            Case(batches(3, k=3, right=1 / 3)),
            Case(batches(5, 1, right=.8)),
            Case(batches(8, 8, 3, right=.7)),
            Case(batches(6, k=2, right=1) + batches(3, k=2, right=0))]


def mean_of_shares(batches):
    """Make the mistake that short minibatches count as much as long ones."""
    return sum(right_share([b]) for b in batches) / len(batches)


accuracy = Question(
    right_share, batch_cases,
    ('What would you need to know about each minibatch so that you can '
     'divide once, at the end?',
     'Count with (o.argmax(dim=1) == y).sum().item(), add up these counts '
     'and the numbers of pictures, len(y), and divide the two sums.'),
    {'the shares of the minibatches are averaged, though they have '
     'different sizes: add up counts and divide once':
         mean_of_shares,
     'only the last minibatch counts':
         lambda batches: right_share(batches[-1:]),
     'only the first minibatch counts: is the return inside the loop?':
         lambda batches: right_share(batches[:1]),
     'the right answers are counted, not their share':
         lambda batches: round(right_share(batches) * sum(
             len(y) for _, y in batches)),
     'this is a percentage: a number from 0 to 1 is wanted':
         lambda batches: 100 * right_share(batches),
     'this is the share of wrong answers':
         lambda batches: 1 - right_share(batches),
     'the largest logit of each column is looked for: each picture is a '
     'row, so dim=1':
         lambda batches: (sum((o.argmax(0) == y).sum() for o, y in batches)
                          / sum(len(y) for _, y in batches)).item(),
     'the smallest logit is taken for the answer':
         lambda batches: right_share([(-o, y) for o, y in batches])})


def one_layer(W1, b1, W2, b2):
    """Send zeros and unit vectors through both layers."""
    b = F.linear(F.linear(W1.new_zeros(W1.shape[1]), W1, b1), W2, b2)
    units = torch.eye(W1.shape[1], dtype=W1.dtype)
    return (F.linear(F.linear(units, W1, b1), W2, b2) - b).T, b


def layer_cases(dice):
    """Give layers of all sizes, square ones too."""
    one = torch.ones(1, 1)
    return [Case(2 * one, one[0], 3 * one, -4 * one[0])] + [
        Case(dice.whole(h, d), dice.whole(h), dice.whole(k, h), dice.whole(k))
        for d, h, k in [(2, 2, 2), (3, 3, 3), (3, 3, 1), (1, 4, 2),
                        (4, 3, 2)]] + [
        Case(dice.normal(2, 2), dice.normal(2), dice.normal(2, 2),
             dice.normal(2))]


collapse = Question(
    one_layer, layer_cases,
    ('Put the first layer, W1 x + b1, into the second one, W2 h + b2, and '
     'multiply out. What stands in front of x, and what is left?',
     'W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2). In code, @ is the '
     'matrix product.'),
    {'the matrices are multiplied in the wrong order: W1 is used first, so '
     'it stands next to x':
         lambda W1, b1, W2, b2: (W1 @ W2, one_layer(W1, b1, W2, b2)[1]),
     'the second layer works on the first bias too: W2 @ b1 is missing':
         lambda W1, b1, W2, b2: (W2 @ W1, b2),
     'the two biases are added as they are: W2 works on the first one':
         lambda W1, b1, W2, b2: (W2 @ W1, b1 + b2),
     'the second bias is missing':
         lambda W1, b1, W2, b2: (W2 @ W1, W2 @ b1),
     'the bias is subtracted':
         lambda W1, b1, W2, b2: (W2 @ W1, W2 @ b1 - b2),
     'the weights are multiplied number by number: * is not the matrix '
     'product, @ is':
         lambda W1, b1, W2, b2: (W2 * W1, one_layer(W1, b1, W2, b2)[1]),
     'the weight is transposed: nn.Linear keeps it as (outputs, inputs)':
         lambda W1, b1, W2, b2: ((W2 @ W1).T, one_layer(W1, b1, W2, b2)[1])})


def epoch(weight, bias, batches, lr, sign=1, add_up=False, per_batch=False,
          squash=False, after=False):
    """Train a linear layer for an epoch without an optimizer."""
    W, b = weight.clone(), bias.clone()
    sums, losses, sizes = [torch.zeros_like(W), torch.zeros_like(b)], [], []
    for X, y in batches:
        W.requires_grad_()
        b.requires_grad_()
        o = F.linear(X, W, b)
        loss = F.cross_entropy(F.softmax(o, 1) if squash else o, y)
        steps = torch.autograd.grad(loss, (W, b))
        sums = [s * add_up + step for s, step in zip(sums, steps)]
        W, b = (p.detach() - sign * lr * s for p, s in zip((W, b), sums))
        if after:
            loss = F.cross_entropy(F.linear(X, W, b), y)
        losses.append(loss.item() * (1 if per_batch else len(y)))
        sizes.append(1 if per_batch else len(y))
    return {'weight': W, 'bias': b, 'loss': sum(losses) / sum(sizes)}


def trained(answer, weight, bias, batches, lr):
    """Let an answer train a linear layer; return its parameters and loss."""
    net = nn.Linear(weight.shape[1], len(weight))
    net.load_state_dict({'weight': weight, 'bias': bias})
    loss = answer(net, batches, lr)
    return {'weight': net.weight.detach().clone(),
            'bias': net.bias.detach().clone(), 'loss': loss}


def epoch_cases(dice):
    """Give one minibatch, two equal ones, and some of unequal sizes."""
    warm_up()
    return [Case(dice.normal(3, 2), dice.normal(3),
                 [(2 * dice.normal(n, 2), torch.arange(n) % 3)
                  for n in sizes], 0.5)
            for sizes in [(2,), (2, 2), (3, 1), (4, 4, 1)]]


def mistaken(**options):
    """Return epoch with some of its mistakes."""
    return lambda weight, bias, batches, lr: epoch(
        weight, bias, batches, lr, **options)


train_epoch = Question(
    mistaken(), epoch_cases,
    ('Go through the five lines of the loop: answers, loss, forget the old '
     'gradients, new gradients, step. Which one is missing? What does '
     'F.cross_entropy expect? And may losses of unequal minibatches be '
     'averaged?',
     'Give F.cross_entropy the logits net(X), call optimizer.zero_grad() '
     'before backward(), and add up loss.item() * len(y).'),
    {'three mistakes are left: the softmax, the gradients that add up, and '
     'the mean of means':
         mistaken(squash=True, add_up=True, per_batch=True),
     'two mistakes are left: the gradients of all minibatches add up, and '
     'the loss is a mean of means':
         mistaken(add_up=True, per_batch=True),
     'two mistakes are left: F.cross_entropy takes logits, and the loss is '
     'a mean of means':
         mistaken(squash=True, per_batch=True),
     'two mistakes are left: F.cross_entropy takes logits, and the '
     'gradients of all minibatches add up':
         mistaken(squash=True, add_up=True),
     'F.cross_entropy takes logits and does the softmax itself':
         mistaken(squash=True),
     'the gradients of all minibatches add up: forget them before each '
     'backward()':
         mistaken(add_up=True),
     'the loss is a mean of means: weigh each minibatch with its number of '
     'pictures':
         mistaken(per_batch=True),
     'the steps go uphill':
         mistaken(sign=-1),
     'the network does not change: is a step missing?':
         mistaken(sign=0),
     'the loss is measured after the step of its own minibatch':
         mistaken(after=True)},
    trained)


def values(*wrong):
    """Put wrong values at some places, and nothing at the others."""
    found = [None] * 7
    for at, value in wrong:
        found[at] = value
    return found


curves = predictions(
    {'A': 'overfitting', 'B': 'underfitting', 'C': 'learning rate too large',
     'D': 'going well', 'epoch of A to keep': 10,
     'minibatches in an epoch': math.ceil(50_000 / 64),
     'pictures in the last one': 50_000 % 64},
    {'a training loss near zero alone is no success: look at the validation '
     'loss of A':
         values((0, 'going well')),
     'underfitting means that the training loss is high too; that of A is '
     'low':
         values((0, 'underfitting')),
     'both losses of B are high and equal: there is nothing to overfit with':
         values((1, 'overfitting')),
     'B stands still at a high loss, so it is not going well':
         values((1, 'going well')),
     'a loss that grows and becomes nan says that the steps are too large':
         values((2, 'underfitting')),
     'overfitting makes the validation loss grow, not the training loss':
         values((2, 'overfitting')),
     'a small gap is normal: both losses of D still fall':
         values((3, 'overfitting')),
     'both losses of D are low and still fall':
         values((3, 'underfitting')),
     'the last epoch has the lowest training loss: keep by the validation '
     'loss':
         values((4, 20)),
     'the lowest validation loss of A stands in the table: look for it':
         values((4, 5)),
     'the short minibatch counts too':
         values((5, 781)),
     'what is left over for the last minibatch are the pictures that 64 '
     'does not divide: 50,000 % 64':
         values((6, 64))},
    ('Compare the two losses of each network with each other first, and '
     'then with where they started. A fresh network for ten classes has '
     'the loss 2.3.',
     'Overfitting: the two losses separate. Underfitting: both stay high. A '
     'rate that is too large: the training loss grows. 781 minibatches hold '
     '49,984 pictures.'))

QUESTIONS = {
    'cosine': cosine, 'line_gradient': line_gradient, 'softmax': softmax,
    'cross_entropy': cross_entropy, 'accuracy': accuracy,
    'collapse': collapse, 'train_epoch': train_epoch, 'curves': curves}

# What the texts announce, besides values and shapes.
DEMANDS = {'cross_entropy': ('gradient',)}
