"""Explanations put into words: what is wrong, what it should read, where, and what proves it."""

import pytest

from gradcheck_rnn.diagnose.findings import findings_of
from gradcheck_rnn.diagnose.hypotheses import Explanation, RunnerUp
from gradcheck_rnn.faults.elman import named_constant
from gradcheck_rnn.faults.library import fault_by_name
from gradcheck_rnn.findings import Finding
from tests.diagnose.witnesses import plain, problems_of
from tests.faults.planted import faults_of

NET = problems_of(plain(layout="column"))[0].net
OWN = {"W_xh": "U", "W_hh": "W", "W_hy": "V"}


def explanation(*names: str, **fields: object) -> Explanation:
    faults = tuple(named_constant("T") if name == "T" else fault_by_name(name, faults_of(NET)) for name in names)
    plain_fields = {
        **{"residual": 1e-15, "draws": 3, "explained": tuple(OWN), "unexplained": (), "equivalent": ()},
        "runner_up": None,
    }
    return Explanation(faults=faults, **(plain_fields | fields))  # type: ignore[arg-type]  # fields by name


def found(*names: str, wrong: tuple[str, ...] = ("U", "W"), **fields: object) -> list[Finding]:
    return findings_of(explanation(*names, **fields), NET, OWN, wrong)


def test_a_fault_is_told_in_the_user_s_names_and_layout():
    (finding,) = found("untransposed-weight:W_hh")
    assert (finding.kind, finding.term, finding.certainty) == ("untransposed-weight", "W_hh", "matched")
    assert finding.message == "dh_next is multiplied by W, not by its transpose"
    assert finding.help == "dh_next = W.T @ dz"
    assert finding.parameters == ("U", "W")


def test_a_fault_of_one_parameter_concerns_that_one():
    (finding,) = found("transposed-gradient:W_hh")
    assert finding.parameters == ("W",)
    assert finding.help == "dW += np.outer(dz, h[t-1])"


def test_the_evidence_holds_what_was_measured():
    near = RunnerUp(fault_by_name("bypassed-activation:dh_next", faults_of(NET)), 0.6)
    (finding,) = found("missing-term:dh_next", runner_up=near, equivalent=("wrong-operand:W_hh",), residual=2e-14)
    assert finding.evidence == {
        "residual": 2e-14,
        "draws": 3,
        "damage": "left out",
        "equivalent": ["wrong-operand:W_hh"],
        "runner_up": {"kind": "bypassed-activation", "term": "dh_next", "residual": 0.6},
    }


def test_several_faults_name_each_other():
    one, other = found("T", "untransposed-weight:W_hh")
    assert one.evidence["together_with"] == ["untransposed-weight:W_hh"]
    assert other.evidence["together_with"] == ["scaled-gradient:T"]


def test_what_stays_wrong_is_a_finding_of_its_own_and_only_likely():
    *_, left = found("transposed-gradient:W_hh", wrong=("U", "W"), unexplained=("W_xh",))
    assert (left.kind, left.term, left.certainty, left.parameters) == ("unexplained", "U", "likely", ("U",))
    assert left.message == "more is wrong with U: the faults above do not explain all of it"


def test_what_no_fault_explains_but_the_check_passes_is_left_out():
    assert [finding.kind for finding in found("transposed-gradient:W_hh", wrong=("W",), unexplained=("W_xh",))] == [
        "transposed-gradient"
    ]


@pytest.mark.parametrize("name", sorted({fault.name for fault in faults_of(NET)} - {"transposed-gradient:b_h"}))
def test_no_described_name_is_left_in_the_words_of_a_finding(name):
    (finding,) = found(name)
    for described in OWN:
        assert described not in finding.message
        assert described not in finding.help
