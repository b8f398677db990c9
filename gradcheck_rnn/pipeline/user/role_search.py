"""Which roles make the described loss equal to the user's: names propose, values decide."""

from collections.abc import Iterator, Sequence

from gradcheck_rnn.analytic.assignments import assignments_of
from gradcheck_rnn.analytic.cuts import Block, Cut, cuts
from gradcheck_rnn.analytic.forward import SAME_IN_FLOAT32, ForwardMatch, match_losses
from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.analytic.roles import Roles, own_shapes
from gradcheck_rnn.model.forward import described_loss
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.pipeline.user.levelled import UserLoss, levelled

# draws after which nearly every wrong assignment is out: one gives the constant factor, the next contradicts it
FIRST_DRAWS = 2
# up to so many assignments are tried one by one: all those of an Elman net with usual shapes
FEW = 24
# up to so many are tried that no single block rules out: those that are equal fit at once, others are rare
TIED = 120
# relative deviation of two losses that are one function in float64, with the rounding of long sums
SAME_BLOCK = 1e-9


def equal_assignment(net: Net, points: Sequence[Point], user: UserLoss) -> Roles | None:
    """Return the first assignment whose described loss is the user's, up to one constant; to float32 if none is exact.

    Args:
        net: described net.
        points: the user's draws as they are read: with the batch that the described net is to see.
        user: the user's loss at these draws.
    """
    almost = None
    for cut in cuts(net, own_shapes(points[0].parameters)):
        for roles in _proposals(net, cut, points, user):
            match = match_at(roles, net, points, user.at_draws())
            if match.exact:
                return roles
            if almost is None and match.to_single_precision:
                almost = roles
    return almost


def _proposals(net: Net, cut: Cut, points: Sequence[Point], user: UserLoss) -> Iterator[Roles]:
    """Assignments worth a try: where there are many, the likeliest by name, then what no single block rules out."""
    few = assignments_of(net, cut, most=FEW + 1)
    if len(few) <= FEW:
        yield from few
        return
    yield few[0]
    if told := _told_one_by_one(net, cut, few[0], points, user):
        yield from assignments_of(net, cut, lambda block, role: role in told.get(block, (role,)), most=TIED)


def _told_one_by_one(
    net: Net, cut: Cut, any_roles: Roles, points: Sequence[Point], user: UserLoss
) -> dict[Block, set[str]]:
    """Roles that each movable block may have; none where the net or the cut is another.

    With one block moved, the loss depends on the role of that block alone, so that any assignment gives it for each
    role.
    """
    level = levelled(net, cut)
    described = [_described(any_roles, net, level.level(point)) for point in points[:FIRST_DRAWS]]
    values = user.at_levels(level, FIRST_DRAWS)
    match = match_losses(values, described)
    if not match.to_single_precision:
        return {}
    near = (SAME_BLOCK if match.exact else SAME_IN_FLOAT32) * max(map(abs, values))
    moved = [match.factor * _described(any_roles, net, point) for point in level.moved(*points[:2])]
    by_role = [
        (cut.blocks[block], _role(any_roles, block), value) for block, value in zip(level.movable, moved, strict=True)
    ]
    return {
        block: {role for shape, role, own in by_role if shape == cut.blocks[block] and abs(value - own) <= near}
        for block, value in zip(level.movable, user.at_moves(level), strict=True)
    }


def _role(roles: Roles, block: Block) -> str:
    if block.name in roles.blocks:
        return roles.blocks[block.name][block.row][block.column]
    return roles.described[block.name]


def match_at(roles: Roles, net: Net, points: Sequence[Point], values: Sequence[float]) -> ForwardMatch:
    """Compare the described loss with the user's `values`; most wrong assignments fall at the first draws."""
    described = [_described(roles, net, point) for point in points[:FIRST_DRAWS]]
    first = match_losses(values[:FIRST_DRAWS], described)
    if not first.to_single_precision:
        return first
    described += [_described(roles, net, point) for point in points[FIRST_DRAWS:]]
    return match_losses(values, described)


def _described(roles: Roles, net: Net, point: Point) -> float:
    return described_loss(roles.problem(net, point).in_double_precision())
