"""The command `init`: a configuration and an adapter for somebody's file, or a commented example."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradcheck_rnn.cli.exits import Exit, reader_may_leave

if TYPE_CHECKING:
    from gradcheck_rnn.init.start import Started


@click.command(short_help="Write a configuration and an adapter for your file.")
@click.argument("file", required=False, type=click.Path(path_type=Path), metavar="[FILE]")
@click.option(
    "--output-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Where to write; the current directory if not given.",
)
@click.option("--force", is_flag=True, help="Write over files that are there.")
def init(file: Path | None, output_dir: Path, force: bool) -> Exit:
    """Write a configuration and an adapter for FILE (.py or .ipynb), or a commented example.

    FILE is read and never run. What could not be told from its text is marked in the written files by FILL IN.
    """
    from gradcheck_rnn.init.start import start, start_example

    if file is None:
        started = start_example(folder=output_dir, force=force)
    else:
        started = start(file, folder=output_dir, force=force)
    with reader_may_leave():
        _show(started, file)
    return Exit.PASS


def _show(started: "Started", file: Path | None) -> None:
    if file is not None:
        click.echo(f"recognised in {file}")
    width = max((len(place) for place, _ in started.recognised), default=0)
    for place, fact in started.recognised:
        click.echo(f"  {place:<{width}}  {fact}")
    click.echo(f"wrote {', '.join(map(str, started.files))}")
    for what in started.open:
        click.echo(f"  FILL IN: {what}")
    click.echo(f"{'then' if started.open else 'now'}: gradcheck-rnn check {started.config}")
