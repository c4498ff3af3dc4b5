"""Wide figures for a phone: what stood side by side stands in rows.

A figure of seven inches is twice as wide as a phone. So it is cut where
nothing is drawn, or where a lone arrow joins two boxes, and its parts are
put one below the other. What labels the first part labels the others too.
A figure that cannot be cut stays as it is.
"""

from itertools import combinations

import numpy as np
from PIL import Image

WHITE, DARK = 245, 130  # of 255: lighter is paper, darker may be an axis
SPACE = 9  # pixels of a gap between two panels
ROOM = 630  # pixels of a part that a phone shows at eight tenths or more
LEAST = 0.17  # of a figure's width: no part is narrower
SAVED = 0.75  # of a figure's width: wider parts are not worth a cut
FIRST = 0.05  # what the width of the first part counts: it should be full
TEXT = 0.3  # of the pixels of numbers and names: what has more is a picture
NEAR = 24  # pixels from the left of a part to its axis, half a number
FEW = 16  # gaps that are tried, the widest
EDGE, BETWEEN = 6, 24  # pixels of white around a part, and between two


def stack(picture):
    """Return a figure with its parts one below the other, or None.

    Args:
        picture: A figure, 150 pixels an inch, on white.

    Returns:
        A narrower and higher picture, or None where there is no good cut.
    """
    colors = np.asarray(picture.convert('RGB'))
    red, green, blue = np.moveaxis(colors, 2, 0)
    ink = np.minimum(np.minimum(red, green), blue) < WHITE
    dark = np.maximum(np.maximum(red, green), blue) < DARK
    parts = cut(ink)
    if len(parts) < 2:
        return None
    pieces = [colors[:, start:stop] for start, stop in parts]
    for i, part in enumerate(parts[1:], start=1):
        columns = labels_for(part, parts[0], ink, dark)
        pieces[i] = colors[:, columns]
    return pile([trimmed(piece) for piece in pieces])


def cut(ink):
    """Return the parts of a figure as pairs (start, stop) of columns."""
    drawn = np.flatnonzero(ink.any(axis=0))
    if not len(drawn):
        return []
    start, stop = drawn[0], drawn[-1] + 1
    gaps = [gap for gap in spaces(ink) if start < gap[0] and gap[1] < stop]
    gaps += arrows(ink)
    gaps = sorted(sorted(gaps, key=lambda gap: gap[0] - gap[1])[:FEW])
    best, width = [(start, stop)], SAVED * (stop - start)
    for number in (1, 2, 3):
        for chosen in combinations(gaps, number):
            edges = [start, *(x for gap in chosen for x in gap), stop]
            parts = list(zip(edges[::2], edges[1::2]))
            widths = [last - first for first, last in parts]
            bonus = min(40, min(last - first for first, last in chosen))
            bonus += FIRST * widths[0]
            narrow = min(widths) >= LEAST * (stop - start)
            if narrow and max(widths) - bonus < width:
                best, width = parts, max(widths) - bonus
        if max(last - first for first, last in best) <= ROOM:
            break
    return best


def runs(flags):
    """Return where flags are set, as pairs (start, stop)."""
    steps = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    starts, stops = np.flatnonzero(steps > 0), np.flatnonzero(steps < 0)
    return list(zip(starts.tolist(), stops.tolist()))


def spaces(ink):
    """Return the empty columns of a figure, where there are enough."""
    return [
        (start, stop)
        for start, stop in runs(~ink.any(axis=0))
        if stop - start >= SPACE
    ]


def arrows(ink):
    """Return the middles of arrows from one box to another.

    There a few thin lines are all that is drawn, the same in each column and
    no box's edges, and the boxes at both ends are higher than a line.
    """
    count = ink.sum(axis=0)
    same = (ink[:, 1:] == ink[:, :-1]).all(axis=0)
    alike = np.append(same, False) & (count > 0) & (count <= 15)
    found = []
    for start, stop in runs(alike):
        rows = runs(ink[:, start])
        thin = len(rows) <= 3 and all(b - a <= 6 for a, b in rows)
        apart = all(c - b > 45 for (_, b), (c, _) in zip(rows, rows[1:]))
        if thin and apart and stop - start >= 10:
            middle = (start + stop) // 2
            ends = ink[:, max(0, start - 25) : start], ink[:, stop : stop + 40]
            if any(joins(ends, (a + b) // 2) for a, b in rows):
                found.append((middle, middle))
    return found


def joins(ends, row, half=12):
    """Tell whether at both ends something reaches above and below a row."""
    return all(
        end[max(0, row - half) : row + half].all(axis=0).any() for end in ends
    )


def labels_for(part, first, ink, dark):
    """Return the columns of a part, with those that label the first one too.

    Panels with a common axis show its numbers once, and rows of pictures
    their names; a part that lacks them gets them from the first.
    """
    label, start = 0, part[0]
    axis = axis_of(part, dark)
    if axis is not None:
        column, rows = axis
        shares = dark[rows, first[0] : first[1]].mean(axis=0)
        same = np.flatnonzero(shares >= 0.9)
        least = 20 + column - part[0]
        if len(same) and least < same[0] < len(shares) / 2:
            if ink[:, first[0] : first[0] + same[0]].mean() < TEXT:
                label, start = same[0], column
    elif has_row_names(part, first, ink):
        label = blocks(ink, first)[1][0] - first[0]
    return [*range(first[0], first[0] + label), *range(start, part[1])]


def axis_of(part, dark):
    """Return the column and the rows of an axis where a part begins."""
    for column in range(part[0], part[0] + NEAR):
        rows = np.flatnonzero(dark[:, column])
        if len(rows) < 0.25 * len(dark):
            continue  # too short
        if dark[rows, column + 4 : column + 12].mean() <= 0.2:
            return column, rows  # and not the edge of something dark
    return None


def blocks(ink, part):
    """Return what is drawn in a part, from the left, gaps left out."""
    start, stop = part
    drawn = runs(ink[:, start:stop].any(axis=0))
    return [(start + a, start + b) for a, b in drawn]


def has_row_names(part, first, ink):
    """Tell whether the first part has names at its left that this lacks."""
    names, *panels = blocks(ink, first)
    if not panels or names[1] - names[0] > 40:
        return False
    panel, other = panels[0], blocks(ink, part)[0]
    heights = [
        np.flatnonzero(ink[:, a:b].any(axis=1))[[0, -1]]
        for a, b in (panel, other)
    ]
    wide, also_wide = panel[1] - panel[0], other[1] - other[0]
    return (
        abs(np.subtract(*heights)).max() <= 3
        and abs(wide - also_wide) <= 0.25 * wide
    )


def trimmed(piece):
    """Return a piece without the white above, below, and at its sides."""
    ink = (piece < WHITE).any(axis=2)
    rows = np.flatnonzero(ink.any(axis=1))
    columns = np.flatnonzero(ink.any(axis=0))
    return piece[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def pile(pieces):
    """Return pieces one below the other, at the left, as a picture."""
    width = max(piece.shape[1] for piece in pieces) + 2 * EDGE
    height = sum(piece.shape[0] + BETWEEN for piece in pieces)
    page = np.full((height + 2 * EDGE - BETWEEN, width, 3), 255, np.uint8)
    top = EDGE
    for piece in pieces:
        high, wide = piece.shape[:2]
        page[top : top + high, EDGE : EDGE + wide] = piece
        top += high + BETWEEN
    return Image.fromarray(page)
