"""Formulas of gated cells say what those of their values are that code has no usual letter for."""

import pytest

from gradcheck_rnn.cells.catalogue import Variant, cell_called
from gradcheck_rnn.cells.structure import Structure
from gradcheck_rnn.faults.formulas import right_formula
from gradcheck_rnn.faults.library import known_faults


def formulas(cell: str, fault: str, layout: str, layers: int = 1, **variant: object) -> list[str]:
    """What the finding of each fault of that name says that the place should read."""
    structure = Structure(cell_called(cell, Variant(**variant)), layers=layers)  # type: ignore[arg-type]  # by name
    names = [name + sweep.place for sweep in structure.sweeps for name in filter(None, structure.cell.parameters)]
    faults = known_faults(structure, length=3, loss="mse", steps="all", batched=False, parameters=names)
    named = [each for each in faults if each.name == fault]
    return [right_formula(each, structure=structure, loss="mse", layout=layout) for each in named]


def formula(cell: str, fault: str, layout: str, layers: int = 1, **variant: object) -> str:
    return formulas(cell, fault, layout, layers, **variant)[0]


@pytest.mark.parametrize(
    ("cell", "fault", "row", "column"),
    [
        (
            "gru",
            "transposed-gradient:W_hn",
            "dW_hn += np.outer(q[t], da_n), with q = r * h[t-1]",
            "dW_hn += np.outer(da_n, q[t]), with q = r * h[t-1]",
        ),
        ("gru", "sign-flip:dn", *["dn = dh * k, with k = 1 - z"] * 2),
        ("lstm", "missing-term:dc_next", *["dc = dc_next + ds * (1 - s**2), with s = tanh(c)"] * 2),
        (
            "lstm",
            "missing-activation-derivative:tanh' of c",
            *["dc = dc_next + ds * (1 - s**2), with s = tanh(c) of the same step"] * 2,
        ),
        (
            "lstm",
            "missing-activation-derivative:sigmoid' of f",
            *["da_f = df * f * (1 - f), with f of the same step"] * 2,
        ),
    ],
)
def test_a_value_without_a_usual_letter_is_said_to_be(cell, fault, row, column):
    assert (formula(cell, fault, "row"), formula(cell, fault, "column")) == (row, column)


@pytest.mark.parametrize(("layout", "u"), [("row", "h[t-1] @ W_hn"), ("column", "W_hn @ h[t-1]")])
def test_a_product_that_the_reset_gate_multiplies_is_written_in_the_layout(layout, u):
    assert formula("gru", "sign-flip:dr", layout, reset="after") == f"dr = da_n * u, with u = {u}"


def test_in_a_deep_net_a_value_is_that_of_its_layer():
    assert formula("gru", "sign-flip:dn_2", "row", layers=2) == "dn_2 = dh_2 * k_2, with k_2 = 1 - z_2"


def test_two_values_are_told_in_one_go():
    _, where_made = formulas("lstm", "missing-term:dc_next", "row", coupled=True)
    assert where_made.endswith(" used in dc = dc_next + ds * (1 - s**2), with f = 1 - i and s = tanh(c)")
