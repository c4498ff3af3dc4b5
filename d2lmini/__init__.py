"""Helpers of a runnable textbook on convolutional neural networks.

`import d2lmini as d2l` gives them all by their names, as d2l.corr2d, and with
them what programs written for Dive into Deep Learning ask of d2l. A module is
imported when the first of its names is used, so nobody waits for the others.
"""
import functools
import importlib
import operator
import re
from pathlib import Path

_FOLDER = Path(__file__).parent
# Names that d2l has of others, or for what has another name here.
_OTHERS = {
    'Image': 'PIL.Image', 'np': 'numpy', 'plt': 'matplotlib.pyplot',
    'evaluate_accuracy': 'd2lmini.train:evaluate_accuracy_gpu',
    'transition_block': 'd2lmini.nets:transition',
    'astype': 'torch:Tensor.type', 'nn_Module': 'torch.nn:Module',
    'reduce_mean': 'torch:mean', 'reduce_sum': 'torch:sum',
    'reshape': 'torch:Tensor.reshape', 'size': 'torch:numel',
    'to': 'torch:Tensor.to', 'transpose': 'torch:t'}
_OTHERS |= {name: f'torch:{name}' for name in (
    'abs arange argmax concat cos cosh exp eye float32 int32 linspace log '
    'matmul meshgrid normal ones rand randn sin sinh stack tanh tensor '
    'zeros').split()}
# Names of d2l that are not here: what to use.
_INSTEAD = {
    'Benchmark': 'd2l.Timer', 'Classifier': 'a network and d2l.train_gpu',
    'FashionMNIST': 'd2l.load_data_fashion_mnist',
    'Module': 'torch.nn.Module and d2l.train_gpu',
    'ProgressBoard': 'd2l.Animator', 'Trainer': 'd2l.train_gpu',
    'gpu': 'd2l.try_gpu', 'init_cnn': 'net.apply(d2l.init_weights)',
    'layer_summary': 'd2l.summary.summary', 'linreg': 'torch.nn.Linear',
    'load_array': 'DataLoader(TensorDataset(*arrays)) of torch.utils.data',
    'num_gpus': 'torch.cuda.device_count', 'predict_ch3': 'd2l.show_images',
    'set_axes': 'ax.set of matplotlib', 'sgd': 'torch.optim.SGD',
    'show_heatmaps': 'd2l.show_matrices',
    'split_batch': 'torch.nn.parallel.scatter',
    'squared_loss': 'torch.nn.MSELoss', 'train_batch_ch13': 'd2l.train_ch13',
    'train_ch3': 'd2l.train_gpu', 'train_epoch_ch3': 'd2l.train_gpu',
    'use_svg_display': 'd2l.use_style'}


@functools.cache
def _table():
    """Return where each public name is, read from the files, not imported.

    A line that begins with def, class, or a constant and = makes a name.
    """
    table, modules = dict(_OTHERS), {}
    for path in sorted([*_FOLDER.glob('*.py'), *_FOLDER.glob('nets/*.py'),
                        _FOLDER / 'scale/export.py']):
        place = '.'.join(path.with_suffix('').relative_to(_FOLDER).parts)
        for name in re.findall(
                r'^(?:def |class |(?=[A-Z\d_]+ = ))([A-Za-z]\w*)',
                path.read_text('utf-8'), re.M):
            table[name] = f'd2lmini.{place}:{name}'
        if path.parent == _FOLDER and path.stem != '__init__':
            modules[place] = f'd2lmini.{place}'
    return table | modules | {'nets': 'd2lmini.nets', 'scale': 'd2lmini.scale'}


def __getattr__(name):
    if name not in _table():
        use = f'; use {_INSTEAD[name]}' if name in _INSTEAD else ''
        raise AttributeError(f'd2lmini has no {name}{use}', name=name)
    module, _, attribute = _table()[name].partition(':')
    found = importlib.import_module(module)
    return operator.attrgetter(attribute)(found) if attribute else found


def __dir__():
    return sorted(_table())
