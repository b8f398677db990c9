"""Witnesses for the diagnosis: what a program of the oracle returns at several draws of a small net."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from gradcheck_rnn.diagnose.witness import Witness
from gradcheck_rnn.model.draw import configured_net, probe_problem
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.pipeline.diagnosis.diagnose import DRAWS
from tests.model.problems import document, settings_of
from tests.oracle import broken
from tests.oracle.broken import Bug
from tests.oracle.elman import Spec
from tests.oracle.problems import Document, spec_of

# steps at each draw: as short as lets every fault show, and the last one shorter, as the pipeline has it
LENGTHS = (6, 6, 4)
PLAIN = {
    **{"cell": "tanh", "kind": "softmax_cross_entropy", "reduction": "sum", "steps": "all", "layout": "row"},
    **{"batch_size": None, "inputs": "tokens", "biases": False, "initial_state": "zeros"},
    **{"input_size": 6, "hidden_size": 4, "output_size": 3},
}
Gradients = Mapping[str, np.ndarray]


def plain(**fixed: Any) -> Document:
    """The plain net unless it says otherwise."""
    return document(0, **(PLAIN | fixed))


@cache
def nets() -> tuple[Document, ...]:
    """Small nets of all kinds, every other one with square matrices, every third with biases."""
    square = ({}, {"input_size": 4, "hidden_size": 4, "output_size": 4})
    fixed = ({**square[seed % 2], "biases": seed % 3 == 0} for seed in range(24))
    return tuple(document(seed, min_hidden_size=2, min_input_size=3, **each) for seed, each in enumerate(fixed))


def problems_of(drawn: Document, lengths: Sequence[int] = LENGTHS) -> list[Problem]:
    """The probes that the pipeline draws, of other lengths."""
    settings = settings_of(drawn)
    net = configured_net(settings)
    return [
        probe_problem(replace(net, sizes=replace(net.sizes, length=length)), settings, draw).in_double_precision()
        for draw, length in zip(DRAWS, lengths, strict=False)
    ]


def returned(spec: Spec, problem: Problem, bugs: Sequence[Bug]) -> dict[str, np.ndarray]:
    return broken.gradients(spec, dict(problem.parameters), problem.batch, bugs)


def witnesses_of(drawn: Document, *identifiers: str, lengths: Sequence[int] = LENGTHS) -> list[Witness]:
    """What the program with these bugs returns; without any, the right gradients."""
    bugs = [broken.BY_IDENTIFIER[identifier] for identifier in identifiers]
    return [Witness(each, returned(spec_of(drawn), each, bugs)) for each in problems_of(drawn, lengths)]


def changed(witnesses: Sequence[Witness], change: Callable[[Witness], Gradients]) -> list[Witness]:
    """The same witnesses with other gradients."""
    return [Witness(each.problem, change(each)) for each in witnesses]


def nets_that_show(bug: Bug, start: int = 0) -> Iterator[Document]:
    """Nets at whose first draw the bug changes a gradient."""
    for number in range(len(nets())):
        drawn = nets()[(start + number) % len(nets())]
        first, *_ = problems_of(drawn)
        if broken.shows(bug, spec_of(drawn), dict(first.parameters), first.batch):
            yield drawn
