"""JAX: a custom_vjp, right and broken, through adapters of a few lines."""

import shutil
import subprocess
import sys

import pytest

from tests.adapters.conftest import FRAMEWORKS
from tests.adapters.frameworks import MOST_LINES, adapter_in_readme, failing, line_count, named, needs
from tests.cli.running import run

pytestmark = needs("jax")

SCAN = adapter_in_readme("adapt_jax(")
# it looks at the numbers of words, which a compiler does not have, and at a function among the parameters
LOOP = """\
import jax
from gradcheck_rnn.adapters.jax_functions import adapt_jax

def tagging_loss(params, batch):
    h, total, tanh = batch.initial_state["h"], 0.0, params["tanh"]
    for word, tag in zip(batch.tokens.tolist(), batch.targets.tolist()):
        h = tanh(params["cell"][0][word] + h @ params["cell"][1])
        total -= jax.nn.log_softmax(h @ params["out"])[tag]
    return total

U, W, V = (jax.random.normal(jax.random.key(n), shape) for n, shape in enumerate([(6, 5), (5, 5), (5, 4)]))
loss, gradients, parameters = adapt_jax({"cell": [U, W], "out": V, "tanh": jax.numpy.tanh}, loss=tagging_loss)
"""
NET = "model: {input_size: 6, hidden_size: 5, output_size: 4}\nsequence: {length: 6}"
SMALL = """\
model: {input_size: 6, hidden_size: 5, output_size: 4, biases: false}
sequence: {length: 2}
check: {probe: off, entries: 2}"""


@pytest.mark.parametrize("adapter", [SCAN, LOOP])
def test_an_adapter_is_short(adapter):
    assert line_count(adapter) <= MOST_LINES


def test_a_right_custom_vjp_passes_under_the_paths_of_its_parameters(checked):
    report = checked(SCAN, NET)
    assert (report.outcome, report.loss, report.findings) == ("pass", "described", ())
    assert [row.name for row in report.rows] == ["cell.W_hh", "cell.W_xh", "cell.b_h", "out.W", "out.b"]


def test_a_missing_carry_is_named(checked):
    report = checked(SCAN, NET, "scan_vjp.py", "dz = (dh + dh_next) *", "dz = dh *")
    assert named(report) == [("missing-term", "dh_next", "matched")]
    assert "dy @ out.W.T + dh_next" in report.findings[0].help
    assert failing(report) == {"cell.W_hh", "cell.W_xh", "cell.b_h"}


def test_code_that_cannot_be_compiled_is_run_as_it_stands(checked):
    report = checked(LOOP, SMALL)
    assert (report.outcome, report.loss) == ("pass", "described")
    assert [row.name for row in report.rows] == ["cell.0", "cell.1", "out"]


@pytest.mark.campaign
def test_single_precision_inside_is_reported(checked):
    single = "jax.tree.map(lambda x: x.astype('float32').astype('float64'), params)"
    report = checked(SCAN.replace("cross_entropy(params", f"cross_entropy({single}"), NET)
    assert {finding.kind for finding in report.findings} == {"float32-inside"}


def test_arrays_made_before_float64_is_the_default_are_refused_with_what_to_do(tmp_path):
    first, second, *rest = SCAN.splitlines(keepends=True)
    (tmp_path / "adapter.py").write_text("".join([first, "early = jax.numpy.zeros(3)\n", second, *rest]))
    shutil.copy(FRAMEWORKS / "scan_vjp.py", tmp_path)
    (tmp_path / "net.yaml").write_text(f"{NET}\nbackward: {{adapter: adapter.py}}\nseed: 0\n")
    ended = run("check", tmp_path / "net.yaml", "--output-format", "json")
    (finding,) = ended.document["findings"]
    assert (ended.code, finding["kind"]) == (3, "raised")
    assert "import gradcheck_rnn.adapters.jax_functions before your own module" in finding["message"]


FUNCTIONS = """\
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)
X = np.random.default_rng(0).standard_normal((4, 3))


@jax.custom_vjp
def step(x, h, W_xh, W_hh):
    return jnp.tanh(x @ W_xh + h @ W_hh)


def forward(x, h, W_xh, W_hh):
    out = step(x, h, W_xh, W_hh)
    return out, (x, h, W_hh, out)


def backward(cache, dh):
    x, h, W_hh, out = cache
    dz = dh * (1 - out**2)
    return jnp.zeros_like(x), dz @ W_hh, jnp.outer(x, dz), jnp.outer(h, dz)


step.defvjp(forward, backward)


def sum_of_squares(p):
    h = jnp.ones(4)
    for x in X:
        h = step(x, h, p["W_xh"], p["W_hh"])
    return (h**2).sum()


def loss(p):
    return float(sum_of_squares(p))


def gradients(p):
    return {name: np.asarray(each) for name, each in jax.grad(sum_of_squares)(p).items()}


def test_net():
    from gradcheck_rnn.testing import assert_gradients

    rng = np.random.default_rng(1)
    weights = {"W_xh": rng.standard_normal((3, 4)), "W_hh": 0.5 * rng.standard_normal((4, 4))}
    assert_gradients(loss=loss, gradients=gradients, parameters=weights, patch_seconds=400)
"""


@pytest.mark.campaign
def test_functions_of_a_process_with_threads_of_jax_have_their_patch(tmp_path):
    (tmp_path / "test_vjp.py").write_text(FUNCTIONS)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "error"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "+    return jnp.zeros_like(x), dz @ W_hh.T, jnp.outer(x, dz), jnp.outer(h, dz)" in ended.stdout
