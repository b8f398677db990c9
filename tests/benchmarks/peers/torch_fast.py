"""torch's gradcheck in its fast mode as a script: one random direction a parameter, five numbers in all.

`python -m tests.benchmarks.peers.torch_fast CELL I H O T`; it draws a net like the workload's, by torch alone.
"""

import sys

import torch

from tests.benchmarks.peers.torch_cells import GATES, loss_at

STEP, ABSOLUTE_TOLERANCE = 1e-5, 1e-4


def check(cell: str, I: int, H: int, O: int, T: int) -> bool:  # noqa: E741  # the field's names
    torch.manual_seed(0)
    rows = GATES[cell] * H
    shapes = ((rows, I), (rows, H), (rows,), (O, H), (O,))
    theta = [
        (torch.rand(shape, dtype=torch.float64) * 2 - 1).div(shape[-1] ** 0.5).requires_grad_() for shape in shapes
    ]
    tokens, targets = torch.randint(I, (T,)), torch.randint(O, (T,))
    return bool(
        torch.autograd.gradcheck(
            lambda *moved: loss_at(cell, moved, tokens, targets),
            theta,
            eps=STEP,
            atol=ABSOLUTE_TOLERANCE,
            fast_mode=True,
        )
    )


if __name__ == "__main__":
    check(sys.argv[1], *map(int, sys.argv[2:]))
