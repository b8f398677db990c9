"""The chain map of the code that is checked, at a probe whose steps all have an input of their own."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.inspection import gradients
from gradcheck_rnn.analytic.roles import Roles
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.diagnose.chain_map import ChainMap, Returned, chain_map
from gradcheck_rnn.diagnose.witness import Gradients
from gradcheck_rnn.faults.fault import Fault
from gradcheck_rnn.model.draw import probe_problem
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.model.reference import reference_gradients
from gradcheck_rnn.pipeline.diagnosis.black_box_chain import black_box_chain
from gradcheck_rnn.pipeline.measurement import Plan
from gradcheck_rnn.pipeline.user.forward import match_forward
from gradcheck_rnn.pipeline.user.net import UserNet

# steps of a map: it has as many rows, and three of them stand side by side on 80 columns
LEAST_STEPS = 6
MOST_STEPS = 9
# a chain needs two
FEWEST_STEPS = 2


def map_problem(net: Net, settings: Settings, *, lengths_are_free: bool) -> Problem | None:
    """Draw the probe of a chain map; None where the steps cannot have inputs of their own."""
    length = net.sizes.length
    if lengths_are_free:
        length = min(max(length, LEAST_STEPS), MOST_STEPS, net.sizes.input_size)
    if length < FEWEST_STEPS or length > net.sizes.input_size:
        return None
    cut = replace(net, sizes=replace(net.sizes, length=length))
    distinct = replace(settings, sequence=replace(settings.sequence, inputs="distinct_tokens"))
    problem = probe_problem(cut, distinct).in_double_precision()
    if settings.sequence.inputs == "dense":
        problem = replace(problem, batch=replace(problem.batch, tokens=None))
    return problem


def chain_of_reference(settings: Settings, net: Net, faults: Sequence[Fault]) -> ChainMap | None:
    """Map the chain of the reference, with faults in it."""
    problem = map_problem(net, settings, lengths_are_free=True)
    if problem is None:
        return None
    return chain_map(problem, lambda problems: [reference_gradients(each, faults) for each in problems], prefixes=True)


def chain_of_user(plan: Plan, user: UserNet, net: Net, *, lengths_are_free: bool) -> ChainMap | None:
    """Map the chain of user code: by the described loss where that is its own, else by itself."""
    problem = map_problem(net, user.settings, lengths_are_free=lengths_are_free)
    if problem is None or plan.settings.dtype == "float32":
        return None
    if user.roles is None:
        return black_box_chain(user, problem)
    try:
        forward = match_forward(plan, user, problem.net, user.roles.point(problem, user.shapes(problem.net.sizes)))
        if forward.problem is None:
            return black_box_chain(user, problem)
        return chain_map(
            forward.problem, returned_by(user, forward.factor), prefixes=lengths_are_free and forward.factor == 1
        )
    except UserCodeError:
        return None


def returned_by(user: UserNet, factor: float) -> Returned:
    """Return the function that gives the user's gradients at described problems, the loss's factor divided out."""
    like = functools.cache(lambda net: user.shapes(net.sizes))
    roles = user.roles

    def returned(problems: Sequence[Problem]) -> list[Gradients]:
        if roles is None:
            raise ValueError("the user's parameters are not described")
        every = user.runner.run(gradients, [roles.point(problem, like(problem.net)) for problem in problems])
        return [
            {role: _usable(each, roles, role, problem.net) / factor for role in problem.net.shapes}
            for problem, each in zip(problems, every, strict=True)
        ]

    return returned


def _usable(returned: Mapping[str, np.ndarray | None], roles: Roles, role: str, net: Net) -> np.ndarray:
    name = roles.names(role)[0]
    value = returned[name]
    return np.full(net.shapes[role], np.nan) if value is None else roles.read(name, role, net, value.astype(np.float64))
