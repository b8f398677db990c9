"""The user's net is opened: its parameters are read as those of the described one, in the convention that fits."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.inspection import gradients
from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.analytic.roles import Roles, find_roles, own_shapes
from gradcheck_rnn.analytic.worker import Runner
from gradcheck_rnn.cells.catalogue import CUSTOM
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.errors import Location, Mistake, UsageError
from gradcheck_rnn.model.draw import configured_problem, probe_net
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.pipeline.user.convention_inference import Candidate, Convention, convention_by_gradients
from gradcheck_rnn.pipeline.user.levelled import UserLoss
from gradcheck_rnn.pipeline.user.net import DRAWS, AdapterFacts, UserNet, adapter_facts
from gradcheck_rnn.pipeline.user.other_nets import nets_by_convention
from gradcheck_rnn.pipeline.user.role_inference import gives_loss, roles_by_loss, roles_by_names, why_undescribed
from gradcheck_rnn.pipeline.user.role_notes import convention_of_gradients, inferred_roles, untold_convention

# draws at which the user's gradients are compared: one tells, the next contradicts what agreed by chance
GRADIENT_DRAWS = 2
# why a custom cell has no roles
IS_CUSTOM = "the cell is `custom`"


def open_user_net(runner: Runner, settings: Settings, path: Path) -> UserNet:
    """Load the adapter, draw the configured point, match its parameters with the described ones.

    Raises:
        UserCodeError: loading it failed.
        UsageError: it offers nothing that could be differenced, or names roles that do not exist.
    """
    facts = runner.run(adapter_facts)
    problem = configured_problem(settings)
    initial = {name: value.astype(settings.dtype) for name, value in (facts.initial or problem.parameters).items()}
    if settings.model.cell == CUSTOM:
        _refuse_undescribed(facts, path)
        return UserNet(runner, settings, facts, problem.net, Point(initial, problem.batch), None, IS_CUSTOM)
    nets = [problem.net, *_without_states(problem.net)]
    users = (_read_as(net, runner, settings, facts, Point(initial, problem.batch), path) for net in nets)
    tried = list(_until_described(users))
    user = tried[-1] if tried[-1].roles is not None else tried[0]
    if user.roles is None and not facts.has_loss:
        message = (
            f"there is no loss to difference: the adapter has none, and the described net does not fit: {user.reason}"
        )
        raise UsageError(Mistake(message, "add loss(parameters, batch) to the adapter", Location(str(path))))
    return user


def _without_states(net: Net) -> list[Net]:
    """The net without the gradient of the cell state, which some code keeps to itself and starts from zeros."""
    return [replace(net, zero_states=net.equations.states[1:])] if len(net.initial_names) > 1 else []


def _until_described(users: Iterable[UserNet]) -> Iterator[UserNet]:
    """Readings of the user's parameters, up to the first that fits."""
    for user in users:
        yield user
        if user.roles is not None:
            return


def _read_as(
    net: Net, runner: Runner, settings: Settings, facts: AdapterFacts, configured: Point, path: Path
) -> UserNet:
    """Read the user's parameters as those of a described net."""
    roles, reason = find_roles(net, own_shapes(configured.parameters), facts.roles, path)
    user = UserNet(runner, settings, facts, net, configured, roles, reason)
    if roles is None and facts.roles is None:
        return _with_inferred_roles(user)
    if facts.has_loss:
        return _with_inferred_convention(user, path)
    shapes = own_shapes(configured.parameters)
    return _with_convention_of_gradients(user, lambda other: find_roles(other, shapes, facts.roles, path)[0])


def _refuse_undescribed(facts: AdapterFacts, path: Path) -> None:
    """Refuse code of a `custom` cell that leaves something to a description that there is not."""
    offers = {"loss(parameters, batch)": facts.has_loss, "parameters(rng)": facts.initial is not None}
    if missing := [name for name, is_there in offers.items() if not is_there]:
        message = f"a `custom` cell is described by the adapter alone, which has no {' and no '.join(missing)}"
        raise UsageError(Mistake(message, f"add {' and '.join(missing)} to the adapter", Location(str(path))))


def _with_inferred_convention(user: UserNet, path: Path) -> UserNet:
    """Take another convention where the configuration states none, the names fit it, and it alone gives the loss."""
    shapes, declared = own_shapes(user.configured.parameters), user.facts.roles
    others = [
        (keys, net, found)
        for keys, net in nets_by_convention(user.net, user.settings.stated)
        for found, _ in [find_roles(net, shapes, declared, path)]
        if found is not None
    ]
    loss = UserLoss(user.runner, [user.draw(user.net, draw) for draw in range(DRAWS)] if others else [])
    if not others or (user.roles is not None and gives_loss(user.roles, user.net, loss)):
        return user
    taken = next(((keys, net, found) for keys, net, found in others if gives_loss(found, net, loss)), None)
    if taken is None:
        return user
    keys, net, found = taken
    return replace(user, net=net, roles=found, reason="", notes=inferred_roles(Roles({}), keys, by_loss=True))


def _with_inferred_roles(user: UserNet) -> UserNet:
    net, reason = user.net, user.reason
    if not user.facts.has_loss:
        shapes = own_shapes(user.configured.parameters)
        roles, reason = roles_by_names(net, shapes, reason)
        named = replace(user, roles=roles, reason=reason)
        named = _with_convention_of_gradients(named, lambda other: roles_by_names(other, shapes, "")[0])
        notes = () if named.roles is None else inferred_roles(named.roles, by_loss=False)
        return replace(named, notes=notes + named.notes)
    loss = UserLoss(user.runner, [user.draw(net, draw) for draw in range(DRAWS)])
    for keys, other in [((), net), *nets_by_convention(net, user.settings.stated)]:
        if (roles := roles_by_loss(other, loss)) is not None:
            notes = inferred_roles(roles, keys, by_loss=True)
            return replace(user, net=other, roles=roles, reason="", notes=notes)
    return replace(user, reason=why_undescribed(net, loss, reason))


def _with_convention_of_gradients(user: UserNet, roles_for: Callable[[Net], Roles | None]) -> UserNet:
    """Take the convention that the user's gradients are of, where the configuration states none and there is no loss.

    Where they cannot tell it the configured one stays, and a note names the keys that would.
    """
    candidates = _candidates(user, roles_for, user.settings.stated)
    if all(each.net == user.net for each in candidates):
        return user
    found = _convention(user, candidates)
    if found.is_told:
        notes = (convention_of_gradients(found.best.keys),) if found.best.keys else ()
    else:
        every = _candidates(user, roles_for, ())
        other = found if found.agrees or len(every) == len(candidates) else _convention(user, every)
        notes = (untold_convention([each.keys for each in found.tied], other.best.keys if other.is_told else ()),)
    if found.agrees:
        net = replace(found.best.net, sizes=user.net.sizes)
        user = replace(user, net=net, roles=found.best.roles, reason="")
    return replace(user, notes=notes)


def _candidates(user: UserNet, roles_for: Callable[[Net], Roles | None], stated: Collection[str]) -> list[Candidate]:
    """The nets that the user's parameters fit, in the conventions that are not `stated`, the configured one first."""
    own = [Candidate((), user.net, user.roles)] if user.roles is not None else []
    others = ((keys, net, roles_for(net)) for keys, net in nets_by_convention(user.net, stated))
    return own + [Candidate(keys, net, roles) for keys, net, roles in others if roles is not None]


def _convention(user: UserNet, candidates: Sequence[Candidate]) -> Convention:
    """Compare candidates at the sizes of the probe, or the configured ones where the code has no others."""
    probe = probe_net(user.net, reducible=user.facts.sizes_may_vary)
    if user.settings.check.probe and user.roles is not None and probe != user.net:
        try:
            found = _convention_at(probe, user, candidates)
        except UserCodeError as error:
            if error.finding.kind != "raised":
                raise
        else:
            if found.is_told:
                return found
    return _convention_at(user.net, user, candidates)


def _convention_at(net: Net, user: UserNet, candidates: Sequence[Candidate]) -> Convention:
    points = [user.draw(net, draw) for draw in range(GRADIENT_DRAWS)]
    resized = [replace(each, net=replace(each.net, sizes=net.sizes)) for each in candidates]
    return convention_by_gradients(resized, points, user.runner.run(gradients, points))
