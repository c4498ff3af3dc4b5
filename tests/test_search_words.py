"""Search: 40 more queries, and how words are read: forms, spelling, terms."""

import gzip
import json
import re

from browsing import HTML
from test_search import (
    FOLDER,
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
    'input size torch.Size([1, 64])': [
        ('04_', 'single value'),
        ('04_', 'last minibatch of one'),
        ('12_', 'more than 1 value'),
    ],
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

# Written before any of them was asked, when 36 came first at once.
BLIND = {
    'dilation': [('02_', 'dilation'), ('appendix/glossary', 'dilation')],
    'hyperparameters': [
        ('07_', 'learning rates'),
        ('07_', 'Learning-rate'),
        ('07_', 'playground'),
        ('01_', 'The learning rate'),
    ],
    'ONNX': [('11_', 'ONNX'), ('appendix/glossary', 'ONNX')],
    'BN': [
        ('04_', 'Batch norm'),
        ('appendix/glossary', 'batch normalization'),
    ],
    'Xception': [
        ('02_', 'Groups and depthwise'),
        ('02_', 'between the two steps'),
        ('05_7', 'Wide inside'),
    ],
    'gradient descent': [
        ('00_', 'How does a function learn'),
        ('appendix/glossary', 'gradient descent'),
    ],
    'translation invariance': [
        ('01_', 'quivariance'),
        ('03_', 'small shift'),
        ('01_', 'commute'),
    ],
    'SE block': [('05_7', 'squeeze')],
    'what is a kernel in a cnn': [
        ('01_', 'kernel'),
        ('appendix/glossary', 'kernel'),
        ('01_', 'What is a CNN for'),
    ],
    'why do we need activation functions': [
        ('00_', 'Activation functions'),
        ('05_1', 'Activation functions'),
        ('appendix/glossary', 'activation function'),
    ],
    'how does dropout work': [
        ('05_2', 'Dropout'),
        ('00_', 'dropout'),
        ('07_', 'dropout'),
        ('appendix/glossary', 'dropout'),
    ],
    'what learning rate should I use': [
        ('12_', 'learning rate'),
        ('01_', 'The learning rate'),
        ('07_', 'Learning-rate'),
        ('07_', 'playground'),
        ('appendix/glossary', 'learning rate'),
    ],
    'what happens at the border of the image': [
        ('02_', 'Padding: what stands outside'),
        ('01_', 'what happens at the ends'),
        ('03_', 'What does the padding hold'),
    ],
    'my validation accuracy is 100%': [
        ('12_', 'too good to be true'),
        ('12_', 'Case 17'),
    ],
    'what does the network look at': [
        ('10_', 'Where does it look'),
        ('10_', 'Which pixels matter'),
    ],
    'how to use a pretrained model': [
        ('08_', 'trained'),
        ('08_', 'A new head'),
        ('08_', 'Fine-tuning'),
    ],
    'images of different sizes in one batch': [('09_', 'unequal')],
    'what is overfitting': [
        ('07_', 'overfitting'),
        ('00_', 'Overfitting'),
        ('05_1', 'overfitting'),
        ('appendix/glossary', 'overfitting'),
    ],
    'why does resnet train better': [
        ('05_5', 'why depth began'),
        ('05_5', 'Gradient norms'),
        ('05_5', '32 plain'),
        ('05_5', 'residual block'),
    ],
    'export model to use in another program': [
        ('11_', 'Leaving the notebook'),
        ('13_', 'Put it to use'),
    ],
    'compare two models fairly': [
        ('05_8', 'fair'),
        ('05_8', 'Which differences'),
    ],
    'loss function for classification': [
        ('06_', 'Which loss'),
        ('00_', 'linear classifier'),
        ('appendix/glossary', 'cross-entropy'),
    ],
    'bach normalisation': [
        ('04_', 'Batch norm'),
        ('appendix/glossary', 'batch normalization'),
    ],
    'max poling': [
        ('03_', 'What does a pooling layer'),
        ('03_', 'Pooling'),
        ('03_', 'max pooling'),
        ('06_', 'max pooling'),
        ('03_', 'Max or average'),
    ],
    'grad cma': [('10_', 'Grad-CAM'), ('appendix/glossary', 'Grad-CAM')],
    'learing rate shedule': [
        ('07_', 'Learning-rate'),
        ('appendix/glossary', 'scheduler'),
    ],
    'tranfer learnin': [
        ('08_', 'What does a network know'),
        ('08_', 'Fine-tuning'),
        ('appendix/glossary', 'transfer learning'),
    ],
    '5×5 = two 3x3': [('05_3', 'Two 3×3')],
    '1x1': [('02_', '1x1'), ('05_4', '1×1')],
    'Traceback (most recent call last): File "/content/lenet.py",'
    ' line 12, in <module> RuntimeError: Expected 3D (unbatched) '
    'or 4D (batched) input to conv2d, but got input of size: [64,'
    ' 784]': [('12_', 'Expected 3D'), ('01_', 'bare matrices')],
    'RuntimeError: Expected all tensors to be on the same device,'
    ' but found at least two devices, cuda:0 and cpu! (when check'
    'ing argument for argument weight in method wrapper__cudnn_co'
    'nvolution)': [('12_', 'same device')],
    'IndexError: Target 5 is out of bounds.': [('12_', 'out of bounds')],
    'RuntimeError: Given input size: (64x1x1). Calculated output '
    'size: (64x0x0). Output size is too small': [
        ('03_', 'one pooling too many'),
        ('05_2', 'Images of 28'),
        ('05_3', 'Five poolings'),
        ('05_classic', 'too small'),
    ],
    'TypeError: MyNet.__init__() takes 1 positional argument but '
    '4 were given': [('12_', 'takes 1 positional'), ('12_', 'Case 2')],
    '池化': [('03_', 'ooling'), ('appendix/glossary', 'pooling')],
    '残差网络': [('05_5', 'esidual'), ('appendix/glossary', 'residual block')],
    '怎么计算输出尺寸': [('02_', 'output size'), ('02_', 'Output size')],
    '数据增强有什么用': [
        ('07_', 'Augmentation'),
        ('07_', 'learn from it'),
        ('05_2', 'Augmentation'),
        ('appendix/glossary', 'augmentation'),
    ],
    'torch.nn.Dropout': [
        ('05_2', 'Dropout'),
        ('00_', 'dropout'),
        ('07_', 'dropout'),
        ('appendix/glossary', 'dropout'),
    ],
    'torchvision.transforms.v2.RandomCrop': [
        ('07_', 'Augmentation'),
        ('07_', 'Whole minibatches'),
        ('13_', 'Transforms'),
    ],
}


def ask(expression):
    """Return what an expression of search.js gives."""
    return run(
        [
            f"require('{FOLDER}/words.js');",
            f"const s = require('{FOLDER}/search.js');",
            f'console.log(JSON.stringify({expression}));',
        ]
    )


def test_forty_more_queries_find_the_section_wanted_and_forty_blind(build):
    found = dict(
        zip([*QUERIES, *BLIND], find([*QUERIES, *BLIND]), strict=True)
    )
    for queries in QUERIES, BLIND:
        assert len(queries) == 40
        missed = {
            query: found[query][:3]
            for query, wanted in queries.items()
            if not found[query]
            or not any(fits(place, found[query][0]) for place in wanted)
        }
        assert len(queries) - len(missed) >= WANTED, missed


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


def test_words_that_the_book_has_not_are_spelt_anew():
    book = "new Map([['kernel', 9], ['kennel', 1], ['padd', 3], ['pool', 5]])"
    words = ['kern', 'kernal', 'xyzzy', 'poll', 'poolkernel', '12345', '感受']
    told = ask(f'{json.dumps(words)}.map(w => s.correct(w, {book}))')
    known, both = [['kernel']], [['pool', 'kernel']]
    assert told == [known, known, [], [['pool']], both, [], []]


def test_chinese_terms_are_read_also_where_only_their_beginning_is_known():
    terms = "globalThis.d2lSections = { chinese: { 验证数据: 'validation' } }"
    told = ask(f"({terms}, ['验证集', '感受野'].map(s.translate))")
    assert [words.split() for words in told] == [
        ['validation', '集'],
        ['receptive', 'field'],
    ]


def test_each_mistake_of_a_chapter_is_found_by_itself(build):
    message = (
        'RuntimeError: Trying to backward through the graph a second time'
    )
    ((page, anchor, title), *_), *_ = find([message])
    assert page == 'chapters/04_batch_norm.html'
    assert title == 'running statistics without detach'
    assert anchor.startswith('mistake-')
    assert all(title for _, _, title, *_ in read_index()['sections'])


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
