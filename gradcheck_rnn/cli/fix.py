"""The command `fix`: search edits of the user's backward pass for a patch that makes every parameter pass."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradcheck_rnn.cli.completing import files_like, overrides_like
from gradcheck_rnn.cli.defaults import ProjectCommand
from gradcheck_rnn.cli.exits import Exit, reader_may_leave
from gradcheck_rnn.cli.load import load
from gradcheck_rnn.cli.printed import show_printed
from gradcheck_rnn.repair.seconds import TIME_LIMIT

if TYPE_CHECKING:
    from gradcheck_rnn.report.repair.value import Repair

EPILOG = """Exit codes: 0 nothing to repair, or --write has repaired it, 1 a gradient is wrong (whether or not there is
a patch), or a patch mends what calls leave behind, 2 a mistake in the command or the configuration (nothing was
searched), 3 neither verdict nor patch (cannot tell, or your code raised, hung, crashed or is not deterministic), 4 a
bug in gradcheck-rnn, 130 interrupted."""


@click.command(cls=ProjectCommand, epilog=EPILOG, short_help="Print the patch after which every gradient passes.")
@click.argument("config", shell_complete=files_like)
@click.option("--write", is_flag=True, help="Write the patch into your files, unless they have changed meanwhile.")
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0, min_open=True),
    default=TIME_LIMIT,
    show_default=True,
    metavar="SECONDS",
    help="End the search after that time; the check before it, and the proof of a patch, take their own.",
)
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a key, e.g. sequence.length=3.",
    shell_complete=overrides_like,
)
@click.option(
    "--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What stdout holds."
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes that try edits.  [default: as many as there are cores]",
)
@click.option("--quiet/--no-quiet", "-q", help="Print the diff only, or the verdict where there is none.")
def fix(
    config: str,
    write: bool,
    time_limit: float,
    overrides: tuple[str, ...],
    output_format: str,
    workers: int | None,
    quiet: bool,
) -> Exit:
    """Print a patch for the backward pass that CONFIG (a YAML file, - for stdin) names.

    Where the check fails, small edits of your own code are tried, each in a guarded process. Those after which every
    parameter passes, at points that the search has not seen, are printed as a diff. Your files are left as they are,
    unless --write is given; `gradcheck-rnn fix CONFIG | patch -p1` applies the diff too.
    """
    from gradcheck_rnn.pipeline.fix import run_fix
    from gradcheck_rnn.report.progress import ProgressBar

    (settings,) = load((config,), overrides)
    with ProgressBar() as progress:
        found = run_fix(settings, workers=workers, time_limit=time_limit, progress=progress)
    repair = found.with_paths_from(Path.cwd())
    written = _write(repair) if write and not repair.interrupted else ()
    with reader_may_leave():
        _show(repair, output_format, overrides, written, quiet=quiet)
    show_printed([repair.report], shown_by="gradcheck-rnn check --verbose")
    if repair.interrupted:
        raise click.Abort
    is_mended = written and repair.patch is not None and not repair.patch.remains
    return Exit.PASS if is_mended else _exit_of(repair)


def _exit_of(repair: "Repair") -> Exit:
    if repair.patch is not None:
        return Exit.WRONG
    return {"pass": Exit.PASS, "fail": Exit.WRONG}.get(repair.report.outcome, Exit.NO_VERDICT)


def _write(repair: "Repair") -> tuple[str, ...]:
    """Write the patch, if there is one, and return the files; a refusal is told on stderr."""
    from gradcheck_rnn.repair.write import UnwrittenError, write_patch

    if repair.patch is None:
        return ()
    try:
        written = write_patch(repair.patch)
    except UnwrittenError as error:
        click.echo(str(error), err=True)
        return ()
    here = Path.cwd()
    return tuple(str(file.relative_to(here) if file.is_relative_to(here) else file) for file in written)


def _show(
    repair: "Repair", output_format: str, overrides: tuple[str, ...], written: tuple[str, ...], *, quiet: bool
) -> None:
    here = Path.cwd()
    if output_format == "json":
        from gradcheck_rnn.report.repair.machine import to_json

        click.echo(to_json(repair, folder=here, written=written))
        return
    from gradcheck_rnn.report.repair.text import fix_command, show_diffs, show_repair
    from gradcheck_rnn.report.text import console_for, show

    console = console_for(sys.stdout)
    if not quiet:
        command = fix_command(repair.report.settings.source, overrides)
        show_repair(repair, console, folder=here, command=command, written=written)
    elif repair.patch is not None:
        show_diffs(repair.patch.diffs(here), console)
    else:
        show(repair.report, console, quiet=True)
