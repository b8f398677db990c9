"""A sweep as text: for each plot a title, a legend with numbers, and a sentence that reads it."""

import string
import textwrap
from collections.abc import Iterator, Sequence

from gradcheck_rnn.config.settings import BackwardSettings
from gradcheck_rnn.report.demo.readings import CLASSIC_STEP, error_near, read_lengths, read_point, slopes
from gradcheck_rnn.report.sweep.curves import Error, LengthCurve, LengthCurves, StepCurve, StepCurves, Sweep
from gradcheck_rnn.report.sweep.plot import ASCII, MARGIN, Axis, Mark, can_draw, log_plot
from gradcheck_rnn.report.value import PointName

# the widest plot and prose, however wide the terminal, and the narrowest: a column a step, and the margin
WIDEST = 80
NARROWEST = 32
# columns of one step and of one T at the most
STEP_COLUMNS = 3
LENGTH_COLUMNS = 8
# steps from one label to the next: two decades
STEPS_PER_TICK = 4
# each series has a letter, a capital where the check calls it wrong
LETTERS = string.ascii_lowercase
ANY_OTHER = "*"
ERROR_BAR = "-"


def to_lines(sweep: Sweep, *, width: int, encoding: str) -> Iterator[str]:
    """Render the curves and the notes for an output that is `width` columns wide; what ended a sweep is not told."""
    for line in _lines(sweep, min(max(width, NARROWEST), WIDEST)):
        yield line if can_draw(encoding) else line.translate(ASCII)


def _lines(sweep: Sweep, width: int) -> Iterator[str]:
    yield f"{sweep.settings.source}: {_under_test(sweep.settings.backward)}, seed {sweep.settings.seed}"
    for at in sweep.points:
        yield ""
        yield from _over_steps(sweep.steps, at, width)
    if sweep.lengths is not None:
        yield ""
        yield from _over_lengths(sweep.lengths, "probe" if sweep.settings.check.probe else "configured", width)
    notes = () if sweep.findings else sweep.notes  # else they come with what ended it
    if notes:
        yield ""
    for note in notes:
        yield from textwrap.wrap(f"note: {note.message}", width)
        yield from textwrap.wrap(
            f"help: {note.help}" if note.help else "", width, initial_indent="  ", subsequent_indent="  "
        )


def _under_test(backward: BackwardSettings) -> str:
    if backward.adapter is not None:
        return backward.adapter.name
    return "the reference" if backward.fault is None else f"the reference with the fault {backward.fault}"


def _over_steps(steps: Sequence[float], at: StepCurves, width: int) -> Iterator[str]:
    yield from textwrap.wrap(_title(at), width)
    rising = sorted(steps)
    cell = max(1, min(STEP_COLUMNS, (width - MARGIN + 1) // len(rising)))  # the last cell may be a column short
    columns = min(cell * len(rising), width - MARGIN)
    letters = [_letter(place, failing=curve.verdict == "fail") for place, curve in enumerate(at.curves)]
    marks = [
        Mark(min(rising.index(h) * cell + place % cell, columns - 1), error, letters[place])
        for place, curve in enumerate(at.curves)
        for h, error in zip(steps, curve.errors, strict=True)
        if error is not None
    ]
    ticks = {place * cell: f"{h:.0e}" for place, h in enumerate(rising) if place % STEPS_PER_TICK == 0}
    yield from log_plot(marks, Axis("h", columns, ticks), name="relative error")
    headings = ("parameter", "best h", "error", f"at {CLASSIC_STEP:.0e}", "check's", "slopes")
    yield from _table(headings, [_step_row(steps, *each) for each in zip(letters, at.curves, strict=True)])
    yield from _prose(read_point(steps, at), width)


def _title(at: StepCurves) -> str:
    loss = "your loss" if at.loss == "user" else "the described loss"
    sampled = max((curve.sampled for curve in at.curves if curve.sampled < curve.entries), default=None)
    entries = "all entries" if sampled is None else f"{sampled} entries of each parameter"
    return (
        f"Error over the step h, {at.point} point, T = {at.length}: {entries}, against central differences "
        f"(L(+h) - L(-h)) / 2h of {loss}."
    )


def _step_row(steps: Sequence[float], letter: str, curve: StepCurve) -> tuple[str, ...]:
    best = None if curve.verdict == "fail" else curve.regimes.best_step
    return (
        f"{letter} {curve.name}",
        "none" if best is None else f"{best:.0e}",
        _number(curve.regimes.least_error),
        _number(error_near(CLASSIC_STEP, steps, curve)),
        _number(curve.own_bar),
        slopes(curve.regimes),
    )


def _over_lengths(lengths: LengthCurves, point: PointName, width: int) -> Iterator[str]:
    title = f"Error over the sequence length T, {point} parameters: against the check's own differences"
    yield from textwrap.wrap(f"{title}, whose error bars are drawn as {ERROR_BAR}", width)
    cell = max(1, min(LENGTH_COLUMNS, (width - MARGIN) // len(lengths.lengths)))
    bars = [mark for place, curve in enumerate(lengths.curves) for mark in _bars(place, curve, cell)]
    letters = [mark for place, curve in enumerate(lengths.curves) for mark in _errors(place, curve, cell)]
    ticks = {place * cell + min(2, cell // 2): str(T) for place, T in enumerate(lengths.lengths)}
    axis = Axis("T", cell * len(lengths.lengths), ticks)
    yield from log_plot([*bars, *letters], axis, name="relative error")
    headings = ("parameter", "first failing T", "largest error", "largest error bar")
    yield from _table(headings, [_length_row(lengths, *each) for each in enumerate(lengths.curves)])
    yield from _prose(read_lengths(lengths), width)


def _bars(place: int, curve: LengthCurve, cell: int) -> Iterator[Mark]:
    for at, bar in enumerate(curve.bars):
        if bar is not None:
            yield Mark(at * cell + place % cell, bar, ERROR_BAR)


def _errors(place: int, curve: LengthCurve, cell: int) -> Iterator[Mark]:
    for at, (error, verdict) in enumerate(zip(curve.errors, curve.verdicts, strict=True)):
        if error is not None:
            yield Mark(at * cell + place % cell, error, _letter(place, failing=verdict == "fail"))


def _length_row(lengths: LengthCurves, place: int, curve: LengthCurve) -> tuple[str, ...]:
    first = lengths.first_failing(curve)
    return (
        f"{_letter(place, failing=first is not None)} {curve.name}",
        "none" if first is None else str(first),
        _number(_largest(curve.errors)),
        _number(_largest(curve.bars)),
    )


def _letter(place: int, *, failing: bool) -> str:
    letter = LETTERS[place] if place < len(LETTERS) else ANY_OTHER
    return letter.upper() if failing else letter


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    for row in [headings, *rows]:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _prose(sentence: str, width: int) -> list[str]:
    return textwrap.wrap(f"Reading: {sentence}.", width)


def _largest(errors: Sequence[Error]) -> Error:
    return max((error for error in errors if error is not None), default=None)


def _number(error: Error) -> str:
    return "-" if error is None else f"{error:.1e}"
