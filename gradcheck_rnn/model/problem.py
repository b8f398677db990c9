"""A problem: a net, the values of its parameters, and the batch that it is judged on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gradcheck_rnn.cells.equation import INPUT_PARAMETER, OUTPUT_WEIGHT, Cell
from gradcheck_rnn.cells.structure import EMBEDDING, Sweep
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.losses import Targets
from gradcheck_rnn.model.net import Net, Parameters


@dataclass(frozen=True)
class Batch:
    """What user code receives beside the parameters.

    `inputs` (T, I) or (T, B, I), one-hot for tokens; `tokens` (T,) or (T, B) int, None for dense inputs; `targets`
    int (T,) or (T, B) for the softmax, float (T, O) or (T, B, O) for mse, without the time axis for a last-step
    loss; `initial_state` (H,) or (B, H) for each state: "h", for an LSTM also "c"; of several layers or directions
    "h_1" and so on, which user code gets as a list "h" as well.
    """

    inputs: Array
    tokens: npt.NDArray[np.int64] | None
    targets: Targets
    initial_state: Mapping[str, Array]


@dataclass(frozen=True)
class Problem:
    """A point at which gradients are compared; `parameters` by described name, in the net's layout."""

    net: Net
    parameters: Parameters
    batch: Batch

    def at(self, parameters: Parameters) -> "Problem":
        """Return the same problem with other parameter values."""
        return replace(self, parameters=parameters)

    def in_double_precision(self) -> "Problem":
        """Return the same problem with float64 arrays of the same values."""
        batch = self.batch
        wide = replace(
            batch,
            inputs=batch.inputs.astype(np.float64),
            targets=batch.targets.astype(np.float64) if batch.targets.dtype.kind == "f" else batch.targets,
            initial_state={name: state.astype(np.float64) for name, state in batch.initial_state.items()},
        )
        return Problem(self.net, {name: value.astype(np.float64) for name, value in self.parameters.items()}, wide)

    def with_inputs_as_parameter(self) -> "Problem":
        """Return the same problem, whose parameter `x` is its inputs where it has that parameter."""
        if INPUT_PARAMETER not in self.net.shapes:
            return self
        return self.at({**self.parameters, INPUT_PARAMETER: self.batch.inputs})

    def starting_from_zeros(self) -> "Problem":
        """Return the same problem with an initial state of zeros."""
        zeros = {name: np.zeros_like(state) for name, state in self.batch.initial_state.items()}
        return replace(self, batch=replace(self.batch, initial_state=zeros))


@dataclass(frozen=True)
class Canonical:
    """A problem as the mathematics reads it: row layout, always a batch axis.

    `given` (T, B, I) are the inputs; `x` is what the lowest layer takes: these or the vectors of an embedding; tokens
    (T, B), None for dense inputs and vectors; targets (S, B) or (S, B, O) for the S counted steps; `initial` states
    (B, H); `parameters`: weights (m, n), biases and vectors (n,), zeros for the biases that the net does not have, and
    the identity for the output layer.
    """

    given: Array
    x: Array
    tokens: npt.NDArray[np.int64] | None
    targets: Targets
    initial: Mapping[str, Array]
    parameters: Mapping[str, Array]

    def of_sequences(self, some: slice) -> "Canonical":
        """The same problem with some of its sequences."""
        return replace(
            self,
            given=self.given[:, some],
            x=self.x[:, some],
            tokens=None if self.tokens is None else self.tokens[:, some],
            targets=self.targets[:, some],
            initial={state: value[some] for state, value in self.initial.items()},
        )

    def parameters_of(self, cell: Cell, sweep: Sweep) -> dict[str, Array]:
        """Parameters of one sweep, by their names within it."""
        return {name: self.parameters[name + sweep.place] for name in cell.parameters if name}

    def initial_of(self, cell: Cell, sweep: Sweep) -> dict[str, Array]:
        """Initial states of one sweep, by their names within it."""
        return {state: self.initial[state + sweep.place] for state in cell.states}


def canonical(problem: Problem) -> Canonical:
    """Bring a problem into its canonical form; nothing is copied that need not be."""
    net, batch, sizes = problem.net, problem.batch, problem.net.sizes
    rows = {name: net.orient(name, value) for name, value in problem.parameters.items()}
    dtype = batch.inputs.dtype
    given, tokens, targets = rows.get(INPUT_PARAMETER, batch.inputs), batch.tokens, batch.targets
    initial = {state: batch.initial_state[state] for state in net.states}
    if net.loss.steps == "last":
        targets = targets[None]
    if sizes.batch is None:
        given, targets = given[:, None], targets[:, None]
        initial = {state: value[None] for state, value in initial.items()}
        tokens = None if tokens is None else tokens[:, None]
    x = given
    if net.structure.embedded:
        x, tokens = given @ rows[EMBEDDING], None
    learned = {net.located[name]: rows[name] for name in net.initial_names}
    for (name, sweep), value in learned.items():
        state = name.removesuffix("0") + sweep.place
        initial[state] = np.broadcast_to(value, initial[state].shape)
    if not net.output_layer:
        rows |= {OUTPUT_WEIGHT: np.eye(sizes.output_size, dtype=dtype)}
    whole = replace(net, biases=True, output_layer=True)
    rows |= {name: np.zeros(shape, dtype) for name, shape in whole.shapes.items() if name not in rows}
    return Canonical(given, x, tokens, targets, initial, rows)
