"""Widgets on dropout, small kernels, budgets and thresholds."""

import json
import random
import re
import statistics

import embed
import nbformat
import pytest
import torch
from browsing import ROOT
from test_widgets import node, slide
from torch import nn
from torch.nn import functional as F

from d2lmini.ops import receptive_field
from d2lmini.summary import summary

# Dropout


def test_what_dropout_leaves():
    """As PyTorch for the same units lost; sums as over 20,000 steps of its."""
    dice, cases = random.Random(0), []
    for _ in range(40):
        h = [dice.random() for _ in range(dice.randint(4, 40))]
        p, rescale = dice.randint(0, 9) / 10, dice.random() < 0.5
        cases.append(dict(h=h, p=p, rescale=rescale, seed=dice.randint(1, 99)))
    found = node(
        """({ left: d2l.dropOut(c.h, c, d2l.dice(c.seed)),
        ...d2l.sumAfterDropOut(c.h, c) })""",
        cases,
        'lessons.js',
        'chances.js',
    )
    torch.manual_seed(0)
    lost, wanted = [], []
    for case, mine in zip(cases, found):
        h, p = torch.tensor(case['h']).double(), case['p']
        left = torch.tensor(mine['left']).double()
        factor = 1 / (1 - p) if case['rescale'] else 1
        assert torch.allclose(left[left > 0], factor * h[left > 0])
        lost += (left == 0).tolist()
        wanted += [p] * len(h)
        sums = F.dropout(h.expand(20_000, -1), p).sum(1) / h.sum()
        sums *= factor * (1 - p)  # PyTorch divides, always
        assert sums.mean().item() == pytest.approx(mine['mean'], abs=0.05)
        assert sums.std().item() == pytest.approx(
            mine['spread'], rel=0.05, abs=1e-6
        )
    assert abs(statistics.mean(lost) - statistics.mean(wanted)) < 0.05


def test_dropout_widget(show):
    widget = show('dropout')
    text = widget.inner_text
    assert 'the sum is 1.00 on average' in text()
    layer = widget.locator('path.bars').nth(1)
    before = layer.get_attribute('d')
    widget.get_by_role('button', name='Another training step').click()
    assert layer.get_attribute('d') != before
    widget.get_by_label('Divide by 1').uncheck()
    assert 'Without the division the next unit gets 0.50' in text()
    widget.get_by_label('Mode').select_option('evaluation')
    assert '0 of these 16 units are lost' in text()
    assert 'the sum is always 1' in text()
    assert widget.get_by_role('button', name='Another').is_disabled()
    widget.get_by_label('Mode').select_option('training')
    widget.get_by_label('Divide by 1').check()
    for power, done in [(9, 0), (7, 0), (8, 1)]:
        widget.get_by_label('Hidden units').fill(str(power))
        assert widget.locator('.task.done').count() == done, power


# Small kernels


def test_stacks_against_one_kernel():
    """Weights, multiply-adds and ways to each pixel, 60 settings."""
    cases = [
        dict(count=n, channels=c, size=size, doubled=doubled)
        for n in (1, 2, 3, 4)
        for c in (3, 4, 8)
        for size in (9, 12)
        for doubled in (False, True)
    ]
    found = node(
        '({ ways: d2l.waysThrough(c.count), nets: d2l.sameField(c) })',
        cases,
        'lessons.js',
    )
    for case, mine in zip(cases, found):
        n, c, size, doubled = case.values()
        wide, k = c * (2 if doubled else 1), 2 * n + 1
        shapes = {
            'stack': [(3, 3)] * n,
            'single': [(k, k)],
            'crossed': [(k, 1), (1, k)],
        }
        for net in mine['nets']:
            layers = [
                nn.Conv2d(c if i == 0 else wide, wide, shape, padding='same')
                for i, shape in enumerate(shapes[net['name']])
            ]
            counted = summary(nn.Sequential(*layers), (1, c, size, size))
            assert net['weights'] == sum(x.weight.numel() for x in layers)
            assert net['multiplyAdds'] == counted.multiply_adds
            assert net['layers'] == len(layers)
        X = torch.zeros(1, 1, k, k, requires_grad=True)
        Y = X
        for _ in range(n):
            Y = F.conv2d(Y, torch.ones(1, 1, 3, 3))
        Y.sum().backward()
        ways = torch.tensor(mine['ways']).float()
        assert torch.equal(torch.outer(ways, ways), X.grad[0, 0])
        assert len(ways) == k == receptive_field([(3, 1)] * n)


def test_small_kernels_widget(show):
    widget = show('small-kernels')
    text = widget.inner_text
    assert '3×3, 2 layers: 73,728 weights, 231.2 million' in text()
    assert 'Row 0, column 0: 1 of 81 ways, 1.2\u00a0%' in text()
    assert '72\u00a0% of the weights of one 5×5' in text()  # as on the page
    widget.locator('td[tabindex="0"]').focus()
    for key in ['ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowRight']:
        widget.page.keyboard.press(key)
    assert 'Row 2, column 2: 9 of 81 ways, 11.1\u00a0%' in text()
    widget.get_by_label('Double the channels').check()
    assert 'From 64 to 128 channels the stack has 108\u00a0%' in text()
    for layers, done in [(4, 0), (3, 1)]:
        widget.get_by_label('3×3 layers').fill(str(layers))
        assert widget.locator('.task.done').count() == done, layers
    slide(widget, 'count', ['Home'])
    assert 'Field of 3×3 pixels' in text()


# A budget


def test_the_record_is_the_page_s():
    stored = json.loads(embed.RECORD.read_text(encoding='utf-8'))
    found = embed.record()
    for net in found['nets']:
        wanted = stored['nets'][net['name']]
        assert net['accuracies'] == wanted['test_acc']
        *costs, seconds = net['costs'].values()
        *keys, last = embed.COSTS.values()
        assert costs == [wanted[key] for key in keys]
        times = wanted[last]
        assert seconds == (statistics.median(times) if times else None)
    intervals = {(a, b): (low, high) for a, b, _, low, high in stored['pairs']}
    for pair, (low, high) in intervals.items():
        assert (list(pair) in found['unsure']) == (low <= 0 <= high)


def test_the_record_is_written_when_it_has_changed(tmp_path, monkeypatch):
    path = tmp_path / 'record.js'
    embed.write_record(path)
    first = path.stat().st_mtime_ns
    embed.write_record(path)
    assert path.stat().st_mtime_ns == first
    stored = json.loads(embed.RECORD.read_text(encoding='utf-8'))
    stored['nets'][stored['main'][0]]['test_acc'] = [0.25, 0.75]
    monkeypatch.setattr(embed, 'RECORD', tmp_path / 'other.json')
    embed.RECORD.write_text(json.dumps(stored))
    embed.write_record(path)
    assert '"accuracies": [0.25, 0.75], "mean": 0.5' in path.read_text()
    assert [p.name for p in tmp_path.iterdir()].count('record.js') == 1
    assert not list(tmp_path.glob('*.new'))


def test_compare_widget(show):
    """At each budget the best that fits, and those not told apart from it."""
    record = embed.record()
    widget = show('compare')
    for cost in embed.COSTS:
        widget.get_by_label('You pay for').select_option(cost)
        for budget in (0, 20, 50, 80, 90, 100):
            widget.get_by_label('Your budget').fill(str(budget))
            limit = widget.evaluate('w => w.limit')
            known = [n for n in record['nets'] if n['costs'][cost] is not None]
            inside = [net for net in known if net['costs'][cost] <= limit]
            inside.sort(key=lambda net: -net['mean'])
            text = widget.inner_text()
            names = [n['name'] for n in record['nets'] if n not in known]
            assert ('Not timed: ' in text) == bool(names)
            assert not names or f'Not timed: {"; ".join(names)}.' in text
            assert widget.locator('.stack li').count() == len(inside)
            if not inside:
                assert 'Nothing fits this budget' in text
                continue
            best = inside[0]['name']
            assert f'Best within the budget: {best}, ' in text
            level = [
                net['name']
                for net in inside[1:]
                if [best, net['name']] in record['unsure']
                or [net['name'], best] in record['unsure']
            ]
            assert widget.locator('.part-of.made').count() == 1 + len(level)
            told = text.partition('Not shown to be worse: ')[2]
            told = told.partition('.\n')[0]
            assert sorted(filter(None, told.split('; '))) == sorted(level)


def test_the_task_has_one_kind_of_answer(show):
    """Only memory rules out the task's network alone, as the page says."""
    widget = show('compare')
    solving = widget.evaluate(
        """(w, costs) => costs.filter(cost => d2l.range(101).some(budget => {
            w.change({ cost, budget });
            return w.solved;
        }))""",
        list(embed.COSTS),
    )
    assert solving == ['memory']


# A threshold


def test_what_a_threshold_makes():
    """As torch counts it, 200 random lists."""
    dice, cases = random.Random(3), []
    for _ in range(200):
        cases.append(
            dict(
                bees=[dice.random() for _ in range(dice.randint(1, 20))],
                ants=[dice.random() for _ in range(dice.randint(1, 20))],
                at=dice.random(),
                cost=dice.randint(1, 20),
            )
        )
    found = node(
        'd2l.decide(c.bees, c.ants, c.at, c.cost)', cases, 'chances.js'
    )
    for case, mine in zip(cases, found):
        p = torch.tensor(case['ants'] + case['bees'], dtype=torch.float64)
        true = torch.arange(len(p)) >= len(case['ants'])
        said = p >= case['at']
        matrix = torch.zeros(2, 2).long()
        for row, column in zip(true.long(), said.long()):
            matrix[row, column] += 1
        (rest, alarms), (missed, right) = matrix.tolist()
        assert [mine[k] for k in ('rest', 'alarms', 'missed', 'found')] == [
            rest,
            alarms,
            missed,
            right,
        ]
        assert mine['accuracy'] == pytest.approx(
            (said == true).double().mean().item()
        )
        assert mine['recall'] == pytest.approx(right / len(case['bees']))
        if right + alarms:
            assert mine['precision'] == pytest.approx(
                right / said.sum().item()
            )
        assert mine['cost'] == case['cost'] * missed + alarms


def table(widget):
    """Return the four numbers of the confusion matrix."""
    return [int(n) for n in widget.locator('tbody td').all_inner_texts()]


def test_threshold_widget(show):
    widget = show('threshold')
    nb = nbformat.read(ROOT / 'chapters' / '13_project.ipynb', 4)
    (cell,) = [c for c in nb.cells if c.source.startswith('def predict(')]
    stored = cell.outputs[0]['data']['text/markdown']
    stored = [int(n) for n in re.findall(r'\d+', stored)]
    assert len(stored) == 4
    # The page may have been run again: as many photographs, about as good.
    assert sum(table(widget)[:2]) == sum(stored[:2])
    assert sum(table(widget)[2:]) == sum(stored[2:])
    for mine, theirs in zip(table(widget), stored):
        assert abs(mine - theirs) <= 3, 'run tools/make_ants_bees.py'
    slide(widget, 'threshold', ['End'])
    assert 'Of the bees' in widget.inner_text()
    widget.get_by_label('Cost of a missed bee').fill('5')
    tables = widget.evaluate("""w => d2l.range(99).map(k => {
        w.change({ threshold: k + 1 });
        const cells = [...w.querySelectorAll('tbody td')];
        return [w.solved, w.status.textContent,
            ...cells.map(cell => Number(cell.textContent))];
    })""")
    costs = [5 * missed + alarms for *_, alarms, missed, _ in tables]
    for cost, (solved, told, _, alarms, missed, _) in zip(costs, tables):
        assert f'{missed} missed bees × 5 + {alarms}' in told
        assert solved == (cost == min(costs))
    assert min(costs) == widget.evaluate('w => w.least')
    assert costs[49] > min(costs)  # the line does not stand rightly at 0.5
    widget.get_by_label('Show the test photographs').check()
    assert 'Do not move the line any more' in widget.inner_text()
    assert widget.evaluate('w => w.solved') is False
