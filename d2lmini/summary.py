"""What a network does to an input, and what that costs."""
import weakref
from types import SimpleNamespace
from typing import NamedTuple

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from d2lmini.train import mode

# Operations that multiply a lot, and that FlopCounterMode does not count.
NOT_COUNTED = ('mkldnn_rnn_layer', '_cudnn_rnn', '_trilinear', 'conv_tbc',
               'mv', 'addmv', 'dot', '_euclidean_dist', '_cdist_forward')


def summary(net: nn.Module, input_shape: tuple[int, ...],
            depth: int | None = None) -> 'Summary':
    """Send one input through net and return the Summary of its layers.

    Functions count like layers, in the row of the part that calls them. net
    is left as it was.

    Args:
        net: Any module that takes one tensor.
        input_shape: Of the tensor, with the batch: (N, C, H, W).
        depth: None for a line for each layer without layers in it, and for a
            part that does more than call layers, adding them for example; 1
            for a line for each part that net calls, with all that is in it;
            2 for the parts of these; and so on.

    Returns:
        A Summary to print or to read; it has rows, and the totals parameters,
        multiply_adds and memory.

    Raises:
        ValueError: If a layer cannot take what comes to it. It is named.
    """
    if not input_shape or min(input_shape) < 1:
        raise ValueError('input_shape must be numbers from 1 up, (N, C, H, W) '
                         f'with the batch, got {input_shape}')
    weight = next(net.parameters(), torch.empty(0))
    X = torch.zeros(input_shape, dtype=weight.dtype, device=weight.device)
    recorder = Recorder(net, depth)
    handles = [handle for module in net.modules() for handle in (
        module.register_forward_pre_hook(recorder.enter),
        module.register_forward_hook(recorder.leave))]
    fast = torch.backends.mha.get_fastpath_enabled()
    try:
        torch.backends.mha.set_fastpath_enabled(False)  # its steps are unseen
        with mode(net, train=False), torch.no_grad(), recorder.flops, recorder:
            net(X)
    except Exception as error:
        raise ValueError(f'{recorder.where()}: {error}') from error
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        for handle in handles:
            handle.remove()
    return Summary(recorder.all_rows(), recorder.not_counted)


class Row(NamedTuple):
    """A layer, or a part of a net: what it gives and what it costs.

    multiply_adds: of its matrix products and convolutions, without biases.
    memory: bytes of a layer's output; of a part, of all that the layers and
    functions in it give. A view (Flatten), the input itself (Identity, and
    Dropout outside of training) and what is written over it (ReLU in place)
    take none.
    parameters: those that no row before it has, so shared ones count once.
    """
    name: str
    kind: str
    output_shape: tuple
    parameters: int
    multiply_adds: int
    memory: int


class Summary:
    """The rows of a net's table, in the order in which they were done.

    not_counted: the operations whose multiply-adds are not in it.
    """

    def __init__(self, rows, not_counted=()):
        self.rows, self.not_counted = rows, sorted(not_counted)
        self.parameters = sum(row.parameters for row in rows)
        self.multiply_adds = sum(row.multiply_adds for row in rows)
        self.memory = sum(row.memory for row in rows)

    def __repr__(self):
        total = Row('total', '', None, self.parameters, self.multiply_adds,
                    self.memory)
        table = [('layer', 'kind', 'output shape', 'parameters',
                  'multiply-adds', 'bytes')]
        for name, kind, shape, *numbers in [*self.rows, total]:
            table.append((name, kind, str(shape or ''),
                          *(f'{number:,}' for number in numbers)))
        width = [max(map(len, column)) for column in zip(*table)]
        form = '  '.join([f'{{:{n}}}' for n in width[:3]]
                         + [f'{{:>{n}}}' for n in width[3:]])
        return '\n'.join([form.format(*line) for line in table] + [
            f'not counted: the multiply-adds of {name}'
            for name in self.not_counted])


class Recorder(TorchDispatchMode):
    """Note what goes into each layer and what comes out, by hooks.

    In between, PyTorch hands each operation to it: __torch_dispatch__.
    """

    def __init__(self, net, depth):
        super().__init__()
        self.net, self.depth = net, float('inf') if depth is None else depth
        self.names = {module: name for name, module in net.named_modules()}
        self.weights = {storage(p): p for p in net.parameters()}
        self.flops = FlopCounterMode(display=False)  # two a multiply-add
        self.open = []  # the calls that have not ended: used parameters, new
        # storages, and what was counted before them
        self.rows, self.counted, self.not_counted = [], set(), set()
        self.memory = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        output = func(*args, **(kwargs or {}))
        call = self.open[-1]
        given = {storage(X) for X in tensors([args, kwargs])}
        new = [Y for Y in tensors(output) if storage(Y) not in given]
        call.new.update(map(storage, new))
        call.used.extend(self.weights[k] for k in given & self.weights.keys())
        if new and has_layers(call.module):
            self.memory += new[0].nbytes  # others are for a backward pass
        name = func.overloadpacket.__name__
        if func.namespace != 'aten' or name in NOT_COUNTED:
            self.not_counted.add(name)
        return output

    def enter(self, module, args):
        self.open.append(SimpleNamespace(
            module=module, shapes=[tuple(X.shape) for X in tensors(args)],
            used=[], new=set(), rows=len(self.rows), memory=self.memory,
            flops=self.flops.get_total_flops()))

    def leave(self, module, args, output):
        call, level = self.open.pop(), len(self.open)
        if not has_layers(module):
            self.memory += sum(Y.nbytes for Y in tensors(output)
                               if storage(Y) in call.new)
        if self.open:
            self.open[-1].new.update(call.new)
            self.open[-1].used.extend(call.used)
        if level > self.depth:
            return
        whole, inner = level == self.depth, self.rows[call.rows:]
        costs = [self.count([*module.parameters(whole), *call.used]),
                 (self.flops.get_total_flops() - call.flops) // 2
                 - sum(row.multiply_adds for row in inner),
                 self.memory - call.memory - sum(row.memory for row in inner)]
        if any(costs) or whole or not has_layers(module):
            shape = next((tuple(Y.shape) for Y in tensors(output)), None)
            self.rows.append(Row(self.names[module], type(module).__name__,
                                 shape, *costs))

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
        module, shapes = self.open[-1].module, self.open[-1].shapes
        name = self.names[module]
        return (f'{"layer " + name if name else "the network"}, '
                f'{str(module).splitlines()[0].rstrip("(")}, got an input of '
                f'shape {", ".join(map(str, shapes))}')


def has_layers(module):
    """Tell whether there are modules in a module."""
    return next(module.children(), None) is not None


def storage(X):
    """Return what names the memory that holds a tensor's numbers."""
    return X.untyped_storage()._cdata


def tensors(values):
    """Return the tensors in what a layer takes or gives, in order."""
    return [X for X in tree_leaves(values) if torch.is_tensor(X)]


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
            if isinstance(value, nn.Module):
                value = [*value.parameters(), *value.buffers()]
            self.note(value)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        output = func(*args, **(kwargs or {}))
        self.note(output)
        return output

    def note(self, values):
        for X in tensors(values):
            held = X.untyped_storage()
            key, size = held._cdata, held.nbytes()
            if key not in self.alive:
                self.alive.add(key)
                self.now += size
                self.peak = max(self.peak, self.now)
                weakref.finalize(held, self.forget, key, size)

    def forget(self, key, size):
        self.alive.discard(key)
        self.now -= size
