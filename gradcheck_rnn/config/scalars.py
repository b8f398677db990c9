"""What a plain YAML scalar means: the core schema of YAML 1.2, not PyYAML's 1.1.

Source: YAML 1.2.2, section 10.3.2. `off` is a text here, `1e-5` a number, `017` is 17.
"""

import re

ScalarValue = str | int | float | bool | None

# Python may be set to refuse the conversion of more than 640 digits; longer integers are only compared.
MAX_DIGITS = 500

_WORDS: dict[str, ScalarValue] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_DECIMAL = re.compile(r"([-+]?)([0-9]+)")
_OCTAL = re.compile(r"()0o([0-7]+)")
_HEXADECIMAL = re.compile(r"()0x([0-9a-fA-F]+)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


def resolve(text: str) -> ScalarValue:
    """Value of a plain scalar; whatever is not null, a boolean or a number is text.

    An integer of more than `MAX_DIGITS` digits becomes one of that many: too large, in the same way.
    """
    if text in _WORDS:
        return _WORDS[text]
    for pattern, base in ((_DECIMAL, 10), (_OCTAL, 8), (_HEXADECIMAL, 16)):
        if match := pattern.fullmatch(text):
            return _integer(match[1], match[2].lstrip("0"), base)
    return float(text) if _FLOAT.fullmatch(text) else text


def _integer(sign: str, digits: str, base: int) -> int:
    return int(sign + (digits[:MAX_DIGITS] or "0"), base)
