"""Combinations of good values that make no sense together are refused, with the way out."""

import pytest


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["method=complex_step", "cell=relu"], "`complex_step` cannot differentiate a `relu` cell, which is not complex"
                                               " differentiable"),
        (["method=complex_step", "entries=screen"],
         "`complex_step` looks at entries one by one, `entries: screen` along directions"),
        (["method=complex_step", "check.loss=user", "adapter=net.yaml"],
         "`complex_step` cannot difference the user's loss, which takes real parameters only"),
        (["check.loss=user"], "there is no user's loss to difference: `backward` is `reference`"),
        (["inputs=distinct_tokens", "length=5"],
         "`distinct_tokens` needs a token for each of 5 steps, `input_size` is 4"),
        (["output_size=5", "outputs=states"], "the outputs are the states, which have 3 entries, not 5"),
        (["input_gradient=true"], "tokens have no gradient: `input_gradient` needs dense inputs"),
        (["cell=custom"], "a `custom` cell has no reference to check"),
        (["check.loss=described", "cell=custom", "adapter=net.yaml"], "a `custom` cell has no described loss"),
        (["method=complex_step", "cell=custom", "adapter=net.yaml"],
         "`complex_step` cannot difference the loss of a `custom` cell, which takes real parameters only"),
    ],
)  # fmt: skip
def test_a_combination_that_makes_no_sense_is_refused(report, smallest, overrides, message):
    lines = report(smallest, *overrides).splitlines()
    assert lines[0] == f"--set {overrides[0]}: error: {message}"
    assert lines[1].startswith(" = help: ")
    assert len(lines) == 2


@pytest.mark.parametrize(
    "overrides",
    [
        ["method=complex_step", "cell=sigmoid"],
        ["method=complex_step", "check.loss=described"],
        ["method=central", "cell=relu"],
        ["check.loss=user", "adapter=net.yaml"],
        ["inputs=distinct_tokens", "length=4"],
        ["inputs=distinct_tokens", "length=4", "kind=mse"],
        ["inputs=tokens", "length=5"],
        ["cell=custom", "adapter=net.yaml"],
        ["outputs=states", "output_size=3", "kind=projection"],
        ["input_gradient=true", "inputs=dense"],
    ],
)
def test_a_combination_that_makes_sense_is_accepted(load, smallest, overrides):
    assert load(smallest, *overrides).seed == 7


def test_a_rule_says_nothing_about_a_value_that_is_bad_itself(report, smallest):
    assert report(smallest + "check: {loss: user}\nbackward: {adapter: none.py}\n").count("error") == 1


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.lstm.peepholes=true", "`peepholes` is a key of the cell `lstm`, the cell is `tanh`"),
        ("model.gru.reset=after", "`reset` is a key of the cell `gru`, the cell is `tanh`"),
    ],
)
def test_a_key_of_another_cell_is_refused(report, smallest, override, message):
    assert message in report(smallest, override)


def test_the_keys_of_the_cell_itself_are_taken(load, smallest):
    model = load(smallest, "cell=gru", "model.gru.reset=after", "model.gru.keeps=1-z").model
    assert (model.gru.reset, model.gru.keeps) == ("after", "1-z")
