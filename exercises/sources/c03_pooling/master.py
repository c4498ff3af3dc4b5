# %% [markdown]
# # Exercises 3: pooling
#
# Write your answer where a cell says `raise NotImplementedError`, run it, and run the check below it. The check says what is wrong, shows
# the smallest input that proves it, and gives a hint; a second try brings a second hint. `hint('03.pool2d')` gives one without a try.
#
# These questions belong to [Pooling](../chapters/03_pooling.ipynb). Stars say how hard a question is, from ★☆☆ to ★★★.

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
# ## 1. Predict what comes out ★☆☆, 10 minutes
#
# Section: [What does a pooling layer compute?](../chapters/03_pooling.ipynb)
#
# The row 4 1 3 2 9 is pooled in one dimension, with paper and pencil. Return seven predictions:
#
# 1. maximum, window 2 (and nothing else said);
# 2. maximum, window 2, stride 1;
# 3. average, window 2;
# 4. maximum, window 2, `ceil_mode=True`;
# 5. maximum of the row's negative, -4 -1 -3 -2 -9, window 3, stride 2, padding 1;
# 6. the shape that `nn.MaxPool2d(3)` makes of a minibatch (8, 3, 32, 32);
# 7. the number of parameters of `nn.AvgPool2d(2)`.
#
# By hand: the maximum with window 3 and stride 1 is (4.0, 3.0, 9.0), since the windows are 4 1 3, 1 3 2 and 3 2 9. The check does not tell the right
# result, only which prediction is wrong and, if it can, why.

# %%
def pooled_row():
    """Return five tuples of floats, a shape and a number."""
    # BEGIN SOLUTION
    return ((4., 3.), (4., 3., 3., 9.), (2.5, 2.5), (4., 3., 9.),
            (-1., -1., -2.), (8, 3, 10, 10), 0)
    # END SOLUTION


# %%
check('03.pooled_row', pooled_row)

# %% [markdown]
# ## 2. Pooling with stride and padding ★★☆, 25 minutes
#
# Section: [Which windows fit? Stride, padding, floor and ceil_mode](../chapters/03_pooling.ipynb)
#
# Pool an image (H, W) with windows of k x k pixels. `mode` is `'max'` or `'avg'`; the stride is the window if it is `None`; the padding
# stands on all four sides and can never win a maximum. In an average it counts as zeros. Windows that do not fit are left out. Write it
# without PyTorch's pooling.
#
# By hand: X = [[-1, -2, -5]], k = 3, stride 2, padding 1. The windows around columns 0 and 2 have the maxima -1 and -2, so [[-1, -2]]. The
# averages are -3/9 and -7/9: two of the three rows are padding.

# %%
def pool2d(X, k, mode='max', stride=None, padding=0):
    """Pool an image (H, W) with windows of k x k pixels."""
    # BEGIN SOLUTION
    stride = stride or k
    H, W = X.shape
    fill = float('-inf') if mode == 'max' else 0.0
    P = X.new_full((H + 2 * padding, W + 2 * padding), fill)
    P[padding:padding + H, padding:padding + W] = X
    rows = (H + 2 * padding - k) // stride + 1
    columns = (W + 2 * padding - k) // stride + 1
    Y = X.new_zeros(rows, columns)
    for i in range(rows):
        for j in range(columns):
            a, b = i * stride, j * stride
            window = P[a:a + k, b:b + k]
            Y[i, j] = window.max() if mode == 'max' else window.mean()
    return Y
    # END SOLUTION


# %%
check('03.pool2d', pool2d)

# %% [markdown]
# ## 3. How many windows, with ceil_mode? ★★★, 20 minutes
#
# Section: [Which windows fit? Stride, padding, floor and ceil_mode](../chapters/03_pooling.ipynb)
#
# Return the output size of a pooling along one axis of `n` pixels, as an `int`, exactly as PyTorch has it. With `ceil_mode` a last window may
# hang over the edge, unless it would start on the padding behind the input.
#
# By hand: n = 5, k = 2, stride 2. Floor gives the windows at 0 and 2. With `ceil_mode` there is one at 4 too, on the last pixel: 3. For n = 3
# and padding 1 the padded pixels are 0 to 4, the input 1 to 3. A third window would start at 4, on the padding behind: 2 remain.

# %%
def pool_size(n, k, stride, padding=0, ceil_mode=False):
    """Return the number of windows along one axis."""
    # BEGIN SOLUTION
    free = n + 2 * padding - k
    size = free // stride + 1
    left_over = free % stride != 0
    if ceil_mode and left_over and size * stride < n + padding:
        size += 1
    return size
    # END SOLUTION


# %%
check('03.pool_size', pool_size)

# %% [markdown]
# ## 4. Does the border count? ★★☆, 15 minutes
#
# Section: [What does the padding hold?](../chapters/03_pooling.ipynb)
#
# Average k x k windows of an image (H, W) with stride 1, padded with zeros on each side. If `count_border`, divide by all k · k pixels
# of a window; if not, only by those that belong to the image. Use `F.conv2d` or your own loops, but not PyTorch's average pooling.
#
# By hand: X = [[6]], k = 3, padding 1. The one window holds a 6 and eight zeros: 6/9 = 0.667 if the border counts, and 6/1 = 6 if not.

# %%
def average2d(X, k, padding, count_border=True):
    """Average k x k windows, stride 1; divide by all or by real pixels."""
    # BEGIN SOLUTION
    def window_sums(Z):
        return F.conv2d(Z[None, None], Z.new_ones(1, 1, k, k),
                        padding=padding)[0, 0]

    if count_border:
        return window_sums(X) / k**2
    return window_sums(X) / window_sums(torch.ones_like(X))
    # END SOLUTION


# %%
check('03.average2d', average2d)

# %% [markdown]
# ## 5. Blur before you skip ★★☆, 20 minutes
#
# Section: [How much does pooling forgive a small shift?](../chapters/03_pooling.ipynb)
#
# Write anti-aliased down-sampling by two, a *blur pool*, for a tensor (C, H, W). Blur each channel with the weights 1, 2, 1 on both axes,
# scaled so that a constant image keeps its value; where the window hangs over, repeat the border pixel. Then keep the pixels at rows and columns
# 0, 2, 4, ...
#
# By hand, in one dimension: 0 8 0 8 becomes, padded, 0 0 8 0 8 8; blurred (0 + 0 + 8)/4 = 2, (0 + 16 + 0)/4 = 4, then 4 and 6; kept are 2 and 4.
# Without the blur 0 and 0 were kept: the stripes would have vanished, and shifted by one pixel they would be 8 and 8.

# %%
def blur_pool(X):
    """Blur each channel of (C, H, W), then keep every second pixel."""
    # BEGIN SOLUTION
    C = len(X)
    taps = torch.tensor([1., 2, 1], dtype=X.dtype, device=X.device) / 4
    K = torch.outer(taps, taps).expand(C, 1, 3, 3)
    X = F.pad(X[None], (1, 1, 1, 1), mode='replicate')
    return F.conv2d(X, K, stride=2, groups=C)[0]
    # END SOLUTION


# %%
check('03.blur_pool', blur_pool)

# %% [markdown]
# ## 6. Find the three bugs ★☆☆, 10 minutes
#
# Section: [What is left of a photograph after five max poolings?](../chapters/03_pooling.ipynb)
#
# This function should return the mean of each color channel of a photograph, between 0 and 1, by global average pooling. The photograph is
# a `uint8` tensor of shape (H, W, C). There are three mistakes in it; two of them raise no error.
#
# ```python
# def channel_means(photo):
#     H, W, C = photo.shape
#     X = photo.reshape(C, H, W)
#     total = torch.zeros(C, dtype=torch.uint8)
#     for c in range(C):
#         total[c] = X[c].sum()
#     return total.mean((1, 2)) / 255
# ```
#
# Write it right. The result is a `float32` tensor of shape (C,). By hand: one pixel (255, 0, 51) gives (1.0, 0.0, 0.2).

# %%
def channel_means(photo):
    """Return the means (C,), between 0 and 1, of a photograph (H, W, C)."""
    # BEGIN SOLUTION
    X = photo.permute(2, 0, 1).float() / 255
    return F.adaptive_avg_pool2d(X, 1).flatten()
    # END SOLUTION


# %%
check('03.channel_means', channel_means)

# %% [markdown]
# ## 7. In words: how much shift does pooling forgive? ★☆☆, 5 minutes
#
# Section: [How much does pooling forgive a small shift?](../chapters/03_pooling.ipynb)
#
# A friend says: "Max pooling makes a network invariant to shifts." In two or three sentences: what is right about it, and what is not?

# %% [markdown] tags=["words"]
# If the largest number of a window moves within the window, the output stays the same, so small
# shifts matter less. But a shift by one pixel moves some winners across a window's edge, and the stride keeps only every second position, so the
# map changes in a way that no shift of the map explains: it aliases. A blur before the stride makes the change smaller, and only global
# pooling over the whole map comes close to invariance.

# %% [markdown]
# ## How far have you come?

# %%
progress('03')
