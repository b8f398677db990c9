"""Whether the user's own loss confirms the derivatives of the described one.

Along random directions through a parameter a difference in any of its entries shows, and the entry in which the
gradient under test is the farthest off is asked for by itself. Parameters with few entries, and those of which only
some entries are known, are confirmed entry by entry.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from gradcheck_rnn.analytic.roles import own_shapes
from gradcheck_rnn.compare import AGREEING, ERROR_BARS, SPREAD, compare_gradients
from gradcheck_rnn.numeric.black_box import Cost
from gradcheck_rnn.numeric.estimate import Estimate, Indices
from gradcheck_rnn.numeric.progress import Counter
from gradcheck_rnn.numeric.screen.directions import Along, slopes_of
from gradcheck_rnn.numeric.screen.parameter import DIRECTIONS, FEW
from gradcheck_rnn.numeric.screen.user import users_slopes
from gradcheck_rnn.pipeline.user.cost import foretell
from gradcheck_rnn.pipeline.user.screening import foretell_looks, subjects_of
from gradcheck_rnn.pipeline.user.user_point import Differenced, UserPoint

# directions through a parameter that is known entry by entry; two that disagree are enough
CONFIRMING = 3
# random entries of a parameter that is not looked at along directions
CONFIRMED = 20


def unconfirmed(at: UserPoint, described: Differenced) -> list[str]:
    """Parameters whose described derivatives the user's loss contradicts.

    Raises:
        UserCodeError: the user's loss raised, hung, crashed or returned no number.
    """
    screened = {name: each.along for name, each in described.screened.items() if len(each.along)}
    entries = {name: each for name, each in described.numeric.items() if name not in screened}
    along = _slopes(at, entries)
    chosen = {name: _places(at, name, each, 0 if name in along else CONFIRMED) for name, each in entries.items()}
    looks = CONFIRMING * len(along)
    count = Counter(sum(map(len, chosen.values())) + looks, at.progress)
    return [
        *_contradicted_along_the_screened(at, screened),
        *_contradicted_at(at, entries, chosen, count, looks),
        *_contradicted_along(at, along, CONFIRMING, count),
    ]


def _slopes(at: UserPoint, described: Mapping[str, Estimate]) -> dict[str, Along]:
    """What whole described gradients say of the directions through their parameters."""
    shapes, seeds = own_shapes(at.point.parameters), at.plan.seeds(described, at.name)
    return {
        name: slopes_of(each, shapes[name], seeds[name], CONFIRMING)
        for name, each in described.items()
        if len(each.indices) == np.prod(shapes[name]) > FEW and at.seen.gradients[name] is not None
    }


def _places(at: UserPoint, name: str, estimate: Estimate, count: int) -> Indices:
    """So many random entries of the estimate, and the one farthest from the analytic gradient, by their places."""
    known = len(estimate.indices)
    chosen = at.plan.rng(f"confirm {name} {at.name}").permutation(known)[:count] if count else np.empty(0, dtype=int)
    analytic = at.seen.gradients[name]
    if analytic is None or not known:
        return np.sort(chosen)
    gap = np.abs(analytic.reshape(-1)[estimate.indices] - estimate.value)
    return np.unique([*chosen, int(np.argmax(np.nan_to_num(gap, nan=np.inf)))])


def _contradicted_at(
    at: UserPoint, described: Mapping[str, Estimate], chosen: Mapping[str, Indices], count: Counter, looks: int
) -> list[str]:
    """Ask for single entries, and foretell what they take with `looks` along directions after them."""

    def foresee(cost: Cost) -> None:
        foretell(at, replace(cost, entries=cost.entries + looks), confirming=True)

    own = at.differentiated({name: described[name].indices[places] for name, places in chosen.items()}, foresee, count)
    shapes = own_shapes(at.point.parameters)
    values = {name: _whole(described[name], shapes[name]) for name in chosen}
    errors = {name: float(described[name].error.max(initial=0.0)) for name in chosen}
    judged = compare_gradients(values, own, shapes, tolerance=at.plan.settings.check.tolerance, rounding=errors)
    return [name for name, comparison in judged.items() if comparison.verdict == "fail"]


def _whole(estimate: Estimate, shape: tuple[int, ...]) -> np.ndarray:
    """The estimate's values in the parameter's shape, zero where none was estimated."""
    values = np.zeros(int(np.prod(shape)))
    values[estimate.indices] = estimate.value
    return values.reshape(shape)


def _contradicted_along_the_screened(at: UserPoint, screened: Mapping[str, Along]) -> list[str]:
    if not screened:
        return []
    foretell_looks(at, DIRECTIONS * len(screened), len(screened), confirming=True)
    return _contradicted_along(at, screened, DIRECTIONS, Counter(DIRECTIONS * len(screened), at.progress))


def _contradicted_along(at: UserPoint, described: Mapping[str, Along], directions: int, count: Counter) -> list[str]:
    """Ask for slopes along the same directions, each parameter in one task."""
    if not described:
        return []
    subjects = subjects_of(at)
    tasks = [(at.point, name, subjects[name], directions) for name in described]
    found = []
    for (name, along), own in zip(described.items(), at.user.runner.run_all(users_slopes, tasks), strict=True):
        count.advance(directions)
        if _contradict(at, along, own):
            found.append(name)
    return found


def _contradict(at: UserPoint, described: Along, own: Along) -> bool:
    """Whether two losses have other slopes along the same directions, by the rule that judges a gradient."""
    gap = np.abs(described.estimate.value - own.estimate.value) - described.estimate.kink - own.estimate.kink
    bar = described.estimate.error + own.estimate.error
    scale = max(described.usual, own.usual)
    wrong = (gap > ERROR_BARS * bar) & (gap > SPREAD * at.plan.settings.check.tolerance * scale)
    return int(wrong.sum()) >= AGREEING
