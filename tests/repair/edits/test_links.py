"""Edits of what is picked, linked to, given to a function that calls itself, or missing beside attributes like it."""

from types import SimpleNamespace

import numpy as np

from gradcheck_rnn.repair.edit import edited
from gradcheck_rnn.repair.edits.adding import without_the_target
from gradcheck_rnn.repair.edits.arguments import other_argument, product_for_zeros, shorter_argument
from gradcheck_rnn.repair.edits.index_shift import drop_index
from gradcheck_rnn.repair.edits.lengths import other_length, scale_term
from gradcheck_rnn.repair.edits.missing import bias_inserted
from gradcheck_rnn.repair.edits.other_name import step_for_number
from gradcheck_rnn.repair.edits.owners import linked_object
from gradcheck_rnn.repair.edits.scattering import added_at
from gradcheck_rnn.repair.edits.zeroing import begun_at_each_step
from tests.repair.edits.watching import HEAD, array, changed_lines, results, watched, watched_in

CHAIN = """\
def f(W, node, ys, later):
    if node.before is None:
        return later
    d = {error} + later
    return f(W, node.before, {rest}, {carry})
"""


class Node(SimpleNamespace):
    """A step that knows the one before it."""


def chain(length):
    node = Node(h=array(2), before=None)
    for seed in range(1, length + 1):
        node = Node(h=array(2, seed=seed), before=node)
    return node


def of_chain(operator, **parts):
    """What an operator makes of a function that calls itself down a chain of three steps."""
    given = {"error": "node.h - ys[-1]", "rest": "ys[:-1]", "carry": "W.T @ d"} | parts
    source = HEAD + "\n\n" + CHAIN.format(**given)
    function = watched(source, array(2, 2), chain(3), [array(2, seed=9)] * 3, np.zeros(2))
    return [changed_lines(source, edited(source, [edit])) for edit in operator(function)]


def inserted(operator, body, **values):
    """The lines that an operator puts into a body."""
    source = f"{HEAD}\n\ndef f({', '.join(values)}):\n{body}"
    function = watched(source, *values.values())
    lines = source.splitlines()
    return [
        [line.strip() for line in edited(source, [edit]).splitlines() if line not in lines]
        for edit in operator(function)
    ]


# --- rows, axes and steps


def test_rows_that_may_be_picked_twice_are_added_at():
    body = "dE[tokens] += d\ndE[0] += d[0]\nreturn dE"
    found = results(added_at, body, dE=np.zeros((3, 2)), tokens=np.array([1, 1]), d=array(2, 2))
    assert found == ["np.add.at(dE, tokens, d)"]


def test_an_entry_of_any_axis_becomes_the_sum_over_it():
    found = results(drop_index, "return a[:, -1]", a=array(2, 3, 4))
    assert "return a.sum(axis=1)" in found
    assert results(drop_index, "return a[:, k]", a=array(2, 3, 4), k=1) == []


def test_a_step_that_is_worked_out_becomes_that_of_the_loop():
    body = "d = np.zeros(len(a))\nfor t in range(len(a)):\n    d[len(a) - 1 - t] = a[t - 1]\nreturn d"
    assert results(step_for_number, body, a=array(3)) == ["d[t] = a[t - 1]"]


def test_two_lengths_that_are_equal_where_edits_are_tried_are_two():
    body = "B, T, H = x.shape\nreturn (x - y) / B"
    found = results(other_length, body, x=array(2, 2, 3), y=array(2, 2, 3, seed=1))
    assert {"return (x - y) / T", "return (x - y) / (B * T)"} <= set(found)


def test_one_term_of_a_sum_is_divided_by_a_length():
    body = "B, T = tokens.shape\nreturn d + later / B"
    found = results(scale_term, body, tokens=np.zeros((2, 3), int), d=array(2, 4), later=array(2, 4, seed=1))
    assert found[:2] == ["return d / B + later / B", "return d / T + later / B"]
    assert all(each.endswith("+ later / B") for each in found)


def test_the_other_axes_of_an_array_are_lengths():
    body = "count = x.shape[0]\nreturn (x - y) / count"
    found = results(other_length, body, x=array(4, 2, 3), y=array(4, 2, 3, seed=1))
    assert "return (x - y) / (count * x.shape[1])" in found
    assert not any("x.shape[2]" in each for each in found)


def test_what_an_inner_loop_adds_up_begins_anew_at_each_step():
    body = "    d = 0\n    for x in a:\n        for w in x:\n            d += w\n        b.append(d)\n    return b\n"
    assert inserted(begun_at_each_step, body, a=array(2, 3), b=[]) == [
        ["d = np.zeros_like(d)"],
        ["d = 0 * d"],
        ["        d = 0".strip()],
    ]
    set_there = body.replace("        for w", "        d = x[0]\n        for w")
    assert inserted(begun_at_each_step, set_there, a=array(2, 3), b=[]) == []


# --- chains


def test_what_is_taken_of_a_node_may_be_meant_of_the_one_before_it():
    assert "d = node.before.h - ys[-1] + later" in of_chain(linked_object)
    assert "d = node.h - ys[-1] + later" in of_chain(linked_object, error="node.before.h - ys[-1]")


def test_the_item_that_is_left_when_the_rest_is_handed_on_is_a_target():
    assert "d = node.h - ys[-1]" in results(
        without_the_target, "d = node.h\nf = ys[:-1]\nreturn d", node=chain(1), ys=[array(2)]
    )
    assert "d = node.h - ys[0]" in results(
        without_the_target, "d = node.h\nf = ys[1:]\nreturn d", node=chain(1), ys=[array(2)]
    )


def test_a_function_that_calls_itself_hands_on_the_rest_of_a_list():
    found = of_chain(shorter_argument, rest="ys")
    assert {"return f(W, node.before, ys[:-1], W.T @ d)", "return f(W, node.before, ys[1:], W.T @ d)"} <= set(found)
    assert of_chain(shorter_argument) == []


def test_a_function_that_calls_itself_hands_on_a_product_for_zeros():
    found = of_chain(product_for_zeros, carry="np.zeros_like(d)")
    assert "return f(W, node.before, ys[:-1], W.T @ d)" in found
    assert of_chain(product_for_zeros) == []


# --- arguments and attributes


def test_a_number_that_a_function_of_the_file_is_given_is_doubted():
    head = f"{HEAD}\n\ndef shares(z, axis=-1, more=True):\n    return z / z.sum(axis)\n"
    found = results(other_argument, "return shares(z, 1)", head=head, z=array(2, 2, 2))
    assert found == [f"return shares(z, {axis})" for axis in (-1, 0, 2)] + ["return shares(z)"]
    named = results(other_argument, "return shares(z, axis=0, more=True)", head=head, z=array(2, 2, 2))
    assert named == [f"return shares(z, axis={axis}, more=True)" for axis in (-1, 1, 2)]
    assert results(other_argument, "return np.sum(z, 1)", z=array(2, 2)) == []


def test_an_object_s_bias_gets_its_gradient_beside_that_of_its_weight():
    source = f"""{HEAD}

class Layer:
    def __init__(self):
        self.W, self.b = np.ones((2, 2)), np.ones(2)
        self.dW, self.db = np.zeros((2, 2)), np.zeros(2)

    def backward(self, xs, ds):
        for t in range(len(xs)):
            dz = ds[t] * 2
            self.dW += xs[t].T @ dz
"""
    functions = watched_in(source, lambda names: names["Layer"]().backward(array(3, 4, 2), array(3, 4, 2, seed=1)))
    (backward,) = (each for each in functions if each.node.name == "backward")
    offered = {change.text.strip() for edit in bias_inserted(backward) for change in edit.changes}
    assert "self.db += dz.sum(axis=0)" in offered
