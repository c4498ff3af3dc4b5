"""What a page defines in view and the package does not have, for its tests."""

import ast
import re
from pathlib import Path

import nbformat

CHAPTERS = Path(__file__).parent.parent / 'chapters'


def from_page(page):
    """Run a page's imports, functions and classes; return them by name.

    Args:
        page: Of the chapters, as '07_training'.
    """
    nodes = []
    for cell in nbformat.read(CHAPTERS / f'{page}.ipynb', 4).cells:
        tags = cell.metadata.get('tags', [])
        if cell.cell_type == 'code' and 'setup' not in tags:
            source = re.sub(
                r'^(\s*)[%!].*', r'\1pass', cell.source, flags=re.M
            )
            nodes += [
                node
                for node in ast.parse(source).body
                if isinstance(node, DEFINING)
            ]
    names = {}
    exec(compile(ast.Module(nodes, []), page, 'exec'), names)
    return names


DEFINING = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
