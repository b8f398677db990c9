"""One check from settings to report: the configured point, the probe point, both judged and folded."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.runner import running
from gradcheck_rnn.analytic.session import UserCode
from gradcheck_rnn.analytic.worker import Runner
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.model.draw import configured_net, configured_problem, probe_net, probe_problem, shorter_probe_nets
from gradcheck_rnn.pipeline import remarks
from gradcheck_rnn.pipeline.diagnosis.diagnose import diagnose_reference, diagnose_user, planted_faults
from gradcheck_rnn.pipeline.judged import Judged, not_said_yet, report_of
from gradcheck_rnn.pipeline.measurement import Measurement, Plan, Progress, judge, measure_reference
from gradcheck_rnn.pipeline.only import refuse_unknown
from gradcheck_rnn.pipeline.power.line import judge_power
from gradcheck_rnn.pipeline.user.latent_clip import SHRINKINGS, returned_bound
from gradcheck_rnn.pipeline.user.measure import measure_user
from gradcheck_rnn.pipeline.user.net import UserNet, open_user_net
from gradcheck_rnn.report.value import Report


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


def _check_reference(plan: Plan) -> Report:
    settings, judged = plan.settings, Judged()
    refuse_unknown(plan.only, configured_net(settings).shapes)
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
    else:
        judge_power(plan, judged)
    return report_of(settings, judged)


def _check_user(plan: Plan, path: Path, workers: int) -> Report:
    settings, judged = plan.settings, Judged()
    sizes = configured_net(settings).sizes
    code = UserCode(path, settings.seed, sizes, settings.check.timeout)
    with running(code, workers=workers) as runner:
        try:
            _judge_user(plan, runner, path, judged)
        except UserCodeError as error:
            judged.findings += not_said_yet([error.finding], judged.findings)
        return report_of(settings, judged, runner.output())


def _judge_user(plan: Plan, runner: Runner, path: Path, judged: Judged) -> None:
    settings = plan.settings
    user = open_user_net(runner, settings, path)
    refuse_unknown(plan.only, user.configured.parameters)
    judged.roles = user.roles.described if user.roles else {}
    judged.add(measure_user(plan, user, "configured", user.net, user.configured), settings.check.tolerance)
    lengths_are_free = False
    if settings.check.probe:
        measured, lengths_are_free = _measure_probe(plan, user, judged)
        measured = _without_latent_clip(plan, user, judged, measured, lengths_are_free=lengths_are_free)
        judged.add(measured, settings.check.tolerance)
        if lengths_are_free:
            _judge_shorter_probes(plan, user, judged)
    if wrong := judged.wrong():
        last = judged.measured[-1]
        judged.take(diagnose_user(plan, user, last, wrong, judged.findings, lengths_are_free=lengths_are_free))
    else:
        judge_power(plan, judged)


def _judge_shorter_probes(plan: Plan, user: UserNet, judged: Judged) -> None:
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


def _without_latent_clip(
    plan: Plan, user: UserNet, judged: Judged, measured: Measurement, *, lengths_are_free: bool
) -> Measurement:
    """Measure a smaller probe where gradients are clipped at a bound that the configured point does not reach."""
    bound = None if judged.wrong() else returned_bound(measured)
    if bound is None:
        return measured
    for steps, factor in SHRINKINGS:
        length = min(measured.length, steps) if lengths_are_free else measured.length
        net = replace(user.net, sizes=replace(user.net.sizes, length=length))
        probe = user.probe(net)
        smaller = probe.at({name: factor * value for name, value in probe.parameters.items()})
        again = measure_user(plan, user, "probe", net, smaller)
        if returned_bound(again) is None:
            judged.notes.append(remarks.latent_clip(bound.words, bound.value))
            return again
    return measured


def _measure_probe(plan: Plan, user: UserNet, judged: Judged) -> tuple[Measurement, bool]:
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
