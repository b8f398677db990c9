"""The faults of an Elman net, in the order in which one of several with the same gradient gives the name."""

from collections.abc import Iterator, Mapping

from gradcheck_rnn.cells.elman import elman
from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.finished import whole_gradient_faults
from gradcheck_rnn.faults.outputs import output_error_faults, output_term_faults
from gradcheck_rnn.faults.products import products_of
from gradcheck_rnn.faults.slopes import other_slopes
from gradcheck_rnn.faults.taps import (
    WHERE_MADE,
    Mistakes,
    accumulator_faults,
    bypass_faults,
    cache_faults,
    carry_faults,
    late_carry_fault,
    loop_faults,
    short_loop_fault,
    slope_faults,
    weight_faults,
    window_fault,
)

_OF_HIDDEN = (("dh", "missing-activation-derivative", "{}"), ("own dz", "missing-term", "dh_next in {}"))


def _instead(parameter: str) -> tuple[tuple[str, str, str], ...]:
    mistaken = [(other, kind, term.format(parameter)) for other, kind, term in _OF_HIDDEN]
    others = ("h[t]", "z", "dh_next", "h'", "h[t-1]")
    return (*mistaken, *((other, "wrong-operand", parameter) for other in others))


def _instead_of_error(parameter: str) -> tuple[tuple[str, str, str], ...]:
    return tuple((other, "wrong-operand", parameter) for other in ("prediction", "target"))


# quantities that are taken for an operand on the left
_LEFT_INSTEAD = {"W_hy": ("z", "dz"), "W_xh": ("h[t-1]", "h[t]"), "W_hh": ("z", "z[t-1]", "dz", "x[t]")}
MISTAKES = tuple(
    Mistakes(
        product,
        _instead_of_error(product.parameter) if product.right == "dy" else _instead(product.parameter),
        _LEFT_INSTEAD.get(product.parameter, ()),
    )
    for product in products_of(elman("tanh"))
)

# what is clipped inside the recurrence, if anything
CLIPPED = ("dh_next", "dh", "dz")


def stream_faults(cell: str, loss: str, steps: str) -> Iterator[Fault]:
    """Faults of the chain itself, windows aside: they damage every parameter behind them."""
    slope = f"{cell}'"
    missing, missing_where_made, *other_carries = carry_faults("dh_next", "dh")
    yield missing
    yield from weight_faults("W_hh", "dh_next", gradient=True, others=("W_xh",))
    yield from weight_faults("W_hy", "dh", gradient=False)
    yield from slope_faults("h'", slope, other_slopes(cell, value="h", of="z"))
    yield from bypass_faults("dz", "dh", "dh_next")
    yield missing_where_made
    yield late_carry_fault("dh_next", slope, "z")
    yield from other_carries
    yield from output_error_faults(loss, steps)
    yield from output_term_faults("dy", "dh")
    yield late_carry_fault("dy", slope, "z")
    yield from loop_faults("loop", "output loop")
    yield from cache_faults(("x[t] in W_xh",), ("h[t-1] in W_hh",), ("h[t] in W_hy",), ("h'",))
    yield Fault("missing-term", "dy", "dh lacks the step's own error", ("dy",), Damage.DROP)


def windows(length: int) -> Iterator[Fault]:
    """Chains cut in every way that shows on `length` steps; a window of length - 1 lags is whole."""
    for lags in range(1, length - 1):
        yield window_fault(lags)
        yield window_fault(lags, other=WHERE_MADE)
    for damage in (Damage.CHUNKS, Damage.CHUNKS_FROM_END):
        for steps in range(2, length):
            yield window_fault(steps, damage)
            yield window_fault(steps, damage, other=WHERE_MADE)
    for lags in range(length - 1):
        yield short_loop_fault(lags, "loop")
        yield short_loop_fault(lags, "loop", "output loop")


def parameter_faults() -> Mapping[str, tuple[Fault, ...]]:
    """Faults of each parameter's gradient alone, by parameter."""
    faults = {
        each.product.parameter: (*accumulator_faults(each), *whole_gradient_faults(each.product.parameter))
        for each in MISTAKES
    }
    return {**faults, "h0": tuple(_state_faults())}


def _state_faults() -> Iterator[Fault]:
    says = "dh0 is dh of the first step: it lacks the last product with W_hh"
    yield Fault("missing-term", "W_hh in h0", says, ("h0",), Damage.OTHER, other="dh", parameter="h0")
    says = "dh0 is dz of the first step: it lacks the last product with W_hh"
    yield Fault("missing-term", "W_hh in h0", says, ("h0",), Damage.OTHER, other="dz", parameter="h0")
    says = "dh0 is built from dh of the first step, not from dz: it skips the activation's derivative"
    yield Fault(
        "missing-activation-derivative", "h0", says, ("h0",), Damage.OTHER, other="dh through W_hh", parameter="h0"
    )
    says = "dh0 is multiplied by W_hh, not by its transpose"
    yield Fault(
        "untransposed-weight", "W_hh", says, ("h0",), Damage.UNTRANSPOSE, other="dz through W_hh", parameter="h0"
    )
    yield from whole_gradient_faults("h0")


def named_constant(constant: str | float) -> Fault:
    """One constant on the whole gradient, by name (`T`, `1/T`, ...) or by value."""
    if constant == -1:
        return Fault("sign-flip", "all", "every gradient has the wrong sign", ("all",), Damage.SCALE, -1.0)
    if isinstance(constant, str):
        says = f"every gradient is multiplied by {constant}"
        return Fault("scaled-gradient", constant, says, ("all",), Damage.SCALE, other=constant)
    number = f"{constant:.6g}"
    says = f"every gradient is multiplied by {number}"
    return Fault("scaled-gradient", number, says, ("all",), Damage.SCALE, constant)
