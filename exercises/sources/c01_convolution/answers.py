"""Answers that must be accepted and answers that must be refused.

RIGHT: {question: [whole answers]}. WRONG: {question: [(words that the message
must hold, old, new)]}, an edit of the solution, or (words, whole answer).
EQUIVALENT: {question: {a mutant that no check can tell from the solution:
why}}.
"""
RIGHT = {
    'corr2d': ['''
def corr2d(X, K):
    windows = X.unfold(0, K.shape[0], 1).unfold(1, K.shape[1], 1)
    return torch.einsum('ijab,ab->ij', windows, K)
''', '''
def corr2d(image, kernel):
    return F.conv2d(image[None, None], kernel[None, None]).squeeze(0, 1)
''', '''
def corr2d(X, K):
    rows = X.shape[0] - K.shape[0] + 1
    columns = X.shape[1] - K.shape[1] + 1
    return sum(K[a, b] * X[a:a + rows, b:b + columns]
               for a in range(K.shape[0]) for b in range(K.shape[1]))
'''],
    'convolve2d': ['''
def convolve2d(X, K):
    Y = X.new_zeros(X.shape[0] + K.shape[0] - 1, X.shape[1] + K.shape[1] - 1)
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            Y[i:i + K.shape[0], j:j + K.shape[1]] += X[i, j] * K
    return Y
''', '''
def convolve2d(X, K):
    return F.conv_transpose2d(X[None, None], K[None, None])[0, 0]
''', '''
def convolve2d(X, K):
    h, w = K.shape
    big = X.new_zeros(X.shape[0] + 2 * h - 2, X.shape[1] + 2 * w - 2)
    big[h - 1:h - 1 + X.shape[0], w - 1:w - 1 + X.shape[1]] = X
    return corr2d(big, torch.rot90(K, 2))
'''],
    'edge_kernel': ['''
def edge_kernel():
    return [[-1 / 6] * 3, [0] * 3, [1 / 6] * 3]
''', '''
def edge_kernel():
    return torch.tensor([[-1., -1, -1], [0, 0, 0], [1, 1, 1]]) / 6
''', '''
def edge_kernel():
    smooth = torch.tensor([0.3, 0.4, 0.3])
    slope = torch.tensor([-0.5, 0, 0.5], dtype=torch.float64)
    return torch.outer(slope.float(), smooth)
''', '''
def edge_kernel():
    K = torch.zeros(3, 3)
    K[2], K[0] = 1 / 6, -1 / 6
    K[1] = torch.tensor([0.1, -0.2, 0.1])
    return K
'''],
    'learn_kernel': ['''
def learn_kernel(X, Y, shape):
    windows = X.unfold(0, shape[0], 1).unfold(1, shape[1], 1)
    A = windows.reshape(Y.numel(), -1)
    return torch.linalg.lstsq(A, Y.reshape(-1, 1)).solution.reshape(shape)
''', '''
def learn_kernel(X, Y, shape):
    layer = nn.Conv2d(1, 1, shape, bias=False)
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.2)
    for step in range(200):
        optimizer.zero_grad()
        F.mse_loss(layer(X[None])[0], Y).backward()
        optimizer.step()
    return layer.weight.data[0, 0]
''', '''
def learn_kernel(X, Y, shape):
    K = torch.randn(shape)
    for step in range(300):
        error = corr2d(X, K) - Y
        K = K - 0.2 / error.numel() * corr2d(X, error)
    return K
'''],
    'count_weights': ['''
def count_weights(H, W, h, w):
    n = (H + 1 - h) * (W + 1 - w)
    return n * H * W + n, n * h * w + n, h * w + 1
''', '''
def count_weights(H, W, h, w):
    n = torch.zeros(1, 1, H, W, device='meta').unfold(2, h, 1).unfold(
        3, w, 1)[0, 0, :, :, 0, 0].numel()
    return [n * (inputs + 1) for inputs in (H * W, h * w)] + [1 + h * w]
'''],
    'commutes': ['''
def commutes(f, X, down, right):
    def shift(Z):
        return Z.roll(down, 0).roll(right, 1)
    return bool((f(shift(X)) - shift(f(X))).abs().max() < 1e-4)
''', '''
def commutes(f, X, down, right):
    def shift(Z):
        Z = torch.cat([Z[-down:], Z[:-down]]) if down else Z
        return torch.cat([Z[:, -right:], Z[:, :-right]], 1) if right else Z
    try:
        torch.testing.assert_close(f(shift(X)), shift(f(X)), atol=1e-4,
                                   rtol=0)
    except AssertionError:
        return False
    return True
'''],
    'conv_matrix': ['''
def conv_matrix(shape, K):
    pixels = torch.eye(shape[0] * shape[1], dtype=K.dtype)
    columns = [corr2d(p.reshape(shape), K).flatten() for p in pixels]
    return torch.stack(columns, dim=1)
''', '''
def conv_matrix(shape, K):
    (H, W), (h, w) = shape, K.shape
    n, m = H - h + 1, W - w + 1
    M = torch.zeros(n, m, H, W, dtype=K.dtype)
    for i in range(n):
        for j in range(m):
            for a in range(h):
                for b in range(w):
                    M[i, j, i + a, j + b] = K[a, b]
    return M.view(n * m, H * W)
'''],
}

WRONG = {
    'corr2d': [
        ('the kernel is flipped', '* K)', '* K.flip(0, 1))'),
        ('H - h + 1 places', 'X.shape[0] - h + 1, X.shape[1] - w + 1',
         'X.shape[0] - h, X.shape[1] - w'),
        ('averaged: they must be summed', '.sum()', '.mean()'),
        ('the kernel is not used', ' * K)', ')'),
        ('one number for each window',
         'return Y', 'return Y.sum()'),
        ('is a `return` missing?', '    return Y', '    Y'),
        ('the dtype is torch.float32, wanted is torch.float64', 'X.new_zeros',
         'torch.zeros'),
        ('too far down and to the right', 'X[i:i + h, j:j + w]',
         'X.roll((-1, -1), (0, 1))[i:i + h, j:j + w]'),
        ('the kernel is transposed', '''
def corr2d(X, K):
    return F.conv2d(X[None, None], K.T[None, None])[0, 0]
'''),
        ('got 25, wanted 17', 'X[i:i + h, j:j + w]', 'X[i:i + w, j:j + h]'),
        ('the maximum of the products', '.sum()', '.max()'),
        ('not done after', 'for i', 'while True:\n        pass\n    for i'),
        ('a tensor is wanted, got a list', 'return Y',
         'return Y.tolist()'),
        ('2 axes are wanted, not 4', 'return Y', 'return Y[None, None]'),
    ],
    'convolve2d': [
        ('that is cross-correlation', 'K.flip(0, 1)', 'K'),
        ('only the rows of the kernel', 'K.flip(0, 1)', 'K.flip(0)'),
        ('only the columns of the kernel', 'K.flip(0, 1)', 'K.flip(1)'),
        ('the kernel is transposed', 'h, w = K.shape',
         'K = K.T.flip(0, 1)\n    h, w = K.shape'),
        ('that is the narrow convolution', '    X = F.pad', '    F.pad'),
        ('one ring of zeros too many', '(w - 1, w - 1, h - 1, h - 1)',
         '(w, w, h, h)'),
        ('the image is flipped and the kernel too', 'X[None, None], ',
         'X.flip(0, 1)[None, None], '),
        ('cut to the size of the image', '[0, 0]\n',
         '[0, 0, :X.shape[0] - 2 * h + 2, :X.shape[1] - 2 * w + 2]\n'),
        ('axes are wanted', '[0, 0]\n', '\n'),
        ('the shape is', '(w - 1, w - 1, h - 1, h - 1)',
         '(h - 1, h - 1, w - 1, w - 1)'),
    ],
    'edge_kernel': [
        ('(transposed)', ' / 8', '.T / 8'),
        ('the scale is wrong', ' / 8', ''),
        ('the sign is wrong', '/ 8', '/ -8'),
        ('at most 0.5 is allowed', '''
def edge_kernel():
    return torch.tensor([[0., -1, 0], [0, 0, 0], [0, 1, 0]]) / 2
'''),
        ('do not sum to 0', '''
def edge_kernel():
    return torch.tensor([[0., 0, 0], [0, 0, 0], [1, 1, 1]])
'''),
        ('second derivative', '''
def edge_kernel():
    return torch.tensor([[-1., -1, -1], [-1, 8, -1], [-1, -1, -1]])
'''),
        ('a tensor of shape (3, 3) is wanted, got list', '''
def edge_kernel():
    return [[-1 / 6] * 3, [0] * 2, [1 / 6] * 3]
'''),
        ('got shape (3, 1)', '''
def edge_kernel():
    return torch.tensor([[-0.5], [0], [0.5]])
'''),
        ('the scale is wrong', '[-1., -2, -1], [0, 0, 0], [1, 2, 1]]) / 8',
         '[-1, -2, -1], [0, 0, 0], [1, 2, 1]])'),
    ],
    'learn_kernel': [
        ('grown without end', 'K -= 0.2', 'K += 0.2'),
        ('grown without end', '0.2 * K.grad', '50 * K.grad'),
        ('still requires a gradient', 'K.detach()', 'K'),
        ('flipped', 'return K.detach()', 'return K.detach().flip(0, 1)'),
        ('has not moved from 0', 'range(50)', 'range(0)'),
        ('RuntimeError: a leaf Variable', 'with torch.no_grad():', 'if 1:'),
        ('numbers are wrong', 'range(50)', 'range(3)'),
        ('the wrong sign', 'return K.detach()', 'return -K.detach()'),
        ('a kernel of shape (1, 2) is wanted, got shape (1, 1)',
         'return K.detach()', 'return K.detach()[:, :1]'),
        ('numbers are wrong', 'K.grad = None', 'pass'),
    ],
    'count_weights': [
        ('the biases are forgotten', '''
def count_weights(H, W, h, w):
    n = (H - h + 1) * (W - w + 1)
    return n * H * W, n * h * w, h * w
'''),
        ('off by one per axis', '(H - h + 1) * (W - w + 1)',
         '(H - h) * (W - w)'),
        ('the order is wrong', 'full, sparse, h * w + 1',
         'full, h * w + 1, sparse'),
        ('as many outputs as inputs', '(H - h + 1) * (W - w + 1)', 'H * W'),
        ('each output has its own', '''
def count_weights(H, W, h, w):
    n = (H - h + 1) * (W - w + 1)
    return n * H * W + 1, n * h * w + 1, h * w + 1
'''),
        ('3 results are wanted, got 2', 'full, sparse, h * w + 1',
         'full, sparse'),
        ('result 3 of 3: got 4, wanted 5: off by one, one too few',
         'full, sparse, h * w + 1', 'full, sparse, h * w'),
        ('a float: a whole number (int) is wanted', 'return full',
         'return full / 1'),
        ('3 results are wanted, got the int', 'return full, sparse,',
         'return full + sparse +'),
    ],
    'commutes': [
        ('take abs()', 'torch.allclose(shifted_first, '
         'shifted_last, atol=1e-4)',
         'bool((shifted_first - shifted_last < 1e-4).all())'),
        ('take abs()', 'torch.allclose(shifted_first, '
         'shifted_last, atol=1e-4)',
         'bool((shifted_last - shifted_first < 1e-4).all())'),
        ('wanted = False', 'torch.allclose(shifted_first, '
         'shifted_last, atol=1e-4)',
         'bool((shifted_first - shifted_last).mean().abs() < 1e-4)'),
        ('that asks for invariance', '= torch.roll(f(X), (down, right), '
         'dims=(0, 1))', '= f(X)'),
        ('neither is shifted', '''
def commutes(f, X, down, right):
    return torch.allclose(f(X), X, atol=1e-4)
'''),
        ('the other way round', 'return torch', 'return not torch'),
        ('down only', '''
def commutes(f, X, down, right):
    return torch.allclose(f(X.roll(down, 0)), f(X).roll(down, 0), atol=1e-4)
'''),
        ('right only', '''
def commutes(f, X, down, right):
    return torch.allclose(f(X.roll(right, 1)), f(X).roll(right, 1), atol=1e-4)
'''),
        ('compared exactly', 'torch.allclose(shifted_first, shifted_last, '
         'atol=1e-4)', 'torch.equal(shifted_first, shifted_last)'),
        ('shifted back instead of along', 'f(X), (down, right)',
         'f(X), (-down, -right)'),
        ('swapped on one of the two ways', 'f(X), (down, right)',
         'f(X), (right, down)'),
        ('always True', 'return torch', 'return True or torch'),
        ('a bool such as False is wanted', '''
def commutes(f, X, down, right):
    a = f(torch.roll(X, (down, right), dims=(0, 1)))
    return (a - torch.roll(f(X), (down, right), dims=(0, 1))).abs() < 1e-4
'''),
    ],
    'conv_matrix': [
        ('the matrix is transposed', 'torch.stack(rows)',
         'torch.stack(rows, 1)'),
        ('the kernel is flipped', '] = K', '] = K.flip(0, 1)'),
        ('the last place of the kernel', ' + 1)', ')'),
        ('stand in the wrong order', '''
def conv_matrix(shape, K):
    h, w = K.shape
    rows = []
    for j in range(shape[1] - w + 1):
        for i in range(shape[0] - h + 1):
            row = K.new_zeros(shape)
            row[i:i + h, j:j + w] = K
            rows.append(row.flatten())
    return torch.stack(rows)
'''),
        ('counted down the columns', 'row.flatten()', 'row.T.flatten()'),
        ('the same place in every row', '[i:i + h, j:j + w]', '[:h, :w]'),
        ('ones where the kernel lies', '] = K', '] = 1'),
        ('the dtype is torch.float32', 'K.new_zeros', 'torch.zeros'),
        ('a tensor is wanted, got a list', 'torch.stack(rows)', 'rows'),
        ('is a `return` missing', 'return torch', 'torch'),
    ],
}


# Mutations of the solution that compute the same, and why they do.
EQUIVALENT = {
    'commutes': {
        'return torch.allclose(shifted_first, shifted_last, a'
        'tol=1e-4) [arguments 1 and 2 swapped]':
            'both are compared with each other',
    },
    'convolve2d': {
        'return F.conv2d(X[None, None], K.flip(0, 1)[None, No'
        'ne])[0, 0] [arguments 1 and 2 swapped]':
            'the order in which axes are flipped',
    },
    'corr2d': {
        'Y = X.new_zeros(X.shape[0] - h + 1, X.shape[1] - w + 1) [new_zeros '
        'to new_ones]':
            'every entry is written over',
    },
    'learn_kernel': {
        'K = torch.zeros(shape, requires_grad=True) [zeros to ones]':
            'any start leads to the same kernel',
        'for _ in range(50): [50 plus 1]':
            'one step more does no harm',
    },
}

# Right answers that get a remark with these words.
REMARK = {
    'corr2d': [
        ('on a GPU it would fail', 'X.new_zeros(X.shape[0] - h + 1, '
         'X.shape[1] - w + 1)', 'torch.zeros(X.shape[0] - h + 1, '
         'X.shape[1] - w + 1, dtype=X.dtype)'),
        ('no gradient flows', '.sum()', '.sum().item()'),
        ('changed its input in place', 'h, w = K.shape',
         'h, w = K.shape\n    keep = X.clone()\n    X += 1\n    X -= 1\n'
         '    X.neg_()\n    K = -K'),
    ],
}
