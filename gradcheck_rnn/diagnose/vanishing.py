"""How far an error reaches back: the norm of the recurrent chain by lag, and units that pass nothing on.

Source: Bengio, Simard & Frasconi, Learning long-term dependencies with gradient descent is difficult (1994);
Pascanu, Mikolov & Bengio, On the difficulty of training recurrent neural networks (2013), sec. 2.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gradcheck_rnn.cells.equation import Affine, previous
from gradcheck_rnn.cells.equation import Cell as Equations
from gradcheck_rnn.cells.structure import Sweep
from gradcheck_rnn.config.settings import Cell
from gradcheck_rnn.model.activations import ACTIVATIONS, Array
from gradcheck_rnn.model.forward import Run, Trace, forward, from_input
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.model.problem import Problem, canonical
from gradcheck_rnn.model.scan import evaluated

# chains that the median is taken over: last steps spread over the sequence, sequences spread over the batch
MOST_ENDS = 8
MOST_SEQUENCES = 4
# lags that are followed; each costs a singular value decomposition for each chain
MOST_LAGS = 32
# an imaginary step, whose square vanishes beside 1
TINY = 1e-30
# largest value of f', and the share of it below which a unit passes next to nothing on
LARGEST_SLOPE = {"tanh": 1.0, "sigmoid": 0.25}
SATURATED = 0.01


@dataclass(frozen=True)
class Vanishing:
    """The recurrent chain at one point.

    `norms[lag]` is the median over steps t of the spectral norm of dh_t/dh_(t-lag), 1 at lag 0 and inf where it is not
    finite; `sensitivity` is the share of it that the check resolves. `saturated` is the share of all states whose slope
    is below 1 % of the largest one; for a relu, the share of units that are positive at no step.
    """

    cell: Cell
    norms: tuple[float, ...]
    sensitivity: float
    saturated: float

    @property
    def lost_at(self) -> int | None:
        """Return the first lag at which the chain is below the check's sensitivity."""
        return next((lag for lag, norm in enumerate(self.norms) if norm < self.sensitivity * self.norms[0]), None)

    @property
    def factor(self) -> float | None:
        """Return what a lag multiplies the norm by, on the average; None where there is no chain."""
        lags = len(self.norms) - 1
        return float(self.norms[-1] ** (1 / lags)) if lags else None


@np.errstate(all="ignore")  # a chain may explode; what is not finite is inf
def vanishing_at(problem: Problem, *, sensitivity: float) -> Vanishing:
    """Follow the recurrent chain of a problem."""
    problem = problem.in_double_precision()
    net, c = problem.net, canonical(problem)
    trace = forward(net, c)
    norms = [_norms(net.equations, c.parameters_of(net.equations, sweep), run) for sweep, run in _runs(net, trace)]
    # of several sweeps, the chain that vanishes first at each lag
    least = tuple(float(min(at_lag)) for at_lag in zip(*norms, strict=True))
    saturated = float(np.mean([_saturated(net, run) for _, run in _runs(net, trace)]))
    return Vanishing(net.cell, least, sensitivity, saturated)


def _runs(net: Net, trace: Trace) -> list[tuple[Sweep, Run]]:
    return [(sweep, trace.runs[sweep.place]) for sweep in net.structure.sweeps]


def _norms(cell: Equations, parameters: Mapping[str, Array], run: Run) -> tuple[float, ...]:
    """Median spectral norm of dh_t/dh_(t-lag) at each lag; h stands for all states together."""
    steps, batch = run.x.shape[:2]
    ends, sequences = _spread(steps, MOST_ENDS), _spread(batch, MOST_SEQUENCES)
    jacobians = _jacobians(cell, parameters, run, sequences)
    norms, width = [1.0], jacobians.shape[-1]
    # products (ends, sequences, S, S), one for each t, in row layout
    products = np.broadcast_to(np.eye(width), (len(ends), len(sequences), width, width))
    for lag in range(1, min(steps - 1, MOST_LAGS) + 1):
        reaching = ends >= lag
        ends, products = ends[reaching], products[reaching]
        products = jacobians[ends - lag + 1] @ products
        norms.append(_median_norm(products))
    return tuple(norms)


def _jacobians(cell: Equations, parameters: Mapping[str, Array], run: Run, sequences: Array) -> Array:
    """How the states of a step move with those before it, (T, sequences, S, S) in row layout.

    Each state is moved by an imaginary step, which leaves the others as they are.
    """
    gained = from_input(cell, parameters, run.x)
    before = np.concatenate([run.at_steps(previous(state))[:, sequences] for state in cell.states], axis=-1)
    width = before.shape[-1]
    # an axis of S moved runs behind the sequences
    moved = before[:, :, None, :] + 1j * TINY * np.eye(width)
    at = dict(zip(map(previous, cell.states), np.split(moved, len(cell.states), axis=-1), strict=True))
    for equation in cell.equations:
        value = evaluated(equation, at, parameters)
        gain = gained[equation.name][:, sequences, None] if isinstance(equation, Affine) else 0.0
        at[equation.name] = value + gain
    after = np.concatenate([at[state] for state in cell.states], axis=-1)
    return np.asarray(np.where(np.isfinite(before).all(axis=(-1, -2))[:, None, None, None], after.imag / TINY, np.nan))


def _spread(count: int, most: int) -> Array:
    """Return at most so many places out of `count`, the last one among them."""
    return np.unique(np.linspace(count - 1, 0, min(count, most)).round().astype(int))


def _median_norm(products: Array) -> float:
    if not np.isfinite(products).all():
        return float("inf")
    return float(np.median(np.linalg.norm(products, 2, axis=(-2, -1))))


def _saturated(net: Net, run: Run) -> float:
    if net.cell == "relu":
        return float((run.values["z"] <= 0).all(axis=(0, 1)).mean())
    flat = [
        np.abs(ACTIVATIONS[each.function].slope(run.values[each.name])) < SATURATED * LARGEST_SLOPE[each.function]
        for each in net.equations.activated
    ]
    return float(np.mean(flat))
