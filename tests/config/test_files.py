"""Files and standard input that cannot be read say why; adapters must exist."""

import io
from pathlib import Path

import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.errors import UsageError


def refusal(source: str, **arguments: object) -> str:
    with pytest.raises(UsageError) as caught:
        load_settings(source, **arguments)
    return str(caught.value)


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_missing_file_suggests_the_one_beside_it(smallest):
    Path("configs").mkdir()
    Path("configs/elman.yaml").write_text(smallest)
    assert refusal("configs/elmann.yaml") == (
        "configs/elmann.yaml: error: cannot read `configs/elmann.yaml`: no such file\n"
        " = help: did you mean `configs/elman.yaml`?"
    )


def test_a_folder_is_no_configuration(smallest):
    Path("configs").mkdir()
    Path("configs/elman.yaml").write_text(smallest)
    assert refusal("configs") == (
        "configs: error: cannot read `configs`: it is a folder\n = help: name a file in it: `elman.yaml`"
    )


@pytest.mark.parametrize("source", ["a\0b", "x" * 5000, "net.yaml/deeper", "no/such/folder/net.yaml", ""])
def test_a_name_that_cannot_be_opened_is_located_by_itself(source):
    Path("net.yaml").touch()
    assert refusal(source).startswith(f"{source}: error: cannot read ")


def test_a_file_that_may_not_be_read_says_so(monkeypatch):
    def deny(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)
    assert refusal("net.yaml") == "net.yaml: error: cannot read `net.yaml`: permission denied"


def test_a_byte_that_is_not_utf_8_is_shown_at_its_place(smallest):
    Path("net.yaml").write_bytes(smallest.encode() + "# é ".encode() + b"caf\xe9\n")
    assert refusal("net.yaml") == (
        "net.yaml:8:8: error: byte 0xe9 is not UTF-8 text\n"
        "  |\n"
        "8 | # é caf\N{REPLACEMENT CHARACTER}\n"
        "  |        ^\n"
        "  = help: save the file as UTF-8"
    )


def test_utf_16_is_recognised(smallest):
    Path("net.yaml").write_bytes(smallest.encode("utf-16"))
    message = refusal("net.yaml")
    assert message.startswith("net.yaml:1:1: error: byte 0xff is not UTF-8 text\n")
    assert message.endswith("  = help: save the file as UTF-8, it looks like UTF-16")


def test_a_nul_character_is_shown_at_its_place(smallest):
    Path("net.yaml").write_text(smallest + "dtype: flo\0at\n")
    assert refusal("net.yaml") == (
        "net.yaml:8:11: error: the character U+0000 is not allowed\n"
        "  |\n"
        "8 | dtype: flo at\n"
        "  |           ^\n"
        "  = help: remove it"
    )


@pytest.mark.parametrize("name", ["my_rnn.py", "my_rnn.ipynb"])
def test_code_is_no_configuration(name):
    Path(name).write_text("import numpy as np\n")
    assert refusal(name) == (
        f"{name}: error: `{name}` is code, not a configuration\n = help: `gradcheck-rnn init {name}` writes one for it"
    )


def test_a_file_over_one_mebibyte_is_refused(smallest):
    Path("net.yaml").write_text(smallest + "#" * 2**20)
    assert refusal("net.yaml").splitlines()[0] == (
        "net.yaml: error: cannot read `net.yaml`: it is larger than 1 MiB, which is no configuration"
    )


def test_a_file_of_one_mebibyte_is_read(smallest):
    Path("net.yaml").write_text(smallest + "#" * (2**20 - len(smallest)))
    assert load_settings("net.yaml").seed == 7


def test_a_byte_order_mark_is_accepted(smallest):
    Path("net.yaml").write_bytes(b"\xef\xbb\xbf" + smallest.encode())
    assert load_settings("net.yaml").seed == 7


def test_the_source_is_kept_as_it_was_typed(smallest):
    Path("net.yaml").write_text(smallest)
    assert load_settings(".//net.yaml").source == ".//net.yaml"


def test_standard_input_is_read_for_a_dash(smallest):
    settings = load_settings("-", stdin=io.BytesIO(smallest.encode()))
    assert (settings.source, settings.seed) == ("-", 7)


def test_a_mistake_on_standard_input_is_located_there(smallest):
    message = refusal("-", stdin=io.BytesIO(smallest.replace("seed", "sead").encode()))
    assert message.startswith("<stdin>:7:1: error: unknown key `sead`\n")


def test_standard_input_that_is_not_there_is_a_mistake():
    assert refusal("-").startswith("<stdin>: error: cannot read `<stdin>`: there is no standard input")


def test_standard_input_that_is_closed_is_a_mistake():
    stream = io.BytesIO()
    stream.close()
    assert refusal("-", stdin=stream).startswith("<stdin>: error: cannot read `<stdin>`: i/o operation on closed file")


def test_an_adapter_is_relative_to_the_folder_of_its_configuration(smallest, tmp_path):
    Path("configs").mkdir()
    Path("configs/mine.py").touch()
    Path("configs/net.yaml").write_text(smallest + "backward: {adapter: mine.py}\n")
    assert load_settings("configs/net.yaml").backward.adapter == tmp_path.resolve() / "configs" / "mine.py"


def test_an_adapter_named_on_standard_input_is_relative_to_the_working_directory(smallest, tmp_path):
    Path("mine.py").touch()
    text = smallest + "backward: {adapter: mine.py}\n"
    adapter = load_settings("-", stdin=io.BytesIO(text.encode())).backward.adapter
    assert adapter == tmp_path.resolve() / "mine.py"


@pytest.mark.parametrize(
    ("adapter", "message", "mending"),
    [
        ("../code/mien.py", "no file `../code/mien.py`", "did you mean `../code/mine.py`?"),
        ("../code/x.py", "no file `../code/x.py`", "the folder holds `mine.py`, `other.py`"),
        ("../code", "`../code` is a folder", "relative paths start at `{here}/configs`"),
        ("mine.py", "no file `mine.py`", "relative paths start at `{here}/configs`"),
        ('"\\0"', "no file `\\x00`", "relative paths start at `{here}/configs`"),
        ('""', "expected the path of a file, got the text ``", None),
        ("3", "expected the path of a file, got the integer `3`", None),
    ],
)
def test_an_adapter_that_is_not_there_is_a_mistake(smallest, tmp_path, adapter, message, mending):
    Path("configs").mkdir()
    Path("code").mkdir()
    Path("code/mine.py").touch()
    Path("code/other.py").touch()
    Path("configs/net.yaml").write_text(smallest + f"backward: {{adapter: {adapter}}}\n")
    lines = refusal("configs/net.yaml").splitlines()
    assert lines[0] == f"configs/net.yaml:8:21: error: `adapter`: {message}"
    expected = f"  = help: {mending.format(here=tmp_path.resolve())}" if mending else lines[-1]
    assert lines[-1] == expected
    assert lines[-1].startswith("  = help") is (mending is not None)


def test_an_adapter_whose_name_is_too_long_is_a_mistake(smallest):
    Path("net.yaml").write_text(smallest + f"backward: {{adapter: {'x' * 5000}}}\n")
    assert refusal("net.yaml").splitlines()[0] == (
        f"net.yaml:8:21: error: `adapter`: cannot open `{'x' * 57}...`: file name too long"
    )
