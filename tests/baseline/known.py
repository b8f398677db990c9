"""Reports and baselines made by hand."""

from dataclasses import replace
from pathlib import Path

from gradcheck_rnn.baseline.entry import Baseline, Entry
from gradcheck_rnn.errors import Location
from gradcheck_rnn.findings import Finding
from tests.report.samples import compared, report_of

PROVEN = {"residual": 1e-16, "draws": 3, "damage": "cut after some lags", "amount": 4.0}
CUT = Finding("truncated-chain", "4", "the chain is cut", parameters=("W_xh", "W_hh"), evidence=PROVEN)
ENTRY = Entry(
    config="net.yaml",
    kind="truncated-chain",
    term="4",
    parameters=("W_hh", "W_xh"),
    reason="the window of the paper",
    damage="cut after some lags",
    amount=4.0,
    location=Location("known.yaml", 3, 5),
)


def failing(*findings, wrong=("W_xh", "W_hh"), source="net.yaml"):
    rows = [compared(name, "fail" if name in wrong else "pass") for name in ("W_xh", "W_hh", "b_h", "W_hy", "b_y")]
    report = report_of(rows, outcome="fail" if wrong else "pass", findings=findings)
    return replace(report, settings=replace(report.settings, source=source))


def baseline(*entries, folder=""):
    return Baseline(Path(folder) / "known.yaml", entries)
