"""The page on modern blocks: its code against torchvision, on more shapes."""

from pathlib import Path

import nbformat
import pytest
import torch
from torchvision import models, ops
from torchvision.models.convnext import CNBlock
from torchvision.models.mobilenetv2 import InvertedResidual
from torchvision.models.resnet import Bottleneck

PAGE = Path(__file__).parent.parent / 'chapters' / '05_7_modern_blocks.ipynb'


@pytest.fixture(scope='module')
def page():
    """Run the page's imports and definitions; return their names."""
    names = {}
    for cell in nbformat.read(PAGE, 4).cells:
        tags = cell.metadata.get('tags', [])
        defines = cell.source.startswith(('class ', 'def '))
        if cell.cell_type == 'code' and ('imports' in tags or defines):
            exec(cell.source, names)
    return names


def same(page, ours, theirs, shape):
    """Tell whether two modules agree, with one's weights, in both modes."""
    for own in theirs.modules():
        if isinstance(own, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(own.running_var, 0.5, 2)
            torch.nn.init.normal_(own.weight)
    page['copy_weights'](ours, theirs.state_dict())
    X = torch.randn(shape)
    return all(
        torch.allclose(ours.train(mode)(X), theirs.train(mode)(X), atol=1e-4)
        for mode in (False, True)
    )


@pytest.mark.parametrize('groups, base_width', [(32, 4), (8, 16), (1, 64)])
def test_resnext(page, groups, base_width):
    ours = page['ResNeXtBlock'](256, groups * base_width, groups)
    theirs = Bottleneck(256, 64, groups=groups, base_width=base_width)
    assert same(page, ours, theirs, (2, 256, 5, 7))


def test_squeeze_and_excitation(page):
    ours = page['SqueezeExcitation'](12, 3)
    theirs = ops.SqueezeExcitation(12, 3)
    assert same(page, ours, theirs, (2, 12, 5, 7))


@pytest.mark.parametrize(
    'sizes', [(24, 24, 1, 6), (24, 40, 1, 6), (16, 16, 2, 4), (8, 8, 1, 1)]
)
def test_inverted_residual(page, sizes):
    """With and without the addition, with stride, without expansion."""
    c, out_channels, stride, expansion = sizes
    ours = page['InvertedResidual'](*sizes)
    theirs = InvertedResidual(c, out_channels, stride, expansion)
    assert ours.adds == theirs.use_res_connect
    assert same(page, ours, theirs, (2, c, 9, 7))


def test_convnext_block(page):
    ours, theirs = page['ConvNeXtBlock'](20), CNBlock(20, 0.7, 0.0)
    assert same(page, ours, theirs, (2, 20, 9, 7))


def test_pre_activation_passes_gradients_on(page):
    net = torch.nn.Sequential(*[page['PreActivation'](4) for _ in range(9)])
    for block in net:
        torch.nn.init.zeros_(block.branch[-1].weight)
    X = torch.randn(2, 4, 5, 5, requires_grad=True)
    G = torch.randn(2, 4, 5, 5)
    net(X).backward(G)
    assert torch.equal(X.grad, G)


def test_each_step_of_the_ladder_changes_what_its_name_says(page):
    def kinds(step):
        return [
            type(layer).__name__
            for layer in page['Block'](16, step).branch
            if type(layer).__name__ != 'Conv2d'
        ]

    assert [len(kinds(step)) for step in range(9)] == [5] * 5 + [4, 2, 2, 2]
    assert 'ReLU' in kinds(4) and kinds(5).count('GELU') == 1
    assert 'BatchNorm2d' in kinds(6) and 'ChannelNorm' in kinds(7)
    convs = [
        [
            (layer.out_channels, layer.kernel_size[0], layer.groups)
            for layer in page['Block'](16, step).branch
            if isinstance(layer, torch.nn.Conv2d)
        ]
        for step in range(9)
    ]
    assert convs[0] == convs[1] == [(4, 1, 1), (4, 3, 1), (16, 1, 1)]
    assert convs[2] == [(16, 1, 1), (16, 3, 16), (16, 1, 1)]
    assert convs[3] == [(64, 1, 1), (64, 3, 64), (16, 1, 1)]
    assert all(c == [(16, 7, 16), (64, 1, 1), (16, 1, 1)] for c in convs[4:])


def test_channel_norm_is_torchvisions(page):
    X = torch.randn(2, 6, 5, 7)
    theirs = models.convnext.LayerNorm2d(6)
    assert torch.allclose(page['ChannelNorm'](6)(X), theirs(X), atol=1e-5)
