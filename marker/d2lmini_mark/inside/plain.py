"""Plain data: all that may pass between the marker and a student's process.

It is JSON: None, truth values, numbers and texts as they are, a list as a
list, and {'kind': ...} for tuples, dictionaries, tensors and NumPy arrays.
Nothing is ever unpickled. decode believes nothing of what it reads. Of a
function that is handed over, only a number passes: who calls it asks for what
it returns.
"""

import math

import numpy as np
import torch

FLOATS = ('float16', 'bfloat16', 'float32', 'float64')
WHOLE = ('uint8', 'int8', 'int16', 'int32', 'int64')
NUMBERS = {
    **dict.fromkeys(FLOATS, (int, float)),
    **dict.fromkeys(WHOLE, (int,)),
    'bool': (bool,),
}
DEPTH = 20  # lists in lists


class Unreadable(ValueError):
    """Raised by decode for what encode cannot have written."""


class Asked:
    """Stands for a function that lives on the other side."""

    def __init__(self, number, ask):
        self._number, self._ask = number, ask

    def __call__(self, *args, **kwargs):
        return self._ask(self._number, args, kwargs)

    def __deepcopy__(self, memo):
        return self


def is_function(value):
    """Tell whether a value is a function: neither a class nor a network."""
    return callable(value) and not isinstance(value, (type, torch.nn.Module))


def encode(value, functions=None):
    """Return a value as plain data; what is not plain gives its type only.

    functions: a list to which functions are appended, or None if there are
    to be none.
    """
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, np.generic):
        return encode(value.item())
    if isinstance(value, (torch.Tensor, np.ndarray)):
        return encode_array(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        inner = [encode(v, functions) for v in value]
        if isinstance(value, list):
            return inner
        kind = 'tuple' if isinstance(value, tuple) else 'set'
        return {'kind': kind, 'data': inner}
    if isinstance(value, dict):
        pairs = [[encode(k), encode(v, functions)] for k, v in value.items()]
        return {'kind': 'dict', 'data': pairs}
    if isinstance(value, Asked):
        return {'kind': 'function', 'number': value._number}
    if functions is not None and is_function(value):
        functions.append(value)
        return {'kind': 'function', 'number': len(functions) - 1}
    return {'kind': 'other', 'type': type(value).__name__}


def encode_array(value):
    """Write down dtype, shape and numbers of a tensor or an array."""
    if isinstance(value, torch.Tensor):
        kind, dtype = 'tensor', str(value.dtype).removeprefix('torch.')
        value = value.detach()
        if value.device.type != 'cpu' or value.layout != torch.strided:
            return {
                'kind': 'other',
                'type': f'Tensor on {value.device}, {value.layout}',
            }
    else:
        kind, dtype = 'array', str(value.dtype)
    if dtype not in NUMBERS:
        return {'kind': 'other', 'type': f'{kind} of dtype {dtype}'}
    return {
        'kind': kind,
        'dtype': dtype,
        'shape': list(value.shape),
        'data': value.flatten().tolist(),
    }


def decode(data, depth=0, asked=None):
    """Return what encode was given; raise Unreadable for anything else.

    asked: makes of a number what stands for a function; None: there is none.
    """
    if depth > DEPTH:
        raise Unreadable('lists within lists without an end')
    if data is None or type(data) in (bool, int, float, str):
        return data
    if type(data) is list:
        return [decode(v, depth + 1, asked) for v in data]
    kind, inner = data.get('kind'), data.get('data')
    if kind in ('tensor', 'array'):
        return decode_array(kind, data)
    if kind == 'other':
        return other(data.get('type'))
    if kind == 'function' and asked:
        return asked(data.get('number'))
    if kind == 'tuple' and type(inner) is list:
        return tuple(decode(inner, depth, asked))
    if kind == 'set' and type(inner) is list:
        return {v for v in inner if type(v) in (str, int, float, bool)}
    if kind == 'dict' and type(inner) is list:
        return decode_dict(inner, depth, asked)
    raise Unreadable('this is no plain data')


def decode_dict(pairs, depth, asked):
    """Rebuild a dictionary, whose keys are texts and numbers."""
    found = {}
    for pair in pairs:
        if (
            type(pair) is not list
            or len(pair) != 2
            or type(pair[0]) not in (str, int, float, bool)
        ):
            raise Unreadable('a key must be a text or a number')
        found[pair[0]] = decode(pair[1], depth + 1, asked)
    return found


def decode_array(kind, data):
    """Rebuild a tensor or an array, once shape and numbers fit together."""
    dtype, shape, numbers = (data.get(k) for k in ('dtype', 'shape', 'data'))
    if (
        type(shape) is not list
        or len(shape) > 16
        or not all(type(n) is int and 0 <= n < 2**31 for n in shape)
    ):
        raise Unreadable('this is no shape')
    if type(dtype) is not str or dtype not in NUMBERS:
        raise Unreadable('this is no dtype')
    if type(numbers) is not list or len(numbers) != math.prod(shape):
        raise Unreadable('the shape and the count of numbers differ')
    if not all(type(v) in NUMBERS[dtype] for v in numbers):
        raise Unreadable(f'these are no numbers of dtype {dtype}')
    try:
        if kind == 'array':
            return np.array(numbers, dtype=dtype).reshape(shape)
        return torch.tensor(numbers, dtype=getattr(torch, dtype)).reshape(
            shape
        )
    except (ValueError, RuntimeError, OverflowError, TypeError):
        raise Unreadable(f'these are no numbers of dtype {dtype}') from None


def other(name):
    """Return a stand-in that has nothing of an object but its type's name."""
    name = name[:60].replace('\0', '') if type(name) is str else 'object'
    text = f'<an object of type {name or "object"}, which is no plain data>'
    return type(name or 'object', (), {'__repr__': lambda self: text})()
