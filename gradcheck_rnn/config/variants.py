"""What varies between cells of one kind, as the keys of a configuration say it."""

from collections.abc import Callable, Mapping
from typing import Any

from gradcheck_rnn.cells.catalogue import Variant

# the key of each field of a variant
PATHS: Mapping[str, str] = {
    "lstm_output": "model.lstm.output",
    "peepholes": "model.lstm.peepholes",
    "coupled": "model.lstm.coupled_gates",
    "reset": "model.gru.reset",
    "keeps": "model.gru.keeps",
    "recurrent_bias": "model.gru.recurrent_bias",
}


def variant_of(value_at: Callable[[str], Any]) -> Variant:
    """Return the variant that the values at these keys describe."""
    return Variant(**{field: value_at(path) for field, path in PATHS.items()})
