"""Does the described net describe the user's loss? Decided by values before any gradient is looked at."""

from dataclasses import dataclass, replace

import numpy as np

from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.forward import SAME_IN_FLOAT32, ForwardMatch, ignores_initial_state, match_losses
from gradcheck_rnn.analytic.inspection import losses
from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.model.forward import described_loss
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.numeric.black_box import user_loss_noise
from gradcheck_rnn.pipeline import remarks
from gradcheck_rnn.pipeline.measurement import Plan
from gradcheck_rnn.pipeline.user.levelled import UserLoss
from gradcheck_rnn.pipeline.user.net import DRAWS, UserNet
from gradcheck_rnn.pipeline.user.role_inference import better_description


@dataclass(frozen=True)
class Forward:
    """What is known of the loss at a point.

    `problem` is the described problem where it describes the user's code, else None; the user's loss is `factor`
    times its loss. `usual` is the size that the user's loss has at ordinary points, 0 if there is none.
    """

    problem: Problem | None
    factor: float
    usual: float
    findings: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()


def match_forward(plan: Plan, user: UserNet, net: Net, point: Point) -> Forward:
    """Compare the user's loss with the described one at the point and at further draws of its sizes.

    Raises:
        UserCodeError: user code raised, hung, crashed or returned no number at one of the draws.
    """
    points = [point, *(user.draw(net, draw) for draw in range(1, DRAWS))]
    values = user.runner.run(losses, points) if user.facts.has_loss else []
    if values and user.runner.run(losses, [points[1].at(point.parameters), points[1]]) == [values[1], values[1]]:
        raise UserCodeError(remarks.constant_loss(values[1]))
    usual = float(np.median(np.abs(values))) if values else 0.0
    if user.roles is None:
        said = (remarks.undescribed(user.reason),) if user.facts.takes_batch else ()
        return Forward(None, 1.0, usual, _coarse(plan, user, point, usual), said)
    problems = [user.roles.problem(net, each).in_double_precision() for each in points]
    notes = user.notes
    if not net.learned and ignores_initial_state(user.runner, points, has_loss=user.facts.has_loss):
        problems = [problem.starting_from_zeros() for problem in problems]
        notes += (remarks.ignored_state(),)
    if not values:
        return Forward(problems[0], 1.0, usual, notes=notes)
    described = [described_loss(problem) for problem in problems]
    match = match_losses(values, described)
    matched = _judged(plan, user, points[-1], match, usual)
    if matched is None:
        differs = remarks.forward_differs(values[-1], described[-1], match.deviation)
        if not match.to_single_precision:
            read = [replace(at, batch=problem.batch) for at, problem in zip(points, problems, strict=True)]
            differs = _with_better_description(differs, net, UserLoss(user.runner, read))
        return Forward(None, 1.0, usual, findings=(differs,), notes=notes)
    factor, findings = matched
    notes += (remarks.loss_factor(factor),) if factor != 1 else ()
    return Forward(problems[0], factor, usual, findings, notes)


def _coarse(plan: Plan, user: UserNet, point: Point, usual: float) -> tuple[Finding, ...]:
    """Say so where a loss that nothing describes moves in steps of single precision."""
    if plan.settings.dtype == "float32" or not usual:
        return ()
    noise = user.runner.run(user_loss_noise, point, plan.settings.seed, 0.0)
    is_coarse = remarks.FLOAT32_NOISE * usual < noise < remarks.LARGEST_FLOAT32_NOISE * usual
    return (remarks.float32_in_loss(noise, usual),) if is_coarse else ()


def _with_better_description(differs: Finding, net: Net, loss: UserLoss) -> Finding:
    """Say which roles or key would describe the loss; equal names and ROLES are taken at their word all the same."""
    better = better_description(net, loss)
    return replace(differs, help=f"{better}; the verdict is taken on your own loss") if better else differs


def _judged(
    plan: Plan, user: UserNet, point: Point, match: ForwardMatch, usual: float
) -> tuple[float, tuple[Finding, ...]] | None:
    """The factor, and findings about the precision; None where the two losses are not one function."""
    if match.exact:
        return match.factor, ()
    if not match.to_single_precision:
        return None
    # the factor itself is only known to single precision
    factor = 1.0 if abs(match.factor - 1) < SAME_IN_FLOAT32 else match.factor
    if plan.settings.dtype == "float32":
        return factor, ()
    noise = user.runner.run(user_loss_noise, point, plan.settings.seed, 0.0)
    if noise <= remarks.FLOAT32_NOISE * usual:
        return None  # a small but smooth difference, such as log(p + 1e-8), is another function
    return factor, (remarks.float32_in_loss(noise, usual),)
