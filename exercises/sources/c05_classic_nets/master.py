# %% [markdown]
# # Exercises 5: the classic networks
#
# Write your answer where a cell says `raise NotImplementedError`, run it, and run the check below it. The check says what is wrong, shows
# the smallest input that proves it, and gives a hint; a second try brings a second hint. `hint('05.vgg_block')` gives one without a try.
#
# These questions belong to [LeNet](../chapters/05_1_lenet.ipynb), [VGG](../chapters/05_3_vgg.ipynb),
# [GoogLeNet](../chapters/05_4_googlenet.ipynb), [ResNet](../chapters/05_5_resnet.ipynb), [DenseNet](../chapters/05_6_densenet.ipynb),
# [modern blocks](../chapters/05_7_modern_blocks.ipynb) and [their comparison](../chapters/05_classic_nets.ipynb). A block is judged by what it computes: name its layers as you like. Stars say how hard a question is, from ★☆☆
# to ★★★.

# %% tags=["setup"]
pass

# %%
import torch
from torch import nn
from torch.nn import functional as F

from d2lmini.check import check, hint, progress
from d2lmini.nets import googlenet as library
from d2lmini.utils import set_seed

set_seed(0)

# %% [markdown]
# ## 1. Predict LeNet-5 ★☆☆, 15 minutes
#
# Section: [LeNet-5: its block, its shapes, its 61,706 parameters](../chapters/05_1_lenet.ipynb)
#
# One image (1, 1, 28, 28) goes through these layers. Predict with paper and pencil.
#
# ```python
# nn.Conv2d(1, 6, 5, padding=2)    # conv 1
# nn.AvgPool2d(2)                  # pool 1
# nn.Conv2d(6, 16, 5)              # conv 2
# nn.AvgPool2d(2)
# nn.Flatten()
# nn.Linear(400, 120)
# ```
#
# Return seven predictions: the shapes after conv 1, after pool 1, after conv 2 and after `nn.Flatten()`, then the numbers of parameters
# (weights and biases) of conv 1, of conv 2 and of the linear layer.
#
# By hand: `nn.Conv2d(2, 3, 4)` has 3 kernels of 2 · 4 · 4 weights and 3 biases: 3 · (32 + 1) = 99 parameters. The check does not tell the right
# result, only which prediction is wrong and, if it can, why.

# %%
def lenet():
    """Return four shapes and three numbers."""
    # BEGIN SOLUTION
    return ((1, 6, 28, 28), (1, 6, 14, 14), (1, 16, 10, 10), (1, 400),
            156, 2416, 48120)
    # END SOLUTION


# %%
check('05.lenet', lenet)

# %% [markdown]
# ## 2. Find the bug: flatten, but keep the batch ★☆☆, 5 minutes
#
# Section: [Flattening feature maps without losing the batch](../chapters/05_1_lenet.ipynb)
#
# This is meant to turn feature maps (N, C, H, W) into one row for each image. It works while somebody tries it with one image.
#
# ```python
# def flatten(X):
#     return X.view(1, -1)
# ```
#
# Repair it, also for tensors whose axes were moved by `permute`. By hand: shape (2, 3, 4, 4) must become (2, 48).

# %%
def flatten(X):
    """Turn (N, ...) into (N, D)."""
    # BEGIN SOLUTION
    return X.reshape(len(X), -1)
    # END SOLUTION


# %%
check('05.flatten', flatten)

# %% [markdown]
# ## 3. Evaluate a network properly ★★☆, 20 minutes
#
# Section: [Evaluating without gradients: `eval` and `no_grad`](../chapters/05_1_lenet.ipynb)
#
# `batches` is a list of minibatches (X, y), the last one perhaps smaller. Return the accuracy of `net` on all of them, as a float: the share
# of examples whose largest output is at the right class. Evaluate in eval mode and without gradients, and leave the network in the mode in which you found it.
#
# By hand: 3 of 4 right in the first minibatch, 0 of 1 in the second: 3/5 = 0.6, while the mean of 0.75 and 0 would be 0.375.

# %%
def evaluate(net, batches):
    """Return the accuracy of net on all minibatches (X, y)."""
    # BEGIN SOLUTION
    was_training = net.training
    net.eval()
    right = total = 0
    with torch.no_grad():
        for X, y in batches:
            right += (net(X).argmax(1) == y).sum().item()
            total += len(y)
    net.train(was_training)
    return right / total
    # END SOLUTION


# %%
check('05.evaluate', evaluate)

# %% [markdown]
# ## 4. The VGG block ★☆☆, 10 minutes
#
# Section: [The VGG block](../chapters/05_3_vgg.ipynb)
#
# Return a network of `num_convs` 3x3 convolutions that keep the size, each followed by ReLU, and one 2x2 max pooling at the end. The first
# convolution takes `in_channels`, all of them give `out_channels`.
#
# By hand: `vgg_block(2, 1, 8)` makes (N, 1, 28, 28) into (N, 8, 14, 14), with 8 · (9 + 1) + 8 · (72 + 1) = 664 parameters.
#
# Also: gradients must flow back to the input and to every parameter.

# %%
def vgg_block(num_convs, in_channels, out_channels):
    """Return convolutions with ReLU and one max pooling."""
    # BEGIN SOLUTION
    layers = []
    for _ in range(num_convs):
        layers.append(nn.Conv2d(in_channels, out_channels, 3, padding=1))
        layers.append(nn.ReLU())
        in_channels = out_channels
    layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)
    # END SOLUTION


# %%
check('05.vgg_block', vgg_block)

# %% [markdown]
# ## 5. Predict: small kernels in a stack ★☆☆, 10 minutes
#
# Section: [Two 3×3 convolutions against one 5×5](../chapters/05_3_vgg.ipynb)
#
# Return five whole numbers; parameters include biases:
#
# 1. the parameters of a 5x5 convolution from 64 to 64 channels;
# 2. those of two 3x3 convolutions, each from 64 to 64 channels;
# 3. the side of the receptive field of three 3x3 convolutions with stride 1, in pixels;
# 4. the parameters of a 7x7 convolution from 3 to 64 channels;
# 5. how many ReLUs stand in a stack of three 3x3 convolutions, if each is followed by one.
#
# By hand: a 1x1 convolution from 64 to 10 channels has 64 · 10 + 10 = 650 parameters.

# %%
def stacks():
    """Return five whole numbers."""
    # BEGIN SOLUTION
    return 102464, 73856, 7, 9472, 3
    # END SOLUTION


# %%
check('05.stacks', stacks)

# %% [markdown]
# ## 6. The Inception block ★★☆, 25 minutes
#
# Section: [Which kernel size? All of them: the Inception module](../chapters/05_4_googlenet.ipynb)
#
# Write the block of 2014, without batch norm. Four branches look at the same map and keep its height and width; their outputs stand side by side
# as channels, in this order:
#
# 1. a 1x1 convolution to `c1` channels;
# 2. a 1x1 convolution to `c2[0]` channels, then 3x3 to `c2[1]`;
# 3. a 1x1 convolution to `c3[0]` channels, then 5x5 to `c3[1]`;
# 4. 3x3 max pooling with stride 1, then a 1x1 convolution to `c4` channels.
#
# Each convolution has a bias and is followed by ReLU. By hand: `Inception(192, 64, (96, 128), (16, 32), 32)` gives
# 64 + 128 + 32 + 32 = 256 channels.
#
# Also: gradients must flow back to the input and to every parameter.

# %%
class Inception(nn.Module):
    """Four branches, side by side."""

    def __init__(self, in_channels, c1, c2, c3, c4):
        # BEGIN SOLUTION
        super().__init__()
        self.b1 = nn.Conv2d(in_channels, c1, 1)
        self.b2 = nn.Sequential(
            nn.Conv2d(in_channels, c2[0], 1), nn.ReLU(),
            nn.Conv2d(c2[0], c2[1], 3, padding=1))
        self.b3 = nn.Sequential(
            nn.Conv2d(in_channels, c3[0], 1), nn.ReLU(),
            nn.Conv2d(c3[0], c3[1], 5, padding=2))
        self.b4 = nn.Sequential(
            nn.MaxPool2d(3, stride=1, padding=1),
            nn.Conv2d(in_channels, c4, 1))
        # END SOLUTION

    def forward(self, X):
        # BEGIN SOLUTION
        branches = [self.b1(X), self.b2(X), self.b3(X), self.b4(X)]
        return F.relu(torch.cat(branches, dim=1))
        # END SOLUTION


# %%
check('05.Inception', Inception)

# %% [markdown]
# ## 7. The residual block ★★☆, 25 minutes
#
# Section: [A block that learns what to add: the residual block](../chapters/05_5_resnet.ipynb)
#
# Write the block of ResNet-18. Main path: 3x3 convolution with the given stride, batch norm, ReLU, 3x3 convolution, batch norm. If the stride is not 1 or the
# numbers of channels differ, the shortcut is a 1x1 convolution with this stride and batch norm; otherwise it is `X` itself. Add both, then ReLU. The
# convolutions have no bias and keep the size, but for the stride.
#
# By hand: `Residual(2, 2)` has two convolutions of 2 · 2 · 9 = 36 weights and two batch norms of 4 parameters: 80. `Residual(2, 2, stride=2)`
# has a shortcut too, with 4 weights and 4 parameters: 88.
#
# Also: gradients must flow back to the input and to every parameter.

# %%
class Residual(nn.Module):
    """Two 3x3 convolutions and a shortcut."""

    def __init__(self, in_channels, out_channels, stride=1):
        # BEGIN SOLUTION
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride,
                               padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1,
                               bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.shortcut = nn.Sequential()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False),
                nn.BatchNorm2d(out_channels))
        # END SOLUTION

    def forward(self, X):
        # BEGIN SOLUTION
        Y = F.relu(self.bn1(self.conv1(X)))
        Y = self.bn2(self.conv2(Y))
        return F.relu(Y + self.shortcut(X))
        # END SOLUTION


# %%
check('05.Residual', Residual)

# %% [markdown]
# ## 8. The bottleneck block ★★★, 25 minutes
#
# Section: [ResNet-18, ResNet-34 and ResNet-50: shapes and parameters](../chapters/05_5_resnet.ipynb)
#
# Write the block of ResNet-50. Main path: 1x1 convolution to a quarter of `out_channels`, 3x3 convolution with the stride, 1x1 convolution up to `out_channels`; batch
# norm after each, ReLU after the first two batch norms. Shortcut, addition and last ReLU are as in the residual block, and no convolution has a bias.
# `out_channels` can be divided by 4.
#
# By hand: `Bottleneck(8, 8)` has 8 · 2 + 2 · 2 · 9 + 2 · 8 = 68 weights and batch norms of 4, 4 and 16 parameters: 92.
#
# Also: gradients must flow back to the input and to every parameter.

# %%
class Bottleneck(nn.Module):
    """1x1 down, 3x3, 1x1 up, and a shortcut."""

    def __init__(self, in_channels, out_channels, stride=1):
        # BEGIN SOLUTION
        super().__init__()
        middle = out_channels // 4
        self.main = nn.Sequential(
            nn.Conv2d(in_channels, middle, 1, bias=False),
            nn.BatchNorm2d(middle), nn.ReLU(),
            nn.Conv2d(middle, middle, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(middle), nn.ReLU(),
            nn.Conv2d(middle, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels))
        self.shortcut = nn.Sequential()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False),
                nn.BatchNorm2d(out_channels))
        # END SOLUTION

    def forward(self, X):
        # BEGIN SOLUTION
        return F.relu(self.main(X) + self.shortcut(X))
        # END SOLUTION


# %%
check('05.Bottleneck', Bottleneck)

# %% [markdown]
# ## 9. The dense block ★★☆, 20 minutes
#
# Section: [Dense blocks, the growth rate and transition layers](../chapters/05_6_densenet.ipynb)
#
# Each of `num_layers` layers is batch norm, ReLU and a 3x3 convolution with padding 1 and without bias, which gives `growth_rate` channels. Its output is
# put behind its input, and both go on to the next layer. (The 1x1 bottleneck of the paper is left out here.)
#
# By hand: `DenseBlock(2, 3, 4)` takes 3 channels. The first layer makes 4 of 3, so 7 go on; the second makes 4 of 7, so 11 come out. Growth
# counts once for *each* layer.
#
# Also: gradients must flow back to the input and to every parameter.

# %%
class DenseBlock(nn.Module):
    """Layers that each append growth_rate channels."""

    def __init__(self, num_layers, in_channels, growth_rate):
        # BEGIN SOLUTION
        super().__init__()
        self.layers = nn.ModuleList()
        for i in range(num_layers):
            channels = in_channels + i * growth_rate
            self.layers.append(nn.Sequential(
                nn.BatchNorm2d(channels), nn.ReLU(),
                nn.Conv2d(channels, growth_rate, 3, padding=1, bias=False)))
        # END SOLUTION

    def forward(self, X):
        # BEGIN SOLUTION
        for layer in self.layers:
            X = torch.cat([X, layer(X)], dim=1)
        return X
        # END SOLUTION


# %%
check('05.DenseBlock', DenseBlock)

# %% [markdown]
# ## 10. The transition ★☆☆, 10 minutes
#
# Section: [Dense blocks, the growth rate and transition layers](../chapters/05_6_densenet.ipynb)
#
# Between two dense blocks stands a transition: batch norm, ReLU, a 1x1 convolution without bias to `out_channels`, and 2x2 average pooling.
#
# By hand: `transition(8, 4)` makes (N, 8, 6, 6) into (N, 4, 3, 3), with 16 parameters of batch norm and 32 weights.
#
# Also: gradients must flow back to the input and to every parameter.

# %%
def transition(in_channels, out_channels):
    """Return a network that makes channels fewer and maps smaller."""
    # BEGIN SOLUTION
    return nn.Sequential(
        nn.BatchNorm2d(in_channels), nn.ReLU(),
        nn.Conv2d(in_channels, out_channels, 1, bias=False),
        nn.AvgPool2d(2))
    # END SOLUTION


# %%
check('05.transition', transition)

# %% [markdown]
# ## 11. Repair a GoogLeNet ★★☆, 20 minutes
#
# Section: [What breaks when you type it in](../chapters/05_4_googlenet.ipynb)
#
# This cell holds no blank but four mistakes: two stop the program, two do not. It should be a narrow GoogLeNet without batch norm for images (N, 1, 28, 28):
#
# | stage | gives |
# |---|---|
# | 3x3 convolution with padding 1, ReLU | 8 maps of 28x28 |
# | 3x3 max pooling with stride 2 and padding 1 | 14x14 |
# | Inception module, branches of 4, 8, 4 and 4 channels | 20 maps |
# | the same pooling | 7x7 |
# | Inception module, branches of 8, 12, 4 and 4 channels | 28 maps |
# | Inception module, branches of 8, 16, 8 and 8 channels | 40 maps |
# | global average pooling, linear layer | scores, ready for cross-entropy |
#
# `inception(in_channels, c1, c2, c3, c4)` is the block of question 6, with reductions `c2[0]` and `c3[0]`, and it is right. By hand: the first module gives 4 + 8 + 4 + 4 = 20
# channels; its reductions of 4 and 2 channels stay inside.

# %%
def inception(*channels):
    """Return the Inception module of the paper, from the package."""
    return library.Inception(*channels, kernel_size=5, batch_norm=False)


# %%
def googlenet(num_classes):
    """Return a narrow GoogLeNet for 28x28 gray images."""
    # BEGIN BROKEN
    # return nn.Sequential(
    #     nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(),
    #     nn.MaxPool2d(3, stride=2),
    #     inception(8, 4, (4, 8), (2, 4), 4),
    #     nn.MaxPool2d(3, stride=2),
    #     inception(20, 8, (6, 12), (2, 4), 4),
    #     inception(20, 8, (8, 16), (4, 8), 8),
    #     nn.Flatten(), nn.Linear(40, num_classes), nn.Softmax(dim=1))
    # END BROKEN
    # BEGIN SOLUTION
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(3, stride=2, padding=1),
        inception(8, 4, (4, 8), (2, 4), 4),
        nn.MaxPool2d(3, stride=2, padding=1),
        inception(20, 8, (6, 12), (2, 4), 4),
        inception(28, 8, (8, 16), (4, 8), 8),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(40, num_classes))
    # END SOLUTION


# %%
check('05.googlenet', googlenet)

# %% [markdown]
# ## 12. Predict: what modern blocks cost ★☆☆, 12 minutes
#
# Section: [Many small branches, and a gate: ResNeXt and squeeze-and-excitation](../chapters/05_7_modern_blocks.ipynb)
#
# Return six numbers. No layer has a bias, except where it is said.
#
# 1. the weights of a 3x3 convolution from 128 to 128 channels with `groups=32`;
# 2. the weights of a depthwise 3x3 convolution of 128 channels, followed by a 1x1 convolution to 256 channels, both together;
# 3. the parameters of a squeeze-and-excitation gate of 64 channels that are squeezed to 4, with biases;
# 4. the channels in the middle of an inverted residual block with 24 channels in and expansion 6;
# 5. by which factor the work of a network grows if it gets twice as deep and 1.5 times as wide and sees pictures of twice the height and width;
# 6. how many weights each output number of a depthwise 3x3 convolution of 128 channels is computed with.
#
# By hand: a 3x3 convolution from 4 to 4 channels with `groups=2` has 4 kernels of 2 · 3 · 3 weights, 72. The check does not tell the right number, only
# which prediction is wrong and, if it can, why.

# %%
def modern():
    """Return six numbers."""
    # BEGIN SOLUTION
    return 4608, 33920, 580, 144, 18, 9
    # END SOLUTION


# %%
check('05.modern', modern)

# %% [markdown]
# ## 13. Depthwise-separable convolution by hand ★★☆, 15 minutes
#
# Section: [Wide inside: the inverted residual, and EfficientNet's scaling](../chapters/05_7_modern_blocks.ipynb)
#
# First *depthwise*: each channel of `X` (C, H, W) is cross-correlated with its own kernel in `D` (C, h, w), without padding, and no channel sees another. Then
# *pointwise*: at each pixel the matrix `P` (O, C) makes O numbers of the C channels. Return (O, H - h + 1, W - w + 1). Write it
# yourself: leave PyTorch's convolutions to the check.
#
# By hand: two channels of one pixel, X = 5 and 7, D = 1 and 10, P = [[1, 1], [1, -1], [2, 0]]. Depthwise 5 · 1 = 5 and 7 · 10 = 70; pointwise 75, -65 and 10.

# %%
def separable(X, D, P):
    """Convolve (C, H, W) with (C, h, w), then mix by (O, C)."""
    # BEGIN SOLUTION
    C, h, w = D.shape
    Y = X.new_zeros(C, X.shape[1] - h + 1, X.shape[2] - w + 1)
    for i in range(Y.shape[1]):
        for j in range(Y.shape[2]):
            Y[:, i, j] = (X[:, i:i + h, j:j + w] * D).sum((1, 2))
    return torch.einsum('oc,cij->oij', P, Y)
    # END SOLUTION


# %%
check('05.separable', separable)

# %% [markdown]
# ## 14. Squeeze-and-excitation ★★☆, 15 minutes
#
# Section: [Many small branches, and a gate: ResNeXt and squeeze-and-excitation](../chapters/05_7_modern_blocks.ipynb)
#
# Write the gate: the mean of each channel; a layer from `channels` to `squeezed` numbers, ReLU; a layer back to `channels`, sigmoid; and the input with each channel multiplied
# by its number. Both layers have biases. Take linear layers or 1x1 convolutions.
#
# By hand: `SqueezeExcitation(4, 2)` has 4 · 2 + 2 and 2 · 4 + 4, 22 parameters. If all of them are 0, every gate is sigmoid(0) = 0.5, and the output is half of the
# input.
#
# Also: gradients must flow back to the input and to every parameter.

# %%
class SqueezeExcitation(nn.Module):
    """Multiply each channel by a number between 0 and 1."""

    def __init__(self, channels, squeezed):
        # BEGIN SOLUTION
        super().__init__()
        self.squeeze = nn.Linear(channels, squeezed)
        self.excite = nn.Linear(squeezed, channels)
        # END SOLUTION

    def forward(self, X):
        # BEGIN SOLUTION
        Z = F.relu(self.squeeze(X.mean((2, 3))))
        gate = torch.sigmoid(self.excite(Z))
        return X * gate[:, :, None, None]
        # END SOLUTION


# %%
check('05.SqueezeExcitation', SqueezeExcitation)

# %% [markdown]
# ## 15. The inverted residual block ★★★, 25 minutes
#
# Section: [Wide inside: the inverted residual, and EfficientNet's scaling](../chapters/05_7_modern_blocks.ipynb)
#
# Write the block of MobileNetV2 with a kernel of any odd size. Let `middle` be `in_channels` times `expansion`. Branch: 1x1 convolution to `middle` channels, batch norm, ReLU6 (all three are
# left out if `expansion` is 1); depthwise convolution with `kernel_size` and `stride` that keeps the size but for the stride, batch norm, ReLU6; 1x1 convolution to
# `out_channels`, batch norm. No convolution has a bias. The input is added if the stride is 1 and the numbers of channels are equal.
#
# By hand: `InvertedResidual(2, 2, 1, 3)` has 2 · 6 + 6 · 9 + 6 · 2 = 78 weights, and batch norms of 12, 12 and 4 parameters: 106.
#
# Also: gradients must flow back to the input and to every parameter.

# %%
class InvertedResidual(nn.Module):
    """1x1 up, depthwise, 1x1 down, and a shortcut where it fits."""

    def __init__(self, in_channels, out_channels, stride, expansion,
                 kernel_size=3):
        # BEGIN SOLUTION
        super().__init__()
        middle = in_channels * expansion
        layers = []
        if expansion > 1:
            layers = [nn.Conv2d(in_channels, middle, 1, bias=False),
                      nn.BatchNorm2d(middle), nn.ReLU6()]
        layers += [nn.Conv2d(middle, middle, kernel_size, stride,
                             padding=kernel_size // 2, groups=middle,
                             bias=False),
                   nn.BatchNorm2d(middle), nn.ReLU6(),
                   nn.Conv2d(middle, out_channels, 1, bias=False),
                   nn.BatchNorm2d(out_channels)]
        self.branch = nn.Sequential(*layers)
        self.adds = stride == 1 and in_channels == out_channels
        # END SOLUTION

    def forward(self, X):
        # BEGIN SOLUTION
        Y = self.branch(X)
        return X + Y if self.adds else Y
        # END SOLUTION


# %%
check('05.InvertedResidual', InvertedResidual)

# %% [markdown]
# ## 16. Design a network of fewer than 20,000 parameters ★★★, 40 minutes
#
# Section: [Depth and width: halve the map, double the channels?](../chapters/05_classic_nets.ipynb)
#
# Return a network of your own, with fewer than 20,000 parameters, for images (N, 1, 28, 28) and ten classes. The check trains it on the 5,000 images of
# Fashion-MNIST that come with the package: 4,000 to learn from, five times, with Adam and a rate that rises to 0.01 and falls again; then it
# asks for an accuracy of at least **0.848** on the other 1,000. From other random weights the same network may be better or worse by 0.02, so it has three tries. A training must take less than
# two minutes of computing on your machine. A linear classifier reaches 0.83; the networks of linear layers that we tried within this budget got to 0.843 at most.
#
# By hand: `nn.Linear(784, 25)` alone has 784 · 25 + 25 = 19,625 parameters. A 3x3 convolution from 16 to 32 channels has 16 · 32 · 9 + 32 = 4,640: where is your budget best spent, and
# how do you keep the linear layer small? Count before you check.

# %%
def design():
    """Return a network with fewer than 20,000 parameters."""
    # BEGIN SOLUTION
    return nn.Sequential(
        nn.Conv2d(1, 16, 5, stride=2, padding=2, bias=False),
        nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1, bias=False),
        nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 3 * 3, 10))
    # END SOLUTION


# %%
check('05.design', design)

# %% [markdown]
# ## 17. In words: why does a shortcut help? ★★☆, 5 minutes
#
# Section: [Gradient norms by depth: the shortcut's work and batch norm's](../chapters/05_5_resnet.ipynb)
#
# A network of 56 plain layers has a higher *training* error than one of 20. In two or three sentences: why can that not be overfitting, and how does a
# shortcut help?

# %% [markdown] tags=["words"]
# Overfitting would lower the training error. The deeper network could copy the shallower one, if its further layers
# learned the identity, so what fails is the training. With a shortcut a block has to learn only what to add, the identity costs nothing, and the
# gradient has a path on which no weight matrix multiplies it.

# %% [markdown]
# ## How far have you come?

# %%
progress('05')
