"""Checks for the exercises of chapter 9, loading data."""
import contextlib
import io
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from d2lmini_check.compare import as_tensor
from d2lmini_check.questions import (Case, Question, Wrong, predictions,
                                     remark)

TRUTH = {'batches of 50 pictures, 8 a batch': -(-50 // 8),
         'pictures in the last batch': 50 % 8,
         'batches with drop_last=True': 50 // 8,
         'shape of the first batch': (8, 3, 24, 32),
         'what Normalize(mean 0.25, std 0.5) makes of 255':
             (255 / 255 - 0.25) / 0.5,
         'number of the class cat': sorted(
             ['zebra', 'dog', 'ant', 'cat']).index('cat'),
         'seconds of an epoch with two workers': max(8 / 2, 3)}


def values(*wrong):
    """Put wrong values at some places, and nothing at the others."""
    found = [None] * len(TRUTH)
    for at, value in wrong:
        found[at] = value
    return found


predict_loader = predictions(
    TRUTH,
    {'the last, short batch counts too, unless drop_last throws it away':
         values((0, 6), (1, 8)),
     'drop_last throws the short batch away':
         values((2, 7)),
     'PIL says (width, height), a tensor (channels, height, width)':
         values((3, (8, 3, 32, 24))),
     'layers want channels first: (N, C, H, W)':
         values((3, (8, 24, 32, 3))),
     'the batch comes first: (N, C, H, W)':
         values((3, (3, 24, 32))),
     'ToDtype with scale=True has divided by 255 before':
         values((4, (255 - 0.25) / 0.5)),
     'subtract the mean, then divide by the standard deviation':
         values((4, 0.75)),
     'dividing by 0.5 doubles':
         values((4, 0.375)),
     'classes are numbered in the order of the alphabet':
         values((5, 3)),
     'classes are numbered from 0':
         values((5, 2)),
     'loading and steps go on side by side: the longer of the two counts':
         values((6, 8 / 2 + 3)),
     'two workers halve the loading, not the steps':
         values((6, 11 / 2)),
     'while the network computes its 3 s, the data takes longer':
         values((6, 3)),
     'with two workers loading takes half as long':
         values((6, 8))},
    ('Divide 50 by 8: how many full batches, and what is left? A pixel of '
     '255 is 1 after the conversion to floats.',
     'Six full batches and one of two. The classes are ant, cat, dog, zebra. '
     'An epoch takes max(load / workers, steps).'))


def tiny_picture(name):
    """Draw the picture of this name: gray, transparent or RGB."""
    seed = sum(name.encode())
    array = np.random.RandomState(seed).randint(0, 256, (2, 3, 4), np.uint8)
    if 'gray' in name:
        return Image.fromarray(array[..., 0])
    if 'clear' in name:
        array[..., 3] = 255  # all ways to drop alpha agree
        return Image.fromarray(array)
    return Image.fromarray(array[..., :3])


def rows_of(text):
    """Return the (label, name) pairs of a list of pictures."""
    lines = [line.strip() for line in text.splitlines()]
    return [tuple(line.split()) for line in lines if line and line[0] != '#']


def as_data(rows, classes=None, change=lambda X: X):
    """Return what a data set over these rows gives, as named results."""
    classes = classes or sorted({label for label, _ in rows})
    found = {'len(data)': len(rows), 'data.classes': classes}
    for i, (label, name) in enumerate(rows):
        array = np.array(tiny_picture(name).convert('RGB'), np.float32)
        X = torch.from_numpy(array).permute(2, 0, 1) / 255
        found |= {f'X of data[{i}]': change(X),
                  f'y of data[{i}]': classes.index(label)}
    return found


@contextlib.contextmanager
def filled_folder(files):
    """Give a folder with these files, {name: bytes}, for a while."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for name, content in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        yield Path(folder)


def saved(picture, kind='PNG'):
    """Return the bytes of a picture file."""
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()


def look_through(answer, text):
    """Make a data set of a list of pictures, and read all of it."""
    files = {name: saved(tiny_picture(name)) for _, name in rows_of(text)}
    with filled_folder(files | {'list.txt': text.encode()}) as folder:
        data = answer(folder / 'list.txt')
        if not hasattr(data, 'classes'):
            raise Wrong('the data set has no attribute `classes`: set '
                        'self.classes in __init__')
        found = {'len(data)': len(data), 'data.classes': data.classes}
        for i in range(min(len(data), 9)):
            item = data[i]
            if not isinstance(item, (tuple, list)) or len(item) != 2:
                raise Wrong(f'data[{i}] must be a tuple (X, y), got '
                            f'{type(item).__name__}')
            found |= {f'X of data[{i}]': item[0], f'y of data[{i}]': item[1]}
        return found


def in_order_of_lines(text):
    """Number the classes as they appear."""
    rows = rows_of(text)
    return as_data(rows, list(dict.fromkeys(label for label, _ in rows)))


LabelledFiles = Question(
    lambda text: as_data(rows_of(text)),
    lambda dice: [Case(text) for text in [
        'cat a.png', 'cat a.png\ndog b.png\n', 'dog b.png\ncat a.png\n',
        'cat a.png\n\ncat c.png\n', '# my pictures\ncat a.png\n',
        'dog sub/d.png\nant e.png\ncat f.png\ndog g.png\n',
        'cat gray.png', 'cat clear.png']],
    ('Read the lines in __init__ and keep (label, name) pairs; open a '
     'picture in __getitem__ only. Which folder is the name relative to? '
     'What shape has np.array(picture)?',
     'self.classes = sorted(set(labels)); y = self.classes.index(label). '
     "Image.open(folder / name).convert('RGB'), then np.array, permute(2, 0, "
     '1), divide by 255.'),
    {'the classes are numbered as they appear: the alphabet decides':
         in_order_of_lines,
     'the values lie between 0 and 255: divide by 255':
         lambda text: as_data(rows_of(text), change=lambda X: X * 255),
     'the channels are still the last axis: permute(2, 0, 1)':
         lambda text: as_data(rows_of(text),
                              change=lambda X: X.permute(1, 2, 0)),
     'rows and columns are swapped: permute(2, 0, 1) gives (C, H, W)':
         lambda text: as_data(rows_of(text), change=lambda X: X.mT),
     'reshape does not move an axis, permute does':
         lambda text: as_data(rows_of(text), change=lambda X: X.permute(
             1, 2, 0).reshape(X.shape)),
     'the first line is lost: there is no head line':
         lambda text: as_data(rows_of('\n'.join(text.splitlines()[1:]))),
     'classes are counted from 1: start at 0':
         lambda text: {key: value + 1 if key[0] == 'y' else value
                       for key, value in as_data(rows_of(text)).items()}},
    use=look_through)


def padded(items, fill=-100, key=lambda item: -len(item[1]), lengths=None,
           front=False):
    """Pad pictures and labels, by index."""
    items = sorted(items, key=key)
    C, H, _ = items[0][0].shape
    widths = [X.shape[2] for X, _ in items]
    sizes = [len(label) for _, label in items]
    pictures = torch.zeros(len(items), C, H, max(widths))
    labels = torch.full((len(items), max(sizes)), fill)
    for i, (X, label) in enumerate(items):
        pictures[i, :, :, :widths[i]] = X
        place = slice(max(sizes) - sizes[i], None) if front else slice(
            sizes[i])
        labels[i, place] = label
    return pictures, labels, torch.tensor(lengths or sizes)


def texts(dice, *sizes):
    """Draw pictures and labels: sizes are (width, length of the label)."""
    return [(dice.whole(1, 2, width, low=1, high=9),
             dice.whole(length, low=0, high=10).long())
            for width, length in sizes]


def only_labels_sorted(items, fill=-100):
    """Leave the pictures in the order in which they came."""
    _, labels, lengths = padded(items, fill)
    return padded(items, fill, key=lambda item: 0)[0], labels, lengths


def read_off(items, fill=-100):
    """Count as the length of a label what differs from the padding."""
    pictures, labels, _ = padded(items, fill)
    return pictures, labels, (labels != fill).sum(1)


collate = Question(
    lambda items, fill=-100: padded(items, fill),
    lambda dice: [
        Case(texts(dice, (1, 1))), Case(texts(dice, (1, 1), (1, 1))),
        Case(texts(dice, (2, 1), (2, 2))), Case(texts(dice, (1, 2), (2, 2))),
        Case(texts(dice, (2, 1), (1, 3), (3, 2))),
        Case(texts(dice, (2, 2), (1, 1), (3, 2), (2, 1)), -1),
        Case(texts(dice, (3, 2), (1, 4), (2, 1), (2, 3), (4, 2)), fill=-7),
        Case([(torch.ones(1, 2, 1), torch.tensor([0, 0])),
              (torch.ones(1, 2, 1), torch.tensor([0]))], fill=0),
        Case([(torch.ones(3, 2, 2), torch.tensor([5])),
              (torch.ones(3, 2, 1), torch.tensor([0, 0]))])],
    ('Sort the pairs first, so that everything else is in the right order. '
     'Then make tensors that are large enough, filled, and copy each item '
     'into its row.',
     'sorted(items, key=lambda item: len(item[1]), reverse=True) is stable. '
     'X = torch.zeros(N, C, H, longest width), labels = torch.full((N, '
     'longest), fill), lengths = torch.tensor([...]).'),
    {'the batch is not sorted: the longest label comes first':
         lambda items, fill=-100: padded(items, fill, key=lambda item: 0),
     'the shortest label comes first: the longest must':
         lambda items, fill=-100: padded(
             items, fill, key=lambda item: len(item[1])),
     'the pictures stayed in the old order: sort pictures and labels '
     'together':
         only_labels_sorted,
     'this is sorted by the width of the picture: the length of the label '
     'decides':
         lambda items, fill=-100: padded(
             items, fill, key=lambda item: -item[0].shape[2]),
     'items of equal length changed places: keep their order':
         lambda items, fill=-100: padded(items[::-1], fill),
     'labels are padded with 0, which is a class: use `fill`':
         lambda items, fill=-100: padded(items, 0),
     '`fill` is ignored: it is -100 only by default':
         lambda items, fill=-100: padded(items),
     'the padding stands in front of the labels: it belongs behind':
         lambda items, fill=-100: padded(items, fill, front=True),
     'lengths must be those before padding':
         lambda items, fill=-100: padded(items, fill, lengths=[
             max(len(label) for _, label in items)] * len(items)),
     'the lengths are in the old order: sort first, then take them':
         lambda items, fill=-100: padded(items, fill, lengths=[
             len(label) for _, label in items]),
     'the lengths are read off the padding, but `fill` may also be a label':
         read_off})


def weights_by_class(labels, power=-1.0, total=1.0):
    """Give each class the same share, by counting in Python."""
    found = labels.tolist()
    sizes = [found.count(label)**power for label in found]
    return torch.tensor([size / sum(sizes) * total for size in sizes])


sampler_weights = Question(
    lambda labels: weights_by_class(labels),
    lambda dice: [Case(torch.tensor(labels)) for labels in [
        [0], [0, 0, 1], [1, 0, 0, 0], [0, 2, 2], [4, 4, 1, 4, 1, 0],
        [7, 7, 7, 7], [0] * 9 + [1], [3, 1, 1, 2, 2, 2, 3, 3, 3, 3]]],
    ('How many pictures has the class of each picture? Give each picture '
     'one over that number. What do these weights sum to?',
     'counts = labels.bincount(); weights = 1 / counts[labels]. Then divide '
     'by weights.sum(). A class number without pictures must not count.'),
    {'right in proportion, but they do not sum to 1: divide by the sum':
         lambda labels: weights_by_class(
             labels, total=float(len(labels.unique()))),
     'the larger class gets the larger weight: one over the number':
         lambda labels: weights_by_class(labels, 1.0),
     'every picture has the same weight: then a large class is drawn more '
     'often':
         lambda labels: weights_by_class(labels, 0.0),
     'class numbers without a picture count here: only those that occur may':
         lambda labels: weights_by_class(labels, total=len(
             labels.unique()) / (int(labels.max()) + 1)),
     'one weight for each class: one for each picture is wanted':
         lambda labels: 1 / labels.unique(return_counts=True)[1] / len(
             labels.unique()),
     'the sum goes over the classes: it must go over the pictures, of which '
     'a class has several':
         lambda labels: weights_by_class(labels, total=len(
             labels.unique()) / float((1 / labels.unique(
                 return_counts=True)[1]).sum())),
     'the weights sum to N: they must sum to 1':
         lambda labels: weights_by_class(labels, total=float(len(labels)))})


def statistics(batches, scale=255, correction=0):
    """Put all pixels side by side, and take mean and deviation once."""
    pixels = np.concatenate([X.numpy().transpose(1, 0, 2, 3).reshape(3, -1)
                             for X in batches], 1) / scale
    return (torch.from_numpy(pixels.mean(1)),
            torch.from_numpy(pixels.std(1, ddof=correction)))


def means_of(batches, number, weight=lambda X: 1):
    """Average one of the two numbers over batches."""
    found = [statistics([X])[number] * weight(X) for X in batches]
    return sum(found) / sum(weight(X) for X in batches)


class Once:
    """Batches that can be walked through once."""

    def __init__(self, batches):
        self.left = [batches]

    def __iter__(self):
        if not self.left:
            raise Wrong('the batches are walked through a second time: once '
                        'must do, so collect all that you need in one loop')
        return iter(self.left.pop())


def walk_once(answer, batches):
    """Hand over batches for one walk; take two tensors."""
    found = answer(Once(batches))
    if isinstance(found, (tuple, list)):
        found = [as_tensor(f, torch.zeros(3).double()) for f in found]
    if not (isinstance(found, (tuple, list)) and len(found) == 2
            and all(isinstance(f, torch.Tensor) for f in found)):
        raise Wrong('two tensors (mean, std) are wanted, got '
                    f'{type(found).__name__}')
    mean, std = (f.double() for f in found)
    if digits_are_lost(mean, std, *statistics(batches)):
        remark('where values are nearly constant the deviation has lost '
               'digits: sum in double precision')
        return statistics(batches)
    return mean, std


def digits_are_lost(mean, std, true_mean, true_std):
    """Tell whether a small deviation is a little off, and no more."""
    if mean.shape != true_mean.shape or std.shape != true_std.shape or (
            true_std.max() > 0.01) or (true_std == 0).any():
        return False
    off = (std.nan_to_num() / true_std - 1).abs().max()
    return torch.allclose(mean, true_mean, rtol=1e-4) and bool(
        0.001 < off <= 1)


def pictures(dice, *sizes, low=0, high=256):
    """Draw batches of uint8 pictures: sizes are (N, H, W)."""
    return [dice.whole(n, 3, h, w, low=low, high=high).to(torch.uint8)
            for n, h, w in sizes]


mean_and_std = Question(
    lambda batches: statistics(batches),
    lambda dice: [Case(pictures(dice, *sizes)) for sizes in [
        [(1, 1, 1)], [(1, 1, 2)], [(2, 1, 1)], [(2, 2, 1), (1, 2, 1)],
        [(2, 2, 3), (2, 2, 3), (1, 2, 3)], [(3, 4, 4), (1, 2, 2)]]]
    + [Case(pictures(dice, (2, 2, 2), low=0, high=20)
            + pictures(dice, (2, 2, 2), low=230, high=256)),
       Case(pictures(dice, (8, 40, 40), (3, 40, 40), low=250, high=252))],
    ('Means and deviations of batches cannot be averaged; sums can be added '
     'up. Which three sums do you need, one a channel? Over which axes?',
     'X = X.double() / 255; n += X.numel() / 3; total += X.sum((0, 2, 3)); '
     'squares += (X * X).sum((0, 2, 3)). Then mean = total / n and std = '
     '(squares / n - mean**2).sqrt().'),
    {'the means of the batches are averaged: a short batch must count less':
         lambda batches: (means_of(batches, 0), statistics(batches)[1]),
     'the deviations of the batches are averaged: what lies between the '
     'batches is lost':
         lambda batches: (statistics(batches)[0], means_of(batches, 1)),
     'means and deviations of the batches are averaged: add up sums, and '
     'divide once':
         lambda batches: (means_of(batches, 0), means_of(batches, 1)),
     'batches count by their pictures: pixels count, pictures may differ in '
     'size':
         lambda batches: (means_of(batches, 0, len), means_of(
             batches, 1, len)),
     'the values lie between 0 and 255: divide by 255':
         lambda batches: statistics(batches, 1),
     'this is the variance: take its root':
         lambda batches: (statistics(batches)[0], statistics(batches)[1]**2),
     'this is the root of the mean square: subtract the square of the mean':
         lambda batches: (statistics(batches)[0], (
             statistics(batches)[1]**2 + statistics(batches)[0]**2).sqrt()),
     'only the last batch counts: add to the sums, do not set them':
         lambda batches: statistics(batches[-1:]),
     'only the first batch counts: is the `return` inside the loop?':
         lambda batches: statistics(batches[:1]),
     'this is one number for all channels: one for each is wanted':
         lambda batches: tuple(
             torch.cat([X.flatten().double() / 255 for X in batches]).var(
                 correction=0).sqrt() if i else torch.cat(
                 [X.flatten().double() / 255 for X in batches]).mean()
             for i in range(2)),
     'the deviation divides by n - 1: divide by n':
         lambda batches: statistics(batches, correction=1)},
    use=walk_once)

KINDS = ['good', 'empty', 'text', 'cut']


def file_content(kind, name):
    """Return the bytes of a file of one of the KINDS."""
    array = np.random.RandomState(len(name)).randint(
        0, 256, (40, 40, 3), np.uint8)
    whole = saved(Image.fromarray(array), 'PNG' if name.lower().endswith(
        'png') else 'JPEG')
    return {'good': whole, 'empty': b'', 'text': b'this is no picture',
            'cut': whole[:len(whole) * 2 // 3]}[kind]


def visit(answer, files):
    """Fill a folder, and ask which of its files are bad."""
    with filled_folder({name: file_content(kind, name)
                        for name, kind in files.items()}) as folder:
        found = answer(folder)
    if not isinstance(found, (list, tuple)):
        raise Wrong(f'a list is wanted, got {type(found).__name__}')
    return [str(name).replace(str(folder), 'FOLDER') for name in found]


def named(*kinds, every=False):
    """Make an answer that names the files of some kinds only."""
    def answer(files):
        return sorted(name for name, kind in files.items() if kind in kinds
                      and (every or name.lower().endswith(('jpg', 'png'))))
    return answer


all_bad = named(*KINDS[1:])
bad_pictures = Question(
    all_bad,
    lambda dice: [Case(files) for files in [
        {'a.jpg': 'good'}, {'a.jpg': 'empty'}, {'a.jpg': 'text'},
        {'a.jpg': 'cut'}, {'a.png': 'cut'},
        {'a.png': 'good', 'notes.txt': 'text'}, {'A.JPG': 'empty'},
        {'cat/b.jpg': 'cut', 'cat/a.jpg': 'empty', 'dog/a.jpg': 'good'},
        {'cat/deep/a.png': 'text', 'b.jpg': 'cut', 'c.jpg': 'good'}]],
    ('Walk over all files of all folders, and try to decode each. What does '
     'Image.open read of a file? Which call reads all of it?',
     "sorted(folder.rglob('*')) gives all paths; keep those with "
     "path.suffix.lower() in ('.jpg', '.png'). In a try: "
     'Image.open(path).load(). path.relative_to(folder).as_posix() is the '
     'name.'),
    {'a file that was cut passes: Image.open reads the head only, load() or '
     'convert() decode all':
         named('empty', 'text'),
     'a JPEG file that was cut passes: verify() does not decode it, load() '
     'does':
         lambda files: [n for n in all_bad(files) if files[n] != 'cut'
                        or n.endswith('png')],
     'only empty files are found: try to decode each':
         named('empty'),
     'files that are no pictures by their ending must be left alone':
         named(*KINDS[1:], every=True),
     'these are the good ones: the bad ones are wanted':
         named('good'),
     'all files are named, good ones too':
         named(*KINDS),
     'files in deeper folders are missed':
         lambda files: [n for n in all_bad(files) if '/' not in n],
     'the search stops at the first bad file: go on and collect':
         lambda files: all_bad(files)[:1],
     'endings in capitals such as .JPG are missed: use lower()':
         lambda files: [n for n in all_bad(files) if not n.isupper()],
     'the folder is missing in the names: give the path relative to the '
     'folder':
         lambda files: [n.split('/')[-1] for n in all_bad(files)],
     'the names must be relative to the folder':
         lambda files: [f'FOLDER/{n}' for n in all_bad(files)],
     'the names are not sorted':
         lambda files: all_bad(files)[::-1],
     'PNG files are missed':
         lambda files: [n for n in all_bad(files) if 'png' not in n]},
    use=visit)

QUESTIONS = {'predict_loader': predict_loader,
             'LabelledFiles': LabelledFiles, 'collate': collate,
             'sampler_weights': sampler_weights,
             'mean_and_std': mean_and_std, 'bad_pictures': bad_pictures}

# What the texts announce, besides values and shapes.
DEMANDS = {'LabelledFiles': ('dtype',)}
