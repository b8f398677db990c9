"""Faults of one way back, from the delta of an equation to what it was computed from, and of several into a carry."""

from collections.abc import Iterator

from gradcheck_rnn.cells.equation import Affine, Cell, Edge, delta_of, lone_term, previous, state_of
from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.gated.mistaken import (
    handed_on_after,
    kind_of_other,
    of_state_length,
    remade_deltas,
    sigmoid_gates,
    weights_of,
)
from gradcheck_rnn.faults.gated.words import gate_of, in_words, shown, term_of
from gradcheck_rnn.faults.taps import STATE_SHIFTS, operand_shift_faults, stale_operand_faults, weight_faults


def affine_edge_faults(cell: Cell, edge: Edge) -> Iterator[Fault]:
    """Faults of a way through a weight."""
    yield from _term_faults(cell, edge)
    others = tuple(weight for weight, _ in weights_of(cell, edge.operand) if weight != edge.weight)
    yield from weight_faults(edge.weight, edge.target, gradient=True, others=others, kind_of_others="swapped-gates")
    delta = delta_of(edge.source)
    tap, term = (f"{delta} in {edge.target}",), term_of(cell, edge)
    for name in (each.name for each in cell.activated if each.of == edge.source):
        says = f"{edge.target} takes d{name}, not {delta}: it skips the activation's derivative"
        yield Fault("bypassed-activation", term, says, tap, Damage.OTHER, other=f"d{name}")
    for kind, other in remade_deltas(cell, edge.source):
        says = f"{edge.target} takes {other}, not {delta}"
        skips = "bypassed-activation" if kind == "missing-activation-derivative" else kind
        yield Fault(skips, term, says, tap, Damage.OTHER, other=other)


def product_edge_faults(cell: Cell, edge: Edge) -> Iterator[Fault]:
    """Faults of a way through an entrywise product."""
    yield from _term_faults(cell, edge)
    delta, target = delta_of(edge.source), shown(edge.target)
    tap, term = (f"{delta} in {edge.target}",), term_of(cell, edge)
    for weight, other in weights_of(cell, edge.source):
        says = f"{target} is not multiplied by {weight} at all"
        yield Fault("missing-term", f"{weight} in {target}", says, tap, Damage.OTHER, other=other)
    carries = tuple(f"{state}_next" for state in cell.states)
    for other in (*handed_on_after(cell, edge.source), *carries):
        says = f"{target} is built from d{other}, not from {delta}"
        yield Fault("wrong-operand", term, says, tap, Damage.OTHER, other=f"d{other}")
    for other in edge.factors:
        faults = _vector_faults if other in cell.vectors else factor_faults
        yield from faults(cell, edge.target, other)


def _term_faults(cell: Cell, edge: Edge) -> Iterator[Fault]:
    """Faults of what a delta brings to another as a whole."""
    tap, term = (f"{delta_of(edge.source)} in {edge.target}",), term_of(cell, edge)
    where, source = shown(edge.target), shown(delta_of(edge.source))
    yield Fault("missing-term", term, f"{where} lacks the term that comes from {source}", tap, Damage.DROP)
    says = f"in {where} the term that comes from {source}"
    yield Fault("sign-flip", term, f"{says} has the wrong sign", tap, Damage.NEGATE)
    yield Fault("double-counted-term", term, f"{says} is counted twice", tap, Damage.DOUBLE)


def _vector_faults(cell: Cell, target: str, vector: str) -> Iterator[Fault]:
    """Faults of a parameter that a delta is multiplied by entry by entry."""
    tap = (f"{vector} in {target}",)
    yield Fault("missing-term", f"{vector} in {target}", f"{target} is not multiplied by {vector}", tap, Damage.DROP)
    for other in (each for each in cell.vectors if each != vector):
        says = f"{target} is multiplied by {other}, not by {vector}"
        yield Fault("swapped-gates", f"{vector} in {target}", says, tap, Damage.OTHER, other=other)


def factor_faults(cell: Cell, where: str, factor: str, *, says_of: str = "") -> Iterator[Fault]:
    """Faults of a factor of a product that goes into a delta, a carry or a parameter's gradient."""
    tap, words, target = (f"{factor} in {where}",), in_words(cell, factor), shown(says_of or where)
    term = f"{words} in {shown(where)}"
    yield Fault("missing-term", term, f"{target} is not multiplied by {words}", tap, Damage.DROP)
    if (state := state_of(factor)) is not None:
        says = f"{target} takes zeros for the initial {state}"
        yield Fault("missing-initial-state", term, says, tap, Damage.ZERO_FIRST)
        says = f"{target} takes index -1, the last {state}, for the one before the first step"
        yield Fault("wrapped-index", term, says, tap, Damage.WRAP_FIRST)
    yield from operand_shift_faults(tap[0], term, f"{words} in {target} is taken", STATE_SHIFTS)
    if (made_of := lone_term(cell, factor)) is not None:
        says = f"{target} is multiplied by {made_of.operand}, not by {made_of.operand} @ {made_of.weight}"
        term_of_weight = f"{made_of.weight} in {shown(where)}"
        yield Fault("missing-term", term_of_weight, says, tap, Damage.OTHER, other=made_of.operand)
    for other in of_state_length(cell):
        if other != factor:
            says = f"{target} is multiplied by {in_words(cell, other)}, not by {words}"
            yield Fault(kind_of_other(cell, factor, other), term, says, tap, Damage.OTHER, other=other)
    for other in (f"1-{gate}" for gate in sigmoid_gates(cell)):
        says = f"{target} is multiplied by {other}, not by {words}"
        yield Fault("wrong-operand", term, says, tap, Damage.OTHER, other=other)
    yield from stale_operand_faults(tap[0], term, f"{words} in {target}")


def lone_path_faults(cell: Cell) -> Iterator[Fault]:
    """Several ways into a carry missing at once: those through the gates, and all but one."""
    for state in cell.states:
        target = f"d{state}_next"
        ways = _ways_into(cell, state)
        affine = [name for name in ways if isinstance(cell.named(name), Affine)]
        products = [name for name in ways if name not in affine]
        if products and affine:
            taps = tuple(f"d{name} in {target}" for name in affine)
            says = f"{target} lacks every way through a gate: only the direct one is there"
            yield Fault("missing-term", f"gates in {target}", says, taps, Damage.DROP)
        for kept in ways if len(ways) > 2 else ():
            taps = tuple(f"d{name} in {target}" for name in ways if name != kept)
            equation = cell.named(kept)
            way = gate_of(equation.terms[0].weight) if isinstance(equation, Affine) else f"d{kept}"
            says = f"of the ways into {target} only the one through {way} is there"
            yield Fault("missing-term", f"all but {way} in {target}", says, taps, Damage.DROP)


def _ways_into(cell: Cell, state: str) -> list[str]:
    """Equations that read a state of the step before."""
    return list(dict.fromkeys(edge.source for edge in cell.edges if edge.operand == previous(state)))
