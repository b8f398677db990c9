"""Faults that are accepted for now: the options, and what is told on stderr."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gradcheck_rnn.cli.exits import UnwritableError
from gradcheck_rnn.errors import Mistake, UsageError
from gradcheck_rnn.files import write_whole

if TYPE_CHECKING:
    from gradcheck_rnn.baseline.entry import Baseline
    from gradcheck_rnn.baseline.write import Update
    from gradcheck_rnn.report.value import Report

F = TypeVar("F", bound=Callable[..., Any])


def baseline_options(command: F) -> F:
    """Add `--baseline` and `--write-baseline` to a command."""
    for option in (
        click.option(
            "--write-baseline", is_flag=True, help="Bring that file up to date with what is wrong now; reasons stay."
        ),
        click.option(
            "--baseline", metavar="FILE", help="Accept the faults that FILE holds: exit 0 where no other is found."
        ),
    ):
        command = option(command)
    return command


@dataclass(frozen=True)
class Accepted:
    """Reports whose accepted faults are marked; `save` writes the baseline, where that is asked for."""

    reports: "Sequence[Report]"
    save: Callable[[], None] = lambda: None


def accepting(name: str | None, only: Sequence[str], *, is_written: bool) -> "Callable[[Sequence[Report]], Accepted]":
    """Read the baseline, and return what marks the faults that it accepts.

    Args:
        name: the file, if there is one.
        only: the parameters that were asked for.
        is_written: whether it is to be brought up to date first.
    Raises:
        UsageError: it has mistakes, or cannot be written for this check.
    """
    if name is None:
        if is_written:
            raise UsageError(Mistake("`--write-baseline` has no file to write", "name it by `--baseline FILE`"))
        return Accepted
    if is_written and only:
        message = "`--write-baseline` would leave out the faults of parameters that `--only` does not name"
        raise UsageError(Mistake(message, "check all parameters"))
    from gradcheck_rnn.baseline.read import read_baseline

    baseline = read_baseline(name, may_be_open=is_written, may_be_absent=is_written)
    return partial(_written, baseline) if is_written else partial(_marked, baseline, only=only)


def _marked(baseline: "Baseline", reports: "Sequence[Report]", *, only: Sequence[str] = ()) -> Accepted:
    from gradcheck_rnn.baseline.match import match, stale_message

    matched = match(baseline, reports, only)
    _tell(f"warning: {stale_message(entry)}: remove it" for entry in matched.stale)
    return Accepted(matched.reports)


def _written(baseline: "Baseline", reports: "Sequence[Report]") -> Accepted:
    """Bring the baseline up to date, unless Ctrl-C has kept faults from being looked for."""
    from gradcheck_rnn.baseline.write import as_written, updated

    if any(report.interrupted for report in reports):
        _tell([f"{baseline.file} is left as it is: the check was interrupted"])
        return _marked(baseline, reports)
    update = updated(baseline, reports)
    return replace(_marked(as_written(update), reports), save=partial(_save, update))


def _save(update: "Update") -> None:
    """Write a baseline; that there is no place for it comes after the report.

    Raises:
        UnwritableError: it cannot be written.
    """
    from gradcheck_rnn.baseline.write import baseline_text

    file = update.baseline.file
    try:
        write_whole(file.resolve(), baseline_text(update))  # a link stays, what it points to is replaced
    except OSError as error:
        raise UnwritableError(f"cannot write {file}: {error.strerror}") from error
    _tell([f"wrote {file}: {len(update.baseline.entries)} accepted"])
    _tell(f"not written: {each.kind} {each.term} takes an entry by hand" for each in update.left_out)


def _tell(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line, err=True)
