"""Each damage at each kind of tap, on numbers small enough to be written out."""

import math
from math import tanh

import numpy as np
import pytest

from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.model.net import Sizes
from gradcheck_rnn.model.sums import accumulate, constant, finished, named_constants
from gradcheck_rnn.model.taps import NOTHING, OTHER_SLOPES, WHOLE, Taps
from gradcheck_rnn.model.windows import kept_by_source, reached, sources

TAP = "here"
NO = NOTHING
SIZES = Sizes(input_size=2, hidden_size=3, output_size=5, length=7, batch=4)
VALUE = np.array([[1.0, -2.0], [3.0, 4.0]])


def fault(damage: Damage, amount: float = 0.0, other: str = "", *, tap: str = TAP) -> Fault:
    return Fault("kind", "term", "says", (tap,), damage, amount, other)


def damaged(damage: Damage, amount: float = 0.0, other: str = "") -> Taps:
    return Taps([fault(damage, amount, other)])


def test_without_faults_a_tap_gives_back_the_very_value():
    assert list(WHOLE.visits(TAP, 4)) == [3, 2, 1, 0]
    assert WHOLE.term(TAP, VALUE, is_first=True) is VALUE
    assert WHOLE.delta(TAP, VALUE) is VALUE
    assert WHOLE.carry(TAP, VALUE, VALUE + 1) is VALUE
    assert WHOLE.weight(TAP, VALUE, None, {}) is VALUE
    assert WHOLE.operand(TAP, VALUE, {"other": VALUE + 1}.__getitem__) is VALUE
    assert np.array_equal(WHOLE.taken(TAP, VALUE), VALUE)
    assert finished(TAP, VALUE, VALUE, WHOLE, SIZES) is VALUE
    assert constant(WHOLE, SIZES, {"W": VALUE}) == 1.0


def test_a_fault_acts_at_its_own_taps_only():
    taps = Taps([Fault("kind", "term", "says", ("one", "two"), Damage.NEGATE)])
    assert [float(taps.term(name, np.array(1.0), is_first=False)) for name in ("one", "two", "three")] == [-1, -1, 1]


@pytest.mark.parametrize(
    ("damage", "visits"),
    [
        (Damage.FORWARD, [0, 1, 2, 3]),
        (Damage.SKIP_FIRST, [3, 2, 1]),
        (Damage.SKIP_LAST, [2, 1, 0]),
        (Damage.ONE_TOO_FAR, [3, 2, 1, 0, 3]),
    ],
)
def test_the_loop_visits(damage, visits):
    assert list(damaged(damage).visits(TAP, 4)) == visits


def test_two_faults_of_one_loop_are_both_there():
    assert list(Taps([fault(Damage.SKIP_LAST), fault(Damage.FORWARD)]).visits(TAP, 4)) == [0, 1, 2]


@pytest.mark.parametrize("damage", [Damage.SKIP_FIRST, Damage.SKIP_LAST])
def test_a_loop_over_one_step_that_is_skipped_visits_nothing(damage):
    assert list(damaged(damage).visits(TAP, 1)) == []


# a stack of four rows: of four steps, or of the states of three steps with the initial one in front
@pytest.mark.parametrize(
    ("damage", "shift", "x", "h_prev", "h"),
    [
        (Damage.SHIFT_DROPPED, 1, [1, 2, 3, NO], [1, 2, 3], [2, 3, NO]),
        (Damage.SHIFT_CLAMPED, 1, [1, 2, 3, 3], [1, 2, 3], [2, 3, 3]),
        (Damage.SHIFT_WRAPPED, 1, [1, 2, 3, 0], [1, 2, 3], [2, 3, 0]),
        (Damage.SHIFT_DROPPED, -1, [NO, 0, 1, 2], [NO, 0, 1], [0, 1, 2]),
        (Damage.SHIFT_CLAMPED, -1, [0, 0, 1, 2], [0, 0, 1], [0, 1, 2]),
        (Damage.SHIFT_WRAPPED, -1, [3, 0, 1, 2], [3, 0, 1], [0, 1, 2]),
        # the same, where the list begins with the first step's state
        (Damage.OWN_SHIFT_DROPPED, -1, [NO, 0, 1, 2], [NO, NO, 1], [NO, 1, 2]),
        (Damage.OWN_SHIFT_CLAMPED, -1, [0, 0, 1, 2], [1, 1, 1], [1, 1, 2]),
        (Damage.OWN_SHIFT_WRAPPED, -1, [3, 0, 1, 2], [2, 3, 1], [3, 1, 2]),
        (Damage.OWN_SHIFT_DROPPED, 1, [1, 2, 3, NO], [1, 2, 3], [2, 3, NO]),
        (Damage.OWN_SHIFT_CLAMPED, 1, [1, 2, 3, 3], [1, 2, 3], [2, 3, 3]),
        (Damage.OWN_SHIFT_WRAPPED, 1, [1, 2, 3, 0], [1, 2, 3], [2, 3, 1]),
        (Damage.WRAP_FIRST, 0, [3, 1, 2, 3], [3, 1, 2], [3, 2, 3]),
        (Damage.ZERO_FIRST, 0, [NO, 1, 2, 3], [NO, 1, 2], [NO, 2, 3]),
        (Damage.STALE_LAST, 0, [3, 3, 3, 3], [2, 2, 2], [3, 3, 3]),
        (Damage.STALE_FIRST, 0, [0, 0, 0, 0], [0, 0, 0], [1, 1, 1]),
        (Damage.STALE_FINAL, 0, [3, 3, 3, 3], [3, 3, 3], [3, 3, 3]),
    ],
)
def test_the_rows_that_steps_take(damage, shift, x, h_prev, h):
    taps = damaged(damage, shift)
    assert list(taps.rows(TAP, 0, 4, 4)) == x
    assert list(taps.rows(TAP, 0, 3, 4)) == h_prev
    assert list(taps.rows(TAP, 1, 3, 4)) == h


def test_rows_that_are_not_there_are_zeros_and_the_stack_stays_as_it_was():
    stack = np.array([[1.0], [2.0], [3.0]])
    stack.setflags(write=False)
    taken = damaged(Damage.SHIFT_DROPPED, 1).taken(TAP, stack)
    assert taken.tolist() == [[2.0], [3.0], [0.0]]
    assert stack.tolist() == [[1.0], [2.0], [3.0]]


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def relu(z: float) -> float:
    return max(z, 0.0)


@pytest.mark.parametrize(
    ("cell", "other", "expected"),
    [
        ("tanh", "f'(f(z))", lambda z: 1 - tanh(tanh(z)) ** 2),
        ("tanh", "f'(z) as value", lambda z: 1 - z**2),
        ("tanh", "sigmoid'", lambda z: tanh(z) * (1 - tanh(z))),
        ("tanh", "relu'", lambda z: 1.0 if z > 0 else 0.0),
        ("tanh", "sigmoid' of z", lambda z: sigmoid(z) * (1 - sigmoid(z))),
        ("tanh", "f", tanh),
        ("tanh", "1 - f", lambda z: 1 - tanh(z)),
        ("tanh", "f**2", lambda z: tanh(z) ** 2),
        ("tanh", "1 + f**2", lambda z: 1 + tanh(z) ** 2),
        ("tanh", "sigmoid' formula at z", lambda z: z * (1 - z)),
        ("tanh", "sigmoid' of h", lambda z: sigmoid(tanh(z)) * (1 - sigmoid(tanh(z)))),
        ("sigmoid", "f'(f(z))", lambda z: sigmoid(sigmoid(z)) * (1 - sigmoid(sigmoid(z)))),
        ("sigmoid", "f'(z) as value", lambda z: z * (1 - z)),
        ("sigmoid", "tanh'", lambda z: 1 - sigmoid(z) ** 2),
        ("sigmoid", "tanh' of z", lambda z: 1 - tanh(z) ** 2),
        ("sigmoid", "tanh' formula at z", lambda z: 1 - z**2),
        ("sigmoid", "tanh' of h", lambda z: 1 - tanh(sigmoid(z)) ** 2),
        ("relu", "f", relu),
        ("relu", "z", lambda z: z),
        ("relu", "tanh'", lambda z: 1 - relu(z) ** 2),
        ("relu", "sigmoid' of z", lambda z: sigmoid(z) * (1 - sigmoid(z))),
    ],
)
@pytest.mark.parametrize("z", [-1.25, 0.75])
def test_what_is_taken_for_the_derivative(cell, other, expected, z):
    h = {"tanh": tanh, "sigmoid": sigmoid, "relu": relu}[cell](z)
    found = damaged(Damage.OTHER_SLOPE, other=other).slopes(TAP, cell, np.array([h]), np.array([z]))
    assert found.tolist() == [pytest.approx(expected(z), rel=1e-14)]


def test_each_function_that_is_taken_for_a_derivative_has_the_shape_of_the_states():
    h, z = np.full((3, 2, 4), 0.25), np.full((3, 2, 4), 0.5)
    assert {take(cell, h, z).shape for take in OTHER_SLOPES.values() for cell in ("tanh", "relu", "sigmoid")} == {
        h.shape
    }


def test_a_missing_derivative_is_one():
    assert damaged(Damage.DROP).slopes(TAP, "tanh", VALUE, VALUE).tolist() == [[1.0, 1.0], [1.0, 1.0]]


@pytest.mark.parametrize(
    ("damage", "amount", "expected"),
    [
        (Damage.FIRST_UNIT, 0.0, [[0.75, 0.75], [1.0, 1.0]]),
        (Damage.LAST_UNIT, 0.0, [[0.9375, 0.9375], [0.4375, 0.4375]]),
        (Damage.MEAN_UNIT, 0.0, [[0.84375, 0.84375], [0.71875, 0.71875]]),
        (Damage.AT_LEAST, 0.8, [[0.8, 0.9375], [1.0, 0.8]]),
    ],
)
def test_derivatives_of_units_become(damage, amount, expected):
    h = np.array([[0.5, 0.25], [0.0, 0.75]])  # 1 - h**2 is 0.75, 0.9375 and 1, 0.4375
    assert damaged(damage, amount).slopes(TAP, "tanh", h, h).tolist() == expected


def test_a_scalar_product_in_place_of_the_square_is_the_same_for_all_units():
    h = np.array([[0.5, 0.25], [0.0, 0.75]])
    found = damaged(Damage.OTHER_SLOPE, other="1 - f @ f").slopes(TAP, "tanh", h, h)
    assert found.tolist() == [[0.6875, 0.6875], [0.4375, 0.4375]]


@pytest.mark.parametrize(
    ("damage", "at_the_first_visit", "later"),
    [
        (Damage.DROP, 0.0, 0.0),
        (Damage.ELSEWHERE, 0.0, 0.0),
        (Damage.NEGATE, -1.0, -1.0),
        (Damage.DOUBLE, 2.0, 2.0),
        (Damage.ONLY_WITHOUT_CARRY, 1.0, 0.0),
        (Damage.ACCUMULATE, 1.0, 1.0),  # that is done where the carry is made
    ],
)
def test_a_term_of_a_sum_is_multiplied_by(damage, at_the_first_visit, later):
    taps = damaged(damage)
    assert np.array_equal(taps.term(TAP, VALUE, is_first=True), at_the_first_visit * VALUE)
    assert np.array_equal(taps.term(TAP, VALUE, is_first=False), later * VALUE)


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (Damage.DROP, [[0.0, 0.0], [0.0, 0.0]]),
        (Damage.NEGATE, [[-1.0, 2.0], [-3.0, -4.0]]),
        (Damage.DOUBLE, [[2.0, -4.0], [6.0, 8.0]]),
        (Damage.ACCUMULATE, [[11.0, 8.0], [13.0, 14.0]]),
        (Damage.CLIP, [[1.0, -1.5], [1.5, 1.5]]),
    ],
)
def test_a_carry_becomes_where_it_is_made(damage, expected):
    before = np.full_like(VALUE, 10.0)
    made, used = Taps([fault(damage, 1.5, tap=f"{TAP} made")]), damaged(damage, 1.5)
    assert made.carry(TAP, VALUE, before).tolist() == expected
    assert used.carry(TAP, VALUE, before) is VALUE


def test_a_delta_is_clipped_at_the_bound():
    assert damaged(Damage.CLIP, 1.5).delta(TAP, VALUE).tolist() == [[1.0, -1.5], [1.5, 1.5]]


def test_a_norm_is_clipped_for_each_sequence_by_itself():
    delta = np.array([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
    expected = np.array([[0.6, 0.8], [0.3, 0.4], [0.0, 0.0]])
    np.testing.assert_allclose(damaged(Damage.CLIP_NORM, 1.0).delta(TAP, delta), expected, rtol=1e-15)
    made = Taps([fault(Damage.CLIP_NORM, 1.0, tap=f"{TAP} made")])
    np.testing.assert_allclose(made.carry(TAP, delta, delta), expected, rtol=1e-15)


@pytest.mark.parametrize(
    ("damage", "amount", "expected"),
    [
        (Damage.UNTRANSPOSE, 0, [[1.0, 3.0], [-2.0, 4.0]]),
        (Damage.DROP, 0, [[1.0, 0.0], [0.0, 1.0]]),
        (Damage.GRADIENT, 0, [[7.0, 7.0], [7.0, 7.0]]),
        (Damage.GRADIENT, 1, [[8.0, 8.0], [8.0, 8.0]]),
    ],
)
def test_a_weight_becomes(damage, amount, expected):
    found = damaged(damage, amount).weight(TAP, VALUE, lambda with_this_step: np.full((2, 2), 7.0 + with_this_step), {})
    assert found.tolist() == expected


@pytest.mark.parametrize(("width", "is_taken"), [(2, True), (3, False)])
def test_another_weight_is_taken_only_where_it_has_the_shape(width, is_taken):
    other = np.ones((2, width))
    found = damaged(Damage.OTHER, other="W_xh").weight(TAP, VALUE, None, {"W_xh": other})
    assert found is (other if is_taken else VALUE)


@pytest.mark.parametrize("damage", [Damage.UNTRANSPOSE, Damage.DROP])
def test_a_weight_that_is_not_square_can_neither_be_left_out_nor_stand_the_wrong_way_round(damage):
    W = np.ones((2, 3))
    assert damaged(damage).weight(TAP, W, None, {}) is W


def test_an_operand_is_the_other_quantity():
    found = damaged(Damage.OTHER, other="dh").operand(TAP, VALUE, {"dh": VALUE + 1, "dy": VALUE}.__getitem__)
    assert found.tolist() == (VALUE + 1).tolist()
    assert damaged(Damage.DROP).operand(TAP, VALUE, {}.__getitem__) is VALUE


LEFT = np.array([1.0, 10.0, 100.0])[:, None, None] * np.ones((3, 2, 1))  # visits 2, 1, 0 of two sequences
RIGHT = np.array([[3.0, 4.0], [5.0, 6.0], [7.0, 8.0]])[:, :, None]


@pytest.mark.parametrize(
    ("damage", "weight", "bias"),
    [
        (None, 7 + 110 + 1500, 33),
        (Damage.KEEP_LAST_VISITED, 1500, 15),
        (Damage.KEEP_FIRST_VISITED, 7, 7),
        (Damage.SKIP_FIRST, 7 + 110, 18),
        (Damage.SKIP_LAST, 110 + 1500, 26),
        (Damage.ADD_ITSELF, 4 * 7 + 2 * 110 + 1500, 4 * 7 + 2 * 11 + 15),
        (Damage.LAST_SEQUENCE, 4 + 60 + 800, 18),
    ],
)
def test_the_sum_of_a_parameters_gradient(damage, weight, bias):
    taps, visits = WHOLE if damage is None else damaged(damage), np.array([2, 1, 0])
    assert accumulate(TAP, LEFT, RIGHT, visits, 3, taps).tolist() == [[weight]]
    assert accumulate(TAP, None, RIGHT, visits, 3, taps).tolist() == [bias]


@pytest.mark.parametrize(("width", "expected"), [(2, [[3.0, 6.0], [4.0, 8.0]]), (1, [[3.0], [6.0]])])
def test_an_outer_product_stands_the_wrong_way_round_only_where_it_is_square(width, expected):
    left, right = np.array([[[1.0, 2.0]]]), np.array([[[3.0, 4.0]]])[..., :width]
    assert accumulate(TAP, left, right, np.array([0]), 1, damaged(Damage.TRANSPOSE)).tolist() == expected


@pytest.mark.parametrize(
    ("damage", "amount", "other", "expected"),
    [
        (Damage.SCALE, -1.0, "", [[-1.0, 2.0], [-3.0, -4.0]]),
        (Damage.SCALE, 0.0, "", [[0.0, 0.0], [0.0, 0.0]]),
        (Damage.SCALE, 0.0, "T", [[7.0, -14.0], [21.0, 28.0]]),
        (Damage.BOUND, 2.5, "", [[1.0, -2.0], [2.5, 2.5]]),
        (Damage.REGULARISE, 0.5, "", [[2.0, -1.0], [4.0, 5.0]]),
    ],
)
def test_a_finished_gradient_becomes(damage, amount, other, expected):
    found = finished(TAP, VALUE, np.full_like(VALUE, 2.0), damaged(damage, amount, other), SIZES)
    assert found.tolist() == expected


@pytest.mark.parametrize(("bound", "share"), [(2.5, 0.5), (5.0, 1.0), (80.0, 1.0)])
def test_a_gradient_is_bounded_by_its_norm(bound, share):
    gradient = np.array([[3.0, 0.0], [0.0, 4.0]])
    assert np.array_equal(finished(TAP, gradient, VALUE, damaged(Damage.BOUND_NORM, bound), SIZES), share * gradient)


def test_a_gradient_of_zeros_has_no_norm_to_bound():
    zeros = np.zeros((2, 2))
    assert np.array_equal(finished(TAP, zeros, VALUE, damaged(Damage.BOUND_NORM, 1.0), SIZES), zeros)


def test_all_gradients_are_bounded_by_the_norm_of_all():
    together = {"W": np.array([[3.0]]), "b": np.array([4.0])}
    assert constant(Taps([fault(Damage.BOUND_NORM, 2.5, tap="all")]), SIZES, together) == 0.5
    assert constant(Taps([fault(Damage.BOUND_NORM, 9.0, tap="all")]), SIZES, together) == 1.0


def test_constants_go_by_the_sizes():
    assert named_constants(SIZES) == {
        **{"T": 7.0, "1/T": 1 / 7, "O": 5.0, "1/O": 1 / 5, "2": 2.0, "1/2": 0.5},
        **{"B": 4.0, "1/B": 1 / 4, "T*B": 28.0, "1/(T*B)": 1 / 28},
    }


def test_without_a_batch_no_constant_goes_by_it():
    assert set(named_constants(Sizes(2, 3, 5, 7))) == {"T", "1/T", "O", "1/O", "2", "1/2"}


def test_constants_multiply():
    by_length, negated = fault(Damage.SCALE, other="T", tap="all"), fault(Damage.SCALE, -1.0, tap="all")
    assert constant(Taps([by_length, negated]), SIZES, {}) == -7.0


@pytest.mark.parametrize(
    ("lags", "table"),
    [
        # row: the step that is reached; column: the step whose error it is
        (0, ["100000", "110000", "111000", "111100", "111110", "111111"]),
        (2, ["111000", "111100", "111110", "111111", "111111", "111111"]),
        (5, ["111111"] * 6),
    ],
)
def test_a_window_brings_the_errors_of(lags, table):
    cut = reached(np.arange(6), 6, lags)
    # whether errors come from later steps only is the loop's affair, not the cut's
    expected = np.array([[cell == "1" for cell in row] for row in table])
    assert np.array_equal(np.triu(cut), np.triu(expected))


@pytest.mark.parametrize(
    ("damage", "where", "cuts"),
    [
        # steps of 5 whose carry, the last one's to the initial state, is cut
        (Damage.CHUNKS, "", [4, 2, 0]),
        (Damage.CHUNKS_FROM_END, "", [3, 1]),
    ],
)
def test_a_chain_is_cut_between_pieces(damage, where, cuts):
    taps = Taps([fault(damage, 2, where, tap="chain")])
    assert [t for t in range(4, -1, -1) if taps.is_cut(t, t - 1, 5, where=where)] == cuts
    assert not any(taps.is_cut(t, t - 1, 5, where="where made") for t in range(5))


def test_errors_told_apart_add_up_to_the_errors():
    dy = np.random.default_rng(0).normal(size=(4, 2, 3))
    apart = sources(dy)
    assert apart.shape == (4, 4, 2, 3)
    assert np.array_equal(apart.sum(axis=1), dy)
    assert np.array_equal(apart.sum(axis=0), dy)


FROM_THREE_STEPS = np.array([1.0, 10.0, 100.0])[None, :, None, None]
VISITS = np.array([2, 1, 0])


def test_what_a_cut_leaves_is_summed_over_the_steps_that_it_comes_from():
    value = FROM_THREE_STEPS * np.ones((3, 1, 1, 1))
    kept = kept_by_source(value, VISITS, [fault(Damage.WINDOW, 1)], 3)
    assert kept.reshape(-1).tolist() == [111.0, 111.0, 11.0]


def test_two_cuts_leave_what_both_leave():
    value = FROM_THREE_STEPS * np.ones((3, 1, 1, 1))
    kept = kept_by_source(value, VISITS, [fault(Damage.WINDOW, 1), fault(Damage.WINDOW, 0)], 3)
    assert kept.reshape(-1).tolist() == [111.0, 11.0, 1.0]


@pytest.mark.parametrize(("other", "expected"), [("", 11.0), ("where made", 1.0)])
def test_the_initial_state_is_as_near_as_the_first_step_or_one_lag_further_where_the_carry_is_cut_as_it_is_made(
    other, expected
):
    cut = [fault(Damage.WINDOW, 1, other)]
    kept = kept_by_source(FROM_THREE_STEPS, np.zeros(1, dtype=int), cut, 3, of_initial_state=True)
    assert kept.reshape(-1).tolist() == [expected]
