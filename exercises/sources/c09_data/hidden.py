"""Sample hidden tests for exercises 9, loading data.

    python -m d2lmini_mark exercises/sources/c09_data/hidden.py submissions

exercises/sources/c03_pooling/hidden.py says how a test is written. Files are
drawn here, cross over as tensors of bytes, and are written into a folder of
their own on the students' side, by a function that is handed over with `use`.
"""
import io

import torch
from PIL import Image

from d2lmini_mark import call, marks


@marks(1, secret=True)
def predict_loader(dice):
    yield call(), (7, 2, 6, (8, 3, 24, 32), 1.5, 1, 4.0)


def picture(dice, channels, h=3, w=5):
    """Draw a picture; what is transparent is fully opaque."""
    X = dice.whole(h, w, 4, low=0, high=256).to(torch.uint8)
    X[..., 3] = 255
    if channels == 1:
        return Image.fromarray(X[..., 0].numpy())
    return Image.fromarray(X[..., :channels].contiguous().numpy())


def saved(image, kind='PNG'):
    """Return the bytes of a picture's file, as a tensor."""
    file = io.BytesIO()
    image.save(file, kind)
    return torch.tensor([*file.getvalue()], dtype=torch.uint8)


def read(LabelledFiles, lines, files):
    """Runs beside the students' code: it holds no expected value."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes(content.tolist()))
        list_file = Path(folder, 'list.txt')
        list_file.write_text(lines)
        data = LabelledFiles(list_file)
        found = []
        for i in range(len(data)):
            X, y = data[i]
            found.append((torch.as_tensor(X), type(X).__name__,
                          str(X.dtype), int(y), isinstance(y, int)))
        return len(data), list(data.classes), found


@marks(3, use=read)
def LabelledFiles(dice):
    for channels in [(3,), (1,), (4, 3), (3, 1, 4, 3)]:
        labels = [['zebra', 'ant', 'dog'][dice.number(0, 2)]
                  for _ in channels]
        names = [f'{"sub/" if dice.number(0, 1) else ""}{i}.png'
                 for i in range(len(channels))]
        images = [picture(dice, c) for c in channels]
        rows = [f'{label} {name}' for label, name in zip(labels, names)]
        rows.insert(dice.number(0, len(rows)), '# these are mine')
        rows.insert(dice.number(0, len(rows)), '')
        files = {n: saved(image) for n, image in zip(names, images)}
        classes, wanted = sorted(set(labels)), []
        for label, image in zip(labels, images):
            pixels = torch.tensor([*image.convert('RGB').tobytes()])
            X = pixels.reshape(image.height, image.width, 3).movedim(2, 0)
            wanted.append((X / 255, 'Tensor', 'torch.float32',
                           classes.index(label), True))
        yield (call('\n'.join(rows) + '\n', files),
               (len(labels), classes, wanted))


@marks(2)
def collate(dice):
    for sizes in [[1], [1, 2], [2, 1], [2, 2, 1], [1, 3, 2, 3]]:
        H, C = dice.number(1, 3), dice.number(1, 3)
        items = [(dice.normal(C, H, dice.number(1, 6)),
                  dice.whole(n, low=0, high=9).long()) for n in sizes]
        label = int(items[0][1][0])
        for fill in [(), (dice.number(10, 99),), (label,)]:
            order = sorted(items, key=lambda item: -len(item[1]))
            wide = max(X.shape[2] for X, _ in items)
            pictures = torch.zeros(len(items), C, H, wide)
            labels = torch.full((len(items), max(sizes)), (*fill, -100)[0])
            for i, (X, label) in enumerate(order):
                pictures[i, :, :, :X.shape[2]] = X
                labels[i, :len(label)] = label
            lengths = torch.tensor([len(label) for _, label in order])
            yield call(items, *fill), (pictures, labels, lengths)


@marks(1)
def sampler_weights(dice):
    for classes in [[0], [0, 3], [1, 2, 7], [4, 4, 9]]:
        labels = torch.tensor(classes + [
            classes[dice.number(0, len(classes) - 1)] for _ in range(5)])
        found = labels.tolist()
        yield call(labels), torch.tensor(
            [1 / found.count(y) / len(set(found)) for y in found])


def walked(mean_and_std, batches):
    """Runs beside the students' code: it holds no expected value."""
    def once():
        yield from batches

    mean, std = mean_and_std(once())
    return (torch.as_tensor(mean).double(), torch.as_tensor(std).double(),
            torch.get_default_dtype().itemsize)


@marks(2, use=walked)
def mean_and_std(dice):
    for sizes in [[(1, 1, 2)], [(2, 2, 3), (1, 4, 2)],
                  [(1, 2, 2), (3, 3, 1), (2, 1, 5)]]:
        low = dice.number(0, 99)
        batches = [dice.whole(n, 3, h, w, low=low, high=256).to(torch.uint8)
                   for n, h, w in sizes]
        pixels = torch.cat([X.movedim(1, 0).flatten(1) for X in batches], 1)
        std, mean = torch.std_mean(pixels.double() / 255, 1, correction=0)
        yield call(batches), (mean, std, 4)


def visited(bad_pictures, files):
    """Runs beside the students' code: it holds no expected value."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes(content.tolist()))
        found = bad_pictures(Path(folder))
        if not isinstance(found, (list, tuple)):
            raise ValueError(f'a list is wanted, got {type(found).__name__}')
        return [str(name).replace(folder, 'FOLDER') for name in found]


NAMES = ['b.jpg', 'a.png', 'C.JPG', 'cat/d.png', 'cat/old/e.jpg', 'f.txt',
         'dog/g.PNG']


@marks(3, use=visited)
def bad_pictures(dice):
    for _ in range(5):
        files, bad = {}, []
        for name in NAMES:
            kind = dice.number(0, 4)
            text = name.endswith('txt')
            whole = saved(picture(dice, 3, 30, 40), 'PNG' if name.lower(
                ).endswith('png') else 'JPEG')
            files[name] = [whole, whole, whole[:0], whole[:len(whole) // 2],
                           torch.arange(99).to(torch.uint8)][kind]
            bad += [name] if kind > 1 and not text else []
        files['cut.png'], files['cut.jpg'] = (
            saved(picture(dice, 3, 30, 40), kind)[:-300]
            for kind in ('PNG', 'JPEG'))
        yield call(files), sorted([*bad, 'cut.png', 'cut.jpg'])
