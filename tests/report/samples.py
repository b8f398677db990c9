"""Reports made by hand, so that what is rendered is known."""

import math

from gradcheck_rnn.compare import Comparison, Worst
from gradcheck_rnn.config.settings import ModelSettings, SequenceSettings, Settings
from gradcheck_rnn.report.value import PointReport, Report, folded_rows

SETTINGS = Settings("net.yaml", 7, ModelSettings(8, 5, 4), SequenceSettings(6))
SHAPES = {"W_xh": (8, 5), "W_hh": (5, 5), "b_h": (5,), "W_hy": (5, 4), "b_y": (4,)}


def compared(name, verdict="pass", error=1e-12, *, shape=None, checked=None, worst=None):
    """One parameter at one point; unless told otherwise every entry was checked and the first is the worst."""
    shape = SHAPES[name] if shape is None else shape
    return Comparison(
        name=name,
        shape=shape,
        checked=math.prod(shape) if checked is None else checked,
        verdict=verdict,
        max_relative_error=error,
        worst=Worst((0,) * len(shape), 0.5, 0.5 * (1 + (error or 0.0)), 1e-15) if worst is None else worst,
        uncertainty=1e-15,
        unclear=0,
        unclear_share=0.0,
        at_kink=0,
    )


def report_of(configured, probe=None, *, outcome="pass", findings=(), notes=(), roles=None):
    """A report of one or two points."""
    points = [PointReport("configured", 6, "described", tuple(configured))]
    if probe is not None:
        points.append(PointReport("probe", 9, "described", tuple(probe)))
    rows = folded_rows(points)
    return Report(
        settings=SETTINGS,
        outcome=outcome,
        rows=rows,
        roles={row.name: row.name for row in rows} if roles is None else roles,
        points=tuple(points),
        findings=tuple(findings),
        notes=tuple(notes),
    )
