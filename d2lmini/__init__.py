"""Helpers of a runnable textbook on convolutional neural networks.

`import d2lmini as d2l` gives them all by their names, as d2l.corr2d, and with
them what programs written for Dive into Deep Learning ask of d2l. A module is
imported when the first of its names is used, so nobody waits for the others.
"""
import functools
import importlib
import operator
import re
import tomllib
from pathlib import Path

_FOLDER = Path(__file__).parent
_NAMES = tomllib.loads((_FOLDER / 'd2l_names.toml').read_text('utf-8'))


@functools.cache
def _table():
    """Return where each public name is, read from the files, not imported.

    A line that begins with def, class, or a constant and = makes a name.
    """
    table, modules = dict(_NAMES['others']), {}
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
        use = _NAMES['instead'].get(name)
        raise AttributeError(f'd2lmini has no {name}'
                             + f'; use {use}' * bool(use), name=name)
    module, _, attribute = _table()[name].partition(':')
    found = importlib.import_module(module)
    return operator.attrgetter(attribute)(found) if attribute else found


def __dir__():
    return sorted(_table())
