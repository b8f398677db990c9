"""Names of parameters in each other's place, wherever a file lists them: `values("by", "bh")`."""

import ast
from collections.abc import Container, Iterator
from itertools import combinations

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.text import Text

# an adapter is written last: a slip is more likely there than in what it returns
COST = 2.5


def crossed(text: Text, names: Container[str]) -> Iterator[Edit]:
    """Two of some names change places among the arguments of a call, or in a tuple or a list.

    They may stand outside of functions: then an edit shows when the file is loaded again.
    """
    for node in ast.walk(text.tree):
        match node:
            case ast.Call(args=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts):
                listed = [each for each in parts if isinstance(each, ast.Constant) and each.value in names]
                for one, other in combinations(listed, 2):
                    changes = (Change(*text.span(one), text.of(other)), Change(*text.span(other), text.of(one)))
                    yield Edit(text.file, tuple(sorted(changes)), "exchange two names", COST)
