"""A repair for people: the diff to the letter, the rest in 80 columns, and nothing else that programs take for one."""

import io
import subprocess
from dataclasses import replace

import pytest
from rich.console import Console

from gradcheck_rnn.findings import Finding
from gradcheck_rnn.repair.value import Searched
from gradcheck_rnn.report.repair.text import fix_command, show_hint, show_repair
from gradcheck_rnn.report.repair.value import Repair
from gradcheck_rnn.report.text import console_for
from tests.repair.editing import BACKWARD, TRANSPOSE, edit_of, notebook_of, patch_of
from tests.report.samples import compared, report_of

FINDING = Finding(
    "untransposed-weight",
    "W_hh",
    "dh_next is multiplied by W_hh, not by its transpose",
    "dh_next = dz @ W_hh.T",
    evidence={"residual": 3e-16, "draws": 3},
)
WRONG = report_of(
    [compared("W_xh", "fail", 1.9), compared("W_hh", "fail", 2.0), compared("W_hy")], outcome="fail", findings=[FINDING]
)
COMMAND = "gradcheck-rnn fix net.yaml"
AWKWARD = "    x = {'[bold]a[/bold]': ':smile:'}  # \tüber " + "long " * 30


@pytest.fixture
def net(tmp_path):
    """A file with a mistake, in the working directory."""
    file = tmp_path / "net.py"
    file.write_text(BACKWARD)
    return file


def shown(repair, folder, *, encoding="utf-8", written=()):
    """What is printed into a pipe."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    show_repair(repair, console_for(stream), folder=folder, command=COMMAND, written=written)
    stream.flush()
    return stream.buffer.getvalue()


def found(*patches, **more):
    return Repair(WRONG, Searched(patches, tried=812, **more))


def words(text):
    return " ".join(text.decode().split())


def test_the_diff_stands_right_below_the_verdict(net, tmp_path):
    text = shown(found(patch_of(net)), tmp_path).decode()
    verdict, empty, *rest = text.splitlines()
    assert verdict == "net.yaml: FAIL 2 of 3 parameters are wrong: W_xh, W_hh (tolerance 1e-06)"
    assert empty == ""
    assert "\n".join(rest).startswith(patch_of(net).diffs(tmp_path)[0].text)


def test_each_parameter_has_its_error_before_and_after(net, tmp_path):
    patch = patch_of(net, before={"W_xh": 1.9, "W_hy": None}, after={"W_xh": 3.1e-14, "W_hy": 2e-15})
    rows = [line.split() for line in shown(found(patch), tmp_path).decode().splitlines()]
    assert ["W_xh", "1.9e+00", "3.1e-14"] in rows
    assert ["W_hy", "-", "2.0e-15"] in rows


def test_it_says_where_it_was_verified_and_what_it_repairs(net, tmp_path):
    text = words(shown(found(patch_of(net, points=("T = 4, H = 5", "T = 7"), findings=(FINDING,))), tmp_path))
    assert "verified at 2 points that the search had not seen: T = 4, H = 5 T = 7 repairs" in text
    assert f"repairs untransposed-weight W_hh: {FINDING.message}" in text


@pytest.mark.parametrize("program", [["patch", "-p1"], ["git", "apply", "-"]])
def test_the_whole_text_can_be_piped_into_a_program_that_applies_diffs(net, tmp_path, program):
    """Other patches and equivalent edits are shown, too: only the first is applied."""
    original = patch_of(net).originals[0]
    others = tuple((edit_of(original, TRANSPOSE[0], f"np.dot(W_hh, dz) * {number}\n"),) for number in range(5))
    first = patch_of(net, equivalent=others, findings=(FINDING,))
    second = patch_of(net, replaced=("    return dW_hh", "    dW_hh /= 2\n    return dW_hh"))
    text = shown(found(first, second), tmp_path)
    ended = subprocess.run(program, input=text, cwd=tmp_path, capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr + ended.stdout
    assert net.read_text() == BACKWARD.replace(*TRANSPOSE)


def test_equivalent_edits_and_other_patches_are_a_line_each(net, tmp_path):
    original = patch_of(net).originals[0]
    others = tuple((edit_of(original, TRANSPOSE[0], f"dz @ W_hh.T * {number}\n"),) for number in range(5))
    without = patch_of(net, replaced=("        dh_next = dz @ W_hh\n", ""))
    text = shown(found(patch_of(net, equivalent=others), without), tmp_path).decode()
    assert "the same gradients: net.py:9: dh_next = dz @ W_hh.T * 2\n" in text
    assert text.count("the same gradients: net.py:9: ") == 3
    assert "the same gradients: 2 more, which `--output-format json` shows\n" in text
    assert "also mends every parameter: net.py:9: without `dh_next = dz @ W_hh`\n" in text


def test_an_equivalent_edit_of_another_file_names_that_file(net, tmp_path):
    (tmp_path / "other.py").write_text(BACKWARD)
    one, other = patch_of(net, tmp_path / "other.py").edits
    patch = patch_of(net, tmp_path / "other.py", edits=(one,), equivalent=((other,),))
    assert "the same gradients: other.py:9: dh_next = dz @ W_hh.T\n" in shown(found(patch), tmp_path).decode()


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_the_diff_is_printed_to_the_letter(net, tmp_path, encoding):
    """Neither wrapped nor taken for markup, in the file's own encoding whatever the terminal's, with its own ends."""
    net.write_bytes(BACKWARD.replace("    return", f"{AWKWARD}\r\n\x0c\n    return").encode())
    (diff,) = patch_of(net).diffs(tmp_path)
    assert f" {AWKWARD}\r\n \x0c\n" in diff.text
    assert diff.text.encode() in shown(found(patch_of(net)), tmp_path, encoding=encoding)


def test_all_other_lines_fit_80_columns(net, tmp_path):
    points = tuple(f"seed {seed}, T = 5, H = 4, I = 3, O = 2, B = 2" for seed in range(6))
    repairs = [
        found(patch_of(net, points=points, findings=(FINDING,))),
        Repair(WRONG, Searched(tried=9, mended={"W_hh": 1}, stopped_by="time-limit", seconds=60.0)),
        Repair(WRONG, Searched(reason="the backward pass is no Python: it is a program that is asked for gradients")),
    ]
    for repair in repairs:
        assert max(map(len, shown(repair, tmp_path).decode().splitlines())) <= 80


def test_a_pipe_gets_no_escapes(net, tmp_path):
    assert b"\x1b" not in shown(found(patch_of(net, findings=(FINDING,))), tmp_path)


def test_a_terminal_gets_added_lines_in_green_and_dropped_ones_in_red(net, tmp_path):
    console = Console(file=io.StringIO(), force_terminal=True, color_system="standard", no_color=False, width=80)
    show_repair(found(patch_of(net)), console, folder=tmp_path, command=COMMAND)
    text = console.file.getvalue()
    assert "\x1b[31m-        dh_next = dz @ W_hh\x1b[0m\n" in text
    assert "\x1b[32m+        dh_next = dz @ W_hh.T\x1b[0m\n" in text
    assert "\x1b[1m--- a/net.py\x1b[0m\n" in text


def test_no_color_is_obeyed(net, tmp_path):
    console = Console(file=io.StringIO(), force_terminal=True, color_system="standard", no_color=True, width=80)
    show_repair(found(patch_of(net)), console, folder=tmp_path, command=COMMAND)
    assert patch_of(net).diffs(tmp_path)[0].text in console.file.getvalue()


def test_it_ends_with_the_commands_that_apply_it(net, tmp_path):
    text = shown(found(patch_of(net)), tmp_path).decode()
    assert text.endswith(f"\napply it: {COMMAND} --write\n      or: {COMMAND} | patch -p1\n")


def test_a_patch_that_was_written_says_so_instead(net, tmp_path):
    text = shown(found(patch_of(net)), tmp_path, written=["net.py"]).decode()
    assert text.endswith("\nwritten: net.py\n")
    assert "apply it" not in text


def test_the_diff_of_a_cell_is_not_offered_to_programs_that_know_no_cells(tmp_path):
    file = tmp_path / "net.ipynb"
    file.write_text(notebook_of(BACKWARD))
    text = shown(found(patch_of(file)), tmp_path).decode()
    assert f"apply it: {COMMAND} --write\n" in text
    assert "patch -p1" not in text
    assert "`patch` knows no cells" in text


def test_a_file_elsewhere_is_told_to_be_elsewhere(net, tmp_path):
    (tmp_path / "here").mkdir()
    text = shown(found(patch_of(net)), tmp_path / "here").decode()
    assert "the file lies outside the working directory" in " ".join(text.split())
    assert f"{COMMAND} | patch -p1 -d /\n" in text


def test_where_nothing_is_found_it_says_how_many_edits_were_tried_and_what_they_mended(tmp_path):
    text = words(shown(Repair(WRONG, Searched(tried=812, mended={"W_hh": 3}, seconds=8.0)), tmp_path))
    assert "no patch found: 812 edits were tried" in text
    assert "these are all edits that gradcheck-rnn knows" in text
    assert "mended by an edit, while others stay wrong: W_hh (3 edits)" in text
    assert "mended by no edit: W_xh" in text
    assert "help: dh_next = dz @ W_hh.T" in text


@pytest.mark.parametrize(
    ("stop", "says"),
    [
        ("time-limit", "the search ended at its time limit, after 60 s; `--time-limit` sets another one"),
        ("interrupted", "the search was interrupted after 60 s"),
    ],
)
def test_a_search_that_was_ended_does_not_claim_to_have_tried_all(tmp_path, stop, says):
    text = words(shown(Repair(WRONG, Searched(tried=5, seconds=60.0, stopped_by=stop)), tmp_path))
    assert says in text
    assert "these are all" not in text


def test_each_finding_that_is_repaired_is_named(net, tmp_path):
    other = Finding("missing-term", "", "the bias is not added")
    text = words(shown(found(patch_of(net, findings=(FINDING, other))), tmp_path))
    assert f"repairs untransposed-weight W_hh: {FINDING.message} repairs missing-term: the bias is not added" in text


def test_a_search_that_had_no_time_for_an_edit_says_how_much_it_takes(tmp_path):
    text = words(shown(Repair(WRONG, Searched(seconds=4.4, stopped_by="time-limit")), tmp_path))
    assert "no patch found: not one edit was tried" in text
    assert "before the first edit, which takes 4 s or more to come to" in text
    assert "`--time-limit 50`" in text
    assert "mended by no edit" not in text


def test_a_check_that_took_longer_than_the_search_is_told(tmp_path):
    searched = Searched(tried=5, seconds=10.0, stopped_by="time-limit", checked_in=150.0)
    text = words(shown(Repair(WRONG, searched), tmp_path))
    assert "at its time limit, after 10 s; `--time-limit` sets another one the check before it, whose time" in text
    assert "does not count, took 2 min" in text


def test_a_configuration_from_stdin_is_given_once_more(net, tmp_path):
    report = replace(WRONG, settings=replace(WRONG.settings, source="-"))
    text = shown(Repair(report, Searched((patch_of(net),), 812)), tmp_path).decode()
    assert f"apply it: {COMMAND} --write  # with the same configuration on stdin\n" in text
    assert f"      or: {COMMAND} | patch -p1  # with the same configuration on stdin\n" in text


def test_where_nothing_could_be_searched_it_says_why_and_shows_the_finding(tmp_path):
    text = words(shown(Repair(WRONG, Searched(reason="the backward pass is no Python")), tmp_path))
    assert "nothing could be searched: the backward pass is no Python" in text
    assert "tried" not in text
    assert "untransposed-weight W_hh" in text


def test_a_search_that_had_nothing_to_try_does_not_count_what_it_tried(tmp_path):
    text = words(shown(Repair(WRONG, Searched()), tmp_path))
    assert "there was nothing to edit" in text
    assert "0 edits" not in text


def test_a_right_gradient_has_nothing_to_repair(tmp_path):
    right = report_of([compared("W_xh")], outcome="pass")
    assert shown(Repair(right), tmp_path).decode().startswith("nothing to repair\nPASS all 40 entries agree")


def test_without_a_verdict_it_is_the_report_of_the_check(tmp_path):
    raised = Finding("raised", "gradients", "gradients raised ValueError")
    text = shown(Repair(replace(WRONG, outcome="error", findings=(raised,))), tmp_path).decode()
    assert "ERROR no verdict: raised" in text
    assert "gradients raised ValueError" in text


def test_the_command_can_be_typed_again():
    command = fix_command("my configs/net.yaml", ["sequence.length=3", "backward={adapter: a.py}"])
    assert command == (
        "gradcheck-rnn fix 'my configs/net.yaml' --set sequence.length=3 --set 'backward={adapter: a.py}'"
    )


def test_the_command_stands_on_one_line_of_any_terminal():
    console = Console(file=io.StringIO(), width=20)
    show_hint(WRONG, console, ["sequence.length=3"])
    assert console.file.getvalue() == "\ntry: gradcheck-rnn fix net.yaml --set sequence.length=3\n"


def hint(*findings):
    console = Console(file=io.StringIO(), width=80)
    show_hint(replace(WRONG, findings=findings), console, [])
    return console.file.getvalue()


def test_where_only_bounds_on_what_is_returned_are_found_fewer_steps_are_the_way():
    """A search would find nothing: below the bounds every gradient is right."""
    bounds = [Finding("clipped-gradient", term, "clipped at 5") for term in ("all", "W_xh")]
    assert "--set sequence.length=3" in hint(*bounds)
    assert all(
        "gradcheck-rnn fix" in hint(*some)
        for some in (
            [],
            [Finding("clipped-gradient", "dh_next", "clipped at 5")],
            [*bounds, Finding("sign-flip", "b_h", "negated")],
        )
    )
