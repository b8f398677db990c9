"""Terms that are missing from one sum, several at once: which of those on offer add up to what is missing.

A backward pass is linear in what it carries back: as long as it passes a place once, two terms that are added there
add to the gradients what each of them adds alone.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import combinations

import numpy as np

from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.repair.edit import Change, Edit

# terms on offer in one place, of which three are chosen: the square of their number is the cost
MOST_TERMS = 256
# what may be left of what is missing, as a share of its norm: numeric gradients are better than that
LEFT = 1e-5
# choices that are told at most
MOST_FOUND = 6


def terms_by_place(edits: Iterable[Edit]) -> list[list[Edit]]:
    """Edits that add a term, those of one place together, in their order; places with several terms only."""
    found: dict[object, list[Edit]] = {}
    for edit in edits:
        if len(edit.changes) == 1 and edit.changes[0].start == edit.changes[0].end and _is_term(edit.changes[0].text):
            found.setdefault((edit.file, edit.changes[0].start), []).append(edit)
    return [each[:MOST_TERMS] for each in found.values() if len(each) > 1]


def together(edits: Sequence[Edit]) -> Edit:
    """One edit that adds the terms of several in the one place that they have."""
    (at,) = {edit.changes[0].start for edit in edits}
    text = "".join(edit.changes[0].text for edit in edits)
    return Edit(edits[0].file, (Change(at, at, text),), "add terms", sum(edit.cost for edit in edits))


def adding_up(effects: Collection[Array], missing: Array) -> list[tuple[int, ...]]:
    """The pairs, or else the triples, of effects that add up to what is missing.

    Args:
        effects: what each term adds, (N,) each, finite.
        missing: what they should add up to, (N,).
    """
    if not effects or not np.isfinite(missing).all() or not missing.any():
        return []
    table, most = np.array(list(effects)), LEFT * float(np.linalg.norm(missing))
    for candidates in (_pairs(table, missing, most), _triples(table, missing, most)):
        exact = (each for each in candidates if np.linalg.norm(table[list(each)].sum(axis=0) - missing) <= most)
        found = list(dict.fromkeys(exact))[:MOST_FOUND]
        if found:
            return found
    return []


def _pairs(table: Array, missing: Array, most: float) -> Iterator[tuple[int, ...]]:
    """Pairs whose sum is near enough along one direction, which a few others are, too."""
    along, wanted = _along(table, missing)
    for one, other in combinations(range(len(along)), 2):
        if abs(along[one] + along[other] - wanted) <= most:
            yield one, other


def _triples(table: Array, missing: Array, most: float) -> Iterator[tuple[int, ...]]:
    along, wanted = _along(table, missing)
    ones, others = np.triu_indices(len(along), k=1)
    sums = along[ones] + along[others]
    order = np.argsort(sums)
    ones, others, sums = ones[order], others[order], sums[order]
    for third, value in enumerate(along):
        first, last = np.searchsorted(sums, (wanted - value - most, wanted - value + most))
        for place in range(first, last):
            if third > others[place]:
                yield int(ones[place]), int(others[place]), third


def _along(table: Array, missing: Array) -> tuple[Array, float]:
    """The component of each effect, and of what is missing, along a direction of length 1 that favours none."""
    direction = np.random.default_rng(0).standard_normal(len(missing))
    direction /= np.linalg.norm(direction)
    return table @ direction, float(missing @ direction)


def _is_term(text: str) -> bool:
    return text.startswith((" + ", " - ", "+", "-"))
