"""What holds for every operator on expressions, over whole files in many styles."""

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcheck_rnn.repair.edit import edited
from gradcheck_rnn.repair.edits.of_expressions import EXPRESSION_OPERATORS
from gradcheck_rnn.repair.function import Function
from tests.repair.edits.watching import array, unwatched, watched_in

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"
# a script without functions has nothing to edit
FILES = sorted(
    {*FIXTURES.glob("styles/*.py"), *FIXTURES.glob("interfaces/*.py")} - {FIXTURES / "styles" / "flat_script.py"}
)
# edits of one function at most, so that a search of all takes seconds
MOST_EDITS = 1200
# edits of one operator that are applied to one function: each takes a parse of the file
LOOKED_AT = 8


def batches(names: dict[str, Any]) -> None:
    names["SeriesClassifier"](4, 3, 2).loss(array(5, 4, 4), np.array([0, 1, 1, 0, 1]))


def functions(names: dict[str, Any]) -> None:
    names["loss_and_grad"](names["init_params"](6, 3), [0, 2, 5, 1], [2, 5, 1, 3], array(3))


def net(names: dict[str, Any]) -> None:
    names["TanhNet"](6, 3).backward([0, 2, 5, 1], [2, 5, 1, 3])


def steps(names: dict[str, Any]) -> None:
    given = [array(2, 4), array(2, 3), array(2, 3, seed=1), array(4, 12), array(3, 12), array(12)]
    cache = names["lstm_step_forward"](*given)[2]
    names["lstm_step_backward"](array(2, 3, seed=2), array(2, 3, seed=3), cache)


RUN: dict[str, Callable[[dict[str, Any]], None]] = {
    "styles/params_batches.py": batches,
    "styles/functions_of_params.py": functions,
    "interfaces/tanh_net.py": net,
    "styles/step_functions.py": steps,
}


def assert_proper(function: Function) -> int:
    """Each edit gives another text, which parses and keeps every comment; none comes twice from one operator."""
    text, count = function.text.text, 0
    for operator in EXPRESSION_OPERATORS:
        edits = list(operator(function))
        count += len(edits)
        for edit in edits[:: 1 + len(edits) // LOOKED_AT]:
            after = edited(text, [edit])
            assert after != text, edit
            ast.parse(after)
            assert after.count("#") == text.count("#"), edit
        assert len({edit.changes for edit in edits}) == len(edits), operator.__name__
    return count


@pytest.mark.parametrize("name", RUN)
def test_edits_of_code_that_ran_are_proper_and_not_too_many(name):
    found = [assert_proper(function) for function in watched_in((FIXTURES / name).read_text(), RUN[name])]
    assert 100 < max(found) < MOST_EDITS


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_edits_of_code_of_which_nothing_is_known_are_proper(path):
    assert sum(assert_proper(function) for function in unwatched(path.read_text())) > 0
