"""The classic networks: shapes, parameters, and that they can learn."""
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from d2lmini.nets import LeNet
from d2lmini.train import accuracy
from d2lmini.utils import set_seed

FORMS = {'1998': dict(), 'today': dict(activation=nn.ReLU, pool=nn.MaxPool2d),
         'tanh': dict(activation=nn.Tanh)}


@pytest.fixture(params=FORMS)
def lenet(request):
    set_seed(0)
    return LeNet(**FORMS[request.param])


def test_lenet_shapes(lenet):
    X, shapes = torch.rand(3, 1, 28, 28), []
    for layer in lenet:
        X = layer(X)
        shapes.append(tuple(X.shape))
    conv1, conv2 = [(3, 6, 28, 28)] * 2, [(3, 16, 10, 10)] * 2
    assert shapes == (conv1 + [(3, 6, 14, 14)] + conv2 + [
        (3, 16, 5, 5), (3, 400)] + [(3, 120)] * 2 + [(3, 84)] * 2 + [(3, 10)])


def test_lenet_parameters(lenet):
    counts = {name: p.numel() for name, p in lenet.named_parameters()}
    assert counts == {
        '0.weight': 6 * 25, '0.bias': 6, '3.weight': 16 * 6 * 25,
        '3.bias': 16, '7.weight': 400 * 120, '7.bias': 120,
        '9.weight': 120 * 84, '9.bias': 84, '11.weight': 840, '11.bias': 10}
    assert sum(counts.values()) == 61_706


def test_lenet_is_the_formula_layer_by_layer(lenet):
    """The whole net against the same steps, written as functions."""
    X = torch.rand(2, 1, 28, 28)
    act = {nn.Sigmoid: torch.sigmoid, nn.ReLU: torch.relu,
           nn.Tanh: torch.tanh}[type(lenet[1])]
    pool = {nn.AvgPool2d: F.avg_pool2d,
            nn.MaxPool2d: F.max_pool2d}[type(lenet[2])]
    w = list(lenet.parameters())
    h = pool(act(F.conv2d(X, w[0], w[1], padding=2)), 2)
    h = pool(act(F.conv2d(h, w[2], w[3])), 2).reshape(2, 400)
    h = act(h @ w[4].T + w[5])
    h = act(h @ w[6].T + w[7]) @ w[8].T + w[9]
    torch.testing.assert_close(lenet(X), h)


def test_lenet_activation_and_pool_are_used_everywhere():
    kinds = [type(layer) for layer in LeNet(activation=nn.ReLU,
                                            pool=nn.MaxPool2d)]
    assert kinds.count(nn.ReLU) == 4 and kinds.count(nn.MaxPool2d) == 2
    kinds = [type(layer) for layer in LeNet()]
    assert kinds.count(nn.Sigmoid) == 4 and kinds.count(nn.AvgPool2d) == 2
    assert kinds[-1] is nn.Linear  # scores: no activation, no softmax


def test_lenet_channels_and_classes():
    net = LeNet(num_classes=3, in_channels=2)
    assert net(torch.rand(1, 2, 28, 28)).shape == (1, 3)
    more, fewer = 6 * 25, 7 * 85  # of the second channel, of seven classes
    assert sum(p.numel() for p in net.parameters()) == 61_706 + more - fewer


@pytest.mark.parametrize('shape', [(2, 1, 32, 32), (2, 3, 28, 28),
                                   (1, 28, 28)])
def test_lenet_refuses_other_images(shape):
    with pytest.raises(RuntimeError):
        LeNet()(torch.rand(shape))


def test_lenet_gradients_reach_all_parameters(lenet):
    F.cross_entropy(lenet(torch.rand(4, 1, 28, 28)),
                    torch.tensor([1, 2, 3, 4])).backward()
    for name, p in lenet.named_parameters():
        assert p.grad.isfinite().all() and p.grad.abs().max() > 0, name


def test_lenet_treats_each_image_on_its_own(lenet):
    X = torch.rand(5, 1, 28, 28)
    torch.testing.assert_close(lenet(X)[3:4], lenet(X[3:4]))


@pytest.mark.parametrize('form, lr', [('1998', 0.01), ('today', 0.003)])
def test_lenet_learns_16_images_by_heart(form, lr):
    set_seed(0)
    net, X = LeNet(**FORMS[form]), torch.rand(16, 1, 28, 28)
    y = torch.randint(10, (16,))
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    for _ in range(600):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(X), y)
        loss.backward()
        optimizer.step()
        if loss < 0.05:
            break
    assert loss < 0.05 and accuracy(net(X), y) == 16
