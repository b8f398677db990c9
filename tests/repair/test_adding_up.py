"""Terms that are missing from one sum are told by what they add up to."""

from pathlib import Path

import numpy as np
import pytest

from gradcheck_rnn.analytic.session import Watch, opened
from gradcheck_rnn.repair.adding_up import adding_up, terms_by_place, together
from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.trial import terms_together
from tests.repair.problem import SOURCE, target, written

EFFECTS = np.random.default_rng(0).normal(size=(9, 20))
FILE = Path("net.py")


def term(at: int, text: str) -> Edit:
    return Edit(FILE, (Change(at, at, text),), "add a term", 2.0)


@pytest.mark.parametrize("chosen", [(0, 1), (3, 8), (0, 4, 8), (5, 6, 7)])
def test_two_or_three_effects_are_told_by_their_sum(chosen):
    missing = EFFECTS[list(chosen)].sum(axis=0) * (1 + 1e-9)
    assert adding_up(list(EFFECTS), missing) == [chosen]


def test_effects_that_do_not_add_up_to_it_are_none():
    assert adding_up(list(EFFECTS), EFFECTS[0]) == []
    assert adding_up(list(EFFECTS), EFFECTS[0] + 1.001 * EFFECTS[1]) == []
    assert adding_up(list(EFFECTS), np.zeros(20)) == []
    assert adding_up(list(EFFECTS), np.full(20, np.nan)) == []
    assert adding_up([], EFFECTS[0]) == []


def test_all_that_add_up_are_told():
    """The first effect stands there twice."""
    assert adding_up([*EFFECTS, EFFECTS[0]], EFFECTS[0] + EFFECTS[1]) == [(0, 1), (1, 9)]


def test_terms_of_one_place_are_put_together():
    one, other, elsewhere = term(3, " + a"), term(3, " - b"), term(4, " + a")
    replaced = Edit(FILE, (Change(3, 5, " + a"),), "name", 2.0)
    inserted = Edit(FILE, (Change(3, 3, "\n    a = 1"),), "insert a statement", 2.0)
    assert terms_by_place([one, elsewhere, replaced, inserted, other]) == [[one, other]]
    assert together([one, other]).changes == (Change(3, 3, " + a - b"),)


def test_terms_are_found_by_what_each_of_them_adds(tmp_path):
    code = written(tmp_path, SOURCE.replace("db = np.ones(1)", "db = np.zeros(1)"))
    at = code.path.read_text().index("np.zeros(1)") + len("np.zeros(1)")
    terms = [
        Edit(code.path, (Change(at, at, f" + {each}"),), "add a term", 2.0) for each in ("0.5", "nobody", "0.2", "0.3")
    ]
    with opened(code, Watch()) as session:
        (edit,) = terms_together(session, [terms], [target(3), target(1)])
    assert edit.changes[0].text == " + 0.5 + 0.2 + 0.3"
