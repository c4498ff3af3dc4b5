"""Functions and layers of Dive into Deep Learning, second edition.

The names and the calls are d2l's, the code is our own. Programs find them by
`import d2lmini as d2l`.
"""

import os
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from torch import nn

from d2lmini import hub
from d2lmini.nets import ResNet
from d2lmini.nets.slices import give_slices
from d2lmini.train import History, init_weights, scale_gradient, train_gpu
from d2lmini.utils import try_gpu

DATA_URL = 'http://d2l-data.s3-accelerate.amazonaws.com/'
# A name, and a file's address and SHA-1 or SHA-256.
DATA_HUB = {'hymenoptera': hub.HYMENOPTERA}


def train_ch6(
    net: nn.Module,
    train_iter,
    test_iter,
    num_epochs: int,
    lr: float,
    device=None,
) -> History:
    """Train as d2l's LeNet chapter does: Xavier's weights, plain SGD."""
    return told(
        train_gpu(
            net,
            train_iter,
            test_iter,
            num_epochs,
            lr,
            device,
            init=init_weights,
        )
    )


def train_ch13(
    net: nn.Module,
    train_iter,
    test_iter,
    loss,
    trainer: torch.optim.Optimizer,
    num_epochs: int,
    devices=(None,),
) -> History:
    """Train as d2l's augmentation chapter does, on the first of devices.

    Args:
        net: The network.
        train_iter: Gives minibatches (X, y).
        test_iter: Likewise.
        loss: Gives one number an example (reduction='none'). As in d2l the
            gradient is that of their sum, not of their mean.
        trainer: The optimizer itself, which holds the learning rate.
        num_epochs: How often to go over train_iter.
        devices: Of which the first is used.

    Returns:
        The History, which is printed too.
    """

    def summed(y_hat, y):
        return scale_gradient(loss(y_hat, y).mean(), len(y))

    return told(
        train_gpu(
            net,
            train_iter,
            test_iter,
            num_epochs,
            0.0,
            devices[0],
            optimizer=lambda parameters, lr: trainer,
            loss=summed,
        )
    )


def told(history):
    """Print what a training gave, as d2l does; return its history."""
    print(
        f'loss {history.loss[-1]:.3f}, train acc {history.train_acc[-1]:.3f}'
        f', test acc {history.valid_acc[-1]:.3f}'
    )
    return history


def resnet18(num_classes: int, in_channels: int = 1) -> ResNet:
    """Make the small form of ResNet-18, as d2l's chapters on several GPUs do.

    Args:
        num_classes: Classes of the answer.
        in_channels: Channels of the images.

    Returns:
        ResNet(num_classes, in_channels, small=True).
    """
    return ResNet(num_classes, in_channels, small=True)


def conv_block(in_channels: int, out_channels: int) -> nn.Sequential:
    """Make batch norm, ReLU and a 3x3 convolution: H_l of DenseNet's paper."""
    return nn.Sequential(
        nn.BatchNorm2d(in_channels),
        nn.ReLU(),
        nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1),
    )


class DenseBlock(nn.Sequential):
    """Layers that each see all before them, without DenseLayer's bottleneck.

    forward: (N, C, H, W) to (N, C + num_convs * growth_rate, H, W).

    Args:
        num_convs: Number of layers.
        in_channels: Channels C of the input.
        growth_rate: Channels that each layer appends.
    """

    def __init__(self, num_convs, in_channels, growth_rate):
        super().__init__(
            *(
                conv_block(in_channels + i * growth_rate, growth_rate)
                for i in range(num_convs)
            )
        )

    def forward(self, X):
        for block in self:
            X = torch.cat([X, block(X)], dim=1)
        return X


give_slices(DenseBlock)


def comp_conv2d(conv2d: nn.Module, X: torch.Tensor) -> torch.Tensor:
    """Apply a convolution layer from one channel to one to a bare image.

    Args:
        conv2d: The layer, for minibatches (1, 1, H, W).
        X: The image, of shape (H, W).

    Returns:
        The feature map, of shape (H', W').
    """
    return conv2d(X[None, None])[0, 0]


def set_figsize(figsize=(3.5, 2.5)):
    """Set the size of the figures to come.

    Args:
        figsize: Width and height, in inches.
    """
    plt.rcParams['figure.figsize'] = figsize


def try_all_gpus() -> list[torch.device]:
    """Return a list of all GPUs, or of the CPU alone when there is none."""
    return [try_gpu(i) for i in range(max(1, torch.cuda.device_count()))]


def get_fashion_mnist_labels(labels) -> list[str]:
    """Return the names of Fashion-MNIST's classes for labels (N,)."""
    from d2lmini.data import FASHION_MNIST_LABELS  # and so torchvision

    return [FASHION_MNIST_LABELS[int(i)] for i in labels]


def get_dataloader_workers() -> int:
    """Return how many processes a DataLoader may start here: at most 4."""
    return min(4, os.cpu_count() or 1)


def download(name: str, cache_dir: str | Path | None = None) -> str:
    """Return the path of a file of DATA_HUB, which is downloaded once.

    Args:
        name: Of DATA_HUB. Add what you want to it: DATA_HUB[name] = (address,
            the file's SHA-1 or SHA-256).
        cache_dir: Where the file is kept, the cache folder if None.

    Raises:
        ValueError: If DATA_HUB has no such name. Else as hub.get_file.
    """
    url, digest = offer(name)
    return str(hub.get_file(url, digest, cache_dir))


def download_extract(
    name: str, folder: str | None = None, cache_dir: str | Path | None = None
) -> str:
    """Return the path of the folder that a zip or tar file of DATA_HUB holds.

    Args:
        name: Of DATA_HUB.
        folder: Which folder of the file; if None, the one that has the
            file's name without its ending, or all that is in the file.
        cache_dir: Where both are kept, the cache folder if None.

    Raises:
        ValueError: If DATA_HUB has no such name. Else as hub.get_folder.
    """
    url, digest = offer(name)
    return str(hub.get_folder(url, digest, cache_dir, folder))


def offer(name):
    """Return the address and the checksum of a file of DATA_HUB."""
    if name not in DATA_HUB:
        raise ValueError(
            f'{name!r} is none of DATA_HUB: {", ".join(DATA_HUB)}'
            '; add DATA_HUB[name] = (address, checksum)'
        )
    return DATA_HUB[name]
