"""One point of user code measured: guards, forward match, analytic and numeric gradient, rounding."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from gradcheck_rnn.analytic.inspection import gradients, inspect
from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.analytic.roles import own_shapes
from gradcheck_rnn.diagnose.power import Compared
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.numeric.estimate import Estimate, Indices, NumericGradient, picked, scaled
from gradcheck_rnn.numeric.noise import line
from gradcheck_rnn.numeric.rounding import LINE_POINTS, backward_rounding, gradient_rounding, measured_noise
from gradcheck_rnn.pipeline import remarks
from gradcheck_rnn.pipeline.measurement import Measurement, Plan
from gradcheck_rnn.pipeline.user.forward import match_forward
from gradcheck_rnn.pipeline.user.net import UserNet
from gradcheck_rnn.pipeline.user.numeric import UserPoint, difference
from gradcheck_rnn.report.value import PointName

# lines on which the noise of gradients is measured: the least counts, so that a kink on one does no harm
NOISE_LINES = 2


def measure_user(plan: Plan, user: UserNet, name: PointName, net: Net, point: Point) -> Measurement:
    """Measure the user's gradients at a point of the sizes of `net`.

    Raises:
        UserCodeError: user code gave nothing that could be judged.
    """
    plan.progress(name, 0, 1)
    seen = user.runner.run(inspect, point)
    # two equal calls that differ are no matter of rounding
    noise = _gradient_noise(plan, user, point) if seen.again is None else dict.fromkeys(seen.gradients, 0.0)
    at = UserPoint(plan, user, name, point, seen, match_forward(plan, user, net, point))
    differenced = difference(at)
    rounding = _rounding(at, noise)
    coarse = remarks.float32_in_gradients(noise) if plan.settings.dtype == "float64" else ()
    return Measurement(
        point=name,
        length=net.sizes.length,
        shapes=own_shapes(point.parameters),
        loss=differenced.loss,
        analytic=seen.gradients,
        again=seen.again,
        numeric=differenced.numeric,
        rounding=rounding,
        findings=(*seen.findings, *at.forward.findings, *coarse),
        notes=(*at.forward.notes, *differenced.notes),
        described=_described(at, differenced.numeric, rounding),
    )


def _described(at: UserPoint, numeric: NumericGradient, rounding: Mapping[str, float]) -> Compared | None:
    """The point as the described problem, its loss's factor divided out."""
    problem, roles, factor = at.forward.problem, at.user.roles, at.forward.factor
    if problem is None or roles is None:
        return None
    own = {role: roles.names(role)[0] for role in problem.net.shapes}
    return Compared(
        at.name,
        problem,
        {
            role: scaled(_of_role(numeric[name], roles.places(name, role, problem.net)), 1 / factor)
            for role, name in own.items()
            if name in numeric
        },
        {role: rounding[name] / abs(factor) for role, name in own.items() if name in numeric},
    )


def _of_role(estimate: Estimate, places: Indices) -> Estimate:
    """The estimate of a described parameter out of the user's, whose entries at `places` it is."""
    whole = np.full(max(int(places.max(initial=0)), int(estimate.indices.max(initial=0))) + 1, -1)
    whole[estimate.indices] = np.arange(len(estimate.indices))
    at = whole[places]
    there = np.flatnonzero(at >= 0)
    return replace(picked(estimate, at[there]), indices=there)


def _gradient_noise(plan: Plan, user: UserNet, point: Point) -> dict[str, float]:
    """Noise of each gradient, as a share of its largest entry."""
    lines = [line(point.parameters, plan.rng(f"line {k}"), LINE_POINTS) for k in range(NOISE_LINES)]
    measured = [
        measured_noise(user.runner.run(gradients, [point.at(parameters) for parameters in each])) for each in lines
    ]
    return {name: min(noise[name] for noise in measured) for name in measured[0]}


def _rounding(at: UserPoint, noise: Mapping[str, float]) -> dict[str, float]:
    """Rounding error that each of the user's gradients may have."""
    plan, problem, roles = at.plan, at.forward.problem, at.user.roles
    length = len(at.point.batch.inputs)
    own = gradient_rounding(at.seen.gradients, noise, length=length, eps=plan.eps)
    if problem is None or roles is None:
        return own
    outputs = backward_rounding(problem, plan.rng("shakes"), eps=plan.eps)
    return {
        name: own[name] + abs(at.forward.factor) * max(outputs[role] for role in roles.roles_of(name)) for name in own
    }
