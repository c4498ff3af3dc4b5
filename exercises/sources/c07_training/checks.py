"""Checks for the exercises of chapter 7, training."""
import torch
from torch import nn
from torch.nn import functional as F

from d2lmini_check.compare import as_tensor
from d2lmini_check.questions import (Case, Question, Wrong, predictions,
                                     remark)


class Noted(nn.Linear):
    """A linear layer with known weights that notes its mode."""

    def __init__(self):
        super().__init__(2, 3)
        self.weight.data = torch.tensor([[0.5, -1.], [1., 0.], [-0.5, 0.5]])
        self.bias.data = torch.tensor([0.1, -0.2, 0.])
        self.modes = []

    def forward(self, X):
        self.modes.append(self.training)
        return super().forward(X)


def plain(value, name):
    """Return a float; refuse a tensor that carries its graph."""
    if isinstance(value, torch.Tensor) and value.requires_grad:
        raise Wrong(f'the {name} is a tensor that carries the graph of every '
                    'minibatch: .item() takes the number out')
    return value


def trained(answer, batches):
    """Let an answer train for an epoch, old gradients and eval mode set."""
    net = Noted().eval()
    for p in net.parameters():
        p.grad = torch.ones_like(p)
    result = answer(net, batches, torch.optim.SGD(net.parameters(), lr=0.5))
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise Wrong('mean loss and accuracy are wanted, two numbers, got '
                    f'{result!r}')
    return {'weight afterwards': net.weight.detach(),
            'mean loss': plain(result[0], 'loss'),
            'accuracy': plain(result[1], 'accuracy'),
            'always in train mode': all(net.modes)}


def trained_by(old=0., keep=False, lr=0.5, total=False, mode=True, rows=None,
               loss_of=lambda losses, sizes: losses @ sizes / sizes.sum(),
               right_of=lambda right, sizes: right.sum() / sizes.sum()):
    """Make a function that trains without autograd, or wrongly."""
    def look(batches):
        net, losses, right, sizes = Noted(), [], [], []
        W, b = net.weight.data.clone(), net.bias.data.clone()
        stale = [old * torch.ones(3, 2), old * torch.ones(3)]
        for X, y in batches[:rows]:
            Z = X @ W.T + b
            P, n = Z.softmax(1), 1 if total else len(X)
            losses.append(-P[range(len(y)), y].log().sum() / n)
            right.append((Z.argmax(1) == y).sum())
            sizes.append(len(y))
            G = P - F.one_hot(y, 3)
            step = [G.T @ X / n + stale[0], G.sum(0) / n + stale[1]]
            stale = step if keep else [0., 0.]
            W, b = W - lr * step[0], b - lr * step[1]
        sizes = torch.tensor(sizes).float()
        return {'weight afterwards': W,
                'mean loss': float(loss_of(torch.stack(losses), sizes)),
                'accuracy': float(right_of(torch.stack(right), sizes)),
                'always in train mode': mode}
    return look


def epoch_cases(dice):
    """Give minibatches of unequal size."""
    torch.optim.SGD([nn.Parameter(torch.zeros(1))])  # loads much, once
    cases = []
    for sizes in [[1], [2, 1], [4, 4, 2]]:
        cases.append(Case([(dice.normal(n, 2), torch.tensor(
            [dice.number(0, 2) for _ in range(n)])) for n in sizes]))
    return cases


train_epoch = Question(
    trained_by(), epoch_cases,
    ('Five lines for each minibatch: forward, loss, forget the old '
     'gradients, backward, step. What must be done once, before the loop? '
     'And what do you divide by at the end?',
     'net.train() first. In the loop y_hat = net(X), '
     'F.cross_entropy(y_hat, y), optimizer.zero_grad(), loss.backward(), '
     'optimizer.step(); add loss.item() * len(y), the right ones and len(y) '
     'up, and divide once.'),
    {'old gradients are not forgotten: optimizer.zero_grad() belongs before '
     'backward': trained_by(old=1., keep=True),
     'the gradients are forgotten too late: those that were there before '
     'the first step still count': trained_by(old=1.),
     'the weights do not move: is it backward or step that is missing?':
         trained_by(lr=0.),
     'the weights move away from the minimum': trained_by(lr=-0.5),
     'the network is not put into train mode': trained_by(mode=False),
     'the mean losses of unequal minibatches are averaged: weigh them with '
     'their sizes': trained_by(loss_of=lambda l, n: l.mean()),
     'the mean losses are added without their sizes':
         trained_by(loss_of=lambda l, n: l.sum() / n.sum()),
     'the loss is a sum: divide by the number of examples':
         trained_by(loss_of=lambda l, n: l @ n),
     'this is the number of right ones: divide by the number of examples':
         trained_by(right_of=lambda r, n: r.sum()),
     'the steps are taken on the sum of the losses, not on their mean':
         trained_by(total=True, loss_of=lambda l, n: l.sum() / n.sum()),
     'only the first minibatch is used: `return` stands inside the loop':
         trained_by(rows=1),
     'loss and accuracy are those of the last minibatch only': trained_by(
         loss_of=lambda l, n: l[-1], right_of=lambda r, n: r[-1] / n[-1])},
    trained)


def rate_by(start=1, shift=True, half=1., cosine=True, warm=True):
    """Make a schedule, by the square of half the angle."""
    def look(t, T, warm_up, lr=0.1):
        if warm and t < warm_up:
            return lr * (t + start) / warm_up
        s = torch.tensor((t - warm_up) / (T - warm_up) if shift else t / T)
        wave = torch.cos(torch.pi * s / 2)**2 if cosine else 1 - s
        return float(half * lr * wave)
    return look


rate = Question(
    rate_by(),
    lambda dice: [Case(t, 6, 2, 1.) for t in range(6)]
    + [Case(t, 5, 0, 0.3) for t in (0, 2, 4)]
    + [Case(t, 10, 3) for t in (0, 2, 3, 4, 9)],
    ('Two formulas, and one question that decides between them. At which t '
     'does the cosine begin, and with which s?',
     'if t < warm_up: lr * (t + 1) / warm_up. Else s = (t - warm_up) / '
     '(T - warm_up), and lr * (1 + math.cos(math.pi * s)) / 2.'),
    {'the warm-up starts with the rate 0: (t + 1) / W, so that the first '
     'step is not lost': rate_by(start=0),
     'the cosine goes on as if there had been no warm-up: it starts at '
     't = W': rate_by(shift=False),
     'there is no warm-up: the cosine begins at once':
         rate_by(warm=False, shift=False),
     'the rate is twice too large after the warm-up: the factor 1/2 is '
     'missing': rate_by(half=2.),
     'after the warm-up it falls in a straight line, not along a cosine':
         rate_by(cosine=False)})


def dropped(answer, p, training):
    """Look at the numbers that are left, and at those that are gone."""
    X = torch.linspace(1, 2, 10_000).reshape(100, 100)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        Y, again = (as_tensor(answer(Z, p, training), X)
                    for Z in (X.clone(), X))
    if not isinstance(Y, torch.Tensor) or Y.shape != X.shape:
        raise Wrong('a tensor of the same shape is wanted, got '
                    f'{type(Y).__name__} {tuple(getattr(Y, "shape", ()))}')
    if not torch.equal(X, torch.linspace(1, 2, 10_000).reshape(100, 100)):
        remark('your function changed its input in place')
        X = torch.linspace(1, 2, 10_000).reshape(100, 100)
    gone, left = Y == 0, (Y / X)[Y != 0]
    return {'share of zeros': round(gone.float().mean().item(), 1),
            'what is left, by what it was': left.mean() if len(left) else 0.,
            'the others have one factor': bool(
                len(left) and left.max() - left.min() < 1e-4),
            'whole rows or columns are zero': bool(
                gone.all(0).any() or gone.all(1).any()),
            'a second call drops others': not torch.equal(Y, again)}


def dropped_by(share=lambda p: p, factor=lambda p: 1 / (1 - p), rows=False,
               same=False, always=False):
    """Make the report on a dropout, or on a wrong one."""
    def look(p, training):
        works = (training or always) and p > 0
        q = share(p) if training or always else 0.
        return {'share of zeros': round(q, 1),
                'what is left, by what it was': torch.tensor(
                    factor(p) if training or always else 1.),
                'the others have one factor': True,
                'whole rows or columns are zero': rows and works,
                'a second call drops others': works and not same}
    return look


dropout = Question(
    dropped_by(), lambda dice: [Case(*c) for c in [
        (0.5, True), (0.3, True), (0.8, True), (0.5, False), (0., True)]],
    ('Which numbers stay? Draw a random number from 0 to 1 for each entry '
     'and compare it with p. By what must the others be divided so that the '
     'mean stays?',
     'keep = torch.rand_like(X) >= p, then X * keep / (1 - p); without '
     'training X itself.'),
    {'p is the share that stays here: it should be the share that goes':
         dropped_by(lambda p: 1 - p if p else 1.),
     'p and 1 - p are swapped everywhere':
         dropped_by(lambda p: 1 - p, lambda p: 1 / p if p else 0.),
     'the numbers that stay are not made larger: the mean sinks':
         dropped_by(factor=lambda p: 1.),
     'the numbers that stay are multiplied by 1 - p: divide':
         dropped_by(factor=lambda p: 1 - p),
     'the numbers that stay are divided by p: divide by 1 - p':
         dropped_by(factor=lambda p: 1 / p if p else torch.inf),
     'whole rows or columns are dropped together: draw a number for each '
     'entry': dropped_by(rows=True),
     'every call drops the same numbers: draw anew':
         dropped_by(same=True),
     'numbers are dropped outside of training too':
         dropped_by(always=True)},
    dropped, bans=('dropout', 'dropout_', 'alpha_dropout', 'native_dropout',
                   'feature_dropout'))


def mixed_by(own=1, partner=lambda order: order, labels=True, swap=False):
    """Make a mixup by lerp, or a wrong one."""
    def look(X, y, share, order, num_classes):
        weight = share if swap else 1 - share
        hard = torch.eye(num_classes)[y]
        other = partner(order)
        return (torch.lerp(X, X[other], weight) * own,
                torch.lerp(hard, hard[other], weight) if labels else hard)
    return look


def overwritten(X, y, share, order, num_classes):
    """Write the partner's share over one's own."""
    images, labels = mixed_by()(X, y, share, order, num_classes)
    same = y == y[order]
    labels[same, y[same]] = 1 - share
    return images, labels


def mix_cases(dice):
    """Give two images, then more, in an order that is not its inverse."""
    cases = [Case(torch.tensor([[[[0.]]], [[[10.]]]]), torch.tensor([2, 0]),
                  0.7, torch.tensor([1, 0]), 3)]
    for n, share, order in [(3, 0.25, [1, 2, 0]), (4, 0.9, [1, 3, 0, 2])]:
        y = torch.tensor([dice.number(0, 3) for _ in range(n)])
        y[1] = y[order[1]]  # the shares of one class add up
        y[0] = (y[order[0]] + 1) % 4
        cases.append(Case(dice.whole(n, 1, 2, 2), y, share,
                          torch.tensor(order), 4))
    return cases


mixup = Question(
    mixed_by(), mix_cases,
    ('The labels are classes; what must become of them before they can be '
     'blended? How do you bring all partners into one tensor?',
     'probs = F.one_hot(y, num_classes).float(). X[order] are the partners, '
     'probs[order] their labels; then share * own + (1 - share) * partner, '
     'for both.'),
    {'share and 1 - share are swapped': mixed_by(swap=True),
     'the labels are not blended': mixed_by(labels=False),
     'the partner is the next image, not the one that `order` names':
         mixed_by(partner=lambda order: (torch.arange(len(order)) - 1)
                  % len(order)),
     'the order is used the wrong way round: the partner of image i is '
     'order[i]': mixed_by(partner=torch.argsort),
     'where both are of one class its shares must add up: the second '
     'overwrites the first': overwritten,
     'the images are added with twice their weight': mixed_by(own=2),
     'the images are not blended': lambda X, y, share, order, num_classes: (
         X, mixed_by()(X, y, share, order, num_classes)[1])})

curves = predictions(
    dict(zip('ABCD', ['rate too high', 'underfits', 'fine', 'overfits'])),
    {'a fit whose validation loss jumps up and down from point to point is '
     'not fine': ['fine', None, None, None],
     'jumps are no overfitting: both losses are still falling on the whole':
         ['overfits', None, None, None],
     'A still improves, to a loss lower than that of B':
         ['underfits', None, None, None],
     'both losses lie together, which is good, but high, and they have '
     'stopped falling': [None, 'fine', None, None],
     'there is no gap between the losses': [None, 'overfits', None, None],
     'with too high a rate the curve would jump: this one is smooth':
         [None, 'rate too high', None, 'rate too high'],
     'the gap is small, and both losses are still falling':
         [None, None, 'overfits', None],
     'compare the height of the loss with the other panels':
         [None, None, 'underfits', None],
     'the training loss is lower than all others: that network does not '
     'lack capacity': [None, None, None, 'underfits'],
     'look at the validation loss alone, from its lowest point on':
         [None, None, None, 'fine'],
     'look at how smooth the validation curve is':
         [None, None, 'rate too high', None]},
    ('Two questions for each panel: how low is the training loss, and how '
     'far above it is the validation loss? And one more: do the curves '
     'jump?',
     'Both high and together: underfits. Far apart and the upper one '
     'rising: overfits. Jumping: the rate. Each word occurs once.'))

QUESTIONS = {'train_epoch': train_epoch, 'rate': rate, 'dropout': dropout,
             'mixup': mixup, 'curves': curves}

# What the texts announce, besides values and shapes.
DEMANDS: dict[str, tuple] = {}
