"""Ready-made adapters: code that has another interface than the tool's, reached in a line or two."""

from gradcheck_rnn.adapters.adapt import adapt
from gradcheck_rnn.adapters.command import command
from gradcheck_rnn.adapters.definitions import definitions
from gradcheck_rnn.adapters.holders import entries
from gradcheck_rnn.adapters.layers import sequence, unrolled
from gradcheck_rnn.adapters.results import attributes, mapping, negated, updates, values

__all__ = [
    "adapt",
    "attributes",
    "command",
    "definitions",
    "entries",
    "mapping",
    "negated",
    "sequence",
    "unrolled",
    "updates",
    "values",
]
