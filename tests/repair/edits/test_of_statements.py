"""Slips beside those within an expression: each is undone by one edit, and every edit gives other Python."""

import ast

import numpy as np
import pytest

from gradcheck_rnn.repair.edit import edited
from gradcheck_rnn.repair.edits.of_statements import STATEMENT_OPERATORS
from gradcheck_rnn.repair.function import Function
from tests.repair.edits.nets import RIGHT, gradients, with_slip
from tests.repair.edits.test_of_expressions import FILES, RUN
from tests.repair.edits.watching import unwatched, watched_in

# edits of one function at most, so that a search of all takes seconds
MOST = 1500
# edits of one operator that are applied to one function: each takes a parse of the file
LOOKED_AT = 6

# what the right pass has, and what somebody may have written
SLIPS = {
    "= for +=": ("        dW += np", "        dW = np"),
    "carry not added": (" + dh_next", ""),
    "carry not handed on": ("        dh_next = W.T @ dz\n", ""),
    "carry handed on after the loop": ("        dh_next = W.T @ dz", "    dh_next = W.T @ dz"),
    "carry set to zero at each step": ("        dy = ps", "        dh_next = np.zeros(2)\n        dy = ps"),
    "carry begins as a state": ("dh_next = np.zeros(2)", "dh_next = hs[0]"),
    "bias forgotten": ("        db += dz\n", ""),
    "bias added twice": ("        db += dz\n", "        db += dz\n        db += dz\n"),
    "weights forgotten": ("        dU += np.outer(dz, xs[t])\n", ""),
    "output bias forgotten": ("        dc += dy\n", ""),
    "target not taken away": ("        dy[targets[t]] -= 1\n", ""),
    "target taken away too late": (
        "        dy[targets[t]] -= 1\n        dV += np.outer(dy, hs[t])\n",
        "        dV += np.outer(dy, hs[t])\n        dy[targets[t]] -= 1\n",
    ),
    "loop the wrong way": ("reversed(range(len(xs)))", "range(len(xs))"),
    "first step left out": ("range(len(xs))", "range(1, len(xs))"),
    "last step left out": ("range(len(xs))", "range(len(xs) - 1)"),
    "step of a window": ("reversed(range(len(xs)))", "reversed(range(max(0, len(xs) - 2), len(xs)))"),
    "first step under a condition": ("        db += dz\n", "        if t > 0:\n            db += dz\n"),
    "clipped": ("    return dU", "    np.clip(dU, -1, 1, out=dU)\n    return dU"),
    "clipped in a loop": (
        "    return dU",
        "    for each in (dU, dW):\n        np.clip(each, -1, 1, out=each)\n    return dU",
    ),
    "stopped early": ("        dy = ps", "        if t < 1:\n            break\n        dy = ps"),
    "one buffer for two": (
        "db, dc = np.zeros(2), np.zeros(4)",
        "db = dh = np.zeros(2)\n    dh += 1\n    dc = np.zeros(4)",
    ),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_undone_by_one_edit(slip):
    function = with_slip(*SLIPS[slip])
    wanted = gradients(RIGHT)
    edits = sorted((edit for each in STATEMENT_OPERATORS for edit in each(function)), key=lambda each: each.cost)
    found = (gradients(edited(function.text.text, [edit])) for edit in edits)
    assert not _equal(gradients(function.text.text), wanted)
    assert any(_equal(each, wanted) for each in found)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_edit_gives_other_python(file):
    for function in unwatched(file.read_text()):
        assert_proper(function)


@pytest.mark.parametrize("name", RUN)
def test_where_values_are_known_there_are_not_too_many(name):
    file = next(each for each in FILES if str(each).endswith(name))
    counts = [assert_proper(function) for function in watched_in(file.read_text(), RUN[name])]
    assert 20 < sum(counts) < MOST


def assert_proper(function: Function) -> int:
    """Each edit gives another text, which is Python; none comes twice from one operator."""
    text, count = function.text.text, 0
    for operator in STATEMENT_OPERATORS:
        edits = list(operator(function))
        count += len(edits)
        assert len({edit.changes for edit in edits}) == len(edits)
        for edit in edits[:: 1 + len(edits) // LOOKED_AT]:
            after = edited(text, [edit])
            assert after != text
            ast.parse(after)
    return count


def _equal(one, other):
    pairs = [] if one is None else list(zip(one, other, strict=True))
    return bool(pairs) and all(np.shape(a) == np.shape(b) and np.allclose(a, b) for a, b in pairs)
