"""The files that a page's widget brings: few, small, and in its language."""

import gzip
import shutil

import embed
import pytest
import shoot

NAMES = [*shoot.NAMES, 'exercise', 'live-code']
LIMIT = 28 * 1024  # bytes of a widget's scripts and styles, compressed
DATA = {  # what is no program: photographs, and what networks gave
    'photo.js': 8,
    'cam-data.js': 31,
    'runs.js': 12,
    'record.js': 2,
    'ants-bees.js': 2,
}  # KiB, compressed


def sent(file):
    """Return how many bytes a web host sends for a file."""
    return len(gzip.compress((embed.FOLDER / file).read_bytes()))


@pytest.mark.parametrize('name', NAMES)
def test_widgets_are_small(name):
    files = ['widgets.css', 'heights.css', *embed.scripts(name)]
    assert sum(sent(f) for f in files if f not in DATA) < LIMIT


@pytest.mark.parametrize('name', DATA)
def test_data_are_small(name):
    embed.scripts('compare')  # writes the record
    assert sent(name) < DATA[name] * 1024


@pytest.mark.parametrize('name', NAMES)
def test_only_the_words_of_the_widget_are_brought(name):
    """In English unless they have been translated, one by one."""
    words = [f for f in embed.scripts(name) if f.startswith('texts/')]
    assert words[0] == 'texts/en/shared.js'
    more = ['live-code'] if name == 'exercise' else []
    assert words[1:] == [f'texts/en/{part}.js' for part in [*more, name]]


def test_words_can_be_translated(tmp_path, monkeypatch):
    shutil.copytree(embed.FOLDER, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(embed, 'FOLDER', tmp_path)
    (tmp_path / 'texts/de').mkdir()
    shutil.copy(tmp_path / 'texts/en/pooling.js', tmp_path / 'texts/de')
    assert embed.scripts('pooling', 'de')[:2] == [
        'texts/en/shared.js',
        'texts/de/pooling.js',
    ]
    assert embed.scripts('dense', 'de') == embed.scripts('dense', 'en')


def test_all_words_belong_to_a_widget():
    files = {p.stem for p in (embed.FOLDER / 'texts/en').iterdir()}
    assert files == {'shared', *NAMES}
