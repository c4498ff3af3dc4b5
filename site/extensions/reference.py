"""The Sphinx extension behind the appendix: glossary and package.

It links the first use of each glossary term in a chapter, and has the
package's docstrings shown, with links to the source. The package is read, not
imported: the website is built without PyTorch.
"""

import ast
import functools
import re
import tomllib

from astroid.manager import AstroidManager
from docutils import nodes
from notebooks import ROOT, repository
from reading import number_of
from sphinx.addnodes import pending_xref
from sphinx.errors import SphinxError

SOURCES = [
    ROOT / 'd2lmini',
    ROOT / 'd2lmini_compat',
    ROOT / 'checker' / 'd2lmini_check',
]
GLOSSARY = ROOT / 'appendix' / 'glossary.md'
PLAIN = (
    nodes.title,
    nodes.reference,
    nodes.literal,
    nodes.FixedTextElement,
    nodes.math,
    pending_xref,
)  # no links are put into these


def setup(app):
    app.connect('doctree-read', link_terms)
    app.connect('doctree-resolved', link_back)
    app.connect('autodoc-process-docstring', mark_code, priority=400)
    app.connect('autodoc-process-signature', shorten_types)
    app.connect('autodoc-skip-member', skip_member)
    app.connect('config-inited', configure)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}


def configure(app, config):
    project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
    config.autoapi_dirs = list(map(str, SOURCES))
    AstroidManager().module_denylist = foreign_modules()
    config.linkcode_resolve = source_address
    config.myst_substitutions = {
        'address': repository(),
        'version': project['version'],
        'repository': f'[repository]({repository()})',
        'license': f'[MIT license]({repository()}/blob/main/LICENSE)',
    }


def foreign_modules():
    """Return what our modules import: astroid would read all of PyTorch."""
    found = set()
    for path in (file for folder in SOURCES for file in folder.rglob('*.py')):
        for node in ast.walk(ast.parse(path.read_text('utf-8'))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names = (f'{node.module}.{a.name}' for a in node.names)
                found |= {node.module, *names}
    ours = {folder.name for folder in SOURCES}
    return {name for name in found if name.split('.')[0] not in ours}


@functools.cache
def terms():
    """Return the glossary's terms."""
    block = GLOSSARY.read_text('utf-8').split('```')[1]
    return re.findall(r'^(\w.*)$', block, re.M)


@functools.cache
def any_term():
    """Return the pattern of all terms, the longest first."""
    words = '|'.join(sorted(map(re.escape, terms()), key=len, reverse=True))
    return re.compile(rf'\b({words})s?\b', re.I)


def link_terms(app, doctree):
    """Link the first use of each term in a chapter to the glossary."""
    if not app.env.docname.startswith('chapters/'):
        return
    left = {term.lower(): term for term in terms()}
    for text in list(doctree.findall(nodes.Text)):
        above = text.parent
        while above and not isinstance(above, PLAIN):
            above = above.parent
        if above is None and left:
            parts = split_at_terms(str(text), left, app.env.docname)
            if len(parts) > 1:
                text.parent.replace(text, parts)


def split_at_terms(text, left, docname):
    """Return a text as nodes, links where a term that is left stands."""
    parts, end = [], 0
    for found in any_term().finditer(text):
        term = left.pop(found[1].lower(), None)
        if term:
            link = pending_xref(
                '',
                nodes.inline('', found[0]),
                refdomain='std',
                reftype='term',
                reftarget=term,
                refdoc=docname,
                refexplicit=True,
                refwarn=True,
                classes=['term'],
            )
            parts += [nodes.Text(text[end : found.start()]), link]
            end = found.end()
    return [*parts, nodes.Text(text[end:])]


def link_back(app, doctree, docname):
    """Say below each term of the glossary which chapters use it."""
    if docname != 'appendix/glossary':
        return
    uses = {}
    for chapter in sorted(app.env.found_docs):
        if chapter.startswith('chapters/'):
            tree = app.env.get_doctree(chapter)
            for link in tree.findall(is_term):
                place = f'{chapter}#{section_of(link)}'
                uses.setdefault(link['reftarget'], []).append(place)
    for item in doctree.findall(nodes.definition_list_item):
        places = uses.get(item[0].astext(), [])
        links = nodes.paragraph('', 'Chapters: ', classes=['uses'])
        for place in places:
            chapter, section = place.split('#')
            address = app.builder.get_relative_uri(docname, chapter)
            links += [
                nodes.reference(
                    '',
                    number_of(chapter),
                    internal=True,
                    refuri=f'{address}#{section}',
                ),
                nodes.Text(' '),
            ]
        item[-1] += links


def is_term(node):
    return isinstance(node, pending_xref) and 'term' in node['classes']


def section_of(node):
    """Return the address of the section that a node stands in."""
    while not isinstance(node, nodes.section):
        node = node.parent
    return node['ids'][0]


def skip_member(app, what, name, thing, skip, options):
    """Leave out what has no docstring, and what a module only imports."""
    module = thing.id.removesuffix(f'.{thing.name}')
    return (
        skip
        or not thing.docstring
        or (thing.imported and thing.name not in exports(module))
    )


def exports(module):
    """Return the names in a module's __all__."""
    for node in parse(module)[1].body:
        if isinstance(node, ast.Assign) and (
            ast.unparse(node.targets[0]) == '__all__'
        ):
            return ast.literal_eval(node.value)
    return []


def shorten_types(app, what, name, thing, options, *signature):
    """Leave out of a signature where Callable and the like come from."""
    return tuple(
        text and re.sub(r'\b(collections\.abc|typing)\.', '', text)
        for text in signature
    )


def mark_code(app, what, name, thing, options, lines):
    """Let $NAMES and a docstring's indented lines be code.

    In sections such as Args: indented lines are text.
    """
    written, opening = list(lines), ''
    lines.clear()
    for before, line in zip(['', *written], written):
        if line and not line[0].isspace():
            opening = line
        if not line[:1].isspace() or re.search(r'^\w+:$', opening):
            line = re.sub(r'(?<!`)\$\w+', r'``\g<0>``', line)
        elif not before and not opening.endswith('::'):
            lines += ['::', '']
        lines.append(line)


def source_address(domain, info):
    """Return the address of an object's lines in the repository."""
    path, node = find_source(info['module'], info['fullname'])
    if node is None:
        return None
    return (
        f'{repository()}/blob/main/{path.relative_to(ROOT).as_posix()}'
        f'#L{node.lineno}-L{node.end_lineno}'
    )


def find_source(module, name):
    """Return the file and the syntax tree of what a module calls name.

    The module is read, not imported: the website is built without PyTorch.
    """
    path, node = parse(module)
    for part in name.split('.'):
        found = [inner for inner in node.body if part in names(inner)]
        if not found:
            return path, None
        node = found[0]
        if isinstance(node, ast.ImportFrom):
            return find_source(node.module, name)
    return path, node


def names(node):
    """Return the names that a class, function or import statement makes."""
    if isinstance(node, ast.ImportFrom):
        return [alias.name for alias in node.names]
    return [getattr(node, 'name', '')]


@functools.cache
def parse(module):
    """Return a module's file and syntax tree."""
    for folder in SOURCES:
        base = folder.parent.joinpath(*module.split('.'))
        for path in [base.with_suffix('.py'), base / '__init__.py']:
            if path.exists():
                return path, ast.parse(path.read_text('utf-8'))
    raise SphinxError(f'no module {module} in {", ".join(map(str, SOURCES))}')
