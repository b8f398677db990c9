"""What user code returns: every kind of nonsense has a name and a sentence, what is usable is used."""

import re

import numpy as np
import pytest

from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.returned import Returned, read_gradients, read_loss

W, B = np.ones((2, 3)), np.ones(3)
PARAMETERS = {"W": np.zeros((2, 3)), "b": np.zeros(3)}


class Unconvertible:
    def __array__(self, *args, **kwargs):
        raise RuntimeError("not on this device")


def read(**changed) -> Returned:
    return read_gradients({"W": W, "b": B} | changed, PARAMETERS)


def kinds(returned: Returned) -> list[tuple[str, str]]:
    return [(finding.kind, finding.term) for finding in returned.findings]


@pytest.mark.parametrize("value", [2.5, 2, np.float32(2.5), np.float64(2.5), np.array(2.5), np.array([[2.5]]), [2.5]])
def test_a_loss_may_be_any_one_real_number(value):
    loss = read_loss(value)
    assert loss == float(np.asarray(value).item())
    assert type(loss) is float


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, np.float32(np.nan)])
def test_a_loss_that_is_not_finite_is_a_number_that_the_caller_judges(value):
    np.testing.assert_equal(read_loss(value), float(value))


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        (None, "wrong-dtype", "loss returned None"),
        ("2.5", "wrong-dtype", "values of type <U3"),
        (2.5 + 0j, "wrong-dtype", "complex128"),
        ({"loss": 2.5}, "wrong-dtype", "a dict"),
        (10**400, "wrong-dtype", "object"),
        ([1.0, [2.0]], "wrong-dtype", "a list"),
        (Unconvertible(), "wrong-dtype", "an Unconvertible"),
        (np.ones(3), "wrong-shape", r"array of shape \(3,\)"),
        (np.ones((2, 1)), "wrong-shape", r"array of shape \(2, 1\)"),
        ([], "wrong-shape", r"array of shape \(0,\)"),
        ((1.0, 2.0), "wrong-shape", r"array of shape \(2,\)"),
    ],
)
def test_a_loss_that_is_no_number_is_refused(value, kind, said):
    with pytest.raises(UserCodeError) as caught:
        read_loss(value)
    finding = caught.value.finding
    assert (finding.kind, finding.term) == (kind, "loss")
    assert finding.help
    assert re.search(said, finding.message)


def test_right_gradients_have_no_findings():
    returned = read()
    assert returned.findings == ()
    np.testing.assert_array_equal(returned.gradients["W"], W)


@pytest.mark.parametrize("value", [None, 3.0, [W, B], (W, B), W, "W", {"W", "b"}, iter([W])])
def test_what_is_no_mapping_is_refused(value):
    with pytest.raises(UserCodeError) as caught:
        read_gradients(value, PARAMETERS)
    finding = caught.value.finding
    assert (finding.kind, finding.term) == ("missing-key", "gradients")
    assert finding.parameters == ("W", "b")
    assert "keys W, b" in finding.message


def test_returning_nothing_asks_for_the_return_statement():
    with pytest.raises(UserCodeError) as caught:
        read_gradients(None, PARAMETERS)
    assert "gradients returned None" in caught.value.finding.message
    assert "return" in caught.value.finding.help


def test_a_missing_key_leaves_the_others_usable():
    returned = read_gradients({"b": B}, PARAMETERS)
    assert kinds(returned) == [("missing-key", "W")]
    assert returned.findings[0].parameters == ("W",)
    assert returned.gradients["W"] is None
    np.testing.assert_array_equal(returned.gradients["b"], B)


def test_a_misspelt_key_is_suggested_once_and_not_reported_twice():
    returned = read_gradients({"W_": W, "b": B}, PARAMETERS)
    assert kinds(returned) == [("missing-key", "W")]
    assert "`W_`" in returned.findings[0].help


def test_a_key_too_many_is_no_parameter():
    returned = read(dh=B)
    assert kinds(returned) == [("missing-key", "dh")]
    assert "which is no parameter" in returned.findings[0].message
    assert returned.findings[0].parameters == ()
    assert list(returned.gradients) == ["W", "b"]


def test_a_key_that_is_no_text_is_named_all_the_same():
    assert kinds(read_gradients({"W": W, "b": B, 3: B}, PARAMETERS)) == [("missing-key", "3")]


def test_gradients_come_in_the_order_of_the_parameters():
    assert list(read_gradients({"b": B, "W": W}, PARAMETERS).gradients) == ["W", "b"]


def test_lists_are_arrays():
    returned = read(W=[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert returned.findings == ()
    assert returned.gradients["W"][1, 2] == 6.0


@pytest.mark.parametrize(
    "value", [None, "W", [[1.0, 2.0], [3.0]], np.array([["a"] * 3] * 2), W + 0j, W.astype(object), Unconvertible()]
)
def test_what_is_no_real_array_is_a_wrong_dtype(value):
    returned = read(W=value)
    assert kinds(returned) == [("wrong-dtype", "W")]
    assert returned.gradients["W"] is None
    np.testing.assert_array_equal(returned.gradients["b"], B)


@pytest.mark.parametrize("dtype", [int, np.uint8, bool])
def test_whole_numbers_are_used_but_reported(dtype):
    returned = read(W=W.astype(dtype))
    assert kinds(returned) == [("wrong-dtype", "W")]
    assert "fractions were cut off" in returned.findings[0].message
    np.testing.assert_array_equal(returned.gradients["W"], W)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble])
def test_every_floating_type_is_read_as_float64(dtype):
    returned = read(W=W.astype(dtype))
    assert returned.findings == ()
    assert returned.gradients["W"].dtype == np.float64


def test_a_transposed_gradient_is_refused_and_told_so():
    returned = read(W=W.T)
    assert kinds(returned) == [("wrong-shape", "W")]
    assert returned.gradients["W"] is None
    assert "(3, 2)" in returned.findings[0].message
    assert "(2, 3)" in returned.findings[0].message
    assert "transposed" in returned.findings[0].help


@pytest.mark.parametrize("shape", [(1, 3), (3, 1), (1, 3, 1)])
def test_axes_of_length_one_are_reshaped_and_reported(shape):
    returned = read(b=np.arange(3.0).reshape(shape))
    assert kinds(returned) == [("wrong-shape", "b")]
    assert "reshape it to (3,)" in returned.findings[0].help
    np.testing.assert_array_equal(returned.gradients["b"], [0.0, 1.0, 2.0])


@pytest.mark.parametrize("shape", [(6,), (2,), (2, 3, 2), (0,), ()])
def test_other_shapes_are_unusable(shape):
    returned = read(W=np.ones(shape))
    assert kinds(returned) == [("wrong-shape", "W")]
    assert returned.gradients["W"] is None


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_entries_that_are_not_finite_are_counted_and_the_first_is_named(bad):
    value = W.copy()
    value[0, 2] = value[1, 1] = bad
    returned = read(W=value)
    assert kinds(returned) == [("non-finite", "W")]
    assert returned.findings[0].evidence == {"index": [0, 2], "count": 2}
    np.testing.assert_array_equal(returned.gradients["W"], value)


def test_what_is_returned_is_never_written_to():
    value = np.ones(3, dtype=int)
    value.setflags(write=False)
    returned = read(b=value)
    returned.gradients["b"][0] = 5.0
    assert value[0] == 1
