"""The numeric gradient of the user's loss: through the described one where that is the same, else through itself."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from gradcheck_rnn.analytic.roles import Roles
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.numeric.estimate import Estimate, Indices, joined, picked, scaled
from gradcheck_rnn.numeric.interrupted import InterruptedDifferencesError, as_far_as_it_went
from gradcheck_rnn.numeric.progress import Counter
from gradcheck_rnn.pipeline import remarks
from gradcheck_rnn.pipeline.measurement import differentiate_described
from gradcheck_rnn.pipeline.user.confirm import unconfirmed
from gradcheck_rnn.pipeline.user.cost import foretell
from gradcheck_rnn.pipeline.user.screening import screened_by_described, screened_by_user
from gradcheck_rnn.pipeline.user.user_point import Differenced, UserPoint


def difference(at: UserPoint, indices: dict[str, Indices]) -> Differenced:
    """Differentiate the loss of the user's code at a point, until it is done or the user stops it.

    Raises:
        UserCodeError: the user's loss raised, hung, crashed or returned no number.
    """
    wanted, problem, roles = at.plan.settings.check.loss, at.forward.problem, at.user.roles
    if problem is None or roles is None or wanted == "user":
        notes = (remarks.no_complex_step(),) if at.plan.settings.check.method == "complex_step" else ()
        return replace(_of_user(at, indices), notes=notes)
    described = _of_described(at, problem, roles, indices)
    if not described.is_complete:
        return described
    try:
        contradicted = [] if at.seen.loss is None or wanted == "described" else unconfirmed(at, described)
    except KeyboardInterrupt:
        return replace(described, is_complete=False)
    if not contradicted:
        return described
    return replace(_of_user(at, indices), notes=(remarks.unconfirmed(contradicted),))


def _of_user(at: UserPoint, indices: dict[str, Indices]) -> Differenced:
    """Difference the user's own loss; a probe that is smaller than the configured point is not screened."""
    if at.plan.screens and not (at.name == "probe" and at.is_reduced):
        return screened_by_user(at)
    found = as_far_as_it_went(lambda: _through_user(at, indices))
    return Differenced("user", found.numeric, is_complete=found.is_complete)


def _of_described(at: UserPoint, problem: Problem, roles: Roles, indices: dict[str, Indices]) -> Differenced:
    """Difference the described loss; the probe, which is fast, is not screened."""
    if at.plan.screens and at.name == "configured":
        return screened_by_described(at, problem, roles)
    found = as_far_as_it_went(lambda: _through_described(at, problem, roles, indices))
    return Differenced("described", found.numeric, is_complete=found.is_complete)


def _through_described(
    at: UserPoint, problem: Problem, roles: Roles, indices: dict[str, Indices]
) -> dict[str, Estimate]:
    found = as_far_as_it_went(
        lambda: differentiate_described(at.plan, at.name, problem, _by_role(problem.net, roles, indices))
    )
    named = {
        name: scaled(_of_name(problem.net, roles, name, entries, found.numeric), at.forward.factor)
        for name, entries in indices.items()
    }
    if not found.is_complete:
        raise InterruptedDifferencesError(named)
    return named


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
    foresee = partial(foretell, at, confirming=False)
    return at.differentiated(indices, foresee, Counter(sum(map(len, indices.values())), at.progress))
