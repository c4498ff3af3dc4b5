"""Helpers of a runnable textbook on convolutional neural networks.

`import d2lmini as d2l` gives them all by their names, as d2l.corr2d, and with
them what programs written for Dive into Deep Learning ask of d2l besides: see
d2lmini_compat. A module is imported when the first of its names is used, so
nobody waits for the others.
"""
import importlib


def __getattr__(name):
    return importlib.import_module('d2lmini_compat').find(name)


def __dir__():
    return importlib.import_module('d2lmini_compat').names()
