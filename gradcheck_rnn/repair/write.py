"""Patches written into the user's files: whole or not at all, and only into what was read."""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from gradcheck_rnn.errors import Location, Mistake
from gradcheck_rnn.repair.value import Patch


class UnwrittenError(Exception):
    """A patch was not written: every file is as it was."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(mistake)
        self.mistake = mistake

    def __str__(self) -> str:
        return str(self.mistake)


def write_patch(patch: Patch) -> tuple[Path, ...]:
    """Write a patch into its files, links followed; mode, owner, encoding and line ends stay.

    Returns:
        The files that were written.
    Raises:
        UnwrittenError: a file has changed since it was read, or cannot be written.
    """
    edited = {edit.file for edit in patch.edits}
    originals = [each for each in patch.originals if each.file in edited]
    before = {each.file.resolve(): each.content for each in originals}
    after = {each.file.resolve(): each.edited_content(patch.edits) for each in originals}
    with _written_beside(after) as beside:
        for file, content in before.items():
            _refuse_changed(file, content)
        _put_in_place(beside, before)
    return tuple(before)


def _refuse_changed(file: Path, content: bytes) -> None:
    """Refuse to write over what was not read, or what nobody is to write over, though its folder may be written to."""
    if not os.access(file, os.W_OK):
        raise _unwritten(file, "may not be written to")
    try:
        has_changed = file.read_bytes() != content
    except OSError as error:
        raise _unwritten(file, f"cannot be read any more ({_words(error)})") from error
    if has_changed:
        raise _unwritten(file, "has changed since it was read", "run the command again, it reads the file anew")


@contextlib.contextmanager
def _written_beside(contents: Mapping[Path, bytes]) -> Iterator[Mapping[Path, Path]]:
    """Write each content into a temporary file beside its own; those that are left at the end are removed."""
    beside: dict[Path, Path] = {}
    try:
        for file, content in contents.items():
            try:
                beside[file] = _temporary(file)
                _fill(beside[file], content, like=file)
            except OSError as error:
                raise _unwritten(file, f"cannot be written ({_words(error)})") from error
        yield beside
    finally:
        for each in beside.values():
            each.unlink(missing_ok=True)


def _temporary(file: Path) -> Path:
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=".tmp")
    os.close(descriptor)
    return Path(name)


def _fill(temporary: Path, content: bytes, *, like: Path) -> None:
    """Write a content to the disk, with another file's owner and mode."""
    state = like.stat()
    with temporary.open("wb") as stream:
        stream.write(content)
        stream.flush()
        if hasattr(os, "chown"):
            with contextlib.suppress(PermissionError):  # another's file, in a folder of ours: it becomes ours
                os.chown(temporary, state.st_uid, state.st_gid)
        temporary.chmod(state.st_mode & 0o7777)
        os.fsync(stream.fileno())


def _put_in_place(beside: Mapping[Path, Path], before: Mapping[Path, bytes]) -> None:
    """Replace every file; if one cannot be, those before it get back what they held."""
    try:
        for file, temporary in beside.items():
            try:
                temporary.replace(file)
            except OSError as error:
                raise _unwritten(file, f"cannot be replaced ({_words(error)})") from error
    except BaseException:
        replaced = [file for file, temporary in beside.items() if not temporary.exists()]
        with _written_beside({file: before[file] for file in replaced}) as former:
            for file, temporary in former.items():
                temporary.replace(file)
        raise


def _unwritten(file: Path, reason: str, help_text: str = "every file is as it was") -> UnwrittenError:
    return UnwrittenError(Mistake(f"nothing was written: the file {reason}", help_text, Location(str(file))))


def _words(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
