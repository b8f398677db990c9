"""Functions that JAX would compile, run as the Python that they are: an edit of what is compiled changes nothing."""

import contextlib
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def uncompiled() -> Iterator[None]:
    """Have user code run as Python, step by step, some hundred times slower; of no effect without JAX."""
    jax = sys.modules.get("jax")
    with contextlib.nullcontext() if jax is None else jax.disable_jit():
        yield
