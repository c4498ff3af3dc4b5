"""The widgets compute what PyTorch computes, by mouse and by keyboard."""

import json
import random
import re
import subprocess
from pathlib import Path

import embed
import nbformat
import pytest
import torch
import website
from browsing import by_light_and_dark
from torch import nn
from torch.nn import functional as F

from d2lmini.nets.alexnet import AlexNet
from d2lmini.nets.densenet import DenseNet
from d2lmini.nets.googlenet import GoogLeNet
from d2lmini.nets.lenet import LeNet
from d2lmini.nets.resnet import ResNet
from d2lmini.nets.vgg import VGG
from d2lmini.summary import summary

ROOT = Path(__file__).parent.parent

PAGES = {
    'convolution': '01_convolution',
    'pooling': '03_pooling',
    'receptive-field': '02_padding_stride_channels',
    'calculator': '05_classic_nets',
}


def node(expression, cases, *files):
    """Return what a JavaScript expression makes of each case.

    files: those of the widgets that it needs besides arithmetic.js.
    """
    program = website.find_node()
    if program is None:
        pytest.skip('Node.js is not here')
    load = ''.join(
        f'require({json.dumps(str(embed.FOLDER / name))});'
        for name in ['arithmetic.js', *(files or ['layers.js'])]
    )
    done = subprocess.run(
        [
            program,
            '-e',
            f"""{load}
            const cases = JSON.parse(require('fs').readFileSync(0));
            console.log(JSON.stringify(cases.map(c => ({expression}))));""",
        ],
        input=json.dumps(cases),
        capture_output=True,
        encoding='utf-8',
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def or_none(function, *args, **options):
    """Return what function gives, or None where PyTorch refuses."""
    try:
        return function(*args, **options)
    except (RuntimeError, ValueError):
        return None


def numbers(dice, side):
    return [[dice.randint(-9, 9) for _ in range(side)] for _ in range(side)]


# Arithmetic against PyTorch


def test_convolution():
    """Outputs, refusals, terms and reads, 400 random settings."""
    dice, cases = random.Random(0), []
    for _ in range(400):
        n, kernel = dice.randint(1, 9), dice.randint(1, 5)
        cases.append(
            dict(
                n=n,
                kernel=kernel,
                stride=dice.randint(1, 4),
                padding=dice.randint(0, 3),
                dilation=dice.randint(1, 3),
                mode=dice.choice(
                    ['zeros', 'reflect', 'replicate', 'circular']
                ),
                X=numbers(dice, n),
                K=numbers(dice, kernel),
            )
        )
    found = node(
        """d2l.convolutionFault(c) ? null : {
        Y: d2l.convolve(c.X, c.K, c), reads: d2l.reads(c),
        last: d2l.terms(d2l.pad(c.X, c.padding, c.mode), c.K, c,
                        d2l.convolutionSize(c) - 1, 0)}""",
        cases,
    )
    refused = 0
    for case, mine in zip(cases, found):
        wanted = or_none(convolve, case)
        assert (mine is None) == (wanted is None), case
        refused += mine is None
        if mine is not None:
            Y, used = wanted
            assert mine['Y'] == Y.tolist(), case
            reads = torch.tensor(mine['reads'])
            assert torch.equal(torch.outer(reads, reads), used), case
            assert Y[-1, 0] == sum(
                t['value'] * t['weight'] for t in mine['last']
            )
    assert 50 < refused < 200


def convolve(case):
    """Return PyTorch's output, and how often it reads each padded pixel."""
    mode = 'constant' if case['mode'] == 'zeros' else case['mode']
    X, K = (torch.tensor([[case[k]]]).double() for k in 'XK')
    padded = F.pad(X, (case['padding'],) * 4, mode=mode).requires_grad_()
    options = dict(stride=case['stride'], dilation=case['dilation'])
    F.conv2d(padded, torch.ones_like(K), **options).sum().backward()
    Y = F.conv2d(padded.detach(), K, **options)
    return Y[0, 0], padded.grad[0, 0].round().long()


def test_pooling():
    """Outputs and refusals, 400 random settings."""
    dice, cases = random.Random(1), []
    for _ in range(400):
        n = dice.randint(1, 9)
        cases.append(
            dict(
                n=n,
                kernel=dice.randint(1, 5),
                stride=dice.randint(1, 5),
                padding=dice.randint(0, 2),
                kind=dice.choice(['max', 'avg']),
                ceil=dice.random() < 0.5,
                counted=dice.random() < 0.5,
                X=numbers(dice, n),
            )
        )
    found = node('d2l.poolFault(c) ? null : d2l.pool(c.X, c)', cases)
    for case, mine in zip(cases, found):
        wanted = or_none(pool, case)
        assert (mine is None) == (wanted is None), case
        if mine is not None:
            torch.testing.assert_close(torch.tensor(mine).double(), wanted)
    assert 50 < sum(mine is None for mine in found) < 200


def pool(case):
    X = torch.tensor([case['X']]).double()
    args = case['kernel'], case['stride'], case['padding']
    if case['kind'] == 'max':
        return F.max_pool2d(X, *args, ceil_mode=case['ceil'])[0]
    return F.avg_pool2d(
        X, *args, ceil_mode=case['ceil'], count_include_pad=case['counted']
    )[0]


def test_receptive_field():
    """Sizes, ways and fields, 300 random stacks, against gradients."""
    dice, cases = random.Random(2), []
    while len(cases) < 300:
        layers = [
            dict(
                kernel=dice.randint(1, 4),
                stride=dice.randint(1, 3),
                padding=dice.randint(0, 2),
                dilation=dice.randint(1, 3),
            )
            for _ in range(dice.randint(1, 5))
        ]
        n = dice.randint(10, 60)
        if (out := or_none(see, n, layers)) is not None:
            unit = dice.randrange(out[0][-1])
            cases.append(dict(n=n, layers=layers, unit=unit))
    found = node(
        """{rows: d2l.fields(c.n, c.layers),
        ways: [...d2l.ways(c.n, c.layers, c.layers.length, c.unit).at(-1)]}""",
        cases,
    )
    inside = 0
    for case, mine in zip(cases, found):
        sizes, gradient = see(**case)
        assert [row['size'] for row in mine['rows']] == sizes, case
        ways = {i: count for i, count in enumerate(gradient) if count}
        assert dict(mine['ways']) == ways, case
        row = mine['rows'][-1]
        first = row['start'] + case['unit'] * row['jump']
        last = first + row['field'] - 1
        assert all(first <= i <= last for i in ways), case
        if all(layer['padding'] == 0 for layer in case['layers']):
            assert (min(ways), max(ways)) == (first, last), case
            inside += 1
    assert inside >= 10


def see(n, layers, unit=0):
    """Return the sizes of all maps, and one last unit's gradient."""
    X = torch.ones(1, 1, n, dtype=torch.float64, requires_grad=True)
    Y, sizes = X, [n]
    for layer in layers:
        weight = torch.ones(1, 1, layer['kernel'], dtype=torch.float64)
        Y = F.conv1d(
            Y,
            weight,
            None,
            layer['stride'],
            layer['padding'],
            layer['dilation'],
        )
        sizes.append(Y.shape[-1])
    Y[0, 0, unit].backward()
    return sizes, X.grad[0, 0].long().tolist()


NETS = {
    'LeNet': LeNet,
    'AlexNet': AlexNet,
    'VGG-11': VGG,
    'GoogLeNet': GoogLeNet,
    'ResNet-18': ResNet,
    'DenseNet-121': DenseNet,
}


def rows_of(net, shape):
    """Return the numbers of d2lmini.summary, layer by layer."""
    return [
        [list(row.output_shape), row.parameters, row.multiply_adds, row.memory]
        for row in summary(net, tuple(shape)).rows
    ]


def rows_found(result):
    return [
        [row['shape'], row['parameters'], row['multiplyAdds'], row['memory']]
        for row in result['rows']
    ]


def test_presets_are_the_book_s_networks():
    """Every layer of all six, as d2lmini.summary counts it."""
    (presets,) = node('d2l.PRESETS', [0])
    (results,) = node(
        """Object.fromEntries(Object.entries(d2l.PRESETS).map(
        ([name, [shape, text]]) => [name, d2l.calculate(text, shape)]))""",
        [0],
    )
    assert presets.keys() == NETS.keys()
    for name, (shape, _) in presets.items():
        with torch.device('meta'):
            net = NETS[name]()
        assert 'fault' not in results[name], name
        assert rows_found(results[name]) == rows_of(net, shape), name
        for key in ['parameters', 'multiplyAdds', 'memory']:
            assert sum(line[key] for line in results[name]['lines']) == sum(
                row[key] for row in results[name]['rows']
            )


def random_net(dice):
    """Return a net of random layers, not all of which need to fit."""
    layers, channels = [], dice.choice([1, 3])
    shape = [dice.randint(1, 3), channels, *dice.choices(range(8, 33), k=2)]
    for _ in range(dice.randint(1, 8)):
        out, pair = (
            dice.choice([2, 4, 6, 8]),
            (dice.randint(1, 3), dice.randint(1, 5)),
        )
        kind = dice.randrange(8)
        if kind < 3:
            layers.append(
                nn.Conv2d(
                    channels,
                    out,
                    pair,
                    dice.randint(1, 2),
                    dice.randint(0, 2),
                    dice.randint(1, 2),
                    dice.choice([1, 1, 1, channels])
                    if out % channels == 0
                    else 1,
                    dice.random() < 0.5,
                )
            )
            channels = out
        elif kind == 3:
            args = (
                dice.randint(1, 3),
                dice.choice([None, 1, 2]),
                dice.randint(0, 1),
            )
            layers.append(
                dice.choice(
                    [  # print(net) is silent on an
                        nn.AvgPool2d(*args),  # average's ceil_mode
                        nn.MaxPool2d(*args, ceil_mode=dice.random() < 0.5),
                    ]
                )
            )
        elif kind == 4:
            layers.append(
                nn.BatchNorm2d(
                    channels if dice.random() < 0.9 else channels + 1
                )
            )
        elif kind == 5:
            layers.append(
                nn.ConvTranspose2d(
                    channels,
                    out,
                    pair,
                    2,
                    int(min(pair) > 2),
                    dice.randint(0, 1),
                    bias=dice.random() < 0.5,
                )
            )
            channels = out
        else:
            layers.append(
                dice.choice(
                    [
                        nn.ReLU(inplace=True),
                        nn.Dropout(0.1),
                        nn.AdaptiveAvgPool2d((dice.randint(1, 4), None)),
                        nn.Upsample(scale_factor=2),
                    ]
                )
            )
    if dice.random() < 0.5:
        layers += [
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
            nn.Linear(4 * channels if dice.random() < 0.8 else 7, 10),
        ]
    return nn.Sequential(*layers), shape


def test_calculator():
    """The table of 300 random nets, from what print(net) gives of them."""
    dice = random.Random(3)
    cases = [random_net(dice) for _ in range(300)]
    found = node(
        'd2l.calculate(...c)', [[str(net), shape] for net, shape in cases]
    )
    faults = 0
    for (net, shape), mine in zip(cases, found):
        try:
            wanted = rows_of(net, shape)
        except ValueError as error:
            layer = int(re.match(r'layer (\d+)', str(error))[1])
            assert mine['fault']['line'] == layer + 2, (net, error)
            faults += 1
        else:
            assert 'fault' not in mine, (net, shape, mine['fault'])
            assert rows_found(mine) == wanted, (net, shape)
    assert 60 < faults < 200


def test_a_misspelt_layer_gets_the_right_name():
    words = {
        'conv2d(1, 6, 5)': 'Conv2d',
        'Conv2D(1, 6, 5)': 'Conv2d',
        'Covn2d(1, 6, 5)': 'Conv2d',
        'Relu()': 'ReLU',
        'RELU()': 'ReLU',
        'LeakyRelu()': 'LeakyReLU',
        'Maxpool2d(2)': 'MaxPool2d',
        'BatchNorm(6)': 'BatchNorm2d',
        'AdaptivAvgPool2d(1)': 'AdaptiveAvgPool2d',
        'Flaten()': 'Flatten',
        'flatten': 'Flatten',
        'Liner(3, 4)': 'Linear',
        'linear': 'Linear',
        'DropOut(0.5)': 'Dropout',
        'Residuals(6, 6)': 'Residual',
        'GroupNrom(2, 6)': 'GroupNorm',
        'Softmaxx()': 'Softmax',
        'Foo(3)': None,
        'Transformer(3)': None,
        'x' * 5000: None,
    }
    found = node('d2l.calculate(c, [1, 1, 28, 28])', list(words))
    near = {w: r['fault']['values'].get('near') for w, r in zip(words, found)}
    assert near == words


def test_brackets_without_end():
    """They are counted, by line, and nothing falls over."""
    cases = [
        'ReLU()\n' + '(' * 5000,
        'ReLU()\n' + 'Sequential(' * 5000 + ')' * 5000,
        'ReLU()\n' + 'Conv2d(' + '[' * 5000 + ']' * 5000,
        'ReLU()\n' + ')' * 5000,
    ]
    found = node('d2l.calculate(c, [1, 1, 28, 28])', cases)
    assert [r['fault']['line'] for r in found] == [2] * 4
    assert [r['fault']['reason'] for r in found] == ['deep'] * 3 + ['syntax']
    deep = 'Sequential(' * 90 + 'ReLU()' + ')' * 90
    (fine,) = node('d2l.calculate(c, [1, 1, 28, 28])', [deep])
    assert 'fault' not in fine


def test_what_cannot_be_read_is_named():
    words = {
        'Conv2d(': 'syntax',
        ')': 'syntax',
        '3 4': 'syntax',
        'Conv2d': 'syntax',
        'Add()': 'syntax',
        'Foo(3)': 'unknown',
        'Conv2d(1, 6)': 'missing',
        'Linear("a", 3)': 'argument',
        'Residual()': 'missing',
        'Inception(3, 4, 5, 6, 7)': 'argument',
        'dense_block(99999999, 1, 1)': 'argument',
        'Flatten(7)': 'dimensions',
        'Linear(5, 2)': 'features',
        'Conv2d(3, 6, 5)': 'channels',
        'MaxPool2d(2, padding=2)': 'padding',
        'Conv2d(1, 2, 29)': 'fit',
    }
    found = node(
        'd2l.calculate(c, [1, 1, 28, 28])',
        [f'ReLU()\n{text}' for text in words],
    )
    assert [r['fault']['reason'] for r in found] == list(words.values())
    assert {r['fault']['line'] for r in found} == {2}
    nothing, wrong = node('d2l.calculate("ReLU()", c)', [[], [1, 0]])
    assert nothing['fault']['reason'] == wrong['fault']['reason'] == 'shape'


# On the pages


@pytest.mark.parametrize('name', PAGES)
def test_page_has_the_widget_and_what_stands_for_it(name):
    """A picture with words, and a sentence: for readers without scripts."""
    nb = nbformat.read(ROOT / 'chapters' / f'{PAGES[name]}.ipynb', 4)
    (cell,) = [c for c in nb.cells if f'<d2l-{name}>' in c.source]
    inside = re.search(
        rf'^<d2l-{name}>\n\n(.+)\n\n</d2l-{name}>$',
        cell.source,
        flags=re.S | re.M,
    )[1]
    picture, sentence = inside.split('\n\n')
    alt, path = re.fullmatch(r'!\[(.+)\]\((.+)\)', picture).groups()
    assert len(alt) > 60 and len(sentence) > 60
    assert (ROOT / 'chapters' / path).stat().st_size < 60 * 1024


# In a browser, each widget on a bare page


def slide(widget, name, keys):
    """Move a slider by keyboard."""
    widget.locator(f'[name={name}]').focus()
    for key in keys:
        widget.page.keyboard.press(key)


def grid(widget, k):
    """Return what stands in the k-th grid, row by row."""
    return widget.evaluate(
        """(widget, k) => [...widget.querySelectorAll(
        'table')[k].rows].map(row => [...row.cells].map(cell =>
            cell.querySelector('input')?.value ?? cell.textContent))""",
        k,
    )


def test_convolution_by_mouse(show):
    widget = show('convolution')
    text = widget.inner_text
    assert 'Output row 0, column 0' in text()
    widget.locator('table').nth(2).locator('td').nth(5).click()
    assert 'Output row 1, column 2' in text()
    assert re.search(r'9 × \(−1\) \+ 9 × 0 \+ 1 × 1\s*= −24', text())
    assert widget.locator('td.tap').count() == 9
    widget.get_by_label('Padding mode').select_option('replicate')
    widget.locator('[name=padding]').fill('2')
    widget.locator('[name=stride]').fill('4')
    assert '⌊(5 + 2×2 − 1×(3 − 1) − 1) / 4⌋ + 1 = 2' in text()
    assert 'Never read: row and column 1 of the input, 2 of the' in text()
    assert grid(widget, 0)[0] == ['1'] * 9
    widget.get_by_label('Kernel', exact=True).select_option('mean')
    assert grid(widget, 1)[0] == ['1/9'] * 3
    widget.locator('table').nth(0).locator('input').nth(6).hover()
    assert 'Input row 1, column 1 is read by 0 of 4 outputs.' in text()


def test_convolution_by_keyboard(show):
    widget = show('convolution')
    press = widget.page.keyboard.press
    slide(widget, 'kernel', ['ArrowLeft'])
    assert grid(widget, 1) == [['−1', '1']] * 2
    slide(widget, 'dilation', ['End'])
    assert [len(row) for row in grid(widget, 2)] == [2, 2]
    press('Tab'), press('Tab'), press('Tab'), press('Tab')
    press('ArrowRight'), press('ArrowDown')  # in the input's grid
    active = widget.page.evaluate_handle('document.activeElement')
    assert active.get_attribute('aria-label') == 'row 1, column 1'
    press('Tab'), widget.page.keyboard.type('-3')  # in the kernel's
    assert widget.get_by_label('Kernel', exact=True).input_value() == 'own'
    press('Tab'), press('ArrowRight')  # in the output's
    assert 'Output row 0, column 1' in widget.inner_text()
    assert re.search(
        r'1 × \(−3\) \+ 1 × 1\s*\+ 9 × \(−1\) \+ 1 × 1\s*= −10',
        widget.inner_text(),
    )
    assert widget.locator('[aria-selected=true]').count() == 1
    assert widget.locator('.sum').get_attribute('role') == 'status'


def test_convolution_refuses_with_the_reason(show):
    widget = show('convolution')
    slide(widget, 'kernel', ['End'])
    slide(widget, 'dilation', ['ArrowRight'])
    fault = widget.locator('[role=alert]')
    assert 'it spans 9, the input with its padding only 5' in (
        fault.inner_text()
    )
    assert grid(widget, 2) and not widget.locator('table').nth(2).is_visible()
    slide(widget, 'dilation', ['Home'])
    assert fault.inner_text() == ''
    cell = widget.locator('table').nth(1).locator('input').first
    cell.fill('x')
    assert cell.get_attribute('aria-invalid') is not None
    cell.blur()
    assert cell.input_value() == '−1'


def test_play_walks_over_all_outputs(show):
    widget = show('convolution', fresh=True)
    widget.page.clock.install(time=0)
    widget.page.clock.pause_at(3600)  # a busy machine adds none
    widget.get_by_role('button', name='Previous output').click()
    assert 'Output row 2, column 2' in widget.inner_text()
    widget.get_by_role('button', name='Play').click()
    widget.page.clock.run_for(2500)
    assert 'Output row 0, column 2' in widget.inner_text()
    assert widget.locator('.sum').get_attribute('aria-live') == 'off'
    widget.get_by_role('button', name='Pause').click()
    widget.page.clock.run_for(2500)
    assert 'Output row 0, column 2' in widget.inner_text()


def test_nothing_moves_for_those_who_want_none(show):
    widget = show('convolution')
    motion = """widget => getComputedStyle(widget.querySelector('.frame')
        ).transitionProperty"""
    assert widget.evaluate(motion) == 'translate'
    widget.page.emulate_media(reduced_motion='reduce')
    assert widget.evaluate(motion) == 'none'


def test_pooling_widget(show):
    widget = show('pooling')
    text = widget.inner_text
    assert grid(widget, 1) == [['5', '4'], ['6', '7']]
    assert 'Never read: row and column 4 of the input' in text()
    widget.get_by_label('Round up').check()
    assert '⌈(5 + 2×0 − 2) / 2⌉ + 1 = 3' in text()
    widget.get_by_label('Keep the').select_option('avg')
    slide(widget, 'padding', ['ArrowRight'])
    assert grid(widget, 1)[0] == ['0.75', '0.25', '2.5']
    assert '4 places of the window, 3 of them padding' in text()
    widget.get_by_label('Count the padding').uncheck()
    assert grid(widget, 1)[0] == ['3', '0.5', '5']
    slide(widget, 'kernel', ['Home'])
    assert '1 is more than 1 / 2' in widget.get_by_role('alert').inner_text()


def test_receptive_field_widget(show):
    widget = show('receptive-field')
    text = widget.inner_text
    assert 'Unit 7 of layer 3 sees pixels 7 to 13: a field of 7' in text()
    widget.get_by_label('Layers', exact=True).select_option('holes')
    assert 'It reads 7 of these 13.' in text()
    widget.get_by_label('Layers', exact=True).select_option('lenet')
    assert 'field = 14 + 1×(2 − 1) × 2 = 16' in text()
    box = widget.locator('svg').bounding_box()
    widget.page.mouse.click(box['x'] + 1, box['y'] + 83)
    assert 'Unit 0 of layer 3' in text()
    slide(widget, 'unit', ['ArrowRight', 'ArrowRight'])
    assert 'Unit 2 of layer 3' in text()
    widget.get_by_role('button', name='Remove the last layer').press('Enter')
    assert grid(widget, 0)[-1][-3:] == ['10', '2', '14']
    widget.get_by_label('layer 3, Kernel size').fill('9')
    widget.get_by_label('layer 3, Dilation').fill('2')
    assert 'Layer 3 does not fit: its kernel spans 17, there are 14' in text()


def test_calculator_widget(show):
    widget = show('calculator')
    text = widget.inner_text
    assert '61,706 parameters, 416,520 multiply-adds' in text()
    widget.get_by_label('Network').select_option('ResNet-18')
    assert '11,689,512 parameters, 1,814,073,344 multiply-adds' in text()
    area = widget.get_by_label('Layers', exact=True)
    area.fill('Conv2d(3, 8, 3)\nReLU()\nFlatten()\nLinear(8, 2)')
    widget.get_by_label('Input (N, C, H, W)').fill('1, 3, 8, 8')
    assert widget.get_by_role('alert').inner_text() == (
        'Line 4, Linear(8, 2): wants 8 numbers on the last axis, gets 288 '
        '(input (1, 288)).'
    )
    assert len(grid(widget, 0)) == 1 + 3
    area.fill('Conv2d(3, 8, 3)')
    widget.get_by_label('Next layer').select_option('BatchNorm2d')
    widget.get_by_role('button', name='Append').press('Enter')
    assert area.input_value() == 'Conv2d(3, 8, 3)\nBatchNorm2d(8)'
    assert 'gives (1, 8, 6, 6)' in text()


SMALL = """widget => [...widget.querySelectorAll(
    'button, select, input, textarea, td[tabindex]')].filter(e => {
        const { width, height } = (e.type === 'checkbox' ? e.parentElement
            : e).getBoundingClientRect();
        return e.checkVisibility() && Math.min(width, height) < 23.9;
    }).map(e => e.outerHTML)"""
WIDE = """widget => [...widget.querySelectorAll('.layered')]
    .map(e => e.parentElement).filter(e => e.scrollWidth > e.clientWidth)
    .map(e => e.outerHTML)"""
WORST = {
    'convolution': dict(n=7, padding=2, kernel=1),
    'pooling': dict(n=6, padding=1, kernel=4, stride=3, ceil=True),
}


def test_for_everyone(show):
    """On a narrow phone, in light and dark: axe, targets, no overflow."""
    page = show(*PAGES).page
    assert by_light_and_dark(page) == []
    for width in [375, 320]:
        page.set_viewport_size({'width': width, 'height': 900})
        for name in PAGES:
            widget = page.locator(f'd2l-{name}')
            assert widget.evaluate(SMALL) == []
            widget.evaluate(
                '(widget, worst) => widget.change(worst)', WORST.get(name, {})
            )
            assert widget.evaluate(SMALL) == []
            assert widget.evaluate(WIDE) == []
        assert page.evaluate('document.documentElement.scrollWidth') == width
