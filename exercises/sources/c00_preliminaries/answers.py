"""Answers that must be accepted and answers that must be refused.

RIGHT: {question: [whole answers]}. WRONG: {question: [(words that the message
must hold, old, new)]}, an edit of the solution, or (words, whole answer).
"""
RIGHT = {
    'cosine': ['''
import math

def cosine(x, w):
    product = sum(a * b for a, b in zip(x.tolist(), w.tolist()))
    lengths = [math.sqrt(sum(a * a for a in v.tolist())) for v in (x, w)]
    return product / lengths[0] / lengths[1]
''', '''
def cosine(x, w):
    return (x / x.square().sum().sqrt()) @ (w / w.square().sum().sqrt())
''', '''
def cosine(x, w):
    return F.cosine_similarity(x[None], w[None]).item()
''', '''
import numpy as np

def cosine(x, w):
    x, w = x.numpy(), w.numpy()
    return np.dot(x, w) / np.linalg.norm(x) / np.linalg.norm(w)
'''],
    'line_gradient': ['''
def line_gradient(x, y, w, b):
    dw = db = 0.0
    for xi, yi in zip(x.tolist(), y.tolist()):
        dw += 2 * (w * xi + b - yi) * xi / len(x)
        db += 2 * (w * xi + b - yi) / len(x)
    return [dw, db]
''', '''
def line_gradient(x, y, w, b):
    w = torch.tensor(w, requires_grad=True)
    b = torch.tensor(b, requires_grad=True)
    ((w * x + b - y) ** 2).mean().backward()
    return w.grad, b.grad
'''],
    'softmax': ['''
def softmax(o):
    return torch.softmax(o, dim=-1)
''', '''
def softmax(o):
    rows = []
    for row in o:
        e = (row - max(row.tolist())).exp()
        rows.append(e / e.sum())
    return torch.stack(rows)
''', '''
def softmax(o):
    return (o - o.logsumexp(1, keepdim=True)).exp()
'''],
    'cross_entropy': ['''
def cross_entropy(o, y):
    return nn.CrossEntropyLoss()(o, y)
''', '''
def cross_entropy(o, y):
    losses = []
    for row, label in zip(o, y):
        top = row.max()
        losses.append((row - top).exp().sum().log() + top - row[label])
    return sum(losses) / len(losses)
''', '''
def cross_entropy(o, y):
    log_p = o - torch.logsumexp(o, dim=1, keepdim=True)
    right = F.one_hot(y, o.shape[1]).to(o.dtype)
    return -(log_p * right).sum(1).mean()
'''],
    'accuracy': ['''
def accuracy(batches):
    hits = []
    for o, y in batches:
        hits += [row.argmax() == label for row, label in zip(o, y)]
    return sum(hits) / len(hits)
''', '''
def accuracy(batches):
    right = sum((o.argmax(1) == y).sum() for o, y in batches)
    return right / sum(o.shape[0] for o, _ in batches)
''', '''
def accuracy(batches):
    o = torch.cat([o for o, _ in batches]).numpy()
    y = torch.cat([y for _, y in batches]).numpy()
    return (o.argmax(axis=1) == y).mean()
'''],
    'collapse': ['''
def collapse(W1, b1, W2, b2):
    return torch.mm(W2, W1), (W2 * b1).sum(dim=1) + b2
''', '''
def collapse(W1, b1, W2, b2):
    W = torch.einsum('kh,hd->kd', W2, W1)
    return [W, F.linear(b1, W2, b2)]
''', '''
def collapse(W1, b1, W2, b2):
    def both(X):
        return (X @ W1.T + b1) @ W2.T + b2

    d = W1.shape[1]
    b = both(torch.zeros(1, d))[0]
    return (both(torch.eye(d)) - b).T, b
'''],
    'train_epoch': ['''
def train_epoch(net, batches, lr):
    losses = []
    for X, y in batches:
        net.zero_grad()
        l = nn.CrossEntropyLoss()(net(X), y)
        l.backward()
        with torch.no_grad():
            for p in net.parameters():
                p -= lr * p.grad
        losses += [l.item()] * len(X)
    return sum(losses) / len(losses)
''', '''
def train_epoch(net, batches, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr)
    total = 0
    for X, y in batches:
        loss = F.nll_loss(F.log_softmax(net(X), dim=1), y, reduction='sum')
        optimizer.zero_grad()
        (loss / len(y)).backward()
        optimizer.step()
        total += loss.detach()
    return total / sum(len(y) for _, y in batches)
''', '''
def train_epoch(net, batches, lr):
    total, n = 0, 0
    for X, y in batches:
        loss = F.cross_entropy(net(X), y)
        slopes = torch.autograd.grad(loss, list(net.parameters()))
        for p, slope in zip(net.parameters(), slopes):
            p.data = p.data - lr * slope
        total, n = total + loss.item() * len(y), n + len(y)
    return total / n
'''],
    'curves': ['''
def curves():
    return ['overfitting', 'underfitting', 'learning rate too large',
            'going well', 10, -(-50000 // 64), 50000 % 64]
''', '''
import math

def curves():
    batches = math.ceil(50_000 / 64)
    last = 50_000 - 64 * (batches - 1)
    answers = ('overfitting', 'underfitting')
    return (*answers, 'learning rate too large', 'going well', 10, batches,
            last)
'''],
}

WRONG = {
    'cosine': [
        ('divide it by both lengths', ' / (x.norm() * w.norm())', ''),
        ('the root is missing', 'x.norm() * w.norm()', '(x @ x) * (w @ w)'),
        ('that of w is missing', ' * w.norm()', ''),
        ('that of x is missing', 'x.norm() * ', ''),
        ('the sign is lost', '(x @ w /', '((x @ w).abs() /'),
        ('the lengths are added', 'x.norm() * w', 'x.norm() + w'),
        ('the products are averaged', 'x @ w /', '(x * w).mean() /'),
        ('multiplied by the lengths', 'w / (', 'w * ('),
    ],
    'line_gradient': [
        ('the factor 2 is missing', '2 * (error * x)', '(error * x)',
         '2 * error', 'error'),
        ('the errors are summed', 'x).mean', 'x).sum',
         'error.mean', 'error.sum'),
        ('the error is the answer minus y', 'w * x + b - y',
         'y - w * x - b'),
        ('the factor x is missing', '(error * x)', 'error'),
        ('the two slopes are swapped', '''
def line_gradient(x, y, w, b):
    error = w * x + b - y
    return 2 * error.mean().item(), 2 * (error * x).mean().item()
'''),
        ('the bias is forgotten', ' + b - y', ' - y'),
        ('2 results are wanted', '''
def line_gradient(x, y, w, b):
    return (2 * (w * x + b - y) * x).mean().item()
'''),
    ],
    'softmax': [
        ('large logits overflow', ' - o.max(dim=1, keepdim=True).values', ''),
        ('the columns add up to 1', 'max(dim=1', 'max(dim=0',
         'sum(dim=1', 'sum(dim=0'),
        ('all numbers together add up to 1', '''
def softmax(o):
    e = (o - o.max()).exp()
    return e / e.sum()
'''),
        ('take the largest of each row', 'o.max(dim=1, keepdim=True).values',
         'o.max()'),
        ('these are logarithms', 'return e / e.sum(dim=1, keepdim=True)',
         'return (e / e.sum(dim=1, keepdim=True)).log()'),
        ('these are sigmoids', '''
def softmax(o):
    return 1 / (1 + torch.exp(-o))
'''),
        ('not divided by their sum', ' / e.sum(dim=1, keepdim=True)', ''),
        ('the exponential is missing', '''
def softmax(o):
    return o / o.sum(dim=1, keepdim=True)
'''),
    ],
    'cross_entropy': [
        ('its logarithm infinite', '''
def cross_entropy(o, y):
    p = F.softmax(o, dim=1)[torch.arange(len(y)), y]
    return -p.log().mean()
'''),
        ('large logits overflow', 'o = o - o.max(dim=1, keepdim=True).values',
         'pass'),
        ('the losses are summed', '.mean()', '.sum()'),
        ('one loss for each picture', '.mean()', ''),
        ('the minus sign is missing', 'return (', 'return -('),
        ('taken for probabilities', '''
def cross_entropy(o, y):
    return -o[torch.arange(len(y)), y].log().mean()
'''),
        ('the softmax is applied twice', '''
def cross_entropy(o, y):
    return F.cross_entropy(F.softmax(o, dim=1), y)
'''),
        ('base 2', '''
def cross_entropy(o, y):
    log_p = F.log_softmax(o, dim=1) / torch.tensor(2.0).log()
    return -log_p[torch.arange(len(y)), y].mean()
'''),
        ('base 10', '''
def cross_entropy(o, y):
    log_p = F.log_softmax(o, dim=1) / torch.tensor(10.0).log()
    return -log_p[torch.arange(len(y)), y].mean()
'''),
        ('takes a column of every row', '''
def cross_entropy(o, y):
    return -F.log_softmax(o, dim=1)[:, y].mean()
'''),
        ('minus the mean probability', '''
def cross_entropy(o, y):
    return -F.softmax(o, dim=1)[torch.arange(len(y)), y].mean()
'''),
        ('the gradient of o is not', 'o = o - ', 'o = o.detach() - '),
        ('no gradient flows', '.mean()', '.mean().detach()'),
    ],
    'accuracy': [
        ('averaged, though they have different sizes', '''
def accuracy(batches):
    shares = [(o.argmax(1) == y).float().mean().item() for o, y in batches]
    return sum(shares) / len(shares)
'''),
        ('only the last minibatch', 'right +=', 'right =',
         'total +=', 'total ='),
        ('only the first minibatch', '    return right / total',
         '        return right / total'),
        ('not their share', ' / total', ''),
        ('this is a percentage', 'right / total', '100 * right / total'),
        ('the share of wrong answers', '== y', '!= y'),
        ('the smallest logit', 'argmax', 'argmin'),
        ('each picture is a row', 'dim=1', 'dim=0'),
    ],
    'collapse': [
        ('in the wrong order', 'W2 @ W1', 'W1 @ W2'),
        ('W2 @ b1 is missing', 'W2 @ b1 + b2', 'b2'),
        ('added as they are', 'W2 @ b1', 'b1'),
        ('the second bias is missing', ' + b2', ''),
        ('the bias is subtracted', '+ b2', '- b2'),
        ('* is not the matrix product', 'W2 @ W1', 'W2 * W1'),
        ('the weight is transposed', 'W2 @ W1', '(W2 @ W1).T'),
    ],
    'train_epoch': [
        ('three mistakes are left', '''
def train_epoch(net, batches, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for X, y in batches:
        loss = F.cross_entropy(net(X).softmax(dim=1), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)
'''),
        ('two mistakes are left: the gradients', '''
def train_epoch(net, batches, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for X, y in batches:
        loss = F.cross_entropy(net(X), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)
'''),
        ('takes logits, and the loss is a mean of means', '''
def train_epoch(net, batches, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for X, y in batches:
        loss = F.cross_entropy(net(X).softmax(dim=1), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)
'''),
        ('takes logits, and the gradients', 'net(X)', 'net(X).softmax(1)',
         '        optimizer.zero_grad()\n', ''),
        ('does the softmax itself', 'net(X)', 'net(X).softmax(dim=1)'),
        ('gradients of all minibatches add up',
         '        optimizer.zero_grad()\n', ''),
        ('a mean of means', ' * len(y)', '', 'count += len(y)', 'count += 1'),
        ('uphill', 'loss.backward()', '(-loss).backward()'),
        ('the network does not change', '        optimizer.step()\n', ''),
        ('the network does not change', 'loss.backward()\n        optimizer'
         '.step()', 'loss.backward()\n        optimizer.zero_grad()\n'
         '        optimizer.step()'),
        ('after the step of its own minibatch', 'total += loss.item()',
         'total += F.cross_entropy(net(X), y).item()'),
    ],
    'curves': [
        ('look at the validation loss of A', "('overfitting'",
         "('going well'"),
        ('that of A is low', "('overfitting'", "('underfitting'"),
        ('nothing to overfit with', "'underfitting'", "'overfitting'"),
        ('stands still at a high loss', "'underfitting'", "'going well'"),
        ('the steps are too large', 'learning rate too large',
         'underfitting'),
        ('not the training loss', 'learning rate too large', 'overfitting'),
        ('a small gap is normal', 'going well', 'overfitting'),
        ('are low and still fall', 'going well', 'underfitting'),
        ('keep by the validation loss', '10', '20'),
        ('stands in the table', '10', '5'),
        ('counts too', '782', '781'),
        ('does not divide', '16', '64'),
        ('this prediction is not right', '16', '17'),
        ('7 predictions are wanted', ', 16', ''),
    ],
}
