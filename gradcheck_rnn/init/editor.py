"""The line of a configuration by which an editor finds its schema."""

import os
from pathlib import Path

from gradcheck_rnn.files import repository_of

# what `gradcheck-rnn schema --help` proposes to call it
SCHEMA = "gradcheck-rnn.schema.json"
# a line that named a file which is not there would have every editor complain
HINT = "# to have an editor complete the keys: gradcheck-rnn schema --help"


def with_editor_line(text: str, folder: Path) -> str:
    """Add the line, or how to come by one, below the first line of a configuration.

    Args:
        text: of the configuration.
        folder: which it is written into; the schema is sought there, then above as far as the repository goes.
    """
    first, end, rest = text.partition("\n")
    schema = _schema_seen_from(folder.resolve())
    return f"{first}{end}{HINT if schema is None else f'# yaml-language-server: $schema={schema}'}\n{rest}"


def _schema_seen_from(folder: Path) -> str | None:
    root = repository_of(folder)
    places = (each / SCHEMA for each in (folder, *folder.parents) if each.is_relative_to(root))
    found = next((file for file in places if file.is_file()), None)
    return None if found is None else Path(os.path.relpath(found, folder)).as_posix()
