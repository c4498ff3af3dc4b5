"""Sample hidden tests for exercises 5, the classic networks.

    python -m d2lmini_mark exercises/sources/c05_classic_nets/hidden.py \\
        submissions

exercises/sources/c03_pooling/hidden.py says how a test is written. Networks
cannot pass to the marker. So `looked_at` goes to the students' side, fills
every parameter with numbers that depend on its shape and a drawn number, and
sends back what comes out; names and order of the layers are free. What is
wanted is computed here, by functions alone. Question 16, the design, has no
right result to compare with: check trains what the students hand in.
"""
import torch
from torch import nn
from torch.nn import functional as F

from d2lmini_mark import call, marks


def looked_at(make, X, phase, *args):
    """Runs beside the students' code: it holds no expected value."""
    net = make(*args)
    net(X.clone())  # lazy layers find their sizes
    for module in net.modules():
        for p in module.parameters(recurse=False):
            n = torch.arange(1., p.numel() + 1)
            axes = 2 if p.shape[2:] == (1, 1) else p.ndim  # as nn.Linear
            p.data = 0.3 * torch.cos(
                n * (1 + axes) + phase).reshape(p.shape)
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            n = torch.arange(1., module.num_features + 1)
            module.weight.data += 1
            if module.running_mean is not None:
                module.running_mean = 0.1 * torch.cos(n * 2 + phase)
                module.running_var = 1 + 0.5 * torch.cos(n * 2 + phase).abs()
    X = X.clone().requires_grad_()
    Y = net.eval()(X.clone())
    weights = torch.cos(torch.arange(Y.numel()) + 1.).reshape(Y.shape)
    parameters = [*net.parameters()]
    found = torch.autograd.grad((Y * weights).sum(), [X, *parameters],
                                allow_unused=True)
    return (Y.detach(), sum(p.numel() for p in parameters),
            0. if found[0] is None else found[0],
            sum(g is None for g in found))


class Weights:
    """What looked_at fills a network with, and how many there are."""

    def __init__(self, phase):
        self.phase, self.count = phase, 0

    def fill(self, *shape):
        """Give a parameter."""
        n = torch.arange(1., torch.Size(shape).numel() + 1)
        axes = 2 if shape[2:] == (1, 1) else len(shape)  # as nn.Linear
        self.count += len(n)
        return 0.3 * torch.cos(n * (1 + axes) + self.phase).reshape(shape)

    def conv(self, X, out_channels, k, stride=1, bias=True, groups=1):
        """Convolve and keep the size, but for the stride."""
        W = self.fill(out_channels, X.shape[1] // groups, k, k)
        return F.conv2d(X, W, self.fill(out_channels) if bias else None,
                        stride, k // 2, 1, groups)

    def norm(self, X):
        """Do batch norm in eval mode."""
        n = torch.arange(1., X.shape[1] + 1)
        wave = torch.cos(n * 2 + self.phase)
        c = (X.shape[1],)
        return F.batch_norm(X, 0.1 * wave, 1 + 0.5 * wave.abs(),
                            1 + self.fill(*c), self.fill(*c))

    def linear(self, X, out_features):
        """Do a linear layer."""
        return F.linear(X, self.fill(out_features, X.shape[1]),
                        self.fill(out_features))


def case(dice, compute, channels, *args, size=None):
    """Return a call of looked_at, and what must come out of it."""
    h, w = size or (dice.number(4, 8), dice.number(4, 8))
    X, phase = dice.normal(dice.number(1, 3), channels, h, w), dice.number(
        1, 99)
    weights, Z = Weights(phase), X.clone().requires_grad_()
    Y = compute(weights, Z, *args)
    cosine = torch.cos(torch.arange(Y.numel()) + 1.).reshape(Y.shape)
    slope, = torch.autograd.grad((Y * cosine).sum(), Z)
    return call(X, phase, *args), (Y.detach(), weights.count, slope, 0)


@marks(1, secret=True)
def lenet(dice):
    yield call(), ((1, 6, 28, 28), (1, 6, 14, 14), (1, 16, 10, 10), (1, 400),
                   156, 2416, 48120)


@marks(1)
def flatten(dice):
    for shape in [(1, 3, 2, 2), (3, 2, 4, 1), (4, 5)]:
        X = dice.normal(*shape)
        yield call(X), torch.stack([image.flatten() for image in X])


def flattened_after_permute(flatten, X):
    """Runs beside the students' code: it holds no expected value."""
    return flatten(X.permute(0, 2, 3, 1))


@marks(1, of='flatten', use=flattened_after_permute)
def flatten_moved(dice):
    X = dice.normal(2, 3, 2, 4)
    yield call(X), X.movedim(1, 3).flatten(1)


def evaluated(evaluate, weight, batches, training):
    """Runs beside the students' code: it holds no expected value."""
    notes = []

    class Watched(nn.Linear):
        def forward(self, X):
            notes.append((self.training, torch.is_grad_enabled()))
            return super().forward(X)

    net = Watched(weight.shape[1], len(weight), bias=False).train(training)
    net.weight.data = weight
    accuracy = evaluate(net, batches)
    return (accuracy, any(mode for mode, _ in notes),
            any(grad for _, grad in notes), len(notes) > 0, net.training,
            torch.is_grad_enabled(), torch.get_default_dtype().itemsize)


@marks(2, use=evaluated)
def evaluate(dice):
    for sizes in [(3,), (4, 1), (5, 5, 2)]:
        for training in (True, False):
            W = dice.normal(4, 3)
            batches = [(dice.normal(n, 3), torch.tensor(
                [dice.number(0, 3) for _ in range(n)])) for n in sizes]
            batches[0][1][0] = (W @ batches[0][0][0]).argmax()
            batches[-1][1][-1] = (W @ batches[-1][0][-1]).argmin()
            right = torch.cat([(X @ W.T).argmax(1) == y for X, y in batches])
            yield (call(W, batches, training),
                   (right.float().mean().item(), False, False, True,
                    training, True, 4))


@marks(1, use=looked_at)
def vgg_block(dice):
    def block(weights, X, num_convs, in_channels, out_channels):
        for _ in range(num_convs):
            X = F.relu(weights.conv(X, out_channels, 3))
        return F.max_pool2d(X, 2)

    for num_convs, c_in, c_out in [(1, 1, 2), (2, 2, 2), (3, 1, 3),
                                   (2, 3, 1)]:
        yield case(dice, block, c_in, num_convs, c_in, c_out)


@marks(1, secret=True)
def stacks(dice):
    yield call(), (102464, 73856, 7, 9472, 3)


def inception(weights, X, _, c1, c2, c3, c4):
    """Compute the four branches of 2014."""
    def conv(X, *args):
        return F.relu(weights.conv(X, *args))

    return torch.cat([conv(X, c1, 1), conv(conv(X, c2[0], 1), c2[1], 3),
                      conv(conv(X, c3[0], 1), c3[1], 5),
                      conv(F.max_pool2d(X, 3, 1, 1), c4, 1)], 1)


@marks(3, use=looked_at)
def Inception(dice):
    for _ in range(4):
        c = [dice.number(1, 4) for _ in range(7)]
        yield case(dice, inception, c[0], c[0], c[1], (c[2], c[3]),
                   (c[4], c[5]), c[6])


def shortcut(weights, X, in_channels, out_channels, stride):
    """Give X, or what a 1x1 convolution makes of it."""
    if stride == 1 and in_channels == out_channels:
        return X
    return weights.norm(weights.conv(X, out_channels, 1, stride, False))


@marks(3, use=looked_at)
def Residual(dice):
    def block(weights, X, c_in, c_out, stride=1):
        Y = weights.conv(X, c_out, 3, stride, False)
        Y = weights.conv(F.relu(weights.norm(Y)), c_out, 3, 1, False)
        return F.relu(weights.norm(Y)
                      + shortcut(weights, X, c_in, c_out, stride))

    for args in [(2, 2), (1, 3), (2, 2, 2), (3, 2, 2), (2, 4, 1)]:
        yield case(dice, block, args[0], *args)


@marks(3, use=looked_at)
def Bottleneck(dice):
    def block(weights, X, c_in, c_out, stride=1):
        Y = weights.conv(X, c_out // 4, 1, 1, False)
        Y = F.relu(weights.norm(Y))
        Y = weights.conv(Y, c_out // 4, 3, stride, False)
        Y = weights.conv(F.relu(weights.norm(Y)), c_out, 1, 1, False)
        return F.relu(weights.norm(Y)
                      + shortcut(weights, X, c_in, c_out, stride))

    for args in [(4, 4), (2, 8), (8, 8, 2), (3, 4, 2), (8, 4, 1)]:
        yield case(dice, block, args[0], *args)


@marks(2, use=looked_at)
def DenseBlock(dice):
    def block(weights, X, num_layers, in_channels, growth_rate):
        for _ in range(num_layers):
            Y = F.relu(weights.norm(X))
            X = torch.cat(
                [X, weights.conv(Y, growth_rate, 3, bias=False)], 1)
        return X

    for num_layers, c_in, growth_rate in [(1, 1, 2), (2, 2, 2), (3, 2, 1),
                                          (3, 1, 4)]:
        yield case(dice, block, c_in, num_layers, c_in, growth_rate)


@marks(1, use=looked_at)
def transition(dice):
    def block(weights, X, in_channels, out_channels):
        Y = F.relu(weights.norm(X))
        return F.avg_pool2d(weights.conv(Y, out_channels, 1, bias=False), 2)

    for c_in, c_out in [(2, 1), (4, 3), (3, 3)]:
        yield case(dice, block, c_in, c_in, c_out)


@marks(2, use=looked_at)
def googlenet(dice):
    def net(weights, X, num_classes):
        X = F.relu(weights.conv(X, 8, 3))
        X = inception(weights, F.max_pool2d(X, 3, 2, 1), None, 4, (4, 8),
                      (2, 4), 4)
        X = inception(weights, F.max_pool2d(X, 3, 2, 1), None, 8, (6, 12),
                      (2, 4), 4)
        X = inception(weights, X, None, 8, (8, 16), (4, 8), 8)
        return weights.linear(X.mean((2, 3)), num_classes)

    for num_classes in [dice.number(2, 9), 10]:
        yield case(dice, net, 1, num_classes, size=(28, 28))


@marks(1, secret=True)
def modern(dice):
    yield call(), (4608, 33920, 580, 144, 18.0, 9)


@marks(2)
def separable(dice):
    for c, o in [(1, 1), (2, 3), (3, 2), (4, 4)]:
        h, w = dice.number(1, 3), dice.number(1, 3)
        X = dice.normal(c, h + dice.number(0, 4), w + dice.number(1, 4))
        D, P = dice.normal(c, h, w), dice.normal(o, c)
        Y = F.conv2d(X[None], D[:, None], groups=c)[0]
        yield call(X, D, P), torch.einsum('oc,chw->ohw', P, Y)


@marks(2, use=looked_at)
def SqueezeExcitation(dice):
    def gate(weights, X, channels, squeezed):
        Z = F.relu(weights.linear(X.mean((2, 3)), squeezed))
        return X * weights.linear(Z, channels).sigmoid()[:, :, None, None]

    for channels, squeezed in [(1, 1), (3, 2), (4, 1), (8, 2)]:
        yield case(dice, gate, channels, channels, squeezed)


@marks(3, use=looked_at)
def InvertedResidual(dice):
    def block(weights, X, c_in, c_out, stride, expansion, k=3):
        middle, Y = c_in * expansion, 20 * X
        if expansion > 1:
            Y = weights.conv(Y, middle, 1, bias=False)
            Y = F.relu6(weights.norm(Y))
        Y = weights.conv(Y, middle, k, stride, False, middle)
        Y = F.relu6(weights.norm(Y))
        Y = weights.norm(weights.conv(Y, c_out, 1, bias=False))
        return 20 * X + Y if stride == 1 and c_in == c_out else Y

    for args in [(2, 2, 1, 2), (3, 2, 1, 6), (2, 2, 2, 3), (3, 3, 1, 1),
                 (2, 4, 2, 2, 5), (2, 2, 1, 4, 7)]:
        made, wanted = case(dice, block, args[0], *args)
        Y, count, slope, none = wanted
        made.args = (20 * made.args[0], *made.args[1:])
        yield made, (Y, count, slope / 20, none)
