"""Random problems with planted faults of the independent oracle, and what the diagnosis makes of them."""

import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import numpy as np

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.diagnose.hypotheses import Explanation, explain_gradients
from gradcheck_rnn.diagnose.witness import Witness
from gradcheck_rnn.model.draw import configured_net, probe_net, probe_problem
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.pipeline.diagnosis.diagnose import DRAWS, witness_nets
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

    def __str__(self) -> str:
        return str(self.identifiers)

    def explanation(self) -> Explanation | None:
        return explain_gradients(
            [Witness(problem, self.gradients(problem)) for problem in self.problems], ask=self.gradients
        )

    def gradients(self, problem: Problem) -> dict[str, np.ndarray]:
        return broken.gradients(self.spec, dict(problem.parameters), problem.batch, self.bugs)

    def is_named_by(self, explanation: Explanation | None) -> bool:
        """Whether each planted fault has a fair name among the findings, and there are no more than faults.

        Two may have names that they have together only, which then stand among the equivalent ones; two that are one
        fault in disguise may be named as that one.
        """
        found = names(explanation)
        if len(found) > len(self.bugs):
            return False
        equivalent = [(kind, term) for kind, _, term in (name.partition(":") for name in _equivalent(explanation))]
        if found and all(self._is_named(bug, found if self.is_single else [*found, *equivalent]) for bug in self.bugs):
            return True
        in_disguise = [bug for bug in broken.BUGS if len(found) == 1 and bug.accepts(*found[0], self.spec)]
        return any(self._is_all_of_them(bug) for bug in in_disguise)

    @property
    def is_single(self) -> bool:
        return len(self.bugs) == 1

    def _is_named(self, bug: broken.Bug, found: Sequence[tuple[str, str]]) -> bool:
        if any(bug.accepts(*name, self.spec) for name in found):
            return True
        at = self.problems[-1]
        return not broken.equivalent_names(bug, self.spec, dict(at.parameters), at.batch).isdisjoint(found)

    def _is_all_of_them(self, bug: broken.Bug) -> bool:
        """Whether one bug gives the gradients of the planted ones at every draw."""
        for problem in self.problems:
            parameters, planted = dict(problem.parameters), self.gradients(problem)
            if not broken.fits([bug], self.spec, parameters):
                return False
            alone = broken.gradients(self.spec, parameters, problem.batch, [bug])
            if not all(np.allclose(alone[name], planted[name], rtol=1e-9, atol=1e-12) for name in planted):
                return False
        return True

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


def _equivalent(explanation: Explanation | None) -> Sequence[str]:
    return () if explanation is None else explanation.equivalent


class Drawn(Protocol):
    """A random problem with planted faults, whose text says which."""

    def explanation(self) -> Explanation | None: ...

    def is_named_by(self, explanation: Explanation | None) -> bool: ...


def missed(numbers: Iterable[int], plant: Callable[[int], Drawn]) -> list[str]:
    """What was planted and what was said instead, where that was not it."""
    wrong = []
    for number in numbers:
        planted = plant(number)
        explanation = planted.explanation()
        if not planted.is_named_by(explanation):
            wrong.append(f"{number}: {planted} -> {names(explanation)}")
    return wrong


def names(explanation: Explanation | None) -> list[tuple[str, str]]:
    return [] if explanation is None else [(fault.kind, fault.term) for fault in explanation.faults]
