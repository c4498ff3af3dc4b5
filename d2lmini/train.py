"""Training and evaluating a classifier, with checkpoints."""
import contextlib
import json
import os
import shutil
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import nn
from tqdm import tqdm

from d2lmini.plot import Animator, in_notebook
from d2lmini.scale.processes import (all_sum, copy_buffers, from_first, in_group,
                               is_first, own_device, parallel, shares)
from d2lmini.utils import (Accumulator, Timer, check_zip, get_rng_state,
                           keep_freed_memory, set_rng_state, set_seed,
                           written_whole)


def accuracy(y_hat, y):
    """Count the right predictions, as a tensor that stays on its device.

    y_hat: scores (N, num_classes) or classes (N,). y: classes (N,) or, as
    from mixup, their probabilities (N, num_classes): the likeliest counts.
    """
    if y.is_floating_point() and y.shape == y_hat.shape:
        y = y.argmax(dim=1)
    if y_hat.ndim > 1:
        y_hat = y_hat.argmax(dim=1)
    if y_hat.shape != y.shape:
        raise ValueError(f'y must be of shape {tuple(y_hat.shape)}, one class '
                         f'for each prediction, got {tuple(y.shape)}')
    return (y_hat == y).sum()


def evaluate_accuracy_gpu(net, data_iter, device=None):
    """Return the share of data_iter that net classifies rightly, 0 to 1.

    device: where net is, if None. Leaves net in the mode it was in.
    """
    if device is None:
        device = next(net.parameters()).device
    right, rows = count_right(net, ((X.to(device), y.to(device), 1)
                                    for X, y in data_iter))
    return float(right / rows)


def count_right(net, batches):
    """Return how many rows net classifies rightly, and of how many.

    batches: of X, y, and a weight; those with a weight of 0 do not count.
    Returns a tensor (2,) on the CPU.
    """
    metric = Accumulator(2)
    with mode(net, train=False), torch.no_grad():
        for X, y, weight in batches:
            if weight:
                metric.add(accuracy(net(X), y), len(y))
    return torch.tensor([metric[0], metric[1]], dtype=torch.double)


@contextlib.contextmanager
def mode(net, train):
    """Put net into training or evaluation mode, afterwards back."""
    before = {module: module.training for module in net.modules()}
    net.train(train)
    try:
        yield
    finally:
        for module, training in before.items():
            module.training = training


def init_weights(module):
    """Give a linear or convolution layer Xavier's uniform weights.

    For net.apply(init_weights). Glorot and Bengio, Understanding the
    difficulty of training deep feedforward neural networks, AISTATS 2010.
    """
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        nn.init.xavier_uniform_(module.weight)


def set_learning_rate(optimizer, lr):
    """Set the rate of all of an optimizer's parameters, from now on."""
    for group in optimizer.param_groups:
        group['lr'] = lr


@dataclass(repr=False)
class History:
    """What a training run gave, a number an epoch; prints as a table.

    loss: mean over the training images while they were trained on;
    train_acc: likewise, 0 to 1; test_acc: after the epoch, on the iterator
    given as test_iter; seconds: training and testing.
    """
    loss: list = field(default_factory=list)
    train_acc: list = field(default_factory=list)
    test_acc: list = field(default_factory=list)
    seconds: list = field(default_factory=list)

    def add(self, *numbers):
        """Append one number to each column."""
        for column, number in zip(vars(self).values(), numbers):
            column.append(number)

    def rows(self):
        """Give a tuple of the four numbers for each epoch."""
        return zip(*vars(self).values())

    def __len__(self):
        return len(self.seconds)

    def __repr__(self):
        return '\n'.join(['epoch    loss  train acc  test acc  seconds'] + [
            '{:5d}  {:6.3f}  {:9.3f}  {:8.3f}  {:7.1f}'.format(i, *row)
            for i, row in enumerate(self.rows(), 1)])

    def save(self, path):
        """Write a new JSON file; FileExistsError if there is one already."""
        with open(path, 'x') as file:
            file.write(json.dumps(asdict(self), indent=1) + '\n')

    @classmethod
    def load(cls, path):
        return cls(**json.loads(Path(path).read_text()))


def train_gpu(net, train_iter, test_iter, num_epochs, lr, device=None, *,
              optimizer=None, loss=None, scheduler=None, seed=None, plot=True,
              checkpoint=None, init=None, precision=None, compile=False,
              channels_last=False):
    """Train net as a classifier and return its History.

    train_iter, test_iter: give minibatches (X, y), train_iter has a len().
    While you tune, test_iter is validation data; None: test_acc is nan.
    device: try_gpu() if None. optimizer: makes one from (parameters, lr=lr),
    torch.optim.SGD if None. loss: of (scores, y), a mean; cross-entropy if
    None. scheduler: makes one from the optimizer, stepped after each epoch.
    seed: of all that is random in here. plot: draw curves in a notebook, a
    bar in a script. checkpoint: a file, written after each epoch; a run that
    was killed goes on from it, on the CPU bit for bit. init: for net.apply;
    without it net starts as it is. precision: 'bf16' computes layers in
    bfloat16 where PyTorch finds that safe; weights stay float32. compile:
    train through torch.compile(net), which needs a while to start.
    channels_last: keep feature maps in the order (N, H, W, C), in which
    convolutions are often faster. Ctrl-C or Jupyter's stop button ends with
    the history so far. Raises FloatingPointError if the loss is not finite,
    ValueError if the checkpoint is damaged or of another run, RuntimeError
    if compile finds no C++ compiler.

    In a process group (see d2lmini.scale.distributed) all processes call this with
    the same net and data. They share each minibatch's rows and end with the
    weights that one process would have, to rounding. But batch norm takes
    its means over a process's own rows (net may have nn.SyncBatchNorm on
    GPUs), keeps the first one's running statistics, and dropout draws other
    masks. The first process draws, prints and writes; all test a part. An
    error or Ctrl-C in one ends them all.
    """
    device = torch.device(device or own_device())
    amp = autocast(device, precision)
    keep_freed_memory()
    if seed is not None:
        set_seed(seed)
    if init is not None:
        net.apply(init)
    net.to(device)
    if channels_last:
        net.to(memory_format=torch.channels_last)
    model = for_training(net, device, compile)
    train_iter, test_iter = (it.to(device) if hasattr(it, 'to') else it
                             for it in (train_iter, test_iter))
    loss = loss or nn.CrossEntropyLoss()
    optimizer = (optimizer or torch.optim.SGD)(net.parameters(), lr=lr)
    scheduler = scheduler(optimizer) if scheduler else None
    saved = Checkpoint(checkpoint, net, optimizer, scheduler, train_iter, seed)
    history = saved.load(num_epochs)
    progress = Progress(num_epochs, plot and is_first(), history)
    try:
        for _ in range(len(history), num_epochs):
            timer = Timer()
            means = train_epoch(model, train_iter, loss, optimizer, device,
                                amp, progress)
            copy_buffers(net)
            if scheduler:
                scheduler.step()
            test_acc = evaluate(net, test_iter, device, amp)
            history.add(*means, test_acc, timer.stop())
            progress.end_epoch(test_acc)
            saved.save(history)
    except KeyboardInterrupt:
        stop_by_hand(len(history) + 1)
    finally:
        progress.close()
    return history


def autocast(device, precision):
    """Return the context in which net and loss are computed.

    precision: None or 'bf16', else ValueError.
    """
    if precision not in (None, 'bf16'):
        raise ValueError(f"precision must be None or 'bf16', got "
                         f'{precision!r}')
    return (torch.autocast(device.type, torch.bfloat16) if precision else
            contextlib.nullcontext())


def for_training(net, device, compile):
    """Return the module to call in training: net, compiled, in parallel.

    net stays as it is; they share weights and mode. What was compiled before
    is forgotten, for PyTorch silently stops compiling after eight versions
    of one kind of module. RuntimeError if there is no C++ compiler, on a CPU.
    """
    if not compile:
        return parallel(net)
    compiler = os.environ.get('CXX') or {
        'darwin': 'clang++', 'win32': 'cl'}.get(sys.platform, 'g++')
    if device.type == 'cpu' and not shutil.which(compiler):
        raise RuntimeError('compile=True needs a C++ compiler on a CPU, and '
                           f'{compiler} is not found: install it, or train '
                           'with compile=False')
    torch.compiler.reset()
    return torch.compile(parallel(net))


def train_epoch(net, train_iter, loss, optimizer, device, amp, progress):
    """Train for one epoch; return its mean loss and training accuracy.

    What is shown in between is of this process's rows alone.
    """
    losses, rights, sizes = [], [], []

    def means(total=torch.clone):
        rows = torch.tensor(sizes).double()
        sums = torch.stack(losses).cpu().double() * rows  # waits for device
        right = torch.stack(rights).cpu() * (rows > 0)
        sums, rows, right = map(total, (sums, rows, right))
        check_finite(sums / rows, progress.epoch + 1, optimizer)
        return [float(n.sum() / rows.sum()) for n in (sums, right)]

    with mode(net, train=True):
        for i, (X, y, weight) in enumerate(shares(train_iter, device), 1):
            optimizer.zero_grad()
            with amp:
                y_hat = net(X)
                l = loss(y_hat, y)
            l.backward(torch.full_like(l, weight))
            optimizer.step()
            losses.append(l.detach())
            rights.append(accuracy(y_hat.detach(), y))
            sizes.append(len(y) if weight else 0)
            if progress.step(i, len(train_iter)):
                progress.show(i / len(train_iter), *means())
    return means(all_sum)


def evaluate(net, test_iter, device, amp):
    """Return net's accuracy on test_iter, nan if there is none."""
    if test_iter is None:
        return float('nan')
    with amp:
        counts = count_right(net, shares(test_iter, device))
    right, rows = all_sum(counts)
    return float(right / rows)


def stop_by_hand(epoch):
    """Say so, or, in a group, stop the others too by raising it again."""
    if in_group():
        raise
    print(f'stopped by hand in epoch {epoch}')


def check_finite(losses, epoch, optimizer):
    """Raise FloatingPointError that names the first step that went wrong."""
    wrong = (~losses.isfinite()).nonzero()
    if len(wrong):
        step, lr = int(wrong[0]), optimizer.param_groups[0]['lr']
        raise FloatingPointError(
            f'the loss became {losses[step]:g} in epoch {epoch}, step '
            f'{step + 1}, with the rate lr = {lr:g}: start again with a '
            f'smaller one, {lr / 10:g} for example')


class Progress:
    """Show how training goes: curves in a notebook, a bar in a script."""

    def __init__(self, num_epochs, plot, history):
        self.epoch, self.animator, self.bar = len(history), None, None
        if plot and in_notebook():
            self.animator = Animator(
                xlabel='epoch', xlim=[0, num_epochs],
                legend=['train loss', 'train accuracy', 'test accuracy'])
            for i, (*values, _) in enumerate(history.rows(), 1):
                self.animator.add(i, values)
        elif plot:
            self.bar = tqdm(total=num_epochs, initial=self.epoch,
                            unit='epoch', disable=None, bar_format=(
                                '{l_bar}{bar}| {n:.1f}/{total} epochs '
                                '[{elapsed}<{remaining}{postfix}]'))

    def step(self, i, num_batches):
        """Tell whether to show the means now: at most five times an epoch."""
        if self.bar is not None:
            self.bar.update(self.epoch + i / num_batches - self.bar.n)
        elif self.animator is None:
            return False
        return i * 5 // num_batches > (i - 1) * 5 // num_batches

    def show(self, part, loss, train_acc):
        """Show the means of a part of the epoch, 0 to 1."""
        if self.animator is not None:
            self.animator.add(self.epoch + part, (loss, train_acc, None))
        else:
            self.bar.set_postfix(loss=f'{loss:.3f}', acc=f'{train_acc:.3f}')

    def end_epoch(self, test_acc):
        self.epoch += 1
        if self.animator is not None:
            self.animator.add(self.epoch, (None, None, test_acc))

    def close(self):
        if self.animator is not None:
            self.animator.draw()
        if self.bar is not None:
            self.bar.close()


class Checkpoint:
    """A file with all that a run needs to go on after its last whole epoch.

    path: None for no file. Of train_iter its `generator` is kept, if it has
    one, as a DataLoader may.
    """

    def __init__(self, path, net, optimizer, scheduler, train_iter, seed):
        self.path = None if path is None else Path(path)
        self.parts = {'net': net, 'optimizer': optimizer}
        if scheduler:
            self.parts['scheduler'] = scheduler
        self.generator = getattr(train_iter, 'generator', None)
        self.run = {'net': str(net), 'optimizer': str(optimizer), 'seed': seed,
                    'scheduler': type(scheduler).__name__,
                    'number of minibatches': len(train_iter)}

    def save(self, history):
        """Write the file, whole or not at all."""
        if self.path is None or not is_first():
            return
        state = {name: part.state_dict() for name, part in self.parts.items()}
        state |= {'run': self.run, 'history': asdict(history),
                  'rng': get_rng_state(), 'generator':
                  self.generator and self.generator.get_state()}
        with written_whole(self.path) as part:
            torch.save(state, part)

    def load(self, num_epochs):
        """Return the file's history, its state in place; or write a first.

        In a group the first process reads, for all.
        """
        history = History()
        if self.path is None:
            return history
        try:
            state = from_first(self._read)
            if state is not None:
                return self._restore(state, num_epochs)
        except Exception as error:
            raise ValueError(f'{self.path} is damaged or of another run '
                             f'({error}): move it away or give another file '
                             'name') from error
        self.save(history)
        return history

    def _read(self):
        """Return what is in the file, None if there is no file."""
        if not self.path.exists():
            return None
        with open(self.path, 'rb') as file:
            check_zip(file)
            return torch.load(file, 'cpu', weights_only=True)

    def _restore(self, state, num_epochs):
        """Put everything into a state; return the history in it."""
        other = [k for k in self.run if self.run[k] != state['run'][k]]
        if other:
            raise ValueError(f'another {", ".join(other)}')
        history = History(**state['history'])
        if len(history) > num_epochs:
            raise ValueError(f'it has {len(history)} epochs, more than '
                             f'{num_epochs}')
        for name, part in self.parts.items():
            part.load_state_dict(state[name])
        if self.generator:
            self.generator.set_state(state['generator'])
        set_rng_state(state['rng'])
        return history
