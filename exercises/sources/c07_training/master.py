# %% [markdown]
# # Exercises 7: training
#
# Write your answer where a cell says `raise NotImplementedError`, run it, and run the check below it. The check says what is wrong, shows
# the smallest input that proves it, and gives a hint; a second try brings a second hint. `hint('07.train_epoch')` gives one without a try.
#
# These questions belong to [Training well](../chapters/07_training.ipynb). Stars say how hard a question is, from ★☆☆ to ★★★.

# %% tags=["setup"]
pass

# %%
import math

import torch
from matplotlib import pyplot as plt
from torch import nn
from torch.nn import functional as F

from d2lmini.check import check, hint, progress
from d2lmini.plot import use_style
from d2lmini.utils import set_seed

use_style()
set_seed(0)

# %% [markdown]
# ## 1. One epoch ★★☆, 20 minutes
#
# Section: [The training loop, line by line](../chapters/07_training.ipynb)
#
# Write the loop: for each minibatch (X, y) of `batches` one step of `optimizer` on the mean cross-entropy, in train mode. Return two floats: the mean loss and the
# accuracy over all examples, each as it was *before* the step on its minibatch. The last minibatch may be smaller. What happened before must not matter:
# there may be old gradients, and the network may be in eval mode.
#
# By hand: mean losses 0.5 of 4 examples and 1 of 1 example make (0.5 · 4 + 1 · 1)/5 = 0.6, not 0.75.

# %%
def train_epoch(net, batches, optimizer):
    """Train for one epoch; return mean loss and accuracy."""
    # BEGIN SOLUTION
    net.train()
    total = right = n = 0
    for X, y in batches:
        y_hat = net(X)
        loss = F.cross_entropy(y_hat, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
        right += (y_hat.argmax(1) == y).sum().item()
        n += len(y)
    return total / n, right / n
    # END SOLUTION


# %%
check('07.train_epoch', train_epoch)

# %% [markdown]
# ## 2. Cosine with a warm-up ★★☆, 15 minutes
#
# Section: [Learning-rate decay, by hand and by scheduler](../chapters/07_training.ipynb)
#
# Return the rate of step $t = 0, \dots, T - 1$. In the first `warm_up` steps $W$ it rises in a straight line, $\eta\,(t + 1)/W$; after that it falls along half a
# cosine wave, $\tfrac12 \eta\,(1 + \cos(\pi s))$ with $s = (t - W)/(T - W)$. Without a warm-up ($W = 0$) the cosine begins at once.
#
# By hand: $\eta = 1$, $T = 6$, $W = 2$: 0.5 and 1 in the warm-up, then $s = 0, \tfrac14, \tfrac12, \tfrac34$ and the rates 1, 0.854, 0.5, 0.146.

# %%
def rate(t, T, warm_up, lr=0.1):
    """Return the learning rate of step t, of T steps."""
    # BEGIN SOLUTION
    if t < warm_up:
        return lr * (t + 1) / warm_up
    s = (t - warm_up) / (T - warm_up)
    return lr * (1 + math.cos(math.pi * s)) / 2
    # END SOLUTION


# %%
check('07.rate', rate)

# %% [markdown]
# ## 3. Dropout ★★☆, 15 minutes
#
# Section: [Regularization: dropout, weight decay, label smoothing, mixup, CutMix](../chapters/07_training.ipynb)
#
# In training, set each number of `X` to zero with the probability `p`, each for itself and anew at every call, and divide the others by $1 - p$. Outside of
# training return the numbers as they are. $0 \le p < 1$; leave `nn.Dropout` and `F.dropout` to the check.
#
# By hand: $p = 0.5$ makes (1, 2, 3) for example into (2, 0, 6). On the average each number is kept: $\tfrac12 \cdot 2x + \tfrac12 \cdot 0 = x$.

# %%
def dropout(X, p, training):
    """Drop numbers of X with probability p while training."""
    # BEGIN SOLUTION
    if not training:
        return X
    keep = torch.rand_like(X) >= p
    return X * keep / (1 - p)
    # END SOLUTION


# %%
check('07.dropout', dropout)

# %% [markdown]
# ## 4. Mixup ★★☆, 15 minutes
#
# Section: [Regularization: dropout, weight decay, label smoothing, mixup, CutMix](../chapters/07_training.ipynb)
#
# Blend each image i of X (N, C, H, W) with its partner, the image `order[i]`: `share` of its own, the rest of the partner. Blend the labels in the same
# way, as probabilities (N, num_classes). (In a training, share and order are drawn at random for every minibatch.)
#
# By hand: the pixels 0 and 10, share 0.7, order (1, 0): 0.7 · 0 + 0.3 · 10 = 3, and 0.7 · 10 + 0.3 · 0 = 7. If the first is of class 2 of three, and its partner of
# class 0, its label is (0.3, 0, 0.7).

# %%
def mixup(X, y, share, order, num_classes):
    """Return blended images and the probabilities of their classes."""
    # BEGIN SOLUTION
    probs = F.one_hot(y, num_classes).float()
    return (share * X + (1 - share) * X[order],
            share * probs + (1 - share) * probs[order])
    # END SOLUTION


# %%
check('07.mixup', mixup)

# %% [markdown]
# ## 5. Read four curves ★★☆, 10 minutes
#
# Section: [Underfitting and overfitting: learning curves](../chapters/07_training.ipynb)
#
# Four networks were trained on parts of Fashion-MNIST; the numbers are those of the real runs. The panels have ten points each: the loss on the training images and on 1,000 others.
#
# Return four texts, for A, B, C and D, each of them one of `'underfits'`, `'overfits'`, `'rate too high'` and `'fine'`. Each occurs once. By hand: a network whose training loss is 0.05 and
# whose validation loss rises from 0.5 to 0.9 would be `'overfits'`. The check does not tell the right answer, only which one is wrong and, if it can, why.

# %% mystnb={"image": {"alt": "Four panels, A to D, of loss against time, each with a curve for the training images and one for the validation images."}}
CURVES = {
    'A': ([1.96, 1.09, 0.80, 0.72, 0.67, 0.64, 0.58, 0.58, 0.55, 0.51],
          [1.34, 0.80, 0.79, 1.08, 1.00, 0.62, 0.87, 1.05, 0.65, 0.58]),
    'B': ([0.93, 0.83, 0.79, 0.77, 0.76, 0.76, 0.74, 0.74, 0.74, 0.73],
          [0.91, 0.83, 0.80, 0.78, 0.78, 0.77, 0.76, 0.76, 0.76, 0.76]),
    'C': ([1.35, 0.74, 0.66, 0.61, 0.58, 0.55, 0.52, 0.51, 0.49, 0.48],
          [0.84, 0.69, 0.63, 0.64, 0.58, 0.57, 0.58, 0.54, 0.55, 0.51]),
    'D': ([0.86, 0.70, 0.58, 0.42, 0.36, 0.25, 0.23, 0.18, 0.11, 0.08],
          [0.82, 0.71, 0.65, 0.64, 0.64, 0.68, 0.69, 0.68, 0.79, 0.85])}
_, axes = plt.subplots(1, 4, figsize=(7, 2.2), sharey=True)
for ax, (name, (train, valid)) in zip(axes, CURVES.items()):
    ax.plot(range(1, 11), train, label='training')
    ax.plot(range(1, 11), valid, '--', label='validation')
    ax.set(title=name, xlabel='measurement', ylim=(0, 2))
axes[0].set_ylabel('loss')
axes[0].legend()
plt.show()

# %%
def curves():
    """Return four texts, for A, B, C and D."""
    # BEGIN SOLUTION
    return 'rate too high', 'underfits', 'fine', 'overfits'
    # END SOLUTION


# %%
check('07.curves', curves)

# %% [markdown]
# ## 6. In words: which cure? ★★☆, 5 minutes
#
# Section: [The ladder, TensorBoard, and what a seed fixes](../chapters/07_training.ipynb)
#
# For each of A, B and D of the last question: which one thing would you change first, and what would you expect to see? And a colleague reports that label smoothing
# gave 0.3 % more accuracy, in one run with and one without: what do you ask?

# %% [markdown] tags=["words"]
# A: divide the rate by 3 or 10; the validation loss should stop jumping. B: a larger network or finer inputs; both curves should fall together. Neither augmentation nor dropout
# helps, they make learning harder still. D: more images, or else augmentation, and stopping near the fourth measurement; the gap should shrink, and the training loss will be higher. The colleague: how
# far apart are two runs with different seeds? Without several seeds for both, 0.3 % may be luck; and was it validation or test data?

# %% [markdown]
# ## How far have you come?

# %%
progress('07')
