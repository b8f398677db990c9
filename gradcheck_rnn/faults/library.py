"""The library as a whole: every known fault of a net, and faults by name."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from gradcheck_rnn.cells.catalogue import Variant, cell_called
from gradcheck_rnn.cells.elman import FUNCTIONS
from gradcheck_rnn.cells.equation import INPUT_PARAMETER, OUTPUT_BIAS, OUTPUT_WEIGHT, Cell, initial_name
from gradcheck_rnn.cells.structure import EMBEDDING, Structure
from gradcheck_rnn.faults import elman
from gradcheck_rnn.faults.fault import Fault
from gradcheck_rnn.faults.gated import chain, sums
from gradcheck_rnn.faults.inputs import embedding_faults, input_faults
from gradcheck_rnn.faults.layers import between_faults, halves_faults
from gradcheck_rnn.faults.mixed import initial_faults, mixed_chain_faults, mixed_own_faults
from gradcheck_rnn.faults.places import in_place, of_one_sweep, without_place
from gradcheck_rnn.faults.taps import window_fault

LOSSES = ("softmax_cross_entropy", "mse", "projection")
STEPS = ("all", "last")
WINDOW = "truncated-chain"


@cache
def chain_faults(structure: Structure, *, loss: str, steps: str, length: int) -> tuple[Fault, ...]:
    """Faults of the chain, and of all parameters behind it, on a net of `length` steps.

    Those of the cell may happen everywhere, as in code that all layers share, or to one sweep alone.
    """
    cell = structure.cell
    streams = elman.stream_faults(cell.name, loss, steps) if is_elman(cell) else chain.stream_faults(cell, loss, steps)
    everywhere = (*streams, *elman.windows(length))
    if len(structure.sweeps) == 1:
        return everywhere
    own = dict.fromkeys(filter(None, map(of_one_sweep, everywhere)))
    one_by_one = (in_place(fault, structure, sweep) for sweep in structure.sweeps for fault in own)
    mixed = (*mixed_chain_faults(structure), *initial_faults(structure))
    return (*everywhere, *between_faults(structure), *one_by_one, *mixed)


@cache
def own_faults(structure: Structure) -> Mapping[str, tuple[Fault, ...]]:
    """Faults of each gradient alone, by parameter, those of initial states and of inputs among them."""
    cell = structure.cell
    of_cell = elman.parameter_faults() if is_elman(cell) else sums.parameter_faults(cell)
    outputs = {name: of_cell[name] for name in (OUTPUT_WEIGHT, OUTPUT_BIAS)}
    if structure.bidirectional:
        outputs[OUTPUT_WEIGHT] += tuple(halves_faults(structure))
    faults = {
        name + sweep.place: (
            *(in_place(fault, structure, sweep) for fault in each),
            *mixed_own_faults(structure, name, sweep),
        )
        for sweep in structure.sweeps
        for name, each in of_cell.items()
        if name not in outputs
    }
    faults |= outputs | {INPUT_PARAMETER: tuple(input_faults(cell))}
    return faults | ({EMBEDDING: tuple(embedding_faults())} if structure.embedded else {})


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
    structure: Structure, *, length: int, loss: str, steps: str, batched: bool, parameters: Iterable[str]
) -> tuple[Fault, ...]:
    """Every fault that may show on a net of `length` steps with these parameters; variants have the same name."""
    own, parameters = own_faults(structure), tuple(parameters)
    chain = chain_faults(structure, loss=loss, steps=steps, length=length)
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
    anywhere = without_place(name)
    if anywhere in fault_names() or anywhere in gated_names():
        return True
    deep = Structure(cell_called(FUNCTIONS[0]), layers=2, bidirectional=True, embedded=True)
    of_deep = [*between_faults(deep), *own_faults(deep)[EMBEDDING], *own_faults(deep)[OUTPUT_WEIGHT]]
    return any(anywhere == without_place(fault.name) and (name != anywhere or not fault.place) for fault in of_deep)


@cache
def fault_names() -> tuple[str, ...]:
    """Names of all faults that some Elman net may have, windows aside, in the order of the library."""
    each = (
        _names_of(cell_called(name), loss=loss, steps=steps) for name in FUNCTIONS for loss in LOSSES for steps in STEPS
    )
    return tuple(dict.fromkeys(name for names in each for name in names))


@cache
def gated_names() -> tuple[str, ...]:
    """Names of all faults that some gated net may have, windows aside."""
    # faults of the loss are the same whatever the cell: these are those of one loss only
    each = (_names_of(cell, loss=LOSSES[0], steps=STEPS[0]) for cell in _gated_cells())
    return tuple(dict.fromkeys(name for names in each for name in names))


def _gated_cells() -> Iterator[Cell]:
    """Cells that have every fault of a gated one among them."""
    yield cell_called("lstm")
    for output in ("tanh", "identity"):
        yield cell_called("lstm", Variant(peepholes=True, lstm_output=output))
    yield cell_called("lstm", Variant(coupled=True))
    for reset in ("before", "after"):
        for keeps in ("z", "1-z"):
            yield cell_called("gru", Variant(reset=reset, keeps=keeps))
    yield cell_called("gru", Variant(reset="after", recurrent_bias=True))


def _names_of(cell: Cell, *, loss: str, steps: str) -> tuple[str, ...]:
    """Names of the faults that some net of a cell may have."""
    every = {"biases": True, "learned": True, "outputs": True, "inputs": True, "batched": True}
    return names_for(Structure(cell), loss=loss, steps=steps, **every)


@cache
def names_for(structure: Structure, *, loss: str, steps: str, batched: bool, **has: bool) -> tuple[str, ...]:
    """Names of the faults that such a net may have, windows aside; `has` are the arguments of `parameters_of`."""
    parameters = parameters_of(structure, **has)
    faults = known_faults(structure, length=1, loss=loss, steps=steps, batched=batched, parameters=parameters)
    return tuple(dict.fromkeys(fault.name for fault in faults))


def parameters_of(structure: Structure, *, biases: bool, learned: bool, outputs: bool, inputs: bool) -> list[str]:
    """Names of the parameters of a net.

    Args:
        structure: its cell and sweeps.
        biases: whether it has any.
        learned: whether its initial states are parameters.
        outputs: whether there is an output layer.
        inputs: whether the gradient of the inputs is asked for.
    """
    cell = structure.cell
    own = [] if biases else [each.bias for each in cell.affine]
    own += [] if learned else [initial_name(state) for state in cell.states]
    without = [name + sweep.place for sweep in structure.sweeps for name in own] + ([] if biases else [OUTPUT_BIAS])
    without += [] if outputs else [OUTPUT_WEIGHT, OUTPUT_BIAS]
    without += [] if inputs else [INPUT_PARAMETER]
    return [name for name in own_faults(structure) if name not in without]
