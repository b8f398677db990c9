"""How an author would word a patch: which of those that are equal in effect, and with which spaces."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from gradcheck_rnn.repair.edit import Change, Edit, edited
from gradcheck_rnn.repair.lexis import Token, open_brackets, tokens_of

# what a place that is changed costs, beside the tokens that are new there
PLACE = 2.0
# what a new token costs: one that the file does not have, and less for each neighbour that it has there, too
NEW_TOKEN, KNOWN_TOKEN, KNOWN_NEIGHBOUR = 2.5, 2.0, 0.1
# what a token that is taken out costs: of two patches, the one that takes out less
OLD_TOKEN = 0.02
# what the cost of an edit, which says how rare that slip is, counts beside these
RARITY = 0.5
# operators that are written alike
_ALIKE = {"+": "sum", "-": "sum", **dict.fromkeys(("*", "/", "@", "//", "%"), "product")}
_SPACED = frozenset((*_ALIKE, "**", "=", "+=", "-=", "*=", "/=", "@="))


@dataclass(frozen=True)
class Wording:
    """How a file is written, as far as its tokens show it."""

    text: str

    def unlikeness(self, edits: Sequence[Edit]) -> float:
        """How far edits of the file are from what its author would write.

        It is the length of a description of the patch by somebody who knows the file: places, and new tokens, which
        are told sooner where the file has them beside the same neighbours (Hindle et al., On the naturalness of
        software, ICSE 2012); and how rare the slips are.
        """
        cost = RARITY * sum(edit.cost for edit in edits)
        for start, end, changes in self._regions(sorted(change for edit in edits for change in edit.changes)):
            moved = tuple(Change(each.start - start, each.end - start, each.text) for each in changes)
            old, new = self.text[start:end], edited(self.text[start:end], [Edit(edits[0].file, moved, "", 0.0)])
            cost += self._described(_words(old), _words(new))
        return cost

    def at_least(self, edit: Edit) -> float:
        """What the unlikeness of an edit is not below: its tokens are counted, not compared with the file's."""
        new = sum(len(tokens_of(each.text)) for each in edit.changes)
        more = new - sum(len(tokens_of(self.text[each.start : each.end])) for each in edit.changes)
        told = PLACE + more * (KNOWN_TOKEN - 2 * KNOWN_NEIGHBOUR) if more > 0 else 0.0
        return RARITY * edit.cost + told

    def spaced(self, edit: Edit) -> Edit:
        """The edit with spaces around its operators as around the nearest operator of the same kind."""
        changes = tuple(Change(each.start, each.end, self._spaced(each)) for each in edit.changes)
        return Edit(edit.file, changes, edit.kind, edit.cost)

    @cached_property
    def _tokens(self) -> list[Token]:
        return tokens_of(self.text)

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(each.text for each in self._tokens)

    @cached_property
    def _pairs(self) -> frozenset[tuple[str, str]]:
        return frozenset(pairwise(_words(self.text)))

    @cached_property
    def _operators(self) -> list[tuple[int, Token, bool, bool]]:
        """Operators between two operands: where, which, whether behind a bracket, whether with spaces around."""
        found = []
        for before, token in pairwise(self._tokens):
            if _has_spaces(before, token):
                spaces = self.text[token.start - 1].isspace(), self.text[token.end : token.end + 1].isspace()
                if spaces[0] == spaces[1]:
                    found.append((token.start, token, before.kind == "operator", spaces[0]))
        return found

    def _regions(self, changes: Iterable[Change]) -> Iterator[tuple[int, int, list[Change]]]:
        """Whole lines that changes meet, with those changes."""
        found: list[tuple[int, int, list[Change]]] = []
        for change in changes:
            end = self.text.find("\n", change.end)
            end = len(self.text) if end < 0 else end
            if found and change.start <= found[-1][1]:
                start, former, own = found.pop()
                found.append((start, max(former, end), [*own, change]))
            else:
                found.append((self.text.rfind("\n", 0, change.start) + 1, end, [change]))
        yield from found

    def _described(self, old: Sequence[str], new: Sequence[str]) -> float:
        # what both begin and end with is most of it: a neighbour on either side is enough
        head = max(_shared(old, new) - 1, 0)
        tail = max(_shared(old[:head:-1], new[:head:-1]) - 1, 0)
        old, new = old[head : len(old) - tail], new[head : len(new) - tail]
        differing = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        return sum(
            PLACE + OLD_TOKEN * (j - i) + sum(self._novelty(new, at) for at in range(k, m))
            for kind, i, j, k, m in differing
            if kind != "equal"
        )

    def _novelty(self, tokens: Sequence[str], at: int) -> float:
        if tokens[at] not in self._known:
            return NEW_TOKEN
        before, after = tuple(tokens[max(at - 1, 0) : at + 1]), tuple(tokens[at : at + 2])
        return KNOWN_TOKEN - KNOWN_NEIGHBOUR * ((before in self._pairs) + (after in self._pairs))

    def _spaced(self, change: Change) -> str:
        first = bisect_left([each.end for each in self._tokens], change.start + 1)
        before = self._tokens[:first]
        tokens = tokens_of(change.text, within=open_brackets(before))
        text = change.text
        for former, token in reversed(list(pairwise([*before[-1:], *tokens]))):
            inner = text[token.end :].lstrip(" ")
            if not _has_spaces(former, token) or not inner or "\n" in text[: token.start][-1:] + inner[:1]:
                continue
            is_spaced = self._is_spaced(change.start, token, after_bracket=former.kind == "operator")
            head = text[: token.start].rstrip(" ")
            # spaces in front of the change are none of its own
            has_head = bool(head) or token.start > 0
            if is_spaced is not None and has_head:
                space = " " if is_spaced else ""
                text = f"{head}{space}{token.text}{space}{inner}"
        return text

    def _is_spaced(self, place: int, operator: Token, *, after_bracket: bool) -> bool | None:
        """Whether the nearest operator that is most like one has spaces around it; None if there is none."""
        in_index = operator.bracket == "["
        alike = [each for each in self._operators if (each[1].bracket == "[") == in_index]
        same = [each for each in alike if each[1].text == operator.text]
        kind = _ALIKE.get(operator.text)
        for found in (
            [each for each in same if each[2] == after_bracket],
            same if operator.text != "**" else [],
            [each for each in alike if kind is not None and _ALIKE.get(each[1].text) == kind],
        ):
            if found:
                return min(found, key=lambda each: abs(each[0] - place))[3]
        return None


def well_worded(patches: Iterable[Sequence[Edit]], text_of: Callable[[Path], str]) -> list[tuple[Edit, ...]]:
    """Patches in the files' own spaces, each text once, those that read most like the files first.

    Args:
        patches: edits that are equal in effect, the simplest first.
        text_of: the text of a file, as it is.
    """
    found: dict[tuple[str, ...], tuple[float, tuple[Edit, ...]]] = {}
    for patch in patches:
        words = {file: Wording(text_of(file)) for file in {edit.file for edit in patch}}
        edits = tuple(words[edit.file].spaced(edit) for edit in patch)
        by_file = [[edit for edit in edits if edit.file == file] for file in sorted(words)]
        texts = tuple(edited(words[each[0].file].text, each) for each in by_file)
        found.setdefault(texts, (sum(words[each[0].file].unlikeness(each) for each in by_file), edits))
    return [edits for _, edits in sorted(found.values(), key=lambda each: each[0])]


def _has_spaces(before: Token, token: Token) -> bool:
    """Whether a token is an operator between two operands, which some write spaces around."""
    if token.text not in _SPACED or not before.ends_operand:
        return False
    # a keyword's
    return token.text != "=" or not token.bracket


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many tokens two texts begin with alike."""
    shorter = min(len(one), len(other))
    return next((place for place in range(shorter) if one[place] != other[place]), shorter)


def _words(text: str) -> list[str]:
    """Tokens, and the ends of the lines that have any."""
    found = []
    for line in re.split(r"\n", text):
        tokens = [each.text for each in tokens_of(line)]
        found += [*tokens, "\n"] if tokens else []
    return found
