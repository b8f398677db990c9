"""Signs, numbers and lengths."""

import pytest

from gradcheck_rnn.repair.edits.constants import other_constant
from gradcheck_rnn.repair.edits.lengths import drop_division, other_length, scale_by_length
from gradcheck_rnn.repair.edits.signs import flip_sign, negate
from tests.repair.edits.watching import array, results

A, B = array(3), array(3, seed=1)


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        ("a += b", ["a -= b"]),
        ("a = a - (  # why\n    b)", ["a = a + (  # why"]),
        ("a = -b", ["a = b"]),
        ("a = a * (1 - b ** 2)", ["a = a * (1 + b ** 2)"]),
        ("a = b[len(a) - 1:]", []),
    ],
)
def test_a_sign_is_flipped(line, mended):
    assert results(flip_sign, f"{line}\nreturn a", a=A, b=B) == mended


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        ("c = a @ b", ["c = -a @ b"]),
        ("c = (a + b) * a", ["c = -(a + b) * a"]),
        ("c = a + b", ["c = -(a + b)", "c = -a + b"]),
        ("a += b", []),
        ("c = -a", []),
        ("c = len(a)", []),
    ],
)
def test_a_minus_is_put_before_a_whole_value(line, mended):
    assert results(negate, f"{line}\nd = 1", a=A, b=B) == mended


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        ("c = 1 - a ** 2", ["c = 0 - a ** 2", "c = 2 - a ** 2", "c = 1 - a"]),
        ("c = 2.0 * a", ["c = 1.0 * a"]),
        ("c = a[0] + a[1 - 1]", []),
    ],
)
def test_a_number_that_plays_a_part_is_another_one(line, mended):
    assert sorted(results(other_constant, f"{line}\nreturn c", a=A)) == sorted(mended)


def test_a_value_is_divided_and_multiplied_by_the_lengths_at_hand():
    found = results(scale_by_length, "n = 4\ng = a @ b\nreturn loss", a=A, b=B, loss=0.5)
    assert {"g = a @ b / n", "g = a @ b * n", "g = a @ b / len(a)", "return loss / n"} <= set(found)


def test_an_error_is_divided_by_two_lengths_at_once():
    found = results(scale_by_length, "T = 4\nO = 5\ndy = 2 * (a - b)\nreturn dy", a=A, b=B)
    assert "dy = 2 * (a - b) / (O * T)" in found


def test_a_division_by_a_length_is_dropped_or_by_another_one():
    body = "T = 4\nO = 5\ndy = (a - b) / T  # a mean\nreturn dy"
    assert results(drop_division, body, a=A, b=B) == ["dy = a - b  # a mean"]
    found = results(other_length, body, a=A, b=B)
    assert {"dy = (a - b) / O  # a mean", "dy = (a - b) / (T * a.size)  # a mean"} <= set(found)
