"""Plain scalars mean what the core schema of YAML 1.2 says (the tables of section 10.3.2)."""

import math

import pytest

from gradcheck_rnn.config.scalars import resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("NULL", None),
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("0", 0),
        ("-7", -7),
        ("+12", 12),
        ("017", 17),
        ("0o17", 15),
        ("0x1f", 31),
        ("-0", 0),
        ("1e-5", 1e-5),
        ("1E5", 1e5),
        (".5", 0.5),
        ("5.", 5.0),
        ("-1.5e+3", -1500.0),
        (".inf", math.inf),
        ("-.Inf", -math.inf),
        ("off", "off"),
        ("on", "on"),
        ("yes", "yes"),
        ("No", "No"),
        ("nUll", "nUll"),
        ("tRUE", "tRUE"),
        ("-0o17", "-0o17"),
        ("0o8", "0o8"),
        ("0b1", "0b1"),
        ("1_000", "1_000"),
        ("1e", "1e"),
        ("e5", "e5"),
        (".", "."),
        ("1:30", "1:30"),
        ("2001-12-14", "2001-12-14"),
        ("=", "="),
        ("inf", "inf"),
        ("nan", "nan"),
        ("٣", "٣"),
    ],
)
def test_a_plain_scalar_means_what_yaml_1_2_says(text: str, value: object):
    assert (type(resolve(text)), resolve(text)) == (type(value), value)


def test_dot_nan_is_not_a_number():
    number = resolve(".nan")
    assert isinstance(number, float)
    assert math.isnan(number)


def test_an_integer_that_python_refuses_to_convert_stays_a_huge_integer_of_its_sign():
    assert resolve("9" * 5000) > 10**400
    assert resolve("-" + "9" * 5000) < -(10**400)


def test_leading_zeros_do_not_make_an_integer_huge():
    assert resolve("0" * 5000 + "42") == 42
