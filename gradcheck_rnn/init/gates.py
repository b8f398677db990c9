"""Which block of a gated net's weight is whose: by the slices that the code cuts, by what it stacks, by names."""

import ast
import re
from collections.abc import Mapping, Sequence

from gradcheck_rnn.analytic.role_names import GATES
from gradcheck_rnn.init.net import NetShape
from gradcheck_rnn.init.syntax import Function, called, dotted, ordered

LETTERS = {"lstm": "ifog", "gru": "zrn"}
_STACKS = {"vstack", "hstack", "concatenate", "row_stack", "column_stack", "append"}
Role = str | list[str] | list[list[str]]


def gated_roles(
    shapes: Mapping[str, tuple[int, ...]], net: NetShape, functions: Sequence[Function]
) -> dict[str, Role] | None:
    """ROLES for weights that join gates, or the state and the input.

    Returns:
        The roles by name; {} where each weight is one of the described ones, so that none are needed, and None where
        they are needed and cannot be told.
    """
    size = net.hidden_size
    lengths = {name: tuple(each for each in shape if each != 1) for name, shape in shapes.items()}
    hidden = {name: shape for name, shape in lengths.items() if net.output != name and _is_hidden(shape, size)}
    is_joined = any(net.input_size + size in shape for shape in hidden.values())
    letters = LETTERS.get(net.cell, "")
    is_fused = bool(letters) and any(size * len(letters) in shape for shape in hidden.values())
    if not is_joined and not is_fused:
        return {}
    order = _order(net.cell, functions) if is_fused else ""
    if is_fused and sorted(order) != sorted(letters):
        return None
    sources = (_stacked(functions) if is_joined else "") or ("" if is_joined else "xh")
    roles: dict[str, Role] = {}
    for name, shape in lengths.items():
        role = _role(name, shape, net, order or _letter(name, net.cell), sources)
        if role is None:
            return None
        roles[name] = role
    return roles


def _role(name: str, shape: tuple[int, ...], net: NetShape, gates: str, sources: str) -> Role | None:
    """Role of one weight: its blocks in the order in which the code has them."""
    if name == net.output:
        return "W_hy"
    size, suffixes = net.hidden_size, list(gates) or ["h"]
    if len(shape) == 1:
        if shape[0] % size:
            return "b_y"
        return _one([f"b_{each}" for each in suffixes]) if gates or net.cell not in LETTERS else None
    if not gates and net.cell in LETTERS:
        return None
    if net.input_size + size in shape:
        rows = [[f"W_{source}{each}" for each in suffixes] for source in sources]
        return rows if len(rows) == 2 else None
    source = "x" if net.input_size in shape else "h"
    return _one([f"W_{source}{each}" for each in suffixes])


def _one(names: list[str]) -> Role:
    return names[0] if len(names) == 1 else names


def _is_hidden(shape: tuple[int, ...], size: int) -> bool:
    return any(each % size == 0 for each in shape)


def _letter(name: str, cell: str) -> str:
    """The gate in the name of a weight: Wf, W_forget, b_c, Wcc."""
    if cell not in LETTERS:
        return ""
    rest = re.sub(r"^(w|b|u|weights?|bias)_?", "", name.rpartition(".")[2].lower()).strip("_")
    return _gate(rest, cell) or _gate(rest.removesuffix("_gate").removesuffix("gate"), cell)


def _gate(word: str, cell: str) -> str:
    plain = {"cc": "c", "u": "i" if cell == "lstm" else "u", "c_hat": "c", "h_hat": "h"}.get(word, word)
    return next((letter for letter in LETTERS[cell] if plain in GATES[letter]), "")


def _order(cell: str, functions: Sequence[Function]) -> str:
    """Gates in the order of the slices that make them; "" where the code cuts none that are called like gates."""
    for function in functions:
        found: dict[str, float] = {}
        for node in ordered(function):
            if isinstance(node, ast.Assign):
                _note(node, cell, found)
        if len(found) >= len(LETTERS[cell]):
            return "".join(sorted(found, key=lambda letter: found[letter]))
    return ""


def _note(node: ast.Assign, cell: str, found: dict[str, float]) -> None:
    target, value = node.targets[0], node.value
    if isinstance(target, ast.Tuple) and called(value) in ("split", "hsplit", "vsplit", "array_split"):
        for place, each in enumerate(target.elts):
            found.setdefault(_gate_of(dotted(each), cell), float(place))
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, its in zip(target.elts, value.elts, strict=False):
            _note(ast.Assign([one], its), cell, found)
    elif (start := _start(value)) is not None:
        bare = target.value if isinstance(target, ast.Subscript) else target
        found.setdefault(_gate_of(dotted(bare), cell), start)
    found.pop("", None)


def _gate_of(name: str, cell: str) -> str:
    """The gate of a variable: i, ft, i_t, a_f, is_, fs, gates_o."""
    plain = name.rpartition(".")[2].lower().strip("_")
    for word in (plain, plain.removesuffix("t").strip("_"), plain.removesuffix("s").strip("_"), *plain.split("_")):
        if word and (letter := _gate(word, cell)):
            return letter
    return _gate(plain[-1:], cell) if plain[:1] in "az" and len(plain) == 2 else ""


def _start(value: ast.expr) -> float | None:
    """Where the slice begins that a value is made of, in units of H; None where there is none."""
    for node in ordered(value):
        if isinstance(node, ast.Subscript):
            slices = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            cut = next(
                (each for each in reversed(slices) if isinstance(each, ast.Slice) and (each.lower or each.upper)), None
            )
            if cut is not None:
                return _multiple(cut.lower)
    return None


def _multiple(lower: ast.expr | None) -> float | None:
    if lower is None or (isinstance(lower, ast.Constant) and lower.value == 0):
        return 0.0
    if isinstance(lower, ast.BinOp) and isinstance(lower.op, ast.Mult):
        for side in (lower.left, lower.right):
            if isinstance(side, ast.Constant) and isinstance(side.value, int):
                return float(side.value)
        return None
    return 1.0 if dotted(lower) else None


def _stacked(functions: Sequence[Function]) -> str:
    """`hx` where the code puts the state before the input, `xh` the other way round."""
    for function in functions:
        for node in ordered(function):
            if not isinstance(node, ast.Call) or called(node) not in _STACKS or not node.args:
                continue
            first = node.args[0]
            listed = first.elts if isinstance(first, ast.Tuple | ast.List) else node.args[:2]
            names = [_first_name(each).lower() for each in listed]
            starts = [name[:1] for name in names]
            if len(names) == 2 and set(starts) & set("hasp") and set(starts) & set("xi"):
                return "xh" if starts[0] in "xi" else "hx"
    return ""


def _first_name(node: ast.expr) -> str:
    return next((name.rpartition(".")[2] for each in ordered(node) if (name := dotted(each)) and name != "self"), "")
