"""Ways to read the user's arrays as the described parameters: shapes allow them, names put the likeliest first."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from gradcheck_rnn.analytic.cuts import Block, Cut, cuts, uncut
from gradcheck_rnn.analytic.role_names import UNKNOWN, misfit, misfit_of_block
from gradcheck_rnn.analytic.roles import Roles, Shapes
from gradcheck_rnn.model.net import Net

# as many as six parameters have that no shape tells apart, those of a net of one unit; usual are 1 to 12
MOST = 720

Allowed = Callable[[Block, str], bool]


def assignments(net: Net, shapes: Shapes, *, most: int = MOST) -> list[Roles]:
    """Every way that shapes allow, up to `most`: a described parameter is a block of the user's, a bias a sum of two.

    Whole arrays come first, then names put the ways in order: equal ones first, then usual ones, then the user's order.
    """
    ways = (roles for cut in cuts(net, shapes) for roles in assignments_of(net, cut, most=most))
    return list(islice(ways, most))


def assignments_of(net: Net, cut: Cut, allowed: Allowed | None = None, *, most: int = MOST) -> list[Roles]:
    """Every way to read the blocks of a cut, up to `most`, in the order of their names."""
    ways = islice(_ways(net, cut, allowed or _anything), most)
    return list(map(cut.roles, sorted(ways, key=lambda way: sum(_misfit(cut, *pair) for pair in way.items()))))


def assignment_by_names(net: Net, shapes: Shapes) -> Roles | None:
    """The only way in which each name is one that people use for its role; None where there is none, or a choice.

    Which block of a fused array is whose cannot be known from names.
    """
    whole = uncut(net, shapes)
    if whole not in cuts(net, shapes):
        return None
    found = assignments_of(net, whole, lambda block, role: misfit(block.name, role) < UNKNOWN, most=2)
    return found[0] if len(found) == 1 else None


def _anything(_block: Block, _role: str) -> bool:
    return True


def _misfit(cut: Cut, block: Block, role: str) -> int:
    return misfit_of_block(block.name, role) if cut.is_cut(block) else misfit(block.name, role)


def _ways(net: Net, cut: Cut, allowed: Allowed) -> Iterator[Mapping[Block, str]]:
    choices = {block: _choices(net, cut, block, allowed) for block in cut.blocks}
    # what can only be one of the weights comes first: a dead end shows early
    blocks = sorted(choices, key=lambda block: any(role in net.bias_names for role in choices[block]))
    for way in _completed({}, blocks, choices, frozenset(net.shapes), net.bias_names):
        yield {block: way[block] for block in cut.blocks}


def _completed(
    begun: Mapping[Block, str],
    blocks: Sequence[Block],
    choices: Mapping[Block, Sequence[str]],
    free: frozenset[str],
    biases: Sequence[str],
) -> Iterator[Mapping[Block, str]]:
    """Give the remaining `blocks` roles in every way that leaves none of the `free` roles over.

    A bias may be the sum of two arrays' blocks: one array has no role twice.
    """
    if len(free) > len(blocks):
        return
    if not blocks:
        yield begun
        return
    block = blocks[0]
    beside = {role for other, role in begun.items() if other.name == block.name}
    for role in sorted(choices[block], key=lambda role: role not in free):
        is_second = role in biases and role not in beside and list(begun.values()).count(role) < 2
        if role in free or is_second:
            yield from _completed({**begun, block: role}, blocks[1:], choices, free - {role}, biases)


def _choices(net: Net, cut: Cut, block: Block, allowed: Allowed) -> list[str]:
    roles = [role for role in net.shapes if cut.fits(block, role, net) and allowed(block, role)]
    return sorted(roles, key=lambda role: _misfit(cut, block, role))
