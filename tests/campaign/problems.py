"""Random problems of the independent oracle, checked as a user would have them checked."""

from pathlib import Path
from typing import Any

import numpy as np

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.pipeline.check import run_check
from gradcheck_rnn.report.value import Report
from tests.oracle.adapter_source import write_adapter
from tests.oracle.problems import can_show, random_problem, to_yaml

Document = dict[str, Any]


def right_problem(number: int) -> Document:
    return random_problem(np.random.default_rng([2026, number]))


def small_problem() -> Document:
    """One whose black-box check takes a moment."""
    sizes = {"hidden_size": 3, "input_size": 3, "output_size": 3, "length": 5, "batch_size": None}
    how = {"cell": "tanh", "biases": True, "initial_state": "zeros", "kind": "softmax_cross_entropy", "steps": "all"}
    return random_problem(np.random.default_rng(0), **sizes, **how)


def wrong_problem(fault: str, number: int) -> Document:
    """A problem on which the fault changes the gradient: redrawn where it cannot."""
    rng = np.random.default_rng([1987, number])
    while True:
        document = random_problem(rng, min_length=6)
        if can_show(fault, document):
            return document


def check_described(folder: Path, document: Document) -> Report:
    return _check(folder, document)


def check_adapter(
    folder: Path, document: Document, *, loss: str = "auto", entries: str | int = "all", **how: Any
) -> Report:
    """Check the oracle's own backward pass, through an adapter file."""
    write_adapter(folder, document, **how)
    check = {"loss": loss, "entries": entries}
    return _check(folder, document | {"backward": {"adapter": "adapter.py"}, "check": check})


def _check(folder: Path, document: Document) -> Report:
    file = folder / "net.yaml"
    file.write_text(to_yaml(document))
    return run_check(load_settings(str(file)), workers=0)


def outcome(report: Report) -> str:
    """The verdict and, where it is no pass, what a person would want to know."""
    if report.outcome == "pass":
        return "pass"
    rows = [(row.name, row.verdict, row.max_relative_error, row.worst) for row in report.rows if row.verdict != "pass"]
    return f"{report.outcome}: {rows} {[finding.message for finding in report.findings]}"
