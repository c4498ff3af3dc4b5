"""Answers that must be accepted and answers that must be refused.

RIGHT: {question: [whole answers, or (old, new), an edit of the solution]}.
WRONG: {question: [(words that the message must hold, old, new)]}, an edit of
the solution, or (words, whole answer).
"""
RIGHT = {
    'predict_inside': ['''
def predict_inside():
    return [[4, 7], 4 * 7, (20, 32), 1, torch.Size([5, 8]), 6 / (6 + 2)]
''', '''
def predict_inside():
    places = nn.Unfold(8, stride=4)(torch.zeros(1, 1, 20, 32)).shape[2]
    rows = len(range(0, 20 - 8 + 1, 4))
    return ((rows, places // rows), places, (20, 32), 1, (5, 8),
            torch.tensor(6.) / 8)
'''],
    'feature_maps': ['''
from functools import partial

def feature_maps(net, X):
    found = {}

    def keep(name, layer, args, result):
        found[name] = result.clone().detach()

    leaves = {n: m for n, m in net.named_modules()
              if len(list(m.modules())) == 1}
    hooks = [m.register_forward_hook(partial(keep, n))
             for n, m in leaves.items()]
    try:
        with torch.no_grad():
            net(X)
    finally:
        [h.remove() for h in hooks]
    return found
''', '''
import copy

def feature_maps(net, X):
    net = copy.deepcopy(net)
    names = {m: n for n, m in net.named_modules() if not [*m.children()]}
    seen = []
    for m in names:
        m.register_forward_hook(
            lambda m, a, Y: seen.append((names[m], Y.clone())))
    net(X)
    return dict(seen)
''', '''
import numpy as np

def feature_maps(net, X):
    maps, handles = {}, []
    for name, module in net.named_modules():
        if sum(1 for _ in module.children()) == 0:
            handles.append(module.register_forward_hook(
                lambda m, i, o, name=name: maps.update(
                    {name: np.array(o.detach())})))
    net(X)
    while handles:
        handles.pop().remove()
    return maps
'''],
    'occlusion': ['''
def occlusion(score, X, window, stride, fill=0.0):
    h = (X.shape[-2] - window) // stride + 1
    w = (X.shape[-1] - window) // stride + 1
    covered = X.repeat(h * w, 1, 1, 1)
    for n in range(h * w):
        i, j = n // w * stride, n % w * stride
        covered[n, :, i:i + window, j:j + window] = fill
    return (score(X[None]) - score(covered)).reshape(h, w)
''', '''
def occlusion(score, X, window, stride, fill=0.0):
    _, H, W = X.shape
    result = []
    for top in range(0, H - window + 1, stride):
        line = []
        for left in range(0, W - window + 1, stride):
            Z = X.clone()
            for i in range(window):
                for j in range(window):
                    Z[:, top + i, left + j] = fill
            line.append((score(X.unsqueeze(0)) - score(Z.unsqueeze(0))
                         ).item())
        result.append(line)
    return result
''', ('''            covered = X.clone()
            covered[:, row:row + window, column:column + window] = fill
            falls[i, j] = before - score(covered[None])[0]
''', '''            square = X[:, row:row + window, column:column + window]
            kept = square.clone()
            square[:] = fill
            falls[i, j] = before - score(X[None])[0]
            square[:] = kept
''')],
    'grad_cam': ['''
def grad_cam(A, G):
    alpha = G.flatten(2).mean(-1)
    return torch.einsum('nk,nkhw->nhw', alpha, A).clamp(min=0)
''', '''
def grad_cam(A, G):
    N, C, h, w = A.shape
    maps = torch.zeros(N, h, w)
    for n in range(N):
        for c in range(C):
            maps[n] += G[n, c].sum() / (h * w) * A[n, c]
    maps[maps < 0] = 0
    return maps
'''],
    'confusion_matrix': ['''
def confusion_matrix(y, y_hat, num_classes):
    M = torch.zeros(num_classes, num_classes)
    for true, answer in zip(y, y_hat):
        M[true, answer] += 1
    return M
''', '''
def confusion_matrix(y, y_hat, num_classes):
    return F.one_hot(y, num_classes).T @ F.one_hot(y_hat, num_classes)
''', '''
def confusion_matrix(y, y_hat, num_classes):
    M = [[0] * num_classes for _ in range(num_classes)]
    for i, j in zip(y.tolist(), y_hat.tolist()):
        M[i][j] += 1
    return M
'''],
    'recalls': ['''
def recalls(M):
    right = torch.diag(M).double()
    return [torch.nan_to_num(right / M.sum(axis)) for axis in (1, 0)]
''', '''
def recalls(M):
    recall, precision = [], []
    for c in range(len(M)):
        row, column = M[c].sum().item(), M[:, c].sum().item()
        recall.append(M[c, c].item() / row if row else 0.0)
        precision.append(M[c, c].item() / column if column else 0.0)
    return recall, precision
'''],
    'same_class': ['''
def same_class(features, labels, k):
    shares = []
    for i in range(len(features)):
        d = ((features - features[i])**2).sum(1)
        d[i] = 1e9
        shares.append((labels[d.argsort()[:k]] == labels[i]).sum() / k)
    return torch.stack(shares)
''', '''
import numpy as np

def same_class(features, labels, k):
    F_, y = features.numpy(), labels.numpy()
    d = np.linalg.norm(F_[:, None] - F_[None], axis=-1)
    np.fill_diagonal(d, np.inf)
    near = np.argsort(d, axis=1)[:, :k]
    return np.mean(y[near] == y[:, None], axis=1)
'''],
}

WRONG = {
    'predict_inside': [
        ('the square starts at 0', '(4, 7), 28', '(3, 6), 28'),
        ('not of 8', '(4, 7), 28', '(2, 4), 28'),
        ('rows come first', '(4, 7), 28', '(7, 4), 28'),
        ('for each place of the square', '28, (', '640, ('),
        ('rows come first', '(20, 32)', '(32, 20)'),
        ('the largest of the three', '(20, 32)', '(3, 20, 32)'),
        ('one backward pass', '1, (5', '640, (5'),
        ('over their 64 channels', '(5, 8)', '(64, 5, 8)'),
        ('divides by the row', '0.75', '6 / 7'),
        ('of all classes together', '0.75', '0.85'),
        ('6 predictions are wanted', ', 0.75', ''),
    ],
    'feature_maps': [
        ('written over an output', '.detach().clone()', '.detach()'),
        ('remove each handle', '        handle.remove()', '        pass'),
        ('an output was written over', '        handle.remove()',
         '        pass', '.detach().clone()', '.detach()'),
        ('only the outer layers', 'net.named_modules()',
         'net.named_children()', 'if not list(module.children())', 'if True'),
        ('hold others are recorded', 'if not list(module.children())',
         'if name'),
        ('these are the inputs', 'output.detach()', 'inputs[0].detach()'),
        ('names', ', name=name', ''),
        ('remove each handle', 'for handle in handles', 'for handle in '
         'handles[:0]'),
        ('a dictionary {name: output} is wanted', 'return maps',
         'return list(maps.values())'),
        ('a hook that was there before', '    for handle in handles:\n'
         '        handle.remove()', '    for m in net.modules():\n'
         '        m._forward_hooks.clear()'),
        ('in training mode', '    net(X)', '    net.train()\n    net(X)'),
        ('got NoneType', '    return maps', ''),
    ],
    'occlusion': [
        ('the sign is wrong', 'before - score(covered[None])[0]',
         'score(covered[None])[0] - before'),
        ('are swapped', 'return falls', 'return falls.T'),
        ('one pixel too wide', '= fill', '= fill\n            covered[:, '
         'row:row + window + 1, column:column + window + 1] = fill'),
        ('only the first channel', 'covered[:, row', 'covered[:1, row'),
        ('`fill` is ignored', '= fill', '= 0'),
        ('`stride` is ignored', ' + 1, stride)', ' + 1, 1)'),
        ('steps are as long as the window', ' + 1, stride)', ' + 1, window)'),
        ('these are the scores', 'before - score', 'score'),
        ('are still covered', 'X.clone()\n', 'X\n', 'falls = torch',
         'X = X.clone()\n    falls = torch'),
        ('the shape is', ' - window + 1, stride)', ' - window, stride)'),
        ('default of `fill` is wrong', 'fill=0.0', 'fill=0.5'),
        ('numbers are wrong', 'score(X[None])[0]', 'score(X[None] * 0)[0]'),
    ],
    'grad_cam': [
        ('what is negative must become 0', 'F.relu((weights * A).sum(1))',
         '(weights * A).sum(1)'),
        ('ReLU, not abs', 'F.relu((weights * A).sum(1))',
         '(weights * A).sum(1).abs()'),
        ('their mean is wanted', 'G.mean(', 'G.sum('),
        ('place by place', 'weights * A', 'G * A'),
        ('before the sum', 'F.relu((weights * A).sum(1))',
         'F.relu(weights * A).sum(1)'),
        ('maps and gradients are swapped', 'weights =', 'A, G = G, A\n'
         '    weights ='),
        ('averaged over the channels', ').sum(1)', ').mean(1)'),
        ('the minibatch axis must stay', ').sum(1)', ').sum((0, 1))'),
        ('negative weights count too', 'weights = G.mean((2, 3), keepdim='
         'True)', 'weights = F.relu(G.mean((2, 3), keepdim=True))'),
        ('', '(2, 3)', '(0, 2, 3)'),
    ],
    'confusion_matrix': [
        ('rows and columns are swapped', 'num_classes * y + y_hat',
         'num_classes * y_hat + y'),
        ('counted once', '''
def confusion_matrix(y, y_hat, num_classes):
    M = torch.zeros(num_classes, num_classes)
    M[y, y_hat] += 1
    return M
'''),
        ('these are shares', '''
def confusion_matrix(y, y_hat, num_classes):
    M = F.one_hot(y, num_classes).T @ F.one_hot(y_hat, num_classes)
    return M / M.sum(1, keepdim=True).clamp(min=1)
'''),
        ('answered right', '''
def confusion_matrix(y, y_hat, num_classes):
    return torch.diag(y[y == y_hat].bincount(minlength=num_classes))
'''),
        ('only the mistakes', 'pairs =', 'y, y_hat = y[y != y_hat], '
         'y_hat[y != y_hat]\n    pairs ='),
        ('RuntimeError', 'minlength=num_classes**2', ''),
        ('the shape is', '''
def confusion_matrix(y, y_hat, num_classes):
    n = int(max(y.max(), y_hat.max())) + 1
    return F.one_hot(y, n).T @ F.one_hot(y_hat, n)
'''),
    ],
    'recalls': [
        ('recall and precision are swapped', 'return (', 'M = M.T\n'
         '    return ('),
        ('both are recalls', 'M.sum(0)', 'M.sum(1)'),
        ('both are precisions', 'M.sum(1)', 'M.sum(0)'),
        ('of all pictures', 'M.sum(1)', 'M.sum()', 'M.sum(0)', 'M.sum()'),
        ('makes NaN', '.clamp(min=1)', ''),
        ('shares of mistakes', 'return (right / M.sum(1).clamp(min=1), right '
         '/ M.sum(0).clamp(min=1))', 'return (1 - right / M.sum(1).clamp('
         'min=1), 1 - right / M.sum(0).clamp(min=1))'),
        ('result', 'clamp(min=1)', 'clamp(min=2)'),
        ('2 results are wanted', 'return (', 'return (right, '),
    ],
    'same_class': [
        ('among its own neighbors',
         "    distances.fill_diagonal_(float('inf'))\n", ''),
        ('among its own neighbors', "    distances.fill_diagonal_(float('inf'"
         '))\n    near = distances.topk(k, largest=False).indices',
         '    near = distances.topk(k + 1, largest=False).indices[:, :-1]'),
        ('farthest', '''
def same_class(features, labels, k):
    near = torch.cdist(features, features).topk(k).indices
    return (labels[near] == labels[:, None]).float().mean(1)
'''),
        ('divide by k', '.mean(1)', '.sum(1)'),
        ('without their squares', 'cdist(features, features)',
         'cdist(features, features, p=1)'),
        ('of another class', '==', '!='),
        ('a share for each point', '.mean(1)', '.mean()'),
        ('only the nearest', 'topk(k,', 'topk(1,'),
        ('', 'fill_diagonal_(float', 'masked_fill_(distances == 0, float'),
    ],
}

# Mutations of the solution that compute the same, and why they do.
EQUIVALENT = {
    'occlusion': {
        'falls = torch.zeros(len(rows), len(columns)) [zeros to ones]':
            'each place is written before it is read',
    },
}

# Right answers that get a remark with these words.
REMARK: dict[str, list] = {}
