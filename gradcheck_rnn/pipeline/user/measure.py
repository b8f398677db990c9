"""One point of user code measured: guards, forward match, analytic and numeric gradient, rounding."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from gradcheck_rnn.analytic.inspection import Inspection, gradients, inspect
from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.analytic.roles import own_shapes
from gradcheck_rnn.diagnose.power import Compared
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.numeric.estimate import Estimate, Indices, picked, scaled
from gradcheck_rnn.numeric.noise import line
from gradcheck_rnn.numeric.rounding import LINE_POINTS, backward_rounding, gradient_rounding, measured_noise
from gradcheck_rnn.pipeline import remarks
from gradcheck_rnn.pipeline.measurement import InterruptedMeasurementError, Measurement, Plan
from gradcheck_rnn.pipeline.user.forward import Forward, match_forward
from gradcheck_rnn.pipeline.user.net import UserNet
from gradcheck_rnn.pipeline.user.numeric import difference
from gradcheck_rnn.pipeline.user.user_point import Differenced, UserPoint
from gradcheck_rnn.report.value import PointName

# lines on which the noise of gradients is measured: the least counts, so that a kink on one does no harm
NOISE_LINES = 2


def measure_user(plan: Plan, user: UserNet, name: PointName, net: Net, point: Point) -> Measurement:
    """Measure the user's gradients at a point of the sizes of `net`.

    Raises:
        UserCodeError: user code gave nothing that could be judged.
        InterruptedMeasurementError: Ctrl-C was pressed.
    """
    plan.progress(name, 0, 1)
    seen = user.runner.run(inspect, point)
    # two equal calls that differ are no matter of rounding
    noise = _gradient_noise(plan, user, point) if seen.again is None else dict.fromkeys(seen.gradients, 0.0)
    forward = match_forward(plan, user, net, point)
    rounding = _rounding(plan, user, point, seen, forward, noise)
    at = UserPoint(plan, user, name, point, seen, forward, rounding)
    indices = plan.entries(own_shapes(point.parameters), name)
    differenced = difference(at, indices)
    coarse = remarks.float32_in_gradients(noise) if plan.settings.dtype == "float64" else ()
    measured = Measurement(
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
        described=_described(at, differenced),
        screened=differenced.screened,
    )
    if not differenced.is_complete:
        raise InterruptedMeasurementError(measured, {name: len(each) for name, each in indices.items()})
    return measured


def _described(at: UserPoint, differenced: Differenced) -> Compared | None:
    """The point as the described problem, its loss's factor divided out; None where nothing tells of its parameters."""
    problem, roles, factor = at.forward.problem, at.user.roles, at.forward.factor
    numeric, rounding, screened = differenced.numeric, at.rounding, differenced.screened
    if problem is None or roles is None:
        return None
    own = {role: roles.names(role)[0] for role in problem.net.shapes}
    if screened and len(set(own.values())) < len(own):
        return None  # a direction through a fused array is none through its blocks
    return Compared(
        at.name,
        problem,
        {
            role: scaled(_of_role(numeric[name], roles.places(name, role, problem.net)), 1 / factor)
            for role, name in own.items()
            if name in numeric
        },
        {role: rounding[name] / abs(factor) for role, name in own.items() if name in numeric},
        {role: screened[name].scaled(1 / factor) for role, name in own.items() if name in screened},
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


def _rounding(
    plan: Plan, user: UserNet, point: Point, seen: Inspection, forward: Forward, noise: Mapping[str, float]
) -> dict[str, float]:
    """Rounding error that each of the user's gradients may have."""
    problem, roles = forward.problem, user.roles
    own = gradient_rounding(seen.gradients, noise, length=len(point.batch.inputs), eps=plan.eps)
    if problem is None or roles is None:
        return own
    outputs = backward_rounding(problem, plan.rng("shakes"), eps=plan.eps)
    return {name: own[name] + abs(forward.factor) * max(outputs[role] for role in roles.roles_of(name)) for name in own}
