"""The report as JSON, schema version 1: strict JSON, no bare NaN, null where there is no number."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from gradcheck_rnn.compare import Comparison, Screening, Worst
from gradcheck_rnn.diagnose.chain_map import ChainMap
from gradcheck_rnn.diagnose.power import Power
from gradcheck_rnn.diagnose.reading import read_chain
from gradcheck_rnn.errors import Location
from gradcheck_rnn.findings import Acceptance, Finding
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.report.value import PointName, Report, Row

SCHEMA_VERSION = 1


def to_json(reports: Sequence[Report], *, unchecked: Sequence[str] = ()) -> str:
    """Render one report, or several under the key `reports`, with the configurations that none was made of."""
    documents = [as_document(report) for report in reports]
    several = {"reports": documents, **({"unchecked": list(unchecked)} if unchecked else {})}
    return json.dumps(documents[0] if len(documents) == 1 and not unchecked else several, indent=2, allow_nan=False)


def as_document(report: Report) -> dict[str, Any]:
    """Return the report as plain dicts and lists of JSON's own types."""
    probe = [point for point in report.points if point.name == "probe"]
    return {
        "schema_version": SCHEMA_VERSION,
        "verdict": report.outcome,
        "accepted": report.is_accepted,
        "config": report.settings.source,
        "seed": report.settings.seed,
        "loss": report.loss,
        "tolerance": report.settings.check.tolerance,
        "parameters": [_row(row) for row in report.rows],
        "probe": {"parameters": [_comparison(each) for each in probe[0].comparisons]} if probe else None,
        "findings": [_finding(finding) for finding in report.findings],
        "notes": [_finding(note) for note in report.notes],
        "chain": _chain(report.chain),
        "power": power_document(report.power),
    }


def power_document(power: Power | None) -> dict[str, Any] | None:
    """Return how many of the known faults a check catches, and what it misses."""
    if power is None:
        return None
    missed = [
        {
            "kind": sight.fault.kind,
            "term": sight.fault.term,
            "reason": sight.reason,
            "share": number(max(sight.shares)),
        }
        for sight in power.missed
    ]
    return {"known": power.known, "caught": power.known - len(missed), "missed": missed}


def _chain(chain: ChainMap | None) -> dict[str, Any] | None:
    if chain is None:
        return None
    return {
        "length": chain.length,
        "relative_error": _matrix(chain.relative_error),
        "magnitude": _matrix(chain.numeric),
        "analytic": _matrix(chain.analytic),
        "constant": chain.constant,
        "additive": chain.additive,
        "reading": read_chain(chain),
        "path": chain.path or None,
        "beside": [_chain(other) for other in chain.beside],
    }


def _matrix(cells: Array) -> list[list[float | None]]:
    return [[number(float(cell)) for cell in row] for row in cells]


def _row(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "shape": list(row.shape),
        "entries": row.entries,
        "checked": row.checked,
        "verdict": row.verdict,
        "max_relative_error": number(row.max_relative_error),
        "worst": _worst(row.worst, row.worst_at),
        **_screened(row.screening),
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {
        "name": comparison.name,
        "shape": list(comparison.shape),
        "entries": comparison.entries,
        "checked": comparison.checked,
        "verdict": comparison.verdict,
        "max_relative_error": number(comparison.max_relative_error),
        "worst": _worst(comparison.worst, "probe"),
        **_screened(comparison.screening),
    }


def _screened(screening: Screening | None) -> dict[str, Any]:
    """Add how a parameter was screened, to one that was."""
    if screening is None:
        return {}
    place = screening.place
    return {
        "screened": {
            "directions": screening.directions,
            "telling": screening.telling,
            "wrong": screening.wrong,
            "unseen": number(screening.unseen),
            "unseen_share": number(screening.unseen_share),
            "place": None
            if place is None
            else {"box": [list(span) for span in place.box], "looked_at": place.looked_at, "wrong": place.wrong},
        }
    }


def _worst(worst: Worst | None, point: PointName) -> dict[str, Any] | None:
    if worst is None:
        return None
    return {
        "point": point,
        "index": list(worst.index),
        "analytic": number(worst.analytic),
        "numeric": number(worst.numeric),
        "numeric_error": number(worst.numeric_error),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "term": finding.term,
        "certainty": finding.certainty,
        "message": finding.message,
        "help": finding.help,
        "parameters": list(finding.parameters),
        "evidence": _plain(finding.evidence),
        "location": _location(finding.location),
        "accepted": _accepted(finding.accepted),
    }


def _accepted(accepted: Acceptance | None) -> dict[str, Any] | None:
    return None if accepted is None else {"reason": accepted.reason, "baseline": _location(accepted.location)}


def _location(location: Location | None) -> dict[str, Any] | None:
    return None if location is None else {"file": location.file, "line": location.line or None}


def number(value: float | None) -> float | None:
    """Return a number, null if it is not finite."""
    return None if value is None or not math.isfinite(value) else value


def _plain(value: object) -> Any:
    """Turn evidence into JSON's types; what is not finite becomes null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return number(value) if isinstance(value, float) else value
