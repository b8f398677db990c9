"""From a configuration's name to its settings, or to all of its mistakes."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, get_type_hints

from gradcheck_rnn.config.files import read_source
from gradcheck_rnn.config.keys import AUTO_TOLERANCE, KEYS
from gradcheck_rnn.config.mapping import mapping_source
from gradcheck_rnn.config.memory import available_memory, memory_mistake
from gradcheck_rnn.config.overrides import apply_overrides, read_override
from gradcheck_rnn.config.places import Source
from gradcheck_rnn.config.read import Reading, read_values
from gradcheck_rnn.config.rules import broken_rules, number_of_states
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.config.suggest import listed
from gradcheck_rnn.config.tree import Node, Scalar, read_tree
from gradcheck_rnn.errors import Mistake, UsageError

T = TypeVar("T")


def load_settings(
    source: str | Mapping[str, object],
    *,
    overrides: Sequence[str] = (),
    stdin: BinaryIO | None = None,
    functions_in: Path | None = None,
) -> Settings:
    """Read a configuration.

    Args:
        source: path of a YAML file as the user typed it, `-` for standard input, or what such a file would hold.
        overrides: `KEY=VALUE` each, in place of what the file says; later ones win.
        stdin: where `-` is read from.
        functions_in: the file of functions that stand in the place of an adapter.

    Raises:
        UsageError: with every mistake, those of the file by position, then those of the overrides.
    """
    file = read_source(source, stdin) if isinstance(source, str) else mapping_source(source)
    tree = read_tree(file)
    read = [read_override(text) for text in overrides]
    mistakes = [*tree.mistakes, *(mistake for _, wrong in read for mistake in wrong)]
    values: dict[str, Any] = {}
    if tree.root is not None:
        root = apply_overrides(tree.root, [override for override, _ in read if override is not None])
        values, wrong = _checked(root, file, functions_in)
        mistakes += wrong
    if mistakes:
        raise UsageError(*sorted(mistakes, key=_position))
    return _assemble(Settings, {**values, "source": source if isinstance(source, str) else file.name})


def _checked(root: Node, file: Source, functions_in: Path | None) -> tuple[dict[str, Any], list[Mistake]]:
    """Values of all keys, defaults filled in, and everything that is wrong with them."""
    if isinstance(root, Scalar) and root.value is None:
        required = listed(key.path for key in KEYS.values() if key.required)
        return {}, [Mistake("the configuration is empty", f"it needs at least {required}", file.top)]
    reading = read_values(root, file.top)
    values = {**_with_defaults(reading), "stated": frozenset(reading.places.keys() & KEYS.keys())}
    mistakes = list(reading.mistakes)
    if functions_in is not None:
        mistakes += _adapter_beside_functions(reading)
        values["backward.adapter"] = functions_in
    mistakes += broken_rules(values, reading.places)
    too_large = memory_mistake(values, reading.places, available=available_memory())
    return values, mistakes if too_large is None else [*mistakes, too_large]


def _adapter_beside_functions(reading: Reading) -> list[Mistake]:
    if reading.values.get("backward.adapter") is None:
        return []
    message = "there are functions and an adapter: only one of them can be checked"
    return [Mistake(message, "remove `adapter`, or the functions", reading.places["backward.adapter"])]


def _with_defaults(reading: Reading) -> dict[str, Any]:
    absent = {key.path: key.default for key in KEYS.values() if not key.required and not reading.knows_of(key.path)}
    values = {**absent, **reading.values}
    if "check.tolerance" in values and "dtype" in values and values["check.tolerance"] is None:
        values["check.tolerance"] = AUTO_TOLERANCE[values["dtype"]]
    if values.get("model.outputs") == "states" and not reading.knows_of("model.output_size"):
        values["model.output_size"] = number_of_states(values)
    return values


def _position(mistake: Mistake) -> tuple[bool, int, int]:
    """The file's own places in their order, then the arguments, which have no lines."""
    line, column = (mistake.location.line, mistake.location.column) if mistake.location else (0, 0)
    return line == 0, line, column


def _assemble(kind: type[T], values: Mapping[str, Any], prefix: str = "") -> T:
    """The dataclass `kind` with its nested dataclasses, from values by dotted path."""
    hints = get_type_hints(kind)
    parts: dict[str, Any] = {}
    for name in (field.name for field in fields(kind)):  # type: ignore[arg-type]  # each `kind` is a dataclass
        nested = is_dataclass(hints[name])
        parts[name] = _assemble(hints[name], values, f"{prefix}{name}.") if nested else values[prefix + name]
    return kind(**parts)
