"""A term that is missing from a sum: the carry, another gate's path, the target."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Edit
from gradcheck_rnn.repair.edits.arrays import Arrays, base
from gradcheck_rnn.repair.edits.carries import carried_into, carries
from gradcheck_rnn.repair.edits.flow import loops, loops_around, ran
from gradcheck_rnn.repair.edits.items import items_at, step_variable, unread_items
from gradcheck_rnn.repair.edits.offered import elementwise_products, matrix_products
from gradcheck_rnn.repair.edits.renaming import renamings
from gradcheck_rnn.repair.edits.sums import added, sums_in, terms
from gradcheck_rnn.repair.function import Function

_WITH_VALUE = ast.Assign | ast.AugAssign | ast.Return


def with_a_carry(function: Function) -> Iterator[Edit]:
    """A sum gets what a later statement of the loop hands to the next turn, or what the function is given."""
    arrays = Arrays(function)
    for statement, node in _sums(function):
        carried = carried_into(function, statement)
        for name in _new_terms(arrays, statement, node):
            if base(name) in carried:
                yield function.edit("add a term", 2.0, *added(function, node, name))


def with_a_gradient(function: Function) -> Iterator[Edit]:
    """What is assigned, or a factor of it, gets another array of its shape that the loop has worked out."""
    arrays = Arrays(function)
    for statement, node in _sums(function):
        carried = carried_into(function, statement)
        if isinstance(statement, ast.AugAssign) or not _is_elementwise(function, statement, node):
            continue
        for name in _new_terms(arrays, statement, node):
            if base(name) not in carried:
                yield function.edit("add a term", 3.0, *added(function, node, name))


def with_a_siblings_term(function: Function) -> Iterator[Edit]:
    """A sum gets one of its terms once more, with the names of another gate."""
    pairs = renamings(function)
    for statement, node in _sums(function):
        own = {ast.unparse(each) for each in terms(node)}
        offered: dict[str, None] = {}
        for term in terms(node):
            if isinstance(term, ast.BinOp | ast.Call):
                for pair in pairs:
                    text = pair.text_of(function, term, statement)
                    if text is not None and ast.unparse(ast.parse(text, mode="eval").body) not in own:
                        offered[text] = None
        for text in offered:
            yield function.edit("add a sibling's term", 3.0, *added(function, node, text))
        if len(offered) > 1:
            yield function.edit("add siblings' terms", 4.0, *added(function, node, " + ".join(offered)))


def with_a_product(function: Function) -> Iterator[Edit]:
    """What is handed to the step before gets a product: through a weight, or past a gate."""
    for statement, node in _handed_on(function):
        value = function.value(node)
        if value is None or not value.shape:
            continue
        own = {ast.unparse(each) for each in terms(node)}
        for products in (matrix_products, elementwise_products):
            for text in products(function, statement, value.shape):
                if text not in own:
                    yield function.edit("add a term", 4.0, *added(function, node, text))


def with_a_carried_product(function: Function) -> Iterator[Edit]:
    """A sum gets a weight times what a later statement of the loop has left behind: `dh` gets `U.T.dot(da)`."""
    for statement, node in _sums(function):
        value, carried = function.value(node), carried_into(function, statement)
        if value is None or not value.shape or not carried or not any(loops_around(function, statement)):
            continue
        own = {ast.unparse(each) for each in terms(node)}
        for text in matrix_products(function, statement, value.shape, of=carried):
            if text not in own:
                yield function.edit("add a term", 3.0, *added(function, node, text))


def with_an_item(function: Function) -> Iterator[Edit]:
    """A sum gets the step's part of what the function is given and does not take apart: the upstream `dh[:, t, :]`."""
    given = Arrays(function).arguments
    for statement, node in _sums(function):
        value, step = function.value(node), step_variable(function, statement)
        if value is None or not value.shape or step is None or isinstance(statement, ast.AugAssign):
            continue
        for item in unread_items(function, statement, step):
            if base(item.holder) in given and item.shape == value.shape:
                yield function.edit("add a term", 3.0, *added(function, node, item.text))


def without_the_target(function: Function) -> Iterator[Edit]:
    """An error that is an output still, or a copy of one: the step's target is taken from it."""
    ends = _ends(function)
    for statement, node in _sums(function):
        value = function.value(node)
        if not isinstance(statement, ast.Assign) or value is None or not _is_taken_over(function, node):
            continue
        offered = dict.fromkeys(
            name for name, each in Arrays(function).at(statement).items() if each.shape == value.shape
        )
        step = step_variable(function, statement)
        if step is not None:
            items = items_at(function, statement, step)
            offered |= dict.fromkeys(each.text for each in items if each.shape in (None, value.shape))
        own = function.text.of(node)
        for name in [*offered, *ends]:
            if name not in own:
                yield function.edit("take a term away", 3.0, *added(function, node, name, sign="-"))


def _ends(function: Function) -> dict[str, None]:
    """The items that a function leaves when it hands on the rest: `ys[-1]` where it has `ys[:-1]`."""
    found: dict[str, None] = {}
    for node in ast.walk(function.node):
        match node:
            case ast.Subscript(
                value=whole, slice=ast.Slice(lower=None, upper=ast.UnaryOp(operand=ast.Constant(value=1)))
            ):
                found[f"{function.text.of(whole)}[-1]"] = None
            case ast.Subscript(value=whole, slice=ast.Slice(lower=ast.Constant(value=1), upper=None)):
                found[f"{function.text.of(whole)}[0]"] = None
    return found


def _is_taken_over(function: Function, node: ast.expr) -> bool:
    """Whether a variable, an item of one, or what a function makes of these is assigned as it is, or divided."""
    parent = function.parents[node]
    whole = parent if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Div) else node
    is_assigned = isinstance(function.parents[whole], ast.Assign)
    return is_assigned and isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call)


def _handed_on(function: Function) -> Iterator[tuple[ast.stmt, ast.expr]]:
    """What loops hand to their next turn, and what functions without loops return."""
    carried, has_loops = carries(function), bool(loops(function))
    for statement in ran(function):
        match statement:
            case ast.Assign(targets=[target], value=value) if ast.unparse(target) in carried:
                yield statement, value
            case ast.Return(value=ast.Tuple(elts=values)) if not has_loops:
                yield from ((statement, value) for value in values)
            case ast.Return(value=value) if value is not None and not has_loops:
                yield statement, value


def _sums(function: Function) -> Iterator[tuple[ast.stmt, ast.expr]]:
    """Where terms may be added: statements and the sums in them."""
    for statement in ran(function):
        if isinstance(statement, _WITH_VALUE) and statement.value is not None:
            for node in sums_in(function, statement.value):
                yield statement, node


def _new_terms(arrays: Arrays, statement: ast.stmt, node: ast.expr) -> Iterator[str]:
    """Arrays of the shape of a sum that may be gradients and are not in it."""
    function = arrays.function
    value = function.value(node)
    if value is None:
        return
    own = [function.value(each) for each in terms(node)]
    digests = {each.digest for each in own if each is not None} | {value.digest}
    for name, each in arrays.gradients_at(statement).items():
        if each.shape == value.shape and each.digest not in digests:
            yield name


def _is_elementwise(function: Function, statement: ast.stmt, node: ast.expr) -> bool:
    """Whether a sum is all that is assigned, or a factor of it."""
    while (parent := function.parents[node]) is not statement:
        if not (isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult | ast.Add | ast.Sub)):
            return False
        node = parent
    return True
