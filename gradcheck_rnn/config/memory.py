"""Memory that the arrays of a check take, so that impossible sizes are refused before anything is allocated."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from gradcheck_rnn.config.places import clip
from gradcheck_rnn.errors import Location, Mistake

PARAMETER_COPIES = 6  # value, analytic and numeric gradient, its error, the gap, and one copy in flight
STATE_COPIES = 3  # forward, backward, and one copy in flight
ITEM_BYTES = {"float64": 8, "float32": 4}
ADDRESS_SPACE = 2**62  # bytes; no array is larger, however much memory there is

_I, _H, _O = "model.input_size", "model.hidden_size", "model.output_size"
_T, _B = "sequence.length", "sequence.batch_size"
_ARRAYS: tuple[tuple[str, tuple[str, ...], int], ...] = (
    ("W_xh", (_I, _H), PARAMETER_COPIES),
    ("W_hh", (_H, _H), PARAMETER_COPIES),
    ("b_h", (_H,), PARAMETER_COPIES),
    ("W_hy", (_H, _O), PARAMETER_COPIES),
    ("b_y", (_O,), PARAMETER_COPIES),
    ("the inputs", (_T, _B, _I), 1),
    ("the hidden states", (_T, _B, _H), 2 * STATE_COPIES),
    ("the outputs", (_T, _B, _O), 2 * STATE_COPIES),
)
# of a gated cell there are as many of these as it has gates and candidates, in each layer and direction
_OF_GATES = ("W_xh", "W_hh", "b_h", "the hidden states")
_GATES = {"lstm": 4, "gru": 3}
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB")
BEYOND_UNITS = 1000 * 1024**8  # bytes; 1000 YiB
_MEMINFO = Path("/proc/meminfo")


@dataclass(frozen=True)
class Share:
    """Arrays of one shape: what they hold, the keys of their sizes, their number of bytes."""

    holds: str
    keys: tuple[str, ...]
    bytes: int


def memory_shares(values: Mapping[str, Any]) -> list[Share]:
    """Bytes of the arrays of a check, from the good values by dotted path; sizes may be any integers."""
    item = ITEM_BYTES[values["dtype"]]
    sizes = {name: values[name] or 1 for name in (_I, _H, _O, _T, _B)}
    gates = _GATES.get(values.get("model.cell", ""), 1)
    gates *= values.get("model.layers", 1) * (2 if values.get("model.bidirectional") else 1)
    return [
        Share(holds, keys, item * copies * (gates if holds in _OF_GATES else 1) * prod(sizes[key] for key in keys))
        for holds, keys, copies in _ARRAYS
    ]


def available_memory() -> int | None:
    """Bytes that can be had now, else all that the machine has; None where that is not known."""
    try:
        if match := re.search(r"^MemAvailable:\s+(\d+) kB$", _MEMINFO.read_text("ascii"), re.MULTILINE):
            return int(match[1]) * 1024
    except (OSError, ValueError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def memory_mistake(
    values: Mapping[str, Any], places: Mapping[str, Location], *, available: int | None
) -> Mistake | None:
    """Refuse sizes that need more than `available` bytes, at the size that contributes most; all must be known."""
    if not {_I, _H, _O, _T, _B, "dtype"} <= values.keys():
        return None
    shares = memory_shares(values)
    needed = sum(share.bytes for share in shares)
    if needed <= (ADDRESS_SPACE if available is None else available):
        return None
    largest = max(shares, key=lambda share: share.bytes)
    culprit = max(largest.keys, key=lambda key: values[key] or 1)
    factors = " x ".join(f"`{key.rpartition('.')[2]}` {clip(str(values[key] or 1))}" for key in largest.keys)
    amount = f"about {readable(needed)}" if needed < BEYOND_UNITS else f"more than {readable(BEYOND_UNITS)}"
    message = f"these sizes need {amount}, "
    message += "which no machine can address" if available is None else f"{readable(available)} are free"
    mending = f"lower `{culprit}`: most is for {largest.holds}, {factors}"
    return Mistake(message, mending, places.get(culprit))


def readable(count: int) -> str:
    """Bytes in the largest unit that they fill, with two digits or more."""
    power = min((max(count, 1).bit_length() - 1) // 10, len(_UNITS) - 1)
    tenths = 10 * count >> 10 * power
    return f"{tenths / 10:.1f} {_UNITS[power]}" if 0 < tenths < 100 and power else f"{tenths // 10} {_UNITS[power]}"
