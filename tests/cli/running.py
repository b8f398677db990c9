"""Ways to run the command line: as a process of its own, on a pseudo terminal, or in this process."""

import contextlib
import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.schema import validated

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "configs"
MISBEHAVING = ROOT / "fixtures" / "misbehaving"
COMMAND = [sys.executable, "-m", "gradcheck_rnn"]
# no test waits longer for a process, in seconds
PATIENCE = 60.0

# what rich and Python read from the environment, so that the caller's own terminal decides nothing
_TERMINAL_VARIABLES = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TERM", "PYTHONIOENCODING", "PYTHONUTF8")


@dataclass(frozen=True)
class Run:
    """A finished run: exit code and what stands on each stream."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """Stdout as strict JSON."""
        return strict_json(self.out)


def run(
    *arguments: str | Path,
    cwd: Path = ROOT,
    stdin: bytes | None = None,
    environment: Mapping[str, str] | None = None,
) -> Run:
    """Run the command in a process of its own, its streams pipes; without `stdin` there is nothing to read."""
    given = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
    ended = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env=clean_environment(environment),
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        **given,
    )
    return Run(ended.returncode, ended.stdout.decode(errors="replace"), ended.stderr.decode(errors="replace"))


def run_on_terminal(*arguments: str | Path, columns: int, environment: Mapping[str, str] | None = None) -> Run:
    """Run the command on a pseudo terminal that many columns wide; stdout and stderr are one there."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=ROOT,
        env=clean_environment({"TERM": "xterm-256color", "COLUMNS": str(columns)} | dict(environment or {})),
        stdin=child,
        stdout=child,
        stderr=child,
    )
    os.close(child)
    written = b"".join(_read_to_end(parent))
    os.close(parent)
    return Run(process.wait(PATIENCE), written.decode().replace("\r\n", "\n"), "")


def _read_to_end(descriptor: int) -> Iterator[bytes]:
    with contextlib.suppress(OSError):  # Linux says EIO where the other end of a terminal has gone
        while chunk := os.read(descriptor, 65536):
            yield chunk


def clean_environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Our environment without what a terminal or a locale adds to it, and with `more`."""
    kept = {name: value for name, value in os.environ.items() if name not in _TERMINAL_VARIABLES}
    return {**kept, "PYTHONIOENCODING": "utf-8", **(more or {})}


def strict_json(text: str) -> dict[str, Any]:
    """Read JSON that holds no NaN and no Infinity, nothing before or after it, and what its schema allows."""
    document = json.loads(text, parse_constant=_refuse)
    assert isinstance(document, dict)
    return validated(document)


def _refuse(constant: str) -> None:
    raise ValueError(f"not JSON: {constant}")


def tagger_config(folder: Path, adapter: Path, *, model: str = "", more: str = "") -> Path:
    """Write the configuration that `fixtures/misbehaving` is made for; `model` and `more` are further YAML."""
    text = f"""\
model: {{input_size: 8, hidden_size: 5, output_size: 4{model}}}
sequence: {{length: 6}}
seed: 7
backward: {{adapter: {adapter}}}
{more}"""
    file = folder / "tagger.yaml"
    file.write_text(text, encoding="utf-8")
    return file
