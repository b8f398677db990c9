"""GRUs as a script of lists, a layer with attributes, functions of einsum, a notebook."""

from tests.repair.corpus.slip import Slip, Style
from tests.repair.corpus.styles import nets

GRU_LISTS = Style(
    name="gru_lists",
    files=("repair/gru_lists.py",),
    net=nets.words(cell="gru"),
    adapter='''
from gradcheck_rnn.adapters import adapt, definitions, values

net = definitions("gru_lists.py")
net.vocab_size = I
shapes = {"Wy": (I, H), **{f"W{gate}": (H, I) for gate in "hrz"}, **{f"U{gate}": (H, H) for gate in "hrz"}}
shapes |= {"by": (I, 1), **{f"b{gate}": (H, 1) for gate in "hrz"}}


def run(batch):
    return net.lossFun(batch.tokens, batch.targets, batch.initial_state["h"][:, None])


result = values(None, *shapes, None)
loss, gradients, parameters = adapt(net, shapes, loss=lambda b: run(b)[0], gradients=run, result=result)
''',
    slips=(
        Slip("state_way_missing", "dhnext = dh_fz_inner + dh_fz + dh_fhh + dh_fr",
             "dhnext = dh_fz_inner + dh_fz + dh_fr", "way through the candidate missing"),
        Slip("one_minus_z", "dh_fz = np.multiply(dh, z[t])", "dh_fz = np.multiply(dh, 1 - z[t])", "1 - z for z"),
        Slip("derivative_of_input", "dz_l = dz * dsigmoid(z[t])", "dz_l = dz * sigmoid(z[t])", "sigmoid for sigmoid'"),
        Slip("candidate_derivative", "dh_hat_l = dh_hat * dtanh(h_hat[t])", "dh_hat_l = dh_hat * dsigmoid(h_hat[t])",
             "sigmoid' for a tanh"),
        Slip("state_without_reset", "dUh += np.dot(dh_hat_l, np.multiply(r[t], h[t]).T)",
             "dUh += np.dot(dh_hat_l, h[t].T)", "reset gate missing in the weight"),
        Slip("list_index", "dUr += np.dot(dr_l, h[t].T)", "dUr += np.dot(dr_l, h[t + 1].T)",
             "the list holds the initial state first"),
        Slip("untransposed", "drhp = np.dot(Uh.T, dh_hat_l)", "drhp = np.dot(Uh, dh_hat_l)",
             "recurrent weight not transposed"),
        Slip("raw_for_linear", "dh_fr = np.dot(Ur.T, dr_l)", "dh_fr = np.dot(Ur.T, dr)", "past the gate's derivative"),
        Slip("update_gate_sign", "np.multiply(dh, h[t] - h_hat[t])", "np.multiply(dh, h_hat[t] - h[t])",
             "sign of the update gate"),
        Slip("order_of_result", "dUh, dUr, dUz, dby", "dUr, dUh, dUz, dby", "returned in another order"),
        Slip("overwritten", "        dbr += dr_l\n", "        dbr = dr_l\n", "= for +="),
    ),
    pairs=(
        ("state_way_missing", "overwritten"),
        ("one_minus_z", "list_index"),
        ("candidate_derivative", "state_without_reset"),
        ("untransposed", "update_gate_sign"),
    ),
)  # fmt: skip

GRU_LAYER = Style(
    name="gru_layer",
    files=("repair/gru_layer.py",),
    net=nets.layer(cell="gru"),
    adapter='''
from gradcheck_rnn.adapters import sequence
from gru_layer import GRULayer

layer = GRULayer(I, H)
shapes = {f"{letter}{gate}": shape for gate in "zrn" for letter, shape in (("W", (I, H)), ("U", (H, H)), ("b", (H,)))}


def result(dx, holder, before):
    return {name: getattr(layer, f"d{name}") for name in shapes} | {"x": dx, "h0": layer.dh0}


loss, gradients, parameters = sequence(
    home=layer, forward=lambda x, h0, p: layer.forward(x, h0), backward=layer.backward, shapes=shapes, result=result,
)
''',
    slips=(
        Slip("not_zeroed", "        self.zero_grad()\n        dx = np.zeros_like", "        dx = np.zeros_like",
             "accumulators not zeroed"),
        Slip("reset_gate_too_late", "dq = dn * r\n", "dq = dn\n", "reset gate missing in the product's gradient"),
        Slip("reset_of_state", "dr = dn * q * r * (1 - r)", "dr = dn * h_prev * r * (1 - r)",
             "the state for its product: reset before, not after"),
        Slip("kept_share", "dh = dh * (1 - z) + dz", "dh = dh * z + dz", "z for 1 - z"),
        Slip("direct_path_lost", "dh = dh * (1 - z) + dz @ self.Uz.T", "dh = dz @ self.Uz.T",
             "direct path of the state missing"),
        Slip("upstream_over_carry", "dh = dh + dout[t]", "dh = dout[t]", "carry never added"),
        Slip("product_for_candidate", "self.dUn += h_prev.T @ dq", "self.dUn += h_prev.T @ dn", "dn for dq"),
        Slip("bias_overwritten", "self.dbz += dz.sum(axis=0)", "self.dbz = dz.sum(axis=0)", "= for +="),
        Slip("input_at_wrong_step", "self.dWr += self.x[t].T @ dr", "self.dWr += self.x[t - 1].T @ dr",
             "input of another step"),
        Slip("state_of_step", "            h_prev = self.states[t]\n", "            h_prev = self.states[t + 1]\n",
             "h_t for h_{t-1}"),
    ),
    pairs=(
        ("reset_gate_too_late", "bias_overwritten"),
        ("direct_path_lost", "input_at_wrong_step"),
        ("product_for_candidate", "kept_share"),
        ("reset_of_state", "bias_overwritten"),
    ),
)  # fmt: skip

GRU_EINSUM = Style(
    name="gru_einsum",
    files=("repair/gru_einsum.py",),
    net=nets.series(cell="gru", layout="row", loss="kind: mse, reduction: sum", is_batch=True),
    adapter='''
import gru_einsum as net

shapes = {f"{letter}{gate}": shape for gate in "urm" for letter, shape in (("W", (I, H)), ("V", (H, H)), ("b", (H,)))}
shapes |= {"C": (H, O), "d": (O,)}


def parameters(rng):
    return {name: rng.normal(0, 0.5, shape) for name, shape in shapes.items()}


def loss(parameters, batch):
    return net.squared_error(parameters, batch.inputs, batch.targets, batch.initial_state["h"])


def gradients(parameters, batch):
    return net.all_gradients(parameters, batch.inputs, batch.targets, batch.initial_state["h"])
''',
    slips=(
        Slip("letters_turned", 'rh = np.einsum("nh,kh->nk", am, w["Vm"])', 'rh = np.einsum("nh,hk->nk", am, w["Vm"])',
             "recurrent weight not transposed"),
        Slip("outer_turned", 'np.einsum("nk,nh->kh", state, a)', 'np.einsum("nk,nh->hk", state, a)',
             "outer product the wrong way round"),
        Slip("reset_forgotten", "before = dh * u + rh * r", "before = dh * u + rh", "reset gate missing in the carry"),
        Slip("reset_path_missing", ' + np.einsum("nh,kh->nk", ar, w["Vr"])', "", "path through the reset gate missing"),
        Slip("paths_replace", 'before = before + np.einsum("nh,kh->nk", au', 'before = np.einsum("nh,kh->nk", au',
             "sum begun anew"),
        Slip("candidate_state", '("m", am, r * h)', '("m", am, h)', "reset gate missing in the weight"),
        Slip("update_of_state", "au = dh * (h - m) * u * (1 - u)", "au = dh * h * u * (1 - u)",
             "candidate's part of z missing"),
        Slip("total_replaced", "total[name] += value", "total[name] = value", "= for +="),
        Slip("last_tape", "pull_back(w, dh, tape[t])", "pull_back(w, dh, tape[-1])", "the last cache at every step"),
        Slip("error_of_last", 'np.einsum("no,ho->nh", error[t], w["C"]) + back',
             'np.einsum("no,ho->nh", error[-1], w["C"]) + back', "the last error at every step"),
    ),
    pairs=(
        ("letters_turned", "candidate_state"),
        ("reset_forgotten", "total_replaced"),
        ("update_of_state", "reset_path_missing"),
    ),
)  # fmt: skip

GRU_NOTEBOOK = Style(
    name="gru_notebook",
    files=("repair/gru_cells.py",),
    net=nets.words(cell="gru"),
    is_notebook=True,
    adapter='''
from gradcheck_rnn.adapters import adapt, definitions, mapping

net = definitions("gru_cells.ipynb", stubs=["matplotlib", "matplotlib.pyplot"])
model = {}
shapes = {f"{letter}{gate}": (H, width) for gate in "zrg" for letter, width in (("W", H + I), ("b", 1))}
shapes |= {"Wy": (I, H), "by": (I, 1)}


def forward(batch):
    return net.gru_forward(batch.tokens, batch.initial_state["h"][:, None], model)


def run(batch):
    return net.gru_backward(batch.targets, model, *forward(batch))


loss, gradients, parameters = adapt(
    model, shapes, loss=lambda b: net.sequence_loss(forward(b)[-1], b.targets), gradients=run, result=mapping("")
)
''',
    slips=(
        Slip("reset_not_carried", "+ dcat_g[:H] * r +", "+ dcat_g[:H] +", "reset gate missing in the carry"),
        Slip("one_path_missing", " + dcat_z[:H] + dcat_r[:H]", " + dcat_r[:H]", "path through the update gate missing"),
        Slip("plain_concatenation", "dg_raw @ np.vstack((r * h_prev, x)).T", "dg_raw @ cats[t].T",
             "reset gate missing in the weight"),
        Slip("wrapped_state", "h_prev, z, r, g = hs[t - 1], zs[t], rs[t], gs[t]",
             "h_prev, z, r, g = hs[t], zs[t], rs[t], gs[t]", "h_t for h_{t-1}"),
        Slip("wrong_gate_copied", 'grads["Wr"] += dr_raw @ cats[t].T', 'grads["Wr"] += dz_raw @ cats[t].T',
             "copied from another gate"),
        Slip("derivative_of_reset", "dr_raw = dr * r * (1 - r)", "dr_raw = dr * (1 - r**2)", "tanh' for a sigmoid"),
        Slip("weight_untransposed_part", "dr = dcat_g[:H] * h_prev", "dr = dcat_g[-H:] * h_prev",
             "the letter's part of the gradient"),
        Slip("carry_computed_and_lost", "        dh_next = dh * (1 - z)", "        dh_prev = dh * (1 - z)",
             "carry not passed on"),
        Slip("target_not_subtracted", "        dy[targets[t]] -= 1.0\n", "", "softmax without its target"),
        Slip("raw_bias", 'grads["bg"] += dg_raw', 'grads["bg"] += dg', "bias past the derivative"),
    ),
    pairs=(
        ("reset_not_carried", "raw_bias"),
        ("one_path_missing", "wrong_gate_copied"),
        ("plain_concatenation", "derivative_of_reset"),
        ("carry_computed_and_lost", "raw_bias"),
    ),
)  # fmt: skip

STYLES = (GRU_LISTS, GRU_LAYER, GRU_EINSUM, GRU_NOTEBOOK)
