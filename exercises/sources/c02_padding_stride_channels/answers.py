"""Answers that must be accepted and answers that must be refused.

RIGHT: {question: [whole answers]}. WRONG: {question: [(words that the message
must hold, old, new)]}, an edit of the solution, or (words, whole answer).
EQUIVALENT: {question: {a mutant that no check can tell from the solution:
why}}.
"""
RIGHT = {
    'shapes': ['''
def shapes():
    return [[1, 8, 28, 16], [1, 8, 32, 20], [1, 16, 15, 9], [1, 4, 28, 16],
            [1, 6, 32, 20], [1, 2, 66, 42]]
''', '''
def shapes():
    X = torch.zeros(1, 3, 32, 20)
    return [layer(X).shape for layer in [
        nn.Conv2d(3, 8, 5), nn.Conv2d(3, 8, 3, padding=1),
        nn.Conv2d(3, 16, 3, stride=2), nn.Conv2d(3, 4, 3, dilation=2),
        nn.Conv2d(3, 6, 1, groups=3), nn.ConvTranspose2d(3, 2, 4, stride=2)]]
'''],
    'output_size': ['''
def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    free = n + 2 * padding - dilation * (kernel_size - 1)
    if free <= 0:
        raise ValueError
    return -(-free // stride)
''', '''
def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    places, start = 0, -padding
    while start + dilation * (kernel_size - 1) < n + padding:
        places, start = places + 1, start + stride
    if not places:
        raise ValueError('too large')
    return places
'''],
    'pad2d': ['''
def pad2d(X, p, mode='zeros'):
    H, W = X.shape
    Y = torch.zeros(H + 2 * p, W + 2 * p, dtype=X.dtype, device=X.device)
    for i in range(-p, H + p):
        for j in range(-p, W + p):
            a, b = i, j
            if mode == 'circular':
                a, b = i % H, j % W
            elif mode == 'replicate':
                a, b = min(max(i, 0), H - 1), min(max(j, 0), W - 1)
            elif mode == 'reflect':
                a = -i if i < 0 else 2 * H - 2 - i if i >= H else i
                b = -j if j < 0 else 2 * W - 2 - j if j >= W else j
            if 0 <= a < H and 0 <= b < W:
                Y[i + p, j + p] = X[a, b]
    return Y
''', '''
def pad2d(X, p, mode='zeros'):
    for _ in range(2):
        if mode == 'zeros':
            ends = torch.zeros_like(X[:p]), torch.zeros_like(X[:p])
        elif mode == 'reflect':
            ends = X[1:p + 1].flip(0), X[-p - 1:-1].flip(0)
        elif mode == 'replicate':
            ends = X[:1].repeat(p, 1), X[-1:].repeat(p, 1)
        else:
            ends = X[len(X) - p:], X[:p]
        X = torch.cat([ends[0], X, ends[1]]).T
    return X
'''],
    'strided_corr2d': ['''
def strided_corr2d(X, K, stride):
    return F.conv2d(X[None, None], K[None, None], stride=stride)[0, 0]
''', '''
def strided_corr2d(X, K, stride):
    return corr2d(X, K)[::stride[0], ::stride[1]]
''', '''
def strided_corr2d(X, K, stride):
    windows = X.unfold(0, K.shape[0], stride[0]).unfold(
        1, K.shape[1], stride[1])
    return (windows * K).sum((-1, -2))
'''],
    'dilate': ['''
def dilate(K, d):
    rows = []
    for row in K.tolist():
        spread = []
        for k in row:
            spread += [k] + [0.] * (d - 1)
        rows += [spread[:len(spread) - d + 1]]
        rows += [[0.] * len(rows[0])] * (d - 1)
    return torch.tensor(rows[:len(rows) - d + 1], dtype=K.dtype)
''', '''
def dilate(K, d):
    one = torch.ones(1, 1, 1, 1, dtype=K.dtype)
    return F.conv_transpose2d(K[None, None], one, stride=d)[0, 0]
'''],
    'corr2d_channels': ['''
def corr2d_channels(X, K, bias=None):
    windows = X.unfold(1, K.shape[2], 1).unfold(2, K.shape[3], 1)
    Y = torch.einsum('cijab,ocab->oij', windows, K)
    return Y if bias is None else Y + bias.reshape(-1, 1, 1)
''', '''
def corr2d_channels(X, K, bias=None):
    windows = X.unfold(1, K.shape[2], 1).unfold(2, K.shape[3], 1)
    Y = torch.einsum('cijab,ocab->oij', windows, K)
    return Y if bias is None else Y + bias.reshape(-1, 1, 1)
'''],
    'conv1x1': ['''
def conv1x1(X, K):
    return (X.permute(0, 2, 3, 1) @ K.T).permute(0, 3, 1, 2)
''', '''
def conv1x1(X, K):
    return torch.einsum('oc,nchw->nohw', K, X)
''', '''
def conv1x1(X, K):
    columns = X.transpose(0, 1).flatten(1)
    Y = (K @ columns).reshape(len(K), len(X), *X.shape[2:])
    return Y.transpose(0, 1)
'''],
    'grouped': ['''
def grouped(X, K, groups):
    X, K = X.unflatten(0, (groups, -1)), K.unflatten(0, (groups, -1))
    return torch.stack([F.conv2d(X[g:g + 1], K[g])[0]
                        for g in range(groups)]).flatten(0, 1)
''', '''
def grouped(X, K, groups):
    size, maps = K.shape[1], []
    for o, kernel in enumerate(K):
        g = o // (len(K) // groups)
        maps.append(sum(corr2d(x, k) for x, k in zip(
            X[g * size:(g + 1) * size], kernel)))
    return torch.stack(maps)
'''],
    'receptive_field': ['''
def receptive_field(layers):
    field, jump = 1, 1
    for k, s, d in layers:
        field, jump = field + d * (k - 1) * jump, jump * s
    return field
''', '''
def receptive_field(layers):
    if not layers:
        return 1
    (k, s, d), rest = layers[0], layers[1:]
    return (receptive_field(rest) - 1) * s + d * (k - 1) + 1
'''],
    'transposed_conv': ['''
def transposed_conv(X, K, stride=1):
    (H, W), (h, w) = X.shape, K.shape
    Y = __import__("numpy").zeros(((H - 1) * stride + h, (W - 1) * stride + w))
    for i in range(h):
        for j in range(w):
            Y[i:i + (H - 1) * stride + 1:stride,
              j:j + (W - 1) * stride + 1:stride] += (X * K[i, j]).numpy()
    return Y.tolist()
''', '''
def transposed_conv(X, K, stride=1):
    (H, W), (h, w) = X.shape, K.shape
    spread = X.new_zeros(stride * (H - 1) + 1, stride * (W - 1) + 1)
    spread[::stride, ::stride] = X
    spread = F.pad(spread, (w - 1, w - 1, h - 1, h - 1))
    return corr2d(spread, K.flip(0, 1))
'''],
}

WRONG = {
    'shapes': [
        ('without it a kernel of 5 takes', '(1, 8, 28, 16)',
         '(1, 8, 32, 20)'),
        ('takes k - 1 pixels from an axis, not k', '(1, 8, 28, 16)',
         '(1, 8, 27, 15)'),
        ('height and width are swapped', '(1, 16, 15, 9)', '(1, 16, 9, 15)'),
        ('the minibatch axis is missing', '(1, 6, 32, 20)', '(6, 32, 20)'),
        ('does not depend on the image', '(1, 6, 32, 20)', '(1, 3, 32, 20)'),
        ('dilation 2 spans 5 pixels', '(1, 4, 28, 16)', '(1, 4, 30, 18)'),
        ('the stride without floor', '(1, 16, 15, 9)', '(1, 16, 16, 10)'),
        ("item = 'ConvTranspose2d(3, 2, 4, stride=2)'", '(1, 2, 66, 42)',
         '(1, 2, 66, 43)'),
        ('6 predictions are wanted', ', (1, 2, 66, 42))', ')'),
    ],
    'output_size': [
        ('the +1 is missing', 'stride + 1', 'stride'),
        ('2 * padding', '2 * padding - span', 'padding - span'),
        ('not dilation * kernel_size', 'dilation * (kernel_size - 1) + 1',
         'dilation * kernel_size'),
        ('the dilation is ignored', 'stride + 1',
         'stride + 1 if dilation == 1 else '
         '(n + 2 * padding - kernel_size) // stride + 1'),
        ('the stride is ignored', ' // stride', ''),
        ('makes a float', '//', '/'),
        ('the division is rounded up', '(n + 2 * padding - span) // stride',
         '-(-(n + 2 * padding - span) // stride)'),
        ('must be refused with ValueError',
         "raise ValueError(f'a span of {span} does not fit')", 'return 0'),
        ('the default of `stride` is wrong', 'stride=1', 'stride=2'),
        ('the default of `padding` is wrong', 'padding=0', 'padding=1'),
        ('NameError', '2 * padding - span', '2 * pad - span'),
    ],
    'pad2d': [
        ('the shape is', '''
def pad2d(X, p, mode='zeros'):
    def ends(X):
        if mode == 'zeros':
            return torch.cat([0 * X[:1].repeat(p, 1), X, 0 * X[:1].repeat(
                p, 1)])
        if mode == 'circular':
            return torch.cat([X[-p:], X, X[:p]])
        if mode == 'reflect':
            return torch.cat([X[1:p + 1].flip(0), X, X[-p - 1:-1].flip(0)])
        return torch.cat([X[:1].repeat(p, 1), X, X[-1:].repeat(p, 1)])
    return ends(ends(X).T).T
'''),
        ('the mirror stands on the border pixel', '''
def pad2d(X, p, mode='zeros'):
    def index(n):
        i = torch.arange(-p, n + p)
        if mode == 'circular':
            return i % n
        if mode == 'reflect':
            i = torch.where(i < 0, -i - 1, i)
            return torch.where(i >= n, 2 * n - 1 - i, i)
        return i.clamp(0, n - 1)
    if mode == 'zeros':
        return F.pad(X, (p, p, p, p))
    return X[index(X.shape[0])][:, index(X.shape[1])]
'''),
        ("repeats the border pixel: that is 'replicate'",
         "mode == 'reflect'", "mode == 'mirror'"),
        ("'replicate' gives the mirror", "mode == 'reflect'",
         "mode in ('reflect', 'replicate')"),
        ("'circular' repeats the border", "mode == 'circular'",
         "mode == 'wrap'"),
        ('the columns must be as well', "        return X[index(H)][:, "
         "index(W)]\n", "        return X[index(H)]\n"),
        ('all modes give zeros', "mode != 'zeros'", 'False'),
        ('the default of `mode` is wrong', "mode='zeros'", "mode='reflect'"),
        ('IndexError', 'return n - 1 - (n - 1 - i.abs()).abs()',
         'return i.abs()'),
        ('numbers are wrong', '] = X\n', '] = X + 1\n'),
        ("'circular' gives the mirror image", 'return i % n',
         'return n - 1 - (n - 1 - i.abs()).abs()'),
    ],
    'strided_corr2d': [
        ('the stride is ignored', 'K.shape, stride', 'K.shape, (1, 1)'),
        ('down and right are swapped', 'K.shape, stride',
         'K.shape, stride[::-1]'),
        ('the first stride is used in both', 'K.shape, stride',
         'K.shape, (stride[0], stride[0])'),
        ('they must start at i * down', 'i * down, j * right', 'i, j'),
        ('the last row and column of windows', '''
def strided_corr2d(X, K, stride):
    return corr2d(X, K)[::stride[0], ::stride[1]][:-1, :-1]
'''),
        ('the kernel is flipped', '* K)', '* K.flip(0, 1))'),
        ('the first window is skipped', '''
def strided_corr2d(X, K, stride):
    return corr2d(X, K)[stride[0] - 1::stride[0], stride[1] - 1::stride[1]]
'''),
    ],
    'dilate': [
        ('zeros behind the last weight', 'd * (h - 1) + 1, d * (w - 1) + 1',
         'd * h, d * w'),
        ('the weights are repeated', '''
def dilate(K, d):
    return K.repeat_interleave(d, 0).repeat_interleave(d, 1)
'''),
        ('there are d zeros', 'h, w = K.shape', 'h, w = K.shape\n    d += 1'),
        ('nothing is spread', 'return D', 'return K'),
        ('the columns must be as well', '''
def dilate(K, d):
    D = K.new_zeros(d * (len(K) - 1) + 1, K.shape[1])
    D[::d] = K
    return D
'''),
        ('the rows must be as well', '''
def dilate(K, d):
    D = K.new_zeros(len(K), d * (K.shape[1] - 1) + 1)
    D[:, ::d] = K
    return D
'''),
        ('off by one, one too few', 'd * (h - 1) + 1, d * (w - 1) + 1',
         'd * (h - 1), d * (w - 1)'),
    ],
    'corr2d_channels': [
        ('the bias is forgotten', 'bias is not None', 'False'),
        ('once is enough', 'Y + bias[o]', 'Y + len(X) * bias[o]'),
        ('the input channels are averaged', '''
def corr2d_channels(X, K, bias=None):
    Y = F.conv2d(X[None], K)[0] / len(X)
    return Y if bias is None else Y + bias[:, None, None]
'''),
        ('only the first input channel', '''
def corr2d_channels(X, K, bias=None):
    return F.conv2d(X[None, :1], K[:, :1], bias)[0]
'''),
        ('only the first kernel', 'zip(X, kernel)', 'zip(X, K[0])'),
        ('they must be stacked', 'torch.stack(maps)', 'sum(maps)'),
        ('in reverse order', 'torch.stack(maps)', 'torch.stack(maps[::-1])'),
        ('the first bias is added', 'bias[o]', 'bias[0]'),
        ('the kernel is flipped', 'corr2d(x, k)',
         'corr2d(x, k.flip(0, 1))'),
        ('asks you to do without', '''
def corr2d_channels(X, K, bias=None):
    return F.conv2d(X.unsqueeze(0), K, bias).squeeze(0)
'''),
    ],
    'conv1x1': [
        ('the shape is (1, 2, 1, 1), wanted is (1, 1, 1, 1)', '''
def conv1x1(X, K):
    return torch.einsum('co,nchw->nohw', K, X)
'''),
        ('do not lie next to each other', '''
def conv1x1(X, K):
    N, C, H, W = X.shape
    return (X.reshape(-1, C) @ K.T).reshape(N, len(K), H, W)
'''),
        ('with permute, not with reshape', '''
def conv1x1(X, K):
    N, C, H, W = X.shape
    return (X.permute(0, 2, 3, 1) @ K.T).reshape(N, len(K), H, W)
'''),
        ('only the first image', '.reshape(N, len(K), H, W)',
         '.reshape(N, len(K), H, W)[:1]'),
        ('the channels stand last', '''
def conv1x1(X, K):
    return X.permute(0, 2, 3, 1) @ K.T
'''),
        ('they must be summed', ' @ X', ' / C @ X'),
        ('RuntimeError', 'K @ X.reshape(N, C, H * W)',
         'X.reshape(N, C, H * W) @ K'),
    ],
    'grouped': [
        ('without the argument `groups`', '''
def grouped(X, K, groups):
    return F.conv2d(X[None], K, groups=groups)[0]
'''),
        ('without the argument `groups`', '''
def grouped(X, K, groups):
    conv = nn.Conv2d(len(X), len(K), K.shape[2:], groups=groups, bias=False)
    conv.weight.data = K
    return conv(X)
'''),
        ('the first group of channels only', 'X.chunk(groups)',
         '[X[:K.shape[1]]] * groups'),
        ('the maps of all groups are summed',
         'torch.cat([F.conv2d(x[None], k)[0] for x, k in parts])',
         'sum([F.conv2d(x[None], k)[0] for x, k in parts])'),
        ('stacked on a new axis', 'torch.cat', 'torch.stack'),
        ('in reverse order', 'for x, k in parts]', 'for x, k in parts][::-1]'),
        ('the input channels are dealt out', 'X.chunk(groups)',
         '[X[g::groups] for g in range(groups)]'),
        ('the kernels are dealt out', 'K.chunk(groups)',
         '[K[g::groups] for g in range(groups)]'),
        ('the first kernels are used', 'K.chunk(groups)',
         '[K[:len(K) // groups]] * groups'),
        ('4', '[0] for', ' for'),
    ],
    'receptive_field': [
        ('from last to first', 'reversed(layers)', 'layers'),
        ('the stride is ignored', ' * stride', ''),
        ('the dilation is ignored', 'dilation * (kernel_size - 1)',
         '(kernel_size - 1)'),
        ('n - 1 strides apart', '(size - 1)', 'size'),
        ('not dilation * kernel_size', 'dilation * (kernel_size - 1) + 1',
         'dilation * kernel_size'),
        ('it starts with 0 units', 'size = 1', 'size = 0'),
        ('kernel sizes are added up', '''
def receptive_field(layers):
    return sum(k for k, s, d in layers)
'''),
        ('ValueError', 'for kernel_size, stride, dilation',
         'for kernel_size, stride'),
        ('is a `return` missing', '    return size', '    size'),
    ],
    'transposed_conv': [
        ('the later one wins', '+=', '='),
        ('the kernel is flipped', '* K', '* K.flip(0, 1)'),
        ('the stride is ignored', '(H, W), (h, w)',
         'stride = 1\n    (H, W), (h, w)'),
        ('the result is cut', '''
def transposed_conv(X, K, stride=1):
    Y = F.conv_transpose2d(X[None, None], K[None, None], None, stride)[0, 0]
    return Y[:len(X) * stride, :X.shape[1] * stride]
'''),
        ('one stride too many',
         '(H - 1) * stride + h, (W - 1) * stride + w',
         'H * stride + h, W * stride + w'),
        ('that is the convolution itself', '''
def transposed_conv(X, K, stride=1):
    if len(K) > len(X) or K.shape[1] > X.shape[1]:
        raise ValueError
    return F.conv2d(X[None, None], K[None, None], stride=stride)[0, 0]
'''),
        ('the kernel is transposed', '(H, W), (h, w)',
         'K = K.T\n    (H, W), (h, w)'),
        ('the default of `stride` is wrong', 'stride=1', 'stride=2'),
        ('asks you to do without', '''
def transposed_conv(X, K, stride=1):
    return F.conv_transpose2d(X[None, None], K[None, None], None,
                              stride)[0, 0]
'''),
    ],
}


# Mutations of the solution that compute the same, and why they do.
EQUIVALENT = {
    'strided_corr2d': {
        'Y = X.new_zeros((X.shape[0] - h) // down + 1, [new_zeros to '
        'new_ones]':
            'every entry is written over',
    },
}

# Right answers that get a remark with these words.
REMARK = {
    'pad2d': [
        ('is right', 'X.new_zeros', 'torch.zeros'),
        ('on a GPU it would fail', 'X.new_zeros(H + 2 * p, W + 2 * p)',
         'torch.zeros(H + 2 * p, W + 2 * p, dtype=X.dtype)'),
    ],
    'strided_corr2d': [
        ('no gradient flows', '.sum()', '.sum().item()'),
        ('is right', 'X.new_zeros(', 'torch.zeros('),
    ],
    'dilate': [
        ('is right', 'K.new_zeros', 'torch.zeros'),
    ],
    'corr2d_channels': [
        ('is right', 'torch.stack(maps)', 'maps'),
        ('on a GPU it would fail', 'torch.stack(maps)',
         'torch.stack(maps) + torch.zeros(maps[0].shape)'),
    ],
    'conv1x1': [
        ('the values are right, but no gradient', 'return (K @ X',
         'return (K @ X.detach()'),
    ],
    'transposed_conv': [
        ('no gradient flows', 'X[i, j] *', 'X[i, j].item() *'),
        ('is right', 'X.new_zeros', 'torch.zeros'),
    ],
}
