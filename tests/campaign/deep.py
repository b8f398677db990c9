"""Random stacks, nets of two directions, embeddings, projections: right ones and planted ones of the deep oracle."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.config import load_settings
from gradcheck_rnn.diagnose.hypotheses import Explanation, explain_gradients
from gradcheck_rnn.diagnose.witness import Witness
from gradcheck_rnn.model.problem import Batch, Problem
from gradcheck_rnn.pipeline.check import run_check
from gradcheck_rnn.report.value import Report
from tests.campaign.faults import draws
from tests.oracle import deep
from tests.oracle.deep import DeepBug, DeepSpec
from tests.oracle.problems import to_yaml

Document = dict[str, Any]

# A group of bugs, and the nets that have them.
NETS: dict[str, tuple[dict[str, Any], ...]] = {
    "layers": ({"layers": 2}, {"layers": 3}),
    "directions": ({"bidirectional": True},),
    "inputs": ({"inputs": "embedding"}, {"inputs": "parameter"}),
    "output": ({"outputs": "states"}, {"layers": 2}, {"bidirectional": True}),
    "cell": deep.SHAPES,
    "everywhere": ({"layers": 2}, {"bidirectional": True}),
}


@dataclass(frozen=True)
class DeepCase:
    """A net of the oracle, its configuration, and the problems that a check draws from it as witnesses."""

    spec: DeepSpec
    document: Document
    problems: list[Problem]

    def gradients(self, problem: Problem, bug: DeepBug | None = None) -> dict[str, np.ndarray]:
        return deep.gradients(self.spec, dict(problem.parameters), batch_of(problem), [bug] if bug else [])

    def explanation(self, bug: DeepBug | None = None) -> Explanation | None:
        witnesses = [Witness(problem, self.gradients(problem, bug)) for problem in self.problems]
        return explain_gradients(witnesses, ask=lambda problem: self.gradients(problem, bug))


def batch_of(problem: Problem) -> Batch:
    """The batch as user code gets it, with a list of the states of several layers."""
    return Point(problem.parameters, problem.batch).copy().batch


def planted_case(group: str, number: int, **fixed: Any) -> tuple[DeepCase, DeepBug]:
    """A random net, and a bug of that group that shows on it."""
    rng = np.random.default_rng([2031, number, *group.encode()])
    while True:
        shape = NETS[group][rng.integers(len(NETS[group]))]
        spec, parameters, batch = deep.random_case(rng, **shape | fixed)
        document = document_of(spec, parameters, batch, seed=number)
        case = DeepCase(spec, document, draws(document))
        of_the_net = deep.everywhere_of(spec) if group == "everywhere" else deep.bugs_of(spec)
        bugs = [bug for bug in of_the_net if bug.group == group]
        bug = bugs[int(rng.integers(len(bugs)))]
        at = case.problems[0]
        if deep.shows(bug, spec, dict(at.parameters), batch_of(at)):
            return case, bug


def is_named(case: DeepCase, bug: DeepBug, explanation: Explanation | None) -> bool:
    """Whether every finding is a fair name of the bug; one that is in each place alike may be named once for each."""
    if explanation is None or explanation.unexplained or not explanation.faults:
        return False
    if bug.group == "everywhere":
        named = [bug.named_by(fault.kind, fault.term) for fault in explanation.faults]
        return all(named) and len(named) <= len(bug.parts)
    at = case.problems[-1]
    names = (name.partition(":") for name in (explanation.faults[0].name, *explanation.equivalent))
    return len(explanation.faults) == 1 and any(
        deep.named(bug, kind, term, case.spec, dict(at.parameters), batch_of(at)) for kind, _, term in names
    )


def right_case(number: int, **fixed: Any) -> tuple[DeepSpec, Document]:
    """A random net of the oracle, and its configuration."""
    spec, parameters, batch = deep.random_case(np.random.default_rng([2032, number]), **fixed)
    return spec, document_of(spec, parameters, batch, seed=number)


def check_adapter(folder: Path, spec: DeepSpec, document: Document, bug: DeepBug | None = None) -> Report:
    """Check the oracle's program as a user would have it checked, through an adapter file."""
    (folder / "adapter.py").write_text(deep.adapter_source(spec, [bug] if bug else []))
    file = folder / "net.yaml"
    file.write_text(to_yaml(document | {"backward": {"adapter": "adapter.py"}}))
    return run_check(load_settings(str(file)), workers=0)


def document_of(spec: DeepSpec, parameters: Mapping[str, np.ndarray], batch: Any, *, seed: int) -> Document:
    """The configuration of a case of the oracle."""
    row = spec.layout == "row"
    model: Document = {
        "cell": spec.cell,
        "input_size": batch.inputs.shape[-1],
        "hidden_size": len(parameters[f"W_h{spec.gates[0]}{spec.places[0]}"]),
        "biases": spec.biases,
        "layout": spec.layout,
        "initial_state": ("input" if spec.own_states else "learned") if spec.learned else "zeros",
    }
    if spec.layers > 1:
        model["layers"] = spec.layers
    if spec.bidirectional:
        model["bidirectional"] = True
    if spec.inputs == "embedding":
        model["embedding_size"] = parameters["E"].shape[int(row)]
    model |= {"output_size": parameters["W_hy"].shape[int(row)]} if spec.has_output_layer else {"outputs": "states"}
    if spec.cell == "lstm":
        model["lstm"] = {"output": spec.lstm_output, "peepholes": spec.peepholes, "coupled_gates": spec.coupled}
    if spec.cell == "gru":
        model["gru"] = {"reset": spec.reset, "keeps": spec.keeps}
        model["gru"] |= {"recurrent_bias": True} if spec.recurrent_bias else {}
    sequence: Document = {
        "length": len(batch.inputs),
        "batch_size": batch.inputs.shape[1] if batch.inputs.ndim > 2 else None,
        "inputs": "dense" if batch.tokens is None else "tokens",
    }
    if spec.inputs == "parameter":
        sequence["input_gradient"] = True
    loss = {"kind": spec.loss, "reduction": spec.reduction, "steps": spec.steps}
    return {"model": model, "sequence": sequence, "loss": loss, "seed": seed}
