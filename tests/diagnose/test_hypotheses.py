"""The faults that are named, against those that were planted in programs of the oracle, none of them the reference."""

from dataclasses import replace

import numpy as np
import pytest

from gradcheck_rnn.diagnose.hypotheses import Explanation, explain_gradients
from gradcheck_rnn.diagnose.witness import SAME, Witness
from gradcheck_rnn.faults.fault import Damage
from tests.diagnose.witnesses import LENGTHS, changed, nets, nets_that_show, plain, returned, witnesses_of
from tests.faults.planted import ON_THE_CHAIN, WHERE_ADDED, counterpart
from tests.oracle import broken, elman
from tests.oracle.broken import BUGS, Bug
from tests.oracle.problems import Document, spec_of

SHORT = (4, 4, 3)  # long enough where nothing is to be found, which takes the longest
ONE_OF_EACH = {bug.kind: bug for bug in reversed(BUGS) if bug.identifier not in WHERE_ADDED}.values()
NETS_OF_A_CAMPAIGN = 1


def names(explanation: Explanation | None) -> list[str]:
    return [] if explanation is None else [fault.name for fault in explanation.faults]


def missed(bug: Bug, drawn: Document) -> str:
    """What is said of the bug where that is not, alone and of all parameters, its name."""
    witnesses = witnesses_of(drawn, bug.identifier)
    explanation, last = explain_gradients(witnesses), witnesses[-1].problem
    at = (spec_of(drawn), dict(last.parameters), last.batch)
    if explanation is not None and not explanation.unexplained and len(explanation.faults) == 1:
        (fault,) = explanation.faults
        if broken.named(bug, (fault.kind, fault.term), *at) and explanation.residual < SAME:
            return ""
    return f"{bug.identifier} -> {names(explanation)}, left {explanation and explanation.unexplained}"


@pytest.mark.parametrize("bug", ONE_OF_EACH, ids=lambda bug: bug.identifier)
def test_a_fault_of_each_kind_is_named(bug):
    assert missed(bug, next(nets_that_show(bug, len(bug.identifier)))) == ""


def test_a_carry_that_is_never_added_is_named_where_the_initial_state_is_learned():
    drawn = plain(initial_state="learned")
    assert missed(broken.BY_IDENTIFIER["missing-term:dh_next/never added"], drawn) == ""


@pytest.mark.campaign
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.identifier)
def test_every_single_fault_is_named_on_a_few_nets(bug):
    shown = [drawn for _, drawn in zip(range(NETS_OF_A_CAMPAIGN), nets_that_show(bug), strict=False)]
    assert shown
    assert [said for drawn in shown if (said := missed(bug, drawn))] == []


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        ("untransposed_carry", "untransposed-weight:W_hh"),
        ("time_index", "wrong-time-index:h[t-1]"),
        ("truncation:2", "truncated-chain:2"),
        ("factor_T", "scaled-gradient:T"),
    ],
)
def test_a_fault_of_the_first_oracle_is_named(fault, name):
    drawn = plain(layout="column")
    witnesses = changed(
        witnesses_of(drawn),
        lambda each: elman.gradients(spec_of(drawn), each.problem.parameters, each.problem.batch, fault),
    )
    assert names(explain_gradients(witnesses)) == [name]


@pytest.mark.parametrize("number", range(len(nets())))
def test_right_gradients_have_no_fault(number):
    assert explain_gradients(witnesses_of(nets()[number])) is None


def test_noise_has_no_known_fault():
    rng = np.random.default_rng(0)
    noise = changed(
        witnesses_of(plain(), lengths=SHORT),
        lambda each: {name: rng.normal(size=value.shape) for name, value in each.gradients.items()},
    )
    assert explain_gradients(noise) is None


def with_one_entry_wrong(witness: Witness) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(int(1e6 * abs(witness.gradients["W_hy"][0, 0])))
    W_hh = witness.gradients["W_hh"].copy()
    W_hh[1, 2] = rng.normal()
    return {**witness.gradients, "W_hh": W_hh}


@pytest.mark.campaign
def test_one_entry_of_a_weight_that_is_wrong_is_matched_by_no_fault():
    witnesses = changed(witnesses_of(plain(), lengths=SHORT), with_one_entry_wrong)
    assert explain_gradients(witnesses) is None


@pytest.mark.campaign
def test_beside_one_wrong_entry_a_fault_of_another_parameter_is_named_and_the_entry_left_open():
    planted = witnesses_of(plain(), "overwritten-accumulator:W_xh", lengths=SHORT)
    found = explain_gradients(changed(planted, with_one_entry_wrong))
    assert names(found) == ["overwritten-accumulator:W_xh"]
    assert (found.explained, found.unexplained) == (("W_xh", "W_hy"), ("W_hh",))


def in_single_precision(witness: Witness) -> dict[str, np.ndarray]:
    return {name: value.astype(np.float32).astype(np.float64) for name, value in witness.gradients.items()}


def test_gradients_rounded_to_single_precision_have_no_fault_where_that_is_allowed_for():
    rounded = changed(witnesses_of(plain()), in_single_precision)
    assert explain_gradients(rounded, same=1e-4) is None


def test_a_fault_is_named_behind_single_precision_where_that_is_allowed_for():
    rounded = changed(witnesses_of(plain(), "untransposed-weight:W_hh"), in_single_precision)
    found = explain_gradients(rounded, same=1e-4)
    assert names(found) == ["untransposed-weight:W_hh"]
    assert 1e-9 < found.residual < 1e-6


@pytest.mark.parametrize(
    "identifiers",
    [
        ("scaled-gradient:T", "untransposed-weight:W_hh"),
        ("sign-flip:all", "overwritten-accumulator:W_hh"),
    ],
)
def test_a_fault_is_named_together_with_the_constant_that_hides_it(identifiers):
    found = explain_gradients(witnesses_of(plain(), *identifiers))
    assert sorted(names(found)) == sorted(identifiers)
    assert found.unexplained == ()


@pytest.mark.parametrize(
    ("identifiers", "fixed"),
    [
        # two of the chain, one of the chain and one of a parameter, two of parameters
        (("untransposed-weight:W_hh", "missing-activation-derivative:f'"), {}),
        (("missing-term:dh_next/never added", "transposed-gradient:W_hh"), {"cell": "sigmoid", "kind": "mse"}),
        (("overwritten-accumulator:W_xh", "missing-gradient:W_hy"), {"layout": "column", "batch_size": 2}),
    ],
)
def test_two_faults_are_named(identifiers, fixed):
    drawn = plain(**fixed)
    found = explain_gradients(witnesses_of(drawn, *identifiers))
    expected = [identifier.partition("/")[0].replace("f'", "tanh'") for identifier in identifiers]
    assert sorted(names(found)) == sorted(expected)
    assert found.unexplained == ()
    assert found.residual < SAME


def test_three_faults_are_named_where_two_are_of_parameters():
    identifiers = ("untransposed-weight:W_hh", "transposed-gradient:W_hh", "skipped-step:W_hy/last")
    found = explain_gradients(witnesses_of(plain(), *identifiers))
    assert set(names(found)) == {"untransposed-weight:W_hh", "transposed-gradient:W_hh", "skipped-step:W_hy"}
    assert found.unexplained == ()


@pytest.mark.campaign
def test_of_three_faults_of_the_chain_and_one_of_an_output_what_is_proven_is_named():
    """No pair explains the hidden gradients, but W_hy alone has a fault of its own: nothing else is claimed."""
    identifiers = (
        *("untransposed-weight:W_hh", "missing-activation-derivative:f'", "wrong-time-index:dy/step after, dropped"),
        "sign-flip:W_hy",
    )
    found = explain_gradients(witnesses_of(plain(), *identifiers, lengths=SHORT))
    assert names(found) == ["sign-flip:W_hy"]
    assert found.unexplained == ("W_xh", "W_hh")


def test_a_fault_of_one_parameter_names_it_and_explains_all():
    found = explain_gradients(witnesses_of(plain(), "missing-activation-derivative:W_hh"))
    assert names(found) == ["missing-activation-derivative:W_hh"]
    assert found.faults[0].parameter == "W_hh"
    assert set(found.explained) == {"W_xh", "W_hh", "W_hy"}


def test_a_factor_that_is_the_length_at_one_draw_is_told_from_it_by_another():
    four = changed(
        witnesses_of(plain(), lengths=SHORT),
        lambda each: {name: 4.0 * value for name, value in each.gradients.items()},
    )
    assert names(explain_gradients(four)) == ["scaled-gradient:4"]


def test_a_fault_that_hides_at_the_first_draw_is_found_at_another():
    """A symmetric W_hh needs no transposing."""
    drawn = plain()
    first, *others = witnesses_of(drawn, "untransposed-weight:W_hh")
    W_hh = first.problem.parameters["W_hh"]
    symmetric = first.problem.at({**first.problem.parameters, "W_hh": W_hh + W_hh.T})
    bug = broken.BY_IDENTIFIER["untransposed-weight:W_hh"]
    hiding = Witness(symmetric, returned(spec_of(drawn), symmetric, [bug]))
    assert explain_gradients([hiding]) is None
    assert names(explain_gradients([hiding, *others])) == ["untransposed-weight:W_hh"]


def test_a_fault_of_one_parameter_that_looks_like_another_at_the_first_draw_is_told_by_the_next():
    """Where the first token is the last one too, an index that wraps reads what one that is held at 0 reads."""
    drawn, identifier = plain(), "wrong-time-index:x[t]/step before, wrapped"
    bug = broken.BY_IDENTIFIER[identifier]
    first, *others = witnesses_of(drawn, identifier)
    tokens = first.problem.batch.tokens.copy()
    tokens[-1] = tokens[0]
    batch = replace(first.problem.batch, tokens=tokens, inputs=np.eye(first.problem.net.sizes.input_size)[tokens])
    alike = replace(first.problem, batch=batch)
    found = explain_gradients([Witness(alike, returned(spec_of(drawn), alike, [bug])), *others])
    assert names(found) == ["wrong-time-index:x[t]"]
    assert found.faults[0].damage in (Damage.SHIFT_WRAPPED, Damage.OWN_SHIFT_WRAPPED)


@pytest.mark.parametrize(
    ("identifier", "fixed", "name", "equivalent"),
    [
        ("skipped-step:W_hh/first", {}, "missing-initial-state:h[t-1]", {"skipped-step:W_hh"}),
        ("wrong-time-index:b_h/step before, dropped", {"biases": True}, "skipped-step:b_h", {"wrong-time-index:b_h"}),
        (
            *("missing-term:dh_next/never updated", {"steps": "last"}, "missing-term:dh_next"),
            {"wrong-operand:W_hh", "truncated-chain:0", "forward-order-loop:loop"},
        ),
        ("untransposed-weight:W_hh", {}, "untransposed-weight:W_hh", set()),
    ],
)
def test_names_that_no_draw_tells_apart_stand_beside_the_canonical_one(identifier, fixed, name, equivalent):
    found = explain_gradients(witnesses_of(plain(**fixed), identifier))
    assert names(found) == [name]
    assert set(found.equivalent) == equivalent


def test_the_runner_up_is_the_nearest_other_fault_of_the_chain_and_its_residual_is_that_distance():
    """Distances among the oracle's programs, each the largest over all draws and parameters."""
    drawn = plain()
    planted = witnesses_of(drawn, "bypassed-activation:dh_next")
    distances = {}
    for bug in (broken.BY_IDENTIFIER[identifier] for identifier in sorted(ON_THE_CHAIN)):
        if broken.fits([bug], spec_of(drawn), dict(planted[0].problem.parameters)):
            fault = counterpart(bug, planted[0].problem.net)
            if fault is not None:
                distances[fault] = max(distance(drawn, each, bug) for each in planted)
    found = explain_gradients(planted)
    others = {fault: gap for fault, gap in distances.items() if fault.name != "bypassed-activation:dh_next"}
    nearest = min(others, key=others.__getitem__)
    assert found.runner_up.residual == pytest.approx(others[nearest], rel=1e-9)
    assert found.runner_up.fault.name == nearest.name
    assert found.residual < SAME < found.runner_up.residual


def distance(drawn: Document, witness: Witness, bug: Bug) -> float:
    other = returned(spec_of(drawn), witness.problem, [bug])
    gaps = []
    for name, value in witness.gradients.items():
        scale = max(np.linalg.norm(value), np.linalg.norm(other[name]))
        gaps.append(float(np.linalg.norm(value - other[name]) / scale))
    return max(gaps)


def test_one_draw_is_enough_where_no_other_can_be_had():
    found = explain_gradients(witnesses_of(plain(), "missing-term:W_hh", lengths=LENGTHS[:1]))
    assert (names(found), found.draws) == (["missing-term:W_hh"], 1)


def test_a_parameter_without_a_usable_gradient_is_left_out():
    planted = changed(
        witnesses_of(plain(), "forward-order-loop:loop"),
        lambda each: {name: value for name, value in each.gradients.items() if name != "W_hh"},
    )
    found = explain_gradients(planted)
    assert names(found) == ["forward-order-loop:loop"]
    assert set(found.explained) == {"W_xh", "W_hy"}


def test_gradients_are_never_written_to():
    planted = witnesses_of(plain(), "missing-term:dh_next/never updated", lengths=SHORT)
    for each in planted:
        for value in (*each.gradients.values(), *each.problem.parameters.values()):
            value.setflags(write=False)
    assert names(explain_gradients(planted)) == ["missing-term:dh_next"]


@pytest.mark.parametrize(("factor", "name"), [(0.5, "1/2"), (3.0, "O")])
def test_the_value_of_a_constant_that_has_a_name_is_no_other_fault(factor, name):
    right = witnesses_of(plain(), lengths=SHORT)
    scaled = changed(right, lambda each: {known: factor * value for known, value in each.gradients.items()})
    explanation = explain_gradients(scaled)
    assert names(explanation) == [f"scaled-gradient:{name}"]
    assert explanation.equivalent == ()
