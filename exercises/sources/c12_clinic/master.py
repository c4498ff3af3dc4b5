# %% [markdown]
# # Exercises 12: the clinic
#
# Each cell below holds a short program with a mistake that people really make. There is no blank: run the cell and its check, read the
# symptom, find the cause, repair the cell, and check again. A first check brings one hint, the next one a second; `hint('12.Autoencoder')`
# gives one without a try. Change as little as you can.
#
# The questions belong to [the clinic](../chapters/12_clinic.ipynb), which shows how to find such mistakes in a minute. Stars say how hard a mistake is to find, from ★☆☆ to
# ★★★: programs that stop come first, programs that run and mislead come last.

# %% tags=["setup"]
pass

# %%
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from d2lmini.check import check, hint, progress
from d2lmini.utils import set_seed

set_seed(0)

# %% [markdown]
# ## 1. Encode and decode ★☆☆, 3 minutes
#
# Section: [The program stops: which line, and what is it called with?](../chapters/12_clinic.ipynb)
#
# The network makes a short code of a row of numbers, and the row again of the code. By hand: `Autoencoder(4, 2)` has 4 · 2 + 2 parameters in its encoder and
# 2 · 4 + 4 in its decoder, 22 together.

# %%
class Autoencoder(nn.Module):
    """Squeeze rows of numbers into a code, and unpack them."""

    def __init__(self, size, code_size):
        super().__init__()
        self.encoder = nn.Linear(size, code_size)
        self.decoder = nn.Linear(code_size, size)

    def encode(self, X):
        code = F.relu(self.encoder(X))
        return code

    def forward(self, X):
        # BEGIN BROKEN
        # self.encode(X)
        # END BROKEN
        # BEGIN SOLUTION
        code = self.encode(X)
        # END SOLUTION
        return self.decoder(code)


# %%
check('12.Autoencoder', Autoencoder)

# %% [markdown]
# ## 2. From rows to images ★☆☆, 2 minutes
#
# Section: [The program stops: which line, and what is it called with?](../chapters/12_clinic.ipynb)
#
# `rows` are pixels from 0 to 255, (N, 784). The network wants (N, 1, 28, 28), from 0 to 1. By hand: two rows (2, 784) become
# (2, 1, 28, 28), and the pixel 51 becomes 0.2.

# %%
def as_images(rows):
    """Turn pixels (N, 784) into images (N, 1, 28, 28)."""
    pixels = rows / 255
    # BEGIN BROKEN
    # return pixels.shape(-1, 1, 28, 28)
    # END BROKEN
    # BEGIN SOLUTION
    return pixels.reshape(-1, 1, 28, 28)
    # END SOLUTION


# %%
check('12.as_images', as_images)

# %% [markdown]
# ## 3. Two linear layers ★☆☆, 3 minutes
#
# Section: [The program stops: which line, and what is it called with?](../chapters/12_clinic.ipynb)
#
# The network fails before it has seen any data. By hand: `TwoLayers(5)` has 4 · 5 + 5 parameters in its first layer and 5 · 3 + 3 in its
# second, 43 together.

# %%
class TwoLayers(nn.Module):
    """Four features, some hidden units, three classes."""

    def __init__(self, num_hidden):
        # BEGIN BROKEN
        # self.hidden = nn.Linear(4, num_hidden)
        # END BROKEN
        # BEGIN SOLUTION
        super().__init__()
        self.hidden = nn.Linear(4, num_hidden)
        # END SOLUTION
        self.output = nn.Linear(num_hidden, 3)

    def forward(self, X):
        return self.output(F.relu(self.hidden(X)))


# %%
check('12.TwoLayers', TwoLayers)

# %% [markdown]
# ## 4. Windows of a series ★☆☆, 3 minutes
#
# Section: [The program stops: which line, and what is it called with?](../chapters/12_clinic.ipynb)
#
# Item i of the data set is the window of `size` numbers that begins at place i. A loader refuses it: there is no `len()`, and yet a length stands there. By hand: the series 5, 6, 7, 8
# has three windows of two numbers, (5, 6), (6, 7) and (7, 8).

# %%
class Windows(torch.utils.data.Dataset):
    """All windows of some neighbors in a series."""

    def __init__(self, series, size):
        self.series, self.size = series, size

    # BEGIN BROKEN
    # def __length__(self):
    # END BROKEN
    # BEGIN SOLUTION
    def __len__(self):
        # END SOLUTION
        return len(self.series) - self.size + 1

    def __getitem__(self, i):
        return self.series[i:i + self.size]


# %%
check('12.Windows', Windows)

# %% [markdown]
# ## 5. Count the labels ★☆☆, 3 minutes
#
# Section: [The program stops: which line, and what is it called with?](../chapters/12_clinic.ipynb)
#
# `data_iter` gives minibatches (X, y), as all iterators of the book do. Return how many examples of each class there are. By hand: labels 0, 2 and 2 of
# three classes give (1, 0, 2).

# %%
def count_labels(data_iter, num_classes):
    """Return the number of examples of each class, (num_classes,)."""
    counts = torch.zeros(num_classes, dtype=torch.int64)
    # BEGIN BROKEN
    # for X, y in data_iter():
    # END BROKEN
    # BEGIN SOLUTION
    for X, y in data_iter:
        # END SOLUTION
        counts += torch.bincount(y, minlength=num_classes)
    return counts


# %%
check('12.count_labels', count_labels)

# %% [markdown]
# ## 6. A program of 2017 ★☆☆, 4 minutes
#
# Section: [The program stops: which line, and what is it called with?](../chapters/12_clinic.ipynb)
#
# This should give the loss on the first minibatch as a number. It was right once; three things in it are gone from Python's, NumPy's and PyTorch's
# interfaces. By hand: scores (0, 0) for two classes give the loss ln 2 = 0.693, whatever the label.

# %%
def first_loss(net, loader):
    """Return the mean cross-entropy on the first minibatch, a float."""
    # BEGIN BROKEN
    # X, y = iter(loader).next()
    # loss = F.cross_entropy(net(X), y)
    # return np.float(loss.data[0])
    # END BROKEN
    # BEGIN SOLUTION
    X, y = next(iter(loader))
    loss = F.cross_entropy(net(X), y)
    return loss.item()
    # END SOLUTION


# %%
check('12.first_loss', first_loss)

# %% [markdown]
# ## 7. A table with labels ★☆☆, 4 minutes
#
# Section: [The shapes do not fit: who prints them?](../chapters/12_clinic.ipynb)
#
# `table` is a float32 tensor: a row for each example, its features first, and in the last column the number of its class. Return the mean cross-entropy of the network as a number. By hand:
# scores (0, 0) for two classes give the loss ln 2 = 0.693, whatever the label.

# %%
def table_loss(net, table):
    """Return the mean cross-entropy on a table (N, features + 1)."""
    X = table[:, :-1]
    # BEGIN BROKEN
    # y = table[:, -1]
    # END BROKEN
    # BEGIN SOLUTION
    y = table[:, -1].long()
    # END SOLUTION
    return F.cross_entropy(net(X), y).item()


# %%
check('12.table_loss', table_loss)

# %% [markdown]
# ## 8. A convolution and its ReLU ★☆☆, 3 minutes
#
# Section: [The shapes do not fit: who prints them?](../chapters/12_clinic.ipynb)
#
# `ConvBlock(1, 6)` should take gray images and give 6 maps of the same size. It works as long as both numbers are equal. By hand:
# `ConvBlock(1, 6)` has 6 · 9 weights and 6 biases, 60 parameters.

# %%
class ConvBlock(nn.Module):
    """A convolution that keeps the size, and ReLU."""

    # BEGIN BROKEN
    # def __init__(self, out_channels, in_channels, kernel_size=3):
    # END BROKEN
    # BEGIN SOLUTION
    def __init__(self, in_channels, out_channels, kernel_size=3):
        # END SOLUTION
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size,
                              padding=kernel_size // 2)

    def forward(self, X):
        return F.relu(self.conv(X))


# %%
check('12.ConvBlock', ConvBlock)

# %% [markdown]
# ## 9. Numbers that grew on the way ★☆☆, 4 minutes
#
# Section: [The shapes do not fit: who prints them?](../chapters/12_clinic.ipynb)
#
# Return a small VGG for color images (N, 3, 32, 32): three stages of a 3x3 convolution, ReLU and a pooling that halves the map, so that 16 maps of 4x4 stand in front of the linear
# layer. By hand: 3 · 9 · 8 + 8 = 224, 8 · 9 · 16 + 16 = 1168, 16 · 9 · 16 + 16 = 2320 and 256 · 10 + 10 = 2570 parameters are 6,282.

# %%
def small_vgg():
    """Return three stages and a linear layer."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        # BEGIN BROKEN
        # nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(),
        # END BROKEN
        # BEGIN SOLUTION
        nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        # END SOLUTION
        nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(256, 10))


# %%
check('12.small_vgg', small_vgg)

# %% [markdown]
# ## 10. LeNet's head ★☆☆, 2 minutes
#
# Section: [The shapes do not fit: who prints them?](../chapters/12_clinic.ipynb)
#
# Return the three linear layers of LeNet-5: from 400 features to 120, to 84, to 10. Between two of them one digit too many was typed. By hand: the last layer has
# 84 · 10 + 10 = 850 parameters.

# %%
def head():
    """Return the linear layers of LeNet-5."""
    return nn.Sequential(
        nn.Linear(400, 120), nn.Sigmoid(),
        # BEGIN BROKEN
        # nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(184, 10))
        # END BROKEN
        # BEGIN SOLUTION
        nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, 10))
    # END SOLUTION


# %%
check('12.head', head)

# %% [markdown]
# ## 11. Two branches ★☆☆, 4 minutes
#
# Section: [The shapes do not fit: who prints them?](../chapters/12_clinic.ipynb)
#
# One branch is a 1x1 convolution, the other a 1x1 convolution to 2 channels followed by a 3x3 one. By hand: `Branches(6)` has 6 · 4 + 4 = 28 parameters in its
# first branch, 6 · 2 + 2 = 14 and 2 · 9 · 4 + 4 = 76 in the second.

# %%
class Branches(nn.Module):
    """Two branches of four channels, side by side."""

    def __init__(self, in_channels):
        super().__init__()
        self.b1 = nn.Conv2d(in_channels, 4, 1)
        self.b2_1 = nn.Conv2d(in_channels, 2, 1)
        # BEGIN BROKEN
        # self.b2_2 = nn.Conv2d(in_channels, 4, 3, padding=1)
        # END BROKEN
        # BEGIN SOLUTION
        self.b2_2 = nn.Conv2d(2, 4, 3, padding=1)
        # END SOLUTION

    def forward(self, X):
        b2 = self.b2_2(F.relu(self.b2_1(X)))
        return F.relu(torch.cat([self.b1(X), b2], dim=1))


# %%
check('12.Branches', Branches)

# %% [markdown]
# ## 12. Images that arrive as rows ★★☆, 4 minutes
#
# Section: [The shapes do not fit: who prints them?](../chapters/12_clinic.ipynb)
#
# The network takes rows (N, 36), looks at them as images of 6x6 pixels, and gives scores (N, 10). By hand: (2, 36) → (2, 1, 6, 6) → convolution
# (2, 4, 4, 4) → flatten (2, 64) → (2, 10).

# %%
class OnRows(nn.Module):
    """A small network for images that come as rows (N, 36)."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(64, 10))

    def forward(self, X):
        # BEGIN BROKEN
        # return self.layers(X).reshape(-1, 1, 6, 6)
        # END BROKEN
        # BEGIN SOLUTION
        return self.layers(X.reshape(-1, 1, 6, 6))
        # END SOLUTION


# %%
check('12.OnRows', OnRows)

# %% [markdown]
# ## 13. The last minibatch ★★☆, 4 minutes
#
# Section: [The shapes do not fit: who prints them?](../chapters/12_clinic.ipynb)
#
# It was trained with minibatches of 64, and the first epoch went well. The last minibatch of the second data set had one image, and the loss complained about its scores. By hand: (2, 1, 6, 6) →
# convolution (2, 4, 4, 4) → mean of each map (2, 4) → (2, 10), and one image gives (1, 10).

# %%
class Pooled(nn.Module):
    """Convolution, the mean of each map, and a linear layer."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.linear = nn.Linear(4, 10)

    def forward(self, X):
        maps = self.pool(F.relu(self.conv(X)))
        # BEGIN BROKEN
        # return self.linear(maps.squeeze())
        # END BROKEN
        # BEGIN SOLUTION
        return self.linear(maps.flatten(1))
        # END SOLUTION


# %%
check('12.Pooled', Pooled)

# %% [markdown]
# ## 14. A pooling that loses a row ★★☆, 4 minutes
#
# Section: [The shapes do not fit: who prints them?](../chapters/12_clinic.ipynb)
#
# Max pooling of one map with a k x k window and stride 1. By hand: a window of 2 fits into a 3x3 map at 2 · 2 places, and the map (1, 2, 3), (4, 5, 6),
# (7, 8, 9) gives (5, 6), (8, 9).

# %%
def max_pool(X, k):
    """Return the maximum of each k x k window of X (H, W), stride 1."""
    # BEGIN BROKEN
    # Y = X.new_empty(X.shape[0] - k, X.shape[1] - k + 1)
    # END BROKEN
    # BEGIN SOLUTION
    Y = X.new_empty(X.shape[0] - k + 1, X.shape[1] - k + 1)
    # END SOLUTION
    for i in range(len(Y)):
        for j in range(len(Y[i])):
            Y[i, j] = X[i:i + k, j:j + k].max()
    return Y


# %%
check('12.max_pool', max_pool)

# %% [markdown]
# ## 15. The gradient without its border ★★☆, 5 minutes
#
# Section: [The shapes do not fit: who prints them?](../chapters/12_clinic.ipynb)
#
# A backward pass has computed the gradient of a padded input, and cuts the border off again. All gradient checks with padding 1 pass. By hand: (1, 1, 5, 5) with
# `pad=1` becomes (1, 1, 3, 3), and with `pad=0` it stays as it is.

# %%
def crop(dX, pad):
    """Cut pad rows and columns off each side of dX (N, C, H, W)."""
    # BEGIN BROKEN
    # return dX[:, :, pad:-pad, pad:-pad]
    # END BROKEN
    # BEGIN SOLUTION
    H, W = dX.shape[2:]
    return dX[:, :, pad:H - pad, pad:W - pad]
    # END SOLUTION


# %%
check('12.crop', crop)

# %% [markdown]
# ## 16. Brighter photographs ★★☆, 4 minutes
#
# Section: [It runs, but is it the network you meant?](../chapters/12_clinic.ipynb)
#
# Add `by` to all pixels of a minibatch, and keep them between 0 and 1. The author wrote the right line, and yet there are pixels of 1.3. By hand: 0.2, 0.9 and `by=0.3` become
# 0.5 and 1.

# %%
def brighten(images, by):
    """Return images that are brighter by a number, 0 to 1."""
    X = images + by
    # BEGIN BROKEN
    # X.clamp(0, 1)
    # END BROKEN
    # BEGIN SOLUTION
    X = X.clamp(0, 1)
    # END SOLUTION
    return X


# %%
check('12.brighten', brighten)

# %% [markdown]
# ## 17. A data set with a transform ★★☆, 4 minutes
#
# Section: [It runs, but is it the network you meant?](../chapters/12_clinic.ipynb)
#
# Item i is the transformed image and its label. Augmentation was switched on, and the accuracy has not moved at all. By hand: with a transform that doubles, the image (1, 2) with label
# 7 comes out as (2, 4) and 7.

# %%
class Pictures(torch.utils.data.Dataset):
    """Images and labels, each image transformed when it is taken."""

    def __init__(self, images, labels, transform):
        self.images, self.labels = images, labels
        self.transform = transform

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        # BEGIN BROKEN
        # image = self.images[i]
        # transformed = self.transform(image)
        # return image, self.labels[i]
        # END BROKEN
        # BEGIN SOLUTION
        image = self.images[i]
        transformed = self.transform(image)
        return transformed, self.labels[i]
        # END SOLUTION


# %%
check('12.Pictures', Pictures)

# %% [markdown]
# ## 18. Max or average ★★☆, 4 minutes
#
# Section: [It runs, but is it the network you meant?](../chapters/12_clinic.ipynb)
#
# Python refused `if mode = 'max':` and asked: "Maybe you meant '==' or ':=' instead of '='?" The author took the second offer, and now the program
# runs. By hand: the window (1, 2), (3, 6) has the maximum 6 and the average 3.

# %%
def pool(X, mode='max'):
    """Pool (N, C, H, W) with a 2x2 window: mode is 'max' or 'avg'."""
    # BEGIN BROKEN
    # if mode := 'max':
    # END BROKEN
    # BEGIN SOLUTION
    if mode == 'max':
        # END SOLUTION
        return F.max_pool2d(X, 2)
    return F.avg_pool2d(X, 2)


# %%
check('12.pool', pool)

# %% [markdown]
# ## 19. A tower of convolutions ★★☆, 4 minutes
#
# Section: [It runs, but is it the network you meant?](../chapters/12_clinic.ipynb)
#
# `Tower([1, 2, 3])` should have a 1x1 convolution from 1 to 2 channels and one from 2 to 3, each followed by ReLU. The error says that 2 channels were expected and 1 came. With
# `Tower([3, 3, 3])` there is no error at all. By hand: 1 · 2 + 2 and 2 · 3 + 3 are 13 parameters.

# %%
class Tower(nn.Module):
    """1x1 convolutions with ReLU, through the given channels."""

    def __init__(self, channels):
        super().__init__()
        for i in range(len(channels) - 1):
            layer = nn.Conv2d(channels[i], channels[i + 1], 1)
            # BEGIN BROKEN
            # self.add_module('layer', layer)
            # END BROKEN
            # BEGIN SOLUTION
            self.add_module(f'layer{i}', layer)
            # END SOLUTION

    def forward(self, X):
        for layer in self.children():
            X = F.relu(layer(X))
        return X


# %%
check('12.Tower', Tower)

# %% [markdown]
# ## 20. A dense block that does not grow ★★☆, 5 minutes
#
# Section: [It runs, but is it the network you meant?](../chapters/12_clinic.ipynb)
#
# Each layer appends `growth_rate` channels to what it gets (without batch norm here). The program works for one layer and for two, and fails for three. By hand: `Dense(3, 2, 4)`:
# the layers take 2, 6 and 10 channels, and 14 come out.

# %%
class Dense(nn.Module):
    """Layers that each append growth_rate channels."""

    def __init__(self, num_layers, channels, growth_rate):
        super().__init__()
        self.layers = nn.ModuleList()
        for i in range(num_layers):
            # BEGIN BROKEN
            # extra = growth_rate if i else 0
            # END BROKEN
            # BEGIN SOLUTION
            extra = growth_rate * i
            # END SOLUTION
            self.layers.append(nn.Conv2d(channels + extra, growth_rate, 1))

    def forward(self, X):
        for layer in self.layers:
            X = torch.cat([X, F.relu(layer(X))], dim=1)
        return X


# %%
check('12.Dense', Dense)

# %% [markdown]
# ## 21. The plan of a DenseNet ★★★, 5 minutes
#
# Section: [It runs, but is it the network you meant?](../chapters/12_clinic.ipynb)
#
# Return the stages with the channels that come out of each. Between two dense blocks, and only there, a transition halves the channels. By hand: 8 channels, growth rate 4 and blocks
# of 2 and 3 layers give 8 + 2 · 4 = 16, a transition to 8, then 8 + 3 · 4 = 20, and no more.

# %%
def plan(channels, growth_rate, blocks):
    """Return (stage, channels) for each stage of a DenseNet."""
    stages = []
    for i, num_layers in enumerate(blocks):
        channels = channels + num_layers * growth_rate
        stages.append(('dense block', channels))
        # BEGIN BROKEN
        # if i < len(stages):
        # END BROKEN
        # BEGIN SOLUTION
        if i < len(blocks) - 1:
            # END SOLUTION
            channels = channels // 2
            stages.append(('transition', channels))
    return stages


# %%
check('12.plan', plan)

# %% [markdown]
# ## 22. A shortcut that loses something ★★★, 5 minutes
#
# Section: [It runs, but is it the network you meant?](../chapters/12_clinic.ipynb)
#
# A residual block whose activations stand in front of its convolutions: $X + F(X)$, where $F$ is ReLU, convolution, ReLU, convolution. It runs, and its shapes and parameters are right,
# but in a deep network little of the input arrives. By hand: with all weights and biases 0 the block must give back its input, also where it is negative.
#
# Also: gradients must flow back to the input, on both ways.

# %%
class PreActivation(nn.Module):
    """ReLU and convolution, twice, and a shortcut."""

    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, X):
        # BEGIN BROKEN
        # X = F.relu(X)
        # Y = self.conv1(X)
        # END BROKEN
        # BEGIN SOLUTION
        Y = self.conv1(F.relu(X))
        # END SOLUTION
        Y = self.conv2(F.relu(Y))
        return X + Y


# %%
check('12.PreActivation', PreActivation)

# %% [markdown]
# ## 23. How many parameters? ★☆☆, 2 minutes
#
# Section: [The report misleads: what was counted, and in which mode?](../chapters/12_clinic.ipynb)
#
# The function is right when it is watched and gives `None` when it is not. By hand: a linear layer from 2 to 3 has 6 weights and 3 biases: 9.

# %%
def count_parameters(net, verbose=False):
    """Return the number of parameters; verbose: print it too."""
    total = sum(p.numel() for p in net.parameters())
    if verbose:
        # BEGIN BROKEN
        # print(f'{total:,} parameters')
        # return total
        # END BROKEN
        # BEGIN SOLUTION
        print(f'{total:,} parameters')
    return total
    # END SOLUTION


# %%
check('12.count_parameters', count_parameters)

# %% [markdown]
# ## 24. More right pixels than pixels? ★★☆, 4 minutes
#
# Section: [The report misleads: what was counted, and in which mode?](../chapters/12_clinic.ipynb)
#
# A network names the class of every pixel. `batches` holds pairs of its answers and the true classes, each of shape (N, H, W); sizes differ. Return the share of all pixels that are named rightly. The
# report says 531. By hand: an image of 2x2 pixels with 3 right ones and an image of 1x1 with 1 right one: 4/5 = 0.8.

# %%
def pixel_accuracy(batches):
    """Return the share of right pixels, 0 to 1."""
    right = total = 0
    for y_hat, y in batches:
        right += (y_hat == y).sum().item()
        # BEGIN BROKEN
        # total += len(y)
        # END BROKEN
        # BEGIN SOLUTION
        total += y.numel()
        # END SOLUTION
    return right / total


# %%
check('12.pixel_accuracy', pixel_accuracy)

# %% [markdown]
# ## 25. Another answer each time ★★☆, 4 minutes
#
# Section: [The report misleads: what was counted, and in which mode?](../chapters/12_clinic.ipynb)
#
# A linear layer and then dropout of one half, while training. `net.eval()` was called before the evaluation, and still two calls give two results. By hand: in eval mode the output is that of the linear
# layer; in train mode about half of the numbers are 0, and the others are twice as large.

# %%
class Dropped(nn.Module):
    """A linear layer, and dropout while training."""

    def __init__(self, in_features, out_features):
        super().__init__()
        self.linear = nn.Linear(in_features, out_features)

    def forward(self, X):
        # BEGIN BROKEN
        # return F.dropout(self.linear(X), 0.5)
        # END BROKEN
        # BEGIN SOLUTION
        return F.dropout(self.linear(X), 0.5, training=self.training)
        # END SOLUTION


# %%
check('12.Dropped', Dropped)

# %% [markdown]
# ## 26. Memory that grows ★★☆, 5 minutes
#
# Section: [The report misleads: what was counted, and in which mode?](../chapters/12_clinic.ipynb)
#
# The mean loss over the validation data is right, but the memory grows with every minibatch until the program is killed. Return the loss as a number (float). By hand: losses 1 and 4 of minibatches
# of 3 and 1 examples: (3 + 4)/4 = 1.75.

# %%
def validation_loss(net, data_iter):
    """Return the mean cross-entropy over all examples, a float."""
    net.eval()
    # BEGIN BROKEN
    # loss = total = 0
    # for X, y in data_iter:
    #     loss = loss + F.cross_entropy(net(X), y, reduction='sum')
    #     total += len(y)
    # return loss / total
    # END BROKEN
    # BEGIN SOLUTION
    loss = total = 0
    with torch.no_grad():
        for X, y in data_iter:
            loss = loss + F.cross_entropy(net(X), y, reduction='sum').item()
            total += len(y)
    return loss / total
    # END SOLUTION


# %%
check('12.validation_loss', validation_loss)

# %% [markdown]
# ## 27. A learning rate that vanishes ★★☆, 4 minutes
#
# Section: [The report misleads: what was counted, and in which mode?](../chapters/12_clinic.ipynb)
#
# `step(X, y)` takes one step of training with the learning rate as it is, `decay()` makes the rate ten times smaller and should be called after each epoch. Return the number of steps. From the second
# epoch on nothing moves any more. By hand: two epochs of three minibatches: six steps, two decays.

# %%
def train(step, decay, train_iter, num_epochs):
    """Train, let the rate decay after each epoch; return the steps."""
    steps = 0
    for epoch in range(num_epochs):
        for X, y in train_iter:
            step(X, y)
            # BEGIN BROKEN
            # steps += 1
            # decay()
            # END BROKEN
            # BEGIN SOLUTION
            steps += 1
        decay()
        # END SOLUTION
    return steps


# %%
check('12.train', train)

# %% [markdown]
# ## 28. A curve of one point ★★☆, 4 minutes
#
# Section: [The report misleads: what was counted, and in which mode?](../chapters/12_clinic.ipynb)
#
# `writer` is TensorBoard's `SummaryWriter`. Write each loss under the name `loss` with its step 0, 1, 2, ..., so that a curve appears; TensorBoard shows one dot. By hand: losses 5 and 3 are
# two entries, ('loss', 5, 0) and ('loss', 3, 1).

# %%
def write_losses(writer, losses):
    """Write every loss to TensorBoard, and close the file."""
    # BEGIN BROKEN
    # for step, loss in enumerate(losses):
    #     value = float(loss)
    # writer.add_scalar('loss', value, step)
    # END BROKEN
    # BEGIN SOLUTION
    for step, loss in enumerate(losses):
        value = float(loss)
        writer.add_scalar('loss', value, step)
    # END SOLUTION
    writer.close()


# %%
check('12.write_losses', write_losses)

# %% [markdown]
# ## 29. Ten crops, one answer ★★★, 5 minutes
#
# Section: [It learns badly: the first loss, eight images by heart, the gradients](../chapters/12_clinic.ipynb)
#
# Several crops of each image were classified: scores (crops, N, classes). Return the probabilities of the classes, averaged over the crops, (N, classes). With ten crops it gives 0.1 for
# everything. By hand: two crops, one image: softmax of (0, 0) is (0.5, 0.5), of (0, ln 3) is (0.25, 0.75); their average is (0.375, 0.625).

# %%
def vote(scores):
    """Return the mean probabilities over the crops, (N, classes)."""
    # BEGIN BROKEN
    # return F.softmax(scores).mean(0)
    # END BROKEN
    # BEGIN SOLUTION
    return F.softmax(scores, dim=2).mean(0)
    # END SOLUTION


# %%
check('12.vote', vote)

# %% [markdown]
# ## 30. Two classes, and no progress ★★★, 5 minutes
#
# Section: [It learns badly: the first loss, eight images by heart, the gradients](../chapters/12_clinic.ipynb)
#
# `net` gives one score for each example, (N, 1): above 0 it says yes, below 0 no. `y` holds 1.0 for yes and 0.0 for no, (N,). Take one step of training and return the loss before it. The loss starts near
# ln 2 = 0.693 as it should, but for examples whose answer is yes it never falls below 0.313. By hand: the score ln 3 has the probability 3/4, so the loss is -ln 0.75 = 0.288 if
# y is 1.

# %%
def binary_step(net, optimizer, X, y):
    """Take one step; return the loss before it, a float."""
    # BEGIN BROKEN
    # y_hat = torch.sigmoid(net(X)[:, 0])
    # END BROKEN
    # BEGIN SOLUTION
    y_hat = net(X)[:, 0]
    # END SOLUTION
    loss = F.binary_cross_entropy_with_logits(y_hat, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


# %%
check('12.binary_step', binary_step)

# %% [markdown]
# ## 31. Everything in the upper left corner ★★★, 4 minutes
#
# Section: [It learns badly: the first loss, eight images by heart, the gradients](../chapters/12_clinic.ipynb)
#
# The network is small and right up to one layer. It should tell where a ball is in an image of 6x6 pixels: its row and its column, from 0 to 5. Its squared error stays large, and all its answers
# lie in the first two rows and columns. By hand: for a ball in row 4, column 3 it must be able to give (4, 3).

# %%
def locator():
    """Return a network for images (N, 1, 6, 6) and two numbers."""
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        # BEGIN BROKEN
        # nn.Linear(16, 2), nn.Sigmoid())
        # END BROKEN
        # BEGIN SOLUTION
        nn.Linear(16, 2))
    # END SOLUTION


# %%
check('12.locator', locator)

# %% [markdown]
# ## 32. A running mean that runs too fast ★★★, 4 minutes
#
# Section: [It learns badly: the first loss, eight images by heart, the gradients](../chapters/12_clinic.ipynb)
#
# As in PyTorch, `momentum` is the share of the newest minibatch. The accuracy in eval mode jumps up and down from epoch to epoch. By hand: a mean of 0, then a minibatch with mean 5 and momentum 0.1:
# 0.9 · 0 + 0.1 · 5 = 0.5.

# %%
def running_mean(batches, num_channels, momentum=0.1):
    """Return the running mean (C,) after minibatches (N, C, H, W)."""
    mean = torch.zeros(num_channels)
    for X in batches:
        new = X.mean((0, 2, 3))
        # BEGIN BROKEN
        # mean = momentum * mean + (1 - momentum) * new
        # END BROKEN
        # BEGIN SOLUTION
        mean = (1 - momentum) * mean + momentum * new
        # END SOLUTION
    return mean


# %%
check('12.running_mean', running_mean)

# %% [markdown]
# ## 33. In words: where do you look first? ★★☆, 5 minutes
#
# Section: [From the symptom to the cause: a table for the first minute](../chapters/12_clinic.ipynb)
#
# A new network for ten classes runs without an error. Its loss is 2.303 at the start and 2.302 after an epoch. Name three tests of less than a minute each, in the order in which you would do them,
# and what each would tell you.

# %% [markdown] tags=["words"]
# First learn eight images by heart: if the loss on them does not go to zero, the mistake is in network, loss or step, not in the data or the rate's fine
# tuning. Then look at the gradients of each parameter after one `backward()`: `None` names a layer that is not connected, zeros name a dead one, and all tiny
# ones a rate or an activation that starves the network. Then print the scores of a few different images: if they are all equal, the input is lost on the way, by a
# ReLU on the scores, by a softmax over the wrong axis, or by images that are all zero.

# %% [markdown]
# ## How far have you come?

# %%
progress('12')
