"""The numeric gradient of the user's loss: through the described one where that is the same, else through itself."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from gradcheck_rnn.analytic.inspection import Inspection
from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.analytic.roles import Roles, own_shapes
from gradcheck_rnn.compare import compare_gradients
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.numeric.black_box import user_gradient, user_loss_noise
from gradcheck_rnn.numeric.described import described_gradient
from gradcheck_rnn.numeric.estimate import Estimate, Indices, joined, picked, scaled
from gradcheck_rnn.pipeline import remarks
from gradcheck_rnn.pipeline.measurement import Plan
from gradcheck_rnn.pipeline.user.forward import Forward
from gradcheck_rnn.pipeline.user.net import UserNet
from gradcheck_rnn.report.value import PointName

# random entries of each parameter that are differenced through the user's loss, to confirm the described one
CONFIRMED = 20


@dataclass(frozen=True)
class UserPoint:
    """User code at one point: where, what its calls showed, and what is known of its loss."""

    plan: Plan
    user: UserNet
    name: PointName
    point: Point
    seen: Inspection
    forward: Forward


@dataclass(frozen=True)
class Differenced:
    """A numeric gradient under the user's names, and whose loss was differenced."""

    loss: Literal["user", "described"]
    numeric: dict[str, Estimate]
    notes: tuple[Finding, ...] = ()


def difference(at: UserPoint) -> Differenced:
    """Differentiate the loss of the user's code at a point.

    Raises:
        UserCodeError: the user's loss raised, hung, crashed or returned no number.
    """
    indices = at.plan.entries(own_shapes(at.point.parameters), at.name)
    wanted, problem, roles = at.plan.settings.check.loss, at.forward.problem, at.user.roles
    if problem is None or roles is None or wanted == "user":
        notes = (remarks.no_complex_step(),) if at.plan.settings.check.method == "complex_step" else ()
        return Differenced("user", _through_user(at, indices), notes)
    described = _through_described(at, problem, roles, indices)
    unconfirmed = [] if at.seen.loss is None or wanted == "described" else _unconfirmed(at, described)
    if not unconfirmed:
        return Differenced("described", described)
    return Differenced("user", _through_user(at, indices), (remarks.unconfirmed(unconfirmed),))


def _through_described(
    at: UserPoint, problem: Problem, roles: Roles, indices: dict[str, Indices]
) -> dict[str, Estimate]:
    wanted = _by_role(problem.net, roles, indices)
    estimates = described_gradient(
        problem,
        wanted,
        at.plan.settings.check,
        at.plan.rng(f"sample {at.name}"),
        progress=lambda done, total: at.plan.progress(at.name, done, total),
    )
    return {
        name: scaled(_of_name(problem.net, roles, name, entries, estimates), at.forward.factor)
        for name, entries in indices.items()
    }


def _by_role(net: Net, roles: Roles, indices: Mapping[str, Indices]) -> dict[str, Indices]:
    """Entries of the described parameters that entries of the user's are."""
    parts: dict[str, list[Indices]] = {}
    for name, entries in indices.items():
        for role in roles.roles_of(name):
            parts.setdefault(role, []).append(np.flatnonzero(np.isin(roles.places(name, role, net), entries)))
    return {role: np.unique(np.concatenate(each)) for role, each in parts.items()}


def _of_name(net: Net, roles: Roles, name: str, entries: Indices, estimates: Mapping[str, Estimate]) -> Estimate:
    """The estimate of a user's parameter from those of its described ones."""
    parts = []
    for role in roles.roles_of(name):
        estimate = estimates[role]
        places = roles.places(name, role, net)[estimate.indices]
        parts.append(replace(estimate, indices=places))
    whole = joined(parts)
    at = np.flatnonzero(np.isin(whole.indices, entries))
    return picked(whole, at[np.argsort(whole.indices[at])])


def _through_user(at: UserPoint, indices: dict[str, Indices]) -> dict[str, Estimate]:
    base = at.seen.loss or 0.0
    seed, scale = at.plan.settings.seed, max(abs(base), at.forward.usual)
    return user_gradient(
        at.user.runner,
        at.point,
        indices,
        at.plan.settings.check,
        noise=at.user.runner.run(user_loss_noise, at.point, seed, scale),
        base=base,
        progress=lambda done, total: at.plan.progress(at.name, done, total),
    )


def _unconfirmed(at: UserPoint, described: dict[str, Estimate]) -> list[str]:
    """Parameters whose described derivatives the user's loss contradicts, at random entries and at the worst one."""
    places = {name: _places(at, name, estimate) for name, estimate in described.items()}
    user = _through_user(at, {name: described[name].indices[chosen] for name, chosen in places.items()})
    shapes = own_shapes(at.point.parameters)
    values = {name: _whole(described[name], shapes[name]) for name in described}
    errors = {name: float(described[name].error.max(initial=0.0)) for name in described}
    judged = compare_gradients(values, user, shapes, tolerance=at.plan.settings.check.tolerance, rounding=errors)
    return [name for name, comparison in judged.items() if comparison.verdict == "fail"]


def _places(at: UserPoint, name: str, estimate: Estimate) -> Indices:
    """Random entries of the estimate, and the one farthest from the analytic gradient."""
    count = len(estimate.indices)
    chosen = at.plan.rng(f"confirm {name} {at.name}").permutation(count)[:CONFIRMED]
    analytic = at.seen.gradients[name]
    if analytic is None or not count:
        return np.sort(chosen)
    gap = np.abs(analytic.reshape(-1)[estimate.indices] - estimate.value)
    return np.unique([*chosen, int(np.argmax(np.nan_to_num(gap, nan=np.inf)))])


def _whole(estimate: Estimate, shape: tuple[int, ...]) -> np.ndarray:
    """The estimate's values in the parameter's shape, zero where none was estimated."""
    values = np.zeros(int(np.prod(shape)))
    values[estimate.indices] = estimate.value
    return values.reshape(shape)
