"""The adapter that is written for a file: few lines, with a mark at every place that could not be told."""

import ast
import builtins
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gradcheck_rnn.adapters.definitions import HARMLESS
from gradcheck_rnn.init.calls import FILL_IN, Call, call, outcomes, reads_what_it_does_not_set
from gradcheck_rnn.init.gates import gated_roles
from gradcheck_rnn.init.names import HIDDEN, INPUT, OUTPUT, STEPS, argument_called, is_output_error, size_called
from gradcheck_rnn.init.net import NetShape
from gradcheck_rnn.init.recognise import NOT_THERE, Recognised, forward_before, free_names, returns_loss
from gradcheck_rnn.init.syntax import File, Function, arguments, assignments, dotted, names_in
from gradcheck_rnn.init.uses import uses

# characters of a line of the adapter
WIDTH = 110


@dataclass
class Written:
    """A text, and what could not be told, which is marked in it."""

    text: str
    open: list[str] = field(default_factory=list)


def adapter_text(found: Recognised, file: File, name: str, stubs: Sequence[str]) -> Written:
    """Write the adapter of a recognised file."""
    body = _Body(found, file, [])
    shapes = {name: tuple(each or 1 for each in shape) for name, shape in found.shapes.items()}
    roles, missing = roles_text(shapes, found.net, found.functions)
    lines = [*body.home(name, stubs), "", *body.functions(), *roles]
    code = "\n".join(lines)
    used = ["adapt", "definitions", found.result.code.partition("(")[0]]
    head = [f'"""Reaches the backward pass of {name}: written by `gradcheck-rnn init`, yours to change."""', ""]
    if "np." in code:
        head += ["import numpy as np", ""]
    head += [f"from gradcheck_rnn.adapters import {', '.join(sorted(used))}", ""]
    return Written("\n".join([*head, *lines]) + "\n", [*body.open, *missing])


def roles_text(
    shapes: Mapping[str, tuple[int, ...]], net: NetShape | None, functions: Sequence[Function]
) -> tuple[list[str], list[str]]:
    """Lines that say which block of a joined weight is whose, and what of it could not be told."""
    roles = gated_roles(shapes, net, functions) if net is not None else {}
    if roles:
        lines = [f'    "{name}": {role!r},'.replace("'", '"') for name, role in roles.items()]
        return ["", "ROLES = {", *lines, "}"], []
    if roles is not None:
        return [], []
    missing = "which block of a joined weight is whose; without it, no term of the gates can be named"
    example = '# ROLES = {"Wx": ["W_xi", "W_xf", "W_xg", "W_xo"], "W": [["W_hf"], ["W_xf"]], ...}'
    return ["", f"# {FILL_IN}: {missing}", example], [missing]


@dataclass
class _Body:
    found: Recognised
    file: File
    open: list[str]

    def home(self, name: str, stubs: Sequence[str]) -> Iterator[str]:
        """Load the file, set the sizes that it reads, make the object that holds the weights."""
        home = self.found.home
        whole = "net" if home.kind in ("module", "dict") else "code"
        kept = self._kept()
        options = [f"keep={kept!r}"] * bool(kept) + [f"stubs={list(stubs)!r}"] * bool(stubs)
        yield f"{whole} = definitions({', '.join([repr(name), *options])})".replace("'", '"')
        yield from self._globals(whole, kept)
        if home.kind == "dict":
            yield "weights = {}"
        if home.owner is not None:
            yield from self._object()
        shapes = ", ".join(f'"{key}": {self._shape(key)}' for key in self.found.shapes)
        yield from _wrapped("shapes = {", shapes, "}")
        for weight, shape in self.found.shapes.items():
            if None in shape:
                yield self._mark(f"the shape of {weight}, of which `...` could not be told")

    def functions(self) -> Iterator[str]:
        """Define `run`, the loss where it is another function, and the call of `adapt`."""
        found = self.found
        backward = self._call(found.backward.name)
        yield ""
        yield "def run(batch):"
        yield from self._lengths()
        yield from self._forward(found.backward, backward)
        if found.loss not in (None, found.forward) and reads_what_it_does_not_set(found.backward, found.loss):
            yield f"    {self._call(found.loss.name)}"
        yield f"    return {backward}"
        yield ""
        loss = "lambda batch: run(batch)" + f"[{_key(found.result.loss)}]"
        if found.result.loss is None:
            loss = "run"
            if found.loss is not None:
                loss = "own_loss"
                yield ""
                yield "def own_loss(batch):"
                yield from self._lengths()
                own = self._call(found.loss.name)
                yield from self._forward(found.loss, own) if found.loss is not found.forward else ()
                place = returns_loss(found.loss)
                yield f"    return {own}" + ("" if place in (None, NOT_THERE) else f"[{place}]")
                yield ""
        run = "run" if found.result.part is None else f"lambda batch: run(batch)[{_key(found.result.part)}]"
        if found.result.kept:
            run = f"lambda batch: (run(batch), net.{found.result.kept})[1]"
        home = {"module": "net", "object": "net", "dict": "weights"}.get(found.home.kind, f"net.{found.home.key}")
        first = "loss" if loss != "run" else "_"
        yield ""
        if loss == "run":
            yield "# nothing in the file returns the loss: that of the configuration is differenced"
        yield from _wrapped(
            f"{first}, gradients, parameters = adapt(",
            f"{home}, shapes, loss={loss}, gradients={run}, result={self._result()}",
            ")",
        )

    def _lengths(self) -> Iterator[str]:
        """Set what the code keeps as the number of steps to that of the batch."""
        owner = self.found.home.owner
        if owner is not None and owner.constructor is not None:
            read = {dotted(node) for function in self.found.functions for node in ast.walk(function)}
            kept = [dotted(target) for target, _ in assignments(owner.constructor)]
            names = [name.removeprefix("self.") for name in kept if name.startswith("self.") and name in read]
        else:
            defined = {dotted(target) for target, _ in assignments(self.file.statements)}
            names = [name for name in free_names(self.found.functions) if name in defined]
        yield from (
            f"    net.{name} = len(batch.inputs)" for name in dict.fromkeys(names) if size_called(name) == STEPS
        )

    def _kept(self) -> list[str]:
        """Globals that the functions read and that are made by calls of imported modules alone."""
        read = free_names(self.found.functions)
        modules = {"np", "numpy", "random", "math"}
        kept = []
        for target, value in assignments(self.file.statements):
            name = dotted(target)
            is_wanted = name in read and name not in self.found.shapes and size_called(name) is None
            if is_wanted and not _is_plain(value) and names_in(value) <= modules:
                kept.append(name)
        return kept

    def _globals(self, whole: str, kept: Sequence[str]) -> Iterator[str]:
        """Set sizes that the functions read, to the numbers that the shapes are made of."""
        defined = {dotted(target): value for target, value in assignments(self.file.statements)}
        read = free_names([*self.found.functions, *self._constructor()])
        home_is_module = self.found.home.owner is None
        for name in read:
            if name not in defined or name in self.found.shapes or name in kept or hasattr(builtins, name):
                continue
            value = self.found.sizes.of(ast.Name(name))
            if value == STEPS and home_is_module:
                continue
            if value is not None and _is_size(name, defined[name]):
                yield f"{whole}.{name} = {value}"
            elif not _is_plain(defined[name]):
                mark = self._mark(f"`{name}`, which the code reads and a call makes")
                yield f"{whole}.{name} = None  {mark}"

    def _constructor(self) -> list[ast.FunctionDef]:
        owner = self.found.home.owner
        return [owner.constructor] if owner is not None and owner.constructor is not None else []

    def _object(self) -> Iterator[str]:
        owner = self.found.home.owner
        assert owner is not None
        parts, unknown = [], []
        by_name = False
        for name, default in arguments(owner.constructor) if owner.constructor else []:
            value = self.found.sizes.of(ast.Name(name)) if size_called(name) is not None else None
            if default is not None:
                by_name = True
                if value in (HIDDEN, INPUT, OUTPUT):
                    parts.append(f"{name}={value}")
                continue
            if value is None and argument_called(name) != "rate" and name != "seed" and self._is_read(name):
                unknown.append(name)
            usual = {"rate": "0.1"}.get(argument_called(name), "0" if name == "seed" else "None")
            given = usual if value is None else str(value)
            parts.append(f"{name}={given}" if by_name else given)
        mark = "  " + self._mark(f"what {owner.name} takes as {', '.join(unknown)}") if unknown else ""
        yield f"net = code.{owner.name}({', '.join(parts)}){mark}"
        for target, made in (pair for method in self._constructor() for pair in assignments(method)):
            attribute = dotted(target).removeprefix("self.")
            literal = isinstance(made, ast.Constant) and isinstance(made.value, int) and dotted(target) != attribute
            if literal and (size := size_called(attribute)) is not None:
                yield f"net.{attribute} = {size}"
        if self.found.result.rate.startswith("self."):
            yield f"net.{self.found.result.rate.removeprefix('self.')} = 1.0"

    def _is_read(self, argument: str) -> bool:
        """Whether the code needs an argument of the constructor: it is more than kept, or read by what is called."""
        constructor = self._constructor()[0]
        kept = [dotted(target) for target, value in assignments(constructor) if dotted(value) == argument]
        uses_there = [node for node in ast.walk(constructor) if isinstance(node, ast.Name) and node.id == argument]
        read = {dotted(node) for function in self.found.functions for node in ast.walk(function)}
        return len(uses_there) > len(kept) or bool(set(kept) & read)

    def _call(self, name: str) -> str:
        found = self.found
        function = found.home.functions[name]
        given = {
            each: "weights" for each, _ in arguments(function) if found.home.kind == "dict" and _holds_weights(each)
        }
        forward = forward_before(found.home, function) if function is not found.forward else None
        results = outcomes(forward)
        taken = [uses(function, each, found.home.functions) for each, _ in arguments(function)]
        reading = replace(found.reading, is_sentences=any(each.is_sentences for each in taken))
        made: Call = call(function, "net.", reading, results, given)
        if made.unknown:
            return f"{made.code}  " + self._mark(f"what {name} takes as {', '.join(made.unknown)}")
        return made.code

    def _forward(self, function: Function, following: str) -> Iterator[str]:
        """The forward pass that a call needs before it, and the error of the output where it takes that."""
        found = self.found
        forward = forward_before(found.home, function)
        if forward is None:
            return
        results = outcomes(forward)
        taken = {node.id for node in ast.walk(ast.parse(following)) if isinstance(node, ast.Name)}
        wanted = results if "error" in taken or taken & set(results) else []
        yield f"    {', '.join(wanted)}{' = ' if wanted else ''}{self._call(forward.name)}"
        for name, _ in arguments(found.backward) if "error" in taken else []:
            if is_output_error(name):
                its = uses(found.backward, name, found.home.functions)
                last = "" if its.has_steps or its.is_counted or not _is_list(results[0], forward) else "[-1]"
                yield f"    error = {results[0]}{last} - {found.reading.targets()}"

    def _shape(self, weight: str) -> str:
        parts = [str(each) if each is not None else "..." for each in self.found.shapes[weight]]
        return f"({', '.join(parts)}{',' * (len(parts) == 1)})"

    def _result(self) -> str:
        return self.found.result.code

    def _mark(self, what: str) -> str:
        self.open.append(what)
        return f"# {FILL_IN}: {what}"


def _key(key: int | str | None) -> str:
    """An index or a key, as code."""
    return f'"{key}"' if isinstance(key, str) else str(key)


def _is_plain(value: ast.expr) -> bool:
    """Whether `definitions` keeps an assignment of this value."""
    return all(isinstance(node, HARMLESS) for node in ast.walk(value))


def _is_size(name: str, value: ast.expr) -> bool:
    """Whether a global is one of the sizes: by its name, or as it is made of some."""
    return size_called(name) is not None or isinstance(value, ast.BinOp | ast.Name)


def _holds_weights(name: str) -> bool:
    return name.lower() in ("params", "parameters", "weights", "theta", "model", "p", "w", "param")


def _is_list(name: str, forward: Function) -> bool:
    made = [value for target, value in assignments(forward) if dotted(target) == name]
    return any(isinstance(each, ast.List | ast.Dict) for each in made)


def _wrapped(start: str, inside: str, end: str) -> Iterator[str]:
    """A call or a dict on one line, or on three where that would be too long for one."""
    if len(start) + len(inside) + len(end) <= WIDTH:
        yield f"{start}{inside}{end}"
    else:
        lines = textwrap.wrap(inside, WIDTH, break_long_words=False, break_on_hyphens=False)
        yield from (start, *(f"    {line}" for line in lines), end)
