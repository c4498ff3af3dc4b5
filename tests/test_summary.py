"""The table of layers: what it counts, and that it leaves no trace."""
import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

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
6      Flatten    (1, 400)                  0              0   1,600
7      Linear     (1, 120)             48,120         48,000     480
8      Sigmoid    (1, 120)                  0              0     480
9      Linear     (1, 84)              10,164         10,080     336
10     Sigmoid    (1, 84)                   0              0     336
11     Linear     (1, 10)                 850            840      40
total                                  61,706        416,520  60,008"""


class Branches(nn.Module):
    """Two branches side by side, one of them used twice, one layer never."""

    def __init__(self):
        super().__init__()
        self.left = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1),
                                  nn.BatchNorm2d(4), nn.Dropout(0.5))
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
    return [hook for module in net.modules() for hook in (
        *module._forward_hooks, *module._forward_pre_hooks)]


def test_lenet_table():
    assert str(summary(LeNet(), (1, 1, 28, 28))) == LENET


@pytest.mark.parametrize('layer, shape, by_hand', [
    (nn.Linear(5, 7), (3, 5), 3 * 5 * 7),
    (nn.Linear(5, 7, bias=False), (2, 3, 5), 6 * 5 * 7),
    (nn.Conv1d(2, 3, 4), (2, 2, 9), 2 * 3 * 6 * 2 * 4),
    (nn.Conv2d(4, 6, 3, groups=2), (1, 4, 5, 6), 6 * 3 * 4 * 2 * 9),
    (nn.Conv2d(4, 4, 3, groups=4, stride=2), (1, 4, 7, 7), 4 * 9 * 9),
    (nn.Conv2d(2, 3, (1, 5), dilation=2), (1, 2, 9, 9), 3 * 9 * 2 * 5),
    (nn.Conv3d(1, 2, 2), (1, 1, 3, 3, 3), 2 * 8 * 8),
    (nn.ConvTranspose2d(3, 2, 4, stride=2), (1, 3, 5, 5), 3 * 25 * 2 * 16)])
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
        'left.0', 'left.1', 'left.2', 'shared', 'shared', '', '(not called)']
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


@pytest.mark.parametrize('depth, names', [
    (0, ['']), (1, ['left', 'shared', 'shared', '', '(not called)'])])
def test_depth_sums_up_what_is_below(depth, names):
    whole, table = (summary(Branches(), (1, 2, 4, 4), d)
                    for d in (None, depth))
    assert [row.name for row in table.rows] == names
    assert table.multiply_adds == whole.multiply_adds > 0
    assert table.memory == whole.memory == 4 * 16 * (4 * 5 + 8)
    assert table.parameters == whole.parameters


@pytest.mark.parametrize('dtype, size', [(torch.float64, 8),
                                         (torch.bfloat16, 2)])
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


def test_a_layer_that_draws_in_eval_mode_leaves_the_random_numbers():
    class Noise(nn.Module):
        def forward(self, X):
            return F.dropout(X, 0.5) + random.random() + np.random.rand()

    set_seed(0)
    summary(Noise(), (3, 3))
    drawn = random.random(), np.random.rand(), torch.rand(1).item()
    set_seed(0)
    assert drawn == (random.random(), np.random.rand(), torch.rand(1).item())


def test_hooks_of_others_stay():
    net, seen = LeNet(), []
    net[3].register_forward_hook(lambda *args: seen.append(1))
    summary(net, (1, 1, 28, 28))
    assert seen == [1] and len(hooks(net)) == 1


@pytest.mark.parametrize('shape, words', [
    ((1, 1, 32, 32), ['layer 7', 'Linear(in_features=400', '(1, 576)']),
    ((2, 3, 28, 28), ['layer 0', 'Conv2d(1, 6', '(2, 3, 28, 28)',
                      '1 channels']),
    ((1, 1, 2, 2), ['layer 3', 'Conv2d(6, 16', '(1, 6, 1, 1)'])])
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
    with pytest.raises(ValueError, match=r'^layer 1, Add, got an input of '
                       r'shape \(1, 2, 4, 4\): .*must match'):
        summary(net, (1, 1, 4, 4))
    with pytest.raises(ValueError, match='^the network, Add, got'):
        summary(net[1], (1, 2, 4, 4))


@pytest.mark.parametrize('shape', [(), (1, 0, 2), (1, 2.0), (-1, 3)])
def test_refuses_what_is_not_a_shape(shape):
    with pytest.raises(ValueError, match='input_shape'):
        summary(LeNet(), shape)


def test_works_without_memory_on_the_meta_device():
    with torch.device('meta'):
        net = LeNet()
    assert str(summary(net, (1, 1, 28, 28))) == LENET


def test_layers_that_give_several_tensors():
    row, = summary(nn.LSTM(3, 5), (7, 2, 3)).rows
    assert row.output_shape == (7, 2, 5)
    assert row.memory == 4 * (7 * 2 * 5 + 2 * 5 + 2 * 5)


def test_a_layer_with_a_parametrized_weight():
    net = torch.nn.utils.parametrizations.weight_norm(nn.Linear(3, 5))
    table = summary(net, (2, 3))
    assert (table.multiply_adds, table.parameters) == (30, 5 + 5 + 15)


def test_peak_memory_counts_what_is_alive_at_one_time():
    with PeakMemory() as memory:
        a = torch.zeros(1000)           # 4,000 bytes
        b = a + 1
        del a
        c = b * 2
        view = c.reshape(10, 100)[1:]   # shares its numbers with c
        del b, c
    assert (memory.peak, memory.now) == (8000, 4000)
    del view
    assert memory.now == 0


def test_peak_memory_of_a_training_step():
    """By hand: what is alive when the first layer's gradient is made."""
    net, X = nn.Sequential(nn.Linear(100, 200), nn.ReLU(),
                           nn.Linear(200, 10)), torch.rand(50, 100)
    n = sum(p.numel() for p in net.parameters())
    peaks = []
    for _ in range(2):
        net.zero_grad()
        with PeakMemory(net, X) as memory:
            net(X).sum().backward()
        peaks.append(memory.peak)
    assert peaks[0] == peaks[1] == 4 * 59_422    # the profiler's count
    assert memory.now >= 4 * (2 * n + X.numel())  # weights, gradients, X


def test_peak_memory_ends_with_its_block():
    with PeakMemory() as memory:
        torch.zeros(10)
    keep = torch.zeros(1000)
    assert memory.peak == 40 and keep.sum() == 0
