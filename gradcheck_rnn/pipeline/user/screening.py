"""User code screened at one point: through its own loss, or through the described one with its own as confirmation."""

from dataclasses import replace

import numpy as np

from gradcheck_rnn.analytic.roles import Roles
from gradcheck_rnn.model.forward import described_loss
from gradcheck_rnn.model.net import Parameters
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.numeric.black_box import Cost
from gradcheck_rnn.numeric.ladder import calls_per_entry
from gradcheck_rnn.numeric.screen.parameter import FEW, Subject
from gradcheck_rnn.numeric.screen.point import Screening, screen_loss, screened_so_far
from gradcheck_rnn.numeric.screen.user import screen_users, seconds_per_look
from gradcheck_rnn.pipeline.user.cost import foretell_screen
from gradcheck_rnn.pipeline.user.user_point import Differenced, UserPoint


def screened_by_user(at: UserPoint) -> Differenced:
    """Screen every parameter through the user's own loss, each in one task, until it is done or the user stops it.

    Raises:
        UserCodeError: the user's loss raised, hung, crashed or returned no number.
    """
    screening, subjects = _screening(at, at.point.parameters), subjects_of(at)
    looks = sum(min(subject.value.size, FEW) for subject in subjects.values())
    foretell_looks(at, looks, len(subjects), confirming=False)
    tasks = [(at.point, name, subject) for name, subject in subjects.items()]
    found = zip(subjects, at.user.runner.run_all(screen_users, tasks), strict=True)
    point = screened_so_far(screening, found, count=len(subjects), progress=at.progress)
    return Differenced("user", point.numeric, screened=point.screened, is_complete=point.is_complete)


def screened_by_described(at: UserPoint, problem: Problem, roles: Roles) -> Differenced:
    """Screen every parameter through the described loss, until it is done or the user stops it."""
    exact = {name: value.astype(np.float64) for name, value in at.point.parameters.items()}
    seen = replace(at.point, batch=problem.batch)

    def loss(parameters: Parameters) -> float:
        return at.forward.factor * described_loss(roles.problem(problem.net, seen.at(parameters)))

    point = screen_loss(loss, _screening(at, exact), at.plan.rng(f"sample {at.name}"), progress=at.progress)
    return Differenced("described", point.numeric, screened=point.screened, is_complete=point.is_complete)


def foretell_looks(at: UserPoint, looks: int, tasks: int, *, confirming: bool) -> None:
    """Tell what so many looks take, if none finds anything to be followed."""
    if tasks:
        check, seconds = at.plan.settings.check, at.user.runner.run(seconds_per_look, at.point)
        cost = Cost(looks, *calls_per_entry(check.method, check.step), seconds)
        foretell_screen(at, cost, tasks, confirming=confirming)


def _screening(at: UserPoint, parameters: Parameters) -> Screening:
    seeds = at.plan.seeds(parameters, at.name)
    return Screening(parameters, at.seen.gradients, at.rounding, seeds, at.plan.settings.check)


def subjects_of(at: UserPoint) -> dict[str, Subject]:
    """Return what is asked of the user's own loss."""
    return _screening(at, at.point.parameters).subjects(base=at.base, noise=at.loss_noise)
