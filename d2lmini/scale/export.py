"""Networks that leave the notebook: as ONNX files, and in eight bits.

export_onnx needs the packages onnx and onnxscript, quantize_net torchao.
"""
import json

import torch

from d2lmini.scale.predict import check_notes
from d2lmini.train import mode


def capture(net, X):
    """Return net as a graph, for minibatches of any length.

    Args:
        net: A network, of which the evaluation mode is taken.
        X: An example minibatch (N, C, H, W) on net's device.

    Returns:
        What torch.export gives.

    Raises:
        ValueError: If net works for one length of a minibatch only, or is
            no graph: if it asks for the values of numbers, for example.
    """
    X = X[:1].repeat(2, 1, 1, 1)  # a length of 1 would be taken as fixed
    try:
        with mode(net, train=False), torch.no_grad():
            return torch.export.export(
                net, (X,), dynamic_shapes=({0: torch.export.Dim('batch')},))
    except Exception as error:  # a net may lead to any
        raise ValueError(
            f'no graph of net for minibatches of any length ({error!s:.300}); '
            'is a reshape fixed to one, where flatten(1) is meant?') from error


def export_onnx(net, X, labels, path, scale=1 / 255):
    """Write a classifier as a file for `python -m d2lmini.scale.predict`.

    Args:
        net: A network that takes images and gives a score for each class.
        X: An example minibatch, floats (N, 1 or 3, size, size), on net's
            device.
        labels: The names of the classes, in order. Others than strings are
            written as str() gives them.
        path: Of the ONNX file.
        scale: What the bytes of a picture are multiplied by before net gets
            them; all other preparation belongs into net.

    Raises:
        ValueError: If X, labels or scale are of another kind, if there is
            not a label for each score, or if net is no graph, see capture.
    """
    labels = names(X, labels, scale)
    program = torch.onnx.export(
        capture(net, X), dynamo=True, verbose=False,
        input_names=['image'], output_names=['scores'],
        dynamic_shapes=({0: 'batch'},))  # the name that the file shows
    model = program.model
    shapes = [str(Y.shape) for Y in model.graph.outputs]
    if shapes != [f'[batch,{len(labels)}]']:
        raise ValueError(f'{len(labels)} labels want scores of shape [batch,'
                         f'{len(labels)}], net gives {", ".join(shapes)}')
    for node in model.graph:
        node.metadata_props.clear()  # they name files of this machine
    model.metadata_props.update(labels=json.dumps(labels),
                                scale=repr(float(scale)))
    program.save(path)


def names(X, labels, scale):
    """Return the labels as strings; ValueError if predict could not use them.

    X and scale: as of export_onnx, and checked too.
    """
    if (X.ndim != 4 or X.dtype != torch.float32 or X.shape[1] not in (1, 3)
            or X.shape[2] != X.shape[3]):
        raise ValueError('X must be a tensor of float32 (N, 1 or 3, size, '
                         f'size), got {X.dtype} {tuple(X.shape)}')
    if torch.is_tensor(labels):
        labels = labels.tolist()
    labels = [str(label) for label in labels]
    check_notes(labels, float(scale))
    return labels


def quantize_net(net, X):
    """Return net with its weights rounded to eight bits, its maps to seven.

    X: some hundred images (N, C, H, W) of the training data, on net's
    device: the range of each feature map is taken from them. What comes back
    computes with rounded floats; export_onnx writes it with bytes.
    """
    from torchao.quantization.pt2e import allow_exported_model_train_eval
    from torchao.quantization.pt2e.quantize_pt2e import (convert_pt2e,
                                                         prepare_pt2e)
    from torchao.quantization.pt2e.quantizer import (
        x86_inductor_quantizer as x86)
    quantizer = x86.X86InductorQuantizer().set_global(
        x86.get_default_x86_inductor_quantization_config(
            reduce_range=True))  # a sum of two products fits into 16 bits
    prepared = prepare_pt2e(capture(net, X).module(), quantizer)
    with torch.no_grad():
        prepared(X)
    return allow_exported_model_train_eval(convert_pt2e(prepared))
