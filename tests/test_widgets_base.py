"""What all widgets have: title, checked task, address, a height that stays."""

import json
import random
from urllib.parse import urlencode

import embed
import heights
import pytest
import shoot
import torch
from test_widgets import node, numbers
from torch.nn import functional as F

# Settings that are a task's answer, as the address holds them.
ANSWERS = {
    'convolution': 'padding=1&filter=own&filterNumbers=0 0 0,0 0 1,0 0 0',
    'pooling': 'n=6&kernel=3&padding=1',
    'receptive-field': 'preset=own&n=30&layers=5.1.0.1 5.1.0.3 5.1.0.2',
    'transposed': 'stride=3',
    'channels': 'inChannels=6&outChannels=6&groups=3',
    'playground': 'depth=0&lr=4&norm=false&crop=false',
    'backward': 'upstreamNumbers=1 0,0 0',
    'batch-norm': 'gamma=2&beta=3',
    'shortcut': 'depth=30&gain=1.15',
    'dense': 'growth=12&layers=16',
    'inception': 'reduce=true&mid5=16',
    'roofline': 'channels=8&depthwise=true',
    'augment': 'picture=letter&flip=false&rotation=30&hue=0.5&contrast=0.3',
}
ANSWERS['grad-cam'] = 'view=both&place=59'
ANSWERS['sampler'] = 'times=9&draws=300'
ANSWERS['validation-noise'] = 'n=529&truth=94&trials=20'
ANSWERS['blocks'] = 'expansion=4'
ANSWERS['dropout'] = 'units=8'
ANSWERS['small-kernels'] = 'count=3&doubled=true'
ANSWERS['compare'] = 'cost=memory&budget=95'
ANSWERS['threshold'] = 'cost=5&threshold=20'
ANSWERS['calculator'] = (
    'shape=1, 1, 28, 28&layers=Conv2d(1, 6, 5)\nReLU()\nAvgPool2d(8)\n'
    'Flatten()\nLinear(54, 10)'
)
NEAR = {  # what looks like an answer and is none
    'convolution': 'filter=own&filterNumbers=0 0 0,0 0 1,0 0 0',
    'pooling': 'n=6&kernel=2',
    'receptive-field': 'preset=own&n=30&layers=5.1.0.2 5.1.0.2 5.1.0.2',
    'calculator': 'shape=1, 1, 28, 28&layers=Flatten()\nLinear(784, 10)',
    'transposed': 'stride=3&kernel=4',
    'channels': 'inChannels=6&outChannels=6&groups=6',
    'playground': 'depth=0&lr=3&norm=false&crop=false',
    'backward': 'upstreamNumbers=1 0,0 1',
    'batch-norm': 'gamma=2',
    'shortcut': 'depth=30&gain=1.15&on=true',
    'dense': 'growth=12&layers=16&bottleneck=false',
    'inception': 'reduce=true&mid5=16&c5=24',
    'roofline': 'channels=8',
    'augment': 'picture=letter&rotation=30&hue=0.5&contrast=0.3',
    'grad-cam': 'view=both&place=59&kind=espresso',
    'sampler': 'times=9&draws=280',
    'validation-noise': 'n=441&truth=94&trials=20',
    'blocks': 'expansion=3',
    'dropout': 'units=9',
    'small-kernels': 'count=4&doubled=true',
    'compare': 'cost=multiplyAdds&budget=95',
    'threshold': 'cost=5&threshold=50',
}
# What is done with the others is no setting, or needs its page.
OTHERS = 'draw', 'line', 'symptom'
NAMES = [name for name in shoot.NAMES if name not in OTHERS]


@pytest.fixture(scope='module')
def home(serve, tmp_path_factory):
    """Return a folder, and the address at which it is served."""
    folder = tmp_path_factory.mktemp('home')
    return folder, serve(folder)


@pytest.fixture
def page(shared, home):
    """Return a page on a server: it has an address and a memory."""
    folder, address = home
    page = shared.clear()
    shared.origins.add(address)
    page.tree, page.home = folder, address
    yield page
    assert page.problems == []


def opened(page, *names, query=''):
    """Open a page with widgets; return the first of them."""
    files = dict.fromkeys(s for name in names for s in embed.scripts(name))
    sheets = ['widgets.css', 'heights.css']
    body = ''.join(
        f'<d2l-{name}><p>A picture.</p></d2l-{name}>' for name in names
    )
    text = shoot.BARE.format(body).replace(
        '<title>', '<link rel="icon" href="data:,"><title>'
    )
    for sheet in [shoot.SITE / 'static/book.css', *sheets]:
        rules = (embed.FOLDER / sheet).read_text(encoding='utf-8')
        text += f'<style>{rules}</style>'
    for file in files:
        script = (embed.FOLDER / file).read_text(encoding='utf-8')
        text += f'<script>{script}</script>'
    (page.tree / 'index.html').write_text(text, encoding='utf-8')
    page.goto(f'{page.home}/index.html{query}')
    return page.locator(f'd2l-{names[0]}')


def opened_again(page, name, query):
    """Make the widget anew, at another address of the same page."""
    page.evaluate(
        """([tag, query]) => {
            history.replaceState(null, '', query);
            const old = document.querySelector(tag);
            old.replaceWith(document.createElement(tag));
        }""",
        [f'd2l-{name}', query],
    )
    return page.locator(f'd2l-{name}')


def query(name, settings):
    """Return a query as the page itself writes it."""
    parts = dict(part.split('=', 1) for part in settings.split('&'))
    return '?' + urlencode({'widget': name} | parts)


@pytest.mark.parametrize('name', shoot.NAMES)
def test_title_and_task_can_be_seen(page, name):
    widget = opened(page, name)
    title = widget.locator('.title').inner_text()
    assert widget.get_attribute('aria-label') == title
    task = widget.locator('.task')
    assert task.inner_text().startswith('Try it: ')
    assert 40 < len(task.inner_text()) < 220
    assert task.locator('[role=status]').inner_text() == ''


@pytest.mark.parametrize('name', NAMES)
def test_task_is_checked_and_remembered(page, name):
    widget = opened(page, name, query=query(name, NEAR[name]))
    assert widget.locator('.answer').inner_text() == ''
    widget = opened_again(page, name, query(name, ANSWERS[name]))
    assert widget.locator('.answer').inner_text().startswith('\u2713 Right')
    page.goto('about:blank')
    widget = opened(page, name)
    assert 'You have done this' in widget.locator('.answer').inner_text()


@pytest.mark.parametrize('name', NAMES)
def test_address_brings_the_settings_back(page, name):
    widget = opened(page, name, query=query(name, ANSWERS[name]))
    first = widget.locator('.controls, table, textarea').all_inner_texts()
    widget.evaluate(
        """widget => {
            history.replaceState(null, '', location.pathname);
            widget.writeAddress();
        }"""
    )
    page.wait_for_function('location.search.length > 0')
    page.reload()
    assert (
        widget.locator('.controls, table, textarea').all_inner_texts() == first
    )
    assert widget.locator('.answer').inner_text().startswith('\u2713')


@pytest.mark.parametrize('name', NAMES)
def test_an_address_that_somebody_broke_does_no_harm(page, name):
    """Numbers out of range, names that are none, code: nothing is believed."""
    widget = opened(page, name)
    controls = widget.evaluate(
        "w => [...w.querySelectorAll('[name]')].map(c => c.name)"
    )
    dice = random.Random(0)
    values = ['-1e9', '1e9', 'NaN', '', '3.7', '__proto__', '<b>', 'true']
    grids = ['1 2,3', 'x', '1e9', ','.join(['1 ' * 20] * 20), '5']
    addresses = []
    for _ in range(8):
        settings = {key: dice.choice(values) for key in controls}
        settings |= {'layers': dice.choice(['9.9.9.9', '....', '<b>', 'a(('])}
        settings |= {'filterNumbers': dice.choice(grids), 'filter': 'own'}
        settings |= {'imageNumbers': dice.choice(grids), 'image': 'own'}
        settings |= {'constructor': '1', '__proto__': '2', 'widget': name}
        addresses.append(f'?{urlencode(settings)}')
    seen = page.evaluate(
        """([tag, addresses]) => addresses.map(address => {
            history.replaceState(null, '', address);
            const widget = document.createElement(tag);
            document.querySelector(tag).replaceWith(widget);
            return [widget.querySelector('.title').checkVisibility(),
                widget.querySelectorAll('b b, a').length];
        })""",
        [f'd2l-{name}', addresses],
    )
    assert seen == [[True, 0]] * 8


def test_link_is_copied(page):
    page.context.grant_permissions(['clipboard-read', 'clipboard-write'])
    widget = opened(page, 'pooling')
    widget.locator('[name=n]').fill('6')
    widget.get_by_role('button', name='Copy link').click()
    widget.get_by_role('button', name='Link copied').wait_for()
    copied = page.evaluate('navigator.clipboard.readText()')
    assert copied == f'{page.home}/index.html?widget=pooling&n=6'


WIDTHS = [320, 375, 430, 480, 540, 600, 650, 688, 768, 1024, 1280]


def test_room_is_kept_at_every_width(show):
    """What stands below hardly moves when the scripts have run."""
    page = show(*shoot.NAMES).page
    page.wait_for_timeout(1000)

    def measured():
        found = []
        for width in WIDTHS:
            page.set_viewport_size({'width': width, 'height': 900})
            found.append(page.evaluate(heights.HEIGHTS, shoot.NAMES))
        return torch.tensor(found)

    after = measured()
    page.goto('about:blank')
    page.set_content(
        shoot.BARE.format(
            ''.join(f'<d2l-{n}><p>A.</p></d2l-{n}>' for n in shoot.NAMES)
        )
    )
    for sheet in ['../static/book.css', 'widgets.css', 'heights.css']:
        page.add_style_tag(path=embed.FOLDER / sheet)
    off = (measured() - after).abs()
    worst = divmod(int(off.argmax()), len(shoot.NAMES))
    where = WIDTHS[worst[0]], shoot.NAMES[worst[1]]
    assert off.max() <= 56, ('run tools/heights.py', where, off.max())


def test_what_stands_below_keeps_its_place_in_use(show):
    widget = show('pooling')
    widget.evaluate('widget => widget.change({ n: 6, kernel: 4, stride: 1 })')
    widget.page.wait_for_timeout(300)
    height = widget.bounding_box()['height']
    widget.evaluate('widget => widget.change({ n: 1, kernel: 1 })')
    widget.page.wait_for_timeout(300)
    assert abs(widget.bounding_box()['height'] - height) < 2
    widget.page.set_viewport_size({'width': 700, 'height': 900})
    widget.page.wait_for_timeout(500)
    gap = widget.evaluate(
        'w => w.offsetHeight - [...w.children].reduce((bottom, child) => '
        'Math.max(bottom, child.offsetTop + child.offsetHeight), 0) '
        '+ w.offsetTop'
    )
    assert gap < 40


# The photograph


def test_convolution_of_a_photograph():
    """As PyTorch's, with strides, padding and dilation, 200 settings."""
    dice, cases = random.Random(5), []
    for _ in range(200):
        n, kernel, dilation = dice.randint(9, 14), dice.randint(1, 5), 1
        if kernel < 4:
            dilation = dice.randint(1, 3)
        cases.append(
            dict(
                n=n,
                pixels=sum(numbers(dice, n), []),
                K=numbers(dice, kernel),
                stride=dice.randint(1, 4),
                padding=dice.randint(0, 2),
                dilation=dilation,
            )
        )
    found = node(
        '(({ size, values }) => ({ size, values: [...values] }))'
        '(d2l.convolveFast(c.pixels, c.n, c.K, c))',
        cases,
    )
    for case, mine in zip(cases, found):
        X = torch.tensor(case['pixels']).double().reshape(1, 1, case['n'], -1)
        K = torch.tensor(case['K']).double()[None, None]
        options = {k: case[k] for k in ('stride', 'padding', 'dilation')}
        Y = F.conv2d(X, K, **options)[0, 0]
        assert mine['size'] == len(Y)
        assert mine['values'] == Y.flatten().tolist(), json.dumps(case)


def test_photograph_follows_the_kernel(show):
    widget = show('convolution')
    note = widget.locator('.photos figcaption').nth(1)
    note.filter(has_text='126×126; bright is far from 0').wait_for()
    widget.get_by_label('Kernel', exact=True).select_option('mean')
    assert '126×126, divided by its sum, 1' in note.inner_text()
    widget.locator('[name=stride]').fill('2')
    assert '63×63' in note.inner_text()
    size = widget.locator('.photos canvas').nth(1).evaluate('c => c.width')
    assert size == 63
