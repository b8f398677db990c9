"""The user's loss as a black box: adapters of the oracle, run as user code is, against its complex step."""

import numpy as np
import pytest

from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.analytic.runner import running
from gradcheck_rnn.analytic.session import UserCode
from gradcheck_rnn.config.settings import CheckSettings
from gradcheck_rnn.model.net import Sizes
from gradcheck_rnn.numeric.black_box import user_gradient, user_loss_noise
from gradcheck_rnn.numeric.interrupted import InterruptedDifferencesError
from gradcheck_rnn.numeric.progress import Counter
from tests.model.problems import document, exact_gradients, largest, problem_of
from tests.oracle.adapter_source import write_adapter

SIZES = Sizes(input_size=3, hidden_size=4, output_size=3, length=5)
DRAWN = document(
    seed=2, cell="tanh", gain=1.0, input_size=3, hidden_size=4, output_size=3, length=5, biases=True,
    initial_state="zeros", kind="softmax_cross_entropy", reduction="sum", steps="all", batch_size=None,
)  # fmt: skip
MUTATING = """
import adapter as right

def loss(parameters, batch):
    value = right.loss({name: array.copy() for name, array in parameters.items()}, batch)
    parameters["W_hh"] += 0.5
    batch.inputs[:] = 0.0
    return value

gradients = right.gradients
"""
# what it does late, it does when all that is looked at beforehand has been done
LATE = """
import adapter as right

calls = 0
gradients = right.gradients


def value(parameters, batch):
    return right.loss({{name: array.copy() for name, array in parameters.items()}}, batch)


def loss(parameters, batch):
    global calls
    calls += 1
    found = value(parameters, batch)
    if calls > 150:
        {late}
    return found
"""
LATE_AT_ONCE = (
    LATE
    + """

def losses(parameter_sets, batch):
    return [loss(parameters, batch) for parameters in parameter_sets]
"""
)
# it writes down how many losses it is asked for at once, 1 for a single one
MANY = """
from pathlib import Path

import adapter as right

gradients = right.gradients


def note(count):
    with Path(__file__).with_name("calls").open("a") as file:
        file.write(f"{count}\\n")


def loss(parameters, batch):
    note(1)
    return right.loss(parameters, batch)


def losses(parameter_sets, batch):
    note(len(parameter_sets))
    return [right.loss(parameters, batch) for parameters in parameter_sets]
"""


def _silent(*counts):
    pass


def differentiate(path, problem, *, check=None, workers=0, indices=None, progress=_silent, foresee=_silent):
    point = Point(problem.parameters, problem.batch)
    indices = indices or {name: np.arange(value.size) for name, value in problem.parameters.items()}
    with running(UserCode(path, 0, SIZES, 60.0), workers=workers) as runner:
        noise = runner.run(user_loss_noise, point, 0, 1.0)
        base = runner.run(_loss, point)
        count = Counter(sum(map(len, indices.values())), progress)
        return user_gradient(
            runner, point, indices, check or CheckSettings(), noise=noise, base=base, count=count, foresee=foresee
        )


def _loss(session, point):
    return session.loss(point)


@pytest.mark.parametrize("cell", ["tanh", "relu", "sigmoid"])
def test_the_ladder_finds_the_gradient_of_the_user_s_loss(tmp_path, cell):
    drawn = DRAWN | {"model": DRAWN["model"] | {"cell": cell}}
    problem = problem_of(drawn)
    found = differentiate(write_adapter(tmp_path, drawn), problem)
    for name, exact in exact_gradients(drawn, problem).items():
        gap = np.abs(found[name].value - exact.reshape(-1))
        assert (gap <= 3 * found[name].error).all(), name
        assert gap.max() <= 1e-8 * largest(exact), name


def test_plain_differences_take_the_classic_step(tmp_path):
    problem = problem_of(DRAWN)
    found = differentiate(write_adapter(tmp_path, DRAWN), problem, check=CheckSettings(method="central"))
    for name, exact in exact_gradients(DRAWN, problem).items():
        gap = largest(found[name].value - exact.reshape(-1))
        assert gap <= 1e-6 * largest(exact)
    assert max(largest(found[name].error) for name in found) > 1e-11


def test_a_scaled_loss_has_the_scaled_gradient(tmp_path):
    """It is the user's loss that is differenced, whatever the described one says."""
    problem = problem_of(DRAWN)
    found = differentiate(write_adapter(tmp_path, DRAWN, scale=-2.5), problem)
    for name, exact in exact_gradients(DRAWN, problem).items():
        assert largest(found[name].value + 2.5 * exact.reshape(-1)) <= 1e-7 * largest(exact)


def test_a_loss_that_writes_into_its_arguments_is_differenced_right(tmp_path):
    write_adapter(tmp_path, DRAWN)
    (tmp_path / "mutating.py").write_text(MUTATING)
    problem = problem_of(DRAWN)
    before = {name: value.copy() for name, value in problem.parameters.items()}
    found = differentiate(tmp_path / "mutating.py", problem)
    for name, exact in exact_gradients(DRAWN, problem).items():
        assert largest(found[name].value - exact.reshape(-1)) <= 1e-8 * largest(exact)
        np.testing.assert_array_equal(problem.parameters[name], before[name])


@pytest.mark.parametrize("method", ["auto", "central"])
def test_many_losses_at_once_give_what_one_by_one_gives_to_the_last_bit(tmp_path, method):
    problem, path = problem_of(DRAWN), write_adapter(tmp_path, DRAWN)
    (tmp_path / "many.py").write_text(MANY)
    one_by_one, at_once = (
        differentiate(each, problem, check=CheckSettings(method=method)) for each in (path, tmp_path / "many.py")
    )
    for name, estimate in one_by_one.items():
        np.testing.assert_array_equal(estimate.value, at_once[name].value)
        np.testing.assert_array_equal(estimate.error, at_once[name].error)


def test_many_losses_cost_one_call(tmp_path, monkeypatch):
    """Central differences take three steps up and down, each of which is one call for all entries of a parameter."""
    monkeypatch.setattr("gradcheck_rnn.numeric.black_box.SHARD_SECONDS", 1e9)  # one shard a parameter
    problem = problem_of(DRAWN)
    write_adapter(tmp_path, DRAWN)
    (tmp_path / "many.py").write_text(MANY)
    differentiate(tmp_path / "many.py", problem, check=CheckSettings(method="central"))
    calls = [int(line) for line in (tmp_path / "calls").read_text().split()]
    of_entries = [value.size for value in problem.parameters.values() for _ in range(6)]
    assert calls[-len(of_entries) :] == of_entries


def test_two_workers_give_what_one_gives(tmp_path):
    problem, path = problem_of(DRAWN), write_adapter(tmp_path, DRAWN)
    one, two = (differentiate(path, problem, workers=workers) for workers in (1, 2))
    for name, estimate in one.items():
        np.testing.assert_array_equal(estimate.value, two[name].value)
        np.testing.assert_array_equal(estimate.error, two[name].error)
        np.testing.assert_array_equal(estimate.indices, np.arange(problem.parameters[name].size))


def test_how_the_entries_are_cut_into_shards_does_not_show(tmp_path, monkeypatch):
    problem, path = problem_of(DRAWN), write_adapter(tmp_path, DRAWN)
    whole = differentiate(path, problem)
    monkeypatch.setattr("gradcheck_rnn.numeric.black_box.SHARD_SECONDS", 0.0)  # one entry a shard
    apart = differentiate(path, problem)
    for name, estimate in whole.items():
        np.testing.assert_array_equal(estimate.value, apart[name].value)
        np.testing.assert_array_equal(estimate.error, apart[name].error)


def test_chosen_entries_keep_their_places(tmp_path):
    problem, path = problem_of(DRAWN), write_adapter(tmp_path, DRAWN)
    chosen = differentiate(path, problem, indices={"W_hh": np.array([2, 9])})
    exact = exact_gradients(DRAWN, problem)["W_hh"]
    np.testing.assert_array_equal(chosen["W_hh"].indices, [2, 9])
    np.testing.assert_allclose(chosen["W_hh"].value, exact.reshape(-1)[[2, 9]], rtol=1e-7)


def test_progress_counts_entries_up_to_all_of_them(tmp_path, monkeypatch):
    monkeypatch.setattr("gradcheck_rnn.numeric.black_box.SHARD_SECONDS", 0.0)
    problem, told = problem_of(DRAWN), []
    differentiate(write_adapter(tmp_path, DRAWN), problem, progress=lambda *counts: told.append(counts))
    total = sum(value.size for value in problem.parameters.values())
    assert {each for _, each in told} == {total}
    assert [done for done, _ in told] == list(range(1, total + 1))


def test_the_noise_of_a_user_s_loss_is_measured_through_it(tmp_path):
    write_adapter(tmp_path, DRAWN)
    (tmp_path / "coarse.py").write_text(
        "import numpy as np\nimport adapter as right\n\n\n"
        "def loss(parameters, batch):\n    return float(np.float32(right.loss(parameters, batch)))\n\n\n"
        "gradients = right.gradients\n"
    )
    problem = problem_of(DRAWN)
    point = Point(problem.parameters, problem.batch)
    noise = []
    for name in ("adapter.py", "coarse.py"):
        with running(UserCode(tmp_path / name, 0, SIZES, 60.0), workers=0) as runner:
            noise.append(runner.run(user_loss_noise, point, 0, 1.0))
    assert noise[0] < 1e-14
    assert 1e-9 < noise[1] < 1e-5


@pytest.mark.parametrize("source", [LATE, LATE_AT_ONCE])
@pytest.mark.parametrize("late", ['parameters["W_hh"][0, 0] = 7.0', 'parameters.pop("W_hh")', "batch.targets[:] = 0"])
def test_a_loss_that_begins_to_write_into_its_arguments_is_differenced_right(tmp_path, source, late):
    problem, path = problem_of(DRAWN), write_adapter(tmp_path, DRAWN)
    right = differentiate(path, problem)
    (tmp_path / "late.py").write_text(source.format(late=late))
    found = differentiate(tmp_path / "late.py", problem)
    for name, estimate in right.items():
        np.testing.assert_array_equal(estimate.value, found[name].value)


def test_a_loss_that_begins_to_vary_is_named(tmp_path):
    write_adapter(tmp_path, DRAWN)
    (tmp_path / "late.py").write_text(LATE.format(late="found += 1e-6 * calls"))
    with pytest.raises(UserCodeError) as caught:
        differentiate(tmp_path / "late.py", problem_of(DRAWN))
    assert caught.value.finding.kind in ("state-leak", "nondeterministic-loss")


def test_an_entry_takes_six_values_of_the_loss_and_one_in_a_hundred_takes_twelve(tmp_path, monkeypatch):
    """Plain differences at three steps; entry 0 of each parameter is of the sample."""
    monkeypatch.setattr("gradcheck_rnn.analytic.session.MOST_TIMED", 1)
    write_adapter(tmp_path, DRAWN)
    (tmp_path / "many.py").write_text(MANY.partition("def losses")[0])
    problem, check = problem_of(DRAWN), CheckSettings(method="central")
    counts = []
    for last in (8, 16):
        differentiate(tmp_path / "many.py", problem, check=check, indices={"W_hh": np.arange(1, last)})
        counts.append(len((tmp_path / "calls").read_text().split()))
        (tmp_path / "calls").unlink()
    assert counts[1] - counts[0] == 8 * 6
    differentiate(tmp_path / "many.py", problem, check=check, indices={"W_hh": np.arange(0, 8)})
    assert len((tmp_path / "calls").read_text().split()) - counts[0] == 2 * 6


@pytest.mark.parametrize(("method", "calls"), [("central", (6, 6)), ("auto", (12, 30))])
def test_what_it_takes_is_told_once_and_beforehand(tmp_path, method, calls):
    path, told, problem = write_adapter(tmp_path, DRAWN), [], problem_of(DRAWN)
    (tmp_path / "slow.py").write_text(
        "import time\n\nimport adapter as right\n\ngradients = right.gradients\n\n\n"
        "def loss(parameters, batch):\n    time.sleep(0.002)\n    return right.loss(parameters, batch)\n"
    )
    indices = {"W_hh": np.arange(1, 9)}
    differentiate(
        path.with_name("slow.py"),
        problem,
        check=CheckSettings(method=method),
        indices=indices,
        progress=lambda *_: told.append("progress"),
        foresee=told.append,
    )
    (cost,) = [each for each in told if each != "progress"]
    assert (cost.calls, cost.most_calls, cost.entries) == (*calls, 8)
    assert cost.seconds >= 8 * calls[0] * 0.002
    assert told.index(cost) <= 1


def test_what_is_done_when_the_user_stops_it_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("gradcheck_rnn.numeric.black_box.SHARD_SECONDS", 0.0)
    problem, path = problem_of(DRAWN), write_adapter(tmp_path, DRAWN)
    whole = differentiate(path, problem)

    def stop_at_twenty(done, _):
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(InterruptedDifferencesError) as stopped:
        differentiate(path, problem, progress=stop_at_twenty)
    found = stopped.value.numeric
    assert found.keys() == whole.keys()
    assert sum(len(estimate.indices) for estimate in found.values()) == 20
    for name, estimate in found.items():
        np.testing.assert_array_equal(estimate.value, whole[name].value[: len(estimate.indices)])
