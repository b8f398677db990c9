"""How far the numeric gradient is from the complex step, which takes no difference: only rounding remains in it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.numeric.estimate import Estimate, Indices, picked
from tests.benchmarks.ours import numeric_gradient
from tests.benchmarks.table import number
from tests.benchmarks.workloads import SEED


@dataclass(frozen=True)
class Deviation:
    """Of one parameter: largest gaps to the complex step, and what the gradient's own error estimate says.

    `of_largest` and `claimed` are shares of the parameter's largest entry; `of_entry` is relative to each entry alone.
    """

    name: str
    entries: int
    compared: int
    of_largest: float
    of_entry: float
    claimed: float


def deviations(problem: Problem, *, workers: int, sample: int) -> list[Deviation]:
    """Compare at most `sample` random entries of each parameter, and its largest."""
    rng = np.random.default_rng(SEED)
    ours = numeric_gradient(problem, workers=workers)
    indices = {name: _chosen(estimate, sample, rng) for name, estimate in ours.items()}
    exact = numeric_gradient(problem, workers=workers, indices=indices, method="complex_step")
    return [_deviation(name, estimate, exact[name]) for name, estimate in ours.items()]


def _chosen(estimate: Estimate, sample: int, rng: np.random.Generator) -> Indices:
    size = len(estimate.indices)
    if sample >= size:
        return np.arange(size)
    return np.union1d(rng.choice(size, sample, replace=False), np.abs(estimate.value).argmax())


def _deviation(name: str, ours: Estimate, exact: Estimate) -> Deviation:
    compared = picked(ours, exact.indices)
    gap, size = np.abs(compared.value - exact.value), np.abs(exact.value)
    return Deviation(
        name=name,
        entries=len(ours.indices),
        compared=len(exact.indices),
        of_largest=float(gap.max() / size.max()),
        of_entry=float(np.divide(gap, size, out=np.zeros_like(gap), where=size > 0).max()),
        claimed=float(compared.error.max() / size.max()),
    )


def lines(found: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The deviations as text."""
    yield f"{'parameter':<10} {'compared':>20} {'of largest entry':>17} {'of each entry':>14} {'claimed error':>14}"
    for each in (Deviation(**row) for row in found):
        compared = f"{each.compared} of {each.entries}"
        shares = f"{number(each.of_largest):>17} {number(each.of_entry):>14} {number(each.claimed):>14}"
        yield f"{each.name:<10} {compared:>20} {shares}"
