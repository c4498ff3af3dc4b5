"""Answers that must be accepted and answers that must be refused.

RIGHT: {question: [whole answers]}. WRONG: {question: [(words that the message
must hold, old, new)]}, an edit of the solution, or (words, whole answer).
"""
RIGHT = {
    'kept_and_trained': ['''
def kept_and_trained():
    return [8 * 2 + 2, 8 * 28 + 16, 18 + 16, 2 * 8, 2 + 5 + 2, 244 * 8 * 4]
''', '''
def kept_and_trained():
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(),
                        nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                        nn.Linear(8, 2))
    n = [sum(p.numel() for p in layer.parameters()) for layer in net]
    moving = sum(b.numel() for b in net.buffers() if b.is_floating_point())
    return (n[5], n[0] + n[1], n[5] + n[1], moving, len(net.state_dict()),
            torch.zeros(244, 8).nbytes)
'''],
    'replace_head': ['''
def replace_head(net, num_classes):
    for parent in net.modules():
        for name, child in parent.named_children():
            if isinstance(child, nn.Linear):
                last = parent, name, child
    parent, name, old = last
    setattr(parent, name, nn.Linear(old.in_features, num_classes))
    return net
''', '''
def replace_head(net, num_classes):
    *_, name = (n for n, m in net.named_modules() if type(m) is nn.Linear)
    path, _, leaf = name.rpartition('.')
    parent = net.get_submodule(path)
    inputs = getattr(parent, leaf).weight.shape[1]
    parent.add_module(leaf, nn.Linear(inputs, num_classes, bias=True))
    return net
''', '''
def replace_head(net, num_classes):
    head = [m for m in net.modules() if isinstance(m, nn.Linear)][-1]
    head.out_features = num_classes
    head.weight = nn.Parameter(torch.empty(num_classes, head.in_features))
    head.bias = nn.Parameter(torch.empty(num_classes))
    head.reset_parameters()
    return net
''', '''
def replace_head(net, num_classes):
    for name, layer in net.named_modules():
        if isinstance(layer, nn.Linear):
            last = name
    net.set_submodule(last, nn.LazyLinear(num_classes))
    return net
'''],
    'freeze': ['''
def freeze(net, head):
    own = set(head.parameters())
    for p in net.parameters():
        p.requires_grad = p in own
    net.train(False)
    head.train(True)
    return net
''', '''
def freeze(net, head):
    inside = set(head.modules())
    for module in net.modules():
        module.training = module in inside
        for p in module.parameters(recurse=False):
            p.requires_grad_(module in inside)
    return net
'''],
    'param_groups': ['''
def param_groups(net, head, lr, body_lr):
    own = set(head.parameters())
    rest = [p for p in net.parameters() if p.requires_grad and p not in own]
    return ({'lr': lr, 'params': own}, {'lr': body_lr, 'params': rest})
''', '''
def param_groups(net, head, lr, body_lr):
    inside = set(head.modules())
    groups = [dict(params=[], lr=lr), dict(params=[], lr=body_lr)]
    for module in net.modules():
        for p in module.parameters(recurse=False):
            if module in inside:
                groups[0]['params'].append(p)
            elif p.requires_grad:
                groups[1]['params'].append(p)
    return groups
'''],
    'extract': ['''
@torch.no_grad()
def extract(body, X, batch_size):
    training = body.training
    body.train(False)
    rows = []
    for start in range(0, len(X), batch_size):
        rows.extend(body(X[start:start + batch_size]))
    if training:
        body.train()
    return torch.stack(rows)
''', '''
def extract(body, X, batch_size):
    from torch.utils.data import DataLoader
    modes = [(m, m.training) for m in body.modules()]
    with torch.inference_mode():
        Z = torch.cat([body.eval()(part)
                       for part in DataLoader(X, batch_size)])
    for m, training in modes:
        m.training = training
    return Z.clone()
''', '''
import copy

def extract(body, X, batch_size):
    frozen = copy.deepcopy(body).eval()
    with torch.no_grad():
        return torch.cat([frozen(part) for part in X.split(batch_size)])
''', '''
import numpy as np

def extract(body, X, batch_size):
    mode = body.training
    body.eval()
    parts = []
    with torch.no_grad():
        for i in range(0, len(X), batch_size):
            parts.append(body(X[i:i + batch_size]).numpy())
    body.train(mode)
    return np.concatenate(parts)
'''],
}

FIRST = '18, 240, 34, 16, 9, 7808'

WRONG = {
    'kept_and_trained': [
        ('the biases are missing', FIRST, '16, 240, 34, 16, 9, 7808'),
        ('for 2 classes, not for 10', FIRST, '90, 240, 34, 16, 9, 7808'),
        ('a scale and a shift for each channel', FIRST,
         '18, 224, 34, 16, 9, 7808'),
        ('running statistics are not parameters', FIRST,
         '18, 256, 34, 16, 9, 7808'),
        ('bias of the convolution', FIRST, '18, 232, 34, 16, 9, 7808'),
        ('the new head is trained too', FIRST, '18, 240, 16, 16, 9, 7808'),
        ('without any gradient', FIRST, '18, 240, 34, 0, 9, 7808'),
        ('two statistics for each channel', FIRST,
         '18, 240, 34, 8, 9, 7808'),
        ('num_batches_tracked', FIRST, '18, 240, 34, 16, 8, 7808'),
        ('a float32 takes 4 bytes', FIRST, '18, 240, 34, 16, 9, 1952'),
        ('not the pictures', FIRST, '18, 240, 34, 16, 9, 244 * 3 * 4'),
        ('6 predictions are wanted', FIRST, '18, 240, 34, 16, 9'),
    ],
    'replace_head': [
        ('a name that forward does not call', '''
def replace_head(net, num_classes):
    name, old = [(n, m) for n, m in net.named_modules()
                 if isinstance(m, nn.Linear)][-1]
    net.head = nn.Linear(old.in_features, num_classes)
    return net
'''),
        ('nothing is replaced', '''
def replace_head(net, num_classes):
    for name, layer in net.named_modules():
        if isinstance(layer, nn.Linear):
            layer = nn.Linear(layer.in_features, num_classes)
    return net
'''),
        ('the head has no bias', 'num_classes))', 'num_classes, False))'),
        ('one class too many', 'num_classes))', 'num_classes + 1))'),
        ('always has two outputs', 'num_classes))', '2))'),
        ('its weights are still those of the old', '''
def replace_head(net, num_classes):
    old = [m for m in net.modules() if isinstance(m, nn.Linear)][-1]
    old.weight = nn.Parameter(old.weight[:num_classes].detach())
    old.bias = nn.Parameter(old.bias[:num_classes].detach())
    old.out_features = num_classes
    return net
'''),
        ('behind the old one', '''
def replace_head(net, num_classes):
    name, old = [(n, m) for n, m in net.named_modules()
                 if isinstance(m, nn.Linear)][-1]
    net.set_submodule(name, nn.Sequential(old, nn.Linear(10, num_classes)))
    return net
'''),
        ('nothing is returned', '    return net', ''),
        ('another network comes back', 'return net',
         'return net.get_submodule(name)'),
        ('modes of the other layers', 'return net', 'return net.eval()'),
        ('modes of the other layers', 'return net',
         'return net.requires_grad_(True)'),
        ('modes of the other layers', '    net.set', '    for p in '
         'net.parameters():\n        p.requires_grad = False\n    net.set'),
        ('your code raised', '''
def replace_head(net, num_classes):
    net.fc = nn.Linear(net.fc.in_features, num_classes)
    return net
'''),
    ],
    'freeze': [
        ('parameters of the body that get a gradient', '''
def freeze(net, head):
    name = [n for n, m in net.named_modules() if m is head][0]
    for n, p in net.named_parameters():
        p.requires_grad = n.startswith(name)
    net.eval()
    head.train()
    return net
'''),
        ('whatever requires_grad says', 'net.eval()', 'net.train()'),
        ('the mode is left as it was', '    net.eval()\n', ''),
        ('nothing is left to train', '    head.requires_grad_(True)\n', ''),
        ('the body is not frozen', 'net.requires_grad_(False)',
         'net.requires_grad_(True)'),
        ('the head is in evaluation mode', 'head.train()', 'head.eval()'),
        ('the wrong way round', '''
def freeze(net, head):
    net.requires_grad_(True)
    net.eval()
    head.requires_grad_(False)
    head.train()
    return net
'''),
        ('dropout is still on', '''
def freeze(net, head):
    net.requires_grad_(False)
    head.requires_grad_(True)
    net.train()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    return net
'''),
        ('but batch norm is in training mode', '''
def freeze(net, head):
    net.requires_grad_(False)
    head.requires_grad_(True)
    net.train()
    for module in net.modules():
        if isinstance(module, nn.Dropout):
            module.eval()
    return net
'''),
        ('the biases of the body', '''
def freeze(net, head):
    for name, p in net.named_parameters():
        p.requires_grad = 'weight' not in name
    net.eval()
    head.requires_grad_(True)
    head.train()
    return net
'''),
        ('a parameter of net itself', '''
def freeze(net, head):
    for layer in net.children():
        layer.requires_grad_(False)
    net.eval()
    head.requires_grad_(True)
    head.train()
    return net
'''),
        ('nothing is returned', '    return net', ''),
        ('return net itself', 'return net', 'return head'),
    ],
    'param_groups': [
        ('not in any group', '''
def param_groups(net, head, lr, body_lr):
    own = [p.shape for p in head.parameters()]
    body = [p for p in net.parameters()
            if p.requires_grad and p.shape not in own]
    return [{'params': head.parameters(), 'lr': lr},
            {'params': body, 'lr': body_lr}]
'''),
        ('rates of the trainable body', '''
def param_groups(net, head, lr, body_lr):
    name = [n for n, m in net.named_modules() if m is head][0]
    own = [p for n, p in net.named_parameters() if n.startswith(name)]
    body = [p for n, p in net.named_parameters()
            if not n.startswith(name) and p.requires_grad]
    return [{'params': own, 'lr': lr}, {'params': body, 'lr': body_lr}]
'''),
        ('the rates are swapped', '''
def param_groups(net, head, lr, body_lr):
    own = set(head.parameters())
    body = [p for p in net.parameters()
            if p not in own and p.requires_grad]
    return [{'params': list(own), 'lr': body_lr}, {'params': body, 'lr': lr}]
'''),
        ('the groups are swapped', '''
def param_groups(net, head, lr, body_lr):
    own = set(head.parameters())
    body = [p for p in net.parameters()
            if p not in own and p.requires_grad]
    return [{'params': body, 'lr': body_lr}, {'params': list(own), 'lr': lr}]
'''),
        ('both groups have the same rate', "'lr': body_lr", "'lr': lr"),
        ('leave out those with', ' and p.requires_grad', ''),
        ('a second group is missing', ''',
            {'params': body, 'lr': body_lr}]''', ']'),
        ('the rates are missing', '''
def param_groups(net, head, lr, body_lr):
    own = set(head.parameters())
    body = [p for p in net.parameters()
            if p not in own and p.requires_grad]
    return [{'params': list(own)}, {'params': body}]
'''),
        ('a parameter is in two groups', 'id(p) not in own and ', ''),
        ('without their names', '''
def param_groups(net, head, lr, body_lr):
    own = set(head.parameters())
    body = [(n, p) for n, p in net.named_parameters()
            if p not in own and p.requires_grad]
    return [{'params': list(own), 'lr': lr}, {'params': body, 'lr': body_lr}]
'''),
        ('the biases are forgotten', '''
def param_groups(net, head, lr, body_lr):
    body = [p for p in net.parameters() if p is not head.weight
            and p.requires_grad and p.ndim > 1]
    return [{'params': [head.weight], 'lr': lr},
            {'params': body, 'lr': body_lr}]
'''),
        ('a list of dictionaries is wanted', '''
def param_groups(net, head, lr, body_lr):
    return torch.optim.SGD(net.parameters(), lr=lr)
'''),
    ],
    'extract': [
        ('leaves gradients switched off', 'with torch.no_grad():',
         'torch.set_grad_enabled(False)\n    if True:'),
        ('in training mode while it runs', '    body.eval()\n', ''),
        ('gradients are recorded', 'torch.no_grad()', 'torch.enable_grad()'),
        ('left in evaluation mode', '    body.train(before)\n', ''),
        ('though it was not before', 'body.train(before)', 'body.train()'),
        ('at most batch_size may', 'X.split(batch_size)', '[X]'),
        ('missing where it is short', '''
def extract(body, X, batch_size):
    before = body.training
    body.eval()
    with torch.no_grad():
        Z = [body(part) for part in X.split(batch_size)]
    body.train(before)
    if len(Z) > 1 and len(Z[-1]) < batch_size:
        Z.pop()
    return torch.cat(Z)
'''),
        ('collect them all', '''
def extract(body, X, batch_size):
    before = body.training
    body.eval()
    with torch.no_grad():
        for part in X.split(batch_size):
            Z = body(part)
    body.train(before)
    return Z
'''),
        ('one tensor is wanted', 'torch.cat([body(part) for part in '
         'X.split(batch_size)])',
         '[body(part) for part in X.split(batch_size)]'),
        ('the body was never called', 'body(part)', 'part'),
        ('one tensor is wanted, got nothing', '    return Z', ''),
    ],
}

# Right answers that get a remark with these words.
REMARK = {
    'extract': [
        ('the body was called 5 times', 'X.split(batch_size)', 'X.split(1)'),
    ],
}
