"""A limit of processor time for code that may never end, on any thread.

A busy machine does not count against an answer: only what its own thread
computes does. Code that waits instead of computing has PATIENCE times as long.
"""
import contextlib
import ctypes
import signal
import threading
import time

PATIENCE = 6
TICK = 0.1  # seconds between two looks at the clocks


class TimeIsUp(BaseException):
    """Not an Exception, so that `except Exception` does not swallow it."""


def call(function, seconds):
    """Call function(); raise TimeIsUp if it computes longer than seconds.

    On the main thread an alarm interrupts it. Elsewhere, and on Windows, it
    runs on a thread of its own, which is told to stop and then left alone:
    what Python cannot interrupt, one long call into C, goes on unheard.
    """
    if hasattr(signal, 'setitimer') and (
            threading.current_thread() is threading.main_thread()):
        with alarm(seconds):
            return function()
    return on_a_thread(function, seconds)


def until(seconds, computed):
    """Return a function that tells whether the time is up.

    computed: tells the processor time so far, in seconds.
    """
    begun, work = time.monotonic(), computed()
    return lambda: (computed() - work > seconds
                    or time.monotonic() - begun > PATIENCE * seconds)


@contextlib.contextmanager
def alarm(seconds):
    """Raise TimeIsUp after seconds, and again if that was swallowed."""
    is_up = until(seconds, time.thread_time)

    def ring(*_):
        if is_up():
            raise TimeIsUp

    old = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, TICK, TICK)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)


def clock_of(thread):
    """Return a function that tells the processor time of a thread."""
    if not hasattr(time, 'pthread_getcpuclockid'):  # Windows
        return time.monotonic

    def computed():
        try:
            return time.clock_gettime(time.pthread_getcpuclockid(
                thread.ident))
        except OSError:  # it has ended
            return 0.0
    return computed


def on_a_thread(function, seconds):
    """Do as call does, with a thread in place of an alarm."""
    outcome = {}

    def work():
        try:
            outcome['value'] = function()
        except BaseException as error:
            outcome['error'] = error

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    is_up = until(seconds, clock_of(thread))
    while thread.is_alive() and not is_up():
        thread.join(TICK)
    for _ in range(5):
        if not thread.is_alive():
            break
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident), ctypes.py_object(TimeIsUp))
        thread.join(0.2)
    if thread.is_alive():
        raise TimeIsUp
    if 'error' in outcome:
        raise outcome['error']
    return outcome['value']
