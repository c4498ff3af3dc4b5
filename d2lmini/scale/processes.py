"""Several processes that train one network: their group, shares, and sums."""
import contextlib
import os
from datetime import timedelta

import torch
from torch import distributed as dist
from torch.nn.parallel import DistributedDataParallel

from d2lmini.utils import get_rng_state, set_rng_state, try_gpu


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


def own_device():
    """Return this process's device: of its group, or try_gpu() alone."""
    if not in_group():
        return try_gpu()
    return torch.device(*(['cuda', torch.cuda.current_device()]
                          if dist.get_backend() == 'nccl' else ['cpu']))


def all_sum(numbers):
    """Return the sum of a tensor over all processes, on the CPU."""
    if in_group():
        numbers = numbers.to(own_device(), copy=True)
        dist.all_reduce(numbers)
    return numbers.cpu()


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


def parallel(net):
    """Return net, in a group so that backward() averages its gradients.

    All processes begin with the first one's weights and, in every step, its
    buffers, such as the running statistics of batch norm. Li and others,
    PyTorch Distributed, VLDB 2020, arXiv:2006.15704.
    """
    return DistributedDataParallel(net) if in_group() else net


def copy_buffers(net):
    """Give all processes the first one's buffers."""
    if in_group():
        for buffer in net.buffers():
            dist.broadcast(buffer, 0)


def shares(data_iter, device):
    """Give this process's part of each minibatch: X, y, and its weight.

    data_iter: the same in all processes, with whole minibatches (X, y). Of
    `size` processes, number `rank` gets the rows rank, rank + size, ... The
    weight is its rows * size / all rows: if each loss, a mean over the own
    rows, is weighted by it, the mean of the processes' gradients is the
    whole minibatch's. With fewer rows than processes some get the first row
    with a weight of 0, for every process must take part in every step.
    What is random in data_iter is drawn alike in all processes, so that they
    see the same minibatches; between them each draws numbers of its own, as
    for dropout.
    """
    if not in_group():
        for X, y in data_iter:
            yield X.to(device), y.to(device), 1.0
        return
    rank, size = dist.get_rank(), dist.get_world_size()
    for X, y in drawn_alike(data_iter, rank):
        rows = slice(rank, None, size) if rank < len(y) else slice(1)
        weight = len(y[rows]) * size / len(y) if rank < len(y) else 0.0
        yield X[rows].to(device), y[rows].to(device), weight


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
