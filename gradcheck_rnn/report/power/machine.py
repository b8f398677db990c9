"""The power of a check as JSON, schema version 1: strict JSON, null where there is no number or no probe."""

import json
from typing import Any

from gradcheck_rnn.diagnose.vanishing import Vanishing
from gradcheck_rnn.report.machine import SCHEMA_VERSION, number, power_document
from gradcheck_rnn.report.power.table import KnownFault, PowerTable


def to_json(table: PowerTable) -> str:
    """Render the power of a check."""
    return json.dumps(power_table_document(table), indent=2, allow_nan=False)


def power_table_document(table: PowerTable) -> dict[str, Any]:
    """Return it as plain dicts and lists of JSON's own types; `copy` is null where the net itself was judged."""
    copy = table.copy
    return {
        "schema_version": SCHEMA_VERSION,
        "config": table.settings.source,
        "seed": table.settings.seed,
        "tolerance": table.settings.check.tolerance,
        "copy": None
        if copy is None
        else {
            "input_size": copy.input_size,
            "hidden_size": copy.hidden_size,
            "output_size": copy.output_size,
            "length": copy.length,
            "batch_size": copy.batch,
        },
        "power": power_document(table.power),
        "unsure": {point: list(names) for point, names in table.unsure.items()},
        "faults": [_fault(fault) for fault in table.faults],
        "vanishing": vanishing_document(table.vanishing),
    }


def _fault(known: KnownFault) -> dict[str, Any]:
    sight = known.sight
    return {
        "kind": sight.fault.kind,
        "term": sight.fault.term,
        "share": _by_point([number(share) for share in sight.shares]),
        "caught": _by_point(sight.caught_at),
        "variants": known.ways,
        "reason": known.reason,
    }


def vanishing_document(vanishing: Vanishing) -> dict[str, Any]:
    """Return the reach of the chain; `norms` are by lag from 0 on."""
    return {
        "norms": [number(norm) for norm in vanishing.norms],
        "factor": number(vanishing.factor),
        "sensitivity": vanishing.sensitivity,
        "lost_at": vanishing.lost_at,
        "saturated": vanishing.saturated,
    }


def _by_point(values: Any) -> dict[str, Any]:
    configured, *probe = values
    return {"configured": configured, "probe": probe[0] if probe else None}
