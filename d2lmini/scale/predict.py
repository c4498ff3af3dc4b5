"""Name what is on a picture, by a network in an ONNX file.

    python -m d2lmini.scale.predict model.onnx picture.png

prints the three likeliest labels and their probabilities. The file is one
that d2lmini.scale.export.export_onnx wrote: it holds the names of the labels
and the scale of the pixels beside the network. Of the picture the middle
square is taken, scaled to the network's size, gray if the network has one
channel.
PyTorch is not needed, onnxruntime is: pip install onnxruntime
"""
import argparse
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ImageOps

from d2lmini.pictures import open_picture

NOTES = """\
A network knows only what it was trained on: Fashion-MNIST shows clothes light
on black, so take --invert for a photograph on white. The probabilities add up
to 1 over the labels that there are, whatever the picture shows.
Exit codes: 0 done, 2 wrong use or a file that is of no use."""


MAX_SIZE = 4096  # pixels; 200 MB as three channels of floats
# What moves the cursor, changes colors or turns the writing round.
CONTROL = re.compile('[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e'
                     '\u2066-\u2069\ud800-\udfff]')


class BadModel(Exception):
    """The file holds no network that this program can use; says why."""


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

        Raises BadModel if the network fails, or gives other scores.
        """
        try:
            scores, = self.session.run(['scores'], {'image': X})
        except Exception as error:  # its kinds are not public
            raise BadModel(f'the network fails: {error}') from error
        wanted = len(X), len(self.labels)
        if scores.shape != wanted or not np.isfinite(scores).all():
            raise BadModel(f'the network gives scores of shape {scores.shape} '
                           f'from {scores.min()} to {scores.max()}, wanted '
                           f'are finite ones of shape {wanted}')
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        return p / p.sum(axis=1, keepdims=True)


def load(path):
    """Return the Classifier that is in an ONNX file.

    Raises ImportError if onnxruntime is missing, BadModel if there is no
    such file, if it is none of ONNX or not of the form that export_onnx
    gives.
    """
    import onnxruntime
    if not Path(path).is_file():
        raise BadModel(f'{path}: there is no such file')
    quiet = onnxruntime.SessionOptions()
    quiet.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(
            path, quiet, providers=['CPUExecutionProvider'])
    except Exception as error:  # its kinds are not public
        raise BadModel(f'{path} cannot be read as an ONNX model: '
                       f'{str(error).splitlines()[0]}') from error
    notes = session.get_modelmeta().custom_metadata_map
    try:
        labels, scale = json.loads(notes['labels']), float(notes['scale'])
        check_notes(labels, scale)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise BadModel(f'{path} does not say its labels and the scale of its '
                       f'pixels ({error}): write it with '
                       'd2lmini.scale.export.export_onnx') from None
    return Classifier(session, labels, scale, *shape(session, labels, path))


def check_notes(labels, scale):
    """Raise ValueError unless labels and scale are what a file may say.

    labels: a list of strings that can be shown on a line. scale: a number.
    """
    if not isinstance(labels, list) or not labels:
        raise ValueError(f'labels must be a list of names, got {labels!r:.60}')
    for label in labels:
        if not (isinstance(label, str) and 0 < len(label) <= 100
                and not CONTROL.search(label)):
            raise ValueError('a label must be a name of 1 to 100 characters '
                             f'that can be shown, got {label!r:.60}')
    if not 0 < scale <= 1000:
        raise ValueError(f'scale must be above 0, at most 1000, got {scale}')


def shape(session, labels, path):
    """Return the channels and the size that a network wants, checked."""
    given, given_back = [[(end.name, end.type, *end.shape) for end in ends]
                         for ends in (session.get_inputs(),
                                      session.get_outputs())]
    match given, given_back:
        case ([('image', 'tensor(float)', str(), (1 | 3) as channels,
                int(height), int(width))],
              [('scores', 'tensor(float)', str(), int(n))]) if (
                  height == width and n == len(labels)
                  and height in range(1, MAX_SIZE + 1)):
            return channels, height
    raise BadModel(f'{path} takes {given} and gives {given_back}, wanted are '
                   'an image (N, 1 or 3, size, size) and scores (N, '
                   f'{len(labels)}), N of any size, size up to {MAX_SIZE}')


def main(argv=None):
    """Print the three likeliest labels; return the exit code."""
    args = options(argv)
    try:
        net = load(args.model)
        X = net.prepare(open_picture(args.picture), args.invert)
        p = net.predict(X)[0]
    except ImportError as error:
        return say(f'{error}: pip install onnxruntime')
    except (BadModel, OSError, ValueError) as error:
        return say(error)
    width = max(map(len, net.labels))
    for i in np.argsort(-p, kind='stable')[:3]:
        show(f'{net.labels[i]:{width}} {p[i]:.3f}', sys.stdout)
    return 0


def say(error):
    """Print an error on one line; return the exit code."""
    show(f'error: {" ".join(str(error).split()):.1000}', sys.stderr)
    return 2


def show(line, file):
    """Print a line, with an escape for each character that cannot be shown."""
    line = CONTROL.sub(lambda found: ascii(found[0])[1:-1], line)
    code = getattr(file, 'encoding', None) or 'utf-8'
    print(line.encode(code, 'backslashreplace').decode(code), file=file)


def options(argv):
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog='python -m d2lmini.scale.predict',
        description=__doc__, epilog=NOTES,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add('model', help='an ONNX file that export_onnx wrote')
    add('picture', help='a picture file of any kind')
    add('--invert', action='store_true',
        help='swap light and dark before the network sees it')
    return parser.parse_args(argv)


if __name__ == '__main__':
    sys.exit(main())
