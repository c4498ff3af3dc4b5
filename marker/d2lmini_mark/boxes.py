"""The teacher's end of the line to the processes that run students' code.

A Box runs the code of one submission. What comes out of it is read with a
limit of time and size, and believed to be no more than plain data.
"""

import contextlib
import functools
import importlib
import json
import math
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from d2lmini_check import watch
from d2lmini_mark import walls
from d2lmini_mark.walls import BoxError

GRACE = 3.0  # seconds beyond a time limit that the box keeps itself
START = 60  # seconds that Python with PyTorch may take to start
VARIABLES = {
    'HOME': '/tmp',
    'TMPDIR': '/tmp',
    'USER': 'student',
    'LOGNAME': 'student',
    'LANG': 'C.UTF-8',
    'MPLBACKEND': 'Agg',
    'PATH': '/usr/bin:/bin',
    'OMP_NUM_THREADS': '1',
    'CUDA_VISIBLE_DEVICES': '',
}


class Late(Exception):
    """No answer came in time."""


class Died(Exception):
    """The process is gone, or sent what no box sends."""


class Boxes:
    """Starts boxes, each in a process of its own.

    Args:
        walled: Whether students' code runs behind walls; otherwise it may do
            all that you may do.
        forks: Whether a box forks for each test.
        memory: Bytes for each process, beyond what PyTorch takes.
        secret: Paths that the code must not see.
        data: A folder that it may read, or None.

    Raises:
        BoxError: If the walls cannot be raised.
    """

    def __init__(
        self, walled=True, forks=True, memory=2 * 2**30, secret=(), data=None
    ):
        self.command = (
            walls.command(secret, data)
            if walled
            else [sys.executable, str(walls.INSIDE / 'child.py')]
        )
        self.variables = VARIABLES | (
            walls.variables(data) if walled else our_variables(data)
        )
        size = size_now()
        self.config = {
            'walls': walled,
            'forks': forks,
            'memory': size and size + memory,
            'watch': Path(watch.__file__).read_text('utf-8'),
        }
        self.spare = []  # boxes that were started and not yet used
        self.alive, self.ended = set(), False

    def open(self, modules=()):
        """Start a box that has imported some modules.

        They are imported here too, so that Python keeps them compiled, which
        it cannot do behind walls.

        Raises:
            BoxError: If it does not start.
        """
        for name in modules:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        try:
            box = self.spare.pop()
        except IndexError:
            box = self.started()
        if modules:
            with opening(box):
                box.ask({'import': list(modules)}, START)
        return box

    def started(self):
        """Return a box that has just been started; raise BoxError."""
        user = self.config['walls'] and walls.may_change_user()
        config = self.config | {
            'user': 30000 + secrets.randbelow(30000) if user else 0
        }
        if self.ended:
            raise BoxError('the marker was stopped')
        box = Box(
            [*self.command, json.dumps(config)],
            self.variables,
            self.config['walls'],
        )
        self.alive.add(box)
        box.gone = functools.partial(self.alive.discard, box)
        with opening(box):
            box.receive(time.monotonic() + START, 2**16)
        return box

    def end(self):
        """End all boxes, also those in use, and start no more."""
        self.ended = True
        for box in list(self.alive):
            box.kill()

    def close(self):
        """End the boxes that nobody has used."""
        while self.spare:
            self.spare.pop().close()


@contextlib.contextmanager
def opening(box):
    """Make a BoxError of what goes wrong before a box is ready."""
    try:
        yield
    except (Late, Died):
        raise BoxError(
            box.close()[-2000:].strip()
            or f'Python with PyTorch does not start within {START} s'
        ) from None
    except BaseException:
        box.close()
        raise


def our_variables(data):
    """Return the variables with which Python starts without walls."""
    kept = {
        name: os.environ[name]
        for name in ('PATH', 'LD_LIBRARY_PATH')
        if name in os.environ
    }
    path = os.pathsep.join(p or os.getcwd() for p in sys.path)
    return (
        kept
        | {'PYTHONPATH': path}
        | ({'D2LMINI_DATA': str(Path(data).absolute())} if data else {})
    )


def cores():
    """Return how many processors this process may use, with a GiB each."""
    try:
        free = os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')
        return max(1, min(len(os.sched_getaffinity(0)), free // 2**30))
    except (AttributeError, ValueError, OSError):  # not on Linux
        return os.cpu_count() or 1


def size_now():
    """Return the size of this process, which has imported PyTorch, in bytes.

    A box has about the same size before it does anything. Where the system
    does not tell it, this is 0.
    """
    try:
        pages = Path('/proc/self/statm').read_text().split()[0]
    except OSError:
        return 0
    return int(pages) * os.sysconf('SC_PAGE_SIZE')


class Box:
    """One process that runs a student's code, seen from outside."""

    def __init__(self, command, variables, walled):
        self.conn, other = socket.socketpair()
        self.buffer = b''
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        with other:
            self.process = subprocess.Popen(
                command,
                stdin=other,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=variables,
                cwd=self.folder.name,
                start_new_session=True,
            )
        self.first = walled and walls.first_process(self.process.stdout)
        self.gone = None  # is called when this is closed

    def close(self):
        """End it with all that it has started; return what it complains."""
        self.conn.close()
        self.kill()
        first, self.first = self.first, None
        if first:
            os.close(first)
        complaint = self.process.communicate(timeout=START)[1]
        self.folder.cleanup()
        if self.gone:
            self.gone()
        return complaint.decode(errors='replace')

    def kill(self):
        """Kill it with all that it has started."""
        with contextlib.suppress(OSError):
            os.killpg(self.process.pid, signal.SIGKILL)
        with contextlib.suppress(OSError, TypeError):  # there may be none
            signal.pidfd_send_signal(self.first, signal.SIGKILL)

    def ask(self, request, seconds, largest=10000, end=math.inf, serve=None):
        """Send a request; return how it ended, and the answers by number.

        Raises Late if some seconds pass without an answer, or at the end (as
        time.monotonic tells it), and Died. A token
        ties them to the request: what was sent before, or by others, is not
        read. self.at is the line of a cell that was begun last.

        serve: Is called where the code calls a function that lives here, with
            the number of the call and the message; returns the reply.
        """
        token, answers, self.at = secrets.token_hex(16), {}, 0
        most = len(request.get('calls', []))
        request = request | {'token': token, 'largest': largest}
        self.send(json.dumps(request).encode() + b'\n', seconds)
        until = time.monotonic() + seconds
        while True:
            message = self.receive(min(until, end), largest + 10000)
            number = message.get('number')
            if message.get('token') != token:
                continue
            if 'ended' in message:
                return {'ended': message['ended'], 'answers': answers}
            if type(message.get('at')) is int:
                self.at = message['at']  # and no more time: it is the cell's
            if serve and 'ask' in message:
                reply = serve(len(answers), message)
                self.send(json.dumps(reply).encode() + b'\n', seconds)
            if type(number) is int and number == len(answers) < most:
                answers[number] = message
                until = time.monotonic() + seconds

    def send(self, line, seconds):
        """Send a line, if somebody reads it."""
        self.conn.settimeout(seconds)
        try:
            self.conn.sendall(line)
        except TimeoutError:
            raise Late from None
        except OSError:
            raise Died('your code ended the process') from None

    def receive(self, until, largest):
        """Return the next message; give up at a time and beyond a size."""
        while b'\n' not in self.buffer:
            wait = until - time.monotonic()
            if wait <= 0 or not select.select([self.conn], [], [], wait)[0]:
                raise Late
            try:
                part = self.conn.recv(2**20)
            except OSError:
                part = b''
            if not part:
                raise Died('your code ended the process')
            self.buffer += part
            if len(self.buffer) > largest:
                raise Died('your code sent more than was asked for')
        line, _, self.buffer = self.buffer.partition(b'\n')
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            message = None
        if type(message) is not dict:
            raise Died('your code sent something unreadable')
        return message
