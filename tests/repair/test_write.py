"""Writing patches: whole or not at all, only into what was read, and nothing about a file changes but its text."""

import os
import stat
from pathlib import Path

import pytest

from gradcheck_rnn.repair.write import UnwrittenError, write_patch
from tests.repair.editing import BACKWARD, TRANSPOSE, notebook_of, patch_of

MENDED = BACKWARD.replace(*TRANSPOSE)


@pytest.fixture
def two(tmp_path):
    """Two files with the same mistake."""
    files = tmp_path / "one.py", tmp_path / "other.py"
    for file in files:
        file.write_text(BACKWARD)
    return files


def test_a_patch_is_written_into_all_of_its_files(two, tmp_path):
    assert write_patch(patch_of(*two)) == two
    assert [file.read_text() for file in two] == [MENDED, MENDED]
    assert sorted(tmp_path.iterdir()) == sorted(two)


@pytest.mark.parametrize("mode", [0o755, 0o600, 0o664])
def test_the_mode_stays(two, mode):
    two[0].chmod(mode)
    write_patch(patch_of(two[0]))
    assert stat.S_IMODE(two[0].stat().st_mode) == mode


def test_line_ends_and_a_byte_order_mark_stay(tmp_path):
    file = tmp_path / "net.py"
    file.write_bytes(b"\xef\xbb\xbf" + BACKWARD.replace("\n", "\r\n").encode())
    write_patch(patch_of(file))
    assert file.read_bytes() == b"\xef\xbb\xbf" + MENDED.replace("\n", "\r\n").encode()


def test_a_notebook_is_written_cell_and_all(tmp_path):
    file = tmp_path / "net.ipynb"
    file.write_text(notebook_of("a = 1", BACKWARD))
    write_patch(patch_of(file))
    assert file.read_text() == notebook_of("a = 1", MENDED)


def test_a_link_stays_one_and_what_it_leads_to_is_written(tmp_path):
    (tmp_path / "src").mkdir()
    file, link = tmp_path / "src" / "net.py", tmp_path / "link.py"
    file.write_text(BACKWARD)
    link.symlink_to("src/net.py")
    assert write_patch(patch_of(link)) == (file.resolve(),)
    assert link.readlink() == Path("src/net.py")
    assert file.read_text() == MENDED


def test_a_file_that_has_changed_since_is_refused_and_all_others_with_it(two, tmp_path):
    patch = patch_of(*two)
    two[1].write_text(f"{BACKWARD}\n")
    with pytest.raises(UnwrittenError, match="has changed since it was read") as refused:
        write_patch(patch)
    assert str(two[1]) in str(refused.value)
    assert [file.read_text() for file in two] == [BACKWARD, f"{BACKWARD}\n"]
    assert sorted(tmp_path.iterdir()) == sorted(two)


def test_a_file_that_has_gone_is_refused(two):
    patch = patch_of(two[0])
    two[0].unlink()
    with pytest.raises(UnwrittenError, match="no such file"):
        write_patch(patch)
    assert not two[0].exists()


def test_a_file_that_may_not_be_written_is_refused(two, monkeypatch):
    monkeypatch.setattr(os, "access", lambda file, _: Path(file) != two[1])
    with pytest.raises(UnwrittenError, match="may not be written to"):
        write_patch(patch_of(*two))
    assert two[0].read_text() == BACKWARD


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_where_the_second_file_cannot_be_replaced_the_first_gets_back_what_it_held(two, tmp_path, monkeypatch, error):
    replace = Path.replace

    def refusing(self, target):
        if target == two[1]:
            raise error
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refusing)
    with pytest.raises((UnwrittenError, KeyboardInterrupt)):
        write_patch(patch_of(*two))
    assert [file.read_text() for file in two] == [BACKWARD, BACKWARD]
    assert sorted(tmp_path.iterdir()) == sorted(two)


def test_what_cannot_be_written_whole_is_not_written(two, tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UnwrittenError, match="no space left on device"):
        write_patch(patch_of(*two))
    assert [file.read_text() for file in two] == [BACKWARD, BACKWARD]
    assert sorted(tmp_path.iterdir()) == sorted(two)


def test_files_that_are_not_edited_are_not_looked_at(two):
    patch = patch_of(*two, edits=patch_of(two[0]).edits)
    two[1].unlink()
    assert write_patch(patch) == (two[0],)
