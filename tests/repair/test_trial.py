"""Edited code on small problems: what it mends, and that nothing of it outlives its trial."""

import numpy as np
import pytest

from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.session import Watch, opened
from gradcheck_rnn.repair.target import names_right
from gradcheck_rnn.repair.trial import as_it_stands, tried
from tests.repair.problem import SOURCE, replaced, target, written

TARGETS = [target(3), target(1)]


def outcomes(code, *edits, targets=TARGETS):
    with opened(code, Watch()) as session:
        return tried(session, edits, targets)


def test_right_code_is_right_at_every_run(tmp_path):
    with opened(written(tmp_path, SOURCE), Watch()) as session:
        outcome = as_it_stands(session, TARGETS)
    assert outcome.is_right
    # both parameters at both targets, and at the first one again, and whether each run has left its arguments alone
    assert outcome.count == 3 * (2 + 1)


def test_an_edit_that_mends_everything_is_right(tmp_path):
    code = written(tmp_path, SOURCE.replace("da += 2", "da -= 2"))
    (outcome,) = outcomes(code, replaced(code, "da -= 2", "da += 2"))
    assert outcome is not None
    assert outcome.is_right


def test_an_edit_mends_the_entries_it_mends(tmp_path):
    source = SOURCE.replace("da += 2", "da = 3").replace("np.ones(1)", "np.zeros(1)")
    code = written(tmp_path, source)
    with opened(code, Watch()) as session:
        before = as_it_stands(session, TARGETS)
        step, ones = tried(session, [replaced(code, "da = 3", "da = 2"), replaced(code, "zeros", "ones")], TARGETS)
    assert step is not None
    assert ones is not None
    # the last step alone is right where there is one step only
    assert step.mends(before).tolist() == [True] + [False] * 8
    assert names_right(TARGETS, step.mask) == set()
    assert names_right(TARGETS, ones.mask) == {"b"}


def test_an_edit_that_changes_nothing_or_breaks_something_is_of_no_use(tmp_path):
    code = written(tmp_path, SOURCE.replace("da += 2", "da += 3"))
    nothing = replaced(code, "  # one number a step", "")
    breaks = replaced(code, "np.ones(1)", "np.zeros(1)")
    raises = replaced(code, "np.ones(1)", "np.ones(1) / nobody")
    assert outcomes(code, nothing, breaks, raises) == [None, None, None]


def test_an_edit_that_leads_away_at_short_sequences_is_not_run_on_longer_ones(tmp_path):
    code = written(tmp_path, SOURCE.replace("da += 2", "da += 3"))
    noted = f"open({str(tmp_path / 'lengths')!r}, 'a').write(f'{{len(x)}} ')\n    da = 0.0"
    away = replaced(code, "da = 0.0", f"{noted} + 9.0")
    assert outcomes(code, away, targets=[target(3), target(9), target(1)]) == [None]
    assert (tmp_path / "lengths").read_text().split() == ["1", "3"]


def test_an_edit_whose_fault_shows_on_long_sequences_alone_is_run_on_them(tmp_path):
    source = SOURCE.replace('2 * x[t] * p["a"] * x[t]', '(3 if t > 5 else 2) * x[t] * p["a"] * x[t]')
    code = written(tmp_path, source)
    mends = replaced(code, '(3 if t > 5 else 2) * x[t] * p["a"] * x[t]', 'x[t] * x[t] * p["a"] * 2')
    (outcome,) = outcomes(code, mends, targets=[target(3), target(9), target(1)])
    assert outcome is not None
    assert outcome.is_right


def test_an_edit_that_changes_the_loss_is_refused(tmp_path):
    """It mends the gradient of another loss: 2 a x**2 is three times that of this one."""
    source = SOURCE.replace("** 2).sum()", "** 2).sum() * scale()").replace(
        "calls = []", "def scale():\n    return 1.0\n"
    )
    source = source.replace("x = batch", "scale()\n    x = batch").replace("da += 2", "da += 6")
    code = written(tmp_path, source)
    assert outcomes(code, replaced(code, "return 1.0", "return 3.0")) == [None]


def test_code_that_writes_into_its_arguments_is_not_right_until_it_leaves_them_alone(tmp_path):
    code = written(tmp_path, SOURCE.replace("    db =", "    batch.targets[:] = 1.0\n    db ="))
    with opened(code, Watch()) as session:
        before = as_it_stands(session, TARGETS)
    (outcome,) = outcomes(code, replaced(code, "    batch.targets[:] = 1.0\n", ""))
    assert outcome is not None
    assert [before.is_right, outcome.is_right] == [False, True]
    assert names_right(TARGETS, before.mask) == {"a", "b"}


def test_what_an_edit_leaves_behind_does_not_reach_the_next_one(tmp_path):
    source = SOURCE.replace("da = 0.0", "da = 0.0 * len(calls)").replace("da += 2", "da += 2 * 2 ** len(calls)")
    source = source.replace("np.ones(1)", "3 * np.ones(1)")
    code = written(tmp_path, source)
    leaves = replaced(code, "# one number a step", "\n    calls.append(1)")
    mends = replaced(code, "3 * np.ones(1)", "np.ones(1)")
    alone, after = outcomes(code, mends), outcomes(code, leaves, mends)
    assert alone[0] is not None
    assert alone[0].is_right
    assert after == [None, alone[0]]


def test_what_an_edit_leaves_behind_may_raise(tmp_path):
    source = SOURCE.replace("da += 2", "da += 3").replace("da = 0.0", "da = 0.0 / (not calls)")
    code = written(tmp_path, source)
    spoils, mends = replaced(code, "np.ones(1)", "np.ones(1 - bool(calls.append(1)))"), replaced(code, "+= 3", "+= 2")
    assert [each is not None and each.is_right for each in outcomes(code, spoils, mends)] == [False, True]


def test_code_that_raises_as_it_stands_is_told(tmp_path):
    code = written(tmp_path, SOURCE.replace("da = 0.0", "da = nobody"))
    with opened(code, Watch()) as session, pytest.raises(UserCodeError, match="nobody"):
        as_it_stands(session, TARGETS)


def test_code_that_is_right_once_only_is_not_right(tmp_path):
    source = SOURCE.replace("da = 0.0", "calls.append(1)\n    da = 1.0 * (len(calls) > 1)")
    with opened(written(tmp_path, source), Watch()) as session:
        outcome = as_it_stands(session, TARGETS)
    assert outcome.mask.tolist() == [True, True, True, False, True, True, False, True, True]


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_what_is_not_finite_is_wrong(value):
    """An infinite gap is no more than a share of an infinite scale."""
    right = {"a": np.array([value]), "b": np.ones(1)}
    assert TARGETS[0].right(right).tolist() == [False, True]


def test_an_edit_that_never_ends_is_interrupted(tmp_path):
    code = written(tmp_path, SOURCE.replace("da += 2", "da += 3"))
    for_ever = replaced(code, "for t in range(len(x)):", "while True:\n        t = 0")
    swallowing = replaced(
        code,
        "    for t in range(len(x)):",
        "    while True:\n        try:\n            t = 0\n        except Exception:\n            pass\n"
        "    for t in range(len(x)):",
    )
    leaving = replaced(code, "da = 0.0", "raise SystemExit")
    mends = replaced(code, "da += 3", "da += 2")
    found = outcomes(code, for_ever, swallowing, leaving, mends)
    assert found[:3] == [None, None, None]
    assert found[3] is not None
    assert found[3].is_right


def test_an_edit_outside_of_functions_is_tried_on_the_file_loaded_anew(tmp_path):
    source = SOURCE.replace("da += 2 *", "da += FACTOR *").replace("calls = []", "FACTOR = 3")
    code = written(tmp_path, source)
    nearer = replaced(code, "FACTOR = 3", "FACTOR = 2.5")
    two, nearer = outcomes(code, replaced(code, "FACTOR = 3", "FACTOR = 2"), nearer)
    assert two is not None
    assert two.is_right
    assert nearer is not None
    assert not nearer.is_right


def test_an_edit_outside_of_functions_that_changes_the_loss_is_of_no_use(tmp_path):
    source = SOURCE.replace("da += 2 *", "da += FACTOR *").replace("calls = []", "FACTOR = 3")
    source = source.replace("return float(", "return FACTOR * float(")
    code = written(tmp_path, source)
    assert outcomes(code, replaced(code, "FACTOR = 3", "FACTOR = 2")) == [None]
