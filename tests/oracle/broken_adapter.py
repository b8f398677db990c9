"""Adapter files that hold the second independent net, with planted faults in its text, behind the contract of users."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from .broken import Bug, source
from .elman import Spec

CONTRACT = """

from types import SimpleNamespace

SPEC = SimpleNamespace(**{fields!r})
gradients_of, loss_of = gradients, loss


def gradients(parameters, batch):
    return gradients_of(SPEC, parameters, batch)


def loss(parameters, batch):
    return loss_of(SPEC, parameters, batch)
"""
NO_LOSS = "\n\ndel loss\n"


def write_adapter(folder: Path, spec: Spec, faults: Sequence[Bug] = (), *, with_loss: bool = True) -> Path:
    """Write `adapter.py` into `folder` and return its path; it needs numpy alone, and a fault has its line in it.

    Args:
        folder: an existing folder.
        spec: the net, loss and layout that the adapter computes.
        faults: planted in the gradients; none for the right ones.
        with_loss: whether the adapter offers a loss at all.

    Raises:
        IncompatibleEditsError: two of the faults change the same fragment.
    """
    contract = CONTRACT.format(fields=asdict(spec))
    path = folder / "adapter.py"
    path.write_text(source(faults) + contract + ("" if with_loss else NO_LOSS), encoding="utf-8")
    return path
