"""The tree of a configuration against the table of keys: values by dotted path, and every mistake."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gradcheck_rnn.config.keys import KEYS, SECTIONS, Key, Section
from gradcheck_rnn.config.kinds import Refused
from gradcheck_rnn.config.places import quote
from gradcheck_rnn.config.tree import Entry, Mapping, Node, Scalar, found
from gradcheck_rnn.config.unknown import section_help, unknown_key
from gradcheck_rnn.errors import Location, Mistake


@dataclass
class Reading:
    """What was read: good values by path, the places of all keys that are set, mistakes.

    `excused` are the paths that a mistake is known about, so that their absence is not a second one.
    """

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Location] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    excused: set[str] = field(default_factory=set)

    def knows_of(self, path: str) -> bool:
        """Whether the key at `path`, or a section that it is in, was met in any form."""
        return path in self.places or any(path == known or path.startswith(known + ".") for known in self.excused)


def read_values(root: Node, top: Location) -> Reading:
    """Read every key of the configuration; keys that are absent and not required are left out.

    Args:
        root: the whole document.
        top: the place to name for what is missing at the top level.
    """
    reading = Reading()
    if isinstance(root, Mapping):
        _read_keys(reading, "", root)
        reading.mistakes.extend(_missing_keys(reading, top))
    else:
        mending = "write `model:`, `sequence:` and `seed:` at the top level"
        reading.mistakes.append(Mistake(f"expected a mapping of keys, got {found(root)}", mending, root.location))
    return reading


def _read_keys(reading: Reading, section: str, mapping: Mapping) -> None:
    for name, entry in mapping.entries.items():
        path = f"{section}.{name}" if section else name
        if "." in name:
            _unknown(reading, section, name, entry)
        elif path in KEYS:
            _read_key(reading, KEYS[path], entry)
        elif path in SECTIONS:
            _read_section(reading, SECTIONS[path], entry)
        else:
            _unknown(reading, section, name, entry)


def _unknown(reading: Reading, section: str, name: str, entry: Entry) -> None:
    is_scalar = isinstance(entry.value, Scalar) and entry.value.value is not None
    unknown = unknown_key(section, name, is_scalar=is_scalar)
    reading.mistakes.append(Mistake(f"unknown key {quote(name)}", unknown.help, entry.location))
    reading.excused.update(unknown.meant)


def _read_key(reading: Reading, key: Key, entry: Entry) -> None:
    reading.places[key.path] = entry.value.location
    value = key.kind.read(entry.value)
    if isinstance(value, Refused):
        message = f"`{key.name}`: {value.message}"
        reading.mistakes.append(Mistake(message, value.help, entry.value.location))
    else:
        reading.values[key.path] = value


def _read_section(reading: Reading, section: Section, entry: Entry) -> None:
    reading.places[section.path] = entry.location
    node = entry.value
    if isinstance(node, Mapping) and (node.entries or section.word is None):
        _read_keys(reading, section.path, node)
    elif not _stands_for_defaults(section, node):
        reading.mistakes.append(_not_a_section(section, node))
        reading.excused.add(section.path)


def _stands_for_defaults(section: Section, node: Node) -> bool:
    """A section's word does; where it has none, so does nothing at all (its keys are commented out)."""
    return isinstance(node, Scalar) and node.value == section.word


def _not_a_section(section: Section, node: Node) -> Mistake:
    wanted = f"`{section.word}` or a mapping" if section.word else "a mapping"
    got = "an empty mapping" if isinstance(node, Mapping) else found(node)
    text = node.value if isinstance(node, Scalar) and isinstance(node.value, str) else ""
    return Mistake(f"`{section.name}`: expected {wanted}, got {got}", section_help(section, text), node.location)


def _is_excused(key: Key, reading: Reading) -> bool:
    """Whether another key says that this one is not needed."""
    return key.unless is not None and reading.values.get(key.unless[0]) == key.unless[1]


def _missing_keys(reading: Reading, top: Location) -> Iterator[Mistake]:
    for key in KEYS.values():
        if not key.required or reading.knows_of(key.path) or _is_excused(key, reading):
            continue
        section = reading.places.get(key.section, top)
        where = f"under `{key.section}`" if key.section else "at the top level"
        mending = f"add `{key.name}` {where}, {key.kind.wanted}: {key.doc}"
        yield Mistake(f"missing key `{key.path}`", mending, section if section.line else top)
