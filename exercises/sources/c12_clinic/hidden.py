"""Sample hidden tests for exercises 12, the clinic.

    python -m d2lmini_mark exercises/sources/c12_clinic/hidden.py submissions

exercises/sources/c03_pooling/hidden.py says how a test is written. Networks
cannot pass to the marker, so `looked_at` goes to the students' side, as in
exercises/sources/c05_classic_nets/hidden.py, and fills them with numbers that
depend on shapes and on a drawn number. A program as the student finds it
fails its test.
"""
import torch
from torch import nn
from torch.nn import functional as F

from d2lmini_mark import call, marks


def looked_at(make, X, phase, *args):
    """Runs beside the students' code: it holds no expected value."""
    net = make(*args)
    sides = []
    for module in net.modules():
        for p in module.parameters(recurse=False):
            n = torch.arange(1., p.numel() + 1)
            axes = 2 if p.shape[2:] == (1, 1) else p.ndim  # as nn.Linear
            p.data = 0.3 * torch.cos(
                n * (1 + axes) + phase).reshape(p.shape)
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(
                lambda module, inputs, Y: sides.append(Y.shape[-1]))
    X = X.clone().requires_grad_()
    Y = net.eval()(X.clone())
    weights = torch.cos(torch.arange(Y.numel()) + 1.).reshape(Y.shape)
    parameters = [*net.parameters()]
    found = torch.autograd.grad((Y * weights).sum(), [X, *parameters],
                                allow_unused=True)
    return (Y.detach(), sum(p.numel() for p in parameters),
            0. if found[0] is None else found[0],
            sum(g is None for g in found), sides)


class Weights:
    """What looked_at fills a network with, how many there are, and the
    sides of the maps that convolutions give.
    """

    def __init__(self, phase):
        self.phase, self.count, self.sides = phase, 0, []

    def fill(self, *shape):
        """Give a parameter."""
        n = torch.arange(1., torch.Size(shape).numel() + 1)
        axes = 2 if shape[2:] == (1, 1) else len(shape)  # as nn.Linear
        self.count += len(n)
        return 0.3 * torch.cos(n * (1 + axes) + self.phase).reshape(shape)

    def conv(self, X, out_channels, k, padding=0):
        """Convolve."""
        Y = F.conv2d(X, self.fill(out_channels, X.shape[1], k, k),
                     self.fill(out_channels), padding=padding)
        self.sides.append(Y.shape[-1])
        return Y

    def linear(self, X, out_features):
        """Do a linear layer."""
        return F.linear(X, self.fill(out_features, X.shape[-1]),
                        self.fill(out_features))


def case(dice, compute, shape, *args):
    """Return a call of looked_at, and what must come out of it."""
    X, phase = dice.normal(*shape), dice.number(1, 99)
    weights, Z = Weights(phase), X.clone().requires_grad_()
    Y = compute(weights, Z, *args)
    cosine = torch.cos(torch.arange(Y.numel()) + 1.).reshape(Y.shape)
    slope, = torch.autograd.grad((Y * cosine).sum(), Z)
    return (call(X, phase, *args),
            (Y.detach(), weights.count, slope, 0, weights.sides))


@marks(1, use=looked_at)
def Autoencoder(dice):
    for size, code in [(1, 1), (4, 2), (3, 5)]:
        yield case(dice, lambda w, X, size, code: w.linear(
            F.relu(w.linear(X, code)), size), (3, size), size, code)


@marks(1)
def as_images(dice):
    for n in [1, 2, 3]:
        rows = dice.whole(n, 784, low=0, high=256).to(torch.uint8)
        yield call(rows), torch.stack(
            [row.reshape(1, 28, 28) / 255 for row in rows])


@marks(1, use=looked_at)
def TwoLayers(dice):
    for hidden in [2, dice.number(3, 9)]:
        yield case(dice, lambda w, X, hidden: w.linear(
            F.relu(w.linear(X, hidden)), 3), (3, 4), hidden)


def items(Windows, series, size):
    """Runs beside the students' code: it holds no expected value."""
    data = Windows(series, size)
    return len(data), [data[i] for i in range(len(series) - size + 1)]


@marks(1, use=items)
def Windows(dice):
    for n, size in [(1, 1), (4, 2), (7, 3)]:
        series = [dice.number(0, 99) for _ in range(n)]
        windows = torch.tensor(series).unfold(0, size, 1).tolist()
        yield call(series, size), (len(windows), windows)


@marks(1)
def count_labels(dice):
    for sizes, classes in [([3], 4), ([2, 1], 2), ([4, 4, 2], 5)]:
        y = [torch.tensor([dice.number(0, classes - 1) for _ in range(n)])
             for n in sizes]
        found = torch.cat(y).tolist()
        yield (call([(torch.zeros(len(part), 1), part) for part in y],
                    classes), torch.tensor(
                        [found.count(c) for c in range(classes)]))


def of_a_network(function, W, *args):
    """Runs beside the students' code: it holds no expected value."""
    net = nn.Linear(W.shape[1], len(W), bias=False)
    net.weight.data = W
    value = function(net, *args)
    if isinstance(value, torch.Tensor) and (value.ndim
                                            or value.requires_grad):
        raise ValueError('a number is wanted: .item() takes it out')
    return value, net.weight.detach()


def loss_of(W, X, y):
    """Return the mean cross-entropy of a linear classifier."""
    return F.cross_entropy(X @ W.T, y).item()


@marks(1, use=of_a_network)
def first_loss(dice):
    for sizes in [[1, 1], [3, 2, 2]]:
        W = dice.normal(3, 2)
        loader = [(dice.normal(n, 2), torch.arange(n) % 3) for n in sizes]
        yield call(W, loader), (loss_of(W, *loader[0]), W)


@marks(1, use=of_a_network)
def table_loss(dice):
    for n in [1, 2, 6]:
        W, X = dice.normal(4, 3), dice.normal(n, 3)
        y = torch.tensor([dice.number(0, 3) for _ in range(n)])
        yield (call(W, torch.cat([X, y[:, None].float()], 1)),
               (loss_of(W, X, y), W))


@marks(1, use=looked_at)
def ConvBlock(dice):
    for c_in, c_out, *k in [(1, 2), (3, 2), (2, 4, 5), (2, 2, 1)]:
        yield case(dice, lambda w, X, c_in, c_out, k=3: F.relu(
            w.conv(X, c_out, k, k // 2)), (2, c_in, 6, 7), c_in, c_out, *k)


@marks(1, use=looked_at)
def small_vgg(dice):
    def net(w, X):
        for c in (8, 16, 16):
            X = F.max_pool2d(F.relu(w.conv(X, c, 3, 1)), 2)
        return w.linear(X.flatten(1), 10)

    for n in [1, 2]:
        yield case(dice, net, (n, 3, 32, 32))


@marks(1, use=looked_at)
def head(dice):
    def net(w, X):
        X = w.linear(X, 120).sigmoid()
        return w.linear(w.linear(X, 84).sigmoid(), 10)

    for n in [1, 3]:
        yield case(dice, net, (n, 400))


@marks(1, use=looked_at)
def Branches(dice):
    def net(w, X, in_channels):
        second = w.conv(F.relu(w.conv(X, 2, 1)), 4, 3, 1)
        return F.relu(torch.cat([w.conv(X, 4, 1), second], 1))

    for c in [1, 2, dice.number(3, 6)]:
        yield case(dice, net, (2, c, 5, 5), c)


@marks(1, use=looked_at)
def OnRows(dice):
    for n in [1, 2, 4]:
        yield case(dice, lambda w, X: w.linear(F.relu(w.conv(
            X.reshape(-1, 1, 6, 6), 4, 3)).flatten(1), 10), (n, 36))


@marks(1, use=looked_at)
def Pooled(dice):
    for n in [1, 2, 3]:
        yield case(dice, lambda w, X: w.linear(
            F.relu(w.conv(X, 4, 3)).mean((2, 3)), 10), (n, 1, 6, 6))


@marks(1)
def max_pool(dice):
    for h, w, k in [(2, 2, 2), (3, 5, 2), (6, 4, 3), (3, 4, 1)]:
        X = dice.whole(h, w)
        yield call(X, k), F.max_pool2d(X[None], k, 1)[0]


@marks(1)
def crop(dice):
    for pad in [0, 0, 1, 2]:
        X = dice.normal(2, 3, dice.number(5, 7), dice.number(5, 8))
        yield call(X, pad), F.pad(X, (-pad,) * 4)


@marks(1)
def brighten(dice):
    for by in [0.25, 0.5, -0.5]:
        X = dice.whole(2, 3, 4, 5, low=0, high=101) / 100
        yield call(X, by), (X + by).clip(0, 1)


def taken(Pictures, images, labels, factor):
    """Runs beside the students' code: it holds no expected value."""
    data = Pictures(images, labels, lambda X: factor * X + 1)
    found = [data[i] for i in range(len(images))]
    return len(data), [tuple(item) for item in found], tuple(data[0])


@marks(1, use=taken)
def Pictures(dice):
    for n in [1, 4]:
        images, labels = dice.normal(n, 2, 3), torch.arange(n) + 5
        factor = dice.number(2, 9)
        wanted = [(factor * X + 1, y) for X, y in zip(images, labels)]
        yield call(images, labels, factor), (n, wanted, wanted[0])


@marks(1)
def pool(dice):
    for shape in [(1, 1, 2, 2), (2, 3, 4, 6)]:
        X = dice.normal(*shape)
        for mode in [(), ('max',)]:
            yield call(X, *mode), F.adaptive_max_pool2d(
                X, (shape[2] // 2, shape[3] // 2))
        yield call(X, 'avg'), F.adaptive_avg_pool2d(
            X, (shape[2] // 2, shape[3] // 2))


@marks(1, use=looked_at)
def Tower(dice):
    def net(w, X, channels):
        for c in channels[1:]:
            X = F.relu(w.conv(X, c, 1))
        return X

    for n in [2, 3, 3, 4]:
        channels = [dice.number(1, 4) for _ in range(n)]
        yield case(dice, net, (2, channels[0], 3, 4), channels)


@marks(1, use=looked_at)
def Dense(dice):
    def net(w, X, num_layers, channels, growth_rate):
        for _ in range(num_layers):
            X = torch.cat([X, F.relu(w.conv(X, growth_rate, 1))], 1)
        return X

    for layers, c, growth in [(1, 2, 3), (2, 1, 2), (4, 3, 2)]:
        yield case(dice, net, (2, c, 4, 3), layers, c, growth)


@marks(1)
def plan(dice):
    for count in [1, 2, 3, 4]:
        blocks = [dice.number(1, 6) for _ in range(count)]
        channels, growth = dice.number(3, 16), dice.number(1, 8)
        first, wanted = channels, []
        for layers in blocks:
            channels += layers * growth
            wanted.append(('dense block', channels))
            channels //= 2
            wanted.append(('transition', channels))
        yield call(first, growth, tuple(blocks)), wanted[:-1]


@marks(1, use=looked_at)
def PreActivation(dice):
    def net(w, X, c):
        return X + w.conv(F.relu(w.conv(F.relu(X), c, 3, 1)), c, 3, 1)

    for c in [1, 2, 4]:
        yield case(dice, net, (2, c, 5, 4), c)


def counted(count_parameters, sizes, options):
    """Runs beside the students' code: it holds no expected value."""
    import contextlib
    import io

    layers = [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]
    layers[0].requires_grad_(False)
    net = nn.Sequential(*layers, nn.BatchNorm1d(sizes[-1]))
    with contextlib.redirect_stdout(io.StringIO()) as out:
        value = count_parameters(net, **options)
    return value, out.getvalue().strip() != ''


@marks(1, use=counted)
def count_parameters(dice):
    for options in [{}, {'verbose': False}, {'verbose': True}]:
        sizes = [dice.number(1, 9) for _ in range(4)]
        wanted = sum((a + 1) * b for a, b in zip(sizes, sizes[1:]))
        yield (call(sizes, options), (wanted + 2 * sizes[-1],
                                      options.get('verbose', False)))


@marks(1)
def pixel_accuracy(dice):
    for shapes in [[(1, 2, 3)], [(2, 3, 2), (1, 1, 2)],
                   [(3, 2, 2), (3, 2, 2), (1, 5, 4)]]:
        batches = [(dice.whole(*s, low=0, high=2).long(),
                    dice.whole(*s, low=0, high=2).long()) for s in shapes]
        hits = torch.cat([(a == b).flatten() for a, b in batches])
        yield call(batches), hits.double().mean().item()


def in_both_modes(Dropped, X, phase, out_features):
    """Runs beside the students' code: it holds no expected value."""
    net = Dropped(X.shape[1], out_features)
    for p in net.parameters():
        n = torch.arange(1., p.numel() + 1)
        p.data = 0.3 * torch.cos(n * (1 + p.ndim) + phase).reshape(p.shape)
    Y, again = (net.eval()(X).detach() for _ in range(2))
    first, second = (net.train()(X).detach() for _ in range(2))
    left = (first / Y)[first != 0]
    return (Y, again, round((first == 0).float().mean().item(), 1),
            left.min().item(), left.max().item(),
            torch.equal(first, second),
            sum(p.numel() for p in net.parameters()))


@marks(1, use=in_both_modes)
def Dropped(dice):
    for features, out in [(2, 50), (3, 60)]:
        X, phase = dice.normal(200, features), dice.number(1, 99)
        weights = Weights(phase)
        Y = weights.linear(X, out)
        yield (call(X, phase, out),
               (Y, Y, 0.5, 2., 2., False, weights.count))


def watched(validation_loss, W, batches):
    """Runs beside the students' code: it holds no expected value."""
    notes = []

    class Watched(nn.Linear):
        def forward(self, X):
            notes.append((self.training, torch.is_grad_enabled()))
            return super().forward(X)

    net = Watched(W.shape[1], len(W), bias=False)
    net.weight.data = W
    value = validation_loss(net, batches)
    if isinstance(value, torch.Tensor) and (value.ndim
                                            or value.requires_grad):
        raise ValueError('a number is wanted: .item() takes it out')
    return (value, any(mode for mode, _ in notes),
            any(grad for _, grad in notes), torch.is_grad_enabled())


@marks(1, use=watched)
def validation_loss(dice):
    for sizes in [[1], [3, 1], [4, 4, 2]]:
        W = dice.normal(3, 2)
        batches = [(dice.normal(n, 2), torch.tensor(
            [dice.number(0, 2) for _ in range(n)])) for n in sizes]
        X, y = (torch.cat(parts) for parts in zip(*batches))
        yield call(W, batches), (loss_of(W, X, y), False, False, True)


def trained(train, batches, num_epochs):
    """Runs beside the students' code: it holds no expected value."""
    calls = []
    found = train(lambda X, y: calls.append([X, y]),
                  lambda: calls.append('decay'), batches, num_epochs)
    return found, calls


@marks(1, use=trained)
def train(dice):
    for n, epochs in [(1, 1), (3, 2), (2, 4)]:
        batches = [[dice.number(0, 99), f'y{i}'] for i in range(n)]
        yield (call(batches, epochs),
               (n * epochs, [*batches, 'decay'] * epochs))


def written(write_losses, losses):
    """Runs beside the students' code: it holds no expected value."""
    entries = []

    class Recorder:
        closed = False

        def add_scalar(self, tag, scalar_value, global_step=None, **more):
            entries.append((tag, float(scalar_value), global_step,
                            self.closed))

        def flush(self):
            pass

        def close(self):
            self.closed = True

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.close()

    writer = Recorder()
    write_losses(writer, losses)
    return entries, writer.closed


@marks(1, use=written)
def write_losses(dice):
    for n in [1, 2, 5]:
        losses = dice.normal(n)
        yield call(losses), ([('loss', v, i, False) for i, v in
                              enumerate(losses.tolist())], True)


@marks(1)
def vote(dice):
    for shape in [(2, 1, 2), (3, 4, 3), (10, 2, 5)]:
        scores = 2 * dice.normal(*shape)
        yield call(scores), sum(
            F.softmax(crop, 1) for crop in scores) / len(scores)


def stepped(binary_step, w, X, y, lr):
    """Runs beside the students' code: it holds no expected value."""
    net = nn.Linear(X.shape[1], 1, bias=False)
    net.weight.data = w
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for _ in range(2):
        value = binary_step(net, optimizer, X, y)
        if isinstance(value, torch.Tensor) and value.requires_grad:
            raise ValueError('a number is wanted: .item() takes it out')
        losses.append(value)
    return losses, net.weight.detach()


@marks(2, use=stepped, seconds=20)
def binary_step(dice):
    for n in [1, 2, 5]:
        w, X, lr = dice.normal(1, 3), dice.normal(n, 3), 0.5
        y = torch.tensor([float(dice.number(0, 1)) for _ in range(n)])
        first, losses = w, []
        for _ in range(2):
            z = (X @ w.T)[:, 0]
            losses.append(F.softplus(torch.where(y > 0, -z, z)).mean(
                ).item())
            w = w - lr * ((z.sigmoid() - y)[None] @ X) / n
        yield call(first, X, y, lr), (losses, w)


@marks(1, use=looked_at)
def locator(dice):
    for n in [1, 2, 3]:
        yield case(dice, lambda w, X: w.linear(F.max_pool2d(F.relu(
            w.conv(X, 4, 3)), 2).flatten(1), 2), (n, 1, 6, 6))


@marks(1)
def running_mean(dice):
    for count, c, *momentum in [(1, 1), (3, 2), (4, 3, 0.25)]:
        batches = [dice.normal(2, c, 3, 2) + 1 for _ in range(count)]
        mean = torch.zeros(c)
        for X in batches:
            mean = torch.lerp(mean, X.mean((0, 2, 3)), (*momentum, 0.1)[0])
        yield call(batches, c, *momentum), mean
