"""Child processes for the tests: they start fast and may be killed."""

import multiprocessing

if 'forkserver' in multiprocessing.get_all_start_methods():
    CONTEXT = multiprocessing.get_context('forkserver')
    CONTEXT.set_forkserver_preload(['pytest', 'd2lmini.data', 'd2lmini.train'])
else:  # Windows
    CONTEXT = multiprocessing.get_context('spawn')


def start(function, *arguments):
    """Let a new process call a function of a test file."""
    process = CONTEXT.Process(target=function, args=arguments, daemon=True)
    process.start()
    return process


def kill(process):
    """Kill it as by kill -9, whatever it is doing."""
    process.kill()
    process.join()
