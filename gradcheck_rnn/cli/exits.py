"""Exit codes of every command, and the errors that have one of their own."""

import contextlib
import os
import sys
from collections.abc import Iterator
from enum import IntEnum

import click

EPILOG = """Exit codes: 0 pass, 1 a gradient is wrong, 2 a mistake in the command or a configuration (nothing was
checked), 3 no verdict (cannot tell, or the user's code raised, hung, crashed or is not deterministic), 4 a bug in
gradcheck-rnn, 130 interrupted."""


class Exit(IntEnum):
    """Exit codes of every command."""

    PASS = 0
    WRONG = 1
    USAGE = 2
    NO_VERDICT = 3
    BUG = 4
    INTERRUPTED = 130


class UnwritableError(click.ClickException):
    """There is a verdict, but no place to put it."""


@contextlib.contextmanager
def reader_may_leave() -> Iterator[None]:
    """Let `| head` close the pipe: the verdict and its exit code stand all the same."""
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            raise UnwritableError(f"cannot write the report: {error.strerror}") from error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
