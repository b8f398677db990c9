"""Finds the broken term in a hand-written backward pass of a recurrent net."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradcheck_rnn.api import check, fix
    from gradcheck_rnn.errors import UsageError
    from gradcheck_rnn.report.repair.value import Repair
    from gradcheck_rnn.report.value import Report

__version__ = "0.1.0"
__all__ = ["Repair", "Report", "UsageError", "__version__", "check", "fix"]

# where the names above come from: imported when they are first asked for, because that takes numpy
_HOMES = {
    "Repair": "gradcheck_rnn.report.repair.value",
    "Report": "gradcheck_rnn.report.value",
    "UsageError": "gradcheck_rnn.errors",
    "check": "gradcheck_rnn.api",
    "fix": "gradcheck_rnn.api",
}


if not TYPE_CHECKING:  # to type checkers, nothing is offered but what is imported above

    def __getattr__(name: str) -> object:
        """Import what is asked for (PEP 562)."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """List what can be asked for."""
    return sorted({*globals(), *__all__})
