"""The tables of cifar10.py, from its stored records."""

import itertools
import statistics

from cifar10_nets import CLAIMS, MAIN, NETS
from common import read_all, welch

KEPT = 'form options lr parameters multiply_adds peak_memory'.split()
COLUMNS = 'seed valid_acc test_acc done loss train_acc valid_accs'.split()


def condense(records):
    """Put the runs of each contestant together.

    Args:
        records: All that there are, as read from the files.

    Returns:
        A dictionary from each contestant that has a full run to what
        together() gives.
    """
    nets = {}
    for name in NETS:
        mine = [r for r in records if r['net'] == name]
        if any(r['stage'] == 'full' for r in mine):
            nets[name] = together(mine)
    return nets


def together(records):
    """Put the runs of one contestant together.

    Args:
        records: Of all stages.

    Returns:
        A dictionary with form, options, costs and chosen rate; rates, from
        each that was tried to its validation accuracy; in_full, the same
        from each rate of a full run, of which only the best one's runs are
        told; seconds an epoch, if measured; and a list with an entry a seed
        for each of COLUMNS.
    """
    stages = {stage: [] for stage in ('choose', 'full', 'time')}
    for r in sorted(records, key=lambda r: (r.get('seed', 0), r.get('lr', 0))):
        stages[r['stage']].append(r)
    in_full = validation(stages['full'])
    best = max(in_full, key=in_full.get)
    full = [r for r in stages['full'] if f'{r["lr"]:g}' == best]
    net = {key: full[0][key] for key in KEPT} | {'in_full': in_full}
    net['rates'] = validation(stages['choose'])
    net['seconds'] = stages['time'][0]['seconds'] if stages['time'] else None
    for key in COLUMNS:
        net[key] = [r.get(key) for r in full]
    return net


def validation(runs):
    """Return the mean validation accuracy of the runs at each rate."""
    accs = {}
    for r in runs:
        accs.setdefault(f'{r["lr"]:g}', []).append(r['valid_acc'])
    return {lr: statistics.mean(found) for lr, found in accs.items()}


def spread(numbers):
    """Write mean and standard deviation, or the only number there is."""
    numbers = [n for n in numbers if n is not None]
    if len(numbers) < 2:
        return ''.join(f'{n:.4f}' for n in numbers)
    return f'{statistics.mean(numbers):.4f} ± {statistics.stdev(numbers):.4f}'


def print_costs(nets):
    """Print a line for each contestant: what it costs and what it reaches."""
    print(
        f'{"":32}{"parameters":>11}{"multiply-adds":>14}{"peak MB":>8}'
        f'{"s/epoch":>8}{"width":>7}{"dropout":>8}{"rate":>6}{"runs":>5}'
        f'{"validation":>17}{"test":>17}'
    )
    for name, net in nets.items():
        options = net['options']
        seconds = net['seconds']
        median = f'{statistics.median(seconds):.1f}' if seconds else ''
        print(
            f'{name:32}{net["parameters"]:11,}{net["multiply_adds"]:14,}'
            f'{net["peak_memory"] / 1e6:8.1f}{median:>8}'
            f'{options.get("width", ""):>7}{options.get("dropout", ""):>8}'
            f'{net["lr"]:6g}{len(net["seed"]):5}'
            f'{spread(net["valid_acc"]):>17}{spread(net["test_acc"]):>17}'
            f'{"" if all(net["done"]) else "  unfinished"}'
        )


def compared(nets, better, worse):
    """Say by how much the test accuracy of one is above that of another."""
    accs = [nets.get(name, {}).get('test_acc', []) for name in (better, worse)]
    if min(map(len, accs)) < 2 or None in accs[0] + accs[1]:
        return None
    return welch(*accs)


def measured(nets, rows):
    """Add its difference to each row that ends with two contestants."""
    return [
        [*row, *found] for row in rows if (found := compared(nets, *row[-2:]))
    ]


def verdict(difference, low, high):
    """Write a difference, its interval, and what that shows."""
    shown = 'shown' if low > 0 else 'opposite' if high < 0 else 'not shown'
    return f'{difference:+.4f}  [{low:+.4f}, {high:+.4f}]  {shown}'


def print_pairs(nets):
    """Print the difference of all pairs of main contestants."""
    print('\nTest accuracy, all pairs: difference and its 95 % interval')
    for pair in itertools.combinations(MAIN, 2):
        if found := compared(nets, *pair):
            print(f'{pair[0]:20} - {pair[1]:20} {verdict(*found)}')


def print_claims(nets):
    """Print what has become of each claim."""
    print('\nClaims, test accuracy: difference and its 95 % interval')
    for claim, better, worse in CLAIMS:
        found = compared(nets, better, worse)
        said = verdict(*found) if found else 'not measured yet'
        print(f'{claim:34}{better} - {worse}: {said}')


def everything(records):
    """Put all records into one dictionary, for the book's page.

    Returns:
        'data': what the photographs are; 'budget': what was the same for
        all; 'main': names of the main contestants; 'baselines': name to
        validation and test accuracy; 'nets': what condense() gives;
        'pairs' of main contestants, and 'claims': what is measured of them,
        each with the difference and the two ends of its interval.
    """
    nets = condense(records)
    runs = [r for r in records if r['stage'] == 'full']
    return {
        'data': ', '.join(
            sorted({r['source']['data'] for r in records if 'source' in r})
        ),
        'budget': runs[0]['budget'],
        'machine': runs[0]['machine'],
        'main': list(MAIN),
        'baselines': {
            r['net']: {key: r[key] for key in ('valid_acc', 'test_acc')}
            for r in records
            if r['stage'] == 'baseline'
        },
        'nets': nets,
        'pairs': measured(nets, itertools.combinations(MAIN, 2)),
        'claims': measured(nets, CLAIMS),
    }


def show(folder):
    """Print all tables of the records in a folder."""
    records = read_all(folder)
    found = everything(records)
    print(f'{found["data"]}, {len(records)} records\n')
    for name, accs in found['baselines'].items():
        print(f'{name:111}{accs["valid_acc"]:12.4f}{accs["test_acc"]:17.4f}')
    print_costs(found['nets'])
    print_pairs(found['nets'])
    print_claims(found['nets'])
