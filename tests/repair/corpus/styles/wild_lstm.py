"""LSTMs as people write them: named slices, a function for each gate, einsum over all steps, nodes of a list."""

from tests.repair.corpus.slip import Slip, Style
from tests.repair.corpus.styles import nets

SLICED_FIGO = Style(
    name="sliced_figo",
    files=("repair/sliced_figo.py",),
    net=nets.layer(cell="lstm"),
    adapter='''
from gradcheck_rnn.adapters import sequence
from sliced_figo import LSTM

layer = LSTM(I, H)
ROLES = {name: [f"{role}{gate}" for gate in "figo"] for name, role in (("Wx", "W_x"), ("Wh", "W_h"), ("b", "b_"))}


def result(returned, holder, before):
    return dict(zip(("x", "h0", "c0"), returned)) | layer.grads


loss, gradients, parameters = sequence(
    home=layer.params, forward=lambda x, h0, c0, p: layer.forward(x, h0, c0), backward=layer.backward, axes="BTI",
    shapes={"Wx": ("I", "4H"), "Wh": ("H", "4H"), "b": ("4H",)}, inputs=("x", "h0", "c0"), result=result,
)
''',
    slips=(
        Slip("cell_carry_dropped", "dht * o * (1 - tanh_c ** 2) + dnext_c", "dht * o * (1 - tanh_c ** 2)",
             "cell-state carry missing, hidden carry there"),
        Slip("cell_carry_unfinished", "            dnext_c = dct * f\n", "            dnext_c = dct\n",
             "forget gate missing in the carry"),
        Slip("gates_confused", "dz[:, self.f_gate] = dct * prev_c * f * (1 - f)",
             "dz[:, self.f_gate] = dct * prev_c * i * (1 - i)", "another gate's derivative"),
        Slip("slices_swapped", "dz[:, self.i_gate] = dct * g * i * (1 - i)\n            dz[:, self.cand] =",
             "dz[:, self.cand] = dct * g * i * (1 - i)\n            dz[:, self.i_gate] =", "gates swapped"),
        Slip("tanh_for_sigmoid", "dht * tanh_c * o * (1 - o)", "dht * tanh_c * (1 - o ** 2)", "tanh' for a sigmoid"),
        Slip("cell_for_output", "dz[:, self.o_gate] = dht * tanh_c", "dz[:, self.o_gate] = dct * tanh_c",
             "dc for dh in the output gate"),
        Slip("square_forgotten", "(1 - tanh_c ** 2)", "(1 - tanh_c)", "square forgotten in tanh'"),
        Slip("double_tanh", "(1 - tanh_c ** 2)", "(1 - np.tanh(tanh_c) ** 2)", "tanh' of the activated value"),
        Slip("upstream_overwritten", "dht = dh[:, t, :] + dnext_h", "dht = dh[:, t, :]", "hidden carry never added"),
        Slip("upstream_last", "dht = dh[:, t, :] + dnext_h", "dht = dh[:, -1, :] + dnext_h", "last step's upstream"),
        Slip("bias_meaned", "db += np.sum(dz, axis=0)", "db += np.mean(dz, axis=0)", "averaged over the batch"),
        Slip("wrong_cache", "dWh += np.dot(prev_h.T, dz)", "dWh += np.dot(dnext_h.T, dz)", "gradient for the state"),
    ),
    pairs=(
        ("cell_carry_dropped", "tanh_for_sigmoid"),
        ("upstream_overwritten", "bias_meaned"),
        ("double_tanh", "gates_confused"),
    ),
)  # fmt: skip

GATE_FUNCTIONS = Style(
    name="gate_functions",
    files=("repair/gate_functions.py",),
    net=nets.series(cell="lstm", loss="kind: softmax_cross_entropy, reduction: mean"),
    adapter='''
import gate_functions as net

shapes = {f"{letter}{gate}": shape for gate in "ifoc" for letter, shape in (("W", (H, I)), ("U", (H, H)), ("b", (H,)))}
shapes |= {"V": (O, H), "bv": (O,)}


def parameters(rng):
    return {name: rng.normal(0, 0.5, shape) for name, shape in shapes.items()}


def loss(parameters, batch):
    state = batch.initial_state
    return net.nll(net.forward(parameters, batch.inputs, state["h"], state["c"])[0], batch.targets)[0]


def gradients(parameters, batch):
    state = batch.initial_state
    return net.gradients(parameters, batch.inputs, batch.targets, state["h"], state["c"])
''',
    slips=(
        Slip("one_path_forgotten", "dh_prev = dh_i + dh_f + dh_o + dh_c", "dh_prev = dh_i + dh_f + dh_c",
             "a gate's path into h[t-1] missing"),
        Slip("three_paths_forgotten", "dh_prev = dh_i + dh_f + dh_o + dh_c", "dh_prev = dh_c",
             "only the candidate's path into h[t-1]"),
        Slip("cell_carry_lost", "dc = dc + dh * o * (1 - np.tanh(c) ** 2)", "dc = dh * o * (1 - np.tanh(c) ** 2)",
             "cell-state carry missing"),
        Slip("output_gate_forgotten", "dc = dc + dh * o * (1 - np.tanh(c) ** 2)",
             "dc = dc + dh * (1 - np.tanh(c) ** 2)",
             "output gate missing"),
        Slip("cell_of_now", "df = dc * c_prev", "df = dc * c", "c_t for c_{t-1}"),
        Slip("candidate_as_gate", "= tanh_gate_backward(dc_bar, c_bar,", "= sigmoid_gate_backward(dc_bar, c_bar,",
             "sigmoid' for a tanh"),
        Slip("wrong_weights_handed_on", 'sigmoid_gate_backward(do, o, p["Wo"], p["Uo"], x, h_prev)',
             'sigmoid_gate_backward(do, o, p["Wo"], p["Ui"], x, h_prev)', "another gate's weight"),
        Slip("state_handed_on", 'sigmoid_gate_backward(df, f, p["Wf"], p["Uf"], x, h_prev)',
             'sigmoid_gate_backward(df, f, p["Wf"], p["Uf"], x, h)', "h_t for h_{t-1} in one gate"),
        Slip("key_copied", '"Wo": dWo, "Uo": dUo, "bo": dbo', '"Wo": dWo, "Uo": dUf, "bo": dbo',
             "copied from another gate"),
        Slip("helper_untransposed", "def tanh_gate_backward(da, a, W, U, x, h):\n    dz = da * (1 - a * a)\n"
             "    return np.outer(dz, x), np.outer(dz, h), dz, U.T @ dz",
             "def tanh_gate_backward(da, a, W, U, x, h):\n    dz = da * (1 - a * a)\n"
             "    return np.outer(dz, x), np.outer(dz, h), dz, U @ dz",
             "recurrent weight not transposed in one helper"),
        Slip("not_averaged", "        dscore /= n\n", "", "loss averaged, gradient summed"),
        Slip("output_not_squashed", "do = dh * np.tanh(c)", "do = dh * c", "tanh of the cell missing"),
        Slip("added_to_nothing", "grads[k] += step_grads[k]", "grads[k] = step_grads[k]", "= for +="),
    ),
    pairs=(
        ("one_path_forgotten", "cell_of_now"),
        ("candidate_as_gate", "not_averaged"),
    ),
)  # fmt: skip

EINSUM_LSTM = Style(
    name="einsum_lstm",
    files=("repair/einsum_lstm.py",),
    net=nets.series(cell="lstm", layout="row", loss="kind: mse, reduction: sum", is_batch=True),
    adapter='''
import numpy as np

import einsum_lstm as net

shapes = {f"{name}_{role}{gate}": shape for gate in "ifog" for name, role, shape in
          (("W", "x", (I, H)), ("W", "h", (H, H)), ("b", "", (H,)))}
shapes |= {"W_hy": (H, O), "b_y": (O,)}
ROWS = {"W": "W_x", "R": "W_h", "b": "b_"}


def parameters(rng):
    return {name: rng.normal(0, 0.5, shape) for name, shape in shapes.items()}


def stacked(p):
    fused = {own: np.stack([p[name + gate] for gate in "ifog"]) for own, name in ROWS.items()}
    return fused | {"V": p["W_hy"], "c": p["b_y"]}


def loss(parameters, batch):
    state = batch.initial_state
    return net.objective(stacked(parameters), batch.inputs, batch.targets, state["h"], state["c"])


def gradients(parameters, batch):
    state = batch.initial_state
    found = net.backprop(stacked(parameters), batch.inputs, batch.targets, state["h"], state["c"])
    apart = {name + gate: found[own][k] for own, name in ROWS.items() for k, gate in enumerate("ifog")}
    return apart | {"W_hy": found["V"], "b_y": found["c"]}
''',
    slips=(
        Slip("axes_turned", 'dh = einsum("gbh,gkh->bk", delta[:, t], P["R"])',
             'dh = einsum("gbh,ghk->bk", delta[:, t], P["R"])', "recurrent weights not transposed"),
        Slip("states_of_next", 'einsum("tbk,gtbh->gkh", hs[:-1], delta)', 'einsum("tbk,gtbh->gkh", hs[1:], delta)',
             "h_t for h_{t-1}"),
        Slip("product_turned", '"tbk,gtbh->gkh"', '"tbk,gtbh->ghk"', "outer product transposed"),
        Slip("carry_replaced", "dh = dh + dH[t]", "dh = dH[t]", "hidden carry never added"),
        Slip("cell_carry_replaced", "dc = dc + dh * O[t] * (1 - tc**2)", "dc = dh * O[t] * (1 - tc**2)",
             "cell-state carry missing"),
        Slip("forget_gate_of_before", "dc = dc * F[t]\n", "dc = dc * F[t - 1]\n", "gate of another step"),
        Slip("cell_index", "dc * cs[t] * F[t]", "dc * cs[t - 1] * F[t]", "the array holds the initial state first"),
        Slip("candidate_of_sigmoid", "dc * I[t] * (1 - G[t] ** 2)", "dc * I[t] * G[t] * (1 - G[t])",
             "sigmoid' for a tanh"),
        Slip("rows_confused", "delta[1, t] = dc * cs[t]", "delta[1, t] = dc * hs[t]", "h for c"),
        Slip("not_averaged", "E = (Y - targets) / B", "E = Y - targets", "loss averaged over the batch, gradient not"),
        Slip("averaged_over_time", "E = (Y - targets) / B", "E = (Y - targets) / (T * B)", "averaged over time, too"),
    ),
    pairs=(("axes_turned", "cell_index"), ("carry_replaced", "candidate_of_sigmoid")),
)  # fmt: skip

OPERATOR_LSTM = Style(
    name="operator_lstm",
    files=("repair/operator_lstm.py",),
    net=nets.series(cell="lstm", loss="kind: softmax_cross_entropy, steps: last"),
    adapter='''
from gradcheck_rnn.adapters import adapt, attributes, definitions

net = definitions("operator_lstm.py").LSTMClassifier(I, H, O)
shapes = {f"w{gate}.v": (H, I + H) for gate in "gifo"} | {f"b{gate}.v": (H,) for gate in "gifo"}
shapes |= {"wy.v": (O, H), "by.v": (O,)}


def forward(batch):
    net.forward(batch.inputs, batch.initial_state["h"], batch.initial_state["c"])


def own_loss(batch):
    forward(batch)
    return net.loss(batch.targets)


def run(batch):
    forward(batch)
    net.backward(batch.targets)


def result(returned, holder, before):
    return {name: getattr(net, name[:2]).d for name in shapes}


loss, gradients, parameters = adapt(net, shapes, loss=own_loss, gradients=run, result=result)
''',
    slips=(
        Slip("state_carry_missing", "d_tanh(np.tanh(node.s)) + top_diff_s", "d_tanh(np.tanh(node.s))",
             "cell-state carry missing"),
        Slip("not_squashed_twice", "d_tanh(np.tanh(node.s))", "d_tanh(node.s)", "tanh' of a value not activated"),
        Slip("no_tanh_on_the_way", "node.o * top_diff_h * d_tanh(np.tanh(node.s)) + top_diff_s",
             "node.o * top_diff_h + top_diff_s", "tanh' of the cell missing"),
        Slip("wrong_half", "return dxc[x_dim:], ds * node.f", "return dxc[:self.h_dim], ds * node.f",
             "the input's part of the gradient"),
        Slip("forget_gate_missing", "return dxc[x_dim:], ds * node.f", "return dxc[x_dim:], ds",
             "forget gate missing in the carry"),
        Slip("path_overwritten", "dxc += np.dot(self.wo.v.T, do_input)", "dxc = np.dot(self.wo.v.T, do_input)",
             "= for +=: earlier gates' paths lost"),
        Slip("path_left_out", "        dxc += np.dot(self.wf.v.T, df_input)\n", "", "a gate's path missing"),
        Slip("raw_in_path", "np.dot(self.wg.v.T, dg_input)", "np.dot(self.wg.v.T, dg)", "past the derivative"),
        Slip("cell_after", "df = node.s_prev * ds", "df = node.s * ds", "c_t for c_{t-1}"),
        Slip("sigmoid_squashes", "    return values * (1 - values)\n",
             "    return sigmoid(values) * (1 - sigmoid(values))\n", "sigmoid'(sigmoid(z)), in the helper"),
        Slip("not_zeroed", "        for p in self.all_params():\n            p.d = np.zeros_like(p.v)\n", "",
             "accumulators not zeroed"),
        Slip("same_node", "self.node_backward(node, diff_h, diff_s)",
             "self.node_backward(self.nodes[-1], diff_h, diff_s)",
             "one cache for all steps"),
        Slip("carries_dropped", "diff_h, diff_s = self.node_backward(node, diff_h, diff_s)",
             "diff_h, _ = self.node_backward(node, diff_h, diff_s)", "cell carry never updated"),
        Slip("bias_copied", "self.bf.d += df_input", "self.bf.d += di_input", "copied from another gate"),
    ),
    pairs=(
        ("state_carry_missing", "path_overwritten"),
        ("wrong_half", "bias_copied"),
        ("forget_gate_missing", "not_squashed_twice"),
    ),
)  # fmt: skip

STYLES = (SLICED_FIGO, GATE_FUNCTIONS, EINSUM_LSTM, OPERATOR_LSTM)
