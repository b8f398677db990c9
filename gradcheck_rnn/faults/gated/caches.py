"""Faults of what a backward pass keeps of the forward pass: states before the step, and the values of a step."""

from collections.abc import Iterator
from dataclasses import replace

from gradcheck_rnn.cells.equation import INPUT, Cell, lone_term, previous
from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.products import products_of
from gradcheck_rnn.faults.taps import STALE, STATE_SHIFTS, cache_faults, operand_shift_faults


def state_faults(cell: Cell, state: str) -> Iterator[Fault]:
    """A state before the step that is wrong wherever it is taken."""
    operand = previous(state)
    taken = tuple(tap for tap in _operand_taps(cell) if tap.startswith(f"{operand} in "))
    made_anew = tuple(
        f"{operand} in {tap}"
        for tap in _operand_taps(cell)
        if (made_of := lone_term(cell, tap.partition(" in ")[0])) is not None and made_of.operand == operand
    )
    for taps in (taken, (*taken, *made_anew)) if made_anew else (taken,):
        says = f"the initial {state} is taken to be zero"
        yield Fault("missing-initial-state", operand, says, taps, Damage.ZERO_FIRST)
        says = f"index -1, the last {state}, is taken for the one before the first step"
        yield Fault("wrapped-index", operand, says, taps, Damage.WRAP_FIRST)
        for fault in operand_shift_faults(taps[0], operand, f"{operand} is taken", STATE_SHIFTS):
            yield replace(fault, taps=taps)


def whole_cache_faults(cell: Cell) -> Iterator[Fault]:
    """The last step's cache of everything."""
    values, states, slopes = _cached(cell)
    inner = _without_inputs(values)
    inputs = tuple(tap for tap in values if tap not in inner)
    yield from cache_faults(inputs, states, ("h[t] in W_hy",), (*slopes, *inner))


def step_cache_faults(cell: Cell) -> Iterator[Fault]:
    """The last step's cache of the values of a step alone: states before the step are those of the step."""
    values, _, slopes = _cached(cell)
    inner = _without_inputs(values)
    kept = tuple(tap for tap in values if lone_term(cell, tap.partition(" in ")[0]) is None)
    for damage, which in STALE.items():
        says = f"the {which} step's values are used at all steps, with the right states"
        for taps in (values, inner, kept) if kept != values else (values, inner):
            yield Fault("stale-cache", "cache", says, (*taps, *slopes), damage)


def _cached(cell: Cell) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Taps of what a cache holds but for h[t]: values of the step, states before it, derivatives."""
    taps = [tap for tap in _operand_taps(cell) if not tap.startswith("h[t] in ")]
    states = tuple(tap for tap in taps if "[t-1] in " in tap)
    return tuple(tap for tap in taps if tap not in states), states, tuple(f"{each.name}'" for each in cell.activated)


def _without_inputs(taps: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(tap for tap in taps if not tap.startswith(INPUT))


def _operand_taps(cell: Cell) -> list[str]:
    """Taps of all values that the backward pass takes from the forward pass."""
    of_sums = [
        f"{operand} in {each.parameter}"
        for each in products_of(cell)
        if each.left is not None
        for operand in (each.left_factors or (each.left,))
    ]
    return [*of_sums, *_factor_taps(cell)]


def _factor_taps(cell: Cell) -> list[str]:
    return [
        f"{factor} in {edge.target}" for edge in cell.edges for factor in edge.factors if factor not in cell.vectors
    ]
