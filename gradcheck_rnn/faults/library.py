"""The library as a whole: every known fault of a net, and faults by name."""

from collections.abc import Iterable, Mapping
from functools import cache

from gradcheck_rnn.cells.catalogue import Variant, cell_called
from gradcheck_rnn.cells.elman import FUNCTIONS
from gradcheck_rnn.cells.equation import Cell
from gradcheck_rnn.faults import elman, gated
from gradcheck_rnn.faults.fault import Fault
from gradcheck_rnn.faults.taps import window_fault

LOSSES = ("softmax_cross_entropy", "mse")
STEPS = ("all", "last")
WINDOW = "truncated-chain"


def chain_faults(cell: Cell, *, loss: str, steps: str, length: int) -> tuple[Fault, ...]:
    """Faults of the chain, and of all parameters behind it, on a net of `length` steps."""
    streams = elman.stream_faults(cell.name, loss, steps) if is_elman(cell) else gated.stream_faults(cell, loss, steps)
    return (*streams, *elman.windows(length))


def own_faults(cell: Cell, *, learned: bool) -> Mapping[str, tuple[Fault, ...]]:
    """Faults of each parameter's gradient alone, by parameter."""
    return elman.parameter_faults(learned=learned) if is_elman(cell) else gated.parameter_faults(cell, learned=learned)


def clipped_places(cell: Cell) -> tuple[str, ...]:
    """What is clipped inside the recurrence, if anything."""
    if is_elman(cell):
        return elman.CLIPPED
    states = {*cell.states}
    return tuple(place for place in gated.CLIPPED if {delta[1] for delta in place.split(" and ")} <= states)


def is_elman(cell: Cell) -> bool:
    """Whether a cell has no gates."""
    return cell.name in FUNCTIONS


def known_faults(
    cell: Cell, *, length: int, loss: str, steps: str, learned: bool, batched: bool, parameters: Iterable[str]
) -> tuple[Fault, ...]:
    """Every fault that may show on a net of `length` steps with these parameters; variants have the same name."""
    own = own_faults(cell, learned=learned)
    constants = (-1.0, "T", "1/T", "2", *(("B", "1/B") if batched else ()))
    return (
        *chain_faults(cell, loss=loss, steps=steps, length=length),
        *(fault for name in parameters for fault in own[name]),
        *(elman.named_constant(constant) for constant in constants),
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
    if kind == WINDOW:
        return term.isascii() and term.isdigit()
    return name in fault_names() or name in gated_names()


@cache
def fault_names() -> tuple[str, ...]:
    """Names of all faults that some Elman net may have, windows aside, in the order of the library."""
    return _names(map(cell_called, FUNCTIONS))


@cache
def gated_names() -> tuple[str, ...]:
    """Names of all faults that some gated net may have, windows aside, in the order of the library."""
    lstms = (cell_called("lstm", Variant(peepholes=True, lstm_output=output)) for output in ("tanh", "identity"))
    coupled = (cell_called("lstm", Variant(coupled=True)),)
    grus = (cell_called("gru", Variant(reset=reset, keeps=k)) for reset in ("before", "after") for k in ("z", "1-z"))
    return _names((*lstms, *coupled, *grus))


def _names(cells: Iterable[Cell]) -> tuple[str, ...]:
    nets = ((cell, loss, steps) for cell in cells for loss in LOSSES for steps in STEPS)
    each = (
        names_for(cell, loss=loss, steps=steps, biases=True, learned=True, batched=True) for cell, loss, steps in nets
    )
    return tuple(dict.fromkeys(name for names in each for name in names))


@cache
def names_for(cell: Cell, *, loss: str, steps: str, biases: bool, learned: bool, batched: bool) -> tuple[str, ...]:
    """Names of the faults that such a net may have, windows aside."""
    own = own_faults(cell, learned=learned)
    without = () if biases else ("b_y", *(each.bias for each in cell.affine))
    parameters = [name for name in own if name not in without]
    faults = known_faults(
        cell, length=1, loss=loss, steps=steps, learned=learned, batched=batched, parameters=parameters
    )
    return tuple(dict.fromkeys(fault.name for fault in faults))
