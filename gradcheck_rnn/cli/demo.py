"""The command `demo`: a known fault is put into a backward pass, and found; or a list of all faults."""

import re
import sys
import textwrap
from collections.abc import Iterable, Iterator

import click

from gradcheck_rnn.cli.exits import Exit, reader_may_leave
from gradcheck_rnn.errors import Mistake, UsageError

# columns of the list, and of the terms in it
LIST_WIDTH = 80
TERM_WIDTH = 24


def _names_like(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete a fault in a shell."""
    from gradcheck_rnn.pipeline.demo.nets import demo_names

    return [name for name in demo_names() if name.startswith(incomplete)]


@click.command()
@click.argument("fault", nargs=-1, metavar="[FAULT]", shell_complete=_names_like)
@click.option("--list", "listed", is_flag=True, help="List the known faults, with what each one needs.")
def demo(fault: tuple[str, ...], listed: bool) -> Exit:
    """Show a wrong backward pass, how the check finds the line, and the right one.

    FAULT is a known fault, such as truncated-chain:3 or sign-flip dh_next; without it, an untransposed weight is
    shown. Everything is computed on the spot, no file is needed.
    """
    if listed:
        if fault:
            raise UsageError(Mistake("`--list` takes no fault", "leave out one of the two"))
        with reader_may_leave():
            for line in _list():
                click.echo(line)
        return Exit.PASS
    _show(_fault_meant(" ".join(fault)))
    return Exit.PASS


def _show(name: str) -> None:
    from gradcheck_rnn.pipeline.demo.story import tell_story
    from gradcheck_rnn.report.demo.story import show_story
    from gradcheck_rnn.report.text import console_for

    story = tell_story(name)
    with reader_may_leave():
        show_story(story, console_for(sys.stdout))


def _fault_meant(words: str) -> str:
    """The name, kind:term, of the fault that somebody typed.

    Raises:
        UsageError: there is no such fault, or there are several.
    """
    from gradcheck_rnn.pipeline.demo.nets import FIRST_STORY, demo_names

    if not words.strip(" :"):
        return FIRST_STORY
    kind, term = _plain(words)
    of_kind = [name for name in demo_names() if _plain(name)[0] == kind]
    meant = [name for name in of_kind if term in ("", _plain(name)[1])]
    if len(meant) != 1:
        raise UsageError(_several(kind, meant) if meant else _unknown(words, kind))
    return meant[0]


def _plain(name: str) -> tuple[str, str]:
    """Kind and term, without what is hard to type: capitals, quotes, brackets, blanks in the term."""
    kind, _, term = name.strip().replace(":", " ", 1).partition(" ")
    return kind.lower().replace("_", "-"), re.sub(r"[\s'\[\]]", "", term.lower())


def _several(kind: str, names: Iterable[str]) -> Mistake:
    from gradcheck_rnn.config.places import quote

    terms = (quote(name.partition(":")[2]) for name in names)
    return Mistake(f"there are several faults of the kind `{kind}`", f"add one of {', '.join(terms)}")


def _unknown(words: str, kind: str) -> Mistake:
    from gradcheck_rnn.config.places import quote
    from gradcheck_rnn.config.suggest import closest
    from gradcheck_rnn.faults.library import WINDOW
    from gradcheck_rnn.pipeline.demo.nets import LONGEST_WINDOW, demo_names

    if kind == WINDOW:
        return Mistake(f"cannot show {quote(words)}", f"there are {WINDOW}:1 to {WINDOW}:{LONGEST_WINDOW}")
    near = closest(words.strip().replace(" ", ":", 1), demo_names())
    help_text = f"did you mean `{near}`?" if near else "`gradcheck-rnn demo --list` shows all"
    return Mistake(f"no fault is called {quote(words)}", help_text)


def _list() -> Iterator[str]:
    from gradcheck_rnn.faults.library import WINDOW
    from gradcheck_rnn.pipeline.demo.nets import LONGEST_WINDOW, demo_names

    yield "Known faults of a backward pass, by kind and term:"
    for kind in dict.fromkeys(name.partition(":")[0] for name in demo_names()):
        yield ""
        yield click.style(kind, bold=True)
        if kind == WINDOW:
            says = "the chain is cut: an error reaches back by that many steps and no further"
            yield from _entry(f"1 to {LONGEST_WINDOW}", says, "two steps more")
        else:
            yield from _entries([name for name in demo_names() if name.startswith(f"{kind}:")])
    yield ""
    yield "gradcheck-rnn demo KIND:TERM shows one; a shell wants quotes round ' and [ ]."


def _entries(names: Iterable[str]) -> Iterator[str]:
    from gradcheck_rnn.pipeline.demo.nets import fault_called, stage_of

    for name in names:
        yield from _entry(name.partition(":")[2], fault_called(name).says, stage_of(name).needs)


def _entry(term: str, says: str, needs: str) -> Iterator[str]:
    """The term, what the fault is, and what a net needs for it to show."""
    indent = " " * (TERM_WIDTH + 2)
    lines = [says, *([f"needs {needs}"] if needs else [])]
    wrapped = [part for line in lines for part in textwrap.wrap(line, LIST_WIDTH - len(indent))]
    yield f"  {term:<{TERM_WIDTH}}{wrapped[0]}"
    yield from (indent + part for part in wrapped[1:])
