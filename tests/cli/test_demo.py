"""The command `demo`: the story in any terminal, faults by any spelling, the list."""

import os
import re
import subprocess
import sys

import pytest

from gradcheck_rnn.cells.catalogue import Variant, cell_called
from gradcheck_rnn.cells.structure import Structure
from gradcheck_rnn.cli import demo as command
from gradcheck_rnn.faults.library import LOSSES, STEPS, fault_names, names_for
from gradcheck_rnn.pipeline.demo.nets import demo_names
from gradcheck_rnn.pipeline.demo.stages import FAMILIES
from tests.cli.running import COMMAND, PATIENCE, clean_environment, run, run_on_terminal

ESCAPE = re.compile(r"\x1b\[([0-9;]*)m")
# parts of the first story, in the order in which they are told
FIRST_STORY = (
    r"^    T = 1   pass    all 296 entries agree$",
    r"^    T = 2   FAIL    W_xh and b_h are wrong$",
    r"^W_hh .* FAIL +$",
    r"^FAIL 3 of 5 parameters are wrong: W_xh, W_hh, b_h ",
    r"^t = 1 .* x =$",
    r"^parameter +right code +cut after 4 steps +your code$",
    r"^W_hh +\S+  FAIL +\S+  FAIL +\S+  FAIL$",
    r"^gradcheck-rnn +pass +FAIL +FAIL$",
    r"^It calls right code wrong, a false alarm: W_hh\[",
    r"^It is blind: ",
    r"^Your code fails in W_xh and b_h, apart from what fails in right code too\.",
    r"^untransposed-weight W_hh: ",
    r"next best,",
    r"^    - dh_next = dz @ W_hh$",
    r"^    \+ dh_next = dz @ W_hh\.T$",
    r"^W_hh .* pass +$",
    r"^PASS all 296 entries agree ",
    r"^--- a/net\.py\n\+\+\+ b/net\.py\n@@ ",
    r"^-        dh_next = dz @ W_hh\n\+        dh_next = dz @ W_hh\.T$",
    r"^\d+ edits were tried\. With this patch all 5 gradients pass ",
    r"^gradcheck-rnn fix my\.yaml ",
)
# a story without a search, whose table has the rows of the first one
PLAIN = "sign-flip:dh_next"

# parts of the story of an LSTM
LSTM_STORY = (
    r"^An LSTM reads a sentence",
    r"^    a_f = x\[t\] @ W_xf \+ h\[t-1\] @ W_hf \+ b_f   f = sigmoid\(a_f\)$",
    r"^    c = f \* c\[t-1\] \+ i \* g$",
    r"h\[-1\] and c\[-1\] are 0\.",
    r"da_i is the error at a_i, da_f that at a_f",
    r"^    T = 1   pass    all 774 entries agree$",
    r"^    T = 2   FAIL    W_xi, b_i, W_xf and 6 more are wrong$",
    r"^FAIL 12 of 14 parameters are wrong: ",
    r"The ways back through c and h have a map each",
    r"^chain map: .* through c ",
    r"^chain map: .* through h ",
    r"^It sees the cut: a gated cell keeps an error alive on its way back\.$",
    r"^missing-activation-derivative sigmoid' of f: ",
    r"^    da_f = df \* f \* \(1 - f\)",
    r"^PASS all 774 entries agree ",
    r"^gradcheck-rnn demo --list lstm ",
)


@pytest.fixture(scope="module")
def first_story(tmp_path_factory):
    """The story in a pipe, told in a folder that holds nothing."""
    return run("demo", cwd=tmp_path_factory.mktemp("empty"))


@pytest.fixture(scope="module")
def plain_story():
    """The story of a fault that no sample has, in a pipe."""
    return run("demo", PLAIN)


@pytest.fixture
def meant(run_here, monkeypatch):
    """The cell and fault that arguments are taken for, None where they are refused; nothing is computed."""

    def ask(*arguments):
        shown = []
        monkeypatch.setattr(command, "_show", lambda name, family, _: shown.append((family.name, name)))
        ended = run_here("demo", *arguments)
        assert ended.code == (0 if shown else 2)
        return shown[0] if shown else None

    return ask


def missing_part(text, parts):
    """The first of some patterns that does not follow those before it in a text."""
    at = 0
    for part in parts:
        found = re.compile(part, re.MULTILINE).search(text, at)
        if not found:
            return part
        at = found.end()
    return None


def test_the_story_is_told_in_order_and_needs_no_file(first_story):
    assert (first_story.code, first_story.err) == (0, "")
    assert missing_part(first_story.out, FIRST_STORY) is None


@pytest.mark.campaign
def test_the_story_of_an_lstm_has_its_equations_and_both_its_maps_in_80_columns(run_here):
    ended = run_here("demo", "lstm")
    assert (ended.code, ended.err) == (0, "")
    assert missing_part(ended.out, LSTM_STORY) is None
    assert max(map(len, ended.out.splitlines())) <= 80


def test_in_a_pipe_the_story_fits_80_columns_and_has_no_escapes(first_story):
    assert max(map(len, first_story.out.splitlines())) <= 80
    assert "\x1b" not in first_story.out


@pytest.mark.campaign
def test_an_ascii_output_gets_the_same_story_down_to_the_patch(first_story):
    ended = run("demo", environment={"PYTHONIOENCODING": "ascii"})
    assert (ended.code, ended.err) == (0, "")
    shades = str.maketrans("░▒▓█", ".:*#")
    assert ended.out.replace("+-", "±").split() == first_story.out.translate(shades).split()


def test_the_lesson_is_written_as_a_page_and_the_story_is_told_all_the_same(run_here, tmp_path, plain_story):
    page = tmp_path / "a lesson.html"
    ended = run_here("demo", PLAIN, "--report", f"html={page}")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == plain_story.out
    text = page.read_text(encoding="utf-8")
    assert missing_part(text, (r">right code<", r">missing-term dh_next<", r">sign-flip dh_next<")) is None
    assert f"gradcheck-rnn demo elman {PLAIN} --report &#39;html=a lesson.html&#39;" in text


@pytest.mark.parametrize("report", ["pdf=lesson.pdf", "html", "html=", "html=no folder/lesson.html", "html=."])
def test_a_page_that_could_not_be_written_is_refused_before_anything_is_told(report, meant):
    assert meant("--report", report) is None


def test_without_the_libraries_of_pages_the_command_says_how_to_install_them(run_here, monkeypatch, tmp_path):
    monkeypatch.setattr("gradcheck_rnn.cli.further.find_spec", lambda name: None if name == "jinja2" else object())
    ended = run_here("demo", "--report", f"html={tmp_path / 'lesson.html'}")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        "error: a report as html needs jinja2, not installed here\n  = help: pip install 'gradcheck-rnn[plot]'\n"
    )


def test_a_story_that_no_sample_is_for_ends_with_the_corrected_line_and_the_command(plain_story):
    parts = [r"^7\. The corrected line$", r"^8\. The corrected code$", r"^gradcheck-rnn fix my\.yaml "]
    assert missing_part(plain_story.out, parts) is None
    assert "The patch" not in plain_story.out


def test_a_terminal_gets_colours_and_the_same_words(plain_story):
    shown = run_on_terminal("demo", PLAIN, columns=80).out
    assert {"32", "1;31"} <= set(ESCAPE.findall(shown))
    assert ESCAPE.sub("", shown).split() == plain_story.out.split()


def test_no_color_is_obeyed():
    shown = run_on_terminal("demo", PLAIN, columns=80, environment={"NO_COLOR": "1"}).out
    numbers = [int(number) for match in ESCAPE.findall(shown) for number in match.split(";") if number]
    assert [number for number in numbers if 30 <= number <= 49 or 90 <= number <= 107] == []


def test_nothing_is_cut_on_a_narrow_terminal():
    shown = ESCAPE.sub("", run_on_terminal("demo", PLAIN, columns=50).out)
    assert "…" not in shown
    assert re.search(r"^W_hh +\S+  FAIL +\S+  FAIL +\S+  FAIL$", shown, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("truncated-chain:4", "No length up to 6 shows anything at these weights."),
        ("missing-target:dy", "It fails with one step already"),
        ("truncated-chain:2", "It is right for up to 3 steps and wrong\nfor 4."),
        ("missing-gradient:W_hy", "So the chain itself is right."),
        ("clipped-gradient:dh_next", "It passes the right code, as it should."),
        ("error-at-every-step:dy", "tags the whole sentence at its last word"),
        ("scaled-gradient:B", "It\nreads 3 sentences at a time."),
        ("missing-term:dz in dx", "each a vector of 12 numbers, whose gradient is checked too"),
        ("untransposed-weight:W_hr", "dh_next = da_z @ W_hz.T + da_r @ W_hr + dq * r + dh * z"),
    ],
)
def test_the_story_of_another_fault_says_what_is_so_for_it(name, says, run_here, monkeypatch):
    # the search has tests of its own
    monkeypatch.setattr("gradcheck_rnn.pipeline.demo.patch.find_patch", lambda *_, **__: None)
    ended = run_here("demo", name)
    assert (ended.code, ended.err) == (0, "")
    assert " ".join(says.split()) in " ".join(ended.out.split())
    assert f"\n{name.replace(':', ' ')}: " in ended.out
    assert max(map(len, ended.out.splitlines())) <= 80


def test_a_fault_with_another_ones_gradients_is_told_under_both_names(run_here):
    out = run_here("demo", "skipped-step:W_hh").out
    assert "\nmissing-initial-state h[t-1]: " in out
    assert "You asked for skipped-step W_hh." in out


@pytest.mark.parametrize("name", demo_names())
def test_every_name_means_itself(name, meant):
    assert meant(name) == meant(*name.replace(":", " ", 1).split()) == ("elman", name)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_no_two_names_are_the_same_to_a_careless_typist(family):
    names = demo_names(family)
    assert len({command._plain(name) for name in names}) == len(names)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ([], "untransposed-weight:W_hh"),
        (["bypassed-activation"], "bypassed-activation:dh_next"),
        (["Untransposed_Weight", "w_hh"], "untransposed-weight:W_hh"),
        (["missing-activation-derivative", "tanh", "of", "dh_next"], "missing-activation-derivative:tanh' of dh_next"),
        (["wrong-time-index:ht-1"], "wrong-time-index:h[t-1]"),
        ([" sign-flip : dh_next "], "sign-flip:dh_next"),
        (["truncated-chain 3"], "truncated-chain:3"),
    ],
)
def test_a_name_may_be_typed_carelessly(typed, name, meant):
    assert meant(*typed) == ("elman", name)


@pytest.mark.parametrize(
    ("typed", "cell", "name"),
    [
        (["lstm"], "lstm", "missing-activation-derivative:sigmoid' of f"),
        (["gru"], "gru", "missing-term:r * dq in dh_next"),
        (["missing-term:dc_next"], "lstm", "missing-term:dc_next"),
        (["missing-term", "F", "in", "dc_next"], "lstm", "missing-term:f in dc_next"),
        (["untransposed-weight:W_hr"], "gru", "untransposed-weight:W_hr"),
        (["LSTM", "sign-flip", "dh_next"], "lstm", "sign-flip:dh_next"),
        (["gru", "missing-term:dh_next"], "gru", "missing-term:dh_next"),
        (["elman", "missing-term:dh_next"], "elman", "missing-term:dh_next"),
        (["missing-term:dh_next"], "elman", "missing-term:dh_next"),
        (["lstm truncated-chain:2"], "lstm", "truncated-chain:2"),
    ],
)
def test_a_fault_is_shown_on_the_cell_that_is_named_or_the_first_that_has_it(typed, cell, name, meant):
    assert meant(*typed) == (cell, name)


@pytest.mark.parametrize(
    ("typed", "help_text"),
    [
        (["untransposed-wieght:W_hh"], "did you mean `untransposed-weight:W_hh`?"),
        (["tanh"], "`gradcheck-rnn demo --list` shows all"),
        (["wrapped-index:h[t+1]"], "did you mean `wrapped-index:h[t-1]`?"),
        (["untransposed-weight"], "add one of `W_hh`, `W_hy`"),
        (["truncated-chain:0"], "there are truncated-chain:1 to truncated-chain:7"),
        (["truncated-chain:8"], "there are truncated-chain:1 to truncated-chain:7"),
        (["--list", "lsmt"], "did you mean `lstm`?"),
        (["--list", "gru", "sing-flip"], "did you mean `sign-flip`?"),
        (["missing-term:f in dc_nxet"], "did you mean `missing-term:f in dc_next`?"),
        (["gru", "missing-term:dc_next"], "did you mean `missing-term:"),
        (["swapped-gates"], "`i in dg`, `W_ho`, `tanh(c) in do`, ...; `gradcheck-rnn demo --list lstm swapped-gates`"),
        (["x" * 1000], "`gradcheck-rnn demo --list` shows all"),
    ],
)
def test_a_name_that_is_none_is_a_mistake_with_help(typed, help_text, run_here):
    ended = run_here("demo", *typed)
    assert (ended.code, ended.out) == (2, "")
    assert help_text in ended.err


def test_the_list_has_every_fault_under_its_kind_in_80_columns():
    ended = run("demo", "--list")
    assert (ended.code, ended.err) == (0, "")
    assert max(map(len, ended.out.splitlines())) <= 80
    blocks = [block.splitlines() for block in ended.out.split("\n\n")[1:-1]]
    listed = {f"{block[0]}:{line[2:26].strip()}" for block in blocks for line in block[1:] if line[2:26].strip()}
    assert listed == {*fault_names(), "truncated-chain:1 to 7"}


# what may stand before the terms of a line of a list
HEADING = re.compile(r"(needs (h = o \* c, )?.*?|one gradient): ")
VARIANTS = {
    "lstm": [
        Variant(lstm_output=output, peepholes=peepholes, coupled=coupled)
        for output in ("tanh", "identity")
        for peepholes in (False, True)
        for coupled in (False, True)
    ],
    "gru": [
        *(Variant(reset=reset, keeps=keeps) for reset in ("before", "after") for keeps in ("z", "1-z")),
        Variant(reset="after", recurrent_bias=True),
    ],
}


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_list_of_a_gated_cell_has_every_fault_of_every_variant_in_80_columns(cell, run_here):
    ended = run_here("demo", "--list", cell)
    assert (ended.code, ended.err) == (0, "")
    assert max(map(len, ended.out.splitlines())) <= 80
    listed = set()
    for block in ended.out.split("\n\n")[1:-2]:
        kind, *lines = block.splitlines()
        # a line that goes on is indented further
        groups = re.split(r"\n  (?! )", "\n" + "\n".join(lines))[1:]
        terms = [HEADING.sub("", " ".join(group.split()), count=1).split(", ") for group in groups]
        listed |= {f"{kind}:{term}" for each in terms for term in each}
    everything = {"biases": True, "learned": True, "outputs": True, "inputs": True, "batched": True}
    assert listed == {
        name
        for variant in VARIANTS[cell]
        for loss in LOSSES
        for steps in STEPS
        for name in names_for(Structure(cell_called(cell, variant)), loss=loss, steps=steps, **everything)
    }


def test_the_list_of_one_kind_says_what_each_fault_is(run_here):
    out = run_here("demo", "--list", "lstm", "swapped-gates").out
    assert re.search(r"^  f in dc_next +dc_next is multiplied by \S+, not by f$", out, re.MULTILINE)
    assert re.search(r"^  p_i in dc_next .*\n +needs peepholes$", out, re.MULTILINE)
    assert "missing-term" not in out
    assert max(map(len, out.splitlines())) <= 80


def test_the_list_says_what_a_fault_needs():
    lines = run("demo", "--list").out.splitlines()
    at = lines.index("error-at-every-step")
    assert lines[at + 1].split()[:4] == ["dy", "dy", "is", "injected"]
    assert lines[at + 3].strip() == "needs a loss on the last step only"


@pytest.mark.parametrize("cell", ["elman", "lstm"])
def test_the_list_needs_no_numpy(cell):
    script = f"""
import sys
from gradcheck_rnn.cli import main
try:
    main(["demo", "--list", "{cell}"])
finally:
    print([name for name in ("numpy", "rich") if name in sys.modules], file=sys.stderr)
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=PATIENCE, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"[]\n")


@pytest.mark.parametrize("arguments", [[PLAIN], ["--list"]])
def test_a_reader_may_leave(arguments):
    """As in `gradcheck-rnn demo | head -1`."""
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen(
        [*COMMAND, "demo", *arguments],
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=writing,
        stderr=subprocess.PIPE,
    )
    os.close(writing)
    _, said = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said) == (0, b"")


def test_a_shell_completes_faults():
    asked = {"_GRADCHECK_RNN_COMPLETE": "fish_complete", "COMP_WORDS": "gradcheck-rnn demo err", "COMP_CWORD": "err"}
    assert run(environment=asked).out.split() == ["plain,error-at-every-step:dy"]
