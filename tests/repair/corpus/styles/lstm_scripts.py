"""LSTMs as scripts and classes that take a whole sequence."""

from tests.repair.corpus.slip import Slip, Style
from tests.repair.corpus.styles import nets

GATE_SCRIPT = Style(
    name="gate_script",
    files=("styles/gate_script.py",),
    net=nets.words(cell="lstm"),
    adapter='''
from gradcheck_rnn.adapters import adapt, definitions, values

net = definitions("gate_script.py", stubs=["matplotlib", "matplotlib.pyplot"])
net.vocab_size = I
net.H = H
gates = {"f": "f", "i": "i", "c": "g", "o": "o"}
shapes = {f"{letter}{gate}": (H, width) for letter, width in (("W", H + I), ("b", 1)) for gate in gates}
shapes |= {"Wy": (I, H), "by": (I, 1)}
ROLES = {f"W{own}": [[f"W_h{gate}"], [f"W_x{gate}"]] for own, gate in gates.items()}
ROLES |= {f"b{own}": f"b_{gate}" for own, gate in gates.items()} | {"Wy": "W_hy", "by": "b_y"}


def run(batch):
    state = batch.initial_state
    return net.lstm_loss(batch.tokens, batch.targets, state["h"][:, None], state["c"][:, None])


result = values(None, "Wf", "Wi", "Wc", "Wo", "Wy", "bf", "bi", "bc", "bo", "by", None, None)
loss, gradients, parameters = adapt(net, shapes, loss=lambda b: run(b)[0], gradients=run, result=result)
''',
    slips=(
        Slip("cell_carry_not_added", "dc = dh * o[t] * (1 - np.tanh(c[t]) ** 2) + dc_next",
             "dc = dh * o[t] * (1 - np.tanh(c[t]) ** 2)", "cell-state carry missing, hidden carry there"),
        Slip("cell_carry_never_updated", "        dc_next = dc * f[t]\n", "", "cell-state carry never updated"),
        Slip("forget_gate_forgotten", "dc_next = dc * f[t]", "dc_next = dc", "forget gate missing in the carry"),
        Slip("tanh_of_cell_missing", "(1 - np.tanh(c[t]) ** 2)", "(1 - c[t] ** 2)", "tanh' of a value not activated"),
        Slip("cell_after_for_before", "df = dc * c[t - 1] * f[t]", "df = dc * c[t] * f[t]", "c_t for c_{t-1}"),
        Slip("input_gate_of_candidate", "di = dc * g[t] * i[t] * (1 - i[t])", "di = dc * i[t] * (1 - i[t])",
             "factor of a gate missing"),
        Slip("candidate_as_a_gate", "dg = dc * i[t] * (1 - g[t] ** 2)", "dg = dc * i[t] * g[t] * (1 - g[t])",
             "sigmoid' for a tanh"),
        Slip("one_gate_path_missing", "Wf.T @ df + Wi.T @ di + Wc.T @ dg + Wo.T @ do",
             "Wf.T @ df + Wi.T @ di + Wc.T @ dg", "a gate's path into h[t-1] missing"),
        Slip("bias_of_another_gate", "dbi += di", "dbi += df", "gradient of another gate"),
        Slip("wrong_half", "dh_next = dz[:H]", "dh_next = dz[-H:]", "the letter's part of the gradient"),
    ),
    pairs=(
        ("cell_carry_not_added", "bias_of_another_gate"),
        ("forget_gate_forgotten", "cell_after_for_before"),
        ("tanh_of_cell_missing", "candidate_as_a_gate"),
        ("one_gate_path_missing", "input_gate_of_candidate"),
    ),
)  # fmt: skip

FUSED_SCRIPT = Style(
    name="fused_script",
    files=("styles/fused_script.py",),
    net=nets.words(cell="lstm"),
    adapter='''
from gradcheck_rnn.adapters import adapt, definitions, values

net = definitions("fused_script.py")
net.hidden_size = H
net.n_symbols = I
shapes = {"Wx": (4 * H, I), "Wh": (4 * H, H), "Wy": (I, H), "b": (4 * H, 1), "by": (I, 1)}
ROLES = {name: [f"{role}{gate}" for gate in "ifog"] for name, role in (("Wx", "W_x"), ("Wh", "W_h"), ("b", "b_"))}
ROLES |= {"Wy": "W_hy", "by": "b_y"}


def run(batch):
    state = batch.initial_state
    return net.loss_fun(batch.tokens, batch.targets, state["h"][:, None], state["c"][:, None])


result = values(None, "Wx", "Wh", "Wy", "b", "by", None, None)
loss, gradients, parameters = adapt(net, shapes, loss=lambda b: run(b)[0], gradients=run, result=result)
''',
    slips=(
        Slip("order_of_gates",
             "                dc * cs[t - 1] * f * (1 - f),\n                dh * np.tanh(cs[t]) * o * (1 - o),\n",
             "                dh * np.tanh(cs[t]) * o * (1 - o),\n                dc * cs[t - 1] * f * (1 - f),\n",
             "gates stacked in another order"),
        Slip("output_gate_of_cell", "dh * np.tanh(cs[t]) * o * (1 - o)", "dh * cs[t] * o * (1 - o)",
             "tanh of c missing"),
        Slip("output_gate_of_dc", "dh * np.tanh(cs[t]) * o * (1 - o)", "dc * np.tanh(cs[t]) * o * (1 - o)",
             "dc for dh"),
        Slip("hidden_state_of_step", "dWh += np.dot(da, hs[t - 1].T)", "dWh += np.dot(da, hs[t].T)", "h_t for h_{t-1}"),
        Slip("carry_by_input_gate", "dcnext = dc * f", "dcnext = dc * i", "another gate in the carry"),
        Slip("tanh_of_cell_before", "(1 - np.tanh(cs[t]) ** 2)", "(1 - np.tanh(cs[t - 1]) ** 2)", "c_{t-1} for c_t"),
        Slip("weight_of_inputs", "dhnext = np.dot(Wh.T, da)", "dhnext = np.dot(dWh.T, da)",
             "gradient matrix for weight"),
        Slip("bias_overwritten", "        db += da\n", "        db = da\n", "= for +="),
        Slip("clip_bites", "np.clip(gradient, -50, 50, out=gradient)", "np.clip(gradient, -0.1, 0.1, out=gradient)",
             "clipping that bites"),
    ),
    pairs=(
        ("order_of_gates", "hidden_state_of_step"),
        ("output_gate_of_cell", "bias_overwritten"),
        ("tanh_of_cell_before", "carry_by_input_gate"),
    ),
)  # fmt: skip

GATE_METHODS = Style(
    name="gate_methods",
    files=("styles/gate_methods.py",),
    net=nets.words(cell="lstm"),
    adapter='''
from gradcheck_rnn.adapters import adapt, definitions, mapping

net = definitions("gate_methods.py").StepByStep(None, I, n_h=H)
gates = {"f": "f", "i": "i", "c": "g", "o": "o"}
shapes = {f"{letter}{gate}": (H, width) for letter, width in (("W", H + I), ("b", 1)) for gate in gates}
shapes |= {"Wv": (I, H), "bv": (I, 1)}
ROLES = {f"W{own}": [[f"W_h{gate}"], [f"W_x{gate}"]] for own, gate in gates.items()}
ROLES |= {f"b{own}": f"b_{gate}" for own, gate in gates.items()} | {"Wv": "W_hy", "bv": "b_y"}


def run(batch):
    net.seq_len = len(batch.inputs)
    state = batch.initial_state
    return net.forward_backward(batch.tokens, batch.targets, state["h"][:, None], state["c"][:, None])


loss, gradients, parameters = adapt(
    net.params, shapes, loss=lambda b: run(b)[0], gradients=lambda b: (run(b), net.grads)[1], result=mapping("d")
)
''',
    slips=(
        Slip("carry_of_cell_dropped", "return dz[: self.n_h], dc * f", "return dz[: self.n_h], dc",
             "forget gate missing"),
        Slip("hidden_carry_dropped", "dh = dh + self.params[", "dh = self.params[", "carry of h never added"),
        Slip("gate_without_derivative", "raw_f = dc * c * f * (1 - f)", "raw_f = dc * c * f", "half of sigmoid'"),
        Slip("new_cell", "raw_f = dc * c * f * (1 - f)", "raw_f = dc * new_c * f * (1 - f)", "c_t for c_{t-1}"),
        Slip("grads_copied", 'self.grads["dWo"] += raw_o @ z.T', 'self.grads["dWo"] += raw_i @ z.T',
             "copied from another gate"),
        Slip("untransposed_gate", 'p["Wi"].T @ raw_i', 'p["Wo"].T @ raw_i', "another gate's weight"),
        Slip("bias_overwritten", 'self.grads["dbc"] += raw_c', 'self.grads["dbc"] = raw_c', "= for +="),
        Slip("dc_before_output", "dc = dc + dh * o * (1 - np.tanh(new_c) ** 2)",
             "dc = dc + dh * (1 - np.tanh(new_c) ** 2)", "output gate missing"),
        Slip("steps_kept", "dh, dc, steps[t][1])", "dh, dc, steps[-1][1])", "the last cache at every step"),
        Slip("not_zeroed", 'self.grads = {"d" + name', 'self.grads = self.grads or {"d" + name',
             "accumulators zeroed in the first call alone"),
    ),
    pairs=(
        ("carry_of_cell_dropped", "grads_copied"),
        ("gate_without_derivative", "bias_overwritten"),
        ("dc_before_output", "untransposed_gate"),
    ),
)  # fmt: skip

METER_LSTM = Style(
    name="meter_lstm",
    files=("meter_lstm/meter_lstm.py", "meter_lstm/right.py"),
    net=nets.series(cell="lstm", layout="row", loss="kind: mse, reduction: mean", is_batch=True),
    entry="right.py",
    slips=(
        Slip("half_of_the_mean", "count = len(days) * inputs.shape[1]", "count = len(days)",
             "mean over the batch forgotten"),
        Slip("slope_of_candidate", "dc * day[\"i\"] * (1 - day[\"g\"] ** 2)", "dc * day[\"i\"] * slope(day[\"g\"])",
             "sigmoid' for a tanh"),
        Slip("slope_is_the_gate", "return gate * (1 - gate)", "return sigmoid(gate) * (1 - sigmoid(gate))",
             "sigmoid'(sigmoid(x))"),
        Slip("cell_for_before", 'dc * day["c_before"]', 'dc * day["c"]', "c_t for c_{t-1}"),
        Slip("state_for_before", 'd["Wh"] += day["h_before"].T @ da', 'd["Wh"] += day["h"].T @ da', "h_t for h_{t-1}"),
        Slip("carry_added_twice", 'dh = dy @ p["Wy"].T + dh_next', 'dh = dy @ p["Wy"].T + 2 * dh_next',
             "carry counted twice"),
        Slip("squash_forgotten", "dh * squashed * slope(day[\"o\"])", "dh * slope(day[\"o\"])", "tanh of c missing"),
        Slip("bias_of_one", 'd["b"] += da.sum(axis=0)', 'd["b"] += da[0]', "bias of one household"),
        Slip("targets_in_order", "zip(reversed(days), reversed(targets), strict=True)",
             "zip(reversed(days), targets, strict=True)", "targets in forward order"),
    ),
    pairs=(
        ("half_of_the_mean", "cell_for_before"),
        ("slope_of_candidate", "state_for_before"),
        ("squash_forgotten", "bias_of_one"),
    ),
)  # fmt: skip

STYLES = (GATE_SCRIPT, FUSED_SCRIPT, GATE_METHODS, METER_LSTM)
