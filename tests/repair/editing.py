"""Edits made by hand: what stands somewhere in a file's text is replaced."""

import json
from pathlib import Path

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.original import Original
from gradcheck_rnn.repair.value import Patch

BACKWARD = """\
import numpy as np


def backward(h, W_hh, dh_next):
    dW_hh = np.zeros_like(W_hh)
    for t in reversed(range(len(h))):
        dz = (1 - h[t] ** 2) * dh_next
        dW_hh += np.outer(h[t - 1], dz)
        dh_next = dz @ W_hh
    return dW_hh
"""
TRANSPOSE = ("dz @ W_hh\n", "dz @ W_hh.T\n")


def edit_of(original: Original, old: str, new: str, *, kind: str = "transpose") -> Edit:
    """Replace what stands once in the text of a file; what both have at the beginning and the end stays."""
    text = original.source.text
    assert text.count(old) == 1
    start, end = text.index(old), text.index(old) + len(old)
    while old and new and old[-1] == new[-1]:
        old, new, end = old[:-1], new[:-1], end - 1
    while old and new and old[0] == new[0]:
        old, new, start = old[1:], new[1:], start + 1
    return Edit(original.file, (Change(start, end, new),), kind, 1.0)


def patch_of(*files: Path, replaced: tuple[str, str] = TRANSPOSE, **more) -> Patch:
    """A patch that replaces a piece of text in each file."""
    originals = tuple(Original.read(file) for file in files)
    given = {
        "edits": tuple(edit_of(each, *replaced) for each in originals),
        "before": {"W_hh": 1.9},
        "after": {"W_hh": 3e-14},
        "points": ("T = 4, H = 5",),
    }
    return Patch(originals=originals, **{**given, **more})


def notebook_of(*cells: str | tuple[str, str], as_lists: bool = True, **written) -> str:
    """A notebook of code cells, or of cells of another kind, given with it; `written` is for json.dumps."""
    listed = []
    for cell in cells:
        kind, source = ("code", cell) if isinstance(cell, str) else cell
        more = (
            {"execution_count": 3, "outputs": [{"text": ["1.5e-3\n"], "data": {"x": 1e400}}]} if kind == "code" else {}
        )
        code = source.splitlines(keepends=True) if as_lists else source
        listed.append({"cell_type": kind, **more, "metadata": {"cells": [1.50]}, "source": code})
    document = {"metadata": {"cells": "none"}, "cells": listed, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, **{"indent": 1, "ensure_ascii": False, **written}) + "\n"
