"""Our side of the protocol with a program in another language: PROTOCOL.md says what both sides write."""

import json
from collections.abc import Mapping
from typing import Any

from gradcheck_rnn.adapters.program import Program, ProgramError
from gradcheck_rnn.config.suggest import closest

VERSION = 1
# what a program may offer in its answer to hello
OFFERS = ("gradients", "loss", "losses", "parameters", "sizes")
# characters of a line that are quoted
QUOTED = 80


class Peer:
    """A program that answers one request at a time; one that has ended is started anew with the next request."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._requests = 0

    def hello(self) -> tuple[str, ...]:
        """Start the program, and return what it offers.

        Raises:
            ProgramError: it does not start, or does not speak this version.
        """
        self.program.start()
        answer = self._exchange("hello", {"version": VERSION})
        version, offers = answer.get("version"), answer.get("offers")
        if version != VERSION:
            found = "no version" if version is None else f"version {_quoted(version)}"
            raise self._refused("hello", f"speaks {found} of the protocol", f"version {VERSION} is spoken here")
        if not isinstance(offers, list) or not all(isinstance(each, str) for each in offers):
            raise self._refused("hello", "says not what it offers", f'answer "offers" with some of {", ".join(OFFERS)}')
        if unknown := [each for each in offers if each not in OFFERS]:
            near = closest(unknown[0], OFFERS)
            help_text = f"did you mean `{near}`?" if near else f"there are {', '.join(OFFERS)}"
            raise self._refused("hello", f"offers `{unknown[0]}`, which is nothing that is asked for", help_text)
        if "gradients" not in offers:
            raise self._refused("hello", "offers no `gradients`", "there is nothing to check without them")
        return tuple(offers)

    def ask(self, method: str, arguments: Mapping[str, object]) -> Any:
        """Ask for what bears the method's own name in the answer.

        Raises:
            ProgramError: there is no answer, it is none to this request, or it tells of an error.
        """
        if not self.program.runs:
            self.hello()
        answer = self._exchange(method, arguments)
        if method not in answer:
            found = ", ".join(f"`{name}`" for name in answer if name != "id") or "nothing else"
            raise ProgramError(
                "missing-key",
                f"{self.program.name}, asked for {method}, answered without `{method}`: there is {found}",
                help=f'answer {{"id": ..., "{method}": ...}}; JavaScript leaves out what is undefined',
            )
        return answer[method]

    def _exchange(self, method: str, arguments: Mapping[str, object]) -> dict[str, Any]:
        self._requests += 1
        request = {"id": self._requests, "method": method, **arguments}
        line = json.dumps(request, separators=(",", ":"), allow_nan=False).encode() + b"\n"
        answer = self._read(method, self.program.answer(line, method))
        if "id" not in answer or answer["id"] != self._requests:
            found = f"with id {_quoted(answer['id'])}" if "id" in answer else "without an id"
            raise self._refused(method, f"answered {found}", f"this request has id {self._requests}: give it back")
        if "error" in answer:
            raise self._error(method, answer)
        return answer

    def _read(self, method: str, line: str) -> dict[str, Any]:
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            answer = None
        if isinstance(answer, dict):
            return answer
        found = f"a line that is no answer: {_cut(line.strip())}" if line.strip() else "an empty line"
        help_text = "stdout is for answers, one line of JSON each: print all else to stderr"
        raise self._refused(method, f"wrote {found}", help_text)

    def _refused(self, method: str, what: str, help_text: str) -> ProgramError:
        """End a program that is not to be understood: what it would write next belongs to no request."""
        self.program.end()
        return ProgramError("raised", f"{self.program.name}, asked for {method}, {what}", help=help_text)

    def _error(self, method: str, answer: Mapping[str, Any]) -> ProgramError:
        words = " ".join(str(answer["error"]).split())
        trace = str(answer.get("trace") or "").strip()
        return ProgramError(
            "raised",
            f"{self.program.name}, asked for {method}, answered with an error" + (f": {words}" if words else ""),
            evidence={"traceback": trace} if trace else {},
        )


def _quoted(value: object) -> str:
    return _cut(json.dumps(value))


def _cut(text: str) -> str:
    return text if len(text) <= QUOTED else f"{text[:QUOTED]}..."
