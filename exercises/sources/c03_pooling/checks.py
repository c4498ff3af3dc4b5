"""Checks for the exercises of chapter 3, pooling."""
import torch
from torch.nn import functional as F

from d2lmini_check.questions import Case, Question, predictions

POOLINGS = ('max_pool1d', 'max_pool2d', 'max_pool3d', 'avg_pool1d',
            'avg_pool2d', 'avg_pool3d', 'adaptive_max_pool2d',
            'adaptive_avg_pool2d')
ROW = torch.tensor([[4., 1., 3., 2., 9.]])


def by_torch():
    """Let PyTorch pool a row of five numbers, and tell a few counts."""
    def rows(Y):
        return tuple(round(v, 2) for v in Y[0].tolist())

    X = torch.zeros(8, 3, 32, 32)
    return {'max, window 2': rows(F.max_pool1d(ROW, 2)),
            'max, window 2, stride 1': rows(F.max_pool1d(ROW, 2, 1)),
            'average, window 2': rows(F.avg_pool1d(ROW, 2)),
            'max, window 2, ceil_mode': rows(
                F.max_pool1d(ROW, 2, ceil_mode=True)),
            'max of -ROW, window 3, stride 2, padding 1': rows(
                F.max_pool1d(-ROW, 3, 2, 1)),
            'shape of nn.MaxPool2d(3)(X)': tuple(
                F.max_pool2d(X, 3).shape),
            'parameters of nn.AvgPool2d(2)': 0}


def values(*wrong):
    """Put wrong values at some places, and nothing at the others."""
    found = [None] * len(by_torch())
    for at, value in wrong:
        found[at] = value
    return found


pooled_row = predictions(
    by_torch(),
    {'without a stride the windows lie side by side, like tiles: the stride '
     'is the window':
         values((0, (4., 3., 3., 9.)), (2, (2.5, 2., 2.5, 5.5)),
                (5, (8, 3, 30, 30))),
     'with stride 1 the windows overlap':
         values((1, (4., 3.))),
     'by default what is left over is not used: the 9 has no partner':
         values((0, (4., 3., 9.)), (2, (2.5, 2.5, 9.)),
                (5, (8, 3, 11, 11))),
     'ceil_mode keeps the window that hangs over the edge':
         values((3, (4., 3.))),
     'the sum is not the average: divide by the number of pixels':
         values((2, (5., 5.))),
     'that is the maximum, the average is asked for':
         values((2, (4., 3.))),
     'max pooling pads with minus infinity: a zero would win over negative '
     'numbers':
         values((4, (0., -1., 0.))),
     'the padding gives the first and the last window room to hang over: '
     'there are three windows':
         values((4, (-1.,)), (4, (-1., -2.))),
     'each channel is pooled alone: their number stays':
         values((5, (8, 1, 10, 10))),
     'pooling has nothing to learn: there are no weights':
         values((6, 4)),
     },
    ('Write the windows down first, then take the largest or the mean of '
     'each. In pooling the stride is the window unless it is given.',
     'Window 2: the tiles are (4 1) and (3 2). With ceil_mode there is also '
     'the tile (9). Padding holds minus infinity for the maximum.'))


def pool_by_torch(X, k, mode='max', stride=None, padding=0):
    """Pool (H, W) by PyTorch."""
    pool = F.max_pool2d if mode == 'max' else F.avg_pool2d
    return pool(X[None], k, stride, padding)[0]


def pool_cases(dice):
    """Give images below zero too, so that zero padding is found out."""
    cases = []
    for size, k, options in [
            ((2, 2), 2, {}), ((3, 4), 2, {}), ((4, 6), 3, {}),
            ((3, 3), 2, dict(stride=1)), ((5, 4), 2, dict(stride=3)),
            ((3, 3), 3, dict(stride=1, padding=1)),
            ((4, 5), 3, dict(stride=2, padding=1)),
            ((5, 6), 2, dict(padding=1))]:
        X = dice.whole(*size, low=-9, high=0)
        cases += [Case(X, k, **options), Case(X, k, 'max', **options),
                  Case(X, k, 'avg', **options)]
    cases.append(Case(-1e30 * dice.whole(3, 4, low=1, high=9), 3, 'max', 2, 1))
    return cases + [Case(dice.normal(4, 4).double(), 2, mode)
                    for mode in ['max', 'avg']]


def pool_as(X, k, mode='max', stride=None, padding=0, **changed):
    """Pool as asked, but for what is changed."""
    return pool_by_torch(X, k, **(dict(mode=mode, stride=stride,
                                       padding=padding) | changed))


def zero_padded(X, k, mode='max', stride=None, padding=0):
    """Pad with zeros in max pooling too."""
    return pool_as(F.pad(X, (padding,) * 4), k, mode, stride)


def other_mode(X, k, mode='max', stride=None, padding=0):
    """Take the maximum for the average, and the average for the maximum."""
    return pool_as(X, k, {'max': 'avg', 'avg': 'max'}[mode], stride, padding)


pool2d = Question(
    pool_by_torch, pool_cases,
    ('Three steps: pad, count the windows, loop over them. What can never '
     'be the largest number of a window? And what is the stride if it is '
     'None?',
     'Fill a larger image with float("-inf") for the maximum and 0 for '
     'the average, and put X into its middle. Then (H + 2 * padding - k) '
     '// stride + 1 windows start at i * stride.'),
    {'max pooling must pad with minus infinity: a zero would win over '
     'negative numbers':
         zero_padded,
     'without a stride the windows lie side by side: the stride is the '
     'window, not 1':
         lambda X, k, mode='max', stride=None, padding=0: pool_as(
             X, k, mode, stride or 1, padding),
     'the stride that is given is ignored':
         lambda X, k, mode='max', stride=None, padding=0: pool_as(
             X, k, mode, None, padding),
     'the padding is ignored':
         lambda X, k, mode='max', stride=None, padding=0: pool_as(
             X, k, mode, stride),
     'the mode is ignored: this is always the maximum':
         lambda X, k, mode='max', stride=None, padding=0: pool_as(
             X, k, 'max', stride, padding),
     'the mode is ignored: this is always the average':
         lambda X, k, mode='max', stride=None, padding=0: pool_as(
             X, k, 'avg', stride, padding),
     'maximum and average are swapped':
         other_mode,
     'the windows are summed: for the average divide by the number of '
     'pixels, k * k':
         lambda X, k, mode='max', stride=None, padding=0: pool_as(
             X, k, mode, stride, padding) * (k * k if mode == 'avg' else 1),
     'the minimum is taken':
         lambda X, k, mode='max', stride=None, padding=0: pool_as(
             X, k, mode, stride, padding) if mode == 'avg' else -pool_as(
             -X, k, mode, stride, padding),
     'in average pooling the padding counts here: divide by k * k '
     'everywhere':
         lambda X, k, mode='max', stride=None, padding=0: (
             pool_as(X, k, mode, stride, padding) if mode == 'max' else
             F.avg_pool2d(X[None], k, stride, padding,
                          count_include_pad=False)[0]),
     'the last row and column of windows are missing':
         lambda X, k, mode='max', stride=None, padding=0: pool_as(
             X, k, mode, stride, padding)[:-1, :-1]},
    grad=('X',), device=True, bans=POOLINGS)


def size_by_torch(n, k, stride, padding=0, ceil_mode=False):
    """Let PyTorch pool n numbers, and count what comes out."""
    return F.max_pool1d(torch.zeros(1, n), k, stride, padding, 1,
                        ceil_mode).shape[-1]


def always_up(n, k, stride, padding=0, ceil_mode=False):
    """Round up without the exception."""
    free = n + 2 * padding - k
    return -(-free // stride) + 1 if ceil_mode else free // stride + 1


def size_cases(dice):
    """Give sizes with and without something left over, and the exception."""
    cases = [Case(*c) for c in [(4, 2, 2), (5, 2, 2), (7, 3, 2)]]
    for ceil in [False, True]:
        cases += [Case(*c, ceil_mode=ceil) for c in [
            (4, 2, 2), (5, 2, 2), (6, 3, 2), (6, 3, 3), (112, 3, 2),
            (6, 3, 1), (8, 4, 2)]]
        cases += [Case(*c, ceil) for c in [
            (5, 2, 2, 1), (4, 3, 2, 1), (7, 3, 3, 1), (3, 2, 2, 1),
            (2, 2, 5, 1), (1, 1, 3, 0), (5, 1, 3, 0), (5, 2, 4, 1),
            (6, 1, 4, 0), (9, 4, 6, 2), (9, 5, 2, 1)]]
    return cases


pool_size = Question(
    size_by_torch, size_cases,
    ('With floor, and with ceil if nothing is left over, count as for a '
     'convolution. If pixels are left over, ceil adds one window, unless '
     'that window starts too late. At which pixel does it start?',
     'size = (n + 2 * padding - k) // stride + 1. The next window starts at '
     'size * stride (the first padded pixel is 0); the padding behind the '
     'input starts at n + padding. Pixels are left over if '
     '(n + 2 * padding - k) % stride is not 0.'),
    {'ceil_mode has an exception: a window that starts on the padding '
     'behind the input sees no pixel and is dropped':
         always_up,
     'ceil_mode is ignored':
         lambda n, k, stride, padding=0, ceil_mode=False: size_by_torch(
             n, k, stride, padding),
     'it always rounds up: by default it must round down':
         lambda n, k, stride, padding=0, ceil_mode=False: size_by_torch(
             n, k, stride, padding, True),
     'up and down are swapped':
         lambda n, k, stride, padding=0, ceil_mode=False: size_by_torch(
             n, k, stride, padding, not ceil_mode),
     'the padding is on both sides: it counts twice':
         lambda n, k, stride, padding=0, ceil_mode=False: always_up(
             n - padding, k, stride, padding, ceil_mode),
     'the +1 is missing: a window that fits exactly has one place':
         lambda n, k, stride, padding=0, ceil_mode=False: size_by_torch(
             n, k, stride, padding, ceil_mode) - 1,
     'one window is added even where nothing is left over':
         lambda n, k, stride, padding=0, ceil_mode=False: size_by_torch(
             n, k, stride, padding) + (
             ceil_mode and size_by_torch(n, k, stride, padding) * stride
             < n + padding),
     'the division makes a float: // rounds down to a whole number':
         lambda n, k, stride, padding=0, ceil_mode=False: (
             (n + 2 * padding - k) / stride + 1)})


def mean_by_torch(X, k, padding, count_border=True):
    """Average with stride 1, the border counted or not, by PyTorch."""
    return F.avg_pool2d(X[None], k, 1, padding,
                        count_include_pad=count_border)[0]


average2d = Question(
    mean_by_torch,
    lambda dice: [Case(dice.whole(*size, low=0, high=5), k, p, *border)
                  for size, k, p in [((1, 1), 3, 1), ((2, 2), 2, 0),
                                     ((2, 3), 2, 1), ((3, 3), 3, 1),
                                     ((4, 3), 3, 1), ((4, 5), 4, 2)]
                  for border in [(), (True,), (False,)]]
    + [Case(dice.normal(3, 3).double(), 3, 1, b) for b in [True, False]],
    ('The sum of a window is the same in both cases, since zeros add '
     'nothing. Only what it is divided by differs: how many pixels of the '
     'window are real?',
     'Pool an image of ones in the same way: the sums of its windows are '
     'the numbers of real pixels. Divide by them, or by k * k.'),
    {'the border is counted when it should not be':
         lambda X, k, padding, count_border=True: mean_by_torch(
             X, k, padding),
     'the border is never counted: with count_border=True divide by k * k':
         lambda X, k, padding, count_border=True: mean_by_torch(
             X, k, padding, False),
     'count_border works the wrong way round':
         lambda X, k, padding, count_border=True: mean_by_torch(
             X, k, padding, not count_border),
     'the windows are summed, not averaged':
         lambda X, k, padding, count_border=True: mean_by_torch(
             X, k, padding) * k * k,
     'the padding repeats the border: zeros are wanted':
         lambda X, k, padding, count_border=True: mean_by_torch(
             F.pad(X[None, None], (padding,) * 4, 'replicate')[0, 0], k, 0),
     'the padding is ignored':
         lambda X, k, padding, count_border=True: mean_by_torch(X, k, 0),
     'the average is over the pixels that are not zero: a real pixel may '
     'be zero, count those too':
         lambda X, k, padding, count_border=True: (
             mean_by_torch(X, k, padding) if count_border else
             mean_by_torch(X, k, padding) / mean_by_torch(
                 (X != 0).to(X.dtype), k, padding)),
     'the windows do not overlap: the stride is 1 here':
         lambda X, k, padding, count_border=True: F.avg_pool2d(
             X[None], k, None, padding, False, count_border)[0]},
    grad=('X',), device=True, bans=POOLINGS)


def blurred(X, taps=(1., 2., 1.), mode='replicate', stride=2, start=0):
    """Blur with the outer product of taps, then keep every second pixel."""
    taps = torch.tensor(taps, dtype=X.dtype)
    K = torch.outer(taps, taps) / taps.sum()**2
    K = K.expand(len(X), 1, *K.shape)
    p = len(taps) // 2
    Y = F.conv2d(F.pad(X[None], (p,) * 4, mode), K, groups=len(X))[0]
    return Y[:, start::stride, start::stride]


blur_pool = Question(
    lambda X: blurred(X),
    lambda dice: [Case(dice.whole(*size, low=0, high=9)) for size in [
        (1, 1, 1), (1, 2, 2), (1, 3, 4), (2, 3, 3), (3, 4, 5)]]
    + [Case((torch.arange(6.) % 2).expand(1, 4, 6)),
       Case(dice.normal(2, 5, 5).double())],
    ('One axis after the other, or both at once with the kernel '
     'torch.outer(taps, taps). How must a kernel be scaled so that a '
     'constant image keeps its value?',
     'Pad by one with mode "replicate", use F.conv2d with one kernel for '
     'each channel (groups = C, weight of shape (C, 1, 3, 3)) and stride 2.'),
    {'this only skips pixels: blur first, or the finest stripes come '
     'through as a false pattern':
         lambda X: X[:, ::2, ::2],
     'the blur is right, but every pixel is kept: keep every second one':
         lambda X: blurred(X, stride=1),
     'the pixels kept start at 1: start at row 0 and column 0':
         lambda X: blurred(X, start=1),
     'this skips first and blurs afterwards: then the false pattern is '
     'there already':
         lambda X: blurred(X[:, ::2, ::2], stride=1),
     'the weights do not sum to 1: divide by 16':
         lambda X: blurred(X) * 16,
     'the weights are divided by 4 once: on two axes it is 4 * 4':
         lambda X: blurred(X) * 4,
     'the weights are equal: they must be 1, 2, 1 on each axis':
         lambda X: blurred(X, (1., 1., 1.)),
     'the border is padded with zeros, so it gets darker: repeat the '
     'border pixel':
         lambda X: blurred(X, mode='constant'),
     'only one channel comes out: each channel is blurred alone':
         lambda X: blurred(X).sum(0, keepdim=True),
     'that is max pooling': lambda X: F.max_pool2d(
         F.pad(X[None], (0, X.shape[2] % 2, 0, X.shape[1] % 2),
               'replicate'), 2)[0],
     'that is average pooling with 2x2 windows': lambda X: F.avg_pool2d(
         F.pad(X[None], (0, X.shape[2] % 2, 0, X.shape[1] % 2),
               'replicate'), 2)[0]},
    grad=('X',), device=True)


def color_means(photo):
    """Average each channel of (H, W, C), as NumPy would."""
    return torch.from_numpy(photo.numpy().mean((0, 1)) / 255).float()


channel_means = Question(
    color_means,
    lambda dice: [Case(dice.whole(*size, low=0, high=256).to(torch.uint8))
                  for size in [(1, 1, 3), (1, 2, 3), (2, 2, 3), (2, 3, 3),
                               (3, 4, 2), (40, 50, 3)]],
    ('There are three mistakes. Print the shape after each line; then the '
     'first pixel; then ask what uint8 does with a number above 255.',
     'permute(2, 0, 1) moves the axis, reshape does not. Make floats before '
     'you calculate. F.adaptive_avg_pool2d(X, 1) or X.mean((1, 2)) gives '
     'one number for each channel; the result has shape (C,).'),
    {'the values lie between 0 and 255: divide by 255':
         lambda photo: color_means(photo) * 255,
     'the channels are still mixed up: reshape does not move an axis, '
     'permute does':
         lambda photo: (photo.reshape(photo.shape[2], -1).float() / 255
                        ).mean(1),
     'uint8 counts to 255 and starts over: make floats before you add':
         lambda photo: (photo.long().sum((0, 1)) % 256 / 255
                        / (photo.shape[0] * photo.shape[1])).float(),
     'these are the means of the columns: the channels are the last axis':
         lambda photo: photo.float().mean((0, 2)) / 255,
     'these are the maxima: the means are asked for':
         lambda photo: photo.float().amax((0, 1)) / 255,
     'this is one mean over everything: one for each channel is wanted':
         lambda photo: photo.float().mean() / 255})

QUESTIONS = {'pooled_row': pooled_row, 'pool2d': pool2d,
             'pool_size': pool_size, 'average2d': average2d,
             'blur_pool': blur_pool, 'channel_means': channel_means}

# What the texts announce, besides values and shapes.
DEMANDS = {'channel_means': ('dtype',)}
