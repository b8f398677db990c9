"""A script without functions: a template of an adapter, whose two functions are to be filled in."""

import ast
from collections.abc import Mapping

from gradcheck_rnn.init.adapter_text import Written
from gradcheck_rnn.init.calls import FILL_IN
from gradcheck_rnn.init.homes import Made, homes
from gradcheck_rnn.init.names import INPUT, OUTPUT, STEPS, gradient_names, plain_name
from gradcheck_rnn.init.net import net_shape
from gradcheck_rnn.init.syntax import File, assignments, dotted

_FORWARD = "the lines of the script that compute the loss, on `parameters` and `batch` in the place of its own arrays"
_BACKWARD = "the lines of the script that compute the gradients, as a dict with the names and shapes of `parameters`"


def flat_weights(file: File) -> Mapping[str, Made]:
    """Weights of a script that computes their gradients outside of every function; {} where there are none."""
    home, _ = next(homes(file))
    names = {plain_name(dotted(target)) for target, _ in assignments(file.statements)}
    names |= {name for target in _targets(file) for name in target}
    gradients = gradient_names(home.arrays)
    have = {gradients[name] for name in names if name in gradients}
    weights = {name: made for name, made in home.arrays.items() if name in have}
    return weights if len(weights) > 1 else {}


def template_text(weights: Mapping[str, Made], name: str) -> Written:
    """An adapter that draws the weights and stops where the script's own lines belong."""
    shapes = ", ".join(f'"{weight}": {made.shape}' for weight, made in weights.items()).replace("None", "...")
    text = f'''"""Reaches the backward pass of {name}, whose lines belong into the two functions below."""

shapes = {{{shapes}}}


def parameters(rng):
    return {{name: rng.normal(0.0, max(shape) ** -0.5, shape) for name, shape in shapes.items()}}


def loss(parameters, batch):
    # batch.inputs (T, I), batch.tokens (T,), batch.targets (T,) or (T, O), batch.initial_state["h"] (H,)
    # {FILL_IN}: {_FORWARD}
    raise NotImplementedError("{FILL_IN}: the loss")


def gradients(parameters, batch):
    # {FILL_IN}: {_BACKWARD}
    raise NotImplementedError("{FILL_IN}: the gradients")
'''
    missing = [_FORWARD, _BACKWARD]
    if any(None in made.shape for made in weights.values()):
        missing.insert(0, "the shapes, where `...` stands")
        text = text.replace("}\n", f"}}  # {FILL_IN}: {missing[0]}\n", 1)
    return Written(text, missing)


def template_config(weights: Mapping[str, Made], adapter: str, config: str) -> str:
    """The configuration of a script: its sizes, and the usual for what its lines alone would tell."""
    net = net_shape({name: tuple(each or 1 for each in made.shape) for name, made in weights.items()})
    sizes = (net.input_size, net.hidden_size, net.output_size or OUTPUT) if net else (INPUT, 5, OUTPUT)
    layout, biases = (net.layout, net.biases) if net else ("row", True)
    return f"""# gradcheck-rnn check {config}

model:
  cell: tanh                # {FILL_IN}: or relu, sigmoid, lstm, gru
  input_size: {sizes[0]}
  hidden_size: {sizes[1]}
  output_size: {sizes[2]}
  biases: {str(biases).lower()}
  layout: {layout}
sequence: {{length: {STEPS}, inputs: dense}}                # {FILL_IN}: or inputs: tokens
loss: {{kind: mse, reduction: sum, steps: all}}          # {FILL_IN}: or kind: softmax_cross_entropy
seed: 0
backward: {{adapter: {adapter}}}
"""


def _targets(file: File) -> list[set[str]]:
    """Names that unpacked values are given to, as in `s, dU = {{}}, 0 * U`."""
    nodes = [node for statement in file.statements for node in ast.walk(statement)]
    stored = [node for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    return [{plain_name(node.id) for node in stored}]
