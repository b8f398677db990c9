"""What is missing, or crossed, where its like stand: carries, gates' statements, keys, targets, results."""

from pathlib import Path

import numpy as np
import pytest

from gradcheck_rnn.repair.edit import edited
from gradcheck_rnn.repair.edits.crossed import crossed
from gradcheck_rnn.repair.edits.keys import one_more
from gradcheck_rnn.repair.edits.other_name import other_target
from gradcheck_rnn.repair.edits.returning import exchanged
from gradcheck_rnn.repair.edits.siblings import handed_on_like_its_sibling, sibling_added
from gradcheck_rnn.repair.edits.summands import choose_branch
from gradcheck_rnn.repair.edits.wanted import error_of_all, target_taken_away
from gradcheck_rnn.repair.text import Text
from tests.repair.edits.watching import array, watched

CELL = """def cell(da, dc):
    return {"da_prev": da * 2, "dc_prev": dc * 3}


"""


class Nodes:
    def take(self, dh, ds):
        """What is given to it might be changed."""


def texts(operator, source, *values):
    return [edited(source, [edit]) for edit in operator(watched(source, *values))]


def test_a_carry_that_is_only_passed_on_gets_what_its_sibling_gets():
    source = CELL + (
        "def f(a):\n    da, dc = a * 0, a * 0 + 1\n    for t in range(2):\n        g = cell(da + a, dc)\n"
        '        da = g["da_prev"]\n    return da, dc\n'
    )
    right = source.replace('da_prev"]\n', 'da_prev"]\n        dc = g["dc_prev"]\n')
    assert texts(handed_on_like_its_sibling, source, array(2)) == [right]


def test_a_carry_that_is_given_to_a_method_is_not_set_by_it():
    source = (
        "def f(nodes, a):\n    dh, ds = a['h_next'], a['s_next'] * 0\n    for t in range(2):\n"
        "        nodes.take(dh, ds)\n        dh = a['h_next']\n    return ds\n"
    )
    right = source.replace("        dh = a['h_next']\n", "        dh = a['h_next']\n        ds = a['s_next']\n")
    assert right in texts(handed_on_like_its_sibling, source, Nodes(), {"h_next": array(2), "s_next": array(2, seed=1)})


def test_a_carry_that_the_loop_sets_is_left_alone():
    source = CELL + (
        "def f(a):\n    da, dc = a * 0, a * 0 + 1\n    for t in range(2):\n        g = cell(da + a, dc)\n"
        '        da, dc = g["da_prev"], g["dc_prev"]\n    return da, dc\n'
    )
    assert texts(handed_on_like_its_sibling, source, array(2)) == []


GATES = """def f(a, Wi, Wf, Wo):
    di, df, do = a, a * 2, a * 3
    dWi, dWf, dWo = di * 1, df * 1, do * 1
    dx = a * 0
    dx += Wi @ di
    dx += Wf @ df
    dx += Wo @ do
    return dx, dWi, dWf, dWo
"""
WEIGHTS = array(2), array(2, 2), array(2, 2, seed=1), array(2, 2, seed=2)


def test_a_gate_without_its_statement_gets_one_like_the_others():
    source = GATES.replace("    dx += Wf @ df\n", "").replace("Wi, Wf, Wo):", "Wi, Wf, Wo):\n    dbi, dbf = 1, 1")
    source = source.replace("    dx = a * 0\n", "    dx = a * 0\n    ei = di * 2\n    ef = df * 2\n")
    found = texts(sibling_added, source, *WEIGHTS)
    assert source.replace("    dx += Wo @ do\n", "    dx += Wo @ do\n    dx += Wf @ df\n") in found


def test_gates_that_all_have_their_statement_get_no_other():
    assert texts(sibling_added, GATES, *WEIGHTS) == []


@pytest.mark.parametrize(
    ("listed", "longer"),
    [
        ('("i", "f")', '("i", "f", "o")'),
        ('["i", "f"]', '["i", "f", "o"]'),
        ('"if"', '"ifo"'),
    ],
)
def test_a_loop_goes_through_a_key_more_that_another_list_has(listed, longer):
    head = 'KEYS = "i", "f", "o"\nNAME = "ifo"\n\n\n'
    source = f"{head}def f(a):\n    for key in {listed}:\n        a = a + 1\n    return a\n"
    assert source.replace(f"in {listed}", f"in {longer}") in texts(one_more, source, array(2))


def test_a_loop_goes_through_an_array_more():
    source = "def f(dU, dW, dV):\n    for d in (dU, dW):\n        d /= 2\n    return dU, dW, dV\n"
    found = texts(one_more, source, array(2), array(2, seed=1), array(2, seed=2))
    assert found == [source.replace("(dU, dW):", "(dU, dW, dV):")]


def test_an_accumulator_of_an_object_that_nothing_is_added_to_is_the_first_other_target():
    source = (
        "class P:\n    pass\n\n\ndef f(a):\n    p = P()\n    p.dWi, p.dWf, p.dWo = a * 0, a * 1, a * 2\n"
        "    g(p, a)\n    return p\n\n\ndef g(p, a):\n    p.dWf += a\n    p.dWf += 2 * a\n    p.dWo += a\n"
    )
    holder = type("P", (), {})()
    holder.dWi, holder.dWf, holder.dWo = array(2), array(2, seed=1), array(2, seed=2)
    first = texts(other_target, source, holder, array(2, seed=3))[0]
    assert first == source.replace("p.dWf += a\n", "p.dWi += a\n")


def test_targets_of_steps_that_an_array_picks_go_into_its_brackets():
    source = "def f(p, rows, k):\n    d = p * 0\n    d[rows] = abs(p[rows])\n    return d\n"
    found = texts(target_taken_away, source, array(3, 4), np.array([0, 2]), np.array([3, 1]))
    assert found == [source.replace("p[rows])\n", "p[rows])\n    d[rows, k] -= 1\n")]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("d[t, k] = p[t, k] - 1", "d[t] = p[t]\n    d[t, k] -= 1"),
        ("d[t][k] = p[t][k] - 1", "d[t][:] = p[t]\n    d[t][k] -= 1"),
        ("d[k] = abs(p[k]) - 1.0", "d[:] = abs(p)\n    d[k] -= 1.0"),
    ],
)
def test_an_error_at_the_target_alone_becomes_one_of_all_outputs(wrong, right):
    source = f"def f(p, t, k):\n    d = 0 * p\n    {wrong}\n    return d\n"
    assert texts(error_of_all, source, array(3, 4), 1, 2) == [source.replace(wrong, right)]


def test_results_of_any_shapes_change_places_and_other_elements_only_with_their_like():
    source = "def f(a, b):\n    both = [a, b]\n    return a, b\n"
    assert texts(exchanged, source, array(2), array(3)) == [source.replace("return a, b", "return b, a")]


def test_either_of_two_alternatives_is_kept():
    source = "def f(a):\n    b = {} or {'a': a}\n    return b\n"
    found = texts(choose_branch, source, array(2))
    assert source.replace("{} or {'a': a}", "{'a': a}") in found


def test_names_that_are_wrong_change_places_in_a_call_outside_of_functions():
    text = Text(Path("adapter.py"), 'result = values(None, "W", "by", "bh")\n')
    found = [edited(text.text, [edit]) for edit in crossed(text, {"by", "bh"})]
    assert found == ['result = values(None, "W", "bh", "by")\n']
