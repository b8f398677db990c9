"""Reports of checks as one web page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradcheck_rnn.config import describe_settings
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.report.formats.invocation import Invocation
from gradcheck_rnn.report.html.cells import DrawnMap, drawn_maps
from gradcheck_rnn.report.html.curves import Picture, lags_picture, lengths_picture, reach_picture, steps_picture
from gradcheck_rnn.report.html.diff import Line, marked_lines
from gradcheck_rnn.report.html.environment import page
from gradcheck_rnn.report.html.finding import FoundFault, found_faults
from gradcheck_rnn.report.html.table import ORDER, TableRow, table_caption, table_rows
from gradcheck_rnn.report.repair.value import FoundEdits
from gradcheck_rnn.report.value import Outcome, Report
from gradcheck_rnn.report.words import accepted_lines, evidence, headline, power_line, subject


@dataclass(frozen=True)
class _Patch:
    diffs: Sequence[Sequence[Line]]
    tried: int
    remains: str


@dataclass(frozen=True)
class _Section:
    """What the page says of one report, ready to be laid out."""

    id: str
    source: str
    outcome: Outcome
    accepted: bool
    headline: str
    evidence: Sequence[str]
    subject: Sequence[tuple[str, str]]
    rows: Sequence[TableRow]
    table_caption: str
    findings: Sequence[FoundFault]
    patch: _Patch | None
    fix: str
    maps: Sequence[DrawnMap]
    pictures: Sequence[Picture]
    notes: Sequence[Finding]
    command: str
    configuration: str
    printed: str

    @property
    def rank(self) -> int:
        """Place among the verdicts, the worst first."""
        return ORDER.index(self.outcome)


def html(reports: Sequence[Report], invocation: Invocation) -> str:
    """Render reports as one self-contained page: it asks for nothing from elsewhere, and works without script."""
    sections = [_section(report, invocation, f"check-{place}") for place, report in enumerate(reports, start=1)]
    is_single = len(sections) == 1 and not invocation.unchecked
    heading = sections[0].headline if is_single else f"{len(sections)} gradient checks"
    return page(
        "report.html",
        title=heading,
        level=1 if is_single else 2,
        sections=sections,
        unchecked=invocation.unchecked,
    )


def _section(report: Report, invocation: Invocation, name: str) -> _Section:
    power = [] if report.power is None else [power_line(report.power)]
    return _Section(
        id=name,
        source=report.settings.source,
        outcome=report.outcome,
        accepted=report.is_accepted,
        headline=headline(report),
        evidence=[*power, *evidence(report), *accepted_lines(report)],
        subject=list(_subject(report)),
        rows=table_rows(report.rows),
        table_caption=table_caption(report),
        findings=found_faults(report.findings),
        patch=None if report.patch is None else _patch(report.patch),
        fix=invocation.fix_command(report.settings.source) if report.wants_repair else "",
        maps=[] if report.chain is None else drawn_maps(report.chain),
        pictures=list(_pictures(report, name)),
        notes=report.notes,
        command=invocation.check_command(report.settings.source),
        configuration=describe_settings(report.settings),
        printed=report.printed.strip(),
    )


def _subject(report: Report) -> Iterator[tuple[str, str]]:
    net, *others = subject(report).removeprefix(f"{report.settings.source}: ").splitlines()
    yield "net" if report.described else "checked", net
    for line in others:
        term, _, words = line.partition(":")
        yield term, words.strip()


def _patch(found: FoundEdits) -> _Patch:
    return _Patch(marked_lines(found.diffs), found.tried, found.remains)


def _pictures(report: Report, name: str) -> Iterator[Picture]:
    study = report.study
    if study is not None:
        for at in study.sweep.points:
            yield steps_picture(study.sweep.steps, at, name=f"{name}-steps-{at.point}")
        if study.sweep.lengths is not None:
            yield lengths_picture(study.sweep.lengths, name=f"{name}-lengths")
    if report.chain is not None:
        for place, chain in enumerate((report.chain, *report.chain.beside)):
            yield lags_picture(chain, name=f"{name}-lags-{place}")
    if study is not None and study.reaches:
        yield reach_picture(study.reaches, name=f"{name}-reach")
