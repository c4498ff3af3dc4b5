"""What programs written for other courses call, and no page of this book does.

    import d2lmini as d2l             # Dive into Deep Learning
    from d2lmini.numpy_cnn import *   # the assignments of CS231n

d2lmini asks here for every name that is used as d2l.name. Its own helpers are
found by reading its files, all else by d2l_names.toml. What holds a name is
imported when it is used, not before. The appendix "Coming from Dive into Deep
Learning or CS231n" says what differs.
"""

import functools
import importlib
import operator
import re
import tomllib
from pathlib import Path

import d2lmini

OURS = Path(d2lmini.__file__).parent
NAMES = tomllib.loads(
    Path(__file__).with_name('d2l_names.toml').read_text('utf-8')
)


def find(name):
    """Return a helper of d2lmini, or what d2l has by that name.

    Args:
        name: As in d2l.name: 'corr2d', 'train_ch6', or a module, 'data'.

    Raises:
        AttributeError: If there is none. It says what to use instead, if
            there is such a thing.
    """
    if name not in table():
        use = NAMES['instead'].get(name)
        raise AttributeError(
            f'd2lmini has no {name}' + (f'; use {use}' if use else ''),
            name=name,
        )
    module, _, attribute = table()[name].partition(':')
    found = importlib.import_module(module)
    return operator.attrgetter(attribute)(found) if attribute else found


def names():
    """Return all names that find() knows, in order."""
    return sorted(table())


@functools.cache
def table():
    """Return {name: 'module' or 'module:name'}, without importing any.

    In a file of d2lmini, a line that begins with def, class, or a constant
    and = makes a name. A module's name comes before that of a function.
    """
    functions, modules = {}, {'nets': 'd2lmini.nets', 'scale': 'd2lmini.scale'}
    for path in [
        *sorted(OURS.glob('[a-z]*.py')),
        *sorted(OURS.glob('nets/*.py')),
        OURS / 'scale' / 'export.py',
    ]:
        parts = path.relative_to(OURS.parent).with_suffix('').parts
        for name in re.findall(
            r'^(?:def |class |(?=[A-Z\d_]+ = ))([A-Za-z]\w*)',
            path.read_text('utf-8'),
            flags=re.M,
        ):
            functions[name] = f'{".".join(parts)}:{name}'
        if path.parent == OURS:
            modules[path.stem] = '.'.join(parts)
    return NAMES['others'] | functions | modules
