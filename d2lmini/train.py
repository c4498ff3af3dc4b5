"""The training loop of chapter 7, and what it needs.

train_loop() is the loop, line by line as the chapter writes it. train_gpu()
prepares a run and calls it. What practice adds (checkpoints, mixed precision,
several processes ...) hangs on the loop from outside: see d2lmini.callbacks.
"""
import contextlib
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from d2lmini.callbacks import (Callback, FiniteLoss, MemoryFormat,
                               ProgressBar, Schedule)
from d2lmini.plot import Animator, in_notebook
from d2lmini.utils import (Accumulator, Timer, keep_freed_memory, set_seed,
                           try_gpu)


def accuracy(y_hat, y):
    """Count the right predictions.

    Args:
        y_hat: Scores of shape (N, num_classes), or classes (N,).
        y: Classes (N,) or, as from mixup, their probabilities
            (N, num_classes), of which the likeliest counts.

    Returns:
        The count as a tensor, which stays on its device.

    Raises:
        ValueError: If there is not one class for each prediction.
    """
    if y.is_floating_point() and y.shape == y_hat.shape:
        y = y.argmax(dim=1)
    if y_hat.ndim > 1:
        y_hat = y_hat.argmax(dim=1)
    if y_hat.shape != y.shape:
        raise ValueError(f'y must be of shape {tuple(y_hat.shape)}, one class '
                         f'for each prediction, got {tuple(y.shape)}')
    return (y_hat == y).sum()


def evaluate_accuracy_gpu(net: nn.Module, data_iter: Iterable,
                          device: Any = None) -> float:
    """Return the share of a data set that a network classifies rightly.

    Args:
        net: The network. It is left in the mode in which it was.
        data_iter: Gives minibatches (X, y). X may be a list of tensors.
        device: Where to compute; where net is, if None.

    Returns:
        The share, from 0 to 1.

    Raises:
        ValueError: If data_iter gives no minibatch.
    """
    if device is None and isinstance(net, nn.Module):
        device = next(net.parameters(), torch.empty(0)).device
    metric = Accumulator(2)                      # right predictions, images
    with mode(net, train=False), torch.no_grad():
        for X, y in data_iter:
            X = ([x.to(device) for x in X] if isinstance(X, list | tuple)
                 else X.to(device))
            metric.add(accuracy(net(X), y.to(device)), len(y))
    if metric[1] == 0:
        raise ValueError('there is nothing to evaluate: data_iter gave no '
                         'minibatch')
    return metric[0] / metric[1]


def train_loop(run):
    """Train: the loop that chapter 7 writes line by line.

    Args:
        run: A Run. Its history is continued, up to run.num_epochs.
    """
    net, n = run.model, len(run.train_iter)
    for epoch in range(len(run.history), run.num_epochs):
        timer, metric = Timer(), Accumulator(3)  # loss, right, images
        net.train()
        for i, (X, y) in enumerate(run.train_iter, 1):
            X, y = X.to(run.device), y.to(run.device)
            run.optimizer.zero_grad()
            y_hat = net(X)
            l = run.loss(y_hat, y)
            l.backward()
            run.optimizer.step()
            with torch.no_grad():
                metric.add(l * len(y), accuracy(y_hat, y), len(y))
            if i * 5 // n > (i - 1) * 5 // n:    # five times an epoch
                run.animator.add(epoch + i / n, (
                    metric[0] / metric[2], metric[1] / metric[2], None))
            run.tell('after_step', i)
        valid_acc = run.evaluate(run.net, run.valid_iter)
        run.animator.add(epoch + 1, (None, None, valid_acc))
        run.history.add(metric[0] / metric[2], metric[1] / metric[2],
                        valid_acc, timer.stop())
        run.tell('after_epoch')


def train_gpu(net: nn.Module, train_iter: Iterable,
              valid_iter: Iterable | None, num_epochs: int, lr: float,
              device: Any = None, *,
              optimizer: Callable = torch.optim.SGD,
              loss: Callable | None = None,
              scheduler: Callable | None = None,
              init: Callable | None = None, seed: int | None = None,
              plot: bool = True,
              callbacks: Iterable[Callback] = ()) -> 'History':
    """Train a network as a classifier.

    Args:
        net: The network, which is changed.
        train_iter: Gives minibatches (X, y), and has a len().
        valid_iter: Likewise; None if there is nothing to validate on.
        num_epochs: How often to go over train_iter.
        lr: Learning rate.
        device: Where to train; try_gpu() if None.
        optimizer: Makes one from (parameters, lr=lr).
        loss: Of (scores, y), a mean over the minibatch; cross-entropy if None.
        scheduler: Makes one from the optimizer, stepped after each epoch.
            ReduceLROnPlateau sees the validation accuracy if its mode is
            'max', else the training loss.
        init: For net.apply; without it net starts as it is.
        seed: Of all that is random in here.
        plot: Draw curves in a notebook, show a bar in a script.
        callbacks: Of d2lmini.callbacks, such as Checkpoint('run.pt').

    Returns:
        The History. Ctrl-C, or Jupyter's stop button, ends training early.

    Raises:
        FloatingPointError: If the loss is no longer finite.
        ValueError: If an argument is of the wrong kind.
    """
    callbacks = [*callbacks]
    check_arguments(train_iter, loss, callbacks)
    keep_freed_memory()
    if seed is not None:
        set_seed(seed)
    if init is not None:
        net.apply(init)
    device = torch.device(try_gpu() if device is None else device)
    made = optimizer(net.to(device).parameters(), lr=lr)
    run = Run(net, train_iter, valid_iter, num_epochs, mean_of(loss), made,
              scheduler(made) if scheduler else None, device, seed, plot)
    try:
        with mode(net, train=True):
            run.begin(callbacks)
            train_loop(run)
    except KeyboardInterrupt:
        if not run.alone:
            raise                                # so that the others stop too
        print(f'stopped by hand in epoch {len(run.history) + 1}')
    finally:
        run.end()
    return run.history


def check_arguments(train_iter, loss, callbacks):
    """Raise ValueError for what would fail later, or silently."""
    if len(train_iter) == 0:
        raise ValueError('train_iter is empty: there is nothing to train on')
    for given in filter(inspect.isclass, [loss, *callbacks]):
        raise ValueError('a loss or a callback must be an instance, got the '
                         f'class {given.__name__}: write {given.__name__}()')
    told = getattr(loss, 'keywords', {})         # of a functools.partial
    if told.get('reduction', getattr(loss, 'reduction', None)) == 'sum':
        raise ValueError('loss must be a mean over the minibatch, got '
                         "reduction='sum': choose 'mean' or 'none'")


def mean_of(loss):
    """Return a loss that is one number: the mean over a minibatch."""
    loss = nn.CrossEntropyLoss() if loss is None else loss
    return lambda y_hat, y: loss(y_hat, y).mean()


def scale_gradient(l, factor):
    """Return a loss of the same value, but with factor times its gradient."""
    return l.detach() + (l - l.detach()) * factor


@dataclass
class Run:
    """All that belongs to one training; callbacks may replace its parts.

    Further attributes are model (what is called in training: net, perhaps
    compiled or parallel), history, animator, callbacks, and for training in
    several processes alone, first (whether this one draws, prints and
    writes) and from_first.
    """
    net: nn.Module
    train_iter: Any
    valid_iter: Any
    num_epochs: int
    loss: Callable
    optimizer: torch.optim.Optimizer
    scheduler: Any = None
    device: Any = 'cpu'
    seed: int | None = None
    plot: bool = False

    def __post_init__(self):
        self.model, self.history, self.callbacks = self.net, History(), []
        self.alone = self.first = True
        self.from_first = lambda function: function()
        self.train_iter, self.valid_iter = (
            it.to(self.device) if hasattr(it, 'to') else it
            for it in (self.train_iter, self.valid_iter))
        names = ['training loss', 'training accuracy', 'validation accuracy']
        names = names[:2] if self.valid_iter is None else names
        self.animator = Animator('epoch', None, names, [0, self.num_epochs])
        if not self.plot:
            self.animator.shell = None           # it shows nothing

    def begin(self, callbacks):
        """Tell the callbacks that it begins: those given, and the usual."""
        given, usual = [*callbacks], [MemoryFormat(), FiniteLoss()]
        usual += [Schedule()] if self.scheduler else []
        usual += [ProgressBar()] if self.plot and not in_notebook() else []
        kinds = [type(callback) for callback in given]
        self.callbacks = sorted(
            [c for c in usual if type(c) not in kinds] + given,
            key=lambda callback: callback.order)
        self.tell('begin')
        for i, (*values, _) in enumerate(self.history.rows(), 1):
            self.animator.add(i, values)

    def tell(self, moment, *args):
        """Tell all callbacks of a moment."""
        for callback in self.callbacks:
            getattr(callback, moment)(self, *args)

    def evaluate(self, net, data_iter):
        """Return the accuracy on data, nan if there is none."""
        return (float('nan') if data_iter is None else
                evaluate_accuracy_gpu(net, data_iter, self.device))

    def end(self):
        """Tell the callbacks that it ends, and draw the last points."""
        self.tell('end')
        vars(self.net).pop('forward', None)      # its class has it
        self.animator.draw()


@dataclass(repr=False)
class History:
    """What a training run gave, a number an epoch; prints as a table.

    json.dump(vars(history), f) keeps it, `History(**json.load(f))` is it.

    Attributes:
        loss: Mean over the training images while they were trained on.
        train_acc: Likewise the share of right predictions, 0 to 1.
        valid_acc: After the epoch, on the validation data; nan without any.
        seconds: Training and validating.
    """
    loss: list = field(default_factory=list)
    train_acc: list = field(default_factory=list)
    valid_acc: list = field(default_factory=list)
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
        valid = not len(self) or any(v == v for v in self.valid_acc)
        lines = ['epoch    loss  train acc' + '  valid acc' * valid
                 + '  seconds']
        for i, (loss, train, test, seconds) in enumerate(self.rows(), 1):
            lines.append(f'{i:5d}  {loss:6.3f}  {train:9.3f}'
                         + f'  {test:9.3f}' * valid + f'  {seconds:7.1f}')
        return '\n'.join(lines)


@contextlib.contextmanager
def mode(net, train):
    """Put net into training or evaluation mode, afterwards back."""
    modules = net.modules() if isinstance(net, nn.Module) else []
    before = {module: module.training for module in modules}
    if before:                              # a function has no mode
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
