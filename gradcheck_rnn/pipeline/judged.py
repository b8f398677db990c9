"""What has been judged so far in a check, and the report that it comes down to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.diagnose.chain_map import ChainMap
from gradcheck_rnn.diagnose.power import Power
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.pipeline import remarks
from gradcheck_rnn.pipeline.diagnosis.diagnose import Diagnosis
from gradcheck_rnn.pipeline.measurement import InterruptedMeasurementError, Measurement, judge, judge_part
from gradcheck_rnn.report.value import Outcome, PointReport, Report, Row, folded_rows

# about the user's code, but no obstacle to a pass: then they are notes
HARMLESS_ON_PASS = ("forward-differs", "float32-inside")


@dataclass
class Judged:
    """What has been judged so far."""

    roles: Mapping[str, str] = field(default_factory=dict)
    points: list[PointReport] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    measured: list[Measurement] = field(default_factory=list)
    chain: ChainMap | None = None
    power: Power | None = None
    interrupted: bool = False
    in_python: bool = False
    described: bool = True

    def add(self, measured: Measurement, tolerance: float) -> None:
        """Judge a measurement; what was said before is not said again."""
        found = not_said_yet(measured.findings, self.findings)
        if self.points:
            # single precision shows at every point; what shows at one of them is something else, such as a kink
            found = [each for each in found if not remarks.is_float32_in_gradients(each)]
            if not any(map(remarks.is_float32_in_gradients, measured.findings)):
                self.findings = [each for each in self.findings if not remarks.is_float32_in_gradients(each)]
        self.points.append(judge(measured, tolerance))
        self.measured.append(measured)
        self.findings += found
        self.notes += not_said_yet(measured.notes, self.notes)

    def stop(self, stopped: KeyboardInterrupt, settings: Settings) -> None:
        """Judge what is there of a check that the user stopped, and note how far it got.

        Raises:
            KeyboardInterrupt: nothing is known yet.
        """
        wanted: dict[str, int] = {point.name: sum(each.covered for each in point.comparisons) for point in self.points}
        due = ("configured", "probe")[: 2 if settings.check.probe else 1]
        if isinstance(stopped, InterruptedMeasurementError) and stopped.measured.point in due[len(self.points) :]:
            self.points.append(judge_part(stopped, settings.check.tolerance))
            self.findings += not_said_yet(stopped.measured.findings, self.findings)
            self.notes += not_said_yet(stopped.measured.notes, self.notes)
            wanted[stopped.measured.point] = sum(stopped.wanted.values())
        if not self.points:
            raise stopped
        self.interrupted = True
        compared: dict[str, int] = {
            point.name: sum(each.covered for each in point.comparisons) for point in self.points
        }
        screened = [point.name for point in self.points if any(each.screening for each in point.comparisons)]
        self.notes.append(remarks.interrupted(compared, wanted, due, screened))

    def wrong(self) -> tuple[str, ...]:
        """Names of the parameters that fail so far."""
        return tuple(row.name for row in folded_rows(self.points) if row.verdict == "fail")

    def worst_measured(self) -> Measurement:
        """Return what was measured at the point at which most parameters fail, of such points at the last."""
        failing = [sum(each.verdict == "fail" for each in point.comparisons) for point in self.points]
        at = max(range(len(failing)), key=lambda i: (failing[i], i))
        return self.measured[at]

    def take(self, diagnosis: Diagnosis) -> None:
        """Add what a diagnosis found."""
        self.findings += diagnosis.findings
        self.chain = diagnosis.chain

    def replace_undecided(self, point: PointReport) -> None:
        """Put better comparisons of some parameters in place of the last point's."""
        better = {comparison.name: comparison for comparison in point.comparisons}
        last = self.points[-1]
        comparisons = tuple(better.get(each.name, each) for each in last.comparisons)
        loss = "user" if "user" in (point.loss, last.loss) else last.loss
        self.points[-1] = replace(last, loss=loss, comparisons=comparisons)


def report_of(settings: Settings, judged: Judged, printed: str = "") -> Report:
    """Fold what was judged into a report; `printed` is what user code printed."""
    rows = folded_rows(judged.points)
    complete = len(judged.points) == (2 if settings.check.probe else 1)
    if judged.interrupted and not complete:
        rows = tuple(replace(row, verdict="inconclusive") if row.verdict == "pass" else row for row in rows)
    blocking = [each for each in judged.findings if each.kind not in HARMLESS_ON_PASS]
    verdicts = {row.verdict for row in rows}
    outcome: Outcome
    if "fail" in verdicts:
        outcome = "fail"
    elif blocking:
        outcome = "error"
    elif judged.interrupted:
        outcome = "inconclusive"
    elif not complete:
        outcome = "error"
    else:
        outcome = "inconclusive" if "inconclusive" in verdicts else "pass"
    findings, notes = judged.findings, judged.notes + _notes(judged.points, rows)
    if outcome == "pass":
        findings, notes = [], findings + notes
    return Report(
        settings=settings,
        outcome=outcome,
        rows=rows,
        roles=judged.roles,
        points=tuple(judged.points),
        findings=tuple(findings),
        notes=tuple(notes),
        printed=printed,
        chain=judged.chain,
        power=judged.power if outcome == "pass" else None,
        interrupted=judged.interrupted,
        in_python=judged.in_python,
        described=judged.described,
    )


def _notes(points: Sequence[PointReport], rows: Sequence[Row]) -> list[Finding]:
    decided = {row.name for row in rows if row.verdict != "inconclusive"}
    weak = [each for each in points[0].comparisons if each.verdict == "inconclusive"] if points else []
    every = [comparison for point in points for comparison in point.comparisons]
    notes = [remarks.kinks(every), remarks.weak_configured_point([each for each in weak if each.name in decided])]
    return [note for note in notes if note is not None]


def not_said_yet(said: Iterable[Finding], before: Sequence[Finding]) -> list[Finding]:
    """Return the findings of a kind and term that none before has."""
    known = {(finding.kind, finding.term) for finding in before}
    return [finding for finding in said if (finding.kind, finding.term) not in known]
