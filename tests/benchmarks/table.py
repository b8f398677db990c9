"""What a comparison has measured, and how it is shown."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.benchmarks.workloads import SIZES, Workload


@dataclass(frozen=True)
class Spread:
    """Median, least and greatest of repeated measurements."""

    median: float
    minimum: float
    maximum: float

    def __str__(self) -> str:
        return f"{number(self.median)} ({number(self.minimum)} to {number(self.maximum)})"


def spread(values: Sequence[float]) -> Spread:
    return Spread(statistics.median(values), min(values), max(values))


def number(value: float) -> str:
    """Three digits, without an exponent where it is readable so."""
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"


def seconds(value: float) -> str:
    if value < 1:
        return f"{number(1000 * value)} ms"
    return f"{number(value)} s" if value < 6000 else f"{number(value / 3600)} h"


@dataclass(frozen=True)
class Row:
    """One side: seconds of a complete check; for a peer how many times as long as ours it took."""

    side: str
    seconds: Spread
    extrapolated: bool
    what: str
    ratio: Spread | None = None


@dataclass(frozen=True)
class Comparison:
    """One run.

    `share` is that of the best dgemm that ours reaches with the work that cannot be avoided; `rss` and `peak_rss` are
    bytes of its process, at most so far, with everything imported and drawn, and in the end.
    """

    workload: Workload
    workers: int
    repeat: int
    entries: int
    tokens: int
    gflop: float
    gflops: Spread
    share: Spread
    dgemm: dict[str, Spread]
    rss: int | None
    peak_rss: int | None
    rows: tuple[Row, ...]


def lines(found: Comparison) -> Iterator[str]:
    """The comparison as text."""
    size = SIZES[found.workload.size]
    yield (
        f"{found.workload.size} {found.workload.cell} {found.workload.layout}: "
        f"I {size.I}, H {size.H}, O {size.O}, T {size.T}, {found.tokens} distinct tokens; "
        f"{found.entries} entries, {number(found.gflop)} GFLOP; "
        f"workers {found.workers}, turns {found.repeat}, interleaved"
    )
    yield ""
    yield f"{'side':<9} {'median':>10} {'minimum':>10} {'maximum':>10}   times ours (minimum to maximum)"
    for row in found.rows:
        mark = "*" if row.extrapolated else " "
        times = [seconds(value) + mark for value in (row.seconds.median, row.seconds.minimum, row.seconds.maximum)]
        ratio = "" if row.ratio is None else f"{row.ratio}{mark}"
        yield f"{row.side:<9} {times[0]:>10} {times[1]:>10} {times[2]:>10}   {ratio}".rstrip()
    if any(row.extrapolated for row in found.rows):
        yield "* extrapolated from the part of a run that its budget allowed"
    yield ""
    yield from (f"{row.side + ':':<9} {row.what}" for row in found.rows)
    yield ""
    yield f"ours:    {found.gflops} GFLOP/s, {_percent(found.share)} of the best dgemm"
    if found.rss is not None and found.peak_rss is not None:
        before = f"{_mebibytes(found.rss)} of it before the first turn"
        yield f"ours:    peak memory {_mebibytes(found.peak_rss)}, {before}"
    yield "dgemm:   " + ", ".join(f"{name} {rate}" for name, rate in found.dgemm.items()) + " GFLOP/s"


def _mebibytes(count: int) -> str:
    return f"{count / 2**20:.0f} MiB"


def _percent(share: Spread) -> str:
    return f"{share.median:.0%} ({share.minimum:.0%} to {share.maximum:.0%})"
