"""What net the weights and the code around them make: cell, layout, sizes, loss."""

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gradcheck_rnn.analytic.role_names import UNKNOWN, misfit
from gradcheck_rnn.init.names import HIDDEN, INPUT
from gradcheck_rnn.init.syntax import Function, called, dotted, ordered, text_key

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class NetShape:
    """The net by its weights: `cell` is "elman" where the activation is open; without `output` it ends at the state."""

    cell: str
    layout: str
    input_size: int
    hidden_size: int
    output_size: int | None
    biases: bool
    output: str


def net_shape(shapes: Shapes) -> NetShape | None:
    """Work out the net from the shapes and the names of its weights; None where there is nothing recurrent."""
    hidden = _hidden(shapes)
    if hidden is None:
        return None
    lengths = {name: _lengths(shape) for name, shape in shapes.items()}
    matrices = {name: shape for name, shape in lengths.items() if len(shape) == 2}
    output = _output(matrices, hidden)
    others = {name: shape for name, shape in matrices.items() if name != output}
    size = _other(matrices[output], hidden) if output else None
    entering = [each for shape in others.values() for each in shape if each % hidden]
    state = hidden if _all_joined(others, hidden) else 0
    return NetShape(
        _cell(lengths, output, hidden),
        _layout(matrices, output, hidden),
        entering[0] - state if entering else INPUT,
        hidden,
        size,
        len(matrices) < len(shapes),
        output,
    )


def activation(functions: Iterable[Function]) -> str:
    """The cell's activation, by what the code calls."""
    names = {called(each).lower() for function in functions for each in ordered(function) if isinstance(each, ast.Call)}
    if any("tanh" in name for name in names):
        return "tanh"
    return "relu" if any("relu" in name or name == "maximum" for name in names) else "sigmoid"


def loss_kind(functions: Sequence[Function]) -> str:
    """`softmax_cross_entropy` where the code takes a logarithm or shares of exponentials, else `mse`."""
    names = {called(each).lower() for function in functions for each in ordered(function) if isinstance(each, ast.Call)}
    is_named = any("softmax" in name or "cross" in name for name in names) or "log" in names
    return "softmax_cross_entropy" if is_named or any(map(_divides_by_a_sum, functions)) else "mse"


def _divides_by_a_sum(function: Function) -> bool:
    """Whether a function takes exponentials and their sum, as a softmax does."""
    return {"exp", "sum"} <= {called(each) for each in ordered(function) if isinstance(each, ast.Call)}


def averages(function: Function) -> bool:
    """Whether a loss, or a gradient where there is no loss, is divided by the number of steps or of sequences."""
    text = ast.unparse(function)
    divided = r"/=?\s*(float\()?(self\.)?(len\(|[TNnmB]\b|batch_size|seq\w*|\w*steps)"
    return re.search(divided, text) is not None or re.search(r"np\.mean\(|\.mean\(", text) is not None


def uses_outside_loops(weight: str, functions: Iterable[Function]) -> bool:
    """Whether a weight is used outside every loop, and in none."""
    inside = outside = False
    for function in functions:
        loops = [each for each in ordered(function) if isinstance(each, ast.For | ast.While | ast.comprehension)]
        within = {id(node) for loop in loops for node in ordered(loop)}
        for node in ordered(function):
            if (dotted(node).removeprefix("self.") == weight or text_key(node) == weight) and isinstance(
                getattr(node, "ctx", None), ast.Load
            ):
                inside |= id(node) in within
                outside |= id(node) not in within
    return outside and not inside


def _hidden(shapes: Shapes) -> int | None:
    lengths = [_lengths(shape) for shape in shapes.values()]
    if any(HIDDEN in shape or any(each % HIDDEN == 0 for each in shape) for shape in lengths):
        return HIDDEN
    squares = [shape[0] for shape in lengths if len(shape) == 2 and shape[0] == shape[1]]
    return squares[0] if squares else None


def _lengths(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(each for each in shape if each != 1)


def _output(matrices: Shapes, hidden: int) -> str:
    """Which weight leads from the state to the output: by its name, else the last one that has the shape."""
    fitting = [name for name, shape in matrices.items() if hidden in shape and shape[0] % hidden + shape[1] % hidden]
    fitting = [name for name in fitting if not _is_gate_like(name, matrices)]
    named = sorted(fitting, key=lambda name: misfit(name, "W_hy"))
    if named and misfit(named[0], "W_hy") < UNKNOWN:
        return named[0]
    rest = [name for name in fitting if misfit(name, "W_xh") == UNKNOWN]
    others = {name: shape for name, shape in matrices.items() if name not in rest}
    return rest[-1] if rest and (len(fitting) > 1 or _all_joined(others, hidden)) else ""


def _is_gate_like(name: str, matrices: Shapes) -> bool:
    """Whether a weight has companions of its very shape, as gates have."""
    return sum(shape == matrices[name] for shape in matrices.values()) > 2


def _other(shape: Sequence[int], hidden: int) -> int:
    rest = [each for each in shape if each % hidden]
    return rest[0] if rest else hidden


def _all_joined(others: Shapes, hidden: int) -> bool:
    """Whether the state and the input go through one matrix: none is for the state alone."""
    return bool(others) and not any(all(each % hidden == 0 for each in shape) for shape in others.values())


def _cell(lengths: Shapes, output: str, hidden: int) -> str:
    fused = {each // hidden for shape in lengths.values() for each in shape if each % hidden == 0}
    if 4 in fused or 3 in fused:
        return "lstm" if 4 in fused else "gru"
    alike = [shape for name, shape in lengths.items() if name != output and len(shape) == 2]
    most = max((alike.count(shape) for shape in alike), default=0)
    return {4: "lstm", 3: "gru"}.get(most, "elman")


def _layout(matrices: Shapes, output: str, hidden: int) -> str:
    """`row` for (in, out): more of the matrices lead from their first axis to their second."""
    votes = [_leads_on(shape, hidden) * (-1 if name == output else 1) for name, shape in matrices.items()]
    return "row" if sum(votes) > 0 else "column"


def _leads_on(shape: Sequence[int], hidden: int) -> int:
    """1 where the second axis is that of the state, -1 where the first is, 0 where that cannot be told."""
    first, second = (each % hidden == 0 for each in shape)
    if first and second:
        return (shape[0] < shape[1]) - (shape[0] > shape[1])
    return int(second) - int(first)
