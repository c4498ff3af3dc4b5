"""Watch which functions of PyTorch and NumPy an answer calls."""
import os
import sys

import numpy as np
import torch

LIBRARIES = tuple(os.path.dirname(str(m.__file__)) + os.sep
                  for m in (torch, np))
AUTOGRAD = ('grad', 'backward')  # what "without autograd" bans


class Watch:
    """Wrap an answer; `met` holds the banned names that it has called.

    names: of functions, such as 'pad' or 'conv2d'. A function of the
    student's own may have such a name: only those of a library count.
    """

    def __init__(self, answer, names):
        self.answer, self.names, self.met = answer, set(names), set()

    def __call__(self, *args, **kwargs):
        before = sys.getprofile()
        sys.setprofile(self.look)
        try:
            return self.answer(*args, **kwargs)
        finally:
            sys.setprofile(before)

    def look(self, frame, event, arg):
        """Note a call: of a Python function, or of one written in C."""
        if event == 'c_call':
            name = getattr(arg, '__name__', '')
        elif event == 'call' and frame.f_code.co_filename.startswith(
                LIBRARIES):
            name = frame.f_code.co_name
        else:
            return
        if name in self.names:
            self.met.add(name)
