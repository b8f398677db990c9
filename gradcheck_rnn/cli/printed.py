"""What user code printed, told on stderr."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gradcheck_rnn.report.value import Report


def show_printed(reports: "Iterable[Report]", *, verbose: bool = False, shown_by: str = "--verbose") -> None:
    """Tell all of what user code printed, or that it did and what shows it."""
    for report in reports:
        if not report.printed.strip():
            continue
        lines = report.printed.splitlines()
        if verbose:
            click.echo(f"your code printed:\n{report.printed.rstrip()}", err=True)
        elif len(lines) == 1:
            click.echo(f"your code printed one line ({shown_by} shows it): {lines[0][:60]}", err=True)
        else:
            shown = f"first: {lines[0][:60]}; last: {lines[-1][:60]}"
            click.echo(f"your code printed {len(lines)} lines ({shown_by} shows them), {shown}", err=True)
