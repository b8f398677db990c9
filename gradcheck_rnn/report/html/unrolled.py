"""A recurrent net unrolled over time: forward arrows, and the errors that go back along them."""

from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from gradcheck_rnn.report.html.curves import Picture
from gradcheck_rnn.report.html.drawing import STAND_INS, style, to_svg

# units between two steps, and the heights of inputs, states and losses; inches a unit
ACROSS = 1.7
INPUT, STATE, LOSS = 0.0, 1.25, 2.5
SCALE = 0.68
_WHICH = {"all": "each", "last": "the last"}
# points that arrows keep away from what they join
AWAY = 13


def unrolled_picture(
    steps: int, *, losses: Literal["all", "last"], state: str, carried: str, name: str, title: str, caption: str
) -> Picture:
    """Draw a net over some steps.

    Args:
        steps: how many, 1 or more.
        losses: which of them have one.
        state: name of what goes from step to step.
        carried: name of the error that goes the other way.
        name: unique in the page.
        title: what it is called.
        caption: what it shows.
    """
    with style():
        figure = Figure(figsize=(SCALE * (ACROSS * steps + 1.1), SCALE * 3.5), layout="constrained")
        axes = figure.add_subplot()
        axes.set_axis_off()
        axes.set_xlim(-ACROSS - 0.45, ACROSS * (steps - 1) + 0.65)
        axes.set_ylim(INPUT - 0.4, LOSS + 0.4)
        _node(axes, -ACROSS, STATE, f"{state}[-1]")
        for t in range(steps):
            _step(axes, t, state)
            if losses == "all" or t == steps - 1:
                _loss(axes, t)
            if t:
                _arrow(axes, (t * ACROSS, STATE), ((t - 1) * ACROSS, STATE), back=True, bend=0.38)
                axes.text((t - 0.5) * ACROSS, STATE - 0.55, carried, ha="center", va="center", fontsize=7.5,
                          color=STAND_INS["fail"])  # fmt: skip
    drawing = (
        f"{title}. Inputs x go into states {state}, each state into the next one and {_WHICH[losses]} into a loss L. "
        "Errors go back from a loss to its state"
    )
    drawing += f", and from each state to the one before it as {carried}." if steps > 1 else "."
    return Picture(title=title, svg=to_svg(figure, name=name, title=drawing), caption=caption)


def _step(axes: Axes, t: int, state: str) -> None:
    x = t * ACROSS
    _node(axes, x, INPUT, f"x[{t}]")
    _node(axes, x, STATE, f"{state}[{t}]")
    _arrow(axes, (x - ACROSS, STATE), (x, STATE))
    _arrow(axes, (x, INPUT), (x, STATE))


def _loss(axes: Axes, t: int) -> None:
    x = t * ACROSS
    _node(axes, x, LOSS, f"L[{t}]")
    _arrow(axes, (x - 0.12, STATE), (x - 0.12, LOSS))
    _arrow(axes, (x + 0.12, LOSS), (x + 0.12, STATE), back=True)


def _node(axes: Axes, x: float, y: float, label: str) -> None:
    axes.text(x, y, label, ha="center", va="center", fontsize=9)


def _arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], *, back: bool = False, bend: float = 0.0
) -> None:
    """An arrow forward, thin; or back, heavy and dashed."""
    axes.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            mutation_scale=8,
            shrinkA=AWAY,
            shrinkB=AWAY,
            connectionstyle=f"arc3,rad={-bend}",
            color=STAND_INS["fail" if back else "muted"],
            linewidth=1.5 if back else 0.8,
            linestyle=(0, (3, 1.2)) if back else "-",
        )
    )
