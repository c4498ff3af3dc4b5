"""Time the convolution and pooling of d2lmini.numpy_cnn.

    python benchmarks/numpy_cnn.py [--repeats 21] [--out FILE.json]

Loops, fast NumPy and PyTorch, forward and backward, on the same cores, each
with its own default number of threads. The first size is that of a well-known
exercise (CS231n), the others are larger. Fast NumPy and PyTorch: medians of
all repeats. Loops: measured once, in full at the first size; at the others on
the first images only and multiplied, as their time is in proportion.
Run it on a machine that does nothing else.
"""

import statistics
import time
from pathlib import Path

import numpy as np
import torch
from common import machine, parser, write
from torch.nn import functional as F
from tqdm import tqdm

from d2lmini import numpy_cnn as cnn
from d2lmini.utils import keep_freed_memory

CONVS = [  # X, w, stride, padding, images that the loops are run on
    ((100, 3, 31, 31), (25, 3, 3, 3), 2, 1, 100),
    ((64, 3, 32, 32), (32, 3, 5, 5), 1, 2, 2),
    ((64, 32, 32, 32), (64, 32, 3, 3), 1, 1, 1),
    ((16, 64, 56, 56), (64, 64, 3, 3), 1, 1, 1),
]
POOLS = [  # X, window, stride, images that the loops are run on
    ((100, 3, 32, 32), (2, 2), 2, 100),
    ((64, 32, 32, 32), (2, 2), 2, 8),
    ((64, 32, 55, 55), (3, 3), 2, 4),
]


def seconds(f):
    start = time.perf_counter()
    f()
    return time.perf_counter() - start


def median(f, repeats):
    """Return the median time of f(), after two calls that do not count."""
    return statistics.median([seconds(f) for _ in range(repeats + 2)][2:])


def compare(naive, fast, torch_forward, inputs, images, repeats):
    """Time the three ways; return {direction: {way: seconds}}.

    naive, fast: pairs (forward(*inputs), backward(dout, cache)).
    """
    out, cache = fast[0](*inputs)
    rng = np.random.default_rng(1)
    dout = rng.standard_normal(out.shape).astype(out.dtype)
    forward = {'fast': median(lambda: fast[0](*inputs), repeats)}
    backward = {'fast': median(lambda: fast[1](dout, cache), repeats)}

    tensors = [torch.from_numpy(a).requires_grad_() for a in inputs]
    t_out, t_dout = torch_forward(*tensors), torch.from_numpy(dout)
    with torch.no_grad():
        forward['torch'] = median(lambda: torch_forward(*tensors), repeats)
    backward['torch'] = median(
        lambda: torch.autograd.grad(t_out, tensors, t_dout, retain_graph=True),
        repeats,
    )

    some = [inputs[0][:images], *inputs[1:]]
    scale, (_, cache) = len(inputs[0]) / images, naive[0](*some)
    forward['loops'] = scale * seconds(lambda: naive[0](*some))
    backward['loops'] = scale * seconds(lambda: naive[1](dout[:images], cache))
    return {'forward': forward, 'backward': backward}


def measure_conv(x_shape, w_shape, stride, padding, images, dtype, repeats):
    rng = np.random.default_rng(0)
    inputs = [
        rng.standard_normal(shape).astype(dtype)
        for shape in (x_shape, w_shape, w_shape[:1])
    ]
    return compare(
        (
            lambda *a: cnn.conv_forward_naive(*a, stride, padding),
            cnn.conv_backward_naive,
        ),
        (
            lambda *a: cnn.conv_forward_fast(*a, stride, padding),
            cnn.conv_backward_fast,
        ),
        lambda *a: F.conv2d(*a, stride, padding),
        inputs,
        images,
        repeats,
    )


def measure_pool(x_shape, size, stride, images, dtype, repeats):
    rng = np.random.default_rng(0)
    return compare(
        (
            lambda X: cnn.max_pool_forward_naive(X, size, stride),
            cnn.max_pool_backward_naive,
        ),
        (
            lambda X: cnn.max_pool_forward_fast(X, size, stride),
            cnn.max_pool_backward_fast,
        ),
        lambda X: F.max_pool2d(X, size, stride),
        [rng.standard_normal(x_shape).astype(dtype)],
        images,
        repeats,
    )


def measure(repeats):
    """Return a list with a dictionary for each size and dtype."""
    results = []
    with tqdm(total=2 * len(CONVS + POOLS), unit='size') as bar:
        for dtype in ['float64', 'float32']:
            for x, w, stride, padding, images in CONVS:
                results.append(
                    dict(
                        layer='conv',
                        dtype=dtype,
                        X=x,
                        w=w,
                        stride=stride,
                        padding=padding,
                        loop_images=images,
                        seconds=measure_conv(
                            x, w, stride, padding, images, dtype, repeats
                        ),
                    )
                )
                bar.update()
            for x, size, stride, images in POOLS:
                results.append(
                    dict(
                        layer='max pool',
                        dtype=dtype,
                        X=x,
                        w=size,
                        stride=stride,
                        padding=0,
                        loop_images=images,
                        seconds=measure_pool(
                            x, size, stride, images, dtype, repeats
                        ),
                    )
                )
                bar.update()
    for result in results:
        result['ratios'] = {
            direction: {
                'loops / fast': t['loops'] / t['fast'],
                'fast / torch': t['fast'] / t['torch'],
            }
            for direction, t in result['seconds'].items()
        }
    return results


def show(results):
    print(
        'layer     dtype    X              w           s p direction  '
        'loops s  fast ms  torch ms  loops/fast  fast/torch'
    )
    for r in results:
        sizes = ['x'.join(map(str, r[key])) for key in ['X', 'w']]
        for direction, t in r['seconds'].items():
            ratios = r['ratios'][direction]
            print(
                f'{r["layer"]:9} {r["dtype"]:8} {sizes[0]:14} {sizes[1]:11} '
                f'{r["stride"]} {r["padding"]} {direction:9} '
                f'{t["loops"]:8.1f} {t["fast"] * 1e3:8.2f} '
                f'{t["torch"] * 1e3:9.2f} {ratios["loops / fast"]:11.0f} '
                f'{ratios["fast / torch"]:11.2f}'
            )


def main():
    known = parser(__doc__)
    known.add_argument('--repeats', type=int, default=21)
    known.add_argument(
        '--out', type=Path, help='a JSON file to write the results to'
    )
    args = known.parse_args()
    keep_freed_memory()  # else whoever is first pays for the pages
    results = measure(args.repeats)
    show(results)
    if args.out:
        write(
            args.out,
            {
                'repeats': args.repeats,
                'machine': machine(torch.device('cpu')),
                'results': results,
            },
        )


if __name__ == '__main__':
    main()
