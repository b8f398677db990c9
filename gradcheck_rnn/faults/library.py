"""The library as a whole: every known fault of a net, and faults by name."""

from collections.abc import Iterable
from functools import cache

from gradcheck_rnn.faults.elman import PRODUCTS, named_constant, parameter_faults, stream_faults, windows
from gradcheck_rnn.faults.fault import Fault
from gradcheck_rnn.faults.taps import window_fault

CELLS = ("tanh", "relu", "sigmoid")
LOSSES = ("softmax_cross_entropy", "mse")
STEPS = ("all", "last")
WINDOW = "truncated-chain"
BIASES = ("b_h", "b_y")


def known_faults(
    cell: str, *, length: int, loss: str, steps: str, learned: bool, batched: bool, parameters: Iterable[str]
) -> tuple[Fault, ...]:
    """Every fault that may show on a net of `length` steps with these parameters; variants have the same name."""
    own = parameter_faults(learned=learned)
    constants = (-1.0, "T", "1/T", "2", *(("B", "1/B") if batched else ()))
    return (
        *stream_faults(cell, loss, steps),
        *windows(length),
        *(fault for name in parameters for fault in own[name]),
        *(named_constant(constant) for constant in constants),
    )


def fault_by_name(name: str, faults: Iterable[Fault]) -> Fault:
    """Return the first fault of that name; a window may have any number of lags."""
    kind, _, term = name.partition(":")
    if kind == WINDOW:
        return window_fault(int(term))
    return next(fault for fault in faults if fault.name == name)


def is_fault_name(name: str) -> bool:
    """Whether some net may have a fault of that name."""
    kind, _, term = name.partition(":")
    return (term.isascii() and term.isdigit()) if kind == WINDOW else name in fault_names()


@cache
def fault_names() -> tuple[str, ...]:
    """Names of all faults that some net may have, windows aside, in the order of the library."""
    nets = ((cell, loss, steps) for cell in CELLS for loss in LOSSES for steps in STEPS)
    each = (
        names_for(cell, loss=loss, steps=steps, biases=True, learned=True, batched=True) for cell, loss, steps in nets
    )
    return tuple(dict.fromkeys(name for names in each for name in names))


@cache
def names_for(cell: str, *, loss: str, steps: str, biases: bool, learned: bool, batched: bool) -> tuple[str, ...]:
    """Names of the faults that such a net may have, windows aside."""
    parameters = [product.parameter for product in PRODUCTS if biases or product.parameter not in BIASES]
    parameters += ["h0"] if learned else []
    faults = known_faults(
        cell, length=1, loss=loss, steps=steps, learned=learned, batched=batched, parameters=parameters
    )
    return tuple(dict.fromkeys(fault.name for fault in faults))
