"""Parts of the recogniser: sizes, shapes and results by what they are called; marks where it cannot tell."""

import ast

import pytest

from gradcheck_rnn.init.homes import homes
from gradcheck_rnn.init.loops import written_out
from gradcheck_rnn.init.names import HIDDEN, INPUT, OUTPUT, argument_called, size_called
from gradcheck_rnn.init.results import results
from gradcheck_rnn.init.shapes import Sizes
from gradcheck_rnn.init.start import start
from gradcheck_rnn.init.syntax import read_file


def expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


@pytest.mark.parametrize(
    ("names", "size"),
    [
        (["hidden_size", "H", "n_h", "self.hidden_dim", "num_units", "n_a"], HIDDEN),
        (["vocab_size", "V", "input_dim", "n_x", "D", "num_chars", "in_size"], INPUT),
        (["output_size", "n_y", "num_classes", "O"], OUTPUT),
        (["learning_rate", "char_to_idx", "bptt_truncate", "window", "beta1"], None),
    ],
)
def test_a_size_is_told_by_its_name(names, size):
    assert {name: size_called(name) for name in names} == dict.fromkeys(names, size)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("inputs", ["x", "inputs", "X", "xs", "tokens", "x_batch"]),
        ("targets", ["y", "targets", "labels", "y_true", "Y"]),
        ("h", ["hprev", "h0", "h_prev", "a0", "prev_h", "hidden_state"]),
        ("c", ["cprev", "c_prev", "c0"]),
        ("rate", ["lr", "learning_rate", "learn_rate"]),
        ("", ["y_hat", "cache", "verbose", "momentum"]),
    ],
)
def test_an_argument_is_told_by_its_name(kind, names):
    assert {name: argument_called(name) for name in names} == dict.fromkeys(names, kind)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("np.zeros((hidden_size, 1))", (5, 1)),
        ("np.random.randn(4 * H, vocab_size) * 0.01", (20, 6)),
        ("np.random.uniform(-np.sqrt(1.0 / H), np.sqrt(1.0 / H), (H, H))", (5, 5)),
        ("rng.normal(0, 0.1, size=(n_x, H)).astype(np.float32)", (6, 5)),
        ("0.1 * np.random.randn(H, H + V) / np.sqrt(H)", (5, 11)),
        ("xavier(n_x, n_h)", (6, 5)),
        ("np.zeros(n_y)", (4,)),
        ("np.zeros((wide, 1))", (20, 1)),
        ("np.zeros((rubbish, H))", (None, 5)),
        ("np.zeros_like(Whh)", None),
        ("load(path, name)", None),
        ("5", None),
    ],
)
def test_a_shape_is_read_off_the_expression_that_makes_it(text, shape):
    assert Sizes({"wide": expression("4 * hidden_size")}).shape(expression(text)) == shape


def test_definitions_that_lead_in_a_circle_end():
    sizes = Sizes({"rubbish": expression("other + 0"), "other": expression("rubbish")})
    assert sizes.of(expression("rubbish")) is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("return loss, dW, d_U, hs[-1]", 'values(None, "W", "U", None)'),
        ("return [dLdU, np.clip(dLdW, -5, 5)]", 'values("U", "W")'),
        ("return {'W_grad': dW, 'U_grad': dU}", 'mapping("", "_grad")'),
        ("grads = dict(dW=1, dU=2)\n    return 0.5, grads", 'mapping("d")'),
        ("self.dW += 1\n    self.dU[0] = 2", "attributes(net)"),
        ("self.W -= lr * dW\n    self.U = self.U - lr * dU", "updates(1.0)"),
    ],
)
def test_a_result_is_told_by_what_it_is_called(body, code):
    function = ast.parse(f"def backward(self, lr):\n    {body}").body[0]
    assert isinstance(function, ast.FunctionDef)
    best = results(function, ["W", "U"])[0]
    assert (best.code, set(best.weights)) == (code, {"W", "U"})


@pytest.mark.parametrize("body", ["self.W -= lr * dW / np.sqrt(m)", "return W, U", "return dX, dY", "pass"])
def test_what_is_no_gradient_is_not_taken_for_one(body):
    function = ast.parse(f"def backward(self, lr):\n    {body}").body[0]
    assert isinstance(function, ast.FunctionDef)
    assert results(function, ["W", "U"]) == []


STRANGE = """
import numpy as np


class Net:
    def __init__(self, corpus, rubbish):
        self.size = len(corpus)
        self.W = np.random.randn(rubbish, rubbish)
        self.U = np.random.randn(rubbish, self.size)

    def bptt(self, x, y, mystery):
        for t in range(len(x)):
            s = np.tanh(self.U @ x[t] + mystery)
        return dU, dW
"""


LOCAL_NAMES = """
import numpy as np

class Net:
    def __init__(self, vocab, hidden):
        z = vocab + hidden
        self.Wf, self.bf = np.random.randn(hidden, z), np.zeros((hidden, 1))

    def forward(self, x, h):
        z = np.vstack((h, x))
        self.f = 1 / (1 + np.exp(-(self.Wf @ z + self.bf)))
"""


def test_a_local_name_means_what_its_own_method_says():
    file = read_file(ast.parse(LOCAL_NAMES))
    found = next(home for home, _ in homes(file) if home.kind == "object")
    assert found.arrays["Wf"].shape == (HIDDEN, INPUT + HIDDEN)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("for g in 'zr':\n    P['W' + g] = a", "P['Wz'] = a\nP['Wr'] = a"),
        ("for g in ['z', 'r']:\n    P[f'W_{g}h'] = a", "P['W_zh'] = a\nP['W_rh'] = a"),
        ("for g in ('i', 'f'):\n    for k in 'xh':\n        P['W' + k + g] += d[g]",
         "P['Wxi'] += d['i']\nP['Whi'] += d['i']\nP['Wxf'] += d['f']\nP['Whf'] += d['f']"),
        ("def f():\n    for g in 'zr':\n        x = P[g + n]", "def f():\n    x = P['z' + n]\n    x = P['r' + n]"),
        ("for t in range(3):\n    h[t] = a", "for t in range(3):\n    h[t] = a"),
        ("for a, b in ['zr']:\n    x = a", "for a, b in ['zr']:\n    x = a"),
        ("for c in text:\n    x = c", "for c in text:\n    x = c"),
    ],
)  # fmt: skip
def test_loops_over_words_are_written_out_and_others_stay(text, written):
    assert ast.unparse(written_out(ast.parse(text))) == written


def test_what_cannot_be_told_is_marked_in_the_file(tmp_path):
    (tmp_path / "strange.py").write_text(
        STRANGE.replace("self.U = np.random.randn(rubbish", "self.U = np.random.randn(H")
    )
    started = start(tmp_path / "strange.py", folder=tmp_path, force=False)
    text = (tmp_path / "strange_adapter.py").read_text()
    assert len(started.open) >= 2
    assert all(f"# FILL IN: {what}" in text for what in started.open)
    assert any("mystery" in what for what in started.open)
    compile(text, "strange_adapter.py", "exec")


def test_a_script_without_functions_gets_a_template_with_its_shapes(tmp_path):
    from tests.init.styles import FIXTURES

    (tmp_path / "flat.py").write_text((FIXTURES / "styles" / "flat_script.py").read_text())
    started = start(tmp_path / "flat.py", folder=tmp_path, force=False)
    text = (tmp_path / "flat_adapter.py").read_text()
    assert '"U": (5, 6), "W": (5, 5), "V": (4, 5)' in text
    assert text.count("raise NotImplementedError") == len(started.open) == 2
