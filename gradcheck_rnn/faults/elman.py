"""The faults of an Elman net, in the order in which one of several with the same gradient gives the name."""

from collections.abc import Iterator, Mapping

from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.taps import (
    WHERE_MADE,
    Product,
    accumulator_faults,
    bypass_faults,
    cache_faults,
    carry_faults,
    loop_faults,
    output_error_faults,
    output_term_faults,
    short_loop_fault,
    slope_faults,
    weight_faults,
    whole_gradient_faults,
    window_fault,
)

_OF_HIDDEN = (("dh", "missing-activation-derivative", "{}"), ("own dz", "missing-term", "dh_next in {}"))


def _instead(parameter: str) -> tuple[tuple[str, str, str], ...]:
    mistaken = [(other, kind, term.format(parameter)) for other, kind, term in _OF_HIDDEN]
    others = ("h[t]", "z", "dh_next", "f'", "h[t-1]")
    return (*mistaken, *((other, "wrong-operand", parameter) for other in others))


def _instead_of_error(parameter: str) -> tuple[tuple[str, str, str], ...]:
    return tuple((other, "wrong-operand", parameter) for other in ("prediction", "target"))


PRODUCTS = (
    Product("W_hy", "h[t]", "dy", instead=_instead_of_error("W_hy"), left_instead=("z", "dz")),
    Product("b_y", None, "dy", instead=_instead_of_error("b_y")),
    Product("W_xh", "x[t]", "dz", instead=_instead("W_xh"), left_instead=("h[t-1]", "h[t]")),
    Product("W_hh", "h[t-1]", "dz", instead=_instead("W_hh"), left_instead=("z", "z[t-1]", "dz", "x[t]")),
    Product("b_h", None, "dz", instead=_instead("b_h")),
)

_AT_OTHER_PLACES = {
    "tanh' formula at z": "1 - z**2: the tanh's formula for h, at z",
    "sigmoid' formula at z": "z * (1 - z): the sigmoid's formula for h, at z",
    "tanh' of h": "1 - tanh(h)**2: the tanh's, at h",
    "sigmoid' of h": "s * (1 - s) with s = sigmoid(h): the sigmoid's, at h",
}

# what is taken for the derivative, by name and in words
_OTHER_SLOPES = {
    "tanh": {
        "f'(f(z))": "1 - tanh(h)**2: the derivative at the activated value",
        "f'(z) as value": "1 - z**2: the formula for h, at z",
        "sigmoid'": "h * (1 - h), the sigmoid's",
        "relu'": "the relu's",
        "sigmoid' of z": "the sigmoid's, at z",
        "f": "h, the function in place of its derivative",
        "1 - f": "1 - h: the square is missing",
        "f**2": "h**2: what it is subtracted from is missing",
        "1 + f**2": "1 + h**2: the sign is wrong",
        "1 - f @ f": "1 - h @ h: a scalar product in place of the square",
        **_AT_OTHER_PLACES,
    },
    "sigmoid": {
        "f'(f(z))": "s * (1 - s) with s = sigmoid(h): the derivative at the activated value",
        "f'(z) as value": "z * (1 - z): the formula for h, at z",
        "tanh'": "1 - h**2, the tanh's",
        "tanh' of z": "the tanh's, at z",
        "f": "h, the function in place of its derivative",
        "1 - f": "1 - h: the factor h is missing",
        "f**2": "h**2",
        "1 + f**2": "1 + h**2",
        "1 - f @ f": "1 - h @ h",
        **_AT_OTHER_PLACES,
    },
    "relu": {
        "f": "h itself, not whether it is positive",
        "z": "z itself, not whether it is positive",
        "tanh'": "1 - h**2, the tanh's",
        "sigmoid'": "h * (1 - h), the sigmoid's",
        "tanh' of z": "the tanh's, at z",
        "sigmoid' of z": "the sigmoid's, at z",
        "1 - f": "1 - h",
        "f**2": "h**2",
        "1 + f**2": "1 + h**2",
        "1 - f @ f": "1 - h @ h",
        **_AT_OTHER_PLACES,
    },
}

# what is clipped inside the recurrence, if anything
CLIPPED = ("dh_next", "dh", "dz")


def stream_faults(cell: str, loss: str, steps: str) -> Iterator[Fault]:
    """Faults of the chain itself, windows aside: they damage every parameter behind them."""
    slope = f"{cell}'"
    missing, *other_carries = carry_faults("dh_next", "dh", slope)
    yield missing
    yield from weight_faults("W_hh", "dh_next", gradient=True, others=("W_xh",))
    yield from weight_faults("W_hy", "dh", gradient=False)
    yield from slope_faults("f'", slope, _OTHER_SLOPES[cell])
    yield from bypass_faults("dz", "dh", "dh_next")
    yield from other_carries
    yield from output_error_faults(loss, steps)
    yield from output_term_faults("dy", "dh")
    yield from loop_faults("loop", "output loop")
    yield from cache_faults(("x[t] in W_xh",), ("h[t-1] in W_hh",), ("h[t] in W_hy",), ("f'",))
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


def parameter_faults(*, learned: bool) -> Mapping[str, tuple[Fault, ...]]:
    """Faults of each parameter's gradient alone, by parameter."""
    faults = {each.parameter: (*accumulator_faults(each), *whole_gradient_faults(each.parameter)) for each in PRODUCTS}
    return {**faults, "h0": tuple(_state_faults())} if learned else faults


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
    yield Fault("untransposed-weight", "W_hh", says, ("h0",), Damage.UNTRANSPOSE, parameter="h0")
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
