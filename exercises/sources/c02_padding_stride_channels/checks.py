"""Checks for the exercises of chapter 2: padding, stride, channels."""
import torch
from torch import nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from d2lmini_check.questions import Case, Question, Wrong, predictions


def conv(X, K, **options):
    """Cross-correlate (H, W) with (h, w) by PyTorch."""
    return F.conv2d(X[None, None], K[None, None], **options)[0, 0]


def size_by_torch(n, kernel_size, stride=1, padding=0, dilation=1):
    """Let PyTorch convolve n numbers and count what comes out."""
    try:
        return F.conv1d(torch.zeros(1, 1, n), torch.zeros(1, 1, kernel_size),
                        None, stride, padding, dilation).shape[-1]
    except RuntimeError:
        raise ValueError('the kernel does not fit') from None


def size_by(formula):
    """Make the function of a wrong formula; it refuses what does not fit."""
    def size(n, kernel_size, stride=1, padding=0, dilation=1):
        size_by_torch(n, kernel_size, stride, padding, dilation)
        return formula(n, kernel_size, stride, padding, dilation)
    return size


output_size = Question(
    size_by_torch,
    lambda dice: [Case(n=n, kernel_size=k, **more) for n, k, more in [
        (3, 1, {}), (5, 3, {}), (5, 3, dict(padding=1)),
        (6, 3, dict(stride=2)), (7, 3, dict(stride=2, padding=1)),
        (7, 3, dict(dilation=2)), (9, 4, dict(stride=3, dilation=2)),
        (224, 7, dict(stride=2, padding=3)), (4, 4, dict(stride=5)),
        (10, 3, dict(padding=2, dilation=3)), (2, 3, {}),
        (4, 3, dict(dilation=2)), (2, 5, dict(padding=1))]],
    ('How far can the kernel move? It spans dilation * (kernel_size - 1) + 1 '
     'pixels; subtract that from the padded length. Each stride of the '
     'way gives one output more than the first.',
     'span = dilation * (kernel_size - 1) + 1; if span > n + 2 * padding '
     'raise ValueError; else (n + 2 * padding - span) // stride + 1.'),
    {'the +1 is missing: a kernel that fits exactly has one place, not 0':
         size_by(lambda n, k, s, p, d: (n + 2*p - d*(k - 1) - 1) // s),
     'the padding counts on both sides: 2 * padding':
         size_by(lambda n, k, s, p, d: (n + p - d*(k - 1) - 1) // s + 1),
     'a dilated kernel spans dilation * (kernel_size - 1) + 1 pixels, not '
     'dilation * kernel_size':
         size_by(lambda n, k, s, p, d: (n + 2*p - d*k) // s + 1),
     'the dilation is ignored':
         size_by(lambda n, k, s, p, d: (n + 2*p - k) // s + 1),
     'the stride is ignored':
         size_by(lambda n, k, s, p, d: n + 2*p - d*(k - 1)),
     'the division is rounded up: what is left of the stride is dropped':
         size_by(lambda n, k, s, p, d: -(-(n + 2*p - d*(k-1) - 1) // s) + 1),
     'the division makes a float: // rounds down to a whole number':
         size_by(lambda n, k, s, p, d: (n + 2*p - d*(k - 1) - 1) / s + 1)})


MODES = {'zeros': 'constant', 'reflect': 'reflect',
         'replicate': 'replicate', 'circular': 'circular'}


def pad_by_torch(X, p, mode='zeros'):
    """Pad (H, W) by PyTorch, which wants (N, C, H, W)."""
    return F.pad(X[None, None], (p,) * 4, MODES[mode])[0, 0]


def pad_wrong(*names):
    """Make a pad that takes one mode for another: (asked, done)."""
    asked, done = names
    return lambda X, p, mode='zeros': pad_by_torch(
        X, p, done if mode == asked else mode)


def symmetric(X, p, mode='zeros'):
    """Mirror with the border doubled where 'reflect' is asked for."""
    if mode != 'reflect':
        return pad_by_torch(X, p, mode)
    for axis in (0, 1):
        n = X.shape[axis]
        X = torch.cat([X.narrow(axis, 0, p).flip(axis), X,
                       X.narrow(axis, n - p, p).flip(axis)], axis)
    return X


def only_axis(axis):
    """Make a pad that does one axis and leaves the other alone."""
    def pad(X, p, mode='zeros'):
        Y = pad_by_torch(X, p, mode)
        return Y.narrow(1 - axis, p, X.shape[1 - axis])
    return pad


pad2d = Question(
    pad_by_torch,
    lambda dice: [Case(dice.whole(2, 3, low=1, high=10), 1)] + [
        Case(dice.whole(*shape, low=1, high=10), p, mode)
        for mode in MODES for shape, p in [
            ((2, 3), 1), ((3, 2), 1), ((4, 3), 2), ((3, 5), 2),
            ((4, 4), 0)]]
    + [Case(dice.normal(3, 3).double(), 1, m) for m in MODES],
    ('Work in one dimension first. For a row a b c and p = 2: zeros '
     '0 0 a b c 0 0, replicate a a a b c c c, reflect c b a b c b a, '
     'circular b c a b c a b. Then do rows, and columns of the result.',
     'Make a list of indices and use X[rows][:, columns]: for position i '
     'from -p to n + p - 1 circular takes i % n, replicate the nearest of '
     '0 and n - 1, reflect -i on the left and 2 * (n - 1) - i on the right.'),
    {"'reflect' does not repeat the border: the mirror stands on the border "
     "pixel, not behind it":
         symmetric,
     "'reflect' repeats the border pixel: that is 'replicate'":
         pad_wrong('reflect', 'replicate'),
     "'replicate' gives the mirror image: it should repeat the border pixel":
         pad_wrong('replicate', 'reflect'),
     "'circular' gives the mirror image: it should continue on the other "
     "side":
         pad_wrong('circular', 'reflect'),
     "'circular' repeats the border pixel: it should continue on the other "
     "side":
         pad_wrong('circular', 'replicate'),
     'only the rows are padded, the columns must be as well':
         only_axis(0),
     'only the columns are padded, the rows must be as well':
         only_axis(1),
     'all modes give zeros: look at `mode`':
         lambda X, p, mode='zeros': pad_by_torch(X, p)},
    device=True, bans=('pad',))


def strided(X, K, stride):
    """Cross-correlate with steps of (down, right)."""
    return conv(X, K, stride=stride)


strided_corr2d = Question(
    strided,
    lambda dice: [Case(dice.whole(*a), dice.whole(*b), stride)
                  for a, b, stride in [
                      ((2, 2), (1, 1), (1, 1)), ((3, 3), (2, 2), (1, 1)),
                      ((3, 4), (1, 2), (2, 2)), ((4, 3), (1, 1), (1, 2)),
                      ((4, 5), (2, 2), (2, 1)), ((5, 7), (2, 3), (1, 3)),
                      ((7, 6), (3, 1), (3, 2))]]
    + [Case(dice.normal(6, 5).double(), dice.normal(2, 2).double(), (2, 2))],
    ('The window for output (i, j) starts at row i * down and column '
     'j * right. How many of them fit?',
     'rows = (H - h) // down + 1, and the same for columns. The window is '
     'X[i * down:i * down + h, j * right:j * right + w].'),
    {'the stride is ignored':
         lambda X, K, stride: conv(X, K),
     'down and right are swapped: stride[0] is for rows':
         lambda X, K, stride: strided(X, K, stride[::-1]),
     'the first stride is used in both directions':
         lambda X, K, stride: strided(X, K, (stride[0], stride[0])),
     'the windows start at i and j: they must start at i * down and '
     'j * right':
         lambda X, K, stride: conv(X, K)[
             :strided(X, K, stride).shape[0],
             :strided(X, K, stride).shape[1]],
     'the first window is skipped: it starts at row 0, column 0':
         lambda X, K, stride: conv(X, K)[stride[0] - 1::stride[0],
                                         stride[1] - 1::stride[1]],
     'the last row and column of windows are missing':
         lambda X, K, stride: strided(X, K, stride)[:-1, :-1],
     'the kernel is flipped':
         lambda X, K, stride: strided(X, K.flip(0, 1), stride)},
    grad=('X', 'K'))


def spread(K, d):
    """Put d - 1 zeros between the weights, by a Kronecker product."""
    one = torch.zeros(d, d, dtype=K.dtype)
    one[0, 0] = 1
    h, w = K.shape
    return torch.kron(K, one)[:d * (h - 1) + 1, :d * (w - 1) + 1]


def kron(K, block):
    """Replace each weight by a block."""
    return torch.kron(K, block.to(K.dtype))


dilate = Question(
    spread,
    lambda dice: [Case(dice.whole(*shape, low=1, high=10), d)
                  for shape, d in [((1, 1), 1), ((2, 2), 1), ((1, 2), 2),
                                   ((1, 1), 3), ((2, 2), 2), ((2, 3), 3),
                                   ((3, 1), 2)]]
    + [Case(dice.normal(2, 2).double(), 2)],
    ('With h weights there are h - 1 gaps, and each gets d - 1 zeros. '
     'So what is the new height?',
     'Make D = K.new_zeros(d * (h - 1) + 1, d * (w - 1) + 1), and put the '
     'weights at every d-th place: D[::d, ::d] = K.'),
    {'there are zeros behind the last weight: they belong only between '
     'weights':
         lambda K, d: kron(K, F.pad(torch.ones(1, 1), (0, d - 1, 0, d - 1))),
     'the weights are repeated: the gaps must hold zeros':
         lambda K, d: K.repeat_interleave(d, 0).repeat_interleave(d, 1),
     'there are d zeros between two weights: d - 1 are wanted, so that '
     'd = 1 changes nothing':
         lambda K, d: spread(K, d + 1),
     'nothing is spread':
         lambda K, d: K,
     'only the rows are spread, the columns must be as well':
         lambda K, d: spread(K, d)[:, ::d],
     'only the columns are spread, the rows must be as well':
         lambda K, d: spread(K, d)[::d]})


def channels(X, K, bias=None):
    """Convolve (C, H, W) with (O, C, h, w) by PyTorch."""
    return F.conv2d(X[None], K, bias)[0]


def channel_cases(dice):
    """Give images and kernels with several channels, with and without bias."""
    cases = []
    for c, o, size, kernel in [(1, 1, (1, 1), (1, 1)), (2, 1, (1, 2), (1, 1)),
                               (1, 2, (2, 2), (1, 2)), (2, 3, (3, 2), (2, 1)),
                               (3, 3, (3, 4), (2, 2))]:
        X, K = dice.whole(c, *size), dice.whole(o, c, *kernel)
        cases += [Case(X, K), Case(X, K, dice.whole(o, low=5, high=9))]
    return cases + [Case(dice.normal(2, 4, 4), dice.normal(2, 2, 3, 3))]


corr2d_channels = Question(
    channels, channel_cases,
    ('One output channel: correlate each input channel with its own kernel, '
     'and add the results up. Then do it for each of the O kernels.',
     'For one kernel k of shape (C, h, w) the sum over c of '
     'corr2d(X[c], k[c]), plus its bias if there is one; torch.stack makes '
     'one tensor of the O maps.'),
    {'the bias is forgotten':
         lambda X, K, bias=None: channels(X, K),
     'the bias is added once for each input channel: once is enough':
         lambda X, K, bias=None: channels(
             X, K, None if bias is None else len(X) * bias),
     'the input channels are averaged: they must be summed':
         lambda X, K, bias=None: (channels(X, K) / len(X) + (
             0 if bias is None else bias[:, None, None])),
     'only the first input channel is used':
         lambda X, K, bias=None: channels(X[:1], K[:, :1], bias),
     'only the first kernel is used for every output channel':
         lambda X, K, bias=None: channels(X, K[:1].expand_as(K), bias),
     'all output channels are summed into one: they must be stacked':
         lambda X, K, bias=None: channels(X, K, bias).sum(0),
     'the output channels come in reverse order':
         lambda X, K, bias=None: channels(X, K, bias).flip(0),
     'the kernel is flipped':
         lambda X, K, bias=None: channels(X, K.flip(2, 3), bias),
     'the first bias is added to every output channel':
         lambda X, K, bias=None: channels(
             X, K, None if bias is None else bias[:1].expand_as(bias))},
    grad=('X', 'K'), device=True, bans=('conv2d',))


def pointwise(X, K):
    """Do a 1x1 convolution of (N, C, H, W) with (O, C) by PyTorch."""
    return F.conv2d(X, K[:, :, None, None])


conv1x1 = Question(
    pointwise,
    lambda dice: [Case(dice.whole(*x), dice.whole(*k)) for x, k in [
        ((1, 1, 1, 1), (1, 1)), ((1, 2, 1, 1), (1, 2)),
        ((1, 2, 1, 2), (2, 2)), ((1, 2, 2, 1), (3, 2)),
        ((2, 2, 2, 2), (2, 2)), ((2, 3, 2, 3), (2, 3)),
        ((3, 2, 3, 2), (4, 2))]]
    + [Case(dice.normal(2, 2, 2, 2).double(), dice.normal(2, 2).double())],
    ('At each pixel there is a vector of C numbers, and K, of shape (O, C), '
     'times that vector is wanted. What must the shape of X be so that one '
     'matrix product does all pixels?',
     'K @ X.reshape(N, C, H * W) has the shape (N, O, H * W): the product '
     'is done for each image. Reshape it to (N, O, H, W).'),
    {'the kernel is transposed: K has a row for each output channel':
         lambda X, K: pointwise(X, K.T),
     'axes are mixed up by a reshape: the numbers of one pixel do not lie '
     'next to each other in memory; move the axis with permute':
         lambda X, K: (X.reshape(-1, X.shape[1]) @ K.T).reshape(
             len(X), len(K), *X.shape[2:]),
     'axes are mixed up at the end: the output channels must come back from '
     'the last axis with permute, not with reshape':
         lambda X, K: pointwise(X, K).permute(0, 2, 3, 1).reshape(
             len(X), len(K), *X.shape[2:]),
     'only the first image is used':
         lambda X, K: pointwise(X, K)[:1],
     'the channels stand last: wanted is (N, O, H, W)':
         lambda X, K: pointwise(X, K).permute(0, 2, 3, 1),
     'the input channels are averaged: they must be summed':
         lambda X, K: pointwise(X, K) / X.shape[1]},
    grad=('X', 'K'), bans=('conv2d',))


def by_groups(X, K, groups):
    """Convolve in groups by PyTorch."""
    return F.conv2d(X[None], K, groups=groups)[0]


def order_of(X, K, groups, inputs=None, outputs=None):
    """Convolve in groups with the channels in another order."""
    def shuffled(T, how):
        if how is None:
            return T
        return T.unflatten(0, (-1, groups)).transpose(0, 1).flatten(0, 1)
    return by_groups(shuffled(X, inputs), shuffled(K, outputs), groups)


class NoGroups(TorchFunctionMode):
    """Refuse a convolution whose argument `groups` is not 1."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if getattr(func, '__name__', '') == 'conv2d' and (
                kwargs.get('groups', args[6] if len(args) > 6 else 1) != 1):
            raise Wrong('the question asks you to do without the argument '
                        '`groups` of the convolution')
        return func(*args, **kwargs)


def without_groups(answer, X, K, groups):
    """Call an answer, and look how it convolves."""
    with NoGroups():
        return answer(X, K, groups)


grouped = Question(
    by_groups,
    lambda dice: [Case(dice.whole(*x), dice.whole(*k), g) for x, k, g in [
        ((1, 1, 1), (1, 1, 1, 1), 1), ((2, 1, 1), (2, 1, 1, 1), 2),
        ((2, 2, 2), (2, 2, 1, 2), 1), ((2, 2, 1), (4, 1, 1, 1), 2),
        ((4, 1, 2), (2, 2, 1, 1), 2), ((4, 2, 2), (4, 2, 2, 2), 2),
        ((6, 2, 2), (3, 2, 1, 1), 3), ((3, 3, 3), (6, 1, 2, 2), 3)]]
    + [Case(dice.normal(4, 4, 4), dice.normal(6, 2, 3, 3), 2)],
    ('Cut the input channels into `groups` equal parts, and the kernels '
     'too. Each part of the kernels sees its own part of the input only.',
     'X.chunk(groups) and K.chunk(groups) cut along the channels. '
     'Convolve part by part with F.conv2d, and put the maps one after '
     'the other with torch.cat.'),
    {'each kernel sees the first group of channels only':
         lambda X, K, groups: by_groups(
             torch.cat([X[:K.shape[1]]] * groups), K, groups),
     'the maps of all groups are summed: they must stand one after the '
     'other':
         lambda X, K, groups: by_groups(X, K, groups).unflatten(
             0, (groups, -1)).sum(0),
     'the maps are stacked on a new axis: torch.cat keeps three axes':
         lambda X, K, groups: by_groups(X, K, groups).unflatten(
             0, (groups, -1)),
     'the groups are in reverse order':
         lambda X, K, groups: by_groups(X, K, groups).unflatten(
             0, (groups, -1)).flip(0).flatten(0, 1),
     'the input channels are dealt out like cards: a group is made of '
     'neighbors':
         lambda X, K, groups: order_of(X, K, groups, inputs=True),
     'the kernels are dealt out like cards: a group is made of neighbors':
         lambda X, K, groups: order_of(X, K, groups, outputs=True),
     'the first kernels are used for every group':
         lambda X, K, groups: by_groups(
             X, torch.cat([K[:len(K) // groups]] * groups), groups)},
    use=without_groups, grad=('X', 'K'))


def smallest_input(layers):
    """Find the smallest input that gives one output unit, by trying."""
    n = 1
    while True:
        size = n
        for k, s, d in layers:
            size = (size - d * (k - 1) - 1) // s + 1 if size > 0 else 0
        if size >= 1:
            return n
        n += 1


def back(step, start=1, order=reversed):
    """Make a wrong recursion over the layers."""
    def field(layers):
        size = start
        for k, s, d in order(list(layers)):
            size = step(size, k, s, d)
        return size
    return field


receptive_field = Question(
    smallest_input,
    lambda dice: [Case(layers) for layers in [
        [], [(3, 1, 1)], [(3, 2, 1)], [(3, 1, 2)], [(3, 1, 1), (3, 1, 1)],
        [(3, 1, 1), (2, 2, 1)], [(2, 2, 1), (3, 1, 1)],
        [(3, 1, 1), (2, 2, 1), (3, 1, 1)],
        [(5, 1, 1), (2, 2, 1), (5, 1, 1), (2, 2, 1)],
        [(3, 1, 1), (3, 1, 2), (3, 1, 4)], [(4, 3, 2), (3, 2, 3), (2, 1, 5)]]],
    ('Go from the last layer to the first. One unit at the end; before '
     'each layer: how far apart start the windows of `size` neighbors?',
     'size = 1; for the layers in reverse order '
     'size = (size - 1) * stride + span, where the span of a dilated '
     'kernel is dilation * (kernel_size - 1) + 1.'),
    {'the layers are taken from first to last: go from last to first':
         back(lambda n, k, s, d: (n - 1) * s + d * (k - 1) + 1, order=iter),
     'the stride is ignored':
         back(lambda n, k, s, d: n + d * (k - 1)),
     'the dilation is ignored':
         back(lambda n, k, s, d: (n - 1) * s + k),
     'n neighbors are n - 1 strides apart, not n':
         back(lambda n, k, s, d: n * s + d * (k - 1) + 1),
     'a dilated kernel spans dilation * (kernel_size - 1) + 1 pixels, not '
     'dilation * kernel_size':
         back(lambda n, k, s, d: (n - 1) * s + d * k),
     'it starts with 0 units: one unit is looked at, and with no layer it '
     'sees one pixel':
         back(lambda n, k, s, d: (n - 1) * s + d * (k - 1) + 1, start=0),
     'kernel sizes are added up: each layer adds span - 1 pixels, times the '
     'strides before it':
         lambda layers: sum(k for k, _, _ in layers)})


def transposed(X, K, stride=1):
    """Do the transposed convolution by PyTorch."""
    return F.conv_transpose2d(X[None, None], K[None, None],
                              stride=stride)[0, 0]


def overwritten(X, K, stride=1):
    """Let later copies of the kernel replace earlier ones."""
    Y = torch.zeros_like(transposed(X, K, stride))
    for i, row in enumerate(X):
        for j, x in enumerate(row):
            Y[i*stride:, j*stride:][:K.shape[0], :K.shape[1]] = x * K
    return Y


transposed_conv = Question(
    transposed,
    lambda dice: [Case(dice.whole(*a, low=1, high=6),
                       dice.whole(*b, low=1, high=6), **more)
                  for a, b, more in [
                      ((1, 1), (1, 1), {}), ((1, 2), (1, 2), {}),
                      ((2, 1), (2, 2), {}), ((1, 2), (1, 2), dict(stride=2)),
                      ((2, 2), (2, 3), dict(stride=2)),
                      ((2, 3), (2, 1), dict(stride=3)),
                      ((3, 2), (3, 3), dict(stride=2))]]
    + [Case(dice.normal(2, 3).double(), dice.normal(3, 2).double(), 2)],
    ('A convolution gathers: a window becomes one number. Its transpose '
     'scatters: each number of X puts a copy of K, times itself, into Y. '
     'Where two copies overlap, they add up.',
     'Y has (H - 1) * stride + h rows. For each X[i, j]: '
     'Y[i * stride:i * stride + h, j * stride:j * stride + w] '
     '+= X[i, j] * K.'),
    {'where copies overlap the later one wins: they must add up':
         overwritten,
     'the kernel is flipped: here the copies are laid down as they are':
         lambda X, K, stride=1: transposed(X, K.flip(0, 1), stride),
     'the stride is ignored':
         lambda X, K, stride=1: transposed(X, K),
     'the result is cut: the last copies of the kernel reach further, to '
     '(H - 1) * stride + h rows':
         lambda X, K, stride=1: transposed(X, K, stride)[
             :X.shape[0] * stride, :X.shape[1] * stride],
     'the result has room for one stride too many':
         lambda X, K, stride=1: F.pad(transposed(X, K, stride),
                                      (0, stride, 0, stride)),
     'that is the convolution itself: the result must be larger than X':
         lambda X, K, stride=1: conv(X, K, stride=stride),
     'the kernel is transposed: the name means the matrix of the '
     'convolution, not the kernel':
         lambda X, K, stride=1: transposed(X, K.T, stride)},
    grad=('X', 'K'), device=True, bans=('conv_transpose2d',))


def shapes_by_torch():
    """Let PyTorch make the layers and tell their output shapes."""
    layers = {'Conv2d(3, 8, 5)': nn.Conv2d(3, 8, 5),
              'Conv2d(3, 8, 3, padding=1)': nn.Conv2d(3, 8, 3, padding=1),
              'Conv2d(3, 16, 3, stride=2)': nn.Conv2d(3, 16, 3, 2),
              'Conv2d(3, 4, 3, dilation=2)': nn.Conv2d(3, 4, 3, dilation=2),
              'Conv2d(3, 6, 1, groups=3)': nn.Conv2d(3, 6, 1, groups=3),
              'ConvTranspose2d(3, 2, 4, stride=2)':
                  nn.ConvTranspose2d(3, 2, 4, 2)}
    X = torch.zeros(1, 3, 32, 20)
    return {name: tuple(layer(X).shape) for name, layer in layers.items()}


shapes = predictions(
    shapes_by_torch(),
    {'the size stays only if the padding says so: without it a kernel of 5 '
     'takes 4 pixels from each axis':
         [(1, 8, 32, 20)] * 6,
     'a kernel of k takes k - 1 pixels from an axis, not k':
         [(1, 8, 27, 15), (1, 8, 31, 19), (1, 16, 15, 9), (1, 4, 26, 14),
          (1, 6, 31, 19), (1, 2, 64, 40)],
     'height and width are swapped':
         [(1, 8, 16, 28), (1, 8, 20, 32), (1, 16, 9, 15), (1, 4, 16, 28),
          (1, 6, 20, 32), (1, 2, 42, 66)],
     'the minibatch axis is missing: the shapes are (N, C, H, W)':
         [shape[1:] for shape in shapes_by_torch().values()],
     'the number of channels is the second argument of the layer, '
     'out_channels, and does not depend on the image':
         [(1, 3, *shape[2:]) for shape in shapes_by_torch().values()],
     'that is the stride without floor, or with padding that is not there':
         [None, None, (1, 16, 16, 10), None, None, (1, 2, 64, 40)],
     'a kernel of 3 with dilation 2 spans 5 pixels':
         [None, None, None, (1, 4, 30, 18), None, None]},
    ('Go layer by layer: the second argument is the number of output '
     'channels; then count the places that the kernel can take.',
     'floor((n + 2p - d(k - 1) - 1) / s) + 1 for H = 32 and W = 20; for the '
     'transposed one (n - 1) * s + k.'))

QUESTIONS = {'shapes': shapes, 'output_size': output_size, 'pad2d': pad2d,
             'strided_corr2d': strided_corr2d, 'dilate': dilate,
             'corr2d_channels': corr2d_channels, 'conv1x1': conv1x1,
             'grouped': grouped, 'receptive_field': receptive_field,
             'transposed_conv': transposed_conv}

# What the texts announce, besides values and shapes.
DEMANDS = {}
