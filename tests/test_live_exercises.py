"""Exercises in the page: the same check, also from file://, and kept."""

import json
import time

import pytest
from browsing import HTML, ROOT, violations

QUESTIONS = json.loads((ROOT / 'exercises' / 'live.json').read_text('utf-8'))
CHECK = (ROOT / 'site' / 'widgets' / 'exercise_check.py').read_text('utf-8')
PREDICTIONS = sorted(n for n, q in QUESTIONS.items() if q['predicts'])
SIZE = """def output_size(n, kernel_size, stride=1, padding=0, dilation=1):
    span = dilation * (kernel_size - 1) + 1
    if span > n + 2 * padding:
        raise ValueError('too large')
    return (n + 2 * padding - span) // stride + 1"""
CORRELATE = """def {name}(X, K{given}):
    h, w = len(K), len(K[0])
    return [[sum(X[i{step} + a][j{step} + b] * K[a][b]
                 for a in range(h) for b in range(w))
             for j in range(len(X[0]) - w + 1)]
            for i in range(len(X) - h + 1)]"""
SOLUTIONS = {
    '00.cosine': """def cosine(x, w):
    dot = lambda a, b: sum(p * q for p, q in zip(a, b))
    return dot(x, w) / (dot(x, x) * dot(w, w)) ** .5""",
    '01.count_weights': """def count_weights(H, W, h, w):
    out = (H - h + 1) * (W - w + 1)
    return (H * W + 1) * out, (h * w + 1) * out, h * w + 1""",
    '01.corr2d': CORRELATE.format(name='corr2d', given='', step=''),
    '01.convolve2d': """def convolve2d(X, K):
    h, w = len(K), len(K[0])
    Y = [[0] * (len(X[0]) + w - 1) for _ in range(len(X) + h - 1)]
    for i, row in enumerate(X):
        for j, x in enumerate(row):
            for a in range(h):
                for b in range(w):
                    Y[i + a][j + b] += x * K[a][b]
    return Y""",
    '01.conv_matrix': """def conv_matrix(shape, K):
    H, W = shape
    rows = []
    for i in range(H - len(K) + 1):
        for j in range(W - len(K[0]) + 1):
            row = [0] * (H * W)
            for a in range(len(K)):
                for b in range(len(K[0])):
                    row[(i + a) * W + j + b] = K[a][b]
            rows.append(row)
    return rows""",
    '02.output_size': SIZE,
    '02.pad2d': """def pad2d(X, p, mode='zeros'):
    def place(i, n):
        if mode == 'circular':
            return i % n
        if mode == 'reflect':
            return -i if i < 0 else min(i, 2 * (n - 1) - i)
        return min(max(i, 0), n - 1)
    H, W = len(X), len(X[0])
    return [[0 if mode == 'zeros' and not (0 <= i < H and 0 <= j < W)
             else X[place(i, H)][place(j, W)]
             for j in range(-p, W + p)] for i in range(-p, H + p)]""",
    '02.strided_corr2d': CORRELATE.format(
        name='strided_corr2d', given=', stride', step=' * stride[{}]'
    )
    .replace('i * stride[{}]', 'i * stride[0]')
    .replace('j * stride[{}]', 'j * stride[1]')
    .replace('range(len(X[0]) - w', 'range((len(X[0]) - w) // stride[1]')
    .replace('range(len(X) - h', 'range((len(X) - h) // stride[0]'),
    '02.transposed_conv': """def transposed_conv(X, K, stride=1):
    h, w = len(K), len(K[0])
    Y = [[0] * ((len(X[0]) - 1) * stride + w)
         for _ in range((len(X) - 1) * stride + h)]
    for i, row in enumerate(X):
        for j, x in enumerate(row):
            for a in range(h):
                for b in range(w):
                    Y[i * stride + a][j * stride + b] += x * K[a][b]
    return Y""",
    '03.pool2d': """def pool2d(X, k, mode='max', stride=None, padding=0):
    stride = stride or k
    H, W = len(X), len(X[0])
    def window(i, j):
        return [X[a][b] if 0 <= a < H and 0 <= b < W
                else float('-inf') if mode == 'max' else 0
                for a in range(i, i + k) for b in range(j, j + k)]
    keep = max if mode == 'max' else lambda w: sum(w) / len(w)
    places = lambda n: range(-padding, n + padding - k + 1, stride)
    return [[keep(window(i, j)) for j in places(W)] for i in places(H)]""",
    '03.average2d': """def average2d(X, k, padding, count_border=True):
    H, W = len(X), len(X[0])
    def mean(i, j):
        real = [X[a][b] for a in range(i, i + k) for b in range(j, j + k)
                if 0 <= a < H and 0 <= b < W]
        return sum(real) / (k * k if count_border else len(real))
    return [[mean(i, j) for j in range(-padding, W + padding - k + 1)]
            for i in range(-padding, H + padding - k + 1)]""",
    '03.blur_pool': """def blur_pool(X):
    def blurred(M, i, j):
        at = lambda k, n: min(max(k, 0), n - 1)
        return sum(a * b * M[at(i + r, len(M))][at(j + c, len(M[0]))]
                   for r, a in ((-1, 1), (0, 2), (1, 1))
                   for c, b in ((-1, 1), (0, 2), (1, 1))) / 16
    return [[[blurred(M, i, j) for j in range(0, len(M[0]), 2)]
             for i in range(0, len(M), 2)] for M in X]""",
    '06.conv_backward': """def conv_backward(dY, X, K, stride=1):
    dX = [[0] * len(row) for row in X]
    dK = [[0] * len(row) for row in K]
    for i, row in enumerate(dY):
        for j, d in enumerate(row):
            for a in range(len(K)):
                for b in range(len(K[0])):
                    dX[i * stride + a][j * stride + b] += d * K[a][b]
                    dK[a][b] += d * X[i * stride + a][j * stride + b]
    return dX, dK""",
    '06.pool_backward': """def pool_backward(dY, X, k):
    dX = [[0] * len(row) for row in X]
    for i, row in enumerate(dY):
        for j, d in enumerate(row):
            places = [(i * k + a, j * k + b)
                      for a in range(k) for b in range(k)]
            a, b = max(places, key=lambda p: X[p[0]][p[1]])
            dX[a][b] = d
    return dX""",
    '06.softmax_loss': """import math
def softmax_loss(scores, y):
    loss, grad = 0, []
    for row, c in zip(scores, y):
        powers = [math.exp(s - max(row)) for s in row]
        total = sum(powers)
        loss += (math.log(total) + max(row) - row[c]) / len(scores)
        grad.append([(p / total - (k == c)) / len(scores)
                     for k, p in enumerate(powers)])
    return loss, grad""",
    '05.separable': """def separable(X, D, P):
    h, w = len(D[0]), len(D[0][0])
    def deep(x, d, i, j):
        return sum(x[i + a][j + b] * d[a][b]
                   for a in range(h) for b in range(w))
    return [[[sum(p * deep(x, d, i, j) for p, x, d in zip(row, X, D))
              for j in range(len(X[0][0]) - w + 1)]
             for i in range(len(X[0]) - h + 1)] for row in P]""",
    '13.split_groups': """def split_groups(groups, order, shares):
    left, parts = list(order), []
    for share in shares:
        part = []
        while left and len(part) < share * len(groups):
            animal = left.pop(0)
            part += [i for i, g in enumerate(groups) if g == animal]
        parts.append(sorted(part))
    return parts + [[i for i, g in enumerate(groups) if g in left]]""",
    '13.with_error': """def with_error(M):
    n = sum([sum(row) for row in M])
    a = sum([M[i][i] for i in range(len(M))]) / n
    return a, (a * (1 - a) / n) ** .5""",
    '13.threshold': """def threshold(p, right, wanted):
    for t in sorted(p):
        yes = [r for q, r in zip(p, right) if q >= t]
        if sum(yes) >= wanted * len(yes):
            return t, len(p) - len(yes)
    return None, len(p)""",
    '02.dilate': """def dilate(K, d):
    rows, columns = d * (len(K) - 1) + 1, d * (len(K[0]) - 1) + 1
    return [[K[i // d][j // d] if i % d == j % d == 0 else 0
             for j in range(columns)] for i in range(rows)]""",
}


def scope():
    """Return the names of the page's check, in CPython."""
    names = {'inf': float('inf'), 'nan': float('nan')}
    exec(CHECK, names)
    return names


def judged(name, program, capsys):
    """Return whether a program passes, and what the check prints."""
    question, names = QUESTIONS[name], scope()
    exec(program, names)
    right = names['check'](
        name,
        names[name.split('.')[1]],
        eval(question['cases'], names),
        question['mistakes'],
        question['secret'],
        question['predicts'],
    )
    return right, capsys.readouterr().out


def test_there_are_many():
    assert len(QUESTIONS) >= 40


@pytest.mark.parametrize('name', QUESTIONS)
def test_wanted_passes_and_each_mistake_fails(name):
    names = scope()
    cases = eval(QUESTIONS[name]['cases'], names)
    difference = names['difference']

    def real(value):
        refused = isinstance(value, names['Refused'])
        return ValueError(value.text) if refused else value

    for _, wanted, _ in cases:
        assert difference(real(wanted), wanted) is None
    for i, sentence in enumerate(QUESTIONS[name]['mistakes']):
        assert any(
            difference(real(names['mistaken'](case, i)), case[1])
            for case in cases
        ), sentence
    assert len(QUESTIONS[name]['hints']) == 2


@pytest.mark.parametrize('name', PREDICTIONS)
def test_predictions(name, capsys):
    cases = eval(QUESTIONS[name]['cases'], scope())
    program = 'def {}():\n    return {!r}'
    short = name.split('.')[1]
    right = tuple(wanted for _, wanted, _ in cases)
    assert judged(name, program.format(short, right), capsys)[0]
    wrong = ('?', *right[1:])
    passed, said = judged(name, program.format(short, wrong), capsys)
    assert not passed and 'wanted:' not in said  # it stays a prediction


@pytest.mark.parametrize('name', SOLUTIONS)
def test_solutions_on_lists(name, capsys):
    passed, said = judged(name, SOLUTIONS[name], capsys)
    assert passed, said


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        ((' + 1\n    if', '\n    if'), 'wrong'),
        (('// stride + 1', '// stride'), 'the +1 is missing'),
        (('// stride', '/ stride'), 'float'),
        (('dilation * (', '('), 'got 5, wanted 3'),
        (("raise ValueError('too large')", 'return 0'), 'must be refused'),
        (('return (n', 'return\n    (n'), 'a `return` missing'),
        (('return (n', 'raise NotImplementedError\n    (n'), 'not answered'),
        (('return (n', 'return q + (n'), 'NameError'),
    ],
)
def test_check_names_the_mistake(change, words, capsys):
    passed, said = judged('02.output_size', SIZE.replace(*change), capsys)
    assert not passed
    assert words in said or (words == 'wrong' and '✗' in said)


def run_in_page(page, name, program):
    """Put a program into a question's field, run it; return the widget."""
    widget = page.locator(f'd2l-exercise[name="{name}"]')
    widget.locator('textarea').fill(program)
    widget.locator('button.play').click()
    return widget


def test_question_in_the_page_from_a_file(build, visit):
    path = HTML / 'exercises/02_padding_stride_channels.html'
    page = visit(path.as_uri())
    wrong = SIZE.replace('// stride + 1', '// stride')
    widget = run_in_page(page, '02.output_size', wrong)
    assert page.locator('link[href*="heights.css"]').count() == 1
    text = widget.locator('.screen')
    text.get_by_text('the +1 is missing').wait_for()
    for hint in QUESTIONS['02.output_size']['hints']:
        widget.get_by_role('button', name='Hint').click()
        assert hint in widget.inner_text()
    assert page.evaluate('document.activeElement.tagName') == 'TEXTAREA'
    run_in_page(page, '02.output_size', SIZE)
    text.get_by_text('✓ 02.output_size is right.').wait_for()
    assert 'Done. Done on this page: 1 of' in widget.inner_text()
    page.reload()
    assert widget.locator('textarea').input_value() == SIZE
    assert 'Done. Done on this page: 1 of' in widget.inner_text()
    assert violations(page) == [] == page.problems


def test_a_loop_without_end_is_stopped(build, visit):
    path = HTML / 'exercises/02_padding_stride_channels.html'
    page = visit(path.as_uri(), width=375)
    page.locator('d2l-exercise').first.wait_for()
    limit = "customElements.get('d2l-exercise').seconds"
    assert page.evaluate(limit) == 5
    page.evaluate(f'{limit} = 0.5')
    began = time.monotonic()
    endless = SIZE.replace('    span', '    while True: pass\n    span', 1)
    widget = run_in_page(page, '02.output_size', endless)
    widget.get_by_text('Stopped after 0.5 seconds').wait_for()
    assert time.monotonic() - began < 30
    assert page.problems == []
