"""What a check has found out so far: results by task and arguments, recalled or noted down."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeVar

from gradcheck_rnn.analytic.finished import Finished, nobody
from gradcheck_rnn.errors import Mistake, UsageError
from gradcheck_rnn.journal.digest import digest
from gradcheck_rnn.journal.rows import Rows
from gradcheck_rnn.journal.values import from_bytes, to_bytes
from gradcheck_rnn.numeric.spread import Spread

R = TypeVar("R")


@dataclass
class Journal:
    """The part of a journal's file that belongs to one check; `facts` say what is checked.

    `recalled` and `noted` count results.
    """

    name: str
    rows: Rows
    facts: Mapping[str, str]
    recalled: int = 0
    noted: int = 0
    _noting: Lock = field(default_factory=Lock)

    def remembering(self, spread: Spread) -> Spread:
        """Return a spread that recalls the results it knows, and notes down each of the others once it is there."""

        def recalled_or_run(
            task: Callable[..., R], arguments: Sequence[tuple[object, ...]], finished: Finished = nobody
        ) -> Iterator[R]:
            shared: dict[int, bytes] = {}
            keys = [digest((self.facts, task, each), shared) for each in arguments]
            unknown = [place for place, key in enumerate(keys) if key not in self.rows]

            def note(place: int, result: R) -> None:
                self._note_once(keys[unknown[place]], result)
                finished(unknown[place], result)

            unknown_places = set(unknown)
            results = spread(task, [arguments[place] for place in unknown], note)
            for place, key in enumerate(keys):
                if place in unknown_places:
                    result = next(results)
                    self._note_once(key, result)  # in case that it comes before it is told of
                    yield result
                else:
                    self.recalled += 1
                    yield from_bytes(self.rows.read(key))

        return recalled_or_run

    def hold_to(self, code: Mapping[str, str]) -> None:
        """Refuse to go on with other code than that of the results, `code` being a digest of each file.

        Raises:
            UsageError: one of the files has changed.
        """
        changed = [file for file, now in code.items() if self._first_said(file, now) != now]
        if changed:
            message = f"the journal `{self.name}` was begun with another version of {', '.join(changed)}"
            raise UsageError(Mistake(message, "what it holds no longer counts: delete it, or name another file"))

    def _first_said(self, file: str, now: str) -> str:
        key = digest((self.facts, "code", file))
        if key not in self.rows:
            self._note(key, now)
        return str(from_bytes(self.rows.read(key)))

    def _note_once(self, key: bytes, value: object) -> None:
        with self._noting:
            if key not in self.rows:
                self._note(key, value)
                self.noted += 1

    def _note(self, key: bytes, value: object) -> None:
        try:
            self.rows.add(key, to_bytes(value))
        except OSError as error:
            message = f"cannot write the journal `{self.name}`: {(error.strerror or str(error)).lower()}"
            help_text = "what it holds still counts: once there is room, the same command goes on from there"
            raise UsageError(Mistake(message, help_text)) from error
