"""Annotations of GitHub Actions: workflow commands, one for each parameter that does not pass, worst first.

GitHub shows ten of each severity for a step. Source: "Workflow commands for GitHub Actions", and the escapes of
actions/toolkit, packages/core/src/command.ts.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gradcheck_rnn.report.formats.cases import Case, cases_of
from gradcheck_rnn.report.formats.invocation import STDIN, Invocation
from gradcheck_rnn.report.value import Report

# what stops a check comes first, then what is wrong, then what cannot be told
ORDER = ("error", "fail", "unclear")
LEVELS = {"error": "error", "fail": "error", "unclear": "warning"}


@dataclass(frozen=True)
class _Annotation:
    """One annotation, and its place among others: smaller is worse."""

    rank: tuple[int, float]
    text: str


def render(reports: Sequence[Report], invocation: Invocation) -> str:
    """Render all reports as lines of commands; nothing where all pass."""
    found = [
        _annotation(case, report, invocation) for report in reports for case in cases_of(report) if not case.is_good
    ]
    found += [_unchecked(config, invocation) for config in invocation.unchecked]
    return "".join(f"{each.text}\n" for each in sorted(found, key=lambda each: each.rank))


def _annotation(case: Case, report: Report, invocation: Invocation) -> _Annotation:
    error = case.row.max_relative_error if case.row else None
    size = math.inf if error is None or not math.isfinite(error) else error
    config = report.settings.source
    where = {} if config == STDIN else {"file": invocation.from_root(config)}
    if case.location:
        where = {"file": invocation.from_root(case.location.file)}
        where |= {"line": str(case.location.line)} if case.location.line else {}
    title = f"{case.name}: {case.title}" if case.row else case.title
    lines = [each.message for each in case.findings] + [case.says]
    lines += [f"help: {each.help}" for each in case.findings if each.help]
    lines += [f"patch:\n{each.correction}" for each in case.findings if each.correction]
    lines.append(f"reproduce: {invocation.check_command(config)}")
    text = _command(LEVELS[case.state], {**where, "title": title}, "\n".join(lines))
    return _Annotation((ORDER.index(case.state), -size), text)


def _unchecked(config: str, invocation: Invocation) -> _Annotation:
    where = {} if config == STDIN else {"file": invocation.from_root(config)}
    says = "interrupted before this configuration was checked"
    return _Annotation((0, 0.0), _command("error", {**where, "title": "interrupted"}, says))


def _command(level: str, properties: dict[str, str], message: str) -> str:
    stated = ",".join(f"{name}={_escaped_property(value)}" for name, value in properties.items())
    return f"::{level} {stated}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
