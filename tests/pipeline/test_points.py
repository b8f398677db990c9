"""What a check makes of its two points, and of code that works at one size only."""

from itertools import product

import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.pipeline.check import run_check
from tests.cli.running import CONFIGS, MISBEHAVING, tagger_config
from tests.thinned import thinned

RIGHT = "from tagger_core import loss, gradients\n"
# the first entry of W_hh's gradient is off by a share of itself
OFF = """
import tagger_core
from tagger_core import loss
def gradients(parameters, batch):
    grads = tagger_core.gradients(parameters, batch)
    grads["W_hh"][0, 0] *= 1 + {share}
    return grads
"""

# the net of the configuration with either loss, in the precision of what it is given; the loss is scaled in float64
FLOAT32 = """
import numpy as np

SCALE = {scale}

def forward(parameters, batch):
    h = [batch.initial_state["h"]]
    for x in batch.inputs:
        h.append(np.tanh(x @ parameters["W_xh"] + h[-1] @ parameters["W_hh"] + parameters["b_h"]))
    return h, h[1:] @ parameters["W_hy"] + parameters["b_y"]

def errors(y, targets):
    if targets.dtype.kind == "f":
        return 0.5 * (y - targets) ** 2, y - targets
    p = np.exp(y - y.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    hot = np.eye(y.shape[1], dtype=y.dtype)[targets]
    return -np.log((p * hot).sum(axis=1)), p - hot

def loss(parameters, batch):
    return SCALE * float(errors(forward(parameters, batch)[1], batch.targets)[0].sum())

def gradients(parameters, batch):
    h, y = forward(parameters, batch)
    dy = errors(y, batch.targets)[1]
    grads = {{name: np.zeros_like(value) for name, value in parameters.items()}}
    dh_next = np.zeros_like(h[0])
    for t in reversed(range(len(dy))):
        dz = (dy[t] @ parameters["W_hy"].T + dh_next) * (1 - h[t + 1] ** 2)
        grads["W_hy"] += np.outer(h[t + 1], dy[t])
        grads["b_y"] += dy[t]
        grads["W_xh"] += np.outer(batch.inputs[t], dz)
        grads["W_hh"] += np.outer(h[t], dz)
        grads["b_h"] += dz
        dh_next = dz @ parameters["W_hh"].T
    return {{name: SCALE * grad for name, grad in grads.items()}}
"""


@pytest.fixture
def check(tmp_path):
    def run(text, *overrides, only=()):
        (tmp_path / "adapter.py").write_text(f"import sys\nsys.path.insert(1, {str(MISBEHAVING)!r})\n{text}")
        settings = load_settings(str(tagger_config(tmp_path, tmp_path / "adapter.py")), overrides=overrides)
        return run_check(settings, only=only, workers=0)

    return run


def failing(report):
    return [row.name for row in report.rows if row.verdict == "fail"]


def note_kinds(report):
    return [note.kind for note in report.notes]


def test_a_learned_initial_state_keeps_the_shape_that_its_code_gives_it(check):
    """A row, as the code of batches has it."""
    drawn = """
def parameters(rng):
    shapes = {"W_xh": (8, 5), "W_hh": (5, 5), "b_h": (5,), "W_hy": (5, 4), "b_y": (4,), "h0": (1, 5)}
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}
"""
    code = FLOAT32.format(scale=1).replace('batch.initial_state["h"]', 'parameters["h0"][0]') + drawn
    assert "    return {name: SCALE" in code
    code = code.replace("    return {name: SCALE", '    grads["h0"][0] = dh_next\n    return {name: SCALE')
    report = check(code, "model.initial_state=learned")
    assert (report.outcome, report.findings, report.loss) == ("pass", (), "described")
    assert [row.shape for row in report.rows if row.name == "h0"] == [(1, 5)]


def test_both_points_are_judged_unless_the_probe_is_off(check):
    assert [point.name for point in check(RIGHT).points] == ["configured", "probe"]
    assert [point.name for point in check(RIGHT, "check.probe=off").points] == ["configured"]


@pytest.mark.parametrize(
    ("share", "outcome"),
    [
        pytest.param(1e-9, "pass", marks=pytest.mark.campaign),
        (5e-7, "pass"),
        (2e-6, "fail"),
        pytest.param(-1e-3, "fail", marks=pytest.mark.campaign),
    ],
)
def test_one_entry_beyond_the_tolerance_is_enough_and_one_within_it_is_not(check, share, outcome):
    assert check(OFF.format(share=share)).outcome == outcome


@pytest.mark.campaign
@pytest.mark.parametrize("tolerance", ["1e-4", pytest.param("1e-8", marks=pytest.mark.campaign)])
def test_the_tolerance_moves_that_line(check, tolerance):
    just_within, just_beyond = 0.9 * float(tolerance), 1.1 * float(tolerance)
    assert check(OFF.format(share=just_within), f"tolerance={tolerance}").outcome == "pass"
    assert check(OFF.format(share=just_beyond), f"tolerance={tolerance}").outcome == "fail"


@pytest.mark.campaign
def test_the_worst_entry_is_the_one_that_was_spoiled(check):
    (row,) = [row for row in check(OFF.format(share=0.5)).rows if row.verdict == "fail"]
    assert (row.name, row.worst.index) == ("W_hh", (0, 0))
    assert row.max_relative_error == pytest.approx(1 / 3)


SCALED = """
import tagger_core
def loss(parameters, batch):
    return {factor} * tagger_core.loss(parameters, batch)
def gradients(parameters, batch):
    grads = tagger_core.gradients(parameters, batch)
    grads["W_hh"] = {spoil} * grads["W_hh"]
    return {{name: {factor} * grad for name, grad in grads.items()}}
"""


@pytest.mark.parametrize("factor", ["1e9", "1e-9", "-1.0", "1e-150", "1e150"])
def test_a_constant_factor_of_the_loss_changes_no_verdict(check, factor):
    right = check(SCALED.format(factor=factor, spoil=1.0))
    assert (right.outcome, note_kinds(right)) == ("pass", ["loss-factor"])
    assert failing(check(SCALED.format(factor=factor, spoil=1.001))) == ["W_hh"]


def test_gradients_of_another_sign_fail_in_every_row(check):
    negated = """
import tagger_core
from tagger_core import loss
def gradients(parameters, batch):
    return {name: -grad for name, grad in tagger_core.gradients(parameters, batch).items()}
"""
    assert failing(check(negated)) == ["W_xh", "W_hh", "b_h", "W_hy", "b_y"]


def test_without_a_loss_the_described_one_is_differenced(check):
    assert check("from tagger_core import gradients\n").outcome == "pass"
    wrong = OFF.format(share=0.1).replace("from tagger_core import loss\n", "")
    assert failing(check(wrong)) == ["W_hh"]


def test_a_fault_that_needs_a_state_shows_at_the_probe_only(check):
    """At the configured point h0 is zero, so that leaving it out of dW_hh costs nothing."""
    report = check("""
import tagger_core
from tagger_core import forward, errors, loss
def gradients(parameters, batch):
    grads = tagger_core.gradients(parameters, batch)
    h, probabilities = forward(parameters, batch)
    dz, _ = errors(parameters, batch, h, probabilities)
    return grads | {"W_hh": h[1:-1].T @ dz[1:]}
""")
    (row,) = [row for row in report.rows if row.verdict == "fail"]
    assert (row.name, row.worst_at) == ("W_hh", "probe")


@pytest.mark.campaign
def test_only_the_parameters_asked_for_are_judged(check):
    report = check(OFF.format(share=0.1), only=("W_hh", "b_y"))
    assert [(row.name, row.verdict) for row in report.rows] == [("W_hh", "fail"), ("b_y", "pass")]


def test_a_loss_that_does_not_move_with_the_parameters_proves_nothing(check):
    """Gradients that are all zero would agree with it."""
    source = "def loss(parameters, batch):\n    return float(batch.targets.sum())\n"
    source += "def gradients(parameters, batch):\n    return {name: 0 * value for name, value in parameters.items()}\n"
    report = check(source)
    assert report.outcome == "error"
    assert "does not move with the parameters" in report.findings[0].message


@pytest.mark.parametrize("loss", ["user", "described"])
def test_progress_counts_up_to_the_whole_at_both_points(tmp_path, loss):
    config = tagger_config(tmp_path, MISBEHAVING / "loss_as_a_matrix.py")
    told = []
    settings = load_settings(str(config), overrides=[f"check.loss={loss}"])
    run_check(settings, workers=0, progress=lambda *news: told.append(news))
    for point in ("configured", "probe"):
        counts = [(done, total) for label, done, total in told if label == point]
        assert counts == sorted(counts)
        assert all(0 <= done <= total for done, total in counts)
        assert counts[-1][0] == counts[-1][1]


def test_the_reference_agrees_with_itself():
    report = run_check(load_settings(str(CONFIGS / "elman.yaml")))
    assert (report.outcome, report.loss) == ("pass", "described")


@pytest.mark.parametrize(
    ("weights", "kind", "scale"),
    thinned(product(["0.01", "1.0"], ["softmax_cross_entropy", "mse"], ["1.0", "1 / 6"]), every=3),
)
def test_a_right_gradient_in_float32_is_never_called_wrong(tmp_path, weights, kind, scale):
    """A loss in single precision moves in steps that its own differences can miss altogether."""
    (tmp_path / "adapter.py").write_text(FLOAT32.format(scale=scale))
    config = tagger_config(tmp_path, tmp_path / "adapter.py")
    overrides = [f"model.init.scale={weights}", "model.init.distribution=normal", f"loss.kind={kind}", "dtype=float32"]
    for loss in ("auto", "user"):
        settings = load_settings(str(config), overrides=[*overrides, f"check.loss={loss}"])
        assert failing(run_check(settings, workers=0)) == []


def test_code_in_float32_by_itself_is_never_called_wrong(tmp_path):
    config = tagger_config(tmp_path, MISBEHAVING / "float32_throughout.py")
    for seed in range(8, 12):
        assert failing(run_check(load_settings(str(config), overrides=[f"seed={seed}"]), workers=0)) == []


@pytest.mark.campaign
def test_steps_that_are_too_wide_cannot_tell_rather_than_fail(check):
    for step in ("0.1", "0.25", "0.5", "1.0"):
        for method in ("central", "richardson"):
            report = check(RIGHT, f"check.step={step}", f"check.method={method}", "check.loss=user")
            assert failing(report) == []
