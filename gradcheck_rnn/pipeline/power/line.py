"""The power of a check: which known faults it would have caught, at the points where it compared."""

from dataclasses import replace

from gradcheck_rnn.diagnose.power import Compared, Judge, Power
from gradcheck_rnn.faults.fault import Fault
from gradcheck_rnn.faults.library import fault_by_name
from gradcheck_rnn.model.draw import PROBE_LENGTH, probe_net, probe_problem
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.pipeline import remarks
from gradcheck_rnn.pipeline.diagnosis.diagnose import faults_of
from gradcheck_rnn.pipeline.judged import Judged
from gradcheck_rnn.pipeline.measurement import Plan, measure_reference

# a missing carry is the fault that checks of recurrent nets are for
CARRY = "missing-term:dh_next"
# entries and steps beyond which a reduced copy stands in for a point: each window of truncation is a backward pass of
# its own
MOST_ENTRIES = 100_000
MOST_STEPS = 32
# steps of such a copy at most: windows of truncation that are longer than a probe show on it, too
COPY_STEPS = 2 * PROBE_LENGTH


def judge_power(plan: Plan, judged: Judged) -> None:
    """Add the power of a check to what it judged, and a note where its configured point alone would be blind.

    Every known fault is a backward pass at every point: where all points are large, a reduced copy stands in for them.
    """
    points = [measured.described for measured in judged.measured]
    known = [point for point in points if point is not None]
    if not known or len(known) < len(points) or plan.only is not None:
        return
    affordable = [point for point in known if _is_affordable(point.problem.net)]
    tolerance = plan.settings.check.tolerance
    judge = Judge(affordable or [reduced_copy(plan, known[0])], tolerance=tolerance)
    judged.power = power_of(judge)
    if len(known) > 1:
        whole = judge if len(affordable) == len(known) else Judge(known, tolerance=tolerance)
        sight = whole.sight(carry_fault(known[0].problem.net))
        if sight is not None and not sight.caught_at[0]:
            judged.notes.append(remarks.blind_check(sight.shares[0], known[0].problem.net.sizes.length))


def power_of(judge: Judge) -> Power:
    """Judge every known fault of the net, windows up to the longest of the points."""
    longest = max((point.problem.net for point in judge.points), key=lambda net: net.sizes.length)
    return judge.power(faults_of(longest))


def reduced_copy(plan: Plan, point: Compared) -> Compared:
    """Return a probe of the same structure in small sizes, compared with its own numeric gradient."""
    net = probe_net(point.problem.net, reducible=True)
    small = replace(net, sizes=replace(net.sizes, length=min(net.sizes.length, COPY_STEPS)))
    measured = measure_reference(plan, "probe", probe_problem(small, plan.settings))
    if measured.described is None:
        raise ValueError("the reference describes itself")
    return measured.described


def _is_affordable(net: Net) -> bool:
    return net.entries <= MOST_ENTRIES and net.sizes.length <= MOST_STEPS


def carry_fault(net: Net) -> Fault:
    """Return the fault that checks of recurrent nets are for."""
    return fault_by_name(CARRY, faults_of(net))
