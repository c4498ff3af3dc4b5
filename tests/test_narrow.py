"""Figures for phones: cut where they may be, whole where they may not."""

import numpy as np
import pytest
from narrow import BETWEEN, EDGE, cut, stack
from PIL import Image, ImageDraw

BLUE, LIGHT = '#0072B2', '#CFE3F0'


def draw(*boxes, width=1000, height=200):
    """Return a white picture with boxes of colors."""
    picture = Image.new('RGB', (width, height), 'white')
    for box, color in boxes:
        ImageDraw.Draw(picture).rectangle(box, fill=color)
    return picture


def columns_of(picture, color):
    """Return the first and the last column and row that hold a color."""
    same = (np.asarray(picture) == np.array(color)).all(axis=2)
    rows, columns = np.nonzero(same)
    return columns.min(), columns.max(), rows.min(), rows.max()


def test_two_panels_stand_one_below_the_other():
    left, right = (255, 0, 0), (0, 0, 255)
    narrow = stack(
        draw(((10, 20, 479, 179), left), ((520, 20, 989, 179), right))
    )
    assert narrow.size == (470 + 2 * EDGE, 2 * 160 + BETWEEN + 2 * EDGE)
    assert columns_of(narrow, left) == (EDGE, EDGE + 469, EDGE, EDGE + 159)
    first, last, top, bottom = columns_of(narrow, right)
    assert (first, last) == (EDGE, EDGE + 469)
    assert (top, bottom) == (EDGE + 160 + BETWEEN, EDGE + 319 + BETWEEN)


@pytest.mark.parametrize('number, first', [(8, 4), (7, 4), (5, 3)])
def test_a_grid_is_cut_in_its_middle_and_the_first_row_is_full(number, first):
    """Dark pictures, too: the edge of the second is no common axis."""
    step = 1000 // number
    panels = [
        ((i * step, 0, i * step + 110, 99), '#222') for i in range(number)
    ]
    narrow = stack(draw(*panels))
    assert narrow.width == (first - 1) * step + 111 + 2 * EDGE
    row = np.asarray(narrow).min(axis=2)[-EDGE - 50] < 245
    assert np.count_nonzero(np.diff(row.astype(int)) == 1) == number - first


@pytest.mark.parametrize(
    'boxes',
    [
        [],
        [((10, 10, 990, 190), BLUE)],
        # A name at the left, and one chart: no half of it is a panel.
        [((10, 10, 25, 190), 'black'), ((60, 10, 990, 190), BLUE)],
        # Bars on an axis: its line is no arrow from box to box.
        [((10, 190, 990, 192), 'black')]
        + [((i, 40, i + 100, 190), BLUE) for i in range(50, 900, 200)],
    ],
)
def test_what_is_one_stays_whole(boxes):
    assert stack(draw(*boxes)) is None


def test_a_row_of_boxes_is_cut_at_an_arrow():
    boxes = [((i, 60, i + 150, 140), LIGHT) for i in range(10, 900, 200)]
    arrows = [((i, 99, i + 50, 101), 'black') for i in range(160, 800, 200)]
    picture = draw(*boxes, *arrows)
    least = np.asarray(picture).min(axis=2)
    first, second = cut(least < 245)
    assert first[1] == second[0]
    assert any(box[0] < first[1] < box[2] for box, _ in arrows)
    assert stack(picture).width < 640
    # The edges of one long box are no arrows, though thin and level.
    long = [((160, 80, 800, 82), 'black'), ((160, 118, 800, 120), 'black')]
    ends = [((10, 60, 160, 140), LIGHT), ((800, 60, 990, 140), LIGHT)]
    assert stack(draw(*long, *ends)) is None


@pytest.mark.parametrize('shared', [True, False])
def test_a_common_axis_keeps_its_numbers(shared):
    """The second of two charts gets the labels of the first, if it has none.

    A dark panel has an edge too, but no axis.
    """
    labels = ((10, 40, 40, 160), (255, 0, 0))
    axes = [((x, 20, x + 2, 180), 'black') for x in (60, 560)]
    lines = [((x, 100, x + 380, 102), BLUE) for x in (70, 570)]
    if shared:  # half a number at its left, a picture right behind it
        lines += [((x - 18, 184, x + 18, 194), BLUE) for x in (60, 560)]
        lines += [((x, 0, x + 99, 70), '#222') for x in (62, 562)]
    else:
        lines.append(((562, 20, 940, 180), (40, 40, 40)))
    narrow = np.asarray(stack(draw(labels, *axes, *lines)))
    red = (narrow == (255, 0, 0)).all(axis=2).any(axis=1)
    assert np.count_nonzero(np.diff(red.astype(int)) == 1) == 1 + shared


@pytest.mark.parametrize(('high', 'copied'), [(8, True), (160, False)])
def test_names_may_be_long_but_a_picture_is_none(high, copied):
    names = [((10, y, 195, y + high), (255, 0, 0)) for y in (20, 70, 120)]
    axes = [((x, 20, x + 2, 180), 'black') for x in (200, 620)]
    lines = [((x, 150, x + 330, 152), BLUE) for x in (210, 630)]
    narrow = np.asarray(stack(draw(*names, *axes, *lines)))
    red = (narrow == (255, 0, 0)).all(axis=2).any(axis=1)
    times = np.count_nonzero(np.diff(red.astype(int)) == 1)
    assert times == (6 if copied else 1)


def test_rows_of_pictures_keep_their_names():
    names = [((4, y + 20, 24, y + 60), (255, 0, 0)) for y in (0, 100)]
    pictures = [
        ((x, y, x + 100, y + 80), (70, 70, 70))
        for x in range(40, 980, 120)
        for y in (0, 100)
    ]
    narrow = np.asarray(stack(draw(*names, *pictures)))
    red = (narrow == (255, 0, 0)).all(axis=2)[:, EDGE : EDGE + 25].any(axis=1)
    assert np.count_nonzero(np.diff(red.astype(int)) == 1) == 4
