"""Sample hidden tests for exercises 11, speed and scale.

    python -m d2lmini_mark exercises/sources/c11_speed_and_scale/hidden.py \\
        submissions/*.ipynb

A test is a generator with the name of the students' function: it draws inputs
with the dice, which fall differently for every submission, and yields a call
and what must come out of it. Keep your own tests in a private repository.
"""
import torch
from torch.nn import functional as F

from d2lmini_mark import call, marks


@marks(2)
def conv_cost(dice):
    for stride, padding in [(1, 0), (2, 1), (3, 0), (2, 2)]:
        n, c_in, c_out = (dice.number(2, 5) for _ in range(3))
        k = dice.number(1, 5)
        h, w = dice.number(5, 9), dice.number(5, 9)
        X, W = torch.zeros(n, c_in, h, w), torch.zeros(c_out, c_in, k, k)
        Y = F.conv2d(X, W, stride=stride, padding=padding)
        numbers = X.numel() + W.numel() + c_out + Y.numel()
        yield (call(n, c_in, c_out, k, h, w, stride, padding),
               (2. * Y.numel() * W[0].numel(), 4. * numbers))
        yield (call(n, c_in, c_out, k, h, w, stride, padding, size=2),
               (2. * Y.numel() * W[0].numel(), 2. * numbers))


def in_order(answer):
    """Take the layers as a list, a set or a tensor."""
    seconds, bound = answer
    return seconds, sorted(int(i) for i in bound)


@marks(2)
def roofline(dice):
    for _ in range(4):
        layers = [[dice.number(1, 99), dice.number(1, 99)] for _ in range(6)]
        peak, bandwidth = dice.number(2, 9), dice.number(2, 9)
        seconds, bound = 0, []
        for i, (flops, moved) in enumerate(layers):
            seconds += max(flops / peak, moved / bandwidth)
            if moved * peak > flops * bandwidth:
                bound.append(i)
        yield call(layers, peak, bandwidth), (seconds, bound), in_order
    seconds = dice.number(1, 9)  # fewer bytes than operations, and slower
    yield (call([[40 * seconds, 8 * seconds], [2, 9]], 40, 1),
           (8.0 * seconds + 9, [0, 1]), in_order)
    yield (call([[40 * seconds, 8 * seconds], [9, 1]], 40, 8),
           (seconds + 9 / 40, []), in_order)  # both take as long: not bound


@marks(2)
def average_gradients(dice):
    for sizes in [[1, 3], [2, 2, 1], [5, 1, 2, 4]]:
        images = [dice.normal(n, 2, 3) for n in sizes]
        none = torch.full((2, 3), float('nan'))  # of no image at all
        yield (call([g.mean(0) for g in images], sizes),
               torch.cat(images).mean(0))
        yield (call([none, *[g.mean(0) for g in images]], [0, *sizes]),
               torch.cat(images).mean(0))


@marks(2)
def round_weights(dice):
    for shape in [(2, 3), (3, 2, 2, 2), (4, 1, 3, 3)]:
        W = dice.normal(*shape)
        rows = [torch.fake_quantize_per_tensor_affine(
            w, w.abs().max().item() / 127, 0, -127, 127) for w in W]
        yield call(W), torch.stack(rows)
        W, rows[0] = W.clone(), torch.zeros_like(rows[0])
        W[0] = 0
        yield call(W), torch.stack(rows)


@marks(1, secret=True)
def predict_speed(dice):
    yield call(), (5.0, 40.0, 100.0, 4.0, 2.0, 2.0, 4.0)


@marks(2)
def quantize(dice):
    s = 0.25  # in steps of s no number lies half way between two bytes
    for low, high in [(-99.75, 155.25), (0, 255), (-255, 0), (-9.75, 245.25)]:
        steps = [dice.number(round(low) + 1, round(high) - 1) + 0.25
                 for _ in range(8)] + [low or high, high or low]
        z = round(-low)
        x = s * torch.tensor(steps).reshape(2, 5)
        found = torch.tensor([round(v) + z for v in steps]).reshape(2, 5)
        yield call(x), (found.clamp(0, 255).byte(), s, float(z))
