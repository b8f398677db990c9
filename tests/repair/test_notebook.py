"""Notebooks: an edit changes the code of its cell, and no other byte of the file."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradcheck_rnn.adapters.source import read_source
from gradcheck_rnn.repair.edit import Change, Edit, edited
from gradcheck_rnn.repair.original import Original
from tests.repair.editing import BACKWARD, TRANSPOSE, edit_of, notebook_of

CELLS = ("%matplotlib inline\nimport numpy as np", ("markdown", "# δ\n"), BACKWARD, "", 'print("\\t\U0001f600 ü")\n!ls')
# how programs write notebooks
LAYOUTS = {
    "a line each": {},
    "one string": {"as_lists": False},
    "indented by two": {"indent": 2},
    "in one line": {"indent": None},
    "compact": {"indent": None, "separators": (",", ":")},
    "escaped": {"ensure_ascii": True},
    "one escaped string": {"as_lists": False, "ensure_ascii": True},
}
EDITS = {
    "a line": TRANSPOSE,
    "an insertion": ("    return dW_hh", "    dW_hh /= 2\n    return dW_hh"),
    "an end": ("return dW_hh", "return dW_hh\n    # done"),
    "a deletion": ("        dh_next = dz @ W_hh\n", ""),
    "several lines": ("np.outer(h[t - 1], dz)\n        dh_next = dz @ W_hh\n", "0\n        dh_next = 1\n"),
    "beyond ASCII": ("dz @ W_hh\n", "dz @ W_hh  # δ \U0001f600\n"),
}


def edited_file(file, *replaced):
    """Apply an edit to a notebook's file, and return what it held before and holds now, as text."""
    original = Original.read(file)
    return original.content.decode(), original.edited_content([edit_of(original, *replaced)]).decode()


def sources(text):
    return ["".join(cell["source"]) for cell in json.loads(text)["cells"]]


def without_sources(text):
    document = json.loads(text)
    for cell in document["cells"]:
        del cell["source"]
    return document


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("edit", EDITS)
def test_only_the_code_of_the_cell_changes(tmp_path, layout, edit):
    file = tmp_path / "net.ipynb"
    file.write_text(notebook_of(*CELLS, **LAYOUTS[layout]))
    before, after = edited_file(file, *EDITS[edit])
    assert sources(after) == [each.replace(*EDITS[edit]) for each in sources(before)]
    assert without_sources(after) == without_sources(before)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("edit", EDITS)
def test_a_notebook_is_written_as_its_own_program_would_write_it(tmp_path, layout, edit):
    """All that the layouts decide is kept: were the edited code written by the same program, it would be this text."""
    file = tmp_path / "net.ipynb"
    file.write_text(notebook_of(*CELLS, **LAYOUTS[layout]))
    _, after = edited_file(file, *EDITS[edit])
    cells = [each.replace(*EDITS[edit]) if isinstance(each, str) else each for each in CELLS]
    assert after == notebook_of(*cells, **LAYOUTS[layout])


def test_what_an_edit_does_not_touch_keeps_its_way_of_writing(tmp_path):
    r"""Escapes that nobody needs, numbers that Python would write otherwise, keys that come twice, a tab as \t."""
    text = r"""{"nbformat":4 , "cells": [],
 "cells" : [ {"source":["a\u0020= \u0022\u00e9\u0022\n" ,
   "\tb = 2\u000a","c = \ud83d\ude00"], "cell_type":"code","x":[1.50e+0,1E3, {"source": "b = 2"}]} ] }"""
    file = tmp_path / "net.ipynb"
    file.write_text(text)
    before, after = edited_file(file, "b = 2", "b = 23")
    assert after == before.replace(r'"\tb = 2\u000a"', r'"\tb = 23\u000a"')
    before, after = edited_file(file, "b = 2\n", "b = 2\nd = 'é'\n")
    assert after == before.replace(r"2\u000a", "2\\n\" ,\n   \"d = '\\u00e9'\\u000a")


def test_a_byte_order_mark_and_windows_line_ends_stay(tmp_path):
    file = tmp_path / "net.ipynb"
    text = notebook_of(BACKWARD.replace("\n", "\r\n")).replace("\n", "\r\n")
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    before, after = edited_file(file, "    return", "    dW_hh *= 2\n    return")
    assert after.startswith("\ufeff{")
    assert after.count("\r\n") - before.count("\r\n") == 1
    assert "\n" not in after.replace("\r\n", "")
    (code,) = sources(after.removeprefix("\ufeff"))
    assert code == BACKWARD.replace("    return", "    dW_hh *= 2\n    return").replace("\n", "\r\n")


def test_a_list_of_strings_that_are_no_lines_is_edited_where_it_is_met(tmp_path):
    file = tmp_path / "net.ipynb"
    file.write_text('{"cells": [{"cell_type": "code", "source": ["a = ", "1\\nb", " = 2\\nc = 3\\n", "d"]}]}')
    before, after = edited_file(file, "b = 2", "b = 4")
    assert after == before.replace('" = 2\\nc = 3\\n"', '" = 4\\n", "c = 3\\n"')


def test_two_edits_of_one_line_are_both_applied(tmp_path):
    file = tmp_path / "net.ipynb"
    file.write_text(notebook_of(BACKWARD))
    original = Original.read(file)
    edits = [edit_of(original, "dz @ W_hh\n", "dz @ W_hh.T\n"), edit_of(original, "dh_next = dz", "dh_next += dz")]
    after = original.edited_content(edits).decode()
    assert after == notebook_of(BACKWARD.replace("dh_next = dz @ W_hh", "dh_next += dz @ W_hh.T"))


LINE = st.sampled_from(["a = 1\n", "\n", "%magic\n", "b\r\n", '"\\u00e9é\U0001f600"\n', "c"])
CELL = st.lists(LINE, max_size=5).map("".join)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cells=st.lists(CELL, min_size=1, max_size=3),
    as_lists=st.booleans(),
    ascii_only=st.booleans(),
    place=st.floats(0, 1),
    length=st.integers(0, 8),
    text=st.sampled_from(["", "x", "y\n", "\nz", "ü"]),
)
def test_the_text_of_the_edited_notebook_is_the_edited_text(tmp_path, cells, as_lists, ascii_only, place, length, text):
    """For any edit within the Python lines of a cell: what `definitions` would load is what the search has tried."""
    file = tmp_path / "net.ipynb"
    file.write_text(notebook_of(*cells, as_lists=as_lists, ensure_ascii=ascii_only))
    read = read_source(file).text
    start = int(place * len(read))
    end = min(start + length, len(read))
    if "\n" in read[start:end]:  # a cell's last line end is none of its own, and a magic is no Python
        end = start + read[start:end].index("\n")
    if read[:end].rpartition("\n")[2] + read[end:].partition("\n")[0] == "":
        return
    edits = [Edit(file, (Change(start, end, text),), "any", 1.0)]
    file.write_bytes(Original.read(file).edited_content(edits))
    assert lines(read_source(file).text) == lines(edited(read, edits))


def lines(text):
    """Lines that hold something: the empty one at the end of a cell is not read."""
    return [line for line in text.split("\n") if line]
