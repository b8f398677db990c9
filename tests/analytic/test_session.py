"""A session: parameters are drawn once and by a seed, and read as strictly as everything else."""

import numpy as np
import pytest

from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.runner import running
from gradcheck_rnn.model.net import Sizes
from tests.analytic.adapters import RIGHT, SIZES, code


def initial(session):
    return session.initial


def initial_of(session, sizes):
    return session.initial_parameters(sizes)


def drawn(folder, body: str, *, signature: str = "rng", seed: int = 0):
    source = RIGHT + f"import numpy as np\n\n\ndef parameters({signature}):\n    {body}\n"
    with running(code(folder, source, seed=seed), workers=0) as runner:
        return runner.run(initial)


def refused(folder, body: str):
    with pytest.raises(UserCodeError) as caught:
        drawn(folder, body)
    return caught.value.finding


def test_an_adapter_without_parameters_has_none(tmp_path):
    with running(code(tmp_path, RIGHT), workers=0) as runner:
        assert runner.run(initial) is None
        assert runner.run(initial_of, SIZES) is None


def test_the_generator_is_a_numpy_one_and_seeded(tmp_path):
    body = "assert isinstance(rng, np.random.Generator); return {'W': rng.normal(size=3)}"
    one, again, other = (drawn(tmp_path, body, seed=seed)["W"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_sizes_are_given_where_they_are_asked_for(tmp_path):
    body = "return {'W': np.full((sizes.input_size, sizes.hidden_size), sizes.length)}"
    np.testing.assert_array_equal(drawn(tmp_path, body, signature="rng, sizes")["W"], np.full((2, 3), 2.0))


def test_parameters_are_drawn_again_for_other_sizes(tmp_path):
    source = RIGHT + "import numpy as np\n\ndef parameters(rng, sizes):\n    return {'W': np.ones(sizes.hidden_size)}\n"
    with running(code(tmp_path, source), workers=0) as runner:
        larger = Sizes(input_size=2, hidden_size=7, output_size=2, length=2)
        assert runner.run(initial_of, larger)["W"].shape == (7,)
        assert runner.run(initial)["W"].shape == (3,)


@pytest.mark.parametrize("dtype", ["np.float32", "int", "float"])
def test_parameters_are_read_as_float64(tmp_path, dtype):
    value = drawn(tmp_path, f"return {{'W': np.ones((2, 3), {dtype}), 'b': [1, 2]}}")
    assert {array.dtype for array in value.values()} == {np.dtype(np.float64)}
    assert value["b"].shape == (2,)


def test_arrays_that_the_user_keeps_are_copied(tmp_path):
    source = RIGHT + "import numpy as np\nkept = np.ones(3)\n\n\ndef parameters(rng):\n    return {'W': kept}\n"
    with running(code(tmp_path, source), workers=0) as runner:
        value = runner.run(initial)["W"]
        value[0] = 9.0
        assert runner.run(kept) == [1.0, 1.0, 1.0]


def kept(session) -> list[float]:
    return session.adapter.gradients.__globals__["kept"].tolist()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("return None", "missing-key"),
        ("return {}", "missing-key"),
        ("return [np.ones(3)]", "missing-key"),
        ("return {1: np.ones(3)}", "missing-key"),
        ("return {'W': 'one'}", "wrong-dtype"),
        ("return {'W': None}", "wrong-dtype"),
        ("return {'W': 1j * np.ones(3)}", "wrong-dtype"),
        ("return {'W': np.array([1.0, np.nan])}", "non-finite"),
        ("return {'W': np.array([np.inf])}", "non-finite"),
        ("raise ValueError('no data')", "raised"),
    ],
)
def test_parameters_that_are_no_arrays_by_name_are_refused(tmp_path, body, kind):
    assert refused(tmp_path, body).kind == kind


def test_a_ragged_parameter_is_refused(tmp_path):
    assert refused(tmp_path, "return {'W': [[1.0], [1.0, 2.0]]}").kind == "wrong-dtype"
