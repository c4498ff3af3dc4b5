# %% [markdown]
# # Exercises 10: inside a network
#
# Write your answer where a cell says `raise NotImplementedError`, run it, and run the check below it. The check says what is wrong, shows
# the smallest input that proves it, and gives a hint; a second try brings a second hint. `hint('10.grad_cam')` gives one without a try.
#
# These questions belong to [Inside a network](../chapters/10_inside.ipynb). Stars say how hard a question is, from ★☆☆ to ★★★. Nothing is trained
# here: small networks and small tables of numbers are enough.

# %% tags=["setup"]
pass

# %%
import torch
from torch import nn
from torch.nn import functional as F

from d2lmini.check import check, hint, progress

# %% [markdown]
# ## 1. Predict maps, passes and counts ★☆☆, 10 minutes
#
# Section: [Which pixels matter? Occlusion and saliency](../chapters/10_inside.ipynb)
#
# Return six predictions:
#
# 1. the shape (rows, columns) of an occlusion map of a 20x32 picture, with a square of 8 pixels that moves in steps of 4;
# 2. how many forward passes of one picture this map takes, besides the one of the uncovered picture;
# 3. the shape (rows, columns) of the saliency map of a color picture (3, 20, 32);
# 4. how many forward passes the saliency map takes;
# 5. the shape (rows, columns) of a Grad-CAM map of feature maps (1, 64, 5, 8);
# 6. the recall of class 0 if the confusion matrix has the rows (6, 2) and (1, 11).
#
# By hand, for a 6x6 picture and a square of 2 pixels that moves in steps of 2: a map of 3x3, nine passes. The check does not tell the right result, only which
# prediction is wrong and, if it can, why.

# %%
def predict_inside():
    """Return a shape, a number, a shape, a number, a shape, a number."""
    # BEGIN SOLUTION
    return (4, 7), 28, (20, 32), 1, (5, 8), 0.75
    # END SOLUTION


# %%
check('10.predict_inside', predict_inside)

# %% [markdown]
# ## 2. What every layer outputs ★★☆, 20 minutes
#
# Section: [What have the layers learned? First-layer filters and feature maps](../chapters/10_inside.ipynb)
#
# Return a dictionary with what each layer of `net` outputs for the minibatch `X`: the keys are the names of `net.named_modules()`, but only of those layers that hold no
# other layers inside. Each output must be as it came out of its layer, even if the next layer works in place. Afterwards the network has no more
# hooks than before. It is in evaluation mode already, and each layer is called once.
#
# By hand: `nn.Sequential(nn.Flatten(), nn.ReLU(inplace=True))` and X = (-1, 2) give `'0'`: (-1, 2) and `'1'`: (0, 2).

# %%
def feature_maps(net, X):
    """Return {name: output} of each layer without layers inside."""
    # BEGIN SOLUTION
    maps, handles = {}, []
    for name, module in net.named_modules():
        if not list(module.children()):
            def keep(module, inputs, output, name=name):
                maps[name] = output.detach().clone()
            handles.append(module.register_forward_hook(keep))
    net(X)
    for handle in handles:
        handle.remove()
    return maps
    # END SOLUTION


# %%
check('10.feature_maps', feature_maps)

# %% [markdown]
# ## 3. Occlusion ★★☆, 20 minutes
#
# Section: [Which pixels matter? Occlusion and saliency](../chapters/10_inside.ipynb)
#
# `score(Z)` gives one number for each picture of a minibatch Z (N, C, H, W), and `X` is one picture (C, H, W). Cover a square of `window` x `window`
# pixels in all channels with the number `fill`, and note how far the score falls: the score of `X` less that of the covered picture. The square starts at the upper left and moves in
# steps of `stride`, as far as it fits into the picture. Return the map of falls, one number for each place.
#
# By hand: the score is the sum of the pixels, X = [[1, 2, 3], [4, 5, 6]], window 2, stride 1, fill 0. The first square covers 1 + 2 + 4 + 5 = 12, the
# second 2 + 3 + 5 + 6 = 16, so the map is [[12, 16]].

# %%
def occlusion(score, X, window, stride, fill=0.0):
    """Return the map of falls of the score."""
    # BEGIN SOLUTION
    rows = range(0, X.shape[1] - window + 1, stride)
    columns = range(0, X.shape[2] - window + 1, stride)
    before = score(X[None])[0]
    falls = torch.zeros(len(rows), len(columns))
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            covered = X.clone()
            covered[:, row:row + window, column:column + window] = fill
            falls[i, j] = before - score(covered[None])[0]
    return falls
    # END SOLUTION


# %%
check('10.occlusion', occlusion)

# %% [markdown]
# ## 4. Grad-CAM ★★☆, 15 minutes
#
# Section: [Where does it look? Class activation maps and Grad-CAM](../chapters/10_inside.ipynb)
#
# `A` holds the feature maps (N, C, h, w) of a layer, `G` the gradient of the logit in question with respect to them, of the same shape. Weigh each map with the mean of its
# gradient over all places, add the maps of a picture up, and set what is negative to 0. Return (N, h, w).
#
# By hand: two maps of 1x2, (1, 2) and (3, 0), with the gradients (1, 3) and (-1, -1). The weights are 2 and -1, the sum is (2 - 3, 4 - 0), and the result (0, 4).

# %%
def grad_cam(A, G):
    """Return the Grad-CAM map of each picture, (N, h, w)."""
    # BEGIN SOLUTION
    weights = G.mean((2, 3), keepdim=True)
    return F.relu((weights * A).sum(1))
    # END SOLUTION


# %%
check('10.grad_cam', grad_cam)

# %% [markdown]
# ## 5. The confusion matrix ★☆☆, 10 minutes
#
# Section: [What is alike, and what is mixed up? Neighbors and mistakes](../chapters/10_inside.ipynb)
#
# `y` holds the true classes of N pictures and `y_hat` the classes that a network answered, both from 0 to `num_classes` - 1. Return the matrix (num_classes, num_classes) whose row is the
# true class and whose column is the answer: how many pictures fell into each pair. Some classes may not occur.
#
# By hand: y = (0, 0, 1), y_hat = (0, 1, 1) and two classes give [[1, 1], [0, 1]].

# %%
def confusion_matrix(y, y_hat, num_classes):
    """Return how often each true class (row) got each answer (column)."""
    # BEGIN SOLUTION
    pairs = num_classes * y + y_hat
    return pairs.bincount(minlength=num_classes**2).reshape(
        num_classes, num_classes)
    # END SOLUTION


# %%
check('10.confusion_matrix', confusion_matrix)

# %% [markdown]
# ## 6. Recall and precision of each class ★☆☆, 10 minutes
#
# Section: [What is alike, and what is mixed up? Neighbors and mistakes](../chapters/10_inside.ipynb)
#
# `M` is a confusion matrix as above. The *recall* of a class is the share of its pictures that were answered right, its *precision* the share of its answers that
# are right. Return both, each of shape (classes,). Where there is nothing to take a share of, the result is 0.
#
# By hand: [[3, 1], [2, 2]] gives the recalls 3/4 and 2/4, and the precisions 3/5 and 2/3.

# %%
def recalls(M):
    """Return the recall and the precision of each class."""
    # BEGIN SOLUTION
    right = M.diagonal()
    return (right / M.sum(1).clamp(min=1), right / M.sum(0).clamp(min=1))
    # END SOLUTION


# %%
check('10.recalls', recalls)

# %% [markdown]
# ## 7. Neighbors of the same class ★★☆, 15 minutes
#
# Section: [What is alike, and what is mixed up? Neighbors and mistakes](../chapters/10_inside.ipynb)
#
# `features` (N, D) are points in feature space, `labels` (N,) their classes. For each point find its `k` nearest *other* points by the ordinary distance, and return the
# share of them that has the class of the point: a tensor (N,). Two points may lie at the same place; no other distances are equal.
#
# By hand: the points 0, 1 and 5 on a line with the classes 0, 1 and 1, and k = 1. The nearest other points are 1, 0 and 1, so the shares are 0, 0 and 1.

# %%
def same_class(features, labels, k):
    """Return the share of neighbors of its own class for each point."""
    # BEGIN SOLUTION
    distances = torch.cdist(features, features)
    distances.fill_diagonal_(float('inf'))
    near = distances.topk(k, largest=False).indices
    return (labels[near] == labels[:, None]).float().mean(1)
    # END SOLUTION


# %%
check('10.same_class', same_class)

# %% [markdown]
# ## 8. In words: a beautiful map ★★☆, 5 minutes
#
# Section: [Can an explanation be trusted? Randomize the weights](../chapters/10_inside.ipynb)
#
# A colleague shows you a map that outlines the lung in an X-ray picture beautifully: "Look, the network looks at the lung, so it can be trusted." Name two tests of less than
# an hour each that could prove him wrong, and say which result would do so.

# %% [markdown] tags=["words"]
# Give the network random weights and draw the map again: if it still outlines the lung, it shows the picture and not what was learned. And cover what the map marks: if the answer hardly changes, or
# changes no more than when a random part of the same size is covered, the network does not rest on it. One may also ask the map for the other class: a map that is the same for every
# class does not listen to the question. And even a good map of one picture says nothing about the others: look at those on which the network is wrong.

# %% [markdown]
# ## How far have you come?

# %%
progress('10')
