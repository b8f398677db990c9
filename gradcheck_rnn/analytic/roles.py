"""Which of the user's parameters is which of the described ones, and how their shapes translate."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import numpy as np

from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.config.suggest import closest
from gradcheck_rnn.errors import Location, Mistake, UsageError
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.model.problem import Problem


@dataclass(frozen=True)
class Roles:
    """`described[user's name]` is the described name; shapes are equal up to axes of length 1.

    Several biases of the user's may have one described name: their sum is the described bias, and the gradient by it
    is the gradient by each.
    """

    described: Mapping[str, str]

    def names(self, role: str) -> list[str]:
        """Return the user's names of a described parameter: one, or those of the biases that are added."""
        return [name for name, described in self.described.items() if described == role]

    def problem(self, net: Net, point: Point) -> Problem:
        """Read a point as the described problem."""
        parameters = {role: self._value(role, shape, point) for role, shape in net.shapes.items()}
        return Problem(net, parameters, point.batch)

    def point(self, problem: Problem, like: Mapping[str, tuple[int, ...]] | None = None) -> Point:
        """Read a described problem as the user's point, in the shapes `like` the user's own."""
        values = {name: self._share(name) * problem.parameters[role] for name, role in self.described.items()}
        if like is not None:
            values = {name: value.reshape(like[name]) for name, value in values.items()}
        return Point(values, problem.batch)

    def _value(self, role: str, shape: tuple[int, ...], point: Point) -> Array:
        return reduce(np.add, [point.parameters[name].reshape(shape) for name in self.names(role)])

    def _share(self, name: str) -> float:
        """Share of a described value that one parameter gets; biases that are added get unequal ones, to differ."""
        names = self.names(self.described[name])
        return (names.index(name) + 1) / sum(range(1, len(names) + 1))


def find_roles(
    net: Net, shapes: Mapping[str, tuple[int, ...]], declared: Mapping[str, str] | None, path: Path
) -> tuple[Roles | None, str]:
    """Match the user's parameters with the described ones: as ROLES says, else by equal names.

    Args:
        net: described net.
        shapes: shapes of the user's parameters by name.
        declared: the adapter's ROLES.
        path: the adapter, for the place in a message.
    Returns:
        The roles, or None and the reason why the described net does not describe these parameters.
    Raises:
        UsageError: ROLES names a parameter that does not exist on its side.
    """
    if declared is not None:
        _refuse_unknown(declared, shapes, net, path)
    described = dict(declared) if declared is not None else {name: name for name in shapes if name in net.shapes}
    missing = [role for role in net.shapes if role not in described.values()]
    extra = [name for name in shapes if name not in described]
    if missing:
        example = f'; ROLES = {{"{next(iter(extra or shapes))}": "{missing[0]}", ...}} in the adapter can say which is'
        return None, f"no parameter of yours is {_listed(missing)}" + ("" if declared else example)
    if extra:
        return None, f"{_listed(extra)} of yours is no parameter of the described net"
    for name, role in described.items():
        if not same_lengths(shapes[name], net.shapes[role]):
            return None, _shape_reason(name, shapes[name], role, net)
    return Roles({name: described[name] for name in shapes}), ""


def _refuse_unknown(declared: Mapping[str, str], shapes: Mapping[str, tuple[int, ...]], net: Net, path: Path) -> None:
    mistakes = []
    for name, role in declared.items():
        if name not in shapes:
            mistakes.append(_unknown(f"ROLES names `{name}`, which is no parameter of the adapter", name, shapes, path))
        if role not in net.shapes:
            free = [each for each in net.shapes if each not in declared.values()] or list(net.shapes)
            mistakes.append(_unknown(f"ROLES gives `{name}` the unknown role `{role}`", role, free, path))
    weights = [role for role in declared.values() if role not in net.bias_names]  # of biases, the sum is meant
    doubled = sorted({role for role in weights if weights.count(role) > 1})
    mistakes += [Mistake(f"ROLES gives the role `{role}` twice", location=Location(str(path))) for role in doubled]
    if mistakes:
        raise UsageError(*mistakes)


def _unknown(message: str, name: str, known: Iterable[str], path: Path) -> Mistake:
    near = closest(name, known)
    help_text = f"did you mean `{near}`?" if near else f"there are {', '.join(known)}"
    return Mistake(message, help_text, Location(str(path)))


def _shape_reason(name: str, shape: tuple[int, ...], role: str, net: Net) -> str:
    reason = f"{name} has shape {shape}, the described {role} has {net.shapes[role]}"
    if same_lengths(shape, net.shapes[role][::-1]):
        other = "column" if net.layout == "row" else "row"
        reason += f": `model.layout: {other}` would describe it"
    return reason


def same_lengths(shape: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether two shapes are equal up to axes of length 1."""
    return _lengths(shape) == _lengths(other)


def _lengths(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(length for length in shape if length != 1)


def _listed(names: list[str]) -> str:
    return ", ".join(names)


def own_shapes(parameters: Mapping[str, Array]) -> dict[str, tuple[int, ...]]:
    """Shapes of parameters by name."""
    return {name: value.shape for name, value in parameters.items()}
