"""LSTMs, not looked at while the search was written: a bias row, gates with dictionaries, a framework's layers."""

from tests.repair.corpus.slip import Slip, Style
from tests.repair.corpus.styles import nets

BIAS_ROW_LSTM = Style(
    name="bias_row_lstm",
    files=("repair/bias_row_lstm.py",),
    net=nets.layer(cell="lstm"),
    adapter='''
import bias_row_lstm as net

from gradcheck_rnn.adapters import sequence, values

ROLES = {"W": [[f"W_x{gate}" for gate in "ifog"], [f"W_h{gate}" for gate in "ifog"], [f"b_{gate}" for gate in "ifog"]]}
loss, gradients, parameters = sequence(
    forward=lambda x, h0, c0, p: net.forward(x, h0, c0, p["W"]), backward=net.backward,
    shapes={"W": (I + H + 1, 4 * H)}, inputs=("x", "h0", "c0"), result=values("x", "W", "h0", "c0"),
)
''',
    slips=(
        Slip("cell_gradient_set", "dC[t] += (1 - tanhC[t]**2)", "dC[t] = (1 - tanhC[t]**2)",
             "= for +=: the cell's carry is lost"),
        Slip("forget_gate_forgotten", "dC[t-1] += f * dC[t]", "dC[t-1] += dC[t]", "forget gate missing in the carry"),
        Slip("upstream_overwritten", "dHs[t-1] += dZ[:, I:-1]", "dHs[t-1] = dZ[:, I:-1]",
             "= for +=: the upstream gradient is lost"),
        Slip("bias_column_carried", "dHs[t-1] += dZ[:, I:-1]", "dHs[t-1] += dZ[:, I+1:]",
             "slice off by one: the bias's column is carried"),
        Slip("candidate_not_derived", "da[:, 3*D:] = (1 - g**2) * dA[t, :, 3*D:]", "da[:, 3*D:] = dA[t, :, 3*D:]",
             "tanh' of the candidate missing"),
        Slip("squashed_again", "da[:, :3*D] = s * (1.0 - s) *", "da[:, :3*D] = sigm(s) * (1.0 - sigm(s)) *",
             "sigmoid'(sigmoid(z))"),
        Slip("wraps_at_first", "dA[t, :, D:2*D] = c0 * dC[t]", "dA[t, :, D:2*D] = C[t-1] * dC[t]",
             "index -1 wraps to the last step at t = 0"),
        Slip("initial_cell_ungated", "dc0 = f * dC[t]", "dc0 = dC[t]", "forget gate missing in the initial state's"),
        Slip("cell_not_squashed", "dA[t, :, 2*D:3*D] = tanhC[t] * dHs[t]", "dA[t, :, 2*D:3*D] = C[t] * dHs[t]",
             "wrong cached value: c for tanh(c)"),
        Slip("upstream_without_carry", "(o * dHs[t])", "(o * dH[t])", "carry missing in one of two places"),
        Slip("gates_exchanged", "dA[t, :, :D] = g * dC[t]\n        dA[t, :, 3*D:] = i * dC[t]",
             "dA[t, :, :D] = i * dC[t]\n        dA[t, :, 3*D:] = g * dC[t]", "operands swapped between two gates"),
        Slip("weights_of_first_step", "dW += Z[t].T.dot(da)", "dW = Z[t].T.dot(da)", "= for +="),
        Slip("past_the_gates", "dZ = da.dot(W.T)", "dZ = dA[t].dot(W.T)",
             "activation derivatives missing on the way back"),
    ),
    pairs=(
        ("cell_gradient_set", "squashed_again"),
        ("upstream_overwritten", "wraps_at_first"),
        ("forget_gate_forgotten", "past_the_gates"),
    ),
)  # fmt: skip

GATE_DICTIONARY = Style(
    name="gate_dictionary",
    files=("repair/gate_dictionary.py",),
    net=nets.words(cell="lstm"),
    adapter='''
from gate_dictionary import GATES, LSTM

net = LSTM(I, H)
OWN = {"W": (H, I), "U": (H, H), "b": (H, 1)}
shapes = {f"{letter}_{gate}": shape for gate in GATES for letter, shape in OWN.items()}
shapes |= {"W_out": (I, H), "b_out": (I, 1)}


def parameters(rng):
    return {name: rng.normal(0, 0.5, shape) for name, shape in shapes.items()}


def forward(parameters, batch):
    for gate in GATES:
        net.gates[gate] = {letter: parameters[f"{letter}_{gate}"] for letter in OWN}
    net.out = {letter: parameters[f"{letter}_out"] for letter in "Wb"}
    net.forward(batch.tokens, batch.initial_state["h"][:, None], batch.initial_state["c"][:, None])


def loss(parameters, batch):
    forward(parameters, batch)
    return net.cross_entropy(batch.targets)


def gradients(parameters, batch):
    forward(parameters, batch)
    d_gates, d_out = net.backward(batch.targets)
    found = {f"{letter}_{gate}": value for gate, own in d_gates.items() for letter, value in own.items()}
    return found | {"W_out": d_out["W"], "b_out": d_out["b"]}
''',
    slips=(
        Slip("helper_squashes", "    return s * (1. - s)\n", "    return sigmoid(s) * (1. - sigmoid(s))\n",
             "sigmoid'(sigmoid(z)), in the helper"),
        Slip("cell_not_squashed", "d_tanh(tanh_c)", "d_tanh(step['c'])", "tanh' of a value not activated"),
        Slip("all_gates_alike", "(d_tanh(a[gate]) if gate == 'cell' else d_sigmoid(a[gate]))", "d_sigmoid(a[gate])",
             "sigmoid' for a tanh"),
        Slip("last_path_kept", "dh_next += self.gates[gate]", "dh_next = self.gates[gate]",
             "= for +=: other gates' paths into h[t-1] lost"),
        Slip("carry_not_zeroed", "            dh_next = np.zeros_like(dh)\n", "",
             "carry not zeroed: those of later steps stay in it"),
        Slip("wrong_gate_in_carry", "dc_next = dc * a['forget']", "dc_next = dc * a['input']",
             "another gate in the cell's carry"),
        Slip("targets_in_order", "reversed(targets)", "targets", "target of another step"),
        Slip("state_of_now", "dz.dot(step['h_prev'].T)", "dz.dot(step['h'].T)", "h_t for h_{t-1}"),
        Slip("cell_of_now", "dc * step['c_prev']", "dc * step['c']", "c_t for c_{t-1}"),
        Slip("state_for_cell", "'output': dh * tanh_c", "'output': dh * step['h']",
             "wrong cached value: h for tanh(c)"),
        Slip("bias_past_derivative", "d_gates[gate]['b'] += dz", "d_gates[gate]['b'] += da[gate]",
             "activation derivatives missing in the biases"),
        Slip("partners_kept", "'input': dc * a['cell'],\n                'cell': dc * a['input'],",
             "'input': dc * a['input'],\n                'cell': dc * a['cell'],",
             "operands swapped between two gates"),
        Slip("clipped_at_one", "        return d_gates, d_out\n",
             "        for grads in (d_out, *d_gates.values()):\n            for g in grads.values():\n"
             "                np.clip(g, -1, 1, out=g)\n        return d_gates, d_out\n", "gradients clipped"),
    ),
    pairs=(
        ("last_path_kept", "cell_of_now"),
        ("cell_not_squashed", "bias_past_derivative"),
        ("wrong_gate_in_carry", "state_for_cell"),
    ),
)  # fmt: skip

LAYERED_LSTM = Style(
    name="layered_lstm",
    files=("repair/layered_lstm.py",),
    net=nets.words(cell="lstm", outputs="O", layout="row", more=", embedding_size: 3")
    .replace("length: {T}", "length: {T}, batch_size: {B}")
    .replace("reduction: sum", "reduction: mean"),
    adapter='''
from gradcheck_rnn.adapters import adapt, attributes
from layered_lstm import Tagger

net = Tagger(I, 3, H, O)
shapes = {"embedding.E": (I, 3), "lstm.Wx": (3, 4 * H), "lstm.Wh": (H, 4 * H), "lstm.b": (4 * H,)}
shapes |= {"linear.W": (H, O), "linear.b": (O,)}


def own_loss(batch):
    return net.forward(batch.tokens.T, batch.targets.T, batch.initial_state["h"], batch.initial_state["c"])


def run(batch):
    own_loss(batch)
    net.backward()


loss, gradients, parameters = adapt(net, shapes, loss=own_loss, gradients=run, result=attributes(net))
''',
    slips=(
        Slip("words_counted_once", "np.add.at(self.dE, self.idx, dout)", "self.dE[self.idx] += dout",
             "a repeated word's contributions lost"),
        Slip("bias_averaged", "self.db = dout.sum(axis=(0, 1))", "self.db = dout.mean(axis=0).sum(axis=0)",
             "averaged over the batch once more"),
        Slip("not_zeroed", "        self.zero_grad()\n        dx = np.zeros_like(self.x)\n",
             "        dx = np.zeros_like(self.x)\n", "accumulators not zeroed"),
        Slip("filed_at_another_step", "dx[:, t] = dz @ self.Wx.T", "dx[:, T - 1 - t] = dz @ self.Wx.T",
             "gradient put at another step"),
        Slip("gate_of_before", "            dc = dc * f\n", "            dc = dc * self.gates[t - 1][0]\n",
             "gate of another step"),
        Slip("half_a_sigmoid", "di * i * (1 - i)", "di * (1 - i)", "half of sigmoid'"),
        Slip("blocks_in_wrong_order", "np.hstack([df * f * (1 - f), dg * (1 - g ** 2), di * i * (1 - i),",
             "np.hstack([di * i * (1 - i), dg * (1 - g ** 2), df * f * (1 - f),", "arguments swapped"),
        Slip("cell_for_its_tanh", "(1 - tanh_c ** 2)", "(1 - self.c[:, t + 1] ** 2)",
             "tanh' of a value not activated"),
        Slip("not_over_time", "count = self.p.shape[0] * self.p.shape[1]", "count = self.p.shape[0]",
             "loss averaged over time, gradient summed"),
        Slip("window_of_four", "for t in reversed(range(T)):", "for t in reversed(range(max(0, T - 4), T)):",
             "truncated to four steps"),
        Slip("upstream_in_output_gate", "do = dh * tanh_c", "do = dout[:, t] * tanh_c",
             "carry missing in the output gate"),
        Slip("sign_of_candidate", "dg * (1 - g ** 2)", "dg * (g ** 2 - 1)", "sign of tanh'"),
        Slip("bias_forgotten", "            self.db += dz.sum(axis=0)\n", "", "bias's contributions never added"),
    ),
    pairs=(
        ("words_counted_once", "half_a_sigmoid"),
        ("gate_of_before", "bias_averaged"),
        ("cell_for_its_tanh", "sign_of_candidate"),
    ),
)  # fmt: skip

STYLES = (BIAS_ROW_LSTM, GATE_DICTIONARY, LAYERED_LSTM)
