"""Layers of CS231n's assignments that no page of this book builds.

Batch norm and dropout, forward and backward, with the assignments' names and
dictionaries; and what the functions of d2lmini.numpy_cnn, which have those
names too, make of the dictionaries of convolution and pooling. All of it can
be imported from either module.
"""

import numpy as np

from d2lmini.numpy_cnn import (
    ThreeLayerConvNet,
    affine_backward,
    affine_forward,
    check_dout,
    col2im,
    conv_backward_fast,
    conv_backward_naive,
    conv_forward_fast,
    conv_forward_naive,
    im2col,
    max_pool_backward_fast,
    max_pool_backward_naive,
    max_pool_forward_fast,
    max_pool_forward_naive,
    numerical_gradient,
    relative_error,
    relu_backward,
    relu_forward,
    softmax_loss,
)
from d2lmini_compat import NAMES

__all__ = [  # what `from d2lmini.numpy_cnn import *` gives
    'affine_backward',
    'affine_forward',
    'batchnorm_backward',
    'batchnorm_forward',
    'col2im',
    'conv_backward_fast',
    'conv_backward_naive',
    'conv_forward_fast',
    'conv_forward_naive',
    'dropout_backward',
    'dropout_forward',
    'im2col',
    'max_pool_backward_fast',
    'max_pool_backward_naive',
    'max_pool_forward_fast',
    'max_pool_forward_naive',
    'numerical_gradient',
    'relative_error',
    'relu_backward',
    'relu_forward',
    'softmax_loss',
    'spatial_batchnorm_backward',
    'spatial_batchnorm_forward',
    'ThreeLayerConvNet',
]


def offer(name):
    """Return what numpy_cnn has by a name from here.

    Raises:
        AttributeError: If there is none. It says what to use instead, if
            there is such a thing.
    """
    if name not in ('__all__', *__all__):
        use = NAMES['cs231n'].get(name)
        raise AttributeError(
            f'd2lmini.numpy_cnn has no {name}'
            + (f'; use {use}' if use else ''),
            name=name,
        )
    return globals()[name]


def __getattr__(name):  # one that is not here
    return offer(name)


def from_param(param):
    """Turn CS231n's dictionary into the settings of a layer.

    Args:
        param: Of a convolution, {'stride': 1, 'pad': 0}, or of a pooling,
            {'pool_height': 2, 'pool_width': 2, 'stride': 2}.

    Returns:
        A dictionary by the names of our arguments.

    Raises:
        ValueError: If the dictionary has other keys.
    """
    if set(param) == {'stride', 'pad'}:
        return {'stride': param['stride'], 'padding': param['pad']}
    if set(param) == {'pool_height', 'pool_width', 'stride'}:
        return {
            'pool_size': (param['pool_height'], param['pool_width']),
            'stride': param['stride'],
        }
    raise ValueError(
        "wanted {'stride': 1, 'pad': 0} or {'pool_height': 2, "
        f"'pool_width': 2, 'stride': 2}}, got {param}"
    )


def batchnorm_forward(X, gamma, beta, bn_param):
    """Normalize each column of a minibatch, then scale and shift it.

    Args:
        X: Minibatch of shape (N, D).
        gamma: Scale, of shape (D,).
        beta: Shift, of shape (D,).
        bn_param: A dictionary: 'mode', 'train' or 'test'; 'eps', 1e-5 if
            left out; 'momentum', the share that the running statistics keep,
            0.9 if left out; 'running_mean' and 'running_var', of shape (D,),
            0 if left out, which training replaces.

    Returns:
        out, of shape (N, D), and a cache.

    Raises:
        ValueError: If the shapes do not fit or the mode is another.
    """
    if X.ndim != 2 or gamma.shape != X.shape[1:] or beta.shape != gamma.shape:
        raise ValueError(
            'X must be (N, D), gamma and beta (D,), got '
            f'{X.shape}, {gamma.shape} and {beta.shape}'
        )
    train, keep = training(bn_param), bn_param.get('momentum', 0.9)
    mean = bn_param.setdefault('running_mean', np.zeros_like(gamma))
    var = bn_param.setdefault('running_var', np.zeros_like(gamma))
    if train:
        bn_param['running_mean'] = keep * mean + (1 - keep) * X.mean(axis=0)
        bn_param['running_var'] = keep * var + (1 - keep) * X.var(axis=0)
        mean, var = X.mean(axis=0), X.var(axis=0)
    scale = 1 / np.sqrt(var + bn_param.get('eps', 1e-5))
    X_hat = (X - mean) * scale
    return gamma * X_hat + beta, (X_hat, gamma * scale, train)


def batchnorm_backward(dout, cache):
    """Return the gradients dX, dgamma, dbeta of batch norm. dout: (N, D)."""
    X_hat, scale, train = cache
    check_dout(dout, X_hat.shape)
    dgamma, dbeta = (dout * X_hat).sum(axis=0), dout.sum(axis=0)
    if train:  # mean and variance depend on X too
        dout = dout - (dbeta + X_hat * dgamma) / len(dout)
    return scale * dout, dgamma, dbeta


def spatial_batchnorm_forward(X, gamma, beta, bn_param):
    """Do batchnorm_forward for each channel of images X, (N, C, H, W)."""
    rows = X.transpose(0, 2, 3, 1)  # (N, H, W, C): each pixel is an example
    out, cache = batchnorm_forward(
        rows.reshape(-1, X.shape[1]), gamma, beta, bn_param
    )
    return out.reshape(rows.shape).transpose(0, 3, 1, 2), cache


def spatial_batchnorm_backward(dout, cache):
    """Return dX, dgamma, dbeta of batch norm of images. dout: (N, C, H, W)."""
    rows = dout.transpose(0, 2, 3, 1)
    dX, dgamma, dbeta = batchnorm_backward(
        rows.reshape(-1, dout.shape[1]), cache
    )
    return dX.reshape(rows.shape).transpose(0, 3, 1, 2), dgamma, dbeta


def dropout_forward(X, dropout_param):
    """Set random numbers of X to 0 in training, and scale up the others.

    Args:
        X: An array of any shape.
        dropout_param: A dictionary: 'mode', 'train' or 'test'; 'p', the share
            that is kept, above 0 and at most 1; 'seed', if it shall repeat.

    Returns:
        out, shaped like X, and a cache.

    Raises:
        ValueError: If the mode is another or p is out of range.
    """
    p = dropout_param['p']
    if not 0 < p <= 1:
        raise ValueError(f'p, the share kept, must be in (0, 1], got {p}')
    mask = np.ones_like(X)
    if training(dropout_param):
        rng = np.random.default_rng(dropout_param.get('seed'))
        mask = ((rng.random(X.shape) < p) / p).astype(X.dtype)
    return X * mask, mask


def dropout_backward(dout, cache):
    """Return dX: dout times the mask that the forward pass drew."""
    check_dout(dout, cache.shape)
    return dout * cache


def training(param):
    """Tell whether a dictionary's mode is 'train', ValueError if neither."""
    if param['mode'] not in ('train', 'test'):
        raise ValueError(
            f"mode must be 'train' or 'test', got {param['mode']!r}"
        )
    return param['mode'] == 'train'
