"""A GRU, not looked at while the search was written: functions of dataclasses, h = (1 - z) * h_prev + z * h_tilde."""

from tests.repair.corpus.slip import Slip, Style
from tests.repair.corpus.styles import nets

TYPED_GRU = Style(
    name="typed_gru",
    files=("repair/typed_gru.py",),
    net=nets.series(cell="gru", layout="row", loss="kind: mse, reduction: mean", is_batch=True),
    adapter='''
import typed_gru as net

shapes = {f"{letter}{gate}": shape for gate in "rzh" for letter, shape in (("W", (I, H)), ("U", (H, H)), ("b", (H,)))}
shapes |= {"Wo": (H, O), "bo": (O,)}


def parameters(rng):
    return {name: rng.normal(0, 0.5, shape) for name, shape in shapes.items()}


def loss(parameters, batch):
    return net.mse(net.forward(net.GRUWeights(**parameters), batch.inputs, batch.initial_state["h"])[1], batch.targets)


def gradients(parameters, batch):
    weights = net.GRUWeights(**parameters)
    caches, preds = net.forward(weights, batch.inputs, batch.initial_state["h"])
    return vars(net.bptt(weights, caches, preds, batch.targets))
''',
    slips=(
        Slip("other_convention", "dh_prev = dh * (1 - cache.z)", "dh_prev = dh * cache.z", "z for 1 - z"),
        Slip("state_of_now", "cache.h_tilde - cache.h_prev", "cache.h_tilde - cache.h", "h_t for h_{t-1}"),
        Slip("direct_path_overwritten", "dh_prev = dh_prev + drh * cache.r", "dh_prev = drh * cache.r",
             "= for +=: the direct path is lost"),
        Slip("reset_path_missing", "dh_prev = dh_prev + da_r @ w.Ur.T + da_z @ w.Uz.T",
             "dh_prev = dh_prev + da_z @ w.Uz.T", "a gate's path into h[t-1] missing"),
        Slip("reset_twice", "dr = drh * cache.h_prev", "dr = drh * cache.rh", "wrong cached value: r * h for h"),
        Slip("candidate_weight_of_state", '("h", da_h, cache.rh)', '("h", da_h, cache.h_prev)',
             "reset gate missing in the weight"),
        Slip("derivative_of_other_gate", "da_z = dz * cache.z * (1 - cache.z)", "da_z = dz * cache.r * (1 - cache.r)",
             "another gate's derivative"),
        Slip("carry_not_added", "gru_step_backward(w, cache, dh + dy @ w.Wo.T, grads)",
             "gru_step_backward(w, cache, dy @ w.Wo.T, grads)", "carry never added"),
        Slip("two_of_the_square", "dy = 2.0 * (y_hat - y)", "dy = (y_hat - y)", "2 of the square missing"),
        Slip("over_steps_alone", "/ preds.size", "/ len(preds)", "mean over batch and outputs forgotten"),
        Slip("input_weights_set", 'getattr(grads, "W" + gate) + x.T @ da', "x.T @ da",
             "= for += in the helper"),
        Slip("weights_swapped", "da_r @ w.Ur.T + da_z @ w.Uz.T", "da_r @ w.Uz.T + da_z @ w.Ur.T",
             "weights of two gates swapped"),
        Slip("tanh_of_tanh", "(1 - cache.h_tilde ** 2)", "(1 - np.tanh(cache.h_tilde) ** 2)",
             "derivative of the activated value"),
    ),
    pairs=(
        ("other_convention", "candidate_weight_of_state"),
        ("reset_path_missing", "two_of_the_square"),
        ("derivative_of_other_gate", "input_weights_set"),
    ),
)  # fmt: skip

STYLES = (TYPED_GRU,)
