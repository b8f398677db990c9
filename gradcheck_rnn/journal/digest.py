"""One digest for equal values: of arrays, dataclasses and all that they are made of, the same in every process.

A pickle would not do: its bytes depend on which objects are shared, and a hash on the process.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from hashlib import blake2b

import numpy as np

DIGEST_SIZE = 32


def digest(value: object, known: dict[int, bytes] | None = None) -> bytes:
    """Digest a value by what it holds, (32,) bytes.

    Args:
        value: None, a number, text, bytes, an array, a module-level function, or tuples, lists, mappings and
            dataclasses of these; the order of a mapping's keys does not count.
        known: digests of arrays and dataclasses by their id, to which those in `value` are added. It spares reading
            again what several values share, as long as all of them live and none is written to.
    Raises:
        TypeError: it holds something else.
    """
    if known is not None and id(value) in known:
        return known[id(value)]
    if isinstance(value, np.ndarray):
        found = _of_array(value)
    else:
        kind, parts = _parts(value)
        found = _joined(kind, [part if isinstance(part, bytes) else digest(part.value, known) for part in parts])
    if known is not None and (isinstance(value, np.ndarray) or is_dataclass(value)):
        known[id(value)] = found
    return found


class _Inner:
    """A value within a value, still to be digested."""

    def __init__(self, value: object) -> None:
        self.value = value


def _parts(value: object) -> tuple[str, list["bytes | _Inner"]]:
    """The kind of a value, and what tells it from others of its kind."""
    match value:
        case None | bool() | int() | str():
            return type(value).__name__, [str(value).encode()]
        case float():  # by its bits: -0.0 is not 0.0
            return "float", [struct.pack("<d", value)]
        case complex():
            return "complex", [struct.pack("<dd", value.real, value.imag)]
        case bytes():
            return "bytes", [value]
        case np.generic():
            return "scalar", [_of_array(np.asarray(value))]
        case tuple() | list():
            return "sequence", [_Inner(each) for each in value]
        case Mapping():
            pairs = [(digest(key), _Inner(each)) for key, each in value.items()]
            return "mapping", [part for pair in sorted(pairs, key=lambda pair: pair[0]) for part in pair]
    if is_dataclass(value) and not isinstance(value, type):
        own = [part for each in fields(value) for part in (each.name.encode(), _Inner(getattr(value, each.name)))]
        return f"dataclass {_name(type(value))}", own
    if callable(value) and "<" not in getattr(value, "__qualname__", "<"):
        return "function", [_name(value).encode()]
    raise TypeError(f"a {type(value).__name__} has no digest")


def _name(thing: Callable[..., object]) -> str:
    return f"{thing.__module__}.{thing.__qualname__}"


def _of_array(array: np.ndarray) -> bytes:
    if array.dtype.hasobject:
        raise TypeError("an array of objects has no digest")
    return _joined("array", [array.dtype.str.encode(), str(array.shape).encode(), array.tobytes()])


def _joined(kind: str, parts: list[bytes]) -> bytes:
    """Digest parts, each with its length before it, so that no two lists of them run together alike."""
    state = blake2b(digest_size=DIGEST_SIZE)
    for part in (kind.encode(), *parts):
        state.update(len(part).to_bytes(8, "little"))
        state.update(part)
    return state.digest()
