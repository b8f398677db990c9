"""Programs of a few lines that speak the protocol, or fail to, written where a test wants them."""

import sys
from pathlib import Path

from gradcheck_rnn.analytic.session import UserCode
from tests.analytic.adapters import SIZES

ADAPTER = """\
from gradcheck_rnn.adapters import command

loss, gradients, parameters = command(COMMAND)
"""
# loss is the sum of squares, as in the adapters of tests.analytic; it says on stderr what it is asked for
PEER = """\
import json, os, sys, time

OFFERS = ["loss", "gradients"]


def flat(value):
    return [each for row in value for each in flat(row)] if isinstance(value, list) else [value]


def loss(parameters):
    return sum(each * each for each in flat(parameters["W"]))


def double(value):
    return [double(each) for each in value] if isinstance(value, list) else 2 * value


def answer(request):
    method, given = request["method"], request.get("parameters")
    if method == "hello":
        return {"version": 1, "offers": OFFERS}
    if method == "loss":
        return {"loss": loss(given)}
    if method == "losses":
        return {"losses": [loss(each) for each in given]}
    if method == "gradients":
        return {"gradients": {"W": double(given["W"])}}
    return {"parameters": {"W": [[1.0, 2.0, request["seed"] % 7]]}}


def say(value):
    print(value if isinstance(value, str) else json.dumps(value), flush=True)


def serve(request):
    say({"id": request["id"], **answer(request)})
"""
SERVE = """

for line in sys.stdin:
    request = json.loads(line)
    print("asked for", request["method"], file=sys.stderr, flush=True)
    serve(request)
"""


def peer(folder: Path, changes: str = "", *, timeout: float = 20.0) -> UserCode:
    """Write a program and the adapter of it; `changes` redefines what the program does."""
    (folder / "peer.py").write_text(PEER + "\n\n" + changes + SERVE, encoding="utf-8")
    return adapter_of(folder, [sys.executable, "peer.py"], timeout=timeout)


def adapter_of(folder: Path, command: list[str], options: str = "", *, timeout: float = 20.0) -> UserCode:
    path = folder / "adapter.py"
    path.write_text(ADAPTER.replace("COMMAND", repr(command) + options), encoding="utf-8")
    return UserCode(path, 0, SIZES, timeout)


def when(method: str, *statements: str) -> str:
    """What the program does when it is asked for this, before it would answer."""
    body = "\n        ".join(statements)
    return f"""\
def serve(request, right=serve):
    if request["method"] == "{method}":
        {body}
    right(request)
"""
