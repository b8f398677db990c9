"""Elman layers and steps that know no loss: an upstream gradient goes in."""

from tests.repair.corpus.slip import Slip, Style
from tests.repair.corpus.styles import nets

SEQUENCE_FUNCTIONS = Style(
    name="sequence_functions",
    files=("styles/sequence_functions.py",),
    net=nets.layer(),
    adapter='''
from gradcheck_rnn.adapters import definitions, sequence, values

net = definitions("sequence_functions.py")
loss, gradients, parameters = sequence(
    forward=lambda x, h0, p: net.rnn_forward(x, h0, p["Wx"], p["Wh"], p["b"]), backward=net.rnn_backward,
    shapes={"Wx": (I, H), "Wh": (H, H), "b": (H,)}, result=values("x", "h0", "Wx", "Wh", "b"), axes="BTI",
)
''',
    slips=(
        Slip("untransposed", "da.dot(Wx.T), da.dot(Wh.T)", "da.dot(Wx.T), da.dot(Wh)", "weight not transposed"),
        Slip("upstream_forgotten", "rnn_step_backward(dh[:, t, :] + dprev, cache[t])",
             "rnn_step_backward(dprev, cache[t])", "upstream gradient never added: everything is zero"),
        Slip("carry_forgotten", "rnn_step_backward(dh[:, t, :] + dprev, cache[t])",
             "rnn_step_backward(dh[:, t, :], cache[t])", "carry never added"),
        Slip("one_cache", "dh[:, t, :] + dprev, cache[t])", "dh[:, t, :] + dprev, cache[-1])",
             "the last cache at every step"),
        Slip("quotient_for_product", "da = dnext_h * (1 - next_h**2)", "da = dnext_h / (1 - next_h**2)",
             "divided by the derivative"),
        Slip("bias_of_steps", "prev_h.T.dot(da), da.sum(axis=0)", "prev_h.T.dot(da), dnext_h.sum(axis=0)",
             "bias takes the upstream gradient"),
        Slip("next_for_before", "prev_h.T.dot(da)", "next_h.T.dot(da)", "h_t for h_{t-1}"),
        Slip("first_gradient_lost", "    dh0 = dprev\n", "    dh0 = dh[:, 0, :]\n", "upstream for the carry"),
        Slip("weight_overwritten", "        dWh += dWh_t\n", "        dWh = dWh_t\n", "= for +="),
    ),
    pairs=(
        ("untransposed", "weight_overwritten"),
        ("one_cache", "bias_of_steps"),
        ("quotient_for_product", "first_gradient_lost"),
    ),
)  # fmt: skip

BATCH_FIRST = Style(
    name="batch_first_layers",
    files=("interfaces/batch_first_layers.py",),
    net=nets.layer(),
    adapter='''
import batch_first_layers as net
from gradcheck_rnn.adapters import sequence, values

loss, gradients, parameters = sequence(
    forward=lambda x, h0, p: net.layer_forward(x, h0, p["Wx"], p["Wh"], p["b"]), backward=net.layer_backward,
    shapes={"Wx": (I, H), "Wh": (H, H), "b": (H,)}, result=values("x", "h0", "Wx", "Wh", "b"), axes="BTI",
)
''',
    slips=(
        Slip("carry_thrown_away", "dx[:, t], dbefore, dWx_t,", "dx[:, t], _, dWx_t,", "carry never updated"),
        Slip("input_gradient_of_dh", "return da.dot(Wx.T), da.dot(Wh.T), x.T.dot(da), before",
             "return dafter.dot(Wx.T), da.dot(Wh.T), x.T.dot(da), before", "dx past the tanh"),
        Slip("derivative_of_before", "da = dafter * (1 - after**2)", "da = dafter * (1 - before**2)",
             "tanh' at h_{t-1}"),
        Slip("steps_in_forward_order", "    for t in reversed(range(T)):\n        dx[:, t], dbefore",
             "    for t in range(T):\n        dx[:, t], dbefore", "loop in forward order"),
        Slip("bias_never_summed", "        db += db_t\n", "", "accumulator stays zero"),
    ),
    pairs=(("carry_thrown_away", "bias_never_summed"), ("derivative_of_before", "bias_never_summed")),
)  # fmt: skip

COLUMN_STEPS = Style(
    name="column_steps",
    files=("interfaces/column_steps.py",),
    net=nets.layer(layout="column"),
    adapter='''
import column_steps as net
import numpy as np

from gradcheck_rnn.adapters import sequence

loss, gradients, parameters = sequence(
    forward=lambda x, a0, p: net.sequence_forward(x, a0, {**p, "Wya": np.zeros((1, H))}),
    backward=net.sequence_backward,
    shapes={"Wax": (H, I), "Waa": (H, H), "ba": (H, 1)}, inputs=("x", "a0"), axes="IBT",
)
''',
    slips=(
        Slip("sum_of_everything", "np.sum(dtanh, axis=1, keepdims=True)", "np.sum(dtanh, keepdims=True)",
             "bias summed over units, too"),
        Slip("weight_not_turned", '"da_prev": weights["Waa"].T @ dtanh', '"da_prev": weights["Waa"] @ dtanh',
             "recurrent weight not transposed"),
        Slip("derivative_forgotten", "dtanh = (1 - a_next**2) * da_next", "dtanh = da_next",
             "activation derivative missing"),
        Slip("cache_of_next", "cell_backward(da[:, :, t] + before, caches[t])",
             "cell_backward(da[:, :, t] + before, caches[t - 1])", "the cache of another step"),
        Slip("overwritten", "grads[name] += step[name]", "grads[name] = step[name]", "= for += in every weight"),
        Slip("input_gradient_at_wrong_weight", '"dxt": weights["Wax"].T @ dtanh', '"dxt": weights["Wax"].T @ da_next',
             "dx past the tanh"),
        Slip("upstream_of_step_zero", "da[:, :, t] + before", "da[:, :, 0] + before", "upstream of one step"),
    ),
    pairs=(
        ("sum_of_everything", "weight_not_turned"),
        ("overwritten", "derivative_forgotten"),
        ("cache_of_next", "overwritten"),
    ),
)  # fmt: skip

LISTED_LAYER = Style(
    name="listed_layer",
    files=("interfaces/listed_layer.py",),
    net=nets.layer(),
    adapter='''
from gradcheck_rnn.adapters import entries, sequence, values
from listed_layer import TimeTanh

layer = TimeTanh(I, H)
loss, gradients, parameters = sequence(
    home=entries(layer.params, "Wx", "Wh", "b"),
    forward=lambda x, h0, p: (setattr(layer, "start", h0), layer.forward(x))[1],
    backward=lambda dh: (layer.backward(dh), layer.dstart, *layer.grads),
    shapes={"Wx": (I, H), "Wh": (H, H), "b": (H,)}, result=values("x", "h0", "Wx", "Wh", "b"), axes="BTI",
)
''',
    slips=(
        Slip("wraps", "before = self.hs[:, t - 1] if t else self.start", "before = self.hs[:, t - 1]",
             "index -1 wraps at the first step"),
        Slip("initial_state_everywhere", "before = self.hs[:, t - 1] if t else self.start", "before = self.start",
             "initial state for h_{t-1}"),
        Slip("untransposed", "da @ Wx.T, da @ Wh.T", "da @ Wx.T, da @ Wh", "recurrent weight not transposed"),
        Slip("last_part_alone", "                total += part\n", "                total[...] = part\n", "= for +="),
        Slip("grads_added", "            kept[...] = total\n", "            kept += total\n",
             "gradients of the last call not cleared"),
        Slip("carry_outside", "da = (dhs[:, t] + carried) * (1 - self.hs[:, t] ** 2)",
             "da = dhs[:, t] * (1 - self.hs[:, t] ** 2) + carried", "carry past the tanh"),
    ),
    pairs=(("wraps", "untransposed"), ("last_part_alone", "carry_outside")),
)  # fmt: skip

TIME_LAYER = Style(
    name="time_layer",
    files=("styles/time_layer.py",),
    net=nets.layer(),
    adapter='''
from gradcheck_rnn.adapters import definitions, sequence, values

net = definitions("time_layer.py")


def forward(x, h0, p):
    layer = net.OverTime(p["Wx"], p["Wh"], p["b"], stateful=True)
    layer.set_state(h0)
    return layer.forward(x), layer


def backward(dhs, layer):
    return layer.backward(dhs), layer.dh, *layer.grads


loss, gradients, parameters = sequence(
    forward=forward, backward=backward, shapes={"Wx": (I, H), "Wh": (H, H), "b": (H,)},
    result=values("x", "h0", "Wx", "Wh", "b"), axes="BTI",
)
''',
    slips=(
        Slip("carry_not_added", "self.steps[t].backward(dhs[:, t, :] + dh)", "self.steps[t].backward(dhs[:, t, :])",
             "carry never added"),
        Slip("untransposed", "np.dot(dt, Wx.T), np.dot(dt, Wh.T)", "np.dot(dt, Wx.T), np.dot(dt, Wh)",
             "recurrent weight not transposed"),
        Slip("one_step_for_all", "for k, gradient in enumerate(self.steps[t].grads):",
             "for k, gradient in enumerate(self.steps[0].grads):", "gradients of one step at every step"),
        Slip("sum_replaced", "sums[k] = sums[k] + gradient", "sums[k] = gradient", "= for +="),
        Slip("after_for_before", "self.grads[1][...] = np.dot(h_prev.T, dt)",
             "self.grads[1][...] = np.dot(h_next.T, dt)", "h_t for h_{t-1}"),
        Slip("bias_averaged", "np.sum(dt, axis=0)", "np.mean(dt, axis=0)", "mean over the batch"),
        Slip("outer_turned", "np.dot(h_prev.T, dt)", "np.dot(dt.T, h_prev)", "outer product the wrong way round"),
    ),
    pairs=(("carry_not_added", "bias_averaged"), ("sum_replaced", "outer_turned")),
)  # fmt: skip

CELL_OBJECT = Style(
    name="cell_object",
    files=("styles/cell_object.py",),
    net=nets.layer(),
    adapter='''
from gradcheck_rnn.adapters import definitions, unrolled, values

net = definitions("cell_object.py")


def forward(x, h, p):
    layer = net.Cell(I, H)
    for name, value in p.items():
        setattr(layer, name, value)
    return layer.forward(x, h), layer


def backward(dh, layer):
    return *layer.backward(dh), layer.dW, layer.dU, layer.db


loss, gradients, parameters = unrolled(
    forward=forward, backward=backward, shapes={"W": (I, H), "U": (H, H), "b": (H,)},
    result=values("x", "h", "W", "U", "b"),
)
''',
    slips=(
        Slip("untransposed", "dz @ self.U.T", "dz @ self.U", "recurrent weight not transposed"),
        Slip("state_after", "self.dU = self.h_prev.T @ dz", "self.dU = self.h.T @ dz", "h_t for h_{t-1}"),
        Slip("gradient_for_weight", "dz @ self.U.T", "dz @ self.dU.T", "gradient matrix for the weight"),
        Slip("derivative_without_square", "(1 - self.h**2)", "self.h * (1 - self.h)", "sigmoid' for a tanh"),
        Slip("dh_to_input", "dz @ self.W.T,", "dh @ self.W.T,", "dx past the tanh"),
    ),
    pairs=(("untransposed", "state_after"), ("gradient_for_weight", "dh_to_input")),
)  # fmt: skip

STYLES = (SEQUENCE_FUNCTIONS, BATCH_FIRST, COLUMN_STEPS, LISTED_LAYER, TIME_LAYER, CELL_OBJECT)
