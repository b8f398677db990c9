"""Results of tasks as bytes and back, to the last bit: numbers, arrays, and what is made of them, without pickle."""

import importlib
import io
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

# only dataclasses of this package are made from what a file says
PACKAGE = __name__.partition(".")[0]


def to_bytes(value: object) -> bytes:
    """Write a value: a line of JSON that says what it is made of, then its arrays.

    Raises:
        TypeError: it holds something else than None, numbers, texts, arrays, tuples, lists, mappings from texts, and
            our own dataclasses.
    """
    arrays: list[np.ndarray] = []
    structure = _structure(value, arrays)
    file = io.BytesIO()
    file.write(json.dumps(structure, separators=(",", ":")).encode() + b"\n")
    for array in arrays:
        np.lib.format.write_array(file, array, allow_pickle=False)
    return file.getvalue()


def from_bytes(content: bytes) -> Any:
    """Read a value that `to_bytes` wrote."""
    file = io.BytesIO(content)
    structure = json.loads(file.readline())
    return _value(structure, file)


def _structure(value: object, arrays: list[np.ndarray]) -> object:
    """A plain value as it is, and a list of its kind and its parts for any other; arrays are put aside in order."""
    if isinstance(value, np.ndarray | np.generic):
        arrays.append(np.asarray(value))
        return ["array"]
    if isinstance(value, float):
        return ["float", value.hex()]
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, tuple | list):
        return [type(value).__name__, *(_structure(each, arrays) for each in value)]
    if isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
        return ["dict", *(part for name, each in value.items() for part in (name, _structure(each, arrays)))]
    kind = type(value)
    if is_dataclass(value) and kind.__module__.partition(".")[0] == PACKAGE:
        name = f"{kind.__module__}:{kind.__qualname__}"
        return [name, *(_structure(getattr(value, each.name), arrays) for each in fields(value))]
    raise TypeError(f"a journal cannot hold a {kind.__name__}")


def _value(structure: Any, file: io.BytesIO) -> Any:
    if not isinstance(structure, list):
        return structure
    kind, *parts = structure
    if kind == "array":
        return np.lib.format.read_array(file, allow_pickle=False)
    if kind == "float":
        return float.fromhex(parts[0])
    values = [_value(part, file) for part in parts]
    if kind == "dict":
        return dict(zip(values[::2], values[1::2], strict=True))
    return tuple(values) if kind == "tuple" else values if kind == "list" else _dataclass(kind)(*values)


def _dataclass(name: str) -> Any:
    module, _, kind = name.partition(":")
    found = getattr(importlib.import_module(module), kind, None) if module.partition(".")[0] == PACKAGE else None
    if not (isinstance(found, type) and is_dataclass(found)):
        raise TypeError(f"a journal cannot hold a {name}")
    return found
