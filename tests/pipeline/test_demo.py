"""The story of a fault: what it says was computed, and is so."""

import numpy as np
import pytest

from gradcheck_rnn.model.draw import configured_problem, probe_net, probe_problem
from gradcheck_rnn.model.forward import described_loss
from gradcheck_rnn.model.reference import reference_gradients
from gradcheck_rnn.pipeline.check import run_check
from gradcheck_rnn.pipeline.demo.nets import demo_names, fault_called, settings_of
from gradcheck_rnn.pipeline.demo.stages import ELMAN, GRU, LSTM
from gradcheck_rnn.pipeline.demo.story import tell_story
from tests.oracle.elman import Spec, complex_step_gradient, gradients
from tests.thinned import thinned

# of every kind of place: chain, weight, activation, loop, output error, one parameter, everything
OF_MANY_KINDS = [
    "missing-term:dh_next",
    "untransposed-weight:W_hy",
    "missing-activation-derivative:relu'",
    "wrong-activation-derivative:sigmoid'",
    "bypassed-activation:dh_next",
    "forward-order-loop:loop",
    "truncated-chain:4",
    "truncated-chain:7",
    "error-at-every-step:dy",
    "diagonal-softmax:dy",
    "clipped-gradient:dh_next",
    "missing-initial-state:h[t-1]",
    "transposed-gradient:W_xh",
    "missing-gradient:h0",
    "overwritten-accumulator:b_y",
    "scaled-gradient:1/B",
]
# places that only gated cells have, on nets of several kinds
OF_GATES = [
    (LSTM, "missing-term:p_i in dc_next"),
    (LSTM, "clipped-gradient:dc_next"),
    (GRU, "untransposed-weight:W_hr"),
    (GRU, "missing-term:u in dr"),
]
GATED = [(family, name) for family in (LSTM, GRU) for name in demo_names(family)]
# of the gated faults one in so many
SAMPLED = 20


@pytest.fixture(scope="module")
def first_story():
    return tell_story(ELMAN.first_story)


@pytest.fixture(scope="module")
def tagger():
    return configured_problem(settings_of(ELMAN.first_story))


def test_one_step_passes_and_two_fail(first_story):
    """With h0 = 0 the carry reaches W_xh and b_h at T = 2, and no use of W_hh yet."""
    assert [(rung.length, rung.verdict, rung.wrong) for rung in first_story.ladder] == [
        (1, "pass", ()),
        (2, "fail", ("W_xh", "b_h")),
    ]


def test_the_broken_code_fails_in_what_the_carry_feeds_and_the_mended_code_passes(first_story):
    assert [row.name for row in first_story.broken.rows if row.verdict == "fail"] == ["W_xh", "W_hh", "b_h"]
    assert first_story.mended.outcome == "pass"


def test_the_map_has_a_chain_that_is_wrong_not_missing(first_story):
    chain = first_story.broken.chain
    below = np.tril(np.ones((chain.length, chain.length), dtype=bool), -1)
    assert (chain.agrees == ~below).all()
    assert not chain.empty.any()


def test_the_false_alarm_is_what_a_central_difference_gives(first_story, tagger):
    alarm = first_story.classic.alarm
    losses = []
    for offset in (1e-5, -1e-5):
        moved = {name: value.copy() for name, value in tagger.parameters.items()}
        moved[alarm.parameter][alarm.index] += offset
        losses.append(described_loss(tagger.at(moved)))
    numeric = (losses[0] - losses[1]) / 2e-5
    assert alarm.numeric == pytest.approx(numeric, rel=1e-12)
    error = abs(numeric - alarm.analytic) / abs(numeric + alarm.analytic)
    assert alarm.error == pytest.approx(error, rel=1e-9)
    assert alarm.error > 1e-5


def test_the_false_alarm_is_false(first_story, tagger):
    alarm = first_story.classic.alarm
    exact = complex_step_gradient(Spec(), tagger.parameters, tagger.batch)[alarm.parameter][alarm.index]
    assert alarm.analytic == pytest.approx(exact, rel=1e-12)


def test_no_entry_is_worse_than_the_alarm(first_story):
    right = first_story.classic.right.errors
    assert max(right.values()) == first_story.classic.alarm.error


def test_the_cut_chain_is_wrong_and_the_classic_check_does_not_see_it(first_story, tagger):
    classic = first_story.classic
    right, cut = (gradients(Spec(), tagger.parameters, tagger.batch, fault) for fault in (None, "truncation:4"))
    share = max(np.linalg.norm(cut[name] - right[name]) / np.linalg.norm(right[name]) for name in right)
    assert classic.share == pytest.approx(share, rel=1e-3)
    assert classic.failing(classic.cut) == classic.failing(classic.right) == ("W_hh",)
    assert classic.is_blind
    assert (classic.right.outcome, classic.cut.outcome) == ("pass", "fail")


@pytest.mark.parametrize("name", thinned(OF_MANY_KINDS, every=2))
def test_a_fault_is_found_under_its_name(name):
    report = run_check(settings_of(name))
    assert report.outcome == "fail"
    assert [f"{finding.kind}:{finding.term}" for finding in report.findings] == [name]


@pytest.mark.parametrize(("family", "name"), thinned(OF_GATES, every=2))
def test_a_gated_fault_is_found_under_its_name(family, name):
    report = run_check(settings_of(name, family))
    assert report.outcome == "fail"
    assert [f"{finding.kind}:{finding.term}" for finding in report.findings] == [name]
    paths = [each.path for each in (report.chain, *report.chain.beside)]
    assert paths == (["c", "h"] if family is LSTM else [""])


@pytest.mark.campaign
@pytest.mark.parametrize("family", [LSTM, GRU], ids=["lstm", "gru"])
def test_gated_faults_are_found_or_ones_with_the_same_gradients(family):
    sample = demo_names(family)[::SAMPLED]
    assert [name for name in sample if name not in _names_found(settings_of(name, family))] == []


def _names_found(settings):
    """Names of the faults that a check finds, and of those that nothing can tell from them."""
    findings = run_check(settings).findings
    return {name for each in findings for name in (f"{each.kind}:{each.term}", *each.evidence.get("equivalent", ()))}


@pytest.mark.parametrize(("family", "name"), [*((ELMAN, name) for name in demo_names()), *GATED[::SAMPLED]])
def test_every_known_fault_shows_on_its_net(family, name):
    """At the configured point or at the probe, by more than the check's tolerance."""
    settings = settings_of(name, family)
    configured = configured_problem(settings)
    points = [configured, probe_problem(probe_net(configured.net, reducible=True), settings)]
    shares = []
    for point in points:
        right, wrong = reference_gradients(point), reference_gradients(point, [fault_called(name, family)])
        shares += [
            np.abs(wrong[each] - right[each]).max() / size for each in right if (size := np.abs(right[each]).max())
        ]
    assert max(shares) > 100 * settings.check.tolerance


def test_a_chain_that_is_cut_far_back_passes_at_every_length_and_is_found_at_the_probe():
    story = tell_story("truncated-chain:4")
    assert [(rung.length, rung.verdict) for rung in story.ladder] == [(T, "pass") for T in range(1, 7)]
    assert story.first_failing is None
    assert {row.worst_at for row in story.broken.rows if row.verdict == "fail"} == {"probe"}
    assert story.classic.own is None


def test_a_fault_within_a_step_fails_at_one_step():
    assert tell_story("missing-target:dy").first_failing == 1


@pytest.mark.parametrize(("family", "name"), GATED[::SAMPLED])
def test_a_gated_fault_is_shown_on_the_cell_that_was_named(family, name):
    assert settings_of(name, family).model.cell == family.name
