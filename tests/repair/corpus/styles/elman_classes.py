"""Elman nets as classes: gradients in tuples, lists, dicts, attributes."""

from tests.repair.corpus.slip import Slip, Style
from tests.repair.corpus.styles import nets

TANH_NET = Style(
    name="tanh_net",
    files=("interfaces/tanh_net.py",),
    net=nets.words(more=", biases: false"),
    adapter='''
from gradcheck_rnn.adapters import adapt, mapping
from tanh_net import TanhNet

net = TanhNet(I, H)
loss, gradients, parameters = adapt(
    net, ["U", "W", "V"], loss=lambda b: net.loss(b.tokens, b.targets),
    gradients=lambda b: net.backward(b.tokens, b.targets), result=mapping("", "_diff"),
)
''',
    slips=(
        Slip("untransposed", "carry = self.W.T @ delta", "carry = self.W @ delta", "recurrent weight not transposed"),
        Slip("carry_summed", "carry = self.W.T @ delta", "carry += self.W.T @ delta", "+= for =: carry never cleared"),
        Slip("share_without_target", "        error[np.arange(len(words)), following] -= 1\n", "",
             "softmax without its target"),
        Slip("forward_order", "for t in range(len(words))[::-1]:", "for t in range(len(words)):",
             "loop in forward order"),
        Slip("derivative_of_sum_missing", "(self.V.T @ error[t] + carry) * (1 - self.states[t] ** 2)",
             "self.V.T @ error[t] * (1 - self.states[t] ** 2) + carry", "derivative before the carry is added"),
        Slip("gradient_for_weight", "(self.V.T @ error[t] + carry)", "(self.dV.T @ error[t] + carry)",
             "gradient matrix for the weight"),
    ),
    pairs=(
        ("untransposed", "share_without_target"),
        ("carry_summed", "gradient_for_weight"),
    ),
)  # fmt: skip

WORD_CLASS = Style(
    name="word_class",
    files=("styles/word_class.py",),
    net=nets.words(more=", biases: false"),
    adapter='''
from gradcheck_rnn.adapters import adapt, definitions, values

code = definitions("word_class.py", stubs=["tensorflow", "tensorflow.keras", "tensorflow.keras.preprocessing"])
net = code.WordNet(I, hidden_dim=H)
shapes = {"U": (H, I), "V": (I, H), "W": (H, H)}
loss, gradients, parameters = adapt(
    net, shapes, loss=lambda b: net.total_loss([b.tokens], [b.targets]),
    gradients=lambda b: net.bptt(b.tokens, b.targets), result=values("U", "V", "W"),
)
''',
    slips=(
        Slip("default_window", "first = 0 if self.bptt_window is None else",
             "first = max(0, t - 1) if self.bptt_window is None else", "truncated by default"),
        Slip("untransposed", "self.W.T.dot(delta_t)", "self.W.dot(delta_t)", "recurrent weight not transposed"),
        Slip("no_derivative_at_output", "self.V.T.dot(delta_o[t]) * (1 - s[t] ** 2)", "self.V.T.dot(delta_o[t])",
             "tanh' missing at the first lag"),
        Slip("derivative_one_late", "(1 - s[k - 1] ** 2)", "(1 - s[k] ** 2)", "tanh' at the step itself again"),
        Slip("state_of_lag", "np.outer(delta_t, s[k - 1])", "np.outer(delta_t, s[k])", "h_t for h_{t-1}"),
        Slip("step_of_error", "dLdW += np.outer(delta_t, s[k - 1])", "dLdW += np.outer(delta_t, s[t - 1])",
             "index of the error's step"),
        Slip("column_overwritten", "dLdU[:, x[k]] += delta_t", "dLdU[:, x[k]] = delta_t", "= for +="),
        Slip("last_step_left_out", "for t in np.arange(steps)[::-1]:", "for t in np.arange(steps - 1)[::-1]:",
             "loop drops the last step"),
    ),
    pairs=(
        ("untransposed", "state_of_lag"),
        ("default_window", "no_derivative_at_output"),
    ),
)  # fmt: skip

CACHED_CLASS = Style(
    name="cached_class",
    files=("styles/cached_class.py",),
    net=nets.words(outputs="O").replace("reduction: sum", "reduction: mean"),
    adapter='''
from gradcheck_rnn.adapters import adapt, definitions, values

net = definitions("cached_class.py").LetterNet(I, H, O)
shapes = {"w_ih": (H, I), "w_hh": (H, H), "b_h": (H, 1), "w_ho": (O, H), "b_o": (O, 1)}


def own_loss(batch):
    return net.forward(batch.tokens, batch.targets, batch.initial_state["h"][:, None])


def run(batch):
    own_loss(batch)
    return net.backward(batch.targets)


result = values("w_ih", "w_hh", "b_h", "w_ho", "b_o")
loss, gradients, parameters = adapt(net, shapes, loss=own_loss, gradients=run, result=result)
''',
    slips=(
        Slip("summed_for_mean", "            d_y /= n\n", "", "loss averaged, gradient summed"),
        Slip("averaged_twice", "d_b_o += d_y", "d_b_o += d_y / n", "averaged twice in one bias"),
        Slip("derivative_of_one_unit", "(1 - self.hs[t] ** 2)", "(1 - self.hs[t][0] ** 2)",
             "one unit's derivative for all"),
        Slip("carry_clipped", "carry = self.w_hh.T @ d_z", "carry = np.clip(self.w_hh.T @ d_z, -0.02, 0.02)",
             "clipping within the recurrence"),
        Slip("carry_not_transposed", "carry = self.w_hh.T @ d_z", "carry = self.w_hh @ d_z",
             "recurrent weight not transposed"),
        Slip("share_overwritten", "d_y = self.ps[t].copy()", "d_y = self.ps[t - 1].copy()", "shares of another step"),
        Slip("input_for_state", "d_w_hh += d_z @ self.hs[t - 1].T", "d_w_hh += d_z @ self.hs[n - 1].T",
             "the last state at every step"),
    ),
    pairs=(
        ("summed_for_mean", "carry_not_transposed"),
        ("derivative_of_one_unit", "averaged_twice"),
        ("carry_not_transposed", "averaged_twice"),
    ),
)  # fmt: skip

NESTED_RESULT = Style(
    name="nested_result",
    files=("styles/nested_result.py",),
    net=nets.words(),
    adapter='''
from gradcheck_rnn.adapters import adapt, definitions, values

net = definitions("nested_result.py").Scribe(I, hidden_size=H)
shapes = {"Wxh": (H, I), "Whh": (H, H), "Why": (I, H), "bh": (H, 1), "by": (I, 1)}


def run(batch):
    return net._forward_backward(batch.tokens, batch.targets, batch.initial_state["h"][:, None])


loss, gradients, parameters = adapt(
    net, shapes, loss=lambda b: run(b)[0], gradients=lambda b: run(b)[1],
    result=values("Wxh", "Whh", "Why", "bh", "by"),
)
''',
    slips=(
        Slip("carry_never_added", "dh = self.Why.T @ dy + dhnext", "dh = self.Why.T @ dy", "carry never added"),
        Slip("derivative_of_gradient", "draw = (1 - hs[t] * hs[t]) * dh", "draw = (1 - dh * dh) * dh",
             "derivative of the gradient"),
        Slip("delta_for_weight", "dhnext = self.Whh.T @ draw", "dhnext = dWhh.T @ draw", "gradient matrix for weight"),
        Slip("carry_of_dh", "dhnext = self.Whh.T @ draw", "dhnext = self.Whh.T @ dh", "carry past the tanh"),
        Slip("bias_counts_twice", "dbh += draw", "dbh += draw + dhnext", "carry counted in the bias again"),
        Slip("gradients_swapped", "grads = (dWxh, dWhh, dWhy, dbh, dby)", "grads = (dWxh, dWhh.T, dWhy, dbh, dby)",
             "returned transposed"),
    ),
    pairs=(
        ("delta_for_weight", "bias_counts_twice"),
        ("carry_of_dh", "gradients_swapped"),
    ),
)  # fmt: skip

GRADIENTS_ASIDE = Style(
    name="gradients_aside",
    files=("styles/gradients_aside.py",),
    net=nets.series(layout="row", loss="kind: softmax_cross_entropy, reduction: sum"),
    adapter='''
from gradcheck_rnn.adapters import adapt, attributes, definitions

net = definitions("gradients_aside.py").RowNet(I, H, O)
shapes = {"W_xh": (I, H), "W_hh": (H, H), "W_hy": (H, O), "b_h": (1, H), "b_y": (1, O)}


def forward(batch):
    return net.forward(batch.inputs[..., None, :], batch.initial_state["h"][None])


def run(batch):
    forward(batch)
    return net.backward(batch.targets)


loss, gradients, parameters = adapt(
    net, shapes, loss=lambda b: net.loss(forward(b), b.targets), gradients=run, result=attributes(net, "grad_")
)
''',
    slips=(
        Slip("untransposed", "back = dz @ self.W_hh.T", "back = dz @ self.W_hh", "recurrent weight not transposed"),
        Slip("sign_of_carry", "back = dz @ self.W_hh.T", "back = -dz @ self.W_hh.T", "sign of the carry"),
        Slip("state_index", "self.grad_W_hh += self.h[t].T @ dz", "self.grad_W_hh += self.h[t + 1].T @ dz",
             "h_t for h_{t-1}"),
        Slip("output_weight_index", "self.grad_W_hy += self.h[t + 1].T @ dy", "self.grad_W_hy += self.h[t].T @ dy",
             "the list holds the initial state first"),
        Slip("bias_overwritten", "self.grad_b_y += dy", "self.grad_b_y = dy", "= for +="),
        Slip("copy_forgotten_share", "dy = self.p[t].copy()", "dy = self.p[-1].copy()", "the last step's shares"),
    ),
    pairs=(
        ("sign_of_carry", "bias_overwritten"),
        ("untransposed", "output_weight_index"),
    ),
)  # fmt: skip

ROWS_CLASS = Style(
    name="rows_class",
    files=("styles/rows_class.py",),
    net=nets.series(layout="row", loss="kind: mse, reduction: mean"),
    adapter='''
from gradcheck_rnn.adapters import adapt, definitions, mapping

net = definitions("rows_class.py").RowSeries(I, H, O)
shapes = {"W_xh": (I, H), "W_hh": (H, H), "W_hy": (H, O), "b_h": (H,), "b_y": (O,)}
loss, gradients, parameters = adapt(
    net, shapes, loss=lambda b: net.compute_loss(net.forward(b.inputs)[0], b.targets),
    gradients=lambda b: net.backward(b.inputs, b.targets), result=mapping(""),
)
''',
    slips=(
        Slip("two_forgotten", "dy = 2 * (outputs[t] - targets[t])", "dy = (outputs[t] - targets[t])",
             "2 of the square forgotten"),
        Slip("outputs_not_averaged", "/ (self.output_dim * n)", "/ n", "mean over outputs forgotten"),
        Slip("state_before_in_derivative", "dz = dh * (1 - hiddens[t + 1] ** 2)", "dz = dh * (1 - hiddens[t] ** 2)",
             "off by one"),
        Slip("spurious_output_derivative", "dW_hy += np.outer(hiddens[t + 1], dy)",
             "dy = dy * (1 - outputs[t] ** 2)\n            dW_hy += np.outer(hiddens[t + 1], dy)",
             "derivative of an output activation that is none"),
        Slip("one_wins", "dW_hh += np.outer(hiddens[t], dz)", "dW_hh = np.outer(hiddens[t], dz)", "= for +="),
        Slip("carry_without_weight", "dh_next = dz @ self.W_hh.T", "dh_next = dz * np.diag(self.W_hh)",
             "the diagonal of the weight alone"),
    ),
    pairs=(
        ("two_forgotten", "state_before_in_derivative"),
        ("one_wins", "spurious_output_derivative"),
    ),
)  # fmt: skip

PARAMS_BATCHES = Style(
    name="params_batches",
    files=("styles/params_batches.py",),
    net=nets.series(
        cell="relu", layout="row", loss="kind: softmax_cross_entropy, reduction: mean, steps: last", is_batch=True
    ),
    adapter='''
from gradcheck_rnn.adapters import adapt, definitions, mapping

net = definitions("params_batches.py").SeriesClassifier(I, H, O)
shapes = {"Wx": (I, H), "Wh": (H, H), "b": (H,), "W_out": (H, O), "b_out": (O,)}


def run(batch):
    return net.loss(batch.inputs.swapaxes(0, 1), batch.targets)


loss, gradients, parameters = adapt(
    net.params, shapes, loss=lambda b: run(b)[0], gradients=lambda b: run(b)[1], result=mapping("")
)
''',
    slips=(
        Slip("not_averaged", "        dscores /= N\n", "", "loss averaged, gradient summed"),
        Slip("averaged_over_time", "dscores /= N", "dscores /= N * T", "divided by T as well"),
        Slip("error_at_every_step", "            dz = dh * (h[t] > 0)\n",
             "            dz = (dh + dscores @ W_out.T) * (h[t] > 0)\n",
             "error at every step, the loss is on the last"),
        Slip("derivative_before", "(h[t] > 0)", "(h[t - 1] > 0)", "relu' at h_{t-1}"),
        Slip("untransposed", "dh = dz @ Wh.T", "dh = dz @ Wh", "recurrent weight not transposed"),
        Slip("batch_first_only", 'grads["b"] += dz.sum(axis=0)', 'grads["b"] += dz[0]',
             "bias of the first series alone"),
        Slip("batch_meaned", 'grads["b_out"] = dscores.sum(axis=0)', 'grads["b_out"] = dscores.mean(axis=0)',
             "mean over the batch again"),
    ),
    pairs=(
        ("not_averaged", "untransposed"),
        ("error_at_every_step", "batch_first_only"),
        ("untransposed", "batch_meaned"),
    ),
)  # fmt: skip

STYLES = (TANH_NET, WORD_CLASS, CACHED_CLASS, NESTED_RESULT, GRADIENTS_ASIDE, ROWS_CLASS, PARAMS_BATCHES)
