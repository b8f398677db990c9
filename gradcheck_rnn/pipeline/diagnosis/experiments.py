"""Experiments on code that no known fault explains: changed numbers first, then the code at changed points."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.diagnose.experiments import Experiment, Numbers, on_numbers
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.model.sums import named_constants
from gradcheck_rnn.pipeline.measurement import Measurement, Plan, judge
from gradcheck_rnn.pipeline.user.measure import measure_user
from gradcheck_rnn.pipeline.user.net import UserNet

# entries of each parameter that are differenced at a changed point
SAMPLED = 30
# lengths of the ladder: what has not failed by then fails for another reason
LADDER = range(1, 7)


def run_experiments(
    plan: Plan, user: UserNet, measured: Measurement, wrong: tuple[str, ...], *, lengths_are_free: bool
) -> list[Experiment]:
    """Run every experiment that the code allows; user code that refuses a point loses that experiment only."""
    usable = {name: value for name, value in measured.analytic.items() if value is not None}
    wrong = tuple(name for name in wrong if name in usable)
    if len(usable) < len(measured.numeric) or not all(np.isfinite(value).all() for value in usable.values()):
        return []
    net = replace(user.net, sizes=replace(user.net.sizes, length=measured.length))
    point = user.draw(net, 0) if plan.settings.check.probe else user.configured
    numbers = Numbers(
        usable,
        measured.numeric,
        measured.rounding,
        point.parameters,
        wrong,
        named_constants(net.sizes),
        plan.settings.check.tolerance,
    )
    found = on_numbers(numbers)
    if any(experiment.findings for experiment in found):
        return found
    look = _Look(plan, user)
    if lengths_are_free:
        found += look.ladder()
    return [*found, *look.at_changed_points(net, point)]


class _Look:
    """Checks the code at a sample of entries, at points of the experiments' choice."""

    def __init__(self, plan: Plan, user: UserNet) -> None:
        sampled = replace(plan.settings, check=replace(plan.settings.check, entries=SAMPLED))
        self.plan, self.user = replace(plan, settings=sampled, progress=lambda *_: None), user

    def wrong_at(self, net: Net, point: Point) -> list[str] | None:
        """Names of the parameters that fail at a point; None where the code gives nothing there."""
        try:
            judged = judge(measure_user(self.plan, self.user, "probe", net, point), self.plan.settings.check.tolerance)
        except UserCodeError:
            return None
        return [each.name for each in judged.comparisons if each.verdict == "fail"]

    def ladder(self) -> list[Experiment]:
        """Let the sequence grow: what a chain brings shows from two steps on."""
        first: dict[str, int] = {}
        for length in LADDER:
            net = replace(self.user.net, sizes=replace(self.user.net.sizes, length=length))
            for name in self.wrong_at(net, self.user.draw(net, 0)) or []:
                first.setdefault(name, length)
        words = ", ".join(
            f"{', '.join(name for name in first if first[name] == length)} from T = {length} on"
            for length in sorted(set(first.values()))
        )
        tells = ": not within a step, but in what is carried back" if first and min(first.values()) > 1 else ""
        return [Experiment("which sequences?", f"{words or f'none up to T = {LADDER[-1]}'}{tells}")]

    def at_changed_points(self, net: Net, point: Point) -> Iterator[Experiment]:
        """Change one thing at a time and see whether the code is right there."""
        zero = {name: np.zeros_like(state) for name, state in point.batch.initial_state.items()}
        yield self._asked(
            "with an initial state of zeros?", net, replace(point, batch=replace(point.batch, initial_state=zero))
        )
        for name, value in point.parameters.items():
            if value.ndim == 2 and value.shape[0] == value.shape[1] > 1:
                changed = _with(point, name, lambda W: 0.5 * (W + W.T))
                yield self._asked(f"with a symmetric {name}?", net, changed, _untransposed(name))
                yield self._asked(f"with a {name} of zeros?", net, _with(point, name, np.zeros_like))

    def _asked(self, question: str, net: Net, point: Point, finding: Finding | None = None) -> Experiment:
        wrong = self.wrong_at(net, point)
        if wrong is None:
            return Experiment(question, "your code gives nothing there")
        if wrong:
            return Experiment(question, f"still wrong: {', '.join(wrong)}")
        return Experiment(question, "right there", () if finding is None else (finding,))


def _with(point: Point, name: str, change: Callable[[Array], Array]) -> Point:
    parameters: Mapping[str, Array] = {**point.parameters, name: change(point.parameters[name])}
    return point.at(parameters)


def _untransposed(name: str) -> Finding:
    return Finding(
        kind="untransposed-weight",
        term=name,
        message=f"your gradients are right where {name} is symmetric: it stands where its transpose belongs",
        help=f"where the chain goes back through {name}, multiply by its transpose",
        certainty="likely",
        parameters=(name,),
    )
