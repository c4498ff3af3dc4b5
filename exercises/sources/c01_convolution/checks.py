"""Checks for the exercises of chapter 1, convolution."""
import torch
from torch import nn
from torch.nn import functional as F

from d2lmini_check.compare import as_tensor
from d2lmini_check.questions import Case, Question, Wrong


def conv(X, K, **options):
    """Cross-correlate (H, W) with (h, w) by PyTorch."""
    return F.conv2d(X[None, None], K[None, None], **options)[0, 0]


def full(X, K):
    """Correlate with zeros all around, so that every overlap counts."""
    return conv(X, K, padding=(K.shape[0] - 1, K.shape[1] - 1))


def corr2d_cases(dice):
    """Give images and kernels of odd shapes, small ones first."""
    shapes = [((2, 2), (2, 2)), ((2, 3), (1, 2)), ((3, 2), (2, 1)),
              ((3, 3), (2, 2)), ((4, 3), (3, 1)), ((5, 6), (3, 2)),
              ((1, 1), (1, 1))]
    cases = [Case(dice.whole(*a), dice.whole(*b)) for a, b in shapes]
    X, K = dice.whole(6, 4), dice.whole(2, 3)
    return cases + [Case(X.double(), K.double()), Case(X.T, K),
                    Case(X.long(), K.long()),
                    Case(dice.normal(7, 8), dice.normal(3, 3))]


def shifted(X, K):
    """Read every window one pixel too far down and to the right."""
    return conv(X.roll((-1, -1), (0, 1)), K)


corr2d = Question(
    lambda X, K: conv(X, K), corr2d_cases,
    ('The window that starts at row i and column j is '
     'X[i:i + h, j:j + w]: multiply it by K entry by entry, then add up.',
     'Make Y = X.new_zeros(H - h + 1, W - w + 1), fill Y[i, j] in two '
     'loops over its rows and columns, and return it after both loops.'),
    {'the kernel is flipped: that is strict convolution; cross-correlation '
     'lays the kernel on the image as it is':
         lambda X, K: conv(X, K.flip(0, 1)),
     'the last row and column of windows are missing: there are H - h + 1 '
     'places for the kernel, not H - h':
         lambda X, K: conv(X, K)[:-1, :-1],
     'the products of a window are averaged: they must be summed':
         lambda X, K: conv(X, K) / K.numel(),
     'only the windows are summed, the kernel is not used':
         lambda X, K: conv(X, torch.ones_like(K)),
     'each window starts one pixel too far down and to the right':
         shifted,
     'the sum of all windows is given: one number for each window is wanted':
         lambda X, K: conv(X, K).sum(),
     'the kernel is transposed: its rows lie along the columns of X':
         lambda X, K: conv(X, K.T),
     'the maximum of the products is taken: they must be summed':
         lambda X, K: (X.unfold(0, K.shape[0], 1).unfold(1, K.shape[1], 1)
                       * K).amax((2, 3)),
     'image and result have the same size: leave out windows that hang over':
         lambda X, K: full(X, K)[:X.shape[0], :X.shape[1]]},
    grad=('X', 'K'), device=True)


def convolve_cases(dice):
    """Give images and kernels whose flips can be told apart."""
    shapes = [((1, 2), (1, 2)), ((2, 2), (2, 2)), ((3, 2), (2, 3)),
              ((2, 3), (1, 4)), ((4, 5), (3, 2)), ((1, 3), (3, 1))]
    return ([Case(dice.whole(*a, low=1), dice.whole(*b, low=1))
             for a, b in shapes]
            + [Case(dice.normal(5, 4).double(), dice.normal(2, 3).double())])


def strict(X, K):
    """Give all H + h - 1 by W + w - 1 sums of a strict convolution."""
    return full(X, K.flip(0, 1))


convolve2d = Question(
    strict, convolve_cases,
    ('There are two steps: turn the kernel by 180 degrees, and correlate '
     'it with an image that has zeros all around. How many zeros does a '
     'kernel of height h need above the image to overlap one row only?',
     'K.flip(0, 1) turns both axes. Put X into a larger image of zeros, '
     'with h - 1 rows above and below, w - 1 columns left and right.'),
    {'the kernel is not flipped: that is cross-correlation':
         full,
     'only the rows of the kernel are flipped: both axes must be':
         lambda X, K: full(X, K.flip(0)),
     'only the columns of the kernel are flipped: both axes must be':
         lambda X, K: full(X, K.flip(1)),
     'the kernel is transposed, not turned by 180 degrees':
         lambda X, K: full(X, K.T),
     'that is the narrow convolution, without the sums where the kernel '
     'hangs over an edge; the wide one is wanted':
         lambda X, K: conv(X, K.flip(0, 1)),
     'there is one ring of zeros too many: h - 1 rows and w - 1 columns on '
     'each side are enough':
         lambda X, K: conv(X, K.flip(0, 1), padding=K.shape),
     'the wide convolution is cut to the size of the image':
         lambda X, K: strict(X, K)[:X.shape[0], :X.shape[1]],
     'the image is flipped and the kernel too: flip only one of them':
         lambda X, K: full(X.flip(0, 1), K.flip(0, 1))})


def look(answer, image):
    """Return what an edge kernel gives on a test image."""
    K = as_tensor(answer(), torch.zeros(3, 3))
    if not isinstance(K, torch.Tensor) or K.shape != (3, 3):
        raise Wrong('a tensor of shape (3, 3) is wanted, got '
                    + (f'shape {tuple(K.shape)}' if isinstance(
                        K, torch.Tensor) else type(K).__name__))
    if not K.is_floating_point():
        raise Wrong(f'the kernel must hold floats, its dtype is {K.dtype}')
    if image.numel() > 50:  # the last test: what independent noise becomes
        gain = K.norm().item()
        if gain > 0.5:
            raise Wrong(f'the kernel gives noise {gain:.2f} times its '
                        'strength, at most 0.5 is allowed: average over '
                        'more pixels, with the neighbors in the same row')
        return 0.0
    return conv(image, K.float())


def edge_cases(dice):
    """Give a flat image, ramps in both directions, and the noise test."""
    ramp = torch.arange(4.).expand(3, 4)
    return [Case(torch.full((3, 3), 5.)), Case(ramp.T), Case(ramp),
            Case(torch.cat([ramp, ramp]).T * 2 + 1), Case(dice.normal(9, 9))]


def slope_down(image):
    """Give how much an image brightens per row, where a 3x3 kernel fits."""
    if image.numel() > 50:
        return 0.0
    return (image[2:, 1:-1] - image[:-2, 1:-1]) / 2


def by_sobel(kernel):
    """Make the function that a kernel computes."""
    return lambda image: (0.0 if image.numel() > 50
                          else conv(image, torch.tensor(kernel)))


edge_kernel = Question(
    slope_down, edge_cases,
    ('On a flat image all weights see the same number, so they must sum to '
     '0. Brighter below must count positive, brighter above negative.',
     'Put -1, 0, 1 down a column: on the ramp that gives 2, so halve it. '
     'Then share it out over three columns, so that noise averages out.'),
    {'the direction is wrong: the kernel answers to columns, but the '
     'brightness must be compared from row to row (transposed)':
         by_sobel([[-.125, 0, .125], [-.25, 0, .25], [-.125, 0, .125]]),
     'the scale is wrong: on a ramp that brightens by 1 per row the answer '
     'must be 1; divide the weights':
         by_sobel([[-1., -2, -1], [0, 0, 0], [1, 2, 1]]),
     'the sign is wrong: brighter below must give a positive number':
         by_sobel([[.125, .25, .125], [0, 0, 0], [-.125, -.25, -.125]]),
     'this is a second derivative: on a ramp it gives 0, but the slope, 1, '
     'is wanted':
         by_sobel([[-1., -1, -1], [-1, 8, -1], [-1, -1, -1]]),
     'the weights do not sum to 0, so a flat image does not give 0':
         by_sobel([[0., 0, 0], [0, 0, 0], [1, 1, 1]])},
    use=look)


def learn(answer, X, Y, shape):
    """Return what the learned kernel makes of an image that it never saw."""
    K = answer(X, Y, shape)
    if not isinstance(K, torch.Tensor):
        raise Wrong(f'a tensor is wanted, got {type(K).__name__}')
    if tuple(K.shape) != shape:
        raise Wrong(f'a kernel of shape {shape} is wanted, '
                    f'got shape {tuple(K.shape)}')
    if not K.abs().max() < 1000:
        raise Wrong('the kernel has grown without end, to '
                    f'{K.abs().max():.0e}: the learning rate is too large, '
                    'or the steps go uphill')
    if K.requires_grad:
        raise Wrong('the kernel still requires a gradient: return '
                    'K.detach()')
    return (K * 10).round().div(10) + 0.  # one decimal is asked for


def hidden_kernel(X, Y, shape):
    """Find the kernel by least squares over the windows of X."""
    windows = X.unfold(0, shape[0], 1).unfold(1, shape[1], 1)
    A = windows.reshape(-1, shape[0] * shape[1])
    K = torch.linalg.lstsq(A, Y.reshape(-1, 1)).solution.reshape(shape)
    return (K * 10).round().div(10) + 0.


def learn_cases(dice):
    """Give pictures and what a kernel of whole numbers makes of them."""
    cases = []
    for size, shape in [((4, 5), (1, 2)), ((7, 8), (2, 3))]:
        X, K = dice.normal(*size), dice.whole(*shape)
        K[0, 0], K[-1, -1] = -1.5, 2.5  # never symmetric
        cases.append(Case(X, conv(X, K), shape))
    return cases


learn_kernel = Question(
    hidden_kernel, learn_cases,
    ('Start with a kernel K of zeros with requires_grad=True. The loss is '
     'the mean of (corr2d(X, K) - Y)**2. Which four lines make one step?',
     'Call loss.backward(); then, under torch.no_grad(), subtract '
     'lr * K.grad from K and set K.grad to None. 100 steps with lr = 0.1 '
     'are enough. Return K.detach().'),
    {'the kernel is flipped: corr2d does not flip, so nothing need be '
     'flipped back':
         lambda X, Y, shape: hidden_kernel(X, Y, shape).flip(0, 1),
     'the kernel has not moved from 0: nothing was learned':
         lambda X, Y, shape: torch.zeros(shape),
     'the kernel has the wrong sign':
         lambda X, Y, shape: -hidden_kernel(X, Y, shape),
     'the kernel is the gradient at one place, not what the steps lead to':
         lambda X, Y, shape: (-2 * conv(X, Y) / Y.numel() * 10
                              ).round().div(10) + 0.},
    use=learn, seconds=20)


def counted(H, W, h, w):
    """Count weights and biases of layers that PyTorch makes (on meta)."""
    outputs = (H - h + 1) * (W - w + 1)
    with torch.device('meta'):
        dense = nn.Linear(H * W, outputs)
        shared = nn.Conv2d(1, 1, (h, w))
    sparse = outputs * (h * w + 1)
    return (sum(p.numel() for p in dense.parameters()), sparse,
            sum(p.numel() for p in shared.parameters()))


def miscount(rows=1, bias=True, swap=False):
    """Make a function that counts with a mistake."""
    def count(H, W, h, w):
        outputs = (H - h + rows) * (W - w + rows)
        b = outputs if bias else 0
        sparse = outputs * h * w + b
        shared = h * w + bool(bias)
        return (H * W * outputs + b, *(
            (shared, sparse) if swap else (sparse, shared)))
    return count


count_weights = Question(
    counted,
    lambda dice: [Case(3, 3, 2, 2), Case(2, 3, 1, 2), Case(5, 4, 3, 1),
                  Case(28, 28, 5, 5), Case(224, 160, 5, 3)],
    ('How many numbers come out? Count the places that the kernel can take. '
     'Each of them needs its weights, and a bias.',
     'With n = (H - h + 1) * (W - w + 1) outputs: fully connected H * W '
     'weights for each output, sparse h * w, shared h * w once for all; '
     'and a bias for each set of weights.'),
    {'the biases are forgotten: one for each output, and one for the '
     'shared kernel':
         miscount(bias=False),
     'the number of outputs is off by one per axis: the kernel has '
     'H - h + 1 places':
         miscount(rows=0),
     'the order is wrong: first fully connected, then sparse, then shared':
         miscount(swap=True),
     'the layer has as many outputs as inputs here: a kernel that stays '
     'inside the image gives fewer':
         lambda H, W, h, w: (H * W * H * W + H * W,
                             H * W * (h * w + 1), h * w + 1),
     'one bias is counted for a whole layer: each output has its own, '
     'unless weights are shared':
         lambda H, W, h, w: tuple(
             n + 1 for n in miscount(bias=False)(H, W, h, w))})


class Named(nn.Module):
    """A layer on (H, W) images that prints under a short name."""

    def __init__(self, name, function):
        super().__init__()
        self.name, self.function = name, function

    def forward(self, X):
        return self.function(X)

    def __repr__(self):
        return self.name


def layers(dice):
    """Give layers, some of which commute with a shift."""
    K = dice.whole(3, 3)
    K[0, 0], K[2, 1] = 5, -7

    def ring(X):
        return conv(F.pad(X[None, None], (1, 1, 1, 1), 'circular')[0, 0], K)

    ramp = torch.arange(4.).expand(4, 4)
    return [Named('identity', lambda X: X), Named('relu', torch.relu),
            Named('3x3 convolution, circular padding', ring),
            Named('3x3 convolution, zero padding',
                  lambda X: conv(X, K, padding=1)),
            Named('flip left and right', lambda X: X.flip(1)),
            Named('flip up and down', lambda X: X.flip(0)),
            Named('add a ramp', lambda X: X + ramp),
            Named('add a ramp from above', lambda X: X + ramp.T),
            Named('transpose', lambda X: X.T),
            Named('add rounding errors', lambda X: X + 3e-6 * (X - ramp)),
            Named('add a small spot', lambda X: X + 0.1 * (ramp == 2))]


def moves(X, down, right):
    """Move an image down and to the right; what leaves comes in again."""
    return torch.roll(X, (down, right), (0, 1))


def gap(f, X, down, right):
    """Give the largest difference between the two ways around."""
    return (f(moves(X, down, right)) - moves(f(X), down, right)).abs().max()


def corner(X):
    """Add the first pixel to all: two ways differ in one direction."""
    return X + X[0, 0]


commutes = Question(
    lambda f, X, down, right: bool(gap(f, X, down, right) < 1e-4),
    lambda dice: [Case(f, dice.whole(4, 4), *by) for f in layers(dice)
                  for by in [(1, 2), (1, 0), (0, 1)]]
    + [Case(Named('add the first pixel to all', corner), X, 1, 1) for X in (
        torch.eye(9)[:1].reshape(3, 3), 1 - torch.eye(9)[:1].reshape(3, 3))],
    ('There are two ways around the square: shift and then the layer, or '
     'the layer and then shift. Do both, and compare.',
     'torch.roll(X, (down, right), dims=(0, 1)) shifts. Floats differ in '
     'their last digits, so compare with torch.allclose(a, b, atol=1e-4).'),
    {'that asks for invariance, f(shift(X)) = f(X): with equivariance the '
     'output must be shifted too':
         lambda f, X, down, right: bool(
             (f(moves(X, down, right)) - f(X)).abs().max() < 1e-4),
     'this compares f(X) with X: neither is shifted':
         lambda f, X, down, right: bool((f(X) - X).abs().max() < 1e-4),
     'differences count on both sides of 0: take abs() before you compare':
         lambda f, X, down, right: bool(
             (f(moves(X, down, right)) - moves(f(X), down, right) < 1e-4
              ).all()),
     'differences must be small on both sides of 0: take abs() first':
         lambda f, X, down, right: bool(
             (moves(f(X), down, right) - f(moves(X, down, right)) < 1e-4
              ).all()),
     'it must be True where both ways agree, and False where they differ: '
     'here it is the other way round':
         lambda f, X, down, right: bool(gap(f, X, down, right) >= 1e-4),
     'the shift goes down only: it must go to the right as well':
         lambda f, X, down, right: bool(gap(f, X, down, 0) < 1e-4),
     'the shift goes to the right only: it must go down as well':
         lambda f, X, down, right: bool(gap(f, X, 0, right) < 1e-4),
     'floats are compared exactly: two sums in another order differ in the '
     'last digits; use torch.allclose with atol=1e-4':
         lambda f, X, down, right: bool(gap(f, X, down, right) == 0),
     'the output is shifted back instead of along: both ways must shift '
     'in the same direction':
         lambda f, X, down, right: bool(
             (f(moves(X, down, right)) - moves(f(X), -down, -right)
              ).abs().max() < 1e-4),
     'down and right are swapped on one of the two ways':
         lambda f, X, down, right: bool(
             (f(moves(X, down, right)) - moves(f(X), right, down)
              ).abs().max() < 1e-4),
     'the answer is always True': lambda f, X, down, right: True})


def matrix_of(shape, K):
    """Find the matrix by sending the images of one pixel through."""
    pixels = torch.eye(shape[0] * shape[1], dtype=K.dtype)
    return torch.stack([conv(p.reshape(shape), K).flatten()
                        for p in pixels], dim=1)


conv_matrix = Question(
    matrix_of,
    lambda dice: [Case(shape, dice.whole(*kernel, low=1, high=9))
                  for shape, kernel in [
                      ((2, 2), (1, 1)), ((2, 2), (1, 2)), ((2, 3), (2, 2)),
                      ((3, 2), (2, 1)), ((3, 4), (2, 2)), ((4, 3), (3, 2))]]
    + [Case((3, 3), dice.normal(2, 2).double())],
    ('Each output number is one row of W: the kernel laid at its place '
     'into an empty image of the given shape, then flattened.',
     'For each place (i, j): row = K.new_zeros(shape), '
     'row[i:i + h, j:j + w] = K, and keep row.flatten(). At the end '
     'torch.stack puts the rows together.'),
    {'the matrix is transposed: a row for each output number is wanted, a '
     'column for each pixel':
         lambda shape, K: matrix_of(shape, K).T,
     'the kernel is flipped in the rows: corr2d lays it as it is':
         lambda shape, K: matrix_of(shape, K.flip(0, 1)),
     'the last place of the kernel in each direction is missing':
         lambda shape, K: matrix_of(shape, K).reshape(
             shape[0] - K.shape[0] + 1, shape[1] - K.shape[1] + 1, -1
         )[:-1, :-1].reshape(-1, shape[0] * shape[1]),
     'the rows of W stand in the wrong order: go through a row of the '
     'output from left to right before the next':
         lambda shape, K: matrix_of(shape, K).reshape(
             shape[0] - K.shape[0] + 1, shape[1] - K.shape[1] + 1, -1
         ).transpose(0, 1).reshape(-1, shape[0] * shape[1]),
     'the pixels are counted down the columns: flatten() goes along the '
     'rows':
         lambda shape, K: torch.stack(
             [row.reshape(shape).T.flatten()
              for row in matrix_of(shape, K)]),
     'the kernel sits in the same place in every row':
         lambda shape, K: matrix_of(shape, K)[:1].repeat(
             (shape[0] - K.shape[0] + 1) * (shape[1] - K.shape[1] + 1), 1),
     'this has ones where the kernel lies: put its weights there':
         lambda shape, K: matrix_of(shape, torch.ones_like(K))})

QUESTIONS = {'corr2d': corr2d, 'convolve2d': convolve2d,
             'edge_kernel': edge_kernel, 'learn_kernel': learn_kernel,
             'count_weights': count_weights, 'commutes': commutes,
             'conv_matrix': conv_matrix}

# What the texts announce, besides values and shapes.
DEMANDS = {'corr2d': ('dtype',), 'conv_matrix': ('dtype',)}
