"""The book's figures: its style, images, tables, and curves that grow."""
import itertools
import time

import matplotlib.pyplot as plt
import numpy as np
import torch
from cycler import cycler
from IPython import get_ipython
from IPython.display import Markdown, display
from matplotlib.patches import FancyBboxPatch
from matplotlib.textpath import TextPath

# Okabe and Ito's colours, told apart by colour-blind readers too, and a
# dash for each, so that no curve depends on its colour alone.
COLORS = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9']
DASHES = ['-', '--', '-.', ':', (0, (5, 1)), (0, (3, 1, 1, 1))]
LOOKS = cycler(color=COLORS) + cycler(linestyle=DASHES)


def use_style():
    """Make matplotlib draw as in this book: small, sharp, readable."""
    plt.rcParams.update({
        'figure.figsize': (3.5, 2.5), 'figure.dpi': 150, 'font.size': 8,
        'figure.facecolor': 'white', 'axes.spines.top': False,
        'axes.spines.right': False, 'image.cmap': 'gray',
        'legend.frameon': False, 'figure.constrained_layout.use': True,
        'axes.prop_cycle': LOOKS})


def show_images(imgs, num_rows, num_cols, titles=None, scale=1.5):
    """Show images in a grid and return its axes, row by row.

    imgs: at least num_rows * num_cols of them, tensors or arrays (H, W),
    (1, H, W), (3, H, W) or (H, W, 3). titles: one for each, or None.
    scale: inches a picture.
    """
    number = num_rows * num_cols
    for what, given in [('images', imgs), ('titles', titles)]:
        if given is not None and len(given) < number:
            raise ValueError(f'a grid of {num_rows} x {num_cols} needs '
                             f'{number} {what}, got {len(given)}')
    _, axes = plt.subplots(num_rows, num_cols, squeeze=False,
                           figsize=(num_cols * scale, num_rows * scale))
    for i, (ax, img) in enumerate(zip(axes.flat, imgs)):
        img = _to_array(img)
        colors_first = img.ndim == 3 and img.shape[0] in (1, 3)
        ax.imshow(img.transpose(1, 2, 0) if colors_first else img, cmap='gray')
        ax.set_axis_off()
        if titles is not None:
            ax.set_title(titles[i])
    return axes.flatten()


def _to_array(X):
    """Return a tensor on any device, or whatever NumPy takes, as an array."""
    return np.asarray(X.detach().cpu() if torch.is_tensor(X) else X)


def show_matrices(matrices, titles=None, scale=0.32, fmt='{:.3g}'):
    """Show 2-D arrays side by side as cells with their numbers in them.

    scale: inches a cell. Each is shaded from its least to its greatest
    number, in cividis. Returns the axes.
    """
    matrices = [_to_array(m) for m in matrices]
    heights, widths = zip(*(m.shape for m in matrices))
    size = (sum(widths) + len(widths)) * scale, (max(heights) + 1) * scale
    _, axes = plt.subplots(1, len(matrices), squeeze=False, figsize=size,
                           width_ratios=widths)
    for i, (ax, m) in enumerate(zip(axes.flat, matrices)):
        ax.imshow(m, cmap='cividis')
        ax.set_axis_off()
        ax.set_title(titles[i] if titles is not None else '')
        middle = (m.min() + m.max()) / 2
        for (row, col), n in np.ndenumerate(m):
            ax.text(col, row, fmt.format(n), ha='center', va='center', size=8,
                    color='white' if n <= middle else 'black')
    return axes.flatten()


def table(*rows):
    """Show rows as a table in a notebook, columns of numbers flush right.

    Args:
        rows: Lists of cells, the head first, all of one length. A cell is a
            number, or anything else that has a text; it may hold Markdown.

    Raises:
        ValueError: If a row has more or fewer cells than the head.
    """
    head, *body = [[str(cell) for cell in row] for row in rows]
    for i, row in enumerate(body, start=1):
        if len(row) != len(head):
            raise ValueError(f'the head of the table has {len(head)} cells, '
                             f'row {i} has {len(row)}: {row}')
    sides = [':---' if ''.join(cells).strip('+-,.%*0123456789') else '---:'
             for _, *cells in zip(head, *body)]
    lines = [' | '.join(row) for row in [head, sides, *body]]
    display(Markdown('\n'.join(f'| {line} |' for line in lines)))


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
    slot, top, end = 1.25 * max(steps)[0], max(h for _, h in steps) / 2, 0
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


# The boxes of draw_block, by the first of these words in their names: place
# in COLORS, hatch, corners.
SQUARE, ROUND = 'square,pad=0', 'round,pad=0,rounding_size=0.11'
BOXES = {'conv': (0, '', SQUARE), 'pool': (1, '///', SQUARE),
         'linear': (2, '...', SQUARE)} | dict.fromkeys(
    ['relu', 'sigmoid', 'bn', 'norm', 'dropout'], (3, '', ROUND))


def draw_block(stages, gap=0.25):
    """Draw a block of a network from left to right; return the axes.

    stages: strings, and lists of branches where the block forks. A branch is
    a list of strings, empty for a shortcut; the string after a fork ('+',
    'concat') is the bar where its branches meet. A string may have several
    lines. What names a layer is a box: plain for 'conv', hatched for 'pool',
    dotted for 'linear', rounded for activations, norms and dropout; all else
    ('x') is bare text, and '' at the end an arrow. gap: inches between boxes;
    the figure is as large as it must be. Raises ValueError if a fork follows
    a fork.
    """
    fig, ax = plt.subplots()
    x, wires = -gap, [[]]   # how far we are, and the lines that lead on
    for stage in stages:
        fork = [[stage]] if isinstance(stage, str) else stage
        if len(wires) == 1:
            x, wires = _draw_fork(ax, fork, x, wires[0], gap)
        elif fork is not stage:
            x, wires = _draw_join(ax, stage, x + gap, wires)
        else:
            raise ValueError('after a fork draw_block wants the string where '
                             f"its branches meet, such as '+', got {stage}")
    top = 0.05 + max(abs(text.get_position()[1])
                     + _box_size(text.get_text())[1] / 2 for text in ax.texts)
    ax.set(aspect='equal', xlim=(-0.05, x + 0.05), ylim=(-top, top))
    ax.set_axis_off()
    fig.set_size_inches(x + 0.2, 2 * top + 0.1)
    return ax


def _draw_fork(ax, fork, x, start, gap):
    """Draw branches one below the other, their boxes in columns, after x."""
    sizes = [[_box_size(name) for name in names] for names in
             itertools.zip_longest(*fork, fillvalue='')]
    widths = [max(column)[0] for column in sizes]
    step = 0.12 + max(height for column in sizes for _, height in column)
    ends = []
    for i, branch in enumerate(fork):
        y, left = step * ((len(fork) - 1) / 2 - i), x + gap
        wire = start and [*start, (x + gap / 2, 0), (x + gap / 2, y)]
        for name, width in zip(branch, widths):
            _draw_wire(ax, [*wire, (left, y)])
            _draw_box(ax, name, left, y, width)
            wire, left = [(left + width, y)], left + width + gap
        ends.append(wire)
    return x + sum(widths) + gap * len(widths), ends


def _draw_join(ax, name, x, wires):
    """Draw the bar at x in which branches meet, as high as they reach."""
    width, (*_, top), (*_, bottom) = 0.22, wires[0][-1], wires[-1][-1]
    for wire in wires:
        _draw_wire(ax, [*wire, (x, wire[-1][1])])
    ax.add_patch(FancyBboxPatch(
        (x, bottom - 0.13), width, top - bottom + 0.26, ROUND,
        facecolor='white', edgecolor='black'))
    ax.text(x + width / 2, 0, name, size=8, ha='center', va='center',
            rotation=90)
    return x + width, [[(x + width, 0)]]


def _draw_box(ax, name, left, y, width):
    """Draw a layer's box and its name, or bare text if it names no layer."""
    kinds = [BOXES[word] for word in BOXES if word in name.lower()]
    label = ax.text(left + width / 2, y, name, size=8, ha='center',
                    va='center', linespacing=1.15)
    if kinds:
        place, hatch, corners = kinds[0]
        height = _box_size(name)[1]
        ax.add_patch(FancyBboxPatch(
            (left, y - height / 2), width, height, corners, hatch=hatch,
            facecolor=COLORS[place] + '30', edgecolor=COLORS[place]))
        if hatch:
            label.set_bbox(dict(facecolor='white', linewidth=0, pad=1))


def _draw_wire(ax, points):
    """Draw a line through points (x, y), its head before the last one."""
    if len(points) > 1:
        xs, ys = zip(*points)
        ax.plot([*xs[:-1], xs[-1] - 0.035], ys, 'k->', linewidth=0.9,
                markersize=3.5, markevery=[-1])


def _box_size(name):
    """Return the width and height in inches that a name in 8 pt needs."""
    lines = name.split('\n')
    width = max(TextPath((0, 0), line, size=8).get_extents().width
                for line in lines) if name else 0
    return width / 72 + 0.14, 0.15 * len(lines) + 0.12


class Animator:
    """Draw curves that grow while a net trains, in one notebook output.

    legend: a name for each curve. fmts: how to draw the first ones, as in
    matplotlib ('m--'); else they have the book's colors and dashes. nrows,
    ncols: as in d2l; the curves are drawn into the first of the axes.
    add(x, ys) adds a point to each curve; None leaves one as it is. It
    redraws at most twice a second, less often if drawing is slow (under 2 %
    of the time goes into it), and once more when the cell ends, so the last
    point is there. In a script it shows nothing.
    """

    def __init__(self, xlabel=None, ylabel=None, legend=None, xlim=None,
                 ylim=None, xscale='linear', yscale='linear', fmts=(),
                 nrows=1, ncols=1, figsize=(3.5, 2.5)):
        settings = dict(xlabel=xlabel, ylabel=ylabel, xlim=xlim, ylim=ylim,
                        xscale=xscale, yscale=yscale)
        self.settings = {k: v for k, v in settings.items() if v is not None}
        self.legend, self.fmts = legend or [], fmts
        self.grid = dict(nrows=nrows, ncols=ncols, figsize=figsize)
        self.curves, self.handle, self.stale = [], None, False
        self.next_draw = time.monotonic() + 0.5
        self.shell = get_ipython() if in_notebook() else None

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
        if self.shell:  # which keeps a function once, however often it comes
            self.shell.events.register('post_run_cell', self._end_of_cell)
        if time.monotonic() >= self.next_draw:
            self.draw()

    @property
    def Y(self):
        """The numbers of each curve, as d2l's Animator keeps them."""
        return [values for _, values in self.curves]

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
        self.next_draw = began + max(0.5, 80 * (time.monotonic() - began))

    def figure(self):
        """Return the curves so far as a new matplotlib figure."""
        fig, axes = plt.subplots(squeeze=False, **self.grid)
        ax = axes[0, 0]
        ax.set_prop_cycle(LOOKS)
        for i, (xs, values) in enumerate(self.curves):
            line, = ax.plot(xs, values, *self.fmts[i:i + 1])
            if len(xs) == 1:  # a line of one point is not seen
                line.set_marker('o')
        for line, name in zip(ax.lines, self.legend):
            line.set_label(name)
        ax.set(**self.settings)
        ax.grid(alpha=0.3)
        if self.legend:
            ax.legend()
        return fig

    def _end_of_cell(self, result):
        self.shell.events.unregister('post_run_cell', self._end_of_cell)
        self.draw()


def in_notebook():
    """Tell whether a Jupyter kernel runs this, which can show figures."""
    return getattr(get_ipython(), 'kernel', None) is not None
