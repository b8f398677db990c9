"""Small problems of the user's net on which edits are tried, and others that they are verified at."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.inspection import gradients, losses
from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.config.settings import LossSource
from gradcheck_rnn.model.net import Net, Sizes
from gradcheck_rnn.pipeline.measurement import Measurement, Plan
from gradcheck_rnn.pipeline.user.latent_clip import SHRINKINGS, Bound, shared_bound
from gradcheck_rnn.pipeline.user.measure import measure_user
from gradcheck_rnn.pipeline.user.net import UserNet
from gradcheck_rnn.repair.target import Target, target_at

# entries of each parameter that are looked at
ENTRIES = 200
# the first draw of a probe is the check's own, those of its diagnosis follow
FIRST_DRAW = 100
# points at which gradients are large, so that a clip shows: their number, steps, factor on their parameters
LOUD_POINTS, LOUD_LENGTH, LOUDNESS = 3, 40, 4.0
# how often a point that is as small as can be is drawn anew: targets that are all the same add up to large gradients
MORE_DRAWS = 8


@dataclass(frozen=True)
class Small:
    """Sizes that all differ, so that no product fits by chance; T is the sequence length."""

    input_size: int
    hidden_size: int
    output_size: int
    embedding: int
    batch: int
    length: int


# nearly each fault of a chain shows at T = 4, and edits that do harm do so there; the shorter ones tell single faults
# of several apart, for they meet less of it; on the long one a chain is cut that forgets
TRIED = (Small(5, 3, 4, 2, 2, 4), Small(5, 3, 4, 2, 2, 2), Small(5, 3, 4, 2, 2, 1), Small(5, 3, 4, 2, 2, 9))
# nothing is shared with those: seed, parameters, state, tokens, targets, sizes
UNSEEN = (Small(4, 5, 3, 6, 3, 3), Small(7, 4, 6, 3, 4, 6), Small(6, 2, 5, 4, 2, 9))


def targets(
    plan: Plan, user: UserNet, smalls: tuple[Small, ...], *, draw: int, loss: LossSource, clip: Bound | None
) -> list[Target]:
    """Measure the user's net at small sizes, or at its own where these are fixed, and at the lengths that it takes.

    Args:
        plan: the check's.
        user: the user's net.
        smalls: sizes and lengths, one target for each.
        draw: number of the first draw.
        loss: which loss is differenced: a check has told which one counts.
        clip: what the user's gradients are clipped at as they are returned; right ones stay below it.
    Raises:
        UserCodeError: it can be measured at none of them.
    """
    few = replace(plan.settings, check=replace(plan.settings.check, entries=ENTRIES, loss=loss))
    plan = replace(plan, settings=few, only=None)
    found, failure = [], None
    for place, small in enumerate(smalls):
        for net in _nets(user, small):
            try:
                found.append(_target(plan, user, net, FIRST_DRAW + draw + place, clip))
                break
            except UserCodeError as error:
                failure = error
    if not found and failure is not None:
        raise failure
    return found


def in_words(point: Point, *, takes_batch: bool) -> str:
    """Say where a target was measured; of functions that take no batch nothing is known but their parameters."""
    if not takes_batch:
        names = ", ".join(f"{name} {value.shape}" for name, value in point.parameters.items())
        return f"other values of {names}, all else the same"
    inputs = point.batch.inputs
    sizes = f"T = {len(inputs)}" + (f", B = {inputs.shape[1]}" if inputs.ndim > 2 else "")
    states = [state for state in point.batch.initial_state.values() if isinstance(state, np.ndarray)]
    return sizes + f", I = {inputs.shape[-1]}" + (f", H = {states[0].shape[-1]}" if states else "")


def _nets(user: UserNet, small: Small) -> Iterator[Net]:
    """The net at small sizes, at its own with that length, and as it is."""
    own = user.net.sizes
    if not user.facts.takes_batch:  # no size and no step of theirs is known
        yield user.net
        return
    if user.facts.sizes_may_vary:
        sizes = Sizes(
            input_size=small.input_size,
            hidden_size=small.hidden_size,
            output_size=small.output_size if user.net.output_layer else user.net.directions * small.hidden_size,
            length=small.length,
            batch=None if own.batch is None else small.batch,
            embedding=None if own.embedding is None else small.embedding,
        )
        yield replace(user.net, sizes=sizes)
    yield replace(user.net, sizes=replace(own, length=small.length))
    yield user.net


def returned_clip(user: UserNet) -> Bound | None:
    """What returned gradients are clipped at, seen where they are large: no edit is to take such a clip away."""
    own = user.net.sizes
    for length in (LOUD_LENGTH, own.length):
        net = replace(user.net, sizes=replace(own, length=length))
        with contextlib.suppress(UserCodeError):
            drawn = [user.draw(net, FIRST_DRAW + each) for each in range(LOUD_POINTS)]
            return shared_bound(user.runner.run(gradients, [_scaled(point, LOUDNESS) for point in drawn]))
    return None


def _scaled(point: Point, factor: float) -> Point:
    return point.at({name: factor * value for name, value in point.parameters.items()})


def _target(plan: Plan, user: UserNet, net: Net, draw: int, clip: Bound | None) -> Target:
    """The net at a drawn point, or at a smaller one where gradients that are right would be clipped."""
    measured = _measured(plan, user, net, user.draw(net, draw))
    smaller = [*SHRINKINGS, *[SHRINKINGS[-1]] * MORE_DRAWS]
    for place, (steps, factor) in enumerate(smaller, 1):
        if clip is None or not clip.is_reached_by(measured.there.numeric):
            break
        shorter = replace(net, sizes=replace(net.sizes, length=min(net.sizes.length, steps)))
        with contextlib.suppress(UserCodeError):  # it may take no other length
            point = _scaled(user.draw(shorter, place * FIRST_DRAW + draw), factor)
            measured = _measured(plan, user, shorter, point)
    point, there = measured.point, measured.there
    loss = user.runner.run(losses, [point])[0] if user.facts.has_loss else None
    return target_at(point, loss, there.numeric, there.rounding, tolerance=plan.settings.check.tolerance)


@dataclass(frozen=True)
class _Measured:
    """A point, and both gradients there."""

    point: Point
    there: Measurement


def _measured(plan: Plan, user: UserNet, net: Net, point: Point) -> _Measured:
    return _Measured(point, measure_user(plan, user, "probe", net, point))
