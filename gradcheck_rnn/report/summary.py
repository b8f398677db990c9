"""Several configurations at a glance: a row each."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gradcheck_rnn.report.text import STYLES, WORDS
from gradcheck_rnn.report.value import Report

ACCEPTED = "accepted"
# columns of what has one length
VERDICT, WRONG, ERROR = 8, 5, 7


def show_summary(reports: Sequence[Report], console: Console) -> None:
    """Print verdict, wrong parameters, largest relative error and finding of each; long names go on below."""
    folder = _common_folder([report.settings.source for report in reports])
    names = [report.settings.source.removeprefix(folder) for report in reports]
    cells = [
        (_verdict(each), *_numbers(each), name, _findings(each)) for each, name in zip(reports, names, strict=True)
    ]
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("verdict", width=VERDICT, no_wrap=True)
    table.add_column("wrong", width=WRONG, justify="right", no_wrap=True)
    table.add_column("error", width=ERROR, justify="right", no_wrap=True)
    left = console.width - sum(width + 1 for width in (VERDICT, WRONG, ERROR)) - 2
    longest_word = max((cell_len(word) for *_, finding in cells for word in finding.split()), default=0)
    configs = min(max(map(cell_len, names)), left - longest_word)
    table.add_column(f"in {folder}" if folder else "configuration", width=max(configs, left // 2), overflow="fold")
    table.add_column("finding", overflow="fold")
    for verdict, *rest in cells:
        table.add_row(verdict, *(Text(cell) for cell in rest))
    console.print(table)


def _verdict(report: Report) -> Text:
    if report.is_accepted:
        return Text(ACCEPTED, style="yellow")
    return Text(WORDS[report.outcome], style=STYLES[report.outcome])


def _numbers(report: Report) -> tuple[str, str]:
    """How many parameters are wrong, and the largest relative error."""
    wrong = sum(row.verdict == "fail" for row in report.rows)
    errors = [row.max_relative_error for row in report.rows]
    finite = [error for error in errors if error is not None]
    # an entry that is not finite has no relative error, and none is worse
    worst = "-" if not errors or len(finite) < len(errors) else f"{max(finite):.1e}"
    return f"{wrong}/{len(report.rows)}" if report.rows else "-", worst


def _findings(report: Report) -> str:
    return ", ".join(f"{each.kind} {each.term}" for each in report.findings)


def _common_folder(sources: Sequence[str]) -> str:
    """The folder that all files are in; empty where they are in several, or in the current one."""
    folders = {source[: source.rfind("/") + 1] for source in sources}
    return folders.pop() if len(folders) == 1 else ""
