"""PROTOCOL.md shows what is really written and read: its answers are played back, its requests are those that come."""

import json
import re
from pathlib import Path

import numpy as np

import gradcheck_rnn.adapters
from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.runner import running
from tests.adapters.peers import peer
from tests.analytic.adapters import point

TEXT = Path(gradcheck_rnn.adapters.__file__).with_name("PROTOCOL.md").read_text()
BLOCKS = [block.splitlines() for block in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)]
ANSWERS = [block[-1] for block in BLOCKS]
REQUESTS = [block[0] for block in BLOCKS if len(block) == 2]
PLAYED = """
def serve(request):
    with open("requests", "a") as file:
        file.write(line)
    print(ANSWERS[request["id"] - 1], flush=True)
"""


def conversation(session):
    here = point()
    moved = {"W": here.parameters["W"] + [0.0, 0.0, -0.5]}
    values = [session.initial["W"].tolist(), session.loss(here)]
    values += session.adapter.losses([here.parameters, moved], here.batch).tolist()
    values.append(session.gradients(here).gradients["W"].tolist())
    try:
        session.loss(here)
    except UserCodeError as error:
        values += [error.finding.message.rpartition(": ")[2], error.finding.evidence["traceback"]]
    return values


def test_the_conversation_of_the_page_takes_place(tmp_path):
    with running(peer(tmp_path, f"ANSWERS = {ANSWERS!r}\n{PLAYED}"), workers=0) as runner:
        values = runner.run(conversation)
    assert values == [
        [[1.0, 2.0, -3.0]], 14.0, 14.0, 17.25, [[2.0, 4.0, -6.0]], "no such word", "at net.jl:3",
    ]  # fmt: skip
    asked = (tmp_path / "requests").read_text().splitlines()
    assert asked[: len(REQUESTS)] == REQUESTS


def test_the_losses_of_the_page_are_sums_of_squares():
    """So that the page is right in itself."""
    for request, answer in zip(REQUESTS, ANSWERS, strict=False):
        asked, answered = json.loads(request), json.loads(answer)
        if asked["method"] == "losses":
            assert answered["losses"] == [float(np.square(each["W"]).sum()) for each in asked["parameters"]]
