"""A function of the file that nothing calls, called where all that it takes is at hand by name."""

import ast
from collections.abc import Iterator
from functools import lru_cache

from gradcheck_rnn.repair.edit import Edit
from gradcheck_rnn.repair.edits.flow import ran
from gradcheck_rnn.repair.edits.lines import after
from gradcheck_rnn.repair.edits.places import TEXTS
from gradcheck_rnn.repair.function import Function
from gradcheck_rnn.repair.text import Text

COST = 3.0


def called_at_last(function: Function) -> Iterator[Edit]:
    """Behind a statement, `self.accumulate(t, delta)`: what the file has and does not use, and returns nothing."""
    forgotten = _forgotten(function.text)
    for statement in ran(function):
        following = function.known(statement)
        if isinstance(statement, ast.Assign | ast.AugAssign):
            made = {each.id for each in ast.walk(statement) if isinstance(each, ast.Name)}
            for call, arguments in forgotten.items():
                is_itself = call.removeprefix("self.").startswith(f"{function.node.name}(")
                if arguments and not is_itself and all(name in following or name in made for name in arguments):
                    yield function.edit("call", COST, after(function.text, statement, call))


@lru_cache(maxsize=TEXTS)
def _forgotten(text: Text) -> dict[str, list[str]]:
    """Calls of functions and methods that nothing in the file calls and that return nothing, with their arguments."""
    called = {
        getattr(node.func, "attr", getattr(node.func, "id", ""))
        for node in ast.walk(text.tree)
        if isinstance(node, ast.Call)
    }
    found: dict[str, list[str]] = {}
    for node in ast.walk(text.tree):
        if isinstance(node, ast.FunctionDef) and node.name not in called and not node.name.startswith("__"):
            arguments = [each.arg for each in node.args.args]
            returns = any(isinstance(each, ast.Return) and each.value is not None for each in ast.walk(node))
            owner = "self." if arguments[:1] == ["self"] else ""
            own = [name for name in arguments if name != "self"]
            if not returns and not node.decorator_list:
                found[f"{owner}{node.name}({', '.join(own)})"] = own
    return found
