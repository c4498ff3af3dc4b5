"""d2lmini.numpy_cnn against PyTorch, its own loops, and differences."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from from_page import from_page
from torch import nn
from torch.nn import functional as F

from d2lmini import numpy_cnn as cnn
from d2lmini_compat import cs231n

PAGE = from_page('06_by_hand')
# X's shape, the filters' shape, stride, padding: odd sizes, rows left over,
# windows that overlap, touch, leave gaps, or fill the padded image
CONVS = [
    ((2, 3, 7, 5), (4, 3, 3, 3), 1, 1),
    ((1, 1, 5, 5), (1, 1, 3, 3), 1, 0),
    ((3, 2, 9, 8), (5, 2, 3, 2), 2, 0),
    ((2, 1, 6, 7), (2, 1, 1, 1), 3, 0),
    ((1, 2, 4, 3), (3, 2, 4, 3), 1, 0),
    ((2, 3, 3, 2), (2, 3, 5, 4), 1, 1),
    ((2, 2, 11, 10), (3, 2, 2, 5), 4, 3),
    ((1, 3, 8, 8), (2, 3, 1, 3), 2, 2),
]
POOLS = [
    ((2, 3, 6, 8), (2, 2), 2, 0),
    ((1, 1, 5, 5), (2, 2), 2, 0),
    ((2, 3, 7, 9), (3, 3), 2, 0),
    ((2, 2, 7, 5), (3, 2), 1, 1),
    ((1, 4, 9, 9), (2, 3), 4, 1),
    ((3, 1, 4, 5), (4, 5), 1, 0),
    ((2, 2, 5, 6), (1, 1), 1, 0),
    ((2, 2, 8, 7), (5, 4), 3, 2),
]
CONV_PAIRS = {
    'naive': (cnn.conv_forward_naive, cnn.conv_backward_naive),
    'fast': (cnn.conv_forward_fast, cnn.conv_backward_fast),
}
POOL_PAIRS = {
    'naive': (cnn.max_pool_forward_naive, cnn.max_pool_backward_naive),
    'fast': (cnn.max_pool_forward_fast, cnn.max_pool_backward_fast),
}
both_convs = pytest.mark.parametrize(
    'pair', CONV_PAIRS.values(), ids=CONV_PAIRS
)
both_pools = pytest.mark.parametrize(
    'pair', POOL_PAIRS.values(), ids=POOL_PAIRS
)


def random_convs(count, seed):
    """Draw shapes, strides and paddings of convolutions that fit."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        N, C, K, h, w, stride = rng.integers(1, 5, 6)
        padding = int(rng.integers(0, 3))
        H = int(rng.integers(max(1, h - 2 * padding), 10))
        W = int(rng.integers(max(1, w - 2 * padding), 10))
        yield (N, C, H, W), (K, C, h, w), int(stride), padding


def arrays(*shapes, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def oracle(f, inputs, dout):
    """Return f's output and its gradients by the inputs, from PyTorch."""
    inputs = [torch.tensor(a, requires_grad=True) for a in inputs]
    out = f(*inputs)
    grads = torch.autograd.grad(out, inputs, torch.as_tensor(dout(out.shape)))
    return [t.detach().numpy() for t in (out, *grads)]


def close(actual, wanted, tolerance=1e-12):
    assert len(actual) == len(wanted)
    for a, b in zip(actual, wanted):
        assert a.shape == b.shape and a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def run_conv(pair, X, w, b, stride, padding):
    """Return out, dX, dw, db of one of ours, and the same from PyTorch."""

    def dout(shape):
        return arrays(tuple(shape), dtype=X.dtype, seed=1)[0]

    out, cache = pair[0](X, w, b, stride, padding)
    ours = [out, *pair[1](dout(out.shape), cache)]
    return ours, oracle(
        lambda X, w, b: F.conv2d(X, w, b, stride, padding), [X, w, b], dout
    )


def run_pool(pair, X, size, stride, padding):
    def dout(shape):
        return arrays(tuple(shape), dtype=X.dtype, seed=1)[0]

    out, cache = pair[0](X, size, stride, padding)
    ours = [out, pair[1](dout(out.shape), cache)]
    return ours, oracle(
        lambda X: F.max_pool2d(X, size, stride, padding), [X], dout
    )


@both_convs
@pytest.mark.parametrize(
    'x_shape, w_shape, stride, padding', CONVS + list(random_convs(12, seed=0))
)
def test_conv_equals_pytorch(pair, x_shape, w_shape, stride, padding):
    X, w, b = arrays(x_shape, w_shape, w_shape[:1])
    close(*run_conv(pair, X, w, b, stride, padding))


@pytest.mark.parametrize(
    'x_shape, w_shape, stride, padding', list(random_convs(20, seed=1))
)
def test_conv_fast_equals_naive(x_shape, w_shape, stride, padding):
    X, w, b = arrays(x_shape, w_shape, w_shape[:1])
    ours = [
        run_conv(pair, X, w, b, stride, padding)[0]
        for pair in CONV_PAIRS.values()
    ]
    close(*ours)


@both_convs
def test_conv_keeps_float32(pair):
    X, w, b = arrays((2, 3, 7, 5), (4, 3, 3, 3), 4, dtype=np.float32)
    close(*run_conv(pair, X, w, b, 2, 1), tolerance=2e-5)


def test_conv_takes_arrays_that_are_not_contiguous():
    X, w, b = arrays((7, 5, 3, 2), (3, 3, 3, 4), 4)
    close(
        *run_conv(
            CONV_PAIRS['fast'],
            X.transpose(3, 2, 0, 1),
            w.transpose(3, 2, 0, 1),
            b,
            1,
            1,
        )
    )


def test_conv_leaves_out_the_input_gradient():
    X, w, b = arrays((2, 3, 7, 5), (4, 3, 3, 3), 4)
    out, cache = cnn.conv_forward_fast(X, w, b)
    dX, *grads = cnn.conv_backward_fast(out, cache, input_grad=False)
    assert dX is None
    close(grads, cnn.conv_backward_fast(out, cache)[1:])


@both_convs
@pytest.mark.parametrize('stride, padding', [(1, 0), (2, 1), (3, 2)])
def test_conv_gradients_numerically(pair, stride, padding):
    X, w, b = arrays((2, 2, 5, 4), (3, 2, 3, 2), 3)
    out, cache = pair[0](X, w, b, stride, padding)
    (dout,) = arrays(out.shape, seed=1)
    for x, grad in zip([X, w, b], pair[1](dout, cache)):
        numerical = cnn.numerical_gradient(
            lambda: (pair[0](X, w, b, stride, padding)[0] * dout).sum(), x
        )
        np.testing.assert_allclose(grad, numerical, rtol=1e-7, atol=1e-8)


def test_col2im_is_im2col_transposed():
    (X,) = arrays((2, 3, 9, 8))
    cols = cnn.im2col(X, (3, 2), 2)
    (other,) = arrays(cols.shape, seed=1)
    back = cnn.col2im(other, X.shape, (3, 2), 2)
    assert (cols * other).sum() == pytest.approx((X * back).sum(), rel=1e-12)


@pytest.mark.parametrize('padding', [0, 1, 3])
def test_unpad_undoes_pad(padding):
    (X,) = arrays((2, 3, 5, 4))
    padded = cnn.pad(X, padding)
    assert padded.shape == (2, 3, 5 + 2 * padding, 4 + 2 * padding)
    assert padded.sum() == pytest.approx(X.sum())
    np.testing.assert_array_equal(cnn.unpad(padded, padding), X)


@both_pools
@pytest.mark.parametrize('x_shape, size, stride, padding', POOLS)
@pytest.mark.parametrize('dtype', [np.float64, np.float32])
def test_pool_equals_pytorch(pair, x_shape, size, stride, padding, dtype):
    (X,) = arrays(x_shape, dtype=dtype)
    close(
        *run_pool(pair, X, size, stride, padding),
        tolerance=1e-12 if dtype == np.float64 else 1e-6,
    )


@both_pools
@pytest.mark.parametrize('x_shape, size, stride, padding', POOLS)
def test_pool_ties_go_where_pytorch_puts_them(
    pair, x_shape, size, stride, padding
):
    X = np.random.default_rng(2).integers(-1, 2, x_shape).astype(float)
    close(*run_pool(pair, X, size, stride, padding))
    close(*run_pool(pair, np.zeros(x_shape), size, stride, padding))


@both_pools
def test_nan_in_a_window_of_a_pool(pair):
    """As in PyTorch, the output is nan, and the gradient goes to the nan."""
    (X,) = arrays((2, 3, 7, 6))
    X[0, 1, 2, 3] = X[1, 0, 5, 0] = X[1, 2, 6, 5] = np.nan
    ours, wanted = run_pool(pair, X, (3, 2), 2, 1)
    assert 0 < np.isnan(wanted[0]).sum() < wanted[0].size
    close(ours, wanted)


@both_pools
def test_pool_gradient_numerically(pair):
    rng = np.random.default_rng(0)  # no two numbers nearer than 0.01
    X = rng.permutation(2 * 2 * 7 * 5).reshape(2, 2, 7, 5) * 0.01
    out, cache = pair[0](X, (3, 2), 2, 1)
    (dout,) = arrays(out.shape)
    numerical = cnn.numerical_gradient(
        lambda: (pair[0](X, (3, 2), 2, 1)[0] * dout).sum(), X
    )
    np.testing.assert_allclose(
        pair[1](dout, cache), numerical, rtol=1e-7, atol=1e-8
    )


def test_pool_does_not_change_its_input():
    (X,) = arrays((2, 3, 6, 6))
    before = X.copy()
    out, cache = cnn.max_pool_forward_fast(X, (2, 2), 2)
    dout = out.copy()
    cnn.max_pool_backward_fast(dout, cache)
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(dout, out)


@both_convs
@pytest.mark.parametrize(
    'shapes, stride, padding, message',
    [
        (((3, 7, 5), (4, 3, 3, 3), 4), 1, 0, r'\(3, 7, 5\)'),
        (((2, 3, 7, 5), (4, 2, 3, 3), 4), 1, 0, r'7, 5\), \(4, 2,'),
        (((2, 3, 7, 5), (4, 3, 3, 3), 3), 1, 0, r'3\) and \(3,\)'),
        (((2, 3, 7, 5), (4, 3, 3, 6), 4), 1, 0, '3 x 6 .* 7 x 5 .*padding 0'),
        (
            ((2, 3, 7, 5), (4, 3, 10, 3), 4),
            2,
            1,
            '10 x 3 .* 7 x 5 .*padding 1',
        ),
        (((2, 3, 7, 5), (4, 3, 3, 3), 4), 0, 0, 'stride 0'),
        (((2, 3, 7, 5), (4, 3, 3, 3), 4), 1, -1, 'padding -1'),
        (((2, 3, 7, 5), (4, 3, 0, 3), 4), 1, 0, r'window \(0, 3\)'),
    ],
)
def test_conv_says_what_does_not_fit(pair, shapes, stride, padding, message):
    with pytest.raises(ValueError, match=message):
        pair[0](*arrays(*shapes), stride, padding)


@both_convs
def test_conv_wants_one_dtype(pair):
    X, w, b = arrays((2, 3, 7, 5), (4, 3, 3, 3), 4)
    with pytest.raises(ValueError, match='X float64, w float32, b float64'):
        pair[0](X, w.astype(np.float32), b)


@both_convs
def test_conv_backward_wants_the_outputs_shape(pair):
    X, w, b = arrays((2, 3, 7, 5), (4, 3, 3, 3), 4)
    _, cache = pair[0](X, w, b, 1, 1)
    with pytest.raises(ValueError, match=r'\(2, 4, 7, 5\), got \(2, 4, 5, 3'):
        pair[1](np.zeros((2, 4, 5, 3)), cache)


@both_pools
@pytest.mark.parametrize(
    'shape, size, stride, padding, message',
    [
        ((3, 6, 6), (2, 2), 2, 0, r'\(3, 6, 6\)'),
        ((1, 3, 6, 6), (7, 2), 2, 0, '7 x 2 .* 6 x 6'),
        ((1, 3, 6, 6), (2, 2), 0, 0, 'stride 0'),
        ((1, 3, 6, 6), (2, 3), 2, 2, 'padding 2 is more than half .* 2 x 3'),
    ],
)
def test_pool_says_what_does_not_fit(
    pair, shape, size, stride, padding, message
):
    with pytest.raises(ValueError, match=message):
        pair[0](np.zeros(shape), size, stride, padding)


@both_pools
def test_pool_backward_wants_the_outputs_shape(pair):
    _, cache = pair[0](np.zeros((1, 3, 6, 6)), (2, 2), 2)
    with pytest.raises(ValueError, match=r'\(1, 3, 3, 3\), got \(1, 3, 6, 6'):
        pair[1](np.zeros((1, 3, 6, 6)), cache)


@pytest.mark.parametrize('dtype', [np.float64, np.float32])
def test_affine_and_relu_equal_pytorch(dtype):
    X, w, b, dout = arrays((3, 2, 5), (4, 10), 4, (3, 4), dtype=dtype)
    out, cache = cnn.affine_forward(X, w, b)
    out, relu_cache = cnn.relu_forward(out)
    grads = cnn.affine_backward(cnn.relu_backward(dout, relu_cache), cache)
    close(
        [out, *grads],
        oracle(
            lambda X, w, b: F.linear(X.flatten(1), w, b).relu(),
            [X, w, b],
            lambda _: dout,
        ),
        tolerance=1e-12 if dtype == np.float64 else 1e-5,
    )


@pytest.mark.parametrize(
    'shapes, message',
    [
        (((3, 2, 5), (4, 9), 4), r'10 numbers.*\(4, 9\)'),
        (((3, 10), (4, 10), 3), r'\(4, 10\) and \(3,\)'),
    ],
)
def test_affine_says_what_does_not_fit(shapes, message):
    with pytest.raises(ValueError, match=message):
        cnn.affine_forward(*arrays(*shapes))


def test_affine_and_relu_backward_want_the_outputs_shape():
    X, w, b = arrays((3, 10), (4, 10), 4)
    out, cache = cnn.affine_forward(X, w, b)
    with pytest.raises(ValueError, match=r'\(3, 4\), got \(3, 10\)'):
        cnn.affine_backward(X, cache)
    with pytest.raises(ValueError, match=r'\(3, 4\), got \(3, 10\)'):
        cnn.relu_backward(X, cnn.relu_forward(out)[1])


def batch_norm_oracle(X, gamma, beta, dout, param):
    """Return out, gradients and running statistics, from PyTorch.

    PyTorch's momentum is the other share, and its running variance is the
    unbiased one, which the factor (n - 1) / n undoes.
    """
    mean, var = (
        torch.tensor(param[k]) for k in ('running_mean', 'running_var')
    )
    n, old, train = X.size // len(gamma), var.clone(), param['mode'] == 'train'
    keep = param.get('momentum', 0.9)
    found = oracle(
        lambda X, g, b: F.batch_norm(
            X, mean, var, g, b, train, 1 - keep, param.get('eps', 1e-5)
        ),
        [X, gamma, beta],
        lambda _: dout,
    )
    if train:
        var = keep * old + (var - keep * old) * (n - 1) / n
    return found, [mean.numpy(), var.numpy()]


@pytest.mark.parametrize(
    'dtype, bound', [(np.float64, 1e-12), (np.float32, 2e-5)]
)
@pytest.mark.parametrize('mode', ['train', 'test'])
@pytest.mark.parametrize('shape', [(7, 3), (2, 1), (2, 3, 5, 4), (1, 2, 1, 3)])
def test_batch_norm_equals_pytorch(shape, mode, dtype, bound):
    forward, backward = {
        2: (cs231n.batchnorm_forward, cs231n.batchnorm_backward),
        4: (
            cs231n.spatial_batchnorm_forward,
            cs231n.spatial_batchnorm_backward,
        ),
    }[len(shape)]
    C = shape[1]
    X, gamma, beta, dout, mean, var = arrays(
        shape, C, C, shape, C, C, dtype=dtype
    )
    param = {
        'mode': mode,
        'momentum': 0.8,
        'eps': 1e-3,
        'running_mean': mean,
        'running_var': var**2,
    }
    wanted, statistics = batch_norm_oracle(X, gamma, beta, dout, param)
    out, cache = forward(X, gamma, beta, param)
    close([out, *backward(dout, cache)], wanted, bound)
    close([param['running_mean'], param['running_var']], statistics, bound)


@pytest.mark.parametrize('mode', ['train', 'test'])
def test_batch_norm_gradients_numerically(mode):
    X, gamma, beta, dout = arrays((5, 3), 3, 3, (5, 3))
    param = {'mode': mode, 'running_mean': beta + 1, 'running_var': gamma**2}
    _, cache = cs231n.batchnorm_forward(X, gamma, beta, dict(param))
    for x, grad in zip(
        [X, gamma, beta], cs231n.batchnorm_backward(dout, cache)
    ):
        numerical = cnn.numerical_gradient(
            lambda: (
                cs231n.batchnorm_forward(X, gamma, beta, dict(param))[0] * dout
            ).sum(),
            x,
        )
        np.testing.assert_allclose(grad, numerical, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(
    'shapes, param, message',
    [
        (((2, 3, 4, 3), 3, 3), {'mode': 'train'}, r'\(N, D\).*\(2, 3, 4, 3\)'),
        (((4, 3), 2, 2), {'mode': 'train'}, r'\(4, 3\), \(2,\) and \(2,\)'),
        (((4, 3), 3, 3), {'mode': 'eval'}, "'train' or 'test', got 'eval'"),
    ],
)
def test_batch_norm_says_what_does_not_fit(shapes, param, message):
    with pytest.raises(ValueError, match=message):
        cs231n.batchnorm_forward(*arrays(*shapes), param)


@pytest.mark.parametrize('dtype', [np.float64, np.float32])
def test_dropout_equals_pytorch_with_the_same_mask(dtype):
    X, dout = arrays((40, 3, 5), (40, 3, 5), dtype=dtype)
    out, cache = cs231n.dropout_forward(
        X, {'mode': 'train', 'p': 0.8, 'seed': 1}
    )
    kept = out != 0
    assert 0.75 < kept.mean() < 0.85  # of 600: within three deviations
    close(
        [out, cs231n.dropout_backward(dout, cache)],
        oracle(lambda X: X * torch.tensor(kept) / 0.8, [X], lambda _: dout),
        1e-6,
    )
    again = cs231n.dropout_forward(X, {'mode': 'train', 'p': 0.8, 'seed': 1})[
        0
    ]
    other = cs231n.dropout_forward(X, {'mode': 'train', 'p': 0.8})[0]
    assert np.array_equal(out, again) and not np.array_equal(out, other)


def test_dropout_does_nothing_in_test_mode_and_refuses_bad_arguments():
    X, dout = arrays((4, 5), (4, 5))
    out, cache = cs231n.dropout_forward(X, {'mode': 'test', 'p': 0.3})
    close([out, cs231n.dropout_backward(dout, cache)], [X, dout])
    for param, message in [
        ({'mode': 'train', 'p': 0}, 'got 0'),
        ({'mode': 'train', 'p': 1.5}, 'got 1.5'),
        ({'mode': None, 'p': 0.5}, 'got None'),
    ]:
        with pytest.raises(ValueError, match=message):
            cs231n.dropout_forward(X, param)
    with pytest.raises(ValueError, match=r'\(4, 5\), got \(5, 4\)'):
        cs231n.dropout_backward(dout.T, cache)


@pytest.mark.parametrize('scale', [1, 1000])
def test_softmax_loss_equals_pytorch(scale):
    scores, y = arrays((6, 10))[0] * scale, np.array([0, 9, 3, 3, 5, 1])
    loss, dscores = cnn.softmax_loss(scores, y)
    wanted = oracle(
        lambda s: F.cross_entropy(s, torch.tensor(y)),
        [scores],
        lambda _: torch.tensor(1.0, dtype=torch.float64),
    )
    close([np.asarray(loss), dscores], wanted)


def test_softmax_loss_says_what_does_not_fit():
    with pytest.raises(ValueError, match=r'\(4, 10\) and \(3,\)'):
        cnn.softmax_loss(np.zeros((4, 10)), np.zeros(3, int))


def test_numerical_gradient_restores_x_and_wants_float64():
    (x,) = arrays((2, 3))
    before = x.copy()
    grad = cnn.numerical_gradient(lambda: (x**2).sum(), x)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_allclose(grad, 2 * x, rtol=1e-8)
    with pytest.raises(ValueError, match='float64, got float32'):
        cnn.numerical_gradient(lambda: 0, x.astype(np.float32))


def small_net(**options):
    """Return a net whose gradients are none of them tiny, images, labels."""
    net = cnn.ThreeLayerConvNet(
        (3, 9, 8),
        num_filters=4,
        filter_size=3,
        hidden_dim=7,
        dtype=np.float64,
        **options,
    )
    net.params['W3'] *= 100
    rng = np.random.default_rng(3)
    for name in ['b1', 'b2', 'b3']:
        net.params[name] += 0.1 * rng.standard_normal(net.params[name].shape)
    return net, rng.standard_normal((4, 3, 9, 8)), rng.integers(0, 10, 4)


def as_module(net):
    """Return the same network as a torch.nn.Module, with equal weights."""
    filters, C, k, _ = net.params['W1'].shape
    M, D = net.params['W2'].shape
    module = nn.Sequential(
        nn.Conv2d(C, filters, k, padding=k // 2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(D, M),
        nn.ReLU(),
        nn.Linear(M, len(net.params['W3'])),
    )
    for p, array in zip(module.parameters(), net.params.values()):
        p.data = torch.tensor(array)
    return module


def test_net_gradients_numerically():
    net, X, y = small_net(reg=0.1)
    _, grads = net.loss(X, y)
    assert list(grads) == list(net.params)
    for name, p in net.params.items():
        numerical = cnn.numerical_gradient(lambda: net.loss(X, y)[0], p)
        assert cnn.relative_error(grads[name], numerical) < 1e-8, name
        np.testing.assert_allclose(
            grads[name], numerical, rtol=1e-7, atol=1e-9
        )


def test_net_equals_pytorch_for_twenty_steps():
    net, X, y = small_net(reg=0.01)
    module, targets = as_module(net), torch.tensor(y)
    weights = [p for p in module.parameters() if p.ndim > 1]
    biases = [p for p in module.parameters() if p.ndim == 1]
    optimizer = torch.optim.SGD(
        [dict(params=weights, weight_decay=0.01), dict(params=biases)],
        lr=0.1,
        momentum=0.9,
    )
    sgd = PAGE['SGD'](net.params, lr=0.1, momentum=0.9)
    for _ in range(20):
        loss, grads = net.loss(X, y)
        optimizer.zero_grad()
        wanted = F.cross_entropy(module(torch.tensor(X)), targets)
        wanted.backward()
        wanted = wanted + 0.005 * sum((w**2).sum() for w in weights)
        assert loss == pytest.approx(wanted.item(), rel=1e-9)
        for (name, grad), p in zip(grads.items(), module.parameters()):
            decay = 0.01 * net.params[name] if p.ndim > 1 else 0
            np.testing.assert_allclose(
                grad - decay, p.grad, rtol=1e-6, atol=1e-9
            )
        sgd.step(grads)
        optimizer.step()


def test_net_starts_at_ln_10_and_learns_by_heart():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 3, 12, 12)).astype(np.float32)
    y = rng.integers(0, 10, 50)
    net = cnn.ThreeLayerConvNet(
        (3, 12, 12), num_filters=8, filter_size=5, hidden_dim=32
    )
    loss, grads = net.loss(X, y)
    assert loss == pytest.approx(np.log(10), abs=0.01)
    sgd = PAGE['SGD'](net.params, lr=0.05)
    for _ in range(60):
        sgd.step(net.loss(X, y)[1])
    assert (net.predict(X) == y).all()
    assert {p.dtype for p in net.params.values()} == {np.dtype(np.float32)}
    assert {g.dtype for g in grads.values()} == {np.dtype(np.float32)}


def test_reg_is_on_weights_only():
    net, X, y = small_net()
    plain, grads = net.loss(X, y)
    net.reg = 0.5
    loss, decayed = net.loss(X, y)
    squares = sum((net.params[k] ** 2).sum() for k in ['W1', 'W2', 'W3'])
    assert loss - plain == pytest.approx(0.25 * squares)
    for name, p in net.params.items():
        np.testing.assert_allclose(
            decayed[name] - grads[name],
            0.5 * p if name[0] == 'W' else 0 * p,
            atol=1e-12,
        )


def test_net_refuses_an_even_kernel():
    with pytest.raises(ValueError, match='odd, got 4'):
        cnn.ThreeLayerConvNet(filter_size=4)


def test_numpy_cnn_needs_no_pytorch():
    code = (
        'import sys, d2lmini.numpy_cnn; '
        'assert "torch" not in sys.modules; print("alone")'
    )
    done = subprocess.run(
        [sys.executable, '-c', code], text=True, capture_output=True
    )
    assert done.stdout == 'alone\n', done.stderr


def test_recorded_speed():
    """What chapter 6 says of the stored results, and what was aimed at."""
    path = Path(__file__).parent.parent / 'benchmarks/results/numpy_cnn.json'
    convs = [
        r['ratios']
        for r in json.loads(path.read_text())['results']
        if r['layer'] == 'conv'
    ]
    assert len(convs) == 8
    assert max(t['fast / torch'] for r in convs for t in r.values()) < 3
    for r in convs[0], convs[4]:  # CS231n's size, float64 and float32
        assert r['forward']['loops / fast'] > 500
        assert r['backward']['loops / fast'] > 300
