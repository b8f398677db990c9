"""Limits of edited code, within the process that runs it: it may loop for ever, or exhaust memory."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

# bytes that edited code may take beside what its process has already
MEMORY = 2 * 2**30
# share of the limit after which code that has swallowed the interruption is interrupted again
AGAIN = 0.1


class TooSlowError(BaseException):
    """Edited code was interrupted: no `except Exception` of the user's may hold it up."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Interrupt what works longer: the process's own time counts, for a busy machine may keep it waiting.

    It is without effect where a process cannot be interrupted by a clock.

    Raises:
        TooSlowError: it took longer.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGPROF, interrupt)
    signal.setitimer(signal.ITIMER_PROF, seconds, AGAIN * seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)


def limit_memory() -> None:
    """Have this process refuse to grow much further, where the system can."""
    try:
        import resource
    except ImportError:
        return
    pages = Path("/proc/self/statm")
    if pages.exists():
        now = int(pages.read_text().split()[0]) * resource.getpagesize()
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = now + MEMORY if hard == resource.RLIM_INFINITY else min(now + MEMORY, hard)
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))
