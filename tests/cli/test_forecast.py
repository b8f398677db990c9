"""The line on stderr before a check that takes long, because it calls the user's own loss for every entry."""

import pytest

RIGHT = "from tagger_core import loss, gradients\n"
AT_ONCE = RIGHT + "def losses(parameter_sets, batch):\n    return [loss(each, batch) for each in parameter_sets]\n"
POINTS = ("configured", "probe")


@pytest.fixture
def err_of(adapter, run_here, monkeypatch):
    """Check as if everything were worth a line."""
    monkeypatch.setattr("gradcheck_rnn.report.progress.WORTH_A_LINE", 0.0)
    monkeypatch.setattr("gradcheck_rnn.pipeline.user.cost.usable_cores", lambda: 2)

    def check(source, *options, loss="user"):
        return run_here("check", adapter(source, more=f"check: {{loss: {loss}}}\n"), *options, "--workers", "1").err

    return check


def test_it_counts_entries_of_both_points_and_calls(err_of):
    """94 entries each: 40 + 25 + 5 + 20 + 4."""
    line = err_of(RIGHT)
    assert line.startswith("about ")
    assert ": 188 entries at two points, 12 to 30 calls of your loss each, " in line
    assert " ms a call, on 1 process; faster: " in line
    assert line.count("\n") == 1


def test_it_says_what_would_be_faster(err_of):
    faster = err_of(RIGHT).partition("; faster: ")[2].strip().split(", ")
    assert faster == [
        "check.entries: 100 or screen",
        "--workers 2",
        "losses(parameter_sets",
        "batch) in the adapter",
        "check.loss: auto",
    ]


def test_it_does_not_name_what_is_there_already(err_of):
    line = err_of(AT_ONCE, "--set", "check.entries=10")
    assert "at two points" in line
    assert "check.entries" not in line
    assert "losses(" not in line


def test_of_one_point_it_counts_that(err_of):
    assert ": 94 entries at one point, " in err_of(RIGHT, "--set", "check.probe=off")


def test_where_the_described_loss_is_differenced_it_counts_what_confirms_it(err_of):
    """Three directions and the worst entry of each weight, every entry of the biases, which are 5 and 4; twice."""
    (line,) = [each for each in err_of(RIGHT, loss="auto").splitlines() if "calls of your loss" in each]
    assert f": {2 * (3 * (3 + 1) + 5 + 4)} directions and entries at two points, " in line


def test_quiet_has_no_such_line(err_of):
    assert err_of(RIGHT, "--quiet") == ""


def test_a_screen_is_foretold_at_each_point_by_its_directions_and_entries(err_of):
    """4 directions and 2 entries each of W_xh, W_hh and W_hy, 5 entries of b_h, 4 of b_y."""
    for line, point in zip(err_of(RIGHT, "--set", "check.entries=screen").splitlines(), POINTS, strict=True):
        assert f": 27 directions and entries at the {point} point, 12 to 30 calls of your loss each, " in line
        assert "check.entries" not in line


def test_of_a_screen_no_more_processes_are_named_than_there_are_parameters(err_of, monkeypatch):
    monkeypatch.setattr("gradcheck_rnn.pipeline.user.cost.usable_cores", lambda: 64)
    for line in err_of(RIGHT, "--set", "check.entries=screen").splitlines():
        assert ", on 1 process; faster: --workers 5, " in line


def test_where_the_screened_loss_is_the_described_one_what_confirms_it_is_foretold(err_of):
    lines = err_of(RIGHT, "--set", "check.entries=screen", loss="auto").splitlines()
    assert not any("check.entries" in line for line in lines)
    configured, probe = (line for line in lines if "calls of your loss" in line)
    assert ": 12 directions at the configured point, " in configured
    assert " entries at the probe point, " in probe
    assert "; faster: check.loss: described, --workers 2, " in configured
