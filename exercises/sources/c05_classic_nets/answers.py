"""Answers that must be accepted and answers that must be refused.

RIGHT: {question: [whole answers, or (old, new), an edit of the solution]}.
WRONG: {question: [(words that the message must hold, old, new)]}, an edit of
the solution, or (words, whole answer), or (words,): the untouched program.
"""
RIGHT = {
    'lenet': ['''
def lenet():
    return [[1, 6, 28, 28], [1, 6, 14, 14], [1, 16, 10, 10], [1, 400],
            6 * 26, 16 * 151, 120 * 401]
''', '''
def lenet():
    layers = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(400, 120))
    X, shapes = torch.zeros(1, 1, 28, 28), []
    for layer in layers:
        X = layer(X)
        shapes.append(X.shape)
    return [shapes[i] for i in (0, 1, 2, 4)] + [
        sum(p.numel() for p in layers[i].parameters()) for i in (0, 2, 5)]
'''],
    'flatten': ['''
def flatten(X):
    return nn.Flatten()(X)
''', '''
def flatten(X):
    return [[*image.flatten().tolist()] for image in X]
''', ('X.reshape(len(X), -1)', 'X.numpy().reshape(len(X), -1)'), '''
def flatten(maps):
    return torch.stack([image.reshape(-1) for image in maps])
'''],
    'evaluate': ['''
@torch.no_grad()
def evaluate(net, batches):
    mode = net.training
    net.train(False)
    hits = [net(X).max(1).indices == y for X, y in batches]
    net.train(mode)
    return torch.cat(hits).double().mean().item()
''', '''
def evaluate(net, batches):
    before, net.training = net.training, False
    with torch.inference_mode():
        right = sum(float((net(X).argmax(dim=-1) == y).sum())
                    for X, y in batches)
    if before:
        net.train()
    return right / sum(len(y) for _, y in batches)
''', '''
import copy

@torch.no_grad()
def evaluate(net, batches):
    frozen = copy.deepcopy(net).eval()
    X, y = (torch.cat(parts) for parts in zip(*batches))
    return (frozen(X).argmax(1) == y).float().mean()
'''],
    'vgg_block': ['''
def vgg_block(num_convs, in_channels, out_channels):
    layers = []
    for _ in range(num_convs):
        layers += [nn.LazyConv2d(out_channels, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.MaxPool2d(2))
''', '''
def vgg_block(num_convs, in_channels, out_channels):
    channels = [in_channels] + [out_channels] * num_convs
    block = nn.Sequential()
    for a, b in zip(channels, channels[1:]):
        block.append(nn.Conv2d(a, b, kernel_size=3, padding='same'))
        block.append(nn.ReLU(inplace=True))
    return block.append(nn.MaxPool2d(kernel_size=2, stride=2))
''', '''
def vgg_block(num_convs, in_channels, out_channels):
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.convs = nn.ModuleList([nn.Conv2d(
                out_channels if i else in_channels, out_channels, (3, 3),
                1, 1) for i in range(num_convs)])

        def forward(self, X):
            for conv in self.convs:
                X = conv(X).clamp(min=0)
            return F.max_pool2d(X, 2)
    return Block()
'''],
    'stacks': ['''
def stacks():
    return [64 * (64 * 25 + 1), 2 * 64 * (64 * 9 + 1), 3 + 2 + 2,
            64 * (3 * 49 + 1), 3]
''', '''
def stacks():
    def count(*args):
        return sum(p.numel() for p in nn.Conv2d(*args).parameters())
    return (count(64, 64, 5), 2 * count(64, 64, 3), 7, count(3, 64, 7), 3)
'''],
    'Residual': ['''
from torchvision.models.resnet import BasicBlock

def Residual(in_channels, out_channels, stride=1):
    down = None
    if stride > 1 or in_channels != out_channels:
        down = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 1, stride, bias=False),
            nn.BatchNorm2d(out_channels))
    return BasicBlock(in_channels, out_channels, stride, down)
''', '''
class Residual(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.skip = None
        if (in_channels, 1) != (out_channels, stride):
            self.skip = nn.Conv2d(in_channels, out_channels, 1, stride,
                                  bias=False)
            self.norm = nn.BatchNorm2d(out_channels)
        self.b = nn.Conv2d(out_channels, out_channels, 3, 1, 1, bias=False)
        self.a = nn.Conv2d(in_channels, out_channels, 3, stride, 1,
                           bias=False)
        self.norms = nn.ModuleList([nn.BatchNorm2d(out_channels)
                                    for _ in range(2)])

    def forward(self, X):
        Y = self.norms[0](self.a(X)).relu()
        Y = self.norms[1](self.b(Y))
        return (Y + (X if self.skip is None else self.norm(self.skip(X)))
                ).relu()
'''],
    'Bottleneck': ['''
from torchvision.models import resnet

def Bottleneck(in_channels, out_channels, stride=1):
    down = None
    if stride > 1 or in_channels != out_channels:
        down = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 1, stride, bias=False),
            nn.BatchNorm2d(out_channels))
    return resnet.Bottleneck(in_channels, out_channels // 4, stride, down)
''', '''
class Bottleneck(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        c = [in_channels, out_channels // 4, out_channels // 4, out_channels]
        self.convs, self.norms = nn.ModuleList(), nn.ModuleList()
        for i, k in enumerate([1, 3, 1]):
            self.convs.append(nn.Conv2d(
                c[i], c[i + 1], k, stride if k == 3 else 1, k // 2,
                bias=False))
            self.norms.append(nn.BatchNorm2d(c[i + 1]))
        self.short = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.short = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False),
                nn.BatchNorm2d(out_channels))

    def forward(self, X):
        Y = X
        for i in range(3):
            Y = self.norms[i](self.convs[i](Y))
            Y = torch.relu(Y + self.short(X) if i == 2 else Y)
        return Y
'''],
    'Inception': ['''
class Inception(nn.Module):
    def __init__(self, in_channels, c1, c2, c3, c4):
        super().__init__()
        def conv(a, b, k):
            return nn.Sequential(nn.Conv2d(a, b, k, padding='same'),
                                 nn.ReLU(inplace=True))
        self.branches = nn.ModuleList([
            conv(in_channels, c1, 1),
            nn.Sequential(conv(in_channels, c2[0], 1), conv(*c2, 3)),
            nn.Sequential(conv(in_channels, c3[0], 1), conv(*c3, 5)),
            nn.Sequential(nn.MaxPool2d(3, 1, 1), conv(in_channels, c4, 1))])

    def forward(self, X):
        return torch.cat([branch(X) for branch in self.branches], 1)
''', '''
class Inception(nn.Module):
    def __init__(self, in_channels, c1, c2, c3, c4):
        super().__init__()
        self.first = nn.Conv2d(in_channels, c1, 1)
        self.narrow2 = nn.Conv2d(in_channels, c2[0], 1)
        self.narrow3 = nn.Conv2d(in_channels, c3[0], 1)
        self.wide2 = nn.Conv2d(c2[0], c2[1], 3, 1, 1)
        self.wide3 = nn.Conv2d(c3[0], c3[1], 5, 1, 2)
        self.last = nn.Conv2d(in_channels, c4, 1)

    def forward(self, X):
        Y = [self.first(X).relu(),
             self.wide2(self.narrow2(X).relu()).relu(),
             self.wide3(self.narrow3(X).relu()).relu(),
             self.last(F.max_pool2d(X, 3, 1, 1)).relu()]
        return torch.concatenate(Y, dim=-3)
'''],
    'DenseBlock': ['''
class DenseBlock(nn.Module):
    def __init__(self, num_layers, in_channels, growth_rate):
        super().__init__()
        self.layers = nn.ModuleList(nn.Sequential(
            nn.LazyBatchNorm2d(), nn.ReLU(inplace=True),
            nn.LazyConv2d(growth_rate, 3, padding=1, bias=False))
            for _ in range(num_layers))

    def forward(self, X):
        for layer in self.layers:
            X = torch.cat((X, layer(X)), 1)
        return X
''','''
class Layer(nn.Sequential):
    def forward(self, X):
        return torch.cat([X, super().forward(X)], dim=1)

def DenseBlock(num_layers, in_channels, growth_rate):
    block = nn.Sequential()
    for _ in range(num_layers):
        block.append(Layer(nn.BatchNorm2d(in_channels), nn.ReLU(), nn.Conv2d(
            in_channels, growth_rate, 3, padding=1, bias=False)))
        in_channels += growth_rate
    return block
''', '''
class DenseBlock(nn.Module):
    def __init__(self, num_layers, in_channels, growth_rate):
        super().__init__()
        sizes = range(in_channels, in_channels + num_layers * growth_rate,
                      growth_rate)
        self.norms = nn.ModuleList(nn.BatchNorm2d(c) for c in sizes)
        self.convs = nn.ModuleList(
            nn.Conv2d(c, growth_rate, 3, 1, 1, bias=False) for c in sizes)

    def forward(self, X):
        maps = [X]
        for norm, conv in zip(self.norms, self.convs):
            maps.append(conv(F.relu(norm(torch.cat(maps, 1)))))
        return torch.cat(maps, 1)
'''],
    'transition': ['''
class transition(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.norm, self.conv = nn.BatchNorm2d(a), nn.Conv2d(
            a, b, 1, bias=False)

    def forward(self, X):
        return F.avg_pool2d(self.conv(self.norm(X).relu()), 2)
''', '''
def transition(in_channels, out_channels):
    return nn.Sequential(
        nn.BatchNorm2d(in_channels), nn.ReLU(), nn.AvgPool2d(2, 2),
        nn.Conv2d(in_channels, out_channels, 1, bias=False))
'''],
    'googlenet': ['''
def googlenet(num_classes):
    net = nn.Sequential(nn.Conv2d(1, 8, 3, 1, 1), nn.ReLU())
    channels = 8
    for stage in [[(4, (4, 8), (2, 4), 4)],
                  [(8, (6, 12), (2, 4), 4), (8, (8, 16), (4, 8), 8)]]:
        net.append(nn.MaxPool2d(3, 2, 1))
        for c1, c2, c3, c4 in stage:
            net.append(inception(channels, c1, c2, c3, c4))
            channels = c1 + c2[1] + c3[1] + c4
    return net.extend([nn.AvgPool2d(7), nn.Flatten(1),
                       nn.Linear(channels, num_classes)])
''', ('nn.AdaptiveAvgPool2d(1), nn.Flatten()',
      'nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(start_dim=1)')],
    'modern': ['''
def modern():
    return [32 * 4 * 4 * 9, 128 * 9 + 256 * 128, 64 * 4 + 4 + 4 * 64 + 64,
            6 * 24, 2 * 1.5**2 * 2**2, 3 * 3]
''', '''
def modern():
    def count(*layers):
        return sum(p.numel() for l in layers for p in l.parameters())
    deep = nn.Conv2d(128, 128, 3, groups=128, bias=False)
    return (count(nn.Conv2d(128, 128, 3, groups=32, bias=False)),
            count(deep, nn.Conv2d(128, 256, 1, bias=False)),
            count(nn.Conv2d(64, 4, 1), nn.Conv2d(4, 64, 1)), 144, 18.0,
            deep.weight[0].numel())
'''],
    'separable': ['''
def separable(X, D, P):
    h, w = D.shape[1:]
    windows = X.unfold(1, h, 1).unfold(2, w, 1)
    return torch.einsum('oc,cijab,cab->oij', P, windows, D)
''', '''
from d2lmini.ops import corr2d

def separable(X, D, P):
    Y = torch.stack([corr2d(x, d) for x, d in zip(X, D)])
    return torch.stack([sum(p * y for p, y in zip(row, Y)) for row in P])
''', '''
import numpy as np

def separable(X, D, P):
    X, D, P = X.numpy(), D.numpy(), P.numpy()
    H, W = X.shape[1] - D.shape[1] + 1, X.shape[2] - D.shape[2] + 1
    Y = np.zeros((len(X), H, W))
    for a in range(D.shape[1]):
        for b in range(D.shape[2]):
            Y += D[:, a, b, None, None] * X[:, a:a + H, b:b + W]
    return np.tensordot(P, Y, 1)
'''],
    'SqueezeExcitation': ['''
from torchvision.ops import SqueezeExcitation
''', '''
class SqueezeExcitation(nn.Module):
    def __init__(self, channels, squeezed):
        super().__init__()
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Flatten(),
            nn.LazyLinear(squeezed), nn.ReLU(inplace=True),
            nn.LazyLinear(channels), nn.Sigmoid())

    def forward(self, X):
        return X * self.gate(X)[..., None, None]
''', '''
class SqueezeExcitation(nn.Module):
    def __init__(self, channels, squeezed):
        super().__init__()
        self.down = nn.Conv2d(channels, squeezed, kernel_size=1)
        self.up = nn.Conv2d(squeezed, channels, kernel_size=1)

    def forward(self, X):
        Z = X.flatten(2).mean(-1)[:, :, None, None]
        return self.up(self.down(Z).clamp(min=0)).sigmoid() * X
'''],
    'InvertedResidual': ['''
from torchvision.ops import Conv2dNormActivation as Layer

class InvertedResidual(nn.Module):
    def __init__(self, in_channels, out_channels, stride, expansion,
                 kernel_size=3):
        super().__init__()
        c = in_channels * expansion
        self.up = nn.Identity()
        if expansion != 1:
            self.up = Layer(in_channels, c, 1, activation_layer=nn.ReLU6)
        self.deep = Layer(c, c, kernel_size, stride, groups=c,
                          activation_layer=nn.ReLU6)
        self.down = Layer(c, out_channels, 1, activation_layer=None)
        self.same = (stride, in_channels) == (1, out_channels)

    def forward(self, X):
        Y = self.down(self.deep(self.up(X)))
        return Y + X if self.same else Y
''', '''
class InvertedResidual(nn.Module):
    def __init__(self, a, b, stride, expansion, kernel_size=3):
        super().__init__()
        c = a * expansion
        self.convs = nn.ModuleList([
            nn.Conv2d(a, c, 1, bias=False),
            nn.Conv2d(c, c, kernel_size, stride, kernel_size // 2,
                      groups=c, bias=False),
            nn.Conv2d(c, b, 1, bias=False)])
        self.norms = nn.ModuleList(nn.BatchNorm2d(n) for n in (c, c, b))
        if expansion == 1:
            del self.convs[0], self.norms[0]
        self.adds = a == b and stride == 1

    def forward(self, X):
        Y, last = X, len(self.convs) - 1
        for i, (conv, norm) in enumerate(zip(self.convs, self.norms)):
            Y = norm(conv(Y))
            if i < last:
                Y = Y.clamp(0, 6)
        if self.adds:
            Y += X
        return Y
'''],
    'design': ['''
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 5, padding=2, bias=False)
        self.conv2 = nn.Conv2d(8, 16, 5, padding=2, bias=False)
        self.norm1, self.norm2 = nn.BatchNorm2d(8), nn.BatchNorm2d(16)
        self.fc = nn.Linear(16 * 49, 10)

    def forward(self, X):
        X = F.max_pool2d(F.relu(self.norm1(self.conv1(X))), 2)
        X = F.max_pool2d(F.relu(self.norm2(self.conv2(X))), 2)
        return self.fc(X.flatten(1))


design = Net
''', '''
def design():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(16 * 49, 10))
'''],
}

WRONG = {
    'lenet': [
        ('keeps 28 pixels', '(1, 6, 28, 28)', '(1, 6, 24, 24)'),
        ('keeps the number of channels', '(1, 6, 14, 14)',
         '(1, 3, 14, 14)'),
        ('it halves the map', '(1, 6, 14, 14)', '(1, 6, 27, 27)'),
        ('has no padding', '(1, 16, 10, 10)', '(1, 16, 14, 14)'),
        ('the minibatch axis stays', '(1, 400)', '(400,)'),
        ('before it is flattened', '(1, 400)', '(1, 1600)'),
        ('the biases are missing', '156', '150'),
        ('all 6 input channels', '2416', '416'),
        ('the biases are missing', '48120', '48000'),
        ('7 predictions are wanted', ', 48120', ''),
    ],
    'flatten': [
        ('is swallowed', 'len(X), -1', '1, -1'),
        ('the minibatch axis must stay', 'len(X), -1', '-1'),
        ('the channel axis is left over', 'X.reshape(len(X), -1)',
         'X.flatten(2) if X.ndim > 2 else X'),
        ('transposed', 'X.reshape(len(X), -1)', 'X.flatten(1).T'),
        ('only the first image', 'X.reshape(len(X), -1)',
         'X.reshape(len(X), -1)[:1]'),
        ('must not mix', 'X.reshape(len(X), -1)',
         'X.reshape(-1, len(X)).T'),
        ('RuntimeError: view size', 'reshape', 'view'),
    ],
    'evaluate': [
        ('leaves gradients switched off', 'with torch.no_grad():',
         'torch.set_grad_enabled(False)\n    if True:'),
        ('another default dtype', 'was_training = net.training',
         'was_training = net.training\n'
         '    torch.set_default_dtype(torch.float64)'),
        ('call net.eval()', '    net.eval()\n', ''),
        ('use torch.no_grad()', 'with torch.no_grad()', 'if True'),
        ('left in eval mode', '    net.train(was_training)\n', ''),
        ('though it was in eval mode', 'train(was_training)', 'train()'),
        ('unequal minibatches are averaged', '''
def evaluate(net, batches):
    was_training = net.training
    net.eval()
    with torch.no_grad():
        parts = [(net(X).argmax(1) == y).float().mean() for X, y in batches]
    net.train(was_training)
    return float(sum(parts) / len(parts))
'''),
        ('only the last minibatch', '''
def evaluate(net, batches):
    was_training = net.training
    net.eval()
    with torch.no_grad():
        for X, y in batches:
            right = (net(X).argmax(1) == y).sum().item()
            total = len(y)
    net.train(was_training)
    return right / total
'''),
        ('`return` stands inside', '''
def evaluate(net, batches):
    was_training = net.training
    net.eval()
    with torch.no_grad():
        for X, y in batches:
            right = (net(X).argmax(1) == y).sum().item()
            net.train(was_training)
            return right / len(y)
'''),
        ('the number of minibatches', 'total += len(y)', 'total += 1'),
        ('this is the number of right ones', 'right / total', 'right / 1'),
        ('never called', 'net(X)', 'X'),
        ('accuracy', 'argmax', 'argmin'),
        ('IndexError', 'argmax(1)', 'argmax(2)'),
    ],
    'vgg_block': [
        ('is used more than once', 'layers.append(nn.Conv2d(in_channels, '
         'out_channels, 3, padding=1))', 'layers.append(layers[0] if '
         'layers and out_channels == in_channels == layers[0].in_channels\n'
         '                      else nn.Conv2d('
         'in_channels, out_channels, 3, padding=1))'),
        ('the activations are missing',
         '        layers.append(nn.ReLU())\n', ''),
        ('no ReLU behind it', 'layers.append(nn.MaxPool2d(2))',
         'layers[-1] = nn.MaxPool2d(2)'),
        ('the pooling is missing', '    layers.append(nn.MaxPool2d(2))\n',
         ''),
        ('the pooling window is 3', 'nn.MaxPool2d(2)', 'nn.MaxPool2d(3, 2)'),
        ('no padding', ', padding=1', ''),
        ('is it sigmoid', 'nn.ReLU', 'nn.Sigmoid'),
        ('one convolution only', 'range(num_convs)', 'range(1)'),
        ('one convolution too many', 'range(num_convs)',
         'range(num_convs + 1)'),
        ('RuntimeError', '        in_channels = out_channels\n', ''),
        ('a network (nn.Module) is wanted', 'nn.Sequential(*layers)',
         'layers'),
        ('output', 'nn.MaxPool2d', 'nn.AvgPool2d'),
    ],
    'stacks': [
        ('the biases are missing', '102464', '102400'),
        ('also counts the input channels', '102464', '1664'),
        ('only one of the two', '73856', '36928'),
        ('adds 2 pixels', '7, 9472', '9, 9472'),
        ('three see more', '7, 9472', '5, 9472'),
        ('3 channels here', '9472', '200768'),
        ('behind each convolution', '9472, 3', '9472, 1'),
        ('the biases are missing', '73856', '73728'),
    ],
    'Residual': [
        ('the block changes its input', 'return F.relu(Y + self.shortcut(X))',
         'X = self.shortcut(X)\n        X += Y\n        return F.relu(X)'),
        ('the gradient that goes back to X', 'self.shortcut(X))',
         'self.shortcut(X.detach()))'),
        ('the gradient that goes back to X',
         'self.shortcut(X))', 'self.shortcut(X).detach())'),
        ('`conv2`: made but not used', 'self.conv2(Y)', 'self.conv1(Y)'),
        ('`bn2`: made but not used', 'self.bn2(', 'self.bn1('),
        ('`bn1` is used more than once', '        self.bn2 = nn.BatchNorm2d('
         'out_channels)\n', '', 'self.bn2(', 'self.bn1('),
        ('no running statistics', 'nn.BatchNorm2d(out_channels)\n',
         'nn.BatchNorm2d(\n            out_channels, '
         'track_running_stats=False)\n'),
        ('the first batch norm is missing', 'self.bn1(self.conv1(X))',
         'self.conv1(X)', '        self.bn1 = nn.BatchNorm2d('
         'out_channels)\n', ''),
        ('the first ReLU stands before the first batch norm',
         'F.relu(self.bn1(self.conv1(X)))', 'self.bn1(F.relu(self.conv1(X)))'),
        ('the addition stands before the second batch norm',
         'self.bn2(self.conv2(Y))\n        return F.relu(Y + '
         'self.shortcut(X))', 'self.conv2(Y) + self.shortcut(X)\n        '
         'return F.relu(self.bn2(Y))'),
        ('one too many', 'F.relu(Y + self.shortcut(X))',
         'F.relu(Y) + self.shortcut(X)'),
        ('the shortcut is not added', 'Y + self.shortcut(X)', 'Y'),
        ('after the addition is missing', 'F.relu(Y + self.shortcut(X))',
         'Y + self.shortcut(X)'),
        ('between the two convolutions', 'F.relu(self.bn1(self.conv1(X)))',
         'self.bn1(self.conv1(X))'),
        ('made but not used', 'F.relu(self.bn1(self.conv1(X)))\n'
         '        Y = self.bn2(self.conv2(Y))', 'F.relu(self.conv1(X))\n'
         '        Y = self.conv2(Y)'),
        ('no batch norm behind it', 'bias=False),\n'
         '                nn.BatchNorm2d(out_channels))', 'bias=False))'),
        ('even where X could', 'if stride != 1 or in_channels != '
         'out_channels', 'if True'),
        ('have biases', 'bias=False', 'bias=True'),
        ('the stride is ignored', 'super().__init__()',
         'super().__init__()\n        stride = 1'),
        ('RuntimeError', 'stride != 1 or ', ''),
        ('is a `return` missing', 'return F', 'F'),
        ('changes its input', 'Y = F.relu(self.bn1(self.conv1(X)))',
         'Y = F.relu(self.bn1(self.conv1(X)))\n'
         '        X = F.relu(X, inplace=True)'),
        ('before Module.__init__() call', 'super().__init__()', 'pass'),
    ],
    'Bottleneck': [
        ('the gradient that goes back to X', 'self.shortcut(X))',
         'self.shortcut(X.detach()))'),
        ('the second ReLU is missing', 'nn.BatchNorm2d(middle), nn.ReLU(),\n'
         '            nn.Conv2d(middle, out_channels',
         'nn.BatchNorm2d(middle),\n            nn.Conv2d(middle, '
         'out_channels'),
        ('the third batch norm is missing', '1, bias=False),\n            '
         'nn.BatchNorm2d(out_channels))', '1, bias=False))'),
        ('the second batch norm is missing', 'padding=1, bias=False),\n'
         '            nn.BatchNorm2d(middle),', 'padding=1, bias=False),\n'),
        ('ReLU behind the third convolution', '1, bias=False),\n            '
         'nn.BatchNorm2d(out_channels))', '1, bias=False), nn.ReLU(),'
         '\n            nn.BatchNorm2d(out_channels))'),
        ('put it into the 3x3', '''
class Bottleneck(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        middle = out_channels // 4
        self.main = nn.Sequential(
            nn.Conv2d(in_channels, middle, 1, stride, bias=False),
            nn.BatchNorm2d(middle), nn.ReLU(),
            nn.Conv2d(middle, middle, 3, padding=1, bias=False),
            nn.BatchNorm2d(middle), nn.ReLU(),
            nn.Conv2d(middle, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels))
        self.shortcut = nn.Sequential()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False),
                nn.BatchNorm2d(out_channels))

    def forward(self, X):
        return F.relu(self.main(X) + self.shortcut(X))
'''),
        ('here it is a half', 'out_channels // 4', 'out_channels // 2'),
        ('the middle is not narrow', 'out_channels // 4', 'out_channels'),
        ('no batch norm behind it', '1, stride, bias=False),\n'
         '                nn.BatchNorm2d(out_channels))',
         '1, stride, bias=False))'),
        ('before the addition', 'F.relu(self.main(X) + self.shortcut(X))',
         'F.relu(self.main(X)) + self.shortcut(X)'),
        ('output', ' + self.shortcut(X)', ''),
        ('parameters', ', bias=False', ''),
        ('RuntimeError', ', padding=1', ''),
        ('TypeError', 'out_channels // 4', 'out_channels / 4'),
    ],
    'Inception': [
        ('RuntimeError', 'nn.Conv2d(in_channels, c4, 1)',
         'nn.Conv2d(c4, in_channels, 1)'),
        ('`b4.1`: made but not used, or cut off', 'self.b4(X)]',
         'self.b4(X).detach()]'),
        ('the gradient that goes back to X', 'self.b4(X)]',
         'self.b4(X.detach())]'),
        ('the last convolutions of the branches', 'F.relu(torch.cat(branches,'
         ' dim=1))', 'torch.cat(branches, dim=1)'),
        ('behind the 1x1 reductions', ' nn.ReLU(),', ''),
        ('all ReLUs are missing', '''
class Inception(nn.Module):
    def __init__(self, in_channels, c1, c2, c3, c4):
        super().__init__()
        self.b = nn.ModuleList([
            nn.Conv2d(in_channels, c1, 1),
            nn.Sequential(nn.Conv2d(in_channels, c2[0], 1),
                          nn.Conv2d(*c2, 3, padding=1)),
            nn.Sequential(nn.Conv2d(in_channels, c3[0], 1),
                          nn.Conv2d(*c3, 5, padding=2)),
            nn.Sequential(nn.MaxPool2d(3, 1, 1),
                          nn.Conv2d(in_channels, c4, 1))])

    def forward(self, X):
        return torch.cat([b(X) for b in self.b], 1)
'''),
        ('the wrong order', 'branches, dim', 'branches[::-1], dim'),
        ('takes the average', 'nn.MaxPool2d', 'nn.AvgPool2d'),
        ('it should be 5', '5, padding=2', '3, padding=1'),
        ('RuntimeError', '5, padding=2', '5'),
        ('RuntimeError', ', stride=1, padding=1', ''),
        ('behind the pooling is missing', '''
class Inception(nn.Module):
    def __init__(self, in_channels, c1, c2, c3, c4):
        super().__init__()
        self.b = nn.ModuleList([
            nn.Sequential(nn.Conv2d(in_channels, c1, 1), nn.ReLU()),
            nn.Sequential(nn.Conv2d(in_channels, c2[0], 1), nn.ReLU(),
                          nn.Conv2d(*c2, 3, padding=1), nn.ReLU()),
            nn.Sequential(nn.Conv2d(in_channels, c3[0], 1), nn.ReLU(),
                          nn.Conv2d(*c3, 5, padding=2), nn.ReLU()),
            nn.MaxPool2d(3, 1, 1)])

    def forward(self, X):
        return torch.cat([b(X) for b in self.b], 1)
'''),
        ('parameters', 'in_channels, c4, 1)', 'in_channels, c4, 1, bias='
         'False)'),
        ('is a `return` missing', 'return F', 'F'),
    ],
    'DenseBlock': [
        ('the gradient that goes back to X', '[X, layer(X)]',
         '[X.detach(), layer(X)]'),
        ('no running statistics', 'nn.BatchNorm2d(channels)',
         'nn.BatchNorm2d(channels, track_running_stats=False)'),
        ('the input is not kept', '''
class DenseBlock(nn.Module):
    def __init__(self, num_layers, in_channels, growth_rate):
        super().__init__()
        sizes = [in_channels] + [growth_rate] * num_layers
        self.layers = nn.Sequential(*[nn.Sequential(
            nn.BatchNorm2d(c), nn.ReLU(),
            nn.Conv2d(c, growth_rate, 3, padding=1, bias=False))
            for c in sizes[:-1]])

    def forward(self, X):
        return self.layers(X)
'''),
        ('stand in front', '[X, layer(X)]', '[layer(X), X]'),
        ('the ReLU is missing', ' nn.ReLU(),', ''),
        ('the batch norm is missing', 'nn.BatchNorm2d(channels), ', ''),
        ('have biases', ', bias=False', ''),
        ('one layer too many', 'range(num_layers)', 'range(num_layers + 1)'),
        ('one layer too few', 'range(num_layers)', 'range(num_layers - 1)'),
        ('RuntimeError', 'i * growth_rate', 'growth_rate * (i > 0)'),
        ('added as in ResNet', '            X = torch.cat([X, layer(X)], '
         'dim=1)', '            Y = layer(X)\n            X = X + Y if '
         'X.shape == Y.shape else torch.cat([X, Y], dim=1)'),
        ('RuntimeError', ', padding=1', ''),
    ],
    'transition': [
        ('off by one', 'AvgPool2d(2)', 'AvgPool2d(2, ceil_mode=True)'),
        ('off by one', 'AvgPool2d(2)', 'AvgPool2d(2, padding=1)'),
        ('the ReLU stands before the batch norm', 'nn.BatchNorm2d('
         'in_channels), nn.ReLU(),', 'nn.ReLU(), nn.BatchNorm2d('
         'in_channels),'),
        ('no running statistics', 'nn.BatchNorm2d(in_channels)',
         'nn.BatchNorm2d(in_channels, track_running_stats=False)'),
        ('takes the maximum', 'nn.AvgPool2d', 'nn.MaxPool2d'),
        ('the pooling is missing', ',\n        nn.AvgPool2d(2))', ')'),
        ('the ReLU is missing', ' nn.ReLU(),', ''),
        ('the batch norm is missing', 'nn.BatchNorm2d(in_channels), ', ''),
        ('has a bias', ', bias=False', ''),
        ('1x1 is wanted', ', 1, bias', ', 3, padding=1, bias'),
        ('RuntimeError', 'nn.BatchNorm2d(in_channels)',
         'nn.BatchNorm2d(out_channels)'),
        ('is wanted, got NoneType', 'return nn', 'nn'),
    ],
    'googlenet': [
        ('RuntimeError: Given groups=1',),
        ('RuntimeError', 'inception(28', 'inception(20'),
        ('cannot be multiplied', 'nn.AdaptiveAvgPool2d(1), ', ''),
        ('probabilities: cross-entropy', '40, num_classes))',
         '40, num_classes), nn.Softmax(1))'),
        ('the pooling has no padding', ', padding=1),\n        inc',
         '),\n        inc'),
        ('probabilities, and the pooling', ', padding=1),\n        inc',
         '),\n        inc', '40, num_classes))',
         '40, num_classes), nn.Softmax(1))'),
        ('never negative', '40, num_classes))',
         '40, num_classes), nn.ReLU())'),
        ('behind the first convolution', ' nn.ReLU(),', ''),
        ('takes the average', 'nn.MaxPool2d', 'nn.AvgPool2d'),
        ('parameters: got', 'nn.AdaptiveAvgPool2d(1), nn.Flatten(), '
         'nn.Linear(40', 'nn.Flatten(), nn.Linear(1960'),
        ('is wanted, got NoneType', 'return nn', 'nn'),
    ],
    'modern': [
        ('sees 128 / 32 = 4 channels', '4608', '147456'),
        ('not only each group', '4608', '1152'),
        ('not of the channels in one', '4608', '36864'),
        ('sees one channel only', '33920', '180224'),
        ('sees one channel only', '18, 9', '18, 1152'),
        ('both together are wanted', '33920', '1152'),
        ('both together are wanted', '33920', '32768'),
        ('an ordinary 3x3 convolution', '33920', '294912'),
        ('the biases are missing', '580', '512'),
        ('not narrower', '144', '4'),
        ('takes nothing away', '144', '24'),
        ('width counts twice', '18', '12'),
        ('height and width both grow', '144, 18', '144, 9'),
        ('depth counts once', '18', '36'),
        ('all three factors multiply', '18', '6'),
        ('6 predictions are wanted', ', 9', ''),
    ],
    'separable': [
        ('the second step is missing',
         "torch.einsum('oc,cij->oij', P, Y)", 'Y'),
        ('each stays for itself', '.sum((1, 2))', '.sum()'),
        ('each has its own', '* D).sum', '* D[:1]).sum'),
        ('flipped', '* D).sum', '* D.flip(1, 2)).sum'),
        ('P is transposed', "'oc,cij->oij', P", "'co,cij->oij', P[:len(X), "
         ":len(X)] if len(P) == len(X) else P.T"),
        ('the mean of the channels', 'P, Y)', 'P, Y) / C'),
        ('in reverse order', 'P, Y)', 'P, Y).flip(0)'),
        ('asks you to do without `conv2d`', '''
def separable(X, D, P):
    Y = F.conv2d(X[None], D[:, None], groups=len(X))[0]
    return torch.einsum('oc,cij->oij', P, Y)
'''),
        ('asks you to do without `conv2d`', '''
def separable(X, D, P):
    conv = nn.Conv2d(len(X), len(X), D.shape[1:], groups=len(X), bias=False)
    conv.weight.data = D[:, None]
    return torch.einsum('oc,cij->oij', P, conv(X[None])[0])
'''),
        ('got', '(X[:, i:i + h, j:j + w] * D)', '(X[:, i:i + h, j:j + w] * '
         'D.mT if h == w else X[:, i:i + h, j:j + w] * D)'),
        ('got', 'X.shape[2] - w + 1)', 'X.shape[2] - h + 1)'),
        ('is a `return` missing', 'return torch', 'torch'),
    ],
    'SqueezeExcitation': [
        ('the ReLU between', 'F.relu(self.squeeze(X.mean((2, 3))))',
         'self.squeeze(X.mean((2, 3)))'),
        ('the sigmoid is missing', 'torch.sigmoid(self.excite(Z))',
         'self.excite(Z)'),
        ('ends with a ReLU', 'torch.sigmoid(', 'F.relu('),
        ('a softmax', 'torch.sigmoid(self.excite(Z))',
         'self.excite(Z).softmax(1)'),
        ('the first activation is a sigmoid', 'F.relu(', 'torch.sigmoid('),
        ('the gate is added', 'X * gate', 'X + gate'),
        ('the gate alone comes out', 'X * gate[:, :, None, None]',
         'gate[:, :, None, None].expand_as(X)'),
        ('the largest number', 'X.mean((2, 3))', 'X.amax((2, 3))'),
        ('the layers have no biases', 'squeezed)\n', 'squeezed, False)\n',
         ', channels)\n', ', channels, False)\n'),
        ('`squeeze`: made but not used, or cut off',
         'self.squeeze(X.mean((2, 3)))',
         'self.squeeze(X.mean((2, 3))).detach()'),
        ('the gradient that goes back to X', 'X.mean((2, 3))',
         'X.detach().mean((2, 3))'),
        ('the gradient that goes back to X', 'X * gate', 'X.detach() * gate'),
        ('RuntimeError', '[:, :, None, None]', ''),
        ('output', 'X.mean((2, 3))', 'X.mean((0, 2, 3))[None]'),
        ('is a `return` missing', 'return X', 'X'),
    ],
    'InvertedResidual': [
        ('ReLU6 cuts off at 6 too', 'nn.ReLU6', 'nn.ReLU'),
        ('behind the last batch norm', 'nn.BatchNorm2d(out_channels)]',
         'nn.BatchNorm2d(out_channels), nn.ReLU6()]'),
        ('behind the addition', 'return X + Y if self.adds else Y',
         'return F.relu6(X + Y) if self.adds else Y'),
        ('the input is never added', 'X + Y if self.adds else Y', 'Y'),
        ('the stride is ignored', 'kernel_size, stride,', 'kernel_size, 1,'),
        ('the kernel size is ignored', 'middle, kernel_size, stride,',
         'middle, 3, stride,', 'kernel_size // 2', '1'),
        ('the middle is not wide', 'in_channels * expansion', 'in_channels'),
        ('is left out', 'if expansion > 1', 'if True'),
        ('although the map became smaller', '''
class InvertedResidual(nn.Module):
    def __init__(self, in_channels, out_channels, stride, expansion,
                 kernel_size=3):
        super().__init__()
        middle, self.stride = in_channels * expansion, stride
        layers = []
        if expansion > 1:
            layers = [nn.Conv2d(in_channels, middle, 1, bias=False),
                      nn.BatchNorm2d(middle), nn.ReLU6()]
        self.branch = nn.Sequential(
            *layers, nn.Conv2d(middle, middle, kernel_size, stride,
                               kernel_size // 2, groups=middle, bias=False),
            nn.BatchNorm2d(middle), nn.ReLU6(),
            nn.Conv2d(middle, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels))

    def forward(self, X):
        Y, Z = self.branch(X), X[:, :, ::self.stride, ::self.stride]
        return Y + Z if Y.shape == Z.shape else Y
'''),
        ('parameters: got', 'groups=middle,', ''),
        ('the first ReLU6 is missing', 'nn.BatchNorm2d(middle), nn.ReLU6()]',
         'nn.BatchNorm2d(middle)]'),
        ('the third batch norm is missing', ''',
                   nn.BatchNorm2d(out_channels)]''', ']'),
        ('parameters: got', '1, bias=False),\n                   nn.Batch',
         '1),\n                   nn.Batch'),
        ('the gradient that goes back to X', 'X + Y', 'X.detach() + Y'),
        ('RuntimeError', 'self.adds = stride == 1 and', 'self.adds ='),
        ('is a `return` missing', 'return X', 'X'),
    ],
    'design': [
        ('60,430 parameters, wanted are fewer than 20,000', '''
def design():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 76), nn.ReLU(),
                         nn.Linear(76, 10))
'''),
        ('wanted is 0.848 with fewer than 20,000', '''
def design():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
'''),
        ('wanted is 0.848 with fewer than 20,000', '''
def design():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 24), nn.ReLU(),
                         nn.Linear(24, 10))
'''),
        ('wanted is 0.848 with fewer than 20,000', '''
def design():
    return nn.Sequential(
        nn.AvgPool2d(2), nn.Flatten(), nn.Linear(196, 64),
        nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 32),
        nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 10))
'''),
        ('wanted are ten scores', '32 * 3 * 3, 10', '32 * 3 * 3, 9'),
        ('wanted are ten scores', 'nn.Flatten(), nn.Linear(32 * 3 * 3, 10)',
         'nn.Conv2d(32, 10, 3)'),
        ('it gives probabilities', '3, 10))', '3, 10), nn.Softmax(1))'),
        ('cannot be multiplied', '32 * 3 * 3', '32 * 5 * 5'),
        ('nothing in it can learn', 'return nn.Sequential(',
         'return nn.Sequential(nn.Flatten()) or (', '10))', '10),)'),
        ('nothing in it can learn', '10))', '10)).requires_grad_(False)'),
        ('a network (nn.Module) is wanted, got list', '''
def design():
    return [nn.Flatten(), nn.Linear(784, 10)]
'''),
        ('is wanted, got NoneType', 'return nn', 'nn'),
    ],
}


# Questions with no one solution: a changed number is another right one.
DESIGNS = {'design'}


# Mutations of the solution that compute the same, and why they do.
EQUIVALENT = {
    'googlenet': {
        'return nn.Sequential( [arguments 2 and 3 swapped]':
            'ReLU and a maximum can change places',
    },
    'separable': {
        'Y = X.new_zeros(C, X.shape[1] - h + 1, X.shape[2] - w + 1) '
        '[new_zeros to new_ones]': 'each number is written over',
    },
    'transition': {
        'return nn.Sequential( [arguments 3 and 4 swapped]':
            'a 1x1 convolution and an average can change places',
    },
}

# Right answers that get a remark with these words.
REMARK: dict[str, list] = {}
