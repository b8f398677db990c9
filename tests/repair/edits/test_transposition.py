"""Transposes, operands and axes the wrong way round."""

import numpy as np
import pytest

from gradcheck_rnn.repair.edits.einsum import other_einsum
from gradcheck_rnn.repair.edits.elementwise import multiply_for_divide, other_product
from gradcheck_rnn.repair.edits.operand_order import swap_operands
from gradcheck_rnn.repair.edits.reduction import other_reduction
from gradcheck_rnn.repair.edits.transposition import transpose_operand, transpose_whole
from tests.repair.edits.watching import array, results

W, V, COLUMN, VECTOR, ROWS = array(3, 3), array(4, 3), array(3, 1), array(3), array(2, 3)


@pytest.mark.parametrize(
    ("line", "mended", "z"),
    [
        ("carry = W @ z", "carry = W.T @ z", VECTOR),
        ("carry = W.T @ z", "carry = W @ z", VECTOR),
        ("carry = W.transpose() @ z  # back", "carry = W @ z  # back", COLUMN),
        ("carry = np.dot(np.transpose(W), z)", "carry = np.dot(W, z)", VECTOR),
        ("carry = np.dot( W, z )", "carry = np.dot( W.T, z )", COLUMN),
        ("carry = W.dot(z)", "carry = W.T.dot(z)", COLUMN),
        ("carry = z @ (W + W)", "carry = z @ (W + W).T", ROWS),
        ("carry = np.matmul(z, 2 * W)", "carry = np.matmul(z, (2 * W).T)", ROWS),
        ("carry = z + W.swapaxes(0, 1) @ z", "carry = z + W @ z", COLUMN),
    ],
)
def test_a_square_weight_in_a_matrix_product_is_transposed(line, mended, z):
    assert results(transpose_operand, f"{line}\nreturn carry", W=W, z=z) == [mended]


class Tensor(np.ndarray):
    """An array that is transposed as PyTorch's are."""

    def t(self):
        return self.T


@pytest.mark.parametrize(("line", "mended"), [("W @ W.t()", ["W.t() @ W.t()", "W @ W"]), ("W @ W", ["W.t() @ W"])])
def test_a_tensor_is_transposed_as_its_file_does_it(line, mended):
    found = results(transpose_operand, f"V = W.t()\nc = {line}\nreturn c", W=W.view(Tensor))
    assert set(found) >= {f"c = {each}" for each in mended}


def test_no_transpose_is_offered_where_shapes_forbid_it():
    assert results(transpose_operand, "return V @ z", V=V, z=VECTOR) == []


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_the_star_of_numpy_s_matrices_is_a_matrix_product():
    found = results(transpose_operand, "return W * z", W=np.asmatrix(W), z=np.asmatrix(COLUMN))
    assert found == ["return W.T * z"]


def test_a_whole_gradient_is_transposed_where_it_keeps_its_shape_or_is_returned():
    body = """
        dW += z @ h.T
        return dW, dV
        """
    values = {"dW": 0 * W, "dV": V, "z": COLUMN, "h": array(3, 1, seed=1)}
    assert results(transpose_whole, body, **values) == [
        "dW += (z @ h.T).T",
        "return dW.T, dV",
        "return dW, dV.T",
    ]


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        ("dW += np.outer(h, z)", "dW += np.outer(z, h)"),
        ("dW = h[:, None] @ z[None]", None),
        ("z = (h - z) * z", "z = (z - h) * z"),
        ("z = h - (z + h)", "z = z + h - h"),
        ("h = z @ W", "h = W @ z"),
        ("dW = W @ (dW + W)", "dW = (dW + W) @ W"),
        ("dW = W.dot(dW)", "dW = dW.dot(W)"),
        ("z = z / 3", None),
        ("z = h / z", "z = z / h"),
    ],
)
def test_operands_are_swapped_where_both_orders_are_possible(line, mended):
    found = results(swap_operands, f"{line}\nreturn z", dW=array(3, 3, seed=2), W=W, h=VECTOR, z=array(3, seed=1))
    assert found == ([] if mended is None else [mended])


def test_the_axes_of_an_einsum_change_places():
    found = results(other_einsum, 'return np.einsum("ij,j->i", W, z)', W=W, z=VECTOR)
    assert found == ['return np.einsum("ji,j->i", W, z)']


def test_an_einsum_keeps_what_its_shapes_allow():
    found = results(other_einsum, "return np.einsum('bi,bj->ij', x, z)", x=array(2, 4), z=ROWS)
    assert found == []


def test_an_entrywise_product_becomes_a_matrix_product_and_back():
    found = results(other_product, "z = W * z\nreturn z", W=W, z=VECTOR)
    assert found == ["z = W @ z"]
    assert results(other_product, "z = np.dot(W, z + z)\nreturn z", W=W, z=VECTOR) == []
    both = results(other_product, "h = (W @ W) * W\nreturn h", W=W)
    assert both == ["h = (W @ W) @ W", "h = (W * W) * W"]


def test_a_quotient_of_arrays_becomes_a_product():
    assert results(multiply_for_divide, "c = a / (1 - h) / 3\nreturn c", a=VECTOR, h=VECTOR) == ["c = a * (1 - h) / 3"]


def test_a_sum_of_everything_goes_over_an_axis():
    found = results(other_reduction, "db += np.sum(z, keepdims=True)\nreturn db", db=array(3, 1), z=array(3, 2))
    assert "db += np.sum(z, axis=1, keepdims=True)" in found
    assert "db += z.sum(axis=0)" in results(other_reduction, "db += z.sum()\nreturn db", db=array(3), z=array(2, 3))


def test_an_outer_product_stands_for_another_product_that_fits_an_accumulator():
    found = results(other_product, "dW += z * h\nreturn dW", dW=0 * W, z=VECTOR, h=array(3, seed=1))
    assert "dW += np.outer(z, h)" in found


def test_a_sum_goes_over_another_axis_or_is_a_mean():
    found = results(other_reduction, "db += z.sum(axis=1)\nreturn db", db=array(2), z=array(2, 2))
    assert found == [
        "db += z.sum(axis=0)",
        "db += z.sum(axis=1, keepdims=True)",
        "db += z.mean(axis=1)",
    ]
