"""Which of the user's parameters is which of the described ones, and how their shapes translate."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.config.suggest import closest
from gradcheck_rnn.errors import Location, Mistake, UsageError
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.model.problem import Problem

Indices = npt.NDArray[np.int64]
# of the user's parameters by name
Shapes = Mapping[str, tuple[int, ...]]
# blocks of a fused parameter: rows of them along the inputs of a weight, in each row one after the other the outputs
Grid = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Roles:
    """`described[user's name]` is the described name; shapes are equal up to axes of length 1.

    Several biases of the user's may have one described name: their sum is the described bias, and the gradient by it
    is the gradient by each. A fused parameter has `blocks`; what it is `described` as lists them.
    """

    described: Mapping[str, str]
    blocks: Mapping[str, Grid] = field(default_factory=dict)
    # of fused parameters, found once for each net: a check reads them many times
    _places: dict[tuple[str, Net], dict[str, Indices]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def names(self, role: str) -> list[str]:
        """Return the user's names of a described parameter: one, or those of the biases that are added."""
        return [name for name in self.described if role in self.roles_of(name)]

    def roles_of(self, name: str) -> list[str]:
        """Return the described names of a user's parameter: one, or those of its blocks."""
        return [role for row in self._grid(name) for role in row]

    def problem(self, net: Net, point: Point) -> Problem:
        """Read a point as the described problem."""
        parameters = {
            role: reduce(np.add, [self.read(name, role, net, point.parameters[name]) for name in self.names(role)])
            for role in net.shapes
        }
        return Problem(net, parameters, point.batch)

    def point(self, problem: Problem, like: Mapping[str, tuple[int, ...]] | None = None) -> Point:
        """Read a described problem as the user's point, in the shapes `like` the user's own."""
        values = {name: self._arranged(name, problem.net, self._shares(name, problem)) for name in self.described}
        if like is not None:
            values = {name: value.reshape(like[name]) for name, value in values.items()}
        return Point(values, problem.batch)

    def read(self, name: str, role: str, net: Net, value: Array) -> Array:
        """Read a described parameter, or its gradient, out of the user's."""
        return np.asarray(value.reshape(-1)[self.places(name, role, net)].reshape(net.shapes[role]))

    def places(self, name: str, role: str, net: Net) -> Indices:
        """Where the entries of a described parameter stand in the user's, both counted in C order."""
        if name not in self.blocks:
            return np.arange(int(np.prod(net.shapes[role])))
        if (name, net) not in self._places:
            self._places[name, net] = self._places_of_blocks(name, net)
        return self._places[name, net][role]

    def _places_of_blocks(self, name: str, net: Net) -> dict[str, Indices]:
        roles = self.roles_of(name)
        ends = np.cumsum([0, *(int(np.prod(net.shapes[role])) for role in roles)])
        counted = {role: np.arange(ends[i], ends[i + 1]).reshape(net.shapes[role]) for i, role in enumerate(roles)}
        order = np.argsort(self._arranged(name, net, counted).reshape(-1))
        return {role: order[ends[i] : ends[i + 1]] for i, role in enumerate(roles)}

    def shape(self, name: str, net: Net) -> tuple[int, ...]:
        """Shape that the described parameters give a user's."""
        empty = {role: np.empty(net.shapes[role], dtype=bool) for role in self.roles_of(name)}
        return self._arranged(name, net, empty).shape

    def _grid(self, name: str) -> Grid:
        return self.blocks.get(name, ((self.described[name],),))

    def _arranged(self, name: str, net: Net, values: Mapping[str, Array]) -> Array:
        """Put the blocks of a user's parameter together; vectors are rows of a matrix that has others."""
        if name not in self.blocks:
            return values[self.described[name]]
        grid = self.blocks[name]
        if len(grid) == 1 and all(values[role].ndim == 1 for role in grid[0]):
            return np.concatenate([values[role] for role in grid[0]])
        rows = [[np.atleast_2d(net.orient(role, values[role])) for role in row] for row in grid]
        whole = np.block(rows)
        return whole.T if net.layout == "column" else whole

    def _shares(self, name: str, problem: Problem) -> dict[str, Array]:
        return {role: self._share(name, role) * problem.parameters[role] for role in self.roles_of(name)}

    def _share(self, name: str, role: str) -> float:
        """Share of a described value that one parameter gets; biases that are added get unequal ones, to differ."""
        names = self.names(role)
        return (names.index(name) + 1) / sum(range(1, len(names) + 1))


def read_roles(declared: Mapping[str, object]) -> Roles | None:
    """Read ROLES: a described name, a list of the blocks in order, or a list of rows of blocks; None if it is none."""
    described: dict[str, str] = {}
    blocks: dict[str, Grid] = {}
    for name, role in declared.items():
        if isinstance(role, str):
            described[name] = role
            continue
        if not isinstance(role, Sequence) or not role:
            return None
        rows = [role] if all(isinstance(each, str) for each in role) else list(role)
        if not all(isinstance(row, Sequence) and row and all(isinstance(each, str) for each in row) for row in rows):
            return None
        if any(isinstance(row, str) for row in rows):
            return None
        blocks[name] = tuple(tuple(row) for row in rows)
        described[name] = "; ".join(" ".join(row) for row in blocks[name])
    return Roles(described, blocks)


def find_roles(net: Net, shapes: Shapes, declared: Roles | None, path: Path) -> tuple[Roles | None, str]:
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
    roles = _with_equal_names(declared or Roles({}), net, shapes)
    taken = {role for name in roles.described for role in roles.roles_of(name)}
    missing = [role for role in net.shapes if role not in taken]
    extra = [name for name in shapes if name not in roles.described]
    if missing:
        example = f'; ROLES = {{"{next(iter(extra or shapes))}": "{missing[0]}", ...}} in the adapter can say which is'
        return None, f"no parameter of yours is {_listed(missing)}" + ("" if declared else example)
    if extra:
        return None, f"{_listed(extra)} of yours is no parameter of the described net"
    for name in roles.described:
        if (reason := _misfit(name, shapes[name], roles, net)) is not None:
            return None, reason
    return Roles({name: roles.described[name] for name in shapes}, roles.blocks), ""


def _with_equal_names(roles: Roles, net: Net, shapes: Shapes) -> Roles:
    """Take parameters that have a described name for those, where nothing else is said of either."""
    taken = {role for name in roles.described for role in roles.roles_of(name)}
    equal = {name: name for name in shapes if name in net.shapes and name not in {*roles.described, *taken}}
    return Roles({**roles.described, **equal}, roles.blocks)


def _misfit(name: str, shape: tuple[int, ...], roles: Roles, net: Net) -> str | None:
    """Why a shape is not what its blocks make together; None where it is."""
    if name not in roles.blocks:
        role = roles.described[name]
        return None if same_lengths(shape, net.shapes[role]) else _shape_reason(name, shape, role, net)
    try:
        together = roles.shape(name, net)
    except ValueError:
        return f"the blocks {roles.described[name]} that ROLES gives {name} do not fit each other"
    if same_lengths(shape, together):
        return None
    return f"{name} has shape {shape}, its blocks {roles.described[name]} have {together} together"


def _refuse_unknown(declared: Roles, shapes: Shapes, net: Net, path: Path) -> None:
    pairs = [(name, role) for name in declared.described for role in declared.roles_of(name)]
    taken = [role for _, role in pairs]
    mistakes = [
        _unknown(f"ROLES names `{name}`, which is no parameter of the adapter", name, shapes, path)
        for name in declared.described
        if name not in shapes
    ]
    for name, role in pairs:
        if role not in net.shapes:
            free = [each for each in net.shapes if each not in taken] or list(net.shapes)
            mistakes.append(_unknown(f"ROLES gives `{name}` the unknown role `{role}`", role, free, path))
    weights = [role for role in taken if role not in net.bias_names]  # of biases, the sum is meant
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
    return lengths(shape) == lengths(other)


def lengths(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The axes of a shape that are longer than 1."""
    return tuple(length for length in shape if length != 1)


def _listed(names: list[str]) -> str:
    return ", ".join(names)


def own_shapes(parameters: Mapping[str, Array]) -> dict[str, tuple[int, ...]]:
    """Shapes of parameters by name."""
    return {name: value.shape for name, value in parameters.items()}
