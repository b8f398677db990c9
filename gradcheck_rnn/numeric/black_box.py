"""Numeric gradient of the user's own loss, in shards that any worker can run: (point, parameter, some entries)."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.analytic.session import Session, seconds_per_call
from gradcheck_rnn.analytic.worker import Runner
from gradcheck_rnn.config.settings import CheckSettings, Method
from gradcheck_rnn.model.net import Parameters
from gradcheck_rnn.numeric.estimate import Estimate, Indices, joined, never_below_median
from gradcheck_rnn.numeric.interrupted import InterruptedDifferencesError
from gradcheck_rnn.numeric.ladder import MovedLosses, calls_per_entry, derivatives
from gradcheck_rnn.numeric.noise import loss_noise
from gradcheck_rnn.numeric.progress import Counter
from gradcheck_rnn.numeric.user_losses import at_once, moved_user_losses, moved_user_losses_at_once

# seconds of work in one shard at most, short beside a person's patience; and at least, long beside a round trip
SHARD_SECONDS = 1.0
LEAST_SHARD_SECONDS = 0.1
# shards between these two: enough for many workers to end together
SHARDS = 64


@dataclass(frozen=True)
class Shard:
    """Entries of one parameter to differentiate; `base` is the loss with nothing moved, `noise` its rounding error."""

    point: Point
    name: str
    indices: Indices
    base: float
    noise: float
    method: Method
    step: float | None


@dataclass(frozen=True)
class Cost:
    """What a differentiation takes: calls of the loss an entry, usually and at most, seconds of work a call."""

    entries: int
    calls: int
    most_calls: int
    seconds_per_call: float

    @property
    def seconds_per_entry(self) -> float:
        """Seconds of work that an entry usually takes."""
        return self.calls * self.seconds_per_call

    @property
    def seconds(self) -> float:
        """Seconds of work, for one process."""
        return self.entries * self.seconds_per_entry


# told what a differentiation will take, as soon as that is known
Foresee = Callable[[Cost], None]


def user_gradient(
    runner: Runner,
    point: Point,
    indices: Mapping[str, Indices],
    check: CheckSettings,
    *,
    noise: float,
    base: float,
    count: Counter,
    foresee: Foresee,
) -> dict[str, Estimate]:
    """Differentiate the user's loss by the given entries of each parameter, `indices[name]` (K,).

    Args:
        runner: where user code runs.
        point: expansion point.
        indices: entries by parameter, flat in C order.
        check: method and step.
        noise: absolute rounding error of one loss value.
        base: loss at the point.
        count: counts the entries that are finished.
        foresee: told once what all of it takes.
    Raises:
        UserCodeError: the loss raised, hung, crashed or returned no number.
        InterruptedDifferencesError: Ctrl-C was pressed.
    """
    # noted in a journal, like a shard: a check that goes on from there has the same shards
    ((seconds, takes_many),) = runner.run_all(timed, [(point,)])
    cost = Cost(sum(map(len, indices.values())), *calls_per_entry(check.method, check.step), seconds)
    shards = [
        Shard(point, name, part, base, noise, check.method, check.step)
        for name, every in indices.items()
        for part in _parts(every, max(_entries_per_shard(cost), at_once(point, name) if takes_many else 1))
    ]
    parts: dict[str, list[Estimate]] = {name: [] for name in indices}
    try:
        for shard, estimate in zip(shards, _run(runner, shards, cost, foresee), strict=True):
            parts[shard.name].append(estimate)
            count.advance(len(shard.indices))
    except KeyboardInterrupt as error:
        raise InterruptedDifferencesError(_whole(parts)) from error
    return _whole(parts)


def user_loss_noise(session: Session, point: Point, seed: int, scale: float) -> float:
    """Task: absolute rounding error of one value of the user's loss."""

    def losses(parameter_sets: Sequence[Parameters]) -> list[float]:
        return session.losses(point, parameter_sets)

    return loss_noise(losses, point.parameters, np.random.default_rng(seed), scale=scale)


def timed(session: Session, point: Point) -> tuple[float, bool]:
    """Task: seconds of one value of the user's loss at a point, and whether one call may ask for many."""
    return seconds_per_call(session, point), session.adapter.losses is not None


def differentiate(session: Session, shard: Shard) -> Estimate:
    """Task: differentiate one shard; it is pure, so that it can be run again anywhere.

    Entries are moved in place, and the arrays looked at afterwards; code that has written into them gets copies
    for each single call.
    """
    if session.mutates.keys().isdisjoint(("loss", "losses")):
        try:
            estimate = _differentiated(session, shard, in_place=True)
        except UserCodeError:
            if not session.was_written_to(shard.point):
                raise
        else:
            if not session.was_written_to(shard.point):
                return estimate
    return _differentiated(session, shard, in_place=False)


def _run(runner: Runner, shards: Sequence[Shard], cost: Cost, foresee: Foresee) -> Iterator[Estimate]:
    """Run the shards; where the first is short, the time that it takes says what the others will."""
    tasks = [(shard,) for shard in shards]
    if not tasks or len(shards[0].indices) * cost.seconds_per_entry > SHARD_SECONDS:
        foresee(cost)
        yield from runner.run_all(differentiate, tasks)
        return
    start = time.perf_counter()
    yield from runner.run_all(differentiate, tasks[:1])
    each = (time.perf_counter() - start) / max(1, len(shards[0].indices))
    foresee(Cost(cost.entries, cost.calls, cost.most_calls, each / cost.calls))
    yield from runner.run_all(differentiate, tasks[1:])


def _entries_per_shard(cost: Cost) -> int:
    """A power of two, so that two runs are likely to be cut alike."""
    seconds = min(SHARD_SECONDS, max(LEAST_SHARD_SECONDS, cost.seconds / SHARDS))
    return 1 << int(math.log2(max(1.0, seconds / cost.seconds_per_entry)))


def _parts(every: Indices, entries: int) -> list[Indices]:
    return [every[start : start + entries] for start in range(0, len(every), entries)]


def _whole(parts: Mapping[str, Sequence[Estimate]]) -> dict[str, Estimate]:
    return {name: never_below_median(joined(estimates)) for name, estimates in parts.items()}


def _differentiated(session: Session, shard: Shard, *, in_place: bool) -> Estimate:
    if session.adapter.losses is None or not in_place:
        return _climbed(moved_user_losses(session, shard.point, shard.name, in_place=in_place), shard, shard.indices)
    losses = moved_user_losses_at_once(session, shard.point, shard.name)
    blocks = _parts(shard.indices, at_once(shard.point, shard.name))
    return joined([_climbed(losses, shard, block) for block in blocks])


def _climbed(losses: MovedLosses, shard: Shard, indices: Indices) -> Estimate:
    return derivatives(losses, indices, method=shard.method, step=shard.step, base=shard.base, noise=shard.noise)
