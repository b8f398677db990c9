"""Which of the user's parameters is which, where no ROLES say so: names and shapes propose, the loss decides."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gradcheck_rnn.analytic.assignments import assignment_by_names, assignments
from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.analytic.roles import Roles, Shapes, own_shapes
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.pipeline.user.levelled import UserLoss
from gradcheck_rnn.pipeline.user.other_nets import nets_by_keys, other_nets
from gradcheck_rnn.pipeline.user.role_notes import as_code, joined_keys, list_renamed
from gradcheck_rnn.pipeline.user.role_search import FEW, equal_assignment, match_at


def roles_by_loss(net: Net, user: UserLoss) -> Roles | None:
    """Find the roles under which the user's loss is the described one, up to one constant, at every draw.

    The loss is called once at each draw; where many assignments are possible, once more for each block; where none is,
    not at all. Code that takes no initial state is found to take zeros.

    Raises:
        UserCodeError: the loss raised, hung, crashed or returned no number.
    """
    return next(filter(None, (equal_assignment(net, reading, user) for reading in readings(net, user.points))), None)


def gives_loss(roles: Roles, net: Net, user: UserLoss) -> bool:
    """Whether the described loss is the user's under these roles, up to one constant and to float32, at every draw."""
    return any(match_at(roles, net, each, user.at_draws()).to_single_precision for each in readings(net, user.points))


def why_undescribed(net: Net, user: UserLoss, named: str) -> str:
    """Say why no roles were found: what was tried, what would describe the loss; `named`, why equal names do not do.

    Raises:
        UserCodeError: the loss raised, hung, crashed or returned no number.
    """
    shapes = own_shapes(user.points[0].parameters)
    possible = len(assignments(net, shapes, most=FEW + 1))
    fitting = "" if possible else _fitting_key(net, shapes)
    named = named if _share_a_name(net, shapes) else ""
    return _joined(named, _tried(len(shapes), possible), _better_keys(net, user) or fitting) or _unlike(net, shapes)


def roles_by_names(net: Net, shapes: Shapes, named: str) -> tuple[Roles | None, str]:
    """Find the roles by names that people use, where no loss can decide: the only complete assignment, or none.

    Returns:
        The roles, or None and the reason: `named`, why equal names are not enough, and what would fit.
    """
    roles = assignment_by_names(net, shapes)
    if roles is not None:
        return roles, ""
    return None, _joined(named, "" if assignments(net, shapes, most=1) else _fitting_key(net, shapes))


def better_description(net: Net, user: UserLoss) -> str:
    """Say which roles, or which other keys of the YAML, would make the described loss the user's; "" if none."""
    roles = equal_assignment(net, user.points, user)
    if roles is not None:
        return f"your loss is the described one for {list_renamed(roles)}: {as_code(roles)} in the adapter would say so"
    return _better_keys(net, user)


def readings(net: Net, points: Sequence[Point]) -> list[Sequence[Point]]:
    """Return draws as the described net may see them: with their initial state, or from zeros."""
    from_zeros = [_from_zeros(net, point) for point in points]
    if not points[0].batch.initial_state.keys() >= set(net.states):
        return [from_zeros]
    return [points] if net.learned else [points, from_zeros]


def _from_zeros(net: Net, point: Point) -> Point:
    state = next(iter(point.batch.initial_state.values()))
    zeros = dict.fromkeys(net.states, np.zeros_like(state))
    return replace(point, batch=replace(point.batch, initial_state=zeros))


def _better_keys(net: Net, user: UserLoss) -> str:
    for keys, other in nets_by_keys(net):
        if (roles := roles_by_loss(other, user)) is not None:
            renamed = list_renamed(roles)
            return f"{joined_keys(keys)} would describe your loss" + (f", with {renamed}" if renamed else "")
    return ""


def _fitting_key(net: Net, shapes: Shapes) -> str:
    fitting = (key for key, other in other_nets(net).items() if assignments(other, shapes, most=1))
    return next((f"`{key}` would fit your shapes" for key in fitting), "")


def _tried(count: int, possible: int) -> str:
    if not possible:
        return ""
    if possible == 1:
        return f"your {count} parameters fit by shape, but your loss is not the described one"
    tried = f"none of {possible} assignments" if possible <= FEW else "no assignment"
    return f"your {count} parameters fit by shape, but under {tried} is your loss the described one"


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _share_a_name(net: Net, shapes: Shapes) -> bool:
    return not net.shapes.keys().isdisjoint(shapes)


def _unlike(net: Net, shapes: Shapes) -> str:
    return f"your {_with_shapes(shapes)} do not fit the described {_with_shapes(net.shapes)}"


def _with_shapes(shapes: Shapes) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in shapes.items())
