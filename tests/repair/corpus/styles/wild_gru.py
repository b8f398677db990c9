"""GRUs as people write them: over [h, x] in a class with lists, and a step with a cache that a loop calls."""

from tests.repair.corpus.slip import Slip, Style
from tests.repair.corpus.styles import nets

JOINED_GRU = Style(
    name="joined_gru",
    files=("repair/joined_gru.py",),
    net=nets.series(cell="gru", layout="row", loss="kind: mse, reduction: mean", is_batch=True),
    adapter='''
from gradcheck_rnn.adapters import adapt, definitions, values

net = definitions("joined_gru.py").GRU(I, H, O)
shapes = {f"W_{gate}": (H + I, H) for gate in "zrc"} | {"W_y": (H, O)}
shapes |= {f"b_{gate}": (1, H) for gate in "zrc"} | {"b_y": (1, O)}


def own_loss(batch):
    net.forward(batch.inputs, batch.initial_state["h"])
    return net.mse(batch.targets)


def run(batch):
    net.forward(batch.inputs, batch.initial_state["h"])
    return net.backward(batch.targets)


loss, gradients, parameters = adapt(net, shapes, loss=own_loss, gradients=run, result=values(*shapes))
''',
    slips=(
        Slip("only_the_direct_path", "dh_next = dh * (1 - z) + drh * r\n            dh_next +="
             " da_r.dot(self.W_r.T)[:, :n_h]\n            dh_next += da_z.dot(self.W_z.T)[:, :n_h]\n",
             "dh_next = dh * (1 - z)\n", "only z * dh carried: three paths missing"),
        Slip("update_path_missing", "            dh_next += da_z.dot(self.W_z.T)[:, :n_h]\n", "",
             "path through the update gate missing"),
        Slip("reset_path_overwrites", "dh_next += da_r.dot(self.W_r.T)", "dh_next = da_r.dot(self.W_r.T)",
             "= for +=: earlier paths lost"),
        Slip("z_for_its_complement", "dh_next = dh * (1 - z) + drh * r", "dh_next = dh * z + drh * r", "z for 1 - z"),
        Slip("reset_gate_lost", "dh_next = dh * (1 - z) + drh * r", "dh_next = dh * (1 - z) + drh",
             "reset gate missing in the carry"),
        Slip("plain_inputs", "dW_c += self.rhx[t].T.dot(da_c)", "dW_c += self.hx[t].T.dot(da_c)",
             "reset gate missing in the weight"),
        Slip("derivative_lost", "da_r = dr * r * (1 - r)", "da_r = dr", "activation derivative missing"),
        Slip("tail_for_head", "drh = drhx[:, :n_h]", "drh = drhx[:, -n_h:]", "the input's part of the gradient"),
        Slip("state_without_candidate", "dz = dh * (c - h_prev)", "dz = dh * c", "state's part of z missing"),
        Slip("state_of_step", "h_prev, z, r, c = self.h[t], self.z[t]", "h_prev, z, r, c = self.h[t + 1], self.z[t]",
             "h_t for h_{t-1}"),
        Slip("averaged_by_batch", "dy = (self.y[t] - Y[t]) / (T * B)", "dy = (self.y[t] - Y[t]) / B",
             "mean over time forgotten"),
        Slip("candidate_share", "dc = dh * z\n", "dc = dh * (1 - z)\n", "1 - z for z"),
        Slip("bias_over_wrong_axis", "db_z += da_z.sum(axis=0, keepdims=True)",
             "db_z += da_z.mean(axis=0, keepdims=True)", "averaged over the batch"),
        Slip("output_weight_of_before", "dW_y += self.h[t + 1].T.dot(dy)", "dW_y += h_prev.T.dot(dy)",
             "h_{t-1} for h_t"),
    ),
    pairs=(
        ("update_path_missing", "plain_inputs"),
        ("z_for_its_complement", "derivative_lost"),
        ("averaged_by_batch", "state_without_candidate"),
    ),
)  # fmt: skip

CACHED_GRU_STEP = Style(
    name="cached_gru_step",
    files=("repair/cached_gru_step.py",),
    net=nets.layer(cell="gru").replace("layout: row", "layout: row, gru: {reset: after, recurrent_bias: true}"),
    adapter='''
import cached_gru_step as net

from gradcheck_rnn.adapters import sequence, values

loss, gradients, parameters = sequence(
    forward=net.gru_forward, backward=net.gru_backward, axes="BTI",
    shapes={"Wx": ("I", "3H"), "Wh": ("H", "3H"), "bx": ("3H",), "bh": ("3H",)},
    result=values("x", "h0", "Wx", "Wh", "bx", "bh"),
)
''',
    slips=(
        Slip("same_gradient_for_both", "dgh = np.hstack((dr_raw, dz_raw, dhn))",
             "dgh = np.hstack((dr_raw, dz_raw, dn_raw))",
             "reset gate missing in the product's gradient"),
        Slip("blocks_in_wrong_order", "dgx = np.hstack((dr_raw, dz_raw, dn_raw))",
             "dgx = np.hstack((dz_raw, dr_raw, dn_raw))", "gates swapped"),
        Slip("carry_replaced", "dh_prev += dgh.dot(Wh.T)", "dh_prev = dgh.dot(Wh.T)", "direct path lost"),
        Slip("matrix_path_missing", "    dh_prev += dgh.dot(Wh.T)\n", "", "only z * dh carried"),
        Slip("other_delta_in_weight", "dWh = h_prev.T.dot(dgh)", "dWh = h_prev.T.dot(dgx)",
             "gradient of the other product"),
        Slip("sign_of_update", "dz = dh * (h_prev - n)", "dz = dh * (n - h_prev)", "sign of the update gate"),
        Slip("complement", "dn = dh * (1 - z)", "dn = dh * z", "z for 1 - z"),
        Slip("reset_of_state", "dr = dn_raw * hn", "dr = dn_raw * h_prev", "the state for its product"),
        Slip("reset_before_derivative", "dr = dn_raw * hn", "dr = dn * hn", "past the candidate's derivative"),
        Slip("upstream_lost", "gru_step_backward(dout[:, t, :] + dh0, caches[t])",
             "gru_step_backward(dout[:, t, :], caches[t])", "carry never added"),
        Slip("first_cache", "gru_step_backward(dout[:, t, :] + dh0, caches[t])",
             "gru_step_backward(dout[:, t, :] + dh0, caches[0])", "one cache for all steps"),
        Slip("first_step_lost", "for t in range(T - 1, -1, -1):", "for t in range(T - 1, 0, -1):",
             "loop drops the first step"),
        Slip("one_step_kept", "        dWh += dWht\n", "        dWh = dWht\n", "= for +="),
    ),
    pairs=(
        ("carry_replaced", "complement"),
        ("same_gradient_for_both", "one_step_kept"),
        ("sign_of_update", "reset_of_state"),
    ),
)  # fmt: skip

STYLES = (JOINED_GRU, CACHED_GRU_STEP)
