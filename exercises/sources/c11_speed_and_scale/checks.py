"""Checks for the exercises of chapter 11: costs, shares and eight bits."""
import math

import numpy as np
import torch
from torch import nn

from d2lmini_check.compare import as_tensor
from d2lmini_check.questions import Case, Question, Wrong, predictions

predict_speed = predictions(
    {'intensity of the ridge': 5., 'GFLOP/s at intensity 2': 40.,
     'GFLOP/s at intensity 30': 100., 'milliseconds of ReLU': 4.,
     'milliseconds of ReLU in bfloat16': 2., 'three times as fast': 2.,
     'no time at all': 4.},
    {'FLOPs a byte are wanted: divide the peak by the bandwidth':
         [0.2, None, None, None, None, None, None],
     'below the ridge the bandwidth decides: intensity times bandwidth':
         [None, 100, None, None, None, None, None],
     'the bandwidth says how many bytes come a second; each brings 2 '
     'operations':
         [None, 10, None, None, None, None, None],
     'no layer gets above the peak':
         [None, None, 600, None, None, None, None],
     'each number is read and written: it moves twice':
         [None, None, None, 2, 1, None, None],
     'ReLU is memory-bound: the bytes decide, not the operations':
         [None, None, None, 0.1, 0.1, None, None],
     'a number of bfloat16 has two bytes, half as many':
         [None, None, None, None, 4, None, None],
     'the bytes halve, they do not double':
         [None, None, None, None, 8, None, None],
     'only the 9 s shrink; the other 3 s stay':
         [None, None, None, None, None, 3, math.inf],
     'this is the new time: divide the old one by it':
         [None, None, None, None, None, 6, 3]},
    ('What takes longer for each of them, the operations or the bytes? The '
     'slower one decides. For the epochs: which seconds stay?',
     'The ridge is 100/20. A layer gets min(100, intensity * 20). ReLU moves '
     '2 * 4 bytes a number. The epoch takes 3 + 9/3 seconds.'))


def conv_counted(n, c_in, c_out, k, h, w, stride=1, padding=0, size=4,
                 per=2, bias=True, image=True, weights=True, out=True):
    """Let PyTorch find the shapes, on the meta device."""
    layer = nn.Conv2d(c_in, c_out, k, stride, padding, device='meta')
    X = torch.empty(n, c_in, h, w, device='meta')
    Y = layer(X)
    numbers = (image * X.numel() + weights * layer.weight.numel()
               + bias * layer.bias.numel() + out * Y.numel())
    return per * Y.numel() * layer.weight[0].numel(), size * numbers


def whole(value):
    """Take an int, or a float or a 0-d tensor that is a whole number."""
    if isinstance(value, (np.generic, np.ndarray, torch.Tensor)) and (
            value.ndim == 0):
        value = value.item()
    return int(value) if isinstance(value, float) and (
        value.is_integer()) else value


def pair_of(answer, *args, **kwargs):
    """Take two whole numbers."""
    found = answer(*args, **kwargs)
    if not isinstance(found, (tuple, list, torch.Tensor, np.ndarray)) or (
            len(found) != 2):
        raise Wrong(f'two numbers (FLOPs, bytes) are wanted, got {found!r}')
    return tuple(map(whole, found))


def but(**changes):
    """Make a wrong count."""
    return lambda *args, **kwargs: conv_counted(*args, **kwargs | changes)


def only(i, other):
    """Make a wrong count in one of the two numbers."""
    def wrong(*args, **kwargs):
        found = list(conv_counted(*args, **kwargs))
        found[i] = other(*args, **kwargs)[i]
        return tuple(found)
    return wrong


conv_cost = Question(
    lambda n, c_in, c_out, k, h, w, stride=1, padding=0, size=4:
        conv_counted(n, c_in, c_out, k, h, w, stride, padding, size),
    lambda dice: [
        Case(1, 1, 2, 1, 2, 2), Case(1, 1, 1, 2, 3, 4),
        Case(3, 2, 5, 3, 6, 7), Case(2, 3, 4, 3, 8, 7, 2),
        Case(2, 3, 4, 3, 8, 5, padding=1), Case(2, 4, 3, 5, 9, 12, 3, 2),
        Case(1, 2, 3, 2, 4, 5, size=2), Case(64, 3, 16, 3, 32, 32, 2, 1, 2)],
    ('How many numbers come out, and how many multiplications does each '
     'take? Then write down the four arrays that are moved, and how many '
     'numbers each holds.',
     'rows = (h + 2 * padding - k) // stride + 1; an output number takes '
     'c_in * k * k multiplications, two operations each. Bytes: size * '
     '(n*c_in*h*w + c_out*c_in*k*k + c_out + n*c_out*rows*columns).'),
    {'a multiplication and an addition are two operations': but(per=1),
     'the biases are missing in the bytes: one for each channel out':
         but(bias=False),
     'the input is missing in the bytes': but(image=False),
     'the weights are missing in the bytes': but(weights=False),
     'the output is missing in the bytes': but(out=False),
     'the operations count for one image: there are n': only(
         0, lambda n, *args, **kwargs: conv_counted(1, *args, **kwargs)),
     'the weights are read once and serve all n images': only(
         1, lambda n, *args, **kwargs: (
             0, n * conv_counted(1, *args, **kwargs)[1])),
     '`size` is ignored: a number has `size` bytes': only(
         1, lambda *args, **kwargs: conv_counted(
             *args[:8], **{k: v for k, v in kwargs.items() if k != 'size'})),
     'the stride is ignored: it makes the output smaller':
         lambda n, c_in, c_out, k, h, w, stride=1, padding=0, size=4:
             conv_counted(n, c_in, c_out, k, h, w, 1, padding, size),
     'the padding is ignored: it makes the output larger':
         lambda n, c_in, c_out, k, h, w, stride=1, padding=0, size=4:
             conv_counted(n, c_in, c_out, k, h, w, stride, 0, size)},
    use=pair_of)


def times(layers, peak, bandwidth):
    """Return the seconds of computing and of fetching, of each layer."""
    return (torch.tensor(layers, dtype=torch.float64)
            / torch.tensor([peak, bandwidth], dtype=torch.float64))


def under_roof(layers, peak, bandwidth, each=lambda T: T.amax(1).sum(),
               bound=lambda T: T[:, 1] > T[:, 0]):
    """Return seconds and memory-bound layers, by arrays."""
    T = times(layers, peak, bandwidth)
    return float(each(T)), bound(T).nonzero().flatten().tolist()


def seconds_and_list(answer, layers, peak, bandwidth):
    """Take a number and a list, tuple, set or tensor of numbers."""
    found = answer(layers, peak, bandwidth)
    if not isinstance(found, (tuple, list)) or len(found) != 2:
        raise Wrong(f'(seconds, list of numbers) is wanted, got {found!r}')
    seconds, bound = found
    if isinstance(bound, (torch.Tensor, np.ndarray)):
        bound = bound.tolist()
    if not isinstance(bound, (list, tuple, set)):
        raise Wrong('the second result must be a list of the numbers of '
                    f'layers, got {bound!r}')
    return float(seconds), sorted(map(whole, bound))


def roof_but(**changes):
    return lambda layers, peak, bandwidth: under_roof(
        layers, peak, bandwidth, **changes)


roofline = Question(
    lambda layers, peak, bandwidth: under_roof(layers, peak, bandwidth),
    lambda dice: [
        Case([(40, 10)], 10, 5), Case([(10, 20)], 10, 5),
        Case([(40, 10), (10, 20)], 10, 5), Case([(20, 10)], 10, 5),
        Case([(0, 8), (6, 1), (6, 9), (2, 1)], 2, 4),
        Case([(30, 10), (30, 10), (1, 5), (5, 100)], 5, 50),
        Case([(dice.number(1, 90), dice.number(1, 90)) for _ in range(9)],
             3., 4.)],
    ('Two times belong to each layer: that of its operations and that of its '
     'bytes. Both run at once, so which one counts? The layers run one after '
     'another.',
     'max(flops / peak, moved / bandwidth) for each layer, then the sum. A '
     'layer is memory-bound if moved / bandwidth is the larger one.'),
    {'both run at once: the longer time counts, not the sum of both':
         roof_but(each=lambda T: T.sum()),
     'the shorter time counts here: the longer one must':
         roof_but(each=lambda T: T.amin(1).sum()),
     'only the operations are counted: a memory-bound layer takes longer':
         roof_but(each=lambda T: T[:, 0].sum()),
     'only the bytes are counted: a compute-bound layer takes longer':
         roof_but(each=lambda T: T[:, 1].sum()),
     'layers run one after another: take the longer time of each layer, '
     'then add, not the other way round':
         roof_but(each=lambda T: T.sum(0).max()),
     'only the slowest layer is counted: add them up':
         roof_but(each=lambda T: T.max()),
     'these are the compute-bound layers':
         roof_but(bound=lambda T: T[:, 1] < T[:, 0]),
     'where both times are equal, the layer is not memory-bound':
         roof_but(bound=lambda T: T[:, 1] >= T[:, 0]),
     'compare the times, not the numbers of operations and bytes':
         lambda layers, peak, bandwidth: (
             under_roof(layers, peak, bandwidth)[0],
             [i for i, (f, b) in enumerate(layers) if b > f]),
     'layers are numbered from 0':
         lambda layers, peak, bandwidth: (
             under_roof(layers, peak, bandwidth)[0],
             [i + 1 for i in under_roof(layers, peak, bandwidth)[1]])},
    use=seconds_and_list)


def by_images(gradients, sizes):
    """Put the gradient of each image in a row and take one mean."""
    rows = [g for g, n in zip(gradients, sizes) for _ in range(n)]
    return torch.stack(rows).mean(0)


def there(gradients, sizes):
    """Leave out who has no images."""
    return zip(*[(g, n) for g, n in zip(gradients, sizes) if n])


def shared(dice, shape, *sizes):
    """Draw gradients of a shape for processes with some images each."""
    return Case([dice.normal(*shape) if n else torch.full(shape, math.nan)
                 for n in sizes], list(sizes))


def tensor_of(answer, *args):
    """Take the numbers of a tensor, an array or lists as floats."""
    found = as_tensor(answer(*args), torch.zeros(1))
    return found.float() if isinstance(found, torch.Tensor) else found


def on_there(f):
    """Make a wrong mean that leaves out the empty shares."""
    return lambda gradients, sizes: f(*map(list, there(gradients, sizes)))


average_gradients = Question(
    by_images,
    lambda dice: [
        Case([torch.tensor([2.]), torch.tensor([6.])], [3, 1]),
        shared(dice, (2,), 4), shared(dice, (2, 3), 2, 2),
        shared(dice, (3,), 3, 2, 2), shared(dice, (2, 2), 1, 0, 2),
        shared(dice, (1, 2, 3), 0, 5, 1, 0)],
    ('A mean over three images stands for three images. How much of the '
     'whole does each process have? What is NaN times 0?',
     'Sum up gradients[r] * sizes[r] / sum(sizes), and leave out the '
     'processes with sizes[r] == 0: 0 * NaN is NaN.'),
    {'all processes count alike: weight each by its number of images':
         on_there(lambda g, n: torch.stack(g).mean(0)),
     'all processes count alike, and so does an empty one':
         lambda gradients, sizes: torch.stack(gradients).nan_to_num().mean(0),
     'the gradients are added up: a mean of all images is wanted':
         on_there(lambda g, n: torch.stack(g).sum(0)),
     'divide by the number of images in all':
         on_there(lambda g, n: sum(a * b for a, b in zip(g, n))),
     'divide by the number of images, not of processes':
         lambda gradients, sizes: sum(
             a * b for a, b in zip(*there(gradients, sizes))) / len(sizes),
     'an empty share spoils all: 0 times NaN is NaN, so leave it out':
         lambda gradients, sizes: sum(
             a * b for a, b in zip(gradients, sizes)) / sum(sizes),
     'only the first process counts':
         on_there(lambda g, n: g[0]),
     'a process with few images gets the larger weight':
         on_there(lambda g, n: sum(a / b for a, b in zip(g, n))
                  / sum(1 / b for b in n))},
    use=tensor_of)


def as_bytes(x, low=None, high=None, steps=255, zero=True, shift=0):
    """Quantize in double precision, on a grid of 256 numbers."""
    x = x.double()
    low = min(x.min().item(), 0.) if low is None else low(x)
    high = max(x.max().item(), 0.) if high is None else high(x)
    s = (high - low) / steps
    z = (round(-low / s) if zero else 0) + shift
    grid = torch.arange(256.).double() - z  # the nearest one
    q = (x.flatten()[:, None] / s - grid).abs().argmin(1).reshape(x.shape)
    return {'scale': s, 'zero point': z, 'bytes': q}


def bytes_of(answer, x):
    """Take bytes, scale and zero point, each of any type of number."""
    found = answer(x)
    if not isinstance(found, (tuple, list)) or len(found) != 3:
        raise Wrong(f'(bytes, scale, zero point) is wanted, got {found!r}')
    q, s, z = as_tensor(found[0], torch.zeros(1)), *found[1:]
    if not isinstance(q, torch.Tensor):
        raise Wrong('the bytes must be a tensor of the shape of x, got '
                    f'{type(q).__name__}')
    if (q % 1 != 0).any():
        raise Wrong('the bytes are not whole numbers: round')
    return {'scale': float(s), 'zero point': whole(z), 'bytes': q.long()}


def some(dice, *shape, scale=1., shift=0.):
    """Draw numbers none of which lies halfway between two bytes."""
    while True:
        x = scale * dice.normal(*shape) + shift
        steps = x.double() / as_bytes(x)['scale']
        if ((steps % 1 - 0.5).abs() > 0.02).all():
            return Case(x)


quantize = Question(
    lambda x: as_bytes(x),
    lambda dice: [
        Case(torch.tensor([-1., 0., 0.333, 1.55])),
        Case(torch.tensor([2.55, 1.])), Case(torch.tensor([-1., -2.55])),
        some(dice, 5), some(dice, 2, 3, scale=9.),
        some(dice, 6, scale=0.1, shift=3.), some(dice, 2, 2, 2, shift=-8.),
        some(dice, 3, 7, scale=0.02, shift=0.01)],
    ('First the two ends of the range: take 0 into it. Then s, then z, then '
     'the bytes. Which byte stands for 0?',
     'low = min(x.min(), 0), high = max(x.max(), 0), s = (high - low) / 255, '
     'z = round(-low / s), and ((x / s).round() + z).clamp(0, 255).'),
    {'0 must lie in the range: if all are positive it begins at 0, if all '
     'are negative it ends there':
         lambda x: as_bytes(x, lambda x: x.min().item(),
                            lambda x: x.max().item()),
     'the range of positive numbers begins at 0':
         lambda x: as_bytes(x, low=lambda x: x.min().item()),
     'the range of negative numbers ends at 0':
         lambda x: as_bytes(x, high=lambda x: x.max().item()),
     'there are 256 bytes and 255 steps between them: divide by 255':
         lambda x: as_bytes(x, steps=256),
     'the zero point is missing: 0 must become the byte z':
         lambda x: as_bytes(x, zero=False),
     'this is for signed bytes: those from 0 to 255 are wanted':
         lambda x: as_bytes(x, shift=-128) | {
             'bytes': as_bytes(x)['bytes'] - 128},
     'the range goes as far below 0 as above: use the smallest number':
         lambda x: as_bytes(x, lambda x: -x.abs().max().item(),
                            lambda x: x.abs().max().item()),
     'the bytes are cut off, not rounded':
         lambda x: as_bytes(x) | {'bytes': (
             (x.double() / as_bytes(x)['scale']).trunc()
             + as_bytes(x)['zero point']).clamp(0, 255).long()},
     'the sign of the zero point is wrong':
         lambda x: as_bytes(x) | {'zero point': -as_bytes(x)['zero point']}},
    use=bytes_of)


def rounded(W, scales=lambda W: [w.abs().max() for w in W], top=127):
    """Round each channel by a loop over its numbers."""
    found = W.double()
    for w, largest in zip(found, scales(found)):
        s = float(largest) / top
        w.copy_(torch.round(w / s) * s if s else w * 0)
    return found.float()


def weights(dice, *shape):
    """Draw weights whose channels differ much in size."""
    sizes = 10.**-torch.arange(shape[0]).reshape(-1, *[1] * (len(shape) - 1))
    return Case(dice.normal(*shape) * sizes)


def along_inputs(W):
    """Give each input channel its own scale."""
    return rounded(W.transpose(0, 1).contiguous()).transpose(0, 1)


round_weights = Question(
    lambda W: rounded(W),
    lambda dice: [
        Case(torch.tensor([[1.27, -0.904]])),
        Case(torch.tensor([[-1.27, 0.904]])),
        Case(torch.tensor([[0.003, -0.004], [1.27, -0.9]])),
        Case(torch.tensor([[0., 0.], [0.127, 0.0512]])),
        weights(dice, 3, 4), weights(dice, 2, 3, 2, 2),
        weights(dice, 4, 1, 3, 3), weights(dice, 3, 3, 1, 1)],
    ('One number for each output channel: over which axes must the maximum '
     'go, also for a convolution? What is 0 / 0?',
     'W.flatten(1).abs().amax(1) / 127 gives the scales; reshape them so '
     'that they broadcast, and put 1 where a scale is 0. Then (W / s).round() '
     '* s.'),
    {'one scale for all: each output channel has its own':
         lambda W: rounded(W, lambda W: [W.abs().max()] * len(W)),
     'each input channel has a scale here: the output channels must':
         along_inputs,
     'the largest size decides: take the absolute value first':
         lambda W: rounded(W, lambda W: [w.max() for w in W]),
     'a scale of 0 makes NaN: a channel of zeros stays 0':
         lambda W: torch.where((W == 0).flatten(1).all(1).reshape(
             -1, *[1] * (W.ndim - 1)), math.nan, rounded(W)),
     'each kernel (k, k) has a scale here: one for each output channel':
         lambda W: rounded(W.flatten(0, 1)[:, None]).reshape(W.shape),
     'the largest number is divided by 255: by 127':
         lambda W: rounded(W, top=255),
     'the largest number is divided by 128: by 127':
         lambda W: rounded(W, top=128),
     'these are the whole numbers: multiply by the scale again':
         lambda W: (rounded(W) / (W.flatten(1).abs().amax(1) / 127).clamp(
             min=1e-12).reshape(-1, *[1] * (W.ndim - 1))).round(),
     'nothing is rounded':
         lambda W: W.clone()},
    use=tensor_of)

QUESTIONS = {'predict_speed': predict_speed, 'conv_cost': conv_cost,
             'roofline': roofline, 'average_gradients': average_gradients,
             'quantize': quantize, 'round_weights': round_weights}

# What the texts announce, besides values and shapes.
DEMANDS: dict[str, tuple] = {}
