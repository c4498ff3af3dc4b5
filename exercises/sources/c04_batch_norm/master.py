# %% [markdown]
# # Exercises 4: batch norm
#
# Write your answer where a cell says `raise NotImplementedError`, run it, and run the check below it. The check says what is wrong, shows
# the smallest input that proves it, and gives a hint; a second try brings a second hint. `hint('04.running')` gives one without a try.
#
# These questions belong to [Batch norm](../chapters/04_batch_norm.ipynb). Stars say how hard a question is, from ★☆☆ to ★★★.

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
# ## 1. Standardize, and keep the test data unseen ★☆☆, 10 minutes
#
# Section: [How are data standardized?](../chapters/04_batch_norm.ipynb)
#
# `train` and `test` hold an example in each row and a feature in each column. Subtract each feature's mean and divide by its standard deviation,
# the one that divides by n - 1. Return both data sets standardized, and look for the statistics in the training data only.
#
# By hand: one feature, train 1 and 3, test 2. The mean is 2, the standard deviation $\sqrt{(1 + 1)/1} = 1.414$. So train becomes -0.707 and
# 0.707, test 0.

# %%
def standardize(train, test):
    """Return train and test, standardized with the statistics of train."""
    # BEGIN SOLUTION
    mean, std = train.mean(0), train.std(0)
    return (train - mean) / std, (test - mean) / std
    # END SOLUTION


# %%
check('04.standardize', standardize)

# %% [markdown]
# ## 2. Predict: who shares a mean? ★☆☆, 10 minutes
#
# Section: [The statistics of the test batch, layer norm and group norm](../chapters/04_batch_norm.ipynb)
#
# A minibatch has the shape (4, 6, 5, 7): four examples, six channels, 5 x 7 pixels. Return six numbers:
#
# 1. how many means batch norm takes of it;
# 2. how many layer norm takes, over (C, H, W);
# 3. how many instance norm takes;
# 4. how many group norm with 2 groups takes;
# 5. how many parameters `nn.BatchNorm2d(6)` has;
# 6. how many numbers are behind one mean of batch norm.
#
# By hand: for two examples of three features, (2, 3), batch norm takes three means of two numbers each, layer norm two means of three. The check
# does not tell the right number, only which prediction is wrong and, if it can, why.

# %%
def means():
    """Return six whole numbers."""
    # BEGIN SOLUTION
    return 6, 4, 24, 8, 12, 140
    # END SOLUTION


# %%
check('04.means', means)

# %% [markdown]
# ## 3. Normalize a minibatch ★★☆, 20 minutes
#
# Section: [Batch norm by hand, in one and two dimensions](../chapters/04_batch_norm.ipynb)
#
# Write batch norm as it is in training: with the minibatch's own mean and *biased* variance, for inputs (N, C) as well as (N, C, H, W).
# Then multiply by `gamma` and add `beta`, both of shape (C,). `eps` is added to the variance before the root. Autograd must be able to go
# through. Leave PyTorch's batch norm to the check.
#
# By hand: one channel, X = 1 and 3, gamma = 2, beta = 5. Mean 2, variance (1 + 1)/2 = 1, so -1 and 1 are the normalized numbers and
# 3 and 7 the result (but for eps).

# %%
def batch_norm(X, gamma, beta, eps=1e-5):
    """Normalize each channel of (N, C) or (N, C, H, W), scale and shift."""
    # BEGIN SOLUTION
    axes = [0, *range(2, X.ndim)]
    mean = X.mean(axes, keepdim=True)
    var = ((X - mean)**2).mean(axes, keepdim=True)
    X_hat = (X - mean) / (var + eps).sqrt()
    shape = (1, -1) + (1,) * (X.ndim - 2)
    return gamma.reshape(shape) * X_hat + beta.reshape(shape)
    # END SOLUTION


# %%
check('04.batch_norm', batch_norm)

# %% [markdown]
# ## 4. Move the running statistics ★★☆, 10 minutes
#
# Section: [Running statistics: train mode and eval mode](../chapters/04_batch_norm.ipynb)
#
# Return the new running mean and variance after one minibatch (N, C), as PyTorch has them: the momentum is the share of the newest minibatch, and
# the variance that counts is the *unbiased* one. Do not change the old ones in place.
#
# By hand: X = 1 and 3, old mean 0, old variance 1, momentum 0.1. The minibatch has mean 2 and unbiased variance 2, so the new ones are
# 0.9 · 0 + 0.1 · 2 = 0.2 and 0.9 · 1 + 0.1 · 2 = 1.1.

# %%
def running(X, moving_mean, moving_var, momentum=0.1):
    """Return the running mean and variance (C,) after X (N, C)."""
    # BEGIN SOLUTION
    mean = (1 - momentum) * moving_mean + momentum * X.mean(0)
    var = (1 - momentum) * moving_var + momentum * X.var(0)
    return mean, var
    # END SOLUTION


# %%
check('04.running', running)

# %% [markdown]
# ## 5. Fold batch norm into the convolution before it ★★★, 20 minutes
#
# Section: [Running statistics: train mode and eval mode](../chapters/04_batch_norm.ipynb)
#
# In eval mode a convolution followed by batch norm is one convolution with another weight and another bias. Return these two, for an
# `nn.Conv2d` (with or without a bias) and an `nn.BatchNorm2d`. Networks are made faster that way before they are shipped.
#
# By hand: weight 3, bias 1, running mean 5, running variance 4, gamma 2, beta 7, eps 0. The scale is 2/2 = 1, so 3x + 1 becomes
# (3x + 1 - 5) · 1 + 7 = 3x + 3: weight 3, bias 3.

# %%
def fold(conv, norm):
    """Return weight and bias of the one convolution that does both."""
    # BEGIN SOLUTION
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    bias = 0 if conv.bias is None else conv.bias
    weight = scale.reshape(-1, 1, 1, 1) * conv.weight
    return weight, norm.bias + scale * (bias - norm.running_mean)
    # END SOLUTION


# %%
check('04.fold', fold)

# %% [markdown]
# ## 6. Go backward ★★★, 30 minutes
#
# Section: [The backward pass of batch norm](../chapters/04_batch_norm.ipynb)
#
# `dY`, of shape (N, C), is the gradient of the loss with respect to the output of `batch_norm(X, gamma, beta, eps)`. Return the gradients
# with respect to `X`, `gamma` and `beta`, without autograd.
#
# By hand: one channel, X = 0, 3, 6, so mean 3, variance 6, and x_hat = -1.225, 0, 1.225. With gamma = 2 and dY = 1, 0, 0: dbeta = 1 and
# dgamma = -1.225. dY less its mean is 2/3, -1/3, -1/3; less x_hat · (-1.225/3) it is 0.167, -0.333, 0.167; times
# 2/2.449 that is dX = 0.136, -0.272, 0.136.

# %%
def bn_backward(dY, X, gamma, eps=1e-5):
    """Return the gradients dX (N, C), dgamma (C,) and dbeta (C,)."""
    # BEGIN SOLUTION
    std = (X.var(0, correction=0) + eps).sqrt()
    X_hat = (X - X.mean(0)) / std
    dgamma, dbeta = (dY * X_hat).sum(0), dY.sum(0)
    n = len(X)
    dX = gamma / std * (dY - dbeta / n - X_hat * dgamma / n)
    return dX, dgamma, dbeta
    # END SOLUTION


# %%
check('04.bn_backward', bn_backward)

# %% [markdown]
# ## 7. Find the four bugs ★★★, 25 minutes
#
# Section: [Running statistics: train mode and eval mode](../chapters/04_batch_norm.ipynb)
#
# This layer for inputs (N, C) should do what `nn.BatchNorm1d` does with its default settings: in training, in evaluation, and when it is
# saved. It has four bugs. Find and repair them.
#
# ```python
# class BatchNorm(nn.Module):
#     def __init__(self, num_features):
#         super().__init__()
#         self.gamma = nn.Parameter(torch.ones(num_features))
#         self.beta = nn.Parameter(torch.zeros(num_features))
#         self.mean = torch.zeros(num_features)
#         self.var = torch.ones(num_features)
#
#     def forward(self, X):
#         mean, var = X.mean(0), X.var(0, correction=0)
#         unbiased = var * len(X) / (len(X) - 1)
#         self.mean = 0.1 * self.mean + 0.9 * mean
#         self.var = 0.1 * self.var + 0.9 * unbiased
#         X_hat = (X - mean) / (var + 1e-5).sqrt()
#         return self.gamma * X_hat + self.beta
# ```
#
# Also: gradients must flow back to the layer before, as they do through `nn.BatchNorm1d`.
#
# By hand: in eval mode a fresh layer has mean 0 and variance 1, so the example (1, 2, 3) must come out as (1, 2, 3), but for eps. What does
# the one above give?

# %%
class BatchNorm(nn.Module):
    """Batch norm for inputs (N, C), as nn.BatchNorm1d."""

    def __init__(self, num_features):
        # BEGIN SOLUTION
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer('mean', torch.zeros(num_features))
        self.register_buffer('var', torch.ones(num_features))
        # END SOLUTION

    def forward(self, X):
        # BEGIN SOLUTION
        mean, var = self.mean, self.var
        if self.training:
            mean, var = X.mean(0), X.var(0, correction=0)
            unbiased = var * len(X) / (len(X) - 1)
            self.mean = 0.9 * self.mean + 0.1 * mean.detach()
            self.var = 0.9 * self.var + 0.1 * unbiased.detach()
        X_hat = (X - mean) / (var + 1e-5).sqrt()
        return self.gamma * X_hat + self.beta
        # END SOLUTION


# %%
check('04.BatchNorm', BatchNorm)

# %% [markdown]
# ## 8. In words: a strange accuracy ★★☆, 5 minutes
#
# Section: [The statistics of the test batch, layer norm and group norm](../chapters/04_batch_norm.ipynb)
#
# A friend's network has 0.91 accuracy on the test data in minibatches of 256, 0.35 in minibatches of 2, and an error in minibatches of 1.
# Yesterday all were 0.92. What has probably happened, how do you find out in a minute, and has the evaluation done any harm?

# %% [markdown] tags=["words"]
# `net.eval()` is missing, so each minibatch is normalized with its own statistics: two examples become plus and minus one, and one
# example is refused. `print(net.training)` finds it. It has done harm: in train mode each forward pass also moves the running statistics toward
# the test data, even under `torch.no_grad()`. Load the saved network again, call `eval()`, and repeat.

# %% [markdown]
# ## How far have you come?

# %%
progress('04')
