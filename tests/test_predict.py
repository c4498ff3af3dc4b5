"""Networks as ONNX files: parity, eight bits, one picture to one label."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from from_page import from_page
from onnx import helper
from PIL import Image
from torch import nn

from d2lmini.nets import LeNet
from d2lmini.scale import predict
from d2lmini.scale.export import capture, export_onnx, names
from d2lmini.utils import set_seed

LABELS = [f'kind {i}' for i in range(10)]


def make_net(in_channels=1):
    """A small network whose evaluation mode differs from training mode."""
    set_seed(0)
    return nn.Sequential(
        nn.Conv2d(in_channels, 4, 3, stride=2),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Dropout(),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(16, 10),
    )


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    """Export a gray and a color network and a quantized one, once."""
    folder, nets = tmp_path_factory.mktemp('models'), {}
    for name, net, X in [
        ('gray', make_net(1), torch.rand(5, 1, 28, 28)),
        ('color', make_net(3), torch.rand(1, 3, 32, 32)),
        ('lenet', LeNet(activation=nn.ReLU), torch.rand(64, 1, 28, 28)),
    ]:
        nets[name] = net, X
        export_onnx(net, X, LABELS, folder / f'{name}.onnx')
    net, X = nets['lenet']
    quantize_net = from_page('11_speed_and_scale')['quantize_net']
    nets['int8'] = quantize_net(net, X), X
    export_onnx(*nets['int8'], LABELS, folder / 'int8.onnx')
    return folder, nets


@pytest.fixture
def picture(tmp_path):
    """A wide picture, its middle square lighter at the right."""
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:, 10:50] = np.arange(0, 200, 5, dtype=np.uint8)[:, None]
    Image.fromarray(pixels).save(tmp_path / 'picture.png')
    return tmp_path / 'picture.png'


@pytest.mark.parametrize('name', ['gray', 'color', 'lenet'])
@pytest.mark.parametrize('n', [1, 3, 64])
def test_parity(files, name, n):
    folder, nets = files
    net, X = nets[name]
    X = torch.rand(n, *X.shape[1:], generator=torch.manual_seed(n))
    with torch.no_grad():
        scores = net.eval()(X)
    found = predict.load(folder / f'{name}.onnx')
    (got,) = found.session.run(None, {'image': X.numpy()})
    assert abs(got - scores.numpy()).max() < 1e-4
    p = found.predict(X.numpy())
    assert abs(p - scores.softmax(dim=1).numpy()).max() < 1e-4


def test_what_travels_with_the_network(files):
    folder, _ = files
    found = predict.load(folder / 'color.onnx')
    assert (found.labels, found.channels, found.size) == (LABELS, 3, 32)
    assert found.scale == 1 / 255
    text = (folder / 'color.onnx').read_bytes()
    assert os.path.dirname(torch.__file__).encode() not in text


def test_capturing_leaves_the_network_as_it_was():
    net = make_net()
    before = {k: v.clone() for k, v in net.state_dict().items()}
    capture(net, torch.rand(2, 1, 28, 28))
    assert net.training and all(m.training for m in net.modules())
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())


def test_graph_takes_minibatches_of_any_length():
    net = make_net()
    graph = capture(net, torch.rand(1, 1, 28, 28)).module()
    net.eval()
    for n in (1, 7):
        X = torch.rand(n, 1, 28, 28)
        torch.testing.assert_close(graph(X), net(X))


def test_a_label_for_each_score(tmp_path):
    with pytest.raises(ValueError, match=r'9 labels want.*net gives.*,10\]'):
        export_onnx(
            make_net(),
            torch.rand(2, 1, 28, 28),
            LABELS[:9],
            tmp_path / 'a.onnx',
        )
    assert not list(tmp_path.iterdir())


class Function(nn.Module):
    """A function as a layer."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, X):
        return self.function(X)


def net_with(function):
    """Return make_net() with a function in the place of Flatten."""
    net = make_net()
    net[5] = Function(function)
    return net


@pytest.mark.parametrize(
    'function',
    [
        lambda X: X.reshape(1, -1),
        lambda X: X.reshape(2, -1),
        lambda X: X.reshape(int(X.shape[0]), -1),
        lambda X: torch.stack([x.flatten() for x in X]),
        lambda X: X.flatten(1).squeeze(),  # predict has one image at a time
    ],
)
def test_a_length_of_minibatch_that_is_fixed(tmp_path, function):
    with pytest.raises(
        ValueError,
        match='(?s)minibatches of any length .*; '
        r'is a squeeze\(\) or a fixed reshape in it',
    ) as error:
        export_onnx(
            net_with(function),
            torch.rand(1, 1, 28, 28),
            LABELS,
            tmp_path / 'a.onnx',
        )
    assert len(str(error.value)) < 500 and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    'function', [lambda X: X.reshape(-1, 16), lambda X: X.view(X.shape[0], -1)]
)
def test_a_reshape_that_fits_any_length(tmp_path, function):
    net = net_with(function)
    export_onnx(net, torch.rand(2, 1, 28, 28), LABELS, tmp_path / 'a.onnx')
    X = torch.rand(5, 1, 28, 28)
    with torch.no_grad():
        wanted = net.eval()(X).softmax(dim=1).numpy()
    found = predict.load(tmp_path / 'a.onnx').predict(X.numpy())
    assert abs(found - wanted).max() < 1e-5


def test_a_net_that_looks_at_its_numbers(tmp_path):
    net = net_with(lambda X: X.flatten(1) if X.sum() > 0 else -X.flatten(1))
    with pytest.raises(ValueError, match='no graph of net'):
        export_onnx(net, torch.rand(2, 1, 28, 28), LABELS, tmp_path / 'a.onnx')


def test_a_net_that_gives_two_things(tmp_path):
    net = nn.Sequential(make_net(), Function(lambda Y: (Y, Y.exp())))
    with pytest.raises(ValueError, match=r'gives \[batch,10\], \[batch,10\]'):
        export_onnx(net, torch.rand(2, 1, 28, 28), LABELS, tmp_path / 'a.onnx')


@pytest.mark.parametrize(
    'labels',
    [
        np.array(LABELS),
        np.array(LABELS, object),
        tuple(LABELS),
        iter(LABELS),
        {label: i for i, label in enumerate(LABELS)},
    ],
    ids=lambda x: type(x),
)
def test_labels_in_other_containers(labels):
    assert names(torch.rand(2, 1, 8, 8), labels, 1) == LABELS


def test_numbers_of_numpy_and_torch_as_labels_and_scale(tmp_path):
    export_onnx(
        make_net(),
        torch.rand(2, 1, 28, 28),
        np.arange(10),
        tmp_path / 'a.onnx',
        np.float32(1 / 255),
    )
    found = predict.load(tmp_path / 'a.onnx')
    assert found.labels == list('0123456789')
    assert found.scale == float(np.float32(1 / 255))
    for labels, scale in [(torch.arange(10), 1), (range(10), torch.ones(()))]:
        assert names(torch.rand(2, 1, 8, 8), labels, scale) == found.labels


BAD_LABELS = [
    [],
    [''] * 10,
    ['x' * 101] * 10,
    ['\x1b[31mred'] * 10,
    ['a\nb'] * 10,
    ['\u202eevil'] * 10,
    ['\ud800'] * 10,
]


@pytest.mark.parametrize('labels', BAD_LABELS, ids=repr)
def test_labels_that_cannot_be_shown(tmp_path, labels):
    with pytest.raises(ValueError, match='label.* must be a .*, got '):
        export_onnx(
            make_net(), torch.rand(2, 1, 28, 28), labels, tmp_path / 'a.onnx'
        )


@pytest.mark.parametrize('labels', ['abcdefghij', b'abcdefghij'])
def test_letters_are_no_labels(tmp_path, labels):
    """Ten of them, for ten scores."""
    with pytest.raises(ValueError, match='must be a list of names, got b?.a'):
        export_onnx(
            make_net(), torch.rand(2, 1, 28, 28), labels, tmp_path / 'a.onnx'
        )
    assert not (tmp_path / 'a.onnx').exists()


@pytest.mark.parametrize('scale', [0, -1, math.nan, math.inf, 1e30, '1/255'])
def test_scales_that_are_none(tmp_path, scale):
    with pytest.raises(ValueError, match='scale must be above 0|could not'):
        export_onnx(
            make_net(),
            torch.rand(2, 1, 28, 28),
            LABELS,
            tmp_path / 'a.onnx',
            scale,
        )


@pytest.mark.parametrize(
    'X',
    [
        torch.rand(1, 28, 28),
        torch.rand(2, 2, 28, 28),
        torch.rand(2, 1, 28, 20),
        torch.rand(2, 1, 28, 28).double(),
        torch.zeros(2, 1, 9, 9).byte(),
        np.zeros((2, 1, 28, 28)),
    ],
    ids=lambda X: f'{X.dtype} {tuple(X.shape)}',
)
def test_inputs_that_predict_cannot_make(tmp_path, X):
    with pytest.raises(ValueError, match='X must be a tensor of float32.*got'):
        export_onnx(make_net(), X, LABELS, tmp_path / 'a.onnx')


def test_eight_bits(files):
    folder, nets = files
    sizes = [
        (folder / f'{name}.onnx').stat().st_size for name in ('lenet', 'int8')
    ]
    assert sizes[1] < 0.35 * sizes[0]
    weights = {
        tuple(w.dims): w.data_type
        for w in onnx.load(folder / 'int8.onnx').graph.initializer
    }
    assert weights[16, 6, 5, 5] == onnx.TensorProto.INT8
    net, X = nets['lenet']
    rounded, _ = nets['int8']
    with torch.no_grad():
        exact, by_torch = net.eval()(X), rounded(X)
    (got,) = predict.load(folder / 'int8.onnx').session.run(
        None, {'image': X.numpy()}
    )
    step = (exact.max() - exact.min()) / 255  # of the last map, or so
    assert abs(got - by_torch.numpy()).max() < 4 * step
    assert 0 < (exact - by_torch).abs().max() < 8 * step


# The picture's way into the network


def test_prepare_gray(files, picture):
    found = predict.load(files[0] / 'gray.onnx')
    with Image.open(picture) as image:
        X = found.prepare(image.convert('RGB'))
        inverted = found.prepare(image.convert('RGB'), invert=True)
    assert X.shape == (1, 1, 28, 28) and X.dtype == np.float32
    assert X[0, 0, 5, 0] < 0.05 and 0.7 < X[0, 0, 5, -1] < 0.78
    assert (np.diff(X[0, 0, 5, :-1]) > 0).all()
    np.testing.assert_allclose(X + inverted, 1, atol=1e-6)


def test_a_picture_of_the_right_size_passes_unchanged(files):
    pixels = np.random.default_rng(0).integers(
        0, 256, (32, 32, 3), dtype=np.uint8
    )
    found = predict.load(files[0] / 'color.onnx')
    X = found.prepare(Image.fromarray(pixels))
    np.testing.assert_allclose(
        X[0].transpose(1, 2, 0), pixels / 255, atol=1e-6
    )


@pytest.mark.parametrize('name', ['gray', 'color', 'int8'])
def test_three_labels_and_their_probabilities(files, picture, capsys, name):
    folder, nets = files
    model = folder / f'{name}.onnx'
    assert predict.main([str(model), str(picture)]) == 0
    out, err = capsys.readouterr()
    assert not err
    found = predict.load(model)
    p = found.predict(found.prepare(Image.open(picture)))[0]
    assert out.splitlines() == [
        f'kind {i} {p[i]:.3f}' for i in np.argsort(-p)[:3]
    ]


# Files of no use: one line, exit code 2


def refused(model, picture, capsys):
    """Return the one line that main() says when it refuses."""
    assert predict.main([str(model), str(picture)]) == 2
    out, err = capsys.readouterr()
    assert not out and err.startswith('error: ') and err.count('\n') == 1
    return err


@pytest.mark.parametrize(
    'content, message',
    [
        (None, 'there is no such file'),
        (b'', 'is empty'),
        (b'no picture', 'begins as none of the known formats'),
    ],
)
def test_no_picture(files, tmp_path, capsys, content, message):
    if content is not None:
        (tmp_path / 'bad.png').write_bytes(content)
    line = refused(files[0] / 'gray.onnx', tmp_path / 'bad.png', capsys)
    assert message in line and 'bad.png' in line


def test_damaged_picture(files, picture, capsys):
    picture.write_bytes(picture.read_bytes()[:90])
    line = refused(files[0] / 'gray.onnx', picture, capsys)
    assert 'picture.png cannot be read as a picture' in line


@pytest.mark.parametrize(
    'content, message',
    [
        (None, "File doesn't exist"),
        (b'', 'bad.onnx failed:No graph'),
        (b'no network', 'bad.onnx failed:Protobuf parsing failed'),
    ],
)
def test_no_model(tmp_path, picture, capsys, content, message):
    if content is not None:
        (tmp_path / 'bad.onnx').write_bytes(content)
    line = refused(tmp_path / 'bad.onnx', picture, capsys)
    assert message in line and 'bad.onnx' in line


def test_damaged_model(files, tmp_path, picture, capsys):
    content = (files[0] / 'lenet.onnx').read_bytes()
    (tmp_path / 'bad.onnx').write_bytes(content[: len(content) // 2])
    line = refused(tmp_path / 'bad.onnx', picture, capsys)
    assert 'bad.onnx failed:Protobuf parsing failed' in line


def change(path, new, **notes):
    """Copy a model with other notes; None: without this one."""
    model = onnx.load(path)
    old = {p.key: p.value for p in model.metadata_props} | notes
    helper.set_model_props(
        model, {k: v for k, v in old.items() if v is not None}
    )
    onnx.save(model, new)
    return new


@pytest.mark.parametrize(
    'notes',
    [
        {'labels': None},
        {'scale': None},
        {'labels': '['},
        {'labels': '3'},
        {'scale': 'small'},
    ],
)
def test_model_without_its_notes(files, tmp_path, picture, capsys, notes):
    model = change(files[0] / 'gray.onnx', tmp_path / 'bad.onnx', **notes)
    line = refused(model, picture, capsys)
    assert 'does not say its labels' in line and 'export_onnx' in line


@pytest.mark.parametrize(
    'notes',
    [
        *(
            {'labels': json.dumps(labels)}
            for labels in [
                [['a']] * 10,
                [None] * 10,
                list(range(10)),
                [True] * 10,
                'abcdefghij',
                {str(i): i for i in range(10)},
                [''] * 10,
                ['x' * 10**5] * 10,
                ['\x1b[2J\x1b]0;title\x07'] * 10,
                ['a\nb'] * 10,
                ['\u202eb'] * 10,
                ['\ud800'] * 10,
                [],
            ]
        ),
        {'labels': '[' * 100_000},
        {'labels': '[' + '9' * 5000 + ']'},
        *({'scale': scale} for scale in ['nan', 'inf', '-1', '0', '1e300']),
    ],
    ids=lambda notes: str(notes)[:40],
)
def test_model_with_bad_notes(files, tmp_path, picture, capsys, notes):
    """One short line, without a code that would change the terminal."""
    model = change(files[0] / 'gray.onnx', tmp_path / 'bad.onnx', **notes)
    line = refused(model, picture, capsys)
    assert 'does not say its labels' in line and len(line) < 500
    assert line.rstrip('\n').isprintable()


def test_labels_of_other_alphabets(files, tmp_path, picture, capsys):
    labels = [
        'Käfer',
        'муравей',
        '蜜蜂',
        'زنبور',
        'می\u200cخواهم',
        '👩\u200d🔬',
        'e\u0301',
        '½',
        '–',
        "l'été",
    ]
    model = change(
        files[0] / 'gray.onnx', tmp_path / 'ok.onnx', labels=json.dumps(labels)
    )
    assert predict.main([str(model), str(picture)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 3 and all(line[:-6].strip() in labels for line in said)


def test_terminals_that_cannot_show_a_label(files, tmp_path, picture):
    model = change(
        files[0] / 'gray.onnx',
        tmp_path / 'ok.onnx',
        labels=json.dumps(['蜜蜂'] * 10),
    )
    done = run(
        '-X',
        'utf8=0',
        '-m',
        'd2lmini.scale.predict',
        model,
        picture,
        env=os.environ | {'PYTHONIOENCODING': 'ascii'},
    )
    assert (done.returncode, done.stderr) == (0, '')
    assert done.stdout.startswith(r'\u871c\u8702 ')


def test_names_of_files_with_codes(files, capsys):
    line = refused('\x1b[31m.onnx', 'a.png', capsys)
    assert '\\x1b[31m.onnx failed. File' in line and line[:-1].isprintable()
    line = refused(files[0] / 'gray.onnx', '\udcff\x07.png', capsys)
    assert line == 'error: \\udcff\\x07.png: there is no such file\n'
    refused('a\0b', 'c\0d', capsys)


def test_other_labels_than_scores(files, tmp_path, picture, capsys):
    model = change(
        files[0] / 'gray.onnx',
        tmp_path / 'bad.onnx',
        labels=json.dumps(LABELS[:4]),
    )
    assert 'scores (N, 4)' in refused(model, picture, capsys)


def spoil_bias(path, new, value):
    """Copy a model with all its ten last biases equal to value."""
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        if list(tensor.dims) == [10]:
            tensor.CopyFrom(
                onnx.numpy_helper.from_array(
                    np.full(10, value, np.float32), tensor.name
                )
            )
    onnx.save(model, new)
    return new


@pytest.mark.parametrize('value', [np.nan, np.inf])
def test_scores_that_are_no_numbers(files, tmp_path, picture, capsys, value):
    model = spoil_bias(files[0] / 'gray.onnx', tmp_path / 'bad.onnx', value)
    assert 'wanted are finite ones' in refused(model, picture, capsys)


def pooling_model(path, size, classes=10, rows=1):
    """Write a model that takes pictures of any size that it declares."""
    ends = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        for name, shape in [
            ('image', ('N', 1, size, size)),
            ('scores', ('N', 10)),
        ]
    ]
    model = helper.make_model(
        helper.make_graph(
            [
                helper.make_node('GlobalAveragePool', ['image'], ['mean']),
                helper.make_node('Reshape', ['mean', 'shape'], ['flat']),
                helper.make_node('MatMul', ['flat', 'weights'], ['scores']),
            ],
            'pooling',
            ends[:1],
            ends[1:],
            [
                onnx.numpy_helper.from_array(
                    np.ones((rows, classes), np.float32), 'weights'
                ),
                onnx.numpy_helper.from_array(np.array([-1, rows]), 'shape'),
            ],
        ),
        opset_imports=[helper.make_opsetid('', 18)],
        ir_version=10,
    )
    helper.set_model_props(model, {'labels': json.dumps(LABELS), 'scale': '1'})
    onnx.save(model, path)
    return path


@pytest.mark.parametrize('size', [0, 4097, 100_000, 2**40])
def test_declared_size_that_would_fill_the_memory(
    tmp_path, picture, capsys, size
):
    assert predict.MAX_SIZE == 4096
    model = pooling_model(tmp_path / 'bad.onnx', size)
    assert 'size up to 4096' in refused(model, picture, capsys)


def test_a_network_that_fails_when_it_runs(tmp_path, picture, capsys):
    model = pooling_model(tmp_path / 'bad.onnx', 8, rows=7)
    assert 'running Reshape node' in refused(model, picture, capsys)


def test_a_picture_that_ends_early(files, picture, capsys):
    """Also if nothing but its last mark is missing."""
    whole = picture.read_bytes()
    for length in [
        *range(0, len(whole), 97),
        *range(len(whole) - 30, len(whole) - 4),
    ]:
        picture.write_bytes(whole[:length])
        refused(files[0] / 'gray.onnx', picture, capsys)


def test_a_page_for_printing(files, picture, tmp_path, capsys):
    Image.open(picture).save(tmp_path / 'a.eps')
    line = refused(files[0] / 'gray.onnx', tmp_path / 'a.eps', capsys)
    assert 'save it as PNG' in line


@pytest.mark.parametrize('shape', [(2, 8, 8), (1, 8, 9), (16,), (1, 8, 'W')])
def test_wrong_input_shape(tmp_path, picture, capsys, shape):
    ends = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, size)
        for name, size in [('image', ('N', *shape)), ('scores', ('N', 10))]
    ]
    rows = math.prod(n for n in shape if n != 'W')
    weights = np.zeros((rows, 10), np.float32)
    model = helper.make_model(
        helper.make_graph(
            [
                helper.make_node('Flatten', ['image'], ['flat']),
                helper.make_node('MatMul', ['flat', 'weights'], ['scores']),
            ],
            'linear',
            ends[:1],
            ends[1:],
            [onnx.numpy_helper.from_array(weights, 'weights')],
        ),
        opset_imports=[helper.make_opsetid('', 18)],
        ir_version=10,
    )
    helper.set_model_props(model, {'labels': json.dumps(LABELS), 'scale': '1'})
    onnx.save(model, tmp_path / 'bad.onnx')
    line = refused(tmp_path / 'bad.onnx', picture, capsys)
    assert 'wanted are an image (N, 1 or 3, size, size)' in line


def test_no_onnxruntime(files, picture, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    line = refused(files[0] / 'gray.onnx', picture, capsys)
    assert 'pip install onnxruntime' in line


# The command line


def run(*arguments, **options):
    """Start Python with some arguments, in the repository."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=Path(__file__).parent.parent,
        **options,
    )


def test_command_starts_without_torch(files, picture):
    code = (
        'import sys; from d2lmini.scale.predict import main; '
        'code = main(); sys.exit(code or "torch" in sys.modules)'
    )
    done = run('-c', code, files[0] / 'gray.onnx', picture)
    assert (done.returncode, done.stderr) == (0, '')
    assert done.stdout.startswith('kind ') and done.stdout.count('\n') == 3


def test_command_help_and_wrong_use(tmp_path):
    done = run('-m', 'd2lmini.scale.predict', '--help')
    assert done.returncode == 0 and '--invert' in done.stdout
    done = run('-m', 'd2lmini.scale.predict', tmp_path / 'none.onnx')
    assert done.returncode == 2 and 'Traceback' not in done.stderr
    done = run(
        '-m',
        'd2lmini.scale.predict',
        tmp_path / 'none.onnx',
        tmp_path / 'none.png',
    )
    assert done.returncode == 2 and done.stderr.count('\n') == 1
