"""TensorBoard reads what SummaryWriter has written, and serves it."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from torch.utils.tensorboard import SummaryWriter

LOSSES = [2.5, 1.25, 0.625]


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


@pytest.fixture
def server(tmp_path):
    """Start TensorBoard on loopback; give its address; stop it."""
    for run, factor in [('slow', 1), ('fast', 0.5)]:
        with SummaryWriter(tmp_path / run) as writer:
            for epoch, loss in enumerate(LOSSES, 1):
                writer.add_scalar('loss/training', factor * loss, epoch)
    port, log = free_port(), tmp_path / 'log.txt'
    with open(log, 'wb') as file:
        process = subprocess.Popen(
            [
                sys.executable,
                '-m',
                'tensorboard.main',
                '--logdir',
                tmp_path,
                '--host',
                '127.0.0.1',
                '--port',
                str(port),
                '--load_fast=false',
            ],
            stdout=file,
            stderr=subprocess.STDOUT,
            env=os.environ | {'NO_PROXY': '127.0.0.1'},
        )
    try:
        yield Server(f'http://127.0.0.1:{port}', process, log)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Server:
    def __init__(self, address, process, log):
        self.address, self.process, self.log = address, process, log
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({})
        )  # loopback needs no proxy

    def ask(self, path, patience=90):
        """Return the answer as data, as soon as there is one."""
        for _ in range(patience * 5):
            if self.process.poll() is not None:
                pytest.fail('TensorBoard ended: ' + self.log.read_text())
            try:
                with self.opener.open(self.address + path, timeout=30) as r:
                    if answer := json.loads(r.read()):
                        return answer
            except (urllib.error.URLError, ConnectionError):
                pass  # not started, or has not read the files yet
            time.sleep(0.2)
        pytest.fail(f'no answer from {path}: {self.log.read_text()}')


def test_scalars_over_http(server):
    tags = server.ask('/data/plugin/scalars/tags')
    assert tags.keys() == {'slow', 'fast'}
    for run, factor in [('slow', 1), ('fast', 0.5)]:
        points = server.ask(
            f'/data/plugin/scalars/scalars?run={run}&tag=loss%2Ftraining'
        )
        assert [point[1:] for point in points] == [
            [i, factor * loss] for i, loss in enumerate(LOSSES, 1)
        ]
