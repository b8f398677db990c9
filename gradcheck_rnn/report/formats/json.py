"""JSON: the report as it is, for programs; `report.schema.json` beside this module describes it."""

from collections.abc import Sequence

from gradcheck_rnn.report.formats.invocation import Invocation
from gradcheck_rnn.report.machine import to_json
from gradcheck_rnn.report.value import Report


def render(reports: Sequence[Report], invocation: Invocation) -> str:
    """Render one report, or several under the key `reports`."""
    return to_json(reports, unchecked=invocation.unchecked) + "\n"
