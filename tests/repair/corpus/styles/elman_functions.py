"""Elman nets as functions: globals, dicts that are passed around, adapters that hold the backward pass themselves."""

from tests.repair.corpus.slip import Slip, Style
from tests.repair.corpus.styles import nets

CHAR_GLOBALS = Style(
    name="char_globals",
    files=("interfaces/char_globals.py",),
    net=nets.words(),
    adapter='''
from gradcheck_rnn.adapters import adapt, definitions, values

net = definitions("char_globals.py")
shapes = {"Wxh": (H, I), "Whh": (H, H), "Why": (I, H), "bh": (H, 1), "by": (I, 1)}


def run(batch):
    return net.loss_and_gradients(batch.tokens, batch.targets, batch.initial_state["h"][:, None])


result = values(None, "Wxh", "Whh", "Why", "bh", "by", None)
loss, gradients, parameters = adapt(net, shapes, loss=lambda b: run(b)[0], gradients=run, result=result)
''',
    slips=(
        Slip("untransposed", "carry = Whh.T @ raw", "carry = Whh @ raw", "recurrent weight not transposed"),
        Slip("carry_never_updated", "        carry = Whh.T @ raw\n", "", "carry over time never updated"),
        Slip("carry_past_tanh", "carry = Whh.T @ raw", "carry = Whh.T @ (Why.T @ dscores + carry)",
             "carry built from dh, not from dz"),
        Slip("carry_added_outside", "(1 - hs[t] * hs[t]) * (Why.T @ dscores + carry)",
             "(1 - hs[t] * hs[t]) * (Why.T @ dscores) + carry", "tanh' on the wrong side of adding the carry"),
        Slip("tanh_of_tanh", "(1 - hs[t] * hs[t])", "(1 - np.tanh(hs[t]) ** 2)", "derivative of the activated value"),
        Slip("state_of_same_step", "dWhh += raw @ hs[t - 1].T", "dWhh += raw @ hs[t].T", "h_t for h_{t-1}"),
        Slip("bias_overwritten", "dbh += raw", "dbh = raw", "= for +="),
        Slip("target_not_subtracted", "        dscores[letters_out[t]] -= 1\n", "", "softmax without its target"),
        Slip("first_letter_left_out", "reversed(range(len(letters_in)))", "reversed(range(1, len(letters_in)))",
             "loop drops the first step"),
        Slip("target_of_input", "dscores[letters_out[t]] -= 1", "dscores[letters_in[t]] -= 1",
             "inputs where the targets belong"),
    ),
    pairs=(
        ("untransposed", "bias_overwritten"),
        ("carry_never_updated", "target_of_input"),
        ("tanh_of_tanh", "state_of_same_step"),
        ("carry_added_outside", "bias_overwritten"),
        ("state_of_same_step", "first_letter_left_out"),
    ),
)  # fmt: skip

PARAMS_PASSED = Style(
    name="params_passed",
    files=("styles/params_passed.py",),
    net=nets.series(loss="kind: softmax_cross_entropy, reduction: sum"),
    adapter='''
import numpy as np

from gradcheck_rnn.adapters import adapt, definitions, mapping

net = definitions("params_passed.py")
weights = {}
shapes = {"Wax": (H, I), "Waa": (H, H), "Wya": (O, H), "ba": (H, 1), "b_y": (O, 1)}


def forward(batch):
    return net.rnn_forward(batch.inputs[..., None], batch.initial_state["h"][:, None], weights)


def run(batch):
    return net.rnn_backward(batch.inputs[..., None], np.eye(O)[batch.targets][..., None], *forward(batch), weights)


def own_loss(batch):
    return net.cross_entropy(forward(batch)[0], np.eye(O)[batch.targets][..., None])


loss, gradients, parameters = adapt(weights, shapes, loss=own_loss, gradients=run, result=mapping("d"))
''',
    slips=(
        Slip("one_cache", "a, a_prev, x = caches[t]", "a, a_prev, x = caches[-1]", "the last cache at every step"),
        Slip("derivative_of_state_before", "(1 - a**2)", "(1 - a_prev**2)", "tanh' at h_{t-1}"),
        Slip("no_square", "(1 - a**2)", "(1 - a)", "wrong derivative of tanh"),
        Slip("outer_turned", "np.dot(dz, a_prev.T)", "np.dot(a_prev, dz.T)", "outer product the wrong way round"),
        Slip("input_weight_overwritten", 'gradients["dWax"] += np', 'gradients["dWax"] = np', "= for +="),
        Slip("error_turned", "dy = y_hat[t] - Y[t]", "dy = Y[t] - y_hat[t]", "minus the error"),
        Slip("recurrent_for_output", 'np.dot(parameters["Waa"].T, dz)', 'np.dot(parameters["Waa"].T, da_next)',
             "the carry carries itself"),
        Slip("carry_not_added", '(np.dot(parameters["Wya"].T, dy) + da_next)', 'np.dot(parameters["Wya"].T, dy)',
             "carry computed, never added"),
    ),
    pairs=(
        ("one_cache", "error_turned"),
        ("derivative_of_state_before", "outer_turned"),
        ("no_square", "input_weight_overwritten"),
    ),
)  # fmt: skip

FUNCTIONS_OF_PARAMS = Style(
    name="functions_of_params",
    files=("styles/functions_of_params.py",),
    net=nets.words(),
    adapter='''
from gradcheck_rnn.adapters import adapt, definitions, mapping

net = definitions("functions_of_params.py")
weights = {}
shapes = {"Wxh": (H, I), "Whh": (H, H), "Why": (I, H), "bh": (H,), "by": (I,)}


def run(batch):
    return net.loss_and_grad(weights, batch.tokens, batch.targets, batch.initial_state["h"])


loss, gradients, parameters = adapt(
    weights, shapes, loss=lambda b: run(b)[0], gradients=lambda b: run(b)[1], result=mapping("")
)
''',
    slips=(
        Slip("state_after_for_before", "np.outer(da, hs[t])", "np.outer(da, hs[t + 1])",
             "the list holds the initial state first"),
        Slip("derivative_at_list_index", "(1 - hs[t + 1] ** 2)", "(1 - hs[t] ** 2)",
             "the list holds the initial state first"),
        Slip("outer_swapped", "np.outer(da, hs[t])", "np.outer(hs[t], da)", "outer product the wrong way round"),
        Slip("column_overwritten", "grads['Wxh'][:, inputs[t]] += da; ", "grads['Wxh'][:, inputs[t]] = da; ",
             "= for +=: a token that comes twice"),
        Slip("loop_ends_early", "range(len(inputs) - 1, -1, -1)", "range(len(inputs) - 1, 0, -1)",
             "loop drops the first step"),
        Slip("gradient_matrix_for_weight", "dh = params['Whh'].T @ da", "dh = grads['Whh'].T @ da",
             "gradient matrix for the weight"),
        Slip("bias_with_carry", "grads['by'] += dz", "grads['by'] += ps[t]", "output bias takes the shares"),
        Slip("carry_divided", "dh = params['Whh'].T @ da", "dh = params['Whh'].T @ da / len(inputs)",
             "a stray factor in the carry"),
    ),
    pairs=(
        ("state_after_for_before", "bias_with_carry"),
        ("derivative_at_list_index", "outer_swapped"),
        ("gradient_matrix_for_weight", "bias_with_carry"),
    ),
)  # fmt: skip

POS_TAGGER = Style(
    name="pos_tagger",
    files=("pos_tagger/right.py", "pos_tagger/pos_tagger_net.py"),
    net=nets.words(layout="row", outputs="O"),
    entry="right.py",
    slips=(
        Slip("untransposed", "dh_next = dz @ W_hh.T", "dh_next = dz @ W_hh", "recurrent weight not transposed"),
        Slip("carry_zeroed", "        dscores = p[t].copy()\n",
             "        dh_next = np.zeros_like(h[-1])\n        dscores = p[t].copy()\n", "carry zeroed at each step"),
        Slip("carry_unweighted", "dh_next = dz @ W_hh.T", "dh_next = dz", "carry not multiplied by the weight"),
        Slip("no_derivative", "dz = (1.0 - h[t] ** 2) * dh", "dz = dh", "activation derivative missing"),
        Slip("word_of_next_step", "dW_xh += np.outer(words[t], dz)", "dW_xh += np.outer(words[t - 1], dz)",
             "the word before"),
        Slip("bias_takes_dh", "db_h += dz", "db_h += dh", "bias takes dh, not dz"),
        Slip("before_for_after", "dW_hy += np.outer(h[t], dscores)", "dW_hy += np.outer(h_prev[t], dscores)",
             "h_{t-1} for h_t in the output weight"),
    ),
    pairs=(
        ("untransposed", "bias_takes_dh"),
        ("carry_zeroed", "word_of_next_step"),
        ("no_derivative", "before_for_after"),
    ),
)  # fmt: skip

WORD_BPTT = Style(
    name="word_bptt",
    files=("word_bptt/full.py", "word_bptt/word_bptt_net.py"),
    net=nets.words(more=", biases: false"),
    entry="full.py",
    slips=(
        Slip("window_of_two", "for lag in range(t + 1):", "for lag in range(min(t, 2) + 1):", "truncated by default"),
        Slip("first_lag_alone", "for lag in range(t + 1):", "for lag in range(min(t, 0) + 1):", "no step back at all"),
        Slip("lag_short", "for lag in range(t + 1):", "for lag in range(t):", "loop ends a step early"),
        Slip("derivative_of_later_state", "(W.T @ delta) * (1.0 - s[k] ** 2)", "(W.T @ delta) * (1.0 - s[t] ** 2)",
             "tanh' always of the same step"),
        Slip("untransposed", "delta = (W.T @ delta)", "delta = (W @ delta)", "recurrent weight not transposed"),
        Slip("word_of_error", "dU[:, batch.tokens[k]] += delta", "dU[:, batch.tokens[t]] += delta",
             "word of the error's step, not of the lag's"),
        Slip("output_weight_outside", "        dV += np.outer(dscores, s[t + 1])\n",
             "        dV = np.outer(dscores, s[t + 1])\n", "= for +="),
        Slip("state_for_output", "dV += np.outer(dscores, s[t + 1])", "dV += np.outer(dscores, s[t])",
             "h_{t-1} for h_t"),
    ),
    pairs=(
        ("window_of_two", "state_for_output"),
        ("untransposed", "output_weight_outside"),
        ("derivative_of_later_state", "word_of_error"),
    ),
)  # fmt: skip

STYLES = (CHAR_GLOBALS, PARAMS_PASSED, FUNCTIONS_OF_PARAMS, POS_TAGGER, WORD_BPTT)
