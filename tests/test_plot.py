"""Figures, and curves that grow in a notebook."""

from types import SimpleNamespace

import matplotlib as mpl
import nbformat
import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt
from nbclient import NotebookClient

from d2lmini import plot
from d2lmini.plot import (
    Animator,
    draw_block,
    draw_network,
    in_notebook,
    show_images,
    show_matrices,
    table,
    use_style,
)


@pytest.fixture(autouse=True)
def agg():
    """Draw into memory, and leave matplotlib as it was."""
    with mpl.rc_context():
        plt.switch_backend('agg')
        yield
    plt.close('all')


class Notebook:
    """A shell, a display and a clock, as a notebook gives them.

    cost: seconds that the display takes to draw.
    """

    def __init__(self, cost=0.0):
        self.kernel, self.events, self.now = self, self, 100.0
        self.cost, self.callbacks, self.drawn, self.handles = cost, [], [], []

    def register(self, event, callback):
        assert event == 'post_run_cell'
        if callback not in self.callbacks:  # as IPython does
            self.callbacks.append(callback)

    def unregister(self, event, callback):
        self.callbacks.remove(callback)

    def end_cell(self):
        for callback in list(self.callbacks):
            callback(None)

    def monotonic(self):
        return self.now

    def display(self, figure, display_id):
        assert display_id is True
        self.handles.append(self)
        self.update(figure)
        return self

    def update(self, figure):
        """Note when, and all points of the curves."""
        self.now += self.cost
        self.drawn.append(
            (
                self.now,
                [line.get_xydata().tolist() for line in figure.axes[0].lines],
            )
        )


def install(notebook, monkeypatch):
    monkeypatch.setattr(plot, 'get_ipython', lambda: notebook)
    monkeypatch.setattr(plot, 'display', notebook.display)
    monkeypatch.setattr(plot, 'time', notebook)
    return notebook


@pytest.fixture
def notebook(monkeypatch):
    return install(Notebook(), monkeypatch)


def grow(notebook, seconds, step=0.01):
    """Add points to two curves, as a run of some seconds would."""
    animator, end = Animator(legend=['a', 'b']), notebook.now + seconds
    i = 0
    while notebook.now < end:
        notebook.now += step
        animator.add(i, (i, None if i % 2 else -i))
        i += 1
    notebook.end_cell()
    return i


# Animator


def test_animator_redraws_at_most_twice_a_second(notebook):
    grow(notebook, 10)
    times = [time for time, _ in notebook.drawn[:-1]]
    assert np.diff([100, *times]).min() >= 0.499
    assert 18 <= len(times) <= 20
    assert len(notebook.handles) == 1  # all others are updates


def test_animator_always_draws_the_last_point(notebook):
    for seconds in [0.1, 0.5, 1.7]:
        notebook.drawn.clear()
        n = grow(notebook, seconds)
        assert notebook.drawn[-1][1] == [
            [[i, i] for i in range(n)],
            [[i, -i] for i in range(0, n, 2)],
        ]
        assert notebook.callbacks == [] and plt.get_fignums() == []


def test_animator_costs_little(monkeypatch):
    for cost in [0.05, 0.3]:
        notebook = install(Notebook(cost), monkeypatch)
        grow(notebook, 60)
        assert len(notebook.drawn) >= 3
        assert len(notebook.drawn) * cost < 0.03 * (notebook.now - 100)


def test_animator_does_not_draw_twice_what_it_has_drawn(notebook):
    animator = Animator()
    animator.draw()
    assert notebook.drawn == []
    animator.add(0, 1)
    animator.draw()
    animator.draw()
    notebook.end_cell()
    assert len(notebook.drawn) == 1


def test_animator_goes_on_in_the_next_cell(notebook):
    animator = Animator()
    for i in range(3):
        animator.add(i, i)
        notebook.end_cell()
        assert notebook.drawn[-1][1] == [[[j, j] for j in range(i + 1)]]
    assert len(notebook.handles) == 1 and notebook.callbacks == []


@pytest.mark.parametrize('error', [KeyboardInterrupt, ValueError])
def test_animator_tidies_up_after_an_error(notebook, monkeypatch, error):
    def display(figure, display_id):
        raise error

    monkeypatch.setattr(plot, 'display', display)
    animator = Animator()
    animator.add(0, 1)
    with pytest.raises(error):
        notebook.end_cell()
    assert plt.get_fignums() == [] and notebook.callbacks == []


@pytest.mark.parametrize(
    'y, expected',
    [
        (2, [2]),
        (torch.tensor(2.5), [2.5]),
        ((1, 3), [1, 3]),
        (torch.tensor([1.0, 3.0]), [1, 3]),
        (np.array([1, 3]), [1, 3]),
        ([np.float32(1), torch.tensor(3)], [1, 3]),
    ],
)
def test_animator_takes_a_number_or_one_for_each_curve(y, expected):
    animator = Animator()
    animator.add(7, y)
    assert animator.curves == [([7], [value]) for value in expected]


def test_animator_settings():
    animator = Animator(
        'epoch',
        'loss',
        ['train', 'test'],
        [0, 9],
        [0.1, 2],
        yscale='log',
        figsize=(5, 3),
    )
    for i in range(3):
        animator.add(i, (i + 1, None))
    animator.add(3, (None, 2))
    figure = animator.figure()
    (ax,) = figure.axes
    assert tuple(figure.get_size_inches()) == (5, 3)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ('epoch', 'loss')
    assert ax.get_xlim() == (0, 9) and ax.get_ylim() == (0.1, 2)
    assert ax.get_yscale() == 'log'
    assert [text.get_text() for text in ax.get_legend().texts] == [
        'train',
        'test',
    ]
    one, two = ax.lines
    assert one.get_color() != two.get_color()
    assert one.get_linestyle() != two.get_linestyle()
    assert two.get_marker() == 'o'  # else a single point is not seen


def test_animator_finds_limits_of_its_own_on_a_log_scale():
    animator = Animator(yscale='log')
    for i in range(4):
        animator.add(i, 10.0**-i)
    low, high = animator.figure().axes[0].get_ylim()
    assert 1e-4 < low < 1e-3 and 1 < high < 10


@pytest.mark.parametrize('shell', [None, SimpleNamespace()])
def test_animator_in_a_script_shows_nothing(shell, monkeypatch, capfd):
    monkeypatch.setattr(plot, 'get_ipython', lambda: shell)
    monkeypatch.setattr(plot, 'display', None)
    assert not in_notebook()
    animator = Animator()
    animator.next_draw = 0
    animator.add(0, (1, 2))
    animator.draw()
    assert plt.get_fignums() == [] and capfd.readouterr() == ('', '')


CELLS = [
    """\
import torch
from torch import nn
from d2lmini import plot, train
from d2lmini.data import ImageIter
class Kept(plot.Animator):
    all = []
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.all.append(self)
    def figure(self):
        figure = super().figure()
        self.figures = getattr(self, 'figures', 0) + 1
        return figure
train.Animator = Kept
plot.use_style()
data_iter = ImageIter(torch.randint(0, 256, (512, 1, 8, 8)).byte(),
                      torch.randint(0, 3, (512,)), 4)
net = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
history = train.train_gpu(net, data_iter, data_iter, 25, 0.1, 'cpu')""",
    """\
animator, = Kept.all
assert animator.figures > 1, 'train for longer'
assert animator.curves[2] == (list(range(1, 26)), history.valid_acc)
animator.figure()
plot.plt.show()""",
    """\
by_hand = plot.Animator()
by_hand.add(0, 1)""",
    """\
by_hand.add(1, 2)""",
    """\
figure = by_hand.figure()
plot.plt.show()""",
]


@pytest.fixture(scope='module')
def cells(tmp_path_factory):
    """Run CELLS in a real kernel."""
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    NotebookClient(
        nbformat.v4.new_notebook(cells=cells),
        timeout=300,
        resources={
            'metadata': {'path': str(tmp_path_factory.mktemp('notebook'))}
        },
    ).execute()
    return cells


def test_training_in_a_real_notebook_leaves_one_output(cells):
    (output,) = cells[0].outputs
    assert output.output_type == 'display_data'
    (whole,) = cells[1].outputs
    assert output.data['image/png'] == whole.data['image/png']


def test_curves_by_hand_in_a_real_notebook_stay_in_their_cell(cells):
    (output,) = cells[2].outputs
    (whole,) = cells[4].outputs
    assert output.output_type == 'display_data' and cells[3].outputs == []
    assert output.data['image/png'] == whole.data['image/png']


# Figures


def test_style():
    use_style()
    figure, ax = plt.subplots()
    assert tuple(figure.get_size_inches()) == (3.5, 2.5) and figure.dpi == 150
    assert plt.rcParams['font.size'] >= 8
    lines = [ax.plot([0, 1])[0] for _ in range(6)]
    assert len({line.get_color() for line in lines}) == 6
    assert (
        len(
            {
                str(line.get_linestyle()) + str(line._dash_pattern)
                for line in lines
            }
        )
        == 6
    )


IMAGES = {
    'gray': torch.rand(4, 5),
    'one channel': torch.rand(1, 4, 5),
    'colors first': torch.rand(3, 4, 5),
    'colors last': np.random.rand(4, 5, 3),
    'bytes': np.ones((4, 5), np.uint8),
    'graph': torch.rand(3, 4, 5, requires_grad=True),
}


@pytest.mark.parametrize('kind', IMAGES)
def test_show_images(kind):
    image = IMAGES[kind]
    axes = show_images([image] * 7, 2, 3, titles=list('abcdef'), scale=2)
    assert len(axes) == 6 and len(plt.gcf().axes) == 6
    assert tuple(plt.gcf().get_size_inches()) == (6, 4)
    assert [ax.get_title() for ax in axes] == list('abcdef')
    for ax in axes:
        shown = ax.images[0].get_array()
        assert shown.shape == (
            (4, 5, 3) if 'colors' in kind or kind == 'graph' else (4, 5)
        )
        assert ax.images[0].get_cmap().name == 'gray' and not ax.axison


def test_show_images_does_not_mix_up_channels():
    image = torch.rand(3, 4, 5)
    (ax,) = show_images([image], 1, 1)
    np.testing.assert_array_equal(
        ax.images[0].get_array(), image.permute(1, 2, 0)
    )


@pytest.mark.parametrize(
    'arguments, message',
    [
        (([torch.rand(4, 5)] * 5, 2, 3), '2 x 3 needs 6 images, got 5'),
        (([torch.rand(4, 5)] * 6, 2, 3, ['a']), '2 x 3 needs 6 titles, got 1'),
        (([torch.rand(2, 4, 5)], 1, 1), r'Invalid shape \(2, 4, 5\)'),
        (([torch.rand(4)], 1, 1), r'Invalid shape \(4,\)'),
    ],
)
def test_show_images_refuses(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        show_images(*arguments)


def test_show_matrices():
    one, two = torch.arange(6.0).reshape(2, 3), np.array([[0.12345]])
    axes = show_matrices([one, two], titles=['one', 'two'])
    assert [[text.get_text() for text in ax.texts] for ax in axes] == [
        ['0', '1', '2', '3', '4', '5'],
        ['0.123'],
    ]
    assert [ax.get_title() for ax in axes] == ['one', 'two']
    dark, light = axes[0].texts[0], axes[0].texts[-1]
    assert (dark.get_color(), light.get_color()) == ('white', 'black')
    assert axes[0].images[0].get_cmap().name == 'cividis'


def test_table(monkeypatch):
    shown = []
    monkeypatch.setattr(plot, 'display', shown.append)
    table(
        ['layer', 'shape', 'weights', 'gain', 'share'],
        ['`conv`', (6, 28), f'{1560:,}', f'{-0.5:+.3f}', '**7.5%**'],
        ['pool', '', 0, '', f'{0.25:.1%}'],
    )
    assert shown[0].data.split('\n') == [
        '| layer | shape | weights | gain | share |',
        '| :--- | :--- | ---: | ---: | ---: |',
        '| `conv` | (6, 28) | 1,560 | -0.500 | **7.5%** |',
        '| pool |  | 0 |  | 25.0% |',
    ]


@pytest.mark.parametrize('row', [['b'], ['b', 2, 3], []])
def test_table_refuses_rows_of_other_lengths(row):
    with pytest.raises(ValueError) as error:
        table(['name', 'number'], ['a', 1], row)
    assert str(error.value) == (
        f'the head of the table has 2 cells, row 2 has {len(row)}: '
        f'{[str(cell) for cell in row]}'
    )


def test_draw_network():
    ax = draw_network(
        [
            ('image', (1, 28, 28)),
            ('conv', (6, 28, 28)),
            ('pool', (6, 14, 14)),
            ('linear', (10,)),
        ]
    )
    texts = [text.get_text() for text in ax.texts]
    for words in ['image', '1\n28×28', 'pool', '6\n14×14', 'linear', '10\n']:
        assert words in texts
    heights = [box.get_height() for box in ax.patches]
    assert heights[0] == heights[1] > heights[2] > heights[3]
    widths = [round(box.get_width(), 6) for box in ax.patches]
    assert widths[0] < widths[1] == widths[2] < widths[3]
    assert len({box.get_hatch() for box in ax.patches}) == 3


BLOCKS = {
    'chain': (['x', '5×5 conv', 'ReLU', '2×2 pool', 'linear', ''], 4, 5),
    'shortcut': (['x', [['3×3 conv', 'BN'], []], '+', 'ReLU', 'y'], 4, 6),
    'inception': (
        [
            'x',
            [
                ['1×1 conv'],
                ['1×1 conv', '3×3 conv'],
                ['3×3\npool', '1×1 conv'],
            ],
            'concat',
        ],
        6,
        8,
    ),
    'dense': (['x', [['conv'], []], 'concat', [['conv'], []], 'concat'], 4, 6),
}


@pytest.mark.parametrize('block', BLOCKS)
def test_draw_block(block):
    stages, num_boxes, num_wires = BLOCKS[block]
    ax = draw_block(stages)
    assert (len(ax.patches), len(ax.lines)) == (num_boxes, num_wires)
    flat = [
        name
        for stage in stages
        for branch in ([[stage]] if isinstance(stage, str) else stage)
        for name in branch
    ]
    assert [text.get_text() for text in ax.texts] == flat
    assert {text.get_size() for text in ax.texts} == {8}


@pytest.mark.parametrize('block', BLOCKS)
def test_draw_block_leaves_room_for_all(block):
    """Nothing leaves the figure, no two boxes overlap, names fit in."""
    use_style()
    ax = draw_block(BLOCKS[block][0])
    ax.figure.canvas.draw()
    whole, boxes = (
        ax.figure.bbox,
        [box.get_window_extent() for box in ax.patches],
    )
    words = [text.get_window_extent() for text in ax.texts if text.get_text()]
    for extent in boxes + words:
        assert 0 < extent.x0 < extent.x1 < whole.x1
        assert 0 < extent.y0 < extent.y1 < whole.y1
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])
        assert (
            sum(
                box.fully_contains(*name.min) and box.fully_contains(*name.max)
                for name in words
            )
            == 1
        )


def test_draw_block_joins_what_follows_each_other():
    """Each line goes from one box's right side to another one's left."""
    ax = draw_block(['conv', [['conv', 'ReLU'], ['conv'], []], '+', 'conv'])
    sides = {
        name: [
            (
                round(x, 6),
                round(box.get_y(), 6),
                round(box.get_y() + box.get_height(), 6),
            )
            for box in ax.patches
            for x in [box.get_x() + at * box.get_width()]
        ]
        for name, at in [('left', 0), ('right', 1)]
    }
    joined = []
    for line in ax.lines:
        (*start,), (*end,) = line.get_xydata()[[0, -1]]
        joined.append(
            [
                [
                    i
                    for i, (x, low, high) in enumerate(sides[name])
                    if abs(x - px) < 0.05 and low < py < high
                ]
                for name, (px, py) in [('right', start), ('left', end)]
            ]
        )
    # 0: conv, 1 to 3: in the branches, 4: the bar, 5: conv
    assert sorted(joined) == sorted(
        [
            [[0], [1]],
            [[1], [2]],
            [[0], [3]],
            [[2], [4]],
            [[3], [4]],
            [[0], [4]],
            [[4], [5]],
        ]
    )


def test_draw_block_tells_kinds_apart_without_color():
    ax = draw_block(['x', 'conv', 'ReLU', 'pool', 'linear'])
    looks = {(box.get_hatch(), type(box.get_boxstyle())) for box in ax.patches}
    assert len(looks) == len({box.get_edgecolor() for box in ax.patches}) == 4


def test_draw_block_wants_a_meeting_point():
    with pytest.raises(ValueError, match=r"such as '\+', got \[\['conv'\]"):
        draw_block(['x', [['conv'], []], [['conv'], []]])
