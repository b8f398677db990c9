"""The user's loss with single entries moved, at as little cost beside the loss itself as can be.

User code is given the session's working copy of the point, which is to be looked at afterwards.
"""

import numpy as np

from gradcheck_rnn.analytic.inspection import refuse_unrepeatable
from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.analytic.session import Session
from gradcheck_rnn.numeric.estimate import Indices, Values
from gradcheck_rnn.numeric.ladder import MovedLosses

# of so many entries one, the first included, has its losses computed twice
SAMPLED = 100
# losses that one call is asked for, where user code can take many at once: always the same ones together, for their
# number may change how they are rounded
AT_ONCE = 64
# bytes that the moved copies of one parameter may take in such a call
AT_ONCE_BYTES = 64 * 2**20


def at_once(point: Point, name: str) -> int:
    """How many entries of a parameter are moved for one call, where user code can take many losses at once."""
    return max(1, min(AT_ONCE, AT_ONCE_BYTES // max(1, point.parameters[name].nbytes)))


def moved_user_losses(session: Session, point: Point, name: str, *, in_place: bool) -> MovedLosses:
    """Evaluate the user's loss with single entries of one parameter moved, one call for each.

    Not `in_place`, each call is given copies.
    """
    working = session.working_copy(point) if in_place else point.copy()
    loss = session.raw_loss if in_place else session.loss
    flat = working.parameters[name].reshape(-1)

    def losses(indices: Indices, offset: float) -> tuple[Values, Values]:
        values, moved = np.empty(len(indices)), np.empty(len(indices))
        for k, index in enumerate(indices.tolist()):
            kept = flat[index]
            flat[index] = kept + offset
            try:
                moved[k] = flat[index] - kept
                values[k] = loss(working)
                if index % SAMPLED == 0:
                    refuse_unrepeatable(session, working, float(values[k]), loss(working))
            finally:
                flat[index] = kept
        return values, moved

    return losses


def moved_user_losses_at_once(session: Session, point: Point, name: str) -> MovedLosses:
    """Evaluate the user's loss with single entries of one parameter moved, all in one call if its time limit allows.

    What does not move is in the session's working copy.
    """
    working, value = session.working_copy(point), point.parameters[name]

    def losses(indices: Indices, offset: float) -> tuple[Values, Values]:
        values, moved = list[float](), np.empty(len(indices))
        while len(values) < len(indices):
            rows = np.arange(min(session.at_once(), len(indices) - len(values)))
            at = indices[len(values) + rows]
            every = np.repeat(value.reshape(1, -1), len(rows), axis=0)
            every[rows, at] += offset
            moved[len(values) + rows] = every[rows, at] - value.reshape(-1)[at]
            sets = [{**working.parameters, name: each.reshape(value.shape)} for each in every]
            values += session.raw_losses(sets, working.batch)
        return np.array(values), moved

    return losses
