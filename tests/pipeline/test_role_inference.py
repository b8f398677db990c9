"""Roles that nobody declared: the nets here know which of their parameters is which, and no other answer will do."""

import math
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.config import load_settings
from gradcheck_rnn.errors import UsageError
from gradcheck_rnn.model.net import Net, Sizes
from gradcheck_rnn.model.problem import Batch
from gradcheck_rnn.pipeline.check import run_check
from gradcheck_rnn.pipeline.user.levelled import UserLoss
from gradcheck_rnn.pipeline.user.role_inference import (
    better_description,
    roles_by_loss,
    roles_by_names,
    why_undescribed,
)

SIZES = Sizes(input_size=5, hidden_size=3, output_size=4, length=6)
SQUARE = Sizes(input_size=3, hidden_size=3, output_size=3, length=4)
ROLES = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")
BOOK = {"U": "W_xh", "W": "W_hh", "b": "b_h", "V": "W_hy", "c": "b_y"}
NAMED = "equal names do not do"
CELLS = {"tanh": math.tanh, "relu": lambda z: max(z, 0.0), "sigmoid": lambda z: 1 / (1 + math.exp(-z))}


class Code:
    """User code in this process: an Elman net of single numbers, whose own `names` (name to role) are the truth."""

    def __init__(self, names, *, cell=math.tanh, column=False, takes_state=True, factor=1.0, rounded=float):
        self.names, self.cell, self.column, self.takes_state = names, cell, column, takes_state
        self.factor, self.rounded, self.calls = factor, rounded, 0

    def run(self, task, *arguments):
        return task(self, *arguments)

    def loss(self, point):
        self.calls += 1
        parameters, batch = point.parameters, point.batch
        W_xh, W_hh, W_hy = (self.weight(parameters, role) for role in ("W_xh", "W_hh", "W_hy"))
        b_h, b_y = self.bias(parameters, "b_h", W_hh.shape[1]), self.bias(parameters, "b_y", W_hy.shape[1])
        h = list(self.bias(parameters, "h0", len(W_hh)))
        if self.takes_state and "h0" not in self.names.values():
            h = list(batch.initial_state["h"])
        total = 0.0
        for token, target in zip(batch.tokens, batch.targets, strict=True):
            z = [b_h[j] + W_xh[token, j] + sum(h[i] * W_hh[i, j] for i in range(len(h))) for j in range(len(h))]
            h = [self.cell(each) for each in z]
            y = [b_y[k] + sum(h[j] * W_hy[j, k] for j in range(len(h))) for k in range(len(b_y))]
            total += math.log(sum(math.exp(each) for each in y)) - y[target]
        return float(self.rounded(self.factor * total))

    def weight(self, parameters, role):
        (value,) = (parameters[name] for name, own in self.names.items() if own == role)
        return value.T if self.column else value

    def bias(self, parameters, role, size):
        return sum((parameters[name].reshape(-1) for name, own in self.names.items() if own == role), np.zeros(size))

    def points(self, net, count=5, seed=0):
        """Draw points in the shapes that this code takes: gain about 1, non-zero biases and states."""
        shapes = replace(net, layout="column" if self.column else "row", biases=True, learned=True).shapes
        rng = np.random.default_rng(seed)
        points = []
        for _ in range(count):
            parameters = {name: 0.6 * rng.standard_normal(shapes[role]) for name, role in self.names.items()}
            tokens = rng.integers(net.sizes.input_size, size=net.sizes.length)
            targets = rng.integers(net.sizes.output_size, size=net.sizes.length)
            state = {"h": rng.standard_normal(net.sizes.hidden_size) * (not net.learned)}
            points.append(Point(parameters, Batch(np.eye(net.sizes.input_size)[tokens], tokens, targets, state)))
        return points


def inferred(code, net):
    return looked_up(code, net, code.points(net))


def looked_up(code, net, points):
    loss = UserLoss(code, points)
    roles = roles_by_loss(net, loss)
    return roles, "" if roles else why_undescribed(net, loss, NAMED)


def renamed(names):
    return dict(zip(names, ROLES, strict=True))


@pytest.mark.parametrize("names", [list("UWbVc"), ["Wxh", "Whh", "bh", "Why", "by"], ["p", "q", "r", "s", "t"]])
def test_the_user_s_own_names_are_found_out(names):
    code = Code(renamed(names))
    roles, reason = inferred(code, Net(SIZES))
    assert roles.described == code.names
    assert reason == ""


@pytest.mark.parametrize("weights", list(permutations(["U", "W", "V"])))
@pytest.mark.parametrize("biases", list(permutations(["b", "c"])))
def test_names_that_mislead_where_shapes_cannot_tell_do_not_matter(weights, biases):
    code = Code(renamed([weights[0], weights[1], biases[0], weights[2], biases[1]]))
    assert inferred(code, Net(SQUARE))[0].described == code.names


@pytest.mark.parametrize("weights", list(permutations(["W_xh", "W_hh", "theta"])))
def test_not_even_described_names_do(weights):
    """Not all of them are there, so that the user does not speak the described net's language."""
    code = Code(renamed([weights[0], weights[1], "b_h", weights[2], "b_y"]))
    assert inferred(code, Net(SQUARE))[0].described == code.names


@pytest.mark.parametrize("biases", list(permutations(["b", "c", "h0"])))
def test_a_learned_initial_state_is_told_from_the_biases(biases):
    code = Code(renamed(["U", "W", biases[0], "V", biases[1]]) | {biases[2]: "h0"})
    assert inferred(code, Net(SQUARE, learned=True))[0].described == code.names


@pytest.mark.parametrize("names", list(permutations(["one", "two", "three"])))
def test_biases_that_are_only_ever_added_are_one_bias(names):
    code = Code({**renamed(["U", "W", names[0], "V", names[1]]), names[2]: "b_h"})
    assert inferred(code, Net(SQUARE))[0].described == code.names


def test_both_biases_may_be_sums():
    code = Code({"b_in": "b_h", "b_out": "b_y", **BOOK})
    assert inferred(code, Net(SQUARE))[0].described == code.names


def test_code_that_takes_no_initial_state_is_described_from_zeros():
    code = Code(renamed("VUbWc"), takes_state=False)
    assert inferred(code, Net(SQUARE))[0].described == code.names


class Concatenated(Code):
    """An Elman net with all that goes into h in one array `W`, and all that goes into y in `V`; `rows` is the order."""

    def __init__(self, rows, **options):
        super().__init__(renamed(["x", "h", "b", "V", "c"]), **options)
        self.rows = rows

    def points(self, net, count=5, seed=0):
        return [point.at(self.joined(point.parameters)) for point in super().points(net, count, seed)]

    def joined(self, parts):
        W = np.vstack([np.atleast_2d(parts[name].T if self.column else parts[name]) for name in self.rows])
        V = np.vstack([parts["V"].T if self.column else parts["V"], parts["c"][None]])
        return {"W": W.T, "V": V.T} if self.column else {"W": W, "V": V}

    def loss(self, point):
        W, V = (value.T if self.column else value for value in point.parameters.values())
        heights = {"x": len(W) - W.shape[1] - 1, "h": W.shape[1], "b": 1}
        parts, top = {"V": V[:-1], "c": V[-1]}, 0
        for name in self.rows:
            parts[name] = W[top : top + heights[name]]
            top += heights[name]
        turned = {name: value.T if self.column and name in "xhV" else value for name, value in parts.items()}
        return super().loss(point.at(turned))


@pytest.mark.parametrize("sizes", [SIZES, SQUARE], ids=["sizes", "square"])
@pytest.mark.parametrize("column", [False, True], ids=["row", "column"])
@pytest.mark.parametrize("rows", ["hxb", "xhb", "bxh"])
def test_one_matrix_for_all_that_goes_into_h_is_cut_into_its_rows(rows, column, sizes):
    code = Concatenated(rows, column=column)
    roles, _ = inferred(code, Net(sizes, layout="column" if column else "row"))
    of_row = {"x": "W_xh", "h": "W_hh", "b": "b_h"}
    assert roles.blocks == {"W": tuple((of_row[row],) for row in rows), "V": (("W_hy",), ("b_y",))}


def test_one_matrix_for_all_that_goes_into_h_of_another_net_is_taken_for_none():
    code = Concatenated("hxb", cell=math.sin)
    roles, reason = inferred(code, Net(SIZES))
    assert roles is None
    assert "would describe" not in reason


@pytest.mark.parametrize("factor", [-1.0, 1 / 6, 1e5])
def test_a_constant_factor_does_not_matter(factor):
    code = Code(renamed("VUbWc"), factor=factor)
    assert inferred(code, Net(SQUARE))[0].described == code.names


def test_a_loss_in_single_precision_is_enough():
    code = Code(renamed("VUbWc"), rounded=np.float32)
    assert inferred(code, Net(SQUARE))[0].described == code.names


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("seed", range(10))
def test_no_wrong_assignment_is_ever_taken(cell, seed):
    """Where several are equal, as a bias and the weights of a single input, they must be so at other points too."""
    rng = np.random.default_rng(seed)
    net = Net(Sizes(*rng.integers(1, 4, size=4).tolist()), cell=cell)
    names, f = renamed(rng.permutation(list("UWbVc")).tolist()), CELLS[cell]
    roles, _ = inferred(Code(names, cell=f), net)
    assert (roles is None) == (net.sizes.output_size == 1)  # the loss of a single class is 0 and tells nothing
    if roles is not None:
        described = Code({role: role for role in ROLES}, cell=f)
        for point in Code(names).points(net, count=20, seed=100):
            read = point.at(roles.problem(net, point).parameters)
            assert described.loss(read) == pytest.approx(Code(names, cell=f).loss(point), rel=1e-12)


def test_the_loss_is_called_once_at_each_draw():
    code = Code(renamed("VUbWc"))
    inferred(code, Net(SQUARE))
    assert code.calls == 5


def test_another_net_is_not_described_and_the_key_that_would_do_is_named():
    code = Code(BOOK, cell=CELLS["sigmoid"])
    roles, reason = inferred(code, Net(SIZES))
    assert roles is None
    assert "your loss is not the described one" in reason
    assert "`model.cell: sigmoid` would describe your loss, with U = W_xh" in reason


def test_how_many_assignments_were_tried_is_said():
    _, reason = inferred(Code(BOOK, cell=math.sin), Net(SQUARE))
    assert reason == ("your 5 parameters fit by shape, but under none of 12 assignments is your loss the described one")


def test_the_other_layout_is_named_by_the_loss_where_every_weight_is_square():
    roles, reason = inferred(Code(renamed("WUbVc"), column=True), Net(SQUARE))
    assert roles is None
    assert "`model.layout: column` would describe your loss, with W = W_xh, U = W_hh" in reason


def test_the_other_layout_is_named_by_the_shapes_too():
    assert inferred(Code(BOOK, column=True), Net(SIZES))[1].startswith("`model.layout: column` would describe")
    assert inferred(Code(BOOK, column=True, cell=math.sin), Net(SIZES))[1] == (
        "`model.layout: column` would fit your shapes"
    )


def test_biases_that_are_described_and_not_there_are_named():
    code = Code({name: role for name, role in BOOK.items() if role.startswith("W")})
    assert "`model.biases: false`" in inferred(code, Net(SIZES))[1]


def test_an_initial_state_among_the_parameters_is_named():
    code = Code({**BOOK, "h_start": "h0"})
    assert "`model.initial_state: learned` would describe your loss" in inferred(code, Net(SIZES))[1]


def test_shapes_that_fit_nothing_cost_no_call_and_are_listed():
    code = Code(BOOK)
    points = [point.at({**point.parameters, "V": np.ones((3, 7))}) for point in code.points(Net(SIZES))]
    roles, reason = looked_up(code, Net(SIZES), points)
    assert (roles, code.calls) == (None, 0)
    assert "V (3, 7)" in reason
    assert "W_hy (3, 4)" in reason


def test_where_a_name_is_a_described_one_the_reason_says_why_names_do_not_do():
    code = Code({**{role: role for role in ROLES}, "gamma": "b_h"}, cell=math.sin)
    assert inferred(code, Net(SIZES))[1] == (
        f"{NAMED}; your 6 parameters fit by shape, but your loss is not the described one"
    )


def test_names_that_are_permuted_are_named_as_roles():
    code = Code(renamed(["W_hh", "W_xh", "b_h", "W_hy", "b_y"]))
    text = better_description(Net(SQUARE), UserLoss(code, code.points(Net(SQUARE))))
    assert "W_hh = W_xh, W_xh = W_hh" in text
    assert '"W_hh": "W_xh", "W_xh": "W_hh"' in text


def test_without_a_loss_an_ambiguous_name_is_refused_for_the_reason_given():
    shapes = dict(zip("UWbVc", Net(SQUARE).shapes.values(), strict=True))
    assert roles_by_names(Net(SQUARE), shapes, NAMED) == (None, NAMED)


def test_without_a_loss_the_other_layout_is_named_by_the_shapes():
    shapes = dict(zip("UWbVc", Net(SIZES, layout="column").shapes.values(), strict=True))
    assert roles_by_names(Net(SIZES), shapes, NAMED) == (None, f"{NAMED}; `model.layout: column` would fit your shapes")


# an adapter around a net of one's own, in words of one's own: {names} say who is x's, h's and the output's weight, the
# bias or biases of the hidden units, the output's bias; {spoil} is what is wrong with its gradients
ADAPTER = """
import numpy as np

X, H, Y, BH, BY = {names!r}
I, HIDDEN, O = {sizes!r}

def parameters(rng):
    shapes = {{X: (I, HIDDEN), H: (HIDDEN, HIDDEN), Y: (HIDDEN, O), BY: (1, O)}} | {{each: (HIDDEN,) for each in BH}}
    return {{name: 0.5 * rng.standard_normal(shapes[name]) for name in sorted(shapes)}}

def forward(p, batch):
    h = [batch.initial_state["h"]]
    for x in batch.inputs:
        h.append(np.tanh(x @ p[X] + h[-1] @ p[H] + sum(p[each] for each in BH)))
    y = h[1:] @ p[Y] + p[BY]
    log_p = y - np.log(np.exp(y).sum(axis=1, keepdims=True))
    return h, log_p

def {loss}(p, batch):
    return -forward(p, batch)[1][np.arange(len(batch.targets)), batch.targets].sum()

def gradients(p, batch):
    h, log_p = forward(p, batch)
    dy = np.exp(log_p) - np.eye(O)[batch.targets]
    g = {{name: np.zeros_like(value) for name, value in p.items()}}
    dh_next = np.zeros(HIDDEN)
    for t in reversed(range(len(dy))):
        dz = (p[Y] @ dy[t] + dh_next) * (1 - h[t + 1] ** 2)
        g[X] += np.outer(batch.inputs[t], dz)
        g[H] += np.outer(h[t], dz)
        g[Y] += np.outer(h[t + 1], dy[t])
        g[BY] += dy[t]
        for each in BH:
            g[each] += dz
        dh_next = p[H] @ dz
    {spoil}
    return g
"""
YAML = """
model: {{input_size: {}, hidden_size: {}, output_size: {}}}
sequence: {{length: 4}}
seed: 3
backward: {{adapter: adapter.py}}
"""


@pytest.fixture
def check(tmp_path):
    def run(x, h, y, bh, by, *overrides, sizes=(3, 3, 3), spoil="", loss="loss", more=""):
        source = ADAPTER.format(names=(x, h, y, bh, by), sizes=sizes, spoil=spoil, loss=loss)
        (tmp_path / "adapter.py").write_text(source + more)
        (tmp_path / "net.yaml").write_text(YAML.format(*sizes))
        return run_check(load_settings(str(tmp_path / "net.yaml"), overrides=overrides), workers=0)

    return run


def notes(report):
    return {note.kind: note for note in report.notes}


def failing(report):
    return [row.name for row in report.rows if row.verdict == "fail"]


@pytest.mark.parametrize("override", ["check.probe=on", "check.probe=off", "dtype=float32", "check.entries=2"])
def test_a_right_net_under_its_own_names_passes_on_the_described_loss(check, override):
    report = check("W", "U", "V", ["b"], "c", override)
    assert (report.outcome, report.loss) == ("pass", "described")
    assert report.roles == {"W": "W_xh", "U": "W_hh", "V": "W_hy", "b": "b_h", "c": "b_y"}


def test_what_was_inferred_is_noted_with_the_line_that_says_it_for_good(check):
    note = notes(check("W", "U", "V", ["b_h"], "c"))["inferred-roles"]
    assert "U = W_hh, V = W_hy, W = W_xh, c = b_y" in note.message
    assert "b_h = b_h" not in note.message
    declared = note.help.partition(" in the adapter")[0]
    again = check("W", "U", "V", ["b_h"], "c", more=f"\n{declared}\n")
    assert (again.outcome, again.loss) == ("pass", "described")
    assert "inferred-roles" not in notes(again)


def test_equal_names_are_nothing_to_note(check):
    assert notes(check("W_xh", "W_hh", "W_hy", ["b_h"], "b_y")) == {}


def test_a_wrong_gradient_is_found_under_the_user_s_name(check):
    report = check("W", "U", "V", ["b"], "c", spoil="g[H] = g[H].T")
    assert (failing(report), report.loss) == (["U"], "described")


@pytest.mark.parametrize("override", ["check.entries=all", "check.entries=2"])
def test_two_biases_that_are_added_are_judged_each(check, override):
    right = check("Wx", "Wh", "Wy", ["b_ih", "b_hh"], "by", override)
    assert (right.outcome, right.loss) == ("pass", "described")
    assert "b_hh + b_ih = b_h" in notes(right)["inferred-roles"].message
    wrong = check("Wx", "Wh", "Wy", ["b_ih", "b_hh"], "by", override, spoil="g['b_hh'] *= 1.001")
    assert failing(wrong) == ["b_hh"]


def test_two_biases_may_be_declared_as_one(check):
    declared = 'ROLES = {"Wx": "W_xh", "Wh": "W_hh", "Wy": "W_hy", "b_ih": "b_h", "b_hh": "b_h", "by": "b_y"}\n'
    report = check("Wx", "Wh", "Wy", ["b_ih", "b_hh"], "by", more=declared)
    assert (report.outcome, report.loss, notes(report)) == ("pass", "described", {})


def test_equal_names_are_taken_at_their_word_and_the_permutation_is_only_named(check):
    """The user's loss multiplies x by W_hh: a slip more likely than a habit, so the verdict is taken on that loss."""
    report = check("W_hh", "W_xh", "W_hy", ["b_h"], "b_y", spoil="g[H] *= 2")
    differs = report.findings[0]
    assert (differs.kind, report.loss, failing(report)) == ("forward-differs", "user", ["W_xh"])
    assert "W_hh = W_xh, W_xh = W_hh" in differs.help
    assert "inferred-roles" not in notes(report)


def test_declared_roles_are_taken_at_their_word_too(check):
    declared = 'ROLES = {"W": "W_hh", "U": "W_xh", "V": "W_hy", "b": "b_h", "c": "b_y"}\n'
    report = check("W", "U", "V", ["b"], "c", spoil="g[H] *= 2", more=declared)
    assert (report.findings[0].kind, report.loss) == ("forward-differs", "user")
    assert 'ROLES = {"U": "W_hh", "V": "W_hy", "W": "W_xh", "b": "b_h", "c": "b_y"}' in report.findings[0].help


def test_a_loss_that_no_assignment_describes_is_differenced_itself(check):
    report = check(
        "W",
        "U",
        "V",
        ["b"],
        "c",
        "loss.steps=last",
        more="""
def forward(p, batch):
    raise ValueError("unused")
def loss(p, batch):
    return sum(float((value ** 3).sum()) for value in p.values())
def gradients(p, batch):
    return {name: 3 * value ** 2 for name, value in p.items()}
""",
    )
    assert (report.outcome, report.loss) == ("pass", "user")
    assert "under none of 12 assignments" in notes(report)["undescribed"].message


def test_without_a_loss_names_of_one_meaning_are_enough(check):
    report = check("Wxh", "Whh", "Why", ["bh"], "by", loss="cost", spoil="g[X] *= 2")
    assert (failing(report), report.loss) == (["Wxh"], "described")
    assert "by names and shapes alone" in notes(report)["inferred-roles"].message


def test_without_a_loss_names_of_two_meanings_are_a_mistake(check):
    with pytest.raises(UsageError, match="there is no loss to difference"):
        check("U", "W", "V", ["b"], "c", loss="cost")
