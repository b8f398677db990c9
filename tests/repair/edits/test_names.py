"""Names, attributes and subscripts that stand for each other."""

from types import SimpleNamespace

from gradcheck_rnn.repair.edits.members import other_member
from gradcheck_rnn.repair.edits.other_name import (
    other_array,
    other_container,
    other_counter,
    other_object,
    other_step,
    other_target,
    step_for_number,
)
from tests.repair.edits.watching import array, results


def test_a_name_is_another_one_of_its_shape():
    found = results(other_array, "c = 2 * h\nreturn c", h=array(3), h_prev=array(3, seed=1), W=array(3, 3))
    assert "c = 2 * h_prev" in found
    assert not any("W" in line for line in found)


def test_what_a_method_is_called_on_is_another_name():
    found = results(other_array, "db = dh.sum(axis=0)\nc = 2 * da\nreturn c", dh=array(2, 3), da=array(2, 3, seed=1))
    assert "db = da.sum(axis=0)" in found


def test_what_is_equal_is_not_tried():
    h = array(3)
    assert results(other_array, "c = 2 * h\nd = 1", h=h, again=h.copy()) == []


def test_attributes_and_keys_are_names_too():
    net = SimpleNamespace(W_f=array(3, 3), W_i=array(3, 3, seed=1))
    found = results(
        other_array, "a = net.W_f @ p['b']\nreturn net.W_i, p['c']", net=net, p={"b": array(3), "c": array(3, seed=1)}
    )
    assert {"a = net.W_i @ p['b']", "a = net.W_f @ p['c']"} <= set(found)


def test_a_part_of_a_block_is_another_part():
    found = results(other_array, "H = 2\nb = a[:H] * a[H:2 * H]\nreturn a[2 * H:]", a=array(6))
    assert {"b = a[H:2 * H] * a[H:2 * H]", "b = a[:H] * a[2 * H:]"} <= set(found)


def test_the_most_alike_comes_first():
    values = {"dWf": array(3, seed=1), "x": array(3, seed=2), "dWi": array(3, seed=3)}
    assert results(other_array, "a = dWi + 1\nc = x * dWf", **values)[0] == "a = dWf + 1"


def test_what_nothing_reads_comes_first():
    values = {"ha": array(3, seed=1), "prev": array(3, seed=2), "hb": array(3, seed=3)}
    assert results(other_array, "a = hb + 1\nc = ha", **values)[0] == "a = prev + 1"


def test_another_list_under_the_same_index():
    lists = {"hs": [array(3, seed=k) for k in range(4)], "cs": [array(3, seed=9 + k) for k in range(4)]}
    body = "for t in range(1, 3):\n    g = 2 * hs[t - 1]\n    c = cs[t]\nreturn g"
    assert "g = 2 * cs[t - 1]" in results(other_container, body, **lists)


def test_a_list_is_offered_at_the_steps_at_which_nothing_reads_it():
    lists = {"hs": [array(3, seed=k) for k in range(5)], "x": array(3, seed=9)}
    found = results(other_step, "for t in range(1, 3):\n    g = 2 * x + hs[t + 1]\nreturn g", **lists)
    assert {"g = 2 * hs[t] + hs[t + 1]", "g = 2 * hs[t - 1] + hs[t + 1]"} <= set(found)


def test_a_list_of_which_no_step_is_read_is_offered_step_by_step():
    lists = {"hs": [array(3, seed=k) for k in range(4)], "x": array(3, seed=9)}
    assert "g = 2 * hs[t]" in results(other_step, "for t in range(3):\n    g = 2 * x\nreturn g", **lists)


def test_an_index_counts_by_another_loop():
    body = "for t in range(3):\n    for k in range(t):\n        g = hs[t - 1]\nreturn hs"
    assert results(other_counter, body, hs=array(4, 3)) == ["g = hs[k - 1]"]


def test_a_sum_goes_to_another_accumulator_of_its_shape():
    body = "dW += a\ndU += a\ndb += 1\nreturn dW"
    values = {"dW": array(3), "dU": array(3, seed=1), "db": array(2), "a": array(3, seed=2)}
    assert results(other_target, body, **values) == ["dU += a", "dW += a"]


def test_an_accumulator_that_nothing_is_added_to_is_offered():
    body = "dU = np.zeros(3)\ndW += a\nreturn dU"
    assert results(other_target, body, dW=array(3), a=array(3, seed=2)) == ["dU += a"]


def test_a_key_that_stands_elsewhere_in_the_file_is_tried():
    head = "import numpy as np\n\n\ndef forward(x, h):\n    return {'x': x, 'h': h, 'h_prev': h}\n"
    found = results(other_member, "g = 2 * cache['h']\nreturn g", head, cache={"h": array(3)})
    assert found == ["g = 2 * cache['h_prev']", "g = 2 * cache['x']"]


def test_a_step_stands_for_a_number_among_other_indices():
    found = results(step_for_number, "for t in range(2):\n    h = hs[:, 0]\nreturn h", hs=array(3, 2))
    assert found == ["h = hs[:, t]"]


def test_an_entry_of_another_list_is_the_index():
    body = "for t in range(2):\n    p[x[t]] -= 1\n    q = y[t]\nreturn p"
    found = results(other_counter, body, p=array(4), x=[0, 1], y=[2, 3])
    assert "p[y[t]] -= 1" in found


def test_a_number_that_the_loop_sets_is_an_index_too():
    body = "for t in range(3):\n    k = t + 1\n    g = hs[t] + hs[k]\nreturn g"
    assert "g = hs[k] + hs[k]" in results(other_counter, body, hs=array(4, 3))


def test_a_step_stands_for_a_number():
    found = results(step_for_number, "for t in range(2):\n    h = hs[-1]\nreturn h", hs=[array(3), array(3, seed=1)])
    assert found == ["h = hs[t]"]


def test_an_object_is_another_one_of_its_type():
    nodes = [SimpleNamespace(h=array(3, seed=k)) for k in range(3)]
    body = "for node in nodes:\n    d = h * back(nodes[-1])\nreturn d"
    head = "def back(node):\n    return node.h\n"
    assert "d = h * back(node)" in results(other_object, body, head, nodes=nodes, h=array(3))


def test_the_step_of_a_list_that_is_filled_on_the_way_is_a_name():
    body = "ds = [None] * 3\nfor t in (1, 0):\n    d = h * 2\n    ds[t] = d\ne = sum(ds[t] for t in (0, 1))\nreturn e"
    assert "d = ds[t + 1] * 2" in results(other_step, body, h=array(3))


def test_what_a_module_holds_is_no_object_of_the_net():
    found = results(
        other_object, "c = sys.modules\nd = cache\nreturn d", "import sys\n", cache={"a": 1}, other={"b": 1}
    )
    assert "d = other" in found
    assert "d = sys.modules" not in found


def test_what_is_taken_out_of_a_cache_together_is_tried_however_many_arrays_there_are():
    alike = {f"gate_{k}": array(3, seed=k) for k in range(30)}
    body = f"for gate, other in cache:\n    d = 2 * gate + other\nreturn d, {', '.join(alike)}"
    found = results(other_array, body, cache=[(array(3, seed=40), array(3, seed=41))], **alike)
    assert "d = 2 * other + other" in found
