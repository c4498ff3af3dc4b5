"""The Sphinx extension that brings the widgets' files to the pages with one.

A page has a widget where it says <d2l-NAME>. Between that and </d2l-NAME>
stand a picture and a sentence, for readers without scripts.
"""

import json
import os
import re
import statistics
from pathlib import Path

from docutils import nodes

FOLDER = Path(__file__).parents[1] / 'widgets'
RECORD = Path(__file__).parents[2] / 'd2lmini/samples/cifar10_record.json'
COSTS = {  # as the widget calls them, and as the record does
    'multiplyAdds': 'multiply_adds',
    'parameters': 'parameters',
    'memory': 'peak_memory',
    'seconds': 'seconds',  # of some epochs; none if the net was not timed
}
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
    'dropout': ['lessons.js', 'chances.js', 'charts.js'],
    'small-kernels': ['lessons.js'],
    'compare': ['charts.js', 'record.js'],
    'threshold': ['chances.js', 'charts.js', 'ants-bees.js'],
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
    if 'record.js' in NEEDS.get(name, []):
        write_record(FOLDER / 'record.js')
    own = [*NEEDS.get(name, []), f'{name}.js']
    return [
        *texts(['shared.js', *own], language),
        'arithmetic.js',
        'widget.js',
        *own,
    ]


def texts(names, language):
    """Return where the words for these scripts stand, for those with any."""
    for name in names:
        if (FOLDER / 'texts/en' / name).exists():
            translated = f'texts/{language}/{name}'
            is_there = (FOLDER / translated).exists()
            yield translated if is_there else f'texts/en/{name}'


def record():
    """Return what <d2l-compare> knows: the record that its page reads."""
    stored = json.loads(RECORD.read_text(encoding='utf-8'))
    nets = [
        {
            'name': name,
            'accuracies': net['test_acc'],
            'mean': statistics.mean(net['test_acc']),
            'spread': statistics.stdev(net['test_acc']),
            'costs': {
                mine: cost(net[theirs]) for mine, theirs in COSTS.items()
            },
        }
        for name in stored['main']
        for net in [stored['nets'][name]]
    ]
    unsure = [
        [a, b] for a, b, gap, low, high in stored['pairs'] if low <= 0 <= high
    ]
    return {'nets': nets, 'unsure': unsure}


def cost(found):
    """Return a number; of several, the one in the middle."""
    return statistics.median(found) if isinstance(found, list) else found


def write_record(path):
    """Write the record as a script, where it is not there or has changed."""
    text = (
        '/* Written by embed.py from the record that the page reads. */\n'
        f'globalThis.d2l ??= {{}};\nd2l.record = {json.dumps(record())};\n'
    )
    if path.exists() and path.read_text(encoding='utf-8') == text:
        return
    new = path.with_suffix(f'.{os.getpid()}.new')
    new.write_text(text, encoding='utf-8')
    new.replace(path)  # at once: others may read it now


def configure(app, config):
    write_record(FOLDER / 'record.js')
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
