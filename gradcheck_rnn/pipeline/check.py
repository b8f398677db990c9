"""One check from settings to report: the configured point, the probe point, both judged and folded."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gradcheck_rnn.analytic.adapter import Adapter
from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.runner import running
from gradcheck_rnn.analytic.session import UserCode
from gradcheck_rnn.analytic.sources import loaded_sources
from gradcheck_rnn.analytic.travel.packed import Packed
from gradcheck_rnn.analytic.worker import Runner
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.model.draw import configured_net, configured_problem, probe_net, probe_problem, shorter_probe_nets
from gradcheck_rnn.pipeline import remarks
from gradcheck_rnn.pipeline.diagnosis.diagnose import diagnose_reference, diagnose_user, planted_faults
from gradcheck_rnn.pipeline.judged import Judged, not_said_yet, report_of
from gradcheck_rnn.pipeline.means import reached
from gradcheck_rnn.pipeline.measurement import (
    Foresee,
    Measurement,
    Plan,
    Progress,
    foresee_nothing,
    judge,
    measure_reference,
)
from gradcheck_rnn.pipeline.only import refuse_unknown
from gradcheck_rnn.pipeline.power.line import judge_power
from gradcheck_rnn.pipeline.user.latent_clip import SHRINKINGS, returned_bound
from gradcheck_rnn.pipeline.user.measure import measure_user
from gradcheck_rnn.pipeline.user.net import UserNet
from gradcheck_rnn.pipeline.user.opening import open_user_net
from gradcheck_rnn.pipeline.user.undefined import undefined_at_probe
from gradcheck_rnn.report.value import Report

if TYPE_CHECKING:
    from gradcheck_rnn.journal.journal import Journal


def silent(_label: str, _done: int, _total: int) -> None:
    """Show no progress."""


def run_check(
    settings: Settings,
    *,
    only: Sequence[str] = (),
    workers: int | None = None,
    progress: Progress = silent,
    foresee: Foresee = foresee_nothing,
    journal: "Journal | None" = None,
    cluster: str | None = None,
    texts: Mapping[Path, str] | None = None,
    functions: Adapter | Packed | None = None,
    thorough: bool = True,
) -> Report:
    """Check one configuration.

    Args:
        settings: what to check and how.
        only: names of the parameters to check; empty means all.
        workers: processes for user code, None for as many as there are cores; 0 runs it in this one.
        progress: told what is going on, and how far it is.
        foresee: told what is about to be done, and how many seconds it is expected to take.
        journal: recalls results of shards that it holds, and notes down the others.
        cluster: address of a Dask scheduler that runs the shards.
        texts: what stands in the place of files of the user's.
        functions: what stands in the place of the adapter's file, `settings.backward.adapter`; an adapter is run in
            this process, whatever `workers` says, packed functions are made anew in the workers.
        thorough: whether more is told than the verdict and single faults, see Plan; it may take most of the time.
    Raises:
        UsageError: nothing was checked, because the adapter or `only` has mistakes, or the journal or the cluster
            cannot be used.
        KeyboardInterrupt: Ctrl-C was pressed before anything was known; later, the report says so.
    """
    plan = Plan(settings, tuple(only) or None, progress, workers, foresee, thorough=thorough)
    if settings.backward.adapter is not None:
        code = replace(user_code(settings, settings.backward.adapter, texts or {}), adapter=functions)
        return _check_user(plan, code, journal, cluster)
    with reached(journal, cluster) as means:
        return _check_reference(replace(plan, means=means))


def _check_reference(plan: Plan) -> Report:
    judged = Judged()
    try:
        _judge_reference(plan, judged)
    except KeyboardInterrupt as stopped:
        judged.stop(stopped, plan.settings)
    return report_of(plan.settings, judged)


def _judge_reference(plan: Plan, judged: Judged) -> None:
    settings = plan.settings
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


def user_code(settings: Settings, path: Path, texts: Mapping[Path, str]) -> UserCode:
    """Say what a process needs to know to load the user's code, with some texts in the place of files."""
    sizes = configured_net(settings).sizes
    return UserCode(path, settings.seed, sizes, settings.check.timeout, tuple(texts.items()))


def _check_user(plan: Plan, code: UserCode, journal: "Journal | None", cluster: str | None) -> Report:
    settings, judged = plan.settings, Judged(described=code.adapter is None or code.adapter.takes_batch)
    with running(code, workers=0 if code.is_here else plan.workers) as here:
        try:
            if not judged.described and settings.check.probe:
                plan = _with_usable_probe(plan, here, code.path, judged)
                settings = plan.settings
            if cluster is not None:
                here.run(loaded_sources)  # its process is forked before there are threads of a connection
            with reached(journal, cluster) as means:
                _judge_user(replace(plan, means=means), means.runner(here, code), code.path, judged)
        except UserCodeError as error:
            judged.findings += not_said_yet([error.finding], judged.findings)
        except KeyboardInterrupt as stopped:
            judged.stop(stopped, settings)
        return report_of(settings, judged, here.output())


def _with_usable_probe(plan: Plan, runner: Runner, path: Path, judged: Judged) -> Plan:
    """Leave the probe out where functions of which nothing is known are not defined there."""
    reason = undefined_at_probe(open_user_net(runner, plan.settings, path))
    if not reason:
        return plan
    judged.notes.append(remarks.no_probe(reason))
    return replace(plan, settings=replace(plan.settings, check=replace(plan.settings.check, probe=False)))


def _judge_user(plan: Plan, runner: Runner, path: Path, judged: Judged) -> None:
    settings = plan.settings
    user = open_user_net(runner, settings, path)
    refuse_unknown(plan.only, user.configured.parameters)
    judged.roles = user.roles.described if user.roles else {}
    judged.in_python = user.facts.in_python
    judged.add(measure_user(plan, user, "configured", user.net, user.configured), settings.check.tolerance)
    lengths_are_free = False
    if settings.check.probe:
        measured, lengths_are_free = _measure_probe(plan, user, judged)
        measured = _without_latent_clip(plan, user, judged, measured, lengths_are_free=lengths_are_free)
        judged.add(measured, settings.check.tolerance)
        if lengths_are_free:
            _judge_shorter_probes(plan, user, judged)
    if wrong := judged.wrong():
        worst = judged.worst_measured()
        judged.take(diagnose_user(plan, user, worst, wrong, judged.findings, lengths_are_free=lengths_are_free))
    elif plan.thorough:
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
    """Measure the probe, and say whether lengths are free; code that refuses that length or size has its own."""
    net = probe_net(user.net, reducible=user.facts.sizes_may_vary)
    try:
        return measure_user(plan, user, "probe", net, user.probe(net)), user.facts.takes_batch
    except UserCodeError as error:
        if error.finding.kind != "raised" or net == user.net:
            raise
        measured = measure_user(plan, user, "probe", user.net, user.probe(user.net))
        judged.notes.append(remarks.fixed_length(user.net.sizes.length, error.finding))
        return measured, False
