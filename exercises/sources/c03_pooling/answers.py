"""Answers that must be accepted and answers that must be refused.

RIGHT: {question: [whole answers]}. WRONG: {question: [(words that the message
must hold, old, new)]}, an edit of the solution, or (words, whole answer).
EQUIVALENT: {question: {a mutant that no check can tell from the solution:
why}}.
"""
RIGHT = {
    'pooled_row': ['''
def pooled_row():
    return [[4.0, 3.0], [4, 3, 3, 9], [2.5, 2.5], [4, 3, 9], [-1, -1, -2],
            torch.Size([8, 3, 10, 10]), 0]
''', '''
def pooled_row():
    row = torch.tensor([[4., 1., 3., 2., 9.]])
    found = [F.max_pool1d(row, 2), F.max_pool1d(row, 2, 1),
             F.avg_pool1d(row, 2), F.max_pool1d(row, 2, ceil_mode=True),
             F.max_pool1d(-row, 3, 2, 1)]
    return [y[0].tolist() for y in found] + [(8, 3, 10, 10), 0]
'''],
    'pool2d': ['''
def pool2d(X, k, mode='max', stride=None, padding=0):
    fill = -torch.inf if mode == 'max' else 0
    X = F.pad(X, (padding,) * 4, value=fill)
    windows = X.unfold(0, k, stride or k).unfold(1, k, stride or k)
    return windows.amax((2, 3)) if mode == 'max' else windows.mean((2, 3))
''', '''
def pool2d(X, k, mode='max', stride=None, padding=0):
    stride = stride or k
    H, W = X.shape
    rows = []
    for top in range(-padding, H + padding - k + 1, stride):
        row = []
        for left in range(-padding, W + padding - k + 1, stride):
            seen = X[max(top, 0):top + k, max(left, 0):left + k]
            row.append(seen.max() if mode == 'max' else seen.sum() / k**2)
        rows.append(torch.stack(row))
    return torch.stack(rows)
'''],
    'pool_size': ['''
def pool_size(n, k, stride, padding=0, ceil_mode=False):
    starts = range(0, n + 2 * padding, stride)
    if ceil_mode:
        last = n + 2 * padding - k
        fits = [s for s in starts if s < n + padding and s < last + stride]
    else:
        fits = [s for s in starts if s + k <= n + 2 * padding]
    return len(fits)
''', '''
import math

def pool_size(n, k, stride, padding=0, ceil_mode=False):
    steps = (n + 2 * padding - k) / stride
    size = 1 + (math.ceil(steps) if ceil_mode else math.floor(steps))
    if ceil_mode and (size - 1) * stride >= n + padding:
        size -= 1
    return size
'''],
    'average2d': ['''
def average2d(X, k, padding, count_border=True):
    X = F.pad(X, (padding,) * 4, value=float('nan'))
    windows = X.unfold(0, k, 1).unfold(1, k, 1)
    real = ~windows.isnan()
    count = k * k if count_border else real.sum((2, 3))
    return windows.nansum((2, 3)) / count
''', '''
def average2d(X, k, padding, count_border=True):
    H, W = X.shape
    rows = []
    for top in range(-padding, H + padding - k + 1):
        for left in range(-padding, W + padding - k + 1):
            seen = X[max(top, 0):top + k, max(left, 0):left + k]
            rows.append(seen.sum() / (k * k if count_border
                                      else seen.numel()))
    return torch.stack(rows).reshape(H + 2 * padding - k + 1, -1)
'''],
    'blur_pool': ['''
def blur_pool(X):
    X = F.pad(X[None], (1, 1, 1, 1), mode='replicate')[0]
    X = (X[:, :-2] + 2 * X[:, 1:-1] + X[:, 2:]) / 4
    X = (X[..., :-2] + 2 * X[..., 1:-1] + X[..., 2:]) / 4
    return X[:, ::2, ::2]
''', '''
def blur_pool(X):
    rows = torch.arange(-1, X.shape[1] + 1).clamp(0, X.shape[1] - 1)
    columns = torch.arange(-1, X.shape[2] + 1).clamp(0, X.shape[2] - 1)
    windows = X[:, rows][:, :, columns].unfold(1, 3, 2).unfold(2, 3, 2)
    taps = X.new_tensor([.25, .5, .25])
    return torch.einsum('cijab,a,b->cij', windows, taps, taps)
'''],
    'channel_means': ['''
def channel_means(photo):
    return photo.float().mean((0, 1)) / 255
''', '''
def channel_means(photo):
    means = [photo[:, :, c].double().mean() / 255
             for c in range(photo.shape[2])]
    return torch.tensor(means, dtype=torch.float32)
'''],
}

WRONG = {
    'pooled_row': [
        ('the stride is the window', '(4., 3.), (4., 3., 3., 9.)',
         '(4., 3., 3., 9.), (4., 3., 3., 9.)'),
        ('with stride 1 the windows overlap', '(4., 3., 3., 9.)', '(4., 3.)'),
        ('the 9 has no partner', '((4., 3.),', '((4., 3., 9.),'),
        ('hangs over the edge', '(4., 3., 9.)', '(4., 3.)'),
        ('the sum is not the average', '(2.5, 2.5)', '(5., 5.)'),
        ('the average is asked for', '(2.5, 2.5)', '(4., 3.)'),
        ('minus infinity', '(-1., -1., -2.)', '(0., -1., 0.)'),
        ('each channel is pooled alone', '(8, 3, 10, 10)', '(8, 1, 10, 10)'),
        ('the stride is the window', '(8, 3, 10, 10)', '(8, 3, 30, 30)'),
        ('nothing to learn', '10), 0)', '10), 4)'),
        ('this prediction is not right', '(2.5, 2.5)', '(2.5, 2)'),
        ('7 predictions are wanted', ', (8, 3, 10, 10), 0', ''),
    ],
    'pool2d': [
        ('numbers are wrong', "float('-inf')", '-1e9'),
        ('numbers are wrong', "float('-inf')", '-99.0'),
        ('minus infinity', "float('-inf') if mode == 'max' else 0.0", '0.0'),
        ('the stride is the window, not 1', 'stride or k', 'stride or 1'),
        ('the stride that is given is ignored', 'stride or k', 'k'),
        ('the padding is ignored', 'stride = stride or k',
         'stride, padding = stride or k, 0'),
        ('maximum and average are swapped', "window.max() if mode == 'max' "
         "else window.mean()", "window.mean() if mode == 'max' else "
         "window.max()"),
        ('always the maximum', 'else window.mean()', 'else window.max()'),
        ('always the average', "window.max() if mode == 'max' else ", ''),
        ('divide by the number of pixels, k * k', '.mean()', '.sum()'),
        ('the minimum is taken', '.max()', '.min()'),
        ('the padding counts here', '''
def pool2d(X, k, mode='max', stride=None, padding=0):
    if mode == 'max':
        return F.max_pool2d(X[None], k, stride, padding)[0]
    return F.avg_pool2d(X[None], k, stride, padding,
                        count_include_pad=False)[0]
'''),
        ('the last row and column of windows are missing', '''
def pool2d(X, k, mode='max', stride=None, padding=0):
    layer = nn.MaxPool2d if mode == 'max' else nn.AvgPool2d
    return layer(k, stride, padding)(X[None])[0, :-1, :-1]
'''),
        ('the default of `mode` is wrong', "mode='max'", "mode='avg'"),
        ('asks you to do without', '''
def pool2d(X, k, mode='max', stride=None, padding=0):
    X *= 2
    layer = nn.MaxPool2d if mode == 'max' else nn.AvgPool2d
    return layer(k, stride, padding)(X[None])[0] / 2
'''),
        ('asks you to do without', '''
def pool2d(X, k, mode='max', stride=None, padding=0):
    layer = nn.MaxPool2d if mode == 'max' else nn.AvgPool2d
    return layer(k, stride, padding)(X[None]).squeeze(0)
'''),
    ],
    'pool_size': [
        ('sees no pixel and is dropped', ' and size * stride < n + padding',
         ''),
        ('ceil_mode is ignored', 'if ceil_mode', 'if False'),
        ('by default it must round down', 'if ceil_mode and', 'if'),
        ('up and down are swapped', 'if ceil_mode', 'if not ceil_mode'),
        ('it counts twice', 'n + 2 * padding', 'n + padding'),
        ('the +1 is missing', 'return size', 'return size - 1'),
        ('even where nothing is left over', ' and left_over', ''),
        ('makes a float', '//', '/'),
        ('the default of `ceil_mode` is wrong', 'ceil_mode=False',
         'ceil_mode=True'),
        ('sees no pixel and is dropped', 'size * stride < n + padding',
         'size * stride < n + 2 * padding'),
    ],
    'average2d': [
        ('the border is counted when it should not', 'if count_border',
         'if True'),
        ('never counted', 'if count_border', 'if False'),
        ('the wrong way round', 'if count_border', 'if not count_border'),
        ('the windows are summed', '''
def average2d(X, k, padding, count_border=True):
    return F.conv2d(X[None, None], X.new_ones(1, 1, k, k),
                    padding=padding)[0, 0]
'''),
        ('the padding repeats the border', '''
def average2d(X, k, padding, count_border=True):
    X = F.pad(X[None, None], (padding,) * 4, 'replicate')
    return F.avg_pool2d(X, k, 1)[0, 0]
'''),
        ('RuntimeError', '''
def average2d(X, k, padding, count_border=True):
    return F.avg_pool2d(X[None], k, 1)[0]
'''),
        ('the stride is 1 here', '''
def average2d(X, k, padding, count_border=True):
    return nn.AvgPool2d(k, padding=padding, count_include_pad=count_border)(
        X[None])[0]
'''),
        ('a real pixel may be zero', 'torch.ones_like(X)',
         '(X != 0).to(X.dtype)'),
        ('the default of `count_border` is wrong', 'count_border=True',
         'count_border=False'),
        ('asks you to do without', '''
def average2d(X, k, padding, count_border=True):
    return nn.AvgPool2d(k, 1, padding, count_include_pad=count_border)(
        X[None])[0]
'''),
    ],
    'blur_pool': [
        ('this only skips pixels', '''
def blur_pool(X):
    return X[:, ::2, ::2]
'''),
        ('every pixel is kept', 'stride=2', 'stride=1'),
        ('start at row 0', 'stride=2, groups=C)[0]',
         'groups=C)[0][:, 1::2, 1::2]'),
        ('skips first and blurs afterwards', '''
def blur_pool(X):
    X = X[:, ::2, ::2]
    taps = torch.tensor([1., 2, 1], dtype=X.dtype) / 4
    K = torch.outer(taps, taps).expand(len(X), 1, 3, 3)
    X = F.pad(X[None], (1, 1, 1, 1), mode='replicate')
    return F.conv2d(X, K, groups=X.shape[1])[0]
'''),
        ('divide by 16', ' / 4', ''),
        ('it is 4 * 4', ' / 4', ' / 2'),
        ('the weights are equal', '[1., 2, 1], dtype=X.dtype, '
         'device=X.device) / 4', '[1., 1, 1], dtype=X.dtype) / 3'),
        ('so it gets darker', "mode='replicate'", "mode='constant'"),
        ('only one channel comes out', 'groups=C)[0]',
         'groups=C).sum(1)'),
        ('that is max pooling', '''
def blur_pool(X):
    X = F.pad(X[None], (0, X.shape[2] % 2, 0, X.shape[1] % 2), 'replicate')
    return F.max_pool2d(X, 2)[0]
'''),
        ('not 4', 'groups=C)[0]', 'groups=C)'),
    ],
    'channel_means': [
        ('divide by 255', ' / 255', ''),
        ('permute does', 'photo.permute(2, 0, 1)',
         'photo.reshape(photo.shape[2], *photo.shape[:2])'),
        ('starts over', '''
def channel_means(photo):
    H, W, C = photo.shape
    total = photo.sum((0, 1), dtype=torch.uint8)
    return total.float() / 255 / (H * W)
'''),
        ('the channels are the last axis', '''
def channel_means(photo):
    return photo.float().mean((0, 2)) / 255
'''),
        ('these are the maxima', 'adaptive_avg_pool2d', 'adaptive_max_pool2d'),
        ('one for each channel', '''
def channel_means(photo):
    return photo.float().mean() / 255
'''),
        ('the shape is (3, 1, 1)', '.flatten()', ''),
        ('the dtype is torch.float64', '.float()', '.double()'),
        ('Error: mean(): could not infer', '''
def channel_means(photo):
    H, W, C = photo.shape
    X = photo.reshape(C, H, W)
    total = torch.zeros(C, dtype=torch.uint8)
    for c in range(C):
        total[c] = X[c].sum()
    return total.mean((1, 2)) / 255
'''),
    ],
}


# Mutations of the solution that compute the same, and why they do.
EQUIVALENT = {
    'channel_means': {
        'X = photo.permute(2, 0, 1).float() / 255 [arguments '
        '2 and 3 swapped]':
            'the mean is over both',
    },
    'blur_pool': {
        'taps = torch.tensor([1., 2, 1], dtype=X.dtype, device=X.device) / 4 '
        '[dtype= dropped]':
            'only a remark: the text does not ask for it',
        'taps = torch.tensor([1., 2, 1], dtype=X.dtype, device=X.device) / 4 '
        '[device= dropped]':
            'only a remark: the text does not ask for it',
    },
    'pool2d': {
        'Y = X.new_zeros(rows, columns) [new_zeros to new_ones]':
            'every entry is written over',
        'P = X.new_full((H + 2 * padding, W + 2 * padding), fill) [2 plus 1]':
            'there is more padding behind than windows reach',
    },
    'average2d': {
        'return F.conv2d(Z[None, None], Z.new_ones(1, 1, k, k), [1 plus 1]':
            'a second map is computed and thrown away',
    },
}

# Right answers that get a remark with these words.
REMARK = {
    'pool2d': [
        ('no gradient flows', 'window.max() if', 'window.max().item() '
         'if'),
    ],
    'average2d': [
        ('on a GPU it would fail', 'Z.new_ones(1, 1, k, k)',
         'torch.ones(1, 1, k, k, dtype=Z.dtype)'),
        ('is right', 'Z.new_ones(1, 1, k, k)',
         'torch.ones(1, 1, k, k)'),
    ],
    'blur_pool': [
        ('is right', ', dtype=X.dtype', ''),
    ],
}
