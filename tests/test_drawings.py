"""Which figures of the pages are turned to dark with the page: drawings."""

import pytest
from PIL import Image, ImageDraw
from website import is_drawing

BLUE, ORANGE = '#0072B2', '#D55E00'


def picture(*boxes):
    """Return a white picture, 100 pixels a side, with boxes of colors."""
    image = Image.new('RGB', (100, 100), 'white')
    for box, color in boxes:
        ImageDraw.Draw(image).rectangle(box, fill=color)
    return image


axes = ((5, 0, 5, 95), 'black'), ((5, 95, 99, 95), 'black')
FIGURES = {
    'lines': (picture(*axes, ((10, 50, 90, 51), BLUE)), True),
    'bars': (
        picture(*axes, ((10, 60, 40, 94), BLUE), ((50, 5, 80, 70), ORANGE)),
        True,
    ),
    'gray pictures over bars': (
        picture(*axes, ((10, 5, 80, 20), '#111'), ((10, 60, 30, 70), BLUE)),
        False,
    ),
    'a map of colors': (picture(((5, 5, 80, 80), BLUE)), False),
    'a dark picture': (picture(((0, 0, 99, 99), '#222')), False),
}


@pytest.mark.parametrize('kind', FIGURES)
def test_drawings_are_told_from_pictures(kind, tmp_path):
    figure, drawn = FIGURES[kind]
    path = tmp_path / 'figure.png'
    figure.save(path)
    assert is_drawing(path) == drawn


def test_a_photograph_is_no_drawing(tmp_path):
    path = tmp_path / 'photograph.jpg'
    picture().save(path)
    assert not is_drawing(path)
