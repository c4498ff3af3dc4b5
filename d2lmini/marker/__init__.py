"""The parts of `python -m d2lmini.mark`, a marker of notebooks.

On the teacher's side, which holds tests, expected values and verdicts: run.py
goes from file to file, exam.py draws inputs, notebook.py reads a submission,
boxes.py talks to the student's side, marking.py judges, report.py writes.

On the student's side, which holds none of them: child.py runs the code of a
submission, in the walls of walls.py. plain.py is what may pass between them.
"""
