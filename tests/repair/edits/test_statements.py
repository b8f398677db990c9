"""What each operator on statements makes of a text: the edit that is wanted, among its own, and nothing around it."""

import numpy as np
import pytest

from gradcheck_rnn.repair.edit import edited
from gradcheck_rnn.repair.edits.adding import (
    with_a_carried_product,
    with_a_carry,
    with_a_product,
    with_a_siblings_term,
    with_an_item,
    without_the_target,
)
from gradcheck_rnn.repair.edits.assignment import added_not_assigned, assigned_not_added, subtracted_not_assigned
from gradcheck_rnn.repair.edits.carrying import handed_on, taken_up
from gradcheck_rnn.repair.edits.conditions import only_at_some_steps, other_condition, without_condition
from gradcheck_rnn.repair.edits.copying import copied, out_of_place, unshared
from gradcheck_rnn.repair.edits.decay import decayed
from gradcheck_rnn.repair.edits.dropping import dropped
from gradcheck_rnn.repair.edits.lengths import scale_in_place
from gradcheck_rnn.repair.edits.looping import bounded_otherwise, turned, without_window
from gradcheck_rnn.repair.edits.missing import sibling_inserted
from gradcheck_rnn.repair.edits.moving import moved_in, moved_in_its_block, moved_out
from gradcheck_rnn.repair.edits.returning import exchanged, exchanged_targets
from gradcheck_rnn.repair.edits.steps import item_of_the_step
from gradcheck_rnn.repair.edits.wanted import target_taken_away
from gradcheck_rnn.repair.edits.zeroing import begun_with_zeros, zeroed
from tests.repair.edits.nets import RIGHT, arguments
from tests.repair.edits.watching import array, results, watched

LESS_TARGET = "        dy[targets[t]] -= 1\n"
# an operator, what stands in the right pass or could, and what it makes of that
ON_THE_PASS = [
    (added_not_assigned, "dc += dy", "dc = dy", "dc += dy"),
    (assigned_not_added, "dc += dy", "dc += dy", "dc = dy"),
    (assigned_not_added, "dc += dy", "dc -= dy", "dc = dy"),
    (added_not_assigned, "dy[targets[t]] -= 1", "dy[targets[t]] = -1", "dy[targets[t]] -= 1"),
    (subtracted_not_assigned, "dy[targets[t]] -= 1", "dy[targets[t]] = 1", "dy[targets[t]] -= 1"),
    (
        dropped,
        "        dy[targets[t]] -= 1\n",
        "        dy /= 3\n        dy[targets[t]] -= 1\n",
        "        dy[targets[t]] -= 1\n",
    ),
    (turned, "reversed(range(len(xs)))", "reversed(range(len(xs)))", "range(len(xs))"),
    (turned, "reversed(range(len(xs)))", "range(len(xs) - 1, -1, -1)", "range(len(xs))"),
    (turned, "reversed(range(len(xs)))", "np.arange(len(xs))", "np.arange(len(xs))[::-1]"),
    (bounded_otherwise, "range(len(xs))", "range(len(xs) - 1)", "range(len(xs))"),
    (bounded_otherwise, "range(len(xs))", "range(1, len(xs))", "range(0, len(xs))"),
    (bounded_otherwise, "range(len(xs))", "range(1, len(xs))", "range(len(xs))"),
    (bounded_otherwise, "range(len(xs))", "range(len(xs))", "range(1, len(xs))"),
    (without_window, "range(len(xs))", "range(max(0, len(xs) - 2), len(xs))", "range(0, len(xs))"),
    (dropped, "        dc += dy\n", "        dc += dy\n        dy *= 2  # why\n", "        dc += dy\n"),
    (dropped, "        dc += dy\n", "        dc += dy; dy *= 2\n", "        dc += dy\n"),
    (with_a_carry, "V.T @ dy + dh_next", "V.T @ dy", "V.T @ dy + dh_next"),
    (with_a_carry, "dz = dh * (1", "dz = dh * (1", "dz = (dh + dh_next) * (1"),
    (with_a_product, "dh_next = W.T @ dz", "dh_next = dh", "dh_next = dh + W.T @ dz"),
    (without_the_target, "ps[t].copy()", "ps[t].copy()", "ps[t].copy() - xs[t]"),
    (handed_on, "        dh_next = W.T @ dz\n", "", "        dh_next = W.T @ dz\n"),
    (sibling_inserted, "        db += dz\n", "", "        db += dz\n"),
    (scale_in_place, LESS_TARGET, LESS_TARGET, "        dy[targets[t]] -= 1\n        dy /= len(xs)\n"),
    (target_taken_away, "        dy[targets[t]] -= 1\n", "", "        dy[targets[t]] -= 1\n"),
    (copied, "ps[t].copy()", "ps[t]", "ps[t].copy()"),
    (begun_with_zeros, "dh_next = np.zeros(2)", "dh_next = hs[0]", "dh_next = np.zeros_like(hs[0])"),
    (begun_with_zeros, "dh_next = np.zeros(2)", "dh_next = np.empty(2)", "dh_next = np.zeros(2)"),
    (moved_in, "        dh_next = W.T @ dz\n", "    dh_next = W.T @ dz\n", "        dh_next = W.T @ dz\n"),
    (moved_out, "        dh_next = W.T @ dz\n", "        dh_next = W.T @ dz\n", "    dh_next = W.T @ dz\n"),
    (only_at_some_steps, "        db += dz", "        db += dz", "        if t > 0: db += dz"),
    (only_at_some_steps, "V.T @ dy +", "V.T @ dy +", "(V.T @ dy if t == len(xs) - 1 else 0) +"),
]


@pytest.mark.parametrize(("operator", "right", "before", "after"), ON_THE_PASS)
def test_an_operator_makes_the_edit_that_is_wanted(operator, right, before, after):
    assert RIGHT.count(right) == 1
    assert RIGHT.replace(right, after) in texts(operator, RIGHT.replace(right, before), *arguments())


def texts(operator, source, *values):
    """The texts that an operator makes of a source whose last function was run on values."""
    return [edited(source, [edit]) for edit in operator(watched(source, *values))]


def bodies(operator, body, *values, names="abcdef"):
    """The same for the body of a function, with the arguments that it has, one letter each."""
    head = f"import numpy as np\n\n\ndef f({', '.join(names[: len(values)])}):\n"
    return [text.removeprefix(head) for text in texts(operator, head + body, *values)]


def test_neighbours_that_depend_on_each_other_are_swapped():
    body = "    c = a * 2  # first\n    a = a + b\n    return c, a\n"
    assert bodies(moved_in_its_block, body, array(2), array(2, seed=1)) == [
        "    a = a + b\n    c = a * 2  # first\n    return c, a\n"
    ]


def test_neighbours_that_do_not_are_left_alone():
    body = "    c = a * 2\n    d = b * 2\n    return c, d\n"
    assert bodies(moved_in_its_block, body, array(2), array(2, seed=1)) == []


def test_another_gates_term_has_its_names():
    body = (
        "    dz, dr = a * 2, a * 3\n    dWz = np.outer(dz, a)\n    dWr = np.outer(dr, a)\n"
        '    dh = b["Wz"].T @ dz\n    return dh, dWz, dWr, b["Wr"]\n'
    )
    weights = {"Wz": array(2, 2), "Wr": array(2, 2, seed=1)}
    found = bodies(with_a_siblings_term, body, array(2), weights)
    assert body.replace("@ dz\n", '@ dz + b["Wr"].T @ dr\n') in found


def test_a_condition_gives_way_to_either_branch_and_to_both():
    body = "    if len(a) > 5:  # long\n        b = a\n    else:\n        b = 2 * a  # twice\n    return b\n"
    assert bodies(without_condition, body, array(2)) == [
        "    b = a\n    return b\n",
        "    b = 2 * a  # twice\n    return b\n",
        "    b = a\n    b = 2 * a  # twice\n    return b\n",
    ]


def test_the_first_of_several_conditions_goes():
    first, rest = (
        "    if len(a) > 5:\n        b = a\n    el",
        "if len(a) > 3:\n        b = 2 * a\n    else:\n        b = 3 * a\n",
    )
    assert f"    {rest}" in bodies(without_condition, first + rest, array(2))


@pytest.mark.parametrize(
    ("test", "others"),
    [
        ("len(a) > 1", ["len(a) >= 1", "len(a) <= 1"]),
        ("a is not None", ["a is None"]),
        ("not a.any()", ["a.any()"]),
        ("a.any()", ["not a.any()"]),
        ("len(a) and a.any()", ["len(a)", "a.any()"]),
    ],
)
def test_a_condition_becomes_its_opposite_or_a_part(test, others):
    body = "    if {}:\n        return a\n    return 2 * a\n"
    assert bodies(other_condition, body.format(test), array(2)) == [body.format(each) for each in others]


def test_what_shares_its_entries_is_changed_out_of_place():
    body = "    c = a\n    c *= b + 1  # scaled\n    return c\n"
    assert bodies(out_of_place, body, array(2), array(2, seed=1)) == [
        "    c = a\n    c = c * (b + 1)  # scaled\n    return c\n"
    ]


def test_an_array_on_a_list_is_a_copy_of_it():
    body = "    kept = []\n    kept.append((a, 1))\n    return kept\n"
    assert bodies(copied, body, array(2)) == [body.replace("(a, 1)", "(a.copy(), 1)")]


def test_names_of_one_buffer_get_one_each():
    body = "    c = d = np.zeros(2)\n    return c, d\n"
    assert bodies(unshared, body, array(2)) == ["    c = np.zeros(2); d = np.zeros(2)\n    return c, d\n"]


def test_items_of_one_buffer_get_one_each():
    body = "    c = [np.zeros(2)] * len(a)\n    return c\n"
    assert bodies(unshared, body, array(2)) == ["    c = [np.zeros(2) for _ in range(len(a))]\n    return c\n"]


def test_what_is_only_added_to_is_set_to_zero_alone_and_together():
    body = '    """Add."""\n    a["W"] += b\n    a["U"] += b\n    return a\n'
    sums = {"W": array(2), "U": array(2, seed=1)}
    zeros = ['    a["W"][...] = 0\n', '    a["U"][...] = 0\n']
    lines = body.splitlines(keepends=True)
    assert bodies(zeroed, body, sums, array(2, seed=2)) == [
        "".join([lines[0], *each, *lines[1:]]) for each in (zeros, zeros[:1], zeros[1:])
    ]


def test_a_regulariser_is_added_to_the_gradient_of_its_weights():
    body = "    dW = np.zeros_like(W)\n    dW += W * 3\n    rate = lam\n    return dW, rate\n"
    source = f"import numpy as np\n\n\ndef f(W, lam):\n{body}"
    found = texts(decayed, source, array(2, 2), 0.25)
    assert source.replace("    return", "    dW += lam * W\n    return") in found
    assert source.replace("    return", "    dW += 2 * lam * W\n    return") in found


def test_two_elements_of_one_shape_change_places():
    body = "    d = a, b, c\n    return d\n"
    found = bodies(exchanged, body, array(2), array(3), array(2, seed=1))
    assert found == ["    d = c, b, a\n    return d\n"]


def test_what_is_taken_apart_changes_places_too():
    body = "    b, c = a  # gates\n    return b - c\n"
    assert bodies(exchanged, body, (array(2), array(2, seed=1))) == ["    c, b = a  # gates\n    return b - c\n"]


def test_two_parts_of_an_array_take_each_other_s_place():
    body = "    d = np.zeros(6)\n    d[:2] = a\n    d[2:4] = b\n    d[4:] = a[0]\n    return d\n"
    source = f"import numpy as np\n\n\ndef f(a, b):\n{body}"
    changed = source.replace("d[:2] = a", "d[2:4] = a").replace("d[2:4] = b", "d[:2] = b")
    assert texts(exchanged_targets, source, array(2), array(2, seed=1)) == [changed]


def test_the_order_that_things_are_put_together_in_is_doubted_before_the_names_that_are_given_to_them():
    source = "def f(a, b):\n    kept = (a, b)\n    one, other = kept\n    return one\n"
    costs = [edit.cost for edit in exchanged(watched(source, array(2), array(2, seed=1)))]
    assert costs == sorted(costs)
    assert costs[0] < costs[-1]


def test_the_last_steps_cache_becomes_that_of_each_step():
    body = (
        "    caches, total = [], 0\n    for x in a:\n        cache = x * 2\n        caches.append(cache)\n"
        "    for t in range(len(a)):\n        total += cache.sum() * t\n    return total, caches\n"
    )
    found = bodies(item_of_the_step, body, np.ones((3, 2)))
    assert body.replace("cache.sum()", "caches[t].sum()") in found


def test_a_step_that_takes_a_clip_loses_the_whole_loop():
    body = "    c = a * 2\n    for each in (c, b):\n        np.clip(each, -1, 1, out=each)  # bound\n    return c\n"
    first, *_ = bodies(dropped, body, array(2), array(2, seed=1))
    assert first == "    c = a * 2\n    return c\n"


def test_the_first_value_of_a_name_is_never_dropped():
    body = "    c = a * 2\n    c += b\n    return c\n"
    assert bodies(dropped, body, array(2), array(2, seed=1)) == ["    c = a * 2\n    return c\n"]


def test_an_accumulator_of_another_shape_is_not_handed_on():
    source = RIGHT.replace("        dh_next = W.T @ dz\n", "")
    added = {text.splitlines()[-2].strip() for text in texts(handed_on, source, *arguments())}
    assert "dh_next = dz" in added
    assert not {"dh_next = dy", "dh_next = V @ dz", "dh_next = U.T @ dz"} & added


def test_code_that_never_ran_is_left_alone():
    body = "    if len(a) > 5:\n        a *= 2\n        c = a\n    return a\n"
    touched = [text for each in (dropped, copied, out_of_place) for text in bodies(each, body, array(2))]
    assert touched == ["    return a\n"]


def test_a_carry_gets_what_a_gate_lets_pass():
    body = "for t in range(2):\n    dz = dh * z\n    dh = W @ dz\nreturn dh"
    found = results(with_a_product, body, dh=array(3), z=array(3, seed=1), W=array(3, 3))
    assert "dh = W @ dz + dh * (1 - z)" in found


def test_a_sum_gets_a_weight_times_what_the_turn_before_has_left():
    body = "dz = np.zeros(3)\nfor t in range(2):\n    d = dh * z\n    dz = d * z\nreturn dz, W"
    found = results(with_a_carried_product, body, dh=array(3), z=array(3, seed=1), W=array(3, 3))
    assert {"d = dh * z + W.T @ dz", "d = dh * z + W @ dz"} <= set(found)
    assert not any("@ dh" in line or "@ d " in line for line in found)


def test_a_carry_gets_the_state_s_part_of_a_product():
    body = "for t in range(2):\n    dz = dh * z\n    r = W.T.dot(dz)[:3]\n    dh = dh * z\nreturn dh"
    # the part of a product that has a name
    body = body.replace("r = W.T.dot(dz)[:3]", "dx = W.T.dot(dz)\n    r = dx[:3]")
    found = results(with_a_product, body, dh=array(3), z=array(3, seed=1), W=array(3, 5))
    assert "dh = dh * z + W.T.dot(dz)[:3]" in found


def test_what_nothing_reads_of_a_result_is_handed_on():
    head = "import numpy as np\n\n\ndef back(dh, dc):\n    return dh + dc, 2 * dc\n"
    body = "dc = np.zeros(3)\nfor t in range(2):\n    dh, _ = back(dh, dc)\nreturn dh"
    assert results(taken_up, body, head, dh=array(3)) == ["dh, dc = back(dh, dc)"]
    assert results(taken_up, body.replace("_ =", "dc ="), head, dh=array(3)) == []


def test_the_range_of_a_comprehension_has_bounds_too():
    body = "d = sum(a[t] for t in range(1, 3))\nreturn d"
    assert "d = sum(a[t] for t in range(0, 3))" in results(bounded_otherwise, body, a=array(4))


def test_a_sum_gets_the_step_s_part_of_what_is_given_and_not_taken_apart():
    body = "for t in range(3):\n    d = back(c)\n    c = d * 2\n    dx[:, t, :] = d\nreturn dx"
    head = "import numpy as np\n\n\ndef back(c):\n    return c + 0\n"
    found = results(with_an_item, body, head, dh=array(2, 3, 4), c=array(2, 4), dx=array(2, 3, 4, seed=1))
    assert "d = back(c + dh[:, t, :])" in found
    read = results(with_an_item, f"e = dh[:, 0]\n{body}", head, dh=array(2, 3, 4), c=array(2, 4), dx=array(2, 3, 4))
    assert not any("dh[:, t, :]" in line for line in read)


def test_what_a_loop_names_is_filled_not_named_anew():
    body = "for kept, d in zip(sums, ds):\n    kept += d\nreturn sums"
    found = results(assigned_not_added, body, sums=[array(2)], ds=[array(2, seed=1)])
    assert found == ["kept = d", "kept[...] = d"]
