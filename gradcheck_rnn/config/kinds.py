"""Kinds of value that a key takes: what is wanted, how it is read from YAML, how it is written back."""

import math
import sys
from dataclasses import dataclass
from typing import Any, Protocol

from gradcheck_rnn.config.files import similar_file
from gradcheck_rnn.config.places import SHOWN_PATH, quote
from gradcheck_rnn.config.scalars import resolve, written
from gradcheck_rnn.config.suggest import closest, listed
from gradcheck_rnn.config.tree import Node, Scalar, found
from gradcheck_rnn.faults.library import fault_names, gated_names, is_fault_name

_MEANINGS = {"on": True, "yes": True, "true": True, "off": False, "no": False, "false": False}
_EXACT_FLOAT = 2.0**53  # beyond it not every integer is a float64


@dataclass(frozen=True)
class Refused:
    """Why a value is not taken, and how to mend it."""

    message: str
    help: str = ""


class Kind(Protocol):
    """A kind of value; None is the value that `word` stands for, where there is one."""

    @property
    def wanted(self) -> str:
        """The values that are taken, as a noun phrase."""

    def read(self, node: Node) -> object:
        """The value of a node, or why it is `Refused`."""

    def write(self, value: object) -> str:
        """YAML text that `read` reads back as `value`."""

    def schema(self) -> dict[str, Any]:
        """JSON schema of the values that `read` takes, as far as one can say it."""

    def schema_default(self, value: object) -> dict[str, Any]:
        """The same for a default: nothing where it cannot be written."""


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    choices: tuple[str, ...]

    @property
    def wanted(self) -> str:
        """The words."""
        return f"one of {listed(self.choices)}"

    def read(self, node: Node) -> object:
        """The word."""
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            return _refused(self, node)
        if node.value in self.choices:
            return node.value
        meant = closest(node.value, self.choices)
        suggestion = f"did you mean {quote(meant)}? " if meant else ""
        return Refused(f"unknown value {quote(node.value)}", f"{suggestion}choices: {listed(self.choices)}")

    def write(self, value: object) -> str:
        """The word."""
        return str(value)

    def schema(self) -> dict[str, Any]:
        """The words."""
        return {"enum": list(self.choices)}

    def schema_default(self, value: object) -> dict[str, Any]:
        """The word."""
        return {"default": value}


@dataclass(frozen=True)
class Integer:
    """An integer from `minimum` to `maximum` (None: unbounded), `word` for None, or one of `words` for themselves."""

    minimum: int
    maximum: int | None = None
    word: str | None = None
    words: tuple[str, ...] = ()

    @property
    def wanted(self) -> str:
        """The range in words."""
        positive = self.minimum == 1
        return _or_words(self._words, "a positive integer" if positive else f"an integer from {self.minimum} up")

    def read(self, node: Node) -> object:
        """The integer; None for the word; another word as it is."""
        if _is_word(node, self.word):
            return None
        if _text(node) in self.words:
            return _text(node)
        if isinstance(node, Scalar) and isinstance(node.value, int) and not isinstance(node.value, bool):
            if self.minimum <= node.value and (self.maximum is None or node.value <= self.maximum):
                return node.value
            return _refused(self, node, "" if node.value < self.minimum else f"the largest is {self.maximum}")
        meant = closest(text, self._words) if (text := _text(node)) else None
        return _refused(self, node, f"did you mean {quote(meant)}?" if meant else _as_integer(node))

    def write(self, value: object) -> str:
        """Decimal digits, or the word."""
        return str(self.word if value is None else value)

    def schema(self) -> dict[str, Any]:
        """The range, and the words."""
        numbers = {"type": "integer", "minimum": self.minimum}
        return _or_schema(numbers if self.maximum is None else {**numbers, "maximum": self.maximum}, self._words)

    def schema_default(self, value: object) -> dict[str, Any]:
        """The number, or the word."""
        return _default_of(value, self.word)

    @property
    def _words(self) -> tuple[str, ...]:
        return (*(() if self.word is None else (self.word,)), *self.words)


@dataclass(frozen=True)
class Number:
    """A finite number in a range that holds neither end (`from_zero`: it holds 0), or `word` for None."""

    wanted_number: str
    below: float = math.inf
    from_zero: bool = False
    word: str | None = None

    @property
    def wanted(self) -> str:
        """The range in words."""
        return _or_words(() if self.word is None else (self.word,), self.wanted_number)

    def read(self, node: Node) -> object:
        """The number as float; None for the word."""
        if _is_word(node, self.word):
            return None
        if not isinstance(node, Scalar) or not isinstance(node.value, int | float) or isinstance(node.value, bool):
            return _refused(self, node, _as_number(node))
        try:
            number = float(node.value)
        except OverflowError:
            number = math.inf
        if 0 < number < self.below or (self.from_zero and number == 0):
            return number
        if number < self.below or math.isnan(number):
            return _refused(self, node)
        return _refused(self, node, f"it must be {'finite' if math.isinf(self.below) else f'below {self.below:.0f}'}")

    def write(self, value: object) -> str:
        """Shortest digits that read back as the same float, or the word."""
        return str(self.word if value is None else value)

    def schema(self) -> dict[str, Any]:
        """The range, and the word; what is not finite is above every number of JSON."""
        lower = {"minimum": 0} if self.from_zero else {"exclusiveMinimum": 0}
        upper = {"maximum": sys.float_info.max} if math.isinf(self.below) else {"exclusiveMaximum": self.below}
        return _or_schema({"type": "number", **lower, **upper}, () if self.word is None else (self.word,))

    def schema_default(self, value: object) -> dict[str, Any]:
        """The number, or the word."""
        return _default_of(value, self.word)


@dataclass(frozen=True)
class Switch:
    """True or false, with two more words for them where `on` and `off` are offered."""

    on_off: bool = False

    @property
    def wanted(self) -> str:
        """The two words."""
        return "`on` or `off`" if self.on_off else "`true` or `false`"

    def read(self, node: Node) -> object:
        """The truth value."""
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        meaning = _MEANINGS.get(_text(node).lower())
        if self.on_off and _text(node) in ("on", "off"):
            return meaning
        return _refused(self, node, "" if meaning is None else f"write {quote(self.write(meaning))}")

    def write(self, value: object) -> str:
        """The word."""
        return ("on" if value else "off") if self.on_off else ("true" if value else "false")

    def schema(self) -> dict[str, Any]:
        """Both, and the two more words."""
        return {"enum": ["on", "off", True, False]} if self.on_off else {"type": "boolean"}

    def schema_default(self, value: object) -> dict[str, Any]:
        """The word, as it is written."""
        return {"default": self.write(value) if self.on_off else value}


@dataclass(frozen=True)
class File:
    """An existing file, relative to the folder of the text that names it."""

    patterns: tuple[str, ...]

    @property
    def wanted(self) -> str:
        """A path."""
        return "the path of a file"

    def read(self, node: Node) -> object:
        """The file as an absolute path."""
        if not isinstance(node, Scalar) or not isinstance(node.value, str) or not node.value:
            return _refused(self, node)
        path = node.folder / node.value
        try:
            if path.is_file():
                return path.resolve()
            reason = f"{quote(node.value)} is a folder" if path.is_dir() else f"no file {quote(node.value)}"
        except (OSError, ValueError) as err:
            reason = getattr(err, "strerror", None) or "not a file name"
            return Refused(f"cannot open {quote(node.value)}: {reason.lower()}")
        start = f"relative paths start at {quote(str(node.folder.resolve()), limit=SHOWN_PATH)}"
        return Refused(reason, similar_file(path, node.value, self.patterns) or start)

    def write(self, value: object) -> str:
        """The path, in double quotes where YAML might read something else in it."""
        return written(str(value))

    def schema(self) -> dict[str, Any]:
        """Any path; whether there is such a file is not said."""
        return {"type": "string", "minLength": 1}

    def schema_default(self, value: object) -> dict[str, Any]:  # noqa: ARG002  no file is a default
        """None."""
        return {}


@dataclass(frozen=True)
class FaultName:
    """A known fault by kind and term."""

    wanted: str = "a fault, as kind:term"

    def read(self, node: Node) -> object:
        """The name."""
        text = _text(node)
        if is_fault_name(text):
            return text
        if not text:
            return _refused(self, node)
        meant = closest(text, (*fault_names(), *gated_names()))
        suggestion = f"did you mean {quote(meant)}? " if meant else ""
        return Refused(f"unknown fault {quote(text)}", f"{suggestion}`gradcheck-rnn demo --list` lists them all")

    def write(self, value: object) -> str:
        """The name, in quotes: some hold brackets and apostrophes."""
        return f'"{value}"'

    def schema(self) -> dict[str, Any]:
        """Any kind and term; which of the thousands are known is not said."""
        return {"type": "string", "pattern": "^[a-z0-9-]+:."}

    def schema_default(self, value: object) -> dict[str, Any]:  # noqa: ARG002  no fault is a default
        """None."""
        return {}


def _refused(kind: Kind, node: Node, mending: str = "") -> Refused:
    return Refused(f"expected {kind.wanted}, got {found(node)}", mending)


def _or_words(words: tuple[str, ...], wanted: str) -> str:
    """List words after something else: `it or a`, `it, a or b`."""
    named = [wanted, *(f"`{word}`" for word in words)]
    return " or ".join(filter(None, (", ".join(named[:-1]), named[-1])))


def _or_schema(numbers: dict[str, Any], words: tuple[str, ...]) -> dict[str, Any]:
    """Numbers, or words; the word `null` is the value."""
    if not words:
        return numbers
    return {"anyOf": [numbers, {"enum": [None if word == "null" else word for word in words]}]}


def _default_of(value: object, word: str | None) -> dict[str, Any]:
    return {"default": None if word == "null" and value is None else word if value is None else value}


def _text(node: Node) -> str:
    return node.value if isinstance(node, Scalar) and isinstance(node.value, str) else ""


def _is_word(node: Node, word: str | None) -> bool:
    if word == "null":
        return isinstance(node, Scalar) and node.value is None
    return word is not None and _text(node) == word


def _as_number(node: Node) -> str:
    """Help for a text that is nearly a number."""
    text = _text(node)
    plain = text.strip().replace("_", "").replace(",", "")
    if isinstance(resolve(plain), str) or not plain[-1:].isdigit():
        return ""
    return f"write {quote(plain)}" + (" without the quotes" if plain == text else "")


def _as_integer(node: Node) -> str:
    """Help for a number that is nearly an integer."""
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT_FLOAT:
        return f"write {quote(str(int(value)))}"
    return _as_number(node)
