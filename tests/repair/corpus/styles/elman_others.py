"""Elman nets with a window, with gates of a graph, with buffers that are reused; two layers; a leaky cell."""

from tests.repair.corpus.slip import Slip, Style
from tests.repair.corpus.styles import nets

TRUNCATING_NET = Style(
    name="truncating_net",
    files=("repair/truncating_net.py",),
    net=nets.words(more=", biases: false"),
    adapter='''
from gradcheck_rnn.adapters import adapt, values
from truncating_net import RNNNumpy

net = RNNNumpy(I, H)
loss, gradients, parameters = adapt(
    net, ["U", "V", "W"], loss=lambda b: net.calculate_loss(b.tokens, b.targets),
    gradients=lambda b: net.bptt(b.tokens, b.targets), result=values("U", "V", "W"),
)
''',
    slips=(
        Slip("truncated", "np.arange(0, t + 1)[::-1]", "np.arange(max(0, t - self.bptt_truncate), t + 1)[::-1]",
             "truncated by default"),
        Slip("first_word_lost", "np.arange(0, t + 1)[::-1]", "np.arange(1, t + 1)[::-1]", "loop drops the first step"),
        Slip("lag_lost", "np.arange(0, t + 1)[::-1]", "np.arange(0, t)[::-1]", "loop drops the step itself"),
        Slip("shares_without_target", "        delta_o[np.arange(len(y)), y] -= 1.0\n", "",
             "softmax without its target"),
        Slip("untransposed", "self.W.T.dot(delta_t)", "self.W.dot(delta_t)", "recurrent weight not transposed"),
        Slip("derivative_of_output_step", "(1 - s[bptt_step - 1] ** 2)", "(1 - s[t - 1] ** 2)",
             "index of the error's step"),
        Slip("derivative_missing_on_the_way", "self.W.T.dot(delta_t) * (1 - s[bptt_step - 1] ** 2)",
             "self.W.T.dot(delta_t)", "tanh' missing in the carry"),
        Slip("delta_not_carried", "                delta_t = self.W.T.dot(delta_t) * (1 - s[bptt_step - 1] ** 2)\n", "",
             "carry never updated"),
        Slip("word_of_output", "dLdU[:, x[bptt_step]] += delta_t", "dLdU[:, x[t]] += delta_t",
             "word of the error's step"),
    ),
    pairs=(
        ("truncated", "word_of_output"),
        ("untransposed", "word_of_output"),
        ("first_word_lost", "derivative_missing_on_the_way"),
    ),
)  # fmt: skip

LANGUAGE_MODEL = Style(
    name="language_model",
    files=(
        "language_model/right.py",
        "language_model/language_model_net.py",
        "language_model/language_model_gates.py",
    ),
    net=nets.words(more=", biases: false").replace("reduction: sum", "reduction: mean"),
    entry="right.py",
    slips=(
        Slip("four_words", "for earlier in reversed(words[: t + 1]):",
             "for earlier in reversed(words[max(0, t - 3) : t + 1]):", "truncated by default"),
        Slip("not_averaged", "return {name: total / len(words) for name, total in grads.items()}", "return grads",
             "loss averaged, gradient summed"),
        Slip("tanh_of_value", "(1.0 - self.value**2) * dvalue", "(1.0 - np.tanh(self.value) ** 2) * dvalue",
             "derivative of the activated value"),
        Slip("carry_from_reading", "dU, _ = self.read.backward(dread)", "dU, _ = self.read.backward(ds)",
             "past the tanh"),
        Slip("words_in_order", "for earlier in reversed(words[: t + 1]):", "for earlier in words[: t + 1]:",
             "loop in forward order"),
        Slip("surprise_without_word", "        dscores[self.word] -= 1.0\n", "", "softmax without its target"),
        Slip("w_overwritten", '            grads["W"] += dW\n', '            grads["W"] = dW\n', "= for +="),
    ),
    pairs=(("four_words", "not_averaged"), ("tanh_of_value", "w_overwritten"), ("carry_from_reading", "not_averaged")),
)  # fmt: skip

BUFFERED_NET = Style(
    name="buffered_net",
    files=("repair/buffered_net.py",),
    net=nets.series(layout="row", loss="kind: softmax_cross_entropy, reduction: mean", is_batch=True),
    adapter='''
from buffered_net import BufferedNet

from gradcheck_rnn.adapters import adapt, mapping

net = BufferedNet(I, H, O)


def forward(batch):
    net.forward(batch.inputs, batch.initial_state["h"])
    return net


loss, gradients, parameters = adapt(
    net, ["Wx", "Wh", "bh", "Wo", "bo"], loss=lambda b: forward(b).loss(b.targets),
    gradients=lambda b: forward(b).gradients(b.targets), result=mapping(""),
)
''',
    slips=(
        Slip("buffer_not_copied", "self.H.append(state.copy())", "self.H.append(state)",
             "forward overwrites what it stored"),
        Slip("initial_not_copied", "[state.copy()], []", "[state], []",
             "forward overwrites the initial state that it stored"),
        Slip("upstream_replaced", "carry += d @ self.Wo.T", "carry = d @ self.Wo.T", "= for +=: carry lost"),
        Slip("cache_mutated", "d = self.P[t].copy()", "d = self.P[0].copy()", "shares of the first step"),
        Slip("derivative_replaced", "carry *= 1 - self.H[t + 1] ** 2", "carry *= 1 - self.H[t] ** 2",
             "the list holds the initial state first"),
        Slip("out_of_other_weight", "np.add(gbh, carry.sum(axis=0), out=gbh)",
             "np.add(gbh, carry.sum(axis=0), out=carry[0])", "result written elsewhere"),
        Slip("weight_not_turned", "np.matmul(carry, self.Wh.T)", "np.matmul(carry, self.Wh)",
             "recurrent weight not transposed"),
        Slip("rows_counted", "d /= count", "d /= len(rows)", "divided by B, not by T B"),
    ),
    pairs=(
        ("buffer_not_copied", "weight_not_turned"),
        ("upstream_replaced", "rows_counted"),
        ("derivative_replaced", "weight_not_turned"),
    ),
)  # fmt: skip

STACKED_NET = Style(
    name="stacked_net",
    files=("repair/stacked_net.py",),
    net=nets.series(cell="custom"),
    adapter='''
import stacked_net as net

import numpy as np


def parameters(rng):
    return named(*net.make([I, H, H, O], rng))


def named(layers, V):
    return {f"{name}{level}": value for level, each in enumerate(layers) for name, value in zip("UWb", each)} | {"V": V}


def unpacked(p):
    return [tuple(p[f"{name}{level}"] for name in "UWb") for level in (0, 1)], p["V"]


def given(batch):
    start = batch.initial_state["h"]
    return batch.inputs, batch.targets, (start, -start)


def loss(parameters, batch):
    return net.cost(*unpacked(parameters), *given(batch))


def gradients(parameters, batch):
    return named(*net.backward(*unpacked(parameters), *given(batch)))
''',
    slips=(
        Slip("error_into_every_layer", "delta = (from_above[t] + back)",
             "delta = (from_above[t] + errors[t] @ V + back)", "output error injected into every layer once more"),
        Slip("layer_below_skipped", "        from_above = down\n", "",
             "the upper layer's gradient goes into the lower one again"),
        Slip("penalty_forgotten", "dU, dW, db = DECAY * U, DECAY * W, np.zeros_like(b)",
             "dU, dW, db = DECAY * U, np.zeros_like(W), np.zeros_like(b)", "regulariser in the loss only"),
        Slip("penalty_twice", "+ DECAY * V\n", "+ 2 * DECAY * V\n", "a factor 2 in the regulariser"),
        Slip("penalty_on_bias", "DECAY * W, np.zeros_like(b)", "DECAY * W, DECAY * b",
             "regulariser in the gradient only"),
        Slip("down_past_tanh", "down[t] = U.T @ delta", "down[t] = U.T @ (from_above[t] + back)", "past the tanh"),
        Slip("input_of_the_net", "below = states[level - 1][1:] if level > 0 else xs",
             "below = states[level - 1][:-1] if level > 0 else xs", "the layer below a step late"),
        Slip("untransposed", "back = W.T @ delta", "back = W @ delta", "recurrent weight not transposed"),
    ),
    pairs=(
        ("error_into_every_layer", "penalty_forgotten"),
        ("penalty_twice", "untransposed"),
        ("input_of_the_net", "penalty_on_bias"),
    ),
)  # fmt: skip

LEAKY = Style(
    name="leaky",
    files=("leaky/right.py", "leaky/leaky_net.py"),
    net=(
        "model: {cell: custom, input_size: 3, hidden_size: 4, output_size: 2}\n"
        "sequence: {length: {T}, inputs: dense}\nloss: {kind: mse}"
    ),
    entry="right.py",
    sizes_are_free=False,
    slips=(
        Slip("leak_forgotten", 'da @ p["Rec"].T + dh * (1 - speed)', 'da @ p["Rec"].T', "a path into h[t-1] missing"),
        Slip("leak_alone", 'da @ p["Rec"].T + dh * (1 - speed)', "dh * (1 - speed)", "only the leak is carried"),
        Slip("leak_of_new", "dh * (1 - speed)", "dh * speed", "speed for 1 - speed"),
        Slip("rate_not_derived", "speed * (1 - speed)", "(1 - speed)", "half of sigmoid'"),
        Slip("rate_of_new_state", "(squashed[t] - states[t]) * speed", "(squashed[t] - states[t + 1]) * speed",
             "h_t for h_{t-1}"),
        Slip("speed_forgotten", "da = dh * speed * (1 - squashed[t] ** 2)", "da = dh * (1 - squashed[t] ** 2)",
             "a factor missing"),
        Slip("state_for_candidate", "(1 - squashed[t] ** 2)", "(1 - states[t + 1] ** 2)", "state for candidate"),
        Slip("recurrent_of_candidate", 'grads["Rec"] += np.outer(states[t], da)',
             'grads["Rec"] += np.outer(squashed[t], da)', "candidate for state"),
        Slip("errors_read_out_late", 'grads["Out"] = states[1:].T @ errors', 'grads["Out"] = states[:-1].T @ errors',
             "h_{t-1} for h_t"),
    ),
    pairs=(
        ("leak_forgotten", "recurrent_of_candidate"),
        ("rate_not_derived", "errors_read_out_late"),
        ("leak_of_new", "state_for_candidate"),
    ),
)  # fmt: skip

STYLES = (TRUNCATING_NET, LANGUAGE_MODEL, BUFFERED_NET, STACKED_NET, LEAKY)
