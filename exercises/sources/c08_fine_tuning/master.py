# %% [markdown]
# # Exercises 8: fine-tuning
#
# Write your answer where a cell says `raise NotImplementedError`, run it, and run the check below it. The check says what is wrong, shows
# the smallest input that proves it, and gives a hint; a second try brings a second hint. `hint('08.freeze')` gives one without a try.
#
# These questions belong to [Fine-tuning](../chapters/08_fine_tuning.ipynb). Stars say how hard a question is, from ★☆☆ to ★★★. The networks
# are small, so nothing is downloaded.

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
# ## 1. Predict: what is trained, what is kept? ★☆☆, 10 minutes
#
# Section: [A new head on a frozen body](../chapters/08_fine_tuning.ipynb)
#
# A pretrained network is `nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
# nn.Linear(8, 10))`. Its last layer is replaced by one for 2 classes. Return six numbers:
#
# 1. how many parameters the new head has;
# 2. how many parameters the body has;
# 3. how many parameters are trained if the body is frozen, but for the scale and shift of its batch norm;
# 4. how many floats of the body change in one forward pass in training mode, though all of it has `requires_grad=False`;
# 5. how many tensors the whole network's `state_dict` has;
# 6. how many bytes the features of 244 photographs take, kept as float32: one row for each photograph, what goes into the head.
#
# By hand, for `nn.Sequential(nn.BatchNorm2d(1), nn.Flatten(), nn.Linear(4, 1))` on 2×2 pixels: the head has 4 + 1 = 5 parameters, the body 2, and
# 10 photographs give 10 · 4 features of 4 bytes, 160. The check does not tell the right number, only which prediction is wrong and, if it can, why.

# %%
def kept_and_trained():
    """Return six whole numbers."""
    # BEGIN SOLUTION
    return 18, 240, 34, 16, 9, 7808
    # END SOLUTION


# %%
check('08.kept_and_trained', kept_and_trained)

# %% [markdown]
# ## 2. Replace the head of any network ★★☆, 20 minutes
#
# Section: [A new head on a frozen body](../chapters/08_fine_tuning.ipynb)
#
# Put a fresh `nn.Linear` with a bias in place of the network's *last* linear layer, for `num_classes` classes, and return the network itself. It is
# known by another name in each network: the last layer of an `nn.Sequential`, an attribute `fc`, or `classifier.2`. All else stays as it was.
#
# By hand: in `nn.Sequential(nn.Flatten(), nn.Linear(4, 10))` the last linear layer is `'1'`. For 3 classes `nn.Linear(4, 3)` takes its place, and
# a minibatch of two images gives scores of the shape (2, 3).

# %%
def replace_head(net, num_classes):
    """Replace the last linear layer of net; return net."""
    # BEGIN SOLUTION
    linear = [(name, layer) for name, layer in net.named_modules()
              if isinstance(layer, nn.Linear)]
    name, old = linear[-1]
    net.set_submodule(name, nn.Linear(old.in_features, num_classes))
    return net
    # END SOLUTION


# %%
check('08.replace_head', replace_head)

# %% [markdown]
# ## 3. Freeze the body, all of it ★★☆, 20 minutes
#
# Section: [A new head on a frozen body](../chapters/08_fine_tuning.ipynb)
#
# `head` is a part of `net`, all else is the body. Make `net` ready for training the head alone: the body gets no gradients, its batch norms keep
# their running statistics, its dropout is off; the head is trainable and in training mode. Whatever was frozen before, or in which mode it was,
# does not matter. Return `net`.
#
# By hand: a body of one batch norm with running mean 0 and momentum 0.1 sees a minibatch of mean 5. In training mode its running mean
# becomes 0.9 · 0 + 0.1 · 5 = 0.5, with or without `requires_grad`. In a frozen body it stays 0.

# %%
def freeze(net, head):
    """Freeze all of net but its head; return net."""
    # BEGIN SOLUTION
    net.requires_grad_(False)
    net.eval()
    head.requires_grad_(True)
    head.train()
    return net
    # END SOLUTION


# %%
check('08.freeze', freeze)

# %% [markdown]
# ## 4. Parameter groups ★★☆, 15 minutes
#
# Section: [All layers, with a smaller rate for the body](../chapters/08_fine_tuning.ipynb)
#
# Return what an optimizer takes in place of `net.parameters()`: a list of two dictionaries with the keys `'params'` and `'lr'`, the first for the
# head with the rate `lr`, the second for the body with the rate `body_lr`. No parameter may be in both, none may be forgotten; but leave out the
# parameters of the body that are frozen (`requires_grad` is `False`).
#
# By hand: a head with a weight and a bias, a body of one frozen and one trainable convolution, each with weight and bias. Two parameters
# in the first group, two in the second.

# %%
def param_groups(net, head, lr, body_lr):
    """Return two parameter groups: of the head, of the rest."""
    # BEGIN SOLUTION
    own = {id(p) for p in head.parameters()}
    body = [p for p in net.parameters()
            if id(p) not in own and p.requires_grad]
    return [{'params': list(head.parameters()), 'lr': lr},
            {'params': body, 'lr': body_lr}]
    # END SOLUTION


# %%
check('08.param_groups', param_groups)

# %% [markdown]
# ## 5. Features, computed once ★★☆, 15 minutes
#
# Section: [A new head on a frozen body](../chapters/08_fine_tuning.ipynb)
#
# Return `body(X)` for all examples, as one tensor without gradients, in evaluation mode, and never more than `batch_size` examples at a time. The body
# is left in the mode it was in.
#
# By hand: five examples in batches of two are three calls, with 2, 2 and 1 examples; the result has five rows, in their order.

# %%
def extract(body, X, batch_size):
    """Return body(X), computed batch by batch for a frozen body."""
    # BEGIN SOLUTION
    before = body.training
    body.eval()
    with torch.no_grad():
        Z = torch.cat([body(part) for part in X.split(batch_size)])
    body.train(before)
    return Z
    # END SOLUTION


# %%
check('08.extract', extract)

# %% [markdown]
# ## 6. In words: freeze, tune, or start anew? ★☆☆, 10 minutes
#
# Section: [Which features are general, and which are special?](../chapters/08_fine_tuning.ipynb)
#
# Three tasks, and a network trained on ImageNet: 300 photographs of two breeds of dogs; 30,000 X-ray pictures with ten findings; 2,000,000
# spectrograms of sounds. What would you freeze, what would you tune, and what would you measure before you decide?

# %% [markdown] tags=["words"]
# Dogs are in ImageNet and 300 photographs are few: freeze the body, train a head, and expect little from more. X-ray pictures are far from ImageNet,
# but edges and textures serve there too, and 30,000 pictures can move a body: tune all layers, a smaller rate below, perhaps the lowest frozen. With
# two million spectrograms, training from scratch may do as well; pretraining still saves time at the start. In each case a linear probe by depth
# shows, in minutes, where the general features end, and a validation split, not the test, decides between the ways.

# %% [markdown]
# ## How far have you come?

# %%
progress('08')
