"""A program that is asked one line at a time: started when it is needed, and given a limit for each answer."""

import codecs
import contextlib
import os
import selectors
import shlex
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from gradcheck_rnn.adapters.lifetime import current_lifetime, die_with_parent, how_it_ended

# bytes that are read or written at once: what a pipe holds on Linux
CHUNK = 65536
# bytes of the longest answer: more than ten million numbers
LONGEST = 2**28
# seconds after which a wait without a limit is begun anew: the system knows no endless ones
LOOK = 3600.0
# lines of its stderr that are kept for the finding, should it end
LAST_LINES = 12
# seconds within which a program that has closed its output is gone
DYING = 1.0


class ProgramError(Exception):
    """A program did not answer as it should; `kind` is that of the finding, `help` and `evidence` are its own."""

    def __init__(
        self, kind: str, message: str, *, help: str = "", evidence: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(message)
        self.kind, self.help, self.evidence = kind, help, dict(evidence or {})


class Program:
    """One program; what it writes on stderr is passed on to ours."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self.command, self.folder, self.name = list(command), folder, f"`{shlex.join(command)}`"
        self._lifetime = current_lifetime()
        self._lifetime.programs.append(self)
        self._lifetime.files.extend(_sources(command, folder))
        self._process: subprocess.Popen[bytes] | None = None
        self._begun: list[bytes] = []
        self._unread = b""
        self._words = codecs.getincrementaldecoder("utf-8")("replace")
        self._said: deque[str] = deque([""], maxlen=LAST_LINES)

    @property
    def runs(self) -> bool:
        """Whether it has been started, and not ended since."""
        return self._process is not None

    def start(self) -> None:
        """Start it in its folder.

        Raises:
            ProgramError: there is no such program or folder.
        """
        try:
            self._process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                preexec_fn=die_with_parent,
            )
        except OSError as error:
            raise self._not_started(error) from error
        self._begun, self._unread, self._said = [], b"", deque([""], maxlen=LAST_LINES)
        for number in self._numbers():
            os.set_blocking(number, False)

    def end(self) -> None:
        """End it at once, if it runs: between two questions it has nothing left to do."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()

    def answer(self, line: bytes, question: str) -> str:
        """Write a line and return the next one that it writes; both are read and written side by side.

        Args:
            line: what is asked, with its line break.
            question: what to call it where there is no answer.
        Raises:
            ProgramError: it ended, or was silent for longer than the limit; then it runs no more.
        """
        if (early := self._whole_line(self._unread, question)) is not None:
            return early
        until = time.monotonic() + self._lifetime.limit
        given, taken, told = self._numbers()
        with selectors.DefaultSelector() as selector:
            selector.register(given, selectors.EVENT_WRITE)
            selector.register(taken, selectors.EVENT_READ)
            selector.register(told, selectors.EVENT_READ)
            unsent = memoryview(line)
            while True:
                left = until - time.monotonic()
                if left <= 0:
                    raise self._silent(question)
                for key, _ in selector.select(min(left, LOOK)):
                    if key.fd == given:
                        unsent = _written(given, unsent)
                        if not unsent:
                            selector.unregister(given)
                    elif key.fd == told:
                        if not self._pass_on(told):
                            selector.unregister(told)
                    elif (found := self._read_line(taken, question)) is not None:
                        self._pass_on(told)
                        return found

    def _numbers(self) -> tuple[int, int, int]:
        """The file descriptors of its input, output and stderr."""
        if self._process is None:
            raise ValueError("the program does not run")
        stdin, stdout, stderr = self._process.stdin, self._process.stdout, self._process.stderr
        if stdin is None or stdout is None or stderr is None:
            raise ValueError("the program's streams are no pipes")
        return stdin.fileno(), stdout.fileno(), stderr.fileno()

    def _read_line(self, number: int, question: str) -> str | None:
        """Read what is there; a whole line, or None while its end is missing."""
        chunk = os.read(number, CHUNK)
        if not chunk:
            raise self._ended(question)
        return self._whole_line(chunk, question)

    def _whole_line(self, chunk: bytes, question: str) -> str | None:
        """Add to the line that has begun; return it when it is whole, and keep what follows."""
        head, line_break, self._unread = chunk.partition(b"\n")
        self._begun.append(head)
        if line_break:
            line, self._begun = b"".join(self._begun), []
            return line.decode(errors="replace")
        if sum(map(len, self._begun)) > LONGEST:
            self.end()
            raise ProgramError("raised", f"{self.name}, asked for {question}, wrote {LONGEST} bytes with no line break")
        return None

    def _pass_on(self, number: int) -> bool:
        """Write to our stderr what it has written to its own; False where that is closed."""
        try:
            while chunk := os.read(number, CHUNK):
                text = self._words.decode(chunk)
                sys.stderr.write(text)
                first, *lines = text.split("\n")
                self._said[-1] += first
                self._said.extend(lines)
        except BlockingIOError:
            return True
        return False

    def _ended(self, question: str) -> ProgramError:
        if self._process is None:
            raise ValueError("the program does not run")
        code: int | None = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self._process.wait(DYING)
        self._pass_on(self._numbers()[2])
        self.end()
        how = "closed its output" if code is None else f"{'ended' if code >= 0 else 'was'} {how_it_ended(code)}"
        evidence = {"exit_code": code} | self._last_words()
        help_text = 'catch what goes wrong and answer {"id": ..., "error": "..."}: then the program goes on'
        return ProgramError("crashed", f"{self.name}, asked for {question}, {how}", help=help_text, evidence=evidence)

    def _silent(self, question: str) -> ProgramError:
        self.end()
        limit = self._lifetime.limit
        return ProgramError(
            "timed-out",
            f"{self.name}, asked for {question}, was silent for {limit:g} s and was ended",
            help="flush stdout after each answer, and read no further than the line; `check.timeout` allows more",
            evidence={"timeout": limit} | self._last_words(),
        )

    def _last_words(self) -> dict[str, object]:
        said = "\n".join(self._said).strip()
        return {"traceback": said} if said else {}

    def _not_started(self, error: OSError) -> ProgramError:
        if not self.folder.is_dir():
            message, help_text = f"there is no folder {self.folder}", "`folder` counts from the adapter's own folder"
        elif isinstance(error, FileNotFoundError):
            message, help_text = f"there is no program `{self.command[0]}`", "install it, or give its whole path"
        else:
            message, help_text = f"{self.name} cannot be started: {error.strerror}", "is it an executable file?"
        return ProgramError("raised", message, help=help_text)


def _written(number: int, unsent: memoryview) -> memoryview:
    """Write what the pipe takes and return the rest; nothing is left for a program that reads no more."""
    try:
        return unsent[os.write(number, unsent[:CHUNK]) :]
    except BlockingIOError:
        return unsent
    except BrokenPipeError:
        return unsent[:0]


def _sources(command: Sequence[str], folder: Path) -> set[Path]:
    """Files that a command names, interpreters left out, and those beside them that are of the same kind."""
    words = command[1:] if Path(command[0]).is_absolute() else command
    named = [folder / word for word in words if _is_file(folder / word)]
    return {*named, *(file for each in named if each.suffix for file in each.parent.glob(f"*{each.suffix}"))}


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a word that is too long for a name
        return False
