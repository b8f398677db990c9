"""What is taken for a derivative is said in the letters of the activation that it is the derivative of."""

import pytest

from gradcheck_rnn.cells.catalogue import cell_called
from gradcheck_rnn.cells.structure import Structure
from gradcheck_rnn.faults.fault import Damage
from gradcheck_rnn.faults.library import chain_faults


@pytest.mark.parametrize(
    ("cell", "term", "other", "message"),
    [
        ("sigmoid", "sigmoid'", "f", "sigmoid' is taken as h, the function in place of its derivative"),
        ("tanh", "tanh'", "f'(z) as value", "tanh' is taken as 1 - z**2: the formula for h, at z"),
        ("lstm", "sigmoid' of i", "f", "sigmoid' of i is taken as i, the function in place of its derivative"),
        ("lstm", "sigmoid' of f", "tanh'", "sigmoid' of f is taken as 1 - f**2, the tanh's"),
        ("lstm", "tanh' of c", "1 - f", "tanh' of c is taken as 1 - tanh(c): the square is missing"),
        ("lstm", "tanh' of c", "sigmoid' of z", "tanh' of c is taken as the sigmoid's, at c"),
        (
            "gru",
            "sigmoid' of z",
            "f'(z) as value",
            "sigmoid' of z is taken as a_z * (1 - a_z): the formula for z, at a_z",
        ),
    ],
)
def test_another_derivative_is_written_in_the_letters_of_the_activation(cell, term, other, message):
    faults = chain_faults(Structure(cell_called(cell)), loss="mse", steps="all", length=3)
    slopes = [each for each in faults if each.term == term and each.damage is Damage.OTHER_SLOPE]
    assert [each.message for each in slopes if each.other == other] == [message]


def test_in_a_deep_net_the_letters_are_those_of_the_layer():
    structure = Structure(cell_called("lstm"), layers=2)
    faults = chain_faults(structure, loss="mse", steps="all", length=3)
    second = {each.message for each in faults if each.place == structure.sweeps[1].place and each.other == "f"}
    place = structure.sweeps[1].place
    assert f"sigmoid' of i{place} is taken as i{place}, the function in place of its derivative" in second
