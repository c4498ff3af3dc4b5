"""Answers that must be accepted and answers that must be refused.

RIGHT: {question: [whole answers]}. WRONG: {question: [(words that the message
must hold, old, new)]}, an edit of the solution, or (words, whole answer).
EQUIVALENT: {question: {a mutant that no check can tell from the solution:
why}}.
"""
RIGHT = {
    'standardize': ['''
def standardize(train, test):
    n = len(train)
    center = train.sum(0) / n
    spread = (((train - center)**2).sum(0) / (n - 1))**0.5
    return [(X - center) / spread for X in (train, test)]
''', '''
def standardize(train, test):
    a, b = torch.empty_like(train), torch.empty_like(test)
    for j in range(train.shape[1]):
        std, mean = torch.std_mean(train[:, j])
        a[:, j], b[:, j] = (train[:, j] - mean) / std, (
            test[:, j] - mean) / std
    return a, b
'''],
    'means': ['''
def means():
    return [6, 4, 4 * 6, 4 * 2, 6 + 6, 4 * 5 * 7]
''', '''
def means():
    X = torch.zeros(4, 6, 5, 7)
    return (X.mean((0, 2, 3)).numel(), X.mean((1, 2, 3)).numel(),
            X.mean((2, 3)).numel(), X.reshape(4, 2, -1).mean(2).numel(),
            sum(p.numel() for p in nn.BatchNorm2d(6).parameters()),
            X[:, 0].numel())
'''],
    'batch_norm': ['''
def batch_norm(X, gamma, beta, eps=1e-5):
    rows = X.transpose(0, 1).flatten(1)
    var, mean = torch.var_mean(rows, 1, correction=0)
    scale = gamma / torch.sqrt(var + eps)
    rows = scale[:, None] * rows + (beta - scale * mean)[:, None]
    return rows.reshape(X.shape[1], len(X), *X.shape[2:]).transpose(0, 1)
''', '''
def batch_norm(X, gamma, beta, eps=1e-5):
    channels = []
    for c in range(X.shape[1]):
        x = X[:, c]
        z = (x - x.mean()) / torch.sqrt(x.var(correction=0) + eps)
        channels.append(gamma[c] * z + beta[c])
    return torch.stack(channels, 1)
'''],
    'running': ['''
def running(X, moving_mean, moving_var, momentum=0.1):
    return (torch.lerp(moving_mean, X.mean(0), momentum),
            torch.lerp(moving_var, X.var(0), momentum))
''', '''
def running(batch, moving_mean, moving_var, momentum=0.1):
    layer = nn.BatchNorm1d(batch.shape[1], momentum=momentum)
    layer.running_mean.copy_(moving_mean)
    layer.running_var.copy_(moving_var)
    layer(batch)
    return layer.running_mean, layer.running_var
'''],
    'fold': ['''
def fold(conv, norm):
    both = torch.nn.utils.fuse_conv_bn_eval(conv, norm)
    return both.weight, both.bias
''', '''
@torch.no_grad()
def fold(conv, norm):
    weight = conv.weight.clone()
    bias = torch.zeros(len(weight))
    for c in range(len(weight)):
        scale = norm.weight[c] / torch.sqrt(norm.running_var[c] + norm.eps)
        weight[c] *= scale
        b = conv.bias[c] if conv.bias is not None else 0.0
        bias[c] = (b - norm.running_mean[c]) * scale + norm.bias[c]
    return weight, bias
''', '''
import numpy as np

def fold(conv, norm):
    W, gamma, beta, mean, var = (T.detach().numpy() for T in (
        conv.weight, norm.weight, norm.bias, norm.running_mean,
        norm.running_var))
    b = np.zeros(len(W)) if conv.bias is None else conv.bias.detach().numpy()
    scale = gamma / np.sqrt(var + norm.eps)
    return W * scale[:, None, None, None], beta + scale * (b - mean)
''', ('return weight, norm.bias + scale * (bias - norm.running_mean)',
      'return weight.double(), norm.bias + scale * (bias - '
      'norm.running_mean)')],
    'bn_backward': ['''
def bn_backward(dY, X, gamma, eps=1e-5):
    n, centered = X.shape[0], X - X.mean(0)
    inverse = 1 / torch.sqrt((centered**2).mean(0) + eps)
    dhat = dY * gamma
    dvar = (dhat * centered).sum(0) * -0.5 * inverse**3
    dmean = -(dhat * inverse).sum(0)
    dX = dhat * inverse + dvar * 2 * centered / n + dmean / n
    return [dX, (dY * centered * inverse).sum(0), dY.sum(0)]
''', '''
def bn_backward(dY, X, gamma, eps=1e-5):
    N = X.shape[0]
    centered = X - X.mean(0)
    var = (centered**2).mean(0)
    inverse = (var + eps)**-0.5
    dX_hat = gamma * dY
    dvar = (-0.5 * inverse**3 * dX_hat * centered).sum(0)
    dmean = -(dX_hat * inverse).sum(0)
    dX = dX_hat * inverse + dvar * 2 * centered / N + dmean / N
    return dX, (dY * centered * inverse).sum(0), dY.sum(0)
'''],
    'BatchNorm': ['''
class BatchNorm(nn.Module):
    def __init__(self, num_features):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.mean = nn.Parameter(torch.zeros(num_features), False)
        self.var = nn.Parameter(torch.ones(num_features), False)

    def forward(self, X):
        mean, var, n = self.mean, self.var, len(X)
        if self.training:
            mean, var = X.mean(0), X.var(0, unbiased=False)
            with torch.no_grad():
                self.mean.mul_(0.9).add_(0.1 * mean)
                self.var.mul_(0.9).add_(0.1 * var * n / (n - 1))
        return self.gamma * (X - mean) / (var + 1e-5).sqrt() + self.beta
''', '''
class BatchNorm(nn.BatchNorm1d):
    pass
''', '''
class BatchNorm(nn.Module):
    def __init__(self, num_features):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(num_features))
        self.shift = nn.Parameter(torch.zeros(num_features))
        self.register_buffer('running', torch.zeros(num_features))
        self.register_buffer('spread', torch.ones(num_features))

    def forward(self, X):
        return F.batch_norm(X, self.running, self.spread, self.scale,
                            self.shift, self.training)
'''],
}

WRONG = {
    'standardize': [
        ('with their own statistics', '(test - mean) / std',
         '(test - test.mean(0)) / test.std(0)'),
        ('a feature is a column', '''
def standardize(train, test):
    return [(X - X.mean(1, keepdim=True)) / X.std(1, keepdim=True)
            for X in (train, test)]
'''),
        ('each has its own', 'train.mean(0), train.std(0)',
         'train.mean(), train.std()'),
        ('divides by n - 1', 'train.std(0)', 'train.std(0, correction=0)'),
        ('not divided by the standard deviation', 'mean, std = '
         'train.mean(0), train.std(0)', 'mean, std = train.mean(0), 1'),
        ('use its root', 'train.std(0)', 'train.var(0)'),
        ('divided but not centered', 'train.mean(0), ', '0 * train[0], '),
        ('together', 'mean, std = train.mean(0), train.std(0)',
         'both = torch.cat([train, test])\n'
         '    mean, std = both.mean(0), both.std(0)'),
        ('2 axes are wanted', 'return (train - mean) / std, (test',
         'return (train - mean) / std + (test[:1]'),
    ],
    'means': [
        ('one mean for each channel', 'return 6, 4, 24', 'return 4, 4, 24'),
        ('pixels are averaged over', '24, 8', '840, 8'),
        ('takes each example alone', 'return 6, 4', 'return 6, 6'),
        ('each channel of each example', '24, 8', '6, 8'),
        ('cut in each example', '24, 8', '24, 2'),
        ('2 groups of 3', '24, 8', '24, 12'),
        ('gamma and beta', '8, 12', '8, 6'),
        ('are buffers', '8, 12', '8, 24'),
        ('over all examples', '140', '35'),
        ('this prediction is not right', '24, 8', '24, 8.0'),
    ],
    'batch_norm': [
        ('each pixel has its own', '[0, *range(2, X.ndim)]', '[0]'),
        ('that is layer norm', '[0, *range(2, X.ndim)]',
         '[*range(1, X.ndim)]'),
        ('that is instance norm', '[0, *range(2, X.ndim)]',
         '[2, 3] if X.ndim == 4 else [0]'),
        ('one mean over everything', '[0, *range(2, X.ndim)]',
         '[*range(X.ndim)]'),
        ('divides by n - 1', '((X - mean)**2).mean(axes, keepdim=True)',
         'X.var(axes, keepdim=True)'),
        ('gamma and beta are not used', 'return gamma.reshape(shape) * X_hat '
         '+ beta.reshape(shape)', 'return X_hat'),
        ('divide by its root', '(var + eps).sqrt()', '(var + eps)'),
        ('eps is not used', ' + eps', ''),
        ('swapped', 'gamma.reshape(shape) * X_hat + beta.reshape(shape)',
         'beta.reshape(shape) * X_hat + gamma.reshape(shape)'),
        ('the default of `eps` is wrong', 'eps=1e-5', 'eps=1e-2'),
        ('the gradient of X is not', 'mean(axes, keepdim=True)\n    X_hat',
         'mean(axes, keepdim=True).detach()\n    X_hat'),
        ('numbers are wrong', 'gamma.reshape(shape) *', 'gamma *'),
    ],
    'running': [
        ('the wrong way round', '(1 - momentum) * moving_mean + momentum * '
         'X.mean(0)\n    var = (1 - momentum) * moving_var + momentum *',
         'momentum * moving_mean + (1 - momentum) * '
         'X.mean(0)\n    var = momentum * moving_var + (1 - momentum) *'),
        ('the unbiased variance', 'X.var(0)', 'X.var(0, correction=0)'),
        ('the old value is not kept', 'return mean, var',
         'return X.mean(0), X.var(0)'),
        ('nothing has moved', 'return mean, var',
         'return moving_mean, moving_var'),
        ('not made smaller', '(1 - momentum) * ', ''),
        ('is ignored', 'mean = (1', 'momentum = 0.1\n    mean = (1'),
        ('swapped', 'mean, var\n', 'var, mean\n'),
        ('the default of `momentum` is wrong', 'momentum=0.1',
         'momentum=0.9'),
        ('changed its input in place', 'mean = (1 - momentum) * moving_mean '
         '+ momentum * X.mean(0)',
         'mean = moving_mean.lerp_(X.mean(0), momentum)'),
        ('result 1 of 2', 'X.mean(0)', 'X.mean(1)[:len(X[0])].mean()'),
    ],
    'fold': [
        ('must be scaled too', 'scale * (bias - norm.running_mean)',
         'bias - scale * norm.running_mean'),
        ('is lost', '0 if conv.bias is None else conv.bias', '0'),
        ('is not subtracted', 'bias - norm.running_mean', 'bias +\n'
         '        0 * norm.running_mean'),
        ('beta is missing', 'norm.bias + ', ''),
        ('gamma is missing', 'norm.weight /', '1 /'),
        ('divide by its root', '.sqrt()', ''),
        ('the weight is not scaled', 'scale.reshape(-1, 1, 1, 1) * ', ''),
        ('TypeError', '0 if conv.bias is None else conv.bias', 'conv.bias'),
        ('the weight must be a tensor of shape',
         'scale.reshape(-1, 1, 1, 1)', 'scale.reshape(-1, 1, 1)[None]'),
        ('two tensors are wanted', 'return weight,', 'return weight +'),
    ],
    'bn_backward': [
        ('mean and variance are taken for constants',
         '(dY - dbeta / n - X_hat * dgamma / n)', 'dY'),
        ('the variance is taken for a constant', ' - X_hat * dgamma / n',
         ''),
        ('the part of the mean', ' - dbeta / n', ''),
        ('gamma is missing', 'gamma / std', '1 / std'),
        ('not times X', 'return dX, dgamma', 'return dX, (dY * X).sum(0)'),
        ('they must be summed', 'return dX, dgamma, dbeta',
         'return dX, dgamma / n, dbeta / n'),
        ('swapped', 'return dX, dgamma, dbeta', 'return dX, dbeta, dgamma'),
        ('the sign of dX', 'dX = gamma', 'dX = -gamma'),
        ('result 1 of 3', 'correction=0', 'correction=1'),
        ('the default of `eps` is wrong', 'eps=1e-5', 'eps=0.1'),
        ('3 results are wanted, got 2', 'return dX, dgamma, dbeta',
         'return dX, dgamma'),
        ('asks you to do without', '''
def bn_backward(dY, X, gamma, eps=1e-5):
    X, gamma = X.clone().requires_grad_(), gamma.clone().requires_grad_()
    Y = batch_norm(X, gamma, torch.zeros_like(gamma), eps)
    dX, dgamma = torch.autograd.grad(Y, [X, gamma], dY)
    return dX, dgamma, dY.sum(0)
'''),
    ],
    'BatchNorm': [
        ('without gradients', 'if self.training:',
         'if self.training and torch.is_grad_enabled():'),
        ('gradient for the layer before', 'X.mean(0), X.var(0, correction=0)',
         'X.mean(0).detach(), X.var(0, correction=0).detach()'),
        ('gradient for the layer before', 'X.mean(0), X.var(0, correction=0)',
         'X.mean(0), X.detach().var(0, correction=0)'),
        ('register_buffer', '''
class BatchNorm(nn.Module):
    def __init__(self, num_features):
        super().__init__()
        self.inner = [nn.BatchNorm1d(num_features)]
        self.gamma, self.beta = self.inner[0].weight, self.inner[0].bias

    def forward(self, X):
        return self.inner[0].train(self.training)(X)
'''),
        ('the wrong way round', '''
class BatchNorm(nn.BatchNorm1d):
    def __init__(self, num_features):
        super().__init__(num_features, momentum=0.9)
'''),
        ('moves to the unbiased variance', ' * len(X) / (len(X) - 1)', ''),
        ('in train mode too', 'if self.training', 'if False'),
        ('output for one example in eval mode', 'if self.training',
         'if True'),
        ('carry the graph', '.detach()', ''),
        ('before Module.__init__() call',
         'super().__init__()', 'pass'),
        ('must be an nn.Module', '''
class BatchNorm:
    def __init__(self, num_features):
        pass
'''),
        ("'output for one example in eval mode'",
         'self.gamma * X_hat + self.beta', 'X_hat - self.gamma'),
        ('is a `return` missing', 'return self.gamma', 'self.gamma'),
    ],
}


# Mutations of the solution that compute the same, and why they do.
EQUIVALENT = {
    'BatchNorm': {
        'return self.gamma * X_hat + self.beta [Add to Sub]':
            'beta starts at 0 and learns the other sign',
    },
}

# Right answers that get a remark with these words.
REMARK = {
    'standardize': [
        ('changed its input in place', 'mean, std = train.mean(0), '
         'train.std(0)', 'mean, std = train.mean(0), train.std(0)\n'
         '    train -= mean\n    test -= mean\n    mean = 0'),
    ],
    'fold': [
        ('changed the layers', '''
def fold(conv, norm):
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    old = 0 if conv.bias is None else conv.bias
    conv.weight.data *= scale.reshape(-1, 1, 1, 1)
    return conv.weight, norm.bias + scale * (old - norm.running_mean)
'''),
    ],
}
