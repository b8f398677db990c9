"""Checks of stacks, two directions and embeddings from end to end: the finding, its formula and the chain map."""

import io

import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.pipeline.check import run_check

NET = """\
model: {input_size: 6, hidden_size: 4, output_size: 3, KEYS}
sequence: {length: 5, batch_size: 2}
seed: 1
backward: {fault: "FAULT"}
"""
# keys of the net, the fault, what is helped with, how many maps there are
FAULTS = (
    ("layers: 2", "untransposed-weight:W_hh_1", "dh_next_1 = dz_1 @ W_hh_1.T", 1),
    ("layers: 2", "missing-term:dh_next", "dh = dy @ W_hy.T + dh_next", 1),
    ("layers: 2", "missing-term:dx_2", "dx_2 = dz_2 @ W_xh_2.T", 1),
    pytest.param("layers: 3", "missing-term:dx_2", "dx_2 = dz_2 @ W_xh_2.T", 1, marks=pytest.mark.campaign),
    pytest.param(
        "cell: lstm, layers: 2",
        "missing-term:dc_next_2",
        "dc_2 = dc_next_2 + ds_2 * (1 - s_2**2), with s_2 = tanh(c_2)",
        2,
        marks=pytest.mark.campaign,
    ),
    ("bidirectional: true", "missing-term:dh_next_rtl", "dh_rtl = dy @ W_hy.T + dh_next_rtl", 2),
    ("bidirectional: true", "wrong-time-index:h_rtl in W_hy", "dW_hy += np.outer(h[t], dy)", 2),
    ("embedding_size: 3", "overwritten-accumulator:E", "np.add.at(dE, tokens, dx)", 1),
    ("cell: gru, gru: {reset: after, recurrent_bias: true}", "missing-gradient:b_hn", "db_hn += du", 1),
)


@pytest.mark.parametrize(("keys", "fault", "formula", "maps"), FAULTS)
def test_a_fault_is_named_with_its_place_helped_with_and_mapped(keys, fault, formula, maps):
    text = NET.replace("KEYS", keys).replace("FAULT", fault)
    report = run_check(load_settings("-", stdin=io.BytesIO(text.encode())))
    (finding,) = report.findings
    assert fault in {f"{finding.kind}:{finding.term}", *finding.evidence["equivalent"]}
    assert report.chain is not None
    assert 1 + len(report.chain.beside) == maps
    if f"{finding.kind}:{finding.term}" == fault:
        assert finding.help == formula
