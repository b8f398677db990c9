"""Configurations named on the command line, read before anything is done with them."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradcheck_rnn.errors import UsageError

if TYPE_CHECKING:
    from gradcheck_rnn.config.settings import Settings


def load(configs: Sequence[str], overrides: Sequence[str]) -> "list[Settings]":
    """Read every configuration before anything is checked; the mistakes of all are reported together."""
    from gradcheck_rnn.config import load_settings

    stdin = getattr(sys.stdin, "buffer", None)  # None where the caller closed it
    settings, mistakes = [], []
    for source in configs:
        try:
            settings.append(load_settings(source, overrides=overrides, stdin=stdin))
        except UsageError as error:
            mistakes += [mistake for mistake in error.mistakes if mistake not in mistakes]
    if mistakes:
        raise UsageError(*mistakes)
    return settings
