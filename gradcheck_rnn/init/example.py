"""The example that `init` writes without a file: a net to be replaced, its adapter, its configuration."""

CONFIG = """\
# gradcheck-rnn check example.gradcheck.yaml
#
# Every line that is not marked as required may be left out, and then stands as it stands here.

model:
  cell: tanh                    # or relu, sigmoid, lstm, gru, custom (any other, checked on its own loss)
  input_size: 6                 # I (required); for tokens, how many there are
  hidden_size: 5                # H (required)
  output_size: 4                # O (required); for the softmax, how many classes there are
  biases: true
  layout: row                   # weights are (in, out), for x @ W; or column: (out, in), for W @ x

sequence:
  length: 9                     # T (required)
  batch_size: null              # or a number: arrays get a batch axis after the time
  inputs: dense                 # vectors; or tokens (the default), one-hot in batch.inputs and numbers in batch.tokens

loss:
  kind: mse                     # 1/2 * sum (y_hat - y)^2; or softmax_cross_entropy (the default)
  reduction: sum                # or mean
  steps: all                    # or last: only the last step has a target

seed: 0                         # fixes every random draw (required)
backward: {adapter: example_adapter.py}    # relative to this file
"""

ADAPTER = '''\
"""The tool calls these functions; everything else is yours. This file's folder comes first on sys.path."""

from example_net import backward, forward  # your code instead


def loss(parameters, batch):
    """A number. May be left out: then the loss that the configuration describes is differenced."""
    outputs, _ = forward(parameters, batch.inputs, batch.initial_state["h"])
    return 0.5 * ((outputs - batch.targets) ** 2).sum()


def gradients(parameters, batch):
    """A dict with the names and shapes of `parameters`."""
    return backward(parameters, batch.inputs, batch.targets, batch.initial_state["h"])


# def parameters(rng):
#     """Your own names and shapes, drawn by a numpy.random.Generator; without it, W_xh, W_hh, b_h, W_hy, b_y."""
#     return {"U": rng.normal(size=(6, 5)), "W": rng.normal(size=(5, 5)), ...}
#
# ROLES = {"U": "W_xh", "W": "W_hh", ...}    # which is which, where it should not be inferred
'''

NET = '''\
"""A small recurrent net with its backward pass: put yours in its place."""

import numpy as np


def forward(p, inputs, h0):
    """Outputs (T, O) and states (T + 1, H), the initial one first."""
    states = [h0]
    for x in inputs:
        states.append(np.tanh(x @ p["W_xh"] + states[-1] @ p["W_hh"] + p["b_h"]))
    states = np.array(states)
    return states[1:] @ p["W_hy"] + p["b_y"], states


def backward(p, inputs, targets, h0):
    """Gradients of 1/2 * sum (outputs - targets)^2."""
    outputs, states = forward(p, inputs, h0)
    d = {name: np.zeros_like(value) for name, value in p.items()}
    dh_next = np.zeros_like(h0)
    for t in reversed(range(len(inputs))):
        dy = outputs[t] - targets[t]
        d["W_hy"] += np.outer(states[t + 1], dy)
        d["b_y"] += dy
        dz = (dy @ p["W_hy"].T + dh_next) * (1 - states[t + 1] ** 2)
        d["W_xh"] += np.outer(inputs[t], dz)
        d["W_hh"] += np.outer(states[t], dz)
        d["b_h"] += dz
        dh_next = dz @ p["W_hh"].T
    return d
'''

CONFIG_NAME = "example.gradcheck.yaml"
EXAMPLE = {CONFIG_NAME: CONFIG, "example_adapter.py": ADAPTER, "example_net.py": NET}
