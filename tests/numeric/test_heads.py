"""Changes of a step's loss against a 60-digit evaluation: they hold for every move of the outputs, however small."""

from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcheck_rnn.model.losses import LOSSES
from gradcheck_rnn.numeric.carried.heads import HEADS, TILE, Head

EPS = 2.0**-52
STEPS = st.builds(lambda sign, size: sign * 10.0**size, st.sampled_from([1, -1]), st.floats(-12, 0))
LOGITS = st.lists(st.floats(-50, 50), min_size=2, max_size=5)


def head(kind: str, y: np.ndarray, target: np.ndarray) -> Head:
    """One step of one sequence, whose outputs are its states."""
    return HEADS[kind](np.eye(len(y)), y[None, None], target[None, None])


def changes(kind: str, y: np.ndarray, dy: np.ndarray, target: np.ndarray) -> np.ndarray:
    return head(kind, y, target).change(0, 0, dy, np.empty((2, TILE, dy.shape[1])))


def change(kind: str, y: np.ndarray, dy: np.ndarray, target: np.ndarray) -> float:
    return changes(kind, y, dy[:, None], target).item()


@given(logits=LOGITS, data=st.data())
def test_the_cross_entropy_s_difference_keeps_its_digits(logits, data):
    """Also where the target's probability is 1 in float64, and where it is 1e-40."""
    moves = data.draw(st.lists(STEPS, min_size=len(logits), max_size=len(logits)))
    target = data.draw(st.integers(0, len(logits) - 1))

    def loss(y: list[Decimal]) -> Decimal:
        return sum((logit - y[target]).exp() for logit in y).ln()

    with localcontext() as context:
        context.prec = 60
        y, dy = [Decimal(value) for value in logits], [Decimal(value) for value in moves]
        exact = float(loss([a + b for a, b in zip(y, dy, strict=True)]) - loss(y))
    computed = change("softmax_cross_entropy", np.array(logits), np.array(moves), np.array(target))
    # the terms p_k expm1(dy_k - dy_target) are each right, their sum may cancel
    p = np.exp(np.array(logits) - max(logits))
    p[target] = 0.0
    size = float((p / np.exp(np.array(logits) - max(logits)).sum() * np.abs(np.array(moves) - moves[target])).sum())
    assert computed == pytest.approx(exact, rel=1e-13, abs=1e-13 * size + 1e-50)  # Decimal's own digits


def test_a_certain_target_still_has_a_difference():
    """p_target = 1 in float64: the loss itself is 0 on both sides, its change is -1e-30 all the same."""
    y, dy = np.array([0.0, np.log(1e-25)]), np.array([1e-5, 0.0])
    changed = change("softmax_cross_entropy", y, dy, np.array(0))
    assert changed == pytest.approx(1e-25 * np.expm1(-1e-5), rel=1e-10, abs=0)


@pytest.mark.parametrize("size", [10.0**power for power in range(-12, 0)])
def test_moves_of_any_one_size_keep_their_digits(size):
    """Each way of taking expm1 holds for all of its moves, also for the largest ones."""
    y, dy = np.array([0.3, -0.2, 0.5]), size * np.array([0.9, 0.8, 0.0])
    with localcontext() as context:
        context.prec = 60
        weights, moves = [Decimal(value).exp() for value in y.tolist()], [Decimal(value) for value in dy.tolist()]
        growth = sum(weight * (move.exp() - 1) for weight, move in zip(weights, moves, strict=True)) / sum(weights)
        exact = float((1 + growth).ln())
    assert change("softmax_cross_entropy", y, dy, np.array(2)) == pytest.approx(exact, rel=2e-15, abs=0)


@given(st.lists(st.tuples(st.floats(-10, 10), STEPS, st.floats(-10, 10)), min_size=1, max_size=4))
def test_the_squared_error_s_difference_is_exact(outputs):
    y, dy, target = (np.array(column) for column in zip(*outputs, strict=True))
    exact = sum(((Fraction(a) + Fraction(b) - Fraction(c)) ** 2 - (Fraction(a) - Fraction(c)) ** 2) / 2
                for a, b, c in outputs)  # fmt: skip
    size = sum(abs(b) * (abs(a) + abs(c) + abs(b)) for a, b, c in outputs)
    assert change("mse", y, dy, target) == pytest.approx(float(exact), rel=0, abs=4 * EPS * size)


@pytest.mark.parametrize("kind", LOSSES)
def test_runs_side_by_side_change_as_each_does_alone_over_more_outputs_than_a_tile_has(kind):
    rng = np.random.default_rng(0)
    outputs, runs = TILE + 3, 4
    y, dy = rng.normal(size=outputs), rng.normal(size=(outputs, runs))
    target = np.array(TILE + 1) if kind == "softmax_cross_entropy" else rng.normal(size=outputs)
    together = changes(kind, y, dy, target)
    loss = LOSSES[kind].value
    for k in range(runs):
        assert together[k] == pytest.approx(loss(y + dy[:, k], target) - loss(y, target), rel=1e-11, abs=0)


@pytest.mark.parametrize("kind", LOSSES)
def test_an_output_that_moves_alone_changes_the_loss_as_when_the_others_move_by_nothing(kind):
    rng = np.random.default_rng(1)
    outputs, moved = 5, np.array([0, 2, 2, 4])
    y, v = rng.normal(size=outputs), rng.normal(size=4)
    target = np.array(2) if kind == "softmax_cross_entropy" else rng.normal(size=outputs)
    alone = head(kind, y, target).change_by_output(moved, v[None, None])[0, 0]
    for k, output in enumerate(moved):
        dy = np.zeros((outputs, 1))
        dy[output] = v[k]
        assert alone[k] == pytest.approx(changes(kind, y, dy, target).item(), rel=1e-12, abs=0)
