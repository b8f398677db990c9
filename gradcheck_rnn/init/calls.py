"""How the code is called with a batch: what each of its arguments takes."""

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from gradcheck_rnn.init.names import argument_called, is_output_error, plain_name
from gradcheck_rnn.init.results import name_of
from gradcheck_rnn.init.syntax import Function, arguments, dotted, ordered, returned

FILL_IN = "FILL IN"
# variables for what a forward pass returns without a name
UNNAMED = "value"
# how a vector of one step stands in the code: (n,), (n, 1), (1, n), (B, n), (n, B)
Form = Literal["flat", "column", "row", "batch", "columns"]

_STATES = (
    r"_*(last|all|next|prev)?_*(h|hs|s|a|hidden|state|states|hidden_?states?|h_?(states|list|all|seq)|activations)"
)
_OUTPUTS = r"(p|ps|probs?|probabilities|y_?hats?|y_?preds?|pred\w*|outputs?|o|os|ys?|logits|scores|out|a|yhat)"
_CACHES = r"\w*(cache|context|memory|tape|intermediates?)s?"


@dataclass(frozen=True)
class Reading:
    """How a batch stands in the code: whether tokens and classes are whole numbers, where the axes are."""

    tokens: bool
    classes: bool
    kind: str
    form: Form
    axes: str = "T"
    is_flat: bool = False
    is_sentences: bool = False
    output_size: int | None = None
    last_step: bool = False

    def inputs(self) -> str:
        """The inputs in the form of the code."""
        if self.tokens:
            tokens = "batch.tokens.T" if self.axes == "BTI" else "batch.tokens"
            return f"[{tokens}]" if self.is_sentences else tokens
        return self._vectors("batch.inputs", flat=self.is_flat)

    def targets(self) -> str:
        """The targets in the form of the code."""
        if self.kind == "softmax_cross_entropy" and self.classes:
            classes = "batch.targets.T" if self.axes == "BTI" and not self.last_step else "batch.targets"
            return f"[{classes}]" if self.is_sentences else classes
        is_softmax = self.kind == "softmax_cross_entropy"
        name = f"np.eye({self.output_size})[batch.targets]" if is_softmax else "batch.targets"
        return self._vectors(name, flat=False, has_time=not self.last_step)

    def state(self, name: str) -> str:
        """The initial state in the form of the code."""
        state = f'batch.initial_state["{name}"]'
        return state + {"flat": "", "batch": "", "column": "[:, None]", "row": "[None]", "columns": ".T"}[self.form]

    def _vectors(self, name: str, *, flat: bool, has_time: bool = True) -> str:
        if has_time and self.axes == "BTI":
            return f"{name}.swapaxes(0, 1)"
        if has_time and self.axes == "IBT":
            return f"{name}.transpose(2, 1, 0)"
        if flat or self.form in ("flat", "batch"):
            return name
        return name + {"column": "[..., None]", "row": "[..., None, :]", "columns": ".swapaxes(-1, -2)"}[self.form]


@dataclass
class Call:
    """A call as text, with the arguments that nothing told."""

    code: str
    unknown: list[str] = field(default_factory=list)
    rate: bool = False


def outcomes(function: Function | None) -> list[str]:
    """Names of what a function returns; a plain name for what has none."""
    if function is None or returned(function) is None:
        return []
    value = returned(function)
    values = value.elts if isinstance(value, ast.Tuple | ast.List) else [value]
    names = [name_of(each) if each is not None else "" for each in values]
    return [name or f"{UNNAMED}{place}" for place, name in enumerate(names)]


def call(
    function: Function, owner: str, reading: Reading, results: Sequence[str], weights: Mapping[str, str] | None = None
) -> Call:
    """Call a function with a batch.

    Args:
        function: what is called.
        owner: what stands before its name, as `net.`.
        reading: how the batch stands in the code.
        results: variables that the forward pass has given.
        weights: what its arguments take that hold weights.
    """
    made = Call("")
    parts = []
    by_name = False
    for name, default in arguments(function):
        value = _value(name, reading, results, weights or {}, made)
        if not value and default is not None:
            by_name = True
            continue
        if not value:
            made.unknown.append(name)
            value = "None"
        parts.append(f"{name}={value}" if by_name else value)
    made.code = f"{owner}{function.name}({', '.join(parts)})"
    return made


def _value(name: str, reading: Reading, results: Sequence[str], weights: Mapping[str, str], made: Call) -> str:
    if name in weights:
        return weights[name]
    if (own := _outcome(name, results)) and not (argument_called(name) in ("inputs", "targets") and name != own):
        return own
    kind = argument_called(name)
    if kind == "rate":
        made.rate = True
        return "1.0"
    if is_output_error(name):
        return "error" if results else ""
    readings = {"inputs": reading.inputs, "targets": reading.targets}
    if kind in readings:
        return readings[kind]()
    return reading.state(kind) if kind in ("h", "c") else ""


def _outcome(name: str, results: Sequence[str]) -> str:
    """Which of the forward pass's results an argument takes: the one of its name, else the one of its sort."""
    for result in results:
        if plain_name(result) == plain_name(name):
            return result
    for pattern in (_CACHES, _STATES, _OUTPUTS):
        if re.fullmatch(pattern, name.lower()) and not re.search(r"prev|init|_?0$", name.lower()):
            fitting = [result for result in results if re.fullmatch(pattern, result.lower())]
            fitting += [result for result in results if result.startswith(UNNAMED)]
            if fitting:
                return fitting[0]
    return ""


def form_of(shapes: Mapping[str, tuple[int, ...]], functions: Sequence[Function], *, batched: bool) -> Form:
    """How a vector of one step stands in the code: as biases do, else as the first state is made."""
    for shape in shapes.values():
        if len(shape) == 2 and 1 in shape:
            if batched:
                return "columns" if shape[1] == 1 else "batch"
            return "column" if shape[1] == 1 else "row"
    if batched:
        return "batch"
    if any(len(shape) == 1 for shape in shapes.values()):
        return "flat"
    for function in functions:
        for node in ordered(function):
            text = ast.unparse(node) if isinstance(node, ast.Call) else ""
            if re.fullmatch(r"(np|numpy)\.zeros\(\(1, .*\)\)", text):
                return "row"
            if re.fullmatch(r"(np|numpy)\.zeros\(\(.*, 1\)\)", text):
                return "column"
    return "flat"


def is_batched(functions: Sequence[Function]) -> bool:
    """Whether the code names a batch."""
    names = {
        dotted(node).rpartition(".")[2].lower()
        for function in functions
        for node in ordered(function)
        if isinstance(node, ast.Name | ast.Attribute)
    }
    return bool(names & {"batch_size", "batchsize", "n_batch", "batch"})


def reads_what_it_does_not_set(function: Function, other: Function) -> bool:
    """Whether a method reads attributes that another one sets, such as the forward pass, and it does not."""
    return bool((_attributes(function, ast.Load) - _attributes(function, ast.Store)) & _attributes(other, ast.Store))


def _attributes(function: Function, context: type) -> set[str]:
    return {
        node.attr
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and dotted(node.value) == "self" and isinstance(node.ctx, context)
    }
