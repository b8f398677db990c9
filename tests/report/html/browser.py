"""Debian's chromium without a window, asked over a pipe what it makes of a page."""

import contextlib
import json
import os
import select
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# seconds that the browser may take for an answer
PATIENCE = 60.0
PROGRAM = shutil.which("chromium")
OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe",
           "--disable-background-networking", "--disable-component-update", "--disable-extensions")  # fmt: skip


class Page:
    """A page that has been loaded, what it asked for, and what it complained of."""

    def __init__(self, chromium: "Chromium", session: str) -> None:
        self.chromium, self.session = chromium, session
        self.requests: list[str] = []
        self.complaints: list[str] = []

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask the browser about this page."""
        return self.chromium.ask(method, parameters, self)

    def evaluate(self, expression: str) -> Any:
        """Value of a JavaScript expression."""
        found = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def press(self, key: str) -> None:
        """Press a key."""
        text = {"text": "\r"} if key == "Enter" else {}
        codes = {"Enter": 13, "ArrowDown": 40}
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=codes[key], **text)

    def named(self, role: str) -> list[str]:
        """Names that a screen reader gives to everything of a role."""
        nodes = self.ask("Accessibility.getFullAXTree")["nodes"]
        return [
            each.get("name", {}).get("value", "")
            for each in nodes
            if not each["ignored"] and each["role"]["value"] == role
        ]

    def take(self, event: dict[str, Any]) -> None:
        """Note what the browser tells of this page."""
        said = event["params"]
        match event["method"]:
            case "Network.requestWillBeSent":
                self.requests.append(said["request"]["url"])
            case "Runtime.exceptionThrown":
                self.complaints.append(str(said["exceptionDetails"]))
            case "Runtime.consoleAPICalled":
                self.complaints.append(str(said["args"]))
            case "Log.entryAdded":
                self.complaints.append(said["entry"]["text"])


class Chromium:
    """A running browser; messages are JSON, each ended by a zero byte."""

    def __init__(self, commands: int, answers: int) -> None:
        self.commands, self.answers = commands, answers
        self.pages: dict[str, Page] = {}
        self.asked = 0
        self.unread = b""

    def page(self, file: Path, *, dark: bool = False, width: int = 1280, script: bool = True) -> Page:
        """Load a file, in a window of its own."""
        target = self.ask("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.ask("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = self.pages[session] = Page(self, session)
        for domain in ("Page", "Network", "Runtime", "Log", "Accessibility"):
            page.ask(f"{domain}.enable")
        page.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        page.ask("Emulation.setEmulatedMedia", features=[scheme])
        page.ask("Emulation.setScriptExecutionDisabled", value=not script)
        page.ask("Page.navigate", url=file.resolve().as_uri())
        while page.ask("Runtime.evaluate", expression="document.readyState")["result"]["value"] != "complete":
            pass
        return page

    def ask(self, method: str, parameters: dict[str, Any], page: Page | None = None) -> dict[str, Any]:
        """Send a command and wait for its answer; what is told meanwhile is noted."""
        self.asked += 1
        command = {"id": self.asked, "method": method, "params": parameters}
        if page is not None:
            command["sessionId"] = page.session
        os.write(self.commands, json.dumps(command).encode() + b"\0")
        while True:
            message = self._message()
            if message.get("id") == self.asked:
                assert "error" not in message, message
                return message["result"]
            if message.get("sessionId") in self.pages:
                self.pages[message["sessionId"]].take(message)

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self.unread:
            is_ready, _, _ = select.select([self.answers], [], [], PATIENCE)
            chunk = os.read(self.answers, 1 << 16) if is_ready else b""
            assert chunk, "the browser has gone"
            self.unread += chunk
        message, _, self.unread = self.unread.partition(b"\0")
        return json.loads(message)


@contextlib.contextmanager
def chromium(folder: Path) -> Iterator[Chromium]:
    """Start a browser whose profile lies in a folder, and end it."""
    theirs, commands = os.pipe()
    answers, told = os.pipe()
    # the browser reads from 3 and writes to 4; bash knows numbers of more than one digit, sh does not
    line = f'exec "$0" "$@" 3<&{theirs} 4>&{told}'
    process = subprocess.Popen(
        ["bash", "-c", line, str(PROGRAM), *OPTIONS, f"--user-data-dir={folder}"],
        pass_fds=(theirs, told),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    os.close(told)
    try:
        yield Chromium(commands, answers)
    finally:
        os.close(commands)
        os.close(answers)
        process.terminate()
        process.wait(timeout=20)
