"""The file of a journal: whole after a kill at any moment, refused where a byte is missing or differs."""

import os
from contextlib import contextmanager

import pytest

from gradcheck_rnn.journal.digest import digest
from gradcheck_rnn.journal.rows import FIRST_ROW, DamagedError, ForeignError, Rows

KEYS = [digest(k) for k in range(3)]
CONTENTS = [b"first", b"", b"x" * 100]


@contextmanager
def rows(path):
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        yield Rows(descriptor)
    finally:
        os.close(descriptor)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "journal"
    with rows(path) as begun:
        for key, content in zip(KEYS, CONTENTS, strict=True):
            begun.add(key, content)
    return path


def held(path) -> list[bytes | None]:
    with rows(path) as here:
        return [here.read(key) if key in here else None for key in KEYS]


def refused_untouched(path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises((DamagedError, ForeignError)) as caught, rows(path):
        pass
    assert path.read_bytes() == content
    return str(caught.value)


def test_rows_are_there_when_the_file_is_opened_again(file):
    assert held(file) == CONTENTS


def test_rows_can_be_added_later(tmp_path):
    for key, content in zip(KEYS, CONTENTS, strict=True):
        with rows(tmp_path / "journal") as here:
            here.add(key, content)
    assert held(tmp_path / "journal") == CONTENTS


def test_an_empty_file_becomes_a_journal(tmp_path):
    (tmp_path / "journal").touch()
    with rows(tmp_path / "journal") as here:
        here.add(KEYS[0], b"first")
    assert held(tmp_path / "journal") == [b"first", None, None]


def test_a_file_cut_short_by_any_number_of_bytes_is_refused(file):
    whole = file.read_bytes()
    for length in range(1, len(whole)):
        refused_untouched(file, whole[:length])


def test_a_byte_that_differs_anywhere_is_refused(file):
    whole = file.read_bytes()
    for place in range(len(whole)):
        turned = bytearray(whole)
        turned[place] ^= 1 << place % 8
        refused_untouched(file, bytes(turned))


def test_where_it_is_damaged_is_told(file):
    whole = bytearray(file.read_bytes())
    assert refused_untouched(file, whole[:-1]) == f"it ends after {len(whole) - 1} of {len(whole)} bytes"
    whole[-1] ^= 1
    assert refused_untouched(file, whole) == f"the row at byte {len(whole) - 100 - 76} differs from its checksum"


@pytest.mark.parametrize("rest", [b"\n", b"r\n", b"garbage" * 3, b"garbage" * 100, bytes(1000)])
def test_what_no_check_wrote_behind_the_last_row_is_refused(file, rest):
    assert refused_untouched(file, file.read_bytes() + rest).startswith("something else")


@pytest.mark.parametrize("content", [b"notes", b"SQLite format 3\0" + bytes(4080), bytes(100), b"\n", b"gradcheck_rnn"])
def test_another_file_is_refused(tmp_path, content):
    refused_untouched(tmp_path / "journal", content)


def test_another_version_of_the_format_is_told_from_damage(file):
    said = refused_untouched(file, file.read_bytes().replace(b"journal 1", b"journal 2", 1))
    assert said == "it was written by another version of gradcheck-rnn"


def written(path, monkeypatch) -> list[tuple[int, bytes]]:
    """What adding a row writes, and where, in order."""
    seen = []
    really = os.pwrite

    def noted(descriptor, content, at):
        seen.append((at, bytes(content)))
        return really(descriptor, content, at)

    with monkeypatch.context() as patch, rows(path) as here:
        patch.setattr(os, "pwrite", noted)
        here.add(digest("last"), b"a longer row than those before it" * 9)
    return seen


def test_a_kill_after_any_byte_that_is_written_loses_no_more_than_that_row(file, monkeypatch):
    """The mark is one write of less than a block, which the system does as a whole."""
    before = file.read_bytes()
    (row_at, row), (mark_at, mark) = written(file, monkeypatch)
    assert (row_at, mark_at + len(mark)) == (len(before), FIRST_ROW)
    for length in range(len(row) + 1):
        file.write_bytes(before + row[:length])
        assert held(file) == CONTENTS
    file.write_bytes(before[:mark_at] + mark + before[FIRST_ROW:] + row)
    with rows(file) as here:
        assert here.read(digest("last")).startswith(b"a longer row")


def test_a_shorter_row_after_a_kill_leaves_nothing_of_the_longer_one(file, monkeypatch):
    before = file.read_bytes()
    (_, row), _ = written(file, monkeypatch)
    file.write_bytes(before + row[:-1])
    with rows(file) as here:
        here.add(digest("last"), b"short")
    size = len(file.read_bytes())
    with rows(file) as here:
        assert here.read(digest("last")) == b"short"
    assert size == len(before) + 76 + len(b"short")


def test_a_row_that_cannot_be_written_leaves_those_before_it(file, monkeypatch):
    really = os.pwrite

    def full(descriptor, content, at):
        if at == 0 or at < FIRST_ROW:
            return really(descriptor, content, at)
        really(descriptor, content[:10], at)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, rows(file) as here:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(OSError, match="No space"):
            here.add(digest("last"), b"content")
        patch.undo()
        assert here.read(KEYS[2]) == CONTENTS[2]
        here.add(digest("later"), b"content")
    assert held(file) == CONTENTS
