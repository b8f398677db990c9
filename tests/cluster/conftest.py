"""A Dask cluster of two worker processes, started once for the tests of a module."""

import pytest

from tests.cli.conftest import adapter, run_here

__all__ = ["adapter", "run_here", "scheduler"]


@pytest.fixture(scope="module")
def scheduler():
    """The address of a scheduler with two workers of one thread each; one that dies is started anew."""
    distributed = pytest.importorskip("distributed", reason="distributed is not installed")
    import dask

    with (
        # a shard that ends its worker is tried once more, not three times
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", host="127.0.0.1"
        ) as cluster,
    ):
        yield cluster.scheduler_address
