# The check of an exercise, in the page: appended to what the reader wrote.
# It speaks as d2lmini.check does; arrays are lists here. It runs in
# MicroPython, and is tested in CPython too.


class Refused:
    def __init__(self, text):
        self.text = text


class Unlike:  # what a mistake gives cannot be written here
    pass


class Same:  # a mistake that does not show in this case
    pass


def _near(got, wanted):
    if wanted != wanted or abs(wanted) == float('inf'):
        return got == wanted or (got != got and wanted != wanted)
    return abs(got - wanted) <= max(1e-4 * abs(wanted), 1e-5)


def _shape(value):
    if not isinstance(value, (list, tuple)):
        return ()
    return (len(value),) + (_shape(value[0]) if value else ())


def _flat(value):
    if not isinstance(value, (list, tuple)):
        return [value]
    return [number for part in value for number in _flat(part)]


def _kind(value):
    return f'{type(value).__name__} {value!r}'


def _array(got, wanted):
    if not isinstance(got, (list, tuple)):
        return f'a list is wanted, got {_kind(got)}'
    if _shape(got) != _shape(wanted):
        return f'the shape is {_shape(got)}, wanted is {_shape(wanted)}'
    if any(isinstance(w, str) for w in _flat(wanted)):
        return None if got == wanted else f'got {got!r}, wanted {wanted!r}'
    pairs = list(zip(_flat(got), _flat(wanted)))
    if len(_flat(got)) != len(_flat(wanted)):
        return 'the rows are of unequal length'
    for g, w in pairs:
        if not isinstance(g, (int, float)):
            return f'numbers are wanted, got {_kind(g)}'
    far = [(g, w) for g, w in pairs if not _near(g, w)]
    if far:
        g, w = far[0]
        return (
            f'{len(far)} of {len(pairs)} numbers are wrong, the first: '
            f'got {g:.6g}, wanted {w:.6g}'
        )


def _number(got, wanted):
    if isinstance(got, bool) or not isinstance(got, (int, float)):
        return f'a number is wanted, got {_kind(got)}'
    if isinstance(wanted, int) and isinstance(got, float):
        return (
            f'got {got!r}, a float: a whole number (int) is wanted; '
            '`//` divides whole numbers, `/` makes a float'
        )
    if isinstance(wanted, int):
        if got == wanted:
            return None
        off = {1: ': off by one, one too many'}
        off[-1] = ': off by one, one too few'
        return f'got {got}, wanted {wanted}{off.get(got - wanted, "")}'
    if not _near(got, wanted):
        return f'got {got:.6g}, wanted {wanted:.6g}'


def difference(got, wanted):
    if isinstance(wanted, Unlike):
        return 'unlike'
    if isinstance(wanted, Refused):
        if isinstance(got, ValueError):
            return None
        return f'this input must be refused with ValueError ({wanted.text})'
    if isinstance(got, Exception):
        return f'your code raised {type(got).__name__}: {got}'
    if got is None and wanted is not None:
        return 'your function returns None: is a `return` missing?'
    if isinstance(wanted, list):
        return _array(got, wanted)
    if isinstance(wanted, tuple):
        if not isinstance(got, (list, tuple)):
            return f'{len(wanted)} results are wanted, got {_kind(got)}'
        if len(got) != len(wanted):
            return f'{len(wanted)} results are wanted, got {len(got)}'
        for i in range(len(wanted)):
            text = difference(got[i], wanted[i])
            if text:
                return f'result {i + 1} of {len(wanted)}: {text}'
        return None
    if isinstance(wanted, (bool, str)) or wanted is None:
        return None if got == wanted else f'got {got!r}, wanted {wanted!r}'
    return _number(got, wanted)


def _copied(value):
    if isinstance(value, list):
        return [_copied(part) for part in value]
    return value


def mistaken(case, i):
    _, wanted, wrong = case
    return wanted if isinstance(wrong[i], Same) else wrong[i]


def _call(answer, call, place, cases):
    try:
        if place is None:
            return answer(**{key: _copied(call[key]) for key in call})
        given = answer()
    except Exception as error:
        return error
    if not isinstance(given, (list, tuple)) or len(given) != len(cases):
        return ValueError(f'{len(cases)} predictions are wanted, in a tuple')
    return given[place]


def check(name, answer, cases, mistakes, secret, predicts):
    sign, given = '\u2717', []
    for place, (call, _, _) in enumerate(cases):
        got = _call(answer, call, place if predicts else None, cases)
        given.append(got)
        if isinstance(got, NotImplementedError):
            print(f'\u00b7 {name} is not answered yet.')
            return False
    texts = [difference(g, c[1]) for g, c in zip(given, cases)]
    if not any(texts):
        print(f'\u2713 {name} is right.')
        return True
    first = [bool(text) for text in texts].index(True)
    what = texts[first]
    if not isinstance(given[first], Exception):
        if secret:
            what = 'this prediction is not right'
        for i, sentence in enumerate(mistakes):
            pairs = zip(given, cases)
            if not difference(given[first], mistaken(cases[first], i)) and (
                secret
                or not any(difference(g, mistaken(c, i)) for g, c in pairs)
            ):
                what = sentence
                break
    print(f'{sign} {name}: {what}')
    call, wanted, _ = cases[first]
    print('  input:', ', '.join(f'{key} = {call[key]!r}' for key in call))
    if not isinstance(given[first], Exception):
        print(f'  yours: {given[first]!r}')
    if not secret and not isinstance(wanted, Refused):
        print(f'  wanted: {wanted!r}')
    return False
