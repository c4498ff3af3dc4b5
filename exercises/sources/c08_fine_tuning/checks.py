"""Checks for the exercises of chapter 8, fine-tuning.

Small networks of three makes stand in for pretrained ones. What an answer
did to them is looked at from outside: shapes, modes, gradients, steps.
"""
import torch
from torch import nn

from d2lmini_check.compare import as_tensor
from d2lmini_check.networks import Notes
from d2lmini_check.questions import (Case, Question, Wrong, predictions,
                                     remark)

kept_and_trained = predictions(
    {'parameters of the new head': 18, 'parameters of the body': 240,
     'parameters that are trained': 34,
     'floats that change in a forward pass': 16,
     'tensors in the state_dict': 9, 'bytes of the features': 7808},
    {'the biases are missing: one for each class':
         [16, None, None, None, None, None],
     'the new head is for 2 classes, not for 10':
         [90, None, 106, None, None, None],
     'batch norm has a scale and a shift for each channel: they are '
     'parameters':
         [None, 224, 18, None, None, None],
     'the running statistics are not parameters':
         [None, 256, 50, None, None, None],
     'the bias of the convolution is missing: one for each channel out':
         [None, 232, None, None, None, None],
     'the kernels have weights for all 3 channels in':
         [None, 96, None, None, None, None],
     'the new head is trained too':
         [None, None, 16, None, None, None],
     'running mean and running variance move without any gradient':
         [None, None, None, 0, None, None],
     'there are two statistics for each channel, mean and variance':
         [None, None, None, 8, None, None],
     'the parameters do not change here, only the running statistics':
         [None, None, None, 32, None, None],
     'running mean, running variance and the count of batches are in the '
     'state_dict too':
         [None, None, None, None, 6, None],
     'batch norm also counts its batches: num_batches_tracked':
         [None, None, None, None, 8, None],
     'a float32 takes 4 bytes':
         [None, None, None, None, None, 1952],
     'features are what goes into the head, 8 numbers, not the pictures':
         [None, None, None, None, None, 244 * 3 * 4]},
    ('A linear layer has inputs times outputs weights and a bias for each '
     'output; batch norm has a scale and a shift for each channel, and '
     'buffers that are no parameters.',
     '8 * 2 + 2 for the head; 8 * (3 * 9 + 1) for the convolution, 2 * 8 '
     'for batch norm, which also keeps a mean and a variance for each '
     'channel and a count of batches. 8 numbers go into the head.'))


class Attribute(nn.Module):
    """A network whose head is called fc, as in ResNet."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 2)
        self.norm = nn.BatchNorm2d(3)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(3, 10)

    def forward(self, X):
        return self.fc(self.drop(self.norm(self.conv(X)).mean((2, 3))))


class Alike(Attribute):
    """A network with a layer whose name begins as that of its head."""

    def __init__(self):
        super().__init__()
        self.fc_norm = nn.BatchNorm1d(3)
        self.fc = self._modules.pop('fc')  # the head is the last one

    def forward(self, X):
        Y = self.norm(self.conv(X)).mean((2, 3))
        return self.fc(self.drop(self.fc_norm(Y)))


class Shifted(Attribute):
    """A network with a parameter that is in none of its layers."""

    def __init__(self):
        super().__init__()
        self.shift = nn.Parameter(torch.ones(3))

    def forward(self, X):
        Y = self.norm(self.conv(X)).mean((2, 3))
        return self.fc(self.drop(Y + self.shift))


class Classifier(nn.Module):
    """A network with two linear layers in its classifier, as VGG's."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 2, 2), nn.BatchNorm2d(2), nn.AdaptiveAvgPool2d(1),
            nn.Flatten(), nn.Dropout(0.5))
        self.classifier = nn.Sequential(
            nn.Linear(2, 5), nn.ReLU(), nn.Linear(5, 10))

    def forward(self, X):
        return self.classifier(self.features(X))


def sequential():
    """Make a network whose head is its last layer."""
    return nn.Sequential(
        nn.Conv2d(1, 4, 2), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 10))


def twins():
    """Make a network with a layer that is as large as its head."""
    return nn.Sequential(
        nn.Conv2d(1, 10, 2), nn.BatchNorm2d(10), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(10, 10), nn.Dropout(0.5), nn.Linear(10, 10))


MAKES = {'nn.Sequential': sequential, 'two layers are alike': twins,
         'head is net.fc': Attribute,
         'head is net.classifier[2]': Classifier,
         'head is net.fc, beside net.fc_norm': Alike,
         'net.shift is a parameter, in no layer': Shifted}
HEADS = {'nn.Sequential': '6', 'two layers are alike': '6',
         'head is net.fc': 'fc',
         'head is net.classifier[2]': 'classifier.2',
         'head is net.fc, beside net.fc_norm': 'fc',
         'net.shift is a parameter, in no layer': 'fc'}


def make(kind):
    """Make a network and return it with its head; the same in each run."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = MAKES[kind]()
    return net, net.get_submodule(HEADS[kind])


def images(n=4):
    """Give a minibatch of images of 3 x 3 pixels, far from mean 0."""
    return 5 + torch.cos(torch.arange(9. * n)).reshape(n, 1, 3, 3)


def scores_of(net, X):
    """Call a network in evaluation mode and leave its modes alone."""
    before = {module: module.training for module in net.modules()}
    with torch.no_grad():
        Y = net.eval()(X)
    for module, training in before.items():
        module.training = training
    return Y


def check_is_net(found, net, kind):
    """Raise Wrong unless an answer is the network it was given."""
    if found is None:
        raise Wrong('nothing is returned: return net')
    if not isinstance(found, nn.Module):
        raise Wrong(f'the network is wanted, got {type(found).__name__}')
    if found is not net:
        raise Wrong('another network comes back: return net itself, with '
                    'its head replaced, not the head alone or a new network')
    if len([*net.named_children()]) > len([*make(kind)[0].children()]):
        raise Wrong('the new layer hangs under a name that forward does not '
                    'call (or calls too late): put it where the old head was')


def settings(net, but=None):
    """Return modes of layers and what is trainable, leaving out a layer."""
    left = set(but.modules()) if but else set()
    return {f'{name} {p}': value for name, module in net.named_modules()
            if module not in left for p, value in [
                ('mode', module.training),
                *((n, q.requires_grad) for n, q in module.named_parameters(
                    recurse=False))]}


def replaced(answer, kind, num_classes):
    """Say what is in the place of the head."""
    net, old = make(kind)
    was = {name: p.clone() for name, p in old.named_parameters()}
    next(net.parameters()).requires_grad_(False)
    state = settings(net.train(num_classes == 3))
    body = {name: numbers.clone() for name, numbers in
            net.state_dict().items()
            if not name.startswith(HEADS[kind] + '.')}
    check_is_net(answer(net, num_classes), net, kind)
    new = net.get_submodule(HEADS[kind])
    Y = scores_of(net, images(2))
    after = net.state_dict()
    return {
        'shape of the scores of two images': tuple(Y.shape),
        'the layer in its place': 'Linear' if isinstance(
            new, nn.Linear) else type(new).__name__,
        'inputs and outputs of the new head': (
            getattr(new, 'in_features', None),
            getattr(new, 'out_features', None)),
        'the head has a bias': getattr(new, 'bias', None) is not None,
        'the head has fresh weights': not any(
            torch.equal(p[:1], was[name][:1])
            for name, p in new.named_parameters() if name in was),
        'the head is trainable': all(
            p.requires_grad for p in new.parameters()),
        'all other tensors are as they were': all(
            name in after and torch.equal(after[name], numbers)
            for name, numbers in body.items())
        and len(after) == len(body) + len(new.state_dict()),
        'modes of the other layers, and what is frozen, are as they were':
            settings(net, new).items() <= state.items()}


def replaced_truth(kind, num_classes):
    """Say what must be in the place of the head."""
    return {'shape of the scores of two images': (2, num_classes),
            'the layer in its place': 'Linear',
            'inputs and outputs of the new head': (
                make(kind)[1].in_features, num_classes),
            'the head has a bias': True, 'the head has fresh weights': True,
            'the head is trainable': True,
            'all other tensors are as they were': True,
            'modes of the other layers, and what is frozen, are as they were':
                True}


def by(change):
    """Make what a wrong answer to replace_head gives."""
    def wrong(kind, num_classes):
        return replaced(change, kind, num_classes)
    return wrong


def untouched(net, num_classes):
    """Give a net that has a new attribute, or nothing new at all."""
    return net


def find(net):
    """Return name and layer of the last linear layer."""
    return [(name, layer) for name, layer in net.named_modules()
            if isinstance(layer, nn.Linear)][-1]


def put(net, layer):
    """Put a layer in the place of the last linear layer."""
    net.set_submodule(find(net)[0], layer)
    return net


def cut_rows(net, num_classes):
    """Keep the first rows of the old head."""
    old = find(net)[1]
    old.weight = nn.Parameter(old.weight[:num_classes].detach())
    old.bias = nn.Parameter(old.bias[:num_classes].detach())
    old.out_features = num_classes
    return net


def started_anew(net, num_classes):
    """Give every layer of the net fresh numbers too."""
    put(net, nn.Linear(find(net)[1].in_features, num_classes))
    for module in net.modules():
        if hasattr(module, 'reset_parameters'):
            module.reset_parameters()
    return net


replace_head = Question(
    replaced_truth,
    lambda dice: [Case(kind, n) for kind in MAKES for n in (2, 3, 7)],
    ('net.named_modules() gives names and layers in order, those inside of '
     'others with dots in their names. Which is the last linear one, and '
     'how many numbers go into it?',
     'net.set_submodule(name, layer) puts a layer where name says; '
     'nn.Linear(old.in_features, num_classes). Return net.'),
    {'nothing is replaced: the scores are those of the old head':
         by(untouched),
     'the new head is put behind the old one, not in its place':
         by(lambda net, n: put(net, nn.Sequential(
             find(net)[1], nn.Linear(10, n)))),
     'the head has no bias':
         by(lambda net, n: put(net, nn.Linear(
             find(net)[1].in_features, n, bias=False))),
     'the head is for one class too many':
         by(lambda net, n: put(net, nn.Linear(
             find(net)[1].in_features, n + 1))),
     'the head always has two outputs: num_classes are wanted':
         by(lambda net, n: put(net, nn.Linear(find(net)[1].in_features, 2))),
     'the old head is cut down, its weights are still those of the old '
     'classes: make a new nn.Linear':
         by(cut_rows),
     'the body has lost its weights: only the head is new':
         by(started_anew)},
    use=replaced)


def state_after(answer, kind, frozen_before, training_before):
    """Freeze, then do one forward and backward pass, and look around."""
    net, head = make(kind)
    net.requires_grad_(not frozen_before)
    net.train(training_before)
    found = answer(net, head)
    if found is None:
        raise Wrong('nothing is returned: return net')
    if found is not net:
        raise Wrong('return net itself, frozen')
    return observed(net, head)


def observed(net, head):
    """Say how a network behaves in a training step of its head."""
    own = set(head.parameters())
    buffers = [b.clone() for b in net.buffers()]
    weights = [p.detach().clone() for p in net.parameters()]
    body = [m for m in net.modules() if m not in set(head.modules())
            and isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d, nn.Dropout))]
    result = {
        'parameters of the head that get a gradient': sum(
            p.numel() for p in own if p.requires_grad),
        'parameters of the body that get a gradient': sum(
            p.numel() for p in net.parameters()
            if p.requires_grad and p not in own),
        'dropout of the body is on': any(
            m.training for m in body if isinstance(m, nn.Dropout)),
        'the head is in training mode': head.training}
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        net(images())
    result['running statistics moved'] = any(
        not torch.equal(a, b) for a, b in zip(buffers, net.buffers()))
    if not all(torch.isfinite(p).all() for p in weights):
        raise Wrong('the weights are no longer finite')
    return result


def frozen_but(change=None, gradients=True, body_mode=False, head_mode=True,
               head=True):
    """Make what a wrong way of freezing gives."""
    def answer(net, part):
        net.requires_grad_(not gradients)
        if body_mode is not None:
            net.train(body_mode)
        if head is not None:
            part.requires_grad_(head)
        if head_mode is not None:
            part.train(head_mode)
        return change(net, part) if change else net

    def wrong(kind, frozen_before, training_before):
        return state_after(answer, kind, frozen_before, training_before)
    return wrong


def only_norms(training):
    """Set the mode of the batch norms alone, of all else the other one."""
    def change(net, head):
        net.train(not training)
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.train(training)
        head.train()
        return net
    return change


def weights_only(net, head):
    """Freeze what is called weight, and forget the biases."""
    net.requires_grad_(True)
    for name, p in net.named_parameters():
        p.requires_grad_('bias' in name)
    head.requires_grad_(True)
    return net


def layers_only(net, head):
    """Freeze the layers, and forget what hangs on net itself."""
    net.requires_grad_(True)
    for layer in net.children():
        layer.requires_grad_(False)
    head.requires_grad_(True)
    return net


freeze = Question(
    frozen_but(),
    lambda dice: [Case(kind, frozen, training) for kind in MAKES
                  for frozen in (False, True) for training in (True, False)],
    ('Two switches: requires_grad, for the gradients, and the mode, for '
     'batch norm and dropout. Which value has each in the body, and which '
     'in the head?',
     'net.requires_grad_(False) and net.eval() reach all of the network, the '
     'head too; afterwards head.requires_grad_(True) and head.train().'),
    {'the head is frozen as well: nothing is left to train':
         frozen_but(head=None, head_mode=True),
     'the batch norms are in training mode: their running statistics move, '
     'whatever requires_grad says':
         frozen_but(body_mode=True),
     'the mode is left as it was: in training mode running statistics move':
         frozen_but(body_mode=None),
     'batch norm is in evaluation mode, dropout is still on':
         frozen_but(only_norms(False)),
     'dropout is off, but batch norm is in training mode':
         frozen_but(only_norms(True)),
     'the body is not frozen: its parameters get gradients':
         frozen_but(gradients=False),
     'the head is in evaluation mode: it is to be trained':
         frozen_but(head_mode=False),
     'it is the wrong way round: the body is trainable, the head frozen':
         frozen_but(gradients=False, head=False),
     'the biases of the body are not frozen: they are parameters too':
         frozen_but(weights_only),
     'a parameter of net itself, outside its layers, is not frozen':
         frozen_but(layers_only)},
    use=state_after)


def checked_groups(groups):
    """Return parameter groups with lists in them, or raise Wrong."""
    if not isinstance(groups, (list, tuple)) or not all(
            isinstance(g, dict) and 'params' in g for g in groups):
        raise Wrong('a list of dictionaries is wanted, each with the keys '
                    f"'params' and 'lr', got {type(groups).__name__}")
    groups = [{**g, 'params': list(g['params'])} for g in groups]
    if not all(torch.is_tensor(p) for g in groups for p in g['params']):
        raise Wrong("'params' must hold parameters, without their names: "
                    'net.parameters(), not net.named_parameters()')
    members = [id(p) for g in groups for p in g['params']]
    if len(members) != len(set(members)):
        raise Wrong('a parameter is in two groups: the head belongs to '
                    'net.parameters() too, take it out of the body')
    return groups


def steps_of(answer, kind, frozen, lr, body_lr):
    """Let SGD take one step with gradients of one, and see who moves."""
    net, head = make(kind)
    first = next(net.parameters())
    first.requires_grad_(not frozen)
    groups = checked_groups(answer(net, head, lr, body_lr))
    own = {id(p) for p in head.parameters()}
    rates = {id(p): g.get('lr') for g in groups for p in g['params']}
    body = [p for p in net.parameters() if id(p) not in own]
    return {
        'number of groups': len(groups),
        'parameters of the head in the first group': sum(
            id(p) in own for p in groups[0]['params']),
        'rates of the head': sorted_rates(rates, head.parameters()),
        'rates of the trainable body': sorted_rates(
            rates, [p for p in body if p.requires_grad]),
        'frozen parameters in the groups': sum(
            id(p) in rates for p in body if not p.requires_grad),
        'parameters of no network': len(set(rates) - own
                                        - {id(p) for p in body})}


def sorted_rates(rates, parameters):
    """Return the different rates; 'none' for one that is in no group."""
    found = {rates.get(id(p), 'not in any group') for p in parameters}
    found = {'no rate given' if rate is None else rate for rate in found}
    return sorted(found, key=str)


def steps_truth(kind, frozen, lr, body_lr):
    """Say what the groups must hold."""
    return {'number of groups': 2,
            'parameters of the head in the first group': 2,
            'rates of the head': [lr], 'rates of the trainable body':
            [body_lr], 'frozen parameters in the groups': 0,
            'parameters of no network': 0}


def grouped(groups):
    """Make what wrong groups give."""
    def wrong(kind, frozen, lr, body_lr):
        return steps_of(groups, kind, frozen, lr, body_lr)
    return wrong


def split(net, head, trainable=True):
    """Return the parameters of the head and of the rest."""
    own = {id(p) for p in head.parameters()}
    return list(head.parameters()), [
        p for p in net.parameters() if id(p) not in own
        and (p.requires_grad or not trainable)]


def two(first, lr, second, body_lr):
    """Return two groups."""
    return [{'params': first, 'lr': lr}, {'params': second, 'lr': body_lr}]


def swapped_rates(net, head, lr, body_lr):
    """Give the head the rate of the body."""
    first, second = split(net, head)
    return two(first, body_lr, second, lr)


param_groups = Question(
    steps_truth,
    lambda dice: [Case(kind, frozen, lr, body_lr) for kind in MAKES
                  for frozen in (False, True)
                  for lr, body_lr in [(0.1, 0.01), (0.5, 0.125)]],
    ('net.parameters() has the head in it. How do you tell whether a '
     'parameter is one of the head? Comparing tensors with == compares '
     'numbers; compare which objects they are.',
     'own = {id(p) for p in head.parameters()}; the body is [p for p in '
     'net.parameters() if id(p) not in own and p.requires_grad].'),
    {'the rates are swapped: the head has the larger one, lr':
         grouped(swapped_rates),
     'the groups are swapped: the head comes first':
         grouped(lambda net, head, lr, body_lr: two(
             split(net, head)[1], body_lr, split(net, head)[0], lr)),
     'both groups have the same rate, lr':
         grouped(lambda net, head, lr, body_lr: two(
             split(net, head)[0], lr, split(net, head)[1], lr)),
     'frozen parameters are in the groups: leave out those with '
     'requires_grad False':
         grouped(lambda net, head, lr, body_lr: two(
             split(net, head)[0], lr, split(net, head, False)[1], body_lr)),
     'the body is forgotten: a second group is missing':
         grouped(lambda net, head, lr, body_lr: [
             {'params': split(net, head)[0], 'lr': lr}]),
     'the rates are missing: each group needs its own, under the key lr':
         grouped(lambda net, head, lr, body_lr: [
             {'params': part} for part in split(net, head)]),
     'the biases are forgotten: they are parameters too':
         grouped(lambda net, head, lr, body_lr: two(
             [head.weight], lr, [p for p in split(net, head)[1]
                                 if p.ndim > 1], body_lr))},
    use=steps_of)


class Watched(nn.Module):
    """A body that notes how it is called."""

    def __init__(self, training):
        super().__init__()
        self.norm = nn.BatchNorm1d(2, affine=False)
        self.norm.running_mean += 1
        self.weight = nn.Parameter(torch.tensor([2., 3.]))
        self.sizes, self.notes = Notes(), Notes()
        self.train(training)

    def forward(self, X):
        self.sizes.append(len(X))
        self.notes += [f'training {self.norm.training}',
                       f'gradients {torch.is_grad_enabled()}']
        return self.norm(X) * self.weight

    def __repr__(self):
        return 'a body with a batch norm'


def extracted(answer, X, batch_size, training):
    """Say what came out, and how the body was called."""
    body = Watched(training)
    Z = answer(body, X, batch_size)
    if not body.sizes:
        raise Wrong('the body was never called: body(part)')
    Z = Z if isinstance(Z, (list, tuple)) else as_tensor(Z, X)
    if not isinstance(Z, torch.Tensor):
        raise Wrong('one tensor is wanted, got '
                    f'{"nothing" if Z is None else type(Z).__name__}: '
                    'torch.cat(list) makes one of several')
    if len(body.sizes) > -(-len(X) // batch_size):
        remark(f'the body was called {len(body.sizes)} times: as many calls '
               'with fewer examples each take longer')
    return {'in evaluation mode while it ran':
                'training True' not in body.notes,
            'shape': tuple(Z.shape), 'features': Z.detach(),
            'gradients were recorded':
                'gradients True' in body.notes or Z.requires_grad,
            'never more than batch_size at a time':
                max(body.sizes) <= batch_size,
            'in training mode afterwards': body.training
            and body.norm.training}


def extracted_truth(X, batch_size, training, **changes):
    """Compute the features from the formula of batch norm."""
    Z = (X - 1) / (1 + 1e-5) ** 0.5 * torch.tensor([2., 3.])
    return {'in evaluation mode while it ran': True,
            'shape': tuple(Z.shape), 'features': Z,
            'gradients were recorded': False,
            'never more than batch_size at a time': True,
            'in training mode afterwards': training}


def run(body, X, batch_size, evaluate=True, grad=False, back=True,
        join=torch.cat):
    """Do as asked, but for what is changed."""
    before = body.training
    if evaluate:
        body.eval()
    with torch.set_grad_enabled(grad):
        parts = [body(part) for part in X.split(batch_size)]
    body.train(before if back is True else bool(back == 'train'))
    return join(parts)


def extracted_by(**changes):
    """Make what a wrong way to compute features gives."""
    def wrong(X, batch_size, training):
        return extracted(lambda body, X, n: run(body, X, n, **changes), X,
                         batch_size, training)
    return wrong


def all_at_once(X, batch_size, training):
    """Call the body once, on everything."""
    return extracted(lambda body, X, n: run(body, X, len(X)), X, batch_size,
                     training)


def drop_short(X, batch_size, training):
    """Leave out the last minibatch if it is short."""
    def join(parts):
        short = len(parts) > 1 and len(parts[-1]) < batch_size
        return torch.cat(parts[:-1] if short else parts)

    return extracted_by(join=join)(X, batch_size, training)


extract = Question(
    extracted_truth,
    lambda dice: [Case(dice.whole(n, 2), size, training)
                  for n, size in [(2, 2), (3, 2), (5, 2), (4, 2), (3, 5)]
                  for training in (True, False)],
    ('Before: note the mode, and go to evaluation mode. Then batch by batch, '
     'without gradients. Afterwards: one tensor of all, and the mode as it '
     'was.',
     'X.split(batch_size) gives the minibatches, the last one may be short; '
     'torch.cat puts what came out into one tensor; body.train(before) goes '
     'back to the mode.'),
    {'the body is in training mode while it runs: batch norm then uses the '
     'statistics of the minibatch, and moves its own':
         extracted_by(evaluate=False),
     'gradients are recorded: use torch.no_grad()':
         extracted_by(grad=True),
     'the body is left in evaluation mode: put back the mode it was in':
         extracted_by(back=False),
     'the body is in training mode at the end, though it was not before':
         extracted_by(back='train'),
     'all examples go through at once: at most batch_size may':
         all_at_once,
     'the last minibatch is missing where it is short':
         drop_short,
     'the minibatches come out in the wrong order':
         extracted_by(join=lambda parts: torch.cat(parts[::-1])),
     'only the last minibatch comes out: collect them all':
         extracted_by(join=lambda parts: parts[-1]),
     'only the first minibatch comes out: collect them all':
         extracted_by(join=lambda parts: parts[0])},
    use=extracted)

QUESTIONS = {'kept_and_trained': kept_and_trained,
             'replace_head': replace_head, 'freeze': freeze,
             'param_groups': param_groups, 'extract': extract}

# What the texts announce, besides values and shapes.
DEMANDS: dict[str, tuple] = {}
