"""The command `check`: read every configuration, check each, show the reports, choose the exit code."""

import contextlib
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradcheck_rnn.cli.baseline import accepting, baseline_options
from gradcheck_rnn.cli.completing import files_like, methods_like, overrides_like
from gradcheck_rnn.cli.defaults import ProjectCommand
from gradcheck_rnn.cli.exits import EPILOG, Exit, reader_may_leave
from gradcheck_rnn.cli.further import PICTURES, look_further, need_libraries
from gradcheck_rnn.cli.load import load, workers_option
from gradcheck_rnn.cli.printed import show_printed
from gradcheck_rnn.cli.reports import (
    destinations,
    formats_of,
    has_annotations,
    output_format_option,
    report_option,
    show_in,
    write_reports,
)
from gradcheck_rnn.files import repository_of

if TYPE_CHECKING:
    from gradcheck_rnn.config.settings import Settings
    from gradcheck_rnn.journal.journal import Journal
    from gradcheck_rnn.report.formats.invocation import Invocation
    from gradcheck_rnn.report.value import Report


@click.command(
    cls=ProjectCommand, epilog=EPILOG, short_help="Compare gradients with differences, name the broken term."
)
@click.argument("configs", nargs=-1, required=True, metavar="CONFIG...", shell_complete=files_like)
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a key, e.g. sequence.length=1.",
    shell_complete=overrides_like,
)
@click.option(
    "--method",
    metavar="METHOD",
    shell_complete=methods_like,
    help="How the numeric gradient is taken: short for --set check.method=METHOD (auto, direct, central, richardson, "
    "complex_step).",
)
@click.option("--only", multiple=True, metavar="PARAMETER", help="Check this parameter only; repeatable.")
@output_format_option
@report_option
@workers_option
@click.option(
    "--journal",
    metavar="FILE",
    help="Note down in FILE what is finished; after a kill, the same command goes on from there.",
)
@click.option("--cluster", metavar="HOST:PORT", help="Run the differences on the Dask cluster of this scheduler.")
@baseline_options
@click.option("--quiet/--no-quiet", "-q", help="Print the verdict only.")
@click.option(
    "--verbose/--no-verbose", "-v", help="Show the whole configuration, and on stderr what your code printed."
)
@click.option("--exit-zero", is_flag=True, help="Exit 0 where a gradient is wrong or there is no verdict.")
def check(
    configs: tuple[str, ...],
    overrides: tuple[str, ...],
    method: str | None,
    only: tuple[str, ...],
    output_format: str | None,
    wanted: tuple[str, ...],
    workers: int | None,
    journal: str | None,
    cluster: str | None,
    baseline: str | None,
    write_baseline: bool,
    quiet: bool,
    verbose: bool,
    exit_zero: bool,
) -> Exit:
    """Check the backward pass that each CONFIG (a YAML file, - for stdin) describes or names.

    Compares every entry of its gradients with central differences, at the configured point and at a probe point
    that separates faults.
    """
    from gradcheck_rnn.report.formats.invocation import Invocation

    places = destinations(wanted)
    formats = formats_of(output_format, places)
    if PICTURES in formats:
        need_libraries()
    accept = accepting(baseline, only, is_written=write_baseline)
    settings = load(configs, overrides if method is None else (*overrides, f"check.method={method}"))
    with _journals(journal, settings) as journals:
        ran = _run(settings, journals, only=only, workers=workers, cluster=cluster, quiet=quiet)
    accepted = accept(ran.reports)
    judged = list(accepted.reports)
    if not ran.interrupted:
        try:
            is_long = journal is not None or cluster is not None
            look_further(judged, formats, seconds=ran.seconds, is_long=is_long, only=only, workers=workers)
        except KeyboardInterrupt:
            ran.interrupted = True
    here = Path.cwd()
    invocation = Invocation(
        overrides=overrides,
        method=method,
        only=only,
        folder=here,
        root=repository_of(here),
        seconds=tuple(ran.seconds),
        unchecked=tuple(each.source for each in settings[len(ran.reports) :]),
    )
    failures = write_reports(places, judged, invocation)
    if judged or output_format not in (None, "text"):
        with reader_may_leave():
            _show(judged, output_format, invocation, quiet=quiet, verbose=verbose)
    show_printed(judged, verbose=verbose)
    if ran.interrupted:
        raise click.Abort
    accepted.save()
    if failures:
        raise failures[0]
    return Exit.PASS if exit_zero else max((_exit_of(report) for report in judged), key=_SEVERITY.index)


@dataclass
class _Ran:
    """What was checked, and how long each check took; an interruption leaves the rest out."""

    reports: "list[Report]" = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    interrupted: bool = False


# of several configurations, what is worst decides
_SEVERITY = (Exit.PASS, Exit.NO_VERDICT, Exit.WRONG)


def _exit_of(report: "Report") -> Exit:
    return {"pass": Exit.PASS, "fail": Exit.WRONG, "inconclusive": Exit.NO_VERDICT, "error": Exit.NO_VERDICT}[
        report.outcome_but_accepted
    ]


@contextlib.contextmanager
def _journals(name: str | None, settings: "Sequence[Settings]") -> "Iterator[Sequence[Journal | None]]":
    """Open the journal, if one is asked for; at the end tell on stderr what it knew."""
    if name is None:
        yield [None] * len(settings)
        return
    from gradcheck_rnn.journal.open import opened

    with opened(name, settings) as journals:
        yield journals
        recalled, noted = (sum(getattr(each, count) for each in journals) for count in ("recalled", "noted"))
        click.echo(f"journal {name}: {recalled} of {recalled + noted} shards were known", err=True)


def _run(
    settings: "Sequence[Settings]",
    journals: "Sequence[Journal | None]",
    *,
    only: Sequence[str],
    workers: int | None,
    cluster: str | None,
    quiet: bool,
) -> _Ran:
    """Check each; Ctrl-C ends that, and what is known by then stands."""
    from gradcheck_rnn.api import check as check_gradients
    from gradcheck_rnn.pipeline.measurement import foresee_nothing
    from gradcheck_rnn.report.progress import ProgressBar

    ran = _Ran()
    for each, journal in zip(settings, journals, strict=True):
        began = time.monotonic()
        try:
            with ProgressBar() as progress:
                foresee = foresee_nothing if quiet else progress.foresee
                report = check_gradients(
                    each,
                    only=only,
                    workers=workers,
                    progress=progress,
                    foresee=foresee,
                    journal=journal,
                    cluster=cluster,
                )
        except KeyboardInterrupt:
            ran.interrupted = True
            return ran
        ran.reports.append(report.with_paths_from(Path.cwd()))
        ran.seconds.append(time.monotonic() - began)
        if report.interrupted:
            ran.interrupted = True
            return ran
    return ran


def _show(
    reports: "Sequence[Report]", output_format: str | None, invocation: "Invocation", *, quiet: bool, verbose: bool
) -> None:
    if output_format not in (None, "text"):
        show_in(output_format, reports, invocation)
        return
    _show_text(reports, invocation, quiet=quiet, verbose=verbose)
    if has_annotations(output_format):
        show_in("github", reports, invocation)


def _show_text(reports: "Sequence[Report]", invocation: "Invocation", *, quiet: bool, verbose: bool) -> None:
    from gradcheck_rnn.config import describe_settings
    from gradcheck_rnn.report.repair.text import show_hint
    from gradcheck_rnn.report.summary import show_summary
    from gradcheck_rnn.report.text import console_for, show

    console = console_for(sys.stdout)
    for place, report in enumerate(reports):
        if place and not quiet:
            console.print()
        if verbose:
            console.print(describe_settings(report.settings))
            _show_vanishing(report.settings, console.width, console.encoding)
        show(report, console, quiet=quiet)
        if not quiet and report.may_be_repaired:
            show_hint(report, console, invocation.overrides)
    if len(reports) > 1 and not quiet:
        console.print()
        show_summary(reports, console)


def _show_vanishing(settings: "Settings", width: int, encoding: str) -> None:
    """Tell how far an error reaches back at the configured point, as the YAML draws it."""
    from gradcheck_rnn.pipeline.power.table import configured_vanishing
    from gradcheck_rnn.report.power.text import vanishing_lines

    for line in vanishing_lines(configured_vanishing(settings), width=width, encoding=encoding):
        click.echo(line)
    click.echo()
