"""The classic networks, one file each."""
from d2lmini.nets.lenet import LeNet

__all__ = ['LeNet']
