"""The journal's file: rows of a key and bytes, appended one by one, each with its checksum.

    magic | mark: bytes that count, checksum | row | row | ...      row: head (word, length, key, checksums) | bytes

A row is written behind the last one and counts from the moment at which the mark says so, one small write. So a
process that is killed leaves a file that is whole: at most a row, or the beginning of one, stands behind the mark. A
file that is shorter than its mark, or has a row that differs from its checksum, is damaged.
"""

import os
import struct
from collections.abc import Iterator
from hashlib import blake2b

from gradcheck_rnn.journal.digest import DIGEST_SIZE

MAGIC = b"gradcheck_rnn journal 1\n"
# what every version of this format begins with
FAMILY = b"gradcheck_rnn journal "
CHECKSUM_SIZE = 16
LENGTH = struct.Struct("<Q")
FIRST_ROW = len(MAGIC) + LENGTH.size + CHECKSUM_SIZE
WORD = b"row\n"
HEAD = struct.Struct(f"<{len(WORD)}sQ{DIGEST_SIZE}s{CHECKSUM_SIZE}s")
HEAD_SIZE = HEAD.size + CHECKSUM_SIZE


class ForeignError(Exception):
    """The file is no journal, or one of another version; the message says which."""


class DamagedError(Exception):
    """The file was a journal; the message says where it no longer is."""


class Rows:
    """The rows of an open file, which this object alone writes to.

    Args:
        descriptor: of a regular file, open for reading and writing; an empty one becomes a journal.
    Raises:
        ForeignError, DamagedError: it is no whole journal; it has not been written to.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        content = _read_all(descriptor)
        self._places = dict(_places(content)) if content else {}
        self._end = _marked(content) if content else FIRST_ROW
        if not content:
            os.pwrite(descriptor, MAGIC + _mark(FIRST_ROW), 0)

    def __contains__(self, key: bytes) -> bool:
        return key in self._places

    def read(self, key: bytes) -> bytes:
        """Return what was written under a key."""
        start, length = self._places[key]
        return os.pread(self._descriptor, length, start)

    def add(self, key: bytes, content: bytes) -> None:
        """Append a row; it is on disk on return.

        Raises:
            OSError: it cannot be written; the rows before it are whole.
        """
        start, row = self._end, _head(key, content) + content
        os.ftruncate(self._descriptor, start)  # a killed process may have left a longer row there
        _write(self._descriptor, row, start)
        _sync(self._descriptor)  # a mark must never be on disk before its row
        _write(self._descriptor, _mark(start + len(row)), len(MAGIC))
        self._end = start + len(row)
        self._places[key] = (start + HEAD_SIZE, len(content))


def _read_all(descriptor: int) -> bytes:
    pieces, start = [], 0
    while piece := os.pread(descriptor, 1 << 24, start):
        pieces.append(piece)
        start += len(piece)
    return b"".join(pieces)


def _places(content: bytes) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Key, first byte and length of each row.

    Raises:
        ForeignError, DamagedError: the content is no whole journal.
    """
    end, at = _marked(content), FIRST_ROW
    while at < end:
        key, length, checksum = _read_head(content, at)
        row = content[at + HEAD_SIZE : at + HEAD_SIZE + length]
        if at + HEAD_SIZE + length > end or _checksum(row) != checksum:
            raise DamagedError(f"the row at byte {at} differs from its checksum")
        yield key, (at + HEAD_SIZE, length)
        at += HEAD_SIZE + length
    _refuse_foreign_rest(content, end)


def _marked(content: bytes) -> int:
    """How many bytes count."""
    if not content.startswith(MAGIC):
        if content.startswith(FAMILY):
            raise ForeignError("it was written by another version of gradcheck-rnn")
        if MAGIC.startswith(content):
            raise DamagedError(f"it ends after {len(content)} bytes")
        raise ForeignError("it is no journal of gradcheck-rnn")
    mark = content[len(MAGIC) : FIRST_ROW]
    if len(mark) < FIRST_ROW - len(MAGIC):
        raise DamagedError(f"it ends after {len(content)} bytes")
    (end,) = LENGTH.unpack(mark[: LENGTH.size])
    if mark != _mark(end):
        raise DamagedError("its length differs from its checksum")
    if len(content) < end:
        raise DamagedError(f"it ends after {len(content)} of {end} bytes")
    return int(end)


def _read_head(content: bytes, at: int) -> tuple[bytes, int, bytes]:
    """Key, length and checksum of the row that begins at a byte."""
    head = content[at : at + HEAD.size]
    if len(head) < HEAD.size or content[at + HEAD.size : at + HEAD_SIZE] != _checksum(head):
        raise DamagedError(f"the row at byte {at} differs from its checksum")
    _, length, key, checksum = HEAD.unpack(head)
    return key, length, checksum


def _refuse_foreign_rest(content: bytes, end: int) -> None:
    """Refuse what stands behind the mark, unless a process that was killed left it: a row, or the beginning of one."""
    rest = content[end:]
    if len(rest) < HEAD_SIZE:
        is_ours = rest[: len(WORD)] == WORD[: len(rest)]
    else:
        head = rest[: HEAD.size]
        is_ours = rest[HEAD.size : HEAD_SIZE] == _checksum(head) and len(rest) <= HEAD_SIZE + HEAD.unpack(head)[1]
    if not is_ours:
        raise DamagedError(f"something else was written behind its last row, at byte {end}")


def _mark(end: int) -> bytes:
    length = LENGTH.pack(end)
    return length + _checksum(MAGIC + length)


def _head(key: bytes, content: bytes) -> bytes:
    head = HEAD.pack(WORD, len(content), key, _checksum(content))
    return head + _checksum(head)


def _checksum(content: bytes) -> bytes:
    return blake2b(content, digest_size=CHECKSUM_SIZE).digest()


def _write(descriptor: int, content: bytes, at: int) -> None:
    while content:
        written = os.pwrite(descriptor, content, at)
        content, at = content[written:], at + written


def _sync(descriptor: int) -> None:
    getattr(os, "fdatasync", os.fsync)(descriptor)  # not every system has the former
