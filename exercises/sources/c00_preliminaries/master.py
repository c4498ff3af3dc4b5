# %% [markdown]
# # Exercises 0: preliminaries
#
# Write your answer where a cell says `raise NotImplementedError`, run it, and run the check below it. The check says what is wrong, shows
# the smallest input that proves it, and gives a hint; a second try brings a second hint. `hint('00.cosine')` gives one without a try.
# You may run all cells at any time: what is blank is reported as not answered yet.
#
# These questions belong to [Preliminaries](../chapters/00_preliminaries.ipynb). Stars say how hard a question is, from ★☆☆ to ★★★.
# Several of the functions exist in PyTorch. Write them yourself first: that is what the questions are for. The checks look only at what comes out.

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
# ## 1. How alike are two arrays? ★☆☆, 8 minutes
#
# Section: [When do two pictures look alike? Arrays and the dot product](../chapters/00_preliminaries.ipynb)
#
# The dot product grows with the brightness of a picture. The *cosine similarity* does not: it is the dot product, divided by the lengths of
# both arrays. It is 1 for arrays that point in the same direction, and -1 for opposite ones. Return it as a number. Both arrays are
# tensors of shape (d,), and neither is zero everywhere.
#
# By hand: x = (3, 4) and w = (1, 0) have the dot product 3 and the lengths 5 and 1, so the similarity is 3 / 5 = 0.6.

# %%
def cosine(x, w):
    """Return the cosine similarity of two arrays (d,), a number."""
    # BEGIN SOLUTION
    return (x @ w / (x.norm() * w.norm())).item()
    # END SOLUTION


# %%
check('00.cosine', cosine)

# %% [markdown]
# ## 2. One step, by hand ★★☆, 12 minutes
#
# Section: [How does a function learn? Weights, loss and gradient](../chapters/00_preliminaries.ipynb)
#
# The function is the line w x + b, and the loss is the mean of the squared errors over all points. `x` and `y` are tensors of shape (n,),
# `w` and `b` are numbers. Return the loss's slopes for w and for b, in this order, as a pair of numbers.
#
# By hand: x = (1, 2), y = (3, 5), w = 1 and b = 1. The errors are -1 and -2. The slope for w is 2 · (-1 · 1 - 2 · 2) / 2 = -5, the slope for b is
# 2 · (-1 - 2) / 2 = -3. So the result is (-5.0, -3.0).

# %%
def line_gradient(x, y, w, b):
    """Return the slopes of the mean squared error for w and for b."""
    # BEGIN SOLUTION
    error = w * x + b - y
    return (2 * (error * x).mean()).item(), (2 * error.mean()).item()
    # END SOLUTION


# %%
check('00.line_gradient', line_gradient)

# %% [markdown]
# ## 3. A softmax that does not overflow ★★☆, 12 minutes
#
# Section: [Which garment is it? A linear classifier](../chapters/00_preliminaries.ipynb)
#
# Turn the logits `o` of shape (N, k) into probabilities of the same shape: each *row* belongs to one picture and adds up to 1. The logits may
# be large, such as 1000, or -1000; the probabilities must still be numbers and not `nan`.
#
# By hand: the row (2, 1, 0) becomes (0.67, 0.24, 0.09), and so does the row (1002, 1001, 1000).

# %%
def softmax(o):
    """Turn logits (N, k) into probabilities (N, k)."""
    # BEGIN SOLUTION
    e = torch.exp(o - o.max(dim=1, keepdim=True).values)
    return e / e.sum(dim=1, keepdim=True)
    # END SOLUTION


# %%
check('00.softmax', softmax)

# %% [markdown]
# ## 4. Cross-entropy from logits ★★★, 18 minutes
#
# Section: [Which garment is it? A linear classifier](../chapters/00_preliminaries.ipynb)
#
# Return the cross-entropy, a tensor with one number: the mean over the N pictures of minus the natural logarithm of the probability of the right class.
# `o` are logits (N, k), and `y` are the right classes (N,). If the right class has a logit that is smaller than another one by 1000,
# its probability is too small for a 32-bit number and becomes 0, whose logarithm is minus infinity. The loss must be 1000 then.
#
# Also: the gradient must flow back to `o`.
#
# By hand: the logits (2, 1, 0) have the loss 0.41 if class 0 is right and 2.41 if class 2 is right; for both pictures together it is 1.41.
# The logarithm of a fraction is a difference, so the loss of one picture is ln(e² + e¹ + e⁰) - 2 = 2.41 - 2 = 0.41.

# %%
def cross_entropy(o, y):
    """Return the mean cross-entropy of logits (N, k) and classes (N,)."""
    # BEGIN SOLUTION
    o = o - o.max(dim=1, keepdim=True).values
    log_sum = o.exp().sum(dim=1).log()
    return (log_sum - o[torch.arange(len(y)), y]).mean()
    # END SOLUTION


# %%
check('00.cross_entropy', cross_entropy)

# %% [markdown]
# ## 5. Accuracy of unequal minibatches ★☆☆, 8 minutes
#
# Section: [How is a network trained? Minibatches, epochs and three kinds of data](../chapters/00_preliminaries.ipynb)
#
# `batches` is a list of pairs: logits of shape (n, k) and right classes of shape (n,). The minibatches may differ in n. Return the share
# of pictures whose largest logit belongs to the right class, a number from 0 to 1.
#
# By hand: all 64 pictures of one minibatch are named rightly and none of the 32 of another. The accuracy is 64 / 96 = 0.667.

# %%
def accuracy(batches):
    """Return the share of right answers in a list of minibatches."""
    # BEGIN SOLUTION
    right = total = 0
    for o, y in batches:
        right += (o.argmax(dim=1) == y).sum().item()
        total += len(y)
    return right / total
    # END SOLUTION


# %%
check('00.accuracy', accuracy)

# %% [markdown]
# ## 6. Two linear layers are one ★★☆, 12 minutes
#
# Section: [What does a hidden layer add? Activation functions and the MLP](../chapters/00_preliminaries.ipynb)
#
# A first linear layer has the weight `W1` of shape (h, d) and the bias `b1` of shape (h,), a second one has `W2` of shape (k, h) and `b2` of shape (k,), as
# `nn.Linear` keeps them. There is no activation function between them. Return the weight (k, d) and the bias (k,) of the one linear layer that
# computes the same.
#
# By hand: the layers 2 x + 1 and 3 h - 4 make 3 (2 x + 1) - 4 = 6 x - 1. So W1 = [[2]], b1 = [1], W2 = [[3]] and b2 = [-4] give [[6]] and [-1].

# %%
def collapse(W1, b1, W2, b2):
    """Return weight and bias of the one layer that equals the two."""
    # BEGIN SOLUTION
    return W2 @ W1, W2 @ b1 + b2
    # END SOLUTION


# %%
check('00.collapse', collapse)

# %% [markdown]
# ## 7. Find the three mistakes in a training loop ★★☆, 15 minutes
#
# Section: [How is a network trained? Minibatches, epochs and three kinds of data](../chapters/00_preliminaries.ipynb)
#
# This function should train a network for one epoch: for each minibatch (X, y) of the list `batches`, in its order, one step of plain gradient descent on
# the mean cross-entropy. `net` gives logits. The function changes `net` and returns the mean loss over all *pictures*, where
# each minibatch counts with the loss that it had before its own step. It runs without an error, and it has three mistakes. Write it right.
#
# ```python
# def train_epoch(net, batches, lr):
#     optimizer = torch.optim.SGD(net.parameters(), lr=lr)
#     losses = []
#     for X, y in batches:
#         loss = F.cross_entropy(net(X).softmax(dim=1), y)
#         loss.backward()
#         optimizer.step()
#         losses.append(loss.item())
#     return sum(losses) / len(losses)
# ```
#
# By hand: two minibatches have 3 pictures with the mean loss 1.0 and 1 picture with the loss 2.0. The mean over the pictures is
# (3 · 1.0 + 1 · 2.0) / 4 = 1.25.

# %%
def train_epoch(net, batches, lr):
    """Train net for one epoch; return the mean loss over all pictures."""
    # BEGIN SOLUTION
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    total, count = 0.0, 0
    for X, y in batches:
        loss = F.cross_entropy(net(X), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
        count += len(y)
    return total / count
    # END SOLUTION


# %%
check('00.train_epoch', train_epoch)

# %% [markdown]
# ## 8. Read four learning curves ★☆☆, 10 minutes
#
# Section: [What has it really learned? Overfitting, dropout and a shift by three pixels](../chapters/00_preliminaries.ipynb)
#
# Four networks were trained on 50,000 pictures of ten classes in minibatches of 64. The table has the loss on training and on validation data after 1, 5, 10 and 20 epochs.
#
# | network | data | epoch 1 | epoch 5 | epoch 10 | epoch 20 |
# |---|---|---|---|---|---|
# | A | training | 1.10 | 0.60 | 0.31 | 0.04 |
# | A | validation | 1.05 | 0.70 | 0.68 | 0.95 |
# | B | training | 1.90 | 1.62 | 1.58 | 1.57 |
# | B | validation | 1.91 | 1.64 | 1.60 | 1.60 |
# | C | training | 2.80 | 5.10 | 48.0 | nan |
# | C | validation | 2.90 | 5.60 | 51.0 | nan |
# | D | training | 1.05 | 0.62 | 0.45 | 0.38 |
# | D | validation | 1.04 | 0.64 | 0.48 | 0.42 |
#
# Return seven answers in a tuple. The first four are what you say about A, B, C and D, each one of the texts `'overfitting'`, `'underfitting'`,
# `'learning rate too large'` and `'going well'`. Then come
#
# 5. the epoch of the table, a whole number, whose weights of A you would keep;
# 6. the number of minibatches in an epoch;
# 7. the number of pictures in the last minibatch.
#
# By hand: 100 pictures in minibatches of 64 would be 2 minibatches, and the last one would have 36 pictures. The check does not tell
# the right result, only which answer is wrong and, if it can, why.

# %%
def curves():
    """Return four texts and three whole numbers."""
    # BEGIN SOLUTION
    return ('overfitting', 'underfitting', 'learning rate too large',
            'going well', 10, 782, 16)
    # END SOLUTION


# %%
check('00.curves', curves)

# %% [markdown]
# ## How far have you come?

# %%
progress('00')
