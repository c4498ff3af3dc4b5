"""Training and evaluating a classifier, with checkpoints."""
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import nn
from tqdm import tqdm

from d2lmini.plot import Animator, in_notebook
from d2lmini.utils import (Accumulator, Timer, get_rng_state, set_rng_state,
                           set_seed, try_gpu)


def accuracy(y_hat, y):
    """Count the right predictions, as a tensor that stays on its device.

    y_hat: scores (N, num_classes) or classes (N,). y: classes (N,).
    """
    if y_hat.ndim > 1:
        y_hat = y_hat.argmax(dim=1)
    return (y_hat == y).sum()


def evaluate_accuracy_gpu(net, data_iter, device=None):
    """Return the share of data_iter that net classifies rightly, 0 to 1.

    device: where net is, if None. Leaves net in the mode it was in.
    """
    if device is None:
        device = next(net.parameters()).device
    training = net.training
    net.eval()
    metric = Accumulator(2)  # right predictions, predictions
    with torch.no_grad():
        for X, y in data_iter:
            X, y = X.to(device), y.to(device)
            metric.add(accuracy(net(X), y), len(y))
    net.train(training)
    return metric[0] / metric[1]


def init_weights(module):
    """Give a linear or convolution layer Xavier's uniform weights.

    For net.apply(init_weights). Glorot and Bengio, Understanding the
    difficulty of training deep feedforward neural networks, AISTATS 2010.
    """
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        nn.init.xavier_uniform_(module.weight)


@dataclass
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

    def __len__(self):
        return len(self.loss)

    def __str__(self):
        rows = zip(self.loss, self.train_acc, self.test_acc, self.seconds)
        return '\n'.join(
            ['epoch    loss  train acc  test acc  seconds'] +
            [f'{i:5d}  {loss:6.3f}  {train_acc:9.3f}  {test_acc:8.3f}'
             f'  {seconds:7.1f}'
             for i, (loss, train_acc, test_acc, seconds)
             in enumerate(rows, 1)])

    def save(self, path):
        """Write a new JSON file; FileExistsError if there is one already."""
        with open(path, 'x') as file:
            json.dump(asdict(self), file, indent=1)

    @classmethod
    def load(cls, path):
        return cls(**json.loads(Path(path).read_text()))


def train_gpu(net, train_iter, test_iter, num_epochs, lr, device=None, *,
              optimizer=None, loss=None, scheduler=None, seed=None, plot=True,
              checkpoint=None, init=None):
    """Train net as a classifier and return its History.

    train_iter, test_iter: give minibatches (X, y); give validation data as
    test_iter while you tune. lr: step size. device: try_gpu() if None.
    optimizer: makes one from (parameters, lr=lr), torch.optim.SGD if None.
    loss: of (scores, y), a mean over the minibatch; cross-entropy if None.
    scheduler: makes one from the optimizer, stepped after each epoch.
    seed: of everything random in here. plot: draw curves in a notebook; a
    script shows a bar. checkpoint: a file written after each epoch and gone
    on from if it is there. init: a function for net.apply; else the net
    starts as it is. Ctrl-C or Jupyter's stop button ends it with the history
    so far. Raises FloatingPointError if the loss is not finite, ValueError
    if the checkpoint is of another run.
    """
    device = torch.device(device) if device is not None else try_gpu()
    if seed is not None:
        set_seed(seed)
    if init is not None:
        net.apply(init)
    net.to(device)
    train_iter, test_iter = (it.to(device) if hasattr(it, 'to') else it
                             for it in (train_iter, test_iter))
    optimizer = (optimizer or torch.optim.SGD)(net.parameters(), lr=lr)
    scheduler = scheduler(optimizer) if scheduler else None
    loss, history = loss or nn.CrossEntropyLoss(), History()
    if checkpoint is not None:
        checkpoint = Checkpoint(checkpoint, net, optimizer, scheduler,
                                dict(lr=lr, seed=seed))
        history = checkpoint.load(device)
    progress = Progress(num_epochs, plot, history)
    try:
        for epoch in range(len(history), num_epochs):
            timer = Timer()
            train_iter.epoch = epoch
            progress.start_epoch(epoch)
            l, acc = train_epoch(net, train_iter, loss, optimizer, device,
                                 progress)
            if scheduler:
                scheduler.step()
            history.loss.append(l)
            history.train_acc.append(acc)
            history.test_acc.append(
                evaluate_accuracy_gpu(net, test_iter, device))
            history.seconds.append(timer.stop())
            progress.end_epoch(history)
            if checkpoint is not None:
                checkpoint.save(history)
    except KeyboardInterrupt:
        print(f'stopped by hand in epoch {len(history) + 1}')
    finally:
        progress.close()
    return history


def train_epoch(net, train_iter, loss, optimizer, device, progress):
    """Train for one epoch; return its mean loss and training accuracy."""
    net.train()
    losses, sizes, correct = [], [], 0
    for i, (X, y) in enumerate(train_iter, 1):
        X, y = X.to(device), y.to(device)
        optimizer.zero_grad()
        y_hat = net(X)
        l = loss(y_hat, y)
        l.backward()
        optimizer.step()
        losses.append(l.detach())
        sizes.append(len(y))
        correct = correct + accuracy(y_hat.detach(), y)
        if progress.step(i, len(train_iter)):
            progress.show(*means(losses, sizes, correct, optimizer, progress))
    return means(losses, sizes, correct, optimizer, progress)


def means(losses, sizes, correct, optimizer, progress):
    """Bring the sums from the device: mean loss and accuracy so far."""
    losses = torch.stack(losses).double().cpu()
    finite = losses.isfinite()
    if not finite.all():
        step, lr = int((~finite).nonzero()[0]), optimizer.param_groups[0]['lr']
        raise FloatingPointError(
            f'the loss became {losses[step]:g} in epoch {progress.epoch + 1}, '
            f'step {step + 1}, with the rate lr = {lr:g}: start again with a '
            f'smaller one, {lr / 10:g} for example')
    n = sum(sizes)
    return float(losses @ torch.tensor(sizes).double()) / n, int(correct) / n


class Progress:
    """Show how training goes: curves in a notebook, a bar in a script."""

    def __init__(self, num_epochs, plot, history):
        self.animator = self.bar = None
        if plot and in_notebook():
            self.animator = Animator(
                xlabel='epoch', xlim=[0, num_epochs],
                legend=['train loss', 'train accuracy', 'test accuracy'])
            for i in range(1, len(history) + 1):
                self.animator.add(i, [values[i - 1] for values in (
                    history.loss, history.train_acc, history.test_acc)])
        elif plot:
            self.bar = tqdm(total=num_epochs, initial=len(history),
                            unit='epoch', disable=None, bar_format=(
                                '{l_bar}{bar}| {n:.1f}/{total} epochs '
                                '[{elapsed}<{remaining}{postfix}]'))

    def start_epoch(self, epoch):
        self.epoch, self.done = epoch, 0

    def step(self, i, num_batches):
        """Tell whether to show the means: five times an epoch, if at all."""
        if self.bar is not None:
            self.bar.update(1 / num_batches)
        due = i * 5 // num_batches > (i - 1) * 5 // num_batches
        self.done = i / num_batches
        return due and (self.animator or self.bar) is not None

    def show(self, loss, train_acc):
        if self.animator is not None:
            self.animator.add(self.epoch + self.done, (loss, train_acc, None))
        else:
            self.bar.set_postfix(loss=f'{loss:.3f}', acc=f'{train_acc:.3f}')

    def end_epoch(self, history):
        if self.animator is not None:
            self.animator.add(len(history),
                              (None, None, history.test_acc[-1]))

    def close(self):
        if self.animator is not None:
            self.animator.draw()
        if self.bar is not None:
            self.bar.close()


class Checkpoint:
    """All that a run needs to go on after its last whole epoch, in a file.

    settings: what must be the same when it goes on, such as lr and seed.
    """

    def __init__(self, path, net, optimizer, scheduler, settings):
        self.path = Path(path)
        self.parts = dict(net=net, optimizer=optimizer)
        if scheduler:
            self.parts['scheduler'] = scheduler
        self.settings = settings | {'optimizer': type(optimizer).__name__}

    def save(self, history):
        """Write the file under another name, then rename: all or nothing."""
        part = self.path.with_name(f'{self.path.name}.{os.getpid()}.part')
        state = {name: p.state_dict() for name, p in self.parts.items()}
        torch.save(state | dict(history=asdict(history), rng=get_rng_state(),
                                settings=self.settings), part)
        os.replace(part, self.path)

    def load(self, device):
        """Put the file's state in place; return its history, or a new one."""
        if not self.path.exists():
            return History()
        try:
            state = torch.load(self.path, device, weights_only=True)
            settings, history = state['settings'], History(**state['history'])
            if settings != self.settings:
                raise ValueError(f'it was made with {settings}, '
                                 f'this run has {self.settings}')
            for name, part in self.parts.items():
                part.load_state_dict(state[name])
            set_rng_state(state['rng'])
        except Exception as error:
            raise ValueError(
                f'{self.path} is no checkpoint of this run ({error}): move it '
                'away or give another file name') from error
        return history
