"""The known faults of the described net, each judged at both points of its check. No user code is run.

That a check sees a fault is a property of the net, the point and the numeric gradient, not of the code that is checked.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gradcheck_rnn.cells.catalogue import CUSTOM
from gradcheck_rnn.cells.structure import EMBEDDING
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.diagnose.power import NO_EFFECT, Compared, Judge, Sight
from gradcheck_rnn.diagnose.vanishing import Vanishing, vanishing_at
from gradcheck_rnn.errors import Location, Mistake, UsageError
from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.library import WINDOW
from gradcheck_rnn.model.draw import configured_net, configured_problem, probe_net, probe_problem
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.pipeline.diagnosis.diagnose import faults_of
from gradcheck_rnn.pipeline.measurement import Measurement, Plan, Progress, judge, measure_reference
from gradcheck_rnn.pipeline.power.line import COPY_STEPS, MOST_STEPS
from gradcheck_rnn.report.power.table import KnownFault, PowerTable
from gradcheck_rnn.report.value import PointName

TOO_SMALL = "too small for the tolerance and error bars"


def _silent(_label: str, _done: int, _total: int) -> None:
    """Show no progress."""


def judge_known_faults(settings: Settings, *, progress: Progress = _silent) -> PowerTable:
    """Judge every known fault of the described net as its check would, at the configured point and at the probe.

    Raises:
        UsageError: no net is described.
    """
    if settings.model.cell == CUSTOM:
        message = "the cell is `custom`: there are no equations that known faults could be put into"
        raise UsageError(Mistake(message, "`check` needs none", Location(settings.source)))
    plan, net = Plan(settings, None, progress), configured_net(settings)
    measured = [measure_reference(plan, "configured", copy_of_configured(settings))]
    if settings.check.probe:
        probe = probe_problem(_reduced(probe_net(net, reducible=True)), settings)
        measured.append(measure_reference(plan, "probe", probe))
    points = [each.described for each in measured if each.described is not None]
    judged_net = points[0].problem.net
    return PowerTable(
        settings=settings,
        points=tuple(each.point for each in measured),
        copy=judged_net.sizes if judged_net.sizes != net.sizes else None,
        unsure=_unsure(measured, settings.check.tolerance),
        faults=tuple(_known_faults(points, settings.check.tolerance)),
        vanishing=configured_vanishing(settings),
    )


def configured_vanishing(settings: Settings) -> Vanishing:
    """Follow the recurrent chain of the described net at its configured point."""
    return vanishing_at(configured_problem(settings), sensitivity=settings.check.tolerance)


def _reduced(net: Net) -> Net:
    """Return the net itself, or one of the same structure in small sizes: each known fault is a backward pass."""
    sizes, length = probe_net(net, reducible=True).sizes, net.sizes.length
    within = length if length <= MOST_STEPS else COPY_STEPS
    return replace(net, sizes=replace(sizes, length=min(sizes.length, within)))


def copy_of_configured(settings: Settings) -> Problem:
    """Draw the configured point, where the net is large in small sizes and with the same gain of every weight."""
    net = configured_net(settings)
    sizes, given = _reduced(net).sizes, net.sizes
    model = replace(
        settings.model,
        input_size=sizes.input_size,
        hidden_size=sizes.hidden_size,
        output_size=sizes.output_size,
        embedding_size=sizes.embedding,
    )
    sequence = replace(settings.sequence, length=sizes.length, batch_size=sizes.batch)
    problem = configured_problem(replace(settings, model=model, sequence=sequence))
    if sizes == given:
        return problem
    by_fan_in = settings.model.init.distribution.endswith("fan_in")
    scaled = dict(problem.parameters)
    lowest = net.structure.levels[0]
    token_weights = {edge.weight + sweep.place for sweep in lowest for edge in net.equations.input_edges} | {EMBEDDING}
    for name, fan_in in net.fan_in.items():
        shrunk = (fan_in / problem.net.fan_in[name]) ** 0.5
        # a token picks one row of W_xh: nothing is summed, so its entries keep their size
        wanted = 1.0 if name in token_weights and settings.sequence.inputs != "dense" else shrunk
        scaled[name] = (scaled[name] * (wanted / (shrunk if by_fan_in else 1.0))).astype(settings.dtype)
    return problem.at(scaled)


def _unsure(measured: Sequence[Measurement], tolerance: float) -> dict[PointName, tuple[str, ...]]:
    """Parameters whose right gradient does not pass, by point."""
    judged = {each.point: judge(each, tolerance).comparisons for each in measured}
    names = {point: tuple(each.name for each in every if each.verdict != "pass") for point, every in judged.items()}
    return {point: unsure for point, unsure in names.items() if unsure}


@np.errstate(all="ignore")  # at a point of exploding gradients nothing may be finite
def _known_faults(points: Sequence[Compared], tolerance: float) -> list[KnownFault]:
    """Each fault by name, in the order of the library, those left out that change nothing anywhere."""
    judge = Judge(points, tolerance=tolerance)
    longest = max((point.problem.net for point in points), key=lambda net: net.sizes.length)
    ways: dict[str, list[Sight]] = {}
    for fault in faults_of(longest):
        if (sight := judge.sight(fault)) is not None:
            ways.setdefault(fault.name, []).append(sight)
    return [_known_fault(points[0].problem, sights) for sights in ways.values()]


def _known_fault(configured: Problem, ways: Sequence[Sight]) -> KnownFault:
    """Of several ways of coding one fault the hardest counts."""
    hardest = min(ways, key=lambda sight: (sight.caught, sum(sight.caught_at), max(sight.shares)))
    missed = sum(not sight.caught_at[0] for sight in ways)
    reason = "" if hardest.caught_at[0] else _reason(hardest.fault, hardest.shares[0], configured)
    return KnownFault(hardest, len(ways), missed, reason)


def _reason(fault: Fault, share: float, problem: Problem) -> str:
    """Why a fault is missed at the configured point, where it changes that share of a gradient."""
    length = problem.net.sizes.length
    if share > NO_EFFECT:
        return TOO_SMALL
    if fault.damage in (Damage.BOUND, Damage.BOUND_NORM, Damage.CLIP, Damage.CLIP_NORM):
        return "nothing reaches the bound"
    if fault.damage is Damage.AT_LEAST:
        return "no slope is below the bound"
    if fault.damage is Damage.REGULARISE and not problem.parameters[fault.parameter or ""].any():
        return "the parameter is zero"
    if length == 1:
        return "one step has no chain"
    if fault.kind == WINDOW and fault.amount >= length - 1:
        return f"{length} steps end before the cut"
    if _needs_initial_state(fault) and not _has_initial_state(problem):
        return "the initial state is zero"
    return TOO_SMALL if share > 0 else "no gradient changes"


def _needs_initial_state(fault: Fault) -> bool:
    return fault.damage is Damage.ZERO_FIRST or (
        fault.damage is Damage.SKIP_FIRST and (fault.parameter or "").startswith("W_h")
    )


def _has_initial_state(problem: Problem) -> bool:
    learned = [problem.parameters[name] for name in problem.net.initial_names]
    states = learned or problem.batch.initial_state.values()
    return any(bool(np.any(state)) for state in states)
