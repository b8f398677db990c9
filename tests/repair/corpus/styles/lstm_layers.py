"""LSTMs over a concatenated [state; input]: lists with flagged activations, a course's cell, one fused matrix."""

from tests.repair.corpus.slip import Slip, Style
from tests.repair.corpus.styles import nets

FLAGGED_LSTM = Style(
    name="flagged_lstm",
    files=("repair/flagged_lstm.py",),
    net=nets.series(cell="lstm", loss="kind: softmax_cross_entropy, reduction: sum"),
    adapter='''
from gradcheck_rnn.adapters import adapt, definitions, values

net = definitions("flagged_lstm.py")
names = ["W_f", "W_i", "W_g", "W_o", "W_v", "b_f", "b_i", "b_g", "b_o", "b_v"]
shapes = {name: (H, H + I if name[0] == "W" else 1) for name in names} | {"W_v": (O, H), "b_v": (O, 1)}
ROLES = {f"W_{gate}": [[f"W_h{gate}"], [f"W_x{gate}"]] for gate in "figo"}
ROLES |= {f"b_{gate}": f"b_{gate}" for gate in "figo"} | {"W_v": "W_hy", "b_v": "b_y"}
weights = {}


def forward(batch):
    state, p = batch.initial_state, [weights[name] for name in names]
    return net.forward(batch.inputs[..., None], state["h"][:, None], state["c"][:, None], p), p


def run(batch):
    tape, p = forward(batch)
    return net.backward(*tape, batch.targets, p)


def own_loss(batch):
    return net.cross_entropy(forward(batch)[0][-1], batch.targets)


loss, gradients, parameters = adapt(weights, shapes, loss=own_loss, gradients=run, result=values(*names))
''',
    slips=(
        Slip("flag_forgotten", "df = sigmoid(f[t], True) * df", "df = sigmoid(f[t]) * df", "sigmoid for sigmoid'"),
        Slip("tanh_once", "tanh(tanh(C[t + 1]), derivative=True)", "tanh(C[t + 1], derivative=True)",
             "tanh' of a value not activated"),
        Slip("carries_not_passed_on", "        dh_next = dz[:hidden, :]\n        dC_next = f[t] * dC\n",
             "        dh_prev = dz[:hidden, :]\n        dC_prev = f[t] * dC\n", "neither carry is passed on"),
        Slip("cell_before_is_cell", "C_prev = C[t]\n", "C_prev = C[t + 1]\n", "c_t for c_{t-1}"),
        Slip("cell_replaced", "dC += dh * o[t]", "dC = dh * o[t]", "= for +=: the cell's carry is lost"),
        Slip("hidden_replaced", "dh += dh_next", "dh = dh_next", "= for +=: the step's own error is lost"),
        Slip("tanh_flag_without_tanh", "dg = tanh(g[t], derivative=True) * dg",
             "dg = sigmoid(g[t], derivative=True) * dg", "sigmoid' for a tanh"),
        Slip("candidate_in_forget_sum", "b_f_d += df", "b_f_d += dg", "copied from another gate"),
        Slip("hidden_carry_not_passed_on", "        dh_next = dz[:hidden, :]\n", "        dh_prev = dz[:hidden, :]\n",
             "the hidden carry is not passed on"),
    ),
    pairs=(
        ("flag_forgotten", "carries_not_passed_on"),
        ("flag_forgotten", "tanh_once"),
        ("cell_before_is_cell", "candidate_in_forget_sum"),
        ("cell_replaced", "hidden_carry_not_passed_on"),
    ),
)  # fmt: skip

COURSE_LSTM = Style(
    name="course_lstm",
    files=("repair/course_lstm.py",),
    net=nets.layer(cell="lstm", layout="column"),
    adapter='''
import course_lstm as net

from gradcheck_rnn.adapters import sequence

gates = {"f": "f", "i": "i", "c": "g", "o": "o"}
ROLES = {f"W{own}": [[f"W_h{gate}"], [f"W_x{gate}"]] for own, gate in gates.items()}
ROLES |= {f"b{own}": f"b_{gate}" for own, gate in gates.items()}
loss, gradients, parameters = sequence(
    forward=net.lstm_forward, backward=net.lstm_backward,
    shapes={f"{letter}{gate}": (H, width) for gate in gates for letter, width in (("W", H + I), ("b", 1))},
    inputs=("x", "a0", "c0"), axes="IBT",
)
''',
    slips=(
        Slip("upstream_not_added", "lstm_cell_backward(da[:, :, t] + da_prevt, dc_prevt, caches[t])",
             "lstm_cell_backward(da_prevt, dc_prevt, caches[t])", "upstream gradient never added"),
        Slip("upstream_alone", "lstm_cell_backward(da[:, :, t] + da_prevt, dc_prevt, caches[t])",
             "lstm_cell_backward(da[:, :, t], dc_prevt, caches[t])", "hidden carry never added"),
        Slip("cell_carry_unused", 'da_prevt, dc_prevt = gradients["da_prev"], gradients["dc_prev"]',
             'da_prevt = gradients["da_prev"]', "cell carry never updated"),
        Slip("outer_tanh_forgotten",
             "dit = (dc_next * cct + ot * (1 - np.square(np.tanh(c_next))) * cct * da_next)",
             "dit = (dc_next * cct + ot * (1 - np.square(c_next)) * cct * da_next)", "tanh' of a value not activated"),
        Slip("cell_next_in_forget_gate",
             "dft = (dc_next * c_prev + ot * (1 - np.square(np.tanh(c_next))) * c_prev * da_next)",
             "dft = (dc_next * c_prev + ot * (1 - np.square(np.tanh(c_next))) * c_next * da_next)",
             "c_t for c_{t-1} in one of two places"),
        Slip("halves_mixed_up", "        + np.dot(Wi[:, :n_a].T, dit)\n", "        + np.dot(Wi[:, -n_a:].T, dit)\n",
             "the input's part of a weight"),
        Slip("gate_paths_missing",
             "        + np.dot(Wc[:, :n_a].T, dcct)\n        + np.dot(Wo[:, :n_a].T, dot)\n    )\n    dc_prev",
             "        + np.dot(Wc[:, :n_a].T, dcct)\n    )\n    dc_prev", "a gate's path into h[t-1] missing"),
        Slip("forget_gate_in_half", "dc_prev = dc_next * ft +", "dc_prev = dc_next +", "forget gate missing in a term"),
        Slip("bias_over_units", "dbo = np.sum(dot, axis=1, keepdims=True)", "dbo = np.sum(dot, keepdims=True)",
             "bias summed over units, too"),
        Slip("bias_summed_twice", '        dbi += gradients["dbi"]\n', '        dbi += gradients["dbf"]\n',
             "copied from another gate"),
        Slip("candidate_derivative", "* it * da_next) * (1 - np.square(cct))", "* it * da_next) * cct * (1 - cct)",
             "sigmoid' for a tanh"),
        Slip("input_paths_by_state", "concat = np.concatenate((a_prev, xt), axis=0)\n    dWf",
             "concat = np.concatenate((a_next, xt), axis=0)\n    dWf", "h_t for h_{t-1}"),
    ),
    pairs=(
        ("cell_carry_unused", "bias_summed_twice"),
        ("outer_tanh_forgotten", "halves_mixed_up"),
        ("forget_gate_in_half", "candidate_derivative"),
    ),
)  # fmt: skip

CONCAT_LSTM = Style(
    name="concat_lstm",
    files=("repair/concat_lstm.py",),
    net=nets.series(cell="lstm", layout="row", loss="kind: mse, reduction: mean", is_batch=True),
    adapter='''
from concat_lstm import ConcatLSTM
from gradcheck_rnn.adapters import adapt, mapping

net = ConcatLSTM(I, H, O)
ROLES = {"W": [[f"W_{at}{gate}" for gate in "ifgo"] for at in "hx"], "b": [f"b_{gate}" for gate in "ifgo"]}
ROLES |= {"V": "W_hy", "c": "b_y"}


def own_loss(batch):
    return net.loss(batch.inputs, batch.targets, batch.initial_state["h"], batch.initial_state["c"])


def run(batch):
    own_loss(batch)
    return net.backward(batch.targets)


loss, gradients, parameters = adapt(net, ["W", "b", "V", "c"], loss=own_loss, gradients=run, result=mapping(""))
''',
    slips=(
        Slip("sum_for_mean", "dpred = (self.pred - Y) / (T * B)", "dpred = (self.pred - Y) / T",
             "mean over the batch forgotten"),
        Slip("gates_exchanged",
             "da[:, 2 * H : 3 * H] = dc * i * (1 - g * g)\n            da[:, 3 * H :] = dh * tc * o * (1 - o)",
             "da[:, 3 * H :] = dc * i * (1 - g * g)\n            da[:, 2 * H : 3 * H] = dh * tc * o * (1 - o)",
             "gates in another order"),
        Slip("candidate_as_gate", "(1 - g * g)", "g * (1 - g)", "sigmoid' for a tanh"),
        Slip("carry_of_the_input", "dh_carry = dhx[:, :H]", "dh_carry = dhx[:, -H:]",
             "the input's part of the gradient"),
        Slip("cell_carry_without_gate", "dc_carry = dc * f", "dc_carry = dc", "forget gate missing"),
        Slip("cell_index", "dc * self.cell[t] * f", "dc * self.cell[t + 1] * f", "c_t for c_{t-1}"),
        Slip("tanh_of_tanh", "dc = dc_carry + dh * o * (1 - tc * tc)",
             "dc = dc_carry + dh * o * (1 - np.tanh(tc) ** 2)", "derivative of the activated value"),
        Slip("dc_not_chained", "dc = dc_carry + dh * o * (1 - tc * tc)", "dc = dc_carry + dh_carry * o * (1 - tc * tc)",
             "carry for the whole gradient"),
        Slip("last_step_lost", "for t in range(T - 1, -1, -1):", "for t in range(T - 2, -1, -1):",
             "loop drops the last step"),
        Slip("output_weight_of_early_states", "np.tensordot(self.hid[1:], dpred", "np.tensordot(self.hid[:-1], dpred",
             "h_{t-1} for h_t"),
    ),
    pairs=(
        ("sum_for_mean", "cell_index"),
        ("candidate_as_gate", "cell_carry_without_gate"),
        ("tanh_of_tanh", "output_weight_of_early_states"),
    ),
)  # fmt: skip

STEP_FUNCTIONS = Style(
    name="step_functions",
    files=("styles/step_functions.py",),
    net=nets.layer(cell="lstm"),
    adapter='''
from gradcheck_rnn.adapters import definitions, unrolled, values

net = definitions("step_functions.py")
ROLES = {name: [f"{role}{gate}" for gate in "ifog"] for name, role in (("Wx", "W_x"), ("Wh", "W_h"), ("b", "b_"))}
loss, gradients, parameters = unrolled(
    forward=lambda x, h, c, p: net.lstm_step_forward(x, h, c, p["Wx"], p["Wh"], p["b"]),
    backward=net.lstm_step_backward, inputs=("x", "h", "c"),
    shapes={"Wx": (I, 4 * H), "Wh": (H, 4 * H), "b": (4 * H,)}, result=values("x", "h", "c", "Wx", "Wh", "b"),
)
''',
    slips=(
        Slip("cell_gradient_replaced", "dc = dnext_c + dnext_h * o", "dc = dnext_h * o", "cell-state carry missing"),
        Slip("upstream_for_dc", "dx, dprev_h, dprev_c = da @ Wx.T, da @ Wh.T, dc * f",
             "dx, dprev_h, dprev_c = da @ Wx.T, da @ Wh.T, dnext_c * f", "the carry alone, without the step's part"),
        Slip("cell_not_squashed", "dnext_h * np.tanh(next_c) * o * (1 - o)", "dnext_h * next_c * o * (1 - o)",
             "tanh of c missing"),
        Slip("factor_order", "(dc * g * i * (1 - i), dc * prev_c * f * (1 - f)",
             "(dc * g * i * (1 - i), dc * prev_c * i * (1 - f)", "another gate in a derivative"),
        Slip("weight_of_next", "x.T @ da, prev_h.T @ da", "x.T @ da, dnext_h.T @ da", "gradient for the state"),
        Slip("sign", "dc * i * (1 - g**2))", "dc * i * (g**2 - 1))", "sign of tanh'"),
    ),
    pairs=(("cell_not_squashed", "upstream_for_dc"), ("factor_order", "weight_of_next")),
)  # fmt: skip

STYLES = (FLAGGED_LSTM, COURSE_LSTM, CONCAT_LSTM, STEP_FUNCTIONS)
