"""Networks that leave the notebook, as ONNX files.

export_onnx needs the packages onnx and onnxscript. Chapter 11 shows how to
round a network to eight bits before.
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
            one, two = (getattr(net(Y), 'shape', ()) for Y in (X[:1], X))
            if one[1:] != two[1:]:  # a squeeze(), or its like
                raise ValueError(f'one image gives {one}, two give {two}')
            return torch.export.export(
                net, (X,), dynamic_shapes=({0: torch.export.Dim('batch')},))
    except Exception as error:  # a net may lead to any
        raise ValueError(
            f'no graph of net for minibatches of any length ({error!s:.300}); '
            'is a squeeze() or a fixed reshape in it, where flatten(1) is '
            'meant?') from error


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
        capture(net, X), dynamo=True, verbose=False, input_names=['image'],
        output_names=['scores'], dynamic_shapes=({0: 'batch'},))  # its name
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
    labels = labels.tolist() if torch.is_tensor(labels) else labels
    if not isinstance(labels, (str, bytes)):  # which check_notes refuses
        labels = [str(label) for label in labels]
    check_notes(labels, float(scale))
    return labels
