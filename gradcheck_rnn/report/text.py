"""The report for people: a table, the verdict, what the exact rows prove, findings and notes."""

import io
from collections.abc import Callable, Sequence
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gradcheck_rnn.diagnose.chain_map import ChainMap
from gradcheck_rnn.diagnose.reading import read_chain
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.report.heatmap import heatmap
from gradcheck_rnn.report.value import Outcome, Report, Row
from gradcheck_rnn.report.words import (
    accepted_because,
    accepted_lines,
    cells,
    evidence,
    finding_title,
    headline,
    power_line,
    probe_line,
    proof,
    subject,
)

STYLES = {"pass": "green", "fail": "bold red", "inconclusive": "yellow", "error": "bold red"}
WORDS = {"pass": "pass", "fail": "FAIL", "inconclusive": "unclear", "error": "ERROR"}
# columns that prose and tables get where the output is no terminal
PIPE_WIDTH = 80
# columns that no table needs
UNLIMITED = 10_000
# longest line of prose, however wide the terminal
PROSE_WIDTH = 100


class _Console(Console):
    """rich leaves the process when a reader closes the pipe; the exit code is not rich's to choose."""

    def on_broken_pipe(self) -> None:
        """Pass the error on."""
        raise BrokenPipeError


def console_for(stream: TextIO) -> Console:
    """Return a console for results: nothing in them is markup, a number is never cut, NO_COLOR is obeyed."""
    width = None if stream.isatty() else PIPE_WIDTH
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return _Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def as_text(report: Report) -> str:
    """Render a report as plain text of 80 columns, whatever the terminal, the notebook or the environment."""
    return plain_text(lambda console: show(report, console))


def plain_text(printing: Callable[[Console], object]) -> str:
    """Return what is printed on a console of 80 columns that is no terminal."""
    stream = io.StringIO()
    console = _Console(
        file=stream,
        width=PIPE_WIDTH,
        color_system=None,
        force_terminal=False,
        force_jupyter=False,
        highlight=False,
        markup=False,
        emoji=False,
    )
    printing(console)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def show(report: Report, console: Console, *, quiet: bool = False) -> None:
    """Print one report."""
    if quiet:
        named = "".join(f"; {each.kind} {each.term}" for each in report.findings if "residual" in each.evidence)
        accepted = "".join(f"; {line}" for line in accepted_lines(report))
        line = f"{report.settings.source}: {headline(report)}{named}{accepted}"
        console.print(verdict_text(report.outcome, line), soft_wrap=True)
        return
    say(console, Text(subject(report)))
    console.print()
    if report.rows:
        show_table(report, console)
        console.print()
    show_verdict(report, console)
    for finding in report.findings:
        console.print()
        show_finding(finding, console)
    if report.chain is not None:
        console.print()
        show_chain(report.chain, console)
    if report.chain is not None or (report.findings and report.notes):
        console.print()
    for note in report.notes:
        say(console, Text(f"note: {note.message}", style="dim"))
        if note.help:
            say(console, Text(f"help: {note.help}", style="dim"), indent=2)


def show_table(report: Report, console: Console) -> None:
    """Print a row for each parameter."""
    _show_rows(report.rows, console)
    if asterisk := probe_line(report):
        say(console, Text(asterisk, style="dim"))


def show_verdict(report: Report, console: Console) -> None:
    """Print the verdict, and what can be said for it."""
    say(console, verdict_text(report.outcome, headline(report)))
    if report.power is not None:
        say(console, Text(power_line(report.power)), indent=2)
    for line in evidence(report):
        say(console, Text(line), indent=2)
    for line in accepted_lines(report):
        say(console, Text(line), indent=2)


def show_chain(chain: ChainMap, console: Console) -> None:
    """Print a chain map and what it says, then those of other paths."""
    through = f" through {chain.path}" if chain.path else ""
    heading = f"chain map: what the error of step t brings{through} to the input weights used at step k"
    say(console, Text(heading, style="bold"))
    for line in heatmap(chain, can_print=lambda text: can_print(console, text)):
        console.print(line)
    say(console, Text(f"{read_chain(chain)}"), indent=2)
    for other in chain.beside:
        console.print()
        show_chain(other, console)


def _show_rows(rows: Sequence[Row], console: Console) -> None:
    table = _table(rows, plus_minus="±" if can_print(console, "±") else "+-")
    width = console.width
    console.width = UNLIMITED
    needed = console.measure(table).maximum
    # where nobody watches, a line may be longer: nothing is cut
    console.width = width if console.is_terminal else max(width, needed)
    if needed <= console.width:
        console.print(table)
    else:
        _show_stacked(rows, console)
    console.width = width


def _table(rows: Sequence[Row], *, plus_minus: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for heading in ("parameter", "shape", "entries", "max rel\nerror", "worst\nentry", "analytic", "numeric"):
        table.add_column(heading, justify="left" if heading in ("parameter", "worst\nentry") else "right", no_wrap=True)
    table.add_column(f"{plus_minus} error", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for row in rows:
        table.add_row(*cells(row), Text(WORDS[row.verdict], style=STYLES[row.verdict]))
    return table


def _show_stacked(rows: Sequence[Row], console: Console) -> None:
    """One block a parameter, for a terminal too narrow for the table."""
    headings = ("", "shape", "entries", "max rel error", "worst entry", "analytic", "numeric", "error bar")
    for row in rows:
        console.print(Text(row.name, style="bold"), Text(WORDS[row.verdict], style=STYLES[row.verdict]))
        for heading, cell in list(zip(headings, cells(row), strict=True))[1:]:
            console.print(Text(f"  {heading:<14}{cell}"))


def show_finding(finding: Finding, console: Console) -> None:
    """Print a finding with its place, its proof and its mending."""
    say(console, Text.assemble((finding_title(finding), "bold red"), f": {finding.message}"))
    if finding.location:
        say(console, Text(f"at {finding.location}"), indent=2)
    if finding.location and finding.location.text.strip():
        say(console, Text(finding.location.text.strip(), style="bold"), indent=6)
    if trace := finding.evidence.get("traceback"):
        console.print(Text("\n".join(f"  {line}" for line in str(trace).splitlines()), style="dim"), soft_wrap=True)
    _show_experiments(finding, console)
    if proven := proof(finding):
        say(console, Text(proven, style="dim"), indent=2)
    if finding.help:
        say(console, Text.assemble(("help: ", "bold"), finding.help), indent=2)
    if finding.accepted:
        why = accepted_because(finding.accepted)
        say(console, Text.assemble(("accepted: ", "bold yellow"), why), indent=2)


def _show_experiments(finding: Finding, console: Console) -> None:
    experiments = finding.evidence.get("experiments")
    if not isinstance(experiments, list) or not experiments:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    for each in experiments:
        table.add_row(Text(f"  {each['question']}"), Text(each["answer"]))
    console.print(table)


def verdict_text(outcome: Outcome, text: str) -> Text:
    """Begin a text with a verdict."""
    return Text.assemble((WORDS[outcome].upper(), STYLES[outcome]), f" {text}")


def say(console: Console, text: Text, *, indent: int = 0) -> None:
    """Print prose, wrapped at a width that can be read, every line indented alike."""
    width = min(console.width, PROSE_WIDTH) - indent
    for line in text.wrap(console, max(width, 20)):
        line.rstrip()
        console.print(Text(" " * indent) + line)


def can_print(console: Console, character: str) -> bool:
    """Whether the output's encoding has a character."""
    try:
        character.encode(console.encoding)
    except UnicodeEncodeError:
        return False
    return True
