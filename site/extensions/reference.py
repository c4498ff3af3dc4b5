"""The Sphinx extension behind the appendix: glossary and package.

It links the first use of each glossary term in a chapter, lets autodoc show
the package's docstrings, which are plain text, and links them to the source.
"""
import functools
import importlib
import inspect
import re
from importlib.metadata import version
from pathlib import Path

from docutils import nodes
from notebooks import ROOT, repository
from sphinx.addnodes import pending_xref

GLOSSARY = ROOT / 'appendix' / 'glossary.md'
PLAIN = (nodes.title, nodes.reference, nodes.literal, nodes.FixedTextElement,
         nodes.math, pending_xref)  # no links are put into these
MARKUP = re.compile(r'([\\*|]|_\b)')


def setup(app):
    app.connect('doctree-read', link_terms)
    app.connect('autodoc-process-docstring', take_as_written)
    app.connect('config-inited', configure)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}


def configure(app, config):
    config.linkcode_resolve = source_address
    config.myst_substitutions = {
        'address': repository(), 'version': version('d2lmini'),
        'repository': f'[repository]({repository()})',
        'license': f'[MIT license]({repository()}/blob/main/LICENSE)'}


@functools.cache
def terms():
    """Return the glossary's terms."""
    block = GLOSSARY.read_text('utf-8').split('```')[1]
    return re.findall(r'^(\w.*)$', block, re.M)


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
    words = '|'.join(sorted(map(re.escape, left), key=len, reverse=True))
    for found in re.finditer(rf'\b({words})s?\b', text, re.I):
        term = left.pop(found[1].lower(), None)
        if term:
            link = pending_xref(
                '', nodes.inline('', found[0]), refdomain='std',
                reftype='term', reftarget=term, refdoc=docname,
                refexplicit=True, refwarn=True, classes=['term'])
            parts += [nodes.Text(text[end:found.start()]), link]
            end = found.end()
    return [*parts, nodes.Text(text[end:])]


def take_as_written(app, what, name, thing, options, lines):
    """Let indented lines be code, and take the rest as plain text."""
    text = inspect.cleandoc('\n'.join(lines))
    paragraphs = re.split(r'\n\s*\n', text)
    lines[:] = []
    for paragraph in paragraphs:
        if paragraph.startswith(' '):
            lines += ['::', '', *paragraph.split('\n'), '']
        else:
            plain = re.sub(r'(\$\w+)', r'`\1`', ' '.join(paragraph.split()))
            lines += [''.join(  # every other part stood in backticks
                f'``{part}``' if i % 2 else MARKUP.sub(r'\\\1', part)
                for i, part in enumerate(plain.split('`'))), '']


def source_address(domain, info):
    """Return the address of an object's lines in the repository."""
    thing = importlib.import_module(info['module'])
    for name in info['fullname'].split('.'):
        thing = getattr(thing, name, None)
    try:
        lines, start = inspect.getsourcelines(inspect.unwrap(thing))
        module = inspect.getmodule(inspect.unwrap(thing)).__name__
    except (TypeError, OSError):
        return None
    return (f'{repository()}/blob/main/{module.replace(".", "/")}.py'
            f'#L{start}-L{start + len(lines) - 1}')
