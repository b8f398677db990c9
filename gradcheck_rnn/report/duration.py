"""Spans of time in words: two digits at most, in the unit that a person would take."""

# seconds of each unit, and up to how many of it the unit is taken
_UNITS = (("s", 1.0, 90.0), ("min", 60.0, 90.0), ("h", 3600.0, 48.0), ("days", 86400.0, float("inf")))


def in_words(seconds: float) -> str:
    """Say how long, as `4 s`, `45 s`, `7 min`, `1.5 h`, `3 days`."""
    name, size, _ = next(unit for unit in _UNITS if seconds < unit[1] * unit[2])
    count = seconds / size
    return f"{count:.1f} {name}" if name == "h" and count < 10 else f"{count:.0f} {name}"
