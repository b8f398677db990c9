"""The faults of the gradient of the inputs: what a layer hands to the one below."""

from collections.abc import Iterator
from dataclasses import replace

from gradcheck_rnn.cells.equation import INPUT, INPUT_PARAMETER, Affine, Cell
from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.taps import SHIFTS, weight_faults, whole_gradient_faults

DELTA = f"d{INPUT_PARAMETER}"


def input_faults(cell: Cell) -> Iterator[Fault]:
    """Faults of dx alone: of each way into it, and of the whole."""
    ways = [(each, term.weight) for each in cell.affine for term in each.terms if term.operand == INPUT]
    for equation, weight in ways:
        others = tuple(other for _, other in ways if other != weight)
        kind = "swapped-gates" if others else "wrong-operand"
        recurrent = tuple(term.weight for term in equation.terms if term.operand != INPUT)
        faults = [
            *weight_faults(weight, DELTA, gradient=False, others=others, kind_of_others=kind),
            *weight_faults(weight, DELTA, gradient=False, others=recurrent),
            *_delta_faults(cell, equation, f"{weight[-1]} in {DELTA}" if others else f"d{equation.name} in {DELTA}"),
        ]
        yield from (replace(fault, parameter=INPUT_PARAMETER) for fault in dict.fromkeys(faults))
    for damage, term in ((Damage.SKIP_FIRST, "first"), (Damage.SKIP_LAST, "last")):
        says = f"{DELTA} of the {term} step is missing"
        yield Fault("skipped-step", term, says, (INPUT_PARAMETER,), damage, parameter=INPUT_PARAMETER)
    for damage in (Damage.KEEP_LAST_VISITED, Damage.KEEP_FIRST_VISITED):
        says = f"{DELTA} is that of one step: it is overwritten at every other"
        yield Fault(
            "overwritten-accumulator", INPUT_PARAMETER, says, (INPUT_PARAMETER,), damage, parameter=INPUT_PARAMETER
        )
    yield from whole_gradient_faults(INPUT_PARAMETER)


def _delta_faults(cell: Cell, equation: Affine, term: str) -> Iterator[Fault]:
    """Faults of the delta that one way into dx begins with."""
    delta, tap = f"d{equation.name}", (f"d{equation.name} in {DELTA}",)
    yield Fault("missing-term", term, f"{DELTA} lacks the term that comes from {delta}", tap, Damage.DROP)
    yield Fault(
        "sign-flip", term, f"in {DELTA} the term that comes from {delta} has the wrong sign", tap, Damage.NEGATE
    )
    yield Fault(
        "double-counted-term", term, f"in {DELTA} the term that comes from {delta} is twice there", tap, Damage.DOUBLE
    )
    for name in (each.name for each in cell.activated if each.of == equation.name):
        says = f"{DELTA} takes d{name}, not {delta}: it skips the activation's derivative"
        yield Fault("missing-activation-derivative", term, says, tap, Damage.OTHER, other=f"d{name}")
    says = f"{DELTA} takes {delta} without what is carried back"
    yield Fault("missing-term", f"dh_next in {DELTA}", says, tap, Damage.OTHER, other=f"own {delta}")
    for shift in (1, -1):
        for damage in SHIFTS:
            says = f"{DELTA} takes {delta} of step t{shift:+d}"
            yield Fault("wrong-time-index", f"{delta} in {DELTA}", says, tap, damage, amount=shift)
