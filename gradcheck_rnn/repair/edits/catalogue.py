"""All operators."""

from collections.abc import Callable, Iterator

from gradcheck_rnn.repair.edit import Edit
from gradcheck_rnn.repair.edits.of_expressions import EXPRESSION_OPERATORS
from gradcheck_rnn.repair.edits.of_statements import STATEMENT_OPERATORS
from gradcheck_rnn.repair.function import Function

Operator = Callable[[Function], Iterator[Edit]]

OPERATORS: tuple[Operator, ...] = (*EXPRESSION_OPERATORS, *STATEMENT_OPERATORS)
