"""The report for a notebook: a table, the verdict and what was found, as a piece of HTML in the colours of the page."""

from collections.abc import Sequence
from html import escape

from gradcheck_rnn.diagnose.chain_map import ChainMap
from gradcheck_rnn.diagnose.reading import read_chain
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.report.heatmap import heatmap
from gradcheck_rnn.report.text import WORDS
from gradcheck_rnn.report.value import Report, Row
from gradcheck_rnn.report.words import cells, evidence, finding_title, headline, power_line, probe_line, proof, subject

HEADINGS = (
    "parameter",
    "shape",
    "entries",
    "max rel error",
    "worst entry",
    "analytic",
    "numeric",
    "± error",
    "verdict",
)
CELL = "padding:.15em .7em;border-bottom:1px solid currentColor"


def as_html(report: Report) -> str:
    """Render a report; nothing is fetched, and every colour is that of the text around it."""
    parts = [
        f'<div style="opacity:.7;white-space:pre-line">{escape(subject(report))}</div>',
        _table(report.rows) if report.rows else "",
        _paragraph(escape(probe_line(report)), faint=True) if probe_line(report) else "",
        _paragraph(f"<strong>{WORDS[report.outcome].upper()}</strong> {escape(headline(report))}"),
        *(_paragraph(escape(line)) for line in _said(report)),
        *map(_finding, report.findings),
        "" if report.chain is None else _chain(report.chain),
        *(_paragraph(f"note: {escape(note.message)}", faint=True) for note in report.notes),
    ]
    return f'<div style="color:inherit;max-width:60em">{"".join(parts)}</div>'


def _said(report: Report) -> list[str]:
    return [*([] if report.power is None else [power_line(report.power)]), *evidence(report)]


def _table(rows: Sequence[Row]) -> str:
    head = "".join(f'<th scope="col" style="{CELL}">{escape(heading)}</th>' for heading in HEADINGS)
    return (
        '<table style="border-collapse:collapse;background:none;color:inherit;font-variant-numeric:tabular-nums">'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(map(_row, rows))}</tbody></table>"
    )


def _row(row: Row) -> str:
    numbers = "".join(f'<td style="{CELL};text-align:right">{escape(cell)}</td>' for cell in cells(row)[1:])
    weight = "normal" if row.verdict == "pass" else "bold"
    return (
        f'<tr style="background:none"><th scope="row" style="{CELL};text-align:left">{escape(row.name)}</th>{numbers}'
        f'<td style="{CELL};font-weight:{weight}">{WORDS[row.verdict]}</td></tr>'
    )


def _finding(finding: Finding) -> str:
    lines = [
        f"<strong>{escape(finding_title(finding))}</strong>: {escape(finding.message)}",
        *([f"at {escape(str(finding.location))}"] if finding.location else []),
        *([escape(proof(finding))] if proof(finding) else []),
        *([f"help: <code>{escape(finding.help)}</code>"] if finding.help else []),
    ]
    return _paragraph("<br>".join(lines), edge=True)


def _chain(chain: ChainMap) -> str:
    """The map that the text has, and what it says."""
    through = f" through {chain.path}" if chain.path else ""
    heading = f"chain map: what the error of step t brings{through} to the input weights used at step k"
    drawn = escape("\n".join(line.plain for line in heatmap(chain, can_print=lambda _: True)))
    parts = [
        _paragraph(escape(heading)),
        f'<pre style="color:inherit;background:none;line-height:1.2">{drawn}</pre>',
        _paragraph(escape(str(read_chain(chain)))),
    ]
    return "".join([*parts, *map(_chain, chain.beside)])


def _paragraph(content: str, *, faint: bool = False, edge: bool = False) -> str:
    style = ";opacity:.7" if faint else ";border-left:3px solid currentColor;padding-left:.7em" if edge else ""
    return f'<p style="margin:.5em 0{style}">{content}</p>'
