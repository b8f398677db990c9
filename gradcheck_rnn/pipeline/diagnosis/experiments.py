"""Experiments on code that no known fault explains: changed numbers first, then the code at changed points."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.compare import Comparison
from gradcheck_rnn.diagnose.experiments import Experiment, Numbers, likely, on_numbers
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.draw import probe_net
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.model.sums import named_constants
from gradcheck_rnn.numeric.estimate import Indices
from gradcheck_rnn.pipeline.measurement import Measurement, Plan, judge
from gradcheck_rnn.pipeline.user.measure import measure_user
from gradcheck_rnn.pipeline.user.net import UserNet
from gradcheck_rnn.report.value import PointName

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
    # where lengths are free, a large net was probed in small sizes
    probed = probe_net(user.net, reducible=user.facts.sizes_may_vary) if lengths_are_free else user.net
    net = replace(probed, sizes=replace(probed.sizes, length=measured.length))
    point = user.draw(net, 0) if plan.settings.check.probe else user.configured
    numbers = Numbers(
        usable,
        measured.numeric,
        measured.rounding,
        point.parameters,
        wrong,
        named_constants(net.sizes) if user.facts.takes_batch else {},
        plan.settings.check.tolerance,
        measured.screened,
    )
    found = on_numbers(numbers)
    if any(experiment.findings for experiment in found):
        return found
    judged = judge(measured, plan.settings.check.tolerance).comparisons
    look = _Look(plan, user, net, {each.name: each for each in judged if each.worst is not None})
    if lengths_are_free:
        found += look.ladder()
    return [*found, *look.at_changed_points(net, point)]


@dataclass(frozen=True)
class _SomeEntries(Plan):
    """A plan that looks at a sample of the entries, and at the worst that there was: it may be the only wrong one."""

    seen: Mapping[str, Comparison] = field(default_factory=dict)

    def entries(self, shapes: Mapping[str, tuple[int, ...]], point: PointName) -> dict[str, Indices]:
        """Choose the entries."""
        chosen = super().entries(shapes, point)
        for name, entries in chosen.items():
            if name in self.seen and self.seen[name].shape == shapes[name] and (worst := self.seen[name].worst):
                chosen[name] = np.union1d(entries, np.ravel_multi_index(worst.index, shapes[name]))
        return chosen


class _Look:
    """Checks the code at a sample of entries, at points of the experiments' choice."""

    def __init__(self, plan: Plan, user: UserNet, net: Net, seen: Mapping[str, Comparison]) -> None:
        sampled = replace(plan.settings, check=replace(plan.settings.check, entries=SAMPLED))
        self.plan = _SomeEntries(sampled, plan.only, lambda *_: None, plan.workers, means=plan.means, seen=seen)
        self.user, self.net = user, net

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
            net = replace(self.net, sizes=replace(self.net.sizes, length=length))
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
        if self.user.facts.takes_batch:
            zero = {name: np.zeros_like(state) for name, state in point.batch.initial_state.items()}
            changed = replace(point, batch=replace(point.batch, initial_state=zero))
            yield self._asked("with an initial state of zeros?", net, changed)
            yield from self._on_repeated_tokens(net, point)
        for name, value in point.parameters.items():
            if value.ndim == 2 and value.shape[0] == value.shape[1] > 1:
                changed = _with(point, name, lambda W: 0.5 * (W + W.T))
                yield self._asked(f"with a symmetric {name}?", net, changed, _untransposed(name))
                yield self._asked(f"with a {name} of zeros?", net, _with(point, name, np.zeros_like))

    def _on_repeated_tokens(self, net: Net, point: Point) -> Iterator[Experiment]:
        """Take tokens of which none stands twice, and then one token everywhere, in sequences that are as short."""
        tokens, vocabulary = point.batch.tokens, net.sizes.input_size
        sequences = net.sizes.batch or 1
        length = min(net.sizes.length, vocabulary // sequences)
        if tokens is None or not length or length * sequences < 2:
            return
        short = replace(net, sizes=replace(net.sizes, length=length))
        drawn = self.user.draw(short, 0)
        shape = (length, *tokens.shape[1:])
        apart, alike = (
            replace(drawn, batch=replace(drawn.batch, tokens=each.reshape(shape).astype(tokens.dtype)))
            for each in (np.arange(length * sequences), np.zeros(length * sequences))
        )
        still = self.wrong_at(short, alike)
        yield self._asked("with no token twice?", short, apart, _counted_once(still[0]) if still else None)

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


def _counted_once(name: str) -> Finding:
    message = f"your gradients are right where no token stands twice: of one that does, {name} gets one part only"
    help_text = f"np.add.at({name}'s gradient, tokens, d) adds every part; `[tokens] += d` adds once for each token"
    return likely("overwritten-accumulator", name, message, help_text, (name,))


def _untransposed(name: str) -> Finding:
    message = f"your gradients are right where {name} is symmetric: it stands where its transpose belongs"
    help_text = f"where the chain goes back through {name}, multiply by its transpose"
    return likely("untransposed-weight", name, message, help_text, (name,))
