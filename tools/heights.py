"""Write site/widgets/heights.css: how high each widget is, at each width.

    python tools/heights.py

Until its script has run a widget takes this room, so that what stands below
it does not move. Needs Playwright and Chromium, like the tests.
"""

import shoot
from pdf import find_chromium
from playwright.sync_api import sync_playwright

SHEET = shoot.FOLDER / 'heights.css'
WIDTHS = [*range(288, 640, 8), 641, *range(648, 900, 8)]  # of the column
FRAME = 37  # padding and border of a widget
STEP = 16  # a change of less is none
HEAD = """/* Written by tools/heights.py: the room of a widget before its
   script runs. A float of this height stands beside its picture. */
@media screen and (scripting: enabled) {
  :not(:defined)::before { content: ''; float: left; width: 0; }
  :not(:defined)::after { content: ''; display: block; clear: left; }
"""
# In use a widget only grows; here it shall not.
HEIGHTS = """names => names.map(name => {
    const widget = document.querySelector(`d2l-${name}`);
    widget.style.minHeight = '';
    return widget.offsetHeight;
})"""


def measure(page, names):
    """Return {width: {name: height}} in pixels."""
    shoot.show(page, *names)
    page.add_style_tag(
        content='main { padding: 0; margin: 0; max-width: none }'
    )
    page.wait_for_timeout(1000)
    found = {}
    for width in WIDTHS:
        page.evaluate(
            "width => { document.querySelector('main').style.width = width }",
            f'{width}px',
        )
        found[width] = dict(zip(names, page.evaluate(HEIGHTS, names)))
    return found


def sheet(found):
    """Return the style sheet: a rule where a height changes."""
    lines, last = [HEAD], {}
    for width, heights in found.items():
        rules = []
        for name, height in heights.items():
            if abs(height - last.get(name, 0)) >= STEP:
                last[name] = height
                rules.append(
                    f'd2l-{name}:not(:defined)::before '
                    f'{{ height: {height - FRAME}px; }}'
                )
        body = '\n    '.join(rules)
        if rules:
            lines.append(
                f'  @container (min-width: {width if lines[1:] else 0}px) '
                f'{{\n    {body}\n  }}\n'
            )
    return ''.join([*lines, '}\n'])


def main():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(),
            args=['--no-sandbox', '--disable-gpu'],
        )
        page = browser.new_page(viewport={'width': 1280, 'height': 900})
        found = measure(page, shoot.NAMES)
        browser.close()
    SHEET.write_text(sheet(found), encoding='utf-8')


if __name__ == '__main__':
    main()
