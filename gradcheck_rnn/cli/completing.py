"""What may stand in the place of an unfinished word on the command line; nothing here imports numpy."""

from collections.abc import Iterator

import click
from click.shell_completion import CompletionItem


def files_like(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Leave files to the shell."""
    return [CompletionItem(incomplete, type="file")]


def methods_like(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete the way to the numeric gradient."""
    return [word for word in _words("check.method") if word.startswith(incomplete)]


def overrides_like(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete `KEY=VALUE`: the key, and after it a value that is a word."""
    from gradcheck_rnn.config.keys import KEYS

    key, equals, _ = incomplete.partition("=")
    if not equals:
        return [f"{path}=" for path in KEYS if path.startswith(incomplete)]
    return [pair for word in _words(key) if (pair := f"{key}={word}").startswith(incomplete)]


def _words(key: str) -> Iterator[str]:
    """The words that a key takes: none where it is unknown, or takes numbers only."""
    from gradcheck_rnn.config.keys import KEYS
    from gradcheck_rnn.config.kinds import FaultName
    from gradcheck_rnn.faults.library import fault_names, gated_names

    if key not in KEYS:
        return
    if isinstance(KEYS[key].kind, FaultName):
        yield from dict.fromkeys((*fault_names(), *gated_names()))
    schema = KEYS[key].kind.schema()
    for form in (schema, *schema.get("anyOf", ())):
        yield from (word for word in form.get("enum", ()) if isinstance(word, str))
        if form.get("type") == "boolean":
            yield from ("true", "false")
