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
# texts that are written without quotes: what every reader takes for a text, those of YAML 1.1 as well
_PLAIN = re.compile(r"(\.{1,2}/)*[A-Za-z_/][A-Za-z0-9_./-]*")
_WORDS_OF_1_1 = frozenset(("y", "n", "yes", "no", "on", "off"))
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


def written(text: str) -> str:
    """YAML for a text: as it is, or in double quotes where YAML might read something else in it."""
    if _PLAIN.fullmatch(text) and isinstance(resolve(text), str) and text.lower() not in _WORDS_OF_1_1:
        return text
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return character if character.isprintable() else f"\\U{ord(character):08x}"
