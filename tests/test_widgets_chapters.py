"""Widgets on training with few pictures: their numbers, and what they say."""

import random

import make_cam
import pytest
import torch
from test_widgets import node, slide
from torch import nn
from torch.utils.data import WeightedRandomSampler
from torchvision.transforms.v2 import functional as T

from d2lmini.explain import grad_cam
from d2lmini.fine_tune import WeightsNotAvailable
from d2lmini.summary import summary

# Augmentation


def pictures(count, seed):
    """Return {n, picture: flat channels} and the tensors (3, n, n)."""
    generator = torch.Generator().manual_seed(seed)
    dice, cases, tensors = random.Random(seed), [], []
    for _ in range(count):
        n = dice.randint(3, 9)
        X = torch.rand(3, n, n, generator=generator)
        if dice.random() < 0.3:
            X[1] = X[0]  # gray and pure colors, where hues are special
            X[2] = X[0] if dice.random() < 0.5 else 0
        tensors.append(X)
        cases.append(dict(n=n, picture=X.flatten(1).tolist()))
    return cases, tensors


def changed(expression, cases):
    """Run an expression with P, the picture; return tensors (3, n, n)."""
    made = node(
        '(() => { const P = c.picture.map(row => Float32Array.from(row)); '
        f'return {expression}.map(row => [...row]); }})()',
        cases,
        'transforms.js',
    )
    return [
        torch.tensor(rows).reshape(3, case['n'], -1)
        for rows, case in zip(made, cases)
    ]


COLORS = {
    'd2l.brightened(P, c.by)': T.adjust_brightness,
    'd2l.contrasted(P, c.by)': T.adjust_contrast,
    'd2l.saturated(P, c.by)': T.adjust_saturation,
    'd2l.tinted(P, c.by - 0.5)': lambda X, by: T.adjust_hue(X, by - 0.5),
}


@pytest.mark.parametrize('expression', COLORS)
def test_colors_as_torchvision_changes_them(expression):
    cases, tensors = pictures(200, seed=0)
    dice = random.Random(1)
    for case in cases:
        case['by'] = (
            dice.random() if 'tint' in expression else (2 * dice.random())
        )
    for case, X, mine in zip(cases, tensors, changed(expression, cases)):
        wanted = COLORS[expression](X, case['by'])
        torch.testing.assert_close(mine, wanted, atol=1e-5, rtol=0)


def test_places_as_torchvision_changes_them():
    """Crops of the padded picture, flips, and 200 rotations."""
    cases, tensors = pictures(200, seed=2)
    dice = random.Random(3)
    for case in cases:
        case |= dict(
            down=dice.randint(-4, 4),
            right=dice.randint(-4, 4),
            degrees=dice.uniform(-180, 180),
        )
    shifted = changed('d2l.shifted(P, c.n, c)', cases)
    mirrored = changed('d2l.mirrored(P, c.n)', cases)
    upended = changed('d2l.upended(P, c.n)', cases)
    turned = changed('d2l.rotated(P, c.n, c.degrees)', cases)
    bilinear = T.InterpolationMode.BILINEAR
    for k, (case, X) in enumerate(zip(cases, tensors)):
        n, top, left = case['n'], 4 + case['down'], 4 + case['right']
        padded = T.pad(X, [4])
        assert torch.equal(shifted[k], T.crop(padded, top, left, n, n))
        assert torch.equal(mirrored[k], T.horizontal_flip(X))
        assert torch.equal(upended[k], T.vertical_flip(X))
        wanted = T.rotate(X, case['degrees'], bilinear)
        torch.testing.assert_close(turned[k], wanted, atol=2e-5, rtol=0)


def test_share_of_the_border():
    """As counted in all crops of padded ones."""
    cases = [dict(n=n, padding=p) for n in (5, 8, 32) for p in range(5)]
    found = node('d2l.borderShare(c.n, c.padding)', cases, 'transforms.js')
    for case, mine in zip(cases, found):
        n, p = case['n'], case['padding']
        padded = T.pad(torch.ones(1, n, n, dtype=torch.float64), [p])
        places = range(2 * p + 1)
        shares = [
            1 - T.crop(padded, i, j, n, n).mean()
            for i in places
            for j in places
        ]
        mean = sum(shares) / len(shares)
        assert mine['mean'] == pytest.approx(mean.item())
        assert mine['most'] == pytest.approx(max(shares).item())


def test_samples_keep_to_their_limits():
    """And they reach nearly to them: 2,000 samples of one setting."""
    limits = dict(
        flip=True,
        upend=False,
        padding=3,
        rotation=30,
        brightness=0.5,
        contrast=0,
        saturation=0.2,
        hue=0.1,
    )
    (made,) = node(
        """(() => { const random = d2l.dice(4);
        return d2l.range(2000).map(() => d2l.drawn(random, c)); })()""",
        [limits],
        'lessons.js',
        'transforms.js',
    )
    values = {key: [one[key] for one in made] for key in made[0]}
    assert set(values['down']) == set(values['right']) == set(range(-3, 4))
    assert 0.45 < sum(values['flip']) / 2000 < 0.55
    assert not any(values['upend']) and set(values['contrast']) == {1}
    for key, low, high in [
        ('degrees', -30, 30),
        ('brightness', 0.5, 1.5),
        ('saturation', 0.8, 1.2),
        ('hue', -0.1, 0.1),
    ]:
        slack = (high - low) / 100
        assert low <= min(values[key]) < low + slack
        assert high - slack < max(values[key]) <= high


SEEN = """canvas => [...canvas.getContext('2d').getImageData(0, 0, 96, 96)
    .data].filter((_, at) => at % 4 === 0)"""


def test_augment_widget(show):
    widget = show('augment')
    widget.evaluate('widget => widget.ready')
    text = widget.inner_text
    assert '13\u00a0% of a crop are border on average' in text()
    widget.get_by_label('Crop padding').fill('0')
    widget.get_by_label('Horizontal flip').uncheck()
    assert 'Sample 2: as it is' in text()
    canvas = widget.locator('canvas')
    original, sample = (canvas.nth(k).evaluate(SEEN) for k in (0, 2))
    assert sample == original and len(set(original)) > 100
    widget.get_by_label('Horizontal flip').check()
    flips = 0
    for k in range(11):
        button = widget.get_by_role(
            'button', name=f'Sample {k + 1}', exact=True
        )
        button.click()
        assert button.get_attribute('aria-pressed') == 'true'
        seen = torch.tensor(canvas.nth(k + 1).evaluate(SEEN))
        wanted = torch.tensor(original).reshape(96, 96)
        if 'mirrored' in text():
            wanted, flips = wanted.flip(1), flips + 1
        assert torch.equal(seen.reshape(96, 96), wanted)
    assert 2 < flips < 10
    before = canvas.nth(3).evaluate(SEEN)
    slide(widget, 'seed', ['ArrowRight'] * 3)
    slide(widget, 'hue', ['End'])
    assert canvas.nth(3).evaluate(SEEN) != before


def test_what_does_not_leave_it_a_b(show):
    widget = show('augment')
    change = '(widget, settings) => widget.change(settings)'
    good = dict(
        picture='letter',
        flip=False,
        upend=False,
        padding=12,
        rotation=30,
        hue=0.5,
        contrast=0.3,
    )
    for bad in [
        dict(picture='cat'),
        dict(flip=True),
        dict(upend=True),
        dict(padding=48),
        dict(rotation=180),
        dict(hue=0),
    ]:
        widget.evaluate(change, good | bad)
        assert widget.locator('.task.done').count() == 0, bad
    widget.evaluate(change, good)
    assert widget.locator('.task.done').count() == 1


# Grad-CAM

MAPS = """(() => {
    const places = d2l.unpackMaps(c), weights = d2l.unpackWeights(c);
    return { sums: d2l.classMap(places, weights),
        parts: d2l.additions(places[c.place], weights) }; })()"""


def test_class_map_is_grad_cam():
    """Of 100 sets of maps, also wide and nearly empty ones, by autograd."""
    dice, cases, wanted = random.Random(0), [], []
    for seed in range(100):
        generator = torch.Generator().manual_seed(seed)
        channels = dice.choice([1, 2, 63, 64, 65, 130, 200])
        h, w = dice.randint(1, 4), dice.randint(1, 4)
        steps = torch.randint(64, (channels, h, w), generator=generator)
        some = torch.rand(steps.shape, generator=generator) < dice.random()
        maps = (steps * some * make_cam.MOST / 63).float()
        units = torch.randint(63, (1, channels), generator=generator)
        net = nn.Sequential(
            nn.Identity(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(channels, 1, bias=False),
        )
        net[3].weight.data = 0.01 * (units - 31.0)
        wanted.append((grad_cam(net, maps[None], '0', 0)[0], maps, net))
        cases.append(
            dict(
                maps=make_cam.pack(maps),
                signs=make_cam.SIGNS,
                channels=channels,
                unit=0.01,
                place=dice.randrange(h * w),
                weights=''.join(make_cam.SIGNS[k] for k in units[0]),
            )
        )
    for case, mine, (heat, maps, net) in zip(
        cases, node(MAPS, cases, 'cam.js'), wanted
    ):
        sums = torch.tensor(mine['sums'])
        assert len(sums) == heat.numel()
        torch.testing.assert_close(
            sums.relu() / len(sums), heat.flatten(), atol=1e-5, rtol=1e-5
        )
        adds = [part['adds'] for part in mine['parts']]
        assert adds == sorted(adds, reverse=True)
        assert sum(adds) == pytest.approx(sums[case['place']].item(), abs=1e-4)
        column = maps.flatten(1)[:, case['place']]
        assert len(adds) == column.count_nonzero()
        for part in mine['parts']:
            channel = part['channel']
            assert part['number'] == pytest.approx(column[channel].item())
            weight = net[3].weight[0, channel].item()
            assert part['weight'] == pytest.approx(weight, abs=1e-6)


def test_stored_maps_are_the_networks():
    """Logits, maps, and the task's answer, in spite of rounding."""
    try:
        maps, weights, bias = make_cam.look(make_cam.photograph())
    except WeightsNotAvailable as error:
        pytest.skip(str(error))
    (mine,) = node(
        """(() => { const places = d2l.unpackMaps(d2l.cam),
            all = d2l.unpackWeights(d2l.cam), n = d2l.cam.channels;
        return { kinds: d2l.cam.kinds, bias: d2l.cam.bias,
            sums: d2l.cam.kinds.map((_, k) => d2l.classMap(places,
                all.subarray(k * n, (k + 1) * n))) }; })()""",
        [0],
        'cam.js',
        'cam-data.js',
    )
    assert mine['kinds'] == list(make_cam.KINDS)
    sums = torch.tensor(mine['sums'])
    wanted = torch.einsum('kc,cij->kij', weights, maps).flatten(1)
    assert (sums - wanted).abs().max() < 0.6 < wanted.max() / 50
    logits = sums.mean(1) + torch.tensor(mine['bias'])
    torch.testing.assert_close(logits, wanted.mean(1) + bias, atol=0.1, rtol=0)
    assert torch.equal(sums.argmin(1)[0], wanted.argmin(1)[0])
    low = wanted[0].sort().values
    assert low[0] < low[1] - 1  # no close call, and on the coffee:
    assert wanted[0].argmin() >= wanted.shape[1] // 2


def test_grad_cam_widget(show):
    widget = show('grad-cam')
    text = widget.inner_text
    assert 'that is the logit of “Egyptian cat”: 4.3' in text()
    places = widget.locator('td')
    assert places.count() == 98

    def share(place):
        value = "cell => Number(cell.style.getPropertyValue('--share'))"
        return places.nth(place).evaluate(value)

    assert share(24) > 0.9 and share(59) == 0
    widget.get_by_label('Show').focus()
    for key in ['Tab', *['ArrowDown'] * 4]:  # it begins at the chosen place
        widget.page.keyboard.press(key)
    assert places.nth(52).get_attribute('aria-selected') == 'true'
    assert widget.locator('.task.done').count() == 0
    assert places.nth(59).get_attribute('aria-selected') == 'false'
    for key, place in ('Home', 49), ('End', 55):  # the page stays where it is
        widget.page.keyboard.press(key)
        assert places.nth(place).get_attribute('aria-selected') == 'true'
    widget.get_by_label('Show').select_option('both')
    assert share(59) > 0.2
    assert places.nth(59).get_attribute('class') == 'against'
    places.nth(59).click()
    assert 'Row 8, column 3 adds −5' in text()
    assert widget.locator('.task.done').count() == 1
    widget.get_by_label('Ask for').select_option('espresso')
    assert share(23) < 0.2 and 'Row 8, column 3 adds +3' in text()
    places.nth(72).click()
    widget.get_by_label('Show').select_option('channel')
    channel = widget.locator('.stack li').first.inner_text()
    name = widget.locator('figcaption').inner_text()
    assert channel.split(':')[0] == name.split(': ')[1].split(' alone')[0]
    assert share(72) > 0


# A sampler for unequal classes


def test_what_a_sampler_gives():
    """Shares and misses as PyTorch's own sampler has them, in 400 epochs."""
    dice, cases = random.Random(0), []
    for _ in range(12):
        cases.append(
            dict(
                rare=dice.randint(1, 50),
                times=dice.randint(1, 30),
                draws=dice.randint(50, 300),
            )
        )
    found = node(
        """(() => { const random = d2l.dice(7);
        return { ...d2l.sampling(c), epochs: d2l.range(400).map(
            () => d2l.epochCounts(c, random)) }; })()""",
        cases,
        'lessons.js',
        'chances.js',
    )
    for case, mine in zip(cases, found):
        rare, times, draws = case.values()
        weights = [1.0] * (100 - rare) + [float(times)] * rare
        sampler = WeightedRandomSampler(
            weights,
            400 * draws,
            generator=torch.Generator().manual_seed(0),
        )
        theirs = torch.tensor(list(sampler)).reshape(400, draws)
        theirs = torch.stack([e.bincount(minlength=100) for e in theirs])
        for counts in (theirs, torch.tensor(mine['epochs'])):
            assert (counts.sum(1) == draws).all()
            common, few = counts[:, :-rare], counts[:, -rare:]
            assert few.sum().item() / counts.sum().item() == pytest.approx(
                mine['share'], abs=0.02
            )
            each = few.double().mean().item()
            assert each == pytest.approx(mine['each'], rel=0.06)
            missed = (common == 0).double().mean().item()
            assert missed == pytest.approx(mine['missedCommon'], abs=0.01)
            missed = (few == 0).double().mean().item()
            assert missed == pytest.approx(mine['missedRare'], abs=0.02)


def test_sampler_widget(show):
    widget = show('sampler')
    text = widget.inner_text
    assert 'makes 10\u00a0% of the draws' in text()
    widget.get_by_label('Times as often').fill('9')
    assert 'makes 50\u00a0% of the draws' in text()
    assert 'each rare picture comes 5.0 times on average' in text()
    assert '57\u00a0% of the common pictures' in text()  # as on the page
    bars = widget.locator('path.bars').first
    before = bars.get_attribute('d')
    slide(widget, 'epoch', ['ArrowRight'])
    assert bars.get_attribute('d') != before
    widget.get_by_label('Draws').fill('280')
    assert widget.locator('.task.done').count() == 0
    slide(widget, 'draws', ['ArrowRight'])
    assert widget.locator('.task.done').count() == 1


# Validation on few pictures


def test_binomial():
    """Chances by torch, their sums, and the best of several by a race."""
    dice, cases = random.Random(1), []
    for _ in range(60):
        cases.append(
            dict(
                n=dice.randint(1, 1009),
                p=dice.randint(50, 99) / 100,
                trials=dice.randint(1, 50),
                part=dice.random(),
            )
        )
    found = node(
        """(() => { const one = d2l.binomial(c.n, c.p),
            best = d2l.largestOf(one, c.trials);
        return { one, best, at: d2l.quantile(one, c.part),
            mean: d2l.meanCount(best) }; })()""",
        cases,
        'chances.js',
    )
    for case, mine in zip(cases, found):
        counts = torch.arange(case['n'] + 1).double()
        p = torch.tensor(case['p'], dtype=torch.float64)
        law = torch.distributions.Binomial(case['n'], p)
        one = law.log_prob(counts).exp()
        torch.testing.assert_close(
            torch.tensor(mine['one'], dtype=one.dtype),
            one,
            atol=1e-9,
            rtol=1e-6,
        )
        below = one.cumsum(0)
        assert below[mine['at']] >= case['part'] - 1e-9
        assert mine['at'] == 0 or below[mine['at'] - 1] < case['part']
        best = torch.tensor(mine['best']).double()
        assert best.sum().item() == pytest.approx(1)
        torch.manual_seed(0)
        race = law.sample((4000, case['trials'])).amax(1)
        error = race.std().item() / 4000**0.5
        assert abs(mine['mean'] - race.mean().item()) < 5 * error + 1e-9


def test_validation_noise_widget(show):
    widget = show('validation-noise')
    text = widget.inner_text
    law = torch.distributions.Binomial(49, torch.tensor(0.92))
    torch.manual_seed(0)
    low, high = (
        torch.quantile(law.sample((200_000,)) / 49, part).item()
        for part in (0.025, 0.975)
    )
    assert f'lie between {low:.3f} and {high:.3f}' in text()
    assert 'shows 0.951 on average: 3.1 points too high' in text()
    widget.get_by_label('Settings tried').fill('1')
    assert 'on average it shows the truth, 0.920' in text()
    widget.get_by_label('Settings tried').fill('20')
    widget.get_by_label('Truth').fill('94')
    for n, done in [(1009, 0), (401, 0), (529, 1)]:
        widget.get_by_label('Photographs').fill(str(n))
        assert widget.locator('.task.done').count() == done, n


# Blocks

BLOCKS = 'plain', 'grouped', 'separable', 'bottleneck', 'resnext', 'inverted'


def convolutions(name, c, groups, reduction, expansion):
    """Return a block as PyTorch's layers, without norms."""
    narrow, wide = c // reduction, c * expansion

    def conv(start, end, kernel, parts=1):
        return nn.Conv2d(
            start,
            end,
            kernel,
            padding=kernel // 2,
            groups=min(parts, start),
            bias=False,
        )

    if name in ('plain', 'grouped'):
        return [conv(c, c, 3, groups if name == 'grouped' else 1)]
    if name == 'separable':
        return [conv(c, c, 3, c), conv(c, c, 1)]
    middle = wide if name == 'inverted' else narrow
    parts = {'bottleneck': 1, 'resnext': groups, 'inverted': wide}[name]
    return [
        conv(c, middle, 1),
        conv(middle, middle, 3, parts),
        conv(middle, c, 1),
    ]


def test_costs_of_blocks():
    """Weights, multiply-adds and outputs of 40 settings, layer by layer."""
    dice = random.Random(3)
    cases = [
        dict(
            channels=2 ** dice.randint(5, 9),
            size=7 * dice.randint(1, 8),
            groups=2 ** dice.randint(0, 5),
            reduction=2 ** dice.randint(0, 3),
            expansion=dice.randint(1, 8),
        )
        for _ in range(40)
    ]
    found = node('d2l.blockCosts(c)', cases, 'lessons.js')
    for case, blocks in zip(cases, found):
        c, size, *settings = case.values()
        assert tuple(block['name'] for block in blocks) == BLOCKS
        for block in blocks:
            with torch.device('meta'):
                layers = convolutions(block['name'], c, *settings)
                rows = summary(nn.Sequential(*layers), (1, c, size, size)).rows
            weights = [layer.weight.numel() for layer in layers]
            assert block['weights'] == sum(weights)
            assert block['pointwise'] == sum(
                layer.weight.numel()
                for layer in layers
                if layer.kernel_size == (1, 1)
            )
            assert block['multiplyAdds'] == sum(r.multiply_adds for r in rows)
            assert block['outputs'] == size**2 * sum(
                layer.out_channels for layer in layers
            )
            assert [one['groups'] for one in block['layers']] == [
                layer.groups for layer in layers
            ]


def test_blocks_widget(show):
    widget = show('blocks')
    text = widget.inner_text
    assert 'Plain: 3×3 to 64; 36,864 weights' in text()
    assert 'Depthwise separable: 3×3 depthwise, 1×1 to 64; 4,672' in text()
    assert 'ResNeXt: 1×1 to 16, 3×3 to 16 in 8 groups, 1×1 to 64' in text()
    slide(widget, 'expansion', ['ArrowLeft'])
    assert '1.2 times the weights of the plain layer' in text()
    assert widget.locator('.task.done').count() == 0
    slide(widget, 'expansion', ['ArrowLeft'])
    assert '0.95 times the weights of the plain layer' in text()
    assert 'its layers give 9 times as many numbers' in text()
    assert widget.locator('.task.done').count() == 1
