"""Configurations named on the command line, read before anything is done with them, and who is to run their code."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from gradcheck_rnn.errors import UsageError

if TYPE_CHECKING:
    from gradcheck_rnn.config.settings import Settings

workers_option = click.option(
    "--workers",
    type=click.IntRange(min=0),
    help="Processes or threads that share long work; 0 runs your code in this process, for a debugger (no time "
    "limit).  [default: one, and as many as there are cores for what takes longer than a moment]",
)


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
