# %% [markdown]
# # Exercises 9: loading data
#
# Write your answer where a cell says `raise NotImplementedError`, run it, and run the check below it. The check says what is wrong, shows
# the smallest input that proves it, and gives a hint; a second try brings a second hint. `hint('09.collate')` gives one without a try.
#
# These questions belong to [Loading data](../chapters/09_data.ipynb). Stars say how hard a question is, from ★☆☆ to ★★★.

# %% tags=["setup"]
pass

# %%
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset

from d2lmini.check import check, hint, progress

# %% [markdown]
# ## 1. Predict what the loader gives ★☆☆, 10 minutes
#
# Section: [How do tensors become batches? DataLoader, shuffling and samplers](../chapters/09_data.ipynb)
#
# A data set has 50 RGB pictures, each 32 pixels wide and 24 high. The loader makes batches of 8. Return seven predictions:
#
# 1. how many batches there are;
# 2. how many pictures the last one holds;
# 3. how many batches there are with `drop_last=True`;
# 4. the shape of the first batch, as PyTorch's layers want it;
# 5. what `ToDtype(torch.float32, scale=True)`, then `Normalize([0.25], [0.5])` make of a pixel with the value 255;
# 6. the number of the class `cat`, if the folders are zebra, dog, ant and cat;
# 7. the seconds of an epoch at best, if loading takes 8 s, the network's steps 3 s, and two workers load.
#
# By hand, for 3 pictures in batches of 2: two batches, the last one of 1 picture; one batch with `drop_last=True`. The check does not tell the
# right result, only which prediction is wrong and, if it can, why.

# %%
def predict_loader():
    """Return three numbers, a shape and three numbers."""
    # BEGIN SOLUTION
    return 7, 2, 6, (8, 3, 24, 32), 1.5, 1, 4.0
    # END SOLUTION


# %%
check('09.predict_loader', predict_loader)

# %% [markdown]
# ## 2. A data set from a text file ★★☆, 25 minutes
#
# Section: [What if labels have unequal lengths? A Dataset of your own and collate_fn](../chapters/09_data.ipynb)
#
# Pictures are listed in a text file, a line `label name` for each. The label is a word; the name is relative to the folder of the text file.
# Empty lines and lines that begin with `#` do not count. Write the data set:
#
# - `self.classes` is the list of labels, each once, in the order of the alphabet;
# - `len(data)` is the number of pictures;
# - `data[i]` is the tuple (X, y). X is a `float32` tensor (3, H, W) with values from 0 to 1, also for a gray or a transparent picture; y is the
#   class's place in `self.classes`, an `int`.
#
# By hand: the two lines `dog b.png` and `cat a.png` give `classes == ['cat', 'dog']`, and `data[0]` is the picture `b.png` with y = 1.

# %%
class LabelledFiles(Dataset):
    """Pictures from a text file with lines `label name`."""

    def __init__(self, path):
        # BEGIN SOLUTION
        self.folder = Path(path).parent
        lines = Path(path).read_bytes().decode().splitlines()
        self.items = [line.split() for line in lines
                      if line.strip() and not line.startswith('#')]
        self.classes = sorted({label for label, _ in self.items})
        # END SOLUTION

    def __len__(self):
        # BEGIN SOLUTION
        return len(self.items)
        # END SOLUTION

    def __getitem__(self, i):
        # BEGIN SOLUTION
        label, name = self.items[i]
        with Image.open(self.folder / name) as picture:
            array = np.array(picture.convert('RGB'))
        X = torch.from_numpy(array).permute(2, 0, 1) / 255
        return X, self.classes.index(label)
        # END SOLUTION


# %%
check('09.LabelledFiles', LabelledFiles)

# %% [markdown]
# ## 3. Pad pictures and labels ★★☆, 20 minutes
#
# Section: [What if labels have unequal lengths? A Dataset of your own and collate_fn](../chapters/09_data.ipynb)
#
# Pictures of lines of text are equally high and unequally wide, and their labels have unequal lengths. Write the `collate_fn` for them. It gets a list
# of pairs (X, label): X is (C, H, W), W differs; the label is a tensor of whole numbers (L,), L differs. It returns three tensors: the pictures
# (N, C, H, widest), padded with zeros on the right; the labels (N, longest), padded behind with `fill`; the lengths (N,) before padding. The longest label
# comes first; items with labels of equal length keep their order.
#
# By hand: pictures of width 2 and 1 with labels [7] and [1, 9] give the labels [[1, 9], [7, -100]], the lengths [2, 1], and pictures of width 2. The
# narrow one stands first, with a column of zeros.

# %%
def collate(items, fill=-100):
    """Make a batch (pictures, labels, lengths), longest label first."""
    # BEGIN SOLUTION
    items = sorted(items, key=lambda item: -len(item[1]))
    lengths = torch.tensor([len(label) for _, label in items])
    C, H, _ = items[0][0].shape
    widest = max(X.shape[2] for X, _ in items)
    pictures = torch.zeros(len(items), C, H, widest)
    labels = torch.full((len(items), len(items[0][1])), fill)
    for i, (X, label) in enumerate(items):
        pictures[i, :, :, :X.shape[2]] = X
        labels[i, :len(label)] = label
    return pictures, labels, lengths
    # END SOLUTION


# %%
check('09.collate', collate)

# %% [markdown]
# ## 4. Weights for a sampler ★☆☆, 10 minutes
#
# Section: [How do tensors become batches? DataLoader, shuffling and samplers](../chapters/09_data.ipynb)
#
# `labels` is a tensor (N,) of class numbers, some of which may not occur. Return the probability of each picture, a tensor (N,), with which a sampler
# draws every class that occurs equally often, and the pictures of one class equally often. The probabilities sum to 1.
#
# By hand: the labels 0, 0, 5 give 1/4, 1/4 and 1/2. Two classes occur, each has a half, and class 0 shares its half between two pictures.

# %%
def sampler_weights(labels):
    """Return the probability (N,) of each picture."""
    # BEGIN SOLUTION
    weights = labels.bincount()[labels] ** -1.0
    return weights / weights.sum()
    # END SOLUTION


# %%
check('09.sampler_weights', sampler_weights)

# %% [markdown]
# ## 5. Mean and standard deviation in one pass ★★☆, 20 minutes
#
# Section: [What are the mean and standard deviation of a data set?](../chapters/09_data.ipynb)
#
# `batches` gives tensors of type `uint8` and shape (N, 3, H, W), in which N, H and W may differ from batch to batch. It can be walked through **once**, and
# it has no length. Return the mean and the standard deviation of each channel, over all pixels of all pictures, each a tensor (3,), for values scaled to 0 to 1.
# Divide by the number of pixels n, not by n - 1.
#
# By hand, one channel only: the batches (0, 102) and (204) have the scaled values 0, 0.4 and 0.8. Mean 0.4; variance (0.16 + 0 + 0.16)/3, so the
# deviation is 0.327.

# %%
def mean_and_std(batches):
    """Return the mean (3,) and the standard deviation (3,)."""
    # BEGIN SOLUTION
    n, total, squares = 0, 0, 0
    for X in batches:
        X = X.double() / 255
        n += len(X) * X.shape[2] * X.shape[3]
        total = total + X.sum((0, 2, 3))
        squares = squares + (X * X).sum((0, 2, 3))
    mean = total / n
    return mean, (squares / n - mean * mean).clamp(min=0).sqrt()
    # END SOLUTION


# %%
check('09.mean_and_std', mean_and_std)

# %% [markdown]
# ## 6. Which pictures are bad? ★★☆, 20 minutes
#
# Section: [Which files are bad? Corrupt pictures, found before training](../chapters/09_data.ipynb)
#
# Look through a folder and all folders in it. Return a sorted list of the `.jpg` and `.png` files (in small or capital letters) that cannot be decoded in full:
# empty ones, those that hold something else, and those that were cut. Names are texts, relative to the folder, with `/` between folder and file. Leave other files
# alone. The check makes a folder for each try; `files` in its message says what it puts there.
#
# By hand: with `cat/a.jpg` cut, `b.png` good and `notes.txt` a text, the result is `['cat/a.jpg']`.

# %%
def bad_pictures(folder):
    """Return the sorted names of the pictures that cannot be decoded."""
    # BEGIN SOLUTION
    bad = []
    for path in Path(folder).rglob('*'):
        if path.suffix.lower() in ('.jpg', '.png'):
            try:
                with Image.open(path) as picture:
                    picture.load()
            except Exception:
                bad.append(path.relative_to(folder).as_posix())
    return sorted(bad)
    # END SOLUTION


# %%
check('09.bad_pictures', bad_pictures)

# %% [markdown]
# ## 7. In words: more workers, and slower ★★☆, 10 minutes
#
# Section: [Where does the time of an epoch go? Workers, pinned memory, data in memory](../chapters/09_data.ipynb)
#
# A friend trains on 50,000 images of 32x32 pixels that lie in memory as a tensor. The GPU is busy a quarter of the time. With `num_workers=8` on a
# laptop of four cores the epoch gets longer. In three or four sentences: why, what would you measure first, and what would you do instead?

# %% [markdown] tags=["words"]
# There is nothing to read or decode that workers could share: their time goes into indexing one image after another in Python, and every batch must then be
# copied from process to process; eight of them also compete for four cores, and they are started anew in each epoch unless `persistent_workers=True`. First
# measure load, transform, transfer, forward and backward alone, waiting for the GPU before the clock is read. Then keep the images as `uint8` on the
# GPU (150 MB), cut whole batches by one index, and scale and augment them there, with no workers at all.

# %% [markdown]
# ## How far have you come?

# %%
progress('09')
