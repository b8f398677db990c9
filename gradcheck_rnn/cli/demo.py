"""The command `demo`: a known fault is put into a backward pass, and found; or a list of all faults."""

import re
import sys
import textwrap
from collections.abc import Iterator

import click

from gradcheck_rnn.cli.exits import Exit, reader_may_leave
from gradcheck_rnn.errors import Mistake, UsageError

# columns of the list, and of the terms in it
LIST_WIDTH = 80
TERM_WIDTH = 24


def _names_like(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete a fault in a shell."""
    from gradcheck_rnn.pipeline.demo_nets import demo_names

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
    from gradcheck_rnn.pipeline.demo import tell_story
    from gradcheck_rnn.report.progress import ProgressBar
    from gradcheck_rnn.report.story import show_story
    from gradcheck_rnn.report.text import console_for

    with ProgressBar() as progress:
        story = tell_story(name, progress=progress)
    with reader_may_leave():
        show_story(story, console_for(sys.stdout))


def _fault_meant(words: str) -> str:
    """The name, kind:term, of the fault that somebody typed.

    Raises:
        UsageError: there is no such fault, there are several, or it shows nowhere.
    """
    from gradcheck_rnn.pipeline.demo_nets import FIRST_STORY, demo_names, shows_nowhere

    if not words.strip(" :"):
        return FIRST_STORY
    names = {_plain(name): name for name in demo_names()}
    of_kind = [name for name in demo_names() if _plain(name.partition(":")[0]) == _plain(words)]
    name = names.get(_plain(words)) or (of_kind[0] if len(of_kind) == 1 else None)
    if name is None:
        raise UsageError(_unknown(words, of_kind))
    if shows_nowhere(name):
        message = f"`{name}` changes nothing: a vector has no wrong way round"
        raise UsageError(Mistake(message, "`transposed-gradient:W_hh` shows one that does"))
    return name


def _plain(name: str) -> str:
    """A name without what is hard to type: capitals, blanks, quotes and brackets."""
    return re.sub(r"[^a-z0-9/]", "", name.lower())


def _unknown(words: str, of_kind: list[str]) -> Mistake:
    from gradcheck_rnn.config.places import quote
    from gradcheck_rnn.config.suggest import closest, listed
    from gradcheck_rnn.pipeline.demo_nets import LONGEST_WINDOW, demo_names

    if of_kind:
        terms = [name.partition(":")[2] for name in of_kind]
        return Mistake(f"there are several faults called {quote(words)}", f"add one of {listed(terms)}")
    near = closest(words.strip().replace(" ", ":", 1), demo_names())
    if _plain(words).startswith("truncatedchain"):
        return Mistake(f"cannot show {quote(words)}", f"take truncated-chain:1 to truncated-chain:{LONGEST_WINDOW}")
    help_text = f"did you mean `{near}`?" if near else "`gradcheck-rnn demo --list` shows all"
    return Mistake(f"no fault is called {quote(words)}", help_text)


def _list() -> Iterator[str]:
    from gradcheck_rnn.pipeline.demo_nets import demo_names

    yield "Known faults of a backward pass, by kind and term:"
    kinds = dict.fromkeys(name.partition(":")[0] for name in demo_names())
    for kind in kinds:
        yield ""
        yield click.style(kind, bold=True)
        for name in demo_names():
            if name.startswith(f"{kind}:"):
                yield from _entry(name)
    yield ""
    yield "gradcheck-rnn demo KIND TERM shows one; put a term with a quote or brackets in quotes."


def _entry(name: str) -> Iterator[str]:
    """The term, what the fault is, and what a net needs for it to show."""
    from gradcheck_rnn.pipeline.demo_nets import fault_called, shows_nowhere, stage_of

    term = name.partition(":")[2]
    says, needs = fault_called(name).says, stage_of(name).needs
    if shows_nowhere(name):
        needs = "nothing helps: a vector has no wrong way round"
    lines = [says, *([f"needs {needs}"] if needs else [])]
    indent = " " * (TERM_WIDTH + 2)
    wrapped = [part for line in lines for part in textwrap.wrap(line, LIST_WIDTH - len(indent))]
    for place, part in enumerate(wrapped):
        yield (f"  {term:<{TERM_WIDTH}}" if place == 0 else indent) + part
