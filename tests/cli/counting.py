"""A tagger whose loss takes a moment, and leaves a mark in a file at each call."""

from pathlib import Path

COUNTING = """
import os, time
from pathlib import Path
import tagger_core
from tagger_core import gradients

CALLS = os.open(Path(__file__).with_name("calls"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)

def loss(parameters, batch):
    os.write(CALLS, b".")
    time.sleep(0.0005)
    return tagger_core.loss(parameters, batch)
"""
# every entry is differenced through the loss, at the configured point alone
THROUGH_LOSS = "check: {loss: user, probe: off}\n"


def calls(folder: Path) -> int:
    """How often the loss has been called so far."""
    file = folder / "calls"
    return file.stat().st_size if file.exists() else 0
