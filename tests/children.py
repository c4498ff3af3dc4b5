"""Child processes for the tests: they start fast and may be killed."""

import multiprocessing
import threading

from tqdm import tqdm

if 'forkserver' in multiprocessing.get_all_start_methods():
    CONTEXT = multiprocessing.get_context('forkserver')
    CONTEXT.set_forkserver_preload(['pytest', 'd2lmini.data', 'd2lmini.train'])
else:  # Windows
    CONTEXT = multiprocessing.get_context('spawn')


def start(function, *arguments):
    """Let a new process call a function of a test file."""
    process = CONTEXT.Process(
        target=call, args=(function, *arguments), daemon=True
    )
    process.start()
    return process


def call(function, *arguments):
    """Call it, with a lock of this process's own for the progress bars.

    tqdm's lock is shared by all children of one server. A child that is
    killed while it holds that lock would stop all those after it.
    """
    tqdm.set_lock(threading.RLock())
    function(*arguments)


def kill(process):
    """Kill it as by kill -9, whatever it is doing."""
    process.kill()
    process.join()
