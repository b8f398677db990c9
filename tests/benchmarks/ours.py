"""Our side: the numeric gradient of every entry with its error estimates, and the whole check."""

from typing import TYPE_CHECKING

import numpy as np

from gradcheck_rnn.config.settings import CheckSettings, Method
from gradcheck_rnn.model.draw import configured_problem
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.numeric.described import described_gradient
from gradcheck_rnn.numeric.estimate import Indices, NumericGradient
from gradcheck_rnn.numeric.spread import Threads
from tests.benchmarks.workloads import SEED, Workload

if TYPE_CHECKING:
    from gradcheck_rnn.report.value import Report


def problem_of(workload: Workload) -> Problem:
    return configured_problem(workload.settings())


def every_entry(problem: Problem) -> dict[str, Indices]:
    return {name: np.arange(value.size) for name, value in problem.parameters.items()}


def numeric_gradient(
    problem: Problem, *, workers: int, indices: dict[str, Indices] | None = None, method: Method = "auto"
) -> NumericGradient:
    """Differentiate by all entries or by `indices`, in as many threads as there are workers."""
    return described_gradient(
        problem,
        every_entry(problem) if indices is None else indices,
        CheckSettings(method=method),
        np.random.default_rng(SEED),
        progress=lambda _done, _total: None,
        spread=Threads(workers),
    )


def whole_check(workload: Workload, *, workers: int) -> "Report":
    """Check from settings to report: both points, the reference backward pass, the verdicts and what they could see."""
    from gradcheck_rnn.pipeline.check import run_check  # what the numeric gradient alone does without, a cold one too

    return run_check(workload.settings(), workers=workers)
