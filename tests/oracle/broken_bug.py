"""What a planted fault is: edits of the right program's text, and the names by which a diagnosis may call it."""

from dataclasses import dataclass, replace

from .elman import Spec

Name = tuple[str, str]  # kind and term of a finding

HIDDEN = ("W_xh", "W_hh", "b_h", "h0")
OUTPUT = ("W_hy", "b_y")
EVERYTHING = HIDDEN + OUTPUT
SLOPE = "f'"  # stands for tanh', relu' or sigmoid' in a term


class IncompatibleEditsError(Exception):
    """Two faults change the same fragment, so that one program cannot hold both."""


@dataclass(frozen=True)
class Edit:
    """In the one line of the program that contains `line`, its one fragment `old` becomes `new`."""

    line: str
    old: str
    new: str

    def applied_to(self, source: str) -> str:
        """The edited program.

        Raises:
            IncompatibleEditsError: the line or the fragment is not there, or not once.
        """
        before = source.splitlines(keepends=True)
        places = [number for number, text in enumerate(before) if self.line in text]
        if len(places) != 1 or before[places[0]].count(self.old) != 1:
            raise IncompatibleEditsError(f"`{self.old}` does not stand once in one line with `{self.line}`")
        before[places[0]] = before[places[0]].replace(self.old, self.new)
        return "".join(before)


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
    edits: tuple[Edit, ...]
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
        """Whether a finding of this kind and term names the fault."""
        names = self.names(spec)
        return (kind, term) in names or (self.lenient and kind in {known for known, _ in names})


def spelled(term: str, spec: Spec) -> str:
    """The term with the derivative named after the cell."""
    return term.replace(SLOPE, f"{spec.cell}'")


def bug(kind: str, term: str, variant: str, *edits: Edit, **fields: object) -> Bug:
    """A bug whose identifier is `kind:term/variant`, or `kind:term` for the plain one."""
    identifier = f"{kind}:{term}/{variant}" if variant else f"{kind}:{term}"
    return replace(Bug(identifier, kind, term, edits), **fields)  # type: ignore[arg-type]


def names(*pairs: str) -> frozenset[Name]:
    """Names written as `kind:term`."""
    return frozenset((kind, term) for kind, _, term in (pair.partition(":") for pair in pairs))
