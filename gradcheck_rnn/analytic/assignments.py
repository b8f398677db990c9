"""Ways to read the user's parameters as the described ones: shapes allow them, names put the likeliest first."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from gradcheck_rnn.analytic.role_names import UNKNOWN, misfit
from gradcheck_rnn.analytic.roles import Roles, same_lengths
from gradcheck_rnn.model.net import Net

Shapes = Mapping[str, tuple[int, ...]]

# as many as six parameters have that no shape tells apart, those of a net of one unit; usual are 1 to 12
MOST = 720
# biases beyond the described ones, which are added to another: one in each of the two products that have a sum
MORE_BIASES = 2


def assignments(net: Net, shapes: Shapes) -> list[Roles]:
    """Every way that shapes allow, up to MOST: each described parameter is one of the user's, a bias a sum of some.

    Names put them in order: equal ones first, then usual ones, then the user's own order.
    """
    return sorted(islice(_ways(net, shapes, lambda _name, _role: True), MOST), key=_total_misfit)


def assignment_by_names(net: Net, shapes: Shapes) -> Roles | None:
    """The only way in which each name is one that people use for its role; None where there is none, or a choice."""
    found = list(islice(_ways(net, shapes, lambda name, role: misfit(name, role) < UNKNOWN), 2))
    return found[0] if len(found) == 1 else None


def without_role(net: Net, shapes: Shapes) -> list[str]:
    """Names of the user's parameters whose shape no described one has."""
    return [name for name, shape in shapes.items() if not _fitting(net, shape)]


def _ways(net: Net, shapes: Shapes, allowed: Callable[[str, str], bool]) -> Iterator[Roles]:
    if not len(net.shapes) <= len(shapes) <= len(net.shapes) + MORE_BIASES:
        return
    choices = {name: _choices(net, name, shape, allowed) for name, shape in shapes.items()}
    # what can only be one of the weights comes first: a dead end shows early
    names = sorted(shapes, key=lambda name: any(role in net.bias_names for role in choices[name]))
    for way in _completed({}, names, choices, frozenset(net.shapes), net.bias_names):
        yield Roles({name: way[name] for name in shapes})


def _completed(
    begun: Mapping[str, str],
    names: Sequence[str],
    choices: Mapping[str, Sequence[str]],
    free: frozenset[str],
    biases: Sequence[str],
) -> Iterator[Mapping[str, str]]:
    """Give the remaining `names` roles in every way that leaves none of the `free` roles over."""
    if len(free) > len(names):
        return
    if not names:
        yield begun
        return
    for role in choices[names[0]]:
        if role in free or role in biases:
            yield from _completed({**begun, names[0]: role}, names[1:], choices, free - {role}, biases)


def _choices(net: Net, name: str, shape: tuple[int, ...], allowed: Callable[[str, str], bool]) -> list[str]:
    roles = [role for role in _fitting(net, shape) if allowed(name, role)]
    return sorted(roles, key=lambda role: misfit(name, role))


def _fitting(net: Net, shape: tuple[int, ...]) -> list[str]:
    return [role for role, described in net.shapes.items() if same_lengths(shape, described)]


def _total_misfit(roles: Roles) -> int:
    return sum(misfit(name, role) for name, role in roles.described.items())
