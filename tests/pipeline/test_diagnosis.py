"""The diagnosis of whole checks, through adapters of an independent implementation."""

from itertools import product

import numpy as np
import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.pipeline.check import run_check
from tests.oracle import broken
from tests.oracle.broken_adapter import write_adapter
from tests.oracle.problems import random_problem, spec_of, to_yaml
from tests.thinned import thinned

SIZES = {
    "input_size": 8,
    "hidden_size": 5,
    "output_size": 6,
    "length": 7,
    "batch_size": None,
    "steps": "all",
    "biases": True,
    "cell": "tanh",
    "initial_state": "zeros",
    "kind": "softmax_cross_entropy",
}
PLANTED = (
    "missing-term:dh_next/never added",
    "untransposed-weight:W_hh",
    "bypassed-activation:dh_next",
    "wrong-activation-derivative:f'/of the activated value",
    "overwritten-accumulator:W_hh",
    "truncated-chain:2",
    "forward-order-loop:loop",
    "diagonal-softmax:dy",
    "scaled-gradient:T",
)
SOME = PLANTED[::2]


def check(folder, identifiers, scale=1.0, probe="on", bound=np.inf, described_as=None, **fixed):
    """Check a net with planted faults, its loss and gradients multiplied by `scale`, gradients clipped at a bound."""
    document = random_problem(np.random.default_rng(0), **SIZES | fixed)
    bugs = [broken.BY_IDENTIFIER[identifier] for identifier in identifiers]
    path = write_adapter(folder, spec_of(document), bugs)
    scaled = f"""
unscaled_loss, unscaled = loss, gradients


def loss(parameters, batch):
    return {scale!r} * unscaled_loss(parameters, batch)


def gradients(parameters, batch):
    gradients = {{name: {scale!r} * value for name, value in unscaled(parameters, batch).items()}}
    return {{name: np.clip(value, -{bound}, {bound}) for name, value in gradients.items()}}
"""
    path.write_text(path.read_text() + f"\nfrom numpy import inf\n{scaled}")
    if described_as is not None:
        document["model"] |= {"cell": described_as}
    document |= {"backward": {"adapter": path.name}, "check": {"probe": probe}}
    (folder / "net.yaml").write_text(to_yaml(document))
    return run_check(load_settings(str(folder / "net.yaml")), workers=0), spec_of(document)


def named(report):
    return [(finding.kind, finding.term) for finding in report.findings]


@pytest.mark.parametrize(("layout", "identifier"), thinned(product(["row", "column"], PLANTED), every=8))
def test_a_fault_has_the_same_name_in_both_layouts(identifier, layout, tmp_path):
    report, spec = check(tmp_path, [identifier], layout=layout)
    assert named(report) == [broken.BY_IDENTIFIER[identifier].name(spec)]


@pytest.mark.parametrize(("scale", "identifier"), thinned(product([1e-8, -3e7], SOME), every=6))
def test_a_factor_on_the_loss_changes_no_finding(identifier, scale, tmp_path):
    report, spec = check(tmp_path, [identifier], scale=scale)
    assert named(report) == [broken.BY_IDENTIFIER[identifier].name(spec)]


@pytest.mark.parametrize("identifier", thinned(SOME, every=3))
def test_tiny_weights_change_no_finding(identifier, tmp_path):
    """With N(0, 0.01**2) the chain vanishes at the configured point; the further draws are the probe's."""
    report, spec = check(tmp_path, [identifier], gain=0.01)
    assert named(report) == [broken.BY_IDENTIFIER[identifier].name(spec)]


@pytest.mark.parametrize("identifier", SOME)
def test_without_a_probe_points_nearby_name_the_fault(identifier, tmp_path):
    report, spec = check(tmp_path, [identifier], probe="off", gain=1.0)
    assert named(report) == [broken.BY_IDENTIFIER[identifier].name(spec)]


@pytest.mark.parametrize(("gain", "term"), [(3.0, "all"), (1.0, "b_h")])
def test_a_bound_that_only_the_configured_point_reaches_is_named(gain, term, tmp_path):
    """The probe and the further draws are right."""
    report, _ = check(tmp_path, [], bound=4.0, gain=gain)
    assert not any(each.verdict == "fail" for each in report.points[1].comparisons)
    assert named(report) == [("clipped-gradient", term)]
    assert "clipped at 4 as" in report.findings[0].message


def test_where_only_the_configured_point_is_wrong_numbers_are_changed_there(tmp_path):
    """The description is that of another net, so that the numbers are all that there is."""
    report, _ = check(tmp_path, [], bound=7.0, gain=3.0, described_as="sigmoid")
    kinds = dict(named(report)[::-1])
    assert kinds.keys() == {"forward-differs", "clipped-gradient"}
    clipped = {finding.term for finding in report.findings if finding.kind == "clipped-gradient"}
    assert clipped == {row.name for row in report.rows if row.verdict == "fail"}


def test_two_faults_are_both_named(tmp_path):
    report, _ = check(tmp_path, ["scaled-gradient:T", "untransposed-weight:W_hh"])
    assert set(named(report)) == {("scaled-gradient", "T"), ("untransposed-weight", "W_hh")}
    assert all("together_with" in finding.evidence for finding in report.findings)


def test_right_code_has_no_finding_and_no_map(tmp_path):
    report, _ = check(tmp_path, [])
    assert (report.outcome, report.findings, report.chain) == ("pass", (), None)
    assert report.power is not None
    assert report.power.missed == ()


@pytest.mark.campaign
def test_noise_in_one_gradient_is_unexplained_and_experiments_say_what_they_can(tmp_path):
    """The gradient of W_hh is replaced by a function of the parameters that is no gradient."""
    document = random_problem(np.random.default_rng(0), **SIZES)
    path = write_adapter(tmp_path, spec_of(document))
    noise = """
right = gradients


def gradients(parameters, batch):
    d = right(parameters, batch)
    d["W_hh"] = np.cos(17.0 * parameters["W_hh"]) + 0.1
    return d
"""
    path.write_text(path.read_text() + noise)
    (tmp_path / "net.yaml").write_text(to_yaml(document | {"backward": {"adapter": path.name}}))
    report = run_check(load_settings(str(tmp_path / "net.yaml")), workers=0)
    (finding,) = report.findings
    assert (finding.kind, finding.certainty, finding.parameters) == ("unexplained", "likely", ("W_hh",))
    questions = [each["question"] for each in finding.evidence["experiments"]]
    assert questions[0] == "one constant on everything?"
    assert "which sequences?" in questions
