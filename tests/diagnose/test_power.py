"""Power against the check itself: what it calls caught fails, what it calls missed does not."""

import io
from functools import cache

import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.diagnose.power import Judge
from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.model.draw import configured_problem, probe_net, probe_problem
from gradcheck_rnn.pipeline.check import run_check
from gradcheck_rnn.pipeline.diagnosis.diagnose import faults_of, planted_faults
from gradcheck_rnn.pipeline.measurement import Plan, measure_reference
from gradcheck_rnn.pipeline.power.table import judge_known_faults

SMALL_WEIGHTS = """\
model: {input_size: 12, hidden_size: 10, output_size: 6, init: {distribution: normal, scale: 0.01}}
sequence: {length: 6}
seed: 0
"""
FAULTS = (
    "missing-term:dh_next",
    "untransposed-weight:W_hh",
    "missing-activation-derivative:tanh'",
    "bypassed-activation:dh_next",
    "sign-flip:dh_next",
    "truncated-chain:1",
    "truncated-chain:2",
    "truncated-chain:3",
    "truncated-chain:4",
    "missing-initial-state:h[t-1]",
    "wrapped-index:h[t-1]",
    "overwritten-accumulator:W_hh",
    "transposed-gradient:W_hh",
    "clipped-gradient:W_hy",
    "regulariser-mismatch:b_h",
    "scaled-gradient:1/T",
)


def settings(*overrides):
    return load_settings("-", overrides=overrides, stdin=io.BytesIO(SMALL_WEIGHTS.encode()))


@cache
def judge_of(*overrides):
    """The judge of a check's points, and the net."""
    described = settings(*overrides)
    plan, problem = Plan(described, None, lambda *_: None), configured_problem(described)
    points = [measure_reference(plan, "configured", problem)]
    if described.check.probe:
        probe = probe_problem(probe_net(problem.net, reducible=True), described)
        points.append(measure_reference(plan, "probe", probe))
    return Judge([each.described for each in points], tolerance=described.check.tolerance), problem.net


def is_caught(fault, *overrides):
    """Whether power calls a fault caught that a configuration names."""
    judge, net = judge_of(*overrides)
    sight = judge.sight(*planted_faults(settings(f"backward.fault={fault}"), net))
    return sight is not None and sight.caught


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_called_caught_where_the_check_of_that_very_fault_fails(fault):
    """At the configured point alone, whose small weights hide several of them."""
    checked = run_check(settings("check.probe=off", f"backward.fault={fault}"))
    assert is_caught(fault, "check.probe=off") == (checked.outcome == "fail")


@pytest.mark.parametrize("fault", FAULTS[::2])
def test_that_holds_at_a_coarse_tolerance(fault):
    coarse = ("check.probe=off", "check.tolerance=1e-3")
    checked = run_check(settings(*coarse, f"backward.fault={fault}"))
    assert is_caught(fault, *coarse) == (checked.outcome == "fail")


@pytest.mark.parametrize("fault", ["truncated-chain:4", "missing-initial-state:h[t-1]", "regulariser-mismatch:b_h"])
def test_what_the_configured_point_misses_is_called_caught_where_the_probe_fails(fault):
    assert not is_caught(fault, "check.probe=off")
    assert is_caught(fault)
    assert run_check(settings(f"backward.fault={fault}")).outcome == "fail"


def test_those_faults_hold_both_kinds():
    """Else the comparisons above would prove little."""
    caught = [is_caught(fault, "check.probe=off") for fault in FAULTS]
    assert caught.count(True) >= 8
    assert caught.count(False) >= 4


def test_a_fault_that_changes_nothing_is_no_sight():
    """No matrix here but W_hh is square: transposing what is not keeps its gradient as it is."""
    judge, _ = judge_of()
    transposed = Fault("transposed-gradient", "W_xh", "", ("W_xh",), Damage.TRANSPOSE, parameter="W_xh")
    assert judge.sight(transposed) is None


def test_of_several_ways_of_coding_a_fault_the_hardest_counts():
    """One way of cutting the chain after four lags loses lag 5 alone, another cuts in the middle of it too."""
    judge, net = judge_of("check.probe=off")
    cuts = [fault for fault in faults_of(net) if fault.name == "truncated-chain:4"]
    alone = {judge.sight(cut).caught for cut in cuts}
    assert alone == {True, False}
    for order in (cuts, cuts[::-1]):
        (sight,) = judge.power(order).sights
        assert not sight.caught


def test_the_table_counts_as_the_line_of_a_passing_check_does():
    table, line = judge_known_faults(settings()).power, run_check(settings()).power
    assert line is not None
    assert (table.known, len(table.missed)) == (line.known, len(line.missed))
    assert [each.fault.name for each in table.sights] == [each.fault.name for each in line.sights]
