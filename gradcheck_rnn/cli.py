"""The command line: parse, call, render, exit code. Nothing here imports numpy before it is needed."""

import contextlib
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradcheck_rnn import __version__
from gradcheck_rnn.errors import UsageError

if TYPE_CHECKING:
    from gradcheck_rnn.config.settings import Settings
    from gradcheck_rnn.report.value import Report

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


class _Commands(click.Group):
    """Commands; a configuration in the place of one gets a hint."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command."""
        if args and args[0].endswith((".yaml", ".yml")) and self.get_command(ctx, args[0]) is None:
            ctx.fail(f"no such command `{args[0]}`: did you mean `gradcheck-rnn check {args[0]}`?")
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="gradcheck-rnn")
def cli() -> None:
    """Find the broken term in a hand-written backward pass of a recurrent net."""


@cli.command(epilog=EPILOG)
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
    settings = _load(configs, overrides)
    reports = _run(settings, only=only, workers=workers)
    with _reader_may_leave():
        _show(reports, output_format, quiet=quiet, verbose=verbose)
    _show_printed(reports, verbose=verbose)
    return Exit.PASS if exit_zero else max((_exit_of(report) for report in reports), key=_SEVERITY.index)


def _load(configs: Sequence[str], overrides: Sequence[str]) -> "list[Settings]":
    """Read every configuration before anything is checked; the mistakes of all are reported together."""
    from gradcheck_rnn.config import load_settings

    stdin = getattr(sys.stdin, "buffer", None)  # None where the caller closed it
    settings, mistakes = [], []
    for source in configs:
        try:
            settings.append(load_settings(source, overrides=overrides, stdin=stdin))
        except UsageError as error:
            mistakes += [mistake for mistake in error.mistakes if mistake not in mistakes]
    if mistakes:
        raise UsageError(*mistakes)
    return settings


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


class UnwritableError(click.ClickException):
    """There is a verdict, but no place to put it."""


@contextlib.contextmanager
def _reader_may_leave() -> Iterator[None]:
    """Let `| head` close the pipe: the verdict and its exit code stand all the same."""
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            raise UnwritableError(f"cannot write the report: {error.strerror}") from error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
        show(report, console, quiet=quiet)


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


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with the exit code; the one place where outcomes become codes."""
    # the nets are small: BLAS threads cost more than they give. Set before numpy is imported.
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    sys.exit(_outcome(arguments))


def _outcome(arguments: Sequence[str] | None) -> Exit:
    try:
        code = cli.main(args=arguments, prog_name="gradcheck-rnn", standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return Exit.INTERRUPTED
    except UsageError as error:
        click.echo(str(error), err=True)
        return Exit.USAGE
    except click.ClickException as error:
        error.show()
        return Exit.NO_VERDICT if isinstance(error, UnwritableError) else Exit.USAGE
    except Exception:  # the last resort: whatever is left is a bug of ours, never a verdict
        click.echo(traceback.format_exc(), err=True)
        click.echo("this is a bug in gradcheck-rnn: please report it with the lines above", err=True)
        return Exit.BUG
    return Exit(code) if isinstance(code, int) else Exit.PASS
