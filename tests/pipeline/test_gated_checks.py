"""Whole checks of gated nets through adapters of an independent implementation."""

import numpy as np
import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.pipeline.check import run_check
from tests.campaign.gated import document_of
from tests.oracle import gated
from tests.oracle.problems import to_yaml

SIZES = {"input_size": 7, "hidden_size": 4, "output_size": 5, "length": 6, "batch_size": None, "inputs": "tokens"}
PLAIN = {"biases": True, "learned": False, "loss": "softmax_cross_entropy", "reduction": "sum", "steps": "all"}
LSTM = {"cell": "lstm", "layout": "row", "lstm_output": "tanh", "peepholes": False, "coupled": False}
GRU = {"cell": "gru", "layout": "column", "reset": "before", "keeps": "z"}

# faults that people have in gated cells
NAMED = (
    "lstm:missing-term:dc_next",
    "gru:missing-term:W_hn in dr",
    *(
        pytest.param(fault, marks=pytest.mark.campaign)
        for fault in (
            "lstm:missing-activation-derivative:sigmoid' of f",
            "lstm:wrong-time-index:c[t] in df",
            "lstm:swapped-gates:da_i in W_xf",
            "lstm:stale-cache:cache",
            "lstm:double-counted-term:dh",
        )
    ),
)
RIGHT = (
    LSTM | {"peepholes": True},
    GRU,
    pytest.param(LSTM, marks=pytest.mark.campaign),
    pytest.param(GRU | {"reset": "after", "layout": "row"}, marks=pytest.mark.campaign),
)


def check(folder, spec_fields, bugs):
    spec, parameters, batch = gated.random_case(np.random.default_rng(4), **PLAIN, **SIZES, **spec_fields)
    (folder / "adapter.py").write_text(gated.adapter_source(spec, bugs))
    document = document_of(spec, parameters, batch, seed=4) | {"backward": {"adapter": "adapter.py"}}
    (folder / "net.yaml").write_text(to_yaml(document))
    return spec, run_check(load_settings(str(folder / "net.yaml")), workers=0)


@pytest.mark.parametrize("fields", RIGHT)
def test_right_code_passes_and_would_have_caught_every_known_fault(fields, tmp_path):
    _, report = check(tmp_path, fields, [])
    assert (report.outcome, report.findings) == ("pass", ())
    assert report.power is not None
    assert report.power.missed == ()


@pytest.mark.parametrize("identifier", NAMED)
def test_a_fault_is_named_with_its_gate(identifier, tmp_path):
    bug = gated.BY_IDENTIFIER[identifier]
    spec, report = check(tmp_path, LSTM if bug.cell == "lstm" else GRU, [bug])
    assert report.outcome == "fail"
    (finding,) = report.findings
    assert bug.named_by(finding.kind, finding.term), (finding.kind, finding.term)
    assert finding.certainty == "matched"
    assert finding.help
    assert report.chain is not None
    assert [each.path for each in (report.chain, *report.chain.beside)] == (["c", "h"] if spec.cell == "lstm" else [""])
