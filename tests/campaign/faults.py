"""Random problems with planted faults of the independent oracle, and what the diagnosis makes of them."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.diagnose.hypotheses import Explanation, explain_gradients
from gradcheck_rnn.diagnose.witness import Witness
from gradcheck_rnn.model.draw import configured_net, probe_net, probe_problem
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.pipeline.diagnosis import DRAWS, witness_nets
from tests.oracle import broken
from tests.oracle.elman import Spec
from tests.oracle.problems import random_problem, spec_of, to_yaml

Document = dict[str, Any]


class Planted:
    """A random problem, drawn as a check draws its witnesses, and the faults that show on it."""

    def __init__(self, number: int, faults: int, **fixed: Any) -> None:
        self.rng = np.random.default_rng([2027, number, faults])
        while True:
            self.document: Document = random_problem(self.rng, min_length=3, max_hidden_size=16, **fixed)
            self.spec: Spec = spec_of(self.document)
            self.problems = draws(self.document)
            chosen = self.rng.choice(len(broken.BUGS), faults, replace=False)
            self.bugs = [broken.BUGS[place] for place in chosen]
            if self._show():
                return

    @property
    def identifiers(self) -> list[str]:
        return [bug.identifier for bug in self.bugs]

    def explanation(self) -> Explanation | None:
        return explain_gradients(
            [
                Witness(problem, broken.gradients(self.spec, dict(problem.parameters), problem.batch, self.bugs))
                for problem in self.problems
            ]
        )

    def is_named_by(self, found: Sequence[tuple[str, str]]) -> bool:
        """Whether each planted fault has a fair name among the findings, and there are no more than faults."""
        at = self.problems[-1]
        return len(found) <= len(self.bugs) and all(
            any(broken.named(bug, name, self.spec, dict(at.parameters), at.batch) for name in found)
            for bug in self.bugs
        )

    def _show(self) -> bool:
        at = self.problems[0]
        parameters = dict(at.parameters)
        if not broken.compatible(self.bugs) or not broken.fits(self.bugs, self.spec, parameters):
            return False
        if len(self.bugs) == 1:
            return broken.shows(self.bugs, self.spec, parameters, at.batch)
        return broken.both_show(self.bugs, self.spec, parameters, at.batch)


def draws(document: Document) -> list[Problem]:
    settings = load_settings("-", stdin=io.BytesIO(to_yaml(document).encode()))
    nets = witness_nets(probe_net(configured_net(settings), reducible=True), lengths_are_free=True)
    return [probe_problem(net, settings, draw) for draw, net in zip(DRAWS, nets, strict=True)]


def names(explanation: Explanation | None) -> list[tuple[str, str]]:
    return [] if explanation is None else [(fault.kind, fault.term) for fault in explanation.faults]
