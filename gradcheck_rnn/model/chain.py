"""The chain followed back: from the outputs through each layer's sweeps, from the last one to the first.

Shapes: T steps, B sequences, H hidden units, O outputs; V visited steps of a backward loop.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from gradcheck_rnn.cells.equation import INPUT_PARAMETER, OUTPUT_WEIGHT
from gradcheck_rnn.cells.structure import Sweep
from gradcheck_rnn.faults.fault import Damage
from gradcheck_rnn.faults.inputs import DX
from gradcheck_rnn.faults.layers import ERRORS, HALVES, TURN
from gradcheck_rnn.model import scan
from gradcheck_rnn.model.activations import ACTIVATIONS, Array
from gradcheck_rnn.model.forward import Run, Trace, in_order
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.model.output_error import output_error
from gradcheck_rnn.model.problem import Canonical
from gradcheck_rnn.model.scan import Backward
from gradcheck_rnn.model.sums import counted
from gradcheck_rnn.model.taps import WHOLE, Rows, Taps
from gradcheck_rnn.model.windows import kept_by_source, sources


@dataclass(frozen=True)
class Found(scan.Deltas):
    """What the backward loop of one sweep finds, with what it followed back through.

    `own` are the deltas of the values without any carry, which a fault may take in their place. `errors` (T, B, H) went
    into the `loop`, here without the faults.
    """

    run: Run
    parameters: Mapping[str, Array]
    own: partial[scan.Deltas]
    errors: Array
    loop: Backward
    _own: list[scan.Deltas] = field(default_factory=list)

    def own_of(self, value: str) -> Array:
        """Delta of a value without any carry, (V, B, n)."""
        if not self._own:
            self._own.append(self.own())
        return self._own[0].of[value]


@dataclass(frozen=True)
class Deltas:
    """What the backward pass finds, by the place of each sweep; output errors `dy` (V, B, O) at the `output_visits`."""

    sweeps: Mapping[str, Found]
    output_visits: Rows
    dy: Array


def deltas(
    net: Net, c: Canonical, trace: Trace, dy: Array, taps: Taps = WHOLE, *, right: Deltas | None = None
) -> Deltas:
    """Follow the chain of sum(dy * y) back; `dy` (T, B, O) is zero at steps that do not count.

    What faults do not touch is taken from the `right` deltas of the same trace, if they are known.
    """
    output_taps = taps.at_place("")
    into_chain = output_taps.taken("dy in dh", output_error(net, c, trace.y, output_taps, "dy in dh", dy))
    W_hy = output_taps.weight(f"{OUTPUT_WEIGHT} in dh", c.parameters[OUTPUT_WEIGHT], None, c.parameters)
    of_outputs = errors = into_chain @ W_hy.T
    sweeps: dict[str, Found] = {}
    for level in reversed(net.structure.levels):
        parts = dict(zip(level, np.split(errors, len(level), axis=-1), strict=True))
        for sweep in level:
            part = _errors_of(sweep, level, parts, of_outputs, taps)
            known = None if right is None else right.sweeps[sweep.place]
            sweeps[sweep.place] = _followed(net, c, trace, sweep, part, taps.at_place(sweep.place), known)
        if level[0].level > 0:
            errors = into_inputs(net, level, sweeps, taps)
    visits = output_taps.visits("output loop", len(dy))
    return Deltas(sweeps, visits, dy[visits])


def _errors_of(
    sweep: Sweep, level: Sequence[Sweep], parts: Mapping[Sweep, Array], of_outputs: Array, taps: Taps
) -> Array:
    """Errors (T, B, H) of one sweep of a layer, in its own order."""
    here = taps.at_place(sweep.place)
    value = parts[sweep]
    for fault in taps.at(HALVES):
        if fault.other == "swapped" or fault.place == sweep.place:
            value = parts[level[1 - level.index(sweep)]]
    for fault in here.at(ERRORS):
        from_outputs = of_outputs[..., : value.shape[-1]]
        match fault.damage:
            case Damage.DROP:
                value = np.zeros_like(value)
            case Damage.ELSEWHERE:
                value = from_outputs
            case Damage.ALSO_ELSEWHERE:
                value = value + from_outputs
    return here.taken(TURN, in_order(sweep, value))


def _followed(
    net: Net, c: Canonical, trace: Trace, sweep: Sweep, errors: Array, taps: Taps, known: Found | None
) -> Found:
    """Follow errors (T, B, H), in the sweep's own order, back through its steps."""
    if known is not None and taps.are_whole and np.array_equal(errors, known.errors):
        return known
    cell, run = net.equations, trace.runs[sweep.place]
    # a fault may take another sweep's
    parameters = {**c.parameters, **c.parameters_of(cell, sweep)}
    loop = Backward(cell, parameters, run) if known is None else known.loop

    def follow(taps: Taps) -> scan.Deltas:
        return _through_windows(loop.under(taps), errors, taps)

    found = follow(taps)
    without_carries = partial(follow, taps.without_carries(cell.states))
    return Found(found.visits, found.of, found.carried, found.initial, run, parameters, without_carries, errors, loop)


def _through_windows(loop: Backward, errors: Array, taps: Taps) -> scan.Deltas:
    windows = [fault for fault in taps.at("chain") if fault.damage is Damage.WINDOW]
    if not windows:
        return loop.follow(errors)
    apart, length, first = loop.follow(sources(errors)), len(errors), np.zeros(1, dtype=int)
    return scan.Deltas(
        apart.visits,
        {name: kept_by_source(value, apart.visits, windows, length) for name, value in apart.of.items()},
        {name: kept_by_source(value, apart.visits, windows, length) for name, value in apart.carried.items()},
        {
            name: kept_by_source(value[None], first, windows, length, of_initial_state=True)[0]
            for name, value in apart.initial.items()
        },
    )


def into_inputs(net: Net, level: Sequence[Sweep], sweeps: Mapping[str, Found], taps: Taps = WHOLE) -> Array:
    """What the deltas of a layer's sweeps bring to its inputs, (T, B, I) in the order of time."""
    parts = (
        in_order(sweep, gradient_of_inputs(net, sweeps[sweep.place], taps.at_place(sweep.place))) for sweep in level
    )
    return np.asarray(sum(parts))


def gradient_of_inputs(net: Net, found: Found, taps: Taps) -> Array:
    """Gradient of a sweep's inputs, (T, B, I) in its own order: what the delta of each equation that takes them brings.

    `taps` are those of its place.
    """
    total = np.zeros_like(found.run.x)
    for edge in net.equations.input_edges:
        delta = _delta_into_inputs(f"d{edge.source}", net, found, taps)
        W = taps.weight(f"{edge.weight} in {DX}", found.parameters[edge.weight], None, found.parameters)
        total += delta @ W.T
    if (kept := counted(INPUT_PARAMETER, found.visits, len(total), taps)) is not None:
        total[found.visits] *= kept[:, None, None]
    return taps.delta(DX, taps.term(DX, taps.put(DX, taps.taken(DX, total)), is_first=False))


def _delta_into_inputs(name: str, net: Net, found: Found, taps: Taps) -> Array:
    """A delta in the sweep's order, as it is taken for the gradient of the inputs, (T, B, n)."""
    tap, value = f"{name} in {DX}", found.of[name[1:]]
    value = taps.operand(tap, value, lambda other: quantity(other, net, found))
    in_order_of_steps = np.zeros((found.run.length, *value.shape[1:]), value.dtype)
    in_order_of_steps[found.visits] = taps.term(tap, value, is_first=False)
    return taps.taken(tap, in_order_of_steps)


def quantity(name: str, net: Net, found: Found) -> Array:
    """A quantity of a sweep that may be taken for a delta, at the visited steps, (V, B, m)."""
    run = found.run
    if name.startswith("own d"):
        return found.own_of(name.removeprefix("own d"))
    if "*" in name:
        delta, _, factor = name.partition("*")
        return np.asarray(found.of[delta[1:]] * run.at_steps(factor)[found.visits])
    if name.endswith("_next"):
        return found.carried[name[1:].removesuffix("_next")]
    if name.endswith("'"):
        function = next(each.function for each in net.equations.activated if f"{each.name}'" == name)
        return ACTIVATIONS[function].slope(run.at_steps(name.removesuffix("'")))[found.visits]
    if name.startswith("d") and name[1:] in found.of:
        return found.of[name[1:]]
    return run.at_steps(name.removesuffix("[t]"))[found.visits]
