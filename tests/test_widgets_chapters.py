"""Widgets on training with few pictures: their numbers, and what they say."""

import random

import pytest
import torch
from test_widgets import node, slide
from torchvision.transforms.v2 import functional as T

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
