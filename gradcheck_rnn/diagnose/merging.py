"""Faults of several parameters that are one fault: the same bound, the same weight of a regulariser."""

from collections.abc import Iterator, Sequence
from itertools import chain, islice, product

from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.finished import bound_fault, regulariser_fault

# relative distance of two fitted amounts that are one
SAME_AMOUNT = 1e-6
# combinations that are tried beside those of like faults
MOST_COMBINATIONS = 64
BOUNDS = (Damage.BOUND, Damage.BOUND_NORM)


def combinations_of(alternatives: Sequence[Sequence[tuple[Fault, ...]]]) -> Iterator[tuple[Fault, ...]]:
    """Choose the faults of each parameter among those that coincide at the first draw: alike ones first."""
    seen: set[tuple[Fault, ...]] = set()
    damages = dict.fromkeys(fault.damage for each in alternatives for faults in each for fault in faults)
    alike = (tuple(_with(damage, each) for each in alternatives) for damage in damages)
    for chosen in chain(alike, islice(product(*alternatives), MOST_COMBINATIONS)):
        faults = tuple(chain.from_iterable(chosen))
        if faults not in seen:
            seen.add(faults)
            yield faults


def _with(damage: Damage, alternatives: Sequence[tuple[Fault, ...]]) -> tuple[Fault, ...]:
    """The first alternative that does this damage, the first of all if none does."""
    return next((each for each in alternatives if damage in {fault.damage for fault in each}), alternatives[0])


def merged(faults: Sequence[Fault], names: tuple[str, ...]) -> Iterator[tuple[Fault, ...]]:
    """Yield the faults of single parameters as they are and, where some may be one, with these in one.

    A bound that one parameter reaches may be a bound on all `names`.
    """
    yield tuple(faults)
    for damage in (*BOUNDS, Damage.REGULARISE):
        alike = [fault for fault in faults if fault.damage is damage]
        if not alike or any(abs(fault.amount / alike[0].amount - 1) > SAME_AMOUNT for fault in alike):
            continue
        others = [fault for fault in faults if fault.damage is not damage]
        if damage in BOUNDS and len(names) > 1:
            yield (*others, bound_fault(names, alike[0].amount, damage))
        elif len(alike) > 1:
            concerned = tuple(fault.parameter for fault in alike if fault.parameter is not None)
            yield (*others, regulariser_fault(concerned, alike[0].amount))
