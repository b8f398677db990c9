"""All parameters of one point screened: what is asked of each, and a loss that is no user's code."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from gradcheck_rnn.config.settings import CheckSettings
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.net import Parameters
from gradcheck_rnn.numeric.estimate import Estimate, joined
from gradcheck_rnn.numeric.noise import loss_noise
from gradcheck_rnn.numeric.progress import Counter, Progress
from gradcheck_rnn.numeric.screen.parameter import Losses, Screened, Subject, screen


@dataclass(frozen=True)
class Screening:
    """A point to be screened: `analytic` gradients, each off by `rounding` an entry; `seeds` name the parameters.

    A parameter without a gradient is None there, and left out.
    """

    parameters: Parameters
    analytic: Mapping[str, Array | None]
    rounding: Mapping[str, float]
    seeds: Mapping[str, int]
    check: CheckSettings

    def subjects(self, *, base: float, noise: float) -> dict[str, Subject]:
        """Return what is to be screened, by name."""
        found = {}
        for name, seed in self.seeds.items():
            if (gradient := self.analytic[name]) is not None:
                value, rounding = self.parameters[name], self.rounding[name]
                found[name] = Subject(value, gradient, rounding, base, noise, seed, self.check)
        return found


@dataclass(frozen=True)
class ScreenedPoint:
    """What was screened of a point, the entries that were looked at one by one, and whether it came to its end.

    `numeric` has no entries of a parameter that was not reached, or has no gradient.
    """

    screened: Mapping[str, Screened]
    numeric: dict[str, Estimate]
    is_complete: bool


def screened_so_far(
    screening: Screening, found: Iterable[tuple[str, Screened]], *, count: int, progress: Progress
) -> ScreenedPoint:
    """Gather `count` screened parameters as they come, to their end or until the user stops it."""
    counter, screened, is_complete = Counter(count, progress), dict[str, Screened](), True
    try:
        for name, each in found:
            screened[name] = each
            counter.advance(1)
    except KeyboardInterrupt:
        is_complete = False
    numeric = {name: screened[name].entries if name in screened else joined([]) for name in screening.seeds}
    return ScreenedPoint(screened, numeric, is_complete)


@np.errstate(all="ignore")  # what overflows becomes inf or nan, which no verdict passes
def screen_loss(
    loss: Callable[[Parameters], float], screening: Screening, rng: np.random.Generator, *, progress: Progress
) -> ScreenedPoint:
    """Screen every parameter of a loss; `progress` is told the number of finished and of all parameters."""
    base = loss(screening.parameters)
    noise = loss_noise(lambda points: [loss(each) for each in points], screening.parameters, rng, scale=abs(base))
    subjects = screening.subjects(base=base, noise=noise)
    found = (
        (name, screen(_of_parameter(loss, screening.parameters, name), subject)) for name, subject in subjects.items()
    )
    return screened_so_far(screening, found, count=len(subjects), progress=progress)


def _of_parameter(loss: Callable[[Parameters], float], parameters: Parameters, name: str) -> Losses:
    return lambda values: [loss({**parameters, name: value}) for value in values]
