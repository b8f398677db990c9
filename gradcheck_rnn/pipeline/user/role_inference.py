"""Which of the user's parameters is which, where no ROLES say so: names and shapes propose, the loss decides."""

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

from gradcheck_rnn.analytic.assignments import Shapes, assignment_by_names, assignments
from gradcheck_rnn.analytic.forward import ForwardMatch, match_losses
from gradcheck_rnn.analytic.inspection import losses
from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.analytic.roles import Roles, own_shapes
from gradcheck_rnn.analytic.worker import Runner
from gradcheck_rnn.cells.catalogue import CUSTOM
from gradcheck_rnn.config.settings import Cell, Keeps, Layout, Reset
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.model.forward import described_loss
from gradcheck_rnn.model.net import Net

# draws after which nearly every wrong assignment is out: one gives the constant factor, the next contradicts it
FIRST_DRAWS = 2


def roles_by_loss(runner: Runner, net: Net, points: Sequence[Point], named: str) -> tuple[Roles | None, str]:
    """Find the roles under which the user's loss is the described one, up to one constant, at every point.

    Args:
        runner: runs the user's loss, once at each point; not at all where no assignment is possible.
        net: described net.
        points: draws in the user's names and shapes; code that takes no initial state is found to take zeros.
        named: why equal names are not enough.
    Returns:
        The roles, or None and the reason: what was tried, what would describe the loss.
    Raises:
        UserCodeError: the loss raised, hung, crashed or returned no number.
    """
    shapes = own_shapes(points[0].parameters)
    possible = len(assignments(net, shapes))
    fitting = "" if possible else _fitting_key(net, shapes)
    if not possible and not fitting:
        return None, named if _share_a_name(net, shapes) else _unlike(net, shapes)
    values = runner.run(losses, list(points))
    readings = [points] if net.learned else [points, [_from_zeros(point) for point in points]]
    for reading in readings:
        if (roles := equal_assignment(net, reading, values)) is not None:
            return roles, ""
    better = next(filter(None, (_better_key(net, reading, values) for reading in readings)), fitting)
    return None, _joined(named if _share_a_name(net, shapes) else "", _tried(len(shapes), possible), better)


def roles_by_names(net: Net, shapes: Shapes, named: str) -> tuple[Roles | None, str]:
    """Find the roles by names that people use, where no loss can decide: the only complete assignment, or none.

    Returns:
        The roles, or None and the reason: `named`, why equal names are not enough, and what would fit.
    """
    roles = assignment_by_names(net, shapes)
    if roles is not None:
        return roles, ""
    return None, _joined(named, "" if assignments(net, shapes) else _fitting_key(net, shapes))


def equal_assignment(net: Net, points: Sequence[Point], values: Sequence[float]) -> Roles | None:
    """Return the first assignment whose described loss is `values`, up to one constant; to float32 if none is exact."""
    almost = None
    for roles in assignments(net, own_shapes(points[0].parameters)):
        match = _match(roles, net, points, values)
        if match.exact:
            return roles
        if almost is None and match.to_single_precision:
            almost = roles
    return almost


def better_description(net: Net, points: Sequence[Point], values: Sequence[float]) -> str:
    """Say which roles, or which other key of the YAML, would make the described loss equal to `values`; "" if none."""
    roles = equal_assignment(net, points, values)
    if roles is not None:
        return f"your loss is the described one for {_renamed(roles)}: {as_code(roles)} in the adapter would say so"
    return _better_key(net, points, values)


def other_nets(net: Net) -> dict[str, Net]:
    """Nets that differ from this one in a single key of the YAML, by that key."""
    state = "zeros" if net.learned else "learned"
    nets = {f"model.layout: {each}": replace(net, layout=each) for each in get_args(Layout) if each != net.layout}
    nets |= {
        f"model.cell: {each}": replace(net, cell=each) for each in get_args(Cell) if each not in (net.cell, CUSTOM)
    }
    nets |= _other_variants(net)
    nets[f"model.biases: {str(not net.biases).lower()}"] = replace(net, biases=not net.biases)
    nets[f"model.initial_state: {state}"] = replace(net, learned=not net.learned)
    return nets


def _other_variants(net: Net) -> dict[str, Net]:
    """Nets of the same cell in what varies between its authors."""
    now = net.variant
    variants = {
        "lstm": {
            f"model.lstm.output: {'identity' if now.lstm_output == 'tanh' else 'tanh'}": replace(
                now, lstm_output="identity" if now.lstm_output == "tanh" else "tanh"
            ),
            f"model.lstm.peepholes: {str(not now.peepholes).lower()}": replace(now, peepholes=not now.peepholes),
            f"model.lstm.coupled_gates: {str(not now.coupled).lower()}": replace(now, coupled=not now.coupled),
        },
        "gru": {f"model.gru.reset: {each}": replace(now, reset=each) for each in get_args(Reset) if each != now.reset}
        | {f"model.gru.keeps: {each}": replace(now, keeps=each) for each in get_args(Keeps) if each != now.keeps},
    }
    return {key: replace(net, variant=variant) for key, variant in variants.get(net.cell, {}).items()}


def inferred_roles(roles: Roles, *, by_loss: bool) -> tuple[Finding, ...]:
    """Note what the user's names are taken for, where they are not the described ones."""
    renamed = _renamed(roles)
    if not renamed:
        return ()
    why = "your loss is the described one under them" if by_loss else "by names and shapes alone"
    finding = Finding(
        kind="inferred-roles",
        term="parameters",
        message=f"your names are taken for: {renamed} ({why})",
        help=f"{as_code(roles)} in the adapter says so for good",
        parameters=tuple(roles.described),
        evidence={"roles": dict(roles.described), "confirmed_by_loss": by_loss},
    )
    return (finding,)


def as_code(roles: Roles) -> str:
    """Return the ROLES that an adapter would declare."""
    pairs = ", ".join(f'"{name}": "{role}"' for name, role in roles.described.items())
    return f"ROLES = {{{pairs}}}"


def _renamed(roles: Roles) -> str:
    """List what is called otherwise than described, as `U = W_xh, b_ih + b_hh = b_h`."""
    names = {role: " + ".join(roles.names(role)) for role in roles.described.values()}
    return ", ".join(f"{own} = {role}" for role, own in names.items() if own != role)


def _match(roles: Roles, net: Net, points: Sequence[Point], values: Sequence[float]) -> ForwardMatch:
    described = [described_loss(roles.problem(net, point).in_double_precision()) for point in points[:FIRST_DRAWS]]
    first = match_losses(values[:FIRST_DRAWS], described)
    if not first.to_single_precision:
        return first
    described += [described_loss(roles.problem(net, point).in_double_precision()) for point in points[FIRST_DRAWS:]]
    return match_losses(values, described)


def _from_zeros(point: Point) -> Point:
    zeros = {name: 0 * state for name, state in point.batch.initial_state.items()}
    return replace(point, batch=replace(point.batch, initial_state=zeros))


def _better_key(net: Net, points: Sequence[Point], values: Sequence[float]) -> str:
    for key, other in other_nets(net).items():
        if (roles := equal_assignment(other, points, values)) is not None:
            renamed = _renamed(roles)
            return f"`{key}` would describe your loss" + (f", with {renamed}" if renamed else "")
    return ""


def _fitting_key(net: Net, shapes: Shapes) -> str:
    fitting = (key for key, other in other_nets(net).items() if assignments(other, shapes))
    return next((f"`{key}` would fit your shapes" for key in fitting), "")


def _tried(count: int, possible: int) -> str:
    if not possible:
        return ""
    if possible == 1:
        return f"your {count} parameters fit by shape, but your loss is not the described one"
    return (
        f"your {count} parameters fit by shape, but under none of {possible} assignments is your loss the described one"
    )


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _share_a_name(net: Net, shapes: Shapes) -> bool:
    return not net.shapes.keys().isdisjoint(shapes)


def _unlike(net: Net, shapes: Shapes) -> str:
    return f"your {_with_shapes(shapes)} do not fit the described {_with_shapes(net.shapes)}"


def _with_shapes(shapes: Shapes) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in shapes.items())
