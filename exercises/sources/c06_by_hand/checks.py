"""Checks for the exercises of chapter 6, the backward pass by hand."""
import numpy as np
import torch
from torch.nn import functional as F

from d2lmini_check.questions import Case, Question, Wrong
from d2lmini_check.watch import AUTOGRAD


def grads(function, dout, *inputs):
    """Return the gradients by autograd, as NumPy arrays."""
    tensors = [torch.from_numpy(x.copy()).requires_grad_() for x in inputs]
    out = function(*tensors)
    found = torch.autograd.grad(out, tensors, torch.from_numpy(dout.copy()))
    return tuple(g.numpy() for g in found)


def whole(dice, *shape, **options):
    """Give whole numbers as a float64 array."""
    return dice.whole(*shape, **options).double().numpy()


def conv_grads(dY, X, K, stride=1):
    """Go back through a cross-correlation by autograd."""
    return grads(lambda X, K: F.conv2d(X[None, None], K[None, None],
                                       stride=stride)[0, 0], dY, X, K)


def conv_changed(change, stride=None):
    """Make a wrong backward pass out of the right one."""
    def backward(dY, X, K, stride=1):
        return change(*conv_grads(dY, X, K, stride), dY, X, K)
    return backward


def overwrite(dX, dK, dY, X, K):
    """Let later windows replace what earlier ones gave to a pixel."""
    stride = 1 if len(X) == len(dY) + len(K) - 1 else 2
    dX = np.zeros_like(X)
    for i, j in np.ndindex(*dY.shape):
        dX[i*stride:, j*stride:][:K.shape[0], :K.shape[1]] = dY[i, j] * K
    return dX, dK


def conv_cases(dice):
    """Give gradients, images and kernels with strides 1 and 2."""
    cases = []
    for x, k, stride in [((1, 1), (1, 1), 1), ((1, 3), (1, 2), 1),
                         ((2, 2), (2, 1), 1), ((3, 3), (2, 2), 1),
                         ((3, 3), (1, 1), 2), ((3, 5), (1, 3), 2),
                         ((5, 5), (3, 3), 2), ((4, 5), (3, 2), 2),
                         ((6, 5), (2, 1), 3)]:
        y = [(n - m) // stride + 1 for n, m in zip(x, k)]
        cases.append(Case(whole(dice, *y), whole(dice, *x), whole(dice, *k),
                          *([] if stride == 1 else [stride])))
    return cases


conv_backward = Question(
    conv_grads, conv_cases,
    ('Y[i, j] is a sum of products X[...] * K[...]. In such a product the '
     'gradient of one factor is the other factor, times dY[i, j]. And who '
     'takes part in several products gets several gradients.',
     'For each i, j let a, b = i * stride, j * stride: '
     'dX[a:a + h, b:b + w] += dY[i, j] * K, and '
     'dK += dY[i, j] * X[a:a + h, b:b + w].'),
    {'where windows overlap the last one wins in dX: gradients add up (+=)':
         conv_changed(overwrite),
     'the kernel is flipped in dX: each window gets dY[i, j] * K as it is':
         lambda dY, X, K, stride=1: (
             conv_grads(dY, X, K[::-1, ::-1], stride)[0],
             conv_grads(dY, X, K, stride)[1]),
     'dX and dK are swapped':
         conv_changed(lambda dX, dK, dY, X, K: (dK, dX)),
     'dK is flipped':
         conv_changed(lambda dX, dK, dY, X, K: (dX, dK[::-1, ::-1].copy())),
     'dK is averaged over the windows: the gradients of a shared weight are '
     'summed':
         conv_changed(lambda dX, dK, dY, X, K: (dX, dK / dY.size)),
     'dY is not used: the gradient that comes in is a factor of both':
         lambda dY, X, K, stride=1: conv_grads(np.ones_like(dY), X, K,
                                               stride),
     'both have the wrong sign':
         conv_changed(lambda dX, dK, dY, X, K: (-dX, -dK))},
    bans=AUTOGRAD)


def pool_grad(dY, X, k):
    """Go back through max pooling by PyTorch: the first of equals wins."""
    return grads(lambda X: F.max_pool2d(X[None], k)[0], dY, X)[0]


def ties(dY, X, k, share):
    """Give all of several equal maxima the gradient, or a share of it."""
    rows, columns = (n // k for n in X.shape)
    dX = np.zeros_like(X)
    for i, j in np.ndindex(rows, columns):
        at = np.s_[i * k:i * k + k, j * k:j * k + k]
        best = X[at] == X[at].max()
        dX[at] = best * dY[i, j] / (best.sum() if share else 1)
    return dX


def last_wins(dY, X, k):
    """Let the last of several equal maxima win."""
    rows, columns = (n // k * k for n in X.shape)
    dX = np.zeros_like(X)
    dX[:rows, :columns] = pool_grad(
        dY[::-1, ::-1], X[:rows, :columns][::-1, ::-1], k)[::-1, ::-1]
    return dX


pool_backward = Question(
    pool_grad,
    lambda dice: [Case(whole(dice, *(n // k for n in x), low=1, high=9),
                       whole(dice, *x, low=-3, high=1), k)
                  for x, k in [((1, 1), 1), ((2, 2), 2), ((2, 4), 2),
                               ((4, 4), 2), ((5, 5), 2), ((3, 7), 3)]]
    + [Case(np.array([[5.]]), np.zeros((2, 2)), 2)],
    ('Raise a pixel a little: does the maximum of its window move? Only the '
     'winner counts; of several equal ones it is the first, row by row.',
     'window.argmax() gives the first maximum as one number; '
     'divmod(number, k) gives its row and column in the window.'),
    {'of several equal maxima the first must have it all: here each of them '
     'gets the whole gradient':
         lambda dY, X, k: ties(dY, X, k, False),
     'of several equal maxima the first must have it all: here they share '
     'the gradient':
         lambda dY, X, k: ties(dY, X, k, True),
     'of several equal maxima the first wins, here it is the last':
         last_wins,
     'the gradient is shared by all pixels of a window: that is average '
     'pooling':
         lambda dY, X, k: grads(
             lambda X: F.avg_pool2d(X[None], k)[0], dY, X)[0],
     'all pixels of a window get the whole gradient':
         lambda dY, X, k: grads(
             lambda X: F.avg_pool2d(X[None], k)[0] * k * k, dY, X)[0],
     'the smallest pixel gets the gradient, it should be the largest':
         lambda dY, X, k: pool_grad(dY, -X, k),
     'the winners get 1: they must get dY of their window':
         lambda dY, X, k: pool_grad(np.ones_like(dY), X, k),
     'row and column within the window are swapped':
         lambda dY, X, k: transposed_winners(dY, X, k)},
    bans=AUTOGRAD)


def transposed_winners(dY, X, k):
    """Swap row and column of each winner within its window."""
    dX = pool_grad(dY, X, k)
    for i, j in np.ndindex(*dY.shape):
        at = np.s_[i * k:i * k + k, j * k:j * k + k]
        dX[at] = dX[at].T.copy()
    return dX


crop = Question(
    lambda G, p: F.pad(torch.from_numpy(G), (-p,) * 4).numpy().copy(),
    lambda dice: [Case(whole(dice, *shape), p) for shape, p in [
        ((1, 1), 0), ((2, 3), 0), ((3, 3), 1), ((3, 4), 1),
        ((2, 3, 4), 1), ((2, 1, 5, 7), 2), ((1, 2, 2, 3), 0)]],
    ('What does X[0:-0] give? Count the end of the slice from the front '
     'instead.',
     'H, W = G.shape[-2:]; G[..., p:H - p, p:W - p] works for p = 0 too.'),
    {'p = 0 gives nothing at all: G[0:-0] is G[0:0], which is empty':
         lambda G, p: G[..., p:-p, p:-p],
     'the gradient of the border is left in':
         lambda G, p: G,
     'only the rows are cropped':
         lambda G, p: G[..., p:G.shape[-2] - p, :],
     'only the columns are cropped':
         lambda G, p: G[..., p:G.shape[-1] - p],
     'the first axes are cropped: height and width are the last two':
         lambda G, p: G[p:len(G) - p, p:G.shape[1] - p],
     'only the upper left border is cropped, the lower right one is left '
     'in':
         lambda G, p: G[..., p:, p:],
     'twice too much is cropped':
         lambda G, p: G[..., 2*p:G.shape[-2] - 2*p, 2*p:G.shape[-1] - 2*p]})


def loss_by_torch(scores, y):
    """Give cross-entropy and its gradient by PyTorch."""
    t = torch.from_numpy(scores.copy()).requires_grad_()
    loss = F.cross_entropy(t, torch.from_numpy(y))
    loss.backward()
    return loss.item(), t.grad.numpy()


def loss_changed(change):
    """Make a wrong loss out of the right one."""
    return lambda scores, y: change(*loss_by_torch(scores, y), scores, y)


def overflow(scores, y):
    """Take exp of large scores, and the log of their sum."""
    rows = np.arange(len(y))
    with np.errstate(all='ignore'):
        log_p = scores - np.log(np.exp(scores).sum(1, keepdims=True))
    d = np.exp(log_p)
    d[rows, y] -= 1
    return -log_p[rows, y].mean(), d / len(y)


def unstable(scores, y):
    """Take exp of large scores, and divide by their sum."""
    with np.errstate(all='ignore'):
        p = np.exp(scores)
        p = p / p.sum(1, keepdims=True)
        loss = -np.log(p[np.arange(len(y)), y]).mean()
    p[np.arange(len(y)), y] -= 1
    return loss, p / len(y)


softmax_loss = Question(
    loss_by_torch,
    lambda dice: [Case(np.array([[0., 0.]]), np.array([1])),
                  Case(np.array([[np.log(3.), 0.]]), np.array([0])),
                  Case(np.array([[1000., 0.], [0., 1001.]]),
                       np.array([0, 1])),
                  Case(np.array([[1000., 999.], [-1000., -1001.]]),
                       np.array([0, 1])),
                  Case(np.array([[0., -1000.], [3., 4.]]), np.array([1, 0]))]
    + [Case(dice.normal(n, k).double().numpy() * 2,
            np.array([dice.number(0, k - 1) for _ in range(n)]))
       for n, k in [(1, 3), (2, 3), (4, 5)]],
    ('p = softmax of each row; the loss is the mean of -log p of the right '
     'classes. The gradient is p, less 1 at the right class. And what may '
     'be subtracted from a row without changing its softmax?',
     'Subtract the maximum of each row first. rows = np.arange(len(y)); '
     'loss = -log_p[rows, y].mean(); dscores = p with p[rows, y] -= 1, all '
     'divided by len(y).'),
    {'large scores overflow: subtract the maximum of each row before exp':
         overflow,
     'large scores overflow, and inf / inf is nan: subtract the maximum of '
     'each row before exp':
         unstable,
     'the loss is summed over the examples: take the mean':
         loss_changed(lambda loss, d, s, y: (loss * len(y), d)),
     'the loss and the gradient are summed: divide both by the number of '
     'examples':
         loss_changed(lambda loss, d, s, y: (loss * len(y), d * len(y))),
     'the gradient is not divided by the number of examples, but the loss '
     'is a mean':
         loss_changed(lambda loss, d, s, y: (loss, d * len(y))),
     'the 1 at the right class is not subtracted in the gradient':
         lambda scores, y: (loss_by_torch(scores, y)[0], F.softmax(
             torch.from_numpy(scores), 1).numpy() / len(y)),
     'the loss has the wrong sign: it is -log p':
         loss_changed(lambda loss, d, s, y: (-loss, d)),
     'the softmax is over the examples: it must be over the classes':
         lambda scores, y: loss_over_examples(scores, y),
     'the logarithm has base 2: nats are wanted, np.log':
         loss_changed(lambda loss, d, s, y: (loss / np.log(2), d)),
     'the gradient has the wrong sign':
         loss_changed(lambda loss, d, s, y: (loss, -d))},
    bans=AUTOGRAD)


def loss_over_examples(scores, y):
    """Take the softmax along the wrong axis."""
    p = F.softmax(torch.from_numpy(scores), 0).numpy().copy()
    rows = np.arange(len(y))
    loss = -np.log(p[rows, y]).mean()
    p[rows, y] -= 1
    return loss, p / len(y)


def affine_grads(dout, X, w):
    """Go back through an affine layer by autograd: dX, dw, db."""
    b = np.zeros(len(w))
    return grads(lambda X, w, b: X.flatten(1) @ w.T + b, dout, X, w, b)


def affine_changed(change):
    """Make a wrong backward pass out of the right one."""
    return lambda dout, X, w: change(*affine_grads(dout, X, w), dout, X, w)


affine_backward = Question(
    affine_grads,
    lambda dice: [Case(whole(dice, x[0], k), whole(dice, *x),
                       whole(dice, k, int(np.prod(x[1:]))))
                  for x, k in [((1, 1), 1), ((1, 2), 1), ((2, 2), 2),
                               ((2, 3), 2), ((3, 2, 1, 2), 2),
                               ((2, 1, 2, 2), 3)]],
    ('Only one product of the matrices has the right shape. And why is db '
     'not simply dout?',
     'With X flattened to (N, D): dX = dout @ w, in the shape of X; '
     'dw = dout.T @ X; db = dout.sum(0).'),
    {'dX must have the shape of X: reshape it':
         affine_changed(lambda dX, dw, db, dout, X, w: (
             dX.reshape(len(X), -1), dw, db)),
     'dw is transposed: it must have the shape of w':
         affine_changed(lambda dX, dw, db, dout, X, w: (dX, dw.T, db)),
     'db is averaged over the examples: it must be summed':
         affine_changed(lambda dX, dw, db, dout, X, w: (
             dX, dw, db / len(X))),
     'dw is averaged over the examples: it must be summed':
         affine_changed(lambda dX, dw, db, dout, X, w: (
             dX, dw / len(X), db)),
     'db is dout itself: sum it over the examples':
         affine_changed(lambda dX, dw, db, dout, X, w: (dX, dw, dout)),
     'db is summed over the wrong axis':
         affine_changed(lambda dX, dw, db, dout, X, w: (
             dX, dw, dout.sum(1))),
     'dX and dw are swapped: first dX, then dw, then db':
         affine_changed(lambda dX, dw, db, dout, X, w: (dw, dX, db)),
     'all have the wrong sign':
         affine_changed(lambda dX, dw, db, dout, X, w: (-dX, -dw, -db))},
    bans=AUTOGRAD)

FUNCTIONS = {'sum of squares': lambda x: (x**2).sum(),
             'sum of cubes': lambda x: (x**3).sum(),
             'first times last': lambda x: x.flat[0] * x.flat[-1],
             'mean of the sines': lambda x: np.sin(x).mean(),
             'a steep sine': lambda x: np.sin(40 * x).sum()}


def true_gradient(f, x, h=1e-5):
    """Know the gradients of a few functions, with the error in h^2."""
    if f == 'sum of squares':
        return 2 * x
    if f == 'sum of cubes':
        return 3 * x**2 + h**2
    if f == 'mean of the sines':
        return np.cos(x) / x.size * np.sin(h) / h
    if f == 'a steep sine':
        return 40 * np.cos(40 * x) * np.sin(40 * h) / (40 * h)
    g = np.zeros_like(x)
    g.flat[0] += x.flat[-1]
    g.flat[-1] += x.flat[0]
    return g


def numerical(answer, f, x, *h):
    """Give the function to the answer without arguments, as in the book."""
    function, before = FUNCTIONS[f], x.copy()
    grad = answer(lambda: function(x), x, *h)
    if not np.array_equal(x, before):
        raise Wrong('x is not the same afterwards: put the old number back '
                    'before you go on')
    return grad


def quotient(formula):
    """Make a wrong difference quotient, number by number."""
    def gradient(f, x, h=1e-5):
        function, g = FUNCTIONS[f], np.zeros_like(x)
        for at in np.ndindex(x.shape):
            step = np.zeros_like(x)
            step[at] = h
            g[at] = formula(function(x + step), function(x),
                            function(x - step), h)
        return g
    return gradient


numerical_gradient = Question(
    true_gradient,
    lambda dice: [Case('sum of cubes', np.array([2.]))] + [
        Case(f, dice.normal(*shape).double().numpy() + 2, h)
        for f, shape, h in [
                      ('sum of squares', (1,), 0.5),
                      ('sum of cubes', (1,), 0.5),
                      ('sum of squares', (2,), 0.1),
                      ('first times last', (3,), 0.1),
                      ('sum of cubes', (2, 2), 1e-5),
                      ('mean of the sines', (2, 3), 0.5),
                      ('a steep sine', (2, 1, 2), 0.01)]],
    ('Change one number of x by h, call f(), and put it back. Do it upward '
     'and downward: the difference belongs to a step of 2 h.',
     'for index in np.ndindex(x.shape): old = x[index]; set x[index] to '
     'old + h and to old - h, call f() each time; '
     '(above - below) / (2 * h); x[index] = old.'),
    {'this is a forward difference, whose error is of the order h: take a '
     'step to both sides':
         quotient(lambda above, here, below, h: (above - here) / h),
     'this is a backward difference, whose error is of the order h: take a '
     'step to both sides':
         quotient(lambda above, here, below, h: (here - below) / h),
     'it is divided by h, but from old - h to old + h it is 2 h':
         quotient(lambda above, here, below, h: (above - below) / h),
     'the sign is wrong: above less below':
         quotient(lambda above, here, below, h: (below - above) / (2 * h)),
     'it is not divided by the step':
         quotient(lambda above, here, below, h: above - below),
     'this is the second derivative':
         quotient(lambda above, here, below, h: (
             above - 2 * here + below) / h**2)},
    use=numerical)

QUESTIONS = {'affine_backward': affine_backward,
             'numerical_gradient': numerical_gradient,
             'conv_backward': conv_backward, 'crop': crop,
             'pool_backward': pool_backward, 'softmax_loss': softmax_loss}

# What the texts announce, besides values and shapes.
DEMANDS = {}
