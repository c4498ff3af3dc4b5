"""Tables: in a box that scrolls, and on a phone as cards, one for each row.

Which table is too wide for a phone is decided here, not in the browser: so
nothing moves after a reader has come to a place in the page.
"""

import re
from html import escape, unescape

from sphinx.writers.html5 import HTML5Translator

PHONE = 300  # pixels that a narrow phone has for a table
LETTER, PADDING = 8, 24  # pixels of a letter, and around a cell's text
HIDDEN = re.compile('<span class="katex-mathml">.*?</math></span>', re.S)
ROLES = {  # what a table's parts are, although they are laid out as boxes
    'table': 'table',
    'thead': 'rowgroup',
    'tbody': 'rowgroup',
    'tr': 'row',
    'th': 'columnheader',
    'td': 'cell',
}


def open_table(self, node):
    self.table_start = len(self.body)
    HTML5Translator.visit_table(self, node)


def close_table(self, node):
    """Put the table into its box."""
    HTML5Translator.depart_table(self, node)
    html = ''.join(self.body[self.table_start :])
    kind = 'scroll'
    if least_width(read(html)) > PHONE:
        kind, html = 'scroll as-cards', deal_cards(html)
    self.body[self.table_start :] = [f'<div class="{kind}">{html}</div>\n']


def read(html):
    """Return the rows of a table as lists of plain text."""
    return [
        [plain(cell) for cell in re.findall('<t[hd].*?</t[hd]>', row, re.S)]
        for row in re.findall('<tr.*?</tr>', html, re.S)
    ]


def plain(html):
    """Return the text of a cell; a formula stands there twice."""
    return unescape(re.sub('<.*?>', '', HIDDEN.sub('', html))).strip()


def least_width(rows):
    """Return about how many pixels a table needs: its longest words."""
    widths = [0] * max(map(len, rows))
    for row in rows:
        for i, text in enumerate(row):
            for word in re.split(r'[\s/–-]+', text):
                widths[i] = max(widths[i], len(word))
    return sum(LETTER * width + PADDING for width in widths)


def deal_cards(html):
    """Write into each cell the name of its column, and what it is."""
    names = read(html)[0]

    def name_cells(row):
        parts = row[0].split('<td')
        named = [
            f'<td data-name="{escape(name)}"{part}'
            for name, part in zip(names, parts[1:])
        ]
        return ''.join([parts[0], *named])

    html = re.sub('<tr.*?</tr>', name_cells, html, flags=re.S)
    html = re.sub(
        rf'<({"|".join(ROLES)})\b',
        lambda tag: f'<{tag[1]} role="{ROLES[tag[1]]}"',
        html,
    )
    # What has no text is no header: website.py makes it a cell.
    empty = r'"columnheader"([^>]*>(?:<p></p>)?</th>)'
    return re.sub(empty, r'"cell"\1', html)
