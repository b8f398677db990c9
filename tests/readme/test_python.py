"""What the README says of Python and of pytest is what happens."""

import contextlib
import importlib
import io
import re
import sys

import pytest

from gradcheck_rnn import check
from gradcheck_rnn.report.part import part_of
from gradcheck_rnn.report.words import summary
from tests.cli.running import CONFIGS, ROOT
from tests.readme.test_languages import comparable

README = (ROOT / "README.md").read_text()


def code_with(words):
    (found,) = [block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if words in block]
    return found


@pytest.fixture
def printed(tmp_path, monkeypatch):
    """The README's net imported from its text, which may be changed; what it prints."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "my_net", raising=False)

    def importing(change=lambda text: text):
        (tmp_path / "my_net.py").write_text(change(code_with("print(report)")))
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            importlib.import_module("my_net")
        return printed.getvalue()

    return importing


def test_the_code_for_python_prints_what_stands_below_it(printed):
    (shown,) = re.findall(r"print\(report\)\n```\n\n```text\n(.*?)```", README, re.DOTALL)
    assert comparable(shown) == comparable(printed())


def test_the_code_for_pytest_fails_with_that_net_and_ends_with_the_patch(printed, tmp_path, monkeypatch):
    printed()
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(code_with("import assert_gradients"), names)
    with pytest.raises(AssertionError, match="untransposed-weight W_hh") as caught:
        names["test_gradients"]()
    (shown,) = re.findall(r"```text\n(--- a/my_net.py\n.*?)```", README, re.DOTALL)
    _, _, patch = str(caught.value).partition("transpose\n\n")
    assert comparable(f"{patch}\n") == comparable(shown)


def test_the_code_that_searches_for_a_patch_prints_the_one_of_the_test(printed, tmp_path, monkeypatch):
    printed()
    monkeypatch.chdir(tmp_path)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(code_with("gradcheck_rnn.fix("), {})
    verdict, _, patch = out.getvalue().partition("\n\n")
    assert verdict == "gradients in my_net.py: FAIL 2 of 2 parameters are wrong: W_xh, W_hh (tolerance\n1e-06)"
    (shown,) = re.findall(r"```text\n(--- a/my_net.py\n.*?)```", README, re.DOTALL)
    assert comparable(patch) == comparable(shown)


def test_the_code_for_pytest_passes_with_the_transpose(printed):
    printed(lambda text: text.replace('dz @ p["W_hh"]', 'dz @ p["W_hh"].T'))
    names = {}
    exec(code_with("import assert_gradients"), names)
    names["test_gradients"]()


def test_the_summary_of_pytest_is_the_real_one():
    shown = re.findall(r"^FAILED \S+::(\w+) - (.*)\.\.\.$", README, re.MULTILINE)
    report = check(CONFIGS / "pos_tagger.yaml")
    assert [name for name, _ in shown] == [row.name for row in report.rows if row.verdict == "fail"]
    assert all(summary(part_of(report, name)).startswith(text) for name, text in shown)
