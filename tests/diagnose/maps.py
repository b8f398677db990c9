"""Chain maps of the oracle's programs, and the same maps worked out from the oracle's own forward pass."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gradcheck_rnn.diagnose.chain_map import ChainMap, chain_map
from gradcheck_rnn.model.draw import configured_net
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.pipeline.diagnosis.chain import map_problem
from tests.model.problems import document, settings_of
from tests.oracle import broken, elman
from tests.oracle.elman import COMPLEX_STEP, Spec
from tests.oracle.problems import spec_of

LENGTH = 6
PLAIN = {
    **{"cell": "tanh", "kind": "softmax_cross_entropy", "reduction": "sum", "steps": "all", "layout": "row"},
    **{"batch_size": None, "inputs": "tokens", "biases": True, "initial_state": "zeros"},
    **{"length": LENGTH, "input_size": 8, "hidden_size": 4, "output_size": 3},
}


def setting(**fixed: Any) -> tuple[Spec, Problem]:
    """The plain net unless it says otherwise, at the draw that the pipeline maps."""
    drawn = document(0, **(PLAIN | fixed))
    settings = settings_of(drawn)
    problem = map_problem(configured_net(settings), settings, lengths_are_free=True)
    assert problem is not None
    return spec_of(drawn), problem


def map_of(*bugs: str, prefixes: bool = True, **fixed: Any) -> ChainMap:
    """The map of the oracle's program with these bugs in it."""
    spec, problem = setting(**fixed)
    faults = [broken.BY_IDENTIFIER[bug] for bug in bugs]

    def returned(problems: Sequence[Problem]) -> list[dict[str, np.ndarray]]:
        return [broken.gradients(spec, each.parameters, each.batch, faults) for each in problems]

    found = chain_map(problem, returned, prefixes=prefixes)
    assert found is not None
    return found


def other_targets(problem: Problem) -> Problem:
    targets = problem.batch.targets
    changed = targets + 1.0 if problem.net.loss.kind == "mse" else (targets + 1) % problem.net.sizes.output_size
    return replace(problem, batch=replace(problem.batch, targets=changed))


def exact_map(spec: Spec, problem: Problem) -> np.ndarray:
    """Norms (T, T) of how much more of step t's loss comes through the input of step k than with other targets."""
    if spec.steps == "all":
        reached = reached_by_steps(spec, problem) - reached_by_steps(spec, other_targets(problem))
    else:  # the loss of the only step that counts, for sequences of every length
        lengths = range(1, problem.net.sizes.length + 1)
        reached = np.array(
            [
                reached_by_steps(spec, problem, length)[length - 1]
                - reached_by_steps(spec, other_targets(problem), length)[length - 1]
                for length in lengths
            ]
        )
    return np.linalg.norm(reached, axis=-1)


def reached_by_steps(spec: Spec, problem: Problem, length: int | None = None) -> np.ndarray:
    """Derivatives (T, T, H) of the loss of step t by the row of W_xh that step k uses, by the complex step."""
    inputs = problem.batch.inputs[:length]
    batch = replace(problem.batch, inputs=inputs)
    first = inputs[:, 0] if inputs.ndim == 3 else inputs
    T, H = problem.net.sizes.length, problem.net.sizes.hidden_size
    found = np.zeros((T, T, H))
    for k, row in enumerate(np.argmax(first, axis=-1)):
        for unit in range(H):
            W_xh = problem.parameters["W_xh"].astype(np.complex128)
            W_xh[(row, unit) if spec.layout == "row" else (unit, row)] += 1j * COMPLEX_STEP
            losses = step_losses(spec, {**problem.parameters, "W_xh": W_xh}, batch)
            found[: len(losses), k, unit] = losses.imag / COMPLEX_STEP
    return found


def step_losses(spec: Spec, parameters: Any, batch: Any) -> np.ndarray:
    """What each step adds to the loss, (T,), zero where it does not count."""
    weights, losses = elman._as_columns(spec, parameters), np.zeros(len(batch.inputs), dtype=complex)
    for sequence in elman._sequences(spec, parameters, batch):
        _, outputs = elman._forward(spec, weights, sequence)
        for t, target in sequence.targets.items():
            losses[t] += elman._loss(spec, outputs[[t]], np.array([target]))
    return losses * elman._share(spec, batch)
