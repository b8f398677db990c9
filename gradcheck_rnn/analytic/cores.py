"""How many processor cores this process may use."""

import os


def usable_cores() -> int:
    """Return the number of cores that the system lets this process run on, which may be fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
