"""Everything that a function returns, at once."""

from gradcheck_rnn.repair.edits.whole_result import scale_result
from tests.repair.edits.watching import array, results

A, B = array(3), array(2, 3)


def test_each_array_of_a_dict_is_scaled_where_it_is_returned():
    found = results(scale_result, "return grads  # all of them", grads={"a": A, "b": B}, n=3)
    assert "return {name: each / n for name, each in grads.items()}  # all of them" in found
    assert "return {name: -each for name, each in grads.items()}  # all of them" in found


def test_each_array_of_a_tuple_is_scaled_and_a_number_is_not():
    assert "return loss, a / n, (a + b) / n" in results(scale_result, "return loss, a, a + b", loss=1.5, a=A, b=B, n=3)


def test_what_is_returned_as_one_value_is_no_result_of_many():
    assert results(scale_result, "return a", a=A, n=3) == []
