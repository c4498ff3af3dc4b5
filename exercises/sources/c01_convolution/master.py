# %% [markdown]
# # Exercises 1: convolution
#
# Write your answer where a cell says `raise NotImplementedError`, run it, and run the check below it. The check says what is wrong, shows
# the smallest input that proves it, and gives a hint; a second try brings a second hint. `hint('01.corr2d')` gives one without a try.
# You may run all cells at any time: what is blank is reported as not answered yet.
#
# These questions belong to [Convolution](../chapters/01_convolution.ipynb). Stars say how hard a question is, from ★☆☆ to ★★★.

# %% tags=["setup"]
pass

# %%
import torch
from torch import nn
from torch.nn import functional as F

from d2lmini.check import check, hint, progress
from d2lmini.utils import set_seed

set_seed(0)

# %% [markdown]
# ## 1. Slide a window over an image ★☆☆, 15 minutes
#
# Section: [Cross-correlation: how does a small kernel read a large image?](../chapters/01_convolution.ipynb)
#
# Write cross-correlation without looking it up. `X` has shape (H, W), `K` has shape (h, w) and fits into `X`. Keep the kernel inside the
# image. Loops are fine.
#
# Also: the result has the dtype of `X`.
#
# By hand: with X = [[1, 2, 0], [0, 1, 3]] and K = [[1, -1], [2, 0]] the first window gives 1 - 2 + 0 + 0 = -1, the second
# 2 - 0 + 2 + 0 = 4. So the result is [[-1, 4]], of shape (1, 2).

# %%
def corr2d(X, K):
    """Cross-correlate an image (H, W) with a kernel (h, w)."""
    # BEGIN SOLUTION
    h, w = K.shape
    Y = X.new_zeros(X.shape[0] - h + 1, X.shape[1] - w + 1)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i + h, j:j + w] * K).sum()
    return Y
    # END SOLUTION


# %%
check('01.corr2d', corr2d)

# %% [markdown]
# ## 2. Flip, then slide ★★☆, 15 minutes
#
# Section: [Strict convolution: why flip the kernel, and what happens at the ends?](../chapters/01_convolution.ipynb)
#
# Write the *strict* and *wide* convolution: flip the kernel on both axes, and keep every place where it overlaps the image in at least one
# pixel; what is missing counts as zero. The result has shape (H + h - 1, W + w - 1). Only your own code or `F.pad`, `F.conv2d`, please.
#
# By hand: X = [[1, 2]] and K = [[3, 4]] give [[1·3, 1·4 + 2·3, 2·4]] = [[3, 10, 8]]. That is 12 · 34 without carrying: 300 + 100 + 8 = 408.

# %%
def convolve2d(X, K):
    """Convolve (H, W) with (h, w) strictly; give all overlaps."""
    # BEGIN SOLUTION
    h, w = K.shape
    X = F.pad(X, (w - 1, w - 1, h - 1, h - 1))
    return F.conv2d(X[None, None], K.flip(0, 1)[None, None])[0, 0]
    # END SOLUTION


# %%
check('01.convolve2d', convolve2d)

# %% [markdown]
# ## 3. An edge kernel of your own ★★☆, 15 minutes
#
# Section: [Edge detection: what does a kernel see?](../chapters/01_convolution.ipynb)
#
# Design a 3 x 3 kernel that measures how much an image brightens from row to row:
#
# - on a flat image it gives 0;
# - on a ramp that brightens by 1 per row, downward, it gives exactly 1;
# - on a ramp that brightens per column it gives 0;
# - noise with standard deviation 1 comes out with 0.5 or less. (Independent noise is multiplied by the root of the sum of the squared
#   weights, `K.norm()`.)
#
# By hand: the kernel with the column -1, 0, 1 in the middle and zeros beside it gives 2 on the ramp, since two rows lie between, and
# noise of $\sqrt{2} = 1.41$. Halved it gives 1 and 0.71: right, but still too noisy.

# %%
def edge_kernel():
    """Return a kernel (3, 3) that measures the slope downward."""
    # BEGIN SOLUTION
    return torch.tensor([[-1., -2, -1], [0, 0, 0], [1, 2, 1]]) / 8
    # END SOLUTION


# %%
check('01.edge_kernel', edge_kernel)

# %% [markdown]
# ## 4. Learn a kernel ★★☆, 20 minutes
#
# Section: [Learning a kernel: who chooses the numbers?](../chapters/01_convolution.ipynb)
#
# Somebody cross-correlated a picture `X` with a kernel of shape `shape` and shows you the result `Y`. Find the kernel by gradient descent
# on the mean squared error, to one decimal. Return it without a gradient. Your `corr2d` from above works, and `F.conv2d` is faster.
#
# By hand: for X = [[1, 2]], Y = [[3]] and the kernel (0, 0), the error is 0 - 3 = -3, so the gradient is 2 · (-3) · (1, 2) = (-6, -12).
# A step with rate 0.1 leads to the kernel (0.6, 1.2), and 0.6 + 2.4 = 3: the error is gone.

# %%
def learn_kernel(X, Y, shape):
    """Return the kernel K of this shape for which corr2d(X, K) is Y."""
    # BEGIN SOLUTION
    K = torch.zeros(shape, requires_grad=True)
    for _ in range(50):
        Y_hat = F.conv2d(X[None, None], K[None, None])[0, 0]
        loss = ((Y_hat - Y)**2).mean()
        loss.backward()
        with torch.no_grad():
            K -= 0.2 * K.grad
            K.grad = None
    return K.detach()
    # END SOLUTION


# %%
check('01.learn_kernel', learn_kernel)

# %% [markdown]
# ## 5. Count the weights ★☆☆, 10 minutes
#
# Section: [Sparse interaction, parameter sharing, equivariance: why does it work?](../chapters/01_convolution.ipynb)
#
# A gray image (H, W) and a window (h, w) that stays inside. Three layers give one number for each place of the window, and each has
# biases. Return their numbers of parameters as a tuple: (1) fully connected: each output sees all pixels; (2) sparse: each output sees its
# window, with weights and a bias of its own; (3) shared: all outputs use the same weights and the same bias.
#
# By hand: H = W = 3 and h = w = 2 give 4 outputs. Fully connected 4 · 9 + 4 = 40, sparse 4 · (4 + 1) = 20, shared 4 + 1 = 5.

# %%
def count_weights(H, W, h, w):
    """Return the parameters of three layers: (full, sparse, shared)."""
    # BEGIN SOLUTION
    outputs = (H - h + 1) * (W - w + 1)
    full = outputs * (H * W + 1)
    sparse = outputs * (h * w + 1)
    return full, sparse, h * w + 1
    # END SOLUTION


# %%
check('01.count_weights', count_weights)

# %% [markdown]
# ## 6. Does the layer commute with a shift? ★★☆, 15 minutes
#
# Section: [Sparse interaction, parameter sharing, equivariance: why does it work?](../chapters/01_convolution.ipynb)
#
# A layer `f` takes an image (H, W) to a map of the same size. Return `True` if it is equivariant for this image and this shift: shifting
# and then applying `f` gives the same as applying `f` and then shifting. What leaves the image at one side comes in at the other.
# Numbers that differ by less than 0.0001 count as equal.
#
# By hand: let `f` double each pixel. X = [[1, 2, 3]] shifted right by 1 is [[3, 1, 2]], doubled [[6, 2, 4]]. The other way: [[2, 4, 6]],
# then [[6, 2, 4]]. They agree: `True`. If `f` adds [[0, 1, 2]], the two ways give [[3, 2, 4]] and [[5, 1, 3]]: `False`.

# %%
def commutes(f, X, down, right):
    """Tell whether f commutes with a shift of X, as a bool."""
    # BEGIN SOLUTION
    shifted_first = f(torch.roll(X, (down, right), dims=(0, 1)))
    shifted_last = torch.roll(f(X), (down, right), dims=(0, 1))
    return torch.allclose(shifted_first, shifted_last, atol=1e-4)
    # END SOLUTION


# %%
check('01.commutes', commutes)

# %% [markdown]
# ## 7. The matrix of a convolution ★★★, 20 minutes
#
# Section: [Sparse interaction, parameter sharing, equivariance: why does it work?](../chapters/01_convolution.ipynb)
#
# Return the matrix `W` for which `W @ X.flatten()` is `corr2d(X, K).flatten()`, for every image `X` of the given shape. `W` has a row for
# each output number and a column for each pixel, and the dtype of `K`.
#
# By hand: images of shape (2, 2) and K = [[5, 6]] give two outputs, W = [[5, 6, 0, 0], [0, 0, 5, 6]].

# %%
def conv_matrix(shape, K):
    """Return W so that W @ X.flatten() is corr2d(X, K).flatten()."""
    # BEGIN SOLUTION
    h, w = K.shape
    rows = []
    for i in range(shape[0] - h + 1):
        for j in range(shape[1] - w + 1):
            row = K.new_zeros(shape)
            row[i:i + h, j:j + w] = K
            rows.append(row.flatten())
    return torch.stack(rows)
    # END SOLUTION


# %%
check('01.conv_matrix', conv_matrix)

# %% [markdown]
# ## 8. In words: why need a layer not flip? ★☆☆, 5 minutes
#
# Section: [Learning a kernel: who chooses the numbers?](../chapters/01_convolution.ipynb)
#
# Mathematics flips the kernel, deep learning does not, and both call it convolution. In two or three sentences: why does it make no
# difference to a network that learns, and when does it matter after all? (No machine marks this; compare with the solution.)

# %% [markdown] tags=["words"]
# A layer that does not flip learns the flipped kernel and then computes the same outputs, because each
# kernel of one kind is a kernel of the other, turned by 180°. What differs is only how the numbers are stored. It matters when a kernel
# comes from outside, from a textbook or another library, and when one relies on a law that only strict convolution has, such as that
# the order of two filters does not matter.

# %% [markdown]
# ## How far have you come?

# %%
progress('01')
