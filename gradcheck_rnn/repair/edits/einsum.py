"""The subscripts of an einsum: two operands swapped, or the axes of one."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.edits.fitting import fits, shape_of
from gradcheck_rnn.repair.edits.places import called, sites
from gradcheck_rnn.repair.edits.shapes import Shape
from gradcheck_rnn.repair.function import Function

COST = 1.0


def other_einsum(function: Function) -> Iterator[Edit]:
    """`"ij,j->i"` to `"ji,j->i"`: two axes of an operand, or of the result, or two operands, change places."""
    for node in sites(function):
        match node:
            case ast.Call(args=[ast.Constant(value=str(subscripts)) as text, *operands]) if called(node) == "einsum":
                shapes = [shape_of(function, operand) for operand in operands]
                for other in _variants(subscripts):
                    if _goes_together(function, node, other, shapes):
                        start, end = function.text.span(text)
                        quoted = function.text.of(text).replace(subscripts, other)
                        yield function.edit("einsum", COST, Change(start, end, quoted))


def _variants(subscripts: str) -> list[str]:
    inputs, arrow, output = subscripts.partition("->")
    terms = inputs.split(",")
    found = []
    for place, term in enumerate(terms):
        before, after = terms[:place], terms[place + 1 :]
        found += [",".join([*before, swapped, *after]) + arrow + output for swapped in _swaps(term)]
    found += [inputs + arrow + swapped for swapped in _swaps(output)]
    if len(terms) == 2 and terms[0] != terms[1]:
        found.append(",".join(terms[::-1]) + arrow + output)
    return found


def _swaps(term: str) -> list[str]:
    """A term with each two of its axes swapped."""
    letters = term.strip()
    pairs = [(i, j) for i in range(len(letters)) for j in range(i) if letters[i].isalpha() and letters[j].isalpha()]
    swapped = []
    for i, j in pairs:
        axes = list(letters)
        axes[i], axes[j] = axes[j], axes[i]
        swapped.append(term.replace(letters, "".join(axes)))
    return [each for each in swapped if each != term]


def _goes_together(function: Function, node: ast.Call, subscripts: str, shapes: list[Shape | None]) -> bool:
    inputs, arrow, output = subscripts.partition("->")
    if "." in subscripts or not arrow:
        return True
    lengths: dict[str, int] = {}
    for term, shape in zip(inputs.split(","), shapes, strict=False):
        if shape is None:
            return True
        if len(term.strip()) != len(shape):
            return False
        for letter, length in zip(term.strip(), shape, strict=True):
            if lengths.setdefault(letter, length) != length:
                return False
    return all(letter in lengths for letter in output.strip()) and fits(
        function, node, tuple(lengths[letter] for letter in output.strip())
    )
