"""The student's side of the marker: it runs code, and knows no answers.

A process runs the cells of one submission. It forks for each test, so that
what a test breaks is gone after it. boxes.py starts it and asks; all that it
is told stands in the request that is answered, and is the student's to read.
"""

import contextlib
import functools
import importlib
import json
import math
import os
import resource
import select
import signal
import socket
import sys
import types
import warnings

import numpy as np
import plain
import torch
from cells import Cells, described
from torch import nn
from torch.nn import functional as F

PROCESSES, FILES, MB = 64, 256, 2**20
SECONDS = 3600  # of processor time for each process
WATCH = types.ModuleType('watch')  # filled by prepare


def main(config):
    """Be a box, whose line to the marker is the standard input.

    Args:
        config: A dictionary: the source of what watches for banned calls,
            the most memory for each process in bytes, the user to become,
            whether there are walls, and whether to fork for each test.
    """
    conn = socket.socket(fileno=os.dup(0))
    prepare(config['watch'])
    limit(config)
    silence(conn)
    try:
        conn.sendall(b'{"ready": true}\n')
        serve(conn, config['forks'], config['walls'])
    finally:
        os._exit(0)


def prepare(watch):
    """Import what is slow, and put a dummy in the place of the checks."""
    warnings.simplefilter('ignore')
    torch.set_num_threads(1)
    F.conv2d(torch.ones(1, 1, 3, 3), torch.ones(1, 1, 2, 2))
    for name in ('d2lmini.check', 'd2lmini_check'):
        dummy = sys.modules[name] = types.ModuleType(name)
        dummy.check = dummy.hint = dummy.progress = lambda *args: None
    exec(compile(watch, '<watch>', 'exec'), vars(WATCH))


def import_all(modules):
    """Import what a submission will import: not in its time."""
    for name in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def limit(config):
    """Set the limits of this process and of those that it starts.

    Raises:
        OSError: If this system does not let it start one more process.
    """
    if config['user']:
        os.setgroups([])
        os.setresgid(*[config['user']] * 3)
        os.setresuid(*[config['user']] * 3)
    limits = {'FSIZE': 64 * MB, 'CORE': 0, 'NOFILE': FILES, 'CPU': SECONDS}
    if config['memory']:
        limits['AS'] = config['memory']
    if config['walls']:
        limits['NPROC'] = PROCESSES
    for name, value in limits.items():
        kind = getattr(resource, f'RLIMIT_{name}')
        most = resource.getrlimit(kind)[1]
        if most != resource.RLIM_INFINITY:
            value = min(value, most)
        resource.setrlimit(kind, (value, value))
    if os.fork() == 0:  # fails here, not when an answer is asked for
        os._exit(0)
    os.wait()


def silence(conn):
    """Send all that is printed nowhere, and close what is not needed."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in range(3):
        os.dup2(nothing, fd)
    os.closerange(3, conn.fileno())
    os.closerange(conn.fileno() + 1, 2**20)


def serve(conn, forks, walled):
    """Run cells and calls, one after the other, as they are asked for."""
    cells = Cells()
    for line in conn.makefile('r', encoding='utf-8'):
        request = json.loads(line)
        if 'import' in request:
            ended = import_all(request['import'])
        elif 'cell' in request:
            ended = cells.run(request, functools.partial(send, conn, request))
        elif forks:
            ended = answer_in_a_fork(conn, request, cells.space, walled)
        else:
            ended = answer_all(conn, request, cells.space)
        send(conn, request, ended=ended)


def send(conn, request, **message):
    """Send a line; what is larger than asked for is not sent."""
    token = {'token': request['token']}
    line = json.dumps(message | token).encode()
    if len(line) > request['largest']:
        if 'ask' in message:
            raise ValueError('these inputs are too large')
        line = json.dumps(
            {'number': message.get('number'), 'large': True} | token
        ).encode()
    conn.sendall(line + b'\n')


def answer_in_a_fork(conn, request, space, walled):
    """Answer all calls in a process of its own; return how that ended.

    Behind walls kill(-1) ends every process but this and the first of all.
    """
    reading, ticks = os.pipe()
    child = os.fork()
    if child == 0:
        if not walled:
            os.setsid()
        try:
            answer_all(conn, request, space, ticks)
        finally:
            os._exit(0)
    os.close(ticks)
    in_time = wait(reading, request['wall'])
    os.close(reading)
    if walled:
        os.kill(-1, signal.SIGKILL)
    status = end(child)
    reap()
    return told(status) if in_time else 'late'


def end(child):
    """Kill a process and its group; return its status."""
    for kill in [os.killpg, os.kill]:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def told(status):
    """Say how a process ended."""
    if os.WIFSIGNALED(status):
        if os.WTERMSIG(status) == signal.SIGPROF:
            return 'late'
        return f'signal {os.WTERMSIG(status)}'
    return 'done' if status == 0 else f'exit code {status >> 8}'


def wait(ticks, seconds):
    """Tell whether a byte came every so many seconds, until the end."""
    while select.select([ticks], [], [], seconds)[0]:
        if not os.read(ticks, 1):
            return True
    return False


def reap():
    """Bury the processes that a call has left behind."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def answer_all(conn, request, space, ticks=None):
    """Make all calls of a request and send what comes out of each."""
    for number, (args, kwargs) in enumerate(request['calls']):
        if ticks is not None:  # this process is only for these calls
            signal.signal(signal.SIGPROF, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_PROF, request['seconds'])
        send(
            conn,
            request,
            number=number,
            **answer(conn, request, space, args, kwargs),
        )
        if ticks is not None:
            os.write(ticks, b'.')
    return 'done'


def answer(conn, request, space, args, kwargs):
    """Call the student's function; return what came out as plain data."""
    function = space.get(request['of'])
    if function is None:
        return {'missing': True}
    try:
        asked = functools.partial(plain.Asked, ask=Line(conn, request).ask)
        args = plain.decode(args, asked=asked)
        kwargs = {k: plain.decode(v, asked=asked) for k, v in kwargs}
        watched = WATCH.Watch(function, request['bans'])
        called = watched if request['bans'] else function
        if request['drive']:
            called = functools.partial(driver(request['drive']), called)
        value = plain.encode(called(*args, **kwargs))
        json.dumps(value)  # fails here or not at all
        return {
            'value': value,
            'after': [
                plain.encode(args),
                [[k, plain.encode(v)] for k, v in kwargs.items()],
            ],
            'met': sorted(watched.met),
        }
    except BaseException as error:
        return {'error': described(error)}


class Line:
    """The line to the marker, for a function that lives there."""

    def __init__(self, conn, request):
        self.conn, self.request = conn, request

    def ask(self, number, args, kwargs):
        """Return what the function of this number gives."""
        args = [plain.encode(list(args)), plain.encode(kwargs)]
        send(self.conn, self.request, ask=number, args=args)
        line = b''
        while not line.endswith(b'\n'):
            part = self.conn.recv(2**20)
            if not part:
                os._exit(1)
            line += part
        reply = json.loads(line)
        if 'error' in reply:
            raise RuntimeError(reply['error'])
        return plain.decode(reply['value'])


def driver(source):
    """Make the function that a teacher's source defines."""
    space = {'torch': torch, 'nn': nn, 'F': F, 'np': np, 'math': math}
    before = set(space)
    exec(compile(source, '<marker>', 'exec'), space)
    (name,) = set(space) - before - {'__builtins__'}
    return space[name]


if __name__ == '__main__':
    main(json.loads(sys.argv[1]))
