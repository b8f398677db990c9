"""The library as a whole: every known fault of a net, and faults by name."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from gradcheck_rnn.cells.catalogue import Variant, cell_called
from gradcheck_rnn.cells.elman import FUNCTIONS
from gradcheck_rnn.cells.equation import INPUT_PARAMETER, OUTPUT_BIAS, OUTPUT_WEIGHT, Cell, initial_name
from gradcheck_rnn.faults import elman
from gradcheck_rnn.faults.fault import Fault
from gradcheck_rnn.faults.gated import chain, sums
from gradcheck_rnn.faults.inputs import input_faults
from gradcheck_rnn.faults.taps import window_fault

LOSSES = ("softmax_cross_entropy", "mse", "projection")
STEPS = ("all", "last")
WINDOW = "truncated-chain"


@cache
def chain_faults(cell: Cell, *, loss: str, steps: str, length: int) -> tuple[Fault, ...]:
    """Faults of the chain, and of all parameters behind it, on a net of `length` steps."""
    streams = elman.stream_faults(cell.name, loss, steps) if is_elman(cell) else chain.stream_faults(cell, loss, steps)
    return (*streams, *elman.windows(length))


@cache
def own_faults(cell: Cell) -> Mapping[str, tuple[Fault, ...]]:
    """Faults of each gradient alone, by parameter, those of initial states and of inputs among them."""
    of_parameters = elman.parameter_faults() if is_elman(cell) else sums.parameter_faults(cell)
    return {**of_parameters, INPUT_PARAMETER: tuple(input_faults(cell))}


def clipped_places(cell: Cell) -> tuple[str, ...]:
    """What is clipped inside the recurrence, if anything."""
    if is_elman(cell):
        return elman.CLIPPED
    states = {*cell.states}
    return tuple(place for place in chain.CLIPPED if {delta[1] for delta in place.split(" and ")} <= states)


def is_elman(cell: Cell) -> bool:
    """Whether a cell has no gates."""
    return cell.name in FUNCTIONS


def known_faults(
    cell: Cell, *, length: int, loss: str, steps: str, batched: bool, parameters: Iterable[str]
) -> tuple[Fault, ...]:
    """Every fault that may show on a net of `length` steps with these parameters; variants have the same name."""
    own, parameters = own_faults(cell), tuple(parameters)
    chain = chain_faults(cell, loss=loss, steps=steps, length=length)
    constants = (-1.0, "T", "1/T", "2", *(("B", "1/B") if batched else ()))
    return (
        *(fault for fault in chain if fault.term != OUTPUT_WEIGHT or OUTPUT_WEIGHT in parameters),
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
    # faults of the loss are the same whatever the cell: those of a gated net are looked for with one loss only
    some = {"loss": LOSSES[0], "steps": STEPS[0]}
    return name in fault_names() or any(name in _names_of(cell, **some) for cell in _gated_cells())


@cache
def fault_names() -> tuple[str, ...]:
    """Names of all faults that some Elman net may have, windows aside, in the order of the library."""
    each = (
        _names_of(cell_called(name), loss=loss, steps=steps) for name in FUNCTIONS for loss in LOSSES for steps in STEPS
    )
    return tuple(dict.fromkeys(name for names in each for name in names))


def _gated_cells() -> Iterator[Cell]:
    """Cells that have every fault of a gated one among them."""
    for output in ("tanh", "identity"):
        yield cell_called("lstm", Variant(peepholes=True, lstm_output=output))
    yield cell_called("lstm", Variant(coupled=True))
    for reset in ("before", "after"):
        for keeps in ("z", "1-z"):
            yield cell_called("gru", Variant(reset=reset, keeps=keeps))


def _names_of(cell: Cell, *, loss: str, steps: str) -> tuple[str, ...]:
    """Names of the faults that some net of a cell may have."""
    return names_for(cell, loss=loss, steps=steps, biases=True, learned=True, outputs=True, inputs=True, batched=True)


@cache
def names_for(
    cell: Cell, *, loss: str, steps: str, biases: bool, learned: bool, outputs: bool, inputs: bool, batched: bool
) -> tuple[str, ...]:
    """Names of the faults that such a net may have, windows aside; the arguments are those of `parameters_of`."""
    parameters = parameters_of(cell, biases=biases, learned=learned, outputs=outputs, inputs=inputs)
    faults = known_faults(cell, length=1, loss=loss, steps=steps, batched=batched, parameters=parameters)
    return tuple(dict.fromkeys(fault.name for fault in faults))


def parameters_of(cell: Cell, *, biases: bool, learned: bool, outputs: bool, inputs: bool) -> list[str]:
    """Names of the parameters of a net.

    Args:
        cell: its equations.
        biases: whether it has any.
        learned: whether its initial states are parameters.
        outputs: whether there is an output layer.
        inputs: whether the gradient of the inputs is asked for.
    """
    without = [] if biases else [OUTPUT_BIAS, *(each.bias for each in cell.affine)]
    without += [] if learned else [initial_name(state) for state in cell.states]
    without += [] if outputs else [OUTPUT_WEIGHT, OUTPUT_BIAS]
    without += [] if inputs else [INPUT_PARAMETER]
    return [name for name in own_faults(cell) if name not in without]
