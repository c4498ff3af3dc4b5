"""Looking inside a network: its maps, what it looks at, what it mixes up.

Every function takes a classifier as it is, on any device, of gray or color
images, and leaves it so: it is put into eval mode and back, hooks are
removed also after an error, and no parameter gets a gradient. Images X are
floats (N, C, H, W). A layer is named as in net.named_modules(), '4.0.branch';
the second call of a layer that is used more than once is '4.0.branch (2)'.
"""
import contextlib
import difflib
import re
from functools import partial

import torch
from torch.nn import functional as F

from d2lmini.ops import conv_output_size
from d2lmini.train import mode


def feature_maps(net, X):
    """Return what every layer of net gives for X, by the layers' names.

    In the order in which the layers end, so a part comes after the layers in
    it. What is no tensor is left out.
    """
    with mode(net, train=False), torch.no_grad(), watched(net) as maps:
        net(as_input(net, X))
    return maps


@contextlib.contextmanager
def watched(net, layer=None):
    """Give a dictionary that fills with layers' outputs while net is called.

    layer: the name of the only one to watch, or None for all. Each output is
    kept as it was given: what follows gets a copy, so that a layer that works
    in place, as nn.ReLU(inplace=True), spoils nothing. Clear the dictionary
    between two calls of net. Raises ValueError if there is no such layer.
    """
    maps, handles = {}, []

    def keep(name, module, args, output):
        if torch.is_tensor(output):
            key, calls = name, 1
            while key in maps:
                calls += 1
                key = f'{name} ({calls})'
            maps[key] = output
            return output.clone()

    try:
        for name, module in named_layers(net, layer).items():
            hook = partial(keep, name)
            handles.append(module.register_forward_hook(hook))
        yield maps
    finally:
        for handle in handles:
            handle.remove()


def named_layers(net, layer=None):
    """Return {name: module} of all layers, or of the one that is named.

    Raises ValueError that lists the nearest names if there is none.
    """
    if layer is None:
        return {name: module for name, module in net.named_modules() if name}
    _, *names = dict(net.named_modules(remove_duplicate=False))
    name = re.sub(r' \(\d+\)$', '', str(layer))
    if name not in names:
        near = difflib.get_close_matches(name, names, 5, 0.3) or names[:5]
        raise ValueError(f'net has no layer named {layer!r}; the nearest are '
                         f'{", ".join(map(repr, near))}')
    return {name: net.get_submodule(name)}


def pick(maps, layer):
    """Return a layer's output from what watched has filled."""
    if layer not in maps:
        known = ', '.join(map(repr, maps)) or 'none from a layer of its name'
        raise ValueError(f'layer {layer!r} gave no tensor; net gave {known}')
    return maps[layer]


def as_input(net, X):
    """Return a copy of X on net's device, or raise ValueError."""
    X = torch.as_tensor(X)
    if X.ndim != 4 or not X.is_floating_point():
        raise ValueError('X must be floats of shape (N, C, H, W), got '
                         f'{X.dtype} of shape {tuple(X.shape)}')
    device = next(net.parameters(), X).device
    return X.detach().to(device, copy=True)


@contextlib.contextmanager
def with_gradients(net):
    """Let autograd record what is done, in eval mode, whatever is outside."""
    with (mode(net, train=False), torch.inference_mode(False),
          torch.enable_grad()):
        yield


def check_classes(scores, classes=None):
    """Return one class for each image, (N,), the highest score's if None.

    scores: (N, num_classes). classes: a whole number for all, or (N,) of
    them. Raises ValueError if there are no such classes.
    """
    if scores.ndim != 2:
        raise ValueError('net must give scores (N, num_classes), got shape '
                         f'{tuple(scores.shape)}')
    n, num_classes = scores.shape
    if classes is None:
        return scores.argmax(dim=1)
    classes = torch.as_tensor(classes, device=scores.device)
    if ((classes < 0) | (classes >= num_classes)).any():
        raise ValueError(f'classes must be from 0 to {num_classes - 1}, got '
                         f'{classes.tolist()}')
    return classes.expand(n)


def class_scores(net, X, classes=None):
    """Return the score that net gives each image's class, (N,)."""
    scores = net(X)
    return scores.gather(1, check_classes(scores, classes)[:, None])[:, 0]


def bounding_box(field):
    """Return (top, bottom, left, right) of what is not 0, the ends included.

    field: (..., H, W), with at least one number that is not 0.
    """
    *_, rows, cols = field.nonzero(as_tuple=True)
    if len(rows) == 0:
        raise ValueError('all numbers of the field are 0: no pixel moves the '
                         'unit here, for example since a ReLU is closed')
    return tuple(int(i) for seen in (rows, cols) for i in seen.aminmax())


def saliency(net, X, classes=None):
    """Return `|d score / d pixel|`, the largest of the channels, (N, H, W).

    classes: whose score; of one for all, of one an image, or of the
    highest. Simonyan, Vedaldi and Zisserman, 2013, arXiv:1312.6034.
    """
    with with_gradients(net):
        X = as_input(net, X).requires_grad_()
        score = class_scores(net, X.clone(), classes)
        gradient, = torch.autograd.grad(score.sum(), X)
    return gradient.abs().amax(dim=1)


def occlusion(net, X, classes=None, window=6, stride=2, fill=0.0,
              batch_size=256):
    """Return how far a class's probability falls where X is covered.

    A square of side window, filled with the number fill, goes over each
    image in steps of stride. Gives (N, rows, columns), a number for each of
    its places. classes: as in saliency. batch_size: places at a time. Zeiler
    and Fergus, 2013, arXiv:1311.2901.
    """
    X = as_input(net, X)
    rows, cols = (conv_output_size(n, window, stride) for n in X.shape[2:])
    falls = []
    with mode(net, train=False), torch.no_grad():
        whole = net(X.clone()).softmax(dim=1)
        classes = check_classes(whole, classes)
        for image, c, before in zip(X, classes, whole):
            for places in torch.arange(rows * cols).split(batch_size):
                covered = image.repeat(len(places), 1, 1, 1)
                for Z, place in zip(covered, places.tolist()):
                    i, j = (stride * k for k in divmod(place, cols))
                    Z[:, i:i + window, j:j + window] = fill
                falls.append(before[c] - net(covered).softmax(dim=1)[:, c])
    return torch.cat(falls).reshape(-1, rows, cols)


def grad_cam(net, X, layer=None, classes=None):
    """Return where a layer's maps speak for a class, (N, h, w), from 0 up.

    h, w: of the layer's maps, the last of more than one pixel if None.
    classes: as in saliency. Selvaraju and others, 2017, arXiv:1610.02391.
    """
    layer = last_maps(net, X) if layer is None else layer
    with with_gradients(net), watched(net, layer) as maps:
        X = as_input(net, X).requires_grad_()
        score = class_scores(net, X.clone(), classes)
        A = pick(maps, layer)                       # (N, C, h, w)
        if A.ndim != 4:
            raise ValueError('grad_cam wants a layer that gives maps (N, C, '
                             f'h, w), {layer!r} gives {tuple(A.shape)}')
        gradient, = torch.autograd.grad(score.sum(), A)
        alpha = gradient.mean(dim=(2, 3), keepdim=True)
    return F.relu((alpha * A).sum(dim=1)).detach()


def last_maps(net, X):
    """Return the name of the last layer with maps of more than one pixel."""
    names = [name for name, Y in feature_maps(net, X[:1]).items()
             if Y.ndim == 4 and Y[0, 0].numel() > 1]
    if not names:
        raise ValueError('no layer of net gives maps (N, C, h, w) of more '
                         'than one pixel')
    return names[-1]


def outputs(net, data_iter, layer=None, channel=slice(None)):
    """Return what net, or one of its layers, gives for all images: (Y, y).

    data_iter: gives minibatches (X, y); Y (N, ...) and the labels y (N,) are
    in its order, on net's device. channel: the only one to keep.
    """
    parts, labels = [], []
    watch = contextlib.nullcontext() if layer is None else watched(net, layer)
    with mode(net, train=False), torch.no_grad(), watch as maps:
        for X, y in data_iter:
            Y = net(as_input(net, X))
            if layer is not None:
                Y = pick(maps, layer)
                maps.clear()
            parts.append(Y[:, channel].clone())
            labels.append(y.to(Y.device))
    return torch.cat(parts), torch.cat(labels)


def most_exciting(net, data_iter, layer, channel, k=9):
    """Find the k images in which a channel of a layer is strongest.

    Returns its greatest values (k,), the images' numbers in the order of
    data_iter (k,), and the places of those values in the maps (k, 2), row
    and column. Raises IndexError if there is no such channel.
    """
    Y, _ = outputs(net, data_iter, layer, channel)  # (N, h, w)
    peaks, places = Y.flatten(1).max(dim=1)
    values, images = peaks.topk(k)
    rows_and_columns = torch.unravel_index(places[images], Y.shape[1:])
    return values, images, torch.stack(rows_and_columns, dim=1)


def confusion_matrix(y, y_hat, num_classes):
    """Count the images of class i (row) that were taken for j (column).

    y, y_hat: classes (N,). Returns whole numbers (num_classes, num_classes).
    """
    rows, columns = (F.one_hot(c, num_classes).float() for c in (y, y_hat))
    return (rows.T @ columns).long()
