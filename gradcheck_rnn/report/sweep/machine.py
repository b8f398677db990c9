"""A sweep as JSON, schema version 1: strict JSON, no bare NaN, null where there is no number."""

import json
from typing import Any

from gradcheck_rnn.numeric.regimes import Stretch
from gradcheck_rnn.report.demo.readings import CLASSIC_STEP, error_near, read_lengths, read_steps
from gradcheck_rnn.report.machine import SCHEMA_VERSION, as_document
from gradcheck_rnn.report.sweep.curves import LengthCurves, StepCurve, StepCurves, Sweep


def to_json(sweep: Sweep) -> str:
    """Render a sweep."""
    return json.dumps(sweep_document(sweep), indent=2, allow_nan=False)


def sweep_document(sweep: Sweep) -> dict[str, Any]:
    """Return a sweep as plain dicts and lists of JSON's own types; `steps` is null where no point was finished."""
    said = as_document(sweep.ended)
    return {
        "schema_version": SCHEMA_VERSION,
        "config": sweep.settings.source,
        "seed": sweep.settings.seed,
        "steps": _steps(sweep) if sweep.points else None,
        "lengths": None if sweep.lengths is None else _lengths(sweep.lengths),
        "findings": said["findings"],
        "notes": said["notes"],
    }


def _steps(sweep: Sweep) -> dict[str, Any]:
    return {
        "h": list(sweep.steps),
        "points": {at.point: {curve.name: list(curve.errors) for curve in at.curves} for at in sweep.points},
        "curves": {at.point: _point(sweep.steps, at) for at in sweep.points},
        "reading": read_steps(sweep),
    }


def _point(steps: tuple[float, ...], at: StepCurves) -> dict[str, Any]:
    return {
        "length": at.length,
        "loss": at.loss,
        "parameters": {curve.name: _curve(steps, curve) for curve in at.curves},
    }


def _curve(steps: tuple[float, ...], curve: StepCurve) -> dict[str, Any]:
    regimes = curve.regimes
    return {
        "verdict": curve.verdict,
        "entries": curve.entries,
        "sampled": curve.sampled,
        "best": None if regimes.best_step is None else {"h": regimes.best_step, "error": regimes.least_error},
        "classic": {"h": CLASSIC_STEP, "error": error_near(CLASSIC_STEP, steps, curve)},
        "check": {"error": curve.own_error, "error_bar": curve.own_bar},
        "truncation": _stretch(regimes.truncation),
        "flat": _stretch(regimes.flat),
        "rounding": _stretch(regimes.rounding),
    }


def _stretch(stretch: Stretch | None) -> dict[str, float] | None:
    if stretch is None:
        return None
    return {"slope": stretch.slope, "from": stretch.finest, "to": stretch.coarsest, "level": stretch.level}


def _lengths(lengths: LengthCurves) -> dict[str, Any]:
    curves = lengths.curves
    return {
        "T": list(lengths.lengths),
        "error": {curve.name: list(curve.errors) for curve in curves},
        "error_bar": {curve.name: list(curve.bars) for curve in curves},
        "verdict": {curve.name: list(curve.verdicts) for curve in curves},
        "first_failing": {curve.name: lengths.first_failing(curve) for curve in curves},
        "reading": read_lengths(lengths),
    }
