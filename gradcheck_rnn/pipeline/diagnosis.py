"""A failed check diagnosed: which term is broken, from the user's gradients at further draws."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gradcheck_rnn.analytic.inspection import Gradients, gradients
from gradcheck_rnn.analytic.roles import Roles
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.diagnose.findings import findings_of, unexplained
from gradcheck_rnn.diagnose.hypotheses import explain_gradients
from gradcheck_rnn.diagnose.witness import SAME, Witness
from gradcheck_rnn.faults.fault import Fault
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.draw import probe_net, probe_problem
from gradcheck_rnn.model.elman import reference_gradients
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.pipeline.forward import match_forward
from gradcheck_rnn.pipeline.measurement import Plan
from gradcheck_rnn.pipeline.user_net import UserNet

# steps that a diagnosis needs at the most: every fault shows on fewer, a wider window of truncation aside
LONGEST = 16
# draws that a fault must explain, by their numbers, which are not those at which losses are compared
DRAWS = (0, 101, 102)
# how many steps shorter the last of them is: what grows with T shows there
SHORTER = 2
LEAST_LENGTH = 3
# gradients whose calls depend on each other explain nothing
UNREPEATABLE = ("state-leak", "accumulating-gradients", "nondeterministic-loss")
# gradients that are no arrays of the right shape and kind are named already
UNUSABLE = ("missing-key", "wrong-shape", "wrong-dtype", "non-finite")
# residual below which two gradients are one where single precision was found
SAME_IN_FLOAT32 = 1e-4


def diagnose_reference(settings: Settings, net: Net, fault: Fault, wrong: tuple[str, ...]) -> list[Finding]:
    """Diagnose the reference with a fault, as if it were somebody's code."""
    nets = witness_nets(probe_net(net, reducible=True), lengths_are_free=True)
    problems = [
        probe_problem(each, settings, draw).in_double_precision() for draw, each in zip(DRAWS, nets, strict=True)
    ]
    witnesses = [Witness(problem, reference_gradients(problem, [fault])) for problem in problems]
    return _named(witnesses, net, {name: name for name in net.shapes}, wrong, same=SAME)


def diagnose_user(
    plan: Plan, user: UserNet, wrong: tuple[str, ...], said: Sequence[Finding], *, lengths_are_free: bool
) -> list[Finding]:
    """Diagnose user code whose gradients of the parameters `wrong` fail; `said` are the findings so far.

    Raises:
        UserCodeError: user code raised, hung or crashed at one of the further draws.
    """
    kinds = {finding.kind for finding in said}
    named = {name for finding in said if finding.kind in UNUSABLE for name in finding.parameters}
    wrong = tuple(name for name in wrong if name not in named)
    if user.roles is None or not wrong or kinds & {*UNREPEATABLE, "forward-differs"}:
        return []
    net = probe_net(user.net, reducible=user.facts.sizes_may_vary) if plan.settings.check.probe else user.net
    nets = witness_nets(net, lengths_are_free=lengths_are_free)
    witnesses = [
        witness
        for draw, each in zip(DRAWS, nets, strict=True)
        if (witness := _witness(plan, user, each, draw)) is not None
    ]
    if len(witnesses) < len(nets):
        return []
    own_names = {role: user.roles.names(role)[0] for role in user.net.shapes}
    same = SAME_IN_FLOAT32 if "float32-inside" in kinds or plan.settings.dtype == "float32" else SAME
    return _named(witnesses, user.net, own_names, wrong, same=same)


def witness_nets(net: Net, *, lengths_are_free: bool) -> list[Net]:
    """Nets of the draws that a fault must explain: short, and of two lengths where the code takes any."""
    if not lengths_are_free:
        return [net] * len(DRAWS)
    length = min(net.sizes.length, LONGEST)
    lengths = [length] * (len(DRAWS) - 1) + [max(length - SHORTER, LEAST_LENGTH)]
    return [replace(net, sizes=replace(net.sizes, length=each)) for each in lengths]


def _witness(plan: Plan, user: UserNet, net: Net, draw: int) -> Witness | None:
    """The user's gradients at a draw, as the described net's; None where that does not describe the loss there."""
    point = (
        user.probe(net, draw) if plan.settings.check.probe else (user.nearby(net, draw) if draw else user.configured)
    )
    forward = match_forward(plan, user, net, point)
    if forward.problem is None or user.roles is None:
        return None
    (returned,) = user.runner.run(gradients, [point])
    usable = _described(user.roles, returned, forward.problem, forward.factor)
    return Witness(forward.problem, usable) if usable else None


def _described(roles: Roles, returned: Gradients, problem: Problem, factor: float) -> dict[str, Array]:
    """The user's gradients by described name, of those parameters that have a usable one."""
    described = {}
    for role, shape in problem.net.shapes.items():
        value = returned[roles.names(role)[0]]
        if value is not None and np.isfinite(value).all():
            described[role] = value.reshape(shape).astype(np.float64) / factor
    return described


def _named(
    witnesses: Sequence[Witness], net: Net, own_names: dict[str, str], wrong: tuple[str, ...], *, same: float
) -> list[Finding]:
    explanation = explain_gradients(witnesses, same=same)
    if explanation is None:
        return [unexplained(wrong, [])]
    return findings_of(explanation, net, own_names, wrong)
