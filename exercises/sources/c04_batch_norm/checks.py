"""Checks for the exercises of chapter 4, batch norm."""
import torch
from torch import nn
from torch.nn import functional as F

from d2lmini_check.compare import as_tensor
from d2lmini_check.questions import (Case, Question, Wrong, predictions,
                                     remark)
from d2lmini_check.watch import AUTOGRAD


def z_scores(train, test, correction=1, each=0, own=False):
    """Standardize by torch.std_mean, right or with what is changed."""
    def stats(X):
        if each is None:
            return torch.std_mean(X, correction=correction)
        return torch.std_mean(X, each, correction=correction, keepdim=True)

    std, mean = stats(train)
    std2, mean2 = stats(test) if own else (std, mean)
    return (train - mean) / std, (test - mean2) / std2


def standardize_cases(dice):
    """Give training and test data, one row an example."""
    return [Case(torch.tensor([[1., 10.], [3., 40.]]),
                 torch.tensor([[2., 10.], [3., 70.]]))] + [
        Case(dice.normal(n, c) * 3 + 5, dice.normal(m, c))
        for n, c, m in [(3, 2, 2), (4, 3, 3), (6, 2, 4)]]


standardize = Question(
    lambda train, test: z_scores(train, test), standardize_cases,
    ('A feature is a column. Which axis must vanish when you take its mean, '
     'and whose mean may be used for the test data?',
     'mean, std = train.mean(0), train.std(0); then subtract and divide, '
     'the same two for train and for test.'),
    {'the test data are standardized with their own statistics: use those '
     'of the training data':
         lambda train, test: z_scores(train, test, own=True),
     'the statistics are of each row: a feature is a column':
         lambda train, test: z_scores(train, test, each=1, own=True),
     'there is one mean for all features: each has its own':
         lambda train, test: z_scores(train, test, each=None),
     'the variance divides by n: here the standard deviation divides by '
     'n - 1, as train.std(0) does':
         lambda train, test: z_scores(train, test, correction=0),
     'it is centered but not divided by the standard deviation':
         lambda train, test: (train - train.mean(0), test - train.mean(0)),
     'it is divided by the variance: use its root, the standard deviation':
         lambda train, test: tuple((X - train.mean(0)) / train.var(0)
                                   for X in (train, test)),
     'it is divided but not centered: subtract the mean':
         lambda train, test: tuple(X / train.std(0)
                                   for X in (train, test)),
     'the statistics are those of training and test data together: the '
     'test data must stay unseen':
         lambda train, test: tuple(
             (X - torch.cat([train, test]).mean(0))
             / torch.cat([train, test]).std(0) for X in (train, test))})


def norm_by_torch(X, gamma, beta, eps=1e-5):
    """Normalize a minibatch by PyTorch, in training mode."""
    return F.batch_norm(X, None, None, gamma, beta, True, 0.1, eps)


def norm_over(axes, correction=0, scale=True, eps_at='var'):
    """Make a normalization over other axes, or with another formula."""
    def norm(X, gamma, beta, eps=1e-5):
        over = [a for a in axes if a < X.ndim]
        var, mean = torch.var_mean(X, over, correction=correction,
                                   keepdim=True)
        std = ((var + eps).sqrt() if eps_at == 'var' else var.sqrt()
               if eps_at is None else var + eps)
        shape = (1, -1) + (1,) * (X.ndim - 2)
        Y = (X - mean) / std
        return gamma.reshape(shape) * Y + beta.reshape(shape) if scale else Y
    return norm


def norm_cases(dice):
    """Give minibatches (N, C) and (N, C, H, W), with gamma and beta."""
    cases = []
    for shape in [(2, 1), (2, 2), (4, 3), (2, 1, 1, 2), (2, 2, 2, 2),
                  (3, 4, 2, 3)]:
        c = shape[1]
        X = dice.whole(*shape) if len(shape) == 2 else dice.normal(*shape)
        X.view(-1)[0] += 0.5  # no channel is constant
        cases.append(Case(X, dice.whole(c, low=1, high=5),
                          dice.whole(c, low=-3, high=0)))
    X = dice.whole(4, 2)
    return cases + [Case(X, torch.ones(2), torch.zeros(2), 1.),
                    Case(X / 100, torch.ones(2), torch.zeros(2))]


batch_norm = Question(
    norm_by_torch, norm_cases,
    ('A channel has one mean and one variance, over all examples and all '
     'pixels. Which axes are that in (N, C), and in (N, C, H, W)?',
     'axes = [0, *range(2, X.ndim)]; take mean and the variance that '
     'divides by n with keepdim=True. gamma and beta must be reshaped to '
     '(1, C) or (1, C, 1, 1).'),
    {'each pixel has its own statistics here: they are over pixels as well '
     'as examples':
         norm_over([0]),
     'each example is normalized alone: that is layer norm':
         lambda X, gamma, beta, eps=1e-5: norm_over(
             [1, 2, 3])(X, gamma, beta, eps),
     'each example and channel is normalized alone: that is instance norm':
         lambda X, gamma, beta, eps=1e-5: norm_over(
             [2, 3] if X.ndim == 4 else [0])(X, gamma, beta, eps),
     'one mean over everything is used: each channel has its own':
         norm_over([0, 1, 2, 3]),
     'the variance divides by n - 1: to normalize it divides by n':
         norm_over([0, 2, 3], correction=1),
     'gamma and beta are not used':
         norm_over([0, 2, 3], scale=False),
     'it is divided by the variance: divide by its root':
         norm_over([0, 2, 3], eps_at='std'),
     'eps is not used':
         norm_over([0, 2, 3], eps_at=None),
     'gamma and beta are swapped':
         lambda X, gamma, beta, eps=1e-5: norm_by_torch(X, beta, gamma, eps)},
    grad=('X', 'gamma', 'beta'), device=True, bans=('batch_norm',))


def moved(X, moving_mean, moving_var, momentum=0.1):
    """Let PyTorch move running statistics."""
    mean, var = moving_mean.clone(), moving_var.clone()
    F.batch_norm(X, mean, var, training=True, momentum=momentum)
    return mean, var


def moved_by(formula):
    """Make a wrong rule: formula(old, new, biased, momentum) of both."""
    def move(X, moving_mean, moving_var, momentum=0.1):
        var, mean = torch.var_mean(X, 0, correction=1)
        biased = X.var(0, correction=0)
        return (formula(moving_mean, mean, mean, momentum),
                formula(moving_var, var, biased, momentum))
    return move


running = Question(
    moved,
    lambda dice: [
        Case(torch.tensor([[1.], [3.]]), torch.zeros(1), torch.ones(1)),
        Case(torch.tensor([[1.], [3.]]), torch.zeros(1), torch.ones(1), 0.5)]
    + [Case(dice.normal(n, c) * 2 + 1, dice.normal(c), dice.normal(c).abs(),
            *momentum) for n, c in [(3, 2), (5, 3)]
       for momentum in [(), (0.5,), (1.0,), (0.0,)]],
    ('PyTorch\'s momentum is the share of the newest minibatch. With 0.1, '
     'how much of the old value is kept?',
     'new = (1 - momentum) * old + momentum * statistic, with the mean and '
     'the unbiased variance (dividing by n - 1) of the minibatch.'),
    {'the momentum is the wrong way round: it is the share of the newest '
     'minibatch, so 1 - momentum of the old value is kept':
         moved_by(lambda old, new, biased, m: m * old + (1 - m) * new),
     'the running variance moves to the unbiased variance, which divides by '
     'n - 1':
         moved_by(lambda old, new, biased, m: (1 - m) * old + m * biased),
     'the old value is not kept: only the statistics of this minibatch':
         moved_by(lambda old, new, biased, m: new),
     'nothing has moved':
         moved_by(lambda old, new, biased, m: old),
     'the old value is not made smaller: multiply it by 1 - momentum':
         moved_by(lambda old, new, biased, m: old + m * new),
     'the momentum that is given is ignored':
         lambda X, moving_mean, moving_var, momentum=0.1: moved(
             X, moving_mean, moving_var),
     'mean and variance are swapped':
         lambda X, moving_mean, moving_var, momentum=0.1: moved(
             X, moving_mean, moving_var, momentum)[::-1]})


def count_means(N=4, C=6, H=5, W=7):
    """Count how many means each norm takes, by PyTorch where it keeps them."""
    return {'batch norm': nn.BatchNorm2d(C).running_mean.numel(),
            'layer norm over (C, H, W)': N,
            'instance norm': N * C,
            'group norm with 2 groups': N * 2,
            'parameters of nn.BatchNorm2d(6)':
                sum(p.numel() for p in nn.BatchNorm2d(C).parameters()),
            'numbers behind one mean of batch norm': N * H * W}


means = predictions(
    count_means(),
    {'batch norm has one mean for each channel, over all examples and '
     'pixels':
         [4, None, None, None, None, None],
     'each pixel has no mean of its own: pixels are averaged over':
         [210, 140, 840, 280, None, 4],
     'layer norm takes each example alone':
         [None, 6, None, None, None, None],
     'instance norm takes each channel of each example alone':
         [None, None, 6, None, None, None],
     'the groups are cut in each example':
         [None, None, None, 2, None, None],
     'a group is a part of the channels: 2 groups of 3 channels':
         [None, None, None, 12, None, None],
     'gamma and beta: one of each for a channel':
         [None, None, None, None, 6, None],
     'the running statistics are buffers, not parameters: nothing is '
     'learned there':
         [None, None, None, None, 24, None],
     'the mean of a channel is over all examples and all pixels':
         [None, None, None, None, None, 35]},
    ('For each norm say which of the axes N, C, H and W are averaged over; '
     'the others remain, and their sizes multiply.',
     'Batch norm averages over N, H, W; layer norm over C, H, W; instance '
     'norm over H, W; group norm over H, W and the channels of a group.'))


def by_autograd(dY, X, gamma, eps=1e-5):
    """Let autograd go back through PyTorch's batch norm."""
    X, gamma = X.clone().requires_grad_(), gamma.clone().requires_grad_()
    beta = torch.zeros_like(gamma, requires_grad=True)
    Y = norm_by_torch(X, gamma, beta, eps)
    return torch.autograd.grad(Y, [X, gamma, beta], dY)


def with_constants(fixed):
    """Make a backward pass that takes mean or variance for constants."""
    def backward(dY, X, gamma, eps=1e-5):
        Z = X.clone().requires_grad_()
        mean = Z.mean(0)
        mean = mean.detach() if 'mean' in fixed else mean
        var = ((Z - mean)**2).mean(0)
        var = var.detach() if 'var' in fixed else var
        Y = gamma * (Z - mean) / (var + eps).sqrt()
        dX, = torch.autograd.grad(Y, Z, dY)
        return dX, *by_autograd(dY, X, gamma, eps)[1:]
    return backward


def changed_backward(change):
    """Make a wrong backward pass out of the right one."""
    return lambda dY, X, gamma, eps=1e-5: change(
        *by_autograd(dY, X, gamma, eps), dY, X, gamma)


def backward_cases(dice):
    """Give upstream gradients and minibatches (N, C)."""
    cases = [Case(torch.tensor([[1.], [0.], [0.]]),
                  torch.tensor([[0.], [3.], [6.]]), torch.tensor([2.]))]
    return cases + [Case(dice.normal(n, c), dice.normal(n, c) * 2,
                         dice.normal(c), *eps)
                    for n, c in [(3, 1), (3, 2), (5, 3)]
                    for eps in [(), (0.5,)]]


bn_backward = Question(
    by_autograd, backward_cases,
    ('dbeta is the sum of dY over the examples, dgamma that of dY * x_hat. '
     'For dX: mean and variance depend on X too, so two parts are taken '
     'away from dY before it is scaled.',
     'dX = gamma / s * (dY - mean of dY - x_hat * mean of (dY * x_hat)), '
     'means over axis 0, s = sqrt(biased variance + eps).'),
    {'mean and variance are taken for constants, but they depend on X':
         with_constants(['mean', 'var']),
     'the variance is taken for a constant, but it depends on X':
         with_constants(['var']),
     'the part of the mean is missing':
         lambda dY, X, gamma, eps=1e-5: (
             by_autograd(dY, X, gamma, eps)[0]
             + gamma / (X.var(0, correction=0) + eps).sqrt() * dY.mean(0),
             *by_autograd(dY, X, gamma, eps)[1:]),
     'gamma is missing in dX':
         changed_backward(lambda dX, dg, db, dY, X, gamma: (
             dX / gamma, dg, db)),
     'dgamma is the sum of dY times x_hat, the normalized input, not times '
     'X':
         changed_backward(lambda dX, dg, db, dY, X, gamma: (
             dX, (dY * X).sum(0), db)),
     'dgamma and dbeta are averaged over the examples: they must be summed':
         changed_backward(lambda dX, dg, db, dY, X, gamma: (
             dX, dg / len(X), db / len(X))),
     'dgamma and dbeta are swapped: first dX, then dgamma, then dbeta':
         changed_backward(lambda dX, dg, db, dY, X, gamma: (dX, db, dg)),
     'the sign of dX is wrong':
         changed_backward(lambda dX, dg, db, dY, X, gamma: (-dX, dg, db))},
    bans=AUTOGRAD)


def numbers(*layers):
    """Return all parameters and buffers of layers."""
    return [T for layer in layers for T in layer.state_dict().values()]


def folded(answer, conv, norm, X):
    """Build the one layer and run it; weight and bias come from the answer."""
    before = [T.clone() for T in numbers(conv, norm)]
    given = answer(conv, norm)
    if not all(map(torch.equal, before, numbers(conv, norm))):
        remark('your function changed the layers that it was given: who '
               'calls it again gets something else')
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        raise Wrong('two tensors are wanted: weight and bias')
    weight, bias = (as_tensor(T, conv.weight) for T in given)
    for T, name, shape in [(weight, 'weight', conv.weight.shape),
                           (bias, 'bias', conv.weight.shape[:1])]:
        if not isinstance(T, torch.Tensor) or T.shape != shape:
            raise Wrong(f'the {name} must be a tensor of shape '
                        f'{tuple(shape)}, got ' + (
                            f'shape {tuple(T.shape)}' if isinstance(
                                T, torch.Tensor) else type(T).__name__))
    return F.conv2d(X, weight, bias, conv.stride, conv.padding).detach()


def fold_cases(dice):
    """Give convolutions with and without bias, and used batch norms."""
    cases = []
    for c_in, c_out, k, bias, eps in [(1, 1, 1, False, 1e-5),
                                      (1, 1, 1, True, 1e-5),
                                      (1, 2, 1, True, 1.),
                                      (2, 3, 2, True, 1e-5),
                                      (2, 2, 3, False, 0.5)]:
        conv = nn.Conv2d(c_in, c_out, k, bias=bias).eval()
        norm = nn.BatchNorm2d(c_out, eps=eps).eval()
        for T in [*conv.parameters(), *norm.parameters(), norm.running_mean]:
            T.data = dice.whole(*T.shape, low=1, high=5)
        norm.running_var.data = dice.whole(c_out, low=2, high=9)
        cases.append(Case(conv, norm, dice.whole(1, c_in, k, k + 1)))
    return cases


def fold_by(change):
    """Make what a wrong folding gives: change(W, b, mean, var, g, beta)."""
    def fold(conv, norm, X):
        b = conv.bias if conv.bias is not None else torch.zeros(
            len(conv.weight))
        weight, bias = change(
            conv.weight, b, norm.running_mean, norm.running_var + norm.eps,
            norm.weight, norm.bias, lambda v: v.reshape(-1, 1, 1, 1))
        return F.conv2d(X, weight, bias).detach()
    return fold


fold = Question(
    lambda conv, norm, X: norm(conv(X)).detach(), fold_cases,
    ('In eval mode batch norm multiplies each channel by a number and adds '
     'another. Which two, in terms of gamma, beta, running mean and '
     'variance? Then put the convolution in for its input.',
     'scale = gamma / sqrt(var + eps); weight = scale * W, with scale '
     'reshaped to (C, 1, 1, 1); bias = beta + scale * (b - mean), where b '
     'is 0 if the convolution has no bias.'),
    {'the bias of the convolution must be scaled too':
         fold_by(lambda W, b, m, v, g, beta, up: (
             up(g / v.sqrt()) * W, beta + b - g / v.sqrt() * m)),
     'the bias of the convolution is lost':
         fold_by(lambda W, b, m, v, g, beta, up: (
             up(g / v.sqrt()) * W, beta - g / v.sqrt() * m)),
     'the running mean is not subtracted':
         fold_by(lambda W, b, m, v, g, beta, up: (
             up(g / v.sqrt()) * W, beta + g / v.sqrt() * b)),
     'beta is missing':
         fold_by(lambda W, b, m, v, g, beta, up: (
             up(g / v.sqrt()) * W, g / v.sqrt() * (b - m))),
     'gamma is missing':
         fold_by(lambda W, b, m, v, g, beta, up: (
             up(1 / v.sqrt()) * W, beta + (b - m) / v.sqrt())),
     'it is divided by the variance: divide by its root':
         fold_by(lambda W, b, m, v, g, beta, up: (
             up(g / v) * W, beta + g / v * (b - m))),
     'the weight is not scaled':
         fold_by(lambda W, b, m, v, g, beta, up: (
             W, beta + g / v.sqrt() * (b - m)))},
    use=folded)


def live(answer, steps):
    """Train a layer for some steps, then look at it from all sides."""
    layer = answer(3)
    if not isinstance(layer, nn.Module):
        raise Wrong('the class must be an nn.Module')
    seen = train(layer, steps)
    if any(buffer.requires_grad for buffer in layer.buffers()):
        raise Wrong('the running statistics carry the graph of all steps so '
                    'far: use .detach()')
    layer.eval()
    X = torch.tensor([[1., 2., 3.]])
    if layer(X) is None:
        raise Wrong('forward returns None: is a `return` missing?')
    seen['gradient for the layer before'] = gradient_back(answer(3))
    seen['output for one example in eval mode'] = layer(X).detach()
    seen['output for the same a second time'] = layer(X).detach()
    seen['tensors in state_dict() besides the two parameters'] = sum(
        v.is_floating_point() for v in layer.state_dict().values()) - sum(
            p.requires_grad for p in layer.parameters())
    with torch.no_grad():
        X = torch.arange(12.).reshape(4, 3).cos()
        seen['output in train mode, without gradients'] = answer(3)(X)
    return seen


def gradient_back(layer):
    """Return the gradient that a fresh layer hands back in train mode."""
    X = torch.randn(6, 3, generator=torch.Generator().manual_seed(2))
    weights = torch.arange(18.).reshape(6, 3).sin()
    X.requires_grad_()
    Y = layer.train()(X)
    grad, = torch.autograd.grad((Y * weights).sum(), X, allow_unused=True)
    return 0. if grad is None else grad


def train(layer, steps):
    """Take some steps with a layer; return its outputs."""
    seen = {}
    generator = torch.Generator().manual_seed(1)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    scale = torch.tensor([2., 1., 0.02], requires_grad=True)
    for step in range(steps):
        X = torch.randn(6, 3, generator=generator)
        Y = layer(X * scale + 1)  # as if a layer stood before it
        if Y is None:
            raise Wrong('forward returns None: is a `return` missing?')
        optimizer.zero_grad()
        (Y**3).mean().backward()
        optimizer.step()
        seen[f'output {step + 1} in train mode'] = Y.detach()
    return seen


def variant(momentum=0.1, biased=False, plain=False, always=None):
    """Make a layer like nn.BatchNorm1d, but for one mistake."""
    class Layer(nn.BatchNorm1d):
        def forward(self, X):
            Y = F.batch_norm(
                X, self.running_mean, self.running_var, self.weight,
                self.bias, self.training if always is None else always,
                momentum)
            n = len(X)
            if biased and self.training:
                self.running_var = self.running_var - (
                    momentum * X.var(0).detach() / n)
            return Y

    def run(steps):
        seen = live(Layer, steps)
        if plain:
            seen['tensors in state_dict() besides the two parameters'] = 0
        return seen
    return run


class_batch_norm = Question(
    lambda steps: live(nn.BatchNorm1d, steps),
    lambda dice: [Case(n) for n in [0, 1, 2, 5]],
    ('There are four bugs. Ask: what is kept in state_dict()? What happens '
     'to the old running statistics? Which ones are used in eval mode? '
     'What has the running mean to do with the graph of the last step?',
     'register_buffer makes them part of state_dict(); the new minibatch '
     'has the share 0.1; `if self.training` decides which statistics are '
     'used and whether they move; .detach() cuts the graph.'),
    {'the running statistics are not in state_dict(), so a loaded network '
     'has none: use self.register_buffer':
         variant(plain=True),
     'the momentum is the wrong way round: PyTorch\'s 0.1 is the share of '
     'the newest minibatch':
         variant(momentum=0.9),
     'the running variance moves to the unbiased variance (n - 1)':
         variant(biased=True),
     'the running statistics are used in train mode too: there the '
     'minibatch has its own':
         variant(always=False)},
    use=live)

QUESTIONS = {'standardize': standardize, 'means': means,
             'batch_norm': batch_norm, 'running': running, 'fold': fold,
             'bn_backward': bn_backward, 'BatchNorm': class_batch_norm}

# What the texts announce, besides values and shapes.
DEMANDS = {'batch_norm': ('gradient',), 'running': ('inputs',)}
