"""Checks for the exercises of chapter 13, a project."""
import math

from d2lmini_check.questions import Case, Question, predictions


def project_truth():
    """Compute what the numbers of the project are."""
    parts = [round(0.2 * n) for n in (200, 50)]
    recalls = [37 / parts[0], 3 / parts[1]]
    error = math.sqrt(0.8 * 0.2 / 100)
    return {'photographs in the test part': sum(parts),
            'accuracy of always saying "cat"': parts[0] / sum(parts),
            'accuracy of the network': 40 / sum(parts),
            'mean of the recalls': sum(recalls) / 2,
            'standard error on 100 photographs': error,
            'photographs for a standard error of 0.02':
                round(0.8 * 0.2 / 0.02**2),
            'parameters of the new head': (1280 + 1) * 3}


predict_project = predictions(
    project_truth(),
    {'20 percent of all 250 are the test part':
         [10, None, None, None, None, None, None],
     'that is the training part':
         [150, None, None, None, None, None, None],
     'guessing gets a half only if the classes are equally large':
         [None, 0.5, None, None, None, None, None],
     'right answers of both classes count, over all photographs':
         [None, None, 0.925, None, None, None, None],
     'this is the mean of the recalls: an accuracy counts photographs':
         [None, None, 0.6125, None, None, None, None],
     'this is the accuracy: each class counts as much as the other here':
         [None, None, None, 0.8, None, None, None],
     'that is one recall of the two':
         [None, None, None, 0.3, None, None, None],
     'that is the recall of the cats alone':
         [None, None, None, 0.925, None, None, None],
     'this is the variance of one answer: divide by n and take the root':
         [None, None, None, None, 0.16, None, None],
     'this is the standard deviation of one answer: divide by the root of n':
         [None, None, None, None, 0.4, None, None],
     'the root is missing':
         [None, None, None, None, 0.0016, None, None],
     'twice the photographs make the error smaller by the root of 2 only':
         [None, None, None, None, None, 200, None],
     'half the error needs more photographs, not fewer':
         [None, None, None, None, None, 25, None],
     'the biases of the head are trained too':
         [None, None, None, None, None, None, 3840],
     'there is a bias for each class, not for each number':
         [None, None, None, None, None, None, 3840 + 1280],
     'there is a bias for each class, not one in all':
         [None, None, None, None, None, None, 3841]},
    ('A recall is the share of the photographs of one class that are named '
     'rightly. How does the standard error depend on the number of '
     'photographs?',
     'The validation part has 40 cats and 10 dogs. Twice as exact needs four '
     'times as many photographs. The head has weights and biases.'))


def places(groups, animals):
    """Return the numbers of the photographs of these animals."""
    return [i for i, name in enumerate(groups) if name in animals]


def by_count(groups, order, shares, count=None):
    """Split by walking over the sizes of the animals."""
    count = count or groups.count
    total, cut, held = sum(map(count, order)), [], 0
    for which, animal in enumerate(order):
        if len(cut) < 2 and held >= shares[len(cut)] * total:
            cut.append(which)
            held = 0
        held += count(animal)
    cut += [len(order)] * (2 - len(cut))
    return tuple(places(groups, order[a:b]) for a, b in
                 [(0, cut[0]), (cut[0], cut[1]), (cut[1], None)])


def by_photograph(groups, order, shares):
    """Split the photographs one by one, as they lie: a leak."""
    first = math.ceil(shares[0] * len(groups))
    second = first + math.ceil(shares[1] * len(groups))
    found = list(range(len(groups)))
    return found[:first], found[first:second], found[second:]


def never_more(groups, order, shares):
    """Give no animal to a part that would then hold more than its share."""
    parts, part = [[], [], []], 0
    for animal in order:
        more = places(groups, [animal])
        while part < 2 and len(parts[part] + more) > shares[part] * len(
                groups):
            part += 1
        parts[part] += more
    return tuple(map(sorted, parts))


def never_back(groups, order, shares):
    """Let the shares count from the beginning, training included."""
    first = by_count(groups, order, (shares[0], 9))[0]
    both = by_count(groups, order, (shares[0] + shares[1], 9))[0]
    rest = [i for i in range(len(groups)) if i not in both]
    return first, [i for i in both if i not in first], rest


def one_more(groups, order, shares):
    """Go on until a part holds more than its share, not at least."""
    return by_count(groups, order, [share + 1e-6 for share in shares])


split_groups = Question(
    by_count,
    lambda dice: [Case(*c) for c in [
        (['a', 'b', 'c'], ['b', 'c', 'a'], (0.3, 0.3)),
        (['a', 'a', 'b', 'c', 'c', 'b'], ['c', 'a', 'b'], (0.3, 0.3)),
        (['b', 'a', 'a', 'a', 'c', 'd', 'd', 'b'], ['a', 'd', 'b', 'c'],
         (0.5, 0.25)),
        (['a', 'b', 'b', 'c', 'd', 'd', 'd', 'e'],
         ['e', 'd', 'c', 'b', 'a'], (0.5, 0.25)),
        ([7, 3, 7, 3, 3, 5, 9, 5, 9, 9, 9, 9], [9, 5, 3, 7], (0.25, 0.25)),
        (['ant 1', 'ant 10', 'ant 1', 'ant 10', 'ant 2', 'ant 2', 'ant 3'],
         ['ant 10', 'ant 1', 'ant 3', 'ant 2'], (0.4, 0.2)),
        (['b', 'b', 'b', 'a'], ['b', 'a'], (0.5, 0.5))]],
    ('Walk over the animals in the given order, and keep the number of the '
     'part that is filled now. When is a part full, and what do you ask '
     'before the next animal?',
     'parts = [[], [], []]; before each animal: while part < 2 and '
     'len(parts[part]) >= shares[part] * len(groups): part += 1. Then add '
     'all its photographs. Sort the lists at the end.'),
    {'photographs of one animal are in two parts: that is the leak':
         by_photograph,
     'the animals come in another order than `order` says':
         lambda groups, order, shares: by_count(
             groups, list(dict.fromkeys(groups)), shares),
     'the animals come in the order of the alphabet, not in `order`':
         lambda groups, order, shares: by_count(
             groups, sorted(order), shares),
     'a part may hold more than its share: at least that much is wanted':
         never_more,
     'the share of the validation part is its own: training does not count '
     'there': never_back,
     'a part that holds just its share is full': one_more,
     'the shares are of photographs, not of animals':
         lambda groups, order, shares: by_count(
             groups, order, shares, lambda animal: 1),
     'validation and test have changed places':
         lambda groups, order, shares: tuple(
             by_count(groups, order, shares)[i] for i in (0, 2, 1)),
     'the names of the animals are in the lists: the numbers of the '
     'photographs are wanted': lambda groups, order, shares: tuple(
         [groups[i] for i in part] for part in by_count(
             groups, order, shares)),
     'the lists are not in ascending order':
         lambda groups, order, shares: tuple(
             sorted(part, key=lambda i: (order.index(groups[i]), i))
             for part in by_count(groups, order, shares)),
     'photographs are counted from 0':
         lambda groups, order, shares: tuple(
             [i + 1 for i in part] for part in by_count(
                 groups, order, shares))})


def error_by(right=lambda M: sum(M[i][i] for i in range(len(M))),
             n=lambda M: sum(map(sum, M)),
             error=lambda a, n: (a * (1 - a) / n)**0.5):
    """Make a function of a confusion matrix, or a wrong one."""
    def look(M):
        a = right(M) / n(M) if n(M) else 0.
        return a, error(a, sum(map(sum, M)))
    return look


def mean_recall(M):
    """Average the recalls of the classes that occur."""
    found = [row[i] / sum(row) for i, row in enumerate(M) if sum(row)]
    return sum(found) / len(found)


with_error = Question(
    error_by(),
    lambda dice: [Case(M) for M in [
        [[4]], [[3, 1], [0, 0]], [[5, 0], [0, 3]], [[0, 2], [2, 0]],
        [[8, 2], [5, 5]], [[30, 1, 4], [2, 7, 0], [1, 1, 4]],
        [[6, 0, 2], [1, 9, 3], [0, 0, 4]]]],
    ('Where in the matrix do the right answers stand, and what do all its '
     'numbers add up to?',
     'n is the sum of all numbers, a the sum of the diagonal divided by n; '
     'then math.sqrt(a * (1 - a) / n).'),
    {'only the first class counts: the whole diagonal is right':
         error_by(right=lambda M: M[0][0]),
     'it is divided by the number of classes: divide by the photographs':
         error_by(n=len),
     'the recalls are averaged: a class of few photographs would count as '
     'much as a large one': error_by(mean_recall, lambda M: 1),
     'it is divided by the right answers, not by all':
         error_by(n=lambda M: sum(M[i][i] for i in range(len(M))) or 1),
     'these are the wrong answers: the diagonal is right':
         error_by(right=lambda M: sum(map(sum, M)) - sum(
             M[i][i] for i in range(len(M)))),
     'the other diagonal is taken':
         error_by(right=lambda M: sum(
             M[i][len(M) - 1 - i] for i in range(len(M)))),
     'the root is missing': error_by(error=lambda a, n: a * (1 - a) / n),
     'this is the error of a single answer: divide by n inside the root':
         error_by(error=lambda a, n: (a * (1 - a))**0.5),
     'it is divided by n outside of the root':
         error_by(error=lambda a, n: (a * (1 - a))**0.5 / n),
     'it is a (1 - a), not a': error_by(error=lambda a, n: (a / n)**0.5),
     'one photograph is taken away: divide by n':
         error_by(error=lambda a, n: (
             a * (1 - a) / (n - 1))**0.5 if n > 1 else 0.)})


def threshold_by(keep=lambda p, t: p >= t, good=lambda share, w: share >= w,
                 pick=min, kept=False, of_all=False):
    """Make a function that tries all thresholds, or a wrong one."""
    def look(p, right, wanted):
        found = {}
        for t in p:
            yes = [r for q, r in zip(p, right) if keep(q, t)]
            share = sum(yes) / (len(p) if of_all else len(yes) or 1)
            if yes and good(share, wanted):
                found[t] = len(yes) if kept else len(p) - len(yes)
        if not found:
            return None, 0 if kept else len(p)
        return pick(found), found[pick(found)]
    return look


def from_above(p, right, wanted):
    """Go down from the surest answer, and stop at the first failure."""
    best = None, len(p)
    for t in sorted(set(p), reverse=True):
        yes = [r for q, r in zip(p, right) if q >= t]
        if sum(yes) < wanted * len(yes):
            break
        best = t, len(p) - len(yes)
    return best


def without_ties(p, right, wanted):
    """Count the first k answers, though the next may be as sure."""
    pairs = sorted(zip(p, right), key=lambda pair: -pair[0])
    best = None, len(p)
    for k in range(1, len(p) + 1):
        if sum(r for _, r in pairs[:k]) >= wanted * k:
            best = pairs[k - 1][0], len(p) - k
    return best


def threshold_cases(dice):
    """Give probabilities; not all of them fall with the share."""
    T, F = True, False
    cases = [Case([0.9], [T], 0.5), Case([0.9], [F], 0.5),
             Case([0.9, 0.8, 0.7, 0.6], [T, F, T, F], 0.6),
             Case([0.6, 0.9], [T, F], 0.5), Case([0.6, 0.9], [T, F], 0.75),
             Case([0.7, 0.9, 0.7, 0.5], [F, T, T, F], 0.75),
             Case([0.8, 0.8, 0.6, 0.9, 0.6], [T, T, T, F, F], 0.75),
             Case([0.5, 0.5, 0.75, 0.75], [F, T, T, F], 0.5),
             Case([0.9, 0.9, 0.4], [T, F, T], 1.0)]
    for wanted in [0.75, 0.9, 0.6]:
        p = [dice.number(30, 99) / 100 for _ in range(9)]
        cases.append(Case(p, [dice.number(0, 3) > 0 for _ in p], wanted))
    return cases


threshold = Question(
    threshold_by(), threshold_cases,
    ('Try every number of p as the threshold. Which photographs are answered '
     'then, and which share of them is right? The share need not grow with '
     'the threshold.',
     'for t in sorted(p): answered = [r for q, r in zip(p, right) if q >= '
     't]; return at the first t with sum(answered) >= wanted * '
     'len(answered). After the loop return None, len(p).'),
    {'a photograph whose probability is just the threshold is answered':
         threshold_by(keep=lambda p, t: p > t),
     'those below the threshold are answered here':
         threshold_by(keep=lambda p, t: p <= t),
     'at least the wanted share is enough: not more than it':
         threshold_by(good=lambda share, w: share > w),
     'the largest threshold is taken: the smallest leaves the fewest '
     'without an answer': threshold_by(pick=max),
     'the answered photographs are counted: those without an answer are '
     'wanted': threshold_by(kept=True),
     'the share is of the answered photographs, not of all':
         threshold_by(of_all=True),
     'the search stops too early: behind a threshold that fails another may '
     'be good enough': from_above,
     'photographs of the same probability are all answered, or none':
         without_ties})


STORY = ('leak', 'fine', 'random judging', 'chosen by the test',
         'too few to tell', 'another scaling in use')


def said(letter, text):
    """Return answers that are wrong about one letter."""
    return [text if name == letter else None for name in 'ABCDEF']


notes = predictions(
    dict(zip('ABCDEF', STORY)),
    {'the statistics have seen the validation and the test photographs':
         said('A', 'fine'),
     'the scaling is the same everywhere; but which photographs does it '
     'know?': said('A', 'another scaling in use'),
     'in training random views are what one wants':
         said('B', 'random judging'),
     'nothing of the other parts gets into training by a crop':
         said('B', 'leak'),
     'with random crops each evaluation gives another number':
         said('C', 'fine'),
     'no photograph has gone into another part': said('C', 'leak'),
     'decisions belong to the validation photographs':
         said('D', 'fine'),
     'no photograph is in two parts, but what did the test decide?':
         said('D', 'leak'),
     'ten runs are not few; but which part has chosen among them?':
         said('D', 'too few to tell'),
     'on 50 photographs 0.02 is one photograph': said('E', 'fine'),
     'validation may choose; but how sure is this choice?':
         said('E', 'chosen by the test'),
     'the network expects the numbers that it was trained with':
         said('F', 'fine'),
     'no photograph is in two parts: look at the numbers':
         said('F', 'leak')},
    ('For each note ask: which photographs has this step seen, and is '
     'anything random or different where a number is measured?',
     'Statistics come from the training part only; judging has no random '
     'transforms; the test decides nothing; 0.02 of 50 is one photograph.'))

QUESTIONS = {'predict_project': predict_project,
             'split_groups': split_groups, 'with_error': with_error,
             'threshold': threshold, 'notes': notes}

# What the texts announce, besides values and shapes.
DEMANDS: dict[str, tuple] = {}
