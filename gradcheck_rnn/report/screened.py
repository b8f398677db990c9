"""Sentences about screened parameters: where one is wrong, and what would not have been seen."""

import math
from collections.abc import Sequence

from gradcheck_rnn.compare import Place, Screening
from gradcheck_rnn.numeric.screen.directions import Box, size_of, whole
from gradcheck_rnn.report.value import PointReport, Report, Row

# parameters that are named with what would not be seen in them, those first where that is most
SHOWN = 5


def screening_lines(report: Report) -> list[str]:
    """Say where the parameters that fail are wrong, and what those that pass may hide."""
    lines = [_found(row, row.screening) for row in report.rows if row.verdict == "fail" and row.screening]
    passing = [(row, row.screening) for row in report.rows if row.verdict == "pass" and row.screening]
    if passing:
        shown = sorted(passing, key=lambda each: -each[1].unseen_share)[:SHOWN]
        unseen = ", ".join(f"{each.unseen:.0e} in {row.name} ({_beside(each)})" for row, each in shown)
        directions = max(each.directions for _, each in passing)
        lines.append(
            f"looked at along {directions} random directions, not entry by entry: an error in a single entry is not "
            f"sure to be seen below {unseen}"
            + (f"; less in {rest} more" if (rest := len(passing) - len(shown)) else "")
        )
        if report.outcome == "pass" and _is_whole(report.points[-1]):
            steps = f" (T = {report.points[-1].length})" if report.described else ""
            lines.append(f"at the probe{steps} every entry was looked at and agrees")
    return [line for line in lines if line]


def _beside(screening: Screening) -> str:
    share = screening.unseen_share
    return f"{share:.0e} of its largest" if math.isfinite(share) else "whose gradient is zero"


def _is_whole(point: PointReport) -> bool:
    return all(each.checked == each.entries for each in point.comparisons)


def _found(row: Row, screening: Screening) -> str:
    place = screening.place
    if place is None:
        return ""
    if not place.wrong:
        return (
            f"{row.name}: its slope is wrong along {screening.wrong} of {screening.directions} random directions, by "
            f"too little in each entry for one of the {place.looked_at} looked at to show it"
        )
    return f"{row.name}: wrong {where(place, row.shape)}"


def where(place: Place, shape: tuple[int, ...]) -> str:
    """Say where the wrong entries are, and how many of those looked at there are wrong."""
    if size_of(place.box) == 1:
        return f"at {[start for start, _ in place.box]}, and nowhere else that would show"
    looked = f"({place.wrong} of {place.looked_at} entries looked at there)"
    if place.box == whole(shape):
        return f"from end to end {looked}"
    return f"in {_part(place.box, shape)} {looked}"


def _part(box: Box, shape: Sequence[int]) -> str:
    """Name a part of a parameter: rows and columns of a matrix, else as an index."""
    if len(shape) == 1:
        return _span("entry", "entries", *box[0])
    if len(shape) == 2:
        named = zip(("row", "column"), box, shape, strict=True)
        parts = [_span(one, f"{one}s", *span) for one, span, length in named if span != (0, length)]
        return ", ".join(parts)
    return f"[{', '.join(str(start) if stop == start + 1 else f'{start}:{stop}' for start, stop in box)}]"


def _span(one: str, many: str, start: int, stop: int) -> str:
    return f"{one} {start}" if stop == start + 1 else f"{many} {start} to {stop - 1}"
