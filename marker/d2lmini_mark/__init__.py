"""The parts of `python -m d2lmini_mark`, a marker of notebooks.

On the teacher's side, which holds tests, expected values and verdicts: run.py
goes from file to file, exam.py draws inputs, notebook.py reads a submission,
boxes.py talks to the student's side, marking.py judges, report.py writes.

On the student's side, which holds none of them: child.py runs the code of a
submission, in the walls of walls.py. plain.py is what may pass between them.
"""


def __getattr__(name):
    """Give what hidden tests import; the student's side never asks for it."""
    if name not in ('call', 'marks'):
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from d2lmini_mark import exam
    return getattr(exam, name)
