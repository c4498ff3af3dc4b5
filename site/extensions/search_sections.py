"""The Sphinx extension that has readers search by section.

It writes search/sections.js: what stands in each section of each page, in
each case and symptom of the clinic and in each mistake of a chapter. The
search page alone loads it, as a classic script: from file:// nothing else
works.
"""

import json
import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes

APART = nodes.section, nodes.title, addnodes.glossary
ITEM = nodes.row, nodes.list_item
SKIPPED = nodes.system_message, nodes.comment, nodes.raw, nodes.target
CASE = re.compile(r'Case (\d+): ')
CLINIC = 'chapters/12_clinic'
GLOSSARY = 'appendix/glossary'
MISTAKES = 'What goes wrong'
CHINESE = re.compile(r' *Chinese: (.+?)\.')
MOST = 600  # characters of a section that results can show
LESS = 300  # of solutions: their questions stand on other pages
LONGEST = 4  # words of a term: what is longer in bold is a sentence
WORD = re.compile(r'[^\W\d_][\w-]{3,}')
SIGNS = {  # of formulas
    'cdot': '·', 'times': '×', 'pm': '±', 'le': '≤', 'leq': '≤', 'ge': '≥',
    'geq': '≥', 'ne': '≠', 'neq': '≠', 'approx': '≈', 'infty': '∞',
    'to': '→', 'rightarrow': '→', 'leftarrow': '←', 'sum': 'Σ', 'prod': 'Π',
    'sqrt': '√', 'partial': '∂', 'nabla': '∇', 'in': '∈', 'odot': '⊙',
    'lfloor': '⌊', 'rfloor': '⌋', 'lceil': '⌈', 'rceil': '⌉', 'dots': '…',
    'ldots': '…', 'cdots': '…', 'lVert': '‖', 'rVert': '‖', 'mid': '|',
    'alpha': 'α', 'beta': 'β', 'gamma': 'γ', 'delta': 'δ', 'epsilon': 'ε',
    'varepsilon': 'ε', 'eta': 'η', 'theta': 'θ', 'lambda': 'λ', 'mu': 'μ',
    'pi': 'π', 'rho': 'ρ', 'sigma': 'σ', 'tau': 'τ', 'phi': 'φ', 'Delta': 'Δ',
}  # fmt: skip
UNSEEN = re.compile(
    r'\\(begin|end)\{\w+\*?\}'
    r'|\\(left|right|[Bb]ig+[lr]?|text\w*|math\w+|operatorname|limits'
    r'|displaystyle|allowbreak|hat|bar|tilde|overline|underbrace|boldsymbol)'
    r'(?![a-zA-Z])'
)


def setup(app):
    app.connect('builder-inited', leave_out_sphinx_index)
    app.connect('doctree-read', name_cases)
    app.connect('html-collect-pages', show_page)
    app.connect('build-finished', write)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}


def leave_out_sphinx_index(app):
    """Have Sphinx make no index of words: nothing would read it."""
    app.builder.search = False


def show_page(app):
    yield 'search', {}, 'search.html'


def is_case(node):
    """Tell whether a paragraph opens with a bold "Case 7: what it is."."""
    return isinstance(node, nodes.paragraph) and CASE.match(node.astext())


def name_cases(app, doctree):
    """Give cases, symptoms and mistakes an address."""
    for kind, items in listed(doctree, app.env.docname).items():
        for i, item in enumerate(items, 1):
            item['ids'].append(f'{kind}-{i}')
    if app.env.docname == CLINIC:
        for case in filter(is_case, doctree.findall(nodes.paragraph)):
            case['ids'].append(f'case-{is_case(case)[1]}')


def listed(doctree, docname):
    """Return the rows and items that are found by themselves, by kind."""
    mistakes, symptoms = [], []
    for section in doctree.findall(nodes.section):
        if section.next_node(nodes.title).astext() == MISTAKES:
            mistakes += items_of(section)
    if docname == CLINIC and (table := doctree.next_node(nodes.table)):
        symptoms += items_of(table)
    return {'mistake': mistakes, 'symptom': symptoms}


def items_of(node):
    """Return the rows of tables in a node, without heads, and list items."""
    items = node.findall(lambda node: isinstance(node, ITEM))
    return [item for item in items if not isinstance(item.parent, nodes.thead)]


def told_by(item):
    """Return what a row or an item is about, and the rest of it."""
    if isinstance(item, nodes.row):
        name, *cells = map(words_of, item.children)
        return name, ': '.join(cells[:2])
    bold = item.next_node(nodes.strong)
    name = bold.astext() if bold else ''
    return name.strip('. '), words_of(item).removeprefix(name).strip()


def words_of(node):
    """Return a node's text without outputs' pictures, blanks made single."""
    if isinstance(node, SKIPPED):
        return ''
    if (
        node.get('nb_element') == 'cell_code_output'
        and len(node.astext()) > 400
    ):
        return ''
    if isinstance(node, nodes.TextElement) or not node.children:
        return ' '.join(text_of(node).split())
    return ' '.join(filter(None, map(words_of, node.children)))


def text_of(node):
    """Return a node's text as readers see it, formulas too."""
    if isinstance(node, (nodes.math, nodes.math_block)):
        return plain(node.astext())
    if isinstance(node, nodes.TextElement) and node.children:
        return ''.join(map(text_of, node.children))
    return node.astext()


def plain(formula):
    """Return a formula without its commands: x·y and a/b."""
    text = re.sub(r'\\[,;:! \\]|\\q?quad(?![a-z])|[&~]', ' ', formula)
    text = UNSEEN.sub('', text)
    for _ in range(3):  # fractions in fractions
        text = re.sub(
            r'\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}', r'(\1)/(\2)', text
        )
    text = re.sub(
        r'\\([a-zA-Z]+)', lambda found: SIGNS.get(found[1], found[1]), text
    )
    text = re.sub(r'\((\w+)\)(?=/)|(?<=/)\((\w+)\)', r'\1\2', text)
    return re.sub(r'[{}\\]', '', text)


def entries(doctree, docname):
    """Yield (anchor, title, text) of each section and each case."""
    for section in doctree.findall(nodes.section):
        title = section.next_node(nodes.title)
        anchor = '' if section.parent is doctree else section['ids'][0]
        entry = [anchor, title.astext(), [], []]
        for child in section.children:
            if isinstance(child, APART):
                continue
            if title.astext() == MISTAKES and items_of(child):
                continue
            if is_case(child):
                yield finish(entry)
                name = child.next_node(nodes.strong).astext().rstrip('.')
                entry = [child['ids'][0], name, [], []]
            entry[2].append(words_of(child))
            entry[3] += [bold.astext() for bold in child.findall(nodes.strong)]
        yield finish(entry)
    for items in listed(doctree, docname).values():
        for item in items:
            yield item['ids'][0], *told_by(item), ''
    if docname == GLOSSARY:
        for term, meaning in terms_of(doctree):
            yield term['ids'][0], term.astext(), meaning, ''


def terms_of(doctree):
    """Yield the node of each term of the glossary, and what it means."""
    for item in doctree.findall(nodes.definition_list_item):
        term = item.next_node(nodes.term)
        yield term, words_of(item.next_node(nodes.definition))


def chinese_of(doctree):
    """Return what the glossary says in Chinese, and the English terms."""
    english = {}
    for term, meaning in terms_of(doctree):
        if found := CHINESE.search(meaning):
            for word in re.findall(r'[\u4e00-\u9fff]+', found[1]):
                english[word] = term.astext()
    return english


def finish(entry):
    anchor, title, words, bold = entry
    terms = [term for term in bold if len(term.split()) <= LONGEST]
    return anchor, title, ' '.join(filter(None, words)), ' '.join(terms)


def further(text, most):
    """Return the words, each once, that stand only behind most characters."""
    seen = {word.lower() for word in WORD.findall(text[:most])}
    words = (word.lower() for word in WORD.findall(text[most:]))
    return ' '.join(word for word in dict.fromkeys(words) if word not in seen)


def rows(doctree, docname):
    """Yield what the index holds of each section of a page."""
    most = LESS if 'solutions/' in docname else MOST
    told = docname.startswith('chapters/')
    for anchor, name, text, terms in entries(doctree, docname):
        yield anchor, name, text[:most], terms, told * further(text, most)


def write(app, error):
    if error or app.builder.name != 'html':
        return
    pages, sections = [], []
    for docname in sorted(app.env.found_docs):
        doctree = app.env.get_doctree(docname)
        title = app.env.titles[docname].astext()
        pages.append([app.builder.get_target_uri(docname), title])
        place = len(pages) - 1
        sections += [[place, *row] for row in rows(doctree, docname)]
    chinese = {}
    if GLOSSARY in app.env.found_docs:
        chinese = chinese_of(app.env.get_doctree(GLOSSARY))
    index = json.dumps(
        {'pages': pages, 'sections': sections, 'chinese': chinese},
        ensure_ascii=False,
        separators=(',', ':'),
    )
    file = Path(app.outdir, '_static/search/sections.js')
    file.write_text(f'globalThis.d2lSections = {index};\n', encoding='utf-8')
