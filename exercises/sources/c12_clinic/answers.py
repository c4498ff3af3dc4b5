"""Answers that must be accepted and answers that must be refused.

RIGHT: {question: [whole answers, or (old, new), an edit of the solution]}.
WRONG: {question: [(words that the message must hold, old, new)]}, an edit of
the solution, or (words, whole answer), or (words,): the untouched program.
"""
RETURN = 'is a `return` missing'

RIGHT = {
    'Autoencoder': [
        ('code = self.encode(X)\n        return self.decoder(code)',
         'return self.decoder(self.encode(X))'), '''
class Autoencoder(nn.Sequential):
    def __init__(self, a, b):
        super().__init__(nn.Linear(a, b), nn.ReLU(), nn.Linear(b, a))
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
    'Windows': [('return self.series[i:i + self.size]',
                 'return [self.series[i + k] for k in range(self.size)]'), '''
class Windows:
    def __init__(self, series, size):
        self.items = [series[i:i + size]
                      for i in range(len(series) - size + 1)]

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return torch.tensor(self.items[i])
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
    'table_loss': [('.long()', '.to(torch.int64)'),
                   ('.long()', '.int().long()'), '''
def table_loss(net, table):
    X, y = table.split([table.shape[1] - 1, 1], dim=1)
    log_p = net(X).log_softmax(1)
    return float(-log_p.gather(1, y.round().long()).mean())
'''],
    'ConvBlock': [('padding=kernel_size // 2', "padding='same'"), '''
class ConvBlock(nn.Sequential):
    def __init__(self, c_in, c_out, k=3):
        super().__init__(nn.Conv2d(c_in, c_out, k, 1, k // 2), nn.ReLU())
'''],
    'small_vgg': ['''
def small_vgg():
    layers, channels = [], 3
    for c in (8, 16, 16):
        layers += [nn.Conv2d(channels, c, 3, 1, 1), nn.ReLU(),
                   nn.MaxPool2d(2, 2)]
        channels = c
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(16 * 4 * 4, 10))
''', ('nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)',
      'nn.Conv2d(8, 16, 3, padding=1), nn.MaxPool2d(2), nn.ReLU()')],
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
    'Pooled': [('maps.flatten(1)', 'maps.reshape(len(X), -1)'),
               ('maps.flatten(1)', 'maps[:, :, 0, 0]'),
               ('maps.flatten(1)', 'maps.squeeze(-1).squeeze(-1)')],
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
    'brighten': [('X = X.clamp(0, 1)', 'X.clamp_(0, 1)'), '''
def brighten(images, by):
    return (images + by).numpy().clip(0, 1)
''', '''
def brighten(images, by):
    X = torch.where(images + by > 1, 1., images + by)
    return torch.where(X < 0, 0., X)
'''],
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
    'Tower': ['''
class Tower(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Conv2d(a, b, 1) for a, b in zip(channels, channels[1:]))

    def forward(self, X):
        for layer in self.layers:
            X = layer(X).relu()
        return X
''', ("f'layer{i}'", 'str(i)')],
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
    'PreActivation': ['''
class PreActivation(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.branch = nn.Sequential(
            nn.ReLU(), nn.Conv2d(c, c, 3, padding=1),
            nn.ReLU(), nn.Conv2d(c, c, 3, padding='same'))

    def forward(self, X):
        return X + self.branch(X)
''', ('Y = self.conv1(F.relu(X))',
      'Z = X.clamp(min=0)\n        Y = self.conv1(Z)')],
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
    'pixel_accuracy': ['''
def pixel_accuracy(batches):
    hits = torch.cat([(a == b).flatten() for a, b in batches])
    return hits.double().mean()
''', ('y.numel()', 'y.shape[0] * y.shape[1] * y.shape[2]')],
    'Dropped': ['''
class Dropped(nn.Sequential):
    def __init__(self, a, b):
        super().__init__(nn.Linear(a, b), nn.Dropout())
''', ('return F.dropout(self.linear(X), 0.5, training=self.training)',
      'Y = self.linear(X)\n'
      '        return F.dropout(Y) if self.training else Y')],
    'validation_loss': [('.item()', ''), '''
@torch.no_grad()
def validation_loss(net, data_iter):
    net.eval()
    losses = [F.cross_entropy(net(X), y, reduction='none')
              for X, y in data_iter]
    return torch.cat(losses).mean().item()
''', ('loss + F.cross_entropy(net(X), y, reduction=\'sum\').item()',
      'loss + len(y) * float(F.cross_entropy(net(X), y))')],
    'train': ['''
def train(step, decay, train_iter, num_epochs):
    for _ in range(num_epochs):
        for batch in train_iter:
            step(*batch)
        decay()
    return num_epochs * len(train_iter)
''', ('range(num_epochs)', 'range(1, num_epochs + 1)')],
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
    'binary_step': [('F.binary_cross_entropy_with_logits(y_hat, y)',
                     'F.binary_cross_entropy(y_hat.sigmoid(), y)'), '''
def binary_step(net, optimizer, X, y):
    optimizer.zero_grad()
    loss = nn.BCEWithLogitsLoss()(net(X).squeeze(1), y)
    loss.backward()
    optimizer.step()
    return float(loss)
'''],
    'locator': ['''
def locator():
    layers = [nn.Conv2d(1, 4, 3), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(4 * 2 * 2, 2))
''', ('nn.Linear(16, 2))', 'nn.Linear(16, 2), nn.Identity())')],
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
    'Autoencoder': [
        ("NameError: name 'code' is not defined",),
        ("has no attribute 'code'", 'code = self.encode(X)',
         'self.encode(X)', 'self.decoder(code)', 'self.decoder(self.code)'),
        ('between encoder and decoder', 'F.relu(self.encoder(X))',
         'self.encoder(X)'),
        ('behind the decoder', 'self.decoder(code)',
         'F.relu(self.decoder(code))'),
        ('output shape', 'self.decoder(code)', 'code'),
        ('not behind the encoder', 'F.relu(self.encoder(X))',
         'self.encoder(X)', 'self.decoder(code)',
         'F.relu(self.decoder(code))'),
        ('RuntimeError', 'code = self.encode(X)', 'code = X'),
        ('parameters: got', 'code_size)\n', 'code_size, bias=False)\n'),
        (RETURN, 'return self.decoder', 'self.decoder'),
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
    'Windows': [
        ("object of type 'Windows' has no len()",),
        ('has no len()', '__len__', '_len_'),
        ('one too small', ' + 1\n', '\n'),
        ('one too large', ' + 1\n', ' + 2\n'),
        ('one number too long', 'i + self.size', 'i + self.size + 1'),
        ('one place too late', 'i:i + self.size',
         'i + 1:i + self.size + 1'),
        ('should implement __getitem__', '__getitem__', 'getitem'),
        ('NoneType', 'return len', 'len'),
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
    'table_loss': [
        ('Long',),
        ('RuntimeError: expected', '.long()', '.int()'),
        ('losses are summed', 'net(X), y)', "net(X), y, reduction='sum')"),
        ('of another class', '.long()', '.long() ^ 1'),
        ('the sign is wrong', 'return F', 'return -F'),
        ('lets go of the graph', '.item()', ''),
        ('RuntimeError', 'table[:, :-1]', 'table'),
        ('a number (float) is wanted', '.item()', '.detach()[None]'),
        (RETURN, 'return F', 'F'),
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
    'small_vgg': [
        ('(2x1024 and 256x10)',),
        ('made to fit the mistake', '16, 3, padding=1), nn.ReLU(), nn.MaxPool'
         '2d(2),\n        nn.Conv2d(16,', '16, 3, padding=1), nn.ReLU(),\n'
         '        nn.Conv2d(16,', '256, 10', '1024, 10'),
        ('takes the average', 'nn.MaxPool2d', 'nn.AvgPool2d'),
        ('the ReLUs are missing', 'nn.ReLU(), ', ''),
        ('behind the scores', '256, 10))', '256, 10), nn.ReLU())'),
        ('RuntimeError', 'nn.Flatten(), ', ''),
        ('RuntimeError', ', padding=1', ''),
        ('numbers are wrong', 'nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), '
         'nn.MaxPool2d(2)',
         'nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.ReLU()'),
        ('is wanted, got NoneType', 'return nn', 'nn'),
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
    'Pooled': [
        ('where is the axis of the minibatch',),
        ('where is the axis of the minibatch', 'maps.flatten(1)',
         'maps.squeeze()'),
        ('RuntimeError', 'maps.flatten(1)', 'maps'),
        ('RuntimeError', 'maps.flatten(1)', 'maps.flatten()'),
        ('the ReLU is missing', 'F.relu(self.conv(X))', 'self.conv(X)'),
        ('stands behind the mean', 'self.pool(F.relu(self.conv(X)))',
         'F.relu(self.pool(self.conv(X)))'),
        ('are mixed', 'maps.flatten(1)',
         'maps.mean((0, 2, 3)).expand(len(X), -1)'),
        ('only the first image', 'maps.flatten(1)', 'maps.flatten(1)[:1]'),
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
    'brighten': [
        ('there are pixels above 1',),
        ('there are pixels above 1', 'X = X.clamp(0, 1)', 'pass'),
        ('pixels below 0 are left', 'clamp(0, 1)', 'clamp(max=1)'),
        ('pixels above 1 are left', 'clamp(0, 1)', 'clamp(min=0)'),
        ('not brighter', 'images + by', 'images'),
        ('numbers are wrong', 'X = X.clamp(0, 1)', 'X = X / X.max()'),
        ('multiplied', 'images + by', 'images * (1 + by)'),
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
    'Tower': [
        ('RuntimeError: Given groups=1',),
        ('RuntimeError: Given groups=1', "f'layer{i}'", "f'layer{i % 1}'"),
        ('RuntimeError', 'in self.children()', 'in [*self.children()][-1:]'),
        ('all ReLUs are missing', 'F.relu(layer(X))', 'layer(X)'),
        ('the last ReLU is missing', '''
class Tower(nn.Module):
    def __init__(self, channels):
        super().__init__()
        layers = []
        for a, b in zip(channels, channels[1:]):
            layers += [nn.Conv2d(a, b, 1), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, X):
        return self.layers(X)
'''),
        ('the last layer is missing', 'range(len(channels) - 1)',
         'range(len(channels) - 2)'),
        ('IndexError', 'range(len(channels) - 1)', 'range(len(channels))'),
        ('parameters: got', '[i + 1], 1)', '[i + 1], 1, bias=False)'),
        (RETURN, 'return X', 'X'),
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
    'PreActivation': [
        ('the shortcut is not the input',),
        ('the shortcut is not the input', 'X + Y', 'F.relu(X) + Y'),
        ('the gradient that goes back to X', 'X + Y', 'X.detach() + Y'),
        ('the gradient that goes back to X', 'F.relu(X)', 'F.relu(X.data)'),
        ('the shortcut is not added', 'X + Y', 'Y'),
        ('behind the addition', 'X + Y', 'F.relu(X + Y)'),
        ('the first ReLU is missing', 'self.conv1(F.relu(X))',
         'self.conv1(X)'),
        ('the second ReLU is missing', 'self.conv2(F.relu(Y))',
         'self.conv2(Y)'),
        ('subtracted', 'X + Y', 'X - Y'),
        ('parameters without a gradient', 'self.conv2(', 'self.conv1('),
        (RETURN, 'return X', 'X'),
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
    'pixel_accuracy': [
        ('this is no share of the pixels',),
        ('the number of minibatches', 'y.numel()', '1'),
        ('are averaged', '.sum().item()', '.float().mean().item()',
         'y.numel()', '1'),
        ('whatever its size', '.sum().item()', '.float().mean().item() * '
         'len(y)', 'y.numel()', 'len(y)'),
        ('only if all of its pixels', '.sum().item()', '.flatten(1).all(1)'
         '.sum().item()', 'y.numel()', 'len(y)'),
        ('this is the number', 'right / total', 'float(right)'),
        ('got', 'y.numel()', 'y.shape[1] * y.shape[2]'),
        (RETURN, 'return right', 'right'),
    ],
    'Dropped': [
        ("'a second call in eval mode gives the same'",),
        ("'a second call in eval mode gives the same'",
         'training=self.training', 'training=True'),
        ('nothing is dropped', 'training=self.training', 'training=False'),
        ('nothing is dropped', 'training=self.training',
         'training=not self.training'
         ' and False'),
        ('not made larger', 'return F.dropout(self.linear(X), 0.5, '
         'training=self.training)', 'Y = self.linear(X)\n        return Y * ('
         'torch.rand_like(Y) > 0.5) if self.training else Y'),
        ("'share of zeros in train mode'", '0.5', '0.3'),
        ("'output'", 'F.dropout(self.linear(X), 0.5',
         'self.linear(F.dropout(X, 0.5)', 'self.training)',
         'self.training) if False else self.linear(X * 2)'),
        ("'share of zeros in train mode'",
         'F.dropout(self.linear(X), 0.5, training=self.training)',
         'self.linear(F.dropout(X, 0.5, training=self.training))'),
        (RETURN, 'return F', 'F'),
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
    'train': [
        ('after every minibatch',),
        ('after the last epoch', '        decay()', '    decay()'),
        ('before each epoch', '    for epoch in range(num_epochs):\n',
         '    for epoch in range(num_epochs):\n        decay()\n',
         '        decay()\n    return', '    return'),
        ('never decays', '        decay()\n', ''),
        ('step(X, y) wants', 'step(X, y)', 'step(y, X)'),
        ("'calls'", 'step(X, y)', 'pass'),
        ("'what is returned'", 'steps += 1', 'steps = 1'),
        ("'calls'", '    return', '        return'),
        (RETURN, 'return steps', 'steps'),
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
    'binary_step': [
        ('differs too little',),
        ('step before', 'optimizer.zero_grad()', 'pass'),
        ('do not move', 'optimizer.step()', 'pass'),
        ('do not move', 'loss.backward()', 'pass'),
        ('away from the minimum', 'loss.backward()', '(-loss).backward()'),
        ('sum over the examples', 'y_hat, y)', "y_hat, y, reduction='sum')"),
        ('changed places', 'y_hat, y)', 'y_hat, 1 - y)'),
        ('ValueError', '[:, 0]', ''),
        ('a number (float) is wanted', 'loss.item()', 'loss'),
        (RETURN, 'return loss', 'loss'),
    ],
    'locator': [
        ('below 0 or above 1',),
        ('below 0 or above 1', '2))', '2), nn.Sigmoid())'),
        ('some must be while it learns', '2))', '2), nn.ReLU())'),
        ('add up to 1', '2))', '2), nn.Softmax(dim=1))'),
        ("'output'", '2))', '2), nn.Tanh())'),
        ('behind the convolution', 'nn.ReLU(), ', ''),
        ('takes the average', 'MaxPool2d', 'AvgPool2d'),
        ('RuntimeError', 'nn.MaxPool2d(2), ', ''),
        ('parameters: got', '16, 2', '16, 3'),
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
    'small_vgg': {
        f'return nn.Sequential( [arguments {i} and {i + 1} swapped]':
            'ReLU and a maximum can change places'
        for i in (2, 5, 8)
    },
    'locator': {
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
