"""Programs as students of Stanford's CS231n write them, on d2lmini.numpy_cnn.

The assignments' functions are called by the assignments' arguments; the code
is our own. PyTorch and difference quotients judge.
"""

import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from d2lmini import numpy_cnn
from d2lmini.numpy_cnn import (
    ThreeLayerConvNet,
    affine_backward,
    affine_forward,
    batchnorm_backward,
    batchnorm_forward,
    conv_backward_fast,
    conv_backward_naive,
    conv_forward_fast,
    conv_forward_naive,
    dropout_backward,
    dropout_forward,
    max_pool_backward_fast,
    max_pool_backward_naive,
    max_pool_forward_fast,
    max_pool_forward_naive,
    numerical_gradient,
    relative_error,
    relu_backward,
    relu_forward,
    softmax_loss,
    spatial_batchnorm_backward,
    spatial_batchnorm_forward,
)
from d2lmini_compat import NAMES, cs231n

LAYERS = {
    'naive': (
        conv_forward_naive,
        conv_backward_naive,
        max_pool_forward_naive,
        max_pool_backward_naive,
    ),
    'fast': (
        conv_forward_fast,
        conv_backward_fast,
        max_pool_forward_fast,
        max_pool_backward_fast,
    ),
}


@pytest.fixture(autouse=True)
def seed():
    np.random.seed(231)


@pytest.mark.parametrize('kind', LAYERS)
@pytest.mark.parametrize('stride, pad', [(1, 1), (2, 1), (3, 0), (2, 3)])
def test_convolution_with_a_dictionary(kind, stride, pad):
    forward, backward, _, _ = LAYERS[kind]
    x, w = np.random.randn(2, 3, 8, 7), np.random.randn(4, 3, 3, 4)
    b, conv_param = np.random.randn(4), {'stride': stride, 'pad': pad}
    out, cache = forward(x, w, b, conv_param)
    dout = np.random.randn(*out.shape)
    dx, dw, db = backward(dout, cache)
    inputs = [torch.tensor(a, requires_grad=True) for a in (x, w, b)]
    wanted = F.conv2d(*inputs, stride, pad)
    assert relative_error(out, wanted.detach().numpy()) < 1e-12
    for ours, theirs in zip(
        (dx, dw, db), torch.autograd.grad(wanted, inputs, torch.tensor(dout))
    ):
        assert relative_error(ours, theirs.numpy()) < 1e-12


@pytest.mark.parametrize('kind', LAYERS)
@pytest.mark.parametrize('height, width, stride', [(2, 2, 2), (3, 2, 1)])
def test_pooling_with_a_dictionary(kind, height, width, stride):
    _, _, forward, backward = LAYERS[kind]
    x = np.random.randn(2, 3, 8, 7)
    param = {'pool_height': height, 'pool_width': width, 'stride': stride}
    out, cache = forward(x, param)
    dout = np.random.randn(*out.shape)
    t = torch.tensor(x, requires_grad=True)
    wanted = F.max_pool2d(t, (height, width), stride)
    assert np.array_equal(out, wanted.detach())
    (grad,) = torch.autograd.grad(wanted, t, torch.tensor(dout))
    assert relative_error(backward(dout, cache), grad.numpy()) < 1e-12


@pytest.mark.parametrize(
    'param',
    [
        {'stride': 1},
        {'pad': 1},
        {'stride': 1, 'padding': 1},
        {},
        {'stride': 1, 'pad': 0, 'dilation': 2},
    ],
)
def test_a_dictionary_with_other_keys_is_refused(param):
    x, w, b = np.ones((1, 1, 4, 4)), np.ones((1, 1, 3, 3)), np.ones(1)
    for forward in (conv_forward_naive, conv_forward_fast):
        with pytest.raises(ValueError, match="'pad': 0.*got") as error:
            forward(x, w, b, param)
        assert str(param) in str(error.value)
        with pytest.raises(TypeError):  # a dictionary of the other layer
            forward(x, w, b, {'pool_height': 2, 'pool_width': 2, 'stride': 2})


def test_all_names_can_be_had_from_either_module():
    """And an import of all brings them, whichever module comes first."""
    names = {}
    exec('from d2lmini.numpy_cnn import *', names)
    for name in cs231n.__all__:
        assert names[name] is getattr(cs231n, name)
        assert getattr(numpy_cnn, name) is names[name]
    for first, second in [(numpy_cnn, cs231n), (cs231n, numpy_cnn)]:
        code = (
            f'import {first.__name__}, {second.__name__}\n'
            'from d2lmini.numpy_cnn import *\nprint(dropout_forward)'
        )
        done = subprocess.run(
            [sys.executable, '-c', code], text=True, capture_output=True
        )
        assert 'function dropout_forward' in done.stdout, done.stderr


@pytest.mark.parametrize('name', ['svm_loss', '__path__', 'from_param'])
def test_an_unknown_name_is_an_attribute_error(name):
    with pytest.raises(
        AttributeError, match=f'd2lmini.numpy_cnn has no {name}'
    ):
        getattr(numpy_cnn, name)


@pytest.mark.parametrize('module', [numpy_cnn, cs231n])
@pytest.mark.parametrize('name', sorted(NAMES['cs231n']))
def test_a_missing_name_says_what_to_use(module, name):
    """And what it says to use is there."""
    with pytest.raises(AttributeError, match=f'has no {name}; use ') as error:
        getattr(module, name)
    used = re.findall(r'\w+_(?:\w+_)*\w+', str(error.value).split('; use')[1])
    assert used or 'SGD(params, lr)' in str(error.value)
    for other in used:
        assert callable(getattr(numpy_cnn, other))


def test_what_the_advice_on_gradients_says_is_so():
    """That for eval_numerical_gradient_array, word for word."""
    x, dout = np.random.randn(3, 4), np.random.randn(3, 4)
    forward = np.tanh
    advice = NAMES['cs231n']['eval_numerical_gradient_array']
    code, f = re.fullmatch(r'(.*), with f = (.*)', advice).groups()
    names = {'numerical_gradient': numerical_gradient, 'x': x, 'dout': dout}
    names['forward'] = forward
    names['f'] = eval(f, names)
    wanted = dout * (1 - np.tanh(x) ** 2)
    assert relative_error(eval(code, names), wanted) < 1e-8


def net_and_data(**options):
    net = ThreeLayerConvNet(
        input_dim=(2, 8, 6),
        num_filters=3,
        filter_size=3,
        hidden_dim=5,
        num_classes=4,
        weight_scale=0.1,
        dtype=np.float64,
        **options,
    )
    return net, np.random.randn(6, 2, 8, 6), np.random.randint(4, size=6)


def test_the_first_loss_and_what_regularization_adds():
    net = ThreeLayerConvNet()
    X, y = np.random.randn(20, 3, 32, 32), np.random.randint(10, size=20)
    loss, grads = net.loss(X, y)  # float64 images, float32 weights
    assert loss == pytest.approx(np.log(10), abs=0.01)
    assert sorted(grads) == ['W1', 'W2', 'W3', 'b1', 'b2', 'b3']
    net.reg = 0.5
    assert net.loss(X, y)[0] > loss + 1
    shapes = [net.params[f'W{i}'].shape for i in (1, 2, 3)]
    assert shapes == [(32, 3, 7, 7), (100, 32 * 16 * 16), (10, 100)]
    assert all(p.dtype == np.float32 for p in net.params.values())


def test_loss_without_labels_gives_the_scores():
    net, X, y = net_and_data(reg=0.3)
    scores = net.loss(X)
    assert scores.shape == (6, 4)
    assert np.array_equal(net.predict(X), scores.argmax(axis=1))
    data_loss, _ = softmax_loss(scores, y)
    weights = sum((net.params[f'W{i}'] ** 2).sum() for i in (1, 2, 3))
    assert net.loss(X, y)[0] == pytest.approx(data_loss + 0.15 * weights)


def test_weight_scale_is_the_standard_deviation_of_all_weights():
    net = ThreeLayerConvNet(weight_scale=1e-2, num_classes=100)
    for name, p in net.params.items():
        if name[0] == 'W':
            assert p.std() == pytest.approx(1e-2, rel=0.05)
        else:
            assert not p.any()


def test_gradients_of_the_net():
    net, X, y = net_and_data(reg=0.2)
    for name, grad in net.loss(X, y)[1].items():
        numerical = numerical_gradient(
            lambda: net.loss(X, y)[0], net.params[name]
        )
        assert relative_error(grad, numerical) < 1e-6, name


def test_a_net_with_batch_norm_and_dropout_by_hand():
    """conv, spatial batch norm, relu, pool, affine, norm, dropout, softmax."""
    x, w1 = np.random.randn(4, 2, 6, 6), np.random.randn(3, 2, 3, 3)
    w2, y = np.random.randn(5, 27), np.array([0, 4, 2, 2])
    g1, b1, g2, b2 = (np.random.randn(n) for n in (3, 3, 5, 5))
    conv_param = {'stride': 1, 'pad': 1}
    pool_param = {'pool_height': 2, 'pool_width': 2, 'stride': 2}
    drop_param = {'mode': 'train', 'p': 0.6, 'seed': 3}

    def loss_and_gradients():
        out, c1 = conv_forward_fast(x, w1, np.zeros(3), conv_param)
        out, c2 = spatial_batchnorm_forward(out, g1, b1, {'mode': 'train'})
        out, c3 = relu_forward(out)
        out, c4 = max_pool_forward_fast(out, pool_param)
        out, c5 = affine_forward(out, w2, np.zeros(5))
        out, c6 = batchnorm_forward(out, g2, b2, {'mode': 'train'})
        out, c7 = dropout_forward(out, drop_param)
        loss, d = softmax_loss(out, y)
        d, dg2, db2 = batchnorm_backward(dropout_backward(d, c7), c6)
        d, dw2, _ = affine_backward(d, c5)
        d = relu_backward(max_pool_backward_fast(d, c4), c3)
        d, dg1, db1 = spatial_batchnorm_backward(d, c2)
        dx, dw1, _ = conv_backward_fast(d, c1)
        return loss, [dx, dw1, dg1, db1, dw2, dg2, db2]

    for array, grad in zip(
        [x, w1, g1, b1, w2, g2, b2], loss_and_gradients()[1]
    ):
        numerical = numerical_gradient(lambda: loss_and_gradients()[0], array)
        np.testing.assert_allclose(grad, numerical, rtol=1e-6, atol=1e-9)


def test_running_statistics_follow_the_minibatches():
    param, gamma, beta = {'mode': 'train'}, np.ones(3), np.zeros(3)
    for _ in range(60):
        batchnorm_forward(np.random.randn(200, 3) * 2 + 5, gamma, beta, param)
    param['mode'] = 'test'
    out, _ = batchnorm_forward(
        np.random.randn(500, 3) * 2 + 5, gamma, beta, param
    )
    assert abs(out.mean()) < 0.1 and abs(out.std() - 1) < 0.1
