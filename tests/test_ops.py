"""The layers' arithmetic; PyTorch is the referee, forward and gradient."""

import itertools

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from d2lmini.ops import (
    Conv2D,
    conv_output_size,
    corr2d,
    corr2d_multi_in,
    corr2d_multi_in_out,
    corr2d_multi_in_out_1x1,
    pool2d,
    pool_output_size,
    receptive_field,
)
from d2lmini_compat.d2l import comp_conv2d

SHAPES = [
    ((1, 1), (1, 1)),
    ((5, 7), (2, 3)),
    ((9, 4), (4, 4)),
    ((3, 11), (3, 1)),
    ((6, 6), (6, 6)),
    ((8, 5), (1, 5)),
]
DTYPES = [torch.float16, torch.float32, torch.float64, torch.int32]
AXES = list(
    itertools.product(range(1, 9), range(1, 6), range(1, 5), range(3))
)  # n, kernel_size, stride, padding


def rand(*shape, dtype=torch.float64):
    """Make numbers from -8 to 8; whole ones, which no dtype rounds, unless
    the dtype is float64."""
    X = torch.rand(shape, dtype=torch.float64) * 16 - 8
    return X if dtype == torch.float64 else X.round().to(dtype)


def torch_corr2d(X, K):
    """PyTorch's answer for X (C_in, H, W), K (C_out, C_in, h, w)."""
    Y = F.conv2d(X[None].double(), K.double())[0]
    return Y.to(torch.result_type(X, K))


def gradcheck(function, *shapes):
    return torch.autograd.gradcheck(
        function, [rand(*shape).requires_grad_() for shape in shapes]
    )


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('image, kernel', SHAPES)
def test_corr2d(image, kernel, dtype):
    X, K = rand(*image, dtype=dtype), rand(*kernel, dtype=dtype)
    torch.testing.assert_close(
        corr2d(X, K), torch_corr2d(X[None], K[None, None])[0]
    )


def test_corr2d_of_bytes_with_a_float_kernel():
    X = torch.arange(12, dtype=torch.uint8).reshape(3, 4)
    K = torch.tensor([[0.5, -1.0]])
    torch.testing.assert_close(
        corr2d(X, K), torch_corr2d(X[None], K[None, None])[0]
    )


@pytest.mark.parametrize('channels', [1, 2, 5])
@pytest.mark.parametrize('dtype', DTYPES)
def test_corr2d_multi_in(channels, dtype):
    X, K = rand(channels, 5, 7, dtype=dtype), rand(channels, 3, 2, dtype=dtype)
    torch.testing.assert_close(
        corr2d_multi_in(X, K), torch_corr2d(X, K[None])[0]
    )


@pytest.mark.parametrize('c_in, c_out', [(1, 1), (3, 2), (2, 5)])
@pytest.mark.parametrize('dtype', DTYPES)
def test_corr2d_multi_in_out(c_in, c_out, dtype):
    X, K = rand(c_in, 6, 5, dtype=dtype), rand(c_out, c_in, 2, 3, dtype=dtype)
    torch.testing.assert_close(corr2d_multi_in_out(X, K), torch_corr2d(X, K))


@pytest.mark.parametrize('c_in, c_out', [(1, 1), (3, 2), (2, 5)])
@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_corr2d_multi_in_out_1x1(c_in, c_out, dtype):
    X, K = rand(c_in, 3, 7, dtype=dtype), rand(c_out, c_in, 1, 1, dtype=dtype)
    torch.testing.assert_close(
        corr2d_multi_in_out_1x1(X, K), torch_corr2d(X, K)
    )


def test_gradients_of_the_convolutions():
    assert gradcheck(corr2d, (5, 4), (2, 3))
    assert gradcheck(corr2d_multi_in, (2, 4, 3), (2, 3, 2))
    assert gradcheck(corr2d_multi_in_out, (2, 4, 3), (3, 2, 2, 2))
    assert gradcheck(corr2d_multi_in_out_1x1, (2, 3, 4), (3, 2, 1, 1))


def test_gradients_equal_pytorchs():
    X, K = rand(2, 6, 5).requires_grad_(), rand(3, 2, 3, 2).requires_grad_()
    weight = rand(3, 4, 4)
    ours, theirs = (
        torch.autograd.grad((f(X, K) * weight).sum(), [X, K])
        for f in (corr2d_multi_in_out, lambda X, K: F.conv2d(X[None], K)[0])
    )
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize('image, kernel', SHAPES)
def test_conv2d_layer(image, kernel):
    layer = Conv2D(kernel)
    assert layer.weight.shape == kernel and layer.bias.item() == 0
    assert 0 <= layer.weight.min() and layer.weight.max() < 1
    oracle = nn.Conv2d(1, 1, kernel)
    with torch.no_grad():
        layer.bias.fill_(-1.5)
        oracle.weight[:], oracle.bias[:] = layer.weight, layer.bias
    X = rand(*image, dtype=torch.float32)
    Y, expected = layer(X), oracle(X[None])[0]
    torch.testing.assert_close(Y, expected)
    weight = torch.rand_like(Y)
    (Y * weight).sum().backward()
    (expected * weight).sum().backward()
    torch.testing.assert_close(layer.weight.grad, oracle.weight.grad[0, 0])
    torch.testing.assert_close(layer.bias.grad, oracle.bias.grad)


def test_comp_conv2d_takes_a_bare_image():
    layer, X = (
        nn.Conv2d(1, 1, (3, 5), padding=(0, 1), stride=(3, 4)),
        rand(8, 8, dtype=torch.float32),
    )
    torch.testing.assert_close(comp_conv2d(layer, X), layer(X[None])[0])
    assert comp_conv2d(layer, X).shape == (2, 2)


@pytest.mark.parametrize(
    'image, kernel, message',
    [
        (
            (3, 3),
            (4, 1),
            r'shape \(4, 1\) does not fit into .* shape \(3, 3\)',
        ),
        (
            (3, 3),
            (1, 4),
            r'shape \(1, 4\) does not fit into .* shape \(3, 3\)',
        ),
        (
            (1, 3, 3),
            (2, 2),
            r'must be 2-D, got shapes \(1, 3, 3\) and \(2, 2\)',
        ),
        ((3, 3), (2,), r'must be 2-D, got shapes \(3, 3\) and \(2,\)'),
    ],
)
def test_corr2d_refuses(image, kernel, message):
    with pytest.raises(ValueError, match=message):
        corr2d(rand(*image), rand(*kernel))


@pytest.mark.parametrize(
    'function, kernel',
    [(corr2d_multi_in, (3, 2, 2)), (corr2d_multi_in_out, (4, 3, 2, 2))],
)
def test_channels_must_agree(function, kernel):
    with pytest.raises(ValueError, match='image has 2 channels.*kernel has 3'):
        function(rand(2, 5, 5), rand(*kernel))


@pytest.mark.parametrize('dilation', [1, 2, 3])
def test_conv_output_size_is_pytorchs(dilation):
    for n, k, stride, padding in AXES:
        arguments = n, k, stride, padding, dilation
        try:
            shape = F.conv1d(
                torch.empty(1, 1, n, device='meta'),
                torch.empty(1, 1, k, device='meta'),
                None,
                stride,
                padding,
                dilation,
            ).shape
        except RuntimeError:  # the kernel does not fit
            with pytest.raises(ValueError, match='does not fit'):
                conv_output_size(*arguments)
        else:
            assert conv_output_size(*arguments) == shape[2], arguments


@pytest.mark.parametrize('ceil_mode', [False, True])
def test_pool_output_size_is_pytorchs(ceil_mode):
    for n, k, stride, padding in AXES:
        arguments = n, k, stride, padding, ceil_mode
        try:
            shape = F.max_pool1d(
                torch.zeros(1, 1, n), k, stride, padding, ceil_mode=ceil_mode
            ).shape
        except RuntimeError:
            with pytest.raises(ValueError, match='half|does not fit'):
                pool_output_size(*arguments)
        else:
            assert pool_output_size(*arguments) == shape[2], arguments
    assert pool_output_size(9, 3) == 3  # the stride is the window
    for size, stride in [(0, 1), (3, 0), (3, -1)]:
        with pytest.raises(ValueError, match=f'more, got {size} and {stride}'):
            pool_output_size(9, size, stride)


@pytest.mark.parametrize('ceil_mode', [False, True])
@pytest.mark.parametrize(
    'mode, oracle', [('max', F.max_pool2d), ('avg', F.avg_pool2d)]
)
@pytest.mark.parametrize(
    'image, size, stride, padding',
    [
        ((1, 1), (1, 1), None, 0),
        ((5, 7), (2, 3), None, 0),
        ((7, 9), (3, 2), (1, 1), 1),
        ((6, 5), (4, 5), (3, 2), 2),
        ((11, 4), (3, 3), (2, 4), 0),
        ((5, 6), (2, 2), (3, 3), 1),
    ],
)
def test_pool2d(image, size, stride, padding, mode, oracle, ceil_mode):
    for dtype in [torch.float32, torch.float64]:
        X = rand(*image).to(dtype).requires_grad_()
        Y = pool2d(X, size, mode, stride, padding, ceil_mode)
        expected = oracle(X[None], size, stride, padding, ceil_mode=ceil_mode)[
            0
        ]
        torch.testing.assert_close(Y, expected)
        weight = torch.rand_like(Y)
        torch.testing.assert_close(
            torch.autograd.grad((Y * weight).sum(), X),
            torch.autograd.grad((expected * weight).sum(), X),
        )


@pytest.mark.parametrize(
    'mode, oracle', [('max', F.max_pool2d), ('avg', F.avg_pool2d)]
)
@pytest.mark.parametrize(
    'size, stride, padding',
    [
        (2, 2, 0),
        (3, (2, 1), 1),
        ((2, 3), 2, (1, 0)),
        ([3, 2], [1, 2], [0, 1]),
        (2, None, 0),
    ],
)
def test_pool2d_takes_the_numbers_and_pairs_that_pytorch_takes(
    size, stride, padding, mode, oracle
):
    X = rand(7, 6)
    torch.testing.assert_close(
        pool2d(X, size, mode, stride=stride, padding=padding),
        oracle(X[None], size, stride, padding)[0],
    )


@pytest.mark.parametrize(
    'mode, oracle', [('max', F.max_pool2d), ('avg', F.avg_pool2d)]
)
def test_pool2d_moves_by_one_pixel_unless_told_otherwise(mode, oracle):
    X = rand(5, 6)
    for size in (2, (2, 3)):
        torch.testing.assert_close(
            pool2d(X, size, mode), oracle(X[None], size, stride=1)[0]
        )


@pytest.mark.parametrize(
    'size, stride, padding', [(2, 1, 0), ((3, 2), 2, 1), (3, (1, 2), 0)]
)
def test_ties_in_pool2d_go_where_pytorch_puts_them(size, stride, padding):
    X = torch.randint(-1, 2, (7, 6)).double().requires_grad_()
    Y = pool2d(X, size, 'max', stride, padding)
    expected = F.max_pool2d(X[None], size, stride, padding)[0]
    weight = torch.rand_like(Y)
    torch.testing.assert_close(
        torch.autograd.grad((Y * weight).sum(), X),
        torch.autograd.grad((expected * weight).sum(), X),
    )


@pytest.mark.parametrize(
    'mode, oracle', [('max', F.max_pool2d), ('avg', F.avg_pool2d)]
)
def test_nan_in_a_window_of_pool2d(mode, oracle):
    """As in PyTorch, the output is nan, and the gradient goes to the nan."""
    X = rand(6, 7)
    X[1, 2] = X[4, 4] = float('nan')
    X.requires_grad_()
    Y, expected = pool2d(X, 3, mode, 2), oracle(X[None], 3, 2)[0]
    assert 0 < Y.isnan().sum() < Y.numel()
    torch.testing.assert_close(Y, expected, equal_nan=True)
    torch.testing.assert_close(
        torch.autograd.grad(Y.sum(), X), torch.autograd.grad(expected.sum(), X)
    )


@pytest.mark.parametrize('argument', ['pool_size', 'stride', 'padding'])
def test_pool2d_refuses_three_numbers(argument):
    arguments = {'pool_size': 2, argument: (1, 2, 3)}
    with pytest.raises(ValueError, match=r'got \(1, 2, 3\)'):
        pool2d(rand(5, 5), **arguments)


@pytest.mark.parametrize('mode', ['max', 'avg'])
def test_gradient_of_pool2d(mode):
    assert gradcheck(lambda X: pool2d(X, (2, 3), mode, (1, 2), 1), (4, 5))


@pytest.mark.parametrize(
    'image, size, mode, padding, message',
    [
        ((4, 4), (2, 2), 'min', 0, "'max' or 'avg'.*'min'"),
        ((4, 4), (2, 3), 'max', 2, 'padding 2 is more than half'),
        ((4, 4), (3, 2), 'avg', 2, 'padding 2 is more than half'),
        ((4, 4), (5, 2), 'max', 0, 'does not fit'),
        ((4, 4), (2, 5), 'avg', 0, 'does not fit'),
        ((1, 4, 4), (2, 2), 'max', 0, r'\(1, 4, 4\)'),
    ],
)
def test_pool2d_refuses(image, size, mode, padding, message):
    with pytest.raises(ValueError, match=message):
        pool2d(rand(*image), size, mode, padding=padding)


@pytest.mark.parametrize(
    'layers',
    [  # kernel_size, stride, dilation
        [(3, 1, 1)],
        [(3, 1, 1)] * 3,
        [(5, 1, 1), (2, 2, 1)] * 2,
        [(7, 2, 1), (3, 2, 1), (1, 1, 1), (3, 3, 1)],
        [(2, 3, 1), (3, 1, 1)],
        [(3, 1, 2), (2, 2, 3), (3, 1, 4)],
    ],
)
def test_receptive_field_is_what_the_gradient_reaches(layers):
    size = receptive_field([(d * (k - 1) + 1, s) for k, s, d in layers])
    net = nn.Sequential(
        *[nn.Conv1d(1, 1, k, s, dilation=d) for k, s, d in layers]
    )
    for parameter in net.parameters():
        nn.init.ones_(parameter)
    X = torch.zeros(1, 1, size + 20, requires_grad=True)
    net(X)[0, 0, 0].backward()
    reached = X.grad[0, 0].nonzero().flatten().tolist()
    assert (reached[0], reached[-1]) == (0, size - 1)
    assert net(X[..., :size]).shape[2] == 1


def test_receptive_field_of_no_layers_is_one_pixel():
    assert receptive_field([]) == 1
