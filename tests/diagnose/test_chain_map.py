"""The chain map against one worked out from the oracle's forward pass, and the maps of its wrong programs."""

from dataclasses import replace

import numpy as np
import pytest

from gradcheck_rnn.diagnose.chain_map import ChainMap, chain_map, prefix, with_changed_targets
from tests.diagnose.maps import LENGTH, exact_map, map_of, other_targets, setting
from tests.oracle import elman

LAG = np.subtract.outer(np.arange(LENGTH), np.arange(LENGTH))
BELOW, DIAGONAL, ABOVE = LAG > 0, LAG == 0, LAG < 0
WHOLE = LAG >= 0

KINDS_OF_NET = {
    "plain": {},
    "batch": {"batch_size": 3},
    "batch of one": {"batch_size": 1},
    "mean": {"reduction": "mean", "batch_size": 2},
    "squared error": {"kind": "mse"},
    "squared error, mean": {"kind": "mse", "reduction": "mean"},
    "last step": {"steps": "last"},
    "last step, mean of a batch": {"steps": "last", "reduction": "mean", "batch_size": 3},
    "last step, squared error": {"steps": "last", "kind": "mse"},
    "dense inputs": {"inputs": "dense"},
    "dense inputs, batch": {"inputs": "dense", "batch_size": 2},
    "column layout": {"layout": "column"},
    "column layout, batch, last step": {"layout": "column", "batch_size": 2, "steps": "last"},
    "relu": {"cell": "relu"},
    "sigmoid": {"cell": "sigmoid"},
    "learned state": {"initial_state": "learned"},
    "no biases": {"biases": False},
    "two classes": {"output_size": 2},
    "one hidden unit": {"hidden_size": 1},
}
every_kind = pytest.mark.parametrize("kind", KINDS_OF_NET)


@every_kind
def test_the_map_of_right_gradients_is_that_of_the_oracle_s_forward_pass(kind):
    spec, problem = setting(**KINDS_OF_NET[kind])
    found = chain_map(
        problem,
        lambda problems: [elman.gradients(spec, each.parameters, each.batch) for each in problems],
        prefixes=True,
    )
    exact = exact_map(spec, problem)
    np.testing.assert_allclose(found.numeric, exact, rtol=1e-9, atol=1e-12 * exact.max())
    np.testing.assert_allclose(found.analytic, exact, rtol=1e-9, atol=1e-12 * exact.max())
    assert found.agrees.all()
    assert (found.constant, found.length) == (1.0, LENGTH)


@every_kind
def test_only_cells_that_an_error_can_reach_have_a_relative_error(kind):
    """Above the diagonal there is nothing to compare, and a relu may be dead at some steps."""
    spec, problem = setting(**KINDS_OF_NET[kind])
    exact = exact_map(spec, problem)
    assert np.array_equal(~np.isnan(map_of(**KINDS_OF_NET[kind]).relative_error), exact > 1e-9 * exact.max())
    assert not exact[ABOVE].any()


@every_kind
def test_a_missing_carry_empties_every_cell_below_the_diagonal(kind):
    found = map_of("missing-term:dh_next/never added", **KINDS_OF_NET[kind])
    there = ~np.isnan(found.relative_error)
    assert np.array_equal(found.empty, BELOW & there)
    assert found.agrees[DIAGONAL].all()
    assert not found.acausal.any()


@pytest.mark.parametrize("window", [1, 2, 3, 4])
@pytest.mark.parametrize(
    "kind", ["plain", "batch", "last step", "squared error, mean", "dense inputs", "column layout"]
)
def test_a_truncated_chain_leaves_a_band(kind, window):
    found = map_of(f"truncated-chain:{window}", **KINDS_OF_NET[kind])
    assert np.array_equal(found.empty, np.greater(LAG, window))
    assert np.array_equal(found.agrees, np.less_equal(LAG, window))


@pytest.mark.parametrize("kind", ["plain", "batch", "mean", "last step", "dense inputs", "column layout", "sigmoid"])
def test_a_weight_that_is_not_transposed_makes_every_cell_below_the_diagonal_wrong(kind):
    found = map_of("untransposed-weight:W_hh", **KINDS_OF_NET[kind])
    assert np.array_equal(~found.agrees, BELOW)
    assert not found.empty.any()


@pytest.mark.parametrize(
    ("bug", "constant"), [("scaled-gradient:T", LENGTH), ("scaled-gradient:1/T", 1 / LENGTH), ("sign-flip:all", -1.0)]
)
@pytest.mark.parametrize("kind", ["plain", "batch", "squared error, mean", "dense inputs", "column layout"])
def test_one_constant_is_divided_out(kind, bug, constant):
    found = map_of(bug, **KINDS_OF_NET[kind])
    assert found.constant == pytest.approx(constant, rel=1e-9)
    assert found.agrees.all()
    assert found.additive is None  # prefixes have other constants


def test_a_fault_behind_a_constant_shows_as_if_the_constant_were_not_there():
    found = map_of("scaled-gradient:T", "missing-term:dh_next/never added")
    assert found.constant == pytest.approx(LENGTH, rel=1e-9)
    assert np.array_equal(found.empty, BELOW)
    assert found.agrees[DIAGONAL].all()


def test_a_constant_that_goes_by_the_length_is_none_where_the_map_is_made_of_prefixes():
    """Row t has t + 1 steps, so every row is off by another factor: cells of one row are wrong alike."""
    found = map_of("scaled-gradient:T", steps="last")
    assert found.constant == 1.0
    factors = np.arange(1, LENGTH + 1)
    expected = np.where(WHOLE, 1 - 1 / factors[:, None], np.nan)
    np.testing.assert_allclose(found.relative_error, expected, atol=1e-9)


def test_a_loop_that_runs_forward_fills_cells_above_the_diagonal():
    found = map_of("forward-order-loop:loop")
    assert np.array_equal(found.acausal, ABOVE)
    assert np.array_equal(found.empty, BELOW)
    assert found.agrees[DIAGONAL].all()
    assert found.additive is False


def test_an_overwritten_accumulator_leaves_the_first_step_alone():
    """Prefixes show the same cells: each of them begins with the step that is left. So the two witnesses agree."""
    found = map_of("overwritten-accumulator:W_xh")
    assert np.array_equal(found.agrees & WHOLE, WHOLE & (np.arange(LENGTH) == 0))
    assert np.array_equal(found.empty, WHOLE & (np.arange(LENGTH) > 0))
    assert found.additive is True


def test_a_first_step_that_is_skipped_empties_its_column():
    found = map_of("skipped-step:first/everything")
    assert np.array_equal(found.empty, WHOLE & (np.arange(LENGTH) == 0))


def test_a_last_step_that_is_skipped_empties_its_row_and_is_another_step_in_every_prefix():
    found = map_of("skipped-step:last/everything")
    assert np.array_equal(found.empty, WHOLE & (np.arange(LENGTH) == LENGTH - 1)[:, None])
    assert found.additive is False


def test_chunks_leave_triangles():
    found = map_of("truncated-chain:2/chunks from the start")
    chunk = np.arange(LENGTH) // 2
    assert np.array_equal(found.empty, WHOLE & (chunk[:, None] != chunk))
    assert found.additive is True


def test_chunks_that_are_counted_from_the_end_are_others_in_every_prefix():
    found = map_of("truncated-chain:4/chunks from the end")
    chunk = (LENGTH - 1 - np.arange(LENGTH)) // 4
    assert np.array_equal(found.empty, WHOLE & (chunk[:, None] != chunk))
    assert found.additive is False


def test_a_carry_with_the_wrong_sign_is_wrong_at_odd_lags_only():
    found = map_of("sign-flip:dh_next/where added")
    assert np.array_equal(~found.agrees, BELOW & (LAG % 2 == 1))
    assert found.relative_error[~found.agrees] == pytest.approx(2.0)


def test_a_carry_counted_twice_is_off_by_two_to_the_lag():
    found = map_of("double-counted-term:dh_next/where added")
    expected = np.where(WHOLE, 1 - 0.5 ** np.maximum(LAG, 0), np.nan)
    np.testing.assert_allclose(found.relative_error, expected, atol=1e-9)


def test_errors_without_targets_do_not_move_with_them():
    found = map_of("missing-target:dy")
    assert np.array_equal(found.empty, WHOLE)


@pytest.mark.parametrize("bug", ["transposed-gradient:W_hh", "missing-gradient:b_h", "overwritten-accumulator:W_hy"])
def test_faults_of_other_parameters_do_not_show(bug):
    assert map_of(bug).agrees.all()


def test_a_regulariser_does_not_show_as_targets_change_but_with_every_prefix():
    found = map_of("regulariser-mismatch:W_xh/lambda 0.1")
    assert found.agrees.all()
    assert found.additive is False


def test_without_prefixes_nothing_is_said_of_additivity():
    assert map_of("overwritten-accumulator:W_xh", prefixes=False).additive is None


def test_a_loss_on_the_last_step_has_no_map_without_prefixes():
    spec, problem = setting(steps="last")
    returned = [elman.gradients(spec, problem.parameters, problem.batch)]
    assert chain_map(problem, lambda problems: returned * len(problems), prefixes=False) is None


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_there_is_no_map_of_gradients_that_are_not_finite(value):
    spec, problem = setting()

    def returned(problems):
        gradients = [elman.gradients(spec, each.parameters, each.batch) for each in problems]
        gradients[2]["W_xh"][:] = value
        return gradients

    assert chain_map(problem, returned, prefixes=True) is None


def test_there_is_no_map_where_no_error_reaches_any_input():
    spec, problem = setting()
    cut = problem.at({**problem.parameters, "W_hy": np.zeros_like(problem.parameters["W_hy"])})
    assert (
        chain_map(
            cut,
            lambda problems: [elman.gradients(spec, each.parameters, each.batch) for each in problems],
            prefixes=True,
        )
        is None
    )


@every_kind
def test_changed_targets_leave_everything_else_as_it_is(kind):
    _, problem = setting(**KINDS_OF_NET[kind])
    before = problem.batch.targets.copy()
    changed = with_changed_targets(problem)
    assert np.array_equal(changed.batch.targets, other_targets(problem).batch.targets)
    assert np.array_equal(problem.batch.targets, before)
    assert replace(changed, batch=problem.batch) == problem
    assert changed.batch.inputs is problem.batch.inputs
    assert changed.batch.initial_state is problem.batch.initial_state


@pytest.mark.parametrize("kind", ["plain", "batch", "squared error", "dense inputs, batch"])
@pytest.mark.parametrize("step", [0, LENGTH - 1])
def test_the_target_of_one_step_changes_alone(kind, step):
    _, problem = setting(**KINDS_OF_NET[kind])
    changed = with_changed_targets(problem, step).batch.targets != problem.batch.targets
    assert changed[step].all()
    assert not np.delete(changed, step, axis=0).any()


@pytest.mark.parametrize("kind", ["plain", "batch", "last step", "dense inputs"])
def test_a_prefix_is_the_first_steps_and_keeps_the_target_of_a_last_step(kind):
    _, problem = setting(**KINDS_OF_NET[kind])
    cut, batch = prefix(problem, 2), problem.batch
    assert cut.net.sizes.length == 2
    assert np.array_equal(cut.batch.inputs, batch.inputs[:2])
    assert cut.batch.tokens is None if batch.tokens is None else np.array_equal(cut.batch.tokens, batch.tokens[:2])
    last = problem.net.loss.steps == "last"
    assert np.array_equal(cut.batch.targets, batch.targets if last else batch.targets[:2])


def made(analytic: float, numeric: float, relative_error: float) -> ChainMap:
    return ChainMap(*(np.full((1, 1), value) for value in (analytic, numeric, relative_error)))


@pytest.mark.parametrize(
    ("analytic", "numeric", "relative_error", "agrees", "empty", "acausal"),
    [
        (1.0, 1.0, 0.0, True, False, False),
        (1.0, 1.0, 0.9e-4, True, False, False),
        (1.0, 1.0, 1.1e-4, False, False, False),
        (0.0, 1.0, 1.0, False, True, False),
        (0.9e-6, 1.0, 1.0, False, True, False),
        (1.1e-6, 1.0, 1.0, False, False, False),
        (1.0, 0.0, 1.0, False, False, True),
        (0.0, 0.0, np.nan, True, False, False),
    ],
)
def test_a_cell_is(analytic, numeric, relative_error, agrees, empty, acausal):
    cell = made(analytic, numeric, relative_error)
    assert (cell.agrees.item(), cell.empty.item(), cell.acausal.item()) == (agrees, empty, acausal)


def test_norms_by_lag_are_medians_over_the_steps():
    analytic = np.array([[4.0, 0, 0], [1.0, 2.0, 0], [7.0, 3.0, 9.0]])
    assert ChainMap(analytic, 10 * analytic, np.zeros((3, 3))).by_lag == ((4.0, 40.0), (2.0, 20.0), (7.0, 70.0))
