"""The rules of the checks: what is judged is announced, bans are enforced."""

import re
import time

import numpy as np
import pytest
import test_exercises as proof
import torch
from torch.nn import functional as F

import d2lmini_check as checking
import exercises
from d2lmini_check import limit, questions, watch

WITH_RULES = [
    q for q in proof.QUESTIONS if hasattr(proof.answers(q[:2]), 'REMARK')
]
SAID = {
    'dtype': 'dtype|float32',
    'gradient': '[Aa]utograd|gradient',
    'inputs': 'in place',
    'device': 'device',
}


def text_of(question):
    """Return the text of a question in its master."""
    (name,) = [n for n in proof.NAMES if n.startswith(question[:2])]
    text = ''
    for cell in exercises.read(name).cells:
        if cell.cell_type == 'markdown':
            text = cell.source
        elif f"check('{question}'" in cell.source:
            return text
    raise AssertionError(question)


def corr2d(X, K):
    return F.conv2d(X[None, None], K[None, None])[0, 0]


@pytest.mark.parametrize('question', WITH_RULES)
def test_what_is_demanded_is_announced(question):
    for demand in questions.demands(question):
        assert re.search(SAID[demand], text_of(question)), demand


@pytest.mark.parametrize('question', WITH_RULES)
def test_what_is_not_announced_is_at_most_a_remark(question):
    table = proof.answers(question[:2]).REMARK
    for words, source in proof.edited_answers(question, table):
        report = proof.judge(question, source)
        assert report.status == 'right', f'{source}\n{report.text}'
        assert words in report.text, f'{source}\n{report.text}'


@pytest.mark.parametrize(
    'question, answer',
    [
        ('02.strided_corr2d', lambda X, K, stride: corr2d(X, K)[
            :: stride[0], :: stride[1]].tolist()),
        ('02.dilate', lambda K, d: np.kron(
            K.numpy(), np.eye(1, d * d).reshape(d, d))[
                :K.shape[0] * d - d + 1, :K.shape[1] * d - d + 1]),
        ('00.softmax', lambda o: o.double().softmax(1)),
        ('00.cosine', lambda x, w: np.array(
            F.cosine_similarity(x, w, dim=0))),
        ('00.cross_entropy', lambda o, y: F.cross_entropy(o, y)),
    ],
)  # fmt: skip
def test_numbers_count_whatever_holds_them(question, answer):
    report = checking.judge(question, answer)
    assert report.status == 'right', report.text


def test_a_fraction_is_not_cut_off_to_fit():
    def shifted(K, d):
        return checking.find('02.dilate').oracle(K, d).double() + 0.3

    assert checking.judge('02.dilate', shifted).status == 'wrong'


def test_a_ban_is_for_the_library_and_not_for_a_name():
    def pad(X):
        return X

    watched = watch.Watch(lambda X: pad(X), ['pad'])
    watched(torch.ones(2, 2))
    assert watched.met == set()
    for call in [lambda X: F.pad(X, (1, 1)), lambda X: np.pad(X, 1)]:
        watched = watch.Watch(call, ['pad'])
        watched(torch.ones(2, 2))
        assert watched.met == {'pad'}


@pytest.mark.parametrize('kept', [
    '[]', '5', 'null', '{"01.corr2d": []}', '{"01.corr2d": {}}',
    '{"01.corr2d": null, "x": "right"}', '[' * 10**5, '', '"\\ud800"',
    '{"a\\ud800": "right"}'])  # fmt: skip
def test_no_progress_file_stops_a_student(kept, tmp_path, monkeypatch, capsys):
    file = tmp_path / 'progress.json'
    file.write_text(kept)
    monkeypatch.setenv('D2LMINI_PROGRESS', str(file))
    monkeypatch.delenv('D2LMINI_STRICT', raising=False)
    monkeypatch.setattr(checking, '_done', {})
    checking.check('01.corr2d', corr2d)
    checking.progress('01')
    said = capsys.readouterr().out
    assert said.startswith('\N{CHECK MARK} 01.corr2d is right.')
    assert '1 of 7 done' in said


def test_time_is_that_of_the_processor():
    limit.call(lambda: time.sleep(0.5), 0.2)
    limit.on_a_thread(lambda: time.sleep(0.5), 0.2)
    with pytest.raises(limit.TimeIsUp):  # but nobody waits for ever
        limit.call(lambda: time.sleep(9), 0.1)


def test_errors_of_the_check_are_not_called_the_students():
    def nothing_fits(conv, norm):
        return torch.ones(conv.weight.shape).to_sparse(), norm.bias

    report = checking.judge('04.fold', nothing_fits)
    assert 'your code raised' not in report.text
    assert 'the check could not go on with what your code gave' in report.text
    report = checking.judge('04.fold', lambda conv, norm: 1 / 0)
    assert 'your code raised ZeroDivisionError' in report.text
