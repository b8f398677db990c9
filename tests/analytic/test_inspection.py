"""User code that is no function of its arguments: each habit has its name, with and without a worker process."""

import numpy as np
import pytest

from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.inspection import Inspection, gradients, inspect, losses
from gradcheck_rnn.analytic.runner import running
from tests.analytic.adapters import RIGHT, RIGHT_GRADIENTS, RIGHT_LOSS, code, point


def inspected(folder, source, *, workers=0) -> Inspection:
    with running(code(folder, source), workers=workers) as runner:
        return runner.run(inspect, point())


def refused(folder, source, *, workers=0):
    with pytest.raises(UserCodeError) as caught:
        inspected(folder, source, workers=workers)
    return caught.value.finding


def kinds(seen: Inspection) -> list[str]:
    return [finding.kind for finding in seen.findings]


BOTH = pytest.mark.parametrize("workers", [0, 1])


@BOTH
def test_right_code_shows_nothing(tmp_path, workers):
    seen = inspected(tmp_path, RIGHT, workers=workers)
    assert seen.findings == ()
    assert seen.again is None
    assert seen.loss == 14.0
    np.testing.assert_array_equal(seen.gradients["W"], [[2.0, 4.0, -6.0]])


def test_code_without_a_loss_has_none(tmp_path):
    seen = inspected(tmp_path, RIGHT_GRADIENTS)
    assert seen.loss is None
    assert seen.findings == ()


# --- losses


@BOTH
def test_a_loss_that_counts_its_calls_leaks_state(tmp_path, workers):
    source = "calls = []\n" + RIGHT_LOSS.replace("return ", "calls.append(0); return len(calls) + ") + RIGHT_GRADIENTS
    finding = refused(tmp_path, source, workers=workers)
    assert (finding.kind, finding.term) == ("state-leak", "loss")
    assert finding.evidence == {"first": 15.0, "second": 16.0}


@BOTH
def test_a_loss_with_dropout_is_not_deterministic(tmp_path, workers):
    source = "import numpy as np\n" + RIGHT_LOSS.replace("return ", "return np.random.default_rng().random() + ")
    finding = refused(tmp_path, source + RIGHT_GRADIENTS, workers=workers)
    assert (finding.kind, finding.term) == ("nondeterministic-loss", "loss")


def test_a_loss_that_differs_in_its_last_digits_is_deterministic(tmp_path):
    """Threads that sum in another order."""
    source = "calls = []\n" + RIGHT_LOSS.replace("return ", "calls.append(0); return (1 + 2e-16 * (len(calls) % 2)) * ")
    assert inspected(tmp_path, source + RIGHT_GRADIENTS).findings == ()


@pytest.mark.parametrize("bad", ["nan", "inf", "-inf"])
def test_a_loss_that_is_not_finite_is_refused(tmp_path, bad):
    finding = refused(tmp_path, f"def loss(parameters, batch):\n    return float('{bad}')\n" + RIGHT_GRADIENTS)
    assert (finding.kind, finding.term) == ("non-finite", "loss")
    assert bad in finding.message


# --- gradients


@BOTH
def test_gradients_that_are_never_set_to_zero_accumulate(tmp_path, workers):
    source = """
import numpy as np
total = np.zeros((1, 3))

def gradients(parameters, batch):
    global total
    total = total + 2 * parameters["W"]
    return {"W": total}
"""
    seen = inspected(tmp_path, source, workers=workers)
    assert kinds(seen) == ["accumulating-gradients"]
    assert seen.findings[0].parameters == ("W",)
    np.testing.assert_array_equal(seen.gradients["W"], [[2.0, 4.0, -6.0]])
    np.testing.assert_array_equal(seen.again["W"], [[4.0, 8.0, -12.0]])


@BOTH
def test_gradients_from_the_cache_of_the_last_loss_are_stale(tmp_path, workers):
    source = """
cache = {}

def loss(parameters, batch):
    cache["W"] = parameters["W"]
    return float((parameters["W"] ** 2).sum())

def gradients(parameters, batch):
    return {"W": 2 * cache["W"]}
"""
    seen = inspected(tmp_path, source, workers=workers)
    assert kinds(seen) == ["state-leak"]
    assert seen.findings[0].parameters == ("W",)
    np.testing.assert_array_equal(seen.gradients["W"], [[2.0, 4.0, -6.0]])
    assert not np.array_equal(seen.again["W"], seen.gradients["W"])


def test_gradients_from_the_cache_of_the_last_gradients_are_stale(tmp_path):
    source = """
previous = None

def gradients(parameters, batch):
    global previous
    used, previous = (parameters["W"] if previous is None else previous), parameters["W"]
    return {"W": 2 * used}
"""
    assert kinds(inspected(tmp_path, source)) == ["state-leak"]


def test_momentum_is_no_accumulation_but_a_leak(tmp_path):
    """Its increments shrink: 1, 1.5, 1.75, ..."""
    source = """
import numpy as np
velocity = np.zeros((1, 3))

def gradients(parameters, batch):
    global velocity
    velocity = 0.5 * velocity + 2 * parameters["W"]
    return {"W": velocity}
"""
    seen = inspected(tmp_path, source)
    assert kinds(seen) == ["state-leak"]
    assert "one after the other" in seen.findings[0].message


def test_gradients_with_dropout_differ_from_call_to_call(tmp_path):
    source = """
import numpy as np

def gradients(parameters, batch):
    return {"W": 2 * parameters["W"] * np.random.default_rng().random((1, 3))}
"""
    assert kinds(inspected(tmp_path, source)) == ["state-leak"]


def test_gradients_that_come_and_go_leak(tmp_path):
    source = """
calls = []

def gradients(parameters, batch):
    calls.append(0)
    return {"W": 2 * parameters["W"]} if len(calls) % 2 else {}
"""
    assert "state-leak" in kinds(inspected(tmp_path, source))


def test_gradients_that_differ_in_their_last_digits_are_repeatable(tmp_path):
    source = """
calls = []

def gradients(parameters, batch):
    calls.append(0)
    return {"W": 2 * parameters["W"] * (1 + 2e-16 * (len(calls) % 2))}
"""
    seen = inspected(tmp_path, source)
    assert seen.findings == ()
    assert seen.again is None


def test_nan_that_stays_nan_is_reported_once_and_as_no_leak(tmp_path):
    source = RIGHT_LOSS + "def gradients(parameters, batch):\n    return {'W': parameters['W'] * float('nan')}\n"
    assert kinds(inspected(tmp_path, source)) == ["non-finite"]


def test_findings_about_the_returned_arrays_are_passed_on(tmp_path):
    assert kinds(inspected(tmp_path, "def gradients(parameters, batch):\n    return {}\n")) == ["missing-key"]


# --- arguments that are written to


@BOTH
@pytest.mark.parametrize(
    ("statement", "array"),
    [
        ('parameters["W"] -= 0.1', 'parameters["W"]'),
        ("batch.inputs[0, 0] = 0", "batch.inputs"),
        ("batch.targets[:] = 0", "batch.targets"),
        ('batch.initial_state["h"] += 1', 'batch.initial_state["h"]'),
    ],
)
def test_gradients_that_write_into_an_argument_are_named_with_the_line(tmp_path, statement, array, workers):
    source = f"def gradients(parameters, batch):\n    d = 2 * parameters['W']\n    {statement}\n    return {{'W': d}}\n"
    seen = inspected(tmp_path, source, workers=workers)
    assert kinds(seen) == ["mutated-argument"]
    finding = seen.findings[0]
    assert finding.term == array
    assert finding.evidence == {"function": "gradients", "arrays": [array]}
    assert (finding.location.file, finding.location.line) == (str(tmp_path / "adapter.py"), 3)
    assert statement in finding.location.text


def test_a_loss_that_writes_into_an_argument_is_named(tmp_path):
    source = RIGHT_LOSS.replace("return", "batch.inputs[:] = 2\n    return") + RIGHT_GRADIENTS
    seen = inspected(tmp_path, source)
    assert kinds(seen) == ["mutated-argument"]
    assert seen.findings[0].evidence["function"] == "loss"


def test_what_user_code_wrote_is_gone_at_the_next_call(tmp_path):
    """The second call doubles again from the point, not from what the first one left."""
    source = "def gradients(parameters, batch):\n    parameters['W'] *= 2\n    return {'W': parameters['W']}\n"
    seen = inspected(tmp_path, source)
    np.testing.assert_array_equal(seen.gradients["W"], [[2.0, 4.0, -6.0]])
    assert seen.again is None


def test_the_tool_s_own_arrays_stay_as_they_are_in_process(tmp_path):
    source = RIGHT.replace("return", "parameters['W'][:] = 0; batch.inputs[:] = 9\n    return")
    given = point()
    with running(code(tmp_path, source), workers=0) as runner:
        runner.run(inspect, given)
    assert given.changed_arrays(point()) == []


# --- several points


@BOTH
def test_losses_and_gradients_of_several_points_come_in_their_order(tmp_path, workers):
    points = [point().at({"W": np.full((1, 3), float(k))}) for k in (3, 1, 2)]
    with running(code(tmp_path, RIGHT), workers=workers) as runner:
        assert runner.run(losses, points) == [27.0, 3.0, 12.0]
        assert [each["W"][0, 0] for each in runner.run(gradients, points)] == [6.0, 2.0, 4.0]


# --- many losses at once


def many(body: str) -> str:
    return RIGHT + f"\ndef losses(parameter_sets, batch):\n    {body}\n"


@BOTH
def test_right_code_with_many_losses_shows_nothing(tmp_path, workers):
    seen = inspected(tmp_path, many("return [loss(each, batch) for each in parameter_sets]"), workers=workers)
    assert (seen.loss, seen.findings) == (14.0, ())


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("return [loss(parameter_sets[0], batch)] * len(parameter_sets)", "forward-differs"),
        ("return [loss(each, batch) * (1 + 1e-9) for each in parameter_sets]", "forward-differs"),
        ("return [float('nan')] * len(parameter_sets)", "forward-differs"),
        ("return [1.0] * 7", "wrong-shape"),
        ("return 'none'", "wrong-dtype"),
        ("return None", "wrong-dtype"),
        ("return {}", "wrong-dtype"),
        ("raise ValueError('one at a time')", "raised"),
    ],
)
def test_many_losses_that_are_not_the_single_ones_are_refused(tmp_path, body, kind):
    finding = refused(tmp_path, many(body))
    assert (finding.kind, finding.term) == (kind, "losses")


def test_many_losses_that_write_into_their_arguments_are_named_with_the_line(tmp_path):
    seen = inspected(
        tmp_path, many("values = [loss(each, batch) for each in parameter_sets]; batch.inputs[:] = 0; return values")
    )
    (finding,) = seen.findings
    assert (finding.kind, finding.term) == ("mutated-argument", "batch.inputs")
    assert "batch.inputs[:] = 0" in finding.location.text
