"""The check as a function: what it takes, what it finds in functions of this process, what it refuses."""

import importlib
import io
import subprocess
import sys

import numpy as np
import pytest

import gradcheck_rnn
from gradcheck_rnn import Report, UsageError, check, fix
from gradcheck_rnn.config import load_settings
from gradcheck_rnn.report.machine import as_document
from tests.cli.running import CONFIGS, ROOT

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((20, 3)), RNG.standard_normal((20, 2))
POINT = {"W": RNG.standard_normal((3, 2)), "b": np.zeros(2)}
TAGGER = {"model": {"input_size": 8, "hidden_size": 5, "output_size": 4}, "sequence": {"length": 6}, "seed": 0}


def loss(parameters):
    """Linear regression: 1/2 sum (x W + b - y)**2."""
    return 0.5 * float(((X @ parameters["W"] + parameters["b"] - Y) ** 2).sum())


def gradients(parameters):
    """X' r and the column sums of r, for the residual r."""
    r = X @ parameters["W"] + parameters["b"] - Y
    return {"W": X.T @ r, "b": r.sum(axis=0)}


def checked(**changed):
    return check(**{"loss": loss, "gradients": gradients, "parameters": POINT, **changed})


def named(report):
    return {(finding.kind, finding.term) for finding in report.findings}


def test_the_closed_form_of_a_regression_passes():
    report = checked()
    assert (report.outcome, report.findings, report.notes) == ("pass", (), ())
    assert [(row.name, row.shape, row.checked) for row in report.rows] == [("W", (3, 2), 6), ("b", (2,), 2)]


def test_differences_are_those_of_the_given_point():
    """At the configured point the worst entry's numeric value is the closed form's."""
    report = checked(overrides={"probe": False})
    exact = gradients(POINT)
    for row in report.rows:
        assert row.worst.numeric == pytest.approx(exact[row.name][row.worst.index], rel=1e-9)


def test_a_factor_on_one_gradient_is_named():
    report = checked(gradients=lambda parameters: {**gradients(parameters), "W": 2 * gradients(parameters)["W"]})
    assert report.outcome == "fail"
    assert {row.name: row.verdict for row in report.rows} == {"W": "fail", "b": "pass"}
    assert named(report) == {("scaled-gradient", "W")}


def test_a_constant_is_a_number_where_no_steps_are_known():
    """A described net of 9 steps would have it called T."""
    (finding,) = checked(gradients=lambda parameters: {k: 9 * v for k, v in gradients(parameters).items()}).findings
    assert finding.message == "every gradient is 9 times what it should be"


def raising(_parameters):
    raise ZeroDivisionError("no data")


def writing(parameters):
    parameters["W"] *= 0.5
    return gradients(parameters)


def leaving(_parameters):
    sys.exit(3)


def accumulating():
    total = {name: np.zeros_like(value) for name, value in POINT.items()}

    def backward(parameters):
        for name, value in gradients(parameters).items():
            total[name] += value
        return {name: value.copy() for name, value in total.items()}

    return {"gradients": backward}


def noisy():
    rng = np.random.default_rng(1)
    return {"loss": lambda parameters: loss(parameters) + 1e-3 * rng.standard_normal()}


def in_float32(parameters):
    r = (X @ parameters["W"] + parameters["b"] - Y).astype(np.float32)
    return 0.5 * float((r**2).sum())


MISBEHAVIOUR = {
    "raised gradients": {"gradients": raising},
    "raised loss": {"loss": leaving},
    'mutated-argument parameters["W"]': {"gradients": writing},
    "accumulating-gradients W": accumulating(),
    "nondeterministic-loss loss": noisy(),
    "float32-inside loss": {"loss": in_float32},
    "missing-key b": {"gradients": lambda parameters: {"W": gradients(parameters)["W"]}},
    "wrong-shape W": {"gradients": lambda parameters: {**gradients(parameters), "W": gradients(parameters)["W"].T}},
    "non-finite b": {"gradients": lambda parameters: {**gradients(parameters), "b": np.array([0.0, np.nan])}},
}


@pytest.mark.parametrize("what", MISBEHAVIOUR)
def test_what_functions_do_is_a_finding_and_no_pass(what):
    report = checked(**MISBEHAVIOUR[what])
    kind, term = what.split(" ")
    assert (kind, term) in named(report)
    assert report.outcome != "pass"


def test_an_exception_has_its_place_and_no_advice_about_processes():
    (finding,) = checked(gradients=raising).findings
    assert (finding.location.file, finding.location.text.strip()) == (__file__, 'raise ZeroDivisionError("no data")')
    assert "--workers" not in finding.help


def test_the_callers_arrays_are_not_written_to():
    own = {"W": np.ones((3, 2)), "b": np.ones(2)}
    checked(parameters=own, gradients=writing)
    np.testing.assert_array_equal(own["W"], np.ones((3, 2)))


def test_numbers_are_parameters_too():
    report = check(
        loss=lambda parameters: float(np.sin(parameters["a"])),
        gradients=lambda parameters: {"a": np.cos(parameters["a"])},
        parameters={"a": 3},
    )
    assert (report.outcome, report.rows[0].shape) == ("pass", ())


def test_a_loss_that_is_not_defined_at_the_probe_is_checked_at_the_given_point():
    report = check(
        loss=lambda parameters: float(np.log(parameters["s"]).sum()) if (parameters["s"] > 0).all() else np.nan,
        gradients=lambda parameters: {"s": 1 / parameters["s"]},
        parameters={"s": [1.0, 2.0]},
    )
    assert (report.outcome, len(report.points)) == ("pass", 1)
    assert [(note.kind, note.term) for note in report.notes] == [("blind-check", "probe")]


def recurrent(carried):
    """The squared last state of a net without inputs but its first, and its gradient with `carried` as the carry."""

    def states(W):
        h = [np.array([1.0, -0.5, 0.25])]
        for _ in range(8):
            h.append(np.tanh(h[-1] @ W))
        return h

    def backward(parameters):
        W, dW = parameters["W"], np.zeros((3, 3))
        h = states(W)
        dh = h[-1]
        for before, after in zip(h[-2::-1], h[:0:-1], strict=True):
            dz = (1 - after**2) * dh
            dW += np.outer(before, dz)
            dh = carried(dz, W)
        return {"W": dW}

    return {"loss": lambda parameters: 0.5 * float((states(parameters["W"])[-1] ** 2).sum()), "gradients": backward}


def test_a_right_recurrent_net_passes():
    weights = {"W": 0.5 * np.random.default_rng(2).standard_normal((3, 3))}
    assert check(**recurrent(lambda dz, W: dz @ W.T), parameters=weights).outcome == "pass"


def test_a_transpose_is_found_without_a_description():
    """At a symmetric matrix the fault vanishes; the probe, which the tool draws, is not symmetric."""
    symmetric = {"W": np.array([[0.5, 0.2, 0.1], [0.2, -0.4, 0.3], [0.1, 0.3, 0.6]])}
    report = check(**recurrent(lambda dz, W: dz @ W), parameters=symmetric)
    assert report.points[0].comparisons[0].verdict == "pass"
    assert (report.outcome, named(report)) == ("fail", {("untransposed-weight", "W")})
    assert "T = " not in str(report)


def tagger(name):
    """Functions of the tagger's adapter, which take a batch."""
    sys.path.insert(0, str(ROOT / "fixtures" / "pos_tagger"))
    try:
        module = __import__(name)
    finally:
        sys.path.pop(0)
    return {"loss": module.loss, "gradients": module.gradients}


def wrong_sign(parameters):
    r = X @ parameters["W"] + parameters["b"] - Y
    return {"W": X.T @ r, "b": -r.sum(axis=0)}


def test_a_repair_of_functions_gives_the_gradients_of_the_closed_form():
    repair = fix(loss=loss, gradients=wrong_sign, parameters=POINT)
    (diff,) = repair.patch.diffs(ROOT)
    assert diff.name == "tests/test_api.py"
    assert '+    return {"W": X.T @ r, "b": r.sum(axis=0)}' in diff.text
    assert set(repair.patch.points) == {"other values of W (3, 2), b (2,), all else the same"}
    assert diff.text in str(repair)


def test_right_functions_have_nothing_to_repair():
    repair = fix(loss=loss, gradients=gradients, parameters=POINT)
    assert (repair.patch, repair.report.outcome) == (None, "pass")
    assert str(repair).startswith("nothing to repair\n")


def test_a_repair_that_cannot_be_searched_says_why():
    generator = (each for each in ())
    wrong = fix(loss=loss, gradients=lambda p: {**wrong_sign(p), **dict(generator)}, parameters=POINT)
    assert wrong.searched.reason.startswith("`generator` cannot be taken to another process")
    assert "nothing could be searched: `generator`" in str(wrong)


def test_a_file_that_cannot_be_loaded_once_more_is_the_reason_that_nothing_was_searched(tmp_path, monkeypatch):
    (tmp_path / "once.py").write_text(
        "import os\nassert 'LOADED_BEFORE' not in os.environ\ndef gradients(p): return {'W': 2 * p['W']}\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    once = importlib.import_module("once")
    monkeypatch.setenv("LOADED_BEFORE", "yes")
    repair = fix(loss=lambda p: float((p["W"] ** 3).sum()), gradients=once.gradients, parameters={"W": [1.0, 2.0]})
    del sys.modules["once"]
    assert repair.searched.reason == "loading your files once more raised AssertionError"


def test_functions_of_a_described_net_have_the_broken_term_named():
    report = check(TAGGER, **tagger("untransposed"))
    assert [(each.kind, each.term, each.certainty) for each in report.findings] == [
        ("untransposed-weight", "W_hh", "matched")
    ]
    assert report.chain is not None
    assert not report.in_python  # no configuration that `fix` could read names them


def test_a_described_net_needs_no_loss_of_ones_own():
    report = check(TAGGER, gradients=tagger("right")["gradients"], overrides={"length": 2})
    assert (report.outcome, report.loss, report.settings.sequence.length) == ("pass", "described", 2)


def test_a_mapping_is_checked_like_the_yaml_that_says_the_same():
    config = {**TAGGER, "seed": np.int64(0), "backward": {"fault": "missing-term:dh_next"}, "check": {"probe": False}}
    text = b"""
model: {input_size: 8, hidden_size: 5, output_size: 4}
sequence: {length: 6}
seed: 0
backward: {fault: "missing-term:dh_next"}
check: {probe: off}
"""
    document = as_document(check(config))
    assert document["verdict"] == "fail"
    assert as_document(check(load_settings("-", stdin=io.BytesIO(text)))) == {**document, "config": "-"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "there is nothing to check"),
        ({"loss": loss}, "no `gradients`"),
        ({"loss": loss, "gradients": gradients}, "`parameters` is not given"),
        ({"gradients": gradients, "parameters": POINT}, "`loss` is not given"),
        ({"loss": loss, "gradients": gradients, "parameters": {}}, "an empty dict"),
        ({"loss": loss, "gradients": gradients, "parameters": {"W": "x"}}, "no array of real numbers"),
        ({"loss": loss, "gradients": gradients, "parameters": {"W": np.inf}}, "not finite"),
        ({"loss": 1.0, "gradients": gradients, "parameters": POINT}, "`loss` is no function but float"),
        (
            {"loss": pow, "gradients": gradients, "parameters": POINT},
            "cannot be called as loss(parameters)",
        ),
        ({"config": TAGGER, "gradients": gradients}, "cannot be called as gradients(parameters, batch)"),
        ({"config": {**TAGGER, "sede": 1}}, "did you mean `seed`?"),
        ({"config": {**TAGGER, "seed": object()}}, "cannot be written as YAML"),
        ({"config": "no.yaml"}, "no such file"),
        ({"config": TAGGER, "overrides": {"lenght": 3}}, "unknown key `lenght`"),
        ({"config": TAGGER, "only": ["W"]}, "no parameter"),
        ({"loss": loss, "gradients": gradients, "parameters": POINT, "workers": 2}, "run in this process"),
    ],
)
def test_mistakes_in_the_arguments_are_told_before_anything_is_checked(arguments, words):
    with pytest.raises(UsageError) as caught:
        check(**arguments)
    assert words in str(caught.value)


def test_an_adapter_and_functions_exclude_each_other():
    with pytest.raises(UsageError, match="only one of them can be checked"):
        check(str(CONFIGS / "pos_tagger.yaml"), **tagger("right"))


def test_importing_the_package_imports_neither_numpy_nor_what_the_command_needs():
    code = (
        "import sys, gradcheck_rnn; from gradcheck_rnn import __version__;"
        "print({'numpy', 'yaml', 'click', 'rich'} & set(sys.modules));"
        "print(gradcheck_rnn.check.__module__, 'check' in dir(gradcheck_rnn))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout.decode()
    assert out.splitlines() == ["set()", "gradcheck_rnn.api True"]


def test_the_package_offers_what_it_names():
    assert gradcheck_rnn.Report is Report
    assert all(hasattr(gradcheck_rnn, name) for name in gradcheck_rnn.__all__)
    with pytest.raises(AttributeError, match="chekc"):
        gradcheck_rnn.chekc  # noqa: B018 - asking is what fails


def test_type_checkers_are_told_that_there_are_types():
    assert (ROOT / "gradcheck_rnn" / "py.typed").exists()
