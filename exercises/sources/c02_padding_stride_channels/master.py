# %% [markdown]
# # Exercises 2: padding, stride and channels
#
# Write your answer where a cell says `raise NotImplementedError`, run it, and run the check below it. The check says what is wrong, shows
# the smallest input that proves it, and gives a hint; a second try brings a second hint. `hint('02.pad2d')` gives one without a try.
#
# These questions belong to [Padding, stride and channels](../chapters/02_padding_stride_channels.ipynb). Stars say how hard a question is, from ★☆☆ to ★★★.

# %% tags=["setup"]
pass

# %%
import torch
from torch import nn
from torch.nn import functional as F

from d2lmini.check import check, hint, progress
from d2lmini.ops import corr2d
from d2lmini.utils import set_seed

set_seed(0)

# %% [markdown]
# ## 1. Predict six shapes ★☆☆, 10 minutes
#
# Section: [Stride, dilation and the output size](../chapters/02_padding_stride_channels.ipynb)
#
# A minibatch of one color image, (1, 3, 32, 20), goes into each of six layers. Predict the shapes of the outputs, with paper and
# pencil, and return them as a tuple of six tuples:
#
# 1. `nn.Conv2d(3, 8, 5)`
# 2. `nn.Conv2d(3, 8, 3, padding=1)`
# 3. `nn.Conv2d(3, 16, 3, stride=2)`
# 4. `nn.Conv2d(3, 4, 3, dilation=2)`
# 5. `nn.Conv2d(3, 6, 1, groups=3)`
# 6. `nn.ConvTranspose2d(3, 2, 4, stride=2)`
#
# By hand: `nn.Conv2d(3, 5, 2)` gives (1, 5, 31, 19), since a kernel of 2 has 31 places among 32 rows and 19 among 20 columns. The check
# does not tell the right shape, only which prediction is wrong and, if it can, why.

# %%
def shapes():
    """Return the six shapes, each a tuple (N, C, H, W)."""
    # BEGIN SOLUTION
    return ((1, 8, 28, 16), (1, 8, 32, 20), (1, 16, 15, 9), (1, 4, 28, 16),
            (1, 6, 32, 20), (1, 2, 66, 42))
    # END SOLUTION


# %%
check('02.shapes', shapes)

# %% [markdown]
# ## 2. The output size ★☆☆, 10 minutes
#
# Section: [Stride, dilation and the output size](../chapters/02_padding_stride_channels.ipynb)
#
# Give the output size of a convolution along one axis, for an input of `n` pixels, as an `int`. The padding stands on each side. Raise
# `ValueError` if the kernel does not fit into the padded input.
#
# By hand: n = 7, kernel 3, stride 2, padding 1. Padded there are 9 pixels; the kernel can start at 0, 2, 4 and 6: 4 places.

# %%
def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    """Return the number of places of a kernel along one axis."""
    # BEGIN SOLUTION
    span = dilation * (kernel_size - 1) + 1
    if span > n + 2 * padding:
        raise ValueError(f'a span of {span} does not fit')
    return (n + 2 * padding - span) // stride + 1
    # END SOLUTION


# %%
check('02.output_size', output_size)

# %% [markdown]
# ## 3. Four ways to pad ★★☆, 25 minutes
#
# Section: [Padding: what stands outside the image?](../chapters/02_padding_stride_channels.ipynb)
#
# Put `p` pixels on each of the four sides of `X`, of shape (H, W), without `F.pad` or NumPy's `pad`. `p` is smaller than H and W, and may be 0. The
# modes are those of `nn.Conv2d`: `'zeros'`, `'reflect'`, `'replicate'`, `'circular'`.
#
# By hand: the row 1 2 3 with p = 1 becomes 0 1 2 3 0 (zeros), 2 1 2 3 2 (reflect), 1 1 2 3 3 (replicate) and 3 1 2 3 1 (circular).

# %%
def pad2d(X, p, mode='zeros'):
    """Pad an image (H, W) with p pixels on each side."""
    # BEGIN SOLUTION
    def index(n):
        i = torch.arange(-p, n + p)
        if mode == 'circular':
            return i % n
        if mode == 'reflect':
            return n - 1 - (n - 1 - i.abs()).abs()
        return i.clamp(0, n - 1)

    H, W = X.shape
    if mode != 'zeros':
        return X[index(H)][:, index(W)]
    Y = X.new_zeros(H + 2 * p, W + 2 * p)
    Y[p:p + H, p:p + W] = X
    return Y
    # END SOLUTION


# %%
check('02.pad2d', pad2d)

# %% [markdown]
# ## 4. Steps of more than one pixel ★★☆, 15 minutes
#
# Section: [Stride, dilation and the output size](../chapters/02_padding_stride_channels.ipynb)
#
# Cross-correlate an image (H, W) with a kernel (h, w) that moves `stride[0]` rows down and `stride[1]` columns to the right at a time.
#
# By hand: X = [[1, 2, 3, 4, 5]], K = [[1, 1]] and the stride (1, 2) give the windows 1 2 and 3 4, so [[3, 7]]. The 5 is not used.

# %%
def strided_corr2d(X, K, stride):
    """Cross-correlate with steps of stride = (down, right)."""
    # BEGIN SOLUTION
    (h, w), (down, right) = K.shape, stride
    Y = X.new_zeros((X.shape[0] - h) // down + 1,
                    (X.shape[1] - w) // right + 1)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            a, b = i * down, j * right
            Y[i, j] = (X[a:a + h, b:b + w] * K).sum()
    return Y
    # END SOLUTION


# %%
check('02.strided_corr2d', strided_corr2d)

# %% [markdown]
# ## 5. Dilate a kernel ★☆☆, 10 minutes
#
# Section: [Stride, dilation and the output size](../chapters/02_padding_stride_channels.ipynb)
#
# A convolution with dilation `d` is an ordinary one whose kernel has `d - 1` zeros between neighboring weights, on both axes. Return
# that larger kernel.
#
# By hand: [[1, 2]] with d = 2 is [[1, 0, 2]], and with d = 3 [[1, 0, 0, 2]]. With d = 1 nothing changes.

# %%
def dilate(K, d):
    """Return K, of shape (h, w), with d - 1 zeros between its weights."""
    # BEGIN SOLUTION
    h, w = K.shape
    D = K.new_zeros(d * (h - 1) + 1, d * (w - 1) + 1)
    D[::d, ::d] = K
    return D
    # END SOLUTION


# %%
check('02.dilate', dilate)

# %% [markdown]
# ## 6. Several channels in, several out ★★☆, 20 minutes
#
# Section: [Channels: multi-input, multi-output and 1x1 convolution](../chapters/02_padding_stride_channels.ipynb)
#
# `X` has shape (C, H, W), `K` has shape (O, C, h, w), and `bias`, if it is given, has shape (O,). Return (O, H - h + 1, W - w + 1).
# `corr2d` for one channel is imported; leave `F.conv2d` to the check.
#
# By hand: two channels of one pixel, X = 5 and 7, and one kernel with the weights 1 and 10: 5 + 70 = 75. With the bias 3: 78.

# %%
def corr2d_channels(X, K, bias=None):
    """Cross-correlate (C, H, W) with (O, C, h, w), add bias (O,)."""
    # BEGIN SOLUTION
    maps = []
    for o, kernel in enumerate(K):
        Y = sum(corr2d(x, k) for x, k in zip(X, kernel))
        if bias is not None:
            Y = Y + bias[o]
        maps.append(Y)
    return torch.stack(maps)
    # END SOLUTION


# %%
check('02.corr2d_channels', corr2d_channels)

# %% [markdown]
# ## 7. A 1x1 convolution is a matrix product ★★☆, 15 minutes
#
# Section: [The 1x1 convolution is a linear layer at every pixel](../chapters/02_padding_stride_channels.ipynb)
#
# Do a 1x1 convolution of a minibatch (N, C, H, W) with a kernel (O, C) by matrix products (`@`) alone: no loop, no `conv2d`. The result
# has shape (N, O, H, W). Mind the axes: a `reshape` that gives the right shape may still mix up pixels and channels.
#
# By hand: a pixel with the channels (2, 3) and K = [[1, 1], [1, -1]] becomes (5, -1).

# %%
def conv1x1(X, K):
    """Apply the matrix K (O, C) at each pixel of X (N, C, H, W)."""
    # BEGIN SOLUTION
    N, C, H, W = X.shape
    return (K @ X.reshape(N, C, H * W)).reshape(N, len(K), H, W)
    # END SOLUTION


# %%
check('02.conv1x1', conv1x1)

# %% [markdown]
# ## 8. Convolution in groups ★★☆, 15 minutes
#
# Section: [Groups and depthwise-separable convolution](../chapters/02_padding_stride_channels.ipynb)
#
# `X` has shape (C, H, W), `K` has shape (O, C / groups, h, w). The first C / groups channels go to the first O / groups kernels, and so
# on. Use `F.conv2d` if you like, but not its argument `groups`. Return (O, H - h + 1, W - w + 1).
#
# By hand: two channels of one pixel, X = 5 and 7, two kernels of one weight, 1 and 10, and two groups: 5 · 1 = 5 and 7 · 10 = 70.

# %%
def grouped(X, K, groups):
    """Convolve (C, H, W) with (O, C / groups, h, w) in groups."""
    # BEGIN SOLUTION
    parts = zip(X.chunk(groups), K.chunk(groups))
    return torch.cat([F.conv2d(x[None], k)[0] for x, k in parts])
    # END SOLUTION


# %%
check('02.grouped', grouped)

# %% [markdown]
# ## 9. The receptive field ★★☆, 15 minutes
#
# Section: [The receptive field](../chapters/02_padding_stride_channels.ipynb)
#
# `layers` is a list of tuples (kernel_size, stride, dilation), from the first layer to the last. Return the side, in input pixels, of the
# square that one unit behind the last layer sees. With no layers it sees one pixel.
#
# By hand: 2x2 pooling with stride 2, then a 3x3 convolution: `[(2, 2, 1), (3, 1, 1)]`. The unit sees 3 units of the layer before,
# and these see windows of 2 that start 2 apart: 2 · 2 + 2 = 6.

# %%
def receptive_field(layers):
    """Return the side of what one unit sees, in input pixels."""
    # BEGIN SOLUTION
    size = 1
    for kernel_size, stride, dilation in reversed(layers):
        size = (size - 1) * stride + dilation * (kernel_size - 1) + 1
    return size
    # END SOLUTION


# %%
check('02.receptive_field', receptive_field)

# %% [markdown]
# ## 10. Transposed convolution ★★★, 20 minutes
#
# Section: [Transposed convolution for up-sampling](../chapters/02_padding_stride_channels.ipynb)
#
# Write the transposed convolution of an image (H, W) with a kernel (h, w), without padding, and without `F.conv_transpose2d`. The result has
# (H - 1) · stride + h rows, and columns alike.
#
# By hand: X = [[1, 2]] and K = [[3, 4]]. With stride 1 the copies 3 4 and 6 8 overlap in one pixel: [[3, 10, 8]]. With stride 2 they
# do not: [[3, 4, 6, 8]].

# %%
def transposed_conv(X, K, stride=1):
    """Scatter a copy of K for each pixel of X, stride apart."""
    # BEGIN SOLUTION
    (H, W), (h, w) = X.shape, K.shape
    Y = X.new_zeros((H - 1) * stride + h, (W - 1) * stride + w)
    for i in range(H):
        for j in range(W):
            a, b = i * stride, j * stride
            Y[a:a + h, b:b + w] += X[i, j] * K
    return Y
    # END SOLUTION


# %%
check('02.transposed_conv', transposed_conv)

# %% [markdown]
# ## 11. In words: a frame in the feature map ★★☆, 5 minutes
#
# Section: [The bias pitfall](../chapters/02_padding_stride_channels.ipynb)
#
# Somebody writes `nn.Conv2d(16, 32, kernel_size=1, padding=1)` in the middle of a network and finds a frame around each feature map: one
# pixel wide, the same number everywhere. Which number is it, where does it come from, and what is the cure?

# %% [markdown] tags=["words"]
# On the frame the 1x1 kernel sees nothing but padded zeros, so its output there is the bias, and the map has grown
# by two pixels on each axis. A 1x1 kernel reaches no neighbor and needs no padding: `padding=0` is the cure. Another `padding_mode` would
# hide the frame, but the map would still be too large.

# %% [markdown]
# ## How far have you come?

# %%
progress('02')
