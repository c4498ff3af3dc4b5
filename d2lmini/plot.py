"""The book's figures: its style, grids of images, and curves that grow."""
import itertools
import time

import matplotlib.pyplot as plt
import numpy as np
import torch
from cycler import cycler
from IPython import get_ipython
from IPython.display import display

# Okabe and Ito's colours, told apart by colour-blind readers too, and a
# dash for each, so that no curve depends on its colour alone.
COLORS = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9']
DASHES = ['-', '--', '-.', ':', (0, (5, 1)), (0, (3, 1, 1, 1))]


def use_style():
    """Make matplotlib draw as in this book: small, sharp, readable."""
    plt.rcParams.update({
        'figure.figsize': (3.5, 2.5), 'figure.dpi': 150, 'font.size': 8,
        'figure.facecolor': 'white', 'axes.spines.top': False,
        'axes.spines.right': False, 'image.cmap': 'gray',
        'legend.frameon': False, 'figure.constrained_layout.use': True,
        'axes.prop_cycle': cycler(color=COLORS) + cycler(linestyle=DASHES)})


def show_images(imgs, num_rows, num_cols, titles=None, scale=1.5):
    """Show images in a grid and return its axes, row by row.

    imgs: at least num_rows * num_cols of them, tensors or arrays (H, W),
    (1, H, W), (3, H, W) or (H, W, 3). titles: one for each, or None.
    scale: inches a picture.
    """
    if len(imgs) < num_rows * num_cols:
        raise ValueError(f'a grid of {num_rows} x {num_cols} needs '
                         f'{num_rows * num_cols} images, got {len(imgs)}')
    if titles is not None and len(titles) < num_rows * num_cols:
        raise ValueError(f'a grid of {num_rows} x {num_cols} needs '
                         f'{num_rows * num_cols} titles, got {len(titles)}')
    _, axes = plt.subplots(num_rows, num_cols, squeeze=False,
                           figsize=(num_cols * scale, num_rows * scale))
    for i, (ax, img) in enumerate(zip(axes.flat, imgs)):
        ax.imshow(_to_hwc(img), cmap='gray')
        ax.set_axis_off()
        if titles is not None:
            ax.set_title(titles[i])
    return axes.flatten()


def _to_hwc(img):
    """Turn one of the shapes of show_images into what imshow takes."""
    img = np.asarray(img.detach().cpu() if torch.is_tensor(img) else img)
    if img.ndim == 3 and img.shape[0] in (1, 3):
        img = img.transpose(1, 2, 0)
    if img.ndim not in (2, 3) or img.shape[2:] not in ((), (1,), (3,)):
        raise ValueError('an image has shape (H, W), (1, H, W), (3, H, W) or '
                         f'(H, W, 3), got {img.shape}')
    return img.squeeze(2) if img.shape[2:] == (1,) else img


def show_matrices(matrices, titles=None, scale=0.32, fmt='{:.3g}'):
    """Show 2-D arrays side by side as cells with their numbers in them.

    scale: inches a cell. Each is shaded from its least to its greatest
    number, in cividis. Returns the axes.
    """
    matrices = [np.asarray(m.detach().cpu() if torch.is_tensor(m) else m)
                for m in matrices]
    widths = [m.shape[1] for m in matrices]
    size = ((sum(widths) + len(widths)) * scale,
            (max(len(m) for m in matrices) + 1) * scale)
    _, axes = plt.subplots(1, len(matrices), squeeze=False, figsize=size,
                           width_ratios=widths)
    for i, (ax, m) in enumerate(zip(axes.flat, matrices)):
        ax.imshow(m, cmap='cividis')
        ax.set_axis_off()
        ax.set_title(titles[i] if titles is not None else '')
        middle = (m.min() + m.max()) / 2
        for row, col in itertools.product(*map(range, m.shape)):
            ax.text(col, row, fmt.format(m[row, col]), ha='center',
                    va='center', size=8,
                    color='white' if m[row, col] <= middle else 'black')
    return axes.flatten()


def draw_network(layers, width=7, height=1.9):
    """Draw a network as a row of boxes, from its input on; return the axes.

    layers: (name, shape) pairs. The name stands above its box and may have
    two lines; the shape, (C, H, W) or (C,) as in Y.shape[1:], below. A box
    is one step higher where the map's side doubles, one step wider where
    the channels do. Plain: feature maps; hatched: those whose name has
    'pool' in it; dotted: vectors. width, height: inches.
    """
    _, ax = plt.subplots(figsize=(width, height))
    steps = [(np.log2(1 + shape[0]), np.log2(1 + (*shape, 1)[1]))
             for _, shape in layers]
    slot, top = 1.25 * max(steps)[0], max(h for _, h in steps) / 2
    text = dict(ha='center', linespacing=1.1)
    for i, ((name, shape), (w, h)) in enumerate(zip(layers, steps)):
        x, kind = i * slot, 2 if len(shape) == 1 else int('pool' in name)
        ax.bar(x, h, w, bottom=-h / 2, hatch=['', '///', '...'][kind],
               color=COLORS[kind] + '60', edgecolor=COLORS[kind])
        ax.text(x, top + 0.3, name, va='bottom', **text)
        size = '×'.join(str(n) for n in shape[1:])
        ax.text(x, -top - 0.3, f'{shape[0]}\n{size}', va='top', **text)
        if i:
            ax.annotate('', (x - w / 2, 0), (end, 0), arrowprops=dict(
                arrowstyle='->', shrinkA=1, shrinkB=1))
        end = x + w / 2
    ax.set_ylim(-2 * top, 2 * top)
    ax.set_axis_off()
    return ax


class Animator:
    """Draw curves that grow while a net trains, in one notebook output.

    legend: a name for each curve. add(x, ys) adds a point to each; None
    leaves a curve as it is. It redraws at most twice a second, less often if
    drawing is slow (under 3 % of the time goes into it), and once more when
    the cell ends, so the last point is there. In a script it shows nothing.
    """

    def __init__(self, xlabel=None, ylabel=None, legend=None, xlim=None,
                 ylim=None, xscale='linear', yscale='linear',
                 figsize=(3.5, 2.5)):
        settings = dict(xlabel=xlabel, ylabel=ylabel, xlim=xlim, ylim=ylim,
                        xscale=xscale, yscale=yscale)
        self.settings = {k: v for k, v in settings.items() if v is not None}
        self.legend, self.figsize = legend or [], figsize
        self.curves, self.handle, self.stale = [], None, False
        self.next_draw = time.monotonic() + 0.5
        self.shell = get_ipython() if in_notebook() else None
        self.waits_for_end = False

    def add(self, x, y):
        """Add a point at x to every curve; y: a number, or one for each."""
        many = hasattr(y, '__len__') and getattr(y, 'ndim', 1) > 0
        ys = y if many else [y]
        self.curves += [([], []) for _ in range(len(ys) - len(self.curves))]
        for (xs, values), value in zip(self.curves, ys):
            if value is not None:
                xs.append(x)
                values.append(float(value))
        self.stale = True
        if self.shell and not self.waits_for_end:
            self.shell.events.register('post_run_cell', self._end_of_cell)
            self.waits_for_end = True
        if time.monotonic() >= self.next_draw:
            self.draw()

    def draw(self):
        """Draw all points now, whatever the clock says."""
        if not (self.shell and self.stale):
            return
        began = time.monotonic()
        fig = self.figure()
        try:
            if self.handle is None:
                self.handle = display(fig, display_id=True)
            else:
                self.handle.update(fig)
        finally:
            plt.close(fig)
        self.stale = False
        took = time.monotonic() - began
        self.next_draw = began + max(0.5, 40 * took)

    def figure(self):
        """Return the curves so far as a new matplotlib figure."""
        fig, ax = plt.subplots(figsize=self.figsize)
        for i, (xs, values) in enumerate(self.curves):
            label = self.legend[i] if i < len(self.legend) else None
            ax.plot(xs, values, label=label, marker='o' if len(xs) == 1
                    else None, color=COLORS[i % 6], linestyle=DASHES[i % 6])
        ax.set(**self.settings)
        ax.grid(alpha=0.3)
        if self.legend:
            ax.legend()
        return fig

    def _end_of_cell(self, result):
        self.shell.events.unregister('post_run_cell', self._end_of_cell)
        self.waits_for_end = False
        self.draw()


def in_notebook():
    """Tell whether a Jupyter kernel runs this, which can show figures."""
    return getattr(get_ipython(), 'kernel', None) is not None
