"""A failed check diagnosed: the chain map, and which term is broken, from gradients at further draws."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.diagnose.chain_map import ChainMap
from gradcheck_rnn.diagnose.findings import NO_NET, NOT_ALONE, NOT_KNOWN, NOT_YOURS, findings_of, unexplained
from gradcheck_rnn.diagnose.hypotheses import Ask, explain_gradients
from gradcheck_rnn.diagnose.witness import SAME, Gradients, Witness, largest_residual, usable
from gradcheck_rnn.faults.fault import Fault
from gradcheck_rnn.faults.library import fault_by_name, known_faults
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.model.draw import probe_net, probe_problem
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.model.reference import reference_gradients
from gradcheck_rnn.pipeline.diagnosis.chain import chain_of_reference, chain_of_user, returned_by
from gradcheck_rnn.pipeline.diagnosis.experiments import run_experiments
from gradcheck_rnn.pipeline.measurement import Measurement, Plan
from gradcheck_rnn.pipeline.user.forward import match_forward
from gradcheck_rnn.pipeline.user.net import UserNet

# steps that a diagnosis needs at the most: every fault shows on fewer, a wider window of truncation aside
LONGEST = 12
# draws that a fault must explain, by their numbers, which are not those at which losses are compared
DRAWS = (0, 101, 102)
# how many steps shorter the last of them is: what grows with T shows there
SHORTER = 2
LEAST_LENGTH = 3
# work of a backward pass up to which the configured point, whose sizes are the user's, is searched too: some seconds
MOST_WORK = 2_000_000
# gradients whose calls depend on each other explain nothing
UNREPEATABLE = ("state-leak", "accumulating-gradients", "nondeterministic-loss")
# gradients that are no arrays of the right shape and kind are named already
UNUSABLE = ("missing-key", "wrong-shape", "wrong-dtype", "non-finite")
# residual below which two gradients are one where single precision was found
SAME_IN_FLOAT32 = 1e-4


@dataclass(frozen=True)
class Diagnosis:
    """What a failed check comes down to; `chain` is None where it cannot be mapped."""

    findings: tuple[Finding, ...] = ()
    chain: ChainMap | None = None


@dataclass(frozen=True)
class _Draw:
    """The user's gradients at a draw, and the way to ask for those at other problems of its sizes.

    They are those of the described loss: the user's, which is `factor` times as large, is divided by that.
    """

    witness: Witness
    ask: Ask
    factor: float


def planted_faults(settings: Settings, net: Net) -> tuple[Fault, ...]:
    """Return the fault that the configuration puts into the reference, if any."""
    name = settings.backward.fault
    return () if name is None else (fault_by_name(name, faults_of(net)),)


def faults_of(net: Net) -> tuple[Fault, ...]:
    """Return every known fault of a net, windows up to its length."""
    return known_faults(
        net.structure,
        length=net.sizes.length,
        loss=net.loss.kind,
        steps=net.loss.steps,
        batched=net.sizes.batch is not None,
        parameters=net.shapes,
    )


def diagnose_reference(settings: Settings, net: Net, faults: Sequence[Fault], wrong: tuple[str, ...]) -> Diagnosis:
    """Diagnose the reference with faults in it, as if it were somebody's code."""
    nets = witness_nets(probe_net(net, reducible=True), lengths_are_free=True)
    problems = [
        probe_problem(each, settings, draw).in_double_precision() for draw, each in zip(DRAWS, nets, strict=True)
    ]
    witnesses = [Witness(problem, reference_gradients(problem, faults)) for problem in problems]
    explanation = explain_gradients(witnesses, ask=lambda problem: reference_gradients(problem, faults))
    if explanation is None:
        findings = unexplained(wrong, [], why=NOT_KNOWN)
    else:
        findings = findings_of(explanation, net, {name: name for name in net.shapes}, wrong)
    return Diagnosis(tuple(findings), chain_of_reference(settings, nets[0], faults))


def diagnose_user(
    plan: Plan,
    user: UserNet,
    measured: Measurement,
    wrong: tuple[str, ...],
    said: Sequence[Finding],
    *,
    lengths_are_free: bool,
) -> Diagnosis:
    """Diagnose user code whose gradients of the parameters `wrong` fail.

    Args:
        plan: of the check.
        user: the code.
        measured: what the check saw at the point where most of them fail.
        wrong: names of the parameters that fail.
        said: findings so far.
        lengths_are_free: whether the code takes other sequence lengths than the configured one.
    Raises:
        UserCodeError: user code raised, hung or crashed at one of the further draws.
    """
    kinds = {finding.kind for finding in said}
    named = {name for finding in said if finding.kind in UNUSABLE for name in finding.parameters}
    wrong = tuple(name for name in wrong if name not in named)
    if not wrong or kinds & {*UNREPEATABLE}:
        return Diagnosis()
    net = probe_net(user.net, reducible=user.facts.sizes_may_vary) if plan.settings.check.probe else user.net
    nets = witness_nets(net, lengths_are_free=lengths_are_free)
    drawn = [] if "forward-differs" in kinds else _draws(plan, user, nets)
    if _is_right(drawn):
        drawn = _draws(plan, user, [net] * len(DRAWS))  # a window so wide that it shows on long sequences only
    if _is_right(drawn) and _work(user.net) <= MOST_WORK:
        drawn = [*filter(None, [_draw(plan, user, user.net, user.configured)]), *drawn]  # such as a bound
    explanation = None
    if drawn:
        is_coarse = "float32-inside" in kinds or plan.settings.dtype == "float32"
        explanation = explain_gradients(
            [each.witness for each in drawn],
            same=SAME_IN_FLOAT32 if is_coarse else SAME,
            ask=drawn[0].ask,
            pairs=plan.thorough,
        )
    if explanation is None or user.roles is None:
        told = plan.thorough or not drawn
        experiments = run_experiments(plan, user, measured, wrong, lengths_are_free=lengths_are_free) if told else ()
        known = NOT_KNOWN if plan.thorough else NOT_ALONE
        why = known if drawn else NOT_YOURS if user.facts.takes_batch else NO_NET
        findings = unexplained(wrong, experiments, why=why)
    else:
        own_names = {role: user.roles.names(role)[0] for role in user.net.shapes}
        first = drawn[0]
        findings = findings_of(explanation, first.witness.problem.net, own_names, wrong, factor=first.factor)
    if not user.facts.takes_batch or not plan.thorough:
        return Diagnosis(tuple(findings))
    return Diagnosis(tuple(findings), chain_of_user(plan, user, nets[0], lengths_are_free=lengths_are_free))


def _is_right(drawn: Sequence[_Draw]) -> bool:
    """Whether nothing is wrong at any draw, of those that there are."""
    return bool(drawn) and largest_residual([each.witness for each in drawn], ()) < SAME


def _work(net: Net) -> int:
    """Products of a backward pass, about."""
    return net.sizes.length * (net.sizes.batch or 1) * sum(math.prod(shape) for shape in net.shapes.values())


def _draws(plan: Plan, user: UserNet, nets: Sequence[Net]) -> list[_Draw]:
    """The user's gradients at every draw; none where the described net does not describe them all."""
    drawn = [_draw(plan, user, net, user.draw(net, draw)) for draw, net in zip(DRAWS, nets, strict=True)]
    complete = [each for each in drawn if each is not None]
    return complete if len(complete) == len(drawn) else []


def witness_nets(net: Net, *, lengths_are_free: bool) -> list[Net]:
    """Nets of the draws that a fault must explain: short, and of two lengths where the code takes any."""
    if not lengths_are_free:
        return [net] * len(DRAWS)
    length = min(net.sizes.length, LONGEST)
    lengths = [length] * (len(DRAWS) - 1) + [max(length - SHORTER, LEAST_LENGTH)]
    return [replace(net, sizes=replace(net.sizes, length=each)) for each in lengths]


def _draw(plan: Plan, user: UserNet, net: Net, point: Point) -> _Draw | None:
    """The user's gradients at a point, as the described net's; None where that does not describe the loss there."""
    forward = match_forward(plan, user, net, point)
    if forward.problem is None:
        return None
    returned = returned_by(user, forward.factor)

    def ask(problem: Problem) -> Gradients:
        return usable(returned([problem])[0])

    gradients = ask(forward.problem)
    return _Draw(Witness(forward.problem, gradients), ask, forward.factor) if gradients else None
