"""The command `power`: which known faults a check could catch, and at which of its points."""

import sys
from typing import TYPE_CHECKING

import click

from gradcheck_rnn.cli.completing import files_like, overrides_like
from gradcheck_rnn.cli.defaults import ProjectCommand
from gradcheck_rnn.cli.exits import Exit, reader_may_leave
from gradcheck_rnn.cli.load import load

if TYPE_CHECKING:
    from gradcheck_rnn.report.power.table import PowerTable

EPILOG = """Exit codes: 0 the faults were judged (whatever is missed), 2 a mistake in the command or the configuration,
4 a bug in gradcheck-rnn, 130 interrupted."""


@click.command(cls=ProjectCommand, epilog=EPILOG, short_help="Show which faults a check would have missed.")
@click.argument("config", shell_complete=files_like)
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a key, e.g. sequence.length=1.",
    shell_complete=overrides_like,
)
@click.option(
    "--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What stdout holds."
)
@click.option("--verbose/--no-verbose", "-v", help="List every known fault, not those that are missed only.")
def power(config: str, overrides: tuple[str, ...], output_format: str, verbose: bool) -> Exit:
    """Show which faults the check of CONFIG (a YAML file, - for stdin) could catch.

    Every known fault of the described net is put into its right gradient, at the configured point and at the probe,
    and judged as the check would judge it. The share is how much of a gradient it changes at the configured point.
    Below stands how far back an error reaches there. Your own code is not run.
    """
    from gradcheck_rnn.pipeline.power.table import judge_known_faults
    from gradcheck_rnn.report.progress import ProgressBar

    (settings,) = load((config,), overrides)
    with ProgressBar() as progress:
        table = judge_known_faults(settings, progress=progress)
    with reader_may_leave():
        _show(table, output_format, verbose=verbose)
    return Exit.PASS


def _show(table: "PowerTable", output_format: str, *, verbose: bool) -> None:
    if output_format == "json":
        from gradcheck_rnn.report.power.machine import to_json

        click.echo(to_json(table))
        return
    from gradcheck_rnn.report.power.text import to_lines
    from gradcheck_rnn.report.text import console_for

    console = console_for(sys.stdout)
    for line in to_lines(table, width=console.width, encoding=console.encoding, verbose=verbose):
        click.echo(line)
