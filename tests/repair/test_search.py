"""The search: one edit, several at once, several one on the other, and what it says where it finds none."""

import math
import time

import pytest

from gradcheck_rnn.repair.edit import Change, Edit, edited
from gradcheck_rnn.repair.search import Search
from gradcheck_rnn.repair.workshop import Workshop
from tests.repair.problem import SOURCE, target, written

TRIED = [target(4), target(2), target(1)]
UNSEEN = [target(3), target(7)]

# what somebody may have written, what it should be, and how simple a slip that is
SLIPS = [
    ("da -= ", "da += ", 1.0),
    ("ones(1)", "zeros(1)", 1.0),
    ("zeros(1)", "ones(1)", 1.0),
    ("range(1, len(x))", "range(len(x))", 2.0),
    ('p["a"] ** 2', 'p["a"]', 2.0),
    ("-2 * x[t]", "2 * x[t]", 1.5),
    ("3 * x[t]", "2 * x[t]", 3.0),
]


def slips_undone(function):
    start, end = function.text.span(function.node)
    for before, after, cost in SLIPS:
        at = function.text.text.find(before, start, end)
        if at >= 0:
            yield Edit(function.text.file, (Change(at, at + len(before), after),), before, cost)


@pytest.fixture
def search(tmp_path, monkeypatch):
    """Search with operators that know these slips alone."""
    monkeypatch.setattr("gradcheck_rnn.repair.candidates.OPERATORS", (slips_undone,))

    def run(*slips, verify=None, seconds=30.0):
        source = SOURCE
        for right, wrong in slips:
            assert source.count(right) == 1
            source = source.replace(right, wrong)
        code = written(tmp_path, source)
        shop = Workshop(code, 2)

        def is_right(texts):
            outcome = shop.outcome(texts, UNSEEN)
            return outcome is not None and outcome.is_right

        found = Search(shop, TRIED, verify or is_right, time.monotonic() + seconds, lambda _done, _total: None).run()
        return found, [edited(source, edits) for edits in found.solutions]

    return run


def test_right_code_is_told_and_left_alone(search):
    for found, texts in (search(), search(("da += 2", "da -= -2"))):
        assert texts == []
        assert (found.is_right_already, found.tried) == (True, 0)


def test_one_edit_mends_one_slip(search):
    found, texts = search(("da += ", "da -= "))
    assert texts == [SOURCE]
    assert len(found.solutions[0]) == 1


def test_a_rarer_slip_is_looked_at_where_it_reads_more_like_the_file(search, monkeypatch):
    """Of two that mend the same, the dearer one only takes something out; of the last one nothing is known."""

    def either(function):
        at = function.text.text.find("-(2 * x[t])")
        for cost, change in (
            (1.0, Change(at, at + 11, "np.sqrt((2 * x[t]) ** 2) * np.sign(x[t])")),
            (3.0, Change(at, at + 1, "")),
            (3.0, Change(at, at + 11, "np.cbrt((2 * x[t]) ** 3) * np.cosh(x[t] - x[t])")),
        ):
            yield Edit(function.text.file, (change,), "either", cost)

    monkeypatch.setattr("gradcheck_rnn.repair.candidates.OPERATORS", (either,))
    found, texts = search(("2 * x[t]", "-(2 * x[t])"))
    assert [SOURCE.replace("2 * x[t]", "(2 * x[t])") in texts, len(texts), found.tried] == [True, 2, 2]


def test_of_code_that_gives_something_else_when_called_again_its_memory_is_doubted_first(search, monkeypatch):
    def either(function):
        for before, after, kind, cost in (
            ("2 * x[t]", "3 * x[t] * np.cosh(np.cbrt(t))", "name", 1.0),
            ("len(calls)", "1", "set to zero", 3.0),
        ):
            at = function.text.text.find(before)
            yield Edit(function.text.file, (Change(at, at + len(before), after),), kind, cost)

    monkeypatch.setattr("gradcheck_rnn.repair.candidates.OPERATORS", (either,))
    remembers = "calls.append(1)\n    da = float(len(calls)) - 1"
    found, texts = search(("da = 0.0", remembers))
    assert texts == [SOURCE.replace("da = 0.0", remembers.replace("len(calls)", "1"))]
    assert found.tried == 1


def test_edits_that_mend_a_parameter_each_are_one_step(search):
    found, texts = search(("da += ", "da -= "), ("np.ones(1)", "np.zeros(1)"))
    assert SOURCE in texts
    assert {len(edits) for edits in found.solutions} == {2}


def test_edits_of_one_parameter_follow_each_other(search):
    """At one step the loop that drops the first one sees nothing: the sign alone is not enough, nor is the loop."""
    found, texts = search(("range(len(x))", "range(1, len(x))"), ("da += 2", "da += 3"))
    assert SOURCE in texts
    assert {len(edits) for edits in found.solutions} == {2}


def test_three_slips_are_found(search):
    _, texts = search(("range(len(x))", "range(1, len(x))"), ("da += 2", "da += 3"), ("np.ones(1)", "np.zeros(1)"))
    assert SOURCE in texts


def test_what_fails_at_points_not_seen_is_no_solution(search):
    found, texts = search(("da += ", "da -= "), verify=lambda _texts: False)
    assert texts == []
    assert found.mended == {}
    assert found.stopped_by == ""


def test_what_some_edit_mended_is_told_where_nothing_mends_all(search):
    found, texts = search(("np.ones(1)", "np.zeros(1)"), ("da += 2", "da += 5"))
    assert texts == []
    assert found.mended == {"b": 1}


def test_a_deadline_ends_the_search(search):
    found, texts = search(("da += ", "da -= "), seconds=-math.inf)
    assert texts == []
    assert found.stopped_by == "time-limit"
