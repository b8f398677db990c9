"""Each key takes its kind of value; defaults are those of the dataclasses; suggestions find what was meant."""

from dataclasses import fields, is_dataclass
from typing import get_type_hints

import pytest

from gradcheck_rnn.config import settings as s
from gradcheck_rnn.config.keys import KEYS

CELLS = "`tanh`, `relu`, `sigmoid`, `lstm`, `gru`, `custom`"


def leaves(owner: type, prefix: str = "") -> set[str]:
    hints = get_type_hints(owner)
    nested = {f.name for f in fields(owner) if is_dataclass(hints[f.name])}
    inside = set().union(*(leaves(hints[name], f"{prefix}{name}.") for name in nested), set())
    return inside | {prefix + f.name for f in fields(owner) if f.name not in nested}


def test_the_table_of_keys_covers_every_setting():
    assert set(KEYS) == leaves(s.Settings) - {"source", "stated"}


def test_the_smallest_configuration_gives_every_default(load, smallest):
    expected = s.Settings(
        source="net.yaml",
        seed=7,
        model=s.ModelSettings(input_size=4, hidden_size=3, output_size=5),
        sequence=s.SequenceSettings(length=6),
    )
    assert load(smallest) == expected


def test_every_key_can_be_set(load):
    text = """
    model:
      cell: relu
      input_size: 1
      hidden_size: 2
      output_size: 3
      biases: false
      layout: column
      init: {distribution: uniform, scale: 0}
      initial_state: learned
    sequence: {length: 4, batch_size: 5, inputs: dense}
    loss: {kind: mse, reduction: mean, steps: last}
    seed: 9223372036854775807
    dtype: float32
    backward: {adapter: net.yaml}
    check: {method: richardson, step: 1e-4, tolerance: 0.01, entries: 6, probe: off, loss: described, timeout: 7}
    """
    settings = load(text)
    assert settings.backward.adapter is not None
    assert settings == s.Settings(
        source="net.yaml",
        seed=2**63 - 1,
        dtype="float32",
        model=s.ModelSettings(
            cell="relu",
            input_size=1,
            hidden_size=2,
            output_size=3,
            biases=False,
            layout="column",
            init=s.InitSettings(distribution="uniform", scale=0.0),
            initial_state="learned",
        ),
        sequence=s.SequenceSettings(length=4, batch_size=5, inputs="dense"),
        loss=s.LossSettings(kind="mse", reduction="mean", steps="last"),
        backward=s.BackwardSettings(adapter=settings.backward.adapter),
        check=s.CheckSettings(
            method="richardson", step=1e-4, tolerance=0.01, entries=6, probe=False, loss="described", timeout=7.0
        ),
    )


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-6), ("float32", 1e-3)])
@pytest.mark.parametrize("check", ["", "check: {tolerance: auto}"])
def test_the_automatic_tolerance_follows_the_dtype(load, smallest, dtype, tolerance, check):
    assert load(smallest + f"dtype: {dtype}\n{check}").check.tolerance == tolerance


def test_the_words_for_nothing_special_are_accepted(load, smallest):
    settings = load(smallest + "check: {step: auto, entries: all}\nbackward: reference\nloss:\n")
    assert (settings.check.step, settings.check.entries, settings.backward.adapter) == (None, None, None)


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("hidden_size", "five", "expected a positive integer, got the text `five`"),
        ("hidden_size", "0", "expected a positive integer, got the integer `0`"),
        ("hidden_size", "true", "expected a positive integer, got the boolean `true`"),
        ("hidden_size", "3.0", "expected a positive integer, got the number `3.0`\n = help: write `3`"),
        ("hidden_size", "1_000", "expected a positive integer, got the text `1_000`\n = help: write `1000`"),
        ("hidden_size", "[3]", "expected a positive integer, got a list"),
        ("hidden_size", "{a: 3}", "expected a positive integer, got a mapping"),
        ("hidden_size", "null", "expected a positive integer, got the null `null`"),
        ("batch_size", "0", "expected a positive integer or `null`, got the integer `0`"),
        ("biases", "yes", "expected `true` or `false`, got the text `yes`\n = help: write `true`"),
        ("biases", "1", "expected `true` or `false`, got the integer `1`"),
        ("probe", "Off", "expected `on` or `off`, got the text `Off`\n = help: write `off`"),
        ("scale", "-1", "expected a number that is not negative, got the integer `-1`"),
        ("scale", ".inf", "expected a number that is not negative, got the number `.inf`\n = help: it must be finite"),
        ("scale", "9" * 400, f"expected a number that is not negative, got the integer `{'9' * 57}...`\n"
                             " = help: it must be finite"),
        ("step", "0", "expected a positive number or `auto`, got the integer `0`"),
        ("step", ".nan", "expected a positive number or `auto`, got the number `.nan`"),
        ("step", "small", "expected a positive number or `auto`, got the text `small`"),
        ("step", "true", "expected a positive number or `auto`, got the boolean `true`"),
        ("tolerance", "1", "expected a number between 0 and 1 or `auto`, got the integer `1`\n"
                           " = help: it must be below 1"),
        ("tolerance", "0", "expected a number between 0 and 1 or `auto`, got the integer `0`"),
        ("entries", "many", "expected a positive integer, `all` or `screen`, got the text `many`"),
        ("entries", "scren", "expected a positive integer, `all` or `screen`, got the text `scren`\n"
                             " = help: did you mean `screen`?"),
        ("timeout", "1e6", "expected a positive number of seconds, got the number `1e6`\n"
                           " = help: it must be below 1000000"),
        ("seed", "9223372036854775808", "expected an integer from 0 up, got the integer `9223372036854775808`\n"
                                        " = help: the largest is 9223372036854775807"),
        ("cell", "tahn", f"unknown value `tahn`\n = help: did you mean `tanh`? choices: {CELLS}"),
        ("cell", "ReLU", f"unknown value `ReLU`\n = help: did you mean `relu`? choices: {CELLS}"),
        ("cell", "rnn", "unknown value `rnn`\n = help: choices: `tanh`, `relu`, `sigmoid`, `lstm`, `gru`, `custom`"),
        ("cell", "3", "expected one of `tanh`, `relu`, `sigmoid`, `lstm`, `gru`, `custom`, got the integer `3`"),
        ("cell", '"\\e[31m"', f"unknown value `\\x1b[31m`\n = help: choices: {CELLS}"),
    ],
)  # fmt: skip
def test_a_bad_value_is_named_with_what_is_wanted(report, smallest, key, value, complaint):
    message = report(smallest, f"{key}={value}")
    assert message.partition(": error: ")[2] == f"`{key}`: {complaint}"


@pytest.mark.parametrize(
    ("added", "key", "suggestion"),
    [
        ("hiden_size: 3", "hiden_size", "did you mean `hidden_size` under `model`? the top level takes `seed`,"
                           " `dtype`, `model`, `sequence`, `loss`, `backward`, `check`"),
        ("hidden_size: 3", "hidden_size", "`hidden_size` belongs under `model`"),
        ("length: 3", "length", "`length` belongs under `sequence`"),
        ("scale: 3", "scale", "`scale` belongs under `model.init`"),
        ("Dtype: float32", "Dtype", "did you mean `dtype`?"),
        ("model.cell: tanh", "model.cell", "write `cell` under `model`, indented"),
        ("learning_rate: 1", "learning_rate",
         "the top level takes `seed`, `dtype`, `model`, `sequence`, `loss`, `backward`, `check`"),
        ("seq: 1", "seq", "the top level takes `seed`, `dtype`, `model`, `sequence`, `loss`, `backward`, `check`"),
        ("seqence: {length: 1}", "seqence", "did you mean `sequence`?"),
        ("bakward: reference", "bakward", "did you mean `backward`?"),
        ("loss: {seed: 3}", "seed", "`seed` belongs at the top level"),
        ("loss: {kid: mse}", "kid", "did you mean `kind`?"),
        ("loss: {weight: 1}", "weight", "`loss` takes `kind`, `reduction`, `steps`"),
        ("check: {steps: 3}", "steps", "did you mean `step`? (`steps` belongs under `loss`)"),
        ("backward: {adaptor: x.py}", "adaptor", "did you mean `adapter`?"),
        ("loss: {loss.kind: mse}", "loss.kind", "write `kind` under `loss`, indented"),
    ],
)  # fmt: skip
def test_an_unknown_key_is_told_its_home_or_its_spelling(report, smallest, added, key, suggestion):
    message = report(smallest + added)
    assert f": error: unknown key `{key}`\n" in message
    assert message.splitlines()[-1] == f"  = help: {suggestion}"


def test_a_misspelt_required_key_is_not_also_reported_as_missing(report, smallest):
    assert report(smallest.replace("hidden_size", "hidden_dim")).count("error") == 1


def test_keys_that_lost_their_indentation_are_told_their_home_once_each(report):
    text = "model:\ninput_size: 4\nhidden_size: 3\noutput_size: 4\nsequence: {length: 3}\nseed: 1\n"
    heads = [line for line in report(text).splitlines() if "error" in line or "help" in line]
    assert heads == [
        "net.yaml:2:1: error: unknown key `input_size`",
        "  = help: `input_size` belongs under `model`",
        "net.yaml:3:1: error: unknown key `hidden_size`",
        "  = help: `hidden_size` belongs under `model`",
        "net.yaml:4:1: error: unknown key `output_size`",
        "  = help: `output_size` belongs under `model`",
    ]


def test_a_missing_section_reports_each_of_its_required_keys_once(report):
    heads = [line for line in report("seed: 1\n").splitlines() if "error" in line]
    assert heads == [
        "net.yaml:1:1: error: missing key `model.input_size`",
        "net.yaml:1:1: error: missing key `model.hidden_size`",
        "net.yaml:1:1: error: missing key `model.output_size`",
        "net.yaml:1:1: error: missing key `sequence.length`",
    ]


@pytest.mark.parametrize(
    ("section", "complaint"),
    [
        ("loss: mse", "`loss`: expected a mapping, got the text `mse`; write `loss: {kind: mse}`"),
        ("loss: user", "`loss`: expected a mapping, got the text `user`; did you mean `check.loss`?"),
        ("check: 3", "`check`: expected a mapping, got the integer `3`;"
                     " write its keys below it, indented: `method: ...`"),
        ("check: probe=off", "`check`: expected a mapping, got the text `probe=off`;"
                             " put a colon and a space after the key: `probe: off`"),
        ("loss: [mse]", "`loss`: expected a mapping, got a list; write its keys below it, indented: `kind: ...`"),
        ("backward: mine.py", "`backward`: expected `reference` or a mapping, got the text `mine.py`;"
                              " write `backward: {adapter: mine.py}`, or `backward: reference`"),
        ("backward: referense", "`backward`: expected `reference` or a mapping, got the text `referense`;"
                                " did you mean `reference`?"),
        ("backward:", "`backward`: expected `reference` or a mapping, got nothing;"
                      " write `backward: {adapter: FILE}`, or `backward: reference`"),
        ("backward: {}", "`backward`: expected `reference` or a mapping, got an empty mapping;"
                         " write `backward: {adapter: FILE}`, or `backward: reference`"),
    ],
)  # fmt: skip
def test_a_value_in_the_place_of_a_section_is_told_what_to_write(report, smallest, section, complaint):
    message, mending = complaint.split("; ") if "; " in complaint else complaint.split(";")
    lines = report(smallest + section).splitlines()
    assert lines[0].partition(": error: ")[2] == message
    assert lines[-1] == f"  = help: {mending.strip()}"


def test_a_section_whose_keys_are_all_commented_out_takes_its_defaults(load, smallest):
    assert load(smallest + "check:\n  # method: central\n").check == s.CheckSettings()
