"""Opening a journal's file: refused, with the reason and untouched, where it is no journal of this very check."""

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from gradcheck_rnn import __version__
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.errors import Mistake, UsageError
from gradcheck_rnn.journal.digest import digest
from gradcheck_rnn.journal.journal import Journal
from gradcheck_rnn.journal.rows import DamagedError, ForeignError, Rows
from gradcheck_rnn.journal.values import from_bytes, to_bytes

ANOTHER = "it was left as it is: name another file"
START_OVER = "it was left as it is: name another file, or delete it to start over"
# under this key the file says what is checked
SUBJECT = digest("subject")

# files of journals that are open in this process: a process that it forks has no business with them
_open: set[int] = set()


@contextlib.contextmanager
def opened(name: str, checks: Sequence[Settings]) -> Iterator[list[Journal]]:
    """Open the journal of some checks, or begin one: a `Journal` for each of them.

    Args:
        name: of the file, as the user typed it.
        checks: the configurations that are checked, in their order.
    Raises:
        UsageError: the file cannot be used. It is left as it is.
    """
    descriptor = _descriptor(name)
    _open.add(descriptor)
    try:
        _lock(descriptor, name)
        facts = [facts_of(settings) for settings in checks]
        rows = _rows(descriptor, name, facts)
        yield [Journal(name, rows, each) for each in facts]
    finally:
        _open.discard(descriptor)
        os.close(descriptor)


def facts_of(settings: Settings) -> dict[str, str]:
    """What a check's results depend on, in words: its keys, and the versions of what computes them.

    The time limit of a call decides whether there is a result, and not which: a check that ended by it may go on with
    a longer one. Files count by what they hold, which is known once they have been loaded.
    """
    of_results = replace(settings, source="", check=replace(settings.check, timeout=0.0), stated=frozenset())
    adapter = {"backward.adapter": "given" if settings.backward.adapter else "none"}
    versions = {"gradcheck_rnn's version": __version__, "numpy's version": np.__version__}
    return {**dict(_flat(asdict(of_results))), **adapter, **versions}


def _flat(values: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, str(value)


def _descriptor(name: str) -> int:
    try:
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
    except FileNotFoundError as error:
        folder = Path(name).parent
        raise _refused(name, f"there is no folder `{folder}`", "make the folder first") from error
    except IsADirectoryError as error:
        raise _refused(name, "it is a folder", "name a file in it") from error
    except OSError as error:
        raise _refused(name, (error.strerror or str(error)).lower(), ANOTHER) from error
    except ValueError as error:  # a NUL character in the name
        raise _refused(name, "its name is not a file name", ANOTHER) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _refused(name, "it is no regular file", ANOTHER)
    return descriptor


def _lock(descriptor: int, name: str) -> None:
    """Keep other processes away for as long as the file is open, or this process lives."""
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        help_text = "wait until it has ended, or name another file"
        raise _refused(name, "another check is using it", help_text) from error


def _rows(descriptor: int, name: str, facts: list[dict[str, str]]) -> Rows:
    try:
        rows = Rows(descriptor)
        _hold_to(rows, facts, name)
        return rows
    except ForeignError as error:
        raise _refused(name, str(error), ANOTHER) from error
    except DamagedError as error:
        raise _refused(name, f"it is damaged: {error}", START_OVER) from error
    except OSError as error:
        raise _refused(name, (error.strerror or str(error)).lower(), ANOTHER) from error


def _hold_to(rows: Rows, facts: list[dict[str, str]], name: str) -> None:
    """Refuse a journal of other checks; a new one is told what these are."""
    if SUBJECT not in rows:
        rows.add(SUBJECT, to_bytes(tuple(tuple(each.items()) for each in facts)))
        return
    theirs = [dict(each) for each in from_bytes(rows.read(SUBJECT))]
    if len(theirs) != len(facts):
        raise _refused(name, f"it is that of a check of {len(theirs)} configurations, not {len(facts)}", START_OVER)
    for then, now in zip(theirs, facts, strict=True):
        other = [key for key in {**then, **now} if then.get(key) != now.get(key)]
        if other:
            told = ", ".join(f"{key} was {then.get(key)} and is {now.get(key)}" for key in other)
            raise _refused(name, f"it is that of another check: {told}", START_OVER)


def _refused(name: str, reason: str, help_text: str) -> UsageError:
    return UsageError(Mistake(f"cannot use the journal `{name}`: {reason}", help_text))


def _leave_to_parent() -> None:
    """Close what a forked process inherits."""
    for descriptor in _open:
        os.close(descriptor)
    _open.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)
