"""Code that no cell describes: everything that needs no reference works on it."""

import pytest

from tests.cli.running import CONFIGS

NET = """\
model: {cell: custom, input_size: 3, hidden_size: 4, output_size: 2}
sequence: {length: 4, inputs: dense}
loss: {kind: mse}
seed: 0
backward: {adapter: adapter.py}
"""
GRADIENTS = "def gradients(parameters, batch):\n    return parameters\n"
LOSS = "def loss(parameters, batch):\n    return 1.0\n"


def test_a_term_that_no_cell_has_is_found_by_its_own_loss_and_mapped(run_here):
    ended = run_here("check", CONFIGS / "leaky.yaml", "--output-format", "json")
    (finding,) = ended.document["findings"]
    assert (ended.code, finding["kind"], ended.document["loss"]) == (1, "unexplained", "user")
    error = ended.document["chain"]["relative_error"]
    assert all(error[t][t] < 1e-6 for t in range(3))
    assert all(error[t][k] > 1e-2 for t in range(3) for k in range(t))


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        (GRADIENTS, "loss(parameters, batch) and no parameters(rng)"),
        (GRADIENTS + LOSS, "parameters(rng)"),
    ],
)
def test_what_the_adapter_alone_can_describe_is_asked_for(source, missing, tmp_path, run_here):
    (tmp_path / "net.yaml").write_text(NET)
    (tmp_path / "adapter.py").write_text(source)
    ended = run_here("check", tmp_path / "net.yaml")
    assert (ended.code, ended.out) == (2, "")
    assert f"the adapter alone, which has no {missing}" in " ".join(ended.err.split())


def test_power_needs_equations(run_here):
    ended = run_here("power", CONFIGS / "leaky.yaml")
    assert (ended.code, ended.out) == (2, "")
    assert "there are no equations that known faults could be put into" in ended.err
