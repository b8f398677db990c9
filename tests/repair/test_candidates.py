"""The list of edits: each result once, and what nobody would write last."""

import pytest

from gradcheck_rnn.analytic.session import Watch, opened
from gradcheck_rnn.repair.candidates import candidates
from gradcheck_rnn.repair.edit import Change, Edit, edited
from tests.repair.problem import SOURCE, target, written

LINE = "    db = np.ones(1)\n"


@pytest.fixture
def listed(tmp_path, monkeypatch):
    """The texts that replacements of one line's parts lead to, in the order of the list."""

    def in_order(*replacements):
        def replaced(function):
            text = function.text.text
            for before, after in replacements:
                at = text.find(before, *function.text.span(function.node))
                if at >= 0:
                    yield Edit(function.text.file, (Change(at, at + len(before), after),), before, 1.0)

        monkeypatch.setattr("gradcheck_rnn.repair.candidates.OPERATORS", (replaced,))
        with opened(written(tmp_path, SOURCE), Watch()) as session:
            return [edited(SOURCE, [edit]) for _, edit in candidates(session, target(3))]

    return in_order


def test_edits_with_one_result_are_one(listed):
    assert listed(("np.ones(1)", "np.ones(2)"), ("(1)\n", "(2)\n"), ("ones(1", "ones(2")) == [
        SOURCE.replace("ones(1)", "ones(2)")
    ]


def test_what_assigns_a_name_to_itself_comes_last(listed):
    itself, without = listed(("np.ones(1)", "db"), (LINE, "")), listed((LINE, ""), ("np.ones(1)", "db"))
    assert itself == without == [SOURCE.replace(LINE, ""), SOURCE.replace("np.ones(1)", "db")]


def test_a_line_that_only_ends_like_that_is_no_such_one(listed):
    """What comes first of equals is what the operator gave first."""
    texts = listed(("np.ones(1)", "db = db"), (LINE, ""))
    assert texts == [SOURCE.replace("np.ones(1)", "db = db"), SOURCE.replace(LINE, "")]


def test_names_change_places_only_where_both_gradients_are_wrong(tmp_path, monkeypatch):
    monkeypatch.setattr("gradcheck_rnn.repair.candidates.OPERATORS", ())
    source = SOURCE.replace("calls = []", 'names = ["b", "a"]').replace(
        'return {"a": da, "b": db}', "return dict(zip(names, (da, db)))"
    )
    right = source.replace('["b", "a"]', '["a", "b"]')
    for text, texts in ((source, [right]), (right, [])):
        with opened(written(tmp_path, text), Watch()) as session:
            assert [edited(text, [edit]) for _, edit in candidates(session, target(3))] == texts


def test_what_changes_nothing_costs_more_for_every_purpose(tmp_path, monkeypatch):
    def nothing(function):
        at = function.text.text.find("np.ones(1)")
        yield Edit(function.text.file, (Change(at, at + 10, "db"),), "nothing", 1.0)

    monkeypatch.setattr("gradcheck_rnn.repair.candidates.OPERATORS", (nothing,))
    with opened(written(tmp_path, SOURCE), Watch()) as session:
        ((cost, edit),) = candidates(session, target(3))
    assert edit.cost == cost > 1.0


CLOSURE = """
def gradients(p, batch):
    x = batch.inputs[:, 0]

    def back():
        da = 0.0
        for t in range(len(x)):
            da = 2 * x[t] * p["a"] * x[t]
        return da

    return {"a": back(), "b": np.ones(1)}
"""
LAMBDA = """
slope = lambda x, a: -2 * a * x * x


def gradients(p, batch):
    return {"a": sum(slope(each, p["a"]) for each in batch.inputs[:, 0]), "b": np.ones(1)}
"""


@pytest.mark.parametrize(
    ("wrong", "before", "after"), [(CLOSURE, "da = 2", "da += 2"), (LAMBDA, "-2 * a", "2 * a")], ids=["def", "lambda"]
)
def test_functions_within_functions_and_lambdas_are_edited_too(wrong, before, after, tmp_path):
    source = SOURCE[: SOURCE.index("def gradients")] + wrong
    with opened(written(tmp_path, source), Watch()) as session:
        texts = {edited(source, [edit]) for _, edit in candidates(session, target(3))}
    assert source.replace(before, after) in texts
