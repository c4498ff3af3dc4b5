"""What a page tells of a guess when it shows the result."""

import pytest

VGG = 'chapters/05_3_vgg'
RIGHT, WRONG, IN = 'Right.', 'Not so.', 'That is in the result.'


def part(right, every):
    return f'{right} of {every} are right.'


@pytest.fixture(scope='module')
def compare(site, browser):
    """Return the page's own function."""
    page = browser.new_page()
    page.goto(f'{site}/{VGG}.html')
    yield lambda guess, result: page.evaluate(
        '([guess, result]) => compare(guess, result)', [guess, result]
    )
    page.close()


@pytest.mark.parametrize(
    ('guess', 'result', 'told'),
    [
        # One number.
        ('55', '55 layers', RIGHT),
        ('about 55', '55 layers', RIGHT),
        ('50', '55 layers', 'Too low, by 9 %.'),
        ('110 layers', '55 layers', 'Too high, by a factor of 2.'),
        ('0.8', 'test accuracy: 0.835', RIGHT),
        ('0.7', 'test accuracy: 0.835', 'Too low, by 16 %.'),
        ('1', 'share: 0.6', 'Too high, by 67 %.'),
        ('80 %', 'share 0.80', RIGHT),
        ('61,706', '61706 parameters', RIGHT),
        ('61,000', '61,706 parameters', 'Too low, by 1 %.'),
        ('5,017,600', '5,017,600 weights', RIGHT),
        ('3', '0 pictures', 'Too high, by 3.'),
        ('-2', 'loss 2', 'Too low, by 4.'),
        ('−2', 'slope -2.0', RIGHT),
        ('1e-3', 'slope 0.001', RIGHT),
        # Several, in order; labels do not count.
        ('(2,3,3) and (2, 9)', 'pile: (2, 3, 3)   flat: (2, 9)', RIGHT),
        ('2 3 3 9 2', 'pile: (2, 3, 3)   flat: (2, 9)', part(3, 5)),
        ('(2, 3, 3)', 'pile: (2, 3, 3)   flat: (2, 9)', IN),
        ('28x28', '(28, 28)', RIGHT),
        ('6×14×14', '(6, 14, 14)', RIGHT),
        ('(1,100)', '(1, 100)', RIGHT),
        ('64, 1, 28, 28', 'torch.Size([64, 1, 28, 28]) torch.uint8', RIGHT),
        (
            '10 6 5',
            '0 workers: after 10.0 s\n1 workers: 6.7\n2: 5',
            part(2, 3),
        ),
        ('513,000', 'flatten  25,089,000\naverage   513,000', IN),
        ('7', 'flatten  25,089,000\naverage   513,000', ''),
        # Yes and no, and words.
        ('yes', 'the same: True', RIGHT),
        ('No!', 'the same: True', WRONG),
        ('true, no', 'norm alone:    True\nnorm and ReLU: False', RIGHT),
        ('yes yes', 'norm alone:    True\nnorm and ReLU: False', part(1, 2)),
        ('I do not know', 'the same: True', ''),
        ('the tiger cat', 'tiger cat', RIGHT),
        ('a dog', 'tiger cat', WRONG),
        # Nothing can be told.
        ('larger', '55 layers', ''),
        ('', '55 layers', ''),
        ('3', '', ''),
        ('it grows', 'a sentence of many words that says it', ''),
        ('constructor', '__proto__ of it', WRONG),
    ],
)
def test_compare(compare, guess, result, told):
    assert compare(guess, result) == told


@pytest.mark.parametrize(
    ('guess', 'told'),
    [('224', 'right'), ('7', 'not right'), ('I cannot tell', 'nothing')],
)
def test_a_guess_is_compared_when_the_result_is_shown(
    site, visit, guess, told
):
    page = visit(f'{site}/{VGG}.html')
    cell = page.locator('.cell:has(> .guess)').first
    result = cell.locator('.predicted pre').first.text_content()
    if told == 'right':
        guess = result
    cell.scroll_into_view_if_needed()  # far away, fields are made at leisure
    field = cell.get_by_label('Your answer')
    field.fill(' '.join(guess.split()))
    field.press('Enter')
    said = cell.get_by_role('status').inner_text()
    assert said.startswith('Your answer: ')
    assert ('Right.' in said) == (told == 'right')
    assert said.endswith('.') == (told != 'nothing')
    page.reload()
    page.wait_for_selector('html[data-ready]')
    assert cell.get_by_role('status').inner_text() == said
    assert page.problems == []


def test_results_are_their_own_right_guess(site, visit):
    """Whatever the book prints: typed as a guess, it is not called wrong."""
    page = visit(f'{site}/chapters/02_padding_stride_channels.html')
    told = page.locator('.predicted').evaluate_all(
        """all => all.map(box => [...box.querySelectorAll('pre')]
            .map(pre => pre.textContent).join('\\n'))
            .filter(text => text && text.length < 200)
            .map(text => compare(text.replace(LABEL, '$1'), text))"""
    )
    assert len(told) > 15 and set(told) <= {'Right.', ''}
    assert told.count('Right.') > 0.9 * len(told)
