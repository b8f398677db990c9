"""The command `check`: read every configuration, check each, show the reports, choose the exit code."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradcheck_rnn.cli.exits import EPILOG, Exit, reader_may_leave
from gradcheck_rnn.cli.load import load

if TYPE_CHECKING:
    from gradcheck_rnn.config.settings import Settings
    from gradcheck_rnn.report.value import Report


@click.command(epilog=EPILOG)
@click.argument("configs", nargs=-1, required=True, metavar="CONFIG...")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a key, e.g. sequence.length=1.")
@click.option("--only", multiple=True, metavar="PARAMETER", help="Check this parameter only; repeatable.")
@click.option(
    "--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What stdout holds."
)
@click.option(
    "--workers",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="Processes that run your code; 0 runs it in this one, for a debugger (no time limit).",
)
@click.option("--quiet", "-q", is_flag=True, help="Print the verdict only.")
@click.option(
    "--verbose", "-v", is_flag=True, help="Show the whole configuration, and on stderr what your code printed."
)
@click.option("--exit-zero", is_flag=True, help="Exit 0 where a gradient is wrong or there is no verdict.")
def check(
    configs: tuple[str, ...],
    overrides: tuple[str, ...],
    only: tuple[str, ...],
    output_format: str,
    workers: int,
    quiet: bool,
    verbose: bool,
    exit_zero: bool,
) -> Exit:
    """Check the backward pass that each CONFIG (a YAML file, - for stdin) describes or names.

    Compares every entry of its gradients with central differences, at the configured point and at a probe point
    that separates faults.
    """
    settings = load(configs, overrides)
    reports = _run(settings, only=only, workers=workers)
    with reader_may_leave():
        _show(reports, output_format, quiet=quiet, verbose=verbose)
    _show_printed(reports, verbose=verbose)
    return Exit.PASS if exit_zero else max((_exit_of(report) for report in reports), key=_SEVERITY.index)


# of several configurations, what is worst decides
_SEVERITY = (Exit.PASS, Exit.NO_VERDICT, Exit.WRONG)


def _exit_of(report: "Report") -> Exit:
    return {"pass": Exit.PASS, "fail": Exit.WRONG, "inconclusive": Exit.NO_VERDICT, "error": Exit.NO_VERDICT}[
        report.outcome
    ]


def _run(settings: "Sequence[Settings]", *, only: Sequence[str], workers: int) -> "list[Report]":
    from gradcheck_rnn.pipeline.check import run_check
    from gradcheck_rnn.report.progress import ProgressBar

    reports = []
    for each in settings:
        with ProgressBar() as progress:
            report = run_check(each, only=only, workers=workers, progress=progress)
        reports.append(report.with_paths_from(Path.cwd()))
    return reports


def _show(reports: "Sequence[Report]", output_format: str, *, quiet: bool, verbose: bool) -> None:
    if output_format == "json":
        from gradcheck_rnn.report.machine import to_json

        click.echo(to_json(reports))
        return
    from gradcheck_rnn.config import describe_settings
    from gradcheck_rnn.report.text import console_for, show

    console = console_for(sys.stdout)
    for place, report in enumerate(reports):
        if place and not quiet:
            console.print()
        if verbose:
            console.print(describe_settings(report.settings))
            _show_vanishing(report.settings, console.width, console.encoding)
        show(report, console, quiet=quiet)


def _show_vanishing(settings: "Settings", width: int, encoding: str) -> None:
    """Tell how far an error reaches back at the configured point, as the YAML draws it."""
    from gradcheck_rnn.pipeline.power.table import configured_vanishing
    from gradcheck_rnn.report.power.text import vanishing_lines

    for line in vanishing_lines(configured_vanishing(settings), width=width, encoding=encoding):
        click.echo(line)
    click.echo()


def _show_printed(reports: "Sequence[Report]", *, verbose: bool) -> None:
    """Tell on stderr what user code printed: all of it, or that it did."""
    for report in reports:
        if not report.printed.strip():
            continue
        lines = report.printed.splitlines()
        if verbose:
            click.echo(f"your code printed:\n{report.printed.rstrip()}", err=True)
        else:
            shown = f"first: {lines[0][:60]}" + (f"; last: {lines[-1][:60]}" if len(lines) > 1 else "")
            click.echo(f"your code printed {len(lines)} lines (--verbose shows them), {shown}", err=True)
