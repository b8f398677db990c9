"""The faults of what passes between layers and directions."""

from collections.abc import Iterator

from gradcheck_rnn.cells.structure import Structure
from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.inputs import way_faults, whole_faults
from gradcheck_rnn.faults.places import in_place
from gradcheck_rnn.faults.products import READOUT
from gradcheck_rnn.faults.taps import SHIFTS

# taps of the states' errors as they go to the directions of a layer
HALVES, TURN, ERRORS = "halves of dh", "turn of dh", "errors into dh"
SECOND = "the second direction"


def between_faults(structure: Structure) -> Iterator[Fault]:
    """Faults of the error that an upper layer hands down, and of the way in which directions share theirs."""
    downward = [*way_faults(structure.cell), *whole_faults()]
    for level in structure.levels:
        for sweep in level:
            if sweep.level > 0:
                yield from (in_place(fault, structure, sweep) for fault in downward)
            if sweep.level < structure.layers - 1:
                says = f"the error of the outputs goes into the states of {sweep.words} as well"
                term = f"dy in dh{sweep.place}"
                yield Fault("double-counted-term", term, says, (ERRORS,), Damage.ALSO_ELSEWHERE, place=sweep.place)
                says = (
                    f"the error of the outputs goes into the states of {sweep.words}, not what the layer above brings"
                )
                yield Fault("wrong-operand", term, says, (ERRORS,), Damage.ELSEWHERE, place=sweep.place)
    if structure.layers > 1:
        yield from downward
    if structure.bidirectional:
        yield from _direction_faults(structure)


def _direction_faults(structure: Structure) -> Iterator[Fault]:
    for ltr, rtl in structure.levels:
        first, second = f"dh{ltr.place}", f"dh{rtl.place}"
        says = f"the errors of {ltr.words} and {rtl.words} are swapped"
        yield Fault("wrong-operand", first, says, (HALVES,), Damage.OTHER, other="swapped", place=ltr.place)
        for term, sweep, other in ((first, ltr, rtl), (second, rtl, ltr)):
            says = f"{sweep.words} gets the error of {other.words}"
            yield Fault("wrong-operand", term, says, (HALVES,), Damage.OTHER, other="other", place=sweep.place)
            says = f"no error reaches {sweep.words}"
            yield Fault("missing-term", term, says, (ERRORS,), Damage.DROP, place=sweep.place)
        says = f"the error of {rtl.words} is not turned round: it runs from the last step to the first"
        yield Fault("wrong-time-index", second, says, (TURN,), Damage.REVERSED, place=rtl.place)
        says = f"the error of {ltr.words} is turned round, though it runs from the first step to the last"
        yield Fault("wrong-time-index", first, says, (TURN,), Damage.REVERSED, place=ltr.place)
        for shift in (1, -1):
            for damage in SHIFTS:
                for term, sweep in ((first, ltr), (second, rtl)):
                    says = f"{sweep.words} takes the error of its step t{shift:+d}"
                    yield Fault("wrong-time-index", term, says, (TURN,), damage, amount=shift, place=sweep.place)
        says = f"dx of {rtl.words} is not turned back"
        yield Fault("wrong-time-index", f"dx{rtl.place}", says, ("dx",), Damage.REVERSED, place=rtl.place)


def halves_faults(structure: Structure) -> Iterator[Fault]:
    """Faults of the output weights' gradient: the states of the two directions as they stand next to each other."""
    product, (ltr, rtl) = READOUT["W_hy"], structure.levels[-1]
    tap, first, second = (f"{product.left} in {product.parameter}",), f"h{ltr.place}", f"h{rtl.place}"
    faults = (
        ("wrong-time-index", second, f"dW_hy takes {second} in its own order, not turned back", Damage.REVERSED, rtl),
        ("wrong-time-index", first, f"dW_hy takes {first} turned round", Damage.REVERSED, ltr),
        ("missing-term", first, f"dW_hy takes zeros for {first}", Damage.DROP, ltr),
        ("missing-term", second, f"dW_hy takes zeros for {second}", Damage.DROP, rtl),
        ("wrong-operand", first, f"dW_hy takes {first} and {second} in each other's place", Damage.OTHER, ltr),
    )
    for kind, state, says, damage, sweep in faults:
        term = f"{state} in W_hy"
        yield Fault(kind, term, says, tap, damage, other=sweep.place, parameter=product.parameter)
