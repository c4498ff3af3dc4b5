"""Transposed convolution, channels and stored runs: what the widgets say."""

import json
import random
import re
import statistics
from dataclasses import asdict
from pathlib import Path

import nbformat
import playground
import pytest
import torch
from browsing import by_light_and_dark
from test_training import cifar
from test_widgets import SMALL, grid, node, numbers, slide
from torch import nn
from torch.nn import functional as F

from d2lmini import data

ROOT = Path(__file__).parent.parent

PAGES = {
    'transposed': '02_padding_stride_channels',
    'channels': '02_padding_stride_channels',
    'playground': '07_training',
}

RATES = playground.AXES['lr']


# Arithmetic against PyTorch

TRANSPOSED = """d2l.transposedFault(c) ?? (() => {
    const size = d2l.transposedSize(c), p = c.padding;
    const i = c.place % size, j = (c.place >> 3) % size;
    const ones = numbers => numbers.map(row => row.map(() => 1));
    const crop = Y => Y.slice(p, p + size).map(row => row.slice(p, p + size));
    return { i, j, Y: crop(d2l.transpose(c.X, c.K, c)),
        counts: crop(d2l.transpose(ones(c.X), ones(c.K), c)),
        first: crop(d2l.transpose(c.X, c.K, c, 1)),
        terms: d2l.arrivals(c.X, c.K, c, i + p, j + p) };
})()"""


def test_transposed_convolution():
    """Outputs, refusals, counts and sums, 400 random settings."""
    dice, cases = random.Random(0), []
    for _ in range(400):
        n, kernel = dice.randint(1, 5), dice.randint(1, 5)
        cases.append(
            dict(
                n=n,
                kernel=kernel,
                stride=dice.randint(1, 4),
                padding=dice.randint(0, 3),
                outputPadding=dice.randint(0, 3),
                dilation=dice.randint(1, 3),
                X=numbers(dice, n),
                K=numbers(dice, kernel),
                place=dice.randrange(1000),
            )
        )
    refused = {'outputPaddingFault': 0, 'cropped': 0}
    for case, mine in zip(cases, node(TRANSPOSED, cases)):
        try:
            up(case)
        except RuntimeError as error:
            assert mine == (
                'cropped'
                if 'too small' in str(error)
                else 'outputPaddingFault'
            ), (case, error)
            refused[mine] += 1
        else:
            check_transposed(case, mine)
    assert refused['outputPaddingFault'] > 40 and refused['cropped'] > 20


def check_transposed(case, mine):
    Y, counts, first = up(case), up(case, ones=True), up(case, only=1)
    assert mine['Y'] == Y.tolist(), case
    assert mine['counts'] == counts.tolist(), case
    assert mine['first'] == first.tolist(), case
    i, j, terms = mine['i'], mine['j'], mine['terms']
    assert len(terms) == counts[i, j]
    assert sum(term['value'] * term['weight'] for term in terms) == Y[i, j]
    for term in terms:
        assert case['X'][term['a']][term['b']] == term['value']
        assert case['K'][term['u']][term['v']] == term['weight']


def up(case, ones=False, only=None):
    """Return PyTorch's output, of all inputs or of the first alone."""
    X, K = (torch.tensor([[case[k]]]).double() for k in 'XK')
    if ones:
        X, K = torch.ones_like(X), torch.ones_like(K)
    if only:
        X.flatten()[only:] = 0
    return F.conv_transpose2d(
        X,
        K,
        stride=case['stride'],
        padding=case['padding'],
        output_padding=case['outputPadding'],
        dilation=case['dilation'],
    )[0, 0]


def test_how_evenly_outputs_are_reached():
    """What repeats far from the border, all settings up to 6, 5 and 3."""
    cases = [
        dict(kernel=k, stride=s, dilation=d)
        for k in range(1, 7)
        for s in range(1, 6)
        for d in range(1, 4)
    ]
    for case, phases in zip(cases, node('d2l.phases(c)', cases)):
        k, s, d = case.values()
        counts = F.conv_transpose1d(
            torch.ones(1, 1, 40), torch.ones(1, 1, k), stride=s, dilation=d
        )[0, 0]
        start = s * -(-d * (k - 1) // s)  # from here on all is reached
        assert phases * 4 == counts[start : start + 4 * s].tolist(), case
        if d == 1:
            assert (len(set(phases)) == 1) == (k % s == 0), case


CHANNELS = """d2l.channelsFault(c) ?? (() => {
    const side = d2l.range(5 - c.kernel), outputs = d2l.range(c.outChannels);
    return { ...d2l.channelWeights(c),
        read: outputs.map(o => d2l.channelsRead(c, o)),
        sums: outputs.map(o => side.map(i => side.map(j =>
            d2l.channelSums(c.X, c.W, c, o, i, j)))) };
})()"""


def test_channels():
    """Outputs, weights, what is read and refusals, 400 random settings."""
    dice, cases = random.Random(1), []
    for _ in range(400):
        c_in, c_out, groups = (dice.randint(1, 6) for _ in range(3))
        groups = dice.choice([1, groups, groups, c_in])
        kernel, each = dice.randint(1, 3), max(1, c_in // groups)
        cases.append(
            dict(
                inChannels=c_in,
                outChannels=c_out,
                groups=groups,
                kernel=kernel,
                X=[numbers(dice, 4) for _ in range(c_in)],
                W=[
                    [numbers(dice, kernel) for _ in range(each)]
                    for _ in range(c_out)
                ],
            )
        )
    refused = {'inChannels': 0, 'outChannels': 0}
    names = {'inChannels': 'in_channels', 'outChannels': 'out_channels'}
    for case, mine in zip(cases, node(CHANNELS, cases)):
        c_in, c_out, groups, kernel, *_ = case.values()
        try:
            layer = nn.Conv2d(c_in, c_out, kernel, groups=groups)
        except ValueError as error:
            assert str(error) == f'{names[mine]} must be divisible by groups'
            refused[mine] += 1
        else:
            assert mine['shape'] == list(layer.weight.shape)
            assert mine['count'] == layer.weight.numel()
            check_channels(case, mine)
    assert min(refused.values()) > 30


def check_channels(case, mine):
    X, W = torch.tensor([case['X']]).double(), torch.tensor(case['W']).double()
    Y = F.conv2d(X, W, groups=case['groups'])[0]
    assert [
        [
            [sum(part['sum'] for part in pixel) for pixel in row]
            for row in channel
        ]
        for channel in mine['sums']
    ] == Y.tolist()
    X.requires_grad_()
    seen = F.conv2d(X, torch.ones_like(W), groups=case['groups'])[0]
    for o, read in enumerate(mine['read']):
        (grad,) = torch.autograd.grad(seen[o].sum(), X, retain_graph=True)
        assert grad[0].sum((1, 2)).nonzero().flatten().tolist() == read
        part = mine['sums'][o][0][0][-1]
        assert part['channel'] == read[-1]
        alone = F.conv2d(X[:, read[-1:]], W[o : o + 1, -1:])
        assert part['sum'] == alone[0, 0, 0, 0]


# The stored runs


def stored():
    return [
        json.loads(path.read_text())
        for path in sorted(playground.RESULTS.glob('*.json'))
    ]


def last(key, depth, batch_norm, flip_and_crop, lr):
    """Return the last epoch's numbers of a setting's seeds."""
    name = '_'.join(
        [
            f'depth{depth}',
            'norm' if batch_norm else 'plain',
            'crop' if flip_and_crop else 'same',
            f'lr{lr:g}',
        ]
    )
    record = json.loads((playground.RESULTS / f'{name}.json').read_text())
    return [run[key][-1] for run in record['runs'] if key in run]


def mean(key, *setting):
    return statistics.mean(last(key, *setting))


def test_the_grid_is_whole_and_says_what_it_is():
    records = stored()
    settings = [asdict(one) for one in playground.grid(playground.Settings())]
    assert len(records) == len(settings) == 72
    for record in records:
        assert record['settings'] in settings
        assert record['data'] == 'JPEG copy of CIFAR-10'
        assert record['machine'].keys() == {
            'device',
            'torch',
            'python',
            'system',
        }
        assert [run['seed'] for run in record['runs']] == list(
            playground.SEEDS[record['settings']['depth']]
        )
        for run in record['runs']:
            lengths = {
                len(run[key])
                for key in ('loss', 'train_acc', 'valid_acc')
                if key in run
            }
            assert lengths == {20} or 'the loss became' in run['diverged']


def test_a_rate_can_be_too_small_and_too_large():
    """The page's first finding."""
    plain = {lr: last('valid_acc', 4, False, False, lr) for lr in RATES}
    for lr in [0.003, 0.01]:
        assert max(last('train_acc', 4, False, False, lr)) < 0.15
    means = {lr: statistics.mean(accs) for lr, accs in plain.items()}
    assert max(means, key=means.get) == 0.1 and means[0.1] > 0.25
    assert len(plain[1.0]) == 2 and max(plain[1.0]) < 0.1  # one diverged
    assert all(len(accs) == 3 for lr, accs in plain.items() if lr < 1)


def test_batch_norm_opens_the_window():
    """The page's second finding, and its reason."""
    for lr in RATES:
        for depth in (2, 4, 8):
            assert min(last('valid_acc', depth, True, False, lr)) > 0.2
        assert max(last('train_acc', 8, False, False, lr)) < 0.15
    spread = []
    images = torch.randint(
        256,
        (64, 3, 2, 2),
        dtype=torch.uint8,
        generator=torch.Generator().manual_seed(0),
    )
    images = images.repeat_interleave(16, 2).repeat_interleave(16, 3)
    for norm in (True, False):
        torch.manual_seed(0)
        net = playground.make_net(
            playground.Settings(depth=8, batch_norm=norm), images
        )
        spread.append(net[:-1](images.float() / 255).std(0).mean())
    assert spread[1] < spread[0] / 1000


def test_flip_and_crop_help_against_overfitting_only():
    """The page's third finding."""
    assert min(last('train_acc', 8, True, False, 0.03)) > 0.98
    assert max(last('train_acc', 2, True, False, 0.03)) < 0.4
    gain = {
        depth: mean('valid_acc', depth, True, True, 0.03)
        - mean('valid_acc', depth, True, False, 0.03)
        for depth in (2, 8)
    }
    assert gain[8] > 0.05 and gain[2] < -0.03
    assert min(last('valid_acc', 8, True, True, 0.03)) > max(
        last('valid_acc', 8, True, False, 0.03)
    )


def test_the_widget_has_the_stored_runs():
    """The script is what the program writes, and node reads it."""
    text = playground.SCRIPT.read_text(encoding='utf-8')
    assert text == playground.script(playground.condense(stored()))
    assert len(text) < 40 * 1024
    found = node(
        'd2l.unpack(c, 20)',
        [playground.pack(run) for one in stored() for run in one['runs']],
    )
    runs = [run for one in stored() for run in one['runs']]
    for mine, run in zip(found, runs):
        if 'diverged' in run:
            assert f'in epoch {mine["diverged"]},' in run['diverged']
            continue
        for key, name in [
            ('train_acc', 'training'),
            ('valid_acc', 'validation'),
            ('loss', 'loss'),
        ]:
            error = 0.0051 if key == 'loss' else 0.00051
            wanted = [min(y, 12.95) for y in run[key]]
            assert mine[name] == pytest.approx(wanted, abs=error)


def test_the_program_runs_and_repeats_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('D2LMINI_DATA', str(tmp_path))
    monkeypatch.setenv('D2LMINI_DATA_SOURCE', 'cache')
    monkeypatch.setattr(playground, 'SEEDS', {2: (0, 1), 8: (0, 1)})
    monkeypatch.setattr(
        playground,
        'AXES',
        {
            'depth': (2, 8),
            'batch_norm': (False,),
            'flip_and_crop': (True,),
            'lr': (0.1, 1e30),
        },
    )
    data.write_npz(tmp_path / 'cifar10.npz', cifar(60, 10))
    settings = playground.Settings(
        images=8, valid_images=6, num_epochs=2, batch_size=4
    )
    playground.run_all(settings, tmp_path / 'out')
    paths = sorted((tmp_path / 'out').glob('*.json'))
    assert len(paths) == 4
    written = [path.stat().st_mtime_ns for path in paths]
    playground.run_all(settings, tmp_path / 'out')
    assert [path.stat().st_mtime_ns for path in paths] == written
    records = [json.loads(path.read_text()) for path in paths]
    playground.report(records)
    assert '2 div.' in capsys.readouterr().out
    condensed = playground.condense(records)
    assert condensed['data'] == 'CIFAR-10'  # other pixels than the stored
    assert [[type(run) for run in runs] for runs in condensed['runs']] == [
        [str, str],
        [int, int],
    ] * 2


# In a browser, each widget on a bare page


def cells(widget, k):
    """Return the cells of the k-th grid."""
    return widget.locator('table').nth(k).locator('td')


def test_transposed_by_mouse(show):
    widget = show('transposed')
    text = widget.inner_text
    assert 'Input row 0, column 0 is 1.' in text()
    cells(widget, 0).nth(5).click()
    assert 'Input row 1, column 2 is 6.' in text()
    assert re.search(r'6 × \(−2\) = −12', text())
    assert widget.locator('td.tap').count() == 9
    assert cells(widget, 2).nth(2 * 7 + 4).get_attribute('data-weight') == '+6'
    cells(widget, 2).nth(2 * 7 + 4).click()
    assert 'Output row 2, column 4: 4 of 9 inputs reach it' in text()
    assert re.search(r'2 × \(−2\) \+ 3 × 0\s*\+ 5 × 2 \+ 6 × 1\s*= 12', text())
    assert grid(widget, 2)[2][4] == '12'
    assert widget.locator('td.reader').count() == 4 + 4
    assert 'Uneven, a checkerboard' in text() and '1, 2 or 4 inputs' in text()
    widget.get_by_label('The output shows').select_option('counts')
    assert grid(widget, 2)[2] == ['2', '2', '4', '2', '4', '2', '2']
    slide(widget, 'kernel', ['ArrowRight'])
    assert 'Even: far from the border every output is reached by 4' in text()
    assert 'The stride, 2, divides the kernel size, 4.' in text()


def test_transposed_by_keyboard(show):
    """The page's first example, with nothing but keys."""
    widget = show('transposed')
    press = widget.page.keyboard.press
    slide(widget, 'n', ['ArrowLeft'])
    slide(widget, 'kernel', ['ArrowLeft'])
    slide(widget, 'stride', ['Home'])
    assert grid(widget, 2) == [
        ['1', '1', '−2'],
        ['5', '5', '−4'],
        ['6', '8', '0'],
    ]
    slide(widget, 'padding', ['ArrowRight'])
    text = widget.inner_text()
    assert '(2 − 1)×1 − 2×1 + 1×(2 − 1) + 0 + 1 = 1' in text
    assert 'Output, 1×1 (dashed: cropped)' in text
    assert '3 of the 4 products are cropped off' in text
    slide(widget, 'padding', ['Home'])
    widget.get_by_label('Input numbers').focus()
    press('Tab'), press('ArrowDown')  # in the input's grid
    assert 'Input row 1, column 0 is 3.' in widget.inner_text()
    widget.page.keyboard.type('5')
    assert grid(widget, 2)[1:] == [['7', '3', '−4'], ['10', '8', '0']]
    assert widget.get_by_label('Input numbers').input_value() == 'own'
    press('Tab'), press('Tab')  # over the kernel's, to the output's
    press('ArrowDown'), press('ArrowDown'), press('ArrowRight')
    assert 'Output row 2, column 1: 2 of 4 inputs' in widget.inner_text()
    assert widget.locator('[aria-selected=true]').count() == 1


def test_transposed_step_by_step(show):
    widget = show('transposed', fresh=True)
    widget.page.clock.install(time=0)
    widget.page.clock.pause_at(3600)  # a busy machine adds none
    widget.get_by_label('The output shows').select_option('soFar')
    assert grid(widget, 2)[6] == ['0'] * 7
    widget.get_by_role('button', name='Previous input').click()
    assert 'Input row 2, column 2' in widget.inner_text()
    assert grid(widget, 2)[6][-1] == '−18'
    widget.get_by_role('button', name='Play').click()
    widget.page.clock.run_for(2500)
    assert 'Input row 0, column 2' in widget.inner_text()
    assert grid(widget, 2)[0] == ['1', '−1', '4', '−2', '7', '−3', '6']
    assert grid(widget, 2)[3] == ['0'] * 7
    widget.get_by_role('button', name='Pause').click()
    cells(widget, 2).nth(4).click()
    assert re.search(r'= 7 so far', widget.inner_text())


def test_transposed_refuses_with_the_reason(show):
    widget = show('transposed')
    fault = widget.get_by_role('alert')
    slide(widget, 'outputPadding', ['End'])
    assert '2 is not below 2' in fault.inner_text()
    assert not widget.locator('table').nth(2).is_visible()
    cells(widget, 0).nth(4).click()
    assert widget.locator('.sum').inner_text() == ''
    slide(widget, 'stride', ['End'])
    assert fault.inner_text() == ''
    slide(widget, 'outputPadding', ['Home'])
    slide(widget, 'n', ['Home'])
    slide(widget, 'padding', ['End'])
    assert 'the stamps span 3, and the padding crops 4' in fault.inner_text()
    widget.get_by_role('button', name='Next input').click()
    slide(widget, 'padding', ['Home'])
    assert grid(widget, 2) == grid(widget, 1)


def test_channels_by_mouse(show):
    widget = show('channels')
    text = widget.inner_text
    assert '(6, 2, 3, 3)' in text() and '114 parameters' in text()
    assert 'It reads the input channels 2, 3, and adds' in text()
    box = widget.locator('svg').bounding_box()
    widget.page.mouse.click(box['x'] + 5, box['y'] + box['height'] - 30)
    assert 'It reads the input channels 0, 1, and adds' in text()
    cells(widget, 4).nth(3).click()
    assert 'Output channel 0, row 1, column 1' in text()
    parts = widget.locator('.part').all_inner_texts()
    total = sum(int(part[2:].replace('−', '-')) for part in parts)
    assert grid(widget, 4)[1][1].replace('−', '-') == str(total)
    assert f'= {total}'.replace('-', '−') in text()
    choose = widget.get_by_label('Convolution').select_option
    choose('depthwise')
    assert '(4, 1, 3, 3)' in text() and 'channels never mix' in text()
    assert widget.locator('svg line').count() == 4
    choose('pointwise')
    assert '(4, 3, 1, 1)' in text() and '4×3×1×1 = 12 weights' in text()
    assert widget.locator('svg line').count() == 12
    choose('full')
    assert '4×3×3×3 = 108 weights; with 4 biases, 112' in text()


def test_channels_by_keyboard(show):
    widget = show('channels')
    press = widget.page.keyboard.press
    slide(widget, 'channel', ['Home', 'ArrowRight'])
    assert 'Output channel 1, row 0, column 0' in widget.inner_text()
    press('Tab')
    active = widget.page.evaluate_handle('document.activeElement')
    assert active.evaluate('e => e.closest("table").ariaLabel') == (
        'Kernel of output channel 1 for input channel 0'
    )
    before = grid(widget, 4)[0][0], grid(widget, 1)[0][0]
    press('ArrowRight'), press('ArrowLeft')
    widget.page.keyboard.type('9')  # over the first weight
    after, pixel = grid(widget, 4)[0][0], grid(widget, 0)[0][0]
    gain = (9 - int(before[1].replace('−', '-'))) * int(pixel)
    assert int(after.replace('−', '-')) == gain + int(
        before[0].replace('−', '-')
    )
    press('Tab'), press('Tab'), press('ArrowDown')
    assert 'Output channel 1, row 1, column 0' in widget.inner_text()
    slide(widget, 'groups', ['ArrowRight'])
    fault = widget.get_by_role('alert').inner_text()
    assert fault == (
        'in_channels must be divisible by groups: '
        '4 cannot be cut into 3 equal parts.'
    )
    assert widget.locator('svg line').count() == 0
    assert widget.get_by_label('Convolution').input_value() == 'own'
    slide(widget, 'inChannels', ['ArrowLeft'])
    assert widget.get_by_role('alert').inner_text() == ''
    slide(widget, 'outChannels', ['ArrowLeft'])
    assert 'out_channels must be divisible by groups: 5' in (
        widget.get_by_role('alert').inner_text()
    )


def test_playground_by_mouse(show):
    widget = show('playground')
    text = widget.inner_text
    assert 'This run: rate 0.1, 8 convolutions, batch norm, no' in text()
    assert 'Pinned: rate 0.1, 8 convolutions, no batch norm' in text()
    widget.get_by_label('Compare').select_option('large')
    assert 'Pinned: rate 1, 4 convolutions, no batch norm' in text()
    assert 'seeds diverged' in text()
    widget.get_by_role('button', name='Unpin').click()
    assert 'Pinned:' not in widget.locator('.sum').inner_text()
    assert widget.get_by_label('Compare').input_value() == 'own'
    lines = widget.locator('svg').first.locator('path').count()
    widget.get_by_role('button', name='Pin this run').click()
    widget.get_by_label('Batch norm').check()
    assert widget.locator('svg').first.locator('path').count() == lines + 2
    assert 'Pinned: rate 0.1, 4 convolutions, no batch norm' in text()
    assert 'This run: rate 0.1, 4 convolutions, batch norm' in text()
    assert 'In validation accuracy this run is better' in text()
    widget.get_by_label('Flip and crop').check()
    assert 'batch norm, flip and crop' in text()


def test_playground_by_keyboard(show):
    """Every setting tells the means and the range of its seeds."""
    widget = show('playground')
    press = widget.page.keyboard.press
    widget.get_by_label('Compare').focus()
    press('Tab')
    for _ in range(6):
        press('ArrowLeft')
    rate = widget.get_by_label('Learning rate')
    assert rate.get_attribute('aria-valuetext') == '0.003'
    press('Tab'), press('Home'), press('Tab'), press('Tab'), press('Space')
    text = widget.locator('.sum').inner_text()
    setting = 2, True, True, 0.003
    assert 'rate 0.003, 2 convolutions, batch norm, flip and crop' in text
    accs = last('valid_acc', *setting)
    assert (
        f'Training accuracy {mean("train_acc", *setting):.2f}, validation '
        f'{statistics.mean(accs):.2f} (seeds {min(accs):.2f} to '
        f'{max(accs):.2f})'
    ) in text
    widget.locator('summary').press('Enter')
    row = grid(widget, 0)[-1]
    assert row[0] == '20' and row[3] == f'{statistics.mean(accs):.2f}'


def test_playground_says_what_it_shows(show):
    text = show('playground').inner_text()
    for words in [
        '1,000 images to train, 1,000 to validate, 20 epochs',
        'JPEG copy of CIFAR-10',
        '2 layers: 0, 1, 2;',
        'momentum 0.9',
        '12, 24, 48 channels',
        'benchmarks/playground.py',
    ]:
        assert words in text


# On the pages, and for everyone


@pytest.mark.parametrize('name', PAGES)
def test_page_has_the_widget_and_what_stands_for_it(name):
    """A picture with words, and a sentence: for readers without scripts."""
    nb = nbformat.read(ROOT / 'chapters' / f'{PAGES[name]}.ipynb', 4)
    (cell,) = [c for c in nb.cells if f'<d2l-{name}>' in c.source]
    assert cell.id == f'widget-{name}'
    inside = re.search(
        rf'^<d2l-{name}>\n\n(.+)\n\n</d2l-{name}>$',
        cell.source,
        flags=re.S | re.M,
    )[1]
    picture, sentence = inside.split('\n\n')
    alt, path = re.fullmatch(r'!\[(.+)\]\((.+)\)', picture).groups()
    assert len(alt) > 60 and len(sentence) > 60
    assert (ROOT / 'chapters' / path).stat().st_size < 60 * 1024


WORST = {
    'transposed': dict(
        n=4,
        kernel=4,
        stride=3,
        padding=1,
        outputPadding=2,
        dilation=2,
        view='counts',
    ),
    'channels': dict(inChannels=6, outChannels=6, groups=1, kernel=3),
    'playground': dict(finding='large'),
}


def test_for_everyone(show):
    """On a narrow phone, in light and dark: axe, targets, no overflow."""
    page = show(*PAGES).page
    for worst in [{}, WORST]:
        for name in worst:
            page.locator(f'd2l-{name}').evaluate(
                '(widget, worst) => widget.change(worst)', worst[name]
            )
        assert by_light_and_dark(page) == []
    for width in [1280, 375, 320]:
        page.set_viewport_size({'width': width, 'height': 900})
        for name in PAGES:
            assert page.locator(f'd2l-{name}').evaluate(SMALL) == []
        assert page.evaluate('document.documentElement.scrollWidth') == width


def test_nothing_moves_for_those_who_want_none(show):
    widget = show('transposed')
    motion = """widget => getComputedStyle(widget.querySelector(
        '.result .frame')).transitionProperty"""
    assert widget.evaluate(motion) == 'translate'
    widget.page.emulate_media(reduced_motion='reduce')
    assert widget.evaluate(motion) == 'none'


def test_a_fold_is_printed_when_it_is_open(show):
    widget = show('playground')
    fold = widget.locator('details')
    widget.page.emulate_media(media='print')
    assert fold.is_hidden()
    fold.evaluate('fold => { fold.open = true; }')
    assert fold.is_visible()
