"""How far an analytic gradient may be off by rounding alone: measured where it can be, bounded where not."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.forward import Run, Trace, forward
from gradcheck_rnn.model.losses import log_softmax
from gradcheck_rnn.model.problem import Canonical, Problem, canonical
from gradcheck_rnn.model.reference import backward, output_gradient, own_layout
from gradcheck_rnn.numeric.noise import fourth_difference_noise

SHORT_BITS = 12
EPS_FLOAT32 = float(np.finfo(np.float32).eps)

Gradients = Mapping[str, Array | None]

# gradients on one line that fourth differences need
LINE_POINTS = 5
# measured noise is one draw of a random number: this many of it bound the rest
NOISE_GAIN = 4.0
# noise beyond this share of a tensor's largest entry is no rounding, whatever the precision
LARGEST_NOISE = 1e-3
# random signs that are tried; the largest move counts
SHAKES = 4


def measured_noise(on_line: Sequence[Gradients]) -> dict[str, float]:
    """Noise of each gradient as a share of its largest entry, from its values at equally spaced points."""
    noise = {}
    for name in on_line[0]:
        values = [gradients[name] for gradients in on_line]
        usable = [value for value in values if value is not None and np.isfinite(value).all()]
        largest = max((float(np.abs(value).max(initial=0.0)) for value in usable), default=0.0)
        noise[name] = 0.0
        if len(usable) == len(values) and largest > 0:
            measured = float(fourth_difference_noise(usable).max(initial=0.0))
            noise[name] = max(measured / largest, _steps(usable))
    return noise


def gradient_rounding(gradients: Gradients, noise: Mapping[str, float], *, length: int, eps: float) -> dict[str, float]:
    """Absolute rounding error of each gradient: T eps of its largest entry, or what was measured.

    Args:
        gradients: by name; None counts as 0.
        noise: measured, as a share of the largest entry.
        length: number of steps T, each of which rounds once.
        eps: machine epsilon of the precision at hand.
    """
    return {name: _largest(value) * max(length * eps, _noise_bound(noise[name])) for name, value in gradients.items()}


@np.errstate(all="ignore")  # what overflows becomes inf or nan, which no verdict passes
def backward_rounding(problem: Problem, rng: np.random.Generator, *, eps: float) -> dict[str, float]:
    """Rounding that a right backward pass cannot avoid: its inputs are shaken by their own, and what moves is measured.

    dy loses what p is short of 1, or what y and its target have in common; 1 - h**2 what h is short of 1.
    """
    net, c = problem.net, canonical(problem)
    trace = forward(net, c)
    dy = output_gradient(net, c, trace.y)
    of_dy = eps * _output_magnitude(problem, c, trace.y) * abs(net.loss_weight)
    plain = own_layout(problem, backward(net, c, trace, dy))
    moved = dict.fromkeys(plain, 0.0)
    for _ in range(SHAKES):
        shaken = _shaken(trace, eps, rng)
        signs = rng.choice([-1.0, 1.0], size=dy.shape)
        for name, value in own_layout(problem, backward(net, c, shaken, dy + signs * of_dy)).items():
            moved[name] = max(moved[name], _largest(value - plain[name]))
    return {name: NOISE_GAIN * value for name, value in moved.items()}


def _shaken(trace: Trace, eps: float, rng: np.random.Generator) -> Trace:
    """The same values, each moved by its own rounding; initial states are given."""

    def moved(value: Array) -> Array:
        return np.asarray(value * (1 + eps * rng.choice([-1.0, 1.0], size=value.shape)))

    def shaken(run: Run) -> Run:
        states = {name: np.concatenate([state[:1], moved(state[1:])]) for name, state in run.states.items()}
        values = {name: states[name][1:] if name in states else moved(value) for name, value in run.values.items()}
        return replace(run, values=values, states=states)

    return replace(trace, runs={place: shaken(run) for place, run in trace.runs.items()})


def _output_magnitude(problem: Problem, c: Canonical, y: Array) -> Array:
    """Size of the terms that dy is the difference of, (T, B, O), zero at steps that do not count."""
    magnitude = np.zeros_like(y)
    counted = problem.net.counted_steps
    if problem.net.loss.kind == "projection":
        return magnitude  # the targets are given
    if problem.net.loss.kind == "mse":
        magnitude[counted] = np.abs(y[counted]) + np.abs(c.targets)
        return magnitude
    magnitude[counted] = np.exp(log_softmax(y[counted]))
    at_target = magnitude[counted]
    np.put_along_axis(at_target, c.targets[..., None], 1.0, axis=-1)
    magnitude[counted] = at_target
    return magnitude


def _steps(values: Sequence[Array]) -> float:
    """Relative steps in which gradients move that are all float32 numbers: small moves may not show them."""
    with np.errstate(over="ignore"):
        single = all((value.astype(np.float32) == value).all() for value in values)
    # numbers such as 2 or 0.375 are float32 numbers by themselves
    short = all((np.round(mantissa := np.frexp(value)[0] * 2**SHORT_BITS) == mantissa).all() for value in values)
    return EPS_FLOAT32 / 2 if single and not short else 0.0


def _noise_bound(noise: float) -> float:
    return NOISE_GAIN * min(noise, LARGEST_NOISE)


def _largest(value: Array | None) -> float:
    return 0.0 if value is None else float(np.abs(value[np.isfinite(value)]).max(initial=0.0))
