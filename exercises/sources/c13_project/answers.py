"""Answers that must be accepted and answers that must be refused.

RIGHT: {question: [whole answers, or (old, new), an edit of the solution]}.
WRONG: {question: [(words that the message must hold, old, new)]}, an edit of
the solution, or (words, whole answer).
EQUIVALENT: {question: {a mutant that no check can tell from the solution:
why}}.
"""
RIGHT = {
    'predict_project': ['''
def predict_project():
    return [40 + 10, 40 / 50, (37 + 3) / 50, (37 / 40 + 3 / 10) / 2,
            (0.8 * 0.2 / 100)**0.5, 100 * 2**2, 1280 * 3 + 3]
''', '''
def predict_project():
    a = torch.tensor(0.8)
    return (50, 0.8, 0.8, torch.tensor([37 / 40, 3 / 10]).mean().item(),
            (a * (1 - a) / 100).sqrt().item(), 400,
            sum(p.numel() for p in torch.nn.Linear(1280, 3).parameters()))
'''],
    'split_groups': ['''
def split_groups(groups, order, shares):
    animals = list(order)
    result = []
    for share in shares:
        part = []
        while animals and len(part) < share * len(groups):
            animal = animals.pop(0)
            part.extend(i for i in range(len(groups)) if groups[i] == animal)
        result.append(sorted(part))
    rest = [i for i, animal in enumerate(groups) if animal in animals]
    return result[0], result[1], rest
''', '''
import numpy as np

def split_groups(groups, order, shares):
    names = np.array(groups)
    part_of, part, held = {}, 0, 0
    for animal in order:
        part_of[animal] = part
        held += int((names == animal).sum())
        if part < 2 and held / len(names) >= shares[part]:
            part, held = part + 1, 0
    parts = np.array([part_of[name] for name in groups])
    return [np.flatnonzero(parts == k).tolist() for k in range(3)]
''', '''
def split_groups(groups, order, shares):
    photos = {animal: [] for animal in order}
    for i, animal in enumerate(groups):
        photos[animal].append(i)
    train, valid, test = [], [], []
    for animal in order:
        if len(train) / len(groups) < shares[0]:
            train += photos[animal]
        elif not test and len(valid) / len(groups) < shares[1]:
            valid += photos[animal]
        else:
            test += photos[animal]
    return [torch.tensor(part).sort().values for part in (train, valid, test)]
'''],
    'with_error': ['''
def with_error(M):
    M = torch.tensor(M).double()
    a = M.trace() / M.sum()
    return a, (a * (1 - a) / M.sum()).sqrt()
''', '''
import numpy as np

def with_error(M):
    hits = [i == j for i, row in enumerate(M) for j, count in enumerate(row)
            for _ in range(count)]
    return np.mean(hits), np.std(hits) / len(hits)**0.5
''', '''
def with_error(M):
    right = total = 0
    for i, row in enumerate(M):
        for j, count in enumerate(row):
            total += count
            if i == j:
                right += count
    a = right / total
    return [a, ((a - a**2) / total)**0.5]
'''],
    'threshold': ['''
def threshold(p, right, wanted):
    p, right = torch.tensor(p).double(), torch.tensor(right).double()
    best = None, len(p)
    for t in p.sort(descending=True).values:
        answered = p >= t
        if right[answered].mean() >= wanted - 1e-12:
            best = t.item(), int((~answered).sum())
    return best
''', '''
def threshold(p, right, wanted):
    good = []
    for t in set(p):
        answered = [i for i in range(len(p)) if p[i] >= t]
        share = sum(right[i] for i in answered) / len(answered)
        if share >= wanted:
            good.append((t, len(p) - len(answered)))
    return min(good) if good else (None, len(p))
'''],
    'notes': ['''
def notes():
    return ['leak', 'fine', 'random judging', 'chosen by the test',
            'too few to tell', 'another scaling in use']
''', '''
def notes():
    said = dict(B='fine', A='leak', F='another scaling in use',
                D='chosen by the test', C='random judging',
                E='too few to tell')
    return tuple(said[name] for name in 'ABCDEF')
'''],
}

FIRST = '50, 0.8, 0.8, 0.6125, 0.04, 400, 3843'
PARTS = 'tuple(sorted(places) for places in parts)'
NOTES = ("'leak', 'fine', 'random judging', 'chosen by the test',\n"
         "            'too few to tell', 'another scaling in use'")


def told(at, text):
    """Return the notes with another text at one place."""
    found = [part.strip() for part in NOTES.split(',')]
    found[at] = f"'{text}'"
    return ', '.join(found)


WRONG = {
    'predict_project': [
        ('of all 250', FIRST, '10, 0.8, 0.8, 0.6125, 0.04, 400, 3843'),
        ('the training part', FIRST,
         '150, 0.8, 0.8, 0.6125, 0.04, 400, 3843'),
        ('equally large', FIRST, '50, 0.5, 0.8, 0.6125, 0.04, 400, 3843'),
        ('over all photographs', FIRST,
         '50, 0.8, 0.925, 0.6125, 0.04, 400, 3843'),
        ('an accuracy counts photographs', FIRST,
         '50, 0.8, 0.6125, 0.6125, 0.04, 400, 3843'),
        ('each class counts as much', FIRST,
         '50, 0.8, 0.8, 0.8, 0.04, 400, 3843'),
        ('one recall of the two', FIRST,
         '50, 0.8, 0.8, 0.3, 0.04, 400, 3843'),
        ('of the cats alone', FIRST,
         '50, 0.8, 0.8, 0.925, 0.04, 400, 3843'),
        ('divide by n and take the root', FIRST,
         '50, 0.8, 0.8, 0.6125, 0.16, 400, 3843'),
        ('divide by the root of n', FIRST,
         '50, 0.8, 0.8, 0.6125, 0.4, 400, 3843'),
        ('the root is missing', FIRST,
         '50, 0.8, 0.8, 0.6125, 0.0016, 400, 3843'),
        ('by the root of 2 only', FIRST,
         '50, 0.8, 0.8, 0.6125, 0.04, 200, 3843'),
        ('more photographs, not fewer', FIRST,
         '50, 0.8, 0.8, 0.6125, 0.04, 25, 3843'),
        ('the biases of the head', FIRST,
         '50, 0.8, 0.8, 0.6125, 0.04, 400, 3840'),
        ('not for each number', FIRST,
         '50, 0.8, 0.8, 0.6125, 0.04, 400, 5120'),
        ('not one in all', FIRST, '50, 0.8, 0.8, 0.6125, 0.04, 400, 3841'),
        ('7 predictions are wanted', ', 3843', ''),
    ],
    'split_groups': [
        ('that is the leak', '''
def split_groups(groups, order, shares):
    n = len(groups)
    first = math.ceil(shares[0] * n)
    second = first + math.ceil(shares[1] * n)
    return [*range(first)], [*range(first, second)], [*range(second, n)]
'''),
        ('than `order` says', 'in order:', 'in dict.fromkeys(groups):'),
        ('the order of the alphabet', 'in order:', 'in sorted(order):'),
        ('at least that much is wanted',
         'len(parts[part]) >=', 'len(parts[part]) + groups.count(animal) >'),
        ('training does not count there', 'shares[part]',
         '(shares[0] if part == 0 else shares[0] + shares[1] - '
         'len(parts[0]) / len(groups))'),
        ('just its share is full', 'len(parts[part]) >=',
         'len(parts[part]) >'),
        ('not of animals', '''
def split_groups(groups, order, shares):
    first = math.ceil(shares[0] * len(order))
    second = first + math.ceil(shares[1] * len(order))
    return tuple([i for i, g in enumerate(groups) if g in part] for part in (
        order[:first], order[first:second], order[second:]))
'''),
        ('have changed places', PARTS,
         'tuple(sorted(parts[i]) for i in (0, 2, 1))'),
        ('the numbers of the photographs are wanted', PARTS,
         'tuple([groups[i] for i in sorted(places)] for places in parts)'),
        ('not in ascending order', PARTS, 'tuple(parts)'),
        ('counted from 0', 'enumerate(groups)', 'enumerate(groups, 1)'),
        ('got', 'if name == animal', 'if str(animal) in str(name)'),
        ('got', 'while part < 2', 'while part < 1'),
        ('is a `return` missing', 'return tuple', 'tuple'),
    ],
    'with_error': [
        ('the whole diagonal', 'sum(M[i][i] for i in range(len(M)))',
         'M[0][0]'),
        ('divide by the photographs', 'n = sum(sum(row) for row in M)\n'
         '    a = sum(M[i][i] for i in range(len(M))) / n',
         'n = sum(sum(row) for row in M)\n'
         '    a = sum(M[i][i] for i in range(len(M))) / len(M)', 'math.sqrt',
         'pow', ' / n)', ' / n, 0.5)'),
        ('the recalls are averaged',
         'sum(M[i][i] for i in range(len(M))) / n',
         'sum(r[i] / sum(r) for i, r in enumerate(M) if sum(r)) / '
         'sum(any(r) for r in M)'),
        ('the diagonal is right', 'a = sum', 'a = 1 - sum'),
        ('the other diagonal', 'M[i][i]', 'M[i][len(M) - 1 - i]'),
        ('the root is missing', 'math.sqrt', ''),
        ('divide by n inside', 'a * (1 - a) / n', 'a * (1 - a)'),
        ('outside of the root', ' / n)', ') / n'),
        ('a (1 - a), not a', 'a * (1 - a) / n', 'a / n'),
        ('one photograph is taken away', '(1 - a) / n',
         '(1 - a) / max(n - 1, 1)'),
        ('2 results are wanted', 'return a, math', 'return math'),
        ('is a `return` missing', 'return a', 'a'),
    ],
    'threshold': [
        ('just the threshold is answered', 'value >= t', 'value > t',
         'if sum(answered)', 'if answered and sum(answered)'),
        ('those below the threshold', 'value >= t', 'value <= t'),
        ('not more than it', 'sum(answered) >=', 'sum(answered) >'),
        ('the largest threshold', 'sorted(p)', 'sorted(p, reverse=True)'),
        ('those without an answer are wanted', 'len(p) - len(answered)',
         'len(answered)', 'None, len(p)', 'None, 0'),
        ('not of all', 'wanted * len(answered)', 'wanted * len(p)'),
        ('the search stops too early', '''
def threshold(p, right, wanted):
    best = None, len(p)
    for t in sorted(set(p), reverse=True):
        answered = [r for q, r in zip(p, right) if q >= t]
        if sum(answered) / len(answered) < wanted:
            break
        best = t, len(p) - len(answered)
    return best
'''),
        ('all answered, or none', '''
def threshold(p, right, wanted):
    pairs, best = sorted(zip(p, right), key=lambda x: -x[0]), (None, len(p))
    for k in range(1, len(p) + 1):
        if sum(r for _, r in pairs[:k]) >= wanted * k:
            best = pairs[k - 1][0], len(p) - k
    return best
'''),
        ('got', 'in sorted(p)', 'in p'),
        ('2 results are wanted', 'return t, len(p) - len(answered)',
         'return t'),
        ('None', 'return None, len(p)', 'return 1.0, len(p)'),
        ('is a `return` missing', 'return t', 't', 'return None', 'None'),
    ],
    'notes': [
        ('have seen the validation', NOTES, told(0, 'fine')),
        ('which photographs does it know', NOTES,
         told(0, 'another scaling in use')),
        ('random views are what one wants', NOTES,
         told(1, 'random judging')),
        ('into training by a crop', NOTES, told(1, 'leak')),
        ('gives another number', NOTES, told(2, 'fine')),
        ('into another part', NOTES, told(2, 'leak')),
        ('decisions belong to the validation', NOTES, told(3, 'fine')),
        ('what did the test decide', NOTES, told(3, 'leak')),
        ('which part has chosen', NOTES, told(3, 'too few to tell')),
        ('is one photograph', NOTES, told(4, 'fine')),
        ('how sure is this choice', NOTES, told(4, 'chosen by the test')),
        ('the numbers that it was trained with', NOTES, told(5, 'fine')),
        ('look at the numbers', NOTES, told(5, 'leak')),
        ('this prediction is not right', NOTES, told(1, 'good')),
        ('6 predictions are wanted', NOTES, told(5, 'x').replace(
            ", 'x'", '')),
    ],
}


# Mutations of the solution that compute the same, and why they do.
EQUIVALENT: dict[str, dict] = {}

# Right answers that get a remark with these words.
REMARK: dict[str, list] = {}
