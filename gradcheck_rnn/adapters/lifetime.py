"""How long other programs live: no longer than the code that started them, and each question no longer than a limit.

Code that is made of other files than modules names them here, too: they may count as long as it lives.
"""

import contextlib
import ctypes
import math
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

# from <sys/prctl.h>
PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class Ending(Protocol):
    """Something that runs until it is ended."""

    def end(self) -> None:
        """End it, if it still runs."""


@dataclass(frozen=True, eq=False)
class Lifetime:
    """Programs that end together, the seconds that each of their answers may take, and files with code."""

    limit: float
    programs: list[Ending] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)


# the innermost one that is open comes last; a process has no more than one, or one within another
_open: list[Lifetime] = [Lifetime(math.inf)]


@contextlib.contextmanager
def lifetime(limit: float) -> Iterator[None]:
    """End every program that is started within, whatever happens."""
    here = Lifetime(limit)
    _open.append(here)
    try:
        yield
    finally:
        _open.remove(here)
        for program in here.programs:
            program.end()


def current_lifetime() -> Lifetime:
    """Return the one that a program which is started now belongs to; without any, it ends with this process."""
    return _open[-1]


def die_with_parent() -> None:
    """Ask Linux to end this process with its parent; elsewhere it ends when it reads the end of its input."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def how_it_ended(code: int) -> str:
    """Say how a process ended, from its exit code, which is negative for a signal."""
    if code >= 0:
        return f"with exit code {code}"
    names = {int(each): each.name for each in signal.Signals}
    return f"killed by {names.get(-code, f'signal {-code}')}"
