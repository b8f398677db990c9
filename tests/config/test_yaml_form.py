"""What YAML allows and a configuration does not, and YAML that is broken, is refused at its place."""

import pytest


def first_line(text: str) -> str:
    return text.partition("\n")[0]


@pytest.mark.parametrize(
    ("added", "message"),
    [
        ("seed: 8", "8:1: error: key `seed` is set twice, first in line 7"),
        ('"seed": 8', "8:1: error: key `seed` is set twice, first in line 7"),
        ("dtype: !!str float64", "8:8: error: the tag `!!str` is not allowed"),
        ("dtype: !mine float64", "8:8: error: the tag `!mine` is not allowed"),
        ("dtype: ! float64", "8:8: error: the tag `!` is not allowed"),
        ("8: x", "8:1: error: expected the name of a key, got the integer `8`"),
        ("true: x", "8:1: error: expected the name of a key, got the boolean `true`"),
        ("? [a]\n: x", "8:3: error: expected the name of a key, got a list"),
        ("<<: {seed: 8}", "8:1: error: the merge key `<<` is not allowed"),
        ("off: 3", "8:1: error: unknown key `off`"),
        ("--- # again\nseed: 8", "8:1: error: a second document starts here"),
        ("loss: &a {kind: *a}", "8:17: error: `*a` stands inside the value that it repeats"),
        ("dtype: *a", "8:8: error: no value is anchored as `&a`"),
        ("loss: " + "[" * 5000, "8:37: error: values are nested more than 30 deep"),
        ("loss: " + "{a: " * 5000, "8:124: error: values are nested more than 30 deep"),
        ("loss:\n" + "- " * 5000, "9:61: error: values are nested more than 30 deep"),
        ("loss: [" + "1, " * 20_000 + "]", "8:29957: error: there are more than 10000 values up to here"),
    ],
)
def test_a_form_that_a_configuration_does_not_take_is_refused_at_its_place(report, smallest, added, message):
    assert first_line(report(smallest + added)).startswith("net.yaml:" + message)


def test_aliases_that_double_each_other_are_refused_before_they_are_written_out(report):
    bomb = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
    for here, there in zip("bcdefghij", "abcdefghi", strict=True):
        bomb += f"{here}: &{here} [{', '.join(['*' + there] * 10)}]\n"
    assert first_line(report(bomb)) == (
        "net.yaml:4:36: error: there are more than 10000 values up to here, aliases written out"
    )


def test_a_harmless_alias_stands_for_its_value(load, smallest):
    text = smallest.replace("input_size: 4", "input_size: &size 4").replace("output_size: 5", "output_size: *size")
    settings = load(text)
    assert (settings.model.input_size, settings.model.output_size) == (4, 4)


def test_a_bad_value_behind_an_alias_is_shown_where_it_is_used(report, smallest):
    text = smallest.replace("seed: 7", "seed: &n 7\ndtype: *n")
    assert first_line(report(text)) == (
        "net.yaml:8:8: error: `dtype`: expected one of `float64`, `float32`, got the integer `7`"
    )


def test_a_quoted_number_is_text_and_the_help_is_to_unquote_it(report, smallest):
    assert report(smallest.replace("seed: 7", "seed: '7'")) == (
        "net.yaml:7:7: error: `seed`: expected an integer from 0 up, got the text `7`\n"
        "  |\n"
        "7 | seed: '7'\n"
        "  |       ^^^\n"
        "  = help: write `7` without the quotes"
    )


def test_numbers_follow_yaml_1_2(load, smallest):
    settings = load(smallest.replace("seed: 7", "seed: 017") + "check: {tolerance: 1e-5, step: .5, timeout: 5.}")
    assert (settings.seed, settings.check.tolerance, settings.check.step, settings.check.timeout) == (17, 1e-5, 0.5, 5)


@pytest.mark.parametrize(("word", "probe"), [("off", False), ("on", True), ("false", False), ("true", True)])
def test_the_probe_is_switched_by_words_that_old_yaml_took_for_booleans(load, smallest, word, probe):
    assert load(smallest + f"check: {{probe: {word}}}").check.probe is probe


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ("model:\n\thidden_size: 3", "2:1: error: a tab cannot stand here"),
        ("model:\n  cell: tanh\n  hidden_size 3", "3:3: error: this line is no `key: value`"),
        ("model:\n  hidden_size=3\n  cell: tanh", "2:3: error: this line is no `key: value`"),
        ("model\n  cell: tanh", "1:1: error: this line is no `key: value`"),
        ("model:\n  cell: tanh\n    layout: row", "3:5: error: this line is not indented like its neighbours"),
        ("model:\n    cell: tanh\n  layout: row", "3:3: error: this line is not indented like its neighbours"),
        ("model:\n  cell: tanh: relu", "2:13: error: a second `: ` in one line"),
        ("model: {cell: tanh\n", "1:8: error: a bracket is never closed"),
        ("model: {cell: tanh layout: row}", "1:26: error: expected `,` or `}` before this, for the bracket of line 1"),
        ("dtype: 'float64\nseed: 1", "1:8: error: a quotation mark is never closed"),
        ('dtype: "a" b', "1:12: error: the value has ended before this"),
        ('dtype: "C:\\Users"', "1:13: error: a backslash escapes what follows it in double quotes"),
        ('dtype: "\\UFFFFFFFF"', "1:11: error: a number is out of range here"),
        ("dtype: @x", "1:8: error: a value cannot start with `@`"),
        ("dtype: *.py", "1:9: error: a name is expected here"),
        ("dtype: >0.5", "1:9: error: `|` and `>` start a block of text"),
        ("dtype: }", "1:8: error: a value cannot start here"),
        ("dtype: - x", "1:8: error: a list item cannot stand here"),
        ("seed: 1\n... x", "2:5: error: the configuration has ended before this"),
        (f"%YAML 1.{'9' * 5000}\n--- a", "1:9: error: a number is out of range here"),
    ],
)
def test_broken_yaml_is_explained_in_plain_words(report, broken, message):
    assert first_line(report(broken)) == "net.yaml:" + message


def test_a_line_without_a_colon_is_mended_in_the_help(report):
    assert report("seed=5\ndtype: float64\n") == (
        "net.yaml:1:1: error: this line is no `key: value`\n"
        "  |\n"
        "1 | seed=5\n"
        "  | ^^^^^^\n"
        "  = help: put a colon and a space after the key: `seed: 5`"
    )


def test_broken_yaml_does_not_hide_the_mistakes_before_it(report):
    heads = [
        line for line in report("seed: 1\nloss: {kind: mse, kind: mse}\ndtype: @\n").splitlines() if "error" in line
    ]
    assert heads == [
        "net.yaml:2:19: error: key `kind` is set twice, first in line 2",
        "net.yaml:3:8: error: a value cannot start with `@`",
    ]


@pytest.mark.parametrize(
    ("text", "what"), [("- a\n- b", "a list"), ("hello", "the text `hello`"), ("3", "the integer `3`")]
)
def test_a_document_that_is_no_mapping_is_refused(report, text, what):
    assert first_line(report(text)) == f"net.yaml:1:1: error: expected a mapping of keys, got {what}"


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing yet\n", "---\n", "~", "﻿"])
def test_an_empty_configuration_is_refused_with_what_it_needs(report, text):
    message = report(text)
    assert "net.yaml:1:1: error: the configuration is empty" in message
    assert "`model.hidden_size`" in message
