"""One sentence that reads a chain map: which cells agree, which are empty, which are wrong."""

import numpy as np

from gradcheck_rnn.diagnose.chain_map import ChainMap
from gradcheck_rnn.model.activations import Array


def read_chain(found: ChainMap) -> str:
    """Say what the map shows, from the largest pattern to the smallest."""
    lag = np.subtract.outer(np.arange(found.length), np.arange(found.length))
    there = ~np.isnan(found.relative_error)
    sentence = _pattern(found, lag, there, there & ~found.agrees)
    if found.constant != 1:
        sentence = f"after a constant, {found.constant:.4g}, is divided out: {sentence}"
    if found.additive is False:
        sentence += "; prefixes of the sequence show another pattern: the steps' errors do not simply add up"
    return sentence


def _pattern(found: ChainMap, lag: Array, there: Array, wrong: Array) -> str:
    if not wrong.any():
        return "every cell agrees: each step's error reaches each step before it as it should"
    if found.acausal.any():
        below = "" if not (wrong & (lag > 0)).any() else ", and what should be carried back is wrong"
        return f"cells above the diagonal are filled: errors reach steps that come after them{below}"
    if (found.empty == there).all():
        return "every cell is empty: no step's error reaches these weights at all"
    whole = _whole_lines(found, there, wrong, axis=1, line="row", tells="errors") or _whole_lines(
        found, there, wrong, axis=0, line="column", tells="contributions"
    )
    if whole:
        return whole
    diagonal, carried = wrong & (lag == 0), wrong & (lag > 0)
    if not carried.any():
        return f"only the diagonal is wrong, in {_count(diagonal)}: what stays within a step, not what is carried back"
    own = "the diagonal agrees" if not diagonal.any() else "the diagonal is wrong already"
    return f"{own}, {_carried(found, lag, there & (lag > 0), carried)}"


def _whole_lines(found: ChainMap, there: Array, wrong: Array, *, axis: int, line: str, tells: str) -> str:
    """Read a map in which whole rows or columns are empty, diagonal and all, and everything else agrees."""
    empty = found.empty
    lines = np.flatnonzero((empty == there).all(axis=axis) & there.any(axis=axis))
    inside = np.zeros_like(there)
    inside[(lines, slice(None)) if axis == 1 else (slice(None), lines)] = True
    if not len(lines) or (wrong & ~(inside & there)).any():
        return ""
    others = [k for k in range(found.length) if k not in lines]
    if len(others) == 1 and found.length > 2:
        return f"only the {line} of step {others[0]} is filled, and it agrees: the {tells} of all others are missing"
    if len(lines) == 1:
        return f"the {line} of step {lines[0]} is empty, the others agree: the {tells} of that step are missing"
    steps = ", ".join(str(k) for k in lines)
    return f"the {line}s of steps {steps} are empty, the others agree: the {tells} of those steps are missing"


def _carried(found: ChainMap, lag: Array, below: Array, carried: Array) -> str:
    """Read the cells below the diagonal."""
    if (columns := _columns(below, carried)) is not None:
        what = "empty" if (found.empty | ~carried).all() else "wrong"
        return f"cells below it are {what} only where they come to {columns}"
    empty = found.empty & below
    if (empty == below).all():
        return "every cell below it is empty: no error is carried back at all"
    first = int(lag[carried].min())
    if (empty == (below & (lag >= first))).all():
        return f"cells agree up to lag {first - 1} and are empty beyond it: the chain is cut after {_steps(first - 1)}"
    if empty.any() and (carried == empty).all():
        return f"{_count(empty)} below it are empty, the others agree: the chain is cut at some steps"
    if first > 1:
        return f"cells agree up to lag {first - 1} and are wrong beyond it"
    every = "every cell below it is wrong" if (carried == below).all() else f"{_count(carried)} below it are wrong"
    return f"{every}: an error is carried back, but not as it should be"


def _columns(below: Array, carried: Array) -> str | None:
    """Name the one use step that all wrong cells belong to, if it is one and there are others."""
    steps = np.flatnonzero(carried.any(axis=0))
    if len(steps) == 1 and below.any(axis=0).sum() > 1 and carried[:, steps[0]].sum() > 1:
        return f"step {int(steps[0])}"
    return None


def _count(cells: Array) -> str:
    number = int(cells.sum())
    return f"{number} cell" + ("s" if number != 1 else "")


def _steps(number: int) -> str:
    return f"{number} step" + ("s" if number != 1 else "")
