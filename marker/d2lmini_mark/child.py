"""The student's side of the marker: it runs code, and knows no answers.

main('fork', fd) imports PyTorch once. For each box that is asked for on the
socket fd it forks a keeper, which forks the process in which the student's
cells run. That one forks again for each test, so that what a test breaks is
gone after it. main('once', fd) is all of that without a fork.
"""
import contextlib
import functools
import importlib
import json
import linecache
import math
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import traceback
import types
import warnings

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from d2lmini_mark import plain, walls


def main(how, fd, modules, *config):
    """Wait for orders (fork), or be a box at once (once)."""
    prepare(modules.split())
    control = socket.socket(fileno=int(fd))
    if how == 'once':
        return student_side(control, json.loads(config[0]), forks=False)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers need no wait
    control.sendall(b'ready')
    while True:
        order, fds, _, _ = socket.recv_fds(control, 2**20, 2)
        if not order:
            os._exit(0)
        if os.fork() == 0:
            control.close()
            keep(json.loads(order), *fds)
            os._exit(0)
        for fd in fds:
            os.close(fd)


def prepare(modules):
    """Import what is slow, and put a dummy in the place of the checks."""
    warnings.simplefilter('ignore')
    torch.set_num_threads(1)
    F.conv2d(torch.ones(1, 1, 3, 3), torch.ones(1, 1, 2, 2))
    dummy = types.ModuleType('d2lmini.check')
    dummy.check = dummy.hint = dummy.progress = lambda *args: None
    sys.modules['d2lmini.check'] = dummy
    for name in modules:
        importlib.import_module(name)


def keep(config, conn, leash):
    """Start a student's process; end it when the leash is let go.

    The keeper stays outside of the walls and out of sight. When it ends the
    student's process, the first of its namespace, the system ends all
    processes that this one has started.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    child, folder = None, None
    try:
        if config['walls']:
            walls.leave(config['user_namespace'])
        else:
            folder = tempfile.mkdtemp()
        child = os.fork()
    except OSError as error:
        os.write(conn, failed(error))
    if child == 0:
        os.close(leash)
        student_side(socket.socket(fileno=conn), config | {'folder': folder})
    os.close(conn)
    if child:
        select.select([leash, os.pidfd_open(child)], [], [])
        end(child)
    if folder:
        shutil.rmtree(folder, ignore_errors=True)


def end(child):
    """Kill a process and its group; return its status."""
    for kill in [os.killpg, os.kill]:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def failed(error):
    """Write the first message of a box whose walls do not stand."""
    return json.dumps({'failed': str(error)}).encode() + b'\n'


def student_side(conn, config, forks=True):
    """Build the walls, then do what is asked on the connection; no return."""
    try:
        build_walls(conn, config)
        conn.sendall(json.dumps({'ready': True, 'sees': walls.seen(
            config['unseen'])}).encode() + b'\n')
    except OSError as error:
        conn.sendall(failed(error))
        os._exit(1)
    try:
        serve(conn, forks, config['walls'])
    finally:
        os._exit(0)


def build_walls(conn, config):
    """Shut out all that the student's code must not reach."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in range(3):
        os.dup2(nothing, fd)
    os.closerange(3, conn.fileno())
    os.closerange(conn.fileno() + 1, 2**20)
    with contextlib.suppress(PermissionError):  # leads a session already
        os.setsid()
    walls.limit(config['memory'], config['seconds'], config['walls'])
    os.environ.clear()
    os.environ.update(walls.environment() | config['variables'])
    if config['walls']:
        walls.empty_tree(config['shown'], config['hidden'])
        walls.drop_rights(config['user'])
    os.chdir('/tmp' if config['walls'] else config['folder'])


def serve(conn, forks, walled):
    """Run cells and calls, one after the other, as they are asked for."""
    module = types.ModuleType('__main__')
    module.display = lambda *args, **kwargs: None
    sys.modules['__main__'] = module
    space, me = vars(module), os.getpid()
    for line in conn.makefile('r', encoding='utf-8'):
        request = json.loads(line)
        if 'cell' in request:
            ended = run_cell(request, space)
            if os.getpid() != me:  # a cell has forked
                os._exit(0)
        elif forks:
            ended = answer_in_a_fork(conn, request, space, walled)
        else:
            ended = answer_all(conn, request, space)
        send(conn, request, ended=ended)


def send(conn, request, **message):
    """Send a line; what is larger than asked for is not sent."""
    token = {'token': request['token']}
    line = json.dumps(message | token).encode()
    if len(line) > request['largest']:
        line = json.dumps({'number': message.get('number'), 'large': True}
                          | token).encode()
    conn.sendall(line + b'\n')


def run_cell(request, space):
    """Run a cell; return a description of its error, or None."""
    name, source = f'<cell {request["cell"]}>', request['source']
    linecache.cache[name] = (len(source), None,
                             source.splitlines(keepends=True), name)
    try:
        exec(compile(source, name, 'exec'), space)
    except BaseException as error:
        return described(error)


def answer_in_a_fork(conn, request, space, walled):
    """Answer all calls in a process of its own; return how that ended.

    Behind walls kill(-1) ends every process but this, the first of all.
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
    in_time = wait(reading, request['seconds'])
    os.close(reading)
    if walled:
        os.kill(-1, signal.SIGKILL)
    status = end(child)
    reap()
    return told(status) if in_time else 'late'


def told(status):
    """Say how a process ended."""
    if os.WIFSIGNALED(status):
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
        send(conn, request, number=number,
             **answer(request, space, args, kwargs))
        if ticks is not None:
            os.write(ticks, b'.')
    return 'done'


def answer(request, space, args, kwargs):
    """Call the student's function; return what came out as plain data."""
    function = space.get(request['of'])
    if function is None:
        return {'missing': True}
    try:
        args = plain.decode(args)
        kwargs = {k: plain.decode(v) for k, v in kwargs}
        if request['drive']:
            function = functools.partial(driver(request['drive']), function)
        value = plain.encode(function(*args, **kwargs))
        json.dumps(value)  # fails here or not at all
        return {'value': value, 'after': [
            plain.encode(args), [[k, plain.encode(v)]
                                 for k, v in kwargs.items()]]}
    except BaseException as error:
        return {'error': described(error)}


def driver(source):
    """Make the function that a teacher's source defines."""
    space = {'torch': torch, 'nn': nn, 'F': F, 'np': np, 'math': math}
    before = set(space)
    exec(compile(source, '<marker>', 'exec'), space)
    name, = set(space) - before - {'__builtins__'}
    return space[name]


def described(error):
    """Return the kind of an error (a builtin), its text and its line."""
    kinds = [c.__name__ for c in type(error).__mro__
             if c.__module__ == 'builtins']
    try:
        text = str(error)
    except Exception:
        text = ''
    lines = [frame.line for frame in traceback.extract_tb(
        error.__traceback__) if frame.filename.startswith('<cell')]
    name = type(error).__name__
    return [kinds[0], name[:60], text[:500], (lines or [''])[-1][:200]]
