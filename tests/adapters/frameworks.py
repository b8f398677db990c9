"""What the tests of both frameworks look at."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from gradcheck_rnn.report.value import Report

README = Path(__file__).resolve().parents[2] / "README.md"
MOST_LINES = 12


def needs(framework: str) -> pytest.MarkDecorator:
    """Skip where a framework is not installed."""
    return pytest.mark.skipif(
        find_spec(framework) is None,
        reason=f"{framework} is not installed: pip install --editable '.[{framework}]' does",
    )


def adapter_in_readme(function: str) -> str:
    """Return the adapter in README.md that calls a function."""
    (found,) = [block for block in re.findall(r"```python\n(.*?)```", README.read_text(), re.S) if function in block]
    return found


def line_count(adapter: str) -> int:
    return len([line for line in adapter.splitlines() if line.strip()])


def named(report: Report) -> list[tuple[str, str, str]]:
    return [(finding.kind, finding.term, finding.certainty) for finding in report.findings]


def failing(report: Report) -> set[str]:
    return {row.name for row in report.rows if row.verdict == "fail"}
