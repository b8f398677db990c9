"""Two points become one row a parameter: fail if either fails, else what the probe says."""

import pytest

from tests.report.samples import compared, report_of


def folded(configured, probe):
    (row,) = report_of([configured], None if probe is None else [probe]).rows
    return row


@pytest.mark.parametrize(
    ("configured", "probe", "verdict"),
    [
        ("pass", "pass", "pass"),
        ("pass", "fail", "fail"),
        ("fail", "pass", "fail"),
        ("fail", "inconclusive", "fail"),
        ("inconclusive", "fail", "fail"),
        ("inconclusive", "pass", "pass"),
        ("pass", "inconclusive", "inconclusive"),
        ("inconclusive", "inconclusive", "inconclusive"),
        ("pass", None, "pass"),
        ("inconclusive", None, "inconclusive"),
    ],
)
def test_a_failure_anywhere_decides_and_then_the_probe(configured, probe, verdict):
    at_probe = None if probe is None else compared("W_hh", probe)
    assert folded(compared("W_hh", configured), at_probe).verdict == verdict


@pytest.mark.parametrize(("configured", "probe", "at"), [(1e-9, 1e-8, "probe"), (1e-8, 1e-9, "configured")])
def test_the_larger_error_is_shown_with_its_point(configured, probe, at):
    row = folded(compared("W_hh", error=configured), compared("W_hh", error=probe))
    assert (row.max_relative_error, row.worst_at) == (1e-8, at)


def test_a_failure_is_shown_before_a_larger_error_that_could_not_be_told():
    row = folded(compared("W_hh", "fail", error=1e-3), compared("W_hh", "inconclusive", error=2.0))
    assert (row.max_relative_error, row.worst_at) == (1e-3, "configured")


def test_an_error_that_is_no_number_is_the_largest():
    row = folded(compared("W_hh", "fail", error=1.0), compared("W_hh", "fail", error=None))
    assert (row.max_relative_error, row.worst_at) == (None, "probe")


def test_entries_and_shape_are_those_of_the_configured_point():
    row = folded(compared("W_hh", checked=3), compared("W_hh", shape=(9, 9), checked=4))
    assert (row.shape, row.entries, row.checked) == ((5, 5), 25, 3)


def test_rows_keep_the_order_of_the_parameters_whatever_the_probe_has():
    report = report_of([compared("b_y"), compared("W_xh")], [compared("W_xh"), compared("b_y", "fail")])
    assert [(row.name, row.verdict) for row in report.rows] == [("b_y", "fail"), ("W_xh", "pass")]
