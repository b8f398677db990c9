"""The command `demo`: a known fault is put into a backward pass, and found; or a list of all faults."""

import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradcheck_rnn.cli.exits import Exit, UnwritableError, reader_may_leave
from gradcheck_rnn.cli.further import PICTURES, need_libraries
from gradcheck_rnn.cli.reports import destinations
from gradcheck_rnn.errors import Mistake, UsageError
from gradcheck_rnn.files import write_whole

if TYPE_CHECKING:
    from gradcheck_rnn.pipeline.demo.stages import Family
    from gradcheck_rnn.report.demo.chapters import FoundPatch, Story


def _names_like(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete a cell or a fault in a shell."""
    from gradcheck_rnn.pipeline.demo.nets import demo_names
    from gradcheck_rnn.pipeline.demo.stages import FAMILIES

    names = [*(each.name for each in FAMILIES), *(name for each in FAMILIES for name in demo_names(each))]
    return [name for name in dict.fromkeys(names) if name.startswith(incomplete)]


@click.command(short_help="Tell the story of one wrong line, up to its patch.")
@click.argument("fault", nargs=-1, metavar="[CELL] [FAULT]", shell_complete=_names_like)
@click.option("--list", "listed", is_flag=True, help="List the known faults of a cell, or of one kind.")
@click.option(
    "--report", "page", metavar="html=PATH", help="Write the whole lesson, with pictures, as a web page, too."
)
def demo(fault: tuple[str, ...], listed: bool, page: str | None) -> Exit:
    """Show a wrong backward pass, how the check finds the line, and the right one.

    FAULT is a known fault, such as truncated-chain:3 or sign-flip dh_next; without it, one that is typical is shown.
    CELL is elman, lstm or gru; without it, the first of these that can have the fault. Everything is computed on the
    spot, no file is needed.
    """
    family, words = _family_meant(" ".join(fault).split())
    if listed and page is not None:
        raise UsageError(Mistake("a list of faults is no lesson, so there is no page of it", "leave out --list"))
    if listed:
        _list(family, " ".join(words))
    else:
        place = None if page is None else _place(page)
        _show(*_fault_meant(family, " ".join(words)), place)
    return Exit.PASS


def _place(report: str) -> Path:
    """The file that a page goes to.

    Raises:
        UsageError: it is no page that is asked for, or it could not be made or written.
    """
    (place,) = destinations([report])
    if place.format != PICTURES:
        raise UsageError(Mistake(f"a lesson is no {place.format}", f"as in --report {PICTURES}=lesson.{PICTURES}"))
    need_libraries()
    return place.path


def _show(name: str, family: "Family", place: Path | None) -> None:
    from gradcheck_rnn.pipeline.demo.patch import find_patch
    from gradcheck_rnn.pipeline.demo.story import tell_story
    from gradcheck_rnn.report.demo.story import show_ending, show_story
    from gradcheck_rnn.report.progress import ProgressBar
    from gradcheck_rnn.report.text import console_for

    story, console = tell_story(name, family), console_for(sys.stdout)
    with reader_may_leave():
        show_story(story, console)
    # there is something to read meanwhile
    with ProgressBar() as progress:
        patch = find_patch(story.fault, story.broken.settings.model.cell, progress=progress)
    with reader_may_leave():
        show_ending(story, patch, console)
    if place is not None:
        _write_page(
            story, patch, place, ["gradcheck-rnn", "demo", family.name, name, "--report", f"{PICTURES}={place.name}"]
        )


def _write_page(story: "Story", patch: "FoundPatch | None", place: Path, words: Sequence[str]) -> None:
    from gradcheck_rnn.pipeline.demo.lesson import lesson_of
    from gradcheck_rnn.report.html.lesson import lesson_page

    page = lesson_page(lesson_of(story, patch), command=shlex.join(words))
    try:
        write_whole(place, page)
    except OSError as error:
        raise UnwritableError(f"cannot write {place}: {error.strerror}") from error


def _family_meant(words: Sequence[str]) -> "tuple[Family | None, Sequence[str]]":
    """The family that somebody named, if any, and what else was typed."""
    from gradcheck_rnn.pipeline.demo.stages import FAMILIES

    named = {each.name: each for each in FAMILIES}
    if words and words[0].lower() in named:
        return named[words[0].lower()], words[1:]
    return None, words


def _fault_meant(family: "Family | None", words: str) -> "tuple[str, Family]":
    """The name, kind:term, of the fault that somebody typed, and the family whose net shows it.

    Raises:
        UsageError: there is no such fault, or there are several.
    """
    from gradcheck_rnn.pipeline.demo.nets import demo_names
    from gradcheck_rnn.pipeline.demo.stages import FAMILIES

    families = FAMILIES if family is None else (family,)
    if not words.strip(" :"):
        return families[0].first_story, families[0]
    kind, term = _plain(words)
    for each in families:
        of_kind = [name for name in demo_names(each) if _plain(name)[0] == kind]
        meant = [name for name in of_kind if term in ("", _plain(name)[1])]
        if len(meant) > 1:
            raise UsageError(_several(kind, meant, each))
        if meant:
            return meant[0], each
    raise UsageError(_unknown(words, kind, families))


def _plain(name: str) -> tuple[str, str]:
    """Kind and term, without what is hard to type: capitals, quotes, brackets, blanks in the term."""
    kind, _, term = name.strip().replace(":", " ", 1).partition(" ")
    return kind.lower().replace("_", "-"), re.sub(r"[\s'\[\]]", "", term.lower())


def _several(kind: str, names: Sequence[str], family: "Family") -> Mistake:
    from gradcheck_rnn.config.suggest import LISTED, listed
    from gradcheck_rnn.pipeline.demo.stages import ELMAN

    cell = "" if family is ELMAN else f" {family.name}"
    more = f"; `gradcheck-rnn demo --list{cell} {kind}` shows all" if len(names) > LISTED else ""
    terms = listed(name.partition(":")[2] for name in names)
    return Mistake(f"there are several faults of the kind `{kind}`", f"add one of {terms}{more}")


def _unknown(words: str, kind: str, families: "Sequence[Family]") -> Mistake:
    from gradcheck_rnn.config.places import quote
    from gradcheck_rnn.config.suggest import closest
    from gradcheck_rnn.faults.library import WINDOW
    from gradcheck_rnn.pipeline.demo.nets import LONGEST_WINDOW, demo_names

    if kind == WINDOW:
        return Mistake(f"cannot show {quote(words)}", f"there are {WINDOW}:1 to {WINDOW}:{LONGEST_WINDOW}")
    typed = words.strip().replace(" ", ":", 1)
    near = closest(typed, dict.fromkeys(name for each in families for name in demo_names(each)))
    of = f" of {families[0].cell}" if len(families) == 1 else ""
    help_text = f"did you mean `{near}`?" if near else "`gradcheck-rnn demo --list` shows all"
    return Mistake(f"no fault{of} is called {quote(words)}", help_text)


def _list(family: "Family | None", kind: str) -> None:
    """Print the faults of a family, or those of one kind.

    Raises:
        UsageError: there is no such kind.
    """
    from gradcheck_rnn.cli.demo_list import list_lines
    from gradcheck_rnn.pipeline.demo.stages import ELMAN

    lines = list_lines(family or ELMAN, _kind_meant(family or ELMAN, kind))
    with reader_may_leave():
        for line in lines:
            click.echo(line)


def _kind_meant(family: "Family", words: str) -> str:
    """The kind of fault that somebody typed, empty where none was."""
    from gradcheck_rnn.config.places import quote
    from gradcheck_rnn.config.suggest import closest
    from gradcheck_rnn.pipeline.demo.nets import demo_names
    from gradcheck_rnn.pipeline.demo.stages import FAMILIES

    kinds = {name.partition(":")[0] for name in demo_names(family)}
    kind = words.lower().replace("_", "-")
    if not kind or kind in kinds:
        return kind
    near = closest(kind, [*kinds, *(each.name for each in FAMILIES)])
    help_text = f"did you mean `{near}`?" if near else "`gradcheck-rnn demo --list` shows all kinds"
    raise UsageError(Mistake(f"{family.cell} has no faults of a kind {quote(words)}", help_text))
