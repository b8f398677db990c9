"""Which of the user's parameters is which of the described ones, and how their shapes translate."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.config.suggest import closest
from gradcheck_rnn.errors import Location, Mistake, UsageError
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.model.problem import Problem


@dataclass(frozen=True)
class Roles:
    """`described[user's name]` is the described name; shapes are equal up to axes of length 1."""

    described: Mapping[str, str]

    def problem(self, net: Net, point: Point) -> Problem:
        """Read a point as the described problem."""
        shapes = net.shapes
        values = {role: point.parameters[name].reshape(shapes[role]) for name, role in self.described.items()}
        return Problem(net, {name: values[name] for name in shapes}, point.batch)

    def point(self, problem: Problem, like: Mapping[str, tuple[int, ...]] | None = None) -> Point:
        """Read a described problem as the user's point, in the shapes `like` the user's own."""
        values = {name: problem.parameters[role] for name, role in self.described.items()}
        if like is not None:
            values = {name: value.reshape(like[name]) for name, value in values.items()}
        return Point(values, problem.batch)


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
        example = f'; ROLES = {{"{next(iter(shapes))}": "{missing[0]}", ...}} in the adapter can say which is'
        return None, f"no parameter of yours is {_listed(missing)}" + ("" if declared else example)
    if extra:
        return None, f"{_listed(extra)} of yours is no parameter of the described net"
    for name, role in described.items():
        if _lengths(shapes[name]) != _lengths(net.shapes[role]):
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
    doubled = sorted({role for role in declared.values() if list(declared.values()).count(role) > 1})
    mistakes += [Mistake(f"ROLES gives the role `{role}` twice", location=Location(str(path))) for role in doubled]
    if mistakes:
        raise UsageError(*mistakes)


def _unknown(message: str, name: str, known: Iterable[str], path: Path) -> Mistake:
    near = closest(name, known)
    help_text = f"did you mean `{near}`?" if near else f"there are {', '.join(known)}"
    return Mistake(message, help_text, Location(str(path)))


def _shape_reason(name: str, shape: tuple[int, ...], role: str, net: Net) -> str:
    reason = f"{name} has shape {shape}, the described {role} has {net.shapes[role]}"
    if _lengths(shape) == _lengths(net.shapes[role])[::-1]:
        other = "column" if net.layout == "row" else "row"
        reason += f": `model.layout: {other}` would describe it"
    return reason


def _lengths(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(length for length in shape if length != 1)


def _listed(names: list[str]) -> str:
    return ", ".join(names)


def own_shapes(parameters: Mapping[str, Array]) -> dict[str, tuple[int, ...]]:
    """Shapes of parameters by name."""
    return {name: value.shape for name, value in parameters.items()}
