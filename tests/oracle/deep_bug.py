"""What a planted bug of a deep net is: edits of the text of some of its parts, and what a finding has to say of it."""

import re
from dataclasses import dataclass

from .broken_bug import Edit, Insertion
from .gated_bug import Bug, Deletion, Way, bug

NET = "net"  # the part around the layers; the others are named as the places are

_PLACE = re.compile(r"_(\d+|ltr|rtl)(?!\w)")
_IN_WORDS = re.compile(r"\b(?:of|in) (?:the )?(?:layer (\d+)|(ltr|rtl)(?: direction)?)\b")


@dataclass(frozen=True)
class DeepBug:
    """One fault.

    Args:
        identifier: unique among the bugs of one net.
        group: what it belongs to: cell | layers | directions | inputs | output | everywhere.
        bug: its kind, the words of its term without the end of a place, and its edits.
        parts: those whose text the edits change, each of them alike.
        places: the finding's term must bear the end of one of them; none where the fault is no single place's.
        elsewhere: an edit of another part, of which those of `parts` make use.
    """

    identifier: str
    group: str
    bug: Bug
    parts: tuple[str, ...]
    places: tuple[str, ...] = ()
    elsewhere: tuple[str, Way] | None = None

    @property
    def kind(self) -> str:
        """Kind of the finding that names it."""
        return self.bug.kind

    def named_by(self, kind: str, term: str) -> bool:
        """Whether a finding of this kind and term is a fair name of it."""
        plain, places = without_places(term)
        return self.bug.named_by(kind, plain) and (not any(self.places) or bool(places & {*self.places}))


def without_places(term: str) -> tuple[str, frozenset[str]]:
    """A term such as `W_hh_2` or `tanh' of layer 2` without its places, and the places."""
    places = {f"_{match[1]}" for match in _PLACE.finditer(term)}
    places |= {f"_{match[1] or match[2]}" for match in _IN_WORDS.finditer(term)}
    return _IN_WORDS.sub("", _PLACE.sub("", term)).strip(), frozenset(places)


def in_cell(one: Bug, *places: str, group: str = "cell", elsewhere: tuple[str, Way] | None = None) -> DeepBug:
    """A bug of one layer or direction, whose place the term must name, or of several alike."""
    cell, _, rest = one.identifier.partition(":")
    if len(places) == 1:
        return DeepBug(f"{cell}{places[0]}:{rest}", group, one, places, places, elsewhere)
    return DeepBug(f"{cell} everywhere:{rest}", "everywhere", one, places)


def in_net(
    group: str,
    kind: str,
    subject: str,
    *ways: Way | Edit | Insertion | Deletion,
    terms: tuple[str, ...],
    also: tuple[str, ...] = (),
    places: tuple[str, ...] = (),
    needs: tuple[str, ...] = (),
) -> DeepBug:
    """A bug of what stands around the layers."""
    one = bug(group, kind, subject, *ways, terms=terms, also=also, needs=needs)
    return DeepBug(one.identifier, group, one, (NET,), places)
