"""Answers that must be accepted and answers that must be refused.

RIGHT: {question: [whole answers, or (old, new), an edit of the solution]}.
WRONG: {question: [(words that the message must hold, old, new)]}, an edit of
the solution, or (words, whole answer).
EQUIVALENT: {question: {a mutant that no check can tell from the solution:
why}}.
"""
RIGHT = {
    'train_epoch': ['''
def train_epoch(net, batches, optimizer):
    net.train(True)
    losses, hits = [], []
    for X, y in batches:
        net.zero_grad()
        scores = net(X)
        each = nn.CrossEntropyLoss(reduction='none')(scores, y)
        each.mean().backward()
        optimizer.step()
        losses.append(each.detach())
        hits.append((scores.detach().argmax(1) == y).double())
    return torch.cat(losses).mean().item(), torch.cat(hits).mean().item()
''', '''
def train_epoch(net, batches, optimizer):
    net.train()
    sums = torch.zeros(3)
    optimizer.zero_grad()
    for X, y in batches:
        y_hat = net(X)
        l = F.cross_entropy(y_hat, y)
        l.backward()
        optimizer.step()
        optimizer.zero_grad()
        with torch.no_grad():
            sums += torch.stack([l * len(y), (y_hat.argmax(1) == y).sum(),
                                 torch.tensor(len(y))])
    return (sums[0] / sums[2]).item(), (sums[1] / sums[2]).item()
'''],
    'rate': ['''
def rate(t, T, warm_up, lr=0.1):
    if t < warm_up:
        return lr / warm_up * (t + 1)
    angle = torch.tensor(math.pi * (t - warm_up) / (T - warm_up))
    return (lr / 2 * (1 + angle.cos())).item()
''', '''
def rate(t, T, warm_up, lr=0.1):
    rising = [lr * k / warm_up for k in range(1, warm_up + 1)]
    n = T - warm_up
    falling = [lr * math.cos(math.pi * k / n / 2)**2 for k in range(n)]
    return (rising + falling)[t]
'''],
    'dropout': ['''
def dropout(X, p, training):
    if training:
        mask = torch.empty_like(X).bernoulli_(1 - p)
        return mask * X / (1 - p)
    return X
''', '''
def dropout(X, p, training):
    if not training or p == 0:
        return X.clone()
    return torch.where(torch.rand(X.shape) < p, torch.zeros_like(X),
                       X / (1 - p))
'''],
    'mixup': ['''
def mixup(X, y, share, order, num_classes):
    hard = torch.eye(num_classes)[y]
    return [share * A + (1 - share) * A[order] for A in (X, hard)]
''', '''
def mixup(X, y, share, order, num_classes):
    images, labels = torch.zeros_like(X), torch.zeros(len(y), num_classes)
    for i, j in enumerate(order.tolist()):
        images[i] = share * X[i] + (1 - share) * X[j]
        labels[i, y[i]] += share
        labels[i, y[j]] += 1 - share
    return images, labels
'''],
    'curves': ['''
def curves():
    return ['rate too high', 'underfits', 'fine', 'overfits']
''', '''
def curves():
    found = []
    for train, valid in CURVES.values():
        jumps = sum(abs(b - a) for a, b in zip(valid[2:], valid[3:]))
        found.append('rate too high' if jumps > 1 else
                     'overfits' if valid[-1] > min(valid) + 0.1 else
                     'underfits' if train[-1] > 0.7 else 'fine')
    return tuple(found)
'''],
}

WRONG = {
    'train_epoch': [
        ('old gradients are not forgotten', 'optimizer.zero_grad()', 'pass'),
        ('forgotten too late', 'optimizer.zero_grad()\n        loss.backwar'
         'd()\n        optimizer.step()', 'loss.backward()\n        optimize'
         'r.step()\n        optimizer.zero_grad()'),
        ('do not move', 'optimizer.step()', 'pass'),
        ('away from the minimum', 'loss.backward()', '(-loss).backward()'),
        ('not put into train mode', 'net.train()', 'pass'),
        ('not put into train mode', 'net.train()', 'net.eval()'),
        ('are averaged', 'loss.item() * len(y)', 'loss.item()', 'total / n',
         'total / len(batches)'),
        ('without their sizes', 'loss.item() * len(y)', 'loss.item()'),
        ('the loss is a sum', 'total / n', 'total'),
        ('number of right ones', 'right / n', 'float(right)'),
        ('on the sum of the losses', 'F.cross_entropy(y_hat, y)',
         "F.cross_entropy(y_hat, y, reduction='sum')", ' * len(y)', ''),
        ('only the first minibatch', '    return', '        return'),
        ('the last minibatch only', 'total += loss.item() * len(y)\n'
         '        right +=', 'total = loss.item() * len(y)\n        right =',
         'n += len(y)', 'n = len(y)'),
        ('carries the graph', 'loss.item()', 'loss'),
        ('accuracy', 'argmax(1)', 'argmin(1)'),
        ('mean loss and accuracy are wanted', 'total / n, right / n',
         'total / n'),
    ],
    'rate': [
        ('starts with the rate 0', 't + 1', 't'),
        ('as if there had been no warm-up', '(t - warm_up) / (T - warm_up)',
         't / T'),
        ('there is no warm-up', 't < warm_up', 'False',
         '(t - warm_up) / (T - warm_up)', 't / T'),
        ('the factor 1/2', ' / 2', ''),
        ('in a straight line', '(1 + math.cos(math.pi * s)) / 2', '(1 - s)'),
        ('the default of `lr` is wrong', 'lr=0.1', 'lr=1.0'),
        ('got', 't < warm_up', 't <= warm_up'),
        ('ZeroDivisionError', 't < warm_up', 't < max(warm_up, 1)'),
        ('is a `return` missing', 'return lr * (1', 'lr * (1'),
    ],
    'dropout': [
        ('the share that stays', '>= p', '< p'),
        ('swapped everywhere', '>= p', '< p', '(1 - p)', 'p'),
        ('the mean sinks', ' / (1 - p)', ''),
        ('are multiplied by 1 - p', '/ (1 - p)', '* (1 - p)'),
        ('divide by 1 - p', '/ (1 - p)', '/ p'),
        ('whole rows or columns', 'rand_like(X)', 'rand(X.shape[1])'),
        ('every call drops the same', 'keep =',
         'torch.manual_seed(1)\n    keep ='),
        ('outside of training', 'if not training', 'if False'),
        ('asks you to do without `dropout`', '''
def dropout(X, p, training):
    return F.dropout(X, p, training)
'''),
        ('asks you to do without `dropout`', '''
def dropout(X, p, training):
    return nn.Dropout(p).train(training)(X)
'''),
        ('of the same shape is wanted', 'X * keep / (1 - p)',
         'X[keep] / (1 - p)'),
        ('of the same shape is wanted', 'return X\n', 'pass\n',
         'return X * keep', 'X * keep'),
    ],
    'mixup': [
        ('share and 1 - share are swapped', 'probs = ',
         'share = 1 - share\n    probs = '),
        ('labels are not blended', 'share * probs + (1 - share) * probs'
         '[order]', 'probs'),
        ('its shares must add up', '''
def mixup(X, y, share, order, num_classes):
    labels = torch.zeros(len(y), num_classes)
    rows = torch.arange(len(y))
    labels[rows, y] = share
    labels[rows, y[order]] = 1 - share
    return share * X + (1 - share) * X[order], labels
'''),
        ('images are not blended', 'share * X + (1 - share) * X[order]',
         'X'),
        ('the next image', '[order]', '.roll(1, 0)'),
        ('the wrong way round', 'probs = ',
         'order = order.argsort()\n    probs = '),
        ('2 results are wanted', 'return (share', 'return (share, share'),
        ('the shape is', 'F.one_hot(y, num_classes).float()', 'y'),
        ('RuntimeError', 'F.one_hot(y, num_classes)',
         'F.one_hot(y, num_classes - 1)'),
        ('numbers are wrong', '(1 - share) * X', '(1 + share) * X'),
    ],
    'curves': [
        ('is not fine', "'rate too high', 'underfits', 'fine'",
         "'fine', 'underfits', 'rate too high'"),
        ('jumps are no overfitting', "'rate too high'", "'overfits'"),
        ('A still improves', "'rate too high', 'underfits'",
         "'underfits', 'rate too high'"),
        ('have stopped falling', "'underfits', 'fine'",
         "'fine', 'underfits'"),
        ('there is no gap', "'underfits'", "'overfits'"),
        ('this one is smooth', "'underfits'", "'rate too high'"),
        ('the gap is small', "'fine'", "'overfits'"),
        ('lack capacity', "'overfits'", "'underfits'"),
        ('from its lowest point on', "'overfits'", "'fine'"),
        ('this prediction is not right', "'fine'", "'good'"),
        ('4 predictions are wanted', ", 'overfits'", ''),
    ],
}


# Mutations of the solution that compute the same, and why they do.
EQUIVALENT = {
    'dropout': {
        'keep = torch.rand_like(X) >= p [GtE to Gt]':
            'a random number is hardly ever p itself',
    },
}

# Right answers that get a remark with these words.
REMARK = {
    'dropout': [
        ('changed its input in place', 'return X * keep / (1 - p)',
         'return X.mul_(keep).div_(1 - p)'),
    ],
    'mixup': [
        ('changed its input in place', 'return (share * X + (1 - share) * '
         'X[order]', 'other = X[order]\n    return (X.mul_(share).add_('
         'other, alpha=1 - share)'),
    ],
}
