"""Of many cases of one test, those that every run takes; the campaign takes the others."""

from collections.abc import Iterable
from typing import Any

import pytest


def thinned(cases: Iterable[Any], every: int) -> list[Any]:
    """Leave all but each `every`-th case to the campaign."""
    return [case if at % every == 0 else _left(case) for at, case in enumerate(cases)]


def _left(case: Any) -> Any:
    if hasattr(case, "marks"):
        return pytest.param(*case.values, marks=[*case.marks, pytest.mark.campaign], id=case.id)
    values = case if isinstance(case, tuple) else (case,)
    return pytest.param(*values, marks=[pytest.mark.campaign])
