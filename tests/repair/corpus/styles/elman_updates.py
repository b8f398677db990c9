"""Elman nets whose backward pass updates the weights itself."""

from tests.repair.corpus.slip import Slip, Style
from tests.repair.corpus.styles import nets

ERROR_IN = Style(
    name="error_in",
    files=("styles/error_in.py",),
    net=nets.series(loss="kind: mse, reduction: sum, steps: last"),
    adapter='''
from gradcheck_rnn.adapters import adapt, definitions, updates

net = definitions("error_in.py").LastWord(I, O, hidden_size=H)
shapes = {"Whh": (H, H), "Wxh": (H, I), "Why": (O, H), "bh": (H, 1), "by": (O, 1)}


def run(batch):
    y, h = net.forward(batch.inputs[..., None])
    return net.backprop(y - batch.targets[..., None], 1.0)


def own_loss(batch):
    return 0.5 * ((net.forward(batch.inputs[..., None])[0] - batch.targets[..., None]) ** 2).sum()


loss, gradients, parameters = adapt(net, shapes, loss=own_loss, gradients=run, result=updates(1.0))
''',
    slips=(
        Slip("untransposed", "d_h = self.Whh.T @ d_z", "d_h = self.Whh @ d_z", "recurrent weight not transposed"),
        Slip("carry_not_updated", "            d_h = self.Whh.T @ d_z\n", "", "carry never updated"),
        Slip("state_before_output", "d_Why = d_y @ self.last_hs[-1].T", "d_Why = d_y @ self.last_hs[-2].T",
             "the state before the last"),
        Slip("bias_of_dh", "d_bh += d_z", "d_bh += d_h", "bias takes dh"),
        Slip("error_again", "d_h = self.Whh.T @ d_z", "d_h = self.Whh.T @ d_z + self.Why.T @ d_y",
             "error at every step, the loss is on the last"),
        Slip("derivative_of_tanh", "(1 - self.last_hs[t + 1] ** 2)", "(1 - np.tanh(self.last_hs[t + 1]) ** 2)",
             "derivative of the activated value"),
        Slip("updated_with_other", "self.Wxh -= learn_rate * d_Wxh", "self.Wxh += learn_rate * d_Wxh",
             "sign of the update"),
    ),
    pairs=(("untransposed", "state_before_output"), ("error_again", "bias_of_dh")),
)  # fmt: skip

UPDATE_LOOP = Style(
    name="update_loop",
    files=("styles/update_loop.py",),
    net=nets.series(cell="sigmoid"),
    adapter='''
from gradcheck_rnn.adapters import adapt, definitions, updates

net = definitions("update_loop.py").SeriesNet(I, H, O, 1.0)
shapes = {"Wx": (H, I), "Wh": (H, H), "Wy": (O, H), "bh": (H, 1), "by": (O, 1)}


def forward(batch):
    return net.forward(batch.inputs[..., None], batch.initial_state["h"][:, None])


def run(batch):
    return net.backward(batch.inputs[..., None], batch.targets[..., None], *forward(batch))


def own_loss(batch):
    return net.compute_loss(forward(batch)[1], batch.targets[..., None])


loss, gradients, parameters = adapt(net, shapes, loss=own_loss, gradients=run, result=updates(1.0))
''',
    slips=(
        Slip("sigmoid_of_sigmoid", "dz = dh * h_states[t + 1] * (1 - h_states[t + 1])",
             "dz = dh * self.sigmoid(h_states[t + 1]) * (1 - self.sigmoid(h_states[t + 1]))",
             "derivative of the activated value"),
        Slip("tanh_for_sigmoid", "dz = dh * h_states[t + 1] * (1 - h_states[t + 1])",
             "dz = dh * (1 - h_states[t + 1] ** 2)", "tanh' for a sigmoid"),
        Slip("half_a_derivative", "dz = dh * h_states[t + 1] * (1 - h_states[t + 1])",
             "dz = dh * (1 - h_states[t + 1])", "factor of the derivative missing"),
        Slip("list_starts_with_initial", "dWy += np.dot(dy, h_states[t + 1].T)", "dWy += np.dot(dy, h_states[t].T)",
             "the list holds the initial state first"),
        Slip("input_of_first_step", "dWx += np.dot(dz, inputs[t].T)", "dWx += np.dot(dz, inputs[0].T)",
             "the first input at every step"),
        Slip("order_of_updates", "[dWx, dWh, dWy, dbh, dby]", "[dWx, dWh.T, dWy, dbh, dby]", "transposed update"),
        Slip("carry_of_output", "dh_next = np.dot(self.Wh.T, dz)", "dh_next = np.dot(self.Wh.T, h_states[t + 1])",
             "output for delta"),
    ),
    pairs=(("sigmoid_of_sigmoid", "list_starts_with_initial"), ("half_a_derivative", "input_of_first_step")),
)  # fmt: skip

CLIPPED_UPDATE = Style(
    name="clipped_update",
    files=("styles/clipped_update.py",),
    net=nets.series(layout="row", loss="kind: softmax_cross_entropy, reduction: sum"),
    adapter='''
import numpy as np

from gradcheck_rnn.adapters import adapt, definitions, updates

net = definitions("clipped_update.py").Clipped(I, H, O)
net.lr = 1.0
shapes = {"Wxh": (I, H), "Whh": (H, H), "Why": (H, O), "bh": (1, H), "by": (1, O)}


def given(batch):
    return batch.inputs[..., None, :], np.eye(O)[batch.targets][..., None, :]


def run(batch):
    x, y = given(batch)
    return net.backward(x, y, *net.forward(x))


def own_loss(batch):
    x, y = given(batch)
    return net.compute_loss(y, net.forward(x)[1])


loss, gradients, parameters = adapt(net, shapes, loss=own_loss, gradients=run, result=updates(1.0))
''',
    slips=(
        Slip("condition_dropped", "dWhh += hs[t - 1].T @ dh_raw if t > 0 else 0", "dWhh += hs[t - 1].T @ dh_raw",
             "index -1 wraps at the first step"),
        Slip("clipped_hard", "np.clip(dparam, -5, 5)", "np.clip(dparam, -0.05, 0.05)", "clipping that bites"),
        Slip("second_step_skipped", "if t > 0 else 0", "if t > 1 else 0", "one step too many is left out"),
        Slip("derivative_twice", "dh_next = dh_raw @ self.Whh.T",
             "dh_next = dh_raw * (1 - hs[t] ** 2) @ self.Whh.T", "tanh' counted twice in the carry"),
        Slip("sum_forgotten", "dWhy += hs[t].T @ dy; dby += dy", "dWhy += hs[t].T @ dy; dby = dy", "= for +="),
        Slip("carry_of_the_bias", "dh = dy @ self.Why.T + dh_next", "dh = dy @ self.Why.T + dbh",
             "accumulator for the carry"),
    ),
    pairs=(("condition_dropped", "sum_forgotten"), ("derivative_twice", "condition_dropped")),
    sizes_are_free=True,
)  # fmt: skip

BATCH_LISTS = Style(
    name="batch_lists",
    files=("styles/batch_lists.py",),
    net=nets.series(layout="row", loss="kind: softmax_cross_entropy, reduction: mean, steps: last", is_batch=True),
    adapter='''
import numpy as np

from gradcheck_rnn.adapters import adapt, definitions, updates

net = definitions("batch_lists.py").Classifier(I, I, H, O)
net.lr = 1.0
shapes = {"Wxh": (I, H), "Whh": (H, H), "bh": (H,), "Why": (H, O), "by": (O,)}


def run(batch):
    probs, cache = net.forward(batch.inputs)
    return net.backward(probs, np.eye(O)[batch.targets], cache)


# nothing in the file returns the loss: that of the configuration is differenced
_, gradients, parameters = adapt(net, shapes, loss=run, gradients=run, result=updates(1.0))
''',
    slips=(
        Slip("batch_size_of_classes", "batch_size = y.shape[0]\n", "batch_size = y.shape[1]\n",
             "the wrong axis counted"),
        Slip("derivative_at_t", "dtanh = dh * (1 - hs[t + 1] ** 2)", "dtanh = dh * (1 - hs[t] ** 2)", "off by one"),
        Slip("first_state_read_out", "dWhy = hs[-1].T @ dlogits", "dWhy = hs[-2].T @ dlogits", "the state before"),
        Slip("mean_for_sum", "dbh += dtanh.sum(axis=0)", "dbh += dtanh.mean(axis=0)", "mean over the batch"),
        Slip("too_few_steps", "for t in reversed(range(len(xs))):", "for t in reversed(range(1, len(xs))):",
             "loop drops the first step"),
    ),
    pairs=(("derivative_at_t", "mean_for_sum"),),
)  # fmt: skip

STYLES = (ERROR_IN, UPDATE_LOOP, CLIPPED_UPDATE, BATCH_LISTS)
