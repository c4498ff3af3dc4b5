"""Sample hidden tests for exercises 4, batch norm.

    python -m d2lmini_mark exercises/sources/c04_batch_norm/hidden.py \\
        submissions

exercises/sources/c03_pooling/hidden.py says how a test is written. PyTorch's
own batch norm and autograd know what is right. Layers are made on the
students' side, by a function that is handed over with `use`.
"""
import torch
from torch import nn
from torch.nn import functional as F

from d2lmini_mark import call, marks


@marks(1)
def standardize(dice):
    for n, m, c in [(2, 1, 2), (4, 3, 3), (7, 2, 4)]:
        train, test = 3 * dice.normal(n, c) + 5, dice.normal(m, c)
        std, mean = torch.std_mean(train, 0)
        yield call(train, test), ((train - mean) / std, (test - mean) / std)


@marks(1, secret=True)
def means(dice):
    yield call(), (6, 4, 24, 8, 12, 140)


def batch_of(dice, *shape):
    """Draw a minibatch, gamma and beta."""
    c = shape[1]
    return (2 * dice.normal(*shape) + 1, dice.normal(c).abs() + 0.5,
            dice.normal(c) - 2)


@marks(2)
def batch_norm(dice):
    for shape in [(3, 1), (4, 3), (2, 2, 1, 3), (3, 4, 2, 3)]:
        X, gamma, beta = batch_of(dice, *shape)
        for eps in [(), (0.5,)]:
            yield call(X, gamma, beta, *eps), F.batch_norm(
                X, None, None, gamma, beta, True, 0.1, *eps)
        yield call(X / 200, gamma, beta), F.batch_norm(
            X / 200, None, None, gamma, beta, True)  # eps counts


def slopes(batch_norm, X, gamma, beta, weights):
    """Runs beside the students' code: it holds no expected value."""
    inputs = [T.requires_grad_() for T in (X, gamma, beta)]
    loss = (batch_norm(X, gamma, beta) * weights).sum()
    return torch.autograd.grad(loss, inputs)


@marks(1, of='batch_norm', use=slopes)
def batch_norm_gradient(dice):
    for shape in [(4, 2), (2, 3, 2, 2)]:
        X, gamma, beta = batch_of(dice, *shape)
        weights = dice.normal(*shape)
        inputs = [T.clone().requires_grad_() for T in (X, gamma, beta)]
        Y = F.batch_norm(inputs[0], None, None, *inputs[1:], True)
        yield (call(X, gamma, beta, weights),
               torch.autograd.grad((Y * weights).sum(), inputs))


@marks(1)
def running(dice):
    for momentum in [(), (), (0.5,), (1.0,), (0.0,)]:
        X = 2 * dice.normal(dice.number(2, 5), 3) + 1
        mean, var = dice.normal(3), dice.normal(3).abs()
        layer = nn.BatchNorm1d(3, momentum=(*momentum, 0.1)[0])
        layer.running_mean, layer.running_var = mean.clone(), var.clone()
        layer(X)
        yield (call(X, mean, var, *momentum),
               (layer.running_mean, layer.running_var))


def folded(fold, W, b, gamma, beta, mean, var, eps, X):
    """Runs beside the students' code: it holds no expected value."""
    out_channels, in_channels, h, w = W.shape
    conv = nn.Conv2d(in_channels, out_channels, (h, w), bias=b is not None)
    norm = nn.BatchNorm2d(out_channels, eps=eps)
    conv.weight.data = W
    if b is not None:
        conv.bias.data = b
    norm.weight.data, norm.bias.data = gamma, beta
    norm.running_mean, norm.running_var = mean, var
    weight, bias = (torch.as_tensor(T).float()
                    for T in fold(conv.eval(), norm.eval()))
    return weight, bias, F.conv2d(X, weight, bias)


@marks(3, use=folded)
def fold(dice):
    for c_in, c_out, k, eps, has_bias in [
            (1, 2, 1, 1e-5, True), (2, 3, 2, 0.5, True),
            (3, 2, 3, 1e-5, False), (2, 2, 2, 1., False)]:
        W, b = dice.normal(c_out, c_in, k, k), dice.normal(c_out)
        b = b if has_bias else None
        gamma, beta, mean = (dice.normal(c_out) for _ in range(3))
        var, X = dice.normal(c_out).abs() + 0.5, dice.normal(1, c_in, 4, 5)
        weight, bias = torch.nn.utils.fuse_conv_bn_weights(
            W, b, mean, var, eps, gamma, beta)
        yield (call(W, b, gamma, beta, mean, var, eps, X),
               (weight.detach(), bias.detach(), F.batch_norm(
                   F.conv2d(X, W, b), mean, var, gamma, beta, eps=eps)))


@marks(3)
def bn_backward(dice):
    for n, c, eps in [(3, 1, ()), (4, 3, ()), (2, 2, (0.5,)), (6, 2, (0.1,))]:
        X, gamma, beta = batch_of(dice, n, c)
        dY = dice.normal(n, c)
        inputs = [T.clone().requires_grad_() for T in (X, gamma, beta)]
        Y = F.batch_norm(inputs[0], None, None, *inputs[1:], True, 0.1, *eps)
        yield call(dY, X, gamma, *eps), torch.autograd.grad(Y, inputs, dY)


def trained(BatchNorm, batches, weights, quiet, X):
    """Runs beside the students' code: it holds no expected value."""
    layer = BatchNorm(X.shape[1])
    before = torch.full((X.shape[1],), 2., requires_grad=True)
    optimizer = torch.optim.SGD([*layer.parameters(), before], lr=0.1)
    found = []
    for batch in batches:
        Y = layer(batch * before)
        optimizer.zero_grad()
        (Y * weights).sum().backward()
        optimizer.step()
        found.append(Y.detach())
    if any(b.requires_grad for b in layer.buffers()):
        raise ValueError('the running statistics carry the graph of all '
                         'steps so far: use .detach()')
    with torch.no_grad():
        found.append(layer(quiet))  # still in train mode
    loaded = BatchNorm(X.shape[1])
    loaded.load_state_dict(layer.state_dict())
    kept = sum(v.numel() for v in layer.state_dict().values() if v.ndim)
    return (found, before.detach(), layer.eval()(X).detach(),
            layer(X).detach(), loaded.eval()(X).detach(), kept)


@marks(3, use=trained, seconds=20)
def BatchNorm(dice):
    for steps in [0, 1, 4]:
        batches = [2 * dice.normal(5, 3) + 1 for _ in range(steps)]
        args = batches, dice.normal(5, 3), dice.normal(4, 3), dice.normal(1, 3)
        yield call(*args), trained(nn.BatchNorm1d, *args)
