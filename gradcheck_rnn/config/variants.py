"""What varies between cells of one kind, as the keys of a configuration say it."""

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

from gradcheck_rnn.cells.catalogue import Variant
from gradcheck_rnn.config.settings import Settings

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


def variant_in(settings: Settings) -> Variant:
    """Return the variant that settings name."""
    return variant_of(lambda path: reduce(getattr, path.split("."), settings))
