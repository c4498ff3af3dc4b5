"""Compute a path of layers, and each path with one small mistake in it."""
from torch.nn import functional as F

from d2lmini_check.networks import fill, image

def computed(X, main, short=()):
    """Compute with filled weights what a path of layers computes.

    main: 'conv C K S G' for a convolution without bias to C channels, kernel
    K, stride S and G groups (or 'dw K S'), 'norm', 'relu', 'relu6', 'avg',
    'max', and 'add', which adds what the layers in short make of X.
    """
    Y, count = X, 0
    for step in main:
        kind, *numbers = step.split()
        if kind in ('conv', 'dw'):
            Y, n = convolved(Y, kind, *map(int, numbers))
        elif kind == 'norm':
            Y, n = normed(Y)
        elif kind == 'add':
            Z, n = computed(X, short)
            Y = Y + Z
        else:
            Y, n = STEPS[kind](Y), 0
        count += n
    return Y, count


STEPS = {'relu': F.relu, 'relu6': F.relu6,
         'avg': lambda X: F.avg_pool2d(X, 2),
         'max': lambda X: F.max_pool2d(X, 2)}


def convolved(X, kind, *numbers):
    """Convolve with a filled weight; return the number of weights too."""
    if kind == 'dw':
        k, stride = numbers
        channels = groups = X.shape[1]
    else:
        channels, k, stride, groups = (*numbers, 1, 1)[:4]
    w = fill((channels, X.shape[1] // groups, k, k))
    return F.conv2d(X, w, None, stride, k // 2, 1, groups), w.numel()


def normed(X):
    """Do a filled batch norm in eval mode; return its parameters too."""
    c = (X.shape[1],)
    return F.batch_norm(X, fill(c, 0.1), 1 + fill(c, 0.5).abs(),
                        1 + fill(c), fill(c)), 2 * X.shape[1]


def seen(X, main, short=()):
    """Give what a path computes in the form of looked_at."""
    Y, count = computed(X, main, short)
    return {'parameters': count, 'output shape': tuple(Y.shape), 'output': Y}


NAMES = {'conv': 'convolution', 'dw': 'convolution', 'norm': 'batch norm',
         'relu': 'ReLU', 'relu6': 'ReLU6', 'add': 'addition',
         'avg': 'pooling', 'max': 'pooling'}


def edits(steps):
    """Yield (sentence, change) of each small mistake in a list of steps."""
    kinds = [NAMES[step.split()[0]] for step in steps]
    names = [(f'{ORDER[kinds[:i].count(kind)]} ' if kinds.count(kind) > 1
              else '') + kind for i, kind in enumerate(kinds)]
    for i, kind in enumerate(kinds):
        if kind in ('batch norm', 'ReLU', 'ReLU6', 'pooling'):
            yield f'the {names[i]} is missing', lambda s, i=i: (
                s[:i] + s[i + 1:])
        if kind in ('convolution', 'addition') and not kinds[
                i + 1:i + 2] == ['ReLU']:
            yield (f'there is a ReLU behind the {names[i]} that does not '
                   'belong there', lambda s, i=i: (
                       s[:i + 1] + ['relu'] + s[i + 1:]))
        if i and kind != kinds[i - 1]:
            yield (f'the {names[i]} stands before the {names[i - 1]}: it '
                   'belongs behind it', lambda s, i=i: (
                       s[:i - 1] + [s[i], s[i - 1]] + s[i + 1:]))


ORDER = ('first', 'second', 'third', 'fourth', 'fifth')


def block(plan, size=6):
    """Make a function that computes what a block does, and its mistakes.

    plan: a function of the block's arguments, the first one in_channels,
    that returns the steps of the main path and those of the shortcut.
    """
    def compute(*args, change=lambda steps: steps):
        main, short = plan(*args)
        return seen(image(args[0], size), change(main), short)

    def mistakes(*example):
        return {sentence: lambda *args, change=change: compute(
            *args, change=change) for sentence, change in
            edits(plan(*example)[0])}
    return compute, mistakes
