"""Run the cells of a notebook, one statement after the other.

A statement that fails or takes too long costs itself, and not what stands
above or below it. What only IPython or Colab has is stood in for.
"""

import __future__

import ast
import asyncio
import contextlib
import functools
import inspect
import linecache
import os
import signal
import sys
import time
import traceback
import types

AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
FUTURE = functools.reduce(
    int.__or__,
    (
        getattr(__future__, n).compiler_flag
        for n in __future__.all_feature_names
    ),
)
# What still runs, for a second each, when the time for all cells is up.
QUICK = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Import,
    ast.ImportFrom,
    ast.Assign,
    ast.AnnAssign,
)
RUN_THEIR_CODE = ('time', 'timeit', 'capture', 'prun')  # magics
WALL = 3  # seconds on the wall for one of processor time
MOST = 20  # errors that are told of a cell


class TimeUp(BaseException):
    """Raised in a student's statement whose time is up."""


class Absent(types.ModuleType):
    """Stands for what only Colab has: whatever is asked of it, it gives
    another one.
    """

    __path__: list = []

    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        return sys.modules.get(f'{self.__name__}.{name}') or Absent(name)

    def __call__(self, *args, **options):
        return self


class Shell:
    """Stands for what get_ipython() gives: it runs code, and no magic."""

    def __init__(self, run):
        self.run_cell = run

    def run_line_magic(self, name, line, *args, **options):
        """Run the code behind %time and its like, nothing else."""
        if name in RUN_THEIR_CODE:
            self.run_cell(line)

    def run_cell_magic(self, name, line, body):
        """Run the cell below %%time and its like, nothing else."""
        if name in RUN_THEIR_CODE:
            self.run_cell(body)

    def getoutput(self, *args, **options):
        """Return what a shell would print: nothing."""
        return []

    def __getattr__(self, name):
        return lambda *args, **options: None


class Cells:
    """The names that a notebook's cells share, and how they are run."""

    def __init__(self):
        module = types.ModuleType('__main__')
        shell = Shell(self.run_again)
        module.display = lambda *args, **options: None
        module.get_ipython = lambda: shell
        sys.modules['__main__'] = module
        self.space, self.flags, self.me = vars(module), 0, os.getpid()
        with contextlib.suppress(ImportError):
            import google  # others are called google too
        google = sys.modules.setdefault('google', Absent('google'))
        google.colab = sys.modules['google.colab'] = Absent('google.colab')

    def run(self, request, tell):
        """Run the cell of a request.

        Args:
            request: A dictionary: the name of the cell, its source, the
                seconds for it, and the lines whose statements are left out.
            tell: Is called before each statement, with its line: tell(at=1).

        Returns:
            A list [processor time, descriptions of errors].
        """
        self.start = time.process_time()
        self.request, self.tell, self.errors = request, tell, []
        self.name = f'<cell {request["cell"]}>'
        self.run_source(request['source'], request['skip'])
        used = time.process_time() - self.start
        return [used, self.errors[:MOST]]

    def run_again(self, source):
        """Run what stands behind a magic, in the time of its statement."""
        for node in parsed(source, self.name):
            try:
                self.run_one(node)
            except TimeUp:
                raise
            except BaseException as error:
                self.errors.append(described(error))

    def run_source(self, source, skip):
        """Run a source, each statement with what is left of its time."""
        try:
            statements = parsed(source, self.name)
        except BaseException as error:
            return self.errors.append(described(error))
        for node in statements:
            if node.lineno in skip:
                continue
            left = self.request['seconds'] + self.start - time.process_time()
            if isinstance(node, QUICK):
                left = max(left, 1)
            if left > 0:
                self.tell(at=node.lineno)
                self.run_timed(node, left)

    def run_timed(self, node, seconds):
        """Run a statement, and interrupt it when its time is up."""
        try:
            try:
                arm(seconds)
                self.run_one(node)
            finally:
                arm(0)
        except BaseException as error:
            arm(0)  # it may have come while the other one was at work
            self.errors.append(described(error))
        if os.getpid() != self.me:  # the statement has forked
            os._exit(0)

    def run_one(self, node):
        """Run a statement as it would run in a notebook."""
        tree = ast.Module([node], [])
        flags = self.flags | AWAIT
        code = compile(tree, self.name, 'exec', flags, dont_inherit=True)
        self.flags |= code.co_flags & FUTURE
        if code.co_flags & inspect.CO_COROUTINE:
            asyncio.run(eval(code, self.space))
        else:
            exec(code, self.space)


def arm(seconds):
    """Raise TimeUp after seconds of work, or thrice as many of waiting, and
    once more each second, if it is caught. 0 ends this.
    """
    for kind, sent, factor in [
        (signal.ITIMER_PROF, signal.SIGPROF, 1),
        (signal.ITIMER_REAL, signal.SIGALRM, WALL),
    ]:
        if seconds:
            signal.signal(sent, time_up)
        signal.setitimer(kind, seconds * factor, min(seconds, 1))


def time_up(number, frame):
    """Interrupt what runs."""
    raise TimeUp('not done when its time was up')


def parsed(source, name):
    """Return the statements of a cell; raise SyntaxError.

    What is no Python may be IPython's: its own parser makes it Python.
    """
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    flags = ast.PyCF_ONLY_AST | AWAIT
    try:
        tree = compile(source, name, 'exec', flags, dont_inherit=True)
    except SyntaxError:
        from IPython.core.inputtransformer2 import TransformerManager

        source = TransformerManager().transform_cell(source)
        tree = compile(source, name, 'exec', flags, dont_inherit=True)
    return [part for node in tree.body for part in parts(node)]


def parts(node):
    """Split `import a, b`: if there is no a, there may be a b."""
    if not isinstance(node, ast.Import):
        return [node]
    return [ast.copy_location(ast.Import([name]), node) for name in node.names]


def described(error):
    """Return the kind of an error (a builtin), its text and its line."""
    kinds = [
        c.__name__ for c in type(error).__mro__ if c.__module__ == 'builtins'
    ]
    try:
        text = str(error)
    except Exception:
        text = ''
    lines = [
        frame.line
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith('<cell')
    ]
    name = type(error).__name__
    return [kinds[0], name[:60], text[:500], (lines or [''])[-1][:200]]
