"""Reports of a check for others than the terminal: `--report FORMAT=PATH`, and what stdout holds."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradcheck_rnn.cli.exits import UnwritableError
from gradcheck_rnn.errors import Location, Mistake, UsageError
from gradcheck_rnn.files import write_whole
from gradcheck_rnn.report.formats.catalogue import RENDERERS, renderer

if TYPE_CHECKING:
    from gradcheck_rnn.report.formats.invocation import Invocation
    from gradcheck_rnn.report.value import Report

output_format_option = click.option(
    "--output-format",
    type=click.Choice(["text", *RENDERERS]),
    help="What stdout holds.  [default: text, with annotations after it on GitHub Actions]",
)
report_option = click.option(
    "--report",
    "wanted",
    multiple=True,
    metavar="FORMAT=PATH",
    help=f"Write a report to a file, too; repeatable. Formats: {', '.join(RENDERERS)}.",
)


@dataclass(frozen=True)
class Destination:
    """A file that a report in some format goes to."""

    format: str
    path: Path


def destinations(wanted: Sequence[str]) -> list[Destination]:
    """Read FORMAT=PATH words, and look whether such files could be written.

    Raises:
        UsageError: one of them could not be.
    """
    found: list[Destination] = []
    mistakes: list[Mistake] = []
    for word in wanted:
        try:
            found.append(_destination(word))
        except UsageError as error:
            mistakes += error.mistakes
    paths = [each.path for each in found]
    twice = dict.fromkeys(path for path in paths if paths.count(path) > 1)
    mistakes += [Mistake("two reports are to be written to one file", location=Location(str(path))) for path in twice]
    if mistakes:
        raise UsageError(*mistakes)
    return found


def _destination(word: str) -> Destination:
    from gradcheck_rnn.config.places import quote

    name, equals, path = word.partition("=")
    if name not in RENDERERS:
        raise UsageError(Mistake(f"no format of a report is called {quote(name)}", f"known are {', '.join(RENDERERS)}"))
    if not equals or not path:
        raise UsageError(Mistake(f"--report {quote(word)} names no file", f"as in --report {name}=report.{name}"))
    if path == "-":
        raise UsageError(
            Mistake("--report writes to files, not to stdout", f"--output-format {name} writes it to stdout")
        )
    target = Path(path).resolve()  # a link stays, what it points to is replaced
    if problem := _obstacle(target):
        raise UsageError(Mistake(f"cannot write the {name} report: {problem}", location=Location(path)))
    return Destination(name, target)


def _obstacle(path: Path) -> str:
    """Say why no file could be written there, if so."""
    if path.exists() and not path.is_file():
        return "that is no regular file"
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}"
    return "" if os.access(path.parent, os.W_OK) else f"the folder {path.parent} may not be written to"


def write_reports(
    places: Sequence[Destination], reports: "Sequence[Report]", invocation: "Invocation"
) -> list[UnwritableError]:
    """Write every file that can be written, and return what went wrong with the others."""
    failures = []
    for place in places:
        text = renderer(place.format)(reports, invocation)
        try:
            write_whole(place.path, text)
        except OSError as error:
            failures.append(UnwritableError(f"cannot write {place.path}: {error.strerror}"))
    return failures


def show_in(name: str, reports: "Sequence[Report]", invocation: "Invocation") -> None:
    """Write reports in a format to stdout, in UTF-8 whatever the terminal's encoding is."""
    sys.stdout.flush()
    sys.stdout.buffer.write(renderer(name)(reports, invocation).encode(errors="backslashreplace"))
    sys.stdout.flush()


def formats_of(output_format: str | None, places: Sequence[Destination]) -> frozenset[str]:
    """All formats that something is written in, the annotations of GitHub Actions among them."""
    shown = "github" if has_annotations(output_format) else output_format or "text"
    return frozenset({shown, *(place.format for place in places)})


def has_annotations(output_format: str | None) -> bool:
    """Whether annotations follow the text: on GitHub Actions, where nobody watches and nobody chose a format."""
    return output_format is None and os.environ.get("GITHUB_ACTIONS") == "true" and not sys.stdout.isatty()
