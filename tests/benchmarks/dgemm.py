"""The machine's own limit: the fastest float64 matrix product, on as many Python threads as there are workers.

The number of threads within a product is the BLAS's own and has to be 1 (OPENBLAS_NUM_THREADS, before NumPy is
imported), so that the threads are those that a check with as many workers has.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier

import numpy as np

from tests.benchmarks.flops import FIRST_STEP
from tests.benchmarks.workloads import Size

# moved runs in a block, and rows of W_hy in a tile of the output layer's product
BLOCK, TILE = 1000, 128
# a product this large is as fast as any, and its operands stay within the third-level cache
SQUARE = 512
# seconds for which each shape is measured at a turn
SECONDS = 0.05

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Rate:
    """GFLOP/s of the product (m, k) @ (k, n), all threads together."""

    shape: Shape
    gflops: float


def shapes(cell: str, size: Size) -> dict[str, Shape]:
    """(m, k, n) of the products that are tried: the block's own two, and a large square."""
    gates = len(FIRST_STEP[cell])
    return {
        "recurrent": (gates * size.H, size.H, BLOCK),
        "output": (min(size.O, TILE), size.H, BLOCK),
        "square": (SQUARE, SQUARE, SQUARE),
    }


def measure(tried: Sequence[Shape], *, threads: int) -> list[Rate]:
    """Rate of each shape."""
    with ThreadPoolExecutor(threads) as pool:
        together = Barrier(threads)
        return [Rate(shape, sum(pool.map(_gflops, [shape] * threads, [together] * threads))) for shape in tried]


def _gflops(shape: Shape, together: Barrier) -> float:
    """GFLOP/s of one thread over about SECONDS, while the others do the same."""
    m, k, n = shape
    rng = np.random.default_rng(0)
    a, b, out = rng.standard_normal((m, k)), rng.standard_normal((k, n)), np.empty((m, n))
    np.matmul(a, b, out=out)
    together.wait()
    done, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < SECONDS:
        np.matmul(a, b, out=out)
        done += 1
    return 2.0 * m * k * n * done / elapsed / 1e9
