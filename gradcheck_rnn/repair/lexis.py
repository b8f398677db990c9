"""The words of a Python text: its tokens, where they stand, and in which brackets; pieces of code have them, too."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
      | (?P<string>(?<!\w)[rRbBfFuU]{0,2}
          (?:\"{3}[\s\S]*?\"{3}|'{3}[\s\S]*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
      | (?P<number>\d[\w.]*(?:(?<=[eE])[+-]\d+)?|\.\d\w*)
      | (?P<name>[^\W\d]\w*)
      | (?P<operator>\*\*=|//=|>>=|<<=|\.\.\.|[-+*/%@&|^!=<>:]=|\*\*|//|->|<<|>>|[^\s\w])""",
    re.VERBOSE,
)
_OPENING, _CLOSING = "([{", ")]}"
# words after which an operator has nothing on its left
_WORDS = frozenset(("and", "elif", "else", "for", "if", "in", "is", "lambda", "not", "or", "return", "while", "yield"))


@dataclass(frozen=True)
class Token:
    """A token from `start` up to `end`; `bracket` is the innermost one that it stands in, empty for none."""

    kind: str
    text: str
    start: int
    end: int
    bracket: str

    @property
    def ends_operand(self) -> bool:
        """Whether an operator behind it has an operand on its left: it is none of one operand alone."""
        return (self.kind in ("name", "number", "string") and self.text not in _WORDS) or self.text in tuple(_CLOSING)


def tokens_of(text: str, *, within: Sequence[str] = ()) -> list[Token]:
    """The tokens of a text or a piece of one, which may stand within brackets; comments are none."""
    brackets, found = list(within), []
    for match in _TOKEN.finditer(text):
        kind, token = str(match.lastgroup), match.group()
        if kind == "comment":
            continue
        if token in tuple(_CLOSING) and brackets:
            brackets.pop()
        found.append(Token(kind, token, match.start(), match.end(), brackets[-1] if brackets else ""))
        if token in tuple(_OPENING):
            brackets.append(token)
    return found


def open_brackets(tokens: Sequence[Token]) -> list[str]:
    """The brackets that are open behind some tokens, outermost first."""
    found: list[str] = []
    for token in tokens:
        if token.text in tuple(_OPENING):
            found.append(token.text)
        elif token.text in tuple(_CLOSING) and found:
            found.pop()
    return found
