"""Sweeps over the step and over T, of code whose errors are known in closed form and of the fixtures."""

from functools import cache

import numpy as np
import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.errors import UsageError
from gradcheck_rnn.pipeline.sweep.run import lengths_up_to, run_sweep
from tests.cli.running import CONFIGS, MISBEHAVING, tagger_config

W = np.array([1.0, 2.0, -0.5, 1.5])
# L = sum of w**3 takes nothing from the batch; its central difference is 3 w**2 + h**2
CUBIC = f"""
import numpy as np
def parameters(rng):
    return {{"w": np.array({W.tolist()})}}
def loss(parameters, batch):
    return float((parameters["w"] ** 3).sum())
def gradients(parameters, batch):
    T = len(batch.inputs)
    return {{"w": 3 * parameters["w"] ** 2 * (FACTOR)}}
"""
RIGHT = "from tagger_core import loss, gradients\n"
WITHOUT_LOSS = "from tagger_core import gradients\n"
REFUSES_ONE_STEP = """
import tagger_core
from tagger_core import loss
def gradients(parameters, batch):
    if len(batch.inputs) == 1:
        raise ValueError("one word is no sentence")
    return tagger_core.gradients(parameters, batch)
"""
NOTHING_FROM_THREE_STEPS = """
import tagger_core
from tagger_core import loss
def gradients(parameters, batch):
    if len(batch.inputs) == 3:
        return None
    return tagger_core.gradients(parameters, batch)
"""


@pytest.fixture
def sweep(tmp_path):
    """Sweep over an adapter of one's own, in this process."""

    def run(source, *overrides, **more):
        file = tmp_path / "adapter.py"
        file.write_text(f"import sys\nsys.path.insert(1, {str(MISBEHAVING)!r})\n{source}", encoding="utf-8")
        settings = load_settings(str(tagger_config(tmp_path, file)), overrides=overrides)
        return run_sweep(settings, workers=0, **more)

    return run


@cache
def swept(config, *overrides, **more):
    """Sweep over one of the ready-made configurations; the value is frozen, so that tests may share it."""
    return run_sweep(load_settings(str(CONFIGS / config), overrides=overrides), workers=0, **more)


def curves(at):
    return {curve.name: curve for curve in at.curves}


def first_failing(found):
    return {curve.name: found.lengths.first_failing(curve) for curve in found.lengths.curves}


def test_the_error_of_a_right_cubic_is_the_square_of_the_step(sweep):
    found = sweep(CUBIC.replace("FACTOR", "1"))
    (curve,) = found.points[0].curves
    for h, error in list(zip(found.steps, curve.errors, strict=True))[:7]:
        assert error == pytest.approx(h**2 * np.sqrt(W.size) / np.linalg.norm(3 * W**2), rel=1e-3)
    assert curve.regimes.is_v


def test_a_cubic_off_by_a_tenth_is_flat_at_a_tenth_of_the_larger_gradient(sweep):
    found = sweep(CUBIC.replace("FACTOR", "1.1"))
    for at in found.points:
        (curve,) = at.curves
        assert curve.verdict == "fail"
        assert curve.regimes.flat.level == pytest.approx(0.1 / 1.1, rel=0.01)
        assert curve.own_error == pytest.approx(0.1 / 1.1)


def test_a_gradient_that_is_wrong_from_three_steps_on_fails_first_at_three(sweep):
    found = sweep(CUBIC.replace("FACTOR", "1 if T < 3 else 1.1"))
    (curve,) = found.lengths.curves
    assert curve.verdicts == ("pass", "pass", *["fail"] * 7)
    np.testing.assert_allclose(curve.errors[2:], 0.1 / 1.1)
    assert first_failing(found) == {"w": 3}


def test_an_untransposed_carry_is_flat_at_both_points_and_fails_from_two_steps_on():
    found = swept("pos_tagger.yaml")
    for at in found.points:
        wrong = [name for name, curve in curves(at).items() if curve.regimes.flat is not None]
        assert wrong == ["W_xh", "W_hh", "b_h"]
        assert all(curves(at)[name].regimes.is_v for name in ("W_hy", "b_y"))
    assert first_failing(found) == {"W_xh": 2, "W_hh": 2, "b_h": 2, "W_hy": None, "b_y": None}


def test_right_code_draws_vs_and_fails_at_no_length():
    found = swept("pos_tagger_right.yaml")
    for at in found.points:
        assert all(curve.regimes.is_v and curve.regimes.flat is None for curve in at.curves)
    assert set(first_failing(found).values()) == {None}


@pytest.mark.parametrize("window", [1, 2, 4])
def test_a_window_of_k_lags_is_right_up_to_k_plus_one_steps(window):
    found = swept("elman.yaml", f"backward.fault=truncated-chain:{window}")
    assert first_failing(found)["W_hh"] == window + 2


def test_the_error_of_the_checks_own_differences_is_far_below_the_best_step():
    for at in swept("pos_tagger_right.yaml").points:
        assert all(curve.own_bar < curve.regimes.least_error / 100 for curve in at.curves)


def test_user_code_is_sampled_and_differenced_by_its_own_loss():
    (at, _) = swept("pos_tagger.yaml").points
    assert at.loss == "user"
    assert [(curve.sampled, curve.entries) for curve in at.curves] == [(10, 120), (10, 100), (10, 10), (10, 60), (6, 6)]


def test_code_without_a_loss_is_differenced_by_the_described_one(sweep):
    (at, _) = sweep(WITHOUT_LOSS).points
    assert at.loss == "described"
    assert all(curve.sampled == curve.entries and curve.regimes.is_v for curve in at.curves)


def test_the_settings_choose_the_number_of_entries():
    (at, _) = swept("pos_tagger.yaml", "check.entries=3").points
    assert {curve.sampled for curve in at.curves} == {3}


def test_half_of_a_sample_are_words_that_occur():
    """Of 5000 rows of W_xh six are read: ten entries at random would all be zero."""
    (at, _) = swept("pos_tagger_right.yaml", "model.input_size=5000", only=("W_xh",)).points
    assert curves(at)["W_xh"].regimes.is_v


def test_a_gradient_of_zero_is_exact_and_has_no_error():
    """From zeros, one step gives nothing to W_hh."""
    (at, _) = swept("elman.yaml", "sequence.length=1").points
    assert curves(at)["W_hh"].exact
    assert set(curves(at)["W_hh"].errors) == {None}


def test_a_gradient_that_is_missing_has_no_error_and_is_wrong(sweep):
    source = "import tagger_core\nfrom tagger_core import loss\n"
    source += "def gradients(p, batch):\n    return {**tagger_core.gradients(p, batch), 'W_hh': None}\n"
    found = sweep(source)
    assert curves(found.points[0])["W_hh"].verdict == "fail"
    assert set(curves(found.points[0])["W_hh"].errors) == {None}


def test_only_the_parameters_asked_for_are_swept():
    found = swept("pos_tagger.yaml", only=("b_y", "W_hh"))
    assert [list(curves(at)) for at in (*found.points, found.lengths)] == [["W_hh", "b_y"]] * 3


def test_a_parameter_that_does_not_exist_is_refused_with_the_nearest_name():
    with pytest.raises(UsageError, match="did you mean `W_hh`"):
        swept("pos_tagger.yaml", only=("b_y", "W_hhh"))


def test_code_of_one_length_loses_the_curve_over_lengths_and_a_note_says_so(sweep):
    found = sweep((MISBEHAVING / "gradients_refuse_other_lengths.py").read_text())
    assert [at.length for at in found.points] == [6, 6]
    assert (found.lengths, found.findings) == (None, ())
    assert "error over T is left out" in found.notes[-1].message


def test_a_length_that_code_refuses_is_left_out_and_a_note_says_so(sweep):
    found = sweep(REFUSES_ONE_STEP)
    assert found.lengths.lengths == (2, 3, 4, 5, 6, 7, 8, 9)
    assert found.findings == ()
    assert "length 1 (" in found.notes[-1].message


def test_what_was_swept_before_user_code_failed_stands(sweep):
    found = sweep(NOTHING_FROM_THREE_STEPS)
    assert [at.point for at in found.points] == ["configured", "probe"]
    assert found.lengths is None
    assert [finding.kind for finding in found.findings] == ["missing-key"]


def test_without_a_probe_lengths_are_swept_at_the_configured_parameters():
    found = swept("pos_tagger.yaml", "check.probe=off")
    assert [at.point for at in found.points] == ["configured"]
    assert first_failing(found)["W_hh"] == 2
    weak, strong = found.lengths.curves[0].errors[1], swept("pos_tagger.yaml").lengths.curves[0].errors[1]
    assert weak < 0.1 < strong  # weights of 0.01 carry a hundredth of what weights of gain 1 do


@pytest.mark.parametrize(("longest", "more"), [(9, []), (10, [10]), (12, [10, 11, 12]), (100, [20, 45, 100])])
def test_lengths_run_one_by_one_to_nine_and_then_in_a_few_jumps(longest, more):
    assert lengths_up_to(longest) == [*range(1, 10), *more]


@pytest.mark.campaign
def test_progress_counts_every_step_of_every_parameter_and_then_every_length():
    told = []
    swept("pos_tagger.yaml", progress=lambda *news: told.append(news))
    assert [news for news in told if news[0] == "configured"][-1] == ("configured", 125, 125)
    assert ("probe", 125, 125) in told
    assert told[-10:] == [("probe", done, 9) for done in range(10)]


@pytest.mark.campaign
def test_equal_seeds_give_equal_sweeps(sweep):
    assert sweep(RIGHT).points == sweep(RIGHT).points
