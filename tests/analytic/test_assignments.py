"""Which assignments shapes allow, in which order names put them, and when names alone are enough."""

from itertools import permutations

import pytest

from gradcheck_rnn.analytic.assignments import MOST, assignment_by_names, assignments
from gradcheck_rnn.model.net import Net, Sizes

SIZES = Sizes(input_size=2, hidden_size=3, output_size=4, length=5)
SQUARE = Sizes(input_size=3, hidden_size=3, output_size=3, length=5)
NAMINGS = {
    "Goodfellow": ["U", "W", "b", "V", "c"],
    "Karpathy": ["Wxh", "Whh", "bh", "Why", "by"],
    "Ng": ["Wax", "Waa", "ba", "Wya", "by"],
    "d2l": ["W_xh", "W_hh", "b_h", "W_hq", "b_q"],
    "Keras": ["kernel", "recurrent_kernel", "bias", "output_kernel", "output_bias"],
    "CS231n": ["Wx", "Wh", "b", "W_vocab", "b_vocab"],
    "attributes": ["i2h.weight", "h2h.weight", "i2h.bias", "fc.weight", "fc.bias"],
    "shouting": ["W_XH", "W_HH", "B_H", "W_HY", "B_Y"],
}


def named(names, net):
    return dict(zip(names, net.shapes.values(), strict=True))


def truth(names, net):
    return dict(zip(names, net.shapes, strict=True))


@pytest.mark.parametrize("names", NAMINGS.values(), ids=NAMINGS)
def test_where_shapes_cannot_tell_well_known_names_come_first(names):
    net = Net(SQUARE)
    shapes = named(names, net)
    for order in (list(shapes), list(reversed(shapes))):
        first = assignments(net, {name: shapes[name] for name in order})[0]
        assert first.described == truth(names, net)


def test_equal_names_come_before_well_known_ones():
    """W is what many call W_hh, but here W_hh is there."""
    net = Net(SQUARE, biases=False)
    assert assignments(net, named(["W", "W_hh", "V"], net))[0].described["W_hh"] == "W_hh"


def test_without_a_known_name_the_user_s_own_order_counts():
    net = Net(SQUARE)
    names = ["p1", "p2", "p3", "p4", "p5"]
    assert assignments(net, named(names, net))[0].described == truth(names, net)


def test_three_square_weights_and_two_equal_biases_have_twelve_assignments():
    net = Net(SQUARE)
    found = [tuple(each.described.values()) for each in assignments(net, named("UWbVc", net))]
    assert sorted(found) == sorted(
        (weights[0], weights[1], biases[0], weights[2], biases[1])
        for weights in permutations(["W_xh", "W_hh", "W_hy"])
        for biases in permutations(["b_h", "b_y"])
    )


def test_shapes_that_differ_leave_one_assignment():
    net = Net(SIZES)
    (only,) = assignments(net, named("VcWbU", net))
    assert only.described == truth("VcWbU", net)


def test_a_bias_may_be_the_sum_of_several():
    net = Net(SIZES)
    (only,) = assignments(net, named("UWbVc", net) | {"b_more": (3, 1)})
    assert only.described == truth("UWbVc", net) | {"b_more": "b_h"}


def test_a_weight_is_no_sum():
    net = Net(SIZES)
    assert not assignments(net, named("UWbVc", net) | {"W_more": (3, 3)})


@pytest.mark.parametrize("without", "UWbVc")
def test_each_described_parameter_is_needed(without):
    net = Net(SQUARE)
    assert not assignments(net, {name: shape for name, shape in named("UWbVc", net).items() if name != without})


def test_a_shape_that_no_described_parameter_has_leaves_none():
    net = Net(SIZES)
    assert not assignments(net, named("UWbVc", net) | {"V": (3, 5)})


def test_one_unit_with_an_initial_state_is_tried_in_every_order():
    net = Net(Sizes(input_size=1, hidden_size=1, output_size=1, length=5), learned=True)
    assert len(assignments(net, named("UWbVch", net))) == MOST == 720


def test_a_great_many_equal_shapes_are_no_more_work():
    """Twenty biases and too many square weights: nothing is enumerated that cannot be completed."""
    net = Net(SQUARE)
    biases = {f"b{k}": (3,) for k in range(20)}
    assert not assignments(net, named("UWbVc", net) | biases)
    assert (
        len(assignments(net, named("UWbVc", net) | {"b1": (3,), "b2": (3,)})) == 6 * 6
    )  # each of two biases is the sum of two


@pytest.mark.parametrize("names", [names for who, names in NAMINGS.items() if who != "Goodfellow"])
def test_names_alone_are_enough_where_each_says_one_thing(names):
    net = Net(SQUARE)
    assert assignment_by_names(net, named(names, net)).described == truth(names, net)


def test_letters_that_books_use_for_either_weight_are_not_enough():
    """One book writes x U + h W, another x W + h U."""
    net = Net(SQUARE)
    assert assignment_by_names(net, named("UWbVc", net)) is None


def test_shapes_help_such_letters():
    net = Net(SIZES)
    assert assignment_by_names(net, named("UWbVc", net)).described == truth("UWbVc", net)
    assert assignment_by_names(net, named("WUbVc", net)).described == truth("WUbVc", net)


def test_a_name_that_nobody_knows_is_not_enough():
    net = Net(SIZES)
    assert assignment_by_names(net, named(["Wxh", "Whh", "bh", "theta", "by"], net)) is None


def test_both_biases_of_a_cell_are_known_by_name():
    net = Net(SQUARE)
    names = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "fc.weight", "fc.bias"]
    found = assignment_by_names(net, named(names, net) | {"bias_hh_l0": (3,)})
    assert found.described == truth(names, net) | {"bias_hh_l0": "b_h"}
