"""Looking inside: against captum and SciPy, and no trace left in the net."""

import captum.attr
import pytest
import torch
import torchvision
from from_page import from_page
from scipy import stats
from torch import nn

from d2lmini import explain
from d2lmini.nets import (
    VGG,
    AlexNet,
    DenseLayer,
    DenseNet,
    GoogLeNet,
    LeNet,
    ResNet,
)
from d2lmini.nets.efficientnet import EfficientNetLite0
from d2lmini.ops import receptive_field
from d2lmini.utils import set_seed

PAGE = from_page('10_inside')  # what is built there and not used elsewhere
OURS = {
    kind.__name__: kind for kind in (AlexNet, VGG, GoogLeNet, ResNet, DenseNet)
}
THEIRS = [
    'resnet18',
    'vgg11_bn',
    'mobilenet_v3_small',
    'efficientnet_b0',
    'densenet121',
]
NETS = ['LeNet', *OURS, 'EfficientNetLite0', *THEIRS]
DEVICES = ['cpu'] + ['cuda'] * torch.cuda.is_available()


@pytest.fixture(params=DEVICES)
def device(request):
    return request.param


@pytest.fixture(scope='module', params=NETS)
def net_and_images(request):
    """A net with random weights and two images; nothing may change it."""
    set_seed(0)
    if request.param == 'LeNet':
        net, X = LeNet(5, 1, nn.ReLU, nn.MaxPool2d), torch.randn(2, 1, 28, 28)
    elif request.param in OURS:
        net = OURS[request.param](5, 1, width=0.125, small=True)
        X = torch.randn(2, 1, 28, 28)
    elif request.param == 'EfficientNetLite0':
        net, X = EfficientNetLite0(5), torch.randn(2, 3, 64, 64)
    else:
        net, X = theirs(request.param), torch.randn(2, 3, 64, 64)
    awake(net, X)
    return net, X


def theirs(name):
    """One of torchvision's nets; VGG without its 120 million weights."""
    with torch.device('meta'):
        net = getattr(torchvision.models, name)(num_classes=5)
    if name == 'vgg11_bn':
        net.classifier = nn.Linear(512 * 7 * 7, 5)
    net.to_empty(device='cpu')
    for module in net.modules():
        if hasattr(module, 'reset_parameters'):
            module.reset_parameters()
    return net


def awake(net, X):
    """Give batch norm the statistics of X, so that maps are not all tiny."""
    net.eval()
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.train()
        norm.momentum = None
    with torch.no_grad():
        net(X)
    net.eval()


def small_net():
    set_seed(0)
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(4, 6, 3, stride=2),
        nn.Flatten(),
        nn.Linear(6 * 9, 3),
    )


def trace(net):
    """Return all that a function could have changed in a net."""
    return (
        [m.training for m in net.modules()],
        [len(m._forward_hooks) for m in net.modules()],
        [p.grad is None for p in net.parameters()],
        [t.clone() for t in net.state_dict().values()],
    )


def same(a, b):
    return a[:3] == b[:3] and all(map(torch.equal, a[3], b[3]))


def strong(reference, got):
    """Tell whether two maps are equal, relative to their size, not all 0."""
    size = reference.abs().max()
    return size > 0 and (reference - got).abs().max() <= 1e-5 * size


def test_grad_cam_equals_captums(net_and_images):
    net, X = net_and_images
    layer = explain.last_maps(net, X)
    reference = captum.attr.LayerGradCam(net, net.get_submodule(layer))
    for c in range(5):
        maps = reference.attribute(X, c, relu_attributions=True)[:, 0]
        got = explain.grad_cam(net, X, layer, c)
        torch.testing.assert_close(got, maps, atol=1e-5, rtol=1e-5)
        if strong(maps, got):
            return
    pytest.fail('all maps are 0')


def test_saliency_equals_captums(net_and_images):
    net, X = net_and_images
    reference = (
        captum.attr.Saliency(net)
        .attribute(X.clone().requires_grad_(), torch.tensor([3, 1]))
        .amax(dim=1)
    )
    assert strong(reference, explain.saliency(net, X, [3, 1]))


@pytest.mark.parametrize('channels', [1, 3])
def test_occlusion_equals_captums(channels):
    set_seed(0)
    net = LeNet(4, channels, nn.ReLU).double().eval()
    X = torch.rand(2, channels, 28, 28, dtype=torch.float64)
    got = explain.occlusion(
        net, X, [1, 2], window=7, stride=7, fill=0.3, batch_size=5
    )
    reference = captum.attr.Occlusion(lambda X: net(X).softmax(1)).attribute(
        X,
        (channels, 7, 7),
        (channels, 7, 7),
        baselines=0.3,
        target=torch.tensor([1, 2]),
    )[:, 0, ::7, ::7]
    assert got.shape == (2, 4, 4) and strong(reference, got)


def test_occlusion_with_overlap_and_pixels_left_over():
    net, X = small_net().eval(), torch.rand(1, 2, 8, 8)
    got = explain.occlusion(net, X, 2, window=3, stride=2)
    assert got.shape == (1, 3, 3)
    X_covered = X.clone()
    X_covered[:, :, 2:5, 4:7] = 0
    with torch.no_grad():
        fall = net(X).softmax(1)[0, 2] - net(X_covered).softmax(1)[0, 2]
    assert abs(got[0, 1, 2] - fall) < 1e-6


def test_feature_maps_are_what_the_layers_give(net_and_images):
    """Against hooks that take a copy at once; in place or used twice."""
    net, X = net_and_images
    wanted, handles = {}, []
    for name, module in net.named_modules():
        if name:
            handles.append(
                module.register_forward_hook(
                    lambda m, args, out, name=name: wanted.setdefault(
                        name, []
                    ).append(out.clone())
                )
            )
    with torch.no_grad():
        scores = net(X)
    for handle in handles:
        handle.remove()
    maps = explain.feature_maps(net, X)
    assert len(maps) == sum(map(len, wanted.values()))
    for name, outputs in wanted.items():
        for i, Y in enumerate(outputs):
            key = name if i == 0 else f'{name} ({i + 1})'
            torch.testing.assert_close(maps[key], Y)
    torch.testing.assert_close(list(maps.values())[-1], scores)
    assert not any(Y.requires_grad for Y in maps.values())


def test_maps_before_an_in_place_layer_are_not_overwritten():
    maps = explain.feature_maps(small_net(), torch.randn(1, 2, 8, 8))
    assert list(maps) == ['0', '1', '2', '3', '4']
    assert maps['0'].min() < 0
    assert torch.equal(maps['0'].relu(), maps['1'])
    names = explain.feature_maps(
        torchvision.models.resnet18(), torch.randn(1, 3, 32, 32)
    )
    assert 'layer1.0.relu (2)' in names and 'layer1.0.relu (3)' not in names


def test_grad_cam_of_a_layer_used_twice_and_of_one_before_in_place():
    set_seed(0)
    net, X = torchvision.models.resnet18(), torch.randn(1, 3, 64, 64)
    awake(net, X)
    assert torch.equal(
        explain.grad_cam(net, X, 'layer3.1.relu (2)', 1),
        explain.grad_cam(net, X, 'layer3.1', 1),
    )
    net, X = small_net(), torch.randn(1, 2, 8, 8)
    clean = small_net()
    clean[1] = nn.ReLU()
    for layer in '012':
        assert torch.equal(
            explain.grad_cam(net, X, layer, 1),
            explain.grad_cam(clean, X, layer, 1),
        )


def test_grad_cam_by_hand():
    """Two channels of 2x2; the score is 4 x the first's mean - the other's."""
    net = nn.Sequential(
        nn.Identity(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(2, 1, bias=False),
    )
    net[3].weight.data = torch.tensor([[4.0, -4.0]])
    A = torch.tensor([[[[1.0, 2], [0, 3]], [[0.0, 3], [1, 1]]]])
    assert explain.grad_cam(net, A, '0').tolist() == [[[1, 0], [0, 2]]]


CALLS = {
    'feature_maps': lambda net, X: explain.feature_maps(net, X),
    'unit_gradient': lambda net, X: PAGE['unit_gradient'](
        net, X, '2', (0, 1, 1)
    ),
    'saliency': lambda net, X: explain.saliency(net, X),
    'occlusion': lambda net, X: explain.occlusion(net, X),
    'grad_cam': lambda net, X: explain.grad_cam(net, X),
    'outputs': lambda net, X: explain.outputs(net, [(X, torch.zeros(2))]),
    'outputs of a layer': lambda net, X: explain.outputs(
        net, [(X, torch.zeros(2))], '2'
    ),
    'most_exciting': lambda net, X: explain.most_exciting(
        net, [(X, torch.zeros(2))], '2', 3, k=1
    ),
    'randomized': lambda net, X: PAGE['randomized'](net),
}


@pytest.mark.parametrize('name', CALLS)
def test_no_trace_is_left(name, device):
    """Not in a net in training mode that holds a part in eval mode."""
    net, X = small_net().to(device), torch.rand(2, 2, 8, 8)
    net.insert(3, nn.BatchNorm2d(6).to(device).eval())
    net.train()[3].eval()
    before, copy_of_X = trace(net), X.clone()
    CALLS[name](net, X)
    assert same(trace(net), before) and torch.equal(X, copy_of_X)
    with torch.no_grad():
        CALLS[name](net, X)
    with torch.inference_mode():
        CALLS[name](net, X * 1)
    for p in net.parameters():  # a frozen body, as in fine-tuning
        p.requires_grad_(False)
    CALLS[name](net, X)


@pytest.mark.parametrize('name', [n for n in CALLS if n != 'randomized'])
def test_no_trace_is_left_by_an_error(name):
    net = small_net().train()
    before = trace(net)
    with pytest.raises((RuntimeError, ValueError)):
        CALLS[name](net, torch.rand(2, 5, 8, 8))
    assert same(trace(net), before)


def test_unit_gradient_and_the_calculators_field(device):
    """5x5, pooling 2, 5x5, pooling 2: 16 pixels; at the edge it is cut."""
    net, X = LeNet(pool=nn.AvgPool2d).to(device), torch.rand(3, 1, 28, 28)
    side = receptive_field([(5, 1), (2, 2), (5, 1), (2, 2)])
    for (i, j), box in {
        (2, 2): (6, 21, 6, 21),
        (0, 4): (0, 13, 14, 27),
    }.items():
        field = PAGE['unit_gradient'](net, X, '5', (3, i, j))
        assert field.shape == (3, 28, 28) and field.min() >= 0
        assert explain.bounding_box(field) == box
    assert 21 - 6 + 1 == side == 16
    linear = PAGE['unit_gradient'](net, X, '7', (119,))
    assert explain.bounding_box(linear) == (0, 27, 0, 27)


def test_saliency_is_the_unit_gradient_of_the_score():
    net, X = LeNet(), torch.rand(2, 1, 28, 28)
    torch.testing.assert_close(
        explain.saliency(net, X, 3), PAGE['unit_gradient'](net, X, '11', (3,))
    )


def test_most_exciting_against_all_maps(device):
    set_seed(0)
    net, X = small_net().to(device), torch.rand(20, 2, 8, 8)
    values, images, places = explain.most_exciting(
        net, [(X[:7], torch.zeros(7)), (X[7:], torch.zeros(13))], '2', 4, k=5
    )
    Y = explain.feature_maps(net, X)['2'][:, 4]
    assert torch.equal(values, Y.amax((1, 2)).topk(5).values)
    for value, image, (i, j) in zip(values, images, places):
        assert Y[image, i, j] == value


def test_outputs_of_net_and_of_a_layer(device):
    net, X, y = small_net().to(device), torch.rand(5, 2, 8, 8), torch.arange(5)
    batches = [(X[:3], y[:3]), (X[3:], y[3:])]
    maps = explain.feature_maps(net, X)
    for layer, key in [(None, '4'), ('2', '2')]:
        Y, labels = explain.outputs(net, batches, layer)
        torch.testing.assert_close(Y, maps[key])
        assert labels.tolist() == y.tolist()


@pytest.mark.parametrize('ties', [False, True])
def test_rank_correlation_against_scipy(ties):
    set_seed(0)
    a, b = torch.randn(9, 11), torch.randn(9, 11)
    b += a
    if ties:
        a, b = a.relu(), (3 * b).round()
    wanted = stats.spearmanr(a.flatten(), b.flatten()).statistic
    assert abs(PAGE['rank_correlation'](a, b) - wanted) < 1e-9
    assert abs(PAGE['rank_correlation'](a, a.exp()) - 1) < 1e-9
    assert abs(PAGE['rank_correlation'](a, -a) + 1) < 1e-9
    assert PAGE['rank_correlation'](a, torch.ones(9, 11)) == 0


def test_randomized_changes_the_last_layers_only():
    net = ResNet(5, 1, width=0.125, small=True, depth=(1, 1, 1))
    layers = [
        n for n, m in net.named_modules() if hasattr(m, 'reset_parameters')
    ]
    for last in (0, 1, 3, None):
        other = PAGE['randomized'](net, last)
        changed = [
            n
            for n in layers
            if not torch.equal(
                net.get_submodule(n).weight, other.get_submodule(n).weight
            )
        ]
        first = len(layers) if last is None else last
        wanted = [
            n
            for n in layers[len(layers) - first :]
            if not isinstance(net.get_submodule(n), nn.BatchNorm2d)
        ]
        assert changed == wanted


def test_nearest_neighbors():
    bank = torch.tensor([[0.0, 0], [3, 4], [1, 0], [6, 8]])
    near = PAGE['nearest_neighbors'](torch.tensor([[0.4, 0], [5, 7]]), bank, 2)
    assert near.tolist() == [[0, 2], [3, 1]]
    X = torch.rand(6, 2, 3, 3)
    assert PAGE['nearest_neighbors'](X, X, 1).flatten().tolist() == [*range(6)]


def test_confusion_matrix_and_worst_mistakes(device):
    y = torch.tensor([0, 0, 1, 2, 2], device=device)
    scores = torch.tensor(
        [[5.0, 0, 0], [0, 3, 0], [0, 5, 0], [9, 0, 0], [0, 1, 0]],
        device=device,
    )
    counts = explain.confusion_matrix(y, scores.argmax(1), 3)
    assert counts.tolist() == [[1, 1, 0], [0, 1, 0], [1, 1, 0]]
    assert PAGE['worst_mistakes'](scores, y).tolist() == [3, 1, 4]
    assert PAGE['worst_mistakes'](scores, y, 2).tolist() == [3, 1]
    assert PAGE['worst_mistakes'](scores[2:3], y[2:3]).tolist() == []


X28 = torch.zeros(2, 1, 28, 28)


@pytest.mark.parametrize(
    'call, message',
    [
        (
            lambda net: explain.grad_cam(net, X28, '12'),
            r"no layer named '12'; the nearest are .*'11'",
        ),
        (
            lambda net: explain.grad_cam(net, X28, 'block'),
            r"no layer named 'block'; the nearest are '0', '1', '2'",
        ),
        (lambda net: explain.grad_cam(net, X28, 3.5), 'no layer named 3.5'),
        (
            lambda net: explain.grad_cam(net, X28, '3 (2)'),
            r"layer '3 \(2\)' gave no tensor; net gave '3'",
        ),
        (
            lambda net: explain.grad_cam(net, X28, '7'),
            r"layer that gives maps \(N, C, h, w\), '7' gives \(2, 120\)",
        ),
        (
            lambda net: explain.grad_cam(net, X28, '3', 10),
            'classes must be from 0 to 9, got 10',
        ),
        (
            lambda net: explain.saliency(net, X28, [1, -1]),
            r'classes must be from 0 to 9, got \[1, -1\]',
        ),
        (
            lambda net: explain.saliency(net, X28, [1, 2, 3]),
            r'size of the tensor \(2\) must match the existing size \(3\)',
        ),
        (
            lambda net: explain.saliency(net, X28, 1.0),
            'Expected dtype .*int64',
        ),
        (
            lambda net: explain.saliency(net, X28[0]),
            r'floats of shape \(N, C, H, W\), got torch.float32 of shape '
            r'\(1, 28',
        ),
        (lambda net: explain.saliency(net, X28.byte()), 'got torch.uint8'),
        (
            lambda net: explain.saliency(nn.Sequential(*list(net)[:5]), X28),
            r'net must give scores \(N, num_classes\), got shape '
            r'\(2, 16, 10, 10',
        ),
        (
            lambda net: explain.last_maps(
                nn.Sequential(*list(net)[6:]), torch.zeros(1, 400, 1, 1)
            ),
            'no layer of net gives maps',
        ),
        (
            lambda net: PAGE['unit_gradient'](net, X28, '5', (16, 0, 0)),
            'index 16 is out of bounds .* with size 16',
        ),
        (
            lambda net: explain.bounding_box(X28),
            'all numbers of the field are 0',
        ),
        (
            lambda net: explain.occlusion(net, X28, window=29),
            'a kernel that spans 29 pixels does not fit into 28',
        ),
        (lambda net: PAGE['randomized'](net, 6), 'from 0 to 5, .* got 6'),
        (lambda net: PAGE['rank_correlation'](X28, X28[0]), 'equal size'),
        (
            lambda net: PAGE['nearest_neighbors'](X28, X28[:, :, 1:]),
            'same number of columns. X1: 784 X2: 756',
        ),
        (lambda net: PAGE['nearest_neighbors'](X28, X28, 3), 'k out of range'),
        (
            lambda net: explain.confusion_matrix(
                torch.tensor([0, 1]), torch.tensor([0, 3]), 3
            ),
            'smaller than num_classes',
        ),
        (
            lambda net: explain.most_exciting(net, [(X28, None)], '5', 16, 1),
            'index 16 is out of bounds .* with size 16',
        ),
    ],
)
def test_errors_name_what_was_seen_and_wanted(call, message):
    with pytest.raises((ValueError, IndexError, RuntimeError), match=message):
        call(LeNet())


@pytest.mark.parametrize('kind', [*OURS.values(), LeNet, DenseLayer])
def test_slices_are_plain_rows_of_the_same_layers(kind):
    net = (
        LeNet()
        if kind is LeNet
        else DenseLayer(8, 4)
        if kind is DenseLayer
        else kind(5, 1, width=0.125, small=True)
    )
    part = net[1:4]
    assert type(part) is nn.Sequential and len(part) == 3
    assert part[0] is net[1] and part[-1] is net[3] is net[-len(net) + 3]
    assert type(net[:]) is nn.Sequential and list(net[::-1])[0] is net[-1]
    with pytest.raises(IndexError):
        net[len(net)]


def test_first_and_last_slice_make_the_whole():
    set_seed(0)
    net, X = (
        ResNet(5, 1, width=0.125, small=True).eval(),
        torch.rand(2, 1, 28, 28),
    )
    assert torch.equal(net[4:](net[:4](X)), net(X))
