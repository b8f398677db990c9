"""The deep oracle against torch's autograd, where torch is installed: stacks, two directions, GRU with both biases."""

from typing import Any

import numpy as np
import pytest

from .deep import DeepSpec, gradients
from .test_deep import case

torch = pytest.importorskip("torch")

GATES = {"lstm": "ifgo", "gru": "rzn", "tanh": "h", "relu": "h"}  # in the order of torch's blocks
MODULES = {"lstm": "LSTM", "gru": "GRU", "tanh": "RNN", "relu": "RNN"}
SIZES = {"input_size": 3, "hidden_size": 4, "length": 5, "batch_size": 2}
PLAIN = {
    "layout": "column",
    "biases": True,
    "learned": False,
    "outputs": "states",
    "loss": "projection",
    "steps": "all",
    "reduction": "sum",
}
VARIANT = {
    "lstm": {"peepholes": False, "coupled": False, "lstm_output": "tanh"},
    "gru": {"reset": "after", "recurrent_bias": True, "keeps": "z"},
}


@pytest.mark.parametrize("cell", MODULES)
@pytest.mark.parametrize("places", [{"layers": 2}, {"bidirectional": True}], ids=str)
def test_the_gradients_are_those_of_torch(cell, places):
    fixed = SIZES | PLAIN | places | VARIANT.get(cell, {})
    spec, parameters, batch = case(0, cell=cell, inputs="parameter", **fixed)
    module = torch_module(spec, parameters)
    x = torch.tensor(parameters["x"], requires_grad=True)
    H = SIZES["hidden_size"]
    starts = [
        torch.tensor(np.array([np.broadcast_to(each, (2, H)) for each in batch.initial_state[state]]))
        for state in spec.states
    ]
    states, _ = module(x, tuple(starts) if cell == "lstm" else starts[0])
    torch.sum(states * torch.tensor(batch.targets)).backward()
    expected = {"x": x.grad.numpy()} | read_back(spec, module)
    for name, value in gradients(spec, parameters, batch).items():
        np.testing.assert_allclose(value, expected[name], rtol=1e-9, atol=1e-12, err_msg=name)


def torch_names(spec: DeepSpec, number: int) -> str:
    return "l0" + "_reverse" * number if spec.bidirectional else f"l{number}"


def torch_module(spec: DeepSpec, parameters: dict[str, np.ndarray]) -> Any:
    """The module with our weights; of its two biases the recurrent one is zero but for b_hn."""
    how: dict[str, Any] = {"nonlinearity": spec.cell} if MODULES[spec.cell] == "RNN" else {}
    module = getattr(torch.nn, MODULES[spec.cell])(
        SIZES["input_size"],
        SIZES["hidden_size"],
        num_layers=spec.layers,
        bidirectional=spec.bidirectional,
        dtype=torch.float64,
        **how,
    )
    for number, place in enumerate(spec.places):
        end = torch_names(spec, number)
        blocks = GATES[spec.cell]
        recurrent = [parameters.get(f"b_h{gate}{place}", np.zeros(SIZES["hidden_size"])) for gate in blocks]
        if spec.cell in ("tanh", "relu"):  # there b_h is the only bias
            recurrent = [np.zeros(SIZES["hidden_size"])]
        given = {
            "weight_ih": [parameters[f"W_x{gate}{place}"] for gate in blocks],
            "weight_hh": [parameters[f"W_h{gate}{place}"] for gate in blocks],
            "bias_ih": [parameters[f"b_{gate}{place}"] for gate in blocks],
            "bias_hh": recurrent,
        }
        with torch.no_grad():
            for name, arrays in given.items():
                getattr(module, f"{name}_{end}").copy_(torch.tensor(np.concatenate(arrays)))
    return module


def read_back(spec: DeepSpec, module: Any) -> dict[str, np.ndarray]:
    """Its gradients under our names."""
    found = {}
    for number, place in enumerate(spec.places):
        end = torch_names(spec, number)
        blocks = GATES[spec.cell]
        for name, stem in (("weight_ih", "W_x"), ("weight_hh", "W_h"), ("bias_ih", "b_")):
            gradient = getattr(module, f"{name}_{end}").grad.numpy()
            parts = np.split(gradient, len(blocks))
            found |= {f"{stem}{gate}{place}": part for gate, part in zip(blocks, parts, strict=True)}
        if spec.recurrent_bias:
            found[f"b_hn{place}"] = np.split(getattr(module, f"bias_hh_{end}").grad.numpy(), 3)[2]
    return found
