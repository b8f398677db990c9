"""Errors that a user can mend, each with the place and the mending, and warnings that a test may filter."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Location:
    """Where something stands: `line` and `column` count from 1, 0 means unknown.

    `text` is the source line, or the part of it from column `start` on, and `width` how many characters are meant.
    """

    file: str
    line: int = 0
    column: int = 0
    text: str = ""
    width: int = 1
    start: int = 1

    def __str__(self) -> str:
        numbers = [str(number) for number in (self.line, self.column) if number]
        return ":".join([self.file, *numbers])


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong with the user's input: what (`message`), how to mend it (`help`), where.

    `message` is lower case, has no full stop and stands alone.
    """

    message: str
    help: str = ""
    location: Location | None = None

    def __str__(self) -> str:
        """Render in the manner of a compiler: place, message, the line with a caret, help."""
        if self.location is None:
            return "\n".join([f"error: {self.message}", *([f"  = help: {self.help}"] if self.help else [])])
        margin = " " * len(str(self.location.line or ""))
        lines = [f"{self.location}: error: {self.message}"]
        if self.location.text:
            caret = " " * (self.location.column - self.location.start) + "^" * max(1, self.location.width)
            lines += [f"{margin} |", f"{self.location.line} | {self.location.text}", f"{margin} | {caret}"]
        if self.help:
            lines.append(f"{margin} = help: {self.help}")
        return "\n".join(lines)


class UsageError(Exception):
    """Nothing was checked, because the user's input has mistakes (exit code 2)."""

    def __init__(self, *mistakes: Mistake) -> None:
        super().__init__(*mistakes)
        self.mistakes = mistakes

    def __str__(self) -> str:
        return "\n".join(str(mistake) for mistake in self.mistakes)


class StaleBaselineWarning(UserWarning):
    """A baseline accepts a fault that is gone."""
