"""What a network does to an input, and what that costs."""
import weakref
from typing import NamedTuple

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from d2lmini.train import mode
from d2lmini.utils import get_rng_state, set_rng_state

CONVS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)


def summary(net, input_shape, depth=None):
    """Send one input through net and return the Summary of its layers.

    input_shape: with the batch, (N, C, H, W). depth: None for a line for
    each layer without layers in it (and for a part that makes its output
    from theirs, by adding them for example); 1 for a line for each part that
    net calls, with all that is in it; 2 for the parts of these; and so on.
    Print it, or read its rows and totals: parameters, multiply_adds, memory.
    net is left as it was, and so are the random numbers. Raises ValueError
    that names the layer that could not take what came to it.
    """
    if not input_shape or not all(isinstance(n, int) and n > 0
                                  for n in input_shape):
        raise ValueError('input_shape must be whole numbers from 1 up, (N, '
                         f'C, H, W) with the batch, got {input_shape}')
    recorder, before = Recorder(net, depth), get_rng_state()
    handles = [handle for module in net.modules() for handle in (
        module.register_forward_pre_hook(recorder.enter),
        module.register_forward_hook(recorder.leave))]
    weight = next(net.parameters(), torch.empty(0))
    X = torch.zeros(input_shape, dtype=weight.dtype, device=weight.device)
    try:
        with mode(net, train=False), torch.no_grad():
            net(X)
    except Exception as error:
        raise ValueError(f'{recorder.where()}: {error}') from error
    finally:
        for handle in handles:
            handle.remove()
        set_rng_state(before)
    return Summary(recorder.all_rows())


class Row(NamedTuple):
    """A layer, or a part of a net: what it gives and what it costs.

    multiply_adds: of its convolutions and linear layers, without biases.
    memory: bytes of its output, and of what all layers in it give.
    parameters: those that no row before it has, so shared ones count once.
    """
    name: str
    kind: str
    output_shape: tuple
    parameters: int
    multiply_adds: int
    memory: int


class Summary:
    """The rows of a net's table, in the order in which they were done."""

    def __init__(self, rows):
        self.rows = rows
        self.parameters = sum(row.parameters for row in rows)
        self.multiply_adds = sum(row.multiply_adds for row in rows)
        self.memory = sum(row.memory for row in rows)

    def __repr__(self):
        lines = [('layer', 'kind', 'output shape', 'parameters',
                  'multiply-adds', 'bytes')]
        total = ('total', '', '', self.parameters, self.multiply_adds,
                 self.memory)
        for name, kind, shape, *numbers in [*self.rows, total]:
            lines.append((name, kind, str(shape or ''),
                          *(f'{number:,}' for number in numbers)))
        widths = [max(map(len, column)) for column in zip(*lines)]
        return '\n'.join('  '.join(
            text.rjust(width) if i > 2 else text.ljust(width)
            for i, (text, width) in enumerate(zip(line, widths)))
            for line in lines)


class Recorder:
    """The hooks: note what goes into each layer and what comes out."""

    def __init__(self, net, depth):
        self.net, self.depth = net, float('inf') if depth is None else depth
        self.names = {module: name for name, module in net.named_modules()}
        self.open = []          # the calls that have begun and not ended
        self.last = []          # what the last of them gave
        self.rows, self.counted = [], set()
        self.multiply_adds = self.memory = 0

    def enter(self, module, args):
        self.open.append((module, [tuple(X.shape) for X in tensors(args)],
                          self.multiply_adds, self.memory))

    def leave(self, module, args, output):
        *_, multiply_adds, memory = self.open.pop()
        layer = next(module.children(), None) is None
        own = [count_multiply_adds(module, args, output),
               sum(Y.nbytes for Y in tensors(output)
                   if layer or all(Y is not Z for Z in self.last))]
        self.last = tensors(output)
        self.multiply_adds += own[0]
        self.memory += own[1]
        if len(self.open) < self.depth and not layer:
            parameters = list(module.parameters(recurse=False))
            if parameters or any(own):
                self.add(module, output, parameters, *own)
        elif len(self.open) <= self.depth:
            self.add(module, output, module.parameters(),
                     self.multiply_adds - multiply_adds, self.memory - memory)

    def add(self, module, output, parameters, multiply_adds, memory):
        shape = next((tuple(Y.shape) for Y in tensors(output)), None)
        self.rows.append(Row(self.names[module], type(module).__name__, shape,
                             self.count(parameters), multiply_adds, memory))

    def count(self, parameters):
        """Return how many numbers are in those not counted before."""
        new = {id(p): p.numel() for p in parameters
               if id(p) not in self.counted}
        self.counted |= new.keys()
        return sum(new.values())

    def all_rows(self):
        """Return the rows; what was never called has one at the end."""
        if left := self.count(self.net.parameters()):
            self.rows.append(Row('(not called)', '', None, left, 0, 0))
        return self.rows

    def where(self):
        """Say which layer was at work, and on what."""
        module, shapes, *_ = self.open[-1]
        name = self.names[module]
        return (f'{"layer " + name if name else "the network"}, '
                f'{str(module).splitlines()[0].rstrip("(")}, got an input of '
                f'shape {", ".join(map(str, shapes))}')


def tensors(values):
    """Return the tensors in what a layer takes or gives, in order."""
    if torch.is_tensor(values):
        return [values]
    if isinstance(values, dict):
        values = values.values()
    elif not isinstance(values, (tuple, list)):
        return []
    return [X for value in values for X in tensors(value)]


def count_multiply_adds(module, args, output):
    """Count those of one layer: each output number is one dot product."""
    if isinstance(module, TRANSPOSED):  # here each input number is one
        return args[0].numel() * module.weight[0].numel()
    if isinstance(module, (nn.Linear, *CONVS)):
        return output.numel() * module.weight[0].numel()
    return 0


class PeakMemory(TorchDispatchMode):
    """Count the bytes of all tensors alive while a with-block runs.

    with PeakMemory(net, X) as memory: ...; then memory.peak is the most that
    were alive at one time, the parameters and buffers of the modules and the
    tensors given included. Tensors that share their numbers count once; what
    PyTorch takes for itself inside of one operation is not seen. The same on
    every device and in every run.
    """

    def __init__(self, *given):
        super().__init__()
        self.alive, self.now, self.peak = set(), 0, 0
        for value in given:
            module = isinstance(value, nn.Module)
            self.note([*value.parameters(), *value.buffers()] if module
                      else value)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        output = func(*args, **(kwargs or {}))
        self.note(output)
        return output

    def note(self, values):
        for X in tensors(values):
            storage = X.untyped_storage()
            key, size = storage._cdata, storage.nbytes()
            if key not in self.alive:
                self.alive.add(key)
                self.now += size
                self.peak = max(self.peak, self.now)
                weakref.finalize(storage, self.forget, key, size)

    def forget(self, key, size):
        self.alive.discard(key)
        self.now -= size
