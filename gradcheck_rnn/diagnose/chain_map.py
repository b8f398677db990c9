"""The chain map: how the output error of step t reaches the gradient through use step k, analytic beside numeric.

For any backward pass that is linear in the output errors, gradients(targets) minus gradients(targets with step t
changed) is what step t's error brings, while the forward pass stays as it is. Where every step has a token of its own,
row x_k of dW_xh holds what reaches step k and nothing else. So the cell (t, k) needs nothing but the gradients.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcheck_rnn.cells.structure import EMBEDDING
from gradcheck_rnn.diagnose.witness import Gradients
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.numeric.carried.gradient import step_derivatives

Returned = Callable[[Sequence[Problem]], list[Gradients]]

# relative error up to which a cell agrees: a wrong path does not come that close
AGREES = 1e-4
# cells whose magnitude is below this share of the largest are compared on that scale
NEGLIGIBLE = 1e-9
# an analytic cell below this share of the numeric one is empty
EMPTY = 1e-6


@dataclass(frozen=True)
class ChainMap:
    """Norms (T, T) of what the error of step t (row) brings to use step k (column), and how far the two are apart.

    `relative_error` is nan where neither is there: above the diagonal of a causal net. A `constant` that all cells of
    the diagonal are off by has been divided out of the analytic ones. `additive` is False where prefixes of the
    sequence show another pattern than changed targets, None where they were not tried. `path` is the state through
    which the error goes, empty where there is one only; the maps of other paths stand `beside` the first.
    """

    analytic: Array
    numeric: Array
    relative_error: Array
    constant: float = 1.0
    additive: bool | None = None
    path: str = ""
    beside: tuple["ChainMap", ...] = ()

    @property
    def length(self) -> int:
        """Number of steps."""
        return len(self.numeric)

    @property
    def agrees(self) -> Array:
        """Cells that agree, (T, T)."""
        return np.asarray(~(self.relative_error > AGREES))

    @property
    def empty(self) -> Array:
        """Cells that the analytic chain does not reach, though it should, (T, T)."""
        return np.asarray(~self.agrees & (self.analytic <= EMPTY * self.numeric))

    @property
    def acausal(self) -> Array:
        """Cells that the analytic chain reaches, though it cannot be, (T, T)."""
        return np.asarray(~self.agrees & (self.numeric <= EMPTY * self.analytic))

    @property
    def by_lag(self) -> tuple[tuple[float, float], ...]:
        """Median of the analytic and of the numeric cells at each lag t - k, the diagonal first."""
        return tuple(
            (float(np.median(self.analytic.diagonal(-lag))), float(np.median(self.numeric.diagonal(-lag))))
            for lag in range(self.length)
        )


@np.errstate(all="ignore")
def chain_map(problem: Problem, returned: Returned, *, prefixes: bool) -> ChainMap | None:
    """Map the chain of the backward pass behind `returned`; None where a cell is not finite.

    Args:
        problem: where every step has an input row of its own, in float64.
        returned: gives the gradients under test at described problems.
        prefixes: whether the code takes shorter sequences, and its loss has the described weight there.
    """
    steps, structure = range(1, _length(problem) + 1), problem.net.structure
    # only the inputs of the lowest layer have rows of their own; of an embedding, the table has
    paths = [
        (f"{path}{sweep.place}", f"{weight}{sweep.place}")
        for sweep in structure.levels[0]
        for path, weight in structure.cell.paths
    ]
    if structure.embedded:
        paths = [("", EMBEDDING)]
    prefixes = prefixes and not structure.bidirectional
    of_last_step = problem.net.loss.steps == "last"
    if of_last_step and not prefixes:
        return None
    changed = with_changed_targets(problem)
    if of_last_step:
        asked = [prefix(each, t) for t in steps for each in (problem, changed)]
    else:
        asked = [problem, *(with_changed_targets(problem, t - 1) for t in steps)]
        asked += [prefix(problem, t) for t in steps] if prefixes else []
    gradients = returned(asked)
    maps = []
    for path, weight in paths:
        rows = _Rows(weight, problem)
        found = (
            _of_last_step(rows, asked, gradients) if of_last_step else _of_all_steps(rows, changed, asked, gradients)
        )
        if found is None:
            return None
        maps.append(replace(found, path=path if len(paths) > 1 else ""))
    return replace(maps[0], beside=tuple(maps[1:]))


def _of_last_step(rows: "_Rows", asked: Sequence[Problem], gradients: Sequence[Gradients]) -> ChainMap | None:
    """Of each length of the sequence, with its target and with another one, in turn."""
    returned = [rows.of(each) for each in gradients]
    numeric = [rows.numeric(each)[0] for each in asked]
    return compared(
        np.array(returned[0::2]) - np.array(returned[1::2]), np.array(numeric[0::2]) - np.array(numeric[1::2])
    )


def _of_all_steps(
    rows: "_Rows", changed: Problem, asked: Sequence[Problem], gradients: Sequence[Gradients]
) -> ChainMap | None:
    """Of the problem itself, with the target of each step changed and, if these were asked for, its prefixes."""
    problem, T = asked[0], _length(asked[0])
    whole, *others = (rows.of(each) for each in gradients[: T + 1])
    numeric = rows.numeric(problem)
    found = compared(whole - np.array(others), numeric - rows.numeric(changed))
    cut = asked[T + 1 :]
    if found is None or not cut or found.constant != 1:
        return found
    weights = [each.net.loss_weight / problem.net.loss_weight for each in cut]
    at_prefixes = [rows.of(each) / weight for each, weight in zip(gradients[T + 1 :], weights, strict=True)]
    # the gradient of t steps minus that of t - 1
    second = compared(np.diff(np.array([0 * whole, *at_prefixes]), axis=0), numeric)
    return found if second is None else replace(found, additive=bool((second.agrees == found.agrees).all()))


def with_changed_targets(problem: Problem, step: int | None = None) -> Problem:
    """Change the target of one step, or of all: another class, or a value shifted by 1."""
    batch, net = problem.batch, problem.net
    targets = batch.targets.copy()
    at: Any = ... if step is None else slice(step, step + 1)
    targets[at] = (
        (targets[at] + 1) % net.sizes.output_size if net.loss.kind == "softmax_cross_entropy" else targets[at] + 1
    )
    return replace(problem, batch=replace(batch, targets=targets))


def prefix(problem: Problem, length: int) -> Problem:
    """Return the first steps of a problem; a loss on the last step keeps its target."""
    batch, net = problem.batch, problem.net
    cut = replace(
        batch,
        inputs=batch.inputs[:length],
        tokens=None if batch.tokens is None else batch.tokens[:length],
        targets=batch.targets if net.loss.steps == "last" else batch.targets[:length],
    )
    shorter = replace(problem, net=replace(net, sizes=replace(net.sizes, length=length)), batch=cut)
    return shorter.with_inputs_as_parameter()


def _length(problem: Problem) -> int:
    return problem.net.sizes.length


class _Rows:
    """The rows of a weight of the inputs that the steps of a problem use: they tell the steps apart."""

    def __init__(self, weight: str, problem: Problem) -> None:
        self.weight, self.net = weight, problem.net
        first = problem.batch.inputs if problem.net.sizes.batch is None else problem.batch.inputs[:, 0]
        self.uses = [int(row) for row in np.argmax(first, axis=-1)]

    def of(self, gradients: Gradients) -> Array:
        """Rows of a gradient in the order of the steps that use them, (T, H)."""
        return self.net.orient(self.weight, gradients[self.weight])[self.uses]

    def numeric(self, problem: Problem) -> Array:
        """Numeric derivatives of each counted step's loss by the rows, (S, T, H)."""
        shape = self.net.shapes[self.weight]
        flat = self.net.orient(self.weight, np.arange(np.prod(shape)).reshape(shape))[self.uses]
        derivatives = step_derivatives(problem, self.weight, flat.reshape(-1))
        return np.moveaxis(derivatives.reshape(*flat.shape, -1), -1, 0)


def compared(analytic: Array, numeric: Array) -> ChainMap | None:
    """Compare what each step's error brings to each use, (T, T, N) each; None where a cell is not finite."""
    if not (np.isfinite(analytic).all() and np.isfinite(numeric).all()):
        return None
    constant = _common_constant(analytic, numeric)
    analytic = analytic / constant
    one, other, gap = (np.linalg.norm(each, axis=-1) for each in (analytic, numeric, analytic - numeric))
    scale = np.maximum(one, other)
    floor = NEGLIGIBLE * scale.max(initial=0.0)
    if floor == 0:
        return None
    error = np.where(scale > floor, gap / np.maximum(scale, floor), np.nan)
    return ChainMap(one, other, error, constant)


def _common_constant(analytic: Array, numeric: Array) -> float:
    """The constant that every cell of the diagonal is off by; 1 where there is none."""
    at = np.arange(len(numeric))
    own, right = analytic[at, at], numeric[at, at]
    size = float((right * right).sum())
    constant = float((own * right).sum()) / size if size > 0 else 0.0
    far = np.linalg.norm(own - constant * right, axis=-1) > AGREES * np.linalg.norm(constant * right, axis=-1)
    return 1.0 if constant == 0 or far.any() or abs(constant - 1) <= AGREES else constant
