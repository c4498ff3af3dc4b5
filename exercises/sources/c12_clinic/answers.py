"""Answers that must be accepted and answers that must be refused.

RIGHT: {question: [whole answers, or (old, new), an edit of the solution]}.
WRONG: {question: [(words that the message must hold, old, new)]}, an edit of
the solution, or (words, whole answer), or (words,): the untouched program.
"""
RETURN = 'is a `return` missing'

RIGHT = {
    'Affine': [('X @ self.weight.T + self.bias',
                'F.linear(X, self.weight, self.bias)'), '''
class Affine(nn.Linear):
    pass
'''],
    'as_images': [('pixels.reshape(', 'pixels.view('), '''
def as_images(rows):
    return torch.stack([row.reshape(28, 28) / 255. for row in rows])[:, None]
'''],
    'TwoLayers': [('super().__init__()', 'nn.Module.__init__(self)'), '''
class TwoLayers(nn.Sequential):
    def __init__(self, num_hidden):
        super().__init__(nn.Linear(4, num_hidden), nn.ReLU(),
                         nn.Linear(num_hidden, 3))
'''],
    'Standardize': [('return (X - self.mean) / self.std',
                     'return X / self.std - self.mean / self.std'), '''
def Standardize(mean, std):
    return lambda X: X.sub(mean).div(std)
'''],
    'count_labels': [(', dtype=torch.int64', ''), '''
def count_labels(data_iter, num_classes):
    y = np.concatenate([y.numpy() for _, y in data_iter])
    return np.bincount(y, minlength=num_classes)
''', '''
def count_labels(data_iter, num_classes):
    return sum(F.one_hot(y, num_classes).sum(0) for _, y in data_iter)
''', '''
def count_labels(data_iter, num_classes):
    counts = [0] * num_classes
    for _, labels in data_iter:
        for label in labels.tolist():
            counts[label] += 1
    return torch.tensor(counts)
'''],
    'first_loss': [('return loss.item()', 'return float(loss)'), '''
def first_loss(net, loader):
    for X, y in loader:
        return nn.CrossEntropyLoss()(net(X), y).item()
'''],
    'scores': [('.float()', '.to(torch.float32)'), '''
def scores(net, images):
    return net(torch.tensor(images[:, None], dtype=torch.float32) / 255)
''', ('images / 255).float()', "(images / 255).astype('float32'))")],
    'ConvBlock': [('padding=kernel_size // 2', "padding='same'"), '''
class ConvBlock(nn.Sequential):
    def __init__(self, c_in, c_out, k=3):
        super().__init__(nn.Conv2d(c_in, c_out, k, 1, k // 2), nn.ReLU())
'''],
    'lenet': [('nn.Linear(400, 120)', 'nn.Linear(16 * 5 * 5, 120)'), '''
def lenet():
    maps = nn.Sequential(
        nn.ZeroPad2d(2), nn.Conv2d(1, 6, 5), nn.Sigmoid(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2))
    return nn.Sequential(maps, nn.Flatten(), head())
'''],
    'head': ['''
def head():
    sizes, layers = [400, 120, 84, 10], []
    for a, b in zip(sizes, sizes[1:]):
        layers += [nn.Linear(a, b), nn.Sigmoid()]
    return nn.Sequential(*layers[:-1])
''', ('nn.Linear(84, 10)', 'nn.Linear(in_features=84, out_features=10)')],
    'Branches': [('return F.relu(torch.cat([self.b1(X), b2], dim=1))',
                  'return torch.cat([F.relu(self.b1(X)), F.relu(b2)], 1)'), '''
class Branches(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Conv2d(c, 4, 1)
        self.b = nn.Sequential(nn.Conv2d(c, 2, 1), nn.ReLU(),
                               nn.Conv2d(2, 4, 3, 1, 1))

    def forward(self, X):
        return torch.cat((self.a(X), self.b(X)), -3).relu()
'''],
    'OnRows': [('X.reshape(-1, 1, 6, 6)', 'X.view(len(X), 1, 6, 6)'), '''
class OnRows(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Unflatten(1, (1, 6, 6)), nn.Conv2d(1, 4, 3), nn.ReLU(),
            nn.Flatten(), nn.Linear(64, 10))
'''],
    'Small': [('maps.reshape(len(X), -1)', 'maps.flatten(1)'),
              ('maps.reshape(len(X), -1)', 'torch.flatten(maps, start_dim=1)'),
              ('maps.reshape(len(X), -1)', 'maps.reshape(-1, 16)')],
    'max_pool': ['''
def max_pool(X, k):
    return F.max_pool2d(X[None, None], k, stride=1)[0, 0]
''', '''
def max_pool(X, k):
    rows, columns = (n - k + 1 for n in X.shape)
    return torch.stack([torch.stack([
        X[i:i + k, j:j + k].amax() for j in range(columns)])
        for i in range(rows)])
'''],
    'crop': ['''
def crop(dX, pad):
    return dX if pad == 0 else dX[..., pad:-pad, pad:-pad]
''', '''
def crop(dX, pad):
    return dX[:, :, pad:dX.shape[2] - pad, pad:dX.shape[3] - pad].clone()
'''],
    'to_minibatch': ['''
def to_minibatch(photos):
    return torch.stack([p.permute(2, 0, 1) for p in photos]).float() / 255
''', ('X = X.permute(0, 3, 1, 2)', 'X = X.movedim(-1, 1)'),
        ('X.permute(0, 3, 1, 2)', 'X.transpose(2, 3).transpose(1, 2)')],
    'Pictures': [('transformed = self.transform(image)\n        return '
                  'transformed', 'return self.transform(image)'), '''
class Pictures:
    def __init__(self, images, labels, transform):
        self.pairs, self.f = list(zip(images, labels)), transform

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, i):
        return self.f(self.pairs[i][0]), self.pairs[i][1]
'''],
    'pool': ["""
def pool(X, mode='max'):
    return {'max': F.max_pool2d, 'avg': F.avg_pool2d}[mode](X, 2)
""", ("if mode == 'max':", "if mode != 'avg':")],
    'ThreeLayers': ['''
class ThreeLayers(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4),
                         nn.ReLU(), nn.Linear(4, 3))
''', ('fc3', 'out')],
    'Dense': ['''
class Dense(nn.Module):
    def __init__(self, num_layers, channels, growth_rate):
        super().__init__()
        self.layers = nn.ModuleList()
        for _ in range(num_layers):
            self.layers.append(nn.Conv2d(channels, growth_rate, 1))
            channels += growth_rate

    def forward(self, X):
        for layer in self.layers:
            X = torch.cat([X, layer(X).relu()], dim=1)
        return X
''', ('extra = growth_rate * i', 'extra = sum([growth_rate] * i)')],
    'plan': ['''
def plan(channels, growth_rate, blocks):
    stages = []
    for num_layers in blocks:
        if stages:
            channels //= 2
            stages.append(('transition', channels))
        channels += num_layers * growth_rate
        stages.append(('dense block', channels))
    return stages
''', ('i < len(blocks) - 1', 'i + 1 != len(blocks)')],
    'Residual': ['''
class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.branch = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1))

    def forward(self, X):
        return (X + self.branch(X)).relu()
''', ('F.relu(X + Y)', '(Y + X).clamp(min=0)')],
    'count_parameters': ['''
def count_parameters(net, verbose=False):
    total = 0
    for p in net.parameters():
        total += p.shape.numel()
    if verbose:
        print(total)
    return total
''', ("if verbose:\n        print(f'{total:,} parameters')",
      'print(total) if verbose else None')],
    'means': ['''
def means(batches):
    losses, right, sizes = zip(*batches)
    total = sum(sizes)
    loss = sum(l * n for l, n in zip(losses, sizes)) / total
    return [loss, sum(right) / total]
''', ('metric[0] / metric[2], metric[1] / metric[2]',
      'tuple(metric[i] / metric[2] for i in (0, 1))')],
    'evaluate': [('net.eval()', 'net.train(False)'), '''
def evaluate(net, data_iter):
    import copy
    frozen, right, total = copy.deepcopy(net).eval(), 0, 0
    with torch.no_grad():
        for X, y in data_iter:
            right += sum(a == b for a, b in zip(
                frozen(X).argmax(1).tolist(), y.tolist()))
            total += len(y)
    return right / total
''', '''
@torch.inference_mode()
def evaluate(net, data_iter):
    net.eval()
    hits = torch.cat([net(X).argmax(1) == y for X, y in data_iter])
    return hits.double().mean().item()
'''],
    'validation_loss': [('.item()', ''), '''
@torch.no_grad()
def validation_loss(net, data_iter):
    net.eval()
    losses = [F.cross_entropy(net(X), y, reduction='none')
              for X, y in data_iter]
    return torch.cat(losses).mean().item()
''', ('loss + F.cross_entropy(net(X), y, reduction=\'sum\').item()',
      'loss + len(y) * float(F.cross_entropy(net(X), y))')],
    'fit': ['''
def fit(step, test, train_iter, num_epochs):
    def epoch():
        for X, y in train_iter:
            step(X, y)
        return test()

    return [epoch() for _ in range(num_epochs)]
''', ('history.append(test())', 'history += [test()]')],
    'write_losses': ['''
def write_losses(writer, losses):
    with writer:
        for step, loss in enumerate(losses):
            writer.add_scalar('loss', loss, step)
''', ('value = float(loss)\n        writer.add_scalar(\'loss'
                      '\', value, step)', 'writer.add_scalar(tag=\'loss\', '
                      'scalar_value=loss,\n'
                      '                          global_step=step)'), '''
def write_losses(writer, losses):
    for i in range(len(losses)):
        writer.add_scalar('loss', losses[i].item(), i)
    writer.close()
'''],
    'vote': [('dim=2', 'dim=-1'), '''
def vote(scores):
    total = 0
    for crop in scores:
        total = total + nn.Softmax(dim=1)(crop)
    return total / len(scores)
'''],
    'train_step': [('y_hat = net(X)', 'y_hat = net(X).log_softmax(dim=1)'), '''
def train_step(net, optimizer, X, y):
    net.zero_grad()
    loss = nn.NLLLoss()(F.log_softmax(net(X), dim=1), y)
    loss.backward()
    optimizer.step()
    return float(loss)
'''],
    'classifier': ['''
def classifier():
    layers = [nn.Conv2d(1, 4, 3), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(4 * 2 * 2, 10))
''', ('nn.Linear(16, 10))', 'nn.Linear(16, 10), nn.Identity())')],
    'running_mean': ['''
def running_mean(batches, num_channels, momentum=0.1):
    norm = nn.BatchNorm2d(num_channels, momentum=momentum)
    for X in batches:
        norm(X)
    return norm.running_mean
''', ('(1 - momentum) * mean + momentum * new',
      'mean + momentum * (new - mean)')],
}

WRONG = {
    'Affine': [
        ("NameError: name 'bias' is not defined",),
        ('the bias is not added', ' + self.bias', ''),
        ('subtracted', '+ self.bias', '- self.bias'),
        ('added twice', '+ self.bias', '+ self.bias + self.bias'),
        ('parameters: got', 'nn.Parameter(torch.randn(out_features))',
         'torch.randn(out_features)'),
        ('RuntimeError', '.T', ''),
        (RETURN, 'return X', 'X'),
    ],
    'as_images': [
        ("'torch.Size' object is not callable",),
        ('still go up to 255', ' / 255', ' / 1'),
        ('rounded down', ' / 255', ' // 255 * 1.'),
        ('the shape is (1, 28, 28, 1)', '(-1, 1, 28, 28)',
         '(-1, 28, 28, 1)'),
        ('RuntimeError', '(-1, 1', '(1, 1'),
        ('4 axes are wanted', '(-1, 1, 28', '(-1, 28'),
        ('rows and columns are swapped', '28, 28)', '28, 28).mT'),
        ('should end at 1', ' / 255', ''),
        (RETURN, 'return pixels', 'pixels'),
    ],
    'TwoLayers': [
        ('cannot assign module before Module.__init__() call',),
        ('cannot assign module', 'super().__init__()', 'super()'),
        ('a network (nn.Module) is wanted', 'nn.Module', 'object'),
        ('parameters: got', 'num_hidden)', 'num_hidden, bias=False)'),
        ('between the layers is missing', 'F.relu(self.hidden(X))',
         'self.hidden(X)'),
        ('on the scores', 'self.output(F.relu(self.hidden(X)))',
         'F.relu(self.output(F.relu(self.hidden(X))))'),
        ('behind the second layer', 'self.output(F.relu(self.hidden(X)))',
         'F.relu(self.output(self.hidden(X)))'),
        (RETURN, 'return self', 'self'),
    ],
    'Standardize': [
        ('takes 1 positional argument but 3 were given',),
        ('takes 1 positional argument', '__init__(self, mean',
         '_init_(self, mean'),
        ('are swapped', 'self.mean, self.std = ', 'self.std, self.mean = '),
        ("has no attribute 'mean'", 'self.mean, self.std = ', 'm, s = '),
        ('not divided', ' / self.std', ''),
        ('not subtracted', '(X - self.mean)', 'X'),
        ('is added', 'X - self', 'X + self'),
        ('AttributeError', 'super().__init__()', 'pass'),
        (RETURN, 'return (', '('),
    ],
    'count_labels': [
        ("'list' object is not callable",),
        ('only the last minibatch', '+= torch', '= torch'),
        ('only the first minibatch', '    return', '        return'),
        ('counts once', 'counts += torch.bincount(y, minlength='
         'num_classes)', 'counts[y] += 1'),
        ('numbers are wrong', ', minlength=num_classes', ''),
        ("'generator' object is not callable", 'in data_iter:',
         'in (pair for pair in data_iter)():'),
        (RETURN, 'return counts', 'counts'),
    ],
    'first_loss': [
        ("object has no attribute 'next'",),
        ("module 'numpy' has no attribute 'float'", 'loss.item()',
         'np.float(loss)'),
        ('invalid index of a 0-dim tensor', 'loss.item()', 'loss.data[0]'),
        ('lets go of the graph', 'loss.item()', 'loss'),
        ('losses are summed', 'net(X), y)', "net(X), y, reduction='sum')"),
        ('object is not an iterator', 'next(iter(loader))', 'next(loader)'),
        ('on the last minibatch', 'next(iter(loader))', 'loader[-1]'),
        ('over all minibatches', 'next(iter(loader))',
         '(torch.cat(t) for t in zip(*loader))'),
        (RETURN, 'return loss', 'loss'),
    ],
    'scores': [
        ('RuntimeError: Input type (double)',),
        ('turn the images into the type', 'images / 255).float()',
         'images / 255)\n    net.double()'),
        ('still go up to 255', 'images / 255', 'images'),
        ('rounded down to 0', 'images / 255', 'images // 255'),
        ('upside down', 'images / 255', '1 - images / 255'),
        ('RuntimeError: Input type', '.float()', '.half()'),
        ('RuntimeError', 'X[:, None]', 'X'),
        (RETURN, 'return net', 'net'),
    ],
    'ConvBlock': [
        ('RuntimeError: Given groups=1',),
        ('RuntimeError: Given groups=1', 'nn.Conv2d(in_channels, out',
         'nn.Conv2d(out_channels, out'),
        ('parameters: got', 'nn.Conv2d(in_channels, out_channels',
         'nn.Conv2d(in_channels, in_channels'),
        ('the ReLU is missing', 'F.relu(self.conv(X))', 'self.conv(X)'),
        ('the map gets smaller', 'kernel_size // 2', '0'),
        ('fits a kernel of 3 only', 'kernel_size // 2', '1'),
        ('is ignored', 'out_channels, kernel_size,', 'out_channels, 3,'),
        ('NameError', ', kernel_size=3', ''),
        (RETURN, 'return F', 'F'),
    ],
    'lenet': [
        ('layer with weights', 'nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid()',
         'nn.Sigmoid(), nn.Conv2d(1, 6, 5, padding=2)'),
        ('layer with weights', 'nn.Conv2d(6, 16, 5), nn.Sigmoid()',
         'nn.Sigmoid(), nn.Conv2d(6, 16, 5)'),
        ('(2x784 and 400x120)',),
        ('made to fit the mistake', '16, 5), nn.Sigmoid(), nn.AvgPool2d(2),'
         '\n        nn.Flatten(), nn.Linear(400', '16, 5, padding=2), nn.Sig'
         'moid(),\n        nn.AvgPool2d(2), nn.Flatten(), nn.Linear(784'),
        ('(2x256 and 400x120)', ', padding=2', ''),
        ('both convolutions are without', ', padding=2', '', '400', '256'),
        ('LeNet-5 has sigmoids', 'nn.Sigmoid', 'nn.ReLU'),
        ('LeNet-5 takes the average', 'nn.AvgPool2d', 'nn.MaxPool2d'),
        ('RuntimeError', 'nn.Flatten(), ', ''),
        ('parameters: got', '120, 84), nn.Sigmoid(), nn.Linear(84,', '120,'),
    ],
    'head': [
        ('(2x84 and 184x10)',),
        ('made to fit the mistake', '84', '184'),
        ('(2x84 and 120x10)', '84, 10', '120, 10'),
        ('sigmoid behind the scores', '10))', '10), nn.Sigmoid())'),
        ('last two layers is missing', '84), nn.Sigmoid()',
         '84), nn.Identity()'),
        ('the layer of 84 is missing', 'nn.Linear(120, 84), nn.Sigmoid(), '
         'nn.Linear(84', 'nn.Linear(120'),
        ('is wanted, got NoneType', 'return nn', 'nn'),
    ],
    'Branches': [
        ('RuntimeError: Given groups=1',),
        ('is made but not used', '''
class Branches(nn.Module):
    def __init__(self, in_channels):
        super().__init__()
        self.b1 = nn.Conv2d(in_channels, 4, 1)
        self.b2_1 = nn.Conv2d(in_channels, 2, 1)
        self.b2_2 = nn.Conv2d(in_channels, 4, 3, padding=1)

    def forward(self, X):
        return F.relu(torch.cat([self.b1(X), self.b2_2(X)], dim=1))
'''),
        ('the wrong order', '[self.b1(X), b2]', '[b2, self.b1(X)]'),
        ('second branch is missing', 'F.relu(self.b2_1(X))',
         'self.b2_1(X)'),
        ('the last ReLU is missing',
         'F.relu(torch.cat([self.b1(X), b2], dim=1))',
         'torch.cat([self.b1(X), b2], dim=1)'),
        ('RuntimeError', ', padding=1', ''),
        ('output shape', 'dim=1', 'dim=0'),
        ('RuntimeError', 'nn.Conv2d(2, 4', 'nn.Conv2d(4, 4'),
        (RETURN, 'return F', 'F'),
    ],
    'OnRows': [
        ('RuntimeError: Expected 3D',),
        ('RuntimeError', '(-1, 1', '(1, -1'),
        ('RuntimeError', '1, 6, 6)', '1, 4, 9)'),
        ('RuntimeError', '(-1, 1, 6, 6)', '(6, 6)'),
        ('scores are never negative', '6, 6))', '6, 6)).relu()'),
        ('rows and columns', '6, 6))', '6, 6).mT)'),
        ('only the first image', 'self.layers(X.', 'self.layers(X[:1].'),
        (RETURN, 'return self', 'self'),
    ],
    'Small': [
        ('mat1 and mat2 shapes cannot be multiplied',),
        ('RuntimeError', 'len(X), -1', '1, -1'),
        ('RuntimeError', 'F.max_pool2d(F.relu(self.conv(X)), 2)',
         'F.relu(self.conv(X))'),
        ('the ReLU is missing', 'F.relu(self.conv(X))', 'self.conv(X)'),
        ('takes the average', 'max_pool2d', 'avg_pool2d'),
        ('RuntimeError', 'maps.reshape(len(X), -1)', 'maps.flatten(2)'),
        ('are mixed', 'maps.reshape',
         'maps.permute(1, 2, 3, 0).reshape'),
        ('only the first image', 'maps.reshape(len(X), -1)',
         'maps[0].reshape(1, -1)'),
        (RETURN, 'return self', 'self'),
    ],
    'max_pool': [
        ('one too few',),
        ('one too few', 'X.shape[1] - k + 1', 'X.shape[1] - k'),
        ('one too many', 'X.shape[0] - k + 1', 'X.shape[0] - k + 2'),
        ('transposed, or rows and columns mixed up',
         'X.shape[0] - k + 1, X.shape[1]', 'X.shape[1] - k + 1, X.shape[0]'),
        ('minima', '.max()', '.min()'),
        ('averages', '.max()', '.mean()'),
        ('is 2x2 for every k', 'i:i + k, j:j + k', 'i:i + 2, j:j + 2'),
        ('numbers are wrong', 'j:j + k', 'j:j + k + 1'),
        (RETURN, 'return Y', 'Y'),
    ],
    'crop': [
        ('nothing is left',),
        ('only the front', 'pad:H - pad, pad:W - pad', 'pad:, pad:'),
        ('nothing is cut off', 'pad:H - pad, pad:W - pad', ':H, :W'),
        ('only rows', 'pad:W - pad', ':W'),
        ('only columns', 'pad:H - pad', ':H'),
        ('the shape is', 'H, W =', 'W, H ='),
        ('the shape is', 'pad:H - pad', 'pad:H - 2 * pad'),
        (RETURN, 'return dX', 'dX'),
    ],
    'to_minibatch': [
        ('still lie as (N, H, W, 3)',),
        ('scrambled', 'X.permute(0, 3, 1, 2)',
         'X.reshape(len(X), 3, *X.shape[1:3])'),
        ('rows and columns are swapped', '3, 1, 2', '3, 2, 1'),
        ('still go up to 255', ' / 255', '.float()'),
        ('numbers are wrong', '/ 255', '// 255'),
        ('RuntimeError', 'torch.stack', 'torch.cat'),
        ('the shape is', '0, 3, 1, 2', '3, 0, 1, 2'),
        (RETURN, 'return X', 'X'),
    ],
    'Pictures': [
        ('as if there were no transform',),
        ('never called', 'self.transform(image)', 'image'),
        ('works twice', 'return transformed',
         'return self.transform(transformed)'),
        ('every item is the first', 'self.images[i]', 'self.images[0]'),
        ('image and label are swapped', 'transformed, self.labels[i]',
         'self.labels[i], transformed'),
        ('image 0', 'image = self.images[i]', 'image = self.images'),
        ('label 0', ', self.labels[i]', ', self.transform(self.labels[i])'),
        ("'image 0 again'", 'transformed = self.transform(image)',
         'transformed = image.copy_(self.transform(image))'),
        ('number of items', 'len(self.images)', 'len(self.images) - 1'),
        ('an image and a label', 'transformed, self.labels[i]',
         'transformed'),
    ],
    'pool': [
        ('the maximum comes out whatever',),
        ('the maximum comes out whatever', "mode == 'max'", "'max'"),
        ('the average comes out whatever', "mode == 'max'", "mode is max"),
        ('swapped', '==', '!='),
        ('the default of `mode` is wrong', "mode='max'", "mode='avg'"),
        ('the shape is', 'avg_pool2d(X, 2)', 'avg_pool2d(X, 2, 1, 1)'),
        ('not divided by its size', 'avg_pool2d(X, 2)',
         'avg_pool2d(X, 2, divisor_override=1)'),
        (RETURN, 'return F.avg', 'F.avg'),
    ],
    'ThreeLayers': [
        ('(2x5 and 4x3)',),
        ("has no attribute 'fc3'", 'self.fc3 = ', 'fc3 = '),
        ('one hidden layer is missing', '''
class ThreeLayers(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))
'''),
        ('behind the second layer', 'F.relu(self.fc2(X))', 'self.fc2(X)'),
        ('never negative', 'self.fc3(X)', 'F.relu(self.fc3(X))'),
        ('(2x4 and 5x3)', '4, 3', '5, 3'),
        ('parameters: got 71', '4, 3', '4, 3, bias=False'),
        (RETURN, 'return self', 'self'),
    ],
    'Dense': [
        ('RuntimeError: Given groups=1',),
        ('RuntimeError: Given groups=1', 'growth_rate * i', 'growth_rate'),
        ('RuntimeError', 'growth_rate * i', 'channels * i'),
        ('RuntimeError', 'growth_rate * i', '0'),
        ('in front of the old', '[X, F.relu(layer(X))]',
         '[F.relu(layer(X)), X]'),
        ('the ReLU is missing', 'F.relu(layer(X))', 'layer(X)'),
        ('one layer too few', 'range(num_layers)', 'range(num_layers - 1)'),
        ('one layer too many', 'range(num_layers)', 'range(num_layers + 1)'),
        (RETURN, 'return X', 'X'),
    ],
    'plan': [
        ('a transition follows the last block too',),
        ('a transition follows the last', 'len(blocks) - 1', 'len(blocks)'),
        ('there is no transition', 'len(blocks) - 1', '0'),
        ('there is no transition', 'len(blocks) - 1', 'len(blocks) - 2'),
        ('counts once for a block', 'num_layers * growth_rate',
         'growth_rate'),
        ('does not halve', 'channels // 2', 'channels'),
        ('a float', '// 2', '/ 2'),
        (RETURN, 'return stages', 'stages'),
    ],
    'Residual': [
        ('only make numbers larger',),
        ('only make numbers larger', 'X + Y', 'X + F.relu(Y)'),
        ('the shortcut is not added', 'X + Y', 'Y'),
        ('the last ReLU is missing', 'F.relu(X + Y)', 'X + Y'),
        ('between the convolutions', 'F.relu(self.conv1(X))',
         'self.conv1(X)'),
        ('subtracted', 'X + Y', 'X - Y'),
        ('parameters without a gradient', 'self.conv2(Y)', 'self.conv1(Y)'),
        (RETURN, 'return F', 'F'),
    ],
    'count_parameters': [
        ('what is returned', 'net.parameters())',
         'net.parameters()\n                if p.requires_grad)'),
        ('what is returned', 'net.parameters()', 'net.state_dict().values()'),
        ('your function returns None',),
        ('nothing is printed', "print(f'{total:,} parameters')", 'pass'),
        ('nobody asked', 'if verbose:', 'if True:'),
        ('nobody asked', 'verbose=False', 'verbose=True'),
        ('number of tensors', 'p.numel()', '1'),
        ('the biases are missing', 'net.parameters())',
         'net.parameters() if p.ndim > 1)'),
        ('a number is wanted, got the text', 'return total',
         "return f'{total:,}'"),
        ('something is printed', 'return total',
         'return print(total) or total'),
    ],
    'means': [
        ('not the share of examples that are right',),
        ('the number of minibatches', 'metric[2]', 'len(batches)'),
        ('added without their sizes', 'loss * size', 'loss'),
        ('swapped', 'metric[0] / metric[2], metric[1] / metric[2]',
         'metric[1] / metric[2], metric[0] / metric[2]'),
        ('counts as much', 'loss * size, right, size)',
         'loss, right / size, 1)'),
        ('2 results are wanted', '/ metric[2], metric', '/ metric[2] + met'
         'ric'),
        ('result 2 of 2', 'metric[1] / metric[2]', 'metric[1]'),
        (RETURN, 'return metric', 'metric'),
    ],
    'evaluate': [
        ('leaves gradients switched off', 'with torch.no_grad():',
         'torch.set_grad_enabled(False)\n    if True:'),
        ('in train mode while it is evaluated',),
        ('put into train mode', 'net.eval()', 'net.train()'),
        ('in train mode while it is evaluated', 'net.eval()', 'net.eval'),
        ('gradients are recorded', 'with torch.no_grad():', 'if True:'),
        ('only the first minibatch', '    return right',
         '            return right'),
        ('only the last minibatch', 'right += (net(X).argmax(1) == y).sum()'
         '.item()\n            total += ',
         'right = (net(X).argmax(1) == y).sum().item()\n            total = '
         ),
        ('number of right ones', 'right / total', 'float(right)'),
        ('are averaged', '.sum().item()\n            total += len(y)',
         '.float().mean().item()\n            total += 1'),
        (RETURN, 'return right', 'right'),
    ],
    'validation_loss': [
        ('leaves gradients switched off', 'with torch.no_grad():',
         'torch.set_grad_enabled(False)\n    if True:'),
        ('carries the graph of all',),
        ('gradients are recorded', 'with torch.no_grad():', 'if True:'),
        ('not of examples', 'len(y)', '1'),
        ('divided twice', ", reduction='sum'", ''),
        ('in train mode', 'net.eval()', 'net.train()'),
        ('only the last', 'loss = loss + ', 'loss = '),
        ('this is the sum', 'loss / total', 'loss'),
        (RETURN, 'return loss', 'loss'),
    ],
    'fit': [
        ('gone through after every minibatch',),
        ('after the last epoch', '        history.append',
         '    history.append'),
        ('before each epoch', '        for X, y in train_iter:\n            '
         'step(X, y)\n        history.append(test())\n',
         '        history.append(test())\n        for X, y in train_iter:\n'
         '            step(X, y)\n'),
        ('number of steps', 'step(X, y)', 'pass'),
        ('step(X, y) wants', 'step(X, y)', 'step(y, X)'),
        ('1 results are wanted'[1:], 'history.append(test())',
         'history = [test()]'),
        ('number of steps', '    return', '        return'),
        (RETURN, 'return history', 'history'),
    ],
    'write_losses': [
        ('only the last loss',),
        ('only the first loss', ', step)', ', step)\n        break'),
        ('the step 0', 'value, step)', 'value, 0)'),
        ('have no step', 'value, step)', 'value)'),
        ('begin with 1', 'enumerate(losses)', 'enumerate(losses, 1)'),
        ('a name of its own', "'loss'", "f'loss {step}'"),
        ('not closed', 'writer.close()', 'pass'),
        ('after the file was closed', 'value, step)',
         'value, step)\n        writer.close()'),
        ('entries', "'loss'", "'train'"),
    ],
    'vote': [
        ('all probabilities are equal',),
        ('all probabilities are equal', 'dim=2', 'dim=0'),
        ('over the images', 'dim=2', 'dim=1'),
        ('averaged before the softmax', 'F.softmax(scores, dim=2).mean(0)',
         'F.softmax(scores.mean(0), dim=1)'),
        ('are summed', '.mean(0)', '.sum(0)'),
        ('logarithms', 'F.softmax', 'F.log_softmax'),
        ('the shape is', '.mean(0)', '.mean(1)'),
        (RETURN, 'return F', 'F'),
    ],
    'train_step': [
        ('differs too little',),
        ('step before', 'optimizer.zero_grad()', 'pass'),
        ('do not move', 'optimizer.step()', 'pass'),
        ('do not move', 'loss.backward()', 'pass'),
        ('away from the minimum', 'loss.backward()', '(-loss).backward()'),
        ('sum over the examples', 'y_hat, y)', "y_hat, y, reduction='sum')"),
        ('nll_loss wants', 'y_hat = net(X)\n    loss = F.cross_entropy',
         'y_hat = net(X).softmax(1)\n    loss = F.nll_loss'),
        ('a number (float) is wanted', 'loss.item()', 'loss'),
        (RETURN, 'return loss', 'loss'),
    ],
    'classifier': [
        ('never negative',),
        ('never negative', '10))', '10), nn.ReLU6())'),
        ('there is a sigmoid', '10))', '10), nn.Sigmoid())'),
        ('these are probabilities', '10))', '10), nn.Softmax(dim=1))'),
        ('behind the convolution', 'nn.ReLU(), ', ''),
        ('takes the average', 'MaxPool2d', 'AvgPool2d'),
        ('RuntimeError', 'nn.MaxPool2d(2), ', ''),
        ('parameters: got 193', '16, 10', '16, 9'),
        ('is wanted, got NoneType', 'return nn', 'nn'),
    ],
    'running_mean': [
        ('jumps to nearly the newest',),
        ('is forgotten', '(1 - momentum) * mean + momentum * new', 'new'),
        ('not made smaller', '(1 - momentum) * mean', 'mean'),
        ('the default of `momentum` is wrong', 'momentum=0.1',
         'momentum=0.9'),
        ('numbers are wrong', 'torch.zeros', 'torch.ones'),
        ('numbers are wrong', '(0, 2, 3)', '(0, 2)', 'new\n',
         'new.mean()\n'),
        ('the plain average', '''
def running_mean(batches, num_channels, momentum=0.1):
    return torch.stack([X.mean((0, 2, 3)) for X in batches]).mean(0)
'''),
        (RETURN, 'return mean', 'mean'),
    ],
}

# Mutations of the solution that compute the same, and why they do.
EQUIVALENT = {
    'lenet': {
        'return nn.Sequential( [arguments 5 and 6 swapped]':
            'sigmoid before or after an average: no different in the digits '
            'that are compared, for the sigmoid is almost a line there',
    },
    'classifier': {
        'return nn.Sequential( [arguments 2 and 3 swapped]':
            'ReLU and a maximum can change places',
    },
    'OnRows': {
        'self.layers = nn.Sequential( [arguments 2 and 3 swap'
        'ped]':
            'ReLU works on each number alone',
    },
    'count_labels': {
        'counts = torch.zeros(num_classes, dtype=torch.int64) [dtype= '
        'dropped]': 'counts may be floats',
    },
}

# Right answers that get a remark with these words.
REMARK: dict[str, list] = {}
