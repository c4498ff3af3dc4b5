"""Slices of the networks: net[:5] is the first five layers in a row."""
from torch import nn


def give_slices(*kinds):
    """Let a slice of these subclasses of nn.Sequential be an nn.Sequential.

    PyTorch would make another network of the class from the layers, which
    ours, made from sizes, do not take. The layers are shared, not copied.
    """
    for kind in kinds:
        kind.__getitem__ = layer_or_slice


def layer_or_slice(net, index):
    """Return one layer, or an nn.Sequential of those in a slice."""
    if isinstance(index, slice):
        return nn.Sequential(*list(net)[index])
    return nn.Sequential.__getitem__(net, index)
