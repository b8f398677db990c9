"""The table of parameters: those that are wrong first, each cell with the number that it is sorted by."""

from collections.abc import Sequence
from dataclasses import dataclass

from gradcheck_rnn.compare import Verdict
from gradcheck_rnn.report.value import Report, Row

# what is wrong comes first
ORDER = ("fail", "error", "inconclusive", "pass")


@dataclass(frozen=True)
class TableCell:
    """What stands in a cell, and its value where it is a number."""

    text: str
    value: float | None = None


@dataclass(frozen=True)
class TableRow:
    """A parameter, its verdict, and the other cells in the order of the table's columns."""

    name: str
    verdict: Verdict
    cells: Sequence[TableCell]

    @property
    def rank(self) -> int:
        """Place among the verdicts, the worst first."""
        return ORDER.index(self.verdict)


def table_rows(rows: Sequence[Row]) -> list[TableRow]:
    """A row for each parameter, what fails first."""
    return sorted((TableRow(row.name, row.verdict, list(_cells(row))) for row in rows), key=lambda row: row.rank)


def table_caption(report: Report) -> str:
    """Say what a row shows, and what the two points are."""
    said = f"Each parameter at its worst entry, judged by the tolerance {report.settings.check.tolerance:g}."
    if any(row.worst_at == "probe" for row in report.rows):
        said += f" The probe point (T = {report.points[-1].length}) is drawn so that faults show."
    return said


def _cells(row: Row) -> list[TableCell]:
    worst = row.worst
    numbers = (None, None, None) if worst is None else (worst.analytic, worst.numeric, worst.numeric_error)
    entries = str(row.entries) if row.checked == row.entries else f"{row.checked} of {row.entries}"
    return [
        _number(row.max_relative_error, ".1e"),
        TableCell("-" if worst is None else str(list(worst.index))),
        _number(numbers[0], ".3e"),
        _number(numbers[1], ".3e"),
        _number(numbers[2], ".0e"),
        TableCell(row.worst_at),
        TableCell("x".join(map(str, row.shape)) or "scalar"),
        TableCell(entries, row.entries),
    ]


def _number(value: float | None, form: str) -> TableCell:
    return TableCell("-", float("nan")) if value is None else TableCell(f"{value:{form}}", value)
