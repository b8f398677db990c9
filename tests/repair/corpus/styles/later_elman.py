"""Elman nets, not looked at while the search was written: a diary, a recursion, batch first, one vector of weights."""

from tests.repair.corpus.slip import Slip, Style
from tests.repair.corpus.styles import nets

DIARY_RNN = Style(
    name="diary_rnn",
    files=("repair/diary_rnn.py",),
    net=nets.words().replace("reduction: sum", "reduction: mean"),
    adapter='''
from diary_rnn import DiaryRNN
from gradcheck_rnn.adapters import adapt, mapping

net = DiaryRNN(I, H)
shapes = {"U": (H, I), "W": (H, H), "V": (I, H), "b": (H, 1), "c": (I, 1)}


def own_loss(batch):
    net.forward(batch.tokens, batch.initial_state["h"][:, None])
    return net.loss(batch.targets)


def run(batch):
    net.forward(batch.tokens, batch.initial_state["h"][:, None])
    return net.bptt(batch.targets)


loss, gradients, parameters = adapt(net, shapes, loss=own_loss, gradients=run, result=mapping(""))
''',
    slips=(
        Slip("future_never_set", "            dh_future = self.W.T.dot(da)\n", "", "carry over time never updated"),
        Slip("future_past_tanh", "dh_future = self.W.T.dot(da)", "dh_future = self.W.T.dot(dh)",
             "activation derivative missing in the carry"),
        Slip("only_the_future", "dh = dh + dh_future", "dh = dh_future", "= for +=: the step's own error is lost"),
        Slip("derivative_a_step_early", "self.dtanh(h[t + 1])", "self.dtanh(h[t])",
             "the list holds the initial state first"),
        Slip("helper_squashes", "1. - np.multiply(h, h)", "1. - np.tanh(h) ** 2",
             "derivative of the activated value, in the helper"),
        Slip("output_weight_a_step_early", "do.dot(h[t + 1].T)", "do.dot(h[t].T)", "h_{t-1} for h_t"),
        Slip("over_step_number", "do = do / T\n", "do = do / (t + 1)\n",
             "divided by the step's number, not by their count"),
        Slip("target_of_before", "self.one_hot(targets[t])", "self.one_hot(targets[t - 1])", "target of another step"),
        Slip("bias_set", "grads['b'] += da", "grads['b'] = da", "= for +="),
        Slip("last_char_everywhere", "da.dot(x[t].T)", "da.dot(x[-1].T)", "one cache for all steps"),
        Slip("last_char_dropped", "for t in range(T)[::-1]:", "for t in range(T - 1)[::-1]:",
             "loop drops the last step"),
        Slip("diagonal_jacobian", "            do = do / T\n", "            do = do * p[t] * (1 - p[t]) / T\n",
             "output activation's derivative spurious"),
        Slip("output_bias_after_hidden", "grads['c'] += do", "grads['c'] += p[t]",
             "target not subtracted in one of two places"),
    ),
    pairs=(
        ("future_past_tanh", "output_weight_a_step_early"),
        ("helper_squashes", "bias_set"),
        ("over_step_number", "last_char_everywhere"),
    ),
)  # fmt: skip

RECURSIVE_BLAME = Style(
    name="recursive_blame",
    files=("repair/recursive_blame.py",),
    net=nets.series(cell="sigmoid", loss="kind: mse, reduction: sum"),
    adapter='''
import recursive_blame as net

shapes = {"in": (H, I), "loop": (H, H), "bias": (H,), "out": (O, H), "offset": (O,)}


def parameters(rng):
    return {name: rng.normal(0, 0.5, shape) for name, shape in shapes.items()}


def loss(parameters, batch):
    return net.cost(net.live(parameters, batch.inputs, batch.initial_state["h"]), batch.targets)


def gradients(parameters, batch):
    return net.gradient(parameters, batch.inputs, batch.targets, batch.initial_state["h"])
''',
    slips=(
        Slip("nothing_handed_down", 'targets[:-1], weights["loop"].T @ dz)', "targets[:-1], np.zeros_like(dz))",
             "carry over time zeroed"),
        Slip("untransposed", 'weights["loop"].T @ dz', 'weights["loop"] @ dz', "recurrent weight not transposed"),
        Slip("weight_forgotten", 'weights["loop"].T @ dz', "dz", "carry not multiplied by the recurrent weight"),
        Slip("clipped_on_the_way", 'weights["loop"].T @ dz)', 'np.clip(weights["loop"].T @ dz, -0.5, 0.5))',
             "carry clipped"),
        Slip("tanh_prime", "dz = ds * now.s * (1 - now.s)", "dz = ds * (1 - now.s ** 2)", "tanh' for a sigmoid"),
        Slip("logistic_twice", "dz = ds * now.s * (1 - now.s)",
             "dz = ds * logistic(now.s) * (1 - logistic(now.s))", "sigmoid'(sigmoid(z))"),
        Slip("carry_after_derivative", '@ err + ds_later\n    dz = ds * now.s * (1 - now.s)',
             '@ err\n    dz = ds * now.s * (1 - now.s) + ds_later',
             "activation derivative on the wrong side of adding the carry"),
        Slip("targets_not_shortened", "targets[:-1], weights", "targets, weights",
             "stale variable: always the last target"),
        Slip("ends_a_moment_early", "    if now.before is None:\n        return {",
             "    if now.before.before is None:\n        return {", "recursion drops the first step"),
        Slip("state_of_now", "np.outer(dz, now.before.s)", "np.outer(dz, now.s)", "h_t for h_{t-1}"),
        Slip("target_forgotten", "err = now.y - targets[-1]", "err = now.y", "target not subtracted"),
        Slip("bias_past_derivative", '"bias": dz', '"bias": ds', "activation derivative missing in the bias"),
        Slip("later_alone", 'return {name: one[name] + other[name] for name in one}',
             'return {name: one[name] + (other[name] if one[name].ndim > 1 else 0) for name in one}',
             "biases not added up, in the helper"),
    ),
    pairs=(
        ("tanh_prime", "state_of_now"),
        ("target_forgotten", "bias_past_derivative"),
        ("weight_forgotten", "ends_a_moment_early"),
    ),
)  # fmt: skip

BATCH_FIRST_RELU = Style(
    name="batch_first_relu",
    files=("repair/batch_first_relu.py",),
    net=nets.series(cell="relu", layout="row", loss="kind: softmax_cross_entropy, reduction: mean", is_batch=True),
    adapter='''
import batch_first_relu as net

shapes = {"Wx": (I, H), "Wh": (H, H), "bh": (H,), "Wo": (H, O), "bo": (O,)}


def parameters(rng):
    return {name: rng.normal(0, 0.5, shape) for name, shape in shapes.items()}


def forward(parameters, batch):
    params = tuple(parameters[name] for name in shapes)
    x, y = batch.inputs.swapaxes(0, 1), batch.targets.T
    return params, x, y, *net.forward(params, x, batch.initial_state["h"])


def loss(parameters, batch):
    params, x, y, logits, hidden = forward(parameters, batch)
    return net.nll(logits, y)


def gradients(parameters, batch):
    return dict(zip(shapes, net.backward(*forward(parameters, batch))))
''',
    slips=(
        Slip("letters_turned", '"bk,hk->bh", running', '"bk,kh->bh", running', "recurrent weight not transposed"),
        Slip("outer_turned", '"bth,btk->hk"', '"bth,btk->kh"', "outer product transposed"),
        Slip("states_of_now", "hidden[:, :-1], dpre", "hidden[:, 1:], dpre", "h_t for h_{t-1}"),
        Slip("mask_of_before", "hidden[:, t + 1] > 0", "hidden[:, t] > 0", "the array holds the initial state first"),
        Slip("stored_too_early",
             "        running = np.where(hidden[:, t + 1] > 0, running, 0)\n        dpre[:, t] = running\n",
             "        dpre[:, t] = running\n        running = np.where(hidden[:, t + 1] > 0, running, 0)\n",
             "activation derivative missing in the weights, not in the carry"),
        Slip("carry_replaced", "running = running + dhidden[:, t]", "running = dhidden[:, t]", "carry never added"),
        Slip("not_over_time", "/ (B * T)", "/ B", "loss averaged over time, gradient summed"),
        Slip("no_target", "(softmax(logits) - onehot)", "softmax(logits)", "target not subtracted"),
        Slip("softmax_over_time", "(softmax(logits) - onehot)", "(softmax(logits, 1) - onehot)",
             "softmax over the wrong axis"),
        Slip("tanh_prime", "np.where(hidden[:, t + 1] > 0, running, 0)", "running * (1 - hidden[:, t + 1] ** 2)",
             "tanh' for a relu"),
        Slip("bias_of_last_step", 'einsum("bth->h", dpre)', 'einsum("bh->h", dpre[:, -1])',
             "bias of one step alone"),
        Slip("forwards", "t = T - 1 - step", "t = step", "loop in forward order"),
    ),
    pairs=(
        ("letters_turned", "not_over_time"),
        ("mask_of_before", "bias_of_last_step"),
        ("carry_replaced", "outer_turned"),
    ),
)  # fmt: skip

THETA_VECTOR = Style(
    name="theta_vector",
    files=("repair/theta_vector.py",),
    net=nets.series(cell="custom", loss="kind: softmax_cross_entropy, steps: last", is_batch=True),
    adapter='''
import theta_vector as net

dims = (I, H, O)
names = ("Wx", "Wh", "bh", "Wy", "by")


def parameters(rng):
    return {name: rng.normal(0, 0.5, shape) for name, shape in zip(names, net.shapes(dims))}


def run(parameters, batch):
    theta = net.pack([parameters[name] for name in names])
    return net.costFunction(theta, dims, batch.inputs, batch.targets, batch.initial_state["h"], lam=0.3)


def loss(parameters, batch):
    return run(parameters, batch)[0]


def gradients(parameters, batch):
    return dict(zip(names, net.unpack(run(parameters, batch)[1], dims)))
''',
    slips=(
        Slip("penalty_forgotten", "Wh_grad = lam * Wh", "Wh_grad = np.zeros(Wh.shape)", "regulariser in the loss only"),
        Slip("penalty_halved", "+ lam * Wy\n", "+ lam / 2. * Wy\n", "a factor 2 in the regulariser"),
        Slip("penalty_on_bias", "bh_grad = np.zeros(bh.shape)", "bh_grad = lam * bh",
             "regulariser in the gradient only"),
        Slip("not_averaged", "    delta /= m\n", "", "loss averaged, gradient summed"),
        Slip("derivative_a_step_early", "delta * (1 - H[t] ** 2)", "delta * (1 - H[t - 1] ** 2)",
             "derivative of another step"),
        Slip("sigmoid_prime", "delta * (1 - H[t] ** 2)", "delta * H[t] * (1 - H[t])", "sigmoid' for a tanh"),
        Slip("input_a_step_early", "X[t - 1].T.dot(delta)", "X[t - 2].T.dot(delta)",
             "index off by one, -1 wraps to the last step"),
        Slip("untransposed", "delta.dot(Wh.T)", "delta.dot(Wh)", "recurrent weight not transposed"),
        Slip("bias_averaged", "bh_grad += delta.sum(axis=0)", "bh_grad += delta.mean(axis=0)",
             "averaged over the batch once more"),
        Slip("first_step_dropped", "while t > 0:", "while t > 1:", "loop drops the first step"),
        Slip("window_of_three", "while t > 0:", "while t > max(0, T - 3):", "truncated to three steps"),
        Slip("packed_in_another_order", "pack([Wx_grad, Wh_grad,", "pack([Wh_grad, Wx_grad,", "arguments swapped"),
        Slip("no_target", "    delta[range(m), y] -= 1\n", "", "target not subtracted"),
    ),
    pairs=(
        ("penalty_forgotten", "untransposed"),
        ("not_averaged", "derivative_a_step_early"),
        ("first_step_dropped", "penalty_halved"),
    ),
)  # fmt: skip

STYLES = (DIARY_RNN, RECURSIVE_BLAME, BATCH_FIRST_RELU, THETA_VECTOR)
