"""Find tensors that would lie on the wrong device, without a second one."""
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

HARMLESS = (torch.Tensor.__getitem__, torch.Tensor.__setitem__,
            torch.Tensor.to, torch.Tensor.copy_)


class OtherDevice(TorchFunctionMode):
    """Pretend that the inputs are on a GPU and new tensors are not.

    What is made without an input and without `device=` is marked. A marked
    and an unmarked tensor in one operation would be an error on a GPU; an
    index, a number (0-D) and what is moved with .to would not.
    """

    def __init__(self):
        super().__init__()
        self.mixed = False

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        tensors = [t for t in tree_leaves((args, kwargs))
                   if isinstance(t, torch.Tensor)]
        marks = [is_marked(t) for t in tensors]
        apart = func in HARMLESS or kwargs.get('device') is not None
        if not apart and any(marks):
            self.mixed |= not all(
                m or not t.ndim for m, t in zip(marks, tensors))
        if (not tensors and not apart) or (
                any(marks[:1]) and func is not torch.Tensor.to):
            for t in tree_leaves(out):
                if isinstance(t, torch.Tensor) and t.ndim:
                    t.made_elsewhere = True
        return out


def is_marked(tensor):
    """Tell whether a tensor was made on the default device."""
    return getattr(tensor, 'made_elsewhere', False)
