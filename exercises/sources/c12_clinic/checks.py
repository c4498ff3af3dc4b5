"""Checks for the exercises of chapter 12, the clinic.

Each question is a program to repair. What the program as it stands gives is
one of the mistakes, told as a symptom: to find the cause is the exercise.
"""
import contextlib
import copy
import io

import torch
from torch import nn
from torch.nn import functional as F

from d2lmini_check.networks import (Watched, batch_cases, fill, image,
                                    is_slope, looked_at)
from d2lmini_check.questions import Case, Question, Wrong

GRADIENT = 'parameters without a gradient'
SIDES = 'sides of the maps after the convolutions'
SIZES = 'mean size of what each layer with weights gives'
STEPS = {'relu': F.relu, 'sigmoid': torch.sigmoid,
         'softmax': lambda X: F.softmax(X, 1),
         'max': lambda X: F.max_pool2d(X, 2),
         'avg': lambda X: F.avg_pool2d(X, 2), 'flat': lambda X: X.flatten(1),
         'image': lambda X: X.reshape(-1, 1, 6, 6),
         'turned': lambda X: X.reshape(-1, 1, 6, 6).mT,
         'first': lambda X: X[:1], 'same': lambda X: X,
         'means': lambda X: X.mean((2, 3)), 'squeezed': torch.squeeze,
         'shares': lambda X: X.mean((0, 2, 3)).expand(len(X), -1),
         'mixed': lambda X: X.permute(1, 2, 3, 0).reshape(len(X), -1)}


def examined(net, X):
    """Look at a filled network, and which parameters get a gradient."""
    seen = looked_at(net, X)
    Y = net(X)
    if Y.requires_grad:
        Y.sum().backward()
    return seen | {GRADIENT: sum(p.grad is None for p in net.parameters())}


def layer_by_layer(net, X):
    """Return what the layers give: sides of maps, and mean sizes."""
    sides, sizes = [], []

    def keep(module, args, Y):
        sizes.append(Y.detach().abs().mean().item())
        if isinstance(module, nn.Conv2d):
            sides.append(Y.shape[-1])

    for module in net.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            module.register_forward_hook(keep)
    net(X)
    return {SIDES: sides, SIZES: sizes}


def chain(X, steps):
    """Compute with filled weights what a network of these layers computes.

    steps: 'conv 6 5 2' is a convolution to 6 channels, kernel 5, padding 2.
    """
    count, sides, sizes = 0, [], []
    for step in steps.split(', '):
        kind, *numbers = step.split()
        out, k, padding = (*map(int, numbers), 0, 0, 0)[:3]
        if kind == 'conv':
            w, b = fill((out, X.shape[1], k, k)), fill((out,))
            X = F.conv2d(X, w, b, padding=padding)
            sides.append(X.shape[-1])
        elif kind == 'linear':
            w, b = fill((out, X.shape[-1])), fill((out,))
            X = X @ w.T + b
        else:
            X = STEPS[kind](X)
            continue
        sizes.append(X.abs().mean().item())
        count += w.numel() + out
    return seen_as(X, count) | {SIDES: sides, SIZES: sizes}


def seen_as(Y, count, untouched=0):
    """Give results in the form of examined."""
    return {'parameters': count, 'output shape': tuple(Y.shape), 'output': Y,
            GRADIENT: untouched}


def network(shape, right, hints, wrong, sizes=(2, 1, 3)):
    """Make a question about a network for inputs (n, *shape).

    right: its layers, as chain takes them. wrong: {sentence: layers}.
    """
    def by(steps):
        return lambda num_images: chain(
            fill((num_images, *shape), 1.5), steps)

    def use(answer, num_images):
        net, X = answer(), fill((num_images, *shape), 1.5)
        return examined(net, X) | layer_by_layer(net, X)

    return Question(
        by(right), lambda dice: [Case(n) for n in sizes], hints,
        {sentence: by(steps) for sentence, steps in wrong.items()}, use)


def a_number(value):
    """Refuse a tensor where a number is wanted."""
    if isinstance(value, torch.Tensor) and (
            value.requires_grad or value.ndim):
        raise Wrong('a number (float) is wanted, got a tensor: .item() '
                    'takes the number out, and lets go of the graph')
    return value


def layers_by(inputs, steps):
    """Make a function that computes with layers that depend on a number."""
    def look(*args):
        seen = chain(inputs(*args), steps(*args))
        del seen[SIDES], seen[SIZES]
        return seen
    return look


autoencoder = Question(
    layers_by(lambda size, code: fill((2, size), 1.5),
              'linear {1}, relu, linear {0}'.format),
    lambda dice: [Case(4, 2), Case(1, 1), Case(3, 5)],
    ('A NameError names what Python looked for and did not find. In which '
     'function does this name get its value, and who can see it there?',
     'A name that is given its value in encode is gone when encode has '
     'returned. Keep what it returns: code = self.encode(X).'),
    {'the ReLU between encoder and decoder is missing':
         layers_by(lambda size, code: fill((2, size), 1.5),
                   'linear {1}, linear {0}'.format),
     'there is a ReLU behind the decoder':
         layers_by(lambda size, code: fill((2, size), 1.5),
                   'linear {1}, relu, linear {0}, relu'.format),
     'the ReLU stands behind the decoder, not behind the encoder':
         layers_by(lambda size, code: fill((2, size), 1.5),
                   'linear {1}, linear {0}, relu'.format)},
    lambda answer, *args: examined(answer(*args), fill((2, args[0]), 1.5)))

as_images = Question(
    lambda rows: rows.view(-1, 1, 28, 28) / 255,
    lambda dice: [Case(dice.whole(n, 784, low=0, high=256).to(torch.uint8))
                  for n in [2, 1, 3]],
    ('"object is not callable" means that something is followed by '
     'parentheses though it is no function. What is X.shape?',
     'X.shape is a tuple of sizes. The method that gives a tensor another '
     'shape is reshape.'),
    {'the pixels still go up to 255: they should end at 1':
         lambda rows: rows.view(-1, 1, 28, 28) / 1,
     'the images are transposed: rows and columns are swapped':
         lambda rows: rows.view(-1, 1, 28, 28).mT / 255,
     'the pixels are rounded down to 0': lambda rows: rows.view(
         -1, 1, 28, 28) // 255 * 1.})

SUPER = ('What does the message say must be called before a layer is '
         'assigned? Which line of other networks is missing here?',
         'The first line of __init__ is super().__init__(): it makes the '
         'lists in which a network keeps its layers.')


def two_layers_by(steps):
    """Make a function that does what the network of two layers does."""
    return lambda num_hidden: layers_by(
        lambda n: fill((2, 4), 1.5), steps.format)(num_hidden)


two_layers = Question(
    two_layers_by('linear {}, relu, linear 3'),
    lambda dice: [Case(2), Case(5)], SUPER,
    {'the ReLU between the layers is missing':
         two_layers_by('linear {}, linear 3'),
     'there is a ReLU on the scores': two_layers_by(
         'linear {}, relu, linear 3, relu'),
     'the ReLU stands behind the second layer, not between the two':
         two_layers_by('linear {}, linear 3, relu')},
    lambda answer, num_hidden: examined(
        answer(num_hidden), fill((2, 4), 1.5)))


def windows_of(answer, series, size):
    """Take all items out of a data set, and ask for its length."""
    data = answer(series, size)
    return {'length': len(data),
            'items': [data[i] for i in range(len(series) - size + 1)]}


def windows_by(length=0, start=0, more=0):
    """Give all windows, or other ones."""
    def look(series, size):
        n = len(series) - size + 1
        return {'length': n + length, 'items': [
            series[i + start:i + start + size + more] for i in range(n)]}
    return look


a_series = Question(
    windows_by(), lambda dice: [Case([5, 6, 7, 8], 2), Case([3], 1),
                                Case([1, 4, 9, 16, 25], 3)],
    ('len(data) calls a method. Under which name does Python look for it? '
     'Compare with another data set, letter by letter.',
     'Python calls __len__, and __getitem__ for data[i]. Any other name is a '
     'method that nobody calls.'),
    {'the length is one too small': windows_by(length=-1),
     'the length is one too large': windows_by(length=1),
     'the windows are one number too long': windows_by(more=1),
     'the windows begin one place too late': windows_by(start=1)},
    windows_of)


def label_cases(dice):
    """Give minibatches of labels, the last class not in all of them."""
    return [Case([(torch.zeros(len(y), 1), torch.tensor(y)) for y in labels],
                 c) for labels, c in [
        ([[0, 2, 2]], 3), ([[1], [0]], 2), ([[0, 1, 1], [3, 3, 0], [1]], 4)]]


count_labels = Question(
    lambda data_iter, num_classes: torch.cat(
        [y for _, y in data_iter]).bincount(minlength=num_classes),
    label_cases,
    ('"object is not callable": what stands before the parentheses, and is '
     'it a function?',
     'An iterator of minibatches is walked over as it is: '
     '`for X, y in data_iter:`.'),
    {'only the last minibatch is counted': lambda data_iter, num_classes:
        data_iter[-1][1].bincount(minlength=num_classes),
     'only the first minibatch is counted': lambda data_iter, num_classes:
        data_iter[0][1].bincount(minlength=num_classes),
     'a label that comes twice in a minibatch counts once': lambda
        data_iter, num_classes: sum(
            y.unique().bincount(minlength=num_classes)
            for _, y in data_iter)})


def plain_batches(dice):
    """Give a network that returns its input, and minibatches for it."""
    return [Case(Watched(True), batches.args[1]) for batches in
            batch_cases(dice)[::2]]


def loss_of(batches, reduction='mean'):
    """Give the cross-entropy of minibatches of scores."""
    X, y = (torch.cat(parts) for parts in zip(*batches))
    loss = X.logsumexp(1) - X[range(len(y)), y]
    return float(loss.sum() if reduction == 'sum' else loss.mean())


first_loss = Question(
    lambda net, loader: loss_of(loader[:1]), plain_batches,
    ('Take the three lines one by one. The first message is about '
     '`.next()`: how is the next item of an iterator asked for today?',
     'next(iterator) is a function, a loss is one number without an index '
     '(loss.item()), and NumPy has no np.float any more.'),
    {'this is the loss on the last minibatch':
         lambda net, loader: loss_of(loader[-1:]),
     'the losses are summed: their mean is wanted':
         lambda net, loader: loss_of(loader[:1], 'sum'),
     'this is the loss over all minibatches':
         lambda net, loader: loss_of(loader)},
    lambda answer, net, loader: a_number(answer(net, loader)))


def table_cases(dice):
    """Give a linear network and tables, whose labels are floats."""
    cases = []
    for n, features, classes in [(1, 1, 2), (2, 2, 3), (5, 3, 4)]:
        net = nn.Linear(features, classes)
        net.weight.data = fill(net.weight.shape)
        net.bias.data = fill(net.bias.shape)
        y = torch.tensor([dice.number(0, classes - 1) for _ in range(n)])
        cases.append(Case(net, torch.cat(
            [dice.normal(n, features), y[:, None].float()], 1)))
    return cases


def table_by(reduction='mean', label=lambda y, k: y, sign=1):
    """Make a function of a network and a table, or a wrong one."""
    def look(net, table):
        X, y = table[:, :-1], table[:, -1].round().to(torch.int64)
        Z = net(X).detach()
        y = label(y, Z.shape[1])
        losses = Z.logsumexp(1) - Z[range(len(y)), y]
        return sign * float(getattr(losses, reduction)())
    return look


table_loss = Question(
    table_by(), table_cases,
    ('The message asks for "Long": print the dtype of everything that goes '
     'into the loss. Which of them counts something?',
     'Classes are whole numbers. A table has one type for all its columns: '
     'y = table[:, -1].long().'),
    {'the losses are summed: their mean is wanted': table_by('sum'),
     'only the largest loss comes out': table_by('amax'),
     'the labels are those of another class':
         table_by(label=lambda y, k: (y + 1) % k),
     'the sign is wrong': table_by(sign=-1)},
    lambda answer, net, table: a_number(answer(net, table)))


def conv_block_by(steps):
    """Make a function that does what a block of given layers does."""
    def look(in_channels, out_channels, kernel_size=3):
        return layers_by(image, lambda c: steps.format(
            out=out_channels, k=kernel_size, half=kernel_size // 2)
            )(in_channels)
    return look


conv_block = Question(
    conv_block_by('conv {out} {k} {half}, relu'),
    lambda dice: [Case(1, 2), Case(2, 1), Case(2, 2), Case(1, 2, 5)],
    ('Print the shape of the weight: (channels out, channels in, height, '
     'width). Which of the numbers is where you did not expect it?',
     'Arguments are told apart by their order. Does the order in the line '
     '`def __init__` fit the calls?'),
    {'the ReLU is missing': conv_block_by('conv {out} {k} {half}'),
     'the map gets smaller: padding is missing':
         conv_block_by('conv {out} {k} 0, relu'),
     'the padding fits a kernel of 3 only':
         conv_block_by('conv {out} {k} 1, relu'),
     'the kernel size is ignored': conv_block_by('conv {out} 3 {half}, relu')},
    lambda answer, *args: examined(answer(*args), image(args[0])))

STAGES = ['conv 8 3 1, relu, max', 'conv 16 3 1, relu, max',
          'conv 16 3 1, relu, max']
LAST = 'flat, linear 10'
small_vgg = network(
    (3, 32, 32), ', '.join([*STAGES, LAST]),
    ('1024 features came where 256 were wanted: four times as many. Print '
     'the shape behind each layer: where is a map larger than you expect?',
     'A side of 32 must be halved three times to be 4. Which stage does not '
     'halve?'),
    {'the linear layer was made to fit the mistake: the maps in front of it '
     'should be 4x4, not 8x8':
         ', '.join([STAGES[0], STAGES[1][:-5], STAGES[2], LAST]),
     'the pooling takes the average':
         ', '.join([*STAGES, LAST]).replace('max', 'avg'),
     'the ReLUs are missing':
         ', '.join([*STAGES, LAST]).replace('relu, ', ''),
     'there is a ReLU behind the scores':
         ', '.join([*STAGES, LAST, 'relu'])}, (2, 1))

HEAD = ('linear 120, sigmoid, linear 84, sigmoid, '
        'linear 10')
head = network(
    (400,), HEAD,
    ('The message holds two shapes: what came, and the weight it met. Which '
     'layer has that weight?',
     'What a layer gives is what the next one takes: 400, 120, 84, 10.'),
    {'the middle layer was made to fit the mistake: it should give 84':
         'linear 120, sigmoid, linear 184, sigmoid, linear 10',
     'there is a sigmoid behind the scores': HEAD + ', sigmoid',
     'the sigmoid between the last two layers is missing':
         'linear 120, sigmoid, linear 84, linear 10',
     'the layer of 84 is missing': 'linear 120, sigmoid, linear 10'})


def branches_by(first='conv 4 1', second='conv 2 1, relu, conv 4 3 1',
                swap=False, act=F.relu, more=0):
    """Make a function that does what two branches do."""
    def look(in_channels):
        parts = [chain(image(in_channels), s) for s in (first, second)]
        count = sum(part['parameters'] for part in parts)
        outputs = [part['output'] for part in parts]
        Y = act(torch.cat(outputs[::-1] if swap else outputs, 1))
        return seen_as(Y, count + more * (2 * in_channels + 2), 2 * more)
    return look


branches = Question(
    branches_by(), lambda dice: [Case(n) for n in [1, 2, 3, 6]],
    ('A convolution met a map with another number of channels than it '
     'takes. Which layer is in front of it, and how many does that give?',
     'The 3x3 convolution follows the 1x1 convolution, which gives 2 '
     'channels, whatever in_channels is.'),
    {'the 1x1 convolution of the second branch is made but not used':
         branches_by(second='conv 4 3 1', more=1),
     'the branches are in the wrong order': branches_by(swap=True),
     'the ReLU between the convolutions of the second branch is missing':
         branches_by(second='conv 2 1, conv 4 3 1'),
     'the last ReLU is missing': branches_by(act=lambda X: X)},
    lambda answer, in_channels: examined(
        answer(in_channels), image(in_channels)))

on_rows = network(
    (36,), 'image, conv 4 3, relu, flat, linear 10',
    ('"Expected 3D or 4D input": which shape did the convolution get, and '
     'which line should have made an image of it?',
     'What must become an image is what goes in, X, and not the scores '
     'that come out.'),
    {'the scores are never negative: there is a ReLU on them':
         'image, conv 4 3, relu, flat, linear 10, relu',
     'rows and columns of the images are swapped':
         'turned, conv 4 3, relu, flat, linear 10',
     'only the first image comes out':
         'first, image, conv 4 3, relu, flat, linear 10'})

pooled = network(
    (1, 6, 6), 'conv 4 3, relu, means, linear 10',
    ('Print the shape in front of the linear layer, for two images and for '
     'one. Which axis is gone?',
     'squeeze() takes away every axis of size 1, the minibatch too if it '
     'holds one image. flatten(1) keeps the first axis.'),
    {'one image gives (10,): where is the axis of the minibatch?':
         'conv 4 3, relu, means, squeezed, linear 10',
     'the ReLU is missing': 'conv 4 3, means, linear 10',
     'the ReLU stands behind the mean': 'conv 4 3, means, relu, linear 10',
     'the numbers of different images are mixed':
         'conv 4 3, relu, shares, linear 10',
     'only the first image comes out':
         'conv 4 3, relu, means, first, linear 10'})


def windows(X, k, step=1):
    """Give all windows of the last two axes, as the last two axes."""
    return X.unfold(-2, k, step).unfold(-2, k, step)


max_pool = Question(
    lambda X, k: windows(X, k).amax((-2, -1)),
    lambda dice: [Case(dice.whole(h, w), k) for h, w, k in [
        (2, 2, 2), (3, 3, 2), (3, 4, 2), (4, 3, 3), (4, 5, 1)]],
    ('Slide the window over a column with a finger: at how many places does '
     'it fit into 3 rows, if it has 2?',
     'A window of k fits into n rows at n - k + 1 places.'),
    {'these are the minima': lambda X, k: windows(X, k).amin((-2, -1)),
     'these are the averages': lambda X, k: windows(X, k).mean((-2, -1)),
     'the window is 2x2 for every k': lambda X, k: windows(
         X, 2).amax((-2, -1))[:len(X) - k + 1, :X.shape[1] - k + 1]})

crop = Question(
    lambda dX, pad: F.pad(dX, (-pad,) * 4),
    lambda dice: [Case(dice.whole(*shape), pad) for shape, pad in [
        ((1, 1, 1, 2), 0), ((1, 1, 3, 3), 1), ((1, 2, 3, 4), 0),
        ((2, 1, 5, 6), 2), ((2, 3, 4, 3), 1)]],
    ('Write the slice with numbers in place of pad, for the smallest input '
     'that fails. What is dX[0:-0]?',
     '-0 is 0, and 0:0 is empty. Count the end from the front: H - pad.'),
    {'nothing is left where nothing should be cut off':
         lambda dX, pad: dX[:, :, pad:-pad, pad:-pad],
     'only the front is cut off, not the end':
         lambda dX, pad: dX[:, :, pad:, pad:],
     'nothing is cut off': lambda dX, pad: dX,
     'only rows are cut off, columns too must be':
         lambda dX, pad: F.pad(dX, (0, 0, -pad, -pad)),
     'only columns are cut off, rows too must be':
         lambda dX, pad: F.pad(dX, (-pad, -pad))})


brighten = Question(
    lambda images, by: (images + by).clamp(0, 1),
    lambda dice: [Case(dice.whole(*s, low=0, high=11) / 10, by)
                  for s, by in [((1, 1, 1, 2), 0.3), ((2, 1, 2, 3), 0.5),
                                ((2, 3, 2, 2), -0.4)]],
    ('Print X.max() before and after the line that should cut it off.',
     'clamp leaves X alone and returns another tensor: keep what it '
     'returns.'),
    {'there are pixels above 1, or below 0': lambda images, by: images + by,
     'pixels below 0 are left': lambda images, by: (images + by).clamp(max=1),
     'pixels above 1 are left': lambda images, by: (images + by).clamp(min=0),
     'the images are not brighter': lambda images, by: images.clamp(0, 1),
     'the pixels are multiplied': lambda images, by: (
         images * (1 + by)).clamp(0, 1)})


def items_of(answer, images, labels):
    """Take items out of a data set, the first of them twice."""
    calls = []

    def transform(X):
        calls.append(X)
        return 2 * X + 1

    data, seen = answer(images.clone(), labels, transform), {}
    seen['number of items'] = len(data)
    for i in [*range(len(images)), 0]:
        item = data[i]
        if not isinstance(item, (tuple, list)) or len(item) != 2:
            raise Wrong('an item must be an image and a label')
        again = ' again' if f'image {i}' in seen else ''
        seen |= {f'image {i}{again}': copy.deepcopy(item[0]),
                 f'label {i}{again}': item[1]}
    return seen | {'calls of the transform': len(calls)}


class ByTensor:
    """A data set that is transformed as it is taken, or wrongly."""

    def __init__(self, pick):
        self.pick = pick

    def __call__(self, images, labels, transform):
        self.data = images, labels, transform
        return self

    def __len__(self):
        return len(self.data[0])

    def __getitem__(self, i):
        return self.pick(*self.data, i)


def items_by(pick):
    """Make a function that looks at the items of such a data set."""
    return lambda images, labels: items_of(ByTensor(pick), images, labels)


pictures = Question(
    items_by(lambda images, labels, f, i: (f(images[i]), labels[i])),
    lambda dice: [Case(dice.whole(n, 1, 2), torch.arange(7, 7 + n))
                  for n in [1, 3]],
    ('Compare the item with what the transform gives, not with the image. '
     'Which name is computed, and which one is returned?',
     'transformed is computed and thrown away. It is what must be '
     'returned.'),
    {'the images come out as they are, as if there were no transform':
         items_by(lambda images, labels, f, i: (
             f(images[i]) * 0 + images[i], labels[i])),
     'the transform is never called':
         items_by(lambda images, labels, f, i: (images[i], labels[i])),
     'the transform works twice': items_by(
         lambda images, labels, f, i: (f(f(images[i])), labels[i])),
     'every item is the first one': items_by(
         lambda images, labels, f, i: (f(images[0]), labels[i])),
     'image and label are swapped': items_by(
         lambda images, labels, f, i: (labels[i], f(images[i])))},
    items_of)


def pool_by_windows(X, mode='max'):
    """Pool by windows."""
    both = {'max': torch.amax, 'avg': torch.mean}
    return both[mode](windows(X, 2, 2), (-2, -1))


pool = Question(
    pool_by_windows,
    lambda dice: [Case(dice.whole(*s), *mode) for s in [
        (1, 1, 2, 2), (2, 3, 4, 6)] for mode in [['max'], ['avg'], []]],
    ('Which value has `mode` after the line with `if`? Print it there.',
     ':= gives a name a value, == compares. A text that is not empty counts '
     'as true.'),
    {'the maximum comes out whatever `mode` says':
         lambda X, mode='max': pool_by_windows(X),
     'the average comes out whatever `mode` says':
         lambda X, mode='max': pool_by_windows(X, 'avg'),
     'the average of a window is not divided by its size':
         lambda X, mode='max': pool_by_windows(X, mode) * (
             1 if mode == 'max' else 4),
     'the two modes are swapped': lambda X, mode='max': pool_by_windows(
         X, 'avg' if mode == 'max' else 'max')})


def tower_by(change=lambda steps: steps):
    """Make a function that does what a tower does."""
    def look(channels):
        steps = [f'conv {n} 1, relu' for n in channels[1:]]
        seen = chain(image(channels[0]), ', '.join(change(steps)))
        del seen[SIDES], seen[SIZES]
        return seen
    return look


tower = Question(
    tower_by(), lambda dice: [Case(c) for c in [
        [1, 2], [1, 2, 3], [3, 3, 3], [2, 1, 3, 2]]],
    ('Which layers does the network have? print(net) shows them; or count '
     'its parameters and compare with the 13 you expect.',
     'Under one name there is room for one layer: the next one takes its '
     'place. Give each layer a name of its own.'),
    {'layers are lost: there are fewer parameters than you counted':
         tower_by(lambda steps: steps[-1:]),
     'the last ReLU is missing':
         tower_by(lambda steps: [*steps[:-1], steps[-1][:-6]]),
     'all ReLUs are missing':
         tower_by(lambda steps: [step[:-6] for step in steps]),
     'the last layer is missing': tower_by(lambda steps: steps[:-1] or [
         'same'])},
    lambda answer, channels: examined(answer(channels), image(channels[0])))


def dense_by(act=F.relu, front=False, more=0):
    """Make a function that does what a dense block does."""
    def look(num_layers, channels, growth_rate):
        X, count = image(channels), 0
        for _ in range(num_layers + more):
            layer = chain(X, f'conv {growth_rate} 1')
            Y, count = act(layer['output']), count + layer['parameters']
            X = torch.cat([Y, X] if front else [X, Y], 1)
        return seen_as(X, count)
    return look


dense = Question(
    dense_by(), lambda dice: [Case(*c) for c in [
        (1, 1, 1), (2, 2, 3), (3, 2, 4), (4, 3, 2)]],
    ('Print the channels that each layer takes, and next to them those of '
     'the map that comes. From which layer on do they differ?',
     'Every layer before it has added growth_rate channels, so layer i '
     'takes channels + i * growth_rate.'),
    {'the ReLU is missing': dense_by(act=lambda X: X),
     'the new channels stand in front of the old ones': dense_by(front=True),
     'there is one layer too few': dense_by(more=-1),
     'there is one layer too many': dense_by(more=1)},
    lambda answer, *args: examined(answer(*args), image(args[1])))


def plan_by(last=False, none=False, once=False, keep=False):
    """Make a function that plans a DenseNet, or plans it wrongly."""
    def stages(channels, growth_rate, blocks):
        growth = [(1 if once else n) * growth_rate for n in blocks]
        out, ends = [], len(blocks) - (not last)
        for i, more in enumerate(growth):
            out += [('dense block', channels + more)]
            channels += more
            if i < ends and not none:
                channels //= 1 if keep else 2
                out += [('transition', channels)]
        return out
    return stages


plan = Question(
    plan_by(), lambda dice: [Case(*c) for c in [
        (8, 4, (2,)), (8, 4, (2, 3)), (6, 2, (1, 2, 1)), (7, 4, (3, 4))]],
    ('For the last block, write down both sides of the comparison. Which '
     'list should tell how many blocks there are?',
     'stages grows while the loop runs; blocks does not. The last block has '
     'the number len(blocks) - 1.'),
    {'a transition follows the last block too': plan_by(last=True),
     'there is no transition': plan_by(none=True),
     'growth counts once for a block: it counts once for each layer':
         plan_by(once=True),
     'the transition does not halve the channels': plan_by(keep=True)})


def pre_by(first=F.relu, second=F.relu, join=torch.add, short=lambda X: X,
           last=lambda Y: Y):
    """Make a block with its activations in front, or a wrong one."""
    def look(channels):
        X = image(channels, 4)
        one = chain(first(X), f'conv {channels} 3 1')
        two = chain(second(one['output']), f'conv {channels} 3 1')
        return seen_as(last(join(short(X), two['output'])),
                       one['parameters'] + two['parameters'])
    return look


def with_slope(answer, channels):
    """Look at a block, and whether its gradient is that of its values."""
    net, X = answer(channels), image(channels, 4)
    seen = examined(net, X)
    if not is_slope(net, X):
        raise Wrong('the values may be right, but the gradient that goes '
                    'back to X is not theirs: something is cut off, by '
                    '.detach(), .data or no_grad')
    return seen


pre_activation = Question(
    pre_by(), lambda dice: [Case(n) for n in [1, 2, 3]],
    ('Set all weights and biases to 0 and send a negative number through. '
     'What should come out, and what does?',
     'The ReLU belongs into the branch alone. What is added at the end must '
     'be X as it came in.'),
    {'what is negative in the input is lost: the shortcut is not the input':
         pre_by(short=F.relu),
     'the shortcut is not added': pre_by(join=lambda X, Y: Y),
     'there is a ReLU behind the addition': pre_by(last=F.relu),
     'the first ReLU is missing': pre_by(first=lambda X: X),
     'the second ReLU is missing': pre_by(second=lambda X: X),
     'the branch is subtracted': pre_by(join=torch.sub)},
    with_slope)


def counted(answer, net, **options):
    """Return what a function returns, and whether it prints."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        value = answer(net, **options)
    return {'what is returned': value, 'something is printed':
            out.getvalue().strip() != ''}


def counted_by(count, prints=lambda verbose: verbose):
    """Make a function that counts parameters, or something else."""
    return lambda net, verbose=False: {
        'what is returned': sum(count(p) for p in net.parameters()),
        'something is printed': prints(verbose)}


count_parameters = Question(
    counted_by(torch.numel),
    lambda dice: [Case(net, **options) for net in [
        nn.Linear(2, 3), nn.Sequential(nn.Conv2d(1, 2, 3), nn.Linear(4, 1)),
        nn.Sequential(nn.Conv2d(1, 2, 3).requires_grad_(False),
                      nn.BatchNorm2d(2))]
        for options in [{}, {'verbose': False}, {'verbose': True}]],
    ('What does Python return when a function reaches its end? When does '
     'this one reach its end?',
     'Only the print depends on verbose. The return belongs one step to the '
     'left.'),
    {'nothing is printed, though verbose=True':
         counted_by(torch.numel, lambda verbose: False),
     'it prints, though nobody asked for it':
         counted_by(torch.numel, lambda verbose: True),
     'this is the number of tensors, not of numbers in them':
         counted_by(lambda p: 1),
     'the biases are missing':
         counted_by(lambda p: p.numel() * (p.ndim > 1))},
    counted)


def pixels_by(share):
    """Make a function of lists of right pixels, one for each minibatch."""
    def compute(batches):
        found = [(y_hat == y).double() for y_hat, y in batches]
        return float(share(found))
    return compute


def pixel_cases(dice):
    """Give minibatches of answers and true classes, of several sizes."""
    cases = []
    for shapes in [[(1, 2, 2)], [(1, 2, 2), (1, 1, 1)],
                   [(2, 3, 2), (2, 3, 2), (1, 4, 5)]]:
        batches = []
        for shape in shapes:
            y = dice.whole(*shape, low=0, high=3).long()
            y_hat = torch.where(dice.normal(*shape) > 0, y, (y + 1) % 3)
            y_hat[0, 0, 0] = y[0, 0, 0]
            batches.append((y_hat, y))
        cases.append(Case(batches))
    return cases


pixel_accuracy = Question(
    pixels_by(lambda found: sum(r.sum() for r in found)
              / sum(r.numel() for r in found)), pixel_cases,
    ('An accuracy is a share. Of what? Say in words what each of the two '
     'sums counts.',
     'right counts pixels, so total must count pixels too: y.numel().'),
    {'this is no share of the pixels: what is the number of right ones '
     'divided by?': pixels_by(lambda found: sum(
         r.sum() for r in found) / sum(len(r) for r in found)),
     'the number of right pixels is divided by the number of minibatches':
         pixels_by(lambda found: sum(r.sum() for r in found) / len(found)),
     'the shares of unequal minibatches are averaged':
         pixels_by(lambda found: sum(r.mean() for r in found) / len(found)),
     'each image counts as much as another, whatever its size':
         pixels_by(lambda found: sum(r.mean() * len(r) for r in found)
                   / sum(len(r) for r in found)),
     'an image counts only if all of its pixels are right':
         pixels_by(lambda found: sum(
             r.flatten(1).amin(1).sum() for r in found)
             / sum(len(r) for r in found)),
     'this is the number of right pixels':
         pixels_by(lambda found: sum(r.sum() for r in found))})


def dropping(answer, in_features, out_features):
    """Look at a network in both modes, twice."""
    net = answer(in_features, out_features)
    X = fill((50, in_features), 1.5)
    seen = looked_at(net, X)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        again = net(X).detach()
        Y, other = (net.train()(X).detach() for _ in range(2))
    kept = (Y != 0) & (seen['output'] != 0)
    factor = (Y / seen['output'])[kept]
    return {
        'a second call in eval mode gives the same':
            torch.equal(again, seen['output']), **seen,
        'share of zeros in train mode': round(
            (Y == 0).float().mean().item(), 1),
        'what is left in train mode, by what it was': factor.mean() if len(
            factor) else 0.,
        'a second call in train mode gives the same': torch.equal(Y, other)}


def dropping_by(share=0.5, factor=2., works=True):
    """Make the report on such a network, or on a wrong one."""
    def look(in_features, out_features):
        W, b = fill((out_features, in_features)), fill((out_features,))
        Y = fill((50, in_features), 1.5) @ W.T + b
        return {'a second call in eval mode gives the same': True,
                'parameters': W.numel() + b.numel(),
                'output shape': tuple(Y.shape), 'output': Y,
                'share of zeros in train mode': share,
                'what is left in train mode, by what it was':
                    torch.tensor(factor),
                'a second call in train mode gives the same': not works}
    return look


dropped = Question(
    dropping_by(), lambda dice: [Case(2, 40), Case(3, 60)],
    ('net.eval() sets net.training. Who reads it? nn.Dropout does; how does '
     'the function F.dropout learn of the mode?',
     'F.dropout has an argument `training`, which is True if nothing else '
     'is said: training=self.training.'),
    {'nothing is dropped in train mode':
         dropping_by(share=0., factor=1., works=False),
     'the numbers that stay are not made larger in train mode':
         dropping_by(factor=1.)},
    dropping)


def watched_loss(answer, net, data_iter):
    """Return the loss, and what the network has noted."""
    net.notes.clear()
    value = answer(net, data_iter)
    if isinstance(value, torch.Tensor) and value.requires_grad:
        raise Wrong('what comes back is a tensor that carries the graph of '
                    f'all {len(data_iter)} minibatches, so their memory '
                    'cannot be freed')
    return {'loss': a_number(value),
            'gradients are recorded': any(g for _, g in net.notes),
            'the network is in train mode': any(t for t, _ in net.notes)}


def watched_by(loss=loss_of, gradients=False, mode=False):
    """Make a function that gives such a report."""
    return lambda net, data_iter: {
        'loss': loss(data_iter), 'gradients are recorded': gradients,
        'the network is in train mode': mode}


validation_loss = Question(
    watched_by(), plain_batches,
    ('A tensor that has a grad_fn keeps alive what it was computed from. '
     'Does the sum have one? Who needs gradients here?',
     'Put the loop under `with torch.no_grad():`, and add up numbers: '
     '.item().'),
    {'gradients are recorded, though nobody needs them here':
         watched_by(gradients=True),
     'the network is in train mode': watched_by(mode=True),
     'the sum is divided by the number of minibatches, not of examples':
         watched_by(lambda b: loss_of(b, 'sum') / len(b)),
     'it is divided twice: by the mean of each minibatch, and at the end':
         watched_by(lambda b: sum(loss_of([x]) for x in b)
                    / sum(len(y) for _, y in b)),
     'only the last minibatch counts': watched_by(
         lambda b: loss_of(b[-1:], 'sum') / sum(len(y) for _, y in b)),
     'this is the sum: divide by the number of examples':
         watched_by(lambda b: loss_of(b, 'sum'))},
    watched_loss)


def trained(answer, num_batches, num_epochs):
    """Let an answer train; note steps and decays in their order."""
    calls = []

    def step(X, y):
        done = sum(call == 'step' for call in calls)
        if (X, y) != batches[done % num_batches]:
            raise Wrong('step(X, y) wants each minibatch once in an epoch, '
                        f'in order: got step({X!r}, {y!r})')
        calls.append('step')

    batches = [(f'X{i}', f'y{i}') for i in range(num_batches)]
    found = answer(step, lambda: calls.append('decay'), batches, num_epochs)
    return {'calls': calls, 'what is returned': found}


def trained_by(epoch, around=lambda calls: calls, count=1):
    """Make a function that calls in an order, for each epoch."""
    def look(num_batches, num_epochs):
        return {'calls': around(epoch(num_batches) * num_epochs),
                'what is returned': num_batches * num_epochs * count}
    return look


train = Question(
    trained_by(lambda n: ['step'] * n + ['decay']),
    lambda dice: [Case(1, 1), Case(3, 1), Case(3, 2), Case(2, 4)],
    ('How often does each line run in an epoch? Count the decays of one '
     'epoch with three minibatches.',
     'What stands inside the inner loop runs for every minibatch. The decay '
     'belongs one step to the left.'),
    {'the rate decays after every minibatch':
         trained_by(lambda n: ['step', 'decay'] * n),
     'the rate decays once, after the last epoch': trained_by(
         lambda n: ['step'] * n, lambda calls: [*calls, 'decay']),
     'the rate decays before each epoch, not after it':
         trained_by(lambda n: ['decay'] + ['step'] * n),
     'the rate never decays': trained_by(lambda n: ['step'] * n)},
    trained)


class Recorder:
    """Takes what is written, in place of TensorBoard's SummaryWriter."""

    def __init__(self):
        self.entries, self.closed = [], False

    def add_scalar(self, tag, scalar_value, global_step=None, **options):
        if self.closed:
            raise Wrong('something is written after the file was closed')
        self.entries.append((tag, float(scalar_value), global_step))

    def flush(self):
        """Write what is waiting; nothing waits here."""

    def close(self):
        self.closed = True

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def written(answer, losses):
    """Return what an answer writes."""
    writer = Recorder()
    answer(writer, losses)
    return {'entries': writer.entries, 'the file is closed': writer.closed}


def written_by(entry=lambda i, v: ('loss', v, i), pick=slice(None),
               closed=True):
    """Make a function that writes, or writes something else."""
    def look(losses):
        entries = [entry(i, float(v)) for i, v in enumerate(losses)]
        return {'entries': entries[pick], 'the file is closed': closed}
    return look


write_losses = Question(
    written_by(),
    lambda dice: [Case(torch.tensor(v)) for v in [
        [5.], [5., 3.], [4., 2., 1., 0.5]]],
    ('How many entries are in the file? How often does the line that writes '
     'run?',
     'The call of add_scalar stands behind the loop: it belongs inside.'),
    {'only the last loss is in the file': written_by(pick=slice(-1, None)),
     'only the first loss is in the file': written_by(pick=slice(1)),
     'every entry has the step 0': written_by(lambda i, v: ('loss', v, 0)),
     'the entries have no step': written_by(lambda i, v: ('loss', v, None)),
     'the steps begin with 1': written_by(lambda i, v: ('loss', v, i + 1)),
     'every loss has a name of its own: that gives as many curves of one '
     'point': written_by(lambda i, v: (f'loss {i}', v, i)),
     'the file is not closed: its last entries may be lost':
         written_by(closed=False)},
    written)


def probabilities(scores, dim):
    """Take the softmax by exponentials."""
    parts = scores.double().exp()
    return (parts / parts.sum(dim, keepdim=True)).float()


vote = Question(
    lambda scores: probabilities(scores, 2).mean(0),
    lambda dice: [Case(dice.whole(*s)) for s in [
        (2, 1, 2), (3, 2, 3), (4, 3, 5)]],
    ('Which numbers must add up to 1: those of the crops, of the images, or '
     'of the classes? Add them up and look.',
     'Without dim, softmax guesses: for three axes it takes axis 0. The '
     'classes are axis 2.'),
    {'all probabilities are equal, whatever the scores are':
         lambda scores: probabilities(scores, 0).mean(0),
     'the probabilities of a class add up to 1 over the images: they should '
     'do so over the classes of an image':
         lambda scores: probabilities(scores, 1).mean(0),
     'the scores are averaged before the softmax: average probabilities':
         lambda scores: probabilities(scores.mean(0), 1),
     'the probabilities of the crops are summed: they add up to the number '
     'of crops': lambda scores: probabilities(scores, 2).sum(0),
     'these are logarithms of probabilities':
         lambda scores: probabilities(scores, 2).log().mean(0)})


def stepped(answer, X, y):
    """Let an answer take two steps with a filled linear layer."""
    net = nn.Linear(X.shape[1], 1)
    net.weight.data, net.bias.data = fill((1, X.shape[1])), fill((1,))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
    losses = [a_number(answer(net, optimizer, X, y)) for _ in range(2)]
    return {'losses': losses, 'weight after two steps': net.weight.detach()}


def stepped_by(squash=False, old=0., lr=0.5, total=False, flip=False):
    """Make a function that takes the steps without autograd."""
    def look(X, y):
        w, b, stale, losses = fill((1, X.shape[1])), fill((1,)), 0., []
        target, n = 1 - y if flip else y, 1 if total else len(X)
        for _ in range(2):
            z = (X @ w.T + b)[:, 0]
            s = z.sigmoid()
            p = s.sigmoid() if squash else s
            losses.append(float(-(target * p.log() + (1 - target) * (
                1 - p).log()).sum() / n))
            g = (p - target) * (s * (1 - s) if squash else 1)
            step = [g[None] @ X / n, g.sum() / n]
            stale = [d + old * s for d, s in zip(step, stale or [0., 0.])]
            w, b = w - lr * stale[0], b - lr * stale[1]
        return {'losses': losses, 'weight after two steps': w}
    return look


def step_cases(dice):
    """Give minibatches; load what the first optimizer loads, beforehand."""
    torch.optim.SGD([nn.Parameter(torch.zeros(1))])
    return [Case(torch.eye(2)[:n], torch.tensor([1., 0.][:n]))
            for n in [1, 2]] + [
        Case(dice.normal(4, 2), torch.tensor([0., 1., 1., 0.]))]


binary_step = Question(
    stepped_by(), step_cases,
    ('What is the smallest loss this program can reach for y = 1, if the '
     'network is right and quite sure? Try a score of 100.',
     'The name of the loss ends with `with_logits`: it takes scores and does '
     'the sigmoid itself. Give it the scores as they are.'),
    {'the loss differs too little between right and wrong, and the steps '
     'are too small': stepped_by(squash=True),
     'the gradients of the step before are still there: see that they are '
     'set to zero': stepped_by(old=1.),
     'the weights do not move': stepped_by(lr=0.),
     'the weights move away from the minimum': stepped_by(lr=-0.5),
     'the loss is the sum over the examples: their mean is wanted':
         stepped_by(total=True),
     'yes and no have changed places': stepped_by(flip=True)},
    stepped)

locator = network(
    (1, 6, 6), 'conv 4 3, relu, max, flat, linear 2',
    ('Print the answers for one minibatch: what are the smallest and the '
     'largest of them? Which layer came last?',
     'A sigmoid lies between 0 and 1, but rows go up to 5. Leave the numbers '
     'of the linear layer as they are.'),
    {'no answer is below 0 or above 1':
         'conv 4 3, relu, max, flat, linear 2, sigmoid',
     'no answer is below 0, but some must be while it learns: there is a '
     'ReLU on them': 'conv 4 3, relu, max, flat, linear 2, relu',
     'the two numbers add up to 1: there is a softmax on them':
         'conv 4 3, relu, max, flat, linear 2, softmax',
     'the ReLU behind the convolution is missing':
         'conv 4 3, max, flat, linear 2',
     'the pooling takes the average':
         'conv 4 3, relu, avg, flat, linear 2'})


def by_batch_norm(batches, num_channels, momentum=0.1):
    """Let PyTorch's batch norm move its running mean."""
    norm = nn.BatchNorm2d(num_channels, momentum=momentum)
    for X in batches:
        norm(X)
    return norm.running_mean


running_mean = Question(
    by_batch_norm,
    lambda dice: [Case([torch.tensor([[[[4., 6.]]]])], 1)] + [
        Case([dice.whole(2, c, 2, 2) for _ in range(n)], c, *m)
        for n, c, m in [(1, 2, [0.25]), (2, 3, []), (4, 2, [0.1])]],
    ('By which factor does the first minibatch count, and by which the '
     'tenth? Try it with one minibatch whose mean is 5.',
     'The new mean counts with momentum, what was there before with '
     '1 - momentum.'),
    {'the running mean jumps to nearly the newest minibatch':
         lambda batches, num_channels, momentum=0.1: by_batch_norm(
             batches, num_channels, 1 - momentum),
     'what was there before is forgotten':
         lambda batches, num_channels, momentum=0.1: by_batch_norm(
             batches, num_channels, 1.),
     'what was there before is not made smaller':
         lambda batches, num_channels, momentum=0.1: momentum * sum(
             X.mean((0, 2, 3)) for X in batches),
     'this is the plain average of the minibatches':
         lambda batches, num_channels, momentum=0.1: by_batch_norm(
             batches, num_channels, None)})

QUESTIONS = {
    'Autoencoder': autoencoder, 'as_images': as_images,
    'TwoLayers': two_layers, 'Windows': a_series,
    'count_labels': count_labels, 'first_loss': first_loss,
    'table_loss': table_loss, 'ConvBlock': conv_block,
    'small_vgg': small_vgg, 'head': head, 'Branches': branches,
    'OnRows': on_rows, 'Pooled': pooled, 'max_pool': max_pool, 'crop': crop,
    'brighten': brighten, 'Pictures': pictures, 'pool': pool, 'Tower': tower,
    'Dense': dense, 'plan': plan, 'PreActivation': pre_activation,
    'count_parameters': count_parameters, 'pixel_accuracy': pixel_accuracy,
    'Dropped': dropped, 'validation_loss': validation_loss, 'train': train,
    'write_losses': write_losses, 'vote': vote, 'binary_step': binary_step,
    'locator': locator, 'running_mean': running_mean}

# What the texts announce, besides values and shapes.
DEMANDS = {'PreActivation': ('gradient',)}
