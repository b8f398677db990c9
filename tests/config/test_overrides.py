"""`--set KEY=VALUE` replaces or adds what the file says."""

from pathlib import Path

import pytest

from gradcheck_rnn.config import load_settings


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ("sequence.length=9", "sequence.length", 9),
        ("length=9", "sequence.length", 9),
        (" length = 9", "sequence.length", 9),
        ("model.init.scale=2", "model.init.scale", 2.0),
        ("scale=1e-2", "model.init.scale", 0.01),
        ("init={scale: 3}", "model.init.scale", 3.0),
        ("batch_size=2", "sequence.batch_size", 2),
        ("batch_size=null", "sequence.batch_size", None),
        ("seed=017", "seed", 17),
        ("probe=off", "check.probe", False),
        ("loss={kind: mse}", "loss.kind", "mse"),
    ],
)
def test_an_override_sets_a_key_by_its_path_or_its_name(load, smallest, override, path, value):
    settings = load(smallest, override)
    for name in path.split("."):
        settings = getattr(settings, name)
    assert settings == value


def test_a_later_override_wins(load, smallest):
    assert load(smallest, "length=8", "length=x", "sequence.length=9").sequence.length == 9


def test_the_value_that_an_override_replaces_is_not_complained_about(load, smallest):
    assert load(smallest.replace("length: 6", "length: six"), "length=9").sequence.length == 9


def test_overrides_alone_can_fill_an_empty_file(load):
    settings = load("", "input_size=1", "hidden_size=2", "output_size=3", "length=4", "seed=5")
    assert (settings.model.input_size, settings.sequence.length, settings.seed) == (1, 4, 5)


def test_an_adapter_in_an_override_is_relative_to_the_working_directory(load, smallest, tmp_path):
    Path("sub").mkdir()
    Path("sub/net.yaml").write_text(smallest + "backward: reference\n")
    Path("mine.py").touch()
    settings = load_settings("sub/net.yaml", overrides=["backward.adapter=mine.py"])
    assert settings.backward.adapter == tmp_path.resolve() / "mine.py"


def test_the_word_for_the_reference_replaces_an_adapter(load, smallest):
    assert load(smallest + "backward: {adapter: none.py}\n", "backward=reference").backward.adapter is None


def test_a_mapping_replaces_the_word_for_the_reference(load, smallest, tmp_path):
    settings = load(smallest + "backward: reference\n", "backward={adapter: net.yaml}")
    assert settings.backward.adapter == tmp_path.resolve() / "net.yaml"


def test_an_override_below_a_broken_section_does_not_hide_that_it_is_broken(report, smallest):
    assert report(smallest + "loss: mse\n", "reduction=mean").startswith(
        "net.yaml:8:7: error: `loss`: expected a mapping"
    )


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("length", "--set length: error: expected KEY=VALUE\n = help: for example `sequence.length=3`"),
        ("", "--set : error: expected KEY=VALUE\n = help: for example `sequence.length=3`"),
        ("lenght=3", "--set lenght=3: error: unknown key `lenght`\n = help: did you mean `sequence.length`?"),
        ("model.length=3", "--set model.length=3: error: unknown key `model.length`\n"
                           " = help: did you mean `sequence.length`?"),
        ("=3", "--set =3: error: unknown key ``\n = help: the top level takes `seed`, `dtype`, `model`, `sequence`,"
               " `loss`, `backward`, `check`"),
        ("length=x", "--set length=x: error: `length`: expected a positive integer, got the text `x`"),
        ("length=", "--set length=: error: `length`: expected a positive integer, got nothing"),
        ("length={", "--set length={: error: a bracket is never closed\n = help: close all brackets"),
        ("length=\x1b[0m", "--set length=\\x1b[0m: error: the character U+001B is not allowed\n = help: remove it"),
        ("loss=user", "--set loss=user: error: `loss`: expected a mapping, got the text `user`\n"
                      " = help: did you mean `check.loss`?"),
        ("loss={kind: mse, kind: mse}", "--set loss={kind: mse, kind: mse}: error: key `kind` is set twice\n"
                                        " = help: keep one of them"),
        ("cell=" + "x" * 500, f"--set cell={'x' * 52}...: error: `cell`: unknown value `{'x' * 57}...`\n"
                              " = help: choices: `tanh`, `relu`, `sigmoid`, `lstm`, `gru`, `custom`"),
    ],
)  # fmt: skip
def test_a_mistake_in_an_override_is_located_by_the_argument(report, smallest, override, message):
    assert report(smallest, override) == message


def test_mistakes_of_overrides_follow_those_of_the_file(report, smallest):
    lines = report(smallest + "dtype: x\n", "lenght=3", "cell=y").splitlines()
    assert [line.partition(": error")[0] for line in lines if "error" in line] == [
        "net.yaml:8:8",
        "--set lenght=3",
        "--set cell=y",
    ]


def test_a_key_missing_in_a_section_that_only_an_override_names_is_missing_in_the_file(report):
    text = "seed: 1\nsequence: {length: 3}\n"
    assert report(text, "input_size=1", "output_size=2").splitlines()[0] == (
        "net.yaml:1:1: error: missing key `model.hidden_size`"
    )
