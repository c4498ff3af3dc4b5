"""The teacher's end of the line to the processes that run students' code.

A Box runs the code of one submission. What comes out of it is read with a
limit of time and size, and believed to be no more than plain data.
"""
import contextlib
import json
import os
import secrets
import select
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch

import d2lmini
from d2lmini_mark import plain

START = ('import json, sys; sys.path[:] = json.loads(sys.argv[1]); '
         'from d2lmini_mark import child; child.main(*sys.argv[2:])')
KEPT = ('PATH', 'HOME', 'LANG', 'LD_LIBRARY_PATH', 'SYSTEMROOT', 'TMPDIR')
GRACE = 3.0  # seconds beyond a time limit that the box keeps itself
PACKAGE = Path(d2lmini.__file__).resolve().parent


class BoxError(Exception):
    """The marker cannot run code here: not the student's fault."""


class Late(Exception):
    """No answer came in time."""


class Died(Exception):
    """The process is gone, or sent what no box sends."""


class Boxes:
    """Starts boxes. Use it in a with statement: all ends with it.

    walls: whether students' code runs behind walls; otherwise it may do all
    that you may do. forks: whether to start PyTorch once and fork, which is
    needed for walls. memory: bytes for each process. secret: files that the
    code must not see. data: a folder that it may read, or None. modules:
    what to import only once.
    """

    def __init__(self, walls=True, forks=True, memory=2 * 2**30, secret=(),
                 data=None, modules=()):
        self.forks, self.modules = forks, ' '.join(modules)
        self.control = self.process = None
        self.config = {
            'walls': walls, 'memory': memory, 'seconds': 3600,
            'user_namespace': hasattr(os, 'geteuid') and os.geteuid() != 0,
            'unseen': [str(p) for p in secret] if walls else [],
            'variables': {'D2LMINI_DATA': str(data)} if data else {},
            'folder': os.getcwd()}
        if walls:
            self.config |= tree(secret, data)

    def __enter__(self):
        if self.forks:
            self.control, other = socket.socketpair()
            self.process = start('fork', other, self.modules)
            if self.control.recv(5) != b'ready':
                raise BoxError('Python with PyTorch does not start: '
                               + self.process.communicate()[1][-2000:])
        return self

    def __exit__(self, *_):
        if self.control:
            self.control.close()
            self.process.communicate()

    def open(self):
        """Start a box; raise BoxError if it does not stand."""
        conn, other = socket.socketpair()
        user = 30000 + secrets.randbelow(30000)  # if this is root
        config = json.dumps(self.config | {
            'user': 0 if self.config['user_namespace'] else user})
        with other:
            if self.forks:
                box = Box(conn, leash=self.order(config, other))
            else:
                box = Box(conn, process=start('once', other, self.modules,
                                             config))
        try:
            first = box.receive(time.monotonic() + 60, 2**16)
        except (Late, Died) as error:
            box.close()
            raise BoxError(f'a process did not start: {error}') from None
        if trouble := first.get('failed') or first.get('sees'):
            box.close()
            raise BoxError(trouble if 'failed' in first else
                           f'{trouble[0]} can be read from within')
        return box

    def order(self, config, conn):
        """Have a box forked; return the leash, which holds it."""
        end, leash = os.pipe()
        try:
            socket.send_fds(self.control, [config.encode()],
                            [conn.fileno(), end])
        except OSError as error:
            os.close(leash)
            raise BoxError(f'no process can be started: {error}') from None
        finally:
            os.close(end)
        return leash


class Box:
    """One process that runs a student's code, seen from outside."""

    def __init__(self, conn, leash=None, process=None):
        self.conn, self.leash, self.process = conn, leash, process
        self.buffer = b''

    def close(self):
        """End the process and all that it has started."""
        self.conn.close()
        if self.leash is not None:
            os.close(self.leash)
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, 9)
            self.process.communicate()

    def ask(self, request, seconds, largest=10000):
        """Send a request; return how it ended, and the answers by number.

        Raises Late if some seconds pass without an answer, and Died. A token
        ties them to the request: what was sent before, or by others, is not
        read.
        """
        token, answers = secrets.token_hex(16), {}
        most = len(request.get('calls', []))
        request = request | {'token': token, 'largest': largest}
        self.send(json.dumps(request).encode() + b'\n', seconds)
        until = time.monotonic() + seconds
        while True:
            message = self.receive(until, largest + 10000)
            number = message.get('number')
            if message.get('token') != token:
                continue
            if 'ended' in message:
                return {'ended': message['ended'], 'answers': answers}
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


def start(how, conn, *config):
    """Start Python on the students' side, with few of our variables."""
    path = json.dumps([p or os.getcwd() for p in sys.path])
    quiet = {'OMP_NUM_THREADS': '1', 'MPLBACKEND': 'Agg',
             'CUDA_VISIBLE_DEVICES': '', 'D2LMINI_STRICT': '0'}
    return subprocess.Popen(
        [sys.executable, '-I', '-c', START, path, how, str(conn.fileno()),
         *config], pass_fds=[conn.fileno()], start_new_session=True,
        env={k: v for k, v in os.environ.items() if k in KEPT} | quiet,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True)


def tree(secret, data):
    """Return which files a student's code can see, and which not."""
    from d2lmini_mark import walls
    packages = [sys.prefix, sys.base_prefix, PACKAGE, *(
        Path(m.__file__).resolve().parents[1] for m in (torch, np)), *(
        p for p in sys.path if p.endswith(('site-packages',
                                           'dist-packages')))]
    shown = walls.what_is_shown(packages + [data] * bool(data))
    tops = {Path(p) for p in shown}
    needed = {Path(torch.__file__).resolve(), PACKAGE / 'utils.py'}
    hidden = {PACKAGE / 'checks'}
    for path in {Path(p).absolute().parent for p in secret}:
        if not tops & {path, *path.parents}:
            continue
        if any(path in p.parents for p in needed):
            raise BoxError(f'{path} lies where the students\' code must '
                           'read: move it into a folder of its own')
        hidden.add(path)
    return {'shown': shown, 'hidden': sorted(map(str, hidden))}
