"""Batch norm; PyTorch is the referee: outputs, statistics and gradients."""

import copy
import random

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from d2lmini.ops import BatchNorm, batch_norm

LAYERS = {2: nn.BatchNorm1d, 4: nn.BatchNorm2d}
SHAPES = [  # both sides of what PyTorch refuses in training
    (1, 3),
    (1, 1),
    (2, 3),
    (2, 1),
    (0, 3),
    (1, 3, 1, 1),
    (1, 3, 1, 2),
    (1, 3, 2, 1),
    (1, 1, 5, 5),
    (2, 3, 1, 1),
    (0, 3, 2, 2),
    (3, 2, 0, 4),
]


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)
    random.seed(0)


def minibatch(shape, dtype=torch.float64):
    """Draw channels with means around 0 and deviations from 0.5 to 1.5."""
    one = (1, shape[1]) + (1,) * (len(shape) - 2)
    X = torch.randn(shape, dtype=torch.float64)
    X = X * (0.5 + torch.rand(one).double()) + torch.randn(one).double()
    return X.to(dtype).requires_grad_()


def pair(shape, dtype=torch.float64, **options):
    """Return our layer and PyTorch's, with the same random gamma, beta."""
    channels = shape[1]
    ours = BatchNorm(channels, len(shape), **options).to(dtype)
    theirs = LAYERS[len(shape)](channels, **options).to(dtype)
    with torch.no_grad():
        theirs.weight.copy_(ours.gamma.uniform_(0.5, 1.5))
        theirs.bias.copy_(ours.beta.uniform_(-1, 1))
    return ours, theirs


def gradients(layer, X, Y, dY):
    return torch.autograd.grad(Y, [X, *layer.parameters()], dY)


def assert_equal(results, wanted, bound=1e-6):
    """Compare tensors within a bound, times their largest entry if above 1:
    float32 steps by 2**-24 of a number, which for 8 is nearly 1e-6."""
    for result, want in zip(results, wanted, strict=True):
        assert (result.shape, result.dtype) == (want.shape, want.dtype)
        scale = max(1, want.abs().max().item())
        assert (result - want).abs().max().item() <= bound * scale


def random_shape(num_dims):
    """At least eight values in a channel, so that none is nearly constant."""
    channels = random.randint(1, 9)
    if num_dims == 2:
        return random.randint(8, 65), channels
    return (
        random.randint(1, 9),
        channels,
        random.randint(1, 9),
        random.randint(8, 11),
    )


@pytest.mark.parametrize(
    'dtype, bound', [(torch.float32, 1e-6), (torch.float64, 1e-12)]
)
@pytest.mark.parametrize('num_dims', [2, 4])
@pytest.mark.parametrize('case', range(12))
def test_ten_steps_equal_pytorch(case, num_dims, dtype, bound):
    random.seed(case)
    torch.manual_seed(case)
    options = dict(
        momentum=random.choice([0, 0.1, 0.5, 1]),
        eps=random.choice([1e-5, 1e-3, 0.5]),
    )
    shape = random_shape(num_dims)
    ours, theirs = pair(shape, dtype, **options)
    for _ in range(10):
        X = minibatch(shape, dtype)
        Y, wanted = ours(X), theirs(X)
        dY = torch.randn(shape).to(dtype) * shape[1] / X.numel()
        assert_equal([Y], [wanted], bound)
        assert_equal(
            gradients(ours, X, Y, dY), gradients(theirs, X, wanted, dY), bound
        )
    statistics = [theirs.running_mean, theirs.running_var]
    assert_equal([ours.moving_mean, ours.moving_var], statistics, bound)
    ours.eval(), theirs.eval()
    Y, wanted = ours(X), theirs(X)
    assert_equal([Y], [wanted], bound)
    assert_equal(
        gradients(ours, X, Y, dY), gradients(theirs, X, wanted, dY), bound
    )
    assert_equal([ours.moving_mean, ours.moving_var], statistics, bound)


@pytest.mark.parametrize('shape', SHAPES, ids=str)
def test_refuses_what_pytorch_refuses(shape):
    ours, theirs = pair(shape)
    X = torch.randn(shape, dtype=torch.float64)
    try:
        wanted = theirs(X)
    except ValueError:
        with pytest.raises(ValueError, match='more than one value') as error:
            ours(X)
        assert str(shape) in str(error.value)
    else:
        assert shape not in [(1, 3), (1, 1), (1, 3, 1, 1)]
        torch.testing.assert_close(ours(X), wanted)
    statistics = theirs.running_mean, theirs.running_var
    torch.testing.assert_close((ours.moving_mean, ours.moving_var), statistics)
    torch.testing.assert_close(ours.eval()(X), theirs.eval()(X))


@pytest.mark.parametrize('shape', [(5, 3), (2, 3, 2, 2)])
@pytest.mark.parametrize('training', [True, False])
def test_gradients_equal_numerical_ones(shape, training):
    mean, var = torch.randn(3).double(), torch.rand(3).double() + 0.5

    def outputs(X, gamma, beta):
        return batch_norm(X, gamma, beta, mean, var, 1e-5, 0.1, training)[0]

    inputs = [
        minibatch(shape),
        torch.rand(3).double().requires_grad_(),
        torch.rand(3).double().requires_grad_(),
    ]
    assert torch.autograd.gradcheck(outputs, inputs)


def test_the_function_leaves_its_inputs_alone():
    inputs = [
        torch.randn(4, 3),
        torch.rand(3),
        torch.rand(3),
        torch.zeros(3),
        torch.ones(3),
    ]
    before = copy.deepcopy(inputs)
    Y, mean, var = batch_norm(*inputs, 1e-5, 0.1, True)
    assert all(map(torch.equal, inputs, before))
    assert not mean.equal(inputs[3]) and not var.equal(inputs[4])
    Y, mean, var = batch_norm(*inputs, 1e-5, 0.1, False)
    assert mean.equal(inputs[3]) and var.equal(inputs[4])


def test_statistics_may_have_the_shape_that_broadcasts():
    """d2l keeps them as (1, C) and (1, C, 1, 1)."""
    for shape, one in [((6, 3), (1, 3)), ((2, 3, 4, 5), (1, 3, 1, 1))]:
        X = minibatch(shape).detach()
        gamma, beta, mean, var = torch.rand(4, 3).double()
        wanted = batch_norm(X, gamma, beta, mean, var, 1e-5, 0.1, True)
        found = batch_norm(
            X,
            *(t.reshape(one) for t in (gamma, beta, mean, var)),
            1e-5,
            0.1,
            True,
        )
        assert found[1].shape == found[2].shape == one
        assert_equal(found, [wanted[0], *(t.reshape(one) for t in wanted[1:])])


def test_says_what_training_and_momentum_mean():
    """A call without training is d2l's, whose momentum is the other share."""
    with pytest.raises(ValueError, match='training=True.*1 - momentum'):
        batch_norm(torch.rand(4, 3), *torch.rand(4, 3), 1e-5, momentum=0.9)


def test_five_by_three_by_hand():
    layer = BatchNorm(3, 2, eps=0)
    Y = layer(torch.arange(15.0).reshape(5, 3))
    column = torch.tensor([-2, -1, 0, 1, 2]) / 2**0.5
    torch.testing.assert_close(Y, column[:, None].expand(5, 3))
    torch.testing.assert_close(
        layer.moving_mean, torch.tensor([0.6, 0.7, 0.8])
    )
    torch.testing.assert_close(layer.moving_var, torch.full((3,), 3.15))


def test_pixels_are_examples():
    """Four dimensions are two, once pixels stand in rows."""
    X = minibatch((3, 4, 5, 6)).detach()
    Y = BatchNorm(4, 4).double()(X)
    rows = BatchNorm(4, 2).double()(X.permute(0, 2, 3, 1).reshape(-1, 4))
    torch.testing.assert_close(Y.permute(0, 2, 3, 1).reshape(-1, 4), rows)


def test_any_memory_layout():
    X = minibatch((4, 3, 5, 6), torch.float32).detach()
    last = X.to(memory_format=torch.channels_last)
    torch.testing.assert_close(BatchNorm(3, 4)(last), BatchNorm(3, 4)(X))
    torch.testing.assert_close(
        BatchNorm(3, 2)(X[0, :, 0].T), nn.BatchNorm1d(3)(X[0, :, 0].T)
    )


def test_a_channel_without_variance_comes_out_as_beta():
    layer = BatchNorm(2, 4)
    nn.init.constant_(layer.beta, 0.5)
    X = torch.full((2, 2, 3, 3), 7.0, requires_grad=True)
    Y = layer(X)
    assert torch.equal(Y, torch.full_like(Y, 0.5))
    Y.square().sum().backward()
    assert X.grad.isfinite().all() and layer.gamma.grad.equal(torch.zeros(2))


def test_statistics_carry_no_graph():
    layer = BatchNorm(3, 2)
    for _ in range(2):  # a graph kept from the first step fails the second
        layer(torch.randn(4, 3)).sum().backward()
    assert not layer.moving_mean.requires_grad
    assert not layer.moving_var.requires_grad


def test_state_is_saved_moved_and_copied():
    layer = BatchNorm(3, 2)
    snapshot = copy.deepcopy(layer.state_dict())
    assert sorted(snapshot) == ['beta', 'gamma', 'moving_mean', 'moving_var']
    layer(torch.randn(8, 3))
    assert not layer.moving_mean.equal(snapshot['moving_mean'])
    other = BatchNorm(3, 2)
    other.load_state_dict(layer.state_dict())
    X = torch.randn(5, 3)
    assert layer.eval()(X).equal(other.eval()(X))
    assert layer.double().moving_var.dtype == torch.float64
    assert {name for name, _ in layer.named_parameters()} == {'gamma', 'beta'}


def test_functional_form_of_pytorch():
    X, (gamma, beta) = torch.randn(6, 3).double(), torch.rand(2, 3).double()
    mean, var = torch.rand(3).double(), torch.rand(3).double()
    Y, new_mean, new_var = batch_norm(
        X, gamma, beta, mean, var, 1e-5, 0.3, True
    )
    wanted = F.batch_norm(X, mean, var, gamma, beta, True, 0.3, 1e-5)
    torch.testing.assert_close((Y, new_mean, new_var), (wanted, mean, var))


@pytest.mark.parametrize(
    'num_dims, shape',
    [
        (2, (4, 5)),
        (2, (4, 3, 2, 2)),
        (2, (3,)),
        (4, (4, 3)),
        (4, (3, 2, 2)),
        (4, (2, 4, 3, 3)),
        (4, (2, 2, 2, 3)),
    ],
)
def test_layer_refuses_other_shapes(num_dims, shape):
    layer = BatchNorm(3, num_dims)
    with pytest.raises(ValueError, match='3 channels') as error:
        layer(torch.zeros(shape))
    assert str(shape) in str(error.value)
    assert f'{num_dims} dimensions' in str(error.value)


@pytest.mark.parametrize('num_dims', [1, 3, 5])
def test_layer_refuses_other_num_dims(num_dims):
    with pytest.raises(ValueError, match=f'2 or 4, got {num_dims}'):
        BatchNorm(3, num_dims)
