"""What user code can do to a check, as an exception that carries the finding; it travels between processes."""

import sysconfig
import traceback
from functools import lru_cache
from pathlib import Path
from types import TracebackType

from gradcheck_rnn.adapters.program import ProgramError
from gradcheck_rnn.errors import Location
from gradcheck_rnn.findings import Finding

PACKAGE = Path(__file__).resolve().parents[1]
STANDARD_LIBRARY = Path(sysconfig.get_paths()["stdlib"])


# exceptions that a wrong idea of the arguments gives
OF_SHAPES_AND_NAMES = (ValueError, IndexError, KeyError, AttributeError)
# frames of a traceback that are shown: the outermost and the innermost
SHOWN_FRAMES = 8
# modules of which it is remembered whether they are the user's
MODULES = 8192
SIGNATURES = {
    "loss": "loss(parameters, batch)",
    "losses": "losses(parameter_sets, batch)",
    "gradients": "gradients(parameters, batch)",
    "parameters": "parameters(rng) or parameters(rng, sizes)",
}


class UserCodeError(Exception):
    """User code did something after which there is no value to go on with."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding)
        self.finding = finding


def raised_finding(function: str, error: BaseException, given: str = "", *, apart: bool = True) -> Finding:
    """Describe an exception that came out of a function of the adapter, with the user's own frames only.

    `given` says what the function was called with, for errors that come of shapes and names; `apart` that it ran in a
    process of its own.
    """
    frames = _user_frames(error.__traceback__)
    own = [frame for frame in frames if is_users(Path(frame.filename))]
    location = Location(own[-1].filename, own[-1].lineno or 0, text=own[-1].line or "") if own else None
    if isinstance(error, SyntaxError) and error.filename:
        location = Location(error.filename, error.lineno or 0, text=(error.text or "").rstrip("\n"))
    if isinstance(error, ProgramError):
        return Finding(error.kind, function, str(error), help=error.help, evidence=error.evidence, location=location)
    called = "called sys.exit" if isinstance(error, SystemExit) else f"raised {type(error).__name__}"
    text = " ".join(_words(error).split())
    return Finding(
        kind="raised",
        term=function,
        message=f"{function} {called}" + (f": {text}" if text else ""),
        help=given if given and isinstance(error, OF_SHAPES_AND_NAMES) else _help_for(function, error, apart=apart),
        evidence={"traceback": _formatted(frames)},
        location=location,
    )


def _user_frames(trace: TracebackType | None) -> list[traceback.FrameSummary]:
    """Frames below our own: from the first one outside this package and the import system on."""
    frames = traceback.extract_tb(trace)
    own = [_is_ours(frame.filename) for frame in frames]
    first = own.index(False) if False in own else len(frames)
    return list(frames[first:])


def _words(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # the user's own __str__ may raise whatever it likes
        return ""


def _formatted(frames: list[traceback.FrameSummary]) -> str:
    """One line a frame, outermost first: place, function, source."""
    lines = [f"{frame.filename}:{frame.lineno} in {frame.name}: {frame.line or ''}" for frame in frames]
    if len(lines) > SHOWN_FRAMES:
        half = SHOWN_FRAMES // 2
        lines = [*lines[:half], f"... {len(lines) - 2 * half} more ...", *lines[-half:]]
    return "\n".join(lines)


def is_users(file: Path) -> bool:
    """Whether a file is the user's own: not this package's, the standard library's or an installed one."""
    return file.is_file() and not is_library(file)


def is_library(file: Path) -> bool:
    """Whether a file is this package's, the standard library's or an installed one, whether it is there or not."""
    installed = "site-packages" in file.parts or "dist-packages" in file.parts
    return installed or _is_ours(str(file)) or file.is_relative_to(STANDARD_LIBRARY)


@lru_cache(maxsize=MODULES)
def is_users_module(file: str) -> bool:
    """The same of a file that has been loaded, remembered: there may be thousands, asked for many times."""
    return is_users(Path(file))


def _is_ours(filename: str) -> bool:
    return filename.startswith("<frozen ") or Path(filename).resolve().is_relative_to(PACKAGE)


def _help_for(function: str, error: BaseException, *, apart: bool) -> str:
    if isinstance(error, EOFError) and apart:
        return "user code has no standard input here: give it its data through parameters and batch"
    if isinstance(error, ModuleNotFoundError):
        return "install the module into this environment, or put it into the adapter's folder, which comes first"
    if isinstance(error, SystemExit) and function == "adapter":
        return 'put what runs the script under `if __name__ == "__main__":`'
    if isinstance(error, SystemExit):
        return "return instead of leaving the process"
    if isinstance(error, TypeError) and not _user_frames(error.__traceback__):
        return f"it is called as {SIGNATURES.get(function, function)}"
    if isinstance(error, SyntaxError):
        return "nothing of the file has run: Python reads it whole first"
    if function == "adapter":
        return "the adapter is imported as it stands: keep training and file reading out of it"
    return "`--workers 0` runs it in this process, where a debugger can follow" if apart else ""
