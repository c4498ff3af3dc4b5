"""What several chapters' checks do with a network that a student wrote.

Fill it with known numbers and look at what it computes, so that names and
order are free; or watch how an answer evaluates it.
"""
import copy
import math

import torch
from torch import nn

from d2lmini_check.questions import Case, Wrong, remark, said, suspect


def fill(shape, scale=0.3):
    """Give numbers that depend on a shape alone.

    A 1x1 convolution gets those of the linear layer that does the same.
    """
    shape = tuple(shape)
    axes = 2 if shape[2:] == (1, 1) else len(shape)
    n = math.prod(shape)
    return scale * torch.cos(torch.arange(1., n + 1) * (1 + axes)
                             ).reshape(shape)


def filled(net):
    """Fill all parameters and running statistics by their shapes."""
    for module in net.modules():
        for p in module.parameters(recurse=False):
            p.data = fill(p.shape)
        if isinstance(module, nn.BatchNorm2d) and module.affine:
            module.weight.data += 1
        if isinstance(module, nn.BatchNorm2d) and module.track_running_stats:
            c = (module.num_features,)
            module.running_mean = fill(c, 0.1)
            module.running_var = 1 + fill(c, 0.5).abs()
    return net.eval()


def image(channels, height=6, width=7):
    """Give a minibatch of two images; their sides are unequal, one odd."""
    return fill((2, channels, height, width), 1.5)


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


def block_seen(net, X):
    """Look at a network, and refuse one that cannot learn in every part."""
    uses = count_uses(net) if isinstance(net, nn.Module) else {}
    seen = looked_at(net, X)
    twice = [name for name, n in uses.items() if n > 1]
    try:
        idle = without_gradient(net, X)
    except RuntimeError as error:
        raise Wrong('no gradient can be computed through it: ' + '; '.join(
            said or [str(error)])) from None
    if idle:
        also = f'; and {listed(twice)} is used twice' if twice else ''
        raise Wrong(f'{listed(idle)}: made but not used, or cut off from the '
                    f'gradient (.detach(), .data or no_grad){also}')
    if twice:
        suspect(f'{listed(twice)} is used more than once: each place needs a '
                'layer of its own')
    if any(isinstance(m, nn.BatchNorm2d) and not m.track_running_stats
           for m in net.modules()):
        suspect('batch norm has no running statistics here: in eval mode it '
                'must not use those of the minibatch')
    if not is_slope(net, X):
        raise Wrong('the values may be right, but the gradient that goes '
                    'back to X is not theirs: something is cut off, by '
                    '.detach(), .data or no_grad')
    return seen


def count_uses(net):
    """Return {name of a layer with parameters: uses}, counted from now."""
    uses = {}
    for name, module in net.named_modules():
        if [*module.parameters(recurse=False)]:
            uses[name] = -any(map(nn.parameter.is_lazy, net.parameters()))
            module.register_forward_hook(
                lambda *_, name=name: uses.update({name: uses[name] + 1}))
    return uses


def without_gradient(net, X):
    """Return the names of the layers whose parameters get no gradient."""
    Y = net(X.clone())
    named = {name: p for name, p in net.named_parameters()
             if p.requires_grad}
    found = torch.autograd.grad(
        Y.sum(), [*named.values()], allow_unused=True) if (
            Y.requires_grad and named) else [None] * len(named)
    return list(dict.fromkeys(name.rpartition('.')[0] or name for name, g in
                              zip(named, found) if g is None))


def is_slope(net, X, step=1e-6):
    """Tell whether the gradient of X agrees with finite differences."""
    double = copy.deepcopy(net).double()
    X = X.double().requires_grad_()
    along = torch.sin(torch.arange(X.numel()) + 1.).double().reshape(
        X.shape) + 0.5  # whose mean over a map is not 0
    try:
        Y = double(X.clone())
    except Exception:  # it holds numbers of another dtype
        return True
    weights = torch.cos(torch.arange(Y.numel()) + 1.).reshape(Y.shape)
    slope = torch.autograd.grad((Y * weights).sum(), X, allow_unused=True
                                )[0] if Y.requires_grad else None
    with torch.no_grad():
        rise = sum(sign * (double(X + sign * step * along) * weights).sum()
                   for sign in (1, -1)) / (2 * step)
    return slope is not None and torch.isclose(
        (slope * along).sum(), rise, rtol=1e-3, atol=1e-4)


def listed(names):
    """Write names of layers in a sentence."""
    return ', '.join(f'`{name}`' for name in names)


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
