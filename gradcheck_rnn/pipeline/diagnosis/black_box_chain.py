"""The chain map of code that no described net describes, from its own loss and gradients alone.

The loss is differenced along random directions in the rows that a step's token uses, for the targets as they are and
with each step's target changed: the difference of the two is what that step's loss contributes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.inspection import gradients, losses
from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.diagnose.chain_map import ChainMap, compared, with_changed_targets
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.pipeline.user.net import UserNet

# random directions in the rows of a step: each is one number that analytic and numeric chain must agree in
DIRECTIONS = 3
# the finer of two steps; extrapolation leaves h**4
STEP = 2.0**-10
# rows of tokens that no step uses have no gradient: less than this share of the others
UNUSED = 1e-12


def black_box_chain(user: UserNet, problem: Problem) -> ChainMap | None:
    """Map the chain of user code at the inputs of a described problem; None where its inputs' rows are not found."""
    if not user.facts.has_loss or problem.net.loss.steps == "last":
        return None
    try:
        return _mapped(user, problem)
    except UserCodeError:
        return None


def _mapped(user: UserNet, problem: Problem) -> ChainMap | None:
    point = replace(user.probe(problem.net), batch=problem.batch)
    length = problem.net.sizes.length
    batches = [problem.batch, *(with_changed_targets(problem, step).batch for step in range(length))]
    returned = user.runner.run(gradients, [replace(point, batch=batch) for batch in batches])
    every = [{name: value for name, value in each.items() if value is not None} for each in returned]
    uses = np.argmax(problem.batch.inputs.reshape(length, -1, problem.net.sizes.input_size)[:, 0], axis=-1)
    found = _input_rows(every[0], uses, problem.net.sizes.input_size)
    if found is None or any(found[0] not in each for each in every):
        return None
    name, axis = found
    rows = np.array([np.moveaxis(each[name], axis, 0)[uses].reshape(length, -1) for each in every])
    rng = np.random.default_rng(user.settings.seed)
    directions = rng.standard_normal((length, DIRECTIONS, rows.shape[-1]))
    analytic = np.einsum("tkn,krn->tkr", rows[:1] - rows[1:], directions)
    moved = list(_moved(point, name, axis, uses, directions))
    values = user.runner.run(losses, [replace(each, batch=batch) for each in moved for batch in batches])
    # (K, directions, 4 offsets, targets)
    table = np.array(values).reshape(length, DIRECTIONS, 4, length + 1)
    wide, narrow = (table[:, :, 0] - table[:, :, 1]) / (4 * STEP), (table[:, :, 2] - table[:, :, 3]) / (2 * STEP)
    slopes = (4 * narrow - wide) / 3
    return compared(analytic, np.moveaxis(slopes[..., :1] - slopes[..., 1:], -1, 0))


def _input_rows(returned: Mapping[str, Array], uses: Array, input_size: int) -> tuple[str, int] | None:
    """Find the parameter, and its axis, of which each step uses the row of its token and no other is used."""
    unused = np.setdiff1d(np.arange(input_size), uses)
    for name, value in returned.items():
        for axis in range(value.ndim):
            rows = np.moveaxis(value, axis, 0)
            if value.ndim < 2 or len(rows) != input_size or not rows[uses].any():
                continue
            if np.abs(rows[unused]).max(initial=0.0) <= UNUSED * np.abs(rows[uses]).max():
                return name, axis
    return None


def _moved(point: Point, name: str, axis: int, uses: Array, directions: Array) -> Iterator[Point]:
    """Move the row of each step along each direction, by two steps forth and back, then by one."""
    for k, row in enumerate(uses):
        for direction in directions[k]:
            for offset in (2 * STEP, -2 * STEP, STEP, -STEP):
                value = point.parameters[name].copy()
                view = np.moveaxis(value, axis, 0)
                view[row] += offset * direction.reshape(view[row].shape)
                yield point.at({**point.parameters, name: value})
