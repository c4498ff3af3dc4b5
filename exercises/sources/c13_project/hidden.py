"""Sample hidden tests for exercises 13, a project.

    python -m d2lmini_mark exercises/sources/c13_project/hidden.py submissions

exercises/sources/c03_pooling/hidden.py says how a test is written. What is
wanted is found here by trying, or by simpler and slower means.
"""
import itertools
import statistics

from d2lmini_mark import call, marks


@marks(1, secret=True)
def predict_project(dice):
    yield call(), (50, 0.8, 0.8, 0.6125, 0.04, 400, 3843)


def shuffled(dice, values):
    """Put values into an order of the dice."""
    return sorted(values, key=lambda value: (dice.number(0, 10**6), value))


@marks(3)
def split_groups(dice):
    # Parts that are just full, and a first one that holds far too much.
    for sizes, first, second in [((4, 2, 2), 1, 2), ((6, 1, 1), 1, 3)]:
        order = shuffled(dice, 'abc')
        groups = [name for _, name in shuffled(dice, [
            (i, name) for name, size in zip(order, sizes)
            for i in range(size)])]
        yield call(groups, order, (0.5, 0.25)), tuple(
            [i for i, name in enumerate(groups) if name in part]
            for part in (order[:first], order[first:second],
                         order[second:]))
    for animals, shares in [(3, (0.5, 0.25)), (5, (0.5, 0.25)),
                            (6, (0.25, 0.25)), (12, (0.5, 0.125))]:
        sizes = [dice.number(1, 3) for _ in range(animals)]
        sizes[0] += -sum(sizes) % 8  # the shares are whole numbers
        names = [f'ant {i}' for i in range(animals)]
        groups = shuffled(dice, [
            (i, name) for name, size in zip(names, sizes)
            for i in range(size)])
        groups = [name for _, name in groups]
        order = shuffled(dice, names)
        held = list(itertools.accumulate(map(groups.count, order)))
        first = next(i for i, n in enumerate(held)
                     if n >= shares[0] * len(groups)) + 1
        second = next((i for i, n in enumerate(held) if n - held[first - 1]
                       >= shares[1] * len(groups)), animals) + 1
        yield call(groups, order, shares), tuple(
            [i for i, name in enumerate(groups) if name in part]
            for part in (order[:first], order[first:second],
                         order[second:]))


@marks(1)
def with_error(dice):
    for classes in [1, 2, 2, 3, 4]:
        M = [[dice.number(0, 9) for _ in range(classes)]
             for _ in range(classes)]
        M[-1][-1] += 1
        hits = [float(i == j) for i, row in enumerate(M)
                for j, count in enumerate(row) for _ in range(count)]
        yield call(M), (statistics.fmean(hits),
                        statistics.pstdev(hits) / len(hits)**0.5)


@marks(3)
def threshold(dice):
    yield call([0.6, 0.9], [True, False], 0.75), (None, 2)
    yield call([0.9, 0.9, 0.4], [True, False, True], 1.0), (None, 3)
    for wanted in [0.5, 0.75, 0.875, 0.5, 0.75, 0.875]:
        p = [dice.number(6, 15) / 16 for _ in range(8)]  # with equal ones
        right = [dice.number(0, 2) > 0 for _ in p]
        best = None, len(p)
        for t in sorted(p, reverse=True):
            yes = [r for q, r in zip(p, right) if q >= t]
            if sum(yes) / len(yes) >= wanted:
                best = t, len(p) - len(yes)
        yield call(p, right, wanted), best


@marks(1, secret=True)
def notes(dice):
    yield call(), ('leak', 'fine', 'random judging', 'chosen by the test',
                   'too few to tell', 'another scaling in use')
