"""Say how what came out differs from what was wanted, in words."""
import math

import numpy as np
import torch


def plainly(got, wanted):
    """Say how values and shapes differ, whatever holds the numbers.

    A list, an array, and a tensor of another dtype are as good as the tensor
    that is wanted; a number is as good as a tensor without axes.
    """
    return difference(as_wanted(got, wanted), wanted)


def as_wanted(got, wanted):
    """Put the numbers of got into the kind of value that is wanted."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        return {key: as_wanted(value, wanted[key]) if key in wanted else value
                for key, value in got.items()}
    if isinstance(wanted, (tuple, list)):
        if isinstance(got, (torch.Tensor, np.ndarray)) and got.ndim:
            got = list(got)
        if isinstance(got, (tuple, list)) and len(got) == len(wanted):
            return [as_wanted(g, w) for g, w in zip(got, wanted)]
        return got
    if isinstance(wanted, torch.Tensor):
        return as_tensor(got, wanted)
    if isinstance(wanted, np.ndarray) and wanted.dtype != object:
        found = as_tensor(got, tensor(wanted))
        return found.detach().numpy() if isinstance(
            found, torch.Tensor) and found.device.type == 'cpu' else got
    if isinstance(got, (torch.Tensor, np.ndarray)) and got.ndim == 0:
        return got.item()
    return got


def as_tensor(got, wanted):
    """Make a tensor of wanted's dtype out of numbers; else give got."""
    if not isinstance(got, (torch.Tensor, np.ndarray, np.generic, list,
                            tuple, int, float)) or isinstance(got, bool):
        return got
    if isinstance(got, torch.Tensor):
        return got if got.is_complex() or (
            got.layout != torch.strided) else got.to(widest(got, wanted))
    try:
        found = torch.as_tensor(np.asarray(
            [g.detach().numpy() if isinstance(g, torch.Tensor) else g
             for g in got] if isinstance(got, (list, tuple)) else got))
    except Exception:
        return got
    return found if found.is_complex() else found.to(widest(found, wanted))


def widest(got, wanted):
    """Return the dtype to compare in: wanted's, but cut no fraction off."""
    if got.is_floating_point() and not wanted.is_floating_point():
        whole = got.detach().isfinite().all() and not (
            got.detach() % 1).any() if not got.is_meta else True
        return wanted.dtype if whole else got.dtype
    return wanted.dtype


def difference(got, wanted):
    """Say in a sentence how got differs from wanted; None if it does not."""
    if isinstance(wanted, BaseException):
        if isinstance(got, type(wanted)):
            return None
        return (f'this input must be refused with {type(wanted).__name__} '
                f'({wanted})' + (f', but {raised(got)}' if isinstance(
                    got, BaseException) else ''))
    if isinstance(got, BaseException):
        return raised(got)
    if got is None and wanted is not None:
        return 'your function returns None: is a `return` missing?'
    if isinstance(wanted, np.ndarray):
        return array_difference(got, wanted)
    if isinstance(wanted, torch.Tensor):
        return tensor_difference(got, wanted)
    if isinstance(wanted, (tuple, list)):
        return sequence_difference(got, wanted)
    if isinstance(wanted, dict):
        return dict_difference(got, wanted)
    return scalar_difference(got, wanted)


def raised(error):
    """Say which error an answer raised, and in which line if known."""
    if isinstance(error, TimeoutError):
        return f'your code was {error}'
    where = getattr(error, 'student_line', None)
    if not getattr(error, 'students', True):
        return ('the check could not go on with what your code gave '
                f'({type(error).__name__}: {error})')
    return (f'your code raised {type(error).__name__}: {error}'
            + (f' (in the line `{where}`)' if where else ''))


def tensor_difference(got, wanted):
    """Compare kind, shape, type and values of a tensor, in this order."""
    if not isinstance(got, torch.Tensor):
        return f'a tensor is wanted, got {kind(got)}'
    if got.shape != wanted.shape:
        return shape_difference(tuple(got.shape), tuple(wanted.shape))
    if got.device != wanted.device:
        return f'the device is {got.device}, wanted is {wanted.device}'
    if got.layout != wanted.layout:
        return f'the layout is {got.layout}, wanted is {wanted.layout}'
    if got.dtype != wanted.dtype:
        return f'the dtype is {got.dtype}, wanted is {wanted.dtype}'
    far = ~torch.isclose(got.detach(), wanted.detach(), rtol=1e-4, atol=1e-5,
                         equal_nan=True)
    if not far.any():
        return None
    at = tuple(far.nonzero()[0].tolist())
    return (f'{int(far.sum())} of {far.numel()} numbers are wrong'
            + (f', the first at {list(at)}: got {number(got[at])}, '
               f'wanted {number(wanted[at])}' if at else ''))


def array_difference(got, wanted):
    """Compare NumPy arrays as if they were tensors."""
    if not isinstance(got, np.ndarray):
        return f'a NumPy array is wanted, got {kind(got)}'
    if got.dtype == object:
        return 'the array holds objects, numbers are wanted'
    return tensor_difference(tensor(got), tensor(wanted))


def tensor(array):
    """Turn a NumPy array into a tensor of its own; leave others alone."""
    if isinstance(array, np.ndarray) and array.dtype != object:
        return torch.from_numpy(np.ascontiguousarray(array).copy().reshape(
            array.shape))
    return array


def shape_difference(got, wanted):
    """Say what a wrong shape looks like."""
    text = f'the shape is {got}, wanted is {wanted}'
    if len(got) != len(wanted):
        return text + f': {len(wanted)} axes are wanted, not {len(got)}'
    if got[-2:] != wanted[-2:] == got[-2:][::-1]:
        return text + ': transposed, or rows and columns mixed up'
    gap = {g - w for g, w in zip(got, wanted)} - {0}
    if gap in ({1}, {-1}):
        return text + f': off by one, one too {"many" if 1 in gap else "few"}'
    return text


def sequence_difference(got, wanted):
    """Compare tuples or lists entry by entry."""
    if not isinstance(got, (tuple, list)):
        return f'{len(wanted)} results are wanted, got {kind(got)}'
    if len(got) != len(wanted):
        return f'{len(wanted)} results are wanted, got {len(got)}'
    for i, (g, w) in enumerate(zip(got, wanted)):
        if text := difference(g, w):
            return f'result {i + 1} of {len(wanted)}: {text}'
    return None


def dict_difference(got, wanted):
    """Compare named results."""
    if not isinstance(got, dict) or set(got) != set(wanted):
        return f'the keys {sorted(wanted)} are wanted, got {show(got)}'
    for key, value in wanted.items():
        if text := difference(got[key], value):
            return f'{key}: {text}'
    return None


def scalar_difference(got, wanted):
    """Compare numbers, truth values and texts."""
    if isinstance(got, np.generic) or (
            isinstance(got, (torch.Tensor, np.ndarray)) and got.ndim == 0):
        got = got.item()
    if isinstance(wanted, bool) or not isinstance(wanted, (int, float)):
        if type(got) is not type(wanted):
            return (f'a {type(wanted).__name__} such as {wanted!r} is '
                    f'wanted, got {kind(got)}')
        return None if got == wanted else f'got {got!r}, wanted {wanted!r}'
    if isinstance(got, bool) or not isinstance(got, (int, float)):
        return f'a number is wanted, got {kind(got)}'
    if isinstance(wanted, int) and isinstance(got, float):
        return (f'got {got!r}, a float: a whole number (int) is wanted; '
                '`//` divides whole numbers, `/` makes a float')
    if isinstance(wanted, int):
        off = {1: ': off by one, one too many',
               -1: ': off by one, one too few'}.get(got - wanted, '')
        return (f'got {got}, wanted {wanted}{off}' if got != wanted else None)
    return None if math.isclose(got, wanted, rel_tol=1e-4, abs_tol=1e-5) or (
        got != got and wanted != wanted) else (
        f'got {number(got)}, wanted {number(wanted)}')


def guess(got, wanted):
    """Guess from the numbers alone what kind of mistake was made."""
    if not comparable(got, wanted):
        return None
    got, wanted = (tensor(t).detach().double() for t in (got, wanted))
    if got.ndim > 1 and same(got.mT, wanted) and not same(got, wanted):
        return 'the result is transposed: rows and columns are swapped'
    if got.shape != wanted.shape or wanted.unique().numel() < 3 or (
            same(got, wanted)):
        return None
    if same(got, -wanted):
        return 'every number has the wrong sign'
    factor = (got * wanted).sum() / (wanted * wanted).sum()
    if factor.isfinite() and same(got, factor * wanted) and factor.abs() > 0:
        return (f'every number is {number(factor)} times what it should be: '
                'summed instead of averaged, or averaged instead of summed?')
    shift = (got - wanted).mean()
    if shift.isfinite() and same(got - shift, wanted):
        return (f'every number is off by the same {number(shift)}: is '
                'something added to all of them, or forgotten?')
    return None


def comparable(got, wanted):
    """Tell whether both are floats of the same kind in the same place."""
    if isinstance(got, np.ndarray) != isinstance(wanted, np.ndarray):
        return False
    got, wanted = tensor(got), tensor(wanted)
    return all(isinstance(t, torch.Tensor) and t.is_floating_point()
               for t in (got, wanted)) and (
        got.device == wanted.device and got.layout == wanted.layout)


def same(got, wanted):
    """Tell whether two tensors agree in shape and values."""
    return got.shape == wanted.shape and torch.allclose(
        got, wanted, rtol=1e-4, atol=1e-5, equal_nan=True)


def kind(value):
    """Name the kind of a value, with the value if it is short."""
    name = {'ndarray': 'a NumPy array', 'int': 'the int', 'float':
            'the float', 'bool': 'the bool', 'str': 'the text', 'list':
            'a list', 'tuple': 'a tuple', 'Tensor': 'a tensor of shape'}.get(
                type(value).__name__, f'a {type(value).__name__}')
    if isinstance(value, (torch.Tensor, np.ndarray)):
        return f'{name} {tuple(value.shape)}'
    short = written(value)
    return f'{name} {short}' if len(short) <= 40 else name


def written(value):
    """Give repr(value), or the type's name where that fails."""
    try:
        return repr(value)
    except Exception:
        return f'<{type(value).__name__}>'


def number(value):
    """Write a number with as few digits as tell it."""
    if isinstance(value, torch.Tensor):
        value = value.item()
    return f'{value:.6g}' if isinstance(value, float) else str(value)


def show(value, indent=0):
    """Write a value for a reader: small tensors in full, row under row."""
    if isinstance(value, np.ndarray):
        return show(tensor(value), indent).replace('  (torch.float64)', '')
    if isinstance(value, BaseException):
        return f'{type(value).__name__}: {value}'
    if isinstance(value, (tuple, list)) and any(
            isinstance(v, (torch.Tensor, np.ndarray, tuple, list))
            for v in value):
        inner = (',\n' + ' ' * (indent + 1)).join(
            show(v, indent + 1) for v in value)
        return f'({inner})'
    if isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, torch.Tensor):
        text = written(value)
        return text if len(text) <= 300 else text[:300] + ' ...'
    return show_tensor(value, indent)


def show_tensor(value, indent):
    """Write a small tensor in full, a large one by its shape."""
    if value.numel() > 64 or value.numel() == 0 or (
            value.is_meta or value.layout != torch.strided):
        return f'a tensor of shape {tuple(value.shape)}'
    tail = '' if value.dtype == torch.float32 else f'  ({value.dtype})'
    texts = [f'{v:.4g}' if isinstance(v, float) else str(v)
             for v in value.detach().flatten().tolist()]
    width = max(map(len, texts))
    array = np.array([t.rjust(width) for t in texts]).reshape(value.shape)
    return np.array2string(array, separator=', ', prefix=' ' * indent,
                           formatter={'all': str}, threshold=100,
                           max_line_width=10000
                           ).replace('\n\n', '\n') + tail
