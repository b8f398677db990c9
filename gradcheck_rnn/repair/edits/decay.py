"""The gradient of a regulariser that the loss has: a number times the weights, added where nothing more follows."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Edit
from gradcheck_rnn.repair.edits.arrays import Arrays, base, is_variable
from gradcheck_rnn.repair.edits.flow import loops, writes
from gradcheck_rnn.repair.edits.lines import before
from gradcheck_rnn.repair.function import Function


def decayed(function: Function) -> Iterator[Edit]:
    """Before the function returns, a gradient gets a number in scope times the weights that it is named after."""
    last = function.node.body[-1]
    if not isinstance(last, ast.Return) or not function.ran(last):
        return
    known, arrays = function.known(last), Arrays(function)
    counted = arrays.accumulators.union(*(writes(loop) for loop in loops(function)))
    rates = [
        name
        for name, value in known.items()
        if value.type.startswith("float") and not value.shape and is_variable(name) and base(name) not in counted
    ]
    sums = {name: value for name, value in arrays.at(last).items() if base(name) in arrays.accumulators}
    for name, value in sums.items():
        for weight, of_weight in arrays.weights_at(last).items():
            if weight == name or of_weight.shape != value.shape or not _is_named_after(name, weight):
                continue
            for rate in rates:
                for factor in (rate, f"2 * {rate}"):
                    change = before(function.text, last, f"{name} += {factor} * {weight}")
                    yield function.edit("add a regulariser's term", 4.0, change)


def _is_named_after(gradient: str, weight: str) -> bool:
    """Whether the last part of a weight's name is in that of a gradient."""
    key = weight.rpartition(".")[2].rpartition("[")[2].strip("]'\"")
    return key.lower() in gradient.lower()
