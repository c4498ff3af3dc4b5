"""The children of other tests: one that is killed does no harm to the rest."""

import time

import children
from tqdm import tqdm


def hold(path):
    with tqdm.get_lock():
        path.touch()
        time.sleep(600)


def show():
    assert list(tqdm(range(2))) == [0, 1]


def test_a_killed_child_keeps_no_lock_that_others_want(tmp_path):
    child = children.start(hold, tmp_path / 'held')
    while not (tmp_path / 'held').exists():
        assert child.is_alive()
    children.kill(child)
    other = children.start(show)
    other.join(60)
    assert other.exitcode == 0, 'it waits for ever'
