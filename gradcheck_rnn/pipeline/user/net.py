"""The user's net beside the described one: which parameter is which, and points drawn for both."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gradcheck_rnn.adapters.lifetime import current_lifetime
from gradcheck_rnn.analytic.point import Point, nudged
from gradcheck_rnn.analytic.roles import Roles, own_shapes, same_lengths
from gradcheck_rnn.analytic.session import Session
from gradcheck_rnn.analytic.worker import Runner
from gradcheck_rnn.cells.equation import INPUT_PARAMETER
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.draw import probe_batch, probe_problem, probe_value, stream
from gradcheck_rnn.model.net import Net, Sizes

# draws at which the user's loss is compared with the described one
DRAWS = 5
# how far a nearby point lies, as a share of 1 + each entry's magnitude
NEARBY = 0.1


@dataclass(frozen=True)
class AdapterFacts:
    """What loading the adapter showed; `initial` is what its `parameters` drew.

    `takes_batch` says that its functions are given a batch, so that they have steps, targets and states to vary;
    `in_python` that its files can be edited: they ask no program in another language.
    """

    has_loss: bool
    has_losses: bool
    roles: Roles | None
    initial: Mapping[str, Array] | None
    sizes_may_vary: bool
    takes_batch: bool
    in_python: bool


def adapter_facts(session: Session) -> AdapterFacts:
    """Task: say what the adapter offers."""
    adapter = session.adapter
    return AdapterFacts(
        has_loss=adapter.loss is not None,
        has_losses=adapter.losses is not None,
        roles=adapter.roles,
        initial=session.initial,
        sizes_may_vary=adapter.sizes_may_vary,
        takes_batch=adapter.takes_batch,
        in_python=not session.code.is_here and not current_lifetime().programs,
    )


def initial_parameters(session: Session, sizes: Sizes) -> dict[str, Array] | None:
    """Task: draw the user's own initial parameters for other sizes."""
    return session.initial_parameters(sizes)


@dataclass(frozen=True)
class UserNet:
    """The user's code at its configured point; `roles` is None, for `reason`, where no described net matches it.

    `notes` say which roles were inferred.
    """

    runner: Runner
    settings: Settings
    facts: AdapterFacts
    net: Net
    configured: Point
    roles: Roles | None
    reason: str
    notes: tuple[Finding, ...] = ()

    def draw(self, net: Net, draw: int) -> Point:
        """Draw a further point at the sizes of `net`: a probe, or one nearby where parameters are not drawn freely."""
        return self.probe(net, draw) if self.settings.check.probe else self.nearby(net, draw)

    def probe(self, net: Net, draw: int = 0) -> Point:
        """Draw a probe at the sizes of `net`, in the user's shapes."""
        if self.roles is not None:
            return self.roles.point(probe_problem(net, self.settings, draw), self.shapes(net.sizes))
        return Point(
            {name: self._probe_value(name, value.shape, draw) for name, value in self.configured.parameters.items()},
            probe_batch(net, self.settings, draw),
        )

    def nearby(self, net: Net, draw: int) -> Point:
        """Draw a point close to the configured one, with a batch of its own."""
        moved = nudged(self.configured, stream(self.settings.seed, f"nearby {draw}"), NEARBY)
        return replace(moved, batch=probe_batch(net, self.settings, draw))

    def _probe_value(self, name: str, shape: tuple[int, ...], draw: int) -> Array:
        # which axis is summed over is unknown: the longer one keeps the gain at 1 or below
        fan_in = max(shape) if sum(length > 1 for length in shape) > 1 else None
        rng = stream(self.settings.seed, f"probe {draw} {name}")
        return probe_value(rng, shape, fan_in=fan_in).astype(self.settings.dtype)

    def shapes(self, sizes: Sizes) -> Mapping[str, tuple[int, ...]] | None:
        """Return the user's own shapes at these sizes, None for the described ones."""
        if self.facts.initial is None:
            return None
        if not self.facts.sizes_may_vary:
            return own_shapes(self.facts.initial) | self._shapes_of_batch(sizes)
        drawn = self.runner.run(initial_parameters, sizes)
        return None if drawn is None else own_shapes(drawn)

    def _shapes_of_batch(self, sizes: Sizes) -> dict[str, tuple[int, ...]]:
        """Shapes of what goes in and is a parameter, where they change with the batch: they are those of the batch."""
        net = replace(self.net, sizes=sizes)
        of_batch = [name for name in (INPUT_PARAMETER, *net.initial_names) if name in net.shapes]
        named = [(own, net.shapes[name]) for name in of_batch for own in (self.roles.names(name) if self.roles else ())]
        drawn = own_shapes(self.facts.initial or {})
        return {own: shape for own, shape in named if not same_lengths(drawn[own], shape)}
