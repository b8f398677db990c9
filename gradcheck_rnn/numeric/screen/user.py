"""A parameter screened through the user's own loss, as a task that any worker can run."""

import time
from collections.abc import Iterator

from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.analytic.session import Session
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.numeric.screen.directions import Along
from gradcheck_rnn.numeric.screen.parameter import DIRECTIONS, Losses, Screened, Subject, screen, slopes_along


def screen_users(session: Session, point: Point, name: str, subject: Subject) -> Screened:
    """Task: screen one parameter of a point; it is pure, so that it can be run again anywhere."""
    return screen(_losses(session, point, name), subject)


def users_slopes(session: Session, point: Point, name: str, subject: Subject, count: int) -> Along:
    """Task: take the slopes of the user's loss along so many directions through one parameter."""
    return slopes_along(_losses(session, point, name), subject, count)


def seconds_per_look(session: Session, point: Point) -> float:
    """Task: seconds of one value of the user's loss, asked for as a screen does."""
    start = time.perf_counter()
    session.losses(point, [point.parameters] * DIRECTIONS)
    return (time.perf_counter() - start) / DIRECTIONS


def _losses(session: Session, point: Point, name: str) -> Losses:
    def losses(values: Iterator[Array]) -> list[float]:
        return session.losses(point, [{**point.parameters, name: value} for value in values])

    return losses
