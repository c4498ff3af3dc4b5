# %% [markdown]
# # Exercises 6: the backward pass by hand
#
# Write your answer where a cell says `raise NotImplementedError`, run it, and run the check below it. The check says what is wrong, shows
# the smallest input that proves it, and gives a hint; a second try brings a second hint. `hint('06.crop')` gives one without a try.
#
# These questions belong to [The backward pass by hand](../chapters/06_by_hand.ipynb). All arrays are NumPy's, in float64; autograd is left to the check.
# Stars say how hard a question is, from ★☆☆ to ★★★.

# %% tags=["setup"]
pass

# %%
import numpy as np

from d2lmini.check import check, hint, progress
from d2lmini.utils import set_seed

set_seed(0)

# %% [markdown]
# ## 1. Back through an affine layer ★☆☆, 10 minutes
#
# Section: [What does a whole network add?](../chapters/06_by_hand.ipynb)
#
# The layer flattens `X`, of shape (N, ...), to (N, D) and gives `X @ w.T + b` of shape (N, K). `w` has shape (K, D). `dout` is the gradient
# of the loss with respect to the output. Return `dX` (shaped like X), `dw` (K, D) and `db` (K,).
#
# By hand: two examples of one number, X = 1 and 2, w = 3, dout = 10 and 20. dX = 30 and 60, dw = 1 · 10 + 2 · 20 = 50, db = 30.

# %%
def affine_backward(dout, X, w):
    """Return the gradients dX, dw and db of an affine layer."""
    # BEGIN SOLUTION
    dX = (dout @ w).reshape(X.shape)
    dw = dout.T @ X.reshape(len(X), -1)
    return dX, dw, dout.sum(0)
    # END SOLUTION


# %%
check('06.affine_backward', affine_backward)

# %% [markdown]
# ## 2. A gradient without a formula ★★☆, 15 minutes
#
# Section: [Gradient checks: no referee](../chapters/06_by_hand.ipynb)
#
# `f()` takes nothing, reads the array `x`, and returns a number. Return the array of its centered difference quotients with step `h`. Change `x` while
# you work, but leave it as it was.
#
# By hand: f is the square of one number, x = 3, h = 0.5. Above: 3.5² = 12.25, below: 2.5² = 6.25, so 6/(2 · 0.5) = 6.

# %%
def numerical_gradient(f, x, h=1e-5):
    """Return the centered difference quotients of f() by each number."""
    # BEGIN SOLUTION
    grad = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        old = x[index]
        x[index] = old + h
        above = f()
        x[index] = old - h
        grad[index] = (above - f()) / (2 * h)
        x[index] = old
    return grad
    # END SOLUTION


# %%
check('06.numerical_gradient', numerical_gradient)

# %% [markdown]
# ## 3. Back through a convolution ★★☆, 25 minutes
#
# Section: [What does the backward pass of a convolution compute?](../chapters/06_by_hand.ipynb)
#
# Forward, an image `X` (H, W) was cross-correlated with a kernel `K` (h, w) in steps of `stride`, without padding. Given `dY`, return `dX`
# and `dK`. Loops are fine.
#
# By hand: X = [[1, 2, 3]], K = [[10, 20]], dY = [[1, 100]]. The first window gives dX the numbers 10 and 20, the second 1000 and 2000 one
# place further: dX = [[10, 1020, 2000]]. dK = 1 · (1, 2) + 100 · (2, 3) = (201, 302).

# %%
def conv_backward(dY, X, K, stride=1):
    """Return the gradients dX (H, W) and dK (h, w)."""
    # BEGIN SOLUTION
    h, w = K.shape
    dX, dK = np.zeros_like(X), np.zeros_like(K)
    for i, j in np.ndindex(dY.shape):
        a, b = i * stride, j * stride
        dX[a:a + h, b:b + w] += dY[i, j] * K
        dK += dY[i, j] * X[a:a + h, b:b + w]
    return dX, dK
    # END SOLUTION


# %%
check('06.conv_backward', conv_backward)

# %% [markdown]
# ## 4. Find the bug: the border of the gradient ★☆☆, 5 minutes
#
# Section: [As loops](../chapters/06_by_hand.ipynb)
#
# Forward, `p` pixels of padding were put on each side of the last two axes. Backward they must be cut off the gradient again. This
# works, until somebody builds a layer without padding:
#
# ```python
# def crop(G, p):
#     return G[..., p:-p, p:-p]
# ```
#
# Repair it. By hand: a gradient of shape (3, 3) with p = 1 keeps its middle, (1, 1); with p = 0 it keeps all of its (3, 3). What does
# the function above return then?

# %%
def crop(G, p):
    """Cut p pixels off each side of the last two axes."""
    # BEGIN SOLUTION
    H, W = G.shape[-2:]
    return G[..., p:H - p, p:W - p]
    # END SOLUTION


# %%
check('06.crop', crop)

# %% [markdown]
# ## 5. Back through max pooling ★★☆, 20 minutes
#
# Section: [Where does max pooling send the gradient?](../chapters/06_by_hand.ipynb)
#
# Forward, `X` (H, W) was pooled with windows of k x k that lie side by side; rows and columns that were left over belong to no window. Given
# `dY`, return `dX`. Of several equal maxima the first, row by row, has all of the gradient.
#
# By hand: X = [[1, 5], [5, 0]], k = 2, dY = [[7]]. The 5 in the first row wins: dX = [[0, 7], [0, 0]].

# %%
def pool_backward(dY, X, k):
    """Return the gradient dX (H, W) of max pooling with k x k windows."""
    # BEGIN SOLUTION
    dX = np.zeros_like(X)
    for i, j in np.ndindex(dY.shape):
        window = X[i * k:(i + 1) * k, j * k:(j + 1) * k]
        row, column = divmod(window.argmax(), k)
        dX[i * k + row, j * k + column] = dY[i, j]
    return dX
    # END SOLUTION


# %%
check('06.pool_backward', pool_backward)

# %% [markdown]
# ## 6. Softmax and cross-entropy ★★☆, 20 minutes
#
# Section: [Which loss, and why this one?](../chapters/06_by_hand.ipynb)
#
# `scores` has shape (N, K), `y` holds the right classes, 0 to K - 1. Return the mean cross-entropy of the minibatch, in nats, and its
# gradient with respect to the scores. Scores of 1000 must not overflow: if the score of the right class is smaller than another one by 1000, its loss is 1000.
#
# By hand: scores (log 3, 0), right class 0. The softmax is (3/4, 1/4), the loss -log 0.75 = 0.288, the gradient (0.75 - 1, 0.25).

# %%
def softmax_loss(scores, y):
    """Return the mean loss, a number, and dscores (N, K)."""
    # BEGIN SOLUTION
    rows = np.arange(len(y))
    shifted = scores - scores.max(axis=1, keepdims=True)
    total = np.exp(shifted).sum(axis=1, keepdims=True)
    log_p = shifted - np.log(total)
    dscores = np.exp(log_p)
    dscores[rows, y] -= 1
    return -log_p[rows, y].mean(), dscores / len(y)
    # END SOLUTION


# %%
check('06.softmax_loss', softmax_loss)

# %% [markdown]
# ## 7. In words: why sum and not average? ★★☆, 5 minutes
#
# Section: [What does the backward pass of a convolution compute?](../chapters/06_by_hand.ipynb)
#
# A weight of a kernel is used at every place of the image. In two or three sentences: why are its gradients *summed* over the places, and what would
# an average do to training?

# %% [markdown] tags=["words"]
# The loss depends on the weight along as many paths as there are places, and the chain rule adds the paths
# up. An average would divide each kernel's gradient by its number of places: still a descent direction for that kernel, but a different learning rate for
# every layer, and no longer the gradient of the loss, so that a comparison with difference quotients fails.

# %% [markdown]
# ## How far have you come?

# %%
progress('06')
