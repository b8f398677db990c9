"""Numeric gradient of the user's own loss, in shards that any worker can run: (point, parameter, some entries)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.analytic.session import Session, seconds_per_call
from gradcheck_rnn.analytic.worker import Runner
from gradcheck_rnn.config.settings import CheckSettings
from gradcheck_rnn.model.net import Parameters
from gradcheck_rnn.numeric.described import CENTRAL_STEP
from gradcheck_rnn.numeric.estimate import Estimate, Indices, Values, joined, never_below_median
from gradcheck_rnn.numeric.ladder import MovedLosses, central_difference, richardson, rungs_from
from gradcheck_rnn.numeric.noise import loss_noise
from gradcheck_rnn.numeric.progress import Counter, Progress

# seconds of work in one shard: long beside a round trip, short beside a person's patience
SHARD_SECONDS = 0.2
# loss evaluations that an entry usually takes: two rungs of three central differences
CALLS_PER_ENTRY = 12


@dataclass(frozen=True)
class Shard:
    """Entries of one parameter to differentiate; `base` is the loss with nothing moved, `noise` its rounding error."""

    point: Point
    name: str
    indices: Indices
    base: float
    noise: float
    method: str
    step: float | None


def user_gradient(
    runner: Runner,
    point: Point,
    indices: Mapping[str, Indices],
    check: CheckSettings,
    *,
    noise: float,
    base: float,
    progress: Progress,
) -> dict[str, Estimate]:
    """Differentiate the user's loss by the given entries of each parameter, `indices[name]` (K,).

    Args:
        runner: where user code runs.
        point: expansion point.
        indices: entries by parameter, flat in C order.
        check: method and step.
        noise: absolute rounding error of one loss value.
        base: loss at the point.
        progress: told the number of finished and of all entries.
    Raises:
        UserCodeError: the loss raised, hung, crashed or returned no number.
    """
    entries = max(1, math.ceil(SHARD_SECONDS / (CALLS_PER_ENTRY * runner.run(seconds_per_call, point))))
    shards = [
        Shard(point, name, part, base, noise, check.method, check.step)
        for name, every in indices.items()
        for part in np.array_split(every, max(1, math.ceil(len(every) / entries)))
    ]
    count = Counter(sum(len(shard.indices) for shard in shards), progress)
    parts: dict[str, list[Estimate]] = {name: [] for name in indices}
    for shard, estimate in zip(shards, runner.run_all(differentiate, [(shard,) for shard in shards]), strict=True):
        parts[shard.name].append(estimate)
        count.advance(len(shard.indices))
    return {name: never_below_median(joined(estimates)) for name, estimates in parts.items()}


def user_loss_noise(session: Session, point: Point, seed: int, scale: float) -> float:
    """Task: absolute rounding error of one value of the user's loss."""

    def losses(parameter_sets: Sequence[Parameters]) -> list[float]:
        return session.losses(point, parameter_sets)

    return loss_noise(losses, point.parameters, np.random.default_rng(seed), scale=scale)


def differentiate(session: Session, shard: Shard) -> Estimate:
    """Task: differentiate one shard; it is pure, so that it can be run again anywhere."""
    losses = _MovedUserLosses(session, shard) if session.adapter.losses is None else _moved_at_once(session, shard)
    if shard.method == "central":
        step = shard.step or CENTRAL_STEP
        return central_difference(losses, shard.indices, base=shard.base, step=step, noise=shard.noise)
    return richardson(losses, shard.indices, base=shard.base, noise=shard.noise, rungs=rungs_from(shard.step))


def _moved_at_once(session: Session, shard: Shard) -> MovedLosses:
    """Evaluate the user's loss with each of the entries moved, all in one call."""
    parameters = shard.point.parameters
    value = parameters[shard.name].reshape(-1)

    def losses(indices: Indices, offset: float) -> tuple[Values, Values]:
        every = np.repeat(value[None], len(indices), axis=0)
        every[np.arange(len(indices)), indices] += offset
        sets = [{**parameters, shard.name: each.reshape(parameters[shard.name].shape)} for each in every]
        moved = every[np.arange(len(indices)), indices] - value[indices]
        return np.array(session.losses(shard.point, sets)), moved.astype(np.float64)

    return losses


class _MovedUserLosses:
    """Evaluates the user's loss with single entries moved in a working copy of the point.

    The copy is looked at after each sweep; code that writes into its arguments gets a fresh copy for each call.
    """

    def __init__(self, session: Session, shard: Shard) -> None:
        self.session, self.shard = session, shard
        self.working = shard.point.copy()
        self.fresh_copies = "loss" in session.mutates

    def __call__(self, indices: Indices, offset: float) -> tuple[Values, Values]:
        losses, moved = self._sweep(indices, offset)
        if not self.fresh_copies and self.working.changed_arrays(self.shard.point):
            self.fresh_copies = True
            self.working = self.shard.point.copy()
            losses, moved = self._sweep(indices, offset)
        return losses, moved

    def _sweep(self, indices: Indices, offset: float) -> tuple[Values, Values]:
        losses, moved = np.empty(len(indices)), np.empty(len(indices))
        flat = self.working.parameters[self.shard.name].reshape(-1)
        for k, index in enumerate(indices):
            kept = flat[index]
            flat[index] = kept + offset
            moved[k] = flat[index] - kept
            losses[k] = self._loss()
            flat[index] = kept
        return losses, moved

    def _loss(self) -> float:
        return self.session.loss(self.working) if self.fresh_copies else self.session.raw_loss(self.working)
