"""The classic networks, one file each."""
from d2lmini.nets.alexnet import AlexNet
from d2lmini.nets.densenet import (DenseLayer, DenseNet, dense_block,
                                   transition)
from d2lmini.nets.googlenet import GoogLeNet, Inception
from d2lmini.nets.lenet import LeNet
from d2lmini.nets.resnet import Bottleneck, Residual, ResNet
from d2lmini.nets.slices import give_slices
from d2lmini.nets.vgg import VGG, vgg_block

give_slices(AlexNet, DenseLayer, DenseNet, GoogLeNet, LeNet, ResNet, VGG)

__all__ = ['AlexNet', 'DenseLayer', 'DenseNet', 'dense_block', 'transition',
           'GoogLeNet', 'Inception', 'LeNet', 'Bottleneck', 'Residual',
           'ResNet', 'VGG', 'vgg_block']
