"""Checks for the exercises of chapter 10, inside a network."""
import torch
from torch import nn
from torch.nn import functional as F

from d2lmini_check.questions import Case, Question, Wrong, predictions

predict_inside = predictions(
    {'shape of the occlusion map': (4, 7), 'passes of the occlusion map': 28,
     'shape of the saliency map': (20, 32), 'passes of the saliency map': 1,
     'shape of the Grad-CAM map': (5, 8), 'recall of class 0': 0.75},
    {'the square starts at 0 and must fit: (20 - 8) / 4 + 1 places':
         [(3, 6), 18, None, None, None, None],
     'the square moves in steps of 4, not of 8':
         [(2, 4), 8, None, None, None, None],
     'rows come first, then columns':
         [(7, 4), None, (32, 20), None, (8, 5), None],
     'a map has one number for each place of the square':
         [(20, 32), 640, None, None, None, None],
     'saliency takes the largest of the three channels':
         [None, None, (3, 20, 32), None, None, None],
     'one backward pass gives the gradient of all pixels at once':
         [None, None, None, 640, None, None],
     'the maps are summed over their 64 channels':
         [None, None, None, None, (64, 5, 8), None],
     'recall divides by the row, all pictures of the class':
         [None, None, None, None, None, 6 / 7],
     'this is the accuracy of all classes together':
         [None, None, None, None, None, 17 / 20]},
    ('At how many places does a square of 8 fit into 20 rows, if it moves in '
     'steps of 4? Which of the methods differentiates, and what is recall '
     'the share of?',
     '(20 - 8) / 4 + 1 = 4 and (32 - 8) / 4 + 1 = 7. Saliency and Grad-CAM '
     'take one pass forward and one back. Recall of class 0 is 6 / (6 + 2).'))


class Twins(nn.Module):
    """A network with a block inside and ReLUs that work in place."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 2, 2), nn.ReLU(inplace=True))
        self.flat, self.out = nn.Flatten(), nn.LazyLinear(3)

    def forward(self, X):
        return self.out(self.flat(self.stem(X)))


def make(kind):
    """Return a network and an input for it, the same in each run."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        if kind == 'two layers':
            return (nn.Sequential(nn.Flatten(), nn.ReLU(inplace=True)).eval(),
                    torch.tensor([[-1., 2.]]))
        if kind == 'blocks':
            net, X = Twins().eval(), torch.randn(2, 1, 3, 4)
            net(X)  # finds the size of its last layer
            return net, X
        net = nn.Sequential(
            nn.BatchNorm1d(2), nn.Sequential(nn.Linear(2, 3), nn.Sequential(
                nn.Tanh(), nn.Linear(3, 2))), nn.ReLU(inplace=True))
        return net.eval(), torch.randn(2, 2) + 3


def hooks_of(net):
    """Count the hooks on all layers."""
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks)
               for m in net.modules())


def looked_into(answer, kind):
    """Let an answer record a network, then look what it has left behind."""
    net, X = make(kind)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    extra = net.register_forward_hook(lambda *_: None)
    found = answer(net, X.clone())
    if not isinstance(found, dict):
        raise Wrong('a dictionary {name: output} is wanted, got '
                    f'{type(found).__name__}')
    return {'names': sorted(map(str, found)),
            **{f'output of {name}': found[name] for name in found},
            'hooks that are left': hooks_of(net) - 1,
            'a hook that was there before is gone':
                extra.id not in net._forward_hooks,
            'the network is in training mode': net.training,
            'its numbers have changed': any(
                not torch.equal(before[key], value)
                for key, value in net.state_dict().items())}


def by_walk(kind, only_outer=False, spoiled=False, left=0, every=False,
            inputs=False):
    """Record by replacing forward, layer for layer, or do it wrongly."""
    net, X = make(kind)
    maps = {}

    def wrapped(name, forward):
        def run(Z):
            Y = forward(Z)
            maps[name] = Z.clone() if inputs else Y if spoiled else Y.clone()
            return Y
        return run

    named = list(net.named_children()) if only_outer else [
        (n, m) for n, m in net.named_modules()
        if (every and n) or not list(m.children())]
    for name, module in named:
        module.forward = wrapped(name, module.forward)
    net(X)
    return {'names': sorted(maps),
            **{f'output of {name}': Y.detach() for name, Y in maps.items()},
            'a hook that was there before is gone': False,
            'hooks that are left': left * len(named),
            'the network is in training mode': False,
            'its numbers have changed': False}


def walk(**changes):
    """Make a wrong record."""
    return lambda kind: by_walk(kind, **changes)


feature_maps = Question(
    lambda kind: by_walk(kind),
    lambda dice: [Case(kind) for kind in ['two layers', 'blocks', 'nested']],
    ('A layer calls a forward hook with itself, its inputs and its output. '
     'How does the hook know the name? And what happens to the output when '
     'the next layer works in place?',
     'For each (name, module) of net.named_modules() without children: def '
     'keep(module, inputs, output, name=name): maps[name] = output.clone(). '
     'register_forward_hook returns a handle; handle.remove() afterwards.'),
    {'the next layer has written over an output: keep a copy, '
     'output.clone()':
         walk(spoiled=True),
     'the hooks are still there: remove each handle':
         walk(left=1),
     'the hooks are still there, and an output was written over':
         walk(left=1, spoiled=True),
     'only the outer layers are recorded: those inside of others count':
         walk(only_outer=True),
     'layers that hold others are recorded too: leave them out':
         walk(every=True),
     'these are the inputs of the layers: their outputs are wanted':
         walk(inputs=True)},
    use=looked_into)


def blocked(score, X, window, stride, fill=0., rows_first=True, sign=1,
            more=0, one=False, cells=False):
    """Cover by masks, all places in one minibatch, or do it wrongly."""
    C, H, W = X.shape
    ones = torch.ones(1, 1, H, W)
    places = F.unfold(ones, window, stride=stride).shape[2]
    columns = (W - window) // stride + 1
    pictures = []
    for place in range(places):
        i, j = (stride * k for k in divmod(place, columns))
        mask = torch.zeros(H, W, dtype=torch.bool)
        mask[i:i + window + more, j:j + window + more] = True
        mask = mask.expand(C, H, W).clone()
        mask[1:] &= not one
        pictures.append(torch.where(mask, torch.tensor(float(fill)), X))
    falls = score(X[None]) - score(torch.stack(pictures))
    falls = falls.reshape(-1, columns)
    return sign * (falls if rows_first else falls.T)


def weighed(Z):
    """Give a score in which each pixel and channel counts otherwise."""
    n = Z[0].numel()
    weights = torch.cos(torch.arange(1., n + 1)).reshape(Z.shape[1:])
    return (weights * Z).sum((1, 2, 3)) + Z.amax((1, 2, 3))


def total(Z):
    """Give the sum of the pixels."""
    return Z.sum((1, 2, 3))


def cover(**changes):
    """Make a wrong occlusion."""
    return lambda score, X, window, stride, fill=0.: blocked(
        score, X, window, stride, fill, **changes)


occlusion = Question(
    lambda score, X, window, stride, fill=0.: blocked(
        score, X, window, stride, fill),
    lambda dice: [
        Case(total, torch.tensor([[[1., 2., 3.], [4., 5., 6.]]]), 2, 1),
        Case(total, dice.normal(1, 3, 4), 1, 1),
        Case(weighed, dice.normal(2, 4, 3), 2, 1),
        Case(weighed, dice.normal(3, 5, 7), 2, 2),
        Case(weighed, dice.normal(1, 6, 5), 3, 2, 0.5),
        Case(weighed, dice.normal(2, 5, 5), 2, 3, fill=-1.)],
    ('At how many places does the square fit into the rows, and at how many '
     'into the columns? What must be as before when the next square is '
     'covered?',
     'rows = range(0, H - window + 1, stride), columns alike. For each place '
     'covered = X.clone(); covered[:, i:i + window, j:j + window] = fill; '
     'then score(X[None])[0] - score(covered[None])[0].'),
    {'the sign is wrong: the score of the picture less that of the covered '
     'one': cover(sign=-1),
     'rows and columns of the map are swapped': cover(rows_first=False),
     'the square is one pixel too wide': cover(more=1),
     'the square is one pixel too small': cover(more=-1),
     'only the first channel is covered': cover(one=True),
     '`fill` is ignored':
         lambda score, X, window, stride, fill=0.: blocked(
             score, X, window, stride),
     '`stride` is ignored':
         lambda score, X, window, stride, fill=0.: blocked(
             score, X, window, 1, fill),
     'the steps are as long as the window: `stride` is ignored':
         lambda score, X, window, stride, fill=0.: blocked(
             score, X, window, window, fill),
     'these are the scores themselves: subtract them from that of X':
         lambda score, X, window, stride, fill=0.: score(
             X[None]) - blocked(score, X, window, stride, fill),
     'squares that were covered before are still covered: take a new copy '
     'for each':
         lambda score, X, window, stride, fill=0.: kept_covered(
             score, X, window, stride, fill)})


def kept_covered(score, X, window, stride, fill):
    """Cover more and more of one copy."""
    Z, falls = X.clone(), []
    for i in range(0, X.shape[1] - window + 1, stride):
        falls.append([])
        for j in range(0, X.shape[2] - window + 1, stride):
            Z[:, i:i + window, j:j + window] = fill
            falls[-1].append((score(X[None]) - score(Z[None]))[0])
    return torch.tensor(falls)


def cam_by(weigh=lambda G: G.mean((-2, -1)), last=F.relu):
    """Weigh maps by einsum, or do it wrongly."""
    return lambda A, G: last(torch.einsum('nc,nchw->nhw', weigh(G), A))


def map_cases(dice):
    """Give maps and gradients; not square, of one and several pictures."""
    return [Case(torch.tensor([[[[1., 2.]], [[3., 0.]]]]),
                 torch.tensor([[[[1., 3.]], [[-1., -1.]]]]))] + [
        Case(dice.normal(*shape), dice.normal(*shape)) for shape in [
            (1, 1, 2, 3), (1, 3, 2, 2), (2, 4, 3, 2), (3, 2, 1, 4)]]


grad_cam = Question(
    cam_by(), map_cases,
    ('One weight for each picture and channel: the mean over which two axes? '
     'Which axis is gone in the result?',
     'weights = G.mean((2, 3), keepdim=True), then (weights * A).sum(1) and '
     'ReLU.'),
    {'what is negative must become 0': cam_by(last=lambda Y: Y),
     'the size of what is negative must not count: ReLU, not abs':
         cam_by(last=torch.abs),
     'the gradients are summed over the places: their mean is wanted':
         cam_by(lambda G: G.sum((-2, -1))),
     'the gradient is used place by place: take its mean over the map':
         lambda A, G: F.relu((A * G).sum(1)),
     'the ReLU stands before the sum over the channels':
         lambda A, G: F.relu(A * G.mean((2, 3), keepdim=True)).sum(1),
     'maps and gradients are swapped':
         lambda A, G: cam_by()(G, A),
     'the weighed maps are averaged over the channels: add them up':
         lambda A, G: cam_by()(A, G) / A.shape[1],
     'all pictures are added up: the minibatch axis must stay':
         lambda A, G: F.relu((A * G.mean((2, 3), keepdim=True)).sum((0, 1))),
     'negative weights count too: only the sum is cut off at 0':
         cam_by(lambda G: F.relu(G.mean((-2, -1))))})


def counted(y, y_hat, num_classes):
    """Count pairs in Python."""
    pairs = list(zip(y.tolist(), y_hat.tolist()))
    return torch.tensor([[pairs.count((i, j)) for j in range(num_classes)]
                         for i in range(num_classes)])


def class_cases(dice):
    """Give classes and answers; the last classes may not occur."""
    cases = [Case(torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1]), 2),
             Case(torch.tensor([1, 1, 1, 0]), torch.tensor([0, 1, 1, 1]), 4)]
    for n, c, top in [(6, 3, 2), (12, 4, 2), (30, 5, 4)]:
        cases.append(Case(*(torch.tensor([
            dice.number(0, top) for _ in range(n)]) for _ in range(2)), c))
    return cases


confusion_matrix = Question(
    counted, class_cases,
    ('Each picture adds 1 to one place of the matrix. Which row, and which '
     'column? What if the same pair occurs twice?',
     'M = torch.zeros(num_classes, num_classes); for each pair: M[true, '
     'answer] += 1. (M[y, y_hat] += 1 counts a pair that occurs twice once.) '
     'Or pairs = num_classes * y + y_hat, and bincount with minlength.'),
    {'rows and columns are swapped: the row is the true class':
         lambda y, y_hat, num_classes: counted(y_hat, y, num_classes),
     'a pair that occurs several times is counted once':
         lambda y, y_hat, num_classes: counted(
             y, y_hat, num_classes).clamp(max=1),
     'these are shares of the row: counts are wanted':
         lambda y, y_hat, num_classes: counted(y, y_hat, num_classes)
         / counted(y, y_hat, num_classes).sum(1, keepdim=True).clamp(min=1),
     'only the pictures that were answered right are counted':
         lambda y, y_hat, num_classes: torch.diag(
             counted(y, y_hat, num_classes).diagonal()),
     'only the mistakes are counted':
         lambda y, y_hat, num_classes: counted(y, y_hat, num_classes)
         - torch.diag(counted(y, y_hat, num_classes).diagonal())})


def shares(M, axes=(1, 0)):
    """Divide in Python, class by class."""
    rows, found = M.tolist(), []
    for axis in axes:
        sums = [sum(row) for row in (rows if axis == 1 else zip(*rows))]
        found.append(torch.tensor([
            rows[i][i] / s if s else 0. for i, s in enumerate(sums)]))
    return tuple(found)


recalls = Question(
    lambda M: shares(M),
    lambda dice: [Case(torch.tensor(M)) for M in [
        [[3, 1], [2, 2]], [[1, 0], [4, 0]], [[0, 0], [1, 2]],
        [[5, 1, 0], [2, 7, 1], [0, 0, 4]], [[2, 0, 3], [0, 0, 0],
                                            [1, 0, 6]],
        [[0, 3], [2, 0]], [[3, 0], [2, 1]]]],
    ('The right ones stand on the diagonal. Does the number of pictures of a '
     'class stand in a row or in a column? And the number of its answers?',
     'right = M.diagonal(); recall = right / M.sum(1), precision = right / '
     'M.sum(0), and 0 where the sum is 0: .clamp(min=1) before you divide.'),
    {'recall and precision are swapped: recall divides by the row':
         lambda M: shares(M, (0, 1)),
     'both are recalls: precision divides by the column':
         lambda M: shares(M, (1, 1)),
     'both are precisions: recall divides by the row':
         lambda M: shares(M, (0, 0)),
     'both divide by the number of all pictures':
         lambda M: tuple(M.diagonal() / M.sum() for _ in range(2)),
     'a class without pictures or without answers makes NaN: 0 is wanted':
         lambda M: (M.diagonal() / M.sum(1), M.diagonal() / M.sum(0)),
     'these are the shares of mistakes':
         lambda M: tuple(1 - part for part in shares(M))})


def near_by(features, labels, k, own=False, far=False, power=2):
    """Sort the other points in Python, or do it wrongly."""
    found = []
    for i, x in enumerate(features):
        order = sorted((j for j in range(len(labels)) if own or j != i),
                       key=lambda j: ((features[j] - x).abs()**power).sum(),
                       reverse=far)
        same = [labels[j] == labels[i] for j in order[:k]]
        found.append(sum(map(bool, same)) / k)
    return torch.tensor(found)


def point_cases(dice):
    """Give points with classes, two of them at the same place."""
    cases = [Case(torch.tensor([[0.], [1.], [5.]]), torch.tensor([0, 1, 1]),
                  1)]
    for n, d, k in [(4, 2, 1), (6, 3, 2), (9, 2, 4)]:
        cases.append(Case(dice.normal(n, d), torch.tensor(
            [dice.number(0, 1) for _ in range(n)]), k))
    X = 3 * dice.normal(6, 2)
    X[0] += 20
    X[5] = X[0]
    cases.append(Case(X, torch.tensor([0, 1, 1, 0, 0, 1]), 2))
    cases.append(Case(torch.tensor([[0., 0.], [3., 3.], [0., 5.]]),
                      torch.tensor([0, 1, 0]), 1))
    return cases


same_class = Question(
    near_by, point_cases,
    ('Which distance has a point to itself, and is it one of its neighbors? '
     'What if another point lies at the same place?',
     'distances = torch.cdist(features, features), then '
     "distances.fill_diagonal_(float('inf')) and "
     'distances.topk(k, largest=False).indices. labels[near] are the classes '
     'of the neighbors.'),
    {'each point is counted among its own neighbors: leave it out':
         lambda features, labels, k: near_by(features, labels, k, own=True),
     'these are the farthest points: take the smallest distances':
         lambda features, labels, k: near_by(features, labels, k, far=True),
     'this counts neighbors: divide by k':
         lambda features, labels, k: near_by(features, labels, k) * k,
     'the coordinates are added up without their squares: the ordinary '
     'distance is wanted':
         lambda features, labels, k: near_by(features, labels, k, power=1),
     'this is the share of neighbors of another class':
         lambda features, labels, k: 1 - near_by(features, labels, k),
     'this is one number: a share for each point is wanted':
         lambda features, labels, k: near_by(features, labels, k).mean(),
     'only the nearest point is looked at: k are wanted':
         lambda features, labels, k: near_by(features, labels, 1)})

QUESTIONS = {'predict_inside': predict_inside, 'feature_maps': feature_maps,
             'occlusion': occlusion, 'grad_cam': grad_cam,
             'confusion_matrix': confusion_matrix, 'recalls': recalls,
             'same_class': same_class}

# What the texts announce, besides values and shapes.
DEMANDS: dict[str, tuple] = {}
