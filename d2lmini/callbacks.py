"""What practice adds to the training loop. Each class can be read alone.

    train_gpu(..., callbacks=[Checkpoint('run.pt'), KeepBest()])

A callback is told of four moments of a run (see d2lmini.train.Run), and may
change what the run consists of: its net, its loss, its data. Of two, the one
with the smaller `order` is told first. d2lmini.scale.Processes is one more.
"""
import os
import shutil
import sys
from dataclasses import asdict
from pathlib import Path

import torch
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau
from tqdm import tqdm

from d2lmini.utils import (check_zip, get_rng_state, set_rng_state,
                           written_whole)


class Callback:
    """Does nothing, at four moments."""
    order = 50

    def begin(self, run):
        """Do something before the first epoch."""

    def after_step(self, run, i):
        """Do something after minibatch i of an epoch; the first is 1."""

    def after_epoch(self, run):
        """Do something after an epoch, which is in run.history by now."""

    def end(self, run):
        """Do something at the end, also if an error ends the run."""


class MemoryFormat(Callback):
    """Keep feature maps in the order (N, H, W, C), the default of train_gpu.

    Convolutions are often faster in it. A net without any is left alone, and
    so is one with lazy layers, or whose forward calls view() on a feature
    map, which that order does not allow: the first minibatch tells.

    Args:
        memory_format: torch.contiguous_format is the order (N, C, H, W).
    """
    order = 0

    def __init__(self, memory_format=torch.channels_last):
        self.memory_format = memory_format

    def begin(self, run):
        if (any(map(nn.parameter.is_lazy, run.net.parameters())) or not any(
                isinstance(m, nn.Conv2d) for m in run.net.modules())):
            return
        run.net.to(memory_format=self.memory_format)
        if not any(isinstance(c, Compile) for c in run.callbacks):
            run.net.forward = self.tried(run.net, run.net.forward)

    @staticmethod
    def tried(net, forward):
        """Return forward, but with a way back if its first call fails."""
        first = True

        def first_or_later(*args):
            nonlocal first
            if not first:
                return forward(*args)
            first, rng = False, get_rng_state()
            buffers = [buffer.clone() for buffer in net.buffers()]
            try:
                return forward(*args)
            except RuntimeError as error:
                if 'view size' not in str(error):
                    raise
            net.to(memory_format=torch.contiguous_format)
            for buffer, before in zip(net.buffers(), buffers):
                buffer.copy_(before)
            set_rng_state(rng)
            return forward(*args)
        return first_or_later


class MixedPrecision(Callback):
    """Compute layers in bfloat16 where PyTorch finds that safe.

    The weights stay float32. Micikevicius and others, Mixed precision
    training, 2018, arXiv:1710.03740 (with float16, which needs more care).
    """
    order = 20

    def begin(self, run):
        def cast(function):      # each its own: they are called nested
            return torch.autocast(run.device.type, torch.bfloat16)(function)

        run.model.forward = cast(run.model.forward)
        run.loss, run.evaluate = cast(run.loss), cast(run.evaluate)


class Compile(Callback):
    """Train through torch.compile(net), which takes a while to start.

    What was compiled before is forgotten, for PyTorch silently stops
    compiling after eight versions of one kind of module.

    Raises:
        RuntimeError: If there is no C++ compiler, which a CPU needs.
    """
    order = 30

    def begin(self, run):
        compiler = os.environ.get('CXX') or {
            'darwin': 'clang++', 'win32': 'cl'}.get(sys.platform, 'g++')
        if run.device.type == 'cpu' and not shutil.which(compiler):
            raise RuntimeError('Compile needs a C++ compiler on a CPU, and '
                               f'{compiler} is not found: install it, or '
                               'train without Compile')
        torch.compiler.reset()
        run.model = torch.compile(run.model)


class FixedStatistics(Callback):
    """Keep batch norms in evaluation mode while all else is trained.

    For the tuning of a pretrained network: its statistics come from many
    images, those of a small minibatch are noise. Forward hooks do it, since
    the loop puts the whole net into training mode.
    """

    def begin(self, run):
        self.hooks = [layer.register_forward_pre_hook(self.to_eval)
                      for layer in run.model.modules()
                      if isinstance(layer, nn.modules.batchnorm._BatchNorm)]

    def end(self, run):
        for hook in self.hooks:
            hook.remove()

    def to_eval(self, layer, inputs):
        """Come before each forward pass of a batch norm."""
        layer.eval()


class Schedule(Callback):
    """Step the run's learning-rate scheduler after each epoch."""
    order = 40

    def begin(self, run):
        if run.valid_iter is None and vars(run.scheduler).get('mode') == 'max':
            raise ValueError("ReduceLROnPlateau with mode 'max' needs "
                             'validation data, got valid_iter None')

    def after_epoch(self, run):
        seen = {'max': run.history.valid_acc, 'min': run.history.loss}
        if isinstance(run.scheduler, ReduceLROnPlateau):
            run.scheduler.step(seen[run.scheduler.mode][-1])
        else:
            run.scheduler.step()


class FiniteLoss(Callback):
    """Stop, with advice, when the loss is no longer a finite number."""
    order = 40

    def after_epoch(self, run):
        loss, lr = run.history.loss[-1], run.optimizer.param_groups[0]['lr']
        if not abs(loss) < float('inf'):
            raise FloatingPointError(
                f'the loss became {loss:g} in epoch {len(run.history)}, with '
                f'the learning rate {lr:g}: start again with a smaller one, '
                f'{lr / 10:g} for example')


class KeepBest(Callback):
    """Give the net, at the end, the weights of its best epoch.

    The best is the one with the highest validation accuracy.

    Raises:
        ValueError: If there is no validation data.
    """
    weights = None

    def begin(self, run):
        self.accuracy, self.weights = -1.0, None
        if run.valid_iter is None:
            raise ValueError('KeepBest needs validation data, got valid_iter '
                             'None')

    def after_epoch(self, run):
        if run.history.valid_acc[-1] > self.accuracy:
            self.accuracy = run.history.valid_acc[-1]
            self.weights = {name: tensor.clone() for name, tensor
                            in run.net.state_dict().items()}

    def end(self, run):
        if self.weights:
            run.net.load_state_dict(self.weights)

    def state_dict(self):
        return {'accuracy': self.accuracy, 'weights': self.weights}

    def load_state_dict(self, state):
        self.accuracy, self.weights = state['accuracy'], state['weights']


class Checkpoint(Callback):
    """Keep all of a run in a file; a run that was killed goes on from it.

    It is written after each epoch, whole or not at all. On a CPU the run ends
    bit for bit as if nothing had happened. Of train_iter its `generator` is
    kept, if it has one, as a DataLoader may.

    Args:
        path: The file, which need not exist yet.

    Raises:
        ValueError: If the file is damaged, or of another run.
    """
    order = 60

    def __init__(self, path):
        self.path = Path(path)

    def begin(self, run):
        self.parts = {'net': run.net, 'optimizer': run.optimizer}
        self.parts |= {type(part).__name__: part for part in
                       [run.scheduler, *run.callbacks]
                       if hasattr(part, 'state_dict')}
        self.generator = getattr(run.train_iter, 'generator', None)
        self.run = {'net': str(run.net), 'optimizer': str(run.optimizer),
                    'seed': run.seed,
                    'scheduler': type(run.scheduler).__name__,
                    'number of minibatches': len(run.train_iter),
                    'callbacks': ', '.join(
                        type(c).__name__ for c in run.callbacks
                        if hasattr(c, 'state_dict'))}
        try:
            state = run.from_first(self.read)
            if state is not None:
                return self.restore(run, state)
        except Exception as error:
            raise ValueError(f'{self.path} is damaged or of another run '
                             f'({error}): move it away or give another file '
                             'name') from error
        self.after_epoch(run)

    def after_epoch(self, run):
        if not run.first:
            return
        state = {name: part.state_dict() for name, part in self.parts.items()}
        state |= {'run': self.run, 'history': asdict(run.history),
                  'rng': get_rng_state(), 'generator':
                  self.generator and self.generator.get_state()}
        with written_whole(self.path) as part:
            torch.save(state, part)

    def read(self):
        """Return what is in the file, None if there is no file."""
        if not self.path.exists():
            return None
        with open(self.path, 'rb') as file:
            check_zip(file)
            return torch.load(file, 'cpu', weights_only=True)

    def restore(self, run, state):
        """Put everything into a state, and its history into the run."""
        other = [k for k in self.run if self.run[k] != state['run'][k]]
        if other:
            raise ValueError(f'another {", ".join(other)}')
        for name, numbers in state['history'].items():
            setattr(run.history, name, [*map(float, numbers)])
        if len({*map(len, vars(run.history).values())}) > 1:
            raise ValueError('a history of unequal columns')
        if len(run.history) > run.num_epochs:
            raise ValueError(f'it has {len(run.history)} epochs, more than '
                             f'{run.num_epochs}')
        for name, part in self.parts.items():
            part.load_state_dict(state[name])
        if self.generator:
            self.generator.set_state(state['generator'])
        set_rng_state(state['rng'])


class TensorBoard(Callback):
    """Write what the history holds as events that TensorBoard draws.

    Args:
        folder: Of this run, such as 'runs/first'; `tensorboard --logdir runs`
            shows all runs together.
    """
    order = 70

    def __init__(self, folder):
        self.folder, self.writer = folder, None

    def begin(self, run):
        from torch.utils.tensorboard import SummaryWriter
        if run.first:
            self.writer = SummaryWriter(self.folder,
                                        purge_step=len(run.history) + 1)

    def after_epoch(self, run):
        columns = {'loss/training': run.history.loss,
                   'accuracy/training': run.history.train_acc,
                   'accuracy/validation': run.history.valid_acc,
                   'learning rate': [run.optimizer.param_groups[0]['lr']]}
        for name, column in columns.items() if self.writer else ():
            self.writer.add_scalar(name, column[-1], len(run.history))

    def end(self, run):
        if self.writer:
            self.writer.close()


class ProgressBar(Callback):
    """Show in a terminal how far training is, as train_gpu does there."""
    order = 80
    bar = tqdm(disable=True)  # until it begins

    def begin(self, run):
        self.bar = tqdm(
            total=run.num_epochs, initial=len(run.history), unit='epoch',
            disable=None if run.first else True, bar_format='{l_bar}{bar}| '
            '{n:.1f}/{total} epochs [{elapsed}<{remaining}{postfix}]')

    def after_step(self, run, i):
        done = len(run.history) + i / len(run.train_iter)
        self.bar.update(done - self.bar.n)

    def after_epoch(self, run):
        self.bar.set_postfix(loss=f'{run.history.loss[-1]:.3f}',
                             acc=f'{run.history.train_acc[-1]:.3f}')

    def end(self, run):
        self.bar.close()
