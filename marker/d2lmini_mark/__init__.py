"""The parts of `python -m d2lmini_mark`, a marker of notebooks.

On the teacher's side, which holds tests, expected values and verdicts: run.py
goes from submission to submission, which submissions.py finds and notebook.py
reads; exam.py draws inputs, boxes.py talks to the student's side, walls.py
raises walls around it, marking.py judges; roster.py knows the students,
tables.py writes marks and report.py pages.

On that side, which holds none of them and sees nothing but the folder inside:
child.py runs the code of a submission. plain.py is what may pass between.
"""


def __getattr__(name):
    """Give what hidden tests import, and import nothing before that."""
    if name not in ('call', 'marks'):
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from d2lmini_mark import exam

    return getattr(exam, name)
