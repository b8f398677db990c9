"""The command `sweep`: the error over the step and over the sequence length, as plots."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradcheck_rnn.cli.completing import files_like, overrides_like
from gradcheck_rnn.cli.defaults import ProjectCommand
from gradcheck_rnn.cli.exits import Exit, reader_may_leave
from gradcheck_rnn.cli.load import load, workers_option

if TYPE_CHECKING:
    from gradcheck_rnn.report.sweep.curves import Sweep

EPILOG = """Exit codes: 0 the curves are there (a sweep is no verdict), 2 a mistake in the command or the configuration,
3 your code raised, hung, crashed or is not deterministic, 4 a bug in gradcheck-rnn, 130 interrupted."""


@click.command(cls=ProjectCommand, epilog=EPILOG, short_help="Draw the error over the step h and over the length T.")
@click.argument("config", shell_complete=files_like)
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a key, e.g. check.entries=50.",
    shell_complete=overrides_like,
)
@click.option("--only", multiple=True, metavar="PARAMETER", help="Draw this parameter only; repeatable.")
@click.option(
    "--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What stdout holds."
)
@workers_option
def sweep(
    config: str, overrides: tuple[str, ...], only: tuple[str, ...], output_format: str, workers: int | None
) -> Exit:
    """Draw the error of the backward pass of CONFIG (a YAML file, - for stdin) over the step and over T.

    Over the step h of central differences a right gradient draws a V: truncation falls as h^2, rounding grows as 1/h.
    A flat line is a wrong gradient, which no step will mend. Over the sequence length T the curves tell from which
    length on a parameter is wrong. A sample of the entries is looked at; check.entries sets its size.
    """
    from gradcheck_rnn.pipeline.sweep.run import run_sweep
    from gradcheck_rnn.report.progress import ProgressBar

    (settings,) = load((config,), overrides)
    with ProgressBar() as progress:
        swept = run_sweep(settings, only=only, workers=workers, progress=progress).with_paths_from(Path.cwd())
    with reader_may_leave():
        _show(swept, output_format)
    return Exit.NO_VERDICT if swept.findings else Exit.PASS


def _show(swept: "Sweep", output_format: str) -> None:
    if output_format == "json":
        from gradcheck_rnn.report.sweep.machine import to_json

        click.echo(to_json(swept))
        return
    from gradcheck_rnn.report.sweep.text import to_lines
    from gradcheck_rnn.report.text import console_for, show

    console = console_for(sys.stdout)
    if swept.points:
        for line in to_lines(swept, width=console.width, encoding=console.encoding):
            click.echo(line)
    if swept.points and swept.findings:
        click.echo()
    if swept.findings:
        show(swept.ended, console)
