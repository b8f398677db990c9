"""Shards on a Dask cluster: the same tasks, the same guards around user code, on other machines."""
