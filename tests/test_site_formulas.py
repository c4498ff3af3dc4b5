"""Formulas as screen readers and Firefox get them: MathML that is whole."""

import re
from html.parser import HTMLParser

import pytest
import website
from browsing import HTML, READING

PARTS = {'msub': 2, 'msup': 2, 'mfrac': 2, 'msubsup': 3}
PARTS |= {'munder': 2, 'mover': 2, 'munderover': 3}
ALONE = ['img', 'input', 'br', 'hr', 'wbr', 'meta', 'link', 'mspace']


class Counter(HTMLParser):
    """Collect the elements of formulas that have not all their parts."""

    def __init__(self):
        super().__init__()
        self.open, self.wrong = [], []

    def handle_starttag(self, tag, attributes):
        if self.open:
            self.open[-1][1] += 1
        if tag not in ALONE:
            self.open.append([tag, 0])

    def handle_startendtag(self, tag, attributes):
        if self.open:
            self.open[-1][1] += 1

    def handle_endtag(self, tag):
        while self.open:
            name, parts = self.open.pop()
            if parts != PARTS.get(name, parts):
                self.wrong.append((name, parts))
            if name == tag:
                return


def wrong_in(html):
    counter = Counter()
    counter.feed(html)
    return counter.wrong


def test_the_counter_counts():
    assert wrong_in('<msub><mi>x</mi><mi>y</mi></msub><img>') == []
    assert wrong_in('<p><msub><mi>x</mi></msub></p>') == [('msub', 1)]


@pytest.mark.parametrize(
    'latex', [r'x_{\max}', r'\frac{x_{\max}}{\max}', r'e^{\min}', r'\max_i x']
)
def test_an_operator_alone_is_one_part(latex):
    program = website.find_node()
    if program is None:
        pytest.skip('Node.js is not here')
    html = website.start_renderer(program)(latex)
    assert '<math' in html and wrong_in(html) == []


@pytest.mark.parametrize(
    'latex, number',
    [
        (r'a = b, \qquad c = d, \allowbreak \qquad e', 3),
        (r'\begin{aligned} a \qquad b \end{aligned}', 1),
        (r'\text{a \qquad b}', 1),
    ],
)
def test_a_wide_gap_parts_formulas(latex, number):
    """So a phone begins a line there, and not behind some equals sign."""
    program = website.find_node()
    if program is None:
        pytest.skip('Node.js is not here')
    html = website.start_renderer(program)(latex, {'displayMode': True})
    assert html.count('<math') == html.count('katex-display') == number


@pytest.mark.parametrize('name', READING)
def test_formulas_are_whole(build, name):
    assert build.returncode == 0, build.stdout
    html = (HTML / f'{name}.html').read_text(encoding='utf-8')
    formulas = re.findall('<math.*?</math>', html, re.S)
    assert len(formulas) == html.count('<math')
    assert wrong_in(''.join(formulas)) == []
