"""Settings as YAML text again, with every default written out."""

from collections.abc import Iterator
from dataclasses import astuple
from functools import reduce

from gradcheck_rnn.config.keys import NAMED, SECTIONS, Key
from gradcheck_rnn.config.settings import Settings


def describe_settings(settings: Settings) -> str:
    """YAML text, a key a line, that `load_settings` reads back as equal settings."""
    return "\n".join(_lines("", settings)) + "\n"


def _lines(section: str, settings: Settings) -> Iterator[str]:
    for known in (known for known in NAMED.values() if known.section == section):
        value = reduce(getattr, known.path.split("."), settings)
        if isinstance(known, Key):
            if value is None and section in SECTIONS and SECTIONS[section].word is not None:
                continue  # of the keys of such a section, those that are not set have no word of their own
            yield f"{known.name}: {known.kind.write(value)}"
        elif known.cell not in (None, settings.model.cell):
            continue
        elif known.word is not None and all(part is None for part in astuple(value)):
            yield f"{known.name}: {known.word}"
        else:
            yield f"{known.name}:"
            yield from (f"  {line}" for line in _lines(known.path, settings))
