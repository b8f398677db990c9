"""What a planted bug of a gated net is: edits of the right program's text, and what a finding has to say of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .broken_bug import Change, Edit, Insertion, edited
from .gated_spec import GatedSpec


@dataclass(frozen=True)
class Deletion:
    """The one line of the right program that contains `line` goes."""

    line: str

    def change(self, program: str) -> Change:
        """Where the line stands in the right program."""
        if program.count(self.line) != 1:
            raise LookupError(f"`{self.line}` stands {program.count(self.line)} times in the program")
        start = program.rfind("\n", 0, program.index(self.line)) + 1
        return Change(start, program.index("\n", start) + 1, "")


def stays(line: str, fragment: str) -> Edit:
    """No change, of a fragment without which the bug makes no sense."""
    return Edit(line, fragment, fragment)


Way = tuple[Edit | Insertion | Deletion, ...]


@dataclass(frozen=True)
class Bug:
    """One fault.

    Args:
        identifier: unique: cell, kind and subject.
        cell: lstm | gru.
        kind: of the finding that names it.
        terms: the finding's term must contain one of them as a word of its own.
        gate: letter of the gate that the term must name, empty where the fault is no gate's.
        ways: the edits, once for each text that the variants of the cell have; the first that fits is taken.
        also: other kinds that a fair judge accepts.
        needs: what the text does not tell: all steps | last step | O = H.
    """

    identifier: str
    cell: str
    kind: str
    terms: tuple[str, ...]
    gate: str
    ways: tuple[Way, ...]
    also: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    def named_by(self, kind: str, term: str) -> bool:
        """Whether a finding of this kind and term is a fair name of it."""
        return kind in (self.kind, *self.also) and any(contains(term, word) for word in self.terms)


def contains(term: str, word: str) -> bool:
    """Whether the word stands in the term as a whole: T stands in `T * dy`, and neither in `Tb` nor in `1/T`."""
    return re.search(rf"(?<![\w/.]){re.escape(word)}(?![\w/'.])", term) is not None


def gate_words(gate: str) -> tuple[str, ...]:
    """Words that name a gate."""
    return (gate, f"W_x{gate}", f"W_h{gate}", f"b_{gate}", f"p_{gate}", f"da_{gate}", f"d{gate}")


def bug(
    cell: str,
    kind: str,
    subject: str,
    *ways: Way | Edit | Insertion | Deletion,
    gate: str = "",
    terms: tuple[str, ...] = (),
    more: tuple[str, ...] = (),
    also: tuple[str, ...] = (),
    needs: tuple[str, ...] = (),
) -> Bug:
    """A bug; one edit may stand for a way, and its terms are all the words for its gate, and `more`, if not given."""
    words = terms or (*gate_words(gate), *more)
    tuples = tuple(way if type(way) is tuple else (way,) for way in ways)
    return Bug(f"{cell}:{kind}:{subject}", cell, kind, words, gate, tuples, also, needs)


def plant(text: str, bugs: Sequence[Bug]) -> str:
    """The program with the bugs in it.

    Raises:
        LookupError: a bug needs a line that this variant of the cell does not have.
        IncompatibleEditsError: two bugs change the same fragment.
    """
    return edited(text, [edit for one in bugs for edit in fitting_way(text, one)])


def fitting_way(text: str, planted: Bug) -> Way:
    """The first of the bug's ways whose lines are all there.

    Raises:
        LookupError: there is none.
    """
    for way in planted.ways:
        if all(_is_there(text, edit) for edit in way):
            return way
    raise LookupError(f"{planted.identifier} has no place in this program")


def _is_there(text: str, edit: Edit | Insertion | Deletion) -> bool:
    try:
        edit.change(text)
    except LookupError:
        return False
    return True


def has(need: str, spec: GatedSpec, readout_shape: tuple[int, ...]) -> bool:
    """Whether the net has what a bug needs beside the text."""
    return {
        "all steps": spec.steps == "all",
        "last step": spec.steps == "last",
        "O = H": readout_shape[0] == readout_shape[1],
    }[need]
