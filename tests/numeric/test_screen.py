"""Screening against losses whose gradients are known in closed form, with errors planted into these.

L(W) = sum_k f(x_k . W y_k), so that dL/dW = sum_k f'(x_k . W y_k) x_k y_k^T.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from gradcheck_rnn.compare import compare_gradients
from gradcheck_rnn.config.settings import CheckSettings
from gradcheck_rnn.numeric.estimate import Estimate
from gradcheck_rnn.numeric.screen.directions import move, signs, slopes_of
from gradcheck_rnn.numeric.screen.directions import whole as whole_box
from gradcheck_rnn.numeric.screen.parameter import FEW, Subject, screen, slopes_along

CURVES = {
    "log cosh": (lambda z: np.logaddexp(z, -z), np.tanh),
    "relu": (lambda z: np.maximum(z, 0.0), lambda z: (z > 0).astype(float)),
}


@dataclass
class Problem:
    """A loss of the kind above; it counts its evaluations."""

    shape: tuple[int, ...]
    seed: int = 0
    curve: str = "log cosh"
    terms: int = 6
    rounded_to: type = np.float64
    calls: int = 0
    noise: float = field(default=1e-15)

    def __post_init__(self):
        rng = np.random.default_rng(self.seed)
        rows, columns = self.shape[0], int(np.prod(self.shape[1:]))
        self.x = rng.standard_normal((self.terms, rows))
        self.y = rng.standard_normal((self.terms, columns)) / np.sqrt(columns)
        self.W = rng.standard_normal(self.shape) / np.sqrt(rows)

    def z(self, W):
        return ((self.x @ W.reshape(len(W), -1)) * self.y).sum(axis=1)

    def losses(self, values):
        found = [float(self.rounded_to(CURVES[self.curve][0](self.z(W)).sum())) for W in values]
        self.calls += len(found)
        return found

    @property
    def gradient(self):
        slopes = CURVES[self.curve][1](self.z(self.W))
        return np.einsum("k,ki,kj->ij", slopes, self.x, self.y).reshape(self.shape)

    def subject(self, gradient, check=None):
        (base,) = self.losses([self.W])
        self.calls = 0
        rounding = 1e-15 * float(np.abs(gradient[np.isfinite(gradient)]).max(initial=0.0))
        noise = self.noise * max(abs(base), 1.0)
        return Subject(self.W, gradient, rounding, base, noise, self.seed, check or CheckSettings())

    def judged(self, gradient, check=None):
        """Screen a gradient and judge it."""
        subject = self.subject(gradient, check)
        return self.verdict(gradient, screen(self.losses, subject), subject.rounding)

    def verdict(self, gradient, screened, rounding=0.0):
        return compare_gradients(
            {"W": gradient},
            {"W": screened.entries},
            {"W": self.shape},
            tolerance=1e-6,
            rounding={"W": rounding},
            screened={"W": screened},
        )["W"]


def changed(gradient, part, factor):
    wrong = gradient.copy()
    wrong[part] *= factor
    return wrong


def random_problem(seed, **more):
    rng = np.random.default_rng(seed)
    shape = [(int(rng.integers(3, 40)), int(rng.integers(3, 40))), (int(rng.integers(8, 200)),), (3, 4, 5)][seed % 3]
    return Problem(shape, seed, **more)


# --- right gradients ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(60))
def test_a_right_gradient_passes_and_is_not_looked_at_further(seed):
    problem = random_problem(seed)
    judged = problem.judged(problem.gradient)
    assert judged.verdict == "pass"
    assert judged.screening.place is None
    assert judged.checked == 2 < judged.entries


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("more", [{"curve": "relu"}, {"rounded_to": np.float32, "noise": 3e-8}])
def test_neither_kinks_nor_a_coarse_loss_make_a_right_gradient_wrong(seed, more):
    problem = random_problem(seed, **more)
    assert problem.judged(problem.gradient).verdict != "fail"


@pytest.mark.parametrize("check", [CheckSettings(method="central"), CheckSettings(step=1e-3)])
def test_the_method_and_the_step_are_those_that_were_asked_for(check):
    problem = Problem((30, 20))
    assert problem.judged(problem.gradient, check).verdict == "pass"
    assert problem.judged(changed(problem.gradient, np.s_[3], 1.01), check).screening.place.box == ((3, 4), (0, 20))


def test_a_loss_that_is_too_coarse_to_tell_is_no_pass():
    problem = Problem((30, 20), rounded_to=np.float32, noise=3e-8)
    assert problem.judged(problem.gradient).verdict == "inconclusive"


def test_directions_that_cannot_tell_are_no_pass_whatever_single_entries_say():
    problem = Problem((30, 20))
    screened = screen(problem.losses, problem.subject(problem.gradient))
    estimate = screened.along.estimate
    coarse = replace(estimate, error=estimate.error + 1e-3 * np.array([0.0, 1.0, 1.0, 1.0]))
    one_tells = replace(screened, along=replace(screened.along, estimate=coarse))
    assert problem.verdict(problem.gradient, one_tells).verdict == "inconclusive"


@pytest.mark.parametrize("seed", range(10))
def test_parameters_that_are_rounded_as_they_are_moved_raise_no_suspicion(seed):
    """The loss is exact, but a parameter in float32 is not where the direction leads: finer steps only cost time."""
    problem = Problem((30, 20), seed)
    problem.W = problem.W.astype(np.float32)
    subject = problem.subject(problem.gradient)
    slopes = slopes_along(problem.losses, subject).compared(problem.gradient, rounding=subject.rounding)
    assert (slopes.gap < slopes.bar).all()
    assert problem.calls <= 4 * 3 * 6


def test_a_gradient_of_zero_everywhere_is_right_where_nothing_moves_the_loss():
    problem = Problem((30, 20))
    problem.y[:] = 0.0
    assert problem.judged(problem.gradient).verdict == "pass"


# --- wrong ones --------------------------------------------------------------------------------------------------

PARTS = {
    "one entry": np.s_[7:8, 11:12],
    "a row": np.s_[7:8, 0:20],
    "a column": np.s_[0:30, 11:12],
    "a block": np.s_[4:9, 10:20],
    "everything": np.s_[0:30, 0:20],
}


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("factor", [1 + 1e-4, 0.0, -1.0, 2.0])
@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_what_is_wrong_fails_and_is_traced_to_its_place(curve, factor, part):
    for seed in range(2):
        problem = Problem((30, 20), seed, curve)
        judged = problem.judged(changed(problem.gradient, part, factor))
        place = judged.screening.place
        assert judged.verdict == "fail"
        assert place.box == tuple((each.start, each.stop) for each in part)
        assert place.wrong == place.looked_at > 0


@pytest.mark.parametrize("seed", range(20))
def test_two_errors_of_one_size_do_not_cancel(seed):
    problem = Problem((30, 20), seed)
    wrong = problem.gradient
    wrong[3, 5] += 1e-3
    wrong[20, 9] += 1e-3
    judged = problem.judged(wrong)
    assert judged.verdict == "fail"
    assert judged.screening.place.box == ((3, 21), (5, 10))
    assert judged.worst.index in ((3, 5), (20, 9))


@pytest.mark.parametrize("seed", range(3))
def test_errors_too_thin_for_single_entries_fail_by_their_directions(seed):
    """Each entry is off by its own error bar, which is no evidence; along a direction the errors of 10,000 add up."""
    problem = Problem((100, 100), seed, noise=1e-10)
    right = problem.gradient
    subject = problem.subject(right)
    bar = float(screen(problem.losses, subject).entries.error.max())
    judged = problem.judged(right + bar * np.random.default_rng(seed).choice([-1.0, 1.0], right.shape))
    assert judged.verdict == "fail"
    assert judged.screening.wrong >= 2
    assert judged.screening.place.wrong == 0
    assert judged.worst is None


def test_errors_within_the_tolerance_pass_wherever_they_are():
    problem = Problem((30, 20))
    for part in PARTS.values():
        assert problem.judged(changed(problem.gradient, part, 1 + 3e-7)).verdict == "pass"


@pytest.mark.parametrize("spoilt", [np.nan, np.inf])
def test_an_entry_that_is_no_number_fails(spoilt):
    problem = Problem((30, 20))
    wrong = problem.gradient
    wrong[4, 4] = spoilt
    judged = problem.judged(wrong)
    assert judged.verdict == "fail"
    assert judged.worst.index == (4, 4)


def test_a_later_gradient_with_an_entry_that_is_no_number_fails_by_the_same_screening():
    problem = Problem((30, 20))
    screened, later = screen(problem.losses, problem.subject(problem.gradient)), problem.gradient
    later[4, 4] = np.nan
    assert problem.verdict(later, screened).verdict == "fail"


def test_where_entries_are_few_all_are_looked_at():
    problem = Problem((2, FEW // 2))
    judged = problem.judged(problem.gradient)
    assert judged.verdict == "pass"
    assert judged.screening is None
    assert judged.checked == judged.entries


# --- what it cannot see, and what it costs -------------------------------------------------------------------------


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("seed", range(20))
def test_an_error_of_one_entry_shows_from_the_size_on_that_is_said(curve, seed):
    problem = Problem((30, 20), seed, curve)
    unseen = problem.judged(problem.gradient).screening.unseen
    place = tuple(np.random.default_rng(seed).integers((30, 20)))
    wrong = problem.gradient
    wrong[place] += 1.01 * unseen
    assert problem.judged(wrong).screening.place is not None


def test_errors_within_the_tolerance_elsewhere_may_hide_one_that_is_beyond_it_and_that_is_said():
    problem = Problem((30, 20))
    alone, among = (problem.judged(f * problem.gradient).screening.unseen for f in (1.0, 1 + 3e-7))
    assert among > 100 * alone
    assert among > 3e-7 * np.abs(problem.gradient).max()


def test_fifty_thousand_entries_pass_with_few_evaluations():
    problem = Problem((200, 250), terms=1)
    assert problem.judged(problem.gradient).verdict == "pass"
    assert problem.calls < 100


def test_one_wrong_entry_in_fifty_thousand_is_found_with_few_evaluations():
    problem = Problem((200, 250), terms=1)
    judged = problem.judged(changed(problem.gradient, np.s_[113, 151], 1.01))
    assert (judged.verdict, judged.worst.index) == ("fail", (113, 151))
    assert judged.screening.place.box == ((113, 114), (151, 152))
    assert problem.calls < 250


@pytest.mark.parametrize("seed", range(3))
def test_a_whole_gradient_says_what_the_slopes_of_its_loss_are(seed):
    """Of which the entries stand in any order."""
    problem = random_problem(seed)
    measured = slopes_along(problem.losses, problem.subject(problem.gradient), 3)
    order = np.random.default_rng(seed).permutation(problem.W.size)
    zero = np.zeros(problem.W.size)
    whole = Estimate(order, problem.gradient.reshape(-1)[order], zero + 1e-9, zero)
    said = slopes_of(whole, problem.shape, problem.seed, 3)
    assert (said.shape, said.seed, len(said)) == (measured.shape, measured.seed, 3)
    assert (np.abs(said.estimate.value - measured.estimate.value) <= 3 * measured.estimate.error + 1e-12).all()
    # errors of 1e-9 that all have the sign of the move: the sum of what each entry is moved
    moved = [np.abs(move(whole_box(problem.shape), signs(problem.shape, problem.seed, k))).sum() for k in range(3)]
    np.testing.assert_allclose(said.estimate.error, 1e-9 * np.array(moved))


def test_directions_follow_from_the_seed_alone():
    problem = Problem((30, 20))
    subject = problem.subject(problem.gradient)
    first, second = (slopes_along(problem.losses, subject).estimate.value for _ in range(2))
    other = slopes_along(problem.losses, replace(subject, seed=1)).estimate.value
    np.testing.assert_array_equal(first, second)
    assert not np.isclose(first, other).any()


def test_at_a_kink_no_slope_between_the_one_sided_ones_is_wrong_and_others_are():
    """L = sum |w|, which a direction v leaves by sum |v| on either side: g . v is in between for every |g| <= 1."""
    absolute = Problem((8, 6))
    absolute.W = np.zeros((8, 6))
    absolute.losses = lambda values: [float(np.abs(W).sum()) for W in values]
    assert absolute.judged(np.full((8, 6), 0.5)).verdict != "fail"
    assert absolute.judged(np.full((8, 6), 20.0)).verdict == "fail"
