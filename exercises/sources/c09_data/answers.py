"""Answers that must be accepted and answers that must be refused.

RIGHT: {question: [whole answers, or (old, new), an edit of the solution]}.
WRONG: {question: [(words that the message must hold, old, new)]}, an edit of
the solution, or (words, whole answer).
"""
RIGHT = {
    'predict_loader': ['''
def predict_loader():
    return [7, 2, 6, torch.Size([8, 3, 24, 32]), 1.5, 1, 4]
''', '''
def predict_loader():
    sizes = [len(part) for part in torch.arange(50).split(8)]
    value = (torch.tensor(255) / 255 - 0.25) / 0.5
    return (len(sizes), sizes[-1], sizes.count(8), [8, 3, 24, 32],
            value.item(), 1, max(8 / 2, 3))
'''],
    'LabelledFiles': ['''
class LabelledFiles(Dataset):
    def __init__(self, path):
        self.pairs = []
        with open(path) as file:
            for line in file:
                words = line.split()
                if words and words[0] != '#':
                    label, name = words
                    self.pairs.append((label, Path(path).with_name('x').parent
                                       .joinpath(name)))
        self.classes = list(np.unique([label for label, _ in self.pairs]))
        self.number = {label: i for i, label in enumerate(self.classes)}
        self.classes = [str(label) for label in self.classes]

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, i):
        from torchvision.transforms.functional import to_tensor
        label, path = self.pairs[i]
        return to_tensor(Image.open(path).convert('RGB')), self.number[label]
''', '''
import os

class LabelledFiles:
    def __init__(self, path):
        rows = [line.strip() for line in open(path, encoding='utf-8')]
        rows = [row.split(maxsplit=1) for row in rows
                if row != '' and row[0] != '#']
        self.labels = [row[0] for row in rows]
        self.paths = [os.path.join(os.path.dirname(path), row[1])
                      for row in rows]
        self.classes = sorted(dict.fromkeys(self.labels))

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, i):
        picture = Image.open(self.paths[i]).convert('RGB')
        X = np.asarray(picture, dtype=np.float32).transpose(2, 0, 1) / 255
        return torch.tensor(X), self.classes.index(self.labels[i])
''', '''
class LabelledFiles(Dataset):
    def __init__(self, path):
        self.path, self.rows = Path(path), []
        for line in self.path.read_text().split('\\n'):
            line = line.strip()
            if line and line[0] != '#':
                label, name = line.split(' ', 1)
                self.rows.append((label, name))
        self.classes = sorted(set(row[0] for row in self.rows))

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        label, name = self.rows[i]
        picture = Image.open(self.path.parent / name).convert('RGBA')
        white = Image.new('RGBA', picture.size, 'white')
        picture = Image.alpha_composite(white, picture).convert('RGB')
        X = torch.as_tensor(np.array(picture) / 255).float()
        return X.permute(2, 0, 1), self.classes.index(label)
'''],
    'collate': ['''
def collate(items, fill=-100):
    pad = torch.nn.utils.rnn.pad_sequence
    items = sorted(items, key=lambda pair: len(pair[1]), reverse=True)
    columns = [X.permute(2, 0, 1) for X, _ in items]
    labels = [label for _, label in items]
    return (pad(columns, batch_first=True).permute(0, 2, 3, 1),
            pad(labels, batch_first=True, padding_value=fill),
            torch.tensor([*map(len, labels)]))
''', '''
def collate(items, fill=-100):
    F = torch.nn.functional
    lengths = torch.tensor([label.numel() for _, label in items])
    lengths, order = lengths.sort(descending=True, stable=True)
    wide = max(X.size(2) for X, _ in items)
    long = int(lengths[0])
    pictures = [F.pad(items[i][0], (0, wide - items[i][0].size(2)))
                for i in order]
    labels = [F.pad(items[i][1], (0, long - len(items[i][1])), value=fill)
              for i in order]
    return torch.stack(pictures), torch.stack(labels), lengths
''', ('torch.tensor([len(label) for _, label in items])',
      '[len(label) for _, label in items]')],
    'sampler_weights': ['''
def sampler_weights(labels):
    classes, inverse, counts = labels.unique(return_inverse=True,
                                             return_counts=True)
    return 1 / (len(classes) * counts[inverse])
''', '''
from collections import Counter

def sampler_weights(labels):
    counts = Counter(labels.tolist())
    return torch.tensor([1 / counts[y] / len(counts) for y in labels.tolist()])
''', '''
def sampler_weights(labels):
    found = labels.tolist()
    return [1 / found.count(y) / len(set(found)) for y in found]
''', '''
def sampler_weights(labels):
    weights = 1 / np.bincount(labels.numpy())[labels.numpy()]
    return torch.from_numpy(weights / weights.sum())
'''],
    'mean_and_std': ['''
def mean_and_std(batches):
    pixels = torch.cat([X.transpose(0, 1).reshape(3, -1) for X in batches], 1)
    pixels = pixels.double() / 255
    return pixels.mean(1), pixels.std(1, correction=0)
''', '''
def mean_and_std(batches):
    n, mean, m2 = 0, torch.zeros(3).double(), torch.zeros(3).double()
    for X in batches:  # Chan, Golub and LeVeque
        X = X.double().div(255).transpose(0, 1).flatten(1)
        k, m = X.shape[1], X.mean(1)
        m2 = m2 + ((X - m[:, None])**2).sum(1) + (m - mean)**2 * n * k / (
            n + k)
        mean = (n * mean + k * m) / (n + k)
        n += k
    return mean, (m2 / n).sqrt()
''', '''
def mean_and_std(batches):
    counts = torch.zeros(3, 256).double()
    for X in batches:
        for c in range(3):
            counts[c] += torch.bincount(X[:, c].flatten().long(),
                                        minlength=256)
    counts /= counts.sum(1, keepdim=True)
    values = torch.arange(256) / 255
    mean = (counts * values).sum(1)
    return mean, (counts * (values - mean[:, None])**2).sum(1).sqrt()
'''],
    'bad_pictures': ['''
import os

def bad_pictures(folder):
    found = []
    for where, _, files in os.walk(folder):
        for name in files:
            path = os.path.join(where, name)
            if not name.lower().endswith(('.jpg', '.png')):
                continue
            try:
                Image.open(path).convert('RGB')
            except OSError:
                name = os.path.relpath(path, folder)
                found.append(name.replace('\\\\', '/'))
    found.sort()
    return found
''', '''
def bad_pictures(folder):
    def is_bad(path):
        try:
            np.array(Image.open(path)).sum()
        except Exception:
            return True
        return False

    paths = [p for p in Path(folder).glob('**/*') if p.suffix.lower()[1:] in
             {'jpg', 'png'}]
    return sorted(str(p.relative_to(folder).as_posix())
                  for p in filter(is_bad, paths))
'''],
}

WRONG = {
    'predict_loader': [
        ('the last, short batch counts too', '7, 2', '6, 2'),
        ('the last, short batch counts too', '7, 2', '7, 8'),
        ('drop_last throws', '2, 6', '2, 7'),
        ('PIL says (width, height)', '24, 32', '32, 24'),
        ('layers want channels first', '3, 24, 32', '24, 32, 3'),
        ('the batch comes first', '8, 3', '3'),
        ('has divided by 255 before', '1.5', '509.5'),
        ('subtract the mean', '1.5', '0.75'),
        ('in the order of the alphabet', '1.5, 1', '1.5, 3'),
        ('numbered from 0', '1.5, 1', '1.5, 2'),
        ('side by side', '4.0', '7.0'),
        ('halve the loading, not the steps', '4.0', '5.5'),
        ('the data takes longer', '4.0', '3'),
        ('this prediction is not right', '4.0', '1'),
        ('7 predictions are wanted', ', 4.0', ''),
    ],
    'LabelledFiles': [
        ('the alphabet decides', 'sorted({label for label, _ in self.items})',
         'list(dict.fromkeys(label for label, _ in self.items))'),
        ('divide by 255', ' / 255', '.float()'),
        ('the channels are still the last axis', '.permute(2, 0, 1)', ''),
        ('rows and columns are swapped', 'permute(2, 0, 1)',
         'permute(2, 1, 0)'),
        ('reshape does not move an axis', 'permute(2, 0, 1)',
         'reshape(3, *array.shape[:2])'),
        ('there is no head line', 'in lines\n', 'in lines[1:]\n'),
        ('start at 0', 'index(label)', 'index(label) + 1'),
        ('ValueError', 'if line.strip() and not', 'if not'),
        ('ValueError', " and not line.startswith('#')", ''),
        ('FileNotFoundError', 'self.folder / name', 'name'),
        ('RuntimeError: permute', "picture.convert('RGB')", 'picture'),
        ('no attribute `classes`', 'self.classes = ', 'classes = '),
        ('must be a tuple (X, y)', 'return X, self.classes.index(label)',
         'return X'),
        ('y of data[0]', 'self.classes.index(label)', 'label'),
        ('the dtype is torch.float64', ' / 255', '.double() / 255'),
    ],
    'collate': [
        ('read off the padding', 'pictures, labels, lengths',
         'pictures, labels, (labels != fill).sum(1)'),
        ('the batch is not sorted', '''
def collate(items, fill=-100):
    pad = torch.nn.utils.rnn.pad_sequence
    columns = [X.permute(2, 0, 1) for X, _ in items]
    labels = [label for _, label in items]
    return (pad(columns, batch_first=True).permute(0, 2, 3, 1),
            pad(labels, batch_first=True, padding_value=fill),
            torch.tensor([*map(len, labels)]))
'''),
        ('the shortest label comes first', '''
def collate(items, fill=-100):
    pad = torch.nn.utils.rnn.pad_sequence
    items = sorted(items, key=lambda pair: len(pair[1]))
    columns = [X.permute(2, 0, 1) for X, _ in items]
    labels = [label for _, label in items]
    return (pad(columns, batch_first=True).permute(0, 2, 3, 1),
            pad(labels, batch_first=True, padding_value=fill),
            torch.tensor([*map(len, labels)]))
'''),
        ('sort pictures and labels together', '''
def collate(items, fill=-100):
    pad = torch.nn.utils.rnn.pad_sequence
    columns = [X.permute(2, 0, 1) for X, _ in items]
    labels = sorted([label for _, label in items], key=len, reverse=True)
    return (pad(columns, batch_first=True).permute(0, 2, 3, 1),
            pad(labels, batch_first=True, padding_value=fill),
            torch.tensor([*map(len, labels)]))
'''),
        ('keep their order', 'sorted(items, key=lambda item: -len(item[1]))',
         'sorted(items, key=lambda item: len(item[1]))[::-1]'),
        ('padded with 0, which is a class', ', fill)', ', 0)'),
        ('`fill` is ignored', ', fill)', ', -100)'),
        ('stands in front', 'labels[i, :len(label)]',
         'labels[i, labels.shape[1] - len(label):]'),
        ('before padding', '''    lengths = torch.tensor([len(label) for '''
         '''_, label in items])''', '''    lengths = torch.tensor([len('''
         '''items[0][1])] * len(items))'''),
        ('the lengths are in the old order', '''items = sorted(items, '''
         '''key=lambda item: -len(item[1]))
    lengths = torch.tensor([len(label) for _, label in items])''',
         '''lengths = torch.tensor([len(label) for _, label in items])
    items = sorted(items, key=lambda item: -len(item[1]))'''),
        ('sorted by the width', '''
def collate(items, fill=-100):
    pad = torch.nn.utils.rnn.pad_sequence
    items = sorted(items, key=lambda pair: pair[0].shape[2], reverse=True)
    columns = [X.permute(2, 0, 1) for X, _ in items]
    labels = [label for _, label in items]
    return (pad(columns, batch_first=True).permute(0, 2, 3, 1),
            pad(labels, batch_first=True, padding_value=fill),
            torch.tensor([*map(len, labels)]))
'''),
        ('the default of `fill`', 'fill=-100', 'fill=0'),
        ('RuntimeError: stack expects', '''
def collate(items, fill=-100):
    return (torch.stack([X for X, _ in items]),
            torch.stack([y for _, y in items]),
            torch.tensor([len(y) for _, y in items]))
'''),
    ],
    'sampler_weights': [
        ('divide by the sum', 'weights / weights.sum()', 'weights'),
        ('one over the number', ' ** -1.0', ' ** 1.0'),
        ('every picture has the same weight', ' ** -1.0', ' ** 0.0'),
        ('only those that occur may', 'weights / weights.sum()',
         'weights / len(labels.bincount())'),
        ('one for each picture is wanted', '''
def sampler_weights(labels):
    counts = labels.bincount()
    counts = counts[counts > 0]
    return 1 / counts / len(counts)
'''),
        ('the weights sum to N', 'weights / weights.sum()',
         'weights / weights.mean()'),
        ('the sum goes over the classes', '''
def sampler_weights(labels):
    weights = 1 / labels.bincount()
    return (weights / weights.sum())[labels]
'''),
        ('the shape is', 'weights / weights.sum()',
         '(weights / weights.sum())[None]'),
        ('divide by the sum', 'weights.sum()', 'weights.max()'),
    ],
    'mean_and_std': [
        ('another default dtype', 'n, total, squares = 0, 0, 0',
         'n, total, squares = 0, 0, 0\n'
         '    torch.set_default_dtype(torch.float64)'),
        ('the means of the batches are averaged', '''
def mean_and_std(batches):
    batches = list(batches)
    means = [X.double().mean((0, 2, 3)) / 255 for X in batches]
    pixels = torch.cat([X.transpose(0, 1).flatten(1) for X in batches], 1)
    return sum(means) / len(means), pixels.double().std(1, correction=0) / 255
'''),
        ('what lies between the batches is lost', '''
def mean_and_std(batches):
    batches = list(batches)
    pixels = torch.cat([X.transpose(0, 1).flatten(1) for X in batches], 1)
    stds = [X.double().std((0, 2, 3), correction=0) / 255 for X in batches]
    return pixels.double().mean(1) / 255, sum(stds) / len(stds)
'''),
        ('means and deviations of the batches are averaged', '''
def mean_and_std(batches):
    means, stds = [], []
    for X in batches:
        X = X.double() / 255
        means.append(X.mean((0, 2, 3)))
        stds.append(X.std((0, 2, 3), correction=0))
    return sum(means) / len(means), sum(stds) / len(stds)
'''),
        ('pixels count', '''
def mean_and_std(batches):
    n, mean, std = 0, 0, 0
    for X in batches:
        n += len(X)
        X = X.double() / 255
        mean = mean + len(X) * X.mean((0, 2, 3))
        std = std + len(X) * X.std((0, 2, 3), correction=0)
    return mean / n, std / n
'''),
        ('divide by 255', ' / 255', ''),
        ('take its root', '.sqrt()', ''),
        ('subtract the square of the mean', ' - mean * mean', ''),
        ('only the last batch counts', '''
def mean_and_std(batches):
    for X in batches:
        X = X.double() / 255
        mean, std = X.mean((0, 2, 3)), X.std((0, 2, 3), correction=0)
    return mean, std
'''),
        ('inside the loop', '''
def mean_and_std(batches):
    for X in batches:
        X = X.double() / 255
        return X.mean((0, 2, 3)), X.std((0, 2, 3), correction=0)
'''),
        ('n - 1', '''
def mean_and_std(batches):
    pixels = torch.cat([X.transpose(0, 1).flatten(1) for X in batches], 1)
    pixels = pixels.double() / 255
    return pixels.mean(1), pixels.std(1)
'''),
        ('a second time', '''
def mean_and_std(batches):
    mean = torch.cat([X.double().transpose(0, 1).flatten(1) / 255
                      for X in batches], 1).mean(1)
    std = torch.cat([X.double().transpose(0, 1).flatten(1) / 255
                     for X in batches], 1).std(1, correction=0)
    return mean, std
'''),
        ('has no len()', 'mean = total / n', 'mean = total / len(batches)'),
        ('one for each is wanted', '''
def mean_and_std(batches):
    pixels = torch.cat([X.flatten() for X in batches]).double() / 255
    return pixels.mean(), pixels.std(correction=0)
'''),
        ('two tensors (mean, std) are wanted', 'return mean, (', 'return ('),
    ],
    'bad_pictures': [
        ('reads the head only', 'picture.load()', 'pass'),
        ('verify() does not decode', 'picture.load()', 'picture.verify()'),
        ('only empty files are found', '''
def bad_pictures(folder):
    return sorted(path.relative_to(folder).as_posix()
                  for path in Path(folder).rglob('*.*')
                  if path.suffix.lower() in ('.jpg', '.png')
                  and path.stat().st_size == 0)
'''),
        ('must be left alone', "path.suffix.lower() in ('.jpg', '.png')",
         'path.is_file()'),
        ('these are the good ones', '''
def bad_pictures(folder):
    good = []
    for path in Path(folder).rglob('*'):
        if path.suffix.lower() in ('.jpg', '.png'):
            try:
                Image.open(path).load()
                good.append(path.relative_to(folder).as_posix())
            except Exception:
                pass
    return sorted(good)
'''),
        ('good ones too', '            except Exception:\n', '''
            except Exception:
                pass
            finally:
'''.lstrip('\n')),
        ('files in deeper folders are missed', "rglob('*')", "glob('*')"),
        ('go on and collect', 'bad.append(path.relative_to(folder).as_posix'
         '())', 'return [min(p.relative_to(folder).as_posix() for p in '
         'sorted(Path(folder).rglob("*.*")) if p.stat().st_size < 300 or '
         'p.name == path.name)]'),
        ('use lower()', '.lower()', ''),
        ('the folder is missing in the names',
         'path.relative_to(folder).as_posix()', 'path.name'),
        ('must be relative to the folder',
         'path.relative_to(folder).as_posix()', 'path.as_posix()'),
        ('not sorted', 'sorted(bad)', 'sorted(bad)[::-1]'),
        ('PNG files are missed', "in ('.jpg', '.png')", "== '.jpg'"),
        ('a list is wanted', 'sorted(bad)', 'set(bad)'),
        ('OSError', 'except Exception', 'except Image.UnidentifiedImageError'),
    ],
}

# Right answers that get a remark with these words.
REMARK = {
    'mean_and_std': [
        ('sum in double precision', 'X.double() / 255', 'X / 255'),
    ],
}
