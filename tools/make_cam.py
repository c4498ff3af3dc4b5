"""Write the feature maps of <d2l-grad-cam>: a network's, on two photographs.

    python tools/make_cam.py

EfficientNet-Lite0, whose weights come in a package, sees scikit-image's cat
above its cup of coffee, both under CC0. What the last layer but the pooling
gives is 0 at nearly all places, so only the rest is stored.
"""

import base64
import io
import string
from pathlib import Path

import torch
from PIL import Image
from skimage.data import chelsea, coffee
from torchvision.models import ResNet18_Weights

from d2lmini.explain import feature_maps, last_maps
from d2lmini.fine_tune import pretrained

SCRIPT = Path(__file__).parents[1] / 'site' / 'widgets' / 'cam-data.js'
KINDS = 'Egyptian cat', 'tabby', 'lynx', 'espresso', 'cup', 'wooden spoon'
SIDE = 224
SIGNS = string.ascii_uppercase + string.ascii_lowercase + string.digits + '+/'
MOST = 6  # the largest number that a ReLU6 gives
TEXT = """/* Written by tools/make_cam.py. Cat: Stefan van der Walt,
   coffee: Rachel Michetti, both CC0. A sign is a number from 0 to 63. `maps`
   goes over the places: how many channels to go on, then what is there, in
   63rds of 6. `weights` are in units, and 31 stands for 0; those of the
   network: ML Illustrated, 2020, Apache License 2.0. */
'use strict';
globalThis.d2l ??= {{}};
d2l.cam = {{
  rows: {rows}, columns: {columns}, channels: {channels}, unit: {unit},
  kinds: {kinds},
  bias: {bias},
  signs: '{signs}',
  photo: 'data:image/jpeg;base64,{photo}',
  maps: '{maps}',
  weights: '{weights}',
}};
"""


def photograph():
    """Return the cat above the coffee, a picture of 224×448 pixels."""
    pair = Image.new('RGB', (SIDE, 2 * SIDE))
    for k, photo in enumerate((chelsea(), coffee())):
        square = Image.fromarray(photo).resize((SIDE, SIDE))
        pair.paste(square, (0, k * SIDE))
    return pair


def look(photo):
    """Return the last maps (C, h, w), weights (kinds, C) and biases."""
    net, names = pretrained('efficientnet_lite0'), ResNet18_Weights.DEFAULT
    pixels = torch.frombuffer(bytearray(photo.tobytes()), dtype=torch.uint8)
    X = pixels.reshape(1, *photo.size[::-1], 3).permute(0, 3, 1, 2) / 255
    maps = feature_maps(net, X)[last_maps(net, X)][0]
    rows = [names.meta['categories'].index(kind) for kind in KINDS]
    return maps, net[-1].weight.detach()[rows], net[-1].bias.detach()[rows]


def pack(maps):
    """Return maps (C, h, w) as text: a gap and a number, in turn."""
    packed = ''
    for place in (maps / MOST * 63).round().int().flatten(1).T.tolist():
        last = -1
        for channel, number in enumerate(place):
            full = channel - last == 63 or channel == len(place) - 1
            if number or full:
                packed += SIGNS[channel - last] + SIGNS[number]
                last = channel
    return packed


def script(photo, maps, weights, bias):
    """Return the script that holds them."""
    file, unit = io.BytesIO(), weights.abs().max().item() / 31
    photo.save(file, 'JPEG', quality=45, optimize=True)
    steps = (weights / unit).round().int() + 31
    return TEXT.format(
        rows=maps.shape[1],
        columns=maps.shape[2],
        channels=len(maps),
        signs=SIGNS,
        unit=f'{unit:.6g}',
        kinds=list(KINDS),
        bias=[round(b, 4) for b in bias.tolist()],
        photo=base64.b64encode(file.getvalue()).decode(),
        maps=pack(maps),
        weights=''.join(SIGNS[step] for step in steps.flatten()),
    )


def main():
    photo = photograph()
    SCRIPT.write_text(script(photo, *look(photo)), encoding='utf-8')


if __name__ == '__main__':
    main()
