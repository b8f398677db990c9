"""Adapter files that put the independent net, whole or with a planted fault, behind the contract of user code."""

from pathlib import Path

from . import elman
from .problems import Document, spec_of

HEAD = '''\
"""The independent Elman net with the fault {fault!r} and everything multiplied by {scale!r}."""

import importlib.util
import sys

_file = importlib.util.spec_from_file_location("independent_elman", {elman_file!r})
elman = importlib.util.module_from_spec(_file)
sys.modules[_file.name] = elman
_file.loader.exec_module(elman)

SPEC = elman.{spec!r}


def gradients(parameters, batch):
    right_or_wrong = elman.gradients(SPEC, parameters, batch, {fault!r})
    return {{name: {scale!r} * value for name, value in right_or_wrong.items()}}
'''

LOSS = """

def loss(parameters, batch):
    return {scale!r} * float(elman.loss(SPEC, parameters, batch))
"""


def write_adapter(
    folder: Path, document: Document, fault: str | None = None, scale: float = 1.0, *, with_loss: bool = True
) -> Path:
    """Write `adapter.py` into `folder` and return its path.

    Args:
        folder: an existing folder.
        document: the configuration whose net, loss and layout the adapter computes.
        fault: one of `elman.FAULTS`, or None for the right gradients.
        scale: a constant factor on both the loss and the gradients.
        with_loss: whether the adapter offers a loss at all.
    """
    source = HEAD + LOSS if with_loss else HEAD
    path = folder / "adapter.py"
    path.write_text(
        source.format(
            fault=fault or "none",
            scale=float(scale),
            spec=spec_of(document),
            elman_file=str(Path(elman.__file__).resolve()),
        ),
        encoding="utf-8",
    )
    return path
