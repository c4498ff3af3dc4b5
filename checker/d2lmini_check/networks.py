"""What several chapters' checks do with a network that a student wrote.

Fill it with known numbers and look at what it computes, so that names and
order are free; or watch how an answer evaluates it.
"""
import torch
from torch import nn

from d2lmini_check.questions import Case, Wrong, remark


def fill(shape, scale=0.3):
    """Give numbers that depend on a shape alone."""
    n = int(torch.tensor(shape).prod())
    return scale * torch.cos(torch.arange(1., n + 1) * (1 + len(shape))
                             ).reshape(tuple(shape))


def filled(net):
    """Fill all parameters and running statistics by their shapes."""
    for module in net.modules():
        for p in module.parameters(recurse=False):
            p.data = fill(p.shape)
        if isinstance(module, nn.BatchNorm2d):
            module.weight.data += 1
            module.running_mean = fill(module.weight.shape, 0.1)
            module.running_var = 1 + fill(module.weight.shape, 0.5).abs()
    return net.eval()


def image(channels, size=6):
    """Give a minibatch of two images."""
    return fill((2, channels, size, size), 1.5)


def looked_at(net, X):
    """Return parameters, shape and outputs of a filled network."""
    if not isinstance(net, nn.Module):
        raise Wrong('a network (nn.Module) is wanted, got '
                    f'{type(net).__name__}')
    before = X.clone()
    with torch.no_grad():
        if any(map(nn.parameter.is_lazy, net.parameters())):
            net(X.clone())  # lazy layers find their sizes
        Y = filled(net)(X)
    if Y is None:
        raise Wrong('forward returns None: is a `return` missing?')
    if not torch.equal(before, X):
        remark('the block changes its input: an activation or += works in '
               'place on X')
    return {'parameters': sum(p.numel() for p in net.parameters()),
            'output shape': tuple(Y.shape), 'output': Y}


class Notes(list):
    """What a network notes; deep copies of it write on the same sheet."""

    def __deepcopy__(self, memo):
        return self


class Watched(nn.Module):
    """A classifier that notes its mode, and whether gradients are kept."""

    def __init__(self, training):
        super().__init__()
        self.drop, self.notes = nn.Dropout(0.5), Notes()
        self.weight = nn.Parameter(torch.ones(1))
        self.train(training)

    def forward(self, X):
        self.notes.append((self.training, torch.is_grad_enabled()))
        return X * self.weight

    def __repr__(self):
        return 'a network that returns its input'


def accuracy_of(answer, training, batches):
    """Return accuracy, mode and gradients as a dict."""
    net = Watched(training)
    value = answer(net, batches)
    if not net.notes:
        raise Wrong('the network was never called: net(X)')
    return {'accuracy': value,
            'in train mode during the evaluation':
                any(train for train, _ in net.notes),
            'gradients were recorded': any(grad for _, grad in net.notes),
            'in train mode afterwards': net.training}


def accuracy_truth(training, batches):
    """Count all right answers and divide once."""
    X, y = (torch.cat(parts) for parts in zip(*batches))
    return {'accuracy': (X.argmax(1) == y).float().mean().item(),
            'in train mode during the evaluation': False,
            'gradients were recorded': False,
            'in train mode afterwards': training}


def accuracy_but(**changes):
    """Make a wrong accuracy: right but for what is changed."""
    def wrong(training, batches):
        seen = accuracy_truth(training, batches)
        return seen | {key.replace('_', ' '): value(
            training, batches) if callable(value) else value
            for key, value in changes.items()}
    return wrong


def batch_cases(dice):
    """Give minibatches of unequal size."""
    cases = []
    for sizes in [[1], [2, 1], [4, 4, 1]]:
        batches = [(dice.normal(n, 3), torch.tensor(
            [dice.number(0, 2) for _ in range(n)])) for n in sizes]
        batches[0][1][0] = batches[0][0][0].argmax()  # one is right
        batches[-1][1][-1] = batches[-1][0][-1].argmin()  # one is wrong
        cases += [Case(True, batches), Case(False, batches)]
    return cases[2:]


def mean_of_means(training, batches):
    """Average the averages of unequal minibatches."""
    means = [(X.argmax(1) == y).float().mean() for X, y in batches]
    return float(sum(means) / len(means))
