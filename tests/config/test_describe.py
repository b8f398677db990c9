"""A configuration is printed with every default, and reads back as itself."""

import io
from pathlib import Path

import pytest

from gradcheck_rnn.config import describe_settings, load_settings


def test_the_smallest_configuration_is_printed_with_every_default(load, smallest):
    assert describe_settings(load(smallest)) == (
        "seed: 7\n"
        "dtype: float64\n"
        "model:\n"
        "  cell: tanh\n"
        "  input_size: 4\n"
        "  hidden_size: 3\n"
        "  output_size: 5\n"
        "  layers: 1\n"
        "  bidirectional: false\n"
        "  embedding_size: null\n"
        "  biases: true\n"
        "  layout: row\n"
        "  outputs: layer\n"
        "  initial_state: zeros\n"
        "  init:\n"
        "    distribution: normal_fan_in\n"
        "    scale: 1.0\n"
        "sequence:\n"
        "  length: 6\n"
        "  batch_size: null\n"
        "  inputs: tokens\n"
        "  input_gradient: false\n"
        "loss:\n"
        "  kind: softmax_cross_entropy\n"
        "  reduction: sum\n"
        "  steps: all\n"
        "backward: reference\n"
        "check:\n"
        "  method: auto\n"
        "  step: auto\n"
        "  tolerance: 1e-06\n"
        "  entries: all\n"
        "  probe: on\n"
        "  loss: auto\n"
        "  timeout: 60.0\n"
    )


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        ["dtype=float32"],
        ["batch_size=3", "biases=false", "probe=off", "entries=screen", "step=1e-300", "tolerance=0.1234567890123456"],
        ["scale=1e22", "timeout=0.001", "seed=9223372036854775807", "inputs=dense", "kind=mse", "steps=last"],
        ["adapter=net.yaml", "check.loss=user"],
    ],
)
def test_what_is_printed_reads_back_as_the_same_settings(load, smallest, overrides):
    settings = load(smallest, *overrides)
    assert load(describe_settings(settings)) == settings


@pytest.mark.parametrize(
    "name", ["my adapter.py", "a: b#.py", '"q"\\.py', "naïve-χ.py", "new\nline.py", "🐍\x7f.py", "~"]
)
def test_any_name_of_an_adapter_survives_printing(load, smallest, tmp_path, name):
    load(smallest)
    Path(name).touch()
    quoted = "".join(f"\\U{ord(character):08x}" for character in name)
    settings = load(smallest + f'backward: {{adapter: "{quoted}"}}\n')
    assert settings.backward.adapter == tmp_path.resolve() / name
    assert load(describe_settings(settings)) == settings


def test_settings_from_standard_input_read_back_from_standard_input(smallest):
    settings = load_settings("-", stdin=io.BytesIO(smallest.encode()))
    assert load_settings("-", stdin=io.BytesIO(describe_settings(settings).encode())) == settings
