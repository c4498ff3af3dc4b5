r"""Train a network from the command line, in one process or in several.

    python -m d2lmini.scale.distributed --net LeNet --epochs 2
    torchrun --nproc_per_node=2 -m d2lmini.scale.distributed --epochs 2 \
        --net ResNet width=0.25 small=True --lr 0.05 --checkpoint run.pt

Without batch norm and dropout, several processes give the weights that one
would give, to rounding: see d2lmini.scale.processes. If a process dies, all
end; with --max-restarts=1 torchrun starts them again, and they go on from
the checkpoint. On several machines, run the same command on each, with
--nnodes=2 --rdzv-backend=c10d --rdzv-endpoint=HOST:29500 before the -m (to
restart there, set TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1: PyTorch 2.15 leaves
the dead processes' addresses in torchrun's store).
"""
import argparse
import ast
import contextlib
import io

from torch import nn
from torch.distributed.elastic.multiprocessing.errors import record

from d2lmini import data, nets
from d2lmini.callbacks import Checkpoint, Compile, MixedPrecision
from d2lmini.scale.processes import (Processes, from_first, is_first,
                                     process_group)
from d2lmini.train import train_gpu
from d2lmini.utils import set_seed

NETS = ['AlexNet', 'DenseNet', 'GoogLeNet', 'LeNet', 'ResNet', 'VGG']


def parse(words=None):
    """Read the command line, or a list of its words."""
    parser = argparse.ArgumentParser(
        prog='d2lmini.scale.distributed', description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add('--net', nargs='+', required=True, metavar=('NAME', 'KEY=VALUE'),
        help=f'{", ".join(NETS)}, and arguments of it')
    add('--data', choices=sorted(data.DOWNLOADS), default='fashion_mnist')
    add('--epochs', type=int, default=1)
    add('--batch-size', type=int, default=256, help='of all processes')
    add('--lr', type=float, default=0.1)
    add('--seed', type=int, default=0)
    add('--validation', type=float, default=0.1, metavar='SHARE',
        help='of the training images, held out to test on; 0: the test set')
    add('--checkpoint', metavar='FILE', type=Checkpoint, action='append',
        dest='callbacks', default=[Processes()],
        help='to write, and to go on from')
    add('--device', help='such as cpu; else a GPU for each, if there are any')
    for option, kind in [('--compile', Compile),
                         ('--mixed-precision', MixedPrecision)]:
        add(option, action='append_const', const=kind(), dest='callbacks')
    add('--sync-batch-norm', action='store_true')
    return parser.parse_args(words)


def make_net(name, *pairs, in_channels):
    """Return a new network for ten classes; SystemExit says what is wrong.

    name: of NETS. pairs: its other arguments, as 'width=0.25'.
    """
    try:
        if name not in NETS:
            raise ValueError(f'the networks are {", ".join(NETS)}')
        return getattr(nets, name)(num_classes=10, in_channels=in_channels,
                                   **dict(map(read, pairs)))
    except (ValueError, TypeError) as error:
        words = ' '.join([name, *pairs])
        raise SystemExit(f'--net {words}: {error}') from error


def read(pair):
    """Turn 'width=0.25' or 'pool=MaxPool2d' into a name and what it means."""
    try:
        key, value = pair.split('=')
        return key, getattr(nn, value, None) or ast.literal_eval(value)
    except (ValueError, SyntaxError) as error:
        raise ValueError(f'{pair} is not KEY=VALUE, with a number, a tuple, '
                         "True, or a name of torch.nn's") from error


def load(name, batch_size, **options):
    """Return a data set's iterators; the first process fetches and tells."""
    from_first(lambda: data.find_arrays(name)[1])
    with (contextlib.nullcontext() if is_first() else
          contextlib.redirect_stderr(io.StringIO())):
        return getattr(data, f'load_data_{name}')(batch_size, **options)


@record
def main(words=None):
    """Train as the command line says; the first process prints a table."""
    args = parse(words)
    with process_group(args.device) as device:
        set_seed(args.seed)
        train_iter, valid_iter, *_ = load(args.data, args.batch_size,
                                         validation=args.validation)
        net = make_net(*args.net, in_channels=train_iter.images.shape[1])
        if args.sync_batch_norm:
            if device.type != 'cuda':
                raise SystemExit('--sync-batch-norm: for GPUs only')
            net = nn.SyncBatchNorm.convert_sync_batchnorm(net)
        history = train_gpu(net, train_iter, valid_iter, args.epochs, args.lr,
                            device, seed=args.seed, callbacks=args.callbacks)
        if is_first():
            print(history)


if __name__ == '__main__':
    main()
