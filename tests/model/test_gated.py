"""The gated cells against an independent implementation: losses, gradients, numeric gradients, in every variant."""

import io

import numpy as np
import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.diagnose.vanishing import vanishing_at
from gradcheck_rnn.model.draw import configured_net, probe_problem
from gradcheck_rnn.model.forward import described_loss
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.model.reference import reference_gradients
from gradcheck_rnn.numeric.carried.gradient import carried_gradient
from gradcheck_rnn.numeric.moved import moved_losses
from tests.campaign.gated import document_of, has_one_class
from tests.oracle import gated
from tests.oracle.problems import to_yaml

LSTMS = [
    {"lstm_output": output, "peepholes": peepholes, "coupled": coupled}
    for output in ("tanh", "identity")
    for peepholes in (False, True)
    for coupled in (False, True)
]
GRUS = [{"reset": reset, "keeps": keeps} for reset in ("before", "after") for keeps in ("z", "1-z")]
VARIANTS = [*(("lstm", each) for each in LSTMS), *(("gru", each) for each in GRUS)]
every_variant = pytest.mark.parametrize(("cell", "variant"), VARIANTS, ids=lambda each: str(each))
CASES = 2


def case(cell: str, variant: dict[str, object], number: int) -> tuple[gated.GatedSpec, Problem]:
    """A random net of a variant, described, at its probe."""
    rng = np.random.default_rng([5, number])
    while True:
        spec, parameters, batch = gated.random_case(rng, cell=cell, **variant)
        if not has_one_class(spec, parameters):
            break
    text = to_yaml(document_of(spec, parameters, batch, seed=number)).encode()
    settings = load_settings("-", stdin=io.BytesIO(text))
    return spec, probe_problem(configured_net(settings), settings)


@every_variant
@pytest.mark.parametrize("number", range(CASES))
def test_loss_and_gradients_are_those_of_the_oracle(cell, variant, number):
    spec, problem = case(cell, variant, number)
    parameters = dict(problem.parameters)
    assert described_loss(problem) == pytest.approx(gated.loss(spec, parameters, problem.batch), rel=1e-12)
    exact = gated.complex_step_gradients(spec, parameters, problem.batch)
    found = reference_gradients(problem)
    assert found.keys() == exact.keys()
    for name, value in found.items():
        np.testing.assert_allclose(value, exact[name], atol=1e-12 * np.abs(exact[name]).max(), rtol=1e-9)


@every_variant
def test_numeric_gradients_are_the_complex_step(cell, variant):
    spec, problem = case(cell, variant, 11)
    exact = gated.complex_step_gradients(spec, dict(problem.parameters), problem.batch)
    for name, value in exact.items():
        size = np.abs(value).max()
        entries = np.arange(value.size)
        carried = carried_gradient(problem, {name: entries}, rng=np.random.default_rng(0))[name]
        np.testing.assert_allclose(carried.value, value.reshape(-1), atol=1e-11 * size)
        losses = moved_losses(problem, name, entries, 1e-30j).imag / 1e-30
        np.testing.assert_allclose(losses, value.reshape(-1), atol=1e-12 * size)


@every_variant
def test_the_chain_s_norm_is_that_of_the_step_s_jacobian(cell, variant):
    """Of one lag: the derivative of all states after a step by those before it, by central differences."""
    _, problem = case(cell, variant, 3)
    vanishing = vanishing_at(problem, sensitivity=1e-6)
    assert vanishing.norms[0] == 1.0
    assert all(np.isfinite(vanishing.norms))
    assert len(vanishing.norms) == problem.net.sizes.length
