"""What a report says of one parameter."""

from dataclasses import replace

from gradcheck_rnn.report.value import Report


def part_of(report: Report, name: str) -> Report:
    """Return a report of one parameter: its row and verdict, and the findings that concern it.

    Without a verdict on the whole there is none on a part, and none on a parameter that has no row.
    """
    rows = tuple(row for row in report.rows if row.name == name)
    findings = [each for each in report.findings if not each.parameters or name in each.parameters]
    return replace(
        report,
        outcome=rows[0].verdict if rows and report.outcome != "error" else "error",
        rows=rows,
        findings=tuple(findings or report.findings),
        notes=(),
        chain=None,
        power=None,
    )
