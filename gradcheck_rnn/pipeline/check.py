"""One check from settings to report: the configured point, the probe point, both judged and folded."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.runner import running
from gradcheck_rnn.analytic.session import UserCode
from gradcheck_rnn.analytic.worker import Runner
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.config.suggest import closest
from gradcheck_rnn.diagnose.chain_map import ChainMap
from gradcheck_rnn.errors import Mistake, UsageError
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.model.draw import configured_net, configured_problem, probe_net, probe_problem, shorter_probe_nets
from gradcheck_rnn.pipeline import remarks
from gradcheck_rnn.pipeline.diagnosis import Diagnosis, diagnose_reference, diagnose_user, planted_faults
from gradcheck_rnn.pipeline.measurement import Measurement, Plan, Progress, judge, measure_reference
from gradcheck_rnn.pipeline.user_code import measure_user
from gradcheck_rnn.pipeline.user_net import UserNet, open_user_net
from gradcheck_rnn.report.value import Outcome, PointReport, Report, Row, folded_rows

# about the user's code, but no obstacle to a pass: then they are notes
HARMLESS_ON_PASS = ("forward-differs", "float32-inside")


def _silent(_label: str, _done: int, _total: int) -> None:
    """Show no progress."""


def run_check(
    settings: Settings, *, only: Sequence[str] = (), workers: int = 1, progress: Progress = _silent
) -> Report:
    """Check one configuration.

    Args:
        settings: what to check and how.
        only: names of the parameters to check; empty means all.
        workers: processes for user code; 0 runs it in this one.
        progress: told what is going on, and how far it is.
    Raises:
        UsageError: nothing was checked, because the adapter or `only` has mistakes.
    """
    plan = Plan(settings, tuple(only) or None, progress)
    if settings.backward.adapter is None:
        return _check_reference(plan)
    return _check_user(plan, settings.backward.adapter, workers)


@dataclass
class _Judged:
    """What has been judged so far."""

    roles: Mapping[str, str] = field(default_factory=dict)
    points: list[PointReport] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    chain: ChainMap | None = None

    def add(self, measured: Measurement, tolerance: float) -> None:
        """Judge a measurement; what was said before is not said again."""
        found = _new(measured.findings, self.findings)
        if self.points:
            # single precision shows at every point; what shows at one of them is something else, such as a kink
            found = [each for each in found if not remarks.is_float32_in_gradients(each)]
            if not any(map(remarks.is_float32_in_gradients, measured.findings)):
                self.findings = [each for each in self.findings if not remarks.is_float32_in_gradients(each)]
        self.points.append(judge(measured, tolerance))
        self.findings += found
        self.notes += _new(measured.notes, self.notes)

    def wrong(self) -> tuple[str, ...]:
        """Names of the parameters that fail so far."""
        return tuple(row.name for row in folded_rows(self.points) if row.verdict == "fail")

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


def _check_reference(plan: Plan) -> Report:
    settings, judged = plan.settings, _Judged()
    _refuse_unknown(plan.only, configured_net(settings).shapes)
    problem = configured_problem(settings)
    judged.roles = {name: name for name in problem.parameters}
    faults = planted_faults(settings, problem.net)
    judged.add(measure_reference(plan, "configured", problem, faults), settings.check.tolerance)
    if settings.check.probe:
        probe = probe_problem(probe_net(problem.net, reducible=True), settings)
        judged.add(measure_reference(plan, "probe", probe, faults), settings.check.tolerance)
    if wrong := judged.wrong():
        judged.take(diagnose_reference(settings, problem.net, faults, wrong))
    elif faults:
        judged.notes.append(remarks.hidden_fault(faults[0]))
    return _report(settings, judged)


def _check_user(plan: Plan, path: Path, workers: int) -> Report:
    settings, judged = plan.settings, _Judged()
    sizes = configured_net(settings).sizes
    code = UserCode(path, settings.seed, sizes, settings.check.timeout)
    with running(code, workers=workers) as runner:
        try:
            _judge_user(plan, runner, path, judged)
        except UserCodeError as error:
            judged.findings += _new([error.finding], judged.findings)
        return _report(settings, judged, runner.output())


def _judge_user(plan: Plan, runner: Runner, path: Path, judged: _Judged) -> None:
    settings = plan.settings
    user = open_user_net(runner, settings, path)
    _refuse_unknown(plan.only, user.configured.parameters)
    judged.roles = user.roles.described if user.roles else {}
    judged.add(measure_user(plan, user, "configured", user.net, user.configured), settings.check.tolerance)
    lengths_are_free = False
    if settings.check.probe:
        measured, lengths_are_free = _measure_probe(plan, user, judged)
        judged.add(measured, settings.check.tolerance)
        if lengths_are_free:
            _judge_shorter_probes(plan, user, judged)
    if wrong := judged.wrong():
        judged.take(diagnose_user(plan, user, wrong, judged.findings, lengths_are_free=lengths_are_free))


def _judge_shorter_probes(plan: Plan, user: UserNet, judged: _Judged) -> None:
    """Judge what the probe cannot tell, because its gradient vanishes, on shorter sequences."""
    lengths: dict[str, int] = {}
    for shorter in shorter_probe_nets(probe_net(user.net, reducible=user.facts.sizes_may_vary)):
        names = [each.name for each in judged.points[-1].comparisons if each.verdict == "inconclusive"]
        if not names:
            break
        try:
            measured = measure_user(replace(plan, only=tuple(names)), user, "probe", shorter, user.probe(shorter))
        except UserCodeError as error:
            if error.finding.kind != "raised":
                raise
            break
        judged.replace_undecided(judge(measured, plan.settings.check.tolerance))
        lengths |= dict.fromkeys(names, shorter.sizes.length)
    if lengths:
        judged.notes.append(remarks.shorter_probes(lengths))


def _measure_probe(plan: Plan, user: UserNet, judged: _Judged) -> tuple[Measurement, bool]:
    """Measure the probe; code that refuses its sequence length or sizes gets its own, and False is returned."""
    net = probe_net(user.net, reducible=user.facts.sizes_may_vary)
    try:
        return measure_user(plan, user, "probe", net, user.probe(net)), True
    except UserCodeError as error:
        if error.finding.kind != "raised" or net == user.net:
            raise
        measured = measure_user(plan, user, "probe", user.net, user.probe(user.net))
        judged.notes.append(remarks.fixed_length(user.net.sizes.length, error.finding))
        return measured, False


def _report(settings: Settings, judged: _Judged, printed: str = "") -> Report:
    rows = folded_rows(judged.points)
    complete = len(judged.points) == (2 if settings.check.probe else 1)
    blocking = [each for each in judged.findings if each.kind not in HARMLESS_ON_PASS]
    verdicts = {row.verdict for row in rows}
    outcome: Outcome
    if "fail" in verdicts:
        outcome = "fail"
    elif blocking or not complete:
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
    )


def _notes(points: Sequence[PointReport], rows: Sequence[Row]) -> list[Finding]:
    decided = {row.name for row in rows if row.verdict != "inconclusive"}
    weak = [each for each in points[0].comparisons if each.verdict == "inconclusive"] if points else []
    every = [comparison for point in points for comparison in point.comparisons]
    notes = [remarks.kinks(every), remarks.weak_configured_point([each for each in weak if each.name in decided])]
    return [note for note in notes if note is not None]


def _new(said: Iterable[Finding], before: Sequence[Finding]) -> list[Finding]:
    known = {(finding.kind, finding.term) for finding in before}
    return [finding for finding in said if (finding.kind, finding.term) not in known]


def _refuse_unknown(only: Sequence[str] | None, names: Iterable[str]) -> None:
    known = list(names)
    mistakes = [
        Mistake(f"--only names `{name}`, which is no parameter", _suggestion(name, known))
        for name in only or ()
        if name not in known
    ]
    if mistakes:
        raise UsageError(*mistakes)


def _suggestion(name: str, known: list[str]) -> str:
    near = closest(name, known)
    return f"did you mean `{near}`?" if near else f"there are {', '.join(known)}"
