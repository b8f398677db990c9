"""A finding with its place, its proof, its mending, and the page that explains its kind."""

from collections.abc import Sequence
from dataclasses import dataclass

from gradcheck_rnn.explain import read_page
from gradcheck_rnn.explain.blocks import Block, blocks
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.report.words import accepted_because, finding_title, proof


@dataclass(frozen=True)
class FoundFault:
    """A finding, ready to be laid out.

    `help` is the right formula where a known fault of a term was matched, else it is prose. `accepted` says why a
    baseline lets it through, if one does. `blocks` are those of the kind's page, empty where that was shown before.
    """

    kind: str
    title: str
    message: str
    help: str
    help_is_code: bool
    place: str
    line: str
    traceback: str
    experiments: Sequence[tuple[str, str]]
    proof: str
    accepted: str
    summary: str
    blocks: Sequence[Block]


def found_faults(findings: Sequence[Finding]) -> list[FoundFault]:
    """All findings, each kind explained once."""
    kinds = [finding.kind for finding in findings]
    return [found_fault(each, explained=each.kind not in kinds[:place]) for place, each in enumerate(findings)]


def found_fault(finding: Finding, *, explained: bool) -> FoundFault:
    """Lay out a finding."""
    page, location = read_page(finding.kind), finding.location
    experiments = finding.evidence.get("experiments")
    return FoundFault(
        kind=finding.kind,
        title=finding_title(finding),
        message=finding.message,
        help=finding.help,
        help_is_code="residual" in finding.evidence and "=" in finding.help,
        place="" if location is None else str(location),
        line="" if location is None else location.text.strip(),
        traceback=str(finding.evidence.get("traceback", "")),
        experiments=[(each["question"], each["answer"]) for each in experiments]
        if isinstance(experiments, list)
        else [],
        proof=proof(finding),
        accepted="" if finding.accepted is None else accepted_because(finding.accepted),
        summary=page.summary,
        blocks=list(blocks(page)) if explained else [],
    )
