"""A time limit for code that may never end, on any thread and system."""
import contextlib
import ctypes
import signal
import threading


class TimeIsUp(BaseException):
    """Not an Exception, so that `except Exception` does not swallow it."""


def call(function, seconds):
    """Call function(); raise TimeIsUp if it takes longer than seconds.

    On the main thread an alarm interrupts it. Elsewhere, and on Windows, it
    runs on a thread of its own, which is told to stop and then left alone:
    what Python cannot interrupt, one long call into C, goes on unheard.
    """
    if hasattr(signal, 'setitimer') and (
            threading.current_thread() is threading.main_thread()):
        with alarm(seconds):
            return function()
    return on_a_thread(function, seconds)


@contextlib.contextmanager
def alarm(seconds):
    """Raise TimeIsUp after seconds, and again if that was swallowed."""
    def ring(*_):
        raise TimeIsUp

    old = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.2)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)


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
    thread.join(seconds)
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
