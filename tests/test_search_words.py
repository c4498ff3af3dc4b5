"""Search: 40 more queries, and how words are read: forms, spelling, terms."""

import gzip
import json
import re

from browsing import HTML
from test_search import (
    FOLDER,
    SCRIPTS,
    WANTED,
    find,
    fits,
    read_index,
    run,
)

# A query, and where the section wanted may stand: page, part of its title.
QUERIES = {
    # students' words
    'how many parameters does a conv layer have': [
        ('02_', 'Setting weight'),
        ('01_', 'parameter sharing'),
        ('05_classic', 'Count your own'),
    ],
    'batchnorm at test time': [('04_', 'eval mode'), ('04_', 'test batch')],
    'gradient clipping': [('12_', 'explode'), ('12_', 'NaN')],
    'freezing layers': [('08_', 'frozen'), ('13_', 'freeze')],
    'save and load model weights': [('07_', 'callbacks')],
    'which network should i use': [('05_8', 'Which should I choose')],
    'classify my own photo': [('08_', 'new file')],
    'squeeze excitation': [('05_7', 'squeeze')],
    'imbalanced dataset': [('09_', 'unbalanced')],
    'softmax twice': [('12_', '1.46')],
    'sobel filter': [('01_', 'Edge detection')],
    'dead relu': [('12_', 'dead')],
    'residual connection': [('05_5', 'residual block')],
    'moving average in batchnorm': [('04_', 'unning')],
    'image folder': [('09_', 'ImageFolder')],
    'my network gives the same output for every image': [
        ('12_', 'stays at that of guessing')
    ],
    # misspelt
    'recptive feild': [('02_', 'receptive field')],
    'saliancy map': [('10_', 'saliency')],
    'confusion matirx': [('10_', 'confusion matrix')],
    'quantisation': [('11_', 'quantization')],
    'overfiting': [('07_', 'overfitting'), ('05_1', 'overfitting')],
    'chekerboard artefacts': [('02_', 'Checkerboard')],
    'backpropogation': [('06_', 'backward')],
    'strde and pading': [('02_', 'tride'), ('03_', 'tride')],
    # messages, pasted
    'RuntimeError: Expected 3D (unbatched) or 4D (batched) input to conv2d, '
    'but got input of size: [784]': [('12_', 'Expected 3D')],
    'IndexError: Target 10 is out of bounds.': [('12_', 'out of bounds')],
    'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB.'
    ' GPU 0 has a total capacity of 7.79 GiB': [('12_', 'out of memory')],
    'RuntimeError: Expected all tensors to be on the same device, but found '
    'at least two devices, cuda:0 and cpu!': [('12_', 'same device')],
    'RuntimeError: expected scalar type Float but found Double': [
        ('12_', 'Case 3'),
        ('12_', 'Input type'),
    ],
    'ValueError: Expected more than 1 value per channel when training, got '
    'input size torch.Size([1, 64])': [('04_', 'single value')],
    'RuntimeError: Given groups=1, weight of size [6, 1, 5, 5], expected '
    'input[64, 3, 32, 32] to have 1 channels, but got 3 channels instead': [
        ('12_', 'expected input')
    ],
    'RuntimeError: DataLoader worker (pid(s) 12) exited unexpectedly': [
        ('12_', 'DataLoader worker')
    ],
    # Chinese
    '混淆矩阵': [('10_', 'confusion matrix')],
    '权重初始化': [('05_3', 'initialization')],
    '1×1卷积': [('02_', '1x1 convolution')],
    '学习率太大': [('12_', 'learning rate'), ('01_', 'too large')],
    '过拟合怎么办': [('07_', 'overfitting')],
    '标签平滑': [('07_', 'label smoothing')],
    '梯度检验': [('06_', 'Gradient check')],
    '边缘检测': [('01_', 'Edge detection')],
}


def ask(expression):
    """Return what an expression of search.js gives."""
    words, search = (json.dumps(str(FOLDER / s)) for s in SCRIPTS[1:])
    return run(
        [
            f'require({words}); const s = require({search});',
            f'console.log(JSON.stringify({expression}));',
        ]
    )


def test_forty_more_queries_find_the_section_wanted(build):
    assert len(QUERIES) == 40
    missed = {
        query: found[:3]
        for (query, wanted), found in zip(
            QUERIES.items(), find(list(QUERIES)), strict=True
        )
        if not found or not any(fits(place, found[0]) for place in wanted)
    }
    assert len(QUERIES) - len(missed) >= WANTED, missed


def test_forms_of_one_word_are_one():
    families = [
        ['clip', 'clips', 'clipping', 'clipped'],
        ['freeze', 'freezing'],
        ['quantize', 'quantized', 'quantization', 'quantisation'],
        ['size', 'sizes'],
        ['pad', 'padding', 'padded'],
        ['class', 'classes'],
        ['add', 'adding'],
    ]
    stems = ask(f'{json.dumps(families)}.map(words => words.map(s.stem))')
    for family, found in zip(families, stems, strict=True):
        assert len(set(found)) == 1, (family, found)
    apart = ['speed', 'string', 'bias', 'conv2d', '3x3', '感受']
    assert ask(f'{json.dumps(apart)}.map(s.stem)') == apart


def test_distance_counts_letters():
    pairs = [('field', 'feild'), ('stride', 'strde'), ('a', 'abc'), ('', '')]
    told = ask(f'{json.dumps(pairs)}.map(([a, b]) => s.distance(a, b, 2))')
    assert told == [1, 1, 2, 0]
    assert ask("s.distance('kernel', 'pooling', 2)") is None  # Infinity


def test_only_words_that_the_book_has_not_are_spelt_anew():
    book = "new Map([['kernel', 9], ['kennel', 1], ['padd', 3], ['pool', 5]])"
    words = ['kernel', 'kernal', 'kern', 'xyzzy', 'poll', '12345', '感受']
    told = ask(f'{json.dumps(words)}.map(w => s.correct(w, {book}))')
    assert told == ['kernel', 'kernel', 'kern', 'xyzzy', 'pool', '12345'] + [
        '感受'
    ]


def test_each_signpost_leads_to_a_section(build):
    titles = {section[2] for section in read_index()['sections']}
    assert set(ask('Object.values(d2lWords.signposts)')) <= titles


def test_terms_of_the_glossary_are_found_and_translated(build):
    index = read_index()
    glossary = [
        anchor
        for page, anchor, *_ in index['sections']
        if index['pages'][page][0] == 'appendix/glossary.html'
    ]
    assert 'term-bottleneck' in glossary and len(glossary) > 100
    assert index['chinese']['感受野'] == 'receptive field'
    assert index['chinese']['汇聚'] == index['chinese']['池化'] == 'pooling'


def test_words_far_down_a_section_are_found(build):
    """Only its beginning is shown, but every word is looked through."""
    long = [s for s in read_index()['sections'] if len(s[5]) > 200]
    assert len(long) > 100
    assert all(len(s[3]) <= 600 for s in read_index()['sections'])


def test_the_search_page_is_light(build):
    """With all that it looks through, as a web host sends it."""
    page = (HTML / 'search.html').read_bytes()
    files = re.findall(r'(?:src|href)="(_static/[^"?]+)', page.decode())
    assert '_static/search/sections.js' in files
    whole = [page, *((HTML / file).read_bytes() for file in set(files))]
    assert sum(len(gzip.compress(body)) for body in whole) <= 300 * 1024
