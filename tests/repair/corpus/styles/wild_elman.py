"""Elman nets as people write them: dicts of steps, a closure, deltas kept in lists, two directions, a last step."""

from tests.repair.corpus.slip import Slip, Style
from tests.repair.corpus.styles import nets

STEP_DICTS = Style(
    name="step_dicts",
    files=("repair/step_dicts.py",),
    net=nets.words(),
    adapter='''
from gradcheck_rnn.adapters import adapt, definitions, mapping

net = definitions("step_dicts.py").ElmanNetwork(I, H)
shapes = {"w_in": (H, I), "w_rec": (H, H), "w_out": (I, H), "bias_h": (H, 1), "bias_o": (I, 1)}


def forward(batch):
    net.forward(batch.tokens, batch.initial_state["h"][:, None])


def own_loss(batch):
    forward(batch)
    return net.cost(batch.targets)


def run(batch):
    forward(batch)
    return net.backward(batch.targets)


loss, gradients, parameters = adapt(net, shapes, loss=own_loss, gradients=run, result=mapping(""))
''',
    slips=(
        Slip("delta_not_kept", "            delta_h_next = delta_h\n", "", "carry over time never updated"),
        Slip("error_for_delta", "            delta_h_next = delta_h\n", "            delta_h_next = error_h\n",
             "activation derivative missing in the carry"),
        Slip("untransposed", "np.dot(self.w_rec.T, delta_h_next)", "np.dot(self.w_rec, delta_h_next)",
             "recurrent weight not transposed in the carry"),
        Slip("carry_without_weight", "error_h += np.dot(self.w_rec.T, delta_h_next)", "error_h += delta_h_next",
             "carry not multiplied by the recurrent weight"),
        Slip("derivative_of_sum", "1 - np.power(step['h'], 2)", "1 - np.power(error_h, 2)",
             "derivative taken of the gradient"),
        Slip("derivative_of_activated", "1 - np.power(step['h'], 2)", "1 - np.power(np.tanh(step['h']), 2)",
             "tanh' of a value that is activated already"),
        Slip("loop_ends_early", "while t >= 0:", "while t > 0:", "loop drops the first step"),
        Slip("starts_one_early", "t = len(self.steps) - 1\n", "t = len(self.steps) - 2\n", "loop drops the last step"),
        Slip("state_of_step", "np.dot(delta_h, step['h_prev'].T)", "np.dot(delta_h, step['h'].T)", "h_t for h_{t-1}"),
        Slip("output_delta_in_weight", "grad_w_in += np.dot(delta_h, step['x'].T)",
             "grad_w_in += np.dot(error_h, step['x'].T)", "wrong operand in a weight product"),
        Slip("error_twice", "delta_o = step['y'] - self.one_hot(targets[t])",
             "delta_o = step['y'] * (1 - step['y']) * (step['y'] - self.one_hot(targets[t]))",
             "softmax with an elementwise derivative"),
        Slip("bias_of_last", "grad_bias_h += delta_h", "grad_bias_h = delta_h", "= for +="),
    ),
    pairs=(
        ("untransposed", "state_of_step"),
        ("delta_not_kept", "bias_of_last"),
        ("derivative_of_activated", "output_delta_in_weight"),
    ),
)  # fmt: skip

RELU_REGRESSOR = Style(
    name="relu_regressor",
    files=("repair/relu_regressor.py",),
    net=nets.series(cell="relu", loss="kind: mse, steps: last"),
    adapter='''
from gradcheck_rnn.adapters import adapt, attributes, definitions

net = definitions("relu_regressor.py").ReluRegressor(I, H, O)
shapes = {"Wx": (H, I), "Wh": (H, H), "bh": (H,), "Wo": (O, H), "bo": (O,)}


def own_loss(batch):
    net.predict(batch.inputs, batch.initial_state["h"])
    return net.loss(batch.targets)


def run(batch):
    net.predict(batch.inputs, batch.initial_state["h"])
    net.backward(batch.targets)


loss, gradients, parameters = adapt(net, shapes, loss=own_loss, gradients=run, result=attributes(net, "g"))
''',
    slips=(
        Slip("not_zeroed", "        self.zero_grad()\n        T = len(self.xs)", "        T = len(self.xs)",
             "accumulators not zeroed"),
        Slip("carry_unmasked", "dh = self.Wh.T @ delta", "dh = self.Wh.T @ dh", "carry past the relu"),
        Slip("untransposed", "dh = self.Wh.T @ delta", "dh = self.Wh @ delta", "recurrent weight not transposed"),
        Slip("error_at_every_step", "dh = self.Wh.T @ delta", "dh = self.Wh.T @ delta + self.Wo.T @ error",
             "error at every step, the loss is on the last"),
        Slip("outer_turned", "self.gWh += np.outer(delta, self.hs[t - 1])",
             "self.gWh += np.outer(self.hs[t - 1], delta)", "outer product transposed"),
        Slip("state_after", "self.gWh += np.outer(delta, self.hs[t - 1])", "self.gWh += np.outer(delta, self.hs[t])",
             "h_t for h_{t-1}"),
        Slip("never_accumulated", "            self.accumulate(t, delta)\n            dh =",
             "            dh =", "contributions never added"),
        Slip("accumulated_first", "            delta = dh * (self.pre[t] > 0)\n            self.accumulate(t, delta)\n",
             "            self.accumulate(t, dh)\n            delta = dh * (self.pre[t] > 0)\n",
             "accumulated before the derivative"),
        Slip("two_of_the_square", "error = self.out - target\n", "error = 2 * (self.out - target)\n",
             "2 of a square that is halved"),
        Slip("window", "for t in range(T - 1, -1, -1):", "for t in range(T - 1, max(-1, T - 4), -1):",
             "truncated to three steps"),
        Slip("mask_of_bias", "delta = dh * (self.pre[t] > 0)", "delta = dh * (self.pre[T - 1] > 0)",
             "one cache for all steps"),
    ),
    pairs=(
        ("carry_unmasked", "state_after"),
        ("not_zeroed", "untransposed"),
    ),
)  # fmt: skip

CLOSURE_TAGGER = Style(
    name="closure_tagger",
    files=("repair/closure_tagger.py",),
    net=nets.words(layout="row", outputs="O").replace("reduction: sum", "reduction: mean"),
    adapter='''
import closure_tagger as net

shapes = {"embed": (I, H), "recur": (H, H), "bias": (H,), "readout": (H, O), "offset": (O,)}
ROLES = {"embed": "W_xh", "recur": "W_hh", "bias": "b_h", "readout": "W_hy", "offset": "b_y"}


def parameters(rng):
    return {name: rng.normal(0, 0.5, shape) for name, shape in shapes.items()}


def run(parameters, batch):
    given = [parameters[name] for name in shapes]
    return net.tagger(given, batch.tokens, batch.targets, batch.initial_state["h"])


def loss(parameters, batch):
    return run(parameters, batch)[0]


def gradients(parameters, batch):
    return dict(zip(shapes, run(parameters, batch)[1]()))
''',
    slips=(
        Slip("lambda_of_wrong_function", "dtanh = lambda h: 1.0 - h * h", "dtanh = lambda h: h * (1.0 - h)",
             "sigmoid' for a tanh, in the helper"),
        Slip("lambda_squashes", "dtanh = lambda h: 1.0 - h * h", "dtanh = lambda h: 1.0 - np.tanh(h) ** 2",
             "derivative of the activated value, in the helper"),
        Slip("not_averaged", "        dscores /= length\n", "", "loss averaged, gradient summed"),
        Slip("derivative_of_before", "dtanh(h[t + 1])", "dtanh(h[t])", "the list holds the initial state first"),
        Slip("states_without_last", "dreadout = h[1:].T @ dscores", "dreadout = h[:-1].T @ dscores", "h_{t-1} for h_t"),
        Slip("word_overwritten", "dembed[words[t]] += da", "dembed[words[t]] = da",
             "= for += at a word that is repeated"),
        Slip("words_of_next", "dembed[words[t]] += da", "dembed[words[t - 1]] += da", "index -1 wraps at t = 0"),
        Slip("carry_shrinks", "carry = recur @ da", "carry = recur @ (da * dtanh(h[t]))", "tanh' twice"),
        Slip("recur_transposed", "drecur += np.outer(h[t], da)", "drecur += np.outer(da, h[t])",
             "outer product transposed"),
        Slip("forward_order", "for t in reversed(range(length)):", "for t in range(length):", "loop in forward order"),
    ),
    pairs=(
        ("not_averaged", "derivative_of_before"),
        ("recur_transposed", "states_without_last"),
    ),
)  # fmt: skip

TWO_WAY_NET = Style(
    name="two_way_net",
    files=("repair/two_way_net.py",),
    net=nets.series(loss="kind: softmax_cross_entropy, reduction: sum", more=", bidirectional: true"),
    adapter='''
import two_way_net as net

shapes = {f"{letter}{way}": shape for way in "fb" for letter, shape in (("W", (H, I)), ("U", (H, H)), ("b", (H,)))}
shapes |= {"V": (O, 2 * H), "c": (O,)}


def parameters(rng):
    return {name: rng.normal(0, 0.5, shape) for name, shape in shapes.items()}


def loss(parameters, batch):
    return net.log_loss(parameters, batch.inputs, batch.targets)


def gradients(parameters, batch):
    return net.gradient(parameters, batch.inputs, batch.targets)
''',
    slips=(
        Slip("halves_swapped_back", "dboth[::-1, H:], xs[::-1], behind", "dboth[::-1, :H], xs[::-1], behind",
             "the other direction's part of the gradient"),
        Slip("not_turned_round", "dboth[::-1, H:], xs[::-1], behind", "dboth[:, H:], xs[::-1], behind",
             "gradient of the backward direction not reversed"),
        Slip("inputs_not_turned_round", "dboth[::-1, H:], xs[::-1], behind", "dboth[::-1, H:], xs, behind",
             "inputs of the backward direction not reversed"),
        Slip("weight_of_other_way", 'behind, p["Wb"], p["Ub"], p["bb"])\n    return',
             'behind, p["Wb"], p["Uf"], p["bb"])\n    return', "the other direction's recurrent weight"),
        Slip("states_joined_early", 'dh = dhs[t] + U.T.dot(da)', 'dh = dhs[t]', "carry missing in both directions"),
        Slip("wraps_at_first", "        if t > 0:\n            dU += np.outer(da, hs[t - 1])\n",
             "        dU += np.outer(da, hs[t - 1])\n", "index -1 wraps to the last step at t = 0"),
        Slip("untransposed", "U.T.dot(da)", "U.dot(da)", "recurrent weight not transposed in the carry"),
        Slip("derivative_on_part", "da = dh * (1 - hs[t] ** 2)", "da = dhs[t] * (1 - hs[t] ** 2)",
             "upstream for the whole gradient"),
        Slip("bias_within_the_if", "        if t > 0:\n            dU += np.outer(da, hs[t - 1])\n        db += da\n",
             "        if t > 0:\n            dU += np.outer(da, hs[t - 1])\n            db += da\n",
             "first step's contribution to a bias skipped"),
    ),
    pairs=(("wraps_at_first", "not_turned_round"), ("states_joined_early", "halves_swapped_back")),
)  # fmt: skip

SIGMOID_VECTORS = Style(
    name="sigmoid_vectors",
    files=("repair/sigmoid_vectors.py",),
    net=nets.series(cell="sigmoid"),
    adapter='''
import sigmoid_vectors as net

shapes = {"U": (H, I), "W": (H, H), "V": (O, H), "b": (H,), "c": (O,)}


def parameters(rng):
    return {name: rng.normal(0, 0.5, shape) for name, shape in shapes.items()}


def loss(parameters, batch):
    return net.TextbookRNN(**parameters).error(batch.inputs, batch.targets, batch.initial_state["h"])


def gradients(parameters, batch):
    found = net.TextbookRNN(**parameters).bptt(batch.inputs, batch.targets, batch.initial_state["h"])
    return dict(zip(shapes, found))
''',
    slips=(
        Slip("prime_of_the_value", "sigmoid_prime = lambda a: a * (1 - a)",
             "sigmoid_prime = lambda a: sigmoid(a) * (1 - sigmoid(a))", "sigmoid'(sigmoid(z)), in the helper"),
        Slip("prime_of_tanh", "sigmoid_prime = lambda a: a * (1 - a)", "sigmoid_prime = lambda a: 1 - a ** 2",
             "tanh' for a sigmoid, in the helper"),
        Slip("delta_of_this_step", "self.W.T.dot(delta_s[t + 1])", "self.W.T.dot(err)", "wrong operand in the carry"),
        Slip("untransposed", "self.W.T.dot(delta_s[t + 1])", "self.W.dot(delta_s[t + 1])",
             "recurrent weight not transposed"),
        Slip("carry_after_derivative",
             "            if t < T - 1:\n                err = err + self.W.T.dot(delta_s[t + 1])\n"
             "            delta_s[t] = err * sigmoid_prime(s[t])\n",
             "            delta_s[t] = err * sigmoid_prime(s[t])\n            if t < T - 1:\n"
             "                delta_s[t] = delta_s[t] + self.W.T.dot(delta_s[t + 1])\n",
             "activation derivative on the wrong side of adding the carry"),
        Slip("carry_replaces", "err = err + self.W.T.dot(delta_s[t + 1])", "err = self.W.T.dot(delta_s[t + 1])",
             "the step's own error lost"),
        Slip("outer_of_same_step", "np.outer(delta_s[t], s[t - 1]) for t in range(T)",
             "np.outer(delta_s[t], s[t]) for t in range(T)", "h_t for h_{t-1}"),
        Slip("sum_without_first", "np.outer(delta_s[t], s[t - 1]) for t in range(T)",
             "np.outer(delta_s[t], s[t - 1]) for t in range(1, T)", "first step's contribution skipped"),
        Slip("bias_of_output", "db = sum(delta_s)", "db = sum(delta_s[1:])", "first step's contribution skipped"),
        Slip("spurious_output_prime", "delta_o = [o[t] - y[t] for t in range(T)]",
             "delta_o = [(o[t] - y[t]) * sigmoid_prime(o[t]) for t in range(T)]",
             "derivative of an output activation that is none"),
        Slip("negated", "delta_o = [o[t] - y[t] for t in range(T)]", "delta_o = [y[t] - o[t] for t in range(T)]",
             "sign of the error"),
    ),
    pairs=(("prime_of_tanh", "outer_of_same_step"), ("carry_replaces", "bias_of_output")),
)  # fmt: skip

STYLES = (STEP_DICTS, RELU_REGRESSOR, CLOSURE_TAGGER, TWO_WAY_NET, SIGMOID_VECTORS)
