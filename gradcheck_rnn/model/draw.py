"""Random draws: the configured problem, the probe that separates faults, further points of the same net.

Every draw has a random stream of its own, so that a change of one size leaves the others' values alone.
"""

import zlib
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from gradcheck_rnn.config.settings import LEARNED, InitSettings, Inputs, Settings
from gradcheck_rnn.config.variants import variant_in
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.losses import Targets
from gradcheck_rnn.model.net import Net, Sizes
from gradcheck_rnn.model.problem import Batch, Problem

# T at the probe: each fault of a chain that forgets more than eight steps shows on nine; longer costs time only
PROBE_LENGTH = 9
# three steps are the least at which every fault shows, a window of truncation aside
SHORTER_LENGTHS = (PROBE_LENGTH, 5, 3)
# weights at the probe are N(0, gain**2 / fan_in). The gain makes up for what the activation's slope takes from the
# chain, so that a step far back still shows: a relu passes half of the units, a sigmoid's slope is at most 1/4
PROBE_GAIN = {"tanh": 1.0, "relu": 2.0**0.5, "sigmoid": 4.0, "lstm": 1.0, "gru": 1.0, "custom": 1.0}
# above this many entries the probe of a described problem keeps the structure and shrinks the sizes, so that a check
# costs little more than the configured point does
PROBE_ENTRIES = 10_000
PROBE_SIZE = 24
PROBE_MOST_STEPS = 32
PROBE_BATCH = 4
# standard deviation of biases and initial states at the probe: large enough that a fault of theirs shows, small
# enough that no unit saturates
PROBE_SPREAD = 0.5


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the random stream of that name: equal seeds and names give equal draws."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def configured_net(settings: Settings) -> Net:
    """Return the net that the settings describe."""
    model, sequence = settings.model, settings.sequence
    sizes = Sizes(
        input_size=model.input_size,
        hidden_size=model.hidden_size,
        output_size=model.output_size,
        length=sequence.length,
        batch=sequence.batch_size,
        embedding=model.embedding_size,
    )
    return Net(
        sizes=sizes,
        cell=model.cell,
        variant=variant_in(settings),
        layers=model.layers,
        bidirectional=model.bidirectional,
        biases=model.biases,
        layout=model.layout,
        learned=model.initial_state in LEARNED,
        own_states=model.initial_state == "input",
        input_gradient=sequence.input_gradient,
        output_layer=model.outputs == "layer",
        loss=settings.loss,
    )


def configured_problem(settings: Settings) -> Problem:
    """Draw the problem at the configured point: initial weights as described, biases zero."""
    net, dtype = configured_net(settings), np.dtype(settings.dtype)
    parameters = {
        name: _initial_value(net, name, shape, settings.model.init, stream(settings.seed, name)).astype(dtype)
        for name, shape in net.shapes.items()
    }
    spread = PROBE_SPREAD if settings.model.initial_state == "random" else 0.0
    batch = draw_batch(net, settings.sequence.inputs, settings.seed, spread, dtype)
    return Problem(net, parameters, batch).with_inputs_as_parameter()


def shorter_probe_nets(net: Net) -> list[Net]:
    """Return nets of a probe with ever shorter sequences, for gradients that vanish over longer ones."""
    lengths = [length for length in SHORTER_LENGTHS if length < net.sizes.length]
    return [replace(net, sizes=replace(net.sizes, length=length)) for length in lengths]


def probe_net(net: Net, *, reducible: bool) -> Net:
    """Return the net of the probe point: long enough for the recurrent chain, reduced where it is large."""
    sizes = replace(net.sizes, length=max(net.sizes.length, PROBE_LENGTH))
    if reducible and net.entries > PROBE_ENTRIES:
        sizes = Sizes(
            input_size=min(sizes.input_size, PROBE_SIZE),
            hidden_size=(hidden := min(sizes.hidden_size, PROBE_SIZE)),
            output_size=min(sizes.output_size, PROBE_SIZE) if net.output_layer else net.directions * hidden,
            length=min(sizes.length, PROBE_MOST_STEPS),
            batch=None if sizes.batch is None else min(sizes.batch, PROBE_BATCH),
            embedding=None if sizes.embedding is None else min(sizes.embedding, PROBE_SIZE),
        )
    return replace(net, sizes=sizes)


def probe_problem(net: Net, settings: Settings, draw: int = 0) -> Problem:
    """Draw a probe: gain 1, non-zero biases and initial state, tokens as distinct as the vocabulary allows.

    `draw` counts further probes of the same settings.
    """
    parameters = {
        name: _probe_parameter(net, name, shape, stream(settings.seed, f"probe {draw} {name}")).astype(settings.dtype)
        for name, shape in net.shapes.items()
    }
    return Problem(net, parameters, probe_batch(net, settings, draw)).with_inputs_as_parameter()


def probe_batch(net: Net, settings: Settings, draw: int = 0) -> Batch:
    """Draw the batch of a probe."""
    inputs: Inputs = "dense" if settings.sequence.inputs == "dense" else "distinct_tokens"
    seed = int(stream(settings.seed, f"probe batch {draw}").integers(2**62))
    if net.structure.embedded and settings.sequence.inputs != "distinct_tokens":
        # what is added up for a token that comes again shows only where one does
        few = min(net.sizes.input_size, net.sizes.length // 2 + 1)
        return draw_batch(net, "tokens", seed, PROBE_SPREAD, settings.dtype, vocabulary=few)
    return draw_batch(net, inputs, seed, PROBE_SPREAD, settings.dtype)


def _probe_parameter(net: Net, name: str, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    gain = PROBE_GAIN[net.cell] if name in net.fan_in else 1.0
    return gain * probe_value(rng, shape, fan_in=net.fan_in.get(name))


def probe_value(rng: np.random.Generator, shape: tuple[int, ...], *, fan_in: int | None) -> Array:
    """Draw one parameter at the probe: N(0, 1/fan_in), or N(0, 0.5**2) where there is no fan-in."""
    spread = PROBE_SPREAD if fan_in is None else 1 / np.sqrt(fan_in)
    return np.asarray(spread * rng.standard_normal(shape))


def draw_batch(
    net: Net, inputs: Inputs, seed: int, spread: float, dtype: npt.DTypeLike, *, vocabulary: int | None = None
) -> Batch:
    """Draw inputs, targets and initial state (normal with standard deviation `spread`).

    Of random tokens, only as many as `vocabulary` come up.
    """
    sizes = net.sizes
    batched = net.batched
    tokens = (
        None if inputs == "dense" else _tokens(sizes, inputs, stream(seed, "tokens"), vocabulary or sizes.input_size)
    )
    if tokens is None:
        x = stream(seed, "inputs").standard_normal((sizes.length, *batched, sizes.input_size))
    else:
        x = np.zeros((*tokens.shape, sizes.input_size))
        np.put_along_axis(x, tokens[..., None], 1.0, axis=-1)
    states = {
        state: np.zeros((*batched, sizes.hidden_size), dtype)
        if net.learned
        else _initial_state(seed, state, (*batched, sizes.hidden_size), spread, dtype)
        for state in net.states
    }
    return Batch(
        inputs=x.astype(dtype),
        tokens=tokens,
        targets=_targets(net, batched, stream(seed, "targets"), dtype),
        initial_state=states,
    )


def _initial_state(seed: int, state: str, shape: tuple[int, ...], spread: float, dtype: npt.DTypeLike) -> Array:
    name = "state" if state == "h" else f"state {state}"
    return np.asarray((spread * stream(seed, name).standard_normal(shape)).astype(dtype))


def _initial_value(net: Net, name: str, shape: tuple[int, ...], init: InitSettings, rng: np.random.Generator) -> Array:
    if name not in net.fan_in:
        return np.zeros(shape)
    kind, _, by_fan_in = init.distribution.partition("_")
    unit = rng.standard_normal(shape) if kind == "normal" else rng.uniform(-1.0, 1.0, shape)
    return np.asarray(unit * init.scale / (np.sqrt(net.fan_in[name]) if by_fan_in else 1.0))


def _tokens(sizes: Sizes, inputs: Inputs, rng: np.random.Generator, vocabulary: int) -> npt.NDArray[np.int64]:
    """Random tokens (T,) or (T, B); distinct ones are the same in every sequence of the batch."""
    shape = (sizes.length,) if sizes.batch is None else (sizes.length, sizes.batch)
    if inputs == "tokens":
        return rng.integers(vocabulary, size=shape)
    rounds = -(-sizes.length // sizes.input_size)  # beyond the vocabulary tokens repeat
    order = np.concatenate([rng.permutation(sizes.input_size) for _ in range(rounds)])[: sizes.length]
    return order if sizes.batch is None else np.repeat(order[:, None], sizes.batch, axis=1)


def _targets(net: Net, batched: tuple[int, ...], rng: np.random.Generator, dtype: npt.DTypeLike) -> Targets:
    leading = ((net.sizes.length,) if net.loss.steps == "all" else ()) + batched
    if net.loss.kind != "softmax_cross_entropy":
        return rng.standard_normal((*leading, net.sizes.output_size)).astype(dtype)
    return np.asarray(rng.integers(net.sizes.output_size, size=leading))
