"""Diffs: the programs that apply diffs make of a file what the edits make of it, byte by byte."""

import difflib
import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.original import Original
from gradcheck_rnn.repair.patch import corrections, file_diffs
from gradcheck_rnn.repair.unified import unified_diff
from tests.repair.editing import BACKWARD, TRANSPOSE, edit_of, notebook_of, patch_of

PROGRAMS = {"patch": ["patch", "-p1", "--no-backup-if-mismatch"], "git": ["git", "apply", "-"]}
LONG = "".join(f"x{number} = {number}\n" for number in range(40))
# what a file holds, what is replaced in it and by what; all as bytes, so that line ends are meant as they stand
CASES = {
    "a line": (BACKWARD.encode(), b"dz @ W_hh\n", b"dz @ W_hh.T\n"),
    "an insertion": (BACKWARD.encode(), b"    return", b"    dW_hh /= 2\n    return"),
    "a deletion": (BACKWARD.encode(), b"        dh_next = dz @ W_hh\n", b""),
    "the first line": (BACKWARD.encode(), b"import numpy as np\n", b"import numpy\n"),
    "the last line": (BACKWARD.encode(), b"return dW_hh", b"return -dW_hh"),
    "no newline at the end": (BACKWARD.encode().rstrip(), b"return dW_hh", b"return -dW_hh"),
    "no newline, behind the context": (BACKWARD.encode().rstrip(), b"dz @ W_hh\n", b"dz @ W_hh.T\n"),
    "no newline, far away": (LONG.encode().rstrip(), b"x7 = 7\n", b"x7 = 8\n"),
    "a statement behind the last one": (BACKWARD.encode().rstrip(), b"return dW_hh", b"return dW_hh\n    # done"),
    "several lines": (LONG.encode(), b"x9 = 9\nx10 = 10\nx11 = 11\n", b"x9 = 9\nx10 = 0\ny = 1\nx11 = 1\n"),
    "windows": (BACKWARD.replace("\n", "\r\n").encode(), b"dz @ W_hh\r\n", b"dz @ W_hh.T\r\n"),
    "windows, a line more": (
        BACKWARD.replace("\n", "\r\n").encode(),
        b"dz @ W_hh\r\n",
        b"dz @ W_hh.T\r\n        # on\r\n",
    ),
    "mixed line ends": (b"a = 1\r\nb = 2\nc = 3\r\nd = 4\n", b"c = 3\r\n", b"c = 5\r\n"),
    "mixed, a line more": (b"a = 1\r\nb = 2\nc = 3\r\nd = 4\n", b"b = 2\n", b"b = 2\nx = 0\n"),
    "mixed, a windows line more": (b"a = 1\nb = 2\nc = 3\r\nd = 4\n", b"c = 3\r\n", b"c = 3\r\nx = 0\r\n"),
    "windows, behind a last line without end": (b"a = 1\r\nb = 2", b"b = 2", b"b = 2\r\nc = 3"),
    "a byte order mark": (b"\xef\xbb\xbf" + BACKWARD.encode(), b"dz @ W_hh\n", b"dz @ W_hh.T\n"),
    "its first line changed": (b"\xef\xbb\xbfa = 1\nb = 2\n", b"a = 1\n", b"a = 3\n"),
    "beyond ASCII": (f"# δz\nü = 1  # {chr(0x1F600)} über\n".encode(), "ü = 1".encode(), "ü = 2".encode()),
    "form feeds": (b"a = 1\n\x0c\nb = 2\n\x0c\nc = 3\n", b"c = 3\n", b"c = 4\n"),
    "tabs": (b"if a:\n\tb = 1\n\tc = 2\n", b"\tc = 2", b"\tc = 3"),
    "minus signs": (b"-- a\n--- b\n+++ c\n", b"--- b\n", b"--- d\n"),
    "long ago": (LONG.encode(), b"x39 = 39\n", b"x39 = 40\n"),
}
NAMES = ["net.py", "src/deep/net.py", "my net.py", 'say "net".py', "nétz.py", "back\\slash.py"]


def applied(program, diff, folder):
    """Run a program on a diff in a folder."""
    if shutil.which(PROGRAMS[program][0]) is None:
        pytest.skip(f"there is no {program}")
    return subprocess.run(PROGRAMS[program], input=diff.encode(), cwd=folder, capture_output=True, check=False)


def edit_of_bytes(original, old, new):
    """The edit that replaces these bytes, by the text that Python reads of them."""
    plain = [each.decode().replace("\r\n", "\n") for each in (old, new)]
    return edit_of(original, *plain)


def diff_of(edits, originals, folder):
    return "".join(each.text for each in file_diffs(edits, originals, folder))


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("case", CASES)
def test_what_is_applied_is_what_was_meant(tmp_path, program, case):
    content, old, new = CASES[case]
    file = tmp_path / "net.py"
    file.write_bytes(content)
    original = Original.read(file)
    edits = [edit_of_bytes(original, old, new)]
    ended = applied(program, diff_of(edits, [original], tmp_path), tmp_path)
    assert ended.returncode == 0, ended.stderr + ended.stdout
    assert file.read_bytes() == content.replace(old, new) == original.edited_content(edits)
    assert b"fuzz" not in ended.stdout
    assert b"offset" not in ended.stdout


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("name", NAMES)
def test_files_of_any_name_are_found(tmp_path, program, name):
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(BACKWARD)
    patch = patch_of(file)
    ended = applied(program, "".join(each.text for each in patch.diffs(tmp_path)), tmp_path)
    assert ended.returncode == 0, ended.stderr + ended.stdout
    assert file.read_text() == BACKWARD.replace(*TRANSPOSE)


@pytest.mark.parametrize("program", PROGRAMS)
def test_several_files_and_places_are_one_patch(tmp_path, program):
    one, other = tmp_path / "one.py", tmp_path / "other.py"
    one.write_text(LONG)
    other.write_text(BACKWARD)
    originals = [Original.read(one), Original.read(other)]
    edits = [
        edit_of(originals[0], "x30 = 30\n", "x30 = 0\n"),
        edit_of(originals[1], *TRANSPOSE),
        edit_of(originals[0], "x2 = 2\n", "x2 = 0\n"),
    ]
    diff = diff_of(edits, originals, tmp_path)
    assert diff.count("\n@@ ") == 3
    assert applied(program, diff, tmp_path).returncode == 0
    assert one.read_text() == LONG.replace("x30 = 30\n", "x30 = 0\n").replace("x2 = 2\n", "x2 = 0\n")
    assert other.read_text() == BACKWARD.replace(*TRANSPOSE)


def test_the_diff_of_one_line_has_its_number_and_three_lines_around_it(tmp_path):
    (tmp_path / "net.py").write_text(BACKWARD)
    (diff,) = patch_of(tmp_path / "net.py").diffs(tmp_path)
    assert diff.text.splitlines() == [
        "--- a/net.py",
        "+++ b/net.py",
        "@@ -6,5 +6,5 @@",
        "     for t in reversed(range(len(h))):",
        "         dz = (1 - h[t] ** 2) * dh_next",
        "         dW_hh += np.outer(h[t - 1], dz)",
        "-        dh_next = dz @ W_hh",
        "+        dh_next = dz @ W_hh.T",
        "     return dW_hh",
    ]
    assert (diff.name, diff.line, diff.cell, diff.place) == ("net.py", 9, None, "net.py:9")
    assert diff.is_applicable


def test_a_file_outside_the_working_directory_has_its_absolute_name(tmp_path):
    (tmp_path / "here").mkdir()
    file = tmp_path / "net.py"
    file.write_text(BACKWARD)
    (diff,) = patch_of(file).diffs(tmp_path / "here")
    assert diff.text.startswith(f"--- {file}\n+++ {file}\n@@ ")
    assert not diff.is_applicable
    command = ["patch", "-p1", "-d", "/"]
    assert subprocess.run(command, input=diff.text, text=True, capture_output=True, check=False).returncode == 0
    assert file.read_text() == BACKWARD.replace(*TRANSPOSE)


def test_a_link_is_named_by_the_file_that_it_leads_to(tmp_path):
    """`patch` and `git apply` refuse to write through a link."""
    (tmp_path / "net.py").write_text(BACKWARD)
    (tmp_path / "link.py").symlink_to("net.py")
    (diff,) = patch_of(tmp_path / "link.py").diffs(tmp_path)
    assert diff.name == "net.py"


def test_a_name_that_goes_up_and_down_again_is_made_plain(tmp_path):
    (tmp_path / "configs").mkdir()
    (tmp_path / "net.py").write_text(BACKWARD)
    (diff,) = patch_of(tmp_path / "configs" / ".." / "net.py").diffs(tmp_path)
    assert diff.name == "net.py"


def test_a_notebook_shows_the_cell_with_its_own_line_numbers(tmp_path):
    file = tmp_path / "net.ipynb"
    file.write_text(notebook_of("import numpy as np\n", ("markdown", "# text\n"), f"%matplotlib inline\n{BACKWARD}"))
    (diff,) = patch_of(file).diffs(tmp_path)
    assert diff.text.splitlines()[:3] == ["--- a/net.ipynb cell 2\t", "+++ b/net.ipynb cell 2\t", "@@ -7,5 +7,5 @@"]
    assert (diff.name, diff.cell, diff.line, diff.place) == ("net.ipynb", 2, 10, "net.ipynb cell 2:10")
    assert not diff.is_applicable


def test_the_lines_of_a_cell_that_are_no_python_stand_in_its_diff(tmp_path):
    file = tmp_path / "net.ipynb"
    file.write_text(notebook_of("%matplotlib inline\na = 1\n!ls"))
    (diff,) = patch_of(file, replaced=("a = 1", "a = 2")).diffs(tmp_path)
    assert diff.text.splitlines()[3:] == [
        " %matplotlib inline",
        "-a = 1",
        "+a = 2",
        " !ls",
        "\\ No newline at end of file",
    ]


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_program_takes_a_cell_for_the_notebook(tmp_path, program):
    file = tmp_path / "net.ipynb"
    file.write_text(notebook_of(BACKWARD))
    before = file.read_bytes()
    (diff,) = patch_of(file).diffs(tmp_path)
    assert applied(program, diff.text, tmp_path).returncode != 0
    assert file.read_bytes() == before


def test_edits_of_two_cells_are_two_diffs(tmp_path):
    file = tmp_path / "net.ipynb"
    file.write_text(notebook_of("a = 1\n", "b = 2"))
    original = Original.read(file)
    edits = [edit_of(original, "b = 2", "b = 3"), edit_of(original, "a = 1", "a = 0")]
    assert [each.place for each in file_diffs(edits, [original], tmp_path)] == [
        "net.ipynb cell 1:1",
        "net.ipynb cell 2:1",
    ]


def test_a_correction_of_a_notebook_counts_the_lines_of_its_file(tmp_path):
    file = tmp_path / "net.ipynb"
    file.write_text(notebook_of("import numpy as np\n", BACKWARD))
    (found,) = corrections(patch_of(file).edits, patch_of(file).originals, tmp_path)
    lines = file.read_text().splitlines()
    assert "dh_next = dz @ W_hh\\n" in lines[found.line - 1]
    assert [delta.after for delta in found.deltas] == [(lines[found.line - 1].replace("@ W_hh", "@ W_hh.T") + "\n",)]


def test_a_correction_that_puts_lines_in_stands_on_the_line_before(tmp_path):
    (tmp_path / "net.py").write_text("a = 1\nb = 2\n")
    lines = {}
    for new in ("a = 1\nc = 3\n", "c = 3\na = 1\n"):
        patch = patch_of(tmp_path / "net.py", replaced=("a = 1\n", new))
        lines[new] = [each.line for each in corrections(patch.edits, patch.originals, tmp_path)]
    assert lines == {"a = 1\nc = 3\n": [1], "c = 3\na = 1\n": [1]}


def test_files_that_are_not_edited_have_no_diff(tmp_path):
    for name in ("one.py", "other.py"):
        (tmp_path / name).write_text(BACKWARD)
    originals = [Original.read(tmp_path / name) for name in ("one.py", "other.py")]
    assert [each.name for each in file_diffs([edit_of(originals[1], *TRANSPOSE)], originals, tmp_path)] == ["other.py"]


def test_equal_texts_have_no_diff():
    assert unified_diff("a\n", "a\n", names=("a/x", "b/x")) == ""


@pytest.mark.parametrize("apart", range(1, 10))
def test_hunks_are_those_of_the_standard_library(apart):
    """Every line is another one, so that there is one way only to see what has changed."""
    lines = [f"x{number}\n" for number in range(30)]
    changed = [f"y{line}" if place in (9, 9 + apart) else line for place, line in enumerate(lines)]
    del changed[20]
    expected = "".join(difflib.unified_diff(lines, changed, "a/x", "b/x"))
    assert unified_diff("".join(lines), "".join(changed), names=("a/x", "b/x")) == expected


@pytest.mark.parametrize(("before", "after"), [("", "a\n"), ("a\n", ""), ("", "a\nb\n"), ("a\n", "b\n")])
def test_the_shortest_texts_have_the_diffs_of_the_standard_library(before, after):
    pieces = difflib.unified_diff(before.splitlines(True), after.splitlines(True), "a/x", "b/x")
    assert unified_diff(before, after, names=("a/x", "b/x")) == "".join(pieces)


LINES = st.lists(st.sampled_from(["a\n", "b\n", "\n", "  c\n", "a\r\n", "e\r", "d"]), max_size=30)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=LINES, after=LINES)
def test_any_text_becomes_any_other(tmp_path, before, after):
    """Neither is empty: `patch` removes a file that becomes so."""
    old, new = "x\n" + "".join(before), "x\n" + "".join(after)
    (tmp_path / "net.py").write_bytes(old.encode())
    diff = unified_diff(old, new, names=("a/net.py", "b/net.py"))
    if old != new:
        assert applied("patch", diff, tmp_path).returncode == 0
    assert (tmp_path / "net.py").read_bytes() == new.encode()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES, start=st.integers(0, 60), length=st.integers(0, 10), text=st.sampled_from(["", "x", "y\n", "\nz"]))
def test_an_edit_of_a_script_of_any_line_ends_is_that_of_its_text(tmp_path, lines, start, length, text):
    """What Python reads of the edited file is what the edit makes of what Python read before."""
    file = tmp_path / "net.py"
    file.write_bytes("".join(lines).encode())
    read = file.read_text()
    start = min(start, len(read))
    end = min(start + length, len(read))
    original = Original.read(file)
    assert original.source.text == read
    file.write_bytes(original.edited_content([Edit(file, (Change(start, end, text),), "any", 1.0)]))
    assert file.read_text() == read[:start] + text + read[end:]
