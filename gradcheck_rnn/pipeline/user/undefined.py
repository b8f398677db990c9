"""Is the user's loss defined at the probe? Asked of functions of which nothing is known, before anything is judged."""

import math

from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.inspection import losses
from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.pipeline.user.net import DRAWS, UserNet


def undefined_at_probe(user: UserNet) -> str:
    """Say why the loss is not defined at the probe, or at a draw that it is measured by; empty where it is.

    Where it is not defined at the configured point either, the probe is not to blame.
    """
    if _reason(user, [user.configured]):
        return ""
    return _reason(user, [user.probe(user.net, draw) for draw in range(DRAWS)])


def _reason(user: UserNet, points: list[Point]) -> str:
    try:
        values = user.runner.run(losses, points)
    except UserCodeError as error:
        return error.finding.message
    return next((f"it is {value} there" for value in values if not math.isfinite(value)), "")
