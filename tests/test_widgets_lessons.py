"""Widgets on training and on blocks: their numbers, and what they say."""

import random
import re

import nbformat
import pytest
import shoot
import torch
from browsing import ROOT, by_light_and_dark
from test_widgets import SMALL, node, numbers, slide
from torch import nn
from torch.nn import functional as F

from d2lmini.nets.densenet import DenseLayer
from d2lmini.nets.googlenet import Inception
from d2lmini.summary import summary


def double(numbers):
    return torch.tensor(numbers, dtype=torch.float64)


def lessons(expression, cases, *more):
    """As node(), with the files of these widgets."""
    return node(expression, cases, 'lessons.js', *more)


# Arithmetic against PyTorch


def test_backward_of_a_convolution():
    """Gradients of 300 random convolutions, also of the first outputs."""
    dice, cases = random.Random(0), []
    for _ in range(300):
        n, k = dice.randint(2, 5), dice.randint(1, 2)
        cases.append(
            dict(
                X=numbers(dice, n),
                K=numbers(dice, k),
                dY=numbers(dice, n - k + 1),
                count=dice.randint(0, 9),
            )
        )
    found = lessons('d2l.convolutionBackward(c.X, c.K, c.dY, c.count)', cases)
    for case, mine in zip(cases, found):
        X, K, dY = (double(case[k]) for k in ('X', 'K', 'dY'))
        dY.flatten()[case['count'] :] = 0
        X.requires_grad_(), K.requires_grad_()
        F.conv2d(X[None, None], K[None, None])[0, 0].backward(dY)
        assert mine['dX'] == X.grad.tolist(), case
        assert mine['dK'] == K.grad.tolist(), case


def test_batch_norm():
    """Both modes, and what is remembered, 300 random minibatches."""
    generator = torch.Generator().manual_seed(0)
    cases = []
    for _ in range(300):
        x = torch.randn(16, generator=generator).double()
        gamma, beta, shift, mean, var = torch.rand(5, generator=generator)
        cases.append(
            dict(
                x=(3 * x + 5 * shift).tolist(),
                gamma=gamma.item(),
                beta=beta.item(),
                running=dict(mean=mean.item(), variance=0.5 + var.item()),
            )
        )
    found = lessons(
        """({ here: d2l.batchNorm(c.x, c), later: d2l.batchNorm(c.x, c,
        c.running), running: d2l.follow(c.running, c.x) })""",
        cases,
    )
    for case, mine in zip(cases, found):
        norm = nn.BatchNorm1d(1).double()
        with torch.no_grad():
            norm.weight.fill_(case['gamma'])
            norm.bias.fill_(case['beta'])
            norm.running_mean.fill_(case['running']['mean'])
            norm.running_var.fill_(case['running']['variance'])
            x = torch.tensor(case['x'], dtype=torch.float64)[:, None]
            later = norm.eval()(x)[:, 0].tolist()
            here = norm.train()(x)[:, 0].tolist()
        assert mine['later'] == pytest.approx(later)
        assert mine['here'] == pytest.approx(here)
        assert mine['running'] == pytest.approx(
            dict(
                mean=norm.running_mean.item(), variance=norm.running_var.item()
            )
        )


def test_gradients_of_deep_stacks():
    """At each layer's input, by autograd, 120 stacks."""
    cases = [
        dict(depth=depth, gain=gain / 20, shortcut=shortcut)
        for depth in (2, 3, 7, 20, 30, 40)
        for gain in range(10, 41, 3)
        for shortcut in (False, True)
    ]
    found = lessons(
        """(() => { const random = d2l.dice(5);
        return { sizes: d2l.gradientSizes(c.depth, c.gain, c.shortcut),
            weights: d2l.stackOf(c.depth, c.gain),
            start: d2l.range(16).map(() => d2l.normal(random)) }; })()""",
        cases,
    )
    for case, mine in zip(cases, found):
        h = double(mine['start']).requires_grad_()
        inputs = [h]
        for W in double(mine['weights']):
            out = torch.tanh(W @ inputs[-1])
            inputs.append(out + inputs[-1] if case['shortcut'] else out)
        wanted = torch.autograd.grad(inputs[-1].mean(), inputs)
        sizes = [gradient.norm().item() for gradient in wanted]
        assert mine['sizes'] == pytest.approx(sizes, rel=1e-6), case
        if case['shortcut']:  # as the widget says when its task is done
            assert sizes[0] / sizes[-1] > 0.5


def test_line():
    """Loss and slopes of 200 lines, by autograd."""
    dice, cases = random.Random(1), []
    for _ in range(200):
        count = dice.randint(1, 9)
        points = [[dice.gauss(0, 2), dice.gauss(0, 3)] for _ in range(count)]
        w, b = dice.gauss(0, 2), dice.gauss(0, 2)
        cases.append(dict(points=points, w=w, b=b))
    found = lessons('d2l.lineLoss(c.points, c.w, c.b)', cases)
    for case, mine in zip(cases, found):
        x, y = double(case['points']).T
        line = double([case['w'], case['b']]).requires_grad_()
        loss = F.mse_loss(line[0] * x + line[1], y)
        loss.backward()
        wanted = [loss.item(), *line.grad.tolist()]
        assert list(mine.values()) == pytest.approx(wanted)


def convolutions(block):
    return [m for m in block.modules() if isinstance(m, nn.Conv2d)]


def test_dense_block():
    """Channels and weights of 200 blocks of the book's layers."""
    dice = random.Random(2)
    cases = [
        dict(
            start=dice.choice([8, 16, 24, 64]),
            growth=dice.randint(1, 48),
            layers=dice.randint(1, 12),
            bottleneck=dice.random() < 0.5,
        )
        for _ in range(200)
    ]
    for case, mine in zip(cases, lessons('d2l.denseBlock(c)', cases)):
        channels, weights = case['start'], []
        with torch.device('meta'):
            for at, count in enumerate(mine['weights']):
                assert mine['channels'][at] == channels
                if case['bottleneck']:
                    layer = DenseLayer(channels, case['growth'])
                else:
                    layer = nn.Conv2d(
                        channels, case['growth'], 3, padding=1, bias=False
                    )
                weights.append(
                    sum(c.weight.numel() for c in convolutions(layer))
                )
                assert weights[-1] == count
                channels += case['growth']
        assert mine['channels'][-1] == channels
        assert mine['all'] == sum(weights)


def test_cost_of_a_convolution():
    """Operations as summary counts them, bytes as tensors have them."""
    dice = random.Random(4)
    cases = [
        dict(
            batch=dice.randint(1, 9),
            channels=dice.randint(1, 33),
            size=dice.randint(1, 29),
            kernel=dice.choice([1, 3, 5, 7]),
            depthwise=dice.random() < 0.5,
        )
        for _ in range(200)
    ]
    for case, mine in zip(cases, lessons('d2l.convolutionCost(c)', cases)):
        batch, channels, size, kernel, depthwise = case.values()
        with torch.device('meta'):
            layer = nn.Conv2d(
                channels,
                channels,
                kernel,
                padding=kernel // 2,
                groups=channels if depthwise else 1,
                bias=False,
            )
            X = torch.empty(batch, channels, size, size)
        (row,) = summary(layer, tuple(X.shape)).rows
        assert mine['operations'] == 2 * row.multiply_adds
        tensors = X, layer.weight, layer(X)
        assert mine['bytes'] == sum(t.nbytes for t in tensors)


def test_inception():
    """Multiply-adds and weights of 100 blocks, as d2lmini counts them."""
    dice, cases = random.Random(3), []
    for _ in range(100):
        c = [dice.randint(1, 64) for _ in range(7)]
        cases.append(
            dict(
                input=c[0],
                size=dice.choice([7, 14]),
                c1=c[1],
                c2=c[2:4],
                c3=c[4:6],
                c4=c[6],
                reduce=True,
            )
        )
    for case, mine in zip(cases, lessons('d2l.inception(c)', cases)):
        sizes = case['c1'], tuple(case['c2']), tuple(case['c3']), case['c4']
        with torch.device('meta'):
            block = Inception(case['input'], *sizes)
        shape = 1, case['input'], case['size'], case['size']
        wanted = sum(row.multiply_adds for row in summary(block, shape).rows)
        assert mine['multiplyAdds'] == wanted
        weights = [c.weight.numel() for c in convolutions(block)]
        assert mine['weights'] == sum(weights)
        assert mine['output'] == sum(
            [case['c1'], case['c2'][1], case['c3'][1], case['c4']]
        )


# In a browser, each widget on a bare page


def test_backward_widget(show):
    widget = show('backward')
    text = widget.inner_text
    assert 'brings dY = 2' in text()
    widget.get_by_role('button', name='Next output').click()
    assert 'Output row 0, column 1 brings dY = 1' in text()
    cell = widget.get_by_role('grid', name='dY').locator('input')
    for k, value in enumerate(['1', '0', '0', '0']):
        assert widget.locator('.task.done').count() == 0
        cell.nth(k).fill(value)
    assert widget.locator('.task.done').count() == 1
    widget.get_by_label('Add up all four outputs').check()
    values = widget.locator('table').nth(4).locator('td').all_inner_texts()
    assert values == ['1', '2', '3', '1']


def test_batch_norm_widget(show):
    widget = show('batch-norm')
    text = widget.inner_text
    assert 'After: mean 0, std 1' in text()
    widget.get_by_label('Mode').select_option('evaluation')
    assert 'After: mean 3.04, std 2' in text()  # it remembers nothing yet
    widget.get_by_role('button', name='20 steps').click()
    widget.get_by_role('button', name='20 steps').click()
    assert 'after 40 training steps' in text()
    mean = widget.locator('figcaption').nth(1).inner_text()
    assert abs(float(mean.split()[2].strip(',').replace('−', '-'))) < 0.4
    widget.get_by_role('button', name='Forget').click()
    widget.get_by_label('Mode').select_option('training')
    slide(widget, 'gamma', ['ArrowRight'] * 4)
    assert widget.locator('.task.done').count() == 0
    slide(widget, 'beta', ['ArrowRight'] * 6)
    assert widget.locator('.task.done').count() == 1


def test_shortcut_widget(show):
    widget = show('shortcut')
    text = widget.inner_text
    assert 'The gradient vanishes: without shortcuts the first of 20' in text()
    widget.get_by_label('Shortcuts').check()
    assert 'The gradient arrives: with shortcuts' in text()
    assert 'The other stack, without them: 0.005 times.' in text()
    widget.get_by_label('Layers').fill('30')
    widget.get_by_label('Size of weights').fill('1.15')
    assert widget.locator('.task.done').count() == 0
    widget.get_by_label('Shortcuts').uncheck()
    assert widget.locator('.task.done').count() == 1


def test_line_widget(show):
    widget = show('line')
    step = widget.get_by_role('button', name='Step downhill')
    for _ in range(5):
        step.click()
    assert 'After 5 steps' in widget.inner_text()
    assert widget.locator('.task.done').count() == 0
    widget.get_by_role('button', name='Start again').click()
    widget.get_by_label('Learning rate').fill('0.3')
    for _ in range(4):
        step.click()
    assert 'Near the bottom' in widget.inner_text()
    assert widget.locator('.task.done').count() == 1
    widget.get_by_role('button', name='Start again').click()
    widget.get_by_label('Learning rate').fill('0.6')
    for _ in range(3):
        step.click()
    assert 'overshot the bottom' in widget.inner_text()


def test_dense_widget(show):
    widget = show('dense')
    text = widget.inner_text
    assert '64 + 6 × 32 = 256 channels' in text()
    assert 'Layer 6 reads 224 channels and makes 32: 65,536 weights' in text()
    widget.get_by_label('Layers').fill('16')
    assert widget.locator('.task.done').count() == 0
    widget.get_by_label('Growth rate').fill('12')
    assert '201,216 weights in all' in text()
    assert widget.locator('.task.done').count() == 1


def test_inception_widget(show):
    widget = show('inception')
    text = widget.inner_text
    assert '308.3 million multiply-adds for 256 channels' in text()
    assert widget.get_by_label('Before the 5×5').is_disabled()
    widget.get_by_label('Reduce with 1×1 first').check()
    assert '165.4 million' in text() and widget.locator('.done').count() == 0
    widget.get_by_label('Before the 5×5').fill('16')
    assert '128.0 million multiply-adds for 256 channels' in text()
    assert widget.locator('.task.done').count() == 1


def test_roofline_widget(show):
    widget = show('roofline')
    text = widget.inner_text
    assert 'Limited by arithmetic' in text() and 'ridge is at 10' in text()
    widget.get_by_label('Channels').fill('8')
    assert widget.locator('.task.done').count() == 0
    widget.get_by_label('Depthwise').check()
    assert 'Limited by memory: 2.25 operations per byte' in text()
    assert widget.locator('.task.done').count() == 1


# What people paste or say, and a word of the row that must come first.
ASKED = {
    "Traceback (most recent call last):\n  File 'a.py', line 3\nNameError: "
    "name 'bias' is not defined": 'NameError',
    "TypeError: 'torch.Size' object is not callable": 'is not callable',
    'AttributeError: cannot assign module before Module.__init__() call': (
        'cannot assign module'
    ),
    'TypeError: Net.__init__() takes 1 positional argument but 3 were given': (
        'takes 1 positional'
    ),
    "AttributeError: '_SingleProcessDataLoaderIter' object has no attribute "
    "'next'": "has no attribute 'next'",
    'RuntimeError: Input type (double) and bias type (float) should be the '
    'same': 'Input type (double)',
    'RuntimeError: Given groups=1, weight of size [6, 3, 5, 5], expected '
    'input[4, 1, 28, 28] to have 3 channels, but got 1 channels instead': (
        'expected input to have'
    ),
    'RuntimeError: mat1 and mat2 shapes cannot be multiplied (64x784 and '
    '400x120)': 'mat1 and mat2',
    'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB': (
        'CUDA out of memory'
    ),
    'RuntimeError: Expected all tensors to be on the same device, but found '
    'at least two devices, cuda:0 and cpu!': 'to be on the same device',
    'RuntimeError: DataLoader worker (pid 7) exited unexpectedly': (
        'exited unexpectedly'
    ),
    'IndexError: Target 10 is out of bounds.': 'Target 10',
    'RuntimeError: Error(s) in loading state_dict for ResNet: size mismatch '
    'for fc.weight: copying a param with shape torch.Size([1000, 512])': (
        'in state_dict'
    ),
    'ValueError: Expected more than 1 value per channel when training, got '
    'input size torch.Size([1, 64])': 'more than 1 value',
    'the loss is nan': 'nan',
    'loss stays at 1.46': '1.46',
    'the loss hardly moves': 'hardly moves',
    'accuracy above 1': 'accuracy above 1',
    'validation accuracy too good to be true': 'too good to be true',
    'dead relu, many zeros': 'many zeros',
}


def test_symptom_finder(show):
    """It finds the row first, but for two of 20 at most, and its case."""
    widget = show('symptom', more=shoot.clinic())
    field = widget.locator('textarea')
    first = widget.locator('.causes li').first
    missed = []
    for asked, word in ASKED.items():
        field.fill(asked)
        seen = first.inner_text() if first.count() else ''
        if word not in seen.partition('Seen as: ')[2].split('\n')[0]:
            missed.append(asked)
    assert len(missed) <= 2, missed
    field.fill('xyzzy plugh')
    assert widget.evaluate('w => Object.keys(w.shared).length') == 0
    assert 'Nothing on this page fits' in widget.inner_text()
    field.fill('<img src=x onerror=alert(1)>' + 'constructor __proto__ ' * 99)
    assert widget.locator('img').count() == 0
    field.fill('loss of ten classes stays above 1.46')
    assert widget.locator('.task.done').count() == 1
    widget.get_by_label('Or choose a symptom').select_option('the loss is nan')
    assert widget.evaluate('w => w.shared.text') == 'the loss is nan'
    link = widget.locator('.causes a').first
    assert link.inner_text() == 'Case 14: the loss is NaN'
    goal = widget.page.locator(link.get_attribute('href'))
    assert goal.inner_text().startswith('Case 14')


# On the pages, and for everyone

PAGES = {
    'backward': '06_by_hand',
    'batch-norm': '04_batch_norm',
    'shortcut': '05_5_resnet',
    'line': '00_preliminaries',
    'dense': '05_6_densenet',
    'inception': '05_4_googlenet',
    'symptom': '12_clinic',
    'roofline': '11_speed_and_scale',
    'augment': '07_training',
    'grad-cam': '10_inside',
    'sampler': '09_data',
    'blocks': '05_7_modern_blocks',
    'validation-noise': '08_fine_tuning',
    'dropout': '05_2_alexnet',
    'small-kernels': '05_3_vgg',
    'compare': '05_8_comparison',
    'threshold': '13_project',
}


@pytest.mark.parametrize('name', PAGES)
def test_page_has_the_widget_and_what_stands_for_it(name):
    """A picture with words, and a sentence: for readers without scripts."""
    nb = nbformat.read(ROOT / 'chapters' / f'{PAGES[name]}.ipynb', 4)
    (cell,) = [c for c in nb.cells if f'<d2l-{name}>' in c.source]
    assert cell.id == f'widget-{name}'
    inside = cell.source.partition(f'<d2l-{name}>')[2]
    picture, sentence = inside.split('\n\n')[1:3]
    alt, path = re.fullmatch(r'!\[(.+)\]\((.+)\)', picture).groups()
    assert len(alt) > 60 and len(sentence) > 60
    assert (ROOT / 'chapters' / path).stat().st_size < 60 * 1024


def test_for_everyone(show):
    """On a narrow phone, in light and dark: axe, targets, no overflow."""
    page = show(*PAGES).page
    assert by_light_and_dark(page) == []
    for width in [375, 320]:
        page.set_viewport_size({'width': width, 'height': 900})
        for name in PAGES:
            assert page.locator(f'd2l-{name}').evaluate(SMALL) == []
        assert page.evaluate('document.documentElement.scrollWidth') == width
