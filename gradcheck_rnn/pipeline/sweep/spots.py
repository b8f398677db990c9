"""What a sweep moves about: a subject, the reference or the user's code, that can be looked at in several spots."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from gradcheck_rnn.analytic.inspection import Gradients, inspect
from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.analytic.roles import own_shapes
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.faults.fault import Fault
from gradcheck_rnn.model.draw import configured_problem, probe_batch, probe_net, probe_problem
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.model.reference import reference_gradients
from gradcheck_rnn.numeric.estimate import Indices, Values
from gradcheck_rnn.numeric.steps import USER_ENTRIES, described_differences, described_entries, user_differences
from gradcheck_rnn.pipeline.diagnosis.diagnose import planted_faults
from gradcheck_rnn.pipeline.measurement import Measurement, Plan, measure_reference
from gradcheck_rnn.pipeline.user.forward import match_forward
from gradcheck_rnn.pipeline.user.measure import measure_user
from gradcheck_rnn.pipeline.user.net import UserNet
from gradcheck_rnn.report.value import PointName

# steps that one task differences: few, so that progress shows and several workers share a parameter
STEPS_PER_TASK = 5

# (entries by parameter, steps) -> (parameter, part of the steps' differences by its entries), each part once, in order
Differences = Callable[[Mapping[str, Indices], Sequence[float]], Iterator[tuple[str, Values]]]


@dataclass(frozen=True)
class Spot:
    """One point of the subject, its gradients there, and the ways to difference its loss.

    `differences` are plain ones, of whose `loss`; they take at most `most` entries of a parameter within seconds.
    `measure` does what a check does, whose own differences take `most_measured`.
    """

    name: PointName
    net: Net
    shapes: Mapping[str, tuple[int, ...]]
    analytic: Gradients
    loss: Literal["user", "described"]
    most: int
    most_measured: int
    differences: Differences
    measure: Callable[[Plan], Measurement]


@dataclass(frozen=True)
class Subject:
    """What is under test; `probe` draws a spot of the sizes of a net.

    Both raise UserCodeError where user code gave nothing to go on with. With `check.probe: off` the parameters of a
    probe are the configured ones, and only its batch is drawn.
    """

    net: Net
    probe_net: Net
    names: Sequence[str]
    configured: Callable[[], Spot]
    probe: Callable[[Net], Spot]


def reference_subject(settings: Settings) -> Subject:
    """Put the reference under test, with the fault that the settings put into it."""
    problem = configured_problem(settings)
    faults = planted_faults(settings, problem.net)

    def probe(net: Net) -> Spot:
        if settings.check.probe:
            return _reference_spot("probe", probe_problem(net, settings), faults)
        return _reference_spot("probe", Problem(net, problem.parameters, probe_batch(net, settings)), faults)

    return Subject(
        net=problem.net,
        probe_net=probe_net(problem.net, reducible=settings.check.probe),
        names=list(problem.parameters),
        configured=lambda: _reference_spot("configured", problem, faults),
        probe=probe,
    )


def user_subject(plan: Plan, user: UserNet) -> Subject:
    """Put the user's code under test."""
    settings = plan.settings

    def probe(net: Net) -> Spot:
        drawn = user.probe(net) if settings.check.probe else replace(user.configured, batch=probe_batch(net, settings))
        return _user_spot(plan, user, "probe", net, drawn)

    return Subject(
        net=user.net,
        probe_net=probe_net(user.net, reducible=settings.check.probe and user.facts.sizes_may_vary),
        names=list(user.configured.parameters),
        configured=lambda: _user_spot(plan, user, "configured", user.net, user.configured),
        probe=probe,
    )


def _reference_spot(name: PointName, problem: Problem, faults: Sequence[Fault]) -> Spot:
    most = described_entries(problem.net)
    return Spot(
        name=name,
        net=problem.net,
        shapes=problem.net.shapes,
        analytic=reference_gradients(problem, faults),
        loss="described",
        most=most,
        most_measured=most,
        differences=_of_described(problem.in_double_precision(), {name: name for name in problem.parameters}),
        measure=lambda plan: measure_reference(plan, name, problem, faults),
    )


def _user_spot(plan: Plan, user: UserNet, name: PointName, net: Net, point: Point) -> Spot:
    """Look at user code; plain differences take its own loss where it has one, as the classic check does."""
    seen = user.runner.run(inspect, point)
    forward, wanted = match_forward(plan, user, net, point), plan.settings.check.loss
    most = described_entries(net)
    spot = Spot(
        name=name,
        net=net,
        shapes=own_shapes(point.parameters),
        analytic=seen.gradients,
        loss="user",
        most=USER_ENTRIES,
        most_measured=USER_ENTRIES if forward.problem is None or wanted == "user" else most,
        differences=_of_user(user, point),
        measure=lambda plan: measure_user(plan, user, name, net, point),
    )
    if (
        forward.problem is None
        or user.roles is None
        or user.roles.blocks
        or (user.facts.has_loss and wanted != "described")
    ):
        return spot
    differences = _of_described(forward.problem, user.roles.described, forward.factor)
    return replace(spot, loss="described", most=most, differences=differences)


def _of_described(problem: Problem, described: Mapping[str, str], factor: float = 1.0) -> Differences:
    """Differences of `factor` times the described loss, under the names to which `described` gives its own."""

    def differences(indices: Mapping[str, Indices], steps: Sequence[float]) -> Iterator[tuple[str, Values]]:
        for name, entries in indices.items():
            yield name, factor * described_differences(problem, described[name], entries, steps)

    return differences


def _of_user(user: UserNet, point: Point) -> Differences:
    """Differences of the user's loss, spread over the workers."""

    def differences(indices: Mapping[str, Indices], steps: Sequence[float]) -> Iterator[tuple[str, Values]]:
        parts = [steps[start : start + STEPS_PER_TASK] for start in range(0, len(steps), STEPS_PER_TASK)]
        tasks = [(point, name, entries, part) for name, entries in indices.items() for part in parts]
        for task, values in zip(tasks, user.runner.run_all(user_differences, tasks), strict=True):
            yield task[1], values

    return differences
