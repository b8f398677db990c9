"""What a planted fault is: edits of the right program's text, and the names by which a diagnosis may call it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from .elman import Spec

Name = tuple[str, str]  # kind and term of a finding

HIDDEN = ("W_xh", "W_hh", "b_h", "h0")
OUTPUT = ("W_hy", "b_y")
EVERYTHING = HIDDEN + OUTPUT
SLOPE = "f'"  # stands for tanh', relu' or sigmoid' in a term


class IncompatibleEditsError(Exception):
    """Two faults change the same fragment, so that one program cannot hold both."""


class Change(NamedTuple):
    """Characters start to end of the right program become `text`; start == end inserts."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Edit:
    """In the one line of the right program that contains `line`, its one fragment `old` becomes `new`."""

    line: str
    old: str
    new: str

    def change(self, program: str) -> Change:
        """Where the fragment stands in the right program."""
        start, text = _line_of(program, self.line)
        if text.count(self.old) != 1:
            raise LookupError(f"`{self.old}` stands {text.count(self.old)} times in `{text.strip()}`")
        start += text.index(self.old)
        return Change(start, start + len(self.old), self.new)


@dataclass(frozen=True)
class Insertion:
    """Statements of their own, one a line, above or below the one line of the right program that contains `line`."""

    line: str
    code: tuple[str, ...]
    below: bool

    def change(self, program: str) -> Change:
        """Where the statements go in the right program, indented as the line is."""
        start, text = _line_of(program, self.line)
        indent = text[: len(text) - len(text.lstrip())]
        place = start + len(text) if self.below else start
        return Change(place, place, "".join(f"{indent}{statement}\n" for statement in self.code))


def above(line: str, *code: str) -> Insertion:
    """Statements above the landmark's line."""
    return Insertion(line, code, below=False)


def below(line: str, *code: str) -> Insertion:
    """Statements below the landmark's line."""
    return Insertion(line, code, below=True)


def edited(program: str, edits: Sequence[Edit | Insertion]) -> str:
    """The program with all the edits; what is inserted at one place stands in the order given.

    Raises:
        IncompatibleEditsError: two of them change the same fragment.
    """
    changes = sorted((edit.change(program) for edit in edits), key=lambda change: (change.start, change.end))
    for first, second in pairwise(changes):
        if second.start < first.end:
            raise IncompatibleEditsError(f"`{program[first.start : first.end]}` cannot be changed twice")
    for change in reversed(changes):
        program = program[: change.start] + change.text + program[change.end :]
    return program


def _line_of(program: str, landmark: str) -> tuple[int, str]:
    """Where the one line with the landmark starts, and its text to the end of the line."""
    if program.count(landmark) != 1:
        raise LookupError(f"`{landmark}` stands {program.count(landmark)} times in the program")
    start = program.rfind("\n", 0, program.index(landmark)) + 1
    return start, program[start : program.index("\n", start) + 1]


@dataclass(frozen=True)
class Bug:
    """One way of coding one fault.

    Args:
        identifier: unique: kind, term and variant.
        kind: of the finding that names it.
        term: of that finding; f' stands for the derivative of the cell.
        edits: of the right program.
        touches: the parameters whose gradients it may change.
        needs: what the net must have for the code to run and the name to be fair, in the words of `broken.fits`.
        accepted: other names that a fair judge accepts.
        accepted_last: further ones where only the last step enters the loss.
        lenient: the kind is judged and the term is not.
    """

    identifier: str
    kind: str
    term: str
    edits: tuple[Edit | Insertion, ...]
    touches: tuple[str, ...] = EVERYTHING
    needs: tuple[str, ...] = ()
    accepted: frozenset[Name] = frozenset()
    accepted_last: frozenset[Name] = frozenset()
    lenient: bool = False

    def name(self, spec: Spec) -> Name:
        """The finding's kind and term, with the derivative named after the cell."""
        return self.kind, spelled(self.term, spec)

    def names(self, spec: Spec) -> frozenset[Name]:
        """Its name and all that a fair judge accepts beside it."""
        others = self.accepted | (self.accepted_last if spec.steps == "last" else frozenset())
        return frozenset({self.name(spec)} | {(kind, spelled(term, spec)) for kind, term in others})

    def accepts(self, kind: str, term: str, spec: Spec) -> bool:
        """Whether a finding of this kind and term names the fault, whatever the sizes of the net."""
        names = self.names(spec)
        any_term = {known for known, _ in names} if self.lenient else {"unexplained"} & {self.kind}
        return (kind, term) in names or kind in any_term


def spelled(term: str, spec: Spec) -> str:
    """The term with the derivative named after the cell."""
    return term.replace(SLOPE, f"{spec.cell}'")


def bug(kind: str, term: str, variant: str, *edits: Edit | Insertion, **fields: object) -> Bug:
    """A bug whose identifier is `kind:term/variant`, or `kind:term` for the plain one."""
    identifier = f"{kind}:{term}/{variant}" if variant else f"{kind}:{term}"
    return replace(Bug(identifier, kind, term, edits), **fields)  # type: ignore[arg-type]  # fields by name


def names(*pairs: str) -> frozenset[Name]:
    """Names written as `kind:term`."""
    return frozenset((kind, term) for kind, _, term in (pair.partition(":") for pair in pairs))
