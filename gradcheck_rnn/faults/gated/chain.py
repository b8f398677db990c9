"""The faults of a gated cell's chain: every term, factor, derivative and weight on the way back.

Like Elman's they stand in the order in which one of several with the same gradient gives the name.
"""

from collections.abc import Iterator

from gradcheck_rnn.cells.equation import Cell, delta_of
from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.gated.caches import state_faults, step_cache_faults, whole_cache_faults
from gradcheck_rnn.faults.gated.edges import affine_edge_faults, lone_path_faults, product_edge_faults
from gradcheck_rnn.faults.gated.sums import family_faults
from gradcheck_rnn.faults.gated.words import in_words, shown, slope_name
from gradcheck_rnn.faults.outputs import output_error_faults, output_term_faults
from gradcheck_rnn.faults.slopes import other_slopes
from gradcheck_rnn.faults.taps import carry_faults, loop_faults, slope_faults, weight_faults

# what is clipped inside the recurrence, if anything
CLIPPED = ("dh_next", "dc_next", "dh_next and dc_next", "dh", "dc")


def stream_faults(cell: Cell, loss: str, steps: str) -> Iterator[Fault]:
    """Faults of the chain itself, windows aside: they damage every parameter behind them."""
    for state in cell.states:
        yield from carry_faults(f"d{state}_next", f"d{state}")
        yield from _misled_carry(cell, state)
    for each in cell.activated:
        others = other_slopes(each.function, value=in_words(cell, each.name), of=each.of)
        yield from slope_faults(f"{each.name}'", slope_name(cell, each), others)
        if each.of in cell.states:
            says = f"d{each.of}_next goes through the derivative {slope_name(cell, each)}, which it lies behind"
            term, tap = f"{each.function}' of d{each.of}_next", (f"d{each.of}_next",)
            yield Fault("wrong-activation-derivative", term, says, tap, Damage.ELSEWHERE, other=each.name)
    for equation in cell.equations:
        for edge in (each for each in cell.edges if each.source == equation.name and not each.function):
            yield from affine_edge_faults(cell, edge) if edge.weight else product_edge_faults(cell, edge)
        delta = delta_of(equation.name)
        term = shown(delta)
        yield Fault("sign-flip", term, f"{term} has the wrong sign", (delta,), Damage.NEGATE)
        yield Fault("double-counted-term", term, f"{term} is counted twice", (delta,), Damage.DOUBLE)
    yield from lone_path_faults(cell)
    yield from weight_faults("W_hy", "dh", gradient=False)
    yield from output_error_faults(loss, steps)
    yield from output_term_faults("dy", "dh")
    yield from loop_faults("loop", "output loop")
    yield from family_faults(cell)
    for state in cell.states:
        yield from state_faults(cell, state)
    yield from whole_cache_faults(cell)
    yield from step_cache_faults(cell)
    yield Fault("missing-term", "dy", "dh lacks the step's own error", ("dy",), Damage.DROP)


def _misled_carry(cell: Cell, state: str) -> Iterator[Fault]:
    """A carry that is added to another state's delta, in its place or as well."""
    name = f"d{state}_next"
    for other in (each for each in cell.states if each != state):
        says = f"{name} is added to d{other}, not to d{state}"
        yield Fault("wrong-operand", f"{name} in d{other}", says, (name,), Damage.ELSEWHERE, other=other)
        says = f"{name} is added to d{other} as well"
        yield Fault("double-counted-term", f"{name} in d{other}", says, (name,), Damage.ALSO_ELSEWHERE, other=other)
