"""GitHub-flavoured Markdown, as for the summary of a job: the verdict, the table, findings, how to reproduce them.

What comes from the user's names and messages is escaped, so that it shows as it is; what stands in backticks there
becomes code. Source: GitHub Flavored Markdown Spec, sec. 2.4 (backslashes), 4.10 (tables), 6.3 (code spans).
"""

import re
from collections.abc import Iterator, Sequence

from gradcheck_rnn.diagnose.reading import read_chain
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.report.formats.invocation import Invocation
from gradcheck_rnn.report.value import Report, Row
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

SIGNS = {"pass": "✅ pass", "fail": "❌ FAIL", "inconclusive": "⚠️ unclear", "error": "❌ ERROR"}
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
RULE = "|---|--:|--:|--:|---|--:|--:|--:|---|"
# characters that mean something in a line of Markdown wherever they stand, a colon only in an emoji or an address
SPECIAL = re.compile(r"[\\`*_\[\]<>#~&]|:(?=[\w/])")
# and what does so where a line begins
LINE_START = re.compile(r"^(\d*)([-+.)])(?=[-\s]|$)")
# those that a backslash does not help: a bar ends a cell all the same, GitHub reads formulas between dollars
BAR = "\\|"
STUBBORN = {"|": "&#124;", "$": "<span>$</span>"}
IN_BACKTICKS = re.compile(r"`([^`\n]+)`")
# what no reader shows, and what could end a line or turn the direction of writing
UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def render(reports: Sequence[Report], invocation: Invocation) -> str:
    """Render all reports, several with a table of their verdicts before them."""
    parts = [_summary(reports, invocation.unchecked)] if len(reports) + len(invocation.unchecked) > 1 else []
    parts += [_report(report, invocation) for report in reports]
    return "\n\n".join(parts) + f"\n\ngradcheck-rnn {invocation.version}\n"


def _summary(reports: Sequence[Report], unchecked: Sequence[str]) -> str:
    rows = [(_sign(report), report.settings.source, headline(report)) for report in reports]
    rows += [("❌ unchecked", config, "interrupted before it was checked") for config in unchecked]
    lines = [_cells([sign, _code(config), _prose(says)]) for sign, config, says in rows]
    return "\n".join([_cells(["verdict", "configuration", ""]), "|---|---|---|", *lines])


def _report(report: Report, invocation: Invocation) -> str:
    source = report.settings.source
    paragraphs = [
        f"## {_sign(report)} {_code(source)}",
        _prose(headline(report)[:1].upper() + headline(report)[1:]),
        *([_table(report)] if report.rows else []),
        *_bullets([*([power_line(report.power)] if report.power else []), *evidence(report), *accepted_lines(report)]),
        *(part for finding in report.findings for part in _finding(finding)),
        *([f"Chain map: {_prose(read_chain(report.chain))}"] if report.chain else []),
        *_bullets([f"note: {note.message}" + (f" (help: {note.help})" if note.help else "") for note in report.notes]),
        "Reproduce it, and search a patch:" if report.wants_repair else "Reproduce it:",
        _fenced("\n".join(_commands(report, invocation)), "sh"),
        _details("what was checked", subject(report)),
    ]
    return "\n\n".join(paragraphs)


def _sign(report: Report) -> str:
    """The verdict; what a baseline lets through stays what it is."""
    return SIGNS[report.outcome] + (" (accepted)" if report.is_accepted else "")


def _commands(report: Report, invocation: Invocation) -> Iterator[str]:
    source = report.settings.source
    yield invocation.check_command(source)
    if report.wants_repair:
        yield invocation.fix_command(source)


def _table(report: Report) -> str:
    lines = [_cells(HEADINGS), RULE, *map(_table_row, report.rows)]
    asterisk = probe_line(report)
    return "\n".join(lines) + (f"\n\n{_prose(asterisk)}" if asterisk else "")


def _table_row(row: Row) -> str:
    name, *others = cells(row)
    return _cells([_code(name), *map(_prose, others), SIGNS[row.verdict]])


def _cells(markdown: Sequence[str]) -> str:
    """A row of a table; a bar within would end its cell, even in code."""
    return f"| {' | '.join(each.replace('|', BAR) for each in markdown)} |"


def _finding(finding: Finding) -> Iterator[str]:
    yield f"### {_prose(finding_title(finding))}"
    yield _prose(finding.message)
    if finding.location:
        yield f"at {_code(str(finding.location))}"
        if finding.location.text.strip():
            yield _fenced(finding.location.text.strip(), "python")
    if trace := finding.evidence.get("traceback"):
        yield _fenced(str(trace), "text")
    experiments = finding.evidence.get("experiments")
    if isinstance(experiments, list):
        yield from _bullets([f"{each['question']}: {each['answer']}" for each in experiments])
    if finding.help:
        yield f"**help:** {_prose(finding.help)}"
    if finding.correction:
        yield _fenced(finding.correction, "diff")
    if proven := proof(finding):
        yield _prose(proven)
    if finding.accepted:
        yield f"**accepted:** {_prose(accepted_because(finding.accepted))}"


def _bullets(lines: Sequence[str]) -> list[str]:
    return ["\n".join(f"- {_prose(line)}" for line in lines)] if lines else []


def _details(summary: str, text: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{_fenced(text, 'text')}\n\n</details>"


def _prose(text: str) -> str:
    """A line that shows a text as it is, its backticked words as code."""
    parts = IN_BACKTICKS.split(_shown(text).replace("\n", " ").strip())
    return "".join(_code(part) if place % 2 else _plain(part, starts=place == 0) for place, part in enumerate(parts))


def _plain(text: str, *, starts: bool) -> str:
    escaped = SPECIAL.sub(r"\\\g<0>", text)
    for character, spelled in STUBBORN.items():
        escaped = escaped.replace(character, spelled)
    return LINE_START.sub(r"\1\\\2", escaped) if starts else escaped


def _code(text: str) -> str:
    """A span of code; its fence is longer than any row of backticks within."""
    shown = _shown(text).replace("\n", " ")
    fence = "`" * (_longest_row(shown) + 1)
    # one space at both ends is taken away, unless there is nothing else
    pad = " " if not shown or (shown.strip() and {shown[0], shown[-1]} & {"`", " "}) else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _fenced(text: str, language: str) -> str:
    """A block of code."""
    shown = _shown(text)
    fence = "`" * max(3, _longest_row(shown) + 1)
    return f"{fence}{language}\n{shown}\n{fence}"


def _longest_row(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _shown(text: str) -> str:
    return UNSHOWN.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)
