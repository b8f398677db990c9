"""PyTorch: a module, or tensors in a dict, with the gradient that autograd takes through its backward passes.

Importing this sets torch up for a check: float64 by default, one thread, a seed. It stands before the import of one's
own code, so that what that makes is in float64 too, and the same at each run.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import nn

from gradcheck_rnn.adapters.adapt import SEED, Adapted
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.problem import Batch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)  # nets of a check are too small for more, and sums keep their order
torch.manual_seed(SEED)

# a described name, or the blocks of a fused array
Role = str | list[str]
# what torch calls the four arrays of a layer; a gate, or the state of a plain net, takes the place of the braces
LAYER = {"weight_ih": "W_x{}", "weight_hh": "W_h{}", "bias_ih": "b_{}", "bias_hh": "b_{}"}
OUTPUT = {"weight": "W_hy", "bias": "b_y"}
# in the order in which they stand in each array
GATES = {
    **{nn.RNN: "h", nn.RNNCell: "h"},
    **{nn.LSTM: "ifgo", nn.LSTMCell: "ifgo"},
    **{nn.GRU: "rzn", nn.GRUCell: "rzn"},
}
# which of the four, of which layer (a cell has none), in which direction
NAME = re.compile(r"(?P<array>weight_ih|weight_hh|bias_ih|bias_hh)(_l(?P<layer>\d+))?(?P<reverse>_reverse)?$")


def adapt_torch(home: Any, *, loss: Callable[[Any], Any]) -> Adapted:
    """Make `loss`, `gradients` and `parameters` from a module, or from tensors and what computes with them.

    Args:
        home: the module, or a dict of tensors by name; turned to float64, on the CPU, in place. What requires no
            gradient in a module is no parameter.
        loss: takes a batch whose arrays are tensors (tokens and targets of classes int64), returns the loss as a
            tensor. It computes with `home` as it stands; the parameters are put there before each call.
    Returns:
        The three functions, under torch's names: `loss, gradients, parameters = adapt_torch(...)`. A parameter that
        the loss does not use has the gradient 0.
    """
    tensors = _tensors(home)
    initial = {name: tensor.detach().numpy().copy() for name, tensor in tensors.items()}

    def parameters(_rng: np.random.Generator) -> dict[str, Array]:
        return {name: value.copy() for name, value in initial.items()}

    def computed(parameters: dict[str, Array], batch: Batch) -> Any:
        with torch.no_grad():
            for name, tensor in tensors.items():
                tensor.copy_(torch.tensor(parameters[name]))
        return loss(_in_tensors(batch))

    def adapted_loss(parameters: dict[str, Array], batch: Batch) -> Any:
        with torch.no_grad():
            value = computed(parameters, batch)
        return value.numpy() if isinstance(value, torch.Tensor) else value

    def adapted_gradients(parameters: dict[str, Array], batch: Batch) -> dict[str, Any]:
        value = computed(parameters, batch)
        if not isinstance(value, torch.Tensor):
            raise RuntimeError(f"autograd needs the loss as a tensor, got {type(value).__name__}: leave out .item()")
        gradients = torch.autograd.grad(value, list(tensors.values()), allow_unused=True, materialize_grads=True)
        return {name: gradient.numpy() for name, gradient in zip(tensors, gradients, strict=True)}

    return Adapted(adapted_loss, adapted_gradients, parameters)


def torch_roles(module: Any) -> dict[str, Role]:
    """Return the ROLES of a module's nn.RNN, nn.LSTM or nn.GRU, or their cell, and of its nn.Linear, by their names.

    For `layout: column`, and for a GRU `reset: after, recurrent_bias: true`. An array of several gates is listed by its
    blocks; the two biases of a layer are added. What the module has several of, and what it has beside these, is left
    out.
    """
    parts = list(module.named_modules())
    layers = [(path, part) for path, part in parts if type(part) in GATES]
    outputs = [(path, part) for path, part in parts if type(part) is nn.Linear]
    return {
        f"{path}.{name}" if path else name: role
        for found in (layers, outputs)
        if len(found) == 1
        for path, part in found
        for name, role in _roles_of(part).items()
    }


def _roles_of(part: Any) -> dict[str, Role]:
    """Roles of what a layer or an output learns."""
    learned = [name for name, tensor in part.named_parameters() if tensor.requires_grad]
    if type(part) is nn.Linear:
        return {name: OUTPUT[name] for name in learned}
    found = {name: match for name in learned if (match := NAME.match(name))}
    blocks = {name: [_role(part, match, gate) for gate in GATES[type(part)]] for name, match in found.items()}
    return {name: each if len(each) > 1 else each[0] for name, each in blocks.items()}


def _role(part: Any, name: re.Match[str], gate: str) -> str:
    """Role of one block of an array; the candidate of a GRU has a bias of its own within the product with r."""
    is_within = gate == "n" and name["array"] == "bias_hh"
    place = f"_{int(name['layer']) + 1}" if getattr(part, "num_layers", 1) > 1 else ""
    if getattr(part, "bidirectional", False):
        place += "_rtl" if name["reverse"] else "_ltr"
    return ("b_hn" if is_within else LAYER[name["array"]].format(gate)) + place


def _tensors(home: Any) -> dict[str, Any]:
    """The parameters by name, in float64 and in their places."""
    if isinstance(home, nn.Module):
        home.to("cpu", torch.float64)
        return {name: tensor for name, tensor in home.named_parameters() if tensor.requires_grad}
    for tensor in home.values():
        tensor.data = tensor.data.to("cpu", torch.float64)
    return {name: tensor.requires_grad_() for name, tensor in home.items()}


def _in_tensors(batch: Batch) -> Batch:
    return replace(
        batch,
        inputs=_tensor(batch.inputs),
        tokens=None if batch.tokens is None else _tensor(batch.tokens),
        targets=_tensor(batch.targets),
        initial_state=_all(batch.initial_state),
    )


def _all(arrays: Mapping[str, Array]) -> dict[str, Any]:
    """States as tensors, those of several layers or directions in a list."""
    return {
        name: [_tensor(each) for each in array] if isinstance(array, list) else _tensor(array)
        for name, array in arrays.items()
    }


def _tensor(array: Any) -> Any:
    return torch.tensor(array, dtype=torch.float64 if array.dtype.kind == "f" else torch.int64)
