"""The Sphinx extension that leads readers through a page, and the book.

Titles get the number of their chapter, the sidebar shows exercises with their
chapter, cells of imports, checks and plotting fold to one line, and results
that the reader should predict wait until there is an answer.

The tags `imports`, `plot`, `check` and `predict` of a notebook's cells say
which cells these are; where a page has none of a tag, its words do.
"""

import re
import zlib
from html import escape
from pathlib import PurePosixPath

from docutils import nodes

FOLDER = 'chapters'
# A line of imports, and what is in brackets behind one.
IMPORTING = re.compile(r'(import |from |    \w|\)|$)')
PLOTTING = re.compile(r'\s*(plt|ax|axes|fig|figure|show_|plot_|for ax)\b|#|\)')
LONG = 3  # lines of plotting that are not worth a fold
ASKING = re.compile(r'\b(predict|guess|before you (look|run|read))\b', re.I)
LAST = 3  # sentences before a cell in which a question stands
# guesses.js makes the field, when the reader comes near.
GUESS = """<div class="guess" data-key="{key}">
<label>Your answer, to be kept here and compared <span class="field"></span>
</label>
<button type="button">Show the result</button>
<p role="status"></p></div>"""


def setup(app):
    # Before Sphinx collects titles and pictures (priority 500).
    app.connect('doctree-read', number_title, priority=300)
    app.connect('doctree-read', number_figures, priority=300)
    app.connect('doctree-read', fold_cells, priority=600)
    app.connect('doctree-read', hide_results, priority=610)
    app.connect('html-page-context', add_ways)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}


def number_of(docname):
    """Return '5.1' for chapters/05_1_lenet, '' for what is no chapter."""
    path = PurePosixPath(docname)
    found = re.match(r'(\d+)_(?:(\d+)_)?', path.name)
    if str(path.parent) != FOLDER or not found:
        return ''
    return '.'.join(str(int(part)) for part in found.groups() if part)


def number_title(app, doctree):
    """Put the chapter's number before its title."""
    number = number_of(app.env.docname)
    title = next(doctree.findall(nodes.title), None)
    if number and title is not None:
        title.insert(0, nodes.Text(f'{number}. '))


def number_figures(app, doctree):
    """Put "Figure 3.2." before the caption of a chapter's second figure."""
    number = number_of(app.env.docname)
    captions = doctree.findall(nodes.caption) if number else []
    for i, caption in enumerate(captions, 1):
        caption.insert(0, nodes.strong('', f'Figure {number}.{i}. '))


# Cells that fold, and results that wait


def code_cells(doctree):
    return [
        node
        for node in doctree.findall(nodes.container)
        if node.get('nb_element') == 'cell_code'
    ]


def tags_of(cell):
    return cell['cell_metadata'].get('tags', [])


def part_of(cell, name):
    """Return the source or the output of a cell, or None."""
    return next(
        (
            node
            for node in cell.children
            if isinstance(node, nodes.Element)
            and node.get('nb_element') == f'cell_code_{name}'
        ),
        None,
    )


def has_picture(output):
    return output is not None and any(output.findall(nodes.image))


def fold_cells(app, doctree):
    """Fold imports, plotting and checks of a chapter; their titles say what.

    In the solutions of exercises, the fold holds a solution and says so.
    """
    in_chapter = number_of(app.env.docname)
    for cell in code_cells(doctree):
        mode, title = None, None
        if not cell.get('hide_mode'):
            mode, title = judge(cell) if in_chapter else (None, None)
        elif 'hide-input' in tags_of(cell):
            mode, title = cell['hide_mode'], 'The solution'
        if mode:
            cell.attributes.update(
                hide_mode=mode, prompt_show=title, prompt_hide=title
            )


def judge(cell):
    """Return how a cell folds, and under which title; or twice None."""
    tags = tags_of(cell)
    source, output = part_of(cell, 'source'), part_of(cell, 'output')
    lines = source.astext().strip().splitlines() if source else []
    if not lines:
        return None, None
    if 'imports' in tags or all(IMPORTING.match(line) for line in lines):
        return 'input', 'Imports'
    if 'check' in tags:
        return judge_check(output)
    share = sum(bool(PLOTTING.match(line)) for line in lines) / len(lines)
    plots = 'plot' in tags or (has_picture(output) and share >= 0.5)
    if plots and len(lines) > LONG:
        return 'input', 'Code of the figure'
    return None, None


def judge_check(output):
    """Fold a check whole if one short line is all that it says."""
    said = output.astext().strip() if output else ''
    if '\n' in said or len(said) > 100 or has_picture(output):
        return 'input', 'Check'
    return 'all', 'Check: ' + (said.removeprefix('checked: ') or 'ok')


def asks(text):
    """Tell whether the end of a text asks the reader for an answer."""
    sentences = re.split(r'(?<=[.?!:])\s+', text.strip().rstrip('*_'))
    last = ' '.join(sentences[-LAST:])
    return '?' in sentences[-1] or bool(ASKING.search(last))


def hide_results(app, doctree):
    """Put a field before each result that the reader should predict.

    The style sheet shows it, and hides the result, only where scripts run.
    """
    if not number_of(app.env.docname):
        return
    tagged = any('predict' in tags_of(cell) for cell in code_cells(doctree))
    for cell, text in cells_and_texts(doctree):
        output = part_of(cell, 'output')
        if output is None or cell.get('hide_mode') == 'all':
            continue
        if 'predict' in tags_of(cell) or (not tagged and asks(text)):
            hide_result(cell, output)


def cells_and_texts(doctree):
    """Yield each code cell with what stands between it and the last output.

    That is the same section's text: a title begins a new thought.
    """
    for section in doctree.findall(nodes.section):
        text = ''
        for node in section.children:
            if node.get('nb_element') == 'cell_code':
                yield node, text
                text = '' if part_of(node, 'output') is not None else text
            elif not isinstance(node, nodes.section):
                text = node.astext()


def hide_result(cell, output):
    source = part_of(cell, 'source')
    code = source.astext() if source else ''
    form = GUESS.format(key=f'{zlib.crc32(code.encode()):08x}')
    output['classes'].append('predicted')
    cell.insert(cell.index(output), nodes.raw('', form, format='html'))


# The sidebar, and the way to a page


def add_ways(app, pagename, templatename, context, doctree):
    """Give the layout the sidebar and the way to this page."""
    env = app.env
    context['foldable'] = bool(number_of(pagename)) and doctree is not None
    if context['foldable']:
        app.add_js_file('guesses.js', loading_method='defer')

    def link(name, title=None):
        title = escape(title or env.titles[name].astext())
        uri = app.builder.get_relative_uri(pagename, name)
        current = ' aria-current="page"' if name == pagename else ''
        return f'<a href="{uri}"{current}>{title}</a>'

    parts = [
        (part.caption, [str(name) for name in part.items])
        for part in env.external_site_map.root.subtrees
    ]
    context['sidebar'] = '\n'.join(
        sidebar_part(env, pagename, caption, names, link)
        for caption, names in parts
    )
    context['way'] = [part for part in way(env, pagename, parts, link) if part]


def group(env, chapter):
    """Return the exercises of a chapter, and their solutions."""
    exercises = 'exercises/' + PurePosixPath(chapter).name
    names = {
        exercises: 'Exercises',
        exercises.replace('/', '/solutions/', 1): 'Solutions',
    }
    return {n: title for n, title in names.items() if n in env.titles}


def home_of(env, pagename):
    """Return the chapter that a page belongs to: perhaps itself."""
    chapter = f'{FOLDER}/{PurePosixPath(pagename).name}'
    belongs = pagename == chapter or pagename in group(env, chapter)
    return chapter if belongs and chapter in env.titles else pagename


def sidebar_part(env, pagename, caption, names, link):
    """Return the list of a part; exercises stand with their chapter."""
    rows = [
        sidebar_row(env, pagename, name, link)
        for name in names
        if name in env.titles and home_of(env, name) == name
    ]
    head = f'<p class="caption">{escape(caption)}</p>\n' if caption else ''
    return f'{head}<ul>\n' + '\n'.join(rows) + '\n</ul>' if rows else ''


def sidebar_row(env, pagename, name, link):
    """Return a page's line, with its exercises where the reader is there.

    A title is cut at its colon: its beginning is its name.
    """
    below, number = '', number_of(name)
    kind = 'toctree-l2' if '.' in number else 'toctree-l1'
    if number and home_of(env, pagename) == name:
        kind += ' near'
        below = ''.join(
            f'<li class="toctree-l2">{link(item, title)}</li>'
            for item, title in group(env, name).items()
        )
        below = below and f'<ul>{below}</ul>'
    title = env.titles[name].astext().split(':')[0]
    return f'<li class="{kind}">{link(name, title)}{below}</li>'


def way(env, pagename, parts, link):
    """Yield the steps from the cover to the page, the page left out."""
    home = home_of(env, pagename)
    for caption, names in parts:
        if home in names:
            yield escape(caption) if caption else ''
            number = number_of(home)
            above = [n for n in names if number_of(n) == number.split('.')[0]]
            if '.' in number and above:
                yield link(above[0])
            if home != pagename:
                yield link(home)
