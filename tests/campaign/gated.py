"""Random LSTM and GRU problems with planted faults of the independent oracle, and what the diagnosis makes of them."""

from typing import Any

import numpy as np

from gradcheck_rnn.diagnose.hypotheses import Explanation, explain_gradients
from gradcheck_rnn.diagnose.witness import Witness
from gradcheck_rnn.model.problem import Problem
from tests.campaign.faults import draws
from tests.oracle import gated
from tests.oracle.gated import GatedSpec


class PlantedGate:
    """A random problem of a gated cell, drawn as a check draws its witnesses, and a fault that shows on it."""

    def __init__(self, cell: str, number: int, **fixed: Any) -> None:
        rng = np.random.default_rng([2029, number, len(cell)])
        bugs = [bug for bug in gated.BUGS if bug.cell == cell]
        while True:
            self.spec, parameters, batch = gated.random_case(rng, cell=cell, **fixed)
            if "output_size" not in fixed and has_one_class(self.spec, parameters):
                continue
            self.problems = draws(document_of(self.spec, parameters, batch, seed=number))
            self.bug = bugs[int(rng.integers(len(bugs)))]
            at = self.problems[0]
            fits = gated.fits([self.bug], self.spec, dict(at.parameters))
            if fits and gated.shows(self.bug, self.spec, dict(at.parameters), at.batch):
                return

    def __str__(self) -> str:
        return self.bug.identifier

    def explanation(self) -> Explanation | None:
        witnesses = [Witness(problem, self.gradients(problem)) for problem in self.problems]
        return explain_gradients(witnesses, ask=self.gradients)

    def gradients(self, problem: Problem) -> dict[str, np.ndarray]:
        return gated.gradients(self.spec, dict(problem.parameters), problem.batch, [self.bug])

    def is_named_by(self, explanation: Explanation | None) -> bool:
        """Whether the fault's class is the one that is named, under a fair name with its gate."""
        if explanation is None or len(explanation.faults) != 1 or explanation.unexplained:
            return False
        at = self.problems[-1]
        names = (name.partition(":") for name in (explanation.faults[0].name, *explanation.equivalent))
        return any(
            gated.named(self.bug, kind, term, self.spec, dict(at.parameters), at.batch) for kind, _, term in names
        )


def has_one_class(spec: GatedSpec, parameters: Any) -> bool:
    """Whether the loss is constant: a softmax over one class."""
    return spec.loss == "softmax_cross_entropy" and 1 in parameters["W_hy"].shape[int(spec.layout == "row") :][:1]


def document_of(spec: GatedSpec, parameters: Any, batch: Any, *, seed: int) -> dict[str, Any]:
    """The configuration of a case of the oracle."""
    length, batch_size = len(batch.inputs), batch.inputs.shape[1] if batch.inputs.ndim > 2 else None
    weight = parameters["W_hy"] if spec.layout == "row" else parameters["W_hy"].T
    model: dict[str, Any] = {
        "cell": spec.cell,
        "input_size": batch.inputs.shape[-1],
        "hidden_size": weight.shape[0],
        "output_size": weight.shape[1],
        "biases": spec.biases,
        "layout": spec.layout,
        "initial_state": "learned" if spec.learned else "zeros",
    }
    if spec.cell == "lstm":
        model["lstm"] = {"output": spec.lstm_output, "peepholes": spec.peepholes, "coupled_gates": spec.coupled}
    else:
        model["gru"] = {"reset": spec.reset, "keeps": spec.keeps}
    return {
        "model": model,
        "sequence": {
            "length": length,
            "batch_size": batch_size,
            "inputs": "dense" if batch.tokens is None else "tokens",
        },
        "loss": {"kind": spec.loss, "reduction": spec.reduction, "steps": spec.steps},
        "seed": seed,
    }


def right_witnesses(cell: str, number: int) -> list[Witness]:
    """Witnesses of a right program of the oracle."""
    rng = np.random.default_rng([2030, number])
    spec, parameters, batch = gated.random_case(rng, cell=cell)
    while has_one_class(spec, parameters):
        spec, parameters, batch = gated.random_case(rng, cell=cell)
    return [
        Witness(problem, gated.gradients(spec, dict(problem.parameters), problem.batch))
        for problem in draws(document_of(spec, parameters, batch, seed=number))
    ]
