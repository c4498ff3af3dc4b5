"""The Sphinx extension that brings the widgets' files to the pages with one.

A page has a widget where it says <d2l-NAME>. Between that and </d2l-NAME>
stand a picture and a sentence, for readers without scripts.
"""

import re
from pathlib import Path

from docutils import nodes

FOLDER = Path(__file__).parents[1] / 'widgets'
NEEDS = {
    'convolution': ['photo.js'],
    'calculator': ['layers.js'],  # besides what all need
    'backward': ['lessons.js'],
    'batch-norm': ['lessons.js', 'charts.js'],
    'shortcut': ['lessons.js', 'charts.js'],
    'line': ['lessons.js', 'charts.js'],
    'dense': ['lessons.js'],
    'blocks': ['lessons.js'],
    'roofline': ['lessons.js', 'charts.js'],
    'inception': ['lessons.js'],
    'augment': ['lessons.js', 'transforms.js', 'photo.js'],
    'grad-cam': ['cam.js', 'cam-data.js'],
    'sampler': ['lessons.js', 'chances.js', 'charts.js'],
    'validation-noise': ['chances.js', 'charts.js'],
    'draw': ['lenet.js'],
    'exercise': ['live-code.js'],
    'playground': ['runs.js'],
}


def setup(app):
    app.connect('config-inited', configure)
    app.connect('html-page-context', add_files)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}


def scripts(name, language='en'):
    """Return the files of a widget in the order in which they are run."""
    texts = f'texts.{language}.js'
    return [
        texts if (FOLDER / texts).exists() else 'texts.en.js',
        'arithmetic.js',
        'widget.js',
        *NEEDS.get(name, []),
        f'{name}.js',
    ]


def configure(app, config):
    config.html_static_path.append(str(FOLDER))


def add_files(app, pagename, templatename, context, doctree):
    """Add the style sheet and the scripts that the page's widgets need."""
    raw = doctree.findall(nodes.raw) if doctree else []
    names = re.findall(r'<d2l-([\w-]+)', ' '.join(n.astext() for n in raw))
    if names:
        app.add_css_file('widgets.css')
        app.add_css_file('heights.css')
    for name in dict.fromkeys(names):
        for script in scripts(name, app.config.language):
            app.add_js_file(script, loading_method='defer')
