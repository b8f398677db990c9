"""Each mistake is shown at its place, with a caret under what is meant."""

import pytest

from gradcheck_rnn.config.places import Source


def test_a_misspelt_key_is_underlined_and_mended(report, smallest):
    assert report(smallest.replace("hidden", "hiden")) == (
        "net.yaml:3:3: error: unknown key `hiden_size`\n"
        "  |\n"
        "3 |   hiden_size: 3\n"
        "  |   ^^^^^^^^^^\n"
        "  = help: did you mean `hidden_size`?"
    )


def test_a_bad_value_is_underlined_not_its_key(report, smallest):
    assert report(smallest.replace("hidden_size: 3", "hidden_size: five  # or six")) == (
        "net.yaml:3:16: error: `hidden_size`: expected a positive integer, got the text `five`\n"
        "  |\n"
        "3 |   hidden_size: five  # or six\n"
        "  |                ^^^^"
    )


def test_a_value_that_is_not_written_is_shown_at_its_key(report, smallest):
    assert report(smallest.replace("hidden_size: 3", "hidden_size:")) == (
        "net.yaml:3:3: error: `hidden_size`: expected a positive integer, got nothing\n"
        "  |\n"
        "3 |   hidden_size:\n"
        "  |   ^^^^^^^^^^^"
    )


def test_a_key_that_is_missing_in_a_section_is_shown_at_the_section(report, smallest):
    assert report(smallest.replace("  length: 6", "  batch_size: 2")) == (
        "net.yaml:5:1: error: missing key `sequence.length`\n"
        "  |\n"
        "5 | sequence:\n"
        "  | ^^^^^^^^\n"
        "  = help: add `length` under `sequence`, a positive integer: number T of steps"
    )


def test_a_key_that_is_missing_at_the_top_level_is_shown_at_the_start(report, smallest):
    assert report(smallest.replace("seed: 7\n", "")) == (
        "net.yaml:1:1: error: missing key `seed`\n"
        "  = help: add `seed` at the top level, an integer from 0 up: fixes every random draw"
    )


def test_a_value_over_several_lines_is_underlined_on_its_first():
    location = Source("net.yaml", "cell: ta\n  nh\n", None).locate(6, 13)
    assert (location.text, location.column, location.width) == ("cell: ta", 7, 2)


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_lines_are_counted_with_every_line_break(report, smallest, line_break):
    text = smallest.replace("seed: 7", "seed: x").replace("\n", line_break)
    assert report(text.encode()).startswith("net.yaml:7:7: error: `seed`: expected an integer")


def test_a_byte_order_mark_does_not_shift_the_columns_of_the_first_line(report, smallest):
    text = "﻿sed: 7\n" + smallest
    assert "net.yaml:1:1: error: unknown key `sed`\n  |\n1 | sed: 7\n  | ^^^" in report(text)


def test_tabs_and_control_characters_take_one_column_in_the_excerpt(report, smallest):
    assert report(smallest + 'dtype:  "\tflo\u202eat"\n') == (
        "net.yaml:8:9: error: `dtype`: unknown value `\\tflo\\u202eat`\n"
        "  |\n"
        '8 | dtype:  " flo at"\n'
        "  |         ^^^^^^^^^\n"
        "  = help: did you mean `float64`? choices: `float64`, `float32`"
    )


def test_a_long_line_is_cut_and_its_caret_with_it(report, smallest):
    assert report(smallest + "dtype: " + "m" * 3000) == (
        f"net.yaml:8:8: error: `dtype`: unknown value `{'m' * 57}...`\n"
        "  |\n"
        f"8 | dtype: {'m' * 93}\n"
        f"  |        {'^' * 93}\n"
        "  = help: choices: `float64`, `float32`"
    )


def test_a_place_far_to_the_right_is_shown_with_the_text_around_it(report, smallest):
    assert report(smallest + "loss: {" + " " * 100 + "kid: mse}") == (
        "net.yaml:8:108: error: unknown key `kid`\n"
        "  |\n"
        f"8 | {' ' * 50}kid: mse}}\n"
        f"  | {' ' * 50}^^^\n"
        "  = help: did you mean `kind`?"
    )


def test_all_mistakes_of_a_file_are_reported_in_the_order_of_their_places(report):
    text = (
        "seed: -1\n"
        "model: {cell: tahn, input_size: 4.0, output_size: true}\n"
        "sequence:\n"
        "  lenght: 3\n"
        "seed: 2\n"
        "check: {tolerance: 2, method: complex_step, loss: user}\n"
    )
    heads = [line for line in report(text).splitlines() if ": error: " in line]
    assert heads == [
        "net.yaml:1:7: error: `seed`: expected an integer from 0 up, got the integer `-1`",
        "net.yaml:2:1: error: missing key `model.hidden_size`",
        "net.yaml:2:15: error: `cell`: unknown value `tahn`",
        "net.yaml:2:33: error: `input_size`: expected a positive integer, got the number `4.0`",
        "net.yaml:2:51: error: `output_size`: expected a positive integer, got the boolean `true`",
        "net.yaml:4:3: error: unknown key `lenght`",
        "net.yaml:5:1: error: key `seed` is set twice, first in line 1",
        "net.yaml:6:20: error: `tolerance`: expected a number between 0 and 1 or `auto`, got the integer `2`",
        "net.yaml:6:31: error: `complex_step` cannot difference the user's loss, which takes real parameters only",
        "net.yaml:6:51: error: there is no user's loss to difference: `backward` is `reference`",
    ]
