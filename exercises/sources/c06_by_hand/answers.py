"""Answers that must be accepted and answers that must be refused.

RIGHT: {question: [whole answers]}. WRONG: {question: [(words that the message
must hold, old, new)]}, an edit of the solution, or (words, whole answer).
EQUIVALENT: {question: {a mutant that no check can tell from the solution:
why}}.
"""
RIGHT = {
    'affine_backward': ['''
def affine_backward(dout, X, w):
    rows = X.reshape(X.shape[0], -1)
    dX = np.einsum('nk,kd->nd', dout, w).reshape(X.shape)
    return dX, np.einsum('nk,nd->kd', dout, rows), np.sum(dout, axis=0)
''', '''
def affine_backward(dout, X, w):
    dX, dw, db = np.zeros(X.shape), np.zeros(w.shape), np.zeros(len(w))
    for n in range(len(X)):
        for k in range(len(w)):
            dX[n] += dout[n, k] * w[k].reshape(X.shape[1:])
            dw[k] += dout[n, k] * X[n].ravel()
            db[k] += dout[n, k]
    return dX, dw, db
'''],
    'numerical_gradient': ['''
def numerical_gradient(f, x, h=1e-5):
    grad = np.empty(x.shape)
    flat, out = x.reshape(-1), grad.reshape(-1)
    for i in range(x.size):
        keep = flat[i]
        values = []
        for step in (h, -h):
            flat[i] = keep + step
            values.append(f())
        flat[i] = keep
        out[i] = (values[0] - values[1]) / h / 2
    return grad
''', '''
def numerical_gradient(f, x, h=1e-5):
    start = x.copy()
    slopes = []
    for i in range(start.size):
        step = np.zeros(start.size)
        step[i] = h
        step = step.reshape(start.shape)
        x[...] = start + step
        up = f()
        x[...] = start - step
        down = f()
        slopes.append((up - down) / (2 * h))
    x[...] = start
    return np.array(slopes).reshape(start.shape)
'''],
    'conv_backward': ['''
def conv_backward(dY, X, K, stride=1):
    (rows, columns), (h, w) = dY.shape, K.shape
    dX, dK = np.zeros(X.shape), np.zeros(K.shape)
    for i in range(h):
        for j in range(w):
            at = np.s_[i:i + (rows - 1) * stride + 1:stride,
                       j:j + (columns - 1) * stride + 1:stride]
            dX[at] += K[i, j] * dY
            dK[i, j] = (X[at] * dY).sum()
    return dX, dK
''', '''
def conv_backward(dY, X, K, stride=1):
    dX, dK = np.zeros(X.shape), np.zeros(K.shape)
    rows, columns = dY.shape
    for a, b in np.ndindex(K.shape):
        seen = np.s_[a:a + (rows - 1) * stride + 1:stride,
                     b:b + (columns - 1) * stride + 1:stride]
        dX[seen] += dY * K[a, b]
        dK[a, b] = (dY * X[seen]).sum()
    return dX, dK
'''],
    'crop': ['''
def crop(G, p):
    return G[..., p:-p, p:-p] if p else G
''', '''
def crop(gradient, p):
    rows = range(p, gradient.shape[-2] - p)
    columns = range(p, gradient.shape[-1] - p)
    return gradient[..., rows, :][..., columns]
'''],
    'pool_backward': ['''
def pool_backward(dY, X, k):
    dX = np.zeros(X.shape)
    for i in range(dY.shape[0]):
        for j in range(dY.shape[1]):
            best = None
            for a in range(i * k, i * k + k):
                for b in range(j * k, j * k + k):
                    if best is None or X[a, b] > X[best]:
                        best = a, b
            dX[best] += dY[i, j]
    return dX
''', '''
def pool_backward(dY, X, k):
    rows, columns = dY.shape
    windows = X[:rows * k, :columns * k].reshape(rows, k, columns, k)
    windows = windows.transpose(0, 2, 1, 3).reshape(rows, columns, k * k)
    mask = np.arange(k * k) == windows.argmax(-1)[..., None]
    spread = (mask * dY[..., None]).reshape(rows, columns, k, k)
    dX = np.zeros_like(X)
    dX[:rows * k, :columns * k] = spread.transpose(0, 2, 1, 3).reshape(
        rows * k, columns * k)
    return dX
'''],
    'softmax_loss': ['''
def softmax_loss(scores, y):
    loss, dscores = 0.0, np.zeros(scores.shape)
    for n, (row, right) in enumerate(zip(scores, y)):
        e = np.exp(row - max(row))
        p = e / sum(e)
        loss += (max(row) - row[right] + np.log(sum(e))) / len(y)
        dscores[n] = p / len(y)
        dscores[n, right] -= 1 / len(y)
    return loss, dscores
''', '''
def softmax_loss(scores, y):
    N, K = scores.shape
    log_sum = np.logaddexp.reduce(scores, axis=1)
    loss = np.mean(log_sum - scores[range(N), y])
    p = np.exp(scores - log_sum.reshape(-1, 1))
    return loss, (p - np.eye(K)[y]) / N
'''],
}

WRONG = {
    'affine_backward': [
        ('must have the shape of X', '.reshape(X.shape)', ''),
        ('dw is transposed', 'return dX, dw,', 'return dX, dw.T,'),
        ('db is averaged', 'dout.sum(0)', 'dout.mean(0)'),
        ('dw is averaged', 'return dX, dw,', 'return dX, dw / len(X),'),
        ('db is dout itself', 'dout.sum(0)', 'dout'),
        ('summed over the wrong axis', 'dout.sum(0)', 'dout.sum(1)'),
        ('swapped', 'return dX, dw,', 'return dw, dX,'),
        ('wrong sign', 'return dX, dw, dout', 'return -dX, -dw, -dout'),
        ('ValueError', 'dout @ w)', 'dout @ w.T)'),
        ('3 results are wanted, got 2', ', dout.sum(0)', ''),
    ],
    'numerical_gradient': [
        ('forward difference', '''
def numerical_gradient(f, x, h=1e-5):
    grad = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        old, here = x[index], f()
        x[index] = old + h
        grad[index] = (f() - here) / h
        x[index] = old
    return grad
'''),
        ('backward difference', '''
def numerical_gradient(f, x, h=1e-5):
    grad = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        old, here = x[index], f()
        x[index] = old - h
        grad[index] = (here - f()) / h
        x[index] = old
    return grad
'''),
        ('it is 2 h', '(2 * h)', 'h'),
        ('the sign is wrong', 'above - f()', 'f() - above'),
        ('not divided by the step', ' / (2 * h)', ''),
        ('put the old number back', '        x[index] = old\n', ''),
        ('second derivative', '''
def numerical_gradient(f, x, h=1e-5):
    grad = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        old, here = x[index], f()
        x[index] = old + h
        above = f()
        x[index] = old - h
        grad[index] = (above - 2 * here + f()) / h**2
        x[index] = old
    return grad
'''),
        ('TypeError', 'above = f()', 'above = f(x)'),
    ],
    'conv_backward': [
        ('the shape is', 'np.zeros_like(X), np', 'np.zeros(((dY.shape[0] - 1)'
         ' * stride + h,\n                       (dY.shape[1] - 1) * stride '
         '+ w)), np'),
        ('the last one wins', 'dX[a:a + h, b:b + w] +=',
         'dX[a:a + h, b:b + w] ='),
        ('the kernel is flipped', '* K\n', '* K[::-1, ::-1]\n'),
        ('swapped', 'return dX, dK', 'return dK, dX'),
        ('dK is flipped', 'return dX, dK', 'return dX, dK[::-1, ::-1]'),
        ('dK is averaged', 'return dX, dK', 'return dX, dK / dY.size'),
        ('dY is not used', 'dY[i, j] * ', ''),
        ('both have the wrong sign', 'return dX, dK', 'return -dX, -dK'),
        ('ValueError', 'i * stride, j * stride', 'j * stride, i * stride'),
        ('numbers are wrong', 'i * stride, j * stride', 'i, j'),
        ('asks you to do without', '''
import torch

def conv_backward(dY, X, K, stride=1):
    x, k = (torch.tensor(a, requires_grad=True) for a in (X, K))
    y = torch.conv2d(x[None, None], k[None, None], stride=stride)[0, 0]
    y.backward(torch.tensor(dY))
    return x.grad.numpy(), k.grad.numpy()
'''),
    ],
    'crop': [
        ('G[0:-0] is G[0:0]', 'p:H - p, p:W - p', 'p:-p, p:-p'),
        ('is left in', '[..., p:H - p, p:W - p]', ''),
        ('only the rows', 'p:H - p, p:W - p', 'p:H - p, :'),
        ('only the columns', 'p:H - p, p:W - p', 'p:W - p'),
        ('height and width are the last two', '''
def crop(G, p):
    return G[p:len(G) - p, p:G.shape[1] - p]
'''),
        ('only the upper left', 'p:H - p, p:W - p', 'p:, p:'),
        ('twice too much', 'p:H - p, p:W - p',
         '2 * p:H - 2 * p, 2 * p:W - 2 * p'),
        ('is a `return` missing', 'return ', ''),
    ],
    'pool_backward': [
        ('each of them gets the whole', '''
def pool_backward(dY, X, k):
    dX = np.zeros_like(X)
    for i, j in np.ndindex(dY.shape):
        at = np.s_[i * k:(i + 1) * k, j * k:(j + 1) * k]
        dX[at] = (X[at] == X[at].max()) * dY[i, j]
    return dX
'''),
        ('here they share', '''
def pool_backward(dY, X, k):
    dX = np.zeros_like(X)
    for i, j in np.ndindex(dY.shape):
        at = np.s_[i * k:(i + 1) * k, j * k:(j + 1) * k]
        best = X[at] == X[at].max()
        dX[at] = best * dY[i, j] / best.sum()
    return dX
'''),
        ('here it is the last', 'divmod(window.argmax(), k)',
         'divmod(k * k - 1 - window[::-1, ::-1].argmax(), k)'),
        ('that is average pooling', '''
def pool_backward(dY, X, k):
    dX = np.zeros_like(X)
    for i, j in np.ndindex(dY.shape):
        dX[i * k:i * k + k, j * k:j * k + k] = dY[i, j] / k**2
    return dX
'''),
        ('all pixels of a window get the whole', '''
def pool_backward(dY, X, k):
    dX = np.zeros_like(X)
    for i, j in np.ndindex(dY.shape):
        dX[i * k:i * k + k, j * k:j * k + k] = dY[i, j]
    return dX
'''),
        ('it should be the largest', 'argmax', 'argmin'),
        ('the winners get 1', '= dY[i, j]', '= 1'),
        ('swapped', 'row, column = divmod', 'column, row = divmod'),
        ('the shape is', 'np.zeros_like(X)',
         'np.zeros((dY.shape[0] * k, dY.shape[1] * k))'),
    ],
    'softmax_loss': [
        ('got', '-log_p[rows, y].mean()',
         '-np.log(np.exp(log_p[rows, y]) + 1e-12).mean()'),
        ('got', '-log_p[rows, y].mean()',
         '-np.log(np.exp(log_p[rows, y]).clip(1e-15)).mean()'),
        ('got', '-log_p[rows, y].mean()',
         '-np.log(np.exp(log_p[rows, y])).mean()'),
        ('subtract the maximum', ' - scores.max(axis=1, keepdims=True)',
         ' * 1.0'),
        ('the loss is summed', '-log_p[rows, y].mean()',
         '-log_p[rows, y].sum()'),
        ('divide both', '''
def softmax_loss(scores, y):
    rows = np.arange(len(y))
    log_p = scores - np.logaddexp.reduce(scores, 1)[:, None]
    dscores = np.exp(log_p)
    dscores[rows, y] -= 1
    return -log_p[rows, y].sum(), dscores
'''),
        ('not divided by the number of examples', 'dscores / len(y)',
         'dscores'),
        ('is not subtracted', '    dscores[rows, y] -= 1\n', ''),
        ('the wrong sign: it is -log p', 'return -log_p', 'return log_p'),
        ('over the classes', 'axis=1', 'axis=0'),
        ('base 2', 'return -log_p[rows, y].mean()',
         'return -log_p[rows, y].mean() / np.log(2)'),
        ('the gradient has the wrong sign', 'dscores / len(y)',
         '-dscores / len(y)'),
        ('IndexError', 'dscores[rows, y]', 'dscores[rows, y + 1]'),
    ],
}


# Mutations of the solution that compute the same, and why they do.
EQUIVALENT = {
    'affine_backward': {
        'dw = dout.T @ X.reshape(len(X), -1) [1 plus 1]':
            'NumPy takes -2 for -1',
    },
    'numerical_gradient': {
        'grad = np.zeros_like(x) [zeros_like to ones_like]':
            'every entry is written over',
    },
}

# Right answers that get a remark with these words.
REMARK = {
    'numerical_gradient': [
        ('is right', 'return grad', 'return grad.tolist()'),
    ],
    'conv_backward': [
        ('changed its input in place', 'return dX, dK',
         'dY *= 0\n    return dX, dK'),
    ],
    'softmax_loss': [
        ('changed its input in place', 'shifted = scores - scores.max('
         'axis=1, keepdims=True)', 'shifted = scores\n'
         '    shifted -= scores.max(axis=1, keepdims=True)'),
    ],
}
