"""Factors, derivatives of activation functions, and the sides of an addition."""

import numpy as np
import pytest

from gradcheck_rnn.repair.edit import edited
from gradcheck_rnn.repair.edits.association import collect, distribute
from gradcheck_rnn.repair.edits.calls import drop_clip, strip_call, wrap_in_call
from gradcheck_rnn.repair.edits.derivative import complement, other_derivative
from gradcheck_rnn.repair.edits.factor import add_factor, drop_factor
from gradcheck_rnn.repair.edits.functions import other_flag, other_function, other_namesake
from gradcheck_rnn.repair.edits.matrix_factor import add_matrix, add_vector
from gradcheck_rnn.repair.edits.mixing import less_another
from gradcheck_rnn.repair.edits.summands import choose_branch, drop_summand
from tests.repair.edits.watching import HEAD, array, results, watched

A, B, D = array(3), array(3, seed=1), array(3, seed=2)
FORWARD = HEAD + "\n\ndef forward(x):\n    h = np.tanh(x)\n    i = 1 / (1 + np.exp(-x))\n    r = np.maximum(0, x)\n"


def test_a_factor_is_dropped_where_the_shape_stays():
    assert results(drop_factor, "c = a * (1 - b)  # why\nreturn c", a=A, b=B) == ["c = a  # why", "c = 1 - b  # why"]
    assert results(drop_factor, "c = W @ (a + b)\nreturn c", W=array(3, 3), a=A, b=B) == ["c = a + b"]
    assert results(drop_factor, "c = V @ a\nreturn c", V=array(4, 3), a=A) == []


@pytest.mark.parametrize(("name", "factor"), [("h", "(1 - h**2)"), ("i", "(i * (1 - i))"), ("r", "(r > 0)")])
def test_the_derivative_of_what_the_forward_pass_activates_is_a_factor(name, factor):
    found = results(add_factor, f"dz = a + b\nreturn dz, {name}", FORWARD, a=A, b=B, **{name: D})
    assert found[0] == f"dz = (a + b) * {factor}"
    assert f"dz = a + b * {factor}" in found


def test_of_half_a_sigmoid_s_derivative_the_other_half_is_a_factor():
    found = results(add_factor, "dz = a * i\nreturn dz", FORWARD, a=A, i=D)
    assert "dz = a * i * (1 - i)" in found


def test_what_a_function_of_the_file_activates_is_activated():
    head = HEAD + "\n\ndef gate(x):\n    return 1 / (1 + np.exp(-x))\n\n\ndef forward(x):\n    k = gate(x)\n"
    found = results(add_factor, "dz = a + b\nreturn dz, k", head, a=A, b=B, k=D)
    assert "dz = (a + b) * (k * (1 - k))" in found
    assert not any("k**2" in line for line in found)


def test_steps_of_a_list_take_spaces_around_the_power():
    hs = [array(3, seed=k) for k in range(3)]
    head = HEAD + "\n\ndef forward(x, hs):\n    h = np.tanh(x)\n    hs.append(h)\n"
    found = results(add_factor, "for t in range(3):\n    dz = a\n    b = hs[t]\nreturn dz", head, a=A, hs=hs)
    assert "dz = a * (1 - hs[t] ** 2)" in found


def test_what_a_derivative_returns_is_not_activated():
    head = FORWARD + "\n\ndef slope(x):\n    d = d_tanh(x)\n"
    found = results(add_factor, "dz = 2 * a\nreturn dz, d, h", head, a=A, d=B, h=D)
    assert not any("d**2" in line for line in found)


def test_without_a_forward_pass_any_array_may_have_been_activated():
    found = results(add_factor, "dz = 2 * a\nreturn h", a=A, h=B)
    assert {"dz = 2 * a * (1 - h**2)", "dz = 2 * a * (h * (1 - h))", "dz = 2 * a * (h > 0)"} <= set(found)


def test_factors_of_the_function_s_own_are_used_again():
    found = results(add_factor, "c = a * f\ndc = b\nreturn dc", a=A, b=B, f=D)
    assert "dc = b * f" in found


def test_a_factor_goes_to_the_operand_of_a_matrix_product():
    found = results(add_factor, "dW = np.outer(a, b)\nreturn dW, h", FORWARD, a=A, b=B, h=D)
    assert "dW = np.outer(a * (1 - h**2), b)" in found


def test_a_mask_of_units_or_of_sequences_is_a_factor_of_all_of_them():
    body = "dh = dy + carry\nreturn dh, units, rows"
    rows, wide = np.ones((3, 1)), array(3, 2)
    found = results(add_factor, body, dy=wide, carry=array(3, 2, seed=1), units=array(2), rows=rows)
    assert {"dh = dy * units + carry", "dh = (dy + carry) * units", "dh = dy * rows + carry"} <= set(found)


def test_a_factor_goes_to_what_is_turned_too():
    body = "dU = hs[1].T @ dy\nreturn dU, drop"
    found = results(add_factor, body, hs=[array(3, 2)] * 2, dy=array(3, 4), drop=array(2))
    assert "dU = (hs[1] * drop).T @ dy" in found


def test_what_nothing_reads_may_be_the_factor_that_is_missing():
    found = results(add_factor, "dh = 2 * a\ndz = 1 - h**2\nreturn dz", FORWARD, a=A, h=B)
    assert "dz = (1 - h**2) * dh" in found


def test_a_carry_is_multiplied_by_a_weight_in_the_function_s_own_way():
    found = results(add_matrix, "dh = dz\ny = V @ dz\nreturn 1", W=array(3, 3), V=array(4, 3), dz=A)
    assert found[:2] == ["dh = W.T @ dz", "dh = W @ dz"]
    by_dot = results(add_matrix, "dh = dz\ny = V.dot(dz)\nreturn 1", W=array(3, 3), V=array(4, 3), dz=A)
    assert by_dot[0] == "dh = np.dot(W.T, dz)"


def test_rows_are_multiplied_from_the_right():
    assert "dh = dz @ W.T" in results(add_matrix, "dh = dz\nd = 1", W=array(3, 3), dz=array(2, 3))


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        ("dz = a * (1 - h**2)", "dz = a * (h * (1 - h))"),
        ("dz = a * (1 - h * h)", "dz = a * (h * (1 - h))"),
        ("dz = (1 - h**2) * a", "dz = (1 - np.tanh(h)**2) * a"),
        ("dz = (1.0 - h * h) * a", "dz = (1.0 - np.tanh(h) * np.tanh(h)) * a"),
        ("dz = a * h * (1 - h)", "dz = a * (1 - h**2)"),
        ("dz = h * a * (1 - h)", "dz = (1 - h**2) * a"),
        ("dz = a * (h > 0)", "dz = a * (1 - h**2)"),
        ("dz = a * slope(h)", "dz = a * (1 - h**2)"),
        ("dz = a * i * (1 - i)", "dz = a * (1 - h**2)"),
    ],
)
def test_one_derivative_stands_for_another(line, mended):
    head = FORWARD + "\n\ndef slope(x):\n    return x * (1 - x)\n"
    found = results(other_derivative, f"{line}\nreturn dz, i", head, a=A, h=B, i=D)
    assert mended in found


def test_a_gate_is_what_the_other_leaves():
    found = results(complement, "a = b * (1 - i)\nc = b * i\nreturn c", FORWARD, b=A, i=B)
    assert found == ["a = b * i", "a = b * (1 - i**2)", "c = b * (1 - i)"]


def test_a_call_of_one_argument_is_stripped():
    assert results(strip_call, "b = 1 - np.tanh(a) ** 2\nreturn b", a=A) == ["b = 1 - a ** 2"]
    assert results(strip_call, "b = np.zeros_like(a) + a.sum() + np.copy(a)\nreturn b", a=A) == []


def test_another_function_of_one_array_is_called():
    head = HEAD + "\n\ndef act(x):\n    return np.tanh(x)\n\n\ndef slope(x):\n    return 1 - np.tanh(x) ** 2\n"
    assert "c = a * slope(a)" in results(other_function, "c = a * act(a)\nreturn c", head, a=A)
    body = "c = a * which(a)\nreturn c"
    assert "c = a * slope(a)" in results(other_function, body, head, a=A, which=A.__add__)
    assert results(other_function, "c = np.diag(a)\nreturn c", a=A) == ["c = np.diagflat(a)"]


def test_a_flag_is_given_or_left_out():
    head = HEAD + "\n\ndef act(x, deriv=False):\n    return 1 - x ** 2 if deriv else np.tanh(x)\n"
    body = "c = act(a)\nd = act(a, deriv=True)\nreturn c"
    assert results(other_flag, body, head, a=A) == ["c = act(a, deriv=True)", "d = act(a, deriv=False)"]


def test_a_function_with_a_flag_may_be_another_one_with_that_flag():
    head = HEAD + "".join(
        f"\n\ndef {name}(x, deriv=False):\n    return {derivative} if deriv else {value}\n"
        for name, derivative, value in (("flat", "1 - x**2", "np.tanh(x)"), ("bent", "x > 0", "np.maximum(0, x)"))
    )
    found = results(other_flag, "c = flat(a, deriv=True)\nreturn c", head, a=A)
    assert found == ["c = bent(a, deriv=True)", "c = flat(a, deriv=False)"]


def test_a_tanh_is_a_factor_as_a_gate_is():
    found = results(add_factor, "dz = a + b\nreturn dz, h", FORWARD, a=A, b=B, h=D)
    assert "dz = (a + b) * h" in found


def test_a_named_factor_is_put_in_an_activation_that_the_file_uses():
    found = results(wrap_in_call, "b = a * c\nreturn b", FORWARD, a=A, c=B)
    assert found == ["b = np.tanh(a) * c", "b = a * np.tanh(c)"]


@pytest.mark.parametrize("bounded", ["np.clip(2 * a, -1, 1)", "np.minimum(5, 2 * a)", "(2 * a).clip(-1, 1)"])
def test_a_bound_is_dropped(bounded):
    assert results(drop_clip, f"b = {bounded}\nreturn b", a=A) == ["b = 2 * a"]


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        ("c = (a + b) * d", ["c = a + b * d", "c = a * d + b"]),
        ("c = d * (a - b)", ["c = a - d * b", "c = d * a - b"]),
        ("c = (1 - a) * d", []),
    ],
)
def test_a_factor_moves_into_a_sum(line, mended):
    assert results(distribute, f"{line}\nreturn c", a=A, b=B, d=D) == mended


def test_a_factor_moves_out_of_a_sum_or_to_the_other_term():
    found = results(collect, "c = a + b * d\nreturn c", a=A, b=B, d=D)
    assert {"c = (a + b) * d", "c = a * d + b"} <= set(found)


def test_what_does_not_fill_its_accumulator_is_multiplied_by_what_makes_it():
    values = {"dW": array(3, 4), "z": array(3, 1), "h": array(4, 1)}
    assert results(add_vector, "dW += h.T\nreturn z", **values) == ["dW += z @ h.T"]
    vectors = {"dW": array(3, 4), "z": array(3), "h": array(4)}
    assert results(add_vector, "dW += h\nreturn z", **vectors) == ["dW += np.outer(z, h)"]
    assert results(add_vector, "dW += z @ h.T\nreturn z", **values) == []


def test_a_term_is_dropped():
    found = results(drop_summand, "c = a + b - d\ne = len(c) - 1\nreturn 1 - c", a=A, b=B, d=D)
    assert found == ["c = a + b", "c = a - d", "c = b - d"]


def test_either_branch_or_both_stand_for_a_condition():
    found = results(choose_branch, "c = 2 * (a if flag else b)\nreturn c", flag=True, a=A, b=B)
    assert found == ["c = 2 * a", "c = 2 * b", "c = 2 * (a + b)"]


def test_a_shorter_derivative_leaves_no_space_behind():
    source = "def f(a, g):\n    c = a * g * (1 - g)\n    return c\n"
    found = [edited(source, [edit]) for edit in other_derivative(watched(source, A, B))]
    assert source.replace("g * (1 - g)", "(1 - g**2)") in found


MIXES = HEAD + "\n\ndef step(z, h, m):\n    return z * h + (1 - z) * m\n"


def test_one_of_two_that_a_gate_mixes_becomes_the_difference_to_the_other():
    found = results(less_another, "dz = d * 2\nda = dz * h\nreturn da, m", MIXES, d=D, h=A, m=B)
    assert {"da = dz * (h - m)", "da = dz * (m - h)"} <= set(found)
    # nothing that is worked out is mixed
    assert not any("dz -" in line or "- dz" in line for line in found)


def test_a_slope_is_no_mix():
    head = HEAD + "\n\ndef slope(z, h):\n    return h + z * (1 - z)\n"
    assert results(less_another, "dz = d * h\nreturn dz, m", head, d=D, h=A, m=B) == []


def test_what_comes_from_a_cache_is_a_factor_though_nothing_multiplies_by_it():
    body = "o, c = kept\ndc = d * 2 + d * np.tanh(c)\nda = dc\nreturn da, send(o)"
    head = HEAD + "\n\ndef send(o):\n    return len(o)\n"
    found = results(add_factor, body, head, d=D, kept=(A, B))
    assert "dc = d * 2 * o + d * np.tanh(c)" in found
    assert not any("np.tanh(dc)" in line for line in found)


def test_a_function_gives_way_to_one_of_the_same_arguments():
    head = HEAD + "".join(f"\n\ndef {name}_backward(da, a):\n    return da\n" for name in ("sigmoid", "tanh"))
    head += "\n\ndef other(da, b):\n    return da\n"
    assert results(other_namesake, "dz = sigmoid_backward(d, a)\nreturn dz", head, d=D, a=A) == [
        "dz = tanh_backward(d, a)"
    ]


def test_a_lambda_of_the_file_is_a_function_of_one_array():
    head = HEAD + "\nprime = lambda a: a * (1 - a)\n"
    assert "dz = d * prime(a)" in results(other_function, "dz = d * np.tanh(a)\nreturn dz", head, d=D, a=A)


def test_what_is_activated_already_is_activated_no_more_in_its_derivative():
    found = results(other_derivative, "dz = np.tanh(a) * (1 - np.tanh(a))\nreturn dz", a=A)
    assert "dz = a * (1 - a)" in found
