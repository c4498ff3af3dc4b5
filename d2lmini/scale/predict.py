"""Name what is on a picture, by a network in an ONNX file.

    python -m d2lmini.scale.predict model.onnx picture.png

prints the three likeliest labels and their probabilities. The file is one
that d2lmini.scale.export.export_onnx wrote: it holds the names of the labels
and the scale of the pixels beside the network. Of the picture the middle
square is taken, scaled to the network's size, gray if the network has one
channel.
PyTorch is not needed, onnxruntime is: pip install onnxruntime

A network knows only what it was trained on: Fashion-MNIST shows clothes light
on black, so take --invert for a photograph on white. The probabilities add up
to 1 over the labels that there are, whatever the picture shows.
Exit codes: 0 done, 2 wrong use or a file that is of no use.
"""
import argparse
import json
import sys
from dataclasses import dataclass

import numpy as np
from PIL import ImageOps

from d2lmini.pictures import open_picture

MAX_SIZE = 4096  # pixels; 200 MB as three channels of floats
JOINERS = '\u200c\u200d'  # not printable by themselves, parts of writing


@dataclass
class Classifier:
    """A network that onnxruntime runs, and what its file says of it."""
    session: object
    labels: list
    scale: float
    channels: int
    size: int

    def prepare(self, picture, invert=False):
        """Turn a PIL image of mode RGB into the input (1, C, size, size)."""
        picture = ImageOps.fit(picture, (self.size, self.size))
        if self.channels == 1:
            picture = ImageOps.grayscale(picture)
        if invert:
            picture = ImageOps.invert(picture)
        X = np.asarray(picture, np.float32) * np.float32(self.scale)
        return X.reshape(1, self.size, self.size, -1).transpose(0, 3, 1, 2)

    def predict(self, X):
        """Return probabilities (N, classes) for images X (N, C, H, W).

        Raises onnxruntime's errors if the network fails, ValueError if it
        gives other scores.
        """
        scores, = self.session.run(['scores'], {'image': X})
        wanted = len(X), len(self.labels)
        if scores.shape != wanted or not np.isfinite(scores).all():
            raise ValueError(
                f'the network gives scores of shape {scores.shape} from '
                f'{scores.min()} to {scores.max()}, wanted are finite ones of '
                f'shape {wanted}')
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        return p / p.sum(axis=1, keepdims=True)


def load(path):
    """Return the Classifier that is in an ONNX file.

    Raises ImportError if onnxruntime is missing, onnxruntime's errors if
    there is no such file or none of ONNX, ValueError if it is not of the form
    that export_onnx gives.
    """
    import onnxruntime
    quiet = onnxruntime.SessionOptions()
    quiet.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        path, quiet, providers=['CPUExecutionProvider'])
    notes = session.get_modelmeta().custom_metadata_map
    try:
        labels, scale = json.loads(notes['labels']), float(notes['scale'])
        check_notes(labels, scale)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            f'{path} does not say its labels and the scale of its pixels '
            f'({error}): write it with d2lmini.scale.export.export_onnx'
        ) from None
    return Classifier(session, labels, scale, *shape(session, labels, path))


def check_notes(labels, scale):
    """Raise ValueError unless labels and scale are what a file may say.

    labels: a list of strings that can be shown on a line. scale: a number.
    """
    if not isinstance(labels, list) or not labels:
        raise ValueError(f'labels must be a list of names, got {labels!r:.60}')
    for label in labels:
        if not isinstance(label, str) or not 0 < len(label) <= 100 or (
                printable(label) != label):
            raise ValueError('a label must be a name of 1 to 100 characters '
                             f'that can be shown, got {label!r:.60}')
    if not 0 < scale <= 1000:
        raise ValueError(f'scale must be above 0, at most 1000, got {scale}')


def printable(text):
    """Return a text with an escape for all that is not to be shown.

    That is what moves the cursor, changes colors or turns the writing round.
    """
    return ''.join(c if c.isprintable() or c in JOINERS else ascii(c)[1:-1]
                   for c in text)


def shape(session, labels, path):
    """Return the channels and the size that a network wants, checked."""
    given, given_back = [[(end.name, end.type, *end.shape) for end in ends]
                         for ends in (session.get_inputs(),
                                      session.get_outputs())]
    match given, given_back:
        case ([('image', 'tensor(float)', str(), (1 | 3) as channels,
                int(height), int(width))],
              [('scores', 'tensor(float)', str(), int(n))]) if (
                  0 < height == width <= MAX_SIZE and n == len(labels)):
            return channels, height
    raise ValueError(
        f'{path} takes {given} and gives {given_back}, wanted are an image (N,'
        f' 1 or 3, size, size) and scores (N, {len(labels)}), N of any size, '
        f'size up to {MAX_SIZE}')


def main(argv=None):
    """Print the three likeliest labels; return the exit code."""
    args = options(argv)
    try:
        net = load(args.model)
        X = net.prepare(open_picture(args.picture), args.invert)
        p = net.predict(X)[0]
    except Exception as error:  # the kinds of onnxruntime are not public
        hint = ': pip install onnxruntime' * isinstance(error, ImportError)
        line = ' '.join(f'{error}{hint}'.split())
        print(f'error: {printable(line):.1000}', file=sys.stderr)
        return 2
    width = max(map(len, net.labels))
    for i in np.argsort(-p, kind='stable')[:3]:
        print(f'{net.labels[i]:{width}} {p[i]:.3f}')
    return 0


def options(argv):
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog='python -m d2lmini.scale.predict', description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('model', help='an ONNX file that export_onnx wrote')
    parser.add_argument('picture', help='a picture file of any kind')
    parser.add_argument('--invert', action='store_true', help='swap light '
                        'and dark before the network sees it')
    return parser.parse_args(argv)


if __name__ == '__main__':
    for stream in (sys.stdout, sys.stderr):  # one may know no Chinese
        stream.reconfigure(  # type: ignore[union-attr]
            errors='backslashreplace')
    sys.exit(main())
