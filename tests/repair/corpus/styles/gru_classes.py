"""GRUs of the fixtures: a class with a dict of weights, an object for each step."""

from tests.repair.corpus.slip import Slip, Style
from tests.repair.corpus.styles import nets

GRU_CLASS = Style(
    name="gru_class",
    files=("styles/gru_class.py",),
    net=nets.words(cell="gru"),
    adapter='''
from gradcheck_rnn.adapters import adapt, definitions, mapping

net = definitions("gru_class.py").GruNet(I, H)
shapes = {f"{letter}{gate}": (H, *rest) for gate in "zrh" for letter, *rest in (("W", I), ("U", H), ("b", 1))}
shapes |= {"Wy": (I, H), "by": (I, 1)}


def run(batch):
    return net.loss(batch.tokens, batch.targets, batch.initial_state["h"][:, None])


loss, gradients, parameters = adapt(
    net.params, shapes, loss=lambda b: run(b)[0], gradients=lambda b: run(b)[1], result=mapping("")
)
''',
    slips=(
        Slip("only_the_kept_state", 'dh_next = dh * z + drh * r + p["Uz"].T @ dz + p["Ur"].T @ dr', "dh_next = dh * z",
             "gate paths into h[t-1] missing"),
        Slip("reset_gate_forgotten", "dh * z + drh * r +", "dh * z + drh +", "reset gate missing in the carry"),
        Slip("reset_path_missing", ' + p["Ur"].T @ dr', "", "path through the reset gate missing"),
        Slip("update_gate_turned", "dz = dh * (hs[t - 1] - n) * z", "dz = dh * (n - hs[t - 1]) * z",
             "sign of the update gate"),
        Slip("kept_share_in_candidate", "dn = dh * (1 - z) * (1 - n**2)", "dn = dh * z * (1 - n**2)", "z for 1 - z"),
        Slip("candidate_derivative", "dn = dh * (1 - z) * (1 - n**2)", "dn = dh * (1 - z)", "tanh' missing"),
        Slip("reset_of_state", "dr = drh * hs[t - 1] * r * (1 - r)", "dr = drh * hs[t] * r * (1 - r)",
             "h_t for h_{t-1}"),
        Slip("candidate_weight_of_state", '("h", dn, r * hs[t - 1])', '("h", dn, hs[t - 1])',
             "reset gate missing in the weight"),
        Slip("untransposed", 'drh = p["Uh"].T @ dn', 'drh = p["Uh"] @ dn', "recurrent weight not transposed"),
        Slip("update_gate_of_state_alone", "dz = dh * (hs[t - 1] - n) * z * (1 - z)",
             "dz = dh * hs[t - 1] * z * (1 - z)", "candidate's part of z missing"),
    ),
    pairs=(
        ("reset_gate_forgotten", "candidate_weight_of_state"),
        ("update_gate_turned", "candidate_derivative"),
        ("untransposed", "update_gate_of_state_alone"),
        ("reset_of_state", "kept_share_in_candidate"),
    ),
)  # fmt: skip

STEP_CELL = Style(
    name="step_cell",
    files=("interfaces/step_cell.py",),
    net=nets.layer(cell="gru", layout="column", is_batch=False),
    adapter='''
from gradcheck_rnn.adapters import unrolled
from step_cell import Step

shapes = {f"{letter}{gate}": (H, *rest) for gate in "zrn" for letter, *rest in (("W", I), ("U", H), ("b",))}
loss, gradients, parameters = unrolled(
    forward=lambda x, h, p: ((step := Step(p)).forward(x, h), step),
    backward=lambda dh, step: dict(zip(("dx", "dh"), step.backward(dh))) | step.grads,
    shapes=shapes,
)
''',
    slips=(
        Slip("through_without_reset", "dh * self.z + through * self.r +", "dh * self.z + through +",
             "reset gate missing"),
        Slip("kept_state_missing", "before = dh * self.z + through", "before = through",
             "direct path of the state missing"),
        Slip("reset_derivative", "dr = through * self.h * self.r * (1 - self.r)", "dr = through * self.h * self.r",
             "half of sigmoid'"),
        Slip("input_path_missing", 'w["Wz"].T @ dz + w["Wr"].T @ dr + w["Wn"].T @ dn',
             'w["Wr"].T @ dr + w["Wn"].T @ dn', "a gate's path into dx missing"),
        Slip("update_of_reset", '+ w["Ur"].T @ dr', '+ w["Uz"].T @ dr', "another gate's weight"),
        Slip("outer_turned", '"dUz": np.outer(dz, self.h)', '"dUz": np.outer(self.h, dz)',
             "outer product the wrong way round"),
        Slip("bias_of_another", '"dbr": dr', '"dbr": dz', "copied from another gate"),
        Slip("kept_and_new_mixed", "dn = dh * (1 - self.z)", "dn = dh * self.z", "z for 1 - z"),
        Slip("state_with_reset", '"dUr": np.outer(dr, self.h)', '"dUr": np.outer(dr, self.r * self.h)',
             "reset state for the state"),
    ),
    pairs=(
        ("through_without_reset", "bias_of_another"),
        ("reset_derivative", "outer_turned"),
        ("kept_and_new_mixed", "state_with_reset"),
    ),
)  # fmt: skip

STYLES = (GRU_CLASS, STEP_CELL)
