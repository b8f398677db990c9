"""Curves of a report as pictures: error over the step, error over T, norms by lag."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from gradcheck_rnn.compare import Verdict
from gradcheck_rnn.diagnose.chain_map import ChainMap
from gradcheck_rnn.report.demo.readings import CLASSIC_STEP, read_lengths, read_point
from gradcheck_rnn.report.html.drawing import STAND_INS, style, to_svg
from gradcheck_rnn.report.study import Reach
from gradcheck_rnn.report.sweep.curves import Error, LengthCurves, StepCurves

# inches; the page makes them as wide as there is room for
WIDTH, HEIGHT = 5.2, 2.7
# inches that a row of the legend takes
LEGEND_ROW = 0.19
# points that a legend's entry takes beside its label, and each character of that
LEGEND_ENTRY, CHARACTER = 38.0, 4.8
# characters of a name in a legend: the table below has all of them
LONGEST_NAME = 14
# no two series of a figure look alike, whatever their colours
MARKERS = "os^vDP*X<>hp8d"
SIGNS = {"pass": "pass", "fail": "FAIL", "inconclusive": "unclear"}
# a zero is drawn at this share of the smallest value
ZERO_BELOW = 0.1
# what spans less than this has ticks between powers of ten
FEW_DECADES = 100.0
# and no axis spans less than that: a flat line looks flat, and no two ticks have one label
SHORTEST = 10.0


@dataclass(frozen=True)
class Picture:
    """A drawing with what it says in words and, for who cannot see it, in numbers."""

    title: str
    svg: Markup
    caption: str
    headings: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


@dataclass(frozen=True)
class _Series:
    label: str
    values: Sequence[Error]
    look: Mapping[str, Any]


def steps_picture(steps: Sequence[float], at: StepCurves, *, name: str) -> Picture:
    """Draw the V curve of one point: the error of plain central differences over the step."""
    rising = sorted(range(len(steps)), key=lambda place: steps[place])
    h = [steps[place] for place in rising]
    series = [
        _Series(
            _label(curve.name, curve.verdict), [curve.errors[place] for place in rising], _look(place, curve.verdict)
        )
        for place, curve in enumerate(at.curves)
    ]
    with style():
        figure, axes = _empty(series, x="step h", y="relative error")
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(_power_of_ten)
        axes.axvline(CLASSIC_STEP, color=STAND_INS["muted"], linewidth=0.8, linestyle=(0, (2, 3)))
        axes.text(CLASSIC_STEP, 1.02, "the classic step", transform=axes.get_xaxis_transform(),
                  ha="center", fontsize=7.5, color=STAND_INS["muted"])  # fmt: skip
        _draw(axes, h, series)
        _legend(figure, axes, series)
    title = f"Error over the step, {at.point} point (T = {at.length})"
    loss = "your loss" if at.loss == "user" else "the described loss"
    return Picture(
        title=title,
        svg=to_svg(figure, name=name, title=f"{title}: {read_point(steps, at)}"),
        caption=f"Against central differences of {loss}: {read_point(steps, at)}.",
        headings=("h", *(each.label for each in series)),
        rows=[(f"{step:.0e}", *(_number(each.values[row]) for each in series)) for row, step in enumerate(h)],
    )


def lengths_picture(lengths: LengthCurves, *, name: str) -> Picture:
    """Draw the error over the sequence length, against the check's own differences."""
    series = [
        _Series(
            _label(curve.name, "fail" if lengths.first_failing(curve) else "pass"),
            curve.errors,
            _look(place, "fail" if lengths.first_failing(curve) else "pass") | {"markevery": 1},
        )
        for place, curve in enumerate(lengths.curves)
    ]
    with style():
        figure, axes = _empty(series, x="sequence length T", y="relative error")
        _draw(axes, lengths.lengths, series)
        axes.set_xticks(lengths.lengths, [str(T) for T in lengths.lengths])
        _legend(figure, axes, series)
    title, said = "Error over the sequence length", read_lengths(lengths)
    return Picture(
        title=title,
        svg=to_svg(figure, name=name, title=f"{title}: {said}"),
        caption=f"Against the check's own differences: {said}.",
        headings=("T", *(each.label for each in series)),
        rows=[(str(T), *(_number(each.values[row]) for each in series)) for row, T in enumerate(lengths.lengths)],
    )


def lags_picture(chain: ChainMap, *, name: str) -> Picture:
    """Draw the norm of what is carried back, by lag, from the cells of a chain map."""
    analytic, numeric = zip(*chain.by_lag, strict=True)
    wrong = "pass" if chain.agrees.all() else "fail"
    series = [
        _Series("numeric", numeric, _line("ink", "o", linestyle="-")),
        _Series("yours", analytic, _line(wrong, "X", linestyle="--")),
    ]
    lags = range(chain.length)
    with style():
        figure, axes = _empty(series, x="lag t - k", y="norm of the gradient")
        _draw(axes, lags, series)
        axes.set_xticks(lags)
        _legend(figure, axes, series)
    through = f" through {chain.path}" if chain.path else ""
    title = f"Gradient norm by lag{through}"
    gone = next((lag for lag, value in enumerate(analytic) if value == 0), None)
    said = "" if gone is None else f" From lag {gone} on nothing is left of yours: it is drawn at the lower edge."
    caption = (
        f"How much of a step's error reaches the input weights used that many steps before (median over steps).{said}"
    )
    return Picture(
        title=title,
        svg=to_svg(figure, name=name, title=f"{title}: {caption}"),
        caption=caption,
        headings=("lag", *(each.label for each in series)),
        rows=[(str(lag), *(_number(each.values[lag]) for each in series)) for lag in lags],
    )


def reach_picture(reaches: Sequence[Reach], *, name: str) -> Picture:
    """Draw the norm of the recurrent chain by lag, at each point, and what the check can still see."""
    looks = {"configured": _line("accent", "o", linestyle="-"), "probe": _line("ink", "s", linestyle="--")}
    series = [_Series(f"{each.point} point", each.chain.norms, looks[each.point]) for each in reaches]
    longest, sensitivity = max(len(each.values) for each in series), reaches[0].chain.sensitivity
    with style():
        figure, axes = _empty(series, x="lag", y="norm of dh[t] / dh[t - lag]")
        axes.axhline(sensitivity, color=STAND_INS["muted"], linewidth=0.8, linestyle=(0, (2, 3)))
        axes.text(1.0, sensitivity, "tolerance", transform=axes.get_yaxis_transform(), ha="right", va="bottom",
                  fontsize=7.5, color=STAND_INS["muted"])  # fmt: skip
        for each in series:
            _draw(axes, range(len(each.values)), [each])
        _legend(figure, axes, series)
    title, said = "How far an error reaches back", " ".join(map(_reading, reaches))
    return Picture(
        title=title,
        svg=to_svg(figure, name=name, title=f"{title}: {said}"),
        caption=f"{said} Both points are drawn as the configuration says.",
        headings=("lag", *(each.label for each in series)),
        rows=[
            (str(lag), *(_number(each.values[lag]) if lag < len(each.values) else "-" for each in series))
            for lag in range(longest)
        ],
    )


def _reading(reach: Reach) -> str:
    lost, factor = reach.chain.lost_at, reach.chain.factor
    if factor is None:
        return f"At the {reach.point} point there is one step, and nothing to reach back to."
    each = f"At the {reach.point} point each step back multiplies an error by about {factor:.2g}"
    if lost is None:
        return f"{each}: a fault of the chain shows at every lag."
    return f"{each}: from lag {lost} on it is below what the check can tell, and so is a fault there."


def _legend_columns(series: Sequence[_Series]) -> int:
    longest = max(len(each.label) for each in series)
    return max(1, min(len(series), int(WIDTH * 72 / (LEGEND_ENTRY + CHARACTER * longest))))


def _empty(series: Sequence[_Series], *, x: str, y: str) -> tuple[Figure, Axes]:
    rows = math.ceil(len(series) / _legend_columns(series))
    figure = Figure(figsize=(WIDTH, HEIGHT + LEGEND_ROW * rows), layout="constrained")
    axes = figure.add_subplot()
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(_power_of_ten)
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(visible=True, axis="y")
    return figure, axes


def _draw(axes: Axes, at: Sequence[float], series: Sequence[_Series]) -> None:
    """Draw every series; what is zero stands at the lower edge, what is no number is left out."""
    positive = [value for each in series for value in each.values if value is not None and 0 < value < math.inf]
    edge = ZERO_BELOW * min(positive, default=1.0)
    for each in series:
        values = [math.nan if value is None else value or edge for value in each.values]
        axes.plot(at, values, label=each.label, **each.look)
    low, high = axes.get_ylim()
    if high < low * SHORTEST:
        middle = math.sqrt(low * high)
        low, high = axes.set_ylim(middle / math.sqrt(SHORTEST), middle * math.sqrt(SHORTEST))
    if high < low * FEW_DECADES:
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))


def _legend(figure: Figure, axes: Axes, series: Sequence[_Series]) -> None:
    handles, labels = axes.get_legend_handles_labels()
    columns = _legend_columns(series)
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, fontsize=8, handlelength=2.4)


def _look(place: int, verdict: Verdict) -> dict[str, Any]:
    marker = next(itertools.islice(itertools.cycle(MARKERS), place, None))
    return _line(verdict, marker, linestyle="-" if verdict == "fail" else (0, (4, 1.5))) | {"markevery": 3}


def _line(colour: str, marker: str, *, linestyle: object) -> dict[str, Any]:
    return {"color": STAND_INS[colour], "marker": marker, "markersize": 4, "linewidth": 1.2, "linestyle": linestyle}


def _label(name: str, verdict: Verdict) -> str:
    short = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
    return f"{short} {SIGNS[verdict]}"


def _number(value: Error) -> str:
    return "-" if value is None else f"{value:.1e}"


def _power_of_ten(value: float, _place: float) -> str:
    return f"{value:.0e}"
