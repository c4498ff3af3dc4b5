"""Answers that must be accepted and answers that must be refused.

RIGHT: {question: [whole answers]}. WRONG: {question: [(words that the message
must hold, old, new)]}, an edit of the solution, or (words, whole answer).
"""
RIGHT = {
    'predict_speed': ['''
def predict_speed():
    peak, bandwidth = 100e9, 20e9
    moved = 2 * 4 * 10e6
    return [peak / bandwidth, min(100, 2 * 20), min(100, 30 * 20),
            1000 * moved / bandwidth, 500 * moved / bandwidth,
            12 / (3 + 9 / 3), 12 / 3]
''', '''
def predict_speed():
    return (5.0, 40.0, 100, 4.0, 2, 2.0, 4)
'''],
    'conv_cost': ['''
def conv_cost(n, c_in, c_out, k, h, w, stride=1, padding=0, size=4):
    conv = torch.nn.Conv2d(c_in, c_out, k, stride, padding)
    X = torch.zeros(n, c_in, h, w)
    Y = conv(X)
    numbers = X.numel() + Y.numel() + sum(p.numel()
                                          for p in conv.parameters())
    return 2 * Y.numel() * conv.weight[0].numel(), size * numbers
''', '''
import math

def conv_cost(n, c_in, c_out, k, h, w, stride=1, padding=0, size=4):
    out = lambda m: math.floor((m + 2 * padding - k) / stride + 1)
    patch = c_in * k**2
    per_image = c_out * out(h) * out(w)
    flops = n * per_image * (patch + patch)
    moved = n * (c_in * h * w + per_image) + c_out * (patch + 1)
    return [float(flops), float(size * moved)]
'''],
    'roofline': ['''
def roofline(layers, peak, bandwidth):
    seconds, bound = 0.0, []
    for i in range(len(layers)):
        compute = layers[i][0] / peak
        fetch = layers[i][1] / bandwidth
        if fetch > compute:
            bound.append(i)
            seconds += fetch
        else:
            seconds += compute
    return seconds, bound
''', '''
def roofline(layers, peak, bandwidth):
    if not layers:
        return 0, []
    flops, moved = torch.tensor(layers).double().T
    a, b = flops / peak, moved / bandwidth
    return torch.maximum(a, b).sum(), torch.where(b > a)[0]
''', '''
def roofline(layers, peak, bandwidth):
    ridge = peak / bandwidth
    bound = {i for i, (f, b) in enumerate(layers) if f / b < ridge}
    return sum(f / min(peak, f / b * bandwidth) if f else b / bandwidth
               for f, b in layers), bound
'''],
    'average_gradients': ['''
def average_gradients(gradients, sizes):
    result = torch.zeros_like(gradients[0])
    for gradient, size in zip(gradients, sizes):
        if size == 0:
            continue
        result += gradient * (size / sum(sizes))
    return result
''', '''
def average_gradients(gradients, sizes):
    n = torch.tensor(sizes, dtype=torch.float32)
    G = torch.stack(gradients).nan_to_num()
    return torch.tensordot(n / n.sum(), G, dims=1)
''', '''
import numpy as np

def average_gradients(gradients, sizes):
    kept = [r for r in range(len(sizes)) if sizes[r]]
    return torch.from_numpy(np.average(
        [gradients[r].numpy() for r in kept], axis=0,
        weights=[sizes[r] for r in kept]))
'''],
    'quantize': ['''
def quantize(x):
    low = torch.minimum(x.min(), torch.tensor(0.0))
    high = torch.maximum(x.max(), torch.tensor(0.0))
    scale = (high - low) / 255
    zero = torch.round(-low / scale)
    q = torch.clamp(torch.round(x / scale) + zero, 0, 255)
    return q.to(torch.uint8), scale, zero
''', '''
def quantize(x):
    numbers = x.flatten().tolist()
    low, high = min(numbers + [0]), max(numbers + [0])
    s = (high - low) / 255
    z = int(-low / s + 0.5)
    q = [min(max(round(v / s) + z, 0), 255) for v in numbers]
    return [torch.tensor(q).reshape(x.shape), s, z]
''', '''
import numpy as np

def quantize(x):
    x = x.numpy()
    s = (max(x.max(), 0) - min(x.min(), 0)) / 255
    z = np.round(-min(x.min(), 0) / s)
    return np.clip(np.round(x / s) + z, 0, 255).astype(np.uint8), s, z
''', ('.byte()', '.tolist()')],
    'round_weights': ['''
def round_weights(W):
    back = torch.zeros_like(W)
    for i in range(len(W)):
        s = W[i].abs().max() / 127
        if s > 0:
            back[i] = s * torch.round(W[i] / s)
    return back
''', '''
def round_weights(W):
    axes = tuple(range(1, W.dim()))
    s = W.abs().amax(dim=axes, keepdim=True) / 127
    q = torch.nan_to_num(W / s).round().to(torch.int8)
    return q * s
''', ('.reshape(W.shape)', '.reshape(W.shape).double().numpy()')],
}

WRONG = {
    'predict_speed': [
        ('divide the peak by the bandwidth', '5, 40', '0.2, 40'),
        ('intensity times bandwidth', '40', '100'),
        ('each brings 2 operations', '40', '10'),
        ('above the peak', ' 100', ' 600'),
        ('it moves twice', '4, 2, 2', '2, 2, 2'),
        ('the bytes decide', '4, 2, 2', '0.1, 2, 2'),
        ('half as many', '4, 2, 2', '4, 4, 2'),
        ('do not double', '4, 2, 2', '4, 8, 2'),
        ('the other 3 s stay', '2, 2, 4', '2, 3, 4'),
        ('divide the old one by it', '2, 2, 4', '2, 2, 3'),
        ('7 predictions are wanted', ', 2, 2, 4', ', 2, 4'),
    ],
    'conv_cost': [
        ('two operations', '2 * given', 'given'),
        ('the biases are missing', ' + c_out + given', ' + given'),
        ('the input is missing', 'n * c_in * h * w + weights', 'weights'),
        ('the weights are missing', '+ weights ', ''),
        ('the output is missing', ' + c_out + given', ' + c_out'),
        ('there are n', '2 * given', '2 * given // n'),
        ('serve all n images', 'w + weights + c_out',
         'w + n * weights + n * c_out'),
        ('`size` is ignored', 'size * (n', '4 * (n'),
        ('the stride is ignored', '// stride', '// 1'),
        ('the padding is ignored', '2 * padding', '0 * padding'),
        ('', '// stride + 1', '// stride'),
        ('', '(w + 2', '(h + 2'),
        ('', 'h + 2 * padding', 'h + padding'),
        ('', 'c_in * k * k\n    return', 'k * k\n    return'),
        ('two numbers', 'return flops,', 'return'),
    ],
    'roofline': [
        ('not the sum of both', 'max(flops / peak, moved / bandwidth)',
         'flops / peak + moved / bandwidth'),
        ('the longer one must', 'max(', 'min('),
        ('only the operations', 'max(flops / peak, moved / bandwidth)',
         'flops / peak'),
        ('only the bytes', 'max(flops / peak, moved / bandwidth)',
         'moved / bandwidth'),
        ('not the other way round', 'sum(seconds)',
         'max(sum(f for f, _ in layers) / peak, '
         'sum(b for _, b in layers) / bandwidth)'),
        ('only the slowest', 'sum(seconds)', 'max(seconds)'),
        ('compute-bound', '> flops', '< flops'),
        ('equal', '> flops', '>= flops'),
        ('compare the times', 'moved / bandwidth > flops / peak',
         'moved > flops'),
        ('numbered from 0', '[i for i', '[i + 1 for i'),
        ('a list of the numbers', ', slow', ', len(slow)'),
        ('is wanted', 'return sum(seconds), slow', 'return sum(seconds)'),
    ],
    'average_gradients': [
        ('an empty share spoils all', ' if n > 0', ''),
        ('divide by the number of images in all', 'total / sum(sizes)',
         'total'),
        ('not of processes', 'sum(sizes)', 'len(sizes)'),
        ('weight each by its number', '''
def average_gradients(gradients, sizes):
    kept = [g for g, n in zip(gradients, sizes) if n]
    return sum(kept) / len(kept)
'''),
        ('so does an empty one', '''
def average_gradients(gradients, sizes):
    return torch.stack(gradients).nan_to_num().mean(0)
'''),
        ('added up', '''
def average_gradients(gradients, sizes):
    return torch.stack(gradients).nan_to_num().sum(0)
'''),
        ('larger weight', '''
def average_gradients(gradients, sizes):
    kept = [(g, n) for g, n in zip(gradients, sizes) if n]
    return sum(g / n for g, n in kept) / sum(1 / n for _, n in kept)
'''),
        ('', 'if n > 0', 'if n > 1'),
    ],
    'quantize': [
        ('begins at 0', 'min(x.min().item(), 0)', 'x.min().item()'),
        ('ends', 'max(x.max().item(), 0)', 'x.max().item()'),
        ('255 steps', '/ 255', '/ 256'),
        ('zero point', 'round(-low / s)', '0'),
        ('signed bytes', '+ z).clamp(0, 255).byte(), s, z',
         '+ z - 128).clamp(-128, 127), s, z - 128'),
        ('as far below 0', '    s =', '    low, high = -max(-low, high), '
         'max(-low, high)\n    s ='),
        ('the sign of the zero point', 's, z', 's, -z'),
        ('cut off', '(x / s).round()', '(x / s).trunc()'),
        ('not whole', '(x / s).round()', '(x / s)', '.byte()', ''),
        ('', 'round(-low / s)', 'int(-low / s)'),
        ('', '.clamp(0, 255)', '.clamp(0, 127)'),
        ('a tensor', 'return ((x / s).round() + z).clamp(0, 255).byte(), s',
         'return None, s'),
        ('is wanted', '.byte(), s, z', '.byte()'),
    ],
    'round_weights': [
        ('each output channel has its own', 'rows.abs().amax(1, keepdim=True)',
         'rows.abs().amax((0, 1), keepdim=True)'),
        ('the output channels must', '''
def round_weights(W):
    rows = W.transpose(0, 1).flatten(1)
    s = rows.abs().amax(1, keepdim=True) / 127
    s[s == 0] = 1
    back = ((rows / s).round() * s)
    return back.reshape(W.transpose(0, 1).shape).transpose(0, 1)
'''),
        ('absolute value', '.abs()', ''),
        ('a scale of 0 makes NaN', '    s[s == 0] = 1\n', ''),
        ('each kernel', '''
def round_weights(W):
    rows = W.reshape(W.shape[0] * W.shape[1], -1)
    s = rows.abs().amax(1, keepdim=True) / 127
    s[s == 0] = 1
    return ((rows / s).round() * s).reshape(W.shape)
'''),
        ('divided by 255', '127', '255'),
        ('divided by 128', '127', '128'),
        ('multiply by the scale again', '.round() * s', '.round()'),
        ('nothing is rounded', '.round()', ''),
        ('', '.round()', '.floor()'),
        ('', '.reshape(W.shape)', ''),
    ],
}

EQUIVALENT = {
    'roofline': {
        'seconds = [max(flops / peak, moved / bandwidth) [arg'
        'uments 1 and 2 swapped]':
            'a maximum',
    },
    'quantize': {
        'high = max(x.max().item(), 0) [arguments 1 and 2 swa'
        'pped]':
            'a maximum',
        'low = min(x.min().item(), 0) [arguments 1 and 2 swap'
        'ped]':
            'a minimum',
        'return ((x / s).round() + z).clamp(0, 255).byte(), s, z [255 plus 1]':
            'no number but one halfway between two bytes gets above 255',
    },
    'round_weights': {
        's[s == 0] = 1 [1 plus 1]':
            'zeros stay zeros, whatever they are divided by',
    },
}

# Right answers that get a remark with these words.
REMARK: dict[str, list] = {}
