"""A report as cases: one for each parameter and, where something concerns none of them, one for the check itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gradcheck_rnn.errors import Location
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.report.value import Report, Row
from gradcheck_rnn.report.words import accepted_because, finding_title, headline, measured, proof

# the case of what belongs to no parameter; no name of a parameter looks like it
WHOLE = "the check as a whole"

# `fail`: a gradient is wrong. `unclear`: it cannot be told. `error`: there is no verdict. `unchecked`: nobody looked,
# or what was seen is no verdict; an `error` or an `unclear` of the same report says why. `accepted`: a gradient is
# wrong, in ways only that a baseline lets through.
State = Literal["pass", "fail", "unclear", "error", "unchecked", "accepted"]


@dataclass(frozen=True)
class Case:
    """A parameter, or the check as a whole (`row` is None), with the findings that concern it."""

    name: str
    state: State
    says: str
    findings: tuple[Finding, ...] = ()
    row: Row | None = None

    @property
    def is_good(self) -> bool:
        """Whether there is nothing to say about it."""
        return self.state in ("pass", "unchecked", "accepted")

    @property
    def title(self) -> str:
        """What is wrong, in a few words."""
        if self.findings:
            return finding_title(self.findings[0])
        return {"fail": "wrong gradient", "unclear": "cannot be told", "error": "no verdict"}.get(
            self.state, self.state
        )

    @property
    def location(self) -> Location | None:
        """The user's line, if one is known."""
        return next((each.location for each in self.findings if each.location), None)

    @property
    def lines(self) -> list[str]:
        """All that is known of it, in lines."""
        return [*(line for each in self.findings for line in _lines(each)), self.says]


def cases_of(report: Report) -> list[Case]:
    """Take a report apart; unless it passes, at least one case is neither good nor missing."""
    cases = [_case_of(row, report) for row in report.rows]
    carried = [finding for case in cases if case.state not in ("pass", "unchecked") for finding in case.findings]
    left = tuple(finding for finding in report.findings if finding not in carried)
    if report.is_accepted:
        return [*cases, Case(WHOLE, "accepted", headline(report), left)] if left else cases
    is_told = any(not case.is_good for case in cases)
    if report.outcome != "pass" and (left or report.interrupted or report.outcome == "error" or not is_told):
        if report.interrupted:
            left += tuple(note for note in report.notes if note.kind == "interrupted")
        state: State = "fail" if report.outcome == "fail" and not report.interrupted else "error"
        cases.append(Case(WHOLE, state, headline(report), left))
    return cases


def _case_of(row: Row, report: Report) -> Case:
    findings = tuple(each for each in report.findings if row.name in each.parameters)
    says = measured(row, report.settings.check.tolerance)
    if row.verdict == "fail":
        return Case(row.name, "accepted" if report.is_accepted else "fail", says, findings, row)
    if row.verdict == "inconclusive":
        is_looked_at = row.checked or row.screening or not report.interrupted
        return Case(row.name, "unclear" if is_looked_at else "unchecked", says, findings, row)
    return Case(row.name, "unchecked" if report.outcome == "error" else "pass", says, row=row)


def _lines(finding: Finding) -> Iterator[str]:
    yield f"{finding_title(finding)}: {finding.message}"
    if finding.location:
        yield f"at {finding.location}: {finding.location.text.strip()}".removesuffix(": ")
    if trace := finding.evidence.get("traceback"):
        yield str(trace)
    if proven := proof(finding):
        yield proven
    if finding.help:
        yield f"help: {finding.help}"
    if finding.correction:
        yield f"patch:\n{finding.correction}"
    if finding.accepted:
        yield f"accepted: {accepted_because(finding.accepted)}"
