"""Python text and where the nodes of its syntax tree stand in it."""

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gradcheck_rnn.adapters.source import lines_of


@dataclass(frozen=True)
class Text:
    """The Python text of a file of the user's: a script, or a notebook's cells one below the other."""

    file: Path
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree.

        Raises:
            SyntaxError: it is no Python.
        """
        return ast.parse(self.text, filename=str(self.file))

    @cached_property
    def prefers_double_quotes(self) -> bool:
        """Whether names stand in double quotation marks more often than in single ones."""
        return len(re.findall(r'"\w+"', self.text)) > len(re.findall(r"'\w+'", self.text))

    @cached_property
    def _lines(self) -> list[str]:
        return lines_of(self.text)

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        for line in self._lines:
            starts.append(starts[-1] + len(line))
        return starts

    def span(self, node: ast.stmt | ast.expr | ast.arg) -> tuple[int, int]:
        """First offset of a node and the one behind its last, in characters; without parentheses around it."""
        if node.end_lineno is None or node.end_col_offset is None:
            raise ValueError("the node has no place in a text")
        return self._offset(node.lineno, node.col_offset), self._offset(node.end_lineno, node.end_col_offset)

    def of(self, node: ast.stmt | ast.expr | ast.arg) -> str:
        """The text of a node, as it is written."""
        start, end = self.span(node)
        return self.text[start:end]

    def line_start(self, line: int) -> int:
        """Offset at which a line, counted from 1, begins; of the one behind the last, the end."""
        return self._starts[min(line, len(self._starts)) - 1]

    def indent(self, node: ast.stmt) -> str:
        """The white space that a statement is indented by."""
        return self._lines[node.lineno - 1][: node.col_offset]

    def _offset(self, line: int, column: int) -> int:
        # the parser counts columns in bytes of UTF-8
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())
