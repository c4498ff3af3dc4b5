"""Several processes that train one network: their group, shares, and sums."""
import contextlib
import os
from datetime import timedelta

import torch
from torch import distributed as dist
from torch.nn.parallel import DistributedDataParallel

from d2lmini.callbacks import Callback
from d2lmini.train import accuracy, mode, scale_gradient
from d2lmini.utils import (Accumulator, get_rng_state, set_rng_state,
                           try_gpu)


@contextlib.contextmanager
def process_group(device=None, patience=300):
    """Join the processes that torchrun started; give this one's device.

    device: a GPU for each process if None, or the CPU where there are none;
    GPUs talk by nccl, CPUs by gloo. patience: seconds to wait for a process
    that says nothing. Without torchrun there is no group, and one process
    works alone. After an error nothing is put in order: the process must
    end, and so the others do. RuntimeError if there are too few GPUs.
    """
    if 'RANK' not in os.environ:
        yield torch.device(device or try_gpu())
        return
    device, patience = choose_device(device), timedelta(seconds=patience)
    store, rank, size = next(dist.rendezvous('env://', timeout=patience))
    if os.environ.get('LOCAL_WORLD_SIZE') == str(size):
        # The addresses of an earlier start are still in torchrun's store.
        store = dist.PrefixStore(
            os.environ.get('TORCHELASTIC_RESTART_COUNT', '0'), store)
    if device.type == 'cuda':
        torch.cuda.set_device(device)
    dist.init_process_group('nccl' if device.type == 'cuda' else 'gloo',
                            store=store, rank=rank, world_size=size,
                            timeout=patience)
    yield device
    dist.destroy_process_group()


def choose_device(name=None):
    """Return the device of a name, or this process's own GPU, or the CPU."""
    gpus = torch.cuda.device_count()
    if name != 'cuda' and (name or not gpus):
        return torch.device(name or 'cpu')
    number = int(os.environ['LOCAL_RANK'])
    if number >= gpus:
        raise RuntimeError(
            f'{os.environ["LOCAL_WORLD_SIZE"]} processes want a GPU each, but '
            f'{gpus} are here: give another --nproc_per_node, or the device '
            'cpu')
    return torch.device('cuda', number)


def in_group():
    """Tell whether this process is one of several that train together."""
    return dist.is_available() and dist.is_initialized()


def is_first():
    """Tell whether this process is the one that draws, prints and writes."""
    return not in_group() or dist.get_rank() == 0


def from_first(function):
    """Return to all processes what function() gives in the first.

    An Exception that it raises there is raised in all.
    """
    if not in_group():
        return function()
    answer = [None, None]
    if is_first():
        try:
            answer[0] = function()
        except Exception as error:
            answer[1] = error
    dist.broadcast_object_list(answer)
    if answer[1] is not None:
        raise answer[1]
    return answer[0]


class Processes(Callback):
    """Let all processes of a group train as one alone would.

    They share each minibatch's rows and end with the weights that one process
    would have, to rounding; their backward() averages the gradients. But
    batch norm takes its means over a process's own rows (net may have
    nn.SyncBatchNorm on GPUs), keeps the first one's running statistics, and
    dropout draws other masks. The first process draws, prints and writes; all
    evaluate a part. An error or Ctrl-C in one ends them all. Without a group
    nothing changes. Li and others, PyTorch Distributed, VLDB 2020,
    arXiv:2006.15704.
    """
    order = 10

    def begin(self, run):
        if not in_group():
            return
        run.alone, run.first, run.from_first = False, is_first(), from_first
        if not run.first:
            run.plot = run.animator.shell = None
        # static_graph: a layer that forward never uses does no harm.
        run.model = DistributedDataParallel(run.net, static_graph=True)
        self.shares = run.train_iter = Shares(run.train_iter)
        self.metric, self.mean, run.loss = Accumulator(3), run.loss, self.loss
        run.evaluate, self.device = self.evaluate, run.device

    def loss(self, y_hat, y):
        """Return the loss of this process's rows, its gradient weighted."""
        l, counted = self.mean(y_hat, y), self.shares.counted
        with torch.no_grad():
            self.metric.add(l * len(y) * counted,
                            accuracy(y_hat, y) * counted, len(y) * counted)
        return scale_gradient(l, self.shares.weight)

    def evaluate(self, net, data_iter):
        """Return the accuracy on data of which each process has a part."""
        for buffer in net.buffers():
            dist.broadcast(buffer, 0)
        if data_iter is None:
            return float('nan')
        shares, metric = Shares(data_iter), Accumulator(2)
        with mode(net, train=False), torch.no_grad():
            for X, y in shares:
                right = accuracy(net(X.to(self.device)), y.to(self.device))
                metric.add(right * shares.counted, len(y) * shares.counted)
        right, rows = self.sums(metric)
        return right / rows

    def sums(self, metric):
        """Return an Accumulator's numbers, summed over all processes."""
        numbers = torch.tensor([float(n) for n in metric.data],
                               dtype=torch.double, device=self.device)
        dist.all_reduce(numbers)
        return numbers.tolist()

    def after_epoch(self, run):
        """Put the sums over all processes in the place of this one's."""
        if in_group():
            loss, right, rows = self.sums(self.metric)
            run.history.loss[-1] = loss / rows
            run.history.train_acc[-1] = right / rows
            self.metric.reset()


class Shares:
    """Walk over this process's part of each minibatch (X, y).

    Of `size` processes, number `rank` gets the rows rank, rank + size, ...
    If a loss, a mean over the own rows, is weighted by `weight` (the rows *
    size / all rows), the mean of the processes' gradients is that of the
    whole minibatch. A minibatch with fewer than two rows for each process,
    too few for batch norm, goes to all of them whole, and its rows count
    1 / size (`counted`). What is random in data_iter is drawn alike in all
    processes; between the minibatches each draws numbers of its own, as for
    dropout.

    Args:
        data_iter: The same in all processes, with whole minibatches.
    """

    def __init__(self, data_iter):
        self.data_iter = data_iter
        self.generator = getattr(data_iter, 'generator', None)

    def __len__(self):
        return len(self.data_iter)

    def __iter__(self):
        rank, size = dist.get_rank(), dist.get_world_size()
        for X, y in drawn_alike(self.data_iter, rank):
            self.weight, self.counted = 1.0, 1 / size
            if len(y) >= 2 * size:
                n, X, y = len(y), X[rank::size], y[rank::size]
                self.weight, self.counted = len(y) * size / n, 1.0
            yield X, y


def drawn_alike(data_iter, rank):
    """Walk over data_iter with the first process's random numbers.

    Between the minibatches PyTorch's are of this process alone.
    """
    if generator := getattr(data_iter, 'generator', None):
        generator.set_state(from_first(generator.get_state))
    set_rng_state(from_first(lambda: get_rng_state() | {'cuda': []}))
    common, batches = from_first(torch_states), iter(data_iter)
    number = torch.Generator()
    number.set_state(common[0])
    torch.manual_seed(int(torch.randint(2**62, (), generator=number)) + rank)
    while True:
        own = torch_states()
        set_torch_states(*common)
        batch = next(batches, None)
        if batch is None:
            return
        common = torch_states()
        set_torch_states(*own)
        yield batch


def torch_states():
    """Return the states of the CPU's and this process's GPU's generators."""
    return [torch.get_rng_state()] + (
        [torch.cuda.get_rng_state()] if torch.cuda.is_initialized() else [])


def set_torch_states(cpu, *gpu):
    """Go back to what torch_states gave."""
    torch.set_rng_state(cpu)
    for state in gpu:
        torch.cuda.set_rng_state(state)
