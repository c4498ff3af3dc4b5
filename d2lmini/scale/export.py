"""Networks that leave the notebook: as ONNX files, and in eight bits.

export_onnx needs the packages onnx and onnxscript, quantize_net torchao.
"""
import json

import torch

from d2lmini.train import mode


def capture(net, X):
    """Return net as a graph, by torch.export, for minibatches of any length.

    X: an example minibatch (N, C, H, W) on net's device. The graph is that
    of evaluation mode.
    """
    X = X[:1].repeat(2, 1, 1, 1)  # a length of 1 would be taken as fixed
    with mode(net, train=False), torch.no_grad():
        return torch.export.export(
            net, (X,), dynamic_shapes=({0: torch.export.Dim('batch')},))


def export_onnx(net, X, labels, path, scale=1 / 255):
    """Write a classifier as an ONNX file for `python -m d2lmini.scale.predict`.

    X: an example minibatch (N, C, H, W), on net's device. labels: the names
    of the classes, in order. path: of the file. scale: what the bytes of a
    picture are multiplied by before net gets them; all other preparation
    belongs into net. Raises ValueError unless there is a label for each
    score.
    """
    program = torch.onnx.export(
        capture(net, X), dynamo=True, verbose=False,
        input_names=['image'], output_names=['scores'],
        dynamic_shapes=({0: 'batch'},))  # the name that the file shows
    model = program.model
    scores = model.graph.outputs[0].shape
    if scores.rank() != 2 or scores[1] != len(labels):
        raise ValueError(f'{len(labels)} labels want scores of shape [batch,'
                         f'{len(labels)}], net gives {scores}')
    for node in model.graph:
        node.metadata_props.clear()  # they name files of this machine
    model.metadata_props.update(labels=json.dumps(list(labels)),
                                scale=repr(scale))
    program.save(path)


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
