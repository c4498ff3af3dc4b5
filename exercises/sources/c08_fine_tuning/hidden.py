"""Sample hidden tests for exercises 8, fine-tuning.

    python -m d2lmini_mark exercises/sources/c08_fine_tuning/hidden.py \\
        submissions

exercises/sources/c03_pooling/hidden.py says how a test is written. Networks
cannot pass to the marker, so they are made and looked at on the students'
side, by a function that is handed over with `use`. It gets the drawn sizes,
and holds no expected value.
"""
import torch
from torch import nn

from d2lmini_mark import call, marks


@marks(1, secret=True)
def kept_and_trained(dice):
    yield call(), (18, 240, 34, 16, 9, 7808)


def replaced(replace_head, kind, inputs, outputs, num_classes, training):
    """Runs beside the students' code: it holds no expected value."""
    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.fc_norm = nn.Conv2d(1, inputs, 2), nn.BatchNorm1d(
                inputs)
            self.drop, self.fc = nn.Dropout(0.5), nn.Linear(inputs, outputs)

        def forward(self, X):
            X = self.fc_norm(self.conv(X).mean((2, 3)))
            return self.fc(self.drop(X))

    body = [nn.Conv2d(1, 4, 2), nn.BatchNorm2d(4), nn.Dropout(0.5),
            nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    if kind == 'nested':
        net = nn.Sequential(nn.Sequential(*body), nn.Sequential(
            nn.Linear(4, inputs), nn.ReLU(), nn.Linear(inputs, outputs)))
    elif kind == 'last':
        net = nn.Sequential(*body, nn.Linear(4, inputs), nn.ReLU(),
                            nn.Linear(inputs, outputs))
    else:
        net = Named()
    place = {'nested': '1.2', 'last': '7', 'named': 'fc'}[kind]
    net.train(training)
    next(net.parameters()).requires_grad_(False)
    old = net.get_submodule(place)
    was = {name: T.clone() for name, T in net.state_dict().items()}
    modes = {n: m.training for n, m in net.named_modules() if n != place}
    wants = {n: p.requires_grad for n, p in net.named_parameters()}
    first = old.weight[:1].clone()
    found = replace_head(net, num_classes)
    new = net.get_submodule(place)
    modes_after = {n: net.get_submodule(n).training for n in modes}
    with torch.no_grad():
        shape = tuple(net.eval()(torch.ones(2, 1, 3, 3)).shape)
    state = net.state_dict()
    own = [f'{place}.weight', f'{place}.bias']
    return (found is net, shape, type(new).__name__, new.in_features,
            new.out_features, new.bias is not None,
            all(p.requires_grad for p in new.parameters()),
            torch.equal(new.weight[:1], first), modes_after == modes,
            sorted(state) == sorted(was),
            all(torch.equal(state[n], T) for n, T in was.items()
                if n not in own),
            all(p.requires_grad == wants[n]
                for n, p in net.named_parameters() if n not in own))


@marks(3, use=replaced)
def replace_head(dice):
    for kind in ['nested', 'last', 'named']:
        for training in (True, False):
            inputs, n = dice.number(2, 6), dice.number(2, 7)
            wanted = (True, (2, n), 'Linear', inputs, n, True, True, False,
                      True, True, True, True)
            yield call(kind, inputs, dice.number(8, 12), n, training), wanted


def frozen(freeze, kind, channels, was_frozen, training):
    """Runs beside the students' code: it holds no expected value."""
    body = nn.Sequential(nn.Conv2d(1, channels, 2), nn.BatchNorm2d(channels),
                         nn.Dropout(0.5), nn.Flatten(1))
    if kind == 'one layer':
        head = nn.Linear(4 * channels, 3)
    else:
        head = nn.Sequential(nn.Linear(4 * channels, 5), nn.BatchNorm1d(5),
                             nn.Dropout(0.5), nn.Linear(5, 3))
    net = nn.Sequential()
    net.add_module('fc_body', body)
    net.add_module('fc', head)
    net.own = nn.Parameter(torch.ones(channels))  # in no layer
    net.requires_grad_(not was_frozen).train(training)
    before = [b.clone() for b in body.buffers()]
    found = freeze(net, head)
    net(5 + torch.arange(36.).reshape(4, 1, 3, 3))
    return (found is net,
            sum(p.requires_grad for p in [net.own, *body.parameters()]),
            all(p.requires_grad for p in head.parameters()),
            [m.training for m in body.modules()],
            all(m.training for m in head.modules()),
            all(torch.equal(a, b) for a, b in zip(before, body.buffers())))


@marks(3, use=frozen)
def freeze(dice):
    for kind in ['one layer', 'several layers']:
        for was_frozen in (True, False):
            for training in (True, False):
                yield (call(kind, dice.number(1, 3), was_frozen, training),
                       (True, 0, True, [False] * 5, True, True))


def in_groups(param_groups, kind, channels, lr, body_lr):
    """Runs beside the students' code: it holds no expected value."""
    body = nn.Sequential(nn.Conv2d(1, channels, 2), nn.BatchNorm2d(channels),
                         nn.Conv2d(channels, channels, 1), nn.Flatten(1))
    head = nn.Linear(4 * channels, 3)
    if kind == 'several layers':
        head = nn.Sequential(head, nn.ReLU(), nn.Linear(3, 2))
    net = nn.Sequential()
    net.add_module('fc_body', body)
    net.add_module('fc', head)
    if kind != 'nothing frozen':
        body[0].requires_grad_(False)
    names = {id(p): n for n, p in net.named_parameters()}
    found = [dict(group, params=list(group['params']))
             for group in param_groups(net, head, lr, body_lr)]
    torch.optim.SGD(found, lr=9.)  # refuses what no optimizer takes
    return [(group.get('lr'), sorted(names[id(p)] for p in group['params']))
            for group in found]


@marks(2, use=in_groups, seconds=20)
def param_groups(dice):
    for kind in ['one layer', 'several layers', 'nothing frozen']:
        lr, body_lr = dice.number(5, 9) / 10, dice.number(1, 4) / 100
        body = ['fc_body.1.bias', 'fc_body.1.weight', 'fc_body.2.bias',
                'fc_body.2.weight']
        if kind == 'nothing frozen':
            body = ['fc_body.0.bias', 'fc_body.0.weight', *body]
        head = ['fc.bias', 'fc.weight']
        if kind == 'several layers':
            head = ['fc.0.bias', 'fc.0.weight', 'fc.2.bias', 'fc.2.weight']
        yield (call(kind, dice.number(1, 3), lr, body_lr),
               [(lr, head), (body_lr, body)])


def extracted(extract, mean, var, X, batch_size, training):
    """Runs beside the students' code: it holds no expected value."""
    notes = []

    class Watched(nn.BatchNorm1d):
        def forward(self, X):
            notes.append((len(X), self.training, torch.is_grad_enabled()))
            return super().forward(X)

    norm = Watched(len(mean))
    norm.running_mean, norm.running_var = mean, var
    body = nn.Sequential(norm, nn.ReLU()).train(training)
    Z = torch.as_tensor(extract(body, X, batch_size))
    sizes, modes, grads = zip(*notes)
    return (Z, Z.requires_grad, max(sizes) <= batch_size, any(modes),
            any(grads), [m.training for m in body.modules()],
            torch.is_grad_enabled())


@marks(2, use=extracted)
def extract(dice):
    for n, batch_size in [(3, 3), (5, 2), (4, 2), (2, 5)]:
        for training in (True, False):
            X, mean = dice.normal(n, 3), dice.normal(3)
            var = dice.normal(3).abs() + 0.5
            wanted = ((X - mean) / (var + 1e-5).sqrt()).clamp(min=0)
            yield (call(mean, var, X, batch_size, training),
                   (wanted, False, True, False, False, [training] * 3, True))
