"""A problem: a net, the values of its parameters, and the batch that it is judged on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.losses import Targets
from gradcheck_rnn.model.net import LEARNED_STATE, Net, Parameters


@dataclass(frozen=True)
class Batch:
    """What user code receives beside the parameters.

    `inputs` (T, I) or (T, B, I), one-hot for tokens; `tokens` (T,) or (T, B) int, None for dense inputs; `targets`
    int (T,) or (T, B) for the softmax, float (T, O) or (T, B, O) for mse, without the time axis for a last-step
    loss; `initial_state` {"h": (H,) or (B, H)}.
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

    def starting_from_zeros(self) -> "Problem":
        """Return the same problem with an initial state of zeros."""
        zeros = {name: np.zeros_like(state) for name, state in self.batch.initial_state.items()}
        return replace(self, batch=replace(self.batch, initial_state=zeros))


@dataclass(frozen=True)
class Canonical:
    """A problem as the mathematics reads it: row layout, always a batch axis, biases that may be zero.

    x (T, B, I); tokens (T, B) or None; targets (S, B) or (S, B, O) for the S counted steps; h0 (B, H);
    W_xh (I, H), W_hh (H, H), b_h (H,), W_hy (H, O), b_y (O,).
    """

    x: Array
    tokens: npt.NDArray[np.int64] | None
    targets: Targets
    h0: Array
    W_xh: Array
    W_hh: Array
    b_h: Array
    W_hy: Array
    b_y: Array


def canonical(problem: Problem) -> Canonical:
    """Bring a problem into its canonical form; nothing is copied that need not be."""
    net, batch, sizes = problem.net, problem.batch, problem.net.sizes
    rows = {name: net.orient(name, value) for name, value in problem.parameters.items()}
    dtype = rows["W_hh"].dtype
    x, tokens, targets, h0 = batch.inputs, batch.tokens, batch.targets, batch.initial_state["h"]
    if net.loss.steps == "last":
        targets = targets[None]
    if sizes.batch is None:
        x, targets, h0 = x[:, None], targets[:, None], h0[None]
        tokens = None if tokens is None else tokens[:, None]
    if net.learned:
        h0 = np.broadcast_to(rows[LEARNED_STATE], h0.shape)
    return Canonical(
        x=x,
        tokens=tokens,
        targets=targets,
        h0=h0,
        W_xh=rows["W_xh"],
        W_hh=rows["W_hh"],
        b_h=rows.get("b_h", np.zeros(sizes.hidden_size, dtype)),
        W_hy=rows["W_hy"],
        b_y=rows.get("b_y", np.zeros(sizes.output_size, dtype)),
    )
