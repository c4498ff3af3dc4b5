"""The table of layers: what it counts, and that it leaves no trace."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models
from torchvision.ops import deform_conv2d

from d2lmini.nets import LeNet
from d2lmini.summary import PeakMemory, summary
from d2lmini.utils import get_rng_state, set_seed

LENET = """\
layer  kind       output shape     parameters  multiply-adds   bytes
0      Conv2d     (1, 6, 28, 28)          156        117,600  18,816
1      Sigmoid    (1, 6, 28, 28)            0              0  18,816
2      AvgPool2d  (1, 6, 14, 14)            0              0   4,704
3      Conv2d     (1, 16, 10, 10)       2,416        240,000   6,400
4      Sigmoid    (1, 16, 10, 10)           0              0   6,400
5      AvgPool2d  (1, 16, 5, 5)             0              0   1,600
6      Flatten    (1, 400)                  0              0       0
7      Linear     (1, 120)             48,120         48,000     480
8      Sigmoid    (1, 120)                  0              0     480
9      Linear     (1, 84)              10,164         10,080     336
10     Sigmoid    (1, 84)                   0              0     336
11     Linear     (1, 10)                 850            840      40
total                                  61,706        416,520  58,408"""


class Branches(nn.Module):
    """Two branches side by side, one of them used twice, one layer never."""

    def __init__(self):
        super().__init__()
        self.left = nn.Sequential(
            nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Dropout(0.5)
        )
        self.shared = nn.Conv2d(4, 4, 1)
        self.unused = nn.Linear(3, 5)
        self.scale = nn.Parameter(torch.ones(4, 1, 1))

    def forward(self, X):
        X = self.shared(self.shared(self.left(X))) * self.scale
        return torch.cat([X, X], dim=1)


def flops(net, *shape):
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net.eval()(torch.zeros(shape))
    return counter.get_total_flops()


def hooks(net):
    return [
        hook
        for module in net.modules()
        for hook in (*module._forward_hooks, *module._forward_pre_hooks)
    ]


def test_lenet_table():
    assert str(summary(LeNet(), (1, 1, 28, 28))) == LENET


@pytest.mark.parametrize(
    'layer, shape, by_hand',
    [
        (nn.Linear(5, 7), (3, 5), 3 * 5 * 7),
        (nn.Linear(5, 7, bias=False), (2, 3, 5), 6 * 5 * 7),
        (nn.Conv1d(2, 3, 4), (2, 2, 9), 2 * 3 * 6 * 2 * 4),
        (nn.Conv2d(4, 6, 3, groups=2), (1, 4, 5, 6), 6 * 3 * 4 * 2 * 9),
        (nn.Conv2d(4, 4, 3, groups=4, stride=2), (1, 4, 7, 7), 4 * 9 * 9),
        (nn.Conv2d(2, 3, (1, 5), dilation=2), (1, 2, 9, 9), 3 * 9 * 2 * 5),
        (nn.Conv3d(1, 2, 2), (1, 1, 3, 3, 3), 2 * 8 * 8),
        (nn.ConvTranspose2d(3, 2, 4, stride=2), (1, 3, 5, 5), 3 * 25 * 2 * 16),
    ],
)
def test_multiply_adds_of_a_layer(layer, shape, by_hand):
    """By hand, and as PyTorch counts: two operations each, no biases."""
    assert summary(layer, shape).multiply_adds == by_hand
    assert flops(layer, *shape) == 2 * by_hand


def test_batch_multiplies_cost_but_not_parameters():
    one, five = (summary(LeNet(), (n, 1, 28, 28)) for n in (1, 5))
    assert five.multiply_adds == 5 * one.multiply_adds
    assert five.memory == 5 * one.memory
    assert five.parameters == one.parameters == 61_706


def test_rows_are_in_the_order_of_the_forward_pass():
    rows = summary(Branches(), (1, 2, 4, 4)).rows
    assert [row.name for row in rows] == [
        'left.0',
        'left.1',
        'left.2',
        'shared',
        'shared',
        '',
        '(not called)',
    ]
    assert rows[5].output_shape == (1, 8, 4, 4)


def test_shared_parameters_count_once_and_all_are_counted():
    net = Branches()
    table = summary(net, (1, 2, 4, 4))
    assert [row.parameters for row in table.rows] == [76, 8, 0, 20, 0, 4, 20]
    assert table.parameters == sum(p.numel() for p in net.parameters())
    assert table.multiply_adds == 16 * (4 * 18 + 2 * 4 * 4)


def test_tied_weights_count_once():
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    net[1].weight = net[0].weight
    assert [row.parameters for row in summary(net, (1, 3)).rows] == [12, 3]


@pytest.mark.parametrize(
    'depth, names',
    [(0, ['']), (1, ['left', 'shared', 'shared', '', '(not called)'])],
)
def test_depth_sums_up_what_is_below(depth, names):
    whole, table = (
        summary(Branches(), (1, 2, 4, 4), d) for d in (None, depth)
    )
    assert [row.name for row in table.rows] == names
    assert table.multiply_adds == whole.multiply_adds > 0
    assert table.memory == whole.memory == 4 * 16 * (4 * 5 + 8)
    assert table.parameters == whole.parameters


@pytest.mark.parametrize(
    'dtype, size', [(torch.float64, 8), (torch.bfloat16, 2)]
)
def test_memory_follows_the_dtype(dtype, size):
    assert summary(nn.Linear(3, 7).to(dtype), (2, 3)).memory == 14 * size


@pytest.mark.parametrize('shape', [(2, 2, 4, 4), (2, 7, 4, 4)])
def test_net_and_random_numbers_are_left_as_they_were(shape):
    """Whether the input fits or not."""
    set_seed(3)
    net = Branches().train()
    net.left[1].eval()
    modes = [module.training for module in net.modules()]
    state = {k: v.clone() for k, v in net.state_dict().items()}
    before = get_rng_state()
    try:
        summary(net, shape)
    except ValueError:
        assert shape[1] == 7
    after = get_rng_state()
    assert torch.equal(before.pop('torch'), after.pop('torch'))
    assert before == after
    assert [module.training for module in net.modules()] == modes
    assert all(torch.equal(v, state[k]) for k, v in net.state_dict().items())
    assert hooks(net) == [] and all(p.grad is None for p in net.parameters())


def test_hooks_of_others_stay():
    net, seen = LeNet(), []
    net[3].register_forward_hook(lambda *args: seen.append(1))
    summary(net, (1, 1, 28, 28))
    assert seen == [1] and len(hooks(net)) == 1


@pytest.mark.parametrize(
    'shape, words',
    [
        ((1, 1, 32, 32), ['layer 7', 'Linear(in_features=400', '(1, 576)']),
        (
            (2, 3, 28, 28),
            ['layer 0', 'Conv2d(1, 6', '(2, 3, 28, 28)', '1 channels'],
        ),
        ((1, 1, 2, 2), ['layer 3', 'Conv2d(6, 16', '(1, 6, 1, 1)']),
    ],
)
def test_wrong_input_names_the_layer_and_the_shape(shape, words):
    with pytest.raises(ValueError) as error:
        summary(LeNet(), shape)
    assert all(word in str(error.value) for word in words), error.value
    assert isinstance(error.value.__cause__, RuntimeError)


def test_a_failure_between_layers_names_the_module_they_are_in():
    class Add(nn.Sequential):
        def forward(self, X):
            return X + super().forward(X)

    net = nn.Sequential(nn.Conv2d(1, 2, 1), Add(nn.Conv2d(2, 3, 1)))
    with pytest.raises(
        ValueError,
        match=r'^layer 1, Add, got an input of '
        r'shape \(1, 2, 4, 4\): .*must match',
    ):
        summary(net, (1, 1, 4, 4))
    with pytest.raises(ValueError, match='^the network, Add, got'):
        summary(net[1], (1, 2, 4, 4))


@pytest.mark.parametrize('shape', [(), (1, 0, 2), (-1, 3)])
def test_refuses_what_is_not_a_shape(shape):
    with pytest.raises(ValueError, match='input_shape'):
        summary(LeNet(), shape)


def test_works_without_memory_on_the_meta_device():
    with torch.device('meta'):
        net = LeNet()
    assert str(summary(net, (1, 1, 28, 28))) == LENET


def test_layers_that_give_several_tensors():
    (row,) = summary(nn.LSTM(3, 5), (7, 2, 3)).rows
    assert row.output_shape == (7, 2, 5)
    assert row.memory == 4 * (7 * 2 * 5 + 2 * 5 + 2 * 5)


def test_a_layer_with_a_parametrized_weight():
    net = torch.nn.utils.parametrizations.weight_norm(nn.Linear(3, 5))
    table = summary(net, (2, 3))
    assert (table.multiply_adds, table.parameters) == (30, 5 + 5 + 15)


# Functions between the layers, and what takes no memory


class Functional(nn.Module):
    """LeNet's layers as functions, with the parameters of `layers`."""

    def __init__(self, layers, raw):
        super().__init__()
        if raw:
            self.values = nn.ParameterList(layers.parameters())
        else:
            self.layers = layers

    def forward(self, X):
        w = [*self.parameters()]
        X = F.max_pool2d(F.relu(F.conv2d(X, w[0], w[1], padding=2)), 2)
        X = F.max_pool2d(F.relu(F.conv2d(X, w[2], w[3])), 2)
        X = F.relu(F.linear(X.flatten(1), w[4], w[5]))
        X = F.relu(X @ w[6].T + w[7])
        return torch.addmm(w[9], X, w[8].T)


@pytest.mark.parametrize('raw', [False, True])
@pytest.mark.parametrize('n', [1, 3])
def test_functions_cost_what_layers_cost(raw, n):
    layers = LeNet(activation=nn.ReLU, pool=nn.MaxPool2d)
    wanted = summary(layers, (n, 1, 28, 28))
    table = summary(Functional(layers, raw), (n, 1, 28, 28))
    assert table.multiply_adds == wanted.multiply_adds == n * 416_520
    assert table.parameters == wanted.parameters == 61_706
    row = table.rows[-1]
    assert (row.kind, row.parameters) == ('Functional', 61_706)
    assert row.output_shape == (n, 10) and not table.not_counted
    bias = 4 * 84 * n  # X @ w and then + b: one more than a linear layer
    assert table.memory == wanted.memory + bias


def test_a_layer_whose_weight_alone_is_used():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.code = nn.Linear(6, 4, bias=False)
            self.unused = nn.Linear(2, 2)

        def forward(self, X):
            return F.linear(self.code(X), self.code.weight.T)

    rows = summary(Tied(), (2, 6)).rows
    assert [
        (row.name, row.parameters, row.multiply_adds, row.memory)
        for row in rows
    ] == [('code', 24, 48, 32), ('', 0, 48, 48), ('(not called)', 6, 0, 0)]


@pytest.mark.parametrize(
    'name',
    ['vit_b_16', 'swin_t', 'convnext_tiny', 'resnet18', 'shufflenet_v2_x1_0'],
)
def test_the_counts_that_torchvision_publishes(name):
    """Attention too, whose products no module computes."""
    meta = models.get_model_weights(name).DEFAULT.meta
    with torch.device('meta'):
        net = models.get_model(name)
    table = summary(net, (1, 3, 224, 224))
    assert abs(table.multiply_adds / 1e9 - meta['_ops']) < 0.001
    assert table.parameters == meta['num_params']
    assert all(row.name != '(not called)' for row in table.rows)
    assert summary(net, (1, 3, 224, 224), 1).multiply_adds == (
        table.multiply_adds
    )


@pytest.mark.parametrize('width', [8, 7])
def test_attention_is_counted_step_by_step(width):
    """And PyTorch's fast way for it is on again, also after an error."""
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    assert torch.backends.mha.get_fastpath_enabled()
    try:
        table = summary(layer, (1, 5, width))
    except ValueError:
        assert width == 7
    else:
        assert table.multiply_adds == 5 * 8 * (4 * 8 + 2 * 16) + 2 * 5 * 5 * 8
    assert torch.backends.mha.get_fastpath_enabled()
    assert not nn.modules.module._global_forward_hooks


@pytest.mark.parametrize(
    'layer',
    [
        nn.Flatten(),
        nn.Identity(),
        nn.ReLU(inplace=True),
        nn.Dropout(),
        nn.Unflatten(1, (2, 2)),
        nn.Sequential(nn.Identity(), nn.Flatten()),
    ],
)
def test_what_takes_no_memory(layer):
    net = nn.Sequential(nn.Conv2d(1, 4, 3), layer)
    assert summary(net, (2, 1, 6, 6)).memory == 4 * 2 * 4 * 4 * 4
    assert summary(layer, (2, 4, 3, 3)).memory == 0


def test_flatten_that_has_to_copy():
    """Channels last: a view of their numbers in another order is none."""
    net = nn.Sequential(nn.Conv2d(2, 4, 3), nn.Flatten())
    net = net.to(memory_format=torch.channels_last)
    assert [row.memory for row in summary(net, (1, 2, 6, 6)).rows] == [256] * 2


def test_functions_that_take_no_memory():
    class Shapes(nn.Sequential):
        def forward(self, X):
            X = F.relu_(super().forward(X)).flatten(1)
            return X[:, :3].add_(1)

    net = Shapes(nn.Conv2d(1, 4, 3), nn.ReLU())
    rows = summary(net, (1, 1, 6, 6)).rows
    assert [row.memory for row in rows] == [256, 256]


def test_what_is_not_counted_is_said():
    class Deformed(nn.Conv2d):
        def forward(self, X):
            return deform_conv2d(X, X.new_zeros(1, 18, 4, 4), self.weight)

    table = summary(Deformed(1, 2, 3), (1, 1, 6, 6))
    assert table.not_counted == ['deform_conv2d']
    assert str(table).endswith(
        '\nnot counted: the multiply-adds of deform_conv2d'
    )
    assert 'not counted' not in str(summary(LeNet(), (1, 1, 28, 28)))


def test_a_matrix_times_a_vector_is_counted_or_named():
    class Product(nn.Module):
        def forward(self, X):
            return torch.addmv(X[0], X, X[1])

    table = summary(Product(), (4, 4))
    assert table.multiply_adds == 16 or table.not_counted == ['addmv']


def test_a_recurrent_layer_is_counted_or_named():
    table = summary(nn.LSTM(3, 5), (7, 2, 3))
    wanted = 7 * 2 * 4 * 5 * (3 + 5)
    assert table.multiply_adds == wanted or len(table.not_counted) == 1
    with torch.device('meta'):
        assert summary(nn.LSTM(3, 5), (7, 2, 3)).multiply_adds == wanted


def test_shape_of_numpy_integers():
    shape = tuple(np.array([1, 1, 28, 28]))
    assert summary(LeNet(), shape).multiply_adds == 416_520


def test_peak_memory_counts_what_is_alive_at_one_time():
    with PeakMemory() as memory:
        a = torch.zeros(1000)  # 4,000 bytes
        b = a + 1
        del a
        c = b * 2
        view = c.reshape(10, 100)[1:]  # shares its numbers with c
        del b, c
    assert (memory.peak, memory.now) == (8000, 4000)
    del view
    assert memory.now == 0


def test_peak_memory_of_a_training_step():
    """By hand: what is alive when the first layer's gradient is made."""
    net, X = (
        nn.Sequential(nn.Linear(100, 200), nn.ReLU(), nn.Linear(200, 10)),
        torch.rand(50, 100),
    )
    n = sum(p.numel() for p in net.parameters())
    peaks = []
    for _ in range(2):
        net.zero_grad()
        with PeakMemory(net, X) as memory:
            net(X).sum().backward()
        peaks.append(memory.peak)
    assert peaks[0] == peaks[1] == 4 * 59_422  # the profiler's count
    assert memory.now >= 4 * (2 * n + X.numel())  # weights, gradients, X


def test_peak_memory_ends_with_its_block():
    with PeakMemory() as memory:
        torch.zeros(10)
    keep = torch.zeros(1000)
    assert memory.peak == 40 and keep.sum() == 0
