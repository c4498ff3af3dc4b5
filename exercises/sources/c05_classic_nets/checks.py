"""Checks for the exercises of chapter 5, the classic networks.

Blocks are compared by what they compute: every parameter is filled with
numbers that depend on its shape alone, so names and order are free.
"""
import functools
import time

import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models import resnet

from d2lmini import data
from d2lmini_check.networks import (accuracy_but, accuracy_of, accuracy_truth,
                                    batch_cases, block_seen, fill, image,
                                    looked_at, mean_of_means)
from d2lmini_check.paths import block, edits
from d2lmini_check.paths import seen as path_seen
from d2lmini_check.questions import Case, Question, Wrong, predictions


def lenet_truth():
    """Let PyTorch tell the shapes and parameters of LeNet-5's layers."""
    X, shapes = torch.zeros(1, 1, 28, 28), []
    layers = [nn.Conv2d(1, 6, 5, padding=2), nn.AvgPool2d(2),
              nn.Conv2d(6, 16, 5), nn.AvgPool2d(2), nn.Flatten(),
              nn.Linear(400, 120)]
    for layer in layers:
        X = layer(X)
        shapes.append(tuple(X.shape))
    weights = [sum(p.numel() for p in layer.parameters())
               for layer in layers]
    return {'shape after conv 1': shapes[0], 'shape after pool 1': shapes[1],
            'shape after conv 2': shapes[2], 'shape after flatten':
            shapes[4], 'parameters of conv 1': weights[0],
            'parameters of conv 2': weights[2],
            'parameters of the first linear layer': weights[5]}


lenet = predictions(
    lenet_truth(),
    {'the padding of 2 on each side keeps 28 pixels for a kernel of 5':
         [(1, 6, 24, 24), (1, 6, 12, 12), (1, 16, 8, 8), (1, 256), None,
          None, 30840],
     'pooling keeps the number of channels':
         [None, (1, 3, 14, 14), None, None, None, None, None],
     'pooling with a window of 2 has the stride 2: it halves the map':
         [None, (1, 6, 27, 27), None, None, None, None, None],
     'the second convolution has no padding: its kernel of 5 takes 4 pixels':
         [None, None, (1, 16, 14, 14), (1, 784), None, None, 94200],
     'the minibatch axis stays when you flatten':
         [None, None, None, (400,), None, None, None],
     'the second pooling halves the map before it is flattened':
         [None, None, None, (1, 1600), None, None, 192120],
     'the biases are missing: one for each output':
         [None, None, None, None, 150, 2400, 48000],
     'each kernel of the second convolution has weights for all 6 input '
     'channels':
         [None, None, None, None, None, 416, None],
     'a kernel of 5 has 5 x 5 weights':
         [None, None, None, None, 36, 496, None]},
    ('Go layer by layer: (n + 2p - k) / s + 1 for the map, the second '
     'argument for the channels; weights times channels in, plus 1, times '
     'channels out.',
     '28 with padding 2 and kernel 5 stays 28; pooled 14; 14 - 4 = 10; '
     'pooled 5; 16 * 5 * 5 numbers come out of Flatten. And '
     '6 * (1 * 25 + 1) parameters are in the first convolution.'))


def flat_cases(dice):
    """Give minibatches of maps, one of a single image, one transposed."""
    return [Case(dice.whole(*shape)) for shape in [
        (1, 1, 1, 1), (1, 2, 1, 2), (2, 1, 1, 2), (2, 2, 2, 2),
        (3, 4, 2, 3), (5, 3)]] + [
        Case(dice.whole(2, 3, 2, 2).permute(0, 2, 3, 1))]


flatten = Question(
    lambda X: torch.flatten(X, 1), flat_cases,
    ('How many numbers has one image, and how many rows must the result '
     'have?',
     'X.reshape(len(X), -1) keeps the first axis, and -1 stands for the '
     'rest. view refuses tensors whose axes were moved.'),
    {'the minibatch is swallowed: all images lie in one row':
         lambda X: X.reshape(1, -1),
     'all axes are gone: the minibatch axis must stay':
         lambda X: X.reshape(-1),
     'the channel axis is left over: flatten from axis 1 on':
         lambda X: X.flatten(2) if X.ndim > 2 else X,
     'images and features are transposed':
         lambda X: X.flatten(1).T,
     'only the first image is there':
         lambda X: X[:1].flatten(1),
     'the numbers are in the wrong order: one image must not mix with the '
     'others':
         lambda X: X.reshape(-1, len(X)).T})


evaluate = Question(
    accuracy_truth, batch_cases,
    ('Before: which mode, and are gradients needed? In the loop: count the '
     'right ones and the examples. After: divide, and leave the network '
     'in the mode you found it in.',
     'was = net.training; net.eval(); with torch.no_grad(): add '
     '(net(X).argmax(1) == y).sum().item() and len(y) up; net.train(was); '
     'divide once, and return a float.'),
    {'the network is in train mode while it is evaluated: call net.eval()':
         accuracy_but(in_train_mode_during_the_evaluation=lambda t, b: t),
     'gradients are recorded and cost memory: use torch.no_grad()':
         accuracy_but(gradients_were_recorded=True),
     'the network is left in eval mode: put back the mode you found':
         accuracy_but(in_train_mode_afterwards=False),
     'the network is put into train mode at the end, though it was in eval '
     'mode before':
         accuracy_but(in_train_mode_afterwards=True),
     'the accuracies of unequal minibatches are averaged: count all right '
     'ones, divide once by the number of all examples':
         accuracy_but(accuracy=mean_of_means),
     'only the last minibatch counts: add up over all of them':
         accuracy_but(accuracy=lambda t, b: mean_of_means(t, b[-1:])),
     'only the first minibatch counts: `return` stands inside the loop':
         accuracy_but(accuracy=lambda t, b: mean_of_means(t, b[:1])),
     'the right ones are divided by the number of minibatches, not of '
     'examples':
         accuracy_but(accuracy=lambda t, b: sum(
             (X.argmax(1) == y).sum().item() for X, y in b) / len(b)),
     'this is the number of right ones: divide by the number of examples':
         accuracy_but(accuracy=lambda t, b: float(sum(
             (X.argmax(1) == y).sum() for X, y in b)))},
    use=accuracy_of)


def vgg_by_torch(num_convs, in_channels, out_channels, act=F.relu, pool=2,
                 last=True, padding=1, chain=True):
    """Compute what a VGG block computes, with filled weights."""
    X, count = image(in_channels, 7), 0
    for i in range(num_convs):
        w = fill((out_channels, X.shape[1], 3, 3))
        X = F.conv2d(X, w, fill((out_channels,)), padding=padding)
        X = act(X) if last or i < num_convs - 1 else X
        count += w.numel() + out_channels
    if pool:
        X = F.max_pool2d(X, pool, 2)
    return {'parameters': count, 'output shape': tuple(X.shape), 'output': X}


def wrong_vgg(**changes):
    """Make a VGG block with a mistake."""
    return lambda num_convs, in_channels, out_channels: vgg_by_torch(
        num_convs, in_channels, out_channels, **changes)


vgg_block = Question(
    lambda num_convs, in_channels, out_channels: vgg_by_torch(
        num_convs, in_channels, out_channels),
    lambda dice: [Case(*c) for c in [(1, 1, 2), (2, 2, 2), (2, 1, 3),
                                     (3, 3, 2)]],
    ('How many channels go into the first convolution, and how many into '
     'the ones after it? Which padding lets a kernel of 3 keep the size?',
     'In a loop append nn.Conv2d(in_channels, out_channels, 3, padding=1) '
     'and nn.ReLU(), and set in_channels = out_channels. After the loop '
     'nn.MaxPool2d(2). nn.Sequential(*layers) makes a network of the list.'),
    {'the activations are missing: a ReLU stands after each convolution':
         wrong_vgg(act=lambda X: X),
     'the last convolution has no ReLU behind it':
         wrong_vgg(last=False),
     'the pooling is missing':
         wrong_vgg(pool=None),
     'the pooling window is 3: it should be 2':
         wrong_vgg(pool=3),
     'the convolutions have no padding: 3x3 kernels keep the size with '
     'padding=1':
         wrong_vgg(padding=0),
     'the activation is not ReLU: is it sigmoid?':
         wrong_vgg(act=torch.sigmoid),
     'there is one convolution only: num_convs are wanted':
         lambda num_convs, in_channels, out_channels: vgg_by_torch(
             1, in_channels, out_channels),
     'there is one convolution too many':
         lambda num_convs, in_channels, out_channels: vgg_by_torch(
             num_convs + 1, in_channels, out_channels)},
    use=lambda answer, num_convs, in_channels, out_channels: block_seen(
        answer(num_convs, in_channels, out_channels),
        image(in_channels, 7)))


def two_for_one():
    """Count weights and fields by PyTorch."""
    def weights(*layers):
        return sum(p.numel() for c_in, c_out, k in layers
                   for p in nn.Conv2d(c_in, c_out, k).parameters())

    return {'parameters of a 5x5 convolution, 64 to 64 channels':
            weights((64, 64, 5)),
            'parameters of two 3x3 convolutions, 64 to 64 channels each':
            weights((64, 64, 3), (64, 64, 3)),
            'receptive field of three 3x3 convolutions, in pixels': 7,
            'parameters of a 7x7 convolution, 3 to 64 channels':
            weights((3, 64, 7)),
            'how many ReLUs three 3x3 convolutions have': 3}


stacks = predictions(
    two_for_one(),
    {'the biases are missing: one for each output channel':
         [102400, 73728, None, 9408, None],
     'the number of weights also counts the input channels':
         [1664, 1280, None, 3200, None],
     'only one of the two is counted':
         [None, 36928, None, None, None],
     'each further 3x3 layer adds 2 pixels to the field, not 3':
         [None, None, 9, None, None],
     'two layers see 5 pixels, three see more':
         [None, None, 5, None, None],
     'the input has 3 channels here, not 64':
         [None, None, None, 200768, None],
     'a ReLU stands behind each convolution':
         [None, None, None, None, 1]},
    ('A convolution has k * k * channels in * channels out weights, and a '
     'bias for each channel out.',
     '64 * 64 * 25 + 64 for the first. Each further 3x3 layer widens the '
     'field by 2.'))


class Variant(resnet.BasicBlock):
    """torchvision's basic block with one mistake."""

    def __init__(self, mistake, c_in, c_out, stride, down):
        super().__init__(c_in, c_out, stride, down)
        self.mistake = mistake
        if mistake == 'bias':
            for name, c in [('conv1', c_in), ('conv2', c_out)]:
                setattr(self, name, nn.Conv2d(
                    c, c_out, 3, stride if name == 'conv1' else 1, 1))
            if down:
                down[0] = nn.Conv2d(c_in, c_out, 1, stride)

    def forward(self, X):
        m = self.mistake
        Y = self.bn1(self.conv1(X)) if m != 'no bn' else self.conv1(X)
        Y = Y if m == 'no relu' else torch.relu(Y)
        Y = self.bn2(self.conv2(Y)) if m != 'no bn' else self.conv2(Y)
        Z = self.downsample(X) if self.downsample else X
        if m == 'relu first':
            return torch.relu(Y) + Z
        Y = Y if m == 'no shortcut' else Y + Z
        return Y if m == 'no last relu' else torch.relu(Y)


def shortcut(c_in, c_out, stride, norm=True, always=False):
    """Give torchvision's shortcut of a block, or None."""
    if c_in == c_out and stride == 1 and not always:
        return None
    conv = nn.Conv2d(c_in, c_out, 1, stride, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(c_out)) if norm else conv


def residual_by(mistake=None, norm=True, always=False, **changes):
    """Make a function that looks at a residual block."""
    def look(in_channels, out_channels, stride=1):
        s = changes.get('stride', stride)
        down = shortcut(in_channels, out_channels, s, norm, always)
        block = Variant(mistake, in_channels, out_channels, s, down)
        return looked_at(block, image(in_channels))
    return look


def short(c_in, c_out, stride):
    """Return the steps of a shortcut."""
    changes = stride != 1 or c_in != c_out
    return [f'conv {c_out} 1 {stride}', 'norm'] if changes else []


def residual_plan(c_in, c_out, stride=1):
    """Return the steps of the main path and those of the shortcut."""
    return ([f'conv {c_out} 3 {stride}', 'norm', 'relu', f'conv {c_out} 3',
             'norm', 'add', 'relu'], short(c_in, c_out, stride))


def bottleneck_plan(c_in, c_out, stride=1):
    """Return the steps of the main path and those of the shortcut."""
    m = c_out // 4
    return ([f'conv {m} 1', 'norm', 'relu', f'conv {m} 3 {stride}', 'norm',
             'relu', f'conv {c_out} 1', 'norm', 'add', 'relu'],
            short(c_in, c_out, stride))


residual = Question(
    residual_by(),
    lambda dice: [Case(2, 2), Case(1, 2), Case(2, 2, 2), Case(2, 3, 2)],
    ('Two paths: conv, bn, ReLU, conv, bn; and the shortcut. Where do they '
     'meet, and what follows? When can X not be added as it is?',
     'If stride is not 1 or the channels differ, the shortcut is a 1x1 '
     'convolution with this stride, and batch norm. forward returns '
     'relu(main path + shortcut). Only the first convolution has a stride.'),
    {'the ReLU before the addition is one too many: add first, then ReLU':
         residual_by('relu first'),
     'the shortcut is not added':
         residual_by('no shortcut'),
     'the ReLU after the addition is missing':
         residual_by('no last relu'),
     'the ReLU between the two convolutions is missing':
         residual_by('no relu'),
     'batch norm is made but not used in the main path':
         residual_by('no bn'),
     'the convolution of the shortcut has no batch norm behind it':
         residual_by(norm=False),
     'the shortcut has a convolution even where X could be added as it is':
         residual_by(always=True),
     'the convolutions have biases: batch norm would take them away, so '
     'leave them out (bias=False)':
         residual_by('bias'),
     'the stride is ignored':
         residual_by(stride=1)} | block(residual_plan)[1](2, 3, 2),
    use=lambda answer, *args: block_seen(answer(*args), image(args[0])))


def bottleneck_by(expansion=4, stride_at=2, norm=True, relu_first=False):
    """Make a function that looks at a bottleneck block."""
    class Block(resnet.Bottleneck):
        def forward(self, X):
            if not relu_first:
                return super().forward(X)
            Y = torch.relu(self.bn1(self.conv1(X)))
            Y = torch.relu(self.bn2(self.conv2(Y)))
            Y = torch.relu(self.bn3(self.conv3(Y)))
            return Y + (self.downsample(X) if self.downsample else X)

    Block.expansion = expansion

    def look(in_channels, out_channels, stride=1):
        down = shortcut(in_channels, out_channels, stride, norm)
        block = Block(in_channels, out_channels // expansion, stride, down)
        if stride_at == 1:
            block.conv1.stride, block.conv2.stride = (stride,) * 2, (1, 1)
        return looked_at(block, image(in_channels))
    return look


bottleneck = Question(
    bottleneck_by(),
    lambda dice: [Case(4, 4), Case(2, 4), Case(8, 8, 2), Case(4, 8, 2),
                  Case(8, 16)],
    ('Three convolutions: 1x1 to a quarter of out_channels, 3x3, and 1x1 up '
     'to out_channels, each followed by batch norm. How many ReLUs are '
     'there, and where?',
     'The stride belongs to the 3x3 convolution, which has padding 1. ReLU '
     'after the first two batch norms; after the third add the shortcut, '
     'then ReLU. All convolutions without bias.'),
    {'the stride stands in the first 1x1 convolution, which skips three of '
     'four pixels unseen: put it into the 3x3 convolution':
         bottleneck_by(stride_at=1),
     'the middle is too wide: a quarter of out_channels is wanted, here it '
     'is a half':
         bottleneck_by(expansion=2),
     'the middle is not narrow: a quarter of out_channels is wanted':
         bottleneck_by(expansion=1),
     'the convolution of the shortcut has no batch norm behind it':
         bottleneck_by(norm=False),
     'the third ReLU stands before the addition: add first, then ReLU':
         bottleneck_by(relu_first=True)} | block(bottleneck_plan)[1](4, 8, 2),
    use=lambda answer, *args: block_seen(answer(*args), image(args[0])))



def conv_by_torch(X, out_channels, k, act=F.relu, padding=None):
    """Convolve with filled weights; return the map and the parameters."""
    w = fill((out_channels, X.shape[1], k, k))
    Y = act(F.conv2d(X, w, fill((out_channels,)),
                     padding=k // 2 if padding is None else padding))
    return Y, w.numel() + out_channels


def plain(X):
    """Leave out an activation."""
    return X


def inception_by(act=F.relu, reduce_act=F.relu, order=(0, 1, 2, 3), reduce=1,
                 pool=F.max_pool2d, large=5, project=True):
    """Make a function that computes what an Inception block computes."""
    def compute(in_channels, c1, c2, c3, c4, X=None):
        X = image(in_channels) if X is None else X
        count, branches = 0, []
        for middle, out, k in [(None, c1, 1), (*c2, 3), (*c3, large),
                               ('pool', c4, 1)]:
            Y = X
            if middle == 'pool':
                Y = pool(X, 3, 1, 1)
            elif middle and reduce:
                Y, n = conv_by_torch(Y, middle, 1, reduce_act)
                count += n
            if middle != 'pool' or project:
                Y, n = conv_by_torch(Y, out, k, act)
                count += n
            branches.append(Y)
        Y = torch.cat([branches[i] for i in order], 1)
        return {'parameters': count, 'output shape': tuple(Y.shape),
                'output': Y}
    return compute


inception = Question(
    inception_by(),
    lambda dice: [Case(1, 1, (1, 1), (1, 2), 1), Case(2, 2, (1, 3), (2, 1), 2),
                  Case(3, 1, (2, 2), (1, 1), 3),
                  Case(4, 2, (1, 2), (3, 2), 1)],
    ('Each branch keeps height and width, or they cannot be put side by '
     'side. Which padding does a kernel of 1, 3 and 5 need, and what does '
     'the pooling need?',
     'Padding 0, 1, 2; nn.MaxPool2d(3, stride=1, padding=1). ReLU after '
     'each of the six convolutions. torch.cat(branches, dim=1) in the order '
     'of the figure.'),
    {'the ReLUs behind the last convolutions of the branches are missing':
         inception_by(act=plain),
     'the ReLUs behind the 1x1 reductions are missing':
         inception_by(reduce_act=plain),
     'all ReLUs are missing':
         inception_by(act=plain, reduce_act=plain),
     'the 1x1 reductions before the 3x3 and 5x5 convolutions are missing':
         inception_by(reduce=0),
     'the branches are in the wrong order: 1x1, 3x3, 5x5, pooling':
         inception_by(order=(3, 2, 1, 0)),
     'the pooling takes the average: max pooling is wanted':
         inception_by(pool=F.avg_pool2d),
     'the third branch has a kernel of 3: it should be 5':
         inception_by(large=3),
     'the 1x1 convolution behind the pooling is missing':
         inception_by(project=False)},
    use=lambda answer, *args: block_seen(answer(*args), image(args[0])))


def norm_by_torch(X):
    """Do a filled batch norm in eval mode; return its parameters too."""
    c = (X.shape[1],)
    Y = F.batch_norm(X, fill(c, 0.1), 1 + fill(c, 0.5).abs(), 1 + fill(c),
                     fill(c))
    return Y, 2 * X.shape[1]


def norm_relu_conv(X, out_channels, k, act=F.relu, norm=True, bias=False):
    """Do batch norm, ReLU and convolution, or leave something out."""
    count = 0
    if norm:
        X, count = norm_by_torch(X)
    w = fill((out_channels, X.shape[1], k, k))
    b = fill((out_channels,)) if bias else None
    Y = F.conv2d(act(X), w, b, padding=k // 2)
    return Y, count + w.numel() + bias * out_channels


def dense_by(join=lambda X, Y: torch.cat([X, Y], 1), more=0, **changes):
    """Make a function that computes what a dense block computes."""
    def compute(num_layers, in_channels, growth_rate):
        X, count = image(in_channels), 0
        for _ in range(num_layers + more):
            Y, n = norm_relu_conv(X, growth_rate, 3, **changes)
            X, count = join(X, Y), count + n
        return {'parameters': count, 'output shape': tuple(X.shape),
                'output': X}
    return compute


dense = Question(
    dense_by(),
    lambda dice: [Case(1, 1, 1), Case(1, 1, 2), Case(2, 2, 2), Case(3, 2, 1),
                  Case(2, 3, 4)],
    ('How many channels go into layer number i, if each layer before it has '
     'added growth_rate of them?',
     'in_channels + i * growth_rate. In forward: Y = layer(X), then '
     'X = torch.cat([X, Y], dim=1), for each layer.'),
    {'the input is not kept: put each output behind what came in':
         dense_by(lambda X, Y: Y),
     'the new channels stand in front: put them behind the old ones':
         dense_by(lambda X, Y: torch.cat([Y, X], 1)),
     'the outputs are added as in ResNet: here they are put side by side':
         dense_by(lambda X, Y: X + Y if X.shape == Y.shape
                  else torch.cat([X, Y], 1)),
     'the ReLU is missing':
         dense_by(act=plain),
     'the batch norm is missing':
         dense_by(norm=False),
     'the convolutions have biases (bias=False)':
         dense_by(bias=True),
     'there is one layer too many':
         dense_by(more=1),
     'there is one layer too few':
         dense_by(more=-1)},
    use=lambda answer, *args: block_seen(answer(*args), image(args[1])))


def transition_by(pool=F.avg_pool2d, k=1, **changes):
    """Make a function that computes what a transition computes."""
    def compute(in_channels, out_channels):
        Y, n = norm_relu_conv(image(in_channels), out_channels, k, **changes)
        Y = pool(Y, 2) if pool else Y
        return {'parameters': n, 'output shape': tuple(Y.shape), 'output': Y}
    return compute


transition = Question(
    transition_by(),
    lambda dice: [Case(2, 1), Case(4, 2), Case(3, 3)],
    ('It makes a map smaller in two ways: fewer channels, by which layer? '
     'And half the height and width, by which?',
     'nn.Sequential of batch norm for in_channels, ReLU, '
     'nn.Conv2d(in_channels, out_channels, 1, bias=False) and '
     'nn.AvgPool2d(2).'),
    {'the pooling takes the maximum: average pooling is wanted':
         transition_by(F.max_pool2d),
     'the pooling is missing':
         transition_by(None),
     'the ReLU is missing':
         transition_by(act=plain),
     'the batch norm is missing':
         transition_by(norm=False),
     'the convolution has a bias (bias=False)':
         transition_by(bias=True),
     'the kernel is 3x3: 1x1 is wanted':
         transition_by(k=3)} | block(
             lambda c_in, c_out: (['norm', 'relu', f'conv {c_out} 1', 'avg'],
                                  []))[1](4, 2),
    use=lambda answer, *args: block_seen(answer(*args), image(args[0])))


STAGES = [[(4, (4, 8), (2, 4), 4)],
          [(8, (6, 12), (2, 4), 4), (8, (8, 16), (4, 8), 8)]]


def googlenet_by(padding=1, act=F.relu, pool=F.max_pool2d, last=plain):
    """Make a function that computes what the narrow GoogLeNet computes."""
    def look(num_classes):
        X, count = conv_by_torch(image(1, 28, 28) - 20, 8, 3, act)
        for modules in STAGES:
            X = pool(X, 3, 2, padding)
            for channels in modules:
                seen = inception_by()(X.shape[1], *channels, X=X)
                X, count = seen['output'], count + seen['parameters']
        w = fill((num_classes, X.shape[1]))
        Y = last(X.mean((2, 3)) @ w.T + fill((num_classes,)))
        return {'parameters': count + w.numel() + num_classes,
                'output shape': tuple(Y.shape), 'output': Y}
    return look


googlenet = Question(
    googlenet_by(), lambda dice: [Case(3), Case(10)],
    ('The first message tells two numbers of channels: what came, and what '
     'was expected. What does a module give, the reductions or the outputs '
     'of its branches?',
     'The last module takes 8 + 12 + 4 + 4 = 28 channels; before Flatten '
     'stands nn.AdaptiveAvgPool2d(1). Then print the sides of the maps, and '
     'ask what cross-entropy wants.'),
    {'it gives probabilities: cross-entropy takes the softmax itself, so '
     'give it the scores':
         googlenet_by(last=lambda Y: F.softmax(Y, 1)),
     'the maps have the wrong sides: the pooling has no padding':
         googlenet_by(padding=0),
     'it gives probabilities, and the pooling has no padding':
         googlenet_by(0, last=lambda Y: F.softmax(Y, 1)),
     'the scores are never negative: there is a ReLU on them':
         googlenet_by(last=F.relu),
     'the ReLU behind the first convolution is missing':
         googlenet_by(act=plain),
     'the pooling takes the average: max pooling is wanted':
         googlenet_by(pool=F.avg_pool2d)},
    use=lambda answer, num_classes: looked_at(answer(num_classes),
                                              image(1, 28, 28) - 20))


def modern_truth():
    """Let PyTorch count the weights of modern layers."""
    def weights(*layers):
        return sum(p.numel() for layer in layers for p in layer.parameters())

    conv = functools.partial(nn.Conv2d, bias=False)
    return {'weights of the 3x3 convolution in groups':
            weights(conv(128, 128, 3, groups=32)),
            'weights of the depthwise and the 1x1 convolution':
            weights(conv(128, 128, 3, groups=128), conv(128, 256, 1)),
            'parameters of the gate':
            weights(nn.Linear(64, 4), nn.Linear(4, 64)),
            'channels in the middle of the inverted residual': 24 * 6,
            'factor of the work': 2 * 1.5**2 * 2**2,
            'weights behind an output number of the depthwise convolution':
            nn.Conv2d(128, 128, 3, groups=128).weight[0].numel()}


modern = predictions(
    modern_truth(),
    {'a kernel of a group sees 128 / 32 = 4 channels':
         [128 * 128 * 9, None, None, None, None, None],
     'each of the 128 kernels has 4 · 9 weights, not only each group':
         [32 * 4 * 9, None, None, None, None, None],
     '32 is the number of groups, not of the channels in one':
         [128 * 32 * 9, None, None, None, None, None],
     'a depthwise kernel sees one channel only':
         [None, 128 * 128 * 9 + 128 * 256, None, None, None, 128 * 9],
     'that is one layer alone: both together are wanted':
         [None, 128 * 9, 64 * 4 + 4, None, None, None],
     'that is one of the two alone: both together are wanted':
         [None, 128 * 256, 4 * 64 + 64, None, None, None],
     'this is an ordinary 3x3 convolution':
         [None, 128 * 256 * 9, None, None, None, None],
     'the biases are missing: 4 of the first layer, 64 of the second':
         [None, None, 2 * 64 * 4, None, None, None],
     'inside it is six times as wide as in front of it, not narrower':
         [None, None, None, 4, None, None],
     'the middle takes nothing away: 24 times 6':
         [None, None, None, 24, None, None],
     'width counts twice: it is the channels in and the channels out':
         [None, None, None, None, 2 * 1.5 * 4, None],
     'height and width both grow: four times as many pixels':
         [None, None, None, None, 2 * 1.5**2 * 2, None],
     'depth counts once: twice the layers are twice the work':
         [None, None, None, None, 4 * 1.5**2 * 4, None],
     'all three factors multiply the work':
         [None, None, None, None, 2 * 1.5 * 2, None]},
    ('A convolution has kernel height times width times (channels in / '
     'groups) times channels out weights. Work is the weights times the '
     'places, layer by layer.',
     '9 * 4 * 128; 9 * 128 + 128 * 256; 64 * 4 + 4 and 4 * 64 + 64. The work '
     'grows as depth times the squares of width and of resolution.'))


def depthwise(X, D):
    """Convolve each channel of (C, H, W) with its own kernel."""
    return F.conv2d(X[None], D[:, None], groups=len(X))[0]


def pointwise(Y, P):
    """Mix the channels of (C, H, W) by a matrix (O, C)."""
    return F.conv2d(Y[None], P[:, :, None, None])[0]


def separable_cases(dice):
    """Give images, a kernel for each channel, and a matrix."""
    return [Case(dice.whole(c, *size), dice.whole(c, *kernel),
                 dice.whole(o, c)) for c, o, size, kernel in [
        (1, 1, (1, 1), (1, 1)), (2, 1, (1, 1), (1, 1)),
        (1, 2, (1, 2), (1, 2)), (2, 2, (2, 3), (1, 2)),
        (2, 2, (3, 2), (2, 2)), (3, 2, (4, 3), (2, 1))]] + [
        Case(dice.normal(3, 5, 4), dice.normal(3, 3, 2), dice.normal(4, 3))]


separable = Question(
    lambda X, D, P: pointwise(depthwise(X, D), P), separable_cases,
    ('Do one channel first: a window times its kernel, summed over rows and '
     'columns, but not over channels. What does a pixel of the result '
     'hold, and what does P do with it?',
     'Y[:, i, j] = (X[:, i:i + h, j:j + w] * D).sum((1, 2)); then P @ '
     'Y.reshape(C, -1), reshaped to (O, ...).'),
    {'the channels are not mixed: the second step is missing':
         lambda X, D, P: depthwise(X, D),
     'the channels are summed in the first step: each stays for itself '
     'until P mixes them':
         lambda X, D, P: pointwise(
             depthwise(X, D).sum(0, keepdim=True).expand(
                 len(X), -1, -1), P),
     'all channels get the first kernel: each has its own':
         lambda X, D, P: pointwise(depthwise(X, D[:1].expand_as(D)), P),
     'the kernels are flipped':
         lambda X, D, P: pointwise(depthwise(X, D.flip(1, 2)), P),
     'P is transposed: it has a row for each output channel':
         lambda X, D, P: pointwise(depthwise(X, D), P.T),
     'the mean of the channels is taken: P says how much of each':
         lambda X, D, P: pointwise(depthwise(X, D), P) / len(X),
     'the channels come in reverse order':
         lambda X, D, P: pointwise(depthwise(X, D), P).flip(0)},
    grad=('X', 'D', 'P'),
    bans=('conv1d', 'conv2d', 'conv3d', 'convolution'))


def gate_by(act=F.relu, last=torch.sigmoid, join=torch.mul, axes=(2, 3),
            squeeze=torch.mean, bias=1):
    """Make a function that computes what a gate computes, or a wrong one."""
    def compute(channels, squeezed):
        X = image(channels, 5)
        Z, count = squeeze(X, axes), 2 * channels * squeezed
        for out, step in [(squeezed, act), (channels, last)]:
            Z = step(F.linear(Z, fill((out, Z.shape[1])),
                              bias * fill((out,))))
        count += (squeezed + channels) * bias
        Y = join(X, Z[:, :, None, None])
        return {'parameters': count, 'output shape': tuple(Y.shape),
                'output': Y}
    return compute


squeeze_excitation = Question(
    gate_by(), lambda dice: [Case(1, 1), Case(2, 1), Case(4, 2), Case(3, 5)],
    ('After the mean there is one number for each channel: (N, C). Which two '
     'layers follow, and which function ends between 0 and 1?',
     'X.mean((2, 3)); nn.Linear(channels, squeezed) and ReLU; '
     'nn.Linear(squeezed, channels) and sigmoid; X * gate[:, :, None, '
     'None].'),
    {'the ReLU between the layers is missing': gate_by(act=plain),
     'the sigmoid is missing: a gate is a number between 0 and 1':
         gate_by(last=plain),
     'the gate ends with a ReLU: sigmoid is wanted': gate_by(last=F.relu),
     'the gate ends with a softmax: each channel has a gate of its own, '
     'between 0 and 1': gate_by(last=lambda Z: F.softmax(Z, 1)),
     'the first activation is a sigmoid: ReLU is wanted':
         gate_by(act=torch.sigmoid),
     'the gate is added: multiply by it': gate_by(join=torch.add),
     'the gate alone comes out: multiply the input by it':
         gate_by(join=lambda X, Z: Z.expand_as(X)),
     'the largest number of a channel is taken: its mean is wanted':
         gate_by(squeeze=torch.amax),
     'the layers have no biases': gate_by(bias=0)},
    use=lambda answer, *args: block_seen(answer(*args), image(args[0], 5)))


def inverted_plan(c_in, c_out, stride, expansion, kernel_size=3):
    """Return the steps of an inverted residual block."""
    middle = c_in * expansion
    wide = [f'conv {middle} 1', 'norm', 'relu6'] if expansion > 1 else []
    adds = ['add'] if stride == 1 and c_in == c_out else []
    return [*wide, f'dw {kernel_size} {stride}', 'norm', 'relu6',
            f'conv {c_out} 1', 'norm', *adds]


def inverted_by(change=lambda steps: steps):
    """Make a function that computes what such a block computes."""
    def compute(in_channels, out_channels, stride, expansion, kernel_size=3):
        args = in_channels, out_channels, stride, expansion, kernel_size
        return path_seen(20 * image(in_channels, 7),
                         change(inverted_plan(*args)))
    return compute


def swapped(old, new):
    """Make a change of all steps that are `old`."""
    return lambda steps: [s.replace(old, new) for s in steps]


def narrow(in_channels, out_channels, stride, expansion, kernel_size=3):
    """Compute a block whose middle is not wide."""
    steps = inverted_plan(in_channels, out_channels, stride, expansion,
                          kernel_size)
    if expansion > 1:
        steps[0] = f'conv {in_channels} 1'
    return path_seen(20 * image(in_channels, 7), steps)


def always_wide(in_channels, out_channels, stride, expansion, kernel_size=3):
    """Compute a block that does not leave the first convolution out."""
    steps = inverted_plan(in_channels, out_channels, stride, expansion,
                          kernel_size)
    if expansion == 1:
        steps = [f'conv {in_channels} 1', 'norm', 'relu6', *steps]
    return path_seen(20 * image(in_channels, 7), steps)


def always_added(in_channels, out_channels, stride, expansion,
                 kernel_size=3):
    """Compute a block that adds wherever the channels allow it."""
    X = 20 * image(in_channels, 7)
    found = path_seen(X, inverted_plan(in_channels, out_channels, stride,
                                       expansion, kernel_size))
    if in_channels != out_channels or stride == 1:
        return found
    return found | {'output': found['output'] + X[:, :, ::stride, ::stride]}


def edited(sentence):
    """Make a block with one of the small mistakes, where it can occur."""
    return inverted_by(lambda steps: dict(edits(steps)).get(
        sentence, list)(steps))


inverted_residual = Question(
    inverted_by(),
    lambda dice: [Case(*c) for c in [
        (2, 2, 1, 2), (2, 2, 1, 1), (2, 3, 1, 2), (2, 2, 2, 3), (3, 3, 1, 4),
        (2, 4, 2, 6), (3, 2, 1, 1), (2, 2, 1, 3, 5), (2, 3, 2, 2, 7)]],
    ('Three convolutions: up, depthwise, down. Which of them has the stride, '
     'how many groups has the second, and what stands behind the third?',
     'nn.Conv2d(middle, middle, kernel_size, stride, kernel_size // 2, '
     'groups=middle, bias=False) is the depthwise one. Behind the last batch '
     'norm stands nothing. X + Y only if stride == 1 and the channels are '
     'equal.'),
    {'the activation is ReLU: ReLU6 cuts off at 6 too':
         inverted_by(swapped('relu6', 'relu')),
     'there is a ReLU6 behind the last batch norm: nothing stands there':
         inverted_by(lambda s: [*s, 'relu6'] if s[-1] != 'add' else [
             *s[:-1], 'relu6', 'add']),
     'there is a ReLU6 behind the addition: nothing stands there':
         inverted_by(lambda s: [*s, 'relu6'] if s[-1] == 'add' else s),
     'the input is never added': inverted_by(
         lambda s: [step for step in s if step != 'add']),
     'the stride is ignored': inverted_by(
         lambda s: [' '.join([*step.split()[:2], '1']) if step[:2] == 'dw'
                    else step for step in s]),
     'the kernel size is ignored: it is 3 only by default': inverted_by(
         lambda s: [' '.join(['dw', '3', step.split()[2]]) if step[:2] ==
                    'dw' else step for step in s]),
     'the middle is not wide: in_channels times expansion':
         narrow,
     'with expansion 1 the first convolution is left out': always_wide,
     'the input is added although the map became smaller': always_added,
     } | {sentence: edited(sentence) for sentence, _ in
          edits(inverted_plan(2, 2, 1, 2))},
    use=lambda answer, *args: block_seen(
        answer(*args), 20 * image(args[0], 7)))


@functools.cache
def sample():
    """Return images and labels of the sample that comes with the package."""
    arrays = data.SOURCES['sample']('fashion_mnist')
    X = torch.as_tensor(arrays['train_images'])[:, None].float() / 255
    return X, torch.as_tensor(arrays['train_labels']).long()


def fitted(net, num_train, seconds):
    """Train for five epochs; return the accuracy on the other images."""
    X, y = sample()
    optimizer, start = torch.optim.Adam(net.parameters()), time.thread_time()
    batches = [i for _ in range(5) for i in
               torch.randperm(num_train).split(64)]
    rate = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 0.01, total_steps=len(batches))
    net.train()
    for step, i in enumerate(batches):
        if time.thread_time() - start > seconds:
            raise Wrong(f'after {seconds} seconds {step} of {len(batches)} '
                        'steps are done: make the maps smaller early, with '
                        'a stride or a pooling')
        optimizer.zero_grad()
        F.cross_entropy(net(X[i]), y[i]).backward()
        optimizer.step()
        rate.step()
    with torch.no_grad():
        scores = net.eval()(X[num_train:])
    return (scores.argmax(1) == y[num_train:]).float().mean().item()


def inspected(net, max_parameters):
    """Refuse a network that is no classifier within the budget."""
    if not isinstance(net, nn.Module):
        raise Wrong('a network (nn.Module) is wanted, got '
                    f'{type(net).__name__}')
    count = sum(p.numel() for p in net.parameters())
    if count >= max_parameters:
        raise Wrong(f'it has {count:,} parameters, wanted are fewer than '
                    f'{max_parameters:,}')
    if not any(p.requires_grad for p in net.parameters()):
        raise Wrong(f'nothing in it can learn: of its {count} parameters '
                    'none wants a gradient')
    Y = net(sample()[0][:3])
    if not isinstance(Y, torch.Tensor) or Y.shape != (3, 10):
        raise Wrong('for three images it gives '
                    f'{tuple(getattr(Y, "shape", ()))}, wanted are ten '
                    'scores for each: (3, 10)')
    if (Y >= 0).all() and torch.allclose(Y.sum(1), torch.ones(3)):
        raise Wrong('it gives probabilities: cross-entropy takes the '
                    'softmax itself, so give it the scores')
    return count


def judged(answer, max_parameters, min_accuracy, seconds):
    """Train what an answer gives; say what it reaches if it falls short.

    From other random weights, or on another processor, the same network may
    be better or worse by .02: so the best of three trainings counts.
    """
    best = 0
    with torch.random.fork_rng(devices=[]):
        for seed in range(3):
            torch.manual_seed(seed)
            net = answer()
            count = inspected(net, max_parameters)
            best = max(best, fitted(net, 4000, seconds))
            if best >= min_accuracy:
                return True
    raise Wrong(f'in the best of three trainings it reaches {best:.3f} with '
                f'{count:,} parameters, wanted is {min_accuracy} with fewer '
                f'than {max_parameters:,}')


design = Question(
    lambda max_parameters, min_accuracy, seconds: True,
    lambda dice: [Case(20_000, 0.848, 120)],
    ('Convolutions share their weights, so they are cheap in parameters; '
     'the first linear layer usually is not. How large is the map in front '
     'of it?',
     'Halve the map and raise the channels: a 5x5 convolution with stride 2 '
     'to 16 channels, pooling, a 3x3 convolution to 32, pooling again, batch '
     'norm and ReLU after each, then one linear layer.'),
    use=judged, seconds=420)

QUESTIONS = {'lenet': lenet, 'flatten': flatten, 'evaluate': evaluate,
             'vgg_block': vgg_block, 'stacks': stacks, 'Inception': inception,
             'Residual': residual, 'Bottleneck': bottleneck,
             'DenseBlock': dense, 'transition': transition,
             'googlenet': googlenet, 'modern': modern,
             'separable': separable,
             'SqueezeExcitation': squeeze_excitation,
             'InvertedResidual': inverted_residual, 'design': design}

# What the texts announce, besides values and shapes.
DEMANDS: dict[str, tuple] = {}
