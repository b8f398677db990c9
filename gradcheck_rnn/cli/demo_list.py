"""The list of the faults that `demo` can show."""

import textwrap
from collections.abc import Iterator, Sequence

import click

from gradcheck_rnn.faults.library import WINDOW
from gradcheck_rnn.pipeline.demo.nets import LONGEST_WINDOW, demo_names, fault_called, stage_of
from gradcheck_rnn.pipeline.demo.stages import ELMAN, FAMILIES, Family

# columns of the list, and of the terms in it
LIST_WIDTH = 80
TERM_WIDTH = 24
# faults beyond which a list has names alone, unless one kind is asked for
MOST_EXPLAINED = 150


def list_lines(family: Family, kind: str) -> Iterator[str]:
    """Yield the faults of a family by kind: each with what it is and needs, or of very many the names alone.

    Args:
        family: whose faults.
        kind: the only one to list, or empty.
    """
    names = [name for name in demo_names(family) if kind in ("", name.partition(":")[0])]
    is_explained = bool(kind) or len(names) <= MOST_EXPLAINED
    yield f"Known faults of the backward pass of {family.cell}, by kind and term:"
    for each in dict.fromkeys(name.partition(":")[0] for name in names):
        of_kind = [name for name in names if name.startswith(f"{each}:")]
        yield ""
        yield click.style(each, bold=True)
        if each == WINDOW:
            says = "the chain is cut: an error reaches back by that many steps and no further"
            yield from _entry(f"1 to {LONGEST_WINDOW}", says, "two steps more")
        else:
            yield from _entries(of_kind, family) if is_explained else _terms(of_kind, family)
    yield ""
    yield from _commands(family, is_explained=is_explained)


def _commands(family: Family, *, is_explained: bool) -> Iterator[str]:
    cell = "" if family is ELMAN else f" {family.name}"
    yield f"gradcheck-rnn demo{cell} KIND:TERM shows one; quote ' * [ ] in a shell."
    if not is_explained:
        yield f"gradcheck-rnn demo --list{cell} KIND says what each of a kind is."
    for other in FAMILIES:
        if other is not family:
            yield f"gradcheck-rnn demo --list {other.name} lists those of {other.cell}."


def _terms(names: Sequence[str], family: Family) -> Iterator[str]:
    """Yield terms alone: those of the chain, those of single gradients, and those that need another net."""
    groups: dict[str, list[str]] = {"": [], "one gradient: ": []}
    for name in names:
        needs = stage_of(name, family).needs
        is_own = fault_called(name, family).parameter is not None
        heading = f"needs {needs}: " if needs else "one gradient: " if is_own else ""
        groups.setdefault(heading, []).append(name.partition(":")[2].replace(" ", _KEPT))
    for heading, terms in groups.items():
        text = heading + ", ".join(terms)
        lines = textwrap.wrap(text, LIST_WIDTH - 2, subsequent_indent="  ", break_on_hyphens=False) if terms else []
        yield from (f"  {line.replace(_KEPT, ' ')}" for line in lines)


# a blank at which no line ends: a term stays whole
_KEPT = "\N{NO-BREAK SPACE}"


def _entries(names: Sequence[str], family: Family) -> Iterator[str]:
    for name in names:
        yield from _entry(name.partition(":")[2], fault_called(name, family).message, stage_of(name, family).needs)


def _entry(term: str, says: str, needs: str) -> Iterator[str]:
    """The term, what the fault is, and what a net needs for it to show."""
    indent = " " * (TERM_WIDTH + 2)
    lines = [says, *([f"needs {needs}"] if needs else [])]
    wrapped = [part for line in lines for part in textwrap.wrap(line, LIST_WIDTH - len(indent))]
    yield f"  {term:<{TERM_WIDTH}}{wrapped[0]}"
    yield from (indent + part for part in wrapped[1:])
